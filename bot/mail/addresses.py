"""Addresses of a header, read without the standard parser: it takes minutes for a hundred thousand of them."""

import re

from bot.mail.mime import words
from graphs.domain import Address

MAX_ADDRESSES = 200
MAX_NAME = 200

# One token at a time: quoted string, comment, <address>, separator, or a run of anything else.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.){0,300}+)"|\(([^()]*)\)|<([^<>]*)>|([,;:])|([^",;:<>()]+)|(.)', re.DOTALL)
_ADDRESS = re.compile(r"[^\s@,;:<>()\"\[\]\\]{1,64}@[^\s@,;:<>()\"\\]{1,255}$")
_QUOTED_PAIR = re.compile(r"\\(.)")


def addresses(value: str) -> tuple[Address, ...]:
    """Mailboxes of an address list, at most MAX_ADDRESSES; entries without a usable address are left out.

    Structure is read before encoded words are decoded: a decoded comma or bracket must not make a new address.
    """
    found: list[Address] = []
    name: list[str] = []
    comment = angle = ""
    for match in _TOKEN.finditer(value):
        quoted, remark, address, mark, run, _ = match.groups()
        if mark == ":":  # the name of a group; of a route when inside brackets, which never gets here
            name.clear()
        elif mark:
            _add(found, name, comment, angle)
            name, comment, angle = [], "", ""
            if len(found) >= MAX_ADDRESSES:
                return tuple(found)
        elif quoted is not None:
            name.append(_QUOTED_PAIR.sub(r"\1", quoted))
        elif remark is not None:
            comment = remark
        elif address is not None:
            angle = address
        elif run is not None:
            name.append(run.strip())
    _add(found, name, comment, angle)
    return tuple(found)


def sender(value: str) -> Address:
    """The first mailbox of From; without one, an empty address with whatever name is there."""
    found = addresses(value)
    return found[0] if found else Address(name=words(value)[:MAX_NAME], address="")


def _add(found: list[Address], name: list[str], comment: str, angle: str) -> None:
    text = " ".join(piece for piece in name if piece)
    address = (angle.rpartition(":")[2] if angle else text).strip()
    if not _ADDRESS.match(address):
        address = address.replace(" ", "")  # "ada @ example.org"
        if not _ADDRESS.match(address):
            return
    shown = words(text if angle else comment).strip().strip("'\"").strip()[:MAX_NAME]
    found.append(Address(name=shown, address=address.casefold()))

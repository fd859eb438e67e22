"""The Drafts folder as the far side of the ledger: put a draft there, find it again, read it back, take it out.

Exactly once is made by the caller: commit what `before` says with the Message-ID, `append`, commit the place; after a
crash `find_since`, and append again only when that finds nothing.
"""

import hashlib
import re
from collections.abc import Iterator
from email import message_from_bytes
from typing import Literal

from bot.mail.account import Account, Place, Status
from bot.mail.fetch import BATCH, present, uids_after
from graphs.errors import NeedsPerson

MOST_LOOKED_AT = 50_000  # mails in Drafts, when its UIDs were given anew and every one has to be looked at

Removal = Literal["removed", "gone", "changed", "no UIDPLUS"]
"""`changed`: its bytes are no longer ours, or its UID is somebody else's by now, so it stays."""

_ID = re.compile(r"[\x21-\x7e]{3,900}")  # what may go into a SEARCH: ids in mails are written by strangers


def before(account: Account) -> Status:
    """The state of Drafts to commit as the intent of an `append`."""
    return account.status(account.drafts)


def append(account: Account, mail: bytes) -> Place | None:
    """Put `mail` there as a draft; where, when the server says it (else ask `find_since`). May raise `Unsure`."""
    return account.append(mail)


def find_since(account: Account, intent: Status, message_id: str) -> Place | None:
    """The draft with our `message_id` among what arrived since `intent`; among all when UIDs were given anew."""
    folder = account.drafts
    now = account.status(folder)
    is_same = now.uidvalidity == intent.uidvalidity
    if not is_same and now.messages > MOST_LOOKED_AT:
        raise NeedsPerson(f"{folder} holds more than {MOST_LOOKED_AT} mails: move old drafts out of it.")
    uids = uids_after(account, folder, intent.uidnext - 1 if is_same else 0, now, overlap=0)
    for begin in range(0, len(uids), BATCH):
        for uid, found in _message_ids(account, folder, uids[begin : begin + BATCH]):
            if found == message_id:
                return Place(account.examine(folder), uid)
    return None


def _message_ids(account: Account, folder: str, uids: list[int]) -> Iterator[tuple[int, str]]:
    items = account.peek(folder, uids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
    for uid, item in sorted(items.items()):
        head = next((value for name, value in item.items() if name.startswith(b"BODY[")), None) or b""
        yield uid, str(message_from_bytes(head)["Message-ID"] or "").strip()


def read_back(account: Account, place: Place) -> bytes | None:
    """The draft as the server keeps it, which may differ from what it was given; None when it is not there."""
    folder = account.drafts
    if account.examine(folder) != place.uidvalidity:
        return None
    item = account.peek(folder, [place.uid], ["BODY.PEEK[]"]).get(place.uid, {})
    return next((bytes(value) for name, value in item.items() if name.startswith(b"BODY[]") and value), None)


def remove(account: Account, place: Place, sha256: str) -> Removal:
    """Take our draft out, only while it is byte for byte what `sha256` (hex) was made of at the first `read_back`."""
    lies_there = read_back(account, place)
    if lies_there is None:
        return "changed" if account.examine(account.drafts) != place.uidvalidity else "gone"
    if hashlib.sha256(lies_there).hexdigest() != sha256:
        return "changed"
    if not account.can("UIDPLUS"):
        return "no UIDPLUS"
    account.expunge(place)
    folder = account.drafts
    if present(account, folder, [place.uid], account.status(folder)):
        # Some servers say OK to a STORE that their access rules swallow.
        raise NeedsPerson(f"The server keeps a draft that is moot: give this login the right to delete in {folder}.")
    return "removed"


def replies_to(account: Account, message_id: str) -> list[tuple[str, int]]:
    """Sent mails that answer `message_id`, each as folder and UID: the person may have answered before us."""
    return _matches(account, account.folders.sent, message_id, _answering(message_id))


def drafts_to(account: Account, message_id: str) -> list[Place]:
    """Drafts that answer `message_id`, whoever put them there."""
    found = _matches(account, (account.drafts,), message_id, ["UNDELETED", *_answering(message_id)])
    return [Place(account.examine(folder), uid) for folder, uid in found]


def _answering(message_id: str) -> list[str]:
    return ["OR", "HEADER", "In-Reply-To", message_id, "HEADER", "References", message_id]


def in_archives(account: Account, message_id: str) -> list[tuple[str, int]]:
    """Where `message_id` lies in the archives, each as folder and UID."""
    return _matches(account, account.folders.archives, message_id, ["HEADER", "Message-ID", message_id])


def _matches(account: Account, folders: tuple[str, ...], message_id: str, words: list[str]) -> list[tuple[str, int]]:
    if not _ID.fullmatch(message_id):
        return []
    return [(folder, uid) for folder in folders for uid in account.search(folder, words)]

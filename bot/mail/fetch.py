"""Reading a folder without leaving a trace, in windows and batches, so that neither its size nor a broken line matters.

A cursor may only move over what was got: mails come in ascending order of UID, and what a cut connection left is simply
not there. Lists of ints alone go to imapclient: of ranges it makes an error after the server has done the work.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.mail.account import Account, Status
from bot.mail.imap_errors import Declined, Refused
from bot.mail.mbox import RawMail

WINDOW = 5_000  # UIDs of one SEARCH
BATCH = 500  # mails of one FETCH: at 50 ms to the server six times faster than 50
OVERLAP = 200  # UIDs behind the cursor that are asked for again: some servers show them late
HEAD = 64 * 1024  # bytes that are taken of every mail at once; nearly all are whole by then
WHOLE = 16 * 1024 * 1024  # of a longer mail this much: text comes before what is attached
REST = 8 * 1024 * 1024  # bytes that are asked for together of mails longer than HEAD

_SIZE, _DATE, _FLAGS = b"RFC822.SIZE", b"INTERNALDATE", b"FLAGS"


@dataclass(frozen=True)
class Fetched:
    """One mail as it lies there, or its beginning; `received` is aware; flags in small letters."""

    uid: int
    raw: bytes
    is_cut: bool
    received: datetime | None
    flags: frozenset[str]

    def as_raw_mail(self) -> RawMail:
        """For the parser. The key is the UID: unique and stable within one UIDVALIDITY."""
        return RawMail(str(self.uid), self.raw, self.received, unread="\\seen" not in self.flags)


@dataclass(frozen=True)
class Unreadable:
    """A mail that the server has and does not hand out, asked for it alone."""

    uid: int
    reason: str


def none_gone(before: Status, now: Status) -> bool:
    """Whether nothing can have been removed in between; costs no command. False means: look (`present`).

    At most as many mails arrived as UIDs were given away; when the folder grew by just that many, none went.
    """
    arrived = now.uidnext - before.uidnext
    return before.uidvalidity == now.uidvalidity and now.messages - before.messages == arrived


def uids_after(account: Account, folder: str, last_uid: int, now: Status, overlap: int = OVERLAP) -> list[int]:
    """UIDs above `last_uid - overlap` and below the UIDNEXT of `now`, ascending: the known ones among them again."""
    first = max(1, last_uid - overlap + 1)
    return _search(account, folder, first, now.uidnext - 1, now.messages)


def present(account: Account, folder: str, uids: Sequence[int], now: Status) -> set[int]:
    """Those of `uids` that are still there."""
    if not uids:
        return set()
    return set(uids).intersection(_search(account, folder, min(uids), max(uids), now.messages))


def fetch(account: Account, folder: str, uids: Iterable[int]) -> Iterator[Fetched | Unreadable]:
    """These mails in ascending order, each as soon as its batch is here. One that is gone by now is left out."""
    ordered = sorted(set(uids))
    for begin in range(0, len(ordered), BATCH):
        yield from _batch(account, folder, ordered[begin : begin + BATCH])


# --- searching ------------------------------------------------------------------------------------


def _search(account: Account, folder: str, first: int, last: int, messages: int) -> list[int]:
    """All UIDs from `first` to `last`. `messages` only decides which kind of window is the fewer."""
    if last < first:
        return []
    if (last - first) // WINDOW <= messages // WINDOW:
        windows = [["UID", f"{low}:{min(low + WINDOW - 1, last)}"] for low in range(first, last + 1, WINDOW)]
    else:
        # UIDs with wide gaps, so by place in the folder. Downwards: a removal moves later mails to lower places, which
        # are then still to come; upwards they would slip through. What arrives now is not below `last`.
        lows = range(1, messages + 1, WINDOW)
        windows = [[f"{low}:{_end(low, messages)}", "UID", f"{first}:{last}"] for low in reversed(lows)]
    found = {uid for words in windows for uid in account.search(folder, words)}
    return sorted(uid for uid in found if first <= uid <= last)


def _end(low: int, messages: int) -> str:
    # No number beyond the last mail: servers answer BAD to that.
    return "*" if low + WINDOW > messages else str(low + WINDOW - 1)


# --- fetching -------------------------------------------------------------------------------------


def _batch(account: Account, folder: str, uids: list[int]) -> Iterator[Fetched | Unreadable]:
    try:
        heads = account.peek(folder, uids, ["RFC822.SIZE", "INTERNALDATE", "FLAGS", f"BODY.PEEK[]<0.{HEAD}>"])
    except (Refused, Declined) as err:
        if len(uids) == 1:
            yield Unreadable(uids[0], str(err))
            return
        for uid in uids:  # one mail that the server cannot read spoils the answer for all
            yield from _batch(account, folder, [uid])
        return
    yield from _completed(account, folder, {uid: item for uid in uids if (item := heads.pop(uid, None))})


def _completed(account: Account, folder: str, heads: dict[int, dict[bytes, Any]]) -> Iterator[Fetched | Unreadable]:
    """Mails in order; the rest of long ones is asked for a few at a time, when their turn comes."""
    rests: dict[int, bytes] = {}
    # Not by the size that the server tells: Microsoft's is a guess.
    long_ones = [uid for uid, item in heads.items() if len(_body(item) or b"") == HEAD]
    for uid in list(heads):
        if uid in long_ones and uid not in rests:
            group = _group(long_ones, uid, heads)
            rests |= dict.fromkeys(group, b"") | _rests(account, folder, group)
        item = heads.pop(uid)
        body = _body(item)
        if body is None:
            yield Unreadable(uid, "The server told of it and kept its text back.")
        else:
            raw = body + rests.pop(uid, b"")
            yield Fetched(uid, raw[:WHOLE], len(raw) >= WHOLE, _aware(item.get(_DATE)), _flags(item))


def _rests(account: Account, folder: str, uids: list[int]) -> dict[int, bytes]:
    items = account.peek(folder, uids, [f"BODY.PEEK[]<{HEAD}.{WHOLE - HEAD}>"])
    return {uid: _body(item) or b"" for uid, item in items.items()}


def _group(long_ones: list[int], first: int, heads: dict[int, dict[bytes, Any]]) -> list[int]:
    """The long mail `first` and those after it, as many as make REST bytes."""
    group: list[int] = []
    total = 0
    for uid in long_ones[long_ones.index(first) :]:
        total += int(heads[uid].get(_SIZE, HEAD))
        if group and total > REST:
            break
        group.append(uid)
    return group


def _body(item: dict[bytes, Any]) -> bytes | None:
    return next((bytes(text) for name, text in item.items() if name.startswith(b"BODY[]") and text is not None), None)


def _flags(item: dict[bytes, Any]) -> frozenset[str]:
    flags = (flag if isinstance(flag, bytes) else str(flag).encode() for flag in item.get(_FLAGS) or ())
    return frozenset(flag.decode("ascii", "replace").casefold() for flag in flags)


def _aware(found: object) -> datetime | None:
    try:
        return found.astimezone(UTC) if isinstance(found, datetime) and found.tzinfo else None
    except OverflowError:  # the year 1, east of Greenwich
        return None

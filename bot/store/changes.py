"""The readable diff of each night: what was learned, changed and dropped. Each line can be undone, or ruled out for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from bot.store.db import Row, Tx
from graphs.checks import folded, subject
from graphs.domain import MailSource, SlackSource, Source

Op = Literal["added", "superseded", "dropped", "rewritten", "refused"]


@dataclass(frozen=True)
class Change:
    """One line of the diff. Of 'superseded' `was` is what held before, and the first of `memories` is that one."""

    id: int
    key: str  # what a button names it by
    scope: int
    op: Op
    text: str
    was: str
    memories: tuple[int, ...]
    night: date
    at: datetime
    said_by: str  # of the memory it is about
    concluded: bool  # that memory is a conclusion: nobody said it
    undone_by: str  # key of who took it back; '' while it stands
    never: bool


def log(tx: Tx, scope: int, night: date, op: Op, what: str, memories: Sequence[int] = (), was: str = "") -> None:
    """One line of the diff; it falls with any of its memories. `was`: what stood there before."""
    tx.run("log_change", scope=scope, night=night, op=op, what=what, memories=list(memories), was=was)


def of_night(tx: Tx, scopes: Sequence[int], night: date) -> list[Row]:
    """The readable diff of a night: `{scope, op, what, was, undone, memories}` in the order it was made."""
    return tx.all("changes_of", scopes=list(scopes), night=night)


def sources(tx: Tx, memories: Sequence[int]) -> dict[int, tuple[Source, ...]]:
    """Messages that memories were learned from, oldest first, as far as the audience may read them."""
    found: dict[int, tuple[Source, ...]] = {}
    for row in tx.all("sources_of_memories", ids=list(memories)):
        place = row["scope"].split(":", 1)[1]
        source: Source = (
            MailSource(account=place, message_id=row["message_id"])
            if row["medium"] == "mail"
            else SlackSource(channel=place, ts=row["key"])
        )
        found[row["memory_id"]] = (*found.get(row["memory_id"], ()), source)
    return found


def latest(tx: Tx, scopes: Sequence[int], skip: int, most: int) -> list[Change]:
    """Lines that are about memories, of the newest night first, after the first `skip` of them."""
    return [_change(row) for row in tx.all("latest_changes", scopes=list(scopes), skip=skip, most=most)]


def one(tx: Tx, key: str) -> Change | None:
    """None when it fell, or is nothing that the audience may read."""
    row = tx.one("change", key=key)
    return None if row is None else _change(row)


def undo(tx: Tx, change: Change, who: str) -> bool:
    """What held before holds again; False when it was taken back already, or is gone."""
    moved = bool(tx.run("undo_change", **_of(change), who=who))
    if moved:
        _move(tx, change, back=True)
    return moved


def redo(tx: Tx, change: Change) -> bool:
    """As the night left it, and what was ruled out may be learned again; False when it stands."""
    moved = bool(tx.run("redo_change", **_of(change)))
    if moved:
        tx.run("allow_again", scope=change.scope, hashes=_hashes(tx, change))
        _move(tx, change, back=False)
    return moved


def never(tx: Tx, change: Change, who: str) -> bool:
    """Undone, and not to be learned again in this scope, in these words or about this subject; False when it is so already."""
    if not tx.run("rule_out_change", id=change.id, scope=change.scope, memory=change.memories[-1], who=who):
        return False
    _move(tx, change, back=True)
    for hash_ in _hashes(tx, change):
        tx.run("rule_out", scope=change.scope, hash=hash_, memory=change.memories[-1])
    return True


def _of(change: Change) -> Row:
    return {"id": change.id, "scope": change.scope, "op": change.op, "memory": change.memories[-1]}


def ruled_out(tx: Tx, scope: int) -> frozenset[bytes]:
    """Hashes of what is never to be learned again in a scope."""
    return frozenset(bytes(row["hash"]) for row in tx.all("ruled_out", scope=scope))


def is_ruled_out(hashes: frozenset[bytes], *said: str) -> bool:
    """Whether one of these texts, or the subject of one, is among what is never to be learned again."""
    return bool(hashes) and any(hash_ in hashes for text in said for hash_ in _both(text))


def _move(tx: Tx, change: Change, back: bool) -> None:
    """The newest memory as it was before the change, or after it; the intervals of all that hangs on it follow by themselves."""
    newest = change.memories[-1]
    if (change.op == "dropped") is back:
        tx.run("learn_again", scope=change.scope, id=newest)
    else:
        tx.run("unlearn", scope=change.scope, id=newest, at=None if back else change.at)


def _hashes(tx: Tx, change: Change) -> list[bytes]:
    """Of the words that the change is told in, and of those it was learned from."""
    row = tx.one("memory_words", id=change.memories[-1]) if change.memories else None
    return [*_both(row["text"]), *_both(row["quote"])] if row else []


def _both(text: str) -> tuple[bytes, ...]:
    about = subject(text)
    return tuple(sha256(said.encode()).digest() for said in ("=" + folded(text), "~" + about if about else "") if said)


def _change(row: Row) -> Change:
    return Change(
        id=row["id"], key=row["key"], scope=row["scope_id"], op=row["op"], text=row["what"], was=row["was"],
        memories=tuple(row["memories"]), night=row["night"], at=row["at"], said_by=row["said_by"] or "",
        concluded=row["kind"] == "conclusion", undone_by=row["undone_by"], never=row["never"],
    )  # fmt: skip

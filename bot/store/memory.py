"""What is known: sourced statements, each in one scope, each with the time in which it held.

When a memory ends follows from what stands beside it (schema/0010): nobody writes `valid_to`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.store import changes
from bot.store.db import Row, Tx
from graphs.checks import folded
from graphs.domain import Fact, MailSource, Memory, SlackSource, Source
from graphs.rules.relation import Relation

# --- reading --------------------------------------------------------------------------------------


def memories(tx: Tx, scopes: Sequence[int], at: datetime) -> tuple[Memory, ...]:
    """What holds at `at` in those of `scopes` that the audience may read, oldest first; what says the same once."""
    return tuple(_memory(row) for row in tx.all("memories", scopes=list(scopes), at=at))


def by_id(tx: Tx, ids: Sequence[int]) -> tuple[Memory, ...]:
    """Those of `ids` that the audience may read, in the order of `ids`, also such as hold no more."""
    if not ids:
        return ()
    return tuple(_memory(row) for row in tx.all("memories_by_id", ids=list(ids)))


def history(tx: Tx, memory: int) -> tuple[Memory, ...]:
    """What a memory took the place of, and what that had taken the place of, oldest first; without the memory itself."""
    return by_id(tx, [row["id"] for row in tx.all("superseded_before", id=memory)])


def taken_over(
    tx: Tx, ids: Sequence[int] | None, since: datetime | None, until: datetime, most: int
) -> list[tuple[Memory, Memory]]:
    """What held no more from a moment between the two on, with what took its place, the newest first, at most `most`; of
    those with one of `ids` among them, or of all that the audience may read."""
    rows = tx.all("taken_over", ids=None if ids is None else list(ids), since=since, until=until, most=most)
    found = {one.id: one for one in by_id(tx, [row[side] for row in rows for side in ("older", "newer")])}
    return [(found[row["older"]], found[row["newer"]]) for row in rows]


def found_memories(tx: Tx, question: str, lang: str, most: int, at: datetime, past: bool = False) -> tuple[Memory, ...]:
    """What the audience may read about `question` and holds at `at`, best first, at most `most`. `past`: also what held
    before and no longer does, which `valid_to` tells."""
    rows = tx.all("found_memories", question=question, lang=lang, most=most, at=at, past=past, concluded=True)
    return by_id(tx, [row["id"] for row in rows])


def noted_about(tx: Tx, text: str, most: int, at: datetime, past: bool = False) -> tuple[Memory, ...]:
    """As `found_memories` for an English text, of what was said alone: no conclusion is among it or moves a rank."""
    rows = tx.all("found_memories", question=text, lang="en", most=most, at=at, past=past, concluded=False)
    return by_id(tx, [row["id"] for row in rows])


def said_last(tx: Tx, scopes: Sequence[int], by: Sequence[str], most: int, at: datetime) -> tuple[Memory, ...]:
    """What one of `by` (keys of a person) said last in those of `scopes` that the audience may read, and holds at `at`; newest
    first."""
    return by_id(tx, [row["id"] for row in tx.all("said_last", scopes=list(scopes), by=list(by), most=most, at=at)])


def learned_tonight(tx: Tx, scopes: Sequence[int], night: date) -> tuple[Memory, ...]:
    """What a night added in those of `scopes` that the audience may read, and still holds; no conclusions."""
    return by_id(tx, [row["id"] for row in tx.all("learned_tonight", scopes=list(scopes), night=night)])


def _memory(row: Row) -> Memory:
    return Memory(
        id=row["id"],
        scope=row["scope"],
        kind=row["kind"],
        text=row["text"],
        quote=row["quote"],
        sources=tuple(_source(source) for source in row["sources"] or ()),
        said_by=row["said_by"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        superseded_by=row["superseded_by"],
        contradicts=tuple(row["contradicts"] or ()),
        premises=tuple(row["premises"] or ()),
        confidence=round(row["confidence"], 3),
    )


def _source(source: dict[str, Any]) -> Source:
    place = source["scope"].split(":", 1)[1]
    if source["medium"] == "mail":
        return MailSource(account=place, message_id=source["message_id"])
    return SlackSource(channel=place, ts=source["key"])


@dataclass(frozen=True)
class Noted:
    """What is remembered of one message. `until`: since then it holds no more; `against`: rows of messages that say otherwise."""

    text: str
    quote: str
    until: datetime | None
    against: tuple[int, ...]


def noted_in(tx: Tx, messages: Sequence[int], at: datetime) -> dict[int, tuple[Noted, ...]]:
    """What is remembered of each of these messages, as far as the audience may read it."""
    found: dict[int, tuple[Noted, ...]] = {}
    if not messages:
        return found
    for row in tx.all("noted_in", messages=list(messages), at=at):
        one = Noted(row["text"], row["quote"], row["until"], tuple(row["against"]))
        found[row["message_id"]] = (*found.get(row["message_id"], ()), one)
    return found


# --- writing --------------------------------------------------------------------------------------


def put_fact(tx: Tx, scope: int, fact: Fact, night: date) -> int:
    """Stores a fact once; returns the memory's id."""
    key = _hash(f"{fact.message}/{folded(fact.quote)}")
    row = tx.one(
        "put_memory", scope=scope, key=key, kind=fact.kind, text=fact.text, quote=fact.quote, said_by=fact.said_by,
        valid_from=fact.said_at, confidence=fact.confidence, found_by=fact.found_by, night=night, message=fact.message,
    )  # fmt: skip
    assert row is not None
    tx.run("put_memory_source", scope=scope, memory=row["id"], message=fact.message)
    if row["added"]:
        changes.log(tx, scope, night, "added", fact.text, [row["id"]])
    return int(row["id"])


def relate(tx: Tx, scope: int, pair: tuple[int, int], relation: Relation, night: date) -> None:
    """Keeps how two memories of one place stand to each other, the later one superseding, whichever was read first.

    What the earlier one superseded, and what repeats it, the later one supersedes too, and what superseded the later one
    supersedes the earlier one: nothing holds again because one in the middle goes.
    """
    found = by_id(tx, pair)
    if len(found) < 2 or pair[0] == pair[1]:
        return
    earlier, later = sorted(found, key=lambda one: (one.valid_from, one.id))
    newer, older = [later.id], [earlier.id]
    if relation == "supersedes":
        newer += [row["id"] for row in tx.all("superseding", id=later.id)]
        older += [row["id"] for row in tx.all("superseded_or_repeated", id=earlier.id)]
    held = [one for one in by_id(tx, older) if one.valid_to is None]
    tx.many(
        "put_relation",
        [{"scope": scope, "newer": n, "older": o, "relation": relation} for n in newer for o in older if n != o],
    )
    for one in by_id(tx, [one.id for one in held]):
        if one.valid_to is not None:
            changes.log(tx, scope, night, "superseded", later.text, [one.id, later.id], one.text)


def conclude(tx: Tx, scope: int, said: str, premises: Sequence[Memory], confidence: float, night: date) -> int | None:
    """Stores what follows from `premises`, once for each set of them. None when one of them does not hold any more, or not
    everybody who reads `scope` may read it."""
    key = _hash("\n".join(sorted(f"{one.scope} {one.valid_from.isoformat()} {one.quote}" for one in premises)))
    ids = [one.id for one in premises]
    row = tx.one("put_conclusion", key=key, text=said, premises=ids, confidence=confidence, night=night)
    if row is None:
        return None
    if row["added"]:
        changes.log(tx, scope, night, "added", said, [row["id"]])
    return int(row["id"])


def forget_memory(tx: Tx, scope: int, memory: int, at: datetime) -> None:
    """Somebody takes it back: it holds no more, and what it had superseded holds again."""
    for row in tx.all("forget_memory", scope=scope, id=memory, at=at):
        changes.log(tx, scope, at.date(), "dropped", row["text"], [memory])


def _hash(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:32]

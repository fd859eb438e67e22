"""What is known: sourced statements, each in one scope, each with the time in which it held."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.store import changes
from bot.store.db import Row, Tx
from graphs.checks import folded
from graphs.domain import Fact, MailSource, Memory, SlackSource, Source


def memories(tx: Tx, scopes: Sequence[int], at: datetime) -> list[Memory]:
    """What holds at `at` in those of `scopes` that the audience may read."""
    return [_memory(row) for row in tx.all("memories", scopes=list(scopes), at=at)]


def put_fact(tx: Tx, scope: int, fact: Fact, night: date) -> int:
    """Stores a fact once and closes what it supersedes; returns the memory's id."""
    key = hashlib.sha256(f"{fact.message}/{folded(fact.quote)}".encode()).hexdigest()[:32]
    row = tx.one(
        "put_memory", scope=scope, key=key, kind=fact.kind, text=fact.text, quote=fact.quote, said_by=fact.said_by,
        valid_from=fact.said_at, confidence=fact.confidence, found_by=fact.found_by, night=night,
    )  # fmt: skip
    assert row is not None
    tx.run("put_memory_source", scope=scope, memory=row["id"], message=fact.message)
    if row["added"]:
        changes.log(tx, scope, night, "added", fact.text, [row["id"]])
    for old in fact.supersedes:
        for closed in tx.all("close_memory", scope=scope, id=old, by=row["id"], at=fact.said_at):
            changes.log(tx, scope, night, "superseded", fact.text, [old, row["id"]], closed["text"])
    return int(row["id"])


def forget_memory(tx: Tx, scope: int, memory: int, at: datetime) -> None:
    """Its speaker takes it back."""
    for row in tx.all("forget_memory", scope=scope, id=memory, at=at):
        changes.log(tx, scope, at.date(), "dropped", row["text"], [memory])


def _memory(row: Row) -> Memory:
    place = row["scope"].split(":", 1)[1]
    return Memory(
        id=row["id"],
        scope=row["scope"],
        kind=row["kind"],
        text=row["text"],
        quote=row["quote"],
        sources=tuple(_source(place, source) for source in row["sources"] or ()),
        said_by=row["said_by"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


def _source(place: str, source: dict[str, Any]) -> Source:
    if source["medium"] == "mail":
        return MailSource(account=place, message_id=source["message_id"])
    return SlackSource(channel=place, ts=source["key"])


@dataclass(frozen=True)
class Noted:
    """What is remembered of one message. `until`: since then it holds no more."""

    text: str
    quote: str
    until: datetime | None


def noted_in(tx: Tx, messages: Sequence[int], at: datetime) -> dict[int, tuple[Noted, ...]]:
    """What is remembered of each of these messages, as far as the audience may read it."""
    found: dict[int, tuple[Noted, ...]] = {}
    for row in tx.all("noted_in", messages=list(messages), at=at):
        one = Noted(row["text"], row["quote"], row["until"])
        found[row["message_id"]] = (*found.get(row["message_id"], ()), one)
    return found

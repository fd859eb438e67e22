"""Learned context: one block for each scope, in versions. A line stands only while every memory under it does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.types.json import Jsonb

from bot.store import changes
from bot.store.db import Tx
from graphs.domain import ContextLine


@dataclass(frozen=True)
class View:
    """The memories that a block is made from, as far as two of them are to be told apart."""

    count: int
    total: int  # of their row ids


NOTHING = View(0, 0)


@dataclass(frozen=True)
class Block:
    """The learned context of one scope in its newest version, with the lines that stand."""

    scope: str
    name: str
    version: int
    lines: tuple[ContextLine, ...]
    view: View


def learned(tx: Tx, scopes: Sequence[int]) -> list[Block]:
    """Learned context of those scopes that have some, newest version. A line is left out when a memory under it fell."""
    blocks = []
    for row in tx.all("learned_context", scopes=list(scopes)):
        lines = tuple(ContextLine.model_validate(line) for line in row["lines"])
        wanted = sorted({memory for line in lines for memory in line.memories})
        standing = {found["id"] for found in tx.all("standing_memories", ids=wanted)}
        kept = tuple(line for line in lines if set(line.memories) <= standing)
        view = View(row["in_view"], int(row["view_sum"]))
        blocks.append(Block(row["scope"], row["name"], row["version"], kept, view))
    return blocks


def view(tx: Tx, scopes: Sequence[int], at: datetime) -> View:
    """Of the memories that hold at `at` in those of `scopes` that the audience may read."""
    row = tx.one("memory_view", scopes=list(scopes), at=at)
    assert row is not None
    return View(row["count"], int(row["total"]))


def put_learned(tx: Tx, scope: int, version: int, lines: Iterable[ContextLine], view: View, night: date) -> bool:
    """Writes `version` if the one before it is still the newest; False when somebody else was first."""
    held = Jsonb([line.model_dump(mode="json") for line in lines])
    values = {"scope": scope, "version": version, "lines": held, "night": night}
    written = tx.run("put_learned_context", **values, in_view=view.count, view_sum=view.total)
    if written:
        changes.log(tx, scope, night, "rewritten", f"learned context, version {version}")
    return bool(written)

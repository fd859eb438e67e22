"""Learned context: one block for each scope, in versions. A line stands only while every memory under it does."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.types.json import Jsonb

from bot.store import changes
from bot.store.db import Tx
from graphs.context import Known, Rewritten
from graphs.domain import ContextLine

VERSIONS = 5
"""So many of a block are kept."""

REFUSED = "A rewritten brief lost too much of what still holds: the old one stands, with what is new."


@dataclass(frozen=True)
class View:
    """The memories that a block is made from: those of some places, for a person what concerns them there."""

    scopes: tuple[int, ...]
    who: str = ""  # a person's key: said by them, or names them
    own: tuple[int, ...] = ()  # of these all that is there concerns them
    names: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, object]:
        patterns = [rf"\m{re.escape(name)}\M" for name in self.names]
        return {"scopes": list(self.scopes), "who": self.who, "own": list(self.own), "names": patterns}


@dataclass(frozen=True)
class Seen:
    """What tells two views apart: how many memories, the sum of their row ids, and the greatest of these."""

    count: int
    total: int
    newest: int


@dataclass(frozen=True)
class Block:
    """The learned context of one scope in its newest version, with the lines that stand."""

    scope: str
    name: str
    version: int
    lines: tuple[ContextLine, ...]
    named: frozenset[int]  # memories of all its lines that still hold
    made_of: Seen
    seen: frozenset[int]  # memories that a model was shown for it
    stale: bool  # one of these was taken back
    night: date | None


def learned(tx: Tx, scopes: Sequence[int]) -> list[Block]:
    """Learned context of those scopes that have some, newest version. A line is left out when a memory under it fell."""
    blocks = []
    for row in tx.all("learned_context", scopes=list(scopes)):
        lines = tuple(ContextLine.model_validate(line) for line in row["lines"])
        wanted = sorted({memory for line in lines for memory in line.memories})
        standing = frozenset(found["id"] for found in tx.all("standing_memories", ids=wanted))
        kept = tuple(line for line in lines if set(line.memories) <= standing)
        made_of = Seen(row["in_view"], int(row["view_sum"]), row["newest"])
        blocks.append(
            Block(row["scope"], row["name"], row["version"], kept, standing, made_of, frozenset(row["seen"]),
                  row["stale"], row["night"])
        )  # fmt: skip
    return blocks


def in_view(tx: Tx, view: View, at: datetime) -> Seen:
    """Of the memories that hold at `at`, as far as the audience may read them."""
    row = tx.one("memories_in_view", **view.values, at=at)
    assert row is not None
    return Seen(row["count"], int(row["total"]), row["newest"])


def useful(tx: Tx, view: View, block: Block, without: Iterable[int], most: int, at: datetime) -> list[Known]:
    """At most `most` memories that hold, the most useful first: named by the block, new, of weight, recent."""
    found = tx.all(
        "useful_memories", **view.values, at=at, without=list(without), named=list(block.named),
        newest=block.made_of.newest, most=most,
    )  # fmt: skip
    return [
        Known(row["id"], row["kind"], row["text"], row["said_by"], row["valid_from"], row["id"] > block.made_of.newest)
        for row in found
    ]


def put(tx: Tx, scope: int, held: Block, made: Rewritten, seen: Iterable[int], made_of: Seen, night: date) -> bool:
    """Writes the version after `held` if that is still the newest; False when somebody else was first.

    Of the versions before it only the last are kept, and of these no word that the next one must not know.
    """
    ruled_out = changes.ruled_out(tx, scope)
    stand = [line for line in made.lines if not changes.is_ruled_out(ruled_out, line.text)]
    lines = Jsonb([line.model_dump(mode="json") for line in stand])
    written = tx.run(
        "put_learned_context", scope=scope, version=held.version + 1, lines=lines, in_view=made_of.count,
        view_sum=made_of.total, newest=made_of.newest, seen=sorted(seen), night=night,
    )  # fmt: skip
    if written:
        tx.run("drop_old_contexts", scope=scope, oldest=held.version + 2 - VERSIONS)
        told = REFUSED if made.refused else f"learned context, version {held.version + 1}"
        changes.log(tx, scope, night, "refused" if made.refused else "rewritten", told)
    return bool(written)


def none_yet(scope: str, name: str) -> Block:
    """Before the first version."""
    return Block(scope, name, 0, (), frozenset(), Seen(0, 0, 0), frozenset(), stale=False, night=None)

"""What nights conclude: thoughts, memories, tasks, drafts, digests. Each lives in the scope of the transaction."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from psycopg.types.json import Jsonb

from bot.store.db import Row, Tx
from graphs.checks import folded
from graphs.digest_value import Digest
from graphs.domain import Considered, ContextLine, Draft, Fact, MailSource, Memory, SlackSource, Source, Task, Value

ValueT = TypeVar("ValueT", bound=Value)


@dataclass(frozen=True)
class Block:
    """The learned context of one scope in its newest version; version 0 when there is none yet."""

    scope: str
    name: str
    version: int
    lines: tuple[ContextLine, ...]


@dataclass(frozen=True)
class TaskRow:
    """A task with what only its life needs: when it changed, and in which digests it stood."""

    task: Task
    changed_on: date
    snoozed_until: date | None = None
    shown_on: tuple[date, ...] = field(default=())


@dataclass(frozen=True)
class DraftRow:
    draft: Draft
    state: str
    mail: bytes
    night: date


def thoughts(tx: Tx, scope: int, step: str, kind: type[ValueT]) -> dict[str, tuple[bytes, ValueT]]:
    """Judgements kept, by key: (hash of what was judged, result). One written by an older program is left out."""
    found = {}
    for row in tx.all("thoughts", scope=scope, step=step):
        try:
            found[row["key"]] = (bytes(row["input"]), kind.model_validate(row["result"]))
        except ValueError:
            continue
    return found


def put_thought(
    tx: Tx, scope: int, step: str, key: str, judged: bytes, result: Value, about: int | None, thread: str
) -> None:
    """Keeps a judgement of one thread of scope `about`, so that unchanged text costs no second thought."""
    held = Jsonb(result.model_dump(mode="json"))
    tx.run("put_thought", scope=scope, step=step, key=key, input=judged, result=held, about=about, thread=thread)


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
        tx.run("log_change", scope=scope, night=night, op="added", what=fact.text)
    for old in fact.supersedes:
        for closed in tx.all("close_memory", scope=scope, id=old, by=row["id"], at=fact.said_at):
            tx.run("log_change", scope=scope, night=night, op="superseded", what=closed["text"])
    return int(row["id"])


def forget_memory(tx: Tx, scope: int, memory: int, at: datetime) -> None:
    """Its speaker takes it back."""
    for row in tx.all("forget_memory", scope=scope, id=memory, at=at):
        tx.run("log_change", scope=scope, night=at.date(), op="dropped", what=row["text"])


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


def learned(tx: Tx, scopes: Sequence[int]) -> list[Block]:
    """Learned context of those scopes that have some, newest version. A line is left out when a memory under it fell."""
    blocks = []
    for row in tx.all("learned_context", scopes=list(scopes)):
        lines = tuple(ContextLine.model_validate(line) for line in row["lines"])
        wanted = sorted({memory for line in lines for memory in line.memories})
        standing = {found["id"] for found in tx.all("standing_memories", ids=wanted)}
        kept = tuple(line for line in lines if set(line.memories) <= standing)
        blocks.append(Block(row["scope"], row["name"], row["version"], kept))
    return blocks


def put_learned(tx: Tx, scope: int, version: int, lines: Iterable[ContextLine], night: date) -> bool:
    """Writes `version` if the one before it is still the newest; False when somebody else was first."""
    held = Jsonb([line.model_dump(mode="json") for line in lines])
    written = tx.run("put_learned_context", scope=scope, version=version, lines=held, night=night)
    if written:
        tx.run("log_change", scope=scope, night=night, op="rewritten", what=f"learned context, version {version}")
    return bool(written)


def changes(tx: Tx, scopes: Sequence[int], night: date) -> list[Row]:
    """The readable diff of a night: `{scope, op, what}` in the order it was made."""
    return tx.all("changes_of", scopes=list(scopes), night=night)


def considered(tx: Tx, scope: int) -> list[Considered]:
    """What became of each inbox mail when it was last considered."""
    return [one for _, one in thoughts(tx, scope, "considered", Considered).values()]


def put_considered(tx: Tx, scope: int, one: Considered, about: int | None) -> None:
    put_thought(tx, scope, "considered", f"{one.account} {one.message_id}", b"", one, about, "")


def tasks(tx: Tx, scope: int) -> list[TaskRow]:
    return [
        TaskRow(
            Task.model_validate(row["value"] | {"state": row["state"]}),
            row["changed_on"],
            row["snoozed_until"],
            tuple(row["shown_on"]),
        )
        for row in tx.all("tasks", scope=scope)
    ]


def put_task(tx: Tx, scope: int, row: TaskRow) -> None:
    tx.run(
        "put_task", scope=scope, id=row.task.id, value=Jsonb(row.task.model_dump(mode="json")), state=row.task.state,
        snoozed_until=row.snoozed_until, changed_on=row.changed_on, shown_on=list(row.shown_on),
    )  # fmt: skip


def drafts(tx: Tx, scope: int) -> list[DraftRow]:
    return [
        DraftRow(Draft.model_validate(row["value"]), row["state"], bytes(row["mail"]), row["night"])
        for row in tx.all("drafts", scope=scope)
    ]


def plan_draft(tx: Tx, scope: int, draft: Draft, mail: bytes, night: date) -> None:
    """Writes the intent of one draft. The key (account, message answered) makes a second call change nothing."""
    held = Jsonb(draft.model_dump(mode="json"))
    tx.run(
        "plan_draft", scope=scope, account=draft.account, answers=draft.in_reply_to, value=held, mail=mail, night=night
    )


def move_draft(tx: Tx, scope: int, draft: Draft, came_from: Sequence[str], to: str) -> None:
    """Moves a draft's life on, if it still is where the caller saw it."""
    values = {"account": draft.account, "answers": draft.in_reply_to, "from": list(came_from), "to": to}
    tx.run("move_draft", scope=scope, **values)


def digest(tx: Tx, scope: int, day: date) -> Digest | None:
    row = tx.one("digest", scope=scope, date=day)
    return None if row is None else Digest.model_validate(row["value"])


def last_digest_before(tx: Tx, scope: int, day: date) -> date | None:
    """The date of the digest before that of `day`, or None."""
    row = tx.one("last_digest_before", scope=scope, date=day)
    return row["date"] if row else None


def put_digest(tx: Tx, scope: int, value: Digest) -> None:
    """Keeps the digest of its date: one, changed in place."""
    tx.run("put_digest", scope=scope, date=value.date, value=Jsonb(value.model_dump(mode="json")))

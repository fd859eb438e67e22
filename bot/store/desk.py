"""What nights conclude: thoughts, learned context, tasks, drafts, digests. Each lives in the scope of the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from psycopg.types.json import Jsonb

from bot.store.db import Tx
from graphs.digest_value import Digest
from graphs.domain import Considered, Draft, Task, Value

ValueT = TypeVar("ValueT", bound=Value)

UNTOUCHED = ("planned", "appended")
"""States of a draft that its owner has done nothing with."""


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

"""What a person decided by pressing: about items of their digests, and about whole threads. Lives in their own scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from bot.store.db import Row, Tx
from graphs.domain import Draft, Source, TaskState

Verb = Literal["snoozed", "answered", "not_mine", "never", "done"]

_RANKS: list[Verb] = ["snoozed", "answered", "not_mine", "never", "done"]
"""What comes later here counts, in whatever order presses arrive."""

_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


@dataclass(frozen=True)
class Choice:
    """One decision. `item` is an item's id, or `thread_item(...)` for all that comes from one thread."""

    item: str
    verb: Verb
    pressed_at: datetime
    until: date | None = None  # of 'snoozed': the morning on which it comes back
    source: Source | None = None  # of a thread: the message of which it was said


def thread_item(scope: str, thread: str) -> str:
    """The name under which a whole thread is left out."""
    return f"thread/{scope}/{thread}"


def choices(tx: Tx, scope: int) -> dict[str, Choice]:
    """By item, oldest first."""
    return {row["item"]: _choice(row) for row in tx.all("choices", scope=scope)}


def choose(tx: Tx, scope: int, choice: Choice) -> bool:
    """Keeps a decision; False when a stronger or later one stands."""
    source = None if choice.source is None else Jsonb(choice.source.model_dump(mode="json"))
    return bool(
        tx.run(
            "choose",
            scope=scope,
            item=choice.item,
            verb=choice.verb,
            until=choice.until,
            source=source,
            pressed_at=choice.pressed_at,
            ranks=_RANKS,
        )
    )


def take_back(tx: Tx, scope: int, item: str) -> None:
    tx.run("take_back", scope=scope, item=item)


def hold_tasks(tx: Tx, scope: int) -> None:
    """Until `tx` ends nobody else changes the tasks of this desk."""
    tx.all("hold_tasks", scope=scope)


def show_tasks(tx: Tx, scope: int, ids: list[str], day: date) -> None:
    """Remembers that these tasks stood in the digest of `day`."""
    tx.run("show_tasks", scope=scope, ids=ids, date=day)


def press_task(
    tx: Tx, scope: int, id_: str, came_from: tuple[TaskState, ...], to: TaskState, until: date | None = None
) -> bool:
    """Moves a task on; False when it is over already, or no task."""
    values = {"id": id_, "from": list(came_from), "to": to, "until": until}
    return bool(tx.run("press_task", scope=scope, **values))


def replace_draft(tx: Tx, scope: int, draft: Draft, mail: bytes, came_from: Sequence[str]) -> bool:
    """Puts another wording in the place of a draft; False when it is in none of these states, or on its way just now."""
    held = Jsonb(draft.model_dump(mode="json"))
    values = {
        "account": draft.account,
        "answers": draft.in_reply_to,
        "value": held,
        "mail": mail,
        "from": list(came_from),
    }
    return bool(tx.run("replace_draft", scope=scope, **values))


def _choice(row: Row) -> Choice:
    source = None if row["source"] is None else _SOURCE.validate_python(row["source"])
    return Choice(row["item"], row["verb"], row["pressed_at"], row["until"], source)

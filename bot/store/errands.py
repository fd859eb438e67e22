"""Errands that people handed to the night. Each lives in the scope of the place it was asked in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.types.json import Jsonb

from bot.store.db import Row, Tx
from graphs.domain import Answer, Value


class Task(Value):
    """What was asked, in the person's own words, and the ts of the message that asked, with the revision of these words.

    `edited`: they were worded anew on the card, and stand until the message itself says something new.
    """

    words: str
    asked: str
    revision: int = 0  # 0: not known
    edited: bool = False


@dataclass(frozen=True)
class Errand:
    """One errand. `night`: the local date on which the night ends that does it."""

    id: str
    scope: int
    person: int
    channel: str
    thread_ts: str
    task: Task
    state: str  # waiting | running | done | failed | discarded
    night: date
    result: Answer | None
    at: datetime


def put(tx: Tx, errand: Errand) -> None:
    """Keeps an errand once; other words for it count while it waits."""
    tx.run(
        "put_errand", scope=errand.scope, id=errand.id, person=errand.person, channel=errand.channel,
        thread=errand.thread_ts, value=Jsonb(errand.task.model_dump()), night=errand.night, now=errand.at,
    )  # fmt: skip


def reword(tx: Tx, errand: str, task: Task) -> bool:
    """False once somebody works on it."""
    return bool(tx.run("reword_errand", id=errand, value=Jsonb(task.model_dump())))


def get(tx: Tx, errand: str) -> Errand | None:
    row = tx.one("errand", id=errand)
    return None if row is None else _errand(row)


def due(tx: Tx, person: int, night: date) -> list[tuple[int, str]]:
    """(scope, id) of what a night has to do, oldest first; any transaction may ask."""
    return [(row["scope_id"], row["id"]) for row in tx.all("errands_due", person=person, night=night)]


def done(tx: Tx, person: int, night: date) -> list[Errand]:
    """What came of a night's errands, as far as the audience may read it."""
    return [_errand(row) for row in tx.all("errands_done", person=person, night=night)]


def move(
    tx: Tx, errand: str, before: Sequence[str], to: str, night: date | None = None, result: Answer | None = None
) -> bool:
    """False when it is in none of the states `before`."""
    made = None if result is None else Jsonb(result.model_dump(mode="json"))
    touched = {"id": errand, "from": list(before), "to": to, "night": night, "result": made}
    return bool(tx.run("move_errand", **touched))


def _errand(row: Row) -> Errand:
    result = None if row["result"] is None else Answer.model_validate(row["result"])
    return Errand(
        row["id"], row["scope_id"], row["person_id"], row["channel"], row["thread_ts"], Task.model_validate(row["value"]),
        row["state"], row["night"], result, row["at"],
    )  # fmt: skip

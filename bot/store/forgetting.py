"""What is forgotten, by a person's wish or by age, and what is held of a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.store.db import Row, Tx


@dataclass(frozen=True)
class Held:
    """One thing that is held of somebody. `kind` is a table's name, or what an export calls it."""

    kind: str
    row: Row


def be_silent(tx: Tx, person: int, erased: bool = False) -> None:
    """Keeps no message of theirs from now on. The transaction is the person's own, here and below."""
    tx.all("be_silent", person=person, erased=erased)


def be_heard(tx: Tx, person: int) -> None:
    """Their messages are kept again; what was taken back stays gone."""
    tx.all("be_heard", person=person)


def is_left_out(tx: Tx, person: int) -> bool:
    row = tx.one("is_left_out", person=person)
    return row is not None and bool(row["left_out"])


def unsay_some(tx: Tx, person: int, most: int) -> int:
    """Takes back at most so many messages of a silent person; 0 when none are left."""
    return _count(tx.one("unsay_some", person=person, most=most))


def erase(tx: Tx, person: int) -> None:
    """Their scopes, their name, and what is known of them. What they wrote is taken back before, by `unsay_some`."""
    tx.all("erase", person=person)


def welcome(tx: Tx, who: str) -> bool:
    """Forgets that somebody was erased, by their Slack id or an address of theirs; False when they were not."""
    row = tx.one("welcome", who=who)
    return row is not None and bool(row["erased"])


def was_erased(tx: Tx, address: str) -> bool:
    row = tx.one("was_erased", address=address)
    return row is not None and bool(row["erased"])


def forget_erased(tx: Tx) -> None:
    """What is left of people who were erased, once Slack shows none of it."""
    tx.all("forget_erased")


def held_of(tx: Tx, person: int) -> Iterator[Held]:
    """All that is held of the person whose transaction this is; no credential, and nothing of others' private places."""
    return (Held(row["kind"], row["held"]) for row in tx.all("held_of", person=person))


def expire_made(tx: Tx, before: datetime) -> None:
    """Digests, finished tasks, posts, notes that no longer hold: what was made of text from before that moment."""
    tx.all("expire_made", before=before)


def expire_said(tx: Tx, before: datetime, most: int) -> int:
    """Takes the words of at most so many older messages that nothing cites; 0 when none are left."""
    return _count(tx.one("expire_said", before=before, most=most))


def _count(row: Row | None) -> int:
    return 0 if row is None else int(row["count"])

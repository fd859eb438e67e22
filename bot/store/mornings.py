"""What a morning needs beside the digest: how the night went, and which mailboxes are not read."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from bot.store.db import Tx
from graphs.domain import Preferences

SHADOW_NIGHTS = 3
"""So many nights with a mailbox only show their drafts in Slack, unless their person chose."""


@dataclass(frozen=True)
class Mailbox:
    """A connected mailbox as its owner is told about it."""

    scope: int
    name: str
    state: Literal["ok", "paused"]
    problem: str
    since: datetime
    retry_at: datetime | None
    synced_at: datetime | None


@dataclass(frozen=True)
class Slept:
    """How far the night of one date is. `late` is why its digest comes late, '' when nobody said so; `wakes_at` the
    latest wake-up by all clocks its person has kept since it began."""

    state: Literal["begun", "slept", "delivered"]
    late: str
    wakes_at: datetime
    slept_at: datetime | None
    delivered_at: datetime | None


def mailboxes(tx: Tx, person: int) -> list[Mailbox]:
    """Those of the person, as far as the audience of `tx` may know them."""
    return [
        Mailbox(r["scope_id"], r["name"], r["state"], r["problem"], r["since"], r["retry_at"], r["synced_at"])
        for r in tx.all("own_mailboxes", person=person)
    ]


@dataclass(frozen=True)
class Shadow:
    """Whether drafts are shown in Slack only now. `night`: which one with a mailbox ended on the day in question; 0 when none
    did, or when their person chose."""

    on: bool
    night: int = 0

    @property
    def is_over(self) -> bool:
        """That day was the first on which drafts lay in the mailbox, because the first nights were over."""
        return not self.on and self.night == SHADOW_NIGHTS + 1


def shadow(tx: Tx, person: int, hours: Preferences, day: date = date.max) -> Shadow:
    """The transaction is the person's: of nobody else's mailboxes is it known that there are any."""
    if hours.shadow is not None:
        return Shadow(hours.shadow)
    row = tx.one("nights_with_mail", person=person, date=day)
    assert row is not None
    return Shadow(row["nights"] <= SHADOW_NIGHTS, row["by_then"])


def night(tx: Tx, person: int, day: date) -> Slept | None:
    row = tx.one("night_of", person=person, date=day)
    if row is None:
        return None
    return Slept(row["state"], row["late"], row["wakes_at"], row["slept_at"], row["delivered_at"])


def delivered(tx: Tx, person: int, day: date, now: datetime) -> bool:
    """True the first time."""
    return bool(tx.run("night_delivered", person=person, date=day, now=now))


def dates(tx: Tx, scope: int, until: date, most: int) -> list[date]:
    """Mornings that have a digest, newest first, none after `until`."""
    return [row["date"] for row in tx.all("digest_dates", scope=scope, until=until, most=most)]

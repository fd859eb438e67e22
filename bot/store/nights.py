"""Nights of people: whose there are, how far each is, and since when somebody watches the clock. Holds no content."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.hours import Begun, Morning
from bot.store import people
from bot.store.db import Tx
from graphs.domain import Preferences

log = logging.getLogger(__name__)

RUNS = "the night still runs"
"""Why a digest comes late that nothing has gone wrong with, as far as anybody knows by then."""


@dataclass(frozen=True)
class Known:
    """Somebody whose nights are ours to keep. `zone` is Slack's, or None."""

    person: int
    hours: Preferences
    zone: str | None
    since: datetime  # first used the desk


@dataclass(frozen=True)
class Night:
    """How far the night of one person and date is. `late` is why its digest comes late, '' when nobody said so."""

    person: int
    date: date
    begun: Begun
    late: str


@dataclass(frozen=True)
class Watch:
    """Since when the clock is watched without a gap, and when the last pause ended; None: never."""

    since: datetime | None
    resumed: datetime | None
    paused: bool


def begin(tx: Tx, person: int, owed: Morning, now: datetime, late: str) -> bool:
    """False when the night of that date was begun before. Who moved their own hour into the past wakes up now."""
    wakes = owed.wakes if late else max(owed.wakes, now)
    return bool(tx.run("begin_night", person=person, date=owed.date, now=now, late=late, wakes=wakes, ends=owed.ends))


def put_off(tx: Tx, person: int, later: Morning) -> None:
    """The clock that a person keeps now brings a morning later than it was promised."""
    tx.run("put_off", person=person, date=later.date, wakes=later.wakes, ends=later.ends)


def since(tx: Tx, day: date) -> list[Night]:
    """Nights that end on `day` or later."""
    return [
        Night(row["person_id"], row["date"], Begun(row["state"], row["wakes_at"], row["ends_at"]), row["late"])
        for row in tx.all("nights_since", date=day)
    ]


def slept(tx: Tx, person: int, day: date, now: datetime) -> bool:
    """The night is thought through; False when nothing began it, or it was before."""
    return bool(tx.run("night_slept", person=person, date=day, now=now))


def be_late(tx: Tx, person: int, day: date, why: str) -> bool:
    """Says why the digest comes late; False when a reason was given before that still holds."""
    return bool(tx.run("night_late", person=person, date=day, late=why, running=RUNS))


def failed_sleep(tx: Tx, person: int, day: date) -> int | None:
    """The job of a night that will not be tried again; None while one is on its way or under way."""
    row = tx.one("last_sleep", lock=sleep_lock(person), date=day.isoformat())
    return int(row["id"]) if row is not None and row["status"] == "failed" else None


def sleep_lock(person: int) -> str:
    """One night of a person at a time."""
    return f"sleep/{person}"


def is_coming(tx: Tx, stages: Sequence[str], scopes: Sequence[int], day: date) -> bool:
    """Whether `stages` of the night of that date are still to come, or under way, in one of `scopes` or for everybody."""
    row = tx.one("is_coming", stages=list(stages), scopes=[str(scope) for scope in scopes], date=day.isoformat())
    return bool(row and row["coming"])


def not_read(tx: Tx, scopes: Sequence[int], day: date) -> list[int]:
    """Those of `scopes`, as far as the audience may know them, that the night of that date has not read to the end."""
    return [row["id"] for row in tx.all("not_read", scopes=list(scopes), date=day.isoformat())]


# --- whose ----------------------------------------------------------------------------------------


def sleepers(tx: Tx) -> list[Known]:
    """People who opened the app, asked something or connected a mailbox. Nobody else gets a DM they did not ask for."""
    return [Known(row["id"], _hours(tx, row["id"]), row["zone"], row["met_at"]) for row in tx.all("sleepers")]


def _hours(tx: Tx, person: int) -> Preferences:
    """The usual ones where what is kept cannot be read: one person's settings keep nobody else awake."""
    try:
        return people.preferences(tx, person)
    except ValueError:
        log.warning("the hours of a person cannot be read", extra={"person": person})
        return Preferences()


def meet(tx: Tx, user: str, now: datetime) -> None:
    """A Slack user uses the desk: from their next night on they get one."""
    tx.run("meet", user=user, now=now)


def meet_connected(tx: Tx, now: datetime) -> None:
    """Who connected a mailbox uses the desk."""
    tx.run("meet_connected", now=now)


# --- the clock ------------------------------------------------------------------------------------


def watch(tx: Tx, now: datetime, gap: datetime) -> Watch:
    """The clock is watched now; `gap`: when it was last watched before then, nobody was there meanwhile."""
    tx.run("watch", now=now, gap=gap)
    row = tx.one("watched")
    return Watch(None, None, False) if row is None else Watch(row["woke_at"], row["resumed_at"], row["paused"])


def pause(tx: Tx) -> bool:
    """Nothing more is done outside; False when it was paused already."""
    return bool(tx.run("pause_all"))


def resume(tx: Tx, now: datetime) -> bool:
    return bool(tx.run("resume_all", now=now))


def restless(tx: Tx, since: datetime, quiet: datetime, many: int) -> list[int]:
    """Channels with something new since `since` that nobody has noted: quiet since `quiet`, or `many` messages."""
    return [row["scope_id"] for row in tx.all("restless", since=since, quiet=quiet, many=many)]


def forget_jobs(tx: Tx, since: datetime) -> None:
    """Drops jobs that ended before `since`."""
    tx.run("forget_jobs", since=since)

"""When nights begin and people wake up, by nominal local date. Pure: clock, zones and hours come in as arguments.

A nominal date is the date of the morning that a night ends on. Each working day has one, whatever the clocks do: a time
that a date skips becomes the first moment after the gap, of a time that comes twice the first one counts.

People change zone and hours when they like. A clock is *in* a date from the beginning of its night until the date is
over. A working day is *lived* when, at some moment, the clock that its person keeps is in it. Each has one digest, at the
first moment from then on at which the clock they keep by then has reached its wake-up. It is owed until the date is over
by that clock and by every clock they kept since its night began, so that nobody flies away from a digest; a working day
that they take off meanwhile, or a pause of theirs, holds it back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graphs.domain import Preferences

DAY = timedelta(days=1)
WEEK = 7


@dataclass(frozen=True)
class Morning:
    """One night and the morning it ends on; moments in UTC."""

    date: date
    begins: datetime
    wakes: datetime
    ends: datetime  # the date is over


@dataclass(frozen=True)
class Sleeper:
    """Somebody whose nights are ours to keep. What began before `since` they were not promised."""

    person: int
    hours: Preferences
    zone: ZoneInfo
    since: datetime


State = Literal["begun", "slept", "delivered"]


@dataclass(frozen=True)
class Begun:
    """How far a night is that has begun. `wakes` and `ends` are the latest by all clocks its person has kept since."""

    state: State
    wakes: datetime
    ends: datetime


Nights = Mapping[tuple[int, date], Begun]
"""Nights that have begun, by person and date."""

Do = Literal["begin", "deliver", "tell"]
"""Begin the night; deliver its digest; tell that it will be late."""


@dataclass(frozen=True)
class Step:
    """What should have happened by now and did not."""

    sleeper: Sleeper
    morning: Morning
    do: Do


def is_zone(name: str) -> bool:
    """Whether the time zone database of this machine knows it; Slack and browsers may know a newer one."""
    try:
        return bool(name) and bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def first_zone(*names: str | None) -> str | None:
    """The first of `names` that is a zone."""
    return next((name for name in names if name and is_zone(name)), None)


def zone_of(*names: str | None) -> ZoneInfo:
    """The first of `names` that is a zone; UTC when none is."""
    return ZoneInfo(first_zone(*names) or "UTC")


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, when clocks in `zone` show `at` on `day`."""
    shown = datetime.combine(day, at.replace(tzinfo=None, fold=0), tzinfo=zone)
    moment = shown.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return moment
    # No clock ever shows it: with the offset from after the gap it lies before the gap, with that from before behind it.
    return _change(shown.replace(fold=1).astimezone(UTC), moment, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second between the two at which the offset has changed."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def morning(hours: Preferences, zone: ZoneInfo, day: date) -> Morning:
    """The night that ends on `day`: an hour later than the wake-up belongs to the evening before."""
    evening = day - DAY if hours.night_at > hours.wakes_at else day
    begins, wakes = instant(evening, hours.night_at, zone), instant(day, hours.wakes_at, zone)
    return Morning(day, begins, wakes, instant(day + DAY, time(), zone))


def works(hours: Preferences, day: date) -> bool:
    return day.weekday() in hours.working_days


def is_due(owed: Morning, begun: Begun, now: datetime) -> bool:
    """Whether the digest of a night that has begun should be with its person; `owed` by the clock they keep at `now`."""
    return owed.wakes <= now < max(owed.ends, begun.ends)


def mornings(hours: Preferences, zone: ZoneInfo, since: date) -> Iterator[Morning]:
    """Mornings of working days from `since` on, as far as the next one of each weekday and a night more."""
    days = (since + count * DAY for count in range(WEEK + 2))
    return (morning(hours, zone, day) for day in days if works(hours, day))


def next_morning(hours: Preferences, zone: ZoneInfo, after: datetime) -> Morning | None:
    """The first morning of a working day whose night begins later than `after`; None for who has no working day."""
    since = after.astimezone(zone).date()
    return next((one for one in mornings(hours, zone, since) if one.begins > after), None)


def next_alarm(hours: Preferences, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first moment later than `after` at which a night begins or somebody wakes up."""
    since = after.astimezone(zone).date()
    moments = (moment for one in mornings(hours, zone, since) for moment in (one.begins, one.wakes))
    return min((moment for moment in moments if moment > after), default=None)


def missed(sleepers: Sequence[Sleeper], nights: Nights, now: datetime) -> list[Step]:
    """What should have begun or been delivered by `now`, or has to be told to be late, newest first; of dates that are
    over only what somebody's change of clock cut short: after a week away nobody gets seven digests."""
    found = [step for one in sleepers if not one.hours.paused for step in _missed(one, nights, now)]
    return sorted(found, key=lambda step: (step.morning.begins, step.sleeper.person), reverse=True)


FAR = 2
"""So many dates the clocks of two zones are apart at most."""


def _missed(sleeper: Sleeper, nights: Nights, now: datetime) -> Iterator[Step]:
    today = now.astimezone(sleeper.zone).date()
    for day in (today + count * DAY for count in range(-FAR, 2)):
        begun = nights.get((sleeper.person, day))
        if works(sleeper.hours, day) and (day >= today if begun is None else begun.state != "delivered"):
            owed = morning(sleeper.hours, sleeper.zone, day)
            if (do := _what(sleeper, owed, begun, now)) is not None:
                yield Step(sleeper, owed, do)


def _what(sleeper: Sleeper, owed: Morning, begun: Begun | None, now: datetime) -> Do | None:
    if begun is None:
        return "begin" if sleeper.since <= owed.begins <= now < owed.ends else None
    if not is_due(owed, begun, now):
        return None
    return "deliver" if begun.state == "slept" else "tell"


def put_off(sleepers: Sequence[Sleeper], nights: Nights) -> Iterator[tuple[int, Morning]]:
    """By person: mornings to come that the clock they keep now brings later than any did since the night began."""
    clocks = {one.person: one for one in sleepers}
    for (person, day), begun in nights.items():
        if begun.state != "delivered" and (one := clocks.get(person)) is not None:
            found = morning(one.hours, one.zone, day)
            if found.wakes > begun.wakes or found.ends > begun.ends:
                yield person, found

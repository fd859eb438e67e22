"""Which morning is meant: dates and moments of a night. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

from graphs.errors import NeedsPerson

WAKE_UP = time(8, 0)
WORKING_DAYS = frozenset(range(5))
LONG_GAP = timedelta(days=30)


@dataclass(frozen=True)
class Wanted:
    """What somebody said about the night: its local date, its moment, either or neither."""

    day: date | None
    now: datetime | None

    def resolve(self, zone: str, newest: Callable[[], datetime]) -> tuple[date, datetime]:
        """The local date of the morning and the moment of waking up; by default the first wake-up after `newest`."""
        place = ZoneInfo(zone)
        if self.now is not None:
            now = self.now if self.now.tzinfo else self.now.replace(tzinfo=place)
            return self.day or now.astimezone(place).date(), now
        day = self.day or first_morning_after(newest(), zone)
        return day, datetime.combine(day, WAKE_UP, tzinfo=place)


def wanted(day: str | None, now: str | None) -> Wanted:
    """Raises `NeedsPerson` for what is no date or moment."""
    try:
        found = Wanted(date.fromisoformat(day) if day else None, datetime.fromisoformat(now) if now else None)
    except ValueError as err:
        raise NeedsPerson(
            "Give --date as YYYY-MM-DD and --now as YYYY-MM-DDTHH:MM, with an offset if you like."
        ) from err
    return found


def first_morning_after(moment: datetime, zone: str) -> date:
    """The local date of the first wake-up on a working day after `moment`."""
    local = moment.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() < WAKE_UP else local.date() + timedelta(days=1)
    while day.weekday() not in WORKING_DAYS:
        day += timedelta(days=1)
    return day


def newest_plausible(times: Sequence[datetime]) -> datetime | None:
    """The newest of `times` (newest first) that is no stray: a few messages dated long after all others do not count."""
    if not times:
        return None
    gaps = [later - earlier for later, earlier in pairwise(times)]
    few = max(2, len(times) // 50)
    # Somebody who writes once in a season has long gaps and no strays.
    long = max(LONG_GAP, 5 * median_low(gaps)) if gaps else LONG_GAP
    return times[max((place for place, gap in enumerate(gaps[:few], 1) if gap > long), default=0)]

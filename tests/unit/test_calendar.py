"""Which morning is meant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import WAKE_UP, first_morning_after, newest_plausible, wanted
from graphs.errors import NeedsPerson

FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("moment", "zone", "morning"),
    [
        (datetime(2026, 11, 23, 20, tzinfo=UTC), "UTC", date(2026, 11, 24)),
        (datetime(2026, 11, 24, 7, 59, tzinfo=UTC), "UTC", date(2026, 11, 24)),
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), "UTC", date(2026, 11, 25)),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "Asia/Tokyo", date(2026, 11, 25)),  # 08:30 on Tuesday there
        (datetime(2026, 11, 23, 22, 30, tzinfo=UTC), "Asia/Tokyo", date(2026, 11, 24)),
        (datetime(2026, 11, 24, 7, 30, tzinfo=UTC), "America/Los_Angeles", date(2026, 11, 24)),
        (datetime(2026, 11, 20, 7, 0, tzinfo=UTC), "UTC", FRIDAY),
        (datetime(2026, 11, 20, 9, 0, tzinfo=UTC), "UTC", MONDAY),
        (datetime(2026, 11, 21, 1, 0, tzinfo=UTC), "UTC", MONDAY),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "UTC", MONDAY),
        (datetime(2026, 12, 31, 20, tzinfo=UTC), "Europe/Berlin", date(2027, 1, 1)),
    ],
)
def test_the_morning_after_is_the_next_wake_up_on_a_working_day_where_the_person_is(
    moment: datetime, zone: str, morning: date
) -> None:
    assert first_morning_after(moment, zone) == morning


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Kiritimati"]
)


MINUTES = st.integers(min_value=0, max_value=17 * 365 * 24 * 60).map(
    lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)


@given(MINUTES, ZONES)
def test_it_comes_after_the_moment_and_within_a_long_weekend(moment: datetime, zone: str) -> None:
    day, wakes = wanted(None, None).resolve(zone, lambda: moment)
    assert day == first_morning_after(moment, zone) and day.weekday() < 5
    assert timedelta(0) < wakes - moment <= timedelta(days=3, hours=1)
    assert wakes.time() == WAKE_UP


def never() -> datetime:
    raise AssertionError("nobody asked for the newest message")


def test_what_is_said_counts_and_the_rest_follows_from_it() -> None:
    assert wanted("2026-11-22", None).resolve("Asia/Tokyo", never)[1].isoformat() == "2026-11-22T08:00:00+09:00"
    assert wanted(None, "2026-11-23T22:00+00:00").resolve("Asia/Tokyo", never)[0] == date(2026, 11, 24)
    day, now = wanted("2026-11-20", "2026-11-19T23:00").resolve("Europe/Berlin", never)
    assert (day, now.isoformat()) == (FRIDAY, "2026-11-19T23:00:00+01:00")


@pytest.mark.parametrize(
    "said", [("2026-13-01", None), ("tomorrow", None), (None, "8 o'clock"), (None, "2026-11-23T25:00")]
)
def test_what_is_no_date_is_refused_with_the_form_it_has(said: tuple[str | None, str | None]) -> None:
    with pytest.raises(NeedsPerson, match="YYYY-MM-DD"):
        wanted(*said)


# --- the newest message ---------------------------------------------------------------------------

NEWEST = datetime(2026, 11, 23, 18, tzinfo=UTC)
USUAL = [NEWEST - timedelta(hours=7 * n) for n in range(60)]


def at(year: int) -> datetime:
    return datetime(year, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "strays",
    [[], [2038], [2038, 2027], [102], [2038, 102, 1970], [2106, 2038, 1]],
    ids=lambda years: ",".join(map(str, years)) or "none",
)
def test_the_newest_message_is_no_stray(strays: list[int]) -> None:
    assert newest_plausible(sorted([*USUAL, *map(at, strays)], reverse=True)) == NEWEST


def test_few_messages_with_a_stray_have_a_newest_too() -> None:
    assert newest_plausible([at(2038), *USUAL[:3]]) == NEWEST
    assert newest_plausible([NEWEST]) == NEWEST
    assert newest_plausible([]) is None


def test_what_came_after_holidays_is_no_stray() -> None:
    after = [NEWEST + timedelta(days=45, hours=n) for n in (9, 6, 3)]
    assert newest_plausible([*after, *USUAL]) == after[0]


def test_somebody_who_writes_once_in_a_season_has_no_strays() -> None:
    seldom = [NEWEST - timedelta(days=70 * n) for n in range(3000)]
    assert newest_plausible(seldom[:30]) == NEWEST
    assert newest_plausible(seldom[:300]) == NEWEST


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=1, max_size=30))
def test_it_is_always_one_of_the_newest(times: list[datetime]) -> None:
    ordered = sorted(times, reverse=True)
    assert newest_plausible(ordered) in ordered[:3]

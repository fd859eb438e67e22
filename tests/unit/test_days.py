"""Days that a statement names, and those that follow from how long something takes."""

from datetime import date, timedelta

import pytest

from graphs.rules.days import days, reckoned, spans

SAID = date(2026, 12, 20)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It ships on 4 March.", {date(2027, 3, 4)}),
        ("It shipped on Nov 30th, not on 1 December.", {date(2026, 11, 30), date(2026, 12, 1)}),
        ("By 2027-02-28, or 3 May 2028.", {date(2027, 2, 28), date(2028, 5, 3)}),
        (
            "Am 12. März, und am 3. Mai 2027; le 4 février, el 5 de enero.",
            {date(2027, 3, 12), date(2027, 5, 3), date(2027, 2, 4), date(2027, 1, 5)},
        ),
        ("On 31 April, in May, at 12:30, 4 of 5.", set()),
    ],
)
def test_a_day_without_a_year_is_the_nearest_one(text: str, found: set[date]) -> None:
    assert days(text, SAID) == found


def test_how_long_something_takes_is_read_in_digits_and_words() -> None:
    assert spans("It takes 12 days, then two weeks; a 3-day course.") == {timedelta(n) for n in (12, 14, 3)}
    assert spans("Es dauert zwölf Tage, dann zwei Wochen; trois jours.") == {timedelta(n) for n in (12, 14, 3)}
    assert spans("Day 4 of some days, on weekdays.") == set()


def test_a_day_follows_from_another_one_and_how_long_something_takes_and_from_nothing_else() -> None:
    said = [("The crane is here on 28 February.", SAID), ("Fitting it takes 12 days.", SAID)]
    assert reckoned(said) == {date(2027, 3, 12), date(2027, 2, 16)}
    assert reckoned(said[:1]) == reckoned(said[1:]) == set()

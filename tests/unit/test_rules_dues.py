"""Due dates as people state them; the sender writes on Wednesday, 11 March 2026, 10:00 in Berlin unless told."""

from datetime import UTC, date, datetime

import pytest

from graphs.rules.dues import due, in_english

WEDNESDAY = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


def day(dom: int, month: int = 3) -> date:
    return date(2026, month, dom)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Can you send it by Friday?", day(13)),
        ("please review this by EOD Friday", day(13)),
        ("need it tomorrow", day(12)),
        ("Could you look at it first thing tomorrow morning?", day(12)),
        ("by end of day please", day(11)),
        ("Please send by EOD", day(11)),
        ("I need it by 5pm", day(11)),
        ("by 9am please", day(12)),
        ("by the end of the week", day(13)),
        ("EOW works", day(13)),
        ("please finish by end of next week", day(20)),
        ("send it next Tuesday", day(17)),
        ("by next Friday", day(20)),
        ("before Tuesday next week", day(17)),
        ("The deadline is 12 March", day(12)),
        ("please reply by March 16th", day(16)),
        ("due 3/16", day(16)),
        ("bis 16.03. bitte", day(16)),
        ("Bitte bis zum 16. März zurückschicken", day(16)),
        ("Kannst du mir das bis Donnerstag schicken?", day(12)),
        ("Schickst du es mir morgen?", day(12)),
        ("ich brauche das übermorgen", day(13)),
        ("bis Ende der Woche bitte", day(13)),
        ("bis heute Abend", day(11)),
        ("bis 17 Uhr", day(11)),
        ("please sign before 2026-03-20", day(20)),
        ("by the 15th", day(15)),
        ("by the 5th", day(5, 4)),
        ("within 48 hours please", day(13)),
        ("I'll get it to you in two weeks", day(25)),
        ("by the end of the month", day(31)),
        ("by end of April", day(30, 4)),
        ("Pouvez-vous l'envoyer avant vendredi ?", day(13)),
        ("Je t'envoie ça demain", day(12)),
        ("¿Puedes enviarlo antes del viernes?", day(13)),
        ("te lo mando mañana", day(12)),
        ("I'll send the numbers on Monday", day(16)),
        ("can you fix it today?", day(11)),
        ("I need your numbers before Monday's meeting", day(16)),
        ("Friday at the latest", day(13)),
        ("can you do this within 3 business days", day(16)),
        ("please get back to us no later than Thursday", day(12)),
        ("by noon", day(11)),
        ("ich schicke es dir bis morgen Mittag", day(12)),
        ("by Wednesday", day(18)),
        ("Ich schicke es dir am Montag", day(16)),
        ("please have it ready by 5pm Friday", day(13)),
        ("by 10am on Thursday", day(12)),
        ("by 3 p.m. tomorrow", day(12)),
        ("by Friday noon", day(13)),
        ("if possible by Friday or earlier", day(13)),
    ],
)
def test_a_stated_deadline_is_the_owners_local_date(sentence: str, expected: date) -> None:
    assert due(sentence, WEDNESDAY, "Europe/Berlin") == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "last Friday we shipped it",
        "on Monday we decided to wait",
        "Can you send me the notes from Monday?",
        "could you resend the Friday deck?",
        "I'm out until Friday",
        "I can't get to it until Monday",
        "Ich bin bis Freitag im Urlaub",
        "Are you free on Friday?",
        "Can we meet tomorrow?",
        "Passt dir morgen um 10?",
        "Guten Morgen!",
        "asap please",
        "what happened yesterday?",
        "we met on Tuesday and agreed on the price",
        "the outage started at 5pm",
        "version 3.16 is out",
        "1/2 of the team is ill",
        "by Friday or Monday",
        "I sent it on Monday",
        "since March 3 nothing works",
        "the report of 12 March is wrong",
        "by Dave",
        "the lunch was good",
        "letzten Montag war das noch anders",
        "Wir haben am Montag beschlossen zu warten",
        "happy Friday!",
        "schönes Wochenende!",
    ],
)
def test_a_date_that_is_no_deadline_gives_none(sentence: str) -> None:
    assert due(sentence, WEDNESDAY, "Europe/Berlin") is None


def test_the_authors_evening_may_be_the_owners_next_day() -> None:
    evening = datetime(2026, 3, 11, 22, 0, tzinfo=UTC)  # 15:00 in Los Angeles
    assert due("by 5pm my time", evening, "Europe/Berlin", "America/Los_Angeles") == day(12)
    assert due("by EOD", evening, "Europe/Berlin", "America/Los_Angeles") == day(11)


def test_a_short_date_is_read_as_the_author_writes_dates() -> None:
    assert due("due 4/3", WEDNESDAY, "America/New_York") == day(3, 4)
    assert due("due 4/3", WEDNESDAY, "Europe/Berlin") is None


def test_an_unknown_zone_counts_as_utc() -> None:
    assert due("by tomorrow", WEDNESDAY, "Mars/Base") == day(12)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Holt Ihr Spediteur im Dezember noch freitags ab?", "December Friday"),
        ("mercredi ou jeudi, en février", "Wednesday Thursday February"),
        ("freitags, also on Friday", ""),
        ("Do you come on Friday?", ""),
    ],
)
def test_days_and_months_are_found_whatever_language_names_them(text: str, named: str) -> None:
    assert in_english(text) == named

"""What became of an item, in a word or two; and how long an untouched task is counted."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.deciding import next_monday, next_working
from bot.presses import until_of
from graphs.digest_value import Digest, Item
from graphs.domain import FoundBy, SlackSource, Task, TaskState
from graphs.life import FORGOTTEN, Life, lived
from graphs.outcomes import Chosen, Now, hidden, outcomes, remaining

DAY = date(2026, 11, 24)
WEEKDAYS = (0, 1, 2, 3, 4)


def item(key: str, kind: str = "task") -> Item:
    return Item.model_validate({"section": "open", "kind": kind, "id": key, "text": "x", "owner": "U1"})


def said(kind: str, now: Now) -> str:
    one = item("i", kind)
    found = Digest(person="U1", name="Ada", date=DAY, headline="Tue 24 Nov: 1 needs you", items=(one,))
    told = outcomes(found, now)
    assert (remaining(found.items, told) == []) is bool(told)
    return told.get("i", "")


@pytest.mark.parametrize(
    ("state", "until", "words"),
    [
        ("open", None, ""),
        ("done", None, "Done"),
        ("settled", None, "Answered"),
        ("dropped", None, "Dropped"),
        ("snoozed", date(2026, 11, 30), "Snoozed until Mon 30 Nov"),
        ("snoozed", DAY, ""),
    ],
)
def test_a_task_says_its_state(state: TaskState, until: date | None, words: str) -> None:
    assert said("task", Now({"i": (state, until)}, {}, {})) == words


@pytest.mark.parametrize(("verb", "words"), [("not_mine", "Not yours"), ("never", "Left out from now on")])
def test_a_dropped_task_says_why(verb: str, words: str) -> None:
    chosen = Chosen(verb, DAY)  # type: ignore[arg-type]
    assert said("task", Now({"i": ("dropped", None)}, {}, {"i": chosen})) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [("planned", ""), ("appended", ""), ("sent", "Sent"), ("discarded", "Discarded"), ("edited", "In your hands"),
     ("withdrawn", "No longer needed"), ("expired", "Expired"), ("answered", "You answered it yourself")],
)  # fmt: skip
def test_a_draft_says_what_became_of_it(state: str, words: str) -> None:
    assert said("draft", Now({}, {"i": state}, {})) == words


def test_a_question_answered_earlier_and_asked_again_is_open() -> None:
    yesterday, today = Chosen("answered", DAY - timedelta(days=1)), Chosen("answered", DAY)
    assert said("question", Now({}, {}, {"i": yesterday})) == ""
    assert said("question", Now({}, {}, {"i": today})) == "Answered"


def test_a_digest_leaves_out_what_is_done_or_put_off_and_nothing_else() -> None:
    chosen = {
        "a": Chosen("done", DAY), "b": Chosen("never", DAY), "c": Chosen("not_mine", DAY), "d": Chosen("answered", DAY),
        "e": Chosen("snoozed", DAY, DAY + timedelta(days=1)), "f": Chosen("snoozed", DAY, DAY),
    }  # fmt: skip
    assert hidden(chosen, DAY) == {"a", "b", "c", "e"}


@pytest.mark.parametrize(
    ("today", "verb", "working", "until"),
    [
        (date(2026, 11, 24), "tomorrow", WEEKDAYS, date(2026, 11, 25)),
        (date(2026, 11, 27), "tomorrow", WEEKDAYS, date(2026, 11, 30)),
        (date(2026, 11, 27), "tomorrow", (5,), date(2026, 11, 28)),
        (date(2026, 11, 27), "tomorrow", (), date(2026, 11, 28)),
        (date(2026, 11, 24), "monday", WEEKDAYS, date(2026, 11, 30)),
        (date(2026, 11, 30), "monday", WEEKDAYS, date(2026, 12, 7)),
        (date(2026, 11, 24), "monday", (1, 2, 3), date(2026, 12, 1)),
    ],
)
def test_a_snooze_ends_on_a_morning_that_has_a_digest(
    today: date, verb: str, working: tuple[int, ...], until: date
) -> None:
    assert until_of(verb, today, working) == until


def test_next_days_are_later_than_today() -> None:
    for n in range(14):
        day = DAY + timedelta(days=n)
        assert next_working(day, WEEKDAYS) > day and next_monday(day) > day and next_monday(day).weekday() == 0


# --- untouched ------------------------------------------------------------------------------------


def untouched(found_by: FoundBy, shown_on: tuple[date, ...] = ()) -> Life:
    at = datetime(2026, 10, 1, tzinfo=UTC)
    task = Task(
        id="t", owner="U1", kind="owe", what="x", next_step="y", sources=(SlackSource(channel="C1", ts="1.0"),),
        asked_at=at, last_at=at, found_by=found_by,
    )  # fmt: skip
    return Life(task=task, changed_on=DAY, shown_on=shown_on)


@pytest.mark.parametrize("shown", [(), (DAY + timedelta(days=3),)])
def test_a_task_that_nobody_touches_is_not_counted_for_ever(shown: tuple[date, ...]) -> None:
    last = max((DAY, *shown))
    for days, state in ((FORGOTTEN.days - 1, "open"), (FORGOTTEN.days, "settled")):
        [life] = lived([untouched("rules", shown)], [], set(), "U1", last + timedelta(days=days))
        assert life.task.state == state


def test_what_somebody_put_on_their_list_stays_there_however_long_and_whoever_reads_its_source() -> None:
    [life] = lived([untouched("owner")], [], {"slack/C1/1.0"}, "U1", DAY + timedelta(days=400))
    assert life.task.state == "open"

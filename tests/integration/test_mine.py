"""What somebody asks of their own desk is told from it by code: to them alone, what is open, as their cards say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot import mine
from bot.store import desk as kept
from bot.store import people
from graphs.domain import SlackSource, Task, TaskKind, TaskState
from graphs.life import task_id
from tests.servers.living import US, Living, living
from tests.servers.postgres import Database

UNFINISHED = "What is unfinished for me?"
WAITING = "Who is waiting for an answer from me?"


@dataclass
class Listed:
    """The people of `here`, and lists that a night could have made for them."""

    here: Living

    def put(
        self, user: str, what: str, kind: TaskKind = "owe", due: int | None = None, state: TaskState = "open"
    ) -> str:
        """A task that comes from what Ben says in #plans; `due` in days from today. The message's ts."""
        ts = self.here.say("ben", "plans", f"About this: {what}")
        source = SlackSource(channel=self.here.place("plans"), ts=ts)
        owner, day = f"U0{user.upper()}", self.here.desk.now().date()
        task = Task(
            id=task_id(owner, source), owner=owner, kind=kind, what=what, next_step=f"Finish “{what}”",
            due=None if due is None else day + timedelta(days=due), state=state, sources=(source,),
            asked_at=self.here.desk.now(), last_at=self.here.desk.now(),
        )  # fmt: skip
        with self.here.desk.store.directory() as tx:
            person, desk = people.find(tx, owner), people.desk_of(tx, owner)
        assert person is not None
        with self.here.desk.store.as_person(person.id) as tx:
            kept.put_task(tx, desk, kept.TaskRow(task, day))
        return ts

    def told(self, user: str, text: str) -> str:
        dm = self.here.slack.dm(user)
        return self.here.text(dm, self.here.ask(user, dm, text))


@pytest.fixture
def listed(database: Database) -> Iterator[Listed]:
    with living(database) as made:
        yield Listed(made)


def test_the_first_prompts_are_answered_from_the_askers_own_open_tasks_the_most_urgent_first(listed: Listed) -> None:
    listed.put("ada", "Order the carpet")
    listed.put("ada", "Send Kestrel the drawing", kind="blocked", due=0)
    listed.put("ada", "Price from the foundry", kind="waiting")
    listed.put("ada", "Pay the printer", state="done")
    listed.put("ada", "Book the van", state="snoozed")
    listed.put("ben", "Ask the lawyer")
    head, first, second, third, end = listed.told("ada", UNFINISHED).splitlines()
    assert head == "3 things are unfinished for you, the most urgent first:"
    assert first == "• Send Kestrel the drawing (due today) → Finish “Send Kestrel the drawing”"
    assert (
        second == "• Order the carpet → Finish “Order the carpet”"
        and third == "• Price from the foundry → Finish “Price from the foundry”"
    )
    assert end == "That is all."
    owed = listed.told("ada", WAITING)
    assert "drawing" in owed and "carpet" in owed and "foundry" not in owed
    assert "1 thing:\n• Price from the foundry" in listed.told("ada", "Worauf warte ich noch?")
    assert "Ask the lawyer" in listed.told("ben", UNFINISHED)


def test_a_list_has_the_links_of_what_it_tells_and_at_most_six_lines(listed: Listed) -> None:
    for n in range(6):
        listed.put("ada", f"Order part {n}", due=6 - n)
    dm = listed.here.slack.dm("ada")
    [reply] = listed.here.replies(dm, listed.here.ask("ada", dm, "what's on my list?"))
    lines = reply["blocks"][0]["text"]["text"].splitlines()
    assert len(lines) == 6 and lines[0].startswith("6 things") and lines[-1] == "And 2 more: your Home tab has them."
    assert [line.split("(")[0] for line in lines[1:-1]] == [f"• Order part {n} " for n in (5, 4, 3, 2)]
    [sources] = [block for block in reply["blocks"] if block["type"] == "context"]
    assert sources["elements"][0]["text"].count("<http") == 4 and "#plans" in sources["elements"][0]["text"]
    assert not [block for block in reply["blocks"] if block["type"] == "actions"]


def test_among_others_nothing_of_a_list_is_told_not_even_whether_there_is_one(listed: Listed) -> None:
    before = listed.here.text("plans", listed.here.ask("ada", "plans", f"{US} {UNFINISHED}"))
    listed.put("ada", "Order the carpet")
    after = listed.here.text("plans", listed.here.ask("ada", "plans", f"{US} {UNFINISHED}"))
    assert before == after == mine.IN_OUR_DM
    assert listed.here.slack.ephemerals("ada") == []


def test_an_empty_list_is_all_there_is_and_before_the_first_night_there_is_none(listed: Listed) -> None:
    assert listed.told("ada", UNFINISHED) == mine.NO_LIST
    listed.put("ada", "Order the carpet")
    assert listed.told("ada", "what am I waiting for?") == "You wait for nothing. That is all."


def test_a_list_that_tells_of_a_message_is_taken_back_with_it(listed: Listed) -> None:
    ts = listed.put("ada", "Order the carpet")
    dm = listed.here.slack.dm("ada")
    asked = listed.here.ask("ada", dm, UNFINISHED)
    assert "carpet" in listed.here.text(dm, asked)
    listed.here.slack.delete("ben", "plans", ts)
    listed.here.hear()
    listed.here.answer("plans", ts)
    assert "carpet" not in listed.here.text(dm, asked)
    assert "carpet" not in listed.told("ada", UNFINISHED)


def test_who_left_the_place_of_a_task_is_told_no_more_of_it(listed: Listed) -> None:
    listed.put("ada", "Order the carpet")
    listed.here.slack.leave("ada", "plans")
    listed.here.hear()
    assert "carpet" not in listed.told("ada", UNFINISHED)

"""Who may read a place changes while the desk is at work: from that moment on nothing is told with the rights of before."""

import json
import re
from collections.abc import Callable, Iterator

import pytest

from bot import rounds
from bot.embedded.model import Body
from bot.store.queue import LIVE
from tests.servers.company import helpful
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import DM_ADA, NIGHT, PLANS, PUBLIC, US, WAKE, Town, town

WORD = "hollyhock"
ANSWER = f"The {WORD} label costs 14 euro [1]."


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    with town(database, helpful(model_server)) as made:
        yield made


def shown(here: Town, where: str) -> str:
    """Everything of ours that stands in a conversation."""
    return json.dumps(here.ours(where))


def look(here: Town) -> None:
    for one in (rounds.mailboxes, rounds.look, rounds.leftovers):
        one(here.desk)
    here.work()


@pytest.mark.parametrize("leaves", [False, True])
def test_who_leaves_a_channel_by_night_is_told_nothing_of_it_in_the_morning(here: Town, leaves: bool) -> None:
    here.say("ben", PLANS, f"<@U0ADA> can you review the {WORD} label by Wednesday?")
    here.at(NIGHT)
    look(here)
    if leaves:
        here.clock.tick(3600)
        here.slack.leave("ada", PLANS)
        here.hear()
        here.work((LIVE,))
    here.at(WAKE)
    look(here)
    here.slack.open_home("ada")
    here.hear()
    here.work()
    assert (WORD in shown(here, DM_ADA)) is not leaves
    assert (WORD in json.dumps(here.slack.home("ada"))) is not leaves
    assert "Wed 18 Nov" in shown(here, DM_ADA)


def meanwhile(here: Town, act: Callable[[], object]) -> None:
    """While the model makes its first answer, something happens that Slack tells at once."""
    acts = [act]

    def answer(body: Body) -> str:
        for one in acts[:1]:
            acts.clear()
            one()
            here.hear()
        return ANSWER if WORD in str(body["messages"][1]["content"]).partition("asks:")[0] else "NOTHING"

    here.model.script.insert(0, (re.compile("asks:"), answer))


def said(here: Town) -> None:
    here.say("ben", PUBLIC, f"The {WORD} label costs 14 euro.")


def test_a_guest_who_joins_while_an_answer_is_made_gets_none_of_what_guests_may_not_read(here: Town) -> None:
    said(here)
    meanwhile(here, lambda: here.slack.join("cleo", PLANS))
    here.say("ben", PLANS, f"{US} what does the label cost?")
    assert len(here.ours(PLANS)) == 1 and "14 euro" not in shown(here, PLANS)
    told = [one for one in here.slack.log if one.method.startswith("chat.") and "14 euro" in json.dumps(one.arguments)]
    # He may read it still, and is told so where nobody else sees it.
    assert [(one.method, one.arguments["user"]) for one in told] == [("chat.postEphemeral", "U0BEN")]
    assert "14 euro" in here.slack.ephemerals("ben")[0]["text"] and here.slack.ephemerals("cleo") == []


def test_a_member_who_joins_while_an_answer_is_made_changes_nothing(here: Town) -> None:
    said(here)
    meanwhile(here, lambda: here.slack.join("dan", PLANS))
    here.say("ben", PLANS, f"{US} what does the label cost?")
    assert len(here.ours(PLANS)) == 1 and "14 euro" in shown(here, PLANS)


def test_who_leaves_a_channel_while_their_own_answer_is_made_is_not_told_of_it(here: Town) -> None:
    here.say("ben", PLANS, f"The {WORD} label costs 14 euro.")
    meanwhile(here, lambda: here.slack.leave("ada", PLANS))
    here.say("ada", DM_ADA, "What does the label cost?")
    assert len(here.ours(DM_ADA)) == 1 and "14 euro" not in shown(here, DM_ADA)


def test_who_is_deactivated_while_their_answer_is_made_gets_none(here: Town) -> None:
    said(here)
    meanwhile(here, lambda: here.slack.deactivate("ben"))
    here.say("ben", "D0BEN", "What does the label cost?")
    assert "14 euro" not in shown(here, "D0BEN")


def test_a_channel_that_is_shared_while_an_errand_is_done_is_told_nothing_from_elsewhere(here: Town) -> None:
    said(here)
    ts = here.say("ben", PLANS, f"{US} overnight: find what the {WORD} label costs")
    written: list[Body] = []

    def write(body: Body) -> str:
        if not written:
            here.slack.share(PLANS)
            here.hear()
        written.append(body)
        return "It costs 14 euro [1]." if "14 euro" in str(body["messages"][1]["content"]) else "NOTHING"

    looks = iter([json.dumps({"search": [f"{WORD} label"], "read": [], "done": False})])
    done = json.dumps({"search": [], "read": [], "done": True})
    here.model.script.insert(0, (re.compile("what to look up next"), lambda body: next(looks, done)))
    here.model.script.insert(0, (re.compile("you write its result now"), write))
    here.at(NIGHT)
    look(here)
    found = [one for one in here.ours(PLANS) if one.get("thread_ts") == ts]
    assert len(found) == 2 and written
    assert "14 euro" not in shown(here, PLANS)

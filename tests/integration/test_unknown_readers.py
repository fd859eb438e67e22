"""Who reads a place could not be found out: nobody is assumed to, and nothing is told there with the rights of anybody."""

import json
import re
from collections.abc import Iterator

import pytest

from bot import audience, rounds, workspace
from bot.embedded.model import Body
from bot.embedded.slack_faults import Fault, broken, refused
from bot.store import people
from graphs.errors import Later
from tests.servers.company import helpful
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import DEALS, DM_BEN, NIGHT, PLANS, PUBLIC, US, WAKE, Town, town

WORD = "hollyhock"
HIDDEN = refused("fetch_members_failed")


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    def answer(body: Body) -> str:
        found = re.search(r"[^\n]*14 euro", str(body["messages"][1]["content"]).partition("asks:")[0])
        return f"The {WORD} label costs 14 euro [1]." if found else "NOTHING"

    helpful(model_server).script.insert(0, (re.compile("asks:"), answer))
    with town(database, model_server) as made:
        yield made


def told(here: Town, where: str) -> str:
    return json.dumps(here.ours(where))


def readers(here: Town, where: str) -> set[str]:
    """Who may read a channel, and "the place" when anything may be told to everybody in it."""
    found = set()
    with here.desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, where)
        known = people.everybody(tx)
    assert scope is not None
    for one in known:
        with here.desk.store.as_person(one.id) as tx:
            if scope in people.readable(tx):
                found.add(one.person.key)
    with here.desk.store.as_readers_of(scope) as tx:
        found |= {"the place"} if people.readable(tx) else set()
    return found - {"U0NIGHTDESK"}


@pytest.mark.parametrize("is_hidden", [False, True])
def test_where_slack_does_not_say_who_is_there_nothing_is_told(here: Town, is_hidden: bool) -> None:
    here.say("ben", PLANS, f"The {WORD} label costs 14 euro.")
    if is_hidden:
        here.slack.fails("conversations.members", HIDDEN, times=50)
        workspace.refresh_channel(here.desk, PLANS)
    here.say("ben", PLANS, f"{US} what does the {WORD} label cost?")
    assert readers(here, PLANS) == (set() if is_hidden else {"U0ADA", "U0BEN", "the place"})
    assert ("14 euro" in told(here, PLANS)) is not is_hidden


def test_a_public_place_whose_listeners_are_unknown_may_be_told_nothing(here: Town) -> None:
    everybody = {"U0ADA", "U0BEN", "U0DAN"}
    assert readers(here, PUBLIC) == {*everybody, "the place"}
    here.slack.fails("conversations.members", HIDDEN, times=50)
    workspace.refresh_channel(here.desk, PUBLIC)
    # Its members may read it alone, as anybody in the workspace; that no guest or stranger listens there nobody knows.
    assert readers(here, PUBLIC) == everybody
    here.say("ben", PUBLIC, f"The {WORD} label costs 14 euro.")
    here.say("ben", PUBLIC, f"{US} what does the {WORD} label cost?")
    assert "I don't find it" in told(here, PUBLIC) and "14 euro" not in told(here, PUBLIC)


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_night_tells_nobody_of_a_place_whose_members_are_unknown(here: Town, is_hidden: bool) -> None:
    here.say("ben", PLANS, f"<@U0ADA> can you review the {WORD} label by Wednesday?")
    if is_hidden:
        here.slack.fails("conversations.members", HIDDEN, times=50)
        workspace.refresh_channel(here.desk, PLANS)
    for moment in (NIGHT, WAKE):
        here.at(moment)
        for look in (rounds.mailboxes, rounds.look, rounds.leftovers):
            look(here.desk)
        here.work()
    assert "Wed 18 Nov" in told(here, "D0ADA")
    assert (WORD in told(here, "D0ADA")) is not is_hidden


@pytest.mark.parametrize("is_known", [False, True])
def test_a_stranger_whom_slack_does_not_show_closes_the_place(here: Town, is_known: bool) -> None:
    if not is_known:
        here.slack.fails("users.info", refused("user_not_found"), times=50)
        with here.desk.store.directory() as tx:
            tx.connection.execute(
                "delete from nightdesk.member where person_id in (select id from nightdesk.person where key = 'U0DAN')"
            )
            tx.connection.execute("update nightdesk.person set slack_id = null where key = 'U0DAN'")
    here.slack.join("dan", PLANS)
    here.hear()
    here.work()
    assert ("the place" in readers(here, PLANS)) is is_known


@pytest.mark.parametrize("fault", [HIDDEN, broken(), refused("missing_scope")])
def test_a_place_that_was_never_read_whole_is_nobodys(here: Town, fault: Fault) -> None:
    here.say("ben", PUBLIC, f"The {WORD} label costs 14 euro.")
    with here.desk.store.directory() as tx:
        tx.run("forget_members", channel=DEALS)
    here.slack.fails("conversations.members", fault, times=50)
    try:
        workspace.refresh_channel(here.desk, DEALS)
    except Exception as error:  # noqa: BLE001 -- whatever is raised is tried again; until then nothing may be told
        assert isinstance(error, Later) or "scope" in str(error)
    assert readers(here, DEALS) == set()
    assert audience.in_slack(here.desk, "U0DAN", DEALS) is None
    here.say("dan", DEALS, f"{US} what does the {WORD} label cost?")
    assert here.ours(DEALS) == []
    here.say("ben", DM_BEN, f"What does the {WORD} label cost?")
    assert "14 euro" in told(here, DM_BEN)

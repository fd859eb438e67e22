"""Who asks in a channel is told alone what they may read beyond it; nobody else learns that there is anything to read."""

from collections.abc import Iterator

import psycopg
import pytest

from bot import hints, presses, receive
from tests.servers.living import PRESSES, US, Living, living, shown
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

SHIPS = "We decided to ship the blue valve on 7 December."
QUESTION = f"{US} when does the blue valve ship?"


@pytest.fixture
def here(database: Database) -> Iterator[Living]:
    """Ada and Ben are in #plans, Cleo is not; all of them are in #general. Nobody has a model."""
    with living(database) as made:
        yield made


def asked(here: Living, user: str, text: str = QUESTION) -> str:
    ts = here.ask(user, "general", text)
    looked(here, ts)
    return ts


def looked(here: Living, ts: str) -> None:
    hints.look(here.desk, here.place("general"), ts)
    here.deliver()


def pressed(here: Living, user: str, ts: str) -> None:
    here.slack.press(user, "general", ts, "hint.share")
    here.hear()
    handled(here)


def handled(here: Living) -> None:
    with here.desk.store.directory() as tx:
        waiting = [row["id"] for row in tx.connection.execute(PRESSES).fetchall()]
    for event in waiting:
        presses.handle(here.desk, event)
    here.deliver()


def test_only_who_asked_and_may_read_it_is_told_and_once(here: Living) -> None:
    here.say("ben", "plans", SHIPS)
    ts = asked(here, "ada")
    looked(here, ts)
    assert "I don't find it" in here.text("general", ts)
    [hint] = here.slack.ephemerals("ada")
    assert SHIPS in shown(hint) and "Not everybody here" in str(hint["blocks"]) and "#plans" in str(hint["blocks"])
    assert hint["thread_ts"] == ts
    assert here.slack.ephemerals("ben") == here.slack.ephemerals("cleo") == []


def test_who_may_read_no_more_than_all_others_is_told_nothing_more(here: Living) -> None:
    here.say("ben", "plans", SHIPS)
    here.say("ben", "general", "We decided to ship the red valve on 8 December.")
    asked(here, "cleo")
    asked(here, "ada", f"{US} when does the red valve ship?")
    assert here.slack.ephemerals("cleo") == here.slack.ephemerals("ada") == []


def test_a_model_is_asked_a_second_time_only_where_more_is_known(database: Database, model_server: ModelServer) -> None:
    model_server.says("It ships on 7 December [1].", to="We decided to ship the blue valve")
    model_server.says("NOTHING")
    with living(database, model_server) as here:
        here.say("ben", "general", "The blue valve is tested in the yard.")
        asked(here, "ada", f"{US} when does the green valve ship?")
        before = len(model_server.requests)
        assert before == 1
        here.say("ben", "plans", SHIPS)
        asked(here, "ada")
        assert len(model_server.requests) - before == 2
        assert [shown(one) for one in here.slack.ephemerals("ada")] == ["It ships on 7 December."]


def test_what_is_shared_stands_in_the_thread_once_under_the_name_of_who_shared_it(here: Living) -> None:
    here.say("ben", "plans", SHIPS)
    ts = asked(here, "ada")
    [hint] = here.slack.ephemerals("ada")
    pressed(here, "ada", hint["ts"])
    pressed(here, "ada", hint["ts"])
    _, said = here.replies("general", ts)
    assert SHIPS in shown(said) and "Shared by Ada" in str(said["blocks"]) and "plans" not in str(said["blocks"])


def test_nobody_shares_what_somebody_else_was_told(here: Living) -> None:
    here.say("ben", "plans", SHIPS)
    ts = asked(here, "ada")
    [hint] = here.slack.ephemerals("ada")
    forged(here, "U0BEN", hint["ts"])
    assert len(here.replies("general", ts)) == 1
    assert "no longer there" in here.slack.ephemerals("ben")[0]["text"]


def forged(here: Living, user: str, ts: str) -> None:
    """A press that Slack lets nobody make, because it shows them no button."""
    place = {"type": "message", "channel_id": here.place("general"), "message_ts": ts, "is_ephemeral": True}
    body = {
        "type": "block_actions",
        "user": {"id": user},
        "team": {"id": here.slack.company.team},
        "container": place,
        "actions": [{"action_id": "hint.share", "type": "button", "action_ts": "1.0"}],
    }
    receive.accept(here.desk, body, "interactive")
    handled(here)


@pytest.mark.parametrize("loss", ["deleted", "edited", "left"])
def test_what_may_be_told_no_more_is_not_shared(here: Living, database: Database, loss: str) -> None:
    said = here.say("ben", "plans", SHIPS)
    ts = asked(here, "ada")
    [hint] = here.slack.ephemerals("ada")
    if loss == "deleted":
        here.slack.delete("ben", "plans", said)
    elif loss == "edited":
        here.slack.edit("ben", "plans", said, "We decided nothing.")
    else:
        here.slack.leave("ada", "plans")
    here.hear()
    receive.ingest(here.desk, here.place("plans"))
    pressed(here, "ada", hint["ts"])
    assert len(here.replies("general", ts)) == 1
    assert "no longer there" in here.slack.ephemerals("ada")[-1]["text"]
    assert SHIPS not in outbox_of(database)


def test_a_look_is_owed_for_what_a_channel_has_no_answer_to_whether_there_is_more_or_not(
    here: Living, database: Database
) -> None:
    channel = here.ask("cleo", "general", QUESTION)
    here.say("ben", "general", "We decided to ship the red valve on 8 December.")
    here.ask("ada", "general", f"{US} when does the red valve ship?")
    here.ask("ada", here.slack.dm("U0ADA"), "when does the blue valve ship?")
    with psycopg.connect(database.admin) as admin:
        owed = admin.execute("select args ->> 'ts' from procrastinate_jobs where task_name = 'hint'").fetchall()
    assert owed == [(channel,)]


def outbox_of(database: Database) -> str:
    with psycopg.connect(database.admin) as admin:
        return str(admin.execute("select content from nightdesk.outbox").fetchall())


def test_what_was_shared_goes_with_the_message_it_came_from(here: Living) -> None:
    said = here.say("ben", "plans", SHIPS)
    ts = asked(here, "ada")
    [hint] = here.slack.ephemerals("ada")
    pressed(here, "ada", hint["ts"])
    here.slack.delete("ben", "plans", said)
    here.hear()
    receive.ingest(here.desk, here.place("plans"))
    here.deliver()
    assert all(SHIPS not in shown(one) for one in here.replies("general", ts))

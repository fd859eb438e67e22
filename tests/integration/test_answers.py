"""A mention is answered in its thread, once, by what its place may read; whatever Slack does on the way."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import jobs, live, receive, workers
from bot.embedded.slack_faults import Fault, broken, cut_after, ratelimited, refused
from bot.slack import stream
from bot.slack.events import Event
from bot.store.queue import LIVE
from graphs.errors import Later
from graphs.thinking import Chat, Reply, Request
from tests.servers.living import US, Living, living, shown
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.slack import until

SHIPS = "We decided to ship the blue valve on 7 December."
SAYS = "The blue valve ships on 7 December [1]. It was decided by Ben Okoro [1].\nNobody objected [1]."


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Living]:
    model_server.says(SAYS)
    with living(database, model_server) as made:
        yield made


@pytest.fixture
def by_rules(database: Database) -> Iterator[Living]:
    with living(database) as made:
        yield made


def asked(here: Living, channel: str = "general") -> str:
    here.say("ben", channel, SHIPS)
    return here.ask("ada", channel, f"{US} when does the blue valve ship?")


def methods(here: Living) -> list[str]:
    names = [one.method for one in here.slack.log]
    return [name for name in names if name.startswith(("chat.", "assistant."))]


def test_a_mention_is_answered_in_its_thread_with_sources_and_buttons(here: Living) -> None:
    ts = asked(here)
    [reply] = here.replies("general", ts)
    assert shown(reply) == "The blue valve ships on 7 December. It was decided by Ben Okoro.\nNobody objected."
    [context] = [block for block in reply["blocks"] if block["type"] == "context"]
    assert (
        "#general, Ben Okoro, Wed 18 Nov" in context["elements"][0]["text"]
        and "<http" in context["elements"][0]["text"]
    )
    [buttons] = [block for block in reply["blocks"] if block["type"] == "actions"]
    assert [one["action_id"] for one in buttons["elements"]] == ["answer.up", "answer.down"]
    assert methods(here)[0] == "assistant.threads.setStatus"
    assert {"chat.startStream", "chat.stopStream"} <= set(methods(here)) and "chat.postMessage" not in methods(here)
    assert here.slack.status_of("general", ts) == ""


def test_who_reads_that_something_is_disputed_is_shown_who_says_otherwise(
    here: Living, model_server: ModelServer
) -> None:
    otherwise = "No, it leaves on the 21st."
    later = here.say("ada", "general", otherwise)
    here.clock.tick(timedelta(days=1).total_seconds())
    earlier = here.say("ben", "general", SHIPS)
    here.ask("ada", "general", f"{US} when does the blue valve ship?")
    here.relate("general", later, earlier, "contradicts")
    here.ask("ada", "general", f"{US} when does the blue valve ship?")
    assert [otherwise in str(one.body) for one in model_server.requests] == [False, True]
    assert [str(one.body).count('disputed="yes"') for one in model_server.requests] == [
        1,
        3,
    ]  # the prompt explains it once


def test_without_a_model_rules_answer_and_say_so(by_rules: Living) -> None:
    ts = asked(by_rules)
    [reply] = by_rules.replies("general", ts)
    assert "We decided to ship the blue valve on 7 December." in shown(reply)
    assert "without a model" in str(reply["blocks"])
    assert "chat.startStream" not in methods(by_rules)


def test_what_is_not_found_is_said_and_may_be_handed_to_the_night(by_rules: Living) -> None:
    ts = by_rules.ask("ada", "general", f"{US} who repaired the printer?")
    [reply] = by_rules.replies("general", ts)
    assert shown(reply) == "I don't find it in #general, back to Wed 18 Nov." and "answer.tonight" in str(
        reply["blocks"]
    )


def test_an_honest_no_says_where_it_looked_and_names_what_its_readers_know(by_rules: Living) -> None:
    by_rules.say("ben", "general", SHIPS)
    by_rules.clock.tick(86_400)
    ts = by_rules.ask("ada", "plans", f"{US} who repaired the printer?")
    assert by_rules.text("plans", ts) == "I don't find it in #plans and the public channels, back to Wed 18 Nov."
    ts = by_rules.ask("ada", "general", f"{US} who repaired the printer?")
    assert by_rules.text("general", ts) == "I don't find it in #general, back to Wed 18 Nov."


def test_the_same_event_ten_times_is_answered_once(here: Living) -> None:
    ts = asked(here)
    for _ in range(10):
        here.answer("general", ts)
    assert len(here.replies("general", ts)) == 1


def test_a_dm_needs_no_mention_and_knows_what_its_person_may_read(here: Living) -> None:
    here.say("ben", "plans", SHIPS)
    dm = here.slack.dm("ada")
    ts = here.ask("ada", dm, "when does the blue valve ship?")
    assert "7 December" in here.text(dm, ts)
    cleo = here.slack.dm("cleo")
    ts = here.ask("cleo", cleo, "when does the blue valve ship?")
    assert here.text(cleo, ts).startswith("I don't find it in what you may read, back to Wed 18 Nov.")


def test_a_private_channel_is_not_told_elsewhere(here: Living) -> None:
    here.say("ben", "plans", SHIPS)
    ts = here.ask("ada", "general", f"{US} when does the blue valve ship?")
    assert here.text("general", ts).startswith("I don't find it in #general, back to")
    ts = here.ask("ada", "plans", f"{US} when does the blue valve ship?")
    assert "7 December" in here.text("plans", ts)


def test_a_question_that_was_asked_a_hundred_times_is_still_answered(by_rules: Living) -> None:
    by_rules.say("ben", "general", SHIPS)
    for _ in range(100):
        by_rules.say("cleo", "general", f"{US} when does the blue valve ship?")
    ts = by_rules.ask("ada", "general", f"{US} when does the blue valve ship?")
    assert "7 December" in by_rules.text("general", ts)


# --- follow-ups -----------------------------------------------------------------------------------


def test_a_follow_up_needs_no_mention_and_people_who_talk_to_each_other_are_left_alone(here: Living) -> None:
    ts = asked(here)
    here.ask("ada", "general", "and who decided that?", thread=ts)
    assert len(here.replies("general", ts)) == 2
    for user, text in (
        ("ada", "thanks!"),
        ("ben", "<@U0ADA> is that right?"),
        ("ada", "yes, I think so"),
        ("ben", "why?"),
    ):
        here.ask(user, "general", text, thread=ts)
    assert len(here.replies("general", ts)) == 2
    here.ask("ben", "general", f"{US} since when do we know?", thread=ts)
    assert len(here.replies("general", ts)) == 3


def test_a_question_in_a_thread_sees_the_whole_thread(here: Living, model_server: ModelServer) -> None:
    ts = asked(here)
    here.ask("ben", "general", f"{US} is that final?", thread=ts)
    prompt = model_server.requests[-1].text
    assert "when does the blue valve ship?" in prompt and "Nobody objected." in prompt


def test_a_thread_that_began_before_we_heard_anything_is_read_first(here: Living, model_server: ModelServer) -> None:
    root = here.slack.say("ben", "general", SHIPS)
    here.slack.say("ada", "general", "By lorry, from dock four.", thread_ts=root)
    assert here.slack.settle()
    here.accepted = len(here.app.bodies)  # nothing of it reached us
    ts = here.say("ada", "general", f"{US} when does the blue valve ship?", root)
    here.answer("general", ts)
    assert "By lorry, from dock four." in model_server.requests[-1].text
    assert "7 December" in here.text("general", root)
    assert len(here.slack.calls("conversations.replies")) == 1


def test_what_we_said_is_no_source(here: Living, model_server: ModelServer) -> None:
    ts = asked(here)
    here.ask("ada", "general", "and who decided that?", thread=ts)
    passages = model_server.requests[-1].text.split("The thread so far")[0]
    assert SHIPS in passages and "Nobody objected." not in passages


# --- edits and deletions --------------------------------------------------------------------------


def test_what_we_were_asked_before_is_no_source_and_what_we_were_told_is(
    here: Living, model_server: ModelServer
) -> None:
    here.ask("ben", "general", f"{US} when does the blue valve ship, in December?")
    here.ask("ben", "general", f"{US} the blue valve ships by rail.")
    asked(here)
    passages = str(model_server.requests[-1].body["messages"][-1]["content"]).partition("It is ")[0]
    assert SHIPS in passages and "ships by rail" in passages and "in December?" not in passages


def test_a_question_changed_at_once_is_answered_anew_in_place_and_later_not(
    here: Living, model_server: ModelServer
) -> None:
    ts = asked(here)
    model_server.script.clear()
    model_server.says("Ben Okoro decided it [1].")
    here.clock.tick(20)
    here.slack.edit("ada", "general", ts, f"{US} who decided to ship the blue valve?")
    here.answer("general", ts)
    assert here.text("general", ts) == "Ben Okoro decided it."
    model_server.script.clear()
    model_server.says("Something else [1].")
    here.clock.tick(120)
    here.slack.edit("ada", "general", ts, f"{US} who decided to ship the blue valve, really?")
    here.answer("general", ts)
    assert here.text("general", ts) == "Ben Okoro decided it."


def test_a_deleted_question_takes_its_answer_with_it(here: Living) -> None:
    ts = asked(here)
    here.slack.delete("ada", "general", ts)
    here.answer("general", ts)
    assert here.text("general", ts) == "The question was deleted, and with it this answer."


# --- remember and forget --------------------------------------------------------------------------


def test_what_somebody_tells_us_to_remember_counts_at_once_and_is_forgotten_on_demand(by_rules: Living) -> None:
    ts = by_rules.ask("ada", "general", f"{US} remember that Kestrel pays the deposit on 3 March")
    assert by_rules.text("general", ts).startswith("Noted: “Kestrel pays the deposit on 3 March”.")
    asks = by_rules.ask("ben", "general", f"{US} when does Kestrel pay the deposit?")
    assert "3 March" in by_rules.text("general", asks)
    other = by_rules.ask("ben", "general", f"{US} forget the Kestrel deposit")
    assert by_rules.text("general", other).startswith("I keep no note of yours")
    mine = by_rules.ask("ada", "general", f"{US} forget the Kestrel deposit")
    assert by_rules.text("general", mine).startswith("I dropped my note")


def test_a_guest_is_answered_and_changes_nothing(by_rules: Living) -> None:
    ts = by_rules.ask("cleo", "general", f"{US} remember that Kestrel pays the deposit on 3 March")
    assert not by_rules.text("general", ts).startswith("Noted")


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [refused("missing_recipient_team_id"), ratelimited(1), cut_after(), broken(500)], ids=lambda f: f.name
)
@pytest.mark.parametrize(
    "method", ["assistant.threads.setStatus", "chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update"]
)
def test_whatever_one_call_does_there_is_one_whole_answer(here: Living, method: str, fault: Fault) -> None:
    here.say("ben", "general", SHIPS)
    here.slack.fails(method, fault)
    ts = here.say("ada", "general", f"{US} when does the blue valve ship?")
    for _ in range(4):
        try:
            here.answer("general", ts)
        except Later:
            here.clock.tick(130)
        else:
            break
    [reply] = here.replies("general", ts)
    assert shown(reply) == "The blue valve ships on 7 December. It was decided by Ben Okoro.\nNobody objected."
    assert "answer.up" in str(reply["blocks"])


def deliveries(here: Living) -> list[bool]:
    """Of each delivery that waits in the queue whether it may be made now."""
    with here.desk.store.directory() as tx:
        found = tx.connection.execute(
            "select scheduled_at is null as now from procrastinate_jobs where task_name = 'deliver' and status = 'todo'"
        )
        return [row["now"] for row in found]


def test_an_answer_that_stands_leaves_nothing_to_deliver_and_one_that_slack_put_off_is_delivered_by_the_queue(
    here: Living,
) -> None:
    for put_off, left in ((False, []), (True, [True])):
        here.say("ben", "general", SHIPS)
        ts = here.say("ada", "general", f"{US} when does the blue valve ship?")
        if put_off:
            here.slack.fails("chat.update", ratelimited(1))
        live.reply(here.desk, here.place("general"), ts)
        assert deliveries(here) == left


def announced(here: Living, user: str, text: str) -> str:
    """Hears something in #general as `serve` does; returns its ts."""
    here.clock.tick(1)
    ts = here.slack.say(user, "general", text)
    assert here.slack.settle()
    announce = live.announcing(here.desk)
    for body in here.app.bodies[here.accepted :]:
        receive.accept(here.desk, body, "events", announce)
    here.accepted = len(here.app.bodies)
    return ts


def test_a_sign_that_was_given_when_the_question_came_is_not_given_again(here: Living) -> None:
    here.say("ben", "general", SHIPS)
    ts = announced(here, "ada", f"{US} when does the blue valve ship?")
    until(lambda: here.slack.status_of("general", ts))
    here.answer("general", ts)
    assert methods(here).count("assistant.threads.setStatus") == 1
    assert len(here.replies("general", ts)) == 1 and not here.slack.status_of("general", ts)


def test_a_sign_that_comes_later_than_its_answer_is_not_given(here: Living) -> None:
    here.say("ben", "general", SHIPS)
    here.clock.tick(1)
    ts = here.slack.say("ada", "general", f"{US} when does the blue valve ship?")
    assert here.slack.settle()
    heard: list[Event] = []
    for body in here.app.bodies[here.accepted :]:
        receive.accept(here.desk, body, "events", heard.append)
    here.accepted = len(here.app.bodies)
    here.answer("general", ts)
    before = methods(here)
    spot = here.place("general"), ts
    with ThreadPoolExecutor(1) as pool:
        for event in heard:
            stream.announce(pool, here.desk.require_slack(), spot, event.ts, lambda: True)
    assert [event.ts for event in heard] == [ts] and methods(here) == before


def test_a_sign_to_which_no_answer_comes_is_taken_away_and_talk_among_people_gets_none(here: Living) -> None:
    here.say("ada", "general", "Good morning.")
    thanks = announced(here, "ada", f"{US} thanks!")
    until(lambda: here.slack.status_of("general", thanks))
    here.answer("general", thanks)
    assert not here.slack.status_of("general", thanks) and here.replies("general", thanks) == []
    before = methods(here)
    here.answer("general", announced(here, "ada", "Lunch, anybody?"))
    assert methods(here) == before


def test_an_answer_that_fails_for_good_ends_in_a_sentence_with_a_number(here: Living, database: Database) -> None:
    here.say("ben", "general", SHIPS)
    ts = here.say("ada", "general", f"{US} when does the blue valve ship?")
    assert here.desk.live_model is not None

    def break_down(request: Request, on_token: Callable[[str], None] = print) -> Reply:
        raise RuntimeError("a mistake of ours")

    broken_model = replace(here.desk.live_model, chat=Chat(break_down, break_down))
    queue = jobs.build(database.app, lambda: replace(here.desk, live_model=broken_model))

    async def work() -> None:
        async with queue.open_async():
            await workers.drain(queue, here.desk, [LIVE], 2)

    asyncio.run(work())
    [said] = here.replies("general", ts)
    assert shown(said).startswith("Something went wrong on my side; the question is kept. (reference ")

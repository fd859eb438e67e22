"""An errand is handed over in a thread, done at night by what that place may read, and its result stands there once."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest

from bot import errands, night, presses, receive
from bot.embedded.model import Body
from bot.embedded.slack_values import NotShown
from bot.slack.interactions import Submitted
from bot.store import desk as kept
from bot.store import errands as kept_errands
from bot.store import people
from bot.thinking import think
from tests.servers.company import known
from tests.servers.living import US, Living, living, shown
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

OFFERS = (
    "Kestrel offers 1400 valves at 9.20 each, delivery on 3 March.",
    "Heron offers 1400 valves at 8.90 each, delivery on 20 March.",
    "Merlin offers 1400 valves at 9.75 each, delivery on 12 February.",
)
RESULT = "The cheapest is Heron at 8.90 [{heron}].\nKestrel asks 9.20 and delivers on 3 March [{kestrel}]."
NIGHT = date(2026, 11, 19)


def looks(body: Body) -> str:
    """Searches once, then has enough."""
    fresh = "Nothing was searched for yet" in str(body["messages"][1]["content"])
    return json.dumps({"search": ["offers valves delivery"], "read": [], "done": False} if fresh else DONE)


def result(body: Body) -> str:
    """Cites the passages of the offers by the numbers that the prompt gives them."""
    said = str(body["messages"][1]["content"])
    number = {name: re.search(rf'<passage n="(\d+)"[^>]*>\n{name}', said) for name in ("Heron", "Kestrel")}
    if not all(number.values()):
        return "NOTHING"
    return RESULT.format(heron=number["Heron"][1], kestrel=number["Kestrel"][1])  # type: ignore[index]


DONE = {"search": [], "read": [], "done": True}


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Living]:
    model_server.says(looks, to="what to look up next")
    model_server.says(result, to="you write its result now")
    with living(database, model_server) as made:
        yield made


@pytest.fixture
def by_rules(database: Database) -> Iterator[Living]:
    with living(database) as made:
        yield made


def offered(here: Living, channel: str = "general") -> None:
    for offer in OFFERS:
        here.say("ben", channel, offer)


def handed(here: Living, channel: str = "general") -> str:
    return here.ask("ada", channel, f"{US} overnight: compare the three offers")


def sleep(here: Living, who: str = "U0ADA", day: date = NIGHT) -> None:
    errands.run_due(here.desk, known(here.desk, who).id, day, think)
    here.deliver()


def said(here: Living, ts: str, channel: str = "general") -> list[str]:
    return [shown(one) for one in here.replies(channel, ts)]


def test_an_errand_gets_a_card_and_its_result_stands_below_it_once(here: Living) -> None:
    offered(here)
    ts = handed(here)
    [card] = here.replies("general", ts)
    assert "“compare the three offers”" in shown(card) and "Thu 19 Nov" in shown(card)
    assert f"{here.desk.cap_person_night:.2f} {here.desk.currency} at most" in shown(card)
    assert "errand.start" in str(card["blocks"]) and "errand.discard" in str(card["blocks"])
    sleep(here)
    sleep(here)
    card_text, text = said(here, ts)
    assert card_text.endswith("Done: the result stands below.")
    assert "The cheapest is Heron at 8.90 [1]." in text and "Kestrel asks 9.20" in text
    assert str(here.replies("general", ts)[1]["blocks"]).count("archives") == 2


def test_a_database_that_was_put_back_does_an_errand_again_and_says_its_result_once(
    here: Living, database: Database
) -> None:
    offered(here)
    ts = handed(here)
    here.clock.tick(600)
    sleep(here)
    there = [one["ts"] for one in here.replies("general", ts)]
    with psycopg.connect(database.admin) as admin:
        result = "like 'errand/%' and key not like '%/card'"
        admin.execute(f"delete from nightdesk.post_source where key {result}")
        admin.execute(f"delete from nightdesk.outbox where key {result}")
        admin.execute("update nightdesk.errand set state = 'waiting', result = null")
    sleep(here)
    assert [one["ts"] for one in here.replies("general", ts)] == there and len(there) == 2
    assert "Heron at 8.90" in said(here, ts)[1]


def test_the_result_is_in_the_digest_of_whoever_asked(here: Living) -> None:
    offered(here)
    handed(here)
    ada, ben = known(here.desk, "U0ADA"), known(here.desk, "U0BEN")
    for one in (ada, ben):
        night.sleep(here.desk, one.id, NIGHT, here.desk.now())
    assert [item.text for item in digest(here, "U0ADA") if item.section == "errands"] == [
        "“compare the three offers”: The cheapest is Heron at 8.90. Kestrel asks 9.20 and delivers on 3 March."
    ]
    assert [item for item in digest(here, "U0BEN") if item.section == "errands"] == []


def digest(here: Living, who: str) -> Any:
    one = known(here.desk, who)
    with here.desk.store.directory() as tx:
        scope = people.desk_of(tx, one.person.key)
    with here.desk.store.as_person(one.id) as tx:
        found = kept.digest(tx, scope, NIGHT)
    assert found is not None
    return [*found.items, *found.more]


def test_what_a_place_may_not_read_bears_on_no_result_there(here: Living) -> None:
    offered(here, "plans")
    ts = handed(here, "general")
    private = handed(here, "plans")
    sleep(here)
    assert "Heron" not in "".join(said(here, ts)) and "I don't find it." in said(here, ts)[1]
    assert "The cheapest is Heron" in said(here, private, "plans")[1]


def test_an_offer_that_a_later_one_replaced_is_marked_for_who_writes_the_result(
    here: Living, model_server: ModelServer
) -> None:
    old = here.say("ben", "general", OFFERS[0])
    new = here.say("ben", "general", "Kestrel now asks 8.50 for its valves.")
    here.relate("general", new, old, "supersedes")
    handed(here)
    sleep(here)
    [asked] = [
        text for one in model_server.requests if "you write its result now" in (text := str(one.body["messages"]))
    ]
    assert re.findall(r'<passage n="\d+"[^>]*over_since=[^>]*>\\n([^<]*)\\n', asked) == [OFFERS[0]]


def test_a_private_channel_that_an_errand_names_is_named_nowhere_else(here: Living) -> None:
    offered(here, "plans")
    words = (
        f"{US} overnight: compare the three offers in <#{here.place('plans')}|plans> and <#{here.place('general')}|>"
    )
    ts = here.ask("ada", "general", words)
    assert "three offers in a private channel and #general" in said(here, ts)[0]
    assert "plans" not in str(here.replies("general", ts))
    ts = here.ask("ada", "plans", words)
    assert "three offers in #plans and #general" in said(here, ts, "plans")[0]


def test_in_a_dm_it_uses_what_its_person_may_read(here: Living) -> None:
    offered(here, "plans")
    dm = here.slack.dm("ada")
    ts = here.ask("ada", dm, "overnight: compare the three offers")
    sleep(here)
    assert "The cheapest is Heron" in said(here, ts, dm)[1]


def test_text_of_others_starts_no_errand(here: Living, model_server: ModelServer) -> None:
    here.say("cleo", "general", "overnight: compare the three offers")
    here.ask("ben", "general", f"{US} what does this mean?\n> overnight: compare the three offers")
    here.ask("cleo", "general", f"{US} overnight: compare the three offers")  # a guest changes nothing
    for who in ("U0ADA", "U0BEN", "U0CLEO"):
        assert errands.due(here.desk, known(here.desk, who).id, NIGHT) == []


def test_what_is_taken_back_is_not_done_even_while_somebody_works_on_it(
    here: Living, model_server: ModelServer
) -> None:
    offered(here)
    ts = handed(here)
    press(here, ts, "ada", "errand.discard")
    sleep(here)
    assert [text.splitlines()[-1] for text in said(here, ts)] == ["Discarded. Nothing more happens."]

    other = handed(here)
    scope, errand = errands.due(here.desk, known(here.desk, "U0ADA").id, NIGHT)[0]

    def discarding(body: Body) -> str:
        errands.discard(here.desk, scope, errand)
        return result(body)

    model_server.script[1] = (model_server.script[1][0], discarding)
    sleep(here)
    assert [text.splitlines()[-1] for text in said(here, other)] == ["Discarded. Nothing more happens."]


def press(here: Living, ts: str, user: str, action: str) -> None:
    here.press(user, "general", here.replies("general", ts)[0]["ts"], action)


def test_somebody_elses_press_changes_nothing_and_they_are_told(here: Living) -> None:
    offered(here)
    ts = handed(here)
    press(here, ts, "ben", "errand.discard")
    assert [one["text"] for one in here.slack.ephemerals("ben")] == [
        "Only the person who asked for it can change this errand. Nothing was changed."
    ]
    sleep(here)
    assert len(said(here, ts)) == 2


def test_start_now_does_not_wait_for_the_night(here: Living) -> None:
    offered(here)
    ts = handed(here)
    press(here, ts, "ada", "errand.start")
    assert said(here, ts)[0].endswith("I am working on it.")
    scope, errand = errands.due(here.desk, known(here.desk, "U0ADA").id, NIGHT)[0]
    errands.run(here.desk, scope, errand, think)
    here.deliver()
    assert "The cheapest is Heron" in said(here, ts)[1]


def save(here: Living, user: str, words: str) -> None:
    """Submits the modal with other words; the job that handles it runs twice, as after a crash."""
    here.slack.submit(user, {"errand.words": words})
    here.hear()
    with here.desk.store.directory() as tx:
        rows = tx.connection.execute("select id from nightdesk.slack_event where kind = 'view_submission'").fetchall()
    for event in [row["id"] for row in rows] * 2:
        presses.handle(here.desk, event)
    here.deliver()


def test_whoever_asked_words_an_errand_anew_while_it_waits_and_nobody_else_does(here: Living) -> None:
    offered(here)
    ts = handed(here)
    press(here, ts, "ben", "errand.edit")
    with pytest.raises(NotShown):
        here.slack.modal("ben")
    press(here, ts, "ada", "errand.edit")
    assert here.slack.modal("ada")["blocks"][0]["element"]["initial_value"] == "compare the three offers"
    save(here, "ada", "compare the three offers by <price> & date")
    [card] = said(here, ts)
    assert "“compare the three offers by &lt;price&gt; &amp; date”" in card and "Thu 19 Nov" in card
    here.answer("general", ts)  # told again by Slack: the words of the card stand
    assert said(here, ts) == [card]
    sleep(here)
    assert "“compare the three offers by &lt;price&gt; &amp; date”" in said(here, ts)[1]


def test_an_errand_that_was_begun_keeps_its_words_and_whoever_came_late_is_told(here: Living) -> None:
    offered(here)
    ts = handed(here)
    press(here, ts, "ada", "errand.edit")
    press(here, ts, "ada", "errand.start")
    assert "errand.edit" not in str(here.replies("general", ts)[0]["blocks"])
    save(here, "ada", "something else")
    assert "“compare the three offers”" in said(here, ts)[0]
    told = [one["text"] for one in here.slack.messages(here.slack.dm("ada"))]
    assert told == [errands.BEGUN]


def test_other_words_come_from_whoever_asked_and_still_reads_the_place(here: Living) -> None:
    offered(here)
    ts = handed(here)
    card = here.replies("general", ts)[0]["ts"]
    form = Submitted("U0BEN", "errand.words", f"{here.place('general')}/{card}", {"errand.words": "post our prices"})
    assert errands.reworded(here.desk, known(here.desk, "U0BEN"), form) == errands.NOT_THEIRS
    here.slack.leave("ada", "general")
    here.hear()
    receive.ingest(here.desk, here.place("general"))
    elsewhere = replace(form, about=f"{here.place('plans')}/{card}")
    assert errands.reworded(here.desk, known(here.desk, "U0ADA"), elsewhere) == errands.UNKNOWN
    assert "“compare the three offers”" in said(here, ts)[0]


def test_an_edited_request_stands_over_words_from_the_card(here: Living) -> None:
    offered(here)
    ts = handed(here)
    press(here, ts, "ada", "errand.edit")
    save(here, "ada", "compare the offers by date")
    here.slack.edit("ada", "general", ts, f"{US} overnight: compare only Heron and Merlin")
    here.hear()
    receive.ingest(here.desk, here.place("general"))
    here.answer("general", ts)
    assert "“compare only Heron and Merlin”" in said(here, ts)[0]


def test_without_a_model_nothing_is_promised_and_what_a_search_finds_is_listed(by_rules: Living) -> None:
    offered(by_rules)
    ts = handed(by_rules)
    [card] = by_rules.replies("general", ts)
    assert "none is set up: I promise nothing" in shown(card) and "archives" in str(card["blocks"])
    assert errands.due(by_rules.desk, known(by_rules.desk, "U0ADA").id, NIGHT) == []


def test_a_model_that_fails_at_night_leaves_where_to_look(here: Living, model_server: ModelServer) -> None:
    offered(here)
    ts = handed(here)
    model_server.fails("status", times=9, status=500)
    sleep(here)
    text = said(here, ts)[1]
    assert "could not write a result" in text and "archives" in str(here.replies("general", ts)[1]["blocks"])


def test_who_has_left_the_channel_gets_no_result_from_it(here: Living) -> None:
    offered(here, "plans")
    ts = handed(here, "plans")
    here.slack.leave("ada", "plans")
    here.hear()
    receive.ingest(here.desk, here.place("plans"))
    sleep(here)
    assert len(said(here, ts, "plans")) == 1
    with here.desk.store.as_scope(_scope(here, "plans")) as tx:
        [held] = [kept_errands.get(tx, key) for key in _ids(here, "plans", ts)]
    assert held is not None and held.state == "failed"


def _scope(here: Living, channel: str) -> int:
    with here.desk.store.directory() as tx:
        found = people.scope_of_channel(tx, here.place(channel))
    assert found is not None
    return found


def _ids(here: Living, channel: str, ts: str) -> list[str]:
    return [errands.errand_id(here.place(channel), ts)]


def test_a_deleted_request_is_not_done(here: Living) -> None:
    offered(here)
    ts = handed(here)
    here.slack.delete("ada", "general", ts)
    here.answer("general", ts)
    sleep(here)
    [text] = said(here, ts)
    assert text.startswith("Taken back")

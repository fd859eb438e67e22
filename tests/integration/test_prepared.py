"""Answers made ahead are kept for those they are for, and given while all they rest on stands as it was read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import psycopg
import pytest
from langgraph.graph import END, START, StateGraph

from bot import asking, audience
from bot.desk import Desk
from bot.doctor import database as doctor
from bot.store import messages, people, prepared, runs
from bot.store.db import Tx
from bot.store.prepared import Use
from bot.thinking import think
from graphs.domain import Prepared, Read, SlackSource
from graphs.errors import Later
from tests.servers.company import ADA, BOB, DAY, desk_over, files, helpful, imported, known, sleep, small, ts, value
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
SHIPS = ts(20, 9)
QUESTION = "When does the blue valve ship?"


@pytest.fixture
def desk(database: Database, model_server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    """The small company, imported, with a model that keeps what it reads."""
    helpful(model_server)
    with desk_over(database, model_server, timeout=5.0) as desk:
        imported(desk, small(tmp_path))
        yield desk


def do(database: Database, query: str, **values: object) -> None:
    with psycopg.connect(database.admin) as admin:
        admin.execute(query.encode(), values)


def scope_of(desk: Desk, key: str) -> int:
    with desk.store.directory() as tx:
        return next(place.id for place in people.places(tx).values() if place.key == key)


def made(question: str = QUESTION, channel: str = "C1", cited: str = SHIPS, **other: object) -> Prepared:
    held = Prepared(
        id=0, scope="", question=question, also=("What is the ship date of the blue valve?",),
        answer="The blue valve ships on 7 December [1].", citations=(SlackSource(channel=channel, ts=cited),),
        reason="asked", score=0.6, night=DAY, at=NOW, expires=NOW + timedelta(days=14),
    )  # fmt: skip
    return held.model_copy(update=other)


def reading(tx: Tx, one: Prepared) -> tuple[list[Read], int]:
    found = messages.by_sources(tx, one.citations).values()
    return [Read(message=m.id, revision=m.revision, cited=True) for m in found], prepared.newest(tx)


def keep(desk: Desk, one: Prepared, scope: str = "channel:C1") -> bool:
    here = scope_of(desk, scope)
    with desk.store.as_person(known(desk, ADA).id) as tx:
        read, newest = reading(tx, one)
    with desk.store.as_scope(here) as tx:
        return prepared.keep(tx, here, one, read, newest)


def given(desk: Desk, who: str = ADA, asked: str = QUESTION, at: datetime = LATER) -> list[str]:
    """The questions whose answers somebody may be given, of those that may fit."""
    with desk.store.as_person(known(desk, who).id) as tx:
        near = [one.prepared for one in prepared.near(tx, asked, [], at)]
        good = prepared.sound(tx, [one.id for one in near], at)
    return [one.question for one in near if one.id in good]


def test_an_answer_is_given_to_those_who_read_all_it_rests_on(desk: Desk) -> None:
    secret = made("Who gets the blue valve cheaper?", "G1", ts(23, 12))
    assert keep(desk, made()) and keep(desk, secret, "channel:G1")
    assert given(desk, BOB) == [QUESTION]
    assert set(given(desk)) == {QUESTION, "Who gets the blue valve cheaper?"}
    assert given(desk, "U4") == []  # who has left the company


CHANGES = {
    "edited": "update nightdesk.message set text = text || '!', revision = revision + 1 where key = %(ts)s",
    "deleted": "update nightdesk.message set text = '', revision = revision + 1, deleted_at = now() where key = %(ts)s",
    "erased": "delete from nightdesk.message where key = %(ts)s",
}


@pytest.mark.parametrize("change", CHANGES)
def test_words_that_change_take_with_them_what_was_answered_from_them_and_nothing_else(
    desk: Desk, database: Database, change: str
) -> None:
    keep(desk, made())
    keep(desk, made("When comes the packing list?", cited=ts(20, 9, 5)))
    do(database, CHANGES[change], ts=SHIPS)
    assert given(desk) == ["When comes the packing list?"]
    with psycopg.connect(database.admin) as admin:
        assert admin.execute(b"select question from nightdesk.prepared").fetchall() == [
            ("When comes the packing list?",)
        ]


class Asking(TypedDict):
    pending: list[str]
    read: list[int]


def test_an_answer_whose_worker_dies_behind_it_is_made_again_with_all_it_rests_on(
    desk: Desk, model_server: ModelServer
) -> None:
    """Dead between the answer and the checkpoint of the node that asked: what was paid for again is whole."""
    scope, deaths = scope_of(desk, "channel:C1"), [Later("the worker dies")]
    here, own = audience.readers_of(desk, scope), partial(desk.store.as_scope, scope)
    by = asking.By(lambda tx: desk.thinker(own, scope, DAY), "prepare")

    def ask(state: Asking) -> dict[str, list[int]]:
        used = asking.Used()
        asking.answered(desk, here, asking.Asked(QUESTION), NOW, used, by)
        if deaths:
            raise deaths.pop()
        return {"read": sorted(used.rows.values())}

    graph = StateGraph(Asking).add_node(ask).add_edge(START, "ask").add_edge("ask", END)
    begins: dict[str, Any] = {"pending": [QUESTION], "read": []}
    with own() as tx:
        run = runs.take(tx, "channel:C1/dies", scope)
    with pytest.raises(Later):
        think(desk, run, graph, begins, None)
    found = think(desk, run, graph, begins, None)["read"]
    assert found
    assert found == ask(Asking(pending=[], read=[]))["read"]
    assert len(model_server.requests) == 3


def test_an_answer_from_words_that_have_changed_meanwhile_is_not_kept(desk: Desk, database: Database) -> None:
    one = made()
    with desk.store.as_person(known(desk, ADA).id) as tx:
        read, newest = reading(tx, one)
    do(database, CHANGES["edited"], ts=SHIPS)
    here = scope_of(desk, "channel:C1")
    with desk.store.as_scope(here) as tx:
        assert not prepared.keep(tx, here, one, read, newest)
    assert given(desk) == []


def test_something_newer_about_it_makes_an_answer_stale_and_something_else_does_not(
    desk: Desk, database: Database
) -> None:
    keep(desk, made())
    said = """insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at, text,
      facts, hash) select id, %(ts)s, 'slack', %(ts)s, 'U2', 'Bob', 'member', %(at)s, %(text)s, '{}', '' from nightdesk.scope
      where key = 'channel:C2'"""
    here = scope_of(desk, "channel:C2")
    do(database, said, ts="1.1", at=LATER - timedelta(hours=1), text="Who has seen my umbrella?")
    with desk.store.as_scope(here) as tx:
        tx.all("index_scope")
    assert given(desk) == [QUESTION]
    do(
        database,
        said,
        ts="1.2",
        at=LATER - timedelta(minutes=30),
        text="The blue valve does not ship before 14 December.",
    )
    with desk.store.as_scope(here) as tx:
        tx.all("index_scope")
    assert given(desk) == [] and given(desk, at=NOW + timedelta(minutes=1)) == [QUESTION]


def test_a_later_memory_that_overrules_a_source_makes_its_answer_stale(desk: Desk, database: Database) -> None:
    keep(desk, made())
    note = """with kept as (insert into nightdesk.memory (scope_id, key, kind, text, quote, said_by, valid_from, confidence,
      found_by, night) select scope_id, %(key)s, 'fact', 'x', 'x', 'U2', sent_at, 1, 'model', '2026-11-24'
      from nightdesk.message where key = %(ts)s returning id, scope_id)
      insert into nightdesk.memory_source select kept.scope_id, kept.id, m.id, m.revision from kept, nightdesk.message m
      where m.key = %(ts)s"""
    do(database, note, key="old", ts=SHIPS)
    do(database, note, key="new", ts=ts(23, 10))
    assert given(desk) == [QUESTION]
    do(
        database,
        """update nightdesk.memory set valid_to = '2026-11-23T10:00Z', superseded_by =
        (select id from nightdesk.memory where key = 'new') where key = 'old'""",
    )
    assert given(desk) == []


def test_an_answer_expires(desk: Desk) -> None:
    keep(desk, made(expires=NOW + timedelta(days=1)))
    assert given(desk, at=NOW + timedelta(hours=23)) == [QUESTION] and given(desk, at=NOW + timedelta(days=1)) == []


def test_who_leaves_a_channel_loses_what_was_answered_for_them_alone_from_it(desk: Desk, database: Database) -> None:
    guest = known(desk, "U3")
    cy = f"person:{guest.person.key}"
    here = scope_of(desk, cy)
    do(database, """insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at,
      text, facts, hash) select id, '1.1', 'slack', '1.1', 'U2', 'Bob', 'member', %(at)s, 'Cy heard nothing.', '{}', ''
      from nightdesk.scope where key = 'channel:C2'""", at=NOW - timedelta(days=1))  # fmt: skip
    held = made("What did Cy hear?", "C2", "1.1")
    with desk.store.as_person(guest.id) as tx:
        read, newest = reading(tx, held)
        assert prepared.keep(tx, here, held, read, newest)
    assert (
        given(desk, "U3", "What did Cy hear?") == ["What did Cy hear?"] and given(desk, ADA, "What did Cy hear?") == []
    )
    do(database, "delete from nightdesk.member where person_id = %(who)s", who=guest.id)
    assert given(desk, "U3", "What did Cy hear?") == []
    with psycopg.connect(database.admin) as admin:
        assert admin.execute(b"select count(*) from nightdesk.prepared").fetchone() == (0,)


def test_nobody_keeps_an_answer_in_another_scope_or_of_what_its_readers_cannot_read(desk: Desk) -> None:
    secret = made("Who gets the blue valve cheaper?", "G1", ts(23, 12))
    assert not keep(desk, secret) and keep(desk, secret, "channel:G1")
    here, elsewhere = scope_of(desk, "channel:C1"), scope_of(desk, "channel:C2")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), desk.store.as_scope(elsewhere) as tx:
        prepared.keep(tx, here, made(), [Read(message=1, revision=1, cited=True)], 0)


# --- by day ---------------------------------------------------------------------------------------


def place(desk: Desk, who: str = ADA, channel: str = "general") -> audience.Place:
    return audience.place(desk, who, channel)


def used_in(database: Database) -> list[tuple[str, int, int, int]]:
    query = b"""select s.key, sum(offered)::int, sum(cited)::int, sum(withheld)::int from nightdesk.prepared_use u
      join nightdesk.scope s on s.id = u.scope_id group by 1 order by 1"""
    with psycopg.connect(database.admin) as admin:
        return admin.execute(query).fetchall()


@pytest.fixture
def answering(model_server: ModelServer) -> ModelServer:
    model_server.script.clear()
    model_server.says("The blue valve ships on 7 December [1].")
    return model_server


def test_an_answer_made_ahead_is_laid_before_the_model_and_the_answer_says_so(
    desk: Desk, database: Database, answering: ModelServer
) -> None:
    keep(desk, made())
    found, usage = asking.ask(desk, place(desk), "What's the ship date of our blue valve?", [], LATER)
    assert (found.served, found.prepared_at, found.citations) == (
        "prepared",
        NOW,
        (SlackSource(channel="C1", ts=SHIPS),),
    )
    asked = answering.requests[-1].text
    assert f'<prepared question="{QUESTION}"' in asked and "ships on 7 December [1]" in asked
    assert usage["calls"] == 1 and sum(usage["prompt_parts"].values()) < 2_500
    assert used_in(database) == [("channel:C1", 1, 1, 0)]


def test_a_question_of_the_same_things_that_asks_something_else_is_not_given_it(
    desk: Desk, answering: ModelServer
) -> None:
    keep(desk, made())
    for other in (
        "Who uploaded the photos?",
        "Has anybody called the printer?",
        "What does Kestrel pay for the valve?",
    ):
        asking.ask(desk, place(desk), other, [], LATER)
        assert "<prepared question" not in answering.requests[-1].text


def test_an_answer_that_is_stale_is_held_back_and_counted_where_it_was_asked(
    desk: Desk, database: Database, answering: ModelServer
) -> None:
    keep(desk, made())
    do(
        database,
        """insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at, text,
        facts, hash) select id, '1.2', 'slack', '1.2', 'U2', 'Bob', 'member', %(at)s,
        'The blue valve ships on 14 December.', '{}', '' from nightdesk.scope where key = 'channel:C1'""",
        at=NOW + timedelta(hours=1),
    )
    with desk.store.as_scope(scope_of(desk, "channel:C1")) as tx:
        tx.all("index_scope")
    found, _ = asking.ask(desk, place(desk, ADA, "dm"), QUESTION, [], LATER)
    assert found.served != "prepared" and "<prepared question" not in answering.requests[-1].text
    assert used_in(database) == [("person:U1", 0, 0, 1)]


def test_what_holds_no_more_is_marked_and_rules_do_not_quote_it(
    desk: Desk, database: Database, answering: ModelServer
) -> None:
    do(
        database,
        """with kept as (insert into nightdesk.memory (scope_id, key, kind, text, quote, said_by, valid_from, valid_to,
        confidence, found_by, night) select scope_id, 'old', 'fact', text, 'ship the blue valve on 7 December', 'U2', sent_at,
        sent_at + interval '1 day', 1, 'model', '2026-11-24' from nightdesk.message where key = %(ts)s returning id, scope_id)
        insert into nightdesk.memory_source select kept.scope_id, kept.id, m.id, m.revision from kept, nightdesk.message m
        where m.key = %(ts)s""",
        ts=SHIPS,
    )
    asking.ask(desk, place(desk), QUESTION, [], LATER)
    assert 'over_since="Sat 2026-11-21"' in answering.requests[-1].text
    by_rules = replace(desk, live_model=None)
    assert "7 December" not in asking.ask(by_rules, place(desk), QUESTION, [], LATER)[0].text
    before = "When was the blue valve to ship before that changed?"
    assert "7 December" in asking.ask(by_rules, place(desk), before, [], LATER)[0].text


def test_what_finds_no_answer_in_little_is_looked_for_once_more_in_more(desk: Desk, answering: ModelServer) -> None:
    answering.script.clear()
    answering.says("NOTHING")
    _, usage = asking.ask(desk, place(desk), "Who repaired the old coffee machine?", [], LATER)
    assert usage["calls"] <= 2


def test_what_became_of_answers_is_told_where_they_were_asked_for_and_to_whoever_runs_the_desk_as_counts(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    [none] = doctor.answers(desk.store, NOW.timestamp)
    assert none.what == "Prepared answers, last 30 days: none fitted a question."
    since = (DAY - timedelta(days=31), DAY - timedelta(days=30), DAY)
    for scope, use in (("channel:C1", Use(4, 3, 1)), ("channel:G1", Use(2, 1, 0)), ("person:U2", Use(1, 0, 0))):
        here = scope_of(desk, scope)
        with desk.store.as_scope(here) as tx:
            for day in since:
                prepared.put_use(tx, here, 1, day, use)
    helpful(model_server)
    sleep(desk, database, [ADA, BOB])
    notes = {who: value(files(desk, who, tmp_path / who), "digest.json")["footer"]["notes"] for who in (ADA, BOB)}
    told = "prepared answers, last 30 days: "
    assert notes[ADA] == [f"{told}12 offered, 8 used, 4 left aside, 2 withheld as stale"]
    assert notes[BOB] == [f"{told}10 offered, 6 used, 4 left aside, 2 withheld as stale"]
    [all_] = doctor.answers(desk.store, NOW.timestamp)
    assert all_.what == "Prepared answers, last 30 days: 14 offered, 8 used, 6 left aside, 2 withheld as stale."


# --- nights ---------------------------------------------------------------------------------------


def test_a_night_answers_ahead_for_channels_and_people_and_a_quiet_one_asks_nothing(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    sleep(desk, database, [ADA, BOB])
    held = value(files(desk, ADA, tmp_path / "ada"), "answers.json")
    assert {one["scope"] for one in held} == {"channel:C1", "channel:C2", "channel:G1", "person:U1"}
    assert all(
        one["question"] and "[1]" in one["answer"] and one["citations"] and one["expires"] > "2026-12" for one in held
    )
    bob = value(files(desk, BOB, tmp_path / "bob"), "answers.json")
    assert {one["scope"] for one in bob} == {"channel:C1", "channel:C2"}
    asked = len(model_server.requests)
    sleep(desk, database, [ADA, BOB], DAY + timedelta(days=1))
    assert len(model_server.requests) == asked


def test_with_the_budget_spent_nothing_is_answered_ahead_and_the_footer_says_so(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    sleep(replace(desk, cap_person_night=Decimal("0.000001")), database, ADA)
    found = files(desk, ADA, tmp_path / "ada")
    assert value(found, "answers.json") == [] and model_server.requests == []
    assert any("prepared: the budget" in note for note in value(found, "digest.json")["footer"]["notes"])

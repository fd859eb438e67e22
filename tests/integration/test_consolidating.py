"""A place's night reads what is new, newest first and as far as it gets, and draws what follows from it once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import consolidating, nightfall
from bot.desk import Desk
from tests.servers.company import ADA, BOB, DAY, at, desk_over, files, helpful, imported, sleep, small, value
from tests.servers.export_files import said
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

THEN = DAY + timedelta(days=1)
PACKING = "Ada will send the packing list of the blue valve by 24 November."
AWAY = "Ada is away from 23 November to 27 November, also for the packing list."
FOLLOWS = "Ada is away when the packing list of the blue valve is due on 24 November."


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin) as connection:
        return connection.execute(query.encode()).fetchall()


def steps(server: ModelServer) -> list[str]:
    return [
        seen.body["response_format"]["json_schema"]["name"]
        for seen in server.requests
        if "response_format" in seen.body
    ]


@pytest.fixture
def desk(database: Database, model_server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    with desk_over(database, model_server, timeout=1.0) as desk:
        imported(desk, small(tmp_path))
        yield desk


def place(database: Database, key: str) -> int:
    [(scope,)] = rows(database, f"select id from nightdesk.scope where key = '{key}'")
    return int(scope)


# --- how far a night gets -------------------------------------------------------------------------


def test_of_a_channel_that_is_too_much_for_a_night_the_newest_is_read_and_the_rest_is_told_and_read_later(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpful(model_server)
    monkeypatch.setattr(consolidating, "MOST_NEW", 1)
    sleep(desk, database, BOB)
    read = "select text from nightdesk.message where noted_revision = revision and scope_id = (select id from nightdesk.scope where key = 'channel:C1')"
    assert rows(database, read) == [("@ada can you review the label text by Wednesday?",)]
    skipped = value(files(desk, BOB, tmp_path / "out"), "digest.json")["footer"]["skipped"]
    assert {"what": "messages", "why": "left for the next nights", "count": 2} in skipped
    sleep(desk, database, BOB, THEN)
    assert len(rows(database, read)) == 2


def test_of_thanks_alone_no_model_reads(desk: Desk, database: Database, model_server: ModelServer) -> None:
    helpful(model_server)
    with psycopg.connect(database.admin) as connection:
        connection.execute("update nightdesk.message set text = 'Thanks everyone!' where text like '%label text%'")
    consolidating.consolidate(desk, place(database, "channel:C1"), DAY, at(24, 7))
    told = [json.dumps(seen.body) for seen in model_server.requests]
    assert any("packing list" in one for one in told) and not any("everyone!" in one for one in told)
    left = (
        "select count(*) from nightdesk.message where noted_revision is distinct from revision and text like 'Thanks%'"
    )
    assert rows(database, left) == [(0,)]


def test_what_was_only_asked_of_us_is_no_task_of_anybody_and_teaches_nothing(
    desk: Desk, database: Database, model_server: ModelServer
) -> None:
    helpful(model_server)
    with psycopg.connect(database.admin) as connection:
        connection.execute(
            "update nightdesk.message set facts = facts || '{\"asks_us\": true}' where text like '%label text%'"
        )
    sleep(desk, database, ADA)
    told = [json.dumps(seen.body) for seen in model_server.requests]
    assert any("packing list" in one for one in told) and not any("label text" in one for one in told)
    read = "select count(*) from nightdesk.message where noted_revision = revision and text like '%label text%'"
    assert rows(database, read) == [(1,)]


def test_what_the_budget_did_not_reach_is_left_unread_and_nothing_is_made_up_for_it(
    database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    helpful(model_server)
    with desk_over(database, model_server, timeout=1.0) as rich:
        imported(rich, small(tmp_path))
        poor = replace(rich, cap_person_night=Decimal("0.0001"))
        consolidating.consolidate(poor, place(database, "channel:C1"), DAY, at(24, 7))
        _nothing_noted(database, model_server)
        consolidating.consolidate(rich, place(database, "channel:C1"), THEN, at(25, 7))
    assert rows(database, "select count(*) from nightdesk.memory where kind <> 'conclusion'") == [(3,)]


def _nothing_noted(database: Database, model_server: ModelServer) -> None:
    assert rows(database, "select count(*) from nightdesk.memory") == [(0,)]
    assert rows(database, "select count(*) from nightdesk.message where noted_revision = revision") == [(0,)]
    assert model_server.requests == []


# --- what follows ---------------------------------------------------------------------------------


def concluding(text: str = FOLLOWS) -> Callable[[dict[str, Any]], str]:
    """A model that concludes `text` from the first two notes it is shown, and lets it stand."""

    def answer(body: dict[str, Any]) -> str:
        if "stand" in body["response_format"]["json_schema"]["schema"]["properties"]:
            return json.dumps({"stand": [1]})
        return json.dumps({"conclusions": [{"text": text, "premises": [1, 2]}]})

    return answer


@pytest.fixture
def drawn(database: Database, model_server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    """#general is read, and then #deals, where Ada said what does not go with it."""
    model_server.says(concluding(), to="Lines with -- stand between groups|Somebody drew conclusions")
    helpful(model_server)
    told = {
        "general": [said("U1", "1795165200.000100", PACKING)],
        "deals": [said("U1", "1795168800.000100", AWAY)],
    }
    with desk_over(database, model_server, timeout=1.0) as desk:
        imported(desk, small(tmp_path, told))
        read(desk, database, DAY)
        yield desk


def read(desk: Desk, database: Database, night: date) -> None:
    places = [place(database, key) for key in ("channel:C1", "channel:G1")]
    for step in (consolidating.consolidate, nightfall.conclude):
        for scope in places:
            step(desk, scope, night, at(night.day, 7))


def test_what_follows_in_one_channel_with_another_is_kept_with_its_premises_and_drawn_once(
    drawn: Desk, database: Database, model_server: ModelServer
) -> None:
    held = "select text, (select count(*) from nightdesk.memory_premise where memory_id = m.id) from nightdesk.memory m where kind = 'conclusion'"
    assert rows(database, held) == [(FOLLOWS, 2)]
    assert steps(model_server).count("Proposals") == 1
    asked = len(model_server.requests)
    for night in (DAY, THEN):
        read(drawn, database, night)
    assert len(model_server.requests) == asked, steps(model_server)[-4:]


def test_with_the_message_under_it_a_conclusion_is_gone_from_every_table(drawn: Desk, database: Database) -> None:
    with psycopg.connect(database.admin) as admin:
        admin.execute(
            "update nightdesk.message set deleted_at = now(), text = '', revision = revision + 1 where text like 'Ada is away%'"
        )
    for table in ("memory", "change_log", "learned_context", "memory_premise"):
        assert rows(database, f"select t::text from nightdesk.{table} t where t::text like '%is away%'") == [], table
    assert rows(database, "select count(*) from nightdesk.memory where kind = 'conclusion'") == [(0,)]

"""An embedding model is an option: where there is one, meaning changes the order; where it fails, nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import asking, audience, likening
from bot.desk import Desk
from tests.servers.company import (
    ADA,
    BOB,
    DAY,
    desk_over,
    imported,
    sleep,
    small,
    ts,
)
from tests.servers.export_files import said
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
CHANNEL = [
    said("U2", ts(12, 9), "The valve has a new colour."),
    said("U2", ts(16, 9), "The lorry of the valve stops at the ramp."),
    said("U2", ts(20, 9), "The valve was tested twice."),
]
QUESTION = "Where does the truck with the valve halt?"


@pytest.fixture
def desk(database: Database, model_server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    """The small company with an embedding model and no other; trucks are lorries to it."""
    model_server.alike = {"truck": "lorry", "halt": "stops"}
    with desk_over(
        database,
        NIGHTDESK_EMBED_MODEL="means",
        NIGHTDESK_EMBED_BASE_URL=model_server.base_url,
        NIGHTDESK_EMBED_PRICE_IN="1",
    ) as desk:
        imported(desk, small(tmp_path, {"general": CHANNEL}))
        yield desk


def asked(desk: Desk) -> list[str]:
    """What a question of Ada's in her DM finds, best first."""
    here = audience.place(desk, ADA, audience.DM)
    like = likening.meant(desk, here.asker, QUESTION, NOW)
    return [one.message.text.text for one in asking.recall(here, QUESTION, 3, NOW, like)]


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin) as connection:
        return connection.execute(query.encode()).fetchall()


def test_what_means_the_same_in_other_words_comes_sooner_once_a_night_has_seen_it(
    desk: Desk, database: Database, model_server: ModelServer
) -> None:
    assert asked(desk) == asked(replace(desk, embedder=None)) != []
    sleep(desk, database, [ADA, BOB])
    ramp = CHANNEL[1]["text"]
    by_words = asked(replace(desk, embedder=None))
    assert asked(desk).index(ramp) < [*by_words, ramp].index(ramp)
    shown = [text for seen in model_server.embedded for text in seen.body["input"]]
    assert sum("ramp" in text for text in shown) == 1  # once for everybody
    assert [text for text in shown if any(word in text for word in ("schwanger", "gardens"))] == []
    calls = len(model_server.embedded)
    sleep(desk, database, [ADA, BOB])
    assert len(model_server.embedded) == calls
    [(reserved, settled)] = rows(
        database, "select count(*), count(*) filter (where state = 'settled') from nightdesk.spend where step = 'embed'"
    )
    assert reserved == settled == calls


def test_words_that_change_or_go_take_their_meaning_with_them(desk: Desk, database: Database) -> None:
    sleep(desk, database, ADA)
    kept = "select count(*) from nightdesk.message_vector v join nightdesk.message m on m.id = v.message_id where m.text like '%ramp%'"
    assert rows(database, kept) == [(1,)]
    with psycopg.connect(database.admin) as admin:
        admin.execute(
            "update nightdesk.message set text = text || ' No.', revision = revision + 1 where text like '%ramp%'"
        )
    assert rows(database, kept) == [(0,)]
    sleep(desk, database, ADA, DAY.replace(day=25))
    assert rows(database, kept) == [(1,)]
    with psycopg.connect(database.admin) as admin:
        admin.execute("update nightdesk.message set deleted_at = now() where text like '%ramp%'")
    assert rows(database, kept) == [(0,)]


@pytest.mark.parametrize("fault", ["status", "html", "bad_json"])
def test_an_endpoint_that_is_down_leaves_the_order_of_words(
    desk: Desk, database: Database, model_server: ModelServer, fault: Any
) -> None:
    model_server.fails(fault, times=50)
    sleep(desk, database, ADA)
    by_words = asked(replace(desk, embedder=None))
    assert asked(desk) == by_words and rows(database, "select 1 from nightdesk.message_vector where vector <> ''") == []
    model_server.faults.clear()
    sleep(desk, database, ADA, DAY.replace(day=25))
    assert asked(desk) != asked(replace(desk, embedder=None))


def test_a_spent_budget_asks_for_no_meaning(desk: Desk, database: Database, model_server: ModelServer) -> None:
    poor = replace(desk, cap_person_night=desk.cap_person_night * 0)
    sleep(poor, database, ADA)
    assert asked(poor) == asked(replace(poor, embedder=None)) and model_server.embedded == []


def test_without_the_setting_nothing_is_sent_or_kept(
    database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    with desk_over(database, model_server) as desk:
        imported(desk, small(tmp_path, {"general": CHANNEL}))
        sleep(desk, database, ADA)
        asked(desk)
    assert model_server.embedded == [] and rows(database, "select 1 from nightdesk.message_vector") == []

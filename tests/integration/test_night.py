"""Nights: repeatable, bounded in money, honest about what failed, and without a word of what is private."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.desk import Desk
from bot.store import desk as kept
from tests.servers.company import (
    ADA,
    BOB,
    DAY,
    WADE,
    at,
    desk_over,
    files,
    helpful,
    imported,
    known,
    mail,
    sleep,
    small,
    small_mails,
    value,
    write_mails,
)
from tests.servers.model import ModelServer, Persona
from tests.servers.postgres import Database

LATER_DAY = DAY + timedelta(days=1)
PRIVATE = ("schwanger", "Zwillinge", "Mutterschutz")


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def persona() -> Persona:
    return "plain"


@pytest.fixture
def desk(database: Database, model_server: ModelServer, tmp_path: Path, persona: Persona) -> Iterator[Desk]:
    """The small company, imported, with a model. Only one that is slow is not waited for."""
    with desk_over(database, model_server, timeout=1.0 if persona == "slow" else 20.0) as desk:
        imported(desk, small(tmp_path))
        yield desk


def test_what_was_learned_is_listed_by_what_it_says_and_not_by_what_was_stored_first(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    helpful(model_server)
    sleep(desk, database, ADA)
    with psycopg.connect(database.admin) as admin:
        for words in ("Zinnias are sold out", "Asters are in stock"):
            admin.execute(
                """insert into nightdesk.memory
                  (scope_id, key, kind, text, quote, said_by, valid_from, confidence, found_by, night)
                select id, %(words)s, 'fact', %(words)s, %(words)s, 'U1', '2026-11-23T09:00Z', 1, 'model', '2026-11-24'
                from nightdesk.scope where key = 'channel:C1'""",
                {"words": words},
            )
    held = value(files(desk, ADA, tmp_path / "out"), "memory.json")
    said = [memory["text"] for memory in held["memories"]]
    assert said.index("Zinnias are sold out") == said.index("Asters are in stock") + 1
    scopes = [block["scope"] for block in held["learned_context"]]
    assert scopes == sorted(scopes) and {scope.partition(":")[0] for scope in scopes} == {
        "account",
        "channel",
        "person",
        "workspace",
    }


def test_a_second_night_on_the_same_text_asks_nothing_and_says_the_same(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    helpful(model_server)
    sleep(desk, database, [ADA, BOB])
    asked = len(model_server.requests)
    first = [files(desk, who, tmp_path / "1" / who) for who in (ADA, BOB)]
    sleep(desk, database, [ADA, BOB])
    assert asked > 5 and len(model_server.requests) == asked
    assert [files(desk, who, tmp_path / "2" / who) for who in (ADA, BOB)] == first
    assert rows(database, "select count(*), count(distinct (account, answers)) from nightdesk.draft") == [(1, 1)]
    assert rows(database, "select count(*) from nightdesk.digest") == [(2,)]
    sleep(desk, database, [ADA, BOB], LATER_DAY)
    assert len(model_server.requests) == asked
    assert rows(database, "select count(*) from nightdesk.draft") == [(1,)]
    assert rows(database, "select count(*) from nightdesk.digest") == [(4,)]


def test_one_new_message_is_what_the_next_night_asks_about(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    """The seeded defect of the test before: something did change."""
    helpful(model_server)
    sleep(desk, database, ADA)
    asked = len(model_server.requests)
    sources = small(
        tmp_path, mails=[*small_mails(), mail(WADE, ADA, "Dock", "Which dock is it, can you tell me?", at(23, 20))]
    )
    imported(desk, sources)
    sleep(desk, database, ADA)
    new = [seen.text for seen in model_server.requests[asked:]]
    assert new and all("Which dock" in text or "Notes:" in text for text in new)
    assert rows(database, "select count(*) from nightdesk.draft") == [(2,)]


@pytest.mark.parametrize("persona", ["plain", "liar", "garbage", "greedy", "slow", "obey", "hash"])
def test_whatever_the_model_does_there_is_a_digest_and_nothing_private_is_said(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path, persona: Persona
) -> None:
    model_server.persona = persona
    model_server.delay = 5.0  # longer than the timeout
    sleep(desk, database, ADA)
    found = files(desk, ADA, tmp_path / "out")
    digest = value(found, "digest.json")
    if persona in ("garbage", "greedy", "slow"):
        assert digest["footer"]["failed"], "it fell back and does not say so"
        assert any(item["kind"] == "task" and item["found_by"] == "rules" for item in digest["items"])
    else:
        assert not digest["footer"]["failed"] or persona in ("liar", "obey")
    told = {name: [word for word in PRIVATE if word.encode() in held] for name, held in found.items()}
    assert {name: words for name, words in told.items() if words} == {}
    derived = rows(database, "select t::text from nightdesk.memory t union all select t::text from nightdesk.task t"
                   " union all select t::text from nightdesk.draft t union all select t::text from nightdesk.digest t"
                   " union all select t::text from nightdesk.learned_context t union all select t::text from nightdesk.thought t")  # fmt: skip
    assert not [row for (row,) in derived if any(word in row for word in PRIVATE)]
    assert not any(word in seen.text for seen in model_server.requests for word in PRIVATE)


def test_what_was_not_drafted_stands_in_one_order_however_often_it_was_considered(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    helpful(model_server)
    sleep(desk, database, ADA)
    first = files(desk, ADA, tmp_path / "first")["not_drafted.json"]
    assert len(json.loads(first)) > 1
    with psycopg.connect(database.admin) as admin:
        considered = "select key from nightdesk.thought where step = 'considered' order by key collate \"C\" limit 1"
        admin.execute(f"update nightdesk.thought set at = now() where key = ({considered})".encode())
        admin.execute("analyze nightdesk.thought")  # now Postgres knows that reading the rows as they lie is quickest
    assert files(desk, ADA, tmp_path / "second")["not_drafted.json"] == first


def test_the_search_for_private_words_finds_them_where_they_stand(database: Database, desk: Desk) -> None:
    """The seeded defect: the words are there to be found, in the mail itself."""
    stored = " ".join(text for (text,) in rows(database, "select text from nightdesk.message"))
    assert all(word in stored for word in PRIVATE)


def test_what_a_liar_cites_is_not_kept(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.persona = "liar"
    sleep(desk, database, ADA)
    sleep(desk, database, ADA, LATER_DAY)
    assert rows(database, "select text from nightdesk.memory where text like '%4,711%' or found_by = 'model'") == []
    assert rows(database, "select value from nightdesk.draft") == []
    found = files(desk, ADA, tmp_path / "out", LATER_DAY)
    assert [
        name for name, held in found.items() if b"4,711" in held or b"CLIAR0000" in held or b"liar.example" in held
    ] == []


def test_the_model_that_quotes_is_believed(desk: Desk, database: Database, model_server: ModelServer) -> None:
    """The allowed beside the refused: the same night with true quotes keeps them."""
    helpful(model_server)
    sleep(desk, database, ADA)
    quotes = rows(database, "select count(*) from nightdesk.memory where found_by = 'model'")
    assert quotes[0][0] >= 5
    wrong = rows(database, "select quote from nightdesk.memory m join nightdesk.memory_source s on s.memory_id = m.id"
                 " join nightdesk.message g on g.id = s.message_id where position(m.quote in g.text) = 0")  # fmt: skip
    assert wrong == [] and len(rows(database, "select * from nightdesk.draft")) == 1


@pytest.mark.parametrize(("persona", "cap"), [("greedy", "0.02"), ("script", "0.003"), ("script", "5")])
def test_no_night_spends_more_than_its_cap(
    database: Database, model_server: ModelServer, tmp_path: Path, persona: Persona, cap: str
) -> None:
    helpful(model_server).persona = persona
    with desk_over(database, model_server) as whole:
        imported(whole, small(tmp_path))
    with desk_over(database, model_server) as desk:
        desk = replace(desk, cap_person_night=Decimal(cap))
        sleep(desk, database, [ADA, BOB])
        spent = rows(database, "select scope_id, sum(money) from nightdesk.spend where state <> 'released' group by 1")
        assert all(money <= Decimal(cap) for _, money in spent)
        footer = value(files(desk, ADA, tmp_path / "out"), "digest.json")["footer"]
    short = [line for line in footer["failed"] if "budget" in line]
    assert bool(short) == (cap != "5"), footer
    assert footer["cap"].startswith(f"{Decimal(cap):.2f}")


def test_a_draft_is_withdrawn_when_its_mail_was_answered(
    desk: Desk, database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    helpful(model_server)
    sleep(desk, database, ADA)
    [(answers,)] = rows(database, "select answers from nightdesk.draft where state = 'planned'")
    sources = small(tmp_path)
    reply = mail(
        f"Ada <{ADA}>",
        WADE,
        "Re: Blue valve",
        "Hi Wade,\n\non the 7th, dock two.\n\nAda\n",
        at(23, 19),
        In_Reply_To=answers,
        References=answers,
    )
    write_mails(sources.mails[1].path, [reply, reply])
    (sources.mails[1].path / "001.eml").unlink()
    imported(desk, sources)
    sleep(desk, database, ADA, LATER_DAY)
    assert rows(database, "select state from nightdesk.draft") == [("withdrawn",)]
    found = files(desk, ADA, tmp_path / "out", LATER_DAY)
    assert value(found, "drafts.json") == []
    assert [one["reason"] for one in value(found, "not_drafted.json") if one["message_id"] == answers] == [
        "answered_by_owner"
    ]


def test_a_draft_that_nobody_touches_expires_after_two_weeks(
    desk: Desk, database: Database, model_server: ModelServer
) -> None:
    helpful(model_server)
    sleep(desk, database, ADA)
    sleep(desk, database, ADA, DAY + timedelta(days=14))
    assert rows(database, "select state from nightdesk.draft") == [("planned",)]
    sleep(desk, database, ADA, DAY + timedelta(days=15))
    assert rows(database, "select state from nightdesk.draft") == [("expired",)]


def test_a_night_by_rules_needs_no_model(database: Database, tmp_path: Path) -> None:
    with desk_over(database) as desk:
        imported(desk, small(tmp_path))
        sleep(desk, database, [ADA, BOB])
        found = files(desk, ADA, tmp_path / "out")
        assert {one["reason"] for one in value(found, "not_drafted.json")} >= {"no_model", "bulk"}
        assert not [name for name, held in found.items() if any(word.encode() in held for word in PRIVATE)]
        with desk.store.as_person(known(desk, ADA).id) as tx:
            assert kept.last_digest_before(tx, 0, DAY) is None
    assert rows(database, "select count(*) from nightdesk.spend") == [(0,)]


def test_checkpoints_are_gone_when_a_night_is_over(desk: Desk, database: Database, model_server: ModelServer) -> None:
    helpful(model_server)
    sleep(desk, database, [ADA, BOB])
    for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
        assert rows(database, f"select count(*) from {table}") == [(0,)], table
    assert {state for (state,) in rows(database, "select state from nightdesk.run")} == {"done"}

"""What a night may cost: shared out before it begins, kept under every cap, and first for what is owed to people."""

import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import commands, thinking
from bot.calendar import wanted
from bot.desk import Desk
from bot.settings import RoleSettings
from bot.store import people, runs
from graphs.thinking import Ledger, Usage
from tests.servers.company import (
    ADA,
    BOB,
    DAY,
    at,
    desk_over,
    files,
    helpful,
    imported,
    known,
    mail,
    sleep,
    small,
    value,
)
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

MILLION = 1_000_000
ROLE = RoleSettings("fake", price_in=1.0, price_out=1.0)
LATER_DAY = DAY + timedelta(days=1)
DAY_MAIL = at(23, 20)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def desk(database: Database, model_server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    """The small company with ten to spend a day, whoever wants it."""
    with desk_over(database, helpful(model_server)) as whole:
        imported(whole, small(tmp_path))
        yield replace(whole, cap_workspace_day=Decimal(10), cap_person_night=Decimal(100))


def desk_scope(desk: Desk, who: str) -> int:
    with desk.store.directory() as tx:
        return people.desk_of(tx, known(desk, who).person.key)


def book(desk: Desk, scope: int, night: date = DAY) -> Ledger:
    return runs.ledger(partial(desk.store.as_scope, scope), scope, night, desk.cap(scope, night), ROLE)


def shares(database: Database) -> dict[str, Decimal]:
    return dict(rows(database, "select key, money from nightdesk.share join nightdesk.scope on id = scope_id"))


# --- the workspace's day ----------------------------------------------------------------------------


def test_the_day_is_shared_by_head_and_channels_are_paid_for_by_who_is_in_them(desk: Desk, database: Database) -> None:
    desk.cap(desk_scope(desk, ADA), DAY)
    found = shares(database)
    # Ada, Bob and the guest have a part each, and one is spare: Dee has left.
    assert found["workspace"] == Decimal("2.5") and "person:U4" not in found
    assert found["person:U1"] == found["person:U2"] == found["person:U3"] == Decimal("1.5")
    assert found["channel:C2"] > found["channel:C1"] > found["channel:G1"] > 0
    assert Decimal("9.99") < sum(found.values()) <= 10


def test_shares_stand_once_the_day_has_begun_and_who_comes_later_is_paid_from_what_is_spare(
    desk: Desk, database: Database
) -> None:
    mine = desk_scope(desk, ADA)
    before = desk.cap(mine, DAY)
    with desk.store.directory() as tx:
        for number in range(3):
            people.person_of_address(tx, f"new{number}@tulip.example", "New")
        people.finish_people(tx)
    late = [desk.cap(desk_scope(desk, f"new{number}@tulip.example"), DAY) for number in range(3)]
    assert desk.cap(mine, DAY) == before
    assert late == [Decimal("1.25"), Decimal("0.625"), Decimal("0.3125")]
    assert sum(shares(database).values()) <= 10
    assert [desk.cap(desk_scope(desk, ADA), DAY)] * 2 == [before] * 2


def test_nobodys_mail_changes_what_another_may_spend(
    desk: Desk, database: Database, tmp_path: Path, model_server: ModelServer
) -> None:
    poor = replace(desk, cap_workspace_day=Decimal("0.08"))
    many = [mail("W <w@kestrel.example>", ADA, f"Ask {n}", "Can you call me today?", DAY_MAIL) for n in range(12)]
    imported(desk, small(tmp_path / "more", mails=many))
    model_server.persona = "greedy"
    sleep(poor, database, [ADA, BOB])
    spent = dict(rows(database, "select key, sum(money) from nightdesk.spend s join nightdesk.scope on scope.id = scope_id"
                      " where state <> 'released' group by 1"))  # fmt: skip
    shared = shares(database)
    assert len(spent) > 2 and all(money <= shared[key] for key, money in spent.items())
    assert sum(spent.values()) <= Decimal("0.08")
    assert shared["person:U1"] == shared["person:U2"]


def test_a_day_without_a_cap_gives_each_person_and_place_the_cap_of_a_night(desk: Desk, database: Database) -> None:
    free = replace(desk, cap_workspace_day=None)
    assert free.cap(desk_scope(desk, ADA), DAY) == 100 and shares(database) == {}


# --- one night --------------------------------------------------------------------------------------


def test_however_many_reserve_at_once_a_share_is_never_passed(desk: Desk, database: Database) -> None:
    scopes = [desk_scope(desk, who) for who in (ADA, BOB)]
    books = [book(desk, scope) for scope in scopes for _ in range(4)]  # as workers that know nothing of each other

    def take(ledger: Ledger) -> int:
        held = [ledger.reserve("tasks", 90_000, 10_000) for _ in range(8)]
        for one in held[::2]:
            if one is not None:
                ledger.settle(one, Usage(90_000, 0, 10_000, 0.1))  # of the others nobody ever hears again
        return sum(one is not None for one in held)

    with ThreadPoolExecutor(8) as hands:
        taken = sum(hands.map(take, books))
    assert taken == 24
    spent = rows(database, "select scope_id, sum(money) from nightdesk.spend group by 1")
    assert dict(spent) == dict.fromkeys(scopes, Decimal("1.2"))


def test_memory_leaves_what_is_owed_to_people_its_money_until_the_digest_is_written(
    desk: Desk, database: Database
) -> None:
    scope = desk_scope(desk, ADA)
    ledger = book(desk, scope)  # 1.5
    assert ledger.reserve("anticipate", 300_001, 0) is None and ledger.reserve("anticipate", 200_000, 0) is not None
    assert ledger.reserve("remember", 400_001, 0) is None and ledger.reserve("remember", 400_000, 0) is not None
    assert ledger.reserve("draft", 590_000, 0) is not None and ledger.reserve("tasks", 10_001, 0) is None
    other = book(desk, desk_scope(desk, BOB))
    assert other.reserve("rehearse", 1_000_000, 0) is None
    with psycopg.connect(database.admin) as admin:
        admin.execute(
            "insert into nightdesk.digest (scope_id, date, value) values (%s, %s, '{}')", (desk_scope(desk, BOB), DAY)
        )
    assert other.reserve("rehearse", 1_000_000, 0) is not None


def test_no_night_takes_what_its_person_may_ask_the_day_after_and_no_day_more_than_is_left(desk: Desk) -> None:
    ledger = book(desk, desk_scope(desk, ADA))  # 1.5
    assert ledger.reserve("draft", 1_200_001, 0) is None and ledger.reserve("draft", 1_200_000, 0) is not None
    assert ledger.reserve("answer", 300_001, 0) is None and ledger.reserve("answer", 300_000, 0) is not None
    other = book(desk, desk_scope(desk, BOB))
    assert other.reserve("answer", 1_000_000, 0) is not None
    assert other.reserve("draft", 500_001, 0) is None and other.reserve("draft", 500_000, 0) is not None


def test_a_place_owes_nobody_a_digest_and_its_memory_may_take_all(desk: Desk) -> None:
    with desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, "C1")
    assert scope is not None
    cap = desk.cap(scope, DAY)
    assert book(desk, scope).reserve("remember", int(cap * MILLION), 0) is not None


def test_when_money_is_short_the_reply_is_written_and_memory_is_found_by_rules(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    sleep(replace(desk, cap_person_night=Decimal("0.02"), cap_workspace_day=None), database, ADA)
    mine = rows(
        database,
        "select step, state from nightdesk.spend join nightdesk.scope on scope.id = scope_id where key = 'person:U1'",
    )
    steps = {step for step, _ in mine}
    assert "draft" in steps and len(rows(database, "select * from nightdesk.draft")) == 1
    footer = value(files(desk, ADA, tmp_path / "out"), "digest.json")["footer"]
    told = {one["step"] for one in footer["by_step"]}
    assert told == steps and all(one["tokens"] > 0 and one["money"] for one in footer["by_step"])


def test_the_newest_is_thought_about_first_so_that_money_that_runs_out_leaves_the_oldest(
    desk: Desk, database: Database, tmp_path: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thinking, "WIDTH", 1)
    many = [
        mail(f"W{n} <w{n}@kestrel.example>", ADA, f"Ask {n:02}", "Can you call me today?", at(23, 6, n))
        for n in range(12)
    ]
    imported(desk, small(tmp_path / "more", mails=many))
    sleep(replace(desk, cap_workspace_day=None), database, ADA)
    drafts, judged = (
        [number for seen in model_server.requests if form_of(seen.body) == form for number in subjects(seen.text)]
        for form in ("Written", "Items")
    )
    numbers = [f"{n:02}" for n in range(12)]
    assert drafts == numbers[::-1]
    assert sorted(judged) == numbers and judged[-1] < judged[0]  # in their order where several are judged together


def form_of(body: dict[str, Any]) -> str:
    return str(body.get("response_format", {"json_schema": {"name": "an answer"}})["json_schema"]["name"])


def subjects(text: str) -> list[str]:
    """Numbers of the mails whose subjects stand in a request."""
    return list(dict.fromkeys(re.findall(r"Ask (\d\d)", text)))


# --- what is asked ----------------------------------------------------------------------------------


def test_the_first_part_of_every_request_is_the_same_for_all_people_and_nights(
    desk: Desk, database: Database, tmp_path: Path, model_server: ModelServer
) -> None:
    rich = replace(desk, cap_workspace_day=None)
    sleep(rich, database, [ADA, BOB])
    more = mail("W <w@kestrel.example>", ADA, "Dock", "Which dock is it, can you tell me?", DAY_MAIL)
    imported(desk, small(tmp_path / "more", mails=[more]))
    sleep(rich, database, [ADA, BOB], LATER_DAY)
    firsts: defaultdict[str, set[str]] = defaultdict(set)
    for seen in model_server.requests:
        firsts[form_of(seen.body)].add(f"{seen.body['messages'][0]}{seen.body.get('response_format')}")
    assert {"Notes", "Items", "Written"} <= set(firsts)
    assert {step: len(texts) for step, texts in firsts.items()} == dict.fromkeys(firsts, 1)
    whole = {str(seen.body["messages"]) for seen in model_server.requests}
    assert len(whole) == len(model_server.requests)  # and yet no two ask the same


def test_a_report_counts_once_what_two_people_read(desk: Desk, database: Database, tmp_path: Path) -> None:
    rich = replace(desk, cap_workspace_day=None)
    commands.sleep_and_write(
        rich, database.app, [ADA, BOB], tmp_path / "out", wanted(str(DAY), None), None, 0.0
    )  # fmt: skip
    told = value({"report.json": (tmp_path / "out" / "report.json").read_bytes()}, "report.json")["model"]
    [(calls, prompt, money)] = rows(
        database, "select count(*), sum(prompt_tokens), sum(money) from nightdesk.spend where state = 'settled'"
    )
    assert (told["calls"], told["prompt_tokens"]) == (calls, prompt)
    assert told["cost"] == pytest.approx(float(money))
    assert {"remember", "tasks", "draft"} <= set(told["by_step"])

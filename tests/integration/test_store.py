"""What the store promises to nights: a run taken over is lost to its old worker, checkpoints are sealed, money is counted."""

import operator
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, TypedDict

import psycopg
import pytest
from langgraph.graph import END, START, StateGraph

from bot.desk import Desk
from bot.settings import RoleSettings
from bot.store import runs
from bot.store.checkpoints import FencedSaver, serializer
from graphs.domain import VALUES, SlackSource
from graphs.errors import Later, NeedsPerson
from graphs.thinking import Usage
from tests.servers.company import desk_over, imported, keys, known, small
from tests.servers.postgres import Database

NIGHT = date(2026, 11, 24)
WORD = "heliotrope"


@pytest.fixture
def desk(database: Database, tmp_path: Any) -> Iterator[Desk]:
    with desk_over(database) as desk:
        imported(desk, small(tmp_path))
        yield desk


class State(TypedDict):
    found: Annotated[list[SlackSource], operator.add]


def graph(between: Any) -> StateGraph[State, None, Any, Any]:
    """Two steps; `between` happens after the first one is checkpointed."""
    made = StateGraph(State)
    made.add_node("one", lambda state: {"found": [SlackSource(channel=WORD, ts="1.0")]})
    made.add_node("two", lambda state: between() or {"found": [SlackSource(channel=WORD, ts="2.0")]})
    made.add_edge(START, "one")
    made.add_edge("one", "two")
    made.add_edge("two", END)
    return made


def compiled(desk: Desk, run: runs.Run, between: Any, seals: tuple[bytes, ...] | None = None) -> Any:
    saver = FencedSaver(desk.store.pool, serializer(seals or keys().seals, VALUES, run.id), run)
    return graph(between).compile(checkpointer=saver)


def scope_of(desk: Desk) -> int:
    ada = known(desk, "U1")
    with desk.store.as_person(ada.id) as tx:
        row = tx.connection.execute("select nightdesk.writable('u:' || %s) as id", (ada.id,)).fetchone()
    assert row is not None
    return int(row["id"])


def taken(desk: Desk, scope: int) -> runs.Run:
    with desk.store.as_scope(scope) as tx:
        return runs.take(tx, "U1/2026-11-24/tasks", scope)


CONFIG: Any = {"configurable": {"thread_id": "U1/2026-11-24/tasks"}}


def test_a_connection_that_ends_under_a_checkpoint_is_a_reason_to_try_again(desk: Desk, database: Database) -> None:
    def end_all() -> None:
        with psycopg.connect(database.admin, autocommit=True) as admin:
            ours = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'nightdesk_app' and datname = %s"
            admin.execute(ours, (database.name,))

    run = taken(desk, scope_of(desk))
    with pytest.raises(Later):
        compiled(desk, run, end_all).invoke({"found": []}, CONFIG, durability="sync")
    desk.store.pool.check()
    found = compiled(desk, run, lambda: None).invoke(None, CONFIG, durability="sync")
    assert [one.ts for one in found["found"]] == ["1.0", "2.0"]


def test_the_connection_that_came_back_last_is_lent_first(desk: Desk) -> None:
    with desk.store.directory() as first, desk.store.directory() as second:
        assert first.connection is not second.connection
    for _ in range(3):  # the first block ended last
        with desk.store.directory() as again:
            assert again.connection is first.connection


def test_no_statement_is_compiled_and_who_hangs_in_a_transaction_is_ended(desk: Desk) -> None:
    with desk.store.directory() as tx:
        named = "select current_setting('jit') as jit, current_setting('idle_in_transaction_session_timeout') as hung"
        assert tx.connection.execute(named).fetchone() == {"jit": "off", "hung": "20s"}


def test_a_worker_that_lost_its_run_can_neither_checkpoint_nor_save(desk: Desk) -> None:
    scope = scope_of(desk)
    old = taken(desk, scope)
    new: list[runs.Run] = []
    with pytest.raises(runs.Fenced):
        compiled(desk, old, lambda: new.append(taken(desk, scope))).invoke({"found": []}, CONFIG, durability="sync")
    with pytest.raises(runs.Fenced), desk.store.as_scope(scope) as tx:
        runs.hold(tx, old)
    # The one that took over goes on after the step that is done, and may save.
    ended = compiled(desk, new[0], lambda: None).invoke(None, CONFIG, durability="sync")
    assert [source.ts for source in ended["found"]] == ["1.0", "2.0"]
    with desk.store.as_scope(scope) as tx:
        runs.hold(tx, new[0])
        runs.end(tx, old, {"by": "the old one"})
        assert runs.state_of(tx, old.id) == "running"
        runs.end(tx, new[0], {})
        assert runs.state_of(tx, old.id) == "done"
    with pytest.raises(runs.Fenced), desk.store.as_scope(scope) as tx:
        runs.hold(tx, new[0])


def test_who_holds_a_run_keeps_it_from_whoever_takes_it_over_and_not_from_its_own_worker(desk: Desk) -> None:
    scope = scope_of(desk)
    run = taken(desk, scope)
    with desk.store.as_scope(scope) as tx:
        runs.hold(tx, run)
        with desk.store.as_scope(scope) as other:
            other.connection.execute("set local lock_timeout = '100ms'")
            runs.hold(other, run)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                runs.take(other, run.id, scope)
    assert taken(desk, scope).fence == run.fence + 1


def test_without_the_fence_the_old_worker_would_have_written(desk: Desk, database: Database) -> None:
    """The seeded defect: a database that lets everybody hold every run."""
    scope = scope_of(desk)
    with psycopg.connect(database.owner) as owner:
        owner.execute(
            "create or replace function nightdesk.holds(run_id text, ours int) returns boolean language sql as 'select true'"
        )

    def lose() -> None:
        taken(desk, scope)

    ended = compiled(desk, taken(desk, scope), lose).invoke({"found": []}, CONFIG, durability="sync")
    assert len(ended["found"]) == 2


def test_checkpoints_hold_no_word_in_clear_and_open_with_their_key_alone(desk: Desk, database: Database) -> None:
    scope = scope_of(desk)
    run = taken(desk, scope)
    with pytest.raises(ZeroDivisionError):
        compiled(desk, run, lambda: 1 / 0).invoke({"found": []}, CONFIG, durability="sync")
    with psycopg.connect(database.admin) as connection:
        tables = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
        stored = "".join(str(row) for table in tables for row in connection.execute(f"select * from {table}".encode()))
    assert stored and WORD not in stored and WORD.encode().hex() not in stored
    with pytest.raises(NeedsPerson, match="no key of the key ring"):
        compiled(desk, run, lambda: None, (b"another seal of the same length!",)).get_state(CONFIG)
    rotated = (b"another seal of the same length!", *keys().seals)
    assert compiled(desk, run, lambda: None, rotated).get_state(CONFIG).values["found"] == [
        SlackSource(channel=WORD, ts="1.0")
    ]


def test_a_checkpoint_that_somebody_else_wrote_is_refused(desk: Desk, database: Database) -> None:
    scope = scope_of(desk)
    run = taken(desk, scope)
    with pytest.raises(ZeroDivisionError):
        compiled(desk, run, lambda: 1 / 0).invoke({"found": []}, CONFIG, durability="sync")
    with psycopg.connect(database.admin) as connection:
        connection.execute("update checkpoint_blobs set type = 'msgpack', blob = '\\x90'")
    with pytest.raises(NeedsPerson, match="not sealed"):
        compiled(desk, run, lambda: None).get_state(CONFIG)


def test_money_is_reserved_before_it_is_spent_and_a_crash_counts(desk: Desk) -> None:
    scope = scope_of(desk)
    role = RoleSettings("fake", price_in=1.0, price_out=1.0)
    ledger = runs.ledger(partial(desk.store.as_scope, scope), scope, NIGHT, Decimal("1.00"), role)
    first = ledger.reserve("answer", 400_000, 100_000)
    assert first is not None and ledger.reserve("answer", 400_000, 100_001) is None
    second = ledger.reserve("answer", 500_000, 0)
    assert second is not None and ledger.reserve("answer", 1, 0) is None
    ledger.settle(first, Usage(100_000, 0, 0, 0.1))
    third = ledger.reserve("answer", 400_000, 0)
    assert third is not None
    ledger.release(third)
    ledger.settle(third, Usage(900_000, 0, 0, 0.1))  # too late: it was released
    # `second` is never settled, as after a crash: it stays counted.
    assert ledger.reserve("answer", 400_001, 0) is None and ledger.reserve("answer", 400_000, 0) is not None
    other = runs.ledger(partial(desk.store.as_scope, scope), scope, date(2026, 11, 25), Decimal("1.00"), role)
    assert other.reserve("answer", 1_000_000, 0) is not None

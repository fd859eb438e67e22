"""Workers as real processes: they share the work, none does a thing twice, and none of it is lost with one of them."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
import pytest
from psycopg_pool import PoolTimeout

from bot import app, jobs, nightfall, settings, workers
from bot.desk import Desk, begin_owner
from bot.hours import Morning
from bot.store import db, people, queue
from bot.store import desk as kept
from bot.store.db import Row
from graphs.errors import Later
from tests.servers.company import (
    Nightdesk,
    Sources,
    desk_over,
    dump,
    helpful,
    imported,
    known,
    model_settings,
    new_home,
    person,
    reaching,
    sleep,
)
from tests.servers.export_files import channel, make_export, said
from tests.servers.model import ModelServer, model_serving
from tests.servers.postgres import Database
from tests.servers.slack import until

# Workers know no clock but the machine's: a night that began long ago by it is looked at ever less often.
NOW = datetime.now(UTC)
DAY = NOW.date() + timedelta(days=1)
PATIENCE = 60.0


def company(root: Path, size: int) -> Sources:
    """So many people in one public channel and a private one each, all with something to do."""
    users = [person(f"U{n:03d}", f"Person{n:03d}", tz="Europe/Berlin") for n in range(size)]
    rooms = [channel(f"G{n:03d}", f"room{n:03d}", members=[f"U{n:03d}", f"U{(n + 1) % size:03d}"]) for n in range(size)]
    asks = {
        f"room{n:03d}": [
            said(f"U{(n + 1) % size:03d}", before(days=1, minutes=n), f"<@U{n:03d}> can you review label {n} today?")
        ]
        for n in range(size)
    }
    everybody = channel("C1", "general", members=[row["id"] for row in users])
    general = [said("U000", before(days=4), "We decided to ship the blue valve on 7 December.")]
    export = make_export(root, users=users, channels=[everybody], groups=rooms, messages={"general": general, **asks})
    return Sources(export)


def before(**span: int) -> str:
    """A Slack ts so long ago."""
    return f"{int((NOW - timedelta(**span)).timestamp())}.000100"


def begin(desk: Desk, *who: str) -> None:
    """Nights of some people, as the clock begins them; nobody wakes up for a while."""
    now = datetime.now(UTC)
    wakes = now + timedelta(hours=8)
    owed = Morning(DAY, now, wakes, wakes + timedelta(hours=16))
    due = [nightfall.Beginning(known(desk, one).id, owed, "") for one in who]
    assert len(nightfall.begin(desk, due, now)) == len(who) and nightfall.begin(desk, due, now) == []


@contextmanager
def hands(database: Database, tmp_path: Path, **environ: str) -> Iterator[Nightdesk]:
    """The command on this database, with its keys."""
    yield Nightdesk(tmp_path, {**reaching(database, tmp_path), **environ})


@contextmanager
def working(command: Nightdesk, count: int = 1) -> Iterator[list["subprocess.Popen[str]"]]:
    started = [command.start("worker") for _ in range(count)]
    try:
        yield started
    finally:
        for one in started:
            if one.poll() is None:
                one.send_signal(signal.SIGCONT)
                one.kill()
            one.communicate()


def rows(desk: Desk, query: str) -> list[Row]:
    with desk.store.pool.connection() as connection:
        return connection.execute(query.encode()).fetchall()


def states(desk: Desk) -> list[str]:
    return [row["state"] for row in rows(desk, "select state from nightdesk.night order by person_id")]


def held(desk: Desk) -> list[str]:
    """Tasks that some worker has in hand."""
    return [
        row["task_name"]
        for row in rows(desk, "select task_name from procrastinate_jobs where status = 'doing' order by id")
    ]


def waiting(desk: Desk) -> list[str]:
    """Tasks that nobody has in hand."""
    return [
        row["task_name"]
        for row in rows(desk, "select task_name from procrastinate_jobs where status = 'todo' order by id")
    ]


def fences(database: Database) -> dict[str, int]:
    """How often each run was taken."""
    with psycopg.connect(database.admin) as connection:
        return dict(connection.execute("select id, fence from nightdesk.run").fetchall())


def share(database: Database, tmp_path: Path, size: int) -> None:
    """Two workers do the nights of so many people."""
    with desk_over(database) as desk, hands(database, tmp_path) as command:
        imported(desk, company(tmp_path / "company", size))
        with working(command, 2):
            until(lambda: len(rows(desk, "select from procrastinate_workers")) == 4, PATIENCE)
            begin(desk, *(f"U{n:03d}" for n in range(size)))
            until(lambda: states(desk) == ["slept"] * size and waiting(desk) == held(desk) == [], 20.0 + 4 * size)
        assert rows(desk, "select from procrastinate_jobs where status = 'failed'") == []
        taken = fences(database)
        assert len([one for one in taken if one.endswith("/consolidate")]) == size + 1
        assert len([one for one in taken if one.endswith("/tasks")]) == size
        assert set(taken.values()) == {1}
        assert count(database, "nightdesk.digest") == size


def count(database: Database, table: str) -> int:
    with psycopg.connect(database.admin) as connection:
        row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_two_workers_share_the_nights_of_eight_people_and_none_is_done_twice(
    database: Database, tmp_path: Path
) -> None:
    share(database, tmp_path, 8)


@pytest.mark.night
@pytest.mark.timeout(600)
def test_two_workers_share_the_nights_of_fifty_people_and_none_is_done_twice(
    database: Database, tmp_path: Path
) -> None:
    share(database, tmp_path, 50)


# --- a worker that is away ------------------------------------------------------------------------


@dataclass
class Gate:
    """Holds the first request that reaches the model until it is opened."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with model_serving() as server:
        yield helpful(server)


@pytest.fixture
def gate(model: ModelServer) -> Iterator[Gate]:
    gate = Gate()
    [(pattern, answer)] = model.script
    assert callable(answer)

    def held(body: Any) -> str:
        if not gate.reached.is_set():
            gate.reached.set()
            gate.opened.wait(PATIENCE)
        return answer(body)

    model.script[:] = [(pattern, held)]
    yield gate
    gate.opened.set()


def test_a_worker_stopped_past_its_lease_writes_nothing_when_it_comes_back(
    database: Database, tmp_path: Path, model: ModelServer, gate: Gate
) -> None:
    with desk_over(database, model) as desk, hands(database, tmp_path, **model_settings(model)) as command:
        imported(desk, company(tmp_path / "company", 2))
        with working(command) as [first]:
            begin(desk, "U000")
            assert gate.reached.wait(PATIENCE)
            first.send_signal(signal.SIGSTOP)
            with working(command):
                until(lambda: states(desk) == ["slept"], PATIENCE)
                before = dump(database, leave_out=("secret", "spend"))
                gate.opened.set()
                first.send_signal(signal.SIGCONT)
                first.send_signal(signal.SIGTERM)
                _, err = first.communicate(timeout=PATIENCE)
        assert first.returncode == 0 and "a job was taken over by another worker" in err
        assert dump(database, leave_out=("secret", "spend")) == before
        taken = fences(database)
        assert max(taken.values()) == 2 and set(taken.values()) <= {1, 2}


def test_the_work_of_a_worker_killed_in_the_middle_is_done_by_another(
    database: Database, tmp_path: Path, model: ModelServer, gate: Gate
) -> None:
    with desk_over(database, model) as desk, hands(database, tmp_path, **model_settings(model)) as command:
        imported(desk, company(tmp_path / "company", 2))
        with working(command) as [first]:
            begin(desk, "U000")
            assert gate.reached.wait(PATIENCE)
            first.kill()
            with working(command):
                until(lambda: states(desk) == ["slept"], PATIENCE)
        assert count(database, "nightdesk.digest") == 1


def test_a_last_job_that_takes_longer_than_a_lease_is_taken_over_by_nobody(
    database: Database, tmp_path: Path, model: ModelServer, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing more is to be taken by then: `nightdesk night` and the demo have a worker for each stage of the night."""
    monkeypatch.setattr(workers, "STALLED", 1.0)
    monkeypatch.setattr(workers, "HEARTBEAT", 0.1)
    with desk_over(database, model) as desk, ThreadPoolExecutor(1) as beside:
        imported(desk, company(tmp_path / "company", 1))
        night = beside.submit(sleep, desk, database, "U000", DAY)
        assert gate.reached.wait(PATIENCE)
        until(lambda: rows(desk, THREE_LEASES) or held(desk) == [], PATIENCE)
        gate.opened.set()
        night.result(PATIENCE)
        assert set(fences(database).values()) == {1} and waiting(desk) == held(desk) == []


THREE_LEASES = """
select from procrastinate_jobs job join procrastinate_events event on event.job_id = job.id and event.type = 'started'
where job.status = 'doing' and event.at < now() - interval '3 s'
"""


def test_a_worker_told_to_end_finishes_what_it_has_in_hand_and_takes_nothing_more(
    database: Database, tmp_path: Path, model: ModelServer, gate: Gate
) -> None:
    with desk_over(database, model) as desk, hands(database, tmp_path, **model_settings(model)) as command:
        imported(desk, company(tmp_path / "company", 2))
        with working(command) as [first]:
            begin(desk, "U000")
            assert gate.reached.wait(PATIENCE)
            had = held(desk)
            first.send_signal(signal.SIGTERM)
            until(lambda: rows(desk, "select from procrastinate_jobs where status = 'todo'"), PATIENCE)
            gate.opened.set()
            _, err = first.communicate(timeout=PATIENCE)
        assert (first.returncode, "Nightdesk is down." in err) == (0, True)
        assert had and held(desk) == [] and states(desk) == ["begun"]
        assert set(waiting(desk)) == {"conclude", "learn", "anticipate", "sleep"}


@pytest.mark.night
def test_a_worker_told_to_end_gives_back_what_does_not_end_in_time(
    database: Database, tmp_path: Path, model: ModelServer, gate: Gate
) -> None:
    with desk_over(database, model) as desk, hands(database, tmp_path, **model_settings(model)) as command:
        imported(desk, company(tmp_path / "company", 2))
        with working(command) as [first]:
            begin(desk, "U000")
            assert gate.reached.wait(PATIENCE)
            first.send_signal(signal.SIGTERM)
            _, err = first.communicate(timeout=workers.GRACE + 40)
        assert first.returncode == 0 and "a job goes back to the queue" in err
        assert "consolidate" in waiting(desk) and held(desk) == []
        with working(command):
            until(lambda: states(desk) == ["slept"], PATIENCE)


# --- a database that is away ----------------------------------------------------------------------


def test_a_database_that_dies_in_the_middle_is_started_again_and_the_night_ends_as_it_would_have(
    tmp_path: Path, model: ModelServer, gate: Gate
) -> None:
    with new_home() as place, app.database(settings.load(place, {}), place) as database:
        command = Nightdesk(place, model_settings(model))
        with app.desk(settings.load(place, model_settings(model)), database) as desk:
            imported(desk, company(tmp_path / "company", 2))
            with working(command):
                begin(desk, "U000")
                assert gate.reached.wait(PATIENCE)
                [pid, *_] = (place / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
                os.kill(int(pid), signal.SIGQUIT)
                gate.opened.set()
                until(lambda: slept_by_now(desk), PATIENCE)
            with psycopg.connect(database.dsn) as connection:
                failed = connection.execute(
                    "select count(*) from procrastinate_jobs where status = 'failed'"
                ).fetchone()
            assert failed == (0,)
            owner = begin_owner(desk, known(desk, "U000").id)
            with owner.begin() as tx:
                found = kept.digest(tx, owner.scope, DAY)
            assert found is not None and "label 0" in str(found)


def slept_by_now(desk: Desk) -> bool:
    try:
        return states(desk) == ["slept"]
    except (psycopg.OperationalError, PoolTimeout):
        return False  # it is being started


# --- jobs that cannot end -------------------------------------------------------------------------


def test_a_job_that_kills_every_worker_ends_as_failed_and_one_that_lost_a_few_goes_on(
    database: Database,
) -> None:
    with desk_over(database) as desk:
        with desk.store.directory() as tx:
            for name in ("poison", "unlucky"):
                queue.defer(tx, queue.Job("consolidate", queue.READ, {"scope": 1, "date_": name, "now": ""}, once=name))
        with desk.store.pool.connection() as connection:
            for attempts, name in ((jobs.ATTEMPTS + workers.CRASHES, "poison"), (1, "unlucky")):
                connection.execute(
                    "update procrastinate_jobs set status = 'doing', attempts = %s where queueing_lock = %s",
                    (attempts, name),
                )
        run(desk, lambda queue: workers.take_over(queue, 0))
        found = rows(desk, "select queueing_lock, status::text from procrastinate_jobs order by 1")
        assert [tuple(row.values()) for row in found] == [("poison", "failed"), ("unlucky", "todo")]


def test_who_waits_for_an_answer_that_killed_every_worker_is_told_and_who_waits_on_is_not(database: Database) -> None:
    with desk_over(database) as desk:
        with desk.store.directory() as tx:
            for name in ("1.1", "1.2"):
                asked: dict[str, queue.Argument] = {"channel": "C1", "ts": name}
                queue.defer(tx, queue.Job("answer", queue.LIVE, asked, lock=f"C1/{name}", priority=100))
        with desk.store.pool.connection() as connection:
            for attempts, name in ((jobs.PATIENT + workers.CRASHES, "1.1"), (1, "1.2")):
                connection.execute(
                    "update procrastinate_jobs set status = 'doing', attempts = %s where args ->> 'ts' = %s",
                    (attempts, name),
                )
        run(desk, lambda queue: workers.take_over(queue, 0))
        [ended] = rows(desk, "select id from procrastinate_jobs where status = 'failed'")
        found = rows(desk, "select args, lock, priority from procrastinate_jobs where task_name = 'give_up'")
        told = {"channel": "C1", "ts": "1.1", "reference": workers.reference(ended["id"])}
        assert found == [{"args": told, "lock": "C1/1.1", "priority": 100}]


def test_a_job_that_has_to_be_tried_again_while_the_same_waits_makes_way_for_it(database: Database) -> None:
    with desk_over(database) as desk:
        job = queue.Job("consolidate", queue.READ, {"scope": 1, "date_": "x", "now": ""}, lock="a/1", once="a/1")
        with desk.store.directory() as tx:
            queue.defer(tx, job)
        with desk.store.pool.connection() as connection:
            connection.execute("update procrastinate_jobs set status = 'doing'")
        with desk.store.directory() as tx:
            queue.defer(tx, job)
        run(desk, lambda queue: workers.take_over(queue, 0))
        assert [row["status"] for row in rows(desk, "select status::text from procrastinate_jobs")] == ["todo"]


def run(desk: Desk, act: Callable[[procrastinate.App], Coroutine[Any, Any, None]]) -> None:
    async def all_of_it() -> None:
        made = jobs.build(str(desk.store.pool.conninfo), lambda: desk)
        made.job_manager = workers.Held(made.connector)
        async with made.open_async():
            await act(made)

    asyncio.run(all_of_it())


def test_whoever_hangs_within_a_transaction_keeps_its_locks_from_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "HUNG_SECONDS", 1)
    with desk_over(database) as desk, pytest.raises(Later), desk.store.directory() as tx:
        people.set_workspace(tx, "T1")
        with desk.store.directory() as other:
            people.set_workspace(other, "T2")  # waits for the first to commit, or to be gone
        people.set_workspace(tx, "T1")
    assert team_of(database) == "T2"


@pytest.mark.parametrize("sent", ["some", "all"])
def test_whoever_was_stopped_where_several_statements_go_in_one_keeps_its_locks_from_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    monkeypatch.setattr(db, "HUNG_SECONDS", 1)

    def claims(desk: Desk) -> Iterator[Row]:
        yield {"team": "T1", "name": "", "domain": ""}
        if sent == "some":
            claim_beside_a_reaper(desk, "T2")
        yield {"team": "T1", "name": "", "domain": ""}

    with desk_over(database) as desk, pytest.raises(Later), desk.store.directory() as tx:
        tx.connection.cursor().executemany(db.queries()["set_workspace"].encode(), claims(desk))
        if sent == "all":
            claim_beside_a_reaper(desk, "T2")
        people.set_workspace(tx, "T1")
    assert team_of(database) == "T2"


def test_whoever_was_stopped_before_it_took_a_result_keeps_its_locks_from_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "HUNG_SECONDS", 1)
    with desk_over(database) as desk, pytest.raises(Later), desk.store.directory() as tx:
        people.set_workspace(tx, "T1")
        tx.connection.pgconn.send_query(b"select repeat('x', 1000) from generate_series(1, 100000)")
        claim_beside_a_reaper(desk, "T2")
        people.set_workspace(tx, "T1")
    assert team_of(database) == "T2"


def test_whoever_keeps_a_lock_for_a_moment_is_left_alone(database: Database) -> None:
    with desk_over(database) as desk, desk.store.directory() as tx:
        people.set_workspace(tx, "T1")
        other = threading.Thread(target=claim, args=(desk, "T2"))
        other.start()
        until(lambda: rows(desk, "select from pg_stat_activity where wait_event_type = 'Lock'"))
        run(desk, workers.end_hung)
        people.set_workspace(tx, "T1")
    other.join()
    assert team_of(database) == "T1"


def claim(desk: Desk, team: str) -> None:
    with desk.store.directory() as tx:
        people.set_workspace(tx, team)


def claim_beside_a_reaper(desk: Desk, team: str) -> None:
    """Comes back when the claim is made, or fails."""
    other = threading.Thread(target=claim, args=(desk, team))
    other.start()

    def is_over() -> bool:
        run(desk, workers.end_hung)
        return not other.is_alive()

    until(is_over)


def team_of(database: Database) -> str:
    with psycopg.connect(database.admin) as connection:
        row = connection.execute("select team from nightdesk.workspace").fetchone()
    assert row is not None
    return str(row[0])

"""What the store says of its own health."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.store import health
from bot.store.db import Store, open_pool
from tests.servers.postgres import SECRET, Database

SILENT = 30.0


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    pool = open_pool(database.app, 2)
    yield Store(pool, SECRET)
    pool.close()


def test_the_server_and_its_migrations_are_known_to_the_applications_role(store: Store) -> None:
    with store.directory() as tx:
        server = health.server(tx)
        assert health.unapplied(tx) == []
    assert server.version >= 150000
    assert server.role == "nightdesk_app"
    assert abs(server.clock - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_migration_that_is_lacking_or_from_a_newer_version_is_named(store: Store, database: Database) -> None:
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("delete from public.schema_migration where name = '0001_people_and_scopes.sql'")
        admin.execute("insert into public.schema_migration values ('nightdesk', '9999_later.sql', '')")
    with store.directory() as tx:
        assert health.unapplied(tx) == ["0001_people_and_scopes.sql", "newer: 9999_later.sql"]


def test_another_key_ring_is_noticed(store: Store) -> None:
    with store.as_readers_of(1) as tx:
        assert health.audience(tx) == "c:1"
    with Store(store.pool, b"a key of another home").as_readers_of(1) as tx:
        assert health.audience(tx) is None


def test_a_silent_worker_and_its_job_are_told_from_those_that_work(store: Store, database: Database) -> None:
    with store.directory() as tx:
        assert health.queue(tx, SILENT) == health.Queue(0, 0, 0.0, 0, 0)
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("insert into procrastinate_workers (last_heartbeat) values (now()), (now() - interval '1 hour')")
        for status, worker in (("doing", 1), ("doing", 2), ("todo", None), ("todo", None), ("failed", None)):
            admin.execute(
                "insert into procrastinate_jobs (queue_name, task_name, status, worker_id) values ('live', 'answer', %s, %s)",
                (status, worker),
            )
        admin.execute("update procrastinate_jobs set scheduled_at = now() + interval '1 hour' where id = 4")
        admin.execute("update procrastinate_jobs set scheduled_at = now() - interval '1 minute' where id = 3")
        admin.execute("insert into procrastinate_events (job_id, type) values (5, 'failed')")
        admin.execute("update procrastinate_events set at = now() - interval '2 minutes' where job_id = 3")
    with store.directory() as tx:
        found = health.queue(tx, SILENT)
    assert (found.workers, found.due, found.stalled, found.failed) == (1, 1, 1, 1)
    assert 59 < found.oldest < 90


def test_events_that_wait_and_those_put_aside_are_counted(store: Store, database: Database) -> None:
    with store.directory() as tx:
        assert health.events(tx) == health.Events(None, 0, 0.0, 0)
        assert health.slow_channels(tx) == (0, 0)
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute(
            "insert into nightdesk.slack_event (key, kind, received_at, handled_at, problem) values"
            " ('E1', 'message', now() - interval '1 hour', now(), ''), ('E2', 'message', now() - interval '1 minute', null, ''),"
            " ('E3', 'message', now() - interval '1 day', null, 'crashed twice')"
        )
        admin.execute("insert into nightdesk.slack_cursor (channel, slow) values ('C1', true), ('C2', false)")
    with store.directory() as tx:
        found = health.events(tx)
        assert health.slow_channels(tx) == (1, 2)
    assert (found.waiting, found.aside) == (1, 1)
    assert 59 < found.oldest < 90
    assert found.last is not None

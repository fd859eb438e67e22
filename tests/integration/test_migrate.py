"""Migrations under kill -9, three at once and changed files; what the application's role may do; backups."""

import hashlib
import hmac
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from bot.embedded.postgres import ADMIN, OWNER, Server, running
from bot.store.backup import backup, restore
from bot.store.migrate import check_role, ensure_role, migrate, store_secret
from graphs.errors import Later, NeedsPerson
from tests.servers.postgres import APP_ROLE, SECRET, Database, database, new_database, postgres, template

__all__ = ["database", "postgres", "template"]

FIRST = """
create schema if not exists nightdesk;
create table nightdesk.secret ("only" boolean primary key, inner_pad bytea not null, outer_pad bytea not null);
create table nightdesk.note (id serial primary key, scope_id int not null, text text not null);
alter table nightdesk.note enable row level security;
alter table nightdesk.note force row level security;
create policy owner_all on nightdesk.note to current_user using (true) with check (true);
create policy one on nightdesk.note to public using (scope_id = 1) with check (scope_id = 1);
set search_path = nightdesk;
"""
SECOND = "alter table nightdesk.note add column at timestamptz; lock table nightdesk.note;"
PROCESS = """
import sys
from pathlib import Path
from bot.store.migrate import migrate
print(*migrate(sys.argv[1], "nightdesk_app", b"key", schema=Path(sys.argv[2])), sep=",")
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A directory with one migration."""
    directory = tmp_path / "schema"
    directory.mkdir()
    (directory / "0001_first.sql").write_text(FIRST)
    return directory


@pytest.fixture
def blank(postgres: Server) -> Iterator[Database]:
    """A database in which nothing was migrated."""
    with new_database(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def first(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Template that has the first migration."""
    directory = tmp_path_factory.mktemp("schema")
    (directory / "0001_first.sql").write_text(FIRST)
    with new_database(postgres) as made:
        migrate(made.owner, APP_ROLE, SECRET, schema=directory)
        yield made.name


@pytest.fixture
def noted(postgres: Server, first: str) -> Iterator[Database]:
    """A database with the first migration and two notes, one of which the application may read."""
    with new_database(postgres, first) as made:
        with psycopg.connect(made.owner) as owner:
            owner.execute("insert into nightdesk.note (scope_id, text) values (1, 'open'), (2, 'closed')")
        yield made


def migrating(database: Database, schema: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROCESS, database.owner, str(schema)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def named_role(dsn: str, options: LiteralString) -> str:
    """A role of this test's own; roles belong to the whole server."""
    name = f"r_{uuid.uuid4().hex}"
    with psycopg.connect(dsn) as admin:
        admin.execute(sql.SQL("create role {} with {}").format(sql.Identifier(name), sql.SQL(options)))
    return name


def test_a_second_migration_finds_nothing_to_do(blank: Database, schema: Path) -> None:
    applied = migrate(blank.owner, APP_ROLE, SECRET, schema=schema)
    assert applied[-1] == "0001_first.sql"
    assert len(applied) == 3
    assert migrate(blank.owner, APP_ROLE, SECRET, schema=schema) == []


def test_three_migrations_at_once_apply_each_file_once(blank: Database, schema: Path) -> None:
    three = [migrating(blank, schema) for _ in range(3)]
    applied = [process.communicate(timeout=60)[0].strip() for process in three]

    assert [process.returncode for process in three] == [0, 0, 0]
    assert sorted(map(bool, applied)) == [False, False, True]
    assert max(applied).endswith("0001_first.sql")


def test_a_migration_that_was_killed_is_completed_by_the_next(noted: Database, schema: Path) -> None:
    (schema / "0002_second.sql").write_text(SECOND)
    with psycopg.connect(noted.admin) as reader, psycopg.connect(noted.admin, autocommit=True) as observer:
        reader.execute("select from nightdesk.note")
        process = migrating(noted, schema)
        waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        until(lambda: observer.execute(waiting).fetchone() is not None)
        process.kill()
        process.communicate()

    assert migrate(noted.owner, APP_ROLE, SECRET, schema=schema) == ["0002_second.sql"]
    with psycopg.connect(noted.owner) as owner:
        assert owner.execute("select text, at from nightdesk.note order by id").fetchall() == [
            ("open", None),
            ("closed", None),
        ]


def test_a_file_that_fails_leaves_nothing_and_is_named(noted: Database, schema: Path) -> None:
    (schema / "0002_second.sql").write_text("create table nightdesk.half (x int); select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero) as failed:
        migrate(noted.owner, APP_ROLE, SECRET, schema=schema)
    assert failed.value.__notes__ == ["in migration 0002_second.sql"]

    (schema / "0002_second.sql").write_text("create table nightdesk.half (x int);")
    assert migrate(noted.owner, APP_ROLE, SECRET, schema=schema) == ["0002_second.sql"]


def test_an_applied_file_may_not_change(noted: Database, schema: Path) -> None:
    (schema / "0001_first.sql").write_text(FIRST + "-- and more\n")
    (schema / "0002_second.sql").write_text(SECOND)
    with pytest.raises(NeedsPerson, match=r"0001_first\.sql was changed after it was applied"):
        migrate(noted.owner, APP_ROLE, SECRET, schema=schema)

    (schema / "0001_first.sql").write_text(FIRST)
    assert migrate(noted.owner, APP_ROLE, SECRET, schema=schema) == ["0002_second.sql"]


def test_a_database_of_a_newer_version_is_left_alone(noted: Database, schema: Path) -> None:
    (schema / "0002_second.sql").write_text(SECOND)
    migrate(noted.owner, APP_ROLE, SECRET, schema=schema)
    (schema / "0002_second.sql").unlink()
    with pytest.raises(NeedsPerson, match=r"newer version of nightdesk \(0002_second\.sql\)"):
        migrate(noted.owner, APP_ROLE, b"another key", schema=schema)
    with psycopg.connect(noted.owner) as owner:
        assert owner.execute("select inner_pad from nightdesk.secret").fetchone() == (pads(SECRET)[0],)


def test_the_queue_of_another_program_is_refused(blank: Database, schema: Path) -> None:
    with psycopg.connect(blank.owner) as owner:
        owner.execute("create table procrastinate_jobs (id int)")
    with pytest.raises(NeedsPerson, match="give nightdesk a database of its own"):
        migrate(blank.owner, APP_ROLE, SECRET, schema=schema)


def test_langgraph_finds_its_tables_complete(noted: Database) -> None:
    from langgraph.checkpoint.postgres import PostgresSaver

    with PostgresSaver.from_conn_string(noted.owner) as saver:
        saver.setup()
    with psycopg.connect(noted.owner) as owner:
        assert owner.execute("select count(*) from pg_indexes where tablename like 'checkpoint%'").fetchone() == (7,)
        assert owner.execute("select count(*) from pg_index where not indisvalid").fetchone() == (0,)


def test_a_role_without_rights_and_a_server_that_is_away_are_told(postgres: Server, blank: Database) -> None:
    stranger = named_role(blank.admin, "login")
    with pytest.raises(NeedsPerson, match="may not migrate: permission denied for schema public"):
        migrate(postgres.dsn(stranger, blank.name), APP_ROLE, SECRET)
    with pytest.raises(NeedsPerson, match=r"database .* does not exist"):
        migrate(postgres.dsn(OWNER, "nowhere"), APP_ROLE, SECRET)
    with pytest.raises(Later, match="cannot be opened"):
        migrate("postgresql://nobody@/nowhere?host=/nowhere", APP_ROLE, SECRET)


def test_the_application_may_work_and_no_more(noted: Database) -> None:
    with psycopg.connect(noted.app, autocommit=True) as app:
        assert app.execute("select text from nightdesk.note").fetchall() == [("open",)]
        app.execute("insert into nightdesk.note (scope_id, text) values (1, 'mine')")
        app.execute("insert into procrastinate_jobs (queue_name, task_name) values ('q', 't')")
        app.execute("insert into checkpoint_blobs (thread_id, channel, version, type) values ('t', 'c', 'v', 'null')")
        assert app.execute("select count(*) from procrastinate_jobs").fetchone() == (1,)
        for refused in (
            "insert into nightdesk.note (scope_id, text) values (2, 'theirs')",
            "select inner_pad from nightdesk.secret",
            "truncate nightdesk.note",
            "alter table nightdesk.note no force row level security",
            "create table nightdesk.mine (x int)",
            "create table public.mine (x int)",
            "delete from public.schema_migration",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(refused.encode())


def test_the_application_role_is_made_once_with_a_password_nobody_can_log(blank: Database) -> None:
    name = f"r_{uuid.uuid4().hex}"
    with psycopg.connect(blank.owner, autocommit=True) as owner:
        ensure_role(owner, name, "pass'word")
        ensure_role(owner, name, "another")
    with psycopg.connect(blank.admin) as admin:
        stored = admin.execute("select rolpassword from pg_authid where rolname = %s", (name,)).fetchone()
        assert stored and stored[0].startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("power", ["login superuser", "login bypassrls", "nologin"])
def test_an_unfit_application_role_is_refused_before_anything_is_migrated(
    blank: Database, schema: Path, power: str
) -> None:
    role = named_role(blank.admin, power)
    with pytest.raises(NeedsPerson, match=f"Role {role}"):
        migrate(blank.owner, role, SECRET, schema=schema)
    with psycopg.connect(blank.owner) as owner:
        assert owner.execute("select count(*) from schema_migration").fetchone() == (0,)


def test_the_owner_cannot_be_the_application(blank: Database, schema: Path) -> None:
    with pytest.raises(NeedsPerson, match=f"Role {OWNER} reads past"):
        migrate(blank.owner, OWNER, SECRET, schema=schema)


def test_the_service_runs_as_an_ordinary_role_alone(postgres: Server, noted: Database) -> None:
    """Promise S3, each refusal beside the role that may."""
    refused = {
        ADMIN: "a superuser",
        OWNER: r"owns nightdesk\.",
        named_role(noted.admin, "login bypassrls"): "BYPASSRLS",
        named_role(noted.admin, f"login in role {ADMIN}"): "can become, role postgres",
        named_role(noted.admin, f"login noinherit in role {OWNER}"): r"owns nightdesk\.",
    }
    with psycopg.connect(noted.app) as app:
        check_role(app)
    for role, reason in refused.items():
        with psycopg.connect(postgres.dsn(role, noted.name)) as connection, pytest.raises(NeedsPerson, match=reason):
            check_role(connection)
    with psycopg.connect(postgres.dsn(ADMIN, noted.name)) as disguised:
        disguised.execute(sql.SQL("set role {}").format(sql.Identifier(APP_ROLE)))
        with pytest.raises(NeedsPerson, match="a superuser"):
            check_role(disguised)


@pytest.mark.parametrize(
    ("hole", "cure"),
    [
        ("alter table note no force row level security", "alter table note force row level security"),
        ("alter table note disable row level security", "alter table note enable row level security"),
        ("create view v as select * from note", "alter view v set (security_invoker = true)"),
        ("create materialized view m as select * from note", "drop materialized view m"),
    ],
)
def test_the_service_refuses_content_outside_row_level_security(noted: Database, hole: str, cure: str) -> None:
    """Promise S3."""
    with psycopg.connect(noted.app, autocommit=True) as app, psycopg.connect(noted.owner, autocommit=True) as owner:
        owner.execute("set search_path = nightdesk")
        owner.execute(hole.encode())
        with pytest.raises(NeedsPerson, match=r"nightdesk\.\w+ holds content without forced row-level security"):
            check_role(app)
        owner.execute(cure.encode())
        check_role(app)


def pads(key: bytes) -> tuple[bytes, bytes]:
    padded = key.ljust(64, b"\0")
    return bytes(x ^ 0x36 for x in padded), bytes(x ^ 0x5C for x in padded)


@pytest.mark.parametrize("length", [1, 32, 64, 65, 200])
def test_stored_pads_sign_like_hmac(noted: Database, length: int) -> None:
    key = bytes(range(length))
    with psycopg.connect(noted.owner) as owner:
        store_secret(owner, b"an older key")
        store_secret(owner, key)
        query = "select sha256(outer_pad || sha256(inner_pad || 'u:1|99')) from nightdesk.secret"
        assert owner.execute(query).fetchall() == [(hmac.digest(key, b"u:1|99", hashlib.sha256),)]


def test_a_backup_restored_into_a_new_home_has_the_same_rows(
    postgres: Server, noted: Database, schema: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "nightdesk.dump"
    with psycopg.connect(noted.app) as app:
        app.execute("insert into procrastinate_jobs (queue_name, task_name) values ('q', 't')")

    backup(postgres.home.binaries, noted.admin, archive)
    assert archive.stat().st_mode & 0o777 == 0o600

    with tempfile.TemporaryDirectory(prefix="nd-") as root, running(Path(root), durable=False) as new:
        restore(new.home.binaries, new.dsn(ADMIN), archive, APP_ROLE)

        for table in ("nightdesk.note", "procrastinate_jobs", "schema_migration", "checkpoint_migrations"):
            rows = sql.SQL("select t::text from {} t order by 1").format(sql.Identifier(*table.split(".")))
            with psycopg.connect(noted.admin) as before, psycopg.connect(new.dsn(ADMIN)) as after:
                assert after.execute(rows).fetchall() == before.execute(rows).fetchall() != []
        with psycopg.connect(new.dsn(ADMIN)) as admin:
            assert admin.execute("select from nightdesk.secret").fetchall() == []

        assert migrate(new.dsn(OWNER), APP_ROLE, b"of the key ring", schema=schema) == []
        with psycopg.connect(new.dsn(APP_ROLE)) as app:
            check_role(app)
            assert app.execute("select text from nightdesk.note").fetchall() == [("open",)]
            app.execute("insert into nightdesk.note (scope_id, text) values (1, 'after')")


def test_a_backup_is_whole_or_refused(postgres: Server, noted: Database, tmp_path: Path) -> None:
    archive = tmp_path / "nightdesk.dump"
    binaries = postgres.home.binaries
    with pytest.raises(NeedsPerson, match="cannot read every row"):
        backup(binaries, noted.owner, archive)
    assert list(tmp_path.iterdir()) == []

    backup(binaries, noted.admin, archive)
    with pytest.raises(NeedsPerson, match="not empty"):
        restore(binaries, noted.admin, archive, APP_ROLE)
    with pytest.raises(NeedsPerson, match="There is no backup"):
        restore(binaries, noted.admin, tmp_path / "missing", APP_ROLE)
    with pytest.raises(NeedsPerson, match="cannot be written"):
        backup(binaries, noted.admin, tmp_path / "missing" / "nightdesk.dump")


def test_each_test_has_a_migrated_database_of_its_own(database: Database) -> None:
    with psycopg.connect(database.app) as app:
        check_role(app)
        assert app.execute("select count(*) from nightdesk.scope").fetchone() == (1,)

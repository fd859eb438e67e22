"""What the compose file makes of an empty Postgres is what `nightdesk migrate` needs."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
import pytest

from bot.embedded.postgres import ADMIN, DATABASE, OWNER, Server, running
from bot.store.migrate import check_role, migrate
from tests.house.repo import ROOT
from tests.servers.postgres import APP_ROLE, SECRET


@pytest.fixture
def empty() -> Iterator[Server]:
    """A server as the postgres image starts it: a superuser, and nothing of ours."""
    with (
        tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as root,
        running(Path(root), durable=False) as server,
    ):
        _drop(server, OWNER)
        yield server


def _drop(server: Server, *roles: str) -> None:
    with psycopg.connect(server.dsn(ADMIN, "postgres"), autocommit=True) as admin:
        admin.execute(f"drop database {DATABASE}".encode())
        for role in roles:
            admin.execute(f"drop role {role}".encode())


def _environ(server: Server) -> dict[str, str]:
    """With which PostgreSQL's programs reach the server as its superuser."""
    with psycopg.connect(server.dsn(ADMIN, "postgres")) as admin:
        where = admin.info
        programs = f"{server.home.binaries}:{os.environ['PATH']}"
        return {"PATH": programs, "PGHOST": where.host, "PGPORT": str(where.port), "PGUSER": where.user}


def _init(empty: Server) -> None:
    """As the image does it, once."""
    environ = _environ(empty) | {"OWNER_PASSWORD": "it's a pass word"}
    script = ROOT / "infra" / "postgres-init.sh"
    run = subprocess.run(["sh", str(script)], env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_an_empty_postgres_gets_an_owner_who_can_migrate_and_is_no_superuser(empty: Server) -> None:
    _init(empty)
    assert migrate(empty.dsn(OWNER), APP_ROLE, SECRET)
    with psycopg.connect(empty.dsn(APP_ROLE)) as app:
        check_role(app)
    with psycopg.connect(empty.dsn(ADMIN), autocommit=True) as admin:
        powers = admin.execute("select rolsuper, rolbypassrls from pg_roles where rolname = %s", (OWNER,)).fetchone()
        assert powers == (False, False)
        assert admin.execute("select count(*) from pg_extension where extname = 'vector'").fetchone() == (1,)


def test_a_backup_of_the_composed_database_goes_back_into_a_new_one_and_the_application_logs_in(
    empty: Server, tmp_path: Path
) -> None:
    """The commands of infra/BACKUP.md, without Docker around them."""
    options = dict(
        re.findall(r"\b(pg_dump|pg_restore) -U postgres ([^\n<>]+) [<>]", (ROOT / "infra" / "BACKUP.md").read_text())
    )
    archive = tmp_path / "nightdesk.dump"
    _init(empty)
    migrate(empty.dsn(OWNER), APP_ROLE, SECRET, app_password="first")
    with archive.open("wb") as written:
        _run(empty, ["pg_dump", *options["pg_dump"].split()], stdout=written)

    _drop(empty, APP_ROLE, OWNER)
    _init(empty)
    with psycopg.connect(empty.dsn(ADMIN), autocommit=True) as admin:
        admin.execute(f"create role {APP_ROLE} login password 'first'".encode())
    with archive.open("rb") as held:
        _run(empty, ["pg_restore", *options["pg_restore"].split()], stdin=held)

    assert migrate(empty.dsn(OWNER), APP_ROLE, SECRET, app_password="first") == []
    with psycopg.connect(empty.dsn(APP_ROLE)) as app:
        check_role(app)
    with psycopg.connect(empty.dsn(ADMIN)) as admin:
        assert admin.execute("select count(*) > 0 from nightdesk.secret").fetchone() == (True,)
        may = admin.execute(
            "select rolpassword like 'SCRAM%%' from pg_authid where rolname = %s", (APP_ROLE,)
        ).fetchone()
        assert may == (True,)


def _run(server: Server, words: list[str], stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
    program, environ = server.home.binaries / words[0], _environ(server)
    done = subprocess.run(
        [program, *words[1:]], env=environ, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    assert done.returncode == 0, done.stderr

"""What the compose file makes of an empty Postgres is what `nightdesk migrate` needs."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
        with psycopg.connect(server.dsn(ADMIN, "postgres"), autocommit=True) as admin:
            admin.execute(f"drop database {DATABASE}".encode())
            admin.execute(f"drop role {OWNER}".encode())
        yield server


def test_an_empty_postgres_gets_an_owner_who_can_migrate_and_is_no_superuser(empty: Server) -> None:
    with psycopg.connect(empty.dsn(ADMIN, "postgres")) as admin:
        where = admin.info
        environ = {
            "PATH": f"{empty.home.binaries}:{os.environ['PATH']}", "PGHOST": where.host, "PGPORT": str(where.port),
            "OWNER_PASSWORD": "it's a pass word",
        }  # fmt: skip
    script = ROOT / "infra" / "postgres-init.sh"
    run = subprocess.run(["sh", str(script)], env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert migrate(empty.dsn(OWNER), APP_ROLE, SECRET)
    with psycopg.connect(empty.dsn(APP_ROLE)) as app:
        check_role(app)
    with psycopg.connect(empty.dsn(ADMIN), autocommit=True) as admin:
        powers = admin.execute("select rolsuper, rolbypassrls from pg_roles where rolname = %s", (OWNER,)).fetchone()
        assert powers == (False, False)
        assert admin.execute("select count(*) from pg_extension where extname = 'vector'").fetchone() == (1,)

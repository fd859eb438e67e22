"""Throw-away PostgreSQL: a server for each pytest process, a migrated template, and a fresh database for each test."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.embedded.postgres import ADMIN, OWNER, Server, running
from bot.store.migrate import migrate

APP_ROLE = "nightdesk_app"
SECRET = b"the key of throw-away databases."


@dataclass(frozen=True)
class Database:
    """The same database as each of its roles."""

    name: str
    owner: str
    app: str
    admin: str  # superuser


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    # Not under tmp_path: the path of a socket is short. Each xdist worker has its own server, so a test may kill it.
    with (
        tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as root,
        running(Path(root), durable=False) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def template(postgres: Server) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to."""
    with new_database(postgres) as made:
        migrate(made.owner, APP_ROLE, SECRET)
        yield made.name


@pytest.fixture
def database(postgres: Server, template: str) -> Iterator[Database]:
    """A migrated database of this test's own."""
    with new_database(postgres, template) as made:
        yield made


@contextmanager
def new_database(server: Server, template: str = "template1", app_role: str = APP_ROLE) -> Iterator[Database]:
    """A copy of `template`, dropped afterwards even while somebody is connected."""
    name = f"t_{uuid.uuid4().hex}"
    words = "create database {} template {} owner {} strategy file_copy"
    with psycopg.connect(server.dsn(ADMIN, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL(words).format(*map(sql.Identifier, (name, template, OWNER))))
    try:
        yield Database(name, server.dsn(OWNER, name), server.dsn(app_role, name), server.dsn(ADMIN, name))
    finally:
        with psycopg.connect(server.dsn(ADMIN, "postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

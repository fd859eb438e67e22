"""Brings a database to this version: the queue's schema, the checkpoints' and ours, forward only.

Each file is one transaction together with its line in `public.schema_migration`, so a kill -9 loses a file or keeps it.
One process at a time migrates a database. Roles and rights are not recorded but made right at every call.
"""

import hashlib
import importlib.metadata
import importlib.resources
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from graphs.errors import Later, NeedsPerson

SCHEMA = Path(__file__).parent / "schema"
LOCK = 0x6E69676874
PATIENCE = 600.0  # seconds another process may take to migrate
OLDEST_SERVER = 150000
HMAC_BLOCK = 64  # bytes (RFC 2104, for SHA-256)
OURS, QUEUE, CHECKPOINTS = "nightdesk", "procrastinate", "langgraph-checkpoint-postgres"

LEDGER = """
create table if not exists public.schema_migration (
  origin text, name text, sha256 text not null, applied_at timestamptz not null default now(),
  primary key (origin, name))
"""

# The queue, the checkpoints and our tables, whatever they are called in this version. Never `truncate`, which row-level
# security does not hold back, and never the key that audience tokens are signed with.
GRANTS = r"""
select format('grant usage on schema %%s to %%I', nspname::regnamespace, %(role)s::text)
from pg_namespace where nspname in ('public', 'nightdesk')
union all
select format(case relkind when 'S' then 'grant usage, select on sequence %%s to %%I'
  else 'grant select, insert, update, delete on table %%s to %%I' end, oid::regclass, %(role)s::text)
from pg_class where relkind in ('r', 'p', 'v', 'S') and (
  relnamespace = to_regnamespace('nightdesk') and relname <> 'secret'
  or relnamespace = 'public'::regnamespace and (relname like 'procrastinate\_%%' or relname like 'checkpoint%%'))
union all
select format('grant execute on function %%s to %%I', oid::regprocedure, %(role)s::text)
from pg_proc where prokind = 'f' and pronamespace = 'public'::regnamespace and proname like 'procrastinate\_%%'
union all
select format('grant select on public.schema_migration to %%I', %(role)s::text)
"""

# `member` also counts what a role could become by `set role`; a superuser is a member of every role.
POWERS = """
select rolname, rolsuper, rolbypassrls from pg_roles
where (rolsuper or rolbypassrls)
  and (pg_has_role(current_user, oid, 'member') or pg_has_role(session_user, oid, 'member'))
order by rolsuper desc, rolname limit 1
"""
OWNED = """
select relname from pg_class
where relnamespace = to_regnamespace('nightdesk') and relkind in ('r', 'p', 'v', 'm', 'f')
  and (pg_has_role(current_user, relowner, 'member') or pg_has_role(session_user, relowner, 'member'))
order by relname limit 1
"""
# `member` says who reads a scope, and is read by the rule itself; what else names a scope is content.
# A view reads in its owner's name unless it says otherwise; materialized views and foreign tables know no such rule.
UNGUARDED = """
select relname from pg_class c
where relnamespace = to_regnamespace('nightdesk') and relkind in ('r', 'p', 'v', 'm', 'f') and relname <> 'member'
  and exists (select from pg_attribute where attrelid = c.oid and attname = 'scope_id' and not attisdropped)
  and not case when relkind in ('r', 'p') then relrowsecurity and relforcerowsecurity
    when relkind = 'v' then coalesce(reloptions && '{security_invoker=true,security_invoker=on}', false)
    else false end
order by relname limit 1
"""


@dataclass(frozen=True)
class File:
    """One migration; `name` sorts it within its origin."""

    origin: str
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(
    dsn_owner: str, app_role: str, secret: bytes, *, app_password: str | None = None, schema: Path = SCHEMA
) -> list[str]:
    """Names of what was applied, in order; empty when the database was up to date.

    `app_password` is used when the role is made, never to change it. Raises `NeedsPerson` when a person has to act,
    before anything was changed if the database is newer or a file was changed after it was applied; `Later` when the
    server does not answer or another process migrates for too long.
    """
    with _owner(dsn_owner) as connection, _alone(connection):
        connection.execute(LEDGER)
        known = {
            (origin, name): sha
            for origin, name, sha in connection.execute("select origin, name, sha256 from public.schema_migration")
        }
        files = _files(OURS, schema)
        _check_ours(known, files)
        ensure_role(connection, app_role, app_password)
        applied = [
            *_migrate_queue(connection, known),
            *_migrate_checkpoints(connection, known),
            *_apply(connection, known, files),
        ]
        with connection.transaction():
            for (grant,) in connection.execute(GRANTS, {"role": app_role}).fetchall():
                connection.execute(grant)
            store_secret(connection, secret)
        return applied


def ensure_role(connection: psycopg.Connection[Any], role: str, password: str | None = None) -> None:
    """The application's role can log in and has no power of its own. An existing one is checked and left as it is."""
    rows = connection.cursor(row_factory=tuple_row)
    found = rows.execute(
        "select rolcanlogin, rolsuper or rolbypassrls from pg_roles where rolname = %s", (role,)
    ).fetchone()
    if role == connection.info.user or (found and found[1]):
        raise NeedsPerson(
            f"Role {role} reads past row-level security: name an ordinary role in DATABASE_URL, not the owner."
        )
    if found and not found[0]:
        raise NeedsPerson(f"Role {role} may not log in: alter role {role} login")
    if not found:
        _create_role(connection, role, password)


def _create_role(connection: psycopg.Connection[Any], role: str, password: str | None) -> None:
    words = sql.SQL("create role {} login nosuperuser nobypassrls").format(sql.Identifier(role))
    if password is not None:
        # The hash and not the word: statements are logged and shown to others.
        scram = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        words += sql.SQL(" password {}").format(scram.decode())
    try:
        with connection.transaction():
            connection.execute(words)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # roles belong to the whole server: another database's migration was faster
    except psycopg.errors.InsufficientPrivilege as err:
        raise NeedsPerson(
            f"Role {connection.info.user} may not make roles: have an administrator run: create role {role} login"
        ) from err


def store_secret(connection: psycopg.Connection[Any], secret: bytes) -> None:
    """Keep the HMAC-SHA256 key of audience tokens as its two pads (RFC 2104): SQL knows sha256() and no HMAC."""
    key = hashlib.sha256(secret).digest() if len(secret) > HMAC_BLOCK else secret
    padded = key.ljust(HMAC_BLOCK, b"\0")
    connection.execute(
        'insert into nightdesk.secret ("only", inner_pad, outer_pad) values (true, %s, %s)'
        ' on conflict ("only") do update set inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad',
        (bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)),
    )


def check_role(connection: psycopg.Connection[Any]) -> None:
    """Raise `NeedsPerson` when this connection, or a table, would let reads past row-level security (promise S3)."""
    rows = connection.cursor(row_factory=tuple_row)
    if power := rows.execute(POWERS).fetchone():
        kind = "a superuser" if power[1] else "exempt from row-level security (BYPASSRLS)"
        raise NeedsPerson(
            f"The service is, or can become, role {power[0]}, {kind}: name an ordinary role in DATABASE_URL."
        )
    if owned := rows.execute(OWNED).fetchone():
        raise NeedsPerson(
            f"The role in DATABASE_URL owns nightdesk.{owned[0]}: the owner belongs in DATABASE_OWNER_URL alone."
        )
    if unguarded := rows.execute(UNGUARDED).fetchone():
        raise NeedsPerson(
            f"nightdesk.{unguarded[0]} holds content without forced row-level security: enable and force it."
        )


@contextmanager
def _owner(dsn: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of the owner; what Postgres refuses is told in a sentence."""
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as err:
        refused = re.search(r"authentication failed|does not exist|no pg_hba\.conf entry|permission denied", str(err))
        kind = NeedsPerson if refused else Later
        raise kind(f"The database cannot be opened as its owner: {str(err).splitlines()[0]}") from err
    with connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise NeedsPerson(
                f"The server is PostgreSQL {connection.info.server_version // 10000}: 15 or later is needed."
            )
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as err:
            told = f"Role {connection.info.user} may not migrate: {err.diag.message_primary}."
            raise NeedsPerson(f"{told} Make it the owner of database {connection.info.dbname}.") from err
        except (psycopg.errors.DiskFull, psycopg.errors.InsufficientResources) as err:
            raise NeedsPerson("The database has no room left: free disk space, then migrate again.") from err
        except psycopg.OperationalError as err:
            if not connection.closed:
                raise
            raise Later("The connection to the database was lost while it was migrated: migrate again.") from err


@contextmanager
def _alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """One migration at a time; the server lets go when the connection ends, whatever ended it."""
    deadline = time.monotonic() + PATIENCE
    # Polled: who waits inside pg_advisory_lock() holds a snapshot, and a concurrent index build waits for that.
    while connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise Later("Another process has been migrating this database for ten minutes.")
        time.sleep(0.1)
    yield


def _files(origin: str, directory: Path) -> list[File]:
    return [File(origin, path.name, path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.sql"))]


def _check_ours(known: dict[tuple[str, str], str], files: list[File]) -> None:
    """Refuse a database that this version did not make in this way."""
    newer = {name for origin, name in known if origin == OURS} - {file.name for file in files}
    if newer:
        raise NeedsPerson(
            f"The database was migrated by a newer version of nightdesk ({max(newer)}): install that version."
        )
    for file in files:
        if known.get((OURS, file.name), file.sha256) != file.sha256:
            raise NeedsPerson(
                f"{file.name} was changed after it was applied: restore the file and put the change into a new one."
            )


def _apply(connection: psycopg.Connection[Any], known: dict[tuple[str, str], str], files: list[File]) -> list[str]:
    new = [file for file in files if (file.origin, file.name) not in known]
    for file in new:
        with _one_step(connection, file.name):
            connection.execute(file.text.encode())
            _record(connection, file)
    return [file.name for file in new]


@contextmanager
def _one_step(connection: psycopg.Connection[Any], name: str) -> Iterator[None]:
    try:
        with connection.transaction():
            # A file that says `set search_path` must not move the tables of the next.
            connection.execute("set local search_path = public")
            yield
    except psycopg.Error as err:
        err.add_note(f"in migration {name}")
        raise


def _record(connection: psycopg.Connection[Any], file: File) -> None:
    connection.execute(
        "insert into public.schema_migration (origin, name, sha256) values (%s, %s, %s)",
        (file.origin, file.name, file.sha256),
    )


def _migrate_queue(connection: psycopg.Connection[Any], known: dict[tuple[str, str], str]) -> list[str]:
    """Procrastinate's tables: all at once where there are none, else the steps that are missing."""
    files = Path(str(importlib.resources.files("procrastinate"))) / "sql"
    steps = _files(QUEUE, files / "migrations")
    if any(origin == QUEUE for origin, _ in known):
        return _apply(connection, known, steps)
    if connection.execute("select to_regclass('public.procrastinate_jobs')").fetchone() != (None,):
        raise NeedsPerson(
            "This database already holds another program's procrastinate queue: give nightdesk a database of its own."
        )
    with _one_step(connection, "procrastinate/schema.sql"):
        connection.execute((files / "schema.sql").read_bytes())
        for step in steps:  # schema.sql is what they add up to
            _record(connection, step)
    return [f"{QUEUE} {importlib.metadata.version(QUEUE)}"]


def _migrate_checkpoints(connection: psycopg.Connection[Any], known: dict[tuple[str, str], str]) -> list[str]:
    """LangGraph's tables. Its own setup(), killed between two statements, leaves an invalid index for good."""
    version = importlib.metadata.version(CHECKPOINTS)
    if (CHECKPOINTS, version) in known:
        return []
    from langgraph.checkpoint.postgres.base import MIGRATIONS  # here, because the import takes a second of CPU

    with _one_step(connection, CHECKPOINTS):
        connection.execute(MIGRATIONS[0].encode())
        done = {number for (number,) in connection.execute("select v from checkpoint_migrations")}
        for number, text in enumerate(MIGRATIONS):
            if number not in done:
                # `concurrently` does not work in a transaction, and nobody else is at these tables now.
                connection.execute(re.sub(r"\bconcurrently\b", "", text, flags=re.IGNORECASE).encode())
                connection.execute("insert into checkpoint_migrations (v) values (%s)", (number,))
        _record(connection, File(CHECKPOINTS, version, "\n".join(MIGRATIONS)))
    return [f"{CHECKPOINTS} {version}"]

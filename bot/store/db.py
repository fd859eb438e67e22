"""The pool, transactions that name their audience, and named queries."""

import hashlib
import hmac
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from graphs.errors import Later, NeedsPerson, NotYet

Row = dict[str, Any]
CHECKED_FOR = 1.0
"""Seconds for which a connection that answered counts as sound."""

_LENT: WeakKeyDictionary[psycopg.Connection[Any] | psycopg.AsyncConnection[Any], float] = WeakKeyDictionary()

NO_ROOM = 60.0
"""Seconds between tries while the database's disk is full."""

TOKEN_SECONDS = 3600
"""A token outlives its transaction by no more than this; a stolen one soon reads nothing."""

HUNG_SECONDS = 20
"""Between two statements of one transaction nobody waits for anything but this machine."""


def sign(secret: bytes, audience: str, expires: int) -> str:
    """The token that `nightdesk.audience()` accepts until `expires` (Unix seconds)."""
    payload = f"{audience}|{expires}"
    return f"{payload}|{hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()}"


@cache
def queries() -> dict[str, str]:
    """Every named query of `sql/*.sql`; a name stands in one file only."""
    found: dict[str, str] = {}
    for path in sorted(files("bot.store").joinpath("sql").iterdir(), key=lambda p: p.name):
        for name, body in re.findall(r"^-- (\w+) --\n(.*?)(?=^-- \w+ --\n|\Z)", path.read_text(), re.M | re.S):
            if name in found:
                raise ValueError(f"query {name} is written twice")
            found[name] = body
    return found


@dataclass(frozen=True)
class Tx:
    """One open transaction. What it may see was fixed when it was opened."""

    connection: psycopg.Connection[DictRow]

    def all(self, query: str, **values: Any) -> list[Row]:
        """All rows of a named query."""
        return self.connection.execute(_sql(query), values).fetchall()

    def one(self, query: str, **values: Any) -> Row | None:
        """The first row of a named query, or None."""
        return self.connection.execute(_sql(query), values).fetchone()

    def run(self, query: str, **values: Any) -> int:
        """Runs a named query; returns how many rows it touched."""
        return self.connection.execute(_sql(query), values).rowcount

    def many(self, query: str, rows: Sequence[Row]) -> None:
        """Runs a named query once for each row, in one round trip."""
        if rows:
            self.connection.cursor().executemany(_sql(query), rows)


@cache
def _sql(name: str) -> bytes:
    return queries()[name].encode()


class Store:
    """Where the program keeps everything: transactions on one Postgres, each with the audience it was opened for."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[DictRow]], secret: bytes) -> None:
        self.pool = pool
        self._secret = secret

    def directory(self) -> AbstractContextManager[Tx]:
        """A transaction that reads and writes people, scopes and memberships, and sees no content."""
        return self._begin()

    def as_person(self, person_id: int) -> AbstractContextManager[Tx]:
        """A transaction that sees what a person may read alone, and writes only their own scope."""
        return self._begin(f"u:{person_id}")

    def as_readers_of(self, scope_id: int) -> AbstractContextManager[Tx]:
        """A transaction that sees what everybody in a channel may read, and writes nothing."""
        return self._begin(f"c:{scope_id}")

    def as_scope(self, scope_id: int) -> AbstractContextManager[Tx]:
        """A transaction that sees and writes one scope."""
        return self._begin(f"s:{scope_id}")

    @contextmanager
    def _begin(self, audience: str | None = None) -> Iterator[Tx]:
        with errors_sorted(), self.pool.connection() as connection:
            # What is begun here the pool commits, or rolls back after an error.
            connection.execute("begin", prepare=False)
            if audience is not None:
                token = sign(self._secret, audience, int(time.time()) + TOKEN_SECONDS)
                # Local to the transaction: a plain SET would go on to the pool's next borrower. As a parameter: other
                # sessions are shown our statements (pg_stat_activity), and logs keep them.
                connection.execute("select set_config('app.viewer', %s, true)", (token,))
            yield Tx(connection)


@contextmanager
def errors_sorted() -> Iterator[None]:
    """Translates what Postgres and the pool raise into what to do about it."""
    try:
        yield
    except (psycopg.errors.DiskFull, psycopg.errors.InsufficientResources) as err:
        # Nothing was written, so nothing is lost by waiting until somebody made room.
        raise NotYet("The database has no room left: free disk space, then it goes on.", NO_ROOM) from err
    except psycopg.errors.UndefinedTable as err:
        raise NeedsPerson("The database is older than this program: run `nightdesk migrate`.") from err
    except PoolTimeout as err:
        raise Later("The database did not answer in time.") from err
    except (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout) as err:
        raise Later("The database connection was lost.") from err


def tuned(dsn: str) -> str:
    """`dsn`, with the server ending whoever hangs within a transaction: a process that was stopped keeps no lock for good.

    Where the server does not count, as behind several statements that were sent in one go, the workers' reaper ends it.
    And it compiles no statement: ours are short, and a question would wait a second for what runs a millisecond.
    """
    hung = f"-c idle_in_transaction_session_timeout={HUNG_SECONDS}s"
    return make_conninfo(dsn, options=f"{_options(dsn)} {hung} -c jit=off".strip())


def _options(dsn: str) -> str:
    return str(conninfo_to_dict(dsn).get("options") or "")


class _Pool(ConnectionPool[psycopg.Connection[DictRow]]):
    """Lends what came back last: the server has the plans of its statements, of one that rested it has to make them again."""

    def _get_ready_connection(self, timeout: float | None) -> psycopg.Connection[DictRow] | None:
        self._pool.rotate()
        return super()._get_ready_connection(timeout)


class _Queue(AsyncConnectionPool[psycopg.AsyncConnection[Any]]):
    """As `_Pool`."""

    async def _get_ready_connection(  # its signature is the pool's
        self,
        timeout: float | None,  # noqa: ASYNC109
    ) -> psycopg.AsyncConnection[Any] | None:
        self._pool.rotate()
        return await super()._get_ready_connection(timeout)


def open_pool(dsn: str, width: int) -> ConnectionPool[psycopg.Connection[DictRow]]:
    """At most `width` connections, each checked before it is lent: a restarted server costs one round trip, not a night.

    What is named is said often, so the server takes each statement apart the first time and not the first five.
    """
    _knock(dsn)
    pool = _Pool(
        tuned(dsn),
        min_size=1,
        max_size=width,
        timeout=30,
        kwargs={"row_factory": dict_row, "autocommit": True, "prepare_threshold": 0},
        check=_checked,
        connection_class=psycopg.Connection[DictRow],
        open=False,
    )
    with errors_sorted():
        pool.open(wait=True, timeout=30)
    return pool


def open_queue(conninfo: str, **settings: Any) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
    """The pool over which a queue takes and ends jobs; takes what procrastinate says of it.

    What a crash of the server takes of that is done again: a job that was taken waits once more, one that had ended runs
    again and finds everything done. So nobody waits for the disk.
    """
    lossy = make_conninfo(conninfo, options=f"{_options(conninfo)} -c synchronous_commit=off".strip())
    return _Queue(lossy, **settings | {"check": _checked_async, "configure": _autocommit})


async def _autocommit(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _checked(connection: psycopg.Connection[DictRow]) -> None:
    if _is_doubtful(connection):
        ConnectionPool.check_connection(connection)


async def _checked_async(connection: psycopg.AsyncConnection[Any]) -> None:
    if _is_doubtful(connection):
        await AsyncConnectionPool.check_connection(connection)


def _is_doubtful(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> bool:
    """One that was at work just now is lent as it is: the check costs as much as a small query."""
    lent = _LENT.get(connection, 0.0)
    _LENT[connection] = now = time.monotonic()
    return now - lent > CHECKED_FOR


def _knock(dsn: str) -> None:
    """One connection before the pool, which would try for half a minute and log each failure."""
    try:
        psycopg.connect(dsn, connect_timeout=10).close()
    except psycopg.OperationalError as err:
        raise Later(
            "The database does not answer or refuses this role: check DATABASE_URL, and run `nightdesk migrate` once."
        ) from err
    except psycopg.ProgrammingError as err:
        raise NeedsPerson("DATABASE_URL is no connection string of PostgreSQL.") from err

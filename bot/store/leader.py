"""One leader among any number of processes: whoever holds a lock of Postgres, for as long as its connection lives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from bot.store.db import errors_sorted

LOCK = 6_310_724_551_904_117_201
"""Ours among the advisory locks of the database."""

SILENT = 10
"""Seconds after which the server ends the session of a leader that says nothing: one that hangs does not lead."""

_SERVER = {
    "idle_session_timeout": f"{SILENT}s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


@contextmanager
def leading(dsn: str) -> Iterator[Callable[[], None] | None]:
    """A check that raises `Later` once the lead is lost; None when somebody else leads.

    The check also is the sign of life that keeps the lead: it has to come more often than every `SILENT` seconds. The
    connection must be the server's own: a pooler between lends one session to many.
    """
    options = " ".join(f"-c {name}={value}" for name, value in _SERVER.items())
    with errors_sorted():
        connection = psycopg.connect(
            dsn, autocommit=True, connect_timeout=10, options=options, tcp_user_timeout=5000, keepalives_idle=5
        )
    with connection:
        with errors_sorted():
            row = connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone()

        def check() -> None:
            with errors_sorted():
                connection.execute("select")

        yield check if row == (True,) else None

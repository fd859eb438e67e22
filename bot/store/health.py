"""How the database and what runs on it are, for `nightdesk doctor` and the metrics. No content, and nobody's name."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from bot.store.db import Tx
from bot.store.migrate import SCHEMA
from graphs.errors import NeedsPerson

SILENT = 30.0
"""Seconds without a heartbeat after which a worker counts as dead to whoever looks on."""


@dataclass(frozen=True)
class Server:
    """`version` as Postgres numbers it: 180004 is 18.4."""

    version: int
    clock: datetime
    role: str
    vectors: bool
    bytes: int


@dataclass(frozen=True)
class Queue:
    """Ages in seconds; `failed` within a day."""

    workers: int
    due: int
    oldest: float
    stalled: int
    failed: int


@dataclass(frozen=True)
class Events:
    """Slack's events; `last` is None before the first."""

    last: datetime | None
    waiting: int
    oldest: float
    aside: int


def server(tx: Tx) -> Server:
    row = tx.one("server")
    assert row is not None
    return Server(**row)


def unapplied(tx: Tx) -> list[str]:
    """Migrations of this version that the database lacks, and `newer: NAME` for what this version does not know."""
    ours = {path.name for path in SCHEMA.glob("*.sql")}
    try:
        applied = {row["name"] for row in tx.all("migrations")}
    except psycopg.errors.InsufficientPrivilege as err:  # before we were let read it
        raise NeedsPerson("The database is older than this program: run `nightdesk migrate`.") from err
    return sorted(ours - applied) + sorted(f"newer: {name}" for name in applied - ours)


def audience(tx: Tx) -> str | None:
    """Whom `tx` reads for, as the database sees it."""
    row = tx.one("audience")
    return row["audience"] if row else None


def queue(tx: Tx, silent: float = SILENT) -> Queue:
    row = tx.one("queue_health", silent=silent)
    assert row is not None
    return Queue(**row)


def events(tx: Tx) -> Events:
    row = tx.one("event_health")
    assert row is not None
    return Events(**row)


def slow_channels(tx: Tx) -> tuple[int, int]:
    """How many channels Slack gives in slow mode, of how many that were read."""
    row = tx.one("slow_channels")
    assert row is not None
    return row["slow"], row["channels"]

"""The database, who we are in it, and the queue that lives there."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.doctor.finding import Clock, Finding, fail, ok, skew, told, warn
from bot.store import health, migrate, people, prepared
from bot.store.db import Store, errors_sorted
from graphs.errors import NeedsPerson

AREA = "database"
OLDEST = 150000
LONG = 600.0  # seconds that a job may wait


def database(store: Store, embedded: bool, clock: Clock = time.time) -> Iterator[Finding]:
    """Version, role, migrations, signature and clock."""
    with store.directory() as tx:
        server = health.server(tx)
        now = clock()
    version = f"PostgreSQL {server.version // 10000}.{server.version % 10000}"
    if server.version < OLDEST:
        yield fail(AREA, f"The server is {version}.", "Move to PostgreSQL 15 or newer.")
        return
    where = "embedded" if embedded else "at DATABASE_URL"
    yield ok(
        AREA,
        f"{version} answers ({where}, {server.bytes / (1 << 20):.0f} MB{', with pgvector' if server.vectors else ''}).",
    )
    yield skew(AREA, "The database's", server.clock.timestamp(), lambda: now)
    yield from told(AREA, _role(store, server.role))
    yield from told(AREA, _migrations(store))
    yield from told(AREA, _zones(store))


def _zones(store: Store) -> Iterator[Finding]:
    with store.directory() as tx:
        unknown = people.unknown_zones(tx)
    for zone, count in unknown:
        who = "a person lives" if count == 1 else f"{count} people live"
        yield warn(
            AREA, f"By Slack or their own choice {who} in {zone[:60]!r}, which this machine does not know as a time zone.",
            "Update tzdata; until then they live by the zone of the workspace (NIGHTDESK_ZONE).",
        )  # fmt: skip


def _role(store: Store, role: str) -> Iterator[Finding]:
    with errors_sorted(), store.pool.connection() as connection:
        migrate.check_role(connection)
    yield ok(AREA, f"The role {role} is an ordinary one, and every table with content forces row-level security.")


def _migrations(store: Store) -> Iterator[Finding]:
    with store.directory() as tx:
        lacking = health.unapplied(tx)
    if newer := [name for name in lacking if name.startswith("newer: ")]:
        yield fail(
            AREA,
            f"The database was migrated by a newer version ({newer[-1][7:]}).",
            "Install that version of nightdesk.",
        )
        return
    if lacking:
        yield fail(
            AREA, f"The database lacks {len(lacking)} migrations, from {lacking[0]} on.", "Run `nightdesk migrate`."
        )
        return
    yield ok(AREA, "Its tables are those of this version.")
    with store.as_readers_of(0) as tx:
        known = health.audience(tx)
    if known is None:
        raise NeedsPerson(
            "The database does not know the signature of this key ring: put the ring that belongs to it in place"
            " (NIGHTDESK_KEYS), or run `nightdesk migrate` with this one."
        )
    yield ok(AREA, "The key ring belongs to this database.")


def queue(store: Store) -> Iterator[Finding]:
    """Workers alive, jobs that wait too long, and what the last day brought."""
    area = "queue"
    with store.directory() as tx:
        found = health.queue(tx)
        held = people.workspace(tx)
    if held and held["paused"]:
        yield warn(area, "The desk is paused: nothing is read, posted or drafted.", "Run `nightdesk resume`.")
    alive = f"{found.workers} worker{'' if found.workers == 1 else 's'} alive, {found.due} jobs due"
    if found.due and not found.workers:
        yield fail(area, f"{alive}: nobody works.", "Start `nightdesk serve`, or `nightdesk worker` beside it.")
    elif not found.workers:
        yield warn(area, "No worker is running.", "Start `nightdesk serve`: it works too, unless told --no-worker.")
    elif found.oldest > LONG:
        yield warn(
            area, f"{alive}; the oldest waits for {found.oldest / 60:.0f} minutes.", "Start another `nightdesk worker`."
        )
    else:
        yield ok(area, f"{alive}.")
    if found.stalled:
        yield warn(
            area, f"{found.stalled} jobs are held by workers that fell silent.",
            "A running worker takes them over within a minute; if not, start one.",
        )  # fmt: skip
    if found.failed:
        yield warn(
            area, f"{found.failed} jobs failed in the last day.", "Look for `error` lines in the logs of the workers."
        )


def answers(store: Store, clock: Clock = time.time) -> Iterator[Finding]:
    """What became of answers made ahead: whether nights expect what is asked."""
    since = datetime.fromtimestamp(clock(), UTC).date() - prepared.COUNTED
    with store.directory() as tx:
        use = prepared.uses_of_all(tx, since)
    found = f"{use}." if str(use) else "none fitted a question."
    yield ok("answers", f"Prepared answers, last {prepared.COUNTED.days} days: {found}")

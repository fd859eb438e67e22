"""The composition root: settings become a home, a database, models and a desk. The only place that builds."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bot import models
from bot.desk import Desk, Model
from bot.embedded import postgres
from bot.embedding import embedder
from bot.home import Keys, keys
from bot.settings import DEFAULT_HOME, RoleSettings, Settings
from bot.slack.client import Slack
from bot.store import db, migrate, people
from bot.store.queue import STAGES
from graphs.errors import NeedsPerson
from graphs.thinking import LIVE_PATIENCE, PATIENCE, Patience, thinker

APP_ROLE = "nightdesk_app"
WORKERS = 2
POOL = 12


@dataclass(frozen=True)
class Database:
    """A database that is migrated: how the application reaches it. `revive` starts one that is ours and died."""

    dsn: str
    keys: Keys
    revive: Callable[[], None] = lambda: None


@contextlib.contextmanager
def database(settings: Settings, home: Path, durable: bool = True) -> Iterator[Database]:
    """The database of `home`, embedded unless DATABASE_URL names one; its schema is brought up to date if it is ours."""
    ring = keys(settings.keys or home / "keys.json")
    if settings.database_url:
        yield Database(settings.database_url, ring)
        return
    with postgres.running(home / "postgres", binaries=settings.postgres_binaries, durable=durable) as server:
        migrate.migrate(server.dsn(postgres.OWNER), APP_ROLE, ring.tokens)

        def revive() -> None:
            # A second hold of a server that lives changes nothing; where it is gone another one is started.
            postgres.start(home / "postgres", binaries=settings.postgres_binaries, durable=durable).stop()

        yield Database(server.dsn(APP_ROLE), ring, revive)


@contextlib.contextmanager
def desk(settings: Settings, held: Database, recorded: bool = False) -> Iterator[Desk]:
    """Everything a night or an answer needs. Refuses a role that could see past the access rule."""
    models.no_tracing()
    sleeper = model(settings.sleep, PATIENCE, recorded)
    talker = model(settings.live, LIVE_PATIENCE, recorded)
    embeds = embedder(settings.embed)
    pool = db.open_pool(held.dsn, POOL)
    try:
        with pool.connection() as connection:
            migrate.check_role(connection)
        yield Desk(
            store=db.Store(pool, held.keys.tokens),
            keys=held.keys,
            sleep_model=sleeper,
            live_model=talker,
            embedder=embeds,
            cap_person_night=settings.cap_person_night,
            cap_workspace_day=settings.cap_workspace_day,
            currency=settings.currency,
            domains=settings.domains,
            zone=settings.zone,
            slack=Slack(settings.slack_bot_token, settings.slack_api_base_url) if settings.slack_bot_token else None,
            quarantine=timedelta(seconds=settings.quarantine_seconds),
            mail_ca=settings.mail_ca,
            webmail_url=settings.webmail_url,
            passes=settings.passes,
            retention=timedelta(days=settings.retention_days) if settings.retention_days else None,
        )
    finally:
        pool.close()
        for one in (sleeper, talker):
            if one is not None:
                one.chat.close()
        if embeds is not None:
            embeds.close()


def model(role: RoleSettings | None, patience: Patience, recorded: bool = False) -> Model | None:
    """A role's model; None when the role is off. Imports the client library only when there is one."""
    if role is None:
        return None
    return Model(
        role=role,
        chat=models.chat(role),
        thinker=lambda chat, ledger: thinker(chat, ledger, time.sleep, time.monotonic, patience),
        recorded=recorded,
    )


def sleep_now(desk: Desk, dsn: str, nights: Sequence[tuple[people.Known, date, datetime]]) -> None:
    """Defers the nights of some people and works until they are over: the jobs of every night, in one process."""
    from bot import jobs, nightfall, workers  # what a question or an import need not load

    for known, day, now in nights:
        places = nightfall.places_of(desk, known.id)
        with desk.store.directory() as tx:
            nightfall.defer(tx, places, known.id, day, now)

    async def all_of_it() -> None:
        queue = jobs.build(dsn, lambda: desk)
        async with queue.open_async():
            # One stage after the other: nobody has to wait for a place, or to look again whether it is read.
            for stage in STAGES:
                await workers.drain(queue, desk, [stage], WORKERS)

    asyncio.run(all_of_it())


def require_home(settings: Settings) -> Path:
    """The home to use: as set, else ~/.nightdesk."""
    home = (settings.home or DEFAULT_HOME).expanduser()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise NeedsPerson(f"The home {home} cannot be made ({err.strerror}): choose another with --home.") from err
    return home


def role_of(dsn: str) -> tuple[str, str | None]:
    """User and password of a connection string."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(dsn)
    role = parts.get("user")
    if not role:
        raise NeedsPerson(
            "DATABASE_URL must name the application's role, as in postgresql://nightdesk_app@host/nightdesk."
        )
    password = parts.get("password")
    return str(role), None if password is None else str(password)

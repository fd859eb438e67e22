"""`nightdesk doctor`: looks at everything the desk stands on, and says of each thing how it is and how to mend it.

Nothing is posted, written to a mailbox or kept. It costs at most one tiny call for each model.
"""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bot import app, settings
from bot.doctor import database, machine, mail, models, slack
from bot.doctor.finding import Finding, fail, told
from bot.home import keys
from bot.settings import Settings
from bot.store.db import Store, open_pool
from graphs.errors import Later, NeedsPerson

__all__ = ["examine"]


def examine(at: Path | None) -> Iterator[Finding]:
    """Findings as they are made, in the order in which they are best mended."""
    try:
        configured = settings.load(at)
        place = (configured.home or settings.DEFAULT_HOME).expanduser()
    except NeedsPerson as err:
        yield fail("settings", str(err))
        return
    if not place.exists() and not configured.database_url:
        yield fail("settings", f"Nothing is set up at {place}.", "Run `nightdesk init`, or name the home with --home.")
        return
    place = app.require_home(configured)
    yield from machine.settings(configured, place)
    yield from machine.machine(place)
    if configured.database_url:  # before it is opened, which would make a ring that no database knows
        yield from told("keys", machine.key_ring(configured, place))
    with ExitStack() as opened:
        try:
            store = opened.enter_context(_opened(configured, place))
        except (NeedsPerson, Later) as err:
            store = None
            yield fail("database", str(err))
        if not configured.database_url:
            yield from told("keys", machine.key_ring(configured, place))
        if store is not None:
            yield from told("database", database.database(store, not configured.database_url))
            yield from told("queue", database.queue(store))
            yield from told("answers", database.answers(store))
        yield from told("slack", slack.slack(configured, store))
        if store is not None:
            yield from told("mail", mail.mail(store, keys(configured.keys or place / "keys.json"), configured.mail_ca))
    yield from models.models(configured)


@contextlib.contextmanager
def _opened(configured: Settings, place: Path) -> Iterator[Store]:
    with app.database(configured, place) as held:
        pool = open_pool(held.dsn, 2)
        try:
            yield Store(pool, held.keys.tokens)
        finally:
            pool.close()

"""The desk as processes that stay: `run` hears Slack, keeps the clock and works; `work` is one more pair of hands.

They end in the order in which things depend on each other: first nothing new is heard, then no alarm rings, then the jobs
under way are finished or given back, and last the database is let go.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from bot import app, jobs, live, observe, receive, schedule, workers, workspace
from bot.desk import Desk
from bot.settings import Settings
from graphs.errors import Later, NeedsPerson

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between looks whether every part still lives."""

Alive = Callable[[], bool]


def run(settings: Settings, home: Path, worker: bool, http: str = "") -> None:
    """Until SIGTERM or Ctrl-C: the receiver, the clock, and a worker unless others do the work."""
    _check(settings, http)
    with _staying(settings, home) as (held, desk, told, parts):
        if worker:
            parts.work(held.dsn, desk)
        parts.keep_time(held.dsn, desk)
        parts.listen(settings, desk, http, live.announcing(desk) if worker else receive.unheard)
        _say("Nightdesk is up: it listens, keeps the clock" + (" and works." if worker else "; workers do the work."))
        _wait(told, held, parts)


def work(settings: Settings, home: Path) -> None:
    """Until SIGTERM or Ctrl-C: jobs of the queue."""
    with _staying(settings, home) as (held, desk, told, parts):
        _check_hands(desk)
        parts.work(held.dsn, desk)
        _say("A worker is up.")
        _wait(told, held, parts)


def _check(settings: Settings, http: str) -> None:
    if not settings.slack_bot_token:
        raise NeedsPerson("Slack is not connected: set SLACK_BOT_TOKEN, or let `nightdesk init` guide you.")
    if http and not settings.slack_signing_secret:
        raise NeedsPerson("Requests from Slack cannot be checked: set SLACK_SIGNING_SECRET, or leave --http away.")
    if not http and not settings.slack_app_token:
        raise NeedsPerson("Slack's events cannot be heard: set SLACK_APP_TOKEN, or use --http HOST:PORT.")


def _check_hands(desk: Desk) -> None:
    """A worker that cannot speak would take jobs from those who can, and fail them."""
    with desk.store.directory() as tx:
        us = workspace.us(tx)
    if us is not None and us.bot_user and desk.slack is None:
        raise NeedsPerson("This desk lives on Slack: its workers need SLACK_BOT_TOKEN too.")


class Parts:
    """What this process runs, and how each is ended; the last begun ends first."""

    def __init__(self) -> None:
        self._ends = ExitStack()
        self._alive: dict[str, Alive] = {}
        self.stuck = False

    def work(self, dsn: str, desk: Desk) -> None:
        crew = workers.start(jobs.build(dsn, lambda: desk), desk)

        def end() -> None:
            self.stuck = not crew.stop()

        self._ends.callback(end)
        self._alive["worker"] = crew.thread.is_alive

    def keep_time(self, dsn: str, desk: Desk) -> None:
        clock = schedule.start(desk, dsn)
        self._ends.callback(clock.stop)
        self._alive["schedule"] = clock.thread.is_alive

    def listen(self, settings: Settings, desk: Desk, http: str, asked: receive.Asked) -> None:
        """Raises `NeedsPerson` when Slack does not take our token; whatever else is wrong with it is tried again."""
        try:
            workspace.connect(desk)
        except Later:
            log.warning("Slack cannot be reached: it is tried again")
        if http:
            from bot.web import hook  # a web server, which nobody else needs to load

            accept = partial(receive.accept, desk, asked=asked)
            self._ends.enter_context(hook.serving(hook.hook(settings.slack_signing_secret, accept, desk.now), http))
            return
        from bot.slack.socket import Link

        over = threading.Event()
        link = Link(settings.slack_app_token, settings.slack_bot_token, settings.slack_api_base_url)
        thread = threading.Thread(
            target=receive.listen, args=(desk, link, over, None, asked), name="receiver", daemon=True
        )
        thread.start()
        self._ends.callback(thread.join)
        self._ends.callback(over.set)
        self._alive["receiver"] = thread.is_alive

    def dead(self) -> list[str]:
        return sorted(name for name, alive in self._alive.items() if not alive())

    def end(self) -> None:
        self._ends.close()


@contextmanager
def _staying(settings: Settings, home: Path) -> Iterator[tuple[app.Database, Desk, threading.Event, Parts]]:
    """What a process that stays needs, the event that tells it to end, and the parts it is made of."""
    observe.start(settings.log, settings.metrics)
    told, parts = threading.Event(), Parts()
    _on_signal(told)
    with app.database(settings, home) as held, app.desk(settings, held) as desk:
        try:
            yield held, desk, told, parts
        finally:
            parts.end()
    _say("Nightdesk is down.")
    if parts.stuck:
        # A thread waits for somebody outside and cannot be ended; its job is another's by now, and its fence is gone.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _on_signal(told: threading.Event) -> None:
    """The first signal ends the process in order, a second one at once."""

    def hear(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)


def _wait(told: threading.Event, held: app.Database, parts: Parts) -> None:
    """Until somebody says so. Raises `Later` when a part died that cannot come back by itself: whoever runs us starts anew."""
    gc.freeze()  # what was loaded stays: every look through it for garbage would hold up whoever waits for an answer
    while not told.wait(LOOK):
        try:
            held.revive()
        except Later:
            log.warning("the database does not come back yet")
        if dead := parts.dead():
            log.error("a part of this process ended", extra={"part": dead[0]})
            raise Later("A part of Nightdesk ended by itself: start it again, nothing is lost.")


def _say(sentence: str) -> None:
    """To whoever started it; logs go elsewhere."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()

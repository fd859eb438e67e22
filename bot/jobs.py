"""The queue's tasks, one line each. Enqueuing them is `store.queue.defer`, in the transaction that made them necessary."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import procrastinate

from bot import (
    backfill,
    consolidating,
    errands,
    forgetting,
    hints,
    hometab,
    likening,
    live,
    mailroom,
    morning,
    nightfall,
    posting,
    presses,
    receive,
    settling,
    workspace,
)
from bot.desk import Desk
from bot.store import db
from bot.store.queue import AHEAD, CONCLUDE, LEARN, LIVE, READ, SLEEP
from bot.thinking import think
from graphs.errors import Later, NotYet

ATTEMPTS = 4
PATIENT = 40
"""Attempts of what somebody waits for: with waits of at most a minute, longer than a restart of anything takes."""

CONNECTIONS = 8
"""Of the queue itself to the database, in each process."""


@dataclass(frozen=True)
class Again(procrastinate.BaseRetryStrategy):
    """Tries again what says `Later`: when it says so, else after waits that double up to a minute.

    What asks for more patience than `longest` (seconds) is left to whoever enqueues it at regular times. `NotYet` comes
    here only where the queue could not be told to put the job off; it is no failure, however often.
    """

    most: int
    longest: float = math.inf

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        if not isinstance(exception, Later) or (job.attempts >= self.most and not isinstance(exception, NotYet)):
            return None
        wait = min(2.0**job.attempts, 60.0) if exception.after is None else exception.after
        if wait > self.longest:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": int(wait) + 1})


def build(dsn: str, desk: Callable[[], Desk]) -> procrastinate.App:  # noqa: C901, PLR0915 -- a list of tasks
    """The tasks over `dsn`. Those who run them give the desk they run on."""
    connector = procrastinate.PsycopgConnector(
        pool_factory=db.open_queue, conninfo=db.tuned(dsn), min_size=1, max_size=CONNECTIONS
    )
    app = procrastinate.App(connector=connector)
    again, patient, regular = Again(ATTEMPTS), Again(PATIENT), Again(ATTEMPTS, longest=60)

    @app.task(name="consolidate", queue=READ, retry=again)
    def consolidate(scope: int, date_: str, now: str) -> None:
        consolidating.consolidate(desk(), scope, date.fromisoformat(date_), datetime.fromisoformat(now))
        likening.embed_new(desk(), scope, date.fromisoformat(date_), datetime.fromisoformat(now))

    @app.task(name="conclude", queue=CONCLUDE, retry=again)
    def conclude(scope: int, date_: str, now: str) -> None:
        nightfall.conclude(desk(), scope, date.fromisoformat(date_), datetime.fromisoformat(now))

    @app.task(name="anticipate", queue=AHEAD, retry=again)
    def anticipate(scope: int, date_: str, now: str) -> None:
        nightfall.anticipate(desk(), scope, date.fromisoformat(date_), datetime.fromisoformat(now))

    @app.task(name="sleep", queue=SLEEP, retry=again)
    def sleep(person: int, date_: str, now: str, until: str = "") -> None:
        nightfall.sleep(desk(), person, date.fromisoformat(date_), datetime.fromisoformat(now), until)

    @app.task(name="learn", queue=LEARN, retry=again)
    def learn(date_: str, now: str) -> None:
        nightfall.learn(desk(), date.fromisoformat(date_), datetime.fromisoformat(now))

    @app.task(name="sync_mail", queue=READ, retry=regular)
    def sync_mail(scope: int) -> None:
        mailroom.sync(desk(), scope)

    @app.task(name="file_drafts", queue=SLEEP, retry=patient)
    def file_drafts(scope: int) -> None:
        nightfall.file_drafts(desk(), scope)

    @app.task(name="deliver", queue=LIVE, retry=patient)
    def deliver(scope: int, key: str) -> None:
        posting.deliver(desk(), scope, key)

    @app.task(name="unsay", queue=LIVE, retry=patient)
    def unsay(channel: str, ts: str) -> None:
        posting.unsay(desk(), channel, ts)

    @app.task(name="morning", queue=LIVE, retry=patient)
    def wake_up(person: int, date_: str) -> None:
        morning.deliver(desk(), person, date_)

    @app.task(name="press", queue=LIVE, retry=patient)
    def press(event: int) -> None:
        presses.handle(desk(), event)

    @app.task(name="hello", queue=LIVE, retry=patient)
    def hello(person: int, channel: str) -> None:
        workspace.greet_person(desk(), person, channel)

    @app.task(name="home", queue=LIVE, retry=patient)
    def home(person: int) -> None:
        hometab.publish(desk(), person)

    @app.task(name="settle", queue=READ, retry=again)
    def settle(person: int) -> None:
        settling.settle(desk(), person)

    @app.task(name="ingest", queue=LIVE, retry=patient)
    def ingest(channel: str) -> None:
        receive.ingest(desk(), channel)

    @app.task(name="answer", queue=LIVE, retry=patient)
    def answer(channel: str, ts: str) -> None:
        live.reply(desk(), channel, ts)

    @app.task(name="hint", queue=LIVE, retry=again)
    def hint(channel: str, ts: str) -> None:
        hints.look(desk(), channel, ts)

    @app.task(name="give_up", queue=LIVE, retry=patient)
    def give_up(channel: str, ts: str, reference: str) -> None:
        live.give_up(desk(), channel, ts, reference)

    @app.task(name="backfill", queue=READ, retry=patient)
    def read_history(channel: str) -> None:
        backfill.channel(desk(), channel)

    @app.task(name="directory", queue=READ, retry=patient)
    def read_directory() -> None:
        backfill.workspace(desk())

    @app.task(name="errand", queue=SLEEP, retry=again)
    def errand(scope: int, errand: str) -> None:
        errands.run(desk(), scope, errand, think)

    @app.task(name="expire", queue=READ, retry=again)
    def expire() -> None:
        forgetting.expire(desk())

    @app.task(name="look_up", queue=LIVE, retry=patient)
    def look_up(channel: str) -> None:
        workspace.refresh_channel(desk(), channel)

    return app

"""The queue's tasks, one line each, and a worker that drains them. Any number of workers share one Postgres."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Status

from bot import live, morning, night, posting, receive, workspace
from bot.desk import Desk
from bot.store.queue import LIVE, READ, SLEEP
from graphs.errors import Later

log = logging.getLogger(__name__)

HEARTBEAT = 1.0
STALLED = 8.0
"""Seconds without a heartbeat after which a job's worker counts as dead. Fences make a wrong guess harmless."""

LOOK_AGAIN = 0.5

ATTEMPTS = 4
PATIENT = 40
"""Attempts of what somebody waits for: with waits of at most a minute, longer than a restart of anything takes."""


@dataclass(frozen=True)
class Again(procrastinate.BaseRetryStrategy):
    """Tries again what says `Later`: when it says so, else after waits that double up to a minute."""

    most: int

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        if not isinstance(exception, Later) or job.attempts >= self.most:
            return None
        wait = min(2.0**job.attempts, 60.0) if exception.after is None else exception.after
        return procrastinate.RetryDecision(retry_in={"seconds": int(wait) + 1})


@dataclass(frozen=True)
class Jobs:
    """The queue with its tasks."""

    app: procrastinate.App
    consolidate: "procrastinate.tasks.Task[..., None, ...]"
    sleep: "procrastinate.tasks.Task[..., None, ...]"


def build(dsn: str, desk: Callable[[], Desk], width: int) -> Jobs:
    """The tasks over `dsn`. Enqueuing needs no desk; running does."""
    connector = procrastinate.PsycopgConnector(conninfo=dsn, min_size=1, max_size=width + 2)
    app = procrastinate.App(connector=connector)
    again, patient = Again(ATTEMPTS), Again(PATIENT)

    @app.task(name="consolidate", queue=READ, retry=again)
    def consolidate(scope: int, date_: str, now: str) -> None:
        night.consolidate(desk(), scope, date.fromisoformat(date_), datetime.fromisoformat(now))

    @app.task(name="sleep", queue=SLEEP, retry=again)
    def sleep(person: int, date_: str, now: str) -> None:
        night.sleep(desk(), person, date.fromisoformat(date_), datetime.fromisoformat(now))

    @app.task(name="deliver", queue=LIVE, retry=patient)
    def deliver(scope: int, key: str) -> None:
        posting.deliver(desk(), scope, key)

    @app.task(name="morning", queue=LIVE, retry=patient)
    def wake_up(person: int, date_: str) -> None:
        morning.deliver(desk(), person, date_)

    @app.task(name="ingest", queue=LIVE, retry=patient)
    def ingest(channel: str) -> None:
        receive.ingest(desk(), channel)

    @app.task(name="answer", queue=LIVE, retry=patient)
    def answer(channel: str, ts: str) -> None:
        live.reply(desk(), channel, ts)

    @app.task(name="look_up", queue=LIVE, retry=patient)
    def look_up(channel: str) -> None:
        workspace.refresh_channel(desk(), channel)

    return Jobs(app, consolidate, sleep)


async def defer_night(jobs: Jobs, scopes: Sequence[int], person: int, day: date, now: datetime) -> None:
    """Enqueues the places a person reads and the person's night; what is enqueued already is not enqueued twice."""
    said = {"date_": day.isoformat(), "now": now.isoformat()}
    for scope in scopes:
        await _once(jobs.consolidate, f"consolidate/{scope}", {"scope": scope, **said})
    await _once(jobs.sleep, f"sleep/{person}", {"person": person, **said})


async def _once(task: "procrastinate.tasks.Task[..., None, ...]", lock: str, values: dict[str, int | str]) -> None:
    """A lock for each mailbox, channel and person: no two jobs of one run side by side, or wait twice."""
    try:
        await task.configure(lock=lock, queueing_lock=f"{lock}/{values['date_']}").defer_async(**values)
    except AlreadyEnqueued:
        log.info("already enqueued", extra={"lock": lock})


async def drain(jobs: Jobs, queue: str, width: int) -> None:
    """Works until nothing of `queue` is left: also what a dead worker left behind, and what was put off for a while."""
    loop = asyncio.get_running_loop()
    # Sync tasks run in the loop's default executor, six threads whatever the concurrency says.
    loop.set_default_executor(ThreadPoolExecutor(width, thread_name_prefix="job"))
    over = asyncio.Event()
    reaper = asyncio.create_task(_reap(jobs, over))
    try:
        while True:
            await jobs.app.run_worker_async(
                queues=[queue], concurrency=width, wait=False, install_signal_handlers=False, listen_notify=False,
                update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=STALLED,
            )  # fmt: skip
            if not await _left(jobs, queue):
                return
            await asyncio.sleep(LOOK_AGAIN)
    finally:
        over.set()
        await reaper


async def _left(jobs: Jobs, queue: str) -> bool:
    """Whether a job of `queue` waits or is held by somebody, alive or dead."""
    for status in ("todo", "doing"):
        if list(await jobs.app.job_manager.list_jobs_async(queue=queue, status=status)):
            return True
    return False


async def _reap(jobs: Jobs, over: asyncio.Event) -> None:
    """Beside the worker and never as a job: a queue whose workers all died would not run it. Ends between two looks."""
    while not over.is_set():
        await take_over(jobs, STALLED)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), HEARTBEAT)


async def take_over(jobs: Jobs, silent_for: float) -> None:
    """Gives jobs whose worker was silent for so many seconds back to the queue."""
    for job in await jobs.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for):
        try:
            await jobs.app.job_manager.retry_job(job)
        except UniqueViolation:
            # The same was asked for again and waits: it goes on where the dead worker was.
            await jobs.app.job_manager.finish_job(job, Status.FAILED, delete_job=False)

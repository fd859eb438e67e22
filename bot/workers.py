"""Runs the queue's jobs: until nothing is left, or for as long as the process lives. Any number of these share one Postgres."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import procrastinate
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.job_context import JobContext
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker

from bot import observe
from bot.desk import Desk
from bot.jobs import Again
from bot.store import db, queue
from bot.store.queue import LIVE, STAGES
from graphs.errors import Later, NotYet

log = logging.getLogger(__name__)

HEARTBEAT = 1.0
STALLED = 8.0
"""Seconds without a heartbeat after which a job's worker counts as dead. Fences make a wrong guess harmless."""

LOOK_AGAIN = 0.5
"""Seconds between looks for jobs; a new one is told at once, one that was put off or given back is found by looking."""

CRASHES = 3
"""So many more times than it may fail a job may lose its worker: one that kills whoever takes it ends as failed."""

OUTAGE = 60.0
"""Seconds for which a database that is away is told again what became of a job."""

GRACE = 20.0
"""Seconds that a stopping process gives its jobs; what is not done by then goes back to the queue."""

LIVE_WIDTH = 20
NIGHT_WIDTH = 3
PUT_OFF = 5.0


# --- who holds a job ------------------------------------------------------------------------------


class Held(JobManager):
    """Ends a job, or gives it back, only while whoever asks still holds it: a worker that was away may have lost it.

    Where the database is away for a moment it is told afterwards: a worker that lives on with a job that it is done with
    keeps it from everybody.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await _told(lambda: self._finish(job, status, delete_job))

    async def _finish(self, job: Job, status: Status, delete_job: bool) -> None:
        ended = await self.connector.execute_query_all_async(
            _FINISH, job_id=job.id, worker=job.worker_id, status=status.value, delete_job=delete_job
        )
        if not ended:
            _note_loss(job)

    async def retry_job(
        self, job: Job, retry_at: datetime | None = None, priority: int | None = None,
        queue: str | None = None, lock: str | None = None,
    ) -> None:  # fmt: skip
        await _told(lambda: self._retry(job, retry_at, priority, queue, lock))

    async def _retry(
        self, job: Job, retry_at: datetime | None, priority: int | None, queue: str | None, lock: str | None
    ) -> None:
        if not await self._is_held(job):
            return
        try:
            await super().retry_job(job, retry_at, priority, queue, lock)
        except UniqueViolation:
            # The same was asked for again and waits: it goes on where this one was.
            # Deleted, because nothing failed: one that is kept as failed keeps others of its name from being enqueued.
            await super().finish_job(job, Status.FAILED, delete_job=True)

    async def _is_held(self, job: Job) -> bool:
        found = list(await self.list_jobs_async(id=job.id, status=Status.DOING.value))
        held = bool(found) and found[0].worker_id == job.worker_id
        if not held:
            _note_loss(job)
        return held


async def _told(tell: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Tells the database what became of a job. An outage longer than `OUTAGE` has ended the worker, and a reaper finds it."""
    until = time.monotonic() + OUTAGE
    while True:
        try:
            return await tell()
        except ConnectorException:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(LOOK_AGAIN)


def _note_loss(job: Job) -> None:
    log.warning("a job was taken over by another worker", extra={"task": job.task_name, "job": job.id})


_FINISH: Final = """
select procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s) from (
  select id from procrastinate_jobs
  where id = %(job_id)s and status = 'doing' and worker_id is not distinct from %(worker)s for update) held
"""


def reference(job: int) -> str:
    """How a failed job is called where people read of it."""
    return f"{job:06x}"


def around(desk: Callable[[], Desk]) -> Callable[[Callable[[], Any], JobContext, Worker], Any]:
    """What happens around each job, in its thread: it is counted, put off when it is not its time, and a failure is told."""

    def run(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
        job = context.job
        try:
            with observe.timed("job_seconds", task=job.task_name):
                call_next()
        except NotYet as wait:
            _put_off(desk(), job, PUT_OFF if wait.after is None else wait.after)
            outcome = "later"
        except BaseException as error:
            final = _is_final(worker.app, job, error)
            observe.count("jobs", task=job.task_name, outcome="failed" if final else "later")
            if final:
                told = {"task": job.task_name, "reference": reference(job.id or 0)}
                log.error("a job failed", extra=told, exc_info=True)  # noqa: G201
                _give_up(desk(), job)
            raise
        else:
            outcome = "done"
        observe.count("jobs", task=job.task_name, outcome=outcome)

    return run


def _give_up(desk: Desk, job: Job) -> None:
    """Whoever waits for an answer that will not come is told so by a job of its own, which is tried as often as others."""
    for telling in _tellings(job):
        with contextlib.suppress(Later), desk.store.directory() as tx:
            queue.defer(tx, telling)


def _tellings(job: Job) -> list[queue.Job]:
    """What is to be done when nothing will come of `job`."""
    if job.task_name != "answer":
        return []
    args = cast(dict[str, queue.Argument], job.task_kwargs) | {"reference": reference(job.id or 0)}
    return [queue.Job("give_up", queue.LIVE, args, job.lock, priority=job.priority)]


def _put_off(desk: Desk, job: Job, seconds: float) -> None:
    """The same job again, as new: waiting is no failure."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)  # the queue's clock is the machine's
    args = cast(dict[str, queue.Argument], job.task_kwargs)
    again = queue.Job(job.task_name, job.queue, args, job.lock, job.queueing_lock, at, job.priority)
    with desk.store.directory() as tx:
        queue.defer(tx, again)


def _is_final(app: procrastinate.App, job: Job, error: BaseException) -> bool:
    task = app.tasks.get(job.task_name)
    return task is None or task.get_retry_exception(exception=error, job=job) is None


def _most(app: procrastinate.App, job: Job) -> int:
    """How often a job may be tried."""
    task = app.tasks.get(job.task_name)
    return task.retry_strategy.most if task and isinstance(task.retry_strategy, Again) else 0


# --- jobs of the dead -----------------------------------------------------------------------------


async def take_over(app: procrastinate.App, silent_for: float) -> None:
    """Gives jobs whose worker was silent for so many seconds back to the queue; one that kills its workers ends as failed."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for):
        if job.attempts < _most(app, job) + CRASHES:
            await app.job_manager.retry_job(job)
            continue
        log.error("a job lost every worker", extra={"task": job.task_name, "reference": reference(job.id or 0)})
        # Before it has ended: nobody comes back to one that has. Told twice is told once.
        for one in _tellings(job):
            late = app.configure_task(one.task, queue=one.queue, lock=one.lock, priority=one.priority)
            await late.defer_async(**one.args)
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)


async def end_hung(app: procrastinate.App) -> None:
    """Ends transactions of stopped processes that keep a lock from somebody, where the server does not do so by itself."""
    found = await app.connector.execute_query_all_async(_END_HUNG, seconds=db.HUNG_SECONDS)
    if found:
        log.warning("a stopped process kept a lock from others: its transaction was ended", extra={"count": len(found)})


# Only what others wait for. The session's own timeout counts behind a statement that was sent alone: neither amid nor behind
# several that were sent in one go (whoever asks for what is ready after them ends it), nor before a result was taken.
_END_HUNG: Final = """
select pid, pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and usename = current_user and xact_start is not null
  and wait_event in ('ClientRead', 'ClientWrite') and state_change < clock_timestamp() - make_interval(secs => %(seconds)s)
  and pid in (select unnest(pg_blocking_pids(waits.pid)) from pg_stat_activity waits where waits.wait_event_type = 'Lock')
"""


async def _reap(app: procrastinate.App, over: asyncio.Event) -> None:
    """Beside the workers and never as a job: a queue whose workers all died would not run it. Ends between two looks."""
    while not over.is_set():
        try:
            await take_over(app, STALLED)
            await end_hung(app)
            observe.beat("worker", 60)
        except ConnectorException:
            log.warning("the queue cannot be reached")
        await _wait(over, HEARTBEAT)


async def _wait(over: asyncio.Event, seconds: float) -> None:
    """So long, or until it is over."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


# --- until nothing is left ------------------------------------------------------------------------


async def drain(app: procrastinate.App, desk: Desk, queues: Sequence[str], width: int) -> None:
    """Works until nothing of `queues` is left: also what a dead worker left behind, and what was put off for a while."""
    _threads(width)
    app.job_manager = Held(app.connector)
    over = asyncio.Event()
    reaper = asyncio.create_task(_reap(app, over))
    try:
        while True:
            await _worker(app, lambda: desk, queues, width, wait=False).run()  # type: ignore[no-untyped-call]
            if not await _left(app, queues):
                return
            await asyncio.sleep(LOOK_AGAIN)
    finally:
        over.set()
        await reaper


def _threads(width: int) -> None:
    # Sync tasks run in the loop's default executor, six threads whatever the concurrency says.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(width, thread_name_prefix="job"))


async def _left(app: procrastinate.App, queues: Sequence[str]) -> bool:
    """Whether a job of `queues` waits or is held by somebody, alive or dead."""
    # One look at everything: between two a job may go back to the queue, or to another one, and be seen in neither.
    found = await app.job_manager.list_jobs_async()
    return any(job.queue in queues and job.status in ("todo", "doing") for job in found)


class _Worker(Worker):
    """A worker that says when it stops taking jobs, which it also does by itself when the database is away."""

    def stop(self) -> None:
        super().stop()  # type: ignore[no-untyped-call]
        self.stopped.set()

    async def _shutdown(self, side_tasks: list["asyncio.Task[Any]"]) -> None:
        """Beats on while jobs are under way. The library stops that first, and what takes longer than a lease would be lost."""
        over = asyncio.Event()
        beating = asyncio.create_task(self._beat(over))
        try:
            await super()._shutdown(side_tasks)
        finally:
            over.set()  # to cancel it amid a statement would cost a connection
            await beating

    async def _beat(self, over: asyncio.Event) -> None:
        await _wait(over, HEARTBEAT)
        while not over.is_set() and self.worker_id is not None:
            with contextlib.suppress(ConnectorException):  # `_reap` says so
                await self.app.job_manager.update_heartbeat(self.worker_id)
            await _wait(over, HEARTBEAT)

    stopped: asyncio.Event


def _worker(app: procrastinate.App, desk: Callable[[], Desk], queues: Iterable[str], width: int, wait: bool) -> _Worker:
    made = _Worker(
        app, queues=list(queues), concurrency=width, wait=wait, install_signal_handlers=False, listen_notify=wait,
        fetch_job_polling_interval=LOOK_AGAIN, delete_jobs=DeleteJobCondition.SUCCESSFUL.value,
        update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=STALLED, task_middleware=[around(desk)],
    )  # fmt: skip
    made.stopped = asyncio.Event()
    return made


# --- for as long as the process lives -------------------------------------------------------------


@dataclass(frozen=True)
class Crew:
    """The workers of this process, in a thread of their own."""

    thread: threading.Thread
    end: Callable[[], None]
    ended: threading.Event

    def stop(self) -> bool:
        """Takes no more jobs, and waits for those under way or gives them back; False when some thread cannot be ended."""
        self.end()
        self.ended.wait(2 * GRACE)
        self.thread.join(HEARTBEAT)
        return not self.thread.is_alive()


def start(app: procrastinate.App, desk: Desk) -> Crew:
    """Workers for everything: what somebody waits for has threads of its own, so that no night can starve it."""
    begun, ended = threading.Event(), threading.Event()
    ends: list[Callable[[], None]] = []

    async def work() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        ends.append(lambda: _tell(loop, over))
        begun.set()
        _threads(2 * (LIVE_WIDTH + NIGHT_WIDTH))
        app.job_manager = Held(app.connector)
        async with app.open_async():
            shifts = ([LIVE], LIVE_WIDTH), ([*STAGES], NIGHT_WIDTH)
            await _together([_reap(app, over), *(_keep_working(app, desk, *shift, over) for shift in shifts)])

    async def to_the_end() -> None:
        try:
            await work()
        finally:
            ended.set()

    thread = threading.Thread(target=lambda: asyncio.run(to_the_end()), name="workers", daemon=True)
    thread.start()
    begun.wait()
    return Crew(thread, ends[0], ended)


def _tell(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(over.set)


async def _together(parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part)


async def _keep_working(
    app: procrastinate.App, desk: Desk, queues: Sequence[str], width: int, over: asyncio.Event
) -> None:
    """One worker after another: an outage of the database ends a worker, and the next one waits for it to come back."""
    runs: dict[asyncio.Task[None], _Worker] = {}
    while not over.is_set():
        worker = _worker(app, lambda: desk, queues, width, wait=True)
        run = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
        runs[run] = worker
        waits = [asyncio.create_task(worker.stopped.wait()), asyncio.create_task(over.wait())]
        await asyncio.wait([run, *waits], return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        if not over.is_set():
            log.warning("a worker ended: it is started again")
            await _wait(over, HEARTBEAT)
        _forget_ended(runs)
    for worker in runs.values():
        worker.stop()
    if runs:
        await asyncio.wait(runs, timeout=GRACE)
    _forget_ended(runs)
    for worker in runs.values():
        await _hand_back(app, worker)


def _forget_ended(runs: dict["asyncio.Task[None]", _Worker]) -> None:
    for run in [run for run in runs if run.done()]:
        del runs[run]
        if not run.cancelled() and (error := run.exception()) is not None:
            log.warning("a worker lost the database", exc_info=error)


async def _hand_back(app: procrastinate.App, worker: _Worker) -> None:
    """What cannot be ended in time is another's from here on: its fence keeps the thread here from writing."""
    if worker.worker_id is None:
        return
    with contextlib.suppress(ConnectorException):
        for job in await app.job_manager.list_jobs_async(status=Status.DOING.value, worker_id=worker.worker_id):
            log.warning("a job goes back to the queue", extra={"task": job.task_name, "job": job.id})
            await app.job_manager.retry_job(job)

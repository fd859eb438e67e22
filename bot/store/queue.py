"""Jobs, enqueued in the transaction that made them necessary: both are committed or neither."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from bot.store.db import Tx

LIVE = "live"
"""Somebody waits for it: answers, presses, deliveries, and the messages they need."""

READ = "read"
"""Places: each is read once for everybody, before the people who read it."""

CONCLUDE = "conclude"
"""Places again: what follows from all of them, and what should be known of each."""

LEARN = "learn"
"""What should be known of the whole company."""

AHEAD = "ahead"
"""Questions that are expected, answered ahead when the places are read."""

SLEEP = "sleep"
"""People: tasks, drafts, digests, errands."""

STAGES = (READ, CONCLUDE, LEARN, AHEAD, SLEEP)
"""Of a night, in their order. Each reads what those before it wrote and nothing that another job of its own stage writes, so
that it makes no difference who was faster."""

Argument = int | str | None


@dataclass(frozen=True)
class Job:
    """One unit of the queue. `lock`: never two of them side by side. `once`: not enqueued while one of that name waits."""

    task: str
    queue: str
    args: dict[str, Argument] = field(default_factory=dict)
    lock: str | None = None
    once: str | None = None
    at: datetime | None = None  # not before
    priority: int = 0
    after: timedelta | None = None  # not before so long from now, by the database's clock


def defer(tx: Tx, job: Job) -> None:
    """Enqueues `job` when `tx` commits."""
    tx.run(
        "defer_job", queue=job.queue, task=job.task, priority=job.priority, lock=job.lock, queueing_lock=job.once,
        args=Jsonb(job.args), at=job.at, after=job.after,
    )  # fmt: skip


def restore(tx: Tx, job: Job, given_up: bool = False) -> bool:
    """Enqueues `job` unless one of its name waits or runs; with `given_up` also unless one failed and is still kept."""
    unless = ["todo", "doing", *(["failed"] if given_up else [])]
    return bool(
        tx.run(
            "restore_job", queue=job.queue, task=job.task, priority=job.priority, lock=job.lock,
            queueing_lock=job.once, args=Jsonb(job.args), at=job.at, unless=unless,
        )
    )  # fmt: skip


def left(tx: Tx, now: datetime) -> int:
    """How many jobs are still to come to an end, without those put off beyond `now`."""
    row = tx.one("jobs_left", now=now)
    return 0 if row is None else int(row["count"])


def bring_forward(tx: Tx, now: datetime) -> None:
    """Lets run what is due by `now`, a clock that may be ahead of the database's."""
    tx.run("bring_forward", now=now)

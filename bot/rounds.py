"""What the leader looks for again and again, so that nothing depends on an alarm that rang or did not.

Each round looks at the clock and at what is done, and enqueues what is missing; a second look enqueues nothing more.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import hours, morning, nightfall, observe, workers, workspace
from bot.desk import Desk
from bot.hours import Sleeper, Step
from bot.store import accounts, cursors, health, inbox, nights, outbox, people, queue
from bot.store.db import Tx
from bot.store.nights import Watch

log = logging.getLogger(__name__)

GAP = timedelta(minutes=3)
"""A clock that nobody watched for so long: whoever watched it was down."""

TOLERANCE = timedelta(minutes=5)
"""A night that begins within this time of its hour has no lateness to explain."""

HORIZON = timedelta(days=14)
QUIET = timedelta(minutes=30)
MANY = 50
"""A channel naps after so long without a message, or after so many new ones."""

KEPT = timedelta(days=3)
"""So long failed jobs can be looked into."""


# --- people ---------------------------------------------------------------------------------------


def sleepers(desk: Desk, tx: Tx) -> list[Sleeper]:
    """Everybody whose nights are ours to keep, with the zone they live in."""
    return [
        Sleeper(one.person, one.hours, hours.zone_of(one.hours.zone, one.zone, desk.zone), one.since)
        for one in nights.sleepers(tx)
    ]


def look(desk: Desk) -> list[Sleeper]:
    """Begins nights and enqueues mornings that are due, whatever the reason that nobody did so before; everybody served."""
    now = desk.now()
    with desk.store.directory() as tx:
        watch = nights.watch(tx, now, now - GAP)
        nights.meet_connected(tx, now)
        served = sleepers(desk, tx)
        known = {(one.person, one.date): one.begun for one in nights.since(tx, (now - 2 * hours.DAY).date())}
        for person, later in hours.put_off(served, known):
            nights.put_off(tx, person, later)
    if not watch.paused:
        _do(desk, hours.missed(served, known, now), watch, now)
    return served


def _do(desk: Desk, steps: Sequence[Step], watch: Watch, now: datetime) -> None:
    """Nights first; a night that begins after its wake-up is told to be late at once."""
    begins = [step for step in steps if step.do == "begin"]
    due = [nightfall.Beginning(step.sleeper.person, step.morning, why_late(step, watch, now)) for step in begins]
    for person in nightfall.begin(desk, due, now) if due else ():
        log.info("a night begins", extra={"person": person})
    with desk.store.directory() as tx:
        keys = {known.id: known.person.key for known in people.everybody(tx)} if steps else {}
        for step in steps:
            person, owed = step.sleeper.person, step.morning
            if step.do == "tell":
                nights.be_late(tx, person, owed.date, _why_not_ready(tx, step))
            if owed.wakes <= now:
                queue.restore(tx, morning.delivery(person, keys[person], owed.date))


def _why_not_ready(tx: Tx, step: Step) -> str:
    failed = nights.failed_sleep(tx, step.sleeper.person, step.morning.date)
    return f"the night failed (reference {workers.reference(failed)})" if failed else nights.RUNS


def why_late(step: Step, watch: Watch, now: datetime) -> str:
    """Why a night begins after its hour; '' when it does not, or the person's own doing moved the hour."""
    begins = step.morning.begins
    if now <= begins + TOLERANCE:
        return ""
    if watch.resumed is not None and watch.resumed > begins:
        return "I was paused"
    return "I was down" if watch.since is not None and watch.since > begins else ""


# --- places ---------------------------------------------------------------------------------------


def _is_paused(tx: Tx) -> bool:
    held = people.workspace(tx)
    return held is not None and bool(held["paused"])


def mailboxes(desk: Desk) -> None:
    """Every connected mailbox that may be read now is."""
    now = desk.now()
    with desk.store.directory() as tx:
        places = people.places(tx)
        for row in () if _is_paused(tx) else accounts.everywhere(tx):
            if row["state"] == "ok" and (row["retry_at"] is None or row["retry_at"] <= now):
                queue.restore(tx, nightfall.bringing(places[row["scope_id"]]))


def histories(desk: Desk) -> None:
    """What Slack may not have told us: history of every channel we are in, and who is where."""
    with desk.store.directory() as tx:
        if _is_paused(tx):
            return
        for channel in cursors.channels_here(tx):
            queue.restore(tx, workspace.history_job(channel))
        queue.restore(tx, queue.Job("directory", queue.READ, lock="directory", once="directory"))


def naps(desk: Desk) -> None:
    """Channels where much was said, or enough and then nothing more, are read by day as they would be at night."""
    now = desk.now()
    with desk.store.directory() as tx:
        places = people.places(tx)
        today = now.astimezone(hours.zone_of(desk.zone)).date()
        for scope in () if _is_paused(tx) else nights.restless(tx, now - HORIZON, now - QUIET, MANY):
            if queue.restore(tx, nightfall.reading(places[scope], today, now), given_up=True):
                queue.restore(tx, nightfall.concluding_in(places[scope], today, now))
                log.info("a channel naps", extra={"scope": scope})


# --- what may have been lost on its way -----------------------------------------------------------


def leftovers(desk: Desk) -> None:
    """Posts and events whose job is gone get another."""
    with desk.store.directory() as tx:
        waiting = outbox.pending(tx)
        for row in waiting:
            queue.restore(tx, outbox.delivery(row["scope_id"], row["key"]))
        for channel in inbox.channels(tx):
            queue.restore(tx, workspace.ingestion(channel))
        jobs, events = health.queue(tx), health.events(tx)
    observe.gauge("outbox_pending", len(waiting))
    observe.gauge("queue_depth", jobs.due)
    observe.gauge("oldest_unhandled_event_seconds", events.oldest)


def tidy(desk: Desk) -> None:
    """Jobs that failed long ago are forgotten, and text that is old."""
    with desk.store.directory() as tx:
        queue.restore(tx, queue.Job("expire", queue.READ, lock="expire", once="expire"))
        nights.forget_jobs(tx, desk.now() - KEPT)

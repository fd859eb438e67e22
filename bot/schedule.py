"""The clock of the desk: one process leads, and its alarms ring when somebody's night begins or somebody wakes up.

An alarm only makes the leader look (`bot.rounds`): what is due is decided from the clock and the database alone, so that
an alarm that rang twice, late, in two processes or not at all changes nothing but the second in which it is noticed.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.jobstores.base import JobLookupError  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]

from bot import hours, observe, rounds
from bot.desk import Desk
from bot.hours import Sleeper
from bot.store.leader import leading
from graphs.domain import Preferences
from graphs.errors import NightdeskError

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between looks whether we still lead, or whether nobody does."""

EVERY: dict[str, float] = {"look": 60, "leftovers": 60, "mailboxes": 300, "naps": 300, "histories": 3600, "tidy": 86400}
"""Seconds between rounds of each kind; the first follows as soon as somebody leads."""

Round = Callable[[Desk], Any]
ROUNDS: dict[str, Round] = {
    "leftovers": rounds.leftovers,
    "mailboxes": rounds.mailboxes,
    "naps": rounds.naps,
    "histories": rounds.histories,
    "tidy": rounds.tidy,
}


class Alarm(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """Rings when one person's nights begin and when they wake up, by nominal local date."""

    def __init__(self, wanted: Preferences, zone: ZoneInfo) -> None:
        self.wanted = wanted
        self.zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        return hours.next_alarm(self.wanted, self.zone, previous or now)


@dataclass(frozen=True)
class Clock:
    """The clock of this process, in a thread of its own; it stands by while another process leads."""

    thread: threading.Thread
    over: threading.Event

    def stop(self) -> None:
        """No alarm rings after this."""
        self.over.set()
        self.thread.join()


def start(desk: Desk, dsn: str) -> Clock:
    over = threading.Event()
    thread = threading.Thread(target=_keep, args=(desk, dsn, over), name="clock", daemon=True)
    thread.start()
    return Clock(thread, over)


def _keep(desk: Desk, dsn: str, over: threading.Event) -> None:
    """Leads whenever nobody else does, until it is over."""
    while not over.is_set():
        try:
            with leading(dsn) as check:
                if check is not None:
                    lead(desk, check, over)
        except NightdeskError:
            log.warning("the lead is lost", exc_info=True)
        observe.beat("schedule", 60)
        over.wait(LOOK)


def lead(desk: Desk, check: Callable[[], None], over: threading.Event) -> None:
    """Lets alarms ring until it is over. Raises `Later` when `check` says that the lead is lost; no alarm rings then."""
    hands = ThreadPoolExecutor(len(EVERY))
    alarms = BackgroundScheduler(
        timezone=UTC,
        executors={"default": hands},
        # Whatever was missed is one look; and one look at a time is enough.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    clock = Alarms(desk, alarms)
    alarms.add_job(clock.look, "interval", seconds=EVERY["look"], id="look", next_run_time=datetime.now(UTC))
    for name, one in ROUNDS.items():
        guarded = partial(_guarded, one, desk)
        alarms.add_job(guarded, "interval", seconds=EVERY[name], id=name, next_run_time=datetime.now(UTC))
    alarms.start()
    observe.gauge("leader", 1)
    log.info("this process leads")
    try:
        while not over.wait(LOOK):
            check()
            observe.beat("schedule", 60)
    finally:
        observe.gauge("leader", 0)
        # Told to wait, the scheduler does so with the lock in its hand that a look needs to set alarms.
        alarms.shutdown(wait=False)
        hands.shutdown()


class Alarms:
    """The alarms of everybody served, kept as people want them now."""

    def __init__(self, desk: Desk, alarms: Any) -> None:
        self._desk = desk
        self._alarms = alarms
        self._set: dict[int, tuple[Preferences, ZoneInfo]] = {}
        self._rung = threading.Event()
        self._looks = threading.Lock()

    def look(self) -> None:
        """Does what is due, then sets alarms for what comes next. A hundred people who wake up at eight are one look, or two."""
        self._rung.set()
        if not self._looks.acquire(blocking=False):
            return  # whoever looks now looks once more
        try:
            while self._rung.is_set():
                self._rung.clear()
                self._keep(rounds.look(self._desk))
        except NightdeskError:
            log.exception("a look at the clock failed")
        finally:
            self._looks.release()

    def _keep(self, served: list[Sleeper]) -> None:
        wanted = {one.person: (one.hours, one.zone) for one in served}
        for person in self._set.keys() - wanted.keys():
            with suppress(JobLookupError):  # the scheduler has been ended
                self._alarms.remove_job(str(person))
        for person, (chosen, zone) in wanted.items():
            if self._set.get(person) != (chosen, zone):
                self._alarms.add_job(self.look, Alarm(chosen, zone), id=str(person), replace_existing=True)
        self._set = wanted


def _guarded(one: Round, desk: Desk) -> None:
    """A round that fails is made again at its next time."""
    try:
        one(desk)
    except NightdeskError:
        log.exception("a round failed")

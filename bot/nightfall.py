"""Which jobs a night is made of: each place is brought up to date and read; then what follows from all of them is drawn and
learned; then each desk is done and questions are answered ahead.

Jobs of one place share a lock, so that they run one after the other in the order they were enqueued. Stages wait for each
other (`store.queue.STAGES`): none sees another half done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot import anticipating, concluding, contexts, draftroom, hours, morning, night, workspace
from bot.desk import Desk
from bot.hours import Morning, Sleeper
from bot.store import accounts, cursors, nights, people, queue
from bot.store.db import Tx
from bot.store.people import Place
from bot.store.queue import AHEAD, CONCLUDE, LEARN, READ, SLEEP, Job
from graphs.errors import NotYet

BEFORE_WAKING = timedelta(minutes=10)
"""So long before the wake-up a person's desk is done with what was read by then."""

AT_LEAST = timedelta(minutes=30)
"""So long a night that begins late waits for its places."""

AT_ONCE = timedelta(minutes=8)
"""So long a night waits for them whose person asked for it and waits in turn: they were promised its digest within ten."""

LONGEST_WAIT = 30.0
"""Seconds between looks whether the places are read."""


# --- jobs -----------------------------------------------------------------------------------------


def reading(place: Place, day: date, now: datetime) -> Job:
    """The job that reads one place for the night of a date; a nap on the same date is the same job."""
    args: dict[str, queue.Argument] = {"scope": place.id, "date_": day.isoformat(), "now": now.isoformat()}
    return Job("consolidate", READ, args, lock=lock_of(place), once=f"consolidate/{place.id}/{day}")


def concluding_in(place: Place, day: date, now: datetime) -> Job:
    """The job that draws what follows for the readers of a place, and writes its learned context."""
    args: dict[str, queue.Argument] = {"scope": place.id, "date_": day.isoformat(), "now": now.isoformat()}
    return Job("conclude", CONCLUDE, args, lock=f"conclude/{place.id}", once=f"conclude/{place.id}/{day}")


def learning_of_all(day: date, now: datetime) -> Job:
    """The job that writes the learned context of the workspace, one at a time."""
    args: dict[str, queue.Argument] = {"date_": day.isoformat(), "now": now.isoformat()}
    return Job("learn", LEARN, args, lock="learn", once=f"learn/{day}")


def looking_ahead(place: Place, day: date, now: datetime) -> Job:
    """The job that answers ahead what the readers of a channel will ask. Whatever else is ready to be done goes first."""
    args: dict[str, queue.Argument] = {"scope": place.id, "date_": day.isoformat(), "now": now.isoformat()}
    once = f"anticipate/{place.id}/{day}"
    return Job("anticipate", AHEAD, args, lock=once, once=once, priority=-10)


def bringing(place: Place) -> Job:
    """The job that brings one place up to date: a channel from Slack's history, a mailbox from its server."""
    if place.channel is not None:
        return workspace.history_job(place.channel.id)
    return Job("sync_mail", READ, {"scope": place.id}, lock=lock_of(place), once=f"sync/{place.id}")


def lock_of(place: Place) -> str:
    return f"mail/{place.id}" if place.channel is None else str(workspace.history_job(place.channel.id).lock)


def sleeping(person: int, day: date, now: datetime, until: datetime | None) -> Job:
    """The job that does a person's desk. It waits for the places until `until`; without it there is nothing to wait for."""
    args: dict[str, queue.Argument] = {"person": person, "date_": day.isoformat(), "now": now.isoformat()}
    if until is not None:
        args["until"] = until.isoformat()
    return Job("sleep", SLEEP, args, lock=nights.sleep_lock(person), once=f"sleep/{person}/{day}")


# --- beginning ------------------------------------------------------------------------------------


def places_of(desk: Desk, person: int) -> list[Place]:
    """Channels and mailboxes that a person may read."""
    with desk.store.directory() as tx:
        places = people.places(tx)
    with desk.store.as_person(person) as tx:
        return [places[n] for n in people.readable(tx) if places[n].kind in ("channel", "account")]


def defer(
    tx: Tx, places: Sequence[Place], person: int, day: date, now: datetime, until: datetime | None = None
) -> None:
    """Enqueues the reading of some places and then a person's night."""
    for place in places:
        queue.defer(tx, reading(place, day, now))
    _think_about(tx, places, day, now)
    queue.defer(tx, sleeping(person, day, now, until))


def _think_about(tx: Tx, places: Sequence[Place], day: date, now: datetime) -> None:
    """Enqueues what is done when places are read, before whose desk it is matters."""
    for place in places:
        queue.defer(tx, concluding_in(place, day, now))
    queue.defer(tx, learning_of_all(day, now))
    for place in places:
        if place.channel is not None:
            queue.defer(tx, looking_ahead(place, day, now))


@dataclass(frozen=True)
class Beginning:
    """A night that is to begin. `late`: why that is after its hour, '' when it is not. `asked`: its person waits for it."""

    person: int
    owed: Morning
    late: str
    asked: bool = False

    def until(self, now: datetime) -> datetime:
        """So long it waits for its places when it begins now."""
        return now + AT_ONCE if self.asked else max(self.owed.wakes - BEFORE_WAKING, now + AT_LEAST)


def begin(desk: Desk, due: Sequence[Beginning], now: datetime) -> list[int]:
    """Begins nights once each, with everything that belongs to them in one transaction; whose were not begun before.

    Together, because those who wake up together read the same places: each is read once for all of them.
    """
    read = {one.person: places_of(desk, one.person) for one in due}
    with desk.store.directory() as tx:
        fresh = [one for one in due if nights.begin(tx, one.person, one.owed, now, one.late)]
        for day in sorted({one.owed.date for one in fresh}):
            desk.share_out(tx, day)
        connected = {row["scope_id"] for row in accounts.everywhere(tx)}
        # Only channels we are in: an imported conversation is nothing that Slack shows us, and would be closed for it.
        here = set(cursors.channels_here(tx))
        wanted = {(place.id, one.owed.date): place for one in fresh for place in read[one.person]}
        for (_, day), place in sorted(wanted.items(), key=lambda one: one[0]):
            if place.id in connected or (place.channel is not None and place.channel.id in here):
                queue.defer(tx, bringing(place))
            queue.defer(tx, reading(place, day, now))
        for day in sorted({one.owed.date for one in fresh}):
            _think_about(tx, [wanted[key] for key in sorted(wanted) if key[1] == day], day, now)
        for one in fresh:
            queue.defer(tx, sleeping(one.person, one.owed.date, now, one.until(now)))
    return [one.person for one in fresh]


# --- a person's part ------------------------------------------------------------------------------


def sleep(desk: Desk, person: int, day: date, now: datetime, until: str) -> None:
    """One person's night, once the places they read are read. Raises `NotYet` while that is to come.

    `until`: the moment from which on it goes on with what is ready; '' where nobody wakes up to it. What is answered ahead
    stands in the digest, too, but whoever is owed a draft waits for it for half of that time at most.
    """
    if until and desk.now() < (end := datetime.fromisoformat(until)):
        stages = (READ, CONCLUDE, LEARN, AHEAD) if desk.now() < now + (end - now) / 2 else (READ, CONCLUDE, LEARN)
        _wait_for(desk, stages, [place.id for place in places_of(desk, person)], day, now)
    night.sleep(desk, person, day, now)
    if until:
        _slept(desk, person, day)


def _wait_for(desk: Desk, stages: Sequence[str], scopes: Sequence[int], day: date, now: datetime) -> None:
    with desk.store.directory() as tx:
        coming = nights.is_coming(tx, stages, scopes, day)
    if coming:
        wait = min(max((desk.now() - now).total_seconds() / 10, 0.5), LONGEST_WAIT)
        raise NotYet("The places of this night are still being read.", wait)


# --- a place's part, when all are read ------------------------------------------------------------


def conclude(desk: Desk, scope: int, day: date, now: datetime) -> None:
    """Draws what follows for the readers of a place and writes its learned context. Raises `NotYet` while something they
    read is still being read."""
    with desk.store.directory() as tx:
        place = people.place(tx, scope)
    _wait_for(desk, (READ,), _read_there(desk, scope), day, now)
    concluding.for_channel(desk, place, day, now)
    contexts.rewrite_place(desk, place, day, now)


def learn(desk: Desk, day: date, now: datetime) -> None:
    """Writes what should be known of the whole company. Raises `NotYet` while a place that is open to all is thought about."""
    with desk.store.directory() as tx:
        open_ = [one.id for one in people.places(tx).values() if one.channel and one.channel.kind == "public"]
    _wait_for(desk, (READ, CONCLUDE), open_, day, now)
    contexts.rewrite_workspace(desk, day, now)


def anticipate(desk: Desk, scope: int, day: date, now: datetime) -> None:
    """Answers ahead for the readers of a channel. Raises `NotYet` while something they read is still thought about."""
    _wait_for(desk, (READ, CONCLUDE, LEARN), _read_there(desk, scope), day, now)
    anticipating.of_channel(desk, scope, day, now)


def _read_there(desk: Desk, scope: int) -> list[int]:
    """A place, and of a channel whatever else all its readers may read."""
    with desk.store.as_readers_of(scope) as tx:
        return [scope, *people.readable(tx)]


# --- when it is done ------------------------------------------------------------------------------


def _slept(desk: Desk, person: int, day: date) -> None:
    """The desk is done: drafts go to where they belong, and a digest that is late goes out at once."""
    with desk.store.directory() as tx:
        nights.slept(tx, person, day, desk.now())
        wanted, places = people.preferences(tx, person), people.places(tx)
        known = next(one for one in people.everybody(tx) if one.id == person)
        for row in accounts.everywhere(tx):
            if places[row["scope_id"]].owner == known.person.key:
                queue.defer(tx, draftroom.filing(row["scope_id"]))
        slept = Sleeper(person, wanted, hours.zone_of(known.zone, desk.zone), desk.now())
        nights_of = {(person, one.date): one.begun for one in nights.since(tx, day) if one.person == person}
        if any(step.morning.date == day for step in hours.missed([slept], nights_of, desk.now())):
            queue.defer(tx, morning.delivery(person, known.person.key, day))


def file_drafts(desk: Desk, scope: int) -> None:
    """Brings one mailbox's Drafts up to date; while its owner has paused, it is left as it is until their next night."""
    with desk.store.directory() as tx:
        owner = people.places(tx)[scope].owner
        known = people.find(tx, owner) if owner else None
        paused = known is None or people.preferences(tx, known.id).paused
    if not paused:
        draftroom.file_drafts(desk, scope)

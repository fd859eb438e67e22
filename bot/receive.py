"""What Slack tells us: committed, then acknowledged, then brought into the store by a job.

`accept` is all that happens before the acknowledgement: one transaction with the event, the jobs it makes necessary, and
the rights it takes away; what comes at the same time shares it. `ingest` does the rest, as often as needed, in any order
of events.
"""

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from bot import backfill, cards, keeping, observe, workspace
from bot.desk import Desk
from bot.keeping import Heard, Marked
from bot.slack import directory, events
from bot.slack.events import Event, Json, Sort
from bot.slack.export_message import Names, Unusable, row_of, text_of
from bot.store import cursors, inbox, messages, nights, people, queue
from bot.store.db import Store, Tx
from bot.store.inbox import Waiting
from bot.workspace import Us
from graphs.errors import Later

if TYPE_CHECKING:
    from bot.slack import socket

log = logging.getLogger(__name__)

BATCH = 200
REVOKED = "Slack no longer takes our token: install the app again, set SLACK_BOT_TOKEN, and start again."


# --- before the acknowledgement -------------------------------------------------------------------


Asked = Callable[[Event], None]


def unheard(event: Event) -> None:
    """For who answers elsewhere."""


def accept(desk: Desk, body: Json, kind: Sort = "events", asked: Asked = unheard) -> None:
    """Commits what Slack says, with the jobs that it makes necessary. Returns also for what is refused: it is acknowledged,
    so that Slack does not say it again, and counted. Raises `Later` when it could not be committed: no acknowledgement.
    `asked` is told, once it is committed, what is plainly meant for us.
    """
    try:
        event = events.read(body, kind)
        if event.ours and event.kind in events.CONTENT:
            # What we say ourselves stands in the outbox and is no source: there is nothing to commit.
            _note_lag(event, desk.now())
            return
        raw = events.packed(body)
    except events.Refused as refusal:
        _refuse(str(refusal))
        return
    told, gate = _Told(event, raw), _gate(desk.store)
    gate.waiting.append(told)
    with gate.turn:
        if not told.done:
            _commit(desk, gate, told)
    if told.failed is not None:
        raise Later(str(told.failed), told.failed.after) from told.failed
    if told.is_news and event.asks and (event.kind == "app_mention" or event.direct):
        asked(event)


@dataclass(eq=False)
class _Told:
    """An event on its way into the store."""

    event: Event
    raw: bytes
    done: bool = False
    is_news: bool = False
    failed: Later | None = None


@dataclass(eq=False)
class _Gate:
    """What comes together is committed together: whoever has the turn does it for all who wait."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[_Told] = field(default_factory=deque)


_GATES: WeakKeyDictionary[Store, _Gate] = WeakKeyDictionary()


def _gate(store: Store) -> _Gate:
    return _GATES.setdefault(store, _Gate())


def _commit(desk: Desk, gate: _Gate, told: _Told) -> None:
    # One that was taken with others and is not done is tried alone: something went wrong, and nobody knows with which.
    together = [gate.waiting.popleft() for _ in range(len(gate.waiting))] if told in gate.waiting else [told]
    try:
        _keep(desk, together)
    except Later as err:
        for one in together:
            one.failed = err
    for one in together:
        one.done = True


def _keep(desk: Desk, together: Sequence[_Told]) -> None:
    """One transaction. Its jobs come last: other transactions wait for whoever touches one of those that coalesce."""
    jobs: list[queue.Job] = []
    with desk.store.directory() as tx:
        us = workspace.us(tx)
        if us is None:
            raise Later("Slack spoke before it was asked who we are.")
        for one in together:
            if us.team not in one.event.teams:
                _refuse("team")
            elif (found := _put(tx, desk, one.event, one.raw)) is not None:
                one.is_news = True
                jobs += found
        once = {job.once or str(place): job for place, job in enumerate(jobs)}
        for job in sorted(once.values(), key=lambda job: (-job.priority, job.once or "")):
            queue.defer(tx, job)
    for one in together:
        if one.is_news:
            observe.count("events_received", kind=one.event.kind)
            _note_lag(one.event, desk.now())


def _refuse(reason: str) -> None:
    observe.count("events_handled", kind=reason, outcome="ignored")
    log.warning("a Slack event was refused", extra={"reason": reason})


def _note_lag(event: Event, now: datetime) -> None:
    observe.gauge("last_event_time", now.timestamp())
    if event.at and event.sort == "events":
        observe.observe("event_lag_seconds", now.timestamp() - float(event.at))


def _put(tx: Tx, desk: Desk, event: Event, raw: bytes) -> list[queue.Job] | None:
    """The jobs that an event makes necessary; None when Slack said so before."""
    wanted = event.sort != "events" or event.kind in events.CONTENT | events.PLACE | events.PERSON
    row = inbox.put(tx, desk.keys.seals, event.key, event.kind, (event.channel, event.ts), raw if wanted else None)
    if row is None:
        return None
    if event.user and (event.sort != "events" or event.direct or event.kind in ("app_mention", "app_home_opened")):
        nights.meet(tx, event.user, desk.now())
    if event.sort != "events":
        return [queue.Job("press", queue.LIVE, {"event": row}, priority=100)]
    _take_rights(tx, event, raw)
    jobs = [workspace.ingestion(event.channel)] if wanted else []
    if _wants_answer(tx, event):
        jobs.append(answer(event))
    if event.kind == "app_home_opened":
        jobs += _opened(tx, event)
    return jobs


def answer(event: Event) -> queue.Job:
    """One answer for each message, whichever of its events asks for it."""
    place = f"answer/{event.channel}/"
    return queue.Job(
        "answer", queue.LIVE, {"channel": event.channel, "ts": event.ts},
        lock=place + (event.thread_ts or event.ts), once=place + event.ts, priority=100,
    )  # fmt: skip


def _wants_answer(tx: Tx, event: Event) -> bool:
    """A mention, a DM, what is said in a thread we answered in, and what became of a question that we answered."""
    if not event.channel or not event.ts:
        return False
    if event.kind in ("message_changed", "message_deleted"):
        return _answered(tx, event, "")
    if not event.asks:
        return False
    return event.kind == "app_mention" or event.direct or _answered(tx, event, event.thread_ts)


def _answered(tx: Tx, event: Event, thread: str) -> bool:
    row = tx.one("answered", channel=event.channel, ts=event.ts, thread=thread)
    return row is not None and bool(row["answered"])


def _opened(tx: Tx, event: Event) -> list[queue.Job]:
    """Our Home tab is drawn for who looks at it; who looks at our Messages tab is greeted there."""
    known = people.find(tx, event.user)
    if known is None:
        return []
    match event.tab:
        case "messages":
            return [workspace.hello_job(known.id, event.channel)]
        case "" | "home":
            return [queue.Job("home", queue.LIVE, {"person": known.id}, once=f"home/{known.id}", priority=90)]
        case _:
            return []


def _take_rights(tx: Tx, event: Event, raw: bytes) -> None:
    """What somebody may read no longer ends with the commit; what somebody may read from now on is asked of Slack first."""
    match event.kind:
        case "member_left_channel":
            tx.all("hold_channel", channel=event.channel)
            tx.run("leave_channel", channel=event.channel, users=[event.user])
        case "member_joined_channel":
            tx.run("close_place", channel=event.channel, user=event.user)
        case "channel_shared":
            tx.run("open_to_others", channel=event.channel)
        case "user_change":
            _restrict(tx, raw)
        case "channel_converted_to_private":
            tx.run("hide_channel", channel=event.channel)
        case kind if kind in events.GONE:
            workspace.lose(tx, event.channel)
        case kind if kind in events.REVOKED:
            tx.run("set_problem", problem=REVOKED)
            log.error("Slack no longer takes our token")


def _restrict(tx: Tx, raw: bytes) -> None:
    user = directory.user_of(row_of(row_of(json.loads(raw), "event"), "user"), _team(tx))
    if user.deleted or user.kind != "member":
        tx.run("restrict_person", user=user.id, role=user.kind, active=not user.deleted)


def _team(tx: Tx) -> str:
    held = workspace.us(tx)
    return "" if held is None else held.team


# --- after it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Batch:
    """Events of one channel, each with the event inside what Slack sent, in the order in which they happened."""

    channel: str
    events: tuple[tuple[Waiting, Json], ...]

    @property
    def ids(self) -> list[int]:
        return [waiting.id for waiting, _ in self.events]

    def of(self, kinds: frozenset[str]) -> list[tuple[Waiting, Json]]:
        return [(waiting, event) for waiting, event in self.events if waiting.kind in kinds]


def ingest(desk: Desk, channel: str) -> None:
    """Brings all waiting events of a channel into the store ('': those of no channel). Raises `Later`; then some wait on."""
    with _turn(channel):
        while (batch := _take(desk, channel)) is not None:
            try:
                _bring_in(desk, batch)
            except Later:
                # Slack or the database was away: that says nothing about the events.
                with desk.store.directory() as tx:
                    inbox.let_go(tx, batch.ids)
                raise


@cache
def _turn(channel: str) -> threading.Lock:
    """Twenty answers that wait for the same events are no twenty attempts at them: one brings them in for all."""
    return threading.Lock()


def _take(desk: Desk, channel: str) -> _Batch | None:
    """The next events; one alone after an attempt on it was cut off, none that was cut off too often."""
    with desk.store.directory() as tx:
        found = inbox.waiting(tx, desk.keys.seals, channel, BATCH)
        fresh = [one for one in found if one.attempts < inbox.MOST_ATTEMPTS]
        if any(one.attempts > 1 for one in fresh):
            fresh = fresh[:1]
        if fresh:
            inbox.count_attempt(tx, [one.id for one in fresh])
    if given_up := [one for one in found if one.attempts >= inbox.MOST_ATTEMPTS]:
        _give_up_on(desk, channel, given_up)
    if not fresh:
        return None
    opened = [(one, dict(row_of(json.loads(one.payload), "event"))) for one in fresh]
    opened.sort(key=lambda pair: (text_of(pair[1], "event_ts") or text_of(pair[1], "ts"), pair[0].id))
    return _Batch(channel, tuple(opened))


def _give_up_on(desk: Desk, channel: str, given_up: Sequence[Waiting]) -> None:
    """What cut off every attempt on it is left alone, and whoever reads its channel is told so in the morning."""
    with desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, channel)
    begin = desk.store.directory if scope is None else partial(desk.store.as_scope, scope)
    with begin() as tx:
        for one in given_up:
            _put_aside(tx, one, "begun too often")
            if scope is not None and one.kind in events.CONTENT:
                messages.quarantine(tx, scope, [(one.ts, "reading it was begun too often")])


def _put_aside(tx: Tx, one: Waiting, problem: str) -> None:
    inbox.handled(tx, one.id, problem)
    observe.count("events_handled", kind=one.kind, outcome="failed")
    log.error("a Slack event was put aside", extra={"kind": one.kind})


def _bring_in(desk: Desk, batch: _Batch) -> None:
    if not batch.channel:
        _bring_people(desk, batch)
        return
    with desk.store.directory() as tx:
        us = workspace.us(tx)
        scope = people.scope_of_channel(tx, batch.channel)
    moved = batch.of(events.PLACE)
    if us is None or not us.bot_user:
        us = workspace.connect(desk)
    if scope is None or moved:
        scope = workspace.refresh_channel(desk, batch.channel, batch.ids)
    if scope is None:
        with desk.store.directory() as tx:
            for one, _ in batch.events:
                _put_aside(tx, one, "unknown channel")
        return
    _bring_content(desk, scope, batch, us)
    _welcome(desk, scope, batch, us)


def _bring_content(desk: Desk, scope: int, batch: _Batch, us: Us) -> None:
    """Messages and reactions, and with the same commit the events are handled."""
    ids = events.ids_in(json.dumps([event for _, event in batch.events]))
    # Us as well, whom they mention: an export does not know our name.
    authors = {text_of(event, "user") for _, event in batch.of(events.CONTENT)}
    workspace.learn_people(desk, {*authors, us.bot_user} - {""}, us.team)
    with desk.store.as_scope(scope) as tx:
        tx.all("lock_scope", scope=scope)
        held = inbox.hold(tx, batch.ids)
        standing = [(one, event) for one, event in batch.events if one.id in held]
        names = workspace.names(tx, ids, batch.channel)
        heard: list[Heard] = []
        for one, event in standing:
            try:
                found = _heard(one, event, batch.channel, names, us)
            except Unusable as err:
                _put_aside(tx, one, "unreadable")
                messages.quarantine(tx, scope, [(one.ts or one.key, str(err))])
                continue
            heard += [] if found is None else [found]
            inbox.handled(tx, one.id)
            observe.count("events_handled", kind=one.kind, outcome="done")
        keeping.keep(tx, scope, heard)
        keeping.mark(tx, scope, [mark for one, event in standing if (mark := _mark(one, event)) is not None])
        tx.all("index_scope")
        for author in sorted({text_of(event, "user") for one, event in standing if one.kind != "app_mention"} - {""}):
            if (known := people.find(tx, author)) is not None:
                cards.look_again(tx, known.id)


def _heard(one: Waiting, event: Json, channel: str, names: Names, us: Us) -> Heard | None:
    match one.kind:
        case "message" | "message_deleted":
            return keeping.hear(event, channel, names, us, "said")
        case "message_changed":
            return keeping.hear(event, channel, names, us, "edited")
        case "app_mention":
            return keeping.hear(event, channel, names, us, "mentioned")
        case _:
            return None


def _mark(one: Waiting, event: Json) -> Marked | None:
    if one.kind not in ("reaction_added", "reaction_removed"):
        return None
    return Marked(one.ts, text_of(event, "user"), text_of(event, "reaction"), there=one.kind == "reaction_added")


def _bring_people(desk: Desk, batch: _Batch) -> None:
    with desk.store.directory() as tx:
        team = _team(tx)
        changed = [directory.user_of(row_of(event, "user"), team) for _, event in batch.of(events.PERSON)]
        for user in changed:
            if user.id:
                workspace.put_user(tx, user)
        people.finish_people(tx)
        # Who is no guest any more may open the places they are in: Slack is asked who else is there.
        for user in changed:
            for row in tx.all("doubtful_channels", user=user.id):
                queue.defer(tx, workspace.lookup(row["channel"]))
        for one, _ in batch.events:
            inbox.handled(tx, one.id)
            observe.count("events_handled", kind=one.kind, outcome="done")


# --- being invited --------------------------------------------------------------------------------


def _welcome(desk: Desk, scope: int, batch: _Batch, us: Us) -> None:
    """Once for each channel that somebody invites us to: says what we do there, and reads what was said before."""
    joined = [event for one, event in batch.events if one.kind == "member_joined_channel"]
    if any(text_of(event, "user") == us.bot_user for event in joined):
        workspace.greet(desk, scope, batch.channel)


# --- listening ------------------------------------------------------------------------------------


def listen(
    desk: Desk, link: "socket.Link", stop: threading.Event, pace: "socket.Pace | None" = None, asked: Asked = unheard
) -> None:
    """Hears Slack over its socket until `stop` is set. Takes the calling thread."""
    from bot.slack import socket  # Bolt, which nobody else needs to load

    ears = socket.Ears(
        accept=partial(accept, desk, asked=asked),
        connected=partial(catch_up, desk),
        is_deaf=partial(backfill.is_deaf, desk),
    )
    socket.listen(link, ears, stop, pace or socket.USUAL)


# --- after a connection ---------------------------------------------------------------------------


def catch_up(desk: Desk) -> None:
    """After every connection: what was said meanwhile is read from history, and what still waits is brought in."""
    workspace.connect(desk)
    with desk.store.directory() as tx:
        for channel in cursors.channels_here(tx):
            queue.defer(tx, workspace.history_job(channel))
        for channel in inbox.channels(tx):
            queue.defer(tx, workspace.ingestion(channel))
        queue.defer(tx, queue.Job("directory", queue.READ, lock="directory", once="directory"))

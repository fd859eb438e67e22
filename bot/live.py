"""By day: somebody asks, and the answer appears in their thread while it is made.

event -> the channel's events are stored -> whose question is it, is it for us -> a sign that somebody is at work
-> graphs.answer with the rights of the place -> statement by statement into the thread -> sources and buttons below it
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import asking, audience, backfill, errands, hours, mine, notes, observe, passages, receive, replying, workspace
from bot.asking import Asked
from bot.audience import Place
from bot.desk import Desk, check_running
from bot.replying import Telling, Thread
from bot.slack import events, mrkdwn, stream
from bot.slack.answers import Shown
from bot.slack.events import Event
from bot.slack.stream import Spot
from bot.store import inbox, outbox, people, queue, replies
from bot.store.outbox import Rest
from bot.turns import Turns
from bot.workspace import Us
from graphs.digest_value import day_words
from graphs.domain import Answer, Message, Party, Quoted, SlackSource
from graphs.errors import Denied, Later, NeedsPerson, NightdeskError
from graphs.rules.followup import Wanted, goes_on, wanted

log = logging.getLogger(__name__)

EDITED_WITHIN = timedelta(seconds=60)
"""A question that is changed so soon is answered anew, in place; later changes are left alone."""

ANNOUNCERS = 2
READERS = 3
LONGEST_TURN = 1.0
"""Of many questions that come at once so many are read for side by side, until their models are asked: the first answers
come sooner, and the last no later, than if all shared the processor. What comes after the first words of an answer waits
for those who have none yet. Who waits for so many seconds goes on all the same.
"""

_TURNS = Turns(READERS, LONGEST_TURN)

WITHDRAWN = "The question was deleted, and with it this answer."
HELP = "Ask me something about what is said here, or hand me something for the night: “overnight: compare the three offers”."
FAILED = "Something went wrong on my side; the question is kept. (reference {})"


@dataclass(frozen=True)
class Question:
    """A message that is meant for us."""

    message: Message
    before: Sequence[Message]  # of its thread, oldest first
    here: Place
    rights: frozenset[int]  # scopes that may be told there
    wanted: Wanted
    us: str
    team: str

    @property
    def spot(self) -> Spot:
        source = self.message.source
        assert isinstance(source, SlackSource)
        return Spot(source.channel, self.message.thread, self.message.author.key, self.team)

    @property
    def ts(self) -> str:
        assert isinstance(self.message.source, SlackSource)
        return self.message.source.ts

    @property
    def asked(self) -> Asked:
        return Asked(self.wanted.words, self.before, self.message.source, self.us)

    @property
    def rests(self) -> tuple[Rest, ...]:
        """What an answer to it stands with: other words of it are answered anew, or left alone."""
        return (Rest(self.message.source, None),)


def reply(desk: Desk, channel: str, ts: str) -> None:
    """Answers a mention, a DM or a follow-up, once; again in place when it was changed at once; withdraws with it."""
    with _TURNS.take() as turn:
        question = question_of(desk, channel, ts)
        try:
            if question is not None:
                _answer(desk, question, turn.close)
        finally:
            if desk.slack is not None:
                stream.withdraw(desk.slack, channel, ts)


def announcing(desk: Desk) -> Callable[[Event], None]:
    """Shows a sign as soon as a question is heard, for a process that answers it as well."""
    pool, slack = ThreadPoolExecutor(ANNOUNCERS, thread_name_prefix="sign"), desk.require_slack()

    def announce(event: Event) -> None:
        spot = event.channel, event.thread_ts or event.ts
        stream.announce(pool, slack, spot, event.ts, partial(_may_answer, desk, event.user, event.channel))

    return announce


def _may_answer(desk: Desk, user: str, channel: str) -> bool:
    with desk.store.directory() as tx:
        check_running(tx)
        us, held = workspace.us(tx), people.place_of_channel(tx, channel)
        here = None if us is None else audience.place_in(desk, tx, user, held, us.bot_user)
    return here is not None and here.begin is not None


def question_of(desk: Desk, channel: str, ts: str) -> Question | None:
    """What a message asks of us; None when it asks nothing, or is gone and its answer with it."""
    us, room = _heard(desk, channel)
    if us is None or room is None:
        return None
    with desk.store.as_scope(room.id) as tx:
        said = replies.around(tx, room.id, ts)
        by_ts = {one.source.ts: one for one in said if isinstance(one.source, SlackSource)}
        found = by_ts.get(ts)
        here = None if found is None else audience.place_in(desk, tx, found.author.key, room, us.bot_user)
        rights = frozenset() if here is None else audience.rights(tx, here)
    if found is None:
        _withdraw(desk, room.id, channel, ts)
        return None
    if found.thread not in by_ts:
        said = _whole(desk, room.id, channel, found.thread)
    return None if here is None else _question(desk, found, said, us, here, rights)


def _heard(desk: Desk, channel: str) -> tuple[Us | None, people.Place | None]:
    """Who we are and where this is, after all that Slack told us of the channel has been brought in."""
    with desk.store.directory() as tx:
        known = workspace.us(tx), people.place_of_channel(tx, channel)
        if inbox.is_empty(tx, channel):
            return known
    receive.ingest(desk, channel)
    with desk.store.directory() as tx:
        return workspace.us(tx), people.place_of_channel(tx, channel)


def _whole(desk: Desk, room: int, channel: str, root: str) -> list[Message]:
    """A thread whose beginning we were never told, read at once as far as Slack gives it."""
    with suppress(Denied, Later, NeedsPerson):
        backfill.thread(desk, channel, root)
    with desk.store.as_scope(room) as tx:
        return replies.thread(tx, room, root)


def _question(
    desk: Desk, message: Message, said: Sequence[Message], held: Us, here: Place, rights: frozenset[int]
) -> Question | None:
    """None for what is not meant for us, or is asked by somebody who may not read here."""
    assert isinstance(message.source, SlackSource)
    us = held.bot_user
    if message.author.kind == "bot" or message.author.key == us:
        return None
    if here.begin is None:
        return None
    spoken = [*said, *_ours(here, message, us)]
    before = sorted((one for one in spoken if one.sent_at < message.sent_at), key=lambda one: one.sent_at)
    if here.scope is not None and us not in message.mentions and not goes_on(message, before, us, _names(desk, us)):
        return None
    text = words_for_us(desk, message, us)
    wish = wanted(text, corrects=bool(before) and before[-1].author.key == us, alone=here.scope is None)
    if wish.wish in ("remember", "forget", "errand") and here.asker.person.role != "member":
        wish = Wanted("answer", text)  # a stranger's words change nothing here
    if wish.wish == "nothing" and text:
        return None
    return Question(message, before, here, rights, wish, us, held.team)


def _ours(here: Place, message: Message, us: str) -> list[Message]:
    """What we said in the thread of `message`; where it begins one we said nothing before."""
    assert isinstance(message.source, SlackSource)
    if here.begin is None or message.thread == message.source.ts:
        return []
    with here.begin() as tx:
        ours = replies.ours(tx, message.source.channel, message.thread)
    return [_our_words(message, us, ts, text) for ts, text in ours]


def _our_words(message: Message, us: str, ts: str, text: str) -> Message:
    """What we said in the thread of `message`, for whoever reads it: never a source."""
    assert isinstance(message.source, SlackSource)
    return Message(
        scope=message.scope,
        source=SlackSource(channel=message.source.channel, ts=ts),
        thread=message.thread,
        author=Party(key=us, name="Nightdesk", kind="bot"),
        sent_at=datetime.fromtimestamp(float(ts), UTC),
        text=Quoted(text=mrkdwn.unescape(text)),
    )


def _names(desk: Desk, us: str) -> frozenset[str]:
    with desk.store.directory() as tx:
        known = [one.person for one in people.everybody(tx) if one.slack_id != us]
    return frozenset(name.casefold() for person in known for name in (person.name, *person.short_names))


def words_for_us(desk: Desk, message: Message, us: str) -> str:
    """The question as all its readers see it, without the mention that brought it here."""
    assert isinstance(message.source, SlackSource)
    raw = message.slack.raw if message.slack else ""
    if us not in message.mentions:
        return message.text.text
    said = mrkdwn.without_mention(raw, us)
    if not (named := events.ids_in(said)):
        return mrkdwn.to_plain(said, lambda key: "")
    with desk.store.directory() as tx:
        names = workspace.names(tx, named, message.source.channel)
    return mrkdwn.to_plain(said, names.of)


# --- the answer -----------------------------------------------------------------------------------


def thread_of(desk: Desk, question: Question) -> Thread:
    """Where the answer goes and whose row it is: the person's own in a DM, else the channel's."""
    here, ts = question.here, question.ts
    scope = here.scope
    if scope is None:
        with desk.store.directory() as tx:
            scope = people.desk_of(tx, here.asker.person.key)
    key = f"answer/{question.spot.channel}/{ts}"
    return Thread(desk, desk.require_slack(), question.spot, scope, key, ts, question.us)


def _answer(desk: Desk, question: Question, leave: Callable[[], None]) -> None:
    if question.wanted.wish == "errand":
        desk.check_running()
        errands.propose(desk, question.here, question.message, question.wanted.words)
        return
    thread = thread_of(desk, question)
    telling = replying.take_up(thread, _revision(desk, thread, question.message))
    if telling is None:
        return
    spot = question.spot
    with (
        observe.timed("answer_seconds", stage="whole"),
        stream.at_work(thread.slack, spot.channel, spot.thread_ts, thread.asked) as sign,
    ):
        telling.sign = sign
        made = _made(desk, question, telling, leave)
        leave()
        with _TURNS.take(behind=True):
            telling.finish(made)
    if made.tonight and question.here.scope is not None:
        _look_beyond(desk, question)


def _look_beyond(desk: Desk, question: Question) -> None:
    """Who asked in a channel may read more than all its readers: a job sees to that, whether there is more or not."""
    if question.here.asker.person.role not in ("member", "guest"):
        return
    args: dict[str, queue.Argument] = {"channel": question.spot.channel, "ts": question.ts}
    with desk.store.directory() as tx:
        queue.defer(tx, queue.Job("hint", queue.LIVE, args, once=f"hint/{question.spot.channel}/{question.ts}"))


def _revision(desk: Desk, thread: Thread, message: Message) -> int:
    """Of the question that is to be answered: what was changed late counts as unchanged."""
    if message.edited_at is None or message.edited_at - message.sent_at <= EDITED_WITHIN:
        return message.revision
    with thread.begin() as tx:
        held = replies.get(tx, thread.key)
    return held.revision if held is not None else message.revision


def _made(desk: Desk, question: Question, telling: Telling, leave: Callable[[], None]) -> Shown:
    """What to say. An error becomes a sentence with a number that the log knows."""
    try:
        found = _said(desk, question, telling, leave)
        observe.count("answers", outcome="done")
        return found
    except (NeedsPerson, Denied) as error:
        return _failed(error)


def _said(desk: Desk, question: Question, telling: Telling, leave: Callable[[], None]) -> Shown:
    match question.wanted.wish:
        case "remember":
            told = notes.remember(desk, question.here, question.message, question.wanted.words)
            return Shown(told, rated=False, rests=question.rests)
        case "forget":
            told, quoted = notes.forget(desk, question.here, question.wanted.words)
            return Shown(told, rated=False, rests=(*question.rests, *quoted))
        case "own":
            assert question.wanted.own is not None
            listed = mine.answer(desk, question.here, question.wanted.own, desk.now())
            return Shown(listed.text, listed.links, rated=False, rests=(*question.rests, *listed.rests))
        case "nothing":
            return Shown(HELP, rated=False)
    here, before = question.here, question.rights

    def hear(piece: str) -> None:
        if telling.hear(piece, lambda tx: audience.check_rights(tx, here, before)):
            with _TURNS.take(behind=True):
                pass  # what follows comes after the first words of others

    used = asking.Used()
    found = asking.answer(desk, here, question.asked, desk.now(), used, hear, leave)
    leave()
    with _TURNS.take(behind=True):
        made = shown(desk, here, found, (*question.rests, *used.rests(found.citations)))
        asking.note_uses(desk, here, used, desk.now())
        # Somebody may have joined or left while it was made.
        with desk.store.directory() as tx:
            audience.check_rights(tx, here, before)
    return made


def give_up(desk: Desk, channel: str, ts: str, reference: str) -> None:
    """Says where an answer should stand that none comes: its job has failed, and the log knows it by `reference`."""
    question = question_of(desk, channel, ts)
    if question is None:
        return
    thread = thread_of(desk, question)
    telling = replying.take_up(thread, _revision(desk, thread, question.message))
    if telling is not None:
        telling.finish(Shown(FAILED.format(reference), rated=False))


def _failed(error: NightdeskError) -> Shown:
    reference = secrets.token_hex(4)
    observe.count("answers", outcome="failed")
    log.error("no answer", extra={"reference": reference, "error": type(error).__name__})
    return Shown(FAILED.format(reference), rated=False)


def shown(desk: Desk, here: Place, found: Answer, rests: tuple[Rest, ...] = ()) -> Shown:
    """An answer as its readers see it: with links that each of them can open, and how it was found."""
    at = found.prepared_at and found.prepared_at.astimezone(hours.zone_of(here.asker.zone, desk.zone))
    ahead = f"prepared {day_words(at.date())}, {at:%H:%M}" if at else ""
    notes_ = {"rules": "found without a model: quoted, not composed", "prepared": ahead}
    return Shown(
        text=found.text,
        links=tuple(passages.links(desk, here, found.citations)),
        note=notes_.get(found.served, ""),
        tonight=found.served == "not_found",
        rests=rests,
    )


def _withdraw(desk: Desk, room: int, channel: str, ts: str) -> None:
    """A question that was deleted takes its answer with it, and what was handed to the night."""
    key, scopes = f"answer/{channel}/{ts}", _scopes_of(desk, room)
    errands.withdraw(desk, scopes, channel, ts)
    for scope in scopes:
        with desk.store.as_scope(scope) as tx:
            reply, held = replies.get(tx, key), outbox.get(tx, key)
        if reply is None or held is None:
            continue
        if reply.state == "streaming":
            if reply.ts:
                stream.stop(desk.require_slack(), channel, reply.ts)
        elif held.post.text == WITHDRAWN:
            continue  # as soon as the message was gone
        with desk.store.as_scope(scope) as tx:
            outbox.want(tx, scope, replace(held.post, text=WITHDRAWN, blocks=()))


def _scopes_of(desk: Desk, room: int) -> list[int]:
    """In whose name something of ours may stand in a conversation: its own, or in a DM its person's."""
    with desk.store.directory() as tx:
        held = people.places(tx)
    channel = held[room].channel
    members = channel.members if channel is not None and channel.kind == "dm" else ()
    return [room, *(one.id for one in held.values() if one.kind == "person" and one.owner in members)]

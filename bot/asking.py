"""A question: who asks, what may they and the place's readers see, what is found there, and graphs.answer over it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from bot import hours
from bot.desk import Desk
from bot.store import contexts, messages, people, runs
from bot.store.db import Tx
from bot.store.outbox import Rest
from graphs import answer as answering
from graphs.citing import NOT_FOUND, Passage, not_found
from graphs.conversations import name_of
from graphs.digest_value import ItemLink, day_words
from graphs.domain import Answer, Message, Person, PersonKey, Quoted, SlackSource, Source
from graphs.errors import Later, NeedsPerson
from graphs.life import source_key
from graphs.links import source_link
from graphs.rules.text import language
from graphs.thinking import Ledger, Reservation, Thinker, Usage

DM = "dm"
THREAD_PASSAGES = 6
"""Newest messages of a thread that an answer may cite although retrieval does not return them."""
THREAD_WORDS = 300
"""Characters of a thread's first message that a question in it is looked up with."""
QUESTIONS = 6
"""Places among what is looked up for questions that we were asked before: no word finds them, but their neighbours do."""


def _unheard(piece: str) -> None:
    """For who waits for the whole answer."""


def _unwaited() -> None:
    """For who is the only one."""


@dataclass(frozen=True)
class Place:
    """Where a question is asked: whose rights its answer is made with. `begin` is None where the asker may not read."""

    asker: people.Known
    scope: int | None  # of the channel; None in a DM
    begin: Callable[[], AbstractContextManager[Tx]] | None
    room: int = 0  # the scope in which the conversation itself is stored; a DM has one as well
    key: str = ""  # of that scope


@dataclass(frozen=True)
class Found:
    """One retrieved message with what a list of results shows of it."""

    message: Message
    score: float


def place(desk: Desk, who: str, channel: str) -> Place:
    """The place named on a command line. Raises `NeedsPerson` for somebody or something nobody knows."""
    with desk.store.directory() as tx:
        asker = people.find(tx, who)
        if asker is None:
            raise NeedsPerson(f"Nobody here is {who}: name a Slack id or a mail address that was imported.")
        if channel == DM:
            return Place(asker, None, partial(desk.store.as_person, asker.id))
        scope = people.channel_named(tx, channel)
    if scope is None:
        raise NeedsPerson(f"There is no channel {channel}: name its id, its name, or dm.")
    with desk.store.as_person(asker.id) as tx:
        may_read = scope in people.readable(tx)
    # Said in a channel, an answer uses what everybody who reads it may read; the asker's own rights add nothing.
    return Place(asker, scope, partial(desk.store.as_readers_of, scope) if may_read else None)


def in_slack(desk: Desk, user: str, channel: str) -> Place | None:
    """The place of an event: the channel's readers, or in a DM with us its person. None for who or where nobody knows."""
    with desk.store.directory() as tx:
        asker = people.find(tx, user)
        scope = people.scope_of_channel(tx, channel)
        held = None if scope is None else people.place(tx, scope)
        us = (people.workspace(tx) or {"bot_user": ""})["bot_user"]
    if asker is None or held is None or held.channel is None or asker.person.role == "bot" or not asker.person.active:
        return None
    alone = held.channel.kind == "dm" and set(held.channel.members) <= {asker.person.key, us}
    with desk.store.as_person(asker.id) as tx:
        may_read = held.id in people.readable(tx)
    if not may_read:
        return None
    begin = partial(desk.store.as_person, asker.id) if alone else partial(desk.store.as_readers_of, held.id)
    return Place(asker, None if alone else held.id, begin, held.id, held.key)


def rights(here: Place) -> frozenset[int]:
    """Scopes that may be told in the place at this moment; none where its asker may not read."""
    if here.begin is None:
        return frozenset()
    with here.begin() as tx:
        return frozenset(people.readable(tx))


def check_rights(here: Place, before: frozenset[int]) -> None:
    """Before anything is said that was made with the rights of `before`. Raises `Later` when one of them is gone."""
    if not before <= rights(here):
        raise Later("Who reads this conversation has changed: what is said here is made anew.", 1)


def recall(here: Place, question: str, most: int, now: datetime) -> list[Found]:
    """What the place's readers may read about `question`, best first."""
    if here.begin is None:
        return []
    with here.begin() as tx:
        return _recall(tx, question, most, now)


def _recall(tx: Tx, question: str, most: int, now: datetime) -> list[Found]:
    hits = messages.recall(tx, question, language(question), most, now)
    found = {message.id: message for message in messages.by_id(tx, [hit.id for hit in hits])}
    return [Found(found[hit.id], hit.score) for hit in hits if hit.id in found]


@dataclass(frozen=True)
class Asked:
    """One question. In Slack: its message, what was said before it in its thread, and who we are there."""

    text: str
    thread: Sequence[Message] = ()
    source: Source | None = None
    us: PersonKey = ""

    @property
    def wording(self) -> str:
        """What retrieval looks for: "and when?" is about what its thread is about."""
        root = next((m.text.text for m in self.thread if m.author.key != self.us), "")
        return f"{self.text}\n{root[:THREAD_WORDS]}" if root else self.text


def answer(
    desk: Desk,
    here: Place,
    asked: Asked,
    now: datetime,
    used: "Used",
    on_text: Callable[[str], None] = _unheard,
    has_read: Callable[[], None] = _unwaited,
) -> Answer:
    """The answer to one question, made with the rights of the place; counts into `used`, and tells what is certain of it.

    `has_read` is called when the rest is up to the model.
    """
    if here.begin is None:
        return not_found([], [])
    with desk.store.directory() as tx:
        directory = people.everybody(tx)
        places = {p.key: p for p in people.places(tx).values()}
        desk_scope = people.desk_of(tx, here.asker.person.key)
    names = people.by_key(directory)
    with here.begin() as tx:
        blocks = contexts.learned(tx, [places["workspace"].id, here.scope or desk_scope])
        recalled = _recall(tx, asked.wording, answering.PASSAGES + QUESTIONS, now)
    context = answering.Context(
        thinker=_thinker(desk, here, desk_scope, now, used),
        question=Quoted(text=asked.text),
        asker=here.asker.person.name,
        thread=asked.thread,
        recall=lambda: _passages(here, asked, recalled, partial(passage, places=places, names=names), used),
        known=[line.text for block in blocks for line in block.lines],
        people=names,
        now=now,
        zone=here.asker.zone or desk.zone or "UTC",
        on_token=used.token,
        on_text=on_text,
    )
    has_read()
    found: Answer = _graph().invoke({}, context=context)["answer"]
    return _with_bounds(desk, here, found, now) if found.served == "not_found" else found


def _with_bounds(desk: Desk, here: Place, found: Answer, now: datetime) -> Answer:
    """An honest no says where it looked, in words that whoever reads it knows."""
    assert here.begin is not None
    with desk.store.directory() as tx:
        held = None if here.scope is None else people.place(tx, here.scope)
    with here.begin() as tx:
        begins, elsewhere = messages.since(tx), set(people.readable(tx)) - {here.scope}
    if begins is None:
        return found
    zone = hours.zone_of(here.asker.zone, desk.zone)
    back = day_words(begins.astimezone(zone).date(), now.astimezone(zone).date())
    looked = f"{NOT_FOUND.rstrip('.')} in {_looked_in(held, bool(elsewhere))}, back to {back}."
    return found.model_copy(update={"text": found.text.replace(NOT_FOUND, looked, 1)})


def _looked_in(held: people.Place | None, elsewhere: bool) -> str:
    if held is None:
        return "what you may read"
    named = held.channel is not None and held.channel.kind in ("public", "private") and held.name
    here = f"#{held.name}" if named else "this conversation"
    return f"{here} and the public channels" if elsewhere else here


@cache
def _graph() -> Any:
    """Compiled once: the same for every question."""
    return answering.build().compile()


def _passages(
    here: Place, asked: Asked, recalled: Sequence[Found], passage: Callable[[Message], Passage], used: "Used"
) -> list[Passage]:
    """The thread, and what retrieval returns; never what we were asked, or what we said: neither is a source."""
    found = [one.message for one in recalled if _is_source(asked, one.message)][: answering.PASSAGES]
    nearby = [m for m in asked.thread[-THREAD_PASSAGES:] if m.source not in {one.source for one in found}]
    said = [*found, *(m for m in nearby if _is_source(asked, m))]
    used.read |= {source_key(message.source): message.revision for message in said}
    return [passage(message) for message in said if message.text.text]


def _is_source(asked: Asked, message: Message) -> bool:
    return message.source != asked.source and not is_between_us(message, asked.us)


def is_between_us(message: Message, us: PersonKey) -> bool:
    """Whether we said it, or were asked it."""
    return message.author.key == us or (message.slack is not None and message.slack.asks_us)


def ask(
    desk: Desk, here: Place, question: str, thread: Sequence[Message], now: datetime
) -> tuple[Answer, dict[str, int | None]]:
    """The answer with what it took: calls, tokens, and milliseconds to the first token (None without a model)."""
    used = Used()
    found = answer(desk, here, Asked(question, thread), now, used)
    return found, used.as_usage()


@dataclass
class Used:
    """What one answer took, counted while it is made."""

    begun: float = field(default_factory=time.monotonic)
    read: dict[str, int] = field(default_factory=dict)  # revisions of what was found, by source key
    calls: int = 0
    prompt: int = 0
    completion: int = 0
    first_token_ms: int | None = None

    def rests(self, citations: Sequence[Source]) -> tuple[Rest, ...]:
        """What an answer holds words of, in the revisions that it was made from."""
        return tuple(Rest(one, self.read[source_key(one)]) for one in citations if source_key(one) in self.read)

    def token(self, piece: str) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = round((time.monotonic() - self.begun) * 1000)

    def counting(self, ledger: Ledger) -> Ledger:
        """The ledger, whose settled calls are counted here too."""

        def settle(reservation: Reservation, usage: Usage) -> None:
            self.calls += 1
            self.prompt += usage.prompt
            self.completion += usage.completion
            ledger.settle(reservation, usage)

        return Ledger(ledger.reserve, settle, ledger.release)

    def as_usage(self) -> dict[str, int | None]:
        return {
            "calls": self.calls,
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "first_token_ms": self.first_token_ms,
        }


def _thinker(desk: Desk, here: Place, scope: int, now: datetime, used: Used) -> Thinker | None:
    """The live agent's model; its calls are on the asker's account, which is `scope`."""
    if desk.live_model is None:
        return None
    mine = partial(desk.store.as_person, here.asker.id)
    ledger = runs.ledger(mine, scope, now.date(), desk.cap(), desk.live_model.role)
    return desk.live_model.thinker(desk.live_model.chat, used.counting(ledger))


def links(desk: Desk, here: Place, citations: Sequence[Source]) -> list[ItemLink]:
    """What an answer cites, with an address that every reader of the place may open."""
    if here.begin is None or not citations:
        return []
    with desk.store.directory() as tx:
        workspace = people.workspace(tx) or {"team": "", "domain": ""}
        places = {p.key: p for p in people.places(tx).values()}
        names = people.by_key(people.everybody(tx))
    with here.begin() as tx:
        found = messages.by_sources(tx, citations)
    team_url = f"https://{workspace['domain']}.slack.com" if workspace["domain"] else None
    made = []
    for source in citations:
        message = found.get(source_key(source))
        if message is not None:
            said = passage(message, places, names)
            thread = message.thread if isinstance(source, SlackSource) else ""
            url = source_link(source, team_url, team=workspace["team"], thread_ts=thread)
            made.append(ItemLink(label=f"{said.label}, {said.said_by}, {day_words(said.said_at.date())}", url=url))
    return made


def passage(message: Message, places: dict[str, people.Place], names: Mapping[str, Person]) -> Passage:
    held = places.get(message.scope)
    label = (
        f"#{held.name}" if held and held.channel and held.channel.kind in ("public", "private") else "a direct message"
    )
    if message.mail is not None:
        label = f"mail “{message.mail.subject}”"
    return Passage(
        source=message.source, label=label, said_by=name_of(message, names), said_at=message.sent_at, text=message.text
    )

"""A question: what is found with the rights of the place that it is asked in, and graphs.answer over it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Any

from bot import gathering, hours, likening, mine, observe
from bot.audience import Place
from bot.desk import Desk
from bot.gathering import Gathered
from bot.likening import Meant
from bot.passages import Telling
from bot.store import contexts, messages, people, prepared, runs
from bot.store.db import Tx
from bot.store.outbox import Rest
from bot.store.prepared import Use
from graphs import answer as answering
from graphs.citing import IN_A_CHANNEL, NOT_FOUND, Most, Passage, not_found
from graphs.digest_value import day_words
from graphs.domain import Answer, Message, PersonKey, Quoted, Source
from graphs.life import source_key
from graphs.rules.own import asks_for
from graphs.thinking import Ledger, Reservation, Thinker, Usage

THREAD_PASSAGES = 6
"""Newest messages of a thread that an answer may cite although retrieval does not return them."""
THREAD_WORDS = 300
"""Characters of a thread's first message that a question in it is looked up with."""
QUESTIONS = 6
"""Places among what is looked up for questions that we were asked before: no word finds them, but their neighbours do."""
LOOKED_AT = 30
"""Messages that a question looks up: more than have room, questions to us among them."""


def _unheard(piece: str) -> None:
    """For who waits for the whole answer."""


def _unwaited() -> None:
    """For who is the only one."""


@dataclass(frozen=True)
class Found:
    """One retrieved message with what a list of results shows of it."""

    message: Message
    score: float


def recall(here: Place, question: str, most: int, now: datetime, like: Meant | None = None) -> list[Found]:
    """What the place's readers may read about `question`, best first. `like`: what it means, where that is known."""
    if here.begin is None:
        return []
    with here.begin() as tx:
        return _recall(tx, question, most, now, like)


def _recall(tx: Tx, question: str, most: int, now: datetime, like: Meant | None) -> list[Found]:
    hits = likening.recall(tx, question, most, now, like)
    found = {message.id: message for message in messages.by_id(tx, [hit.id for hit in hits])}
    return [Found(found[hit.id], hit.score) for hit in hits if hit.id in found]


@dataclass(frozen=True)
class Asked:
    """One question. In Slack: its message, what was said before it in its thread, and who we are there."""

    text: str
    thread: Sequence[Message] = ()
    source: Source | None = None
    us: PersonKey = ""
    searches: tuple[str, ...] = ()  # other words that an answer may stand in

    @property
    def wording(self) -> str:
        """What retrieval looks for: "and when?" is about what its thread is about."""
        root = next((m.text.text for m in self.thread if m.author.key != self.us), "")
        return "\n".join(said for said in (self.text, root[:THREAD_WORDS], *self.searches) if said)


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
    live = By(partial(_thinker, desk, here, now, partial(used.counting, has_read=has_read)), on_text=on_text)
    found = answered(desk, here, asked, now, used, live)
    return _with_bounds(desk, here, found, now) if found.served == "not_found" else found


@dataclass(frozen=True)
class By:
    """Whose model answers, in which step of the ledger, and how much it may say."""

    thinker: Callable[[Tx], Thinker | None]  # gets any transaction, for the directory
    step: str = "answer"
    most: Most = IN_A_CHANNEL
    on_text: Callable[[str], None] = _unheard

    @property
    def by_night(self) -> bool:
        """Nobody waits: all there is room for at once, and nothing that was itself answered ahead."""
        return self.step != "answer"


def answered(desk: Desk, here: Place, asked: Asked, now: datetime, used: "Used", by: By) -> Answer:
    """What `answer` is made of, for whoever thinks."""
    assert here.begin is not None
    like = None if by.by_night else likening.meant(desk, here.asker, asked.wording, now)
    with here.begin() as tx:
        directory = people.everybody(tx)
        names = people.by_key(directory)
        places = {p.key: p for p in people.places(tx).values()}
        thinker = by.thinker(tx)
        own = here.scope or people.desk_of(tx, here.asker.person.key)
        # The place's own before what everybody knows: where there is no room for both, that is what is left.
        blocks = sorted(
            contexts.learned(tx, [own, places["workspace"].id]), key=lambda block: block.scope == "workspace"
        )
        recalled = [one.message for one in _recall(tx, asked.wording, LOOKED_AT, now, like)]
        found = [message for message in recalled if _is_source(asked, message)]
        known = [line for block in blocks for line in block.lines]
        local = now.astimezone(hours.zone_of(here.asker.zone, desk.zone))
        wanted = gathering.Wanted(asked.text, known, here.scope, local, ahead=not by.by_night, people=names)
        gathered = gathering.gather(tx, wanted, found)
    told = Telling(places, names, cache(lambda: desk.company(directory)), asked.text, by.by_night)
    context = answering.Context(
        thinker=thinker,
        question=Quoted(text=asked.text),
        asker=here.asker.person.name,
        thread=asked.thread,
        recall=partial(_passages, asked, gathered, told, used, _Room(thinker is None, by.by_night)),
        known=gathering.each_once([line.text for line in known]),
        people=names,
        now=now,
        zone=here.asker.zone or desk.zone or "UTC",
        on_token=used.token,
        on_text=by.on_text,
        step=by.step,
        most=by.most,
        prepared=gathered.prepared,
        conclusions=gathered.conclusions,
        turned=gathered.turned,
    )
    # A thread of its own: who asks from a node of another graph would lend its checkpoints, and an answer that is taken up from
    # there, when that node died behind it, knows its words and no longer what it was read from.
    state = _graph().invoke({}, {"configurable": {"thread_id": "answer"}}, context=context)
    answer: Answer = state["answer"]
    used.parts = state.get("parts", {})
    used.ahead = {one.id: Use(offered=1) for one in gathered.prepared if thinker is not None}
    used.ahead |= {
        id_: Use(offered=1, cited=1) for id_ in gathering.cited(gathered, answer.citations) if id_ in used.ahead
    }
    used.ahead |= {id_: Use(withheld=1) for id_ in gathered.withheld}
    return answer


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


@dataclass(frozen=True)
class _Room:
    """How much is looked at: by rules as many messages as ever; at night no less than for several facts."""

    by_rules: bool
    by_night: bool


def _passages(
    asked: Asked, gathered: Gathered, telling: Telling, used: "Used", wants: _Room, more: bool
) -> list[Passage]:
    """What retrieval returns, and the thread; never what we were asked, or what we said: neither is a source."""
    thread = [m for m in asked.thread[-THREAD_PASSAGES:] if _is_source(asked, m)]

    def noted(message: Message) -> Passage | None:
        one = telling.source(message)
        return one and gathering.with_notes(one, gathered.noted.get(message.id, ()), gathered.conclusions)

    if wants.by_rules:
        looked_at = gathering.once([*gathered.found[: answering.PASSAGES], *thread])
        said = [(m, one) for m in looked_at if (one := noted(m)) is not None]
    else:
        little = answering.is_for_one_fact(asked.text) and not more and not wants.by_night
        room = answering.ONE_FACT if little else answering.SEVERAL
        today = [m for m in gathered.today if _is_source(asked, m)]
        said = gathering.shown(asked.text, replace(gathered, today=today), thread, noted, room)
    used.read |= {source_key(message.source): message.revision for message, _ in said}
    used.rows |= {source_key(message.source): message.id for message, _ in said}
    return [one for _, one in said]


def _is_source(asked: Asked, message: Message) -> bool:
    return message.source != asked.source and not is_between_us(message, asked.us)


def is_between_us(message: Message, us: PersonKey) -> bool:
    """Whether we said it, or were asked it."""
    return message.author.key == us or (message.slack is not None and message.slack.asks_us)


def ask(
    desk: Desk, here: Place, question: str, thread: Sequence[Message], now: datetime
) -> tuple[Answer, dict[str, Any]]:
    """The answer with what it took: calls, tokens, and milliseconds to the first token (None without a model)."""
    used = Used()
    if (own := asks_for(question, alone=here.scope is None)) is not None and here.begin is not None:
        told = mine.answer(desk, here, own, now)
        listed = Answer(text=told.text, citations=told.citations, served="rules", retrieved=told.citations)
        return listed, used.as_usage()
    found = answer(desk, here, Asked(question, thread), now, used)
    note_uses(desk, here, used, now)
    return found, used.as_usage()


def note_uses(desk: Desk, here: Place, used: "Used", now: datetime) -> None:
    """Counts what became of answers made ahead, with the place that asked."""
    if not used.ahead:
        return
    scope = here.scope
    if scope is None:
        with desk.store.directory() as tx:
            scope = people.desk_of(tx, here.asker.person.key)
    with desk.store.as_scope(scope) as tx:
        for id_, use in used.ahead.items():
            prepared.put_use(tx, scope, id_, now.date(), use)
    for use in used.ahead.values():
        observe.count("prepared", outcome="withheld" if use.withheld else "cited" if use.cited else "not_cited")


@dataclass
class Used:
    """What one answer took, counted while it is made."""

    begun: float = field(default_factory=time.monotonic)
    read: dict[str, int] = field(default_factory=dict)  # revisions of what was found, by source key
    rows: dict[str, int] = field(default_factory=dict)  # likewise the rows
    parts: dict[str, int] = field(default_factory=dict)  # characters of the prompt by part
    ahead: dict[int, Use] = field(default_factory=dict)  # what became of answers made ahead
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

    def counting(self, ledger: Ledger, has_read: Callable[[], None]) -> Ledger:
        """The ledger, whose settled calls are counted here too; `has_read` is called when only the call is left to make."""

        def reserve(step: str, tokens_in: int, tokens_out: int) -> Reservation | None:
            reservation = ledger.reserve(step, tokens_in, tokens_out)
            has_read()
            return reservation

        def settle(reservation: Reservation, usage: Usage) -> None:
            self.calls += 1
            self.prompt += usage.prompt
            self.completion += usage.completion
            ledger.settle(reservation, usage)

        return Ledger(reserve, settle, ledger.release)

    def as_usage(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "first_token_ms": self.first_token_ms,
            # A token is four characters here, as no tokenizer is at hand.
            "prompt_parts": {name: -(-count // 4) for name, count in self.parts.items()},
        }


def _thinker(desk: Desk, here: Place, now: datetime, counting: Callable[[Ledger], Ledger], tx: Tx) -> Thinker | None:
    """The live agent's model; its calls are on the asker's account."""
    if desk.live_model is None:
        return None
    scope = people.desk_of(tx, here.asker.person.key)
    mine = partial(desk.store.as_person, here.asker.id)
    # On the day that the asker's clock shows: what they ask in the evening takes nothing from the night before them.
    today = now.astimezone(hours.zone_of(here.asker.zone, desk.zone)).date()
    ledger = runs.ledger(mine, scope, today, desk.cap(scope, today), desk.live_model.role)
    return desk.live_model.thinker(desk.live_model.chat, counting(ledger))

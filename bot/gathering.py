"""What is laid before the model for one question: what was found, what was prepared, what was said here today.

All of it is read in one transaction with the rights of those who will read the answer. What is shown is cut to a budget.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.store import memory, messages, prepared
from bot.store.db import Tx
from graphs import answer as answering
from graphs.checks import numbers
from graphs.citing import Passage
from graphs.domain import ContextLine, Memory, Message, Person, PersonKey, Prepared, Quoted, Source
from graphs.life import source_key
from graphs.rules import history
from graphs.rules.text import language, sentences
from graphs.rules.wording import meets, nearness, words_of

OFFERED = 2
REMEMBERED = 3
"""Memories whose messages are shown whatever else is found."""
LOOKED_AT = 8
CONCLUDED = 2
"""So many conclusions are brought with all that they rest on, of so many memories: what they follow from ranks before them."""
FITS = 0.3
"""Share of a question's words that such a conclusion has; with what it follows from it has as many as such a line."""
OFFER = 0.55
"""From this nearness on an answer made ahead is laid beside the passages."""
CITES_A_HIT = 0.1
"""So much nearer is what cites a message that the live question finds among its best."""
BEST = 3
OTHER_SIDES = 2
"""Messages that contradict the best ones, and are shown with them."""
TOLD = 2
TOLD_MESSAGES = 4
"""Lines of the learned context that tell of what is asked, and how many of the messages that they stand on are shown."""
TELLS = 0.5
"""Share of a question's words that such a line has."""
TURNED = 6
"""So many changes are shown to who asks what changed."""
PASSED_BY = 48
"""Memories about a question among which its changes are looked for."""
TODAY = timedelta(hours=14)
LAST_WORDS = 6
LAST_WORDS_ROOM = 800
"""Characters of what was said in a place today that a question there is shown beside what it finds."""
LONGEST_OF_ONE = 420
"""Characters of a passage for a question after one fact."""


@dataclass(frozen=True)
class Gathered:
    """`first` goes before what was found: what changed, and what conclusions and the answers made ahead stand on; `remembered`
    behind its best: what memories about the question, and lines of the learned context, come from. `withheld`: answers made
    ahead that may not be given."""

    found: list[Message]
    first: list[Message] = field(default_factory=list)
    remembered: list[Message] = field(default_factory=list)
    today: list[Message] = field(default_factory=list)
    prepared: tuple[Prepared, ...] = ()
    withheld: tuple[int, ...] = ()
    conclusions: tuple[answering.Concluded, ...] = ()
    turned: tuple[answering.Turned, ...] = ()
    noted: Mapping[int, tuple[memory.Noted, ...]] = field(default_factory=dict)  # of messages


@dataclass(frozen=True)
class Wanted:
    """A question, and where and when it is asked, by the clock there. `known`: the learned context there; `ahead`: somebody waits
    for the answer, so with what was answered before."""

    question: str
    known: Sequence[ContextLine]
    scope: int | None  # of the channel
    at: datetime
    ahead: bool
    people: Mapping[PersonKey, Person] = field(default_factory=dict)


def gather(tx: Tx, wanted: Wanted, found: list[Message]) -> Gathered:
    """What belongs to a question beside the messages it finds."""
    question, now, scope = wanted.question, wanted.at, wanted.scope
    offered, withheld = _made_ahead(tx, wanted, found[:BEST]) if wanted.ahead else ((), ())
    told = memory.found_memories(tx, question, language(question), LOOKED_AT, now, answering.is_for_the_past(question))
    fit = {one.text: one for one in told if one.premises and _share(question, one.text) >= FITS}
    told_by = [source for one in told[:REMEMBERED] for source in one.sources]
    ahead = [source for one in offered for source in one.citations]
    behind = messages.by_sources(tx, [*(source for one in fit.values() for source in one.sources), *ahead, *told_by])
    concluded = [fit[text] for text in each_once(fit) if _tells(question, fit[text], behind)][:CONCLUDED]
    turned = _turned(tx, wanted)
    behind |= messages.by_sources(tx, [source for one in turned for source in (*one.earlier, *one.later)])
    changed = [source for one in turned for source in (*one.earlier, *one.later)]
    cited = [*changed, *(source for one in concluded for source in one.sources), *ahead]
    first = _in_order(cited, behind)
    remembered = [*_in_order(told_by, behind), *_under(tx, question, wanted.known)]
    noted = memory.noted_in(tx, [message.id for message in (*first, *remembered, *found)], now)
    if others := _other_sides(tx, [*first, *found[:BEST]], noted):
        remembered = [*others, *remembered]
        noted |= memory.noted_in(tx, [message.id for message in others], now)
    return Gathered(
        found=found,
        first=first,
        remembered=remembered,
        conclusions=tuple(answering.Concluded(one.text, one.sources) for one in concluded),
        turned=tuple(turned),
        noted=noted,
        today=messages.newest_of(tx, scope, now - TODAY, now, LAST_WORDS) if scope is not None else [],
        prepared=offered,
        withheld=withheld,
    )


def _turned(tx: Tx, wanted: Wanted) -> list[answering.Turned]:
    """What took the place of what, for who asks that: no more than this place's readers may read of it."""
    asked = wanted.question
    if not wanted.ahead or not history.asks_what_changed(asked):
        return []
    during, about = history.period(asked, wanted.at), history.about(asked)
    near = memory.found_memories(tx, about, language(asked), PASSED_BY, wanted.at, past=True) if about else ()
    until = min(during.until or wanted.at, wanted.at)
    sure = memory.taken_over(tx, [one.id for one in near] if about else None, during.since, until, PASSED_BY)
    found = history.turns(sure, near, asked, wanted.people)
    return [
        answering.Turned(one.earlier.sources, one.later.sources, one.earlier.valid_to)
        for one in [turn for turn in found if during.has(turn.later.valid_from)][:TURNED]
    ]


def _made_ahead(tx: Tx, wanted: Wanted, best: Sequence[Message]) -> tuple[tuple[Prepared, ...], tuple[int, ...]]:
    """Answers made ahead that fit the question, and those of them that may not be given."""
    near = prepared.near(tx, wanted.question, [message.id for message in best], wanted.at)
    fitting = [one for score, one in sorted(_scored(wanted.question, near), key=_best) if score >= OFFER]
    sound = prepared.sound(tx, [one.id for one in fitting], wanted.at)
    offered = tuple(one for one in fitting if one.id in sound)[:OFFERED]
    return offered, tuple(one.id for one in fitting if one.id not in sound)


def _in_order(sources: Sequence[Source], found: Mapping[str, Message]) -> list[Message]:
    """The messages of `sources` in that order, and not in that in which they were stored."""
    return [found[key] for key in dict.fromkeys(map(source_key, sources)) if key in found]


def _other_sides(tx: Tx, best: Sequence[Message], noted: Mapping[int, Sequence[memory.Noted]]) -> list[Message]:
    """Messages that contradict what is shown first: who reads that something is disputed wants to know what else is said."""
    against = [row for message in best for note in noted.get(message.id, ()) for row in note.against]
    return messages.by_id(tx, list(dict.fromkeys(against))[:OTHER_SIDES])


def _under(tx: Tx, question: str, known: Sequence[ContextLine]) -> list[Message]:
    """What the lines stand on that tell most of what is asked: a line itself is no source, its messages are."""
    met = [_share(question, line.text) for line in known]
    best = sorted((n for n, share in enumerate(met) if share >= TELLS), key=lambda n: (-met[n], n))[:TOLD]
    memories = [memory for n in best for memory in known[n].memories]
    rows = prepared.rows_of(tx, memories)
    wanted_rows = list(dict.fromkeys(row for memory in memories for row in rows.get(memory, ())))[:TOLD_MESSAGES]
    return messages.by_id(tx, wanted_rows)


def _tells(question: str, conclusion: Memory, found: Mapping[str, Message]) -> bool:
    """Whether it speaks of what is asked, together with the messages that it follows from."""
    keys = [source_key(source) for source in conclusion.sources]
    told = [conclusion.text, *(found[key].text.text for key in keys if key in found)]
    return _share(question, "\n".join(told)) >= TELLS


def tells(question: str, message: Message) -> bool:
    """Whether a message speaks of what is asked."""
    subject = message.mail.subject if message.mail is not None else ""
    return _share(question, f"{subject}\n{message.text.text}") >= TELLS


def _share(question: str, text: str) -> float:
    """How much of what is asked `text` has."""
    wanted, said = words_of(question), words_of(text)
    return sum(meets(word, said) for word in wanted) / max(len(wanted), 1)


def _scored(question: str, near: Sequence[prepared.Near]) -> Iterable[tuple[float, Prepared]]:
    for one in near:
        ahead = one.prepared
        words = nearness(question, (ahead.question, *ahead.also), ahead.answer)
        yield words + (CITES_A_HIT if one.found else 0.0), ahead


def _best(scored: tuple[float, Prepared]) -> tuple[float, float, str, str]:
    score, one = scored
    return -score, -one.score, one.scope, one.question


# --- within a budget ------------------------------------------------------------------------------

Told = Callable[[Message], Passage | None]
"""A message as what an answer may stand on; None where it is nothing to answer from."""


def shown(
    question: str, gathered: Gathered, thread: Sequence[Message], passage: Told, room: int
) -> list[tuple[Message, Passage]]:
    """Passages in the order of their worth until `room` characters are used, then those of today and of the thread."""
    longest = LONGEST_OF_ONE if room <= answering.ONE_FACT else answering.LONGEST
    room -= sum(len(one.answer) + len(one.question) for one in gathered.prepared)
    top, rest = gathered.found[:BEST], gathered.found[BEST:]
    # Whatever was prepared or remembered, the best that the question itself finds has its room.
    found = [*top[:1], *gathered.first, *top[1:], *gathered.remembered, *rest]
    best = _fitting(found, room, longest, question, passage)
    kept = {source_key(message.source) for message, _ in best}
    late = [one for one in (*thread, *gathered.today) if source_key(one.source) not in kept]
    return [*best, *_fitting(once(late), LAST_WORDS_ROOM, longest, question, passage)]


def _fitting(
    found: Sequence[Message], room: int, longest: int, question: str, passage: Told
) -> list[tuple[Message, Passage]]:
    kept: list[tuple[Message, Passage]] = []
    for message in once(found):
        one = passage(message)
        if one is None:
            continue
        if len(one.text.text) > longest:
            one = one.model_copy(update={"text": Quoted(text=around(one.text.text, question, longest))})
        room -= len(one.text.text) + len(one.noted) + answering.HEAD
        if room < 0 and kept:
            break
        kept.append((message, one))
    return kept


def once(found: Iterable[Message]) -> list[Message]:
    """Each message that says something, where it stands first."""
    return list({source_key(message.source): message for message in found if message.text.text}.values())


_SIGNS = dict.fromkeys(map(ord, ".,;:!?()[]\"'“”„’"))


def each_once(lines: Iterable[str]) -> list[str]:
    """Lines without those all of whose words an earlier one has: a place and the workspace know the same thing."""
    kept: dict[str, frozenset[str]] = {}
    for line in lines:
        words = frozenset(line.casefold().translate(_SIGNS).split())
        if not any(words <= other for other in kept.values()):
            kept[line] = words
    return list(kept)


def around(text: str, question: str, longest: int) -> str:
    """What a long text says about a question: its best sentence with as much of what follows and precedes as has room."""
    if len(text) <= longest:
        return text
    said, wanted = sentences(text) or [text], words_of(question)
    met = [sum(meets(word, words) for word in wanted) for words in map(words_of, said)]
    best = met.index(max(met))
    first, last = best, best + 1
    while True:
        if last < len(said) and len(" ".join(said[first : last + 1])) <= longest:
            last += 1
        elif first > 0 and len(" ".join(said[first - 1 : last])) <= longest:
            first -= 1
        else:
            break
    kept = " ".join(said[first:last])[:longest]
    return f"{'[…] ' if first else ''}{kept}{' […]' if last < len(said) or len(kept) == longest else ''}"


def with_notes(one: Passage, noted: Sequence[memory.Noted], conclusions: Sequence[answering.Concluded] = ()) -> Passage:
    """A passage with what is remembered of it: what holds no more, and what a note dates or counts more exactly."""
    if not noted and not conclusions:
        return one
    over = [note for note in noted if note.until is not None]
    exact = [note.text for note in noted if note.until is None and numbers(note.text) - numbers(one.text.text)]
    return one.model_copy(
        update={
            "noted": exact[0] if exact else "",
            "concluded": " ".join(each.text for each in conclusions if one.source in each.sources),
            "disputed": tuple(note.quote for note in noted if note.against and note.until is None),
            "over": tuple(note.quote for note in over),
            "over_since": max((note.until for note in over if note.until is not None), default=None),
        }
    )


def cited(gathered: Gathered, citations: Sequence[Source]) -> list[int]:
    """Which of the answers made ahead an answer stands on: they share a citation."""
    return [one.id for one in gathered.prepared if set(one.citations) & set(citations)]

"""The weeks in the product: imported as an export is, asked as `recall` and `ask` do, and what may not happen there counted."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import asking, audience, imports
from bot.desk import Desk
from graphs.domain import Answer, MailSource, SlackSource, Source
from tests.bench.memory.cast import CAST, CHANNELS, DM, DMS, MAILBOXES, PRIVATE, Rights
from tests.bench.memory.claims import UPDATED
from tests.bench.memory.questions import BEFORE, Pair, Question, pairs
from tests.bench.memory.state import known, value_of
from tests.bench.memory.weeks import END, Told, Weeks, rights
from tests.bench.memory.written import source_of, write

MOST = 50
HEAD = 10.0
"""Tokens of who said a message when, beside its words."""
CLOSED = (*PRIVATE, *DMS, *MAILBOXES)
"""Places that not everybody reads."""


@dataclass(frozen=True)
class Shown:
    """One retrieved message: a name that two stores share, its words, and how well it fits."""

    place: str
    key: str
    text: str
    score: float

    @property
    def tokens(self) -> float:
        return len(self.text) / 4


def live_until(desk: Desk, weeks: Weeks, moment: object, folder: Path, without: frozenset[str] = frozenset()) -> None:
    """Imports what there is at `moment` (`BEFORE` or `END`); the second import follows the first, as exports do."""
    assert moment in (BEFORE, END)
    sources = write(weeks, folder, BEFORE if moment == BEFORE else END, without)
    read = imports.import_all(desk.store, sources.export, sources.mails, lambda what, count: None)
    assert read.broken == ()


def found(desk: Desk, one: Question, most: int = MOST) -> list[Shown]:
    here = audience.place(desk, one.who, one.where)
    return [_shown(it) for it in asking.recall(here, one.question, most, one.at)]


def _shown(it: asking.Found) -> Shown:
    return Shown(*name_of(it.message.source), it.message.text.text, it.score)


def name_of(source: Source) -> tuple[str, str]:
    match source:
        case SlackSource():
            return source.channel, source.ts
        case MailSource():
            return source.account, source.message_id
        case _:
            return "document", source.name


def answered(desk: Desk, one: Question) -> Answer:
    return asking.ask(desk, audience.place(desk, one.who, one.where), one.question, [], one.at)[0]


# --- who may not know -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """What was tried, and how often it went wrong."""

    tried: int
    wrong: tuple[str, ...] = ()


def drawn(seed: int, asked: Sequence[Question], most: int) -> Iterator[Question]:
    """Questions of everybody, asked by anybody anywhere, at the end; also by who has left, and where nobody may ask."""
    chance = random.Random(seed)
    for _ in range(most):
        who, where = chance.choice(CAST).key, chance.choice((DM, *(one.key for one in CHANNELS)))
        one = chance.choice(asked)
        yield Question(one.kind, who, where, END, one.question, one.answer)


def leaks(desk: Desk, asked: Iterable[Question], now: Rights) -> Tried:
    """Whatever was shown of a place that this bench's own rule does not let be told there."""
    tried, wrong = 0, []
    for one in asked:
        tried += 1
        told = now.told(one.who, one.where)
        wrong += [f"{one.who} in {one.where}: {it.place}/{it.key}" for it in found(desk, one) if it.place not in told]
    return Tried(tried, tuple(wrong))


def broken_denies(desk: Desk, asked: Iterable[Question]) -> Tried:
    """Refused questions whose hidden message was found, cited, or told in so many words."""
    tried, wrong = 0, []
    for one in asked:
        tried += 1
        hidden = {(it.place, it.key) for it in one.hidden}
        said = answered(desk, one)
        shown = {name_of(source) for source in (*said.retrieved, *said.citations)}
        shown |= {(it.place, it.key) for it in found(desk, one)}
        if hidden & shown or any(it.text in said.text for it in one.hidden):
            wrong.append(f"{one.who} in {one.where}: {one.question}")
    return Tried(tried, tuple(wrong))


def moved_ranks(
    full: Desk, less: Desk, without: str, asked: Iterable[Question], told: dict[Pair, frozenset[str]]
) -> Tried:
    """Whether words of a place, which `less` never heard, change what those are shown who may not read it."""
    tried, wrong = 0, []
    for one in asked:
        if without not in told.get((one.who, one.where), frozenset()):
            tried += 1
            if found(full, one) != found(less, one):
                wrong.append(f"{one.who} in {one.where}, without {without}: {one.question}")
    return Tried(tried, tuple(wrong))


# --- what no longer holds -------------------------------------------------------------------------


def stale_words(desk: Desk, weeks: Weeks, asked: Sequence[Question], most: int) -> Tried:
    """Whether earlier words of an edited message, or anything of a deleted one, are found or told after the second import.

    By everybody who may read the place, in a DM; at most `most` of the questions that were about it."""
    changed = {(one.place, one.key): one for one in weeks.told if one.edited or one.deleted}
    tries = [
        (Question(one.kind, who, where, END, one.question, one.answer), changed[it.place, it.key])
        for one in asked if one.at == BEFORE for it in one.sources if (it.place, it.key) in changed
        for (who, where), places in pairs(rights(END)).items() if where == DM and it.place in places
    ]  # fmt: skip
    tries = random.Random(weeks.seed).sample(tries, min(most, len(tries)))
    wrong = [f"{one.who}: {one.question}" for one, old in tries if _is_stale(desk, one, old)]
    return Tried(len(tries), tuple(wrong))


def _is_stale(desk: Desk, one: Question, old: Told) -> bool:
    shown = [it for it in found(desk, one) if (it.place, it.key) == (old.place, old.key)]
    said = answered(desk, one)
    is_told = old.text in said.text or (old.deleted and source_of(old) in said.citations)
    return is_told or any(old.deleted or old.text in it.text for it in shown)


def superseded(desk: Desk, weeks: Weeks, asked: Sequence[Question]) -> Tried:
    """Whether the answer to what holds now gives an earlier value instead of the present one."""
    held = known(weeks.until(END)).words
    tried, wrong = 0, []
    for one in asked:
        values = [value_of(it) for it in held.get((one.kind, one.subjects[0] if one.subjects else ""), [])]
        if one.at == END and one.kind in UPDATED and not one.deny and len(values) > 1:
            tried += 1
            text = answered(desk, one).text
            if any(value in text for value in values[:-1]) and values[-1] not in text:
                wrong.append(f"{one.question} {text}")
    return Tried(tried, tuple(wrong))

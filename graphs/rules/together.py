"""Which statements are laid side by side for something to follow: what is known of one thing, and amounts that add up.

Words decide, and a model only concludes: a group holds what speaks of one thing or of what it waits for, so that a day stands
beside what comes before it, a plan beside the state of it, and who waits beside who is waited for.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from graphs import checks
from graphs.domain import Memory
from graphs.rules.address import content_words
from graphs.rules.days import days, spans
from graphs.rules.relation import Statement, may_name
from graphs.rules.wording import MONTHS, words_of

MOST_GROUPS = 8
MOST_TOGETHER = 6
SAME = 0.7
"""Of the words of the shorter of two statements that says nothing of its own."""
COMMON = 0.3
"""Weight of a thing that nearly all at hand speak of."""
OF_ONE_KIND = 0.9
"""Weight of amounts of one kind that several things have."""
BESIDE = 0.25
"""So much more goes with a statement of the same thing for each other word that both have."""
SOMETHING = 0.25
"""What may follow from any two statements of one thing: what somebody is closed for is known only beside who needs them."""
LEAST = 1.0
"""So much has to be promised by what a group puts together and no better one does."""

Near = Callable[[Memory], Sequence[Memory]]
Thing = frozenset[str]
"""The words of one name or code: "Hall 4 East" and "Hall 4" are one, "Hall 5" is another."""


@dataclass(frozen=True)
class _Told:
    """A statement with what others may be put beside it for. `things` are nobody's names; `amounts` have their unit first."""

    memory: Memory
    things: frozenset[Thing]
    about: frozenset[str]
    words: frozenset[str]
    marks: frozenset[str]  # names and numbers
    days: frozenset[date]
    amounts: frozenset[tuple[str, str]]
    lasts: bool
    waits: bool

    @property
    def order(self) -> tuple[str, str, str]:
        return self.memory.valid_from.isoformat(), self.memory.scope, self.memory.text

    @property
    def plans(self) -> bool:
        return self.memory.kind in ("decision", "commitment", "event")


@dataclass(frozen=True)
class _Group:
    """Statements in the order in which they joined, and how much may follow from any two of them."""

    told: tuple[_Told, ...]
    pairs: Mapping[frozenset[int], float]

    @property
    def order(self) -> list[tuple[str, str, str]]:
        return [one.order for one in self.told]

    def promise(self, seen: Collection[frozenset[int]]) -> float:
        """How much may follow from what no better group puts together."""
        return round(sum(score for pair, score in self.pairs.items() if pair not in seen), 6)


def groups(
    changed: Sequence[Memory],
    near: Near,
    names: Collection[str] = (),
    suits: Callable[[Sequence[Memory]], bool] = lambda group: True,
) -> list[tuple[Memory, ...]]:
    """What of tonight may say more together with what is known, the most promising first, each beginning with one of tonight.

    `names`: words of people's names. The same groups come of the same statements, in whatever order these are given.
    """
    known = _known(changed, near, frozenset(names))
    begins = [known.told(one) for one in changed]
    grown = [_grown(one, known, joins) for joins in (_of_one_thing, _of_one_kind) for one in begins]
    left = [one for one in grown if one.promise(()) >= LEAST and suits([told.memory for told in one.told])]
    kept: list[tuple[Memory, ...]] = []
    seen: set[frozenset[int]] = set()
    while left and len(kept) < MOST_GROUPS:
        best = min(left, key=lambda one: (-one.promise(seen), one.order))
        left = [one for one in left if one.promise({*seen, *best.pairs}) >= LEAST]
        seen |= best.pairs.keys()
        kept.append(tuple(told.memory for told in best.told))
    return kept


def _grown(first: _Told, known: "_Known", joins: "_Joins") -> _Group:
    """A statement with those of which most follows together, each as it goes with all before it."""
    told, pairs = [first], dict[frozenset[int], float]()
    others: dict[int, tuple[float, _Told]] = {}  # what each gains with all that are told, counted as these join
    while len(told) < MOST_TOGETHER:
        others = {row: (gain + joins(told[-1], one, known), one) for row, (gain, one) in others.items()}
        for one in known.beside(told[-1]):
            if one.memory.id not in others:
                others[one.memory.id] = (sum(joins(before, one, known) for before in told), one)
        gain, best = min(others.values(), key=lambda found: (-found[0], found[1].order), default=(0.0, first))
        if gain <= 0:
            break
        pairs |= {frozenset((best.memory.id, before.memory.id)): joins(before, best, known) for before in told}
        told.append(best)
    return _Group(tuple(told), pairs)


@dataclass(frozen=True)
class _Known:
    """The statements at hand, each read once."""

    near: Near
    names: frozenset[str]
    inside: frozenset[str]  # words that are written like names within a sentence
    often: Mapping[Thing | str, int]  # how many statements speak of a thing, or have a word
    many: int  # statements that were counted
    read: dict[int, _Told]
    around: dict[int, Sequence[Memory]]

    def rarity(self, thing: Thing) -> float:
        return max(COMMON, 1 - self.often[thing] / max(self.many, 1))

    def told(self, memory: Memory) -> _Told:
        if memory.id not in self.read:
            self.read[memory.id] = _told(memory, self.names, self.inside)
        return self.read[memory.id]

    def beside(self, one: _Told) -> list[_Told]:
        if one.memory.id not in self.around:
            self.around[one.memory.id] = self.near(one.memory)
        found = self.around[one.memory.id]
        return [self.told(other) for other in found if other.id != one.memory.id and other.kind != "conclusion"]


_Joins = Callable[[_Told, _Told, _Known], float]


def _known(changed: Sequence[Memory], near: Near, names: frozenset[str]) -> _Known:
    around = {one.id: near(one) for one in changed}
    at_hand = {one.id: one for one in (*changed, *(other for found in around.values() for other in found))}
    inside = frozenset(word for one in at_hand.values() for begins, words in _runs(one.text) for word in words[begins:])
    read = {row: _told(one, names, inside) for row, one in at_hand.items()}
    often: Counter[Thing | str] = Counter()
    for one in read.values():
        often.update((*one.things, *one.about))
    return _Known(near, names, inside, often, len(read), read, around)


# --- what follows from two ------------------------------------------------------------------------


def _of_one_thing(one: _Told, other: _Told, known: _Known) -> float:
    """How much may follow from two statements of one thing, or of what one of them waits for; what names other things is
    joined by no word."""
    if not _adds(one, other):
        return -math.inf
    words = one.about & other.about
    named = [_likeness(a, b) * known.rarity(a) for a in one.things for b in other.things]
    if max(named, default=0.0) > 0:
        subject = max(named) * (1 + BESIDE * len(words))
    elif one.things and other.things:
        return 0.0
    else:
        subject = min(1.0, sum(1 / max(known.often[word] - 1, 1) for word in words))
    return subject * _may_follow(one, other)


def _likeness(one: Thing, other: Thing) -> float:
    """Half where one name is a part of the other: Kestrel and Kestrel Castings may be two."""
    return 1.0 if one == other else 0.5 if one < other or other < one else 0.0


def _of_one_kind(one: _Told, other: _Told, known: _Known) -> float:
    """As `_of_one_thing`, of amounts of the same that one place speaks of: what several things take, cost or need."""
    if not _adds(one, other):
        return -math.inf
    alike = one.memory.scope == other.memory.scope and len(one.about & other.about) >= 2
    return OF_ONE_KIND if alike and _unlike_amounts(one, other) else 0.0


def _may_follow(one: _Told, other: _Told) -> float:
    """A day beside how long something takes, a contradiction, and a chain of waiting most."""
    dated, lasting = one.days | other.days, one.lasts or other.lasts
    found = SOMETHING
    if dated and lasting:
        found += 2
    elif one.days and other.days and one.days != other.days:
        found += 1
    if other.memory.id in one.memory.contradicts or _unlike_amounts(one, other):
        found += 2
    if one.waits and other.waits:
        found += 2
    elif one.waits or other.waits:
        found += 1 if dated or one.plans or other.plans else 0
    return found + (0.5 if one.plans != other.plans else 0)


def _unlike_amounts(one: _Told, other: _Told) -> bool:
    units = {unit for unit, _ in one.amounts} & {unit for unit, _ in other.amounts}
    return bool(units) and one.amounts != other.amounts


def _adds(one: _Told, other: _Told) -> bool:
    """False where one of two statements has the words, names and numbers of the other, or comes from the same messages."""
    if set(one.memory.sources) <= set(other.memory.sources) or set(other.memory.sources) <= set(one.memory.sources):
        return False
    alike = len(one.words & other.words) >= SAME * min(len(one.words), len(other.words))
    return not alike or not (one.marks <= other.marks or other.marks <= one.marks)


# --- reading one ----------------------------------------------------------------------------------

_RUN = re.compile(r"\b[A-ZÄÖÜ][\w&'’-]*(?: [A-ZÄÖÜ\d][\w&'’-]*)*")
_CODE = re.compile(r"[A-Z][A-Z0-9]*-?\d[\w-]*", re.IGNORECASE)
_BEGINS = re.compile(r"(?:^|[.!?:;] )$")
_SIGNS = "$€£%"
_AMOUNT = re.compile(
    r"(?P<before>[$€£] ?|\b(?:EUR|USD|CHF|GBP) )?(?<![\w.,:/-])(?P<value>\d[\d.,]*)(?:[ -]?(?P<after>[%€$£]|[^\W\d_]+))?"
)
_WAITS = re.compile(
    r"\b(?:wait(?:s|ing|ed)?|await(?:s|ing|ed)?|blocked|blocks|stuck|depends?|pending|on hold|until|unless|once|as soon as|"
    r"cannot|can't|only (?:when|after|if)|not before)\b",
    re.IGNORECASE,
)


def _told(memory: Memory, names: frozenset[str], inside: frozenset[str]) -> _Told:
    said = Statement(memory.text, memory.quote, memory.said_by, memory.valid_from, memory.kind)
    runs = (words if not begins or words[0] in inside else words[1:] for begins, words in _runs(memory.text))
    named = (frozenset(word for word in words if word not in names) for words in runs)
    words = content_words(memory.text)
    return _Told(
        memory=memory,
        things=frozenset(one for one in named if any(not word.isdigit() for word in one)),
        about=said.about | said.named,
        words=frozenset(words),
        marks=said.named | checks.numbers(memory.text),
        days=frozenset(days(memory.text, memory.valid_from.date())),
        amounts=frozenset(_amounts(memory.text)),
        lasts=bool(spans(memory.text)),
        waits=bool(_WAITS.search(memory.text)),
    )


def _runs(text: str) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """Words that are written like names, those side by side as one; and whether only a sentence that begins may be why."""
    for run in _RUN.finditer(text):
        words = [re.sub(r"['’]s$", "", word.casefold()) for word in run[0].split()]
        kept = tuple(word for word in words if may_name(word) or word.isdigit() or _CODE.fullmatch(word))
        if kept:
            begins = bool(_BEGINS.search(text[: run.start()])) and kept[0] == words[0] and not _CODE.fullmatch(kept[0])
            yield begins, kept


def _amounts(text: str) -> Iterator[tuple[str, str]]:
    """Each number behind what it counts: 400 units, 20 %, $ 50. A day of a month counts nothing."""
    for found in _AMOUNT.finditer(text):
        unit = (found["before"] or found["after"] or "").strip()
        counted = next(iter(words_of(unit)), unit if unit in _SIGNS else "")
        if counted and counted not in MONTHS.values():
            yield counted, found["value"].rstrip(".,")


def subjects(memory: Memory, names: Collection[str]) -> list[str]:
    """What else is known of the same is looked up with: the things it names, or else what it is about; and what it counts."""
    named = {word for _, words in _runs(memory.text) for word in words if word not in names and not word.isdigit()}
    said = Statement(memory.text, memory.quote, memory.said_by, memory.valid_from, memory.kind)
    others = (said.about | said.named) - named
    counts = named and any(True for _ in _amounts(memory.text))
    return [" ".join(sorted(words)) for words in (named, others if counts or not named else ()) if words]

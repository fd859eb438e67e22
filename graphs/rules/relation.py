"""How two statements of one place stand to each other, as far as words show it. What they cannot show is left to a model."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from graphs.checks import folded, numbers
from graphs.domain import Fact, Memory, Person
from graphs.rules.address import content_words
from graphs.rules.change import Values, differ, says_change
from graphs.rules.text import word_set, words

Relation = Literal["same", "supersedes", "contradicts"]
"""Of the later to the earlier statement."""

RARE = 3
"""So many statements at hand may have a word that still names a subject by itself."""

_DAYS = word_set("""
    monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag
    january february march april may june july august september october november december januar februar märz mai juni juli
    oktober dezember
    """)
_OPENERS = word_set(
    "the this that these those there they she her his its our your and but for not all who what when where which with from"
)
# What statements of change have in common names no subject.
_OF_CHANGE = word_set("""
    agreed already approve approved became become begin began booked cancel cancelled change changed confirm confirmed decide
    decided decision delay delayed done drop dropped early end ended expected finish fixed happen instead keep kept longer
    move moved moving moves new open over plan planned postpone postponed previous push pushed reschedule rescheduled set
    settled shift shifted start started starting stay stays switch switched until update updated use using want wants week
    beschlossen entschieden geplant neu neue neuer verschoben statt jetzt wird wurde werden bleibt sind nicht mehr
    """)


@dataclass(frozen=True)
class Statement:
    """One statement as far as comparing needs it."""

    text: str
    quote: str
    said_by: str
    said_at: datetime
    kind: str
    reverses: bool = False  # its speaker says that something earlier no longer holds
    overturns: bool = False  # likewise, or its speaker decides
    outside: bool = False  # said by nobody of the organisation
    by: str = ""  # its speaker's name

    @property
    def about(self) -> frozenset[str]:
        """The words that name its subject."""
        return frozenset(w for w in content_words(self.text) if w not in _OF_CHANGE and not _is_value(w))

    @property
    def named(self) -> frozenset[str]:
        """Names in it, of people, firms and things."""
        found = {word.casefold() for word in re.findall(r"\b[A-ZÄÖÜ][\w-]{2,}", self.text)}
        return frozenset(word for word in found if word not in _OPENERS and not _is_value(word))

    @property
    def changes(self) -> bool:
        """Whether it says itself that something is otherwise than before."""
        return self.reverses or says_change(self.text) or says_change(self.quote)

    def people(self, names: frozenset[str]) -> frozenset[str]:
        """Words of people's names in it, without its speaker's."""
        return frozenset(re.findall(r"\w+", self.text.casefold())) & names - name_words([self.by])

    @property
    def values(self) -> frozenset[str]:
        """Its numbers and names of days and months: what changes while the subject stays."""
        return frozenset(numbers(self.text)) | {w for w in words(self.text) if w in _DAYS}


def statement(one: Fact | Memory, people: Mapping[str, Person]) -> Statement:
    author = people.get(one.said_by)
    return Statement(
        text=one.text,
        quote=one.quote,
        said_by=one.said_by,
        said_at=one.said_at if isinstance(one, Fact) else one.valid_from,
        kind=one.kind,
        reverses=isinstance(one, Fact) and one.change == "reversal",
        overturns=isinstance(one, Fact) and one.change in ("decision", "reversal"),
        outside=author is None or author.role in ("outside", "guest"),
        by=author.name if author else "",
    )


@dataclass(frozen=True)
class Pair:
    """Two statements that seem to be about one thing, the later one first. `strength`: of pairs to choose from."""

    later: int
    earlier: int
    strength: float


def may_name(word: str) -> bool:
    """Whether a word in small letters can be the name of a thing: no day, no number, nothing that opens a sentence or tells
    of change."""
    return not (_is_value(word) or word in _OPENERS or word in _OF_CHANGE)


def _is_value(word: str) -> bool:
    return word in _DAYS or any(sign.isdigit() for sign in word)


def pairs(said: Sequence[Statement], candidates: Iterable[tuple[int, int]], names: frozenset[str]) -> list[Pair]:
    """Those of `candidates` that share their subject, strongest first: before all where the later one says that something
    changes, and a value in it stands for another. `names`: words of people's names, which say who and not what."""
    about = [one.about - names for one in said]
    things = _things(said, names)
    values = [Values.of(one.text, one.people(names)) for one in said]
    changes = [one.changes for one in said]
    counts = Counter(word for one in about for word in one)
    found = {}
    for a, b in candidates:
        if things[a] and things[b] and not things[a] & things[b]:
            continue  # the battery of one machine and that of another
        earlier, later = sorted((a, b), key=lambda place: (said[place].said_at, place))
        who = differ(values[later].people, values[earlier].people) and not differ(about[a], about[b])
        both = changes[later] and values[later].names_both(values[earlier])
        changed = who or both or values[later].changed(values[earlier]) or differ(things[later], things[earlier])
        strength = _strength(about[a], about[b], counts)
        # What says itself that it changes something may say so in other words: then a name they share is enough to ask.
        if not strength and changes[later] and changed and about[a] & about[b]:
            strength = len(about[a] & about[b]) / len(about[a] | about[b]) - 1
        if a != b and strength:
            # Each with a name that the other has not: one thing in place of another only where that is said.
            apart = not changes[later] and differ(said[a].named - names, said[b].named - names)
            alike = said[a].kind == said[b].kind
            strength += 2 * (changes[later] + changed - apart) + alike
            found[later, earlier] = Pair(later, earlier, strength)
    return sorted(found.values(), key=lambda pair: (-pair.strength, pair.later, pair.earlier))


def _things(said: Sequence[Statement], names: frozenset[str]) -> list[frozenset[str]]:
    """What each statement names beside people. A word is a name when it is written as one within a sentence too."""
    inside = {word.casefold() for one in said for word in re.findall(r"(?<=[\w,;] )[A-ZÄÖÜ][\w-]{2,}", one.text)}
    return [(one.named & inside) - names for one in said]


def _strength(a: frozenset[str], b: frozenset[str], counts: Mapping[str, int]) -> float:
    """0 unless half of the shorter subject is shared, and that by two words or by one that is rare."""
    shared = a & b
    if not shared or 2 * len(shared) < min(len(a), len(b)):
        return 0.0
    if len(shared) < 2 and min(counts[word] for word in shared) > RARE:
        return 0.0
    return max(1 / counts[word] for word in shared) + len(shared) / len(a | b)


def relation(later: Statement, earlier: Statement, names: frozenset[str]) -> Relation | None:
    """What words alone show; None when they do not."""
    if folded(later.text) == folded(earlier.text) or _repeats(later, earlier):
        return "same"
    if later.said_at == earlier.said_at or not _is_one_thing_with_another_value(later, earlier, names):
        return None
    if later.outside and not earlier.outside:
        return "contradicts"
    return "supersedes" if later.said_by == earlier.said_by or later.overturns or later.changes else None


def _is_one_thing_with_another_value(later: Statement, earlier: Statement, names: frozenset[str]) -> bool:
    """Beyond doubt: in the same words but for one that only one of them has, of the same people and things, with another
    day or amount and nothing in them that is counted otherwise."""
    a, b = later.about - names, earlier.about - names
    here, there = _things([later, earlier], names)
    if len(a & b) < 2 or len(a ^ b) > 1 or differ(here, there):
        return False
    values, before = (Values.of(one.text, one.people(names)) for one in (later, earlier))
    alike = values.people == before.people and values.numbered == before.numbered
    return alike and values.changed(before)


def _repeats(later: Statement, earlier: Statement) -> bool:
    a, b = set(content_words(later.text)), set(content_words(earlier.text))
    return later.values == earlier.values and len(a & b) >= 3 and len(a & b) >= 0.8 * len(a | b)


def may_replace(later: Statement, earlier: Statement, around: Sequence[str]) -> bool:
    """Whether the later one may take the earlier one's place when a model says so. `around`: what was really said with it:
    its subject has to stand there, whatever a model made of it. A stranger's word replaces no colleague's."""
    if later.said_at <= earlier.said_at or (later.outside and not earlier.outside):
        return False
    spoken = {word for text in around for word in content_words(text)}
    subject = earlier.about | frozenset(w for w in content_words(earlier.quote) if not _is_value(w))
    return bool((subject - _OF_CHANGE) & spoken)


def name_words(names: Iterable[str]) -> frozenset[str]:
    return frozenset(word for name in names for word in content_words(name) | set(re.findall(r"\w+", name.casefold())))

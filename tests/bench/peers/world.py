"""Conversations of a wanted length out of the office's weeks, the same for every system that is compared.

Channels that everybody reads, nothing edited or deleted: what a system without rights and without forgetting can be asked.
More messages are more nights with as many messages a night, so that length alone differs between sizes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count, islice

from graphs.conversations import stamp
from tests.bench.memory.cast import BY_KEY, BY_PLACE, DM, PUBLIC
from tests.bench.memory.questions import ONE, Question, questions
from tests.bench.memory.weeks import END, FIRST, Told, Weeks, weeks

ZONE = "UTC"
ASKER = "UOW01"
UNIT = 100
"""Messages of one channel that one seed gives, what two projects need and chatter."""
WANTED = (
    *("ships", "supplier", "units", "promise", "arrives", "ships", "supplier", "units", "promise", "event", "ships"),
    *("when", "as of", "total", "total", "between", "disagree", "follows", "waits", "chain"),
)
"""Kinds of the twenty questions: eleven after one fact, nine after several or after what was before."""


@dataclass(frozen=True)
class World:
    weeks: Weeks
    asked: tuple[Question, ...]

    @property
    def told(self) -> tuple[Told, ...]:
        return self.weeks.told

    def nights(self) -> Iterator[tuple[date, tuple[Told, ...]]]:
        """What was said on each day."""
        by_day: dict[date, list[Told]] = defaultdict(list)
        for one in self.told:
            by_day[one.at.date()].append(one)
        yield from ((day, tuple(said)) for day, said in sorted(by_day.items()))


def line(one: Told) -> str:
    """A message as every other system is handed it."""
    return f"[{stamp(one.at, ZONE)}] #{BY_PLACE[one.place].name} {BY_KEY[one.author].name}: {one.text}"


def threads(said: Sequence[Told]) -> list[tuple[Told, ...]]:
    """Conversations: a thread, or a message that nobody answered in one."""
    held: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in said:
        held[one.place, one.parent or one.key].append(one)
    return [tuple(each) for each in held.values()]


def world(size: int, a_night: int, seed: int = 7) -> World:
    """`size` messages, `a_night` of them in a channel on a working day."""
    said, projects = _units(seed, size)
    told = tuple(_timed(said, a_night))
    made = Weeks(seed, told, projects)
    return World(made, tuple(_twenty(made)))


# --- messages -------------------------------------------------------------------------------------

_Unit = list[tuple[str, Told]]  # each with a key that no other seed has
_SUFFIXES = ("", "us", "in", "os", "ar", "et", "um", "ix", "yn", "ol")


def _units(seed: int, size: int) -> tuple[_Unit, tuple[tuple[str, str], ...]]:
    """So many channels of one seed after the other as there are hundreds of messages, each cut to a hundred."""
    said: _Unit = []
    projects: list[tuple[str, str]] = []
    names: set[str] = set()
    for number in count():
        made = weeks(seed + number)
        fresh = _fresh_names(made, names)
        for place in PUBLIC:
            unit = [(f"{number}/{one.key}", _renamed(one, fresh)) for one in made.told if one.place == place.key]
            lasting = [one for one in unit if one[1].claim is None or one[1].claim.kind != "prefers"]
            said += _cut(lasting, min(UNIT, size - len(said)))
            projects += [(fresh[name], key) for name, key in made.projects if key == place.key]
            if len(said) >= size:
                return said, tuple(projects)
    raise AssertionError("seeds do not end")


def _cut(unit: _Unit, size: int) -> _Unit:
    """Without the last of what says nothing for certain and nobody answers."""
    answered = {one.parent for _, one in unit}
    loose = [place for place, (_, one) in enumerate(unit) if one.claim is None and one.key not in answered]
    gone = set(loose[len(loose) - max(len(unit) - size, 0) :])
    return [one for place, one in enumerate(unit) if place not in gone]


def _fresh_names(made: Weeks, taken: set[str]) -> dict[str, str]:
    names = [name for name, _ in made.projects] + [one.claim.subject for one in made.told if one.claim]
    fresh: dict[str, str] = {}
    for name in dict.fromkeys(name for name in names if name):
        fresh[name] = next(f"{name}{end}" for end in _SUFFIXES if f"{name}{end}" not in taken)
        taken.add(fresh[name])
    return fresh


_NAMED = re.compile(r"\b[A-Z][a-z]+\b(?! (?:Plastics|Castings|Metals|Mouldings)\b)")
"""What may be a project: a supplier can have the same first word."""


def _renamed(one: Told, fresh: dict[str, str]) -> Told:
    text = _NAMED.sub(lambda found: fresh.get(found[0], found[0]), one.text)
    claim = replace(one.claim, subject=fresh[one.claim.subject]) if one.claim and one.claim.subject else one.claim
    return replace(one, text=text, claim=claim, edited="", edited_claim=None, deleted=False)


def _timed(said: _Unit, a_night: int) -> list[Told]:
    """In each channel the order of the weeks, with so many messages on each working day between eight and five."""
    places: dict[str, int] = defaultdict(int)
    timed: list[tuple[str, Told]] = []
    for key, one in sorted(said, key=lambda it: (it[1].at, it[0])):
        place = places[one.place]
        places[one.place] += 1
        day = place // a_night
        begun = datetime.combine(FIRST + timedelta(days=day // 5 * 7 + day % 5), datetime.min.time(), one.at.tzinfo)
        second = 8 * 3600 + place % a_night * (9 * 3600 // a_night)
        timed.append((key, replace(one, at=begun + timedelta(seconds=second))))
    timed.sort(key=lambda it: (it[1].at, it[1].place))
    keys = {old: f"{int(one.at.timestamp())}.{number:06}" for number, (old, one) in enumerate(timed)}
    return [
        replace(one, key=keys[old], parent=keys.get(f"{old.partition('/')[0]}/{one.parent}", "")) for old, one in timed
    ]


# --- questions ------------------------------------------------------------------------------------


def _twenty(made: Weeks) -> Iterator[Question]:
    """By turns in a DM and in the channel that it is about; where a kind cannot be asked, one after one fact instead."""
    may = [one for one in questions(made) if one.at == END and not one.deny]
    rest = {one.question: one for one in may}
    drawn: list[Question] = []
    for kind in WANTED:
        fitting = [one for one in rest.values() if one.kind == kind] or [
            one for one in rest.values() if one.kind in ONE
        ]
        # From all over the history, and not from its beginning alone.
        for one in islice(fitting, len(drawn) * len(fitting) // len(WANTED), None):
            drawn.append(rest.pop(one.question))
            break
    for place, one in enumerate(drawn):
        homes = {source.place for source in one.sources}
        yield replace(one, who=ASKER, where=next(iter(homes)) if place % 2 and len(homes) == 1 else DM)

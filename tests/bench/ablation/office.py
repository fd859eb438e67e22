"""A small office of four weeks, whose questions need several of its messages: what the ablation plays in every arm.

Two public channels, four projects in each, two readings of a fortnight, and a morning on which one person asks.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from tests.bench.memory.cast import CAST, DM, PUBLIC
from tests.bench.memory.questions import OVERALL, SEVERAL, Question, questions
from tests.bench.memory.weeks import FIRST, Size, Weeks, weeks

SMALL = Size(places=PUBLIC[1:3], projects=4, small=20, busy=32, whole=False)
NIGHTS = tuple(FIRST + timedelta(weeks=n) for n in (2, 4))
"""Mornings after a night: a night reads what was said within a fortnight, so these two have read everything."""
ASKER = CAST[0]
AT = datetime.combine(NIGHTS[-1], time(8), UTC)


@dataclass(frozen=True)
class Office:
    """What was said, on which mornings a night ended, and what is asked after the last one."""

    weeks: Weeks
    nights: tuple[date, ...]
    asked: tuple[Question, ...]

    @property
    def messages(self) -> int:
        return len(self.weeks.until(AT))


def office(seed: int, most: int, size: Size = SMALL) -> Office:
    """With at most so many questions, drawn from each kind in turn."""
    made = weeks(seed, size)
    found = [one for one in questions(made, (AT,)) if one.kind in (*SEVERAL, *OVERALL) and not one.deny]
    return Office(made, NIGHTS, tuple(_asked(one) for one in drawn(seed, found, most)))


def drawn(seed: int, found: Sequence[Question], most: int) -> list[Question]:
    """Of each kind about as many, whatever there are most of."""
    chance = random.Random(seed + 5)
    left = {kind: [one for one in found if one.kind == kind] for kind in (*SEVERAL, *OVERALL)}
    for ones in left.values():
        chance.shuffle(ones)
    chosen: list[Question] = []
    while len(chosen) < most and any(left.values()):
        chosen += [ones.pop() for ones in left.values() if ones][: most - len(chosen)]
    return chosen


def _asked(one: Question) -> Question:
    """By one person: in the channel that it is about, or alone where it is about more than one."""
    places = {source.place for source in one.sources}
    return replace(one, who=ASKER.key, where=places.pop() if len(places) == 1 else DM)

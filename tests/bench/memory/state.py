"""What holds at a moment, kept step by step as it is said. The first of the two ways to an answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.bench.memory.cast import BY_KEY
from tests.bench.memory.claims import UPDATED
from tests.bench.memory.weeks import Told


@dataclass
class Known:
    """The messages behind what holds: (kind, project) -> every word of it, oldest first; and who waits for whom."""

    words: dict[tuple[str, str], list[Told]] = field(default_factory=dict)
    waiting: dict[tuple[str, str], Told] = field(default_factory=dict)  # (project, who waits) -> the message

    def newest(self, kind: str, project: str) -> Told | None:
        held = self.words.get((kind, project))
        return held[-1] if held else None

    def value(self, kind: str, project: str) -> str:
        newest = self.newest(kind, project)
        return newest.claim.value if newest and newest.claim else ""

    def changes(self, project: str, since: datetime) -> list[tuple[Told, Told]]:
        """(before, after) of what was decided anew after `since`."""
        found = []
        for kind in UPDATED:
            held = self.words.get((kind, project), [])
            before = [one for one in held if one.at <= since]
            if before and held[-1].at > since and value_of(before[-1]) != value_of(held[-1]):
                found.append((before[-1], held[-1]))
        return found


def known(said: Iterable[Told]) -> Known:
    """Of messages oldest first. What somebody from outside says holds nothing."""
    made = Known()
    for one in said:
        if one.claim is None or one.author not in BY_KEY:
            continue
        made.words.setdefault((one.claim.kind, one.claim.subject), []).append(one)
        if one.claim.kind == "blocked":
            made.waiting[one.claim.subject, one.author] = one
        elif one.claim.kind == "free":
            made.waiting.pop((one.claim.subject, one.author), None)
    return made


def value_of(one: Told) -> str:
    assert one.claim is not None
    return one.claim.value

"""What is measured of a system: what learning took, what each try of a question took, and the calls as the server saw them."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.bench.memory.questions import Question
from tests.bench.peers.standin import Seen


@dataclass(frozen=True)
class Spent:
    """Seconds, on the wall and of a process's CPU."""

    wall: float = 0.0
    cpu: float = 0.0

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.wall - other.wall, self.cpu - other.cpu)

    def without(self, calls: Sequence[Seen]) -> "Spent":
        """Without the time in the model's server, which is a process of its own."""
        return self - Spent(wall=sum(one.seconds for one in calls))


@dataclass(frozen=True)
class Learned:
    """What a system made of all messages: every call of it, and what it keeps."""

    name: str
    calls: tuple[Seen, ...]
    memories: tuple[str, ...]
    over: tuple[str, ...]  # those of them that are marked as holding no more
    cpu: float  # seconds of its process


@dataclass(frozen=True)
class Tried:
    """One question to one system."""

    question: Question
    answered: bool  # with all parts of the answer
    cited: bool  # and a message that it rests on can be opened
    calls: tuple[Seen, ...]
    spent: Spent  # without the model, and without the database where it is a process of its own
    database: Spent
    bare: Spent  # the same question to a plain agent in the same process, at the same moment
    parts: Mapping[str, int] = field(default_factory=dict)  # tokens of the last prompt, where the system tells them

    @property
    def spoken(self) -> list[Seen]:
        return [one for one in self.calls if one.step != "embed"]


@dataclass(frozen=True)
class Calls:
    """The stand-in's log, read over its own address."""

    root: str

    def take(self, *who: str) -> list[Seen]:
        """The calls of some senders since they were taken last."""
        found: list[Seen] = []
        for one in who:
            line = http.client.HTTPConnection(urlsplit(self.root).netloc)
            try:
                line.request("GET", f"/{one}/calls")
                found += [Seen(**row) for row in json.loads(line.getresponse().read())["calls"]]
            finally:
                line.close()
        return found


def holds(question: Question, text: str) -> bool:
    """Whether a text gives every part of the answer."""
    return all(part in text for part in question.answer)

"""Nightdesk in the same row: the weeks imported as an export, a night after each day, and questions as `ask` puts them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from bot import app, asking, audience, consolidating, contexts, imports, settings
from bot.desk import Desk
from bot.store import people
from graphs.domain import Answer
from tests.bench.memory.questions import Question
from tests.bench.memory.weeks import END
from tests.bench.memory.written import source_of, write
from tests.bench.peers import agent
from tests.bench.peers.measured import Calls, Learned, Spent, Tried, holds
from tests.bench.peers.world import ZONE, World

NAME = "nightdesk"
CAP = "10000"


@contextmanager
def desk(home: Path, root: str) -> Iterator[Desk]:
    home.mkdir(parents=True)
    environ = {"OPENAI_API_KEY": "none", "NIGHTDESK_CAP_PERSON_NIGHT": CAP, "NIGHTDESK_ZONE": ZONE}
    for role, what in (("SLEEP", "learn"), ("LIVE", "answer")):
        environ |= {f"NIGHTDESK_{role}_MODEL": "stand-in", f"NIGHTDESK_{role}_BASE_URL": f"{root}/nightdesk/{what}/v1"}
    said = settings.load(environ=environ)
    with app.database(said, home, durable=False) as held, app.desk(said, held) as made:
        yield made


def take_in(desk: Desk, world: World, folder: Path) -> None:
    """Everything that was said, as an export; what a night reads is what was said until then."""
    sources = write(world.weeks, folder, END)
    read = imports.import_all(desk.store, sources.export, sources.mails, lambda what, count: None)
    assert read.broken == ()


def sleep(desk: Desk, day: date, end: datetime) -> None:
    """A night of every channel, and of the workspace; answers made ahead and people's desks are another bench's."""
    now = end + timedelta(hours=4)
    with desk.store.directory() as tx:
        places = [place for place in people.places(tx).values() if place.channel is not None]
    for place in places:
        consolidating.consolidate(desk, place.id, day, now)
    contexts.rewrite_workspace(desk, day, now)


def memories(desk: Desk) -> list[tuple[str, bool]]:
    """Every fact that is kept, and whether it still holds."""
    with desk.store.directory() as tx:
        places = list(people.places(tx).values())
    found: list[tuple[str, bool]] = []
    for place in places:
        with desk.store.as_scope(place.id) as tx:
            rows = tx.connection.execute("select text, valid_to is null as holds from nightdesk.memory").fetchall()
        found += [(str(row["text"]), bool(row["holds"])) for row in rows]
    return found


def learn(desk: Desk, world: World, folder: Path, calls: Calls) -> Learned:
    """A night after each day."""
    take_in(desk, world, folder)
    begun = time.process_time()
    for day, said in world.nights():
        sleep(desk, day, said[-1].at)
    cpu = time.process_time() - begun
    kept = memories(desk)
    over = tuple(text for text, holds in kept if not holds)
    return Learned(NAME, tuple(calls.take("nightdesk/learn")), tuple(text for text, _ in kept), over, cpu)


@dataclass
class Ours:
    """The desk as it is asked, and a plain agent in the same process."""

    desk: Desk
    calls: Calls
    bare: Callable[[str, str], str]

    def ask(self, one: Question, handed: str) -> Tried:
        (answer, usage), spent, database = _clocked(lambda: self._asked(one))
        seen = self.calls.take("nightdesk/answer")
        _, bare, _ = _clocked(lambda: self.bare(one.question, handed))
        bare = bare.without(self.calls.take("bare/bare"))
        return Tried(
            question=one,
            answered=holds(one, answer.text),
            cited=holds(one, answer.text) and bool({source_of(told) for told in one.sources} & set(answer.citations)),
            calls=tuple(seen),
            spent=spent.without(seen) - database,
            database=database,
            bare=bare,
            parts=usage["prompt_parts"],
        )

    def _asked(self, one: Question) -> tuple[Answer, dict[str, Any]]:
        return asking.ask(self.desk, audience.place(self.desk, one.who, one.where), one.question, [], one.at)


def asked(desk: Desk, calls: Calls) -> Ours:
    return Ours(desk, calls, agent.asked(calls.root, "bare", lambda question: "")["bare"])


T = TypeVar("T")


def _clocked(call: Callable[[], T]) -> tuple[T, Spent, Spent]:
    """What it returns, what it took, and what of that was the database's client."""
    before, begun = SQL.so_far(), Spent(time.perf_counter(), time.process_time())
    found = call()
    return found, Spent(time.perf_counter(), time.process_time()) - begun, SQL.so_far() - before


# --- time in the database's client ----------------------------------------------------------------


@dataclass
class Counter:
    """Seconds that this process's threads spent in the database's client, waiting in it included in `wall`."""

    wall: float = 0.0
    cpu: float = 0.0
    inside: threading.local = field(default_factory=threading.local)

    def so_far(self) -> Spent:
        return Spent(self.wall, self.cpu)

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def timed(*arguments: Any, **named: Any) -> Any:
            if getattr(self.inside, "held", False):  # one of ours calls another
                return call(*arguments, **named)
            self.inside.held = True
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                self.inside.held = False
                self.wall += time.perf_counter() - wall
                self.cpu += time.thread_time() - cpu

        return timed


SQL = Counter()
_CLIENT: Sequence[tuple[type, tuple[str, ...]]] = (
    (psycopg.Connection, ("execute", "commit", "rollback")),
    (psycopg.Cursor, ("execute", "executemany", "fetchall", "fetchone")),
)


@contextmanager
def client_timed() -> Iterator[None]:
    """While it lasts, what is spent in the database's client counts into `SQL`."""
    kept = [(owner, name, getattr(owner, name)) for owner, names in _CLIENT for name in names]
    for owner, name, call in kept:
        setattr(owner, name, SQL.counted(call))
    try:
        yield
    finally:
        for owner, name, call in kept:
            setattr(owner, name, call)

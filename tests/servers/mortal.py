"""Workers that die at a chosen call to Slack: `python -m tests.servers.mortal` waits for orders, one JSON line each.

The process imports once and forks a worker for each order, so that a hundred deaths cost seconds.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from bot.embedded.slack import BOT_TOKEN
from bot.slack.client import Json, Slack

ROOT = Path(__file__).parents[2]
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Order:
    """One job for a worker, and the call at which it dies: the nth of a method, before it is made or after its answer came."""

    task: Literal["answer", "errand"]
    database: str  # as the application's role
    base_url: str
    model_url: str  # "" for none
    now: float
    args: tuple[str | int, ...]
    method: str = ""
    nth: int = 1
    when: Literal["before", "after"] = "before"


class Mortal(Slack):
    """Slack for a worker that is to die."""

    def __init__(self, order: Order) -> None:
        super().__init__(BOT_TOKEN, order.base_url)
        self.order = order
        self.made: Counter[str] = Counter()

    def call(self, method: str, **arguments: Any) -> Json:
        self._pass(method, "before")
        said = super().call(method, **arguments)
        self._pass(method, "after")
        return said

    def _pass(self, method: str, when: str) -> None:
        if when == "before":
            self.made[method] += 1
        if (method, self.made[method], when) == (self.order.method, self.order.nth, self.order.when):
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Workers:
    """Gives orders to the waiting process."""

    process: "subprocess.Popen[str]"

    def do(self, order: Order) -> int:
        """How the worker ended: 0, or a signal as `KILLED`."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(order)) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def workers() -> Iterator[Workers]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.mortal"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Workers(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def _serve() -> None:
    from bot import live  # noqa: F401 -- imported once, before the forks
    from tests.servers.model import import_all

    import_all()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            _work(Order(**{**told, "args": tuple(told["args"])}))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _work(order: Order) -> None:
    """Does one job and leaves without tidying up, as a worker that was killed would."""
    from bot import live
    from bot.slack import stream
    from tests.servers.company import desk_over
    from tests.servers.model import ModelServer
    from tests.servers.postgres import Database

    stream.PACE = 0.0  # every piece goes at once, so that every kind of call is made
    database = Database("", "", order.database, "")
    model = ModelServer(base_url=order.model_url) if order.model_url else None
    with desk_over(database, model) as made:
        desk = replace(made, slack=Mortal(order), now=lambda: datetime.fromtimestamp(order.now, UTC))
        tasks = {"answer": live.reply}
        try:
            tasks[order.task](desk, *order.args)  # type: ignore[arg-type]
        finally:
            os._exit(0)


if __name__ == "__main__":
    _serve()

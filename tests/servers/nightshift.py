"""Workers that die wherever a test says: `python -m tests.servers.nightshift` waits for orders, one JSON line each.

The process imports once and forks a worker for each order. What a worker does are the jobs of the queue. Under strace it
dies before one of its calls to the network. strace counts by thread, so such a worker does everything in one: then what is
counted is every call in its order, and the same order is the same death.
"""

import asyncio
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

ROOT = Path(__file__).parents[2]
KILLED = -signal.SIGKILL
CALLS = "sendto,sendmsg,recvfrom,recvmsg"
SENDS = "sendto,sendmsg"
"""What lies on the far side changes with what is sent alone: whoever dies before each of these has died everywhere."""


@dataclass(frozen=True)
class Death:
    """Before the nth call to the network of these kinds; the 0th never comes, and `log` gets a line for each call."""

    nth: int = 0
    calls: str = SENDS
    log: str = "/dev/null"


@dataclass(frozen=True)
class Order:
    """One shift. Of a night there are several parts, each at its hour; `over` is a file that says how many are."""

    task: Literal["file", "think", "night"]
    database: str  # as the application's role
    slack_url: str = ""
    model_url: str = ""
    hours: tuple[float, ...] = ()  # what the clock shows in each part
    over: str = ""
    quarantine: float = 0.0
    patience: float = 20.0  # with a mail server
    death: Death | None = None


# --- what a log of calls shows ----------------------------------------------------------------------

_CALL = re.compile(r'(\d+) +(\w+)\((\d+), "((?:[^"\\]|\\.)*)"')

_IDLE = (r"X\0\0\0\4", r"Q\0\0\0\5\0")
"""A connection ends, or is asked whether it lives."""


def calls_of(log: str) -> list[str]:
    """The calls of the busiest thread, in their order; the others make a few between them."""
    lines = [line for line in log.splitlines() if "resumed>" not in line and "(" in line]
    [(busiest, _), *_] = Counter(line.split()[0] for line in lines).most_common(1)
    return [line for line in lines if line.split()[0] == busiest]


def sends_of(calls: Sequence[str]) -> list[str]:
    return [one for one in calls if one.split(maxsplit=1)[1].startswith(tuple(SENDS.split(",")))]


def changing(sends: Sequence[str]) -> list[int]:
    """Numbers of the sends behind which the far side may differ from before, so that a death is another one there.

    Within a transaction only its end changes anything: whoever dies before that has died at its begin.
    """
    found: list[int] = []
    is_open: dict[str, bool] = {}  # connections to Postgres, and whether they are within a transaction
    for number, line in enumerate(sends, 1):
        called = _CALL.match(line)
        place, said = (called[3], called[4]) if called else ("", "")
        if r"\3\0\0user\0" in said:
            is_open[place] = False
        elif place in is_open and re.match(r"Q.*(?:begin|BEGIN)\\0", said):
            is_open[place] = True
        elif place not in is_open or (not is_open[place] and said not in _IDLE):
            found.append(number)
        elif re.search("COMMIT|ROLLBACK", said):
            found.append(number)
            is_open[place] = False
    return found


# --- giving orders ----------------------------------------------------------------------------------


@dataclass
class Shifts:
    """Gives orders to the waiting process, one after the other."""

    process: "subprocess.Popen[str]"
    worker: int = field(default=0)

    def begin(self, order: Order) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(order)) + "\n")
        self.process.stdin.flush()
        self.worker = int(self._line())

    def lives(self) -> bool:
        return " Z " not in Path(f"/proc/{self.worker}/stat").read_text()

    def kill(self) -> None:
        os.kill(self.worker, signal.SIGKILL)

    def ended(self) -> int:
        """How the worker ended: 0, or a signal as `KILLED`."""
        return int(self._line())

    def do(self, order: Order) -> int:
        self.begin(order)
        return self.ended()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def shifts() -> Iterator[Shifts]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.nightshift"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Shifts(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def need_strace() -> None:
    """Skips where strace is missing or may not look into processes; on the machine that checks every change that fails."""
    try:
        tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
        reason = "" if tried.returncode == 0 else "strace may not look into processes here"
    except FileNotFoundError:
        reason = "needs strace (apt-get install strace)"
    if reason:
        pytest.fail(reason) if os.environ.get("NIGHTDESK_CI") else pytest.skip(reason)


# --- the waiting process ----------------------------------------------------------------------------


def _serve() -> None:
    # Imported once, before the forks; none of it starts a thread or opens a connection.
    from bot import app, jobs, rounds  # noqa: F401
    from tests.servers import company  # noqa: F401
    from tests.servers.model import import_all

    import_all()
    left = 0
    for line in sys.stdin:
        if left:
            os.waitpid(left, 0)
        told = json.loads(line)
        death = Death(**told.pop("death")) if told["death"] else told.pop("death")
        order = Order(**{**told, "hours": tuple(told["hours"]), "death": death})
        go, gone = os.pipe()
        worker = os.fork()
        if worker == 0:
            os.close(gone)
            _work(order, go)
        os.close(go)
        tracer = _trace(worker, order.death) if order.death else None
        _say(worker)
        os.close(gone)  # the worker begins
        ended = os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        if tracer is not None:
            tracer.wait()
        _say(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        left = worker  # its number stays its own until the next order, so that nobody else is killed by it


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _trace(worker: int, death: Death) -> "subprocess.Popen[bytes]":
    words = [
        "strace",
        "-f",
        "-qq",
        "-o",
        death.log,
        "-e",
        f"trace={death.calls}",
        "-e",
        "signal=none",
        "-p",
        str(worker),
    ]
    if death.nth:
        words += ["-e", f"inject={death.calls}:signal=KILL:when={death.nth}"]
    tracer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    while "TracerPid:\t0\n" in Path(f"/proc/{worker}/status").read_text():
        if tracer.poll() is not None:
            raise RuntimeError("strace does not attach")
    return tracer


# --- a worker ---------------------------------------------------------------------------------------


class AtOnce(ThreadPoolExecutor):
    """Does what it is given in the thread that gives it."""

    def submit(self, done: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(done(*args, **kwargs))
        except BaseException as failed:  # noqa: BLE001 -- as an executor does: it belongs to whoever asks
            future.set_exception(failed)
        return future


def _work(order: Order, go: int) -> None:
    """Does its shift and leaves without tidying up, as a worker that was killed would."""
    _let_anybody_trace_us()
    os.read(go, 1)
    ended = 1
    try:
        if order.death is not None:
            _do_all_in_one_thread()
        {"file": _file, "think": _think, "night": _night}[order.task](order)
        ended = 0
    except BaseException:  # noqa: BLE001 -- told to whoever reads the test's output; the process goes on nowhere
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(ended)


def _let_anybody_trace_us() -> None:
    pr_set_ptracer, anybody = 0x59616D61, -1
    ctypes.CDLL(None).prctl(pr_set_ptracer, anybody, 0, 0, 0)  # of no effect where no such rule is in force


def _do_all_in_one_thread() -> None:
    from langchain_core.runnables import config

    from bot import workers

    workers.ThreadPoolExecutor = AtOnce  # type: ignore[attr-defined]
    config.ContextThreadPoolExecutor = AtOnce  # type: ignore[misc, assignment]


def _drain(order: Order, desk: Any, queues: Sequence[str]) -> None:
    from bot import jobs, workers

    async def work() -> None:
        app = jobs.build(order.database, lambda: desk)
        async with app.open_async():
            await workers.drain(app, desk, queues, 1)

    asyncio.run(work())


def _file(order: Order) -> None:
    """Drafts of all mailboxes, until nothing is left or a job is put off."""
    from bot.store.queue import SLEEP
    from tests.servers.company import desk_over
    from tests.servers.postgres import Database

    with desk_over(Database("", "", order.database, "")) as made:
        desk = replace(made, quarantine=timedelta(seconds=order.quarantine), mail_patience=order.patience)
        _drain(order, desk, [SLEEP])


def _think(order: Order) -> None:
    """What is enqueued of a night, one stage after the other."""
    from bot.store.queue import STAGES
    from tests.servers.company import desk_over
    from tests.servers.model import ModelServer
    from tests.servers.postgres import Database

    with desk_over(Database("", "", order.database, ""), ModelServer(base_url=order.model_url)) as desk:
        for stage in STAGES:
            _drain(order, desk, [stage])


def _night(order: Order) -> None:
    """What the leader enqueues at each hour, and the jobs; it goes on where the shift before it ended."""
    from bot import rounds
    from bot.embedded.slack import BOT_TOKEN
    from bot.slack.client import Slack
    from bot.store.queue import LIVE, STAGES
    from tests.servers.company import desk_over
    from tests.servers.model import ModelServer
    from tests.servers.postgres import Database

    over = Path(order.over)
    with desk_over(Database("", "", order.database, ""), ModelServer(base_url=order.model_url)) as made:
        for part in range(int(over.read_text()), len(order.hours)):
            now = datetime.fromtimestamp(order.hours[part], UTC)
            desk = replace(
                made,
                slack=Slack(BOT_TOKEN, order.slack_url),
                now=partial(_same, now),
                quarantine=timedelta(seconds=order.quarantine),
            )
            for look in (rounds.mailboxes, rounds.look, rounds.leftovers):
                look(desk)
                _drain(order, desk, [*STAGES, LIVE])
            over.write_text(str(part + 1))


def _same(now: datetime) -> datetime:
    return now


if __name__ == "__main__":
    _serve()

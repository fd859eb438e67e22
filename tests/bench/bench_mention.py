"""Twenty mentions at once: until the first sign, and until the first words, beside a plain Bolt app that says a constant.

The desk is a real `nightdesk serve` on a database of its own; its model answers at once, so that what is measured is ours.
All of it shares this machine's cores, so the CPU of the desk, of its database and of the sandbox's Slack stands beside the
times: that does not depend on what else runs here. The overhead is what the first words take beyond those of the echo.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bot.embedded.postgres_home import recorded
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, running
from bot.embedded.slack_workspace import BOT
from bot.slack.limits import problems
from tests.bench.measure import Row, cpu, given, report
from tests.house.repo import ROOT
from tests.servers.company import Nightdesk
from tests.servers.slack import small_company, until

AT_ONCE = 20
ROUNDS = 5
WARM = 2
PATIENCE = 120.0
SIGNS = ("assistant.threads.setStatus",)
WORDS = ("chat.startStream", "chat.postMessage")
ENDS = ("chat.stopStream", "chat.postMessage")
TARGETS: Row = {"app": "target", "sign_median_ms": 300, "words_median_ms": 150, "words_p99_ms": 500}
SETTINGS = {"OPENAI_API_KEY": "sk-test", "NIGHTDESK_CAP_PERSON_NIGHT": "50", "NIGHTDESK_LIVE_MODEL": "steady"}

Pids = list[int]
"""Of the measured app: itself, and the server of its database if it has one."""


def main() -> None:
    to = given(__doc__)
    with _model() as base_url:
        echo = [_measured(f"bolt echo, {n}", n, _echo) for n in (1, AT_ONCE)]
        desk = [_measured(f"nightdesk, {n}", n, lambda slack: _desk(slack, base_url)) for n in (1, AT_ONCE)]
    report(to, "mention", [*echo, *map(_beyond, desk, echo), TARGETS])


def _beyond(desk: Row, echo: Row) -> Row:
    """What is ours of the time to the first words."""
    return desk | {
        "overhead_median_ms": desk["words_median_ms"] - echo["words_median_ms"],
        "overhead_p99_ms": desk["words_p99_ms"] - echo["words_median_ms"],
    }


def _measured(name: str, at_once: int, app: Callable[[Sandbox], AbstractContextManager[Pids]]) -> Row:
    with running(small_company(), check=problems) as slack, app(slack) as pids:
        asked = _Asked(slack)
        for _ in range(WARM):
            asked.round(at_once)
        asked.signs, asked.words = [], []
        before = _used(pids)
        for _ in range(ROUNDS):
            asked.round(at_once)
        used = _used(pids)
    costs = {f"{part}_cpu_ms": 1000 * (used[part] - before[part]) / len(asked.words) for part in used}
    times = _figures("sign", asked.signs) | _figures("words", asked.words)
    return {"app": name, "mentions": len(asked.words)} | times | costs


def _used(pids: Pids) -> dict[str, float]:
    """CPU seconds so far of what is measured, and of the Slack here, which is this process."""
    return {part: cpu(pid) for part, pid in zip(("app", "postgres"), pids, strict=False)} | {
        "slack": time.process_time()
    }


@dataclass
class _Asked:
    """Questions about things that nobody asked about before, each with one statement that answers it."""

    slack: Sandbox
    count: int = 0
    read: int = 0  # of Slack's log
    firsts: dict[str, dict[str, float]] = field(default_factory=dict)  # method -> thread -> when
    signs: list[float] = field(default_factory=list)  # milliseconds
    words: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        for n in range(AT_ONCE * (ROUNDS + WARM)):
            self.slack.say("ben", "general", f"We decided to ship the {_thing(n)} on 7 December.")
        self.slack.settle(PATIENCE)

    def round(self, at_once: int) -> None:
        """From each of some mentions to the first sign and the first words in its thread."""
        begun = {}
        for _ in range(at_once):
            before = time.time()
            question = f"<@{BOT.id}> when does the {_thing(self.count)} ship?"
            begun[self.slack.say("ada", "general", question)] = before
            self.count += 1
        until(lambda: begun.keys() <= self._when(ENDS).keys(), PATIENCE)
        signs, words = self._when(SIGNS + WORDS), self._when(WORDS)
        self.signs += [1000 * (signs[ts] - at) for ts, at in begun.items()]
        self.words += [1000 * (words[ts] - at) for ts, at in begun.items()]
        self.slack.settle(PATIENCE)

    def _when(self, methods: tuple[str, ...]) -> dict[str, float]:
        """When each thread first had one of these calls."""
        self._read()
        found: dict[str, float] = {}
        for method in methods:
            for ts, at in self.firsts.get(method, {}).items():
                found[ts] = min(at, found.get(ts, at))
        return found

    def _read(self) -> None:
        log = self.slack.log
        for one in log[self.read :]:
            self.read += 1
            if one.outcome == "ok":
                thread = one.arguments.get("thread_ts") or one.answer.get("message", {}).get("thread_ts")
                self.firsts.setdefault(one.method, {}).setdefault(str(thread), one.at)


def _thing(n: int) -> str:
    """A word that no other number has."""
    return "".join(f"{'bdfgklmnprst'[n // 60**k % 12]}{'aeiou'[n // 12 // 60**k % 5]}" for k in range(3)) + "x"


def _figures(name: str, values: list[float]) -> Row:
    ranked = sorted(values)
    return {f"{name}_median_ms": round(median(ranked)), f"{name}_p99_ms": round(ranked[int(0.99 * (len(ranked) - 1))])}


@contextmanager
def _model() -> Iterator[str]:
    """The base URL of a model in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.steady_model"], cwd=ROOT, text=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _echo(slack: Sandbox) -> Iterator[Pids]:
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.echo", slack.base_url], cwd=ROOT)
    try:
        until(lambda: slack.connections, PATIENCE)
        yield [process.pid]
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _desk(slack: Sandbox, base_url: str) -> Iterator[Pids]:
    environ = SETTINGS | {
        "NIGHTDESK_LIVE_BASE_URL": base_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_BASE_URL": slack.base_url,
    }
    with tempfile.TemporaryDirectory(prefix="nd-") as home:
        process = Nightdesk(Path(home), environ).start("serve")
        # What it logs has to go somewhere, or a full pipe stops it.
        drained = threading.Thread(target=process.communicate, daemon=True)
        drained.start()
        try:
            until(lambda: slack.connections, PATIENCE)
            postmaster = recorded(Path(home) / "postgres" / "data")
            assert postmaster is not None
            yield [process.pid, postmaster.pid]
        finally:
            process.terminate()
            drained.join(60)


if __name__ == "__main__":
    main()

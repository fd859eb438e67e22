"""Twenty mentions at once: until the first sign, and until the first words, beside a plain Bolt app that says a constant.

The desk is a real `nightdesk serve` on a database of its own; its model answers at once, so that what is measured is ours.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, running
from bot.embedded.slack_workspace import BOT
from bot.slack.limits import problems
from tests.bench.measure import Row, given, report
from tests.house.repo import ROOT
from tests.servers.company import Nightdesk, model_settings
from tests.servers.model import ModelServer, model_serving
from tests.servers.slack import small_company, until

AT_ONCE = 20
ROUNDS = 5
PATIENCE = 120.0
FACTS = ("We decided to ship the blue valve on 7 December.", "The dock is closed on Mondays.")
SAYS = "The blue valve ships on 7 December [1].\nIt was decided [1].\nNobody objected [1]."
SIGNS = ("assistant.threads.setStatus",)
WORDS = ("chat.startStream", "chat.postMessage")
TARGETS: Row = {"app": "target", "sign_median_ms": 300, "words_median_ms": 150, "words_p99_ms": 500}


def main() -> None:
    to = given(__doc__)
    with model_serving() as model:
        model.says(SAYS)
        rows = [
            _measured("bolt echo, 1", 1, _echo),
            _measured(f"bolt echo, {AT_ONCE}", AT_ONCE, _echo),
            _measured("nightdesk, 1", 1, lambda slack: _desk(slack, model)),
            _measured(f"nightdesk, {AT_ONCE}", AT_ONCE, lambda slack: _desk(slack, model)),
        ]
    report(to, "mention", [*rows, TARGETS])


def _measured(name: str, at_once: int, app: Callable[[Sandbox], AbstractContextManager[None]]) -> Row:
    with running(small_company(), check=problems) as slack, app(slack):
        for fact in FACTS:
            slack.say("ben", "general", fact)
        _round(slack, 1)
        signs: list[float] = []
        words: list[float] = []
        for _ in range(ROUNDS):
            sign, word = _round(slack, at_once)
            signs, words = signs + sign, words + word
    return {"app": name, "mentions": len(words)} | _figures("sign", signs) | _figures("words", words)


def _round(slack: Sandbox, at_once: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each of some mentions to the first sign and the first words in its thread."""
    begun = {}
    for _ in range(at_once):
        before = time.time()
        begun[slack.say("ada", "general", f"<@{BOT.id}> when does the blue valve ship?")] = before
    until(lambda: begun.keys() <= _first(slack, WORDS).keys(), PATIENCE)
    until(lambda: all(_whole(slack, ts) for ts in begun), PATIENCE)
    signs, words = _first(slack, SIGNS + WORDS), _first(slack, WORDS)
    return [1000 * (signs[ts] - at) for ts, at in begun.items()], [1000 * (words[ts] - at) for ts, at in begun.items()]


def _first(slack: Sandbox, methods: Sequence[str]) -> dict[str, float]:
    """When each thread first had one of these calls."""
    found: dict[str, float] = {}
    for one in slack.log:
        if one.method in methods and one.outcome == "ok":
            found.setdefault(str(one.arguments.get("thread_ts", "")), one.at)
    return found


def _whole(slack: Sandbox, ts: str) -> bool:
    return not any(key[1] == one["ts"] for one in slack.thread("general", ts) for key in list(slack.company.streams))


def _figures(name: str, values: list[float]) -> Row:
    ranked = sorted(values)
    return {f"{name}_median_ms": round(median(ranked)), f"{name}_p99_ms": round(ranked[int(0.99 * (len(ranked) - 1))])}


@contextmanager
def _echo(slack: Sandbox) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.echo", slack.base_url], cwd=ROOT)
    try:
        until(lambda: slack.connections, PATIENCE)
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _desk(slack: Sandbox, model: ModelServer) -> Iterator[None]:
    environ = model_settings(model) | {
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
            yield
        finally:
            process.terminate()
            drained.join(60)


if __name__ == "__main__":
    main()

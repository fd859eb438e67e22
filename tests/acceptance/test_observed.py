"""A desk that runs is watched from outside by logs and metrics that hold nobody's words."""

import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import observe
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox
from bot.embedded.slack_faults import broken, garbage
from tests.servers.company import Nightdesk, new_home
from tests.servers.slack import Clock, until

CANARIES = ("Kestrel gets eleven percent", "hollyhock", "wade@kestrel.example", BOT_TOKEN, APP_TOKEN, "Ada", "general")


@pytest.fixture
def slack_clock() -> Clock:
    return Clock(time.time())


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _serving(slack: Sandbox, laid: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    environ = {
        "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_BASE_URL": slack.base_url,
        "NIGHTDESK_LOG": "debug json", "NIGHTDESK_METRICS_PORT": str(port),
    }  # fmt: skip
    with new_home(laid) as home:
        process = Nightdesk(home, environ).start("serve")
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _page(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def _count(page: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.M))


def test_logs_at_debug_and_metrics_of_a_running_desk_hold_nobodys_words(slack: Sandbox, laid: Path) -> None:
    for number in range(5):
        slack.say(
            "ada", "general", f"Kestrel gets eleven percent off the hollyhock, wade@kestrel.example agreed {number}."
        )
    slack.fails("conversations.history", garbage())
    slack.fails("conversations.members", broken())
    port = _free_port()
    with _serving(slack, laid, port) as process:
        until(lambda: _count(_page(port, "/metrics"), "nightdesk_messages_backfilled_total") >= 5, 60)
        assert _page(port, "/healthz") == "ok\n"
        pages = _page(port, "/metrics")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    for canary in CANARIES:
        assert canary not in out + err + pages
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert lines
    frame = {"time", "level", "logger", "event", "error", "trace"}
    assert {key for line in lines for key in line} <= observe.KEYS | frame
    assert [
        line
        for line in err.splitlines()
        if not line.startswith("{") and not line.startswith(("Nightdesk is ", "A worker "))
    ] == []

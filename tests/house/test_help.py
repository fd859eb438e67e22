"""`nightdesk --help` answers at once, because the command imports what a command needs only when it runs."""

import subprocess
import sys

from tests.house.repo import ROOT

HEAVY = (
    "langchain_core",
    "langchain_openai",
    "langgraph",
    "openai",
    "procrastinate",
    "psycopg",
    "pydantic",
    "rich.console",
)


def test_the_command_itself_loads_nothing_heavy() -> None:
    words = "import bot.__main__, sys; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "typer" in loaded
    assert sorted(loaded & set(HEAVY)) == []


def test_every_command_has_help() -> None:
    whole = _help()
    names = [line.split()[1] for line in whole.splitlines() if line.startswith("│ ") and line[2].islower()]
    assert {"demo", "night", "import", "migrate", "recall", "ask"} <= set(names)
    for name in names:
        assert "Usage:" in _help(name)


def _help(*command: str) -> str:
    words = [sys.executable, "-m", "bot", *command, "--help"]
    plain = {"TERM": "dumb", "COLUMNS": "100", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(words, cwd=ROOT, env=plain, capture_output=True, text=True, check=True).stdout

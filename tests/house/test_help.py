"""`nightdesk --help` answers at once, because the command imports what a command needs only when it runs."""

import subprocess
import sys
from importlib.metadata import version

from typer.testing import CliRunner

from bot.__main__ import app
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
    words = [sys.executable, "-m", "bot", "--help"]
    plain = {"TERM": "dumb", "COLUMNS": "100", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    whole = subprocess.run(words, cwd=ROOT, env=plain, capture_output=True, text=True, check=True)
    assert whole.stderr == ""
    names = [line.split()[1] for line in whole.stdout.splitlines() if line.startswith("│ ") and line[2].islower()]
    assert {"demo", "night", "import", "migrate", "recall", "ask"} <= set(names)
    for name in names:
        said = CliRunner().invoke(app, [name, "--help"])
        assert (said.exit_code, said.stderr) == (0, "") and "Usage:" in said.stdout


def test_it_says_which_version_it_is() -> None:
    said = CliRunner().invoke(app, ["--version"])
    assert (said.exit_code, said.stdout) == (0, f"nightdesk {version('nightdesk')}\n")

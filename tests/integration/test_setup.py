"""`nightdesk init` writes settings that work, changes only what it was told to, and never shows a secret."""

import io
import os
import pty
import select
import stat
import sys
import termios
import time
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from bot import settings, setup
from bot.slack.manifest import manifest
from graphs.errors import NeedsPerson
from tests.house.repo import ROOT
from tests.servers.company import Nightdesk, new_home

ANSWERS = """
SLACK_BOT_TOKEN = "xoxb-canary-1"
SLACK_APP_TOKEN = "xapp-canary-2"
NIGHTDESK_SLEEP_MODEL = "large"
NIGHTDESK_SLEEP_BASE_URL = "https://models.example.org/v1"
NIGHTDESK_SLEEP_API_KEY = "sk-canary-3"
NIGHTDESK_DOMAINS = "tulip.example"
NIGHTDESK_ZONE = "Europe/Berlin"
"""


def set_up(home: Path, answers: setup.Answers) -> str:
    """What the screen shows."""
    screen = Console(file=io.StringIO(), width=200)
    setup.set_up(home, answers, screen)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.KNOWN:
        monkeypatch.delenv(name, raising=False)


def test_what_was_answered_is_set_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    set_up(home, setup.from_file(ANSWERS))
    found = settings.load(home, {})
    assert found.slack_bot_token == "xoxb-canary-1"
    assert found.sleep is not None and found.sleep.api_key == "sk-canary-3"
    assert found.live is None
    assert found.domains == {"tulip.example"}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "nightdesk.toml").stat().st_mode) == 0o600
    assert sorted(path.name for path in home.iterdir()) == ["nightdesk.toml", "slack-manifest.json"]


def test_the_manifest_lies_beside_it_and_the_screen_says_where_to_take_it(tmp_path: Path) -> None:
    import json

    screen = set_up(tmp_path, setup.keep_all)
    assert json.loads((tmp_path / "slack-manifest.json").read_text()) == manifest()
    assert "https://api.slack.com/apps" in screen
    assert str(tmp_path / "slack-manifest.json") in screen


def test_the_manifest_names_an_address_only_where_slack_posts_to_it(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk.toml"
    file.write_text('NIGHTDESK_PUBLIC_URL = "https://desk.example.org"\n')  # for connecting mailboxes
    set_up(tmp_path, setup.keep_all)
    assert "desk.example.org" not in (tmp_path / "slack-manifest.json").read_text()
    file.write_text(file.read_text() + 'SLACK_SIGNING_SECRET = "s"\n')
    set_up(tmp_path, setup.keep_all)
    assert "https://desk.example.org/slack/events" in (tmp_path / "slack-manifest.json").read_text()


def test_a_second_run_keeps_what_is_set_and_shows_no_secret(tmp_path: Path) -> None:
    set_up(tmp_path, setup.from_file(ANSWERS))
    file = tmp_path / "nightdesk.toml"
    file.write_text("# ours\nNIGHTDESK_CURRENCY = 'EUR'\n" + file.read_text())
    before = file.read_text()
    screen = set_up(tmp_path, setup.keep_all)
    assert file.read_text() == before
    assert "SLACK_BOT_TOKEN" in screen
    assert "canary" not in screen
    set_up(tmp_path, setup.from_file('NIGHTDESK_ZONE = "Asia/Tokyo"\nSLACK_APP_TOKEN = "-"'))
    after = file.read_text()
    assert after == before.replace("Europe/Berlin", "Asia/Tokyo").replace('SLACK_APP_TOKEN = "xapp-canary-2"\n', "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_model_that_is_taken_away_takes_no_questions_with_it(tmp_path: Path) -> None:
    set_up(tmp_path, setup.from_file(ANSWERS))
    asked: list[str] = []

    def answer(question: setup.Question, is_set: bool) -> str:
        asked.append(question.name)
        return "-" if question.name == "NIGHTDESK_SLEEP_MODEL" else ""

    set_up(tmp_path, answer)
    assert "NIGHTDESK_SLEEP_API_KEY" not in asked
    assert settings.load(tmp_path, {}).sleep is None


@pytest.mark.parametrize(
    ("answers", "sign"),
    [
        ('SLACK_BOT_TOKEN = "xapp-canary"', "SLACK_BOT_TOKEN will not do. It begins with xoxb-"),
        ('NIGHTDESK_ZONE = "Mars/Base"', "Europe/Berlin"),
        ('DATABASE_URL = "mysql://canary"', "postgresql://"),
        ('NIGHTDESK_CURRENCY = "EUR"', "init does not ask for NIGHTDESK_CURRENCY"),
        ("no toml", "answers cannot be read"),
    ],
)
def test_an_answer_that_will_not_do_changes_nothing(tmp_path: Path, answers: str, sign: str) -> None:
    set_up(tmp_path, setup.from_file(ANSWERS))
    before = (tmp_path / "nightdesk.toml").read_text()
    with pytest.raises(NeedsPerson, match=sign) as told:
        set_up(tmp_path, setup.from_file(answers))
    assert "canary" not in str(told.value)
    assert (tmp_path / "nightdesk.toml").read_text() == before


def test_what_cannot_be_loaded_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk.toml"
    file.write_text('NIGHTDESK_ZONE = "Europe/Berlin"\n')
    with pytest.raises(NeedsPerson):
        setup.write(file, {"NIGHTDESK_CAP_PERSON_NIGHT": "much"})
    assert file.read_text() == 'NIGHTDESK_ZONE = "Europe/Berlin"\n'
    assert [path.name for path in tmp_path.iterdir()] == ["nightdesk.toml"]


def test_any_text_comes_back_as_it_was_written(tmp_path: Path) -> None:
    odd = 'a"b\\c\tд\U0001f331#='
    setup.write(tmp_path / "nightdesk.toml", {"OPENAI_API_KEY": odd})
    assert tomllib.loads((tmp_path / "nightdesk.toml").read_text()) == {"OPENAI_API_KEY": odd}


def test_what_the_environment_sets_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")
    asked: list[str] = []

    def answer(question: setup.Question, is_set: bool) -> str:
        asked.append(question.name)
        return ""

    screen = set_up(tmp_path, answer)
    assert "SLACK_BOT_TOKEN" not in asked and "SLACK_APP_TOKEN" in asked
    assert "Set in the environment: SLACK_BOT_TOKEN." in screen


def test_without_a_terminal_and_answers_nothing_is_asked_and_nothing_made(tmp_path: Path) -> None:
    done = Nightdesk(tmp_path / "home").run("init")
    assert done.code == 2 and "--answers" in done.err
    assert not (tmp_path / "home").exists()


def test_the_command_ends_with_what_doctor_finds(tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text('NIGHTDESK_DOMAINS = "tulip.example"\nNIGHTDESK_ZONE = "Europe/Berlin"\n')
    with new_home() as home:
        done = Nightdesk(home).run("init", "--answers", str(answers))
        assert done.code == 0, done
        assert "Inside are people at tulip.example." in done.out
        assert "Everything that must work does" in done.out


def test_a_token_that_is_typed_does_not_appear_on_the_screen() -> None:
    with new_home() as home:
        tokens = ["xoxp-canary", "xoxb-canary", "xapp-canary"]
        screen = _typed(home, [*tokens, "", "", "", "tulip.example", "Europe/Berlin"], unseen=4)
        assert "That will not do. It begins with xoxb-." in screen
        assert "canary" not in screen
        assert "tulip.example" in screen
        found = settings.load(home, {})
        assert (found.slack_bot_token, found.slack_app_token) == ("xoxb-canary", "xapp-canary")


def _typed(home: Path, answers: list[str], unseen: int) -> str:
    """Runs init in a terminal of its own up to its last question; what was to be seen. The first answers are secrets."""
    environ = Nightdesk(home, {"TERM": "dumb", "COLUMNS": "100"})._environment()
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-m", "bot", "--home", str(home), "init"], environ)
    seen = b""
    deadline = time.monotonic() + 60
    try:
        for number, answer in enumerate(answers):
            asked = len(seen)
            # Nobody types before the question stands there; where echo is yet to be switched off, what came before is lost.
            while not (seen[asked:].endswith(b": ") and _echoes(terminal) == (number >= unseen)):
                assert time.monotonic() < deadline, seen
                if select.select([terminal], [], [], 0.05)[0]:
                    seen += os.read(terminal, 65536)
            os.write(terminal, f"{answer}\n".encode())
        while not (home / "nightdesk.toml").exists() and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.05)[0]:
                seen += os.read(terminal, 65536)
    finally:
        os.close(terminal)  # which ends what is left of the command
        os.waitpid(process, 0)
    return seen.decode(errors="replace")


def _echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)

"""`nightdesk proof` over a socket: a live run, one that goes on, and what has to be set first."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot import commands, proving, settings
from bot.embedded.model import Body
from bot.proof.arms import Plan
from bot.proof.run import arms
from bot.settings import RoleSettings
from graphs.errors import Later, NeedsPerson
from tests.servers.model import ModelServer


@pytest.fixture
def configured(model_server: ModelServer) -> settings.Settings:
    model_server.says(_plainly)
    role = RoleSettings("careful", model_server.base_url, "key")
    return replace(settings.load(None), sleep=replace(role, model="thorough"), live=role)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "PLAN", Plan(arms((0, 1)), verbosities=(0,), steps=1))


def _plainly(body: Body) -> str:
    asked = re.search(r"\nQuestion: ", body["messages"][1]["content"])
    return "Answer: 12" if asked else "What holds now.\nFINISHED"


def test_a_live_proof_asks_the_sleep_agent_ahead_and_the_live_agent_at_test_time(
    configured: settings.Settings, model_server: ModelServer, tmp_path: Path
) -> None:
    told: list[str] = []
    made = proving.prove(configured, proving.Asked(tmp_path, live=True, contexts=1, tell=told.append))
    assert "Live run: thorough asleep, careful awake" in made.read_text()
    asked = [one.body["model"] for one in model_server.requests]
    assert (asked.count("thorough"), asked.count("careful")) == (1, 20)
    assert told[0].startswith("21 calls")


def test_what_was_answered_is_not_asked_again(
    configured: settings.Settings, model_server: ModelServer, tmp_path: Path
) -> None:
    asked = proving.Asked(tmp_path, live=True, contexts=1)
    first = proving.prove(configured, asked).read_text()
    count = len(model_server.requests)
    assert proving.prove(configured, asked).read_text() == first and len(model_server.requests) == count


def test_a_run_ends_before_more_tokens_than_allowed_and_says_so(
    configured: settings.Settings, model_server: ModelServer, tmp_path: Path
) -> None:
    with pytest.raises(Later, match="The same command goes on"):
        proving.prove(configured, proving.Asked(tmp_path, live=True, contexts=1, most_tokens=100))
    assert model_server.requests == []


def test_without_models_it_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(NeedsPerson, match="NIGHTDESK_SLEEP_MODEL"):
        proving.prove(replace(settings.load(None), sleep=None, live=None), proving.Asked(tmp_path, live=True))


def test_without_a_model_the_page_shows_the_recorded_run_and_what_it_cannot_show(tmp_path: Path) -> None:
    bare = replace(settings.load(None), sleep=None, live=None)
    html = proving.prove(bare, proving.Asked(tmp_path, live=False)).read_text()
    assert "Recorded run: a careful reader" in html and "not timed" in html and "does not show a gain" in html
    assert [path.name for path in tmp_path.iterdir()] == ["proof.html"]
    assert html.count("data:image/png;base64,") == 4
    assert "In an office: the product awake and asleep" in html and "asleep, k = 1, no conclusions" in html


def test_a_folder_that_cannot_be_made_is_named_before_anything_is_asked(
    configured: settings.Settings, model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "load", lambda at: configured)
    (tmp_path / "file").write_text("")
    with pytest.raises(NeedsPerson, match="choose another with --out"):
        commands.proof(None, tmp_path / "file" / "out", live=True, contexts=1, most_tokens=None)
    assert model_server.requests == []

"""The ablation against a stand-in model over a socket: what an arm costs, what reaches its answers, and a replay of it."""

import json
import re
from pathlib import Path

import pytest

from bot.embedded.model import Body, key_of, replaying
from bot.embedded.postgres import Server
from bot.proof.ablation import AWAKE
from bot.proving import office_of
from graphs.errors import NeedsPerson
from tests.bench.ablation.arms import Plan, Played, play_on
from tests.bench.ablation.office import Office, office
from tests.bench.memory.cast import PUBLIC
from tests.bench.memory.weeks import Size
from tests.servers.company import desk_over
from tests.servers.model import ModelServer
from tests.servers.postgres import new_database

TINY = Size(places=PUBLIC[1:2], projects=3, small=2, busy=1, whole=False)
NOTHING: Body = {
    "Verdicts": {"same": [], "over": [], "against": []}, "Proposals": {"conclusions": []}, "Lines": {"lines": []}, "Questions": {"questions": []},
}  # fmt: skip


@pytest.fixture
def noting(model_server: ModelServer) -> ModelServer:
    """Notes every message about a first batch, and answers with the first passage."""
    model_server.says(_notes)
    return model_server


def _notes(body: Body) -> str:
    form = (body.get("response_format") or {}).get("json_schema")
    if form is None:
        return "So they say [1]."
    if form["name"] != "Notes":
        return json.dumps(NOTHING[form["name"]])
    said = re.findall(
        r"^(\d+) \w+ (?:[\d:]+ )?(.*(?:units.*batch|batch.*units).*)$", body["messages"][1]["content"], re.MULTILINE
    )
    return json.dumps({"notes": [{"n": int(n), "q": text, "t": text, "k": "decision"} for n, text in said]})


def _play(postgres: Server, template: str, made: Office, plan: Plan, model: ModelServer, folder: Path) -> Played:
    with new_database(postgres, template) as held, desk_over(held, model) as desk:
        return play_on(desk, held.app, made, plan, folder)


def test_an_arm_that_slept_is_charged_for_it_and_has_what_it_noted(
    postgres: Server, template: str, noting: ModelServer, tmp_path: Path
) -> None:
    made = office(5, 3, TINY)
    awake = _play(postgres, template, made, Plan(AWAKE), noting, tmp_path / "awake")
    asked = len(noting.requests)
    asleep = _play(postgres, template, made, Plan("asleep", 1, concludes=False), noting, tmp_path / "asleep")
    # Awake nothing is asked but the questions, and nothing is remembered.
    assert awake.arm.slept == {} and asked == sum(one.spent.calls for one in awake.answers) >= 3
    assert all(one.evidence.remembered == 0 and one.spent.prompt > 0 for one in awake.answers)
    # Asleep the ledger has every call but the live ones; what an arm leaves out, and the desk, are never asked for.
    live = sum(one.spent.calls for one in asleep.answers)
    assert sum(one.calls for one in asleep.arm.slept.values()) == len(noting.requests) - asked - live
    assert asleep.arm.slept["remember"].completion > 0 and not {"conclude", "tasks"} & asleep.arm.slept.keys()
    total = next(one for one in asleep.answers if one.kind == "total")
    assert total.evidence.remembered == total.evidence.sources > 0
    assert total.said == "So they say [1]." and not total.right


def test_a_replay_gives_the_answers_of_the_run_and_counts_what_was_not_recorded(
    postgres: Server, template: str, noting: ModelServer, tmp_path: Path
) -> None:
    made, plan = office(5, 2, TINY), Plan(AWAKE)
    first = _play(postgres, template, made, plan, noting, tmp_path / "first")
    recorded = {key_of(one.body): _notes(one.body) for one in noting.requests}
    with replaying(recorded) as url:
        again = _play(postgres, template, made, plan, ModelServer(url), tmp_path / "again")
    assert (again.answers, again.arm, again.unrecorded) == (first.answers, first.arm, 0)
    live = key_of(noting.requests[-1].body)
    with replaying({key: said for key, said in recorded.items() if key != live}) as url:
        assert _play(postgres, template, made, plan, ModelServer(url), tmp_path / "less").unrecorded == 1


def test_the_page_shows_the_run_in_its_folder_and_refuses_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "ablation.json").write_text('{"arms": []}')
    with pytest.raises(NeedsPerson, match="no run of the ablation"):
        office_of(tmp_path, live=False)

"""A worker is killed while each node of a night's graphs waits for the model: the same state in the end, one step paid twice."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import nightfall
from bot.embedded.postgres import Server
from bot.thinking import WIDTH
from tests.servers.company import BOB, DAY, desk_over, dump, helpful, imported, known, small
from tests.servers.export_files import said
from tests.servers.model import ModelServer, model_serving
from tests.servers.nightshift import KILLED, Order, Shifts, shifts
from tests.servers.postgres import Database, new_database

NOW = datetime.fromisoformat(f"{DAY}T08:00:00+01:00")
FOLLOWS = "Ada is away when the packing list of the blue valve is due on 24 November."
TOLD = {
    "general": [
        said("U1", "1795165200.000100", "Ada will send the packing list of the blue valve by 24 November."),
        said("U2", "1795165300.000100", "The packing list of the blue valve has two pages."),
        said("U1", "1795165400.000100", "The packing list of the blue valve has three pages and a cover."),
        said("U2", "1795165500.000100", "We decided to use yellow paper."),
    ],
    "launch": [
        said("U2", "1795168800.000100", "Ada is away from 23 November to 27 November, also for the packing list.")
    ],
}
LEFT = ("change_log", "learned_context", "memory", "memory_premise", "memory_relation", "memory_source", "prepared",
        "prepared_source", "task", "digest")  # fmt: skip
PASSING = frozenset({"memory.key", "key", "at", "expires", "made_of"})
_ROWS = re.compile(r'""memories"": \[[^]]*\]')
"""Row ids of the memories under a line of a brief."""


def step(body: dict[str, Any]) -> str:
    """The node that asks, as far as a request shows it."""
    form = body.get("response_format", {}).get("json_schema", {})
    return "Doubt" if "stand" in form.get("schema", {}).get("properties", {}) else form.get("name", "answer")


NODES = ("Notes", "Verdicts", "Proposals", "Doubt", "Lines", "Questions", "answer", "Repairs")
"""note, reconcile; propose, challenge; rewrite; propose, prepare and play, rehearse."""


def answers(body: dict[str, Any]) -> str:
    """Something for every node to do: two notes contradict each other, something follows, one question finds no answer."""
    match step(body):
        case "Verdicts":
            return json.dumps({"same": [], "over": [], "against": [1]})
        case "Proposals":
            return json.dumps({"conclusions": [{"text": FOLLOWS, "premises": [1, 2]}]})
        case "Doubt":
            return json.dumps({"stand": [1]})
        case "Repairs":
            return json.dumps({"repairs": [{"question": 1, "searches": ["colour of the paper"], "notes": ["K1"]}]})
    return "NOTHING"


@dataclass
class Town:
    postgres: Server
    evening: str  # the database as everybody went home
    model: ModelServer
    shifts: Shifts
    asked: list[str] = field(default_factory=list)  # steps since the night began
    dies: Callable[[Sequence[str]], bool] = lambda asked: False

    def meet(self, body: dict[str, Any]) -> str:
        """Whoever asks may be dead before the answer comes."""
        self.asked.append(step(body))
        if self.dies(self.asked):
            self.shifts.kill()
        return ""

    def night(self, dies: Callable[[Sequence[str]], bool] = lambda asked: False) -> "Night":
        """The same night again, in which workers die when `dies` says so, given the steps asked so far."""
        self.asked.clear()
        self.model.requests.clear()
        self.dies = dies
        with new_database(self.postgres, self.evening) as database:
            order, deaths = Order("think", database.app, model_url=self.model.base_url), 0
            while (ended := self.shifts.do(order)) == KILLED:
                deaths += 1
                bury(database)
            assert ended == 0
            bodies = [(step(seen.body), json.dumps(seen.body["messages"])) for seen in self.model.requests]
            rows = dump(database, without=PASSING)
            left = {name: sorted(_ROWS.sub("", one) for one in rows[name]) for name in LEFT}
            return Night(left, Counter(bodies), deaths)


@dataclass(frozen=True)
class Night:
    left: dict[str, list[str]]
    asked: Counter[tuple[str, str]]  # requests by step
    deaths: int


def bury(database: Database) -> None:
    """Nobody waits until it is known that a worker is dead, nor until something is tried again."""
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("update procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 hour'")
        admin.execute("update procrastinate_jobs set scheduled_at = null where status = 'todo'")


@pytest.fixture(scope="module")
def town(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with new_database(postgres, template) as evening, model_serving() as model, shifts() as waiting:
        made = Town(postgres, evening.name, model, waiting)
        prepare(evening, tmp_path_factory.mktemp("company"))
        helps = helpful(model).script[-1][1]
        model.script.clear()

        def says(body: dict[str, Any]) -> str:
            made.meet(body)
            wanted = step(body)
            missed = wanted == "answer" and "yellow" in str(body["messages"][-1]["content"]).split("<message>")[-1]
            if wanted in ("Verdicts", "Proposals", "Doubt", "Repairs") or missed:
                return answers(body)
            assert callable(helps)
            return helps(body)

        model.says(says)
        yield made


def prepare(database: Database, folder: Path) -> None:
    with desk_over(database) as desk:
        imported(desk, small(folder, TOLD))
        bob = known(desk, BOB).id
        with desk.store.directory() as tx:
            nightfall.defer(tx, nightfall.places_of(desk, bob), bob, DAY, NOW)


@pytest.fixture(scope="module")
def undisturbed(town: Town) -> Night:
    found = town.night()
    assert {name for name, _ in found.asked} >= set(NODES) and found.left["prepared"] and found.left["memory_premise"]
    return found


def is_as_undisturbed(found: Night, undisturbed: Night, deaths: int) -> None:
    assert found.deaths == deaths
    assert found.left == undisturbed.left
    again = found.asked - undisturbed.asked
    assert not undisturbed.asked - found.asked
    # Nothing is asked a third time: a node that had ended when another one died was not asked again.
    assert set(again.values()) <= {1} and len({name for name, _ in again}) <= deaths and len(again) <= deaths * WIDTH


# --- the promise ------------------------------------------------------------------------------------


def dying_once_at(nodes: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    return lambda asked: asked[-1] in nodes and asked.count(asked[-1]) == 1


def test_a_night_whose_workers_die_in_the_last_node_of_each_graph_ends_as_if_undisturbed(
    town: Town, undisturbed: Night
) -> None:
    last = ("Verdicts", "Doubt", "Lines", "Repairs")
    is_as_undisturbed(town.night(dying_once_at(last)), undisturbed, len(last))


@pytest.mark.night
def test_a_night_whose_workers_die_once_at_each_node_ends_as_if_undisturbed(town: Town, undisturbed: Night) -> None:
    is_as_undisturbed(town.night(dying_once_at(NODES)), undisturbed, len(NODES))


@pytest.mark.night
def test_a_night_killed_at_any_request_ends_as_if_undisturbed(town: Town, undisturbed: Night) -> None:
    for nth in range(1, sum(undisturbed.asked.values()) + 1):
        is_as_undisturbed(town.night(lambda asked, nth=nth: len(asked) == nth), undisturbed, 1)  # type: ignore[misc]

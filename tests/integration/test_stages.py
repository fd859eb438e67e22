"""A night's stages: none sees another half done, and it makes no difference which place is read or thought about first."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import consolidating, nightfall
from bot.desk import Desk
from bot.embedded.postgres import Server
from bot.store import people, queue
from bot.store.migrate import SCHEMA, migrate
from graphs.errors import NotYet
from tests.servers.company import ADA, BOB, DAY, Sources, desk_over, dump, helpful, imported, known, small
from tests.servers.export_files import said
from tests.servers.model import ModelServer, model_serving
from tests.servers.postgres import APP_ROLE, SECRET, Database, new_database

LATER = "2999-01-01T00:00:00+00:00"
NOW = datetime.fromisoformat(f"{DAY}T08:00:00+01:00")
TOLD = {
    "general": [said("U1", "1795165200.000100", "Ada will send the packing list of the blue valve by 24 November.")],
    "launch": [
        said("U2", "1795168800.000100", "Ada is away from 23 November to 27 November, also for the packing list.")
    ],
    "deals": [
        said("U1", "1795168800.000100", "Kestrel counts on the packing list of the blue valve on 24 November at noon.")
    ],
}
FOLLOWS = "Ada is away when the packing list of the blue valve is due on 24 November."


def concludes(body: dict[str, Any]) -> str:
    """A model that lets the same follow from the first two notes it is shown, whatever they are, and lets it stand."""
    if "stand" in body["response_format"]["json_schema"]["schema"]["properties"]:
        return json.dumps({"stand": [1]})
    return json.dumps({"conclusions": [{"text": FOLLOWS, "premises": [1, 2]}]})


def thinking(model: ModelServer) -> ModelServer:
    model.says(concludes, to="Lines with -- stand between groups|Somebody drew conclusions")
    return helpful(model)


def held(database: Database) -> list[tuple[Any, ...]]:
    query = """select s.key from nightdesk.memory m join nightdesk.scope s on s.id = m.scope_id
        where m.kind = 'conclusion' order by 1"""
    with psycopg.connect(database.admin) as connection:
        return connection.execute(query).fetchall()


@dataclass(frozen=True)
class Night:
    """What a model was asked in one night, and the rows that were there afterwards."""

    asked: list[str]
    rows: dict[str, list[str]]


Ordered = Callable[[Sequence[int]], list[int]]
VERSIONS = ("9001", "9002", "9003", "9004")
PASSING = frozenset({"seconds", *(f"of_version_{one}" for one in VERSIONS)})


def night(
    postgres: Server,
    template: str,
    company: Sources,
    ordered: Ordered,
    between: Callable[[Database], None] = lambda database: None,
) -> Night:
    """One night whose jobs of each stage are done in that order; `between` happens before each stage but the first."""
    with new_database(postgres, template) as database, model_serving() as model:
        with desk_over(database, thinking(model)) as desk:
            imported(desk, company)
            slept(desk, ordered, lambda: between(database))
        assert {"channel:C1", "person:U1"} <= {key for (key,) in held(database)}
        asked = sorted(json.dumps(seen.body["messages"]) for seen in model.requests)
        return Night(asked, dump(database, without=PASSING))


def slept(desk: Desk, ordered: Ordered, between: Callable[[], None]) -> None:
    with desk.store.directory() as tx:
        places = {one.id: one for one in people.places(tx).values() if one.kind in ("channel", "account")}
    for scope in ordered(list(places)):
        consolidating.consolidate(desk, scope, DAY, NOW)
    between()
    for scope in ordered(list(places)):
        nightfall.conclude(desk, scope, DAY, NOW)
    between()
    nightfall.learn(desk, DAY, NOW)
    between()
    for scope in ordered([one.id for one in places.values() if one.channel]):
        nightfall.anticipate(desk, scope, DAY, NOW)
    between()
    for person in ordered([known(desk, who).id for who in (ADA, BOB)]):
        nightfall.sleep(desk, person, DAY, NOW, "")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return small(tmp_path_factory.mktemp("company"), TOLD)


@pytest.fixture(scope="module")
def forwards(postgres: Server, template: str, company: Sources) -> Night:
    """A night that nothing happens to."""
    return night(postgres, template, company, sorted)


# --- who is faster --------------------------------------------------------------------------------


def test_whatever_is_read_and_thought_about_first_a_night_asks_its_model_the_same(
    postgres: Server, template: str, company: Sources, forwards: Night
) -> None:
    assert forwards.asked == night(postgres, template, company, lambda found: sorted(found, reverse=True)).asked
    drawn = [one for one in forwards.asked if "Lines with -- stand between groups" in one]
    assert len(drawn) > 2 and any("Kestrel counts" in one and "Ada is away" in one for one in drawn)


# --- another version ------------------------------------------------------------------------------

WIDER = """
do $$ declare one text; begin
  for one in select oid::regclass from pg_class where relnamespace = 'nightdesk'::regnamespace and relkind = 'r' loop
    execute format('alter table %s add column of_version_{version} int', one);
  end loop;
end $$
"""


def test_a_night_in_which_the_database_is_brought_to_the_next_version_again_and_again_ends_the_same(
    postgres: Server, template: str, company: Sources, forwards: Night, tmp_path: Path
) -> None:
    """A worker goes on over tables that became wider, on the connections and with the statements that it had before."""
    schema, versions = tmp_path / "schema", iter(VERSIONS)
    shutil.copytree(SCHEMA, schema)

    def bring(database: Database) -> None:
        version = next(versions)
        (schema / f"{version}_wider.sql").write_text(WIDER.format(version=version))
        assert migrate(database.owner, APP_ROLE, SECRET, schema=schema) == [f"{version}_wider.sql"]

    assert night(postgres, template, company, sorted, bring) == forwards
    assert next(versions, "") == "" and forwards.rows["digest"] and forwards.rows["prepared"]


# --- what waits for what --------------------------------------------------------------------------


def test_each_stage_waits_for_those_before_it_in_the_places_it_reads(
    database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    with desk_over(database, thinking(model_server)) as desk:
        imported(desk, small(tmp_path, TOLD))
        ada = known(desk, ADA).id
        places = nightfall.places_of(desk, ada)
        with desk.store.directory() as tx:
            nightfall.defer(tx, places, ada, DAY, NOW)
        keys = ("channel:C1", "channel:G1", f"account:{ADA}")
        general, deals, mailbox = (next(one.id for one in places if one.key == key) for key in keys)
        with pytest.raises(NotYet):
            nightfall.conclude(desk, mailbox, DAY, NOW)
        steps: list[tuple[str, Callable[[], None]]] = [
            (queue.READ, lambda: nightfall.conclude(desk, general, DAY, NOW)),
            (queue.CONCLUDE, lambda: nightfall.learn(desk, DAY, NOW)),
            (queue.LEARN, lambda: nightfall.anticipate(desk, general, DAY, NOW)),
        ]
        for stage, step in steps:
            for waits in (step, lambda: nightfall.sleep(desk, ada, DAY, NOW, LATER)):
                with pytest.raises(NotYet):
                    waits()
            done(database, stage, but=deals)
            step()  # the readers of #general do not read #deals
            done(database, stage)
        with pytest.raises(NotYet):
            nightfall.sleep(desk, ada, DAY, NOW, LATER)
        done(database, queue.AHEAD)
        nightfall.sleep(desk, ada, DAY, NOW, LATER)


def test_nobody_waits_for_answers_made_ahead_longer_than_for_half_of_the_night(
    database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    with desk_over(database, thinking(model_server)) as made:
        imported(made, small(tmp_path, TOLD))
        ada = known(made, ADA).id
        with made.store.directory() as tx:
            nightfall.defer(tx, nightfall.places_of(made, ada), ada, DAY, NOW)
        for stage in (queue.READ, queue.CONCLUDE, queue.LEARN):
            done(database, stage)
        until = (NOW + timedelta(hours=4)).isoformat()
        with pytest.raises(NotYet):
            nightfall.sleep(replace(made, now=lambda: NOW + timedelta(hours=1)), ada, DAY, NOW, until)
        nightfall.sleep(replace(made, now=lambda: NOW + timedelta(hours=3)), ada, DAY, NOW, until)


def done(database: Database, stage: str, but: int = 0) -> None:
    with psycopg.connect(database.admin) as connection:
        connection.execute(
            "delete from procrastinate_jobs where queue_name = %s and (args ->> 'scope')::int is distinct from %s",
            (stage, but),
        )

"""A night's stages: none sees another half done, and it makes no difference which place is read or thought about first."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import consolidating, nightfall
from bot.desk import Desk
from bot.embedded.postgres import Server
from bot.store import people, queue
from graphs.errors import NotYet
from tests.servers.company import ADA, BOB, DAY, Sources, desk_over, helpful, imported, known, small
from tests.servers.export_files import said
from tests.servers.model import ModelServer, model_serving
from tests.servers.postgres import Database, new_database

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


# --- who is faster --------------------------------------------------------------------------------


def test_whatever_is_read_and_thought_about_first_a_night_asks_its_model_the_same(
    postgres: Server, template: str, tmp_path: Path
) -> None:
    company = small(tmp_path, TOLD)
    forwards = night(postgres, template, company, sorted)
    assert forwards == night(postgres, template, company, lambda found: sorted(found, reverse=True))
    drawn = [one for one in forwards if "Lines with -- stand between groups" in one]
    assert len(drawn) > 2 and any("Kestrel counts" in one and "Ada is away" in one for one in drawn)


def night(
    postgres: Server, template: str, company: Sources, ordered: Callable[[Sequence[int]], list[int]]
) -> list[str]:
    """What a model is asked in one night whose jobs of each stage are done in that order."""
    with new_database(postgres, template) as database, model_serving() as model:
        with desk_over(database, thinking(model)) as desk:
            imported(desk, company)
            slept(desk, ordered)
        assert {"channel:C1", "person:U1"} <= {key for (key,) in held(database)}
        return sorted(json.dumps(seen.body["messages"]) for seen in model.requests)


def slept(desk: Desk, ordered: Callable[[Sequence[int]], list[int]]) -> None:
    with desk.store.directory() as tx:
        places = {one.id: one for one in people.places(tx).values() if one.kind in ("channel", "account")}
    for scope in ordered(list(places)):
        consolidating.consolidate(desk, scope, DAY, NOW)
    for scope in ordered(list(places)):
        nightfall.conclude(desk, scope, DAY, NOW)
    nightfall.learn(desk, DAY, NOW)
    for scope in ordered([one.id for one in places.values() if one.channel]):
        nightfall.anticipate(desk, scope, DAY, NOW)
    for person in ordered([known(desk, who).id for who in (ADA, BOB)]):
        nightfall.sleep(desk, person, DAY, NOW, "")


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

"""Two worlds that differ in the words of one place: what is said in Slack anywhere else is the same, byte for byte."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import psycopg
import pytest

from bot import errands, night
from bot.embedded.postgres import Server
from bot.embedded.slack_workspace import BOT
from tests.servers.company import known
from tests.servers.living import US, Living, living
from tests.servers.model import ModelServer, Persona, model_serving
from tests.servers.postgres import Database, new_database

ADA, BEN, CLEO = "U0ADA", "U0BEN", "U0CLEO"
EVERYBODY = frozenset({ADA, BEN, CLEO})
READERS = {"general": EVERYBODY, "plans": frozenset({ADA, BEN}), "ada": frozenset({ADA}), "cleo": frozenset({CLEO})}
"""Who reads each place; a person's name is their DM with the desk."""

SAID: dict[str, Sequence[tuple[str, str]]] = {
    "general": [("ben", "We decided to ship the blue valve on 7 December."), ("ada", "The dock is closed on Mondays.")],
    "plans": [
        ("ben", "The blue valve is sold to Kestrel for 9.20, nobody else may know."),
        ("ada", "Kestrel pays on 3 March."),
    ],
    "ada": [("ada", "remember that the blue valve costs us 4.10")],
}
OTHER: dict[str, Sequence[tuple[str, str]]] = {
    "general": [("ben", "Jr qrpvqrq gb fuvc gur erq chzc ba 8 Wnahnel."), ("ada", "Gur qbpx vf pybfrq ba Fhaqnlf.")],
    "plans": [
        ("ben", "Gur erq chzc vf fbyq gb Ureba sbe 8.31, abobql ryfr znl xabj."),
        ("ada", "Ureba cnlf ba 4 Ncevy."),
    ],
    "ada": [("ada", "remember that gur erq chzc pbfgf hf 5.21")],
}
QUESTIONS = (
    "when does the blue valve ship and what does it cost?",
    "overnight: collect what is known of the blue valve and Kestrel",
)
NIGHT = date(2026, 11, 19)


@dataclass
class World:
    """Everything that came out, by the place where it is read; and what the model was asked for a place."""

    sinks: dict[str, object] = field(default_factory=dict)


def lived(database: Database, persona: Persona, changed: str | None, spoil: bool = False) -> World:
    with model_serving(persona) as model, living(database, model) as here:
        for place, said in SAID.items():
            for user, text in OTHER[place] if place == changed else said:
                here.ask(user, _at(here, place), text)
        if spoil:
            with psycopg.connect(database.owner) as connection:
                everybody_reads_plans(connection)
        return _spoken(here, model)


def _spoken(here: Living, model: ModelServer) -> World:
    world = World()
    for place, readers in READERS.items():
        for reader in sorted(readers):
            begun, said = len(model.requests), len(here.slack.log)
            for question in QUESTIONS:
                here.ask(reader, _at(here, place), f"{US} {question}")
            errands.run_due(here.desk, known(here.desk, reader).id, NIGHT, night.think)
            here.deliver()
            calls = [
                (one.method, json.dumps(one.arguments, sort_keys=True), one.outcome) for one in here.slack.log[said:]
            ]
            world.sinks[f"{place} as {reader}: calls"] = sorted(calls)
            world.sinks[f"{place} as {reader}: requests"] = [seen.body for seen in model.requests[begun:]]
        world.sinks[f"{place}: shown"] = [one for one in here.slack.company.room(_at(here, place)).posts.values() if one.get("user") == BOT.id]  # fmt: skip
    for user in ("ada", "ben", "cleo"):
        world.sinks[f"{user}: whispers"] = list(here.slack.ephemerals(user))
    return world


def _at(here: Living, place: str) -> str:
    return here.slack.dm(place) if place in ("ada", "cleo") else place


def differing(one: World, other: World, changed: str) -> list[str]:
    """Sinks that differ although somebody reads them who may not read the changed place."""
    may = READERS[changed] if changed != "general" else EVERYBODY
    readers = {name: READERS.get(name.split(" ")[0].rstrip(":"), frozenset({f"U0{name.split(':')[0].upper()}"})) for name in one.sinks}  # fmt: skip
    return sorted(name for name, held in one.sinks.items() if held != other.sinks[name] and not readers[name] <= may)


def everybody_reads_plans(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """The seeded defect: the rule lets everybody into one private channel."""
    row = connection.execute("select pg_get_functiondef('nightdesk.readable(text)'::regprocedure)").fetchone()
    assert row is not None
    body = "$function$\n"
    wrong = str(row[0]).replace(body, f"{body}  select id from scope where key = 'channel:G0PLANS' union\n", 1)
    connection.execute(wrong.encode())


EVERYDAY: tuple[tuple[Persona, str], ...] = (("hash", "plans"), ("obey", "ada"))
AT_NIGHT: tuple[tuple[Persona, str], ...] = (("obey", "plans"), ("hash", "ada"))


def check(postgres: Server, template: str, persona: Persona, changed: str) -> None:
    worlds = []
    for spoken in (None, changed):
        with new_database(postgres, template) as database:
            worlds.append(lived(database, persona, spoken))
    one, other = worlds
    assert any(held != other.sinks[name] for name, held in one.sinks.items()), "the worlds do not differ"
    assert differing(one, other, changed) == []


@pytest.mark.parametrize(("persona", "changed"), EVERYDAY)
def test_nothing_said_in_slack_tells_what_was_said_in_a_place_that_its_readers_may_not_read(
    postgres: Server, template: str, persona: Persona, changed: str
) -> None:
    check(postgres, template, persona, changed)


@pytest.mark.night
@pytest.mark.parametrize(("persona", "changed"), AT_NIGHT)
def test_nothing_said_in_slack_tells_it_whatever_the_model_does(
    postgres: Server, template: str, persona: Persona, changed: str
) -> None:
    check(postgres, template, persona, changed)


def test_the_two_worlds_see_a_rule_that_lets_everybody_in(postgres: Server, template: str) -> None:
    worlds = []
    for spoken in (None, "plans"):
        with new_database(postgres, template) as database:
            worlds.append(lived(database, "hash", spoken, spoil=True))
    leaked = differing(worlds[0], worlds[1], "plans")
    assert any(name.startswith("general as ") for name in leaked) and any(
        name.startswith("cleo as ") for name in leaked
    )

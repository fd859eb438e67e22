"""Two worlds that differ in the words of one scope: nobody who may not read that scope can tell them apart."""

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from bot import asking, audience
from bot.desk import Desk
from bot.embedded.postgres import Server
from bot.store import people
from tests.servers.company import DEMO_DAY, MIRA, TOM, Sources, demo, desk_over, dump, files, imported, known, sleep
from tests.servers.model import ModelServer, Persona, model_serving
from tests.servers.payers import Paying, paying
from tests.servers.postgres import Database, new_database
from tests.servers.worlds import readers_of_scopes

JONAS, OSKAR = "U08JFELD2C", "U09OLIND3P"
PEOPLE = (MIRA, TOM, JONAS, OSKAR)
PLACES = ("general", "launch", "verdanthill", "deals", "D08MJON2L0")
QUESTIONS = (
    "When does Sprig 2 ship, and at which price?",
    "Who is leaving, and what did the board decide about the seals?",
)
NOW = datetime.fromisoformat(f"{DEMO_DAY}T08:00:00+01:00")

DEALS, LENA, BOARD = "channel:G08DEAL9J0", "channel:D08JLEN5P0", "channel:G08BORD1K0"
SCOPES = (
    f"account:{MIRA}", f"account:{TOM}", DEALS, LENA, BOARD, "channel:C08GNRL1A0", "channel:C08PRDT2B0", "channel:C08SPRT3C0",
    "channel:C08SPLY4D0", "channel:C08SHED5E0", "channel:C08BLDS6F0", "channel:C08LNCH7G0", "channel:C08VRDH8H0",
    "channel:D08MJON2L0", "channel:D08MSAB3M0", "channel:D08MTOM4N0", "channel:G08MPDM6Q0",
)  # fmt: skip


# --- a world --------------------------------------------------------------------------------------


@dataclass
class World:
    """What came out of one night: every sink by name, and who reads it; who may read each scope."""

    sinks: dict[str, object] = field(default_factory=dict)
    read_by: dict[str, frozenset[str]] = field(default_factory=dict)
    readers: dict[str, frozenset[str]] = field(default_factory=dict)

    def put(self, name: str, content: object, readers: frozenset[str]) -> None:
        self.sinks[name] = content
        self.read_by[name] = readers


Spoil = Callable[[psycopg.Connection[tuple[object, ...]]], object]


class Worlds:
    """Nights of the demo company, each slept once for each persona and changed scope."""

    def __init__(self, postgres: Server, template: str, root: Path) -> None:
        self._postgres, self._template, self._root = postgres, template, root
        self._kept: dict[tuple[Persona, str | None], World] = {}

    def world(self, persona: Persona, changed: str | None) -> World:
        if (persona, changed) not in self._kept:
            self._kept[persona, changed] = self.fresh(persona, changed)
        return self._kept[persona, changed]

    def fresh(
        self, persona: Persona, changed: str | None, spoil: Spoil | None = None, sleepers: Sequence[str] = PEOPLE
    ) -> World:
        """A world of its own; `spoil` puts a defect into its database first."""
        root = self._root / f"{persona}-{(changed or 'as-it-is').replace(':', '-')}-{spoil is not None}"
        sources = demo() if changed is None else other_words(demo().copied(root / "sources"), changed)
        with new_database(self._postgres, self._template) as database, model_serving(persona) as model:
            if spoil is not None:
                with psycopg.connect(database.owner) as connection:
                    spoil(connection)
            with desk_over(database, model, NIGHTDESK_CAP_PERSON_NIGHT="50") as desk:
                return slept(paying(desk), database, model, sources, root, sleepers)


def slept(
    desk: Paying, database: Database, model: ModelServer, sources: Sources, root: Path, sleepers: Sequence[str]
) -> World:
    imported(desk, sources)
    sleep(desk, database, sleepers, DEMO_DAY)
    world = World(readers=readers_of_scopes(desk))
    keys = {who: known(desk, who).person.key for who in PEOPLE}
    for who in sleepers:
        for name, content in files(desk, who, root / "files" / who, DEMO_DAY).items():
            world.put(f"{who}/{name}", content, frozenset({keys[who]}))
    requests_of_the_night(world, desk, model)
    rows(world, database, desk)
    questions(world, desk, model)
    return world


def requests_of_the_night(world: World, desk: Paying, model: ModelServer) -> None:
    """What the model was asked, by whom it was asked for: a place's readers, or one person."""
    asked: dict[str, list[str]] = {}
    for seen in model.requests:
        for who in desk.whose(seen.body):
            asked.setdefault(who, []).append(json.dumps(seen.body, sort_keys=True))
    for who, bodies in asked.items():
        world.put(f"requests for {who}", sorted(bodies), world.readers[who])


def rows(world: World, database: Database, desk: Desk) -> None:
    """What stands in the database, table by table and scope by scope."""
    found: dict[tuple[str, str], list[str]] = {}
    for table, lines in dump(database, leave_out=("secret", "posting", "turn", "spend")).items():
        for line in lines:
            scope = re.match(r'\(+"*((?:channel|account|person):[^,"/]+|workspace)', line)
            # Memories are numbered as two workers make them: in any order.
            found.setdefault((table, scope[1] if scope else ""), []).append(
                re.sub(r'""memories"": \[[\d, ]*\]', "", line)
            )
    for (table, key), lines in found.items():
        if key in world.readers:
            world.put(f"rows of {table} in {key}", lines, world.readers[key])


def questions(world: World, desk: Desk, model: ModelServer) -> None:
    """What retrieval and the live agent say to people alone and in places, and what the model is asked for it."""
    for who, where in [(who, audience.DM) for who in PEOPLE] + [(MIRA, place) for place in PLACES]:
        here = audience.place(desk, who, where)
        with desk.store.directory() as tx:
            place = people.places(tx)[here.scope] if here.scope else None
        readers = world.readers[place.key] if place else frozenset({here.asker.person.key})
        begun = len(model.requests)
        for question in QUESTIONS:
            found = [
                (one.message.source, one.message.text.text, one.score) for one in asking.recall(here, question, 50, NOW)
            ]
            world.put(f"recall as {who} in {where}: {question}", found, readers)
            answer, _ = asking.ask(desk, here, question, [], NOW)
            world.put(f"ask as {who} in {where}: {question}", answer.model_dump_json(), readers)
        world.put(f"requests as {who} in {where}", [seen.body for seen in model.requests[begun:]], readers)


def differing(one: World, other: World, scope: str) -> list[str]:
    """Sinks that differ although not all of their readers may read `scope`."""
    names = one.sinks.keys() | other.sinks.keys()
    readers = one.readers[scope]
    return sorted(
        name
        for name in names
        if one.sinks.get(name) != other.sinks.get(name)
        and not (one.read_by.get(name) or other.read_by[name]) <= readers
    )


# --- other words of the same shape ----------------------------------------------------------------


def other_words(sources: Sources, scope: str) -> Sources:
    kind, _, name = scope.partition(":")
    if kind == "account":
        for one in sources.mails:
            if one.address == name:
                for file in sorted(one.path.glob("*.eml")):
                    file.write_bytes(other_mail(file.read_bytes()))
    else:
        assert sources.export is not None
        for file in sorted((sources.export / folder_of(sources.export, name)).glob("*.json")):
            file.write_text(json.dumps([other_message(row) for row in json.loads(file.read_text())]))
    return sources


def folder_of(export: Path, channel: str) -> str:
    if (export / channel).is_dir():
        return channel
    listed = [
        row for name in ("channels", "groups", "mpims") for row in json.loads((export / f"{name}.json").read_text())
    ]
    return next(str(row["name"]) for row in listed if row["id"] == channel)


def turned(text: str) -> str:
    """Other words and numbers of the same length; what Slack marks up stays."""
    digits = str.maketrans("0123456789", "1234567890")
    return "".join(
        part if part.startswith("<") else codecs.encode(part, "rot13").translate(digits)
        for part in re.split(r"(<[^>]*>)", text)
    )


def other_message(row: dict[str, object]) -> dict[str, object]:
    kept = {name: held for name, held in row.items() if name not in ("blocks", "files", "attachments")}
    return {**kept, "text": turned(str(row.get("text", "")))}


def other_mail(raw: bytes) -> bytes:
    """The same headers but for the subject; the text turned."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain", "html"))
    text = body.get_content() if body else ""
    made = EmailMessage()
    for name, held in mail.items():
        if name.lower() not in ("content-type", "content-transfer-encoding", "mime-version", "content-language"):
            made[name] = turned(held) if name.lower() == "subject" else held
    made.set_content(turned(text))
    return made.as_bytes()


# --- the promise ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worlds(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    yield Worlds(postgres, template, tmp_path_factory.mktemp("worlds"))


# Of the model that obeys every day asks `test_leaks_live`, which has every sink there is.
EVERYDAY: tuple[tuple[Persona, str], ...] = (("hash", DEALS), ("hash", LENA))
AT_NIGHT = [(persona, scope) for persona in ("obey", "hash") for scope in SCOPES if (persona, scope) not in EVERYDAY]


def check(worlds: Worlds, persona: Persona, scope: str) -> None:
    one, other = worlds.world(persona, None), worlds.world(persona, scope)
    assert any(one.sinks.get(name) != held for name, held in other.sinks.items()), "the worlds do not differ"
    assert differing(one, other, scope) == []


@pytest.mark.parametrize(("persona", "scope"), EVERYDAY)
def test_nobody_outside_of_a_scope_can_tell_what_is_said_in_it(worlds: Worlds, persona: Persona, scope: str) -> None:
    check(worlds, persona, scope)


@pytest.mark.night
@pytest.mark.parametrize(("persona", "scope"), AT_NIGHT)
def test_nobody_outside_of_any_scope_can_tell_what_is_said_in_it(worlds: Worlds, persona: Persona, scope: str) -> None:
    check(worlds, persona, scope)


def everybody_reads_deals(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The seeded defect: the rule lets everybody into one private channel."""
    row = connection.execute("select pg_get_functiondef('nightdesk.readable(text)'::regprocedure)").fetchone()
    assert row is not None
    wrong = str(row[0]).replace(
        "$function$\n", "$function$\n  select id from scope where key = 'channel:G08DEAL9J0' union\n", 1
    )
    connection.execute(wrong.encode())


def test_the_two_worlds_see_a_rule_that_lets_everybody_in(worlds: Worlds) -> None:
    one, other = (worlds.fresh("hash", changed, everybody_reads_deals, sleepers=(OSKAR,)) for changed in (None, DEALS))
    leaked = differing(one, other, DEALS)
    for sink in (f"recall as {OSKAR}", f"ask as {OSKAR}", f"requests as {OSKAR}"):
        assert any(name.startswith(sink) for name in leaked), (sink, leaked)

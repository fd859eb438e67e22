"""Two days and nights that differ in the words of one scope: nobody who may not read that scope can tell them apart.

Live: Slack, IMAP, the queue, a model that obeys whatever it reads or hashes it, and every sink there is: rows, jobs,
requests, logs and pages too. `test_live_leaks` asks the same question in each place of a smaller company, of Slack alone.
"""

from collections.abc import Iterator

import psycopg
import pytest

from bot.embedded.postgres import Server
from tests.servers.model import Persona, model_serving
from tests.servers.postgres import new_database
from tests.servers.worlds import (
    ADA,
    BEN,
    DEALS,
    DM_ADA,
    DM_BEN,
    GUESTS,
    PLANS,
    PUBLIC,
    THREE,
    Spoil,
    Town,
    World,
    differing,
    lived,
    record_jobs,
)

SCOPES = (
    f"account:{ADA}", f"account:{BEN}", *(f"channel:{one}" for one in (DM_ADA, DM_BEN, PLANS, DEALS, THREE, PUBLIC, GUESTS)),
)  # fmt: skip


class Worlds:
    """Days and nights, each lived once for each persona and changed scope."""

    def __init__(self, postgres: Server, template: str) -> None:
        self._postgres, self._template = postgres, template
        self._kept: dict[tuple[Persona, str | None], World] = {}

    def world(self, persona: Persona, changed: str | None) -> World:
        if (persona, changed) not in self._kept:
            self._kept[persona, changed] = self.fresh(persona, changed)
        return self._kept[persona, changed]

    def fresh(self, persona: Persona, changed: str | None, spoil: Spoil | None = None) -> World:
        with new_database(self._postgres, self._template) as database, model_serving(persona) as model:
            record_jobs(database)
            return lived(database, model, changed, spoil)


@pytest.fixture(scope="module")
def worlds(postgres: Server, template: str) -> Iterator[Worlds]:
    yield Worlds(postgres, template)


EVERYDAY: tuple[tuple[Persona, str], ...] = (("hash", f"account:{BEN}"), ("hash", f"channel:{DEALS}"))
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


def everybody_reads_deals(made: Town) -> None:
    """The seeded defect: the rule lets everybody into one private channel."""
    with psycopg.connect(made.database.owner) as connection:
        row = connection.execute("select pg_get_functiondef('nightdesk.readable(text)'::regprocedure)").fetchone()
        assert row is not None
        begins = "$function$\n"
        wrong = f"{begins}  select id from scope where key = 'channel:{DEALS}' union\n"
        connection.execute(str(row[0]).replace(begins, wrong, 1).encode())


def test_requests_tell_the_two_worlds_apart_when_the_rule_lets_everybody_in(worlds: Worlds) -> None:
    scope = f"channel:{DEALS}"
    one, other = (worlds.fresh("hash", changed, everybody_reads_deals) for changed in (None, scope))
    found = set(differing(one, other, scope))
    assert f"requests for channel:{PUBLIC}" in found

"""One person's failure changes no byte of another's night.

The company's night is lived undisturbed, and again with something wrong with Ben alone from the evening on. The model's
every word is a function of its whole request, so that a request that differs is a night that differs. What somebody else
than Ben reads is laid side by side: calls of Slack, mailboxes, requests, rows, jobs, pages. Of what only an operator reads,
rows and jobs are, unless they name him; logs and metrics are there to tell of a failure.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import psycopg
import pytest

from bot.desk import Desk, begin_owner
from bot.embedded.postgres import Server
from bot.store import desk as kept
from graphs.digest_value import Digest
from tests.servers import company
from tests.servers.company import Files, Sources, desk_over, files, imported, known, sleep, small
from tests.servers.cut import Plan
from tests.servers.model import model_serving
from tests.servers.payers import paying
from tests.servers.postgres import new_database
from tests.servers.worlds import BEN, COUNTS, DM_BEN, Spoil, Town, World, believed, lived, record_jobs

HIM = "U0BEN"
NAMES = (HIM, BEN, DM_BEN)
OPERATORS = {"logs", "metrics", COUNTS}


# --- what is wrong with him -----------------------------------------------------------------------


def his_night_ends_in_a_way_that_nobody_foresaw(made: Town) -> None:
    run(made, REFUSING.format(HIM))


def his_night_was_begun_by_somebody_else(made: Town) -> None:
    """What lies there to go on with is not ours, and is refused."""
    run(
        made,
        "insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, type, checkpoint, metadata)"
        " values (%s || '/2026-11-18/tasks', '', '1ef', 'msgpack', '{\"v\": 4, \"channel_versions\": {}}', '{}')",
        HIM,
    )


def his_money_is_spent(made: Town) -> None:
    run(
        made,
        "insert into nightdesk.spend (scope_id, night, step, model, state, money)"
        " select id, '2026-11-18', 'tasks', 'fake', 'settled', 50 from nightdesk.scope where key = 'person:' || %s",
        HIM,
    )


def his_model_makes_no_sense(made: Town) -> None:
    made.model.script.insert(0, (re.compile(r"OWNER: Ben|the mailbox ben@"), "{ no"))


def his_mailbox_lets_nobody_in(made: Town) -> None:
    refused = "{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"
    made.links[BEN].plans[:] = [Plan(instead=(("LOGIN", refused), ("AUTHENTICATE", refused)))] * MANY


def his_mailbox_breaks_off(made: Town) -> None:
    made.links[BEN].plans[:] = [Plan(instead=(("EXAMINE", "* BYE\r\n"), ("SELECT", "* BYE\r\n")))] * MANY


def his_mailbox_is_full(made: Town) -> None:
    made.links[BEN].plans[:] = [Plan(instead=(("APPEND", "{tag} NO [OVERQUOTA] Quota exceeded\r\n"),))] * MANY


def nothing_can_be_said_to_him(made: Town) -> None:
    room = made.slack.company.rooms[DM_BEN]
    room.channel = replace(room.channel, members=(HIM,))


REFUSING = """
create function nightdesk.refuse() returns trigger language plpgsql as $$ begin raise 'a constraint of tomorrow'; end $$;
create trigger refuse before insert on nightdesk.task for each row
  when (new.value ->> 'owner' = '{}') execute function nightdesk.refuse();
"""
"""Refuses the tasks of one person."""
MANY = 50
"""Connections to his mailbox in a night, at most."""

FAILURES: tuple[Spoil, ...] = (
    his_night_ends_in_a_way_that_nobody_foresaw, his_night_was_begun_by_somebody_else, his_money_is_spent, his_model_makes_no_sense,
    his_mailbox_lets_nobody_in, his_mailbox_breaks_off, his_mailbox_is_full, nothing_can_be_said_to_him,
)  # fmt: skip


def run(made: Town, statement: str, *values: str) -> None:
    with psycopg.connect(made.database.admin) as connection:
        connection.execute(statement.encode(), values or None)


# --- the others -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def night(postgres: Server, template: str) -> Callable[[Spoil | None], World]:
    """The night with what is wrong with him; each is lived once."""

    def dusk(wrong: Spoil | None, made: Town) -> None:
        # What he asked for in a channel is a part of his night, whoever reads it: that evening he asks for nothing.
        run(made, "delete from nightdesk.errand using nightdesk.person p where p.id = person_id and p.key = %s", HIM)
        if wrong is not None:
            wrong(made)

    @cache
    def of(wrong: Spoil | None) -> World:
        with new_database(postgres, template) as database, model_serving("plain") as model:
            record_jobs(database)
            return lived(database, believed(model), None, dusk=partial(dusk, wrong))

    return of


_HASH = re.compile(r'"(?:hash|stands)": "[0-9a-f]{32}"')
"""Of a post, with the ts of its thread: one more message anywhere moves every later ts. What else it is of stands beside it."""


def differing(sound: World, spoilt: World) -> list[str]:
    """Sinks that somebody else than Ben reads and that differ; of what only operators read whatever does not name him."""
    shared = {sink for sink in sound.sinks.keys() | spoilt.sinks.keys() if sound.read_by.get(sink) != frozenset({HIM})}
    return sorted(sink for sink in shared - OPERATORS if of_others(sound, sink) != of_others(spoilt, sink))


def of_others(world: World, sink: str) -> object:
    held = world.sinks.get(sink, [])
    if isinstance(held, list):
        lines = [_HASH.sub("", str(line)) for line in held]
        return lines if world.read_by.get(sink) else [line for line in lines if not any(one in line for one in NAMES)]
    return _HASH.sub("", str(held))


def name(wrong: Spoil) -> str:
    return str(getattr(wrong, "__name__", wrong)).replace("_", " ")


@pytest.mark.night
@pytest.mark.parametrize("wrong", FAILURES, ids=name)
def test_a_failure_of_one_person_changes_no_byte_of_anothers_night(
    night: Callable[[Spoil | None], World], wrong: Spoil
) -> None:
    sound, spoilt = night(None), night(wrong)
    his = {sink for sink, readers in sound.read_by.items() if readers == {HIM}}
    assert any(sound.sinks[sink] != spoilt.sinks.get(sink) for sink in his), "nothing failed"
    assert differing(sound, spoilt) == []


# --- every day: two people ------------------------------------------------------------------------


def slept(postgres: Server, template: str, sources: Sources, folder: Path, wrong: str) -> tuple[Files, list[str]]:
    """What Ada finds in the morning after a night of hers and of Bob's, and what the model was asked for anybody but him."""
    with new_database(postgres, template) as database, model_serving("plain") as model:
        with psycopg.connect(database.admin) as connection:
            connection.execute(wrong.encode())
        with desk_over(database, believed(model)) as bare:
            desk = paying(bare)
            imported(desk, sources)
            sleep(desk, database, [company.ADA, company.BOB])
            asked = [seen.body for seen in model.requests if desk.whose(seen.body) != ["person:U2"]]
            assert bool(morning_of(desk, company.BOB)) != bool(wrong)
            return files(desk, company.ADA, folder), sorted(str(body) for body in asked)


def morning_of(desk: Desk, who: str) -> Digest | None:
    owner = begin_owner(desk, known(desk, who).id)
    with owner.begin() as tx:
        return kept.digest(tx, owner.scope, company.DAY)


def test_of_two_who_sleep_one_fails_and_the_other_finds_the_same(
    postgres: Server, template: str, tmp_path: Path
) -> None:
    sources = small(tmp_path / "company")
    sound, spoilt = (
        slept(postgres, template, sources, tmp_path / str(len(wrong)), wrong) for wrong in ("", REFUSING.format("U2"))
    )
    assert "drafts.json" in sound[0] and sound == spoilt

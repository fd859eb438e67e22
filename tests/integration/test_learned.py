"""What a night learned is told on the Home tab, and taken back there by those who read it."""

import json
from collections.abc import Iterator

import pytest

from bot import consolidating, hometab, nightfall
from bot.slack import blocks_learned
from bot.store import memory, people
from bot.web.seen import modal
from tests.servers.company import helpful
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import NIGHT, PUBLIC, Town, town

SAID = "We decided: the hollyhock ships on 7 December."


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    with town(database, helpful(model_server)) as made:
        yield made


def holds(here: Town) -> bool:
    [row] = here.rows("select valid_to is null as holds from nightdesk.memory where quote like '%%hollyhock%%'")
    return bool(row["holds"])


def read(here: Town) -> None:
    """The night's reading of that channel, and the tabs after it."""
    here.at(NIGHT)
    with here.desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, PUBLIC)
    assert scope is not None
    consolidating.consolidate(here.desk, scope, NIGHT.date(), NIGHT)
    nightfall.conclude(here.desk, scope, NIGHT.date(), NIGHT)
    for who in ("ada", "ben"):
        hometab.publish(here.desk, here.person(who).id)


def press(here: Town, who: str, action: str, value: str = "") -> None:
    here.clock.tick(1)
    here.slack.press_home(who, action, value or None)
    here.hear()
    here.work()


def action(here: Town, verb: str) -> str:
    [row] = here.rows(
        "select c.key from nightdesk.change_log c join nightdesk.memory m on c.memories @> array[m.id] where m.quote like '%%hollyhock%%'"
    )
    return f"{verb}/{row['key']}"


def tab(here: Town, who: str) -> str:
    return json.dumps(here.slack.home(who))


def test_two_people_press_on_what_a_night_learned_and_a_page_shows_all_of_it(here: Town) -> None:
    here.say("ben", PUBLIC, SAID)
    read(here)
    assert holds(here) and action(here, blocks_learned.UNDO) in tab(here, "ada")
    press(here, "ada", action(here, blocks_learned.UNDO))
    assert not holds(here) and "Undone by" in tab(here, "ada")
    press(here, "ben", blocks_learned.LEARNED)
    page = modal(here.slack.company, here.slack.company.user("ben").id)
    assert page is not None and "Undone by" in json.dumps(page)
    here.slack.press_view("ben", action(here, blocks_learned.REDO), None, None)
    here.hear()
    here.work()
    again = modal(here.slack.company, here.slack.company.user("ben").id)
    assert holds(here) and again is not None and "Undone by" not in json.dumps(again)
    press(here, "ben", action(here, blocks_learned.NEVER))
    assert not holds(here) and here.rows("select 1 from nightdesk.never") != []


def test_what_a_night_concluded_is_told_as_that_and_what_somebody_said_is_not(here: Town) -> None:
    here.say("ben", PUBLIC, SAID)
    here.say("ben", PUBLIC, "We decided: the foundry closes on 9 December.")
    read(here)
    with here.desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, PUBLIC)
    assert scope is not None
    with here.desk.store.as_scope(scope) as tx:
        said = [one for one in memory.memories(tx, [scope], NIGHT) if one.kind != "conclusion"]
        follows = "The hollyhock ships two days before the foundry closes."
        assert memory.conclude(tx, scope, follows, said[:2], 0.7, NIGHT.date()) is not None
    hometab.publish(here.desk, here.person("ada").id)
    assert f"*New*  I conclude: {follows}" in tab(here, "ada")
    assert f"*New*  {SAID}" in tab(here, "ada")

"""What somebody deletes in Slack is gone from what we made of it: no table holds its words, no card or tab shows them."""

import json
from collections.abc import Callable, Iterator

import pytest

from bot import backfill
from tests.servers.company import everything, helpful
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import DM_ADA, PUBLIC, Town, town

WORD = "hollyhock"


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    with town(database, helpful(model_server)) as made:
        yield made


def shown(here: Town) -> str:
    """What Ada sees of ours."""
    return json.dumps([here.ours(DM_ADA), here.slack.home("ada")])


def told(here: Town) -> None:
    here.hear()


def untold(here: Town) -> None:
    """The event is lost; history shows no such message any more."""
    here.heard.clear()
    backfill.channel(here.desk, PUBLIC)


@pytest.mark.parametrize("heard", [told, untold])
def test_a_deleted_message_is_gone_from_cards_tabs_and_every_table(
    here: Town, database: Database, heard: Callable[[Town], None]
) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.say("ben", PUBLIC, "<@U0ADA> can you call the printer by Wednesday?")
    here.sleep()
    assert WORD in shown(here) and WORD in everything(database)
    here.clock.tick(3600)
    here.slack.delete("ben", PUBLIC, asked)
    heard(here)
    here.work()
    assert WORD not in shown(here)
    assert WORD not in everything(database)
    assert "printer" in shown(here)

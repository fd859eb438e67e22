"""Who looks into their DM with us is greeted there, once, and whoever is invited to a channel hears who gets a list."""

from collections.abc import Iterator

import pytest

from bot import workspace
from bot.store import desk as kept
from bot.store import people
from graphs.digest_value import Digest
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import DM_ADA, DM_BEN, DM_CLEO, NIGHT, Town, town


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    with town(database, model_server) as made:
        yield made


def opened(here: Town, who: str, tab: str) -> None:
    here.slack.open_home(who, tab)
    here.hear()
    here.work()


def said(here: Town, where: str) -> list[str]:
    return [one["text"] for one in here.ours(where)]


def test_who_looks_into_the_messages_tab_is_greeted_once_with_what_it_does(here: Town) -> None:
    opened(here, "ben", "home")
    assert said(here, DM_BEN) == []
    opened(here, "ben", "messages")
    opened(here, "ben", "messages")
    [hello] = said(here, DM_BEN)
    assert "unfinished for you" in hello and "Nothing is ever sent in your name" in hello
    assert "draft the replies you owe" in hello and "draft" not in workspace.hello_person(drafts=False)
    opened(here, "cleo", "messages")
    assert said(here, DM_CLEO) == [hello] == said(here, DM_BEN) and said(here, DM_ADA) == []


def test_who_got_a_digest_there_knows_us(here: Town) -> None:
    with here.desk.store.directory() as tx:
        scope = people.desk_of(tx, "U0BEN")
    with here.desk.store.as_scope(scope) as tx:
        kept.put_digest(
            tx, scope, Digest(person="U0BEN", name="Ben", date=NIGHT.date(), headline="Wed 18 Nov: nothing")
        )
    opened(here, "ben", "messages")
    assert said(here, DM_BEN) == []


def test_a_channel_is_told_who_gets_a_list_and_how() -> None:
    for public in (True, False):
        told = workspace.hello(public)
        assert "each person gets" not in told
        assert "open my Home tab once" in told and "who never does gets none" in told

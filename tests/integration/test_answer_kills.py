"""A worker is killed at every call to Slack that an answer makes: exactly one whole answer stands in the end."""

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest

from graphs.errors import Later
from tests.servers.living import US, Living, living, shown
from tests.servers.model import ModelServer
from tests.servers.mortal import KILLED, Order, Workers, workers
from tests.servers.postgres import Database

SHIPS = "We decided to ship the blue valve on 7 December."
SAYS = "The blue valve ships on 7 December [1]. It was decided by Ben Okoro [1].\nNobody objected [1]."
WHOLE = "The blue valve ships on 7 December. It was decided by Ben Okoro.\nNobody objected."


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Living]:
    model_server.says(SAYS)
    with living(database, model_server) as made:
        made.say("ben", "general", SHIPS)
        yield made


@pytest.fixture
def killers() -> Iterator[Workers]:
    with workers() as made:
        yield made


def order(here: Living, database: Database, model: ModelServer, ts: str, point: tuple[str, int, str] | None) -> Order:
    method, nth, when = point or ("", 1, "before")
    return Order("answer", database.app, here.slack.base_url, model.base_url, here.clock.now, (here.place("general"), ts), method, nth, when)  # type: ignore[arg-type]  # fmt: skip


def recovered(here: Living, ts: str) -> None:
    """The next worker goes on, as often as its job is tried again."""
    for _ in range(5):
        try:
            here.answer("general", ts)
        except Later:
            here.clock.tick(130)
        else:
            return
    raise AssertionError("the answer never came")


def asked(here: Living) -> str:
    return here.say("ada", "general", f"{US} when does the blue valve ship?")


def test_an_answer_killed_at_any_call_to_slack_stands_exactly_once(
    here: Living, killers: Workers, database: Database, model_server: ModelServer
) -> None:
    begun = len(here.slack.log)
    clean = asked(here)
    assert killers.do(order(here, database, model_server, clean, None)) == 0
    made = Counter(one.method for one in here.slack.log[begun:])
    points = [
        (method, nth, when)
        for method, count in made.items()
        for nth, when in product(range(1, count + 1), ("before", "after"))
    ]
    assert {
        "chat.startStream",
        "chat.appendStream",
        "chat.stopStream",
        "chat.update",
        "assistant.threads.setStatus",
    } <= set(made)
    for point in points:
        ts = asked(here)
        assert killers.do(order(here, database, model_server, ts, point)) == KILLED, point
        here.clock.tick(1)
        recovered(here, ts)
        assert [shown(one) for one in here.replies("general", ts)] == [WHOLE], point


def test_a_worker_killed_again_during_the_recovery_leaves_one_answer(
    here: Living, killers: Workers, database: Database, model_server: ModelServer
) -> None:
    for first, second in product(
        (("chat.startStream", 1, "after"), ("chat.stopStream", 1, "before"), ("chat.stopStream", 1, "after")),
        (("chat.stopStream", 1, "after"), ("chat.update", 1, "before"), ("chat.update", 1, "after")),
    ):
        ts = asked(here)
        assert killers.do(order(here, database, model_server, ts, first)) == KILLED
        here.clock.tick(130)
        killers.do(order(here, database, model_server, ts, second))
        here.clock.tick(130)
        recovered(here, ts)
        assert [shown(one) for one in here.replies("general", ts)] == [WHOLE], (first, second)

"""Workers that are stopped for long, or are many at once: nothing is said twice, and nothing is put aside for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import posting, receive
from bot.desk import Desk
from bot.embedded.slack_faults import late, ratelimited
from bot.store import inbox, outbox, people
from bot.store.outbox import Post
from graphs.errors import Later, Unsure
from tests.servers.living import QUARANTINE, Living, living
from tests.servers.postgres import Database

KEY = "hello/once"


@pytest.fixture
def here(database: Database) -> Iterator[Living]:
    with living(database) as made:
        receive.catch_up(made.desk)
        made.say("ada", "general", "good morning")
        yield made


def wanted(here: Living) -> int:
    """Something is to be said in #general; the scope."""
    with here.desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, here.place("general"))
    assert scope is not None
    with here.desk.store.as_scope(scope) as tx:
        outbox.want(tx, scope, Post(KEY, here.place("general"), "hello"))
    return scope


def stopped_after(here: Living, looks: int) -> Desk:
    """The desk of a worker that is stopped after it has looked at the clock so often, until the quarantine is over."""
    seen: list[datetime] = []

    def now() -> datetime:
        if len(seen) == looks:
            here.clock.tick((QUARANTINE + timedelta(seconds=1)).total_seconds())
        seen.append(here.desk.now())
        return seen[-1]

    return replace(here.desk, now=now)


def unsaid(here: Living) -> list[dict[str, str]]:
    """What jobs wait that take a message away."""
    with here.desk.store.pool.connection() as connection:
        found = connection.execute("select args from procrastinate_jobs where task_name = 'unsay'").fetchall()
    return [row["args"] for row in found]


def said(here: Living) -> int:
    return sum(one["text"] == "hello" for one in here.slack.messages("general"))


def test_a_worker_that_was_stopped_between_claim_and_call_says_nothing_and_the_next_one_says_it_once(
    here: Living,
) -> None:
    scope = wanted(here)
    with pytest.raises(Unsure):
        posting.deliver(stopped_after(here, 1), scope, KEY)
    assert said(here) == 0
    posting.deliver(here.desk, scope, KEY)
    assert said(here) == 1


def test_a_worker_that_was_not_stopped_says_it_at_once(here: Living) -> None:
    scope = wanted(here)
    posting.deliver(stopped_after(here, 9), scope, KEY)
    assert said(here) == 1 and unsaid(here) == []


def test_what_slack_finishes_after_another_worker_has_said_it_is_taken_away_again(here: Living) -> None:
    scope = wanted(here)
    here.slack.fails("chat.postMessage", late())
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(posting.deliver, here.desk, scope, KEY)
        assert here.slack.wait_held()
        here.clock.tick(QUARANTINE.total_seconds() + 1)
        posting.deliver(here.desk, scope, KEY)
        here.slack.release()
        first.result(20)
    assert len(here.slack.calls("chat.postMessage")) == 2
    [doubled] = unsaid(here)
    here.slack.fails("chat.delete", ratelimited())
    with pytest.raises(Later):
        posting.unsay(here.desk, **doubled)
    assert said(here) == 2
    for _ in range(2):
        posting.unsay(here.desk, **doubled)
        assert said(here) == 1
    with here.desk.store.as_scope(scope) as tx:
        held = outbox.get(tx, KEY)
    assert held is not None and held.ts in {one["ts"] for one in here.slack.messages("general")}


def test_a_worker_that_is_late_overwrites_nothing(here: Living) -> None:
    scope = wanted(here)
    with here.desk.store.as_scope(scope) as tx:
        behind = outbox.claim(tx, KEY, here.desk.now())
    assert behind is not None
    here.clock.tick(QUARANTINE.total_seconds() + 1)
    posting.deliver(here.desk, scope, KEY)
    with here.desk.store.as_scope(scope) as tx:
        before = outbox.get(tx, KEY)
        assert not outbox.stands(tx, KEY, "1.000001", behind.hash, here.desk.now(), behind.attempt)
        outbox.reclaim(tx, behind)
        outbox.refuse(tx, behind, "nobody")
        assert outbox.get(tx, KEY) == before
    assert said(here) == 1


# --- many at once ---------------------------------------------------------------------------------


def unhandled(here: Living) -> list[int]:
    here.slack.say("ada", "general", "patience")
    here.hear()
    with here.desk.store.directory() as tx:
        return [one.id for one in inbox.waiting(tx, here.desk.keys.seals, here.place("general"), 10)]


def test_an_event_that_many_processes_are_at_is_not_put_aside(here: Living) -> None:
    ids = unhandled(here)
    with here.desk.store.directory() as tx:
        for number in range(2 * inbox.MOST_ATTEMPTS):
            inbox.count_attempt(tx, ids, f"process {number}")
        assert {one.attempts for one in inbox.waiting(tx, here.desk.keys.seals, here.place("general"), 10)} == {1}
        inbox.let_go(tx, ids, "process 7")  # which only joined
        inbox.let_go(tx, ids, "process 0")
        assert {one.attempts for one in inbox.waiting(tx, here.desk.keys.seals, here.place("general"), 10)} == {0}
    receive.ingest(here.desk, here.place("general"))
    with here.desk.store.directory() as tx:
        assert not inbox.waiting(tx, here.desk.keys.seals, here.place("general"), 10)


def test_what_kills_one_process_after_the_other_is_counted_each_time(here: Living) -> None:
    ids = unhandled(here)
    with here.desk.store.directory() as tx:
        for number in range(inbox.MOST_ATTEMPTS):
            inbox.count_attempt(tx, ids, f"process {number}")
            tx.connection.execute("update nightdesk.slack_event set begun_at = begun_at - interval '2 minutes'")
        assert {one.attempts for one in inbox.waiting(tx, here.desk.keys.seals, here.place("general"), 10)} == {
            inbox.MOST_ATTEMPTS
        }

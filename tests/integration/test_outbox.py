"""What is to stand in Slack is promised by many at once: presses, mornings, looks for answers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

from bot.desk import Desk
from bot.store import outbox, people
from bot.store.outbox import Post, Rest
from graphs.domain import SlackSource
from tests.servers.company import desk_over, imported, known, small
from tests.servers.postgres import Database
from tests.servers.receiver import rows

WAITS = b"select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with desk_over(database) as made:
        imported(made, small(tmp_path))
        yield made


def test_two_that_make_one_post_anew_at_once_both_succeed_and_the_later_words_stand(
    desk: Desk, database: Database
) -> None:
    ada = known(desk, "U1")
    [ts] = [row["key"] for row in rows(database, "select key from nightdesk.message where medium = 'slack' limit 1")]
    [place] = rows(database, "select s.key from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id "
                             "where m.key = %(ts)s", ts=ts)  # fmt: skip
    source = SlackSource(channel=place["key"].removeprefix("channel:"), ts=ts)
    with desk.store.directory() as tx:
        scope = people.desk_of(tx, ada.person.key)

    def want(words: str) -> bool:
        with desk.store.as_person(ada.id) as tx:
            return outbox.want(tx, scope, Post("digest/U1/2026-11-24", "D1", words, rests=(Rest(source, None),)))

    with ThreadPoolExecutor(1) as other:
        with desk.store.as_person(ada.id) as tx:
            outbox.want(tx, scope, Post("digest/U1/2026-11-24", "D1", "first", rests=(Rest(source, None),)))
            later = other.submit(want, "second")
            _until_somebody_waits(database)
        assert later.result(20)
    with desk.store.as_person(ada.id) as tx:
        standing = outbox.get(tx, "digest/U1/2026-11-24")
    assert standing is not None and standing.post.text == "second"
    assert len(rows(database, "select from nightdesk.post_source")) == 1


def _until_somebody_waits(database: Database) -> None:
    deadline = monotonic() + 20
    with psycopg.connect(database.admin, autocommit=True) as admin:
        while not admin.execute(WAITS).fetchall():
            assert monotonic() < deadline
            sleep(0.01)

"""A block of learned context changes over the version that was read and only then, and shows nobody what they may not read."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bot import contexts, learning
from bot.desk import Desk, begin_owner
from bot.slack import blocks_learned
from bot.store import changes, memory, people
from bot.store import contexts as stored
from graphs.context import Rewritten
from graphs.domain import ContextLine, Fact, SlackSource
from tests.servers.company import ADA, BOB, desk_over, helpful, imported, known, small
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

NIGHT = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """The small company, imported, without a model."""
    with desk_over(database) as desk:
        imported(desk, small(tmp_path))
        yield desk


def rows(database: Database, query: str, **values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(database.admin, row_factory=dict_row) as connection:
        return connection.execute(query.encode(), values).fetchall()


def change(database: Database, statement: str, **values: Any) -> None:
    with psycopg.connect(database.admin) as connection:
        connection.execute(statement.encode(), values)


def messages(database: Database, scope: int) -> list[dict[str, Any]]:
    return rows(database, "select id, key from nightdesk.message where scope_id = %(s)s order by id", s=scope)


def channels(desk: Desk) -> dict[str, people.Place]:
    with desk.store.directory() as tx:
        return {place.key: place for place in people.places(tx).values()}


def learn(
    desk: Desk,
    database: Database,
    place: people.Place,
    text: str,
    supersedes: Sequence[int] = (),
    nth: int = 0,
    hours: int = 0,
) -> int:
    """A memory of a message that stands there, as a night notes it."""
    said = messages(database, place.id)[nth]
    fact = Fact(
        kind="decision", text=text, quote=text, message=said["id"], source=SlackSource(channel="C1", ts=said["key"]),
        said_by="U1", said_at=NOW - timedelta(days=1, hours=-hours),
    )  # fmt: skip
    with desk.store.as_scope(place.id) as tx:
        learned = memory.put_fact(tx, place.id, fact, NIGHT)
        for old in supersedes:
            memory.relate(tx, place.id, (learned, old), "supersedes", NIGHT)
    return learned


def block(desk: Desk, place: people.Place) -> stored.Block | None:
    with desk.store.as_scope(place.id) as tx:
        return next(iter(stored.learned(tx, [place.id])), None)


def lines(desk: Desk, place: people.Place) -> list[str]:
    held = block(desk, place)
    return [line.text for line in held.lines] if held else []


# --- versions -------------------------------------------------------------------------------------


def test_a_block_is_rewritten_when_its_view_changed_and_otherwise_left_alone(desk: Desk, database: Database) -> None:
    place = channels(desk)["channel:C1"]
    contexts.rewrite_place(desk, place, NIGHT, NOW)
    assert block(desk, place) is None
    launch = learn(desk, database, place, "The launch is on 12 March.")
    for _ in range(2):
        contexts.rewrite_place(desk, place, NIGHT, NOW)
    held = block(desk, place)
    assert held is not None and (held.version, lines(desk, place)) == (1, ["The launch is on 12 March."])
    learn(desk, database, place, "The launch is on 26 March.", [launch], nth=1, hours=1)
    assert lines(desk, place) == [], "a line whose premise fell is withheld at once"
    contexts.rewrite_place(desk, place, NIGHT, NOW)
    assert lines(desk, place) == ["The launch is on 26 March."]


def test_of_two_who_write_over_the_same_version_one_is_refused_and_a_number_of_versions_is_kept(
    desk: Desk, database: Database
) -> None:
    place = channels(desk)["channel:C1"]
    id_ = learn(desk, database, place, "The launch is on 12 March.")
    held = stored.none_yet(place.key, place.name)
    made = [Rewritten(lines=(ContextLine(text=text, memories=(id_,)),)) for text in ("One.", "Two.")]
    with desk.store.as_scope(place.id) as one, desk.store.as_scope(place.id) as other:
        assert stored.put(one, place.id, held, made[0], [id_], stored.Seen(1, id_, id_), NIGHT)
        one.connection.commit()
        assert not stored.put(other, place.id, held, made[1], [id_], stored.Seen(1, id_, id_), NIGHT)
    assert lines(desk, place) == ["One."]
    for _ in range(stored.VERSIONS + 2):
        newest = block(desk, place)
        assert newest is not None
        with desk.store.as_scope(place.id) as tx:
            assert stored.put(tx, place.id, newest, made[1], [id_], stored.Seen(1, id_, id_), NIGHT)
    found = rows(database, "select version from nightdesk.learned_context order by 1")
    assert [row["version"] for row in found] == list(range(4, 4 + stored.VERSIONS))


def test_a_deleted_source_takes_its_lines_from_every_version_and_every_scope_and_what_saw_it_is_made_anew(
    desk: Desk, database: Database
) -> None:
    place = channels(desk)["channel:C1"]
    first = learn(desk, database, place, "The hollyhock label costs 14 euro.")
    contexts.rewrite_place(desk, place, NIGHT, NOW)
    learn(desk, database, place, "The launch is on 26 March.", nth=1)
    contexts.rewrite_place(desk, place, NIGHT, NOW)
    contexts.rewrite_person(desk, begin_owner(desk, known(desk, ADA).id), NIGHT, NOW)
    contexts.rewrite_workspace(desk, NIGHT, NOW)
    hollyhock = "select 1 from nightdesk.learned_context where lines::text like '%%hollyhock%%'"
    assert len(rows(database, hollyhock)) == 4  # two versions, the person's, the workspace's
    change(
        database, "update nightdesk.message set deleted_at = now(), text = '' where id = (select message_id from"
        " nightdesk.memory_source where memory_id = %(id)s)", id=first,
    )  # fmt: skip
    assert rows(database, hollyhock) == []
    assert rows(database, "select 1 from nightdesk.change_log where what like '%%hollyhock%%'") == []
    assert {row["stale"] for row in rows(database, "select stale from nightdesk.learned_context")} == {True}
    contexts.rewrite_place(desk, place, NIGHT, NOW)
    found = rows(database, "select stale from nightdesk.learned_context where scope_id = %(s)s", s=place.id)
    assert found == [{"stale": False}], "no version stays that saw what was taken back"
    assert lines(desk, place) == ["The launch is on 26 March."]


# --- whose ----------------------------------------------------------------------------------------


def private_to_ada(desk: Desk, database: Database) -> people.Place:
    """#ops, of which Ada alone is a member from now on."""
    place = channels(desk)["channel:C1"]
    change(database, "update nightdesk.scope set channel_kind = 'private' where id = %(s)s", s=place.id)
    change(database, "delete from nightdesk.member where scope_id = %(s)s", s=place.id)
    change(
        database, "insert into nightdesk.member values (%(s)s, %(p)s)", s=place.id, p=known(desk, ADA).id
    )  # fmt: skip
    return place


def test_a_private_channel_reaches_the_block_of_its_members_and_no_other_and_not_when_they_left(
    desk: Desk, database: Database
) -> None:
    place = private_to_ada(desk, database)
    learn(desk, database, place, "Ada Lovelace owns the launch.")
    ada, bob = (known(desk, who).id for who in (ADA, BOB))

    def shown(who: int) -> list[str]:
        owner = begin_owner(desk, who)
        with owner.begin() as tx:
            return [line.text for one in stored.learned(tx, people.readable(tx)) for line in one.lines]

    for who in (ada, bob):
        contexts.rewrite_person(desk, begin_owner(desk, who), NIGHT, NOW)
    contexts.rewrite_workspace(desk, NIGHT, NOW)
    assert (shown(ada), shown(bob)) == (["Ada Lovelace owns the launch."], [])
    change(database, "delete from nightdesk.member where scope_id = %(s)s", s=place.id)
    assert shown(ada) == []
    contexts.rewrite_person(desk, begin_owner(desk, ada), NIGHT, NOW)
    contexts.rewrite_person(desk, begin_owner(desk, ada), NIGHT + timedelta(days=1), NOW)
    held = rows(database, "select lines::text from nightdesk.learned_context order by version desc limit 1")
    assert "launch" not in str(held)


# --- the diff -------------------------------------------------------------------------------------


def pressed(desk: Desk, who: str, action: str, nth: int = 0) -> str:
    owner = begin_owner(desk, known(desk, who).id)
    return learning.pressed(desk, owner, action, learning.latest(desk, owner, 0, 9)[nth].key)


def told(desk: Desk, who: str) -> list[tuple[str, str, str, str]]:
    found = learning.latest(desk, begin_owner(desk, known(desk, who).id), 0, 9)
    return [(one.told, one.text, one.was, one.state) for one in found]


def holding(desk: Desk, place: people.Place) -> list[str]:
    with desk.store.as_scope(place.id) as tx:
        return [one.text for one in memory.memories(tx, [place.id], NOW)]


OLD, NEW = "The launch is on 12 March.", "The launch is on 26 March."


@pytest.fixture
def moved(desk: Desk, database: Database) -> people.Place:
    place = channels(desk)["channel:C1"]
    old = learn(desk, database, place, OLD)
    learn(desk, database, place, NEW, [old], nth=1, hours=1)
    return place


def test_what_changed_is_told_once_with_what_held_before_and_undo_brings_that_back_once(
    desk: Desk, moved: people.Place
) -> None:
    assert told(desk, ADA) == [("Changed", NEW, OLD, ""), ("New", OLD, "", "")]
    assert holding(desk, moved) == [NEW]
    for _ in range(2):
        assert pressed(desk, ADA, blocks_learned.UNDO) == ""
        assert holding(desk, moved) == [OLD]
    assert told(desk, BOB)[0][3].startswith("Undone by Ada")
    assert pressed(desk, BOB, blocks_learned.REDO) == "", "undoing can itself be undone, by anybody who reads there"
    assert holding(desk, moved) == [NEW]
    assert told(desk, BOB)[0][3] == ""


def test_what_was_undone_stays_so_when_intervals_are_made_anew_and_nights_read_again(
    desk: Desk, database: Database, moved: people.Place
) -> None:
    ids = [row["id"] for row in rows(database, "select id from nightdesk.memory order by id")]
    assert pressed(desk, ADA, blocks_learned.UNDO) == ""
    with desk.store.as_scope(moved.id) as tx:
        memory.relate(tx, moved.id, (ids[0], ids[1]), "supersedes", NIGHT)
    for _ in range(2):
        change(database, "select nightdesk.settle_memories(%(ids)s)", ids=ids)
        assert holding(desk, moved) == [OLD]
    assert pressed(desk, ADA, blocks_learned.REDO) == ""
    change(database, "select nightdesk.settle_memories(%(ids)s)", ids=ids)
    assert holding(desk, moved) == [NEW]


def test_who_is_no_member_undoes_nothing_and_who_cannot_read_it_learns_nothing(
    desk: Desk, database: Database, moved: people.Place
) -> None:
    owner = begin_owner(desk, known(desk, ADA).id)
    [id_, *_] = [one.key for one in learning.latest(desk, owner, 0, 9)]
    bob = known(desk, BOB).id
    change(database, "delete from nightdesk.member where scope_id = %(s)s and person_id = %(p)s", s=moved.id, p=bob)
    assert learning.pressed(desk, begin_owner(desk, bob), blocks_learned.UNDO, id_) == learning.NOT_THEIRS
    private_to_ada(desk, database)
    for action in (blocks_learned.UNDO, blocks_learned.NEVER):
        assert learning.pressed(desk, begin_owner(desk, bob), action, id_) == learning.GONE
    assert holding(desk, moved) == [NEW] and told(desk, BOB) == []
    assert learning.pressed(desk, owner, blocks_learned.UNDO, id_) == ""
    assert holding(desk, moved) == [OLD]


def test_undoing_what_fell_with_its_message_does_nothing(desk: Desk, database: Database, moved: people.Place) -> None:
    owner = begin_owner(desk, known(desk, ADA).id)
    [id_, *_] = [one.key for one in learning.latest(desk, owner, 0, 9)]
    change(database, "update nightdesk.message set deleted_at = now(), text = '' where scope_id = %(s)s", s=moved.id)
    assert learning.pressed(desk, owner, blocks_learned.UNDO, id_) == learning.GONE
    assert told(desk, ADA) == [] and holding(desk, moved) == []


def test_never_keeps_it_from_being_learned_again_until_it_is_put_back_or_its_message_goes(
    desk: Desk, database: Database, moved: people.Place
) -> None:
    def is_ruled_out(text: str) -> bool:
        with desk.store.as_scope(moved.id) as tx:
            return changes.is_ruled_out(changes.ruled_out(tx, moved.id), text)

    said = "The warehouse key hangs behind the green door."
    learn(desk, database, moved, said, nth=1)
    assert not is_ruled_out(said)
    for _ in range(2):
        assert pressed(desk, ADA, blocks_learned.NEVER) == ""
    assert is_ruled_out(said) and is_ruled_out("Behind the green door hangs the warehouse key, 2.")
    assert not is_ruled_out("The warehouse opens at nine.")
    assert said not in holding(desk, moved) and told(desk, BOB)[0][3] == "Never again, says Ada"
    assert pressed(desk, BOB, blocks_learned.REDO) == ""
    assert not is_ruled_out(said) and said in holding(desk, moved)
    assert pressed(desk, BOB, blocks_learned.NEVER) == ""
    change(database, "update nightdesk.message set deleted_at = now(), text = '' where scope_id = %(s)s", s=moved.id)
    assert rows(database, "select 1 from nightdesk.never") == [], "nothing is left of what was deleted, not even a hash"


def test_what_its_speaker_took_back_only_they_bring_back(desk: Desk, moved: people.Place) -> None:
    with desk.store.as_scope(moved.id) as tx:
        [one] = memory.memories(tx, [moved.id], NOW)
        memory.forget_memory(tx, moved.id, one.id, NOW)
    assert told(desk, BOB)[0][:2] == ("Dropped", NEW)
    assert pressed(desk, BOB, blocks_learned.UNDO) == learning.NOT_THEIRS and holding(desk, moved) == [OLD]
    assert pressed(desk, ADA, blocks_learned.UNDO) == "" and holding(desk, moved) == [NEW]


# --- cost -----------------------------------------------------------------------------------------


def noted(database: Database, place: people.Place, first: int, count: int) -> None:
    """So many memories of a place, one a minute."""
    change(
        database,
        """insert into nightdesk.memory (scope_id, key, kind, text, quote, said_by, valid_from, confidence, found_by, night)
        select %(s)s, 'k' || n, 'fact', 'Fact ' || lpad(n::text, 5, '0') || ' about the ' || repeat('warehouse ', 12), '', 'U1',
          %(now)s - interval '1 minute' * (100000 - n), 1, 'model', '2026-11-24' from generate_series(%(a)s::int, %(b)s::int) n""",
        s=place.id, a=first, b=first + count - 1, now=NOW,
    )  # fmt: skip


def test_the_same_news_cost_the_same_after_ten_times_the_history_and_no_news_cost_nothing(
    database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    sizes = []
    with desk_over(database, helpful(model_server)) as desk:
        imported(desk, small(tmp_path))
        for place, history in ((channels(desk)["channel:C1"], 80), (channels(desk)["account:ada@tulip.example"], 800)):
            noted(database, place, 1, history)
            contexts.rewrite_place(desk, place, NIGHT, NOW)
            noted(database, place, 90_000, 5)
            asked = len(model_server.requests)
            contexts.rewrite_place(desk, place, NIGHT + timedelta(days=1), NOW)
            [request] = model_server.requests[asked:]
            sizes.append(len(request.text))
            contexts.rewrite_place(desk, place, NIGHT + timedelta(days=2), NOW)
            assert len(model_server.requests) == asked + 1
            assert sum(len(line) + 1 for line in lines(desk, place)) <= 4 * contexts.PLACE_TOKENS
    assert abs(sizes[1] - sizes[0]) <= 0.05 * sizes[0], sizes

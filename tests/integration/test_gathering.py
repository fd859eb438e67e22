"""What belongs to a question is laid before the model beside what it finds: what it follows from, and the best hit first."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from bot import audience, gathering
from bot.desk import Desk
from bot.gathering import Gathered, Wanted, gather
from bot.store import memory, people
from bot.store import messages as stored
from bot.store.db import Tx
from graphs import answer as answering
from graphs.citing import Passage
from graphs.domain import ContextLine, Fact, Memory, Message, SlackSource
from tests.servers.company import ADA, BOB, desk_over, imported, known, small, ts
from tests.servers.export_files import said
from tests.servers.postgres import Database
from tests.unit import rules_threads

NIGHT, NOW = date(2026, 11, 24), datetime(2026, 11, 24, 7, tzinfo=UTC)
CRANE, FITTING, SECRET = ts(20, 10), ts(20, 11), ts(23, 12)
MOLL, TAMDORA = ts(20, 14), ts(23, 9)
CHEAP, DEAR = ts(20, 15), ts(23, 10)
FOLLOWS = "Hall Kestrel is fitted on 16 March."
ASKED = "On which day is Kestrel fitted?"


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """Who may read what: #general is everybody's, #deals is Ada's alone."""
    general = [
        said("U1", CRANE, "The crane comes to us on 4 March."),
        said("U2", FITTING, "Mounting all of it takes 12 days."),
        said("U1", MOLL, "Moll Plastics makes the housings for Kestrel."),
        said("U1", TAMDORA, "From now on Tamdora Metals makes the housings for Kestrel."),
    ]
    deals = [
        said("U1", SECRET, "The mounting costs 900 EUR a day."),
        said("U1", CHEAP, "The housings for Kestrel cost 40 EUR."),
        said("U1", DEAR, "The housings for Kestrel now cost 55 EUR."),
    ]
    with desk_over(database) as desk:
        imported(desk, small(tmp_path, {"general": general, "deals": deals}))
        yield desk


def note(desk: Desk, database: Database, key: str, text: str) -> Memory:
    """A memory of one message, as a night notes it."""
    with psycopg.connect(database.admin) as admin:
        row = admin.execute("select id, scope_id from nightdesk.message where key = %s", [key]).fetchone()
    assert row is not None
    channel = "G1" if key in (SECRET, CHEAP, DEAR) else "C1"
    fact = Fact(
        kind="fact", text=text, quote=text, message=row[0], source=SlackSource(channel=channel, ts=key), said_by="U1",
        said_at=datetime.fromtimestamp(float(key), UTC),
    )  # fmt: skip
    with desk.store.as_scope(row[1]) as tx:
        return memory.by_id(tx, [memory.put_fact(tx, row[1], fact, NIGHT)])[0]


def gathered(tx: Tx, question: str, *known: ContextLine) -> Gathered:
    return gather(tx, Wanted(question, known, None, NOW, ahead=True), [])


def keys(found: list[Message]) -> list[str]:
    return [one.source.ts for one in found if isinstance(one.source, SlackSource)]


def test_a_conclusion_that_fits_comes_with_all_it_rests_on_and_only_to_who_may_read_it(
    desk: Desk, database: Database
) -> None:
    premises = (
        note(desk, database, CRANE, "The crane comes on 4 March."),
        note(desk, database, FITTING, "Mounting takes 12 days."),
    )
    secret = note(desk, database, SECRET, "Mounting costs 900 EUR a day.")
    ada, bob = known(desk, ADA), known(desk, BOB)
    general = desk.store.as_scope(scope_of(database, "channel:C1"))
    with general as tx:
        assert memory.conclude(tx, scope_of(database, "channel:C1"), FOLLOWS, premises, 0.6, NIGHT) is not None
    own = scope_of(database, f"person:{ada.person.key}")
    with desk.store.as_person(ada.id) as tx:
        assert (
            memory.conclude(tx, own, "Fitting Kestrel costs 10,800 EUR.", [premises[1], secret], 0.6, NIGHT) is not None
        )
    with desk.store.as_person(bob.id) as tx:
        found = gathered(tx, ASKED)
        assert ([one.text for one in found.conclusions], keys(found.first)) == ([FOLLOWS], [CRANE, FITTING])
        assert gathered(tx, "What does fitting Kestrel cost?").conclusions == found.conclusions
        assert gathered(tx, "Who sends the packing list?").first == []
        assert (
            gathered(tx, "Who painted the blue Kestrel?").conclusions == ()
        )  # a word in three, and nothing below it has more
    with desk.store.as_person(ada.id) as tx:
        costs = gathered(tx, "What does fitting Kestrel cost?")
        assert SECRET in keys(costs.first) and len(costs.conclusions) == 2


def test_what_a_channel_and_a_desk_conclude_alike_is_laid_before_the_model_once(desk: Desk, database: Database) -> None:
    premises = (
        note(desk, database, CRANE, "The crane comes on 4 March."),
        note(desk, database, FITTING, "It takes 12 days."),
    )
    ada, general = known(desk, ADA), scope_of(database, "channel:C1")
    with desk.store.as_person(ada.id) as tx:
        memory.conclude(tx, scope_of(database, f"person:{ada.person.key}"), FOLLOWS, premises, 0.6, NIGHT)
    with desk.store.as_scope(general) as tx:
        memory.conclude(tx, general, FOLLOWS, premises, 0.6, NIGHT)
    with desk.store.as_person(ada.id) as tx:
        assert [one.text for one in gathered(tx, ASKED).conclusions] == [FOLLOWS]


def test_an_answer_for_a_channel_is_made_on_the_clock_that_most_of_its_members_look_at(
    desk: Desk, database: Database
) -> None:
    general, deals = (scope_of(database, f"channel:{key}") for key in ("C1", "G1"))
    zones = {one.person.key: one.zone for one in everybody(desk)}
    assert audience.readers_of(desk, deals).asker.zone == zones["U1"] == "Europe/Berlin"
    assert audience.readers_of(desk, general).asker.zone == "Europe/Berlin"
    with psycopg.connect(database.admin) as admin:
        admin.execute("update nightdesk.person set zone = 'America/Chicago' where key <> 'U1'")
    assert audience.readers_of(desk, general).asker.zone == "America/Chicago"
    assert audience.readers_of(desk, deals).asker.zone == "Europe/Berlin"


def everybody(desk: Desk) -> list[people.Known]:
    with desk.store.directory() as tx:
        return list(people.everybody(tx))


def scope_of(database: Database, key: str) -> int:
    with psycopg.connect(database.admin) as admin:
        row = admin.execute("select id from nightdesk.scope where key = %s", [key]).fetchone()
    assert row is not None
    return int(row[0])


def test_the_messages_under_a_line_of_learned_context_are_shown_where_it_tells_of_what_is_asked(
    desk: Desk, database: Database
) -> None:
    crane = note(desk, database, CRANE, "The crane comes on 4 March.")
    line = ContextLine(text="Hall Kestrel gets its crane on 4 March.", memories=(crane.id,))
    with desk.store.as_person(known(desk, BOB).id) as tx:
        assert keys(gathered(tx, "When does hall Kestrel open?", line).remembered) == [CRANE]
        assert keys(gathered(tx, "When does hall Kestrel open?").remembered) == []
        assert keys(gathered(tx, "Who sends the packing list?", line).remembered) == []
        hidden = ContextLine(
            text="Hall Kestrel costs 900 EUR.", memories=(note(desk, database, SECRET, "It costs 900 EUR.").id,)
        )
        assert gathered(tx, "What does hall Kestrel cost?", hidden).remembered == []
        assert stored.by_sources(tx, [SlackSource(channel="C1", ts=CRANE)])


def test_whatever_was_made_ahead_or_remembered_the_best_hit_has_its_room() -> None:
    hits = [rules_threads.said(f"ada: hit {n} {'word ' * 60}", place=f"C{n}") for n in range(3)]
    ahead = [rules_threads.said(f"bob: ahead {n} {'word ' * 60}", place=f"D{n}") for n in range(9)]
    found = Gathered(found=hits, first=ahead, remembered=ahead)

    def passage(message: Message) -> Passage:
        return Passage(source=message.source, label="#x", said_by="Ada", said_at=message.sent_at, text=message.text)

    shown = gathering.shown("Which hit?", found, [], passage, answering.ONE_FACT)
    assert shown[0][0] == hits[0] and shown[1][0] == ahead[0] and len(shown) < 9


CHANGED = "What changed for the housings of Kestrel?"
SINCE = datetime.fromtimestamp(float(TAMDORA), UTC)


def superseded(desk: Desk, database: Database, old: str, new: str, channel: str, words: tuple[str, str]) -> None:
    """Both are noted, and a night knows that the second took the place of the first."""
    pair = tuple(note(desk, database, key, text).id for key, text in zip((old, new), words, strict=True))
    place = scope_of(database, f"channel:{channel}")
    with desk.store.as_scope(place) as tx:
        memory.relate(tx, place, (pair[0], pair[1]), "supersedes", NIGHT)


@pytest.fixture
def switched(desk: Desk, database: Database) -> Desk:
    makers = (
        "Moll Plastics makes the housings for Kestrel.",
        "From now on Tamdora Metals makes the housings for Kestrel.",
    )
    superseded(desk, database, MOLL, TAMDORA, "C1", makers)
    prices = "The housings for Kestrel cost 40 EUR.", "The housings for Kestrel now cost 55 EUR."
    superseded(desk, database, CHEAP, DEAR, "G1", prices)
    return desk


def test_who_asks_what_changed_is_shown_what_held_and_what_holds_as_far_as_they_may_read_it(switched: Desk) -> None:
    with switched.store.as_person(known(switched, BOB).id) as tx:
        found = gathered(tx, CHANGED)
        assert keys(found.first) == [MOLL, TAMDORA] and [one.since for one in found.turned] == [SINCE]
    with switched.store.as_person(known(switched, ADA).id) as tx:
        found = gathered(tx, CHANGED)
        assert set(keys(found.first)) == {MOLL, TAMDORA, CHEAP, DEAR} and len(found.turned) == 2


def test_what_changed_anywhere_is_shown_where_nothing_is_named_and_only_to_who_may_read_it(switched: Desk) -> None:
    with switched.store.as_person(known(switched, BOB).id) as tx:
        assert keys(gathered(tx, "What has changed?").first) == [MOLL, TAMDORA]


def test_what_holds_now_is_asked_without_what_held_before(switched: Desk) -> None:
    with switched.store.as_person(known(switched, BOB).id) as tx:
        assert gathered(tx, "Who makes the housings of Kestrel?").turned == ()


def test_as_of_a_day_what_held_then_is_shown_and_nothing_that_had_changed_before(switched: Desk) -> None:
    with switched.store.as_person(known(switched, BOB).id) as tx:
        then = gathered(tx, "As of 21 November, who made the housings of Kestrel?")
        assert keys(then.first) == [MOLL, TAMDORA] and then.noted[then.first[0].id][0].until == SINCE
        assert gathered(tx, "As of 23 November, who made the housings of Kestrel?").turned == ()
        assert gathered(tx, "What changed for Kestrel between 19 November and 21 November?").turned == ()
        assert keys(gathered(tx, "What changed for Kestrel between 19 November and 23 November?").first) == [
            MOLL,
            TAMDORA,
        ]


@pytest.mark.parametrize("gone", [MOLL, TAMDORA])
def test_a_change_is_forgotten_with_either_of_its_messages(switched: Desk, database: Database, gone: str) -> None:
    with psycopg.connect(database.admin) as admin:
        admin.execute("update nightdesk.message set deleted_at = now(), text = '' where key = %s", [gone])
    with switched.store.as_person(known(switched, BOB).id) as tx:
        found = gathered(tx, CHANGED)
        assert found.turned == () and gone not in keys([*found.first, *found.remembered])

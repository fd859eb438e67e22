"""What is known holds as long as nothing later takes its place, is found by who may read it, and goes with its source."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from bot.store import changes, memory
from bot.store.db import Store, open_pool
from graphs.domain import Fact, Memory, SlackSource
from graphs.rules.relation import Relation
from tests.servers.postgres import SECRET, Database

NIGHT = date(2026, 11, 24)
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
LATER = MONDAY + timedelta(days=30)

COMPANY = """
insert into nightdesk.person (key, slack_id, name, role) values
  ('U1', 'U1', 'Ada', 'member'), ('U2', 'U2', 'Ben', 'member'), ('U3', 'U3', 'Cleo', 'guest');
insert into nightdesk.scope (key, kind, name, channel_kind, shared, has_guests, owner_id) values
  ('channel:C1', 'channel', 'general', 'public', false, false, null),
  ('channel:C2', 'channel', 'plans', 'private', false, false, null),
  ('channel:C3', 'channel', 'deals', 'private', false, false, null),
  ('person:U1', 'person', 'Ada', null, null, null, 1);
insert into nightdesk.member (scope_id, person_id)
select s.id, p.id from nightdesk.scope s, nightdesk.person p
where (s.name, p.key) in (('general', 'U1'), ('general', 'U2'), ('plans', 'U1'), ('plans', 'U2'), ('deals', 'U1'));
"""


@dataclass
class Known:
    """A small company and what its places know."""

    store: Store
    database: Database

    def admin(self, query: str, **values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database.admin) as connection:
            found = connection.execute(query.encode(), values)
            return found.fetchall() if found.description else []

    def scope(self, name: str) -> int:
        [(found,)] = self.admin("select id from nightdesk.scope where name = %(name)s", name=name)
        assert isinstance(found, int)
        return found

    def person(self, key: str) -> int:
        [(found,)] = self.admin("select id from nightdesk.person where key = %(key)s", key=key)
        assert isinstance(found, int)
        return found

    def notes(self, text: str, day: int, place: str = "general", by: str = "U1") -> int:
        """Somebody says `text` on a day after that Monday, and a night keeps it."""
        at = MONDAY + timedelta(days=day)
        ts = f"{at.timestamp():.6f}"
        [(row,)] = self.admin(
            """insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at, text,
              facts, hash) values (%(scope)s, %(ts)s || %(text)s, 'slack', %(ts)s, %(by)s, %(by)s, 'member', %(at)s, %(text)s, '{}', '')
            returning id""",
            scope=self.scope(place), ts=ts, by=by, at=at, text=text,
        )  # fmt: skip
        assert isinstance(row, int)
        fact = Fact(
            kind="fact",
            text=text,
            quote=text,
            message=row,
            source=SlackSource(channel="C1", ts=ts),
            said_by=by,
            said_at=at,
        )
        with self.store.as_scope(self.scope(place)) as tx:
            return memory.put_fact(tx, self.scope(place), fact, NIGHT)

    def relate(self, one: int, other: int, relation: Relation = "supersedes", place: str = "general") -> None:
        with self.store.as_scope(self.scope(place)) as tx:
            memory.relate(tx, self.scope(place), (one, other), relation, NIGHT)

    def holds(self, at: datetime = LATER, place: str = "general") -> list[str]:
        with self.store.as_scope(self.scope(place)) as tx:
            return [one.text for one in memory.memories(tx, [self.scope(place)], at)]

    def one(self, row: int, place: str = "general") -> Memory:
        with self.store.as_scope(self.scope(place)) as tx:
            [found] = memory.by_id(tx, [row])
        return found

    def anywhere(self, row: int) -> Memory:
        [(place,)] = self.admin("select scope_id from nightdesk.memory where id = %(row)s", row=row)
        assert isinstance(place, int)
        with self.store.as_scope(place) as tx:
            found = memory.by_id(tx, [row])
        # A conclusion that rests on other places is not read in the name of its own alone.
        return (
            found[0]
            if found
            else Memory(
                id=row, scope="", kind="conclusion", text="", quote="", sources=(), said_by="", valid_from=MONDAY
            )
        )

    def delete(self, row: int) -> None:
        """The message behind a memory is deleted."""
        self.admin(
            """update nightdesk.message set deleted_at = now(), text = '' where id in (
              select message_id from nightdesk.memory_source where memory_id = %(row)s)""",
            row=row,
        )


@pytest.fixture
def known(database: Database) -> Iterator[Known]:
    with psycopg.connect(database.admin) as connection:
        connection.execute(COMPANY.encode())
    with closing(open_pool(database.app, 2)) as pool:
        yield Known(Store(pool, SECRET), database)


# --- intervals ------------------------------------------------------------------------------------


def test_in_whatever_order_statements_are_read_each_holds_until_the_next_one(known: Known) -> None:
    newest = known.notes("The launch is on 9 April", 8)
    oldest = known.notes("The launch is on 5 March", 0)
    known.relate(oldest, newest)
    middle = known.notes("The launch is on 12 March", 4)  # of a thread that was brought in last
    known.relate(middle, oldest)
    known.relate(middle, newest)
    known.relate(middle, newest)  # a night that runs again

    assert [known.one(row).valid_to for row in (oldest, middle, newest)] == [
        MONDAY + timedelta(days=4), MONDAY + timedelta(days=8), None,
    ]  # fmt: skip
    assert [known.holds(MONDAY + timedelta(days=day)) for day in (1, 5, 9)] == [
        ["The launch is on 5 March"], ["The launch is on 12 March"], ["The launch is on 9 April"],
    ]  # fmt: skip
    with known.store.as_scope(known.scope("general")) as tx:
        assert [one.id for one in memory.history(tx, newest)] == [oldest, middle]


def test_when_what_took_a_place_is_deleted_the_older_one_holds_again_unless_another_took_it_too(known: Known) -> None:
    first, second, third = (known.notes(f"The launch is on {n} March", n) for n in (1, 2, 3))
    known.relate(first, second)
    known.relate(second, third)
    known.delete(second)
    assert known.holds() == ["The launch is on 3 March"]
    known.delete(third)
    assert known.holds() == ["The launch is on 1 March"]
    assert known.one(first).superseded_by is None


def test_who_takes_a_correction_back_takes_back_what_it_closed_and_an_undone_closing_stays_undone(known: Known) -> None:
    first, second = known.notes("The launch is on 1 March", 1), known.notes("The launch is on 2 March", 2)
    known.relate(first, second)
    scope = known.scope("general")
    with known.store.as_scope(scope) as tx:
        [change] = [one for one in changes.latest(tx, [scope], 0, 9) if one.op == "superseded"]
        assert changes.undo(tx, change, "U1")
    assert known.holds() == ["The launch is on 1 March"]
    known.relate(first, second)  # another night says the same
    assert known.holds() == ["The launch is on 1 March"]
    with known.store.as_scope(scope) as tx:
        assert changes.redo(tx, change)
    assert known.holds() == ["The launch is on 2 March"]
    with known.store.as_scope(scope) as tx:
        memory.forget_memory(tx, scope, second, LATER)
    assert known.holds(LATER + timedelta(days=1)) == ["The launch is on 1 March"]


def test_nothing_is_closed_before_it_began_or_by_what_was_said_before_it(known: Known) -> None:
    one, other = known.notes("The dock is 4", 3), known.notes("The dock is 5", 3)
    known.relate(one, other)
    assert known.holds() == ["The dock is 4", "The dock is 5"]
    scope = known.scope("general")
    with known.store.as_scope(scope) as tx:
        memory.forget_memory(tx, scope, one, MONDAY)
    assert known.one(one).valid_to == known.one(one).valid_from


def test_what_contradicts_is_kept_and_shown_on_both_sides(known: Known) -> None:
    one, other = known.notes("The dock is 4", 1), known.notes("The dock is 5", 2)
    known.relate(other, one, "contradicts")
    assert known.holds() == ["The dock is 4", "The dock is 5"]
    assert (known.one(one).contradicts, known.one(other).contradicts) == ((other,), (one,))


def test_what_says_the_same_is_told_once_and_steps_in_when_the_first_is_deleted(known: Known) -> None:
    first, again = known.notes("Kestrel delivers to dock 4", 1), known.notes("Kestrel delivers to the dock 4", 2)
    known.relate(first, again, "same")
    assert known.holds() == ["Kestrel delivers to dock 4"]
    known.delete(first)
    assert known.holds() == ["Kestrel delivers to the dock 4"]
    newer = known.notes("Kestrel delivers to dock 7", 5)
    known.relate(again, newer)
    assert known.holds() == ["Kestrel delivers to dock 7"]


def test_the_diff_says_what_took_whose_place_once(known: Known) -> None:
    first, second = known.notes("The launch is on 1 March", 1), known.notes("The launch is on 2 March", 2)
    known.relate(first, second)
    known.relate(first, second)
    with known.store.as_scope(known.scope("general")) as tx:
        told = [(row["op"], row["what"]) for row in changes.of_night(tx, [known.scope("general")], NIGHT)]
    assert told == [
        ("added", "The launch is on 1 March"), ("added", "The launch is on 2 March"), ("superseded", "The launch is on 2 March"),
    ]  # fmt: skip


def test_a_place_relates_only_what_is_its_own(known: Known) -> None:
    here, there = known.notes("The launch is on 1 March", 1), known.notes("The launch is on 2 March", 2, "plans")
    known.relate(here, there)
    assert known.holds() == ["The launch is on 1 March"]
    known.admin(
        "insert into nightdesk.memory_relation values (%(s)s, %(n)s, %(o)s, 'supersedes')",
        s=known.scope("plans"),
        n=there,
        o=here,
    )
    assert known.one(here).superseded_by == there  # what keeps it out is the writing, not the reading


# --- finding --------------------------------------------------------------------------------------


def found(known: Known, who: str, question: str, at: datetime = LATER, past: bool = False) -> list[str]:
    with known.store.as_person(known.person(who)) as tx:
        return [one.text for one in memory.found_memories(tx, question, "en", 5, at, past)]


def test_what_holds_is_found_and_what_held_before_when_the_past_is_asked_for(known: Known) -> None:
    first, second = known.notes("The launch is on 1 March", 1), known.notes("The launch is on 2 March", 2)
    known.notes("Kestrel delivers to dock 4", 3)
    known.relate(first, second)
    assert found(known, "U2", "When is the launch?") == ["The launch is on 2 March"]
    assert found(known, "U2", "When was the launch before?", past=True) == [
        "The launch is on 2 March",
        "The launch is on 1 March",
    ]
    assert found(known, "U2", "When is the launch?", at=MONDAY + timedelta(days=1, hours=1)) == [
        "The launch is on 1 March"
    ]
    assert found(known, "U2", "Which zebra?") == []


def test_a_hidden_memory_is_not_found_and_moves_no_rank(known: Known) -> None:
    known.notes("The valve ships from dock four", 1)
    known.notes("The carpet ships on Friday", 2)
    before = found(known, "U2", "which dock for the valve that ships")
    for day in range(3, 9):
        known.notes(f"The valve is sold to Kestrel, part {day}", day, "deals")
    assert found(known, "U2", "which dock for the valve that ships") == before
    assert len(found(known, "U1", "which dock for the valve that ships")) > len(before)


# --- conclusions ----------------------------------------------------------------------------------


def conclude(known: Known, place: str, *premises: int, said: str = "So Ben waits for Kestrel") -> int | None:
    held = [known.anywhere(row) for row in premises]
    with known.store.as_scope(known.scope(place)) as tx:
        return memory.conclude(tx, known.scope(place), said, held, 0.7, NIGHT)


def read(known: Known, who: str) -> list[str]:
    with known.store.as_person(known.person(who)) as tx:
        return [
            one.text
            for one in memory.memories(tx, [known.scope("plans"), known.scope("general")], LATER)
            if one.premises
        ]


def test_a_conclusion_is_read_where_all_its_premises_are_and_ends_with_the_first_of_them(known: Known) -> None:
    public, private = known.notes("Ben waits for the dock", 1), known.notes("The dock waits for Kestrel", 2, "plans")
    made = conclude(known, "plans", public, private)
    assert made is not None and conclude(known, "plans", private, public) == made
    assert (read(known, "U2"), read(known, "U3")) == (["So Ben waits for Kestrel"], [])

    other = known.notes("Ben no longer waits for the dock", 4)
    known.relate(public, other)
    assert read(known, "U2") == []
    known.delete(other)
    assert read(known, "U2") == ["So Ben waits for Kestrel"]
    known.delete(private)
    assert known.admin("select 1 from nightdesk.memory where kind = 'conclusion'") == []


def test_nothing_follows_from_what_not_every_reader_may_read_or_what_no_longer_holds(known: Known) -> None:
    public, secret = known.notes("Ben waits for the dock", 1), known.notes("The dock waits for Kestrel", 2, "deals")
    plan = known.notes("Kestrel is late", 3, "plans")
    assert conclude(known, "plans", public, secret) is None
    assert conclude(known, "general", public, plan) is None
    assert conclude(known, "plans", plan) is None and conclude(known, "plans", plan, plan) is None
    first = conclude(known, "plans", public, plan)
    assert first is not None and conclude(known, "plans", first, plan) is None  # no chains
    known.relate(known.notes("Ben has the dock", 5), public)
    assert conclude(known, "plans", public, plan, known.notes("x y z", 6, "plans")) is None


def test_when_a_channel_gets_guests_it_loses_what_follows_from_other_channels(known: Known) -> None:
    public, plan = known.notes("Ben waits for the dock", 1), known.notes("The dock waits for Kestrel", 2, "plans")
    conclude(known, "plans", public, plan)

    def in_channel() -> list[tuple[str, ...]]:
        with known.store.as_readers_of(known.scope("plans")) as tx:
            held = memory.memories(tx, [known.scope("plans")], LATER)
            hits = memory.found_memories(tx, "Who waits for Kestrel?", "en", 5, LATER)
        return [tuple(one.kind for one in held), tuple(sorted(one.kind for one in hits))]

    assert in_channel() == [("fact", "conclusion"), ("conclusion", "fact", "fact")]
    known.admin("update nightdesk.scope set has_guests = true where name = 'plans'")
    assert in_channel() == [("fact",), ("fact",)]


def test_a_persons_conclusion_stands_on_what_they_may_read(known: Known) -> None:
    plan, deal = known.notes("Ben waits for Kestrel", 1, "plans"), known.notes("Kestrel is paid on Friday", 2, "deals")
    with known.store.as_person(known.person("U1")) as tx:
        made = memory.conclude(
            tx, known.scope("Ada"), "Ben can go on on Friday", memory.by_id(tx, [plan, deal]), 0.7, NIGHT
        )
    assert made is not None
    with known.store.as_person(known.person("U1")) as tx:
        [held] = memory.memories(tx, [known.scope("Ada")], LATER)
    assert held.premises == (plan, deal) and len(held.sources) == 2
    known.admin("delete from nightdesk.member where scope_id = %(s)s", s=known.scope("deals"))
    with known.store.as_person(known.person("U1")) as tx:
        assert memory.memories(tx, [known.scope("Ada")], LATER) == ()

"""Who may read what: the rule in SQL and the pure one agree, and everything that is no valid token reads nothing."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import psycopg
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from bot.store import db, messages
from graphs.access import Reader, Scope, readable, sayable
from tests.servers.company import tables
from tests.servers.postgres import SECRET, Database

Connection = psycopg.Connection[dict[str, Any]]
Role = Literal["member", "guest", "outside", "bot"]


# --- the rule, twice ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Directory:
    """People, places by position in both lists, and who is where."""

    readers: tuple[Reader, ...]
    scopes: tuple[Scope, ...]


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    roles: tuple[Role, ...] = ("member", "guest", "outside", "bot")
    readers = tuple(
        Reader(f"p{n}", draw(st.sampled_from(roles)), draw(st.booleans()), draw(st.booleans()))
        for n in range(draw(st.integers(1, 4)))
    )
    keys = st.sampled_from([reader.key for reader in readers])
    return Directory(readers, tuple(draw(_scope(n, keys)) for n in range(draw(st.integers(1, 5)))))


@st.composite
def _scope(draw: st.DrawFn, number: int, keys: st.SearchStrategy[str]) -> Scope:
    kinds: tuple[Literal["channel", "account", "person"], ...] = ("channel", "channel", "channel", "account", "person")
    kind = draw(st.sampled_from(kinds))
    unknown = st.sampled_from([False, True, None])
    if kind != "channel":
        return Scope(f"s{number}", kind, owner=draw(keys))
    channel_kinds: tuple[Literal["public", "private", "dm", "mpim"], ...] = ("public", "private", "dm", "mpim")
    channel_kind = draw(st.sampled_from(channel_kinds))
    members = draw(st.frozensets(keys))
    return Scope(f"s{number}", "channel", channel_kind, draw(unknown), draw(unknown), members=members)


def written(connection: Connection, world: Directory) -> tuple[dict[str, int], dict[str, int]]:
    """Row ids of people and scopes by key."""
    people = {
        r.key: _id(
            connection, "insert into nightdesk.person (key, slack_id, name, role, active) values (%s, %s, '', %s, %s) returning id",
            r.key, r.key if r.in_workspace else None, r.role, r.active,
        )
        for r in world.readers
    }  # fmt: skip
    scopes = {
        s.key: _id(
            connection,
            "insert into nightdesk.scope (key, kind, channel_kind, shared, has_guests, owner_id) values (%s, %s, %s, %s, %s, %s)"
            " returning id",
            s.key, s.kind, s.channel_kind, s.shared, s.has_guests, people.get(s.owner or ""),
        )
        for s in world.scopes
    }  # fmt: skip
    for scope in world.scopes:
        for member in scope.members:
            connection.execute("insert into nightdesk.member values (%s, %s)", (scopes[scope.key], people[member]))
    return people, scopes


def _id(connection: Connection, query: str, *values: Any) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(row["id"])


def disagreement(connection: Connection, world: Directory, defect: tuple[str, str] | None = None) -> list[str]:
    """Audiences for which SQL and Python differ; nothing is left in the database."""
    with connection.transaction(force_rollback=True):
        if defect is not None:
            spoil(connection, "nightdesk.readable(text)", *defect)
        people, scopes = written(connection, world)
        keys = {n: key for key, n in scopes.items()}
        everywhere = (*world.scopes, Scope("workspace", "workspace"))

        def in_sql(audience: str) -> frozenset[str]:
            rows = connection.execute("select id from nightdesk.readable(%s) id", (audience,))
            return frozenset(keys.get(row["id"], "workspace") for row in rows)

        wrong = [r.key for r in world.readers if in_sql(f"u:{people[r.key]}") != readable(r, everywhere)]
        return wrong + [s.key for s in world.scopes if in_sql(f"c:{scopes[s.key]}") != sayable(s, everywhere)]


def spoil(connection: Connection, function: str, right: str, wrong: str) -> None:
    """Puts a defect into a function of the database."""
    row = connection.execute("select pg_get_functiondef(%s::regprocedure) as source", (function,)).fetchone()
    assert row is not None and right in row["source"], right
    connection.execute(row["source"].replace(right, wrong).encode())


@pytest.fixture
def owner(database: Database) -> Any:
    with psycopg.connect(database.owner, autocommit=True, row_factory=dict_row) as connection:
        yield connection


FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def test_sql_and_python_let_the_same_people_read_the_same_scopes(owner: Connection) -> None:
    @FEW
    @given(directories())
    def agree(world: Directory) -> None:
        assert disagreement(owner, world) == []

    agree()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (" and person.active", ""),
        ("person.role = 'member' and ", ""),
        (" and person.slack_id is not null", ""),
        ("scope.owner_id = person.id", "true"),
        ("member.person_id = person.id", "true"),
        ("not here.shared and ", ""),
        (" and not here.has_guests", ""),
        (" and here.shared is not null and here.has_guests is not null", ""),
        (" and here.kind = 'channel'", ""),
        ("scope.channel_kind = 'public')))", "scope.channel_kind in ('public', 'private'))))"),
    ],
)
def test_the_comparison_finds_each_defect_of_the_rule(owner: Connection, right: str, wrong: str) -> None:
    """The seeded defects: one condition of the rule at a time is missing."""
    many = settings(FEW, max_examples=2_000)
    try:
        find(directories(), lambda world: bool(disagreement(owner, world, (right, wrong))), settings=many)
    except NoSuchExample:
        pytest.fail(f"nobody noticed that {right!r} is missing")


# --- tokens ---------------------------------------------------------------------------------------

STATEMENTS = b"select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Filled:
    """One row in every content table, in a channel of Ada's and in Ada's own scope."""

    ada: int
    bob: int
    channel: int
    desk: int
    private: int


@pytest.fixture
def filled(database: Database, owner: Connection) -> Filled:
    world = Directory(
        (Reader("ada"), Reader("bob")),
        (
            Scope("channel:C1", "channel", "public", members=frozenset({"ada", "bob"})),
            Scope("person:ada", "person", owner="ada"),
            Scope("channel:G1", "channel", "private", members=frozenset({"ada"})),
        ),
    )
    people, scopes = written(owner, world)
    for scope in scopes.values():
        fill(owner, scope)
    return Filled(people["ada"], people["bob"], scopes["channel:C1"], scopes["person:ada"], scopes["channel:G1"])


ROWS: dict[str, str] = {
    "message": "(scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at, text, facts, hash)"
    " values (%(s)s, 'k', 'slack', 'k', 'ada', 'Ada', 'member', now(), 'words', '{}', '')",
    "quarantine": "(scope_id, key, reason) values (%(s)s, 'k', 'r')",
    "turn": "(scope_id, message_id, session, at, length, revision) values (%(s)s, %(m)s, '', now(), 1, 1)",
    "posting": "(term, scope_id, message_id, tf) values ('word', %(s)s, %(m)s, 1)",
    "message_vector": "(scope_id, message_id, revision, model, vector) values (%(s)s, %(m)s, 1, 'm', '')",
    "thought": "(scope_id, step, key, input, result) values (%(s)s, 'x', 'k', '', '{}')",
    "memory": "(scope_id, key, kind, text, quote, said_by, valid_from, confidence, found_by, night)"
    " values (%(s)s, 'k', 'fact', 't', 'q', 'ada', now(), 1, 'rules', now())",
    "never": "(scope_id, hash, message_id) values (%(s)s, '', %(m)s)",
    "memory_source": "(scope_id, memory_id, message_id, revision) values (%(s)s, %(y)s, %(m)s, 1)",
    "memory_relation": "(scope_id, newer, older, relation) values (%(s)s, %(y)s, %(y)s, 'same')",
    "memory_premise": "(scope_id, memory_id, premise_id, premise_scope) values (%(s)s, %(y)s, %(y)s, %(s)s)",
    "memory_posting": "(term, scope_id, memory_id) values ('word', %(s)s, %(y)s)",
    "prepared": "(scope_id, key, question, also, words, lang, reason, score, answer, citations, night, at, newest, expires)"
    " values (%(s)s, 'k', 'q', '{}', '{}', 'en', 'r', 1, 'a', '[]', now(), now(), 0, now())",
    "prepared_source": "(scope_id, prepared_id, message_id, revision, cited) values (%(s)s, %(p)s, %(m)s, 1, true)",
    "prepared_use": "(scope_id, prepared_id, day) values (%(s)s, %(p)s, now())",
    "learned_context": "(scope_id, version, lines, night) values (%(s)s, 1, '[]', now())",
    "change_log": "(scope_id, night, op, what) values (%(s)s, now(), 'added', 'w')",
    "task": "(scope_id, id, value, state, changed_on) values (%(s)s, 't', '{}', 'open', now())",
    "draft": "(scope_id, account, answers, state, value, mail, night) values (%(s)s, %(s)s, 'x', 'planned', '{}', '', now())",
    "digest": "(scope_id, date, value) values (%(s)s, now(), '{}')",
    "run": "(scope_id, id) values (%(s)s, 'run/' || %(s)s)",
    "spend": "(scope_id, night, step, model, state, money) values (%(s)s, now(), 'x', 'm', 'settled', 1)",
    "share": "(scope_id, night, money) values (%(s)s, '2026-11-24', 1)",
    "thread_read": "(scope_id, thread, at) values (%(s)s, 'k', now())",
    "unindexed": "(scope_id, message_id, thread, at) values (%(s)s, %(m)s, 'another', now())",
    "outbox": "(scope_id, key, channel, content, hash) values (%(s)s, 'k/' || %(s)s, 'C1', '{}', 'h')",
    "post_source": "(scope_id, key, message_id, revision) values (%(s)s, 'k/' || %(s)s, %(m)s, 1)",
    "feedback": "(scope_id, key, person_id, value) select %(s)s, 'k/' || %(s)s, id, 'up' from nightdesk.person limit 1",
    "account": "(scope_id, host, port, security, login, secret) values (%(s)s, 'h', 993, 'tls', 'l', '')",
    "mailbox": "(scope_id, name, role, uidvalidity) values (%(s)s, 'INBOX', 'inbox', 1)",
    "mail_uid": "(scope_id, name, uid) values (%(s)s, 'INBOX', 1)",
    "mail_ref": "(scope_id, ref, thread) values (%(s)s, 'r', 'k')",
    "choice": "(scope_id, item, verb, pressed_at) values (%(s)s, 'i', 'done', now())",
    "errand": "(scope_id, id, person_id, channel, thread_ts, value, night)"
    " select %(s)s, 'e/' || %(s)s, id, 'C1', '1.0', '{}', now() from nightdesk.person limit 1",
}


NAMED = {"message": "m", "memory": "y", "prepared": "p"}
"""Rows that those of other tables hang on."""


def fill(connection: Connection, scope: int) -> None:
    values: dict[str, Any] = {"s": scope}
    for table, row in ROWS.items():
        made = connection.execute(f"insert into nightdesk.{table} {row} returning *".encode(), values).fetchone()
        assert made is not None
        if table in NAMED:
            values[NAMED[table]] = made["id"]
    # A message notes itself when it is written; one row of each table is enough here.
    connection.execute("delete from nightdesk.unindexed where scope_id = %s and thread <> 'another'", (scope,))
    connection.execute("delete from nightdesk.memory_posting where scope_id = %s and term <> 'word'", (scope,))


def counted(connection: psycopg.Connection[Any], token: str | None) -> dict[str, int]:
    """Rows that a transaction with this token sees, in each content table."""
    found = {}
    with connection.transaction():
        if token is not None:
            connection.execute("select set_config('app.viewer', %s, true)", (token,))
        for table in ROWS:
            row = connection.execute(f"select count(*) from nightdesk.{table}".encode()).fetchone()
            assert row is not None
            found[table] = int(row[0])
    return found


def test_every_content_table_is_guarded_and_tried_here(database: Database, filled: Filled) -> None:
    assert sorted(ROWS) == tables(database, guarded=True)
    holds_text = {
        "message",
        "thought",
        "memory",
        "task",
        "draft",
        "digest",
        "learned_context",
        "change_log",
        "quarantine",
    }
    directory = {
        "address", "member", "night", "person", "scope", "secret", "silent", "slack_cursor", "slack_event", "workspace",
    }  # fmt: skip
    assert set(tables(database)) - set(ROWS) == directory and not holds_text & directory


def forged(filled: Filled) -> dict[str, str | None]:
    now = int(time.time())
    good = db.sign(SECRET, f"u:{filled.ada}", now + 60)
    audience, expires, mac = good.split("|")
    return {
        "missing": None,
        "empty": "",
        "expired": db.sign(SECRET, audience, now - 1),
        "signed with another key": db.sign(b"another key", audience, now + 60),
        "of another person": f"u:{filled.bob}|{expires}|{mac}",
        "with a longer life": f"{audience}|{int(expires) + 9}|{mac}",
        "cut": good[:-1],
        "in capitals": good.upper(),
        "with a fourth part": good + "|x",
        "without its end": f"{audience}|{expires}",
        "no number of seconds": f"{audience}|soon|{mac}",
        "endless": db.sign(SECRET, audience, 10**13),
        "of nobody": db.sign(SECRET, "u:", now + 60),
        "of all": db.sign(SECRET, "u:%", now + 60),
        "of a stranger": db.sign(SECRET, "u:999999", now + 60),
        "of a huge number": db.sign(SECRET, "u:" + "9" * 18, now + 60),
        "of a number too huge": db.sign(SECRET, "s:" + "9" * 10, now + 60),
        "of a person scope as a channel": db.sign(SECRET, f"c:{filled.desk}", now + 60),
        "SQL": "u:1' or true --|9999999999|x",
        "zeros": "0|0|0",
    }


def test_a_token_that_is_not_whole_and_fresh_reads_nothing_anywhere(database: Database, filled: Filled) -> None:
    nothing = dict.fromkeys(ROWS, 0)
    with psycopg.connect(database.app, autocommit=True) as app:
        valid = counted(app, db.sign(SECRET, f"u:{filled.ada}", int(time.time()) + 60))
        assert valid == dict.fromkeys(ROWS, 3)
        assert counted(app, db.sign(SECRET, f"u:{filled.bob}", int(time.time()) + 60)) == dict.fromkeys(ROWS, 1)
        read = {name: counted(app, token) for name, token in forged(filled).items()}
    assert {name: found for name, found in read.items() if found != nothing} == {}


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("part[3] <> encode(", "false and part[3] <> encode(", "signed with another key"),
        ("part[2]::bigint < extract(epoch from clock_timestamp())", "false", "expired"),
    ],
)
def test_a_check_that_is_left_out_shows(
    database: Database, filled: Filled, owner: Connection, right: str, wrong: str, name: str
) -> None:
    """The seeded defects: the signature or the expiry is not looked at."""
    spoil(owner, "nightdesk.audience()", right, wrong)
    with psycopg.connect(database.app, autocommit=True) as app:
        assert sum(counted(app, forged(filled)[name]).values()) > 0


def test_a_session_is_not_shown_the_token_of_another(database: Database, filled: Filled) -> None:
    with db.open_pool(database.app, 2) as pool:
        store = db.Store(pool, SECRET)
        with store.as_person(filled.ada), store.directory() as tx:
            others = [row["query"] for row in tx.connection.execute(STATEMENTS).fetchall()]
    assert any("app.viewer" in query for query in others)
    assert [query for query in others if f"u:{filled.ada}|" in query] == []


def test_the_key_of_the_tokens_is_out_of_the_services_reach(database: Database) -> None:
    with psycopg.connect(database.app, autocommit=True) as app:
        for query in (
            "select * from nightdesk.secret",
            "update nightdesk.secret set inner_pad = ''",
            "set row_security = off; table nightdesk.message",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(query.encode())


# --- writing --------------------------------------------------------------------------------------


def refused(connection: psycopg.Connection[Any], audience: str, act: Callable[[], Any]) -> bool:
    with connection.transaction(force_rollback=True):
        connection.execute(
            "select set_config('app.viewer', %s, true)", (db.sign(SECRET, audience, int(time.time()) + 60),)
        )
        try:
            act()
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def writes(
    connection: psycopg.Connection[Any], table: str, scope: int, audience: str, owner: Connection
) -> tuple[bool, int, int]:
    """Whether an insert into `scope` is refused, and how many of its rows can be changed and removed."""
    ids = {"s": scope} | {
        name: _one(owner, f"select id from nightdesk.{held} where scope_id = %s", scope) for held, name in NAMED.items()
    }
    column = "scope_id"
    fresh = (
        ROWS[table].replace("'k'", "'k2'").replace("'x'", "'x2'").replace("'t'", "'t2'").replace("'run/'", "'run2/'")
    )
    fresh = (
        fresh.replace("%(s)s, 1, '[]'", "%(s)s, 2, '[]'").replace("(%(s)s, now(), '{}')", "(%(s)s, '2000-01-01', '{}')")
        + " on conflict do nothing"
    )
    no = refused(
        connection, audience, lambda: connection.execute(f"insert into nightdesk.{table} {fresh}".encode(), ids)
    )
    changed = removed = 0

    def touch() -> None:
        nonlocal changed, removed
        where = f"where {column} = %s".encode()
        changed = connection.execute(
            f"update nightdesk.{table} set {column} = {column} ".encode() + where, (scope,)
        ).rowcount
        removed = connection.execute(f"delete from nightdesk.{table} ".encode() + where, (scope,)).rowcount

    refused(connection, audience, touch)
    return no, changed, removed


def _one(connection: Connection, query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row["id"]


@pytest.mark.parametrize("table", ROWS)
def test_a_transaction_writes_its_own_scope_and_no_other(
    database: Database, filled: Filled, owner: Connection, table: str
) -> None:
    with psycopg.connect(database.app, autocommit=True) as app:
        for audience, own, others in (
            (f"s:{filled.channel}", filled.channel, (filled.desk, filled.private)),
            (f"u:{filled.ada}", filled.desk, (filled.channel, filled.private)),
            (f"c:{filled.channel}", None, (filled.channel, filled.desk, filled.private)),
        ):
            if own is not None:
                no, changed, removed = writes(app, table, own, audience, owner)
                assert not no and (changed, removed) == (1, 1), audience
            for other in others:
                assert writes(app, table, other, audience, owner) == (True, 0, 0), (audience, other)


def test_a_row_cannot_be_moved_into_another_scope(database: Database, filled: Filled) -> None:
    with psycopg.connect(database.app, autocommit=True) as app:
        for table in ROWS:
            move = (
                f"update nightdesk.{table} set scope_id = {filled.private} where scope_id = {filled.channel}".encode()
            )
            assert refused(app, f"s:{filled.channel}", lambda move=move: app.execute(move)), table  # type: ignore[misc]


# --- the pool -------------------------------------------------------------------------------------


def seen(tx: db.Tx) -> int:
    row = tx.connection.execute("select count(*) as count from nightdesk.message").fetchone()
    assert row is not None
    return int(row["count"])


def test_the_next_borrower_of_a_connection_inherits_no_audience(database: Database, filled: Filled) -> None:
    pool = db.open_pool(database.app, 1)
    store = db.Store(pool, SECRET)
    try:
        with store.as_person(filled.ada) as tx:
            assert seen(tx) == 3
        with store.directory() as tx:
            assert seen(tx) == 0
        with pytest.raises(RuntimeError), store.as_scope(filled.private) as tx:
            assert seen(tx) == 1
            raise RuntimeError
        with store.directory() as tx:
            assert seen(tx) == 0
        with store.as_person(filled.bob) as tx:
            assert seen(tx) == 1
        # The seeded defect: an audience that is set for the session.
        with pool.connection() as connection:
            token = db.sign(SECRET, f"u:{filled.ada}", int(time.time()) + 60)
            connection.execute("select set_config('app.viewer', %s, false)", (token,))
        with store.directory() as tx:
            assert seen(tx) == 3
    finally:
        pool.close()


# --- retrieval ------------------------------------------------------------------------------------

WORDS = "valve dock price shipping label crimson seal garden board printer quarter invoice sensor gateway".split()


def corpus(rng: random.Random, count: int) -> list[str]:
    return [" ".join(rng.choices(WORDS, k=rng.randint(2, 12))) for _ in range(count)]


def say(owner: Connection, rows: Sequence[tuple[int, int, str]]) -> None:
    """Nothing else was ever said than these (scope, number, text), written in this order; the number tells the time."""
    owner.execute(
        "truncate nightdesk.message, nightdesk.posting cascade; alter sequence nightdesk.message_id_seq restart"
    )
    for scope, number, text in rows:
        owner.execute(
            "insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at, text, facts, hash)"
            " values (%s, %s, 'slack', %s, 'a', 'Ann', 'member', %s, %s, %s, '')",
            (
                scope,
                f"{number}",
                f"{number % 7}",
                datetime(2026, 11, 1 + number % 20, number % 24, tzinfo=UTC),
                text,
                Jsonb({}),
            ),
        )


def ranked(
    database: Database,
    owner: Connection,
    hidden: Sequence[str],
    visible: Sequence[str],
    person: int,
    scopes: tuple[int, int],
) -> list[Any]:
    """What a person finds who may read the first scope and not the second; the database is as before afterwards."""
    mine, other = scopes
    say(
        owner, [(other, n, text) for n, text in enumerate(hidden)] + [(mine, n, text) for n, text in enumerate(visible)]
    )
    with psycopg.connect(database.app, autocommit=True) as app:
        for scope in scopes:
            with app.transaction():
                app.execute(
                    "select set_config('app.viewer', %s, true)", (db.sign(SECRET, f"s:{scope}", int(time.time()) + 60),)
                )
                app.execute("select nightdesk.index_scope()")
        with app.transaction():
            app.execute(
                "select set_config('app.viewer', %s, true)", (db.sign(SECRET, f"u:{person}", int(time.time()) + 60),)
            )
            found: list[Any] = []
            for question in ("valve price", "when does the crimson label ship to the dock", " ".join(WORDS)):
                found += app.execute(
                    "select * from nightdesk.found_items(%s, 'en', 50, now() + interval '9 years')", (question,)
                ).fetchall()
            return found


def two_worlds(database: Database, owner: Connection, filled: Filled, seed: int) -> tuple[list[Any], list[Any], int]:
    rng = random.Random(seed)
    visible, hidden = corpus(rng, 20), corpus(rng, 30)
    other = [" ".join(["crimson"] * 40)] * 5 + corpus(rng, 25)
    scopes = (filled.channel, filled.private)
    one = ranked(database, owner, hidden, visible, filled.bob, scopes)
    return one, ranked(database, owner, other, visible, filled.bob, scopes), len(hidden)


@pytest.mark.parametrize("seed", range(4))
def test_hidden_messages_are_not_found_and_move_no_rank(
    database: Database, filled: Filled, owner: Connection, seed: int
) -> None:
    one, other, hidden = two_worlds(database, owner, filled, seed)
    assert one == other and len(one) > 20
    assert all(row[0] > hidden for row in one)


def test_what_ranks_the_same_comes_by_where_and_when_it_was_said_whichever_row_was_written_first(
    database: Database, filled: Filled, owner: Connection
) -> None:
    rows = [(filled.channel, n, text) for n, text in enumerate(corpus(random.Random(1), 2) * 14)]
    found = []
    for written in (rows, rows[::-1], random.Random(2).sample(rows, len(rows))):
        say(owner, written)
        with db.open_pool(database.app, 1) as pool:
            store = db.Store(pool, SECRET)
            with store.as_scope(filled.channel) as tx:
                tx.all("index_scope")
            with store.as_person(filled.bob) as tx:
                hits = messages.recall(tx, " ".join(WORDS), "en", 9, datetime(2027, 1, 1, tzinfo=UTC))
        found.append([(hit.score, hit.source) for hit in hits])
    assert len({score for score, _ in found[0]}) < len(found[0]) == 9
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("from turn, seen where scope_id = any(seen.ids) and at", "from turn, seen where at"),
        ("where posting.scope_id = any(seen.ids) and turn.at", "where turn.at"),
    ],
)
def test_a_ranking_that_counts_hidden_messages_shows(
    database: Database, filled: Filled, owner: Connection, right: str, wrong: str
) -> None:
    """The seeded defects: lengths, or rarity, over everything there is."""
    spoil(owner, "nightdesk.found_items(text, text, integer, timestamptz)", right, wrong)
    one, other, _ = two_worlds(database, owner, filled, 1)
    assert one != other

"""Private text is read in one place, and never without saying for whom."""

import ast
import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from bot.store.db import Store, open_pool
from tests.house.repo import modules
from tests.servers.postgres import SECRET, Database

WITHOUT_CONTENT = {"bot/store/backup.py", "bot/store/checkpoints.py", "bot/store/db.py", "bot/store/migrate.py"}
"""The store's machinery; the other modules of the store hand out rows."""

QUERY = re.compile(r"\b(?:from|join|into|update)\s+(?:nightdesk|public)\.\w+|\bselect\s+nightdesk\.")
CONTENT = """
select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'scope_id'
where c.relnamespace = 'nightdesk'::regnamespace and c.relkind = 'r' and c.relname <> 'member' order by 1
"""
COLUMNS = """
select a.attname, t.typname, t.typcategory from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = format('nightdesk.%%I', %s::text)::regclass and a.attnum > 0 and a.attnotnull and not a.atthasdef
  and a.attidentity = '' and not a.attisdropped
"""
SOMETHING = {"A": "{}", "B": "true", "D": "2026-11-24", "N": "1", "S": "something", "U": "{}"}
"""A value for each category of types."""

CHOSEN = {
    ("account", "security"): "tls",
    ("change_log", "op"): "added",
    ("choice", "verb"): "done",
    ("draft", "state"): "planned",
    ("feedback", "value"): "up",
    ("mailbox", "role"): "inbox",
    ("memory_relation", "relation"): "same",
    ("message", "medium"): "slack",
    ("spend", "state"): "reserved",
    ("task", "state"): "open",
}
"""Where a check wants one of a few words."""


def test_sql_stands_in_the_store_alone() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules("bot", "graphs")
        if not path.startswith("bot/store/")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, str) and QUERY.search(node.value))
        or (isinstance(node, ast.Attribute) and node.attr in {"execute", "executemany"})
    ]
    assert found == []


def test_whatever_hands_out_rows_takes_a_transaction_that_has_an_audience() -> None:
    loose = [
        f"{path}:{function.name}"
        for path, tree in modules("bot/store")
        if path not in WITHOUT_CONTENT
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and _runs_queries(function) and not _takes_transaction(function)
    ]
    assert loose == []


def _runs_queries(function: ast.FunctionDef) -> bool:
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    return any(
        isinstance(call.func, ast.Attribute) and call.func.attr in {"all", "one", "run", "many"} for call in calls
    )


def _takes_transaction(function: ast.FunctionDef) -> bool:
    """A `Tx`, or what begins one."""
    said = [ast.unparse(arg.annotation) for arg in function.args.args if arg.annotation is not None]
    return any(one in {"Tx", "Begin"} for one in said)


@pytest.fixture
def filled(database: Database) -> Iterator[tuple[Store, list[str], int, int]]:
    """A store with a row of one mailbox in every content table; the tables, the mailbox's owner, and somebody else."""
    with psycopg.connect(database.admin, autocommit=True, row_factory=dict_row) as admin:
        admin.execute("set session_replication_role = replica")  # rows that lean on nothing
        owner, other = (person(admin, name) for name in ("ada", "bob"))
        scope = one(
            admin,
            "insert into nightdesk.scope (key, kind, owner_id) values ('account:a', 'account', %s) returning id",
            owner,
        )
        tables = [row["relname"] for row in admin.execute(CONTENT)]
        for table in tables:
            fill(admin, table, scope)
    pool = open_pool(database.app, 2)
    yield Store(pool, SECRET), tables, owner, other
    pool.close()


def person(admin: psycopg.Connection[dict[str, object]], name: str) -> int:
    words = (
        "insert into nightdesk.person (key, slack_id, name, role) values (%(n)s, %(n)s, %(n)s, 'member') returning id"
    )
    return one(admin, words, {"n": name})


def one(admin: psycopg.Connection[dict[str, object]], words: str, values: object) -> int:
    row = admin.execute(words.encode(), values if isinstance(values, dict) else (values,)).fetchone()
    assert row is not None
    return int(str(row["id"]))


def fill(admin: psycopg.Connection[dict[str, object]], table: str, scope: int) -> None:
    row: dict[str, object] = {"scope_id": scope}
    for column in admin.execute(COLUMNS, (table,)).fetchall():
        name = str(column["attname"])
        row.setdefault(
            name,
            CHOSEN.get((table, name), "x" if column["typname"] == "bytea" else SOMETHING[str(column["typcategory"])]),
        )
    words = sql.SQL("insert into nightdesk.{} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join([sql.Placeholder()] * len(row)),
    )
    admin.execute(words, list(row.values()))


def test_a_transaction_without_an_audience_sees_no_content_and_one_with_the_owners_sees_all(
    filled: tuple[Store, list[str], int, int],
) -> None:
    store, tables, owner, other = filled
    assert len(tables) > 10
    with store.directory() as tx:
        assert _counts(tx.connection, tables) == dict.fromkeys(tables, 0)
    with store.as_person(other) as tx:
        assert _counts(tx.connection, tables) == dict.fromkeys(tables, 0)
    with store.as_person(owner) as tx:
        assert _counts(tx.connection, tables) == dict.fromkeys(tables, 1)


def _counts(connection: psycopg.Connection[dict[str, object]], tables: list[str]) -> dict[str, int]:
    count = sql.SQL("select count(*) as count from nightdesk.{}")
    return {
        table: int(str(connection.execute(count.format(sql.Identifier(table))).fetchall()[0]["count"]))
        for table in tables
    }

"""Every query stands in a file under a name, fits the schema, and is used."""

import ast
import re
from collections.abc import Iterator

import psycopg
import pytest

from bot.store.db import queries
from tests.house.repo import ROOT, modules
from tests.servers.postgres import Database

METHODS = {"all", "one", "run", "many"}
"""How a `Tx` runs a named query."""


def test_every_query_plans_against_the_schema_as_the_applications_role(database: Database) -> None:
    wrong = {}
    with psycopg.connect(database.app, autocommit=True) as connection:
        for name, text in queries().items():
            try:
                with connection.transaction(force_rollback=True):
                    _explain(connection, text)
            except psycopg.Error as error:
                wrong[name] = str(error)
    assert wrong == {}


def _explain(connection: psycopg.Connection[tuple[object, ...]], text: str) -> None:
    """Plans a query with every parameter null, which Postgres types by where it stands."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
    numbered = re.sub(r"%\((\w+)\)s", lambda hit: f"${names.index(hit[1]) + 1}", text).replace("%%", "%")
    connection.execute(f"prepare checked as {numbered}".encode())
    nulls = f"({', '.join(['null'] * len(names))})" if names else ""
    connection.execute(f"explain execute checked{nulls}".encode())
    connection.execute("deallocate checked")


def test_every_query_is_used_and_every_used_query_exists() -> None:
    used = {name for _, name in _used()}
    assert sorted(used - set(queries())) == []
    assert sorted(set(queries()) - used) == []


def _used() -> Iterator[tuple[str, str]]:
    """(place, query) of every `tx.all("query", …)`."""
    for path, tree in modules("bot"):
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
                continue
            for first in node.args[:1]:
                yield from ((f"{path}:{node.lineno}", name) for name in _texts(first))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_every_query_begins_with_a_sentence() -> None:
    assert [name for name, text in queries().items() if not re.match(r"-- [A-Z][^\n]+", text)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "bot/store/sql").glob("*.sql")), ids=lambda path: path.name)
def test_nothing_stands_outside_a_named_query(path: object) -> None:
    text = (ROOT / "bot/store/sql" / str(path)).read_text()
    assert re.match(r"-- \w+ --\n", text)


@pytest.mark.parametrize("path", sorted((ROOT / "bot/store/schema").glob("*.sql")), ids=lambda path: path.name)
def test_every_migration_begins_with_a_sentence(path: object) -> None:
    assert re.match(r"-- [A-Z].+\.\n", (ROOT / "bot/store/schema" / str(path)).read_text())

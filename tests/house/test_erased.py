"""Whoever adds a table says how a person is forgotten in it."""

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from bot.store.db import Store, open_pool
from tests.house.test_private_reads import CONTENT, fill, one, person
from tests.servers.postgres import SECRET, Database

OTHERWISE = {
    "person": "loses its name and all that was chosen",
    "scope": "a mailbox goes, a desk loses its name",
    "slack_event": "what nobody has handled yet is opened, and goes where it is theirs",
    "slack_cursor": "how far a channel was read",
    "secret": "a key",
    "silent": "a hash that says whose words are not kept",
    "workspace": "nobody's",
}
"""Tables whose rows belong to no scope and name no person; each with what becomes of it."""

NAMES_NOBODY = """
select c.relname from pg_class c
where c.relnamespace = 'nightdesk'::regnamespace and c.relkind in ('r', 'p')
  and not exists (select from pg_attribute where attrelid = c.oid and attname = 'scope_id' and not attisdropped)
  and not exists (select from pg_constraint where conrelid = c.oid and contype = 'f'
    and confrelid = 'nightdesk.person'::regclass and c.relname <> 'scope')
"""


def test_every_table_that_belongs_to_no_scope_and_names_no_person_is_thought_of(database: Database) -> None:
    with psycopg.connect(database.admin) as admin:
        assert {name for (name,) in admin.execute(NAMES_NOBODY)} == set(OTHERWISE)


def test_whatever_stands_in_a_persons_scopes_goes_with_them_and_what_stands_in_anothers_stays(
    database: Database,
) -> None:
    with psycopg.connect(database.admin, autocommit=True, row_factory=dict_row) as admin:
        admin.execute("set session_replication_role = replica")  # rows that lean on nothing
        ada, ben = (person(admin, name) for name in ("ada", "ben"))
        desks = {
            who: one(admin, f"insert into nightdesk.scope (key, kind, owner_id) values ('person:{who}', 'person', %s) returning id", who)
            for who in (ada, ben)
        }  # fmt: skip
        tables = [str(row["relname"]) for row in admin.execute(CONTENT)]
        for table in tables:
            fill(admin, table, desks[ada])
        for table in ("message", "task", "digest", "memory", "spend"):
            fill(admin, table, desks[ben])
        admin.execute("update nightdesk.learned_context set lines = '[]'")
        pool = open_pool(database.app, 1)
        with Store(pool, SECRET).as_person(ada) as tx:
            tx.all("erase", person=ada)
        pool.close()
        count = sql.SQL("select scope_id from nightdesk.{}")
        left = {
            table: [row["scope_id"] for row in admin.execute(count.format(sql.Identifier(table)))] for table in tables
        }
    assert {table: ids for table, ids in left.items() if desks[ada] in ids} == {}
    assert sum(ids == [desks[ben]] for ids in left.values()) == 5

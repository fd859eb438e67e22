"""When the sandbox is at rest: what is still to come, and what merely stands in the queue."""

import psycopg

from bot.store import queue
from tests.servers.living import US, Living, living
from tests.servers.postgres import Database

TRIED_AGAIN = """
    insert into procrastinate_jobs (queue_name, task_name, status, attempts, scheduled_at, args)
    select 'live', 'deliver', 'todo', 1, now() + interval '2 minutes', jsonb_build_object('scope', scope_id, 'key', key)
    from nightdesk.outbox"""


def left(desk: Living) -> int:
    with desk.desk.store.directory() as tx:
        return queue.left(tx, desk.desk.now())


def test_a_delivery_that_met_its_message_being_said_is_waited_for_until_that_stands(database: Database) -> None:
    with living(database) as desk, psycopg.connect(database.admin, autocommit=True) as admin:
        desk.ask("ada", "general", f"{US} when does the blue valve ship?")
        admin.execute("delete from procrastinate_jobs")
        assert admin.execute(TRIED_AGAIN).rowcount == 1 and left(desk) == 0
        admin.execute("update nightdesk.outbox set state = 'sending', begun_at = now()")
        assert left(desk) == 1

"""A desk beside the sandbox's Slack: hears it directly or over a socket, and brings in what it heard."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bot import receive, workspace
from bot.desk import Desk
from bot.embedded.slack import BOT_TOKEN, Sandbox
from bot.embedded.slack_values import Json
from bot.slack.client import Slack
from bot.store import inbox
from tests.servers.company import desk_over
from tests.servers.model import ModelServer
from tests.servers.postgres import Database


@contextmanager
def desk_beside(database: Database, slack: Sandbox, model: ModelServer | None = None, **environ: str) -> Iterator[Desk]:
    """A desk that knows who it is in this workspace, and goes by its clock."""
    with desk_over(database, model, 20.0, **environ) as desk:
        beside = replace(
            desk,
            slack=Slack(BOT_TOKEN, slack.base_url),
            now=lambda: datetime.fromtimestamp(slack.company.clock(), UTC),
        )
        workspace.connect(beside)
        yield beside


@contextmanager
def hearing(desk: Desk, slack: Sandbox) -> Iterator[list[Json]]:
    """Everything that Slack tells is accepted at once, without a socket; what was told is kept."""
    told: list[Json] = []

    def hear(body: Json) -> None:
        told.append(body)
        receive.accept(desk, json.loads(json.dumps(body)))

    slack.company.on_event.append(hear)
    try:
        yield told
    finally:
        slack.company.on_event.remove(hear)


def bring_in(desk: Desk) -> None:
    """What the jobs do: everything that waits is brought into the store."""
    with desk.store.directory() as tx:
        channels = inbox.channels(tx)
    for channel in channels:
        receive.ingest(desk, channel)


def rows(database: Database, query: str, **values: Any) -> list[dict[str, Any]]:
    """What stands in the database, as its superuser sees it."""
    with psycopg.connect(database.admin, row_factory=dict_row) as connection:
        return connection.execute(query.encode(), values).fetchall()


def texts(database: Database, channel: str) -> list[str]:
    """What is stored of a channel, oldest first."""
    query = """select m.text from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
        where s.key = 'channel:' || %(channel)s and m.deleted_at is null order by m.sent_at, m.id"""
    return [row["text"] for row in rows(database, query, channel=channel)]


def jobs(database: Database, task: str) -> list[dict[str, Any]]:
    """Arguments of the jobs of a task that wait, oldest first."""
    query = "select args from procrastinate_jobs where task_name = %(task)s and status = 'todo' order by id"
    return [row["args"] for row in rows(database, query, task=task)]

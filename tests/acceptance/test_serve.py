"""The desk as real processes on the sandbox's Slack: up, answering, paused, and down in order."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot import app, serve, settings
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, running
from bot.embedded.slack_workspace import BOT
from bot.slack.limits import problems
from graphs.errors import NeedsPerson
from tests.servers.company import Nightdesk, home_in_use, new_home, reaching, small
from tests.servers.postgres import Database
from tests.servers.slack import small_company, until

PATIENCE = 60.0
US = f"<@{BOT.id}>"


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    with running(small_company(), check=problems) as sandbox:
        yield sandbox


def on_slack(sandbox: Sandbox) -> dict[str, str]:
    return {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_BASE_URL": sandbox.base_url}


@contextmanager
def started(command: Nightdesk, *words: str) -> Iterator["subprocess.Popen[str]"]:
    process = command.start(*words)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def replies(sandbox: Sandbox, ts: str) -> list[str]:
    return [one["text"] for one in sandbox.thread("general", ts) if one.get("user") == BOT.id]


def said_by_us(sandbox: Sandbox) -> int:
    return len([one for one in sandbox.log if one.method.startswith("chat.")])


def is_put_off(home: Path, task: str) -> bool:
    with app.database(settings.load(home, {}), home) as database, psycopg.connect(database.dsn) as connection:
        query = "select from procrastinate_jobs where task_name = %s and status = 'todo' and scheduled_at > now()"
        return bool(connection.execute(query, (task,)).fetchall())


def test_serve_answers_holds_still_while_paused_goes_on_when_resumed_and_ends_in_order(slack: Sandbox) -> None:
    with new_home() as home:
        desk = Nightdesk(home, on_slack(slack))
        with started(desk, "serve") as process:
            until(lambda: slack.connections, PATIENCE)
            slack.say("ben", "general", "We decided to ship the blue valve on 7 December.")
            first = slack.say("ada", "general", f"{US} when does the blue valve ship?")
            until(lambda: replies(slack, first), PATIENCE)
            paused = desk.run("pause")
            assert (paused.code, paused.out) == (
                0,
                "Nightdesk is paused: it posts nothing, drafts nothing and begins no night.\n",
            )
            second = slack.say("ada", "general", f"{US} and when does the blue valve ship again?")
            posts = said_by_us(slack)
            until(lambda: is_put_off(home, "answer"), PATIENCE)
            assert replies(slack, second) == [] and said_by_us(slack) == posts
            resumed = desk.run("resume")
            assert (resumed.code, resumed.out) == (0, "Nightdesk goes on.\n")
            until(lambda: replies(slack, second), PATIENCE)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (0, "")
        said = [line for line in err.splitlines() if line.startswith("Nightdesk")]
        assert said == ["Nightdesk is up: it listens, keeps the clock and works.", "Nightdesk is down."]
        assert not (home / "postgres" / "data" / "postmaster.pid").exists() and len(replies(slack, first)) == 1


def test_without_tokens_or_with_wrong_ones_serve_says_what_to_set(slack: Sandbox, laid: Path) -> None:
    with new_home(laid) as home:
        with pytest.raises(NeedsPerson, match="set SLACK_BOT_TOKEN"):
            serve.run(settings.load(home, {}), home, worker=True)
        with pytest.raises(NeedsPerson, match="set SLACK_SIGNING_SECRET"):
            serve.run(settings.load(home, on_slack(slack)), home, worker=True, http="127.0.0.1:0")
        ended = Nightdesk(home, {**on_slack(slack), "SLACK_BOT_TOKEN": "xoxb-wrong"}).run("serve")
        assert ended.code == 2 and "token" in ended.err and "xoxb-wrong" not in ended.err


def test_pausing_says_what_it_did_and_whom_it_does_not_know(laid: Path, tmp_path: Path) -> None:
    with home_in_use(laid) as home:
        desk = Nightdesk(home)
        nothing = desk.run("pause")
        assert (nothing.code, "nothing to pause" in nothing.err) == (2, True)
        desk.run("import", *small(tmp_path).options())
        assert desk.run("pause", "--person", "nobody@tulip.example").code == 2
        assert "Ada gets no nights" in desk.run("pause", "--person", "ada@tulip.example").out
        assert "Ada gets nights again" in desk.run("resume", "--person", "U1").out
        assert desk.run("resume").out == "Nightdesk was not paused.\n"


def test_when_the_process_that_leads_is_killed_another_leads_within_seconds(
    slack: Sandbox, database: Database, tmp_path: Path
) -> None:
    desk = Nightdesk(tmp_path, {**on_slack(slack), **reaching(database, tmp_path)})
    with started(desk, "serve", "--no-worker") as first:
        until(lambda: leaders(database), PATIENCE)
        [before] = leaders(database)
        with started(desk, "serve", "--no-worker"):
            until(lambda: slack.connections == 2, PATIENCE)
            assert leaders(database) == [before]
            first.kill()
            until(lambda: leaders(database) not in ([], [before]), PATIENCE)
            dumb = Nightdesk(tmp_path, reaching(database, tmp_path)).run("worker")
            assert (dumb.code, "need SLACK_BOT_TOKEN" in dumb.err) == (2, True)


def leaders(database: Database) -> list[int]:
    held = (
        "select pid from pg_locks join pg_database on oid = database"
        " where locktype = 'advisory' and granted and datname = %s and objsubid = 1"
    )
    with psycopg.connect(database.admin, autocommit=True) as connection:
        return [pid for (pid,) in connection.execute(held, (database.name,))]

"""Over a real socket and over HTTP: what Slack says is acknowledged when it is kept, whatever happens to the line."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest

from bot import backfill, receive
from bot.desk import Desk
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox
from bot.embedded.slack_delivery import signature
from bot.embedded.slack_values import Json
from bot.embedded.slack_workspace import BOT
from bot.slack import http, socket
from bot.slack.events import Sort
from graphs.errors import Later
from tests.servers.postgres import Database
from tests.servers.receiver import bring_in, desk_beside, jobs, rows, texts
from tests.servers.slack import BEGIN, Clock, until

GENERAL = "C0GENERAL"
QUICK = socket.Pace(tick=0.02, ping=0.1, patience=1.0, dead=0.5, look=0.2, longest=0.1)
SECRET = "a signing secret"


@pytest.fixture
def desk(database: Database, slack: Sandbox) -> Iterator[Desk]:
    with desk_beside(database, slack) as made:
        backfill.workspace(made)
        yield made


@dataclass
class Line:
    """What the island called."""

    connected: int = 0
    accepted: list[Json] = field(default_factory=list)
    refuse: Callable[[Json], bool] = lambda body: False


@contextmanager
def listening(desk: Desk, slack: Sandbox) -> Iterator[Line]:
    """The receiver as `serve` runs it, in haste; it has as long to acknowledge as Slack gives, however busy the machine is."""
    line, stop = Line(), threading.Event()
    slack.patience(3.0, (0.0, 0.05, 0.1))

    def accept(body: Json, sort: Sort) -> None:
        if line.refuse(body):
            raise Later("The database did not answer in time.")
        receive.accept(desk, body, sort)
        line.accepted.append(body)

    def connected() -> None:
        receive.catch_up(desk)
        line.connected += 1

    ears = socket.Ears(accept, connected, lambda: backfill.is_deaf(desk, grace=0.0))
    link = socket.Link(APP_TOKEN, BOT_TOKEN, slack.base_url)
    thread = threading.Thread(target=socket.listen, args=(link, ears, stop, QUICK), daemon=True)
    thread.start()
    try:
        until(lambda: line.connected)
        yield line
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


# --- over the socket ------------------------------------------------------------------------------


def test_every_kind_of_envelope_is_kept_and_acknowledged(desk: Desk, slack: Sandbox, database: Database) -> None:
    with listening(desk, slack):
        ts = slack.say("ada", "general", f"<@{BOT.id}> hello")
        slack.react("ada", "general", ts, "eyes")
        slack.open_home("ada")
        slack.command("ada", "general", "/nightdesk", "status")
        assert slack.settle()
    assert not slack.lost
    kinds = {row["kind"] for row in rows(database, "select kind from nightdesk.slack_event")}
    assert {"message", "app_mention", "reaction_added", "command", "app_home_opened"} <= kinds
    assert jobs(database, "answer") == [{"channel": GENERAL, "ts": ts}]
    assert len(jobs(database, "press")) == 1


def test_what_could_not_be_committed_is_not_acknowledged_and_comes_again(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with listening(desk, slack) as line:
        line.refuse = lambda body: len(refused) < 2 and not refused.append(body)  # type: ignore[func-returns-value]
        refused: list[Json] = []
        slack.patience(0.5, (0.0,) * 12)
        slack.say("ada", "general", "said while the database was away")
        assert slack.settle()
    assert [one.attempt >= 2 for one in slack.delivered] == [True]
    bring_in(desk)
    assert texts(database, GENERAL) == ["said while the database was away"]


def test_a_database_that_refuses_connections_costs_no_event(desk: Desk, slack: Sandbox, database: Database) -> None:
    with (
        listening(desk, slack),
        psycopg.connect(database.admin.replace(database.name, "postgres"), autocommit=True) as admin,
    ):
        slack.patience(1.0, (0.2,) * 8)
        admin.execute(f'alter database "{database.name}" allow_connections false')
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database.name,))
        slack.say("ada", "general", "said without a database")
        until(lambda: slack.delivery.sent >= 1)
        assert not slack.delivered
        admin.execute(f'alter database "{database.name}" allow_connections true')
        assert slack.settle()
    assert len(slack.delivered) == 1 and not slack.lost
    bring_in(desk)
    assert texts(database, GENERAL) == ["said without a database"]


def test_duplicates_and_disorder_change_nothing(desk: Desk, slack: Sandbox, database: Database) -> None:
    with listening(desk, slack):
        slack.duplicate_events(3)
        slack.hold_events()
        first = slack.say("ada", "general", "one")
        for word in ("two", "three", "four"):
            slack.say("ben", "general", word, thread_ts=first)
        slack.edit("ada", "general", first, "first")
        slack.release_events("shuffled")
        assert slack.settle()
    bring_in(desk)
    assert texts(database, GENERAL) == ["first", "two", "three", "four"]


def test_a_refresh_and_a_cut_line_and_a_dead_ticket_are_survived_and_history_is_read_after_each(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with listening(desk, slack) as line:
        faults: list[Callable[[], None]] = [
            slack.refresh, slack.cut_sockets, lambda: _dead_ticket(slack), lambda: _hanging(slack),
        ]  # fmt: skip
        for number, fault in enumerate(faults):
            before = line.connected
            fault()
            until(lambda before=before: line.connected > before, 20)  # type: ignore[misc]
            slack.say("ada", "general", f"after fault {number}")
        assert slack.settle()
    assert not slack.lost
    bring_in(desk)
    assert texts(database, GENERAL) == [f"after fault {number}" for number in range(4)]
    assert {one["channel"] for one in jobs(database, "backfill")} >= {GENERAL}


def _dead_ticket(slack: Sandbox) -> None:
    slack.kill_tickets(2)
    slack.cut_sockets()


def _hanging(slack: Sandbox) -> None:
    slack.kill_tickets(1, hang=True)
    slack.cut_sockets()


def test_a_deaf_socket_is_noticed_and_what_it_did_not_tell_is_read(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    with listening(desk, slack) as line:
        before = line.connected
        slack.deafen()
        slack.say("ada", "general", "nobody told")
        slack_clock.tick(60)
        until(lambda: line.connected > before, 20)
        slack.hear()
    assert {"channel": GENERAL} in jobs(database, "backfill")
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == ["nobody told"]


def test_after_an_outage_without_replay_nothing_is_missing(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    with listening(desk, slack) as line:
        slack.say("ada", "general", "before")
        assert slack.settle()
        before = line.connected
        slack.outage()
        slack.say("ada", "general", "during")
        slack_clock.tick(60)
        slack.recover()
        until(lambda: line.connected > before, 20)
        slack.say("ada", "general", "after")
        slack.settle()
    bring_in(desk)
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == ["before", "during", "after"]


def test_a_server_that_restarts_is_found_again(desk: Desk, slack: Sandbox, database: Database) -> None:
    with listening(desk, slack) as line:
        before = line.connected
        slack.stop()
        slack.start()
        until(lambda: line.connected > before, 20)
        slack.say("ada", "general", "back again")
        assert slack.settle()
    bring_in(desk)
    assert texts(database, GENERAL) == ["back again"]


def test_a_revoked_token_makes_no_storm_of_calls(desk: Desk, slack: Sandbox, database: Database) -> None:
    with listening(desk, slack):
        slack.revoke_token()
        slack.settle()
        until(lambda: rows(database, "select problem from nightdesk.workspace")[0]["problem"])
        with pytest.raises(Later):
            backfill.channel(desk, GENERAL)
        with pytest.raises(Later):
            backfill.workspace(desk)
    assert not slack.calls("conversations.history")


# --- over HTTP ------------------------------------------------------------------------------------


def _signed(body: bytes, now: float = BEGIN, kind: str = "application/json") -> dict[str, str]:
    stamp = str(int(now))
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(SECRET, stamp, body),
    }


def _post(desk: Desk, headers: dict[str, str], body: bytes, now: float = BEGIN, secret: str = SECRET) -> http.Reply:
    return http.hear(secret, headers, body, lambda said, sort: receive.accept(desk, said, sort), now)


def _event(slack: Sandbox) -> bytes:
    told: list[Json] = []
    slack.company.on_event.append(told.append)
    slack.say("ada", "general", "by post")
    slack.company.on_event.remove(told.append)
    return json.dumps(told[0]).encode()


def test_what_slack_signed_is_kept_once_however_often_it_is_posted(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    body = _event(slack)
    for late in (0, 1, 299):
        assert _post(desk, _signed(body), body, BEGIN + late).status == 200
    bring_in(desk)
    assert texts(database, GENERAL) == ["by post"]
    assert len(rows(database, "select id from nightdesk.slack_event")) == 1


def test_what_is_unsigned_stale_forged_or_huge_is_refused(desk: Desk, slack: Sandbox, database: Database) -> None:
    body = _event(slack)
    good = _signed(body)
    for headers, sent, now in (
        ({}, body, BEGIN),
        (good | {"X-Slack-Signature": "v0=" + "0" * 64}, body, BEGIN),
        (good | {"X-Slack-Signature": "é"}, body, BEGIN),
        (good | {"X-Slack-Request-Timestamp": "soon"}, body, BEGIN),
        (good | {"X-Slack-Request-Timestamp": str(int(BEGIN) + 1)}, body, BEGIN),
        (good, body + b" ", BEGIN),
        (good, body, BEGIN + 301),  # replayed
        (good, body, BEGIN - 301),
        (good, b"\xff\xfe", BEGIN),
    ):
        assert _post(desk, headers, sent, now).status == 401
    assert _post(desk, good, body, secret="").status == 401
    huge = b"x" * 1_000_001
    assert _post(desk, _signed(huge), huge).status == 413
    broken = b"[" * 100_000
    assert _post(desk, _signed(broken), broken).status == 400
    assert rows(database, "select id from nightdesk.slack_event") == []


def test_the_address_is_verified_and_a_press_and_a_command_are_kept(desk: Desk, database: Database) -> None:
    hello = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert _post(desk, _signed(hello), hello) == http.Reply(200, "abc")
    from urllib.parse import urlencode

    form = "application/x-www-form-urlencoded"
    press = {"type": "block_actions", "team": {"id": "T0NIGHT"}, "user": {"id": "U0ADA"}, "trigger_id": "1.2.3"}
    for fields in (
        {"payload": json.dumps(press)},
        {"command": "/nightdesk", "team_id": "T0NIGHT", "trigger_id": "4.5.6"},
    ):
        body = urlencode(fields).encode()
        assert _post(desk, _signed(body, kind=form), body).status == 200
    kinds = [row["kind"] for row in rows(database, "select kind from nightdesk.slack_event order by id")]
    assert kinds == ["block_actions", "command"]


def test_what_could_not_be_committed_is_asked_for_again(desk: Desk, slack: Sandbox) -> None:
    body = _event(slack)

    def fails(said: Json, sort: Sort) -> None:
        raise Later("The database did not answer in time.")

    assert http.hear(SECRET, _signed(body), body, fails, BEGIN).status == 503

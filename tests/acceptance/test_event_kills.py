"""Who hears Slack and who brings in what was heard are killed at random, and Slack says nothing twice: nothing is lost.

Events come in any order and some of them several times; what nobody heard is told by history alone.
"""

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest

from bot import backfill
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, running
from bot.slack.limits import problems
from tests.servers.company import Nightdesk, reaching
from tests.servers.postgres import Database
from tests.servers.receiver import bring_in, desk_beside, hearing, rows
from tests.servers.slack import small_company, until

SEED = 20261124
PATIENCE = 60.0
ACK = 3.0
CHANNELS = ("general", "plans")
ROLES = {"receiver": ("serve", "--no-worker"), "worker": ("worker",)}
WAITING = """
select (select count(*) from nightdesk.slack_event where handled_at is null)
  + (select count(*) from procrastinate_jobs where status in ('todo', 'doing')
    and task_name in ('ingest', 'backfill', 'directory', 'look_up')) as count
"""
THREADS = """
select count(distinct thread) as count from nightdesk.message where key <> thread and medium = 'slack'
"""
STORED = """
select substr(s.key, 9) as channel, m.key, m.text, m.thread from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id
where s.kind = 'channel' and m.deleted_at is null
"""


@dataclass(frozen=True)
class Said:
    user: str
    channel: str
    ts: str
    root: str


@dataclass
class Talk:
    """People who talk at random: they say and answer, change their words and take them back."""

    slack: Sandbox
    rest: random.Random
    said: list[Said] = field(default_factory=list)
    events: int = 0

    def act(self) -> None:
        self.events += 1
        match self.rest.choices(("say", "reply", "edit", "delete"), (60, 20, 13, 7))[0]:
            case "reply" if self.said:
                root = self.rest.choice(self.said[-50:])
                if self._stands(root.channel, root.root):
                    return self._say(root.channel, root.root)
                self._say(root.channel)
            case "edit" if found := [one for one in self.said[-200:] if self._stands(one.channel, one.ts)]:
                one = self.rest.choice(found)
                self.slack.edit(one.user, one.channel, one.ts, f"change {self.events}")
            case "delete" if self.said:
                one = self.said.pop(self.rest.randrange(max(0, len(self.said) - 200), len(self.said)))
                self.slack.delete(one.user, one.channel, one.ts)
            case _:
                self._say(self.rest.choice(CHANNELS))

    def _say(self, channel: str, root: str = "") -> None:
        user = self.rest.choice(("ada", "ben"))
        ts = self.slack.say(user, channel, f"word {self.events}", thread_ts=root or None)
        self.said.append(Said(user, channel, ts, root or ts))

    def _stands(self, channel: str, ts: str) -> bool:
        return any((one.channel, one.ts) == (channel, ts) for one in self.said)


@dataclass
class Town:
    """The processes, and what is done to them."""

    slack: Sandbox
    database: Database
    command: Nightdesk
    talk: Talk
    rest: random.Random
    living: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    def begin(self, role: str) -> None:
        self.living[role] = self.command.start(*ROLES[role])
        if role == "receiver":
            until(lambda: self.slack.connections, PATIENCE)

    def kill(self, role: str) -> None:
        process = self.living.pop(role)
        assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
        self.kills[role] += 1

    def replace(self, role: str) -> None:
        """One dies while others talk; nobody waits until the dead are noticed, that is not under test."""
        threading.Event().wait(self.rest.uniform(0.0, 0.3))
        self.kill(role)
        with psycopg.connect(self.database.admin, autocommit=True) as admin:
            admin.execute("update procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 hour'")
        for _ in range(self.rest.randint(0, 40)):
            self.talk.act()
        self.begin(role)

    def burst(self, most: int) -> None:
        """Some events, often in disorder and more than once."""
        self.slack.duplicate_events(self.rest.choice((1, 1, 2, 3)))
        disorder = self.rest.random() < 0.5
        if disorder:
            self.slack.hold_events()
        for _ in range(self.rest.randint(1, most)):
            self.talk.act()
        if disorder:
            self.slack.release_events("shuffled")

    def storm(self, events: int, kills: int) -> None:
        moments = sorted(self.rest.sample(range(events), kills))
        victims = [list(ROLES)[number % len(ROLES)] for number in range(kills)]
        self.rest.shuffle(victims)
        while self.talk.events < events or moments:
            self.burst(40)
            if moments and moments[0] < self.talk.events:
                moments.pop(0)
                self.replace(victims.pop())
            else:
                assert self.slack.settle(4 * ACK)

    def calm(self) -> None:
        """Until nothing waits any more."""
        assert self.slack.settle(4 * ACK)
        until(lambda: rows(self.database, WAITING)[0]["count"] == 0, PATIENCE)

    def look_back(self) -> None:
        """The passes of some days, until every thread had its turn: only there an edited reply shows whose event was lost.

        One more than they need, because the first may be the end of a pass that the worker has under way.
        """
        days = 2 + rows(self.database, THREADS)[0]["count"] // backfill.MOST_THREADS_DAILY
        with self.slack.company.lock:
            rooms = [self.slack.company.room(channel).channel.id for channel in CHANNELS]
        with desk_beside(self.database, self.slack) as desk:
            begun = desk.now()
            for day in range(1, days + 1):
                later = replace(desk, now=partial(begun.__add__, timedelta(days=day)))
                for room in rooms:
                    backfill.channel(later, room)


@contextmanager
def town(database: Database, folder: Path, seed: int) -> Iterator[Town]:
    with running(small_company(), check=problems) as slack:
        slack.patience(ACK, ())  # what is not acknowledged is never said again
        tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_API_BASE_URL": slack.base_url}
        command = Nightdesk(folder, {**tokens, **reaching(database, folder)})
        rest = random.Random(seed)
        made = Town(slack, database, command, Talk(slack, rest), rest)
        try:
            yield made
        finally:
            for process in made.living.values():
                process.kill()
                process.communicate()


def shown(slack: Sandbox) -> dict[tuple[str, str], tuple[str, str]]:
    """What Slack shows: words and thread of every message."""
    with slack.company.lock:
        rooms = [slack.company.room(channel) for channel in CHANNELS]
        return {
            (room.channel.id, ts): (one["text"], one.get("thread_ts", ts))
            for room in rooms
            for ts, one in room.posts.items()
            if one.get("subtype") != "tombstone"
        }


def check(slack: Sandbox, database: Database) -> None:
    found = rows(database, STORED)
    stored = {(row["channel"], row["key"]): (row["text"], row["thread"]) for row in found}
    wanted = shown(slack)
    doubled = [words for words, count in Counter(row["text"] for row in found).items() if count > 1]
    assert len(stored) == len(found) and doubled == [], "doubled"
    assert wanted.keys() - stored.keys() == set(), "lost"
    assert stored.keys() - wanted.keys() == set(), "taken back and still there"
    assert {at: (words, stored[at]) for at, words in wanted.items() if stored[at] != words} == {}, "stale"
    assert rows(database, "select key, problem from nightdesk.slack_event where problem <> ''") == []
    assert rows(database, "select task_name, args from procrastinate_jobs where status = 'failed'") == []


def killed_while_hearing(made: Town, events: int, kills: int) -> None:
    begun = time.monotonic()
    for role in ROLES:
        made.begin(role)
    made.storm(events, kills)
    made.calm()
    made.look_back()
    check(made.slack, made.database)
    sent, lost = made.slack.delivery.sent, len(made.slack.lost)
    said = f"{made.talk.events} events ({sent} envelopes sent, {lost} lost), {len(shown(made.slack))} messages stand"
    print(f"seed {SEED}: {said}; {dict(made.kills)} killed, {time.monotonic() - begun:.0f} s")  # noqa: T201 -- to have it again


def test_nothing_is_lost_or_doubled_when_receiver_and_worker_are_killed(database: Database, tmp_path: Path) -> None:
    with town(database, tmp_path, SEED) as made:
        killed_while_hearing(made, events=300, kills=2)


@pytest.mark.night
@pytest.mark.timeout(1800)
def test_10000_events_and_20_kills_lose_and_double_nothing(database: Database, tmp_path: Path) -> None:
    with town(database, tmp_path, SEED) as made:
        killed_while_hearing(made, events=10_000, kills=20)


def test_the_check_sees_what_is_lost_stale_or_still_there(database: Database) -> None:
    """The seeded defects: what nobody heard."""
    with running(small_company(), check=problems) as slack, desk_beside(database, slack) as desk:
        backfill.workspace(desk)
        with hearing(desk, slack):
            first, second = (slack.say("ada", "general", words) for words in ("one", "two"))
        bring_in(desk)
        check(slack, database)
        slack.edit("ada", "general", first, "three")
        with pytest.raises(AssertionError, match="stale"):
            check(slack, database)
        slack.delete("ada", "general", second)
        with pytest.raises(AssertionError, match="still there"):
            check(slack, database)
        slack.say("ada", "general", "four")
        with pytest.raises(AssertionError, match="lost"):
            check(slack, database)

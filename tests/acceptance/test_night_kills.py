"""A whole night of one person, killed before every call to the network: nothing lost, nothing doubled, the same morning.

Slack's simulator, Dovecot, Postgres, a model by rules; what the leader enqueues, and the jobs. The worker runs under strace.
"""

import contextlib
import json
import os
import random
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import backfill, workspace
from bot.embedded.postgres import ADMIN, Server
from bot.embedded.postgres import running as running_postgres
from bot.embedded.slack import BOT_TOKEN, Sandbox, running
from bot.slack.client import Slack
from bot.slack.limits import problems
from bot.store import accounts, people
from bot.store.migrate import migrate
from bot.thinking import WIDTH
from graphs.domain import Preferences
from tests.servers.commits import Fate, commits_on
from tests.servers.company import desk_over, dump, helpful, keys, mail
from tests.servers.dovecot import MAILDIR, PASSWORD, Dovecot, Profile
from tests.servers.model import FaultKind, ModelServer, model_serving
from tests.servers.nightshift import (
    CALLS,
    KILLED,
    SENDS,
    Death,
    Order,
    Shifts,
    calls_of,
    changing,
    need_strace,
    sends_of,
    shifts,
)
from tests.servers.postgres import APP_ROLE, SECRET, Database, new_database
from tests.servers.slack import Clock, small_company, until

ADA = "ada@night.example"
EVENING = datetime(2026, 11, 23, 18, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 1, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 8, tzinfo=UTC)
SEED = 20261124
PARTS = 32
COMPARED = ("change_log", "digest", "draft", "memory", "message", "night", "outbox", "posting", "task", "turn")
PASSING = frozenset(
    {"uidvalidity", "uidnext", "uid", "attempts", "appended_at", "stands", "wanted_at", "memory.key", "outbox.hash"}
)
"""How it came about: places in the mailbox, tries, moments of the machine's clock, and what is made of row ids or of prices."""


def what_was_mailed() -> list[bytes]:
    """Two mails that deserve an answer, and one that does not."""
    return [
        mail(
            "Wade <wade@kestrel.example>", f"Ada <{ADA}>", "Blue valve",
            "Hi Ada,\n\ncan you tell me when the blue valve ships, and to which dock?\n\nThanks\nWade\n",
            EVENING - timedelta(hours=3),
        ),
        mail(
            "Ines <ines@harbour.example>", f"Ada <{ADA}>", "Dock 4",
            "Hello Ada,\n\ncould you send me the packing list by Wednesday?\n\nInes\n",
            EVENING - timedelta(hours=2),
        ),
        mail(
            "News <news@garden.example>", ADA, "Garden weekly", "All about gardens.\n", EVENING - timedelta(hours=1),
            List_Unsubscribe="<https://x.example/u>",
        ),
    ]  # fmt: skip


@contextmanager
def slack_of_the_evening() -> Iterator[Sandbox]:
    """The small company as it went home; its clock stands at the hour of waking."""
    clock = Clock(EVENING.timestamp())
    with running(small_company(), clock, check=problems) as sandbox:
        sandbox.say("ben", "general", "We decided to ship the blue valve on 7 December.")
        clock.tick(60)
        asked = sandbox.say("ben", "general", "<@U0ADA> can you review the label text by Wednesday?")
        clock.tick(60)
        sandbox.say("cleo", "general", "I have the old label here.", thread_ts=asked)
        sandbox.say("ben", "plans", "Ada, could you call the printer about the crimson boxes today?")
        clock.now = MORNING.timestamp()
        yield sandbox


@dataclass
class Town:
    """Everything around the worker."""

    postgres: Server
    dovecot: Dovecot
    model: ModelServer
    shifts: Shifts
    evening: str  # the database as everybody went home
    folder: Path

    @contextmanager
    def night(self) -> Iterator["Night"]:
        """The same evening again."""
        self.model.requests.clear()
        over = self.folder / "over"
        over.write_text("0")
        forget_drafts(self.dovecot)
        with new_database(self.postgres, self.evening) as database, slack_of_the_evening() as slack:
            order = Order(
                "night", database.app, slack.base_url, self.model.base_url, (NIGHT.timestamp(), MORNING.timestamp()), str(over)
            )  # fmt: skip
            yield Night(self, database, slack, order)

    def undisturbed(self) -> "Undisturbed":
        log = self.folder / "calls"
        with self.night() as night:
            assert night.work(Death(0, CALLS, str(log))) == 0
            left = night.left()
        calls = calls_of(log.read_text())
        sends = sends_of(calls)
        return Undisturbed(left, {CALLS: len(calls), SENDS: len(sends)}, changing(sends))

    def killed(self, *deaths: Death) -> "Left":
        """What is there in the morning after a night in which workers died like that, each taking over from the one before."""
        with self.night() as night:
            died = len(list(takewhile(lambda death: night.work(death) == KILLED, deaths)))
            assert night.work(None) == 0
            return replace(night.left(), deaths=died)


@dataclass(frozen=True)
class Left:
    """What a night left behind."""

    drafts: list[str]  # whole mails
    said: dict[str, list[dict[str, Any]]]  # thread -> messages of ours, by channel
    rows: dict[str, list[str]]
    jobs: list[str]  # that are not done
    requests: int
    deaths: int = 0


@dataclass
class Night:
    town: Town
    database: Database
    slack: Sandbox
    order: Order

    def work(self, death: Death | None) -> int:
        """One worker. Those before it are dead; nobody waits until that is known, nor until something is tried again."""
        with psycopg.connect(self.database.admin, autocommit=True) as admin:
            admin.execute("update procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 hour'")
            admin.execute("update procrastinate_jobs set scheduled_at = null where status = 'todo'")
        return self.town.shifts.do(replace(self.order, death=death))

    def until_it_is_over(self) -> int:
        """One worker after another, as whoever supervises them would; how many it took beside the last."""
        for ends in range(60):
            if self.work(None) == 0:
                return ends
        raise AssertionError("the night does not end")

    def is_put_off(self) -> bool:
        with psycopg.connect(self.database.admin) as admin:
            row = admin.execute("select count(*) from procrastinate_jobs where scheduled_at is not null").fetchone()
        return row is not None and row[0] > 0

    def left(self) -> Left:
        with psycopg.connect(self.database.admin) as admin:
            jobs = [f"{name} {args}" for name, args in admin.execute("select task_name, args from procrastinate_jobs")]
        return Left(
            drafts=sorted(one.as_string() for one in drafts_of(self.town.dovecot)),
            said=said(self.slack),
            rows=rows(self.database),
            jobs=jobs,
            requests=len(self.town.model.requests),
        )


PRICES = re.compile(r'\\nCost: [^\\"]*|""(?:cost|by_step)"": (?:""[^"]*""|\[[^\]]*\])')
"""In the footer of a card, and of a digest's row. What was under way is paid again, and there it is told."""


def rows(database: Database) -> dict[str, list[str]]:
    found = dump(database, without=PASSING)
    return {name: [PRICES.sub("", row) for row in found[name]] for name in COMPARED}


def drafts_of(dovecot: Dovecot) -> list[Any]:
    found = dovecot.mails(ADA, "Drafts")
    for one in found:
        del one["X-Uid"]
    return found


def forget_drafts(dovecot: Dovecot) -> None:
    if uids := [int(one["X-Uid"]) for one in dovecot.mails(ADA, "Drafts")]:
        dovecot.remove(ADA, "Drafts", uids)


def said(slack: Sandbox) -> dict[str, list[dict[str, Any]]]:
    dm = slack.dm("ada")
    return {one["ts"]: [shown(part) for part in slack.thread(dm, one["ts"])] for one in slack.messages(dm)}


def shown(message: dict[str, Any]) -> dict[str, Any]:
    """What a reader sees but the price. Slack numbers the blocks of each post anew."""
    free = json.loads(PRICES.sub("", json.dumps(message.get("blocks", []))))
    blocks = [{name: held for name, held in block.items() if name != "block_id"} for block in free]
    return {"text": message["text"], "blocks": blocks, "edited": message.get("edited")}


def receive_mail(dovecot: Dovecot) -> None:
    with dovecot.client(ADA) as program:
        for one in what_was_mailed():
            program.append("INBOX", one.replace(b"\n", b"\r\n"), msg_time=EVENING)


def prepare(database: Database, dovecot: Dovecot) -> None:
    """Ada's mailbox is connected, her drafts go into it, and who there is in Slack is known."""
    with desk_over(database) as made, slack_of_the_evening() as slack:
        desk = replace(made, slack=Slack(BOT_TOKEN, slack.base_url), now=lambda: EVENING)
        workspace.connect(desk)
        backfill.workspace(desk)
        with desk.store.directory() as tx:
            scope = people.put_account(tx, ADA)
            people.finish_people(tx)
            found = people.find(tx, ADA)
            assert found is not None
            people.set_preferences(tx, found.id, Preferences(zone="UTC", shadow=False))
        with desk.store.as_scope(scope) as tx:
            where = accounts.Server("127.0.0.1", ADA, dovecot.port, "plain")
            accounts.connect(tx, keys().seals, scope, where, PASSWORD)


# --- the promise ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town(
    postgres: Server, template: str, dovecots: Callable[[Profile], Dovecot], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    need_strace()
    dovecot = dovecots(MAILDIR)
    with model_serving() as model, shifts() as waiting, new_database(postgres, template) as evening:
        helpful(model)
        receive_mail(dovecot)
        prepare(evening, dovecot)
        yield Town(postgres, dovecot, model, waiting, evening.name, tmp_path_factory.mktemp("town"))


@dataclass(frozen=True)
class Undisturbed:
    """A night that nobody disturbs, how many calls to the network it makes, and what it sends that changes anything."""

    left: Left
    calls: dict[str, int]
    changing: list[int]


@pytest.fixture(scope="module")
def undisturbed(town: Town) -> Undisturbed:
    found = town.undisturbed()
    assert len(found.left.drafts) == 2 and found.left.jobs == []
    [thread] = found.left.said.values()
    assert len(thread) == 2
    return found


def check(left: Left, clean: Left, crashes: int) -> None:
    """As if nobody had died; of the model only what was under way is asked again."""
    assert left.drafts == clean.drafts
    assert left.said == clean.said
    assert left.jobs == []
    for name in COMPARED:
        assert left.rows[name] == clean.rows[name], name
    assert left.requests <= clean.requests + crashes * WIDTH


def draw(seed: int, count: int) -> list[float]:
    rest = random.Random(seed)
    return [round(rest.random(), 4) for _ in range(count)]


@pytest.mark.parametrize("share", draw(SEED, 5))
def test_a_night_killed_at_a_call_to_the_network_ends_as_if_undisturbed(
    town: Town, undisturbed: Undisturbed, share: float
) -> None:
    death = Death(1 + int(share * undisturbed.calls[CALLS]), CALLS)
    check(town.killed(death), undisturbed.left, 1)


@pytest.mark.parametrize("shares", list(zip(draw(SEED + 1, 2), draw(SEED + 2, 2), strict=True)), ids=str)
def test_a_night_killed_again_while_it_recovers_ends_as_if_undisturbed(
    town: Town, undisturbed: Undisturbed, shares: tuple[float, float]
) -> None:
    check(town.killed(*twice(undisturbed, *shares)), undisturbed.left, 2)


def twice(undisturbed: Undisturbed, first: float, second: float) -> tuple[Death, Death]:
    nth = 1 + int(first * undisturbed.calls[SENDS])
    return Death(nth), Death(1 + int(second * (undisturbed.calls[SENDS] - nth)))


@pytest.mark.night
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_night_killed_behind_each_call_that_may_change_anything_ends_as_if_undisturbed(
    town: Town, undisturbed: Undisturbed, part: int
) -> None:
    lefts = [town.killed(Death(nth + 1)) for nth in undisturbed.changing[part::PARTS]]
    for left in lefts:
        check(left, undisturbed.left, 1)
    assert (
        sum(left.deaths for left in lefts) >= len(lefts) - 1
    )  # the last call may be none of a night that is a call shorter


@pytest.mark.night
@pytest.mark.timeout(7200)
def test_60_nights_killed_twice_end_as_if_undisturbed(town: Town, undisturbed: Undisturbed) -> None:
    for shares in zip(draw(SEED + 3, 60), draw(SEED + 4, 60), strict=True):
        check(town.killed(*twice(undisturbed, *shares)), undisturbed.left, 2)


# --- the database goes away -------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [4, pytest.param(25, marks=pytest.mark.night)])
def test_a_night_whose_commits_are_of_unknown_outcome_ends_as_if_undisturbed(
    town: Town, undisturbed: Undisturbed, faults: int
) -> None:
    rest = random.Random(SEED)
    fates: dict[int, Fate] = {n: rest.choice(("done", "lost")) for n in rest.sample(range(1, 60 + 20 * faults), faults)}
    with town.night() as night, commits_on(night.database) as line:
        line.fate = lambda number: fates.get(number, "whole")
        night.order = replace(night.order, database=line.database.app)
        ends = night.until_it_is_over()
        assert line.commits > max(fates)
        check(night.left(), undisturbed.left, faults + ends)


@pytest.mark.parametrize("times", [3, pytest.param(40, marks=pytest.mark.night)])
def test_a_night_whose_connections_are_ended_by_the_server_ends_as_if_undisturbed(
    town: Town, undisturbed: Undisturbed, times: int
) -> None:
    rest = random.Random(SEED)
    with town.night() as night:
        over = threading.Event()

        def end_all() -> None:
            with psycopg.connect(town.postgres.dsn(ADMIN, "postgres"), autocommit=True) as admin:
                for _ in range(times):
                    if over.wait(rest.uniform(0.3, 2.0)):
                        return
                    admin.execute(END_ALL, (night.database.name,))

        enemy = threading.Thread(target=end_all)
        enemy.start()
        ends = night.until_it_is_over()
        over.set()
        enemy.join()
        check(night.left(), undisturbed.left, times + ends)


END_ALL = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own in `folder`; skips where that may not be."""
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("needs root, to mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # its last process may still be leaving


def fill(folder: Path) -> None:
    """Until nothing more goes in."""
    with contextlib.suppress(OSError), (folder / "ballast").open("wb", buffering=0) as ballast:
        while ballast.write(bytes(65_536)):
            pass


def test_a_night_whose_disk_is_full_waits_and_goes_on_when_there_is_room(
    town: Town, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Full when the model is first asked, so in the middle of the night."""
    with tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as root, small_disk(Path(root), "400m"):
        home, full = Path(root), threading.Event()

        def answer(body: dict[str, Any]) -> str:
            if not full.is_set():
                fill(home)
                full.set()
            return town.model.script[1][1](body)  # type: ignore[operator]

        with running_postgres(home / "pg") as server, new_database(server) as evening:
            migrate(evening.owner, APP_ROLE, SECRET)
            prepare(evening, town.dovecot)
            there = replace(town, postgres=server, evening=evening.name)
            with there.night() as night:
                town.model.script.insert(0, (re.compile(""), answer))
                try:
                    town.shifts.begin(night.order)
                    assert full.wait(60)
                    until(lambda: night.is_put_off() or not town.shifts.lives(), 90)
                    assert drafts_of(town.dovecot) == [] and said(night.slack) == {}
                    (home / "ballast").unlink()
                    town.shifts.kill()
                    town.shifts.ended()
                    ends = night.until_it_is_over()
                finally:
                    town.model.script.pop(0)
                check(night.left(), undisturbed.left, 2 + ends)


# --- the model goes away ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["status", "cut", pytest.param("hang", marks=pytest.mark.night)])
def test_a_night_whose_model_goes_away_in_the_middle_ends_and_says_so(town: Town, kind: FaultKind) -> None:
    def answer(body: dict[str, Any]) -> str:
        if len(town.model.requests) == 3:
            town.model.fails(kind, times=1000)
        return town.model.script[1][1](body)  # type: ignore[operator]

    with town.night() as night:
        town.model.script.insert(0, (re.compile(""), answer))
        try:
            assert night.work(None) == 0
        finally:
            town.model.script.pop(0)
            town.model.faults.clear()
        left = night.left()
    [[digest, *_]] = left.said.values()
    assert "Found without a model" in str(digest["blocks"])
    assert "packing list" in digest["text"] and left.jobs == []


def test_the_comparison_sees_what_is_lost_doubled_or_asked_again(undisturbed: Undisturbed) -> None:
    """The seeded defects."""
    left = undisturbed.left
    [(ts, thread)] = left.said.items()
    others = (
        replace(left, drafts=left.drafts[1:]),
        replace(left, drafts=[*left.drafts, left.drafts[0]]),
        replace(left, said={ts: [*thread, thread[1]]}),
        replace(left, said={ts: thread, f"{ts}1": thread}),
        replace(left, rows={**left.rows, "turn": left.rows["turn"][1:]}),
        replace(left, jobs=["file_drafts"]),
        replace(left, requests=left.requests + WIDTH + 1),
    )
    for other in others:
        with pytest.raises(AssertionError):
            check(other, left, 1)
    check(left, left, 0)

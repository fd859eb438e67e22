"""Workers that file drafts are killed at random while lines break and literals come late: each draft lies there once."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage

import psycopg
import pytest

from bot import draftroom
from bot.desk import Desk
from bot.store import accounts, people, queue
from bot.store import desk as kept
from graphs.domain import Address, Draft, Preferences, Receipt
from tests.servers.company import desk_over, keys
from tests.servers.cut import Link, Plan, linked
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.nightshift import KILLED, Order, Shifts, shifts
from tests.servers.postgres import Database

ADA = "ada@ours.example"
NIGHT = datetime(2026, 11, 24, 1, tzinfo=UTC)
SEED = 20261124
TIDE = 0.2
"""Seconds after which a literal that is held back reaches the server at the latest."""

QUARANTINE = 3.0
PATIENCE = 1.0


@dataclass
class Sea:
    """One mailbox behind a line that breaks, and what a test does to whoever files there."""

    desk: Desk
    database: Database
    dovecot: Dovecot
    link: Link
    shifts: Shifts
    scope: int
    ada: int
    mine: int
    rest: random.Random
    ends: Counter[int] = field(default_factory=Counter)

    def plan(self, count: int) -> None:
        with self.desk.store.as_person(self.ada) as tx:
            for number in range(count):
                kept.plan_draft(tx, self.mine, *reply(number), NIGHT.date())

    def hurry(self) -> None:
        """There is a job, nobody waits for the dead, and nobody waits out a wait: those are not under test."""
        with self.desk.store.directory() as tx:
            queue.restore(tx, draftroom.filing(self.scope))
        with psycopg.connect(self.database.admin, autocommit=True) as admin:
            admin.execute("update procrastinate_jobs set scheduled_at = null where status = 'todo'")

    def bury(self) -> None:
        with psycopg.connect(self.database.admin, autocommit=True) as admin:
            admin.execute("update procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 hour'")

    def live(self, seconds: float) -> None:
        """One worker: it is killed after so long, if it is not done by then."""
        self.bury()
        self.hurry()
        self.shifts.begin(Order("file", self.database.app, quarantine=QUARANTINE, patience=PATIENCE))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.hurry()
            threading.Event().wait(min(0.1, seconds))
        self.shifts.kill()
        self.ends[self.shifts.ended()] += 1

    def storm(self) -> None:
        """What happens on the next connections."""
        kinds = (
            lambda: Plan(cut_up=self.rest.randint(300, 60_000)),
            lambda: Plan(cut_down=self.rest.randint(300, 20_000)),
            lambda: Plan(mute="APPEND"),
            lambda: Plan(hold="APPEND"),
            lambda: Plan(hold="APPEND"),
            lambda: Plan(halve="APPEND"),
            Plan,
        )
        self.link.plans[:] = [self.rest.choice(kinds)() for _ in range(8)]

    def calm(self) -> None:
        """No fault any more: one worker after another until nothing is left."""
        self.link.plans.clear()
        self.bury()
        for _ in range(3):
            with self.desk.store.directory() as tx:
                queue.restore(tx, draftroom.filing(self.scope))
            assert self.shifts.do(Order("file", self.database.app, quarantine=QUARANTINE, patience=20.0)) == 0

    def left(self) -> bool:
        with psycopg.connect(self.database.admin) as admin:
            row = admin.execute("select exists (select from nightdesk.draft where state = 'planned')").fetchone()
        return row == (True,)

    def check(self, count: int) -> None:
        """Nothing lost, nothing doubled, and the ledger says what the mailbox says."""
        lie = {str(one["Message-ID"]): int(one["X-Uid"]) for one in self.dovecot.mails(ADA, "Drafts")}
        copies = Counter(str(one["Message-ID"]) for one in self.dovecot.mails(ADA, "Drafts"))
        assert [name for name, n in copies.items() if n > 1] == [], "doubled"
        wanted = {reply(number)[0].message_id for number in range(count)}
        assert wanted - set(lie) == set(), "lost"
        with self.desk.store.as_person(self.ada) as tx:
            ledger = accounts.ledger(tx, self.mine, ADA)
        assert {one.state for one in ledger} == {"appended"}
        assert {one.draft.message_id: one.uid for one in ledger} == lie


def reply(number: int) -> tuple[Draft, bytes]:
    asked, made = f"<{number}@partner.example>", f"<reply{number}@ours.example>"
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ADA, "bob@partner.example", f"Re: Question {number}"
    mail["Message-ID"], mail["In-Reply-To"], mail["References"] = made, asked, asked
    mail.set_content("Yes, at ten.\n" * (1 + number % 40))
    draft = Draft(
        account=ADA, message_id=made, in_reply_to=asked, to=(Address(address="bob@partner.example"),),
        sender=Address(address=ADA), subject=str(mail["Subject"]), body="Yes, at ten.", receipt=Receipt(), asked_at=NIGHT,
    )  # fmt: skip
    return draft, mail.as_bytes().replace(b"\n", b"\r\n")


@contextmanager
def tide(link: Link) -> Iterator[None]:
    """Whatever is held back arrives in a while, whether whoever sent it still lives or not."""
    over = threading.Event()

    def rise() -> None:
        while not over.wait(TIDE):
            link.released.set()
            link.released.clear()

    thread = threading.Thread(target=rise)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def sea(dovecot: Dovecot, database: Database) -> Iterator[Sea]:
    with desk_over(database) as made, shifts() as waiting, linked(dovecot.port) as link, tide(link):
        desk = replace(made)
        with desk.store.directory() as tx:
            scope = people.put_account(tx, ADA)
            people.finish_people(tx)
            found = people.find(tx, ADA)
            assert found is not None
            people.set_preferences(tx, found.id, Preferences(shadow=False))
            mine = people.desk_of(tx, ADA)
        with desk.store.as_scope(scope) as tx:
            accounts.connect(tx, keys().seals, scope, accounts.Server("127.0.0.1", ADA, link.port, "plain"), PASSWORD)
        yield Sea(desk, database, dovecot, link, waiting, scope, found.id, mine, random.Random(SEED))


def killed_while_filing(sea: Sea, drafts: int, kills: int, longest: float) -> None:
    sea.plan(drafts)
    begun = time.monotonic()
    while sea.ends[KILLED] < kills and sea.left():
        sea.storm()
        sea.live(sea.rest.uniform(0.1, longest))
    stormy = time.monotonic() - begun
    sea.calm()
    sea.check(drafts)
    ends = f"{sea.ends[KILLED]} kills in {stormy:.0f} s, {time.monotonic() - begun:.0f} s in all"
    print(f"seed {SEED}: {drafts} drafts, {ends}")  # noqa: T201 -- to have it again


def test_drafts_lie_there_once_however_often_their_worker_is_killed(sea: Sea) -> None:
    killed_while_filing(sea, drafts=60, kills=6, longest=1.5)


@pytest.mark.night
@pytest.mark.timeout(1800)
def test_5000_drafts_lie_there_once_after_200_kills(sea: Sea) -> None:
    killed_while_filing(sea, drafts=5000, kills=200, longest=3.0)


def test_the_check_sees_a_draft_that_is_doubled_or_lost(sea: Sea) -> None:
    """The seeded defects: one put there by hand, and one taken away."""
    sea.plan(2)
    sea.calm()
    sea.check(2)
    with sea.dovecot.client(ADA) as program:
        program.append("Drafts", reply(1)[1])
    with pytest.raises(AssertionError, match="doubled"):
        sea.check(2)
    uids = [
        int(one["X-Uid"]) for one in sea.dovecot.mails(ADA, "Drafts") if one["Message-ID"] == reply(1)[0].message_id
    ]
    sea.dovecot.remove(ADA, "Drafts", uids)
    with pytest.raises(AssertionError, match="lost"):
        sea.check(2)

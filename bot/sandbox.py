"""The demo company as a living sandbox: its Slack and its mailboxes served on this machine, and the desk at work on them.

Everything between is as in production: Bolt over a socket, the inbox, the queue and its workers, IMAP, the outbox. Only
the clock is its own: nights are slept when somebody says so.
"""

import contextlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from bot import app, hours, imports, jobs, mailroom, morning, nightfall, receive, workers, workspace
from bot.desk import Desk
from bot.embedded.imap import MailServer, mail_server
from bot.embedded.slack import Sandbox, running
from bot.embedded.slack_company import from_export
from bot.imports import MailPath
from bot.mail import mbox
from bot.mail.mime import read as read_mime
from bot.settings import Settings
from bot.slack import limits, mrkdwn
from bot.slack.export import open_export
from bot.slack.socket import Link, Pace
from bot.store import accounts, cursors, nights, people, queue
from bot.store.people import Known
from graphs.domain import Preferences
from graphs.errors import Later

PASSWORD = "sandbox"  # noqa: S105  of mailboxes that hold invented mail and answer on this machine alone
FOLDERS = {"inbox": "INBOX", "sent": "Sent"}
LOOK = 0.05
TICK = 0.25
PATIENCE = 300.0  # seconds for one part of a night on a slow machine

Tell = Callable[[str], None]
"""Says in a few words what is being done."""


class Clock:
    """The sandbox's time: it goes on by itself, and can be put forward."""

    def __init__(self, begins: datetime) -> None:
        self._begins, self._since, self._lock = begins.astimezone(UTC), time.monotonic(), threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._begins + timedelta(seconds=time.monotonic() - self._since)

    def timestamp(self) -> float:
        return self.now().timestamp()

    def put_forward(self, to: datetime) -> None:
        """Nothing happens when it is later already."""
        if to > self.now():
            with self._lock:
                self._begins, self._since = to.astimezone(UTC), time.monotonic()


@dataclass(frozen=True)
class Box:
    """A mailbox to connect. Its login is its address."""

    server: accounts.Server
    password: str = field(repr=False)


@dataclass(frozen=True)
class Living:
    """A desk at work in the sandbox."""

    desk: Desk
    slack: Sandbox
    clock: Clock
    owners: tuple[int, ...]  # row ids of the people whose mailboxes are connected

    def known(self) -> list[Known]:
        with self.desk.store.directory() as tx:
            found = {one.id: one for one in people.everybody(tx)}
        return [found[owner] for owner in self.owners]


# --- servers --------------------------------------------------------------------------------------


@contextlib.contextmanager
def slack(export: Path, clock: Clock) -> Iterator[Sandbox]:
    """The workspace of an export folder, with Nightdesk in every channel; nobody can invite it into direct messages."""
    company = from_export(export, _channels(export), name="Fernhollow")
    with running(company, clock.timestamp, check=limits.problems) as sandbox:
        yield sandbox


def _channels(export: Path) -> list[str]:
    return [channel.id for channel in open_export(export).channels() if channel.kind in ("public", "private")]


@contextlib.contextmanager
def mail(mails: Sequence[MailPath]) -> Iterator[MailServer]:
    """A mailbox for each address, filled with what lies on disk."""
    addresses = list(dict.fromkeys(one.address for one in mails))
    with mail_server(dict.fromkeys(addresses, PASSWORD)) as server:
        for one in mails:
            server.fill(one.address, FOLDERS[one.mailbox], [(m.raw, received(m.raw)) for m in mbox.read(one.path)])
        yield server


def boxes(server: MailServer) -> list[Box]:
    """All mailboxes of the sandbox's own mail server."""
    return [Box(accounts.Server("127.0.0.1", address, server.port, "plain"), PASSWORD) for address in server.users]


def received(raw: bytes) -> datetime:
    """When a mail on disk arrived, as far as it says so."""
    try:
        found = parsedate_to_datetime(read_mime(raw).header("date"))
    except (ValueError, TypeError):
        return datetime(1970, 1, 1, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reached(settings: Settings, sandbox: Sandbox) -> Settings:
    """Settings with which the desk finds the sandbox's Slack."""
    return replace(
        settings,
        slack_bot_token=sandbox.bot_token,
        slack_app_token=sandbox.app_token,
        slack_api_base_url=sandbox.base_url,
    )


# --- the desk at work -----------------------------------------------------------------------------


@contextlib.contextmanager
def at_work(desk: Desk, dsn: str, sandbox: Sandbox) -> Iterator[None]:
    """Workers for the queue, and Bolt on Slack's socket, until the block ends."""
    stop = threading.Event()
    link = Link(sandbox.app_token, sandbox.bot_token, sandbox.base_url)
    ears = threading.Thread(target=receive.listen, args=(desk, link, stop, Pace(tick=0.1)), name="ears", daemon=True)
    pace = threading.Thread(target=_keep_pace, args=(desk, stop), name="clock", daemon=True)
    crew = workers.start(jobs.build(dsn, lambda: desk), desk)
    ears.start()
    pace.start()
    try:
        yield
    finally:
        stop.set()
        pace.join(Pace().patience)
        ears.join(Pace().patience)
        crew.stop()


def _keep_pace(desk: Desk, stop: threading.Event) -> None:
    """The queue goes by the database's clock, the desk by the sandbox's."""
    while not stop.wait(TICK):
        with desk.store.directory() as tx:
            queue.bring_forward(tx, desk.now())


@contextlib.contextmanager
def living(
    settings: Settings, database: app.Database, export: Path, boxes: Sequence[Box], clock: Clock, recorded: bool
) -> Iterator[Living]:
    """The Slack of an export folder served, and a desk at work on it and on these mailboxes, that has read all of it."""
    with slack(export, clock) as sandbox, app.desk(reached(settings, sandbox), database, recorded) as built:
        desk = replace(built, now=clock.now)
        bring_private(desk, export)
        workspace.connect(desk)
        with at_work(desk, database.dsn, sandbox):
            owners = tuple(connect(desk, box) for box in boxes)
            wait_until(lambda: _has_read(desk))
            yield Living(desk, sandbox, clock, owners)


def bring_private(desk: Desk, export: Path) -> None:
    """What people said to each other alone: no app hears it on Slack, and an export holds it."""
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as made:
        there = Path(made)
        shutil.copyfile(export / "users.json", there / "users.json")
        for name in ("dms.json", "mpims.json"):
            shutil.copyfile(export / name, there / name)
            for row in json.loads((export / name).read_text("utf-8")):
                folder = export / str(row.get("name") or row["id"])
                if folder.is_dir():
                    shutil.copytree(folder, there / folder.name)
        imports.import_all(desk.store, there, [], lambda what, count: None)


def connect(desk: Desk, box: Box) -> int:
    """Connects a mailbox by its password and reads all of it. Returns whose it is."""
    address = box.server.login
    with desk.store.directory() as tx:
        scope = people.put_account(tx, address)
        people.finish_people(tx)
        owner = people.find(tx, address)
        assert owner is not None
        # The three nights in which drafts are shown in Slack alone are over here.
        people.set_preferences(tx, owner.id, Preferences(shadow=False))
    with desk.store.as_scope(scope) as tx:
        accounts.connect(tx, desk.keys.seals, scope, box.server, box.password)
    mailroom.sync(desk, scope, mailroom.ALL)
    return owner.id


def _has_read(desk: Desk) -> bool:
    with desk.store.directory() as tx:
        return bool(cursors.channels_here(tx)) and queue.left(tx, desk.now()) == 0


def wait_until(done: Callable[[], bool]) -> None:
    """Raises `Later` when it takes too long."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise Later("The sandbox does not come to rest.")
        time.sleep(LOOK)


def ask(living: Living, user: str, channel: str, question: str) -> str:
    """Mentions the bot in a channel, and what it has said in the thread once everything is at rest; '' for nothing."""
    ts = living.slack.say(user, channel, f"<@{living.slack.company.bot.id}> {question}")
    living.slack.settle()
    wait_until(lambda: _rests(living.desk))
    answers = living.slack.thread(channel, ts)[1:]
    said = "\n".join(mrkdwn.from_blocks(one.get("blocks", [])) or str(one["text"]) for one in answers)
    return mrkdwn.to_plain(
        said, lambda key: living.slack.company.users[key].shown if key in living.slack.company.users else ""
    )


# --- nights ---------------------------------------------------------------------------------------


def owed(known: Known, day: date) -> hours.Morning:
    return hours.morning(Preferences(), hours.zone_of(known.zone), day)


def sleep(living: Living, day: date, tell: Tell) -> None:
    """The night that ends on `day`: the clock goes to its small hours, and everybody with a mailbox gets theirs.

    What is known at the wake-up counts, as when the night is slept from files.
    """
    desk, known = living.desk, living.known()
    tell("The night: reading, remembering, drafting")
    living.clock.put_forward(min(owed(one, day).wakes for one in known) - timedelta(hours=3))
    for one in known:
        found = owed(one, day)
        nightfall.begin(desk, [nightfall.Beginning(one.id, found, "")], found.wakes)
    wait_until(lambda: _slept(desk, day))


def _slept(desk: Desk, day: date) -> bool:
    with desk.store.directory() as tx:
        return queue.left(tx, desk.now()) == 0 and all(
            night.begun.state != "begun" for night in nights.since(tx, day) if night.date == day
        )


def wake(living: Living, day: date, tell: Tell) -> None:
    """The morning of `day`, for each at the hour that is theirs."""
    for one in sorted(living.known(), key=lambda known: owed(known, day).wakes):
        tell(f"The morning of {one.person.name}")
        living.clock.put_forward(owed(one, day).wakes)
        read_mail(living.desk)
        wait_until(lambda: _rests(living.desk))
        with living.desk.store.directory() as tx:
            queue.defer(tx, morning.delivery(one.id, one.person.key, day))
        wait_until(lambda: _rests(living.desk))


def read_mail(desk: Desk) -> None:
    """As the schedule does it every few minutes: by the sandbox's clock that is whenever something happens there."""
    with desk.store.directory() as tx:
        places = people.places(tx)
        for row in accounts.everywhere(tx):
            queue.defer(tx, nightfall.bringing(places[row["scope_id"]]))


def _rests(desk: Desk) -> bool:
    with desk.store.directory() as tx:
        return queue.left(tx, desk.now()) == 0

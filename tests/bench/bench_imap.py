"""Mails a second out of a real Dovecot, beside mbsync on the same mailbox, and what an unchanged mailbox costs."""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import mailroom
from bot.desk import Desk
from bot.embedded.postgres import running
from bot.mail import fetch
from bot.mail.account import Login, open_account
from bot.mail.safe import Parser
from bot.store import accounts, people
from bot.store.migrate import migrate
from tests.bench.measure import Clock, Row, given, report, say
from tests.servers.company import desk_over
from tests.servers.dovecot import MAILDIR, PASSWORD, Dovecot, dovecot_running
from tests.servers.postgres import APP_ROLE, SECRET, new_database

ADA = "ada@fernhollow.example"
MAILS = 10_000
UNCHANGED = 50_000

_MBSYNC = """\
{fsync}
IMAPAccount dovecot
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account dovecot

MaildirStore near
Path {path}/
Inbox {path}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Sync Pull
Create Near
SyncState *
"""


def main() -> None:
    to = given(__doc__)
    if shutil.which("dovecot") is None:
        say("Dovecot is missing: apt-get install dovecot-imapd.")
        return
    report(to, "imap", [*_ten_thousand(), *_unchanged()])


def _ten_thousand() -> Iterator[Row]:
    with dovecot_running(MAILDIR) as server:
        login = server.user(ADA)
        size = server.fill(ADA, _mails(MAILS))
        say(f"{MAILS} mails, {size / 1e6:.0f} MB")
        _fetch(login)  # so that the server has its index, for everybody
        for part, measured in (("fetch", _fetch), ("fetch and parse", _fetch_and_parse)):
            with Clock() as clock:
                count = measured(login)
            yield _row(part, count, clock)
        with _office(login) as office:
            with Clock() as clock:
                mailroom.sync(office.desk, office.scope, mailroom.ALL)
            yield _row("into Postgres", MAILS, clock)
        yield from _mbsync(server)


def _unchanged() -> Iterator[Row]:
    with dovecot_running(MAILDIR) as server:
        login = server.user(ADA)
        server.fill(ADA, (_mail(number, 200) for number in range(UNCHANGED)))
        with open_account(login) as account:
            before = account.status("INBOX")
        with Clock() as clock, open_account(login) as account:
            assert fetch.none_gone(before, account.status("INBOX"))
        yield _row("unchanged", UNCHANGED, clock)
        with _office(login) as office:
            _as_if_read(office, login)
            with Clock() as clock:
                mailroom.sync(office.desk, office.scope)
            yield _row("unchanged, whole sync", UNCHANGED, clock)
            server.receive(ADA, "One more")
            with Clock() as clock:
                mailroom.sync(office.desk, office.scope)
            yield _row("one new among them", UNCHANGED, clock)


def _mails(count: int) -> Iterator[bytes]:
    """Mostly short ones and a few that are long, 40 kB on average, the same each time."""
    drawn = random.Random(1)
    for number in range(count):
        yield _mail(number, min(int(drawn.lognormvariate(9.6, 1.45)), 5_000_000))


def _mail(number: int, size: int) -> bytes:
    head = (
        f"From: Bob <bob{number % 97}@partner.example>\r\nTo: {ADA}\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <m{number}@partner.example>\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        f"Dear Ada,\r\n\r\nhere is number {number}. Can you look at it until Friday?\r\n\r\nBob\r\n--b\r\n"
        'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="a.bin"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    line = b"SGVyZSBpcyBzb21ldGhpbmcgdGhhdCBub2JvZHkgZXZlciByZWFkcywgaW4gYmFzZTY0\r\n"
    return head.encode() + line * (size // len(line)) + b"--b--\r\n"


@dataclass(frozen=True)
class Office:
    """A desk over an empty database, with the mailbox connected."""

    desk: Desk
    scope: int


@contextmanager
def _office(login: Login) -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="nd-") as root, running(Path(root)) as server, new_database(server) as made:
        migrate(made.owner, APP_ROLE, SECRET)
        with desk_over(made) as desk:
            with desk.store.directory() as tx:
                scope = people.put_account(tx, ADA)
                people.finish_people(tx)
            where = accounts.Server("127.0.0.1", login.user, login.port, "plain")
            with desk.store.as_scope(scope) as tx:
                accounts.connect(tx, desk.keys.seals, scope, where, login.password)
            yield Office(desk, scope)


def _as_if_read(office: Office, login: Login) -> None:
    """All UIDs are known, as after a first connect with a mailbox that was full."""
    with open_account(login) as account:
        now = account.status("INBOX")
    read = accounts.Read("INBOX", "inbox", now.uidvalidity, now.uidnext - 1, now.uidnext, now.messages)
    with office.desk.store.as_scope(office.scope) as tx:
        accounts.put_mailbox(tx, office.scope, read)
        accounts.put_uids(tx, office.scope, "INBOX", dict.fromkeys(range(1, now.uidnext), ""))


def _fetch(login: Login) -> int:
    with open_account(login) as account:
        uids = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
        return sum(1 for _ in fetch.fetch(account, "INBOX", uids))


def _fetch_and_parse(login: Login) -> int:
    with open_account(login) as account, Parser() as parser:
        uids = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
        found = fetch.fetch(account, "INBOX", uids)
        raw = (one.as_raw_mail() for one in found if isinstance(one, fetch.Fetched))
        return sum(1 for _ in parser.parse_all(raw, ADA, "inbox"))


def _mbsync(server: Dovecot) -> list[Row]:
    if shutil.which("mbsync") is None:
        say("mbsync is missing: apt-get install isync.")
        return []
    rows = []
    for part, fsync in (("mbsync", ""), ("mbsync, no fsync", "FSync no\n")):
        with tempfile.TemporaryDirectory(prefix="nd-") as path:
            told = _MBSYNC.format(fsync=fsync, port=server.port, user=ADA, password=PASSWORD, path=path)
            (configuration := Path(path) / "mbsyncrc").write_text(told)
            with Clock() as clock:
                subprocess.run(["mbsync", "-c", configuration, "all"], check=True, capture_output=True)
            rows.append(_row(part, MAILS, clock))
    return rows


def _row(part: str, count: int, clock: Clock) -> Row:
    per_s = round(count / clock.wall)
    return {"part": part, "mails": count, "wall_s": round(clock.wall, 2), "cpu_s": round(clock.cpu, 2), "per_s": per_s}


if __name__ == "__main__":
    main()

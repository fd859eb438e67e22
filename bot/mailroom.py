"""Connected mailboxes, read without a trace.

sync: INBOX, Sent and Drafts -> message rows; what is gone there goes here; then what became of our drafts
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from bot import cards, draftroom, filing, mailbox, observe
from bot.desk import Desk
from bot.mail import draftsbox, fetch
from bot.mail.account import Account, Status
from bot.mail.mbox import RawMail
from bot.mail.safe import Broken, Parser
from bot.mailbox import Room
from bot.store import accounts, messages
from bot.store.accounts import Read
from bot.store.db import Tx
from graphs.domain import Message

HORIZON = timedelta(days=14)
"""How far back a first connect reads the inbox."""

STYLE_HORIZON = timedelta(days=90)
"""And what the person sent: their way of writing is learned from it."""

BATCH = 500
PARSERS = 2
ALL = timedelta(0)  # as a horizon: everything there is


def sync(desk: Desk, scope: int, horizon: timedelta = HORIZON) -> None:
    """Reads what is new in one mailbox, and notices what is gone. Raises `Later` when it should be tried again."""
    room = mailbox.room_of(desk, scope)
    if room is None or not mailbox.is_ready(desk, room):
        return
    desk.check_running()
    with observe.timed("mail_sync_seconds"), mailbox.refusals_told(desk, room), mailbox.opened(desk, room) as account:
        with Parser(PARSERS) as parser:
            reading = Reading(desk, room, account, parser, horizon)
            read = [one for folder, role in _folders(account) if (one := _read(reading, folder, role)) is not None]
        if any(one.role == "drafts" for one in read):
            draftroom.take_out_doubles(desk, room, account)
        draftroom.watch(desk, room, account)
        if read:
            filing.learn(desk.store, scope, room.address)
        with desk.store.as_scope(scope) as tx:
            tx.all("index_scope")
            for one in read:
                # Not before all that follows from it is done: whoever goes on after a kill looks here what is left.
                accounts.put_mailbox(tx, scope, one)
            accounts.synced(tx, scope, desk.now())
            if read:
                cards.look_again(tx, room.owner)


@dataclass(frozen=True)
class Reading:
    """One look at a mailbox: the connection, and how far back a first one goes."""

    desk: Desk
    room: Room
    account: Account
    parser: Parser
    horizon: timedelta

    def begin(self) -> AbstractContextManager[Tx]:
        return self.desk.store.as_scope(self.room.scope)


def _folders(account: Account) -> list[tuple[str, accounts.Role]]:
    found = account.folders
    named: list[tuple[str, accounts.Role]] = [(found.inbox, "inbox"), *((name, "sent") for name in found.sent)]
    return named + ([(found.drafts, "drafts")] if found.drafts else [])


def _read(reading: Reading, folder: str, role: accounts.Role) -> Read | None:
    """One mailbox: new mails first, then what is gone, so that a mail that moved is never missing in between.

    How far it is read now; None when nothing happened there since.
    """
    scope, now = reading.room.scope, reading.account.status(folder)
    with reading.begin() as tx:
        before = accounts.mailboxes(tx, scope).get(folder) or Read(folder, role, now.uidvalidity)
        if before.uidvalidity != now.uidvalidity:
            accounts.renumbered(tx, scope, folder)
            before = Read(folder, role, now.uidvalidity)
        elif before.uidnext == now.uidnext and before.messages == now.messages:
            return None
        accounts.put_mailbox(tx, scope, before)
        known = accounts.uids(tx, scope, folder)
    new = [uid for uid in _wanted(reading, before, now) if uid not in known]
    with _ahead(_batches(reading, before, new)) as batches:
        for batch in batches:
            _store(reading, before, batch)
    _notice_gone(reading, before, known, now)
    return replace(before, last_uid=now.uidnext - 1, uidnext=now.uidnext, messages=now.messages)


def _wanted(reading: Reading, before: Read, now: Status) -> list[int]:
    """UIDs to look at: all after the cursor, or at first what lies within the horizon."""
    if before.last_uid or reading.horizon == ALL or before.role == "drafts":
        return fetch.uids_after(reading.account, before.name, before.last_uid, now)
    back = STYLE_HORIZON if before.role == "sent" else reading.horizon
    since = _imap_date((reading.desk.now() - back).date())
    return [uid for uid in reading.account.search(before.name, ["SINCE", since]) if uid < now.uidnext]


def _imap_date(day: date) -> str:
    """`1-Nov-2026`, in English whatever the locale is (RFC 3501)."""
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return f"{day.day}-{months[day.month - 1]}-{day.year}"


@dataclass(frozen=True)
class Parsed:
    """What came of one UID: a message, or why there is none."""

    uid: int
    message: Message | None
    reason: str = ""


def _batches(reading: Reading, read: Read, uids: Sequence[int]) -> Iterator[list[Parsed]]:
    lost: list[Parsed] = []
    order: list[int] = []

    def raw() -> Iterator[RawMail]:
        for one in fetch.fetch(reading.account, read.name, uids):
            if isinstance(one, fetch.Unreadable):
                lost.append(Parsed(one.uid, None, one.reason))
            else:
                order.append(one.uid)
                yield one.as_raw_mail()

    parsed = reading.parser.parse_all(raw(), reading.room.address, read.role)
    done = 0
    while batch := list(islice(parsed, BATCH)):
        yield [_parsed(uid, one) for uid, one in zip(order[done : done + len(batch)], batch, strict=True)]
        done += len(batch)
    if lost:
        yield lost


@contextmanager
def _ahead(batches: Iterator[list[Parsed]]) -> Iterator[Iterator[list[Parsed]]]:
    """These batches, each fetched and parsed while the one before is stored. Afterwards nobody is at the connection."""
    with ThreadPoolExecutor(1, thread_name_prefix="mailbox") as thread:
        yield _pulled(thread, batches)


def _pulled(thread: ThreadPoolExecutor, batches: Iterator[list[Parsed]]) -> Iterator[list[Parsed]]:
    nothing: list[Parsed] = []
    coming = thread.submit(next, batches, nothing)
    while batch := coming.result():
        coming = thread.submit(next, batches, nothing)
        yield batch


def _parsed(uid: int, found: Message | Broken) -> Parsed:
    return Parsed(uid, None, found.reason) if isinstance(found, Broken) else Parsed(uid, found)


def _store(reading: Reading, read: Read, batch: Sequence[Parsed]) -> None:
    """One transaction for mails and their UIDs: a kill loses the batch or keeps it."""
    scope = reading.room.scope
    broken = [(f"{read.name}/{one.uid}", one.reason) for one in batch if one.message is None]
    ours = _our_drafts(reading.desk, reading.room) if read.role == "drafts" else frozenset()
    whole = [one for one in batch if one.message is not None and _message_id(one.message) not in ours]
    with reading.begin() as tx:
        keys = {one.uid: "" for one in batch} | _put(tx, reading.room, whole)
        messages.quarantine(tx, scope, broken)
        accounts.put_uids(tx, scope, read.name, keys)
        tx.all("index_scope")  # with every batch: the server does it while the next one is read
    observe.count("mails_synced", len(batch))


def _our_drafts(desk: Desk, room: Room) -> frozenset[str]:
    """Message-IDs of drafts that we put there: they are no words of the person."""
    with desk.store.as_person(room.owner) as tx:
        return frozenset(one.draft.message_id for one in accounts.ledger(tx, room.desk_scope, room.address))


def _put(tx: Tx, room: Room, found: Sequence[Parsed]) -> dict[int, str]:
    """Keys of these mails by UID. One that stands in the store already, and in no mailbox yet, is that mail."""
    named = {one.uid: f"{_mailbox(one)}/{_message_id(one.message)}" for one in found}
    held = accounts.unplaced(tx, room.scope, list(named.values()))
    new = [one for one in found if named[one.uid] not in held]
    keys = filing.put_mails(tx, room.scope, [one.message for one in new if one.message is not None])
    return named | {one.uid: key for one, key in zip(new, keys, strict=True)}


def _mailbox(one: Parsed) -> str:
    assert one.message is not None and one.message.mail is not None
    return one.message.mail.mailbox


def _message_id(message: Message | None) -> str:
    assert message is not None and message.mail is not None
    return message.mail.message_id


def _notice_gone(reading: Reading, read: Read, known: dict[int, str], now: Status) -> None:
    """A mail that lies nowhere any more was deleted, and its words go. One in an archive, or moved, was only put away."""
    scope = reading.room.scope
    gone = set(known) - fetch.present(reading.account, read.name, list(known), now)
    if not gone:
        return
    with reading.begin() as tx:
        ids = accounts.ids_of(tx, scope, [known[uid] for uid in gone if known[uid]])
    is_draft = read.role == "drafts"
    put_away = {name for name in ids.values() if not is_draft and draftsbox.in_archives(reading.account, name)}
    with reading.begin() as tx:
        accounts.drop_uids(tx, scope, read.name, gone)
        if not is_draft:
            put_away |= accounts.placed(tx, scope, list(ids.values()))
        for key, name in ids.items():
            if name not in put_away:
                tx.run("delete_one", scope=scope, key=key)

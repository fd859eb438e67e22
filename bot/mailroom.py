"""Connected mailboxes: read without a trace, and drafts put where their owner finds them, exactly once.

sync:         INBOX, Sent and Drafts -> message rows; what is gone there goes here; then what became of our drafts
file_drafts:  what the night planned -> the Drafts mailbox: intent, APPEND, outcome; a doubt is looked into, never repeated
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from bot import cards, filing, observe
from bot.desk import Desk
from bot.mail import draftsbox, fetch
from bot.mail.account import Account, Login, Place, Status, open_account
from bot.mail.folders import Chosen
from bot.mail.imap_errors import LoginRefused
from bot.mail.mbox import RawMail
from bot.mail.safe import Broken, Parser
from bot.slack.mrkdwn import escape
from bot.store import accounts, messages, outbox, people, runs
from bot.store.accounts import Connected, Filed, Read
from bot.store.db import Tx
from graphs.domain import Message
from graphs.errors import Later, NeedsPerson, Unsure

HORIZON = timedelta(days=14)
"""How far back a first connect reads the inbox."""

STYLE_HORIZON = timedelta(days=90)
"""And what the person sent: their way of writing is learned from it."""

BATCH = 500
PARSERS = 2
ALL = timedelta(0)  # as a horizon: everything there is


@dataclass(frozen=True)
class Room:
    """One connected mailbox and the person whose it is."""

    scope: int
    address: str
    owner: int  # row id of the person
    desk_scope: int  # of the owner's desk: where drafts stand
    connected: Connected


# --- reading --------------------------------------------------------------------------------------


def sync(desk: Desk, scope: int, horizon: timedelta = HORIZON) -> None:
    """Reads what is new in one mailbox, and notices what is gone. Raises `Later` when it should be tried again."""
    room = _room(desk, scope)
    if room is None or not _ready(desk, room):
        return
    desk.check_running()
    with observe.timed("mail_sync_seconds"), _told(desk, room), _opened(desk, room) as account:
        with Parser(PARSERS) as parser:
            reading = Reading(desk, room, account, parser, horizon)
            read = [one for folder, role in _folders(account) if (one := _read(reading, folder, role)) is not None]
        if any(one.role == "drafts" for one in read):
            _take_out_doubles(desk, room, account)
        _watch(desk, room, account)
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


def _room(desk: Desk, scope: int) -> Room | None:
    with desk.store.directory() as tx:
        place = people.places(tx).get(scope)
        owner = people.find(tx, place.owner) if place and place.owner else None
        mine = people.desk_of(tx, owner.person.key) if owner else 0
    with desk.store.as_scope(scope) as tx:
        connected = accounts.get(tx, scope)
    if place is None or owner is None or connected is None:
        return None
    return Room(scope, place.name, owner.id, mine, connected)


def _ready(desk: Desk, room: Room) -> bool:
    waiting = room.connected.retry_at is not None and room.connected.retry_at > desk.now()
    return room.connected.state == "ok" and not waiting


@contextmanager
def _opened(desk: Desk, room: Room) -> Iterator[Account]:
    login = login_of(room.connected.server, accounts.password(desk.keys.seals, room.connected), desk.mail_ca)
    with open_account(login, desk.mail_patience) as account:
        yield account


def login_of(server: accounts.Server, password: str, ca_file: Path | None) -> Login:
    """How the adapter logs in. `archives` may be several, comma between them."""
    archives = tuple(name.strip() for name in server.folders.get("archives", "").split(",") if name.strip())
    chosen = Chosen(server.folders.get("sent", ""), server.folders.get("drafts", ""), archives)
    return Login(
        server.host, server.login, password, port=server.port, security=server.security, chosen=chosen, ca_file=ca_file
    )


@contextmanager
def _told(desk: Desk, room: Room) -> Iterator[None]:
    """A refused login pauses the mailbox, once; a server that asks for patience gets it."""
    begin = partial(desk.store.as_scope, room.scope)
    try:
        yield
    except LoginRefused as err:
        observe.count("imap_failures", kind="credentials")
        with begin() as tx:
            is_new = accounts.pause(tx, room.scope, str(err), desk.now())
        if is_new:
            _tell_owner(desk, room, str(err))
    except Later as err:
        observe.count("imap_failures", kind="later" if err.after is None else "throttled")
        if err.after is not None and not isinstance(err, Unsure):
            with begin() as tx:
                accounts.wait(tx, room.scope, desk.now() + timedelta(seconds=err.after))
        raise


def _tell_owner(desk: Desk, room: Room, problem: str) -> None:
    """One DM, where there is one already; the digest and the Home tab say it anyhow."""
    with desk.store.directory() as tx:
        dm = people.slack_side(tx, room.owner).dm
    if not dm:
        return
    text = f"I cannot read the mail of {room.address}: {problem} Until then I leave it alone."
    key = f"mailbox/{room.scope}/{desk.now():%Y%m%dT%H%M}"
    with desk.store.as_person(room.owner) as tx:
        outbox.want(tx, room.desk_scope, outbox.Post(key, dm, escape(text)))


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


# --- drafts ---------------------------------------------------------------------------------------


def file_drafts(desk: Desk, scope: int) -> None:
    """Brings Drafts to what the ledger says: new ones in, moot and untouched ones out. Raises `Later` for what is in doubt."""
    room = _room(desk, scope)
    if room is None or room.connected.state != "ok":
        return
    begin = partial(desk.store.as_person, room.owner)
    with begin() as tx:
        wanted = accounts.ledger(tx, room.desk_scope, room.address)
        is_shadow = people.preferences(tx, room.owner).shadow
        run = runs.take(tx, f"drafts/{room.address}", room.desk_scope)
    if not any(_to_do(one, is_shadow) for one in wanted):
        return
    if not _ready(desk, room):
        assert room.connected.retry_at is not None
        raise Later("The mail server asked for patience.", (room.connected.retry_at - desk.now()).total_seconds())
    box = Box(desk, room, run)
    doubts: list[Later] = []
    with _told(desk, room), _opened(desk, room) as account:
        for one in wanted:
            try:
                _bring(box, account, one, is_shadow)
            except Unsure:
                raise  # the connection is gone; the rest waits for the next attempt
            except Later as err:
                doubts.append(err)
    if doubts:
        raise doubts[0]
    with box.mine() as tx:
        runs.end(tx, run, {"filed": len(wanted)})


@dataclass(frozen=True)
class Box:
    """The Drafts mailbox of one person, as the worker that holds `run` may change it."""

    desk: Desk
    room: Room
    run: runs.Run

    @contextmanager
    def mine(self) -> Iterator[Tx]:
        """A transaction of the owner, while this worker is the one that files. Raises `Fenced`."""
        with self.desk.store.as_person(self.room.owner) as tx:
            runs.hold(tx, self.run)
            yield tx


def _to_do(one: Filed, is_shadow: bool) -> bool:
    moot = one.state in ("withdrawn", "expired", "discarded", "fallen") and one.uid is not None
    return moot or one.begun_at is not None or (one.state == "planned" and not is_shadow)


def _bring(box: Box, account: Account, one: Filed, is_shadow: bool) -> None:
    if not _to_do(one, is_shadow) or one.state in ("appended", "edited"):
        return
    if one.begun_at is not None:
        found = _clear_doubt(box, account, one)
        if found is None or found.state == "appended":
            return
        one = found
    if one.uid is not None and not _take_out(box, account, one):
        return
    if one.state == "planned" and not is_shadow:
        _put_in(box, account, one)


def _clear_doubt(box: Box, account: Account, one: Filed) -> Filed | None:
    """An APPEND ended without an outcome: after the quarantine the mailbox decides. The draft as it stands then; None: sent."""
    assert one.begun_at is not None and one.uidvalidity is not None and one.uidnext is not None
    age = box.desk.now() - one.begun_at
    if age < box.desk.quarantine:
        left = (box.desk.quarantine - age).total_seconds()
        raise Later("Whether a draft lies in Drafts is not known yet: it is looked for first.", left)
    intent = Status(one.uidvalidity, one.uidnext, 0)
    place = draftsbox.find_since(account, intent, one.draft.message_id)
    if place is not None:
        return _landed(box, account, one, place)
    if draftsbox.replies_to(account, one.draft.in_reply_to):
        with box.mine() as tx:
            accounts.gone(tx, box.room.desk_scope, one.draft, "sent")
        return None
    with box.mine() as tx:
        accounts.not_appended(tx, box.room.desk_scope, one.draft)
    return replace(one, begun_at=None)


def _put_in(box: Box, account: Account, one: Filed) -> None:
    """Intent, commit, APPEND, outcome. Between the first two and the last the place in Drafts is all that knows."""
    scope, now = box.room.desk_scope, box.desk.now()
    if draftsbox.replies_to(account, one.draft.in_reply_to):
        with box.mine() as tx:  # the person was faster
            accounts.gone(tx, scope, one.draft, "withdrawn")
        return
    before = draftsbox.before(account)
    box.desk.check_running()
    with box.mine() as tx:
        if not accounts.begin_append(tx, scope, one.draft, before.uidvalidity, before.uidnext, now):
            return
    try:
        place = draftsbox.append(account, one.mail)
    except Unsure:
        raise
    except (Later, NeedsPerson) as err:
        with box.mine() as tx:
            accounts.not_appended(tx, scope, one.draft, str(err))
        if isinstance(err, Later):
            raise
        return
    if place is None:  # taken, without a word where: an error from here on leaves it in doubt
        place = draftsbox.find_since(account, before, one.draft.message_id)
    if place is None:
        raise Unsure("The server took a draft and does not show it.")
    _landed(box, account, one, place)


def _landed(box: Box, account: Account, one: Filed, place: Place) -> Filed:
    """Remembers the bytes as the server gives them back: only while they are the same is the draft ours to take out."""
    back = draftsbox.read_back(account, place) or b""
    with box.mine() as tx:
        digest = hashlib.sha256(back).digest()
        accounts.appended(tx, box.room.desk_scope, one.draft, place.uidvalidity, place.uid, digest, box.desk.now())
    observe.count("drafts", state="appended")
    observe.count("effects", kind="append", outcome="adopted" if one.begun_at else "done")
    state = "appended" if one.state == "planned" else one.state
    return replace(one, state=state, uidvalidity=place.uidvalidity, uid=place.uid, stands=digest, begun_at=None)


def _take_out(box: Box, account: Account, one: Filed) -> bool:
    """Our draft, if nobody touched it; True when its place is free again."""
    assert one.uidvalidity is not None and one.uid is not None
    box.desk.check_running()
    with box.mine():
        pass  # still ours
    state, problem = one.state, ""
    try:
        became = draftsbox.remove(account, Place(one.uidvalidity, one.uid), (one.stands or b"").hex())
    except NeedsPerson as err:
        became, problem = "gone", str(err)
    if became == "changed":
        state = "edited"
    elif became == "no UIDPLUS":
        problem = "Your mail server cannot remove a single mail: delete this draft yourself."
    if problem and state == "fallen":
        state = "withdrawn"  # still there: its owner is told
    with box.mine() as tx:
        accounts.gone(tx, box.room.desk_scope, one.draft, state, problem)
    return state == "planned" and not problem


def _watch(desk: Desk, room: Room, account: Account) -> None:
    """What became of our drafts: sent, edited, thrown away. One that is just gone may be on its way to Sent."""
    begin = partial(desk.store.as_person, room.owner)
    with begin() as tx:
        filed = [
            one for one in accounts.ledger(tx, room.desk_scope, room.address) if one.state in ("appended", "edited")
        ]
    if not filed:
        return
    ids = [one.draft.in_reply_to for one in filed]
    with desk.store.as_scope(room.scope) as tx:
        sent = accounts.answered(tx, room.scope, "sent", ids)
        rewritten = accounts.answered(tx, room.scope, "drafts", ids)
    now = account.status(account.drafts)
    here = fetch.present(account, account.drafts, [one.uid for one in filed if one.uid is not None], now)
    for one in filed:
        if one.uid is not None and one.uidvalidity != now.uidvalidity:
            place = _found_again(account, one)
            lies = place is not None
        else:
            place, lies = None, one.uid in here
        state = _became(one, lies, sent, rewritten, desk.now() - desk.quarantine)
        with begin() as tx:
            if state == "missed":
                accounts.missed(tx, room.desk_scope, one.draft, desk.now())
            elif state != one.state:
                accounts.gone(tx, room.desk_scope, one.draft, state)
            elif place is not None:
                accounts.appended(
                    tx, room.desk_scope, one.draft, place.uidvalidity, place.uid, one.stands or b"", desk.now()
                )
            elif lies and one.begun_at is not None:
                accounts.not_appended(tx, room.desk_scope, one.draft)


def _take_out_doubles(desk: Desk, room: Room, account: Account) -> None:
    """A server that finished an APPEND after the quarantine made a second one: the same bytes, so it is ours to take out."""
    with desk.store.as_person(room.owner) as tx:
        filed = [one for one in accounts.ledger(tx, room.desk_scope, room.address) if one.state == "appended"]
    for one in filed:
        for uid in account.search(account.drafts, ["HEADER", "Message-ID", one.draft.message_id]):
            if uid != one.uid and one.uidvalidity is not None:
                desk.check_running()
                draftsbox.remove(account, Place(one.uidvalidity, uid), (one.stands or b"").hex())


def _found_again(account: Account, one: Filed) -> Place | None:
    """Our draft in its first bytes, after the server gave all mails new UIDs."""
    assert one.uidvalidity is not None and one.uid is not None
    place = draftsbox.find_since(account, Status(one.uidvalidity, one.uid, 0), one.draft.message_id)
    back = draftsbox.read_back(account, place) if place else None
    return place if back is not None and hashlib.sha256(back).digest() == one.stands else None


def _became(one: Filed, lies: bool, sent: Collection[str], rewritten: Collection[str], long_ago: datetime) -> str:
    """The state that a filed draft is in now; `missed` when that shows only in a while."""
    answers = one.draft.in_reply_to
    if answers in sent:
        return "sent"
    if lies:
        return one.state
    if answers in rewritten:
        return "edited"
    if one.begun_at is None:
        return "missed"
    return "discarded" if one.begun_at <= long_ago else one.state

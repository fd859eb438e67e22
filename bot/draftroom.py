"""Drafts put where their owner finds them, exactly once, and what became of them.

file_drafts: what the night planned -> the Drafts mailbox: intent, APPEND, outcome; a doubt is looked into, never repeated
watch: what became of it there -> the ledger; what its owner answered by hand is withdrawn
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot import mailbox, observe
from bot.desk import Desk
from bot.mail import draftsbox, fetch
from bot.mail.account import Account, Place, Status
from bot.mailbox import Room
from bot.store import accounts, mornings, people, queue, runs
from bot.store.accounts import Filed
from bot.store.db import Tx
from graphs.errors import Later, NeedsPerson, Unsure


def filing(scope: int) -> queue.Job:
    """The job that brings the Drafts of one mailbox to what the ledger says."""
    return queue.Job("file_drafts", queue.SLEEP, {"scope": scope}, lock=f"mail/{scope}", once=f"file/{scope}")


def file_drafts(desk: Desk, scope: int) -> None:
    """Brings Drafts to what the ledger says: new ones in, moot and untouched ones out. Raises `Later` for what is in doubt."""
    room = mailbox.room_of(desk, scope)
    if room is None or room.connected.state != "ok":
        return
    begin = partial(desk.store.as_person, room.owner)
    with begin() as tx:
        wanted = accounts.ledger(tx, room.desk_scope, room.address)
        is_shadow = mornings.shadow(tx, room.owner, people.preferences(tx, room.owner)).on
        run = runs.take(tx, f"drafts/{room.address}", room.desk_scope)
    if not any(_to_do(one, is_shadow) for one in wanted):
        return
    if not mailbox.is_ready(desk, room):
        assert room.connected.retry_at is not None
        raise Later("The mail server asked for patience.", (room.connected.retry_at - desk.now()).total_seconds())
    box = Box(desk, room, run)
    doubts: list[Later] = []
    with mailbox.refusals_told(desk, room), mailbox.opened(desk, room) as account:
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
        _wait_out(box, one.begun_at)
        found = _clear_doubt(box, account, one) if one.uid is None else _look_again(box, account, one)
        if found is None or found.state == "appended":
            return
        one = found
    if one.uid is not None and not _take_out(box, account, one):
        return
    if one.state == "planned" and not is_shadow:
        _put_in(box, account, one)


def _wait_out(box: Box, since: datetime) -> None:
    """Servers and mail programs finish late. Raises `Later` until they had their time."""
    age = box.desk.now() - since
    if age < box.desk.quarantine:
        left = (box.desk.quarantine - age).total_seconds()
        raise Later("Whether a draft lies in Drafts is not known yet: it is looked for first.", left)


def _clear_doubt(box: Box, account: Account, one: Filed) -> Filed | None:
    """An APPEND ended without an outcome: the mailbox decides. The draft as it stands then; None: sent."""
    assert one.uidvalidity is not None and one.uidnext is not None
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


def _look_again(box: Box, account: Account, one: Filed) -> Filed | None:
    """A draft that lay there was answered, or was missed; where it lies now, None if it was sent. From here on nobody but us
    takes it away: a worker that is killed behind that does not take its own removal for the person's sending."""
    place = _lies(account, one)
    scope, now = box.room.desk_scope, box.desk.now()
    if place is None and draftsbox.replies_to(account, one.draft.in_reply_to):
        with box.mine() as tx:
            accounts.gone(tx, scope, one.draft, "sent")
        return None
    with box.mine() as tx:
        if place is None:
            accounts.not_appended(tx, scope, one.draft)
            return replace(one, begun_at=None)
        accounts.appended(tx, scope, one.draft, place.uidvalidity, place.uid, one.stands or b"", now)
    return replace(one, begun_at=None, uidvalidity=place.uidvalidity, uid=place.uid)


def _put_in(box: Box, account: Account, one: Filed) -> None:
    """Intent, commit, APPEND, outcome. Between the first two and the last the place in Drafts is all that knows."""
    scope, now = box.room.desk_scope, box.desk.now()
    if draftsbox.replies_to(account, one.draft.in_reply_to):
        with box.mine() as tx:  # the person was faster
            accounts.gone(tx, scope, one.draft, "withdrawn")
        return
    if lying := draftsbox.drafts_to(account, one.draft.in_reply_to):
        _leave(box, account, one, lying)
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


def _leave(box: Box, account: Account, one: Filed, lying: Sequence[Place]) -> None:
    """A reply lies there although nothing was put there: of a backup that was restored, ours; else the person's own."""
    ours = next((place for place in lying if draftsbox.read_back(account, place) == one.mail), None)
    if ours is not None:
        _landed(box, account, one, ours)
        return
    with box.mine() as tx:
        accounts.gone(tx, box.room.desk_scope, one.draft, "withdrawn")


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


def watch(desk: Desk, room: Room, account: Account) -> None:
    """What became of our drafts: sent, edited, thrown away, answered by hand. One that is just gone may be on its way to Sent,
    and one that still lies there beside a reply in Sent may be about to go."""
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
            if place is not None:
                accounts.appended(
                    tx, room.desk_scope, one.draft, place.uidvalidity, place.uid, one.stands or b"", desk.now()
                )
            elif lies and one.begun_at is not None:
                accounts.not_appended(tx, room.desk_scope, one.draft)
            if state == "missed":
                accounts.missed(tx, room.desk_scope, one.draft, desk.now())
            elif state == "withdrawn":
                accounts.moot(tx, room.desk_scope, one.draft, desk.now())
                queue.defer(tx, filing(room.scope))
            elif state != one.state:
                accounts.gone(tx, room.desk_scope, one.draft, state)


def take_out_doubles(desk: Desk, room: Room, account: Account) -> None:
    """A server that finished an APPEND after the quarantine made a second one: the same bytes, so it is ours to take out."""
    with desk.store.as_person(room.owner) as tx:
        filed = [one for one in accounts.ledger(tx, room.desk_scope, room.address) if one.state == "appended"]
    for one in filed:
        for uid in account.search(account.drafts, ["HEADER", "Message-ID", one.draft.message_id]):
            if uid != one.uid and one.uidvalidity is not None:
                desk.check_running()
                draftsbox.remove(account, Place(one.uidvalidity, uid), (one.stands or b"").hex())


def _lies(account: Account, one: Filed) -> Place | None:
    """Where our draft lies now; None when it does not any more."""
    assert one.uidvalidity is not None and one.uid is not None
    place = Place(one.uidvalidity, one.uid)
    if account.status(account.drafts).uidvalidity != one.uidvalidity:
        return _found_again(account, one)
    return place if draftsbox.read_back(account, place) is not None else None


def _found_again(account: Account, one: Filed) -> Place | None:
    """Our draft in its first bytes, after the server gave all mails new UIDs."""
    assert one.uidvalidity is not None and one.uid is not None
    place = draftsbox.find_since(account, Status(one.uidvalidity, one.uid, 0), one.draft.message_id)
    back = draftsbox.read_back(account, place) if place else None
    return place if back is not None and hashlib.sha256(back).digest() == one.stands else None


def _became(one: Filed, lies: bool, sent: Collection[str], rewritten: Collection[str], long_ago: datetime) -> str:
    """The state that a filed draft is in now; `missed` when that shows only in a while."""
    answers = one.draft.in_reply_to
    if lies:  # as we put it there: the reply in Sent is another one
        return "withdrawn" if answers in sent else one.state
    if answers in sent:
        return "sent"
    if answers in rewritten:
        return "edited"
    if one.begun_at is None:
        return "missed"
    return "discarded" if one.begun_at <= long_ago else one.state

"""One connected mailbox: whose it is, and the way in. A server that refuses or asks for patience is heard."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot import observe
from bot.desk import Desk
from bot.mail.account import Account, Login, open_account
from bot.mail.folders import Chosen
from bot.mail.imap_errors import LoginRefused
from bot.slack.mrkdwn import escape
from bot.store import accounts, outbox, people
from bot.store.accounts import Connected
from graphs.errors import Later, Unsure


@dataclass(frozen=True)
class Room:
    """One connected mailbox and the person whose it is."""

    scope: int
    address: str
    owner: int  # row id of the person
    desk_scope: int  # of the owner's desk: where drafts stand
    connected: Connected


def room_of(desk: Desk, scope: int) -> Room | None:
    with desk.store.directory() as tx:
        place = people.places(tx).get(scope)
        owner = people.find(tx, place.owner) if place and place.owner else None
        mine = people.desk_of(tx, owner.person.key) if owner else 0
    with desk.store.as_scope(scope) as tx:
        connected = accounts.get(tx, scope)
    if place is None or owner is None or connected is None:
        return None
    return Room(scope, place.name, owner.id, mine, connected)


def is_ready(desk: Desk, room: Room) -> bool:
    waiting = room.connected.retry_at is not None and room.connected.retry_at > desk.now()
    return room.connected.state == "ok" and not waiting


@contextmanager
def opened(desk: Desk, room: Room) -> Iterator[Account]:
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
def refusals_told(desk: Desk, room: Room) -> Iterator[None]:
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

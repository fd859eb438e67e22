"""The connected mailboxes: whether each lets us in, which folder is which, and whether drafts can be put there."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Clock, Finding, fail, ok, told, warn
from bot.home import Keys
from bot.mail.account import Account, open_account
from bot.mail.imap_errors import LoginRefused, Refused
from bot.mailbox import login_of
from bot.store import accounts, people
from bot.store.accounts import Connected
from bot.store.db import Store

AREA = "mail"
PATIENCE = 20.0  # seconds
NEARLY = 0.95  # of the quota
STALE = 6 * 3600.0  # seconds since a mailbox was last read


def mail(store: Store, keys: Keys, ca_file: Path | None, clock: Clock = time.time) -> Iterator[Finding]:
    """One look into each mailbox; nothing is read from it and nothing is put there."""
    with store.directory() as tx:
        places = people.places(tx)
        scopes = [row["scope_id"] for row in accounts.everywhere(tx)]
    if not scopes:
        yield warn(AREA, "No mailbox is connected: no mail is read, and no reply drafted.", "Run `nightdesk connect`.")
    for scope in scopes:
        with store.as_scope(scope) as tx:
            connected = accounts.get(tx, scope)
        if connected is not None:
            address = places[scope].name
            yield from told(AREA, _mailbox(address, connected, keys, ca_file))
            yield from _standing(address, connected, clock)


def _mailbox(address: str, connected: Connected, keys: Keys, ca_file: Path | None) -> Iterator[Finding]:
    login = login_of(connected.server, accounts.password(keys.seals, connected), ca_file)
    try:
        with open_account(login, PATIENCE) as account:
            yield ok(AREA, f"{address}: {login.host} lets us in.")
            yield from _folders(address, account)
            yield from _room_left(address, account)
    except LoginRefused as err:
        yield fail(AREA, f"{address}: {err}", f"Run `nightdesk connect` again for {address}.")


def _folders(address: str, account: Account) -> Iterator[Finding]:
    found = account.folders
    for untold in found.untold:
        yield warn(AREA, f"{address}: {untold}", f"Run `nightdesk connect` again for {address} and name the folder.")
    named = [f"Sent is {', '.join(found.sent)}"] if found.sent else []
    named += [f"Drafts is {found.drafts}"] if found.drafts else []
    count = account.status(found.inbox).messages
    yield ok(AREA, f"{address}: {'; '.join([f'the inbox holds {count} mails', *named])}.")
    if found.drafts and not account.can("UIDPLUS"):
        yield warn(
            AREA, f"{address}: the server lacks UIDPLUS: a draft that is no longer needed stays until its owner deletes it."
        )  # fmt: skip


def _room_left(address: str, account: Account) -> Iterator[Finding]:
    with contextlib.suppress(Refused):  # a server may offer it and keep it to itself
        full = account.fullness()
        if full is not None and full >= NEARLY:
            yield warn(AREA, f"{address} is {full:.0%} full: soon no draft will fit in.", "Let its owner make room.")


def _standing(address: str, connected: Connected, clock: Clock) -> Iterator[Finding]:
    """What the last visits brought."""
    if connected.state == "paused":
        yield fail(
            AREA, f"{address} is paused since {connected.since:%Y-%m-%d %H:%M}: {connected.problem}",
            f"Run `nightdesk connect` again for {address}.",
        )  # fmt: skip
    elif connected.retry_at is not None and connected.retry_at.timestamp() > clock():
        yield warn(AREA, f"{address}: its server asked us to wait until {connected.retry_at:%H:%M}.")
    elif connected.synced_at is None:
        yield warn(AREA, f"{address} was not read yet.", "Start `nightdesk serve`.")
    elif clock() - connected.synced_at.timestamp() > STALE:
        yield warn(AREA, f"{address} was last read {connected.synced_at:%Y-%m-%d %H:%M}.", "Is a worker running?")

"""From a terminal: connecting a mailbox and disconnecting it, what is held of a person and forgetting them, and turning the keys
that seal passwords."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot import app, forgetting, home, mailbox, settings, takeout
from bot.desk import Desk
from bot.mail.account import open_account
from bot.mail.folders import Folders
from bot.store import accounts, mornings, people, queue
from bot.store import forgetting as forgotten
from bot.store.accounts import Security, Server
from bot.store.db import Tx
from graphs.errors import NeedsPerson

_HOSTS = {
    "gmail.com": "imap.gmail.com", "googlemail.com": "imap.gmail.com", "icloud.com": "imap.mail.me.com",
    "me.com": "imap.mail.me.com", "yahoo.com": "imap.mail.yahoo.com", "gmx.de": "imap.gmx.net", "gmx.net": "imap.gmx.net",
    "web.de": "imap.web.de", "fastmail.com": "imap.fastmail.com", "posteo.de": "posteo.de", "mailbox.org": "imap.mailbox.org",
    "t-online.de": "secureimap.t-online.de", "zoho.com": "imap.zoho.com", "aol.com": "imap.aol.com",
}  # fmt: skip
_NO_PASSWORDS = frozenset("outlook.com hotmail.com live.com".split())


@dataclass(frozen=True)
class Asked:
    """What the command line said about a mailbox; '' and 0 where it said nothing."""

    address: str
    who: str = ""
    host: str = ""
    port: int = 0
    security: Security = "tls"
    login: str = ""
    sent: str = ""
    drafts: str = ""


def connect(at: Path | None, asked: Asked, from_stdin: bool) -> None:
    """Tries the login, keeps the password sealed, and has the mailbox read."""
    address = asked.address.strip().casefold()
    local, sign, domain = address.partition("@")
    if not (local and sign and domain):
        raise NeedsPerson(f"{asked.address} is no mail address: name one such as ada@example.org.")
    if domain in _NO_PASSWORDS:
        raise NeedsPerson(
            f"{domain} lets no password in over IMAP any more: it wants OAuth, which is not supported yet."
        )
    server = _server(replace(asked, address=address), domain)
    password = _password(address, from_stdin)
    with _opened(at) as (desk, configured):
        login = mailbox.login_of(server, password, configured.mail_ca)
        with open_account(login) as account:
            found = account.folders
        owner = _connected(desk, address, asked.who, server, password)
    _say_connected(address, owner, found)


def _server(asked: Asked, domain: str) -> Server:
    folders = {role: name for role, name in (("sent", asked.sent), ("drafts", asked.drafts)) if name}
    host = asked.host or _HOSTS.get(domain, f"imap.{domain}")
    return Server(host, asked.login or asked.address, asked.port, asked.security, folders)


def _password(address: str, from_stdin: bool) -> str:
    """Never from the command line, where other users of the machine could read it."""
    if from_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        found = getpass.getpass(f"Password (or app password) of {address}: ")
    else:
        raise NeedsPerson(
            "There is no terminal to ask for the password in: give --password-stdin and write it to stdin."
        )
    if not found:
        raise NeedsPerson("The password is empty.")
    return found


def _connected(desk: Desk, address: str, who: str, server: Server, password: str) -> people.Known:
    from bot import nightfall  # with every graph of the night, which a wrong password need not load

    with desk.store.directory() as tx:
        if forgotten.was_erased(tx, address):
            raise NeedsPerson(
                f"{address} was erased here: `nightdesk erase --person {address} --undo` lets it come back."
            )
        if who:
            _give_address(tx, address, who)
        scope = people.put_account(tx, address)
        people.finish_people(tx)
        owner, places = people.find(tx, address), people.places(tx)
    assert owner is not None
    with desk.store.as_scope(scope) as tx:
        accounts.connect(tx, desk.keys.seals, scope, server, password)
        queue.defer(tx, nightfall.bringing(places[scope]))
    return owner


def _give_address(tx: Tx, address: str, who: str) -> None:
    """An administrator says whose mailbox this is. Nobody takes an address over from somebody else."""
    person = people.find(tx, who)
    if person is None:
        raise NeedsPerson(f"Nobody here is {who}: name a Slack id or a mail address that Slack knows.")
    tx.run("put_address", address=address, person=person.id)
    holder = people.find(tx, address)
    if holder is None or holder.id != person.id:
        name = holder.person.name if holder else "somebody else"
        raise NeedsPerson(f"{address} belongs to {name} already: disconnect it there first.")


def _say_connected(address: str, owner: people.Known, found: Folders) -> None:
    sys.stdout.write(f"Connected {address} for {owner.person.name}.\n")
    sys.stdout.write(f"Read, and never changed: {', '.join([found.inbox, *found.sent])}.\n")
    if found.drafts:
        sys.stdout.write(
            f"Replies will lie in {found.drafts}; nothing is ever sent. The first {mornings.SHADOW_NIGHTS} nights only show them "
            "in Slack.\n"
        )
    for sentence in found.untold:
        sys.stdout.write(f"Note: {sentence}\n")
    if owner.slack_id is None:
        sys.stdout.write(
            "Note: no Slack user has this address, so nobody gets a digest of it: name one with --person.\n"
        )


def disconnect(at: Path | None, address: str) -> None:
    """The password goes, and every word that came from the mailbox."""
    with _opened(at) as (desk, _):
        with desk.store.directory() as tx:
            found = [p for p in people.places(tx).values() if p.key == f"account:{address.strip().casefold()}"]
        if not found:
            raise NeedsPerson(f"{address} is not connected.")
        with desk.store.as_scope(found[0].id) as tx:
            accounts.disconnect(tx)
    sys.stdout.write(
        f"Disconnected {address}: its password and its mails are gone from here. The mailbox itself is as it was.\n"
    )


def export(at: Path | None, who: str, out: Path) -> None:
    with _opened(at) as (desk, _):
        try:
            with desk.store.directory() as tx:
                known = people.require(tx, who)
            count = takeout.export(desk, known, out)
        except OSError as err:
            raise NeedsPerson(f"{out} cannot be written ({err.strerror}): choose another with --out.") from err
    _say(f"{count} things that are held of {who} are in {out}; begin with index.txt.")


def erase(at: Path | None, who: str, yes: bool, undo: bool) -> None:
    """Only after somebody said yes, here or on the command line."""
    with _opened(at) as (desk, _):
        if undo:
            if not forgetting.welcome(desk, who):
                raise NeedsPerson(f"{who} was not erased here: name them as they were named then.")
            _say(f"{who} may be a person here again; what was erased stays gone.")
            return
        with desk.store.directory() as tx:
            known = people.require(tx, who)
        if not (yes or _agreed(known)):
            raise NeedsPerson("Nothing was erased: say --yes to erase without being asked.")
        count = forgetting.erase(desk, known)
    _say(
        f"{who} is erased, with {count} messages of theirs and what was made of them. What lies in backups stays there."
    )


def _agreed(known: people.Known) -> bool:
    if not sys.stdin.isatty():
        return False
    _say(f"This forgets {known.person.name}: mailboxes, messages, tasks, drafts, and what was concluded from them.")
    return input(f"Type {known.person.key} to go on: ").strip() == known.person.key


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")


def rotate(at: Path | None) -> None:
    """A new key seals from now on, passwords first; the one before stays in the ring for what is sealed and on its way."""
    configured = settings.load(at)
    place = app.require_home(configured)
    with _opened(at) as (desk, _):
        # First under the present key: one that an interrupted rotation left under an older key would be lost.
        _reseal(desk, desk.keys.seals)
        count = _reseal(desk, home.rotate(configured.keys or place / "keys.json").seals)
    sys.stdout.write(
        f"A new key seals from now on; {count} passwords were sealed anew.\n"
        "Restart `nightdesk serve` and every worker, and back the key ring up.\n"
    )


def _reseal(desk: Desk, seals: Sequence[bytes]) -> int:
    """Every password under the first of these keys; how many there are."""
    with desk.store.directory() as tx:
        connected = [row["scope_id"] for row in accounts.everywhere(tx)]
    for scope in connected:
        with desk.store.as_scope(scope) as tx:
            held = accounts.get(tx, scope)
            if held is not None:
                accounts.reseal(tx, seals, held)
    return len(connected)


@contextmanager
def _opened(at: Path | None) -> Iterator[tuple[Desk, settings.Settings]]:
    configured = settings.load(at)
    with app.database(configured, app.require_home(configured)) as held, app.desk(configured, held) as desk:
        yield desk, configured

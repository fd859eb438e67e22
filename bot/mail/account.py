"""One login to a mail server over IMAP: the only module that speaks it, and all that may be said to one.

Reading is EXAMINE and BODY.PEEK. Two things change anything: `append`, into the Drafts folder, and `expunge`, of one
mail in the Drafts folder. Neither takes a folder's name, so no caller can point them elsewhere. One thread at a time.
"""

import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]  # it ships no types

from bot.mail.folders import Chosen, Folders, Listed, find_folders
from bot.mail.imap_errors import FAILURES, Declined, Refused, is_lost, sort_out
from graphs.errors import Later, NeedsPerson, Unsure

__all__ = ["Account", "Login", "Place", "Status", "open_account"]

CONNECT_SECONDS = 15.0
_APPENDUID = re.compile(rb"\[APPENDUID (\d+) (\d+)\]", re.IGNORECASE)
_DEFAULT_PORT = {"tls": 993, "starttls": 143, "plain": 143}

# At DEBUG it writes down passwords and whole mails, whatever level the root has.
for _name in ("imapclient", "imapclient.imapclient", "imapclient.imaplib"):
    logging.getLogger(_name).disabled = True


@dataclass(frozen=True)
class Login:
    """Where and as whom. With an `access_token` SASL XOAUTH2 is spoken, else the password is shown.

    `ca_file` replaces the system's certificate authorities. Port 0 is the usual one of `security`.
    """

    host: str
    user: str
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    port: int = 0
    security: Literal["tls", "starttls", "plain"] = "tls"
    chosen: Chosen = field(default_factory=Chosen)
    ca_file: Path | None = None


@dataclass(frozen=True)
class Status:
    """What a folder is at. UIDs compare within one `uidvalidity` alone; `modseq` is None without CONDSTORE."""

    uidvalidity: int
    uidnext: int
    messages: int
    modseq: int | None = None


@dataclass(frozen=True)
class Place:
    """Where one mail lies in its folder."""

    uidvalidity: int
    uid: int


@contextlib.contextmanager
def open_account(login: Login, timeout: float = 60.0, *, allow_plain: bool = False) -> Iterator["Account"]:
    """Connected and logged in until the block ends. `timeout` is of each wait for the server, in seconds.

    Without `allow_plain` a password goes unencrypted to this machine only.
    Raises `Later`, `LoginRefused`, or `NeedsPerson` with what to change. After `Later` open another one.
    """
    _check(login, allow_plain)
    account = Account(_connect(login, timeout), login)
    try:
        account.log_in()
        yield account
    finally:
        account.close()


def _check(login: Login, allow_plain: bool) -> None:
    if login.security == "plain" and not allow_plain and not _is_this_machine(login.host):
        raise NeedsPerson(f"{login.host} would get the password unencrypted: set the security to tls or starttls.")
    if re.search(r"[\0\r\n]", f"{login.user}{login.password}{login.access_token}"):
        raise NeedsPerson("The user or the password holds a line break: enter it again.")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _connect(login: Login, timeout: float) -> Any:
    trust = _trust(login.ca_file)
    with contextlib.ExitStack() as undo:
        try:
            client = IMAPClient(
                login.host,
                login.port or _DEFAULT_PORT[login.security],
                ssl=login.security == "tls",
                ssl_context=trust,
                timeout=SocketTimeout(connect=min(CONNECT_SECONDS, timeout), read=timeout),
            )
            undo.callback(_shut, client)
            client.normalise_times = False
            client._imap.debug = 0  # else it words every mail for the log that is off: half of the time of a fetch
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else 40 ms for each APPEND
            if login.security == "starttls":
                _encrypt(client, login, trust)
        except FAILURES as err:
            raise sort_out(err, login.host, "connecting") from None  # see Account._sorted
        undo.pop_all()
    return client


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as err:  # SSLError is one
        raise NeedsPerson(f"{ca_file} cannot be read as certificates: name a PEM file.") from err


def _encrypt(client: Any, login: Login, trust: ssl.SSLContext) -> None:
    if not client.has_capability("STARTTLS"):
        raise NeedsPerson(f"{login.host} offers no encryption on this port: set the security to tls.")
    client.starttls(trust)


class Account:
    """An open connection. Every method raises `Later` or `NeedsPerson`; after a `Later` that is not `Declined` it is closed."""

    def __init__(self, client: Any, login: Login) -> None:
        self._client = client
        self._login = login
        self._lost = False
        self._examined: tuple[str, int] | None = None  # the folder that is open for reading, and its UIDVALIDITY

    # --- the connection -----------------------------------------------------------------------------

    def log_in(self) -> None:
        with self._sorted("logging in", logging_in=True):
            login, can = self._login, self._client.has_capability
            if login.access_token:
                self._client.sasl_login("XOAUTH2", _xoauth2(login.user, login.access_token))
            elif can("AUTH=PLAIN"):  # LOGIN cannot say anything beyond ASCII
                self._client.plain_login(login.user, login.password)
            elif not login.user.isascii() or not login.password.isascii():
                raise NeedsPerson(f"{login.host} takes ASCII alone in a user and a password: set another password.")
            else:
                quoted = login.user.replace("\\", "\\\\").replace('"', '\\"')
                self._client.login(f'"{quoted}"', login.password)

    def close(self) -> None:
        with contextlib.suppress(*FAILURES):
            if not self._lost:
                self._client.logout()
        self._drop()

    def can(self, capability: str) -> bool:
        with self._sorted("asking what it can"):
            return bool(self._client.has_capability(capability))

    @cached_property
    def folders(self) -> Folders:
        """Which folder is which, asked once for each connection."""
        with self._sorted("listing folders"):
            listed = [_listed(*line) for line in self._client.list_folders()]
            personal = (self._client.namespace().personal or ()) if self._client.has_capability("NAMESPACE") else ()
        return find_folders(listed, [prefix for prefix, _ in personal], self._login.chosen)

    @property
    def drafts(self) -> str:
        """The one folder that is written to."""
        if self.folders.drafts is None:
            raise NeedsPerson(f"{self._login.host}: {self.folders.no_drafts}")
        return self.folders.drafts

    # --- reading ------------------------------------------------------------------------------------

    def status(self, folder: str) -> Status:
        names = ["UIDVALIDITY", "UIDNEXT", "MESSAGES", *(["HIGHESTMODSEQ"] if self.can("CONDSTORE") else [])]
        with self._sorted("asking for a folder's state"):
            if self._examined and self._examined[0] == folder:
                self._client.noop()  # of an open folder servers tell what they last showed us
            told = self._client.folder_status(folder, names)
            return Status(
                int(told[b"UIDVALIDITY"]), int(told[b"UIDNEXT"]), int(told[b"MESSAGES"]), told.get(b"HIGHESTMODSEQ")
            )

    def examine(self, folder: str) -> int:
        """Open `folder` for reading alone and return its UIDVALIDITY; it stays open until another is needed."""
        if self._examined is None or self._examined[0] != folder:
            self._examined = None
            with self._sorted("opening a folder"):
                self._examined = folder, int(self._client.select_folder(folder, readonly=True)[b"UIDVALIDITY"])
        return self._examined[1]

    def search(self, folder: str, words: Sequence[str]) -> list[int]:
        """UIDs in `folder` that match, ascending. Not for more than 80,000: an answer is one line, and lines end."""
        self.examine(folder)
        with self._sorted("searching"):
            return sorted(self._client.search(list(words)))

    def peek(self, folder: str, uids: Sequence[int], items: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        """Items of these mails; a mail that is gone is left out, and an item that the server kept back too."""
        if any(item.startswith("BODY[") or (item.startswith("RFC822") and item != "RFC822.SIZE") for item in items):
            raise ValueError("would mark the mail as read")
        self.examine(folder)
        with self._sorted("reading"):
            return dict(self._client.fetch(list(uids), list(items)))

    def fullness(self) -> float | None:
        """How full the mailbox is, 1.0 being full; None where the server does not say."""
        if not self.can("QUOTA"):
            return None
        with self._sorted("asking how full it is"):
            _, quotas = self._client.get_quota_root("INBOX")
        return max((quota.usage / quota.limit for quota in quotas if quota.limit), default=None)

    # --- the two that write -------------------------------------------------------------------------

    def append(self, mail: bytes) -> Place | None:
        """Put `mail` into Drafts; where it lies, when the server says it. Raises `Unsure` on a line that broke."""
        folder = self.drafts
        with self._sorted("putting a draft", leaves_traces=True):
            answer = self._client.append(folder, mail, (rb"\Draft",))
        found = _APPENDUID.search(answer or b"")
        return Place(int(found.group(1)), int(found.group(2))) if found else None

    def expunge(self, place: Place) -> None:
        """Take one mail out of Drafts for good. Needs UIDPLUS: else only all that are marked as deleted could go."""
        folder = self.drafts
        self._examined = None
        with self._sorted("removing a draft"):
            if int(self._client.select_folder(folder)[b"UIDVALIDITY"]) == place.uidvalidity:
                self._client.add_flags([place.uid], [rb"\Deleted"], silent=True)
                self._client.uid_expunge([place.uid])

    # --- errors -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _sorted(self, doing: str, *, logging_in: bool = False, leaves_traces: bool = False) -> Iterator[None]:
        """Our errors instead of imapclient's. Whatever it raises but a plain refusal leaves the line in doubt."""
        host = self._login.host
        if self._lost:
            raise Later(f"The connection to {host} is gone ({doing}).")
        try:
            yield
        except FAILURES as err:
            sorted_out = sort_out(err, host, doing, logging_in=logging_in, goodbye=self._goodbye())
            if is_lost(err) or not isinstance(sorted_out, Refused | Declined):
                self._drop()
            if is_lost(err) and leaves_traces:
                sorted_out = Unsure(
                    f"{host} broke off ({doing}): it may have been done.", getattr(sorted_out, "after", None)
                )
            raise sorted_out from None  # not `from err`: its text quotes what the server said, whole mails included

    def _goodbye(self) -> str:
        """What the server said when it hung up; the error of a dropped line does not tell it."""
        return repr(self._client._imap.untagged_responses.get("BYE", ""))

    def _drop(self) -> None:
        self._lost = True
        _shut(self._client)


def _shut(client: Any) -> None:
    with contextlib.suppress(*FAILURES):
        client.shutdown()


def _xoauth2(user: str, token: str) -> Any:
    """Google's and Microsoft's SASL: a refusal comes as a second challenge, to be answered with nothing."""
    answers = iter([f"user={user}\1auth=Bearer {token}\1\1"])
    return lambda challenge: next(answers, "")


def _listed(flags: Sequence[bytes], separator: bytes | None, name: str) -> Listed:
    words = frozenset(flag.decode("ascii", "replace").casefold() for flag in flags)
    return Listed(str(name), (separator or b"").decode("ascii", "replace"), words)

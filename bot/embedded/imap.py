"""The sandbox's mail server: pymap in a thread of its own, on 127.0.0.1, everything in memory.

Beside IMAP, which the desk speaks to it as to any other server, the local page may look into a mailbox and act as the
person's mail program: read, send a draft, edit it, delete it.
"""

import asyncio
import contextlib
import logging
import socket
import threading
from argparse import Namespace
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity
from pymap.backend.dict import Login as PymapLogin
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement
from pymap.parsing.specials.flag import Flag
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from graphs.errors import Later, NeedsPerson

FOLDERS = ("INBOX", "Drafts", "Sent", "Archive", "Trash")
DRAFT, SEEN = Flag(b"\\Draft"), Flag(b"\\Seen")
PATIENCE = 30.0  # seconds for the server's thread to do one thing

_T = TypeVar("_T")

# At DEBUG it writes down whole mails; an error of one connection is told to who connected.
logging.getLogger("pymap").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class Kept:
    """One mail as it lies in a folder; flags in small letters."""

    uid: int
    raw: bytes
    received: datetime
    flags: frozenset[str]


@contextlib.contextmanager
def mail_server(users: Mapping[str, str], port: int = 0) -> Iterator["MailServer"]:
    """Serves these users (address to password), each with empty FOLDERS, until the block ends. Port 0: any."""
    ready: Future[MailServer] = Future()
    thread = threading.Thread(target=_run, args=(users, port, ready), name="sandbox-imap", daemon=True)
    thread.start()
    server = ready.result(PATIENCE)
    try:
        yield server
    finally:
        server.stop()
        thread.join(PATIENCE)


class MailServer:
    """The running server. Its methods may be called from any thread, and are done when they return."""

    def __init__(self, port: int, loop: asyncio.AbstractEventLoop, config: Config, ended: asyncio.Event) -> None:
        self.port = port
        self._loop = loop
        self._config = config
        self._ended = ended

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._ended.set)

    @property
    def users(self) -> list[str]:
        return list(self._config.set_cache)

    def folders(self, user: str) -> list[str]:
        async def names() -> list[str]:
            tree = await self._mailboxes(user).list_mailboxes()
            return [entry.name for entry in tree.list() if entry.exists]

        return self._do(names())

    def mails(self, user: str, folder: str = "INBOX") -> list[Kept]:
        """Oldest first."""

        async def kept() -> list[Kept]:
            mailbox = await self._open(user, folder)
            return [await _kept(message) async for message in mailbox.messages()]

        return self._do(kept())

    def mail(self, user: str, folder: str, uid: int) -> Kept:
        return self._do(self._one(user, folder, uid))

    def deliver(self, user: str, raw: bytes, received: datetime, folder: str = "INBOX", *, seen: bool = False) -> int:
        """A mail arrives; its UID."""
        return self._do(self._append(user, folder, raw, received, [SEEN] if seen else []))

    def fill(self, user: str, folder: str, mails: Iterable[tuple[bytes, datetime]]) -> None:
        """Mails that were there before, read."""

        async def all_of_them() -> None:
            for raw, received in mails:
                await self._append(user, folder, raw, received, [SEEN])

        self._do(all_of_them())

    # --- as the person's mail program ---------------------------------------------------------------

    def send_draft(self, user: str, uid: int, now: datetime) -> int:
        """The person sends it: it goes from Drafts to Sent. Nobody receives it here. Its UID in Sent."""

        async def send() -> int:
            draft = await self._one(user, "Drafts", uid)
            sent = await self._append(user, "Sent", draft.raw, now, [SEEN])
            await self._expunge(user, "Drafts", uid)
            return sent

        return self._do(send())

    def edit_draft(self, user: str, uid: int, raw: bytes, now: datetime) -> int:
        """The person changes it: as in every mail program another mail takes its place. The new UID."""

        async def edit() -> int:
            await self._one(user, "Drafts", uid)
            changed = await self._append(user, "Drafts", raw, now, [DRAFT, SEEN])
            await self._expunge(user, "Drafts", uid)
            return changed

        return self._do(edit())

    def delete(self, user: str, folder: str, uid: int) -> None:
        """The person throws it away for good."""

        async def away() -> None:
            await self._one(user, folder, uid)
            await self._expunge(user, folder, uid)

        self._do(away())

    # --- within the server's thread -----------------------------------------------------------------

    def _do(self, what: Coroutine[Any, Any, _T]) -> _T:
        try:
            return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE)
        except TimeoutError as err:
            raise Later("The sandbox's mail server does not answer.") from err

    def _mailboxes(self, user: str) -> MailboxSet:
        if user not in self._config.set_cache:
            raise NeedsPerson(f"The sandbox has no mailbox of {user}.")
        return self._config.set_cache[user][0]

    async def _open(self, user: str, folder: str) -> MailboxData:
        try:
            return await self._mailboxes(user).get_mailbox(folder)
        except KeyError as err:
            raise NeedsPerson(f"{user} has no folder {folder}.") from err

    async def _one(self, user: str, folder: str, uid: int) -> Kept:
        mailbox = await self._open(user, folder)
        async for message in mailbox.messages():
            if message.uid == uid:
                return await _kept(message)
        raise NeedsPerson(f"That mail is not in {folder} any more.")

    async def _append(self, user: str, folder: str, raw: bytes, received: datetime, flags: list[Flag]) -> int:
        mailbox = await self._open(user, folder)
        return (await mailbox.append(AppendMessage(raw, received, frozenset(flags)))).uid

    async def _expunge(self, user: str, folder: str, uid: int) -> None:
        mailbox = await self._open(user, folder)
        await mailbox.delete([uid])


async def _kept(message: Message) -> Kept:
    loaded = await message.load_content(FetchRequirement.CONTENT)
    flags = frozenset(flag.value.decode("ascii").casefold() for flag in message.permanent_flags)
    return Kept(message.uid, bytes(loaded), message.internal_date.astimezone(UTC), flags)


def _run(users: Mapping[str, str], port: int, ready: "Future[MailServer]") -> None:
    try:
        asyncio.run(_serve(users, port, ready))
    except OSError as err:
        ready.set_exception(NeedsPerson(f"Port {port} of this machine is taken ({err.strerror})."))


async def _serve(users: Mapping[str, str], port: int, ready: "Future[MailServer]") -> None:
    config = Config.from_args(_arguments(), hash_context=Cleartext(), invalid_user_sleep=0.0)
    config.apply_context()
    login = PymapLogin(config)
    for user, password in users.items():
        await _add_user(config, login, user, password)
    listener = socket.create_server(("127.0.0.1", port))
    connected = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    server = await asyncio.start_server(connected, sock=listener)
    ended = asyncio.Event()
    ready.set_result(MailServer(listener.getsockname()[1], asyncio.get_running_loop(), config, ended))
    await ended.wait()
    server.close()  # without waiting for whoever is still connected


async def _add_user(config: Config, login: PymapLogin, user: str, password: str) -> None:
    identity = Identity(user, login, None, frozenset())
    await identity.set(UserMetadata(config, user, password=password))
    async with identity.new_session() as session:
        for folder in FOLDERS[1:]:
            await session.mailbox_set.add_mailbox(folder)


def _arguments() -> Namespace:
    """What pymap's own command line would have said."""
    return Namespace(
        host="127.0.0.1", port="0", cert=None, key=None, tls=False, proxy_protocol=None, debug=False, demo_data=False,
        demo_user="", demo_password="", passlib_cfg=None, skip_services=[], inherited_sockets=None,
    )  # fmt: skip

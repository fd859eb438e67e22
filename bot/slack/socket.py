"""Socket Mode: the one asynchronous island. It commits what comes, acknowledges it, and does nothing else.

Bolt with the websockets client underneath; the aiohttp one hangs for ever after a dead ticket. Bolt itself would acknowledge
before anything is kept: here a middleware keeps first, and answers for every kind of envelope.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import observe
from bot.slack.events import Json, Sort, sort_of

log = logging.getLogger(__name__)

Ended = Literal["stopped", "unopened", "closed", "silent", "deaf"]


@dataclass(frozen=True)
class Link:
    """How Slack is reached."""

    app_token: str
    bot_token: str
    base_url: str


@dataclass(frozen=True)
class Ears:
    """What the island calls, each from a thread of its own."""

    accept: Callable[[Json, Sort], None]
    """Commits; when it raises, nothing is acknowledged and Slack says it again."""

    connected: Callable[[], None]
    """After every connection: what was said meanwhile is nobody's but history's. Called again until it does not raise."""

    is_deaf: Callable[[], bool]
    """Whether Slack has messages that it never told us of, although the connection looks well."""


@dataclass(frozen=True)
class Pace:
    """Seconds."""

    tick: float = 0.5
    ping: float = 5.0
    patience: float = 10.0  # for a connection, and for Slack's hello
    dead: float = 15.0  # without a connection before everything is built anew
    look: float = 60.0  # between two looks for deafness
    longest: float = 60.0  # between two tries to connect


USUAL = Pace()
WIDTH = 32
"""Events that wait for their commit side by side: it is one for all that came together."""


def listen(link: Link, ears: Ears, stop: threading.Event, pace: Pace = USUAL) -> None:
    """Listens until `stop` is set. Takes the calling thread; whatever goes wrong is tried again."""
    asyncio.run(_Island(link, ears, stop, pace).live())


class _Island:
    def __init__(self, link: Link, ears: Ears, stop: threading.Event, pace: Pace) -> None:
        self._link, self._ears, self._stop, self._pace = link, ears, stop, pace
        self._threads = ThreadPoolExecutor(WIDTH, thread_name_prefix="slack")
        self._greeted = False  # Slack said hello on the present handler
        self._owed = False  # `connected` is still to be called
        self._looked = 0.0

    async def live(self) -> None:
        failures = 0
        while not self._stop.is_set():
            handler = self._handler()
            ended = await self._serve(handler)
            observe.gauge("socket_connected", 0)
            await _at_most(handler.close_async(), self._pace.patience)  # type: ignore[no-untyped-call]
            if ended != "stopped":
                failures = 0 if self._greeted else failures + 1
                observe.count("reconnects", reason=ended)
                log.warning("Slack's socket is opened again", extra={"reason": ended, "retries": failures})
                await self._rest(min(2.0**failures - 1, self._pace.longest))
        self._threads.shutdown(wait=True)

    def _handler(self) -> AsyncSocketModeHandler:
        self._greeted = False
        client = AsyncWebClient(token=self._link.bot_token, base_url=self._link.base_url, logger=_QUIET)
        app = AsyncApp(client=client, before_authorize=self._keep, logger=_QUIET)
        handler = AsyncSocketModeHandler(app, self._link.app_token, logger=_QUIET, ping_interval=self._pace.ping)
        handler.client.message_listeners.append(self._hear)
        return handler

    async def _keep(self, req: AsyncBoltRequest) -> BoltResponse:
        """Before Bolt authorises anything: kept, then acknowledged. Without an acknowledgement Slack says it again."""
        body: Json = dict(req.body)
        kept = asyncio.get_running_loop().run_in_executor(self._threads, self._ears.accept, body, sort_of(body))
        await asyncio.wait([kept])
        if (failed := kept.exception()) is not None:
            log.warning("an event was not committed and not acknowledged", exc_info=failed)
            return BoltResponse(status=503)
        return BoltResponse(status=200, body="")

    async def _hear(self, _client: object, message: Json, _raw: str | None) -> None:
        if message.get("type") == "hello":
            self._greeted = self._owed = True
            observe.gauge("socket_connected", 1)

    # --- watching it --------------------------------------------------------------------------------

    async def _serve(self, handler: AsyncSocketModeHandler) -> Ended:
        """Until it has to be built anew, and why."""
        if not await _at_most(handler.connect_async(), self._pace.patience):  # type: ignore[no-untyped-call]
            return "unopened"
        clock = asyncio.get_running_loop().time
        begun = alive = clock()
        self._looked = begun
        while not self._stop.is_set():
            observe.beat("receiver", 4 * self._pace.look)
            now = clock()
            alive = now if await handler.client.is_connected() else alive
            if now - alive > self._pace.dead:
                return "closed"
            if not self._greeted and now - begun > self._pace.patience:
                return "silent"
            if self._owed:
                self._owed = not await self._done(self._ears.connected)
            elif now - self._looked > self._pace.look and await self._sounds_deaf():
                return "deaf"
            await self._rest(self._pace.tick)
        return "stopped"

    async def _sounds_deaf(self) -> bool:
        self._looked = asyncio.get_running_loop().time()
        found: list[bool] = []
        await self._done(lambda: found.append(self._ears.is_deaf()))
        if any(found):
            log.warning("Slack has messages that its socket never told")
        return any(found)

    async def _done(self, act: Callable[[], Any]) -> bool:
        """Whether it went well. It is done in a thread; what went wrong is told and no more."""
        doing = asyncio.get_running_loop().run_in_executor(self._threads, act)
        await asyncio.wait([doing])
        if (failed := doing.exception()) is not None:
            log.warning("catching up with Slack has to wait", exc_info=failed)
        return failed is None

    async def _rest(self, seconds: float) -> None:
        """Ends early when it is time to stop."""
        await asyncio.to_thread(self._stop.wait, seconds)


async def _at_most(act: Coroutine[Any, Any, Any], patience: float) -> bool:
    """Whether it went well within so many seconds; what went wrong is told and no more."""
    doing = asyncio.ensure_future(act)
    await asyncio.wait([doing], timeout=patience)
    if not doing.done():
        doing.cancel()
        return False
    if (failed := doing.exception()) is not None:
        log.warning("Slack's socket fails", exc_info=failed)
    return failed is None


_QUIET = logging.getLogger("slack_bolt.socket")
"""What the libraries say of their connections is said here in other words, without what they quote."""
_QUIET.setLevel(logging.CRITICAL)

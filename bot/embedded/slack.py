"""A Slack workspace on this machine: Web API, Socket Mode and people, behind which unmodified Bolt and slack_sdk run.

`running(Workspace(...))` serves it on 127.0.0.1 from a thread of its own. What people do (`say`, `press` ...), what is
to be seen (`thread`, `home` ...) and what is to go wrong (`fails`, `deafen` ...) is said from any other thread.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Literal

from aiohttp import web

from bot.embedded.slack_delivery import Delivered, Delivery, Item, Target
from bot.embedded.slack_faults import Fault
from bot.embedded.slack_hands import Answer, Hands
from bot.embedded.slack_people import People
from bot.embedded.slack_values import Called, Change, Channel, Check, Json, User
from bot.embedded.slack_web import APP_TOKEN, BOT_TOKEN, WebApi
from bot.embedded.slack_workspace import Workspace

__all__ = ["APP_TOKEN", "BOT_TOKEN", "Channel", "Sandbox", "User", "Workspace", "running"]

PATIENCE = 10.0  # seconds a start or a stop may take


def any_blocks(text: str, blocks: list[Json]) -> list[str]:
    """The check that finds nothing."""
    return []


class Sandbox(People, Hands):
    """A workspace that is served. It keeps its state, its port and its log when it is stopped and started again."""

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, company: Workspace, port: int = 0) -> None:
        self.company = company
        self.port = port
        self.delivery = Delivery(company)
        self.api = WebApi(company, self.delivery)
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        company.on_event.append(self._deliver)

    # --- running ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """For `base_url` of slack_sdk's clients."""
        return f"http://127.0.0.1:{self.port}/api/"

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        told: SimpleQueue[OSError | None] = SimpleQueue()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(told)), name="slack sandbox", daemon=True)
        self._thread.start()
        failed = told.get(timeout=PATIENCE)
        if failed is not None:
            raise failed

    async def _run(self, told: "SimpleQueue[OSError | None]") -> None:
        self._stopping = asyncio.Event()
        runner = web.AppRunner(self.api.application(), shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await site.start()
        except OSError as failed:
            await runner.cleanup()
            return told.put(failed)
        self.port = runner.addresses[0][1]
        self.api.ws_url = f"ws://127.0.0.1:{self.port}"
        self.company.base_url = f"http://127.0.0.1:{self.port}/"
        self.delivery.loop = asyncio.get_running_loop()
        told.put(None)
        await self._stopping.wait()
        self.delivery.loop = None
        await self.delivery.close()
        self.api.release()
        await runner.cleanup()

    def stop(self) -> None:
        """Connections are cut. What happens until `start` reaches nobody."""
        loop = self.delivery.loop
        if self._thread is None or self._stopping is None or loop is None:
            return
        loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE)
        self._thread = None

    def _in_loop(self, act: Callable[[], None]) -> None:
        """Does it in the server's loop, and waits until it is done."""
        loop, done = self.delivery.loop, threading.Event()
        if loop is None:
            return act()

        def run() -> None:
            try:
                act()
            finally:
                done.set()

        loop.call_soon_threadsafe(run)
        done.wait(PATIENCE)

    # --- delivery -----------------------------------------------------------------------------------

    def _deliver(self, body: Json) -> None:
        for _copy in range(self.delivery.copies):
            self.delivery.hand_in(Item("events_api", body))

    def hand_over(self, kind: str, payload: Json, answers: bool) -> Answer:
        item = Item("slash_commands" if kind == "slash_commands" else "interactive", payload, answers)
        self.delivery.hand_in(item)
        return item.answer

    def settle(self, timeout: float = 10.0) -> bool:
        """Waits until every event and interaction so far was acknowledged or is lost. False when it takes longer."""
        return self.delivery.settle(timeout)

    @property
    def delivered(self) -> list[Delivered]:
        """What was acknowledged, in the order in which it was."""
        return self.delivery.delivered

    @property
    def lost(self) -> list[Delivered]:
        """What nobody acknowledged, after all retries."""
        return self.delivery.lost

    @property
    def connections(self) -> int:
        return len([one for one in self.delivery.sockets if not one.ws.closed])

    def patience(self, ack_timeout: float = 3.0, retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)) -> None:
        """How long Slack waits for an acknowledgement, and before each of the repetitions of an event, in seconds."""
        self.delivery.ack_timeout, self.delivery.retry_delays = ack_timeout, retry_delays

    def use_http(self, events: str, secret: str, interactions: str = "", commands: str = "") -> None:
        """From now on everything is posted to these URLs, signed; by default all to one."""
        self.delivery.target = Target(events, interactions or events, commands or events, secret)

    # --- what goes wrong ----------------------------------------------------------------------------

    def fails(self, method: str, fault: Fault, times: int = 1, after: int = 0) -> None:
        """Plans `fault` for `times` calls of `method` ("*": any), once `after` of them went well."""
        self.api.faults.plan(method, fault, times, after)

    def release(self) -> None:
        """Calls that a `late()` or `slow()` holds go on."""
        self._in_loop(self.api.release)

    def wait_held(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Whether `count` calls are held by a `late()` or `slow()`."""
        return self.api.wait_held(count, timeout)

    def hold_events(self) -> None:
        """Events are kept back until `release_events`."""
        self.delivery.mode = "held"

    def release_events(self, order: Literal["sent", "reversed", "shuffled"] = "sent") -> None:
        self._in_loop(lambda: self.delivery.release(order))

    def duplicate_events(self, copies: int = 2) -> None:
        """Every event comes this many times, always with one event id."""
        self.delivery.copies = copies

    def deafen(self) -> None:
        """Connections stay, calls are answered, and no event comes or will ever be repeated. `hear` ends it."""
        self.delivery.mode = "deaf"
        self._in_loop(self.delivery.drop_held)

    def hear(self) -> None:
        self.delivery.mode = "on"

    def outage(self) -> None:
        """Connections are cut, calls get 503, and events are lost for good. `recover` ends it."""
        self.api.down = True
        self.deafen()
        self._in_loop(self.delivery.cut)

    def recover(self) -> None:
        self.api.down = False
        self.hear()

    def refresh(self, reason: Literal["refresh_requested", "warning", "link_disabled"] = "refresh_requested") -> None:
        """Slack asks every connection to make way for a new one."""
        self._in_loop(lambda: self.delivery.disconnect(reason))

    def cut_sockets(self) -> None:
        """Every connection is gone without a word."""
        self._in_loop(self.delivery.cut)

    def kill_tickets(self, count: int = 1, hang: bool = False) -> None:
        """The next connections are refused with 404, or hang for ever."""
        if hang:
            self.delivery.hanging_tickets += count
        else:
            self.delivery.dead_tickets += count

    def revoke_token(self) -> None:
        """The event is sent, and every call from now on is refused."""
        with self.company.lock:
            tokens = {"oauth": [], "bot": [self.company.bot.id]}
            self.company.tell({"type": "tokens_revoked", "tokens": tokens, "event_ts": self.company.now_ts()})
            self.api.standing = "revoked"

    def uninstall(self) -> None:
        with self.company.lock:
            self.company.tell({"type": "app_uninstalled", "event_ts": self.company.now_ts()})
            self.api.standing = "uninstalled"

    def reinstall(self) -> None:
        """The tokens work again."""
        self.api.standing = "ok"

    # --- what is to be seen -------------------------------------------------------------------------

    def dm(self, user: str) -> str:
        """The id of the person's conversation with the bot."""
        with self.company.lock:
            return self.company.dm(user).channel.id

    def channels_of(self, user: str) -> list[Channel]:
        """The conversations this person is in, those with the bot and with others included."""
        with self.company.lock:
            key = self.company.user(user).id
            return [room.channel for room in self.company.rooms.values() if key in room.members]

    def messages(self, channel: str) -> list[Json]:
        """What the channel shows, oldest first; replies only where they were sent to the channel too."""
        with self.company.lock:
            room = self.company.room(channel)
            return [self.company.shown(room, room.posts[ts]) for ts in room.top]

    def thread(self, channel: str, ts: str) -> list[Json]:
        """The message and its replies, oldest first."""
        with self.company.lock:
            room = self.company.room(channel)
            times = [ts, *room.replies.get(ts, [])]
            return [self.company.shown(room, room.posts[one]) for one in times if one in room.posts]

    def home(self, user: str) -> Json | None:
        """The person's App Home, once it was published."""
        return self.company.homes.get(self.company.user(user).id)

    def ephemerals(self, user: str) -> list[Json]:
        """What only this person was shown, oldest first."""
        return list(self.company.whispers.get(self.company.user(user).id, []))

    def status_of(self, channel: str, thread: str) -> str:
        """What the bot says it is doing in the thread; "" when nothing."""
        held = self.company.statuses.get((self.company.room(channel).channel.id, thread))
        return str(held["status"]) if held else ""

    @property
    def log(self) -> list[Called]:
        """Every call of the Web API, oldest first."""
        return self.api.log

    def calls(self, method: str) -> list[Called]:
        return [one for one in list(self.api.log) if one.method == method]

    def subscribe(self) -> "SimpleQueue[Change]":
        """A queue of what changes from now on, for whoever draws the workspace."""
        queue: SimpleQueue[Change] = SimpleQueue()
        with self.company.lock:
            self.company.watchers.append(queue)
        return queue

    def unsubscribe(self, queue: "SimpleQueue[Change]") -> None:
        with self.company.lock:
            self.company.watchers.remove(queue)


@contextmanager
def running(
    company: Workspace, clock: Callable[[], float] = time.time, port: int = 0, check: Check = any_blocks
) -> Iterator[Sandbox]:
    """Serves `company` until the block ends. `check` says what is wrong with a message's text and blocks."""
    company.clock, company.check = clock, check
    sandbox = Sandbox(company, port)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
        company.on_event.remove(sandbox._deliver)

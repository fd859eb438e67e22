"""How the sandbox's workspace reaches the app: envelopes over Socket Mode, or signed requests; acks, retries, losses.

Everything here runs in the server's own loop, but for `hand_in` and `settle`, which any thread may call.
"""

import asyncio
import hashlib
import hmac
import json
import random
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

from bot.embedded.slack_values import Json
from bot.embedded.slack_workspace import Workspace

MOST_SOCKETS = 10


@dataclass(frozen=True)
class Item:
    """One event or interaction on its way. `answer` is set once: with what the app said, or None when it is lost."""

    kind: Literal["events_api", "interactive", "slash_commands"]
    body: Json
    answers: bool = False
    attempt: int = 0
    reason: str = ""
    answer: "Future[Json | None]" = field(default_factory=Future)

    @property
    def name(self) -> str:
        return str(self.body.get("event_id") or self.body.get("trigger_id") or self.kind)


@dataclass(frozen=True)
class Delivered:
    """An event or interaction that was acknowledged. Its name is the event id, or the trigger id."""

    name: str
    attempt: int
    body: Json


@dataclass(eq=False)
class Socket:
    """One connection of Socket Mode, with what waits to be written into it."""

    ws: web.WebSocketResponse
    line: asyncio.Transport | None
    outbox: "asyncio.Queue[Json]"
    retiring: bool = False  # told to go: no more envelopes while another one is there


@dataclass(frozen=True)
class Target:
    """Where requests go in HTTP mode."""

    events: str
    interactions: str
    commands: str
    secret: str


class Delivery:
    """The way to the app. What is scripted is set from outside: `mode`, `copies`, `ack_timeout`, `retry_delays`."""

    def __init__(self, company: Workspace) -> None:
        self.company = company
        self.loop: asyncio.AbstractEventLoop | None = None
        self.mode: Literal["on", "held", "deaf"] = "on"
        self.copies = 1  # how many times each event is sent
        self.ack_timeout = 3.0
        self.retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.target: Target | None = None
        self.sockets: list[Socket] = []
        self.tickets: set[str] = set()
        self.dead_tickets = 0  # links that will be refused
        self.hanging_tickets = 0  # links that will never be answered
        self.delivered: list[Delivered] = []
        self.lost: list[Delivered] = []
        self.sent = 0  # envelopes and requests, retries included
        self._held: list[Item] = []
        self._pending: dict[str, tuple[Item, asyncio.TimerHandle]] = {}
        self._turn = 0
        self._open = 0
        self._settled = threading.Condition()
        self._session: ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- from any thread ----------------------------------------------------------------------------

    def hand_in(self, item: Item) -> None:
        with self._settled:
            self._open += 1
        loop = self.loop
        if loop is None or loop.is_closed():
            return self._end(item, None)
        loop.call_soon_threadsafe(self._send, item)

    def settle(self, timeout: float = 10.0) -> bool:
        """Waits until everything handed in was acknowledged or is lost. False when that takes too long."""
        with self._settled:
            return self._settled.wait_for(lambda: self._open == 0, timeout)

    # --- sending ------------------------------------------------------------------------------------

    def _send(self, item: Item) -> None:
        if item.kind == "events_api" and self.mode == "held":
            self._held.append(item)
        elif self.mode == "deaf":
            self._end(item, None)
        elif self.target is not None:
            task = asyncio.ensure_future(self._post(item, self.target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif (socket := self._next_socket()) is None:
            self._failed(item, "no_connection")
        else:
            self._envelop(item, socket)

    def _next_socket(self) -> Socket | None:
        open_ones = [one for one in self.sockets if not one.ws.closed]
        fresh = [one for one in open_ones if not one.retiring] or open_ones
        self._turn += 1
        return fresh[self._turn % len(fresh)] if fresh else None

    def _envelop(self, item: Item, socket: Socket) -> None:
        with self.company.lock:
            key = self.company.new_uuid("envelope")
        envelope = {
            "envelope_id": key,
            "type": item.kind,
            "payload": item.body,
            "accepts_response_payload": item.answers,
        }
        if item.kind == "events_api":
            envelope |= {"retry_attempt": item.attempt, "retry_reason": item.reason}
        assert self.loop is not None
        self._pending[key] = (item, self.loop.call_later(self.ack_timeout, self._timed_out, key))
        self.sent += 1
        socket.outbox.put_nowait(envelope)

    def acknowledge(self, key: str, answer: Json) -> None:
        """An envelope that nobody waits for any more is no news."""
        found = self._pending.pop(key, None)
        if found is not None:
            item, timer = found
            timer.cancel()
            self._end(item, answer)

    def _timed_out(self, key: str) -> None:
        item, _timer = self._pending.pop(key)
        self._failed(item, "timeout")

    def _failed(self, item: Item, reason: str) -> None:
        """Events are sent again, three times; what somebody pressed never is."""
        if item.kind != "events_api" or item.attempt >= len(self.retry_delays):
            return self._end(item, None)
        again = replace(item, attempt=item.attempt + 1, reason=reason)
        assert self.loop is not None
        self.loop.call_later(self.retry_delays[item.attempt], self._send, again)

    def _end(self, item: Item, answer: Json | None) -> None:
        into = self.lost if answer is None else self.delivered
        into.append(Delivered(item.name, item.attempt, item.body))
        item.answer.set_result(answer)
        with self._settled:
            self._open -= 1
            self._settled.notify_all()

    # --- held back ----------------------------------------------------------------------------------

    def release(self, order: Literal["sent", "reversed", "shuffled"]) -> None:
        held, self._held, self.mode = self._held, [], "on"
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            random.Random(self.company.seed).shuffle(held)  # noqa: S311 -- reproducible, not secret
        for item in held:
            self._send(item)

    def drop_held(self) -> None:
        held, self._held = self._held, []
        for item in held:
            self._end(item, None)

    # --- Socket Mode --------------------------------------------------------------------------------

    async def link(self, request: web.Request) -> web.StreamResponse:
        """One connection: a hello, envelopes out, acknowledgements in. A ticket opens one."""
        if self.hanging_tickets:
            self.hanging_tickets -= 1
            await asyncio.Event().wait()
        ticket = request.query.get("ticket", "")
        if self.dead_tickets or ticket not in self.tickets:
            self.dead_tickets = max(0, self.dead_tickets - 1)
            return web.Response(status=404)
        self.tickets.discard(ticket)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        if len([one for one in self.sockets if not one.ws.closed]) >= MOST_SOCKETS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        await self._serve(Socket(ws, request.transport, asyncio.Queue()))
        return ws

    async def _serve(self, socket: Socket) -> None:
        self.sockets.append(socket)
        socket.outbox.put_nowait(
            {
                "type": "hello",
                "num_connections": len(self.sockets),
                "connection_info": {"app_id": self.company.app_id},
                "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            }
        )
        writer = asyncio.ensure_future(_write(socket))
        try:
            async for message in socket.ws:
                if message.type == WSMsgType.TEXT:
                    said = json.loads(message.data)
                    self.acknowledge(str(said.get("envelope_id")), said.get("payload") or {})
        finally:
            writer.cancel()
            self.sockets.remove(socket)

    def disconnect(self, reason: str) -> None:
        """Slack asks every connection to make way for a new one; the app closes the old."""
        for socket in self.sockets:
            socket.retiring = reason != "warning"
            socket.outbox.put_nowait({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})

    def cut(self) -> None:
        """Every connection is gone without a word."""
        for socket in self.sockets:
            if socket.line is not None:
                socket.line.abort()

    # --- HTTP mode ----------------------------------------------------------------------------------

    async def _post(self, item: Item, target: Target) -> None:
        url, body, kind = _request(item, target)
        now = str(int(self.company.clock()))
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": signature(target.secret, now, body),
            **({"X-Slack-Retry-Num": str(item.attempt), "X-Slack-Retry-Reason": item.reason} if item.attempt else {}),
        }
        self.sent += 1
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout())
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=ClientTimeout(total=self.ack_timeout)
            ) as response:
                text = await response.text()
                if response.status == 200:
                    self._end(item, _said(text))
                elif response.headers.get("X-Slack-No-Retry") == "1":
                    self._end(item, None)
                else:
                    self._failed(item, "http_error")
        except TimeoutError:
            self._failed(item, "http_timeout")
        except ClientError:
            self._failed(item, "connection_failed")

    async def close(self) -> None:
        self.cut()
        for item, timer in self._pending.values():
            timer.cancel()
            self._end(item, None)
        self._pending.clear()
        self.drop_held()
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _write(socket: Socket) -> None:
    while True:
        frame = await socket.outbox.get()
        try:
            await socket.ws.send_str(json.dumps(frame))
        except ConnectionError:
            return  # what was not read times out


def _request(item: Item, target: Target) -> tuple[str, bytes, str]:
    """URL, body and content type of what Slack would post."""
    if item.kind == "events_api":
        return target.events, json.dumps(item.body).encode(), "application/json"
    if item.kind == "slash_commands":
        return target.commands, urlencode(item.body).encode(), "application/x-www-form-urlencoded"
    return (
        target.interactions,
        urlencode({"payload": json.dumps(item.body)}).encode(),
        "application/x-www-form-urlencoded",
    )


def _said(text: str) -> Json:
    try:
        said: Any = json.loads(text or "{}")
    except ValueError:
        return {"text": text}
    return dict(said) if isinstance(said, Mapping) else {}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """As `X-Slack-Signature` has it."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()

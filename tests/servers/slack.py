"""A small company on the sandbox's Slack, and an unmodified Bolt app beside it.

`slack` is the workspace, served. `bolt` connects an app that acknowledges everything and keeps what it saw.
"""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, Workspace, running
from bot.embedded.slack_values import Channel, Json, User
from bot.embedded.slack_workspace import BOT
from bot.slack.limits import problems

if TYPE_CHECKING:  # what takes long to import waits for its first use
    from slack_sdk import WebClient

BEGIN = 1_795_000_000.0  # 18 November 2026, 10:26:40 UTC
PATIENCE = 30.0
BUTTONS: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Answer Ben"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "done", "text": {"type": "plain_text", "text": "Done"}, "value": "task-1"},
            {
                "type": "static_select",
                "action_id": "snooze",
                "placeholder": {"type": "plain_text", "text": "Snooze"},
                "options": [{"text": {"type": "plain_text", "text": "Tomorrow"}, "value": "tomorrow"}],
            },
        ],
    },
]
MODAL: Json = {
    "type": "modal",
    "callback_id": "connect",
    "title": {"type": "plain_text", "text": "Connect"},
    "notify_on_close": True,
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "host",
            "label": {"type": "plain_text", "text": "Server"},
            "element": {"type": "plain_text_input", "action_id": "host"},
        }
    ],
}


@dataclass
class Clock:
    """A clock that stands still until it is told otherwise."""

    now: float = BEGIN

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


def small_company(seed: str = "night") -> Workspace:
    """Ada, Ben, and Cleo who is a guest. The bot is in #general, #plans (private, without Cleo); not in #other, #vault."""
    users = [
        User(id="U0ADA", name="ada", real_name="Ada Lind", display_name="Ada", email="ada@night.example"),
        User(id="U0BEN", name="ben", real_name="Ben Okoro", email="ben@night.example", tz="America/New_York"),
        User(id="U0CLEO", name="cleo", real_name="Cleo Roy", email="cleo@guest.example", is_restricted=True),
    ]
    everybody = ("U0ADA", "U0BEN", "U0CLEO")
    channels = [
        Channel(id="C0GENERAL", name="general", members=(*everybody, BOT.id), creator="U0ADA", is_general=True),
        Channel(id="C0OTHER", name="other", members=("U0ADA", "U0BEN"), creator="U0ADA"),
        Channel(id="G0PLANS", name="plans", kind="private", members=("U0ADA", "U0BEN", BOT.id), creator="U0ADA"),
        Channel(id="G0VAULT", name="vault", kind="private", members=("U0ADA",), creator="U0ADA"),
    ]
    return Workspace(users, channels, seed=seed)


@pytest.fixture
def slack_clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(slack_clock: Clock) -> Iterator[Sandbox]:
    """The small company, with patience for tests: an acknowledgement within 0.5 s, repetitions at once."""
    with running(small_company(), slack_clock, check=problems) as sandbox:
        sandbox.patience(0.5, (0.0, 0.05, 0.1))
        yield sandbox


def web(sandbox: Sandbox, timeout: int = 10, token: str = BOT_TOKEN) -> "WebClient":
    """slack_sdk's own client, without its retries."""
    from slack_sdk import WebClient

    return WebClient(token=token, base_url=sandbox.base_url, timeout=timeout, retry_handlers=[])


def until(true: Callable[[], object], seconds: float = PATIENCE, every: float = 0.01) -> None:
    """Waits for something real to happen; fails when it does not. `every`: seconds between looks."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(every)


# --- an app ----------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What an app was sent, acknowledged or not, in the order it came."""

    bodies: list[Json] = field(default_factory=list)
    refuse: Callable[[Json], bool] = lambda body: False  # whether to fail before the acknowledgement

    @property
    def events(self) -> list[Json]:
        return [body["event"] for body in list(self.bodies) if "event" in body]

    def of(self, kind: str) -> list[Json]:
        """Events of a type, or messages of a subtype, or interactions of a type."""
        found = [one for one in self.events if kind in (one["type"], one.get("subtype"))]
        return found or [
            one for one in list(self.bodies) if "event" not in one and kind in (one.get("type"), one.get("command"))
        ]


@contextmanager
def bolt(sandbox: Sandbox, answer: Callable[[Json], Json | str | None] = lambda body: None) -> Iterator[Seen]:
    """An app over Socket Mode. `answer` says what is acknowledged with. Ends with the block."""
    seen, ready, end = Seen(), Future[None](), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(sandbox, seen, answer, ready, end)), daemon=True)
    thread.start()
    ready.result(PATIENCE)
    until(lambda: sandbox.connections)
    try:
        yield seen
    finally:
        end.set()
        thread.join(PATIENCE)


async def _serve(
    sandbox: Sandbox, seen: Seen, answer: Callable[[Json], Any], ready: "Future[None]", end: threading.Event
) -> None:
    from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    quiet = logging.getLogger("tests.bolt")
    quiet.setLevel(logging.CRITICAL)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=sandbox.base_url, logger=quiet)
    app = AsyncApp(client=client, before_authorize=_keep(seen), logger=quiet)
    handler = AsyncSocketModeHandler(app, APP_TOKEN, ping_interval=0.2, logger=quiet)

    async def said(ack: Any, body: Json) -> None:
        words = answer(body)
        await (ack(**words) if isinstance(words, dict) else ack(words) if words else ack())

    everything = re.compile(".*")
    app.event(everything)(_nothing)
    for kind in (app.action, app.shortcut, app.view, app.command):
        kind(everything)(said)
    app.view_closed(everything)(said)
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        ready.set_result(None)
        await asyncio.to_thread(end.wait)
    except Exception as failed:  # noqa: BLE001 -- told to the test, whatever it is
        ready.set_exception(failed)
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def _nothing() -> None:
    """A listener, so that Bolt acknowledges."""


def _keep(seen: Seen) -> Callable[..., Any]:
    async def keep(body: Json, next: Callable[[], Any]) -> None:
        seen.bodies.append(body)
        if seen.refuse(body):
            raise RuntimeError("the app cannot keep it")
        await next()

    return keep

"""A message that grows in a thread while its text is made, and the sign that somebody is at work.

Slack closes a stream after about five minutes and takes blocks and metadata only at its end. Text comes here sanitised.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from bot.slack.client import Json, Slack
from bot.slack.limits import Block
from graphs.errors import Denied, Later, NeedsPerson

AT_WORK = "is looking it up…"
STATUS_SECONDS = 60.0
"""Slack takes a status away after two minutes."""

MOST_EARLY = 200

PACE = 0.7
"""Seconds between two pieces of one message: Slack takes about a hundred a minute from all of them together."""


@dataclass(frozen=True)
class Spot:
    """A thread, and for whom something is written there. All from the event and the directory."""

    channel: str
    thread_ts: str
    user: str
    team: str


def start(slack: Slack, spot: Spot, text: str) -> str:
    """The ts of the new stream. Raises `Unsure` when it may stand all the same."""
    said = slack.call(
        "chat.startStream", channel=spot.channel, thread_ts=spot.thread_ts, markdown_text=text,
        recipient_user_id=spot.user, recipient_team_id=spot.team or None,
    )  # fmt: skip
    return str(said["ts"])


def append(slack: Slack, channel: str, ts: str, text: str) -> bool:
    """False when the piece may not stand there: then the message is edited in the end."""
    try:
        slack.call("chat.appendStream", channel=channel, ts=ts, markdown_text=text)
    except (Denied, Later, NeedsPerson):
        return False
    return True


def stop(
    slack: Slack, channel: str, ts: str, text: str = "", blocks: list[Block] | None = None, mark: Json | None = None
) -> bool:
    """Ends a stream; False when it was over already, so that an edit has to say this. Raises `Later`, then nobody may edit."""
    try:
        slack.call("chat.stopStream", channel=channel, ts=ts, markdown_text=text or None, blocks=blocks, metadata=mark)
    except Denied:
        if blocks is not None:
            stop(slack, channel, ts)  # what was refused may be what stands below, not the end
        return False
    return True


def ours_after(slack: Slack, spot: Spot, after: str, bot_user: str) -> list[str]:
    """Messages of ours in a thread after `after` that carry no key, oldest first: one of them a crash may have left."""
    pages = slack.pages(
        "conversations.replies", "messages", channel=spot.channel, ts=spot.thread_ts, oldest=after,
        include_all_metadata=True,
    )  # fmt: skip
    ours = [one for page in pages for one in page if one.get("user") == bot_user and not _key(one)]
    return sorted(str(one["ts"]) for one in ours if str(one["ts"]) > after)


def _key(message: Json) -> object:
    return ((message.get("metadata") or {}).get("event_payload") or {}).get("key")


@dataclass(frozen=True)
class _Early:
    """An announcement in a spot (channel and thread)."""

    spot: tuple[str, str]
    made: "Future[bool]" = field(default_factory=Future)

    def make(self, slack: Slack, is_due: Callable[[], bool]) -> None:
        if not self.made.set_running_or_notify_cancel():
            return
        said = False
        try:
            said = _announce(slack, self.spot, is_due)
        finally:
            self.made.set_result(said)  # somebody may wait for it

    def was_said(self) -> bool:
        """Waits for one that is on its way; one that nobody has begun is not made any more."""
        return not self.made.cancel() and self.made.result()


_EARLY: WeakKeyDictionary[Slack, dict[tuple[str, str], _Early | None]] = WeakKeyDictionary()
"""Announcements of this process by channel and question. None: its answer took it over, or came before it."""


def announce(pool: Executor, slack: Slack, spot: tuple[str, str], asked: str, is_due: Callable[[], bool]) -> None:
    """Shows the status before `at_work` does, if `is_due`, for the question `asked` in `spot` (channel and thread)."""
    early = _Early(spot)
    if _first(slack, (spot[0], asked), early) is early:
        pool.submit(early.make, slack, is_due)


def _first(slack: Slack, asked: tuple[str, str], early: _Early | None) -> _Early | None:
    """What is known of this question, or else `early` from now on."""
    known = _EARLY.setdefault(slack, {})
    found = known.setdefault(asked, early)
    for oldest in list(known)[:-MOST_EARLY]:
        known.pop(oldest, None)
    return found


def _taken_over(slack: Slack, asked: tuple[str, str]) -> _Early | None:
    """The announcement, if there is one; afterwards none is made."""
    early = _first(slack, asked, None)
    if early is not None:
        _EARLY[slack][asked] = None
    return early


def _announce(slack: Slack, spot: tuple[str, str], is_due: Callable[[], bool]) -> bool:
    try:
        return is_due() and _set_status(slack, *spot, AT_WORK)
    except (Denied, Later, NeedsPerson):
        return False


def withdraw(slack: Slack, channel: str, asked: str) -> None:
    """Takes away an announcement to which nobody came."""
    early = _taken_over(slack, (channel, asked))
    if early is not None and early.was_said():
        _set_status(slack, *early.spot, "")


@contextmanager
def at_work(slack: Slack, channel: str, thread_ts: str, asked: str) -> Iterator["Sign"]:
    """Shows a status from now until the answer stands. It is said beside the work, which it never holds up or fails."""
    sign = Sign(slack, channel, thread_ts, _taken_over(slack, (channel, asked)))
    shower = threading.Thread(target=sign.keep_up, name="status", daemon=True)
    shower.start()
    try:
        yield sign
    finally:
        sign.take_down()


@dataclass
class Sign:
    """One status. What we say in the thread takes it away, so it must not be said again afterwards."""

    slack: Slack
    channel: str
    thread_ts: str
    early: _Early | None = None  # the same, announced when the question came
    first: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def keep_up(self) -> None:
        if self.early is not None and self.early.was_said():
            self.first.set()
            self.over.wait(STATUS_SECONDS)
        while not self.over.is_set():
            _set_status(self.slack, self.channel, self.thread_ts, AT_WORK)
            self.first.set()
            self.over.wait(STATUS_SECONDS)

    def take_down(self) -> None:
        """Before the first words: a status that came after them would stay."""
        self.over.set()
        self.first.wait(STATUS_SECONDS)

    def clear(self) -> None:
        """When nothing is said after all."""
        self.take_down()
        _set_status(self.slack, self.channel, self.thread_ts, "")


def _set_status(slack: Slack, channel: str, thread_ts: str, status: str) -> bool:
    try:
        slack.call("assistant.threads.setStatus", channel_id=channel, thread_ts=thread_ts, status=status)
    except (Denied, Later, NeedsPerson):
        return False  # a sign is a courtesy: the answer comes all the same
    return True


@dataclass
class Pace:
    """When the next piece may go."""

    last: float = 0.0

    def due(self) -> bool:
        now = time.monotonic()
        if now - self.last < PACE:
            return False
        self.last = now
        return True

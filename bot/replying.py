"""An answer appears in its thread while it is made, exactly once. Its row in the outbox is the record.

take_up (row) -> hear: row says "begun" -> startStream -> row has its ts -> appendStream … -> finish: row has the whole text
-> stopStream -> row says "sent". Whoever finds the row after a crash goes on with the message that stands. Where Slack
streams nothing, the same row is posted and edited by `posting`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field

from bot import posting
from bot.desk import Desk, check_running
from bot.slack import answers, stream
from bot.slack.answers import Shown
from bot.slack.client import Slack
from bot.slack.stream import Pace, Sign, Spot
from bot.store import outbox, queue, replies
from bot.store.db import Tx
from bot.store.outbox import Post
from graphs.errors import Denied, Later, NeedsPerson, Unsure


@dataclass(frozen=True)
class Thread:
    """Where an answer goes and whose row it is. All of it comes from the event and the directory."""

    desk: Desk
    slack: Slack
    spot: Spot
    scope: int
    key: str
    asked: str  # ts of the question
    bot_user: str

    def begin(self) -> AbstractContextManager[Tx]:
        return self.desk.store.as_scope(self.scope)

    def post(self, shown: Shown) -> Post:
        said = tuple(answers.blocks(shown))
        return Post(self.key, self.spot.channel, answers.fallback(shown), said, self.spot.thread_ts, rests=shown.rests)


@dataclass
class Telling:
    """One attempt at an answer."""

    thread: Thread
    fence: int
    sign: Sign | None = None
    ts: str = ""
    streams: bool = False
    edits: bool = False  # nothing is streamed: the outbox posts and edits
    broken: bool = False  # a piece did not arrive
    told: str = ""
    shown: str = ""  # of `told`, sanitised: what the stream shows
    pace: Pace = field(default_factory=Pace)

    def hear(self, piece: str, check: Callable[[Tx], None]) -> bool:
        """Shows what is certain of the answer once `check` does not object; whether these were its first words. Raises
        `Later` where the next attempt has to look first.
        """
        self.told += piece
        if not self.pace.due():
            return False
        if self.streams:
            self._append(check)
            return False
        is_first = not self.edits
        if is_first:
            self._start(check)
        if self.edits:
            self._edit(check)
        return is_first

    def finish(self, shown: Shown) -> None:
        """Makes the message say `shown`. Raises `Later` while Slack leaves it open whether a stream has ended."""
        self._take_sign_down()
        post = self.thread.post(shown)
        with self.thread.begin() as tx:
            check_running(tx)
            replies.says(tx, self.thread.scope, post, self.fence, partial=False, deliver=not self.streams)
        if self.streams and self._stop(shown, post):
            with self.thread.begin() as tx:
                outbox.stands(tx, post.key, self.ts, post.hash, self.thread.desk.now())
            return
        if self.streams:
            with self.thread.begin() as tx:
                replies.ends(tx, self.thread.scope, post.key, self.fence)
        _deliver(self.thread)

    def _take_sign_down(self) -> None:
        if self.sign is not None:
            self.sign.take_down()

    def _start(self, check: Callable[[Tx], None]) -> None:
        self._take_sign_down()
        desk, begin, key = self.thread.desk, self.thread.begin, self.thread.key
        text = answers.said(self.told)
        with begin() as tx:
            check(tx)
            check_running(tx)
            replies.begins(tx, key, self.fence, desk.now())
        try:
            self.ts = stream.start(self.thread.slack, self.thread.spot, text)
        except Unsure:
            raise
        except (Denied, Later, NeedsPerson):
            with begin() as tx:
                replies.begins(tx, key, self.fence, None)
            self.edits = True
            return
        with begin() as tx:
            replies.stands_at(tx, key, self.fence, self.ts)
        self.streams, self.shown = True, text

    def _append(self, check: Callable[[Tx], None]) -> None:
        with self.thread.desk.store.directory() as tx:
            check(tx)
        text = answers.said(self.told)
        if self.broken or not text.startswith(self.shown):
            self.broken = True
        elif stream.append(self.thread.slack, self.thread.spot.channel, self.ts, text[len(self.shown) :]):
            self.shown = text
        else:
            self.broken = True

    def _edit(self, check: Callable[[Tx], None]) -> None:
        post = self.thread.post(Shown(f"{self.told} …", rated=False))
        with self.thread.begin() as tx:
            check(tx)
            replies.says(tx, self.thread.scope, post, self.fence, partial=True, deliver=True)
        _deliver(self.thread)

    def _stop(self, shown: Shown, post: Post) -> bool:
        """Whether the message now says all of it, and nothing in it unfolds into a preview."""
        text = answers.said(shown.text)
        whole = not self.broken and text.startswith(self.shown)
        rest = text[len(self.shown) :] if whole else ""
        channel = self.thread.spot.channel
        ended = stream.stop(
            self.thread.slack, channel, self.ts, rest, answers.below(shown), posting.mark(post.key, post.hash)
        )
        return ended and whole and not answers.may_unfurl(shown)


def take_up(thread: Thread, revision: int) -> Telling | None:
    """The attempt that may answer now; None when the answer stands. Raises `Later` while what a crash left is in doubt."""
    with thread.begin() as tx:
        check_running(tx)
        if replies.begin(
            tx, thread.scope, Post(thread.key, thread.spot.channel, "", (), thread.spot.thread_ts), revision
        ):
            return Telling(thread, 1)
        held = replies.get(tx, thread.key)
    assert held is not None
    if held.state in ("refused", "withdrawn"):
        return None
    if not held.partial and held.revision == revision:
        if held.state == "streaming":
            _close(thread, held)
        return None
    with thread.begin() as tx:
        fence = replies.retake(tx, thread.key, held.fence, revision)
    found = held.ts
    if held.state == "streaming":
        found = held.ts or _left_behind(thread, held, fence)
        if found:
            stream.stop(thread.slack, thread.spot.channel, found)
    return Telling(thread, fence, ts=found, edits=bool(found) or held.state != "streaming")


def _close(thread: Thread, held: replies.Reply) -> None:
    """All of it was decided before the crash: only the message may not say so yet."""
    stream.stop(thread.slack, thread.spot.channel, held.ts)
    with thread.begin() as tx:
        replies.ends(tx, thread.scope, thread.key, held.fence)
    _deliver(thread)


def _left_behind(thread: Thread, held: replies.Reply, fence: int) -> str:
    """The ts of a stream that an attempt may have started without recording it; "" when there is none."""
    if held.begun_at is None:
        return ""
    ours = stream.ours_after(thread.slack, thread.spot, thread.asked, thread.bot_user)
    with thread.begin() as tx:
        loose = replies.unaccounted(tx, thread.spot.channel, ours)
    if not loose:
        age = thread.desk.now() - held.begun_at
        if age < thread.desk.quarantine:
            raise Later(
                "An answer is of unknown outcome: it is looked for first.",
                (thread.desk.quarantine - age).total_seconds(),
            )
    with thread.begin() as tx:
        if loose:
            replies.stands_at(tx, thread.key, fence, loose[0])
        else:
            replies.begins(tx, thread.key, fence, None)
    return loose[0] if loose else ""


def _deliver(thread: Thread) -> None:
    """At once where Slack lets us; the job that was enqueued with the words goes on where it does not."""
    try:
        posting.deliver(thread.desk, thread.scope, thread.key)
    except Later:
        with suppress(Later), thread.begin() as tx:
            queue.defer(tx, outbox.delivery(thread.scope, thread.key))

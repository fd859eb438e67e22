"""Answers while they are made. The row of the outbox is the record: what stands where, and which attempt may go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from bot.store import outbox, queue
from bot.store.db import Tx
from bot.store.messages import read_message
from bot.store.outbox import Post
from graphs.domain import Message
from graphs.errors import Later


@dataclass(frozen=True)
class Reply:
    """An answer's row. `begun_at`: a stream of unknown ts may stand since then."""

    state: str
    ts: str
    begun_at: datetime | None
    revision: int
    fence: int
    partial: bool


class TakenOver(Later):
    """Another worker goes on with this answer."""


def get(tx: Tx, key: str) -> Reply | None:
    row = tx.one("reply", key=key)
    if row is None:
        return None
    return Reply(row["state"], row["ts"], row["begun_at"], row["revision"], row["fence"], row["partial"])


def begin(tx: Tx, scope: int, post: Post, revision: int) -> bool:
    """Makes the row of an answer that nobody has begun; False when there is one."""
    return bool(
        tx.run("begin_reply", scope=scope, key=post.key, channel=post.channel, thread=post.thread_ts, revision=revision)
    )


def retake(tx: Tx, key: str, fence: int, revision: int) -> int:
    """The fence of the new attempt. Raises `TakenOver` when somebody was faster."""
    _hold(tx.run("retake_reply", key=key, fence=fence, revision=revision))
    return fence + 1


def begins(tx: Tx, key: str, fence: int, now: datetime | None) -> None:
    """Before a stream is started; `None` when it is certain that none was."""
    _hold(tx.run("reply_begins", key=key, fence=fence, now=now))


def stands_at(tx: Tx, key: str, fence: int, ts: str) -> None:
    _hold(tx.run("reply_at", key=key, fence=fence, ts=ts))


def says(tx: Tx, scope: int, post: Post, fence: int, partial: bool, deliver: bool) -> None:
    """What the answer should say. `deliver`: by whoever says so, else by the outbox; else a stream still shows it.

    Raises `Later` when what it rests on has changed since it was read.
    """
    if not outbox.rest(tx, scope, post):
        raise Later("What this answer rests on has changed: it is made anew.", 1)
    content = Jsonb({"text": post.text, "blocks": list(post.blocks), "partial": partial})
    state = "wanted" if deliver else None
    _hold(tx.run("reply_says", key=post.key, fence=fence, content=content, hash=post.hash, state=state))
    if deliver:
        queue.defer(tx, outbox.delivery(scope, post.key, outbox.SAID_AT_ONCE))


def ends(tx: Tx, scope: int, key: str, fence: int) -> None:
    """The stream is over, and whoever says so goes on with what the row says, else the outbox."""
    _hold(tx.run("reply_ends", key=key, fence=fence))
    queue.defer(tx, outbox.delivery(scope, key, outbox.SAID_AT_ONCE))


def unaccounted(tx: Tx, channel: str, times: Sequence[str]) -> list[str]:
    """Those of our messages in a channel that no row accounts for."""
    known = {row["ts"] for row in tx.all("our_messages", channel=channel, times=list(times))}
    return [ts for ts in times if ts not in known]


def thread(tx: Tx, scope: int, root: str) -> list[Message]:
    """A thread of a channel as far as the audience may read it, oldest first."""
    return [read_message(row) for row in tx.all("thread_of", scope=scope, thread=root)]


def around(tx: Tx, scope: int, ts: str) -> list[Message]:
    """The thread that holds the message `ts` of a channel, as `thread`; empty when there is no such message."""
    return [read_message(row) for row in tx.all("thread_around", scope=scope, ts=ts)]


def ours(tx: Tx, channel: str, root: str) -> list[tuple[str, str]]:
    """(ts, text as Slack has it) of what we said in a thread, oldest first."""
    return [(row["ts"], row["text"]) for row in tx.all("ours_in_thread", channel=channel, thread=root)]


def put_feedback(tx: Tx, scope: int, key: str, person: int, value: str, now: datetime) -> None:
    tx.run("put_feedback", scope=scope, key=key, person=person, value=value, now=now)


def _hold(touched: int) -> None:
    if not touched:
        raise TakenOver("Another worker goes on with this answer.")

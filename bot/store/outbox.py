"""What should stand in Slack and what does. Lives in the scope of the transaction: a person's desk, or a channel."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from bot.store import queue
from bot.store.db import Row, Tx

State = Literal["wanted", "sending", "sent", "refused", "withdrawn"]
Block = dict[str, Any]


@dataclass(frozen=True)
class Post:
    """One message as it should stand. `channel` and `thread_ts` come from an event or the directory, never from a model.

    The key is derived from what the message is about, so that a second attempt is the same message.
    """

    key: str
    channel: str
    text: str  # what notifications show
    blocks: tuple[Block, ...] = ()
    thread_ts: str = ""
    reader: str = ""  # ephemeral: this user alone sees it

    @property
    def hash(self) -> str:
        said = json.dumps([self.channel, self.thread_ts, self.reader, self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Posted:
    """A message with what became of it. `ts` is '' before it stands in Slack."""

    post: Post
    scope: int
    state: State
    ts: str
    stands: str  # the hash of what stands there
    begun_at: datetime | None
    attempts: int


def want(tx: Tx, scope: int, post: Post) -> None:
    """Promises a message, or other words for it, and enqueues its delivery with the same commit."""
    content = Jsonb({"text": post.text, "blocks": list(post.blocks)})
    touched = tx.run(
        "want_post", scope=scope, key=post.key, channel=post.channel, thread=post.thread_ts, reader=post.reader,
        content=content, hash=post.hash,
    )  # fmt: skip
    if touched:
        queue.defer(tx, delivery(scope, post.key))


def delivery(scope: int, key: str, at: datetime | None = None) -> queue.Job:
    """The job that brings a message to Slack."""
    args: dict[str, queue.Argument] = {"scope": scope, "key": key}
    return queue.Job("deliver", queue.LIVE, args, lock=f"post/{key}", once=f"deliver/{key}", at=at, priority=50)


def get(tx: Tx, key: str) -> Posted | None:
    row = tx.one("post", key=key)
    return None if row is None else _posted(row)


def at(tx: Tx, channel: str, ts: str) -> Posted | None:
    """Our message that stands at `ts`, if the audience may know it."""
    row = tx.one("post_at", channel=channel, ts=ts)
    return None if row is None else _posted(row)


def in_thread(tx: Tx, channel: str, thread_ts: str) -> list[str]:
    """Keys of our messages in a thread, oldest first."""
    return [row["key"] for row in tx.all("posts_in", channel=channel, thread=thread_ts)]


def claim(tx: Tx, key: str, now: datetime) -> bool:
    """Marks an attempt whose outcome is unknown until `stands` or `refuse`; False when there is nothing to do."""
    return bool(tx.run("claim_post", key=key, now=now))


def reclaim(tx: Tx, key: str) -> None:
    """The far side has nothing of it: it may be tried again."""
    tx.run("reclaim_post", key=key)


def stands(tx: Tx, key: str, ts: str, hash_: str, now: datetime) -> None:
    """What stands in Slack now. Other words that are wanted meanwhile stay owed."""
    tx.run("post_stands", key=key, ts=ts, stands=hash_, now=now)


def refuse(tx: Tx, key: str, problem: str) -> None:
    tx.run("refuse_post", key=key, problem=problem)


def pending(tx: Tx) -> list[Row]:
    """`{scope_id, key, state, begun_at}` of what waits, oldest first; any transaction may ask."""
    return tx.all("pending_posts")


def _posted(row: Row) -> Posted:
    content = row["content"]
    post = Post(row["key"], row["channel"], content["text"], tuple(content["blocks"]), row["thread_ts"], row["reader"])
    return Posted(post, row["scope_id"], row["state"], row["ts"], row["stands"], row["begun_at"], row["attempts"])

"""What should stand in Slack and what does. Lives in the scope of the transaction: a person's desk, or a channel.

Who wants a message names what it rests on. When one of these messages is changed or deleted, or may no longer be read by all
who read the place, the words are taken back: by the trigger of the messages, as they are wanted, and before each delivery.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb

from bot.store import messages, queue
from bot.store.db import Row, Tx
from graphs.domain import MailSource, SlackSource, Source, account_scope, channel_scope
from graphs.errors import Later

State = Literal["wanted", "sending", "sent", "refused", "withdrawn"]
Block = dict[str, Any]


SAID_AT_ONCE = timedelta(seconds=5)
"""Whoever enqueues a delivery and then makes it has so long before the queue makes it."""

TAKEN_BACK = "Taken back: what this rested on was changed or deleted since. Press again."
"""What stands in a digest's thread where nothing is made anew by itself."""


@dataclass(frozen=True)
class Rest:
    """A message whose words something of ours may hold, in the revision that was read. None: it answers the message, and
    stands until that is deleted."""

    source: Source
    revision: int | None


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
    rests: tuple[Rest, ...] = ()  # what it may hold words of

    @property
    def hash(self) -> str:
        said = json.dumps([self.channel, self.thread_ts, self.reader, self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Posted:
    """A message with what became of it. `ts` is '' before it stands in Slack; `attempt` numbers the claims."""

    post: Post
    hash: str
    scope: int
    state: State
    ts: str
    stands: str  # the hash of what stands there
    begun_at: datetime | None
    attempt: int
    redo: bool  # its words were taken back, and its person's desk makes it anew


def want(tx: Tx, scope: int, post: Post) -> bool:
    """Promises a message, or other words for it, and enqueues its delivery with the same commit.

    False when what it rests on has changed since it was read: then it says so instead.
    """
    sound = rest(tx, scope, post)
    content = Jsonb({"text": post.text, "blocks": list(post.blocks)})
    touched = tx.run(
        "want_post", scope=scope, key=post.key, channel=post.channel, thread=post.thread_ts, reader=post.reader,
        content=content, hash=post.hash,
    )  # fmt: skip
    if not sound:
        tx.all("take_back_post", key=post.key)
    elif touched:
        queue.defer(tx, delivery(scope, post.key))
    return sound


def rest(tx: Tx, scope: int, post: Post) -> bool:
    """Notes what a post rests on; True while all of it stands as it was read, for all who will read the post.

    Before the post itself is written: whoever changes a message goes from the message to the posts as well.
    """
    named = [(_place(one.source), one.revision) for one in post.rests]
    known = sorted({(*place, revision) for place, revision in named if place is not None}, key=str)
    places, names, revisions = ([one[n] for one in known] for n in range(3))
    row = tx.one("rest_on", scope=scope, key=post.key, places=places, names=names, revisions=revisions)
    return row is not None and bool(row["sound"])


def rests(tx: Tx, key: str) -> tuple[Rest, ...]:
    """What a post rests on, all of which stands as it was read at this moment; nothing where any of it does not."""
    tx.one("recheck_post", key=key)
    known = {row["message_id"]: row["revision"] for row in tx.all("post_sources", key=key)}
    return tuple(Rest(one.source, known[one.id]) for one in messages.by_id(tx, list(known)))


def _place(source: Source) -> tuple[str, str] | None:
    match source:
        case SlackSource():
            return channel_scope(source.channel), source.ts
        case MailSource():
            return account_scope(source.account), source.message_id
        case _:
            return None


def delivery(scope: int, key: str, after: timedelta | None = None) -> queue.Job:
    """The job that brings a message to Slack."""
    args: dict[str, queue.Argument] = {"scope": scope, "key": key}
    return queue.Job("deliver", queue.LIVE, args, lock=f"post/{key}", once=f"deliver/{key}", after=after, priority=50)


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


def claim(tx: Tx, key: str, now: datetime) -> Posted | None:
    """The message as it should be said now, with an attempt marked whose outcome is unknown until `stands` or `refuse`;
    None when there is nothing to do. What it rests on is looked at first. Raises `Later` where nobody knows who reads it.
    """
    known = tx.one("recheck_post", key=key)
    if known is not None and not known["known"]:
        raise Later("Who reads this conversation is being looked up: what is said there waits.", 5)
    row = tx.one("claim_post", key=key, now=now)
    return None if row is None else _posted(row)


def doubt(tx: Tx, key: str, since: datetime) -> None:
    """What nobody has tried to say may stand since then all the same: it is looked for before it is said."""
    tx.run("doubt_post", key=key, since=since)


def reclaim(tx: Tx, found: Posted) -> None:
    """The far side has nothing of it: it may be tried again."""
    tx.run("reclaim_post", key=found.post.key, attempt=found.attempt)


def stands(tx: Tx, key: str, ts: str, hash_: str, now: datetime, attempt: int | None = None) -> bool:
    """What stands in Slack now. Other words that are wanted meanwhile are delivered. False when another attempt is at it."""
    row = tx.one("post_stands", key=key, ts=ts, stands=hash_, now=now, attempt=attempt)
    if row is not None and row["state"] == "wanted":
        queue.defer(tx, delivery(row["scope_id"], key))
    return row is not None


def refuse(tx: Tx, found: Posted, problem: str) -> None:
    tx.run("refuse_post", key=found.post.key, attempt=found.attempt, problem=problem)


def to_redo(tx: Tx, scope: int) -> list[str]:
    """Keys of messages whose words were taken back, and that are made anew."""
    return [row["key"] for row in tx.all("posts_to_redo", scope=scope)]


def pending(tx: Tx) -> list[Row]:
    """`{scope_id, key, state, begun_at}` of what waits, oldest first; any transaction may ask."""
    return tx.all("pending_posts")


def _posted(row: Row) -> Posted:
    content = row["content"]
    post = Post(row["key"], row["channel"], content["text"], tuple(content["blocks"]), row["thread_ts"], row["reader"])
    return Posted(
        post, row["hash"], row["scope_id"], row["state"], row["ts"], row["stands"], row["begun_at"], row["attempts"],
        row["redo"],
    )  # fmt: skip

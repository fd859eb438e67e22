"""Brings what the outbox promises to Slack: posted once, edited in place, looked for after a doubt before it is repeated."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from functools import partial

from bot import observe
from bot.desk import Desk, check_running
from bot.slack.client import Json, Slack, refusal
from bot.store import outbox, queue
from bot.store.db import Tx
from graphs.errors import Denied, Later, Unsure

MARK = "nightdesk"
"""The event type of our metadata; its payload carries the key that recovery looks for."""

LOOK_BACK = timedelta(minutes=5)
"""Slack's clock may be behind ours by this much."""

PATIENCE = timedelta(minutes=5)
"""What is said within this time of its moment is not late, and no database was put back meanwhile."""

STREAMING = "streaming_state_conflict"
"""Slack's word for a message that is not to be edited yet."""

Begin = Callable[[], AbstractContextManager[Tx]]


def doubt(tx: Tx, key: str, since: datetime, now: datetime) -> None:
    """Before the first attempt at what could have been said since `since`: a database that was put back does not know that
    it was. In time nothing is looked for, because everybody wakes up together."""
    if now > since + PATIENCE:
        outbox.doubt(tx, key, since)


def deliver(desk: Desk, scope: int, key: str) -> None:
    """Makes Slack show what the outbox says under `key`. Raises `Later` while Slack is busy or a doubt is too young."""
    slack = desk.require_slack()
    begin = partial(desk.store.as_scope, scope)
    with begin() as tx:
        found = outbox.get(tx, key)
        if found is None or found.state in ("sent", "refused", "withdrawn"):
            return
        claimed = _claim(tx, key, desk.now()) if found.state != "sending" else None
    if found.state == "sending":
        _clear_doubt(desk, slack, begin, found)
        with begin() as tx:
            claimed = _claim(tx, key, desk.now())
    if claimed is not None:
        _say(desk, slack, begin, claimed)


def _claim(tx: Tx, key: str, now: datetime) -> outbox.Posted | None:
    check_running(tx)
    return outbox.claim(tx, key, now)


def _say(desk: Desk, slack: Slack, begin: Begin, claimed: outbox.Posted) -> None:
    try:
        _check_fresh(desk, claimed)
        ts = _update(slack, claimed) if claimed.ts else _post(slack, claimed)
    except Unsure:
        raise  # stays `sending`: the next attempt looks first
    except Later:
        with begin() as tx:
            outbox.reclaim(tx, claimed)
        raise
    except Denied as err:
        if refusal(err) == STREAMING:
            with begin() as tx:
                outbox.reclaim(tx, claimed)
            raise Later("A message still grows; Slack ends that in a while.") from err
        with begin() as tx:
            outbox.refuse(tx, claimed, refusal(err))
        observe.count("effects", kind="post", outcome="refused")
        return
    with begin() as tx:
        ours = outbox.stands(tx, claimed.post.key, ts, claimed.hash, desk.now(), claimed.attempt)
        if not ours and ts and not claimed.ts and not claimed.post.reader:
            # Slack finished this after somebody else had looked for it in vain and said it again: the second one goes.
            queue.defer(tx, queue.Job("unsay", queue.LIVE, {"channel": claimed.post.channel, "ts": ts}))
    observe.count("effects", kind="edit" if claimed.ts else "post", outcome="done" if ours else "doubled")


def unsay(desk: Desk, channel: str, ts: str) -> None:
    """Takes a message of ours away that stands twice. Raises `Later` while Slack is busy."""
    desk.check_running()
    with suppress(Denied):  # it is gone
        desk.require_slack().call("chat.delete", channel=channel, ts=ts)


def _check_fresh(desk: Desk, claimed: outbox.Posted) -> None:
    """The last thing before the call: who was stopped since the claim says nothing, because somebody else may by now.

    What is left is a stop between this line and Slack's answer that outlasts the quarantine; see ADR 6.
    """
    assert claimed.begun_at is not None
    if timedelta(0) < desk.quarantine <= desk.now() - claimed.begun_at:
        raise Unsure("This worker was stopped before it could speak: what stands in Slack is looked at first.")


def _post(slack: Slack, claimed: outbox.Posted) -> str:
    """The ts of the new message. An ephemeral one carries no key: it is said at most once."""
    post = claimed.post
    blocks = list(post.blocks) or None
    thread = post.thread_ts or None
    if post.reader:
        said = slack.call(
            "chat.postEphemeral",
            channel=post.channel,
            user=post.reader,
            text=post.text,
            blocks=blocks,
            thread_ts=thread,
        )
        return str(said.get("message_ts") or "")
    said = slack.call(
        "chat.postMessage", channel=post.channel, text=post.text, blocks=blocks, thread_ts=thread,
        metadata=mark(post.key, claimed.hash), unfurl_links=False, unfurl_media=False,
    )  # fmt: skip
    return str(said["ts"])


def _update(slack: Slack, found: outbox.Posted) -> str:
    post = found.post
    slack.call(
        "chat.update", channel=post.channel, ts=found.ts, text=post.text, blocks=list(post.blocks),
        metadata=mark(post.key, found.hash), unfurl_links=False, unfurl_media=False,
    )  # fmt: skip
    return found.ts


def mark(key: str, hash_: str) -> Json:
    """Metadata that names the message; meaningless to anybody else."""
    return {"event_type": MARK, "event_payload": {"key": key, "hash": hash_}}


def _clear_doubt(desk: Desk, slack: Slack, begin: Begin, found: outbox.Posted) -> None:
    """An attempt ended without an outcome: after the quarantine, what stands on the far side decides."""
    assert found.begun_at is not None
    age = desk.now() - found.begun_at
    if age < desk.quarantine:
        raise Later(
            "A message to Slack is of unknown outcome: it is looked for first.", (desk.quarantine - age).total_seconds()
        )
    if found.ts or found.post.reader:
        # An edit may be repeated; what one reader saw once cannot be looked for, and is not said twice.
        with begin() as tx:
            if found.post.reader:
                outbox.refuse(tx, found, "unknown outcome")
            else:
                outbox.reclaim(tx, found)
        return
    standing = _find(slack, found)
    with begin() as tx:
        if standing is None:
            outbox.reclaim(tx, found)
        else:
            ts, hash_ = standing
            outbox.stands(tx, found.post.key, ts, hash_, desk.now(), found.attempt)
            observe.count("effects", kind="post", outcome="adopted")


def _find(slack: Slack, found: outbox.Posted) -> tuple[str, str] | None:
    """(ts, hash) of our message in its thread or channel, by its metadata."""
    post = found.post
    assert found.begun_at is not None
    since = f"{(found.begun_at - LOOK_BACK).timestamp():.6f}"
    method = "conversations.replies" if post.thread_ts else "conversations.history"
    where: Json = {"ts": post.thread_ts} if post.thread_ts else {}
    pages = slack.pages(
        method, "messages", channel=post.channel, oldest=since, include_all_metadata=True, **where
    )  # fmt: skip
    for page in pages:
        for message in page:
            payload = ((message.get("metadata") or {}).get("event_payload")) or {}
            if payload.get("key") == post.key:
                return str(message["ts"]), str(payload.get("hash", ""))
    return None

"""What no event told: history read with cursors, threads again when they changed, and who is where.

Events may be lost, doubled or late; whatever Slack shows is stored in the end, and what it no longer shows is forgotten.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot import keeping, observe
from bot.desk import Desk
from bot.keeping import Heard
from bot.slack import directory, events, history
from bot.slack.client import Slack, refusal
from bot.slack.export_message import Unusable, text_of
from bot.slack.history import Page, Replies
from bot.store import cursors, inbox, messages, people, queue
from bot.store.cursors import Cursor
from bot.store.db import Tx
from bot.workspace import (
    Us,
    check_connected,
    greet,
    history_job,
    ingestion,
    learn_people,
    lose,
    names,
    put_users,
    refresh_channel,
)
from graphs.errors import Denied

log = logging.getLogger(__name__)

MOST_THREADS, MOST_THREADS_DAILY = 20, 200
"""Threads that no page says anything new of, compared in one pass: each a call of Slack, and each in its turn."""


# --- one channel ----------------------------------------------------------------------------------


def channel(desk: Desk, channel: str) -> None:
    """Reads what is new in a channel's history and what changed lately. Raises `Later`; the next call goes on from there.

    Where Slack rations us, one page is read and the rest put off by a minute.
    """
    us = check_connected(desk)
    cursor, scope = _position(desk, channel)
    if cursor is None or scope is None:
        return
    with observe.timed("backfill_seconds"):
        while history.is_under_way(cursor):
            cursor = _step(desk, us, scope, cursor)
            if cursor.slow and history.is_under_way(cursor):
                with desk.store.directory() as tx:
                    queue.defer(tx, history_job(channel, desk.now() + history.SLOW_WAIT))
                return


def _position(desk: Desk, channel: str) -> tuple[Cursor | None, int | None]:
    """Where the pass under way stands, or a new one, begun by asking who is there; None where we are not."""
    with desk.store.directory() as tx:
        cursor, scope = cursors.get(tx, channel), people.scope_of_channel(tx, channel)
    if cursor is not None and history.is_under_way(cursor) and cursor.here:
        return cursor, scope
    scope = refresh_channel(desk, channel)
    with desk.store.directory() as tx:
        cursor = cursors.get(tx, channel)
    if scope is None or cursor is None or not cursor.here:
        return None, None
    cursor = history.begun(cursor, desk.now())
    return replace(cursor, threads=_to_compare(desk, scope, cursor)), scope


def _to_compare(desk: Desk, scope: int, cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """Threads in which something may have changed of which a page of history shows no sign: an edited reply alters neither
    their count nor their latest, and of a thread that began before the floor no page shows anything at all."""
    daily = history.is_daily(cursor, desk.now())
    most = MOST_THREADS_DAILY if daily else MOST_THREADS
    if cursor.slow:
        most = history.SLOW_LIMIT if daily else 0
    since = desk.now() - history.HORIZON
    with desk.store.as_scope(scope) as tx:
        tx.run("forget_thread_reads", scope=scope, before=since - history.HORIZON)
        rows = tx.all("live_threads", scope=scope, since=since, most=most)
    return tuple((row["thread"], "") for row in rows)


def _step(desk: Desk, us: Us, scope: int, cursor: Cursor) -> Cursor:
    """One call of Slack, and what it gave stored together with how far that brings us."""
    slack = desk.require_slack()
    try:
        if history.has_pages(cursor):
            return _read_page(desk, slack, us, scope, cursor)
        if cursor.threads:
            return _read_thread(desk, slack, us, scope, cursor)
    except Denied as err:
        log.warning("a channel's history is refused", extra={"channel": cursor.channel})
        if refusal(err) in ("channel_not_found", "not_in_channel", "is_archived"):
            refresh_channel(desk, cursor.channel)
        return Cursor(cursor.channel)
    done = history.ended(cursor, desk.now())
    with desk.store.directory() as tx:
        cursors.put(tx, done)
    return done


def _read_page(desk: Desk, slack: Slack, us: Us, scope: int, cursor: Cursor) -> Cursor:
    with desk.store.as_scope(scope) as tx:
        # Asked before Slack is: what is said while we read is not missing from what we read.
        stored = [row["key"] for row in tx.all("top_level", scope=scope, above=cursor.floor)]
    found = history.page(slack, cursor)
    _learn(desk, us, found)
    with desk.store.as_scope(scope) as tx:
        _keep(tx, us, scope, cursor.channel, found)
        moved = history.after_page(
            cursor, found, history.changed_threads(found, _known(tx, scope, cursor.channel, found))
        )
        keeping.forget(tx, scope, history.missing(stored, found, moved.reached, cursor.reached))
        tx.all("index_scope")
        cursors.put(tx, moved)
    return moved


def _read_thread(desk: Desk, slack: Slack, us: Us, scope: int, cursor: Cursor) -> Cursor:
    thread, upto = cursor.threads[0]
    with desk.store.as_scope(scope) as tx:
        stored = [row["key"] for row in tx.all("replies_of", scope=scope, thread=thread)]
    try:
        found = history.replies(slack, cursor, thread, upto)
    except Denied as err:
        if refusal(err) != "thread_not_found":
            raise
        found = Page((), has_more=False)
    _learn(desk, us, found)
    moved = history.after_replies(cursor, found)
    with desk.store.as_scope(scope) as tx:
        _keep(tx, us, scope, cursor.channel, found)
        keeping.forget(tx, scope, history.missing(stored, found, upto, found.times[-1] if found.has_more else ""))
        if thread not in dict(moved.threads):
            tx.run("put_thread_read", scope=scope, thread=thread, at=desk.now())
        tx.all("index_scope")
        cursors.put(tx, moved)
    return moved


def thread(desk: Desk, channel: str, root: str) -> None:
    """Reads one thread at once, for somebody who asks in it before history was read so far. Raises as Slack refuses.

    Page by page to its end; where Slack rations us one page, because nobody waits minutes for an answer.
    """
    us = check_connected(desk)
    with desk.store.directory() as tx:
        cursor, scope = cursors.get(tx, channel) or Cursor(channel), people.scope_of_channel(tx, channel)
    if scope is None:
        return
    cursor = replace(cursor, threads=((root, ""),))
    while cursor.threads:
        found = history.replies(desk.require_slack(), cursor, *cursor.threads[0])
        _learn(desk, us, found)
        with desk.store.as_scope(scope) as tx:
            _keep(tx, us, scope, channel, found)
            tx.all("index_scope")
        cursor = history.after_replies(cursor, found)
        if history.is_slow(cursor, found):
            return


def _learn(desk: Desk, us: Us, found: Page) -> None:
    authors = {text_of(one, "user") for one in found.messages} - {"", "USLACKBOT"}
    learn_people(desk, authors, us.team)


def _keep(tx: Tx, us: Us, scope: int, channel: str, found: Page) -> None:
    """What Slack shows now, oldest first; of what cannot be read why not."""
    called = names(tx, events.ids_in(repr(found.messages)), channel)
    heard: list[Heard] = []
    broken: list[tuple[str, str]] = []
    for row in sorted(found.messages, key=lambda one: text_of(one, "ts")):
        try:
            one = keeping.hear(row, channel, called, us, "shown")
        except Unusable as err:
            broken.append((text_of(row, "ts"), str(err)))
            continue
        heard += [] if one is None else [one]
    observe.count("messages_backfilled", keeping.keep(tx, scope, heard))
    messages.quarantine(tx, scope, broken)


def _known(tx: Tx, scope: int, channel: str, found: Page) -> dict[str, Replies]:
    """What we know of the threads of a page: what is stored, and what we said in them ourselves."""
    threads = [text_of(one, "ts") for one in found.messages if "reply_count" in one]
    rows = tx.all("thread_states", scope=scope, channel=channel, threads=threads) if threads else []
    return {row["thread"]: Replies(row["count"], row["newest"]) for row in rows}


# --- the workspace --------------------------------------------------------------------------------


def workspace(desk: Desk) -> None:
    """Who there is, where we are, who is there with us; then each channel's history. Raises `Later`."""
    us = check_connected(desk)
    slack = desk.require_slack()
    for users in directory.users(slack, us.team):
        put_users(desk, users)
    with desk.store.directory() as tx:
        before = cursors.channels_here(tx)
    ours = [row for page in directory.mine(slack) for row in page]
    for row in ours:
        _look_at(desk, us, row, is_new=bool(before) and text_of(row, "id") not in before)
    _close_lost(desk, slack, before, {text_of(row, "id") for row in ours})
    with desk.store.directory() as tx:
        for one in cursors.channels_here(tx):
            queue.defer(tx, history_job(one))
        for one in inbox.channels(tx):
            queue.defer(tx, ingestion(one))
        inbox.purge(tx, desk.now() - inbox.KEPT)


def _look_at(desk: Desk, us: Us, row: dict[str, object], is_new: bool) -> None:
    scope = refresh_channel(desk, text_of(row, "id"), row=row)
    # Invited while we heard nothing: said then, as it would have been.
    if is_new and scope is not None:
        greet(desk, scope, text_of(row, "id"))


def _close_lost(desk: Desk, slack: Slack, before: Sequence[str], ours: set[str]) -> None:
    """Channels we are in no longer, and public ones that Slack no longer shows as public, are nobody's."""
    public = directory.public(slack)
    with desk.store.directory() as tx:
        for one in before:
            if one not in ours:
                lose(tx, one)
        for place in people.places(tx).values():
            if place.channel is not None and place.channel.kind == "public" and place.channel.id not in public | ours:
                tx.run("hide_channel", channel=place.channel.id)


# --- deafness -------------------------------------------------------------------------------------


def is_deaf(desk: Desk, most: int = 3, grace: float = 30.0) -> bool:
    """Whether Slack shows messages, older than `grace` seconds, of which no event told us."""
    us = check_connected(desk)
    slack = desk.require_slack()
    with desk.store.directory() as tx:
        looked_at = [row["channel"] for row in tx.all("liveliest", most=most)]
    latest = history.ts_of(desk.now())
    return any(_has_untold(desk, slack, us, one, latest, grace) for one in looked_at)


def _has_untold(desk: Desk, slack: Slack, us: Us, channel: str, latest: str, grace: float) -> bool:
    try:
        answer = slack.read("conversations.history", channel=channel, limit=5)
    except Denied:
        return False
    old = float(latest) - grace
    said = [
        text_of(one, "ts")
        for one in answer.get("messages") or []
        if not us.wrote(text_of(one, "user"), text_of(one, "bot_id")) and text_of(one, "ts")
    ]
    newest = next((ts for ts in said if float(ts) <= old), None)
    if newest is None:
        return False
    with desk.store.directory() as tx:
        cursor, scope = cursors.get(tx, channel), people.scope_of_channel(tx, channel)
        if inbox.was_told(tx, channel, newest) or scope is None:
            return False
    if cursor is None or history.order(newest) <= history.order(cursor.newest):
        return False
    with desk.store.as_scope(scope) as tx:
        return not tx.all("standing_messages", scope=scope, keys=[newest])

"""Reading a channel's history again and again without losing or doubling anything: where a pass begins, goes on and ends.

A pass goes page by page from now back to its floor, then through the threads that changed, and may be interrupted after
each page. The cursor moves only when all of it is stored. Everything here but `page` and `replies` is pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.slack.client import Json, Slack
from bot.slack.export_message import Row, text_of
from bot.store.cursors import Cursor

HORIZON = timedelta(days=14)
LOOK_BACK = timedelta(days=3)
"""How far back edits, deletions and late replies are looked for at every pass; once a day as far as the horizon."""

DAILY = timedelta(hours=20)
LIMIT = 200
SLOW_LIMIT = 15
"""What Slack gives commercial apps outside its Marketplace, once a minute."""

SLOW_WAIT = timedelta(seconds=61)


@dataclass(frozen=True)
class Page:
    """Part of a history, newest first, or of a thread, oldest first."""

    messages: tuple[Json, ...]
    has_more: bool

    @property
    def times(self) -> list[str]:
        return [text_of(message, "ts") for message in self.messages]


def page(slack: Slack, cursor: Cursor) -> Page:
    """The next messages of a pass under way."""
    return _page(
        slack.read(
            "conversations.history", channel=cursor.channel, oldest=cursor.floor, latest=cursor.reached or None,
            limit=_limit(cursor), include_all_metadata=True,
        )
    )  # fmt: skip


def replies(slack: Slack, cursor: Cursor, thread: str, upto: str) -> Page:
    """The next messages of a thread, the first of which is its root."""
    return _page(
        slack.read(
            "conversations.replies", channel=cursor.channel, ts=thread, oldest=upto or None, limit=_limit(cursor),
            include_all_metadata=True,
        )
    )  # fmt: skip


def _page(answer: Json) -> Page:
    found = [one for one in answer.get("messages") or [] if isinstance(one, dict)]
    return Page(tuple(found), answer.get("has_more") is True)


def _limit(cursor: Cursor) -> int:
    return SLOW_LIMIT if cursor.slow else LIMIT


# --- a pass ---------------------------------------------------------------------------------------


def order(ts: str) -> tuple[int, int]:
    """A ts as something to compare; '' is before everything."""
    seconds, _, rest = ts.partition(".")
    return (int(seconds), int(rest.ljust(6, "0"))) if ts else (0, 0)


def ts_of(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"


def is_under_way(cursor: Cursor) -> bool:
    return bool(cursor.floor)


def is_daily(cursor: Cursor, now: datetime) -> bool:
    return cursor.compared_at is None or now - cursor.compared_at > DAILY


def begun(cursor: Cursor, now: datetime) -> Cursor:
    """A new pass: over what is new, and back over what may have changed since it was stored."""
    if not cursor.newest:
        floor = ts_of(now - HORIZON)
    elif is_daily(cursor, now):
        floor = min(cursor.newest, ts_of(now - (LOOK_BACK if cursor.slow else HORIZON)), key=order)
    else:
        floor = cursor.newest if cursor.slow else min(cursor.newest, ts_of(now - LOOK_BACK), key=order)
    return replace(cursor, floor=floor, top="", reached="", threads=())


def has_pages(cursor: Cursor) -> bool:
    return cursor.reached != cursor.floor


def is_slow(cursor: Cursor, found: Page) -> bool:
    """Fewer than were asked for although there are more: Slack rations us."""
    if len(found.messages) > SLOW_LIMIT:
        return False
    return cursor.slow or (found.has_more and len(found.messages) <= SLOW_LIMIT)


def after_page(cursor: Cursor, found: Page, changed: Sequence[str]) -> Cursor:
    """Where the pass is when that page is stored. `changed`: threads that have to be read again."""
    times = sorted(found.times, key=order)
    # Whole, because what changed in it may lie before the floor.
    others = (one for one in cursor.threads if one[0] not in changed)
    return replace(
        cursor,
        top=cursor.top or (times[-1] if times else cursor.newest or cursor.floor),
        reached=times[0] if times and found.has_more else cursor.floor,
        threads=(*others, *((thread, "") for thread in changed)),
        slow=is_slow(cursor, found),
    )


def after_replies(cursor: Cursor, found: Page) -> Cursor:
    """Where the pass is when that part of its first thread is stored."""
    (thread, upto), *others = cursor.threads
    times = [ts for ts in found.times if ts != thread]
    more = found.has_more and bool(times) and order(times[-1]) > order(upto)
    left = [(thread, times[-1]), *others] if more else others
    return replace(cursor, threads=tuple(left))


def ended(cursor: Cursor, now: datetime) -> Cursor:
    """All of it is stored: the cursor moves."""
    newest = max(cursor.newest, cursor.top, key=order)
    compared = now if is_daily(cursor, now) else cursor.compared_at
    return replace(cursor, newest=newest, top="", reached="", floor="", read_at=now, compared_at=compared)


def missing(stored: Iterable[str], found: Page, above: str, upto: str) -> list[str]:
    """Which of the stored messages above one moment and up to another Slack no longer shows. '' as `upto`: without end."""
    shown = set(found.times)
    inside = (ts for ts in stored if order(ts) > order(above) and (not upto or order(ts) < order(upto)))
    return [ts for ts in inside if ts not in shown]


@dataclass(frozen=True)
class Replies:
    """What is known of a thread: how many replies stand, and the newest."""

    count: int
    newest: str


def changed_threads(found: Page, known: Mapping[str, Replies]) -> list[str]:
    """Threads whose replies are not the ones that we know of."""
    return [
        text_of(parent, "ts")
        for parent in found.messages
        if (count := _count(parent))
        and known.get(text_of(parent, "ts")) != Replies(count, text_of(parent, "latest_reply"))
    ]


def _count(parent: Row) -> int:
    count = parent.get("reply_count")
    return count if isinstance(count, int) and not isinstance(count, bool) else 0

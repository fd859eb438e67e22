"""What Slack sends, read just far enough to know what it is, where it happened and who waits for it. Pure."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.slack.export_message import Row, row_of, rows_of, text_of

Json = dict[str, Any]
Sort = Literal["events", "interactive", "command"]

MOST_BYTES = 1_000_000
DEEPEST = 60

SAID = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Subtypes of a message in which a person says something; the others are Slack's notices."""

CONTENT = frozenset(
    {"message", "message_changed", "message_deleted", "app_mention", "reaction_added", "reaction_removed"}
)
PLACE = frozenset(
    "member_joined_channel member_left_channel channel_rename channel_archive channel_unarchive channel_shared "
    "channel_unshared channel_left channel_deleted group_rename group_archive group_unarchive group_left group_deleted "
    "channel_converted_to_private".split()
)
PERSON = frozenset({"user_change", "team_join"})
GONE = frozenset({"channel_left", "group_left", "channel_deleted", "group_deleted"})
REVOKED = frozenset({"tokens_revoked", "app_uninstalled"})

_KIND = re.compile(r"[a-z][a-z_]{0,59}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,30}")
_TS = re.compile(r"\d{1,11}\.\d{1,6}", re.ASCII)
_ID = re.compile(r"\b[UWBCDG][A-Z0-9]{1,30}\b")


class Refused(Exception):
    """Nothing that we store or answer; its message is a word for counting, never content."""


@dataclass(frozen=True)
class Event:
    """One thing that Slack told us. What it does not name is ''."""

    key: str  # known again when Slack says it again
    sort: Sort
    kind: str  # Slack's word; of a message that was changed or deleted the subtype
    teams: frozenset[str]  # whose event it is: one of them must be ours
    channel: str = ""
    ts: str = ""  # of the message it is about
    thread_ts: str = ""  # of its thread, when it is in one
    user: str = ""  # whose doing it is
    at: str = ""  # when it happened
    direct: bool = False  # in a conversation with the bot alone
    by_bot: bool = False
    ours: bool = False
    subtype: str = ""
    tab: str = ""  # of App Home

    @property
    def asks(self) -> bool:
        """Whether a person says something that may be addressed to us."""
        said = self.kind == "app_mention" or (self.kind == "message" and self.subtype in SAID)
        return said and bool(self.user) and not self.by_bot and not self.ours


def sort_of(body: Json) -> Sort:
    """What kind of thing came: Slack's envelope says it by its fields."""
    if "command" in body:
        return "command"
    return "events" if body.get("type") in ("event_callback", "app_rate_limited") or "event" in body else "interactive"


def read(body: Json, sort: Sort) -> Event:
    """Raises `Refused`."""
    if sort == "events":
        return _event(body)
    return _command(body) if sort == "command" else _press(body)


def packed(body: Json) -> bytes:
    """As it is kept. Raises `Refused` when it is larger or nested deeper than anything Slack sends."""
    if _depth_exceeds(body, DEEPEST):
        raise Refused("nested")
    raw = json.dumps(body, separators=(",", ":")).encode()
    if len(raw) > MOST_BYTES:
        raise Refused("huge")
    return raw


def ids_in(raw: str) -> set[str]:
    """Everything in a payload that looks like the id of a person, app or channel."""
    return set(_ID.findall(raw))


def _depth_exceeds(body: object, most: int) -> bool:
    level: list[object] = [body]
    for _ in range(most):
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(one: Mapping[str, object] | list[object]) -> Iterator[object]:
    yield from (one.values() if isinstance(one, Mapping) else one)


# --- the three sorts ------------------------------------------------------------------------------


def _event(body: Json) -> Event:
    event = row_of(body, "event")
    kind = _kind(text_of(event, "type"))
    key = text_of(body, "event_id")
    if not key or not kind:
        raise Refused("shapeless")
    subtype = text_of(event, "subtype")
    message: Row = event
    if kind == "message" and subtype in ("message_changed", "message_deleted"):
        kind, message = subtype, row_of(event, "message" if subtype == "message_changed" else "previous_message")
    us = {text_of(one, "user_id") for one in rows_of(body, "authorizations") if one.get("is_bot") is True}
    user = text_of(message, "user") or text_of(event, "user") or text_of(row_of(event, "user"), "id")
    app = text_of(message, "app_id") or text_of(row_of(message, "bot_profile"), "app_id")
    return Event(
        key=key[:100],
        sort="events",
        kind=kind,
        teams=_teams(body),
        channel=_channel_of(event),
        ts=_ts_of(event, message, kind),
        thread_ts=_ts(message, "thread_ts"),
        user=user,
        at=_ts(event, "event_ts") or _ts(event, "ts"),
        direct=text_of(event, "channel_type") == "im",
        by_bot=bool(text_of(message, "bot_id")),
        ours=user in us or (bool(app) and app == text_of(body, "api_app_id")),
        subtype=text_of(message, "subtype"),
        tab=text_of(event, "tab"),
    )


def _press(body: Json) -> Event:
    kind = _kind(text_of(body, "type"))
    if not kind:
        raise Refused("shapeless")
    container = row_of(body, "container")
    message = row_of(body, "message")
    return Event(
        key=_derived(body),
        sort="interactive",
        kind=kind,
        teams=frozenset(filter(None, (text_of(row_of(body, "team"), "id"), text_of(row_of(body, "user"), "team_id")))),
        channel=_id(text_of(row_of(body, "channel"), "id") or text_of(container, "channel_id")),
        ts=_ts(message, "ts") or _ts(container, "message_ts"),
        thread_ts=_ts(message, "thread_ts") or _ts(container, "thread_ts"),
        user=text_of(row_of(body, "user"), "id"),
    )


def _command(body: Json) -> Event:
    if not text_of(body, "command"):
        raise Refused("shapeless")
    return Event(
        key=_derived(body),
        sort="command",
        kind="command",
        teams=frozenset(filter(None, (text_of(body, "team_id"),))),
        channel=_id(text_of(body, "channel_id")),
        user=text_of(body, "user_id"),
    )


def _derived(body: Json) -> str:
    """A press has no id of its own; Slack hands out a trigger once, and where there is none the whole press is its name."""
    named = text_of(body, "trigger_id") or json.dumps(body, sort_keys=True)
    return "press/" + hashlib.sha256(named.encode()).hexdigest()[:32]


# --- pieces ---------------------------------------------------------------------------------------


def _kind(name: str) -> str:
    return name if _KIND.fullmatch(name) else ""


def _id(channel: str) -> str:
    return channel if _CHANNEL.fullmatch(channel) else ""


def _ts(row: Row, field: str) -> str:
    found = text_of(row, field)
    return found if _TS.fullmatch(found) else ""


def _teams(body: Json) -> frozenset[str]:
    """In a shared channel `team_id` may be the other organisation's; we are then among the authorised ones."""
    found = {text_of(one, "team_id") for one in rows_of(body, "authorizations")}
    return frozenset(filter(None, (text_of(body, "team_id"), text_of(body, "context_team_id"), *found)))


def _channel_of(event: Row) -> str:
    named = (
        text_of(event, "channel"),
        text_of(row_of(event, "channel"), "id"),
        text_of(row_of(event, "item"), "channel"),
    )
    return next((found for found in map(_id, (*named, text_of(event, "channel_id"))) if found), "")


def _ts_of(event: Row, message: Row, kind: str) -> str:
    match kind:
        case "message_changed":
            return _ts(message, "ts")
        case "message_deleted":
            return _ts(event, "deleted_ts")
        case "reaction_added" | "reaction_removed":
            return _ts(row_of(event, "item"), "ts")
        case _:
            return _ts(event, "ts")

"""One call of the Web API: its arguments as Slack reads them, the conversation it names, pages, and limits."""

import base64
import binascii
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.embedded.slack_values import Channel, Json, Refused, User
from bot.embedded.slack_workspace import Room, Workspace

_SORT = {"public": "channels", "private": "groups", "dm": "im", "mpim": "mpim"}
PARSED = {"attachments", "blocks", "chunks", "loading_messages", "metadata", "prompts", "view"}
"""Arguments that are JSON, also where a form carries them as text."""

SLOW = ("conversations.history", "conversations.replies")
MOST_SLOW = 15
MOST = 999


@dataclass
class Limits:
    """How often the bot may call, all by the workspace's clock. Off until a test or a demo switches something on."""

    posting: bool = False  # one message a second in a channel
    per_minute: dict[str, int] = field(default_factory=dict)  # method -> calls
    commercial: bool = False  # an app outside the Marketplace: history and replies once a minute, 15 objects each
    _calls: dict[str, deque[float]] = field(default_factory=dict)

    def wait(self, method: str, arguments: Mapping[str, Any], now: float) -> int:
        """Seconds the caller has to wait, 0 when this call may go through; it then counts."""
        slots = []
        if self.posting and method == "chat.postMessage":
            slots.append((f"post {arguments.get('channel')}", 1, 1.0))
        if self.commercial and method in SLOW:
            slots.append((f"slow {method}", 1, 60.0))
        if method in self.per_minute:
            slots.append((method, self.per_minute[method], 60.0))
        waits = [self._left(name, most, seconds, now) for name, most, seconds in slots]
        if any(waits):
            return max(waits)
        for name, _most, _seconds in slots:
            self._calls[name].append(now)
        return 0

    def _left(self, name: str, most: int, seconds: float, now: float) -> int:
        calls = self._calls.setdefault(name, deque())
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        return 0 if len(calls) < most else max(1, -int(-(calls[0] + seconds - now) // 1))


@dataclass(frozen=True)
class Call:
    """What a method gets."""

    company: Workspace
    method: str
    arguments: Json
    limits: Limits

    def text(self, name: str) -> str:
        """Refused without it."""
        value = self.arguments.get(name)
        if value in (None, ""):
            said = f"[ERROR] missing required field: {name}"
            raise Refused("invalid_arguments", response_metadata={"messages": [said]})
        return str(value)

    def get(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def needs(self, scope: str) -> None:
        if scope not in self.company.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.company.scopes)))

    # --- what an argument names ---------------------------------------------------------------------

    def room(self, name: str = "channel", right: str = "") -> Room:
        """A conversation that the bot can see. `right` is what it needs a scope for: read, history."""
        key = self.text(name)
        room = self.company.rooms.get(key)
        if room is None or (room.channel.kind != "public" and self.company.bot.id not in room.members):
            raise Refused("channel_not_found")
        if right:
            self.needs(f"{_SORT[room.channel.kind]}:{right}")
        return room

    def place(self) -> Room:
        """Where the bot may write: a conversation it is in, or a person's DM."""
        key = self.text("channel")
        if key in self.company.users and key != self.company.bot.id:
            return self.company.dm(key)
        named = next((r for r in self.company.rooms.values() if r.channel.name == key.removeprefix("#")), None)
        room = named if key.startswith("#") and named else self.room()
        if self.company.bot.id not in room.members:
            raise Refused("not_in_channel" if room.channel.kind == "public" else "channel_not_found")
        if room.channel.is_archived:
            raise Refused("is_archived")
        return room

    def user(self, name: str = "user") -> User:
        found = self.company.users.get(self.text(name))
        if found is None:
            raise Refused("user_not_found")
        return found

    def message(self, room: Room, name: str = "ts") -> Json:
        found = room.posts.get(self.text(name))
        if found is None or found.get("subtype") == "tombstone":
            raise Refused("message_not_found")
        return found

    # --- pages --------------------------------------------------------------------------------------

    def limit(self, default: int = 100) -> int:
        slow = self.limits.commercial and self.method in SLOW
        try:
            limit = int(self.arguments.get("limit") or (MOST_SLOW if slow else default))
        except ValueError:
            raise Refused("invalid_limit") from None
        if not 1 <= limit <= MOST:
            raise Refused("invalid_limit")
        return min(limit, MOST_SLOW) if slow else limit

    def page(self, items: Sequence[Any]) -> tuple[list[Any], Json]:
        """A page of a list that is paged by position, and what goes with it into the answer."""
        start, limit = int(self.cursor("offset") or 0), self.limit()
        more = start + limit < len(items)
        return list(items[start : start + limit]), {
            "response_metadata": {"next_cursor": pointer("offset", start + limit) if more else ""}
        }

    def cursor(self, kind: str) -> str:
        """What the cursor points to, empty without one."""
        given = self.get("cursor")
        if not given:
            return ""
        try:
            said, _, value = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("invalid_cursor") from None
        if said != kind or not value:
            raise Refused("invalid_cursor")
        return value


@dataclass(frozen=True)
class Method:
    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    app_token: bool = False


def pointer(kind: str, value: object) -> str:
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def read_arguments(given: Mapping[str, Any]) -> Json:
    """Arguments that came as text in a form become what they stand for. Raises `Refused` for broken JSON."""
    read = dict(given)
    for name in PARSED & set(read):
        if isinstance(read[name], str):
            try:
                read[name] = json.loads(read[name])
            except ValueError:
                raise Refused(
                    "invalid_arguments", response_metadata={"messages": [f"[ERROR] {name} is no JSON"]}
                ) from None
    return read


def visible(company: Workspace, channel: Channel) -> bool:
    return channel.kind == "public" or company.bot.id in channel.members

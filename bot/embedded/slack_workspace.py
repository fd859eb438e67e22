"""The state of the sandbox's workspace: who is in it, what was said, what the bot is told of it. No sockets, no threads.

Every change is made under `lock` by whoever makes it. A stored message is replaced and never changed in place, so what
was handed out stays as it was. Ids and times follow from the seed, the clock and the order of what happens.
"""

import hashlib
import re
import threading
import time
import uuid
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue

from bot.embedded.slack_shapes import channel_type, reaction_event, tombstone
from bot.embedded.slack_values import ALL_SCOPES, Change, Channel, Check, Json, NotShown, User

BOT = User(id="U0NIGHTDESK", name="nightdesk", real_name="Nightdesk", is_bot=True, bot_id="B0NIGHTDESK")
THREAD_FIELDS = {
    "replies",
    "reply_count",
    "reply_users",
    "reply_users_count",
    "latest_reply",
    "subscribed",
    "is_locked",
}
STREAM_SECONDS = 300
_HISTORY = {"public": "channels", "private": "groups", "dm": "im", "mpim": "mpim"}
_EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "reaction": "reactions:read",
    "file": "files:read",
    "channel": "channels:read",
    "group": "groups:read",
    "user_change": "users:read",
    "team_join": "users:read",
}


@dataclass
class Room:
    """One conversation with all that was said in it, by ts."""

    channel: Channel
    posts: dict[str, Json] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # every ts, ascending
    top: list[str] = field(default_factory=list)  # those that history shows, ascending
    replies: dict[str, list[str]] = field(default_factory=dict)  # ts of a parent -> ts of its replies, ascending

    @property
    def members(self) -> tuple[str, ...]:
        return self.channel.members


@dataclass(frozen=True)
class Stream:
    """A message that the bot is still writing."""

    channel: str
    ts: str
    begun: float


class Workspace:
    """One company's Slack, with one app installed."""

    def __init__(
        self,
        users: Iterable[User] = (),
        channels: Iterable[Channel] = (),
        *,
        team: str = "T0NIGHT",
        name: str = "Night",
        seed: str = "night",
        bot: User = BOT,
    ) -> None:
        self.team, self.name, self.domain, self.seed, self.bot = team, name, name.lower().replace(" ", "-"), seed, bot
        self.app_id = "A0NIGHTDESK"
        self.clock: Callable[[], float] = time.time
        self.check: Check = lambda text, blocks: []
        self.lock = threading.RLock()
        self.users = {user.id: user for user in (*users, bot)}
        self.rooms = {channel.id: Room(channel) for channel in channels}
        self.scopes: frozenset[str] = ALL_SCOPES  # of the bot token
        self.app_scopes: frozenset[str] = frozenset({"connections:write"})
        self.files: dict[str, tuple[Json, bytes]] = {}
        self.homes: dict[str, Json] = {}  # user -> App Home
        self.views: dict[str, Json] = {}  # view id -> modal
        self.modals: dict[str, list[str]] = {}  # user -> ids of the modals open for them, the topmost last
        self.streams: dict[tuple[str, str], Stream] = {}
        self.statuses: dict[tuple[str, str], Json] = {}  # (channel, thread) -> what setStatus said last
        self.prompts: dict[tuple[str, str], Json] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.whispers: dict[str, list[Json]] = {}  # user -> ephemeral messages, with their channel
        self.triggers: dict[str, tuple[str, float]] = {}  # trigger id -> who pressed, when
        self.response_urls: dict[str, Json] = {}
        self.on_event: list[Callable[[Json], None]] = []
        self.watchers: list[SimpleQueue[Change]] = []
        self.base_url = "https://slack.example/"  # where the server stands, once it does
        self._counts: Counter[str] = Counter()
        self._last = 0

    # --- ids and time -------------------------------------------------------------------------------

    def now_ts(self) -> str:
        """Later than every one before, in microseconds, as text."""
        self._last = max(self._last + 1, int(self.clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        return prefix + self._digest(prefix)[:10].upper()

    def new_uuid(self, kind: str) -> str:
        return str(uuid.UUID(self._digest(kind)[:32]))

    def _digest(self, kind: str) -> str:
        self._counts[kind] += 1
        return hashlib.sha256(f"{self.seed}/{kind}/{self._counts[kind]}".encode()).hexdigest()

    # --- looking things up --------------------------------------------------------------------------

    def user(self, key: str) -> User:
        """By id or handle."""
        found = self.users.get(key) or next((one for one in self.users.values() if one.name == key), None)
        if found is None:
            raise NotShown(f"nobody here is called {key}")
        return found

    def room(self, key: str) -> Room:
        """By id or name, with or without #."""
        name = key.removeprefix("#")
        found = self.rooms.get(key) or next((r for r in self.rooms.values() if r.channel.name == name and name), None)
        if found is None:
            raise NotShown(f"there is no channel {key}")
        return found

    def message(self, channel: str, ts: str) -> Json:
        found = self.room(channel).posts.get(ts)
        if found is None:
            raise NotShown(f"there is no message {ts} in {channel}")
        return found

    def dm(self, *users: str) -> Room:
        """The bot's conversation with somebody, or with several; opened when there is none."""
        ids = sorted(self.user(one).id for one in users)
        channel = (
            "D" + ids[0][1:] if len(ids) == 1 else "G" + hashlib.sha256("/".join(ids).encode()).hexdigest()[:9].upper()
        )
        if channel not in self.rooms:
            kind, name = (
                ("dm", "") if len(ids) == 1 else ("mpim", "mpdm-" + "--".join(self.users[i].name for i in ids) + "-1")
            )
            members = (*ids, self.bot.id)
            made = Channel(
                id=channel, name=name, kind="dm" if kind == "dm" else "mpim", members=members, created=int(self.clock())
            )
            self.rooms[channel] = Room(made)
        return self.rooms[channel]

    def shown(self, room: Room, message: Json, metadata: bool = True) -> Json:
        """A message as history and replies show it: a parent with what is known of its thread."""
        seen = dict(message) if metadata else {key: value for key, value in message.items() if key != "metadata"}
        kids = room.replies.get(message["ts"], [])
        if kids:
            users = list(dict.fromkeys(room.posts[ts].get("user", "") for ts in kids))
            seen |= {
                "thread_ts": message["ts"],
                "reply_count": len(kids),
                "reply_users_count": len(users),
                "latest_reply": kids[-1],
                "reply_users": users[:5],
                "is_locked": False,
                "subscribed": False,
            }
        return seen

    def is_streaming(self, channel: str, ts: str) -> bool:
        """Whether the bot still writes this message. A stream closes by itself after five minutes."""
        stream = self.streams.get((channel, ts))
        return stream is not None and self.clock() - stream.begun < STREAM_SECONDS

    def within(self, times: list[str], oldest: str, latest: str, inclusive: bool) -> list[str]:
        first = bisect_left(times, oldest) if inclusive else bisect_right(times, oldest)
        last = bisect_right(times, latest) if inclusive else bisect_left(times, latest)
        return times[first:last]

    # --- what is said -------------------------------------------------------------------------------

    def load(self, channel: str, messages: Iterable[Json]) -> None:
        """What was said before anybody listened. Messages as an export has them; nobody is told."""
        room = self.room(channel)
        for message in messages:
            self._store(room, {key: value for key, value in message.items() if key not in THREAD_FIELDS})
            self._last = max(self._last, int(message["ts"].replace(".", "")))

    def put(self, channel: str, message: Json, **event_only: object) -> Json:
        """A new message; the bot hears of it where it is a member."""
        room = self.room(channel)
        if parent := self._parent(room, message):
            message = message | {"parent_user_id": parent.get("user", "")}
        self._store(room, message)
        told = message | {
            "channel": room.channel.id,
            "event_ts": message["ts"],
            "channel_type": channel_type(room.channel),
        }
        self.tell(told | event_only, room)
        if self._mentions(message) and room.channel.kind != "dm":
            kept = {key: value for key, value in told.items() if key not in {"channel_type", "parent_user_id"}}
            self.tell(kept | {"type": "app_mention"}, room)
        self.changed("message", channel=room.channel.id, ts=message["ts"])
        return message

    def _mentions(self, message: Json) -> bool:
        """Whether somebody else names the bot, be it another app; a notice of Slack's, such as of a join, is no mention."""
        if message.get("subtype") not in {None, "bot_message", "file_share", "thread_broadcast"}:
            return False
        named = re.search(f"<@{self.bot.id}[|>]", message.get("text", ""))
        return named is not None and self.bot.bot_id != message.get("bot_id")

    def _parent(self, room: Room, message: Json) -> Json | None:
        thread = message.get("thread_ts")
        return room.posts.get(thread) if thread and thread != message["ts"] else None

    def _store(self, room: Room, message: Json) -> None:
        ts, thread = message["ts"], message.get("thread_ts")
        if ts not in room.posts:
            insort(room.order, ts)
            if thread and thread != ts:
                insort(room.replies.setdefault(thread, []), ts)
            if thread in (None, ts) or message.get("subtype") == "thread_broadcast":
                insort(room.top, ts)
        room.posts[ts] = message

    def change(self, channel: str, ts: str, **fields: object) -> Json:
        """A message in another wording; the bot hears of it as `message_changed`."""
        room, old = self.room(channel), self.message(channel, ts)
        room.posts[ts] = old | fields
        self._tell_changed(room, room.posts[ts], old)
        return room.posts[ts]

    def amend(self, channel: str, ts: str, **fields: object) -> Json:
        """Like `change`, without a word to anybody but those who watch."""
        room = self.room(channel)
        room.posts[ts] = self.message(channel, ts) | fields
        self.changed("message", channel=room.channel.id, ts=ts)
        return room.posts[ts]

    def remove(self, channel: str, ts: str) -> None:
        """A message under which a thread hangs leaves a tombstone."""
        room, old = self.room(channel), self.message(channel, ts)
        if room.replies.get(ts):
            room.posts[ts] = tombstone(old, self.now_ts())
            return self._tell_changed(room, room.posts[ts], old)
        del room.posts[ts]
        for times in (room.order, room.top, room.replies.get(old.get("thread_ts", ""), [])):
            if ts in times:
                times.remove(ts)
        now = self.now_ts()
        self.tell(
            {
                "type": "message",
                "subtype": "message_deleted",
                "hidden": True,
                "channel": room.channel.id,
                "channel_type": channel_type(room.channel),
                "ts": now,
                "event_ts": now,
                "deleted_ts": ts,
                "previous_message": {key: value for key, value in old.items() if key != "metadata"},
            },
            room,
        )
        self.changed("message", channel=room.channel.id, ts=ts)

    def _tell_changed(self, room: Room, message: Json, old: Json) -> None:
        now = self.now_ts()
        shown, before = (self._in_event(room, one) for one in (message, old))
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "channel": room.channel.id,
            "channel_type": channel_type(room.channel),
            "ts": now,
            "event_ts": now,
            "message": shown,
            "previous_message": before,
        }
        self.tell(event, room)
        self.changed("message", channel=room.channel.id, ts=message["ts"])

    def _in_event(self, room: Room, message: Json) -> Json:
        seen = self.shown(room, message, metadata=False)
        return seen | {"source_team": self.team, "user_team": self.team} if "client_msg_id" in seen else seen

    def mark(self, channel: str, ts: str, user: str, name: str, there: bool) -> None:
        """A reaction set or taken away. Raises `NotShown` when it is already as asked."""
        room, message = self.room(channel), self.message(channel, ts)
        before = {one["name"]: one["users"] for one in message.get("reactions", [])}
        if (user in before.get(name, [])) == there:
            raise NotShown(f"{user} has {'already' if there else 'not'} reacted with {name}")
        users = [one for one in before.get(name, []) if one != user] + ([user] if there else [])
        after = before | {name: users}
        reactions = [{"name": key, "users": who, "count": len(who)} for key, who in after.items() if who]
        room.posts[ts] = {key: value for key, value in message.items() if key != "reactions"} | (
            {"reactions": reactions} if reactions else {}
        )
        kind = "reaction_added" if there else "reaction_removed"
        self.tell(reaction_event(kind, user, room.channel.id, message, name, self.now_ts()), room)
        self.changed("message", channel=room.channel.id, ts=ts)

    # --- who is told --------------------------------------------------------------------------------

    def tell(self, event: Json, room: Room | None = None) -> None:
        """The bot hears of an event: of a conversation only as its member, and only what its scopes cover."""
        if room is not None and self.bot.id not in room.members:
            return
        needed = self._scope_of(event, room)
        if needed is not None and needed not in self.scopes:
            return
        body = self.envelope(event, bool(room and room.channel.shared_with))
        for listener in self.on_event:
            listener(body)

    def _scope_of(self, event: Json, room: Room | None) -> str | None:
        kind = str(event["type"])
        if kind == "message" and room is not None:
            return _HISTORY[room.channel.kind] + ":history"
        if kind.startswith("member_"):
            return "channels:read" if event.get("channel_type") == "C" else "groups:read"
        return next((scope for start, scope in _EVENT_SCOPES.items() if kind.startswith(start)), None)

    def envelope(self, event: Json, shared: bool = False) -> Json:
        """What an event comes in."""
        return {
            "token": "sandbox",
            "team_id": self.team,
            "context_team_id": self.team,
            "context_enterprise_id": None,
            "api_app_id": self.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self.new_id("Ev"),
            "event_time": int(self.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.team,
                    "user_id": self.bot.id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": shared,
            "event_context": self.new_id("4-"),
        }

    def changed(self, kind: str, channel: str = "", user: str = "", ts: str = "") -> None:
        for watcher in self.watchers:
            watcher.put(Change(kind, channel, user, ts))  # type: ignore[arg-type]

    def mine(self) -> Iterator[Room]:
        """The conversations in which the bot is."""
        return (room for room in self.rooms.values() if self.bot.id in room.members)

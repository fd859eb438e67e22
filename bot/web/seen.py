"""What one person sees of the sandbox's workspace, as values for the templates. Reads under the workspace's lock."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot.embedded.slack_values import Channel, Json, User
from bot.embedded.slack_workspace import Room, Workspace
from bot.slack.mrkdwn import PRIVATE
from bot.web import markup
from bot.web.markup import Names

MOST = 200
"""Messages shown of one conversation."""

_WORDS = frozenset({"section", "header", "markdown"})
_QUIET = frozenset({"channel_join", "channel_leave", "group_join", "group_leave", "channel_name", "channel_topic"})
Marker = Literal["#", "lock", ""]
"""Of a public channel, of a private one, of people."""
_MARKERS: dict[str, Marker] = {"public": "#", "private": "lock"}


@dataclass(frozen=True)
class Viewer:
    """The person through whose eyes one looks."""

    id: str
    handle: str
    name: str
    zone: str


@dataclass(frozen=True)
class Place:
    """A line of the list at the side."""

    id: str
    label: str
    marker: Marker
    kind: str
    has_bot: bool
    shared: bool


@dataclass(frozen=True)
class Reaction:
    sign: str
    count: int
    who: str


@dataclass(frozen=True)
class Line:
    """One message as it is shown. `blocks` are Slack's own, drawn by the template."""

    ts: str
    anchor: str
    who: str
    initials: str
    shade: int  # of the avatar, 0 to 7
    is_app: bool
    is_bot: bool  # ours
    mine: bool
    day: str
    time: str
    text: Markup
    raw: str
    blocks: Sequence[Json]
    text_too: bool  # the blocks add to the text and do not stand for it
    is_notice: bool
    is_whisper: bool
    is_growing: bool
    edited: bool
    files: Sequence[str]
    reactions: Sequence[Reaction]
    replies: int
    last_reply: str
    follows: bool  # the same author goes on


class Eyes:
    """Looks at `company` as `viewer`. `mail` says where a mail opens, by its Message-ID."""

    def __init__(self, company: Workspace, viewer: Viewer, mail: Callable[[str], str]) -> None:
        self._company = company
        self.viewer = viewer
        self._zone = ZoneInfo(viewer.zone)
        self._mail = mail
        users = {user.id: user.shown for user in company.users.values()}
        channels = {
            room.channel.id: room.channel.name if self.may_see(room) else PRIVATE for room in company.rooms.values()
        }
        self.names = Names(users=users, channels=channels, local=self.local, me=viewer.id)

    # --- where --------------------------------------------------------------------------------------

    def address(self, channel: str, thread: str = "", ts: str = "") -> str:
        query = f"?thread={quote(thread)}" if thread else ""
        return f"/{self.viewer.handle}/c/{channel}{query}" + (f"#{anchor(ts)}" if ts else "")

    def local(self, url: str) -> str:
        """Where a permalink of this workspace, or a mail's link, opens on this page; "" for any other."""
        if key := markup.mail_key(url):
            return self._mail(key)
        parts = urlsplit(url)
        if parts.scheme == "slack":
            asked = parse_qs(parts.query)
            return self._message_at(*(asked.get(name, [""])[0] for name in ("id", "message")))
        pieces = parts.path.strip("/").split("/")
        if parts.hostname == f"{self._company.domain}.slack.com" and pieces[:1] == ["archives"] and len(pieces) == 3:
            digits = pieces[2].removeprefix("p")
            return self._message_at(pieces[1], f"{digits[:-6]}.{digits[-6:]}")
        return ""

    def _message_at(self, channel: str, ts: str) -> str:
        room = self._company.rooms.get(channel)
        if room is None or not self.may_see(room):
            return ""
        thread = room.posts.get(ts, {}).get("thread_ts", "")
        return self.address(channel, thread, ts)

    # --- what ---------------------------------------------------------------------------------------

    def may_see(self, room: Room) -> bool:
        return room.channel.kind == "public" or self.viewer.id in room.members

    def places(self) -> list[Place]:
        """Channels first, then people; the bot's own conversation is not among them."""
        with self._company.lock:
            rooms = [room for room in self._company.rooms.values() if self.viewer.id in room.members]
            found = [self.place(room) for room in rooms if not self._is_with_bot(room)]
        return sorted(
            found, key=lambda place: (place.kind in ("dm", "mpim"), place.marker == "lock", place.label.casefold())
        )

    def _is_with_bot(self, room: Room) -> bool:
        return room.channel.kind == "dm" and self._company.bot.id in room.members

    def place(self, room: Room) -> Place:
        return Place(
            id=room.channel.id,
            label=self.label(room.channel),
            marker=_MARKERS.get(room.channel.kind, ""),
            kind=room.channel.kind,
            has_bot=self._company.bot.id in room.members,
            shared=bool(room.channel.shared_with),
        )

    def label(self, channel: Channel) -> str:
        if channel.kind in ("public", "private"):
            return channel.name
        others = [
            self._company.users[one] for one in channel.members if one != self.viewer.id and one in self._company.users
        ]
        return ", ".join(user.real_name or user.shown for user in others) or "you"

    def lines(self, room: Room) -> list[Line]:
        """The newest messages of a conversation, with what only this person sees; oldest first."""
        with self._company.lock:
            told = [self._company.shown(room, room.posts[ts]) for ts in room.top[-MOST:]]
            whispers = self._whispers(room, lambda whisper: not whisper.get("thread_ts"))
        return self._drawn(room, [*told, *whispers])

    def thread(self, room: Room, ts: str) -> list[Line]:
        """A thread with its root; empty when there is none."""
        with self._company.lock:
            if ts not in room.posts:
                return []
            told = [room.posts[one] for one in (ts, *room.replies.get(ts, []))]
            whispers = self._whispers(room, lambda whisper: whisper.get("thread_ts") == ts)
        return self._drawn(room, [*told, *whispers])

    def status(self, channel: str, thread: str) -> str:
        with self._company.lock:
            said = self._company.statuses.get((channel, thread))
        return "" if said is None else str(said["status"])

    def _whispers(self, room: Room, belongs: Callable[[Json], bool]) -> list[Json]:
        held = self._company.whispers.get(self.viewer.id, [])
        return [one for one in held if one["channel"] == room.channel.id and belongs(one)]

    def _drawn(self, room: Room, messages: Iterable[Json]) -> list[Line]:
        lines: list[Line] = []
        for message in sorted(messages, key=lambda one: str(one["ts"])):
            lines.append(self._line(room, message, lines[-1] if lines else None))
        return lines

    def _line(self, room: Room, message: Json, before: Line | None) -> Line:
        who, user = self._author(message)
        ts = str(message["ts"])
        at = self.moment(ts)
        day = f"{at:%A} {at.day} {at:%B}"
        notice = message.get("subtype") in _QUIET
        goes_on = before is not None and before.who == who and before.day == day and not (notice or before.is_notice)
        is_app = "bot_id" in message or message.get("subtype") == "bot_message" or (user is not None and user.is_bot)
        return Line(
            ts=ts,
            anchor=anchor(ts),
            who=who,
            initials=initials(who),
            shade=sum(map(ord, who)) % 8,
            is_app=is_app,
            is_bot=message.get("user") == self._company.bot.id,
            mine=message.get("user") == self.viewer.id and not is_app,
            day=day,
            time=f"{at:%H:%M}",
            text=markup.html(str(message.get("text", "")), self.names),
            raw=str(message.get("text", "")),
            blocks=(blocks := self._blocks(message, is_app)),
            text_too=not any(block.get("type") in _WORDS for block in blocks),
            is_notice=notice,
            is_whisper=bool(message.get("is_ephemeral")),
            is_growing=self._company.is_streaming(room.channel.id, ts),
            edited="edited" in message,
            files=[str(file.get("name") or file.get("title") or "a file") for file in message.get("files", [])],
            reactions=[self._reaction(one) for one in message.get("reactions", [])],
            replies=int(message.get("reply_count", 0)),
            last_reply=self._ago(message.get("latest_reply", "")),
            follows=goes_on and not message.get("is_ephemeral") and _near(before, at) if before else False,
        )

    def _blocks(self, message: Json, is_app: bool) -> list[Json]:
        """What people typed is drawn from its text; what an app built, block by block."""
        blocks = message.get("blocks") or []
        return [block for block in blocks if block.get("type") != "rich_text"] if is_app else []

    def _author(self, message: Json) -> tuple[str, User | None]:
        user = self._company.users.get(str(message.get("user", "")))
        if user is not None:
            return user.real_name or user.shown, user
        profile = message.get("bot_profile") or {}
        return str(message.get("username") or profile.get("name") or message.get("user") or "an app"), None

    def _reaction(self, one: Json) -> Reaction:
        who = ", ".join(self.names.users.get(user, user) for user in one["users"])
        return Reaction(markup.emoji(str(one["name"])), len(one["users"]), f"{who}: {one['name'].replace('_', ' ')}")

    def moment(self, ts: str) -> datetime:
        return datetime.fromtimestamp(float(ts), self._zone)

    def _ago(self, ts: str) -> str:
        return f"{self.moment(ts):%a %H:%M}" if ts else ""


def _near(before: Line, at: datetime) -> bool:
    """Written within some minutes of the message above."""
    hours, minutes = map(int, before.time.split(":"))
    return abs((at.hour * 60 + at.minute) - (hours * 60 + minutes)) <= 5


def viewer(user: User) -> Viewer:
    return Viewer(id=user.id, handle=user.name, name=user.real_name or user.shown, zone=user.tz)


def people(company: Workspace) -> list[Viewer]:
    """Those through whose eyes one may look: everybody with an account who is no app."""
    with company.lock:
        return [viewer(user) for user in company.users.values() if not user.is_bot and not user.deleted]


def anchor(ts: str) -> str:
    return "m-" + ts.replace(".", "-")


def initials(name: str) -> str:
    words = [word for word in name.replace(".", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def modal(company: Workspace, user: str) -> Json | None:
    """The topmost modal that is open for somebody."""
    with company.lock:
        stack = company.modals.get(user)
        return company.views[stack[-1]] if stack else None

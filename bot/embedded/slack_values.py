"""What the sandbox's workspace is told and tells: people, channels, files, changes, and refusals. Plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
"""A message, event, view or answer as Slack words it: the one shape that is Slack's and not ours."""

Check = Callable[[str, list[Json]], list[str]]
"""What is wrong with a message of this text and these blocks, in words; empty when Slack would take it."""

Kind = Literal["public", "private", "dm", "mpim"]

ALL_SCOPES = frozenset(
    "app_mentions:read assistant:write channels:history channels:join channels:manage channels:read chat:write commands "
    "files:read groups:history groups:read im:history im:read im:write mpim:history mpim:read mpim:write "
    "reactions:read reactions:write team:read users:read users:read.email".split()
)


@dataclass(frozen=True)
class User:
    """Somebody in the workspace. Names that are absent are shown as the handle."""

    id: str
    name: str  # the handle
    real_name: str = ""
    display_name: str = ""
    email: str = ""
    tz: str = "Europe/Berlin"
    title: str = ""
    status_text: str = ""
    status_emoji: str = ""
    is_bot: bool = False
    bot_id: str = ""
    deleted: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    team: str = ""  # another organisation's team; empty for this one's

    @property
    def shown(self) -> str:
        return self.display_name or self.real_name or self.name


@dataclass(frozen=True)
class Channel:
    """A conversation of any kind. Times are seconds since 1970."""

    id: str
    name: str
    kind: Kind = "public"
    members: tuple[str, ...] = ()
    creator: str = ""
    created: int = 1_700_000_000
    topic: str = ""
    purpose: str = ""
    is_general: bool = False
    is_archived: bool = False
    shared_with: tuple[str, ...] = ()  # teams of other organisations
    previous_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """What somebody uploads with a message."""

    name: str
    data: bytes
    mimetype: str = "text/plain"
    title: str = ""


@dataclass(frozen=True)
class Change:
    """Something that whoever shows the workspace must draw again."""

    kind: Literal["message", "ephemeral", "status", "home", "view", "channel", "user", "stream"]
    channel: str = ""
    user: str = ""
    ts: str = ""


@dataclass(frozen=True)
class Called:
    """One call of the Web API, as it came in and what became of it."""

    method: str
    arguments: Json
    at: float
    outcome: str  # "ok", Slack's error, or the fault that was played
    answer: Json


class Refused(Exception):
    """The Web API answers `ok: false` with this error."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def answer(self) -> Json:
        return {"ok": False, "error": self.error, **self.details}


class NotShown(LookupError):
    """A person cannot press, read or change what nobody shows them."""

"""Reads a Slack export, zip or folder: people, channels, and messages channel by channel, day by day.

Nothing is unpacked and one day is held at a time. What cannot be read is named in `Broken` and never stops the rest.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from bot.slack import mrkdwn
from bot.slack.export_files import Broken, ExportFiles, Unreadable, days_by_channel, open_files
from bot.slack.export_message import (
    Deleted,
    Names,
    Row,
    Unusable,
    clean,
    list_of,
    read_message,
    row_of,
    text_of,
)
from graphs.domain import Channel, Message, Party, SlackSource
from graphs.errors import NeedsPerson

_KINDS: Mapping[str, Literal["public", "private", "dm", "mpim"]] = {
    "channels.json": "public",
    "groups.json": "private",
    "dms.json": "dm",
    "mpims.json": "mpim",
}
_STRICTNESS = ("public", "private", "mpim", "dm")


@dataclass(frozen=True)
class ExportUser:
    """One entry of users.json. An absent flag is False, an absent text ""."""

    id: str
    name: str  # the handle
    real_name: str
    display_name: str
    email: str  # case-folded
    tz: str
    tz_offset: int | None  # seconds east of UTC
    is_bot: bool
    deleted: bool
    is_restricted: bool
    is_ultra_restricted: bool
    is_stranger: bool  # of another organisation
    team: str

    @property
    def shown(self) -> str:
        return self.display_name or self.real_name or self.name or self.id

    @property
    def kind(self) -> Literal["member", "guest", "outside", "bot"]:
        if self.is_bot:
            return "bot"
        if self.is_stranger:
            return "outside"
        return "guest" if self.is_restricted or self.is_ultra_restricted else "member"


@dataclass(frozen=True)
class Day:
    """One day's file of one channel: messages by ts, each ts once, and what the file says was deleted."""

    date: date  # as the workspace names the file; `sent_at` may be another day in UTC
    messages: tuple[Message, ...]
    deleted: tuple[str, ...]  # ts
    broken: tuple[Broken, ...]

    @property
    def complete(self) -> bool:
        """Only a complete day shows by its silence that a message is gone."""
        return not self.broken


@dataclass(frozen=True)
class Export:
    """An opened export. `broken` names what concerns no single day."""

    team: str
    broken: tuple[Broken, ...]
    _files: ExportFiles
    _people: Mapping[str, ExportUser]
    _channels: tuple[Channel, ...]
    _days: Mapping[str, tuple[tuple[date, str], ...]]  # channel id -> its days, oldest first, with their files

    def people(self) -> list[ExportUser]:
        return list(self._people.values())

    def channels(self) -> list[Channel]:
        """Public ones are everybody's; all others belong to their `members`, to nobody when there are none."""
        return list(self._channels)

    def days(self, channel: Channel) -> Iterator[Day]:
        """The days of `channel`, oldest first; a day that cannot be read comes empty, with the reason."""
        shown = {user.id: user.shown for user in self._people.values()}
        # As when we hear it live: a private channel's name is said in that channel alone (`bot.workspace.names`).
        for one in self._channels:
            if one.kind in ("public", "private"):
                is_ours = one.kind == "public" or one.id == channel.id
                shown[one.id] = one.name if is_ours else mrkdwn.PRIVATE
        names = Names(party=self._party, of=lambda key: shown.get(key, ""))
        for day, file in self._days.get(channel.id, ()):
            yield _read_day(self._files, file, day, channel.id, names)

    def _party(self, user: str) -> Party | None:
        known = self._people.get(user)
        if user == "USLACKBOT":
            return Party(key=user, name="Slackbot", kind="bot")
        return Party(key=user, name=known.shown, address=known.email, kind=known.kind) if known else None


def open_export(path: Path) -> Export:
    """Raises `NeedsPerson` when `path` is missing, damaged or no Slack export."""
    files = open_files(path)
    if "users.json" not in files.sizes or not any(name in files.sizes for name in _KINDS):
        lacks = "users.json" if "users.json" not in files.sizes else "channels.json"
        raise NeedsPerson(f"{files.title} is not a Slack export: it has no {lacks}.")
    people, lost_people = _people(_index(files, "users.json"))
    listed, lost_channels = _channels(files, people)
    days, lost_days = days_by_channel(files, {one.channel.id: one.folder for one in listed})
    channels = [one.channel for one in listed]
    return Export(
        team=_team(people, channels),
        broken=(*files.refused, *lost_people, *lost_channels, *lost_days),
        _files=files,
        _people=people,
        _channels=tuple(channels),
        _days=days,
    )


def _index(files: ExportFiles, name: str) -> list[object]:
    try:
        rows = files.json(name)
    except Unreadable as err:
        raise NeedsPerson(f"{name} in {files.title} cannot be used: {err}; export again.") from err
    if not isinstance(rows, list) or (rows and not any(isinstance(row, dict) and text_of(row, "id") for row in rows)):
        raise NeedsPerson(f"{files.title} is not a Slack export: its {name} is no list of Slack's.")
    return rows


# --- people ---------------------------------------------------------------------------------------


def _people(rows: list[object]) -> tuple[dict[str, ExportUser], list[Broken]]:
    known = [read_user(row) for row in rows if isinstance(row, dict) and text_of(row, "id")]
    lost = [Broken("users.json", "a person without an id")] * (len(rows) - len(known))
    return {user.id: user for user in known}, lost


def read_user(row: Row) -> ExportUser:
    profile = row_of(row, "profile")
    offset = row.get("tz_offset")
    return ExportUser(
        id=text_of(row, "id"),
        name=text_of(row, "name"),
        real_name=text_of(row, "real_name") or text_of(profile, "real_name"),
        display_name=text_of(profile, "display_name"),
        email=text_of(profile, "email").strip().casefold(),
        tz=text_of(row, "tz"),
        tz_offset=offset if isinstance(offset, int) else None,
        is_bot=row.get("is_bot") is True or text_of(row, "id") == "USLACKBOT",
        deleted=row.get("deleted") is True,
        is_restricted=row.get("is_restricted") is True,
        is_ultra_restricted=row.get("is_ultra_restricted") is True,
        is_stranger=row.get("is_stranger") is True,
        team=text_of(row, "team_id") or text_of(profile, "team"),
    )


def _team(people: Mapping[str, ExportUser], channels: list[Channel]) -> str:
    """The workspace's id; for old exports without one, a name derived from what no later export can lose."""
    if team := _commonest(user.team for user in people.values()):
        return team
    oldest = min([c.id for c in channels if c.kind == "public"] or list(people) or ["nobody"])
    return "T-" + hashlib.sha256(oldest.encode()).hexdigest()[:10].upper()


def _commonest(teams: Iterator[str]) -> str:
    counted = Counter(team for team in teams if team)
    return min(counted, key=lambda team: (-counted[team], team)) if counted else ""


# --- channels -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Listed:
    channel: Channel
    folder: str  # its folder's name when that is not its id


def _channels(files: ExportFiles, people: Mapping[str, ExportUser]) -> tuple[list[_Listed], list[Broken]]:
    found: dict[str, _Listed] = {}
    lost = []
    for name in (name for name in _KINDS if name in files.sizes):
        for row in _index(files, name):
            if not isinstance(row, dict) or not text_of(row, "id"):
                lost.append(Broken(name, "a conversation without an id"))
                continue
            listed = _Listed(_channel(row, _kind(row, _KINDS[name]), people), text_of(row, "name"))
            found[listed.channel.id] = _stricter(found.get(listed.channel.id, listed), listed)
    return list(found.values()), lost


def _kind(row: Row, of_file: Literal["public", "private", "dm", "mpim"]) -> Literal["public", "private", "dm", "mpim"]:
    """Tools that imitate Slack's export put everything into channels.json: the flags may only make it stricter."""
    if row.get("is_im") is True or of_file == "dm":
        return "dm"
    if row.get("is_mpim") is True or of_file == "mpim":
        return "mpim"
    return "private" if row.get("is_private") is True or row.get("is_group") is True else of_file


def _stricter(one: _Listed, other: _Listed) -> _Listed:
    return max(one, other, key=lambda listed: _STRICTNESS.index(listed.channel.kind))


def _channel(row: Row, kind: Literal["public", "private", "dm", "mpim"], people: Mapping[str, ExportUser]) -> Channel:
    members = tuple(dict.fromkeys(clean(user) for user in list_of(row, "members") if isinstance(user, str)))
    known = [people[user] for user in members if user in people]
    return Channel(
        id=text_of(row, "id"),
        name=_channel_name(row, kind, members, people),
        kind=kind,
        shared=any(row.get(flag) is True for flag in ("is_ext_shared", "is_shared", "is_org_shared"))
        or any(user.is_stranger for user in known),
        has_guests=any(user.kind == "guest" for user in known),
        archived=row.get("is_archived") is True,
        members=members,
        topic=text_of(row_of(row, "topic"), "value"),
        purpose=text_of(row_of(row, "purpose"), "value"),
    )


def _channel_name(row: Row, kind: str, members: tuple[str, ...], people: Mapping[str, ExportUser]) -> str:
    if kind in ("dm", "mpim") and members:
        return ", ".join(people[user].shown if user in people else user for user in members)
    return text_of(row, "name") or text_of(row, "id")


# --- days -----------------------------------------------------------------------------------------


def _read_day(files: ExportFiles, file: str, day: date, channel: str, names: Names) -> Day:
    try:
        rows = files.json(file)
    except Unreadable as err:
        return Day(day, (), (), (Broken(file, str(err)),))
    if not isinstance(rows, list):
        return Day(day, (), (), (Broken(file, "it is no list of messages"),))
    messages: dict[str, Message] = {}
    deleted: set[str] = set()
    broken = []
    for place, row in enumerate(rows):
        try:
            read = read_message(row, channel, names) if isinstance(row, dict) else None
        except (Unusable, RecursionError) as err:
            broken.append(Broken(f"{file}[{place}]", str(err) if isinstance(err, Unusable) else "nested too deeply"))
            continue
        match read:
            case Message():
                ts = ts_of(read)
                messages[ts] = _newer(messages.get(ts, read), read)
            case Deleted():
                deleted.add(read.ts)
            case None:
                broken += [] if isinstance(row, dict) else [Broken(f"{file}[{place}]", "it is no message")]
    kept = tuple(messages[ts] for ts in sorted(messages, key=lambda ts: messages[ts].sent_at) if ts not in deleted)
    return Day(day, kept, tuple(sorted(deleted)), tuple(broken))


def ts_of(message: Message) -> str:
    return message.source.ts if isinstance(message.source, SlackSource) else ""


def _newer(one: Message, other: Message) -> Message:
    """Of two versions under one ts the one edited last, else the one that comes later in the file."""
    return one if (one.edited_at or one.sent_at) > (other.edited_at or other.sent_at) else other

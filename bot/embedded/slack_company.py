"""A workspace from a Slack export that is ours, such as the demo company's: people, channels, and what was said.

It takes messages as they lie there, raw; what anybody else exported is read by the importer, which trusts nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.embedded.slack_values import Channel, Json, Kind, User
from bot.embedded.slack_workspace import Workspace

_KINDS: dict[str, Kind] = {"channels.json": "public", "groups.json": "private", "dms.json": "dm", "mpims.json": "mpim"}
_LEFT_OUT = {"user_profile"}  # an export repeats with each message who said it


def from_export(folder: Path, bot_in: Iterable[str], until: float | None = None, name: str = "Night") -> Workspace:
    """The workspace as it stood at `until` (seconds since 1970), the bot in the channels named; all of it without."""
    people = [_user(row) for row in _rows(folder, "users.json")]
    team = next((row["team_id"] for row in _rows(folder, "users.json")), "T0NIGHT")
    made = Workspace(people, _channels(folder, team), team=team, name=name)
    for key in bot_in:
        room = made.room(key)
        room.channel = replace(room.channel, members=(*room.members, made.bot.id))
    for channel, message in messages_after(folder):
        if until is None or float(message["ts"]) <= until:
            made.load(channel, [message])
    return made


def messages_after(folder: Path, since: float = 0.0) -> Iterator[tuple[str, Json]]:
    """Channel id and message of what was said after `since`, in the order in which it was said."""
    said = [
        (str(row["id"]), {key: value for key, value in message.items() if key not in _LEFT_OUT})
        for index in _KINDS
        for row in _rows(folder, index)
        for day in sorted((folder / str(row.get("name") or row["id"])).glob("*.json"))
        for message in json.loads(day.read_text(encoding="utf-8"))
    ]
    yield from sorted(((c, m) for c, m in said if float(m["ts"]) > since), key=lambda one: str(one[1]["ts"]))


def _rows(folder: Path, name: str) -> list[Json]:
    file = folder / name
    return list(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else []


def _user(row: Json) -> User:
    profile = row.get("profile", {})
    return User(
        id=row["id"],
        name=row["name"],
        real_name=row.get("real_name") or profile.get("real_name", ""),
        display_name=profile.get("display_name", ""),
        email=profile.get("email", ""),
        tz=row.get("tz") or "UTC",
        title=profile.get("title", ""),
        status_text=profile.get("status_text", ""),
        status_emoji=profile.get("status_emoji", ""),
        bot_id=profile.get("bot_id", ""),
        team=row["team_id"] if row.get("is_stranger") else "",
        **{flag: bool(row.get(flag)) for flag in _FLAGS},
    )


_FLAGS = ("is_bot", "deleted", "is_admin", "is_restricted", "is_ultra_restricted", "is_stranger")


def _channels(folder: Path, team: str) -> Iterator[Channel]:
    for index, kind in _KINDS.items():
        for row in _rows(folder, index):
            yield _channel(row, kind, team)


def _channel(row: Json, kind: Kind, team: str) -> Channel:
    abroad: list[Any] = [*row.get("connected_team_ids", []), *row.get("shared_team_ids", [])]
    return Channel(
        id=row["id"],
        name=row.get("name", ""),
        kind=kind,
        members=tuple(row.get("members", [])),
        creator=row.get("creator", ""),
        created=int(row.get("created", 0)),
        topic=row.get("topic", {}).get("value", ""),
        purpose=row.get("purpose", {}).get("value", ""),
        is_general=bool(row.get("is_general")),
        is_archived=bool(row.get("is_archived")),
        shared_with=tuple(dict.fromkeys(one for one in abroad if one != team)) if row.get("is_ext_shared") else (),
    )

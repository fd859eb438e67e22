"""How Slack writes a person, a channel, a file, a text, a view and an event as JSON. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.embedded.slack_values import Channel, Json, User

_TOKEN = re.compile(
    r"<@(?P<user>[UW]\w+)(?:\|[^>]*)?>|<#(?P<channel>[CG]\w+)(?:\|[^>]*)?>|<!(?P<range>channel|here|everyone)>"
    r"|<(?P<url>(?:https?://|mailto:)[^|>]+)(?:\|(?P<label>[^>]*))?>"
)


def user_json(user: User, team: str, now: float, app_id: str = "") -> Json:
    offset = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(user.tz)).utcoffset()
    assert offset is not None
    shown = {
        "id": user.id,
        "team_id": user.team or team,
        "name": user.name,
        "deleted": user.deleted,
        "color": "4bbe2e",
        "real_name": user.real_name or user.name,
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": int(offset.total_seconds()),
        "profile": _profile(user, team, app_id),
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_700_000_000,
        "is_email_confirmed": bool(user.email),
        "who_can_share_contact_card": "EVERYONE",
        **{f"is_{role}": False for role in ("owner", "primary_owner")},
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted or user.is_ultra_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
    }
    return shown | ({"is_stranger": True} if user.is_stranger else {})


def _profile(user: User, team: str, app_id: str) -> Json:
    real = user.real_name or user.name
    first, _, last = real.partition(" ")
    profile = {
        "title": user.title,
        "phone": "",
        "skype": "",
        "real_name": real,
        "real_name_normalized": real,
        "display_name": user.display_name,
        "display_name_normalized": user.display_name,
        "status_text": user.status_text,
        "status_emoji": user.status_emoji,
        "status_expiration": 0,
        "avatar_hash": "g" + user.id.lower(),
        "first_name": first,
        "last_name": last,
        "team": user.team or team,
    }
    if user.is_bot:
        profile |= {"bot_id": user.bot_id, "api_app_id": app_id, "always_active": True}
    return profile | ({"email": user.email} if user.email else {})


def bot_profile(user: User, team: str, app_id: str) -> Json:
    return {
        "id": user.bot_id,
        "deleted": False,
        "name": user.name,
        "updated": 1_700_000_000,
        "app_id": app_id,
        "icons": {f"image_{size}": f"https://avatars.example/bot_{size}.png" for size in (36, 48, 72)},
        "team_id": team,
    }


def channel_json(channel: Channel, team: str, bot: str) -> Json:
    """As conversations.list and .info have it; a DM shows only the other person."""
    common = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind == "dm",
        "is_org_shared": False,
        "context_team_id": team,
        "updated": channel.created * 1000,
    }
    if channel.kind == "dm":
        return common | {"user": next((one for one in channel.members if one != bot), bot)}
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_general": channel.is_general,
        "unlinked": 0,
        "creator": channel.creator,
        "is_member": bot in channel.members,
        "is_shared": bool(channel.shared_with),
        "is_ext_shared": bool(channel.shared_with),
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "shared_team_ids": [team, *channel.shared_with],
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": channel.created},
        "purpose": {"value": channel.purpose, "creator": channel.creator, "last_set": channel.created},
        "previous_names": list(channel.previous_names),
    }


def channel_type(channel: Channel) -> str:
    return {"public": "channel", "private": "group", "dm": "im", "mpim": "mpim"}[channel.kind]


def rich_text(text: str, block_id: str) -> Json:
    """What Slack's composer makes of a typed text: words, mentions and links apart."""
    section = {"type": "rich_text_section", "elements": list(_pieces(text))}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _pieces(text: str) -> Iterator[Json]:
    at = 0
    for hit in _TOKEN.finditer(text):
        if hit.start() > at:
            yield {"type": "text", "text": plain(text[at : hit.start()])}
        yield _piece(hit)
        at = hit.end()
    if at < len(text):
        yield {"type": "text", "text": plain(text[at:])}


def _piece(hit: re.Match[str]) -> Json:
    if hit["user"]:
        return {"type": "user", "user_id": hit["user"]}
    if hit["channel"]:
        return {"type": "channel", "channel_id": hit["channel"]}
    if hit["range"]:
        return {"type": "broadcast", "range": hit["range"]}
    return {"type": "link", "url": hit["url"]} | ({"text": hit["label"]} if hit["label"] else {})


def plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def with_block_ids(blocks: Sequence[Json], new_id: str) -> list[Json]:
    """Slack names every block that came without a name."""
    return [block if block.get("block_id") else {**block, "block_id": f"{new_id}{n}"} for n, block in enumerate(blocks)]


def reaction_event(kind: str, user: str, channel: str, message: Json, name: str, now: str) -> Json:
    return {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel, "ts": message["ts"]},
        "item_user": message.get("user", ""),
        "event_ts": now,
    }


def tombstone(message: Json, now: str) -> Json:
    """What is left of a deleted message under which a thread hangs."""
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": message["ts"],
        "edited": {"user": "USLACKBOT", "ts": now},
    }

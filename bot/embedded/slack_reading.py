"""Web API methods that read: who is here, which conversations there are, what was said in them."""

from bot.embedded.slack_call import Call, Method, pointer, visible
from bot.embedded.slack_shapes import channel_json, user_json
from bot.embedded.slack_values import Json, Refused, User
from bot.embedded.slack_workspace import Room

_TYPES = {"public_channel": "public", "private_channel": "private", "im": "dm", "mpim": "mpim"}
_SCOPES = {"public": "channels:read", "private": "groups:read", "dm": "im:read", "mpim": "mpim:read"}


def auth_test(call: Call) -> Json:
    company = call.company
    return {
        "url": f"https://{company.domain}.slack.com/",
        "team": company.name,
        "user": company.bot.name,
        "team_id": company.team,
        "user_id": company.bot.id,
        "bot_id": company.bot.bot_id,
        "is_enterprise_install": False,
    }


def team_info(call: Call) -> Json:
    company = call.company
    icon = {"image_34": "https://avatars.example/team_34.png", "image_default": True}
    team = {"id": company.team, "name": company.name, "domain": company.domain, "email_domain": "", "icon": icon}
    return {"team": team | {"url": f"https://{company.domain}.slack.com/", "is_verified": False}}


def bots_info(call: Call) -> Json:
    bot = call.company.bot
    if call.get("bot", bot.bot_id) != bot.bot_id:
        raise Refused("bot_not_found")
    icons = {"image_36": "https://avatars.example/bot_36.png"}
    known = {"id": bot.bot_id, "deleted": False, "name": bot.name, "updated": 1_700_000_000, "icons": icons}
    return {"bot": known | {"app_id": call.company.app_id, "user_id": bot.id}}


# --- people ---------------------------------------------------------------------------------------


def _shown(call: Call, user: User) -> Json:
    """Addresses are shown only to who may read addresses."""
    shown = user_json(user, call.company.team, call.company.clock(), call.company.app_id)
    if "users:read.email" not in call.company.scopes:
        shown["profile"].pop("email", None)
    return shown


def users_list(call: Call) -> Json:
    members, more = call.page([_shown(call, user) for user in call.company.users.values()])
    return {"members": members, "cache_ts": int(call.company.clock()), **more}


def users_info(call: Call) -> Json:
    return {"user": _shown(call, call.user())}


def users_lookup_by_email(call: Call) -> Json:
    email = call.text("email").casefold()
    found = [one for one in call.company.users.values() if one.email.casefold() == email and not one.deleted]
    if not found:
        raise Refused("users_not_found")
    return {"user": _shown(call, found[0])}


# --- conversations --------------------------------------------------------------------------------


def _of_types(call: Call) -> list[Room]:
    asked = [one.strip() for one in call.get("types", "public_channel").split(",")]
    if not set(asked) <= set(_TYPES):
        raise Refused("invalid_types")
    kinds = {_TYPES[one] for one in asked}
    for kind in sorted(kinds):
        call.needs(_SCOPES[kind])
    rooms = [room for room in call.company.rooms.values() if room.channel.kind in kinds]
    return [room for room in rooms if not (call.flag("exclude_archived") and room.channel.is_archived)]


def _channel(call: Call, room: Room) -> Json:
    return channel_json(room.channel, call.company.team, call.company.bot.id)


def conversations_list(call: Call) -> Json:
    seen = [room for room in _of_types(call) if visible(call.company, room.channel)]
    channels, more = call.page(
        [
            _channel(call, room) | ({} if room.channel.kind == "dm" else {"num_members": len(room.members)})
            for room in seen
        ]
    )
    return {"channels": channels, **more}


def users_conversations(call: Call) -> Json:
    """Of somebody else the bot sees what it shares with them, and public channels."""
    who = call.user().id if call.get("user") else call.company.bot.id
    seen = [room for room in _of_types(call) if who in room.members and visible(call.company, room.channel)]
    channels, more = call.page([_channel(call, room) for room in seen])
    for channel in channels:
        channel.pop("is_member", None)
    return {"channels": channels, **more}


def conversations_info(call: Call) -> Json:
    room = call.room(right="read")
    counted = {"num_members": len(room.members)} if call.flag("include_num_members") else {}
    return {"channel": _channel(call, room) | counted}


def conversations_members(call: Call) -> Json:
    members, more = call.page(call.room(right="read").members)
    return {"members": members, **more}


def conversations_open(call: Call) -> Json:
    if call.get("channel"):
        return {"channel": _opened(call, call.room())}
    users = [one.strip() for one in call.get("users").split(",") if one.strip()]
    if not users:
        raise Refused("users_list_not_supplied")
    call.needs("im:write" if len(users) == 1 else "mpim:write")
    for user in users:
        known = call.company.users.get(user)
        if known is None:
            raise Refused("user_not_found")
        if known.deleted:
            raise Refused("user_disabled")
        if known.is_bot:
            raise Refused("cannot_dm_bot")
    return {"channel": _opened(call, call.company.dm(*users))}


def _opened(call: Call, room: Room) -> Json:
    return _channel(call, room) if call.flag("return_im") else {"id": room.channel.id}


def conversations_join(call: Call) -> Json:
    room = call.room()
    if room.channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    if room.channel.is_archived:
        raise Refused("is_archived")
    return {"channel": _channel(call, room)}


# --- what was said --------------------------------------------------------------------------------


def conversations_history(call: Call) -> Json:
    """Newest first. Replies are not among it, unless they were sent to the channel too."""
    room = _readable(call)
    limit, inclusive = call.limit(), call.flag("inclusive")
    before, latest = call.cursor("next_ts"), call.get("latest") or "9999999999.999999"
    times = call.company.within(room.top, call.get("oldest") or "0", latest, inclusive)
    if before:
        times = [ts for ts in times if ts <= before]
    page, rest = times[::-1][:limit], times[::-1][limit:]
    return _messages(call, room, page, rest) | {"pin_count": 0, "channel_actions_ts": None, "channel_actions_count": 0}


def conversations_replies(call: Call) -> Json:
    """Oldest first. The parent leads the first page whatever `oldest` says; pages that follow are without it."""
    room = _readable(call)
    asked = call.text("ts")
    if asked not in room.posts:
        raise Refused("thread_not_found")
    parent = room.posts[asked].get("thread_ts") or asked
    limit, inclusive = call.limit(default=MOST_REPLIES), call.flag("inclusive")
    after, latest = call.cursor("next_ts"), call.get("latest") or "9999999999.999999"
    times = call.company.within(room.replies.get(parent, []), call.get("oldest") or "0", latest, inclusive)
    if after:
        times = [ts for ts in times if ts >= after]
    elif parent in room.posts:
        times = [parent, *times]
    return _messages(call, room, times[:limit], times[limit:])


MOST_REPLIES = 999


def _readable(call: Call) -> Room:
    room = call.room(right="history")
    if call.company.bot.id not in room.members:
        raise Refused("not_in_channel")
    return room


def _messages(call: Call, room: Room, page: list[str], rest: list[str]) -> Json:
    every = call.flag("include_all_metadata")
    shown = [call.company.shown(room, room.posts[ts], metadata=every) for ts in page]
    more = {"response_metadata": {"next_cursor": pointer("next_ts", rest[0])}} if rest else {}
    return {"messages": shown, "has_more": bool(rest), **more}


def files_info(call: Call) -> Json:
    """A file that was shared where the bot is."""
    key = call.text("file")
    held = [
        m for room in call.company.mine() for m in room.posts.values() for f in m.get("files", []) if f["id"] == key
    ]
    if not held or key not in call.company.files:
        raise Refused("file_not_found")
    return {"file": call.company.files[key][0], "comments": [], "response_metadata": {"next_cursor": ""}}


READING = {
    "auth.test": Method(auth_test),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
    "users.list": Method(users_list, ("users:read",)),
    "users.info": Method(users_info, ("users:read",)),
    "users.lookupByEmail": Method(users_lookup_by_email, ("users:read.email",)),
    "users.conversations": Method(users_conversations),
    "conversations.list": Method(conversations_list),
    "conversations.info": Method(conversations_info),
    "conversations.members": Method(conversations_members),
    "conversations.open": Method(conversations_open),
    "conversations.join": Method(conversations_join, ("channels:join",)),
    "conversations.history": Method(conversations_history),
    "conversations.replies": Method(conversations_replies),
    "files.info": Method(files_info, ("files:read",)),
}

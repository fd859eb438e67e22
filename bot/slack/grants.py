"""What the Slack app asks for, and why. The manifest, `nightdesk doctor` and their tests all read it here.

Scopes and events as in https://docs.slack.dev/reference/scopes and /reference/events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """One permission of the bot token."""

    use: str
    without: str  # what does not work when it is missing
    needed: bool = True  # False: the desk works on without it


SCOPES: Mapping[str, Scope] = {
    "app_mentions:read": Scope("hears @nightdesk in channels", "nobody gets an answer in a channel"),
    "assistant:write": Scope(
        "shows what it is doing while an answer is made", "people see nothing until the answer is there", needed=False
    ),
    "channels:history": Scope(
        "reads the public channels it was invited to", "public channels are not read, and threads have no context"
    ),
    "channels:read": Scope(
        "lists its public channels and who is in them",
        "no rights can be computed for public channels: they stay unread",
    ),
    "chat:write": Scope("posts answers and the morning digest", "nothing can be said in Slack at all"),
    "commands": Scope("/nightdesk and the message shortcuts", "only mentions and DMs work", needed=False),
    "files:read": Scope(
        "sees which files a message carries", "messages with files look like messages without", needed=False
    ),
    "groups:history": Scope("reads the private channels it was invited to", "private channels are not read"),
    "groups:read": Scope(
        "lists its private channels and who is in them",
        "no rights can be computed for private channels: they stay unread",
    ),
    "im:history": Scope("reads what people write to it in a DM", "DMs with nightdesk are not heard"),
    "im:read": Scope("knows which DM belongs to whom", "DMs with nightdesk cannot be told apart"),
    "im:write": Scope("opens the DM of the morning digest", "nobody gets a digest who has not written to it first"),
    "mpim:history": Scope("reads group DMs it was added to", "group DMs are not read", needed=False),
    "mpim:read": Scope("lists its group DMs and who is in them", "group DMs stay unread", needed=False),
    "reactions:read": Scope("sees that somebody ticked a message off", "tasks settle by words alone", needed=False),
    "users:read": Scope(
        "names, time zones, guests and bots", "guests cannot be told from members: nothing is answered"
    ),
    "users:read.email": Scope(
        "joins a Slack user with their mailbox", "mailboxes have to be connected by Slack id", needed=False
    ),
}
"""Bot scopes."""

APP_SCOPE = "connections:write"
"""What the app-level token (xapp-…) must hold: it opens the socket."""


@dataclass(frozen=True)
class Event:
    """One subscription. Slack delivers it when the token holds one of `scopes`; without any, always."""

    use: str
    scopes: tuple[str, ...] = ()


_PUBLIC, _PRIVATE = ("channels:read",), ("groups:read",)
EVENTS: Mapping[str, Event] = {
    "app_home_opened": Event("draws the Home tab, and greets in the Messages tab"),
    "app_mention": Event("answers a mention", ("app_mentions:read",)),
    "app_uninstalled": Event("stops and says so"),
    "channel_archive": Event("stops reading an archived channel", _PUBLIC),
    "channel_deleted": Event("forgets a deleted channel", _PUBLIC),
    "channel_left": Event("stops reading a channel it was removed from", _PUBLIC),
    "channel_rename": Event("knows a channel by its new name", _PUBLIC),
    "channel_shared": Event("says less where another organisation reads along", _PUBLIC + _PRIVATE),
    "channel_unarchive": Event("reads a channel again", _PUBLIC),
    "channel_unshared": Event("says more again when the other organisation left", _PUBLIC + _PRIVATE),
    "group_archive": Event("stops reading an archived private channel", _PRIVATE),
    "group_deleted": Event("forgets a deleted private channel", _PRIVATE),
    "group_left": Event("stops reading a private channel it was removed from", _PRIVATE),
    "group_rename": Event("knows a private channel by its new name", _PRIVATE),
    "group_unarchive": Event("reads a private channel again", _PRIVATE),
    "member_joined_channel": Event("lets a new member ask about a channel", _PUBLIC + _PRIVATE),
    "member_left_channel": Event("stops answering somebody who left about a channel", _PUBLIC + _PRIVATE),
    "message.channels": Event("reads public channels as they are written", ("channels:history",)),
    "message.groups": Event("reads private channels as they are written", ("groups:history",)),
    "message.im": Event("answers a DM", ("im:history",)),
    "message.mpim": Event("reads group DMs as they are written", ("mpim:history",)),
    "reaction_added": Event("settles what somebody ticked off", ("reactions:read",)),
    "reaction_removed": Event("opens it again", ("reactions:read",)),
    "team_join": Event("knows a new colleague, and whether they are a guest", ("users:read",)),
    "tokens_revoked": Event("stops and says so"),
    "user_change": Event("follows names, zones, guests and leavers", ("users:read",)),
}
"""Bot events, as the manifest names them."""

_CONVERSATIONS = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
METHODS: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": (APP_SCOPE,),
    "assistant.threads.setStatus": ("assistant:write", "chat:write"),
    "auth.test": (),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": (*_HISTORY, "files:read"),
    "conversations.info": _CONVERSATIONS,
    "conversations.list": _CONVERSATIONS,
    "conversations.members": _CONVERSATIONS,
    "conversations.open": ("im:write",),
    "conversations.replies": (*_HISTORY, "files:read"),
    "users.conversations": _CONVERSATIONS,
    "users.info": ("users:read", "users:read.email"),
    "users.list": ("users:read", "users:read.email"),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
"""Which scopes let us call a method and see all it can say; which of them depends on the kind of conversation."""

COMMAND = "/nightdesk"
HAND_TO_THE_NIGHT = "overnight_from_message"
ADD_TO_MY_LIST = "add_to_my_list"
NEW_ERRAND = "overnight_new"
SHORTCUTS = (HAND_TO_THE_NIGHT, ADD_TO_MY_LIST, NEW_ERRAND)
"""Callback ids of the manifest's shortcuts."""


def missing(granted: Iterable[str]) -> list[str]:
    """Scopes the desk asks for and the token does not hold, those first without which it cannot work."""
    held = set(granted)
    return sorted(SCOPES.keys() - held, key=lambda name: (not SCOPES[name].needed, name))


def unheard(granted: Iterable[str]) -> list[str]:
    """Events that Slack will not deliver to a token with these scopes, whatever is subscribed."""
    held = set(granted)
    return sorted(name for name, event in EVENTS.items() if event.scopes and not held.intersection(event.scopes))

"""What somebody pressed, chose, submitted or typed, as Slack tells it. Pure; who may press is decided by whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Pressed:
    """One element of a message, a Home tab or a modal. `item` is what stands behind the slash of its action id."""

    user: str
    action: str  # 'digest.done'
    item: str = ""
    chosen: tuple[str, ...] = ()  # value of a button, values of options, a date, a time
    channel: str = ""  # of the message; '' in a view
    ts: str = ""
    view: str = ""  # callback of the view, 'home' for a Home tab, '' in a message
    trigger: str = ""  # opens one modal, within three seconds
    view_id: str = ""  # of that view

    @property
    def first(self) -> str:
        return self.chosen[0] if self.chosen else ""


@dataclass(frozen=True)
class Submitted:
    """A modal. `about` is what we wrote into it; `entered` is what was filled in, by action id."""

    user: str
    callback: str
    about: str
    entered: Mapping[str, str]


@dataclass(frozen=True)
class Shortcut:
    """A shortcut, on a message when it has a `ts`."""

    user: str
    callback: str
    channel: str = ""
    ts: str = ""
    trigger: str = ""


@dataclass(frozen=True)
class Command:
    """A slash command with the words behind it."""

    user: str
    words: str
    channel: str = ""


Interaction = Pressed | Submitted | Shortcut | Command


def read(payload: Json) -> Interaction | None:
    """The interaction; None for one that nothing can follow from."""
    user = _id(payload.get("user")) or _text(payload, "user_id")
    if not user:
        return None
    match payload.get("type"):
        case "block_actions":
            return _pressed(payload, user)
        case "view_submission":
            return _submitted(payload, user)
        case "message_action" | "shortcut":
            ts = _text(payload, "message_ts") or _text(_map(payload.get("message")), "ts")
            return Shortcut(
                user, _text(payload, "callback_id"), _id(payload.get("channel")), ts, _text(payload, "trigger_id")
            )
    if _text(payload, "command"):
        return Command(user, _text(payload, "text"), _text(payload, "channel_id"))
    return None


def _pressed(payload: Json, user: str) -> Pressed | None:
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], Mapping):
        return None
    action, container, view = actions[0], _map(payload.get("container")), _map(payload.get("view"))
    name, _, item = _text(action, "action_id").partition("/")
    in_view = _text(view, "callback_id") or _text(view, "type")
    channel = _text(container, "channel_id") or _id(payload.get("channel"))
    return Pressed(
        user,
        name,
        item,
        _chosen(action),
        channel,
        _text(container, "message_ts"),
        in_view,
        _text(payload, "trigger_id"),
        _text(view, "id"),
    )


def _chosen(action: Json) -> tuple[str, ...]:
    for name in ("selected_options", "selected_option"):
        if name in action:
            held = action[name] if isinstance(action[name], list) else [action[name]]
            return tuple(_text(_map(one), "value") for one in held if one)
    for name in ("selected_date", "selected_time", "value"):
        if isinstance(action.get(name), str):
            return (action[name],)
    return ()


def _submitted(payload: Json, user: str) -> Submitted:
    view = _map(payload.get("view"))
    blocks = _map(_map(view.get("state")).get("values"))
    entered = {
        name: (_chosen(_map(element)) or ("",))[0] for block in blocks.values() for name, element in _map(block).items()
    }
    return Submitted(user, _text(view, "callback_id"), _text(view, "private_metadata"), entered)


def _map(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _text(held: Json, name: str) -> str:
    value = held.get(name)
    return value if isinstance(value, str) else ""


def _id(value: object) -> str:
    return _text(_map(value), "id")

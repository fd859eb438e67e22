"""What people do with the bot's own things: press what a message or a view shows, submit a modal, use a shortcut.

Slack builds these payloads from what it shows; so does this. What is not shown cannot be pressed: `NotShown`.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from bot.embedded.slack_values import Json, NotShown, Refused, User
from bot.embedded.slack_views import show, view_json
from bot.embedded.slack_workspace import Room, Workspace

Answer = Future[Json | None]
"""What the app said when it acknowledged ({} for nothing); None when nobody did."""

_CHOSEN = {
    "overflow": "selected_option",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "plain_text_input": "value",
    "email_text_input": "value",
    "number_input": "value",
}
"""Kind of element -> the field that holds what was chosen in it."""


class Hands:
    """Acts on `company`, from any thread, and hands the payload to whoever delivers it."""

    company: Workspace

    def hand_over(self, kind: str, payload: Json, answers: bool) -> Answer:
        raise NotImplementedError

    # --- pressing -----------------------------------------------------------------------------------

    def press(
        self,
        user: str,
        channel: str,
        message_ts: str,
        action_id: str,
        value: object = None,
        selected_option: str | Sequence[str] | None = None,
    ) -> Answer:
        """Presses an element of a message, ephemeral ones included.

        `value` tells apart buttons of one action_id, or is the date, time, user or text that is entered;
        `selected_option` is the value of an option, or several.
        """
        with self.company.lock:
            who, room = self.company.user(user), self.company.room(channel)
            message, whispered = self._seen(who, room, message_ts)
            action = self._action(message.get("blocks", []), action_id, value, selected_option)
            container = {"type": "message", "message_ts": message_ts, "channel_id": room.channel.id}
            thread = {"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}
            payload = {
                **self._who(who, "block_actions"),
                "container": container | {"is_ephemeral": whispered} | thread,
                "channel": self._where(room),
                "message": {key: value for key, value in message.items() if key not in _NOT_IN_PAYLOADS},
                "state": {"values": _state(action)},
                "response_url": self._response_url(room, who, message_ts, whispered),
                "actions": [action],
            }
            return self.hand_over("interactive", payload, answers=False)

    def press_home(
        self, user: str, action_id: str, value: object = None, selected_option: str | Sequence[str] | None = None
    ) -> Answer:
        """Presses an element of the person's App Home."""
        with self.company.lock:
            view = self.company.homes.get(self.company.user(user).id)
            if view is None:
                raise NotShown(f"{user} has no App Home")
            return self._press_view(user, view, self._action(view["blocks"], action_id, value, selected_option))

    def press_view(
        self, user: str, action_id: str, value: object = None, selected_option: str | Sequence[str] | None = None
    ) -> Answer:
        """Presses an element of the modal that is open for the person."""
        with self.company.lock:
            view = self.modal(user)
            return self._press_view(user, view, self._action(view["blocks"], action_id, value, selected_option))

    def _press_view(self, user: str, view: Json, action: Json) -> Answer:
        shown = view | {"state": {"values": _state(action)}}
        container = {"type": "view", "view_id": view["id"]}
        payload = self._who(self.company.user(user), "block_actions") | {"container": container, "view": shown}
        return self.hand_over("interactive", payload | {"actions": [action]}, answers=False)

    def _seen(self, user: User, room: Room, ts: str) -> tuple[Json, bool]:
        if user.id not in room.members:
            raise NotShown(f"{user.name} does not see {room.channel.name or room.channel.id}")
        for whisper in self.company.whispers.get(user.id, []):
            if whisper["ts"] == ts and whisper["channel"] == room.channel.id:
                return whisper, True
        return self.company.shown(room, self.company.message(room.channel.id, ts)), False

    def _action(
        self, blocks: Sequence[Json], action_id: str, value: object, option: str | Sequence[str] | None
    ) -> Json:
        """What Slack says was done to the element; refused unless the blocks show it."""
        found = [(block, one) for block, one in _elements(blocks) if one.get("action_id") == action_id]
        if value is not None and len(found) > 1:
            found = [(block, one) for block, one in found if one.get("value") == value]
        if not found:
            raise NotShown(f"nothing here is called {action_id}" + (f" with {value}" if value is not None else ""))
        block, element = found[0]
        return {
            "type": element["type"],
            "action_id": action_id,
            "block_id": block["block_id"],
            **_done(element, value, option),
            "action_ts": self.company.now_ts(),
        }

    # --- modals -------------------------------------------------------------------------------------

    def modal(self, user: str) -> Json:
        """The topmost modal that is open for the person."""
        stack = self.company.modals.get(self.company.user(user).id)
        if not stack:
            raise NotShown(f"no modal is open for {user}")
        return self.company.views[stack[-1]]

    def submit(self, user: str, state: Mapping[str, object], view: str = "") -> Answer:
        """Fills in the modal by action_id and submits it. Whatever the app answers is done to the modal."""
        with self.company.lock:
            who, shown = self.company.user(user), self.modal(user)
            if view and shown["id"] != view:
                raise NotShown(f"{view} is not the modal that is open")
            filled = shown | {"state": {"values": _filled(shown["blocks"], state)}}
            payload = self._who(who, "view_submission") | {"view": filled}
            answer = self.hand_over("interactive", payload | {"response_urls": []}, answers=True)
        answer.add_done_callback(lambda done: self._after_submit(who, shown, done.result()))
        return answer

    def _after_submit(self, user: User, view: Json, said: Json | None) -> None:
        if said is None or said.get("response_action") == "errors":
            return
        with self.company.lock:
            stack, action = self.company.modals.get(user.id, []), said.get("response_action", "")
            if action in {"update", "push"}:
                key = view["id"] if action == "update" else self.company.new_id("V")
                try:
                    made = view_json(self.company, said.get("view"), "modal", key, view["root_view_id"])
                except Refused:
                    return  # Slack shows the person an error and keeps the modal
                if action == "update":
                    self.company.views[key] = made
                else:
                    show(self.company, user.id, made)
            else:
                self.company.modals[user.id] = [] if action == "clear" else stack[:-1]
            self.company.changed("view", user=user.id)

    def close_modal(self, user: str) -> None:
        """The app hears of it only where the view asks for that."""
        with self.company.lock:
            who, view = self.company.user(user), self.modal(user)
            self.company.modals[who.id].pop()
            self.company.changed("view", user=who.id)
            if view["notify_on_close"]:
                payload = self._who(who, "view_closed") | {"view": view, "is_cleared": False}
                payload.pop("trigger_id")
                self.hand_over("interactive", payload, answers=False)

    # --- shortcuts and commands ---------------------------------------------------------------------

    def shortcut(self, user: str, callback_id: str, channel: str = "", message_ts: str = "") -> Answer:
        """A shortcut on a message; without one, from anywhere."""
        with self.company.lock:
            who = self.company.user(user)
            if not message_ts:
                payload = self._who(who, "shortcut") | {"callback_id": callback_id, "action_ts": self.company.now_ts()}
                return self.hand_over("interactive", payload, answers=False)
            room = self.company.room(channel)
            message, whispered = self._seen(who, room, message_ts)
            payload = self._who(who, "message_action")
            payload.pop("api_app_id")
            payload |= {
                "callback_id": callback_id,
                "message_ts": message_ts,
                "message": {key: value for key, value in message.items() if key not in _NOT_IN_PAYLOADS},
                "channel": self._where(room),
                "response_url": self._response_url(room, who, message_ts, whispered),
                "action_ts": self.company.now_ts(),
            }
            payload["user"].pop("username")
            return self.hand_over("interactive", payload, answers=False)

    def command(self, user: str, channel: str, command: str, text: str = "") -> Answer:
        """A slash command. What the app answers with its acknowledgement only the person sees."""
        with self.company.lock:
            who, room = self.company.user(user), self.company.room(channel)
            if who.id not in room.members:
                raise NotShown(f"{who.name} is not in {room.channel.name}")
            payload = {
                "token": "sandbox",
                "team_id": self.company.team,
                "team_domain": self.company.domain,
                "channel_id": room.channel.id,
                "channel_name": self._where(room)["name"],
                "user_id": who.id,
                "user_name": who.name,
                "command": command,
                "text": text,
                "api_app_id": self.company.app_id,
                "is_enterprise_install": "false",
                "response_url": self._response_url(room, who, "", True),
                "trigger_id": self._trigger(who),
            }
            answer = self.hand_over("slash_commands", payload, answers=True)
        answer.add_done_callback(lambda done: self._whisper(who, room, done.result()))
        return answer

    def _whisper(self, user: User, room: Room, said: Json | None) -> None:
        if not said or not (said.get("text") or said.get("blocks")):
            return
        with self.company.lock:
            ts = self.company.now_ts()
            place = {"channel": room.channel.id, "ts": ts, "is_ephemeral": True}
            shown = {"type": "message", "user": self.company.bot.id, "bot_id": self.company.bot.bot_id}
            kept = {key: said[key] for key in ("text", "blocks") if said.get(key)}
            self.company.whispers.setdefault(user.id, []).append(shown | kept | place)
            self.company.changed("ephemeral", channel=room.channel.id, user=user.id, ts=ts)

    # --- what every payload has ---------------------------------------------------------------------

    def _who(self, user: User, kind: str) -> Json:
        team = user.team or self.company.team
        named = {"id": user.id, "username": user.name, "name": user.name, "team_id": team}
        return {
            "type": kind,
            "user": named,
            "api_app_id": self.company.app_id,
            "token": "sandbox",
            "trigger_id": self._trigger(user),
            "team": {"id": self.company.team, "domain": self.company.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _trigger(self, user: User) -> str:
        key = self.company.new_id("trigger.")
        self.company.triggers[key] = (user.id, self.company.clock())
        return key

    def _where(self, room: Room) -> Json:
        names = {"dm": "directmessage", "private": "privategroup"}
        return {"id": room.channel.id, "name": names.get(room.channel.kind, room.channel.name)}

    def _response_url(self, room: Room, user: User, ts: str, whispered: bool) -> str:
        key = self.company.new_id("R")
        held = {"channel": room.channel.id, "user": user.id, "ts": ts, "whispered": whispered}
        self.company.response_urls[key] = held
        return f"{self.company.base_url}response/{key}"


_NOT_IN_PAYLOADS = {"bot_profile", "is_ephemeral", "channel", "reply_users_count"}


def _elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        for element in (*block.get("elements", []), block.get("accessory"), block.get("element")):
            if isinstance(element, dict):
                yield block, element


def _done(element: Json, value: object, option: str | Sequence[str] | None) -> Json:
    kind = element["type"]
    if kind == "button":
        return {key: element[key] for key in ("text", "value", "style", "url", "confirm") if key in element}
    if kind in {"feedback_buttons", "icon_button"}:
        sides = [element[side] for side in ("positive_button", "negative_button") if side in element] or [element]
        side = next((one for one in sides if value in (None, one.get("value"))), None)
        if side is None:
            raise NotShown(f"{element['action_id']} does not offer {value}")
        return {"text": side["text"], "value": side.get("value", "")}
    told = {"placeholder": element["placeholder"]} if "placeholder" in element and kind.endswith("select") else {}
    return told | {_CHOSEN[kind]: _choice(element, option if option is not None else value)}


def _choice(element: Json, wanted: Any) -> Any:
    """What an element holds once `wanted` was entered: an option, several, or the value itself."""
    field = _CHOSEN[element["type"]]
    if not field.startswith("selected_option"):
        return wanted
    offered = {one["value"]: one for one in element.get("options", [])}
    asked = [wanted] if isinstance(wanted, str) else list(wanted or [])
    missing = [one for one in asked if one not in offered]
    if missing or (field == "selected_option" and not asked):
        raise NotShown(f"{element['action_id']} does not offer {', '.join(missing) or 'nothing'}")
    shown = [{key: offered[one][key] for key in ("text", "value")} for one in asked]
    return shown if field == "selected_options" else shown[0]


def _state(action: Json) -> Json:
    """What stands in the elements that keep what was entered."""
    if action["type"] not in _CHOSEN or action["type"] == "overflow":
        return {}
    kept = {"type": action["type"], _CHOSEN[action["type"]]: action[_CHOSEN[action["type"]]]}
    return {action["block_id"]: {action["action_id"]: kept}}


def _filled(blocks: Sequence[Json], state: Mapping[str, object]) -> Json:
    """The state of a modal. Raises `NotShown` for what has no field, or for a field that has to be filled and is not."""
    values: Json = {}
    inputs = {e["action_id"]: (b, e) for b, e in _elements(blocks) if e.get("type") in _CHOSEN and e.get("action_id")}
    if unknown := set(state) - set(inputs):
        raise NotShown(f"there is no field {', '.join(sorted(unknown))}")
    for name, (block, element) in inputs.items():
        field = _CHOSEN[element["type"]]
        initial = element.get(f"initial_{field.removeprefix('selected_')}")
        entered = _choice(element, state[name]) if name in state else initial
        if entered in (None, "", []) and block.get("type") == "input" and not block.get("optional"):
            raise NotShown(f"{name} has to be filled in")
        values.setdefault(block["block_id"], {})[name] = {"type": element["type"], field: entered}
    return values

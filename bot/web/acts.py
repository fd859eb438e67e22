"""What a person does on the page: each act of theirs is one function from a form to the address that is shown next."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass

from bot.embedded.slack_values import Json, NotShown
from bot.web import letters
from bot.web.seen import Viewer, modal
from bot.web.stage import Stage
from graphs.errors import NeedsPerson

ANSWERED = 4.0  # seconds; Slack gives an app three
_MENTION = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9._-]{0,79})", re.IGNORECASE)
_CHANNEL = re.compile(r"(?<![\w#])#([a-z0-9][a-z0-9_-]{0,79})")


@dataclass(frozen=True)
class Form:
    """What a form sent: every field with all of its values."""

    fields: Mapping[str, list[str]]

    def word(self, name: str) -> str:
        return self.fields.get(name, [""])[0]

    def words(self, name: str) -> list[str]:
        return self.fields.get(name, [])


def say(stage: Stage, who: Viewer, form: Form) -> str:
    text, room, thread = form.word("text").replace("\r\n", "\n").strip(), form.word("channel"), form.word("thread")
    if not text:
        raise NeedsPerson("Write something first.")
    command, _, rest = text.partition(" ")
    if command == stage.command:
        stage.slack.command(who.id, room, command, rest.strip())
    else:
        stage.slack.say(who.id, room, _as_slack(stage, text), thread_ts=thread or None)
    return _channel(who, room, thread)


def _as_slack(stage: Stage, typed: str) -> str:
    """Typed text as Slack's composer sends it: escaped, with mentions and channels as tokens."""
    company = stage.slack.company
    users = {user.name: user.id for user in company.users.values()}
    rooms = {room.channel.name: room.channel.id for room in company.rooms.values() if room.channel.kind == "public"}

    def user(hit: re.Match[str]) -> str:
        name = hit[1].rstrip(".-_").casefold()
        return f"<@{users[name]}>{hit[1][len(name) :]}" if name in users else hit[0]

    def channel(hit: re.Match[str]) -> str:
        return f"<#{rooms[hit[1]]}|{hit[1]}>" if hit[1] in rooms else hit[0]

    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CHANNEL.sub(channel, _MENTION.sub(user, escaped))


def press(stage: Stage, who: Viewer, form: Form) -> str:
    """An element of a message, of Home, or of the open modal."""
    action, value = form.word("action"), form.word("value") or None
    option = form.words("option") if form.word("several") else form.word("option") or None
    if form.word("home"):
        stage.slack.press_home(who.id, action, value, option)
        return f"/{who.handle}/home"
    if form.word("view"):
        stage.slack.press_view(who.id, action, value, option)
        return ""
    stage.slack.press(who.id, form.word("channel"), form.word("ts"), action, value, option)
    return ""


def submit(stage: Stage, who: Viewer, form: Form) -> str:
    """The open modal, as it was filled in. What the app objects to is shown in it."""
    view = modal(stage.slack.company, who.id)
    if view is None:
        raise NotShown("That form is closed.")
    stage.refused.pop(who.id, None)
    answer = stage.slack.submit(who.id, _entered(view, form), form.word("view"))
    try:
        said = answer.result(ANSWERED)
    except TooLate:
        said = None
    if said is None:
        stage.refused[who.id] = "Nightdesk did not answer. Try again."
    elif said.get("response_action") == "errors":
        stage.refused[who.id] = " ".join(str(text) for text in said.get("errors", {}).values())
    return ""


def _entered(view: Json, form: Form) -> dict[str, object]:
    """By action id; what was emptied is None, and boxes that nobody ticked are an empty list."""
    entered: dict[str, object] = {}
    for block in view["blocks"]:
        element = block.get("element") if block.get("type") == "input" else None
        if element is None:
            continue
        name = element["action_id"]
        if element["type"] in ("checkboxes", "multi_static_select"):
            entered[name] = form.words(f"many:{name}")
        elif chosen := form.word(f"one:{name}"):
            entered[name] = chosen
        else:
            entered[name] = form.word(f"text:{name}") or None
    return entered


def close(stage: Stage, who: Viewer, form: Form) -> str:
    stage.refused.pop(who.id, None)
    stage.slack.close_modal(who.id)
    return ""


def shortcut(stage: Stage, who: Viewer, form: Form) -> str:
    stage.slack.shortcut(who.id, form.word("callback"), form.word("channel"), form.word("ts"))
    return ""


def react(stage: Stage, who: Viewer, form: Form) -> str:
    stage.slack.react(who.id, form.word("channel"), form.word("ts"), form.word("name"))
    return ""


def delete(stage: Stage, who: Viewer, form: Form) -> str:
    stage.slack.delete(who.id, form.word("channel"), form.word("ts"))
    return ""


def mail(stage: Stage, who: Viewer, form: Form) -> str:
    """As their mail program: keep, send or throw away a draft, answer, or let a mail arrive."""
    address = stage.mailboxes.get(who.handle)
    if address is None:
        raise NotShown(f"{who.name} has no mailbox here.")
    uid, body, now = int(form.word("uid") or 0), form.word("body"), stage.now()
    folder = f"/{who.handle}/mail/{form.word('folder') or 'INBOX'}"
    match form.word("do"):
        case "save":
            folder += f"?uid={letters.save(stage.mail, address, uid, body, now)}"
        case "send":
            letters.send(stage.mail, address, letters.save(stage.mail, address, uid, body, now), now)
        case "delete":
            stage.mail.delete(address, "Drafts", uid)
        case "reply":
            letters.reply(stage.mail, address, uid, body, now)
        case "deliver":
            sender = (form.word("name"), form.word("from"))
            letters.deliver(stage.mail, address, sender, form.word("subject"), body, now)
        case other:
            raise NeedsPerson(f"Nothing here is called {other}.")
    stage.mailed()
    return folder


def _channel(who: Viewer, channel: str, thread: str) -> str:
    return f"/{who.handle}/c/{channel}" + (f"?thread={thread}" if thread else "")


Act = Callable[[Stage, Viewer, Form], str]
"""Returns where to go; "" for where one was."""

ACTS: Mapping[str, Act] = {
    "say": say, "press": press, "submit": submit, "close": close, "shortcut": shortcut, "react": react, "delete": delete,
    "mail": mail,
}  # fmt: skip

"""Everything the sandbox's Slack says, once, by the name of Slack's own sample of it; and the shape of what was said.

A shape is a set of JSON paths with the type that stands there: `.message.ts str`, `.messages[].reactions array`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.embedded.slack import APP_TOKEN, Sandbox, running
from bot.embedded.slack_values import ALL_SCOPES, File, Json, User
from bot.slack.limits import problems
from tests.servers.slack import BUTTONS, MODAL, Clock, small_company, web

OWN_NAMES = re.compile(r"\.state\.values(?:\.\*)?$")
SHAPES = Path(__file__).with_name("slack_shapes.json")
CARD: list[Json] = [
    *BUTTONS,
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "since Monday"}]},
]
KEY = {"event_type": "digest", "event_payload": {"key": "k1"}}
TO_ADA: dict[str, Any] = {"recipient_team_id": "T0NIGHT", "recipient_user_id": "U0ADA"}


def paths(value: object, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if not value:
            yield f"{at} object"
        for key, inner in value.items():
            # What stands in a form is by block and action, names that are somebody's own.
            yield from paths(inner, f"{at}.{'*' if OWN_NAMES.search(at) else key}")
    elif isinstance(value, list):
        yield f"{at} array"
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        kinds = {bool: "bool", int: "num", float: "num", str: "str", type(None): "null"}
        yield f"{at} {kinds[type(value)]}"


def shapes(said: list[tuple[str, Json]]) -> dict[str, list[str]]:
    """The sorted shape of each kind of thing that was said."""
    found: dict[str, set[str]] = {}
    for name, value in said:
        found.setdefault(name, set()).update(paths(value))
    return {name: sorted(found[name]) for name in sorted(found)}


def read_shapes() -> dict[str, list[str]]:
    return dict(json.loads(SHAPES.read_text()))


# --- the tour --------------------------------------------------------------------------------------


def tour() -> list[tuple[str, Json]]:
    """Name of the sample (`api/chat.update`, `events/MessagePayload` …) and what was said."""
    events: list[Json] = []
    with running(small_company(), Clock(), check=problems) as slack:
        slack.patience(1, ())  # nobody listens: what is pressed is in `lost` at once
        slack.company.on_event.append(events.append)
        _people(slack)
        _calls(web(slack))
        _hands(slack, web(slack))
        _refusals(slack, web(slack))
        slack.revoke_token()
        slack.uninstall()
        assert slack.settle()
        answers = [
            (f"api/{one.method}", one.answer) for one in slack.log if one.answer and one.method != "response_url"
        ]
        pressed = [(_payload_name(one.body), one.body) for one in slack.lost if "event" not in one.body]
    return [*answers, *((_event_name(body["event"]), body) for body in events), *pressed]


def _people(slack: Sandbox) -> None:
    asked = slack.say("ada", "general", "<@U0NIGHTDESK> see <https://night.example|this>, <#C0OTHER> <!here>")
    slack.say("ben", "general", "reply", thread_ts=asked)
    slack.say("ben", "general", "for all", thread_ts=asked, broadcast=True)
    slack.say("ada", "general", "a file", files=[File("plan.txt", b"step one")])
    slack.say_as_app("builds", "general", "build 12 is green")
    slack.say_as_app("builds", "general", "<@U0NIGHTDESK> build 13 is red")
    slack.say("ada", slack.dm("ada"), "hello")
    slack.edit("ada", "general", asked, "edited")
    slack.react("ben", "general", asked, "eyes")
    slack.react("ada", "general", asked, "wave")
    slack.unreact("ada", "general", asked, "wave")
    lone = slack.say("ada", "general", "gone soon")
    slack.delete("ada", "general", lone)
    slack.delete("ada", "general", asked)
    _channels(slack)
    slack.add_user(User(id="U0DOT", name="dot", is_stranger=True, team="T0OTHER"))
    slack.change_user("dot", is_restricted=True)
    slack.deactivate("dot")
    slack.open_home("ada")


def _channels(slack: Sandbox) -> None:
    for kind, name in (("public", "launch"), ("private", "hush")):
        new = slack.create_channel(name, ["ada"], kind="public" if kind == "public" else "private")
        slack.invite_bot(new, by="ada")
        slack.join("ben", new, inviter="ada")
        slack.leave("ben", new)
        slack.rename(new, name + "ed")
        slack.set_topic(new, "soon")
        slack.share(new)
        slack.unshare(new)
        slack.archive(new)
        slack.unarchive(new)
        slack.remove_bot(new)
        slack.invite_bot(new)
        slack.delete_channel(new)


def _calls(client: WebClient) -> None:
    asked = client.chat_postMessage(channel="C0GENERAL", text="card", blocks=CARD, metadata=KEY)["ts"]
    in_thread: dict[str, Any] = {"channel": "C0GENERAL", "thread_ts": asked}
    client.chat_postMessage(**in_thread, text="reply", reply_broadcast=True)
    client.chat_update(channel="C0GENERAL", ts=asked, text="card", blocks=CARD)
    client.chat_getPermalink(channel="C0GENERAL", message_ts=asked)
    client.reactions_add(channel="C0GENERAL", timestamp=asked, name="eyes")
    client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="only you")
    client.assistant_threads_setStatus(channel_id="C0GENERAL", thread_ts=asked, status="is reading")
    client.assistant_threads_setTitle(channel_id="C0GENERAL", thread_ts=asked, title="A title")
    prompts = [{"title": "Ask", "message": "What is new?"}]
    client.assistant_threads_setSuggestedPrompts(channel_id="C0GENERAL", thread_ts=asked, prompts=prompts)
    stream = client.chat_startStream(**in_thread, **TO_ADA, markdown_text="a")["ts"]
    client.chat_appendStream(channel="C0GENERAL", ts=stream, markdown_text="b")
    client.chat_stopStream(channel="C0GENERAL", ts=stream, blocks=CARD, metadata=KEY)
    client.reactions_remove(channel="C0GENERAL", timestamp=asked, name="eyes")
    client.reactions_add(channel="C0GENERAL", timestamp=asked, name="eyes")
    client.conversations_replies(channel="C0GENERAL", ts=asked, limit=2, include_all_metadata=True)
    _reads(client)
    client.chat_delete(channel="C0GENERAL", ts=stream)


def _reads(client: WebClient) -> None:
    page = client.conversations_history(channel="C0GENERAL", include_all_metadata=True)
    client.conversations_history(channel="C0GENERAL", limit=1)
    file = next(one["files"][0]["id"] for one in page["messages"] if one.get("files"))
    client.files_info(file=file)
    client.auth_test()
    client.team_info()
    client.bots_info(bot="B0NIGHTDESK")
    client.apps_connections_open(app_token=APP_TOKEN)
    client.users_list(limit=2)
    client.users_list()
    client.users_info(user="U0ADA")
    client.users_lookupByEmail(email="ada@night.example")
    kinds = "public_channel,private_channel,im,mpim"
    client.users_conversations(types=kinds)
    client.conversations_list(types=kinds)
    for channel in ("C0GENERAL", "G0PLANS", "D0ADA"):
        client.conversations_info(channel=channel, include_num_members=True)
    client.conversations_members(channel="C0GENERAL")
    client.conversations_open(users="U0ADA")
    client.conversations_open(users="U0BEN", return_im=True)
    client.conversations_join(channel="C0OTHER")


def _hands(slack: Sandbox, client: WebClient) -> None:
    card = client.chat_postMessage(channel="C0GENERAL", text="card", blocks=CARD)["ts"]
    whisper = client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="card", blocks=CARD)["message_ts"]
    client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": CARD})
    slack.open_home("ada")
    for ts in (card, whisper):
        slack.press("ada", "general", ts, "done").result(5)
        slack.press("ada", "general", ts, "snooze", selected_option="tomorrow").result(5)
    slack.press_home("ada", "done").result(5)
    slack.shortcut("ada", "hand_to_night", "general", card).result(5)
    slack.shortcut("ada", "anywhere").result(5)
    slack.command("ada", "general", "/nightdesk", "status").result(5)
    for last in ("views.update", "views.push"):
        slack.press("ada", "general", card, "done").result(5)
        client.views_open(trigger_id=slack.lost[-1].body["trigger_id"], view=MODAL)
        if last == "views.push":
            slack.press("ada", "general", card, "done").result(5)
            client.views_push(trigger_id=slack.lost[-1].body["trigger_id"], view=MODAL)
        else:
            client.views_update(view_id=slack.modal("ada")["id"], view=MODAL)
        slack.submit("ada", {"host": "imap.night.example"}).result(5)
        slack.close_modal("ada")
    assert slack.settle()


def _refusals(slack: Sandbox, client: WebClient) -> None:
    slack.company.scopes = ALL_SCOPES - {"users:read"}
    broken: list[tuple[str, Json]] = [
        ("users.list", {}),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "x", "blocks": [{"type": "section"}]}),
        ("views.publish", {"user_id": "U0ADA", "view": {"type": "modal"}}),
    ]
    for method, arguments in broken:
        try:
            client.api_call(method, json=arguments)
        except SlackApiError:
            continue
        raise AssertionError(f"{method} is refused")


# --- names of samples ------------------------------------------------------------------------------

_INTERACTIONS = {
    "block_actions": "app-backend/interactive-components/BlockActionPayload",
    "message_action": "app-backend/interactive-components/MessageShortcutPayload",
    "view_submission": "app-backend/views/ViewSubmissionPayload",
    "view_closed": "app-backend/views/ViewClosedPayload",
    "shortcut": "app-backend/GlobalShortcut",
}


def _payload_name(body: Json) -> str:
    return _INTERACTIONS.get(str(body.get("type")), "app-backend/slash-commands/SlashCommandPayload")


def _event_name(event: Json) -> str:
    """Of the notices in a private channel Slack has hardly a sample; they are worded like those of a public one."""
    subtype = str(event.get("subtype", "")).replace("group_", "channel_")
    subtype = subtype.removesuffix("_message").removeprefix("message_")
    words = [*event["type"].split("_"), *subtype.split("_")] if event["type"] == "message" else event["type"].split("_")
    return "events/" + "".join(word.capitalize() for word in words) + "Payload"

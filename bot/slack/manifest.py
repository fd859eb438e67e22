"""The manifest that the Slack app is made from. `infra/slack-manifest.json` is what it says for Socket Mode."""

from typing import Any

from bot.slack.grants import ADD_TO_MY_LIST, COMMAND, EVENTS, HAND_TO_THE_NIGHT, NEW_ERRAND, SCOPES

EVENTS_PATH = "/slack/events"
"""Below NIGHTDESK_PUBLIC_URL: where Slack sends events, presses and commands in HTTP mode."""

_LONG = (
    "Nightdesk reads the channels it is invited to and the mailboxes people connect. By day it answers mentions from what it"
    " knows, and never tells anybody more than everybody present may read. At night it drafts the replies people owe and lists"
    " what they left unfinished; in the morning who uses it finds one short message. It never sends mail and never posts in"
    " anybody's name. Your own organisation runs it: this app belongs to your workspace alone."
)
_PROMPTS = (
    ("What is unfinished?", "What is unfinished for me?"),
    ("Who waits for me?", "Who is waiting for an answer from me?"),
    ("What changed?", "What was decided since yesterday?"),
)
_SHORTCUTS = (
    ("Hand to the night", "message", HAND_TO_THE_NIGHT, "Let nightdesk work on this message overnight"),
    ("Add to my list", "message", ADD_TO_MY_LIST, "Keep this message as an open task of yours"),
    ("New overnight job", "global", NEW_ERRAND, "Describe a job for tonight"),
)


def manifest(public_url: str = "") -> dict[str, Any]:
    """The app as Slack's manifest version 2; over HTTP at `public_url` (https://…), else over Socket Mode."""
    there = {"request_url": f"{public_url}{EVENTS_PATH}"} if public_url else {}
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "nightdesk",
            "description": "Works while you sleep: answers, drafts of replies, what is unfinished",
            "long_description": _LONG,
            "background_color": "#1d2b3a",
        },
        "features": _features({"url": there["request_url"]} if there else {}),
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**there, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **there},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not public_url,
            "token_rotation_enabled": False,
        },
    }


def _features(there: dict[str, str]) -> dict[str, Any]:
    names = ("name", "type", "callback_id", "description")
    return {
        "agent_view": {
            "agent_description": "Ask me what was said, decided or promised. Hand me a job for the night.",
            "suggested_prompts": [{"title": title, "message": message} for title, message in _PROMPTS],
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "nightdesk", "always_online": True},
        "shortcuts": [dict(zip(names, one, strict=True)) for one in _SHORTCUTS],
        "slash_commands": [
            {
                "command": COMMAND,
                "description": "Your digest, what is open, pause, and what nightdesk knows",
                "usage_hint": "digest | status | known | pause | resume | forget | privacy",
                "should_escape": True,
                **there,
            }
        ],
    }

"""The Slack app's manifest asks for what the program uses, and is what Slack takes.

The rules of form are those of version 2 of Slack's own schema (slackapi/manifest-schema), as far as we use it.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.slack import events, grants
from bot.slack.manifest import manifest as made
from tests.house.repo import ROOT, modules

MANIFEST = ROOT / "infra" / "slack-manifest.json"


@pytest.fixture
def manifest() -> dict[str, Any]:
    return dict(json.loads(MANIFEST.read_text()))


def test_the_file_is_what_the_program_would_write(manifest: dict[str, Any]) -> None:
    assert manifest == made()


def test_over_http_the_same_app_has_one_address_and_no_socket() -> None:
    app = made("https://desk.example.org")
    there = "https://desk.example.org/slack/events"
    assert app["settings"]["event_subscriptions"]["request_url"] == there
    assert app["settings"]["interactivity"]["request_url"] == there
    assert [one["url"] for one in app["features"]["slash_commands"]] == [there]
    assert not app["settings"]["socket_mode_enabled"]
    assert app["oauth_config"] == made()["oauth_config"]
    assert _wrong(app, FORM) == []


def test_every_scope_has_a_use_and_every_use_a_scope(manifest: dict[str, Any]) -> None:
    assert manifest["oauth_config"]["scopes"] == {"bot": list(grants.SCOPES)}
    assert list(grants.SCOPES) == sorted(grants.SCOPES)


def test_every_event_has_a_use_and_every_use_an_event(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["event_subscriptions"] == {"bot_events": list(grants.EVENTS)}
    assert list(grants.EVENTS) == sorted(grants.EVENTS)


def test_what_is_subscribed_is_what_the_program_handles() -> None:
    as_messages = {"message_changed", "message_deleted", "channel_converted_to_private"}  # subtypes of `message`
    handled = events.CONTENT | events.PLACE | events.PERSON | events.REVOKED | {"app_home_opened"}
    assert {name.partition(".")[0] for name in grants.EVENTS} == handled - as_messages


def test_every_event_and_method_can_be_had_with_the_scopes_asked_for() -> None:
    asked = grants.SCOPES.keys() | {grants.APP_SCOPE}
    for needs in (*(event.scopes for event in grants.EVENTS.values()), *grants.METHODS.values()):
        assert set(needs) <= asked


def test_no_scope_is_asked_for_that_nothing_needs() -> None:
    used = {scope for event in grants.EVENTS.values() for scope in event.scopes}
    used |= {scope for scopes in grants.METHODS.values() for scope in scopes} | {"commands"}
    assert grants.SCOPES.keys() - used == set()


def test_every_method_that_the_program_calls_is_in_the_table() -> None:
    called = dict(_called())
    assert {method: where for method, where in called.items() if method not in grants.METHODS} == {}


METHOD = re.compile(
    r"(?:apps|assistant|auth|bots|chat|conversations|files|reactions|team|usergroups|users|views)(?:\.[a-zA-Z]+){1,3}"
)


def _called() -> Iterator[tuple[str, str]]:
    """Methods of the Web API that stand anywhere in the program but in the sandbox, which plays Slack."""
    for path, tree in modules("bot"):
        if path.startswith("bot/embedded/") or path == "bot/slack/grants.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and METHOD.fullmatch(node.value):
                if node.value.endswith(".json"):
                    continue  # a file of an export
                yield node.value, f"{path}:{node.lineno}"


def test_shortcuts_and_the_command_are_those_the_program_knows(manifest: dict[str, Any]) -> None:
    features = manifest["features"]
    assert [one["callback_id"] for one in features["shortcuts"]] == list(grants.SHORTCUTS)
    assert [one["command"] for one in features["slash_commands"]] == [grants.COMMAND]


def test_missing_scopes_come_with_those_first_without_which_nothing_works() -> None:
    assert grants.missing(grants.SCOPES) == []
    without = set(grants.SCOPES) - {"chat:write", "assistant:write", "users:read"}
    assert grants.missing(without) == ["chat:write", "users:read", "assistant:write"]


def test_an_event_is_unheard_when_no_scope_of_it_is_held() -> None:
    assert grants.unheard(grants.SCOPES) == []
    assert grants.unheard(set(grants.SCOPES) - {"im:history"}) == ["message.im"]
    # Either kind of channel is enough to hear of members.
    assert "member_joined_channel" not in grants.unheard({"groups:read"})


# --- the form that Slack takes ---------------------------------------------------------------------

Rule = Any
"""A tuple (least, most) for a text, `bool`, `int`, a list [rule, most items], or a dict of allowed names; `!`: required."""

FORM: Rule = {
    "_metadata": {"major_version": int, "minor_version": int},
    "display_information!": {
        "name!": (1, 35), "description": (1, 140), "long_description": (175, 4000), "background_color": (4, 7),
    },
    "features": {
        "agent_view": {"agent_description": (1, 300), "suggested_prompts": [{"title!": (1, 100), "message!": (1, 300)}, 4]},
        "app_home": dict.fromkeys(("home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"), bool),
        "bot_user": {"display_name!": (1, 80), "always_online": bool},
        "shortcuts": [{"name!": (1, 24), "type!": (1, 7), "callback_id!": (1, 255), "description!": (1, 150)}, 10],
        "slash_commands": [
            {"command!": (2, 32), "description!": (1, 2000), "usage_hint": (1, 1000), "should_escape": bool, "url": (8, 3000)}, 50,
        ],
    },
    "oauth_config": {"scopes": {"bot": [(1, 50), 255], "bot_optional": [(1, 50), 255]}},
    "settings": {
        "event_subscriptions": {"request_url": (8, 3500), "bot_events": [(1, 50), 100]},
        "interactivity": {"is_enabled!": bool, "request_url": (8, 3500)},
        **dict.fromkeys(("org_deploy_enabled", "socket_mode_enabled", "token_rotation_enabled"), bool),
    },
}  # fmt: skip


def _wrong(value: Any, rule: Rule, where: str = "") -> list[str]:
    if isinstance(rule, dict):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        rules = {name.rstrip("!"): one for name, one in rule.items()}
        lacking = [f"{where}.{name[:-1]} lacks" for name in rule if name.endswith("!") and name[:-1] not in value]
        extra = [f"{where}.{name} is unknown" for name in value.keys() - rules.keys()]
        inner = [_wrong(one, rules[name], f"{where}.{name}") for name, one in value.items() if name in rules]
        return lacking + extra + [line for lines in inner for line in lines]
    if isinstance(rule, list):
        if not isinstance(value, list) or not 0 < len(value) <= rule[1]:
            return [f"{where} is no list of at most {rule[1]}"]
        twice = [f"{where} says something twice"] if len({json.dumps(one) for one in value}) < len(value) else []
        return twice + [line for number, one in enumerate(value) for line in _wrong(one, rule[0], f"{where}[{number}]")]
    if isinstance(rule, tuple):
        fits = isinstance(value, str) and rule[0] <= len(value) <= rule[1]
        return [] if fits else [f"{where} is no text of {rule[0]} to {rule[1]} characters"]
    return [] if type(value) is rule else [f"{where} is no {rule.__name__}"]


def test_the_manifest_has_the_form_that_slack_takes(manifest: dict[str, Any]) -> None:
    assert _wrong(manifest, FORM) == []
    assert manifest["_metadata"]["major_version"] == 2
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", manifest["display_information"]["background_color"])
    assert {one["type"] for one in manifest["features"]["shortcuts"]} <= {"message", "global"}
    assert manifest["features"]["slash_commands"][0]["command"].startswith("/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["features"]["shortcuts"][0].update(name="A name that is far too long"), ".shortcuts[0].name"),
        (lambda m: m["features"].update(assistant_view={}), ".features.assistant_view is unknown"),
        (lambda m: m.pop("display_information"), ".display_information lacks"),
        (lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("app_mention"), "twice"),
        (lambda m: m["settings"].update(socket_mode_enabled="yes"), "is no bool"),
    ],
)
def test_what_slack_would_refuse_is_noticed(manifest: dict[str, Any], change: Any, said: str) -> None:
    change(manifest)
    assert [line for line in _wrong(manifest, FORM) if said in line]

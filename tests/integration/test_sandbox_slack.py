"""The sandbox's Slack behaves as Slack does, towards unmodified Bolt and slack_sdk."""

import json
import threading
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import signature
from slack_sdk.errors import SlackApiError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, Workspace, running
from bot.embedded.slack_company import from_export, messages_after
from bot.embedded.slack_faults import broken, cut_after, cut_before, garbage, late, ratelimited, refused, slow
from bot.embedded.slack_values import ALL_SCOPES, File, Json, NotShown, User
from bot.slack.limits import problems
from tests.house.repo import ROOT
from tests.servers.slack import BEGIN, BUTTONS, MODAL, Clock, bolt, small_company, until, web
from tests.servers.slack_tour import read_shapes, shapes, tour

EXPORT = ROOT / "bot" / "embedded" / "company" / "export"
BOT = "U0NIGHTDESK"


def error_of(failed: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(failed.value.response["error"])


# --- events ----------------------------------------------------------------------------------------


def test_a_mention_comes_as_a_message_and_as_a_mention_with_one_ts(slack: Sandbox) -> None:
    with bolt(slack) as app:
        ts = slack.say("ada", "general", f"<@{BOT}> who has the key?")
        assert slack.settle()
    assert [(one["type"], one["ts"]) for one in app.events] == [("message", ts), ("app_mention", ts)]
    assert app.events[0]["channel_type"] == "channel"
    assert not slack.lost


def test_the_bot_hears_only_of_conversations_it_is_in(slack: Sandbox) -> None:
    with bolt(slack) as app:
        for channel in ("general", "other", "plans", "vault", slack.dm("ada")):
            slack.say("ada", channel, f"said in {channel}")
        assert slack.settle()
    assert [(one["channel"], one["channel_type"]) for one in app.of("message")] == [
        ("C0GENERAL", "channel"),
        ("G0PLANS", "group"),
        ("D0ADA", "im"),
    ]


def test_the_bot_hears_its_own_posts_with_its_bot_id(slack: Sandbox) -> None:
    with bolt(slack) as app:
        posted = web(slack).chat_postMessage(channel="C0GENERAL", text="Good morning")
        assert slack.settle()
    assert [(one["bot_id"], one["ts"]) for one in app.of("message")] == [("B0NIGHTDESK", posted["ts"])]


def test_another_app_may_mention_the_bot_and_a_dm_is_never_a_mention(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.say_as_app("builds", "general", f"<@{BOT}> build 12 is red")
        slack.say("ada", slack.dm("ada"), f"<@{BOT}> hello")
        web(slack).chat_postMessage(channel="C0GENERAL", text=f"I am <@{BOT}>")
        assert slack.settle()
    assert [one["text"] for one in app.of("app_mention")] == [f"<@{BOT}> build 12 is red"]
    assert len(app.of("message")) == 3


def test_edits_deletions_and_what_is_left_of_a_deleted_parent(slack: Sandbox) -> None:
    with bolt(slack) as app:
        lone, parent = slack.say("ada", "general", "one"), slack.say("ada", "general", "two")
        slack.say("ben", "general", "reply", thread_ts=parent)
        slack.edit("ada", "general", lone, "one and a half")
        slack.delete("ada", "general", lone)
        slack.delete("ada", "general", parent)
        assert slack.settle()
    edit, grave = app.of("message_changed")
    assert (edit["message"]["text"], edit["previous_message"]["text"]) == ("one and a half", "one")
    assert (edit["message"]["ts"], edit["ts"] > lone) == (lone, True)
    assert [one["deleted_ts"] for one in app.of("message_deleted")] == [lone]
    assert grave["message"]["subtype"] == "tombstone"
    [left] = web(slack).conversations_history(channel="C0GENERAL")["messages"]
    assert (left["subtype"], left["reply_count"]) == ("tombstone", 1)


def test_only_their_author_changes_messages(slack: Sandbox) -> None:
    ts = slack.say("ada", "general", "mine")
    with pytest.raises(NotShown):
        slack.edit("ben", "general", ts, "yours")
    with pytest.raises(NotShown):
        slack.delete("ben", "general", ts)
    slack.delete("ada", "general", ts)
    assert slack.messages("general") == []


def test_everything_that_happens_to_a_channel_and_its_people_is_told(slack: Sandbox) -> None:
    with bolt(slack) as app:
        new = slack.create_channel("launch", ["ada"])
        slack.invite_bot(new, by="ada")
        slack.join("ben", new)
        slack.leave("ben", new)
        slack.rename(new, "launched")
        slack.share(new)
        slack.unshare(new)
        slack.archive(new)
        with pytest.raises(NotShown):
            slack.say("ada", new, "into the archive")
        slack.unarchive(new)
        ts = slack.say("ada", new, "here", files=[File("plan.txt", b"step one")])
        slack.react("ada", new, ts, "eyes")
        slack.unreact("ada", new, ts, "eyes")
        slack.remove_bot(new)
        slack.delete_channel(new)
        slack.add_user(User(id="U0DOT", name="dot"))
        slack.change_user("dot", is_restricted=True)
        slack.deactivate("dot")
        slack.open_home("ada")
        assert slack.settle()
    kinds = [one.get("subtype", one["type"]) for one in app.events]
    assert kinds == [
        *("channel_created", "channel_join", "member_joined_channel"),
        *("channel_join", "member_joined_channel", "channel_leave", "member_left_channel"),
        *("channel_name", "channel_rename", "channel_shared", "channel_unshared"),
        *("channel_archive", "channel_archive", "channel_unarchive", "channel_unarchive"),
        *("file_created", "file_shared", "file_share", "reaction_added", "reaction_removed"),
        *("channel_leave", "channel_left", "channel_deleted", "team_join", "user_change", "user_change"),
        "app_home_opened",
    ]


def test_a_private_channels_events_have_the_names_of_groups(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.rename("plans", "schemes")
        slack.archive("schemes")
        slack.rename("vault", "safe")
        assert slack.settle()
    assert [one["type"] for one in app.events if one["type"] != "message"] == ["group_rename", "group_archive"]


def test_an_event_whose_scope_is_missing_does_not_come(slack: Sandbox) -> None:
    slack.company.scopes = ALL_SCOPES - {"channels:history", "reactions:read"}
    with bolt(slack) as app:
        ts = slack.say("ada", "general", f"<@{BOT}> hello")
        slack.react("ada", "general", ts, "wave")
        assert slack.settle()
    assert [one["type"] for one in app.events] == ["app_mention"]


def test_what_was_not_acknowledged_comes_three_times_more_and_then_is_lost(slack: Sandbox) -> None:
    slack.patience(0.05, (0.0, 0.01, 0.01))
    with bolt(slack) as app:
        app.refuse = lambda body: len(app.bodies) < 3
        slack.say("ada", "general", "kept at the third try")
        assert slack.settle()
        app.refuse = lambda body: True
        slack.say("ada", "general", "never kept")
        assert slack.settle()
    assert [one.attempt for one in slack.delivered] == [2]
    assert len(app.bodies) == 3 + 4
    assert [one.body["event"]["text"] for one in slack.lost] == ["never kept"]
    assert len({body["event_id"] for body in app.bodies}) == 2


def test_one_of_several_connections_gets_an_envelope(slack: Sandbox) -> None:
    with bolt(slack) as one, bolt(slack) as other:
        until(lambda: slack.connections == 2)
        for number in range(10):
            slack.say("ada", "general", str(number))
        assert slack.settle()
        assert {len(one.bodies), len(other.bodies)} == {5}
        assert sorted(e["text"] for e in one.events + other.events) == [str(n) for n in range(10)]


def test_a_ticket_opens_one_connection_and_ten_are_the_most(slack: Sandbox) -> None:
    client = web(slack, token=APP_TOKEN)
    urls = [client.apps_connections_open(app_token=APP_TOKEN)["url"] for _ in range(11)]
    sockets = [connect(url) for url in urls]
    frames = [json.loads(one.recv(timeout=5)) for one in sockets]
    assert [one["type"] for one in frames] == ["hello"] * 10 + ["disconnect"]
    assert frames[9]["num_connections"] == 10
    assert frames[10]["reason"] == "too_many_websockets"
    with pytest.raises(InvalidStatus):
        connect(urls[0])
    for one in sockets:
        one.close()


def test_an_app_that_is_asked_to_reconnect_does_and_loses_nothing(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.say("ada", "general", "before")
        slack.refresh()
        slack.say("ada", "general", "meanwhile")
        until(lambda: len(slack.calls("apps.connections.open")) == 2 and slack.connections == 1)
        slack.say("ada", "general", "after")
        assert slack.settle()
    assert {one["text"] for one in app.of("message")} == {"before", "meanwhile", "after"}
    assert not slack.lost


def test_a_ticket_may_hang_for_ever(slack: Sandbox) -> None:
    url = web(slack).apps_connections_open(app_token=APP_TOKEN)["url"]
    slack.kill_tickets(hang=True)
    with pytest.raises(TimeoutError):
        connect(url, open_timeout=0.3)
    with connect(url) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"


def test_an_app_comes_back_after_a_dead_ticket_and_a_cut_line(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.kill_tickets()
        slack.cut_sockets()
        until(lambda: len(slack.calls("apps.connections.open")) >= 3 and slack.connections == 1)
        slack.say("ada", "general", "heard")
        assert slack.settle()
    assert [one["text"] for one in app.of("message")] == ["heard"]


def test_a_deaf_connection_stays_open_and_what_happened_is_only_in_history(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.deafen()
        missed = slack.say("ada", "general", "missed")
        assert slack.settle()
        assert slack.connections == 1
        slack.hear()
        slack.say("ada", "general", "heard")
        assert slack.settle()
    assert [one["text"] for one in app.of("message")] == ["heard"]
    assert missed in [one["ts"] for one in web(slack).conversations_history(channel="C0GENERAL")["messages"]]


def test_an_outage_answers_503_and_replays_nothing(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.outage()
        slack.say("ada", "general", "into the void")
        with pytest.raises(SlackApiError) as failed:
            web(slack).auth_test()
        assert failed.value.response.status_code == 503
        slack.recover()
        until(lambda: slack.connections == 1)
        slack.say("ada", "general", "back")
        assert slack.settle()
    assert [one["text"] for one in app.of("message")] == ["back"]


def test_events_can_come_late_twice_and_in_another_order(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.duplicate_events()
        slack.hold_events()
        for text in ("one", "two", "three"):
            slack.say("ada", "general", text)
        assert not app.events
        slack.release_events("reversed")
        assert slack.settle()
    assert [one["text"] for one in app.of("message")] == ["three", "three", "two", "two", "one", "one"]
    assert len({body["event_id"] for body in app.bodies}) == 3


def test_a_restart_keeps_port_and_state_and_the_app_comes_back(slack: Sandbox) -> None:
    with bolt(slack) as app:
        kept, port = slack.say("ada", "general", "before"), slack.port
        assert slack.settle()
        slack.stop()
        slack.say("ada", "general", "while it was down")
        slack.start()
        until(lambda: slack.connections == 1)
        slack.say("ada", "general", "after")
        assert slack.settle()
    assert slack.port == port
    assert [one["text"] for one in app.of("message")] == ["before", "after"]
    assert web(slack).conversations_history(channel="C0GENERAL")["messages"][-1]["ts"] == kept


def test_a_revoked_token_is_told_and_every_call_is_refused(slack: Sandbox) -> None:
    with bolt(slack) as app:
        slack.revoke_token()
        assert slack.settle()
        with pytest.raises(SlackApiError) as failed:
            web(slack).auth_test()
        assert error_of(failed) == "token_revoked"
        slack.reinstall()
        assert web(slack).auth_test()["ok"]
    assert [one["type"] for one in app.events] == ["tokens_revoked"]


def test_in_http_mode_every_request_is_signed_and_repeated_with_its_number(slack: Sandbox) -> None:
    requests: list[tuple[dict[str, str], bytes]] = []

    class App(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((dict(self.headers), body))
            self.send_response(500 if len(requests) == 1 else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    slack.use_http(f"http://127.0.0.1:{server.server_port}/", "not so secret")
    slack.say("ada", "general", "posted")
    assert slack.settle()
    slack.command("ada", "general", "/nightdesk", "status").result(5)
    server.shutdown()
    server.server_close()

    verify = signature.SignatureVerifier("not so secret", clock=_At())
    assert all(verify.is_valid_request(body, headers) for headers, body in requests)
    assert [headers.get("X-Slack-Retry-Num") for headers, _body in requests] == [None, "1", None]
    assert requests[0][1] == requests[1][1]
    assert parse_qs(requests[2][1].decode())["command"] == ["/nightdesk"]


class _At(signature.Clock):
    def now(self) -> float:
        return BEGIN


# --- presses ---------------------------------------------------------------------------------------


def test_a_press_carries_the_messages_own_button_and_is_never_repeated(slack: Sandbox) -> None:
    slack.patience(0.1, (0.0, 0.0, 0.0))
    posted = web(slack).chat_postMessage(channel="C0GENERAL", text="task", blocks=BUTTONS)
    with bolt(slack) as app:
        assert slack.press("ada", "general", posted["ts"], "done").result(5) == {}
        chosen = slack.press("ada", "general", posted["ts"], "snooze", selected_option="tomorrow")
        assert chosen.result(5) == {}
        app.refuse = lambda body: True
        assert slack.press("ada", "general", posted["ts"], "done").result(5) is None
    pressed = app.of("block_actions")
    assert len(pressed) == 3
    assert pressed[0]["actions"][0] | {"action_ts": ""} == {
        "type": "button",
        "action_id": "done",
        "block_id": posted["message"]["blocks"][1]["block_id"],
        "text": {"type": "plain_text", "text": "Done"},
        "value": "task-1",
        "action_ts": "",
    }
    assert pressed[1]["actions"][0]["selected_option"]["value"] == "tomorrow"
    assert pressed[0]["container"]["message_ts"] == posted["ts"]


def test_nobody_presses_what_is_not_shown_to_them(slack: Sandbox) -> None:
    posted = web(slack).chat_postMessage(channel="G0PLANS", text="task", blocks=BUTTONS)
    for user, action, option in (("ada", "gone", None), ("cleo", "done", None), ("ada", "snooze", "next year")):
        with pytest.raises(NotShown):
            slack.press(user, "plans", posted["ts"], action, selected_option=option)
    web(slack).chat_update(channel="G0PLANS", ts=posted["ts"], text="done", blocks=BUTTONS[:1])
    with pytest.raises(NotShown):
        slack.press("ada", "plans", posted["ts"], "done")


def test_a_modal_opens_with_a_fresh_trigger_once_and_is_submitted_with_what_was_entered(
    slack: Sandbox, slack_clock: Clock
) -> None:
    posted = web(slack).chat_postMessage(channel="C0GENERAL", text="task", blocks=BUTTONS)
    wrong = {"response_action": "errors", "errors": {"host": "no such server"}}
    with bolt(slack, lambda body: wrong if "bad" in str(body.get("view", {}).get("state")) else None) as app:
        slack.press("ada", "general", posted["ts"], "done").result(5)
        trigger = app.of("block_actions")[0]["trigger_id"]
        web(slack).views_open(trigger_id=trigger, view=MODAL)
        with pytest.raises(SlackApiError) as failed:
            web(slack).views_open(trigger_id=trigger, view=MODAL)
        assert error_of(failed) == "exchanged_trigger_id"
        with pytest.raises(NotShown):
            slack.submit("ada", {})
        assert slack.submit("ada", {"host": "bad"}).result(5) == wrong
        assert slack.modal("ada")["callback_id"] == "connect"
        assert slack.submit("ada", {"host": "imap.night.example"}).result(5) == {}
        with pytest.raises(NotShown):
            slack.modal("ada")
        slack.press("ada", "general", posted["ts"], "done").result(5)
        slack_clock.tick(4)
        with pytest.raises(SlackApiError) as failed:
            web(slack).views_open(trigger_id=app.of("block_actions")[1]["trigger_id"], view=MODAL)
        assert error_of(failed) == "expired_trigger_id"
    sent = app.of("view_submission")[1]["view"]["state"]["values"]
    assert sent == {"host": {"host": {"type": "plain_text_input", "value": "imap.night.example"}}}


def test_the_app_home_is_published_shown_and_pressed(slack: Sandbox) -> None:
    assert slack.home("ada") is None
    web(slack).views_publish(user_id="U0ADA", view={"type": "home", "blocks": BUTTONS})
    with bolt(slack) as app:
        slack.open_home("ada")
        slack.press_home("ada", "done").result(5)
        with pytest.raises(NotShown):
            slack.press_home("ben", "done")
    home = slack.home("ada")
    assert home is not None
    assert app.of("app_home_opened")[0]["view"]["id"] == home["id"]
    assert app.of("block_actions")[0]["container"] == {"type": "view", "view_id": home["id"]}


def test_shortcuts_commands_and_response_urls_work(slack: Sandbox) -> None:
    ts = slack.say("ben", "general", "can you check the numbers?")
    with bolt(slack, lambda body: "Noted." if body.get("command") else None) as app:
        slack.shortcut("ada", "hand_to_night", "general", ts).result(5)
        slack.shortcut("ada", "anywhere").result(5)
        slack.command("ada", "general", "/nightdesk", "status").result(5)
        until(lambda: slack.ephemerals("ada"))
    [action] = app.of("message_action")
    assert (action["message"]["text"], action["channel"]["name"]) == ("can you check the numbers?", "general")
    assert [one["text"] for one in slack.ephemerals("ada")] == ["Noted."]
    assert app.of("/nightdesk")[0]["text"] == "status"
    _post(app.of("/nightdesk")[0]["response_url"], {"text": "Later", "response_type": "in_channel"})
    assert slack.messages("general")[-1]["text"] == "Later"


def _post(url: str, body: Json) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


# --- reading ---------------------------------------------------------------------------------------


def test_history_pages_backwards_and_never_shows_replies(slack: Sandbox) -> None:
    said = [slack.say("ada", "general", f"message {n}") for n in range(7)]
    reply = slack.say("ben", "general", "reply", thread_ts=said[2])
    shown = slack.say("ben", "general", "for all", thread_ts=said[2], broadcast=True)
    client, pages, cursor = web(slack), [], None
    while True:
        page = client.conversations_history(channel="C0GENERAL", limit=3, cursor=cursor)
        pages.append([one["ts"] for one in page["messages"]])
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]
    assert pages == [[shown, said[6], said[5]], [said[4], said[3], said[2]], [said[1], said[0]]]
    parent = client.conversations_history(channel="C0GENERAL", oldest=said[2], latest=said[2], inclusive=True)[
        "messages"
    ]
    assert [(one["reply_count"], one["latest_reply"]) for one in parent] == [(2, shown)]
    assert client.conversations_history(channel="C0GENERAL", oldest=said[6])["messages"][0]["ts"] == shown
    thread = client.conversations_replies(channel="C0GENERAL", ts=said[2])["messages"]
    assert [one["ts"] for one in thread] == [said[2], reply, shown]
    first = client.conversations_replies(channel="C0GENERAL", ts=said[2], limit=2)
    rest = client.conversations_replies(
        channel="C0GENERAL", ts=said[2], limit=2, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [[one["ts"] for one in page["messages"]] for page in (first, rest)] == [[said[2], reply], [shown]]


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0OTHER", "not_in_channel"), ("G0VAULT", "channel_not_found"), ("C0NONE", "channel_not_found")],
)
def test_what_the_bot_is_not_in_it_cannot_read_or_write(slack: Sandbox, channel: str, error: str) -> None:
    client = web(slack)
    for call in (client.conversations_history, lambda channel: client.chat_postMessage(channel=channel, text="x")):
        with pytest.raises(SlackApiError) as failed:
            call(channel=channel)
        assert error_of(failed) == error
    assert client.conversations_history(channel="G0PLANS")["messages"] == []


def test_lists_come_in_pages_and_only_what_is_visible(slack: Sandbox) -> None:
    client = web(slack)
    slack.dm("ada")
    users = [one["id"] for page in client.users_list(limit=3) for one in page["members"]]
    assert users == ["U0ADA", "U0BEN", "U0CLEO", BOT]
    every = client.conversations_list(types="public_channel,private_channel,im")["channels"]
    assert [one["id"] for one in every] == ["C0GENERAL", "C0OTHER", "G0PLANS", "D0ADA"]
    assert [one["id"] for one in client.conversations_list()["channels"]] == ["C0GENERAL", "C0OTHER"]
    assert client.conversations_members(channel="G0PLANS")["members"] == ["U0ADA", "U0BEN", BOT]
    assert client.users_lookupByEmail(email="BEN@night.example")["user"]["id"] == "U0BEN"
    assert client.users_info(user="U0BEN")["user"]["tz_offset"] == -18_000
    with pytest.raises(SlackApiError) as failed:
        client.conversations_history(channel="C0GENERAL", limit=1000)
    assert error_of(failed) == "invalid_limit"


def test_a_missing_scope_is_named_beside_those_that_are_there(slack: Sandbox) -> None:
    slack.company.scopes = frozenset({"chat:write", "channels:read", "users:read"})
    client = web(slack)
    with pytest.raises(SlackApiError) as failed:
        client.conversations_history(channel="C0GENERAL")
    answer = failed.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert answer["provided"] == "channels:read,chat:write,users:read"
    assert client.auth_test().headers["x-oauth-scopes"] == "channels:read,chat:write,users:read"
    assert client.apps_connections_open(app_token=APP_TOKEN).headers["x-oauth-scopes"] == "connections:write"
    slack.company.app_scopes = frozenset()
    with pytest.raises(SlackApiError) as failed:
        client.apps_connections_open(app_token=APP_TOKEN)
    assert failed.value.response["needed"] == "connections:write"
    assert "email" not in client.users_info(user="U0ADA")["user"]["profile"]


@pytest.mark.parametrize(
    ("token", "error"), [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")]
)
def test_the_wrong_token_opens_nothing(slack: Sandbox, token: str, error: str) -> None:
    with pytest.raises(SlackApiError) as failed:
        web(slack, token=token).auth_test()
    assert error_of(failed) == error


def test_a_file_is_for_who_has_the_token_and_everybody_else_sees_a_login_page(slack: Sandbox) -> None:
    ts = slack.say("ada", "general", "the plan", files=[File("plan.txt", b"step one")])
    [message] = slack.thread("general", ts)
    url, key = message["files"][0]["url_private"], message["files"][0]["id"]
    assert web(slack).files_info(file=key)["file"]["size"] == 8
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {BOT_TOKEN}"})
    assert urllib.request.urlopen(request, timeout=5).read() == b"step one"
    assert b"Sign in" in urllib.request.urlopen(url, timeout=5).read()


# --- writing ---------------------------------------------------------------------------------------


def test_metadata_is_read_back_only_when_asked_for(slack: Sandbox) -> None:
    client, key = web(slack), {"event_type": "digest", "event_payload": {"key": "k1"}}
    posted = client.chat_postMessage(channel="C0GENERAL", text="x", metadata=key)
    assert "metadata" not in client.conversations_history(channel="C0GENERAL")["messages"][0]
    shown = client.conversations_history(channel="C0GENERAL", include_all_metadata=True)["messages"][0]
    assert (shown["ts"], shown["metadata"]) == (posted["ts"], key)
    with pytest.raises(SlackApiError) as failed:
        client.chat_postMessage(channel="C0GENERAL", text="x", metadata={"event_type": "digest"})
    assert error_of(failed) == "invalid_metadata_format"


@pytest.mark.filterwarnings("ignore:The top-level `text` argument")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
    ],
)
def test_what_slack_would_refuse_is_refused(slack: Sandbox, arguments: Json, error: str) -> None:
    with pytest.raises(SlackApiError) as failed:
        web(slack).chat_postMessage(channel="C0GENERAL", **arguments)
    assert error_of(failed) == error
    assert slack.messages("general") == []


def test_the_bot_updates_and_deletes_its_own_messages_alone(slack: Sandbox) -> None:
    client, theirs = web(slack), slack.say("ada", "general", "mine")
    own = client.chat_postMessage(channel="C0GENERAL", text="first", blocks=BUTTONS)["ts"]
    client.chat_update(channel="C0GENERAL", ts=own, text="second")
    assert [len(one.get("blocks", [])) for one in slack.messages("general")] == [1, 2]
    client.chat_update(channel="C0GENERAL", ts=own, text="third", blocks=[])
    assert [one["text"] for one in slack.messages("general")] == ["mine", "third"]
    for call, error in ((client.chat_update, "cant_update_message"), (client.chat_delete, "cant_delete_message")):
        with pytest.raises(SlackApiError) as failed:
            call(channel="C0GENERAL", ts=theirs, text="x")
        assert error_of(failed) == error
    client.chat_delete(channel="C0GENERAL", ts=own)
    assert [one["text"] for one in slack.messages("general")] == ["mine"]


def test_a_stream_lives_five_minutes_and_takes_blocks_and_metadata_at_its_end(
    slack: Sandbox, slack_clock: Clock
) -> None:
    client, question = web(slack), slack.say("ada", "general", "who?")
    to: dict[str, Any] = {"channel": "C0GENERAL", "thread_ts": question}
    with pytest.raises(SlackApiError) as failed:
        client.chat_startStream(**to)
    assert error_of(failed) == "missing_recipient_team_id"
    whom: dict[str, Any] = {"recipient_team_id": "T0NIGHT", "recipient_user_id": "U0ADA"}
    ts = client.chat_startStream(**to, **whom, markdown_text="Ben ")["ts"]
    client.chat_appendStream(channel="C0GENERAL", ts=ts, markdown_text="has it")
    with pytest.raises(SlackApiError) as failed:
        client.chat_update(channel="C0GENERAL", ts=ts, text="x")
    assert error_of(failed) == "streaming_state_conflict"
    key = {"event_type": "answer", "event_payload": {"key": "a1"}}
    client.chat_stopStream(channel="C0GENERAL", ts=ts, markdown_text=".", blocks=BUTTONS, metadata=key)
    answer = slack.thread("general", question)[1]
    assert (answer["text"], len(answer["blocks"]), answer["metadata"]) == ("Ben has it.", 2, key)

    other = client.chat_startStream(**to, **whom, markdown_text="a")["ts"]
    assert slack.company.is_streaming("C0GENERAL", other)
    slack_clock.tick(301)
    assert not slack.company.is_streaming("C0GENERAL", other)
    with pytest.raises(SlackApiError) as failed:
        client.chat_appendStream(channel="C0GENERAL", ts=other, markdown_text="b")
    assert error_of(failed) == "message_not_in_streaming_state"
    client.chat_update(channel="C0GENERAL", ts=other, text="ab")


def test_a_status_stands_until_the_bot_speaks_in_the_thread(slack: Sandbox) -> None:
    client, question = web(slack), slack.say("ada", "general", "who?")
    client.assistant_threads_setStatus(channel_id="C0GENERAL", thread_ts=question, status="is reading …")
    assert slack.status_of("general", question) == "is reading …"
    client.chat_postMessage(channel="C0GENERAL", thread_ts=question, text="Ben")
    assert slack.status_of("general", question) == ""


def test_an_ephemeral_is_for_one_member_and_in_no_history(slack: Sandbox) -> None:
    client = web(slack)
    ts = client.chat_postEphemeral(channel="G0PLANS", user="U0ADA", text="only you", blocks=BUTTONS)["message_ts"]
    assert [one["ts"] for one in slack.ephemerals("ada")] == [ts]
    assert client.conversations_history(channel="G0PLANS")["messages"] == []
    with pytest.raises(SlackApiError) as failed:
        client.chat_postEphemeral(channel="G0PLANS", user="U0CLEO", text="you too")
    assert error_of(failed) == "user_not_in_channel"
    with bolt(slack) as app:
        slack.press("ada", "plans", ts, "done").result(5)
        with pytest.raises(NotShown):
            slack.press("ben", "plans", ts, "done")
    assert app.of("block_actions")[0]["container"]["is_ephemeral"]


# --- limits and faults -----------------------------------------------------------------------------


def test_an_app_outside_the_marketplace_reads_fifteen_objects_once_a_minute(slack: Sandbox, slack_clock: Clock) -> None:
    for number in range(20):
        slack.say("ada", "general", str(number))
    slack.api.limits.commercial = True
    client = web(slack)
    page = client.conversations_history(channel="C0GENERAL", limit=200)
    assert len(page["messages"]) == 15
    slack_clock.tick(18)
    with pytest.raises(SlackApiError) as failed:
        client.conversations_history(channel="C0GENERAL")
    assert (failed.value.response.status_code, failed.value.response.headers["Retry-After"]) == (429, "42")
    slack_clock.tick(42)
    rest = client.conversations_history(channel="C0GENERAL", cursor=page["response_metadata"]["next_cursor"])
    assert len(rest["messages"]) == 5


def test_a_tier_is_so_many_calls_a_minute(slack: Sandbox, slack_clock: Clock) -> None:
    slack.api.limits.per_minute["users.list"] = 2
    client = web(slack)
    assert [client.users_list()["ok"] for _ in range(2)] == [True, True]
    slack_clock.tick(59)
    with pytest.raises(SlackApiError) as failed:
        client.users_list()
    assert failed.value.response.headers["Retry-After"] == "1"
    slack_clock.tick(1)
    assert client.users_list()["ok"]


def test_one_post_a_second_in_a_channel_when_switched_on(slack: Sandbox, slack_clock: Clock) -> None:
    slack.api.limits.posting = True
    client = web(slack)
    client.chat_postMessage(channel="C0GENERAL", text="one")
    client.chat_postMessage(channel="G0PLANS", text="elsewhere")
    with pytest.raises(SlackApiError) as failed:
        client.chat_postMessage(channel="C0GENERAL", text="two")
    assert (error_of(failed), failed.value.response.headers["Retry-After"]) == ("ratelimited", "1")
    slack_clock.tick(1)
    client.chat_postMessage(channel="C0GENERAL", text="two")


def test_planned_faults_come_in_their_order_and_then_all_is_well(slack: Sandbox) -> None:
    client = web(slack)
    slack.fails("auth.test", ratelimited(7), after=1)
    slack.fails("auth.test", broken(500))
    slack.fails("auth.test", refused("internal_error"))
    said = [client.auth_test()["ok"]]
    for _ in range(3):
        with pytest.raises(SlackApiError) as failed:
            client.auth_test()
        said.append((failed.value.response.status_code, failed.value.response.headers.get("Retry-After")))
    assert said == [True, (429, "7"), (500, None), (200, None)]
    assert client.auth_test()["ok"]
    assert [one.outcome for one in slack.calls("auth.test")][1:] == [
        "status before",
        "status before",
        "internal_error",
        "ok",
    ]


@pytest.mark.parametrize(("fault", "left"), [(cut_before(), 0), (cut_after(), 1), (garbage(), 1)])
def test_a_line_cut_after_the_message_was_accepted_leaves_the_message(slack: Sandbox, fault: Any, left: int) -> None:
    slack.fails("chat.postMessage", fault)
    with pytest.raises((OSError, SlackApiError)):
        web(slack).chat_postMessage(channel="C0GENERAL", text="once")
    assert len(slack.messages("general")) == left


def test_a_message_is_accepted_after_its_sender_gave_up(slack: Sandbox) -> None:
    slack.fails("chat.postMessage", late())
    with pytest.raises(TimeoutError):
        web(slack, timeout=1).chat_postMessage(channel="C0GENERAL", text="at last")
    assert slack.messages("general") == []
    slack.release()
    until(lambda: slack.messages("general"))
    slack.fails("chat.postMessage", slow())
    with pytest.raises(TimeoutError):
        web(slack, timeout=1).chat_postMessage(channel="C0GENERAL", text="at once")
    assert len(slack.messages("general")) == 2


# --- the whole -------------------------------------------------------------------------------------


def test_two_runs_of_one_seed_are_the_same_byte_for_byte() -> None:
    assert _a_day("one") == _a_day("one")
    assert _a_day("one") != _a_day("two")


def _a_day(seed: str) -> str:
    clock = Clock()
    with running(small_company(seed), clock, check=problems) as slack, bolt(slack) as app:
        client, question = web(slack), slack.say("ada", "general", f"<@{BOT}> who?")
        assert slack.settle()  # the app's own calls at its start are then in the log
        clock.tick(1)
        posted = client.chat_postMessage(channel="C0GENERAL", thread_ts=question, text="Ben", blocks=BUTTONS)
        assert slack.settle()
        slack.press("ada", "general", posted["ts"], "done").result(5)
        answers = [one.answer for one in slack.log if one.method != "apps.connections.open"]
        return json.dumps([app.bodies, answers]).replace(str(slack.port), "")


def test_ten_thousand_messages_come_each_once_and_in_their_order(slack: Sandbox) -> None:
    slack.patience(60.0)
    came: list[str] = []
    with connect(web(slack).apps_connections_open(app_token=APP_TOKEN)["url"]) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
        said = [slack.say("ada", "general", str(number)) for number in range(10_000)]
        for _ in said:
            envelope = json.loads(socket.recv(timeout=30))
            came.append(envelope["payload"]["event"]["ts"])
            socket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
        assert slack.settle(30)
    assert came == said
    assert len(slack.delivered) == 10_000


def test_twenty_people_may_ask_at_once(slack: Sandbox) -> None:
    with bolt(slack) as app:
        asking = [threading.Thread(target=slack.say, args=("ada", "general", f"<@{BOT}> {n}?")) for n in range(20)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert slack.settle()
    assert len({one["ts"] for one in app.of("app_mention")}) == 20


def test_everything_it_says_has_the_shape_that_was_checked_against_slacks_own_samples() -> None:
    """After a change that is meant: `python -m tests.bench.bench_slack_shapes --data DIR --out DIR`."""
    assert shapes(tour()) == read_shapes()


def test_the_demo_company_comes_from_its_export_and_goes_on_from_any_moment() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    whole = from_export(EXPORT, ["general", "launch", "deals"])
    early = from_export(EXPORT, ["general"], until=noon)
    later = list(messages_after(EXPORT, since=noon))
    assert sum(len(room.posts) for room in whole.rooms.values()) == len(list(messages_after(EXPORT)))
    assert sum(len(room.posts) for room in early.rooms.values()) + len(later) == len(list(messages_after(EXPORT)))
    with running(whole, Clock(later_than(whole)), check=problems) as slack:
        client = web(slack)
        seen = client.users_conversations(types="public_channel,private_channel")["channels"]
        assert [one["name"] for one in seen] == ["general", "launch", "deals"]
        page = client.conversations_history(channel=slack.company.room("launch").channel.id, limit=999)["messages"]
        parents = [one for one in page if one.get("reply_count")]
        assert all(one["latest_reply"] > one["ts"] for one in parents)
        assert client.users_info(user="U08PRAMA7D")["user"]["tz_offset"] == 19_800
        with bolt(slack) as app:
            ts = slack.say("mira", "launch", "hello")
            assert slack.settle()
        assert [one["ts"] for one in app.of("message")] == [ts]
        assert parents
        assert ts > page[0]["ts"]


def later_than(company: Workspace) -> float:
    return max(float(ts) for room in company.rooms.values() for ts in room.order) + 60


def test_whoever_shows_the_workspace_hears_what_changed(slack: Sandbox) -> None:
    changes = slack.subscribe()
    ts = slack.say("ada", "general", "hello")
    web(slack).views_publish(user_id="U0ADA", view={"type": "home", "blocks": BUTTONS})
    assert [(one.kind, one.channel, one.user, one.ts) for one in (changes.get(), changes.get())] == [
        ("message", "C0GENERAL", "", ts),
        ("home", "", "U0ADA", ""),
    ]
    slack.unsubscribe(changes)

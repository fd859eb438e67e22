"""What Slack tells is kept before it is acknowledged, stands in the store once, and takes rights away at once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import backfill, receive, workspace
from bot.desk import Desk
from bot.embedded.slack import Sandbox, User
from bot.embedded.slack_values import File, Json
from bot.embedded.slack_workspace import BOT
from bot.store import inbox, people
from graphs.errors import Later
from tests.servers.company import everything, known
from tests.servers.postgres import Database
from tests.servers.receiver import bring_in, desk_beside, hearing, jobs, rows, texts
from tests.servers.slack import Clock

GENERAL, PLANS = "C0GENERAL", "G0PLANS"


@pytest.fixture
def desk(database: Database, slack: Sandbox) -> Iterator[Desk]:
    with desk_beside(database, slack) as made:
        yield made


def readable(desk: Desk, who: str) -> set[str]:
    """Names of the channels that a person may read alone."""
    with desk.store.directory() as tx:
        places = people.places(tx)
    with desk.store.as_person(known(desk, who).id) as tx:
        return {places[n].name for n in people.readable(tx) if places[n].kind == "channel"}


def is_open(desk: Desk, channel: str) -> bool:
    """Whether anything but the channel's own text may be said there."""
    with desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, channel)
        workspace_scope = next(place.id for place in people.places(tx).values() if place.kind == "workspace")
    assert scope is not None
    with desk.store.as_readers_of(scope) as tx:
        return workspace_scope in people.readable(tx)


def events(database: Database) -> list[dict[str, Any]]:
    return rows(database, "select * from nightdesk.slack_event order by id")


# --- kept -----------------------------------------------------------------------------------------


def test_what_is_said_is_stored_once_and_its_payload_goes(desk: Desk, slack: Sandbox, database: Database) -> None:
    with hearing(desk, slack) as told:
        slack.say("ada", "general", "the crimson valve ships on Friday")
        for body in told[:]:
            receive.accept(desk, body)
    assert "crimson" not in everything(database)  # sealed
    assert jobs(database, "ingest") == [{"channel": GENERAL}]
    bring_in(desk)
    bring_in(desk)
    assert texts(database, GENERAL) == ["the crimson valve ships on Friday"]
    [row] = events(database)
    assert (row["payload"], row["handled_at"] is not None, row["problem"]) == (None, True, "")


def test_events_that_come_together_are_all_kept_once_and_another_teams_are_not(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    told: list[Json] = []
    slack.company.on_event.append(told.append)
    said = [slack.say("ada", "general", f"<@{BOT.id}> when does valve {n} ship?") for n in range(10)]
    theirs = {"team_id": "T0OTHER", "context_team_id": "T0OTHER", "authorizations": []}
    strangers = [body | theirs | {"event_id": f"Ev{n}"} for n, body in enumerate(told)]
    asked: list[str] = []
    with ThreadPoolExecutor(16) as pool:
        list(
            pool.map(lambda body: receive.accept(desk, body, asked=lambda e: asked.append(e.ts)), told * 2 + strangers)
        )
    assert len(events(database)) == len(told) == 20
    assert sorted(str(job["ts"]) for job in jobs(database, "answer")) == sorted(asked) == said
    bring_in(desk)
    assert len(texts(database, GENERAL)) == 10


def test_a_sealed_payload_moved_to_another_row_is_refused(desk: Desk, slack: Sandbox, database: Database) -> None:
    import psycopg

    from graphs.errors import NeedsPerson

    with hearing(desk, slack):
        slack.say("ada", "general", "one")
        slack.say("ada", "plans", "two")
    with psycopg.connect(database.admin) as admin:
        admin.execute(
            "update nightdesk.slack_event set payload = (select payload from nightdesk.slack_event where channel = %s)"
            " where channel = %s",
            (PLANS, GENERAL),
        )
    with pytest.raises(NeedsPerson):
        receive.ingest(desk, GENERAL)
    receive.ingest(desk, PLANS)
    assert texts(database, PLANS) == ["two"]


def test_edits_deletions_and_reactions_in_any_order_end_as_slack_shows_them(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        kept = slack.say("ada", "general", "one")
        gone = slack.say("ada", "general", "secret two")
        slack.edit("ada", "general", kept, "one and a half")
        slack.edit("ada", "general", kept, "one and three quarters")
        slack.delete("ada", "general", gone)
        slack.react("ben", "general", kept, "eyes")
        slack.react("cleo", "general", kept, "eyes")
        slack.unreact("ben", "general", kept, "eyes")
    bring_in(desk)
    assert texts(database, GENERAL) == ["one and three quarters"]
    [message] = rows(database, "select facts from nightdesk.message where text <> ''")
    assert message["facts"]["reactions"] == [{"name": "eyes", "users": ["U0CLEO"]}]
    assert "secret two" not in everything(database)


def test_a_private_channel_is_named_in_itself_and_nowhere_else(desk: Desk, slack: Sandbox, database: Database) -> None:
    workspace.refresh_channel(desk, PLANS)
    workspace.refresh_channel(desk, GENERAL)
    with hearing(desk, slack):
        slack.say("ada", "general", f"as said in <#{PLANS}> and <#{PLANS}|plans>")
        slack.say("ada", "plans", f"as said in <#{PLANS}> and <#{GENERAL}>")
    bring_in(desk)
    assert texts(database, GENERAL) == ["as said in a private channel and a private channel"]
    assert texts(database, PLANS) == ["as said in #plans and #general"]
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == ["as said in a private channel and a private channel"]


@pytest.mark.parametrize("order", ["reversed", "shuffled", "one by one reversed"])
def test_an_edit_or_deletion_that_comes_before_its_message_wins(
    desk: Desk, slack: Sandbox, database: Database, order: str
) -> None:
    told: list[Json] = []
    slack.company.on_event.append(told.append)
    kept = slack.say("ada", "general", "first words")
    gone = slack.say("ada", "general", "never to be seen")
    slack.edit("ada", "general", kept, "second words")
    slack.edit("ada", "general", kept, "last words")
    slack.delete("ada", "general", gone)
    mixed = told[::-1] if order.endswith("reversed") else [told[n] for n in (3, 0, 4, 2, 1)]
    for body in mixed:
        receive.accept(desk, body)
        if order.startswith("one by one"):
            bring_in(desk)
    bring_in(desk)
    assert texts(database, GENERAL) == ["last words"]
    assert "never to be seen" not in everything(database)


def test_a_mention_that_comes_as_two_events_is_one_message_and_one_answer(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack) as told:
        ts = slack.say("ada", "general", f"<@{BOT.id}> when does it ship?", files=[File("plan.pdf", b"x")])
    assert sorted(
        body["event"]["type"] for body in told if "message" in body["event"]["type"] or "app" in body["event"]["type"]
    ) == ["app_mention", "message"]
    assert jobs(database, "answer") == [{"channel": GENERAL, "ts": ts}]
    bring_in(desk)
    [row] = rows(database, "select facts from nightdesk.message")
    assert row["facts"]["subtype"] == "file_share"


def test_the_mention_alone_is_stored_until_the_message_comes(desk: Desk, slack: Sandbox, database: Database) -> None:
    told: list[Json] = []
    slack.company.on_event.append(told.append)
    slack.say("ada", "general", f"<@{BOT.id}> hello", files=[File("plan.pdf", b"x")])
    by_type = {body["event"]["type"]: body for body in told}
    for kind, subtype in (("app_mention", "app_mention"), ("message", "file_share")):
        receive.accept(desk, by_type[kind])
        bring_in(desk)
        [row] = rows(database, "select facts, revision from nightdesk.message")
        assert (row["facts"]["subtype"], row["revision"]) == (subtype, 1)
    receive.accept(desk, by_type["app_mention"] | {"event_id": "Ev2"})
    bring_in(desk)
    assert rows(database, "select facts ->> 'subtype' as s from nightdesk.message") == [{"s": "file_share"}]


def test_what_we_say_ourselves_is_acknowledged_and_leaves_no_row(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack) as told:
        said = slack.say("ada", "general", "hello")
        slack.say_as_app("deploys", "general", "deployed 14")
        ours = desk.require_slack().call("chat.postMessage", channel=GENERAL, text="hello, Ada")["ts"]
        desk.require_slack().call("chat.update", channel=GENERAL, ts=ours, text="hello, Ada and Ben")
    assert len(told) == 4
    assert {row["ts"] for row in events(database)} == {one["event"]["ts"] for one in told[:2]}
    assert said == told[0]["event"]["ts"]


def test_a_dm_is_its_persons_own_and_is_answered_and_what_bots_say_is_not(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        channel = slack.dm("ada")
        ts = slack.say("ada", channel, "what did I promise?")
        slack.say_as_app("deploys", "general", f"<@{BOT.id}> deployed 14")
        desk.require_slack().call("chat.postMessage", channel=GENERAL, text=f"<@{BOT.id}> I said so")
    bring_in(desk)
    assert jobs(database, "answer") == [{"channel": channel, "ts": ts}]
    assert texts(database, channel) == ["what did I promise?"]
    assert len(texts(database, GENERAL)) == 1  # the other app's; our own words are no source
    with desk.store.directory() as tx:
        [place] = [p for p in people.places(tx).values() if p.key == f"channel:{channel}"]
    assert place.channel is not None and (place.channel.kind, place.channel.members) == ("dm", ("U0ADA",))
    assert place.name not in readable(desk, "U0BEN")


# --- refused --------------------------------------------------------------------------------------


def _deep(levels: int) -> Json:
    body: Json = {}
    for _ in range(levels):
        body = {"event": body}
    return body


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": []},
        {"event_id": "Ev1", "team_id": "T0NIGHT", "event": {"type": "message", "text": "x" * 1_100_000}},
        {"event_id": "Ev1", "team_id": "T0NIGHT", "event": {"type": "message", "more": _deep(100)}},
        {"event_id": "Ev1", "team_id": "T0OTHER", "event": {"type": "message", "channel": GENERAL, "ts": "1.1"}},
        {"event_id": "Ev1", "event": {"type": "message", "channel": GENERAL, "ts": "1.1"}},
    ],
    ids=["empty", "shapeless", "huge", "nested", "unknown team", "no team"],
)
def test_what_is_not_ours_or_is_monstrous_is_acknowledged_and_not_stored(
    desk: Desk, database: Database, body: Json
) -> None:
    receive.accept(desk, body)
    assert events(database) == []


def test_before_we_know_whose_desk_this_is_nothing_is_acknowledged(database: Database, slack: Sandbox) -> None:
    from tests.servers.company import desk_over

    with desk_over(database) as desk, pytest.raises(Later):
        receive.accept(desk, {"event_id": "Ev1", "team_id": "T0NIGHT", "event": {"type": "message"}})


def test_a_message_nobody_can_read_is_put_aside_and_the_rest_comes_in(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack) as told:
        slack.say("ada", "general", "before")
        broken = json.loads(json.dumps(told[0]))
        broken["event_id"] = "Evbroken"
        broken["event"]["ts"] = "not a ts"
        receive.accept(desk, broken)
        slack.say("ada", "general", "after")
    bring_in(desk)
    assert texts(database, GENERAL) == ["before", "after"]
    assert {row["key"]: row["problem"] for row in events(database)}["Evbroken"] == "unreadable"
    assert quarantined(database) == [("Evbroken", "its ts is no Slack timestamp")]


def test_an_event_that_killed_its_worker_five_times_is_put_aside(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    workspace.refresh_channel(desk, GENERAL)
    with hearing(desk, slack):
        slack.say("ada", "general", "poison")
        slack.say("ada", "general", "healthy")
    with desk.store.directory() as tx:
        first = inbox.waiting(tx, desk.keys.seals, GENERAL, 10)[0]
        for _ in range(inbox.MOST_ATTEMPTS):
            inbox.count_attempt(tx, [first.id])
    bring_in(desk)
    assert texts(database, GENERAL) == ["healthy"]
    [poison, healthy] = events(database)
    assert (poison["problem"], poison["payload"], healthy["problem"]) == ("begun too often", None, "")
    assert quarantined(database) == [(first.ts, "reading it was begun too often")]
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == ["poison", "healthy"] and quarantined(database) == []


def quarantined(database: Database) -> list[tuple[str, str]]:
    found = rows(database, "select key, reason from nightdesk.quarantine order by key")
    return [(row["key"], row["reason"]) for row in found]


def test_while_slack_is_away_events_of_a_new_channel_wait_and_nothing_counts_against_them(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        slack.say("ada", "general", "hello")
    slack.api.down = True
    for _ in range(inbox.MOST_ATTEMPTS + 1):
        with pytest.raises(Later):
            receive.ingest(desk, GENERAL)
    slack.api.down = False
    bring_in(desk)
    assert texts(database, GENERAL) == ["hello"]


# --- rights ---------------------------------------------------------------------------------------


def test_who_leaves_reads_nothing_from_the_moment_it_is_acknowledged(desk: Desk, slack: Sandbox) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "quiet words")
        bring_in(desk)
        assert "plans" in readable(desk, "U0BEN") and "plans" in readable(desk, "U0ADA")
        slack.leave("ben", "plans")
        assert "plans" not in readable(desk, "U0BEN")  # before any job ran
        assert "plans" in readable(desk, "U0ADA")
        bring_in(desk)
        assert "plans" not in readable(desk, "U0BEN")
        slack.join("ben", "plans")
        bring_in(desk)
        assert "plans" in readable(desk, "U0BEN")


def test_who_leaves_while_slack_says_who_is_there_has_left(desk: Desk, slack: Sandbox) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "quiet words")
        bring_in(desk)
        before = list(slack.company.room("plans").members)
        slack.leave("ben", "plans")
    room = slack.company.room("plans")
    room.channel = replace(room.channel, members=tuple(before))  # an answer that is older than the event
    workspace.refresh_channel(desk, PLANS)
    assert "plans" not in readable(desk, "U0BEN") and "plans" in readable(desk, "U0ADA")


def test_a_guest_or_a_stranger_who_joins_closes_the_place_at_once(desk: Desk, slack: Sandbox) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "hello")
        bring_in(desk)
        assert is_open(desk, PLANS)
        slack.join("cleo", "plans")
        assert not is_open(desk, PLANS)
        bring_in(desk)
        assert not is_open(desk, PLANS)
        slack.leave("cleo", "plans")
        bring_in(desk)
        assert is_open(desk, PLANS)
        slack.company.users["U0NEW"] = User(id="U0NEW", name="new", team="T0PARTNER", is_stranger=True)
        slack.join("new", "plans")
        assert not is_open(desk, PLANS)
        bring_in(desk)
        assert not is_open(desk, PLANS)
        assert known(desk, "U0NEW").person.role == "outside"


def test_an_unknown_member_closes_the_place_and_a_known_one_does_not(desk: Desk, slack: Sandbox) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "hello")
        bring_in(desk)
        slack.say("ben", "other", "unheard")
        room = slack.company.room("plans")
        room.channel = replace(room.channel, members=(*room.members, "U0GHOST"))
        workspace.refresh_channel(desk, PLANS)
        assert not is_open(desk, PLANS)
        room.channel = replace(room.channel, members=tuple(m for m in room.members if m != "U0GHOST"))
        workspace.refresh_channel(desk, PLANS)
        assert is_open(desk, PLANS)


def test_a_member_who_becomes_a_guest_or_is_deactivated_loses_rights_at_once(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "hello")
        bring_in(desk)
        assert is_open(desk, PLANS) and "general" not in readable(desk, "U0BEN")
        slack.change_user("ben", is_restricted=True)
        assert not is_open(desk, PLANS)
        bring_in(desk)
        assert not is_open(desk, PLANS) and jobs(database, "look_up") == []
        slack.change_user("ben", is_restricted=False)
        bring_in(desk)
        assert jobs(database, "look_up") == [{"channel": PLANS}]
        workspace.refresh_channel(desk, PLANS)
        assert is_open(desk, PLANS)
        slack.deactivate("ben")
        assert readable(desk, "U0BEN") == set()


def test_a_shared_channel_is_closed_at_once_and_open_again_when_it_is_not(desk: Desk, slack: Sandbox) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "hello")
        bring_in(desk)
        slack.share("plans")
        assert not is_open(desk, PLANS)
        bring_in(desk)
        assert not is_open(desk, PLANS)
        slack.unshare("plans")
        bring_in(desk)
        assert is_open(desk, PLANS)


def test_names_and_archives_follow(desk: Desk, slack: Sandbox) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "hello")
        bring_in(desk)
        slack.rename("plans", "schemes")
        bring_in(desk)
        assert "schemes" in readable(desk, "U0ADA")
        slack.archive("schemes")
        bring_in(desk)
    with desk.store.directory() as tx:
        [place] = [p for p in people.places(tx).values() if p.key == f"channel:{PLANS}"]
    assert place.channel is not None and place.channel.archived


def test_a_channel_that_we_were_removed_from_is_nobodys_until_we_are_asked_back(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        slack.say("ada", "plans", "quiet words")
        bring_in(desk)
        slack.remove_bot("plans")
        assert "plans" not in readable(desk, "U0ADA")  # who is in it is unknown from here on
        bring_in(desk)
        assert texts(database, PLANS)[0] == "quiet words"
        slack.invite_bot("plans", by="ada")
        bring_in(desk)
        assert "plans" in readable(desk, "U0ADA")


def test_invited_the_bot_says_once_what_it_reads_and_reads_what_was_said_before(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        slack.invite_bot("vault", by="ada")
        bring_in(desk)
        slack.remove_bot("vault")
        bring_in(desk)
        slack.invite_bot("vault", by="ada")
        bring_in(desk)
    [post] = rows(database, "select key, channel, content ->> 'text' as text from nightdesk.outbox")
    assert (post["key"], post["channel"]) == ("hello/G0VAULT", "G0VAULT")
    assert "remove me" in post["text"]
    assert {"channel": "G0VAULT"} in jobs(database, "backfill")


def test_a_revoked_token_stops_what_goes_to_slack_and_says_why(desk: Desk, slack: Sandbox, slack_clock: Clock) -> None:
    with hearing(desk, slack):
        desk.check_running()
        slack.revoke_token()
        with pytest.raises(Later, match="install the app again") as refused:
            desk.check_running()
        assert refused.value.after is not None and refused.value.after >= 60
        with pytest.raises(Later, match="install the app again"):
            workspace.check_connected(desk)
        slack.reinstall()
        workspace.connect(desk)
        desk.check_running()


# --- the same as an import ------------------------------------------------------------------------


def test_a_message_heard_live_gives_the_row_that_an_import_gives(
    desk: Desk, slack: Sandbox, database: Database, tmp_path: Path
) -> None:
    from bot import imports
    from tests.servers.export_files import make_export

    with hearing(desk, slack):
        root = slack.say(
            "ada", "general", "<@U0BEN> see <#G0PLANS> and <https://x.example|this>", files=[File("a.pdf", b"x")]
        )
        slack.say("ben", "general", "I will, *today*", thread_ts=root)
        lone = slack.say("ada", "general", "frist")
        slack.edit("ada", "general", lone, "first")
        slack.react("ben", "general", lone, "eyes")
        slack.join("ada", "other")
        slack.say_as_app("deploys", "general", "deployed")
    workspace.refresh_channel(desk, PLANS)
    bring_in(desk)
    told = rows(database, _STORED)
    from bot.embedded.slack_shapes import channel_json, user_json

    company = slack.company
    export = make_export(
        tmp_path,
        users=[user_json(user, company.team, company.clock()) for user in company.users.values()],
        channels=[
            channel_json(r.channel, company.team, BOT.id) | {"members": list(r.members)}
            for r in company.rooms.values()
            if r.channel.kind == "public"
        ],
        groups=[
            channel_json(r.channel, company.team, BOT.id) | {"members": list(r.members)}
            for r in company.rooms.values()
            if r.channel.kind == "private" and r.channel.name == "plans"
        ],
        messages={
            "general": [
                m | {"ts": m["ts"]}
                for m in slack.thread("general", root) + [x for x in slack.messages("general") if x["ts"] != root]
            ]
        },
    )
    imports.import_all(desk.store, export, (), lambda what, count: None)
    again = rows(database, _STORED)
    assert [row | {"day": None} for row in again] == [row | {"day": None} for row in told]
    assert len(told) == 4


_STORED = """select s.key as scope, m.key, thread, author_key, author_name, author_address, author_kind, sent_at, edited_at,
    day, text, mentions, facts, lang, revision, hash, deleted_at
  from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id order by s.key, m.key"""

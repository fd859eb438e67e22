"""What no event told is read from history, once, and what Slack no longer shows is forgotten."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot import backfill, receive, workspace
from bot.desk import Desk
from bot.embedded.slack import Sandbox, User
from bot.embedded.slack_faults import ratelimited
from bot.embedded.slack_workspace import BOT
from bot.slack.history import LIMIT, SLOW_LIMIT
from bot.store import cursors, people
from graphs.errors import Later
from tests.servers.company import everything, known
from tests.servers.postgres import Database
from tests.servers.receiver import bring_in, desk_beside, hearing, jobs, rows, texts
from tests.servers.slack import Clock

GENERAL, PLANS = "C0GENERAL", "G0PLANS"
HOUR, DAY = 3600.0, 86400.0


@pytest.fixture
def desk(database: Database, slack: Sandbox) -> Iterator[Desk]:
    with desk_beside(database, slack) as made:
        backfill.workspace(made)
        yield made


def in_slack(slack: Sandbox, channel: str) -> list[str]:
    """All that the channel and its threads show, oldest first, without what we said ourselves."""
    room = slack.company.room(channel)
    shown = [room.posts[ts] for ts in room.order]
    return [one["text"] for one in shown if one.get("user") != BOT.id and one.get("subtype") != "tombstone"]


def test_at_first_the_directory_and_two_weeks_of_history_are_read(
    database: Database, slack: Sandbox, slack_clock: Clock
) -> None:
    slack.say("ada", "general", "long ago")
    slack_clock.tick(15 * DAY)
    root = slack.say("ada", "general", "lately")
    slack.say("ben", "general", "in a thread", thread_ts=root)
    slack.say("ada", "plans", "a plan")
    slack.say("ada", "other", "we are not in here")
    with desk_beside(database, slack) as desk:
        backfill.workspace(desk)
        assert {one["channel"] for one in jobs(database, "backfill")} == {GENERAL, PLANS}
        for one in jobs(database, "backfill"):
            backfill.channel(desk, one["channel"])
        assert texts(database, GENERAL) == ["lately", "in a thread"]
        assert texts(database, PLANS) == ["a plan"]
        assert known(desk, "U0CLEO").person.role == "guest"
        with desk.store.directory() as tx:
            [general] = [p for p in people.places(tx).values() if p.key == f"channel:{GENERAL}"]
        assert general.channel is not None and general.channel.has_guests
    assert "we are not in here" not in everything(database)


def test_what_was_lost_while_we_were_away_is_found_edited_and_deleted(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    with hearing(desk, slack):
        root = slack.say("ada", "general", "root")
        gone = slack.say("ada", "general", "to be deleted secretly")
        reply = slack.say("ben", "general", "reply to go", thread_ts=root)
        edited = slack.say("ada", "general", "old words")
    bring_in(desk)
    backfill.channel(desk, GENERAL)
    slack_clock.tick(5 * HOUR)
    slack.delete("ada", "general", gone)
    slack.delete("ben", "general", reply)
    slack.edit("ada", "general", edited, "new words")
    slack.say("ben", "general", "late reply", thread_ts=root)
    slack.say("ben", "general", "missed")
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == in_slack(slack, "general") == ["root", "new words", "late reply", "missed"]
    assert "secretly" not in everything(database)
    before = rows(database, "select id, revision from nightdesk.message order by id")
    backfill.channel(desk, GENERAL)
    assert rows(database, "select id, revision from nightdesk.message order by id") == before


def test_what_history_shows_and_nobody_can_read_is_put_aside_with_a_reason(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    slack.say("ada", "general", "before")
    odd = slack.say("ada", "general", "odd")
    slack.say("ada", "general", "after")
    posts, query = slack.company.room(GENERAL).posts, "select key, reason from nightdesk.quarantine"
    posts[odd]["ts"] = longer = f"{odd}0"
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == ["before", "after"]
    assert rows(database, query) == [{"key": longer, "reason": "its ts is no Slack timestamp"}]
    backfill.channel(desk, GENERAL)
    assert len(rows(database, query)) == 1


def test_a_reply_to_an_old_thread_is_found(desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database) -> None:
    with hearing(desk, slack):
        quiet = slack.say("ada", "general", "quiet root")
        alive = slack.say("ada", "general", "root of a thread that goes on")
        slack_clock.tick(8 * DAY)
        slack.say("ben", "general", "still going on", thread_ts=alive)
    bring_in(desk)
    backfill.channel(desk, GENERAL)
    slack_clock.tick(4 * DAY)
    slack.say("ben", "general", "eight days after", thread_ts=alive)
    slack.say("ben", "general", "out of nowhere", thread_ts=quiet)
    backfill.channel(desk, GENERAL)
    assert sorted(texts(database, GENERAL)) == sorted(in_slack(slack, "general"))
    slack_clock.tick(4 * DAY)  # both roots lie before the horizon now
    slack.say("ada", "general", "sixteen days after", thread_ts=alive)
    backfill.channel(desk, GENERAL)
    assert sorted(texts(database, GENERAL)) == sorted(in_slack(slack, "general"))


def test_an_edited_reply_of_which_no_event_told_is_found_though_its_thread_counts_as_before(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    with hearing(desk, slack):
        root = slack.say("ada", "general", "root")
        wrong = slack.say("ben", "general", "on Tuesday", thread_ts=root)
        slack.say("ada", "general", "thanks", thread_ts=root)
    bring_in(desk)
    backfill.channel(desk, GENERAL)
    slack_clock.tick(5 * HOUR)
    slack.edit("ben", "general", wrong, "on Thursday")
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == ["root", "on Thursday", "thanks"]
    assert "Tuesday" not in str(rows(database, "select text from nightdesk.message"))


def test_a_pass_compares_a_few_threads_and_passes_in_a_row_all_of_them(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    with hearing(desk, slack):
        roots = [slack.say("ada", "general", f"root {number}") for number in range(2 * backfill.MOST_THREADS + 5)]
        replies = [slack.say("ben", "general", "as said", thread_ts=root) for root in roots]
        slack_clock.tick(1)
    bring_in(desk)
    backfill.channel(desk, GENERAL)
    for reply in replies:
        slack.edit("ben", "general", reply, "as corrected")
    for left in (backfill.MOST_THREADS + 5, 5, 0):
        slack_clock.tick(HOUR)
        before = len(slack.calls("conversations.replies"))
        backfill.channel(desk, GENERAL)
        assert len(slack.calls("conversations.replies")) - before == backfill.MOST_THREADS
        assert texts(database, GENERAL).count("as said") == left


def test_a_thread_of_many_pages_is_read_to_its_end_for_somebody_who_asks_in_it(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    root = slack.say("ada", "general", "root")
    for number in range(LIMIT + 30):
        slack_clock.tick(1)
        slack.say("ben", "general", f"reply {number}", thread_ts=root)
    backfill.thread(desk, GENERAL, root)
    assert texts(database, GENERAL) == in_slack(slack, "general")


def test_a_thread_in_which_only_we_answered_is_not_read_again(
    desk: Desk, slack: Sandbox, database: Database, slack_clock: Clock
) -> None:
    from bot import posting
    from bot.store import outbox

    with hearing(desk, slack):
        root = slack.say("ada", "general", "a question")
    bring_in(desk)
    with desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, GENERAL)
    assert scope is not None
    with desk.store.as_scope(scope) as tx:
        outbox.want(
            tx, scope, outbox.Post(key=f"answer/{GENERAL}/{root}", channel=GENERAL, text="an answer", thread_ts=root)
        )
    posting.deliver(desk, scope, f"answer/{GENERAL}/{root}")
    slack_clock.tick(HOUR)
    backfill.channel(desk, GENERAL)
    assert slack.calls("conversations.replies") == []
    slack.say("ben", "general", "another answer", thread_ts=root)
    backfill.channel(desk, GENERAL)
    assert len(slack.calls("conversations.replies")) == 1
    assert texts(database, GENERAL) == ["a question", "another answer"]


def test_pages_are_stored_as_they_come_and_the_cursor_moves_over_what_is_stored_alone(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    for number in range(450):
        slack_clock.tick(1)
        slack.say("ada", "general", f"number {number}")
    slack.fails("conversations.history", ratelimited(7), after=1)
    with pytest.raises(Later) as waits:
        backfill.channel(desk, GENERAL)
    assert waits.value.after == 7
    assert len(texts(database, GENERAL)) == 200
    with desk.store.directory() as tx:
        stopped = cursors.get(tx, GENERAL)
    assert stopped is not None and stopped.newest == ""
    slack_clock.tick(60)
    slack.say("ada", "general", "said meanwhile")
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == [f"number {number}" for number in range(450)]
    backfill.channel(desk, GENERAL)
    assert texts(database, GENERAL) == in_slack(slack, "general")


def test_where_slack_gives_fifteen_objects_a_minute_one_call_is_made_and_the_rest_put_off(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    for number in range(40):
        slack_clock.tick(1)
        root = slack.say("ada", "general", f"number {number}")
    for number in range(20):
        slack_clock.tick(1)
        slack.say("ben", "general", f"reply {number}", thread_ts=root)
    slack.api.limits.commercial = True
    calls, passes = [], 0
    while jobs(database, "backfill") or not passes:
        _take_jobs(database)
        before = len(slack.calls("conversations.history")) + len(slack.calls("conversations.replies"))
        backfill.channel(desk, GENERAL)
        calls.append(len(slack.calls("conversations.history")) + len(slack.calls("conversations.replies")) - before)
        slack_clock.tick(61)
        passes += 1
    assert set(calls) == {1} or calls[-1] <= 1
    assert sorted(texts(database, GENERAL)) == sorted(in_slack(slack, "general"))
    assert all(
        call.arguments["limit"] in (str(SLOW_LIMIT), SLOW_LIMIT) for call in slack.calls("conversations.history")[1:]
    )


def _take_jobs(database: Database) -> None:
    import psycopg

    with psycopg.connect(database.admin) as admin:
        admin.execute("delete from procrastinate_jobs")


def test_who_left_and_who_came_while_we_heard_nothing(desk: Desk, slack: Sandbox, database: Database) -> None:
    slack.leave("ben", "plans")
    slack.join("cleo", "plans")
    slack.add_user(User(id="U0DOT", name="dot"))
    slack.invite_bot("vault", by="ada")
    slack.remove_bot("general")
    backfill.workspace(desk)
    with desk.store.directory() as tx:
        here = cursors.channels_here(tx)
        places = {p.key: p for p in people.places(tx).values()}
    plans = places[f"channel:{PLANS}"].channel
    assert plans is not None and plans.has_guests and set(plans.members) == {"U0ADA", "U0CLEO", BOT.id}
    assert sorted(here) == [PLANS, "G0VAULT"]
    general = places[f"channel:{GENERAL}"].channel
    assert general is not None and general.kind == "public" and general.members == ()
    assert known(desk, "U0DOT").person.role == "member"
    assert [row["key"] for row in rows(database, "select key from nightdesk.outbox")] == ["hello/G0VAULT"]


def test_a_public_channel_that_slack_no_longer_shows_is_read_by_nobody(desk: Desk, slack: Sandbox) -> None:
    slack.remove_bot("general")
    backfill.workspace(desk)
    slack.delete_channel("general")
    backfill.workspace(desk)
    with desk.store.as_person(known(desk, "U0ADA").id) as tx:
        readable = people.readable(tx)
    with desk.store.directory() as tx:
        assert people.scope_of_channel(tx, GENERAL) not in readable


def test_a_channel_that_refuses_us_is_left_alone_and_the_others_are_read(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    slack.say("ada", "plans", "a plan")
    slack.remove_bot("general")
    backfill.channel(desk, GENERAL)
    backfill.channel(desk, PLANS)
    assert texts(database, PLANS) == ["a plan"]
    with desk.store.directory() as tx:
        assert GENERAL not in cursors.channels_here(tx)


# --- deaf -----------------------------------------------------------------------------------------


def test_we_are_deaf_when_slack_shows_what_no_event_told(desk: Desk, slack: Sandbox, slack_clock: Clock) -> None:
    with hearing(desk, slack):
        slack.say("ada", "general", "heard")
        desk.require_slack().call("chat.postMessage", channel=GENERAL, text="our own")
        slack_clock.tick(60)
        assert not backfill.is_deaf(desk)
    slack.say("ada", "general", "unheard")
    assert not backfill.is_deaf(desk)  # it may still be on its way
    slack_clock.tick(60)
    assert backfill.is_deaf(desk)
    backfill.channel(desk, GENERAL)
    assert not backfill.is_deaf(desk)


def test_after_a_connection_every_channel_is_read_and_what_waits_is_brought_in(
    desk: Desk, slack: Sandbox, database: Database
) -> None:
    with hearing(desk, slack):
        slack.say("ada", "general", "waiting")
    _take_jobs(database)
    receive.catch_up(desk)
    assert {one["channel"] for one in jobs(database, "backfill")} == {GENERAL, PLANS}
    assert jobs(database, "ingest") == [{"channel": GENERAL}]
    assert jobs(database, "directory") == [{}]
    receive.catch_up(desk)
    assert len(jobs(database, "backfill")) == 2


def test_keys_of_handled_events_go_after_thirty_days(
    desk: Desk, slack: Sandbox, slack_clock: Clock, database: Database
) -> None:
    from bot.store import inbox

    with hearing(desk, slack):
        slack.say("ada", "general", "one")
    bring_in(desk)
    with hearing(desk, slack):
        slack.say("ada", "general", "two")
    last = rows(database, "select max(received_at) as at from nightdesk.slack_event")[0]["at"]
    with desk.store.directory() as tx:
        assert inbox.purge(tx, last - timedelta(days=1)) == 0
        assert inbox.purge(tx, last + timedelta(days=1)) == 1
        assert inbox.last_received(tx) == last
    assert workspace.check_connected(desk).team == "T0NIGHT"

"""Whatever happens to the clock, to processes and to people: one night and one digest for each morning that is owed."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from bot import jobs, nightfall, rounds, workers, workspace
from bot.desk import begin_owner
from bot.store import desk as kept
from bot.store import nights, people, queue
from bot.store.queue import LIVE, SLEEP, STAGES
from graphs.domain import Preferences
from graphs.errors import NotYet
from tests.servers import company
from tests.servers.company import known
from tests.servers.living import US, Living, living, shown
from tests.servers.postgres import Database

THURSDAY, FRIDAY = date(2026, 11, 19), date(2026, 11, 20)
QUESTION = "<@U0ADA> can you review the label text by Friday?"


@pytest.fixture
def here(database: Database) -> Iterator[Living]:
    with living(database) as made:
        workspace_known(made)
        made.say("ben", "general", QUESTION)
        go_to(made, "2026-11-18T20:00")
        meet(made, "U0ADA")
        yield made


def workspace_known(here: Living) -> None:
    """Everybody is known by something they said."""
    for who in ("ada", "ben", "cleo"):
        here.say(who, "general", "Good morning.")


def meet(here: Living, who: str, **chosen: Any) -> int:
    """Somebody in Berlin uses the desk for the first time."""
    person = known(here.desk, who).id
    with here.desk.store.directory() as tx:
        nights.meet(tx, who, here.desk.now())
        people.set_preferences(tx, person, Preferences(**{"zone": "Europe/Berlin", **chosen}))
    return person


def go_to(here: Living, moment: str) -> None:
    here.clock.now = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def watched(here: Living, since: str, until: str, minutes: int = 1) -> None:
    """The leader looks every so many minutes between two moments, and whatever is enqueued is done at once."""
    moment = datetime.fromisoformat(since).replace(tzinfo=UTC)
    while moment <= datetime.fromisoformat(until).replace(tzinfo=UTC):
        here.clock.now = moment.timestamp()
        look(here)
        moment += timedelta(minutes=minutes)


def look(here: Living) -> None:
    rounds.look(here.desk)
    if waiting(here):
        work(here)


def work(here: Living, queues: Sequence[str] = (LIVE, *STAGES)) -> None:
    company.work(here.desk, str(here.desk.store.pool.conninfo), queues)


def waiting(here: Living) -> list[str]:
    """Tasks that wait in the queue, in the order in which they were enqueued."""
    with here.desk.store.pool.connection() as connection:
        rows = connection.execute(
            "select task_name from procrastinate_jobs where status = 'todo' order by id"
        ).fetchall()
    return [row["task_name"] for row in rows]


def digests(here: Living, who: str = "U0ADA") -> list[str]:
    """What stands in somebody's DM with us at the top level."""
    dm = here.slack.dm(who)
    return [shown(one) for one in here.slack.messages(dm) if one.get("thread_ts") in (None, one["ts"])]


def night(here: Living, day: date = THURSDAY, who: str = "U0ADA") -> nights.Night | None:
    person = known(here.desk, who).id
    with here.desk.store.directory() as tx:
        return next((one for one in nights.since(tx, day) if (one.person, one.date) == (person, day)), None)


def delivered(here: Living) -> list[date]:
    with here.desk.store.directory() as tx:
        return sorted(one.date for one in nights.since(tx, date(2026, 11, 1)) if one.begun.state == "delivered")


# --- the usual ------------------------------------------------------------------------------------


def test_a_night_begins_on_time_and_its_digest_stands_in_slack_at_the_wake_up_once(here: Living) -> None:
    watched(here, "2026-11-18T23:58", "2026-11-19T00:03")
    found = night(here)
    assert found is not None and (found.begun.state, found.late) == ("slept", "") and digests(here) == []
    watched(here, "2026-11-19T06:58", "2026-11-19T07:03")
    [digest] = digests(here)
    assert "label text" in digest and (night(here) or found).begun.state == "delivered"
    watched(here, "2026-11-19T07:04", "2026-11-19T22:30", minutes=15)
    assert len(digests(here)) == 1


def test_a_week_has_five_digests_and_the_weekend_none(here: Living) -> None:
    watched(here, "2026-11-18T23:50", "2026-11-25T23:50", minutes=10)
    assert len(digests(here)) == 5


def test_who_never_touched_the_desk_gets_no_night_and_no_dm_and_who_does_gets_the_next(here: Living) -> None:
    watched(here, "2026-11-18T23:58", "2026-11-19T07:02", minutes=2)
    assert len(digests(here)) == 1 and night(here, who="U0BEN") is None and digests(here, "U0BEN") == []
    meet(here, "U0BEN")
    watched(here, "2026-11-19T07:04", "2026-11-20T07:02", minutes=4)
    assert night(here, who="U0BEN") is None and night(here, date(2026, 11, 20), "U0BEN") is not None
    assert len(digests(here, "U0BEN")) == 1


def test_who_asks_something_or_opens_the_app_uses_the_desk_and_who_talks_to_others_does_not(here: Living) -> None:
    def met() -> set[str]:
        with here.desk.store.directory() as tx:
            served = {one.person for one in nights.sleepers(tx)}
        return {who for who in ("U0ADA", "U0BEN", "U0CLEO") if known(here.desk, who).id in served}

    here.say("ben", "general", "Good evening, all.")
    assert met() == {"U0ADA"}
    here.say("ben", "general", f"{US} when does the blue valve ship?")
    assert met() == {"U0ADA", "U0BEN"}
    here.slack.open_home("U0CLEO")
    here.hear()
    assert met() == {"U0ADA", "U0BEN", "U0CLEO"}


def test_a_pause_of_ones_own_is_nobody_elses(here: Living) -> None:
    meet(here, "U0BEN", paused=True)
    watched(here, "2026-11-18T23:58", "2026-11-19T07:02", minutes=2)
    assert len(digests(here)) == 1 and digests(here, "U0BEN") == []


def test_settings_that_cannot_be_read_and_a_zone_that_nobody_knows_keep_nobody_else_awake(here: Living) -> None:
    meet(here, "U0BEN")
    with here.desk.store.pool.connection() as connection:
        connection.execute(
            """update nightdesk.person set settings = '{"wakes_at": "25:99"}', zone = 'Mars/Olympus' where slack_id = 'U0BEN'"""
        )
    rounds.look(here.desk)
    with here.desk.store.directory() as tx:
        [ada, ben] = rounds.sleepers(here.desk, tx)
    assert (ada.hours.zone, ben.hours, ben.zone.key) == ("Europe/Berlin", Preferences(), "UTC")
    go_to(here, "2026-11-19T00:00:30")
    rounds.look(here.desk)
    assert night(here) is not None and night(here, who="U0BEN") is None


# --- processes that were not there ----------------------------------------------------------------


def test_a_clock_killed_shortly_before_the_wake_up_and_back_shortly_after_it_gives_one_digest(here: Living) -> None:
    meet(here, "U0ADA", wakes_at=time(7))
    watched(here, "2026-11-18T23:58", "2026-11-19T00:02")
    for moment in ("2026-11-19T05:59:47", "2026-11-19T06:00:20", "2026-11-19T06:01:20"):
        go_to(here, moment)
        look(here)
    assert len(digests(here)) == 1 and "I was down" not in str(digests(here))


def test_down_over_the_start_of_the_night_the_digest_is_still_on_time(here: Living) -> None:
    watched(here, "2026-11-18T22:50", "2026-11-18T22:55")
    watched(here, "2026-11-19T04:00", "2026-11-19T04:02")
    watched(here, "2026-11-19T06:59", "2026-11-19T07:02")
    [digest] = digests(here)
    assert "label text" in digest and "down" not in digest


def test_down_over_the_wake_up_the_digest_comes_when_somebody_is_back_and_says_why(here: Living) -> None:
    watched(here, "2026-11-18T22:50", "2026-11-18T22:55")
    watched(here, "2026-11-19T08:40", "2026-11-19T08:44")
    [digest] = digests(here)
    assert "label text" in digest
    found = night(here)
    assert found is not None and (found.begun.state, found.late) == ("delivered", "I was down")
    assert "09:40, I was down" in everything_in_the_dm(here)


def everything_in_the_dm(here: Living) -> str:
    return str(here.slack.messages(here.slack.dm("U0ADA")))


def test_after_a_week_away_there_is_one_digest_and_not_seven(here: Living) -> None:
    watched(here, "2026-11-18T22:50", "2026-11-18T22:55")
    watched(here, "2026-11-26T10:00", "2026-11-26T22:00", minutes=30)
    assert len(digests(here)) == 1 and night(here, date(2026, 11, 26)) is not None and night(here) is None


def test_a_digest_of_a_friday_missed_is_not_made_up_for_on_saturday(here: Living) -> None:
    watched(here, "2026-11-19T23:58", "2026-11-20T00:02")
    watched(here, "2026-11-21T10:00", "2026-11-21T10:05")
    assert digests(here) == []


def test_paused_over_the_night_the_reason_is_told_and_the_digest_is_one(here: Living) -> None:
    watched(here, "2026-11-18T22:50", "2026-11-18T22:55")
    with here.desk.store.directory() as tx:
        assert nights.pause(tx) and not nights.pause(tx)
    for moment in ("2026-11-18T23:30", "2026-11-19T00:30", "2026-11-19T06:00", "2026-11-19T08:38"):
        go_to(here, moment)
        rounds.look(here.desk)
    assert night(here) is None and waiting(here) == []
    with here.desk.store.directory() as tx:
        assert nights.resume(tx, here.desk.now()) and not nights.resume(tx, here.desk.now())
    watched(here, "2026-11-19T08:40", "2026-11-19T08:42")
    assert len(digests(here)) == 1 and "I was paused" in everything_in_the_dm(here)


def test_a_night_that_still_runs_at_the_wake_up_is_told_once_and_becomes_the_digest_in_place(here: Living) -> None:
    go_to(here, "2026-11-19T00:00:30")
    rounds.look(here.desk)
    for moment in ("2026-11-19T07:00", "2026-11-19T07:01", "2026-11-19T07:02"):
        go_to(here, moment)
        rounds.look(here.desk)
        work(here, [LIVE])
    [line] = digests(here)
    assert "the night still runs" in line and "label text" not in line
    go_to(here, "2026-11-19T07:20")
    work(here)
    [digest] = digests(here)
    assert "label text" in digest


def test_a_night_that_failed_says_so_with_a_reference(here: Living) -> None:
    go_to(here, "2026-11-19T00:00:30")
    rounds.look(here.desk)
    with here.desk.store.pool.connection() as connection:
        connection.execute("update procrastinate_jobs set status = 'failed' where task_name = 'sleep'")
        row = connection.execute("select id from procrastinate_jobs where task_name = 'sleep'").fetchone()
    assert row is not None
    go_to(here, "2026-11-19T07:00")
    look(here)
    [line] = digests(here)
    assert f"the night failed (reference {workers.reference(row['id'])})" in line


# --- two at once, and people who move -------------------------------------------------------------


def test_of_many_who_look_at_once_one_begins_the_night(here: Living) -> None:
    go_to(here, "2026-11-19T00:00:30")
    together = threading.Barrier(4)

    def one() -> None:
        together.wait()
        rounds.look(here.desk)

    lookers = [threading.Thread(target=one) for _ in range(4)]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join()
    assert waiting(here).count("sleep") == 1 and waiting(here).count("consolidate") == len(set_of_places(here))
    work(here)
    with here.desk.store.pool.connection() as connection:
        assert connection.execute("select count(*) as n from nightdesk.night").fetchone() == {"n": 1}


def set_of_places(here: Living) -> list[str]:
    return [place.key for place in nightfall.places_of(here.desk, known(here.desk, "U0ADA").id)]


def test_who_flies_west_or_east_gets_one_digest_for_each_date(here: Living) -> None:
    watched(here, "2026-11-18T23:50", "2026-11-19T07:10", minutes=5)
    meet(here, "U0ADA", zone="America/Los_Angeles")
    watched(here, "2026-11-19T07:15", "2026-11-20T16:20", minutes=20)
    meet(here, "U0ADA", zone="Asia/Tokyo")
    watched(here, "2026-11-20T16:30", "2026-11-21T12:00", minutes=20)
    with here.desk.store.directory() as tx:
        found = [(one.date.isoformat(), one.begun.state) for one in nights.since(tx, date(2026, 11, 1))]
    assert found == [("2026-11-19", "delivered"), ("2026-11-20", "delivered")] and len(digests(here)) == 2


def test_who_flies_east_over_the_date_line_before_waking_up_finds_that_days_digest_on_landing_and_no_excuse(
    here: Living,
) -> None:
    meet(here, "U0ADA", zone="America/Los_Angeles")
    watched(here, "2026-11-19T08:58", "2026-11-19T09:02")
    watched(here, "2026-11-19T09:20", "2026-11-19T14:40", minutes=20)
    assert digests(here) == []
    meet(here, "U0ADA", zone="Pacific/Kiritimati")  # Thursday, 07:00, is Friday, 05:00
    watched(here, "2026-11-19T15:00", "2026-11-19T15:02")
    [digest] = digests(here)
    assert "label text" in digest and delivered(here) == [THURSDAY]
    assert not any(excuse in everything_in_the_dm(here) for excuse in ("still running", "I was down", "not ready"))
    watched(here, "2026-11-19T15:03", "2026-11-19T18:03", minutes=5)
    assert delivered(here) == [THURSDAY, FRIDAY]
    watched(here, "2026-11-19T18:20", "2026-11-22T09:40", minutes=20)
    assert len(digests(here)) == 2


def test_a_morning_put_off_by_a_flight_west_is_still_owed_after_the_flight_back(here: Living) -> None:
    meet(here, "U0ADA", zone="Pacific/Kiritimati")
    # There it is Thursday, 10:30, and they came after that night began.
    watched(here, "2026-11-18T20:30", "2026-11-18T20:32")
    watched(here, "2026-11-19T11:00", "2026-11-19T11:02")
    meet(here, "U0ADA", zone="America/Los_Angeles")  # Friday, 01:02, is Thursday, 03:02
    watched(here, "2026-11-19T11:03", "2026-11-20T15:03", minutes=20)
    assert delivered(here) == [THURSDAY]
    meet(here, "U0ADA", zone="Pacific/Kiritimati")  # Friday, 07:03, is Saturday, 05:03
    watched(here, "2026-11-20T15:04", "2026-11-20T15:06")
    assert delivered(here) == [THURSDAY, FRIDAY]
    watched(here, "2026-11-20T15:20", "2026-11-22T09:40", minutes=20)
    assert len(digests(here)) == 2


def test_a_wake_up_moved_in_the_night_is_when_the_digest_comes_and_moved_again_brings_no_second(here: Living) -> None:
    watched(here, "2026-11-18T23:58", "2026-11-19T00:03")
    meet(here, "U0ADA", wakes_at=time(9, 30))
    watched(here, "2026-11-19T06:59", "2026-11-19T07:02")
    assert digests(here) == []
    meet(here, "U0ADA", wakes_at=time(7))
    watched(here, "2026-11-19T07:10", "2026-11-19T07:11")
    [digest] = digests(here)
    assert "label text" in digest and "I was down" not in everything_in_the_dm(here)
    meet(here, "U0ADA", wakes_at=time(9, 30))
    watched(here, "2026-11-19T08:20", "2026-11-19T22:40", minutes=20)
    assert len(digests(here)) == 1


# --- a night waits for its places -----------------------------------------------------------------


def test_a_night_waits_for_its_places_and_goes_on_without_them_when_time_is_up(here: Living) -> None:
    person, day, now = known(here.desk, "U0ADA").id, THURSDAY, datetime(2026, 11, 19, 0, 1, tzinfo=UTC)
    go_to(here, "2026-11-19T00:01")
    rounds.look(here.desk)
    until = datetime(2026, 11, 19, 6, 50, tzinfo=UTC).isoformat()
    with pytest.raises(NotYet):
        nightfall.sleep(here.desk, person, day, now, until)
    go_to(here, "2026-11-19T06:51")
    nightfall.sleep(here.desk, person, day, now, until)
    found = night(here)
    assert found is not None and found.begun.state == "slept"
    assert "Not read to the end this night: #general" in footer(here)
    work(here)
    nightfall.sleep(here.desk, person, day, now, until)
    assert "Not read" not in footer(here)


def footer(here: Living) -> str:
    owner = begin_owner(here.desk, known(here.desk, "U0ADA").id)
    with owner.begin() as tx:
        digest = kept.digest(tx, owner.scope, THURSDAY)
    assert digest is not None
    return " ".join(digest.footer.failed)


def test_what_a_night_waits_for_is_no_failure_however_long_it_takes(here: Living) -> None:
    go_to(here, "2026-11-19T00:00:30")
    rounds.look(here.desk)
    for _ in range(8):
        with here.desk.store.pool.connection() as connection:
            connection.execute("update procrastinate_jobs set scheduled_at = null where task_name = 'sleep'")
        work_once(here, [SLEEP])
    with here.desk.store.pool.connection() as connection:
        rows = connection.execute(
            "select status::text, attempts from procrastinate_jobs where task_name = 'sleep'"
        ).fetchall()
    assert rows == [{"status": "todo", "attempts": 0}]


def work_once(here: Living, queues: Sequence[str]) -> None:
    """What may be taken now."""

    async def all_of_it() -> None:
        app = jobs.build(str(here.desk.store.pool.conninfo), lambda: here.desk)
        async with app.open_async():
            await workers._worker(app, lambda: here.desk, queues, 2, wait=False).run()  # type: ignore[no-untyped-call]

    asyncio.run(all_of_it())


def test_each_place_is_brought_up_to_date_before_it_is_read_and_nobody_reads_what_slack_does_not_show(
    here: Living,
) -> None:
    with here.desk.store.pool.connection() as connection:
        connection.execute("delete from procrastinate_jobs")
    go_to(here, "2026-11-19T00:00:30")
    rounds.look(here.desk)
    with here.desk.store.pool.connection() as connection:
        rows = connection.execute(
            "select lock, array_agg(task_name::text order by id) as tasks from procrastinate_jobs"
            " where queue_name = 'read' group by 1 order by 1"
        ).fetchall()
    found = {row["lock"]: row["tasks"] for row in rows}
    [*places, person] = [name for name in waiting(here) if name in ("conclude", "learn", "anticipate", "sleep")]
    assert places == sorted(places, key=["conclude", "learn", "anticipate"].index) and person == "sleep"
    assert found["backfill/C0GENERAL"] == ["backfill", "consolidate"]
    assert {tuple(tasks) for tasks in found.values()} <= {("backfill", "consolidate"), ("consolidate",)}


# --- a pause --------------------------------------------------------------------------------------


def test_a_pause_takes_effect_before_the_next_thing_that_is_done_outside(here: Living) -> None:
    workspace.greet(here.desk, scope(here, "general"), "C0GENERAL")
    with here.desk.store.directory() as tx:
        nights.pause(tx)
    said = len(here.slack.messages("C0GENERAL"))
    work_once(here, [LIVE])
    assert len(here.slack.messages("C0GENERAL")) == said and "deliver" in waiting(here)
    assert naps_due(here) == 0
    with here.desk.store.directory() as tx:
        nights.resume(tx, here.desk.now())
    assert naps_due(here) == 1
    with here.desk.store.pool.connection() as connection:
        connection.execute("update procrastinate_jobs set scheduled_at = null")
    work_once(here, [LIVE])
    assert len(here.slack.messages("C0GENERAL")) == said + 1


# --- naps, and what was lost ----------------------------------------------------------------------


def naps_due(here: Living) -> int:
    """How many readings wait after two looks for naps."""
    rounds.naps(here.desk)
    rounds.naps(here.desk)
    return waiting(here).count("consolidate")


def test_a_quiet_channel_naps_once_and_a_busy_one_when_much_was_said(here: Living) -> None:
    go_to(here, "2026-11-19T12:00")
    here.say("ben", "general", "We decided to ship the blue valve on 7 December.")
    assert naps_due(here) == 0
    here.clock.tick(31 * 60)
    assert naps_due(here) == 1
    work(here)
    assert naps_due(here) == 0
    for number in range(49):
        here.say("ada", "plans", f"Line {number} of a long afternoon.")
    assert naps_due(here) == 0
    here.say("ada", "plans", "The last line of a long afternoon.")
    assert naps_due(here) == 1


def test_what_a_nap_has_read_the_night_does_not_read_again(here: Living) -> None:
    go_to(here, "2026-11-18T21:00")
    here.say("ben", "general", "We decided to ship the blue valve on 7 December.")
    here.clock.tick(31 * 60)
    rounds.naps(here.desk)
    work(here)
    watched(here, "2026-11-19T00:00", "2026-11-19T00:01")
    with here.desk.store.as_scope(scope(here, "general")) as tx:
        found = tx.one("run_state", id="channel:C0GENERAL/2026-11-19/consolidate")
    assert found is not None and found["report"]["blocks"] == 0


def scope(here: Living, channel: str) -> int:
    with here.desk.store.directory() as tx:
        found = people.channel_named(tx, channel)
    assert found is not None
    return found


def test_a_post_or_an_event_whose_job_was_lost_gets_another_and_waits_are_not_cut_short(here: Living) -> None:
    with here.desk.store.pool.connection() as connection:
        connection.execute("delete from procrastinate_jobs")
    here.slack.say("ben", "general", "One more thing.")
    here.hear()
    workspace.greet(here.desk, scope(here, "general"), "C0GENERAL")
    job = queue.Job(
        "deliver", LIVE, {"scope": scope(here, "general"), "key": "hello/C0GENERAL"}, once="deliver/hello/C0GENERAL"
    )
    with here.desk.store.pool.connection() as connection:
        connection.execute("delete from procrastinate_jobs where task_name in ('deliver', 'ingest')")
    rounds.leftovers(here.desk)
    assert sorted(set(waiting(here)) & {"deliver", "ingest"}) == ["deliver", "ingest"]
    with here.desk.store.pool.connection() as connection:
        connection.execute("update procrastinate_jobs set scheduled_at = '2030-01-01' where task_name = 'deliver'")
    rounds.leftovers(here.desk)
    with here.desk.store.pool.connection() as connection:
        rows = connection.execute(
            "select scheduled_at from procrastinate_jobs where task_name = 'deliver' and queueing_lock = %s",
            (job.once,),
        ).fetchall()
    assert [row["scheduled_at"].year for row in rows] == [2030]

"""One clock leads: the lead goes with its connection, and alarms are what people want now."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from bot import rounds, schedule
from bot.desk import Desk
from bot.hours import Sleeper
from bot.schedule import Alarm
from bot.store import leader, nights, people
from graphs.domain import Preferences
from graphs.errors import Later
from tests.servers.company import desk_over, imported, known, small
from tests.servers.postgres import Database
from tests.servers.slack import until

PATIENCE = 20.0
NOW = datetime(2026, 11, 24, 0, 0, 30, tzinfo=UTC)


@pytest.fixture
def desk(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_over(database) as made:
        imported(made, small(tmp_path_factory.mktemp("company")))
        yield replace(made, now=lambda: NOW)


def meet(desk: Desk, who: str, **chosen: object) -> None:
    """Somebody of the small company, who used the desk a month ago."""
    with desk.store.directory() as tx:
        nights.meet(tx, who, NOW - timedelta(days=30))
        people.set_preferences(tx, known(desk, who).id, Preferences.model_validate(chosen))


def begun(desk: Desk) -> set[int]:
    with desk.store.directory() as tx:
        return {night.person for night in nights.since(tx, NOW.date())}


def end_leader(database: Database) -> None:
    """The server cuts the leader's connection, as it does with one that died or hangs."""
    with psycopg.connect(database.admin, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted")


def leaders(database: Database) -> list[int]:
    with psycopg.connect(database.admin, autocommit=True) as connection:
        held = "select pid from pg_locks join pg_database on oid = database where locktype = 'advisory' and granted and datname = %s"
        return [pid for (pid,) in connection.execute(held, (database.name,))]


# --- the lead -------------------------------------------------------------------------------------


def test_one_of_two_leads_and_the_other_when_the_first_lets_go(database: Database) -> None:
    with leader.leading(database.app) as first:
        assert first is not None
        first()
        with leader.leading(database.app) as second:
            assert second is None
    with leader.leading(database.app) as third:
        assert third is not None


def test_who_lost_the_connection_does_not_lead_and_another_does(database: Database) -> None:
    with leader.leading(database.app) as first:
        assert first is not None
        end_leader(database)
        with pytest.raises(Later):
            first()
        with leader.leading(database.app) as second:
            assert second is not None


def test_a_leader_that_gives_no_sign_of_life_is_cut_off_by_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(leader._SERVER, "idle_session_timeout", "200ms")
    with leader.leading(database.app) as first:
        assert first is not None
        until(lambda: leaders(database) == [], PATIENCE)
        with leader.leading(database.app) as second:
            assert second is not None
        with pytest.raises(Later):
            first()


# --- clocks ---------------------------------------------------------------------------------------


def test_of_two_clocks_one_begins_the_nights_and_when_it_is_cut_off_another_begins_what_comes(
    database: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "LOOK", 0.05)
    meet(desk, "U1")
    clocks = [schedule.start(desk, database.app) for _ in range(2)]
    try:
        until(lambda: begun(desk) == {known(desk, "U1").id}, PATIENCE)
        [first] = leaders(database)
        meet(desk, "U2")
        end_leader(database)
        until(lambda: begun(desk) == {known(desk, who).id for who in ("U1", "U2")}, PATIENCE)
        [second] = leaders(database)
        assert second != first
    finally:
        for clock in clocks:
            clock.stop()
    assert leaders(database) == [] and not any(clock.thread.is_alive() for clock in clocks)


def test_a_clock_that_is_stopped_while_alarms_are_being_set_stops(
    database: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, go_on = threading.Event(), threading.Event()
    schedulers: list[Any] = []
    look = rounds.look

    def slowly(desk: Desk) -> list[Sleeper]:
        looks.set()
        assert go_on.wait(PATIENCE)
        return look(desk)

    def alarms(desk: Desk, scheduler: Any) -> schedule.Alarms:
        schedulers.append(scheduler)
        return kind(desk, scheduler)

    kind = schedule.Alarms
    monkeypatch.setattr(rounds, "look", slowly)
    monkeypatch.setattr(schedule, "Alarms", alarms)
    monkeypatch.setattr(schedule, "LOOK", 0.05)
    meet(desk, "U1")
    clock = schedule.start(desk, database.app)
    assert looks.wait(PATIENCE)
    clock.over.set()
    until(lambda: not schedulers[0].running, PATIENCE)
    go_on.set()
    clock.thread.join(PATIENCE)
    assert not clock.thread.is_alive()


def test_a_person_is_woken_by_their_own_alarm_to_the_second(database: Database, desk: Desk) -> None:
    """The rounds of every minute are not what begins this night."""
    wakes_up = datetime.now(UTC) + timedelta(seconds=2)
    on_time = replace(desk, now=lambda: datetime.now(UTC))
    everyday = {"working_days": tuple(range(7)), "zone": "UTC", "wakes_at": time(23, 59)}
    meet(desk, "U1", night_at=wakes_up.time().replace(microsecond=0), **everyday)
    if wakes_up.time() > time(23, 58):
        pytest.skip("so close to midnight the night belongs to another date")
    over = threading.Event()
    leads = threading.Thread(target=schedule.lead, args=(on_time, lambda: None, over))
    leads.start()
    try:
        until(lambda: known(desk, "U1").id in nights_of(on_time), PATIENCE)
    finally:
        over.set()
        leads.join()
    with psycopg.connect(database.admin) as connection:
        row = connection.execute("select begun_at from nightdesk.night").fetchone()
    assert row is not None and row[0] >= wakes_up.replace(microsecond=0)


def nights_of(desk: Desk) -> set[int]:
    with desk.store.directory() as tx:
        return {night.person for night in nights.since(tx, desk.now().date() - timedelta(days=1))}


def test_an_alarm_rings_at_the_beginning_and_at_the_wake_up_of_each_working_day() -> None:
    alarm, rings = Alarm(Preferences(), ZoneInfo("Europe/Berlin")), [datetime(2026, 10, 23, 12, tzinfo=UTC)]
    for _ in range(4):
        rung = alarm.get_next_fire_time(rings[-1], rings[-1])
        assert rung is not None
        rings.append(rung)
    assert [one.isoformat() for one in rings[1:]] == [
        "2026-10-26T00:00:00+00:00", "2026-10-26T07:00:00+00:00",  # summer time ended on the 25th
        "2026-10-27T00:00:00+00:00", "2026-10-27T07:00:00+00:00",
    ]  # fmt: skip


def test_alarms_follow_what_people_want(desk: Desk) -> None:
    set_ = schedule.Alarms(desk, BackgroundScheduler(timezone=UTC))
    meet(desk, "U1")
    meet(desk, "U2")
    set_.look()
    assert alarms(set_) == {known(desk, who).id: time(8) for who in ("U1", "U2")}
    meet(desk, "U1", wakes_at=time(6, 30))
    with psycopg.connect(str(desk.store.pool.conninfo), autocommit=True) as connection:
        connection.execute("update nightdesk.person set active = false where slack_id = 'U2'")
    set_.look()
    assert alarms(set_) == {known(desk, "U1").id: time(6, 30)}


def alarms(found: schedule.Alarms) -> dict[int, time]:
    return {int(job.id): job.trigger.wanted.wakes_at for job in found._alarms.get_jobs()}

"""How a person wants their nights: kept with the person, and the usual where nobody chose."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from typing import Any

import psycopg
import pytest

from bot.desk import Desk, begin_owner
from bot.store import people
from graphs.domain import Preferences
from tests.servers.company import desk_over, imported, known, small
from tests.servers.postgres import Database


@pytest.fixture
def desk(database: Database, tmp_path: Any) -> Iterator[Desk]:
    with desk_over(database) as desk:
        imported(desk, small(tmp_path))
        yield desk


def test_who_never_chose_has_the_usual_and_what_is_chosen_is_kept_for_that_person_alone(desk: Desk) -> None:
    ada, bob = known(desk, "U1"), known(desk, "U2")
    chosen = Preferences(
        zone="Asia/Tokyo", night_at=time(22, 30), wakes_at=time(6, 45), working_days=(0, 6), level="high", shadow=False
    )
    with desk.store.directory() as tx:
        assert people.preferences(tx, ada.id) == Preferences()
        people.set_preferences(tx, ada.id, chosen)
    with desk.store.directory() as tx:
        assert people.preferences(tx, ada.id) == chosen
        assert people.preferences(tx, bob.id) == Preferences()


def test_a_zone_of_ones_own_goes_before_slacks(desk: Desk) -> None:
    ada = known(desk, "U1")
    assert begin_owner(desk, ada.id).person.zone == "Europe/Berlin"
    with desk.store.directory() as tx:
        people.set_preferences(tx, ada.id, Preferences(zone="Asia/Tokyo"))
    assert begin_owner(desk, ada.id).person.zone == "Asia/Tokyo"
    assert known(desk, "U2").zone == "Europe/Berlin"


def test_a_zone_that_this_machine_does_not_know_gives_way_to_the_next_that_it_does(
    database: Database, desk: Desk
) -> None:
    ada, bob = known(desk, "U1"), known(desk, "U2")
    with desk.store.directory() as tx:
        people.set_preferences(tx, ada.id, Preferences(zone="Mars/Phobos"))
        people.set_preferences(tx, bob.id, Preferences(zone="Mars/Deimos"))
    with psycopg.connect(database.owner) as connection:
        connection.execute("update nightdesk.person set zone = 'Atlantis/Port' where slack_id = 'U2'")
    assert begin_owner(desk, ada.id).person.zone == "Europe/Berlin"  # Slack's
    there = replace(desk, zone="Asia/Tokyo")
    assert begin_owner(there, bob.id).person.zone == "Asia/Tokyo"
    assert known(desk, "U2").zone is None
    with desk.store.directory() as tx:
        assert people.unknown_zones(tx) == [("Atlantis/Port", 1), ("Mars/Deimos", 1), ("Mars/Phobos", 1)]


def test_a_setting_of_another_program_version_is_left_out(database: Database, desk: Desk) -> None:
    ada = known(desk, "U1")
    with psycopg.connect(database.owner) as connection:
        connection.execute(
            """update nightdesk.person set settings = '{"paused": true, "colour": "blue"}' where slack_id = 'U1'"""
        )
    with desk.store.directory() as tx:
        assert people.preferences(tx, ada.id) == Preferences(paused=True)

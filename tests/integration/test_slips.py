"""A slip of the finger finds what was meant, among the words of those who ask and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.desk import Desk
from bot.store import messages
from tests.servers.company import ADA, BOB, desk_over, imported, known, small, ts
from tests.servers.export_files import said
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """Everybody reads of a valve, Ada alone of Kestrel's pallets."""
    with desk_over(database) as desk:
        general = [said("U2", ts(20, 9), "The blue valve ships on 7 December.")]
        deals = [said("U1", ts(20, 10), "Kestrel pays for the pallets.")]
        imported(desk, small(tmp_path, {"general": general, "deals": deals, "launch": [], "D1": []}))
        yield desk


def found(desk: Desk, who: str, question: str, lang: str = "en") -> list[messages.Hit]:
    with desk.store.as_person(known(desk, who).id) as tx:
        return [hit for hit in messages.recall(tx, question, lang, 9, NOW) if hit.source.kind == "slack"]


@pytest.mark.parametrize("word", ["valve", "valvve", "vlave", "ships", "shisp", "Decmber", "valbe"])
def test_a_word_that_meets_nothing_is_read_as_the_nearest_one(desk: Desk, word: str) -> None:
    right = found(desk, BOB, "Is the valve blue?")[0]
    hit = found(desk, BOB, f"Is the {word} there?")[0]
    assert hit.id == right.id


@pytest.mark.parametrize("word", ["walve", "vlaev", "v4lve", "vave"])
def test_what_is_farther_away_or_short_or_has_digits_is_left_as_it_is(desk: Desk, word: str) -> None:
    assert found(desk, BOB, f"Is the {word} there?") == []


def test_a_word_that_one_may_not_read_is_not_meant(desk: Desk) -> None:
    assert found(desk, ADA, "Who is Kestrle?") == found(desk, ADA, "Who is Kestrel?") != []
    assert found(desk, BOB, "Who is Kestrle?") == found(desk, BOB, "Who is Kestrel?") == []
    # A slip of a word that only others may read changes nothing.
    assert found(desk, BOB, "Which palet, which vlave?") == found(desk, BOB, "Which xxxxx, which vlave?")

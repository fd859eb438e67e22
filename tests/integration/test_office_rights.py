"""Six weeks of an office in the store: nobody is shown what they may not read, and what they may not read moves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.desk import Desk
from bot.embedded.postgres import Server
from tests.bench.memory.cast import CAST, LEAVER, Rights
from tests.bench.memory.lived import (
    CLOSED,
    broken_denies,
    drawn,
    found,
    leaks,
    live_until,
    moved_ranks,
    stale_words,
)
from tests.bench.memory.questions import BEFORE, Question, pairs, questions
from tests.bench.memory.weeks import END, Weeks, rights, weeks
from tests.servers.company import desk_over
from tests.servers.postgres import new_database

SEED = 7


@dataclass(frozen=True)
class Lived:
    """The weeks, their questions, and a desk that heard them as two exports."""

    weeks: Weeks
    asked: list[Question]
    desk: Desk


@pytest.fixture(scope="module")
def lived(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """For all tests here: none of them writes."""
    made = weeks(SEED)
    with new_database(postgres, template) as held, desk_over(held) as desk:
        for moment in (BEFORE, END):
            live_until(desk, made, moment, tmp_path_factory.mktemp("office"))
        yield Lived(made, questions(made), desk)


@contextmanager
def desk_without(postgres: Server, template: str, place: str, folder: Path) -> Iterator[Desk]:
    """A desk that never heard the words of one place."""
    with new_database(postgres, template) as held, desk_over(held) as desk:
        for moment in (BEFORE, END):
            live_until(desk, weeks(SEED), moment, folder / f"{moment:%d}", frozenset({place}))
        yield desk


def test_nobody_is_shown_what_they_may_not_read(lived: Lived) -> None:
    asked = list(drawn(SEED, lived.asked, 200))
    assert leaks(lived.desk, asked, rights(END)).wrong == ()
    # With nobody's rights everything that is shown would count.
    assert leaks(lived.desk, asked[:40], Rights(frozenset(one.key for one in CAST))).wrong
    # The allowed beside the refused: most of them are shown something, and who has left is shown nothing.
    assert sum(bool(found(lived.desk, one)) for one in asked[:40]) > 20
    assert all(not found(lived.desk, one) for one in asked if one.who == LEAVER)


def test_who_may_not_know_is_refused_and_the_same_question_is_answered_to_who_may(lived: Lived) -> None:
    refused = [one for one in lived.asked if one.deny and one.at == END]
    assert broken_denies(lived.desk, refused[:40]).wrong == ()
    allowed = [one for one in lived.asked if not one.deny and one.at == END and one.kind == "ships"]
    assert any(_has_source(lived.desk, one) for one in allowed)


def _has_source(desk: Desk, one: Question) -> bool:
    return {(it.place, it.key) for it in one.sources} <= {(it.place, it.key) for it in found(desk, one)}


def test_what_was_edited_or_deleted_is_found_by_nobody_afterwards(lived: Lived) -> None:
    tried = stale_words(lived.desk, lived.weeks, lived.asked, 40)
    assert tried.tried == 40
    assert tried.wrong == ()


def test_words_of_a_place_move_nothing_for_who_may_not_read_it(
    lived: Lived, postgres: Server, template: str, tmp_path: Path
) -> None:
    place = CLOSED[0].key
    with desk_without(postgres, template, place, tmp_path / "less") as less:
        asked = list(drawn(SEED + 1, lived.asked, 80))
        tried = moved_ranks(lived.desk, less, place, asked, pairs(rights(END)))
        assert tried.tried > 40
        assert tried.wrong == ()
        # Who may read it is shown something else.
        assert any(found(lived.desk, one) != found(less, one) for one in asked)


@pytest.mark.night
def test_ten_thousand_random_questions_show_nobody_what_they_may_not_read(lived: Lived) -> None:
    assert leaks(lived.desk, drawn(SEED + 2, lived.asked, 10_000), rights(END)).wrong == ()
    assert broken_denies(lived.desk, [one for one in lived.asked if one.deny and one.at == END]).wrong == ()
    assert stale_words(lived.desk, lived.weeks, lived.asked, 10_000).wrong == ()


@pytest.mark.night
@pytest.mark.parametrize("place", [one.key for one in CLOSED])
def test_no_closed_place_moves_a_rank_elsewhere(
    lived: Lived, postgres: Server, template: str, tmp_path: Path, place: str
) -> None:
    with desk_without(postgres, template, place, tmp_path / "less") as less:
        asked = drawn(SEED + 3, lived.asked, 300)
        assert moved_ranks(lived.desk, less, place, asked, pairs(rights(END))).wrong == ()

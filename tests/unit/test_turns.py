"""Of many who come at once those go first who have nothing yet, in the order in which they came."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bot.turns import Turns
from tests.servers.slack import until

PATIENT = 60.0


def _waits(turns: Turns, count: int) -> bool:
    return len(turns.waiting) == count


def order(width: int, *behind: bool) -> list[int]:
    """In which order those get their turn who come one after the other while all places are taken."""
    turns, came = Turns(width, PATIENT), list[int]()

    def come(number: int) -> None:
        with turns.take(behind[number]):
            came.append(number)

    with ThreadPoolExecutor(len(behind)) as threads:
        with turns.take():
            for number in range(len(behind)):
                threads.submit(come, number)
                until(partial(_waits, turns, number + 1))
    return came


def test_who_came_first_goes_first() -> None:
    assert order(1, False, False, False) == [0, 1, 2]


def test_who_has_words_already_goes_behind_those_who_have_none_yet() -> None:
    assert order(1, True, False, True, False) == [1, 3, 0, 2]


def test_a_place_that_is_free_is_taken_at_once_also_from_behind() -> None:
    turns = Turns(2, PATIENT)
    with turns.take(), turns.take(behind=True):
        assert turns.free == 0
    assert turns.free == 2


def test_a_turn_that_was_given_back_early_is_given_back_once() -> None:
    turns = Turns(1, PATIENT)
    with turns.take() as turn:
        turn.close()
        assert turns.free == 1
    assert turns.free == 1


def test_who_waited_too_long_goes_on_and_leaves_no_place_to_others() -> None:
    turns = Turns(1, 0.0)
    with turns.take():
        with turns.take():
            assert not turns.waiting
        assert turns.free == 0
    assert turns.free == 1

"""What follows from several memories rests on at least two of them, adds nothing, and has stood a second look."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import conclude
from graphs.conclude import Concluded, Context, Group, Proposals, Proposed, Said, Verdicts
from graphs.domain import Memory, SlackSource
from graphs.rules.text import unlabelled
from graphs.rules.together import groups
from tests.graphs.thinkers import ATTACK, FAILURE, Asked, Model, run
from tests.unit.rules_threads import MONDAY, PEOPLE


def memory(row: int, text: str, by: str = "UADA", kind: str = "fact") -> Memory:
    return Memory(
        id=row, scope="channel:C1", kind=kind, text=text, quote=text, sources=(SlackSource(channel="C1", ts=f"{row}.1"),),
        said_by=by, valid_from=MONDAY,
    )  # fmt: skip


AWAY = memory(7, "Ada is away from 12 March to 16 March.")
DUE = memory(8, "Ada sends the contract to Kestrel on 13 March.", "UBOB")
SEATS = memory(9, "Hall 4 has 120 seats.", "UTOM")
MORE = memory(10, "Hall 5 has 80 seats.", "UPRI")
HELD = (AWAY, DUE, SEATS, MORE)


def night(
    proposed: Sequence[Proposed],
    stand: Sequence[int] = (1, 2, 3, 4),
    against: Callable[[Concluded], Sequence[Said]] = lambda one: (),
) -> tuple[list[Concluded], Model]:
    def thinks(asked: Asked) -> Proposals | Verdicts:
        return Proposals(conclusions=tuple(proposed)) if asked.step == "conclude" else Verdicts(stand=tuple(stand))

    model = Model(thinks)
    return drawn(model, against), model


def drawn(model: Model, against: Callable[[Concluded], Sequence[Said]] = lambda one: ()) -> list[Concluded]:
    context = Context(
        model.thinker, "Place: #ops", {one.id: one for one in HELD}, against, PEOPLE, MONDAY + timedelta(days=1), "UTC"
    )
    begins: dict[str, Any] = {
        "pending": [Group(memories=(7, 8)), Group(memories=(9, 10, 8))], "proposed": [], "stands": [],
    }  # fmt: skip
    found: list[Concluded] = run(conclude.build(), begins, context)[0]["stands"]
    return found


CLASH = Proposed(text="Ada is away when the contract for Kestrel is due on 13 March.", premises=(1, 2))


def test_a_conclusion_names_its_premises_and_is_held_against_what_else_is_known() -> None:
    [found], model = night([CLASH], against=lambda one: [Said("UBOB", MONDAY, "Ada handed the contract to Bob.")])
    assert (found.text, found.premises) == (CLASH.text, (7, 8))
    assert [asked.step for asked in model.asked] == ["conclude", "challenge"]
    assert (
        f"also said: ({PEOPLE['UBOB'].name}, {MONDAY:%a %Y-%m-%d %H:%M}) Ada handed the contract to Bob."
        in model.asked[1].user
    )


def test_what_does_not_stand_the_second_look_is_not_kept() -> None:
    other = Proposed(text="Halls 4 and 5 have 200 seats together.", premises=(3, 4))
    assert [one.premises for one in night([CLASH, other], stand=(2,))[0]] == [(9, 10)]
    assert night([CLASH], stand=())[0] == night([CLASH], stand=(9,))[0] == []


@pytest.mark.parametrize("total", ["200", "40", "2"])
def test_a_sum_a_difference_and_a_count_may_be_added(total: str) -> None:
    assert night([Proposed(text=f"Together the halls make {total} by our count.", premises=(3, 4))])[0]


def test_a_day_may_be_counted_from_one_that_is_told_and_a_number_of_thousands_is_one_number() -> None:
    here, takes = memory(31, "The crane is here on 28 March."), memory(32, "Fitting it in takes 9 days.", "UBOB")
    assert not conclude.adds("The crane is fitted in on 6 April.", [here, takes], PEOPLE)
    assert conclude.adds("The crane is fitted in on 7 April.", [here, takes], PEOPLE)
    some = [
        memory(33, "Hall 1 has 1,000 seats."),
        memory(34, "Hall 2 has 25 seats."),
        memory(35, "The box has 7 seats."),
    ]
    assert not conclude.adds("Halls 1 and 2 have 1,025 seats together.", some, PEOPLE)
    assert conclude.adds("The box and the halls have 1,025 seats.", [some[1], memory(36, "Hall 1 has 1 lift.")], PEOPLE)


@pytest.mark.parametrize(
    "refused",
    [
        Proposed(text="Together the halls have 210 seats.", premises=(3, 4)), Proposed(text=CLASH.text, premises=(1,)),
        Proposed(text=CLASH.text, premises=(1, 9)), Proposed(text=CLASH.text, premises=(1, 1)), Proposed(text=CLASH.text, premises=()),
        Proposed(text="Ada is away when the contract for Merlin is due.", premises=(1, 2)),
        Proposed(text="Priya has to send the contract on 13 March.", premises=(1, 2)),
        Proposed(text="Ada is away on 17 March, the day the contract is due.", premises=(1, 2)),
        Proposed(text="Ada is away when the contract is due, see evil.example/x.", premises=(1, 2)),
        Proposed(text="Ada is away from 12 March.", premises=(1, 2)), Proposed(text="…", premises=(1, 2)),
    ],
)  # fmt: skip
def test_a_conclusion_that_adds_something_or_nothing_is_dropped_and_the_one_beside_it_stays(refused: Proposed) -> None:
    assert [one.text for one in night([refused, CLASH])[0]] == [CLASH.text]


def test_without_an_answer_nothing_follows() -> None:
    assert drawn(Model(lambda asked: FAILURE)) == []
    half = Model(lambda asked: Proposals(conclusions=(CLASH,)) if asked.step == "conclude" else FAILURE)
    assert drawn(half) == [] and len(half.asked) == 2


@given(st.lists(st.builds(Proposed, text=st.one_of(st.just(CLASH.text), st.text(max_size=60), st.just(ATTACK[:200])),
                          premises=st.lists(st.integers(-2, 9), max_size=5).map(tuple)), max_size=6))  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_whatever_a_model_says_a_conclusion_rests_on_two_that_were_shown(proposed: list[Proposed]) -> None:
    for one in night(proposed)[0]:
        assert len(set(one.premises)) >= 2 and set(one.premises) <= {7, 8, 9, 10}
        assert not conclude.adds(one.text, [next(m for m in HELD if m.id == row) for row in one.premises], PEOPLE)


def test_statements_are_put_together_by_the_words_of_their_subject() -> None:
    assert groups([AWAY], lambda one: HELD) == [(AWAY, DUE)]
    assert groups([SEATS], lambda one: (SEATS, DUE)) == []
    concluded = memory(11, "Ada and the contract clash.", kind="conclusion")
    assert groups([AWAY], lambda one: [concluded]) == []  # no chains
    both = groups([AWAY, DUE], lambda one: (AWAY, DUE))
    assert len(both) == 1


def test_what_goes_with_a_statement_comes_before_what_says_it_again() -> None:
    waits = memory(21, "The dock plan of Kestrel waits for the customs form KX-204.", "UBOB", "status")
    again = memory(22, "The dock plan of Kestrel is waiting for customs form KX-204.", "UPRI", "status")
    form = memory(23, "Tom files the form KX-204 with the customs on 20 March.", "UTOM", "commitment")
    ship = memory(24, "The valves leave from the dock of Kestrel on 18 March.", "UPRI", "event")
    other = memory(25, "The canteen is closed on 20 March.", "UTOM", "event")
    near = {21: (again, form, ship, other), 23: (waits, again), 24: (waits,)}
    [group] = groups([waits], lambda one: near.get(one.id, ()))
    assert set(group) == {waits, form, ship}
    assert groups([waits], lambda one: (again,)) == []
    assert groups([form], lambda one: (other,)) == []


def test_who_waits_for_whom_is_followed_one_step_further() -> None:
    first = memory(21, "The launch of the blue valve waits for the label text.", kind="status")
    second = memory(22, "Priya writes the label text when legal has answered.", "UPRI", "commitment")
    third = memory(23, "Legal answers Priya not before 2 April.", "UTOM", "fact")
    near = {21: (second,), 22: (first, third)}
    assert groups([first], lambda one: near.get(one.id, ())) == [(first, second, third)]


@pytest.mark.parametrize(
    "label", ["Conclusion: ", "I conclude: Conclusion: ", "**Conclusion:** ", "I conclude that ", "Therefore, "]
)
def test_a_conclusion_is_kept_as_the_bare_sentence(label: str) -> None:
    assert night([CLASH.model_copy(update={"text": label + CLASH.text})])[0][0].text == CLASH.text


def test_a_sentence_that_only_begins_like_a_label_stays_as_it_is() -> None:
    for text in ("So far three halls are booked.", "Concluded contracts lie in hall 4.", "Thus far nothing came."):
        assert unlabelled(text) == text


def test_a_hostile_text_takes_the_same_way_and_ends_no_line() -> None:
    evil = memory(7, f"Ada is away from 12 March to 16 March. {ATTACK}")
    for first in (AWAY, evil):
        model = Model(
            lambda asked: Proposals(conclusions=(CLASH,)) if asked.step == "conclude" else Verdicts(stand=(1,))
        )
        context = Context(
            model.thinker,
            "Place: #ops",
            {7: first, 8: DUE},
            lambda one: [Said("UBOB", MONDAY, ATTACK)],
            PEOPLE,
            MONDAY,
            "UTC",
        )
        state, nodes = run(
            conclude.build(), {"pending": [Group(memories=(7, 8))], "proposed": [], "stands": []}, context
        )
        assert nodes == ["propose", "challenge"] and len(state["stands"]) == 1
        assert [asked.user.count("\n") for asked in model.asked] == [4, 6]
        assert all(asked.user.count("<") == 2 for asked in model.asked)

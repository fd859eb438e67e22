"""The generated weeks of an office: their answers, and what their questions rest on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.memory.again import answer
from tests.bench.memory.cast import CHANNELS, MAILBOXES, PRIVATE
from tests.bench.memory.claims import read
from tests.bench.memory.questions import BEFORE, OVERALL, SEVERAL, questions
from tests.bench.memory.weeks import END, rights, weeks

SEEDS = st.integers(0, 10_000)


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_what_was_kept_step_by_step_and_what_is_read_from_the_words_give_one_answer(seed: int) -> None:
    made = weeks(seed)
    written = {at: [said for said in made.until(at) if read(said.text)] for at in (BEFORE, END)}
    for one in questions(made):
        if not one.deny:
            told = rights(one.at).told(one.who, one.where)
            assert answer(one, one.sources) == frozenset(one.answer)
            readable = [said for said in written[one.at] if said.place in told]
            assert answer(one, readable) == frozenset(one.answer)


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_who_is_answered_may_read_all_that_the_answer_needs_and_who_is_refused_may_not(seed: int) -> None:
    for one in questions(weeks(seed)):
        told = rights(one.at).told(one.who, one.where)
        assert {said.place for said in one.sources} <= told
        assert not {said.place for said in one.hidden} & told
        assert bool(one.sources) != one.deny


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_at_least_two_hundred_questions_need_several_messages(seed: int) -> None:
    several = [one for one in questions(weeks(seed)) if one.kind in (*SEVERAL, *OVERALL) and not one.deny]
    assert len(several) >= 200
    assert {one.kind for one in several} == {*SEVERAL, *OVERALL}
    assert all(len(one.sources) > 1 or one.kind == "waits" for one in several)
    assert not any(set(one.answer) & set(one.wrong) for one in several)


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_every_claim_can_be_read_from_its_words_and_nothing_else_looks_like_one(seed: int) -> None:
    for one in weeks(seed).told:
        if not one.is_outside:
            assert read(one.text) == one.claim
            assert not one.edited or read(one.edited) == one.edited_claim


def test_the_same_seed_gives_the_same_weeks_and_another_seed_others() -> None:
    assert weeks(7) == weeks(7)
    assert weeks(7).told != weeks(8).told


def test_the_office_has_twelve_channels_of_which_four_are_private_and_five_mailboxes() -> None:
    assert (len(CHANNELS), len(PRIVATE), len(MAILBOXES)) == (12, 4, 5)

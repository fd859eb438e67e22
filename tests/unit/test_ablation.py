"""The ablation's grader takes a right answer in any usual form and no wrong one, and its tables say what was counted."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import proving
from bot.proof import ablation, page
from bot.proof.ablation import AWAKE, Ablation, Answered, Arm, Evidence, Spent
from tests.bench.ablation.grade import right, tells
from tests.bench.ablation.office import AT, SMALL, office
from tests.bench.memory.again import answer
from tests.bench.memory.questions import OVERALL, SEVERAL, Question
from tests.bench.memory.weeks import rights


def _asked(kind: str, *parts: str, wrong: tuple[str, ...] = ()) -> Question:
    return Question(kind, "U", "dm", AT, "?", parts, wrong=wrong)


TOTAL = _asked("total", "1205")
FOLLOWS = _asked("follows", "8 March")
WAITS = _asked("waits", "Ada Nowak waits for Bela Szabo", wrong=("Carl Iversen waits for Ada Nowak",))
DISAGREE = _asked("disagree", "100 hours (Ada Nowak)", "230 hours (Lena Okafor)")
BETWEEN = _asked("between", "Belvex Plastics -> Cormont Metals", "2 May -> 9 May")
LATE = _asked("late", "Dravex", "Fenlia", wrong=("Galrune",))
OWES = _asked("owes", "Dravex: packing list, 8 March")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (TOTAL, "They have 1,205 units together [1][2]."),
        (TOTAL, "300 and 905, so 1205."),
        (FOLLOWS, "On March 8th."),
        (FOLLOWS, "2026-03-08"),
        (FOLLOWS, "It is assembled on Sunday 8 Mar 2026 [3]."),
        (WAITS, "Ada is waiting for Bela Szabo to answer."),
        (WAITS, "Bela Szabo blocks Ada Nowak on the manual."),
        (WAITS, "Ada Nowak waits for Bela Szabo. Carl Iversen no longer waits for Ada Nowak."),
        (DISAGREE, "No: Ada measured 100 hours, Lena Okafor 230 hours."),
        (
            BETWEEN,
            "The housings now come from Cormont Metals.\nBefore it was Belvex Plastics. Ships 9 May instead of 2 May.",
        ),
        (LATE, "Dravex and Fenlia ship too early. Galrune is fine."),
        (OWES, "The packing list for Dravex by 8 March."),
    ],
)
def test_a_right_answer_is_right_in_any_usual_form(asked: Question, said: str) -> None:
    assert right(said, asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (TOTAL, "They have 205 units together."),
        (TOTAL, "They have 12050 units together."),
        (TOTAL, ""),
        (FOLLOWS, "On 18 March."),
        (FOLLOWS, "On 3 August."),
        (WAITS, "Bela Szabo waits for Ada Nowak."),
        (WAITS, "Ada Nowak waits for Bela Szabo, and Carl Iversen waits for Ada Nowak."),
        (DISAGREE, "Lena Brandt says 230 hours. Ada Nowak says 100 hours."),
        (DISAGREE, "Yes, it lasts 100 hours, Ada Nowak measured it."),
        (BETWEEN, "The housings now come from Cormont Metals instead of Belvex Plastics."),
        (LATE, "Dravex, Fenlia and Galrune."),
        (LATE, "Dravex."),
        (LATE, "It is not told for any of them: Dravex takes 9 days and Fenlia 12."),
        (OWES, "The packing list for Dravex. Another by 8 March."),
    ],
)
def test_a_wrong_answer_is_wrong(asked: Question, said: str) -> None:
    assert not right(said, asked)


def test_what_was_not_written_for_a_question_answers_it_only_when_it_is_about_it() -> None:
    follows = replace(FOLLOWS, subjects=("Dravex",))
    assert tells("Dravex is assembled on 8 March.", follows)
    assert not tells("The moulds for Fenlia arrive on 8 March.", follows)
    first = Question("first", "U", "dm", AT, "?", ("Dravex", "8 March"), subjects=("Dravex", "Fenlia"))
    assert tells("Dravex ships on 8 March, Fenlia on 9 March.", first)
    assert not tells("Dravex ships on 8 March.", first)


def test_the_small_office_asks_of_every_kind_and_both_ways_give_one_answer() -> None:
    made = office(5, 60)
    assert {one.kind for one in made.asked} == {*SEVERAL, *OVERALL}
    written = made.weeks.until(AT)
    for one in made.asked:
        told = rights(AT).told(one.who, one.where)
        assert {source.place for source in one.sources} <= told
        readable = [said for said in written if said.place in told]
        assert answer(one, readable) == answer(one, one.sources) == frozenset(one.answer)


def test_a_computed_answer_in_words_is_graded_right_and_another_questions_answer_wrong() -> None:
    asked = office(5, 40, SMALL).asked
    for one in asked:
        assert right(". ".join(one.answer), one)
    others = [(one, other) for one in asked for other in asked if not set(one.answer) <= set(other.answer)]
    assert sum(right(". ".join(other.answer), one) for one, other in others) < len(others) / 50


def _run() -> Ablation:
    """Awake one of two right, asleep both; asleep costs 1,000 tokens of sleep."""
    arms = (
        Arm(name=AWAKE, passes=0, concludes=False, slept={}),
        Arm(name="asleep", passes=1, concludes=True, slept={"remember": Spent(calls=2, prompt=900, completion=100)}),
    )
    answers = [
        Answered(
            arm=arm.name, number=number, kind="sum", question="?", answer=("1",), said="1", given="1", served="composed",
            said_right=True, right=arm.name != AWAKE or number == 1, spent=Spent(calls=1, prompt=500, completion=20),
            evidence=Evidence(sources=2, shown=number),
        )
        for arm in arms for number in (1, 2)
    ]  # fmt: skip
    return Ablation(
        model="m", seed=1, messages=10, nights=2, unrecorded=3, prompts="other", arms=arms, answers=tuple(answers)
    )


def test_the_tables_say_what_was_won_what_it_cost_and_how_far_the_evidence_came() -> None:
    run = _run()
    gained, sure = ablation.gain(run, "asleep")
    assert gained == 0.5 and sure is not None and sure.low <= 0.5 <= sure.high
    assert ablation.cost(run, run.arms[1], "completion") == (100 + 10 * 40) / 2
    assert ablation.cost(run, run.arms[1], "all") == (1000 + 10 * 1040) / 2
    assert ablation.accuracy(run)[2][1:3] == ["2/2 (100 %)", "+50 points [+0, +100] (1, 0)"]
    assert ["every source among the passages", "1", "1"] in ablation.stages(run)
    assert any("3 calls were not recorded" in line for line in ablation.head(run))
    same = run.model_copy(update={"prompts": ablation.prompts_now()})
    assert [line for line in ablation.head(run) if line not in ablation.head(same)] == [
        "Since this run the program's prompts have changed: it shows what they did before."
    ]


def test_the_page_shows_an_office_with_whose_answers_they_are_and_is_whole_without_one() -> None:
    pictures = dict.fromkeys((*page.PICTURES, "ablation"), b"png")
    shown = page.html(proving.recorded(), pictures, "Recorded run", page.Office(_run(), "Run in this folder: <m>"))
    assert "Run in this folder: &lt;m&gt;" in shown and "2/2 (100 %)" in shown and "How far the evidence came" in shown
    without = page.html(proving.recorded(), pictures, "Recorded run")
    assert "In an office" not in without and "Recorded run" in without
    assert shown.count("<img") == without.count("<img") + 1


def test_the_run_that_comes_with_the_program_has_the_generators_answers_and_todays_grades() -> None:
    shown = proving.office_of(Path("no folder"), live=False)
    assert shown is not None
    run, made = shown.run, office(shown.run.seed, 28)
    assert run.unrecorded == 0 and run.messages == made.messages
    for arm in run.arms:
        for answered, asked in zip(run.of(arm.name), made.asked, strict=True):
            assert (answered.question, answered.answer) == (asked.question, asked.answer)
            assert answered.said_right == right(answered.said, asked)
            assert answered.right == (answered.served != "not_found" and right(answered.given, asked))

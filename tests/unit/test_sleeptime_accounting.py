"""The sleep-time paper's arithmetic, held to examples worked by hand."""

from pathlib import Path

import pytest

from bot.proof.accounting import (
    Point,
    accuracy_at,
    added,
    cost_per_query,
    curve,
    intervals,
    largest_gain,
    largest_saving,
    mean_gain,
    saving_at,
    tokens_for,
)
from bot.proof.arms import Cell, Played, Slept
from bot.proof.figures import Key, Layout, all_figures, figures, vector
from bot.proof.gsm import read_gsm, split

AWAKE = [Point(100, 0.2), Point(200, 0.4), Point(500, 0.7)]
ASLEEP = [Point(50, 0.4), Point(100, 0.5), Point(200, 0.6)]


def test_a_query_costs_its_share_of_sleep_and_ten_times_its_own_tokens() -> None:
    assert cost_per_query(1000, [20]) == 1000 + 10 * 20
    assert cost_per_query(1000, [20, 40]) == (1000 + 10 * 60) / 2
    assert cost_per_query(0, [100] * 10) == 1000
    assert cost_per_query(6000, [20] * 10) == 800


def test_a_curve_leaves_out_what_costs_more_and_answers_worse() -> None:
    assert curve([Point(300, 0.5), Point(100, 0.4), Point(200, 0.3), Point(100, 0.1)]) == [
        Point(100, 0.4),
        Point(300, 0.5),
    ]


def test_between_two_points_a_curve_is_straight_and_beyond_its_end_flat() -> None:
    assert [accuracy_at(AWAKE, tokens) for tokens in (99, 100, 150, 350, 500, 900)] == pytest.approx(
        [None, 0.2, 0.3, 0.55, 0.7, 0.7]
    )
    assert [tokens_for(AWAKE, accuracy) for accuracy in (0.1, 0.2, 0.3, 0.7, 0.71)] == pytest.approx(
        [100, 100, 150, 500, None]
    )


def test_gains_and_savings_are_the_distances_between_the_curves() -> None:
    # up: at 100 tokens 0.5 against 0.2, at 200 tokens 0.6 against 0.4, at 500 tokens 0.6 against 0.7
    assert largest_gain(AWAKE, ASLEEP) == pytest.approx(0.3)
    # area: 100 * (0.3 + 0.2) / 2 + 300 * (0.2 - 0.1) / 2 = 25 + 15, over 400 tokens
    assert mean_gain(AWAKE, ASLEEP) == pytest.approx(40 / 400)
    # across: 0.4 takes 200 tokens or 50; 0.5 takes 300 or 100; 0.6 takes 400 or 200
    assert largest_saving(AWAKE, ASLEEP) == pytest.approx(4)
    assert saving_at(AWAKE, ASLEEP, 0.6) == pytest.approx(2)
    assert saving_at(AWAKE, ASLEEP, 0.7) is None


def test_without_a_shared_range_nothing_is_claimed() -> None:
    assert largest_gain([], ASLEEP) is None
    assert mean_gain(AWAKE, []) is None
    assert largest_saving([Point(100, 0.1)], []) is None


def test_an_interval_holds_the_figure_and_narrows_with_more_contexts() -> None:
    few, many = [(10, n % 10) for n in range(10)], [(10, n % 10) for n in range(400)]
    wide, narrow = (intervals(one, lambda sums: {"share": sums[1] / sums[0]}, seed=1)["share"] for one in (few, many))
    assert wide.low < 0.45 < wide.high
    assert narrow.low < 0.45 < narrow.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 3
    assert intervals(few[:1], lambda sums: {"share": 1.0}, seed=1) == {}


# --- from cells to figures ------------------------------------------------------------------------

LAYOUT = Layout(("test-only", "sleep k=1"), (0, 4), (1, 2))


def cell(arm: str, verbosity: int, question: int, right: bool, tokens: tuple[int, int], case: str = "a") -> Cell:
    return Cell(
        case=case, level=1, arm=arm, verbosity=verbosity, question=question, kind="total", right=right,
        prompt=tokens[0], completion=tokens[1], stopped="end", seconds=1.0, call="k",
    )  # fmt: skip


def played(case: str = "a") -> Played:
    """Two questions: awake, one is right in 10 tokens and both are in 100; asleep both are in 20, or in 60."""
    return Played(
        cells=(
            cell("test-only", 0, 0, True, (500, 8), case), cell("test-only", 0, 1, False, (500, 12), case),
            cell("test-only", 4, 0, True, (500, 90), case), cell("test-only", 4, 1, True, (500, 110), case),
            cell("sleep k=1", 0, 0, True, (800, 15), case), cell("sleep k=1", 0, 1, True, (800, 25), case),
            cell("sleep k=1", 4, 0, True, (800, 60), case), cell("sleep k=1", 4, 1, True, (800, 60), case),
        ),
        slept=(
            Slept(case=case, arm="test-only", calls=0, prompt=0, completion=0),
            Slept(case=case, arm="sleep k=1", calls=2, prompt=1200, completion=600),
        ),
    )  # fmt: skip


def test_the_worked_example_comes_out_as_by_hand() -> None:
    found = figures(LAYOUT, vector(LAYOUT, played()))
    by_hand = {
        Key("accuracy", "test-only", "completion", 0): 0.5,
        Key("accuracy", "sleep k=1", "completion", 0): 1.0,
        Key("test_tokens", "test-only", "completion", 4): 100,
        Key("test_tokens", "sleep k=1", "all", 0): 820,
        Key("sleep_tokens", "sleep k=1", "completion"): 600,
        Key("sleep_tokens", "sleep k=1", "all"): 1800,
        Key("cost", "test-only", "completion", 4, 2): 10 * 100,
        Key("cost", "sleep k=1", "completion", 0, 1): 600 + 10 * 20,
        Key("cost", "sleep k=1", "completion", 0, 2): 600 / 2 + 10 * 20,
        Key("cost", "sleep k=1", "all", 0, 2): 1800 / 2 + 10 * 820,
        Key("largest_gain", "sleep k=1", "completion"): 1 - (0.5 + 0.5 * 10 / 90),
        Key("saving_at_best", "sleep k=1", "completion"): 5,
        Key("cost_at_best", "test-only", "completion", -1, 2): 1000,
        Key("cost_at_best", "sleep k=1", "completion", -1, 2): 500,
        Key("cheaper_at_best", "sleep k=1", "completion", -1, 2): 2,
        Key("sleep_share_at_best", "sleep k=1", "completion", -1, 2): 0.6,
        Key("cheaper_at_best", "sleep k=1", "all", -1, 2): 10 * 600 / (900 + 8200),  # reading more eats up the gain
    }
    assert {key: found[key] for key in by_hand} == pytest.approx(by_hand)


def test_two_contexts_alike_come_to_the_same_figures_and_every_one_has_its_n() -> None:
    one = figures(LAYOUT, vector(LAYOUT, played()))
    both = added([vector(LAYOUT, played("a")), vector(LAYOUT, played("b"))])
    assert figures(LAYOUT, both) == pytest.approx(one)
    told = all_figures(LAYOUT, [played("a"), played("b")], seed=1)
    assert {(figure.questions, figure.cases) for figure in told} == {(4, 2)}
    assert all(figure.low == figure.value == figure.high for figure in told)


# --- GSM-Symbolic ---------------------------------------------------------------------------------


def test_the_question_is_what_follows_the_last_full_stop() -> None:
    assert split("Mia has 1.5 pies. She eats 0.5. How many are left?") == (
        "Mia has 1.5 pies. She eats 0.5.",
        "How many are left?",
    )


def test_rows_of_gsm_become_cases_and_a_lone_question_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "gsm.jsonl"
    file.write_text(
        '{"question": "Tom has 1,200 nuts. He eats 4 each day. How many days?", "answer": "1200/4\\n#### 1,300"}\n'
        '{"question": "How much is 3 and 4?", "answer": "#### 7"}\n\n'
        '{"question": "A bus. B bus. Which?", "answer": "#### $5.", "stateful_gsm_symbolic_context": "A bus.", '
        '"stateful_gsm_symbolic_question": "B bus. Which?"}\n'
    )
    cases, left_out = read_gsm(file, 10)
    assert [(one.context, one.questions[0].text, one.questions[0].answer) for one in cases] == [
        ("Tom has 1,200 nuts. He eats 4 each day.", "How many days?", "1300"),
        ("A bus.", "B bus. Which?", "5"),
    ]
    assert left_out == 1


def test_a_file_that_is_not_gsm_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "gsm.jsonl"
    file.write_text('{"question": "A. B?", "answer": "#### 1"}\n{"text": "C"}\n')
    with pytest.raises(ValueError, match=r"gsm\.jsonl:2"):
        read_gsm(file, 10)

"""The page of `nightdesk proof` says what a run shows, and no more."""

import re

from bot.proof import page
from bot.proof.arms import Plan
from bot.proof.calls import Call
from bot.proof.cases import Case, Question, office
from bot.proof.results import Results
from bot.proof.run import Asking, Setting, arms, play_all, results
from graphs.thinking import Request

CASES = [office(1, number, 1) for number in range(3)]
PLAN = Plan(arms((0, 1)), verbosities=(0, 2), steps=1)


def _played(knows: bool, model: str = "m") -> Results:
    """A model that answers rightly when it may write, and at once only if it `knows` what it worked out asleep."""
    used: list[Call] = []

    def ask(request: Request) -> Call:
        system, said = (turn.text for turn in request.turns)
        long = "few short lines" in system
        ready = long or (knows and "<ahead>" in said)
        words = "A memory." if request.step == "sleep" else f"Answer: {_asked(said).answer if ready else 'unknown'}"
        used.append(
            Call(key=str(len(used)), step=request.step, text=words, prompt=100, completion=40 if long else 10, cached=0,
                 stopped="end", seconds=0.5, counted=True)
        )  # fmt: skip
        return used[-1]

    ended = play_all(CASES, PLAN, Asking(ask, lambda why: None, lambda line: None, 1))
    return results(Setting(model, "office", 1, (1,), (1, 10)), PLAN, len(CASES), ended, used)


def _asked(said: str) -> Question:
    return next(one for case in CASES for one in case.questions if said.endswith(one.text) and _of(case, said))


def _of(case: Case, said: str) -> bool:
    return case.context.splitlines()[1] in said


def _html(found: Results) -> str:
    return page.html(found, dict.fromkeys(page.PICTURES, b"png"), "Recorded run: somebody")


def test_a_gain_is_told_with_its_interval_and_in_both_countings() -> None:
    [said] = page.verdict(_played(knows=True))
    assert re.match(r"sleep k=1: \+\d+\.\d points of accuracy at equal test tokens \(95 %: \+\d", said)
    assert "which includes 0" not in said and "counting also what is read" in said


def test_where_sleep_brought_nothing_the_page_says_that_no_gain_is_shown() -> None:
    [said] = page.verdict(_played(knows=False))
    assert "+0.0 points" in said and "this run does not show a gain" in said


def test_the_page_says_whose_answers_they_are_and_loads_nothing() -> None:
    html = _html(_played(knows=True))
    assert "Recorded run: somebody" in html and "the paper: 2.5 at N = 10" in html
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", html) and "<script" not in html


def test_a_models_name_is_text() -> None:
    assert "<img src=x>" not in _html(_played(knows=True, model="<img src=x>"))

"""A question in other words is near to the one that was answered ahead; another question about the same things is not."""

import json
from pathlib import Path

import pytest

from bot.gathering import OFFER
from graphs.rules.wording import nearness

CASES = json.loads((Path(__file__).parent / "paraphrases.json").read_text(encoding="utf-8"))
SAME = [(case, said) for case in CASES for said in case["same"]]
NEAR_MISSES = [(case, said) for case in CASES for said in case["other"]]


def _near(case: dict[str, str], said: str) -> float:
    return nearness(said, [case["question"]], case["answer"])


def test_four_of_five_paraphrases_find_their_question_and_hardly_a_near_miss_does() -> None:
    assert len(CASES) >= 20 and len(SAME) >= 60
    assert sum(_near(case, said) >= OFFER for case, said in SAME) >= 0.8 * len(SAME)
    assert sum(_near(case, said) >= OFFER for case, said in NEAR_MISSES) <= 0.25 * len(NEAR_MISSES)


def test_no_paraphrase_finds_the_answer_of_another_question() -> None:
    wrong = [said for case, said in SAME for other in CASES if other is not case and _near(other, said) >= OFFER]
    assert wrong == []


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        ("Who does the audit?", "When is the audit?"),
        ("Wo steht die Presse?", "Wann kommt die Presse?"),
        ("and when?", "When is it?"),
    ],
)
def test_who_asks_for_a_person_does_not_ask_for_a_day(asked: str, other: str) -> None:
    assert nearness(asked, [other]) < nearness(other, [other]) or nearness(asked, [other]) == 0.0

"""What was asked is expected again: of us always, of colleagues where something remembered tells of it."""

from datetime import timedelta

import pytest

from bot.anticipating import of_questions
from bot.store.prepared import WasAsked
from graphs.domain import Memory, SlackSource
from tests.unit.rules_threads import MONDAY

HELD = Memory(
    id=1, scope="channel:C1", kind="fact", text="The floor plan of hall 4 hangs beside the printer.", quote="hangs", sources=(SlackSource(channel="C1", ts="1.1"),),
    said_by="UADA", valid_from=MONDAY,
)  # fmt: skip


def asked(text: str, by: tuple[str, ...] = ("UADA", "UBOB"), of_us: bool = False) -> list[WasAsked]:
    return [WasAsked(n, text, who, MONDAY - timedelta(hours=n), of_us, False) for n, who in enumerate(by, 1)]


def expected(found: list[WasAsked]) -> list[str]:
    return [one.text for one in of_questions(found, [HELD], MONDAY)]


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("Where is the floor plan of hall 4?", True), ("Who has the floor plan?", True), ("Anybody for a coffee?", False),
        ("Does anyone have a charger?", False), ("Where is the floor plan today?", False),
    ],
)  # fmt: skip
def test_what_colleagues_ask_each_other_is_expected_where_a_memory_tells_of_it(question: str, kept: bool) -> None:
    assert expected(asked(question)) == ([question] if kept else [])
    assert expected(asked(question, by=("UADA",))) == []  # nobody else wanted to know


def test_what_we_are_asked_is_expected_whatever_is_remembered() -> None:
    assert expected(asked("Does anyone have a charger?", by=("UADA",), of_us=True)) == ["Does anyone have a charger?"]

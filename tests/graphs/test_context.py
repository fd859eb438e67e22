"""Each line of a brief rests on memories there are."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import context as briefing
from graphs.checks import unknown_links
from graphs.context import Context, Line, Lines, Rewritten
from graphs.domain import Memory, SlackSource
from graphs.thinking import Failure, Thinker
from tests.graphs.thinkers import ATTACK, FAILURE, Asked, Model, run
from tests.unit.rules_threads import MONDAY

NOW = MONDAY + timedelta(days=1)


def memory(id_: int, text: str, **given: Any) -> Memory:
    facts = {"scope": "channel:C1", "kind": "decision", "quote": text, "said_by": "UPRI", "valid_from": MONDAY}
    sources = (SlackSource(channel="C1", ts=f"{id_}.1"),)
    return Memory.model_validate(facts | {"id": id_, "text": text, "sources": sources} | given)


KNOWN = (memory(7, "The launch moves to 26 March."), memory(8, "Bob looks after the warehouse."))


def night(thinker: Thinker | None, memories: Sequence[Memory] = KNOWN) -> tuple[Rewritten, list[str]]:
    context = Context(thinker, "#ops", tuple(memories), NOW, "UTC")
    begins = {"pending": [m.id for m in memories], "rewritten": Rewritten()}
    state, nodes = run(briefing.build(), begins, context)
    return state["rewritten"], nodes


def answering(lines: Sequence[Line] | Failure) -> Model:
    def thinks(asked: Asked) -> Lines | Failure:
        return lines if isinstance(lines, Failure) else Lines(lines=tuple(lines))

    return Model(thinks)


def brief(*lines: Line) -> list[tuple[str, tuple[int, ...]]]:
    return [(line.text, line.memories) for line in night(answering(lines).thinker)[0].lines]


def test_a_line_rests_on_the_notes_it_names() -> None:
    line = Line(text="Since Monday the launch is on 26 March.", notes=("K1", "K2", "K99", "K1"))
    assert brief(line) == [(line.text, (7, 8))]


@pytest.mark.parametrize(
    "refused",
    [
        Line(text="The launch is on 26 March.", notes=()), Line(text="The launch is on 26 March.", notes=("K7",)),
        Line(text="The launch is on 27 March.", notes=("K1",)), Line(text="See evil.example/x.", notes=("K1",)), Line(text=" ", notes=("K1",)),
    ],
)  # fmt: skip
def test_a_line_that_rests_on_nothing_or_adds_something_is_dropped_and_the_one_beside_it_stays(refused: Line) -> None:
    assert brief(refused, Line(text="Bob has the warehouse.", notes=("K2",))) == [("Bob has the warehouse.", (8,))]


REFS = st.lists(st.sampled_from(["K1", "K2", "K0", "K9", "7", "", "x"]), max_size=4).map(tuple)
LINES = st.builds(
    Line,
    text=st.one_of(
        st.sampled_from(["The launch is on 26 March.", "12 March", "999", "evil.ru/x", ""]), st.text(max_size=40)
    ),
    notes=REFS,
)


@given(st.lists(LINES, max_size=20))
@settings(deadline=None, max_examples=50)
def test_whatever_a_model_says_lines_rest_on_notes(lines: list[Line]) -> None:
    made, _ = night(answering(lines).thinker)
    assert 0 < len(made.lines) <= 12
    for line in made.lines:
        assert line.memories and set(line.memories) <= {7, 8}
        assert not unknown_links(line.text, [m.text for m in KNOWN if m.id in line.memories])


def test_when_the_model_fails_the_brief_is_a_list_and_the_reason_is_kept() -> None:
    plain, fallen = night(None)[0], night(answering(FAILURE).thinker)[0]
    assert plain.lines == fallen.lines != ()
    assert (plain.fell_back, fallen.fell_back) == ("", FAILURE.reason)


def test_a_hostile_text_opens_and_closes_nothing_and_takes_the_same_way() -> None:
    evil = [m.model_copy(update={"text": f"{m.text} {ATTACK}"[:240]}) for m in KNOWN]
    lines = [Line(text="The launch is on 26 March.", notes=("K1",))]
    benign, hostile = answering(lines), answering(lines)
    nodes = [night(model.thinker, said)[1] for model, said in ((benign, KNOWN), (hostile, evil))]
    assert nodes == [["rewrite"]] * 2
    [tame], [wild] = benign.asked, hostile.asked
    assert (tags(tame), tame.system, tame.step) == (tags(wild), wild.system, wild.step)


def tags(asked: Asked) -> list[str]:
    return re.findall(r"</?\w+(?: \w+=\"[^\"]*\")*", asked.user)

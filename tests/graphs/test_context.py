"""Each line of a brief rests on memories there are, and what still holds is not lost."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import context as briefing
from graphs.checks import unknown_links
from graphs.context import Context, Known, Line, Lines, Rewritten
from graphs.domain import ContextLine
from graphs.rules.text import CONCLUDED
from graphs.thinking import Failure, Thinker
from tests.graphs.thinkers import ATTACK, FAILURE, Asked, Model, run
from tests.unit.rules_threads import MONDAY, PEOPLE

NOW = MONDAY + timedelta(days=1)
TOKENS = 60
LAUNCH = Known(7, "decision", "The launch moves to 26 March.", "UPRI", MONDAY, new=True)
BOB = Known(8, "fact", "Bob looks after the warehouse.", "UBOB", MONDAY, new=False)
OLD = (
    ContextLine(text="Kestrel delivers 1400 pallets each spring.", memories=(3,)),
    ContextLine(text="Priya leads the launch with Tom.", memories=(4, 5)),
)


def night(thinker: Thinker | None, known: Sequence[Known] = (LAUNCH, BOB), **given: Any) -> tuple[Rewritten, list[str]]:
    facts: dict[str, Any] = {"lines": (), "owed": frozenset(), "tokens": TOKENS} | given
    context = Context(
        thinker=thinker, about="the channel #ops", known=tuple(known), people=PEOPLE, now=NOW, zone="UTC", **facts
    )
    begins = {"pending": [one.id for one in known], "rewritten": Rewritten()}
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
        Line(text="The launch moves, says Kevin.", notes=("K1",)), Line(text="Tom says that the launch moves.", notes=("K1",)),
        Line(text="", notes=("K1",)), Line(text="", notes=("L1",)),
    ],
)  # fmt: skip
def test_a_line_that_rests_on_nothing_or_adds_something_is_dropped_and_the_one_beside_it_stays(refused: Line) -> None:
    assert brief(refused, Line(text="Bob has the warehouse.", notes=("K2",))) == [("Bob has the warehouse.", (8,))]


def test_the_same_is_told_once() -> None:
    lines = [Line(text="The launch is on 26 March.", notes=("K1",)), Line(text="Launch: 26 March.", notes=("K1",))]
    assert brief(*lines) == [(lines[0].text, (7,))]


def test_who_said_a_note_may_be_named() -> None:
    line = Line(text="Priya moved the launch to 26 March.", notes=("K1",))
    assert brief(line) == [(line.text, (7,))]


# --- the brief that there is ----------------------------------------------------------------------


def revised(*lines: Line, owed: frozenset[int] = frozenset()) -> Rewritten:
    return night(answering(lines).thinker, lines=OLD, owed=owed)[0]


def test_a_line_stays_word_for_word_when_its_id_alone_is_named() -> None:
    assert revised(Line(text="", notes=("L2",)), Line(text=" ", notes=("L1",))).lines == OLD[::-1]


def test_a_changed_line_rests_on_what_the_old_one_did_and_on_what_is_new() -> None:
    text = "Priya leads the launch on 26 March with Tom."
    assert revised(Line(text=text, notes=("L2", "K1"))).lines == (ContextLine(text=text, memories=(4, 5, 7)),)


def test_a_brief_that_loses_more_than_a_quarter_of_what_holds_is_refused_and_one_that_loses_a_quarter_is_not() -> None:
    first = Line(text="", notes=("L1",)), Line(text="Bob has the warehouse.", notes=("K2",))
    lost_two = revised(*first, owed=frozenset({3, 4, 5, 8}))
    assert lost_two.refused
    assert lost_two.lines == (
        *OLD,
        ContextLine(text=LAUNCH.text, memories=(7,)),
        ContextLine(text=BOB.text, memories=(8,)),
    )
    assert revised(*first, owed=frozenset({3, 4, 8})).refused  # one in three
    kept = revised(*first, Line(text="The launch is on 26 March.", notes=("K1",)), owed=frozenset({3, 4, 7, 8}))
    assert not kept.refused and len(kept.lines) == 3


def test_nothing_usable_leaves_the_old_lines_and_appends_what_is_new_before_the_rest() -> None:
    for useless in ([], [Line(text="Tom has it.", notes=("K1",))]):
        made = revised(*useless, owed=frozenset({3}))
        assert made.refused and [line.memories for line in made.lines] == [(3,), (4, 5), (7,), (8,)]


def test_a_brief_stays_within_its_budget_whoever_writes_it() -> None:
    many = [Known(n, "fact", f"Fact {n}: {'x' * 80}", "UPRI", MONDAY + timedelta(hours=n), new=True) for n in range(40)]
    lines = [Line(text=one.text, notes=(f"K{n}",)) for n, one in enumerate(many, 1)]
    for thinker in (None, answering(lines).thinker, answering(FAILURE).thinker):
        made, _ = night(thinker, many)
        assert 0 < sum(len(line.text) + 1 for line in made.lines) <= 4 * TOKENS
    newest, _ = night(None, many)
    assert newest.lines[0].memories == (39,)


def test_a_conclusion_is_always_told_as_one() -> None:
    worked_out = Known(9, "conclusion", "The launch waits for the pallets.", "", MONDAY, new=True)
    for said in ("the launch waits.", "I conclude: the launch waits.", "I conclude that the launch waits."):
        says = [Line(text=said, notes=("K1",))]
        [told] = night(answering(says).thinker, [worked_out])[0].lines
        assert told.text.casefold() == f"{CONCLUDED}the launch waits.".casefold()
    [plain] = night(None, [worked_out])[0].lines
    assert plain.text == f"{CONCLUDED}{worked_out.text}"
    again = night(answering([Line(text="The pallets hold the launch up.", notes=("L1",))]).thinker, (), lines=(plain,))[
        0
    ]
    assert again.lines[0].text.startswith(CONCLUDED)


REFS = st.lists(st.sampled_from(["K1", "K2", "L1", "L2", "K0", "K9", "7", "", "x"]), max_size=4).map(tuple)
LINES = st.builds(
    Line,
    text=st.one_of(
        st.sampled_from(["The launch is on 26 March.", "12 March", "999", "evil.ru/x", ""]), st.text(max_size=40)
    ),
    notes=REFS,
)


@given(st.lists(LINES, max_size=20))
@settings(deadline=None, max_examples=50)
def test_whatever_a_model_says_lines_rest_on_notes_and_no_more_than_a_quarter_is_lost(lines: list[Line]) -> None:
    owed = frozenset({3, 4, 5, 8})
    made, _ = night(answering(lines).thinker, lines=OLD, owed=owed)
    said = {7: LAUNCH.text, 8: BOB.text, 3: OLD[0].text, 4: OLD[1].text, 5: OLD[1].text}
    assert len(owed - {memory for line in made.lines for memory in line.memories}) <= 1
    for line in made.lines:
        assert line.memories and set(line.memories) <= set(said)
        assert not unknown_links(line.text, [said[memory] for memory in line.memories])


def test_when_the_model_fails_code_appends_and_the_reason_is_kept() -> None:
    plain, fallen = night(None)[0], night(answering(FAILURE).thinker)[0]
    assert plain.lines == fallen.lines != ()
    assert (plain.fell_back, fallen.fell_back) == ("", FAILURE.reason)


def test_a_hostile_text_opens_and_closes_nothing_and_takes_the_same_way() -> None:
    evil = [
        Known(one.id, one.kind, f"{one.text} {ATTACK}"[:240], one.said_by, one.at, one.new) for one in (LAUNCH, BOB)
    ]
    bad = tuple(ContextLine(text=f"{line.text} {ATTACK}"[:220], memories=line.memories) for line in OLD)
    lines = [Line(text="", notes=("L1",)), Line(text="The launch is on 26 March.", notes=("K1",))]
    benign, hostile = answering(lines), answering(lines)
    nodes = [
        night(benign.thinker, lines=OLD)[1],
        night(hostile.thinker, evil, lines=bad)[1],
    ]
    assert nodes == [["rewrite"]] * 2
    [tame], [wild] = benign.asked, hostile.asked
    assert (tags(tame), tame.system, tame.step) == (tags(wild), wild.system, wild.step)


def tags(asked: Asked) -> list[str]:
    return re.findall(r"</?\w+(?: \w+=\"[^\"]*\")*", asked.user)

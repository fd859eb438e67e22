"""What a place learns stands word for word in its messages, and each line of its brief on notes there are."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import consolidate
from graphs.checks import quotes, unknown_links
from graphs.consolidate import Block, Context, Draftline, Line, Lines, Note, Noted, Notes, all_facts, context_lines
from graphs.domain import Fact, Memory, Message, Quoted, SlackSource
from graphs.thinking import Failure, Thinker
from tests.graphs.thinkers import ATTACK, FAILURE, Asked, Model, run
from tests.unit.rules_threads import MONDAY, PEOPLE, channel

NOW = MONDAY + timedelta(days=1)
TALK = channel(
    "priya: We decided: the launch moves to 26 March.",
    "bob: Kestrel delivers 1400 pallets, see https://house.example/kestrel",
    "tom: lunch?",
)
MESSAGES = [m.model_copy(update={"id": 50 + n}) for n, m in enumerate(TALK.messages)]
KNOWN = tuple(
    Memory(id=n, scope="channel:C1", kind="decision", text=text, quote=text, sources=(SlackSource(channel="C1", ts=f"{n}.1"),), said_by="UPRI", valid_from=MONDAY)
    for n, text in ((7, "The launch is on 12 March."), (8, "Bob looks after the warehouse."))
)  # fmt: skip


def note(
    message: int = 1,
    quote: str = "the launch moves to 26 March",
    text: str = "The launch moves to 26 March.",
    **given: Any,
) -> Note:
    facts = {
        "message": message,
        "quote": quote,
        "text": text,
        "kind": "decision",
        "change": "reversal",
        "supersedes": (),
    }
    return Note.model_validate(facts | given)


def night(
    thinker: Thinker | None, messages: Sequence[Message] = MESSAGES, size: int = 9
) -> tuple[dict[str, Any], list[str]]:
    rows = {m.id: m for m in messages}
    numbers = list(rows)
    pending = [Block(messages=tuple(numbers[n : n + size])) for n in range(0, len(numbers), size)]
    context = Context(thinker, "#ops", lambda ids: [rows[n] for n in ids], KNOWN, PEOPLE, NOW, "UTC")
    return run(consolidate.build(), {"pending": pending, "noted": [], "brief": []}, context)


def answering(notes: Sequence[Note], lines: Sequence[Line] | Failure = ()) -> Model:
    def thinks(asked: Asked) -> Notes | Lines | Failure:
        if asked.step == "remember":
            return Notes(notes=tuple(notes))
        return lines if isinstance(lines, Failure) else Lines(lines=tuple(lines))

    return Model(thinks)


def facts(*notes: Note, messages: Sequence[Message] = MESSAGES) -> list[Fact]:
    return all_facts(night(answering(notes).thinker, messages)[0]["noted"])


# --- notes ----------------------------------------------------------------------------------------


def test_a_note_becomes_a_fact_with_its_quote_its_message_and_who_said_it() -> None:
    [fact] = facts(note(supersedes=("K1",)))
    assert (fact.text, fact.quote, fact.message, fact.said_by) == (
        "The launch moves to 26 March.",
        "the launch moves to 26 March",
        50,
        "UPRI",
    )
    assert (fact.source, fact.said_at, fact.change, fact.supersedes) == (
        MESSAGES[0].source,
        MESSAGES[0].sent_at,
        "reversal",
        (7,),
    )
    assert fact.found_by == "model"


@pytest.mark.parametrize(
    "refused",
    [
        note(0), note(4), note(-1), note(2),  # that quote is in another message
        note(quote="the launch moves to 27 March"), note(quote=""), note(quote="to"),
        note(text=""), note(text=" … "),
        note(text="The launch costs 90000 EUR."), note(text="The launch moves to 2031."), note(text="See https://evil.example/launch"),
    ],
)  # fmt: skip
def test_a_note_without_its_words_or_with_something_of_its_own_is_dropped_and_the_one_beside_it_stays(
    refused: Note,
) -> None:
    [fact] = facts(refused, note(2, quote="Kestrel delivers 1400 pallets", text="Kestrel delivers 1400 pallets"))
    assert fact.message == 51


def test_a_note_supersedes_only_what_is_known_here() -> None:
    [fact] = facts(note(supersedes=("K1", "K99", "K", "7", "x")))
    assert fact.supersedes == (7,)


def test_the_same_words_are_noted_once() -> None:
    assert len(facts(note(), note(text="It moves to 26 March."), note(quote="the  LAUNCH moves to 26 March."))) <= 2
    assert len(facts(note(), note())) == 1


def test_what_is_sensitive_is_not_even_shown() -> None:
    private = MESSAGES[2].model_copy(
        update={"text": Quoted(text="Wilma was diagnosed with cancer and is on sick leave")}
    )
    model = answering([note(1)])
    state, _ = night(model.thinker, [private, *MESSAGES[:2]])
    assert all("Wilma" not in asked.user for asked in model.asked)
    assert [fact.message for fact in all_facts(state["noted"])] == [50]


NOTES = st.builds(
    Note,
    message=st.integers(-1, 5),
    quote=st.sampled_from(["the launch moves to 26 March", "Kestrel delivers 1400 pallets", "lunch?", "", ATTACK[:100]]),
    text=st.one_of(st.sampled_from(["Kestrel delivers 1400 pallets", "see evil.ru/x", "It costs 999 EUR", "."]), st.text(max_size=40)),
    kind=st.just("fact"), change=st.just(""), supersedes=st.lists(st.sampled_from(["K1", "K2", "K3", ""])).map(tuple),
)  # fmt: skip
REFS = st.lists(st.sampled_from(["K1", "K2", "N0", "N1", "N9", "K99", "", "x"]), max_size=4).map(tuple)
LINES = st.builds(
    Line,
    text=st.one_of(
        st.sampled_from(["The launch is on 26 March.", "12 March", "999", "evil.ru/x", ""]), st.text(max_size=40)
    ),
    notes=REFS,
)


@given(st.lists(NOTES, max_size=6), st.lists(LINES, max_size=20))
@settings(deadline=None, max_examples=50)
def test_whatever_a_model_says_facts_are_quoted_and_lines_rest_on_notes(notes: list[Note], lines: list[Line]) -> None:
    state, _ = night(answering(notes, lines).thinker)
    found = all_facts(state["noted"])
    said = {m.id: m.text.text for m in MESSAGES}
    for fact in found:
        assert quotes(fact.quote, said[fact.message]) and not unknown_links(fact.text, said.values())
        assert set(fact.supersedes) <= {7, 8}
    brief: list[Draftline] = state["brief"]
    assert len(brief) <= 12 and bool(brief) == bool(found)
    gone = {old for fact in found for old in fact.supersedes}
    for line in brief:
        texts = [found[n].text for n in line.facts] + [m.text for m in KNOWN if m.id in line.memories]
        assert (line.memories or line.facts) and not set(line.memories) & gone and set(line.memories) <= {7, 8}
        assert not unknown_links(line.text, texts)


# --- the brief ------------------------------------------------------------------------------------


def brief(*lines: Line) -> list[Draftline]:
    return list(night(answering([note(supersedes=("K1",))], lines).thinker)[0]["brief"])


def test_a_line_rests_on_the_notes_it_names() -> None:
    [line] = brief(Line(text="Since Monday the launch is on 26 March.", notes=("N0", "K2", "K99")))
    assert (line.facts, line.memories) == ((0,), (8,))
    [held] = context_lines([line], [700])
    assert (held.text, held.memories) == (line.text, (8, 700))


@pytest.mark.parametrize(
    "refused",
    [
        Line(text="The launch is on 26 March.", notes=()), Line(text="The launch is on 26 March.", notes=("N7",)),
        Line(text="The launch is on 12 March.", notes=("K1",)),  # no longer true since tonight
        Line(text="The launch is on 27 March.", notes=("N0",)), Line(text="See evil.example/x.", notes=("N0",)), Line(text=" ", notes=("N0",)),
    ],
)  # fmt: skip
def test_a_line_that_rests_on_nothing_or_adds_something_is_dropped_and_the_one_beside_it_stays(refused: Line) -> None:
    assert [line.text for line in brief(refused, Line(text="Bob has the warehouse.", notes=("K2",)))] == [
        "Bob has the warehouse."
    ]


def test_nothing_noted_leaves_the_old_brief_alone() -> None:
    model = answering([])
    assert night(model.thinker)[0]["brief"] == []
    assert [asked.step for asked in model.asked] == ["remember"]


# --- without a usable answer ----------------------------------------------------------------------


def test_when_the_model_fails_rules_note_the_brief_is_a_list_and_the_reason_is_kept() -> None:
    plain, _ = night(None)
    fallen, _ = night(Model(lambda asked: FAILURE).thinker)
    assert all_facts(plain["noted"]) == all_facts(fallen["noted"]) != []
    assert plain["brief"] == fallen["brief"] != []
    assert ([one.fell_back for one in plain["noted"]], [one.fell_back for one in fallen["noted"]]) == (
        [""],
        [FAILURE.reason],
    )
    half, _ = night(answering([note()], FAILURE).thinker)
    assert next(line.facts for line in half["brief"]) == (0,)


def test_blocks_may_end_in_any_order() -> None:
    one = [
        Noted(
            block=Block(messages=(n,)),
            facts=tuple(facts(note(), note(2, "Kestrel delivers", "Kestrel delivers"))[n : n + 1]),
        )
        for n in (0, 1)
    ]
    assert all_facts(one) == all_facts(one[::-1])


# --- prompts and fences ---------------------------------------------------------------------------


def test_a_hostile_text_opens_and_closes_nothing_and_takes_the_same_way() -> None:
    evil = [m.model_copy(update={"text": Quoted(text=f"{m.text.text} {ATTACK}")}) for m in MESSAGES]
    lines = [Line(text="The launch is on 26 March.", notes=("N0",))]
    benign, hostile, again = (answering([note()], lines) for _ in range(3))
    nodes = [
        night(model.thinker, said, size=2)[1]
        for model, said in ((benign, MESSAGES), (hostile, evil), (again, MESSAGES))
    ]
    assert nodes == [["note", "note", "brief"]] * 3
    assert sorted(benign.asked, key=str) == sorted(again.asked, key=str)
    for tame, wild in zip(sorted(benign.asked, key=tags), sorted(hostile.asked, key=tags), strict=True):
        assert (tags(tame), tame.system, tame.step) == (tags(wild), wild.system, wild.step)


def tags(asked: Asked) -> list[str]:
    return re.findall(r"</?\w+(?: \w+=\"[^\"]*\")*", asked.user)

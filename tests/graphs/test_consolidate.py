"""What a place learns stands word for word in its messages."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import consolidate
from graphs.checks import quotes, unknown_links
from graphs.consolidate import Block, Context, Note, Noted, Notes, all_facts
from graphs.domain import Fact, Memory, Message, Quoted, SlackSource
from graphs.thinking import Thinker
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
    return run(consolidate.build(), {"pending": pending, "noted": []}, context)


def answering(notes: Sequence[Note]) -> Model:
    return Model(lambda asked: Notes(notes=tuple(notes)))


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


@given(st.lists(NOTES, max_size=6))
@settings(deadline=None, max_examples=50)
def test_whatever_a_model_says_facts_are_quoted(notes: list[Note]) -> None:
    state, _ = night(answering(notes).thinker)
    said = {m.id: m.text.text for m in MESSAGES}
    for fact in all_facts(state["noted"]):
        assert quotes(fact.quote, said[fact.message]) and not unknown_links(fact.text, said.values())
        assert set(fact.supersedes) <= {7, 8}


# --- without a usable answer ----------------------------------------------------------------------


def test_when_the_model_fails_rules_note_and_the_reason_is_kept() -> None:
    plain, _ = night(None)
    fallen, _ = night(Model(lambda asked: FAILURE).thinker)
    assert all_facts(plain["noted"]) == all_facts(fallen["noted"]) != []
    assert ([one.fell_back for one in plain["noted"]], [one.fell_back for one in fallen["noted"]]) == (
        [""],
        [FAILURE.reason],
    )


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
    benign, hostile, again = (answering([note()]) for _ in range(3))
    nodes = [
        night(model.thinker, said, size=2)[1]
        for model, said in ((benign, MESSAGES), (hostile, evil), (again, MESSAGES))
    ]
    assert nodes == [["note", "note"]] * 3
    assert sorted(benign.asked, key=str) == sorted(again.asked, key=str)
    for tame, wild in zip(sorted(benign.asked, key=tags), sorted(hostile.asked, key=tags), strict=True):
        assert (tags(tame), tame.system, tame.step) == (tags(wild), wild.system, wild.step)


def tags(asked: Asked) -> list[str]:
    return re.findall(r"</?\w+(?: \w+=\"[^\"]*\")*", asked.user)

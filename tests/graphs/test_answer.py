"""A live answer says what its passages say, cites what it was given, and otherwise says that it does not know."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import answer
from graphs.answer import Context
from graphs.checks import unknown_links
from graphs.citing import NOT_FOUND, Passage, read
from graphs.domain import Answer, Message, Prepared, Quoted, SlackSource
from graphs.prompts import prompt
from graphs.thinking import Failure, Thinker
from tests.graphs.thinkers import ATTACK, FAILURE, Model, run
from tests.unit.rules_threads import MONDAY, PEOPLE, said


def passage(n: int, text: str, by: str = "Priya Nair") -> Passage:
    return Passage(
        source=SlackSource(channel="C1", ts=f"{n}.1"),
        label="#general",
        said_by=by,
        said_at=MONDAY + timedelta(hours=n),
        text=Quoted(text=text),
    )


PASSAGES = (
    passage(1, "The launch moves to 26 March. Marta agreed."),
    passage(2, "Kestrel delivers 1400 pallets, see https://house.example/kestrel", "Bob Marsh"),
    passage(3, "Who wants lunch?", "Tom Vale"),
)
RETRIEVED = tuple(one.source for one in PASSAGES)
QUESTION = "When is the launch?"


def context(
    thinker: Thinker | None, passages: tuple[Passage, ...], asked: str, thread: tuple[Message, ...], heard: list[str]
) -> Context:
    return Context(
        thinker, Quoted(text=asked), "Ada Lovelace", thread, lambda more: passages, ["Marta owns the launch."], PEOPLE, MONDAY + timedelta(days=1), "UTC", heard.append
    )  # fmt: skip


def answered(
    thinker: Thinker | None,
    passages: tuple[Passage, ...] = PASSAGES,
    asked: str = QUESTION,
    thread: tuple[Message, ...] = (),
) -> tuple[Answer, list[str]]:
    state, nodes = run(answer.build(), {}, context(thinker, passages, asked, thread, []))
    return state["answer"], nodes


def saying(text: str | Failure) -> Answer:
    return answered(Model(says=lambda asked: text).thinker)[0]


# --- with a model ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown", "cited"),
    [
        ("The launch is on 26 March [1].", "The launch is on 26 March.", [0]),
        ("The launch is on 26 March. [1]", "The launch is on 26 March.", [0]),
        (
            "Kestrel delivers 1400 pallets [2][1].\nMarta agreed [1].",
            "Kestrel delivers 1400 pallets.\nMarta agreed.",
            [1, 0],
        ),
        ("See https://house.example/kestrel [2].", "See https://house.example/kestrel.", [1]),
        ("Nothing was decided about lunch [3].", "Nothing was decided about lunch.", [2]),
    ],
)
def test_a_statement_with_its_citation_is_shown_and_cited(text: str, shown: str, cited: list[int]) -> None:
    one = saying(text)
    assert (one.text, one.served, one.retrieved) == (shown, "composed", RETRIEVED)
    assert one.citations == tuple(RETRIEVED[n] for n in cited)


@pytest.mark.parametrize(
    "cut",
    [
        "Marta is against it.",
        "Marta is against it [9].",
        "Marta is against it [0].",
        "It costs 90000 EUR [1].",
        "1400 pallets are coming [1].",  # another passage says that
        "Go to https://evil.example/x [1].",
        "Go to https://house.example/kestrel [1].",
    ],
)
def test_a_statement_that_its_passage_cannot_carry_is_cut_and_the_one_beside_it_stays(cut: str) -> None:
    for text in (f"{cut} The launch is on 26 March [1].", f"The launch is on 26 March [1].\n{cut}"):
        one = saying(text)
        assert (one.text, one.citations) == ("The launch is on 26 March.", RETRIEVED[:1])
    alone = saying(cut)
    assert alone.served == "not_found" and alone.citations == ()


def test_a_number_of_the_question_may_be_said_again_and_no_other() -> None:
    asked = "What do 300 pallets of Kestrel cost?"
    told = "For 300 pallets Kestrel names no price [2]. For 500 neither [2]."
    one, _ = answered(Model(says=lambda _: told).thinker, asked=asked)
    assert (one.text, one.citations) == ("For 300 pallets Kestrel names no price.", RETRIEVED[1:2])


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("412 and 1,400 are 1,812 pallets in all [1][2].", True),
        ("1,812 pallets in all [1][2]: 412 for Marlow [1]", True),  # a passage that is cited twice adds up once
        ("824 pallets in all [1][1].", False),
        ("The second order is 988 pallets larger [1][2].", True),
        ("That makes 1,812 pallets [1].", False),  # one of the two is not cited
        ("That makes 1,813 pallets [1][2].", False),
        ("That makes 1,812 pallets [1][2][3].", False),
    ],
)
def test_a_total_is_said_where_the_passages_cited_add_up_to_it_and_nowhere_else(text: str, stands: bool) -> None:
    said = ["Marlow ordered 412 pallets.", "Kestrel ordered 1,400 pallets on 24.11.2026.", "Pike ordered 20 pallets."]
    passages = [PASSAGES[0].model_copy(update={"text": Quoted(text=one)}) for one in said]
    found = read(text, passages, "How many pallets are that in all?")
    assert (found.served == "composed") is stands


@pytest.mark.parametrize(
    "text", ["Am 26. März beginnt es [1].", "Mr. Pruitt agreed [1].", "Ab Do. 26. März gilt z. B. alles [1]."]
)
def test_a_full_stop_that_ends_no_sentence_cuts_none(text: str) -> None:
    passages = (passage(1, "Mr. Pruitt: am 26. März."),)
    one, _ = answered(Model(says=lambda asked: f"{text} Tom is against it.").thinker, passages)
    assert one.text == text.replace(" [1]", "")


@pytest.mark.parametrize("text", ["NOTHING", "NOTHING.", "Nothing.", "NOTHING [2]", "NOTHING\n[2]", "NOTHING [99]"])
def test_nothing_is_an_honest_no_with_the_nearest_passage_if_there_is_one(text: str) -> None:
    one = saying(text)
    assert one.served == "not_found" and one.text.startswith(NOT_FOUND)
    assert one.citations == (RETRIEVED[1:2] if "[2]" in text else ())
    assert ("1400 pallets" in one.text) == ("[2]" in text)


@pytest.mark.parametrize("text", ["[1]", "[1][2].", "", "\n", "[1] The launch is on 26 March."])
def test_a_citation_without_a_statement_is_no_answer(text: str) -> None:
    one = saying(text)
    assert one.served == "not_found" and one.text


def test_an_answer_has_at_most_six_lines_and_four_citations() -> None:
    passages = tuple(passage(n, f"Statement of house {n}.") for n in range(1, 10))
    text = "\n".join(f"Statement of house {n} [{n}]." for n in range(1, 10))
    one, _ = answered(Model(says=lambda asked: text).thinker, passages)
    assert len(one.text.splitlines()) == 6 and one.citations == tuple(p.source for p in passages[:4])


PIECES = st.lists(st.one_of(st.sampled_from(["[1]", "[2]", "[9]", "NOTHING", "The launch is on 26 March [1].", " 90000 EUR", ". ", "\n", "https://evil.example/x [1]", ATTACK]), st.text(max_size=20)), max_size=10).map("".join)  # fmt: skip


@given(PIECES)
@settings(deadline=None, max_examples=80)
def test_whatever_a_model_says_it_cites_what_was_retrieved_and_links_nothing_else(text: str) -> None:
    one = saying(text)
    assert one.text.strip() and set(one.citations) <= set(one.retrieved) == set(RETRIEVED)
    assert one.served in ("composed", "not_found")
    if one.served == "composed":
        assert one.citations
    assert not unknown_links(one.text, [p.text.text for p in PASSAGES])


SAID = st.lists(st.one_of(st.sampled_from(["The launch is on 26 March [1].", "Marta agreed [1]", "[1]", "[1][2].", " ", ". ", "\n", "NOTHING", "Nothing. [2", "[9]", "1400 pallets [2]! "]), st.text(alphabet="ab .[1]\n\r", max_size=6)), max_size=14).map("".join)  # fmt: skip


@given(SAID, st.lists(st.integers(1, 9), min_size=1, max_size=9))
@settings(deadline=None, max_examples=300)
def test_what_is_shown_while_it_is_written_is_the_beginning_of_what_stands_in_the_end(
    text: str, sizes: list[int]
) -> None:
    told: list[str] = []
    one, _ = run(
        answer.build(), {}, replace(context(speaking(text, sizes), PASSAGES, QUESTION, (), []), on_text=told.append)
    )
    shown = "".join(told)
    assert one["answer"].text.startswith(shown) and (one["answer"].served == "composed" or not shown)


def speaking(text: str, sizes: list[int]) -> Thinker:
    """Says `text` in pieces of the given sizes, over and over."""

    def say(step: str, system: str, user: str, on_token: Callable[[str], None], max_tokens: int = 1_000) -> str:
        at = 0
        for size in cycle(sizes):
            if at >= len(text):
                return text.strip()
            on_token(text[at : at + size])
            at += size
        raise AssertionError("a cycle has no end")

    return Thinker(Model().thinker.think, say)


def test_a_statement_is_shown_as_soon_as_it_is_whole_and_one_without_a_source_never() -> None:
    told: list[str] = []
    text = (
        "The launch is on 26 March [1]. It costs 90000 EUR [1]. Marta agreed [1].\nKestrel delivers 1400 pallets [2]."
    )
    run(answer.build(), {}, replace(context(speaking(text, [8]), PASSAGES, QUESTION, (), []), on_text=told.append))
    assert told == ["The launch is on 26 March.", " Marta agreed."]


# --- without a model ------------------------------------------------------------------------------


def test_when_the_model_fails_or_there_is_none_rules_quote_who_said_it() -> None:
    one, _ = answered(None)
    assert one.served == "rules" and one.citations == RETRIEVED[:1]
    assert "Priya Nair" in one.text and "The launch moves to 26 March." in one.text
    assert saying(FAILURE) == one


def test_rules_that_find_no_answer_say_so_and_a_question_is_no_answer() -> None:
    for asked in ("Who repaired the printer?", "Who wants lunch?"):
        one, _ = answered(None, asked=asked)
        assert one.served == "not_found" and one.text.startswith(NOT_FOUND)
        assert set(one.citations) <= set(RETRIEVED)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4), st.text(max_size=40))
@settings(deadline=None, max_examples=60)
def test_rules_quote_only_passages_they_were_given(texts: list[str], asked: str) -> None:
    passages = tuple(passage(n, text) for n, text in enumerate(texts, 1))
    one, _ = answered(None, passages, asked)
    quoted = re.findall("“(.*?)…?”$", one.text, re.MULTILINE)
    whole = [" ".join(text.split()) for text in texts]
    assert all(any(part in text for text in whole) for part in quoted)
    assert set(one.citations) <= {p.source for p in passages} and one.served in ("rules", "not_found")


def test_nothing_retrieved_means_no_call_and_an_honest_no() -> None:
    model = Model(says=lambda asked: "The launch is on 26 March [1].")
    one, nodes = answered(model.thinker, ())
    assert (one, nodes, model.asked) == (Answer(text=NOT_FOUND, served="not_found"), ["answer"], [])


# --- prompts and fences ---------------------------------------------------------------------------


def prompt_of(passages: tuple[Passage, ...], asked: str, thread: tuple[Message, ...]) -> tuple[str, str]:
    model = Model(says=lambda asked: FAILURE)
    answered(model.thinker, passages, asked, thread)
    [call] = model.asked
    return call.system, call.user


THREAD = (said("bob: is it still on the 12th?"),)


def test_the_same_question_makes_the_same_prompt_with_every_passage_numbered() -> None:
    system, user = prompt_of(PASSAGES, QUESTION, THREAD)
    assert prompt_of(PASSAGES, QUESTION, THREAD) == (system, user)
    assert re.findall(r'<passage n="(\d)"', user) == ["1", "2", "3"]
    assert QUESTION in user and "12th" in user and "Marta owns" in user and QUESTION not in system


def test_a_hostile_passage_thread_or_question_opens_and_closes_nothing_and_takes_the_same_way() -> None:
    evil = tuple(
        p.model_copy(update={"text": Quoted(text=ATTACK), "label": ATTACK, "said_by": ATTACK}) for p in PASSAGES
    )
    thread = tuple(m.model_copy(update={"text": Quoted(text=ATTACK)}) for m in THREAD)
    hostile, benign = prompt_of(evil, ATTACK, thread), prompt_of(PASSAGES, QUESTION, THREAD)
    assert re.findall(r"</?\w+", hostile[1]) == re.findall(r"</?\w+", benign[1])
    assert hostile[0] == benign[0]
    for text in ("The launch is on 26 March [1].", ATTACK, FAILURE):
        model = Model(says=lambda asked, text=text: text)  # type: ignore[misc]
        assert answered(model.thinker, evil, ATTACK, thread)[1] == answered(model.thinker)[1] == ["answer"]


# --- what the night prepared ----------------------------------------------------------------------

AHEAD = Prepared(
    id=1, scope="channel:C1", question="When is the launch?", answer="The launch is on 26 March [1]. Marta agreed [1][2].",
    citations=(RETRIEVED[0], RETRIEVED[2]), reason="asked", score=0.6, night=MONDAY.date(), at=MONDAY,
    expires=MONDAY + timedelta(days=14),
)  # fmt: skip


def told(text: str, **more: Any) -> tuple[Answer, str]:
    """The answer where the model says `text`, and what it was asked."""
    model = Model(says=lambda asked: text)
    state, _ = run(answer.build(), {}, replace(context(model.thinker, PASSAGES, QUESTION, (), []), **more))
    return state["answer"], model.asked[0].user


def test_an_answer_made_ahead_is_shown_with_the_numbers_that_its_citations_have_here() -> None:
    one, asked = told("The launch is on 26 March [1].", prepared=[AHEAD])
    assert "The launch is on 26 March [1]. Marta agreed [1][3]." in asked
    assert (one.served, one.prepared_at) == ("prepared", MONDAY)


@pytest.mark.parametrize(
    "text", ["Kestrel delivers 1400 pallets [2].", "Marta agreed on lunch and dessert for everybody [1]."]
)
def test_what_stands_on_something_else_or_says_something_else_was_not_made_ahead(text: str) -> None:
    one, _ = told(text, prepared=[AHEAD])
    assert (one.served, one.prepared_at) == ("composed", None)


def test_a_conclusion_is_shown_where_all_that_it_follows_from_is() -> None:
    here = answer.Concluded("Kestrel's pallets come before the launch.", RETRIEVED[:2])
    elsewhere = answer.Concluded("Nobody eats.", (RETRIEVED[0], SlackSource(channel="C1", ts="99.1")))
    _, asked = told("NOTHING", conclusions=[here, elsewhere])
    assert '<conclusion from="[1][2]">' in asked and "Nobody eats" not in asked


def test_what_changed_is_told_in_numbers_of_passages_and_days_alone_where_both_sides_are_shown() -> None:
    elsewhere = (SlackSource(channel="C1", ts="99.1"),)
    known = answer.Turned(RETRIEVED[:1], RETRIEVED[2:], MONDAY)
    likely = answer.Turned(RETRIEVED[1:2], RETRIEVED[2:], None)
    _, asked = told("NOTHING", turned=[known, likely, answer.Turned(elsewhere, RETRIEVED[:1], MONDAY)])
    assert [line for line in asked.splitlines() if line.startswith("- ")] == [
        f"- something in [1] held until {MONDAY:%a %Y-%m-%d}; since then [3]",
        "- [3] may change something in [2]: compare them",
    ]
    assert told("NOTHING", turned=[answer.Turned(elsewhere, RETRIEVED[:1], MONDAY)])[1] == told("NOTHING")[1]


def test_what_is_said_of_a_change_is_carried_by_its_passages_like_anything_else() -> None:
    changed = [answer.Turned(RETRIEVED[:1], RETRIEVED[2:], MONDAY)]
    said, _ = told("It was otherwise until then [1][3]. It cost 4711 EUR before [1][3].", turned=changed)
    assert said.text == "It was otherwise until then." and len(said.citations) == 2


def test_a_passage_says_what_holds_no_more_and_what_was_noted_of_it() -> None:
    over = PASSAGES[0].model_copy(
        update={"over": ("x",), "over_since": MONDAY, "disputed": ("moves to 26  March",), "noted": "It is 2027."}
    )
    _, asked = told("NOTHING", recall=lambda more: (over,))
    assert f'noted="It is 2027." over_since="{MONDAY:%a %Y-%m-%d}" disputed="yes"' in asked
    said, _ = told("It is 2027 [1].", recall=lambda more: (over,))
    assert said.text == "It is 2027." and told("It is 2027 [1].")[0].served == "not_found"


def test_a_passage_is_disputed_only_where_the_words_that_somebody_contradicts_are_shown() -> None:
    elsewhere = PASSAGES[0].model_copy(update={"disputed": ("the price is 90 $",)})
    assert "disputed" not in told("NOTHING", recall=lambda more: (elsewhere,))[1]
    here = PASSAGES[0].model_copy(update={"disputed": ("the price is 90 $", "Marta agreed.")})
    assert 'disputed="yes"' in told("NOTHING", recall=lambda more: (here,))[1]


def test_of_an_answer_made_ahead_only_what_the_passages_here_carry_is_shown_and_each_statement_with_its_numbers() -> (
    None
):
    elsewhere = SlackSource(channel="C1", ts="99.1")
    text = "The launch is on 26 March [1]. It rains [2].\nMarta agreed [2][3]."
    held = AHEAD.model_copy(update={"answer": text, "citations": (RETRIEVED[1], elsewhere, RETRIEVED[0])})
    _, asked = told("NOTHING", prepared=[held])
    assert "\nThe launch is on 26 March [2].\nMarta agreed [1].\n</prepared>" in asked and "rains" not in asked
    gone = held.model_copy(update={"citations": (elsewhere, elsewhere, elsewhere)})
    assert "<prepared question" not in told("NOTHING", prepared=[gone])[1]
    assert "<prepared question" in told("NOTHING", prepared=[gone, held])[1]


def test_what_outsiders_say_is_marked_and_readers_of_what_looks_like_fraud_are_told() -> None:
    marks: tuple[Literal["", "outside", "suspicious"], ...] = ("", "outside", "suspicious")
    passages = tuple(p.model_copy(update={"standing": mark}) for p, mark in zip(PASSAGES, marks, strict=True))
    one, asked = told("Kestrel delivers 1400 pallets [2].", recall=lambda more: passages)
    assert re.findall(r'<passage n="(\d)"[^>]* from="([^"]+)"', asked) == [
        ("2", "outside"),
        ("3", "outside, suspicious"),
    ]
    assert one.text == "Kestrel delivers 1400 pallets."
    warned, _ = told("Lunch is wanted [3].", recall=lambda more: passages)
    assert warned.text == f"Lunch is wanted.\n{answer.SUSPICIOUS}"
    by_rules = answer.by_rules("What does Kestrel deliver?", passages)
    assert answer.SUSPICIOUS not in by_rules.text


def test_what_has_no_answer_in_little_is_asked_once_more_with_more() -> None:
    says = iter(["NOTHING [1]", "Kestrel delivers 1400 pallets [2]."])
    model = Model(says=lambda asked: next(says))
    seen = context(model.thinker, PASSAGES, QUESTION, (), [])
    state, _ = run(answer.build(), {}, replace(seen, recall=lambda more: PASSAGES[: 3 if more else 1]))
    assert state["answer"].text == "Kestrel delivers 1400 pallets." and len(model.asked) == 2


@pytest.mark.parametrize(
    ("asked", "one"),
    [
        ("When is the launch?", True), ("Who owns the label printer?", True), ("Wann kommt die Presse?", True),
        ("Why was the order cancelled?", False), ("What changed in the plan and who knows?", False),
        ("Compare the three offers", False), ("Does everybody agree on the date?", False), ("Do both halls open?", False),
        ("What is the total?", False), ("Was hat sich geändert und wer muss etwas tun?", False),
    ],
)  # fmt: skip
def test_a_short_question_after_one_thing_is_told_from_one_after_several(asked: str, one: bool) -> None:
    assert answer.is_for_one_fact(asked) is one


def test_a_prompt_keeps_within_its_bounds_whatever_there_is_to_show() -> None:
    long = [f"Line {n}: " + "known " * 60 for n in range(60)]
    _, asked = told("NOTHING", known=long)
    assert len(asked) + len(prompt("answer")) <= answer.WHOLE

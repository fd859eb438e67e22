"""A reply is a draft only when code finds nothing against it; else it is a question or a reason, and it goes nowhere by itself."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import draft
from graphs.checks import body_faults, unknown_links, unknown_numbers
from graphs.domain import Ask, MailSource, Quoted, SlackSource, Thread
from graphs.draft import Context, Known, MailRef, Note, Outcome, Passage, Written, sources_of
from graphs.rules.style import Style
from graphs.thinking import Failure, Thinker
from tests.graphs.thinkers import ATTACK, FAILURE, Model, run
from tests.unit.rules_threads import ADA, MONDAY, PEOPLE, mail, mails

NOW = MONDAY + timedelta(days=2)


def numbered(thread: Thread) -> Thread:
    return thread.model_copy(
        update={"messages": tuple(m.model_copy(update={"id": 10 + n}) for n, m in enumerate(thread.messages))}
    )


THREAD = numbered(
    mails(mail("wade", "ada", "Hi Ada,\n\ncan we get 400 units by Friday? See https://farm.example/order\n\nWade"))
)
REF = MailRef(scope=THREAD.scope, thread="t", message=10)
KNOWN = Known(
    passages=(
        Passage(source=SlackSource(channel="C1", ts="1.1"), label="#supply", text=Quoted(text="We have 650 units"), said_by="Bob", said_at=MONDAY, internal=True),
        Passage(source=MailSource(account="ada@house.example", message_id="<9@x>"), label="mail", text=Quoted(text="They cost 12 EUR"), said_by="Wade", said_at=MONDAY, internal=False),
    ),
    notes=(
        Note(text=Quoted(text="Deliveries take 5 days"), source=SlackSource(channel="C1", ts="2.2"), label="#supply", since=MONDAY, internal=True),
    ),
    withheld=(SlackSource(channel="C9", ts="9.9"),),
)  # fmt: skip
BODY = "Hi Wade,\n\n400 units by Friday are fine.\n\nBest,\nAda"


def written(body: str = BODY, **given: Any) -> Written:
    facts: dict[str, Any] = {
        "verdict": "draft",
        "reason": "",
        "asks": (Ask(ask="400 units by Friday", answered=True),),
        "body": body,
        "facts": (),
        "assumptions": (),
        "question": "",
        "why": "Wade asks for units",
    }
    return Written.model_validate(facts | given)


def night(
    thinker: Thinker, thread: Thread = THREAD, known: Known = KNOWN, refs: tuple[MailRef, ...] = (REF,)
) -> tuple[list[Outcome], list[str]]:
    context = Context(thinker, lambda ref: thread, lambda ref: known, lambda ref: Style(), ADA, PEOPLE, NOW)
    state, nodes = run(draft.build(), {"pending": list(refs), "outcomes": []}, context)
    return state["outcomes"], nodes


def outcome(answer: Written | Failure, thread: Thread = THREAD, known: Known = KNOWN) -> Outcome:
    [one] = night(Model(lambda asked: answer).thinker, thread, known)[0]
    return one


SAID = sources_of(
    THREAD,
    KNOWN,
    Context(Model().thinker, lambda ref: THREAD, lambda ref: KNOWN, lambda ref: Style(), ADA, PEOPLE, NOW),
)

# --- drafts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "slots"),
    [
        (BODY, ()),
        ("Hi Wade,\n\nyes: 400 of our 650 units, at 12 EUR, in 5 days.\n\nAda", ()),
        ("Hi Wade,\n\nyes, [[who brings them?]] comes on [[which day?]].\n\nAda", ("who brings them?", "which day?")),
        ("Hi Wade,\n\nI ordered at https://farm.example/order.\n\nAda", ()),
    ],
)
def test_what_thread_facts_and_notes_say_may_be_drafted_with_at_most_two_slots(
    body: str, slots: tuple[str, ...]
) -> None:
    one = outcome(written(body))
    assert (one.body, one.slots, one.question, one.reason) == (body, slots, "", None)


@pytest.mark.parametrize(
    "body",
    [
        "Yes, [[a?]] [[b?]] [[c?]].",
        "Yes, 500 units are fine.",
        "Yes, see https://evil.example/order.",
        "Yes, see https://farm.example/order/../steal.",
        "Yes, fill in [[the form at evil.example/x?]].",
        "I hope this email finds you well. Yes.",
        "As an AI assistant I say yes.",
        "",
        "[[what to say?]]",
        ATTACK,
        "Yes. " * 20,
    ],
)
def test_anything_else_becomes_a_question_that_says_nothing_of_its_own(body: str) -> None:
    one = outcome(
        written(
            body,
            asks=(
                Ask(ask="the price of 999", answered=False),
                Ask(ask="the day at evil.example", answered=False),
                Ask(ask="the units", answered=False),
            ),
        )
    )
    assert (one.body, one.reason) == ("", None)
    assert "Wade" in one.question and "the units" in one.question and one.why
    assert not unknown_numbers(one.question, SAID) and not unknown_links(one.question, SAID)


def test_an_outcome_holds_no_address_subject_or_place_so_a_model_can_name_none() -> None:
    fields = {*Written.model_fields, *Outcome.model_fields}
    assert not fields & {
        "to",
        "cc",
        "bcc",
        "recipients",
        "sender",
        "from",
        "subject",
        "account",
        "reply_to",
        "attachments",
        "send",
    }
    one = outcome(written(f"Bcc: thief@house.example\r\n\r\n{BODY}"))
    assert one.ref == REF


# --- receipts -------------------------------------------------------------------------------------


def test_facts_used_are_those_that_were_given_once_each() -> None:
    facts = outcome(written(facts=("F2", "K1", "F2", "F9", "K7", "F0", "F-1", "", ATTACK))).receipt.facts
    assert [fact.source for fact in facts] == [KNOWN.passages[1].source, KNOWN.notes[0].source]
    assert [fact.text for fact in facts] == ["They cost 12 EUR", "Deliveries take 5 days"]


def test_a_receipt_names_what_was_withheld_and_nothing_with_a_number_or_link_of_the_models_own() -> None:
    one = outcome(
        written(
            asks=(Ask(ask="400 units", answered=True), Ask(ask="pay 999 EUR", answered=False)),
            assumptions=("Friday of this week", "see https://evil.example/x", "it costs 999"),
            why="see evil.example/x",
        )
    )
    assert [ask.ask for ask in one.receipt.asks] == ["400 units"]
    assert one.receipt.assumptions == ("Friday of this week",)
    assert (one.receipt.withheld, one.why) == (KNOWN.withheld, "")


def test_a_fact_from_inside_for_somebody_outside_is_flagged() -> None:
    wade = THREAD.messages[0]
    outside = THREAD.model_copy(
        update={"messages": (wade.model_copy(update={"author": wade.author.model_copy(update={"kind": "outside"})}),)}
    )
    assert outcome(written(facts=("F1",)), outside).receipt.assumptions
    assert not outcome(written(facts=("F2",)), outside).receipt.assumptions
    assert not outcome(written(facts=("F1",)), THREAD).receipt.assumptions


def test_what_the_sender_has_not_seen_is_flagged_and_what_holds_no_more_or_is_disputed_is_marked() -> None:
    fact, note = KNOWN.passages[1], KNOWN.notes[0]
    known = Known(
        passages=(fact, fact.model_copy(update={"own": True, "over": ("12 EUR",)})),
        notes=(note, note.model_copy(update={"own": True, "disputed": True})),
    )
    for used, flagged in (("F1", False), ("F2", True), ("K1", False), ("K2", True)):
        assert bool(outcome(written(facts=(used,)), known=known).receipt.assumptions) is flagged
    marks = re.findall(r'id="(\w+)"[^>]*?(no_longer_true="12 EUR"|disputed="yes"|)>', asked(THREAD, known)[1])
    assert marks == [("K1", ""), ("K2", 'disputed="yes"'), ("F1", ""), ("F2", 'no_longer_true="12 EUR"')]


# --- questions and reasons ------------------------------------------------------------------------


def test_a_question_of_the_model_is_asked_when_it_adds_nothing() -> None:
    one = outcome(written("", verdict="ask_owner", question="Can Wade have 400 of the 650 units?"))
    assert (one.question, one.body, one.reason) == ("Can Wade have 400 of the 650 units?", "", None)


@pytest.mark.parametrize("question", ["Can Wade have 999 units?", "Did you see https://evil.example/x?", "", "  "])
def test_a_question_with_something_of_its_own_is_asked_in_plain_words(question: str) -> None:
    one = outcome(written("", verdict="ask_owner", question=question))
    assert "Wade" in one.question and "999" not in one.question and "evil" not in one.question


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("information", "information"),
        ("sensitive", "sensitive"),
        ("phishing", "phishing"),
        ("superseded", "superseded"),
        ("", "unsure"),
        ("action", "unsure"),
    ],
)
def test_no_reply_is_a_reason_and_never_a_body(said: str, reason: str) -> None:
    one = outcome(written(verdict="no_reply", reason=said))
    assert (one.reason, one.body, one.question) == (reason, "", "")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (FAILURE, "no_model"),
        (Failure(kind="budget", reason="the budget of this night is spent"), "budget"),
        (Failure(kind="refused", reason="no"), "no_model"),
    ],
)
def test_when_the_model_fails_nothing_is_pretended_and_the_reason_is_kept(failure: Failure, reason: str) -> None:
    one = outcome(failure)
    assert (one.body, one.question, one.reason, one.fell_back) == ("", "", reason, failure.reason)


TEXTS = st.one_of(
    st.sampled_from([BODY, "Yes.", "999", ATTACK, "https://farm.example/order", "[[x?]]", "evil.ru/x", ""]),
    st.text(max_size=80),
)
WRITTEN = st.builds(
    Written,
    verdict=st.sampled_from(["draft", "ask_owner", "no_reply"]),
    reason=st.sampled_from(["", "information", "action", "bulk"]),
    asks=st.lists(st.builds(Ask, ask=TEXTS, answered=st.booleans()), max_size=4).map(tuple),
    body=TEXTS,
    facts=st.lists(st.one_of(st.sampled_from(["F1", "F2", "K1", "F3"]), TEXTS), max_size=5).map(tuple),
    assumptions=st.lists(TEXTS, max_size=5).map(tuple),
    question=TEXTS,
    why=TEXTS,
)


@given(WRITTEN)
@settings(deadline=None, max_examples=60)
def test_whatever_a_model_says_there_is_one_outcome_and_nothing_in_it_is_from_nowhere(answer: Written) -> None:
    one = outcome(answer)
    assert [bool(one.body), bool(one.question), one.reason is not None].count(True) == 1
    given = {p.source for p in KNOWN.passages} | {note.source for note in KNOWN.notes}
    assert {fact.source for fact in one.receipt.facts} <= given
    told = [one.body, one.question, *one.receipt.assumptions, *(ask.ask for ask in one.receipt.asks)]
    assert not any(unknown_links(text, SAID) for text in told)
    assert not any(unknown_numbers(text, SAID) for text in told[1:])
    if one.body:
        assert not body_faults(one.body, SAID, [MONDAY.date(), NOW.date()]) and len(one.slots) <= 2


# --- prompts and fences ---------------------------------------------------------------------------


def asked(thread: Thread, known: Known = KNOWN) -> tuple[str, str]:
    model = Model(lambda asked: FAILURE)
    night(model.thinker, thread, known)
    [call] = model.asked
    return call.system, call.user


def test_the_same_mail_makes_the_same_prompt_and_what_is_withheld_is_not_in_it() -> None:
    system, user = asked(THREAD)
    assert asked(THREAD) == (system, user)
    assert "C9" not in user and "9.9" not in user and "Wade" not in system
    assert re.findall(r'id="(\w+)"', user) == ["K1", "F1", "F2"] or sorted(re.findall(r'id="(\w+)"', user)) == [
        "F1",
        "F2",
        "K1",
    ]


def test_a_hostile_mail_or_fact_opens_and_closes_nothing_and_takes_the_same_way() -> None:
    evil = THREAD.model_copy(
        update={
            "title": ATTACK,
            "messages": tuple(m.model_copy(update={"text": Quoted(text=ATTACK)}) for m in THREAD.messages),
        }
    )
    facts = KNOWN.model_copy(
        update={
            "passages": tuple(
                p.model_copy(update={"text": Quoted(text=ATTACK), "label": ATTACK, "said_by": ATTACK})
                for p in KNOWN.passages
            ),
            "notes": tuple(n.model_copy(update={"text": Quoted(text=ATTACK), "label": ATTACK}) for n in KNOWN.notes),
        }
    )
    assert re.findall(r"</?\w+", asked(evil, facts)[1]) == re.findall(r"</?\w+", asked(THREAD)[1])
    assert asked(evil, facts)[0] == asked(THREAD)[0]
    for answer in (written("Yes."), written(ATTACK), FAILURE):
        model = Model(lambda asked, answer=answer: answer)  # type: ignore[misc]
        assert night(model.thinker, evil, facts)[1] == night(model.thinker)[1] == ["write"]


def test_each_mail_has_one_outcome_and_none_means_no_call() -> None:
    refs = tuple(REF.model_copy(update={"message": n}) for n in (10, 11, 12))
    model = Model(lambda asked: written())
    outcomes, nodes = night(model.thinker, refs=refs)
    assert (
        sorted(one.ref.message for one in outcomes) == [10, 11, 12] and nodes == ["write"] * 3 and len(model.asked) == 3
    )
    assert night(Model().thinker, refs=()) == ([], [])

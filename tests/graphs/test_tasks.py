"""What a model reports as unfinished stands on messages that are there, or it is dropped; without a model rules judge."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import tasks
from graphs.checks import unknown_links, unknown_numbers
from graphs.conversations import stamp
from graphs.domain import Finding, Thread
from graphs.tasks import BATCH_THREADS, Context, Item, Items, Judged, ThreadRef, batches
from graphs.thinking import Thinker, without_model
from tests.graphs.thinkers import ATTACK, FAILURE, Model, run
from tests.unit.rules_threads import ADA, MONDAY, PEOPLE, dm, mail, mails, thread

NOW = MONDAY + timedelta(days=3)
ASK = thread("priya: @Ada can you send me the 12 numbers by Friday?", "bob: I need them too")
OTHER = dm("tom: the report is at https://house.example/report", "tom: please read page 7")


def item(message: int = 1, **given: Any) -> Item:
    facts: dict[str, Any] = {
        "message": message,
        "evidence": (),
        "kind": "owe",
        "who": "Priya Nair",
        "what": "Send Priya the 12 numbers",
        "why": "",
        "next_step": "Send them",
        "due": "",
        "sensitive": False,
    }
    return Item.model_validate(facts | given)


def keyed(*threads: Thread) -> dict[ThreadRef, Thread]:
    return {ThreadRef(scope=t.scope, key=f"{n}"): t.model_copy(update={"key": f"{n}"}) for n, t in enumerate(threads)}


def judged(thinker: Thinker | None, *threads: Thread) -> tuple[list[Judged], list[str]]:
    held = keyed(*threads)
    context = Context(thinker, lambda ref: held[ref], ADA, PEOPLE, NOW)
    state, nodes = run(tasks.build(), {"pending": batches(list(held.values())), "judged": []}, context)
    return state["judged"], nodes


def found(*items: Item, threads: tuple[Thread, ...] = (ASK, OTHER)) -> list[Finding]:
    model = Model(lambda asked: Items(items=items))
    return [finding for one in judged(model.thinker, *threads)[0] for finding in one.findings]


# --- what stands up -------------------------------------------------------------------------------


def test_an_item_becomes_a_finding_on_its_message_and_its_evidence() -> None:
    [one] = found(item(1, evidence=(2, 4), due="2026-03-13"))
    assert one.sources == tuple(m.source for m in (*ASK.messages, OTHER.messages[1]))
    assert (one.what, one.due, one.counterpart, one.found_by) == (
        "Send Priya the 12 numbers",
        date(2026, 3, 13),
        "UPRI",
        "model",
    )
    assert (one.asked_at, one.last_at) == (ASK.messages[0].sent_at, OTHER.messages[1].sent_at)


@pytest.mark.parametrize("number", [0, -1, 5, 99, 2**40])
def test_a_number_of_no_message_is_dropped_as_an_item_and_as_evidence(number: int) -> None:
    assert found(item(number)) == []
    [one] = found(item(1, evidence=(number, 2)))
    assert one.sources == tuple(m.source for m in ASK.messages)


@pytest.mark.parametrize(
    "what",
    [
        "Send Priya the 13 numbers",
        "Pay 900 EUR",
        "Read page 7",
        "Open https://evil.example/x",
        "Log in at evil.example",
        "",
        "  ",
        "...",
        "–",
    ],
)
def test_an_item_with_an_invented_number_or_link_or_without_words_is_dropped(what: str) -> None:
    assert found(item(1, what=what)) == []


def test_a_number_or_link_of_the_evidence_may_be_told() -> None:
    [one] = found(item(1, evidence=(4,), what="Send Priya the 12 numbers of page 7"))
    [two] = found(item(4, what="Read https://house.example/report"))
    assert "page 7" in one.what and two.what.endswith("/report")


def test_what_is_invented_beside_the_matter_is_left_out_and_the_matter_stays() -> None:
    [one] = found(item(why="It costs 900 EUR", next_step="Call 555 0199"))
    [two] = found(item(why="See https://evil.example", next_step="Open https://evil.example"))
    for finding in (one, two):
        assert finding.why == "" and finding.next_step == "Open the conversation"
    [three] = found(item(why="Bob needs them too", next_step="Send the 12 numbers"))
    assert (three.why, three.next_step) == ("Bob needs them too", "Send the 12 numbers")


@pytest.mark.parametrize(
    ("message", "due", "expected"),
    [
        (1, "2026-03-13", date(2026, 3, 13)),
        (1, "", None),
        (1, "Friday", None),
        (1, "2026-02-30", None),
        (1, "2020-03-13", None),  # long before it was asked
        (1, "2031-03-13", None),
        (2, "2026-03-13", None),  # nobody says a time there
    ],
)
def test_a_date_counts_only_where_its_message_speaks_of_one_and_it_is_plausible(
    message: int, due: str, expected: date | None
) -> None:
    [one] = found(item(message, what="Send Bob the numbers", due=due))
    assert one.due == expected


@pytest.mark.parametrize(("who", "key"), [("Priya Nair", "UPRI"), ("priya", "UPRI"), ("Tom Vale", "UTOM"), ("Mallory", "UPRI"), ("", "UPRI"), ("Ada Lovelace", "UPRI")])  # fmt: skip
def test_who_is_meant_is_somebody_there_and_never_the_owner(who: str, key: str) -> None:
    [one] = found(item(who=who))
    assert one.counterpart == key


TEXTS = st.one_of(
    st.sampled_from(
        [
            "Send the 12 numbers",
            ATTACK[:200],
            "",
            ".",
            "page 7",
            "https://house.example/report",
            "evil.ru/x",
            "due 2026-03-13",
        ]
    ),
    st.text(max_size=60),
)
ITEMS = st.builds(
    Item,
    message=st.integers(min_value=-2, max_value=9),
    evidence=st.lists(st.integers(min_value=-2, max_value=9), max_size=6).map(tuple),
    kind=st.sampled_from(["owe", "waiting", "blocked", "decision"]),
    who=TEXTS, what=TEXTS, why=TEXTS, next_step=TEXTS, due=TEXTS, sensitive=st.booleans(),
)  # fmt: skip


@given(st.lists(ITEMS, max_size=6))
@settings(deadline=None, max_examples=60)
def test_whatever_a_model_says_every_finding_rests_on_what_was_shown(items: list[Item]) -> None:
    shown = [*ASK.messages, *OTHER.messages]
    said = [m.text.text for m in shown] + [stamp(m.sent_at, ADA.zone) for m in shown] + [ASK.title, OTHER.title]
    for one in found(*items):
        assert one.sources and set(one.sources) <= {m.source for m in shown}
        assert one.counterpart in {m.author.key for m in shown} | set(PEOPLE) and one.counterpart != ADA.key
        told = f"{one.what}\n{one.why}\n{one.next_step}"
        assert not unknown_numbers(told, said, [one.due] if one.due else []) and not unknown_links(told, said)
        assert re.search(r"\w", one.what) and one.next_step and "\n" not in one.what + one.why + one.next_step


# --- without a usable answer ----------------------------------------------------------------------


def test_when_the_model_fails_rules_judge_and_the_reason_is_kept() -> None:
    by_rules, _ = judged(None, ASK, OTHER)
    fallen, _ = judged(Model(lambda asked: FAILURE).thinker, ASK, OTHER)
    assert [one.findings for one in fallen] == [one.findings for one in by_rules]
    assert any(one.findings for one in by_rules) and all(
        f.found_by == "rules" for one in by_rules for f in one.findings
    )
    assert {one.fell_back for one in fallen} == {FAILURE.reason} and {one.fell_back for one in by_rules} == {""}
    assert judged(without_model("no key"), ASK)[0][0].fell_back == "no key"


def test_a_model_that_finds_nothing_is_believed() -> None:
    assert [one.findings for one in judged(Model(lambda asked: Items(items=())).thinker, ASK)[0]] == [()]


# --- prompts and fences ---------------------------------------------------------------------------


def prompts(*threads: Thread) -> list[tuple[str, str]]:
    model = Model(lambda asked: Items(items=()))
    judged(model.thinker, *threads)
    return [(asked.system, asked.user) for asked in model.asked]


def test_the_same_conversations_make_the_same_prompt_and_every_message_is_in_it_once() -> None:
    [(system, user)] = prompts(ASK, OTHER)
    assert prompts(ASK, OTHER) == [(system, user)]
    assert re.findall(r'<message n="(\d+)"', user) == ["1", "2", "3", "4"]
    assert ASK.messages[0].text.text not in system


def hostile(of: Thread) -> Thread:
    return of.model_copy(
        update={
            "title": ATTACK,
            "messages": tuple(m.model_copy(update={"text": type(m.text)(text=ATTACK)}) for m in of.messages),
        }
    )


def tags(user: str) -> list[str]:
    return re.findall(r"</?\w+", user)


@pytest.mark.parametrize(
    "benign", [ASK, OTHER, mails(mail("wade", "ada", "Could you send us the plan?"))], ids=["thread", "dm", "mail"]
)
def test_a_hostile_text_opens_and_closes_nothing_and_takes_the_same_way(benign: Thread) -> None:
    evil = hostile(benign)
    assert [tags(user) for _, user in prompts(evil)] == [tags(user) for _, user in prompts(benign)]
    assert [system for system, _ in prompts(evil)] == [system for system, _ in prompts(benign)]
    for answer in (Items(items=()), Items(items=(item(1, what=ATTACK[:300], who=ATTACK),) * 3), FAILURE):
        model: Model = Model(lambda asked, answer=answer: answer)  # type: ignore[misc]
        assert judged(model.thinker, evil)[1] == judged(model.thinker, benign)[1] == ["judge"]


def test_many_conversations_are_judged_in_batches_each_once_and_none_means_no_call() -> None:
    many = [ASK] * (2 * BATCH_THREADS + 1)
    model = Model(lambda asked: Items(items=()))
    results, nodes = judged(model.thinker, *many)
    assert nodes == ["judge"] * 3 and len(model.asked) == 3
    assert sorted(int(one.ref.key) for one in results) == list(range(len(many)))
    assert judged(Model().thinker) == ([], [])

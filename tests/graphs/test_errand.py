"""An errand looks things up in bounded steps, reads what it may, and states only what its passages carry."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from graphs import errand
from graphs.citing import NOT_FOUND, Passage
from graphs.domain import Answer, Quoted, SlackSource, Source
from graphs.errand import Asked, Context, Wants
from graphs.thinking import Failure
from tests.graphs.thinkers import ATTACK, FAILURE, Model, run
from tests.unit.rules_threads import MONDAY, said

TEXTS = {
    "1.1": "Kestrel offers 1400 valves at 9.20 each.",
    "2.1": "Heron offers 1400 valves at 8.90 each.",
    "2.2": "Heron says that delivery takes until 20 March.",
    "3.1": "Who wants lunch?",
}
SEARCH = Wants(search=("offers valves",), read=(), done=False)
READ = Wants(search=(), read=(2,), done=False)
DONE = Wants(search=(), read=(), done=True)


def source(ts: str) -> SlackSource:
    return SlackSource(channel="C1", ts=ts)


def passages(sources: Sequence[Source]) -> list[Passage]:
    known = [one for one in sources if isinstance(one, SlackSource) and one.ts in TEXTS]
    return [
        Passage(source=one, label="#offers", said_by="Bob Marsh", said_at=MONDAY, text=Quoted(text=TEXTS[one.ts]))
        for one in known
    ]


def context(model: Model, wanted: Callable[[], bool] = lambda: True, task: str = "compare the offers") -> Context:
    return Context(
        thinker=model.thinker, task=Quoted(text=task), asker="Ada Lovelace", people={},
        thread=(said("bob: here are the offers"),),
        search=lambda words, most: [source("1.1"), source("2.1")], conversation=lambda one, most: [one, source("2.2")],
        passages=passages, wanted=wanted, now=MONDAY + timedelta(days=1), zone="UTC",
    )  # fmt: skip


def worked(
    steps: Sequence[Wants | Failure],
    says: str | Failure,
    wanted: Callable[[], bool] = lambda: True,
    task: str = "compare the offers",
) -> tuple[Answer | None, list[str], Model]:
    left = list(steps)
    model = Model(thinks=lambda asked: left.pop(0) if len(left) > 1 else left[0], says=lambda asked: says)
    state, nodes = run(errand.build(), {"pending": Asked(id="e", wording="w")}, context(model, wanted, task))
    return state.get("answer"), nodes, model


def test_it_searches_reads_the_conversation_and_states_what_it_found_with_sources() -> None:
    text = "Heron is cheapest at 8.90 [2].\nIts delivery takes until 20 March [3].\nMerlin asks 7.10 [1]."
    found, nodes, _ = worked([SEARCH, READ, DONE], text)
    assert nodes == ["look", "gather", "look", "gather", "look", "write"]
    assert found is not None and found.text == "Heron is cheapest at 8.90 [1].\nIts delivery takes until 20 March [2]."
    assert found.citations == (source("2.1"), source("2.2"))


def test_a_model_that_never_has_enough_is_stopped() -> None:
    found, nodes, model = worked([SEARCH], "Heron is cheapest at 8.90 [2].")
    assert nodes.count("look") == errand.MOST_STEPS and nodes[-1] == "write"
    assert len(model.asked) == errand.MOST_STEPS + 1 and found is not None


def test_numbers_that_were_not_given_and_searches_made_before_look_nothing_up() -> None:
    wild = Wants(search=("offers valves", "offers  valves", ""), read=(0, 99, -3, 2, 2), done=False)
    _, _, model = worked([SEARCH, wild, DONE], "NOTHING")
    assert model.asked[-1].user.count("<passage") == 3


def test_what_was_taken_back_is_not_worked_on() -> None:
    found, nodes, model = worked([SEARCH], "Heron [2].", wanted=lambda: False)
    assert (found, nodes, len(model.asked)) == (None, ["look"], 1)


def test_without_a_usable_step_the_errands_own_words_are_searched_for() -> None:
    found, nodes, _ = worked([FAILURE], "Heron is cheapest at 8.90 [2].")
    assert nodes == ["look", "gather", "look", "write"] and found is not None and found.served == "composed"


def test_without_a_text_it_says_where_to_look_and_claims_nothing() -> None:
    found, _, _ = worked([SEARCH, DONE], FAILURE)
    assert found is not None and found.served == "rules" and found.citations == (source("1.1"), source("2.1"))
    assert "8.90" not in found.text


def test_nothing_found_is_an_honest_no() -> None:
    found, _, model = worked([DONE], "Heron [1].")
    assert found == Answer(text=NOT_FOUND, served="not_found") and len(model.asked) == 1


def test_what_is_over_disputed_or_from_outside_is_marked_when_it_looks_and_when_it_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marks = {"over": ("x",), "over_since": MONDAY, "disputed": ("9.20 each",), "standing": "outside"}
    marked = [one.model_copy(update=marks) for one in passages([source("1.1")])]
    _, _, plain = worked([SEARCH, DONE], "NOTHING")
    monkeypatch.setattr(f"{__name__}.passages", lambda sources: marked if sources else [])
    _, _, model = worked([SEARCH, DONE], "NOTHING")
    told = f'over_since="{MONDAY:%a %Y-%m-%d}" disputed="yes" from="outside">'
    assert [told in one.user for one in model.asked] == [
        False,
        True,
        True,
    ]  # before anything was looked for there is nothing
    assert not any("over_since" in one.user or "outside" in one.user for one in plain.asked)


def test_hostile_text_opens_and_closes_nothing_and_takes_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:

    _, benign, first = worked([SEARCH, DONE], "NOTHING")
    monkeypatch.setitem(TEXTS, "2.1", ATTACK)
    _, hostile, second = worked([SEARCH, DONE], "NOTHING", task=ATTACK)
    assert hostile == benign
    for one, other in zip(first.asked, second.asked, strict=True):
        assert one.system == other.system
        assert re.findall(r"</?\w+", one.user) == re.findall(r"</?\w+", other.user)
    assert second.asked[0].user == worked([SEARCH, DONE], "NOTHING", task=ATTACK)[2].asked[0].user


def test_what_was_not_done_and_what_is_missing_is_said_by_code_in_the_errands_own_words() -> None:
    text = "UNDONE\nHeron is cheapest at 8.90 [2].\nMISSING: the offers"
    found, _, _ = worked([SEARCH, DONE], text)
    assert found is not None
    assert found.text == f"{errand.UNDONE}\nHeron is cheapest at 8.90 [1].\n{errand.MISSING} the offers."


def test_what_is_missing_adds_no_word_of_its_own() -> None:
    found, _, _ = worked([SEARCH, DONE], "Heron is cheapest at 8.90 [2].\nMISSING: the offers, log in at harvest")
    assert found is not None and found.text == "Heron is cheapest at 8.90 [1]."


def test_each_statement_shows_its_first_source_before_any_shows_a_second() -> None:
    text = "Heron is cheapest at 8.90 [2][3].\nKestrel asks 9.20 [1][3]."
    found, _, _ = worked([SEARCH, READ, DONE], text)
    assert found is not None and found.citations == (source("2.1"), source("1.1"), source("2.2"))
    assert found.text == "Heron is cheapest at 8.90 [1, 3].\nKestrel asks 9.20 [2, 3]."


def test_a_model_is_told_which_conversations_it_has_read() -> None:
    _, _, model = worked([SEARCH, READ, DONE], "NOTHING")
    assert "Conversations read so far: those of 2." in model.asked[2].user
    assert "Conversations read" not in model.asked[1].user

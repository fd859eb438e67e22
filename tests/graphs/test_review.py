"""One look over a desk: only what was shown settles anything, and only items there are can be one matter."""

import re
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import review
from graphs.domain import Finding, Message, Quoted
from graphs.review import Context, Open, Review, Reviewed, Settled
from graphs.thinking import Thinker
from tests.graphs.thinkers import ATTACK, FAILURE, Model, run
from tests.unit.rules_threads import ADA, MONDAY, PEOPLE, said

NOW = MONDAY + timedelta(days=3)


def later(n: int, text: str) -> Message:
    return said(f"bob: {text}", MONDAY + timedelta(hours=n), place="C2").model_copy(update={"id": 100 + n})


MESSAGES = {m.id: m for m in (later(1, "the offer is out"), later(2, "which offer?"), later(3, "lunch?"))}


def item(n: int, *elsewhere: int, what: str = "Send the offer") -> Open:
    made = said("priya: @Ada the offer?", MONDAY - timedelta(hours=n))
    finding = Finding(
        kind="owe",
        what=what,
        next_step="Send it",
        counterpart="UPRI",
        sources=(made.source,),
        asked_at=made.sent_at,
        last_at=made.sent_at,
    )
    return Open(finding=finding, elsewhere=elsewhere)


ITEMS = [item(1, 101, 102), item(2, 102), item(3)]
"""Messages are shown as 1 and 2; row 103 is not shown."""


def reviewed(
    thinker: Thinker, items: list[Open] | None = None, messages: dict[int, Message] | None = None
) -> tuple[Reviewed, list[str]]:
    context = Context(thinker, messages or MESSAGES, ADA, PEOPLE, NOW)
    state, nodes = run(review.build(), {"pending": items or ITEMS, "reviewed": Reviewed()}, context)
    return state["reviewed"], nodes


def says(settled: list[tuple[int, int]], same: list[tuple[int, ...]]) -> Reviewed:
    answer = Review(settled=tuple(Settled(item=i, message=m) for i, m in settled), same=tuple(same))
    return reviewed(Model(lambda asked: answer).thinker)[0]


def test_an_item_is_settled_by_a_message_that_was_shown_beside_it() -> None:
    assert says([(1, 1), (2, 2)], []).settled == ((0, 101), (1, 102))


def test_an_item_is_not_settled_by_a_message_of_another_item_or_one_that_nobody_showed() -> None:
    assert says([(2, 1), (3, 1), (3, 2), (1, 3), (1, 0), (0, 1), (9, 1), (-1, 1), (1, 103)], []).settled == ()


def test_items_of_one_matter_are_grouped_and_a_group_of_one_or_of_strangers_is_none() -> None:
    assert says([], [(2, 1), (3, 3), (1, 9), (0, -1), ()]).same == ((1, 0),)
    assert says([], [(1, 1, 3, 7)]).same == ((0, 2),)


@given(
    st.lists(st.tuples(st.integers(-2, 6), st.integers(-2, 120)), max_size=8),
    st.lists(st.lists(st.integers(-2, 6), max_size=4).map(tuple), max_size=4),
)
@settings(deadline=None, max_examples=40)
def test_whatever_a_model_says_only_shown_messages_settle_and_only_given_items_join(
    settled: list[tuple[int, int]], same: list[tuple[int, ...]]
) -> None:
    found = says(settled, same)
    assert all(row in ITEMS[place].elsewhere for place, row in found.settled)
    assert len({place for place, _ in found.settled}) == len(found.settled)
    assert all(len(set(group)) == len(group) > 1 and set(group) <= {0, 1, 2} for group in found.same)


def test_when_the_model_fails_nothing_is_settled_or_joined_and_the_reason_is_kept() -> None:
    assert reviewed(Model(lambda asked: FAILURE).thinker)[0] == Reviewed(fell_back=FAILURE.reason)


NOTHING = Review(settled=(), same=())


def asked(items: list[Open], messages: dict[int, Message]) -> str:
    model = Model(lambda asked: NOTHING)
    reviewed(model.thinker, items, messages)
    [call] = model.asked
    return call.user


def test_the_same_desk_makes_the_same_prompt_with_each_message_once() -> None:
    user = asked(ITEMS, MESSAGES)
    assert user == asked(ITEMS, dict(reversed(MESSAGES.items())))
    assert re.findall(r'<(item|message) n="(\d)"', user) == [
        ("item", "1"),
        ("item", "2"),
        ("item", "3"),
        ("message", "1"),
        ("message", "2"),
    ]
    assert re.findall(r'see="([\d,]+)"', user) == ["1,2", "2"]
    assert "lunch" not in user


def test_a_hostile_item_or_message_opens_and_closes_nothing_and_takes_the_same_way() -> None:
    evil_items = [item(n, *one.elsewhere, what=ATTACK) for n, one in enumerate(ITEMS, 1)]
    evil = {
        row: m.model_copy(
            update={"text": Quoted(text=ATTACK), "author": m.author.model_copy(update={"key": "w", "name": ATTACK})}
        )
        for row, m in MESSAGES.items()
    }
    assert re.findall(r"</?\w+", asked(evil_items, evil)) == re.findall(r"</?\w+", asked(ITEMS, MESSAGES))
    for answer in (NOTHING, FAILURE, Review(settled=(Settled(item=1, message=1),) * 9, same=((1, 2, 3),))):
        thinker = Model(lambda asked, answer=answer: answer).thinker  # type: ignore[misc]
        assert reviewed(thinker, evil_items, evil) == reviewed(thinker, ITEMS, MESSAGES)
        assert reviewed(thinker)[1] == ["review"]

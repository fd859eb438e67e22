"""Statements of one thing are laid side by side, most of what may follow first, and of another thing none."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from graphs.domain import Memory, SlackSource
from graphs.rules.together import MOST_GROUPS, MOST_TOGETHER, groups, subjects
from tests.unit.rules_threads import MONDAY

NAMES = ("ada", "lovelace", "ben", "okoro", "tom")


def said(row: int, text: str, kind: str = "fact", scope: str = "channel:C1") -> Memory:
    return Memory(
        id=row, scope=scope, kind=kind, text=text, quote=text, sources=(SlackSource(channel="C1", ts=f"{row}.1"),),
        said_by="UADA", valid_from=MONDAY + timedelta(minutes=row),
    )  # fmt: skip


CRANE = said(1, "The crane for Kestrel is here on 4 March.", "event")
FITTING = said(2, "Fitting the Kestrel hall takes 12 days once the crane is here.")
OPENS = said(3, "The mayor opens Kestrel on 10 March.", "decision")
PERMIT = said(4, "Ada Lovelace waits for the permit for Kestrel from Ben Okoro.", "status")
STUCK = said(5, "Ben Okoro cannot give the permit for Kestrel before Tom signs.", "status")
ELSEWHERE = said(6, "Ada Lovelace waits for Ben Okoro with the brochure for Marlow.", "status")
DESKS, CHAIRS = said(7, "For Marlow we bought 40 chairs."), said(8, "For Kestrel we bought 64 chairs.")
KNOWN = (CRANE, FITTING, OPENS, PERMIT, STUCK, ELSEWHERE, DESKS, CHAIRS)


def night(fresh: Sequence[Memory], known: Sequence[Memory] = KNOWN) -> list[tuple[Memory, ...]]:
    return groups(fresh, lambda one: known, NAMES)


def test_what_is_known_of_one_thing_lies_side_by_side_and_what_only_the_same_people_say_does_not() -> None:
    first = night([CRANE])[0]
    assert first[0] == CRANE and {CRANE, FITTING, OPENS, PERMIT, STUCK} <= set(first)
    assert ELSEWHERE not in first and DESKS not in first
    assert [set(one) for one in night([ELSEWHERE], [PERMIT, STUCK, ELSEWHERE])] == []


def test_who_is_away_is_put_beside_what_is_theirs_where_no_other_thing_is_named() -> None:
    away = said(9, "Ben Okoro is away until 20 March.", "status")
    assert night([away], [away, STUCK]) == [(away, STUCK)]


def test_amounts_of_one_kind_are_put_together_across_things_and_those_of_another_kind_are_not() -> None:
    assert night([CHAIRS], [CHAIRS, DESKS]) == []  # two of them promise too little
    more = said(10, "For Pelham we bought 12 chairs.")
    apples = said(11, "For Sorrel we bought 9 crates of apples.")
    there = said(16, "For Dorset we bought 7 chairs.", scope="channel:C2")
    assert [set(one) for one in night([CHAIRS], [CHAIRS, DESKS, more, apples, there])] == [{CHAIRS, DESKS, more}]


def test_a_name_that_is_part_of_another_joins_less_than_the_same_name_and_halls_with_two_numbers_are_two() -> None:
    mouldings = said(12, "The Kestrel Castings moulds for Sorrel arrive on 9 March.", "event")
    [group] = night([CRANE], [CRANE, OPENS, FITTING, mouldings])
    assert group.index(mouldings) > max(group.index(OPENS), group.index(FITTING))
    seats = said(13, "On 5 March the fair opens in Hall 4.", "event"), said(14, "The floor in Hall 5 dries for 9 days.")
    assert night([seats[0]], seats) == []


def test_what_two_groups_would_both_say_is_put_together_once() -> None:
    assert [set(one) for one in night([CRANE, FITTING, OPENS], [CRANE, FITTING, OPENS])] == [{CRANE, FITTING, OPENS}]


def test_what_does_not_suit_takes_no_place_from_what_does() -> None:
    many = [
        said(20 + n, f"The lift of Tower{n // 2} {'is here on 3 May' if n % 2 else 'takes 9 days'}.") for n in range(40)
    ]
    assert len(night(many, many)) == MOST_GROUPS
    only = groups(many, lambda one: many, NAMES, lambda group: many[-1] in group)
    assert [set(one) for one in only] == [set(many[-2:])]


@given(st.permutations(KNOWN), st.permutations(KNOWN[:5]))
def test_the_order_in_which_statements_are_given_changes_no_group(known: list[Memory], fresh: list[Memory]) -> None:
    found = night(fresh, known)
    assert found == night(KNOWN[:5], KNOWN) and all(2 <= len(one) <= MOST_TOGETHER for one in found)


def test_what_is_only_reached_on_the_way_weighs_nothing_for_who_comes_later() -> None:
    far = [said(30 + n, f"The canteen serves soup {n}.") for n in range(30)]
    roof, gate = (
        said(70, "The Sorrel roof comes on 2 May.", "event"),
        said(71, "The Sorrel gate opens on 9 May.", "event"),
    )
    near = {CRANE.id: [FITTING], FITTING.id: [CRANE, *far], roof.id: [gate], gate.id: [roof]}
    first = groups([CRANE, roof], lambda one: near.get(one.id, []), NAMES)
    assert first == groups([roof, CRANE], lambda one: near.get(one.id, []), NAMES) and first[0][0] == CRANE


def test_others_of_the_same_are_looked_up_by_the_name_of_the_thing_and_by_what_is_counted() -> None:
    assert subjects(STUCK, NAMES) == ["kestrel"]
    assert subjects(CHAIRS, NAMES) == ["kestrel", "bought chair"]
    assert subjects(said(15, "The label printer is out of ink."), NAMES) == ["label printer"]

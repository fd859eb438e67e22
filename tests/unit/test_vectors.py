"""Meaning changes the order of what words find, and no more than that."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.rules.vectors import fused, likeness, packed

NUMBERS = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=3, max_size=3).filter(any)


@given(NUMBERS, NUMBERS)
def test_likeness_is_the_cosine(one: list[float], other: list[float]) -> None:
    found = likeness(packed(one), packed(other))
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / math.hypot(*one) / math.hypot(*other)
    assert found == pytest.approx(cosine, abs=1e-5)


@pytest.mark.parametrize("numbers", [[], [0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0]])
def test_what_has_no_direction_is_refused(numbers: list[float]) -> None:
    with pytest.raises(ValueError):
        packed(numbers)


def test_what_cannot_be_compared_is_not() -> None:
    assert likeness(b"", b"") is None and likeness(packed([1.0]), packed([1.0, 0.0])) is None


def test_words_count_more_than_meaning_and_both_are_spread() -> None:
    found = [(1, 9.0), (2, 5.0), (3, 1.0)]
    assert fused(found, {1: 0.5, 2: 0.6, 3: 0.7}) == [(1, 0.6), (2, 0.5), (3, 0.4)]
    assert [row for row, _ in fused(found, {1: 0.0, 2: 1.0, 3: 0.0})] == [2, 1, 3]


@given(st.lists(st.floats(0, 10), max_size=6))
def test_without_any_meaning_the_order_is_that_of_words(scores: list[float]) -> None:
    found = list(enumerate(sorted(scores, reverse=True)))
    assert [row for row, _ in fused(found, {})] == [row for row, _ in found]

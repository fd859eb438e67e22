"""The paper's accounting as arithmetic on numbers: cost per query, curves, distances between them, intervals.

A curve is accuracy against mean test tokens over the verbosities. What costs more and answers worse is left out of it: a
budget may be spent on the cheaper way. Between its points it is straight.
"""

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

TIMES = 10.0  # what a token costs while somebody waits, in tokens of sleep
RESAMPLES = 1_000

KeyT = TypeVar("KeyT", bound=Hashable)


def cost_per_query(sleep: float, tests: Sequence[float], times: float = TIMES) -> float:
    """(S + t * sum of T_i) / N for the N questions that share a context, in tokens of sleep."""
    return (sleep + times * sum(tests)) / len(tests)


class Point(NamedTuple):
    tokens: float
    accuracy: float


class Interval(NamedTuple):
    low: float
    high: float


def curve(points: Sequence[Point]) -> list[Point]:
    """The points that no cheaper one matches, cheapest first: tokens and accuracy both rise."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda one: (one.tokens, -one.accuracy)):
        if not kept or point.accuracy > kept[-1].accuracy:
            kept.append(point)
    return kept


def accuracy_at(line: Sequence[Point], tokens: float) -> float | None:
    """The best within a budget of `tokens`; None when nothing is that cheap."""
    if not line or tokens < line[0].tokens:
        return None
    for one, other in pairwise(line):
        if tokens < other.tokens:
            share = (tokens - one.tokens) / (other.tokens - one.tokens)
            return one.accuracy + share * (other.accuracy - one.accuracy)
    return line[-1].accuracy


def tokens_for(line: Sequence[Point], accuracy: float) -> float | None:
    """The least tokens that reach `accuracy`; None when nothing does."""
    if not line or accuracy > line[-1].accuracy:
        return None
    for one, other in pairwise(line):
        if one.accuracy < accuracy <= other.accuracy:
            share = (accuracy - one.accuracy) / (other.accuracy - one.accuracy)
            return one.tokens + share * (other.tokens - one.tokens)
    return line[0].tokens


def largest_gain(awake: Sequence[Point], asleep: Sequence[Point]) -> float | None:
    """The paper's "up to": the most by which the sleep curve lies above at equal test tokens; negative when it never does.

    Both are straight between their points, so the most is at one of them."""
    gains = [gain for _, gain in _gains(awake, asleep)]
    return max(gains, default=None)


def mean_gain(awake: Sequence[Point], asleep: Sequence[Point]) -> float | None:
    """The mean over the range of tokens that both curves cover: no maximum, so no luck is picked."""
    gains = _gains(awake, asleep)
    if len(gains) < 2:
        return gains[0][1] if gains else None
    area = sum((right - left) * (one + other) / 2 for (left, one), (right, other) in pairwise(gains))
    return area / (gains[-1][0] - gains[0][0])


def _gains(awake: Sequence[Point], asleep: Sequence[Point]) -> list[tuple[float, float]]:
    """(tokens, gain) wherever either curve has a point and both have a value."""
    found = []
    for tokens in sorted({point.tokens for point in (*awake, *asleep)}):
        one, other = accuracy_at(awake, tokens), accuracy_at(asleep, tokens)
        if one is not None and other is not None:
            found.append((tokens, other - one))
    return found


def largest_saving(awake: Sequence[Point], asleep: Sequence[Point]) -> float | None:
    """The horizontal distance: at the accuracy where they differ most, how many times the test tokens staying awake takes."""
    savings = [saving_at(awake, asleep, point.accuracy) for point in (*awake, *asleep)]
    return max((one for one in savings if one is not None), default=None)


def saving_at(awake: Sequence[Point], asleep: Sequence[Point], accuracy: float) -> float | None:
    one, other = tokens_for(awake, accuracy), tokens_for(asleep, accuracy)
    return one / other if one is not None and other else None


def shared_best(lines: Sequence[Sequence[Point]]) -> float | None:
    """The best accuracy that all of the curves reach."""
    return min((line[-1].accuracy for line in lines), default=None) if all(lines) else None


# --- how sure -------------------------------------------------------------------------------------

Sums = tuple[int, ...]


def added(vectors: Sequence[Sums]) -> Sums:
    return tuple(map(sum, zip(*vectors, strict=True)))


def intervals(
    cases: Sequence[Sums], figures: Callable[[Sums], Mapping[KeyT, float]], seed: int, times: int = RESAMPLES
) -> dict[KeyT, Interval]:
    """95 % of a bootstrap over whole contexts, for their questions stand or fall together; empty for fewer than two.

    `figures` takes the sums of a sample; a figure that fewer than half of the samples have gets no interval.
    """
    if len(cases) < 2:
        return {}
    chance = random.Random(seed)
    seen: dict[KeyT, list[float]] = {}
    for _ in range(times):
        for key, value in figures(added(chance.choices(cases, k=len(cases)))).items():
            seen.setdefault(key, []).append(value)
    return {key: _middle(sorted(values)) for key, values in seen.items() if 2 * len(values) >= times}


def _middle(values: Sequence[float]) -> Interval:
    cut = len(values) // 40  # 2.5 % at either end
    return Interval(values[cut], values[-1 - cut])

"""What the played cases come to: every figure with its interval and its n, in both ways of counting.

`completion` counts what the model wrote, as the paper's scripts do; `all` adds what it had to read, which is the honest one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from bot.proof import accounting
from bot.proof.accounting import Point, Sums, cost_per_query, curve
from bot.proof.arms import TEST_ONLY, Played
from graphs.domain import Value

Counting = Literal["completion", "all"]
COUNTINGS: tuple[Counting, ...] = get_args(Counting)
What = Literal[
    "accuracy",  # share of right answers
    "test_tokens",  # mean of a question
    "sleep_tokens",  # mean of a context
    "cost",  # per query, in tokens of sleep
    "largest_gain",  # accuracy above test-only at equal test tokens, where it is most
    "mean_gain",  # the same, mean over the shared range
    "largest_saving",  # test tokens of test-only over those of this arm at equal accuracy, where it is most
    "saving_at_best",  # the same at the best accuracy that all arms reach
    "cost_at_best",  # the least cost per query that reaches that accuracy
    "cheaper_at_best",  # that of test-only over that of this arm
    "sleep_share_at_best",  # the part of it that is sleep
]


class Key(NamedTuple):
    """`verbosity` is -1 and `sharing` (how many questions share a context) is 0 where a figure has none."""

    what: What
    arm: str
    counting: Counting
    verbosity: int = -1
    sharing: int = 0


class Figure(Value):
    """A line of figures.jsonl. `low` and `high` are None for a single context."""

    what: What
    arm: str
    counting: Counting
    verbosity: int | None
    sharing: int | None
    value: float
    low: float | None
    high: float | None
    questions: int
    cases: int


@dataclass(frozen=True)
class Layout:
    """Where a case's counts stand in its vector of sums."""

    arms: tuple[str, ...]
    verbosities: tuple[int, ...]
    sharing: tuple[int, ...]

    def at(self, arm: str, verbosity: int) -> int:
        return 4 * (self.arms.index(arm) * len(self.verbosities) + self.verbosities.index(verbosity))

    def at_sleep(self, arm: str) -> int:
        return 4 * len(self.arms) * len(self.verbosities) + 2 * self.arms.index(arm)

    @property
    def length(self) -> int:
        """The last place counts the case itself."""
        return (4 * len(self.verbosities) + 2) * len(self.arms) + 1


def vector(layout: Layout, played: Played) -> Sums:
    """Per arm and verbosity: questions, right ones, prompt and completion tokens; per arm: prompt and completion of sleep."""
    counts = [0] * layout.length
    for cell in played.cells:
        at = layout.at(cell.arm, cell.verbosity)
        for place, count in enumerate((1, int(cell.right), cell.prompt, cell.completion), at):
            counts[place] += count
    for slept in played.slept:
        at = layout.at_sleep(slept.arm)
        counts[at] += slept.prompt
        counts[at + 1] += slept.completion
    counts[-1] = 1
    return tuple(counts)


@dataclass(frozen=True)
class Totals:
    """Sums, read."""

    layout: Layout
    sums: Sums

    def accuracy(self, arm: str, verbosity: int) -> float:
        questions, right, *_ = self.sums[self.layout.at(arm, verbosity) :]
        return right / questions

    def test_tokens(self, arm: str, verbosity: int, counting: Counting) -> float:
        questions, _, prompt, completion, *_ = self.sums[self.layout.at(arm, verbosity) :]
        return (completion + (prompt if counting == "all" else 0)) / questions

    def sleep_tokens(self, arm: str, counting: Counting) -> float:
        prompt, completion, *_ = self.sums[self.layout.at_sleep(arm) :]
        return (completion + (prompt if counting == "all" else 0)) / self.sums[-1]

    def cost(self, arm: str, verbosity: int, counting: Counting, sharing: int) -> float:
        tests = [self.test_tokens(arm, verbosity, counting)] * sharing
        return cost_per_query(self.sleep_tokens(arm, counting), tests)

    def test_curve(self, arm: str, counting: Counting) -> list[Point]:
        of = self.layout.verbosities
        return curve([Point(self.test_tokens(arm, one, counting), self.accuracy(arm, one)) for one in of])

    def cost_curve(self, arm: str, counting: Counting, sharing: int) -> list[Point]:
        of = self.layout.verbosities
        return curve([Point(self.cost(arm, one, counting, sharing), self.accuracy(arm, one)) for one in of])


def figures(layout: Layout, sums: Sums) -> dict[Key, float]:
    of = Totals(layout, sums)
    found: dict[Key, float | None] = {}
    best = accounting.shared_best([of.test_curve(arm, "completion") for arm in layout.arms])
    for counting in COUNTINGS:
        for arm in layout.arms:
            found |= _of_arm(of, arm, counting)
            found |= _beside_test_only(of, arm, counting, best or 0.0)
            for sharing in layout.sharing:
                found |= _shared(of, arm, counting, sharing, best or 0.0)
    return {key: value for key, value in found.items() if value is not None}


def _of_arm(of: Totals, arm: str, counting: Counting) -> dict[Key, float | None]:
    found: dict[Key, float | None] = {Key("sleep_tokens", arm, counting): of.sleep_tokens(arm, counting)}
    for verbosity in of.layout.verbosities:
        found[Key("accuracy", arm, counting, verbosity)] = of.accuracy(arm, verbosity)
        found[Key("test_tokens", arm, counting, verbosity)] = of.test_tokens(arm, verbosity, counting)
        for sharing in of.layout.sharing:
            found[Key("cost", arm, counting, verbosity, sharing)] = of.cost(arm, verbosity, counting, sharing)
    return found


def _beside_test_only(of: Totals, arm: str, counting: Counting, best: float) -> dict[Key, float | None]:
    if arm == TEST_ONLY.name or TEST_ONLY.name not in of.layout.arms:
        return {}
    awake, asleep = of.test_curve(TEST_ONLY.name, counting), of.test_curve(arm, counting)
    return {
        Key("largest_gain", arm, counting): accounting.largest_gain(awake, asleep),
        Key("mean_gain", arm, counting): accounting.mean_gain(awake, asleep),
        Key("largest_saving", arm, counting): accounting.largest_saving(awake, asleep),
        Key("saving_at_best", arm, counting): accounting.saving_at(awake, asleep, best),
    }


def _shared(of: Totals, arm: str, counting: Counting, sharing: int, best: float) -> dict[Key, float | None]:
    cost = accounting.tokens_for(of.cost_curve(arm, counting, sharing), best)
    found: dict[Key, float | None] = {Key("cost_at_best", arm, counting, -1, sharing): cost}
    if cost:
        share = of.sleep_tokens(arm, counting) / sharing / cost
        found[Key("sleep_share_at_best", arm, counting, -1, sharing)] = share
    if cost and TEST_ONLY.name in of.layout.arms:
        awake = accounting.tokens_for(of.cost_curve(TEST_ONLY.name, counting, sharing), best)
        found[Key("cheaper_at_best", arm, counting, -1, sharing)] = awake and awake / cost
    return found


def all_figures(layout: Layout, played: Sequence[Played], seed: int) -> list[Figure]:
    vectors = [vector(layout, one) for one in played]
    values = figures(layout, accounting.added(vectors))
    sure = accounting.intervals(vectors, lambda sums: figures(layout, sums), seed)
    questions = sum(len({cell.question for cell in one.cells}) for one in played)
    return [_figure(key, value, sure.get(key), questions, len(played)) for key, value in values.items()]


def _figure(key: Key, value: float, sure: accounting.Interval | None, questions: int, cases: int) -> Figure:
    return Figure(
        what=key.what,
        arm=key.arm,
        counting=key.counting,
        verbosity=key.verbosity if key.verbosity >= 0 else None,
        sharing=key.sharing or None,
        value=round(value, 4),
        low=round(sure.low, 4) if sure else None,
        high=round(sure.high, 4) if sure else None,
        questions=questions,
        cases=cases,
    )

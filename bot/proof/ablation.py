"""Awake against asleep in an office: what `tests/bench/ablation` leaves, and what it shows.

The same model, retrieval and room for passages in every arm; what differs is whether nights came before the questions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from bot.proof.accounting import Interval, Sums, cost_per_query, intervals
from bot.proof.figures import Counting
from graphs.domain import Value
from graphs.prompts import prompt

FILE = "ablation.json"
"""Of a folder: a run of the bench."""
AWAKE = "awake"
WIDER = "awake, as much to read"
"""Awake with as many more passages as learned context takes asleep."""


class Spent(Value):
    """Calls and tokens; `cached` is a part of `prompt`."""

    calls: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0

    def tokens(self, counting: Counting) -> int:
        return self.completion + (self.prompt if counting == "all" else 0)


class Arm(Value):
    """`passes` of sleep over each answer made ahead, none of them awake; `slept` by step."""

    name: str
    passes: int
    concludes: bool
    slept: Mapping[str, Spent]

    def sleep(self, counting: Counting) -> int:
        return sum(one.tokens(counting) for one in self.slept.values())


class Evidence(Value):
    """What became of a question's sources on their way into its answer, by code.

    Of `sources` messages so many were remembered, and shown to the live model. Whether the right answer was concluded, made
    ahead, offered as a conclusion or an answer made ahead, or stood in the learned context.
    """

    sources: int
    remembered: int = 0
    shown: int = 0
    concluded: bool = False
    ahead: bool = False
    known: bool = False
    offered: bool = False


class Answered(Value):
    """One question in one arm. `said` is the model's own text, `given` what is left of it after the checks of code."""

    arm: str
    number: int
    kind: str
    question: str
    answer: tuple[str, ...]
    said: str
    given: str
    served: str
    said_right: bool
    right: bool
    spent: Spent
    evidence: Evidence


class Ablation(Value):
    """A run: whose answers, over what, in which arms. `prompts`: a fingerprint of those that the answers were given to."""

    model: str
    seed: int
    messages: int
    nights: int
    unrecorded: int  # calls that no recording answered
    prompts: str
    arms: tuple[Arm, ...]
    answers: tuple[Answered, ...]

    def of(self, arm: str) -> list[Answered]:
        return [one for one in self.answers if one.arm == arm]


_PROMPTS = ("remember", "reconcile", "conclude", "challenge", "context", "anticipate", "rehearse", "answer")


def prompts_now() -> str:
    """Changes with the words of any prompt that an answer depends on."""
    return sha256("\n".join(map(prompt, _PROMPTS)).encode()).hexdigest()[:12]


def write(folder: Path, run: Ablation) -> None:
    (folder / FILE).write_text(run.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> Ablation:
    """Raises `OSError` or `ValueError` where there is no run, or something else."""
    return Ablation.model_validate_json((folder / FILE).read_text(encoding="utf-8"))


# --- figures --------------------------------------------------------------------------------------


def share(answers: Sequence[Answered]) -> float:
    return sum(one.right for one in answers) / max(len(answers), 1)


def gain(run: Ablation, arm: str, base: str = AWAKE) -> tuple[float, Interval | None]:
    """By how much an arm is above another, with 95 % of a bootstrap over the questions; None for fewer than two."""
    pairs = list(zip(run.of(base), run.of(arm), strict=True))
    sums: list[Sums] = [(1, one.right, other.right) for one, other in pairs]

    def figures(all_: Sums) -> Mapping[str, float]:
        return {"gain": (all_[2] - all_[1]) / all_[0]}

    held = share(run.of(arm)) - share(run.of(base))
    return held, intervals(sums, figures, run.seed).get("gain")


def cost(run: Ablation, arm: Arm, counting: Counting) -> float:
    """(S + t * sum of T_i) / N, as the paper counts, over the questions of the run."""
    tests = [one.spent.tokens(counting) for one in run.of(arm.name)]
    return cost_per_query(arm.sleep(counting), tests) if tests else 0.0


# --- tables ---------------------------------------------------------------------------------------

Rows = list[list[str]]
"""A table: its head, then its lines."""


def head(run: Ablation) -> list[str]:
    """What was asked over what, a sentence each, and what was amiss."""
    lines = [
        f"{len(run.of(AWAKE))} questions that need several messages, over an office of {run.messages:,} messages (seed "
        f"{run.seed}) that {run.nights} nights have read; answers computed, graded by code. Every arm has the same model, "
        "the same retrieval and the same room for passages; what an arm learned at night comes on top of it and is counted."
    ]
    if run.prompts != prompts_now():
        lines.append("Since this run the program's prompts have changed: it shows what they did before.")
    if run.unrecorded:
        lines.append(f"{run.unrecorded} calls were not recorded: their arms show less than there is.")
    return lines


def accuracy(run: Ablation) -> Rows:
    bases = [one for one in (AWAKE, WIDER) if one in {arm.name for arm in run.arms}]
    against = [f"against {one} (won, lost)" for one in bases]
    rows = [["arm", "right", *against, "said right before the checks", "live tokens written", "and read", "calls"]]
    for arm in run.arms:
        answers = run.of(arm.name)
        said = sum(one.said_right for one in answers)
        rows.append(
            [
                arm.name,
                f"{sum(one.right for one in answers)}/{len(answers)} ({100 * share(answers):.0f} %)",
                *(_against(run, arm.name, base) for base in bases),
                f"{said}/{len(answers)}",
                _mean(one.spent.completion for one in answers),
                _mean(one.spent.prompt for one in answers),
                _mean(one.spent.calls for one in answers),
            ]
        )
    return rows


def _against(run: Ablation, arm: str, base: str) -> str:
    if arm == base:
        return "-"
    found, sure = gain(run, arm, base)
    pairs = list(zip(run.of(base), run.of(arm), strict=True))
    won, lost = (sum(a.right is x and b.right is not x for a, b in pairs) for x in (False, True))
    between = f" [{100 * sure.low:+.0f}, {100 * sure.high:+.0f}]" if sure else ""
    return f"{100 * found:+.0f} points{between} ({won}, {lost})"


def costs(run: Ablation) -> Rows:
    rows = [["arm", "sleep: calls", "read", "written", "cost per query, what the model writes", "and what it reads"]]
    for arm in run.arms:
        spent = [sum(getattr(one, name) for one in arm.slept.values()) for name in ("calls", "prompt", "completion")]
        rows.append(
            [arm.name, *(f"{one:,}" for one in spent), *(f"{cost(run, arm, c):,.0f}" for c in ("completion", "all"))]
        )
    return rows


def by_kind(run: Ablation) -> Rows:
    kinds = list(dict.fromkeys(one.kind for one in run.answers))
    rows = [["kind", *(arm.name for arm in run.arms)]]
    for kind in kinds:
        held = [[one for one in run.of(arm.name) if one.kind == kind] for arm in run.arms]
        rows.append([kind, *(f"{sum(one.right for one in ones)}/{len(ones)}" for ones in held)])
    return rows


_STAGES: dict[str, Callable[[Evidence], bool]] = {
    "every source remembered": lambda it: it.remembered == it.sources,
    "answer concluded": lambda it: it.concluded,
    "answer made ahead": lambda it: it.ahead,
    "offered to the live model": lambda it: it.offered,
    "in the learned context shown": lambda it: it.known,
    "every source among the passages": lambda it: it.shown == it.sources,
}


def stages(run: Ablation) -> Rows:
    """Where the evidence of the questions got to; the last lines are the answers."""
    rows = [["of all questions", *(arm.name for arm in run.arms)]]
    for name, holds in _STAGES.items():
        rows.append([name, *(str(sum(holds(one.evidence) for one in run.of(arm.name))) for arm in run.arms)])
    rows.append(["the model said it", *(str(sum(one.said_right for one in run.of(arm.name))) for arm in run.arms)])
    rows.append(["given after the checks", *(str(sum(one.right for one in run.of(arm.name))) for arm in run.arms)])
    return rows


def _mean(counts: Iterable[int]) -> str:
    held = list(counts)
    return f"{sum(held) / max(len(held), 1):,.1f}".removesuffix(".0")

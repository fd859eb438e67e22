"""The pictures: accuracy against test tokens, cost per query against N, and the part of it that is sleep."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from bot.proof import ablation
from bot.proof.figures import COUNTINGS, Counting, Figure, What

TITLES: dict[Counting, str] = {"completion": "what the model writes", "all": "what it reads and writes"}
COLOURS = ("#555555", "#1b7f79", "#c4572b", "#7a4fa3", "#2f6fb7")


def draw(figures: Sequence[Figure], folder: Path) -> list[Path]:
    return [
        _picture(folder / "accuracy.png", lambda axes, counting: _accuracy(axes, figures, counting)),
        _picture(folder / "cost.png", lambda axes, counting: _by_sharing(axes, figures, counting, "cost_at_best")),
        _picture(
            folder / "share.png", lambda axes, counting: _by_sharing(axes, figures, counting, "sleep_share_at_best")
        ),
    ]


def _picture(to: Path, panel: Callable[[Axes, Counting], None]) -> Path:
    picture = Picture(figsize=(11, 4.4), layout="constrained")
    for place, counting in enumerate(COUNTINGS, 1):
        axes = picture.add_subplot(1, len(COUNTINGS), place)
        panel(axes, counting)
        axes.set_title(f"Tokens: {TITLES[counting]}", fontsize=10)
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    picture.savefig(to, dpi=110)
    return to


def draw_ablation(run: ablation.Ablation, folder: Path) -> Path:
    """Right answers by kind, and the cost of a query beside the accuracy, of each arm."""
    to = folder / "ablation.png"
    picture = Picture(figsize=(11, 4.4), layout="constrained")
    _kinds(picture.add_subplot(1, 2, 1), run)
    _costs(picture.add_subplot(1, 2, 2), run)
    for axes in picture.axes:
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    picture.savefig(to, dpi=110)
    return to


def _kinds(axes: Axes, run: ablation.Ablation) -> None:
    kinds = list(dict.fromkeys(one.kind for one in run.answers))
    wide = 0.8 / len(run.arms)
    for place, arm in enumerate(run.arms):
        held = [[one for one in run.of(arm.name) if one.kind == kind] for kind in kinds]
        xs = [n + (place - (len(run.arms) - 1) / 2) * wide for n in range(len(kinds))]
        axes.bar(xs, [ablation.share(ones) for ones in held], wide, color=COLOURS[place % len(COLOURS)], label=arm.name)
    axes.set_xticks(range(len(kinds)), kinds, rotation=40, ha="right", fontsize=8)
    axes.set_ylim(0, 1.25)
    axes.set_ylabel("right answers")
    axes.set_title("Asleep against awake, by kind of question", fontsize=10)


def _costs(axes: Axes, run: ablation.Ablation) -> None:
    for place, arm in enumerate(run.arms):
        for counting, marker in zip(COUNTINGS, ("o", "s"), strict=True):
            x, y = ablation.cost(run, arm, counting), ablation.share(run.of(arm.name))
            axes.plot([x], [y], marker, color=COLOURS[place % len(COLOURS)], label=f"{arm.name}: {TITLES[counting]}")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("cost per query, in tokens of sleep")
    axes.set_ylabel("accuracy")
    axes.set_title("Accuracy against cost per query", fontsize=10)


def _accuracy(axes: Axes, figures: Sequence[Figure], counting: Counting) -> None:
    for arm, colour in _arms(figures):
        tokens = {one.verbosity: one.value for one in _of(figures, "test_tokens", arm, counting)}
        held = sorted(_of(figures, "accuracy", arm, counting), key=lambda one: tokens[one.verbosity])
        ends = [[one.value - _low(one) for one in held], [_high(one) - one.value for one in held]]
        xs, ys = [tokens[one.verbosity] for one in held], [one.value for one in held]
        axes.errorbar(xs, ys, yerr=ends, marker="o", markersize=4, capsize=2, linewidth=1.3, color=colour, label=arm)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("mean tokens of a question at test time")
    axes.set_ylabel("accuracy")


def _by_sharing(axes: Axes, figures: Sequence[Figure], counting: Counting, what: What) -> None:
    for arm, colour in _arms(figures):
        held = sorted(_of(figures, what, arm, counting), key=lambda one: one.sharing or 0)
        xs, ys = [one.sharing or 0 for one in held], [one.value for one in held]
        axes.plot(xs, ys, marker="o", markersize=4, linewidth=1.3, color=colour, label=arm)
        axes.fill_between(
            xs, [_low(one) for one in held], [_high(one) for one in held], color=colour, alpha=0.12, linewidth=0
        )
        axes.set_xticks(xs)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("N, questions that share a context")
    axes.set_ylabel(
        "cost per query, in tokens of sleep" if what == "cost_at_best" else "share of the cost that is sleep"
    )


def _arms(figures: Sequence[Figure]) -> list[tuple[str, str]]:
    names = list(dict.fromkeys(one.arm for one in figures))
    return [(name, COLOURS[place % len(COLOURS)]) for place, name in enumerate(names)]


def _of(figures: Sequence[Figure], what: What, arm: str, counting: Counting) -> list[Figure]:
    return [one for one in figures if (one.what, one.arm, one.counting) == (what, arm, counting)]


def _low(figure: Figure) -> float:
    return figure.value if figure.low is None else min(figure.low, figure.value)


def _high(figure: Figure) -> float:
    return figure.value if figure.high is None else max(figure.high, figure.value)

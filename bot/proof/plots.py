"""The pictures: accuracy against test tokens, cost per query against N, and the part of it that is sleep."""

from collections.abc import Callable, Mapping, Sequence
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
    """Of each arm: right answers by kind of question, and how far the evidence came."""
    to = folder / "ablation.png"
    kinds, counts, size = ablation.by_kind(run), ablation.stages(run), len(run.of(run.arms[0].name))
    right = {line[0]: [_share(cell) for cell in line[1:]] for line in kinds[1:]}
    came = {line[0]: [int(cell) / max(size, 1) for cell in line[1:]] for line in counts[1:]}
    picture = Picture(figsize=(11, 5.2), layout="constrained")
    for place, (title, held) in enumerate((("Right answers, by kind", right), ("Of all questions", came)), 1):
        axes = picture.add_subplot(1, 2, place)
        _bars(axes, held, [arm.name for arm in run.arms])
        axes.set_title(title, fontsize=10)
    told, names = picture.axes[0].get_legend_handles_labels()
    picture.legend(told, names, loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    picture.savefig(to, dpi=110)
    return to


def _share(cell: str) -> float:
    right, asked = cell.split("/")
    return int(right) / max(int(asked), 1)


def _bars(axes: Axes, held: Mapping[str, Sequence[float]], arms: Sequence[str]) -> None:
    """A group of bars for each name, a bar for each arm."""
    wide = 0.8 / len(arms)
    for n, arm in enumerate(arms):
        xs = [place + (n - (len(arms) - 1) / 2) * wide for place in range(len(held))]
        axes.bar(xs, [shares[n] for shares in held.values()], wide, color=COLOURS[n % len(COLOURS)], label=arm)
    axes.set_xticks(range(len(held)), list(held), rotation=40, ha="right", fontsize=8)
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


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

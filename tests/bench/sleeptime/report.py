"""The page to read: report.md, every figure with its interval and its n, the paper's beside."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from tests.bench.sleeptime.accounting import TIMES
from tests.bench.sleeptime.arms import TEST_ONLY, Cell
from tests.bench.sleeptime.figures import COUNTINGS, Counting, Figure, What
from tests.bench.sleeptime.plots import TITLES
from tests.bench.sleeptime.results import Results

PAPER: dict[What, str] = {"largest_gain": "0.13 to 0.18", "largest_saving": "5", "cheaper_at_best": "2.5 at N = 10"}
BESIDE: dict[What, str] = {
    "largest_gain": "accuracy gained at equal test tokens, where it is most",
    "mean_gain": "accuracy gained at equal test tokens, mean over the range both cover",
    "largest_saving": "times fewer test tokens at equal accuracy, where it is most",
    "saving_at_best": "times fewer test tokens at the best accuracy that all arms reach",
}
NOTES = f"""## How to read it

- Cost per query is (S + t × ΣT) / N: S tokens of sleep, T test tokens of each of the N questions that share a context,
  t = {TIMES:g}. The paper's scripts count only what the model writes; here the second table of each pair adds what it reads.
- [low, high] is 95 % of a bootstrap over whole contexts. Figures "where it is most" pick the luckiest place of a curve and so
  lean upwards; the mean gain does not. The interval, not the figure, says what a second run would show.
- A curve leaves out the lengths that cost more and answer worse. Only contexts that every arm has played to the end count.
- The arms share their passes: the first of k = 5 is the one of k = 1. Each arm is charged for all it uses.
- The paper's figures are of its own models and questions, and beside these only to show what is being reproduced.
"""


def page(results: Results) -> str:
    parts = [_head(results), "## Accuracy against test tokens\n\n![accuracy](accuracy.png)", _accuracy(results)]
    parts += [_sleep(results), "## Asleep against awake", _beside(results)]
    parts += ["## Cost per query\n\n![cost](cost.png) ![share](share.png)"]
    parts += [_cost(results, counting) for counting in COUNTINGS]
    cells = [cell for one in results.played for cell in one.cells]
    parts += ["## By kind of question, and by difficulty", _by(cells, "kind", lambda cell: cell.kind)]
    parts += [_by(cells, "level", lambda cell: str(cell.level)), NOTES]
    return "\n\n".join(parts)


def _head(results: Results) -> str:
    run = results.run
    questions = results.figures[0].questions if results.figures else 0
    cells = [cell for one in results.played for cell in one.cells]
    lines = [
        f"# Sleep-time accounting: {run.model}",
        f"Questions from {run.questions_from} (seed {run.seed}, levels {', '.join(map(str, run.levels)) or '-'}): "
        f"{questions} over {len(results.played)} of {run.cases} contexts, in {len(run.arms)} arms at {len(run.verbosities)} "
        f"lengths: {len(cells):,} answers. A pass of sleep has at most {run.steps} steps, at temperature {run.temperature:g}.",
        f"Calls: {run.calls:,}; tokens read {run.prompt:,} ({run.cached:,} of them from a cache), written {run.completion:,}.",
    ]
    if run.uncounted:
        lines.append(
            f"**The server did not count the tokens of {run.uncounted:,} calls: four characters were taken for one.**"
        )
    unfit = {why: sum(cell.stopped == why for cell in cells) for why in ("length", "refusal")}
    if any(unfit.values()):
        lines.append(
            f"Answers cut off at the limit: {unfit['length']}, refused: {unfit['refusal']}; they count as wrong."
        )
    if run.stopped:
        lines.append(f"**Ended early: {run.stopped}.** The same command goes on from here.")
    return "\n\n".join(lines)


def _accuracy(results: Results) -> str:
    rows = [["arm", "verbosity", "accuracy", *(f"test tokens, {TITLES[one]}" for one in COUNTINGS), "n"]]
    for arm in results.run.arms:
        for verbosity in results.run.verbosities:
            held = {
                (one.what, one.counting): one for one in results.figures if (one.arm, one.verbosity) == (arm, verbosity)
            }
            right = held["accuracy", "completion"]
            tokens = [_shown(held["test_tokens", counting]) for counting in COUNTINGS]
            rows.append([arm, str(verbosity), _shown(right), *tokens, _n(right)])
    return _table(rows)


def _sleep(results: Results) -> str:
    rows = [["arm", *(f"sleep tokens of a context, {TITLES[one]}" for one in COUNTINGS), "n"]]
    for arm in results.run.arms:
        held = [one for one in results.figures if one.what == "sleep_tokens" and one.arm == arm]
        rows.append([arm, *map(_shown, held), _n(held[0])])
    return _table(rows)


def _beside(results: Results) -> str:
    rows = [["arm", "what", *(TITLES[one] for one in COUNTINGS), "the paper", "n"]]
    for arm in (one for one in results.run.arms if one != TEST_ONLY.name):
        for what, said in BESIDE.items():
            held = {one.counting: one for one in results.figures if (one.arm, one.what) == (arm, what)}
            cells = [_shown(held[one]) if one in held else "-" for one in COUNTINGS]
            rows.append([arm, said, *cells, PAPER.get(what, "-"), _n(*held.values())])
    return _table(rows)


def _cost(results: Results, counting: Counting) -> str:
    rows = [["arm", "N", "cost per query", "times cheaper than test-only", "share of sleep", "n"]]
    columns: tuple[What, ...] = ("cost_at_best", "cheaper_at_best", "sleep_share_at_best")
    for arm in results.run.arms:
        for sharing in results.run.sharing:
            held = {
                one.what: one
                for one in results.figures
                if (one.arm, one.sharing, one.counting) == (arm, sharing, counting)
            }
            cells = [_shown(held[what]) if what in held else "-" for what in columns]
            rows.append([arm, str(sharing), *cells, _n(*held.values())])
    return f"Tokens: {TITLES[counting]}. At the best accuracy that all arms reach; the paper: {PAPER['cheaper_at_best']}.\n\n{_table(rows)}"


def _by(cells: Sequence[Cell], name: str, of: Callable[[Cell], str]) -> str:
    """Right answers over all verbosities together."""
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for cell in cells:
        right[of(cell), cell.arm].append(cell.right)
    parts = dict.fromkeys(of(cell) for cell in cells)
    rows = [[part, *(f"{sum(right[part, arm])}/{len(right[part, arm])}" for arm in arms)] for part in parts]
    return _table([[name, *arms], *rows])


def _shown(figure: Figure) -> str:
    size = abs(figure.value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    if figure.low is None or figure.high is None:
        return f"{figure.value:,.{digits}f}"
    return f"{figure.value:,.{digits}f} [{figure.low:,.{digits}f}, {figure.high:,.{digits}f}]"


def _n(*figures: Figure) -> str:
    return f"{figures[0].questions} questions, {figures[0].cases} contexts" if figures else "-"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

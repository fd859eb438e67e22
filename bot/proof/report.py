"""The page to read: report.md, every figure with its interval and its n, the paper's beside."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median

from bot.proof.accounting import TIMES
from bot.proof.arms import TEST_ONLY, Cell
from bot.proof.figures import COUNTINGS, Counting, Figure, What
from bot.proof.plots import TITLES
from bot.proof.results import Results

PAPER: dict[What, str] = {"largest_gain": "0.13 to 0.18", "largest_saving": "5", "cheaper_at_best": "2.5 at N = 10"}
BESIDE: dict[What, str] = {
    "largest_gain": "accuracy gained at equal test tokens, where it is most",
    "mean_gain": "accuracy gained at equal test tokens, mean over the range both cover",
    "largest_saving": "times fewer test tokens at equal accuracy, where it is most",
    "saving_at_best": "times fewer test tokens at the best accuracy that all arms reach",
}
NOTES = (
    f"Cost per query is (S + t × ΣT) / N: S tokens of sleep, T test tokens of each of the N questions that share a context, "
    f"t = {TIMES:g}. The paper's scripts count only what the model writes; here the second of each pair adds what it reads.",
    "[low, high] is 95 % of a bootstrap over whole contexts. Figures “where it is most” pick the luckiest place of a curve "
    "and so lean upwards; the mean gain does not. The interval, not the figure, says what a second run would show.",
    "A curve leaves out the lengths that cost more and answer worse. Only contexts that every arm has played to the end count.",
    "The arms share their passes: the first of k = 5 is the one of k = 1. Each arm is charged for all it uses.",
    "The paper's figures are of its own models and questions, and beside these only to show what is being reproduced.",
)
Rows = list[list[str]]
"""A table: its head, then its lines."""


def page(results: Results) -> str:
    parts = [f"# Sleep-time accounting: {results.run.model}", *head(results)]
    parts += ["## Accuracy against test tokens\n\n![accuracy](accuracy.png)", _table(accuracy(results))]
    parts += [_table(sleep(results)), "## Asleep against awake", _table(beside(results))]
    parts += ["## Time to an answer", _table(seconds(results))]
    parts += ["## Cost per query\n\n![cost](cost.png) ![share](share.png)"]
    parts += [f"{cost_title(counting)}\n\n{_table(cost(results, counting))}" for counting in COUNTINGS]
    parts += ["## By kind of question, and by difficulty", _table(by_kind(results)), _table(by_level(results))]
    return "\n\n".join([*parts, "## How to read it", "\n".join(f"- {note}" for note in NOTES)]) + "\n"


def head(results: Results) -> list[str]:
    """What was asked of which model, a sentence each, and what was amiss."""
    run = results.run
    questions = results.figures[0].questions if results.figures else 0
    cells = [cell for one in results.played for cell in one.cells]
    lines = [
        f"Questions from {run.questions_from} (seed {run.seed}, levels {', '.join(map(str, run.levels)) or '-'}): "
        f"{questions} over {len(results.played)} of {run.cases} contexts, in {len(run.arms)} arms at {len(run.verbosities)} "
        f"lengths: {len(cells):,} answers. A pass of sleep has at most {run.steps} steps, at temperature {run.temperature:g}.",
        f"Calls: {run.calls:,}; tokens read {run.prompt:,} ({run.cached:,} of them from a cache), written {run.completion:,}.",
    ]
    if run.uncounted:
        lines.append(
            f"The server did not count the tokens of {run.uncounted:,} calls: four characters were taken for one."
        )
    unfit = {why: sum(cell.stopped == why for cell in cells) for why in ("length", "refusal")}
    if any(unfit.values()):
        lines.append(
            f"Answers cut off at the limit: {unfit['length']}, refused: {unfit['refusal']}; they count as wrong."
        )
    if run.stopped:
        lines.append(f"Ended early: {run.stopped}. The same command goes on from here.")
    return lines


def accuracy(results: Results) -> Rows:
    rows = [["arm", "verbosity", "accuracy", *(f"test tokens, {TITLES[one]}" for one in COUNTINGS), "n"]]
    for arm in results.run.arms:
        for verbosity in results.run.verbosities:
            held = {
                (one.what, one.counting): one for one in results.figures if (one.arm, one.verbosity) == (arm, verbosity)
            }
            right = held["accuracy", "completion"]
            tokens = [_shown(held["test_tokens", counting]) for counting in COUNTINGS]
            rows.append([arm, str(verbosity), _shown(right), *tokens, _n(right)])
    return rows


def sleep(results: Results) -> Rows:
    rows = [["arm", *(f"sleep tokens of a context, {TITLES[one]}" for one in COUNTINGS), "n"]]
    for arm in results.run.arms:
        held = [one for one in results.figures if one.what == "sleep_tokens" and one.arm == arm]
        rows.append([arm, *map(_shown, held), _n(held[0])])
    return rows


def beside(results: Results) -> Rows:
    rows = [["arm", "what", *(TITLES[one] for one in COUNTINGS), "the paper", "n"]]
    for arm in (one for one in results.run.arms if one != TEST_ONLY.name):
        for what, said in BESIDE.items():
            held = {one.counting: one for one in results.figures if (one.arm, one.what) == (arm, what)}
            cells = [_shown(held[one]) if one in held else "-" for one in COUNTINGS]
            rows.append([arm, said, *cells, PAPER.get(what, "-"), _n(*held.values())])
    return rows


def cost(results: Results, counting: Counting) -> Rows:
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
    return rows


def cost_title(counting: Counting) -> str:
    where = f"At the best accuracy that all arms reach; the paper: {PAPER['cheaper_at_best']}."
    return f"Tokens: {TITLES[counting]}. {where}"


def seconds(results: Results) -> Rows:
    """Medians. Those of a reader who is no server say nothing, and of answers that took no time nothing is said."""
    rows = [["arm", *(f"length {one}" for one in results.run.verbosities)]]
    cells = [cell for one in results.played for cell in one.cells]
    for arm in results.run.arms:
        row = [arm]
        for verbosity in results.run.verbosities:
            took = [cell.seconds for cell in cells if (cell.arm, cell.verbosity) == (arm, verbosity)]
            row.append(f"{median(took):.2f} s" if any(took) else "not timed")
        rows.append(row)
    return rows


def by_kind(results: Results) -> Rows:
    return _by(results, "kind", lambda cell: cell.kind)


def by_level(results: Results) -> Rows:
    return _by(results, "level", lambda cell: str(cell.level))


def _by(results: Results, name: str, of: Callable[[Cell], str]) -> Rows:
    """Right answers over all verbosities together."""
    cells = [cell for one in results.played for cell in one.cells]
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for cell in cells:
        right[of(cell), cell.arm].append(cell.right)
    parts = dict.fromkeys(of(cell) for cell in cells)
    rows = [[part, *(f"{sum(right[part, arm])}/{len(right[part, arm])}" for arm in arms)] for part in parts]
    return [[name, *arms], *rows]


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

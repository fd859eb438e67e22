"""What memory finds: LoCoMo when it is given, six generated weeks of an office, and latency with 30,000 messages visible.

No model is asked: what is retrieved is measured, and what the rules answer from it.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

from bot import app, settings
from bot.desk import Desk
from graphs.answer import PASSAGES
from tests.bench.measure import Given, Row, fresh, report, say
from tests.bench.memory import lived, locomo, many
from tests.bench.memory.lived import Shown, Tried
from tests.bench.memory.questions import BEFORE, ONE, OVERALL, SEVERAL, Question, pairs, questions
from tests.bench.memory.weeks import END, Weeks, rights, weeks
from tests.bench.memory.written import write_questions

BUDGETS = (450, 1024)
"""Retrieved tokens that a question of one fact, and any other, may take; a token is four characters."""


def main() -> None:
    asked = _parser().parse_args()
    to = Given(asked.data, asked.out)
    path = asked.locomo or to.file("locomo_dev.json")
    if path is not None:
        with fresh() as made:
            locomo.measure(to, made, path)
    _office(to, weeks(asked.seed), asked.pairs)
    if asked.many:
        with fresh() as made:
            many.measure(to, made)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the real data; parts without their data are left out")
    parser.add_argument("--out", type=Path, help="folder for the figures as JSON")
    parser.add_argument("--locomo", type=Path, help="LoCoMo's file, when it is not locomo_dev.json of --data")
    parser.add_argument("--seed", type=int, default=7, help="of the office's weeks")
    parser.add_argument("--pairs", type=int, default=1000, help="random people, places and questions for leaks")
    parser.add_argument(
        "--many", action=argparse.BooleanOptionalAction, default=True, help="latency of 30,000 messages"
    )
    return parser


# --- the office -----------------------------------------------------------------------------------


def _office(to: Given, made: Weeks, most: int) -> None:
    asked = questions(made)
    if to.out is not None:
        to.out.mkdir(parents=True, exist_ok=True)
        write_questions(asked, to.out / "questions.jsonl")
    rows: dict[str, list[tuple[Question, Row]]] = {}
    with tempfile.TemporaryDirectory(prefix="nd-") as root, _desk(Path(root) / "full") as desk:
        for moment in (BEFORE, END):
            lived.live_until(desk, made, moment, Path(root) / f"{moment:%d}")
            for one in asked:
                if one.at == moment and not one.deny:
                    rows.setdefault(one.kind, []).append((one, _figures(desk, one)))
        report(to, "office_weeks", list(_table(rows)))
        _kept(to, desk, made, asked, most)


@contextmanager
def _desk(home: Path) -> Iterator[Desk]:
    home.mkdir(parents=True)
    said = settings.load(environ={})
    with app.database(said, home, durable=False) as held, app.desk(said, held) as desk:
        yield desk


def _figures(desk: Desk, one: Question) -> Row:
    tried = locomo.timed(lambda _: [f"{it.place}/{it.key}" for it in lived.found(desk, one)], one.question)
    shown = lived.found(desk, one)
    needed = {f"{it.place}/{it.key}" for it in one.sources}
    said = lived.answered(desk, one).text
    row: Row = {f"r{k}": 100 * len(needed & set(tried.keys[:k])) / len(needed) for k in (5, 10, 20)}
    for budget in BUDGETS:
        row[f"in_{budget}_tokens"] = 100 * len(needed & _within(shown, budget)) / len(needed)
    row["in_passages"] = 100 * len(needed & set(tried.keys[:PASSAGES])) / len(needed)  # what a live answer is given
    row["all_in_1024"] = 100.0 * (needed <= _within(shown, BUDGETS[-1]))
    row["answered_by_rules"] = 100.0 * all(part in said for part in one.answer)
    return row | {"ms": 1000 * tried.seconds}


def _within(shown: Sequence[Shown], budget: int) -> set[str]:
    kept, used = set(), 0.0
    for it in shown:
        used += it.tokens + lived.HEAD
        if used > budget:
            break
        kept.add(f"{it.place}/{it.key}")
    return kept


def _table(rows: dict[str, list[tuple[Question, Row]]]) -> Iterator[Row]:
    groups = [(kind, (kind,)) for kind in rows] + [
        ("one message", ONE),
        ("several messages", SEVERAL),
        ("everything in a place", OVERALL),
        ("all", tuple(rows)),
    ]
    for name, kinds in groups:
        held = [row for kind in kinds for _, row in rows.get(kind, [])]
        yield {"questions about": name, "asked": len(held)} | {key: fmean(row[key] for row in held) for key in held[0]}


def _kept(to: Given, desk: Desk, made: Weeks, asked: Sequence[Question], most: int) -> None:
    """What must be none."""
    told = pairs(rights(END))
    denied = [one for one in asked if one.deny and one.at == END]
    kept = {
        "leaks": lived.leaks(desk, lived.drawn(made.seed + 2, asked, most), rights(END)),
        "denies broken": lived.broken_denies(desk, denied),
        "stale after edit or delete": lived.stale_words(desk, made, asked, most),
        "superseded value answered (rules)": lived.superseded(desk, made, asked),
    }
    for place in lived.CLOSED:
        with tempfile.TemporaryDirectory(prefix="nd-") as root, _desk(Path(root) / "less") as less:
            for moment in (BEFORE, END):
                lived.live_until(less, made, moment, Path(root) / f"{moment:%d}", frozenset({place.key}))
            drawn = lived.drawn(made.seed + 3, asked, max(most // 50, 20))
            kept[f"ranks moved by {place.name}"] = lived.moved_ranks(desk, less, place.key, drawn, told)
    report(
        to, "office_rights", [{"what": name, "tried": it.tried, "wrong": len(it.wrong)} for name, it in kept.items()]
    )
    for name, tries in kept.items():
        _tell(name, tries)


def _tell(name: str, tries: Tried) -> None:
    for line in tries.wrong[:5]:
        say(f"{name}: {line}")


if __name__ == "__main__":
    main()

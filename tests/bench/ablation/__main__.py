"""Does sleeping help an answer? The same questions in a small office, awake and after nights, through the product's own code.

    python -m tests.bench ablation                      replays the recorded reader
    python -m tests.bench ablation --rules              without any model
    NIGHTDESK_SLEEP_MODEL=NAME NIGHTDESK_LIVE_MODEL=NAME OPENAI_BASE_URL=URL OPENAI_API_KEY=KEY \\
      python -m tests.bench ablation --live             with any OpenAI-compatible model, as the settings name it

It leaves ablation.json and ablation.png in --out; `nightdesk proof --out` of the same folder shows them on its page. The
questions need several messages each and their answers are computed (tests/bench/memory/questions.py), so no model grades.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot import settings
from bot.embedded.model import read_recordings, replaying
from bot.proof import ablation, plots
from bot.settings import RoleSettings, Settings
from tests.bench.ablation.arms import PLANS, play, results_of
from tests.bench.ablation.office import office
from tests.bench.measure import Given, Row, report, say

RECORDINGS = Path(__file__).parent / "recordings.jsonl.gz"
RECORDED = "recorded"
"""The model's name in the recordings. It is part of their keys."""
ARMS = (0, 1, 2, 3)
"""Of `PLANS`, those that are recorded."""
SEED, QUESTIONS = 31, 40


def main(words: Sequence[str] | None = None) -> None:
    asked = _parser().parse_args(words)
    plans = [PLANS[number] for number in asked.arms]
    made = office(asked.seed, asked.questions)
    with _models(asked) as configured:
        played = [play(configured, made, plan, say) for plan in plans]
        name = _name(configured, asked.live)
    arms, answers, unrecorded = results_of(played)
    run = ablation.Ablation(
        model=name, seed=asked.seed, messages=made.messages, nights=len(made.nights), unrecorded=unrecorded, arms=arms,
        answers=answers, prompts=ablation.prompts_now(),
    )  # fmt: skip
    _show(Given(None, asked.out), run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tests.bench ablation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--live", action="store_true", help="ask the models that the settings name")
    add("--rules", action="store_true", help="ask no model")
    add("--recordings", type=Path, default=RECORDINGS, help="answers to replay")
    add(
        "--arms",
        type=_numbers,
        help="0 awake, 1 with more passages; 2, 3: k = 1 with and without conclusions; 4, 5: k = 5 likewise",
    )
    add("--questions", type=int, default=QUESTIONS, help="at most so many, of each kind about as many")
    add("--seed", type=int, default=SEED, help="of the office and of the choice of questions")
    add("--out", type=Path, default=Path("out/ablation"), help="folder for the figures")
    parser.set_defaults(arms=ARMS)
    return parser


def _numbers(written: str) -> tuple[int, ...]:
    return tuple(sorted({0, *(int(one) for one in written.split(","))}))


@contextmanager
def _models(asked: argparse.Namespace) -> Iterator[Settings]:
    """The settings, with the models that were asked for."""
    if asked.live:
        yield settings.load()
        return
    bare = settings.load(environ={})
    if asked.rules:
        yield bare
        return
    with replaying(read_recordings(asked.recordings)) as url:
        role = RoleSettings(RECORDED, url, "recorded")
        yield replace(bare, live=role, sleep=role)


def _name(configured: Settings, live: bool) -> str:
    if configured.live is None or configured.sleep is None:
        return "rules"
    if not live:
        return "a reader who answered each request from the request alone"
    asleep, awake = configured.sleep.model, configured.live.model
    return awake if asleep == awake else f"{asleep} asleep, {awake} awake"


def _show(to: Given, run: ablation.Ablation) -> None:
    assert to.out is not None
    to.out.mkdir(parents=True, exist_ok=True)
    ablation.write(to.out, run)
    plots.draw_ablation(run, to.out)
    for line in ablation.head(run):
        say(line)
    tables = {
        "accuracy": ablation.accuracy,
        "cost": ablation.costs,
        "kinds": ablation.by_kind,
        "stages": ablation.stages,
    }
    for name, table in tables.items():
        columns, *lines = table(run)
        rows: list[Row] = [dict(zip(columns, line, strict=True)) for line in lines]
        report(Given(None, None), name, rows)


if __name__ == "__main__":
    main()

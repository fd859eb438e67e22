"""The sleep-time paper's accounting (arXiv 2504.13171) on any OpenAI-compatible model: does thinking ahead pay?

Arms: a question with its context alone, or also with what k passes of sleep made of the context before anybody asked; each
at five lengths of answer. The contexts are generated (an office, ten questions to each, answers computed), or GSM-Symbolic.
A call that is on disk is not made again: the same command goes on where a run ended.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import models
from bot.proof import plots, report, results
from bot.proof.arms import Plan, play
from bot.proof.calls import Call, Calls, Estimate, read_calls
from bot.proof.cases import Case, office
from bot.proof.gsm import read_gsm
from bot.proof.run import Asking, Setting, arms, play_all
from bot.proof.run import results as whole
from bot.settings import OPENAI, RoleSettings
from tests.bench.measure import say


def main(words: Sequence[str] | None = None) -> None:
    """Exits with 1 when the run ended before its plan, 2 on wrong usage."""
    asked = _parser().parse_args(words)
    asked.out.mkdir(parents=True, exist_ok=True)
    known = read_calls(asked.out / "calls.jsonl")
    cases, plan = _cases(asked), _plan(asked)
    if asked.dry_run:
        return _tell(Estimate(asked.model, known), cases, plan)
    calls = _calls(asked, known)
    try:
        ended = play_all(cases, plan, Asking(calls.ask, calls.stop, say, asked.at_once))
    finally:
        calls.chat.close()
    played, stopped = ended
    say(f"{calls.asked:,} calls made, {len(played)} of {len(cases)} contexts whole")
    where, levels = (asked.gsm.name, ()) if asked.gsm else ("office", asked.levels)
    setting = Setting(asked.model, where, asked.seed, levels, asked.sharing)
    _write(asked, whole(setting, plan, len(cases), ended, list(calls.used.values())))
    if stopped:
        say(f"Ended early: {stopped}. The same command goes on from here.")
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.bench.sleeptime", description=__doc__)
    add = parser.add_argument
    add("--model", required=True, help="the model's name at its endpoint")
    add("--base-url", default=OPENAI, help="of an OpenAI-compatible endpoint")
    add("--api-key-env", default="OPENAI_API_KEY", help="the environment variable that holds the key")
    add("--out", type=Path, default=Path("out/sleeptime"), help="folder for calls, results, report.md and pictures")
    add("--dry-run", action="store_true", help="say how many calls and tokens are missing, and make none")
    add("--most-tokens", type=int, help="of all calls in the folder together, read and written; the run ends before")
    add("--contexts", type=int, default=12, help="how many contexts to generate, or to read from --gsm")
    add("--levels", type=_numbers, default=(1, 2, 3), help="difficulties of generated contexts, taken in turn: 1,2,3")
    add("--seed", type=int, default=1, help="of the generated contexts and of the intervals")
    add("--gsm", type=Path, help="GSM-Symbolic as JSON lines, in place of generated contexts")
    add("--passes", type=_numbers, default=(0, 1, 5), help="the arms, by passes of sleep; 0 is test-only")
    add("--alone", action="store_true", help="adds arms whose questions see what sleep made, and not the context")
    add("--verbosity", type=_numbers, default=(0, 1, 2, 3, 4), help="lengths of the answer")
    add("--sharing", type=_numbers, default=(1, 2, 5, 10), help="N, questions that share a context")
    add("--steps", type=int, default=3, help="of a pass of sleep, at most")
    add("--longest", type=int, default=4_000, help="tokens of one answer; more for models that think aloud")
    add("--temperature", type=float, default=1.0, help="of sleep; questions are asked at 0")
    add("--at-once", type=int, default=4, help="contexts played at the same time")
    add("--timeout", type=float, default=180.0, help="seconds for one call")
    return parser


def _numbers(written: str) -> tuple[int, ...]:
    return tuple(sorted({int(one) for one in written.split(",")}))


def _cases(asked: argparse.Namespace) -> list[Case]:
    if asked.gsm is None:
        levels = asked.levels
        return [office(asked.seed, number, levels[number % len(levels)]) for number in range(asked.contexts)]
    try:
        cases, left_out = read_gsm(asked.gsm, asked.contexts)
    except (OSError, ValueError) as err:
        say(f"{asked.gsm} is not GSM-Symbolic: {err}")
        sys.exit(2)
    if left_out:
        say(
            f"{left_out} rows are left out: they are one sentence, so there is nothing to think about before the question"
        )
    return cases


def _plan(asked: argparse.Namespace) -> Plan:
    return Plan(arms(asked.passes, asked.alone), asked.verbosity, asked.steps, asked.longest, asked.temperature)


def _calls(asked: argparse.Namespace, known: dict[str, Call]) -> Calls:
    key = os.environ.get(asked.api_key_env, "")
    role = RoleSettings(asked.model, asked.base_url, key, timeout=asked.timeout)
    spent = sum(call.prompt + call.completion for call in known.values())
    return Calls(asked.model, asked.out / "calls.jsonl", models.chat(role), asked.most_tokens, known, spent=spent)


def _tell(estimate: Estimate, cases: Sequence[Case], plan: Plan) -> None:
    for case in cases:
        play(case, plan, estimate.ask)
    say(f"{len(cases)} contexts, {sum(len(case.questions) for case in cases)} questions, {len(plan.arms)} arms")
    say(f"calls to make: {estimate.calls['sleep']:,} of sleep at most, {estimate.calls['test']:,} of test")
    say(f"tokens, about: {estimate.prompt:,} read, {estimate.completion:,} written; --most-tokens sets an end to them")


def _write(asked: argparse.Namespace, held: results.Results) -> None:
    results.write(asked.out, held)
    if held.played:
        plots.draw(held.figures, asked.out)
        (asked.out / "report.md").write_text(report.page(held), encoding="utf-8")
        say(f"{asked.out / 'report.md'} is written")


if __name__ == "__main__":
    main()

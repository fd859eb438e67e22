"""`nightdesk proof`: one page that shows what thinking ahead changes, from answers recorded before or asked for now."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import models
from bot.proof import ablation, page, plots, results, run
from bot.proof.arms import Plan, play
from bot.proof.calls import Ask, Call, Calls, Estimate, read_calls
from bot.proof.cases import office
from bot.settings import RoleSettings, Settings
from graphs.errors import Later, NeedsPerson
from graphs.thinking import Request

PLAN = Plan(run.arms((0, 1, 5)), verbosities=(0, 2, 4), steps=2)
LEVELS = (1, 2, 3)
SHARING = (1, 2, 5, 10)
SEED = 1
RECORDED = ("run.json", "cells.jsonl", "sleep.jsonl", "figures.jsonl")


@dataclass(frozen=True)
class Asked:
    """`most_tokens`: read and written by all calls together; None: no end but the plan's."""

    out: Path
    live: bool
    contexts: int = 6
    most_tokens: int | None = None
    tell: Callable[[str], None] = lambda line: None


def prove(configured: Settings, asked: Asked) -> Path:
    """Writes the page into a folder that is there; returns its path. Raises `Later` when a live run ended before its plan."""
    found = _live(configured, asked) if asked.live else recorded()
    label = _label(found.run, asked.live)
    to = asked.out / "proof.html"
    office = office_of(asked.out, asked.live)
    with TemporaryDirectory() as folder:
        drawn = plots.draw(found.figures, Path(folder))
        drawn += [plots.draw_ablation(office.run, Path(folder))] if office else []
        pictures = {path.stem: path.read_bytes() for path in drawn}
    to.write_text(page.html(found, pictures, label, office), encoding="utf-8")
    if found.run.stopped:
        raise Later(f"The run ended early: {found.run.stopped}. {to} shows what there is; the same command goes on.")
    return to


def recorded() -> results.Results:
    """The run that comes with the program."""
    with TemporaryDirectory() as folder:
        for name in RECORDED:
            held = files("bot.proof").joinpath("recorded", f"{name}.gz").read_bytes()
            Path(folder, name).write_bytes(gzip.decompress(held))
        return results.read(Path(folder))


def office_of(folder: Path, live: bool) -> page.Office | None:
    """The run of the ablation that lies in a folder; else, unless live answers are asked for, the one that comes with the
    program. Raises `NeedsPerson` for something else that lies there."""
    if (folder / ablation.FILE).exists():
        try:
            own = ablation.read(folder)
        except (OSError, ValueError) as err:
            raise NeedsPerson(f"{folder / ablation.FILE} is no run of the ablation: take it away.") from err
        return page.Office(own, f"Run in this folder: {own.model}")
    if live:
        return None
    held = files("bot.proof").joinpath("recorded", f"{ablation.FILE}.gz").read_bytes()
    shipped = ablation.Ablation.model_validate_json(gzip.decompress(held))
    return page.Office(shipped, f"Recorded run: {shipped.model}. {OF_THE_OFFICE}")


def _label(of: results.Run, live: bool) -> str:
    return f"Live run: {of.model}" if live else f"Recorded run: {of.model}. {OF_THE_RECORDING}"


OF_THE_RECORDING = (
    "A reader that thinks without writing it down and that answers awake nearly all of these questions: where nothing is left "
    "to gain, sleep cannot show that it gains. The five passes of an arm come from one reader and agree more than those of "
    "five calls, and answers were not timed. It shows the accounting, not your model: for that, `nightdesk proof --live`."
)

OF_THE_OFFICE = (
    "One small office and one reader who answered each request from the request alone: few questions, so read the interval. "
    "For your model: `python -m tests.bench ablation --live --out DIR`, then `nightdesk proof --out DIR`."
)


# --- live -----------------------------------------------------------------------------------------


def _live(configured: Settings, asked: Asked) -> results.Results:
    sleep, test = configured.sleep, configured.live
    if sleep is None or test is None:
        raise NeedsPerson("A live proof asks two models: set NIGHTDESK_SLEEP_MODEL and NIGHTDESK_LIVE_MODEL.")
    cases = [office(SEED, number, LEVELS[number % len(LEVELS)]) for number in range(asked.contexts)]
    estimate = Estimate(test.model, {})
    for case in cases:
        play(case, PLAN, estimate.ask)
    asked.tell(
        f"{sum(estimate.calls.values()):,} calls, about {estimate.prompt + estimate.completion:,} tokens in all."
    )
    asleep, awake = _calls(sleep, asked, "sleep"), _calls(test, asked, "test")
    try:
        ended = run.play_all(cases, PLAN, run.Asking(_by_step(asleep, awake), _both(asleep, awake), asked.tell))
    finally:
        asleep.chat.close()
        awake.chat.close()
    name = test.model if sleep.model == test.model else f"{sleep.model} asleep, {test.model} awake"
    setting = run.Setting(name, "office", SEED, LEVELS, SHARING)
    used: Sequence[Call] = [*asleep.used.values(), *awake.used.values()]
    found = run.results(setting, PLAN, len(cases), ended, used)
    results.write(asked.out, found)
    if not found.played:
        raise Later(f"No context was played to its end: {found.run.stopped}. The same command goes on.")
    return found


def _calls(role: RoleSettings, asked: Asked, step: str) -> Calls:
    """What was answered before is not asked again. Half of the tokens is for either model."""
    file = asked.out / f"{step}-calls.jsonl"
    known = read_calls(file)
    most = None if asked.most_tokens is None else asked.most_tokens // 2
    spent = sum(call.prompt + call.completion for call in known.values())
    return Calls(role.model, file, models.chat(role), most, known, spent=spent)


def _by_step(asleep: Calls, awake: Calls) -> Ask:
    def ask(request: Request) -> Call:
        return (asleep if request.step == "sleep" else awake).ask(request)

    return ask


def _both(asleep: Calls, awake: Calls) -> Callable[[str], None]:
    def stop(why: str) -> None:
        asleep.stop(why)
        awake.stop(why)

    return stop

"""Plays contexts side by side, in every arm, and puts together what came of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.proof.arms import TEST_ONLY, Arm, Plan, Played, play
from bot.proof.calls import Ask, Call, Stopped
from bot.proof.cases import Case
from bot.proof.figures import all_figures
from bot.proof.results import Results, Run


def arms(passes: Sequence[int], alone: bool = False) -> tuple[Arm, ...]:
    """An arm for each number of passes; `alone` adds those whose questions see what sleep made, and not the context."""
    asleep = [count for count in passes if count]
    found = [Arm(f"sleep k={count}", count) if count else TEST_ONLY for count in passes]
    return (*found, *(Arm(f"sleep k={count} alone", count, alone=True) for count in asleep if alone))


@dataclass(frozen=True)
class Asking:
    """How the model is reached. `stop` makes every further call raise `Stopped`; `tell` gets a line for each context."""

    ask: Ask
    stop: Callable[[str], None]
    tell: Callable[[str], None]
    at_once: int = 4


def play_all(cases: Sequence[Case], plan: Plan, asking: Asking) -> tuple[list[Played], str]:
    """The cases that were played to the end, in order; and why the rest was not."""
    whole: list[Played] = []
    stopped = ""
    with ThreadPoolExecutor(asking.at_once) as pool:
        for case, running in [(case, pool.submit(play, case, plan, asking.ask)) for case in cases]:
            try:
                whole.append(running.result())
            except Stopped as why:
                stopped = str(why)
            except KeyboardInterrupt:
                stopped = "interrupted"
                asking.stop(stopped)
            else:
                right = sum(cell.right for cell in whole[-1].cells)
                asking.tell(f"{case.key}: {right} of {len(whole[-1].cells)} answers right")
    return whole, stopped


@dataclass(frozen=True)
class Setting:
    """What a run was about. `levels` are none where the questions were not made up here."""

    model: str
    questions_from: str
    seed: int
    levels: tuple[int, ...]
    sharing: tuple[int, ...]


def results(
    setting: Setting, plan: Plan, wanted: int, ended: tuple[Sequence[Played], str], calls: Sequence[Call]
) -> Results:
    """All figures of a run that wanted so many contexts; `ended` as `play_all` returns it."""
    played, stopped = ended
    most = max((len({cell.question for cell in one.cells}) for one in played), default=1)
    run = Run(
        model=setting.model,
        questions_from=setting.questions_from,
        seed=setting.seed,
        cases=wanted,
        levels=setting.levels,
        arms=tuple(arm.name for arm in plan.arms),
        verbosities=plan.verbosities,
        sharing=tuple(one for one in setting.sharing if one <= most),
        steps=plan.steps,
        temperature=plan.temperature,
        calls=len(calls),
        prompt=sum(call.prompt for call in calls),
        cached=sum(call.cached for call in calls),
        completion=sum(call.completion for call in calls),
        uncounted=sum(not call.counted and call.stopped != "refusal" for call in calls),
        stopped=stopped,
    )
    found = all_figures(run.layout, played, setting.seed) if played else []
    return Results(run, tuple(played), tuple(found))

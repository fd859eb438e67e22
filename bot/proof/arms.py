"""The arms: a question with its context alone, or also with what one or five passes worked out of it beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.proof import prompts
from bot.proof.calls import Ask, Call
from bot.proof.cases import Case, right
from graphs.domain import Value
from graphs.reading import without_thoughts


@dataclass(frozen=True)
class Arm:
    """`alone`: the question sees what was worked out and not the context, which the paper's scripts keep beside it."""

    name: str
    passes: int = 0
    alone: bool = False


TEST_ONLY = Arm("test-only")


@dataclass(frozen=True)
class Plan:
    arms: tuple[Arm, ...]
    verbosities: tuple[int, ...] = (0, 1, 2, 3, 4)
    steps: int = 3  # of a pass, at most
    longest: int = 4_000  # completion tokens of a call
    temperature: float = 1.0  # of sleep: parallel passes that say the same would be one


class Cell(Value):
    """One answered question."""

    case: str
    level: int
    arm: str
    verbosity: int
    question: int
    kind: str
    right: bool
    prompt: int
    completion: int
    stopped: str
    seconds: float
    call: str  # its key in calls.jsonl


class Slept(Value):
    """What an arm spent on a context before any question."""

    case: str
    arm: str
    calls: int
    prompt: int
    completion: int


class Played(Value):
    """A case in every arm, at every verbosity."""

    cells: tuple[Cell, ...]
    slept: tuple[Slept, ...]


def play(case: Case, plan: Plan, ask: Ask) -> Played:
    cells: list[Cell] = []
    slept: list[Slept] = []
    passes = [rethink(case.context, number, plan, ask) for number in range(1, _most_passes(plan.arms) + 1)]
    for arm in plan.arms:
        mine = passes[: arm.passes]
        slept.append(_slept(case, arm, [call for one in mine for call in one.calls]))
        memories = tuple(one.memory for one in mine if one.memory)
        # Without a memory nothing is left but the notes: a model that prepared nothing answers as if awake.
        context = "" if arm.alone and memories else case.context
        for verbosity in plan.verbosities:
            for number, question in enumerate(case.questions):
                call = ask(prompts.answer(context, memories, question.text, verbosity, plan.longest))
                cells.append(_cell(case, arm, verbosity, number, call))
    return Played(cells=tuple(cells), slept=tuple(slept))


def _most_passes(arms: Sequence[Arm]) -> int:
    return max(arm.passes for arm in arms)


@dataclass(frozen=True)
class Pass:
    memory: str
    calls: tuple[Call, ...]


def rethink(context: str, number: int, plan: Plan, ask: Ask) -> Pass:
    """One pass over a context. A rewrite that was cut off or came out empty leaves the memory as it was."""
    memory, calls = "", list[Call]()
    for step in range(1, plan.steps + 1):
        call = ask(prompts.rethink(context, memory, number, step, (plan.longest, plan.temperature)))
        calls.append(call)
        text, done = prompts.rethought(without_thoughts(call.text))
        if text and call.stopped == "end":
            memory = text
        if done:
            break
    return Pass(memory, tuple(calls))


def _slept(case: Case, arm: Arm, calls: Sequence[Call]) -> Slept:
    prompt, completion = sum(call.prompt for call in calls), sum(call.completion for call in calls)
    return Slept(case=case.key, arm=arm.name, calls=len(calls), prompt=prompt, completion=completion)


def _cell(case: Case, arm: Arm, verbosity: int, number: int, call: Call) -> Cell:
    question = case.questions[number]
    return Cell(
        case=case.key,
        level=case.level,
        arm=arm.name,
        verbosity=verbosity,
        question=number,
        kind=question.kind,
        right=call.stopped == "end" and right(call.text, question),
        prompt=call.prompt,
        completion=call.completion,
        stopped=call.stopped,
        seconds=call.seconds,
        call=call.key,
    )

"""A context and the questions that share it, each with its computed answer; and whether a reply gives that answer."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.proof.situation import Situation, State, made_up
from bot.proof.telling import day_of, name_of, told
from graphs.reading import without_thoughts


@dataclass(frozen=True)
class Question:
    kind: str
    text: str
    answer: str  # a number, or names with commas between
    among: tuple[str, ...] = ()  # names to choose from; empty: the answer is a number


@dataclass(frozen=True)
class Case:
    key: str
    context: str
    questions: tuple[Question, ...]
    level: int = 0


def office(seed: int, number: int, level: int) -> Case:
    """Ten questions, one of each kind; the same for the same seed, number and level."""
    chance = random.Random(f"{seed}/{number}/{level}")
    situation = made_up(chance, level)
    text = told(situation, chance)
    return Case(f"office-{seed}-{number}-{level}", text, tuple(_questions(chance, situation)), level)


# --- ten questions --------------------------------------------------------------------------------


def _questions(chance: random.Random, of: Situation) -> Iterator[Question]:
    now = of.now()
    yield from _of_money(chance, of, now)
    yield from _of_work(chance, of, now)
    yield _contradiction(now)
    one, other = chance.sample(of.projects, 2)
    yield _number(
        "what follows for dates",
        f"As it stands now, how many days lie between the delivery of {one} and the delivery of {other}?",
        abs((now.due[one] - now.due[other]).days),
    )


def _of_money(chance: random.Random, of: Situation, now: State) -> Iterator[Question]:
    project = chance.choice(of.projects)
    yield _number(
        "total",
        f"How many euro of the budget of {project} are left now, after all that was bought for it?",
        now.left(project),
    )
    yield _number(
        "total over projects",
        "How many euro are left now in the budgets of all projects together, after all that was bought?",
        sum(now.left(one) for one in of.projects),
    )
    begin, end = _two_evenings(chance, of)
    was, came = of.on(begin), of.on(end)
    changed = chance.choice([one for one in of.projects if was.budget[one] != came.budget[one]] or of.projects)
    yield _number(
        "what changed between",
        f"By how many euro did the budget of {changed} (the budget itself, not what is left of it) change between the "
        f"evening of {day_of(begin)} and the evening of {day_of(end)}? A cut is negative; no change is 0.",
        came.budget[changed] - was.budget[changed],
    )
    yield _number(
        "as of",
        f"On the evening of {day_of(end)}, how many euro of the budget of {project} were left, by what had been said then?",
        came.left(project),
    )


def _two_evenings(chance: random.Random, of: Situation) -> tuple[date, date]:
    """One in the first half and one in the second, neither of them the last."""
    evenings = sorted({event.on for event in of.events})[1:-1]
    half = len(evenings) // 2
    return chance.choice(evenings[:half]), chance.choice(evenings[half:])


def _of_work(chance: random.Random, of: Situation, now: State) -> Iterator[Question]:
    held = now.open()
    most = sorted(held, key=lambda task: (-len(now.waits_for(task)), task))
    blocked, chained = most[0], chance.choice(most[:3])
    yield Question(
        "who is blocked by whom",
        f"Whose open tasks have to be done before {name_of(blocked)} can begin: those it waits for itself, and those that "
        "these wait for in turn? Name every person who has one of them now, or say nobody.",
        ", ".join(sorted({now.work[task].owner for task in now.waits_for(blocked)})) or "nobody",
        of.people,
    )
    yield _number(
        "longest chain",
        f"After how many days of work from now is {name_of(chained)} done, at the earliest? Every open task begins as soon "
        "as all it waits for is done, none of them has been begun yet, and one person can do several at once.",
        now.days_until_done(chained),
    )
    busy, away = (chance.choice(sorted({work.owner for work in held.values()})) for _ in range(2))
    yield _number(
        "total by person",
        f"How many days of work does {busy} still have in open tasks altogether?",
        sum(work.days for work in held.values() if work.owner == busy),
    )
    yield _number(
        "what follows if",
        f"If {away} did nothing from now on and nobody took over, how many open tasks could never be finished: {away}'s own "
        "and all that wait for one of them, directly or over others?",
        sum(away in {now.work[one].owner for one in (task, *now.waits_for(task))} for task in held),
    )


def _contradiction(now: State) -> Question:
    [prices] = [said.values() for said in now.offers.values() if len(set(said.values())) > 1]
    return _number(
        "contradiction",
        "Two people name different prices for the same offer, and neither has taken theirs back. By how many euro do the two "
        "prices differ?",
        max(prices) - min(prices),
    )


def _number(kind: str, text: str, answer: int) -> Question:
    return Question(kind, text, str(answer))


# --- grading --------------------------------------------------------------------------------------

_ANSWER = re.compile(r"(?i)\banswer[\s*_`]*(?:is\b\s*:?|:)[\s*_`]*([^\n]*)")
_NUMBER = re.compile(r"[-\N{MINUS SIGN}]?(?:[$\N{EURO SIGN}]\s?)?\d[\d,]*(?:\.\d+)?")


def right(reply: str, question: Question) -> bool:
    """True when the last `Answer:` of the reply, or the end of one that has none, is the answer."""
    said = without_thoughts(reply).strip()
    answers = _ANSWER.findall(said)
    if question.among:
        wanted = {name for name in question.among if name in question.answer.split(", ")}
        return named(answers[-1] if answers else said, question.among) == wanted and bool(said)
    numbers = _NUMBER.findall(answers[-1])[:1] if answers else []
    numbers = numbers or _NUMBER.findall(said)[-1:]
    return [_value(one) for one in numbers] == [float(question.answer)]


def named(text: str, among: tuple[str, ...]) -> set[str]:
    return {name for name in among if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)}


def _value(written: str) -> float:
    return float(re.sub(r"[,$\N{EURO SIGN}\s]", "", written.replace("\N{MINUS SIGN}", "-")))

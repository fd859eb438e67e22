"""The sleep-time bench's questions: every answer worked out a second time, from the told words alone."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.proof.cases import Case, Question, office, right

TASK = r"the ([\w ]+?) of (\w+)"
EURO = r"([\d,]+) euro"


@dataclass(frozen=True)
class Line:
    on: date
    by: str
    text: str


class Heard:
    """A reader with a list of sentences and no idea of the generator's events."""

    def __init__(self, case: Case) -> None:
        head, *lines = case.context.splitlines()
        self.evening = _date(re.search(r"evening of (\d+ \w+)", head))
        parsed = [re.fullmatch(r"\[(\d+ \w+)\] (\w+): (.+)", line) for line in lines]
        self.lines = [Line(_date(one), one[2], one[3]) for one in parsed if one]
        assert len(self.lines) == len(lines)

    def hits(self, *patterns: str, until: date | None = None) -> list[tuple[Line, tuple[str, ...]]]:
        return [
            (line, found.groups())
            for line in self.lines
            for pattern in patterns
            if line.on <= (until or self.evening) and (found := re.search(pattern, line.text))
        ]

    # --- money

    def budget(self, project: str, until: date | None = None) -> int:
        more = self.hits(rf"{project} gets {EURO} more", rf"add {EURO} to the budget of {project}\.", until=until)
        less = self.hits(rf"budget of {project} is cut by {EURO}", rf"{project} has to give up {EURO}", until=until)
        begun = self.hits(rf"{project} has a budget of {EURO}", rf"budget of {project} is {EURO}", until=until)
        return sum(_euro(one) for one in begun + more) - sum(_euro(one) for one in less)

    def left(self, project: str, until: date | None = None) -> int:
        paid = {}
        for line in (one for one in self.lines if one.on <= (until or self.evening)):
            for pattern in (
                rf"Ordered the (\w+) for {project}, {EURO}", rf"{project} buys the (\w+) for {EURO}",
                rf"The (\w+) for {project} cost {EURO}", rf"invoice for the (\w+) of {project} says {EURO}",
            ):  # fmt: skip
                if found := re.search(pattern, line.text):
                    paid[found[1]] = int(found[2].replace(",", ""))
            for pattern in (rf"The (\w+) for {project} go back", rf"{project} does without the (\w+):"):
                if found := re.search(pattern, line.text):
                    paid[found[1]] = 0
        return self.budget(project, until) - sum(paid.values())

    @property
    def projects(self) -> list[str]:
        return [one[0] for _, one in self.hits(r"(\w+) has a budget of [\d,]+ ", r"budget of (\w+) is [\d,]+ euro\.")]

    # --- work

    def open(self) -> dict[str, tuple[str, int]]:
        """Open task -> (owner, days)."""
        owner, days = {}, defaultdict[str, int](int)
        for line in self.lines:
            if found := re.search(rf"{TASK}(?:, (\d+) days? of work| is mine: (\d+) days? of work)", line.text, re.I):
                owner[_task(found)], days[_task(found)] = line.by, int(found[3] or found[4])
            elif found := re.search(rf"I take over {TASK} from|From today {TASK} is mine", line.text):
                owner[_task(found) if found[1] else f"{found[3]} of {found[4]}"] = line.by
            elif found := re.search(rf"{TASK} needs (\d+) days? more", line.text, re.I):
                days[_task(found)] += int(found[3])
            elif found := re.search(rf"Add (\d+) days? of work to {TASK}", line.text):
                days[f"{found[2]} of {found[3]}"] += int(found[1])
        done = {
            f"{name} of {of}"
            for _, (name, of) in self.hits(
                r"(?i)^the ([\w ]+?) of (\w+) is done\.$", r"^Finished with the ([\w ]+?) of (\w+)\.$"
            )
        }
        return {task: (owner[task], days[task]) for task in owner if task not in done}

    def edges(self) -> set[tuple[str, str]]:
        """(task, what it waits for), both open."""
        held, found = self.open(), set()
        for line in self.lines:
            names = [f"{name} of {of}" for name, of in re.findall(rf"\b{TASK}", line.text, re.IGNORECASE)]
            if "cannot begin before" in line.text or "has to wait until" in line.text:
                found |= {(names[0], other) for other in names[1:]}
        return {(one, other) for one, other in found if one in held and other in held}

    def behind(self, tasks: set[str]) -> set[str]:
        """All that waits for these, over others too, and they themselves: grown until nothing is added."""
        grown = tasks | {one for one, other in self.edges() if other in tasks}
        return grown if grown == tasks else self.behind(grown)

    def days_until(self, wanted: str) -> int:
        """Lived through day by day."""
        rest, day, edges = {task: days for task, (_, days) in self.open().items()}, 0, self.edges()
        while wanted in rest:
            day += 1
            ready = [task for task in rest if not any(one == task and other in rest for one, other in edges)]
            for task in ready:
                rest[task] -= 1
            rest = {task: days for task, days in rest.items() if days}
        return day

    # --- the rest

    def prices(self) -> dict[str, dict[str, int]]:
        said: dict[str, dict[str, int]] = defaultdict(dict)
        for line, (vendor, euro) in self.hits(rf"offer of (\w+) is {EURO}", rf"(\w+) asks {EURO}"):
            said[vendor][line.by] = int(euro.replace(",", ""))
        return said

    def due(self, project: str) -> int:
        day = next(
            found
            for line in self.lines
            if (found := re.search(rf"{project} (?:has to be delivered|is) on (\d+ \w+)", line.text))
        )
        later = self.hits(rf"delivery of {project} moves back by (\d+)", rf"gives us (\d+) days more for {project}\.")
        sooner = self.hits(rf"delivery of {project} comes forward by (\d+)", rf"wants {project} (\d+) days earlier")
        moved = sum(int(one[0]) for _, one in later) - sum(int(one[0]) for _, one in sooner)
        return _date(day).toordinal() + moved


def _date(found: re.Match[str] | None) -> date:
    assert found
    return datetime.strptime(f"{found[1]} 2027", "%d %B %Y").date()  # noqa: DTZ007 - a day, not a moment


def _euro(hit: tuple[Line, tuple[str, ...]]) -> int:
    return int(hit[1][0].replace(",", ""))


def _task(found: re.Match[str]) -> str:
    return f"{found[1]} of {found[2]}"


def _asked(question: Question, pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, question.text)
    assert found, question.text
    return found.groups()


def _project(question: Question) -> str:
    return _asked(question, r"budget of (\w+) ")[0]


def _days_asked(question: Question) -> list[date]:
    return [_date(found) for found in re.finditer(r"evening of (\d+ \w+)", question.text)]


def _moved(heard: Heard, question: Question) -> int:
    begin, end = _days_asked(question)
    return heard.budget(_project(question), end) - heard.budget(_project(question), begin)


def _blockers(heard: Heard, question: Question) -> str:
    task = "{} of {}".format(*_asked(question, rf"before {TASK} can begin"))
    before = {one for one in heard.open() if one != task and task in heard.behind({one})}
    return ", ".join(sorted({heard.open()[one][0] for one in before})) or "nobody"


def _stuck(heard: Heard, question: Question) -> int:
    [away] = _asked(question, r"^If (\w+) did nothing")
    return len(heard.behind({task for task, (owner, _) in heard.open().items() if owner == away}))


def _load(heard: Heard, question: Question) -> int:
    [busy] = _asked(question, r"does (\w+) still")
    return sum(days for owner, days in heard.open().values() if owner == busy)


def _disputed(heard: Heard, question: Question) -> int:
    [prices] = [sorted(set(said.values())) for said in heard.prices().values() if len(set(said.values())) > 1]
    return prices[1] - prices[0]


def _gap(heard: Heard, question: Question) -> int:
    one, other = _asked(question, r"delivery of (\w+) and the delivery of (\w+)")
    return abs(heard.due(one) - heard.due(other))


SECOND: dict[str, Callable[[Heard, Question], int | str]] = {
    "total": lambda heard, question: heard.left(_project(question)),
    "total over projects": lambda heard, question: sum(heard.left(one) for one in heard.projects),
    "what changed between": _moved,
    "as of": lambda heard, question: heard.left(_project(question), _days_asked(question)[0]),
    "who is blocked by whom": _blockers,
    "longest chain": lambda heard, question: heard.days_until("{} of {}".format(*_asked(question, rf"is {TASK} done"))),
    "total by person": _load,
    "what follows if": _stuck,
    "contradiction": _disputed,
    "what follows for dates": _gap,
}


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(0, 999), st.sampled_from((1, 2, 3)))
def test_every_answer_comes_out_the_same_from_the_told_words_alone(seed: int, number: int, level: int) -> None:
    case = office(seed, number, level)
    heard = Heard(case)
    assert {one.kind for one in case.questions} == set(SECOND)
    assert len(case.questions) == 10
    worked = {one.kind: str(SECOND[one.kind](heard, one)) for one in case.questions}
    assert worked == {one.kind: one.answer for one in case.questions}


def test_the_same_seed_tells_the_same_and_another_one_does_not() -> None:
    assert office(1, 2, 3) == office(1, 2, 3)
    assert office(1, 2, 3).context != office(2, 2, 3).context


def test_a_higher_level_tells_more() -> None:
    sizes = [len(office(1, 1, level).context.splitlines()) for level in (1, 2, 3)]
    assert sizes == sorted(set(sizes))


NUMBER = Question("total", "How many?", "1240")
NAMES = Question("who", "Who?", "Ada, Bruno", among=("Ada", "Bruno", "Carla"))
NOBODY = Question("who", "Who?", "nobody", among=("Ada", "Bruno"))


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (NUMBER, "1240"), (NUMBER, "Answer: 1,240 euro"), (NUMBER, "2,000 - 760\n**Answer:** €1,240."),
        (NUMBER, "<think>Answer: 7</think>The answer is 1240.00"), (NUMBER, "Answer: 3? No.\nAnswer: 1240 (2 orders)"),
        (NUMBER, "It comes to 1240, I hope this answer helps"), (Question("n", "?", "-300"), "Answer: \N{MINUS SIGN}300 euro"),
        (NAMES, "Answer: Bruno and Ada"), (NAMES, "Carla is done.\nAnswer: Ada, bruno"), (NOBODY, "Answer: nobody"),
    ],
)  # fmt: skip
def test_a_reply_that_says_the_answer_is_right(question: Question, reply: str) -> None:
    assert right(reply, question)


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (NUMBER, ""), (NUMBER, "Answer: 1,250"), (NUMBER, "1240 at first.\nAnswer: 900"), (NUMBER, "Answer: -1240"),
        (NAMES, "Answer: Ada"), (NAMES, "Answer: Ada, Bruno, Carla"), (NAMES, ""), (NOBODY, "Answer: Ada"), (NOBODY, ""),
    ],
)  # fmt: skip
def test_a_reply_that_says_something_else_is_wrong(question: Question, reply: str) -> None:
    assert not right(reply, question)

"""The second way to an answer: out of the written words alone, read message by message, without what the first way kept."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tests.bench.memory.cast import BY_KEY
from tests.bench.memory.claims import UPDATED, Claim, read
from tests.bench.memory.questions import Question
from tests.bench.memory.weeks import Told

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
LONG = (31, 28, 31, 30, 31, 30, 31, 31)

Read = tuple[datetime, str, Claim]  # when, whose, what


def answer(question: Question, written: Sequence[Told]) -> frozenset[str]:
    """The parts of the answer that these messages give; what somebody from outside wrote is no claim."""
    found: list[Read] = []
    for one in written:
        claim = read(one.text) if one.author in BY_KEY and one.at <= question.at else None
        if claim is not None:
            found.append((one.at, BY_KEY[one.author].name, claim))
    return frozenset(_WAYS.get(question.kind, _one)(question, sorted(found, key=lambda it: it[0])))


def _last(found: Sequence[Read], kind: str, subject: str, until: datetime | None = None) -> str:
    held = [c.value for at, _, c in found if (c.kind, c.subject) == (kind, subject) and (until is None or at <= until)]
    return held[-1] if held else ""


def _one(question: Question, found: Sequence[Read]) -> list[str]:
    subject, about = question.subjects
    match question.kind:
        case "promise":
            held = [(who, c) for _, who, c in found if (c.kind, c.subject, c.about) == ("promise", subject, about)]
            return [held[-1][0], held[-1][1].value]
        case "prefers":
            return [c.value for _, who, c in found if c.kind == "prefers" and who == about][-1:]
        case "event":
            return [about, _last(found, "event", subject)]
        case kind:
            return [_last(found, kind, subject)]


def _when(question: Question, found: Sequence[Read]) -> list[str]:
    kind, subject = question.subjects
    days = [at for at, _, c in found if (c.kind, c.subject) == (kind, subject)]
    return [f"{days[-1].day} {MONTHS[days[-1].month - 1]}"]


def _as_of(question: Question, found: Sequence[Read]) -> list[str]:
    kind, subject = question.subjects
    return [_last(found, kind, subject, question.since)]


def _total(question: Question, found: Sequence[Read]) -> list[str]:
    newest = {c.subject: int(c.value) for _, _, c in found if c.kind == "units" and c.subject in question.subjects}
    return [str(sum(newest.values()))]


def _between(question: Question, found: Sequence[Read]) -> list[str]:
    (subject,) = question.subjects
    pairs = [(_last(found, kind, subject, question.since), _last(found, kind, subject)) for kind in UPDATED]
    return [f"{before} -> {after}" for before, after in pairs if before and before != after]


def _disagree(question: Question, found: Sequence[Read]) -> list[str]:
    return [f"{c.value} hours ({who})" for _, who, c in found if (c.kind, c.subject) == ("lasts", *question.subjects)]


def _follows(question: Question, found: Sequence[Read]) -> list[str]:
    """Counted in days of the year, month by month."""
    (subject,) = question.subjects
    return [_words(_place(_last(found, "arrives", subject)) + int(_last(found, "takes", subject)))]


def _open(subject: str, found: Sequence[Read]) -> list[tuple[str, str]]:
    """Who still waits for whom: what nobody said the end of after it."""
    held = [(at, who, c) for at, who, c in found if c.subject == subject]
    freed = [(at, who, c.value) for at, who, c in held if c.kind == "free"]
    return [
        (who, c.about)
        for at, who, c in held
        if c.kind == "blocked" and not any(when > at and (who, c.value) == (one, what) for when, one, what in freed)
    ]


def _waits(question: Question, found: Sequence[Read]) -> list[str]:
    return [f"{who} waits for {other}" for who, other in _open(question.subjects[0], found)]


def _chain(question: Question, found: Sequence[Read]) -> list[str]:
    subject, who = question.subjects
    waiting = dict(_open(subject, found))
    steps = 0
    while who in waiting and steps < len(waiting):
        who, steps = waiting[who], steps + 1
    return [who]


def _sum(question: Question, found: Sequence[Read]) -> list[str]:
    return [str(sum(int(_last(found, "units", name)) for name in question.subjects))]


def _first(question: Question, found: Sequence[Read]) -> list[str]:
    day, name = min((_place(_last(found, "ships", name)), name) for name in question.subjects)
    return [name, _words(day)]


def _late(question: Question, found: Sequence[Read]) -> list[str]:
    late = []
    for name in question.subjects:
        ships, arrives, takes = (_last(found, kind, name) for kind in ("ships", "arrives", "takes"))
        if ships and arrives and takes and _place(arrives) + int(takes) > _place(ships):
            late.append(name)
    return late


def _switched(question: Question, found: Sequence[Read]) -> list[str]:
    firms = {
        name: (_last(found, "supplier", name, question.since), _last(found, "supplier", name))
        for name in question.subjects
    }
    return [name for name, (before, after) in firms.items() if before and before != after]


def _missing(question: Question, found: Sequence[Read]) -> list[str]:
    return [other for name in question.subjects for _, other in _open(name, found)]


def _owes(question: Question, found: Sequence[Read]) -> list[str]:
    (person,) = question.subjects
    return [f"{c.subject}: {c.about}, {c.value}" for _, who, c in found if who == person and c.kind == "promise"]


def _place(day: str) -> int:
    """Of a written day in the year."""
    number, month = day.split()
    return sum(LONG[: MONTHS.index(month)]) + int(number)


def _words(place: int) -> str:
    month = 0
    while place > LONG[month]:
        place -= LONG[month]
        month += 1
    return f"{place} {MONTHS[month]}"


_WAYS: dict[str, Callable[[Question, Sequence[Read]], list[str]]] = {
    "when": _when, "as of": _as_of, "total": _total, "between": _between, "disagree": _disagree, "follows": _follows,
    "waits": _waits, "chain": _chain, "sum": _sum, "first": _first, "late": _late, "switched": _switched, "missing": _missing,
    "owes": _owes,
}  # fmt: skip

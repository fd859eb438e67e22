"""What the stand-in model makes of a request: the same rule for every system, over whatever text the request shows.

It knows the forms in which the office speaks (`tests.bench.memory.claims`), and the questions by their words; it never sees
an answer. What it notes is a sentence that says something certain; what it answers is counted from the sentences it is shown.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench.memory.again import answer
from tests.bench.memory.cast import BY_NAME
from tests.bench.memory.claims import UPDATED, Claim, read
from tests.bench.memory.questions import Question
from tests.bench.memory.weeks import Told

STAMP = r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d"
NAME = r"[A-Z][a-z]+ [A-Z][a-z]+"
_LINE = re.compile(rf"\[({STAMP})\] #\S+ ({NAME}): (.*)")
_REMEMBERED = re.compile(rf"({NAME}) on ({STAMP}): (.*?)(?= / {NAME} on {STAMP}: |[\"'}}]|$)", re.M)
_PASSAGE = re.compile(rf'<passage n="(\d+)" in="[^"]*" by="({NAME})" at="({STAMP})"[^>]*>\n(.*?)\n</passage>', re.S)
NOTHING = "NOTHING"


@dataclass(frozen=True)
class Shown:
    """One message, or what a memory kept of it, as a request shows it; `n` is its number where it has one."""

    at: datetime
    by: str
    text: str
    n: int = 0

    @property
    def claim(self) -> Claim | None:
        return read(self.text)


@dataclass(frozen=True)
class Fact:
    """A certain thing, and the sentence that says it."""

    claim: Claim
    sentence: str
    said: Shown

    @property
    def remembered(self) -> str:
        """As it is kept where nothing else says who said it when."""
        return f"{self.said.by} on {stamped(self.said.at)}: {self.sentence}"

    @property
    def about(self) -> tuple[str, ...]:
        """What a later word about the same would share."""
        if self.claim.kind in UPDATED:
            return self.claim.kind, self.claim.subject
        return self.claim.kind, self.claim.subject, self.claim.about, self.claim.value, self.said.by


def stamped(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M}"


def moment(stamp: str) -> datetime:
    return datetime.strptime(stamp[4:], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def shown(text: str) -> list[Shown]:
    """Messages, passages and memories in a request, oldest first."""
    found = [Shown(moment(when), by, said) for when, by, said in _LINE.findall(text)]
    found += [Shown(moment(when), by, said) for by, when, said in _REMEMBERED.findall(text)]
    found += [Shown(moment(when), by, unmarked(said), int(n)) for n, by, when, said in _PASSAGE.findall(text)]
    return sorted(found, key=lambda one: one.at)


def unmarked(text: str) -> str:
    """Slack marks whoever is mentioned."""
    return text.replace("@", "")


def facts(said: Sequence[Shown]) -> list[Fact]:
    """What is said for certain, each with no more than the sentence that says it."""
    return [Fact(one.claim, _sentence(one.text, one.claim), one) for one in said if one.claim is not None]


def _sentence(text: str, claim: Claim) -> str:
    parts = re.split(r"(?<=[.:]) ", text)
    ends = (" ".join(parts[n:]) for n in reversed(range(len(parts))))
    return next((end for end in ends if read(end) == claim), text)


# --- answers --------------------------------------------------------------------------------------


def asked_in(text: str, known: Sequence[Question]) -> Question | None:
    """The question that stands last in a request."""
    places = [(text.rfind(one.question), place) for place, one in enumerate(known)]
    at, place = max(places, default=(-1, 0))
    return known[place] if at >= 0 else None


def answered(question: Question, said: Sequence[Shown]) -> str:
    """A line for each part of the answer, with numbers of what carries it where there are any; NOTHING where it is not said."""
    relevant = [one for one in said if _is_about(one.claim, question)]
    told = [
        Told(str(n), "", one.at, BY_NAME[one.by].key, one.text) for n, one in enumerate(relevant) if one.by in BY_NAME
    ]
    try:
        parts = sorted(part for part in answer(question, told) if part)
    except (IndexError, ValueError):
        return NOTHING  # half of what it takes
    if not parts or not _is_whole(question, relevant, parts):
        return NOTHING
    return "\n".join(f"{part}{_cited(part, relevant)}." for part in _joined(question, parts))


def _joined(question: Question, parts: Sequence[str]) -> Iterator[str]:
    if question.kind in ("between", "disagree", "waits"):
        yield from parts
    else:
        yield ", ".join(parts)


_KINDS = {
    "total": ("units",), "between": UPDATED, "disagree": ("lasts",), "follows": ("arrives", "takes"),
    "waits": ("blocked", "free"), "chain": ("blocked", "free"),
}  # fmt: skip


def _is_about(claim: Claim | None, question: Question) -> bool:
    if claim is None:
        return False
    if question.kind in ("when", "as of"):
        return (claim.kind, claim.subject) == question.subjects
    return claim.kind in _KINDS.get(question.kind, (question.kind,)) and claim.subject in question.subjects


def _is_whole(question: Question, relevant: Sequence[Shown], parts: Sequence[str]) -> bool:
    """Whether everything is there that the question names."""
    subjects = {one.claim.subject for one in relevant if one.claim}
    if question.kind == "total":
        return subjects >= set(question.subjects)
    return question.kind != "chain" or question.subjects[1] not in parts


def _cited(part: str, relevant: Sequence[Shown]) -> str:
    numbered = [one for one in relevant if one.n and one.claim]
    carries = [
        one.n
        for one in numbered
        if one.claim and (one.claim.value in part or (one.by in part and one.claim.about in part))
    ]
    best = carries or [one.n for one in numbered]
    return "".join(f" [{n}]" for n in dict.fromkeys(reversed(best[-3:])))

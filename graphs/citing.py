"""Statements that cite: what a model says over numbered passages is kept where a passage carries it, and cut where none does.

Used by every graph whose answer people will read: a live one, and the result of an errand.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from graphs import checks
from graphs.conversations import stamp
from graphs.digest_value import clip
from graphs.domain import Answer, Quoted, Source, Value
from graphs.quote import fence

LONGEST = 12_000
"""Characters of a streamed answer that are heard: `graphs.thinking` takes no more."""


@dataclass(frozen=True)
class Most:
    """How much of an answer is shown."""

    lines: int
    citations: int
    numbered: bool = False  # each statement says which of the citations carries it


IN_A_CHANNEL = Most(lines=6, citations=4)


class Passage(Value):
    """One message that retrieval returned to this audience."""

    source: Source
    label: str
    said_by: str
    said_at: datetime
    text: Quoted
    noted: str = ""  # what a night noted of it, where that says more: a date in full
    over: tuple[str, ...] = ()  # words of it that hold no more
    over_since: datetime | None = None
    disputed: tuple[str, ...] = ()  # words of it that somebody else contradicts, and nobody decided
    concluded: str = ""  # what follows from it and others
    standing: Literal["", "outside", "suspicious"] = ""  # somebody outside says it; it looks like fraud


def shown(n: int, one: Passage, zone: str, longest: int) -> str:
    """A passage as a model reads it, with its number, whose it is and what a night noted of it; `longest` in characters."""
    about = {"n": str(n), "in": one.label, "by": one.said_by, "at": stamp(one.said_at, zone)}
    if one.noted:
        about["noted"] = one.noted
    if one.over_since is not None:
        about["over_since"] = stamp(one.over_since, zone)[:14]
    if any(checks.folded(words) in checks.folded(one.text.text) for words in one.disputed):
        about["disputed"] = "yes"
    if one.standing:
        about["from"] = "outside" if one.standing == "outside" else "outside, suspicious"
    return fence("passage", one.text, about, longest)


NOT_FOUND = "I don't find it."


# The word the prompt asks for; "Nothing was decided [2]." is an answer.
_NOTHING = re.compile(r"\W*(?:NOTHING\b|(?i:nothing)\W*(?:\[[\d\s,]*\]\W*)*$)")
_DECIMAL = re.compile(r"(?<![\d.,:])\d+[.,]\d{1,2}(?![\d.,:])")
_GOES_ON = re.compile(
    r"(?:(?<![\w.,])\d{1,2}|\b(?:[A-Za-z]|Mr|Mrs|Ms|Mme|Dr|Prof|St|Sta|Hr|Fr|Nr|No|Tel|ca|approx|bzw|inkl|exkl|vgl|evtl|ggf|"
    r"incl|excl|vs|Mo|Di|Mi|Do|Sa|So|Jan|Feb|Apr|Aug|Sept?|Okt|Oct|Nov|Dez|Dec))\.$"
)
"""What ends with a full stop and no sentence."""
_CITED = re.compile(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")


def read(said: str, passages: Sequence[Passage], asked: str, most: Most = IN_A_CHANNEL) -> Answer:
    """The model's text without its statements that cite nothing given, or that carry a number no cited passage has.

    A number of the question `asked` may be said again: "for 300 pieces it is 88 $" is no invention where 300 was asked for.
    """
    retrieved = tuple(p.source for p in passages)
    if _NOTHING.match(said):
        near = _numbers_in(said, len(passages))
        return not_found(passages, near[:1])
    kept = [[s for s in _statements(line) if _stands(s, passages, asked)] for line in said.splitlines()]
    lines = [good for good in kept if good][: most.lines]
    cited = [_numbers_in(statement, len(passages)) for good in lines for statement in good]
    # Before any statement shows a second source, each shows its first.
    order = list(dict.fromkeys([*(numbers[0] for numbers in cited), *(n for numbers in cited for n in numbers)]))
    order = order[: most.citations]
    if not order:
        return not_found(passages, [])
    return Answer(
        text=_text(_numbered(lines, order) if most.numbered else _bare(lines)),
        citations=tuple(passages[n - 1].source for n in order),
        served="composed",
        retrieved=retrieved,
    )


@dataclass
class Hearing:
    """A streamed answer. What it hands on is always the beginning of what `read` will make of the whole."""

    passages: Sequence[Passage]
    asked: str
    on_token: Callable[[str], None]
    on_text: Callable[[str], None]
    heard: str = ""
    told: str = ""
    standing: dict[str, bool] = field(default_factory=dict)

    def hear(self, piece: str) -> None:
        self.on_token(piece)
        self.heard += piece
        if len(self.heard) > LONGEST or not re.search(r"\s", piece):
            return  # nothing ends here
        text = self._certain()
        if len(text) > len(self.told):
            self.on_text(text[len(self.told) :])
            self.told = text

    def _certain(self) -> str:
        """A statement is whole when another one follows it on its line, or the line has ended."""
        if _NOTHING.match(re.sub(r"\[[\d\s,]*$", "", self.heard)):
            return ""
        *ended, begun = re.split(r"\r\n|[\r\n]", self.heard.lstrip())
        kept = [[s for s in _statements(line) if self._stands(s)] for line in ended]
        kept.append([s for s in _statements(begun)[:-1] if self._stands(s)])
        return _text(_bare([good for good in kept if good][: IN_A_CHANNEL.lines]))

    def _stands(self, statement: str) -> bool:
        if statement not in self.standing:
            self.standing[statement] = _stands(statement, self.passages, self.asked)
        return self.standing[statement]


def _statements(line: str) -> list[str]:
    """Sentences of a line, each with the citations behind it. "Ab 1. Dezember" and "Mr. Pruitt" end none."""
    found: list[str] = []
    for piece in re.split(r"(?<=[\].!?])\s+(?=[^\[])", line.strip()):
        if found and _GOES_ON.search(found[-1]):
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return found


def _text(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(_unmarked(" ".join(s.replace(" .", ".").strip() for s in good)) for good in lines)


def _bare(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[_CITED.sub("", s) for s in good] for good in lines]


def _numbered(lines: Sequence[Sequence[str]], order: Sequence[int]) -> list[list[str]]:
    """Statements with the places of their citations; one that none of those shown carries goes."""
    kept = [[_renumbered(s, order) for s in good if set(_numbers_in(s, max(order))) & set(order)] for good in lines]
    return [good for good in kept if good]


def _renumbered(statement: str, order: Sequence[int]) -> str:
    """The statement with the places of its citations among those that are shown."""

    def places(found: re.Match[str]) -> str:
        shown = sorted({order.index(int(n)) + 1 for n in re.findall(r"\d+", found[0]) if int(n) in order})
        return f"[{', '.join(map(str, shown))}]" if shown else ""

    return re.sub(rf"(?:{_CITED.pattern}\s*)*{_CITED.pattern}", places, statement)


def renumbered(text: str, shown: Sequence[int]) -> str:
    """A numbered text whose nth citation has another number where it is shown; 0: it is not shown there, and a statement
    that stands on nothing else goes."""

    def there(found: re.Match[str]) -> str:
        places = [shown[int(n) - 1] for n in re.findall(r"\d+", found[0]) if 1 <= int(n) <= len(shown)]
        return "".join(f"[{n}]" for n in places if n)

    told = [[_CITED.sub(there, s) for s in _statements(line)] for line in text.splitlines()]
    return _text([good for line in told if (good := [s for s in line if _CITED.search(s)])])


def without_numbers(text: str) -> str:
    """A numbered text for where its citations are not listed."""
    return "\n".join(_unmarked(_CITED.sub("", line).replace(" .", ".")) for line in text.splitlines())


def _stands(statement: str, passages: Sequence[Passage], asked: str) -> bool:
    cited = dict.fromkeys(_numbers_in(statement, len(passages)))  # one that is cited twice adds its amount once
    sources = [passages[n - 1] for n in cited]
    texts = [f"{p.text.text} {p.noted} {p.concluded} {p.said_by} {p.label} {stamp(p.said_at, 'UTC')}" for p in sources]
    bare = _CITED.sub("", statement)
    days = [day.date() for p in sources for day in (p.said_at, p.over_since) if day is not None]
    # Days and times may be written otherwise than in the passage; a price may not.
    exact = checks.numbers(" ".join(_DECIMAL.findall(bare)))
    unknown = {
        n for n in checks.unknown_numbers(bare, [*texts, asked], days) if len(n) > 2 or int(n) > 31 or n in exact
    }
    if unknown:  # a total is said by no passage, and can be checked
        unknown -= checks.totals([f"{p.text.text} {p.noted}" for p in sources])
    return bool(cited) and bool(re.search(r"\w", bare)) and not unknown and not checks.unknown_links(bare, texts)


def _numbers_in(text: str, most: int) -> list[int]:
    found = [int(n) for group in _CITED.findall(text) for n in group.split(",")]
    return [n for n in found if 1 <= n <= most]


def _unmarked(line: str) -> str:
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(line.split()))


def not_found(passages: Sequence[Passage], near: Sequence[int]) -> Answer:
    """An honest no, with the nearest passage when one is near."""
    retrieved = tuple(p.source for p in passages)
    if not near:
        return Answer(text=NOT_FOUND, served="not_found", retrieved=retrieved)
    passage = passages[near[0] - 1]
    quoted = clip(passage.text.text, 160)
    return Answer(
        text=f"{NOT_FOUND} Nearest: {passage.said_by}: “{quoted}”",
        citations=(passage.source,),
        served="not_found",
        retrieved=retrieved,
    )

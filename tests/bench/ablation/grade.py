"""Whether an answer says what the computed one says: dates, numbers and names in any usual form, no model asked.

All atoms of a part have to stand in one sentence, and who waits for whom in that order; of a change the old and the new value
may stand apart. What is said not to be told answers nothing, and a part that is wrong may only be said to be not so. What
else an answer tells is not held against it.
"""

import re
from collections.abc import Sequence
from datetime import date

from tests.bench.memory.cast import BY_NAME, CAST
from tests.bench.memory.questions import Question

_MONTHS = {date(2026, n, 1).strftime("%B"): n for n in range(1, 13)}
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]}|t)?" for name in _MONTHS)
_DAYS = (
    rf"(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?\s+(?P<m1>{_MONTH})\b\.?",
    rf"\b(?P<m2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b",
    r"\b\d{4}-(?P<n3>\d{2})-(?P<d3>\d{2})\b",
)
_DAY = re.compile("|".join(_DAYS), re.IGNORECASE)
_FIRST_NAMES = [one.name.split()[0] for one in CAST]
_NOT_SO = re.compile(
    r"\b(?:not|no|nobody|never|without|except|only|fine|freed|until|instead of)\b|n't\b|in time|on time|no longer|already"
)
_UNTOLD = re.compile(
    r"(?:\b(?:not|never)|n't) (?:told|given|known|said|stated|mentioned)\b|\bunknown\b|\bcannot be (?:said|told)\b"
)
_BLOCKS = re.compile(
    r"\b(?:block|hold|keep)(?:s|ing|ed)?\b(?! by)|\bawaited by\b|\bhas to answer\b|\bowes\b", re.IGNORECASE
)
_WAITS = re.compile(r"(.+) waits for (.+)")


def right(said: str, asked: Question) -> bool:
    """True when every part of the computed answer is said, and none of what would be wrong."""
    told = [one for one in sentences(said) if not _UNTOLD.search(one)]
    so = [one for one in told if not _NOT_SO.search(one)]
    return all(_is_said(part, told) for part in asked.answer) and not any(_is_said(part, so) for part in asked.wrong)


def tells(text: str, asked: Question) -> bool:
    """Whether something not written for the question answers it: right, and about what is asked. What compares several
    subjects has to name at least two of them."""
    named = sum(_has(text, subject) for subject in asked.subjects)
    return named >= (2 if asked.kind in COMPARED else 1) and right(text, asked)


COMPARED = ("total", "sum", "first", "switched", "missing", "late")


def sentences(said: str) -> list[str]:
    """Sentences and lines, dates as `8 March`, numbers without marks for thousands, first names in full where one has them."""
    text = re.sub(r"\[[\d,\s]*\]", " ", said.replace("*", ""))
    text = _DAY.sub(_day, text)
    text = re.sub(r"(?<=\d)[,\u202f\u00a0'](?=\d{3}\b)", "", text)
    for one in CAST:
        first = one.name.split()[0]
        if _FIRST_NAMES.count(first) == 1:
            text = re.sub(rf"\b{first}\b(?! {one.name.split()[1]})", one.name, text)
    return [" ".join(one.split()) for one in re.split(r"(?<=[.!?;])\s+|\n+", text) if one.strip()]


def _day(found: re.Match[str]) -> str:
    day = found["d1"] or found["d2"] or found["d3"]
    named = found["m1"] or found["m2"] or ""
    number = int(found["n3"] or 0)
    month = next(
        name
        for name, n in _MONTHS.items()
        if n == number or (named and name.casefold().startswith(named[:3].casefold()))
    )
    return f"{int(day)} {month}"


def _is_said(part: str, told: Sequence[str]) -> bool:
    pair = _WAITS.fullmatch(part)
    if pair is not None:
        return any(_waits(one, pair[1], pair[2]) for one in told)
    together = [" ".join(told)] if " -> " in part else told
    return any(all(_has(one, atom) for atom in atoms(part)) for one in together)


def atoms(part: str) -> list[str]:
    """What a part is made of: a date, a number, or a name each."""
    days = [found[0] for found in re.finditer(rf"\d{{1,2}} (?:{'|'.join(_MONTHS)})", part)]
    rest = re.sub(rf"\d{{1,2}} (?:{'|'.join(_MONTHS)})", "", part)
    words = re.split(r" -> |[(),:]|(?<=\d) hours", rest)
    return [*days, *(word for one in words if (word := one.strip(" ,")))]


def _has(sentence: str, atom: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(atom)}(?!\w|\.\d)", sentence, re.IGNORECASE) is not None


def _waits(sentence: str, who: str, other: str) -> bool:
    """In the order of waiting, or turned where the other one is said to block."""
    clauses = re.split(
        r",? (?:and|while|but)(?= (?:" + "|".join(re.escape(name) for name in BY_NAME) + r"))|[,;]", sentence
    )
    return any(_in_order(one, who, other) for one in (*clauses, sentence))


def _in_order(clause: str, who: str, other: str) -> bool:
    places = [clause.find(who), clause.find(other)]
    if min(places) < 0:
        return False
    turned = places[0] > places[1]
    between = clause[min(places) : max(places)]
    named = any(name in between for name in BY_NAME if name not in (who, other))
    return not named and turned == bool(_BLOCKS.search(between))

"""What of a statement changes while its subject stays, and the words by which somebody says that it does."""

import re
from dataclasses import dataclass
from typing import Self

from graphs.checks import folded, numbers

_CHANGES = re.compile(
    r"\b(?:now|instead|no longer|any ?more|from now on|actually|correct(?:ion|ed|s)|chang(?:e|es|ed)|mov(?:e|es|ed)|postponed|"
    r"(?:brought|brings?) forward|push(?:ed|es) back|delayed|rescheduled|shift(?:s|ed)|switch(?:es|ed)|replac(?:es|ed)|"
    r"t(?:akes|ook) over|slip(?:s|ped)?|rather than|rais(?:es|ed)|lower(?:s|ed)|reduc(?:es|ed)|cancel(?:s|led|ed)|"
    r"sondern|jetzt|nun|stattdessen|statt|nicht mehr|"
    r"ab sofort|doch (?:erst|nicht|schon)|korrektur|korrigiert|(?:ge)?ändert|verschoben|verlegt|vorgezogen|ersetzt|"
    r"übernimmt|abgesagt)\b",
    re.I,
)
_NOT_THE_OLD = re.compile(r", (?:and )?(?:not|nicht)\b", re.I)
_MONTH = (
    r"(?:jan(?:uary?|uar)?|feb(?:ruary?|ruar)?|mar(?:ch)?|märz|apr(?:il)?|ma[yi]|june?|juni|july?|juli|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b\.?"
)
_DAY = re.compile(
    rf"\b(?:(?:\d{{1,2}}(?:st|nd|rd|th|\.)? {_MONTH}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b)(?:,? \d{{4}}\b)?|\d{{4}}-\d\d-\d\d\b|"
    r"\d{1,2}[:.]\d\d(?: ?[ap]m\b| ?uhr\b|\b)|\d{1,2} ?(?:[ap]m|uhr|o'clock)\b|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:mon|diens|donners|frei|sams|sonn)tag\b|mittwoch\b)",
    re.I,
)
_YEAR = re.compile(r",? \d{4}$")
_NUMBERED = re.compile(
    r"\b(?:invoice|order|offer|quote|contract|ticket|issue|case|item|task|part|lot|batch|hall|room|floor|building|gate|dock|"
    r"line|truck|machine|unit|station|shelf|rack|page|section|chapter|step|phase|stage|sprint|milestone|round|week|quarter|"
    r"version|release|build|model|option|type|team|group|store|site|block|level|nr|number|rechnung|auftrag|angebot|bestellung|"
    r"vertrag|halle|raum|zimmer|etage|gebäude|tor|linie|maschine|charge|seite|kapitel|schritt|woche|kw)[ .#-]{1,2}\d+(?:[.,]\d+)*\b|"
    r"#\d+|\b[a-z]{1,6}-?\d+\b|\b(?:first|second|third|fourth|fifth|erste|zweite|dritte)[nrs]?\b|\b\d+(?:st|nd|rd|th)\b",
    re.I,
)


@dataclass(frozen=True)
class Values:
    """The values in a text, by kind. `numbered`: with what they are counted by, "hall 4": more often another thing than
    another value of one."""

    days: frozenset[str]
    amounts: frozenset[str]
    numbered: frozenset[str]
    people: frozenset[str]

    @classmethod
    def of(cls, text: str, people: frozenset[str]) -> Self:
        text = folded(text)
        undated = _DAY.sub(" ", text)
        return cls(
            days=frozenset(_YEAR.sub("", found[0]) for found in _DAY.finditer(text)),  # a year is often implied
            amounts=frozenset(numbers(_NUMBERED.sub(" ", undated))),
            numbered=frozenset(found[0] for found in _NUMBERED.finditer(undated)),
            people=people,
        )

    def changed(self, before: Self) -> bool:
        """Whether a day stands for another day, or an amount for another."""
        return differ(self.days, before.days) or differ(self.amounts, before.amounts)

    def names_both(self, before: Self) -> bool:
        """Whether the old value stands beside a new one: "from 12 March to 19 March", "hall 3, not hall 1"."""
        kinds = ((self.days, before.days), (self.amounts, before.amounts), (self.numbered, before.numbered))
        return any(then and then < now for now, then in kinds)


def differ(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether each has what the other has not."""
    return bool(one - other and other - one)


def says_change(text: str) -> bool:
    """Whether words say that something is otherwise than before."""
    return bool(_CHANGES.search(text) or _NOT_THE_OLD.search(text))

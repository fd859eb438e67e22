"""What can be said for certain, how people write it, and how it is read again out of what was written."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

KINDS = ("ships", "supplier", "units", "promise", "blocked", "free", "lasts", "arrives", "takes", "prefers", "event")
UPDATED = ("ships", "units", "supplier")
"""What is decided anew now and then; the newest word counts."""


@dataclass(frozen=True)
class Claim:
    """One certain thing. `about` is a person, a thing that is sent, or a town; `value` a day, a number or a name."""

    kind: str
    subject: str
    value: str
    about: str = ""


def day_words(day: date) -> str:
    return f"{day.day} {day:%B}"


WRITTEN = {
    "ships": (
        "We decided that {subject} ships on {value}.", "Decision: the launch of {subject} is on {value}.",
        "{subject} goes out of the door on {value}, that is settled.",
    ),
    "ships again": (
        "Change of plan: {subject} now ships on {value}.", "We had to move {subject}, it ships on {value} instead.",
    ),
    "supplier": ("The housings of {subject} come from {value}.", "{value} makes the housings for {subject}."),
    "supplier again": ("From now on {value} makes the housings for {subject}, the old contract is over.",),
    "units": ("{subject} needs {value} units in the first batch.", "First batch of {subject}: {value} units."),
    "units again": ("Correction for {subject}: {value} units in the first batch.",),
    "promise": ("I will send the {about} for {subject} by {value}.", "You get the {about} of {subject} from me by {value}."),
    "blocked": (
        "I cannot finish the {value} of {subject} before {about} answers.",
        "Stuck with the {value} for {subject}, waiting for {about}.",
    ),
    "free": ("{about} answered, so I go on with the {value} of {subject}.",),
    "lasts": (
        "The battery of {subject} lasts {value} hours, I measured it.", "My bench says {value} hours for the {subject} battery.",
    ),
    "arrives": ("The moulds for {subject} arrive on {value}.", "Freight confirmed: {subject} moulds are here on {value}."),
    "takes": ("Once the moulds are here, assembling {subject} takes {value} days.",),
    "prefers": ("I prefer calls after {value} o'clock, please.", "Please no calls before {value} o'clock for me."),
    "event": ("The {subject} fair is in {about} on {value}.",),
}  # fmt: skip

_DAY, _NUMBER, _NAME, _WORDS = r"\d{1,2} [A-Z][a-z]+", r"\d+", r"[A-Z][a-z]+ [A-Z][a-z]+", r"[a-z]+(?: [a-z]+)?"
_VALUE = {
    "ships": _DAY, "supplier": _NAME, "units": _NUMBER, "promise": _DAY, "blocked": _WORDS, "free": _WORDS,
    "lasts": _NUMBER, "arrives": _DAY, "takes": _NUMBER, "prefers": _NUMBER, "event": _DAY,
}  # fmt: skip
_ABOUT = {"promise": _WORDS, "blocked": _NAME, "free": _NAME, "event": "[A-Z][a-z]+"}


def _pattern(kind: str, phrase: str) -> re.Pattern[str]:
    shapes = {"subject": "[A-Z][a-z]+", "value": _VALUE[kind], "about": _ABOUT.get(kind, "")}
    parts = re.split(r"\{(\w+)\}", phrase)
    return re.compile("".join(f"(?P<{p}>{shapes[p]})" if n % 2 else re.escape(p) for n, p in enumerate(parts)))


_PATTERNS = [(form.split()[0], _pattern(form.split()[0], one)) for form, all_ in WRITTEN.items() for one in all_]


@cache
def read(text: str) -> Claim | None:
    """The claim that a message makes; None for chatter."""
    for kind, pattern in _PATTERNS:
        found = pattern.search(text)
        if found:
            held = found.groupdict()
            return Claim(kind, held.get("subject", ""), held["value"], held.get("about", ""))
    return None

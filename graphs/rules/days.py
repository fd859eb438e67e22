"""Days that a statement names, how long it says that something takes, and the days that follow from both."""

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta

from graphs.checks import WORDED
from graphs.rules.wording import MONTHS

_SHORT = list(dict.fromkeys(MONTHS.values()))
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = re.compile(
    rf"\b(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.)?(?: (?:of|de))? (?P<m>{_MONTH})|"
    rf"(?P<m2>{_MONTH})\.? (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?)\b(?:\.?,? (?P<y>\d{{4}}))?|"
    r"\b(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"(?<![\w.,:/-])(\d{1,3}|[^\W\d_]{3,})[ -]"
    r"(?:(?P<days>days?|tag(?:en?)?|jours?|días?)|weeks?|wochen?|semaines?|semanas?)\b",
    re.IGNORECASE,
)


def days(text: str, said: date) -> set[date]:
    """Days that `text` names; where it names no year, the one nearest to when it was said."""
    found = set()
    for one in _DAY.finditer(text):
        month = int(one["m3"] or _SHORT.index(MONTHS[(one["m"] or one["m2"]).casefold()]) + 1)
        day, year = int(one["d"] or one["d2"] or one["d3"]), one["y"] or one["y3"]
        years = [int(year)] if year else [said.year - 1, said.year, said.year + 1]
        valid = [
            date(y, month, day)
            for y in years
            if y and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(y, month)[1]
        ]
        found |= set(sorted(valid, key=lambda each: abs(each - said))[:1])
    return found


def undated(text: str) -> str:
    """`text` without the days that it names."""
    return _DAY.sub(" ", text)


def spans(text: str) -> set[timedelta]:
    """How many days or weeks something takes, as far as `text` says it."""
    counted = ((WORDED.get(one[1].casefold(), one[1]), one["days"]) for one in _SPAN.finditer(text))
    return {timedelta(days=int(n) if in_days else 7 * int(n)) for n, in_days in counted if n.isdigit()}


def reckoned(said: Sequence[tuple[str, date]]) -> set[date]:
    """Days that lie as long before or after a day of one of some statements as another of them says that something takes."""
    named = {day for text, at in said for day in days(text, at)}
    taken = {span for text, _ in said for span in spans(text)}
    return {day + way * span for day in named for span in taken for way in (1, -1)}

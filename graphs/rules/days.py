"""Days that a statement names, how long it says that something takes, and the days that follow from both."""

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta

from graphs.checks import WORDED

_MONTHS = {
    name.casefold(): n for names in (calendar.month_name, calendar.month_abbr) for n, name in enumerate(names) if n
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = re.compile(
    rf"\b(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? (?P<m>{_MONTH})|(?P<m2>{_MONTH})\.? (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?)"
    r"\b(?:\.?,? (?P<y>\d{4}))?|\b(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?<![\w.,:/-])(\d{1,3}|[^\W\d_]{3,})[ -](days?|weeks?)\b", re.IGNORECASE)


def days(text: str, said: date) -> set[date]:
    """Days in English `text`; where it names no year, the one nearest to when it was said."""
    found = set()
    for one in _DAY.finditer(text):
        month = int(one["m3"] or _MONTHS[(one["m"] or one["m2"]).casefold()])
        day, year = int(one["d"] or one["d2"] or one["d3"]), one["y"] or one["y3"]
        years = [int(year)] if year else [said.year - 1, said.year, said.year + 1]
        valid = [
            date(y, month, day)
            for y in years
            if y and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(y, month)[1]
        ]
        found |= set(sorted(valid, key=lambda each: abs(each - said))[:1])
    return found


def spans(text: str) -> set[timedelta]:
    """How many days or weeks something takes, as far as `text` says it."""
    counted = ((WORDED.get(count.casefold(), count), unit) for count, unit in _SPAN.findall(text))
    found = ((int(count), unit) for count, unit in counted if count.isdigit())
    return {timedelta(weeks=n) if unit[0] in "wW" else timedelta(days=n) for n, unit in found}


def reckoned(said: Sequence[tuple[str, date]]) -> set[date]:
    """Days that lie as long before or after a day of one of some statements as another of them says that something takes."""
    named = {day for text, at in said for day in days(text, at)}
    taken = {span for text, _ in said for span in spans(text)}
    return {day + way * span for day in named for span in taken for way in (1, -1)}

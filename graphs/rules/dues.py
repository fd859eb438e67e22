"""The date a sentence wants something by. A wrong date is worse than none, so whatever is unclear gives none."""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graphs.rules.text import plain


@dataclass(frozen=True)
class Deadline:
    """A due date and where `plain(sentence)` states it, marker ("by", "bis") included."""

    day: date
    start: int
    end: int
    certain: bool  # it has a marker
    clock: bool = False  # only a time of day was stated


@dataclass(frozen=True)
class _Sent:
    """When the author wrote, by the author's clock and the owner's zone."""

    at: datetime
    owner: ZoneInfo

    @property
    def day(self) -> date:
        return self.at.date()


_WEEKDAYS = {
    **dict.fromkeys(["monday", "mon", "montag", "lundi", "lunes"], 0),
    **dict.fromkeys(["tuesday", "tue", "tues", "dienstag", "mardi", "martes"], 1),
    **dict.fromkeys(["wednesday", "wed", "weds", "mittwoch", "mercredi", "miércoles", "miercoles"], 2),
    **dict.fromkeys(["thursday", "thu", "thur", "thurs", "donnerstag", "jeudi", "jueves"], 3),
    **dict.fromkeys(["friday", "fri", "freitag", "vendredi", "viernes"], 4),
    **dict.fromkeys(["saturday", "samstag", "sonnabend", "samedi", "sábado", "sabado"], 5),
    **dict.fromkeys(["sunday", "sonntag", "dimanche", "domingo"], 6),
}
_MONTHS = {
    **dict.fromkeys(["january", "jan", "januar", "jänner", "janvier", "enero"], 1),
    **dict.fromkeys(["february", "feb", "februar", "février", "fevrier", "febrero"], 2),
    **dict.fromkeys(["march", "mar", "märz", "maerz", "mars", "marzo"], 3),
    **dict.fromkeys(["april", "apr", "avril", "abril"], 4),
    **dict.fromkeys(["may", "mai", "mayo"], 5),
    **dict.fromkeys(["june", "jun", "juni", "juin", "junio"], 6),
    **dict.fromkeys(["july", "jul", "juli", "juillet", "julio"], 7),
    **dict.fromkeys(["august", "aug", "août", "agosto"], 8),
    **dict.fromkeys(["september", "sep", "sept", "septembre", "septiembre"], 9),
    **dict.fromkeys(["october", "oct", "oktober", "okt", "octobre", "octubre"], 10),
    **dict.fromkeys(["november", "nov", "novembre", "noviembre"], 11),
    **dict.fromkeys(["december", "dec", "dezember", "dez", "décembre", "diciembre"], 12),
}
_IN_ENGLISH = {
    **{name: calendar.day_name[day] for name, day in _WEEKDAYS.items() if len(name) > 3},
    **{name: calendar.month_name[month] for name, month in _MONTHS.items() if len(name) > 3},
}
_NUMBERS = {
    **dict.fromkeys(["a", "an", "one", "einem", "einer", "un", "une", "una"], 1),
    **dict.fromkeys(["two", "zwei", "deux", "dos", "a couple of"], 2),
    **dict.fromkeys(["three", "drei", "trois", "tres"], 3),
    **dict.fromkeys(["four", "vier", "quatre", "cuatro"], 4),
    **dict.fromkeys(["five", "fünf", "cinq", "cinco"], 5),
    **dict.fromkeys(["ten", "zehn", "dix", "diez"], 10),
}


def _any(choices: dict[str, int]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, choices), key=len, reverse=True)) + ")"


_DAY, _MONTH, _COUNT = _any(_WEEKDAYS), _any(_MONTHS), rf"(?:\d{{1,2}}|{_any(_NUMBERS)})"
_YEAR = r"(?:,? (?P<year>20\d\d))?"
_NEXT = r"(?:next|nächste[nrms]?|naechste[nr]?)"


def _weekday(match: re.Match[str], sent: _Sent) -> date:
    """The next such day after the day of sending; on that very weekday people say "today"."""
    ahead = (_WEEKDAYS[match["day"]] - sent.day.weekday()) % 7
    return sent.day + timedelta(days=ahead or 7)


def _weekday_of_next_week(match: re.Match[str], sent: _Sent) -> date:
    """In the week (Monday to Sunday) after the one of sending, in which most people understand "next Friday"."""
    monday = sent.day - timedelta(days=sent.day.weekday())
    return monday + timedelta(days=7 + _WEEKDAYS[match["day"]])


def _friday(match: re.Match[str], sent: _Sent) -> date:
    friday = sent.day + timedelta(days=4 - sent.day.weekday())
    return friday if friday >= sent.day else friday + timedelta(days=7)


def _friday_of_next_week(match: re.Match[str], sent: _Sent) -> date:
    return sent.day + timedelta(days=11 - sent.day.weekday())


def _days(count: int) -> Callable[[re.Match[str], _Sent], date]:
    return lambda match, sent: sent.day + timedelta(days=count)


def _last_of(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _end_of_month(match: re.Match[str], sent: _Sent) -> date:
    return _last_of(sent.day.year, sent.day.month)


def _end_of_quarter(match: re.Match[str], sent: _Sent) -> date:
    return _last_of(sent.day.year, (sent.day.month + 2) // 3 * 3)


def _end_of_named_month(match: re.Match[str], sent: _Sent) -> date | None:
    month = _MONTHS[match["month"]]
    return _near(_last_of(sent.day.year + (month < sent.day.month), month), sent)


def _later(match: re.Match[str], sent: _Sent) -> date | None:
    count = int(match["count"]) if match["count"].isdigit() else _NUMBERS[match["count"]]
    unit = match["unit"]
    if unit.startswith(("hour", "stunde", "heure", "hora")):
        return (sent.at + timedelta(hours=count)).astimezone(sent.owner).date()
    if unit.startswith(("business", "working", "werktag", "arbeitstag")):
        return _working_days_after(sent.day, count)
    weeks = unit.startswith(("week", "woche", "semaine", "semana"))
    return sent.day + timedelta(days=count * (7 if weeks else 1)) if count <= 60 else None


def _working_days_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _day_and_month(match: re.Match[str], sent: _Sent) -> date | None:
    return _of_year(match.groupdict().get("year"), _MONTHS[match["month"]], int(match["dom"]), sent)


def _day_of_month(match: re.Match[str], sent: _Sent) -> date | None:
    dom = int(match["dom"])
    year, month = sent.day.year, sent.day.month
    if dom < sent.day.day:
        year, month = year + month // 12, month % 12 + 1
    return _valid(year, month, dom)


def _dotted(match: re.Match[str], sent: _Sent) -> date | None:
    return _of_year(match["year"], int(match["month"]), int(match["dom"]), sent)


def _slashed(match: re.Match[str], sent: _Sent) -> date | None:
    """3/16 and 16/3 read themselves; 3/4 only where the author's zone writes the month first."""
    first, second = int(match["a"]), int(match["b"])
    american = str(sent.at.tzinfo).startswith(("America/", "US/"))
    if first <= 12 < second or (american and first <= 12):
        return _of_year(match["year"], first, second, sent)
    if second <= 12 < first or first == second:
        return _of_year(match["year"], second, first, sent)
    return None


def _iso(match: re.Match[str], sent: _Sent) -> date | None:
    found = _valid(int(match["year"]), int(match["month"]), int(match["dom"]))
    return _near(found, sent) if found else None


def _clock(match: re.Match[str], sent: _Sent) -> date | None:
    """A bare time is today, or tomorrow when it has passed; told as the owner's date."""
    if match["noon"]:
        hour, minute = (0 if match["noon"] in {"midnight", "mitternacht", "minuit"} else 12), 0
    else:
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        half = (match["half"] or "").replace(".", "")
        hour += 12 * (half == "pm" and hour < 12) - 12 * (half == "am" and hour == 12)
    if hour > 23 or minute > 59:
        return None
    then = datetime.combine(sent.day, time(hour, minute), tzinfo=sent.at.tzinfo)
    if match["noon"] in {"midnight", "mitternacht", "minuit"}:
        return sent.day  # "by midnight" ends today
    if then < sent.at:
        then += timedelta(days=1)
    return then.astimezone(sent.owner).date()


def _of_year(year: str | None, month: int, dom: int, sent: _Sent) -> date | None:
    if year:
        found = _valid(int(year) + (2000 if len(year) == 2 else 0), month, dom)
    else:
        found = _valid(sent.day.year, month, dom)
        if found and found < sent.day:
            found = _valid(sent.day.year + 1, month, dom)
    return _near(found, sent) if found else None


def _near(day: date, sent: _Sent) -> date | None:
    """Nobody sets a deadline in the past; one far ahead is a date told, not a deadline."""
    return day if timedelta(0) <= day - sent.day <= timedelta(days=240) else None


def _valid(year: int, month: int, dom: int) -> date | None:
    try:
        return date(year, month, dom)
    except ValueError:
        return None


Resolver = Callable[[re.Match[str], _Sent], date | None]
_FIRST = (
    r"(?:(?:eod|cob|eob|end of (?:the )?(?:day|business)|close of business|noon|midday|first thing|early|late|"
    r"\d{1,2}(?:[:.]\d\d)? ?(?:[ap]\.?m\.?|uhr|o'clock)|\d{1,2}[:.]\d\d)"
    r"(?: (?:my|your|our|their|his|her|local|\w+) time| (?:[ecmp][sd]?t|cest?|gmt|utc|bst))?,?(?: on| am)? )?"
)
_UNIT = (
    r"(?P<unit>hours?|business days?|working days?|days?|weeks?|stunden?|werktagen?|arbeitstagen?|tag(?:en)?|wochen?|"
    r"heures?|jours?|semaines?|horas?|días?|dias?|semanas?)"
)
_PART = (
    r"(?:,? (?:morning|afternoon|evening|night|noon|mittag|vormittag|nachmittag|abend|früh|matin|midi|soir|eod|cob|"
    r"end of (?:the )?day|first thing))?(?:,? (?:at|by|um|à|a las) \d{1,2}(?:[:.h]\d\d)?(?: ?[ap]\.?m\.?| uhr)?)?"
)
# In this order: the first pattern that claims a place in the sentence keeps it.
_PATTERNS: tuple[tuple[re.Pattern[str], Resolver, bool], ...] = tuple(
    (re.compile(rf"(?<![\w'/.-])(?:{pattern})(?![\w/])"), resolver, certain)
    for pattern, resolver, certain in (
        (r"(?P<year>20\d\d)-(?P<month>\d\d)-(?P<dom>\d\d)", _iso, False),
        (r"(?P<dom>\d{1,2})\. ?(?P<month>\d{1,2})\.(?: ?(?P<year>20\d\d|\d\d))?", _dotted, False),
        (r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<year>20\d\d|\d\d))?", _slashed, False),
        (
            (
                rf"{_FIRST}(?:(?:the|le|el|den|dem) )?(?P<dom>\d{{1,2}})(?:st|nd|rd|th|\.|er)?(?: of|"
                rf" de)? (?P<month>{_MONTH})\.?{_YEAR}{_PART}"
            ),
            _day_and_month,
            False,
        ),
        (
            rf"{_FIRST}(?P<month>{_MONTH})\.? (?:the )?(?P<dom>\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}{_PART}",
            _day_and_month,
            False,
        ),
        (rf"(?:the )?end of (?P<month>{_MONTH})", _end_of_named_month, True),
        (rf"(?:ende|fin|fin de|finales de) (?P<month>{_MONTH})", _end_of_named_month, True),
        (r"(?:the )?end of (?:the |this )?(?:quarter)|eoq|quartalsende", _end_of_quarter, True),
        (
            r"(?:the )?end of (?:the |this )?month|eom|monatsende|ende (?:des|dieses) monats?|fin du mois|fin de mes",
            _end_of_month,
            True,
        ),
        (
            r"(?:the )?end of next week|ende (?:der )?nächster? woche|fin de la semaine prochaine",
            _friday_of_next_week,
            True,
        ),
        (
            (
                r"(?:the )?end of (?:the |this )?(?:week|business week)|eow|ende (?:der|dieser) woche|"
                r"(?:la )?fin de (?:la |cette )?semaine|(?:later )?this week|diese woche|cette semaine|esta semana"
            ),
            _friday,
            True,
        ),
        (rf"(?P<day>{_DAY})(?: of)? (?:next week|nächster woche|nächste woche){_PART}", _weekday_of_next_week, True),
        (rf"(?:next week(?: on)?|nächste woche(?: am)?) (?P<day>{_DAY}){_PART}", _weekday_of_next_week, True),
        (rf"{_FIRST}{_NEXT} (?P<day>{_DAY}){_PART}", _weekday_of_next_week, True),
        (
            (
                rf"{_FIRST}(?:(?:this|this coming|coming|kommende[nrm]?|diese[nrm]?) )?(?P<day>{_DAY})(?: prochain|"
                rf" próximo)?"
                rf"(?:'s (?:meeting|call|standup|stand-up|demo|review|board|sync|presentation|release|launch))?{_PART}"
            ),
            _weekday,
            False,
        ),
        (r"(?:the )?day after tomorrow|übermorgen|uebermorgen|après-demain|pasado mañana", _days(2), True),
        (
            _FIRST
            + "tomorrow"
            + _PART
            + r"|morgen(?: (?:früh|mittag|vormittag|nachmittag|abend))?(?: um \d{1,2}(?: uhr)?)?|"
            r"demain(?: (?:matin|midi|soir|après-midi))?|"
            r"mañana(?: por la (?:mañana|tarde))?",
            _days(1),
            True,
        ),
        (
            (
                r"(?:the )?end of (?:the |my |your )?(?:day|business|play)(?: today)?|eod(?: today)?|eob|"
                r"cob(?: today)?|close of business|(?:later |by )?today|tonight|"
                r"this (?:morning|afternoon|evening)|heute(?: (?:noch|mittag|nachmittag|abend))?|feierabend|"
                r"aujourd'hui|ce soir|cet après-midi|hoy|esta (?:tarde|noche)"
            ),
            _days(0),
            True,
        ),
        (
            rf"(?:in|within|in the next|innerhalb von|binnen|dans|en) (?:the next )?(?P<count>{_COUNT}) {_UNIT}",
            _later,
            True,
        ),
        (r"(?:the|den|dem|zum|le|el) (?P<dom>\d{1,2})(?:st|nd|rd|th|\.)?(?=[ ,.?!)]|$)", _day_of_month, False),
        (
            (
                r"(?:(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))? ?(?:(?P<half>a\.?m\.?|p\.?m\.?)|uhr|o'clock|h(?=\b))|"
                r"(?P<noon>noon|midday|lunch|lunchtime|mittag|mittags|midi|mediodía|midnight|mitternacht|minuit))"
            ),
            _clock,
            False,
        ),
    )
)
_BY = re.compile(
    r"(?:(?:\b(?:not? later than|no later than|at the latest(?: by| on)?|latest(?: by)?|on or before|by the|by|before|"
    r"until|till|due(?: on| by| date(?: is|:)?)?|deadline(?: is|:| of)?(?: on)?|ahead of|in time for|"
    r"spätestens(?: am| bis)?(?: zum)?|bis(?: spätestens)?(?: zum| zu| am)?|vor(?: dem)?|zum|fällig(?: am)?|"
    r"frist(?: ist|:)?|avant(?: le| la)?|d'ici(?: à| au| le| la)?|au plus tard(?: le)?|antes del?|para el|para|"
    r"a más tardar(?: el)?)"
    r")(?: (?:this|the|um|start of|beginning of|end of|eod|cob|noon|midday|close of business))?(?: on)?(?:,)?|"
    r"\beta:?) ?$"
)
_LATEST_AFTER = re.compile(r"^,? ?(?:at the latest|latest|spätestens|au plus tard|a más tardar|deadline)")
_ON = re.compile(r"(?:^|[\s,(])(?:on|am|at|this|for|für|le|el|sometime|um|ce) ?$")
# "notes from Monday", "the Friday deck", "since March": the date belongs to a thing, not to the ask.
_OF = re.compile(
    r"\b(?:from|of|since|last|previous|after|as of|starting|start|until last|vom|von|seit|ab|letzte[nrms]?|nach|"
    r"vorige[nr]?|"
    r"depuis|dernier|après|du|desde|pasado|every|each|jeden|chaque|cada|not before|"
    r"guten|good|einen schönen|happy|schönen|on the) ?$"
)
_BELONGS = re.compile(
    r"^(?:'s|s)? (?:deck|meeting|call|notes|minutes|invoice|report|email|mail|version|draft|standup|stand-up|demo|"
    r"release|"
    r"launch|morning'?s|outage|incident|numbers|agenda|slides|session|workshop|protokoll|termin|version)"
)
_GREETING_MORNING = re.compile(r"(?:^|guten |schönen |good |am )morgen(?:[ ,!.]|$)")
_PAST = re.compile(
    r"\b(?:yesterday|last (?:week|month|night|year|\w+day)|ago|gestern|vorgestern|letzte[nrms]? \w+|"
    r"vor \w+ (?:tagen|wochen)|"
    r"hier|la semaine dernière|ayer|la semana pasada|was|were|went|decided|met|happened|agreed|said|told|discussed|"
    r"arrived|war|waren|hatten?|hab(?:en|e)? (?:\w+ ){0,6}(?:\w*ge\w+[tn]|be\w+en|ver\w+[tn]|ent\w+en)|(?:i|we|he|"
    r"she|they) (?:sent|did|had|got|made|talked|spoke|shipped)|"
    r"i've sent|(?:avons|avez|ai) \w+é)\b"
)
_AWAY = re.compile(
    r"\b(?:out of (?:the )?office|ooo|away|on (?:vacation|holiday|leave|pto)|off (?:until|till|on)|i'?m out|"
    r"i am out|is out|be out|"
    r"(?:im|auf) urlaub|abwesend|krank|nicht (?:da|im büro)|en vacances|de vacaciones|back on|return(?:ing)? on|"
    r"(?:not?|unable to|nicht|erst) (?:\w+ ){0,6}(?:until|till|before|bis|am|on)|open (?:until|till)|"
    r"valid (?:until|till)|extended (?:until|till|to)|"
    r"not before)\b|n't (?:\w+ ){0,6}(?:until|till|before)\b"
)
_OR_ELSE = re.compile(
    rf"^,? (?:or|oder|ou|o) (?:\w+ ){{0,2}}(?:{_DAY}|{_MONTH}|today|tomorrow|heute|morgen|next|nächste|\d{{1,2}})\b"
)
# Where the date is when people meet, it is not when the answer is due.
_MEET = re.compile(
    r"\b(?:free|available|availab\w+|meet|meeting|(?:a|the|our|this|quick|short|client|customer|team) call|on call|call with|join|attend|come|lunch|dinner|drinks?|coffee|catch up|chat|sync|"
    r"all-hands|present at|speak at|host|still on|works? for|work for you|suit|around|there|scheduled?|reschedule|move|moved|postpone\w*|interview|workshop|"
    r"offsite|party|"
    r"treffen|termin|passt|zeit|dabei|verfügbar|kommst|kommen|telefonieren|telefonat|mittagessen|verschieben|"
    r"dispo\w*|réunion|rendez-vous|reunión|quedar|libre)\b"
)


def due(sentence: str, sent_at: datetime, zone: str, author_zone: str = "") -> date | None:
    """The day, in the owner's `zone`, by which `sentence`, sent at the aware `sent_at`, wants something; often none."""
    found = deadline(sentence, sent_at, zone, author_zone)
    return found.day if found else None


def stated_due(sentence: str, sent_at: datetime, zone: str, author_zone: str = "") -> date | None:
    """As `due`, but only what says so itself: "by Friday", "bis Freitag", "Friday at the latest"."""
    found = deadline(sentence, sent_at, zone, author_zone)
    return found.day if found and found.certain else None


def deadline(sentence: str, sent_at: datetime, zone: str, author_zone: str = "") -> Deadline | None:
    """As `due`, with the place of the words. Days are counted by the author's clock, by the owner's if unknown."""
    text = plain(sentence)
    if not any(character.isdigit() for character in text) and not _HINT.search(text):
        return None
    sent = _Sent(sent_at.astimezone(_zone(author_zone or zone)), _zone(zone))
    found = list(_stated(text, sent))
    if any(not one.clock for one in found):  # "5 pm … tomorrow" is tomorrow
        found = [one for one in found if not one.clock]
    certain = [one for one in found if one.certain]
    chosen = certain or ([] if _MEET.search(text) else found)
    days = {one.day for one in chosen}
    return chosen[0] if len(days) == 1 else None


def last_day_told(sentence: str, sent_at: datetime, zone: str, author_zone: str = "") -> date | None:
    """The latest day `sentence` names at all, deadline or not: when a meeting it speaks of will be over."""
    sent = _Sent(sent_at.astimezone(_zone(author_zone or zone)), _zone(zone))
    text = plain(sentence)
    days = [resolver(match, sent) for pattern, resolver, _ in _PATTERNS for match in pattern.finditer(text)]
    return max((day for day in days if day is not None), default=None)


def is_about_meeting(sentence: str) -> bool:
    """True when what is asked happens at a time of its own (a call, a visit, a lunch) and is over with it."""
    return bool(_MEET.search(plain(sentence)))


def _stated(text: str, sent: _Sent) -> Iterator[Deadline]:
    """Dates that may be deadlines."""
    if _AWAY.search(text):
        return
    past = bool(_PAST.search(text))
    taken: list[tuple[int, int]] = []
    for pattern, resolver, relative in _PATTERNS:
        for match in pattern.finditer(text):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            before, after = text[: match.start()], text[match.end() :]
            by = _BY.search(before)
            if _OR_ELSE.match(after):
                return
            strong = bool(by) or bool(_LATEST_AFTER.match(after))
            if not strong and (past or not _adverbial(match, before, after, relative)):
                continue
            day = resolver(match, sent)
            if day is not None:
                yield Deadline(day, by.start() if by else match.start(), match.end(), strong, resolver is _clock)


def _adverbial(match: re.Match[str], before: str, after: str, relative: bool) -> bool:
    """True when a date without "by" still tells when: "send it tomorrow", "on Friday", not "the Friday deck"."""
    if _OF.search(before) or _BELONGS.match(after):
        return False
    if match.group().startswith("morgen") and _GREETING_MORNING.match(before[-8:] + match.group() + after[:1]):
        return False
    if match.re.groupindex.get("hour"):
        return False  # a bare time without "by" is when something happens
    return relative or bool(_ON.search(before))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


_HINT = re.compile(
    rf"\b(?:{_DAY}|{_MONTH}|today|tonight|tomorrow|eod|cob|eob|eow|eom|eoq|noon|midday|midnight|lunch\w*|weeks?|"
    rf"days?|months?|quarter|"
    r"morning|afternoon|evening|business|play|hours?|heute|morgen|übermorgen|uebermorgen|mittags?|feierabend|"
    r"mitternacht|\w*woche\w*|"
    r"\w*monats?\w*|quartalsende|stunden?|tage?n?|demain|après-demain|aujourd'hui|soir|midi|minuit|semaines?|mois|"
    r"jours?|heures?|mañana|hoy|"
    r"tarde|noche|semanas?|mes|días?|horas?|mediodía)\b"
)


def in_english(text: str) -> str:
    """The days and months that a text names in another language, in English: what is noted is English, what is said is not."""
    said = re.findall(r"\w+", text.casefold())
    named = dict.fromkeys(_IN_ENGLISH.get(word) or _IN_ENGLISH.get(word.removesuffix("s")) for word in said)
    return " ".join(name for name in named if name is not None and name.casefold() not in said)

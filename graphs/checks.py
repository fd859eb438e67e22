"""What code insists on in a model's words: no number, link or mention that no source has, nothing that code must not say."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_REST = r"[^\s<>\"“”|]"
_HOST = r"(?<![\w-])(?:[\w-]{1,63}\.){1,8}"
_ENDING = (  # without those that are words or endings of files: at, in, it, me, no, sh, to, us
    "ai app biz br cc ch cloud club cn co com de dev edu eu example fr gg gov info io jp link live ly net online org page ru "
    "shop site store tech test top tv uk ws xyz"
).replace(" ", "|")
# A bare host is a link where people know its ending, or where a path follows.
_BARE = rf"{_HOST}(?:(?:{_ENDING})\b(?:[/?]{_REST}*)?|[a-z]{{2,24}}/{_REST}+)"
_LINK = re.compile(rf"\b[a-z][a-z\d+.-]{{1,20}}://{_REST}+|www\.{_REST}+|{_BARE}", re.I)
WORDED = {
    word: str(number)
    for number, words in enumerate(
        "zero null,one ein eine einen einer un une uno una,two zwei deux dos both beide,three drei trois tres,four vier quatre"
        " cuatro,five fünf cinq cinco,six sechs seis,seven sieben sept siete,eight acht huit ocho,nine neun neuf nueve,"
        "ten zehn dix diez,eleven elf onze once,twelve zwölf douze doce".split(",")
    )
    for word in words.split()
}
_WORD = re.compile(r"[^\W\d_]{2,}")
_NAMED = re.compile(r"(?<=[\w,;)] )[^\W\d_a-zäöüß][^\W\d_]+")
_CALENDAR = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep "
    "sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun".split()
)
SLOT = re.compile(r"\[\[([^\[\]]{1,80})\]\]")
_ABOUT_AI = re.compile(r"\b(?:as an ai|language model|ai assistant|chatgpt|nightdesk|als ki\b|sprachmodell)", re.I)
_STOCK = re.compile(
    r"i hope this (?:e-?mail )?finds you well|thank you for reaching out|thanks for reaching out|please do not hesitate|"
    r"don't hesitate to|ich hoffe,? (?:diese|es geht ihnen|sie hatten)|zögern sie nicht",
    re.I,
)


_THOUSANDS = re.compile(r"(?<![\w.,:/-])[1-9]\d{0,2}(?:[.,\u202f\u00a0]\d{3})+(?![\w:/-]|[.,]\d)")


def numbers(text: str) -> set[str]:
    """Digit groups of `text`, without leading zeros, each part of a date or time apart; "1,025" is one number."""
    whole = _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), text)
    return {part.lstrip("0") or "0" for found in _NUMBER.findall(whole) for part in re.split(r"[.,:]", found)}


def unknown_numbers(text: str, sources: Iterable[str], dates: Iterable[date] = ()) -> set[str]:
    """Numbers in `text` that neither a source (in digits or words) nor one of `dates` has."""
    known: set[str] = set()
    for source in sources:
        known |= numbers(source)
        known |= {WORDED[word] for word in re.findall(r"\w+", source.casefold()) if word in WORDED}
    for day in dates:
        known |= {str(day.year), str(day.month), str(day.day)}
    return {number for number in numbers(text) if number not in known}


_AMOUNT = re.compile(r"(?<![\w.,:/-])(?:\d{1,3}(?:[.,\u202f\u00a0]\d{3})+|\d{1,9})(?![\w:/-]|[.,]\d)")


def amounts(text: str) -> set[int]:
    """Whole numbers of `text`, also with marks for thousands; no part of a date, a time, a code or a fraction."""
    return {int(re.sub(r"\D", "", found)) for found in _AMOUNT.findall(text)}


def totals(texts: Sequence[str]) -> set[str]:
    """What one amount of each text adds up to, and what one amount of two texts differs by, as digits. Empty for fewer than
    two."""
    each = [sorted(amounts(text))[:6] for text in texts]
    if not 2 <= len(each) <= 6:
        return set()
    sums = {0}
    for found in each:
        sums = {so_far + value for so_far in sums for value in found}
    gaps = {abs(a - b) for a in each[0] for b in each[1]} if len(each) == 2 else set()
    return {str(value) for value in sums | gaps}


def links(text: str) -> set[str]:
    """Web addresses in `text`, also bare ones that a mail program would make clickable."""
    return {found.rstrip(".,;:!?)]}'*_").casefold() for found in _LINK.findall(text)}


def unknown_links(text: str, sources: Iterable[str]) -> set[str]:
    """Web addresses in `text` that no source has as they are; the host of one that a source has may be named."""
    found = links(text)
    if not found:
        return found
    known = {_bare(link) for source in sources for link in links(source)}
    known |= {re.split(r"[/?#]", link, maxsplit=1)[0] for link in known}
    return {link for link in found if _bare(link) not in known}


def unknown_names(text: str, sources: Iterable[str], people: Collection[str]) -> set[str]:
    """Names in English `text` that no source has: words written like names within a sentence, those of `people` anywhere."""
    known = {_stem(word) for source in sources for word in _WORD.findall(source.casefold())}
    named = {word for word in _WORD.findall(text) if word in people}
    named |= {word for word in _NAMED.findall(text) if word.casefold() not in _CALENDAR}
    return {word for word in named if _stem(word.casefold()) not in known}


def _stem(word: str) -> str:
    return word.rstrip("s") if len(word) > 3 else word


def _bare(link: str) -> str:
    return re.sub(r"^https?://", "", link).removeprefix("www.").rstrip("/")


def body_faults(body: str, sources: Sequence[str], dates: Iterable[date] = ()) -> list[str]:
    """Why a drafted mail may not be shown, one phrase each; empty when it may."""
    faults = []
    slots = SLOT.findall(body)
    without_slots = SLOT.sub("", body)
    if len(slots) > 2:
        faults.append("more than two open slots")
    if "[[" in without_slots or "]]" in without_slots:
        faults.append("a broken slot")
    if not re.search(r"\w{2}", without_slots):
        faults.append("no text")
    if unknown := unknown_numbers(without_slots, sources, dates):
        faults.append("a number that no source has: " + ", ".join(sorted(unknown)))
    if unknown_links(body, sources):
        faults.append("a link that the thread does not have")
    if _ABOUT_AI.search(body):
        faults.append("it speaks about assistants")
    if _STOCK.search(body):
        faults.append("a stock phrase")
    if len(re.findall(r"[.!?](?:\s|$)", without_slots)) > 12 or len(body) > 2000:
        faults.append("too long")
    return faults


def folded(text: str) -> str:
    """`text` with white space folded, quotation marks straightened and case dropped, for finding a quote again."""
    straight = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0xA0: " "})
    return " ".join(straight.split()).casefold()


def quotes(quote: str, text: str) -> bool:
    """Whether `quote` stands in `text` word for word."""
    wanted = folded(quote).strip(" .\"'")
    return len(wanted) >= 3 and wanted in folded(text)


def subject(text: str) -> str:
    """What `text` is about, whatever numbers and dates it names and in whatever order: its longer words; '' without two."""
    found = {_stem(word) for word in _WORD.findall(text.casefold()) if len(word) > 3 and word not in _CALENDAR}
    return " ".join(sorted(found)) if len(found) > 1 else ""

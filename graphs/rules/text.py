"""Sentences, words, languages and greetings of chat and mail, as people really type them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, int]
"""Start and end offsets into a text, end excluded."""


def word_set(listed: str) -> frozenset[str]:
    """The words of a list written as one string, which reads better than eighty quoted ones."""
    return frozenset(listed.split())


_BULLET = re.compile(r"[ \t]*(?:[-*•‣◦▪–—·]|\(?\d{1,2}[.)]|\(?[a-h]\)|☐|\[[ x]?\])[ \t]+")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_ENDS = re.compile(r"[.!?…。]+[\"'”’)\]*_]*(?:\s*(?::[a-z0-9_+-]+:|[☀-➿\U0001F300-\U0001FAFF]️?))*(?=\s|$)")
_TERMINAL = re.compile(r"[.!?…:;][\"'”’)\]*_]*\s*(?::[a-z0-9_+-]+:|[☀-➿\U0001F300-\U0001FAFF])?\s*$")
_WORD = re.compile(r"[^\W_]+(?:['’.\-_/][^\W_]+)*")
_EMOJI = re.compile(r":[a-z0-9_+'-]+:|[←-⇿⌀-➿⬀-⯿\U0001F000-\U0001FAFF]️?")

# Their full stop ends no sentence unless nothing follows on the line.
_ABBREVIATIONS = word_set("""
    e.g i.e eg ie z.b d.h u.a o.ä bzw ggf evtl inkl exkl ca vgl sog usw dr mr mrs ms prof hr fr st vs approx no nr
    inc ltd co corp dept est fig resp max min tel abs bspw gem lt mio mrd str z.t i.d.r p.ej sr sra sres m mme mlle
    jan feb mär apr jun jul aug sep sept okt oct nov dez dec mon tue tues wed thu thur thurs fri sat sun
    """)
_MONTH_WORD = re.compile(
    r"\s*(?:jan|feb|mär|maer|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec|janv|févr|mars|avr|juin|juil|août)",
    re.IGNORECASE,
)
# A line this short was ended on purpose; a longer one may have been wrapped by a mail program.
_SHORTEST_WRAPPED, _LONGEST_WRAPPED = 45, 80


def spans(text: str) -> list[Span]:
    """Where the sentences of `text` are, in order; code blocks, block quotes and bullet marks are left out."""
    return [span for block in _blocks(text) for span in _split(text, block)]


def sentences(text: str) -> list[str]:
    """The sentences of `text`, each on one line; bullets and lines of chat count as sentences."""
    return [" ".join(text[start:end].split()) for start, end in spans(text)]


def _lines(text: str) -> Iterator[Span]:
    """Lines outside of code blocks and block quotes, without the bullet mark; an empty one ends a paragraph."""
    fences = [m.span() for m in _FENCE.finditer(text)] if "```" in text else []
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        inside = any(a < end and start < b for a, b in fences)
        if not inside and not line.startswith((">", "&gt;")):
            yield start, end
        start = end


def _blocks(text: str) -> Iterator[Span]:
    """Lines, where those that a mail program wrapped are joined again."""
    found = list(_lines(text))
    width = max((end - start for start, end in found if end - start <= _LONGEST_WRAPPED), default=0)
    begun: int | None = None
    before: Span | None = None
    for start, end in found:
        line = text[start:end]
        bullet = _BULLET.match(line)
        if before is not None and begun is not None and not bullet and _wrapped(text, before, line, width):
            before = (start, end)
            continue
        if before is not None and begun is not None:
            yield begun, before[1]
        begun = start + (bullet.end() if bullet else 0)
        before = (start, end)
    if before is not None and begun is not None:
        yield begun, before[1]


def _wrapped(text: str, before: Span, line: str, width: int) -> bool:
    """True when `line` continues the one `before`: that one is long, open, and the next word would not have fitted."""
    last = text[before[0] : before[1]].rstrip()
    first = line.split(maxsplit=1)
    if not first or not _SHORTEST_WRAPPED <= len(last) <= _LONGEST_WRAPPED or before[1] == 0:
        return False
    if line[:1].isspace() and line[:1] != " ":
        return False
    if _TERMINAL.search(last):
        # A full line that happens to end in a full stop: joining is harmless, sentences are split again below.
        return False
    return first[0][:1].islower() or len(last) + 1 + len(first[0]) > width - 1


def _split(text: str, block: Span) -> Iterator[Span]:
    """Sentences inside one block, trimmed, none empty."""
    start = block[0]
    for end in _ENDS.finditer(text, block[0], block[1]):
        if _ends_here(text, start, end, block[1]):
            yield from _trimmed(text, start, end.end())
            start = end.end()
    yield from _trimmed(text, start, block[1])


def _ends_here(text: str, start: int, mark: re.Match[str], stop: int) -> bool:
    """False after an abbreviation, an initial, a German ordinal, or dots that only hesitate."""
    following = text[mark.end() : stop].lstrip()
    if not following:
        return True
    signs = mark.group()
    if signs.startswith(("...", "…")):
        return not following[:1].islower()
    if not signs.startswith(".") or len(signs.rstrip("\"'”’)]*_")) > 1:
        return True
    before = text[start : mark.start()].split()
    last = before[-1].lstrip("(\"'„“").casefold() if before else ""
    if last.isdigit() and len(last) <= 2:
        return not (len(before) == 1 or _MONTH_WORD.match(following) or following[:1].islower())
    if len(last) == 1 and last.isalpha():
        return following[:1].islower() and last not in "abcdefgh"
    if "." in last and following[:1].islower():  # p.m., a.m., i.d.R.
        return False
    return last not in _ABBREVIATIONS or (last in {"no", "usw", "min", "max", "sun", "sat", "m"} and len(before) > 2)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    if piece.strip():
        yield start + left, start + len(piece.rstrip())


# --- words ----------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """`text` case-folded, with straight apostrophes and single spaces, for matching."""
    return " ".join(text.replace("’", "'").replace("`", "'").casefold().split())


def words(text: str) -> list[str]:
    """Words of `text` case-folded, in order; `can't`, `q3-report.pdf` and `v2.1` are one word each."""
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def without_emoji(text: str) -> str:
    """`text` without emoji, whether typed as `:name:` or as signs."""
    return " ".join(_EMOJI.sub(" ", text).split())


# --- languages ------------------------------------------------------------------------------------

_STOP_WORDS: dict[str, frozenset[str]] = {
    "en": word_set("""the and is are was were to of in on for with that this it you we i be have has not will can could would
        should do does did please thanks thank what when where who how from by at as but if or your our my me they
        there their an hi hello need just get any let know i'm i'll it's don't can't"""),
    "de": word_set("""der die das und ist sind war was nicht ein eine einen einem einer ich du wir ihr sie es mit für von zu zum zur
        auf dem den des im am bei nach aus auch noch schon bitte danke kannst können könntest könnten hast haben
        habe wird werden wurde dass ob oder aber wenn wie wann uns mir dir mich dich euch ihnen hallo moin gerne kann
        mal ja nein morgen heute bis vom über ans hab bin meinst findest denn doch seid sowie also dein deine ihre ihren viele grüße"""),
    "fr": word_set("""le les des et est sont une un du pour avec dans que qui ce cette vous nous je tu il elle on pas ne merci
        bonjour salut peux pouvez pourriez pourrais être avoir ai as avez avons sur par plus mais ou si au aux mon ma
        mes votre notre vos nos demain avant s'il te c'est j'ai d'accord la de en moi toi lui leur ça"""),
    "es": word_set("""el los las y es son una un del para con que por favor gracias hola puedes puede podrías podría usted
        nosotros yo tú no se lo le les su sus mi mis está están hay como pero si o muy más mañana antes al nos te qué
        cuándo cómo la de en me ya ha he has esta este eso"""),
    "it": word_set("""il lo gli e è sono una un del della per con che non ciao grazie puoi può potresti noi voi io ma se o più
        domani prima alla dei delle nel la di in mi ti si ci questo questa anche"""),
    "nl": word_set("""de het een en is zijn van voor met dat niet ik je jij wij we u kun kunt kan bedankt hallo dank alsjeblieft
        graag morgen voor naar ook maar als of om te op bij nog wel dit die deze"""),
    "pt": word_set("""o os as e é são uma um do da para com que por favor obrigado obrigada olá pode podes poderia você nós eu
        não se amanhã antes ao dos das no na em mais mas ou está isso"""),
}
_SPOKEN_IN = {
    word: [code for code, stops in _STOP_WORDS.items() if word in stops]
    for word in frozenset().union(*_STOP_WORDS.values())
}
_LETTERS = {"ß": "de", "ñ": "es", "¿": "es", "¡": "es", "ç": "fr", "ã": "pt", "õ": "pt"}


@lru_cache(maxsize=4096)
def language(text: str) -> str:
    """The language most stop words of `text` belong to, as `en`, `de`, `fr`, `es`, `it`, `nl` or `pt`; `en` if none."""
    votes = dict.fromkeys(_STOP_WORDS, 0.0)
    for word in words(text[:4000]):
        for code in _SPOKEN_IN.get(word, ()):
            votes[code] += 1.0
    lowered = text[:4000].casefold()
    for letter, code in _LETTERS.items():
        votes[code] += 0.5 * (letter in lowered)
    if any(letter in lowered for letter in "äöü"):
        votes["de"] += 0.6
    best = max(votes, key=lambda code: votes[code])
    # German, Dutch and the Romance languages share short words with English names and with one another.
    return best if votes[best] > votes["en"] else "en"


# --- greetings ------------------------------------------------------------------------------------

_HELLO = (
    r"(?:hi+|hey+|hello|hallo|hiya|dear|good (?:morning|afternoon|evening)|morning|moin(?: moin)?|servus|grüezi|"
    r"guten (?:morgen|tag|abend)|liebe[rs]?|sehr geehrte[rs]?|sehr geehrte|bonjour|salut|bonsoir|ch[eè]re?s?|"
    r"hola|buenos d[ií]as|buenas(?: tardes)?|estimad[oa]s?|querid[oa]s?|ciao|yo|ok(?:ay)?|thanks|thank you|danke|merci)"
)
_NAME = r"@?[^\W\d_][\w.'’-]*(?: [A-ZÄÖÜ][\w.'’-]*){0,3}"
_AND = r"\s*(?:,|&|/|\+|\b(?:and|und|et|y)\b)\s*"
_GREETED = re.compile(
    rf"^(?i:{_HELLO})[ ,]+(?P<names>{_NAME}(?:{_AND}@?[A-ZÄÖÜ][\w.'’-]*(?: [A-ZÄÖÜ][\w.'’-]*){{0,2}})*?)"
    r"\s*(?:[,!:;]|[-–—](?=\s)|\s*$)\s*"
)
_BARE_HELLO = re.compile(rf"^{_HELLO}\s*(?:[,!:.]+\s*|[-–—]\s+|$)", re.IGNORECASE)
_CALLED = re.compile(
    r"^(?P<names>@?[^\W\d_][\w.'’-]*(?: [A-ZÄÖÜ][\w.'’-]*)?)\s*(?:[,:;]|[-–—](?=\s)|\.{2,}|\?(?=\s))\s*(?=\S)"
)
_AT_START = re.compile(r"^(?P<names>@[\w.'’-]+(?:(?:,|\s+and|\s+und|\s*&)?\s+@[\w.'’-]+)*)[,:;]?\s*(?:[-–—]\s+)?")
_NO_NAMES = word_set(
    """also yes no ok okay done thanks sorry today tomorrow yesterday however so well btw fyi note reminder update
    question please again still maybe perhaps sure right great good nice cool perfect actually anyway sorted fixed sent
    monday tuesday wednesday thursday friday saturday sunday first second third next then now finally and but or if when
    action todo decision status agreed final done blocked deadline heute morgen gestern ja nein danke bitte also dann
    jetzt gut super erledigt fertig frage info hinweis achtung oui non merci sí gracias hola summary context background
    subject re ps p.s edit warning important urgent asap awesome congrats welcome unfortunately basically honestly
    personally regarding ok-ish correct exactly true agreed absolutely definitely of-course meanwhile otherwise instead
    hmm hm oh ah wow lol haha hey hi hello eod eta tl;dr tldr option plan step wait look listen oops yep yeah nope yup"""
)
_EVERYBODY = word_set("""all everyone everybody team folks guys people channel here together alle alles zusammen leute ihr kollegen
    kolleginnen miteinander liebes tous toutes équipe equipe todos todas equipo there gang friends both damen herren
    madam sir sirs""")
_TITLES = word_set("mr mrs ms dr prof herr herrn frau fr hr mme madame monsieur m señor señora sr sra sir")


@dataclass(frozen=True)
class Opening:
    """How a sentence begins: who it calls, case-folded and without `@` or titles, and what is left of it."""

    names: tuple[str, ...]
    everybody: bool
    rest: str
    greeted: bool  # False for a bare "Ada, …", which may as well be "Also, …": compare with known names


def opening(sentence: str) -> Opening:
    """Whom `sentence` calls at its start: "Hi Ada,", "Hallo Frau Brandt,", "Ada - …", "@Ada …", "Hi all"."""
    for pattern, greeted in ((_AT_START, True), (_GREETED, True), (_CALLED, False)):
        match = pattern.match(sentence)
        if match and not _BARE_HELLO.fullmatch(match.group("names")) and (greeted or _may_name(match.group("names"))):
            return _opened(match.group("names"), sentence[match.end() :], greeted)
    bare = _BARE_HELLO.match(sentence)
    if bare and bare.end() < len(sentence):
        return Opening((), False, sentence[bare.end() :], True)
    return Opening((), False, sentence, False)


def _may_name(written: str) -> bool:
    """A bare word before a comma calls somebody only when it is written like a name and is no common opener."""
    return written[:1] == "@" or (written[:1].isupper() and written.casefold().strip(".,:;") not in _NO_NAMES)


def _opened(written: str, rest: str, greeted: bool) -> Opening:
    parts = re.split(r"\s*(?:,|&|/|\+|\band\b|\bund\b|\bet\b|\by\b|\s@)\s*", written)
    names = tuple(name for name in (_without_title(part) for part in parts) if name)
    everybody = any(word in _EVERYBODY for name in names for word in name.split())
    return Opening(() if everybody else names, everybody, rest, greeted)


def _without_title(name: str) -> str:
    kept = [word for word in name.casefold().lstrip("@").split() if word.strip(".") not in _TITLES]
    return " ".join(kept).strip(".,:;-'’")


_LABEL = re.compile(
    r"^\W*(?:(?:conclusions?|concluded|thus|hence|so|in conclusion|therefore)\s*[:,–—-]+|(?:i|we) conclude(?: that\b|\s*[:,–—-]+)|"
    r"(?:it follows|this means) that\b|therefore\b)[\s*_]*",
    re.I,
)


CONCLUDED = "I conclude: "


def concluded(text: str) -> str:
    """One line that says of itself that nobody said it, and says so once."""
    return f"{CONCLUDED}{unlabelled(text)}"


def unlabelled(text: str) -> str:
    """One line without the words that announce it as a conclusion, as often as they stand there."""
    said = " ".join(text.split())
    while (bare := _LABEL.sub("", said)) not in (said, ""):
        said = bare[0].upper() + bare[1:]
    return said

"""How a person writes mail, learned from what they sent: with one correspondent, else their company, else everybody."""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Literal, TypeVar

from graphs.domain import MailFacts, Message, Quoted, Value
from graphs.rules.text import language, sentences, words

T = TypeVar("T")

LEAST = 2  # mails that make a habit towards people alike; one alone is a mood
NEWEST = 30  # mails looked at: habits change
SAMPLES = 2
LONGEST_SAMPLE = 500  # characters


Circle = Literal["correspondent", "domain", "similar", "overall"]


class Style(Value):
    """Habits of writing. Empty strings and zeros where nothing is known; `mails` says how much it stands on."""

    known_from: Circle | Literal["nothing"] = "nothing"
    mails: int = 0
    greeting: str = ""  # as typed, the name as `{name}`: "Hi {name},"
    sign_off: str = ""  # without the signature: "Viele Grüße\nAda"
    signature: str = ""
    sentences: int = 0  # median of a mail, greeting and sign-off left out
    words: int = 0
    quotes_original: bool = False
    language: str = ""
    formality: Literal["", "familiar", "formal"] = ""  # du, tu, tú against Sie, vous, usted
    samples: tuple[Quoted, ...] = ()


def style(
    sent: Sequence[Message], correspondent: str, inside: frozenset[str] = frozenset(), written_in: str = ""
) -> Style:
    """The habits towards `correspondent` (an address); `sent` are the person's own mails in any order.

    Without a mail to them it is their company's, then what is written to people as near (`inside`: the organisation's
    domains) in the language of the mail to answer, then everything.
    """
    own = [one for one in sent if one.mail is not None and one.text.text.strip() and not _automatic(one)]
    address = correspondent.casefold()
    domain = address.rpartition("@")[2]
    near = [one for one in own if _is_near(one, inside) == (domain in inside)]
    alike = [one for one in near if not written_in or language(one.text.text) == written_in]
    circles: tuple[tuple[Circle, list[Message], int], ...] = (
        ("correspondent", [one for one in own if address in _recipients(one)], 1),
        ("domain", [one for one in own if any(to.rpartition("@")[2] == domain for to in _recipients(one))], 1),
        ("similar", alike, LEAST),
        ("overall", own, 1),
    )
    for name, mails, least in circles:
        if len(mails) >= least:
            newest = sorted(mails, key=lambda one: one.sent_at, reverse=True)[:NEWEST]
            return _learned(newest, name, _signature(own) if _signs(newest) else "")
    return Style()


def _is_near(mail: Message, inside: frozenset[str]) -> bool:
    return all(to.rpartition("@")[2] in inside for to in _recipients(mail))


def _learned(mails: list[Message], known_from: Circle, signature: str) -> Style:
    bodies = [_parted(one) for one in mails]
    texts = [one.text.text for one in mails]
    return Style(
        known_from=known_from,
        mails=len(mails),
        greeting=_usual([greeting for greeting, _, _ in bodies]),
        sign_off=_usual([farewell for _, _, farewell in bodies]),
        signature=signature,
        sentences=round(median(len(sentences(body)) for _, body, _ in bodies)),
        words=round(median(len(words(body)) for _, body, _ in bodies)),
        quotes_original=2 * sum(_quotes(one) for one in mails) > len(mails),
        language=_commonest([language(text) for text in texts]) or "",
        formality=_formality(texts),
        samples=tuple(Quoted(text=text) for text in _samples(texts)),
    )


def _facts(mail: Message) -> MailFacts:
    if mail.mail is None:
        raise ValueError("style is learned from mail")
    return mail.mail


def _recipients(mail: Message) -> frozenset[str]:
    return frozenset(one.address for one in _facts(mail).to)


def _automatic(mail: Message) -> bool:
    return _facts(mail).auto_submitted.startswith("auto")


def _quotes(mail: Message) -> bool:
    """Only an answer can quote; a first mail says nothing about the habit, so it counts as the absence of one."""
    return _facts(mail).quotes_original


def _signs(mails: Sequence[Message]) -> bool:
    """Whether these people get a signature at all: colleagues often do not."""
    return any(_facts(one).signature.strip() for one in mails)


def _signature(own: Sequence[Message]) -> str:
    """Of half of the mails that have one, at least twice: people change jobs, and phones add their own."""
    newest = sorted(own, key=lambda one: one.sent_at, reverse=True)[:NEWEST]
    found = [_facts(one).signature.strip() for one in newest if _facts(one).signature.strip()]
    return _usual(found)


# --- greeting, body, farewell ----------------------------------------------------------------------

_GREETING = re.compile(
    r"^(?:(?:hi+|hey+|hello|hallo|hiya|dear|morning|moin(?: moin)?|servus|grüezi|good (?:morning|afternoon|evening)|guten (?:morgen|tag|abend)|liebe[rs]?|sehr geehrte[rs]?|"
    r"bonjour|salut|bonsoir|ch[eè]re?s?|hola|buenos d[ií]as|buenas(?: tardes)?|estimad[oa]s?|querid[oa]s?|ciao)\b[^.?!\n]{0,60}?|[^\W\d_][\w.'’-]{1,30}(?: [^\W\d_][\w'’-]{1,30})?)\s*[,!:–-]?$",
    re.IGNORECASE,
)  # fmt: skip
_HELLO_WORDS = re.compile(
    r"^(?:hi+|hey+|hello|hallo|hiya|dear|morning|moin(?: moin)?|servus|grüezi|good (?:morning|afternoon|evening)|guten (?:morgen|tag|abend)|liebe[rs]?|sehr geehrte[rs]?(?: (?:frau|herr))?|"
    r"bonjour|salut|bonsoir|ch[eè]re?s?(?: (?:madame|monsieur))?|hola|buenos d[ií]as|buenas(?: tardes)?|estimad[oa]s?(?: (?:señora?|sra?\.?))?|querid[oa]s?|ciao)\b"
    r"(?: (?:frau|herr|mr\.?|mrs\.?|ms\.?|dr\.?|prof\.?|madame|monsieur|m\.|mme|señora?|sra?\.?))*",
    re.IGNORECASE,
)  # fmt: skip
_EVERYBODY = re.compile(
    r"^(?:all|everyone|everybody|team|folks|both|there|zusammen|alle|alle zusammen|damen und herren|tous|toutes|à tous|todos|todas|equipo)$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"^(?:(?:many |with )?(?:thanks|thank you)(?: (?:a lot|so much|again|in advance|and .{0,30}))?|thx|cheers|best|all the best|(?:best|kind|warm|warmest|kindest|many) (?:regards|wishes)|regards|sincerely(?: yours)?|yours(?: (?:sincerely|truly|faithfully))?|take care|talk soon|see you|"
    r"(?:mit )?(?:viele[nr]?|beste[nr]?|freundliche[nr]?|liebe[nr]?|herzliche[nr]?|schöne[nr]?|sonnige[nr]?)(?: \w+)? gr(?:ü|ue)(?:ß|ss)en?(?: aus .{1,30})?|gr(?:ü|ue)(?:ß|ss)e|gruß|lg|vg|mfg|bg|(?:vielen |lieben |besten |herzlichen )?dank(?:e)?(?: (?:und|im voraus|vorab|dir|euch|ihnen).{0,40})?|bis (?:bald|dann|morgen|später)|"
    r"cordialement|bien (?:cordialement|à (?:vous|toi))|(?:bien )?amicalement|à (?:bientôt|plus|demain)|merci(?: (?:d'avance|beaucoup|encore))?|bises|sincères salutations|(?:un )?(?:cordial )?saludos?(?: cordiales?)?|(?:muchas )?gracias|un abrazo|atentamente|hasta (?:pronto|luego|mañana)|"
    r"[A-Z]|xo+|x+)\s*[,.!–-]*$",
    re.IGNORECASE,
)  # fmt: skip
_NAME_LINE = re.compile(r"^[-–—]{0,2}\s*[^\W\d_][\w.'’-]{0,30}(?: [^\W\d_][\w.'’-]{0,30}){0,2}$")


def _parted(mail: Message) -> tuple[str, str, str]:
    """Greeting with `{name}` for the name, body, farewell with the name under it."""
    lines = [line.rstrip() for line in mail.text.text.strip().splitlines()]
    greeting = ""
    if len(lines) > 1 and _GREETING.match(lines[0]) and not _FAREWELL.match(lines[0]):
        greeting, lines = _unnamed(lines[0].strip()), lines[1:]
    cut = _farewell_at(lines)
    farewell = "\n".join(line.strip() for line in lines[cut:] if line.strip())
    return greeting, "\n".join(lines[:cut]).strip(), farewell


def _unnamed(greeting: str) -> str:
    end = re.search(r"\s*[,!:–-]?$", greeting)
    mark = greeting[end.start() :] if end else ""
    said = greeting[: len(greeting) - len(mark)]
    hello = _HELLO_WORDS.match(said)
    kept = said[: hello.end()].strip() if hello else ""
    name = said[len(kept) :].strip()
    if not name or _EVERYBODY.match(name):
        return greeting
    return f"{kept} {{name}}{mark}".strip()


def _farewell_at(lines: Sequence[str]) -> int:
    """Where the farewell begins: one of the last four written lines, with at most a name of two lines after it."""
    written = [i for i, line in enumerate(lines) if line.strip()]
    for place in written[-4:]:
        after = [lines[i].strip() for i in written if i > place]
        if _FAREWELL.match(lines[place].strip()) and len(after) <= 2 and all(map(_NAME_LINE.match, after)):
            return place
    if len(written) > 1 and re.fullmatch(r"[-–—]{1,2}\s*[^\W\d_]{1,20}", lines[written[-1]].strip()):
        return written[-1]
    return len(lines)


def _usual(found: Sequence[str]) -> str:
    """The commonest, where no other is as common and a third of them agree; a tie goes to the newer, which is first."""
    counted = Counter(found)
    if not counted:
        return ""
    best, times = counted.most_common(1)[0]
    return best if times * 3 >= len(found) else ""


def _commonest(found: Sequence[T]) -> T | None:
    return Counter(found).most_common(1)[0][0] if found else None


def _samples(texts: Sequence[str]) -> list[str]:
    """The newest mails that are short but more than a word."""
    fitting = [text.strip() for text in texts if len(words(text)) >= 5 and len(text.strip()) <= LONGEST_SAMPLE]
    return list(dict.fromkeys(fitting))[:SAMPLES]


# --- du and Sie ------------------------------------------------------------------------------------

_FAMILIAR = re.compile(
    r"\b(?:du|dir|dich|dein(?:e[mnrs]?)?|euch|euer|eure[mnrs]?|tu|te|toi|ton|ta|tes|tú|ti|contigo)\b|\bt'",
    re.IGNORECASE,
)
_FORMAL = re.compile(
    r"(?<![.!?:]\s)(?<!^)\b(?:Sie|Ihnen|Ihr(?:e[mnrs]?)?)\b|\b(?i:vous|votre|vos|usted(?:es)?)\b", re.MULTILINE
)


def _formality(texts: Sequence[str]) -> Literal["", "familiar", "formal"]:
    """English has none; `Sie` that begins a sentence may as well be `she`."""
    spoken = [text for text in texts if language(text) in ("de", "fr", "es")]
    familiar = sum(bool(_FAMILIAR.search(text)) for text in spoken)
    formal = sum(bool(_FORMAL.search(text)) for text in spoken)
    if familiar == formal:
        return ""
    return "familiar" if familiar > formal else "formal"

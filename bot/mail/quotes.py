"""What the author of a mail wrote then and there, apart from what they quote and how they sign.

Lines are marked `o`wn, `q`uoted or `s`ignature; quotations are found first, from their signs (`>`, attributions,
header blocks), then each run of own lines loses what hangs at its end. The sign-off and the name stay: they are
how the person greets and closes; the address block under them goes.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from bot.mail import signatures
from bot.mail.signatures import RULE_SIGNS

MAX_LINES = 20_000
MAX_LINE = 2_000  # longer ones are no attribution, header or sign-off; what the expressions see is cut here

Mark = str


@dataclass(frozen=True)
class Split:
    own: str
    quoted: str  # with the attribution lines and separators
    signature: str  # with advertising and legal footers


def split(text: str) -> Split:
    """The three parts of a mail's plain text, each stripped; lines keep their order within a part."""
    lines = [line.rstrip("\r") for line in text.split("\n", MAX_LINES)]
    seen = [line[:MAX_LINE].replace("\xa0", " ").rstrip() for line in lines]
    marks = ["o"] * len(lines)
    _mark_quotations(seen, marks)
    for begin, end in _own_runs(marks):
        signatures.mark(seen, marks, begin, end)
    parts = _parts(lines, marks)
    return Split(own=parts["o"], quoted=parts["q"], signature=parts["s"])


def _parts(lines: list[str], marks: list[Mark]) -> dict[Mark, str]:
    """The lines of each mark; where others lay between, and for any run of blank ones, stands one blank line."""
    out: dict[Mark, list[str]] = {"o": [], "q": [], "s": []}
    before = ""
    for line, mark in zip(lines, marks, strict=True):
        part = out[mark]
        line = line.rstrip()
        if part and part[-1] and (mark != before or not line):
            part.append("")
        if line:
            part.append(line)
        before = mark
    return {mark: "\n".join(part).strip() for mark, part in out.items()}


def _own_runs(marks: list[Mark]) -> list[tuple[int, int]]:
    runs, begin = [], 0
    for mark, run in groupby(marks):
        end = begin + len(list(run))
        if mark == "o":
            runs.append((begin, end))
        begin = end
    return runs


# --- quotations -----------------------------------------------------------------------------------

# ">From" is what mbox files make of a line that begins with From.
_PREFIX = re.compile(r"[ \t]{0,8}(?:[A-Z][A-Za-z]{0,3})?>(?!From )(?!\S*</)")
_WROTE = (
    r"(?:wrote|writes|write|said|says|typed|scribbled|schrieb(?:en)?|geschrieben|a\s+[ée]crit|écrivait"
    r"|nous\s+a\s+dit|escribi[oó]|escribe|"
    r"ha\s+scritto|scrive|schreef|geschreven|escreveu|skrev|napisał(?:\(a\))?|napsal(?:\(a\))?|написал(?:\(а\))?"
    r"|пишет|пише|kirjoitti|yazdı|írta|a\s+scris)"
)
_WROTE_STEMS = (
    "wrote",
    "write",
    "said",
    "says",
    "typed",
    "scribbled",
    "schrieb",
    "écri",
    "ecrit",
    "dit",
    "escri",
    "scri",
    "schreef",
    "skrev",
    "napis",
    "naps",
    "напис",
    "пиш",
    "kirjoitti",
    "yazd",
    "írta",
    "写",
    "寫",
)
_OPENING = (
    r"(?:On|At|In|Am|Le|El|Il|Op|Em|Den|Dne|Dnia|Den|På|Fra|Il giorno|Il|Pe|Vào|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Quoting"
    r"|Zitat von|Citando|"
    r"\d{1,4}[-./ ]|søn|man|tir|ons|tor|fre|lør|lun|mar|mer|jeu|ven|sam|dim|пн|вт|ср|чт|пт|сб|вс)"
)
_DATED = re.compile(
    r"\d{1,2}[:.h]\d{2}|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\b\d{1,2}\.? (?:de )?[A-Za-zéûäç]{3,9}\b|\b[A-Z][a-z]{2,8} \d{1,2}\b"
)
_ATTRIBUTION = re.compile(
    rf"[\s*_<>-]*(?:{_OPENING}.{{4,300}}?\b{_WROTE}\b.{{0,160}}?[:…]|.{{2,120}}\b{_WROTE}\b\s+(?:on|am|le|el|il|op"
    rf"|em|den)\b.{{4,100}}:"
    rf"|.{{0,120}}\S+@\S+.{{0,60}}\b{_WROTE}\b.{{0,60}}:|在.{{2,200}}[写寫]道\s*[:：])[\s*_-]*$",
    re.IGNORECASE,
)
_DATE_AND_ADDRESS = re.compile(r"[^:]{0,40}\b(?:19|20)\d\d\b.{2,120}<[^<>@\s]+@[^<>\s]+>\s*:\s*$")
_LOOSE = re.compile(
    rf".{{0,300}}(?:\b{_WROTE}\b.{{0,200}}[:.…]*\s*$|[写寫]道\s*[:：]\s*$|<?\S+@\S+>?.{{0,80}}:\s*$"
    rf"|\[[^\]]*\d[^\]]*\]:?\s*$)|\s*(?:Quoting|Zitat von|Citando|Citeren|Quoth|Thus spake)\b.*"
    rf"|.{{0,80}}\d{{4}}.{{0,80}}:\s*$"
    r"|\s*\* .{2,80}\b\d{4}",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"[\s>*_]*[-–_=]{2,}\s*(?:Original[ -]?(?:Message|Nachricht|Appointment|e-?mail)|Origina(?:l|al) (?:Mail"
    r"|bericht)|Originalnachricht|Urspr[üu]ngliche (?:Nachricht|E-?Mail|Termin)|"
    r"Message d['’]origine|Message (?:initial|original|transféré)|E-?mail d['’]origine|Courriel original"
    r"|Mensaje (?:original|reenviado|de origen)|Messaggio (?:originale|inoltrato)|"
    r"Oorspronkelijk bericht|Doorgestuurd bericht|Mensagem (?:original|encaminhada)|(?:Begin )?Forwarded (?:Message"
    r"|mail|by).{0,80}|Weitergeleitete Nachricht|Reply Message|"
    r"Opprinnelig melding|Oprindelig meddelelse|Ursprungligt meddelande|Alkuperäinen viesti|Wiadomość oryginalna"
    r"|Původní zpráva|Исходное сообщение|Пересылаемое сообщение|原始邮件|邮件原件|転送メッセージ)"
    r"\s*[-–_=]{2,}.{0,40}$|[\s>*]*(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)"
    r"|Début du message (?:transféré|réexpédié)|Inicio del mensaje reenviado|"
    r"Inizio (?:messaggio|del messaggio) inoltrato|Begin doorgestuurd bericht)\s*:\s*$"
    r"|-{3,}\s*Original Message.{0,20}$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[\s*_]{0,6}(From|Von|De|Da|Van|Från|Fra|Od|От|发件人|寄件者|差出人|Lähettäjä|Sent|Date|Gesendet|Datum|Envoyé"
    r"|Enviado(?: el)?|Enviada em|Fecha|Data|Inviato|Verzonden|Skickat|Sendt|Wysłano|Отправлено|发送时间|"
    r"Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Ämne|Emne|Temat|Тема|主题|主旨|件名|To|An|À|A|Para|Aan|Till"
    r"|Til|Do|Кому|收件人|Cc|Kopie|Copie|Copia|Reply-To|Importance|Message-ID|Organization|Newsgroups)"
    r"\s?\*?\s?[:：]\*?(?:\s|$)",
    re.IGNORECASE,
)
_FROM = frozenset(
    ["from", "von", "de", "da", "van", "från", "fra", "od", "от", "发件人", "寄件者", "差出人", "lähettäjä"]
)
_SUBJECT = frozenset(
    [
        "subject",
        "betreff",
        "objet",
        "asunto",
        "assunto",
        "oggetto",
        "onderwerp",
        "ämne",
        "emne",
        "temat",
        "тема",
        "主题",
        "主旨",
        "件名",
    ]
)
_SIGN = re.compile(r"[|:!#%\]})+=~-]{1,4}(?=[ \w]|$)")
_ATTRIBUTION_ENDS = (":", "：", "*", "-", "…", "_")
_RULE = re.compile(r"\s*[-_=*~#+]{3,}\s*$")


def _mark_quotations(lines: list[str], marks: list[Mark]) -> None:
    for place, line in enumerate(lines):
        if ">" in line[:13] and _PREFIX.match(line):
            marks[place] = "q"
    _mark_wrapped(lines, marks)
    for place, body in _hard_starts(lines, marks):
        if marks[place] == "q":
            continue
        following = _next_text(lines, body)
        if following is not None and marks[following] == "q":
            marks[place:body] = "q" * (body - place)  # what is marked line by line may hold answers in between
            continue
        is_forward = _ORIGINAL.match(lines[place]) or _rule_and_headers(lines, place)
        if not is_forward and not any(lines[p] for p in range(place) if marks[p] == "o"):
            _mark_odd_prefix(lines, marks, place, body)  # "Ada wrote:" on top without any `>`: the answer is below
            continue
        marks[place:] = "q" * (len(lines) - place)
        break
    _mark_attributions(lines, marks)
    _mark_gaps(lines, marks)


def _mark_wrapped(lines: list[str], marks: list[Mark]) -> None:
    """A mailer's line break in a quoted line leaves its tail without a `>`."""
    for place in range(1, len(lines) - 1):
        tail = lines[place]
        is_between = marks[place] == "o" and marks[place - 1] == "q" and marks[place + 1] == "q"
        if (
            is_between
            and 0 < len(tail) < 25
            and len(lines[place - 1]) >= 70
            and (tail[0].islower() or tail[0].isdigit())
        ):
            marks[place] = "q"


def _rule_and_headers(lines: list[str], place: int) -> bool:
    start = _next_text(lines, place + 1) if _RULE.match(lines[place]) else place
    return start is not None and _header_block(lines, start) > 0


def _mark_odd_prefix(lines: list[str], marks: list[Mark], place: int, body: int) -> None:
    """The attribution, and the lines below that all begin with the same odd sign: `|`, `--]`, `:`."""
    marks[place:body] = "q" * (body - place)
    following = _next_text(lines, body)
    sign = _SIGN.match(lines[following]) if following is not None else None
    if not sign:
        return
    quoted = [p for p in range(body, len(lines)) if lines[p].startswith(sign[0])]
    for p in quoted if len(quoted) > 1 else ():
        marks[p] = "q"


def _hard_starts(lines: list[str], marks: list[Mark]) -> list[tuple[int, int]]:
    """Where a whole original begins, and the first line after its separator or headers."""
    found: list[tuple[int, int]] = []
    after = 0
    for place in _candidates(lines):
        line = lines[place]
        if place < after or marks[place] != "o" or not line:
            continue
        body = 0
        if (line[-1] == ":" or line.lstrip(" *_>")[:1] in RULE_SIGNS) and _ORIGINAL.match(line):
            body = _after_headers(lines, place + 1)
        elif ":" in line[:20] or "：" in line[:20]:
            body = _header_block(lines, place)
        if not body and (count := _attribution_at(lines, marks, place)):
            body = place + count
        if body:
            found.append((_rule_above(lines, place), body))
            after = body
    return found


def _candidates(lines: list[str]) -> list[int]:
    """Lines that may begin an original by a cheap sign; the expressions are too slow to be tried on all."""
    places: set[int] = set()
    for place, line in enumerate(lines):
        if line and (line[0] in RULE_SIGNS or ":" in line[:20] or "：" in line[:20]):
            places.add(place)
        if line[-1:] == ":" and len(line) < 70:  # "Begin forwarded message:"
            places.add(place)
        if (
            line.endswith(_ATTRIBUTION_ENDS)
            and len(line) > 3
            and line[1] not in RULE_SIGNS
            and (">" in line or _says_wrote(line) or (place and _says_wrote(lines[place - 1])))
        ):
            places.update(range(max(place - 3, 0), place + 1))
    return sorted(places)


def _rule_above(lines: list[str], place: int) -> int:
    """Outlook draws a line above the headers."""
    above = place - 1
    while above >= 0 and place - above < 3 and not lines[above]:
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above]) else place


def _after_headers(lines: list[str], place: int) -> int:
    start = _next_text(lines, place)
    return _header_block(lines, start) or place if start is not None and _HEADER.match(lines[start]) else place


def _header_block(lines: list[str], place: int) -> int:
    """End of the mail headers that begin here: a sender with a subject or an address; 0 when they are none."""
    names: list[str] = []
    end = place
    address = False
    while end < len(lines) and end - place < 14:
        match = _HEADER.match(lines[end])
        if match:
            names.append(match[1].lower())
            address = address or (match[1].lower() in _FROM and "@" in lines[end])
        elif (not lines[end] and not (end + 1 < len(lines) and _HEADER.match(lines[end + 1]))) or (
            lines[end] and (not names or len(lines[end]) > 200 or end - place > 10)
        ):
            break
        end += 1
    has_from = not _FROM.isdisjoint(names)
    has_subject = not _SUBJECT.isdisjoint(names)
    enough = len(set(names)) >= 3 and has_from and (has_subject or address)
    return end if enough or (has_from and address and len(set(names)) >= 2) else 0


def _attribution_at(lines: list[str], marks: list[Mark], place: int) -> int:
    """How many lines the attribution that begins here takes: 0 when there is none. It may be wrapped over four."""
    line = lines[place]
    if len(line) > 300:
        return 0
    joined = ""
    for count in range(1, 5):
        if place + count > len(lines) or not lines[place + count - 1] or marks[place + count - 1] != "o":
            return 0
        joined = f"{joined} {lines[place + count - 1].strip()}".strip()
        if len(joined) > 400:
            return 0
        if joined.endswith(_ATTRIBUTION_ENDS):
            is_one = _says_wrote(joined) and _DATED.search(joined) and _ATTRIBUTION.match(joined)
            return count if is_one or _DATE_AND_ADDRESS.match(joined) else 0
    return 0


def _says_wrote(line: str) -> bool:
    low = line.lower()
    return any(stem in low for stem in _WROTE_STEMS)


def _mark_attributions(lines: list[str], marks: list[Mark]) -> None:
    """The lines just above a quotation that say whose it is; here `>` vouches for them, so less is asked."""
    for place in range(1, len(lines)):
        if marks[place] != "q" or marks[place - 1] == "q":
            continue
        above = place - 1
        while above >= 0 and place - above <= 2 and not lines[above]:
            above -= 1
        if above < 0 or marks[above] != "o" or not lines[above]:
            continue
        begin = _attribution_begin(lines, marks, above)
        marks[begin:place] = "q" * (place - begin)


def _attribution_begin(lines: list[str], marks: list[Mark], last: int) -> int:
    """First line of the attribution that ends at `last`; last + 1 when it is none."""
    joined = ""
    for first in range(last, max(last - 4, -1), -1):
        if marks[first] != "o" or not lines[first]:
            break
        joined = f"{lines[first].strip()} {joined}".strip()
        if len(joined) > 320:
            break
        if first < last and not re.match(_OPENING, lines[first].lstrip(" *-"), re.IGNORECASE):
            continue
        if _LOOSE.match(joined) and ((first == last and not _is_tail(lines, marks, first, joined)) or first < last):
            return first
    return last if _LOOSE.match(lines[last]) else last + 1


def _is_tail(lines: list[str], marks: list[Mark], place: int, line: str) -> bool:
    """`ada@example.org> wrote:` belongs to the line above it."""
    above = lines[place - 1].lstrip(" *-") if place and marks[place - 1] == "o" else ""
    opens = re.match(_OPENING, line.lstrip(" *-"), re.IGNORECASE)
    return bool(above) and not opens and bool(re.match(_OPENING, above, re.IGNORECASE)) and bool(_DATED.search(above))


def _mark_gaps(lines: list[str], marks: list[Mark]) -> None:
    """Blank lines between two quoted ones are quoted."""
    last = -1
    for place, mark in enumerate(marks):
        if mark == "q":
            if 0 <= last < place - 1 and not any(lines[last + 1 : place]):
                marks[last + 1 : place] = "q" * (place - last - 1)
            last = place


def _next_text(lines: list[str], place: int) -> int | None:
    return next((p for p in range(place, min(place + 10, len(lines))) if lines[p]), None)

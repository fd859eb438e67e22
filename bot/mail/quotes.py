"""What the author of a mail wrote then and there, apart from what they quote and how they sign.

Lines are marked `o`wn, `q`uoted or `s`ignature; quotations are found first, from their signs (`>`, attributions,
header blocks), then each run of own lines loses what hangs at its end. The sign-off and the name stay: they are
how the person greets and closes; the address block under them goes.
"""

import re
from dataclasses import dataclass
from itertools import groupby

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
        _mark_signature(seen, marks, begin, end)
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
    r"(?:wrote|writes|write|said|says|typed|scribbled|schrieb(?:en)?|geschrieben|a\s+[ée]crit|écrivait|nous\s+a\s+dit|escribi[oó]|escribe|"
    r"ha\s+scritto|scrive|schreef|geschreven|escreveu|skrev|napisał(?:\(a\))?|napsal(?:\(a\))?|написал(?:\(а\))?|пишет|пише|kirjoitti|yazdı|írta|a\s+scris)"
)
_WROTE_STEMS = tuple(
    ["wrote", "write", "said", "says", "typed", "scribbled", "schrieb", "écri", "ecrit", "dit", "escri", "scri", "schreef", "skrev", "napis", "naps", "напис", "пиш", "kirjoitti", "yazd", "írta", "写", "寫"]
)
_OPENING = (
    r"(?:On|At|In|Am|Le|El|Il|Op|Em|Den|Dne|Dnia|Den|På|Fra|Il giorno|Il|Pe|Vào|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Quoting|Zitat von|Citando|"
    r"\d{1,4}[-./ ]|søn|man|tir|ons|tor|fre|lør|lun|mar|mer|jeu|ven|sam|dim|пн|вт|ср|чт|пт|сб|вс)"
)
_DATED = re.compile(
    r"\d{1,2}[:.h]\d{2}|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b\d{1,2}\.? (?:de )?[A-Za-zéûäç]{3,9}\b|\b[A-Z][a-z]{2,8} \d{1,2}\b"
)
_ATTRIBUTION = re.compile(
    rf"[\s*_<>-]*(?:{_OPENING}.{{4,300}}?\b{_WROTE}\b.{{0,160}}?[:…]|.{{2,120}}\b{_WROTE}\b\s+(?:on|am|le|el|il|op|em|den)\b.{{4,100}}:"
    rf"|.{{0,120}}\S+@\S+.{{0,60}}\b{_WROTE}\b.{{0,60}}:|在.{{2,200}}[写寫]道\s*[:：])[\s*_-]*$",
    re.IGNORECASE,
)
_DATE_AND_ADDRESS = re.compile(r"[^:]{0,40}\b(?:19|20)\d\d\b.{2,120}<[^<>@\s]+@[^<>\s]+>\s*:\s*$")
_LOOSE = re.compile(
    rf".{{0,300}}(?:\b{_WROTE}\b.{{0,200}}[:.…]*\s*$|[写寫]道\s*[:：]\s*$|<?\S+@\S+>?.{{0,80}}:\s*$|\[[^\]]*\d[^\]]*\]:?\s*$)|\s*(?:Quoting|Zitat von|Citando|Citeren|Quoth|Thus spake)\b.*|.{{0,80}}\d{{4}}.{{0,80}}:\s*$"
    r"|\s*\* .{2,80}\b\d{4}",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"[\s>*_]*[-–_=]{2,}\s*(?:Original[ -]?(?:Message|Nachricht|Appointment|e-?mail)|Origina(?:l|al) (?:Mail|bericht)|Originalnachricht|Urspr[üu]ngliche (?:Nachricht|E-?Mail|Termin)|"
    r"Message d['’]origine|Message (?:initial|original|transféré)|E-?mail d['’]origine|Courriel original|Mensaje (?:original|reenviado|de origen)|Messaggio (?:originale|inoltrato)|"
    r"Oorspronkelijk bericht|Doorgestuurd bericht|Mensagem (?:original|encaminhada)|(?:Begin )?Forwarded (?:Message|mail|by).{0,80}|Weitergeleitete Nachricht|Reply Message|"
    r"Opprinnelig melding|Oprindelig meddelelse|Ursprungligt meddelande|Alkuperäinen viesti|Wiadomość oryginalna|Původní zpráva|Исходное сообщение|Пересылаемое сообщение|原始邮件|邮件原件|転送メッセージ)"
    r"\s*[-–_=]{2,}.{0,40}$|[\s>*]*(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)|Début du message (?:transféré|réexpédié)|Inicio del mensaje reenviado|"
    r"Inizio (?:messaggio|del messaggio) inoltrato|Begin doorgestuurd bericht)\s*:\s*$|-{3,}\s*Original Message.{0,20}$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[\s*_]{0,6}(From|Von|De|Da|Van|Från|Fra|Od|От|发件人|寄件者|差出人|Lähettäjä|Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Enviada em|Fecha|Data|Inviato|Verzonden|Skickat|Sendt|Wysłano|Отправлено|发送时间|"
    r"Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Ämne|Emne|Temat|Тема|主题|主旨|件名|To|An|À|A|Para|Aan|Till|Til|Do|Кому|收件人|Cc|Kopie|Copie|Copia|Reply-To|Importance|Message-ID|Organization|Newsgroups)"
    r"\s?\*?\s?[:：]\*?(?:\s|$)",
    re.IGNORECASE,
)
_FROM = frozenset(["from", "von", "de", "da", "van", "från", "fra", "od", "от", "发件人", "寄件者", "差出人", "lähettäjä"])
_SUBJECT = frozenset(
    ["subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "temat", "тема", "主题", "主旨", "件名"]
)
_SIGN = re.compile(r"[|:!#%\]})+=~-]{1,4}(?=[ \w]|$)")
_ATTRIBUTION_ENDS = (":", "：", "*", "-", "…", "_")
_RULE_SIGNS = frozenset("-–_=*~#+.")
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
        if (line[-1] == ":" or line.lstrip(" *_>")[:1] in _RULE_SIGNS) and _ORIGINAL.match(line):
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
        if line and (line[0] in _RULE_SIGNS or ":" in line[:20] or "：" in line[:20]):
            places.add(place)
        if line[-1:] == ":" and len(line) < 70:  # "Begin forwarded message:"
            places.add(place)
        if line.endswith(_ATTRIBUTION_ENDS) and (
            ">" in line or _says_wrote(line) or (place and _says_wrote(lines[place - 1]))
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
    """End of a run of mail headers that begins here; 0 when it is none: it names a sender and a subject, or a sender's address."""
    names: list[str] = []
    end = place
    address = False
    while end < len(lines) and end - place < 14:
        match = _HEADER.match(lines[end])
        if match:
            names.append(match[1].lower())
            address = address or (match[1].lower() in _FROM and "@" in lines[end])
        elif not lines[end] and not (end + 1 < len(lines) and _HEADER.match(lines[end + 1])) or lines[end] and (not names or len(lines[end]) > 200 or end - place > 10):
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
        if _LOOSE.match(joined) and (first == last and not _is_tail(lines, marks, first, joined) or first < last):
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


# --- signatures -----------------------------------------------------------------------------------

_DELIMITER = re.compile(r"(?:- )?(?:--|—|––|-- -)\s*$|_{2,3}\s*$")
_MOBILE = re.compile(
    r"[\s*_<([«]{0,4}(?:(?:Sent|Posted|Written) (?:from|via|with|by|using|on) (?:my |the |a |an )?(?:\w+[ ,]?){0,3}(?:iphone|ipad|ipod|mobile|phone|android|samsung|galaxy|blackberry|huawei|pixel|nokia|htc|lg|motorola|sony|xiaomi|"
    r"outlook|mail|mailbox|yahoo|gmail|airmail|proton\w*|windows|thunderbird|cell|device|tablet|pc|spark|superhuman|ti-\d+|front|hey|alcatel|handheld|treo|palm|wireless)\b.{0,80}"
    r"|Sent by (?:galaxy|my|phone)\b.{0,40}|Get Outlook for .{0,80}|Download Outlook for .{0,60}|From my (?:iphone|phone|mobile|ipad).{0,30}|Someone from mobile|Typed on .{0,40}(?:phone|thumbs?).{0,40}"
    r"|(?:Diese Nachricht wurde )?Von (?:meinem?r?|unterwegs).{0,80}(?:gesendet|iPhone|iPad|verschickt)\.?|Gesendet (?:von|mit|über|aus) .{0,80}|Outlook für (?:iOS|Android) (?:beziehen|herunterladen)?.{0,60}|Holen Sie sich Outlook.{0,40}"
    r"|Envoyé (?:de|depuis|à partir|avec) .{0,80}|T[ée]l[ée]charger Outlook pour .{0,40}|Obtenez Outlook pour .{0,60}|Enviado (?:desde|do|via|a partir) .{0,80}|Obtener Outlook para .{0,60}|Inviato (?:da|dal|con) .{0,80}"
    r"|Verstuurd (?:vanaf|met|via|door) .{0,80}|Verzonden (?:vanaf|met|vanuit) .{0,80}|Skickat från .{0,60}|Sendt fra .{0,60}|Lähetetty .{0,60}|Wysłane z .{0,60}|Odesláno z .{0,60}|Отправлено (?:с|из) .{0,60}|從我的.{0,20}傳送|发自我的.{0,20}"
    r"|iPhone(?:から|より)送信|Diese Nachricht wurde von .{0,60} gesendet\.?)[\s*_>)\]»]{0,4}$",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"(?:this|the information (?:contained )?in this|the contents? of this|any information in this)\s+(?:e-?mail|message|communication|transmission)\b.{0,200}(?:confidential|intended|privileged|proprietary|virus|checked|scanned|sent by|swept)"
    r"|confidentiality (?:notice|note)|\bdisclaimer\b\s*[:-]|if you (?:are not|have received) .{0,60}(?:intended|addressee|in error|by mistake)|intended (?:only|solely|exclusively) for|legally privileged"
    r"|consider the environment|before printing this|virus-free|checked (?:by|for viruses)|scanned (?:by|for)|(?:registered (?:office|in england)|company (?:number|registration))\b.{0,120}\d"
    r"|vertrauliche? (?:und/oder|informationen|inhalte)|nicht der (?:richtige|beabsichtigte|vorgesehene) (?:adressat|empfänger)|diese (?:e-?mail|nachricht) (?:enthält|ist|und)\b.{0,120}vertraulich|amtsgericht\b.{0,80}\bHRB?\b|sitz der gesellschaft|geschäftsführer(?:in)?\s*:"
    r"|ce (?:message|courriel|mail)\b.{0,200}confidentiel|destinataires? (?:désignés?|exclusi)|este (?:mensaje|correo)\b.{0,200}confidencial|destinatario (?:indicado|exclusiv)|quest[oa] (?:messaggio|e-?mail|comunicazione)\b.{0,200}(?:riservat|confidenzial)"
    r"|(?:dit bericht|deze e-?mail)\b.{0,200}(?:vertrouwelijk|uitsluitend)|the views expressed|do not necessarily (?:represent|reflect)|(?:no|any) liability\b.{0,80}(?:virus|damage|error|omission)|unauthori[sz]ed (?:use|disclosure|review|dissemination)",
    re.IGNORECASE | re.DOTALL,
)
_FOOTER_WORDS = (
    "mailing list", "listinfo", "unsubscribe", "to stop receiving", "sponsored by", "sponsor ----", "do you yahoo",
    "yahoo! groups", "yahoo! mail", "yahoogroups", "get your free", "free email", "free e-mail", "join the world",
    "join msn", "hotmail.com", "http://www.msn", "msn photos", "incredimail", "grisoft", "outgoing mail is certified",
    "to subscribe", "subscription options", "manage your subscription", "manage your preferences", "abbestellen",
    "abmelden", "se désabonner", "se desabonner", "darse de baja", "annulla l'iscrizione", "you are receiving this",
    "you received this", "you have received this", "mail2web", "reply to this email directly or view it on",
    "/mailman/", "groups.google",
)  # fmt: skip
# A search for every alternative costs as much as all the rest; one of these is in each of them.
_LEGAL_STEMS = (
    "confiden", "intended", "privileged", "proprietary", "virus", "scanned", "disclaimer", "in error", "by mistake",
    "environment", "printing", "registered", "company n", "company r", "vertraulich", "empfänger", "adressat",
    "amtsgericht", "gesellschaft", "geschäftsführer", "destinatair", "destinatario", "riservat", "vertrouwelijk",
    "uitsluitend", "views expressed", "necessarily", "liability", "unauthori", "swept",
)  # fmt: skip
_CLOSING = re.compile(
    r"[\s,*_-]{0,4}(?:(?:(?:with |my )?(?:very |many |most )?(?:kind(?:est)?|best|warm(?:est)?|friendly) (?:regards|wishes|greetings)|(?:best|regards|cheers|thanks|thank you|thx|tia|ta|sincerely|cordially|respectfully|take care|all the best|best of luck|ciao|bye|love|peace|later|talk soon|br|rgds|kr|yours)"
    r"|many thanks|thanks (?:again|a lot|so much|in advance|and .{3,20}|for .{3,30})|thank you (?:again|very much|so much|in advance|for .{3,30})|yours (?:sincerely|faithfully|truly|ever)|(?:very )?(?:sincerely|truly) yours|with (?:best|kind) .{3,20}|have a (?:good|great|nice) .{2,20}|looking forward .{0,40}|see you.{0,20}"
    r"|mit (?:freundlichen|besten|herzlichen|lieben|vielen) (?:grüßen|grüssen|gruessen|gruß|gruss)(?: aus .{2,30})?|(?:freundliche|viele|beste|liebe|schöne|herzliche) (?:grüße|grüsse|gruesse)(?: aus .{2,30})?|(?:beste[rn]?|lieben|liebe[rn]?|schönen|viele[rn]?) (?:gruß|gruss|dank)|gruß|gruss|grüße|mfg|lg|vg|hochachtungsvoll|danke(?: .{2,30})?|vielen dank(?: .{2,30})?"
    r"|(?:bien )?cordialement|bien à (?:vous|toi)|(?:meilleures )?salutations(?: .{2,20})?|(?:très )?amicalement|merci(?: .{2,30})?|bonne (?:journée|soirée)|sincères salutations|à bientôt|bises"
    r"|(?:un )?(?:cordial |afectuoso )?salud(?:o|os)(?: cordiales)?|atentamente|un abrazo|abrazos?|(?:muchas )?gracias(?: .{2,30})?|(?:cordiali|distinti|cari) saluti|(?:un caro )?saluto|saluti|grazie(?: .{2,30})?|a presto"
    r"|(?:met )?(?:vriendelijke|hartelijke|warme) groet(?:en|jes)?|groet(?:en|jes)?|mvg|(?:alvast )?bedankt(?: .{2,20})?|(?:com os melhores )?cumprimentos|atenciosamente|abraços?|obrigad[oa]|(?:med )?(?:vänliga|vennlig|venlig|bästa) (?:hälsningar|hilsen)|hälsningar|mvh|hilsen|pozdrawiam|с уважением))"
    r"[\s,.!;:*_-]{0,4}$",
    re.IGNORECASE,
)
_CLOSING_BEGINS = frozenset(
    ["with", "my", "very", "many", "most", "kind", "kindest", "best", "warm", "warmest", "friendly", "regards", "cheers", "thanks", "thank", "thx", "tia", "ta", "sincerely", "cordially", "respectfully", "take", "all", "ciao", "bye", "love", "peace", "later", "talk", "br", "rgds", "kr", "yours", "truly", "have", "looking", "see", "mit", "freundliche", "viele", "beste", "liebe", "schöne", "herzliche", "besten", "bester", "lieben", "lieber", "schönen", "vielen", "vieler", "gruß", "gruss", "grüße", "mfg", "lg", "vg", "hochachtungsvoll", "danke", "bien", "cordialement", "meilleures", "salutations", "très", "amicalement", "merci", "bonne", "sincères", "à", "bises", "un", "cordial", "afectuoso", "saludo", "saludos", "atentamente", "abrazo", "abrazos", "muchas", "gracias", "cordiali", "distinti", "cari", "saluto", "saluti", "grazie", "a", "met", "vriendelijke", "hartelijke", "warme", "groet", "groeten", "groetjes", "mvg", "alvast", "bedankt", "com", "cumprimentos", "atenciosamente", "abraço", "abraços", "obrigado", "obrigada", "med", "vänliga", "vennlig", "venlig", "bästa", "hälsningar", "mvh", "hilsen", "pozdrawiam", "с"]
)
_NAME = re.compile(r"[\s*_~-]{0,3}[^\W\d_][\w.'’-]*(?: [(\"“]?[^\W\d_][\w.'’()\"”-]*){0,4}[\s*_,.~!)-]{0,3}$")
_NUMBER = re.compile(r"\+?\(?\d[\d\s()./-]{6,}\d|\b\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b")
_LABEL = re.compile(
    r"\b(?:tel|phone|mobile|mob|fax|cell|office|direct|telefon|tél|móvil|handy|skype|icq|aim|pgp|gpg|linkedin|twitter)\b\s*[.:#=]"
)
_CONTACT_WORDS = (
    "http://", "https://", "www.", "mailto:", "gmbh", " inc.", " inc", " ltd", " llc", " corp", " s.a.", " b.v.", " plc", "fingerprint",
    "straße", "strasse", " street", " road", " avenue", " suite ",
)  # fmt: skip
_POSTSCRIPT = re.compile(r"\s*P\.?\s?(?:P\.?)?S\b", re.IGNORECASE)
_LONG_RULE = re.compile(r"\s*(?:[-_=*~#+.]{10,}|[-_=*~#+]{3,}[ >~-]*|[-=_]{5,}.{2,60}[-=_~>]{3,})\s*$")


def _mark_signature(lines: list[str], marks: list[Mark], begin: int, end: int) -> None:
    end = _before_delimiter(lines, marks, begin, end)
    while (start := _tail(lines, begin, end)) < end:
        marks[start:end] = "s" * (end - start)
        end = start


def _before_delimiter(lines: list[str], marks: list[Mark], begin: int, end: int) -> int:
    """Cuts from the first signature delimiter whose rest is short enough to be one."""
    rest, first = 0, end
    for place in range(end - 1, begin - 1, -1):
        line = lines[place]
        if line and len(line) <= 5 and _DELIMITER.match(line) and (rest <= 10 or line.strip() in ("--", "- --")):
            first = place
        rest += bool(line)
        if rest > 40:
            break
    marks[first:end] = "s" * (end - first)
    return first


def _tail(lines: list[str], begin: int, end: int) -> int:
    """Where the next cut from the bottom begins; `end` when nothing more is to cut."""
    while end > begin and not lines[end - 1]:
        end -= 1
    if end == begin:
        return end
    if len(lines[end - 1]) < 140 and _MOBILE.match(lines[end - 1]):
        return end - 1
    ruled = _ruled_footer(lines, begin, end)
    if ruled < end:
        return ruled
    under = _under_closing(lines, begin, end)
    if under < end:
        return under
    first = end - 1
    while first > max(begin, end - 60) and lines[first - 1]:
        first -= 1
    if first > begin and (_is_small_print(lines[first:end]) or _is_contact(lines, begin, first, end)):
        return first
    return end


def _is_small_print(block: list[str]) -> bool:
    """Words of lawyers anywhere in the paragraph, or a short one of a list or an advertiser."""
    text = "\n".join(block)[:1_200].lower()
    return _is_legal(text) or (len(block) <= 8 and _is_footer(text))


def _is_legal(text: str) -> bool:
    return any(stem in text for stem in _LEGAL_STEMS) and bool(_LEGAL.search(text))


def _is_footer(text: str) -> bool:
    return any(word in text for word in _FOOTER_WORDS)


def _ruled_footer(lines: list[str], begin: int, end: int) -> int:
    """A drawn line with a short footer of a list, an advertiser or a lawyer below it, or the line alone."""
    seen = 0
    for place in range(end - 1, max(begin - 1, end - 40), -1):
        if not lines[place]:
            continue
        seen += 1
        if seen > 16:
            return end
        if lines[place].lstrip()[:1] in _RULE_SIGNS and _LONG_RULE.match(lines[place]):
            below = "\n".join(lines[place:end]).lower()[:2_000]
            if seen == 1 and place > begin:
                return place
            if _is_footer(below) or _is_legal(below):
                return place
            if seen <= 8 and any(_reaches(line) for line in lines[place + 1 : end]):
                return place
    return end


def _is_contact(lines: list[str], begin: int, first: int, end: int) -> bool:
    """A paragraph of short lines, two of them a way to reach somebody, that no sentence announces."""
    above = next((lines[p] for p in range(first - 1, begin - 1, -1) if lines[p]), "")
    block = lines[first:end]
    if above.endswith(":") or not 2 <= len(block) <= 10 or any(len(line) > 90 or line.endswith("?") or _is_closing(line) for line in block):
        return False
    reached = [line for line in block if _reaches(line)]
    return len(reached) >= 2 and (bool(_NAME.match(block[0])) or len(reached) == len(block))


def _is_closing(line: str) -> bool:
    words = line.lstrip(" ,*_-").lower().split(None, 8)
    if not 0 < len(words) <= 8 or len(line) > 80 or words[0].rstrip(",.!;:*_-") not in _CLOSING_BEGINS:
        return False
    return bool(_CLOSING.match(line))


def _reaches(line: str) -> bool:
    """A number, an address, a site, a firm: the stuff of visiting cards."""
    low = line.lower()
    if any(word in low for word in _CONTACT_WORDS) or ("@" in low and re.search(r"\S@\S+\.\w", low)):
        return True
    return bool(_NUMBER.search(line) or _LABEL.search(low))


def _under_closing(lines: list[str], begin: int, end: int) -> int:
    """Below sign-off and name, the lines that say who and where the person is; `end` when there are none."""
    places = [place for place in range(max(begin, end - 30), end) if lines[place]][-16:]
    for order, place in enumerate(places):
        if not _is_closing(lines[place]):
            continue
        below = places[order + 1 :]
        kept = 1 if below and _NAME.match(lines[below[0]]) else 0
        block = below[kept:]
        if not block:
            return end
        said = [lines[p] for p in block]
        if any(_POSTSCRIPT.match(line) for line in said) or any(len(line) > 90 or line.endswith("?") for line in said):
            continue
        if len(block) == 1 and not kept and _is_closing(said[0]):
            continue
        if kept or any(_reaches(line) for line in said):
            return block[0]
    return end

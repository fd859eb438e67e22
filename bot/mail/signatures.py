"""How mails end: delimiters, phones, visiting cards below the sign-off, footers of lists and lawyers."""

import re

RULE_SIGNS = frozenset("-–_=*~#+.")

_DELIMITER = re.compile(r"(?:- )?(?:--|—|––|-- -)\s*$|_{2,3}\s*$")
_MOBILE = re.compile(
    r"[\s*_<([«]{0,4}(?:(?:Sent|Posted|Written) (?:from|via|with|by|using|on) (?:my |the |a "
    r"|an )?(?:\w+[ ,]?){0,3}(?:iphone|ipad|ipod|mobile|phone|android|samsung|galaxy|blackberry|huawei|pixel|nokia"
    r"|htc|lg|motorola|sony|xiaomi|"
    r"outlook|mail|mailbox|yahoo|gmail|airmail|proton\w*|windows|thunderbird|cell|device|tablet|pc|spark|superhuman"
    r"|ti-\d+|front|hey|alcatel|handheld|treo|palm|wireless)\b.{0,80}"
    r"|Sent by (?:galaxy|my|phone)\b.{0,40}|Get Outlook for .{0,80}|Download Outlook for .{0,60}|From my (?:iphone"
    r"|phone|mobile|ipad).{0,30}|Someone from mobile|Typed on .{0,40}(?:phone|thumbs?).{0,40}"
    r"|(?:Diese Nachricht wurde )?Von (?:meinem?r?|unterwegs).{0,80}(?:gesendet|iPhone|iPad|verschickt)\.?"
    r"|Gesendet (?:von|mit|über|aus) .{0,80}|Outlook für (?:iOS|Android) (?:beziehen|herunterladen)?.{0,60}"
    r"|Holen Sie sich Outlook.{0,40}"
    r"|Envoyé (?:de|depuis|à partir|avec) .{0,80}|T[ée]l[ée]charger Outlook pour .{0,40}"
    r"|Obtenez Outlook pour .{0,60}|Enviado (?:desde|do|via|a partir) .{0,80}|Obtener Outlook para .{0,60}"
    r"|Inviato (?:da|dal|con) .{0,80}"
    r"|Verstuurd (?:vanaf|met|via|door) .{0,80}|Verzonden (?:vanaf|met|vanuit) .{0,80}|Skickat från .{0,60}"
    r"|Sendt fra .{0,60}|Lähetetty .{0,60}|Wysłane z .{0,60}|Odesláno z .{0,60}|Отправлено (?:с|из) .{0,60}"
    r"|從我的.{0,20}傳送|发自我的.{0,20}"
    r"|iPhone(?:から|より)送信|Diese Nachricht wurde von .{0,60} gesendet\.?)[\s*_>)\]»]{0,4}$",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"(?:this|the information (?:contained )?in this|the contents? of this|any information in this)\s+(?:e-?mail"
    r"|message|communication|transmission)\b.{0,200}(?:confidential|intended|privileged|proprietary|virus|checked"
    r"|scanned|sent by|swept)"
    r"|confidentiality (?:notice|note)|\bdisclaimer\b\s*[:-]|if you (?:are not|have received) .{0,60}(?:intended"
    r"|addressee|in error|by mistake)|intended (?:only|solely|exclusively) for|legally privileged"
    r"|consider the environment|before printing this|virus-free|checked (?:by|for viruses)|scanned (?:by|for)"
    r"|(?:registered (?:office|in england)|company (?:number|registration))\b.{0,120}\d"
    r"|vertrauliche? (?:und/oder|informationen|inhalte)|nicht der (?:richtige|beabsichtigte"
    r"|vorgesehene) (?:adressat|empfänger)|diese (?:e-?mail|nachricht) (?:enthält|ist|und)\b.{0,120}vertraulich"
    r"|amtsgericht\b.{0,80}\bHRB?\b|sitz der gesellschaft|geschäftsführer(?:in)?\s*:"
    r"|ce (?:message|courriel|mail)\b.{0,200}confidentiel|destinataires? (?:désignés?|exclusi)|este (?:mensaje"
    r"|correo)\b.{0,200}confidencial|destinatario (?:indicado|exclusiv)|quest[oa] (?:messaggio|e-?mail"
    r"|comunicazione)\b.{0,200}(?:riservat|confidenzial)"
    r"|(?:dit bericht|deze e-?mail)\b.{0,200}(?:vertrouwelijk|uitsluitend)|the views expressed"
    r"|do not necessarily (?:represent|reflect)|(?:no|any) liability\b.{0,80}(?:virus|damage|error|omission)"
    r"|unauthori[sz]ed (?:use|disclosure|review|dissemination)",
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
    r"[\s,*_-]{0,4}(?:(?:(?:with |my )?(?:very |many |most )?(?:kind(?:est)?|best|warm(?:est)?|friendly) (?:regards"
    r"|wishes|greetings)|(?:best|regards|cheers|thanks|thank you|thx|tia|ta|sincerely|cordially|respectfully"
    r"|take care|all the best|best of luck|ciao|bye|love|peace|later|talk soon|br|rgds|kr|yours)"
    r"|many thanks|thanks (?:again|a lot|so much|in advance|and .{3,20}|for .{3,30})|thank you (?:again|very much"
    r"|so much|in advance|for .{3,30})|yours (?:sincerely|faithfully|truly|ever)|(?:very )?(?:sincerely"
    r"|truly) yours|with (?:best|kind) .{3,20}|have a (?:good|great|nice) .{2,20}|looking forward .{0,40}"
    r"|see you.{0,20}"
    r"|mit (?:freundlichen|besten|herzlichen|lieben|vielen) (?:grüßen|grüssen|gruessen|gruß|gruss)(?: aus .{2,30})?"
    r"|(?:freundliche|viele|beste|liebe|schöne|herzliche) (?:grüße|grüsse|gruesse)(?: aus .{2,30})?|(?:beste[rn]?"
    r"|lieben|liebe[rn]?|schönen|viele[rn]?) (?:gruß|gruss|dank)|gruß|gruss|grüße|mfg|lg|vg|hochachtungsvoll"
    r"|danke(?: .{2,30})?|vielen dank(?: .{2,30})?"
    r"|(?:bien )?cordialement|bien à (?:vous|toi)|(?:meilleures )?salutations(?: .{2,20})?|(?:très )?amicalement"
    r"|merci(?: .{2,30})?|bonne (?:journée|soirée)|sincères salutations|à bientôt|bises"
    r"|(?:un )?(?:cordial |afectuoso )?salud(?:o|os)(?: cordiales)?|atentamente|un abrazo|abrazos?"
    r"|(?:muchas )?gracias(?: .{2,30})?|(?:cordiali|distinti|cari) saluti|(?:un caro )?saluto|saluti"
    r"|grazie(?: .{2,30})?|a presto"
    r"|(?:met )?(?:vriendelijke|hartelijke|warme) groet(?:en|jes)?|groet(?:en|jes)?|mvg"
    r"|(?:alvast )?bedankt(?: .{2,20})?|(?:com os melhores )?cumprimentos|atenciosamente|abraços?|obrigad[oa]"
    r"|(?:med )?(?:vänliga|vennlig|venlig|bästa) (?:hälsningar|hilsen)|hälsningar|mvh|hilsen|pozdrawiam"
    r"|с уважением))"
    r"[\s,.!;:*_-]{0,4}$",
    re.IGNORECASE,
)
_CLOSING_BEGINS = frozenset(
    [
        "with",
        "my",
        "very",
        "many",
        "most",
        "kind",
        "kindest",
        "best",
        "warm",
        "warmest",
        "friendly",
        "regards",
        "cheers",
        "thanks",
        "thank",
        "thx",
        "tia",
        "ta",
        "sincerely",
        "cordially",
        "respectfully",
        "take",
        "all",
        "ciao",
        "bye",
        "love",
        "peace",
        "later",
        "talk",
        "br",
        "rgds",
        "kr",
        "yours",
        "truly",
        "have",
        "looking",
        "see",
        "mit",
        "freundliche",
        "viele",
        "beste",
        "liebe",
        "schöne",
        "herzliche",
        "besten",
        "bester",
        "lieben",
        "lieber",
        "schönen",
        "vielen",
        "vieler",
        "gruß",
        "gruss",
        "grüße",
        "mfg",
        "lg",
        "vg",
        "hochachtungsvoll",
        "danke",
        "bien",
        "cordialement",
        "meilleures",
        "salutations",
        "très",
        "amicalement",
        "merci",
        "bonne",
        "sincères",
        "à",
        "bises",
        "un",
        "cordial",
        "afectuoso",
        "saludo",
        "saludos",
        "atentamente",
        "abrazo",
        "abrazos",
        "muchas",
        "gracias",
        "cordiali",
        "distinti",
        "cari",
        "saluto",
        "saluti",
        "grazie",
        "a",
        "met",
        "vriendelijke",
        "hartelijke",
        "warme",
        "groet",
        "groeten",
        "groetjes",
        "mvg",
        "alvast",
        "bedankt",
        "com",
        "cumprimentos",
        "atenciosamente",
        "abraço",
        "abraços",
        "obrigado",
        "obrigada",
        "med",
        "vänliga",
        "vennlig",
        "venlig",
        "bästa",
        "hälsningar",
        "mvh",
        "hilsen",
        "pozdrawiam",
        "с",
    ]
)
_NAME = re.compile(r"[\s*_~-]{0,3}[^\W\d_][\w.'’-]*(?: [(\"“]?[^\W\d_][\w.'’()\"”-]*){0,4}[\s*_,.~!)-]{0,3}$")
_NUMBER = re.compile(r"\+?\(?\d[\d\s()./-]{6,}\d|\b\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b")
_LABEL = re.compile(
    r"\b(?:tel|phone|mobile|mob|fax|cell|office|direct|telefon|tél|móvil|handy|skype|icq|aim|pgp|gpg|linkedin"
    r"|twitter)\b\s*[.:#=]"
)
_CONTACT_WORDS = (
    "http://", "https://", "www.", "mailto:", "gmbh", " inc.", " inc", " ltd", " llc", " corp", " s.a.", " b.v.",
    " plc", "fingerprint",
    "straße", "strasse", " street", " road", " avenue", " suite ",
)  # fmt: skip
_POSTSCRIPT = re.compile(r"\s*P\.?\s?(?:P\.?)?S\b", re.IGNORECASE)
_LONG_RULE = re.compile(r"\s*(?:[-_=*~#+.]{10,}|[-_=*~#+]{3,}[ >~-]*|[-=_]{5,}.{2,60}[-=_~>]{3,})\s*$")


def mark(lines: list[str], marks: list[str], begin: int, end: int) -> None:
    """Marks with `s` what hangs at the end of one run of own lines: signatures, advertising, footers, small print."""
    end = _before_delimiter(lines, marks, begin, end)
    while (start := _tail(lines, begin, end)) < end:
        marks[start:end] = "s" * (end - start)
        end = start


def _before_delimiter(lines: list[str], marks: list[str], begin: int, end: int) -> int:
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
        if lines[place].lstrip()[:1] in RULE_SIGNS and _LONG_RULE.match(lines[place]):
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
    if (
        above.endswith(":")
        or not 2 <= len(block) <= 10
        or any(len(line) > 90 or line.endswith("?") or _is_closing(line) for line in block)
    ):
        return False
    reached = [line for line in block if _reaches(line)]
    return len(reached) >= 2 and (bool(_NAME.match(block[0])) or len(reached) == len(block))


def _is_closing(line: str) -> bool:
    words = line.lstrip(" ,*_-").lower().split(None, 8) if len(line) <= 60 else []
    if not 0 < len(words) <= 8 or words[0].rstrip(",.!;:*_-") not in _CLOSING_BEGINS:
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

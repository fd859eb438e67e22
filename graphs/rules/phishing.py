"""Mail that pretends to be somebody, or wants money or passwords from strangers. Suspicion is enough: nothing is drafted."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from graphs.domain import Link, MailFacts, Message
from graphs.rules.text import words

LONGEST = 20_000  # characters looked at

_SECOND_LEVEL = frozenset(["co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "gv", "ltd", "plc"])
_FREE = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "gmx.com",
        "web.de",
        "icloud.com",
        "me.com",
        "proton.me",
        "protonmail.com",
        "mail.ru",
        "yandex.com",
        "yandex.ru",
        "mail.com",
        "t-online.de",
        "orange.fr",
        "free.fr",
        "laposte.net",
        "hotmail.fr",
        "hotmail.es",
        "yahoo.fr",
        "yahoo.es",
        "yahoo.de",
        "posteo.de",
        "fastmail.com",
        "zoho.com",
    ]
)
# They rewrite every link of a mail on its way, so that the shown and the real domain differ.
_REWRITERS = frozenset(
    [
        "outlook.com",
        "urldefense.com",
        "proofpoint.com",
        "mimecast.com",
        "google.com",
        "barracudanetworks.com",
        "trendmicro.com",
        "cisco.com",
        "safelinks.com",
        "lnkd.in",
        "t.co",
        "goo.gl",
        "awstrack.me",
        "sendgrid.net",
        "mailchimp.com",
        "list-manage.com",
        "hubspotlinks.com",
        "hs-sites.com",
        "mandrillapp.com",
        "mjt.lu",
        "mailgun.org",
        "rs6.net",
        "exct.net",
    ]
)
_BRANDS = {
    brand: frozenset(domains.split())
    for brand, domains in {
        "paypal": "paypal.com paypal.de", "microsoft": "microsoft.com microsoftonline.com office.com live.com outlook.com",
        "office 365": "microsoft.com microsoftonline.com office.com", "apple": "apple.com icloud.com", "amazon": "amazon.com amazon.de amazon.co.uk amazon.fr amazon.es",
        "dhl": "dhl.com dhl.de", "fedex": "fedex.com", "ups": "ups.com", "docusign": "docusign.com docusign.net", "netflix": "netflix.com",
        "dropbox": "dropbox.com dropboxmail.com", "google": "google.com", "facebook": "facebook.com facebookmail.com", "instagram": "instagram.com", "linkedin": "linkedin.com",
        "sparkasse": "sparkasse.de", "ing": "ing.de ing.com", "commerzbank": "commerzbank.de", "deutsche bank": "db.com deutsche-bank.de", "volksbank": "vr.de",
        "citibank": "citi.com citibank.com", "wells fargo": "wellsfargo.com", "hsbc": "hsbc.com hsbc.co.uk", "ebay": "ebay.com ebay.de", "coinbase": "coinbase.com", "binance": "binance.com",
        "la banque postale": "labanquepostale.fr", "correos": "correos.es", "bbva": "bbva.es bbva.com", "santander": "santander.com santander.es bancosantander.es", "onedrive": "microsoft.com",
        "sharepoint": "microsoft.com sharepoint.com sharepointonline.com",
    }.items()
}  # fmt: skip

# --- lures: what such a mail wants -----------------------------------------------------------------

_LURES: dict[str, str] = {
    "urgency": r"\burgent(?:ly|e)?\b|\bimmediate(?:ly)? (?:action|attention|response|required|verif)|\bact now\b|\bwithin (?:24|48|72|12) ?(?:hours|hrs)\b|\bfinal (?:notice|warning|reminder)\b|\basap\b|"
        r"\bdringend\b|\bsofort(?:ige)?\b|\binnerhalb (?:von )?(?:24|48) stunden\b|\bletzte mahnung\b|\bde toute urgence\b|\bimmédiatement\b|\bsous (?:24|48) ?h|\burgencia\b|\bde inmediato\b|\ben (?:24|48) horas\b",
    "payment": r"\bwire (?:transfer|the|it)\b|\b(?:process|make|initiate|arrange|authori[sz]e) (?:a|the|this|an)? ?(?:\w+ )?(?:payment|transfer)\b|\bbank (?:details|account|transfer)\b|\boutstanding (?:invoice|payment|balance)\b|"
        r"\bremit\b|\brouting number\b|\b(?:new|updated) (?:iban|account)\b|\büberweis\w+|\bbankverbindung\b|\bkontodaten\b|\bkontoverbindung\b|\bzahlung (?:sofort|umgehend|heute)\b|\bvirement\b|\bcoordonnées bancaires\b|\brib\b|"
        r"\btransferencia\b|\bdatos bancarios\b|\bcuenta bancaria\b|\bpay (?:the|this) (?:fee|invoice)\b|\bcustoms fee\b|\bshipping fee\b|\bzollgebühr\w*|\bfrais de (?:douane|livraison)\b",
    "credentials": r"\b(?:verify|confirm|validate|update|re-?activate|unlock|restore) (?:your|the) (?:\w+ )?(?:account|identity|password|credentials?|mailbox|e-?mail|billing|payment|login|information|details)\b|"
        r"\byour (?:\w+ )?(?:account|mailbox|password|storage|access|e-?mail) (?:\w+ )?(?:(?:has been|is|was|will be) (?:\w+ )?(?:suspended|limited|locked|disabled|deactivated|restricted|closed|blocked|full|terminated|expir\w+)|expires|(?:has|is) (?:exceeded|almost full))|"
        r"\b(?:unusual|suspicious|unauthori[sz]ed) (?:sign-?in|login|activity|access)\b|\b(?:send|give|tell|reply with) (?:me|us)? ?your (?:password|credentials|login)\b|\bkeep (?:the )?(?:same|current) password\b|\blog ?in (?:here|below|to (?:avoid|keep|view|verify))\b|"
        r"\b(?:bestätigen|verifizieren|aktualisieren) sie (?:bitte )?(?:ihr|ihre|ihren|die) (?:\w+ )?(?:konto|daten|identität|passwort|kontodaten|zugangsdaten|zahlungsdaten|zugang)\b|\bihr (?:\w+ )?(?:konto|postfach|zugang) (?:wurde|wird|ist) (?:\w+ )?(?:gesperrt|eingeschränkt|deaktiviert|voll)|\bzugangsdaten\b|"
        r"\b(?:vérifi|confirm|mett)(?:er|ez) (?:à jour )?vo(?:tre|s) (?:\w+ )?(?:compte|identité|mot de passe|informations|coordonnées|données)\b|\bvotre (?:compte|boîte) (?:\w+ )?(?:a été|est|sera) (?:\w+ )?(?:suspendue?|bloquée?|limitée?|désactivée?)|"
        r"\b(?:verifi|confirm|actuali)(?:que|car|ce|ar|zar|e|ca) (?:su|tu) (?:\w+ )?(?:cuenta|identidad|contraseña|datos)\b|\b(?:su|tu) cuenta (?:ha sido|está|será) (?:\w+ )?(?:suspendida|bloqueada|limitada|desactivada)",
    "favour": r"\bare you (?:available|free|at your desk|in the office)\b|\bquick (?:task|favou?r)\b|\bneed (?:you|your help) .{0,40}(?:discreet|confidential|favou?r)|\bcan'?t talk (?:right )?now\b|\bin a meeting (?:right )?now\b|\b(?:your|personal) (?:cell|mobile|whatsapp) (?:number)?\b|"
        r"\bbist du (?:gerade )?(?:verfügbar|am platz)\b|\bkleinen gefallen\b|\bes-tu disponible\b|\bêtes-vous disponible\b|\b¿?estás disponible\b",
    "payroll": r"\b(?:change|update) (?:my|the) (?:\w+ )?(?:direct deposit|payroll|bank (?:details|account|information))\b|\bdirect deposit\b|\b(?:meine|neue) (?:bankverbindung|kontodaten)\b.{0,60}\b(?:gehalt|lohn|änder|ändern)|\b(?:changer|modifier) mon rib\b|\bcambiar mi cuenta\b",
}  # fmt: skip
_LURE = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _LURES.items()}

_GIFT = re.compile(
    r"\b(?:gift ?cards?|geschenkkarten?|gutscheinkarten?|cartes?[- ]cadeaux?|tarjetas? (?:de )?regalo|(?:google play|steam|itunes|apple) cards?)\b", re.IGNORECASE
)  # fmt: skip
_GIFT_WANTED = re.compile(
    r"\b(?:buy|purchase|get|pick up|procure|scratch|need|send (?:me|us)|photos? of|codes?|kauf\w*|besorg\w*|achet\w+|compr\w+|necesito)\b", re.IGNORECASE
)  # fmt: skip
_BANK_CHANGE = re.compile(
    r"\b(?:our|my|the|new|updated|changed?) (?:\w+ )?(?:bank(?:ing)? (?:details|account|information)|account details|iban)\b.{0,80}\b(?:chang|updat|new|switch|below|from now)|"
    r"\b(?:chang|updat|new)\w* .{0,30}\b(?:bank(?:ing)? (?:details|account|information)|iban)\b|"
    r"\b(?:unsere|neue|geänderte) (?:\w+ )?(?:bankverbindung|kontoverbindung|kontodaten)\b|\bbankverbindung .{0,40}(?:geändert|ändert)|\bnouveaux? (?:rib|coordonnées bancaires)\b|\bcoordonnées bancaires (?:ont changé|sont modifiées)|\bnuev[oa]s? (?:datos bancarios|cuenta bancaria)\b",
    re.IGNORECASE,
)  # fmt: skip
_ADVANCE_FEE = re.compile(
    r"\bnext[- ]of[- ]kin\b|\b(?:million|mio\.?|thousand) (?:u\.?s\.?|united states|american|british|euros?|dollars|pounds)|\bus\$ ?\d|\b(?:sum|amount|fund)s? of (?:us|usd|\$|£|€)|\bbarrister\b|\bbeneficiary\b|"
    r"\blate (?:president|general|dictator|client|husband|father)\b|\b(?:lottery|award) (?:winner|winning|promotion|department)|\bwinning (?:number|notification|ticket)|\bcompensation fund\b|\bforeign (?:partner|account|bank)|\bmutual (?:benefit|business)|\binheritance\b|"
    r"\btransfer (?:of )?(?:the|this|these) (?:sum|fund|money|amount)|\btransaction is\b.{0,20}risk|\brisk[- ]free\b|\bstrictly confidential\b|\b(?:nigeria|sierra leone|ivory coast|cote d'?ivoire|liberia|congo|lagos|abuja|burkina faso)\b|\bsecurity (?:company|vault)\b|\bconsignment\b|\bunclaimed\b|\b(?:erbschaft|erblasser|lotteriegewinn)\b|\b(?:héritage|bénéficiaire)\b|\bherencia\b",
    re.IGNORECASE,
)  # fmt: skip
_EXTORTION = re.compile(r"\b(?:bitcoin|btc|monero)\b", re.IGNORECASE)
_EXTORTED = re.compile(
    r"\b(?:webcam|recorded you|i (?:have )?hacked|malware|your contacts|intimate|wallet address|send (?:exactly )?\$|guaranteed (?:returns?|profits?)|double your|investment (?:platform|opportunity)|trading platform|kamera|passives einkommen|aufgenommen)\b",
    re.IGNORECASE,
)  # fmt: skip
_TO_A_MACHINE = re.compile(
    r"\b(?:ignore|disregard|forget) (?:all |any |your |the |my )*(?:previous|prior|earlier|above|preceding|other) (?:instructions?|prompts?|rules)\b|"
    r"\b(?:note|message|instructions?) (?:to|for) (?:the |any )?(?:ai|assistant|language model|llm|bot)\b|\bignoriere? (?:alle )?(?:bisherigen|vorherigen|obigen) (?:anweisungen|instruktionen)\b|"
    r"\bignor(?:e|ez) (?:toutes )?les instructions (?:précédentes|ci-dessus)\b|\bignora (?:todas )?las instrucciones (?:anteriores|previas)\b",
    re.IGNORECASE,
)  # fmt: skip
_SHADY_TARGET = re.compile(
    r"^https?://(?:\d{1,3}(?:\.\d{1,3}){3}|[^/]*xn--|[^/@]*@|(?:bit\.ly|tinyurl\.com|is\.gd|rb\.gy|cutt\.ly|t\.ly)/)",
    re.IGNORECASE,
)
_DOMAIN_SHOWN = re.compile(
    r"^\s*(?:https?://)?((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24})(?:[/:?#]\S*)?\s*$", re.IGNORECASE
)
_TOO_COMMON = frozenset(["readme.md", "node.js", "asp.net", "vue.js", "next.js", "main.py"])


def phishing(
    mail: Message,
    inside: frozenset[str],
    names: frozenset[str] = frozenset(),
    known: frozenset[str] = frozenset(),
    mass: bool = False,
) -> str:
    """Why `mail` looks like phishing or fraud, or "".

    `names`: of people inside, case-folded. `known`: domains of correspondents. `mass`: the mail says of itself that it
    is bulk, so click-counting links and talk about fraud prove nothing.
    """
    facts = mail.mail
    if facts is None:
        return ""
    text = f"{facts.subject}\n{mail.text.text}"[:LONGEST].replace("’", "'")
    lures = {name for name, pattern in _LURE.items() if pattern.search(text)}
    commands = "gives orders to whatever reads the mailbox" if not mass and _TO_A_MACHINE.search(text) else ""
    reasons = [
        commands,
        _marked(facts),
        _looks_alike(facts, inside, known),
        _impersonates(facts, inside, names, lures),
        _forged(facts, inside, lures),
    ]
    if not mass:
        at_home = bool(_domain(facts.sender.address) in inside and _trusted(facts))
        reasons += [
            _answers_elsewhere(facts, inside, lures),
            _misleads(facts, inside | known, lures),
            _brand(facts, lures),
        ]
        reasons += (
            []
            if at_home
            else [_wants_credentials(facts, lures), _fraud(text, lures, _domain(facts.sender.address) in inside)]
        )
    return next(filter(None, reasons), "")


def _marked(facts: MailFacts) -> str:
    return "the mail server marked it as spam" if facts.spam_flag else ""


def _trusted(facts: MailFacts) -> bool:
    return not {"dmarc=fail", "spf=fail"} & set(facts.authentication)


# --- who it says it is -----------------------------------------------------------------------------


def registrable(domain: str) -> str:
    """The part of `domain` that somebody bought: "mail.a.co.uk" -> "a.co.uk"."""
    labels = domain.casefold().strip(".").split(".")
    take = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-take:])


def _domain(address: str) -> str:
    return registrable(address.rpartition("@")[2])


_CONFUSED = {
    "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ѕ": "s", "ԁ": "d", "ո": "n",
    "ɡ": "g", "ı": "i", "ο": "o", "α": "a", "ν": "v", "é": "e", "è": "e", "á": "a", "à": "a", "ó": "o", "ö": "o", "ä": "a", "ü": "u", "í": "i", "ñ": "n",
}  # fmt: skip


@lru_cache(maxsize=4096)
def skeleton(label: str) -> str:
    """`label` as a tired eye sees it."""
    seen = label.casefold()
    if "xn--" in seen:
        with suppress(UnicodeError):
            seen = seen.encode("ascii").decode("idna")
    seen = "".join(_CONFUSED.get(letter, letter) for letter in seen)
    return seen.replace("rn", "m").replace("vv", "w").replace("cl", "d").replace("i", "l").replace("-", "")


def lookalike(domain: str, real: Iterable[str]) -> str:
    """The one of `real` that `domain` imitates: confusable letters, one slip, another ending, or its name inside."""
    bought = registrable(domain)
    name = bought.partition(".")[0]
    genuine = {registrable(one) for one in real}
    if bought in genuine or bought in _FREE:
        return ""
    return next((one for one in sorted(genuine) if one not in _FREE and _imitates(domain, name, one)), "")


def _imitates(domain: str, name: str, genuine: str) -> bool:
    own = genuine.partition(".")[0]
    if len(own) < 4:
        return False
    if skeleton(name) == skeleton(own):
        return True
    if len(own) >= 6 and _one_slip(name, own):
        return True
    # acme-payments.com, secure.acme.com.login.io; but "acme" inside "acmeology" is another word
    parts = re.split(r"[.-]", domain.casefold())
    return len(own) >= 5 and skeleton(own) in map(skeleton, parts)


def _one_slip(one: str, other: str) -> bool:
    """True for one letter more, less, changed, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    tails = (one[at + 1 :] == other[at + 1 :], one[at + 1 :] == other[at:], one[at:] == other[at + 1 :])
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return any(tails) or swapped


def _looks_alike(facts: MailFacts, inside: frozenset[str], known: frozenset[str]) -> str:
    for address in (facts.sender, *facts.reply_to):
        domain = address.address.rpartition("@")[2]
        imitated = lookalike(domain, inside) or lookalike(domain, known - _namesakes(domain, known))
        if domain and imitated:
            return f"{domain} looks like {imitated}"
    return ""


def _namesakes(domain: str, known: frozenset[str]) -> frozenset[str]:
    """A correspondent's company owns its name under several endings; ours is told by NIGHTDESK_DOMAINS."""
    name = registrable(domain).partition(".")[0]
    return frozenset(one for one in known if registrable(one).partition(".")[0] == name)


def _impersonates(facts: MailFacts, inside: frozenset[str], names: frozenset[str], lures: set[str]) -> str:
    """A name from inside, or a whole address, shown over an address from outside."""
    domain, shown = _domain(facts.sender.address), facts.sender.name.casefold()
    other = re.search(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63})+)", shown)
    if other and registrable(other[1]) != domain and (lures or registrable(other[1]) in inside):
        return "the sender's name shows another address"
    if domain in {registrable(one) for one in inside} or not shown:
        return ""
    said = set(words(shown))
    if any(len(name.split()) > 1 and set(words(name)) <= said for name in names) and lures:
        return "a colleague's name with a foreign address"
    return ""


def _forged(facts: MailFacts, inside: frozenset[str], lures: set[str]) -> str:
    results = set(facts.authentication)
    failed = "dmarc=fail" in results or ("spf=fail" in results and "dkim=pass" not in results)
    if not failed:
        return ""
    if lures:
        return "the sender failed authentication and wants something"
    at_home = _domain(facts.sender.address) in {registrable(one) for one in inside}
    return "an address from inside failed authentication" if at_home and "dmarc=fail" in results else ""


def _answers_elsewhere(facts: MailFacts, inside: frozenset[str], lures: set[str]) -> str:
    sender = _domain(facts.sender.address)
    foreign = [one.address for one in facts.reply_to if _domain(one.address) not in (sender, *map(registrable, inside))]
    return "answers go to another domain" if foreign and lures else ""


def _brand(facts: MailFacts, lures: set[str]) -> str:
    """Says it is a well-known company, is not, and wants something."""
    domain, shown = _domain(facts.sender.address), " ".join(words(facts.sender.name))
    for brand, domains in _BRANDS.items():
        if (
            re.search(rf"\b{brand}\b", shown)
            and domain not in domains
            and not domain.startswith(f"{brand.replace(' ', '')}.")
        ):
            return f"is not {brand}" if lures & {"credentials", "urgency", "payment"} else ""
    return ""


# --- where its links go ----------------------------------------------------------------------------


def _mismatched(facts: MailFacts) -> Iterator[tuple[str, str]]:
    """Links that show one domain and lead to another, as (shown, real)."""
    for link in facts.links:
        shown = _DOMAIN_SHOWN.match(link.shown[:300])
        target = _host(link)
        if shown and target and shown[1].casefold() not in _TOO_COMMON:
            pair = registrable(shown[1]), registrable(target)
            if pair[0] != pair[1] and pair[1] not in _REWRITERS and pair[1] != _domain(facts.sender.address):
                yield pair


def _host(link: Link) -> str:
    host = re.match(r"https?://(?:[^/@\s]*@)?([^/:?#\s]+)", link.target, re.IGNORECASE)
    return host[1].casefold() if host else ""


def _misleads(facts: MailFacts, familiar: frozenset[str], lures: set[str]) -> str:
    branded = {domain for domains in _BRANDS.values() for domain in domains} | set(map(registrable, familiar))
    for shown, real in _mismatched(facts):
        if lures & {"credentials", "urgency", "payment"} or shown in branded:
            return f"a link shows {shown} and leads to {real}"
    return ""


def _wants_credentials(facts: MailFacts, lures: set[str]) -> str:
    """A stranger asks to verify an account: by a link to somewhere else, from a free address, or on a shady server."""
    if "credentials" not in lures:
        return ""
    sender = _domain(facts.sender.address)
    targets = [host for link in facts.links if (host := _host(link))]
    if sender in _FREE or any(_SHADY_TARGET.match(link.target) for link in facts.links):
        return "asks for an account's data"
    away = bool(targets) and all(registrable(host) not in (sender, *_REWRITERS) for host in targets)
    return "asks for an account's data on another server" if away else ""


def _fraud(text: str, lures: set[str], at_home: bool) -> str:
    if _GIFT.search(text) and _GIFT_WANTED.search(text) and (not at_home or lures & {"urgency", "favour"}):
        return "wants gift cards"
    if _BANK_CHANGE.search(text) and lures & {"payment", "payroll", "urgency"} and not at_home:
        return "announces new bank details"
    if "payroll" in lures and not at_home:
        return "wants to change where pay goes"
    if len({found.casefold() for found in _ADVANCE_FEE.findall(text)}) >= 3 and not at_home:
        return "promises money of strangers"
    if _EXTORTION.search(text) and _EXTORTED.search(text):
        return "wants or promises bitcoins"
    return ""

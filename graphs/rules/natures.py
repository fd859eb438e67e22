"""What kind of mail this is, by its headers, its sender and its words.

Phishing comes first: it pretends to be one of the others. Then what a machine sent, by the most telling sign:
invitation > code > list > automatic > mass mail. What is left a person wrote: sensitive > confidential > person.
"""

import re

from graphs.domain import MailFacts, Message, Nature, Person
from graphs.rules.phishing import phishing
from graphs.rules.sensitive import is_confidential, is_sensitive, without_footers

__all__ = ["is_sensitive", "is_suspicious", "nature"]

LONGEST = 20_000  # characters looked at


def nature(
    mail: Message,
    inside: frozenset[str],
    owner: Person,
    colleagues: frozenset[str] = frozenset(),
    known: frozenset[str] = frozenset(),
) -> Nature:
    """The nature of one inbox mail; `inside`: domains of the organisation.

    `colleagues` (names) and `known` (domains of correspondents) sharpen the suspicion of phishing, nothing else.
    """
    facts = _facts(mail)
    text = mail.text.text[:LONGEST].replace("’", "'")
    mass = _list_mail(facts)
    names = frozenset(name.casefold() for name in (*colleagues, owner.name))
    if why := phishing(mail, inside, names, known, mass=bool(mass)):
        return Nature(kind="phishing", why=why)
    if why := _invitation(facts, text):
        return Nature(kind="invitation", why=why)
    if why := _code(facts, text):
        return Nature(kind="code", why=why)
    if why := mass:
        return Nature(kind="bulk", why=why)
    if why := _automatic(facts, text):
        return Nature(kind="automatic", why=why)
    if why := _mass_mail(facts, text, frozenset(owner.addresses)):
        return Nature(kind="bulk", why=why)
    return _personal(facts, text)


def is_suspicious(mail: Message, inside: frozenset[str], names: frozenset[str]) -> bool:
    """Whether a mail looks like phishing, without the rest of its nature. `names`: of people inside, case-folded."""
    return bool(phishing(mail, inside, names, mass=bool(_list_mail(_facts(mail)))))


def _personal(facts: MailFacts, text: str) -> Nature:
    whole = f"{facts.subject}\n\n{text}"
    if why := is_sensitive(whole):
        return Nature(kind="sensitive", why=why)
    if facts.sensitivity in ("company-confidential", "private", "personal", "confidential"):
        return Nature(kind="confidential", why=f"marked {facts.sensitivity}")
    if is_confidential(whole):
        return Nature(kind="confidential", why="its author asks to keep it")
    return Nature(kind="person")


def _facts(mail: Message) -> MailFacts:
    if mail.mail is None:
        raise ValueError("only a mail has this kind of nature")
    return mail.mail


# --- invitations -----------------------------------------------------------------------------------

_INVITED = re.compile(
    r"^(?:(?:re|aw|fwd?|wg|tr)\s*:\s*)*(?:updated |cancell?ed |aktualisierte |abgesagte )?(?:invitation(?: from an unknown sender)?|invite|einladung|event|termin|invitación|uitnodiging|convite|invito|"
    r"accepted|declined|tentative(?:ly accepted)?|cancell?ed|new time proposed|zugesagt|angenommen|abgelehnt|abgesagt|mit vorbehalt|storniert|accepté|refusé|annulé|provisoire|aceptad[oa]|rechazad[oa]|cancelad[oa])(?: event| invitation)?\s?:",
    re.IGNORECASE,
)  # fmt: skip
_CALENDAR_SUBJECT = re.compile(r"@ .{0,20}\d{1,2}.{0,30}\d{1,2}(?::\d\d)?\s?(?:am|pm|uhr|h)?", re.IGNORECASE)
_CALENDAR_LINE = re.compile(
    r"^\s*(?:when|where|wann|wo|ort|zeit|quand|où|lieu|cuándo|dónde|lugar|organizer|organisator|join (?:zoom|with google|on your)|microsoft teams|meeting id|besprechungs-id|calendar|kalender)\b\s*:?",
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_CALENDAR_REPLY = re.compile(
    r"^\s*(?:has (?:accepted|declined)|\S.{0,60} has (?:accepted|declined|tentatively accepted) (?:this|your) invitation)",
    re.IGNORECASE | re.MULTILINE,
)


def _invitation(facts: MailFacts, text: str) -> str:
    if facts.calendar_method in ("REQUEST", "CANCEL", "REPLY", "COUNTER", "DECLINECOUNTER"):
        return f"calendar {facts.calendar_method.lower()}"
    if not _INVITED.match(facts.subject):
        return ""
    lines = len({found.strip().casefold() for found in _CALENDAR_LINE.findall(text)})
    attached = any(
        one.media_type == "text/calendar" or one.name.casefold().endswith(".ics") for one in facts.attachments
    )
    if (
        attached
        or _CALENDAR_SUBJECT.search(facts.subject)
        or lines >= 2
        or _CALENDAR_REPLY.search(text)
        or not text.strip()
    ):
        return "looks like a calendar's invitation"
    return ""


# --- codes and links to sign in --------------------------------------------------------------------

_KIND_OF_CODE = (
    r"(?:verification|security|log-?in|sign-?in|access|authentication|confirmation|one[- ]time|otp|2fa|mfa|two-factor|single-use|temporary|passcode|activation|"
    r"verifizierungs|bestätigungs|sicherheits|anmelde|einmal|zugangs|aktivierungs)"
)
_DIGITS = r"(?:\d{3}[ -]\d{3}|\d{4,8}|[A-Z0-9]{3,4}-[A-Z0-9]{3,4}|(?=[A-Z0-9]*\d)[A-Z0-9]{6,8})"
_CODE_GIVEN = re.compile(
    rf"(?i:{_KIND_OF_CODE}[ -]?(?:code|passwort|password|pin|passcode|kennwort)?)\W{{0,3}}(?:(?i:is|lautet|ist|for [\w .]{{1,30}} is))?\W{{0,6}}\b{_DIGITS}\b|"
    rf"\b{_DIGITS}\b (?i:is your|ist ihr|ist dein|est votre|es (?:tu|su)) (?i:[\w -]{{0,30}}(?:code|passcode|pin|otp|código))|"
    rf"(?i:code (?:de|d') ?(?:vérification|sécurité|confirmation|connexion|accès|validation))\W{{0,6}}(?i:est)?\W{{0,6}}\b{_DIGITS}\b|"
    rf"(?i:código (?:de |temporal )?(?:verificación|seguridad|acceso|confirmación)?)\W{{0,6}}(?i:es)?\W{{0,6}}\b{_DIGITS}\b"
)
_SUBJECT_CODE = re.compile(
    rf"\b(?:{_KIND_OF_CODE}[ -]?code|your (?:\w+ ){{0,3}}(?:code|passcode|one-time password)|(?:verifizierungs|bestätigungs|sicherheits|anmelde)code|code de (?:vérification|sécurité|connexion)|"
    r"código de (?:verificación|seguridad|acceso)|einmalpasswort|magic link|sign-?in link|log-?in link|anmelde-?link|lien de connexion|enlace de (?:acceso|inicio)|"
    r"reset (?:your )?(?:\w+ )?password|password reset|passwort (?:zurücksetzen|vergessen|ändern)|zurücksetzen (?:ihres|deines) passworts|réinitialis\w+ (?:de )?(?:votre |ton |du )?mot de passe|"
    r"restablec\w+ (?:de )?(?:tu |su |la )?contraseña|(?:verify|confirm) your (?:e-?mail|account|address)|(?:e-?mail-?adresse|registrierung|anmeldung) bestätigen|bestätige[n]? (?:sie )?(?:deine|ihre) e-?mail|"
    r"confirmez votre (?:adresse|e-?mail|compte)|confirma (?:tu|su) (?:correo|cuenta)|activate your account)\b",
    re.IGNORECASE,
)  # fmt: skip
_CODE_TEMPLATE = re.compile(
    r"\b(?:enter|use) (?:this|the following|the) (?:\w+ )?(?:code|link|pin)\b|\b(?:code|link|password|passwort) (?:will )?(?:expires?|is valid|ist .{0,20}gültig|läuft .{0,30}ab|expire|caduca|vence|est valable)|\bif you (?:did(?:n't| not)) (?:request|try|make|initiate|ask)|"
    r"\b(?:we )?received a request to (?:reset|change|sign|log)|\b(?:click|tap|press|use|follow) .{0,40}\b(?:to (?:reset|sign in|log in|verify|confirm your e-?mail))|\b(?:don't|do not|never) share (?:this|your|the) (?:code|link)|"
    r"\bgeben sie (?:diesen|den folgenden) code ein\b|\bwenn (?:sie|du) (?:diese anfrage|dies|das|diese anforderung) nicht\b|\b(?:um )?(?:ihr|dein) passwort zurückzusetzen\b|\bsi vous n'(?:êtes pas|avez pas)\b|\bsaisissez (?:ce|le) code\b|"
    r"\bpour réinitialiser votre\b|\bsi no (?:has|ha) solicitado\b|\bintroduce (?:este|el) código\b|\bpara restablecer (?:tu|su)\b",
    re.IGNORECASE,
)  # fmt: skip


def _code(facts: MailFacts, text: str) -> str:
    """Words alone do not make it: people talk about codes and passwords. A machine sent it, or it reads like one."""
    opening = text[:2_000]
    given = bool(_CODE_GIVEN.search(facts.subject) or _CODE_GIVEN.search(opening))
    titled = bool(_SUBJECT_CODE.search(facts.subject))
    template = bool(_CODE_TEMPLATE.search(opening))
    machine = bool(_machine_sender(facts) or _said_automatic(facts))
    if (given and (template or machine or titled)) or (titled and template) or (titled and machine):
        return "a code or a link to sign in"
    return ""


# --- lists and mass mail ---------------------------------------------------------------------------

_LIST_PATH = re.compile(
    r"(?:-bounces?|-admin|-owner|-errors|-return(?:-[\w=.-]*)?|-outgoing)@|^(?:owner-|bounces?[-+]|return-)",
    re.IGNORECASE,
)
_MASS_SENDER = re.compile(
    r"^(?:news(?:letters?)?|marketing|campaigns?|deals|offers?|promo(?:tions?|s)?|updates?|digest|announce(?:ments?)?|events?|webinars?|sales-?mail|specials|angebote|aktionen|mailings?|"
    r"subscriptions?|weekly|daily|magazin|community|insights|editor(?:ial)?|press)(?:[.+_-].*)?@|newsletter",
    re.IGNORECASE,
)
_MASS_SUBJECT = re.compile(
    r"\bnewsletter\b(?!.*\?)|\bbreaking news\b|\bdaily digest\b|^(?:your|the) (?:daily|weekly|monthly) (?:\w+ )?(?:digest|update|news|report|summary|jump)",
    re.IGNORECASE,
)
_LEAVE = re.compile(
    r"\bunsubscrib|\babmelden\b|\babbestell|\bd[ée]sabonn|\bd[ée]sinscri|\bdar(?:se|te)? de baja\b|\bcancelar (?:la |su )?suscripci|\bopt[- ]?out\b|\b(?:email|e-mail|manage|update) (?:your )?preferences\b|\bview (?:this (?:e-?mail )?)?(?:in|online)\b.{0,12}(?:browser|online)?|"
    r"\bim browser (?:ansehen|öffnen|anzeigen)|\bonline-version\b|\bvoir (?:la version|en ligne)|\bver en (?:el )?navegador",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"\bto (?:unsubscribe|be removed|opt[- ]?out|stop receiving)\b|\bunsubscribe (?:here|now|at|from (?:this|our|these|future))|\bclick (?:here|below|on) (?:\w+ ){0,4}to (?:unsubscribe|be removed|opt)|"
    r"\byou(?:'re| are) receiving this|\byou (?:have )?received this (?:e-?mail|message|newsletter) (?:because|as)|\breply with (?:\W?(?:unsubscribe|remove|stop)\b)|\b(?:removed?|remove me|unsubscribe|stop)\W? in the subject|"
    r"\b(?:sie erhalten|du erhältst) (?:diese|diesen)|\b(?:vom )?newsletter (?:abmelden|abbestellen)|\bvous recevez (?:ce|cet)|\bse d[ée]sinscrire|\brecibes? este|\bdarte de baja|\bremove (?:yourself|your (?:name|address|e-?mail))|\bopt[- ]?out\b.{0,60}(?:list|mail|link)|\bour mailing list\b|"
    r"\b(?:no longer|not) (?:wish|want) to receive\b|\bto (?:not receive|be (?:excluded|removed|deleted|taken off))\b|\bthis (?:message|e-?mail) was sent to (?:the following|you (?:because|at|by))|\bcommunication preferences\b|\byou(?:'re| are) (?:currently )?subscribed\b|\bnot displaying (?:properly|correctly)|\bto unsubscribe\b|"
    r"\bremov(?:al|e) (?:instructions|requests?|me)\b|\bnot spam\b|\bmailing ?list\b.{0,40}remove",
    re.IGNORECASE,
)  # fmt: skip
_COLD = re.compile(
    r"\b(?:i|we) (?:just )?(?:came across|found|saw|discovered|noticed) your (?:\w+ )?(?:profile|company|website|linkedin)\b.{0,600}\b(?:call|chat|minutes|demo|role|opportunity|meeting)\b|\bgame-?changing\b.{0,400}\b(?:demo|call)\b|"
    r"\b(?:bin|sind) (?:ich |wir )?auf (?:ihr|dein) (?:profil|unternehmen) (?:gestoßen|aufmerksam geworden)|\b(?:ihr|dein) profil (?:hat mich|ist mir)\b|\bje suis tombée? sur votre profil\b|\bhe visto (?:tu|su) perfil\b",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_SALES = re.compile(
    r"\bfree (?:trial|quote|shipping|consultation|access|download|gift|sample|e-?book|report|membership|info\w*)\b|\b100 ?% (?:free|guarante|satisf|risk|legal)\w*|\bmoney[- ]back\b|\blimited[- ]time\b|\bact now\b|\border (?:now|today)\b|\bclick here\b|\bno obligation\b|\bspecial (?:offer|promotion|price)\b|"
    r"\b(?:save|discount of|up to) \d{1,2} ?%|\d{1,2} ?% (?:off|rabatt|discount|de remise|de descuento)\b|\bguaranteed?\b|\bbuy now\b|\bshop now\b|\bbook (?:a|your) (?:demo|call|seat)\b|\bwork (?:from|at) home\b|\bearn (?:up to |\$|extra|money|big)|\$\$+|\bmake money\b|\bviagra\b|\bcialis\b|\bmortgage\b|\brefinanc|"
    r"\bcredit cards? (?:accepted|debt|offer)|\bdebts?\b.{0,20}(?:free|consolidat|relief)|\blose weight\b|\bweight loss\b|\bcasino\b|\bpills?\b|\bpenis\b|\bherbal\b|\blow(?:est)? (?:rates?|prices?)\b|\bno (?:cost|risk|experience|selling)\b|\btoll[- ]free\b|\bcall (?:now|today|toll)\b|\b1-8(?:00|77|88|66)[- ]\d{3}|\bmultilevel|\bmlm\b|"
    r"\bdear (?:friend|sir/madam|homeowner|valued customer|customer|webmaster|investor|opportunity seeker|internet user)\b|\bbulk e-?mail|\bmillions? of e-?mail|\bxxx\b|\badult (?:site|content|movies)\b|\bsingles?\b.{0,20}\b(?:meet|area|local)|\bthis is a one[- ]time mail|\bjetzt (?:bestellen|kaufen|sichern|anmelden)\b|\bnur (?:noch )?(?:heute|bis)\b.{0,20}\b(?:rabatt|angebot)|\bprofitez\b|\boffre (?:spéciale|exclusive)\b|\boferta\b|\bcompra (?:ya|ahora)\b",
    re.IGNORECASE,
)  # fmt: skip


def _list_mail(facts: MailFacts) -> str:
    """Says of itself that it goes to many. An automatic reply often calls itself bulk, too: that is no list."""
    if facts.list_id:
        return "list mail"
    if facts.list_unsubscribe:
        return "can be unsubscribed"
    if facts.precedence in ("bulk", "list", "junk") and not _answering(facts):
        return f"precedence {facts.precedence}"
    return ""


def _mass_mail(facts: MailFacts, text: str, own: frozenset[str]) -> str:
    """No header says so, but its sender, its footer, its recipients or its words do."""
    if facts.feedback_id:
        return "sent by a mass mailer"
    if _LIST_PATH.search(facts.return_path):
        return "came over a list"
    if _MASS_SENDER.search(facts.sender.address) or "newsletter" in facts.sender.name.casefold():
        return "sender of newsletters"
    if _MASS_SUBJECT.search(facts.subject):
        return "calls itself a newsletter"
    if _FOOTER.search(f"{text}\n{facts.signature}") or any(_LEAVE.search(link.shown[:200]) for link in facts.links):
        return "has the footer of a newsletter"
    if _COLD.search(text):
        return "an offer that nobody asked for"
    recipients = {one.address for one in (*facts.to, *facts.cc)} | set(facts.delivered_to)
    to_many = not recipients & own or any("undisclosed" in one.address for one in facts.to)
    if to_many and len(text) > 6_000:
        return "a publication"
    if _sales(facts.subject, text) >= 3 - facts.html_only - to_many:
        return "reads like marketing"
    return ""


def _sales(subject: str, text: str) -> int:
    """How many different things of a salesman `text` has; one or two happen to everybody."""
    said = len({found.casefold() for found in _SALES.findall(f"{subject}\n{text}")})
    shouts = text.count("!") >= 4 or "!!" in subject or (len(subject) > 12 and subject.isupper())
    prices = len(re.findall(r"[$€£] ?\d", text)) >= 4
    return said + shouts + prices


# --- automatic mail --------------------------------------------------------------------------------

_MACHINE = re.compile(
    r"^(?:(?:[\w-]+[._+-])?(?:no|do-?not|donot|dont|never)[._-]?(?:reply|response|answer)|noreply[\w.+-]*|nicht-?antworten|keine-?antwort|ne-?pas-?repondre|no-?responder|nao-?responda|mailer-?daemon|postmaster|"
    r"(?:[\w-]+[._-])?(?:notifications?|notify|alerts?|alarm|monitoring|automated|autoreply|auto-?confirm|daemon|robot|bots?)(?:[._+-][\w.+-]*)?|bounces?[\w.+=-]*|nobody|jenkins|gitlab|github|jira|confluence|bitbucket|circleci|travis|"
    r"sentry|grafana|nagios|zabbix|prometheus|pagerduty|opsgenie|datadog|statuspage|cron|root|ci|builds?|buildbot|dependabot[\w.+\[\]-]*|system|scheduler|backup|calendar-notification|receipts?|order(?:s|-update|-confirmation)?|"
    r"shipment-?tracking|tracking|versand|bestellung(?:en)?|confirmations?|auto|messages-noreply|invoice\+statements|service-?desk-?bot|ticket-?system|drive-shares\S*|comments-noreply)@",
    re.IGNORECASE,
)  # fmt: skip
_ANSWERING = re.compile(
    r"^(?:(?:re|aw|fwd?)\s*:\s*)*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response|antwort)|out of (?:the )?office(?=\s*(?:$|[:!.–—-]|re\b|reply|auto))|automatische (?:antwort|rückantwort)|abwesenheits(?:notiz|nachricht|meldung|assistent)|abwesend\b|abwesenheit\b|réponse automatique|"
    r"(?:message d')?absence du bureau|absent du bureau|notification d'absence|respuesta automática|fuera de (?:la )?oficina|ausencia|risposta automatica|fuori (?:sede|ufficio)|automatisch antwoord|afwezig|resposta automática|autosvar|automaattinen vastaus|i am out of|ooo\s*[:–-])",
    re.IGNORECASE,
)  # fmt: skip
_AWAY = re.compile(
    r"\b(?:i am|i'm|i will be|am) (?:currently |presently )?(?:out of (?:the )?office|on (?:annual |parental )?(?:leave|vacation|holiday)|away from (?:my|the) (?:desk|office|e-?mail))|\bthank you for (?:your|the) (?:e-?mail|message)\W.{0,60}\b(?:out of|away|leave|vacation|holiday)|"
    r"\b(?:ich bin|bin) (?:derzeit |zur ?zeit |momentan |aktuell |bis \w+ |vom .{3,30} bis .{3,30} )?(?:nicht (?:im (?:büro|haus)|erreichbar)|abwesend|außer haus|im urlaub)|\bje suis (?:actuellement )?(?:absente?|en congés?|hors du bureau)|\b(?:estoy|estaré) (?:actualmente )?(?:fuera de la oficina|de vacaciones|ausente)|\bsono (?:attualmente )?(?:assente|fuori ufficio)",
    re.IGNORECASE,
)  # fmt: skip
_BACK = re.compile(
    r"\b(?:limited|no|intermittent) access to|\b(?:will|shall) (?:reply|respond|get back|read|return|be back|answer)\b|\bin (?:urgent|case of)|\bfor urgent|\burgent (?:matters|issues|requests)|\bplease contact\b|\bi(?:'ll| will) be back\b|\bback (?:in the office )?on\b|\bwieder (?:erreichbar|im büro|zurück|für sie da)|\bin dringenden|"
    r"\bwenden sie sich\b|\bnicht weitergeleitet\b|\bde retour\b|\ben cas d'urgence\b|\bpour toute urgence|\bveuillez contacter|\bvuelvo\b|\bregreso\b|\bpara (?:asuntos|temas) urgentes|\bcontacte con|\bcontattare|\brientro",
    re.IGNORECASE,
)  # fmt: skip
_RETURNED = re.compile(
    r"^(?:delivery status notification|undeliver(?:able|ed)|unzustellbar|mail delivery (?:failed|failure|subsystem|system)|delivery (?:failure|has failed|delayed)|returned mail|failure notice|warning: could not send|nicht zustellbar|échec de la (?:remise|distribution)|non remis|"
    r"no se (?:puede|pudo) entregar|mensaje no entregado|return receipt|lesebestätigung|read receipt|accusé de (?:lecture|réception)|confirmación de lectura|not read:|ungelesen(?: gelöscht)?:)",
    re.IGNORECASE,
)  # fmt: skip
_READ = re.compile(r"^(?:read|gelesen|lu|leído|delivered|zugestellt|remis|entregado|relayed)\s?:", re.IGNORECASE)
_WAS_READ = re.compile(
    r"\b(?:was (?:read|displayed|delivered|opened)|wurde .{0,60}(?:gelesen|zugestellt|angezeigt)|a été (?:lu|remis)|se leyó|fue leído)\b",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"\bthis is an automat(?:ed|ic(?:ally)?)|\bthis (?:e-?mail|message|notification) (?:was|has been|is) (?:sent |generated )?automatic|\bautomat(?:ed|ically generated) (?:e-?mail|message|notification|response|reply)|\b(?:please )?(?:do not|don't) (?:reply|respond) (?:directly )?to this (?:e-?mail|message|mail|address)|\breplies to this (?:e-?mail|address|message) (?:are|will) not|\bnot monitored\b|"
    r"\b(?:diese|dies ist eine) (?:e-?mail|nachricht|mail)?.{0,30}automatisch (?:erzeugt|generiert|erstellt|versandt|verschickt|versendet|e|generierte)|\bautomatisch (?:generierte|erstellte|erzeugte) (?:e-?mail|nachricht)|\b(?:bitte )?antworten sie (?:bitte )?nicht auf diese|\bbitte nicht (?:auf diese (?:e-?mail|nachricht) )?antworten|"
    r"\b(?:merci de )?ne (?:pas|répondez pas|veuillez pas) (?:répondre )?(?:directement )?à ce(?:t)? (?:message|courriel|e-?mail)|\bmessage (?:est )?(?:généré |envoyé )?automatique|\bno respond(?:a|as|er) a este|\bmensaje (?:generado )?automátic",
    re.IGNORECASE,
)  # fmt: skip
_MACHINE_SUBJECT = re.compile(
    r"\b(?:build|pipeline|job|deploy(?:ment)?|workflow|run|tests?) (?:#?\d+ )?(?:has )?(?:failed|passed|succeeded|fixed|broken|canceled)\b.{0,40}(?:#\d+|\[|\bmain\b|\bmaster\b|:)|^\[?(?:jenkins|gitlab|github|circleci|sentry|jira|pagerduty|grafana|alertmanager|firing|resolved|nagios|prometheus)\b|"
    r"^(?:re: )?\[(?:jira|ticket|case|request|[a-z]{2,10}-\d+|#\d+)[^\]]{0,30}\].{0,60}\b(?:created|updated|assigned|resolved|closed|received|opened)|\b(?:ticket|case|request|anfrage|vorgang) (?:\[?#|no\.? ?|nr\.? ?)?[a-z0-9-]{3,15}\]?:? (?:has been|was|wurde|is) (?:\w+ )?(?:received|created|updated|resolved|closed|erstellt|geschlossen|aktualisiert|assigned)|"
    r"^(?:your|ihre?|votre|su|tu) (?:\w+ ){0,2}(?:receipt|order|payment|booking|reservation|subscription|delivery|parcel|package|bestellung|quittung|zahlung|buchung|lieferung|sendung|paket|commande|reçu|paiement|réservation|colis|pedido|recibo|pago|reserva)\b|"
    r"\b(?:order|booking|payment|shipping|delivery|reservation) confirmation\b|\b(?:bestell|versand|buchungs|zahlungs|auftrags|reservierungs)bestätigung\b|\bconfirmation de (?:commande|paiement|réservation)|\bconfirmación de (?:pedido|pago|reserva)|\b(?:has )?(?:shipped|been dispatched)\b|\bout for delivery\b|"
    r"^(?:new )?(?:sign-?in|login) (?:to|from|on|detected)|^security alert|^sicherheitswarnung|\bcron <|^cron\b|^logwatch|^backup (?:report|job|succeeded|failed)|^\[(?:firing|resolved)",
    re.IGNORECASE,
)  # fmt: skip


def _machine_sender(facts: MailFacts) -> bool:
    return bool(_MACHINE.match(facts.sender.address)) or facts.return_path == "<>"


def _said_automatic(facts: MailFacts) -> str:
    if facts.auto_submitted and not facts.auto_submitted.startswith("no"):
        return facts.auto_submitted.partition(";")[0].strip()
    if facts.auto_response_suppress or facts.precedence in ("auto_reply", "auto-reply"):
        return "asks for no automatic answer"
    return ""


def _answering(facts: MailFacts) -> bool:
    return facts.auto_submitted.startswith("auto-replied") or bool(_ANSWERING.match(facts.subject))


def _automatic(facts: MailFacts, text: str) -> str:
    if _answering(facts) or (_AWAY.search(text[:1_000]) and _BACK.search(text[:2_000]) and "?" not in text[:1_000]):
        return "an automatic answer"
    if why := _said_automatic(facts):
        return why
    if _RETURNED.match(facts.subject) or (
        _READ.match(facts.subject) and (_WAS_READ.search(text[:1_000]) or not text.strip())
    ):
        return "about the delivery of a mail"
    if _machine_sender(facts):
        return "sent by a machine"
    if _SAYS_SO.search(f"{without_footers(text)}\n{facts.signature}"):
        return "says it is automatic"
    if _MACHINE_SUBJECT.search(facts.subject) and "?" not in text[:1_500]:
        return "a notice of a system"
    return ""


def is_by_a_person(message: Message, inside: frozenset[str], owner: Person | None) -> bool:
    """What a model is shown of a place by night. `owner`: whose mailbox it is in; None for a channel."""
    if message.mail is None or owner is None:
        return message.author.kind != "bot"
    return message.mail.mailbox == "sent" or nature(message, inside, owner).kind == "person"

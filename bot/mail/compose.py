"""The draft that answers a mail, as bytes. The same arguments give the same bytes; nothing here can add a recipient."""

import base64
import hashlib
import quopri
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from graphs.domain import Address, MailFacts, Message
from graphs.subjects import base_subject

MARKER = ("X-Nightdesk", "1")  # may survive sending: it must mean nothing to a stranger
MAX_CHAIN = 20  # references kept: the first, and the newest
MAX_LINE = 76

_MESSAGE_ID = re.compile(r"<[a-z0-9.]{1,100}@[a-z0-9.-]{1,100}>")
_FOREIGN_ID = re.compile(r"<[!-;=?-~]{1,250}>")  # what others named their mails, if it is fit for a header
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@,;:<>()\[\]\"\\]{1,255}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "ne", "or"})


class Unanswerable(ValueError):
    """The mail cannot be answered by mail; the text says why and holds no content."""


@dataclass(frozen=True)
class Recipients:
    """Who a reply goes to and from which address. `to` is empty when only the person themself is left."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    sender: str
    foreign_reply_to: bool  # Reply-To leads away from the sender's domain: show it before anybody answers


@dataclass(frozen=True)
class Reply:
    """All that goes into a draft. `message_id` is derived by the caller, `date` is aware and in the person's zone."""

    original: Message
    own: frozenset[str]  # the person's addresses, case-folded
    name: str  # the person's display name
    body: str
    message_id: str
    date: datetime
    quote: bool = False
    signature: str = ""


def recipients(original: Message, own: frozenset[str]) -> Recipients:
    """To is Reply-To or From, Cc the others of the mail, nobody twice, never the person's own addresses.

    Answering one's own mail goes to whom it went. A person who got the mail as a blind copy answers the sender alone:
    the others did not know.
    """
    facts = _facts(original)
    if facts.sender.address in own:
        to, others = _others(facts.to, own), facts.cc
    else:
        to = _others(facts.reply_to, own) or _others((facts.sender,), own)
        others = (*facts.to, *facts.cc)
    visible = {a.address for a in (facts.sender, *facts.to, *facts.cc)}
    is_blind = own.isdisjoint(visible) and not facts.list_id
    cc = () if is_blind else _others(others, own | {a.address for a in to})
    return Recipients(to, cc, _alias(original, facts, own), _leads_away(facts))


def _others(addresses: tuple[Address, ...], unwanted: frozenset[str]) -> tuple[Address, ...]:
    fit = (a for a in addresses if a.address not in unwanted and _ADDRESS.fullmatch(a.address))
    return tuple({a.address: a for a in reversed(tuple(fit))}.values())[::-1]


def _alias(original: Message, facts: MailFacts, own: frozenset[str]) -> str:
    """The address of the person the mail was sent to, else the account's."""
    named = [a.address for a in (*facts.to, *facts.cc)] + list(facts.delivered_to)
    if facts.sender.address in own:
        named.insert(0, facts.sender.address)
    account = original.source.account if original.source.kind == "mail" else ""
    return next((address for address in named if address in own), account)


def _leads_away(facts: MailFacts) -> bool:
    listed = {a.address for a in (*facts.to, *facts.cc)} if facts.list_id else set()
    home = _registered(facts.sender.address)
    return any(_registered(a.address) != home and a.address not in listed for a in facts.reply_to)


def _registered(address: str) -> str:
    """The part of the domain somebody registers: its last two labels, three for the like of co.uk."""
    labels = address.rpartition("@")[2].split(".")
    wide = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if wide else -2 :])


def compose(reply: Reply) -> bytes:
    """The draft. Raises ValueError when nobody is left to write to, or for an argument unfit for a header."""
    facts = _facts(reply.original)
    whom = recipients(reply.original, reply.own)
    if not whom.to:
        raise Unanswerable("nobody is left to write to")
    if not _MESSAGE_ID.fullmatch(reply.message_id):
        raise ValueError("a derived Message-ID has the form <[a-z0-9.]@[a-z0-9.-]>")
    headers = [
        ("From", _mailbox(Address(name=reply.name, address=whom.sender))),
        ("To", _list(whom.to)),
        ("Cc", _list(whom.cc)),
        ("Subject", _unstructured(subject(facts.subject))),
        ("Date", format_datetime(reply.date)),
        ("Message-ID", reply.message_id),
        ("In-Reply-To", facts.message_id if _FOREIGN_ID.fullmatch(facts.message_id) else ""),
        ("References", "\r\n ".join(chain(facts))),
        MARKER,
        ("MIME-Version", "1.0"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers if value)
    return head.encode("ascii") + _content(reply, facts)


def subject(original: str) -> str:
    """One `Re:` before what was the subject, whatever marks it carries."""
    return f"Re: {base_subject(_plain(original))}".strip()


def chain(facts: MailFacts) -> tuple[str, ...]:
    """References of the answer (RFC 5322, 3.6.4): those of the original, else what it answers, then its own id.

    A long chain keeps its first, the root, and the newest; threads hold together by these.
    """
    before = facts.references or ((facts.in_reply_to,) if facts.in_reply_to else ())
    names = [name for name in (*before, facts.message_id) if _FOREIGN_ID.fullmatch(name)]
    unique = list(dict.fromkeys(reversed(names)))[::-1]  # of doubles the last place counts
    return tuple(unique if len(unique) <= MAX_CHAIN else [unique[0], *unique[1 - MAX_CHAIN :]])


def _facts(original: Message) -> MailFacts:
    if original.mail is None:
        raise ValueError("only a mail can be answered by mail")
    return original.mail


# --- headers --------------------------------------------------------------------------------------


def _plain(value: str) -> str:
    """One line without control characters: no value can begin another header."""
    return " ".join(_UNFIT.sub(" ", value).split())


def _list(addresses: tuple[Address, ...]) -> str:
    return ",\r\n ".join(_mailbox(address) for address in addresses)


def _mailbox(address: Address) -> str:
    if not _ADDRESS.fullmatch(address.address) or not address.address.isascii():
        raise Unanswerable("an address is not fit for a header")
    name = _plain(address.name)
    if not name or name.casefold() == address.address:
        return address.address
    if not name.isascii() or "=?" in name or len(name) > 60:
        return f"{_encoded(name)}\r\n <{address.address}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    shown = name if re.fullmatch(r"[A-Za-z0-9 '_-]+", name) else f'"{escaped}"'
    return f"{shown} <{address.address}>"


def _unstructured(value: str) -> str:
    return value if value.isascii() and len(value) <= 900 and "=?" not in value else _encoded(value)


def _encoded(value: str) -> str:
    """Encoded words of at most 75 characters, folded; no character is split (RFC 2047)."""
    pieces, piece = [], ""
    for character in value:
        if len((piece + character).encode()) > 42:
            pieces.append(piece)
            piece = ""
        piece += character
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(p.encode()).decode()}?=" for p in [*pieces, piece])


# --- content --------------------------------------------------------------------------------------


def _content(reply: Reply, facts: MailFacts) -> bytes:
    written = _written(reply)
    quoted = _text(reply.original.text.text) if reply.quote else ""
    lead = attribution(reply.original, reply.date) if reply.quote else ""
    plain = written + (f"\n\n{lead}\n{_marked(quoted)}" if reply.quote else "") + "\n"
    if not facts.has_html:
        return _part("text/plain", plain)
    boundary = "=_" + hashlib.sha256(f"{reply.message_id}\n{plain}".encode()).hexdigest()[:32]
    rich = f"<html><body>{_html(written)}{_quoted_html(lead, quoted) if reply.quote else ''}</body></html>\n"
    opening = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
    delimiter = f"--{boundary}\r\n".encode()
    parts = delimiter + _part("text/plain", plain) + b"\r\n" + delimiter + _part("text/html", rich)
    return opening + parts + f"\r\n--{boundary}--\r\n".encode()


def _written(reply: Reply) -> str:
    """Body and signature; a body that already ends with the signature gets no second one."""
    body, signature = _text(reply.body), re.sub(r"^--\n", "", _text(reply.signature)).strip()
    if not signature or body.endswith(signature):
        return body
    return f"{body}\n\n-- \n{signature}"


def _text(value: str) -> str:
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_UNFIT.sub("", line.replace("\t", "    ")).rstrip() for line in lines).strip("\n")


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() if not line.startswith(">") else f">{line}" for line in text.split("\n"))


def _html(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{escape(text)}</div>'


def _quoted_html(lead: str, quoted: str) -> str:
    style = "margin: 0 0 0 0.8ex; border-left: 1px solid #ccc; padding-left: 1ex"
    return f'<br><div>{escape(lead)}</div><blockquote type="cite" style="{style}">{_html(quoted)}</blockquote>'


def _part(media_type: str, text: str) -> bytes:
    """One part: as it is when short ASCII lines allow it, else quoted-printable."""
    data = text.encode()
    is_plain = text.isascii() and max(map(len, text.split("\n"))) <= 900 and "\nFrom " not in f"\n{text}"
    encoding = "7bit" if is_plain else "quoted-printable"
    if not is_plain:
        data = quopri.encodestring(data).replace(b"\nFrom ", b"\n=46rom ")
        data = b"=46" + data[1:] if data.startswith(b"From ") else data
    head = f"Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + data.replace(b"\n", b"\r\n")


# --- who wrote when -------------------------------------------------------------------------------

_LEADS = {
    "en": "On {date}, {name} wrote:",
    "de": "Am {date} schrieb {name}:",
    "fr": "Le {date}, {name} a écrit :",
    "es": "El {date}, {name} escribió:",
    "nl": "Op {date} schreef {name}:",
    "it": "Il {date} {name} ha scritto:",
}
_DATES = {"en": "%Y-%m-%d at %H:%M", "de": "%d.%m.%Y um %H:%M", "nl": "%d-%m-%Y om %H:%M"}
_COMMON = {
    "de": "der die das und ist nicht ich wir sie mit für auf ein eine bitte danke grüße hallo es zu den",
    "fr": "le la les et est pas je nous vous avec pour sur un une merci bonjour que des du au",
    "es": "el la los y es no que de con para por una gracias hola saludos se lo en del",
    "nl": "de het een en is niet ik wij u met voor op van dank groet hallo dat te zijn",
    "it": "il lo la e è non che di con per una grazie ciao saluti si del sono alla",
    "en": "the and is not i we you with for on a an please thanks hi that to of it",
}
_COMMON_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}


def attribution(original: Message, at: datetime) -> str:
    """The line above the quotation, in the language of the original and the zone of `at`."""
    language = _language(original.text.text)
    sent = original.sent_at.astimezone(at.tzinfo)
    date = sent.strftime(_DATES.get(language, "%d/%m/%Y %H:%M"))
    return _LEADS[language].format(date=date, name=_plain(original.author.name or original.author.address))


def _language(text: str) -> str:
    """The language most of whose commonest words occur; English when in doubt."""
    words = re.findall(r"[^\W\d_]+", text[:2_000].lower())
    scores = {name: sum(word in common for word in words) for name, common in _COMMON_WORDS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > scores["en"] else "en"

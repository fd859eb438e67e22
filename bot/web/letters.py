"""A person's mailbox as their mail program shows it, and what they do in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import format_datetime, formataddr, getaddresses
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.embedded.imap import Kept, MailServer
from bot.mail.mime import read as read_mime
from bot.mail.parse import parse
from graphs.digest_value import clip
from graphs.domain import Address, MailFacts
from graphs.errors import NeedsPerson

PREVIEW = 110
ORDER = ("INBOX", "Drafts", "Sent", "Archive", "Trash")


@dataclass(frozen=True)
class Folder:
    name: str
    count: int


@dataclass(frozen=True)
class Letter:
    """One mail as it is shown."""

    uid: int
    folder: str
    message_id: str
    references: tuple[str, ...]
    who: str  # the other side: the sender, or in Drafts and Sent the recipients
    sender: str
    to: str
    cc: str
    subject: str
    date: str
    short_date: str
    preview: str
    text: str
    quoted: str
    whole: str
    attachments: tuple[str, ...]
    is_reply: bool
    at: datetime


def folders(server: MailServer, address: str) -> list[Folder]:
    """With the number of drafts, which is what one looks for."""
    known = server.folders(address)
    ordered = [name for name in ORDER if name in known] + [name for name in known if name not in ORDER]
    return [Folder(name, len(server.mails(address, name)) if name == "Drafts" else 0) for name in ordered]


def letters(server: MailServer, address: str, folder: str, zone: str) -> list[Letter]:
    """Newest first."""
    found = [letter(kept, address, folder, zone) for kept in server.mails(address, folder)]
    return sorted(found, key=lambda one: (one.at, one.uid), reverse=True)


def letter(kept: Kept, address: str, folder: str, zone: str) -> Letter:
    message = parse(kept.raw, address, "inbox" if folder == "INBOX" else "sent", kept.received)
    facts = message.mail
    assert facts is not None
    at = message.sent_at.astimezone(ZoneInfo(zone))
    own = message.text.text
    to, sender = _names(facts.to), message.author.name or message.author.address
    return Letter(
        uid=kept.uid,
        folder=folder,
        message_id=facts.message_id,
        references=tuple(dict.fromkeys((*facts.references, *([facts.in_reply_to] if facts.in_reply_to else [])))),
        who=f"To {to}" if folder in ("Drafts", "Sent") else sender,
        sender=sender,
        to=to,
        cc=_names(facts.cc),
        subject=facts.subject or "(no subject)",
        date=f"{at:%a} {at.day} {at:%b %H:%M}",
        short_date=f"{at.day} {at:%b %H:%M}",
        preview=clip(" ".join(own.split()), PREVIEW),
        text="\n\n".join(part for part in (own.strip(), facts.signature.strip()) if part),
        quoted=facts.quoted_text,
        whole=_whole(kept.raw),
        attachments=tuple(one.name for one in facts.attachments if one.name),
        is_reply=bool(facts.in_reply_to),
        at=at,
    )


def earlier(server: MailServer, address: str, shown: Letter, zone: str) -> list[Letter]:
    """The mails before it in its thread, oldest first: what it names, wherever it lies."""
    wanted = set(shown.references)
    if not wanted:
        return []
    found = [one for folder in ("INBOX", "Sent", "Archive") for one in letters(server, address, folder, zone)]
    return sorted((one for one in found if one.message_id in wanted), key=lambda one: one.at)


def find(server: MailServer, address: str, message_id: str, zone: str) -> Letter | None:
    """The mail that a `mid:` link names."""
    places = (
        (folder, one) for folder in ("INBOX", "Sent", "Drafts", "Archive") for one in server.mails(address, folder)
    )
    for folder, kept in places:
        if message_id.encode() in kept.raw:
            found = letter(kept, address, folder, zone)
            if found.message_id == message_id:
                return found
    return None


def _names(addresses: Sequence[Address]) -> str:
    return ", ".join(one.name or one.address for one in addresses)


def _whole(raw: bytes) -> str:
    """All of the text, quotation and signature included, as somebody edits it."""
    part = _plain_part(message_from_bytes(raw))
    if part is None:
        return read_mime(raw).header("subject")
    payload = part.get_payload(decode=True)
    text = payload.decode(part.get_content_charset() or "utf-8", "replace") if isinstance(payload, bytes) else ""
    return text.replace("\r\n", "\n").rstrip("\n") + "\n"


def _plain_part(mail: "Message[str, str]") -> "Message[str, str] | None":
    return next((part for part in mail.walk() if part.get_content_type() == "text/plain"), None)


# --- what the person does -------------------------------------------------------------------------


def save(server: MailServer, address: str, uid: int, body: str, now: datetime) -> int:
    """The draft with other words, as a mail program keeps it. Returns its UID, a new one when something changed."""
    kept = server.mail(address, "Drafts", uid)
    text = body.replace("\r\n", "\n")
    if text.strip() == _whole(kept.raw).strip():
        return uid
    return server.edit_draft(address, uid, _reworded(kept.raw, text, now), now)


def _reworded(raw: bytes, body: str, now: datetime) -> bytes:
    """The same mail in text alone."""
    old = message_from_bytes(raw)
    made = EmailMessage(policy=policy.SMTP)
    for name, value in old.items():
        if name.casefold() not in ("content-type", "content-transfer-encoding", "mime-version", "date"):
            made[name] = str(value).replace("\r", "").replace("\n", "")
    made["Date"] = format_datetime(now)
    made.set_content(body)
    return made.as_bytes()


def send(server: MailServer, address: str, uid: int, now: datetime) -> None:
    """To Sent; whoever has a mailbox here receives it."""
    sent = server.mail(address, "Drafts", uid)
    server.send_draft(address, uid, now)
    _pass_on(server, address, sent.raw, now)


def reply(server: MailServer, address: str, uid: int, body: str, now: datetime) -> None:
    """The person answers without the draft."""
    kept = server.mail(address, "INBOX", uid)
    asked = parse(kept.raw, address, "inbox", kept.received)
    facts = asked.mail
    assert facts is not None
    made = _mail(
        address, "", _reply_to(facts), facts.subject if _is_re(facts.subject) else f"Re: {facts.subject}", body, now
    )
    made["In-Reply-To"] = facts.message_id
    made["References"] = " ".join([*facts.references[-20:], facts.message_id])
    server.deliver(address, made.as_bytes(), now, "Sent", seen=True)
    _pass_on(server, address, made.as_bytes(), now)


def deliver(server: MailServer, address: str, sender: tuple[str, str], subject: str, body: str, now: datetime) -> None:
    """A mail from somebody arrives. `sender` is (name, address)."""
    made = _mail(sender[1], sender[0], address, subject, body, now)
    server.deliver(address, made.as_bytes(), now)


def _is_re(subject: str) -> bool:
    return subject[:3].casefold() == "re:"


def _reply_to(facts: MailFacts) -> str:
    return (facts.reply_to[0] if facts.reply_to else facts.sender).address


def _mail(sender: str, name: str, to: str, subject: str, body: str, now: datetime) -> EmailMessage:
    made = EmailMessage(policy=policy.SMTP)
    try:
        made["From"] = formataddr((_flat(name), _flat(sender)))
        made["To"] = _flat(to)
        made["Subject"] = _flat(subject)
    except (ValueError, IndexError) as err:
        raise NeedsPerson("That is no mail address.") from err
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{uuid4().hex}@{sender.rpartition('@')[2] or 'sandbox.example'}>"
    made.set_content(body.replace("\r\n", "\n"))
    return made


def _flat(text: str) -> str:
    return " ".join(text.split())


def _pass_on(server: MailServer, sender: str, raw: bytes, now: datetime) -> None:
    mail = message_from_bytes(raw)
    named = getaddresses([str(value) for header in ("To", "Cc") for value in mail.get_all(header, [])])
    for address in {address.casefold() for _, address in named} & set(server.users) - {sender}:
        server.deliver(address, raw, now)

"""One raw mail as a Message. Pure; bounded in time and memory by the caps of `mime`, `html` and the ones below."""

import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Literal

from bot.mail import html, mime, quotes
from bot.mail.addresses import addresses, sender
from bot.mail.mime import Part, words
from graphs.domain import Address, Attachment, Link, MailFacts, MailSource, Message, Party, Quoted, account_scope

Mailbox = Literal["inbox", "sent", "drafts"]

MAX_SUBJECT = 1_000
MAX_TEXT = 200_000
MAX_QUOTED = 20_000
MAX_SIGNATURE = 4_000
MAX_REFERENCES = 100
MAX_ATTACHMENTS = 100
MAX_ADDRESS_TEXT = 64 * 1024

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # a Date before is a broken clock
_AHEAD = timedelta(days=2)  # how far Date may lie after its own delivery
_ID = re.compile(r"<([^<>\s]{1,500})>")
_PLAIN_STUB = re.compile(r"\bhtml\b", re.IGNORECASE)
_PGP = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[^\n]+\n)*\n(.*?)"
    r"^-----BEGIN PGP SIGNATURE-----.*?^-----END PGP SIGNATURE-----$",
    re.MULTILINE | re.DOTALL,
)
_RESULT = re.compile(r"\b(spf|dkim|dmarc|arc|compauth)\s*=\s*([a-z]+)", re.IGNORECASE)
_METHOD = re.compile(r"^METHOD:\s*(\w+)", re.MULTILINE)
_UUENCODED = re.compile(r"^begin [0-7]{3} (.{1,200})\n(?:[^\n]{0,80}\n)*?end$", re.MULTILINE)
_CAMPAIGN = (
    "feedback-id", "x-campaign", "x-campaignid", "x-campaign-id", "x-mailchimp-id", "x-mc-user", "x-csa-complaints",
    "x-sfmc-stack", "x-job", "x-mandrill-user", "x-emarsys-identify", "x-klaviyo-message-id",
)  # fmt: skip
_PRIORITIES = {"1": "high", "2": "high", "4": "low", "5": "low", "urgent": "high", "non-urgent": "low"}


def parse(raw: bytes, account: str, mailbox: Mailbox, fallback_date: datetime | None = None) -> Message:
    """The mail as `account` holds it; `thread` stays "", see `threads`. Fails on no input.

    `fallback_date` (aware) stands in when neither Date nor Received tells one; without it such a mail is of 1970.
    """
    root = mime.read(raw)
    text, links, has_html, html_only = _text(root)
    split = quotes.split(text)
    sent_at, offset = _sent_at(root, fallback_date)
    author = sender(root.header("from") or root.header("sender"))
    facts = MailFacts(
        mailbox=mailbox,
        message_id=_message_id(root, raw),
        sender=author,
        offset_minutes=offset,
        has_html=has_html,
        html_only=html_only,
        quotes_original=bool(split.quoted),
        signature=split.signature[:MAX_SIGNATURE],
        quoted_text=split.quoted[:MAX_QUOTED],
        attachments=_attachments(root) + tuple(_uuencoded(text)),
        links=links,
        calendar_method=_calendar_method(root),
        **_envelope(root),  # type: ignore[arg-type]  # one dict of str, bool and tuples; pydantic checks them
    )
    return Message(
        scope=account_scope(account.casefold()),
        source=MailSource(account=account.casefold(), message_id=facts.message_id),
        thread="",
        author=Party(key=author.address, name=author.name or author.address, address=author.address, kind="outside"),
        sent_at=sent_at,
        text=Quoted(text=split.own[:MAX_TEXT]),
        mail=facts,
    )


# --- headers --------------------------------------------------------------------------------------


def _envelope(root: Part) -> dict[str, object]:
    headers = root.headers
    return {
        "in_reply_to": _in_reply_to(root.header("in-reply-to")),
        "references": _references(headers.get("references", [])),
        "subject": words(root.header("subject"))[:MAX_SUBJECT].strip(),
        "reply_to": _all(headers, "reply-to"),
        "to": _all(headers, "to"),
        "cc": _all(headers, "cc"),
        "delivered_to": _delivered_to(headers),
        "list_id": words(root.header("list-id"))[:300],
        "list_unsubscribe": "list-unsubscribe" in headers,
        "precedence": root.header("precedence").lower()[:50],
        "auto_submitted": root.header("auto-submitted").casefold()[:100],
        "auto_response_suppress": "x-auto-response-suppress" in headers,
        "feedback_id": any(name in headers for name in _CAMPAIGN),
        "return_path": _return_path(root.header("return-path")),
        "authentication": _authentication(headers),
        "spam_flag": _spam(root),
        "sensitivity": root.header("sensitivity").casefold()[:50],
        "importance": _importance(root),
    }


def _all(headers: dict[str, list[str]], name: str) -> tuple[Address, ...]:
    values = headers.get(name)
    return addresses(", ".join(values[:5])[:MAX_ADDRESS_TEXT]) if values else ()


def _delivered_to(headers: dict[str, list[str]]) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope-to")
    values = [value for name in names for value in headers.get(name, ())[:5]]
    return tuple(dict.fromkeys(a.address for value in values for a in addresses(value)))[:20]


def _return_path(value: str) -> str:
    if value.replace(" ", "") == "<>":
        return "<>"
    found = addresses(value)
    return found[0].address if found else ""


def _authentication(headers: dict[str, list[str]]) -> tuple[str, ...]:
    """Verdicts of the topmost Authentication-Results and of others by the same server.

    Lower ones may come from the sender. When the receiving server adds none even the topmost may: believe a fail,
    never a pass alone.
    """
    results = headers.get("authentication-results", [])
    server = results[0].partition(";")[0].strip().lower() if results else ""
    trusted = [value[:4_000] for value in results[:20] if value.partition(";")[0].strip().lower() == server]
    found = {
        f"{method.lower()}={verdict.lower()}": None for value in trusted for method, verdict in _RESULT.findall(value)
    }
    received_spf = headers.get("received-spf")
    if received_spf and not any(name.startswith("spf=") for name in found):
        found[f"spf={received_spf[0].split(' ')[0].lower()[:20]}"] = None
    return tuple(found)[:20]


def _spam(root: Part) -> bool:
    flagged = root.header("x-spam-flag").lower().startswith(("yes", "true"))
    return (
        flagged
        or root.header("x-spam-status").lower().startswith("yes")
        or root.header("x-spam").lower().startswith("yes")
    )


def _importance(root: Part) -> str:
    value = root.header("importance") or root.header("x-priority").split(" ")[0] or root.header("priority")
    value = value.casefold()[:20]
    return _PRIORITIES.get(value, value if value in ("high", "low", "normal") else "")


def _message_id(root: Part, raw: bytes) -> str:
    value = root.header("message-id")
    found = _ID.search(value)
    if found:
        return f"<{found[1]}>"
    bare = value.strip("<> ")
    if bare and " " not in bare and len(bare) <= 500:
        return f"<{bare}>"
    # Headers on the way differ from copy to copy; these and the body do not.
    named = "\n".join(root.header(name) for name in ("from", "to", "date", "subject"))
    body = mime.split_headers(raw)[1].replace(b"\r\n", b"\n").strip()
    digest = hashlib.sha256(named.encode("utf-8", "replace") + b"\0" + body).hexdigest()
    return f"<{digest[:32]}@derived.invalid>"


def _in_reply_to(value: str) -> str:
    found = [match for match in _ID.findall(value) if "@" in match]
    if not found:
        found = _ID.findall(value)
    if not found:
        return ""
    # Old mailers write `Message from Ada <ada@x> of "Tue" <id@y>`: there the last is the id.
    has_prose = bool(_ID.sub("", value).strip())
    return f"<{found[-1] if has_prose else found[0]}>"


def _references(values: list[str]) -> tuple[str, ...]:
    found = list(dict.fromkeys(f"<{match}>" for value in values[:5] for match in _ID.findall(value)))
    return tuple(found if len(found) <= MAX_REFERENCES else found[:1] + found[1 - MAX_REFERENCES :])


# --- time -----------------------------------------------------------------------------------------


def _sent_at(root: Part, fallback: datetime | None) -> tuple[datetime, int]:
    """When it was sent (UTC) and the minutes its zone was ahead. A Date long after delivery is a wrong clock."""
    sent = _date(root.header("date"))
    received = next((found for found in map(_received, root.headers.get("received", [])[:10]) if found), None)
    if sent and sent >= _OLDEST and not (received and sent > received + _AHEAD):
        offset = sent.utcoffset() or timedelta()
        return sent.astimezone(UTC), int(offset.total_seconds() // 60)
    return (received or fallback or _EPOCH).astimezone(UTC), 0


def _received(value: str) -> datetime | None:
    found = _date(value.rpartition(";")[2])
    return found if found and found >= _OLDEST else None


def _date(value: str) -> datetime | None:
    """An RFC 5322 date and what looks like one: years of two digits, year 102, zone names, a missing zone."""
    try:
        found = parsedate_tz(value[:100].strip())
    except (IndexError, ValueError, TypeError):  # the standard function trips over some garbage
        return None
    if found is None:
        return None
    year, month, day, hour, minute, second, *_, offset = found
    if 100 <= year < 200:  # years since 1900, as C counts
        year += 1900
    offset = offset or 0
    zone = timezone(timedelta(seconds=offset)) if abs(offset) <= 14 * 3600 else UTC
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        return None


# --- structure ------------------------------------------------------------------------------------


def _attachments(root: Part) -> tuple[Attachment, ...]:
    stack, found = [root], []
    while stack:
        part = stack.pop()
        stack.extend(reversed(part.parts))
        if not part.parts and not _is_shown(part, root) and not _is_decoration(part):
            found.append(_attachment(part))
    return tuple(found[:MAX_ATTACHMENTS])


def _rich(part: Part, root: Part) -> list[Part]:
    """All parts shown as HTML, chosen or not. Recursion is bounded by `mime.MAX_DEPTH`, here and below."""
    if part.parts:
        return [leaf for child in part.parts for leaf in _rich(child, root)]
    return [part] if part.media_type != "text/plain" and _is_shown(part, root) else []


def _read(part: Part, root: Part) -> list[Part]:
    """The text parts one reads one after the other: of alternatives the plain one, unless it is empty or a stub."""
    if not part.parts:
        return [part] if _is_shown(part, root) else []
    options = [leaves for child in part.parts if (leaves := _read(child, root))]
    if part.media_type != "multipart/alternative":
        return [leaf for leaves in options for leaf in leaves]
    plain = (leaves for leaves in options if any(_says_something(leaf) for leaf in leaves))
    return next(plain, options[-1] if options else [])


def _says_something(part: Part) -> bool:
    text = _plain(part).strip() if part.media_type == "text/plain" else ""
    return bool(text) and not (len(text) < 200 and _PLAIN_STUB.search(text) is not None)


def _is_shown(part: Part, root: Part) -> bool:
    if part is root and part.media_type.startswith("text/") and part.media_type != "text/calendar":
        return True
    if part.media_type not in ("text/plain", "text/html", "text/enriched", "text/richtext"):
        return False
    disposition = part.header("content-disposition").lower()
    return not disposition.startswith("attachment") and not (
        "filename" in disposition and part.media_type == "text/html"
    )


def _is_decoration(part: Part) -> bool:
    """Pictures of the HTML, the calendar twin of an invitation, and signatures are no attachments to a reader."""
    named = "name" in part.parameters or "filename" in part.header("content-disposition")
    if part.media_type.startswith("image/"):
        return bool(part.header("content-id")) and not part.header("content-disposition").lower().startswith(
            "attachment"
        )
    if part.media_type.startswith("multipart/"):
        return False
    return (
        part.media_type
        in ("text/calendar", "application/pgp-encrypted", "application/pgp-signature", "application/pkcs7-signature")
        and not named
    )


def _attachment(part: Part) -> Attachment:
    disposition = mime.structured(part.header("content-disposition"))[1]
    name = disposition.get("filename") or part.parameters.get("name") or ""
    if not name and part.media_type == "message/rfc822":
        name = words(mime.split_headers(part.body[:65_536])[0].get("subject", [""])[0])
    return Attachment(
        name=" ".join(mime.clean(words(name)).split())[:200], media_type=part.media_type[:100], size=mime.size(part)
    )


def _text(root: Part) -> tuple[str, tuple[Link, ...], bool, bool]:
    """Text, links, whether there is HTML, and whether only HTML holds the text."""
    rich = _rich(root, root)
    chosen = _read(root, root)
    if not rich:
        return "\n\n".join(filter(None, map(_plain, chosen))), (), False, False
    texts: list[str] = []
    found: list[Link] = []
    for part in rich:
        is_read = any(part is leaf for leaf in chosen)
        text, links = html.text_and_links(mime.content(part)) if is_read else ("", html.links(mime.content(part)))
        texts.append(text)
        found.extend(links)
    rendered = {id(part): text for part, text in zip(rich, texts, strict=True)}
    shown = [rendered[id(part)] if id(part) in rendered else _plain(part) for part in chosen]
    html_only = all(part.media_type != "text/plain" for part in chosen)
    return "\n\n".join(filter(None, shown)), tuple(dict.fromkeys(found))[: html.MAX_LINKS], True, html_only


def _plain(part: Part) -> str:
    text = mime.content(part)[: 2 * MAX_TEXT]
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        text = _PGP.sub(lambda match: re.sub(r"^- ", "", match[1], flags=re.MULTILINE), text)
    return text.strip("\n")


def unflowed(text: str, delsp: bool) -> str:
    """Paragraphs of format=flowed on one line each, per depth of quotation (RFC 3676)."""
    out: list[str] = []
    open_depth = -1  # of the last line when it flows on
    for line in text.split("\n"):
        body = line.lstrip(">")
        depth = len(line) - len(body)
        body = body.removeprefix(" ")
        if open_depth == depth and body != "-- ":
            out[-1] += body
        else:
            out.append((">" * depth + " " if depth else "") + body)
        flows = body.endswith(" ") and body != "-- "
        if flows and delsp:
            out[-1] = out[-1][:-1]
        open_depth = depth if flows else -1
    return "\n".join(out)


def _uuencoded(text: str) -> list[Attachment]:
    if "begin " not in text:
        return []
    found = _UUENCODED.finditer(text)
    return [
        Attachment(name=match[1], media_type="application/octet-stream", size=len(match[0]) * 3 // 4)
        for match, _ in zip(found, range(20), strict=False)
    ]


def _calendar_method(root: Part) -> str:
    stack = [root]
    while stack:
        part = stack.pop()
        stack.extend(part.parts)
        if part.media_type == "text/calendar":
            method = part.parameters.get("method", "")
            found = None if method else _METHOD.search(mime.content(part)[:20_000])
            return (method or (found[1] if found else "")).upper()[:20]
    return ""

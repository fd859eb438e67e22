"""One message of a Slack export as the project's `Message`. Pure; any field may be absent, null or of another type."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.slack import mrkdwn
from graphs.domain import Attachment, Message, Party, Quoted, Reaction, SlackFacts, SlackSource, channel_scope

Row = Mapping[str, object]
_TS = re.compile(r"\d{1,11}\.\d{1,6}", re.ASCII)
_UPLOADED = re.compile(r"^<@[^>]+> (?=uploaded |shared )")


class Unusable(Exception):
    """One message cannot be read; the reason in a few words."""


@dataclass(frozen=True)
class Deleted:
    """The message of this ts is gone."""

    ts: str


@dataclass(frozen=True)
class Names:
    """Who and what an export knows by name. Both give what they can for an id they have never seen."""

    party: Callable[[str], Party | None]
    of: Callable[[str], str]  # "" for an unknown id


def read_message(row: Row, channel: str, names: Names) -> Message | Deleted | None:
    """A message, a deletion, or None for a notice that carries neither. Raises `Unusable`."""
    match text_of(row, "subtype"):
        case "message_deleted":
            return Deleted(_ts(row, "deleted_ts"))
        case "message_changed":
            return read_message(row_of(row, "message"), channel, names)
        case "tombstone":
            return Deleted(_ts(row, "ts"))
        case "message_replied":
            return None
        case _:
            return _message(row, channel, names)


def _message(row: Row, channel: str, names: Names) -> Message:
    ts = _ts(row, "ts")
    thread = _ts(row, "thread_ts") if text_of(row, "thread_ts") else ts
    author = _author(row, names)
    raw = _raw(row, author)
    return Message(
        scope=channel_scope(channel),
        source=SlackSource(channel=channel, ts=ts),
        thread=thread,
        author=author,
        sent_at=_moment(ts),
        edited_at=_edited_at(row),
        text=Quoted(text=mrkdwn.to_plain(raw, names.of)),
        mentions=tuple(user for user in mrkdwn.mentions(raw) if user != author.key),
        slack=SlackFacts(
            subtype=text_of(row, "subtype"),
            parent_ts=thread if thread != ts else "",
            raw=raw,
            reactions=tuple(_reactions(row)),
            files=tuple(_files(row)),
            links=mrkdwn.links(raw),
            broadcast=mrkdwn.is_broadcast(raw),
        ),
    )


def _ts(row: Row, field: str) -> str:
    """A ts is an id that looks like a number: one that was ever a float has lost digits and names another message."""
    value = row.get(field)
    if not isinstance(value, str) or not _TS.fullmatch(value):
        kind = "is missing" if value is None else "is no Slack timestamp"
        raise Unusable(f"its {field} {kind}")
    return value


def _moment(ts: str) -> datetime:
    seconds, _, fraction = ts.partition(".")
    try:
        return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(fraction.ljust(6, "0")))
    except (OverflowError, ValueError, OSError) as err:
        raise Unusable("its ts lies outside of time") from err


def _edited_at(row: Row) -> datetime | None:
    edited = text_of(row_of(row, "edited"), "ts")
    try:
        return _moment(edited) if _TS.fullmatch(edited) else None
    except Unusable:
        return None


# --- who ------------------------------------------------------------------------------------------


def _author(row: Row, names: Names) -> Party:
    user = text_of(row, "user") or text_of(row_of(row, "comment"), "user")
    if user:
        return names.party(user) or _stranger(row, user)
    bot = text_of(row, "bot_id")
    shown = text_of(row, "username") or text_of(row_of(row, "bot_profile"), "name") or "an app"
    return Party(key=bot, name=shown, kind="bot")


def _stranger(row: Row, user: str) -> Party:
    """Somebody whom users.json does not know: another organisation's, mostly."""
    if text_of(row, "bot_id"):
        return Party(key=user, name=text_of(row_of(row, "bot_profile"), "name") or "an app", kind="bot")
    profile = row_of(row, "user_profile")
    shown = text_of(profile, "display_name") or text_of(profile, "real_name") or text_of(profile, "name")
    return Party(key=user, name=shown or user, kind="outside")


# --- what -----------------------------------------------------------------------------------------


def _raw(row: Row, author: Party) -> str:
    """The author's own words as mrkdwn, wherever this kind of message keeps them."""
    said = text_of(row_of(row, "comment"), "comment") or text_of(row, "text")
    if text_of(row, "subtype") == "file_share":
        # Old exports: "<@U1> uploaded a file: … and commented: …"; its first words are Slack's.
        said = text_of(row_of(row_of(row, "file"), "initial_comment"), "comment") or _UPLOADED.sub("", said)
    blocks = mrkdwn.from_blocks(list_of(row, "blocks"))
    if author.kind != "bot":
        return said or blocks or "\n".join(_attached(row, quoted=True))
    # An app's `text` is often a mere headline of what its blocks or attachments say.
    words = [blocks if len(blocks) > len(said) else said, *_attached(row, quoted=False)]
    return "\n".join(line for line in words if line)


def _attached(row: Row, quoted: bool) -> Iterator[str]:
    for attachment in rows_of(row, "attachments"):
        is_quotation = any(attachment.get(sign) for sign in ("is_msg_unfurl", "is_share", "from_url", "service_name"))
        lines = list(dict.fromkeys(_attachment_lines(attachment)))
        if not is_quotation:
            yield from lines
        elif quoted:
            yield from (f"&gt; {line}" for text in lines for line in text.split("\n"))


def _attachment_lines(attachment: Row) -> Iterator[str]:
    shown = [text_of(attachment, name) for name in ("pretext", "title", "text")]
    shown += [
        ": ".join(filter(None, (text_of(f, "title"), text_of(f, "value")))) for f in rows_of(attachment, "fields")
    ]
    shown.append(mrkdwn.from_blocks(list_of(attachment, "blocks")))
    yield from [line for line in shown if line] or [text_of(attachment, "fallback")]


def _files(row: Row) -> Iterator[Attachment]:
    old = row_of(row, "file")
    for file in rows_of(row, "files") or ([old] if old else []):
        name = text_of(file, "name") or text_of(file, "title")
        if name:  # a deleted or hidden file has none
            size = file.get("size")
            yield Attachment(
                name=name,
                media_type=text_of(file, "mimetype") or "application/octet-stream",
                size=size if isinstance(size, int) and size > 0 else 0,
            )


def _reactions(row: Row) -> Iterator[Reaction]:
    for reaction in rows_of(row, "reactions"):
        users = tuple(clean(user) for user in list_of(reaction, "users") if isinstance(user, str))
        if text_of(reaction, "name"):
            yield Reaction(name=text_of(reaction, "name"), users=users)


# --- JSON of unknown shape ------------------------------------------------------------------------


def clean(text: str) -> str:
    """Without NUL and halves of surrogate pairs, which JSON can hold and neither Postgres nor UTF-8 can."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def text_of(row: Row, field: str) -> str:
    value = row.get(field)
    return clean(value) if isinstance(value, str) else ""


def row_of(row: Row, field: str) -> Row:
    value = row.get(field)
    return value if isinstance(value, dict) else {}


def list_of(row: Row, field: str) -> list[object]:
    value = row.get(field)
    return value if isinstance(value, list) else []


def rows_of(row: Row, field: str) -> list[Row]:
    return [entry for entry in list_of(row, field) if isinstance(entry, dict)]

"""Messages of Slack and mail: written scope by scope, read as graphs want them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from bot.store.db import Row, Tx
from graphs.domain import (
    MailSource,
    Message,
    SlackSource,
    Source,
    account_scope,
    channel_scope,
)
from graphs.life import source_key


@dataclass(frozen=True)
class Hit:
    """What retrieval found: which message, how well it fits, and the source that shows it."""

    id: int
    score: float
    source: Source


def slack_row(scope: int, message: Message, lang: str, day: date | None = None) -> Row:
    """The row of a Slack message; `put_slack` writes it once for each version."""
    assert isinstance(message.source, SlackSource) and message.slack is not None
    content = message.model_dump_json(exclude={"id", "revision"})
    return _row(scope, message, lang, message.source.ts, content.encode()) | {
        "edited_at": message.edited_at,
        "day": day,
        "mentions": list(message.mentions),
        "facts": Jsonb(message.slack.model_dump(mode="json", exclude_defaults=True)),
    }


def mail_row(scope: int, message: Message, lang: str, twin: bool = False) -> Row:
    """The row of a mail. `twin`: another mail of this mailbox claims the same Message-ID, so the content joins the key."""
    assert isinstance(message.source, MailSource) and message.mail is not None
    content = message.model_dump_json(include={"text", "sent_at", "author", "mail"}).encode()
    key = f"{message.mail.mailbox}/{message.mail.message_id}"
    if twin:
        key += "#" + hashlib.sha256(content).hexdigest()[:8]
    return _row(scope, message, lang, key, content) | {
        "facts": Jsonb(message.mail.model_dump(mode="json", exclude_defaults=True))
    }


def _row(scope: int, message: Message, lang: str, key: str, content: bytes) -> Row:
    return {
        "scope": scope,
        "key": key,
        "thread": message.thread,
        "author_key": message.author.key,
        "author_name": message.author.name,
        "author_address": message.author.address,
        "author_kind": message.author.kind,
        "sent_at": message.sent_at,
        "text": message.text.text,
        "lang": lang,
        "hash": hashlib.sha256(content).digest(),
    }


def put_slack(tx: Tx, scope: int, rows: Sequence[Row]) -> None:
    """Writes Slack messages of one scope in one statement; of two with one ts the later one counts."""
    latest = {row["key"]: row for row in rows}
    if latest:
        tx.run("put_slack", scope=scope, rows=Jsonb([_plain(row) for row in latest.values()]))


def put_mails(tx: Tx, scope: int, rows: Sequence[Row]) -> None:
    """Writes mails of one scope in one statement; of two with one key the first one counts."""
    if rows:
        tx.run("put_mail", scope=scope, rows=Jsonb([_plain(row) for row in rows]))


def _plain(row: Row) -> Row:
    """A row as JSON can hold it."""
    dates = {name: row[name].isoformat() for name in ("sent_at", "edited_at", "day") if row.get(name) is not None}
    return row | dates | {"facts": row["facts"].obj, "hash": row["hash"].hex()}


def read_message(row: Row) -> Message:
    """The frozen value of one row of `messages_of` or `messages_by_id`."""
    place = row["scope"].split(":", 1)[1]
    facts: dict[str, Any] = row["facts"]
    is_mail = row["medium"] == "mail"
    # In one go, which is quicker than value by value: an answer looks at dozens.
    return Message.model_validate(
        {
            "id": row["id"],
            "scope": row["scope"],
            "source": {"kind": "mail", "account": place, "message_id": facts["message_id"]}
            if is_mail
            else {"kind": "slack", "channel": place, "ts": row["key"]},
            "thread": row["thread"],
            "author": {name: row[f"author_{name}"] for name in ("key", "name", "address", "kind")},
            "sent_at": row["sent_at"],
            "edited_at": row["edited_at"],
            "text": {"text": row["text"]},
            "mentions": row["mentions"],
            "mail": facts if is_mail else None,
            "slack": None if is_mail else facts,
            "revision": row["revision"],
        }
    )


def of_scope(tx: Tx, scope: int, since: datetime, until: datetime) -> list[Message]:
    """Whole threads of a scope that had a message after `since`, up to `until`; oldest first."""
    return [read_message(row) for row in tx.all("messages_of", scope=scope, since=since, until=until)]


def by_id(tx: Tx, ids: Sequence[int]) -> list[Message]:
    """Those of `ids` that the audience may read, in the order of `ids`."""
    if not ids:
        return []
    return [read_message(row) for row in tx.all("messages_by_id", ids=list(ids))]


def by_sources(tx: Tx, sources: Sequence[Source]) -> dict[str, Message]:
    """The messages behind `sources` that the audience may read, by source key."""
    if not sources:
        return {}
    slack = [s for s in sources if isinstance(s, SlackSource)]
    mail = [s for s in sources if isinstance(s, MailSource)]
    rows = tx.all(
        "by_sources",
        channels=[channel_scope(s.channel) for s in slack],
        times=[s.ts for s in slack],
        accounts=[account_scope(s.account) for s in mail],
        message_ids=[s.message_id for s in mail],
    )
    return {source_key(m.source): m for m in by_id(tx, [row["id"] for row in rows])}


def quarantined(tx: Tx, scopes: Sequence[int]) -> list[tuple[str, int]]:
    """(reason, how many) of what could not be read in `scopes`."""
    counted: dict[str, int] = {}
    for row in tx.all("quarantined", scopes=list(scopes)):
        counted[row["reason"]] = counted.get(row["reason"], 0) + row["count"]
    return sorted(counted.items())


def recall(tx: Tx, question: str, lang: str, most: int, until: datetime) -> list[Hit]:
    """What the audience of `tx` may read about `question`, best first, at most `most`; may be empty."""
    rows = tx.all("recall", question=question, lang=lang, most=most, until=until)
    return [Hit(row["id"], float(row["score"]), _source(row)) for row in rows]


def since(tx: Tx) -> datetime | None:
    """When the first message was said that the audience of `tx` may read; None when there is none."""
    row = tx.one("readable_since")
    return None if row is None else row["at"]


def _source(row: Row) -> Source:
    place = row["scope"].split(":", 1)[1]
    if row["medium"] == "mail":
        return MailSource(account=place, message_id=row["message_id"])
    return SlackSource(channel=place, ts=row["key"])


def newest_of(tx: Tx, scope: int, since: datetime, until: datetime, most: int) -> list[Message]:
    """The last that was said in one place between two moments, newest first."""
    return by_id(tx, [row["id"] for row in tx.all("newest_of", scope=scope, since=since, until=until, most=most)])


def quarantine(tx: Tx, scope: int, broken: Iterable[tuple[str, str]]) -> None:
    """Remembers what could not be read: (key, reason)."""
    tx.many("quarantine", [{"scope": scope, "key": key, "reason": reason} for key, reason in broken])


def moment(tx: Tx) -> datetime:
    """Before messages are read, for `forget_since`: by the database's clock."""
    row = tx.one("moment")
    assert row is not None
    found: datetime = row["at"]
    return found


def forget_since(tx: Tx, moment: datetime) -> None:
    """Takes back what was concluded from messages that have changed since: their old words may have been read."""
    tx.all("forget_since", since=moment)


def unnoted(tx: Tx, scope: int, since: datetime, until: datetime) -> list[int]:
    """Rows between two moments that no night has read for memories in their present words, oldest first."""
    return [row["id"] for row in tx.all("unnoted", scope=scope, since=since, until=until)]


def set_noted(tx: Tx, scope: int, ids: Sequence[int]) -> None:
    tx.run("set_noted", scope=scope, ids=list(ids))


def sent_times(tx: Tx, latest: datetime) -> list[datetime]:
    """When the newest messages were sent that the audience may read, newest first, none after `latest`."""
    return [row["sent_at"] for row in tx.all("sent_times", latest=latest)]


def correspondents(tx: Tx, scopes: Sequence[int]) -> frozenset[str]:
    """Domains that the owner of these mailboxes wrote to."""
    return frozenset(row["domain"] for row in tx.all("correspondents", scopes=list(scopes)))


def followers(tx: Tx, ids: Sequence[int], until: datetime) -> dict[int, Message]:
    """The message that follows each of `ids` in its thread or run, as far as the audience may read."""
    nexts = {row["id"]: row["next"] for row in tx.all("followers", ids=list(ids), until=until) if row["next"]}
    found = {message.id: message for message in by_id(tx, list(nexts.values()))}
    return {id_: found[next_] for id_, next_ in nexts.items() if next_ in found}


def nearby(tx: Tx, message: int, most: int, until: datetime) -> list[Message]:
    """What stands around a message in its thread or run, as far as the audience may read it; in the order it was said."""
    found = by_id(tx, [row["id"] for row in tx.all("nearby", id=message, most=most, until=until)])
    return sorted(found, key=lambda one: (one.sent_at, one.id))

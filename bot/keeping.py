"""Slack messages that come one by one, in any order and more than once, become the rows that an export would give.

A deletion is final, an older edit changes nothing, and the original changes nothing that stands already.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.slack.export import ts_of
from bot.slack.export_message import Deleted, Names, Row, Unusable, read_message, row_of, text_of
from bot.store import messages
from bot.store.db import Tx
from bot.workspace import Us
from graphs.domain import Message, Reaction
from graphs.rules.followup import is_question
from graphs.rules.text import language

How = Literal["said", "mentioned", "edited", "shown"]
"""How we heard of a message: as it was said, as a mention of us, as changed later, or as history shows it now."""

MENTION = "app_mention"
"""Stands as a message's subtype until the message itself comes, which says more."""


@dataclass(frozen=True)
class Heard:
    """One message, or the deletion of one."""

    what: Message | Deleted
    how: How

    @property
    def ts(self) -> str:
        return self.what.ts if isinstance(self.what, Deleted) else ts_of(self.what)


@dataclass(frozen=True)
class Standing:
    """What is stored of a message."""

    edited_at: datetime | None
    deleted: bool
    mention: bool


@dataclass(frozen=True)
class Marked:
    """A reaction that somebody set or took away."""

    ts: str
    user: str
    name: str
    there: bool


def hear(row: Row, channel: str, names: Names, us: Us, how: How) -> Heard | None:
    """A message as Slack words it; None for what is none, or is our own. Raises `Unusable`, which quotes nothing of it.

    What we said ourselves is in the outbox and never a source: the desk does not learn from its own words.
    """
    inner = row_of(row, "message") if text_of(row, "subtype") == "message_changed" else row
    if text_of(row, "subtype") == "message_deleted":
        inner = row_of(row, "previous_message")
    if us.wrote(text_of(inner, "user"), text_of(inner, "bot_id")):
        return None
    try:
        found = read_message(row, channel, names)
    except RecursionError as err:
        raise Unusable("nested too deeply") from err
    except ValueError as err:
        raise Unusable("it is no message") from err
    return None if found is None else Heard(_as_asked(found, channel, us) if isinstance(found, Message) else found, how)


def _as_asked(message: Message, channel: str, us: Us) -> Message:
    """Marks what only asks us something: the next question like it would find nothing but the ones before."""
    assert message.slack is not None
    to_us = us.bot_user in message.mentions or channel.startswith("D")  # the only such conversations we hear are ours
    if not to_us or not is_question(re.sub(r"^\W*@\S+\s+", "", message.text.text)):
        return message
    return message.model_copy(update={"slack": message.slack.model_copy(update={"asks_us": True})})


def keep(tx: Tx, scope: int, heard: Sequence[Heard]) -> int:
    """Stores what was heard, in the order given; how many messages that changed or added. `tx` writes the scope."""
    tx.all("lock_scope", scope=scope)
    rows = tx.all("standing_messages", scope=scope, keys=sorted({one.ts for one in heard}))
    standing = {row["key"]: Standing(row["edited_at"], row["deleted"], row["subtype"] == MENTION) for row in rows}
    said, gone = merged(standing, heard)
    messages.put_slack(tx, scope, [messages.slack_row(scope, one, language(one.text.text)) for one in said])
    forget(tx, scope, gone)
    return len(said) + len(gone)


def forget(tx: Tx, scope: int, gone: Iterable[str]) -> None:
    """Deleted in Slack: the words go with all that was concluded from them, and a row stays to say so."""
    found = [{"scope": scope, "key": ts} for ts in gone]
    if found:
        tx.many("put_tombstone", found)
        tx.many("delete_one", found)


def merged(standing: dict[str, Standing], heard: Iterable[Heard]) -> tuple[list[Message], list[str]]:
    """What is to be written over what stands, and what is gone."""
    now = dict(standing)
    said: dict[str, Message] = {}
    gone: dict[str, None] = {}
    for one in heard:
        before = now.get(one.ts)
        if before is not None and before.deleted:
            continue
        if isinstance(one.what, Deleted):
            gone[one.ts] = None
            said.pop(one.ts, None)
            now[one.ts] = Standing(None, deleted=True, mention=False)
        elif _is_newer(one, before):
            said[one.ts] = _as_mention(one.what) if one.how == "mentioned" else one.what
            now[one.ts] = Standing(one.what.edited_at, deleted=False, mention=one.how == "mentioned")
    return list(said.values()), list(gone)


def _is_newer(one: Heard, before: Standing | None) -> bool:
    assert isinstance(one.what, Message)
    if before is None or (before.mention and one.how != "mentioned"):
        return True
    if one.how in ("said", "mentioned"):
        return False
    return before.edited_at is None or (one.what.edited_at is not None and one.what.edited_at >= before.edited_at)


def _as_mention(message: Message) -> Message:
    assert message.slack is not None
    return message.model_copy(update={"slack": message.slack.model_copy(update={"subtype": MENTION})})


def mark(tx: Tx, scope: int, marks: Sequence[Marked]) -> None:
    """Sets and takes away reactions of stored messages. One of a message that never came waits for history to show it."""
    tx.all("lock_scope", scope=scope)
    for one in marks:
        row = tx.one("slack_message", scope=scope, key=one.ts)
        if row is None:
            continue
        message = messages.read_message(row)
        assert message.slack is not None
        facts = message.slack.model_copy(update={"reactions": marked(message.slack.reactions, one)})
        changed = message.model_copy(update={"slack": facts})
        messages.put_slack(tx, scope, [messages.slack_row(scope, changed, row["lang"])])


def marked(reactions: Sequence[Reaction], one: Marked) -> tuple[Reaction, ...]:
    """In Slack's order: by who was first. The same mark twice changes nothing."""
    users = {reaction.name: reaction.users for reaction in reactions}
    others = tuple(user for user in users.get(one.name, ()) if user != one.user)
    already = one.user in users.get(one.name, ())
    if not (one.there and already):
        users[one.name] = (*others, one.user) if one.there else others
    return tuple(Reaction(name=name, users=who) for name, who in users.items() if who)

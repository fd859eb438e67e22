"""Decisions, reversals and open disagreements of one thread, for people who were not there. Precision before recall."""

from datetime import datetime

from graphs.domain import Change, Thread
from graphs.rules.reference import facts

_MOST = 2
"""From one thread; the last word counts."""


def changes(thread: Thread, now: datetime, since: datetime) -> list[Change]:
    """What was decided, reversed or left open in `thread` after `since` and up to `now`, oldest first."""
    seen = [message for message in thread.messages if message.sent_at <= now]
    told = [fact for fact in facts(seen) if fact.change and fact.said_at > since]
    return [
        Change.model_validate(
            {"kind": fact.change, "what": fact.text, "who": fact.said_by, "sources": (fact.source,), "at": fact.said_at}
        )
        for fact in told[-_MOST:]
    ]

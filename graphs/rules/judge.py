"""What of a thread is unfinished for one person, found by rules: who asked, who promised, who waits, what settled it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from graphs.domain import Finding, Message, Person, Quoted, TaskKind, Thread
from graphs.rules.address import Turn, turns
from graphs.rules.dues import is_about_meeting, last_day_told
from graphs.rules.elsewhere import answers_elsewhere, same_matter
from graphs.rules.matter import NOBODY_KNOWN, Matter, Reading, opened, reading
from graphs.rules.phrase import next_step, what, why
from graphs.rules.sensitive import is_sensitive
from graphs.rules.settle import react, respond
from graphs.rules.speech import asks_the_room

__all__ = ["MOST", "answers_elsewhere", "judge", "same_matter"]

LONGEST = 8_000
"""Characters of one message that are judged."""

LAST = 1_000
"""Messages of one conversation that are judged, the newest: each is held against all that is open before it, so that what a
channel without a pause can cost is bounded."""

MOST = 6
"""Findings from one conversation; more would be a list, not a judgement."""

_STALE = timedelta(days=30)
_STALE_IN_CHANNEL = timedelta(days=10)  # nobody in particular was asked
_INVITED = timedelta(days=2)  # "are you coming?" without a date
_MOST_SOURCES = 4


def judge(thread: Thread, owner: Person, people: Mapping[str, Person], now: datetime) -> list[Finding]:
    """The obligations of `owner` in `thread` that are open at `now`, oldest first; what is later than `now` is unseen."""
    seen = tuple(_clipped(message) for message in thread.messages if message.sent_at <= now)[-LAST:]
    if not seen:
        return []
    here = reading(thread.model_copy(update={"messages": seen}), owner, people)
    open_ones = [m for m in _matters(here) if _concerns(m, here) and not _over(m, here, now)]
    open_ones.sort(key=lambda m: (m.turn.message.sent_at, m.at))
    return [_finding(matter, here, now) for matter in open_ones[-MOST:]]


def _clipped(message: Message) -> Message:
    """A message as far as anybody reads it: what one message can cost is bounded."""
    if len(message.text.text) <= LONGEST:
        return message
    return message.model_copy(update={"text": Quoted(text=message.text.text[:LONGEST])})


def _matters(here: Reading) -> list[Matter]:
    """Every matter of the thread, each with what later messages and reactions made of it."""
    matters: list[Matter] = []
    before: list[Turn] = []
    for turn in turns(here.thread, here.owner, here.names):
        respond(turn, matters, here)
        matters += list(opened(turn, before, matters, here))
        before.append(turn)
    for matter in matters:
        react(matter)
    return matters


def _concerns(matter: Matter, here: Reading) -> bool:
    """True when it is open, and the owner owes it or waits for it."""
    owner = here.owner.key
    if matter.settled or owner in matter.done_by:
        return False
    if owner in matter.doers:
        # Asked back and not answered: now the owner waits, for the answer to that question.
        return matter.asked_back is None or matter.asked_back.who != owner
    if matter.asker != owner or (matter.asked_back is not None and not matter.promised):
        return False
    if matter.doers:
        return not matter.done_by and (not matter.speech.generic or bool(matter.context))
    return not matter.promised and matter.speech.aim != "we" and asks_the_room(matter.speech)


def _over(matter: Matter, here: Reading, now: datetime) -> bool:
    """True for what time has settled: a call that has been, an open question nobody took up for days."""
    age = now - matter.last_at
    if age > _STALE or (not matter.doers and age > _STALE_IN_CHANNEL):
        return True
    if not is_about_meeting(matter.speech.text):
        return False
    sent_at, zone = matter.turn.message.sent_at, here.owner.zone
    told = last_day_told(matter.speech.text, sent_at, zone) or matter.due
    if told is None:
        return matter.speech.ask == "question" and age > _INVITED
    return told < now.astimezone(ZoneInfo(zone)).date()


def _kind(matter: Matter, owner: str) -> TaskKind:
    if owner not in matter.doers:
        return "waiting"
    if matter.blocked:
        return "blocked"
    return "decision" if matter.speech.ask == "decision" and not matter.promised else "owe"


def _finding(matter: Matter, here: Reading, now: datetime) -> Finding:
    owner = here.owner.key
    others = matter.doers - {owner, NOBODY_KNOWN}
    counterpart = matter.asker if owner in matter.doers else min(others, default="")
    due = matter.due
    if matter.accepted_due and (due is None or owner not in matter.doers):
        due = matter.accepted_due
    told = what(matter, here)
    reason = why(matter)
    return Finding(
        kind=_kind(matter, owner),
        what=told,
        why="" if reason[:40] in told else reason,
        next_step=next_step(matter, here, now),
        due=due,
        counterpart=counterpart,
        sources=tuple(turn.message.source for turn in (matter.turn, *matter.evidence))[:_MOST_SOURCES],
        sensitive=bool(is_sensitive(matter.turn.message.text.text)),
        asked_at=matter.turn.message.sent_at,
        last_at=matter.last_at,
    )

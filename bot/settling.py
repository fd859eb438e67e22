"""Cards settle by themselves: what a person answered elsewhere since the digest is shown as answered, by rules alone.

Conservative, and cheap: only places that open items come from, and places where the person spoke since, are read again.
What rules cannot tell waits for the night.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from bot import cards, drafting, draftroom, night
from bot.desk import HORIZON, Desk, Owner, begin_owner
from bot.store import accounts, choices, outbox, people, queue
from bot.store import desk as kept
from bot.store.choices import Choice
from bot.store.db import Tx
from graphs import tasks
from graphs.digest import question_item
from graphs.domain import Finding, MailSource, SlackSource, Source, Task, Thread, account_scope, channel_scope
from graphs.life import source_key
from graphs.rules.gates import answered
from graphs.rules.judge import answers_elsewhere


def settle(desk: Desk, person: int) -> None:
    """Marks what was answered since, brings the cards up to date, and makes those anew that lost their words, however old.

    May run at any time and any number of times.
    """
    owner, now = begin_owner(desk, person), desk.now()
    today = now.astimezone(cards.zone_of(owner)).date()
    with owner.begin() as tx:
        fallen = outbox.to_redo(tx, owner.scope)
        dates = (cards.date_of(key, owner.person.key) for key in fallen)
        days = [*cards.recent(tx, owner, today), *(day for day in dates if day is not None)]
        open_ = [row.task for row in kept.tasks(tx, owner.scope) if row.task.state == "open"]
    if days:
        _settle(owner, open_, night.read(desk, _nearby(owner, open_, now), now) if open_ else NOTHING, days, now)
        _settle_answered(owner, _answered_by_others(desk, owner, now), now)
    with desk.store.directory() as tx:
        hours = people.preferences(tx, person)
        queue.defer(tx, cards.tab(person))
    cards.refresh(desk, owner, days, hours)
    cards.take_back(owner, fallen)


NOTHING = night.Reading({}, {}, {})


def _settle(owner: Owner, open_: Sequence[Task], reading: night.Reading, days: Sequence[date], now: datetime) -> None:
    mailed = _answered_mails(owner)
    over = [task for task in open_ if _is_over(task, owner, reading, mailed, now)]
    with owner.begin() as tx:
        for task in over:
            if choices.press_task(tx, owner.scope, task.id, ("open",), "settled"):
                choices.choose(tx, owner.scope, Choice(task.id, "answered", now))
        told = datetime.combine(max(days), time.min, cards.zone_of(owner))
    _settle_answered(owner, frozenset(name for name, at in mailed.items() if at > told), now)


def _nearby(owner: Owner, open_: Sequence[Task], now: datetime) -> Owner:
    """The owner with those places alone that can settle something."""
    keys = {_scope_of(source) for task in open_ for source in task.sources}
    since = max(min(task.asked_at for task in open_), now - HORIZON)
    with owner.begin() as tx:
        spoke_in = {row["scope_id"] for row in tx.all("spoke_in", author=owner.person.key, since=since)}
    return replace(owner, places=tuple(p for p in owner.places if p.key in keys or p.id in spoke_in))


def _scope_of(source: Source) -> str:
    match source:
        case MailSource():
            return account_scope(source.account)
        case SlackSource():
            return channel_scope(source.channel)
        case _:
            return ""


Answered = Mapping[str, datetime]
"""Message-IDs of mails to the owner that their Sent mailbox answers, and when it last did."""


def _answered_mails(owner: Owner) -> Answered:
    with owner.begin() as tx:
        asked = _waiting(tx, owner) | {
            source.message_id
            for row in kept.tasks(tx, owner.scope)
            for source in row.task.sources
            if isinstance(source, MailSource)
        }
        boxes = [place.id for place in owner.places if place.kind == "account"]
        found = [accounts.answered(tx, box, "sent", sorted(asked)).items() for box in boxes]
    return dict(sorted((pair for box in found for pair in box), key=lambda pair: pair[1]))


def _waiting(tx: Tx, owner: Owner) -> set[str]:
    """Message-IDs of the mails that there is an untouched draft or a question for."""
    asked = {row.draft.in_reply_to for row in kept.drafts(tx, owner.scope) if row.state in kept.UNTOUCHED}
    return asked | {one.message_id for one in kept.considered(tx, owner.scope) if one.question}


def _answered_by_others(desk: Desk, owner: Owner, now: datetime) -> frozenset[str]:
    """Which of those somebody else answered in the thread, as the gates of the night see it. Only mailboxes are read where a
    mail has come that answers one of them."""
    with owner.begin() as tx:
        waiting = _waiting(tx, owner)
        boxes = [place for place in owner.places if place.kind == "account"]
        told = tuple(box for box in boxes if accounts.answered(tx, box.id, "inbox", sorted(waiting)))
    whole = night.read(desk, replace(owner, places=told), now).whole if told else {}
    found = set()
    for inbox in drafting.inboxes(whole):
        by = answered(inbox.mail, inbox.thread, owner.person, owner.own, owner.inside)
        if by is not None and by[0] == "answered_by_other" and inbox.mail.mail is not None:
            found.add(inbox.mail.mail.message_id)
    return frozenset(waiting & found)


def _is_over(task: Task, owner: Owner, reading: night.Reading, mailed: Answered, now: datetime) -> bool:
    first = task.sources[0]
    # An older reply was known when the item was found: it is what the person promised in it, say.
    if isinstance(first, MailSource) and task.kind != "waiting" and _after(mailed, first.message_id, task.last_at):
        return True
    key = source_key(first)
    home = next((t for t in reading.threads.values() if any(source_key(m.source) == key for m in t.messages)), None)
    if home is not None and _settled_in(home, task, owner, now):
        return True
    later = [m for t in reading.threads.values() if t is not home for m in t.messages if m.sent_at > task.asked_at]
    later.sort(key=lambda m: (m.sent_at, m.id))
    return answers_elsewhere(_finding(task), later, owner.person) is not None


def _after(mailed: Answered, message_id: str, moment: datetime) -> bool:
    return message_id in mailed and mailed[message_id] > moment


def _settled_in(thread: Thread, task: Task, owner: Owner, now: datetime) -> bool:
    """Whether rules saw the item in the conversation as the night read it, and do not see it any more."""
    before = tuple(m for m in thread.messages if m.sent_at <= task.last_at)
    if not before or len(before) == len(thread.messages):
        return False
    then = thread.model_copy(update={"messages": before})
    return _sees(then, task, owner, now) and not _sees(thread, task, owner, now)


def _sees(thread: Thread, task: Task, owner: Owner, now: datetime) -> bool:
    context = tasks.Context(None, lambda ref: thread, owner.person, owner.people, now)
    keys = {source_key(finding.sources[0]) for finding in tasks.by_rules(thread, context)}
    return source_key(task.sources[0]) in keys


def _finding(task: Task) -> Finding:
    return Finding(**{name: getattr(task, name) for name in Finding.model_fields})


def _settle_answered(owner: Owner, mails: frozenset[str], now: datetime) -> None:
    """Drafts and questions whose mail was answered since the digest."""
    with owner.begin() as tx:
        for row in kept.drafts(tx, owner.scope) if mails else ():
            if row.draft.in_reply_to in mails and accounts.moot(tx, owner.scope, row.draft, now):
                box = owner.place_ids.get(
                    account_scope(row.draft.account)
                )  # none: the mailbox is somebody else's by now
                if box is not None and row.state == "appended":
                    queue.defer(tx, draftroom.filing(box))
        for one in kept.considered(tx, owner.scope) if mails else ():
            if one.question and one.message_id in mails:
                choices.choose(tx, owner.scope, Choice(question_item(one), "answered", now))

"""What a press on an item changes in the store. Each may come twice, late or out of order, and ends in the same state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot import cards
from bot.desk import Owner
from bot.store import choices, messages
from bot.store import desk as kept
from bot.store.choices import Choice, Verb, thread_item
from bot.store.db import Tx
from graphs.digest import answered
from graphs.digest_value import Item
from graphs.domain import Source
from graphs.life import source_key
from graphs.outcomes import draft_item


@dataclass(frozen=True)
class Subject:
    """What a press is about: an item of a digest, or a task or draft of the Home tab."""

    item: str
    text: str
    sources: tuple[Source, ...]
    draft: kept.DraftRow | None = None
    shown: Item | None = None  # as the digest shows it


def subject(tx: Tx, owner: Owner, item: str, day: date | None) -> Subject | None:
    """The thing behind an item's id, on the desk of the owner and nowhere else."""
    shown = _shown(tx, owner, item, day)
    draft = next((row for row in kept.drafts(tx, owner.scope) if draft_item(row.draft) == item), None)
    if draft is not None:
        return Subject(item, cards.title(draft.draft), (answered(draft.draft),), draft, shown)
    if shown is not None:
        return Subject(item, shown.text, shown.sources, None, shown)
    task = next((row.task for row in kept.tasks(tx, owner.scope) if row.task.id == item), None)
    return None if task is None else Subject(item, task.what, task.sources)


def _shown(tx: Tx, owner: Owner, item: str, day: date | None) -> Item | None:
    """The item in the digest of `day`, else in one of the last."""
    for one in ([day] if day else []) + cards.recent(tx, owner, date.max):
        digest = kept.digest(tx, owner.scope, one)
        for shown in (*digest.items, *digest.more) if digest else ():
            if shown.id == item:
                return shown
    return None


def done(tx: Tx, owner: Owner, about: Subject, at: datetime) -> None:
    """It is over, and never returns."""
    choices.choose(tx, owner.scope, Choice(about.item, "done", at))
    for id_ in _tasks(tx, owner, about):
        choices.press_task(tx, owner.scope, id_, ("open", "snoozed", "settled"), "done")


def snooze(tx: Tx, owner: Owner, about: Subject, until: date, at: datetime) -> None:
    """It comes back in the digest of `until`. What is over stays over."""
    choices.choose(tx, owner.scope, Choice(about.item, "snoozed", at, until))
    for id_ in _tasks(tx, owner, about):
        choices.press_task(tx, owner.scope, id_, ("open", "snoozed"), "snoozed", until)


def not_mine(tx: Tx, owner: Owner, about: Subject, at: datetime) -> None:
    _drop(tx, owner, about, "not_mine", at)


def leave_out(tx: Tx, owner: Owner, about: Subject, at: datetime) -> bool:
    """Nothing of this thread again, until it is taken back. False when the thread is not there any more."""
    found = messages.by_sources(tx, list(about.sources[:1]))
    for key, message in found.items():
        source = next(s for s in about.sources if source_key(s) == key)
        item = thread_item(message.scope, message.thread)
        choices.choose(tx, owner.scope, Choice(item, "never", at, source=source))
        _drop_thread(tx, owner, message.scope, message.thread)
    _drop(tx, owner, about, "never", at)
    return bool(found)


def _drop(tx: Tx, owner: Owner, about: Subject, verb: Verb, at: datetime) -> None:
    choices.choose(tx, owner.scope, Choice(about.item, verb, at, source=next(iter(about.sources), None)))
    if about.draft is not None:
        discard(tx, owner, about)
    for id_ in _tasks(tx, owner, about):
        choices.press_task(tx, owner.scope, id_, ("open", "snoozed", "settled"), "dropped")


def _drop_thread(tx: Tx, owner: Owner, scope: str, thread: str) -> None:
    """Every task and untouched draft that comes from it."""
    rows = kept.tasks(tx, owner.scope)
    made_by = messages.by_sources(tx, [row.task.sources[0] for row in rows])
    for row in rows:
        message = made_by.get(source_key(row.task.sources[0]))
        if message is not None and (message.scope, message.thread) == (scope, thread):
            choices.press_task(tx, owner.scope, row.task.id, ("open", "snoozed", "settled"), "dropped")
    drafts = [row.draft for row in kept.drafts(tx, owner.scope) if row.state in kept.UNTOUCHED]
    answers = messages.by_sources(tx, [answered(draft) for draft in drafts])
    for draft in drafts:
        message = answers.get(source_key(answered(draft)))
        if message is not None and (message.scope, message.thread) == (scope, thread):
            kept.move_draft(tx, owner.scope, draft, kept.UNTOUCHED, "discarded")


def discard(tx: Tx, owner: Owner, about: Subject) -> None:
    """The draft goes; one that its owner touched in the mailbox is theirs and stays."""
    assert about.draft is not None
    kept.move_draft(tx, owner.scope, about.draft.draft, kept.UNTOUCHED, "discarded")


def take_back(tx: Tx, owner: Owner, item: str) -> None:
    """A thread is read again; what was dropped with it comes back when a night finds it still open."""
    held = choices.choices(tx, owner.scope)
    never = [one for one in held.values() if one.verb == "never" and one.source is not None]
    found = messages.by_sources(tx, [one.source for one in never if one.source is not None])
    for one in never:
        message = found.get(source_key(one.source)) if one.source is not None else None
        if one.item == item or (message is not None and thread_item(message.scope, message.thread) == item):
            choices.take_back(tx, owner.scope, one.item)
            choices.press_task(tx, owner.scope, one.item, ("dropped",), "settled")


def _tasks(tx: Tx, owner: Owner, about: Subject) -> list[str]:
    """The task itself, or the one that a question or draft stands for: made by the same message."""
    if about.draft is not None:
        return []
    keys = {source_key(source) for source in about.sources[:1]}
    rows = kept.tasks(tx, owner.scope)
    return [row.task.id for row in rows if row.task.id == about.item or source_key(row.task.sources[0]) in keys]


def next_working(day: date, working: Sequence[int]) -> date:
    """The first working day after `day`; the day after it for somebody who has none."""
    days = [day + timedelta(days=n) for n in range(1, 8)]
    return next((one for one in days if one.weekday() in working), days[0])


def next_monday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())

"""What somebody asks of their own desk, told from what their cards show: by code, in their DM with us and nowhere else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from bot import cards
from bot.audience import Place
from bot.desk import Desk, Owner, begin_owner
from bot.store import choices
from bot.store import desk as kept
from bot.store.db import Tx
from bot.store.outbox import Rest
from graphs import digest as digests
from graphs.digest_value import SECTIONS, Footer, Item, ItemLink, clip, due_words
from graphs.domain import Considered, Source, Task
from graphs.life import Life, source_key
from graphs.outcomes import draft_item
from graphs.rules.own import Own

MOST = 4
"""Things that are told one by one; with the line above them and the one below they are six lines."""

IN_OUR_DM = "What lies on your own desk I tell in our DM alone: ask me there."
NO_LIST = "I have made no list for you yet: I do that at night, and the first one comes in the morning."
_NONE: Mapping[Own, str] = {
    "unfinished": "Nothing is unfinished for you",
    "owed": "Nothing of yours is waited for",
    "waited": "You wait for nothing",
    "drafts": "No draft is ready",
}
_ONE: Mapping[Own, str] = {
    "unfinished": "1 thing is unfinished for you:",
    "owed": "1 thing of yours is waited for:",
    "waited": "You wait for 1 thing:",
    "drafts": "1 draft is ready:",
}
_SEVERAL: Mapping[Own, str] = {
    "unfinished": "{} things are unfinished for you, the most urgent first:",
    "owed": "{} things of yours are waited for, the most urgent first:",
    "waited": "You wait for {} things, the most urgent first:",
    "drafts": "{} drafts are ready, the most urgent first:",
}


@dataclass(frozen=True)
class Told:
    """An answer from a desk: with links to what it tells of, and all that its words come from."""

    text: str
    citations: tuple[Source, ...] = ()
    links: tuple[ItemLink, ...] = ()
    rests: tuple[Rest, ...] = ()


def answer(desk: Desk, here: Place, own: Own, now: datetime) -> Told:
    """The asker's own open things, the most urgent first. Among others nothing is told, not even whether there is any."""
    if here.scope is not None:
        return Told(IN_OUR_DM)
    owner = begin_owner(desk, here.asker.id)
    today = now.astimezone(cards.zone_of(owner)).date()
    with owner.begin() as tx:
        found, rests = _standing(tx, owner, own, now, today)
        is_new = not kept.tasks(tx, owner.scope) and not cards.recent(tx, owner, today)
    if is_new:
        return Told(NO_LIST)
    sources = {source_key(item.sources[0]): item.sources[0] for item in found[:MOST]}
    links = tuple(ItemLink(label=one.label, url=one.url) for one in cards.cited(desk, owner, [*sources.values()]))
    return Told(_words(found, own, today), tuple(sources.values()), links, rests)


def _standing(tx: Tx, owner: Owner, own: Own, now: datetime, today: date) -> tuple[list[Item], tuple[Rest, ...]]:
    """What is open, and what that of it which is told rests on, in the revisions that its words are of."""
    while True:
        found = _open(tx, owner, own, now, today)
        rests = cards.rests(tx, _sources(tx, owner, found[:MOST]))
        # A message that changes takes its words out of a desk: what is the same afterwards is of these revisions.
        if _open(tx, owner, own, now, today) == found:
            return found, rests


def _sources(tx: Tx, owner: Owner, told: Sequence[Item]) -> list[Source]:
    ids = {item.id for item in told}
    drafts = [row.draft for row in kept.drafts(tx, owner.scope) if draft_item(row.draft) in ids]
    said = [source for item in told for source in item.sources]
    return [*said, *(source for draft in drafts for source in cards.sources_of(draft))]


def _open(tx: Tx, owner: Owner, own: Own, now: datetime, today: date) -> list[Item]:
    """As a digest of this moment would say it, in its order and without its bounds."""
    tasks = [row.task for row in kept.tasks(tx, owner.scope) if row.task.state == "open"]
    drafts = [row.draft for row in kept.drafts(tx, owner.scope) if row.state in kept.UNTOUCHED]
    questions = _questions(tx, owner, tasks, today)
    said = [*(task.sources for task in tasks), *map(cards.sources_of, drafts), *(one.sources for one in questions)]
    theirs = cards.opens(tx, list(chain.from_iterable(said)))
    tasks = [task for task in tasks if theirs(task.sources)]
    made = digests.compose(
        digests.Night(
            person=owner.person,
            date=today,
            since=now,
            lives=tuple(Life(task=task, changed_on=today) for task in tasks),
            drafts=tuple(draft for draft in drafts if theirs(cards.sources_of(draft))),
            older=(),
            questions=tuple(one for one in questions if theirs(one.sources)),
            notices=(),
            changes=(),
            footer=Footer(),
            model=False,
        ),
        {},
    )
    waits = {task.id for task in tasks if task.kind == "waiting"}
    told = [item for item in (*made.items, *made.more) if _is_asked_for(item, own, waits)]
    return sorted(told, key=lambda item: SECTIONS.index(item.section))


def _questions(tx: Tx, owner: Owner, tasks: Sequence[Task], today: date) -> list[Considered]:
    """What the night could not answer in their place, of the mails that are open still."""
    held = choices.choices(tx, owner.scope)
    open_ = {source_key(source) for task in tasks if task.kind != "waiting" for source in task.sources}
    asked = [one for one in kept.considered(tx, owner.scope) if one.question and _is_among(one.sources, open_)]
    return [one for one in asked if _is_undecided(held.get(digests.question_item(one)), today)]


def _is_among(sources: Sequence[Source], keys: Collection[str]) -> bool:
    return any(source_key(source) in keys for source in sources)


def _is_undecided(chosen: choices.Choice | None, today: date) -> bool:
    return chosen is None or (chosen.verb == "snoozed" and chosen.until is not None and chosen.until <= today)


def _is_asked_for(item: Item, own: Own, waits: Collection[str]) -> bool:
    match own:
        case "unfinished":
            return True
        case "owed":
            return item.id not in waits
        case "waited":
            return item.id in waits
        case "drafts":
            return item.kind == "draft"


def _words(found: Sequence[Item], own: Own, today: date) -> str:
    if not found:
        return f"{_NONE[own]}. That is all."
    head = _ONE[own] if len(found) == 1 else _SEVERAL[own].format(len(found))
    beyond = len(found) - MOST
    rest = f"And {beyond} more: your Home tab has them." if beyond > 0 else "That is all."
    return "\n".join([head, *(_line(item, today) for item in found[:MOST]), rest])


def _line(item: Item, today: date) -> str:
    due = f" ({due_words(item.due, today)})" if item.due is not None else ""
    return f"• {clip(item.text, 200)}{due} → {clip(item.next_step, 120)}"

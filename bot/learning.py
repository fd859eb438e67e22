"""What was learned lately, as one person may look at it, and what of it they may take back.

A line about a channel may be taken back by any of its members, by name, and put back by any other; of a mailbox only its
owner sees any. What somebody told us to forget only they may bring back.
"""

from bot import cards
from bot.desk import Desk, Owner
from bot.slack import blocks_learned
from bot.slack.blocks_learned import NEVER, REDO, UNDO, Learned
from bot.slack.blocks_thread import Cited
from bot.slack.limits import Block
from bot.store import changes, contexts, people
from bot.store.changes import Change
from bot.store.outbox import Rest
from graphs.life import source_key
from graphs.rules.text import concluded

PAGE = 8

GONE = "That is no longer there, so nothing was changed."
NOT_THEIRS = "Only members of that channel may change what was learned there. Nothing was changed."
STANDS = "Somebody was faster: that stands as it is shown now."

_TOLD = {"added": "New", "superseded": "Changed", "dropped": "Dropped", "refused": "Refused"}


def latest(desk: Desk, owner: Owner, skip: int, most: int) -> list[Learned]:
    """Lines of the nights' diffs in what the owner may read now, of the newest night first, after the first `skip`."""
    with owner.begin() as tx:
        found = changes.latest(tx, people.readable(tx), skip, most)
        sources = changes.sources(tx, [memory for one in found for memory in one.memories])
    names = cards.linked(desk, owner, [source for held in sources.values() for source in held])
    shown = []
    for one in found:
        said = [source for memory in reversed(one.memories) for source in sources.get(memory, ())]
        cited = [names[source_key(source)] for source in said if source_key(source) in names]
        shown.append(_shown(owner, one, tuple(Cited(held.label, held.url or "") for held in cited)))
    return shown


def _shown(owner: Owner, one: Change, cited: tuple[Cited, ...]) -> Learned:
    by = owner.people[one.undone_by].name if one.undone_by in owner.people else "somebody"
    state = "" if not one.undone_by else f"{'Never again, says' if one.never else 'Undone by'} {by}"
    may, text = may_change(owner, one), concluded(one.text) if one.concluded else one.text
    return Learned(
        one.key, _TOLD[one.op], text, one.was, _where(owner, one), cited, state, may, may and one.op != "dropped"
    )


def _where(owner: Owner, one: Change) -> str:
    place = next((place for place in owner.places if place.id == one.scope), None)
    if place is None:
        return "for you"
    if place.channel is None:
        return f"your mail {place.name}"
    return f"#{place.name}" if place.channel.kind in ("public", "private") else "a direct message"


def may_change(owner: Owner, one: Change) -> bool:
    """Nobody changes what was refused: nothing came of it."""
    if one.op == "refused":
        return False
    if one.op == "dropped":
        return one.said_by == owner.person.key
    place = next((place for place in owner.places if place.id == one.scope), None)
    if place is None:
        return one.scope == owner.scope
    return place.channel is None or owner.person.key in place.channel.members


def pressed(desk: Desk, owner: Owner, action: str, change: str) -> str:
    """Does what a button says, at once for everybody who reads the place; returns why not, or ''."""
    with owner.begin() as tx:
        one = changes.one(tx, change)
    if one is None:
        return GONE
    if not may_change(owner, one):
        return NOT_THEIRS
    with desk.store.as_scope(one.scope) as tx:
        match action:
            case blocks_learned.UNDO:
                done = changes.undo(tx, one, owner.person.key)
            case blocks_learned.REDO:
                done = changes.redo(tx, one)
            case blocks_learned.NEVER if one.op != "dropped":
                done = changes.never(tx, one, owner.person.key)
            case _:
                return GONE
    return "" if done or _is_so(one, action) else STANDS


def _is_so(one: Change, action: str) -> bool:
    """Whether the same press was handled before: a second time it is no news."""
    wanted = {UNDO: (True, False), REDO: (False, False), NEVER: (True, True)}[action]
    return (bool(one.undone_by), one.never) == wanted


def known(desk: Desk, owner: Owner) -> tuple[list[tuple[str, list[Cited]]], tuple[Rest, ...]]:
    """What stands in the owner's brief, and in the company's, each line with where it comes from; and the messages that this
    is read from."""
    with desk.store.directory() as tx:
        everybody = [place.id for place in people.places(tx).values() if place.kind == "workspace"]
    with owner.begin() as tx:
        blocks = contexts.learned(tx, [owner.scope, *everybody])
        blocks.sort(key=lambda block: block.scope == "workspace")
        lines = list({line.text: line for block in blocks for line in block.lines}.values())
        held = changes.sources(tx, [memory for line in lines for memory in line.memories])
        rests = cards.rests(tx, [source for found in held.values() for source in found])
    names = cards.linked(desk, owner, [source for found in held.values() for source in found])
    told = []
    for line in lines:
        said = dict.fromkeys(source_key(source) for memory in line.memories for source in held.get(memory, ()))
        told.append((line.text, [Cited(names[key].label, names[key].url or "") for key in said if key in names]))
    return told, rests


def page(desk: Desk, owner: Owner, skip: int, told: str) -> Block:
    """A page of the modal that shows everything."""
    found = latest(desk, owner, skip, PAGE + 1)
    shown = found[:PAGE]
    older = str(skip + PAGE) if len(found) > PAGE else ""
    return blocks_learned.modal(shown, str(skip) if skip else "", older, told)

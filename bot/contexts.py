"""Learned context, rewritten at night: what should be known of a place, a person or the company before anything is asked."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bot.desk import Desk, Owner, account_of
from bot.store import contexts, people, runs
from bot.store.contexts import Block, Seen, View
from bot.store.db import Tx
from bot.thinking import think
from graphs import context as briefing
from graphs.errors import Later
from graphs.thinking import Thinker

PLACE_TOKENS, PERSON_TOKENS, WORKSPACE_TOKENS = 800, 600, 400

ANEW = 60
"""Memories that are shown when a block is made anew; so many bear a brief, however long the history is."""

BESIDE = 12
"""Of those that are neither new nor in the block, so many are shown beside its lines."""

NEWEST = 48
"""Of those that are new, so many: what a place learns in a night; of a first night the most useful."""

MOST_SEEN = 400
"""A block whose lines were handed on so long is made anew, from memories alone."""

TRIES = 3
"""Against somebody who writes the same block."""


@dataclass(frozen=True)
class Subject:
    """Whose block, from which memories, read and written with which rights."""

    scope: int
    key: str
    name: str
    about: str
    tokens: int
    view: View
    read: Callable[[], AbstractContextManager[Tx]]
    write: Callable[[], AbstractContextManager[Tx]]


def rewrite_place(desk: Desk, place: people.Place, night: date, now: datetime) -> None:
    """The block of one channel or mailbox."""
    begin = partial(desk.store.as_scope, place.id)
    about = f"the channel #{place.name}" if place.channel else f"the mailbox {place.name}"
    subject = Subject(place.id, place.key, place.name, about, PLACE_TOKENS, View((place.id,)), begin, begin)
    rewrite(desk, subject, payer(desk, place, night), night, now)


def rewrite_person(desk: Desk, owner: Owner, night: date, now: datetime) -> None:
    """The block of one person, from what they may read and what concerns them there; on their own desk."""
    own = tuple(place.id for place in owner.places if place.channel is None)
    shared = Counter(name for one in owner.people.values() for name in {one.name, *one.short_names})
    names = tuple(one for one in (owner.person.name, *owner.person.short_names) if len(one) > 2 and shared[one] == 1)
    view = View((owner.scope, *(place.id for place in owner.places)), owner.person.key, (*own, owner.scope), names)
    key = f"person:{owner.person.key}"
    about = f"{owner.person.name} and their work"
    subject = Subject(owner.scope, key, owner.person.name, about, PERSON_TOKENS, view, owner.begin, owner.begin)
    rewrite(desk, subject, desk.thinker(owner.begin, owner.scope, night), night, now)


def rewrite_workspace(desk: Desk, night: date, now: datetime) -> None:
    """The block of the workspace, once a night, from what every member may read."""
    with desk.store.directory() as tx:
        places = people.places(tx).values()
    here = next(place for place in places if place.kind == "workspace")
    public = [place for place in places if place.channel is not None and place.channel.kind == "public"]
    # Everybody who reads a channel without guests reads all public ones, and the workspace.
    reader = next(
        (one for one in public if one.channel and not one.channel.shared and not one.channel.has_guests), None
    )
    if reader is None:
        return
    begin = partial(desk.store.as_scope, here.id)
    read = partial(desk.store.as_readers_of, reader.id)
    view = View(tuple(place.id for place in public))
    subject = Subject(here.id, here.key, here.name, "the whole company", WORKSPACE_TOKENS, view, read, begin)
    with begin() as tx:
        held = next(iter(contexts.learned(tx, [here.id])), None)
    if held is None or held.night != night:
        rewrite(desk, subject, desk.thinker(begin, here.id, night), night, now)


def payer(desk: Desk, place: people.Place, night: date) -> Thinker | None:
    return desk.thinker(*account_of(desk, place), night)


# --- one block ------------------------------------------------------------------------------------


def rewrite(desk: Desk, subject: Subject, thinker: Thinker | None, night: date, now: datetime) -> None:
    """Brings a block up to date, if anything in its view was added, closed or fell since its last version.

    Raises `Later` when others kept writing it meanwhile.
    """
    for _ in range(TRIES):
        with subject.read() as tx:
            found = next(iter(contexts.learned(tx, [subject.scope])), None)
            held = found or contexts.none_yet(subject.key, subject.name)
            made_of = contexts.in_view(tx, subject.view, now)
            if made_of == held.made_of and not held.stale:
                return
            anew = thinker is None or held.stale or len(held.seen) > MOST_SEEN
            known = _known(tx, subject, held, anew, now)
        if _rewritten(desk, subject, thinker, Basis(held, made_of, anew, known), night, now):
            return
    raise Later(f"The learned context of {subject.key} is being written by somebody else.")


@dataclass(frozen=True)
class Basis:
    """What a version is made from. `anew`: from memories alone, without the lines that there are."""

    held: Block
    made_of: Seen
    anew: bool
    known: list[briefing.Known]

    @property
    def seen(self) -> frozenset[int]:
        return (frozenset() if self.anew else self.held.seen) | {one.id for one in self.known}


def _known(tx: Tx, subject: Subject, held: Block, anew: bool, now: datetime) -> list[briefing.Known]:
    """The memories that are shown beside the lines, or instead of them. Their number does not grow with the history."""
    if anew:
        return _in_order(contexts.useful(tx, subject.view, held, (), ANEW, now))
    told = {memory for line in held.lines for memory in line.memories}
    found = contexts.useful(tx, subject.view, held, told, len(held.named - told) + NEWEST + BESIDE, now)
    new = [one for one in found if one.new or one.id in held.named]
    return _in_order([*new, *[one for one in found if one not in new][:BESIDE]])


def _in_order(known: Sequence[briefing.Known]) -> list[briefing.Known]:
    """As it was said: which of two was stored first, and how old they are to the hour, changes no request."""
    return sorted(known, key=lambda one: (one.at, one.text))


def _rewritten(desk: Desk, subject: Subject, thinker: Thinker | None, basis: Basis, night: date, now: datetime) -> bool:
    """Whether the new version was written; False when somebody else was first."""
    with subject.write() as tx:
        run = runs.take(tx, f"{subject.key}/{night}/context", subject.scope)
    with desk.store.directory() as tx:
        directory = people.by_key(people.everybody(tx))
    shown = {one.id for one in basis.known}.union(*([] if basis.anew else [line.memories for line in basis.held.lines]))
    context = briefing.Context(
        thinker=thinker,
        about=subject.about,
        tokens=subject.tokens,
        lines=() if basis.anew else basis.held.lines,
        known=tuple(basis.known),
        owed=basis.held.named & shown,
        people=directory,
        now=now,
        zone=desk.zone or "UTC",
    )
    begins = {"pending": sorted(shown), "rewritten": briefing.Rewritten()}
    made: briefing.Rewritten = think(desk, run, briefing.build(), begins, context)["rewritten"]
    with subject.write() as tx:
        runs.hold(tx, run)
        written = contexts.put(tx, subject.scope, basis.held, made, basis.seen, basis.made_of, night)
        runs.end(tx, run, {"lines": len(made.lines), "fell_back": [made.fell_back] if made.fell_back else []})
    return written

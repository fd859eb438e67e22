"""Learned context, rewritten at night: what should be known of a place before anything is asked there."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import partial

from bot.desk import Desk
from bot.store import contexts, memory, people, runs
from bot.store.db import Tx
from bot.thinking import think
from graphs import context as briefing
from graphs.thinking import Thinker


def rewrite_place(desk: Desk, place: people.Place, night: date, now: datetime) -> None:
    """The block of one channel or mailbox, if anything in its view was added, closed or fell since the last version."""
    begin = partial(desk.store.as_scope, place.id)
    with begin() as tx:
        held = next(iter(contexts.learned(tx, [place.id])), None)
        view = contexts.view(tx, [place.id], now)
        if view == (held.view if held else contexts.NOTHING):
            return
        memories = tuple(memory.memories(tx, [place.id], now))
        run = runs.take(tx, f"{place.key}/{night}/context", place.id)
    context = briefing.Context(
        thinker=payer(desk, place, night),
        place=f"#{place.name}" if place.channel else f"the mailbox {place.name}",
        memories=memories,
        now=now,
        zone=desk.zone or "UTC",
    )
    begins = {"pending": [one.id for one in memories], "rewritten": briefing.Rewritten()}
    made: briefing.Rewritten = think(desk, run, briefing.build(), begins, context)["rewritten"]
    with begin() as tx:
        runs.hold(tx, run)
        contexts.put_learned(tx, place.id, held.version + 1 if held else 1, made.lines, view, night)
        runs.end(tx, run, {"lines": len(made.lines), "fell_back": [made.fell_back] if made.fell_back else []})


def payer(desk: Desk, place: people.Place, night: date) -> Thinker | None:
    """A mailbox is read on its owner's account; a channel, which many read, on its own."""
    begin: Callable[[], AbstractContextManager[Tx]] = partial(desk.store.as_scope, place.id)
    if place.owner is None:
        return desk.thinker(begin, place.id, night)
    with desk.store.directory() as tx:
        owner = next(known for known in people.everybody(tx) if known.person.key == place.owner)
        mine = people.desk_of(tx, place.owner)
    return desk.thinker(partial(desk.store.as_person, owner.id), mine, night)

"""One place's night: new messages -> facts -> memories, once for everybody who reads it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import sha256

from bot import contexts
from bot.desk import HORIZON, Desk
from bot.store import changes, memory, messages, people, runs
from bot.store import desk as kept
from bot.store.db import Tx
from bot.thinking import think
from graphs import consolidate as remember
from graphs.conversations import blocks, conversations
from graphs.domain import Fact, Memory, Message, Person, Thread
from graphs.rules.followup import among_people
from graphs.rules.natures import is_by_a_person
from graphs.rules.speech import says_nothing

MOST_NEW = 3_000
"""Messages of one place that one night reads; of more the newest, the others in the nights to come."""

NEAR = 16
"""Known statements that a new one is held against."""


@dataclass(frozen=True)
class New:
    """What a place's night has before it."""

    blocks: tuple[remember.Block, ...]  # the newest first: what the budget does not reach is the oldest
    idle: tuple[int, ...]  # rows of messages in which there is nothing to note
    left: int  # messages for the nights to come


def consolidate(desk: Desk, scope: int, night: date, now: datetime) -> None:
    """Reads what is new in one channel or mailbox and keeps what is worth knowing, for everybody who may read it."""
    with desk.store.directory() as tx:
        place = people.places(tx)[scope]
        directory = people.everybody(tx)
    begin = partial(desk.store.as_scope, scope)
    owner = next((known.person for known in directory if known.person.key == place.owner), None)
    with begin() as tx:
        begun = messages.moment(tx)
        run = runs.take(tx, f"{place.key}/{night}/consolidate", scope)
        new = _new(tx, scope, desk.inside(directory), owner, now)
    context = remember.Context(
        thinker=contexts.payer(desk, place, night),
        place=f"#{place.name}" if place.channel else f"the mailbox {place.name}",
        messages=lambda ids: _by_id(begin, ids),
        near=lambda text: _near(begin, text, now),
        people=people.by_key(directory),
        now=now,
        zone=desk.zone or "UTC",
    )
    begins = {"pending": list(new.blocks), "noted": [], "related": []}
    state = think(desk, run, remember.build(), begins, context) if new.blocks else {}
    noted: list[remember.Noted] = state.get("noted", [])
    with begin() as tx:
        runs.hold(tx, run)
        facts = _keep(tx, scope, noted, state.get("related", []), night)
        read = [row for one in noted if not one.left for row in one.block.messages]
        messages.set_noted(tx, scope, [*new.idle, *read])
        messages.forget_since(tx, begun)
        left = new.left + sum(len(one.block.messages) for one in noted if one.left)
        reasons = sorted({one.fell_back for one in noted if one.fell_back})
        runs.end(tx, run, {"blocks": len(new.blocks), "facts": facts, "left": left, "fell_back": reasons})


def _new(tx: Tx, scope: int, inside: frozenset[str], owner: Person | None, now: datetime) -> New:
    rows = messages.unnoted(tx, scope, now - HORIZON, now)
    fresh = messages.by_id(tx, rows[-MOST_NEW:])
    packed = [tuple(m.id for m in block) for block in blocks(_worth_noting(fresh, inside, owner))]
    said = {row for block in packed for row in block}
    return New(
        blocks=tuple(remember.Block(messages=block) for block in reversed(packed)),
        idle=tuple(m.id for m in fresh if m.id not in said),
        left=max(len(rows) - MOST_NEW, 0),
    )


def _keep(tx: Tx, scope: int, noted: Sequence[remember.Noted], related: Sequence[remember.Related], night: date) -> int:
    """Stores tonight's facts that nobody ruled out, and how they stand to each other; how many."""
    ruled_out = changes.ruled_out(tx, scope)
    ids: dict[int, int] = {}
    for place, fact in enumerate(remember.all_facts(noted)):
        if not changes.is_ruled_out(ruled_out, fact.quote, fact.text):
            ids[place] = memory.put_fact(tx, scope, fact, night)
            _keep_change(tx, scope, fact)
    for one in related:
        other = one.other if one.known else ids.get(one.other)
        if one.fact in ids and other is not None:
            memory.relate(tx, scope, (ids[one.fact], other), one.relation, night)
    return len(ids)


def _worth_noting(fresh: Sequence[Message], inside: frozenset[str], owner: Person | None) -> list[Thread]:
    """Conversations made of new messages alone; of mail only what people wrote to people, and nothing that only asks us or
    is politeness alone."""
    worth = [m for m in among_people(fresh) if is_by_a_person(m, inside, owner) and not says_nothing(m.text.text)]
    return conversations(worth, None, "")


def _keep_change(tx: Tx, scope: int, fact: Fact) -> None:
    """A change is told in the morning to those who may read the place; kept as a thought of the place about itself."""
    if fact.change:
        key = f"{fact.message}/{fact.change}/{sha256(fact.quote.encode()).hexdigest()[:12]}"
        kept.put_thought(tx, scope, "change", key, b"", fact, scope, "")


def _by_id(begin: Callable[[], AbstractContextManager[Tx]], ids: Sequence[int]) -> list[Message]:
    with begin() as tx:
        return messages.by_id(tx, ids)


def _near(begin: Callable[[], AbstractContextManager[Tx]], text: str, now: datetime) -> tuple[Memory, ...]:
    with begin() as tx:
        return memory.noted_about(tx, text, NEAR, now, past=True)

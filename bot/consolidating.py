"""One place's night: new messages -> facts -> memories and the place's learned context, once for everybody who reads it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Any

from bot import contexts
from bot.desk import HORIZON, Desk
from bot.store import changes, memory, messages, people, runs
from bot.store import desk as kept
from bot.store.db import Tx
from bot.thinking import think
from graphs import consolidate as remember
from graphs.conversations import blocks, conversations
from graphs.domain import Fact, Message, Person, Thread
from graphs.rules.natures import nature


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
        fresh = messages.by_id(tx, messages.unnoted(tx, scope, now - HORIZON, now))
        new = _worth_noting(fresh, desk.inside(directory), owner)
        memories = tuple(memory.memories(tx, [scope], now))
    pending = [remember.Block(messages=tuple(m.id for m in block)) for block in blocks(new)]
    context = remember.Context(
        thinker=contexts.payer(desk, place, night),
        place=f"#{place.name}" if place.channel else f"the mailbox {place.name}",
        messages=lambda ids: _by_id(begin, ids),
        memories=memories,
        people=people.by_key(directory),
        now=now,
        zone=desk.zone or "UTC",
    )
    state = think(desk, run, remember.build(), {"pending": pending, "noted": []}, context) if pending else {}
    noted = state.get("noted", [])
    facts = remember.all_facts(noted)
    with begin() as tx:
        runs.hold(tx, run)
        ruled_out = changes.ruled_out(tx, scope)
        facts = [fact for fact in facts if not changes.is_ruled_out(ruled_out, fact.quote, fact.text)]
        for fact in facts:
            memory.put_fact(tx, scope, fact, night)
            _keep_change(tx, scope, fact)
        messages.set_noted(tx, scope, [message.id for message in fresh])
        messages.forget_since(tx, begun)
        runs.end(tx, run, {"blocks": len(pending), "facts": len(facts), "fell_back": _reasons(noted)})
    contexts.rewrite_place(desk, place, night, now)


def _worth_noting(fresh: Sequence[Message], inside: frozenset[str], owner: Person | None) -> list[Thread]:
    """Conversations made of new messages alone; of mail only what people wrote to people."""
    return conversations([m for m in fresh if _by_a_person(m, inside, owner)], None, "")


def _by_a_person(message: Message, inside: frozenset[str], owner: Person | None) -> bool:
    if message.mail is None or owner is None:
        return message.author.kind != "bot"
    return message.mail.mailbox == "sent" or nature(message, inside, owner).kind == "person"


def _keep_change(tx: Tx, scope: int, fact: Fact) -> None:
    """A change is told in the morning to those who may read the place; kept as a thought of the place about itself."""
    if fact.change:
        key = f"{fact.message}/{fact.change}/{sha256(fact.quote.encode()).hexdigest()[:12]}"
        kept.put_thought(tx, scope, "change", key, b"", fact, scope, "")


def _by_id(begin: Callable[[], AbstractContextManager[Tx]], ids: Sequence[int]) -> list[Message]:
    with begin() as tx:
        return messages.by_id(tx, ids)


def _reasons(results: Sequence[Any]) -> list[str]:
    return sorted({one.fell_back for one in results if one.fell_back})

"""What follows from what several conversations said: for the readers of a channel, and for a person alone.

Only when a night has learned something, and only from what everybody in the audience may read and somebody has said:
nothing follows from conclusions, so it makes no difference which are drawn first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from hashlib import sha256

from bot import contexts
from bot.desk import Desk, Owner
from bot.store import desk as kept
from bot.store import memory, messages, people, runs
from bot.store.people import Place
from bot.store.runs import Begin
from bot.thinking import think
from graphs import conclude as following
from graphs.conclude import Concluded, Said
from graphs.domain import Memory, Message, Person
from graphs.rules import together
from graphs.rules.address import content_words
from graphs.rules.relation import name_words
from graphs.thinking import Thinker

NEAR = 24
"""Known statements that one of tonight is put together with, before code chooses among them."""

AGAINST = 4
"""Sayings of each kind that a conclusion is held against."""


@dataclass(frozen=True)
class _Audience:
    """For whom conclusions are drawn: whose scope keeps them, and what they may rest on."""

    scope: int
    key: str
    whose: str
    read: Begin  # what all of them may read
    write: Begin  # the one scope
    changed: Sequence[int]  # scopes whose news of tonight count
    suits: Callable[[Sequence[Memory]], bool]
    people: Mapping[str, Person]


def for_channel(desk: Desk, place: Place, night: date, now: datetime) -> None:
    """What follows from what a channel learned tonight, from it and from public channels."""
    if place.channel is None:
        return
    with desk.store.directory() as tx:
        everybody = people.by_key(people.everybody(tx))
    audience = _Audience(
        scope=place.id,
        key=place.key,
        whose=f"Place: #{place.name}",
        read=partial(desk.store.as_readers_of, place.id),
        write=partial(desk.store.as_scope, place.id),
        changed=(place.id,),
        suits=lambda group: True,
        people=everybody,
    )
    _conclude(desk, audience, contexts.payer(desk, place, night), night, now)


def for_person(desk: Desk, owner: Owner, night: date, now: datetime) -> None:
    """What follows only for somebody who reads several places that are not open to all; the rest is the channels'."""
    open_ = {p.key for p in owner.places if p.channel is not None and p.channel.kind == "public"}

    def suits(group: Sequence[Memory]) -> bool:
        closed = {one.scope for one in group} - open_
        return len(closed) > 1 or any(not scope.startswith("channel:") for scope in closed)

    audience = _Audience(
        scope=owner.scope,
        key=f"person:{owner.person.key}",
        whose=f"OWNER: {owner.person.name}",
        read=owner.begin,
        write=owner.begin,
        changed=[place.id for place in owner.places],
        suits=suits,
        people=owner.people,
    )
    _conclude(desk, audience, desk.thinker(owner.begin, owner.scope, night), night, now)


def _conclude(desk: Desk, audience: _Audience, thinker: Thinker | None, night: date, now: datetime) -> None:
    if thinker is None:
        return
    names = name_words(person.name for person in audience.people.values())
    with audience.read() as tx:
        fresh = memory.learned_tonight(tx, audience.changed, night)
    groups = together.groups(fresh, _near(audience, names, now), names, audience.suits)
    made = sha256(
        "\n".join(f"{one.scope} {one.valid_from.isoformat()} {one.text}" for group in groups for one in group).encode()
    ).digest()
    with audience.write() as tx:
        known = kept.thoughts(tx, audience.scope, "conclude", following.Group)
        if not groups or known.get("groups", (b"",))[0] == made:
            return
        run = runs.take(tx, f"{audience.key}/{night}/conclude", audience.scope)
    pending = [following.Group(memories=tuple(one.id for one in group)) for group in groups]
    context = following.Context(
        thinker=thinker,
        whose=audience.whose,
        memories={one.id: one for group in groups for one in group},
        against=partial(_against, audience, now),
        people=audience.people,
        now=now,
        zone=desk.zone or "UTC",
    )
    stands = think(desk, run, following.build(), {"pending": pending, "proposed": [], "stands": []}, context)["stands"]
    with audience.write() as tx:
        runs.hold(tx, run)
        for one in stands:
            premises = [context.memories[row] for row in one.premises]
            memory.conclude(tx, audience.scope, one.text, premises, 0.6, night)
        kept.put_thought(tx, audience.scope, "conclude", "groups", made, pending[0], None, "")
        runs.end(tx, run, {"groups": len(groups), "stands": len(stands)})


def _near(audience: _Audience, names: frozenset[str], now: datetime) -> together.Near:
    """What the audience may read of what a statement is about; statements of one thing ask once, and each in a transaction of
    its own: between two questions so much may be reckoned that the server takes a session for hung."""

    @cache
    def known(subject: str) -> tuple[Memory, ...]:
        with audience.read() as tx:
            return memory.noted_about(tx, subject, NEAR, now)

    def near(one: Memory) -> list[Memory]:
        found = [other for subject in together.subjects(one, names) for other in known(subject)]
        return list({other.id: other for other in found}.values())

    return near


def _against(audience: _Audience, now: datetime, one: Concluded) -> list[Said]:
    """Memories and messages that the audience may read nearest to a conclusion, without those it rests on and what only
    repeats one of them: what could speak against it."""
    with audience.read() as tx:
        told = memory.noted_about(tx, one.text, AGAINST + len(one.premises), now)
        rests = memory.by_id(tx, one.premises)
        hits = messages.recall(tx, one.text, "en", 2 * AGAINST, now)
        found = messages.by_id(tx, [hit.id for hit in hits])
    others = [each for each in told if each.id not in one.premises][:AGAINST]
    known = [content_words(f"{each.text} {each.quote}") for each in (*others, *rests)]
    new = [each for each in found if not any(content_words(each.text.text) <= words for words in known)]
    return [
        *(Said(each.said_by, each.valid_from, each.text) for each in others),
        *(Said(_who(audience, each), each.sent_at, each.text.text) for each in new[:AGAINST]),
    ]


def _who(audience: _Audience, message: Message) -> str:
    return message.author.key if message.author.key in audience.people else message.author.name

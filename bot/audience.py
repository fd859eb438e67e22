"""Where a question is asked, who reads what is said there, and what they all may read."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from bot.desk import Desk
from bot.store import people
from bot.store.db import Tx
from graphs.domain import Person, PersonKey
from graphs.errors import Later, NeedsPerson

DM = "dm"


@dataclass(frozen=True)
class Place:
    """Where a question is asked: whose rights its answer is made with. `begin` is None where the asker may not read."""

    asker: people.Known
    scope: int | None  # of the channel; None in a DM
    begin: Callable[[], AbstractContextManager[Tx]] | None
    room: int = 0  # the scope in which the conversation itself is stored; a DM has one as well
    key: str = ""  # of that scope


def place(desk: Desk, who: str, channel: str) -> Place:
    """The place named on a command line. Raises `NeedsPerson` for somebody or something nobody knows."""
    with desk.store.directory() as tx:
        asker = people.find(tx, who)
        if asker is None:
            raise NeedsPerson(f"Nobody here is {who}: name a Slack id or a mail address that was imported.")
        if channel == DM:
            return Place(asker, None, partial(desk.store.as_person, asker.id))
        scope = people.channel_named(tx, channel)
        if scope is None:
            raise NeedsPerson(f"There is no channel {channel}: name its id, its name, or dm.")
        may_read = scope in people.readable_to(tx, asker.id, None)
    # Said in a channel, an answer uses what everybody who reads it may read; the asker's own rights add nothing.
    return Place(asker, scope, partial(desk.store.as_readers_of, scope) if may_read else None)


def in_slack(desk: Desk, user: str, channel: str) -> Place | None:
    """The place of an event: the channel's readers, or in a DM with us its person. None for who or where nobody knows."""
    with desk.store.directory() as tx:
        us = (people.workspace(tx) or {"bot_user": ""})["bot_user"]
        return place_in(desk, tx, user, people.place_of_channel(tx, channel), us)


def place_in(desk: Desk, tx: Tx, user: str, held: people.Place | None, us: PersonKey) -> Place | None:
    """As `in_slack`, of a conversation that was just looked up in `tx`."""
    asker = people.find(tx, user)
    if asker is None or held is None or held.channel is None or asker.person.role == "bot" or not asker.person.active:
        return None
    if held.id not in people.readable_to(tx, asker.id, None):
        return None
    alone = held.channel.kind == "dm" and set(held.channel.members) <= {asker.person.key, us}
    begin = partial(desk.store.as_person, asker.id) if alone else partial(desk.store.as_readers_of, held.id)
    return Place(asker, None if alone else held.id, begin, held.id, held.key)


def rights(tx: Tx, here: Place) -> frozenset[int]:
    """Scopes that may be told in the place at this moment; none where its asker may not read. Any transaction may ask."""
    return frozenset() if here.begin is None else people.readable_to(tx, here.asker.id, here.scope)


def readers_of(desk: Desk, scope: int) -> Place:
    """A channel as all its readers see it, asked by nobody in particular, on whose clock most of its members look."""
    with desk.store.directory() as tx:
        held, everybody = people.place(tx, scope), people.everybody(tx)
    members = held.channel.members if held.channel is not None else ()
    zones = Counter(one.zone for one in everybody if one.zone and (one.person.key in members or not members))
    zone = min(zones, key=lambda name: (-zones[name], name), default=desk.zone)
    nobody = people.Known(0, Person(key="", name="A colleague"), zone, None)
    return Place(nobody, scope, partial(desk.store.as_readers_of, scope))


def check_rights(tx: Tx, here: Place, before: frozenset[int]) -> None:
    """Before anything is said that was made with the rights of `before`. Raises `Later` when one of them is gone."""
    if not before <= rights(tx, here):
        raise Later("Who reads this conversation has changed: what is said here is made anew.", 1)

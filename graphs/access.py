"""Who may read what: the rule, pure. The same rule stands in SQL (`nightdesk.readable`); a property test holds them together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from graphs.domain import PersonKey


@dataclass(frozen=True)
class Scope:
    """A place that holds text. `shared` and `has_guests` are None where unknown: then nobody reads through the place."""

    key: str
    kind: Literal["channel", "account", "person", "workspace"]
    channel_kind: Literal["public", "private", "dm", "mpim"] | None = None
    shared: bool | None = False
    has_guests: bool | None = False
    owner: PersonKey | None = None
    members: frozenset[PersonKey] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Reader:
    """A person as far as reading goes. `in_workspace` is False for somebody who is known by a mail address only."""

    key: PersonKey
    role: Literal["member", "guest", "outside", "bot"] = "member"
    active: bool = True
    in_workspace: bool = True


def person_reads(reader: Reader, scope: Scope) -> bool:
    """What a person may read alone: their own mailboxes and desk, their channels, and public ones unless they are a guest."""
    if not reader.active:
        return False
    if scope.kind in ("account", "person"):
        return scope.owner == reader.key
    if scope.kind == "channel" and reader.key in scope.members:
        return True
    full_member = reader.role == "member" and reader.in_workspace
    return full_member and (scope.kind == "workspace" or scope.channel_kind == "public")


def place_reads(place: Scope, scope: Scope) -> bool:
    """What may be said in channel `place`: what each of its readers may read. With guests or outsiders, only itself."""
    if place.kind != "channel" or place.shared is None or place.has_guests is None:
        return False
    if place.key == scope.key:
        return True
    open_house = not place.shared and not place.has_guests
    return open_house and (scope.kind == "workspace" or scope.channel_kind == "public")


def readable(reader: Reader, scopes: Iterable[Scope]) -> frozenset[str]:
    """Keys of the scopes that `reader` may read alone."""
    return frozenset(scope.key for scope in scopes if person_reads(reader, scope))


def sayable(place: Scope, scopes: Iterable[Scope]) -> frozenset[str]:
    """Keys of the scopes whose text may be used in an answer posted in `place`."""
    return frozenset(scope.key for scope in scopes if place_reads(place, scope))

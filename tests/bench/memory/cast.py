"""Who works in the office of the generated weeks, where they talk, and who may read what: this bench's own word on rights."""

from dataclasses import dataclass
from typing import Literal

DOMAIN = "officeweeks.example"
DM = "dm"


@dataclass(frozen=True)
class Colleague:
    key: str
    name: str
    role: Literal["member", "guest"] = "member"

    @property
    def address(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@{DOMAIN}"


@dataclass(frozen=True)
class Place:
    """Where something is said. A mailbox has its owner as its one member; `key` is a channel's id or the address."""

    key: str
    name: str
    kind: Literal["public", "private", "dm", "mailbox"]
    members: tuple[str, ...]

    @property
    def has_guests(self) -> bool:
        return any(BY_KEY[one].role == "guest" for one in self.members)


CAST = tuple(
    Colleague(f"UOW{number:02}", name, "guest" if name == "Gus Ferrand" else "member")
    for number, name in enumerate(
        ("Ada Nowak", "Bela Szabo", "Carl Iversen", "Dora Mendes", "Emil Haas", "Lena Brandt", "Lena Okafor", "Noor Rahimi",
         "Tove Lind", "Gus Ferrand"), 1)
)  # fmt: skip
"""Two share a first name, the last one is a guest."""
BY_KEY = {one.key: one for one in CAST}
BY_NAME = {one.name: one for one in CAST}
GUEST = CAST[9].key
LEAVER = CAST[8].key
"""Leaves the company in the fifth week; their words stay."""
MOVER = CAST[4].key
"""Leaves one private channel in the fifth week, and stays in the company."""

_STAFF = tuple(one.key for one in CAST if one.role == "member")
PUBLIC = tuple(
    Place(f"COW{number:02}", name, "public", (*_STAFF, GUEST) if name == "field-tests" else _STAFF)
    for number, name in enumerate(
        ("general", "launches", "supply", "assembly", "quality", "events", "support", "field-tests"), 1
    )
)
PRIVATE = (
    Place("GOW01", "pricing", "private", _STAFF[:4]),
    Place("GOW02", "board", "private", (_STAFF[0], _STAFF[4], _STAFF[5])),
    Place("GOW03", "hiring", "private", (_STAFF[4], _STAFF[6], _STAFF[7])),
    Place("GOW04", "security", "private", (_STAFF[2], _STAFF[7], _STAFF[8])),
)
DMS = (Place("DOW01", "dm-1", "dm", (_STAFF[5], _STAFF[6])), Place("DOW02", "dm-2", "dm", (_STAFF[1], _STAFF[3])))
MAILBOXES = tuple(Place(BY_KEY[key].address, BY_KEY[key].address, "mailbox", (key,)) for key in _STAFF[:5])
CHANNELS = (*PUBLIC, *PRIVATE)
PLACES = (*CHANNELS, *DMS, *MAILBOXES)
BY_PLACE = {one.key: one for one in PLACES}


@dataclass(frozen=True)
class Rights:
    """Who is where at a moment: the people who left are in no list."""

    left: frozenset[str] = frozenset()  # the company
    moved: frozenset[tuple[str, str]] = frozenset()  # (person, place)

    def members(self, place: Place) -> tuple[str, ...]:
        return tuple(one for one in place.members if (one, place.key) not in self.moved)

    def reads(self, who: str, place: Place) -> bool:
        if who in self.left:
            return False
        return who in self.members(place) or (place.kind == "public" and BY_KEY[who].role == "member")

    def told(self, who: str, where: str) -> frozenset[str]:
        """Keys of the places whose words may be used in an answer to `who` in `where` (a place's key, or `dm`)."""
        if where == DM:
            return frozenset(one.key for one in PLACES if self.reads(who, one))
        here = BY_PLACE[where]
        if not self.reads(who, here):
            return frozenset()
        open_ones = frozenset() if here.has_guests else frozenset(one.key for one in PUBLIC)
        return open_ones | {here.key}

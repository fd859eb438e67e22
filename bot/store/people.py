"""People, scopes and memberships: the directory that says who may read what. Holds no content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from bot import hours
from bot.store.db import Row, Tx
from graphs.domain import Channel, Person, Preferences
from graphs.errors import NeedsPerson


@dataclass(frozen=True)
class Known:
    """A person of the directory with the row ids that audiences are made of. `zone` is their own
    setting, else Slack's, else None; what this machine does not know as a zone is none."""

    id: int
    person: Person
    zone: str | None
    slack_id: str | None


@dataclass(frozen=True)
class Place:
    """A scope of the directory."""

    id: int
    key: str
    kind: str
    name: str
    owner: str | None
    channel: Channel | None
    aliases: tuple[str, ...] = ()  # of an account; they give no rights


def workspace(tx: Tx) -> Row | None:
    """`{team, name, domain}` of the workspace this home holds, or None before the first import."""
    return tx.one("workspace")


def set_workspace(tx: Tx, team: str, name: str = "", domain: str = "") -> None:
    """Claims this home for a workspace; nothing when it is claimed already."""
    tx.run("set_workspace", team=team, name=name, domain=domain)


def put_slack_person(tx: Tx, values: dict[str, Any], email: str) -> int:
    """Adds or updates a Slack user; somebody known by that address alone becomes the user. Returns the row id."""
    if email:
        tx.run("claim_slack_id", slack_id=values["slack_id"], email=email)
    row = tx.one("put_slack_person", **values)
    assert row is not None
    if email:
        tx.run("put_address", address=email, person=row["id"])
    return int(row["id"])


def person_of_address(tx: Tx, address: str, name: str) -> int:
    """The person who has `address`; a new one, known by it alone, when nobody has."""
    if found := tx.one("person_of_address", address=address):
        return int(found["person_id"])
    row = tx.one("put_mail_person", address=address, name=name or address, short_names=short_names([name]))
    assert row is not None
    tx.run("put_address", address=address, person=row["id"])
    return int(row["id"])


def put_account(tx: Tx, address: str) -> int:
    """Connects a mailbox with the person who has that address. Returns the scope id."""
    person = person_of_address(tx, address, "")
    row = tx.one("put_account", address=address, person=person)
    assert row is not None
    return int(row["id"])


def learn_from_sent(tx: Tx, scope: int, address: str, minutes: int | None, own: Sequence[Row]) -> None:
    """What an account's own mail says about its owner: other addresses, a name, a zone. Never a right."""
    domain = address.rpartition("@")[2]
    aliases = [row["address"] for row in own if row["address"] and row["address"].rpartition("@")[2] == domain]
    tx.run("set_aliases", scope=scope, aliases=[alias for alias in aliases if alias != address])
    name = next((row["name"] for row in own if row["name"]), "")
    if name:
        tx.run("name_mail_person", scope=scope, name=name, short_names=short_names([name]))
    if minutes is not None:
        tx.run("set_zone", scope=scope, zone=zone_of_offset(minutes))


def zone_of_offset(minutes: int) -> str:
    """A zone of that offset; without rules for summer time, because an offset alone does not tell them."""
    whole, rest = divmod(abs(minutes), 60)
    if minutes == 0 or rest or whole > 14:
        return {330: "Asia/Kolkata", 570: "Australia/Darwin", 345: "Asia/Kathmandu", 210: "Asia/Tehran"}.get(
            minutes, "UTC"
        )
    return f"Etc/GMT{'-' if minutes > 0 else '+'}{whole}"


def finish_people(tx: Tx) -> None:
    """Gives every person a desk of their own and keeps its key the person's."""
    tx.run("put_person_scope")
    tx.run("rename_person_scopes")


def put_channel(tx: Tx, channel: Channel) -> int:
    """Adds or updates a channel and who is in it. Returns the scope id."""
    row = tx.one(
        "put_channel",
        id=channel.id,
        name=channel.name,
        kind=channel.kind,
        shared=channel.shared,
        has_guests=channel.has_guests,
        archived=channel.archived,
        topic=channel.topic,
        purpose=channel.purpose,
    )
    assert row is not None
    tx.run("drop_members", scope=row["id"], members=list(channel.members))
    tx.run("put_members", scope=row["id"], members=list(channel.members))
    return int(row["id"])


def find(tx: Tx, who: str) -> Known | None:
    """Somebody by Slack id or mail address."""
    row = tx.one("find_person", who=who)
    return None if row is None else _known(row)


def require(tx: Tx, who: str) -> Known:
    """As `find`. Raises `NeedsPerson` for whom nobody knows."""
    known = find(tx, who)
    if known is None:
        raise NeedsPerson(f"Nobody here is {who}: name a Slack id or a mail address.")
    return known


def everybody(tx: Tx) -> list[Known]:
    return [_known(row) for row in tx.all("people")]


def places(tx: Tx) -> dict[int, Place]:
    """Every scope by row id. Says that a place exists, never what it holds."""
    return {row["id"]: _place(row) for row in tx.all("scopes")}


def place(tx: Tx, scope: int) -> Place:
    """One scope by row id."""
    row = tx.one("scope", id=scope)
    assert row is not None
    return _place(row)


def desk_of(tx: Tx, key: str) -> int:
    """Scope id of a person's own desk: tasks, drafts, digests, and what their night costs."""
    row = tx.one("scope_of_person", key=key)
    assert row is not None
    return int(row["id"])


def channel_named(tx: Tx, channel: str) -> int | None:
    """Scope id of a channel by id or name (with or without `#`), or None."""
    row = tx.one("find_channel", channel=channel)
    return None if row is None else int(row["id"])


def scope_of_channel(tx: Tx, channel: str) -> int | None:
    """Scope id of a channel by its id alone, or None."""
    row = tx.one("scope_of_channel", channel=channel)
    return None if row is None else int(row["id"])


def place_of_channel(tx: Tx, channel: str) -> Place | None:
    """A channel's scope by its id alone."""
    row = tx.one("channel_scope", channel=channel)
    return None if row is None else _place(row)


def readable(tx: Tx) -> list[int]:
    """Ids of the scopes that this transaction's audience may read."""
    return [row["id"] for row in tx.all("readable_scopes")]


def readable_to(tx: Tx, person: int, readers_of: int | None) -> frozenset[int]:
    """Ids of the scopes that everybody who reads a channel may read; without a channel, what the person alone may read."""
    return frozenset(row["id"] for row in tx.all("readable_to", person=person, readers_of=readers_of))


def preferences(tx: Tx, person: int) -> Preferences:
    """What the person set; the usual where they set nothing. What an older program wrote and this one does not know is
    left out."""
    row = tx.one("preferences", person=person)
    held = {} if row is None else row["settings"]
    return Preferences.model_validate({name: held[name] for name in Preferences.model_fields if name in held})


def set_preferences(tx: Tx, person: int, chosen: Preferences) -> None:
    """Keeps what differs from the usual, so that a better default reaches everybody who never chose."""
    tx.run("set_preferences", person=person, settings=Jsonb(chosen.model_dump(mode="json", exclude_defaults=True)))


def change_preferences(tx: Tx, person: int, changes: dict[str, Any]) -> Preferences:
    """Changes some of them and leaves the others as somebody else may set them at the same moment."""
    tx.one("hold_person", person=person)
    chosen = Preferences.model_validate(preferences(tx, person).model_dump() | changes)
    set_preferences(tx, person, chosen)
    return chosen


@dataclass(frozen=True)
class SlackSide:
    """How we reach a person in Slack. `user` and `dm` are '' when there is none (yet); `home` is a hash."""

    user: str
    dm: str
    home: str


def slack_side(tx: Tx, person: int) -> SlackSide:
    row = tx.one("slack_side", person=person)
    return SlackSide("", "", "") if row is None else SlackSide(row["slack_id"] or "", row["dm"], row["home"])


def set_dm(tx: Tx, person: int, channel: str) -> None:
    tx.run("set_dm", person=person, dm=channel)


def set_home(tx: Tx, person: int, hash_: str) -> None:
    tx.run("set_home", person=person, home=hash_)


def by_key(people: Iterable[Known]) -> dict[str, Person]:
    return {known.person.key: known.person for known in people}


def unknown_zones(tx: Tx) -> list[tuple[str, int]]:
    """Zones that people have and this machine does not know, with how many people that are."""
    return [(row["zone"], row["people"]) for row in tx.all("zones") if not hours.is_zone(row["zone"])]


def _known(row: Row) -> Known:
    zone = hours.first_zone(row["chosen"], row["zone"])
    person = Person(
        key=row["key"],
        name=row["name"],
        short_names=tuple(row["short_names"]),
        addresses=tuple(row["addresses"]),
        zone=zone or "UTC",
        role=row["role"],
        active=row["active"],
    )
    return Known(row["id"], person, zone, row["slack_id"])


def _place(row: Row) -> Place:
    channel = None
    if row["kind"] == "channel":
        channel = Channel(
            id=row["key"].removeprefix("channel:"),
            name=row["name"],
            kind=row["channel_kind"],
            # Unknown flags count as the careful answer.
            shared=row["shared"] is not False,
            has_guests=row["has_guests"] is not False,
            archived=row["archived"],
            members=tuple(row["members"]),
            topic=row["topic"],
            purpose=row["purpose"],
        )
    return Place(row["id"], row["key"], row["kind"], row["name"], row["owner"], channel, tuple(row["aliases"]))


def short_names(names: Sequence[str]) -> list[str]:
    """What colleagues may call somebody: each given name and its first word, without repeats, longest first."""
    found = {name.strip() for name in names if name.strip()}
    found |= {name.split()[0] for name in found}
    return sorted((name for name in found if len(name) > 1), key=lambda name: (-len(name), name))

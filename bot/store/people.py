"""People, scopes and memberships: the directory that says who may read what. Holds no content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.store.db import Row, Tx
from graphs.domain import Channel, Person


@dataclass(frozen=True)
class Known:
    """A person of the directory with the row ids that audiences are made of. `zone` is None when Slack names none."""

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


def workspace(tx: Tx) -> Row | None:
    """`{team, name, domain}` of the workspace this home holds, or None before the first import."""
    return tx.one("workspace")


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
    row = tx.one("put_mail_person", address=address, name=name, short_names=[name] if name else [])
    assert row is not None
    tx.run("put_address", address=address, person=row["id"])
    return int(row["id"])


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


def everybody(tx: Tx) -> list[Known]:
    return [_known(row) for row in tx.all("people")]


def places(tx: Tx) -> dict[int, Place]:
    """Every scope by row id. Says that a place exists, never what it holds."""
    return {row["id"]: _place(row) for row in tx.all("scopes")}


def channel_named(tx: Tx, channel: str) -> int | None:
    """Scope id of a channel by id or name (with or without `#`), or None."""
    row = tx.one("find_channel", channel=channel)
    return None if row is None else int(row["id"])


def readable(tx: Tx) -> list[int]:
    """Ids of the scopes that this transaction's audience may read."""
    return [row["id"] for row in tx.all("readable_scopes")]


def by_key(people: Iterable[Known]) -> dict[str, Person]:
    return {known.person.key: known.person for known in people}


def _known(row: Row) -> Known:
    person = Person(
        key=row["key"],
        name=row["name"],
        short_names=tuple(row["short_names"]),
        addresses=tuple(row["addresses"]),
        zone=row["zone"] or "UTC",
        role=row["role"],
        active=row["active"],
    )
    return Known(row["id"], person, row["zone"], row["slack_id"])


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
    return Place(row["id"], row["key"], row["kind"], row["name"], row["owner"], channel)


def short_names(names: Sequence[str]) -> list[str]:
    """What colleagues may call somebody: each given name and its first word, without repeats, longest first."""
    found = {name.strip() for name in names if name.strip()}
    found |= {name.split()[0] for name in found}
    return sorted((name for name in found if len(name) > 1), key=lambda name: (-len(name), name))

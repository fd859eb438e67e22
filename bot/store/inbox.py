"""What Slack told us, committed before it is acknowledged. Payloads are sealed, bound to their rows, until they are handled."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.store.db import Tx
from bot.store.seal import seal, unseal

Keys = Sequence[bytes]
Json = dict[str, Any]

KEPT = timedelta(days=30)
"""How long the key of a handled event is known; Slack repeats one for an hour."""

MOST_ATTEMPTS = 5
"""An event that was begun so often and never ended is put aside."""

AT_WORK = timedelta(minutes=1)
"""So long after a process began with an event, others that begin with it too are no further attempts."""

_ME = secrets.token_hex(8)
"""This process, in the rows of events that it has begun with."""


@dataclass(frozen=True)
class Waiting:
    """An event that nobody handled yet, with what Slack sent."""

    id: int
    key: str
    kind: str
    ts: str
    attempts: int
    payload: bytes


def put(tx: Tx, keys: Keys, key: str, kind: str, place: tuple[str, str], payload: bytes | None) -> int | None:
    """Keeps an event; None when it is known. `place`: channel and ts. Without a payload only the key is kept."""
    sealed = None if payload is None else seal(keys, _identity(key), payload)
    row = tx.one("put_event", key=key, kind=kind, channel=place[0], ts=place[1], payload=sealed)
    return None if row is None else int(row["id"])


def waiting(tx: Tx, keys: Keys, channel: str, most: int) -> list[Waiting]:
    """What waits in a channel ('': in none), as it came, without presses; at most `most`."""
    return [
        Waiting(row["id"], row["key"], row["kind"], row["ts"], row["attempts"], _open(keys, row["key"], row["payload"]))
        for row in tx.all("waiting_events", channel=channel, most=most)
    ]


def is_empty(tx: Tx, channel: str) -> bool:
    """Whether nothing waits in a channel, presses aside."""
    return tx.one("event_waits", channel=channel) is None


def count_attempt(tx: Tx, ids: Sequence[int], me: str = _ME) -> None:
    """Before events are handled. Those that another process is at just now count for that one alone.

    What this process began before and never ended was cut off: it brings in events of one channel one after the other.
    """
    tx.run("try_events", ids=list(ids), me=me, at_work=AT_WORK)


def let_go(tx: Tx, ids: Sequence[int], me: str = _ME) -> None:
    """It was not the events' fault that they are not handled: no attempt."""
    tx.run("let_events_go", ids=list(ids), me=me)


def hold(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Those that are still to be handled, held until `tx` ends."""
    return {row["id"] for row in tx.all("hold_events", ids=list(ids))}


def payload(tx: Tx, keys: Keys, event: int) -> Json | None:
    """What Slack sent; None when it was handled or never came."""
    row = tx.one("event", id=event)
    if row is None or row["payload"] is None:
        return None
    found: Json = json.loads(_open(keys, row["key"], row["payload"]))
    return found


def handled(tx: Tx, event: int, problem: str = "") -> None:
    """Its payload goes. `problem`: why it was put aside, in a few words without content."""
    tx.run("settle_event", id=event, problem=problem)


def unhandled(tx: Tx, keys: Keys) -> list[tuple[int, bytes]]:
    """(id, payload) of everything that nobody handled yet."""
    return [(row["id"], _open(keys, row["key"], row["payload"])) for row in tx.all("unhandled_events")]


def departures(tx: Tx, keys: Keys, channel: str, but: Sequence[int]) -> list[bytes]:
    """Payloads of leavings that nobody handled, except those of `but`."""
    rows = tx.all("departures", channel=channel, but=list(but))
    return [_open(keys, row["key"], row["payload"]) for row in rows]


def last_received(tx: Tx) -> datetime | None:
    row = tx.one("last_event")
    return None if row is None else row["at"]


def was_told(tx: Tx, channel: str, ts: str) -> bool:
    """Whether an event about this message came, as far back as keys are kept."""
    row = tx.one("was_told", channel=channel, ts=ts)
    return row is not None and bool(row["told"])


def purge(tx: Tx, before: datetime) -> int:
    """Forgets the keys of what was handled and came before that moment."""
    return tx.run("purge_events", before=before)


def channels(tx: Tx) -> list[str]:
    """Where events wait."""
    return [row["channel"] for row in tx.all("channels_waiting")]


def _identity(key: str) -> str:
    return f"slack_event/{key}"


def _open(keys: Keys, key: str, sealed: bytes) -> bytes:
    return unseal(keys, _identity(key), bytes(sealed))

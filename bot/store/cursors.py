"""How far the history of each channel was read: a pass that a kill, a wait or a slow workspace may interrupt anywhere."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from bot.store.db import Tx


@dataclass(frozen=True)
class Cursor:
    """Of one channel. A pass is under way while `top` is set: it goes from there back to `floor` and is at `reached`."""

    channel: str
    here: bool = True
    newest: str = ""
    top: str = ""
    reached: str = ""
    floor: str = ""
    threads: tuple[tuple[str, str], ...] = ()  # (thread, read up to)
    read_at: datetime | None = None
    compared_at: datetime | None = None
    slow: bool = False


def get(tx: Tx, channel: str) -> Cursor | None:
    row = tx.one("cursor", channel=channel)
    if row is None:
        return None
    return Cursor(**(row | {"threads": tuple((thread, upto) for thread, upto in row["threads"])}))


def put(tx: Tx, cursor: Cursor) -> None:
    """Where a pass stands, in the transaction that stored what it read."""
    tx.run(
        "put_cursor", channel=cursor.channel, newest=cursor.newest, top=cursor.top, reached=cursor.reached,
        floor=cursor.floor, threads=Jsonb([list(one) for one in cursor.threads]), read_at=cursor.read_at,
        compared_at=cursor.compared_at, slow=cursor.slow,
    )  # fmt: skip


def put_here(tx: Tx, channel: str, here: bool) -> None:
    """Whether the bot is in a channel."""
    tx.run("put_here", channel=channel, here=here)


def channels_here(tx: Tx) -> list[str]:
    """Ids of the channels the bot is in, those that were read longest ago first."""
    return [row["channel"] for row in tx.all("channels_here")]

"""Many more messages than anybody asks about, in channels that everybody reads: does an answer take longer for them?"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from bot.desk import Desk
from bot.store import messages, people
from graphs.domain import Channel, Message
from tests.bench.memory.locomo import turn

CHANNELS = 20
_PARTS = ("ba", "ko", "li", "mu", "ne", "ra", "su", "ti", "vo", "ze", "gra", "plo", "stri", "che", "fa", "wu", "ny")


def grow(desk: Desk, most: int) -> None:
    """`most` made-up messages, a channel after the other."""
    chance = random.Random(7)
    words = ["".join(word) for word in product(_PARTS, _PARTS, _PARTS)]
    weights = [1 / (rank + 30) for rank in range(len(words))]
    for number in range(CHANNELS):
        name = f"CMANY{number:02}"
        with desk.store.directory() as tx:
            scope = people.put_channel(tx, Channel(id=name, name=name.lower(), kind="public"))
        with desk.store.as_scope(scope) as tx:
            said = _said(chance, words, weights, name, most // CHANNELS)
            messages.put_slack(tx, scope, [messages.slack_row(scope, one, "en") for one in said])
            tx.all("index_scope")


def _said(chance: random.Random, words: list[str], weights: list[float], channel: str, most: int) -> Iterator[Message]:
    """Evenly over the six weeks."""
    for n in range(most):
        at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=42 * n / most)
        text = " ".join(chance.choices(words, weights, k=chance.randint(6, 30)))
        yield turn(channel, f"{channel}.{n}", f"{int(at.timestamp())}.{n:06}", f"Speaker{n % 17}", at, text)

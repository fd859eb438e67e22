"""Latency of retrieval where an audience sees 30,000 messages, and in one channel of them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product

import psycopg

from bot.store import people
from graphs.domain import Message
from tests.bench.measure import Clock, Fresh, Given, Row, report, say
from tests.bench.memory.locomo import Begin, latency, ours, put, timed, turn

MANY = 30_000


def measure(to: Given, made: Fresh) -> None:
    """In twenty public channels, and in one of them alone."""
    chance = random.Random(7)
    parts = ("ba", "ko", "li", "mu", "ne", "ra", "su", "ti", "vo", "ze", "gra", "plo", "stri", "che", "fa", "wu", "ny")
    words = ["".join(word) for word in product(parts, parts, parts)]
    weights = [1 / (rank + 30) for rank in range(len(words))]  # what is left of a language without its stop words
    with Clock(made) as clock:
        for number in range(20):
            turns = [_made_up(chance, words, weights, number, n) for n in range(MANY // 20)]
            put(made, f"CMANY{number}", turns)
    say(
        f"\n{MANY} made-up messages put and indexed: {clock.wall:.1f} s wall, {clock.server_cpu:.1f} s CPU of the server"
    )
    with psycopg.connect(made.owner, autocommit=True) as owner:
        owner.execute("update nightdesk.scope set channel_kind = 'public' where channel_kind = 'private'")
        owner.execute("analyze nightdesk.posting; analyze nightdesk.turn; analyze nightdesk.message")
    asked = [" ".join(chance.choices(words, weights, k=9)) for _ in range(100)]
    with made.store.directory() as tx:
        scope = people.channel_named(tx, "CMANY3")
    assert scope is not None
    begins: dict[str, Begin] = {
        "one channel": partial(made.store.as_scope, scope), "all public channels": partial(made.store.as_readers_of, scope),
    }  # fmt: skip
    rows: list[Row] = []
    for visible, begin in begins.items():
        with Clock(made) as clock:
            seconds = [timed(partial(ours, begin), one).seconds for one in asked]
        rows.append({"visible": visible, **latency(seconds), "server_cpu_ms": 1000 * clock.server_cpu / len(asked)})
    report(to, "latency", [*rows, {"visible": "target", "ms_median": "20 in one channel, 150 with 30,000"}])


def _made_up(chance: random.Random, words: Sequence[str], weights: Sequence[float], channel: int, n: int) -> Message:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=11 * n + 90 * (n // 8))
    text = " ".join(chance.choices(words, weights, k=chance.randint(6, 30)))
    return turn(f"CMANY{channel}", f"{channel}.{n}", f"{channel}.{n:06}", f"Speaker{n % 17}", at, text)

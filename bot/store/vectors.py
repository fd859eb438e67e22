"""What an embedding model made of messages. They are read and written with the rights of the messages themselves."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.store.db import Tx
from graphs.domain import Message
from graphs.rules.vectors import Vector


def unembedded(tx: Tx, scope: int, model: str, until: datetime, most: int) -> list[int]:
    """Rows of a scope whose present words `model` has not seen, newest first."""
    return [row["id"] for row in tx.all("unembedded", scope=scope, model=model, until=until, most=most)]


def put(tx: Tx, scope: int, model: str, made: Iterable[tuple[Message, Vector]]) -> None:
    """Keeps what `model` made of messages of one scope; of one whose words changed meanwhile nothing."""
    tx.many(
        "put_vector",
        [
            {"scope": scope, "message": one.id, "revision": one.revision, "model": model, "vector": vector}
            for one, vector in made
        ],
    )


def of(tx: Tx, messages: Sequence[int], model: str) -> dict[int, Vector]:
    """By row, as far as the audience may read them and `model` has seen them."""
    rows = tx.all("vectors_of", messages=list(messages), model=model)
    return {row["message_id"]: bytes(row["vector"]) for row in rows}

"""LangGraph's checkpoints, sealed, and written only while the run is still ours."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.base import CipherProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from bot.store.db import errors_sorted
from bot.store.runs import Fenced, Run
from bot.store.seal import seal, unseal
from graphs.errors import NeedsPerson


class Seal(CipherProtocol):
    """Seals for one run: what was written for another one is refused."""

    def __init__(self, keys: Sequence[bytes], run_id: str) -> None:
        self._keys = keys
        self._identity = f"checkpoint/{run_id}"

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        return "seal", seal(self._keys, self._identity, plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        return unseal(self._keys, self._identity, ciphertext)


class SealedSerializer(EncryptedSerializer):
    """Refuses rows that are not sealed: such a row was not written by us."""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        if not data[0].endswith("+seal"):
            raise NeedsPerson("A checkpoint is not sealed: somebody else wrote it.")
        return super().loads_typed(data)


def serializer(keys: Sequence[bytes], values: Sequence[type], run_id: str) -> SealedSerializer:
    """Seals checkpoints of one run; loading one may build the given value types and nothing else."""
    allowed = [(value.__module__, value.__qualname__) for value in values]
    return SealedSerializer(Seal(keys, run_id), JsonPlusSerializer(allowed_msgpack_modules=allowed))


class FencedSaver(PostgresSaver):
    """A saver of one run: every write checks the fence in its own transaction and keeps others from moving it."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[DictRow]], serde: SealedSerializer, run: Run) -> None:
        super().__init__(pool, serde=serde)
        self._pool = pool
        self._run = run

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[Cursor[DictRow]]:
        # The base class asks for a pipeline exactly where it writes.
        with errors_sorted(), self._pool.connection() as connection, connection.transaction():
            with connection.cursor(binary=True, row_factory=dict_row) as cursor:
                if pipeline:
                    held = cursor.execute(
                        "select nightdesk.holds(%s, %s) as ok", (self._run.id, self._run.fence)
                    ).fetchone()
                    if held is None or not held["ok"]:
                        raise Fenced(f"Run {self._run.id} was taken over by another worker.")
                yield cursor

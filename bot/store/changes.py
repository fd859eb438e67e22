"""The readable diff of each night: what was learned, changed and dropped, by the memories it is about."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from bot.store.db import Row, Tx

Op = Literal["added", "superseded", "dropped", "rewritten", "refused"]


def log(tx: Tx, scope: int, night: date, op: Op, what: str, memories: Sequence[int] = (), was: str = "") -> None:
    """One line of the diff. It falls with any of its memories. `was`: how what is changed stood before."""
    tx.run("log_change", scope=scope, night=night, op=op, what=what, memories=list(memories), was=was)


def of_night(tx: Tx, scopes: Sequence[int], night: date) -> list[Row]:
    """The readable diff of a night: `{scope, op, what}` in the order it was made."""
    return tx.all("changes_of", scopes=list(scopes), night=night)

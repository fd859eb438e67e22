"""A desk that tells for whom each request of a night is made: whose account it is on, and not what its words say of it."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from bot.desk import Desk
from bot.store import people
from bot.store.db import Tx
from graphs.reading import ValueT
from graphs.thinking import Failure, Thinker


@dataclass(frozen=True)
class Paying(Desk):
    """As the desk it is made of. Of what several scopes asked in the same words each is told once."""

    asked: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def thinker(self, begin: Callable[[], AbstractContextManager[Tx]], scope: int, night: date) -> Thinker | None:
        made = super().thinker(begin, scope, night)
        if made is None:
            return None

        def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
            self.asked[user].append(scope)
            return made.think(step, system, user, schema, max_tokens)

        def say(
            step: str, system: str, user: str, on_token: Callable[[str], None], max_tokens: int = 1_000
        ) -> str | Failure:
            self.asked[user].append(scope)
            return made.say(step, system, user, on_token, max_tokens)

        return Thinker(think, say)

    def whose(self, body: dict[str, Any]) -> str:
        """The scope that a request was made for, by its key."""
        scope = self.asked[body["messages"][1]["content"]].pop(0)
        with self.store.directory() as tx:
            return people.place(tx, scope).key


def paying(desk: Desk) -> Paying:
    return Paying(**{one.name: getattr(desk, one.name) for one in fields(Desk)})

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
    """As the desk it is made of, with the scopes that asked, by their words."""

    asked: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def thinker(self, begin: Callable[[], AbstractContextManager[Tx]], scope: int, night: date) -> Thinker | None:
        made = super().thinker(begin, scope, night)
        if made is None:
            return None

        def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
            self.asked[user].add(scope)
            return made.think(step, system, user, schema, max_tokens)

        def say(
            step: str, system: str, user: str, on_token: Callable[[str], None], max_tokens: int = 1_000
        ) -> str | Failure:
            self.asked[user].add(scope)
            return made.say(step, system, user, on_token, max_tokens)

        return Thinker(think, say)

    def whose(self, body: dict[str, Any]) -> list[str]:
        """The scopes that a request was made for, by their keys: more than one when they ask in the same words."""
        scopes = sorted(self.asked[body["messages"][1]["content"]])
        with self.store.directory() as tx:
            return [people.place(tx, scope).key for scope in scopes]


def paying(desk: Desk) -> Paying:
    return Paying(**{one.name: getattr(desk, one.name) for one in fields(Desk)})

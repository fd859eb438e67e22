"""The embedding model's only adapter: texts -> directions, from any endpoint that has `/v1/embeddings`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.models import errors_sorted, line_to
from bot.settings import OPENAI, RoleSettings
from graphs.rules.vectors import Vector, packed

if TYPE_CHECKING:
    from openai.types.create_embedding_response import Usage


@dataclass(frozen=True)
class Embedded:
    """In the order of the texts. `tokens` is 0 where the server counted nothing."""

    vectors: tuple[Vector, ...]
    tokens: int
    seconds: float


@dataclass(frozen=True)
class Embedder:
    """One model at one endpoint. `embed` waits at most so many seconds and raises `Busy`, `Refused` or `NeedsPerson`."""

    role: RoleSettings
    embed: Callable[[Sequence[str], float], Embedded]
    close: Callable[[], None]


def embedder(role: RoleSettings | None) -> Embedder | None:
    """None when the role is off. Safe to call from several threads; imports openai."""
    if role is None:
        return None
    import openai

    line: Any = line_to(role)  # openai names the type of a fork
    client = openai.OpenAI(
        base_url=role.base_url or OPENAI, api_key=role.api_key or "none", max_retries=0, http_client=line
    )

    def embed(texts: Sequence[str], patience: float) -> Embedded:
        begun = time.monotonic()
        with errors_sorted(role):
            # Asked for base64, which is the default, some servers send numbers all the same.
            said = client.embeddings.create(
                model=role.model, input=list(texts), encoding_format="float", timeout=patience
            )
            by_place = {one.index: packed(one.embedding) for one in said.data}
            vectors = tuple(by_place[place] for place in range(len(texts)))
            return Embedded(vectors, _counted(said.usage), time.monotonic() - begun)

    return Embedder(role, embed, line.close)


def _counted(usage: "Usage | None") -> int:
    """Small servers leave it out."""
    return usage.prompt_tokens if usage is not None else 0

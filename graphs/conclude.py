"""What follows from several memories: START -> propose -> challenge -> END.

`propose` puts two or more statements together that code found to share a subject; `challenge` holds each conclusion against
what else is known nearest to it, and only what stands is kept. Code sees to it that a conclusion names its premises and adds
no number, name or link that they do not have; a sum, a difference and a count may be added, because code can check them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from graphs import checks
from graphs.conversations import stamp
from graphs.domain import Memory, Person, Quoted, Value
from graphs.prompts import prompt
from graphs.quote import attribute, one_line
from graphs.rules.address import content_words
from graphs.rules.relation import Statement
from graphs.thinking import Failure, Thinker

MOST = 4
"""Conclusions of one place and night."""

MOST_GROUPS = 6
MOST_TOGETHER = 4
"""Statements of one group: one of tonight, and what shares most with it."""


class Group(Value):
    """Rows of memories that share a subject, the first from tonight."""

    memories: tuple[int, ...]


class Concluded(Value):
    text: str
    premises: tuple[int, ...]  # rows of memories, at least two


class State(TypedDict):
    pending: list[Group]
    proposed: list[Concluded]
    stands: list[Concluded]


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, about memories that one audience may read."""

    thinker: Thinker
    whose: str  # "Place: #general" or "OWNER: Ada Lovelace", for whom it is concluded
    memories: Mapping[int, Memory]
    against: Callable[[str], Sequence[str]]  # what that audience may read nearest to a text, one saying each
    people: Mapping[str, Person]
    now: datetime
    zone: str


class Proposed(Value):
    text: Annotated[str, Field(max_length=400)]
    premises: Annotated[tuple[int, ...], Field(max_length=6)]


class Proposals(Value):
    conclusions: Annotated[tuple[Proposed, ...], Field(max_length=12)]


class Verdicts(Value):
    stand: Annotated[tuple[int, ...], Field(max_length=12)]


def groups(changed: Iterable[Memory], near: Callable[[Memory], Sequence[Memory]]) -> list[tuple[Memory, ...]]:
    """What of tonight may say more together with what is known: statements that share a word of their subject."""
    found: dict[frozenset[int], tuple[float, tuple[Memory, ...]]] = {}
    for memory in changed:
        about = _about(memory)
        shares = {other.id: len(about & _about(other)) for other in near(memory) if _may_join(memory, other)}
        known = {other.id: other for other in near(memory)}
        best = sorted((row for row, shared in shares.items() if shared), key=lambda row: -shares[row])[
            : MOST_TOGETHER - 1
        ]
        if best:
            group = (memory, *(known[row] for row in best))
            strength = shares[best[0]] / max(len(about), 1)
            found.setdefault(frozenset(one.id for one in group), (strength, group))
    ranked = sorted(found.values(), key=lambda one: -one[0])
    return [group for _, group in ranked[:MOST_GROUPS]]


def _about(memory: Memory) -> frozenset[str]:
    said = Statement(memory.text, memory.quote, memory.said_by, memory.valid_from, memory.kind)
    return said.about | said.named


def _may_join(memory: Memory, other: Memory) -> bool:
    return other.id != memory.id and other.kind != "conclusion" and not set(other.sources) <= set(memory.sources)


# --- proposing ------------------------------------------------------------------------------------


def propose(state: State, runtime: Runtime[Context]) -> dict[str, list[Concluded]]:
    """Conclusions as a model puts them, as far as they rest on what they name."""
    context = runtime.context
    rows = shown(state["pending"], context)
    reply = context.thinker.think(
        "conclude", prompt("conclude"), question(state["pending"], rows, context), Proposals, 800
    )
    if isinstance(reply, Failure):
        return {"proposed": []}
    found = [concluded for one in reply.conclusions if (concluded := read(one, rows, context)) is not None]
    return {"proposed": found[:MOST]}


def shown(pending: Sequence[Group], context: Context) -> list[int]:
    """Rows in the order in which a prompt numbers them, each once."""
    return list(dict.fromkeys(row for group in pending for row in group.memories if row in context.memories))


def question(pending: Sequence[Group], rows: Sequence[int], context: Context) -> str:
    told: list[str] = []
    new: set[int] = set()
    for group in pending:
        told.append("--")
        told += [_told(row, rows, context) for row in group.memories if row in rows and row not in new]
        new |= set(group.memories)
    return f"{_where(context)}\n<notes>\n" + "\n".join(told[1:]) + "\n</notes>"


def _where(context: Context) -> str:
    return f"{attribute(context.whose)}. It is {stamp(context.now, context.zone)[:14]}."


def _told(row: int, rows: Sequence[int], context: Context) -> str:
    memory = context.memories[row]
    person = context.people.get(memory.said_by)
    name = attribute(person.name if person else memory.said_by)
    said = f"{name}, {stamp(memory.valid_from, context.zone)[4:14]}"
    return f"{rows.index(row) + 1} ({said}) {one_line(Quoted(text=memory.text), 200)}"


def read(one: Proposed, rows: Sequence[int], context: Context) -> Concluded | None:
    """None unless it rests on two statements that were shown and adds only what code can check."""
    named = [rows[n - 1] for n in dict.fromkeys(one.premises) if 1 <= n <= len(rows)]
    text = " ".join(one.text.split())[:240]
    premises = [context.memories[row] for row in named]
    if len(named) < 2 or len(named) < len(set(one.premises)) or adds(text, premises, context.people):
        return None
    return Concluded(text=text, premises=tuple(named))


def adds(text: str, premises: Sequence[Memory], people: Mapping[str, Person]) -> bool:
    """Whether a conclusion says something that its premises neither have nor add up to, or nothing beyond one of them."""
    said = [part for one in premises for part in (one.text, one.quote)]
    speakers = [people[one.said_by].name for one in premises if one.said_by in people]
    days = [one.valid_from.date() for one in premises]
    unknown = checks.unknown_numbers(text, said, days) - counted([one.text for one in premises])
    known = {word for part in [*said, *speakers] for word in _words(part)}
    names = {word for person in people.values() for word in _words(person.name) if len(word) > 2}
    strange = (_words(text) & names) | {w.casefold() for w in _CAPITALS.findall(text)}
    own = content_words(text)
    repeats = not own or any(len(own - content_words(f"{one.text} {one.quote}")) == 0 for one in premises)
    return bool(unknown or checks.unknown_links(text, said) or strange - known or repeats)


_CAPITALS = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'-]{2,}")


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.casefold().replace("'s", "")))


def counted(texts: Sequence[str]) -> set[str]:
    """Numbers that the numbers of some statements add up to or differ by, and how many statements there are."""
    each = [sorted(int(n) for n in checks.numbers(text) if len(n) < 12)[:6] for text in texts]
    values = [value for found in each for value in found][:10]
    sums = {sum(some) for size in range(2, len(values) + 1) for some in combinations(values, size)}
    gaps = {abs(a - b) for a, b in combinations(values, 2)}
    return {str(value) for value in sums | gaps | set(range(2, len(texts) + 1))}


# --- challenging ----------------------------------------------------------------------------------


def challenge(state: State, runtime: Runtime[Context]) -> dict[str, list[Concluded]]:
    """Those that a second look leaves standing, held against what else is known. Without an answer none does."""
    context, proposed = runtime.context, state["proposed"]
    if not proposed:
        return {"stands": []}
    reply = context.thinker.think("challenge", prompt("challenge"), doubt(proposed, context), Verdicts, 300)
    if isinstance(reply, Failure):
        return {"stands": []}
    return {"stands": [one for n, one in enumerate(proposed, 1) if n in reply.stand]}


def doubt(proposed: Sequence[Concluded], context: Context) -> str:
    """Each conclusion with what it rests on, and with what speaks of the same things."""
    told = []
    for n, one in enumerate(proposed, 1):
        told.append(f"{n} {one_line(Quoted(text=one.text), 260)}")
        told += [f"  rests on: {one_line(Quoted(text=context.memories[row].text), 200)}" for row in one.premises]
        told += [f"  also said: {one_line(Quoted(text=text), 200)}" for text in context.against(one.text)]
    return f"{_where(context)}\n<conclusions>\n" + "\n".join(told) + "\n</conclusions>"


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("propose", propose)
    graph.add_node("challenge", challenge)
    graph.add_edge(START, "propose")
    graph.add_edge("propose", "challenge")
    graph.add_edge("challenge", END)
    return graph

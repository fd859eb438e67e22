"""What follows from several memories: START -> propose -> challenge -> END.

`propose` puts two or more statements together that code found to share a subject; `challenge` holds each conclusion against
what else is known nearest to it, and only what stands is kept. Code sees to it that a conclusion names its premises and adds
no number, name or link that they do not have; a sum, a difference and a count may be added, because code can check them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
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
from graphs.rules.days import reckoned
from graphs.rules.text import unlabelled
from graphs.thinking import Failure, Thinker

MOST = 8
"""Conclusions of one place and night."""


class Group(Value):
    """Rows of memories that share a subject, the first from tonight."""

    memories: tuple[int, ...]


@dataclass(frozen=True)
class Said:
    """What somebody said, as a doubt is shown it."""

    by: str  # name, or key of a person
    at: datetime
    text: str


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
    against: Callable[[Concluded], Sequence[Said]]  # what else that audience may read nearest to a conclusion
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
        first = [row for row in group.memories if row in rows and row not in new]
        again = [str(rows.index(row) + 1) for row in group.memories if row in new]
        if first:
            told.append(f"-- with {', '.join(again)}" if again else "--")
            told += [_told(row, rows, context) for row in first]
        new |= set(first)
    return f"{_where(context)}\n<notes>\n" + "\n".join(told[1:]) + "\n</notes>"


def _where(context: Context) -> str:
    return f"{attribute(context.whose)}. It is {stamp(context.now, context.zone)[:14]}."


def _told(row: int, rows: Sequence[int], context: Context) -> str:
    return f"{rows.index(row) + 1} {_said(_of_memory(context.memories[row]), context)}"


def _of_memory(memory: Memory) -> Said:
    return Said(memory.said_by, memory.valid_from, memory.text)


def _said(one: Said, context: Context) -> str:
    person = context.people.get(one.by)
    name = attribute(person.name if person else one.by)
    return f"({name}, {stamp(one.at, context.zone)}) {one_line(Quoted(text=one.text), 200)}"


def read(one: Proposed, rows: Sequence[int], context: Context) -> Concluded | None:
    """None unless it rests on two statements that were shown and adds only what code can check."""
    named = [rows[n - 1] for n in dict.fromkeys(one.premises) if 1 <= n <= len(rows)]
    text = unlabelled(one.text)[:280]
    premises = [context.memories[row] for row in named]
    if len(named) < 2 or len(named) < len(set(one.premises)) or adds(text, premises, context.people):
        return None
    return Concluded(text=text, premises=tuple(named))


def adds(text: str, premises: Sequence[Memory], people: Mapping[str, Person]) -> bool:
    """Whether a conclusion says something that its premises neither have nor add up to, or nothing beyond one of them."""
    said = [part for one in premises for part in (one.text, one.quote)]
    speakers = [people[one.said_by].name for one in premises if one.said_by in people]
    days = {one.valid_from.date() for one in premises}
    days |= reckoned([(one.text, one.valid_from.date()) for one in premises])
    unknown = checks.unknown_numbers(text, said, days) - counted([one.text for one in premises])
    known = {word for part in [*said, *speakers, *(f"{day:%B %b}" for day in days)] for word in _words(part)}
    names = {word for person in people.values() for word in _words(person.name) if len(word) > 2}
    strange = (_words(text) & names) | {w.casefold().removesuffix("'s") for w in _CAPITALS.findall(text)}
    own = content_words(text)
    repeats = not own or any(len(own - content_words(f"{one.text} {one.quote}")) == 0 for one in premises)
    return bool(unknown or checks.unknown_links(text, said) or strange - known or repeats)


_CAPITALS = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'-]{2,}")


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.casefold().replace("'s", "")))


def counted(texts: Sequence[str]) -> set[str]:
    """What amounts of two or more statements add up to or differ by, and how many statements there are."""
    sizes = range(2, len(texts) + 1)
    some = (chosen for size in sizes for chosen in combinations(texts, size))
    return {total for chosen in some for total in checks.totals(chosen)} | {str(size) for size in sizes}


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
    """Each conclusion with what it rests on, and with what else speaks of the same things, oldest first."""
    told = []
    for n, one in enumerate(proposed, 1):
        told.append(f"{n} {one_line(Quoted(text=one.text), 300)}")
        told += [f"  rests on: {_said(_of_memory(context.memories[row]), context)}" for row in one.premises]
        others = sorted(context.against(one), key=lambda said: (said.at, said.text))
        told += [f"  also said: {_said(other, context)}" for other in others]
    return f"{_where(context)}\n<conclusions>\n" + "\n".join(told) + "\n</conclusions>"


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("propose", propose)
    graph.add_node("challenge", challenge)
    graph.add_edge(START, "propose")
    graph.add_edge("propose", "challenge")
    graph.add_edge("challenge", END)
    return graph

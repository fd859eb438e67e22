"""The learned context of one scope: START -> rewrite -> END.

A short standing brief, brought up to date from its own lines and from memories, never from what people wrote. Each line
names the memories it rests on; code checks numbers, links and names against them, refuses what forgets too much, and
appends the new memories itself when there is no usable answer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from graphs import checks
from graphs.conversations import stamp
from graphs.domain import ContextLine, Person, PersonKey, Quoted, Value
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.text import CONCLUDED, concluded, unlabelled
from graphs.thinking import Failure, Thinker

LONGEST = 220
"""Characters of a line."""

LOST = 4
"""A rewrite may lose one in so many of the memories that the brief named and that still hold."""


class Rewritten(Value):
    """The new lines. `fell_back` says why code wrote them although there is a model; "" otherwise."""

    lines: tuple[ContextLine, ...] = ()
    refused: bool = False  # what the model wrote lost too much: the old lines stand, with what is new appended
    fell_back: str = ""


class State(TypedDict):
    pending: list[int]  # row ids of the memories that are shown
    rewritten: Rewritten


@dataclass(frozen=True)
class Known:
    """One memory as this graph needs it."""

    id: int
    kind: str
    text: str
    said_by: PersonKey
    at: datetime
    new: bool  # was not there when the brief was written


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, over memories of one scope."""

    thinker: Thinker | None
    about: str  # "the channel #general", "Ada Lovelace and her work", "the whole company"
    tokens: int  # of the whole brief; a token is four characters
    lines: tuple[ContextLine, ...]  # of the brief as it stands; none when it has to be made anew
    known: tuple[Known, ...]  # what is not in those lines
    owed: frozenset[int]  # memories that the brief named and that still hold
    people: Mapping[PersonKey, Person]
    now: datetime
    zone: str


class Line(Value):
    text: Annotated[str, Field(max_length=400)]
    notes: tuple[str, ...]


class Lines(Value):
    lines: Annotated[tuple[Line, ...], Field(max_length=40)]


def rewrite(state: State, runtime: Runtime[Context]) -> dict[str, Rewritten]:
    """The brief by the model when it answers with lines that stand and lose little, else by code."""
    context = runtime.context
    if context.thinker is None:
        return {"rewritten": Rewritten(lines=appended(context))}
    reply = context.thinker.think("context", prompt("context"), question(context), Lines, 2 * context.tokens)
    if isinstance(reply, Failure):
        return {"rewritten": Rewritten(lines=appended(context), fell_back=reply.reason)}
    lines = read(reply, context)
    lost = context.owed - {memory for line in lines for memory in line.memories}
    if not lines or LOST * len(lost) > len(context.owed):
        return {"rewritten": Rewritten(lines=appended(context), refused=bool(context.owed))}
    return {"rewritten": Rewritten(lines=lines)}


def question(context: Context) -> str:
    """The brief as it stands, then what it does not say yet: what changes most stands last."""
    lines, known = _named(context)
    asked = [f"The brief is about {attribute(context.about)}; at most {_words(context.tokens)} words."]
    asked += [fence("line", Quoted(text=line.text), {"id": key}, LONGEST + 40) for key, line in lines.items()]
    asked += [fence("note", Quoted(text=one.text), _shown(key, one, context), 260) for key, one in known.items()]
    asked.append(f"It is {stamp(context.now, context.zone)[:14]}.")
    return "\n".join(asked)


def _words(tokens: int) -> int:
    """As many as surely fit, in round figures: models count words better than characters."""
    return max(4 * tokens // 70 * 10, 10)


def _named(context: Context) -> tuple[dict[str, ContextLine], dict[str, Known]]:
    """Lines and memories by the names that the prompt gives them: row ids are counted over all places, and would tell one
    place how much another one noted."""
    lines = {f"L{n}": line for n, line in enumerate(context.lines, 1)}
    return lines, {f"K{n}": one for n, one in enumerate(context.known, 1)}


def _shown(key: str, one: Known, context: Context) -> dict[str, str]:
    by = context.people[one.said_by].name if one.said_by in context.people else ""
    shown = {"id": key, "at": stamp(one.at, context.zone)[:14]} | ({"by": by} if by else {})
    kind = {"kind": "conclusion"} if one.kind == "conclusion" else {}
    return shown | kind | ({"new": "yes"} if one.new and context.lines else {})


def read(reply: Lines, context: Context) -> tuple[ContextLine, ...]:
    """Lines that rest on what was shown and add no number, link or name to it, as many as fit."""
    lines, known = _named(context)
    kept: list[ContextLine] = []
    for line in reply.lines:
        made = _line(line, lines, known, context)
        if made is not None and not _is_told(made, kept) and _fits([*kept, made], context.tokens):
            kept.append(made)
    return tuple(kept)


def _is_told(line: ContextLine, kept: Sequence[ContextLine]) -> bool:
    """Whether a line before it rests on all that this one does: models like to say a thing twice."""
    return any(set(line.memories) <= set(one.memories) for one in kept)


def _line(
    said: Line, lines: Mapping[str, ContextLine], known: Mapping[str, Known], context: Context
) -> ContextLine | None:
    """A line that stays as it is when it names an old one and nothing else; None when it does not stand."""
    old = [lines[ref] for ref in dict.fromkeys(said.notes) if ref in lines]
    new = [known[ref] for ref in dict.fromkeys(said.notes) if ref in known]
    text = " ".join(said.text.split())
    if len(old) == 1 and not new and not re.search(r"\w", text):
        return old[0]
    people = [context.people[one.said_by].name for one in new if one.said_by in context.people]
    sources = [context.about, *(line.text for line in old), *(one.text for one in new), *people]
    invents = (
        checks.unknown_numbers(text, sources, [one.at.date() for one in new])
        or checks.unknown_links(text, sources)
        or checks.unknown_names(text, sources, _names(context.people))
    )
    if not (old or new) or not re.search(r"\w", text) or invents:
        return None
    is_concluded = any(one.kind == "conclusion" for one in new) or any(line.text.startswith(CONCLUDED) for line in old)
    memories = dict.fromkeys([*(id_ for line in old for id_ in line.memories), *(one.id for one in new)])
    return ContextLine(text=_told(text, is_concluded), memories=tuple(memories))


def _told(text: str, is_concluded: bool) -> str:
    return (concluded(text) if is_concluded else unlabelled(text))[:LONGEST]


def _names(people: Mapping[PersonKey, Person]) -> frozenset[str]:
    """Every part of every name: a person whom no source names must not come into a line."""
    return frozenset(part for person in people.values() for part in person.name.split() if len(part) > 2)


def _fits(lines: Sequence[ContextLine], tokens: int) -> bool:
    return sum(len(line.text) + 1 for line in lines) <= 4 * tokens


def appended(context: Context) -> tuple[ContextLine, ...]:
    """The lines as they stand, then single memories, the newest first, as many as fit: what code offers for a brief."""
    kept = list(context.lines)
    newest = sorted(context.known, key=lambda one: (one.at, one.text), reverse=True)
    for one in sorted(newest, key=lambda one: not one.new):
        line = ContextLine(text=_told(" ".join(one.text.split()), one.kind == "conclusion"), memories=(one.id,))
        if _fits([*kept, line], context.tokens):
            kept.append(line)
    return tuple(kept)


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("rewrite", rewrite)
    graph.add_edge(START, "rewrite")
    graph.add_edge("rewrite", END)
    return graph

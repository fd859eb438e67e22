"""The learned context of one scope: START -> rewrite -> END.

A short standing brief, rewritten from memories alone and never from what people wrote. Each line names the memories it
rests on; code checks numbers and links against them. Without a usable answer the newest memories are the brief.
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
from graphs.domain import ContextLine, Memory, Quoted, Value
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.thinking import Failure, Thinker

MOST_LINES = 12


class Rewritten(Value):
    """The new lines. `fell_back` says why code wrote them although there is a model; "" otherwise."""

    lines: tuple[ContextLine, ...] = ()
    fell_back: str = ""


class State(TypedDict):
    pending: list[int]  # row ids of the memories that are shown
    rewritten: Rewritten


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, over memories of one scope."""

    thinker: Thinker | None
    place: str  # "#general", "the mailbox ada@…"
    memories: tuple[Memory, ...]
    now: datetime
    zone: str


class Line(Value):
    text: Annotated[str, Field(max_length=400)]
    notes: tuple[str, ...]


class Lines(Value):
    lines: Annotated[tuple[Line, ...], Field(max_length=30)]


def rewrite(state: State, runtime: Runtime[Context]) -> dict[str, Rewritten]:
    """The brief by the model when it answers with lines that stand, else by code."""
    context = runtime.context
    notes = named(context.memories)
    if context.thinker is None:
        return {"rewritten": Rewritten(lines=plain(context.memories))}
    reply = context.thinker.think("context", prompt("context"), question(notes, context), Lines, 1_500)
    if isinstance(reply, Failure):
        return {"rewritten": Rewritten(lines=plain(context.memories), fell_back=reply.reason)}
    return {"rewritten": Rewritten(lines=read(reply, notes) or plain(context.memories))}


def question(notes: Mapping[str, Memory], context: Context) -> str:
    listed = "\n".join(
        fence("note", Quoted(text=m.text), {"id": key, "at": stamp(m.valid_from, context.zone)}, 260)
        for key, m in notes.items()
    )
    return f"Place: {attribute(context.place)}. It is {stamp(context.now, context.zone)}.\nNotes:\n{listed}"


def read(reply: Lines, notes: Mapping[str, Memory]) -> tuple[ContextLine, ...]:
    """Lines that rest on notes there are and add no number to them."""
    kept = []
    for line in reply.lines[:MOST_LINES]:
        rests = [notes[ref] for ref in dict.fromkeys(line.notes) if ref in notes]
        texts = [memory.text for memory in rests]
        days = [memory.valid_from.date() for memory in rests]
        invents = checks.unknown_numbers(line.text, texts, days) or checks.unknown_links(line.text, texts)
        if rests and re.search(r"\w", line.text) and not invents:
            text = " ".join(line.text.split())[:220]
            kept.append(ContextLine(text=text, memories=tuple(memory.id for memory in rests)))
    return tuple(kept)


def plain(memories: Sequence[Memory]) -> tuple[ContextLine, ...]:
    """The newest statements as they stand: what code offers for a brief."""
    newest = sorted(memories, key=lambda m: (m.valid_from, m.text), reverse=True)
    return tuple(ContextLine(text=m.text[:220], memories=(m.id,)) for m in newest[:MOST_LINES])


def named(memories: Sequence[Memory]) -> dict[str, Memory]:
    """Memories by the name a prompt gives them: their place among those shown. Row ids are counted over all places, and
    would tell one place how much another one noted."""
    return {f"K{n}": memory for n, memory in enumerate(memories, 1)}


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("rewrite", rewrite)
    graph.add_edge(START, "rewrite")
    graph.add_edge("rewrite", END)
    return graph

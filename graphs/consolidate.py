"""What is worth keeping of a place: START -> note (once for each block of new messages, side by side) -> END.

`note` finds statements, each with a verbatim quote. Code checks every quote, number and reference; without a usable
answer the rules note.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send
from pydantic import Field

from graphs import checks
from graphs.conversations import lines, stamp
from graphs.domain import Fact, Memory, Message, Person, Quoted, Value
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.natures import is_sensitive
from graphs.rules.reference import facts as facts_by_rules
from graphs.thinking import Failure, Thinker


class Block(Value):
    """Rows of messages that are read together."""

    messages: tuple[int, ...]


class Noted(Value):
    """The facts of one block. `fell_back` says why rules noted although there is a model; "" otherwise."""

    block: Block
    facts: tuple[Fact, ...]
    fell_back: str = ""


class State(TypedDict):
    pending: list[Block]
    noted: Annotated[list[Noted], operator.add]


class One(TypedDict):
    block: Block


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and read one place."""

    thinker: Thinker | None
    place: str  # "#general", "the mailbox ada@…"
    messages: Callable[[Sequence[int]], list[Message]]
    memories: tuple[Memory, ...]  # valid now
    people: Mapping[str, Person]
    now: datetime
    zone: str


class Note(Value):
    message: int
    quote: Annotated[str, Field(max_length=600)]
    text: Annotated[str, Field(max_length=400)]
    kind: Literal["decision", "commitment", "status", "preference", "fact", "event", "open_question"]
    change: Literal["", "decision", "reversal", "disagreement", "news"]
    supersedes: tuple[str, ...]


class Notes(Value):
    notes: Annotated[tuple[Note, ...], Field(max_length=60)]


def spread(state: State) -> list[Send]:
    return [Send("note", One(block=block)) for block in state["pending"]]


def note(state: One, runtime: Runtime[Context]) -> dict[str, list[Noted]]:
    """The facts of one block, by the model when it answers, else by rules."""
    context, block = runtime.context, state["block"]
    # What is sensitive is told by a neutral line in the morning; it is never kept as knowledge.
    messages = [m for m in context.messages(block.messages) if not is_sensitive(m.text.text)]
    if context.thinker is None or not messages:
        return {"noted": [Noted(block=block, facts=facts_by_rules(messages))]}
    reply = context.thinker.think("remember", prompt("remember"), question(messages, context), Notes, 3_000)
    if isinstance(reply, Failure):
        return {"noted": [Noted(block=block, facts=facts_by_rules(messages), fell_back=reply.reason)]}
    return {"noted": [Noted(block=block, facts=read(reply, messages, context.memories))]}


def question(messages: Sequence[Message], context: Context) -> str:
    """What is known of the place, then the block."""
    known = "\n".join(
        fence("known", Quoted(text=m.text), {"id": key, "since": stamp(m.valid_from, context.zone)[4:14]}, 240)
        for key, m in list(named(context.memories).items())[-40:]
    )
    return (
        f"Place: {attribute(context.place)}. It is {stamp(context.now, context.zone)}; times are {context.zone}.\n"
        f"{f'Known notes:{chr(10)}{known}{chr(10)}' if known else ''}Messages:\n{lines(messages, context.zone, context.people)}"
    )


def read(reply: Notes, messages: Sequence[Message], memories: Sequence[Memory]) -> tuple[Fact, ...]:
    """Notes whose quote stands in their message and whose numbers come from the block."""
    said = [m.text.text for m in messages] + [stamp(m.sent_at, "UTC") for m in messages]
    days = [m.sent_at.date() for m in messages]
    known = {key: memory.id for key, memory in named(memories).items()}
    found: dict[tuple[int, str], Fact] = {}
    for one in reply.notes:
        if not 1 <= one.message <= len(messages):
            continue
        message = messages[one.message - 1]
        if not checks.quotes(one.quote, message.text.text) or not re.search(r"\w", one.text):
            continue
        # A year of a date is often implied; everything else has to stand somewhere.
        if _invents(one.text, said, days) or checks.unknown_links(one.text, said):
            continue
        fact = Fact(
            kind=one.kind,
            text=" ".join(one.text.split())[:240],
            quote=" ".join(one.quote.split()),
            message=message.id,
            source=message.source,
            said_by=message.author.key,
            said_at=message.sent_at,
            change=one.change,
            supersedes=tuple(known[k] for k in one.supersedes if k in known),
            confidence=0.8,
            found_by="model",
        )
        found.setdefault((fact.message, checks.folded(fact.quote)), fact)
    return tuple(found.values())


def _invents(text: str, said: Sequence[str], days: Sequence[Any]) -> bool:
    """Days of the month within two weeks of a message may be counted from words such as "tomorrow"."""
    unknown = checks.unknown_numbers(text, said, days)
    return any(len(number) > 2 or int(number) > 31 for number in unknown)


def named(memories: Sequence[Memory]) -> dict[str, Memory]:
    """Memories by the name a prompt gives them: their place among the place's own. Row ids are counted over all places,
    and would tell one place how much another one noted."""
    return {f"K{n}": memory for n, memory in enumerate(memories, 1)}


def all_facts(noted: Sequence[Noted]) -> list[Fact]:
    """Facts of all blocks in the order of what was said: the blocks end in any order."""
    facts = [fact for one in noted for fact in one.facts]
    return sorted(facts, key=lambda fact: (fact.said_at, fact.message, fact.quote))


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("note", note)
    graph.add_conditional_edges(START, spread, ["note"])
    graph.add_edge("note", END)
    return graph

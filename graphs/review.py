"""What single conversations cannot show: START -> review -> END. One call for a whole desk.

Each open item is seen beside later messages from elsewhere that may settle it, and beside the other items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from graphs.conversations import name_of, stamp
from graphs.domain import Finding, Message, Person, Quoted, Value
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.thinking import Failure, Thinker

LONGEST = 700  # characters of a message from elsewhere


class Open(Value):
    """An open item and where to look for what became of it: rows of later messages elsewhere."""

    finding: Finding
    elsewhere: tuple[int, ...]


class Reviewed(Value):
    """Places in the list of items: those settled, each with the row that shows it, and groups of one matter."""

    settled: tuple[tuple[int, int], ...] = ()
    same: tuple[tuple[int, ...], ...] = ()
    fell_back: str = ""


class State(TypedDict):
    pending: list[Open]
    reviewed: Reviewed


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and read what one person may read."""

    thinker: Thinker
    messages: Mapping[int, Message]
    owner: Person
    people: Mapping[str, Person]
    now: datetime


class Settled(Value):
    item: int
    message: int


class Review(Value):
    settled: Annotated[tuple[Settled, ...], Field(max_length=60)]
    same: Annotated[tuple[tuple[int, ...], ...], Field(max_length=30)]


def review(state: State, runtime: Runtime[Context]) -> dict[str, Reviewed]:
    """What is settled elsewhere, and what is one matter; nothing of both when the model fails."""
    context, items = runtime.context, state["pending"]
    numbered = number(items)
    reply = context.thinker.think("review", prompt("review"), question(items, numbered, context), Review)
    if isinstance(reply, Failure):
        return {"reviewed": Reviewed(fell_back=reply.reason)}
    return {"reviewed": read(reply, items, numbered)}


def number(items: Sequence[Open]) -> dict[int, int]:
    """Rows of the messages shown, by the number they are shown with."""
    rows = dict.fromkeys(row for item in items for row in item.elsewhere)
    return dict(enumerate(rows, 1))


def question(items: Sequence[Open], numbered: Mapping[int, int], context: Context) -> str:
    """Items, each with the numbers of what may bear on it, then the messages once each."""
    zone = context.owner.zone
    by_row = {row: n for n, row in numbered.items()}
    listed = "\n".join(
        fence("item", Quoted(text=f"{o.finding.what}. {o.finding.why}".strip()), _about(n, o, by_row, context), 400)
        for n, o in enumerate(items, 1)
    )
    shown = "\n".join(
        fence(
            "message", m.text, {"n": str(n), "from": name_of(m, context.people), "at": stamp(m.sent_at, zone)}, LONGEST
        )
        for n, m in ((n, context.messages[row]) for n, row in numbered.items())
    )
    head = f"OWNER: {attribute(context.owner.name)}. It is {stamp(context.now, zone)}."
    return f"{head}\nItems:\n{listed}\nMessages from elsewhere:\n{shown or 'none'}"


def _about(n: int, item: Open, by_row: Mapping[int, int], context: Context) -> dict[str, str]:
    person = context.people.get(item.finding.counterpart)
    about = {"n": str(n), "kind": item.finding.kind, "since": stamp(item.finding.asked_at, context.owner.zone)}
    if person is not None:
        about["with"] = person.name
    if item.elsewhere:
        about["see"] = ",".join(str(by_row[row]) for row in item.elsewhere)
    return about


def read(reply: Review, items: Sequence[Open], numbered: Mapping[int, int]) -> Reviewed:
    """Only what names items and messages that were shown; a message settles an item only if it is the later one of both."""
    settled = {
        one.item - 1: numbered[one.message]
        for one in reply.settled
        if 1 <= one.item <= len(items) and numbered.get(one.message) in items[one.item - 1].elsewhere
    }
    groups = [tuple(dict.fromkeys(n - 1 for n in group if 1 <= n <= len(items))) for group in reply.same]
    return Reviewed(settled=tuple(sorted(settled.items())), same=tuple(group for group in groups if len(group) > 1))


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("review", review)
    graph.add_edge(START, "review")
    graph.add_edge("review", END)
    return graph

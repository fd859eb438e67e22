"""An errand by night: START -> look -> gather -> look … -> write -> END. Searching and reading are all it can do.

`look` decides what to look up next, `gather` is code that does it under the audience of where the errand was asked, `write`
states the result over what was found; each statement keeps its citation or is cut. Steps are bounded, and a person who takes
the errand back stops it at the next one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from graphs.citing import Most, Passage, not_found, read, shown
from graphs.conversations import name_of, stamp
from graphs.domain import Answer, Message, Person, Quoted, Source, Value
from graphs.life import source_key
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.thinking import Failure, Thinker

MOST_STEPS = 5
"""Looks of one errand; with the writing one call of the model more."""
MOST_PASSAGES = 40
OF_A_SEARCH = 10
OF_A_THREAD = 12
AT_A_TIME = 3
LONGEST = 700
"""Characters of a passage: there are many."""
SHOWN = Most(lines=12, citations=12, numbered=True)
NEAREST = 6
"""Messages that are named when nobody could write a result."""
UNDONE = "I only look things up: nothing was sent, posted or changed."
MISSING = "I found nothing about:"
_UNDONE = re.compile(r"\W*UNDONE\W*$")
_MISSING = re.compile(r"\W*MISSING:\s*(.*\w)")


class Asked(Value):
    """Which errand, in which wording."""

    id: str
    wording: str  # a hash


class Looked(Value):
    """What was looked up so far. Passages are numbered in the order in which they were found."""

    searches: tuple[str, ...] = ()
    read: tuple[int, ...] = ()  # numbers whose conversation was read
    found: tuple[Source, ...] = ()
    steps: int = 0
    wanted: "Wants | None" = None


class Wants(Value):
    """The next step, as the model answers it."""

    search: Annotated[tuple[Annotated[str, Field(max_length=120)], ...], Field(max_length=6)]
    read: Annotated[tuple[int, ...], Field(max_length=6)]
    done: bool


class State(TypedDict, total=False):
    pending: Asked
    looked: Looked
    answer: Answer


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, search, and read conversations of what was found."""

    thinker: Thinker
    task: Quoted  # the person's own words
    asker: str
    thread: Sequence[Message]
    people: Mapping[str, Person]
    search: Callable[[str, int], Sequence[Source]]
    conversation: Callable[[Source, int], Sequence[Source]]
    passages: Callable[[Sequence[Source]], Sequence[Passage]]  # those that may be read now, in the order given
    wanted: Callable[[], bool]  # False once the person took it back
    now: datetime
    zone: str


def look(state: State, runtime: Runtime[Context]) -> State:
    """What to look up next. Without a usable answer of the model the errand's own words are searched for, once."""
    context, looked = runtime.context, state.get("looked", Looked())
    reply = context.thinker.think("errand", prompt("errand_look"), question(context, looked), Wants, 600)
    if isinstance(reply, Failure):
        own = () if looked.searches else (context.task.text[:200],)
        reply = Wants(search=own, read=(), done=not own)
    return {"looked": looked.model_copy(update={"wanted": reply, "steps": looked.steps + 1})}


def gather(state: State, runtime: Runtime[Context]) -> State:
    """Does what was decided, as far as it is new and within bounds."""
    context, looked = runtime.context, state["looked"]
    wants = looked.wanted or Wants(search=(), read=(), done=True)
    searches = [
        s for s in dict.fromkeys(" ".join(one.split()) for one in wants.search) if s and s not in looked.searches
    ]
    given = context.passages(looked.found)
    numbers = [n for n in dict.fromkeys(wants.read) if 1 <= n <= len(given) and n not in looked.read]
    found = {source_key(source): source for source in looked.found}
    for one in searches[:AT_A_TIME]:
        found |= {
            source_key(source): source for source in context.search(one, OF_A_SEARCH) if source_key(source) not in found
        }
    for n in numbers[:AT_A_TIME]:
        near = context.conversation(given[n - 1].source, OF_A_THREAD)
        found |= {source_key(source): source for source in near if source_key(source) not in found}
    return {
        "looked": Looked(
            searches=(*looked.searches, *searches[:AT_A_TIME]),
            read=(*looked.read, *numbers[:AT_A_TIME]),
            found=tuple(found.values())[:MOST_PASSAGES],
            steps=looked.steps,
        )
    }


def onward(state: State, runtime: Runtime[Context]) -> Literal["gather", "write", "__end__"]:
    """After a look: nobody works for an errand that was taken back."""
    if not runtime.context.wanted():
        return "__end__"
    wants = state["looked"].wanted
    return "write" if wants is None or wants.done or not (wants.search or wants.read) else "gather"


def again(state: State, runtime: Runtime[Context]) -> Literal["look", "write", "__end__"]:
    """After gathering: another look, until the steps are used up."""
    if not runtime.context.wanted():
        return "__end__"
    return "look" if state["looked"].steps < MOST_STEPS else "write"


def write(state: State, runtime: Runtime[Context]) -> State:
    """The result. When the model gives none, what is nearest to the errand's words is listed and nothing is claimed."""
    context = runtime.context
    passages = tuple(context.passages(state["looked"].found))
    if not passages:
        return {"answer": not_found([], [])}
    asked = f"{_numbered(context, passages)}\n{_errand(context)}"
    said = context.thinker.say("errand", prompt("errand"), asked, _unheard, 1_600)
    if isinstance(said, Failure):
        return {"answer": listed(passages, said.reason)}
    return {"answer": result(said, passages, context.task.text)}


def result(said: str, passages: Sequence[Passage], task: str) -> Answer:
    """The statements that stand. What was not done and what is missing is told in sentences of ours: no source says it."""
    lines = [line.strip() for line in said.strip().splitlines()]
    marks = [line for line in lines if _UNDONE.match(line) or _MISSING.match(line)]
    answer = read("\n".join(line for line in lines if line not in marks), passages, task, SHOWN)
    before = [UNDONE] if any(_UNDONE.match(line) for line in marks) else []
    missing = [thing for line in marks if (found := _MISSING.match(line)) and _is_of(thing := found[1], task)]
    after = [f"{MISSING} {thing}." for thing in missing[:1]] if answer.served == "composed" else []
    return answer.model_copy(update={"text": "\n".join([*before, answer.text, *after])})


def _is_of(thing: str, task: str) -> bool:
    """Whether every word of it is the errand's: a line without a source may add nothing."""
    words = re.findall(r"\w+", thing.casefold())
    return bool(words) and set(words) <= {*re.findall(r"\w+", task.casefold()), "and", "und", "or", "oder"}


def listed(passages: Sequence[Passage], reason: str) -> Answer:
    """Where to look, when nobody could write a result."""
    sources = tuple(one.source for one in passages)
    return Answer(
        text=f"I found messages that bear on it, but could not write a result: {reason}.",
        citations=sources[:NEAREST],
        served="rules",
        retrieved=sources,
    )


def question(context: Context, looked: Looked) -> str:
    """Thread, searches and passages so far, and the errand last."""
    passages = context.passages(looked.found)
    thread = "\n".join(
        fence("message", m.text, {"from": name_of(m, context.people), "at": stamp(m.sent_at, context.zone)}, 1200)
        for m in context.thread[-10:]
    )
    searched = "\n".join(fence("search", Quoted(text=one), None, 120) for one in looked.searches)
    parts = [
        f"The thread it was asked in:\n{thread}" if thread else "",
        f"Searched for so far:\n{searched}" if searched else "Nothing was searched for yet.",
        _numbered(context, passages) if passages else "Nothing was found yet.",
        f"Conversations read so far: those of {', '.join(map(str, looked.read))}." if looked.read else "",
        f"Step {looked.steps + 1} of {MOST_STEPS}.",
        _errand(context),
    ]
    return "\n".join(part for part in parts if part)


def _numbered(context: Context, passages: Sequence[Passage]) -> str:
    found = "\n".join(shown(n, one, context.zone, LONGEST) for n, one in enumerate(passages, 1))
    return f"Passages:\n{found}"


def _errand(context: Context) -> str:
    when = stamp(context.now, context.zone)
    return f"It is {when}. {attribute(context.asker)} asks:\n{fence('errand', context.task, None, 2000)}"


def _unheard(piece: str) -> None:
    """Nobody looks at night."""


def build() -> StateGraph[State, Context, Any, Any]:
    """The uncompiled graph."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("look", look)
    graph.add_node("gather", gather)
    graph.add_node("write", write)
    graph.add_edge(START, "look")
    graph.add_conditional_edges("look", onward, ["gather", "write", END])
    graph.add_conditional_edges("gather", again, ["look", "write", END])
    graph.add_edge("write", END)
    return graph


CHECKPOINTED: tuple[type, ...] = (Asked, Looked, Wants)

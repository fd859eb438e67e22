"""What one person has unfinished: START -> judge (once for each batch of conversations, side by side) -> END.

Conversations are read through the Context; what is kept are findings. Without a usable answer the rules judge.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypedDict
from zoneinfo import ZoneInfo

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send
from pydantic import Field

from graphs import checks
from graphs.conversations import heading, rendered, shown, stamp
from graphs.digest_value import clip
from graphs.domain import Finding, Message, Person, TaskKind, Thread, Value
from graphs.prompts import prompt
from graphs.quote import attribute
from graphs.rules.judge import judge as judge_by_rules
from graphs.thinking import Failure, Thinker

BATCH_CHARACTERS = 9_000
BATCH_THREADS = 10
LONGEST_TEXT = 2_500


class ThreadRef(Value):
    """Where a conversation is read again: its scope and key."""

    scope: str
    key: str


class Judged(Value):
    """The findings of one conversation. `fell_back` says why rules judged although there is a model; "" otherwise."""

    ref: ThreadRef
    findings: tuple[Finding, ...]
    fell_back: str = ""


class Batch(Value):
    """Conversations that are judged in one call: the instruction is paid for once."""

    refs: tuple[ThreadRef, ...]


class State(TypedDict):
    pending: list[Batch]
    judged: Annotated[list[Judged], operator.add]


class One(TypedDict):
    batch: Batch


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and read the conversations of one person."""

    thinker: Thinker | None
    thread: Callable[[ThreadRef], Thread]
    owner: Person
    people: Mapping[str, Person]
    now: datetime


class Item(Value):
    """One open thing as a model reports it."""

    message: int
    evidence: tuple[int, ...]
    kind: TaskKind
    who: str
    what: Annotated[str, Field(max_length=400)]
    why: Annotated[str, Field(max_length=400)]
    next_step: Annotated[str, Field(max_length=300)]
    due: str
    sensitive: bool


class Items(Value):
    items: Annotated[tuple[Item, ...], Field(max_length=40)]


def batches(threads: Sequence[Thread]) -> list[Batch]:
    """Conversations in the order given, packed until a call has enough to read."""
    packed: list[Batch] = []
    refs: list[ThreadRef] = []
    size = 0
    for thread in threads:
        weight = sum(min(len(m.text.text), LONGEST_TEXT) + 80 for m in shown(thread))
        if refs and (size + weight > BATCH_CHARACTERS or len(refs) == BATCH_THREADS):
            packed.append(Batch(refs=tuple(refs)))
            refs, size = [], 0
        refs.append(ThreadRef(scope=thread.scope, key=thread.key))
        size += weight
    return packed + ([Batch(refs=tuple(refs))] if refs else [])


def spread(state: State) -> list[Send] | Literal["__end__"]:
    return [Send("judge", One(batch=batch)) for batch in state["pending"]] or "__end__"


def judge(state: One, runtime: Runtime[Context]) -> dict[str, list[Judged]]:
    """The findings of a batch of conversations, by the model when it answers, else by rules."""
    context, refs = runtime.context, state["batch"].refs
    threads = [context.thread(ref) for ref in refs]
    if context.thinker is None:
        found = [by_rules(thread, context) for thread in threads]
        return {"judged": [Judged(ref=ref, findings=f) for ref, f in zip(refs, found, strict=True)]}
    reply = context.thinker.think("tasks", prompt("tasks"), question(threads, context), Items)
    if isinstance(reply, Failure):
        found = [by_rules(thread, context) for thread in threads]
        why = reply.reason
        return {"judged": [Judged(ref=ref, findings=f, fell_back=why) for ref, f in zip(refs, found, strict=True)]}
    by_thread = read(reply, threads, context)
    return {"judged": [Judged(ref=ref, findings=tuple(by_thread[place])) for place, ref in enumerate(refs)]}


def by_rules(thread: Thread, context: Context) -> tuple[Finding, ...]:
    return tuple(judge_by_rules(thread, context.owner, context.people, context.now))


def question(threads: Sequence[Thread], context: Context) -> str:
    """The conversations as the model gets them, their messages numbered throughout."""
    owner = context.owner
    called = ", ".join(attribute(name) for name in owner.short_names[:4])
    parts = [
        f"OWNER: {attribute(owner.name)} (also called: {called or 'no other name'})."
        f" It is {stamp(context.now, owner.zone)}; all times are the owner's, {owner.zone}."
    ]
    first = 1
    for thread in threads:
        told = rendered(thread, owner.zone, context.people, LONGEST_TEXT, first)
        parts.append(f"<conversation>\n{heading(thread)}\n{told}\n</conversation>")
        first += len(shown(thread))
    return "\n".join(parts)


def read(reply: Items, threads: Sequence[Thread], context: Context) -> dict[int, list[Finding]]:
    """What of the model's items stands up, by the place of its conversation: each rests on a message that is there, and
    adds no number of its own."""
    numbered = [(place, message) for place, thread in enumerate(threads) for message in shown(thread)]
    found: dict[int, list[Finding]] = {place: [] for place in range(len(threads))}
    for item in reply.items:
        if not 1 <= item.message <= len(numbered):
            continue
        place = numbered[item.message - 1][0]
        said = said_in(threads[place], context)
        for n in item.evidence:
            if 1 <= n <= len(numbered) and numbered[n - 1][0] != place:
                said = said + said_in(threads[numbered[n - 1][0]], context)
        finding = _finding(item, tuple(message for _, message in numbered), said, context)
        if finding is not None:
            found[place].append(finding)
    return found


def said_in(thread: Thread, context: Context) -> list[str]:
    """Every text of a conversation that a number may come from."""
    messages = shown(thread)
    return [m.text.text for m in messages] + [thread.title] + [stamp(m.sent_at, context.owner.zone) for m in messages]


def _finding(item: Item, messages: tuple[Message, ...], said: list[str], context: Context) -> Finding | None:
    if not 1 <= item.message <= len(messages):
        return None
    made_by = messages[item.message - 1]
    due = _due(item.due, made_by, context.owner.zone)
    days = [due] if due else []
    if _invents(item.what, said, days) or not re.search(r"\w", item.what):
        return None
    why = "" if _invents(item.why, said, days) else item.why
    next_step = "" if _invents(item.next_step, said, days) else clip(item.next_step, 100)
    also = [messages[n - 1].source for n in item.evidence if 1 <= n <= len(messages) and n != item.message]
    return Finding(
        kind=item.kind,
        what=clip(item.what, 140),
        why=clip(why, 120),
        next_step=next_step or "Open the conversation",
        due=due,
        counterpart=_counterpart(item.who, made_by, messages, context),
        sources=(made_by.source, *dict.fromkeys(also))[:5],
        sensitive=item.sensitive,
        asked_at=made_by.sent_at,
        last_at=max([made_by.sent_at] + [messages[n - 1].sent_at for n in item.evidence if 1 <= n <= len(messages)]),
        found_by="model",
    )


def _invents(text: str, said: list[str], days: list[date]) -> bool:
    return bool(checks.unknown_numbers(text, said, days) or checks.unknown_links(text, said))


_DATED = re.compile(
    r"\d|today|tonight|tomorrow|week|day\b|month|eod|eow|asap|noon|morgen|heute|tag\b|woche|mittwoch|monat|mañana|hoy|lunes|"
    r"martes|miércoles|jueves|viernes|demain|aujourd|lundi|mardi|mercredi|jeudi|vendredi|semaine",
    re.IGNORECASE,
)


def _due(text: str, made_by: Message, zone: str) -> date | None:
    """The date a model gives, only where the message speaks of a time at all and the date is a plausible one."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    spoken = made_by.text.text + (made_by.mail.subject if made_by.mail else "")
    asked = made_by.sent_at.astimezone(ZoneInfo(zone)).date()
    return day if _DATED.search(spoken) and -1 <= (day - asked).days <= 366 else None


def _counterpart(name: str, made_by: Message, messages: tuple[Message, ...], context: Context) -> str:
    """Who is meant, among those who are there; the author of the message when the name fits nobody."""
    wanted = checks.folded(name)
    for message in dict.fromkeys((made_by, *messages)):
        person = context.people.get(message.author.key)
        names = {
            checks.folded(message.author.name),
            *(checks.folded(n) for n in (person.short_names if person else ())),
        }
        if message.author.key != context.owner.key and wanted and wanted in names:
            return message.author.key
    for person in context.people.values():
        if person.key != context.owner.key and wanted == checks.folded(person.name):
            return person.key
    return made_by.author.key if made_by.author.key != context.owner.key else ""


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("judge", judge)
    graph.add_conditional_edges(START, spread, ["judge", END])
    graph.add_edge("judge", END)
    return graph

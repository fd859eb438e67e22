"""What one place has learned: START -> note (once for each block of new messages, side by side) -> reconcile -> END.

`note` finds statements worth keeping, each with words that prove it; `reconcile` says how they stand to each other and to
what is known. Code checks every quote and number and chooses which statements are held against each other; without a usable
answer the rules do both.
"""

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send
from pydantic import Field

from graphs import checks
from graphs.conversations import compact, stamp
from graphs.domain import Fact, Memory, Message, Person, Quoted, Value
from graphs.prompts import prompt
from graphs.quote import attribute, one_line
from graphs.rules import relation as relations
from graphs.rules.natures import is_sensitive
from graphs.rules.reference import facts as facts_by_rules
from graphs.rules.relation import Pair, Relation, Statement
from graphs.rules.text import sentences
from graphs.thinking import Failure, Thinker

PAIRS = 4
"""For so many facts one pair is put to a model, at least a few and never more than fit one answer; the strongest."""

WEAK = 2.0
"""A pair below is not worth asking about: neither says that anything changed, nor do they share most of their words."""

MOST_CLOSED = 3
"""Statements whose place one new statement may take."""


NEARBY = 4
"""Messages before one that say what it is about."""

COMMON = 40
"""A word that so many statements have brings no two of them together."""


class Block(Value):
    """Rows of messages that are read together."""

    messages: tuple[int, ...]


class Noted(Value):
    """The facts of one block. `fell_back` says why rules noted although there is a model; "" otherwise. `left`: the budget
    was spent, and the block is to be read another night."""

    block: Block
    facts: tuple[Fact, ...]
    fell_back: str = ""
    left: bool = False


class Related(Value):
    """How one of tonight's facts, by its place among `all_facts`, stands to another one or to a memory known before. The
    later of the two, by when they were said, supersedes, repeats or contradicts the earlier one."""

    fact: int
    other: int  # a place among `all_facts`, or the row id of a memory
    known: bool  # `other` is a memory
    relation: Relation


class State(TypedDict):
    pending: list[Block]
    noted: Annotated[list[Noted], operator.add]
    related: list[Related]


class One(TypedDict):
    block: Block


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and read one place."""

    thinker: Thinker | None
    place: str  # "#general", "the mailbox ada@…"
    messages: Callable[[Sequence[int]], list[Message]]
    near: Callable[
        [str], Sequence[Memory]
    ]  # the place's memories that share most with a text, also such as hold no more
    people: Mapping[str, Person]
    now: datetime
    zone: str


class Note(Value):  # Names are short: they are paid for with every note. A docstring would be sent with the schema.
    n: int
    q: Annotated[str, Field(max_length=400)]
    t: Annotated[str, Field(max_length=400)]
    k: Literal[
        "decision", "reversal", "disagreement", "news", "commitment", "status", "preference", "fact", "event", "open_question"
    ]  # fmt: skip


class Notes(Value):
    notes: Annotated[tuple[Note, ...], Field(max_length=100)]


Numbers = Annotated[tuple[int, ...], Field(max_length=100)]


class Verdicts(Value):  # numbers of pairs
    same: Numbers = ()
    over: Numbers = ()
    against: Numbers = ()


# --- noting ---------------------------------------------------------------------------------------


def spread(state: State) -> list[Send] | Literal["reconcile"]:
    return [Send("note", One(block=block)) for block in state["pending"]] or "reconcile"


def note(state: One, runtime: Runtime[Context]) -> dict[str, list[Noted]]:
    """The facts of one block, by the model when it answers, else by rules."""
    context, block = runtime.context, state["block"]
    # What is sensitive is told by a neutral line in the morning; it is never kept as knowledge.
    messages = [m for m in context.messages(block.messages) if not is_sensitive(m.text.text)]
    if context.thinker is None or not messages:
        return {"noted": [Noted(block=block, facts=by_rules(messages))]}
    reply = context.thinker.think("remember", prompt("remember"), question(messages, context), Notes, 4_000)
    if isinstance(reply, Failure) and reply.kind == "budget":
        return {"noted": [Noted(block=block, facts=(), fell_back=reply.reason, left=True)]}
    if isinstance(reply, Failure):
        return {"noted": [Noted(block=block, facts=by_rules(messages), fell_back=reply.reason)]}
    return {"noted": [Noted(block=block, facts=read(reply, messages))]}


def by_rules(messages: Sequence[Message]) -> tuple[Fact, ...]:
    said = {m.id: m for m in messages}
    return tuple(fact for fact in facts_by_rules(messages) if is_admitted(fact, said[fact.message]))


def question(messages: Sequence[Message], context: Context) -> str:
    return f"{_where(context)}\n{compact(messages, context.zone, context.people)}"


def _where(context: Context) -> str:
    day = stamp(context.now, context.zone)[:14]
    return f"{attribute(context.place)}. It is {day}, {context.zone}."


_CHANGES = {"decision": "decision", "reversal": "reversal", "disagreement": "disagreement", "news": "news"}
_KINDS = {"reversal": "decision", "disagreement": "open_question", "news": "fact"}


def read(reply: Notes, messages: Sequence[Message]) -> tuple[Fact, ...]:
    """Notes whose quote stands in their message and whose numbers come from the block."""
    said = [m.text.text for m in messages] + [stamp(m.sent_at, "UTC") for m in messages]
    days = [m.sent_at.date() for m in messages]
    found: dict[tuple[int, str], Fact] = {}
    for one in _once(reply.notes):
        if not 1 <= one.n <= len(messages):
            continue
        message = messages[one.n - 1]
        if not checks.quotes(one.q, message.text.text) or not re.search(r"\w", one.t):
            continue
        # A year of a date is often implied; everything else has to stand somewhere.
        if _invents(one.t, said, days) or checks.unknown_links(one.t, said):
            continue
        quote = _widened(one.q, message.text.text)
        if (message.id, checks.folded(quote)) in found:
            quote = " ".join(one.q.split())  # a sentence that proves two things proves each by its own words
        fact = _fact(one, quote, message)
        if is_admitted(fact, message):
            found.setdefault((fact.message, checks.folded(fact.quote)), fact)
    return tuple(found.values())


def _once(notes: Sequence[Note]) -> list[Note]:
    """Without what has the same quote as a note before it."""
    first: dict[tuple[int, str], Note] = {}
    for one in notes:
        first.setdefault((one.n, checks.folded(one.q)), one)
    return list(first.values())


def _fact(one: Note, quote: str, message: Message) -> Fact:
    return Fact.model_validate(
        {
            "kind": _KINDS.get(one.k, one.k),
            "text": " ".join(one.t.split())[:240],
            "quote": quote,
            "message": message.id,
            "source": message.source,
            "said_by": message.author.key,
            "said_at": message.sent_at,
            "change": _CHANGES.get(one.k, ""),
            "confidence": 0.8,
            "found_by": "model",
        }
    )


def _widened(quote: str, text: str) -> str:
    """The whole sentence that the quoted words stand in, or the words alone where it is long."""
    wanted = checks.folded(quote).strip(" .\"'")
    whole = next((s for s in sentences(text) if wanted in checks.folded(s)), "")
    return whole if 0 < len(whole) <= 300 else " ".join(quote.split())


def _invents(text: str, said: Sequence[str], days: Sequence[Any]) -> bool:
    """Days of the month within two weeks of a message may be counted from words such as "tomorrow"."""
    unknown = checks.unknown_numbers(text, said, days)
    return any(len(number) > 2 or int(number) > 31 for number in unknown)


_ORDERS = re.compile(
    r"\b(?:remember (?:that|this|to)|from now on|in future (?:always|never)|ignore (?:all|any|previous|everything|the)|"
    r"you (?:must|should|are to) (?:now|always|never)|system prompt|previous instructions|merk dir|ab (?:sofort|jetzt) "
    r"(?:immer|nie|gilt|soll)|retiens que|à partir de maintenant|a partir de ahora|recuerda que)\b",
    re.I,
)
_TO_US = re.compile(r"\b(?:nightdesk|(?:the|this|your|every) (?:ai|assistant|bot|language model)|as an ai)\b", re.I)


def is_admitted(fact: Fact, message: Message) -> bool:
    """Nobody from outside says how we or somebody should behave, and nobody says it to a program in passing."""
    outside = message.author.kind in ("outside", "guest")
    orders = any(_ORDERS.search(text) or _TO_US.search(text) for text in (fact.quote, fact.text))
    return not (outside and (orders or fact.kind == "preference")) and not (orders and fact.kind == "preference")


# --- reconciling ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Held:
    """Tonight's facts, and behind them the memories they are held against, as statements in one row of places."""

    facts: Sequence[Fact]
    memories: Sequence[Memory]
    said: Sequence[Statement]
    names: frozenset[str]
    before: Mapping[int, tuple[int, ...]]  # of tonight's messages those read just before


def reconcile(state: State, runtime: Runtime[Context]) -> dict[str, list[Related]]:
    """How tonight's facts stand to each other and to what is known: by rules where words show it, else by one call."""
    context = runtime.context
    held = _held(state["noted"], context)
    told: list[tuple[Pair, Relation]] = []
    open_: list[Pair] = []
    for pair in relations.pairs(held.said, _candidates(held), held.names):
        shown = relations.relation(held.said[pair.later], held.said[pair.earlier], held.names)
        if shown is None:
            open_.append(pair)
        else:
            told += _allowed(pair, shown, held, context)
    if context.thinker is not None and not any(one.fell_back for one in state["noted"]):
        over = {pair.earlier for pair, relation in told if relation == "supersedes"}
        told += judged(_strongest([pair for pair in open_ if pair.earlier not in over], held), held, context)
    return {"related": related(told, held)}


def _strongest(open_: Sequence[Pair], held: _Held) -> list[Pair]:
    """As many as are asked, of one later statement no more than it may close, in the order of their statements."""
    rank: dict[int, int] = defaultdict(int)
    first: list[Pair] = []
    for pair in open_:
        rank[pair.later] += 1
        if rank[pair.later] <= MOST_CLOSED and pair.strength >= WEAK:
            first.append(pair)
    most = min(max(len(held.facts) // PAIRS, 5), 60)
    return sorted(first[:most], key=lambda pair: (pair.later, pair.earlier))


def _held(noted: Sequence[Noted], context: Context) -> _Held:
    facts = all_facts(noted)
    known = {memory.id: memory for fact in facts for memory in context.near(fact.text)}
    memories = [memory for memory in known.values() if memory.kind != "conclusion"]
    said = [relations.statement(fact, context.people) for fact in facts] + [
        relations.statement(memory, context.people) for memory in memories
    ]
    names = relations.name_words([person.name for person in context.people.values()])
    blocks = [one.block.messages for one in noted]
    before = {row: rows[max(n - NEARBY, 0) : n] for rows in blocks for n, row in enumerate(rows)}
    return _Held(facts, memories, said, names, before)


def _candidates(held: _Held) -> Iterable[tuple[int, int]]:
    """Every two that share a word, one of them from tonight and not both of one message."""
    by_word: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(held.said):
        for word in one.about:
            by_word[word].append(place)
    for places in by_word.values():
        if len(places) > COMMON:
            continue
        for n, a in enumerate(places):
            for b in places[n + 1 :]:
                if a < len(held.facts) and not _one_message(a, b, held) and not _was_over(a, b, held):
                    yield a, b


def _was_over(a: int, b: int, held: _Held) -> bool:
    """Whether the memory at `b` held no more when the fact at `a` was said."""
    until = held.memories[b - len(held.facts)].valid_to if b >= len(held.facts) else None
    return until is not None and until <= held.facts[a].said_at


def _one_message(a: int, b: int, held: _Held) -> bool:
    if b < len(held.facts):
        return held.facts[a].message == held.facts[b].message
    return held.facts[a].source in held.memories[b - len(held.facts)].sources


def judged(open_: Sequence[Pair], held: _Held, context: Context) -> list[tuple[Pair, Relation]]:
    """What a model says of pairs, as far as code lets it say so. Of what it says two things it says nothing."""
    if not open_ or context.thinker is None:
        return []
    reply = context.thinker.think("reconcile", prompt("reconcile"), _pairs_asked(open_, held, context), Verdicts, 500)
    if isinstance(reply, Failure):
        return []
    found: dict[int, set[Relation]] = defaultdict(set)
    for relation, numbers in _by_relation(reply):
        for number in numbers:
            found[number].add(relation)
    clear = [(pair, relation) for n, pair in enumerate(open_, 1) if len(found[n]) == 1 for relation in found[n]]
    return [one for pair, relation in clear for one in _allowed(pair, relation, held, context)]


def _by_relation(reply: Verdicts) -> tuple[tuple[Relation, tuple[int, ...]], ...]:
    return ("same", reply.same), ("supersedes", reply.over), ("contradicts", reply.against)


def _pairs_asked(open_: Sequence[Pair], held: _Held, context: Context) -> str:
    """Each later statement once, and under it the earlier ones."""
    told: list[str] = []
    above = -1
    for n, pair in enumerate(open_, 1):
        if pair.later != above:
            told.append(f"> {_said(held.said[pair.later], context)}")
            above = pair.later
        told.append(f"{n} {_said(held.said[pair.earlier], context)}")
    return "<pairs>\n" + "\n".join(told) + "\n</pairs>"


def _said(one: Statement, context: Context) -> str:
    name = attribute(one.by or one.said_by)
    return f"{name}, {stamp(one.said_at, context.zone)[9:14]}: {one_line(Quoted(text=one.text), 160)}"


def _allowed(pair: Pair, said: Relation, held: _Held, context: Context) -> list[tuple[Pair, Relation]]:
    """Where the words do not carry that one takes the other's place, both are kept: a stranger's against a colleague's is
    shown as disputed, of others it is not known that they are about one thing."""
    later, earlier = held.said[pair.later], held.said[pair.earlier]
    if said != "supersedes" or relations.may_replace(later, earlier, _around(pair.later, held, context)):
        return [(pair, said)]
    return [(pair, "contradicts")] if later.outside and not earlier.outside else []


def _around(place: int, held: _Held, context: Context) -> list[str]:
    """What was really said with a statement: its quote; when it is from tonight its message and those just before."""
    if place >= len(held.facts):
        return [held.said[place].quote]
    row = held.facts[place].message
    read = context.messages([*held.before.get(row, ()), row])
    thread = next((m.thread for m in read if m.id == row), "")
    return [held.facts[place].quote, *(m.text.text for m in read if m.thread == thread)]


def related(told: Sequence[tuple[Pair, Relation]], held: _Held) -> list[Related]:
    """Relations as the shell keeps them. One statement takes the place of a few at most, whatever a model says."""
    closed: dict[int, int] = defaultdict(int)
    found = []
    for pair, relation in told:
        closed[pair.later] += relation == "supersedes"
        if relation == "supersedes" and closed[pair.later] > MOST_CLOSED:
            continue
        fact, other = sorted((pair.later, pair.earlier))
        known = other >= len(held.facts)
        row = held.memories[other - len(held.facts)].id if known else other
        found.append(Related(fact=fact, other=row, known=known, relation=relation))
    return found


def all_facts(noted: Sequence[Noted]) -> list[Fact]:
    """Facts of all blocks in the order of what was said: the blocks end in any order."""
    facts = [fact for one in noted for fact in one.facts]
    return sorted(facts, key=lambda fact: (fact.said_at, fact.message, fact.quote))


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("note", note)
    graph.add_node("reconcile", reconcile)
    graph.add_conditional_edges(START, spread, ["note", "reconcile"])
    graph.add_edge("note", "reconcile")
    graph.add_edge("reconcile", END)
    return graph

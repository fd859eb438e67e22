"""What will be asked, answered ahead: START -> propose -> prepare (each question side by side) -> rehearse -> play -> END.

`propose` words what code found to be likely, and code keeps what names its subject and is likely enough; `prepare` has each
question answered as by day. What finds no answer is looked for once more in other words, and what was not likely enough is
tried while the budget lasts: `rehearse` says how, `play` does it. Only answers that cite are kept.
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
from graphs.conversations import stamp
from graphs.domain import Answer, Quoted, Read, Reason, Value
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.natures import is_sensitive
from graphs.rules.outsiders import without_orders
from graphs.rules.text import plain
from graphs.rules.wording import meets, nearness, words_of
from graphs.thinking import Failure, Thinker

LIKELY = 0.5
"""From this score on a question is answered ahead; what is less likely is only rehearsed."""
KNOWN = 0.3
"""Score of a question about what is merely known."""
SAME = 0.8
"""So near two questions are one."""
SHOWN = 24
"""Items that the model words questions for."""
ONE_MATTER = 0.7
"""So near two items of one message are one."""
TOLD = 0.75
"""So much of a line's words stands in items when they say all of it."""
SEVERAL = 0.15
"""What needs more than one item is worth more by this for each other, three at most: what one message tells is found by day."""
REHEARSED = 2
NOTES = 40


class Candidate(Value):
    """What a question is expected about, as code found it. `worded`: it is a question as it stands."""

    id: str  # of what it was found in: the same from night to night
    text: str
    reason: Reason
    score: float
    worded: bool = False
    also: tuple[str, ...] = ()
    until: datetime | None = None  # after that nobody asks
    rests: tuple[int, ...] = ()  # rows of the messages whose words these are


class Expected(Value):
    """A question, and all it is looked up with beside its own words."""

    question: str
    also: tuple[str, ...]
    reason: Reason
    score: float
    place: int = 0  # among equally likely ones, as the model put them
    until: datetime | None = None
    rests: tuple[int, ...] = ()
    searches: tuple[str, ...] = ()


class Tried(Value):
    """What came of one question. `statements`: the answer with the places of its citations behind each, as [1]."""

    expected: Expected
    answer: Answer
    read: tuple[Read, ...] = ()


class State(TypedDict):
    pending: list[Candidate]
    expected: list[Expected]
    spare: list[Expected]
    again: list[Expected]
    tried: Annotated[list[Tried], operator.add]
    left: Annotated[list[str], operator.add]


class One(TypedDict):
    one: Expected


@dataclass(frozen=True)
class Note:
    """Something remembered here, by the name a prompt gives it."""

    id: str
    text: str


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and have a question answered as by day, with the rights of those it is for.

    `answer` gets all wordings, the question first, and the step that pays.
    """

    thinker: Thinker | None
    place: str
    known: Sequence[Candidate]  # learned context, one line each
    notes: Sequence[Note]
    standing: Sequence[str]  # questions that are answered already
    answer: Callable[[Expected, Literal["prepare", "rehearse"]], Tried]
    most: int
    now: datetime
    zone: str


class Question(Value):
    question: Annotated[str, Field(max_length=240)]
    also: Annotated[tuple[str, ...], Field(max_length=4)]
    about: Annotated[tuple[str, ...], Field(max_length=12)]


class Questions(Value):
    questions: Annotated[tuple[Question, ...], Field(max_length=24)]


class Repair(Value):
    question: int
    searches: Annotated[tuple[str, ...], Field(max_length=4)]
    notes: Annotated[tuple[str, ...], Field(max_length=8)]


class Repairs(Value):
    repairs: Annotated[tuple[Repair, ...], Field(max_length=12)]


# --- which questions ------------------------------------------------------------------------------


def propose(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """Questions as they were asked, and those the model words for what code found; the likeliest are answered."""
    context = runtime.context
    if context.thinker is None:
        return {"expected": [], "spare": []}
    asked = [_expected(one, (one.text, *one.also), [one]) for one in state["pending"] if one.worded]
    items = shown(state["pending"], context.known)
    worded: list[Expected] = []
    left: list[str] = []
    if any(not one.worded for one in state["pending"]):
        reply = context.thinker.think("anticipate", prompt("anticipate"), question(items, context), Questions, 1_500)
        worded = [] if isinstance(reply, Failure) else read(reply, items)
        left = [reply.reason] if isinstance(reply, Failure) else []
    found = distinct([*asked, *worded], context.standing)
    likely = [one for one in found if one.score >= LIKELY][: context.most]
    spare = [one for one in found if one not in likely][:REHEARSED]
    return {"expected": likely, "spare": spare, "left": left}


def shown(pending: Sequence[Candidate], known: Sequence[Candidate]) -> dict[str, Candidate]:
    """What the model sees, by the name it sees it under: the likeliest first, then what is merely known; each matter once."""
    open_ = [one for one in pending if not one.worded and _may_be_shown(one.text)]
    found = each_once(sorted(open_, key=lambda one: (-one.score, one.text)))[:SHOWN]
    told = each_once([*found, *(one for one in known if _may_be_shown(one.text) and not _is_told(one, found))])
    return {f"A{n}": one for n, one in enumerate(told, 1)}


def _is_told(line: Candidate, found: Sequence[Candidate]) -> bool:
    """Whether items that come from the same messages say together what a line of a brief says."""
    told = frozenset(word for one in found if set(one.rests) & set(line.rests) for word in words_of(one.text))
    said = words_of(line.text)
    return sum(meets(word, told) for word in said) >= TOLD * len(said) > 0


def _may_be_shown(text: str) -> bool:
    return not is_sensitive(text) and without_orders(text, outside=False) == text


def each_once(found: Sequence[Candidate]) -> list[Candidate]:
    """Each matter where it stands first, resting on all that says it: a change and its note are one."""
    kept: list[Candidate] = []
    for one in found:
        place = next((n for n, other in enumerate(kept) if _is_one_matter(one, other)), None)
        if place is None:
            kept.append(one)
        else:
            rests = tuple(sorted({*kept[place].rests, *one.rests}))
            kept[place] = kept[place].model_copy(update={"rests": rests, "until": _until([kept[place], one])})
    return kept


def _is_one_matter(one: Candidate, other: Candidate) -> bool:
    here, there = checks.numbers(one.text), checks.numbers(other.text)
    if not (here <= there or there <= here):
        return False  # two prices
    near = min(nearness(one.text, [other.text]), nearness(other.text, [one.text]))
    return near >= (ONE_MATTER if set(one.rests) & set(other.rests) else SAME)


def question(items: Mapping[str, Candidate], context: Context) -> str:
    why = {"changed": "changed", "open": "open", "due": "due", "event": "event"}
    listed = "\n".join(
        fence("item", Quoted(text=one.text), {"id": key, "why": why.get(one.reason, "known")}, 260)
        for key, one in items.items()
    )
    night = f"It is the night before {stamp(context.now, context.zone)[:14]}."
    return f"Place: {attribute(context.place)}. {night} At most {context.most + REHEARSED} questions.\n{listed}"


def read(reply: Questions, items: Mapping[str, Candidate]) -> list[Expected]:
    """Questions that somebody may ask, name what they are about and add nothing to it."""
    kept = []
    for place, one in enumerate(reply.questions):
        about = [items[key] for key in dict.fromkeys(one.about) if key in items]
        texts = [item.text for item in about]
        wordings = [" ".join(said.split()) for said in (one.question, *one.also[:2])]
        good = [said for said in wordings if len(said) <= 160 and _asks(said, texts)]
        if not about or not good or good[0] != wordings[0] or not _names(wordings[0], texts):
            continue
        likeliest = max(about, key=lambda item: item.score)
        score = min(likeliest.score + SEVERAL * min(len(about) - 1, 3), 1.0)
        expected = _expected(likeliest.model_copy(update={"until": _until(about), "score": score}), good, about)
        kept.append(expected.model_copy(update={"place": place}))
    return kept


def _until(about: Sequence[Candidate]) -> datetime | None:
    ends = [item.until for item in about if item.until is not None]
    return max(ends) if len(ends) == len(about) else None


def _expected(one: Candidate, wordings: Sequence[str], about: Sequence[Candidate]) -> Expected:
    return Expected(
        question=wordings[0],
        also=tuple(wordings[1:]),
        reason=one.reason,
        score=one.score,
        until=one.until,
        rests=tuple(sorted({row for item in about for row in item.rests})),
    )


_OF_TALK = re.compile(
    r"^(?:what|why|when|where|who|how) (?:did|does|has|have) .{0,40}\b(?:say|said|write|written|post(?:ed)?|mention(?:ed)?|"
    r"report(?:ed)?|react(?:ed)?|think|feel)\b|^who (?:said|wrote|posted|mentioned)\b|"
    r"^what (?:was|were|has been) .{0,30}\b(?:said|written|posted|mentioned|discussed)\b|"
    r"^(?:did|has|have) .{0,40}\b(?:say|said|mention(?:ed)?)\b|"
    r"^(?:was|wann|warum|wo|wer) (?:hat|haben|wurde) .{0,40}\b(?:gesagt|geschrieben|erwähnt|gepostet|berichtet|besprochen)\b|"
    r"^was (?:sagt|meint|denkt)\b|^(?:qu'a|pourquoi|quand) .{0,40}\b(?:dit|écrit|mentionné)\b|"
    r"^(?:qué|quién|cuándo) (?:dijo|escribió)\b"
)
"""Questions after what somebody said: people ask what is, and when, and who does it."""


def _asks(said: str, texts: Sequence[str]) -> bool:
    plain_ = bool(re.search(r"\w", said)) and not checks.unknown_links(said, texts) and _may_be_shown(said)
    return plain_ and not checks.unknown_numbers(said, texts) and not _OF_TALK.search(plain(said))


def _names(said: str, texts: Sequence[str]) -> bool:
    """A question that shares no word with what it is about cannot be understood alone."""
    return any(meets(word, words_of(text)) for word in words_of(said) for text in texts)


def distinct(found: Sequence[Expected], standing: Sequence[str]) -> list[Expected]:
    """The likeliest first, each matter once, without what is answered already."""
    kept: list[Expected] = []
    for one in sorted(found, key=lambda one: (-one.score, one.place, one.question)):
        others = [*standing, *(other.question for other in kept)]
        if all(nearness(one.question, [other]) < SAME for other in others):
            kept.append(one)
    return kept


_OF_ITS_DAY = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|now|this (?:morning|noon|afternoon|evening)|heute|morgen|gestern|jetzt|gerade|"
    r"aujourd'hui|demain|hier|maintenant|hoy|mañana|ayer|ahora)\b",
    re.IGNORECASE,
)


def is_of_its_day(asked: str) -> bool:
    """Whether a question means another thing on another day: "Lunch at the market today?"."""
    return bool(_OF_ITS_DAY.search(asked))


def spread(state: State) -> list[Send] | Literal["rehearse"]:
    return [Send("prepare", One(one=one)) for one in state["expected"]] or "rehearse"


# --- their answers --------------------------------------------------------------------------------


def prepare(state: One, runtime: Runtime[Context]) -> dict[str, list[Tried]]:
    return {"tried": [runtime.context.answer(state["one"], "prepare")]}


def rehearse(state: State, runtime: Runtime[Context]) -> dict[str, Any]:
    """What to try once more: what found no answer, looked for in other words, and what was not likely enough."""
    context = runtime.context
    missed = [one.expected for one in by_question(state["tried"]) if not is_good(one)]
    again: list[Expected] = []
    if missed and context.notes and context.thinker is not None:
        reply = context.thinker.think("rehearse", prompt("rehearse"), missed_question(missed, context), Repairs, 800)
        if isinstance(reply, Failure):
            return {"again": [], "left": [reply.reason]}
        again = repaired(reply, missed, context.notes)
    return {"again": [*again, *state["spare"]]}


def missed_question(missed: Sequence[Expected], context: Context) -> str:
    asked = "\n".join(
        fence("question", Quoted(text=one.question), {"n": str(n)}, 200) for n, one in enumerate(missed, 1)
    )
    notes = "\n".join(fence("note", Quoted(text=one.text), {"id": one.id}, 240) for one in context.notes[:NOTES])
    return f"Place: {attribute(context.place)}.\nNotes:\n{notes}\nQuestions:\n{asked}"


def repaired(reply: Repairs, missed: Sequence[Expected], notes: Sequence[Note]) -> list[Expected]:
    """Each missed question once, with what it is to be looked up with: searches, and the words of notes that answer it."""
    texts = {one.id: one.text for one in notes[:NOTES]}
    found: dict[int, Expected] = {}
    for one in reply.repairs:
        told = [texts[key] for key in one.notes[:2] if key in texts]
        searches = tuple(" ".join(said.split())[:200] for said in (*one.searches[:2], *told) if re.search(r"\w", said))
        if 1 <= one.question <= len(missed) and searches:
            found.setdefault(one.question, missed[one.question - 1].model_copy(update={"searches": searches}))
    return list(found.values())


def replay(state: State) -> list[Send] | str:
    return [Send("play", One(one=one)) for one in state["again"]] or END


def play(state: One, runtime: Runtime[Context]) -> dict[str, list[Tried]]:
    return {"tried": [runtime.context.answer(state["one"], "rehearse")]}


def is_good(one: Tried) -> bool:
    """Composed by a model, and standing on what may be cited."""
    return one.answer.served == "composed" and bool(one.answer.citations) and any(read.cited for read in one.read)


def by_question(tried: Sequence[Tried]) -> list[Tried]:
    """The last try of each question, likeliest first: those side by side end in any order."""
    last = {one.expected.question: one for one in tried}
    return sorted(last.values(), key=lambda one: (-one.expected.score, one.expected.question))


def merged(tried: Sequence[Tried]) -> Tried:
    """Of several tries of one question the one whose citations most of the others share; the first of equals."""
    good = [one for one in tried if is_good(one)]
    if not good:
        return tried[0]

    def shared(one: Tried) -> int:
        mine = set(one.answer.citations)
        return sum(len(mine & set(other.answer.citations)) for other in good if other is not one)

    return max(good, key=shared)


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("propose", propose)
    graph.add_node("prepare", prepare)
    graph.add_node("rehearse", rehearse)
    graph.add_node("play", play)
    graph.add_edge(START, "propose")
    graph.add_conditional_edges("propose", spread, ["prepare", "rehearse"])
    graph.add_edge("prepare", "rehearse")
    graph.add_conditional_edges("rehearse", replay, ["play", END])
    graph.add_edge("play", END)
    return graph

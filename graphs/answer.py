"""A live answer: START -> gather -> compose -> END. Code fetches the thread and the passages before the model runs.

`gather` reads what everybody who will see the answer may read; `compose` lets the live model write over it, or quotes the
best sentences; each statement keeps its citation or is cut.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from graphs import checks
from graphs.conversations import stamp
from graphs.domain import Answer, Message, Person, Quoted, Source, Value
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.text import sentences
from graphs.thinking import Failure, Thinker

PASSAGES = 14
SHOWN_CITATIONS = 4
NEAR = 0.45
"""Share of a question's own words that a passage must have for the rules to quote it as an answer."""


class Passage(Value):
    """One message that retrieval returned to this audience."""

    source: Source
    label: str
    said_by: str
    said_at: datetime
    text: Quoted


class State(TypedDict, total=False):
    answer: Answer


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and look up what the place's readers may read."""

    thinker: Thinker | None
    question: Quoted
    asker: str
    thread: Sequence[Message]
    recall: Callable[[], Sequence[Passage]]
    known: Sequence[str]  # learned context of the place, one line each
    people: Mapping[str, Person]
    now: datetime
    zone: str
    on_token: Callable[[str], None]


def answer(state: State, runtime: Runtime[Context]) -> State:
    """The answer, with citations that were among what retrieval returned."""
    context = runtime.context
    passages = tuple(context.recall())
    retrieved = tuple(passage.source for passage in passages)
    if not passages:
        return {"answer": Answer(text=NOT_FOUND, served="not_found", retrieved=retrieved)}
    if context.thinker is None:
        return {"answer": by_rules(context.question.text, passages)}
    said = context.thinker.say("answer", prompt("answer"), question(context, passages), context.on_token)
    if isinstance(said, Failure):
        return {"answer": by_rules(context.question.text, passages)}
    return {"answer": read(said, passages)}


NOT_FOUND = "I don't find it."


def question(context: Context, passages: Sequence[Passage]) -> str:
    """Learned context, thread, passages, and the question last: what changes most stands nearest the end."""
    known = "\n".join(fence("known", Quoted(text=line), None, 240) for line in context.known)
    thread = "\n".join(
        fence("message", m.text, {"from": m.author.name, "at": stamp(m.sent_at, context.zone)}, 1200)
        for m in context.thread[-20:]
    )
    found = "\n".join(
        fence("passage", p.text, {"n": str(n), "in": p.label, "by": p.said_by, "at": stamp(p.said_at, context.zone)}, 900)
        for n, p in enumerate(passages, 1)
    )
    parts = [
        f"What is known about this place (for orientation; cite passages):\n{known}" if known else "",
        f"Passages:\n{found}",
        f"The thread so far:\n{thread}" if thread else "",
        f"It is {stamp(context.now, context.zone)}. {attribute(context.asker)} asks:",
        fence("message", context.question, None, 2000),
    ]
    return "\n".join(part for part in parts if part)


# The word the prompt asks for; "Nothing was decided [2]." is an answer.
_NOTHING = re.compile(r"\W*(?:NOTHING\b|(?i:nothing)\W*(?:\[[\d\s,]*\]\W*)*$)")
_CITED = re.compile(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")


def read(said: str, passages: Sequence[Passage]) -> Answer:
    """The model's text without its statements that cite nothing given, or that carry a number no cited passage has."""
    retrieved = tuple(p.source for p in passages)
    if _NOTHING.match(said):
        near = _numbers_in(said, len(passages))
        return not_found(passages, near[:1])
    kept: list[str] = []
    cited: list[int] = []
    for line in said.splitlines():
        statements = re.split(r"(?<=[\].!?])\s+(?=[^\[])", line.strip())
        good = [s for s in statements if _stands(s, passages)]
        for statement in good:
            cited += _numbers_in(statement, len(passages))
        if good:
            kept.append(" ".join(_CITED.sub("", s).replace(" .", ".").strip() for s in good))
    order = list(dict.fromkeys(cited))[:SHOWN_CITATIONS]
    if not kept or not order:
        return not_found(passages, [])
    text = "\n".join(_unmarked(line) for line in kept[:6])
    return Answer(
        text=text, citations=tuple(passages[n - 1].source for n in order), served="composed", retrieved=retrieved
    )


def _stands(statement: str, passages: Sequence[Passage]) -> bool:
    cited = _numbers_in(statement, len(passages))
    sources = [passages[n - 1] for n in cited]
    texts = [f"{p.text.text} {p.said_by} {p.label} {stamp(p.said_at, 'UTC')}" for p in sources]
    bare = _CITED.sub("", statement)
    days = [p.said_at.date() for p in sources]
    unknown = {n for n in checks.unknown_numbers(bare, texts, days) if len(n) > 2 or int(n) > 31}
    return bool(cited) and bool(re.search(r"\w", bare)) and not unknown and not checks.unknown_links(bare, texts)


def _numbers_in(text: str, most: int) -> list[int]:
    found = [int(n) for group in _CITED.findall(text) for n in group.split(",")]
    return [n for n in found if 1 <= n <= most]


def _unmarked(line: str) -> str:
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(line.split()))


def not_found(passages: Sequence[Passage], near: Sequence[int]) -> Answer:
    """An honest no, with the nearest passage when one is near."""
    retrieved = tuple(p.source for p in passages)
    if not near:
        return Answer(text=NOT_FOUND, served="not_found", retrieved=retrieved)
    passage = passages[near[0] - 1]
    quoted = _clip(passage.text.text, 160)
    return Answer(
        text=f"{NOT_FOUND} Nearest: {passage.said_by}: “{quoted}”",
        citations=(passage.source,),
        served="not_found",
        retrieved=retrieved,
    )


_SMALL = frozenset(
    "the a an and or of to in on at for with by is are was were be been do does did has have had will would can could what "
    "when where who whom which why how we our us i you your they their it its this that there any about from as not no yes "
    "der die das und oder ein eine ist sind war wann wer was wie wo warum wir ihr sie es im am um zu für mit von nicht hat "
    "haben wird kann".split()
)


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s|en|er|e)$", "", word) if len(word) > 4 else word


def _words(text: str) -> set[str]:
    return {_stem(w) for w in re.findall(r"\w+", text.casefold()) if w not in _SMALL and len(w) > 1}


def by_rules(asked: str, passages: Sequence[Passage]) -> Answer:
    """The best sentences that share enough words with the question, quoted with who said them."""
    wanted = _words(asked)
    scored: list[tuple[float, int, str]] = []
    for n, passage in enumerate(passages, 1):
        about = _words(f"{passage.label} {passage.said_by}")
        for sentence in sentences(passage.text.text):
            words = _words(sentence)
            share = (len(wanted & words) + 0.5 * len(wanted & (about - words))) / max(len(wanted), 1)
            answers = not sentence.rstrip().endswith("?") and len(words) > 2
            if answers and share >= NEAR:
                scored.append((share - 0.01 * n, n, sentence))
    retrieved = tuple(p.source for p in passages)
    if not scored:
        return not_found(passages, [1])
    best: dict[int, str] = {}
    for _, n, sentence in sorted(scored, key=lambda hit: (-hit[0], hit[1])):
        best.setdefault(n, sentence)
    chosen = list(best.items())[:3]
    text = "\n".join(f"{passages[n - 1].said_by}: “{_clip(sentence, 240)}”" for n, sentence in chosen)
    citations = tuple(passages[n - 1].source for n, _ in chosen)
    return Answer(text=text, citations=citations, served="rules", retrieved=retrieved)


def _clip(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph

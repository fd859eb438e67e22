"""A live answer: START -> gather -> compose -> END. Code fetches the thread and the passages before the model runs.

`gather` reads what everybody who will see the answer may read; `compose` lets the live model write over it, or quotes the
best sentences; each statement keeps its citation or is cut.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from graphs.citing import NOT_FOUND, Hearing, Passage, not_found, read
from graphs.conversations import name_of, stamp
from graphs.digest_value import clip
from graphs.domain import Answer, Message, Person, Quoted
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.speech import is_joke
from graphs.rules.speech import read as read_speech
from graphs.rules.text import language, plain, sentences, word_set
from graphs.thinking import Failure, Thinker

PASSAGES = 14
NEAR = 0.55
"""Share of a question that a sentence must meet for the rules to quote it as an answer."""
AS_GOOD = 0.8
"""What meets at least this part of what the best sentence meets speaks of the same, so the newest of them comes first."""
ABOUT = 0.5
"""Weight of the names and numbers of a question: many passages have them, few have what is asked of them."""
QUOTED = 3
NEWS = 2
"""Words that a sentence must add to those of the question."""


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
    on_text: Callable[[str], None] = lambda piece: None
    """Gets the text of the answer piece by piece, each as soon as it is certain: whole statements that stand."""


def answer(state: State, runtime: Runtime[Context]) -> State:
    """The answer, with citations that were among what retrieval returned."""
    context = runtime.context
    passages = tuple(context.recall())
    retrieved = tuple(passage.source for passage in passages)
    if not passages:
        return {"answer": Answer(text=NOT_FOUND, served="not_found", retrieved=retrieved)}
    if context.thinker is None:
        return {"answer": by_rules(context.question.text, passages)}
    hearing = Hearing(passages, context.question.text, context.on_token, context.on_text)
    said = context.thinker.say("answer", prompt("answer"), question(context, passages), hearing.hear)
    if isinstance(said, Failure):
        return {"answer": by_rules(context.question.text, passages)}
    return {"answer": read(said, passages, context.question.text)}


def question(context: Context, passages: Sequence[Passage]) -> str:
    """Learned context, thread, passages, and the question last: what changes most stands nearest the end."""
    known = "\n".join(fence("known", Quoted(text=line), None, 240) for line in context.known)
    thread = "\n".join(
        fence("message", m.text, {"from": name_of(m, context.people), "at": stamp(m.sent_at, context.zone)}, 1200)
        for m in context.thread[-20:]
    )
    found = "\n".join(
        fence(
            "passage", p.text, {"n": str(n), "in": p.label, "by": p.said_by, "at": stamp(p.said_at, context.zone)}, 900
        )
        for n, p in enumerate(passages, 1)
    )
    parts = [
        f"What is known about this place (for orientation; cite passages):\n{known}" if known else "",
        f"Passages:\n{found}",
        f"The thread so far:\n{thread}" if thread else "",
        # To the hour: as exact as an answer needs, and the same question stays the same request for a while.
        f"It is {stamp(context.now, context.zone)[:-3]}:00 or later. {attribute(context.asker)} asks:",
        fence("message", context.question, None, 2000),
    ]
    return "\n".join(part for part in parts if part)


# --- without a model ------------------------------------------------------------------------------

_SMALL = word_set(
    """the a an and or of to in on at for with by is are was were be been do does did has have had will would can could what
    when where who whom which why how we our us i me my you your they their it its this that there any about from as not no
    yes so many much long often if get gets say said tell told
    der die das den dem des und oder ein eine einen einem einer ist sind war waren wann wer wen wem was wie wo warum welche
    welcher welches welchen wir uns unser ihr sie es ich du im in am um zu zum zur für mit von vom ab auf aus bei nach nicht
    hat haben wird werden kann können viel viele lange man sagt sagte gesagt
    le la les un une des du de et ou est sont était quand qui que quoi quel quelle quels quelles où comment pourquoi combien
    nous notre nos vous votre vos il elle ils elles je tu on au aux à en dans pour avec par sur ne pas a ont se ce cette dit
    el los las una unos unas y o es son era cuándo cuando quién quien qué cuál cual cuáles dónde donde cómo cuánto cuánta
    cuántos cuántas nosotros nuestro nuestra al del con por para se su sus hay ha han lo dijo dice"""
)
_MONTHS = {
    name: short
    for short, names in {
        "jan": "jan january januar janvier enero", "feb": "feb february februar février febrero",
        "mar": "mar mär march märz mars marzo", "apr": "apr april avril abril", "may": "may mai mayo",
        "jun": "jun june juni juin junio", "jul": "jul july juli juillet julio", "aug": "aug august août agosto",
        "sep": "sep sept september septembre septiembre", "oct": "oct okt october oktober octobre octubre",
        "nov": "nov november novembre noviembre", "dec": "dec dez december dezember décembre diciembre",
    }.items()
    for name in names.split()
}  # fmt: skip
_DAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|lundi|mardi|"
    r"mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|today|tonight|tomorrow|"
    r"yesterday|noon|midnight|heute|morgen|gestern|mittag|aujourd'hui|demain|hier|midi|hoy|mañana|ayer|mediodía|next (?:week|"
    r"month|year)|nächste[nrs]? (?:woche|monat|jahr)|la semaine prochaine|la semana que viene)s?\b"
)
_NUMBER_WORD = re.compile(
    r"\b(?:none|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|keine[rn]?|zwei|drei|vier|fünf|"
    r"sechs|sieben|acht|neun|zehn|elf|zwölf|hundert|tausend|aucune?|deux|trois|quatre|cinq|huit|neuf|dix|douze|cent|mille|"
    r"ninguno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|cien|mil)\b"
)
_WHEN = re.compile(
    r"\b(?:when|what (?:time|day|date)|which (?:day|date|week|month)|until when|wann|welche[nmrs]? (?:tag|datum|woche)|"
    r"wie spät|um wie viel uhr|quand|quel jour|quelle (?:date|heure)|cuándo|qué (?:día|fecha|hora))\b"
)
_HOW_MANY = re.compile(
    r"\b(?:how (?:many|much|long|often|big|large|far|old)|what (?:is|are|was|were) the (?:\w+ ){0,2}(?:price|cost|number|"
    r"amount)s?|wie ?(?:viele?|lange|oft|groß|hoch|teuer)|was kostet|combien|cuánt[oa]s?)\b"
)


@dataclass(frozen=True)
class _Wanted:
    """A question taken apart into stems: its names and numbers, its topic, and what it asks of them."""

    must: frozenset[str]
    topic: frozenset[str]
    asked: frozenset[str]
    digits: frozenset[str]
    when: bool
    how_many: bool

    @property
    def weights(self) -> dict[str, float]:
        return dict.fromkeys(self.asked, 1.0) | dict.fromkeys(self.must | self.topic, ABOUT)


@dataclass(frozen=True)
class _Quote:
    """A sentence of passage `n` (from 1) with the share of the question that it meets."""

    n: int
    sentence: str
    share: float
    answers: bool


def by_rules(asked: str, passages: Sequence[Passage]) -> Answer:
    """The sentences that meet most of the question, the newest first: what was said later may have changed it."""
    wanted = _taken_apart(asked, [_words(passage.text.text) for passage in passages])
    quotes = [quote for n, passage in enumerate(passages, 1) for quote in _quotes(wanted, n, passage)]
    quotes.sort(key=lambda q: (-q.share, not q.answers, -passages[q.n - 1].said_at.timestamp(), q.n))
    good = [quote for quote in quotes if quote.answers and quote.share >= NEAR]
    if not good:
        return not_found(passages, [quote.n for quote in quotes[:1] if quote.share >= NEAR / 2])
    best: dict[str, _Quote] = {}
    for quote in good:
        if quote.share >= AS_GOOD * good[0].share and quote.n not in {held.n for held in best.values()}:
            best.setdefault(quote.sentence.casefold(), quote)
    chosen = sorted(list(best.values())[:QUOTED], key=lambda quote: passages[quote.n - 1].said_at, reverse=True)
    return Answer(
        text="\n".join(f"{passages[q.n - 1].said_by}: “{clip(q.sentence, 240)}”" for q in chosen),
        citations=tuple(passages[quote.n - 1].source for quote in chosen),
        served="rules",
        retrieved=tuple(passage.source for passage in passages),
    )


def _taken_apart(asked: str, found: Sequence[frozenset[str]]) -> _Wanted:
    """What a third of the passages speak of is what the question is about, however it is written."""
    words = _words(asked)
    # German writes every noun like a name.
    named = r"(?<=[\w,;:] )[^\W\d_a-zäöü]\w*" if language(asked) != "de" else r"(?!)"
    names = {stem for name in re.findall(named, asked) for stem in _words(name)}
    digits = frozenset(word for word in words if any(sign.isdigit() for sign in word))
    must = words & (names | digits | set(_MONTHS.values()))
    topic = {word for word in words if len(found) >= 4 and 3 * sum(word in one for one in found) >= len(found)}
    said = plain(asked)
    when, how_many = bool(_WHEN.search(said)), bool(_HOW_MANY.search(said))
    return _Wanted(must, frozenset(topic - must), frozenset(words - must - topic), digits, when, how_many)


def _quotes(wanted: _Wanted, n: int, passage: Passage) -> Iterator[_Quote]:
    """Each sentence of a passage. Words near it, in the same message, its place or its author's name, count half."""
    around = _words(f"{passage.label} {passage.said_by} {passage.text.text}")
    known = all(_meets(word, around) for word in wanted.must)
    weights = wanted.weights
    for sentence in sentences(passage.text.text):
        here = _words(sentence)
        met = sum(weight * max(_meets(word, here), _meets(word, around) / 2) for word, weight in weights.items())
        news = [word for word in here if not _meets(word, weights.keys())]
        if len(news) >= NEWS and _states(wanted, sentence):
            told = not wanted.asked or any(_meets(word, around) for word in wanted.asked)
            answers = known and told and _is_of_the_kind(wanted, sentence, here)
            yield _Quote(n, sentence, met / (sum(weights.values()) or 1.0), answers)


def _states(wanted: _Wanted, sentence: str) -> bool:
    """False for questions, thanks, jokes and greetings, and for requests unless a deadline or a number is asked for."""
    said = read_speech(sentence)
    orders = said.ask == "action" and (said.aim == "anyone" or wanted.when or wanted.how_many)
    asks = sentence.rstrip().endswith("?") or (said.ask != "" and not said.weak and not orders)
    return not (asks or said.thanks or said.acknowledges or is_joke(sentence))


def _is_of_the_kind(wanted: _Wanted, sentence: str, here: frozenset[str]) -> bool:
    """A question for a time wants a time, one for a number a number; those of the question itself are none."""
    said = plain(sentence)
    number = any(sign.isdigit() for word in here - wanted.digits for sign in word)
    if wanted.when:
        return number or bool(_DAY.search(said)) or bool(here & set(_MONTHS.values()))
    return not wanted.how_many or number or bool(_NUMBER_WORD.search(said))


def _stem(word: str) -> str:
    if word in _MONTHS:
        return _MONTHS[word]
    return re.sub(r"(?:ing|ed|es|s|en|er|e)$", "", word) if len(word) > 4 else word


def _words(text: str) -> frozenset[str]:
    found = re.findall(r"\w+", text.casefold())
    return frozenset(_stem(word) for word in found if word not in _SMALL and (len(word) > 1 or word.isdigit()))


def _meets(word: str, others: Collection[str]) -> float:
    """1 for the same stem, .7 for one that begins alike: ship and shipping, decide and decision."""
    if word in others:
        return 1.0
    alike = len(word) >= 4 and any(_begins_alike(word, other) for other in others)
    return 0.7 if alike else 0.0


def _begins_alike(one: str, other: str) -> bool:
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= 4 and max(len(one), len(other)) - shared <= 4 and not (one.isdigit() or other.isdigit())


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph

"""A live answer: START -> answer -> END. Code fetches the thread and the passages before the model runs.

What everybody who will see the answer may read is laid before the live model, which writes over it, or its best sentences are
quoted; each statement keeps its citation or is cut. A question for one fact is given little, and more when that has no answer.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from graphs.checks import folded
from graphs.citing import IN_A_CHANNEL, NOT_FOUND, Hearing, Most, Passage, not_found, read, renumbered, shown
from graphs.conversations import name_of, stamp
from graphs.digest_value import clip
from graphs.domain import Answer, Message, Person, Prepared, Quoted, Source
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.speech import is_joke
from graphs.rules.speech import read as read_speech
from graphs.rules.text import language, plain, sentences
from graphs.rules.wording import MONTHS, meets, words_of
from graphs.thinking import Failure, Thinker

PASSAGES = 14
"""What the rules look at."""
ONE_FACT = 1_720
SEVERAL = 4_096
"""Characters of passages, with their heads and what was prepared, for a question after one fact and for any other: 450 and
1,024 tokens, each counted as four characters."""
WHOLE = 10_000
"""Characters of a prompt."""
THREAD = 1_800
KNOWN = 3_200
HEAD = 92
"""About so long is what says who said a passage, where and when."""
LONGEST = 900
SAID_AHEAD = 0.6
"""Share of an answer's words that one made ahead must have for the answer to come from it."""
NEAR = 0.55
"""Share of a question that a sentence must meet for the rules to quote it as an answer."""
AS_GOOD = 0.8
"""What meets at least this part of what the best sentence meets speaks of the same, so the newest of them comes first."""
ABOUT = 0.5
"""Weight of the names and numbers of a question: many passages have them, few have what is asked of them."""
QUOTED = 3
SUSPICIOUS = "The mail cited looks like fraud: follow nothing in it."
NEWS = 2
"""Words that a sentence must add to those of the question."""


class State(TypedDict, total=False):
    answer: Answer
    parts: dict[str, int]  # characters of the prompt by part


@dataclass(frozen=True)
class Concluded:
    """What follows from what several messages say; told only beside all of them."""

    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Turned:
    """What was said, and later in its place. `since` when; None: nobody decided that it is so, their words are like it."""

    earlier: tuple[Source, ...]
    later: tuple[Source, ...]
    since: datetime | None


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, and look up what the place's readers may read."""

    thinker: Thinker | None
    question: Quoted
    asker: str
    thread: Sequence[Message]
    recall: Callable[[bool], Sequence[Passage]]  # True: more than the first time
    known: Sequence[str]  # learned context of the place, one line each
    people: Mapping[str, Person]
    now: datetime
    zone: str
    on_token: Callable[[str], None]
    on_text: Callable[[str], None] = lambda piece: None
    """Gets the text of the answer piece by piece, each as soon as it is certain: whole statements that stand."""
    step: str = "answer"
    most: Most = IN_A_CHANNEL
    prepared: Sequence[Prepared] = ()  # answers made ahead that fit, checked just now
    conclusions: Sequence[Concluded] = ()
    turned: Sequence[Turned] = ()  # for a question that asks what changed


def answer(state: State, runtime: Runtime[Context]) -> State:
    """The answer, with citations that were among what retrieval returned."""
    context = runtime.context
    passages = tuple(context.recall(False))
    retrieved = tuple(passage.source for passage in passages)
    if not passages:
        return {"answer": Answer(text=NOT_FOUND, served="not_found", retrieved=retrieved)}
    if context.thinker is None:
        return {"answer": _warned(by_rules(context.question.text, passages), passages)}
    found, parts = _composed(context, context.thinker, passages)
    if found.served == "not_found" and len(more := tuple(context.recall(True))) > len(passages):
        found, parts = _composed(context, context.thinker, more)
    return {"answer": _as_prepared(found, context), "parts": parts}


def _composed(context: Context, thinker: Thinker, passages: Sequence[Passage]) -> tuple[Answer, dict[str, int]]:
    parts = question(context, passages)
    asked = "\n".join(part for part in parts.values() if part)
    hearing = Hearing(passages, context.question.text, context.on_token, context.on_text)
    said = thinker.say(context.step, prompt("answer"), asked, hearing.hear)
    counted = {"system": len(prompt("answer"))} | {name: len(part) for name, part in parts.items()}
    if isinstance(said, Failure):
        return _warned(by_rules(context.question.text, passages), passages), counted
    return _warned(read(said, passages, context.question.text, context.most), passages), counted


def _warned(found: Answer, passages: Sequence[Passage]) -> Answer:
    """Whatever a model makes of a mail that looks like fraud, its readers are told what it looks like."""
    fraud = {p.source for p in passages if p.standing == "suspicious"}
    if not fraud & set(found.citations):
        return found
    return found.model_copy(update={"text": f"{found.text}\n{SUSPICIOUS}"})


def _as_prepared(found: Answer, context: Context) -> Answer:
    """Says that an answer comes from one made ahead: it stands on nothing else, and says what that says."""
    for one in context.prepared:
        if found.citations and set(found.citations) <= set(one.citations) and found.served == "composed":
            told, asked = words_of(one.answer), words_of(context.question.text)
            said = words_of(found.text) - asked
            if sum(meets(word, told) for word in said) >= SAID_AHEAD * len(said):
                return found.model_copy(update={"served": "prepared", "prepared_at": one.at})
    return found


def question(context: Context, passages: Sequence[Passage]) -> dict[str, str]:
    """The prompt by its parts: what stays the same for many questions first, and the question last."""
    told = {
        "prepared": "\n".join(_ahead(context.prepared, passages, context.zone)),
        "conclusions": "\n".join(_conclusions(context.conclusions, passages)),
        "turned": "\n".join(_turned(context.turned, passages, context.zone)),
        "passages": "Passages:\n" + "\n".join(shown(n, p, context.zone, LONGEST) for n, p in enumerate(passages, 1)),
        "thread": _thread(context),
        # To the hour: as exact as an answer needs, and the same question stays the same request for a while.
        "question": f"It is {stamp(context.now, context.zone)[:-3]}:00 or later. {attribute(context.asker)} asks:\n"
        + fence("message", context.question, None, 1_200),
    }
    room = WHOLE - len(prompt("answer")) - sum(len(part) for part in told.values())
    return {"known": _known(context.known, min(room, KNOWN))} | told


def _known(lines: Sequence[str], room: int) -> str:
    """Learned context as far as there is room; the most useful lines stand first."""
    told: list[str] = ["What is known about this place (for orientation; cite passages):"]
    room -= len(told[0]) + 1
    for line in lines:
        one = fence("known", Quoted(text=line), None, 240)
        room -= len(one) + 1
        if room < 0:
            break
        told.append(one)
    return "\n".join(told) if len(told) > 1 else ""


def _ahead(found: Sequence[Prepared], passages: Sequence[Passage], zone: str) -> Iterator[str]:
    """Answers made ahead, with the numbers that their citations have here; of each what the passages here carry."""
    places = {p.source: n for n, p in enumerate(passages, 1)}
    for one in found:
        text = renumbered(one.answer, [places.get(source, 0) for source in one.citations])
        if text:
            yield fence("prepared", Quoted(text=text), {"question": one.question, "at": stamp(one.at, zone)}, 900)


def _conclusions(found: Sequence[Concluded], passages: Sequence[Passage]) -> Iterator[str]:
    """Each with the passages that it follows from, where all of them are shown."""
    places = {p.source: n for n, p in enumerate(passages, 1)}
    for one in found:
        if all(source in places for source in one.sources):
            rests = "".join(f"[{places[source]}]" for source in one.sources)
            yield fence("conclusion", Quoted(text=one.text), {"from": rests}, 300)


def _turned(found: Sequence[Turned], passages: Sequence[Passage], zone: str) -> Iterator[str]:
    """Which passages took the place of which, in numbers and days alone: what they say stands in them."""
    places = {p.source: n for n, p in enumerate(passages, 1)}
    told = []
    for one in found:
        earlier, later = ("".join(f"[{places[s]}]" for s in side if s in places) for side in (one.earlier, one.later))
        if earlier and later and one.since is not None:
            told.append(f"- something in {earlier} held until {stamp(one.since, zone)[:14]}; since then {later}")
        elif earlier and later:
            told.append(f"- {later} may change something in {earlier}: compare them")
    if told:
        yield "\n".join(["What changed, by the numbers of the passages:", *dict.fromkeys(told)])


def _thread(context: Context) -> str:
    """The thread as far as there is room: how it began, and its newest messages."""
    told = [
        fence("message", m.text, {"from": name_of(m, context.people), "at": stamp(m.sent_at, context.zone)}, 500)
        for m in context.thread
    ]
    first, rest = told[:1], told[1:]
    newest: list[str] = []
    for one in reversed(rest):
        if sum(map(len, (*first, *newest, one))) > THREAD:
            break
        newest.insert(0, one)
    return "\n".join(["The thread so far:", *first, *newest]) if told else ""


_SEVERAL = re.compile(
    r"\b(?:all|every(?:body|one|thing)?|each|both|total|altogether|list|compare|versus|vs|differences?|why|"
    r"how (?:did|do|does|should|come)|summar\w*|overview|status|what (?:happened|changed|is (?:left|open|new))|"
    r"and|und|et|y|oder|or|alle[rsn]?|jede[rsn]?|warum|wieso|weshalb|unterschied\w*|vergleich\w*|zusammen\w*|(?:ins)?gesamt\w*|"
    r"übersicht|stand|pourquoi|toutes?|tous|résum\w*|compar\w*|por qué|todos|todas)\b"
)


_PAST = re.compile(
    r"\b(?:before|previous(?:ly)?|earlier|original(?:ly)?|used to|formerly|until|as of|changed?|moved|history|at first|"
    r"vorher|früher|ursprünglich|bisher|zuerst|geändert|verschoben|bis wann|avant|auparavant|à l'origine|changé|antes|"
    r"anteriormente|cambi\w+)\b"
)


def is_for_the_past(asked: str) -> bool:
    """Whether it is asked what held before, or when it changed."""
    return bool(_PAST.search(plain(asked)))


def is_for_one_fact(asked: str) -> bool:
    """A short question after a time, a number, a person, a place or a name, and not after several or after reasons."""
    said = plain(asked)
    return len(words_of(asked)) <= 9 and not _SEVERAL.search(said)


# --- without a model ------------------------------------------------------------------------------

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
    past: bool

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
    wanted = _taken_apart(asked, [words_of(passage.text.text) for passage in passages])
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
    words = words_of(asked)
    # German writes every noun like a name.
    named = r"(?<=[\w,;:] )[^\W\d_a-zäöü]\w*" if language(asked) != "de" else r"(?!)"
    names = {stem for name in re.findall(named, asked) for stem in words_of(name)}
    digits = frozenset(word for word in words if any(sign.isdigit() for sign in word))
    must = words & (names | digits | set(MONTHS.values()))
    topic = {word for word in words if len(found) >= 4 and 3 * sum(word in one for one in found) >= len(found)}
    said = plain(asked)
    when, how_many = bool(_WHEN.search(said)), bool(_HOW_MANY.search(said))
    asked_for = frozenset(words - must - topic)
    return _Wanted(must, frozenset(topic - must), asked_for, digits, when, how_many, is_for_the_past(asked))


def _overlap(sentence: str, quote: str) -> bool:
    said, over = folded(sentence), folded(quote)
    return said in over or over in said


def _quotes(wanted: _Wanted, n: int, passage: Passage) -> Iterator[_Quote]:
    """Each sentence of a passage. Words near it, in the same message, its place or its author's name, count half."""
    around = words_of(f"{passage.label} {passage.said_by} {passage.text.text}")
    over = () if wanted.past else passage.over
    known = all(meets(word, around) for word in wanted.must)
    told = not wanted.asked or any(meets(word, around) for word in wanted.asked)
    said = sentences(passage.text.text)
    # Who asks the same describes what they are after: only a time or a number beside it may be the answer.
    asks = any(_met(wanted, one, around) >= NEAR for one in said if one.rstrip().endswith("?"))
    echoes = asks and not (wanted.when or wanted.how_many)
    for sentence in said:
        here, met = words_of(sentence), _met(wanted, sentence, around)
        news = [word for word in here if not meets(word, wanted.weights.keys())]
        if len(news) >= NEWS and _states(wanted, sentence) and not any(_overlap(sentence, one) for one in over):
            answers = known and told and _is_of_the_kind(wanted, sentence, here) and not echoes
            yield _Quote(n, sentence, met, answers)


def _met(wanted: _Wanted, sentence: str, around: frozenset[str]) -> float:
    """The share of the question that a sentence meets."""
    here, weights = words_of(sentence), wanted.weights
    met = sum(weight * max(meets(word, here), meets(word, around) / 2) for word, weight in weights.items())
    return met / (sum(weights.values()) or 1.0)


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
        return number or bool(_DAY.search(said)) or bool(here & set(MONTHS.values()))
    return not wanted.how_many or number or bool(_NUMBER_WORD.search(said))


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph

"""Replies owed to mails: START -> write (once for each mail that passed the gates, side by side) -> END.

The model writes a body or says why not. Recipients, subject and threading come from the mail, by code; the graph holds
nothing that could append or send.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send
from pydantic import Field

from graphs import checks
from graphs.conversations import heading, rendered, shown, stamp
from graphs.digest_value import clip
from graphs.domain import Ask, NotDrafted, Person, Quoted, Receipt, Source, Thread, UsedFact, Value
from graphs.life import source_key
from graphs.prompts import prompt
from graphs.quote import attribute, fence
from graphs.rules.style import Style
from graphs.thinking import Failure, Thinker


class MailRef(Value):
    """One inbox mail: its thread and its row."""

    scope: str
    thread: str
    message: int


class Passage(Value):
    """A message that retrieval found for a mail. Only what the recipients may know comes this far."""

    source: Source
    label: str  # "#product", "mail from Bob"
    text: Quoted
    said_by: str
    said_at: datetime
    internal: bool  # readable inside the organisation; a recipient outside may not know it
    own: bool = False  # from mails of the owner that the sender has not seen
    over: tuple[str, ...] = ()  # words of it that hold no more
    disputed: bool = False  # somebody else says otherwise, and nobody decided


class Note(Value):
    """What is remembered and holds now, as far as the recipients may know it."""

    text: Quoted
    source: Source
    label: str  # "#product", "mails with the sender"
    since: datetime
    internal: bool  # as of a passage
    own: bool = False
    disputed: bool = False


class Known(Value):
    """What retrieval has for a mail: usable passages, and sources that were kept back from the model."""

    passages: tuple[Passage, ...] = ()
    notes: tuple[Note, ...] = ()
    withheld: tuple[Source, ...] = ()


class Outcome(Value):
    """What the model made of one mail, checked. Exactly one of `body`, `question` and `reason` is set."""

    ref: MailRef
    body: str = ""
    question: str = ""
    reason: NotDrafted | None = None
    why: str = ""
    receipt: Receipt = Receipt()
    slots: tuple[str, ...] = ()
    fell_back: str = ""  # why there is no judgement by the model; "" otherwise


class State(TypedDict):
    pending: list[MailRef]
    outcomes: Annotated[list[Outcome], operator.add]


class One(TypedDict):
    ref: MailRef


WISHES: Mapping[str, str] = {
    "shorter": "Write it again, at most half as long, with every answer still in it.",
    "warmer": "Write it again, warmer and more personal, with the same facts.",
    "decline": "Write a reply that kindly declines what the mail asks, with no reason that no source states.",
    "ask": "Do not answer yet: write a reply that asks the sender for what the owner must know before they can answer.",
}
"""What an owner may want of a draft they read."""


@dataclass(frozen=True)
class Wish:
    """A draft that its owner read and wants otherwise; `kind` is one of `WISHES`."""

    kind: str
    body: str


@dataclass(frozen=True)
class Context:
    """All this graph may do: think, read one person's mail, and look up what a mail's recipients may know."""

    thinker: Thinker
    thread: Callable[[MailRef], Thread]
    known: Callable[[MailRef], Known]
    style: Callable[[MailRef], Style]
    owner: Person
    people: Mapping[str, Person]
    now: datetime
    wish: Wish | None = None


class Written(Value):
    """A reply as a model returns it."""

    verdict: Literal["draft", "ask_owner", "no_reply"]
    reason: Literal[
        "", "information", "answered_by_owner", "answered_by_other", "superseded", "sensitive", "phishing", "bulk",
        "automatic", "not_addressed", "confidential", "action", "unsure",
    ]  # fmt: skip
    asks: Annotated[tuple[Ask, ...], Field(max_length=12)]
    body: Annotated[str, Field(max_length=6000)]
    facts: Annotated[tuple[str, ...], Field(max_length=40)]
    assumptions: Annotated[tuple[str, ...], Field(max_length=8)]
    question: Annotated[str, Field(max_length=600)]
    why: Annotated[str, Field(max_length=600)]


def spread(state: State) -> list[Send] | Literal["__end__"]:
    return [Send("write", One(ref=ref)) for ref in state["pending"]] or "__end__"


def write(state: One, runtime: Runtime[Context]) -> dict[str, list[Outcome]]:
    """A reply to one mail, as a value. The shell decides what becomes of it."""
    context, ref = runtime.context, state["ref"]
    thread = context.thread(ref)
    known = context.known(ref)
    asked = question(thread, ref, known, context)
    reply = context.thinker.think("draft", prompt("draft"), asked, Written)
    if isinstance(reply, Failure):
        reason = reply.not_drafted
        return {"outcomes": [Outcome(ref=ref, reason=reason, why=reply.reason, fell_back=reply.reason)]}
    return {"outcomes": [read(reply, thread, ref, known, context)]}


def question(thread: Thread, ref: MailRef, known: Known, context: Context) -> str:
    """Owner and style first, then the thread with the mail to answer named by number, then the facts."""
    owner = context.owner
    number = next((n for n, m in enumerate(shown(thread), 1) if m.id == ref.message), 0)
    facts = "\n".join(_fact(f"F{n}", one, owner.zone) for n, one in enumerate(known.passages, 1))
    notes = "\n".join(_note(f"K{n}", one, owner.zone) for n, one in enumerate(known.notes, 1))
    return (
        f"OWNER: {attribute(owner.name)}. It is {stamp(context.now, owner.zone)} where the owner is.\n"
        f"{f'Notes about what it asks, oldest first:{chr(10)}{notes}{chr(10)}' if notes else ''}"
        f"{style_lines(context.style(ref))}\n"
        f"{heading(thread)} The mail to answer is number {number}.\n"
        f"{rendered(thread, owner.zone, context.people, 4000)}\n"
        f"{'Facts found for it:' if facts else 'No further facts were found.'}\n{facts}".rstrip()
        + (_wished(context.wish) if context.wish else "")
    )


def _fact(name: str, one: Passage, zone: str) -> str:
    about = {"id": name, "from": one.label, "by": one.said_by, "at": stamp(one.said_at, zone)}
    if one.over:
        about["no_longer_true"] = " / ".join(clip(words, 120) for words in one.over)
    return fence("fact", one.text, about | _disputed(one), 1200)


def _note(name: str, one: Note, zone: str) -> str:
    about = {"id": name, "from": one.label, "since": stamp(one.since, zone)[4:14]}
    return fence("note", one.text, about | _disputed(one), 260)


def _disputed(one: Passage | Note) -> dict[str, str]:
    return {"disputed": "yes"} if one.disputed else {}


def _wished(wish: Wish) -> str:
    """Last in the prompt, so that what stands before it is the same as at night."""
    before = fence("previous", Quoted(text=wish.body), None, 6000)
    asked = f'The owner wants another reply in its place, so the verdict is "draft". {WISHES[wish.kind]}'
    return f"\nThe owner read this draft of the reply:\n{before}\n{asked}"


_TITLE = re.compile(r"\b(?:Herrn?|Frau|Mr|Mrs|Ms|Dr|Prof)\b\.? ")


def style_lines(style: Style) -> str:
    """How the owner writes to this person, as far as their Sent mailbox shows it; else to people like them."""
    to_them = style.known_from == "correspondent"
    greeting = style.greeting if to_them else _TITLE.sub("", style.greeting)
    known = [
        ("written for", "this person" if to_them else "people like this one; mirror the mail where it does not fit"),
        ("greeting", greeting),
        ("sign-off", style.sign_off),
        ("form of address", style.formality if to_them else ""),
        ("usual length", f"about {style.words} words" if style.words else ""),
    ]
    if not style.mails:
        known = []
    lines = [f"{name}: {attribute(value)}" for name, value in known if value]
    samples = [fence("sample", text, None, 500) for text in style.samples]
    if not lines and not samples:
        return "The owner's style is not known yet: be plain, friendly and short."
    return "The owner's style:\n" + "\n".join(lines + samples)


def read(reply: Written, thread: Thread, ref: MailRef, known: Known, context: Context) -> Outcome:
    """The model's verdict after the checks of code. What fails them becomes a question, never a draft."""
    said = sources_of(thread, known, context)
    why = "" if _adds(reply.why, said) else clip(reply.why, 160)
    if reply.verdict == "no_reply":
        reason: NotDrafted = "unsure" if reply.reason == "" or reply.reason == "action" else reply.reason
        return Outcome(ref=ref, reason=reason, why=why)
    found = [ask for ask in reply.asks if not _adds(ask.ask, said)]
    asks = ", ".join(clip(ask.ask, 60) for ask in found if not ask.answered)
    if reply.verdict == "ask_owner":
        receipt = Receipt(withheld=known.withheld)
        return Outcome(ref=ref, question=_question(reply.question, said, asks, thread), why=why, receipt=receipt)
    faults = checks.body_faults(reply.body, said, _days(thread, known, context))
    if faults:
        return Outcome(ref=ref, question=_question("", said, asks, thread), why=f"Not drafted: {'; '.join(faults)}")
    used = _used(reply.facts, known)
    facts = [UsedFact(text=clip(one.text.text, 200), source=one.source) for one in reversed(used)]
    assumptions = [clip(a, 160) for a in reply.assumptions[:3] if not _adds(a, said)] + _warnings(used, thread)
    receipt = Receipt(
        asks=tuple(Ask(ask=clip(ask.ask, 120), answered=ask.answered) for ask in found),
        facts=tuple({source_key(fact.source): fact for fact in facts}.values())[::-1],
        assumptions=tuple(assumptions),
        withheld=known.withheld,
        why=why,
    )
    body = "\n".join(line.rstrip() for line in reply.body.strip().splitlines())
    return Outcome(ref=ref, body=body, receipt=receipt, slots=tuple(checks.SLOT.findall(body)), why=why)


def _used(refs: Sequence[str], known: Known) -> list[Passage | Note]:
    """The facts and notes named, once each; what was not given is dropped."""
    facts: dict[str, Passage | Note] = {f"F{n}": one for n, one in enumerate(known.passages, 1)}
    given = facts | {f"K{n}": one for n, one in enumerate(known.notes, 1)}
    return [given[ref] for ref in dict.fromkeys(refs) if ref in given]


def _warnings(used: Sequence[Passage | Note], thread: Thread) -> list[str]:
    """What the owner should look at before they send what the recipients may not have known."""
    told = []
    if any(one.internal for one in used) and _has_outsider(thread):
        told.append("Something said inside the organisation may be told outside; see the facts.")
    if any(one.own for one in used):
        told.append("Something from your own mails with others is told; see the facts.")
    return told


def sources_of(thread: Thread, known: Known, context: Context) -> list[str]:
    """Every text that a draft's numbers and links may come from."""
    messages = shown(thread)
    own = [thread.title, *(m.text.text for m in messages), *(stamp(m.sent_at, context.owner.zone) for m in messages)]
    links = [link.target for m in messages if m.mail for link in m.mail.links]
    addresses = [a.address for m in messages if m.mail for a in (m.mail.sender, *m.mail.to, *m.mail.cc)]
    told = [p.text.text for p in known.passages] + [note.text.text for note in known.notes]
    return own + links + addresses + told


def _days(thread: Thread, known: Known, context: Context) -> list[date]:
    return [p.said_at.date() for p in known.passages] + [context.now.date()]


def _question(text: str, said: Sequence[str], asks: str, thread: Thread) -> str:
    """The model's question to the owner if it adds nothing of its own, else one made from the thread."""
    line = clip(text, 180)
    if line and not _adds(line, said):
        return line
    sender = thread.messages[-1].author.name or thread.messages[-1].author.address
    return clip(f"What shall {sender} be told{f' about: {asks}' if asks else ''}?", 180)


def _adds(text: str, said: Sequence[str]) -> bool:
    """Whether a number or link of `text` comes from nowhere."""
    return bool(checks.unknown_numbers(text, said) or checks.unknown_links(text, said))


def _has_outsider(thread: Thread) -> bool:
    return any(message.author.kind == "outside" for message in thread.messages)


def build() -> StateGraph[State, Context, Any, Any]:
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("write", write)
    graph.add_conditional_edges(START, spread, ["write", END])
    graph.add_edge("write", END)
    return graph

"""One graded case: a made-up situation, put before the model as a graph would, and what has to become of it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from graphs import answer as answering
from graphs import consolidate as remember
from graphs import draft as writing
from graphs import tasks
from graphs.citing import Passage
from graphs.domain import (
    Address,
    Channel,
    MailFacts,
    MailSource,
    Message,
    Party,
    Person,
    Quoted,
    SlackFacts,
    SlackSource,
    Thread,
    Value,
    account_scope,
    channel_scope,
)
from graphs.prompts import prompt
from graphs.rules.style import Style
from graphs.thinking import Failure, Thinker

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
MARA = Person(key="U1", name="Mara Voss", short_names=("Mara",), addresses=("mara@linden.example",), zone="Europe/Berlin",
              role="member")  # fmt: skip
CHANNEL = Channel(id="C1", name="general", members=("U1", "U2", "U3"))
ZONE = "Europe/Berlin"


class Said(Value):
    """Somebody's words. `by` is a name, with an address in mail, or with the place in a fact."""

    by: str
    text: str
    at: datetime


class Wants(Value):
    """What has to become of a case. Patterns are regular expressions over all that the step says, in any case."""

    verdicts: tuple[str, ...] = ()  # of a draft: draft, ask_owner, no_reply
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    due: date | None = None
    kinds: tuple[str, ...] = ()  # one of these is among the kinds of what was found
    least: int | None = None
    most: int | None = None
    cites: tuple[int, ...] = ()  # passages, by number
    finds: bool | None = None
    usable: bool = False  # saying nothing would be right as well


class Case(Value):
    """`example` is an answer of a careful reader: it shows that the case can be passed."""

    name: str
    step: Literal["draft", "tasks", "remember", "answer"]
    skill: Literal["judgement", "honesty", "obedience", "dates", "language", "quoting"]
    subject: str = ""
    said: tuple[Said, ...]
    facts: tuple[Said, ...] = ()
    question: str = ""
    wants: Wants
    example: dict[str, Any] | str


@dataclass(frozen=True)
class Result:
    """What became of a case after the graph's own checks."""

    text: str
    verdict: str = ""
    kinds: tuple[str, ...] = ()
    dues: tuple[date | None, ...] = ()
    count: int = 0
    cites: tuple[str, ...] = ()  # ts of passages


def passes(case: Case, result: Result) -> str:
    """'' when all is as the case wants it, else the first thing that is not."""
    wants = case.wants
    faults: Sequence[tuple[bool, str]] = (
        (bool(wants.verdicts) and result.verdict not in wants.verdicts, f"verdict {result.verdict}"),
        (any(re.search(one, result.text, re.IGNORECASE) for one in wants.never), "says what it must not"),
        (not all(re.search(one, result.text, re.IGNORECASE) for one in wants.says), "does not say what it should"),
        (wants.due is not None and wants.due not in result.dues, "the due date is not as stated"),
        (bool(wants.kinds) and not set(wants.kinds) & set(result.kinds), "of another kind"),
        (wants.least is not None and result.count < wants.least, "finds too little"),
        (wants.most is not None and result.count > wants.most, "finds what is not there"),
        (wants.finds is not None and wants.finds != bool(result.count), "answers what no source states"),
        (not {f"{number}.0" for number in wants.cites} <= set(result.cites), "does not cite what carries it"),
    )
    return next((fault for is_fault, fault in faults if is_fault), "")


# --- a situation --------------------------------------------------------------------------------------


def _slack(said: Said, number: int) -> Message:
    name = said.by.partition(" in #")[0]
    key = MARA.key if name == MARA.name else f"U{name}"
    return Message(
        id=number,
        scope=channel_scope(CHANNEL.id),
        source=SlackSource(channel=CHANNEL.id, ts=f"{number}.0"),
        thread="1.0",
        author=Party(key=key, name=name),
        sent_at=said.at,
        text=Quoted(text=said.text),
        slack=SlackFacts(),
    )


def _mail(said: Said, number: int, subject: str) -> Message:
    name, _, address = said.by.rstrip(">").partition(" <")
    message_id = f"<{number}@case.example>"
    facts = MailFacts(
        mailbox="inbox",
        message_id=message_id,
        subject=subject,
        sender=Address(name=name, address=address),
        to=(Address(name=MARA.name, address=MARA.addresses[0]),),
    )
    return Message(
        id=number,
        scope=account_scope(MARA.addresses[0]),
        source=MailSource(account=MARA.addresses[0], message_id=message_id),
        thread="1",
        author=Party(key=address, name=name, address=address, kind="outside"),
        sent_at=said.at,
        text=Quoted(text=said.text),
        mail=facts,
    )


def _conversation(case: Case) -> Thread:
    messages = tuple(_slack(said, number) for number, said in enumerate(case.said, 1))
    return Thread(
        scope=channel_scope(CHANNEL.id), key="1.0", medium="slack", title="#general", channel=CHANNEL, messages=messages
    )


# --- each step, as its graph does it --------------------------------------------------------------------


def _draft(case: Case, thinker: Thinker) -> Result:
    messages = tuple(_mail(said, number, case.subject) for number, said in enumerate(case.said, 1))
    scope = account_scope(MARA.addresses[0])
    thread = Thread(scope=scope, key="1", medium="mail", title=case.subject, messages=messages)
    passages = tuple(_fact(said, number) for number, said in enumerate(case.facts, 1))
    ref = writing.MailRef(scope=scope, thread="1", message=messages[-1].id)
    known = writing.Known(passages=passages)
    context = writing.Context(
        thinker=thinker, thread=lambda ref: thread, known=lambda ref: known, style=lambda ref: Style(), owner=MARA,
        people={MARA.key: MARA}, now=NOW,
    )  # fmt: skip
    state = writing.build().compile().invoke({"pending": [ref], "outcomes": []}, context=context)
    outcome: writing.Outcome = state["outcomes"][0]
    verdict = "draft" if outcome.body else "ask_owner" if outcome.question else "no_reply"
    return Result(f"{outcome.body}{outcome.question}", verdict, count=1)


def _fact(said: Said, number: int) -> writing.Passage:
    name, _, place = said.by.partition(" in ")
    source = SlackSource(channel="C2", ts=f"{number}.0")
    return writing.Passage(
        source=source, label=place, text=Quoted(text=said.text), said_by=name, said_at=said.at, internal=True
    )


def _tasks(case: Case, thinker: Thinker) -> Result:
    thread = _conversation(case)
    context = tasks.Context(thinker, lambda ref: thread, MARA, {MARA.key: MARA}, NOW)
    reply = thinker.think("tasks", prompt("tasks"), tasks.question([thread], context), tasks.Items)
    if isinstance(reply, Failure):
        return Result("")
    found = tasks.read(reply, [thread], context)[0]
    return Result(
        "\n".join(f"{one.what} {one.why} {one.next_step}" for one in found),
        kinds=tuple(one.kind for one in found),
        dues=tuple(one.due for one in found),
        count=len(found),
    )


def _remember(case: Case, thinker: Thinker) -> Result:
    messages = _conversation(case).messages
    context = remember.Context(
        thinker=thinker, place="#general", messages=lambda ids: list(messages), near=lambda text: (), people={MARA.key: MARA},
        now=NOW, zone=ZONE,
    )  # fmt: skip
    reply = thinker.think("remember", prompt("remember"), remember.question(messages, context), remember.Notes, 3_000)
    if isinstance(reply, Failure):
        return Result("")
    found = remember.read(reply, messages)
    return Result("\n".join(one.text for one in found), kinds=tuple(one.kind for one in found), count=len(found))


def _answer(case: Case, thinker: Thinker) -> Result:
    passages = [
        Passage(source=_slack(said, number).source, label="#general", said_by=said.by.partition(" in #")[0], said_at=said.at,
                text=Quoted(text=said.text))
        for number, said in enumerate(case.facts, 1)
    ]  # fmt: skip
    context = answering.Context(
        thinker=thinker, question=Quoted(text=case.question), asker=MARA.name, thread=(), recall=lambda wider: passages, known=(),
        people={MARA.key: MARA}, now=NOW, zone=ZONE, on_token=lambda piece: None,
    )  # fmt: skip
    found = answering.build().compile().invoke({}, context=context)["answer"]
    cited = tuple(source.ts for source in found.citations if isinstance(source, SlackSource))
    return Result(found.text, cites=cited, count=int(found.served == "composed"))


STEPS: Mapping[str, Callable[[Case, Thinker], Result]] = {
    "draft": _draft, "tasks": _tasks, "remember": _remember, "answer": _answer,
}  # fmt: skip

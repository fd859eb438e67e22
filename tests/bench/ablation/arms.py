"""Plays an office in one arm: imported into a database of its own, nights slept or not, then the same questions live.

All of it is the product: its import, its nights, its answers. Only steps that make no memory (a person's tasks and drafts) are
done by rules in every arm, and `conclude` is left out where an arm says so.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import app, asking, audience, imports
from bot.desk import Desk, Model, Owner, begin_owner
from bot.proof.ablation import AWAKE, WIDER, Answered, Arm, Evidence, Spent
from bot.settings import Settings
from bot.store import memory, messages, people, prepared, runs
from graphs import answer as answering
from graphs.citing import without_numbers
from graphs.life import source_key
from graphs.reading import ValueT
from graphs.thinking import Chat, Failure, Ledger, Refused, Reply, Request, Thinker
from tests.bench.ablation.grade import right, tells
from tests.bench.ablation.office import ASKER, AT, Office
from tests.bench.memory.questions import Question
from tests.bench.memory.written import source_of, write

DESK = frozenset({"tasks", "review", "draft", "errand"})
"""Steps of a person's desk: they make nothing that an answer is made from."""
SLEEPS = time(4)
"""When a night reads, on its morning."""


@dataclass(frozen=True)
class Plan:
    """One arm. `passes`: tries of each answer made ahead; 0 sleeps no night. `wider`: so many characters of passages more."""

    name: str
    passes: int = 0
    concludes: bool = True
    wider: int = 0


PLANS = (
    Plan(AWAKE, concludes=False),
    Plan(WIDER, concludes=False, wider=answering.KNOWN),
    Plan("asleep, k = 1", 1),
    Plan("asleep, k = 1, no conclusions", 1, concludes=False),
    Plan("asleep, k = 5", 5),
    Plan("asleep, k = 5, no conclusions", 5, concludes=False),
)


@dataclass
class Heard:
    """What the last live call asked and what came back, and how many calls nobody had recorded."""

    asked: str = ""
    said: str = ""
    unrecorded: int = 0


@dataclass(frozen=True)
class Played:
    arm: Arm
    answers: tuple[Answered, ...]
    unrecorded: int


def play(configured: Settings, office: Office, plan: Plan, tell: Callable[[str], None] = lambda line: None) -> Played:
    """One arm from an empty database to its last answer."""
    # A night that ends in the middle compares nothing: what a run costs is told afterwards.
    said = replace(configured, database_url="", cap_person_night=Decimal(1_000))
    with TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as root:
        home = Path(root, "home")
        home.mkdir()
        with app.database(said, home, durable=False) as held, app.desk(said, held) as desk:
            return play_on(desk, held.dsn, office, plan, Path(root, "office"), tell)


def play_on(
    desk: Desk, dsn: str, office: Office, plan: Plan, folder: Path, tell: Callable[[str], None] = lambda line: None
) -> Played:
    """One arm on a desk whose database is empty; the office is written into `folder`."""
    heard = Heard()
    sources = write(office.weeks, folder, AT)
    assert imports.import_all(desk.store, sources.export, sources.mails, lambda what, count: None).broken == ()
    asleep, live = _sleeper(desk.sleep_model, plan, heard), _listened(desk.live_model, heard)
    desk = replace(desk, sleep_model=asleep, live_model=live, passes=max(plan.passes, 1))
    slept = _sleep(desk, dsn, office) if plan.passes else {}
    tell(f"{plan.name}: {sum(one.calls for one in slept.values())} calls asleep")
    with _room(plan.wider):
        answers = [_answered(desk, plan, number, one, heard) for number, one in enumerate(office.asked, 1)]
    tell(f"{plan.name}: {sum(one.right for one in answers)} of {len(answers)} answers right")
    return Played(
        Arm(name=plan.name, passes=plan.passes, concludes=plan.concludes, slept=slept), tuple(answers), heard.unrecorded
    )


# --- models ---------------------------------------------------------------------------------------


def _sleeper(model: Model | None, plan: Plan, heard: Heard) -> Model | None:
    """Without the steps that this arm does not take: they fail as where there is no model, and rules or nothing follow."""
    if model is None:
        return None
    left_out = DESK if plan.concludes else DESK | {"conclude"}

    def thinker(chat: Chat, ledger: Ledger) -> Thinker:
        whole = model.thinker(chat, ledger)

        def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
            if step in left_out:
                return Failure(kind="no_model", reason="left out")
            return whole.think(step, system, user, schema, max_tokens)

        return Thinker(think, whole.say)

    return replace(_listened(model, heard) or model, thinker=thinker)


def _listened(model: Model | None, heard: Heard) -> Model | None:
    if model is None:
        return None
    chat = model.chat

    def complete(request: Request) -> Reply:
        with _noted(request, heard):
            return chat.complete(request)

    def stream(request: Request, on_token: Callable[[str], None]) -> Reply:
        with _noted(request, heard):
            reply = chat.stream(request, on_token)
            heard.said = reply.text
            return reply

    return replace(model, chat=Chat(complete, stream, chat.close))


@contextmanager
def _noted(request: Request, heard: Heard) -> Iterator[None]:
    heard.asked, heard.said = request.turns[-1].text, ""
    try:
        yield
    except Refused:
        heard.unrecorded += 1
        raise


# --- nights ---------------------------------------------------------------------------------------


def _sleep(desk: Desk, dsn: str, office: Office) -> dict[str, Spent]:
    """Every night of the asker; what the ledger says it took, by step."""
    with desk.store.directory() as tx:
        known = people.find(tx, ASKER.key)
    assert known is not None
    found: dict[str, Spent] = defaultdict(Spent)
    for day in office.nights:
        app.sleep_now(desk, dsn, [(known, day, datetime.combine(day, SLEEPS, UTC))])
        for step, spent in _spent(begin_owner(desk, known.id), day):
            found[step] = _added(found[step], spent)
    return dict(found)


def _spent(owner: Owner, night: date) -> list[tuple[str, Spent]]:
    with owner.begin() as tx:
        rows = runs.spent_by_step(tx, sorted({owner.scope, *people.readable(tx)}), night)
    return [(row["step"], Spent(**{name: row[name] for name in Spent.model_fields})) for row in rows]


def _added(one: Spent, other: Spent) -> Spent:
    return Spent(**{name: getattr(one, name) + getattr(other, name) for name in Spent.model_fields})


@contextmanager
def _room(wider: int) -> Iterator[None]:
    """More passages than the product shows: what learned context takes in a prompt, for who has none."""
    held = answering.ONE_FACT, answering.SEVERAL
    answering.ONE_FACT, answering.SEVERAL = (room + wider for room in held)
    try:
        yield
    finally:
        answering.ONE_FACT, answering.SEVERAL = held


# --- questions ------------------------------------------------------------------------------------


def _answered(desk: Desk, plan: Plan, number: int, one: Question, heard: Heard) -> Answered:
    heard.asked = heard.said = ""
    here = audience.place(desk, one.who, one.where)
    used = asking.Used()
    found = asking.answer(desk, here, asking.Asked(one.question), AT, used)
    given = "" if found.served == "not_found" else found.text
    said = heard.said or given
    return Answered(
        arm=plan.name,
        number=number,
        kind=one.kind,
        question=one.question,
        answer=one.answer,
        said=said,
        given=found.text,
        served=found.served,
        said_right=right(said, one),
        right=right(given, one),
        spent=Spent(calls=used.calls, prompt=used.prompt, completion=used.completion),
        evidence=_evidence(desk, here, one, heard.asked, {source_key(source) for source in found.retrieved}),
    )


def _evidence(desk: Desk, here: audience.Place, one: Question, asked: str, shown: set[str]) -> Evidence:
    """How far the question's sources got. Something counts as concluded, or made ahead, if it tells the answer by itself."""
    assert here.begin is not None
    wanted = [source_of(told) for told in one.sources]
    with here.begin() as tx:
        rows = {key: message.id for key, message in messages.by_sources(tx, wanted).items()}
        noted = memory.noted_in(tx, list(rows.values()), AT)
        scopes = people.readable(tx)
        concluded = [held.text for held in memory.memories(tx, scopes, AT) if held.kind == "conclusion"]
        ahead = [f"{held.question}\n{without_numbers(held.answer)}" for held in prepared.sound_of(tx, scopes, AT)]
    return Evidence(
        sources=len(wanted),
        remembered=sum(bool(noted.get(row)) for row in rows.values()),
        shown=sum(source_key(source) in shown for source in wanted),
        concluded=_tells(concluded, one),
        ahead=_tells(ahead, one),
        known=tells("\n".join(_told("known", asked)), one),
        offered=_tells([*_told("prepared", asked), *_told("conclusion", asked)], one),
    )


def _tells(texts: Iterable[str], one: Question) -> bool:
    return any(tells(text, one) for text in texts)


def _told(tag: str, asked: str) -> list[str]:
    """What stands in the fences of one kind in a prompt, and in their attributes."""
    return ["\n".join(found) for found in re.findall(rf"<{tag}\b([^>]*)>\n(.*?)\n</{tag}>", asked, re.DOTALL)]


def results_of(played: Sequence[Played]) -> tuple[tuple[Arm, ...], tuple[Answered, ...], int]:
    """Arms, answers and unrecorded calls of a whole run."""
    answers = tuple(one for held in played for one in held.answers)
    return tuple(held.arm for held in played), answers, sum(held.unrecorded for held in played)

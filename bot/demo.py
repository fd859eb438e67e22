"""The demo: a made-up company, its day and its night, on embedded parts and a model's recorded answers."""

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from bot import app, calendar, cards, imports, nightfiles, observe, sandbox
from bot.desk import Desk, Owner, begin_owner
from bot.embedded.imap import MailServer
from bot.render_text import digest_text
from bot.sandbox import Living
from bot.settings import RoleSettings, Settings
from bot.slack.manifest import manifest
from bot.store import contexts, messages, people
from bot.store import desk as kept
from bot.web import server
from bot.web.stage import Night, Question, Stage, Tell
from graphs.digest_value import Digest, clip
from graphs.domain import Draft, Message, Source
from graphs.life import source_key

OWNER = "mira@fernhollow.example"
COLLEAGUE = "tom@fernhollow.example"
DAY = date(2026, 11, 24)
ZONE = "Europe/Berlin"
WAKES = datetime(DAY.year, DAY.month, DAY.day, 8, tzinfo=ZoneInfo(ZONE))
CONNECTED = timedelta(hours=3)
"""So long before the morning everything is connected; the last mail came half an hour earlier."""
ASKED = (COLLEAGUE, "general", "When does Sprig 2 ship?")
"""Who asks what where by day, in a terminal: the answer is printed."""
QUESTIONS = (
    ASKED,
    (OWNER, "general", "When does Sprig 2 ship?"),
    (OWNER, "general", "Which hotel was it in Essen, the one with the goose?"),
    (OWNER, "", "Which hotel was it in Essen, the one with the goose?"),
    (OWNER, "", "What does Wade want from me, and by when?"),
    (OWNER, "", "What is the Marlow pilot waiting for?"),
    (OWNER, "product", "Paper manual or QR code, was that decided?"),
    (OWNER, "supply", "When is the last pickup of the week, from December on?"),
)
"""What the page suggests: answers to these are recorded for the first hours after the morning. No channel: to the bot alone."""
RECORDED = "recorded"
"""The model's name in the recordings. It is part of their keys."""
Answers = Literal["recorded", "rules", "live"]
REPLAYED = (
    "Slack, mail and database run inside this program, and nothing leaves this machine. A model's answers are recorded; "
    "questions of your own are answered by rules."
)
RULES = (
    "Slack, mail and database run inside this program, rules answer without a model, and nothing leaves this machine."
)
LIVE = "Slack, mail and database run inside this program; prompts go to {hosts}, and nothing else leaves this machine."


@contextlib.contextmanager
def company() -> Iterator[tuple[Path, list[imports.MailPath]]]:
    """The export and the mail of the demo company, as files."""
    with as_file(files("bot.embedded").joinpath("company")) as root:
        boxes: tuple[imports.Mailbox, ...] = ("inbox", "sent")
        mails = [
            imports.MailPath(address, root / "mail" / address / mailbox, mailbox)
            for address in (OWNER, COLLEAGUE)
            for mailbox in boxes
        ]
        yield root / "export", mails


@contextlib.contextmanager
def recorded(settings: Settings, rules: bool) -> Iterator[Settings]:
    """The demo's settings: models that replay, or none. What the environment says about models, databases and keys is
    ignored."""
    bare = replace(_own(settings), live=None, sleep=None, embed=None)
    if rules:
        yield bare
        return
    from bot.embedded import model

    with as_file(files("bot.embedded").joinpath("recordings.jsonl")) as path:
        recordings = model.read_recordings(path)
    with model.replaying(recordings) as base_url:
        role = RoleSettings(model=RECORDED, base_url=base_url, api_key="recorded")
        yield replace(bare, live=role, sleep=role)


def _own(settings: Settings) -> Settings:
    """The demo's database, keys and mail are its own, and nobody in it belongs to anybody's organisation."""
    return replace(settings, keys=None, domains=frozenset(), zone=None, database_url="", webmail_url="")


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    answers: Answers
    out: Path | None
    stay: bool  # leave the page open afterwards
    begun: float  # by the monotonic clock


def run(settings: Settings, place: Path, wish: Wish, console: Console) -> None:
    """The company on this machine: its day is read, a night is slept, the morning is shown as its owner gets it."""
    observe.start(settings.log, "")
    clock = sandbox.Clock(WAKES - CONNECTED)
    with (
        _answering(settings, wish.answers) as configured,
        company() as found,
        app.database(configured, place, durable=False) as held,
    ):
        with contextlib.ExitStack() as open_:
            with console.status("A company of twelve: its Slack, its mailboxes, three days of both"):
                export, mails = found
                mail = open_.enter_context(sandbox.mail(mails))
                boxes = sandbox.boxes(mail)
                living = open_.enter_context(
                    sandbox.living(configured, held, export, boxes, clock, recorded=wish.answers == "recorded")
                )
                counted = read_of(living, mail)
            read = time.monotonic()
            with console.status("The night: reading, remembering, drafting"):
                sandbox.sleep(living, DAY, lambda doing: None)
            slept = time.monotonic()
            with console.status("The morning"):
                sandbox.wake(living, DAY, lambda doing: None)
            _tell_made(living.desk, counted, wish.answers, console)
            _tell(living, console)
            if wish.out is not None:
                write(living.desk, wish.out, counted, (wish.begun, read, slept, time.monotonic()))
                console.print(f"The files of this night are in {wish.out}.", style="dim", highlight=False)
            if wish.stay:
                _stay(living, mail, disclosure(living.desk, wish.answers), console)


@contextlib.contextmanager
def _answering(settings: Settings, answers: Answers) -> Iterator[Settings]:
    if answers == "live":
        yield _own(settings)
        return
    with recorded(settings, rules=answers == "rules") as configured:
        yield configured


def disclosure(desk: Desk, answers: Answers) -> str:
    """What leaves this machine."""
    return {"recorded": REPLAYED, "rules": RULES, "live": LIVE.format(hosts=_hosts(desk))}[answers]


def _hosts(desk: Desk) -> str:
    roles = [one.role for one in (desk.sleep_model, desk.live_model, desk.embedder) if one is not None]
    return " and ".join(dict.fromkeys(urlsplit(role.base_url).hostname or "" for role in roles))


def read_of(living: Living, mail: MailServer) -> dict[str, int]:
    """How much there is to read."""
    with living.slack.company.lock:
        said = sum(len(room.posts) for room in living.slack.company.rooms.values())
    mails = sum(len(mail.mails(user, folder)) for user in mail.users for folder in sandbox.FOLDERS.values())
    return {"slack": said, "mail": mails, "documents": 0}


def write(desk: Desk, out: Path, read: dict[str, int], times: Sequence[float]) -> None:
    """The files of each of the two, and the report; `times`: when each step began, and the last one ended."""
    nights = []
    for (known, day, now), name in zip(nights_of(desk), (OWNER, COLLEAGUE), strict=True):
        owner = begin_owner(desk, known.id)
        nightfiles.write_person(owner, day, now, out / name)
        nights.append((owner, day))
    steps = [
        {"name": name, "seconds": round(end - start, 2), "status": "done"}
        for name, (start, end) in zip(("import", "sleep", "morning"), pairwise(times), strict=True)
    ]
    nightfiles.write_report(out, times[-1] - times[0], read, nightfiles.spent(nights), steps)


def _stay(living: Living, mail: MailServer, told: str, console: Console) -> None:
    """The page, until Ctrl-C or SIGTERM."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with server.running(stage(living, mail, told)) as address:
        console.print(
            f"\nLook around, ask, press, sleep another night: [bold]{address}[/bold]", soft_wrap=True, highlight=False
        )
        if told == REPLAYED:
            console.print(
                "To questions and errands of your own a model answers with `nightdesk demo --live`.", style="dim"
            )
        console.print("Ctrl-C ends it; nothing is kept.", style="dim")
        over.wait()


def stage(living: Living, mail: MailServer, disclosure: str) -> Stage:
    """What the page stands on; its nights are those after the last one slept."""
    return Stage(
        slack=living.slack,
        mail=mail,
        mailboxes={address.partition("@")[0]: address for address in mail.users},
        desk=living.desk,
        now=living.clock.now,
        night=Night(lambda tell: _next_night(living, tell)),
        disclosure=disclosure,
        mailed=lambda: sandbox.read_mail(living.desk),
        questions=[
            Question(who.partition("@")[0], where, f"@nightdesk {asked}" if where else asked)
            for who, where, asked in QUESTIONS
        ],
        shortcuts=[
            (s["name"], s["callback_id"]) for s in manifest()["features"]["shortcuts"] if s["type"] == "message"
        ],
    )


def _next_night(living: Living, tell: Tell) -> None:
    """The night after today's, for everybody with a mailbox."""
    day = calendar.first_morning_after(living.clock.now(), ZONE)
    sandbox.sleep(living, day, tell)
    sandbox.wake(living, day, tell)


def nights_of(desk: Desk) -> list[tuple[people.Known, date, datetime]]:
    """The night of each of the two whose mail is there, until eight where they are."""
    wanted = calendar.Wanted(DAY, None)
    found = [person_of(desk, who) for who in (OWNER, COLLEAGUE)]
    return [(known, *wanted.resolve(known.zone or "UTC", lambda: WAKES)) for known in found]


def person_of(desk: Desk, who: str) -> people.Known:
    with desk.store.directory() as tx:
        known = people.find(tx, who)
    assert known is not None
    return known


# --- what is shown --------------------------------------------------------------------------------


def _tell_made(desk: Desk, read: dict[str, int], answers: Answers, console: Console) -> None:
    """What is shown, and what it is made by."""
    sleeper = desk.sleep_model
    by = "rules, without a model" if sleeper is None else sleeper.role.model
    by = "a model's recorded answers" if answers == "recorded" else by
    left = f"only prompts left this machine, for {_hosts(desk)}" if answers == "live" else "nothing left this machine"
    counted = f"12 people, 3 days, {read['slack']} Slack messages, {read['mail']} mails"
    _line(console, f"Fernhollow makes greenhouse sensors: {counted}.")
    _line(console, f"Slack, mailboxes and database are in this program; the night was slept by {by}.")
    _line(console, f"All of it is invented, and {left}.\n")


def _tell(living: Living, console: Console) -> None:
    desk = living.desk
    owner = begin_owner(desk, person_of(desk, OWNER).id)
    with owner.begin() as tx:
        digest = kept.digest(tx, owner.scope, DAY)
        drafts = [row.draft for row in kept.drafts(tx, owner.scope)]
        considered = kept.considered(tx, owner.scope)
        learned = contexts.learned(tx, [place.id for place in owner.places])
    assert digest is not None
    _heading(console, f"Tuesday 08:00 · {owner.person.name}'s only message from Nightdesk")
    _line(console, digest_text(_short(digest)))
    if digest.more:
        _line(console, f"+ {len(digest.more)} more in its thread\n")
    if drafts:
        _heading(console, f"In Drafts · {len(drafts)} replies, none of them sent")
        for draft in drafts:
            _draft(desk, owner, draft, console)
    channels = {place.key for place in owner.places if place.channel and place.channel.kind in ("public", "private")}
    lines = [(block.name, line.text) for block in learned if block.scope in channels for line in block.lines[:2]]
    if lines:
        _heading(console, "Learned tonight · what #channels now know")
        for name, text in lines[:8]:
            _line(console, f"  #{name}: {text}")
        console.print()
    _heading(console, "Not drafted, and why")
    reasons = Counter(one.reason for one in considered if one.reason)
    why = [f"{count} {REASONS.get(reason, reason)}" for reason, count in reasons.most_common()]
    _line(console, f"  {', '.join(why)}.\n")
    _ask(living, *ASKED, console)


def _short(digest: Digest) -> Digest:
    """What one sees without opening anything: no thread, and sources by name, since nothing here opens them."""
    named = [
        item.model_copy(update={"links": tuple(link.model_copy(update={"url": ""}) for link in item.links)})
        for item in digest.items
    ]
    return digest.model_copy(update={"items": tuple(named), "more": ()})


REASONS = {
    "answered_by_owner": "already answered",
    "answered_by_other": "answered by a colleague",
    "answered_elsewhere": "settled in Slack",
    "information": "asking nothing",
    "not_addressed": "not to her",
    "bulk": "newsletters and lists",
    "automatic": "automatic",
    "phishing": "phishing",
    "sensitive": "personal (a neutral line, no draft)",
    "superseded": "taken back or replaced",
    "duplicate": "a copy",
    "invitation": "an invitation",
    "code": "a one-time code",
    "too_old": "too old",
    "unsure": "asked about instead",
    "no_model": "owed a reply (rules never write one)",
    "not_wanted": "not wanted: she chose fewer drafts",
}


def _draft(desk: Desk, owner: Owner, draft: Draft, console: Console) -> None:
    to = ", ".join(a.name or a.address for a in draft.to)
    console.print(Text(f"  To {to} · {draft.subject}", style="bold"))
    console.print(Padding(Text(draft.body), (0, 0, 0, 4)))
    with owner.begin() as tx:
        shown = messages.by_sources(tx, [fact.source for fact in draft.receipt.facts])
    facts = [f"{clip(f.text, 70)} ({_place(shown, f.source, owner)})" for f in draft.receipt.facts]
    receipt = [
        *([f"why: {draft.receipt.why}"] if draft.receipt.why else []),
        *(f"from: {fact}" for fact in facts),
        *(f"left open: {ask.ask}" for ask in draft.receipt.asks if not ask.answered),
        *(f"assumed: {assumed}" for assumed in draft.receipt.assumptions),
        *(f"to fill in: {slot}" for slot in draft.slots),
    ]
    for line in receipt:
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 6)))
    console.print()


def _place(shown: dict[str, Message], source: Source, owner: Owner) -> str:
    message = shown.get(source_key(source))
    places = {place.key: place for place in owner.places}
    return cards.label(message, places, owner) if message else "no longer there"


def _ask(living: Living, who: str, channel: str, question: str, console: Console) -> None:
    """Somebody mentions the bot in a channel; what stands in the thread afterwards is shown."""
    person = person_of(living.desk, who).person
    told = sandbox.ask(living, person.key, channel, question)
    _heading(console, f"By day · {person.name} asks in #{channel}")
    _line(console, f"  {question}")
    console.print(Padding(Text(told, style="bold"), (0, 0, 0, 4)))
    console.print()


def _heading(console: Console, text: str) -> None:
    console.print(Rule(Text(text, style="bold"), align="left", style="dim"))


def _line(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)

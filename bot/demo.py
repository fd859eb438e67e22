"""The demo: a made-up company, its day and its night, on embedded parts and a model's recorded answers."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from importlib.resources import as_file, files
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from bot import app, asking, calendar, cards, imports, nightfiles
from bot.desk import Desk, Owner, begin_owner
from bot.render_text import digest_text
from bot.settings import RoleSettings, Settings
from bot.store import desk as kept
from bot.store import messages, people
from graphs.digest_value import Digest, clip
from graphs.domain import Draft, Message, Source
from graphs.life import source_key

OWNER = "mira@fernhollow.example"
COLLEAGUE = "tom@fernhollow.example"
DAY = date(2026, 11, 24)
WAKES = datetime.combine(DAY, time(8), ZoneInfo("Europe/Berlin"))
QUESTIONS = (("tom@fernhollow.example", "general", "When does Sprig 2 ship?"),)
RECORDED = "recorded"
"""The model's name in the recordings. It is part of their keys."""


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
    """The demo's settings: models that replay, or none. What the environment says about models and databases is ignored."""
    bare = replace(settings, live=None, sleep=None, embed=None, domains=frozenset(), zone=None, database_url="")
    if rules:
        yield bare
        return
    from bot.embedded import model

    with as_file(files("bot.embedded").joinpath("recordings.jsonl")) as path:
        recordings = model.read_recordings(path)
    with model.replaying(recordings) as base_url:
        role = RoleSettings(model=RECORDED, base_url=base_url, api_key="recorded")
        yield replace(bare, live=role, sleep=role)


def run(settings: Settings, place: Path, durable: bool, rules: bool, out: Path | None, console: Console) -> None:
    """Reads three days, sleeps a night, and shows the morning as its owner gets it."""
    with recorded(settings, rules) as configured, company() as (export, mails):
        with app.database(configured, place, durable) as held, app.desk(configured, held, recorded=not rules) as desk:
            with console.status("Reading three days of a company of twelve"):
                found = imports.import_all(desk.store, export, mails, lambda what, count: None)
            nights = nights_of(desk)
            with console.status("The night: reading, remembering, drafting"):
                app.sleep_now(desk, held.dsn, nights)
            owner = begin_owner(desk, nights[0][0].id)
            _tell(desk, owner, found, rules, console)
            if out is not None:
                for (known, day, now), name in zip(nights, (OWNER, COLLEAGUE), strict=True):
                    nightfiles.write_person(begin_owner(desk, known.id), day, now, out / name)
                console.print(f"The files of this night are in {out}.", style="dim", highlight=False)


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


def _tell(desk: Desk, owner: Owner, found: imports.Imported, rules: bool, console: Console) -> None:
    with owner.begin() as tx:
        digest = kept.digest(tx, owner.scope, DAY)
        drafts = [row.draft for row in kept.drafts(tx, owner.scope)]
        considered = kept.considered(tx, owner.scope)
        learned = kept.learned(tx, [place.id for place in owner.places])
    assert digest is not None
    by = "rules, without a model" if rules else "a model's recorded answers"
    _line(
        console,
        f"Fernhollow makes greenhouse sensors: 12 people, 3 days, {found.slack} Slack messages, {found.mail} mails.",
    )
    _line(console, f"This night was slept by {by}. All of it is invented, and nothing left this machine.\n")
    _heading(console, f"Tuesday 08:00 · {owner.person.name}'s only message from Nightdesk")
    _line(console, digest_text(_short(digest)))
    if digest.more:
        _line(console, f"+ {len(digest.more)} more in its thread\n")
    if drafts:
        _heading(console, f"In Drafts · {len(drafts)} replies, none of them sent")
        for draft in drafts:
            _draft(desk, owner, draft, console)
    lines = [
        (block.name, line.text) for block in learned if block.scope.startswith("channel:") for line in block.lines[:2]
    ]
    if lines:
        _heading(console, "Learned tonight · what #channels now know")
        for name, text in lines[:8]:
            _line(console, f"  #{name}: {text}")
        console.print()
    _heading(console, "Not drafted, and why")
    counted = Counter(one.reason for one in considered if one.reason)
    said = [f"{count} {REASONS.get(reason, reason)}" for reason, count in counted.most_common()]
    _line(console, f"  {', '.join(said)}.\n")
    for who, channel, question in QUESTIONS:
        _ask(desk, who, channel, question, console)


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


def _ask(desk: Desk, who: str, channel: str, question: str, console: Console) -> None:
    here = asking.place(desk, who, channel)
    found, _ = asking.ask(desk, here, question, [], WAKES)
    _heading(console, f"By day · {here.asker.person.name} asks in #{channel}")
    _line(console, f"  {question}")
    console.print(Padding(Text(found.text, style="bold"), (0, 0, 0, 4)))
    owner = begin_owner(desk, here.asker.id)
    with owner.begin() as tx:
        shown = messages.by_sources(tx, list(found.citations))
    labels = [_place(shown, source, owner) for source in found.citations]
    _line(console, f"    sources: {', '.join(dict.fromkeys(labels))}\n" if labels else "")


def _heading(console: Console, text: str) -> None:
    console.print(Rule(Text(text, style="bold"), align="left", style="dim"))


def _line(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)

"""The morning digest as one frozen value: what `digest.json` holds and what Slack, text and HTML render."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from graphs.domain import FoundBy, PersonKey, Source, TaskKind, Value

Section = Literal["needs_you", "drafts", "open", "changed", "errands", "answers"]
ItemKind = Literal["task", "draft", "question", "notice", "change", "errand", "answer"]

SECTIONS: tuple[Section, ...] = ("needs_you", "drafts", "open", "changed", "errands", "answers")
"""In the order of consequence, in which a digest is filled and shown."""

CAPTIONS: Mapping[Section, str] = {
    "needs_you": "Needs you today",
    "drafts": "Drafts ready",
    "open": "Still open",
    "changed": "What changed",
    "errands": "Errands",
    "answers": "Answers prepared",
}

TEXT_LIMIT = 220
MOST_ITEMS = 12


class ItemLink(Value):
    """Where a source opens. Built by `graphs.links` only; other schemes than its own are shown as text, not linked."""

    label: str  # "#launch", "mail from Bob", "offer.pdf p. 3"
    url: str


class Item(Value):
    """One thing the digest says. `id` stays the same from night to night as long as it is the same thing."""

    section: Section
    kind: ItemKind
    id: Annotated[str, Field(pattern=r"\S", max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT)]  # who, what, why now; the fact first; see `clip`
    next_step: str = ""
    owner: PersonKey
    task_kind: TaskKind | None = None
    due: date | None = None  # local date of the person
    age_days: Annotated[int, Field(ge=0)] = 0
    sources: tuple[Source, ...] = ()
    links: tuple[ItemLink, ...] = ()
    found_by: FoundBy = "rules"


class Skipped(Value):
    """Things that were not read or not used: `count` of `what`, and `why` in a few words."""

    what: str
    why: str
    count: Annotated[int, Field(ge=0)] = 1


class Cost(Value):
    """What one step of the night took; `money` is written out, '' where no price is set."""

    step: str
    calls: int
    tokens: int
    money: str = ""


class Footer(Value):
    """How the night went. Money is already written out ("0.04 USD"); empty strings and tuples are not shown."""

    read: str = ""  # "214 Slack messages, 31 mails, 2 documents"
    skipped: tuple[Skipped, ...] = ()
    cost: str = ""
    cap: str = ""
    by_step: tuple[Cost, ...] = ()
    failed: tuple[str, ...] = ()  # one sentence each: what is missing and why; retried next night
    notes: tuple[str, ...] = ()  # "09:40, I was down"


class Digest(Value):
    """One person's morning. `items` are at most twelve, in section order; `more` waits in the thread."""

    person: PersonKey
    name: str
    date: date
    headline: str  # the verdict: "Tue 24 Nov: 3 need you · 2 drafts · 1 question"
    items: Annotated[tuple[Item, ...], Field(max_length=MOST_ITEMS)] = ()
    more: tuple[Item, ...] = ()
    footer: Footer = Footer()
    model: bool = False  # False: "found without a model"
    recorded: bool = False  # the model's answers were recorded earlier (demo), and the digest says so


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(day: date, today: date | None = None) -> str:
    """`Tue 24 Nov`, the same in every locale; with its year when that is not the year of `today`."""
    year = "" if today is None or day.year == today.year else f" {day.year}"
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"


def due_words(due: date, today: date) -> str:
    """`due today`, `due Tue 24 Nov`, or `overdue since Fri 20 Nov`."""
    if due == today:
        return "due today"
    return f"overdue since {day_words(due, today)}" if due < today else f"due {day_words(due, today)}"


def age_words(days: int) -> str:
    """`3 days old`; "" for something that arrived since yesterday's digest."""
    if days <= 0:
        return ""
    return "1 day old" if days == 1 else f"{days} days old"


def clip(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` on one line, cut at a word with "…" so that it fits `limit` characters."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    at_word = head.rsplit(" ", 1)[0]
    # A single long word (a path, a token) would lose everything: then cut inside it.
    return (at_word if len(at_word) > limit // 2 else head).rstrip(" ,;:-–") + "…"


def in_sections(items: Sequence[Item]) -> list[tuple[Section, list[Item]]]:
    """`items` by section, in the order of consequence, empty sections left out. An id that comes twice counts once."""
    once: dict[str, Item] = {}
    for item in items:
        once.setdefault(item.id, item)
    by_section = [(section, [item for item in once.values() if item.section == section]) for section in SECTIONS]
    return [(section, found) for section, found in by_section if found]


def footer_lines(digest: Digest) -> list[str]:
    """How the night went, in plain words: what was read and skipped, what it cost, and who found it."""
    footer = digest.footer
    skipped = [f"{one.count} {one.what} ({one.why})" for one in footer.skipped[:6]]
    if len(footer.skipped) > 6:
        skipped.append(f"{sum(one.count for one in footer.skipped[6:])} more")
    found = (
        "Answers of a model, recorded earlier." if digest.recorded else "" if digest.model else "Found without a model."
    )
    lines = (
        f"Read: {footer.read}" if footer.read else "",
        f"Skipped: {', '.join(skipped)}" if skipped else "",
        f"Cost: {footer.cost}{f' of {footer.cap}' if footer.cap else ''}{_by_step(footer)}" if footer.cost else "",
        found,
    )
    return [line for line in lines if line]


def _by_step(footer: Footer) -> str:
    """What each step took, behind the sum; '' where no model was asked."""
    told = [
        f"{one.step} {f'{one.money}, ' if one.money else ''}{one.tokens:,} tokens"
        for one in footer.by_step
        if one.calls
    ]
    return f" ({'; '.join(told)})" if told else ""

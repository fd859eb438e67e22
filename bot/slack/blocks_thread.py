"""What is said in a digest's thread and beside it: receipts, a whole draft, reasons, the modal that asks for a day. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.slack import kit, limits
from bot.slack.kit import line
from bot.slack.limits import Block
from bot.slack.mrkdwn import link, visible
from graphs.digest_value import clip, day_words
from graphs.domain import Ask

PICK = "digest.pick"
"""Callback of the modal in which a day is picked; its metadata names the item."""

DAY = "day"
"""Action id of the day in it."""

CONNECT = "home.connect"
"""Callback of the modal that tells how a mailbox is connected; it asks for nothing."""

_PARTS, _PART = 3, 2_500
_RECEIPTS = 12_000  # characters of all receipts together: a message holds little more


@dataclass(frozen=True)
class Cited:
    """A source with what it says: label and link made by code, text of somebody else."""

    label: str
    url: str
    text: str = ""


@dataclass(frozen=True)
class Shown:
    """A draft as its owner may look at it."""

    title: str  # 'Reply to Wade, “Blue valve”'
    to: str
    cc: str
    subject: str
    text: str  # of the whole mail, signature and quotation included
    state: str  # 'not in your mailbox yet', 'in your Drafts' …
    why: str
    asks: tuple[Ask, ...]
    facts: tuple[Cited, ...]
    assumptions: tuple[str, ...]
    slots: tuple[str, ...]
    withheld: tuple[Cited, ...]  # known to the owner, not to the recipients: not used


def receipts(drafts: Sequence[Shown]) -> list[Block]:
    """Why each draft says what it says: one section each."""
    most = min(limits.SECTION, _RECEIPTS // max(len(drafts), 1))
    told = (kit.fitting([f"*{line(one.title, 120)}*", *_receipt(one)], most) for one in drafts)
    return [kit.section("*How the drafts were made*"), *map(kit.section, told)]


def preview(one: Shown) -> list[Block]:
    """The whole mail, literally, with its receipt."""
    text = visible(one.text).strip() or "(empty)"
    pieces = [text[at : at + _PART] for at in range(0, len(text), _PART)]
    head = [f"To: {one.to}", *([f"Cc: {one.cc}"] if one.cc else []), f"Subject: {one.subject}"]
    blocks = [kit.literal(clip_lines(head)), *(kit.literal(piece) for piece in pieces[:_PARTS])]
    if len(pieces) > _PARTS:
        blocks.append(kit.context("The rest is the mail it answers."))
    about = [line(one.state, 100), *_receipt(one)]
    return [*blocks, kit.context(kit.fitting(about) or "No receipt.")]


def clip_lines(lines: Sequence[str]) -> str:
    return "\n".join(clip(visible(said), 500) for said in lines)


def _receipt(one: Shown) -> Iterator[str]:
    if one.why:
        yield f"Why: {line(one.why, 160)}"
    for answered, told in ((True, "Answers"), (False, "Leaves open")):
        if asks := [line(ask.ask, 120) for ask in one.asks if ask.answered is answered]:
            yield f"{told}: {'; '.join(asks)}"
    if one.slots:
        yield f"Fill in: {'; '.join(line(slot, 80) for slot in one.slots)}"
    for fact in one.facts[:6]:
        yield f"Says “{line(fact.text, 120)}”: {link(fact.url, clip(fact.label, 60))}"
    for said in one.assumptions:
        yield f"Takes for granted: {line(said, 160)}"
    if one.withheld:
        where = kit.places((cited.label, cited.url) for cited in one.withheld)
        yield f"Not used, because they may not know it: {' · '.join(where)}"


def reasons(about: str, lines: Sequence[str], cited: Sequence[Cited]) -> list[Block]:
    """Why an item stands in the digest: the rule or model, then the messages it rests on."""
    told = [f"*Why this?* {line(about, 160)}", *(line(said, 240) for said in lines)]
    told += [f"• {link(one.url, clip(one.label, 80))}: “{line(one.text, 200)}”" for one in cited[:6]]
    return [kit.section(kit.fitting(told))]


def answer(question: str, text: str, when: str, cited: Sequence[Cited]) -> list[Block]:
    """An answer made ahead as it stands, with the messages that its numbers mean."""
    sources = [f"[{n}] {link(one.url, clip(one.label, 80))}" for n, one in enumerate(cited, 1)]
    told = [f"*{line(question, 160)}*", *(line(one, 400) for one in text.splitlines()[:6])]
    return [kit.section(kit.fitting(told)), kit.context(kit.fitting([line(when, 80), *sources]))]


def said(*lines: str) -> list[Block]:
    """Sentences of our own."""
    return [kit.section(kit.fitting(lines))]


def pick_a_day(item: str, about: str, tomorrow: date) -> Block:
    """The modal that asks until when an item is put off."""
    day = {"type": "datepicker", "action_id": DAY, "initial_date": tomorrow.isoformat()}
    return {
        "type": "modal",
        "callback_id": PICK,
        "private_metadata": item,
        "title": kit.plain("Snooze"),
        "submit": kit.plain("Snooze"),
        "close": kit.plain("Cancel"),
        "blocks": [
            kit.section(line(about, 200) or "This item"),
            {"type": "input", "block_id": DAY, "label": kit.plain("Comes back on the morning of"), "element": day},
        ],
    }


def connect_modal(lines: Sequence[str]) -> Block:
    """How a mailbox is connected: a password is never typed into Slack."""
    return {
        "type": "modal",
        "callback_id": CONNECT,
        "title": kit.plain("Connect a mailbox"),
        "close": kit.plain("Close"),
        "blocks": [kit.section("\n".join(lines))],
    }


_NOT_READY = "{day}: your digest is not ready yet, "


def not_ready(day: date, why: str) -> str:
    """The line that stands where the digest will be."""
    return f"{_NOT_READY.format(day=day_words(day))}{why}. It will stand here."


def is_not_ready(text: str, day: date) -> bool:
    """Whether that line, for whatever reason it gives, is all that stands there."""
    return text.startswith(_NOT_READY.format(day=day_words(day)))

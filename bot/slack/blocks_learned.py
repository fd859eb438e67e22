"""What was learned lately, line by line, each with its sources and what may be done about it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.slack import kit
from bot.slack.blocks_thread import Cited
from bot.slack.kit import line
from bot.slack.limits import Block
from bot.slack.mrkdwn import link
from graphs.digest_value import clip

UNDO = "home.undo"
REDO = "home.redo"
NEVER = "home.never"
LEARNED = "home.learned"
"""Shows all, or with a value the lines after so many. On Undo and its like the value is the page that was pressed on."""

ALL = "learned"
"""Callback of the modal that shows all."""


@dataclass(frozen=True)
class Learned:
    """One line of the diff as somebody may look at it."""

    key: str
    told: str  # 'New', 'Changed', 'Dropped'
    text: str
    was: str  # of what changed: how it stood before
    where: str  # '#general', 'your mail'
    sources: tuple[Cited, ...]
    state: str  # 'Undone by Ada'; '' while it stands
    may_undo: bool
    may_rule_out: bool


def rows(learned: Sequence[Learned], page: str = "") -> Iterator[Block]:
    """Each line with its buttons; `page` comes back with a press."""
    for one in learned:
        text = line(one.text, 300) or "(no text)"
        told = f"~{text}~" if one.state else text
        was = [f"before: {line(one.was, 300)}"] if one.was else []
        yield kit.section(kit.fitting([f"*{one.told}*  {told}", *was]))
        where = [line(one.where, 80), *(link(cited.url, clip(cited.label, 60)) for cited in one.sources[:3])]
        yield kit.context(" · ".join(part for part in [*where, line(one.state, 100)] if part) or "no source")
        if buttons := list(_buttons(one, page)):
            yield kit.actions(*buttons)


def _buttons(one: Learned, page: str) -> Iterator[Block]:
    if not one.may_undo:
        return
    if one.state:
        yield kit.button(f"{REDO}/{one.key}", "Put back", page)
        return
    yield kit.button(f"{UNDO}/{one.key}", "Undo", page)
    if one.may_rule_out:
        sure = kit.asked_first(
            "Never learn this again?",
            "It is taken back for everybody who reads this place, and not learned again there, in these words or about this.",
            "Never",
        )
        yield kit.button(f"{NEVER}/{one.key}", "Never", page) | {"confirm": sure}


def modal(learned: Sequence[Learned], page: str, older: str, told: str) -> Block:
    """One page of all that was learned; `older`: how many lines the next page begins after, '' on the last one."""
    blocks = [*([kit.section(line(told, 300))] if line(told, 300) else []), *rows(learned, page)]
    if older:
        blocks.append(kit.actions(kit.button(f"{LEARNED}/older", "Older", older)))
    return {
        "type": "modal",
        "callback_id": ALL,
        "title": kit.plain("What I learned"),
        "close": kit.plain("Close"),
        "blocks": blocks or [kit.section("Nothing yet. What a night learns stands here in the morning.")],
    }

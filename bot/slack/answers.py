"""An answer as a message: its text, a grey line with its sources, and its buttons. Pure.

Every text that code did not write goes through `mrkdwn.sanitize`; links are those that `graphs.links` built.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.slack import kit, limits
from bot.slack.limits import Block
from bot.slack.mrkdwn import link, sanitize, visible
from bot.store.outbox import Rest
from graphs.digest_value import ItemLink, clip

UP = "answer.up"
DOWN = "answer.down"
TONIGHT = "answer.tonight"
SHARE = "hint.share"
START = "errand.start"
EDIT = "errand.edit"
DISCARD = "errand.discard"

WORDS = "errand.words"
"""Callback of the modal in which an errand is worded anew, and the field in it; its metadata names the card."""

MOST_LISTED = 12
LONGEST = 2_800  # escaped characters of the text: a section takes 3,000


@dataclass(frozen=True)
class Shown:
    """What of an answer is shown. `note` is ours, in plain words; `tonight` offers to look again with more time, `share` to
    let everybody see it."""

    text: str
    links: tuple[ItemLink, ...] = ()
    note: str = ""
    tonight: bool = False
    share: bool = False
    rated: bool = True
    rests: tuple[Rest, ...] = ()  # messages whose words it may hold


def said(text: str) -> str:
    """Somebody's text, fit for a message: the same for a stream and for what stands in the end."""
    return _cut(sanitize(visible(text)))


def blocks(shown: Shown) -> list[Block]:
    """The whole message."""
    return [kit.section(said(shown.text).strip() or "…"), *below(shown)]


def below(shown: Shown) -> list[Block]:
    """What stands below a streamed text."""
    found: list[Block] = []
    if line := _line([*filter(None, [sanitize(shown.note)]), *map(_source, shown.links[:MOST_LISTED])]):
        found.append(kit.context(line))
    if buttons := [*_buttons(shown)]:
        found.append(kit.actions(*buttons))
    return found


def shared(text: str, note: str) -> list[Block]:
    """What somebody shares: the text as `fallback` made it, and whose doing it is. Where it stands is nobody else's business."""
    return [kit.section(text), kit.context(sanitize(note))]


def card(lines: Sequence[str], links: Sequence[ItemLink], waits: bool, runs: bool = False) -> list[Block]:
    """An errand: what was understood, what will be done and when. It may be begun and worded anew while it `waits`, and
    taken back while it waits or `runs`."""
    found = [kit.section(said("\n".join(lines)).strip() or "…")]
    if line := _line([_source(one) for one in links[:MOST_LISTED]]):
        found.append(kit.context(line))
    buttons = [kit.button(START, "Start now"), kit.button(EDIT, "Edit")] if waits else []
    if waits or runs:
        found.append(kit.actions(*buttons, kit.button(DISCARD, "Discard work")))
    return found


def words_modal(card: str, words: str, most: int) -> Block:
    """Asks for other words for an errand, with those it has filled in. `card`: where its card stands."""
    field = {
        "type": "plain_text_input",
        "action_id": WORDS,
        "multiline": True,
        "max_length": most,
        "initial_value": words,
    }
    return {
        "type": "modal",
        "callback_id": WORDS,
        "private_metadata": card,
        "title": kit.plain("Edit the errand"),
        "submit": kit.plain("Save"),
        "close": kit.plain("Cancel"),
        "blocks": [
            {"type": "input", "block_id": WORDS, "label": kit.plain("What shall I do tonight?"), "element": field}
        ],
    }


def fallback(shown: Shown) -> str:
    """What notifications show, and what we remember of it."""
    return said(shown.text).strip() or "…"


def may_unfurl(shown: Shown) -> bool:
    """Whether Slack could make a preview of one of its links: a stream cannot tell it not to."""
    return any(one.url.startswith("http") for one in shown.links)


def _buttons(shown: Shown) -> list[Block]:
    named = [(UP, "Helpful"), (DOWN, "Not helpful")] if shown.rated else []
    if shown.tonight:
        named.append((TONIGHT, "Work on this tonight"))
    if shown.share:
        named.append((SHARE, "Share here"))
    return [kit.button(action, label) for action, label in named]


def _source(one: ItemLink) -> str:
    return link(one.url, clip(one.label, 80)) if len(one.url) <= 500 else sanitize(clip(one.label, 80))


def _line(parts: Sequence[str]) -> str:
    """As many as fit, beside each other."""
    shown = [part for part in parts if part.strip()]
    ends = accumulate(len(part) + 3 for part in shown)
    return " · ".join(part for part, end in zip(shown, ends, strict=True) if end <= limits.SECTION)


def _cut(text: str) -> str:
    """At a word, so that no escaped character is split."""
    if len(text) <= LONGEST:
        return text
    head = text[:LONGEST]
    at_word = head.rsplit(None, 1)[0]
    return (at_word if len(at_word) > LONGEST // 2 else re.sub(r"&[a-z]{0,3}$", "", head)) + " …"

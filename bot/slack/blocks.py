"""The digest as Block Kit, and what a press on it means. Pure.

One item is three blocks: the fact with its next step, a grey line (links, due date, age), and its buttons. Twelve items
with captions and footer are at most 48 blocks. Every text that code did not write goes through `mrkdwn.sanitize`, and
every mrkdwn object is `verbatim`, so that Slack turns nothing in it into a link or a mention.

An action_id is one of the constants below, a slash, and the item's id: `digest.done/t-41`. `read_press` takes it apart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

from bot.slack import limits
from bot.slack.limits import Block
from bot.slack.mrkdwn import defang, link, sanitize, visible
from graphs.digest_value import (
    CAPTIONS,
    Digest,
    Footer,
    Item,
    ItemLink,
    age_words,
    clip,
    due_words,
    footer_lines,
    in_sections,
)
from graphs.links import opens

# Action ids. Buttons carry the item's id as their value, menus the chosen verb.
DONE = "digest.done"
SNOOZE = "digest.snooze"  # menu: tomorrow | monday | pick
OPEN = "digest.open"  # only opens its url; Slack sends the press all the same, and it must be acked
MORE = "digest.more"  # overflow: not_mine | less | why
SHOW = "digest.show"  # a prepared answer, word for word
PREVIEW = "digest.preview"
DISCARD = "digest.discard"
REDO = "digest.redo"  # menu: shorter | warmer | decline | ask

SNOOZES = {"tomorrow": "Tomorrow", "monday": "Monday", "pick": "Pick a day…"}
MORES = {"not_mine": "Not mine", "less": "Less like this", "why": "Why this?"}
REDOS = {"shorter": "Shorter", "warmer": "Warmer", "decline": "Decline", "ask": "Ask instead"}

_PAGE = 12  # items in one reply of the thread


@dataclass(frozen=True)
class Room:
    """How much of an item is shown: characters of each of its texts, and how many of its links."""

    text: int
    links: int


# A text full of `&` grows fivefold when it is escaped, and links count with their addresses: then less is shown.
_ROOMS = (Room(220, 4), Room(150, 3), Room(100, 2), Room(60, 1), Room(30, 0))


@dataclass(frozen=True)
class Press:
    """What somebody pressed: one of the action ids above, the item, and the chosen verb of a menu ("" for a button)."""

    action: str
    item: str
    verb: str = ""


def read_press(action: Mapping[str, Any]) -> Press:
    """`action` is one entry of a block_actions payload. Raises ValueError for an action that is not of a digest."""
    name, slash, item = str(action.get("action_id", "")).partition("/")
    if not slash or not item or name not in {DONE, SNOOZE, OPEN, MORE, SHOW, PREVIEW, DISCARD, REDO}:
        raise ValueError("no action of a digest")
    chosen = action.get("selected_option")
    return Press(action=name, item=item, verb=str(chosen["value"]) if isinstance(chosen, Mapping) else "")


# --- whole messages -------------------------------------------------------------------------------


def digest_blocks(digest: Digest, settled: Mapping[str, str] | None = None) -> list[Block]:
    """The morning message. `settled` says what became of items since ("Done", "Snoozed until Mon 30 Nov"), by item id:
    they keep their place as one grey line without buttons."""
    return _fitting(lambda room: list(_digest(digest, settled or {}, room)))


def more_pages(digest: Digest) -> list[list[Block]]:
    """The items behind "+ n more", as messages for the digest's thread; empty when there are none."""
    pages = [digest.more[start : start + _PAGE] for start in range(0, len(digest.more), _PAGE)]
    return [_fitting(partial(_page, page, digest.date)) for page in pages]


def fallback_text(digest: Digest) -> str:
    """For notifications and screen readers: the verdict, then the facts, one line each."""
    facts = (f"• {_line(item.text, 100)}" for item in digest.items[:5])
    return "\n".join([_line(digest.headline, 200) or "Your morning", *facts])


def _digest(digest: Digest, settled: Mapping[str, str], room: Room) -> Iterator[Block]:
    if not digest.items and not digest.more:
        yield _section(_line(digest.headline, 300) or "Nothing needs you today.")
        yield from _footer_blocks(_troubles(digest.footer))
        return
    yield {"type": "header", "text": _plain(clip(defang(digest.headline), limits.HEADER) or "Your morning")}
    yield from _items(digest.items, digest.date, settled, room)
    if digest.more:
        yield _context(f"+ {len(digest.more)} more in the thread")
    yield {"type": "divider"}
    yield from _footer_blocks([*_troubles(digest.footer), *(_line(line, 400) for line in footer_lines(digest))])


def _page(items: Sequence[Item], today: date, room: Room) -> list[Block]:
    return list(_items(items, today, {}, room))


def _fitting(build: Callable[[Room], list[Block]]) -> list[Block]:
    """The longest of the allowed lengths that Slack takes. Only texts full of `&` or links ever need a shorter one."""
    for room in _ROOMS:
        blocks = build(room)
        if not limits.problems("-", blocks):
            break
    return blocks


# --- items ----------------------------------------------------------------------------------------


def _items(items: Sequence[Item], today: date, settled: Mapping[str, str], room: Room) -> Iterator[Block]:
    for section, found in in_sections(items):
        yield _section(f"*{CAPTIONS[section]}*")
        for item in found:
            yield from [_settled(item, settled[item.id])] if item.id in settled else _open_item(item, today, room)


def _settled(item: Item, outcome: str) -> Block:
    return _context(f"✓ {_line(outcome, 60)}: {_line(item.text, 100)}")


def _open_item(item: Item, today: date, room: Room) -> Iterator[Block]:
    lines = [_line(item.text, room.text) or "(no text)"]
    if item.next_step:
        lines.append(f"→ {_line(item.next_step, room.text)}")
    yield _section("\n".join(lines)) | {"accessory": _overflow(item)}
    if about := _about(item, today, room):
        yield _context(about)
    yield {"type": "actions", "elements": list(_buttons(item))}


def _about(item: Item, today: date, room: Room) -> str:
    """The grey line: where it stands, when it is due, how old it is."""
    shown = [link(_short(found.url), clip(found.label, 60)) for found in item.links[: room.links]]
    if len(item.links) > room.links:
        shown.append(f"+ {len(item.links) - room.links}")
    if item.due is not None:
        shown.append(f"*{due_words(item.due, today)}*")
    return " · ".join(part for part in (*shown, age_words(item.age_days)) if part)


def _buttons(item: Item) -> Iterator[Block]:
    if item.kind == "draft":
        yield _button(item, PREVIEW, "Preview") | {"style": "primary"}
        yield _button(item, DISCARD, "Discard")
        yield _menu(item, REDO, "Redo", REDOS)
    else:
        if item.kind == "answer":
            yield _button(item, SHOW, "Show answer")
        yield _button(item, DONE, "Done")
        yield _menu(item, SNOOZE, "Snooze", SNOOZES)
    if url := _opened(item.links):
        yield _button(item, OPEN, "Open") | {"url": url}


def _opened(links: Sequence[ItemLink]) -> str:
    """The first link a button can open. A mail has no address on the web: its line names it instead."""
    return next((url.url for url in links if _short(url.url) and urlsplit(url.url).scheme != "mid"), "")


def _short(url: str) -> str:
    return url if opens(url) and len(url) <= 500 else ""


def _overflow(item: Item) -> Block:
    return {"type": "overflow", "action_id": f"{MORE}/{item.id}", "options": _options(MORES)}


def _menu(item: Item, action: str, label: str, verbs: Mapping[str, str]) -> Block:
    return {
        "type": "static_select",
        "action_id": f"{action}/{item.id}",
        "placeholder": _plain(label),
        "options": _options(verbs),
    }


def _options(verbs: Mapping[str, str]) -> list[Block]:
    return [{"text": _plain(label), "value": verb} for verb, label in verbs.items()]


def _button(item: Item, action: str, label: str) -> Block:
    return {"type": "button", "action_id": f"{action}/{item.id}", "text": _plain(label), "value": item.id}


# --- footer ---------------------------------------------------------------------------------------


def _troubles(footer: Footer) -> list[str]:
    """What the person should know even on an empty day."""
    failed = [f"⚠ {_line(line, 200)}" for line in footer.failed[:5]]
    if len(footer.failed) > 5:
        failed.append(f"⚠ and {len(footer.failed) - 5} more that failed")
    return [*failed, *(_line(line, 200) for line in footer.notes[:5])]


def _footer_blocks(lines: Sequence[str]) -> Iterator[Block]:
    # Cut between lines: a cut inside one could split an escaped character.
    said = [line for line in lines if line]
    ends = accumulate(len(line) + 1 for line in said)
    if shown := [line for line, end in zip(said, ends, strict=True) if end <= limits.SECTION]:
        yield _context("\n".join(shown))


def _line(text: str, most: int) -> str:
    """Somebody's text on one line, fit for mrkdwn; may be empty when all of it was invisible."""
    return sanitize(clip(visible(text), most)).strip()


# --- Block Kit ------------------------------------------------------------------------------------


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}

"""The digest as Block Kit. Pure.

One item is three blocks: the fact with its next step, a grey line (links, due date, age), and its buttons. Twelve items
with captions and footer are at most 48 blocks. Every text that code did not write goes through `mrkdwn.sanitize`, and
every mrkdwn object is `verbatim`, so that Slack turns nothing in it into a link or a mention.

An action_id is one of the constants below, a slash, and the item's id: `digest.done/t-41`. `interactions.read` takes it apart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from urllib.parse import urlsplit

from bot.slack import kit, limits
from bot.slack.kit import line
from bot.slack.limits import Block
from bot.slack.mrkdwn import defang
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

# Of the whole card, without an item.
MAILBOX = "digest.mailbox"  # ends shadow mode
RECONNECT = "home.reconnect"  # with the scope of a mailbox; on the Home tab too

SNOOZES = {"tomorrow": "Tomorrow", "monday": "Monday", "pick": "Pick a day…"}
MORES = {"not_mine": "Not mine", "less": "Less like this", "why": "Why this?"}
REDOS = {"shorter": "Shorter", "warmer": "Warmer", "decline": "Decline", "ask": "Ask instead"}

_PAGE = 12  # items in one reply of the thread
_RECONNECTS = 2  # buttons; more broken mailboxes are named only


@dataclass(frozen=True)
class Room:
    """How much of an item is shown: characters of each of its texts, and how many of its links."""

    text: int
    links: int


# A text full of `&` grows fivefold when it is escaped, and links count with their addresses: then less is shown.
_ROOMS = (Room(220, 4), Room(150, 3), Room(100, 2), Room(60, 1), Room(30, 0))


@dataclass(frozen=True)
class Trouble:
    """A mailbox that is not read, in one sentence, with the id of its scope."""

    text: str
    scope: int


@dataclass(frozen=True)
class Around:
    """What a card shows beside its items as they were made."""

    settled: Mapping[str, str]
    troubles: tuple[Trouble, ...]
    offer: bool
    told: str


# --- whole messages -------------------------------------------------------------------------------


def digest_blocks(
    digest: Digest, settled: Mapping[str, str] | None = None, troubles: Sequence[Trouble] = (), offer: bool = False,
    told: str = "",
) -> list[Block]:  # fmt: skip
    """The morning message. `settled` says what became of items since ("Done", "Snoozed until Mon 30 Nov"), by item id:
    they keep their place as one grey line without buttons. `offer`: a button that puts drafts into the mailbox; `told`: where
    drafts lie, and from when on they lie elsewhere."""
    around = Around(settled or {}, tuple(troubles), offer, told)
    return _fitting(lambda room: list(_digest(digest, around, room)))


def more_pages(digest: Digest, settled: Mapping[str, str] | None = None) -> list[list[Block]]:
    """The items behind "+ n more", as messages for the digest's thread; empty when there are none."""
    pages = [digest.more[start : start + _PAGE] for start in range(0, len(digest.more), _PAGE)]
    return [_fitting(partial(_page, page, digest.date, settled or {})) for page in pages]


def fallback_text(digest: Digest, settled: Mapping[str, str] | None = None) -> str:
    """For notifications and screen readers: the verdict, then the facts that are still open, one line each."""
    still = [item for item in digest.items if item.id not in (settled or {})]
    facts = (f"• {line(item.text, 100)}" for item in still[:5])
    return "\n".join([line(digest.headline, 200) or "Your morning", *facts])


def _digest(digest: Digest, around: Around, room: Room) -> Iterator[Block]:
    if not digest.items and not digest.more:
        yield kit.section(line(digest.headline, 300) or "Nothing needs you today.")
        yield from _where_drafts_lie(around)
        yield from map(_reconnect, around.troubles[:_RECONNECTS])
        yield from _footer_blocks(_troubles(digest.footer))
        return
    yield kit.header(clip(defang(digest.headline), limits.HEADER) or "Your morning")
    yield from _items(digest.items, digest.date, around.settled, room)
    yield from _where_drafts_lie(around)
    if digest.more:
        yield kit.context(f"+ {len(digest.more)} more in the thread")
    yield {"type": "divider"}
    yield from map(_reconnect, around.troubles[:_RECONNECTS])
    beyond = [f"⚠ {line(one.text, 200)}" for one in around.troubles[_RECONNECTS:]]
    yield from _footer_blocks([*beyond, *_troubles(digest.footer), *(line(said, 400) for said in footer_lines(digest))])


def _where_drafts_lie(around: Around) -> Iterator[Block]:
    button = kit.button(MAILBOX, "Put drafts in my mailbox")
    if around.offer:
        yield kit.section(line(around.told, 200)) | {"accessory": button} if around.told else kit.actions(button)
    elif around.told:
        yield kit.context(line(around.told, 200))


def _reconnect(trouble: Trouble) -> Block:
    return kit.section(f"⚠ {line(trouble.text, 200)}") | {
        "accessory": kit.button(f"{RECONNECT}/{trouble.scope}", "Reconnect")
    }


def _page(items: Sequence[Item], today: date, settled: Mapping[str, str], room: Room) -> list[Block]:
    return list(_items(items, today, settled, room))


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
        yield kit.section(f"*{CAPTIONS[section]}*")
        for item in found:
            yield from [_settled(item, settled[item.id])] if item.id in settled else _open_item(item, today, room)


def _settled(item: Item, outcome: str) -> Block:
    return kit.context(f"✓ {line(outcome, 60)}: {line(item.text, 100)}")


def _open_item(item: Item, today: date, room: Room) -> Iterator[Block]:
    lines = [line(item.text, room.text) or "(no text)"]
    if item.next_step:
        lines.append(f"→ {line(item.next_step, room.text)}")
    yield kit.section("\n".join(lines)) | {"accessory": _overflow(item)}
    if about := _about(item, today, room):
        yield kit.context(about)
    yield {"type": "actions", "elements": list(_buttons(item))}


def _about(item: Item, today: date, room: Room) -> str:
    """The grey line: where it stands, when it is due, how old it is."""
    shown = kit.places((one.label, address(one.url)) for one in item.links[: room.links])
    if len(item.links) > room.links:
        shown.append(f"+ {len(item.links) - room.links}")
    if item.due is not None:
        shown.append(f"*{due_words(item.due, today)}*")
    return " · ".join(part for part in dict.fromkeys((*shown, age_words(item.age_days))) if part)


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
    """The first link a button can open. A mail whose web address nobody knows has none: its line names it instead."""
    return next(filter(None, (address(one.url) for one in links)), "")


def address(url: str) -> str:
    """What a button may open; '' for what Slack does not."""
    return url if opens(url) and len(url) <= 500 and urlsplit(url).scheme != "mid" else ""


def _overflow(item: Item) -> Block:
    return {"type": "overflow", "action_id": f"{MORE}/{item.id}", "options": kit.options(MORES)}


def _menu(item: Item, action: str, label: str, verbs: Mapping[str, str]) -> Block:
    return kit.menu(f"{action}/{item.id}", label, verbs)


def _button(item: Item, action: str, label: str) -> Block:
    return kit.button(f"{action}/{item.id}", label, item.id)


# --- footer ---------------------------------------------------------------------------------------


def _troubles(footer: Footer) -> list[str]:
    """What the person should know even on an empty day."""
    failed = [f"⚠ {line(said, 200)}" for said in footer.failed[:5]]
    if len(footer.failed) > 5:
        failed.append(f"⚠ and {len(footer.failed) - 5} more that failed")
    return [*failed, *(line(said, 200) for said in footer.notes[:5])]


def _footer_blocks(lines: Sequence[str]) -> Iterator[Block]:
    if shown := kit.fitting(lines):
        yield kit.context(shown)

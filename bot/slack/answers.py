"""An answer as a message: its text, a grey line with its sources, and its buttons. Pure.

Every text that code did not write goes through `mrkdwn.sanitize`; links are those that `graphs.links` built.
"""

from dataclasses import dataclass

from bot.slack import limits
from bot.slack.limits import Block
from bot.slack.mrkdwn import link, sanitize, visible
from graphs.digest_value import ItemLink, clip

UP = "answer.up"
DOWN = "answer.down"
TONIGHT = "answer.tonight"

MOST_LINKS = 4
LONGEST = 2_800  # escaped characters of the text: a section takes 3,000


@dataclass(frozen=True)
class Shown:
    """What of an answer is shown. `note` is ours, in plain words; `tonight` offers to look again with more time."""

    text: str
    links: tuple[ItemLink, ...] = ()
    note: str = ""
    tonight: bool = False
    rated: bool = True


def said(text: str) -> str:
    """Somebody's text, fit for a message: the same for a stream and for what stands in the end."""
    return _cut(sanitize(visible(text)))


def blocks(shown: Shown) -> list[Block]:
    """The whole message."""
    return [{"type": "section", "text": _mrkdwn(said(shown.text) or "…")}, *below(shown)]


def below(shown: Shown) -> list[Block]:
    """What stands below a streamed text."""
    found: list[Block] = []
    if line := " · ".join([*map(_source, shown.links[:MOST_LINKS]), *filter(None, [sanitize(shown.note)])]):
        found.append({"type": "context", "elements": [_mrkdwn(line)]})
    if buttons := [*_buttons(shown)]:
        found.append({"type": "actions", "elements": buttons})
    return found


def fallback(shown: Shown) -> str:
    """What notifications show, and what we remember of it."""
    return said(shown.text) or "…"


def may_unfurl(shown: Shown) -> bool:
    """Whether Slack could make a preview of one of its links: a stream cannot tell it not to."""
    return any(one.url.startswith("http") for one in shown.links[:MOST_LINKS])


def _buttons(shown: Shown) -> list[Block]:
    named = [(UP, "Helpful"), (DOWN, "Not helpful")] if shown.rated else []
    if shown.tonight:
        named.append((TONIGHT, "Work on this tonight"))
    return [
        {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label, "emoji": True}}
        for action, label in named
    ]


def _source(one: ItemLink) -> str:
    return link(one.url, clip(one.label, 80)) if len(one.url) <= 500 else sanitize(clip(one.label, 80))


def _cut(text: str) -> str:
    """At a word, so that no escaped character is split."""
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rsplit(None, 1)[0].rsplit("&", 1)[0] + " …"


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text[: limits.SECTION], "verbatim": True}

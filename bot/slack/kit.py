"""The parts of Block Kit that messages, Home tabs and modals are made of. Pure.

Every mrkdwn object is `verbatim`, so that Slack turns nothing in it into a link or a mention; text that code did not write
comes through `line`, or as plain text.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from bot.slack import limits
from bot.slack.limits import Block
from bot.slack.mrkdwn import link, sanitize, visible
from graphs.digest_value import clip


def line(text: str, most: int) -> str:
    """Somebody's text on one line, fit for mrkdwn; may be empty when all of it was invisible."""
    return sanitize(clip(visible(text), most)).strip()


def fitting(lines: Iterable[str], most: int = limits.SECTION) -> str:
    """As many of the lines as fit. Cut between lines: a cut inside one could split an escaped character or a link."""
    said = [one for one in lines if one]
    ends = accumulate(len(one) + 1 for one in said)
    return "\n".join(one for one, end in zip(said, ends, strict=True) if end <= most)


def places(found: Iterable[tuple[str, str]]) -> list[str]:
    """Labels with their addresses, one part for each place; further messages there are numbers behind its name."""
    parts: dict[str, list[str]] = {}
    for label, url in found:
        beside = parts.setdefault(label, [])
        shown = link(url, str(len(beside) + 1) if beside else clip(label, 60))
        if not beside or shown.startswith("<"):  # two mails of one sender read the same, and nothing opens there
            beside.append(shown)
    return [", ".join(beside) for beside in parts.values()]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text)}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def literal(text: str) -> Block:
    """Text exactly as it is: nothing in it is markup, and no link of it opens."""
    return {"type": "section", "text": plain(text) | {"emoji": False}}


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def button(action: str, label: str, value: str = "") -> Block:
    made: Block = {"type": "button", "action_id": action, "text": plain(label)}
    return made | ({"value": value} if value else {})


def options(labels: Mapping[str, str]) -> list[Block]:
    """Choices by value."""
    return [{"text": plain(label), "value": value} for value, label in labels.items()]


def menu(action: str, placeholder: str, labels: Mapping[str, str], chosen: str = "") -> Block:
    """A menu; `chosen` is shown as chosen already when it is one of its values."""
    made: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder),
        "options": options(labels),
    }
    return made | ({"initial_option": options({chosen: labels[chosen]})[0]} if chosen in labels else {})


def asked_first(title: str, text: str, yes: str) -> Block:
    """What Slack asks before it passes a press on."""
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain("Cancel")}

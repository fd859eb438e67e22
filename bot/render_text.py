"""The digest to read outside Slack: `digest.txt` for a terminal, `digest.html` as Slack would show it. Pure."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, unquote, urlsplit

from jinja2 import Environment, StrictUndefined

from bot.page_style import CSS, PAGE
from bot.slack.mrkdwn import defang
from graphs.digest_value import (
    CAPTIONS,
    Digest,
    Item,
    ItemLink,
    age_words,
    day_words,
    due_words,
    footer_lines,
    in_sections,
)
from graphs.links import opens

COLUMNS = 100

# --- text -----------------------------------------------------------------------------------------


def digest_text(digest: Digest) -> str:
    """The digest as plain text of at most 100 columns; links are numbered and listed at the end."""
    urls: list[str] = []
    lines = [*wrap(defang(digest.headline), ""), *_text_items(digest, digest.items, urls, 1)]
    if digest.more:
        lines += ["", f"+ {len(digest.more)} more", *_text_items(digest, digest.more, urls, len(digest.items) + 1)]
    if foot := _footer(digest):
        lines += ["", "-" * 40, *(part for line in foot for part in wrap(line, "  ", hang="    "))]
    if urls:
        lines += ["", *(f"[{n}] {url}" for n, url in enumerate(urls, 1))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _text_items(digest: Digest, items: Sequence[Item], urls: list[str], number: int) -> Iterator[str]:
    for section, found in in_sections(items):
        yield from ("", CAPTIONS[section].upper())
        for item in found:
            yield from wrap(defang(item.text), f"{number:>2}. ", hang="    ")
            if item.next_step:
                yield from wrap(defang(item.next_step), "    → ", hang="      ")
            about = [*_about(item, digest), *_linked(item.links, urls)]
            yield from wrap(" · ".join(about), "    ") if about else ()
            number += 1


def _linked(links: Sequence[ItemLink], urls: list[str]) -> list[str]:
    """One part for each place; further messages there are numbers behind its name, as in Slack."""
    places = _places((link.label, link.url if _can_be_followed(link.url) else "") for link in links)
    return [
        ", ".join(_numbered(label if n == 1 else str(n), url, urls) for n, url in enumerate(there, 1))
        for label, there in places
    ]


def _places(links: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Addresses by label; of what leads nowhere only the first, which at least is named."""
    places: dict[str, list[str]] = {}
    for label, url in links:
        beside = places.setdefault(defang(label), [])
        if url or not beside:
            beside.append(url)
    return list(places.items())


def _numbered(label: str, url: str, urls: list[str]) -> str:
    """The label, with the number of its address if it has one."""
    if not url:
        return label
    if url not in urls:
        urls.append(url)
    return f"{label} [{urls.index(url) + 1}]"


def _can_be_followed(url: str) -> bool:
    """A `mid:` is nothing one could follow from a terminal."""
    return opens(url) and urlsplit(url).scheme != "mid" and width(url) <= COLUMNS - 6


def wrap(text: str, first: str, hang: str | None = None) -> list[str]:
    """Lines of at most 100 columns; the first begins with `first`, the others with `hang`. Wide characters are two."""
    rest = first if hang is None else hang
    lines: list[str] = []
    line, is_begun = first, False
    for word in _pieces(text, COLUMNS - max(len(first), len(rest))):
        if is_begun and width(line) + 1 + width(word) > COLUMNS:
            lines.append(line)
            line, is_begun = rest, False
        line += f" {word}" if is_begun else word
        is_begun = True
    return [*lines, line]


def _pieces(text: str, most: int) -> Iterator[str]:
    """Words; one that is wider than a line comes in parts."""
    for word in text.split():
        part = ""
        for char in word:
            if width(part + char) > most:
                yield part
                part = ""
            part += char
        yield part


def width(text: str) -> int:
    """Columns of a terminal: East Asian wide characters and emoji take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


# --- page -----------------------------------------------------------------------------------------


def digest_html(digest: Digest) -> str:
    """One page without scripts, and with nothing to load; its policy forbids both."""
    return _PAGE.render(
        css=CSS,
        policy=f"default-src 'none'; style-src 'sha256-{_CSS_HASH}'; base-uri 'none'; form-action 'none'",
        day=day_words(digest.date),
        name=defang(digest.name),
        headline=defang(digest.headline),
        sections=_sections(digest, digest.items),
        more=_sections(digest, digest.more),
        more_count=len(digest.more),
        failed=[defang(line) for line in digest.footer.failed],
        footer=[*(defang(line) for line in digest.footer.notes), *_facts(digest)],
    )


def _sections(digest: Digest, items: Sequence[Item]) -> list[tuple[str, str, list[dict[str, object]]]]:
    return [
        (section, CAPTIONS[section], [_card(item, digest) for item in found]) for section, found in in_sections(items)
    ]


def _card(item: Item, digest: Digest) -> dict[str, object]:
    """What the template shows of one item."""
    return {
        "text": defang(item.text),
        "next_step": defang(item.next_step),
        "kind": item.kind,
        "places": _places((link.label, _href(link.url)) for link in item.links),
        "due": due_words(item.due, digest.date) if item.due else "",
        "is_late": item.due is not None and item.due <= digest.date,
        "age": age_words(item.age_days),
        "buttons": _BUTTONS.get(item.kind, ("Done", "Snooze ▾")),
        "open": next((href for link in item.links if (href := _href(link.url))), ""),
    }


_BUTTONS = {"draft": ("Preview", "Discard", "Redo ▾"), "answer": ("Show answer", "Done", "Snooze ▾")}


def _href(url: str) -> str:
    """What may stand behind a link, "" for nothing. Mail opens in the desktop's mail program."""
    if not opens(url):
        return ""
    if urlsplit(url).scheme == "mid":
        return f"message://{quote(f'<{unquote(url[4:])}>', safe='@')}"
    return url


# --- both -----------------------------------------------------------------------------------------


def _about(item: Item, digest: Digest) -> list[str]:
    due = due_words(item.due, digest.date) if item.due else ""
    return [part for part in (due, age_words(item.age_days)) if part]


def _facts(digest: Digest) -> list[str]:
    """An empty day is one line: then only what failed is worth a second one."""
    return [defang(line) for line in footer_lines(digest)] if digest.items or digest.more else []


def _footer(digest: Digest) -> list[str]:
    failed = [f"! {defang(line)}" for line in digest.footer.failed]
    return [*failed, *(defang(line) for line in digest.footer.notes), *_facts(digest)]


_PAGE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(PAGE)
_CSS_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()

"""Fences somebody else's text for a prompt so that it cannot get out."""

import re
from collections.abc import Mapping

from graphs.domain import Quoted

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINE_ENDS = (0x85, 0x2028, 0x2029)
_INVISIBLE = (  # controls, format characters, fillers, variation selectors and tags, by first and last code
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C),
    (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
    (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_UNSAFE: dict[int, str | None] = {
    **{code: None for first, last in _INVISIBLE for code in range(first, last + 1)},
    **dict.fromkeys(_LINE_ENDS, "\n"),
    **{ord(character): entity for character, entity in _ENTITIES.items()},
}


def escape(text: str) -> str:
    """`text` without a way to open or close a tag, and without invisible characters."""
    return text.translate(_UNSAFE)


def fence(tag: str, quoted: Quoted, attributes: Mapping[str, str] | None = None, limit: int = 8000) -> str:
    """`quoted` inside `<tag>`, cut after `limit` characters with a visible mark."""
    text = quoted.text if len(quoted.text) <= limit else quoted.text[:limit] + " […]"
    named = "".join(f' {name}="{attribute(value)}"' for name, value in (attributes or {}).items())
    return f"<{tag}{named}>\n{escape(text)}\n</{tag}>"


def one_line(quoted: Quoted, limit: int) -> str:
    """`quoted` on one line that nothing in it can end, clipped in the middle with the length of what is left out. For
    renderings whose structure are lines."""
    text = re.sub(r"[^\S\n]+", " ", escape(quoted.text).replace("\r", "\n"))
    text = re.sub(r" ?\n[\n ]*", " / ", text.strip())
    if len(text) <= limit:
        return text
    head, tail = text[: limit * 3 // 4].rstrip(), text[-(limit // 4) :].lstrip()
    return f"{head} [… {len(text) - len(head) - len(tail)} characters left out …] {tail}"


def attribute(value: str) -> str:
    """`value` for the inside of a double-quoted attribute, on one line."""
    return escape(" ".join(value.split())).replace('"', "&quot;")

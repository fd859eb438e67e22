"""Fences somebody else's text for a prompt so that it cannot get out."""

from collections.abc import Mapping

from graphs.domain import Quoted

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_INVISIBLE = (*range(9), 11, 12, *range(14, 32), 0x7F, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF)
_UNSAFE = {ord(c): e for c, e in _ENTITIES.items()} | dict.fromkeys(_INVISIBLE)


def escape(text: str) -> str:
    """`text` without a way to open or close a tag, and without invisible characters."""
    return text.translate(_UNSAFE)


def fence(tag: str, quoted: Quoted, attributes: Mapping[str, str] | None = None, limit: int = 8000) -> str:
    """`quoted` inside `<tag>`, cut after `limit` characters with a visible mark."""
    text = quoted.text if len(quoted.text) <= limit else quoted.text[:limit] + " […]"
    named = "".join(f' {name}="{attribute(value)}"' for name, value in (attributes or {}).items())
    return f"<{tag}{named}>\n{escape(text)}\n</{tag}>"


def attribute(value: str) -> str:
    """`value` for the inside of a double-quoted attribute, on one line."""
    return escape(" ".join(value.split())).replace('"', "&quot;")

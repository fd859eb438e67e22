"""What Slack accepts in one message or view, checked before it is sent: every limit that a payload breaks is named. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Block = dict[str, Any]
"""Block Kit JSON, the one shape that is Slack's and not ours."""

MOST_BLOCKS = 50
MOST_TEXT = 13_000  # characters over all blocks; Slack refuses at about 13,200 (measured), whatever single limits allow
MOST_FALLBACK = 4_000
HEADER = 150
SECTION = 3_000
FIELD = 2_000
CONTEXT_ELEMENTS = 10
ACTION_ELEMENTS = 25
BUTTON = 75
VALUE = 2_000
URL = 3_000
IDENTIFIER = 255  # action_id and block_id
OPTION = 75
OPTION_VALUE = 150
OVERFLOW_OPTIONS = 5
SELECT_OPTIONS = 100
PLACEHOLDER = 150
CHECKBOXES = 10

MOST_VIEW_BLOCKS = 100
VIEW_TITLE = 24  # title, submit and close alike
METADATA = 3_000
LABEL = 2_000
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def problems(text: str, blocks: Sequence[Block]) -> list[str]:
    """Each broken limit in a few words; empty when Slack takes the message. `text` is what notifications show."""
    found = [*_size("fallback text", text, MOST_FALLBACK), *_count("blocks", blocks, MOST_BLOCKS), *_blocks(blocks)]
    return found + ([f"all text is longer than {MOST_TEXT}"] if total_text(blocks) > MOST_TEXT else [])


def view_problems(view: Mapping[str, Any]) -> list[str]:
    """As `problems`, for a Home tab or a modal."""
    blocks = view.get("blocks") or []
    found = [*_count("blocks", blocks, MOST_VIEW_BLOCKS), *_blocks(blocks)]
    if "private_metadata" in view:
        found += _size("private_metadata", view["private_metadata"], METADATA)
    if "callback_id" in view:
        found += _size("callback_id", view["callback_id"], IDENTIFIER)
    if view.get("type") == "modal":
        for part in ("title", "submit", "close"):
            if part in view or part == "title":
                found += _text(part, view.get(part), VIEW_TITLE, {"plain_text"})
        if "submit" not in view and any(block.get("type") == "input" for block in blocks):
            found.append("inputs without a submit button")
    elif view.get("type") != "home":
        found.append(f"unknown view {view.get('type')}")
    return found


def _blocks(blocks: Sequence[Block]) -> list[str]:
    found = [f"block {place}: {problem}" for place, block in enumerate(blocks) for problem in _block(block)]
    found += [f"action_id {name} is used {n} times" for name, n in _repeated(blocks, "action_id")]
    return found + [f"block_id {name} is used {n} times" for name, n in _repeated(blocks, "block_id")]


def total_text(blocks: Sequence[Block]) -> int:
    """Characters of everything shown, labels of buttons and options included."""
    return sum(len(value) for value in _values(blocks, "text") if isinstance(value, str))


def _block(block: Block) -> Iterator[str]:
    yield from _identifier(block, "block_id")
    match block.get("type"):
        case "section":
            yield from _section(block)
        case "header":
            yield from _text("header", block.get("text"), HEADER, {"plain_text"})
        case "context":
            elements = block.get("elements") or []
            yield from _count("context elements", elements, CONTEXT_ELEMENTS)
            for element in elements:
                yield from _text("context", element, SECTION)
        case "actions":
            elements = block.get("elements") or []
            yield from _count("actions", elements, ACTION_ELEMENTS)
            for element in elements:
                yield from _element(element)
        case "input":
            yield from _text("label", block.get("label"), LABEL, {"plain_text"})
            yield from _element(block.get("element") or {})
        case "divider":
            pass
        case other:
            yield f"unknown type {other}"


def _section(block: Block) -> Iterator[str]:
    fields = block.get("fields")
    if "text" in block or not fields:
        yield from _text("section", block.get("text"), SECTION)
    if fields is not None:
        yield from _count("fields", fields, 10)
        for field in fields:
            yield from _text("field", field, FIELD)
    if "accessory" in block:
        yield from _element(block["accessory"])


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    if not element.get("action_id"):
        yield "an element has no action_id"
    yield from _identifier(element, "action_id")
    match element.get("type"):
        case "button":
            yield from _text("button", element.get("text"), BUTTON, {"plain_text"})
            yield from _size("value", element.get("value", "-"), VALUE)
            yield from _size("url", element.get("url", "-"), URL)
        case "overflow":
            yield from _options(element, OVERFLOW_OPTIONS)
        case "static_select" | "multi_static_select":
            yield from _text("placeholder", element.get("placeholder"), PLACEHOLDER, {"plain_text"})
            yield from _options(element, SELECT_OPTIONS)
        case "checkboxes":
            yield from _options(element, CHECKBOXES)
        case "datepicker":
            yield from _shaped("initial_date", element, r"\d{4}-\d\d-\d\d")
        case "timepicker":
            yield from _shaped("initial_time", element, r"([01]\d|2[0-3]):[0-5]\d")
        case "plain_text_input":
            if "placeholder" in element:
                yield from _text("placeholder", element["placeholder"], PLACEHOLDER, {"plain_text"})
        case other:
            yield f"unknown element {other}"
    if "confirm" in element:
        for part, most in CONFIRM.items():
            yield from _text(f"confirm {part}", element["confirm"].get(part), most)


def _shaped(name: str, element: Mapping[str, Any], shape: str) -> Iterator[str]:
    if name in element and not re.fullmatch(shape, str(element[name])):
        yield f"{name} is {element[name]!r}"


def _options(element: Mapping[str, Any], most: int) -> Iterator[str]:
    options = element.get("options") or []
    yield from _count("options", options, most)
    for option in options:
        yield from _text("option", option.get("text"), OPTION)
        yield from _size("option value", option.get("value"), OPTION_VALUE)
        if "description" in option:
            yield from _text("description", option["description"], OPTION)
    yield from _chosen(element, options)


def _chosen(element: Mapping[str, Any], options: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is chosen at first must be one of the options, to the letter; no choice is said by leaving it out."""
    if "initial_option" in element and element["initial_option"] not in options:
        yield "the initial option is none of the options"
    if "initial_options" in element:
        chosen = element["initial_options"]
        if not chosen or any(option not in options for option in chosen):
            yield "the initial options are none of the options"


def _text(
    name: str, value: object, most: int, kinds: frozenset[str] | set[str] = frozenset({"plain_text", "mrkdwn"})
) -> Iterator[str]:
    if not isinstance(value, Mapping) or value.get("type") not in kinds:
        yield f"{name} is no {' or '.join(sorted(kinds))}"
    else:
        yield from _size(name, value.get("text"), most)


def _size(name: str, value: object, most: int) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"{name} is empty"
    elif len(value) > most:
        yield f"{name} has {len(value)} of at most {most} characters"


def _count(name: str, values: Sequence[object], most: int) -> Iterator[str]:
    if not 1 <= len(values) <= most:
        yield f"{len(values)} {name}, where 1 to {most} are allowed"


def _identifier(part: Mapping[str, Any], name: str) -> Iterator[str]:
    if name in part:
        yield from _size(name, part[name], IDENTIFIER)


def _repeated(blocks: Sequence[Block], name: str) -> list[tuple[Any, int]]:
    return [(value, n) for value, n in Counter(_values(blocks, name)).items() if n > 1]


def _values(part: object, name: str) -> Iterator[Any]:
    """Every value of a field called `name`, however deep, when it is not itself an object."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key == name and not isinstance(value, Mapping):
                yield value
            else:
                yield from _values(value, name)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for entry in part:
            yield from _values(entry, name)

"""What a model wrote, as a frozen Value; and the schema that its server is given to make it fit.

Cleaned of fences, thoughts, NULs and lone surrogates; bounded in length and depth.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from graphs.domain import Value

ValueT = TypeVar("ValueT", bound=Value)
JsonSchema = dict[str, Any]

LONGEST_ANSWER = 200_000  # characters; more is no answer to any of our questions


class Unfit(ValueError):
    """An answer that is not the value asked for; the text tells the model what to mend, without its values."""


_SURROGATE = re.compile("[\ud800-\udfff]")
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OPENED_BEFORE = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)


def clean(text: str) -> str:
    """Without NULs and lone surrogates: one of them makes Postgres or the checkpointer raise."""
    return _SURROGATE.sub("", text.replace("\0", ""))


def without_thoughts(text: str) -> str:
    """Without `<think>` parts; some servers swallow the opening tag, and a cut answer has no closing one."""
    text = _OPENED_BEFORE.sub("", _THOUGHT.sub("", text))
    unclosed = text.lower().find("<think>")
    return text if unclosed < 0 else text[:unclosed]


def first_words(held: str) -> str:
    """What may be said of a text that has only begun; empty while it may still be a thought."""
    begun = held.lstrip()
    if "<think>".startswith(begun[:7].lower()) and "</think>" not in begun.lower():
        return ""
    return without_thoughts(begun).lstrip()


def read(text: str, schema: type[ValueT]) -> ValueT:
    """The value in an answer's `text`. Raises `Unfit`."""
    if len(text) > LONGEST_ANSWER:
        raise Unfit("the answer was far too long; answer again, much shorter")
    found = _json_object(text)
    try:
        return schema.model_validate_json(json.dumps(found))
    except ValidationError as error:
        raise Unfit(_faults(error)) from error


def _json_object(text: str) -> dict[str, Any]:
    text = without_thoughts(text).strip()
    if fenced := _FENCED.search(text):
        text = fenced.group(1)
    first, last = text.find("{"), text.rfind("}")
    if first < 0 or last < first:
        raise Unfit("the answer held no JSON object")
    try:
        found = json.loads(text[first : last + 1], strict=False, parse_constant=_no_constant)
        return {clean(key): _cleaned(value) for key, value in found.items()}
    except (ValueError, RecursionError) as error:
        raise Unfit("the answer was not valid JSON") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(one) for key, one in value.items()}
    return value


def _faults(error: ValidationError) -> str:
    """Places and messages only: the values are already in the answer that the repair turn shows again."""
    listed = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in listed[:8])


# --- the schema a server is given ------------------------------------------------------------------

_KEPT = ("type", "description", "enum", "const", "format")


def strict_schema(schema: type[Value]) -> JsonSchema:
    """JSON Schema in the part that strict servers take: every field required, nothing additional, no references.

    Lengths and ranges stay out (servers differ); validation keeps them. Raises ValueError for a recursive Value.
    """
    whole = schema.model_json_schema()
    return _strict(whole, whole.get("$defs", {}), ())


def _strict(part: Mapping[str, Any], defs: Mapping[str, Any], inside: tuple[str, ...]) -> JsonSchema:
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        if name in inside:
            raise ValueError(f"{name} contains itself")
        return _strict(defs[name], defs, (*inside, name)) | _described(part)
    strict: JsonSchema = {key: part[key] for key in _KEPT if key in part}
    if "const" in strict:  # some servers know enum only
        strict["enum"] = [strict.pop("const")]
    for choice in ("anyOf", "oneOf"):
        if choice in part:
            strict["anyOf"] = [_strict(one, defs, inside) for one in part[choice]]
    if "items" in part:
        strict["items"] = _strict(part["items"], defs, inside)
    if part.get("type") == "object":
        fields = part.get("properties", {})
        strict["properties"] = {name: _strict(one, defs, inside) for name, one in fields.items()}
        strict["required"] = list(fields)
        strict["additionalProperties"] = False
    return strict


def _described(part: Mapping[str, Any]) -> JsonSchema:
    return {"description": part["description"]} if "description" in part else {}

"""The protocols of the systems that are compared: what each asks a model for at its time of learning, and the answer it reads.

The facts are `tests.bench.peers.reader`'s in every one of them; only their form differs.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.embedded.model import Body
from tests.bench.memory.claims import UPDATED, Claim, read
from tests.bench.peers.reader import NAME, Fact, Shown, facts, moment, shown, stamped, unmarked

JOINED = " / "
"""Between the words of one matter that langmem keeps in one memory, the newest last."""

Call = tuple[str, dict[str, Any]]
"""A tool's name and arguments."""


@dataclass(frozen=True)
class Spoken:
    """What a model says: words, or calls of tools."""

    content: str = ""
    calls: tuple[Call, ...] = ()


def texts(body: Body) -> list[str]:
    """What each message of a request says."""
    return [_words(one.get("content")) for one in body.get("messages", [])]


def _words(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def learned(body: Body) -> Spoken | None:
    """The answer to a request of any of the systems; None where it is none that is known here."""
    form = body.get("response_format") or {}
    named = (form.get("json_schema") or {}).get("name", "")
    *_, said = texts(body)
    if named in _NIGHTDESK:
        asks_to_note = named != "Verdicts" or "<pairs>" in said
        return Spoken(_NIGHTDESK[named](said)) if asks_to_note else None
    if body.get("tools"):
        return _langmem("\n".join(texts(body)), [one["function"]["name"] for one in body["tools"]])
    if form.get("type") == "json_object" and "## New Messages" in said:
        return Spoken(_mem0(said))
    return None


# --- langmem: tool calls --------------------------------------------------------------------------

_INSTANCE = re.compile(r'<instance id=(\S+) schema_type="Memory">\n(.*?)\n</instance>', re.S)


def _langmem(said: str, tools: Sequence[str]) -> Spoken:
    """New memories; where one that is shown speaks of the same, it is brought up to date, and keeps what it said before."""
    session = said.partition("<session_")[2]
    held = {id_: shown(text) for id_, text in _INSTANCE.findall(said)}
    made: list[str] = []
    patched: dict[str, list[str]] = {}
    known = {sentence for each in held.values() for sentence in (one.text for one in each)}
    for fact in facts(shown(session)):
        if fact.sentence in known:
            continue
        known.add(fact.sentence)
        same = next((id_ for id_, each in held.items() if _about(fact) in [_about(one) for one in facts(each)]), "")
        if same:
            patched.setdefault(same, [*(_kept(one) for one in held[same])]).append(fact.remembered)
        else:
            made.append(fact.remembered)
    calls: list[Call] = [("Memory", {"content": one}) for one in made]
    calls += [("PatchDoc", _patch(id_, JOINED.join(told))) for id_, told in patched.items()]
    if not calls and "PatchDoc" in tools and held:  # it has to call something
        calls = [("PatchDoc", {"json_doc_id": next(iter(held)), "planned_edits": "None.", "patches": []})]
    return Spoken("" if calls else "Nothing to remember.", tuple(calls))


def _about(fact: Fact) -> tuple[str, ...]:
    return fact.about


def _kept(one: Shown) -> str:
    return f"{one.by} on {stamped(one.at)}: {one.text}"


def _patch(id_: str, content: str) -> dict[str, Any]:
    patch = {"op": "replace", "path": "/content", "value": content}
    return {"json_doc_id": id_, "planned_edits": "Add the newer word to /content.", "patches": [patch]}


# --- mem0: one JSON object ------------------------------------------------------------------------


def _mem0(said: str) -> str:
    """Additions only, as it asks; what is among the memories that it shows is not added again."""
    new = said.partition("## New Messages")[2].partition("## Observation Date")[0]
    before = said.partition("## Existing Memories")[2].partition("## New Messages")[0]
    found = dict.fromkeys(one.remembered for one in facts(shown(new)) if one.remembered not in before)
    return json.dumps({"memory": [{"id": str(n), "text": text} for n, text in enumerate(found)]})


# --- nightdesk: a schema to each step --------------------------------------------------------------

_ONE = re.compile(r"^(\d+) (\w+)(?: \d\d:\d\d)? (.*)$", re.M)
NO_DAY = "Mon 2026-01-01 00:00"  # code knows when a message was said
_INITIALS = re.compile(rf"(\w+) ({NAME})(?:, \w+)?(?:;|$)", re.M)
_KINDS = {
    "ships": "decision", "supplier": "decision", "promise": "commitment", "blocked": "status", "free": "status",
    "arrives": "event", "event": "event",
}  # fmt: skip
_AGAIN = re.compile(r"Change of plan|We had to move|From now on")


def _notes(said: str) -> str:
    _, _, block = said.partition("<messages>\n")
    names = dict(_INITIALS.findall(block.partition("\n")[0]))
    said_by = [
        (int(n), Shown(moment(NO_DAY), names.get(by, ""), unmarked(text)), text) for n, by, text in _ONE.findall(block)
    ]
    made = [_note(number, text, fact) for number, one, text in said_by for fact in facts([one])]
    return json.dumps({"notes": made})


def _note(number: int, text: str, fact: Fact) -> dict[str, Any]:
    kind = "reversal" if _AGAIN.search(text) else _KINDS.get(fact.claim.kind, "fact")
    return {"n": number, "q": _proof(text, fact), "t": f"{fact.said.by}: {fact.sentence}", "k": kind}


def _proof(text: str, fact: Fact) -> str:
    """At most five words of the sentence in a row that hold the value, as they stand in the text."""
    words = text.split()[-len(fact.sentence.split()) :]
    last = fact.claim.value.split()[-1]
    at = max(n for n, word in enumerate(words) if word.strip(".,:") == last)
    begin = max(0, min(at - 3, len(words) - 5))
    return " ".join(words[begin : begin + 5])


_COMPARED = re.compile(r"^(>|\d+) [^:]*: (.*)$", re.M)


def _verdicts(said: str) -> str:
    made: dict[str, list[int]] = {"same": [], "over": [], "against": []}
    later: Claim | None = None
    for mark, text in _COMPARED.findall(said):
        if mark == ">":
            later = read(text)
            continue
        earlier = read(text)
        if earlier is None or later is None or (earlier.kind, earlier.subject) != (later.kind, later.subject):
            continue
        if earlier == later:
            made["same"].append(int(mark))
        elif earlier.kind in UPDATED:
            made["over"].append(int(mark))
        elif earlier.kind == "lasts":
            made["against"].append(int(mark))
    return json.dumps(made)


_BRIEF = re.compile(r'<(line|note) id="(\w+)"[^>]*>\n(.*?)\n</', re.S)


def _lines(said: str) -> str:
    """What stands, as it stands; then what is new, a line each."""
    kept = [{"text": "" if kind == "line" else text[:180], "notes": [id_]} for kind, id_, text in _BRIEF.findall(said)]
    return json.dumps({"lines": kept[:40]})


_NIGHTDESK: dict[str, Callable[[str], str]] = {"Notes": _notes, "Verdicts": _verdicts, "Lines": _lines}


# --- what it was, counted -------------------------------------------------------------------------


def size(body: Body) -> int:
    """Characters that a model reads of a request: every message, tool calls in it, and the shapes it may answer in."""
    read_ = sum(len(text) for text in texts(body))
    read_ += sum(len(json.dumps(one["tool_calls"])) for one in body.get("messages", []) if one.get("tool_calls"))
    return read_ + sum(len(json.dumps(body[key])) for key in ("tools", "response_format") if body.get(key))


def said_size(spoken: Spoken) -> int:
    """Characters that a model writes."""
    return len(spoken.content) + sum(len(name) + len(json.dumps(arguments)) for name, arguments in spoken.calls)

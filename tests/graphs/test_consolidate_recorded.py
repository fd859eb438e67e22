"""Two channels of six weeks as a reader noted them, in blocks and conversation by conversation: blocks lose nothing that matters.

The answers were read from the requests alone. Another prompt or another rendering needs them to be read again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from graphs import consolidate
from graphs.consolidate import Block, Context, all_facts
from graphs.conversations import blocks, conversations
from graphs.domain import Fact, Message, Party, Person, Quoted, SlackFacts, SlackSource
from graphs.reading import ValueT
from graphs.thinking import Failure, Thinker
from tests.bench.memory.cast import BY_KEY
from tests.bench.memory.weeks import Told, Weeks, weeks
from tests.graphs.thinkers import run

RECORDED = Path(__file__).parent / "recordings" / "consolidate.jsonl"
PEOPLE = {key: Person(key=key, name=one.name) for key, one in BY_KEY.items()}
PLACES = ("COW06", "COW03")


@cache
def answers() -> Mapping[str, Any]:
    rows = (json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines())
    return {row["request"]: row["answer"] for row in rows}


@cache
def office() -> Weeks:
    return weeks(7)


def said(place: str) -> list[tuple[Told, Message]]:
    found: list[tuple[Told, Message]] = []
    times: dict[str, str] = {}
    for told in (one for one in office().told if one.place == place):
        ts = times[told.key] = f"{told.at.timestamp():.6f}"
        parent = times.get(told.parent, "")
        message = Message(
            id=len(found) + 1, scope=f"channel:{place}", source=SlackSource(channel=place, ts=ts), thread=parent or ts,
            author=Party(key=told.author, name=PEOPLE[told.author].name), sent_at=told.at, text=Quoted(text=told.text),
            slack=SlackFacts(parent_ts=parent),
        )  # fmt: skip
        found.append((told, message))
    return found


@dataclass
class Reader:
    """Answers from the recordings, and counts: four characters a token, prompts and answers."""

    characters: int = 0
    unread: list[str] = field(default_factory=list)

    def thinker(self) -> Thinker:
        def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
            answer = answers().get(hashlib.sha256(f"{step}\n{system}\n{user}".encode()).hexdigest())
            if answer is None:
                self.unread.append(user)
                return Failure(kind="busy", reason="nobody has read this request")
            self.characters += len(system) + len(user) + len(json.dumps(answer, separators=(",", ":")))
            return schema.model_validate(answer)

        return Thinker(think, lambda *_: Failure(kind="busy", reason="nothing is said here"))


def night(place: str, alone: bool) -> tuple[dict[str, Any], Reader]:
    """Six weeks read at once: in blocks, or each conversation alone."""
    rows = {message.id: message for _, message in said(place)}
    talks = conversations(rows.values(), None, "")
    packed = [talk.messages for talk in talks] if alone else blocks(talks)
    reader = Reader()
    context = Context(
        reader.thinker(), f"#{place}", lambda ids: [rows[n] for n in ids], lambda text: (), PEOPLE,
        max(m.sent_at for m in rows.values()) + timedelta(hours=9), "UTC",
    )  # fmt: skip
    pending = [Block(messages=tuple(m.id for m in block)) for block in packed]
    state, _ = run(consolidate.build(), {"pending": pending, "noted": [], "related": []}, context)
    assert reader.unread == []
    return state, reader


def noted(state: Mapping[str, Any]) -> set[int]:
    return {fact.message for fact in all_facts(state["noted"])}


@pytest.mark.parametrize("place", PLACES)
def test_blocks_keep_what_single_conversations_keep_at_a_quarter_of_the_price(place: str) -> None:
    together, apart = night(place, alone=False), night(place, alone=True)
    stated = {message.id for told, message in said(place) if told.claim is not None}
    alone = noted(apart[0]) & stated
    assert len(alone) >= 30 and len(noted(together[0]) & alone) >= 0.95 * len(alone)
    assert together[1].characters * 4 < apart[1].characters
    # Tokens for each message; two blocks for little more than one.
    assert together[1].characters / 4 <= 37 * len(said(place))


def test_each_machine_keeps_its_own_dates_suppliers_and_counts() -> None:
    state, _ = night("COW06", alone=False)
    facts: list[Fact] = all_facts(state["noted"])
    told = {(one.relation, *sorted((facts[one.fact].message, facts[one.other].message))) for one in state["related"]}
    words = {message.id: told.text for told, message in said("COW06")}
    pairs = {(relation, words[a], words[b]) for relation, a, b in told}
    assert ("supersedes", "First batch of Marmont: 450 units.") in {
        (r, a.removeprefix("Morning all. ")) for r, a, _ in pairs
    }
    assert {relation for relation, a, b in pairs if "battery" in a} == {"contradicts"}
    for _, earlier, later in pairs:
        both = [{name for name in ("Hulrune", "Marmont") if name in text} for text in (earlier, later)]
        assert both[0] & both[1], f"{earlier} | {later}"

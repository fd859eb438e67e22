"""What a reader concluded from two evenings' notes, and what of it stood: the requests as they are, answered from themselves.

Another prompt, rendering or choice of groups needs them to be read again.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from graphs import conclude
from graphs.conclude import Concluded, Context, Group, Said
from graphs.domain import Memory, Person, SlackSource
from graphs.reading import ValueT
from graphs.rules.address import content_words
from graphs.rules.together import groups
from graphs.thinking import Failure, Thinker
from tests.graphs.thinkers import run

RECORDED = Path(__file__).parent / "recordings" / "conclude.jsonl"
NAMES = {"A": "Ada Nowak", "B": "Bob Marsh", "L": "Lena Okafor", "P": "Priya Shah", "T": "Tom Weller"}
PEOPLE = {key: Person(key=key, name=name) for key, name in NAMES.items()}
BEGAN = datetime(2026, 11, 16, 9, tzinfo=UTC)
TONIGHT = 4
"""From this day on what was said is news of the night."""


def memory(day: int, by: str, kind: str, text: str) -> Memory:
    row = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    return Memory(
        id=row, scope="channel:C1", kind=kind, text=text, quote=text, sources=(SlackSource(channel="C1", ts=f"{row}.1"),),
        said_by=by, valid_from=BEGAN + timedelta(days=day),
    )  # fmt: skip


LAUNCH = (
    memory(0, "P", "decision", "The launch of the Hulrune lamp is on 3 December 2026."),
    memory(1, "A", "event", "The label text of Hulrune goes to print on 27 November 2026."),
    memory(4, "A", "status", "Ada Nowak cannot finish the label text of Hulrune before legal answers."),
    memory(5, "T", "commitment", "Legal answers the questions about the Hulrune label on 30 November 2026."),
    memory(-3, "L", "fact", "The housings of Belrune come from Sillia Mouldings."),
    memory(5, "T", "fact", "Sillia Mouldings is closed from 23 November to 4 December 2026."),
    memory(4, "B", "commitment", "Belrune needs 700 housings by 1 December 2026."),
    memory(5, "L", "status", "Lena Okafor has 240 Belrune housings in stock."),
    memory(5, "B", "fact", "The Hulrune label text is due at the printer on 27 November."),
    memory(5, "B", "commitment", "Bob Marsh orders lunch for the Hulrune launch."),
)
LOOK_ALIKES = (
    memory(0, "P", "fact", "The Nolwick fair has 40 stands in hall 3."),
    memory(4, "T", "fact", "Nolwick has 40 stands this year, all of them in hall 3."),
    memory(4, "A", "status", "The stand design for the Nolwick fair is half done."),
    memory(4, "L", "commitment", "Lena Okafor books the hotel for the Nolwick fair."),
    memory(5, "B", "event", "Bob Marsh drives to Nolwick on 9 December 2026 to see his sister."),
    memory(5, "P", "preference", "Priya Shah likes short reports about the fair."),
)
SINCE = Said(
    "T", BEGAN + timedelta(days=5, hours=6), "Legal answered all questions about the Hulrune label this afternoon."
)


@cache
def answers() -> Mapping[str, Any]:
    rows = (json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines())
    return {row["request"]: row["answer"] for row in rows}


def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
    return schema.model_validate(answers()[hashlib.sha256(f"{step}\n{system}\n{user}".encode()).hexdigest()])


def night(known: tuple[Memory, ...], since: tuple[Said, ...] = ()) -> tuple[list[Concluded], list[Concluded]]:
    """What was proposed, and what of it stands."""

    def near(one: Memory) -> list[Memory]:
        others = [other for other in known if content_words(other.text) & content_words(one.text)]
        return sorted(others, key=lambda other: -len(content_words(other.text) & content_words(one.text)))

    found = groups([one for one in known if one.valid_from >= BEGAN + timedelta(days=TONIGHT)], near)
    thinker = Thinker(think, lambda *_: Failure(kind="busy", reason="nothing is said here"))
    held = {one.id: one for one in known}
    now = BEGAN + timedelta(days=6)
    context = Context(thinker, "Place: #product", held, lambda one: since, PEOPLE, now, "Europe/Berlin")
    begins = {
        "pending": [Group(memories=tuple(one.id for one in group)) for group in found],
        "proposed": [],
        "stands": [],
    }
    state, _ = run(conclude.build(), begins, context)
    return state["proposed"], state["stands"]


def test_who_waits_for_whom_and_what_is_missing_are_found_and_what_only_repeats_falls() -> None:
    proposed, stands = night(LAUNCH)
    assert [one.text.split()[0] for one in proposed] == ["The", "Belrune", "The"]  # each a bare sentence
    waits, missing = stands
    assert "by 27 November" in waits.text and "30 November" in waits.text and len(waits.premises) == 3
    assert "460 housings" in missing.text and len(missing.premises) == 4


def test_what_was_said_later_and_settles_the_matter_breaks_a_conclusion() -> None:
    _, stands = night(LAUNCH, (SINCE,))
    assert len(stands) == 1 and stands[0].text.startswith("Belrune lacks 460 housings")


def test_of_notes_that_only_look_alike_nothing_is_left() -> None:
    proposed, stands = night(LOOK_ALIKES)
    assert [one.text for one in proposed] == ["Bob Marsh is at the Nolwick fair on 9 December 2026."] and stands == []

"""All that is held of a person, as files that they can read: one of JSON lines for each kind, and an index in words."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.desk import Desk
from bot.store import forgetting
from bot.store.db import Row
from bot.store.people import Known

KINDS: Mapping[str, str] = {
    "person": "who you are here, and how you want your nights and mornings",
    "address": "your mail addresses",
    "scope": "your desk and your mailboxes",
    "channel": "the channels you are in",
    "account": "how your mailboxes are reached, without their passwords",
    "said": "what you wrote in Slack",
    "message": "the mail of your mailboxes",
    "noted": "what was noted of what you said, where you may read it",
    "learned": "what places know now because of what you said, where you may read it",
    "memory": "what was noted in your mailboxes and for you",
    "learned_context": "what your mailboxes and your desk know now",
    "change_log": "what the nights changed in that",
    "task": "your tasks",
    "draft": "drafts of replies, and what became of them",
    "digest": "your mornings",
    "choice": "what you decided about items and threads",
    "errand": "errands that you gave to the night",
    "feedback": "what you said of answers",
    "outbox": "what was said to you in Slack",
    "thought": "judgements that are kept so that the same text is not judged twice",
    "spend": "what your nights and answers cost",
    "share": "what they might have cost",
    "night": "when your nights began and your digests came",
    "run": "which steps your nights took",
}
"""In the order in which somebody wants to read them; what else there is comes after."""


def export(desk: Desk, known: Known, out: Path) -> int:
    """Writes it to a folder, or to one file when `out` is named like an archive (.zip); how many things there are."""
    kinds = held(desk, known)
    written = {f"{kind}.jsonl": _lines(rows) for kind, rows in kinds.items()}
    written["index.txt"] = _index(known, kinds)
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in written.items():
                archive.writestr(name, text)
    else:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            (out / name).write_text(text, encoding="utf-8")
    return sum(map(len, kinds.values()))


def held(desk: Desk, known: Known) -> dict[str, list[Row]]:
    """By kind, as `KINDS` orders them."""
    found: dict[str, list[Row]] = {}
    with desk.store.as_person(known.id) as tx:
        for one in forgetting.held_of(tx, known.id):
            found.setdefault(one.kind, []).append(one.row)
    places = {kind: place for place, kind in enumerate(KINDS)}
    return {kind: found[kind] for kind in sorted(found, key=lambda kind: (places.get(kind, len(places)), kind))}


def _lines(rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)


def _index(known: Known, kinds: Mapping[str, Sequence[Row]]) -> str:
    return "\n".join([f"What is held of {known.person.name} ({known.person.key})", "", *_told(kinds), ""])


def _told(kinds: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for kind, rows in kinds.items():
        yield f"{kind}.jsonl, {len(rows)} line{'' if len(rows) == 1 else 's'}: {KINDS.get(kind, 'rows of that name')}"

"""The files of a night: what one person finds in the morning, and what the run cost, for scripts and readers."""

import json
import resource
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.desk import Owner
from bot.render_text import digest_html, digest_text
from bot.slack.blocks import digest_blocks
from bot.store import changes, contexts, memory, people, prepared, runs
from bot.store import desk as kept
from bot.store.db import Row
from graphs.digest_value import Digest, Item
from graphs.domain import Considered, Draft, Memory, Prepared, Source, Task

_TASK = {"id", "owner", "kind", "what", "why", "next_step", "due", "state", "sources", "found_by"}
_ITEM = {
    "id",
    "section",
    "kind",
    "text",
    "next_step",
    "owner",
    "task_kind",
    "due",
    "age_days",
    "sources",
    "links",
    "found_by",
}


def finished(owner: Owner, night: date) -> bool:
    """Whether the night's digest is there."""
    with owner.begin() as tx:
        return kept.digest(tx, owner.scope, night) is not None


def write_person(owner: Owner, night: date, now: datetime, folder: Path) -> Digest:
    """Writes DIR/WHO; what an earlier run left there goes first."""
    with owner.begin() as tx:
        digest = kept.digest(tx, owner.scope, night)
        assert digest is not None
        tasks = [row.task for row in kept.tasks(tx, owner.scope)]
        drafts = [row for row in kept.drafts(tx, owner.scope) if row.state in kept.UNTOUCHED]
        considered = list(kept.considered(tx, owner.scope))
        places = [place.id for place in owner.places]
        memories = memory.memories(tx, places, now)
        learned = contexts.learned(tx, people.readable(tx))
        changed = changes.of_night(tx, people.readable(tx), night)
        shown = changes.sources(tx, [memory for row in changed for memory in row["memories"]])
        ahead = prepared.sound_of(tx, [owner.scope, *places], now)
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "drafts").mkdir(parents=True)
    files = {row.draft.message_id: f"drafts/{n:02d}.eml" for n, row in enumerate(drafts, 1)}
    for row in drafts:
        (folder / files[row.draft.message_id]).write_bytes(row.mail)
    _json(folder / "digest.json", _digest(digest))
    (folder / "digest.txt").write_text(digest_text(digest), encoding="utf-8")
    (folder / "digest.html").write_text(digest_html(digest), encoding="utf-8")
    _json(folder / "tasks.json", [_task(task) for task in tasks])
    _json(folder / "drafts.json", [_draft(row.draft, files[row.draft.message_id]) for row in drafts])
    _json(folder / "not_drafted.json", [_not_drafted(one) for one in considered if one.reason])
    _json(folder / "memory.json", {"learned_context": [
        {"scope": block.scope, "text": "\n".join(line.text for line in block.lines), "version": block.version}
        for block in sorted(learned, key=lambda block: block.scope) if block.lines
    ], "memories": [_memory(one) for one in sorted(memories, key=_said)],
    "changed": [_changed(row, shown) for row in changed]})  # fmt: skip
    _json(folder / "answers.json", [_answer(one) for one in ahead])
    return digest


def write_report(
    folder: Path, seconds: float, read: dict[str, int], spent: Sequence[Row], steps: Sequence[Row]
) -> dict[str, Any]:
    """Writes DIR/report.json: what was read, what the models cost, how long each step took."""
    by_step: dict[str, dict[str, Any]] = {}
    for row in spent:
        step = by_step.setdefault(row["step"], dict.fromkeys(_COUNTED, 0))
        for name, column in _COUNTED.items():
            step[name] += float(row[column]) if column == "money" else row[column]
    totals = {name: sum(step[name] for step in by_step.values()) for name in _COUNTED}
    report = {
        "seconds": round(seconds, 2),
        "peak_rss_mb": round(_peak_mb(), 1),
        "read": read,
        "model": totals | {"by_step": by_step},
        "steps": list(steps),
    }
    _json(folder / "report.json", report)
    return report


def _peak_mb() -> float:
    """Peak memory of this process, in MB; macOS counts bytes where Linux counts kilobytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


_COUNTED = {
    "calls": "calls", "prompt_tokens": "prompt", "cached_tokens": "cached", "completion_tokens": "completion", "cost": "money",
}  # fmt: skip


def spent(nights: Sequence[tuple[Owner, date]]) -> list[Row]:
    """What the models of some nights cost, by scope and step: each person's calls and those for all that they read. What two
    people read was paid once."""
    found: dict[tuple[int, date, str], Row] = {}
    for owner, night in nights:
        with owner.begin() as tx:
            rows = runs.spent_by_step(tx, people.readable(tx), night)
        found |= {(row["scope_id"], night, row["step"]): row for row in rows}
    return list(found.values())


def _digest(digest: Digest) -> dict[str, Any]:
    footer = digest.footer
    return {
        "person": digest.person,
        "name": digest.name,
        "date": digest.date.isoformat(),
        "headline": digest.headline,
        "items": [_item(item) for item in digest.items],
        "more": [_item(item) for item in digest.more],
        "footer": footer.model_dump(mode="json"),
        "model": digest.model,
        "recorded": digest.recorded,
        "blocks": digest_blocks(digest),
    }


def _item(item: Item) -> dict[str, Any]:
    return item.model_dump(mode="json", include=_ITEM)


def _task(task: Task) -> dict[str, Any]:
    held = task.model_dump(mode="json", include=_TASK)
    if task.sensitive:  # what is sensitive is pointed at, in every file
        held |= {"what": "A personal matter waits for you", "why": "", "next_step": "Read it yourself"}
    return held


def _draft(draft: Draft, file: str) -> dict[str, Any]:
    held = draft.model_dump(mode="json", exclude={"asked_at", "foreign_reply_to"})
    address = {"to": [a.address for a in draft.to], "cc": [a.address for a in draft.cc], "from": draft.sender.address}
    held.pop("sender")
    return held | address | {"foreign_reply_to": draft.foreign_reply_to, "file": file}


def _not_drafted(one: Considered) -> dict[str, Any]:
    return {
        "account": one.account,
        "message_id": one.message_id,
        "reason": one.reason,
        "why": one.why,
        "question": one.question,
        "sources": [source.model_dump(mode="json") for source in one.sources],
    }


def _said(memory: Memory) -> tuple[Any, ...]:
    """By when and where it was said, then by its words: the same whichever of two nights noted it first."""
    return memory.valid_from, memory.scope, memory.kind, memory.quote, memory.text


def _memory(memory: Memory) -> dict[str, Any]:
    return memory.model_dump(
        mode="json", include={"scope", "text", "quote", "sources", "valid_from", "valid_to", "kind"}
    )


def _changed(row: Row, shown: Mapping[int, Sequence[Source]]) -> dict[str, Any]:
    """One line of the night's diff with the messages it comes from; of what took another's place both."""
    sources = [source.model_dump(mode="json") for memory in row["memories"] for source in shown.get(memory, ())]
    return {name: row[name] for name in ("scope", "op", "what", "was", "undone")} | {"sources": sources}


def _answer(one: Prepared) -> dict[str, Any]:
    """The places of the citations stay in the answer: [1] is the first of them."""
    return one.model_dump(mode="json", include={"scope", "question", "answer", "citations", "expires", "reason", "at"})


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

"""The figures of a run, as rows and as markdown."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

from tests.bench.measure import Row, say
from tests.bench.memory.claims import UPDATED, Claim, read
from tests.bench.memory.questions import ONE
from tests.bench.memory.weeks import Told
from tests.bench.peers.measured import Learned, Spent, Tried
from tests.bench.peers.spoken import JOINED
from tests.bench.peers.standin import Seen

EXTRACTING = ("", "Notes", "Verdicts")
"""Steps that take facts out of messages and hold them against what is known; the others think beyond."""
TITLES = {
    "learning": "What learning takes, in tokens for each new message",
    "nights": "What learning takes us, by how much comes in a night",
    "answering": "What a question takes, in tokens; medians",
    "overhead": "What a live answer takes without the model and the database, in milliseconds; medians, and of CPU",
    "prompt": "Nightdesk's live prompt by part, in tokens: median / most",
}


def tokens(characters: float) -> float:
    return characters / 4


# --- rows -----------------------------------------------------------------------------------------


def learning(one: Learned, said: Sequence[Told]) -> Row:
    messages, facts, over = len(said), {each.claim for each in said if each.claim}, outdated(said)
    extracting = [call for call in one.calls if call.step in EXTRACTING]
    beyond = [call for call in one.calls if call.step not in EXTRACTING]
    kept, marked = claims(one.memories), claims(one.over)
    return {
        "system": one.name,
        "calls": len(extracting),
        "extraction": _each(extracting, messages, lambda call: call.prompt + call.completion),
        "read": _each(extracting, messages, lambda call: call.prompt),
        "written": _each(extracting, messages, lambda call: call.completion),
        "facts kept": f"{len(kept & facts)}/{len(facts)}",
        "known to be over": f"{len(marked & over)}/{len(over)}",
        "wrongly over": len(marked & facts - over - promised_anew(said)),
        "thinking beyond": _each(beyond, messages, lambda call: call.prompt + call.completion),
        "own CPU, ms": round(1000 * one.cpu / messages, 1),
    }


def claims(texts: Iterable[str]) -> set[Claim]:
    return {claim for text in texts for part in text.split(JOINED) if (claim := read(part)) is not None}


def outdated(said: Sequence[Told]) -> set[Claim]:
    """What was decided anew later."""
    newest = {(one.claim.kind, one.claim.subject): one.claim for one in said if one.claim and one.claim.kind in UPDATED}
    held = {one.claim for one in said if one.claim and one.claim.kind in UPDATED}
    return held - set(newest.values())


def promised_anew(said: Sequence[Told]) -> set[Claim]:
    """What somebody promised by one day and later by another: the later day counts (`tests.bench.memory.again`), but nobody
    is asked to find it."""
    promises = [(one.author, one.claim) for one in said if one.claim and one.claim.kind == "promise"]
    newest = {(author, claim.subject, claim.about): claim for author, claim in promises}
    return {claim for _, claim in promises} - set(newest.values())


def _each(calls: Iterable[Seen], messages: int, size: Callable[[Seen], int]) -> float:
    return round(tokens(sum(map(size, calls))) / messages, 1)


def answering(name: str, tries: Sequence[Tried]) -> Row:
    first = tries[: len({one.question.question for one in tries})]
    simple = [one for one in tries if is_simple(one)]
    other = [one for one in tries if not is_simple(one)]
    counts = sorted(len(one.spoken) for one in tries)
    return {
        "system": name,
        "answered": f"{sum(one.answered for one in first)}/{len(first)}",
        "of one fact": _share([one for one in first if is_simple(one)]),
        "of several": _share([one for one in first if not is_simple(one)]),
        "context, one fact": _median(simple, context),
        "context, several": _median(other, context),
        "whole prompt": _median(tries, lambda one: max(call.prompt for call in one.spoken)),
        "largest": round(tokens(max(call.prompt for one in tries for call in one.spoken))),
        "model calls, median/p95": f"{counts[len(counts) // 2]}/{counts[int(0.95 * (len(counts) - 1))]}",
        "embeddings": _middle([len(one.calls) - len(one.spoken) for one in tries]),
        "and cited": f"{sum(one.cited for one in first)}/{len(first)}",
        "not answered": ", ".join(one.question.kind for one in first if not one.answered) or "-",
    }


def is_simple(one: Tried) -> bool:
    return one.question.kind in ONE


def context(one: Tried) -> int:
    """What was put before the model beside the question and the instructions, in the largest of the calls."""
    return max(call.prompt - call.fixed - call.beside for call in one.spoken)


def _share(tries: Sequence[Tried]) -> str:
    return f"{sum(one.answered for one in tries)}/{len(tries)}"


def _median(tries: Sequence[Tried], size: Callable[[Tried], int]) -> int:
    return round(tokens(median(map(size, tries))))


def _middle(values: Sequence[int]) -> int:
    return sorted(values)[len(values) // 2]


def overhead(name: str, tries: Sequence[Tried]) -> Row:
    def of(part: Callable[[Tried], Spent]) -> tuple[float, float]:
        return 1000 * median(part(one).wall for one in tries), 1000 * median(part(one).cpu for one in tries)

    (wall, cpu), (bare_wall, bare_cpu) = of(lambda one: one.spent), of(lambda one: one.bare)
    return {
        "system": name,
        "CPU": round(cpu, 2),
        "bare LangGraph": round(bare_cpu, 2),
        "times": round(median(one.spent.cpu / one.bare.cpu for one in tries), 2),
        "wall": round(wall, 2),
        "bare, wall": round(bare_wall, 2),
        "times, wall": round(median(one.spent.wall / one.bare.wall for one in tries), 2),
        "database's client, CPU": round(of(lambda one: one.database)[1], 2),
        "database, wall": round(of(lambda one: one.database)[0], 2),
    }


BUDGETS = {"passages": (450, 1_024), "whole": (2_500, 2_500)}


def prompt(tries: Sequence[Tried]) -> list[Row]:
    """By part, for questions after one fact and for the others; what begins as another prompt of that place did is cached."""
    rows: list[Row] = []
    for place, (name, asks) in enumerate({"one fact": True, "several": False}.items()):
        held = [one for one in tries if is_simple(one) is asks]
        parts = {part: [one.parts.get(part, 0) for one in held] for part in held[0].parts}
        # The first of two calls is what most questions need; the parts are those of the last.
        parts["whole"] = [round(tokens(max(call.prompt for call in one.spoken))) for one in held]
        parts["of it cached"] = [round(tokens(min(call.shared for call in one.spoken))) for one in held]
        row: Row = {"questions after": name}
        for part, sizes in parts.items():
            budget = f" of {BUDGETS[part][place]}" if part in BUDGETS else ""
            row[part] = f"{round(median(sizes))} / {max(sizes)}{budget}"
        rows.append(row)
    return rows


# --- as it is shown -------------------------------------------------------------------------------


def markdown(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns), *([_shown(row.get(column)) for column in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(cell: object) -> str:
    return "-" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell)


def write(tables: dict[str, list[Row]], out: Path | None) -> None:
    """Tells every table; and into peers.md and peers.json."""
    text = "\n\n".join(f"**{TITLES[name]}**\n\n{markdown(rows)}" for name, rows in tables.items())
    say(f"\n{text}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "peers.md").write_text(text + "\n", encoding="utf-8")
        (out / "peers.json").write_text(json.dumps(tables, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

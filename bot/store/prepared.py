"""Questions that are expected, with their answers: kept for one audience, offered while all they rest on stands."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from psycopg.types.json import Jsonb

from bot.store.db import Row, Tx
from graphs.domain import Prepared, Read, Source
from graphs.rules.text import language
from graphs.rules.wording import words_of

COUNTED = timedelta(days=30)
"""How far back is told what became of prepared answers."""
HITS = 5
"""Of what a prepared question finds now so many of the best count: something new among them makes its answer stale."""


@dataclass(frozen=True)
class Near:
    """A prepared answer that may fit. `found`: a message that it cites is among what the live question finds."""

    prepared: Prepared
    found: bool


@dataclass(frozen=True)
class Use:
    """How often a prepared answer was given to a model, stood in what it said, or was held back."""

    offered: int = 0
    cited: int = 0
    withheld: int = 0

    def __str__(self) -> str:
        """'' where nothing was prepared that fitted."""
        if not self.offered + self.withheld:
            return ""
        aside = self.offered - self.cited
        return f"{self.offered} offered, {self.cited} used, {aside} left aside, {self.withheld} withheld as stale"


@dataclass(frozen=True)
class WasAsked:
    """A question as somebody asked it. `missed`: we found no answer; `of_us`: else it was asked of everybody there."""

    id: int
    text: str
    by: str
    at: datetime
    of_us: bool
    missed: bool


def key_of(question: str) -> str:
    return sha256(" ".join(question.casefold().split()).encode()).hexdigest()[:32]


def newest(tx: Tx) -> int:
    """The newest message row that the audience may read, for `Prepared` made from now on."""
    row = tx.one("newest_message")
    assert row is not None
    return int(row["id"])


def keep(tx: Tx, scope: int, made: Prepared, read: Sequence[Read], newest: int) -> bool:
    """Keeps an answer made from `read`; False when something of that has changed since, or not all it is for may read it."""
    said = made.model_dump(mode="json", include={
        "question", "also", "answer", "citations", "reason", "score", "night", "at", "expires"})  # fmt: skip
    words = words_of(" ".join((made.question, *made.also, made.answer)))
    said |= {"key": key_of(made.question), "words": sorted(words), "lang": language(made.question), "newest": newest}
    row = tx.one(
        "keep_prepared", scope=scope, made=Jsonb(said), ids=[one.message for one in read],
        revisions=[one.revision for one in read], cites=[one.cited for one in read],
    )  # fmt: skip
    assert row is not None
    return bool(row["kept"])


def near(tx: Tx, question: str, hits: Sequence[int], now: datetime) -> list[Near]:
    """What may fit a question whose best messages are `hits`, in what the audience may read; not yet checked."""
    rows = tx.all("prepared_near", words=sorted(words_of(question)), hits=list(hits), now=now)
    return [Near(_prepared(row), row["found"]) for row in rows]


def of_scopes(tx: Tx, scopes: Sequence[int], now: datetime) -> list[Prepared]:
    """What was prepared for these scopes, the likeliest first; not yet checked."""
    return [_prepared(row) for row in tx.all("prepared_of", scopes=list(scopes), now=now)]


def sound(tx: Tx, ids: Collection[int], now: datetime) -> frozenset[int]:
    """Those of `ids` that everybody who reads with `tx` may be given now."""
    if not ids:
        return frozenset()
    return frozenset(row["id"] for row in tx.all("sound_prepared", ids=list(ids), now=now, most=HITS))


def sound_of(tx: Tx, scopes: Sequence[int], now: datetime) -> list[Prepared]:
    """What was prepared for these scopes and may be given now to everybody who reads with `tx`, the likeliest first."""
    held = of_scopes(tx, scopes, now)
    good = sound(tx, [one.id for one in held], now)
    return [one for one in held if one.id in good]


def drop(tx: Tx, scope: int, questions: Sequence[str], now: datetime) -> None:
    """Takes out these questions, and what has expired."""
    tx.run("drop_prepared", scope=scope, keys=[key_of(one) for one in questions], now=now)


def put_use(tx: Tx, scope: int, prepared: int, day: date, use: Use) -> None:
    """Counts in the scope where it was asked: what one place asks shows in no other."""
    tx.run(
        "put_prepared_use", scope=scope, id=prepared, day=day, offered=use.offered, cited=use.cited, withheld=use.withheld
    )  # fmt: skip


def uses(tx: Tx, scopes: Sequence[int], since: date) -> Use:
    """What became of answers where those of `scopes` asked that the audience may read."""
    row = tx.one("prepared_uses", scopes=list(scopes), since=since)
    assert row is not None
    return Use(row["offered"], row["cited"], row["withheld"])


def uses_of_all(tx: Tx, since: date) -> Use:
    """What became of everybody's, for whoever runs the desk."""
    row = tx.one("prepared_counts", since=since)
    assert row is not None
    return Use(row["offered"], row["cited"], row["withheld"])


def asked(tx: Tx, scopes: Sequence[int], since: datetime, now: datetime, not_found: str, most: int) -> list[WasAsked]:
    """What was asked in these conversations, newest first. `not_found`: how an answer begins that is none."""
    rows = tx.all("questions_asked", scopes=list(scopes), since=since, now=now, not_found=not_found, most=most)
    return [
        WasAsked(row["id"], _bare(row), row["author_key"], row["sent_at"], row["of_us"], row["missed"]) for row in rows
    ]


def _bare(row: Row) -> str:
    """Without the mention that made it a question to us."""
    said = str(row["text"])
    return re.sub(r"^\W*@\S+\s+", "", said) if row["of_us"] else said


def rows_of(tx: Tx, memories: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Rows of the messages that each of these memories comes from, as far as the audience may read them."""
    found: dict[int, tuple[int, ...]] = {}
    if not memories:
        return found
    for row in tx.all("rows_of_memories", memories=list(memories)):
        found[row["memory_id"]] = (*found.get(row["memory_id"], ()), row["message_id"])
    return found


def rows_behind(tx: Tx, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Rows of the messages that each of these answers rests on."""
    return {row["id"]: tuple(row["rows"]) for row in tx.all("rows_behind", ids=list(ids))}


def _prepared(row: Row) -> Prepared:
    citations: list[Source] = row["citations"]
    columns = Prepared.model_fields.keys() - {"citations", "rests"}
    return Prepared.model_validate({name: row[name] for name in columns} | {"citations": citations})

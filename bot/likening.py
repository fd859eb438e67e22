"""Messages are likened to a question by meaning too, where an embedding model is set. Whatever becomes of its calls, words find
what they find without one: an endpoint that is down, or a spent budget, leaves an order as it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bot import hours
from bot.desk import Desk, account_of
from bot.embedding import Embedded, Embedder
from bot.store import messages, people, runs, vectors
from bot.store.db import Tx
from bot.store.messages import Hit
from graphs.domain import Message
from graphs.errors import NightdeskError
from graphs.rules.natures import is_by_a_person
from graphs.rules.text import language
from graphs.rules.vectors import Vector, fused, likeness
from graphs.thinking import Busy, Ledger, Usage, tokens_about

MOST = 3_000
"""Messages of one place that one night has likened; the newest first."""

BATCH = 64
"""Texts in one call."""

LONGEST = 2_000
"""Characters of a text that are shown to the model."""

PATIENCE = 2.0
"""Seconds that somebody who asked waits for the meaning of their question."""

CANDIDATES = 200
"""Messages that words find, among which meaning may change the order."""


@dataclass(frozen=True)
class Meant:
    """What a model makes of a question."""

    vector: Vector
    model: str


# --- by night -------------------------------------------------------------------------------------


def embed_new(desk: Desk, scope: int, night: date, now: datetime) -> None:
    """Keeps the meaning of what is new in one place, as far as its money goes. Only what people wrote is shown to the model."""
    embedder = desk.embedder
    if embedder is None:
        return
    with desk.store.directory() as tx:
        place = people.places(tx)[scope]
        directory = people.everybody(tx)
    owner = next((known.person for known in directory if known.person.key == place.owner), None)
    pays, account = account_of(desk, place)
    ledger = runs.ledger(pays, account, night, desk.cap(account, night), embedder.role)
    begin = partial(desk.store.as_scope, scope)
    with begin() as tx:
        fresh = messages.by_id(tx, vectors.unembedded(tx, scope, embedder.role.model, now, MOST))
    for batch in _batches(fresh):
        shown = [one for one in batch if is_by_a_person(one, desk.inside(directory), owner)]
        made = _paid(ledger, embedder, [_text(one) for one in shown], embedder.role.timeout) if shown else None
        if shown and made is None:
            return
        known = dict(zip((one.id for one in shown), made.vectors if made else (), strict=True))
        with begin() as tx:
            vectors.put(tx, scope, embedder.role.model, [(one, known.get(one.id, b"")) for one in batch])


def _batches(found: Sequence[Message]) -> Iterator[Sequence[Message]]:
    return (found[at : at + BATCH] for at in range(0, len(found), BATCH))


def _text(message: Message) -> str:
    subject = message.mail.subject if message.mail else ""
    return f"{message.author.name}: {subject} {message.text.text}"[:LONGEST]


def _paid(ledger: Ledger, embedder: Embedder, texts: Sequence[str], patience: float) -> Embedded | None:
    """None where there is no money, or no answer; nobody needs to hear of it."""
    most = sum(len(text.encode()) // 2 + 16 for text in texts)
    reservation = ledger.reserve("embed", most, 0)
    if reservation is None:
        return None
    try:
        made = embedder.embed(texts, patience)
    except Busy as err:
        if err.charged:
            ledger.settle(reservation, Usage(most, 0, 0, 0.0))
        else:
            ledger.release(reservation)
        return None
    except NightdeskError:
        ledger.release(reservation)
        return None
    ledger.settle(reservation, Usage(made.tokens or sum(map(tokens_about, texts)), 0, 0, made.seconds))
    return made


# --- by day ---------------------------------------------------------------------------------------


def meant(desk: Desk, asker: people.Known, question: str, now: datetime) -> Meant | None:
    """What a question means, on its asker's account; None where nobody can say."""
    if desk.embedder is None or not asker.id:
        return None
    with desk.store.directory() as tx:
        account = people.desk_of(tx, asker.person.key)
    today = now.astimezone(hours.zone_of(asker.zone, desk.zone)).date()
    pays = partial(desk.store.as_person, asker.id)
    ledger = runs.ledger(pays, account, today, desk.cap(account, today), desk.embedder.role)
    made = _paid(ledger, desk.embedder, [question[:LONGEST]], PATIENCE)
    return Meant(made.vectors[0], desk.embedder.role.model) if made else None


def recall(tx: Tx, question: str, most: int, now: datetime, like: Meant | None) -> list[Hit]:
    """What the audience of `tx` may read about `question`, best first, by words and, where it is known, by meaning."""
    if like is None:
        return messages.recall(tx, question, language(question), most, now)
    hits = messages.recall(tx, question, language(question), max(most, CANDIDATES), now)
    known = vectors.of(tx, [hit.id for hit in hits], like.model)
    alike = {row: near for row, one in known.items() if (near := likeness(like.vector, one)) is not None}
    by_row = {hit.id: hit for hit in hits}
    best = fused([(hit.id, hit.score) for hit in hits], alike)[:most]
    return [Hit(row, score, by_row[row].source) for row, score in best]

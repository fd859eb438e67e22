"""LoCoMo's questions over their own conversations, through the retrieval of the product.

Unit: turn. recall@k is the share of a question's evidence turns among the top k, mean over questions. The statement that
retrieval was designed with runs beside ours over the same rows. Where the file has recorded facts ("observation"), they are put
as memories, and what a live answer would be shown is measured too: first the same without them.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from bot import gathering
from bot.store import memory, messages, people
from bot.store.db import Tx
from graphs.citing import Passage
from graphs.domain import Channel, Fact, Message, Party, Quoted, SlackFacts, SlackSource, channel_scope
from graphs.rules.text import language
from tests.bench.measure import Fresh, Given, Row, report

BEST_KNOWN = (65.8, 75.3, 81.2)  # of that statement over all ten conversations, 1,982 questions
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
TOKENS = 1024


@dataclass(frozen=True)
class Asked:
    question: str
    evidence: frozenset[str]  # keys of turns
    category: int


@dataclass(frozen=True)
class Conversation:
    name: str
    turns: tuple[Message, ...]
    asked: tuple[Asked, ...]
    facts: tuple[tuple[str, str], ...]  # what was recorded, and the key of the turn it is from


@dataclass(frozen=True)
class Tried:
    """What one way of retrieving returned to one question: keys, best first, and the seconds it took."""

    keys: list[str]
    seconds: float


Way = Callable[[str], list[str]]
Begin = Callable[[], AbstractContextManager[Tx]]


def measure(to: Given, made: Fresh, path: Path) -> None:
    held = list(conversations(path))
    scopes = [put(made, one.name, one.turns) for one in held]
    rows, everything = [], dict[str, list[tuple[Asked, Tried, Conversation]]]()

    def run(way: str, one: Conversation, recall: Way) -> None:
        tried = [(asked, timed(recall, asked.question), one) for asked in one.asked]
        everything.setdefault(way, []).extend(tried)
        rows.append({"conversation": one.name, "way": way, **_figures(tried)})

    with psycopg.connect(made.owner, autocommit=True, row_factory=tuple_row) as owner:
        named = _prepare(owner)
        for one, scope in zip(held, scopes, strict=True):
            run("prototype", one, partial(_prototype, owner, named["prototype_recall"], scope, one))
            run("found_items", one, partial(ours, partial(made.store.as_readers_of, scope)))
            run("shown", one, partial(shown, partial(made.store.as_readers_of, scope)))
        for one, scope in zip(held, scopes, strict=True):
            remember(made, scope, one)
        owner.execute("analyze nightdesk.memory; analyze nightdesk.memory_posting; analyze nightdesk.memory_source")
        for one, scope in zip(held, scopes, strict=True):
            if one.facts:
                run("found_items + facts", one, partial(ours, partial(made.store.as_readers_of, scope)))
                run("shown + facts", one, partial(shown, partial(made.store.as_readers_of, scope)))
    for way, tried in everything.items():
        rows.append({"conversation": "all", "way": way, **_figures(tried)})
        real = [one for one in tried if one[0].category != 5]
        rows.append({"conversation": "all without adversarial", "way": way, **_figures(real)})
    known = dict(zip(("r5", "r10", "r20"), BEST_KNOWN, strict=True))
    rows.append({"conversation": "best known, all ten", "way": "prototype", **known})
    report(to, "locomo", rows)


def conversations(path: Path) -> Iterator[Conversation]:
    """Each session is a thread; turns stand a minute apart from the session's beginning."""
    for number, held in enumerate(json.loads(path.read_text()), 1):
        said = held["conversation"]
        turns: list[Message] = []
        for name in sorted((k for k in said if re.fullmatch(r"session_\d+", k)), key=lambda k: int(k.split("_")[1])):
            begun = datetime.strptime(said[f"{name}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
            turns += [
                turn(f"CLOCOMO{number}", name, t["dia_id"], t["speaker"], begun + timedelta(minutes=n), t["text"])
                for n, t in enumerate(said[name])
            ]
        here = {t.source.ts for t in turns if isinstance(t.source, SlackSource)}
        asked = [Asked(q["question"], frozenset(_evidence(q["evidence"]) & here), q["category"]) for q in held["qa"]]
        facts = [(text, key) for text, at in _observed(held) for key in sorted(_evidence([at]) & here)]
        yield Conversation(f"CLOCOMO{number}", tuple(turns), tuple(one for one in asked if one.evidence), tuple(facts))


def _observed(held: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What was recorded of each session and speaker, and the turns it is from, as written."""
    for session in held.get("observation", {}).values():
        for facts in session.values():
            yield from ((text, str(at)) for text, at in facts)


def _evidence(written: Sequence[str]) -> set[str]:
    """Turns as the data names them; a few are written several in a string, or with a sign too many."""
    return {f"D{a}:{int(b)}" for one in written for a, b in re.findall(r"D:?(\d+):(\d+)", one)}


def turn(channel: str, thread: str, key: str, speaker: str, at: datetime, text: str) -> Message:
    return Message(
        scope=channel_scope(channel),
        source=SlackSource(channel=channel, ts=key),
        thread=thread,
        author=Party(key=f"U{speaker}", name=speaker),
        sent_at=at,
        text=Quoted(text=text),
        slack=SlackFacts(),
    )


def put(made: Fresh, name: str, turns: Sequence[Message]) -> int:
    """A private channel of these turns, indexed: its readers see it alone. Returns the scope."""
    with made.store.directory() as tx:
        scope = people.put_channel(tx, Channel(id=name, name=name.lower(), kind="private"))
    with made.store.as_scope(scope) as tx:
        messages.put_slack(tx, scope, [messages.slack_row(scope, one, language(one.text.text)) for one in turns])
        tx.all("index_scope")
    return scope


def _prepare(owner: psycopg.Connection[tuple[Any, ...]]) -> dict[str, str]:
    written = (Path(__file__).parent / "prototype.sql").read_text()
    named = dict(re.findall(r"^-- (\w+) --\n(.*?)(?=^-- \w+ --\n|\Z)", written, re.M | re.S))
    for name in ("prototype_tables", "prototype_fill", "prototype_index"):
        owner.execute(named[name])
    owner.execute("analyze nightdesk.posting; analyze nightdesk.turn; analyze nightdesk.message")
    return named


def _prototype(
    owner: psycopg.Connection[tuple[Any, ...]], statement: str, scope: int, one: Conversation, question: str
) -> list[str]:
    rows = owner.execute(statement.encode(), {"question": question, "scope": scope}).fetchall()
    return [_key(one.turns[place - 1]) for (place,) in rows]


def ours(begin: Begin, question: str) -> list[str]:
    with begin() as tx:
        found = messages.recall(tx, question, language(question), 50, LATEST)
    return [hit.source.ts for hit in found if isinstance(hit.source, SlackSource)]


def remember(made: Fresh, scope: int, one: Conversation) -> None:
    """The recorded facts of a conversation, as a night would have kept them."""
    with made.store.as_scope(scope) as tx:
        rows = {_key(m): m for m in messages.of_scope(tx, scope, datetime(1, 1, 2, tzinfo=UTC), LATEST)}
        for text, key in one.facts:
            m = rows[key]
            fact = Fact(
                kind="fact", text=text, quote=m.text.text, message=m.id, source=m.source, said_by=m.author.key,
                said_at=m.sent_at,
            )  # fmt: skip
            memory.put_fact(tx, scope, fact, m.sent_at.date())


def shown(begin: Begin, question: str) -> list[str]:
    """Turns in the order in which a live answer is shown them."""
    with begin() as tx:
        hits = messages.recall(tx, question, language(question), 50, LATEST)
        found = messages.by_id(tx, [hit.id for hit in hits])
        gathered = gathering.gather(tx, gathering.Wanted(question, (), None, LATEST, ahead=False), found)
    return [_key(m) for m, _ in gathering.shown(question, gathered, (), _passage, sys.maxsize)]


def _passage(message: Message) -> Passage:
    return Passage(
        source=message.source, label="", said_by=message.author.name, said_at=message.sent_at, text=message.text
    )


def _key(message: Message) -> str:
    assert isinstance(message.source, SlackSource)
    return message.source.ts


def timed(recall: Way, question: str) -> Tried:
    begun = time.perf_counter()
    keys = recall(question)
    return Tried(keys, time.perf_counter() - begun)


def _figures(tried: Sequence[tuple[Asked, Tried, Conversation]]) -> Row:
    figures: Row = {"questions": len(tried)}
    for most in (5, 10, 20):
        shares = [len(asked.evidence & set(found.keys[:most])) / len(asked.evidence) for asked, found, _ in tried]
        figures[f"r{most}"] = round(100 * fmean(shares), 2)
    within = [len(asked.evidence & _first(found.keys, one)) / len(asked.evidence) for asked, found, one in tried]
    figures[f"in_{TOKENS}_tokens"] = round(100 * fmean(within), 2)
    return figures | latency([found.seconds for _, found, _ in tried])


def _first(keys: Sequence[str], one: Conversation) -> set[str]:
    """As many of the best turns, as `(date) Speaker: text`, as fit; a token is four characters."""
    sizes = {_key(t): len(f"({t.sent_at:%d %B %Y}) {t.author.name}: {t.text.text}") / 4 for t in one.turns}
    kept, used = set(), 0.0
    for key in keys:
        used += sizes[key]
        if used > TOKENS:
            break
        kept.add(key)
    return kept


def latency(seconds: Sequence[float]) -> Row:
    """Median and the slowest twentieth, in milliseconds."""
    cut = quantiles(seconds, n=20)
    return {"ms_median": round(1000 * cut[9], 1), "ms_p95": round(1000 * cut[18], 1)}

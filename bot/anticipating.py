"""What will be asked tomorrow, answered tonight: of each channel for its readers, of each desk for its person alone.

candidates found by code -> graphs.anticipate, which has each question answered as by day -> kept with all they rest on.
What was looked at once costs nothing more: a night after which nothing was said calls no model.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Literal

from bot import asking, audience
from bot.asking import Asked, By
from bot.audience import Place
from bot.desk import Desk, Owner
from bot.store import contexts, memory, messages, people, prepared, runs
from bot.store import desk as kept
from bot.store.db import Tx
from bot.store.runs import Begin
from bot.thinking import think
from graphs import anticipate as ahead
from graphs.anticipate import Candidate, Expected, Tried
from graphs.citing import NOT_FOUND, Most
from graphs.domain import ContextLine, Fact, Memory, Prepared, Read, Reason, Task, Value
from graphs.life import source_key
from graphs.rules.natures import is_sensitive
from graphs.rules.text import language
from graphs.rules.wording import meets, nearness, words_of
from graphs.thinking import Thinker

MOST_IN_A_CHANNEL = 8
MOST_FOR_A_PERSON = 3
LASTS = timedelta(days=14)
"""So long an answer is offered when nothing says earlier that nobody asks any more."""
ASKED_SINCE = timedelta(days=30)
NEWS = timedelta(days=3)
REMEMBERED = timedelta(days=7)
"""How far back memories make a question likely."""
ASKED = 200
SHOWN = Most(lines=6, citations=6, numbered=True)


@dataclass(frozen=True)
class _For:
    """Whom answers are made for: with whose rights they are read, where they are kept, and who pays."""

    desk: Desk
    here: Place
    scope: int
    name: str  # of the place, for a prompt
    run: str
    own: Begin
    thinker: Thinker
    most: int
    night: date
    now: datetime

    def read(self) -> AbstractContextManager[Tx]:
        assert self.here.begin is not None
        return self.here.begin()


class Looked(Value):
    """That something was looked at; what it was only its key says, by row ids."""


def of_channel(desk: Desk, scope: int, night: date, now: datetime) -> None:
    """Prepares what the readers of a channel will ask."""
    with desk.store.directory() as tx:
        place = people.place(tx, scope)
    own = partial(desk.store.as_scope, scope)
    thinker = desk.thinker(own, scope, night)
    if thinker is None or place.channel is None or place.channel.archived or place.channel.kind in ("dm", "mpim"):
        return
    here = audience.readers_of(desk, scope)
    run, name = f"{place.key}/{night}/anticipate", f"#{place.name}"
    for_ = _For(desk, here, scope, name, run, own, thinker, MOST_IN_A_CHANNEL, night, now)
    with for_.read() as tx:
        if scope not in people.readable(tx):
            return  # nobody knows who reads there
    with own() as tx:
        changes = [fact for _, fact in kept.thoughts(tx, scope, "change", Fact).values()]
    _prepare(for_, [scope], [scope], _of_changes(changes, now))


def of_desk(desk: Desk, owner: Owner, tasks: Sequence[Task], night: date, now: datetime) -> str:
    """Prepares what one person will ask us alone. Returns why something was left, '' when nothing was."""
    thinker = desk.thinker(owner.begin, owner.scope, night)
    if thinker is None:
        return ""
    with desk.store.directory() as tx:
        known = next(one for one in people.everybody(tx) if one.id == owner.id)
    here = Place(known, None, owner.begin)
    run, name = f"{owner.person.key}/{night}/anticipate", f"the desk of {owner.person.name}"
    for_ = _For(desk, here, owner.scope, name, run, owner.begin, thinker, MOST_FOR_A_PERSON, night, now)
    us_alone = [p.id for p in owner.places if p.channel is not None and p.channel.kind == "dm"]
    mailboxes = [p.id for p in owner.places if p.kind == "account"]
    with owner.begin() as tx:
        rows = {key: m.id for key, m in messages.by_sources(tx, [s for task in tasks for s in task.sources]).items()}
    return _prepare(for_, us_alone, mailboxes, _of_tasks(tasks, rows, night))


# --- what is likely -------------------------------------------------------------------------------

_KINDS: dict[str, tuple[Reason, float]] = {
    "open_question": ("open", 0.5),
    "event": ("event", 0.5),
    "decision": ("changed", 0.5),
    "commitment": ("due", 0.45),
    "conclusion": ("expected", 0.45),
    "status": ("expected", 0.35),
    "fact": ("expected", 0.35),
}
_CHANGES = {"reversal": 0.8, "decision": 0.65, "disagreement": 0.6, "news": 0.55}
FRESH = 0.1
"""What was said since the night before is asked about more."""
MISSED = 0.2
RENEWED = 0.02
"""So much less likely is a question each time that its answer is made anew and nobody asked it."""
AMONG_THEMSELVES = 0.15
"""Who asked a colleague may not ask us."""
TOLD_OF = 0.5
"""Share of the words of a question that a memory has that tells of its matter."""


def _of_memories(held: Sequence[Memory], rests: Mapping[int, tuple[int, ...]], now: datetime) -> Iterator[Candidate]:
    for one in held:
        if one.kind in _KINDS and one.valid_from > now - REMEMBERED:
            reason, score = _KINDS[one.kind]
            fresh = FRESH if one.valid_from > now - timedelta(days=1) else 0.0
            yield Candidate(
                id=f"memory/{one.id}", text=one.text, reason=reason, score=score + fresh, rests=rests.get(one.id, ())
            )


def _of_changes(changes: Sequence[Fact], now: datetime) -> list[Candidate]:
    return [
        Candidate(
            id=f"change/{one.message}",
            text=one.text,
            reason="changed",
            score=_CHANGES[one.change],
            rests=(one.message,),
        )
        for one in changes
        if one.change and one.said_at > now - NEWS
    ]


def _of_tasks(tasks: Sequence[Task], rows: Mapping[str, int], night: date) -> list[Candidate]:
    """What is due within a week is asked about until it is over."""
    soon = [t for t in tasks if t.due is not None and t.state == "open" and not t.sensitive]
    return [
        Candidate(
            id=f"task/{one.id}/{one.due}",
            text=f"{one.what} (due {one.due})",
            reason="due",
            score=0.6,
            rests=tuple(rows[source_key(source)] for source in one.sources if source_key(source) in rows),
            until=datetime.combine(one.due + timedelta(days=1), datetime.min.time(), tzinfo=one.asked_at.tzinfo),
        )
        for one in soon
        if one.due is not None and 0 <= (one.due - night).days <= 7
    ]


def of_questions(asked: Sequence[prepared.WasAsked], held: Sequence[Memory], now: datetime) -> Iterator[Candidate]:
    """Questions that were asked, each matter once in its newest wording: the likelier the more often, by the more people.

    Of what colleagues ask each other, only what a memory of `held` tells of: nobody remembers small talk.
    """
    told = [words_of(one.text) for one in held]
    for group in _by_matter([one for one in asked if not is_sensitive(one.text)]):
        newest, askers = group[0], {one.by for one in group}
        of_us = any(one.of_us for one in group)
        recent = max(0.0, 1 - (now - newest.at) / ASKED_SINCE)
        often = 0.4 * (1 - 0.5 ** len(group)) + 0.1 * min(len(askers), 3)
        score = often + 0.2 * recent + (MISSED if newest.missed else 0.0) - (0.0 if of_us else AMONG_THEMSELVES)
        if (of_us or (len(askers) > 1 and _is_told_of(newest.text, told))) and not ahead.is_of_its_day(newest.text):
            yield Candidate(
                id=f"message/{newest.id}",
                text=newest.text,
                reason="not_found" if newest.missed else "asked",
                score=min(score, 1.0),
                worded=True,
                also=tuple(dict.fromkeys(one.text for one in group[1:] if one.text != newest.text))[:2],
                rests=tuple(one.id for one in group),
            )


def _is_told_of(asked: str, told: Sequence[frozenset[str]]) -> bool:
    wanted = words_of(asked)
    return any(sum(meets(word, one) for word in wanted) >= TOLD_OF * len(wanted) > 0 for one in told)


def _by_matter(asked: Sequence[prepared.WasAsked]) -> list[list[prepared.WasAsked]]:
    groups: list[list[prepared.WasAsked]] = []
    for one in asked:
        near = next((g for g in groups if nearness(one.text, [other.text for other in g]) >= ahead.SAME), None)
        if near is None:
            groups.append([one])
        else:
            near.append(one)
    return groups


# --- preparing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """What there is before the night begins to think. `looked`: what earlier nights looked at, with what they found then."""

    standing: list[Prepared]  # that may still be offered
    stale: list[Prepared]
    candidates: list[Candidate]
    memories: Sequence[Memory]
    lines: list[Candidate]
    newest: int
    revisions: dict[int, int]  # of the messages whose words the candidates are


def _prepare(for_: _For, rooms: Sequence[int], places: Sequence[int], found: Sequence[Candidate]) -> str:
    """Answers ahead what is likely and new. `rooms`: where it was asked before; `places`: whose memories count."""
    known = _known(for_, rooms, places, found)
    fresh = _not_yet_looked_at(for_, known)
    if not fresh:
        return ""
    with for_.own() as tx:
        run = runs.take(tx, for_.run, for_.scope)
    state = think(for_.desk, run, ahead.build(), _begins([one for one, _ in fresh]), _context(for_, known))
    left = " ".join(sorted(set(state["left"])))
    tried = ahead.by_question(state["tried"])
    with for_.own() as tx:
        runs.hold(tx, run)
        prepared.drop(tx, for_.scope, [one.question for one in known.stale], for_.now)
        made = [one for one in tried if ahead.is_good(one)]
        count = sum(prepared.keep(tx, for_.scope, _made(for_, one), _rests(one, known), known.newest) for one in made)
        for one, judged in fresh if not left else ():
            kept.put_thought(tx, for_.scope, "anticipate", one.id, judged, Looked(), for_.scope, "")
        report = {"questions": len(tried), "prepared": count, "left": [left] if left else []}
        runs.end(tx, run, report)
    return left


def _known(for_: _For, rooms: Sequence[int], places: Sequence[int], found: Sequence[Candidate]) -> _Known:
    with for_.read() as tx:
        newest = prepared.newest(tx)
        held = prepared.of_scopes(tx, [for_.scope], for_.now)
        sound = prepared.sound(tx, [one.id for one in held], for_.now)
        asked = prepared.asked(tx, rooms, for_.now - ASKED_SINCE, for_.now, NOT_FOUND.rstrip("."), ASKED)
        memories = memory.memories(tx, places, for_.now)
        learned = [line for block in contexts.learned(tx, [for_.scope]) for line in block.lines]
        rests = prepared.rows_of(tx, [*(one.id for one in memories), *(m for line in learned for m in line.memories)])
        stale = [one for one in held if one.id not in sound]
        behind = prepared.rows_behind(tx, [one.id for one in stale])
    again = [_again(one, behind.get(one.id, ())) for one in stale]
    candidates = [*again, *of_questions(asked, memories, for_.now), *found, *_of_memories(memories, rests, for_.now)]
    lines = [_line(line, rests) for line in learned]
    with for_.read() as tx:
        said = messages.by_id(tx, sorted({row for one in (*candidates, *lines) for row in one.rests}))
    standing = [one for one in held if one.id in sound]
    return _Known(standing, stale, candidates, memories, lines, newest, {one.id: one.revision for one in said})


def _again(one: Prepared, rests: tuple[int, ...]) -> Candidate:
    """What may not be given any more is answered anew, a few times: who asks it again makes it likely again."""
    score = max(one.score - RENEWED, 0.0)
    asked = Candidate(id=f"prepared/{one.id}", text=one.question, also=one.also, reason="stale", score=score)
    return asked.model_copy(update={"worded": True, "rests": rests})


def _line(line: ContextLine, rests: Mapping[int, tuple[int, ...]]) -> Candidate:
    rows = tuple(row for one in line.memories for row in rests.get(one, ()))
    return Candidate(id="", text=line.text, reason="expected", score=ahead.KNOWN, rests=rows)


def _not_yet_looked_at(for_: _For, known: _Known) -> list[tuple[Candidate, bytes]]:
    """What no earlier night looked at, or what finds something else since; each with what it finds."""
    with for_.own() as tx:
        looked = {key: judged for key, (judged, _) in kept.thoughts(tx, for_.scope, "anticipate", Looked).items()}
    fresh = []
    for one in known.candidates:
        judged = _found_by(for_, one.text) if one.worded else b""
        if looked.get(one.id) != judged:
            fresh.append((one, judged))
    return fresh


def _found_by(for_: _For, question: str) -> bytes:
    with for_.read() as tx:
        hits = messages.recall(tx, question, language(question), prepared.HITS, for_.now)
        found = messages.by_id(tx, [hit.id for hit in hits])
    return sha256(" ".join(f"{m.id}/{m.revision}" for m in found).encode()).digest()


def _begins(pending: list[Candidate]) -> dict[str, object]:
    return {"pending": pending, "expected": [], "spare": [], "again": [], "tried": [], "left": []}


def _context(for_: _For, known: _Known) -> ahead.Context:
    newest = sorted(known.memories, key=lambda one: (one.valid_from, one.text), reverse=True)
    return ahead.Context(
        thinker=for_.thinker,
        place=for_.name,
        known=known.lines,
        notes=[ahead.Note(f"K{n}", one.text) for n, one in enumerate(newest[: ahead.NOTES], 1)],
        standing=[one.question for one in known.standing],
        answer=partial(_answer, for_),
        most=for_.most,
        now=for_.now,
        zone=for_.here.asker.zone or for_.desk.zone or "UTC",
    )


def _answer(for_: _For, expected: Expected, step: Literal["prepare", "rehearse"]) -> Tried:
    """The answer as by day; where several passes pay, each looks with other words, and most of them have to agree."""
    views = (
        [(), *((one,) for one in expected.also)][: for_.desk.passes] if not expected.searches else [expected.searches]
    )
    return ahead.merged([_one_pass(for_, expected, searches, step) for searches in views])


def _one_pass(for_: _For, expected: Expected, searches: tuple[str, ...], step: str) -> Tried:
    used = asking.Used()
    asked = Asked(expected.question, searches=searches)
    by = By(lambda tx: for_.thinker, step, SHOWN)
    found = asking.answered(for_.desk, for_.here, asked, for_.now, used, by)
    cited = {source_key(source) for source in found.citations}
    read = [Read(message=used.rows[key], revision=n, cited=key in cited) for key, n in used.read.items()]
    return Tried(expected=expected, answer=found, read=tuple(read))


def _rests(one: Tried, known: _Known) -> list[Read]:
    """All whose words may stand in an answer or its question: what was read for it, what it was expected for, and what the
    learned context was made from."""
    rows = {row for line in known.lines for row in line.rests} | set(one.expected.rests)
    told = {row: Read(message=row, revision=known.revisions.get(row, 0), cited=False) for row in rows}
    return list((told | {read.message: read for read in one.read}).values())


def _made(for_: _For, one: Tried) -> Prepared:
    expires = for_.now + LASTS
    until = one.expected.until
    return Prepared(
        id=0,
        scope="",
        question=one.expected.question,
        also=one.expected.also,
        answer=one.answer.text,
        citations=one.answer.citations,
        reason=one.expected.reason,
        score=one.expected.score,
        night=for_.night,
        at=for_.now,
        expires=expires if until is None else max(min(expires, until), for_.now + timedelta(days=1)),
    )

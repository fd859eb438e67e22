"""Questions about the weeks: who asks, where, as of when, what the answer is, and every message that it needs.

Where the place's readers may not know, the answer is "deny", and `hidden` names what must not be found.
"""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from tests.bench.memory.cast import BY_KEY, BY_NAME, BY_PLACE, CAST, CHANNELS, DM, Rights
from tests.bench.memory.claims import UPDATED, day_words
from tests.bench.memory.state import Known, known, value_of
from tests.bench.memory.weeks import END, FIRST, TURN, Told, Weeks, rights

BEFORE = TURN - timedelta(minutes=1)
ONE = ("ships", "supplier", "units", "promise", "prefers", "event", "arrives")
"""Kinds that one message answers."""
SEVERAL = ("total", "between", "disagree", "follows", "waits", "chain")
"""Kinds that need messages put together."""
OVERALL = ("sum", "first", "late", "switched", "missing", "owes")
"""Kinds that need what was said of everything in a place, or by one person."""


@dataclass(frozen=True)
class Question:
    kind: str
    who: str
    where: str
    at: datetime
    question: str
    answer: tuple[str, ...]  # all its parts; ("deny",) where the readers may not know
    sources: tuple[Told, ...] = ()
    hidden: tuple[Told, ...] = ()
    subjects: tuple[str, ...] = field(default=(), repr=False)
    since: datetime = END
    wrong: tuple[str, ...] = ()  # parts that an answer may not have beside its own

    @property
    def deny(self) -> bool:
        return bool(self.hidden)


Pair = tuple[str, str]  # who, where


@dataclass(frozen=True)
class _Asker:
    """Draws who asks where, and knows what may be told to them there; who may read nothing there is left out."""

    chance: random.Random
    told: Mapping[Pair, frozenset[str]]

    def among(self, places: Collection[str], *, may: bool) -> Pair | None:
        """A person and a place in which all of `places` may be told, or not all of them; None when there is no such pair."""
        good = [pair for pair, told in self.told.items() if may == (set(places) <= told)]
        # Half of all questions are asked in a DM, where most is known.
        alone = [pair for pair in good if pair[1] == DM]
        return self.chance.choice(alone if alone and self.chance.random() < 0.5 else good) if good else None


def pairs(now: Rights) -> dict[Pair, frozenset[str]]:
    """What may be told to whom where, of every person and place where it is anything."""
    wheres = (DM, *(one.key for one in CHANNELS))
    told = {(one.key, where): now.told(one.key, where) for one in CAST for where in wheres}
    return {pair: places for pair, places in told.items() if places}


def questions(weeks: Weeks, moments: Sequence[datetime] = (BEFORE, END)) -> list[Question]:
    """In an order that the seed gives; what cannot be asked at a moment is left out."""
    chance = random.Random(weeks.seed + 1)
    made: list[Question] = []
    for at in moments:
        asker, said = _Asker(chance, pairs(rights(at))), known(weeks.until(at))
        found = [*_facts(chance, said, at), *_histories(chance, said, at), *_joined(chance, weeks, said, at)]
        for one in (*found, *_overall(weeks, said, at)):
            for may in (True, False):
                made += _asked(asker, one, may=may)
    return made


def _asked(asker: _Asker, one: Question, *, may: bool) -> Iterator[Question]:
    """The question by somebody who may know; and by somebody who may not, of what is not known to everybody."""
    places = [source.place for source in one.sources]
    if not may and all(BY_PLACE[place].kind == "public" for place in places):
        return
    pair = asker.among(places, may=may)
    if pair is None:
        return
    who, where = pair
    if may:
        yield replace(one, who=who, where=where)
        return
    told = asker.told[pair]
    hidden = tuple(source for source in one.sources if source.place not in told)
    yield replace(one, who=who, where=where, answer=("deny",), sources=(), hidden=hidden, wrong=())


def _found(
    kind: str, at: datetime, question: str, answer: Sequence[str], sources: Sequence[Told], subjects: Sequence[str],
    since: datetime = END, wrong: Collection[str] = (),
) -> Question:  # fmt: skip
    told = tuple(answer), tuple(sources), (), tuple(subjects)
    return Question(kind, "", "", at, question, *told, since, tuple(sorted(set(wrong) - set(answer))))


# --- one message ----------------------------------------------------------------------------------

_ASKED = {
    "ships": ("When do we ship {subject}?", "What is the launch date of {subject}?"),
    "supplier": ("Who makes the housings for {subject}?", "Where do the {subject} housings come from?"),
    "units": ("How many units of {subject} are in the first batch?", "How big is the first batch of {subject}?"),
    "promise": ("Who sends the {about} for {subject}, and by when?", "Who promised the {about} of {subject}?"),
    "prefers": ("From what time on may I call {about}?", "When does {about} want calls?"),
    "event": ("Where and when is the {subject} fair?", "Which town is the {subject} fair in, and on which day?"),
    "arrives": ("When do the moulds of {subject} get here?", "On which day is the {subject} freight due?"),
}


def _facts(chance: random.Random, said: Known, at: datetime) -> Iterator[Question]:
    for (kind, _), held in list(said.words.items()):
        for one in held if kind in ("promise", "prefers") else held[-1:]:
            if kind not in ONE or one.claim is None or chance.random() < 0.4:
                continue
            if sum(other.claim.about == one.claim.about for other in held if other.claim) > 1 and kind == "promise":
                continue  # two people promised the same
            author = BY_KEY[one.author].name
            about = author if kind == "prefers" else one.claim.about
            words = chance.choice(_ASKED[kind]).format(subject=one.claim.subject, about=about)
            beside = {"promise": (author,), "event": (about,)}.get(kind, ())
            yield _found(kind, at, words, (*beside, one.claim.value), [one], (one.claim.subject, about))


# --- what was, and when it changed ----------------------------------------------------------------


def _histories(chance: random.Random, said: Known, at: datetime) -> Iterator[Question]:
    thing = {"ships": "day to ship", "supplier": "supplier of housings", "units": "size of the first batch"}
    for (kind, project), held in list(said.words.items()):
        if kind not in UPDATED or len(held) < 2:
            continue
        old, new = held[-2:]
        if value_of(old) == value_of(new) or old.at.date() == new.at.date():
            continue
        words = f"When did the {thing[kind]} of {project} change?"
        yield _found("when", at, words, [day_words(new.at.date())], [old, new], (kind, project))
        day = old.at.date() + (new.at.date() - old.at.date()) * chance.random()
        words = f"As of {day_words(day)}, what was the {thing[kind]} of {project}?"
        end = datetime.combine(day, datetime.max.time(), UTC)
        if end < new.at:
            yield _found("as of", at, words, [value_of(old)], [old], (kind, project), end)


# --- several messages -----------------------------------------------------------------------------


def _joined(chance: random.Random, weeks: Weeks, said: Known, at: datetime) -> Iterator[Question]:
    for project, _ in weeks.projects:
        yield from _between(chance, said, project, at)
        yield from _disagree(said, project, at)
        yield from _follows(said, project, at)
        yield from _waits(said, project, at)
    for _ in range(60):
        yield from _total(chance, weeks, said, at)


def _total(chance: random.Random, weeks: Weeks, said: Known, at: datetime) -> Iterator[Question]:
    names = chance.sample([name for name, _ in weeks.projects], chance.choice((2, 3)))
    sources = [one for one in (said.newest("units", name) for name in names) if one is not None]
    if len(sources) == len(names):
        words = f"How many units do the first batches of {', '.join(names[:-1])} and {names[-1]} have together?"
        yield _found("total", at, words, [str(sum(int(value_of(one)) for one in sources))], sources, names)


def _between(chance: random.Random, said: Known, project: str, at: datetime) -> Iterator[Question]:
    for week in chance.sample((1, 2, 3), 2):
        since = datetime.combine(FIRST + timedelta(weeks=week), datetime.min.time(), UTC)
        changed = said.changes(project, since)
        if changed:
            words = f"What changed for {project} between {day_words(since.date())} and {day_words(at.date())}?"
            answer = [f"{value_of(before)} -> {value_of(after)}" for before, after in changed]
            yield _found("between", at, words, answer, [one for pair in changed for one in pair], [project], since)


def _disagree(said: Known, project: str, at: datetime) -> Iterator[Question]:
    held = said.words.get(("lasts", project), [])
    if len(held) == 2:
        answer = [f"{value_of(one)} hours ({BY_KEY[one.author].name})" for one in held]
        words = f"Does everybody agree on how long the battery of {project} lasts?"
        yield _found("disagree", at, words, answer, held, [project])


def _follows(said: Known, project: str, at: datetime) -> Iterator[Question]:
    arrives, takes = said.newest("arrives", project), said.newest("takes", project)
    if arrives is not None and takes is not None:
        done = day_of(value_of(arrives)) + timedelta(days=int(value_of(takes)))
        words = f"On which day is {project} assembled, if we begin when the moulds are here?"
        yield _found("follows", at, words, [day_words(done)], [arrives, takes], [project])


def _waits(said: Known, project: str, at: datetime) -> Iterator[Question]:
    waiting = {who: one for (name, who), one in said.waiting.items() if name == project}
    if not waiting:
        return
    pairs = [(BY_KEY[who].name, one.claim.about) for who, one in waiting.items() if one.claim]
    answer = [f"{who} waits for {other}" for who, other in pairs]
    over = [one for one in said.words.get(("blocked", project), []) if one not in waiting.values()]
    gone = [f"{BY_KEY[one.author].name} waits for {one.claim.about}" for one in over if one.claim]
    asked = f"Who is blocked by whom on {project}?"
    yield _found("waits", at, asked, answer, list(waiting.values()), [project], wrong=gone)
    for who, first in waiting.items():
        second = waiting.get(BY_NAME[first.claim.about].key) if first.claim else None
        if second is not None and second.claim is not None:
            words = f"Who has to answer first so that {BY_KEY[who].name} can go on with {project} in the end?"
            yield _found("chain", at, words, [second.claim.about], [first, second], (project, BY_KEY[who].name))


# --- everything in a place, or of one person ------------------------------------------------------


def _overall(weeks: Weeks, said: Known, at: datetime) -> Iterator[Question]:
    for place in CHANNELS:
        names = [name for name, key in weeks.projects if key == place.key]
        if len(names) > 1:
            of = f"of all projects that are spoken of in #{place.name} ({', '.join(names)})"
            yield from _sum(said, names, of, at)
            yield from _ships(said, names, of, at)
            yield from _switched(said, names, of, at)
            yield from _missing(said, names, of, at)
    yield from _owes(said, at)


def day_of(words: str) -> date:
    """The day of the year of these weeks that is written so."""
    return datetime.strptime(f"{words} {FIRST.year}", "%d %B %Y").replace(tzinfo=UTC).date()


def _sum(said: Known, names: Sequence[str], of: str, at: datetime) -> Iterator[Question]:
    newest = [one for one in (said.newest("units", name) for name in names) if one is not None]
    if len(newest) == len(names):
        total = str(sum(int(value_of(one)) for one in newest))
        yield _found("sum", at, f"How many units do the first batches {of} have together?", [total], newest, names)


def _ships(said: Known, names: Sequence[str], of: str, at: datetime) -> Iterator[Question]:
    """Which is the first to ship, and which ship before they can be assembled."""
    newest = {name: said.newest("ships", name) for name in names}
    ships = {name: one for name, one in newest.items() if one is not None}
    days = {name: day_of(value_of(one)) for name, one in ships.items()}
    if len(ships) == len(names) and len(set(days.values())) == len(names):
        name = min(days, key=lambda one: days[one])
        words = f"Which one {of} ships first, and on which day?"
        yield _found("first", at, words, [name, value_of(ships[name])], list(ships.values()), names)
    late: dict[str, list[Told]] = {}
    for name in names:
        ship, arrives, takes = ships.get(name), said.newest("arrives", name), said.newest("takes", name)
        if ship is not None and arrives is not None and takes is not None:
            done = day_of(value_of(arrives)) + timedelta(days=int(value_of(takes)))
            if done > days[name]:
                late[name] = [ship, arrives, takes]
    if late:
        words = f"Which {of} are to ship before they can be assembled, if we begin when the moulds are here?"
        sources = [one for three in late.values() for one in three]
        yield _found("late", at, words, list(late), sources, names, wrong=names)


def _switched(said: Known, names: Sequence[str], of: str, at: datetime) -> Iterator[Question]:
    since = datetime.combine(FIRST + timedelta(weeks=1), datetime.min.time(), UTC)
    pairs = {
        name: [p for p in said.changes(name, since) if p[0].claim and p[0].claim.kind == "supplier"] for name in names
    }
    changed = {name: found[0] for name, found in pairs.items() if found}
    if changed:
        words = f"Which {of} got another supplier of housings since {day_words(since.date())}?"
        sources = [one for pair in changed.values() for one in pair]
        yield _found("switched", at, words, list(changed), sources, names, since, names)


def _missing(said: Known, names: Sequence[str], of: str, at: datetime) -> Iterator[Question]:
    waiting = [one for (name, _), one in said.waiting.items() if name in names]
    if len(waiting) > 1:
        awaited = {one.claim.about for one in waiting if one.claim}
        free = {one.claim.about for name in names for one in said.words.get(("free", name), []) if one.claim}
        words = f"For whose answers is somebody still waiting, {of}?"
        yield _found("missing", at, words, sorted(awaited), waiting, names, wrong=free)


def _owes(said: Known, at: datetime) -> Iterator[Question]:
    for person in CAST:
        held = [
            one
            for (kind, _), all_ in said.words.items()
            if kind == "promise"
            for one in all_
            if one.author == person.key
        ]
        if len(held) > 1:
            words = f"What has {person.name} promised to send, for which projects, and by when?"
            answer = [f"{one.claim.subject}: {one.claim.about}, {one.claim.value}" for one in held if one.claim]
            yield _found("owes", at, words, answer, held, [person.name])

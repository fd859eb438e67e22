"""An office situation as a list of dated events, and what it comes to on an evening. Seeded; nothing in it is copied."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

BEGIN = date(2027, 5, 3)  # a Monday
PEOPLE = ("Ada", "Bruno", "Carla", "Deniz", "Edith", "Farid", "Greta", "Hugo")
PROJECTS = ("Heron", "Kite", "Osprey", "Plover", "Swift", "Teal")
TASKS = ("wiring", "housing", "layout", "manual", "test rig", "calibration", "packaging", "firmware", "approval")
THINGS = ("sensors", "cables", "screens", "licences", "castings", "batteries", "connectors", "samples")
VENDORS = ("Lund", "Marek", "Nordal", "Obermann", "Pirelo")
CHATTER = (
    "The coffee machine on the second floor works again.", "Somebody left a blue umbrella in the meeting room.",
    "Lunch on Thursday is at the new place by the station.", "The printer wants paper, not toner.",
    "Please water the plants while the office manager is away.", "The window in the corner office is fixed.",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Task:
    name: str
    project: str


@dataclass(frozen=True)
class Said:
    """What every event has: its day, and who said it."""

    on: date
    by: str


@dataclass(frozen=True)
class Budget(Said):
    project: str
    euro: int


@dataclass(frozen=True)
class BudgetMoved(Said):
    project: str
    euro: int  # negative: a cut


@dataclass(frozen=True)
class Bought(Said):
    project: str
    thing: str
    euro: int


@dataclass(frozen=True)
class Priced(Said):
    """What the thing costs after all."""

    project: str
    thing: str
    euro: int


@dataclass(frozen=True)
class Returned(Said):
    project: str
    thing: str


@dataclass(frozen=True)
class Taken(Said):
    task: Task
    days: int
    after: tuple[Task, ...]


@dataclass(frozen=True)
class TakenOver(Said):
    task: Task
    before: str  # whose it was


@dataclass(frozen=True)
class Longer(Said):
    task: Task
    days: int


@dataclass(frozen=True)
class Waits(Said):
    task: Task
    on_task: Task


@dataclass(frozen=True)
class Done(Said):
    task: Task


@dataclass(frozen=True)
class Due(Said):
    project: str
    day: date


@dataclass(frozen=True)
class DueMoved(Said):
    project: str
    days: int  # negative: earlier


@dataclass(frozen=True)
class Offered(Said):
    vendor: str
    euro: int


@dataclass(frozen=True)
class Corrected(Said):
    """Takes back what the same person said of this vendor."""

    vendor: str
    euro: int


@dataclass(frozen=True)
class Chatter(Said):
    text: str


Event = (
    Budget | BudgetMoved | Bought | Priced | Returned | Taken | TakenOver | Longer | Waits | Done | Due | DueMoved
    | Offered | Corrected | Chatter
)  # fmt: skip


@dataclass
class Work:
    owner: str
    days: int
    after: set[Task]
    done: bool = False


@dataclass
class State:
    """What holds on an evening."""

    budget: dict[str, int] = field(default_factory=dict)
    paid: dict[tuple[str, str], int] = field(default_factory=dict)  # (project, thing) -> euro
    work: dict[Task, Work] = field(default_factory=dict)
    due: dict[str, date] = field(default_factory=dict)
    offers: dict[str, dict[str, int]] = field(default_factory=dict)  # vendor -> who says it -> euro

    def left(self, project: str) -> int:
        return self.budget[project] - sum(euro for (one, _), euro in self.paid.items() if one == project)

    def open(self) -> dict[Task, Work]:
        return {task: work for task, work in self.work.items() if not work.done}

    def waits_for(self, task: Task) -> set[Task]:
        """Open tasks that have to be done before this one begins, directly or over others."""
        direct = {one for one in self.work[task].after if not self.work[one].done}
        return direct.union(*(self.waits_for(one) for one in direct))

    def days_until_done(self, task: Task) -> int:
        direct = [one for one in self.work[task].after if not self.work[one].done]
        return self.work[task].days + max((self.days_until_done(one) for one in direct), default=0)


def on_evening(events: Sequence[Event], evening: date) -> State:
    state = State()
    for event in events:
        if event.on <= evening:
            _apply(state, event)
    return state


def _apply(state: State, event: Event) -> None:
    match event:
        case Budget(project=project, euro=euro):
            state.budget[project] = euro
        case BudgetMoved(project=project, euro=euro):
            state.budget[project] += euro
        case Bought(project=project, thing=thing, euro=euro) | Priced(project=project, thing=thing, euro=euro):
            state.paid[project, thing] = euro
        case Returned(project=project, thing=thing):
            del state.paid[project, thing]
        case Due(project=project, day=day):
            state.due[project] = day
        case DueMoved(project=project, days=days):
            state.due[project] += timedelta(days=days)
        case Offered(vendor=vendor, by=by, euro=euro) | Corrected(vendor=vendor, by=by, euro=euro):
            state.offers.setdefault(vendor, {})[by] = euro
        case Taken() | TakenOver() | Longer() | Waits() | Done():
            _apply_to_work(state, event)
        case Chatter():
            pass


def _apply_to_work(state: State, event: Taken | TakenOver | Longer | Waits | Done) -> None:
    if isinstance(event, Taken):
        state.work[event.task] = Work(event.by, event.days, set(event.after))
        return
    work = state.work[event.task]
    match event:
        case TakenOver(by=by):
            work.owner = by
        case Longer(days=days):
            work.days += days
        case Waits(on_task=other):
            work.after.add(other)
        case Done():
            work.done = True


# --- making one up --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    people: int
    projects: int
    tasks: int  # of each project
    updates: int


LEVELS = {1: Size(4, 2, 3, 8), 2: Size(5, 3, 4, 18), 3: Size(7, 4, 5, 34)}


@dataclass(frozen=True)
class Situation:
    events: tuple[Event, ...]
    people: tuple[str, ...]
    projects: tuple[str, ...]
    evening: date  # the last one

    def on(self, evening: date) -> State:
        return on_evening(self.events, evening)

    def now(self) -> State:
        return self.on(self.evening)


def made_up(chance: random.Random, level: int) -> Situation:
    size = LEVELS[level]
    people = tuple(chance.sample(PEOPLE, size.people))
    projects = tuple(chance.sample(PROJECTS, size.projects))
    events: list[Event] = list(_beginning(chance, size, people, projects))
    events += _disagreement(chance, people)
    for number in range(size.updates):
        day = working_day(2 + number * 13 // size.updates)
        events.append(_update(chance, on_evening(sorted(events, key=_day), day), day, people))
        events.sort(key=_day)
    return Situation(tuple(events), people, projects, events[-1].on)


def working_day(number: int) -> date:
    """Day 0 is BEGIN; nobody says anything at a weekend."""
    return BEGIN + timedelta(days=number // 5 * 7 + number % 5)


def _day(event: Event) -> date:
    return event.on


def _beginning(chance: random.Random, size: Size, people: Sequence[str], projects: Sequence[str]) -> Iterator[Event]:
    """The first two days: what there is. A task waits only for tasks that were named before it."""
    named: list[Task] = []
    for project in projects:
        yield Budget(BEGIN, chance.choice(people), project, 100 * chance.randint(80, 400))
        yield Due(BEGIN, chance.choice(people), project, BEGIN + timedelta(days=chance.randint(35, 80)))
    for project in projects:
        for thing in chance.sample(THINGS, 2):
            yield Bought(BEGIN, chance.choice(people), project, thing, 10 * chance.randint(40, 240))
    for project in projects:
        for name in chance.sample(TASKS, size.tasks):
            task = Task(name, project)
            after = chance.sample(named, min(len(named), chance.choice((0, 1, 1, 2))))
            yield Taken(BEGIN + timedelta(days=1), chance.choice(people), task, chance.randint(1, 6), tuple(after))
            named.append(task)


def _disagreement(chance: random.Random, people: Sequence[str]) -> Iterator[Event]:
    """Three offers: two people name different prices for one, one is put right by who said it, one is agreed on."""
    disputed, corrected, agreed = chance.sample(VENDORS, 3)
    days = [working_day(day) for day in (1, chance.randint(3, 7), chance.randint(8, 13))]
    for vendor in (disputed, corrected, agreed):
        one, other = chance.sample(people, 2)
        euro = 10 * chance.randint(200, 900)
        moved = euro + 10 * chance.choice((-1, 1)) * chance.randint(3, 90)
        yield Offered(days[0], one, vendor, euro)
        if vendor == disputed:
            yield Offered(days[1], other, vendor, moved)
        elif vendor == corrected:
            yield Corrected(days[2], one, vendor, moved)
        else:
            yield Offered(days[2], other, vendor, euro)


def _update(chance: random.Random, state: State, day: date, people: Sequence[str]) -> Event:
    """Something that may happen on this day, whatever the dice say first."""
    ways = [_money, _money, _purchase, _purchase, _task, _task, _task, _delivery, _chatter]
    while True:
        event = chance.choice(ways)(chance, state, day, people)
        if event is not None:
            return event


def _money(chance: random.Random, state: State, day: date, people: Sequence[str]) -> Event | None:
    project = chance.choice(list(state.budget))
    euro = 100 * chance.choice((-1, 1)) * chance.randint(4, 35)
    return BudgetMoved(day, chance.choice(people), project, euro) if state.left(project) + euro > 0 else None


def _purchase(chance: random.Random, state: State, day: date, people: Sequence[str]) -> Event | None:
    by, project, euro = chance.choice(people), chance.choice(list(state.budget)), 10 * chance.randint(40, 240)
    bought = [thing for one, thing in state.paid if one == project]
    fresh = [thing for thing in THINGS if thing not in bought]
    if fresh and (not bought or chance.random() < 0.4):
        return Bought(day, by, project, chance.choice(fresh), euro)
    thing = chance.choice(bought)
    if chance.random() < 0.35:
        return Returned(day, by, project, thing)
    return Priced(day, by, project, thing, euro) if euro != state.paid[project, thing] else None


def _task(chance: random.Random, state: State, day: date, people: Sequence[str]) -> Event | None:
    held = state.open()
    task = chance.choice(list(held))
    work = held[task]
    order = list(state.work)
    earlier = [one for one in order[: order.index(task)] if one in held and one not in state.waits_for(task)]
    match chance.randrange(5):
        case 0:
            return TakenOver(day, chance.choice([one for one in people if one != work.owner]), task, work.owner)
        case 1:
            return Longer(day, work.owner, task, chance.randint(1, 4))
        case 2 if earlier:
            return Waits(day, work.owner, task, chance.choice(earlier))
        case 3 | 4 if not state.waits_for(task) and len(held) > 2 * len(order) / 3:
            return Done(day, work.owner, task)
    return None


def _delivery(chance: random.Random, state: State, day: date, people: Sequence[str]) -> Event | None:
    days = chance.choice((-1, 1)) * chance.randint(2, 12)
    return DueMoved(day, chance.choice(people), chance.choice(list(state.due)), days)


def _chatter(chance: random.Random, state: State, day: date, people: Sequence[str]) -> Event | None:
    return Chatter(day, chance.choice(people), chance.choice(CHATTER))

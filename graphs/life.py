"""The life of tasks over several nights: findings become tasks, tasks change, settle, and never come back once done. Pure."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from hashlib import sha256

from graphs.domain import Finding, MailSource, PersonKey, SlackSource, Source, Task, TaskKind, Value

STRONGEST: tuple[TaskKind, ...] = ("blocked", "decision", "owe", "waiting")
"""Of one matter with two faces the first one here is shown."""


FORGOTTEN = timedelta(days=30)
"""After so long without anything new, in no digest and out of what a night reads, a task is not counted any more."""


class Life(Value):
    """A task, when something about it last changed, and in which digests it stood."""

    task: Task
    changed_on: date
    snoozed_until: date | None = None
    shown_on: tuple[date, ...] = ()


def source_key(source: Source) -> str:
    """One text for one source, the same in every night. A mail is the same in every account of its owner."""
    match source:
        case SlackSource():
            return f"slack/{source.channel}/{source.ts}"
        case MailSource():
            return f"mail/{source.message_id}"
        case _:
            return f"document/{source.name}/{source.page}"


def task_id(owner: PersonKey, source: Source) -> str:
    """One task for each owner and message that made it, in whatever words it is found again."""
    return sha256(f"{owner}\n{source_key(source)}".encode()).hexdigest()[:20]


def joined(findings: Sequence[Finding], same: Callable[[Finding, Finding], bool]) -> list[Finding]:
    """Findings with those of one matter made one: the earliest leads, sources and the nearest due date come together."""
    groups: list[list[Finding]] = []
    for finding in sorted(findings, key=lambda f: (f.asked_at, source_key(f.sources[0]), f.what)):
        home = next((group for group in groups if any(_same(one, finding, same) for one in group)), None)
        if home is None:
            groups.append([finding])
        else:
            home.append(finding)
    return [_merged(group) for group in groups]


def _same(a: Finding, b: Finding, same: Callable[[Finding, Finding], bool]) -> bool:
    return source_key(a.sources[0]) == source_key(b.sources[0]) or (a.sensitive == b.sensitive and same(a, b))


def _merged(group: Sequence[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    strongest = min(group, key=lambda f: (STRONGEST.index(f.kind), -f.asked_at.timestamp()))
    dues = [f.due for f in group if f.due is not None]
    sources = tuple({source_key(s): s for f in group for s in f.sources}.values())
    first = group[0].sources[0]
    return strongest.model_copy(
        update={
            "due": min(dues) if dues else None,
            "sources": (first, *(s for s in sources if source_key(s) != source_key(first))),
            "why": strongest.why or next((f.why for f in group if f.why), ""),
            "sensitive": any(f.sensitive for f in group),
            "asked_at": min(f.asked_at for f in group),
            "last_at": max(f.last_at for f in group),
        }
    )


def as_task(finding: Finding, owner: PersonKey) -> Task:
    fields = {name: getattr(finding, name) for name in Finding.model_fields}
    return Task(id=task_id(owner, finding.sources[0]), owner=owner, **fields)


def lived(
    before: Sequence[Life], findings: Sequence[Finding], judged: Collection[str], owner: PersonKey, today: date
) -> list[Life]:
    """Tonight's tasks from those of before: found again, changed, settled, or new; what is over stays over.

    `judged` has the source keys of every message that was judged tonight: an open task made by one of them and not found
    again was settled. A task outside of what was read stays as it is.
    """
    known = {life.task.id: life for life in before}
    # What is over adopts nothing: a new ask that names an old message is a new task.
    living = [life for life in before if life.task.state not in ("done", "dropped")]
    by_source = {source_key(s): life.task.id for life in living for s in life.task.sources[:1]}
    found: dict[str, Task] = {}
    for finding in findings:
        task = as_task(finding, owner)
        # A joined matter keeps the identity it had when only a part of it was known.
        old = next((by_source[source_key(s)] for s in task.sources if source_key(s) in by_source), None)
        task = task.model_copy(update={"id": old or task.id})
        found.setdefault(task.id, task)
    lives = [_next(life, found.get(life.task.id), judged, today) for life in before]
    new = [Life(task=task, changed_on=today) for key, task in found.items() if key not in known]
    return sorted(lives + new, key=lambda life: life.task.id)


def _next(life: Life, again: Task | None, judged: Collection[str], today: date) -> Life:
    task = life.task
    if task.state in ("done", "dropped"):
        return life
    waking = life.snoozed_until is not None and life.snoozed_until <= today
    if again is None:
        was_read = source_key(task.sources[0]) in judged and task.found_by != "owner"
        if (was_read and task.state != "settled") or (task.state == "open" and _forgotten(life, today)):
            return life.model_copy(update={"task": task.model_copy(update={"state": "settled"}), "changed_on": today})
        if task.state != "snoozed" or not waking:
            return life
        again = task  # too old to be read again, but its day has come
    state = "open" if task.state == "settled" or waking else task.state
    again = again.model_copy(update={"state": state})
    changed = waking or task.state == "settled" or _differs(task, again)
    return life.model_copy(
        update={
            "task": again,
            "changed_on": today if changed else life.changed_on,
            "snoozed_until": None if waking else life.snoozed_until,
        }
    )


def _forgotten(life: Life, today: date) -> bool:
    return life.task.found_by != "owner" and today - max((life.changed_on, *life.shown_on)) >= FORGOTTEN


def _differs(old: Task, new: Task) -> bool:
    """Something happened: a new message, another date, another kind. New words for the same thing are no event."""
    return old.last_at != new.last_at or old.due != new.due or old.kind != new.kind

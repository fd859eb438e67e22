"""One person's night (`sleep`), after the places they read were read once for everybody (`consolidating`).

sleep: conversations -> tasks · inbox -> drafts, questions, reasons · errands
       memories that concern them -> their learned context · all of it -> the morning's digest

Each step may be killed and run again: runs are fenced, judgements are kept by the hash of what was judged, results are
written once in one transaction. Graphs think; this file alone reads and writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Any

from bot import anticipating, concluding, contexts, drafting, errands
from bot.desk import HORIZON, Desk, Owner, begin_owner
from bot.morning import Found, morning
from bot.store import choices, messages, people, runs
from bot.store import desk as kept
from bot.thinking import think
from graphs import review as reviewing
from graphs import tasks
from graphs.conversations import conversations, fingerprint, involves
from graphs.digest import Notice
from graphs.domain import Finding, Message, Thread
from graphs.life import Life, joined, lived, source_key
from graphs.rules.followup import among_people
from graphs.rules.judge import answers_elsewhere, same_matter
from graphs.thinking import Thinker

ELSEWHERE = 4
"""Messages from elsewhere that an open item is held against."""


# --- a person -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """What one person's night has before it: conversations that concern them, by reference."""

    threads: dict[tuple[str, str], Thread]  # (scope, thread) -> conversation, as judged
    whole: dict[tuple[str, str], Thread]  # mail threads with everything in them, for gates and drafts
    counts: dict[str, int]  # messages read, by kind of scope


def sleep(desk: Desk, person: int, night: date, now: datetime) -> None:
    """One person's night that ends on local date `night`: drafts owed first, then tasks, errands, and the digest."""
    owner = begin_owner(desk, person)
    with owner.begin() as tx:
        begun = messages.moment(tx)
    reading = read(desk, owner, now)
    replied = drafting.reply(desk, owner, reading.whole, partial(_settled, owner, reading, now), night, now, think)
    lives, fell_back = find_tasks(desk, owner, reading, night, now)
    errands.run_due(desk, person, night, think)
    concluding.for_person(desk, owner, night, now)
    contexts.rewrite_person(desk, owner, night, now)
    left = anticipating.of_desk(desk, owner, [life.task for life in lives], night, now)
    found = Found(lives, replied.drafts, replied.considered, _notices(owner, reading), reading.counts, left)
    morning(desk, owner, found, [*replied.fell_back, *fell_back], night, now)
    with owner.begin() as tx:
        messages.forget_since(tx, begun)


def _notices(owner: Owner, reading: Reading) -> list[Notice]:
    """Mails that get one neutral line."""
    inbox = [m for t in reading.whole.values() for m in t.messages if m.mail and m.mail.mailbox == "inbox"]
    kinds = ((message, owner.nature(message).kind) for message in inbox)
    return [
        Notice(kind=kind, sender=m.author.name or m.author.address, source=m.source, at=m.sent_at)
        for m, kind in kinds
        if kind in ("phishing", "sensitive", "confidential")
    ]


def read(desk: Desk, owner: Owner, now: datetime) -> Reading:
    """Every conversation within the horizon that concerns `owner`, in what they may read now."""
    threads: dict[tuple[str, str], Thread] = {}
    whole: dict[tuple[str, str], Thread] = {}
    counts: dict[str, int] = {}
    for place in owner.places:
        with desk.store.as_person(owner.id) as tx:
            held = messages.of_scope(tx, place.id, now - HORIZON, now)
        said = [m for m in held if choices.thread_item(m.scope, m.thread) not in owner.left_out]
        kind = "mail" if place.kind == "account" else "slack"
        counts[kind] = counts.get(kind, 0) + sum(m.sent_at > now - HORIZON for m in said)
        title = _title(owner, place)
        for thread in conversations(among_people(said), place.channel, title):
            key = (thread.scope, thread.key)
            if thread.medium == "mail":
                whole[key] = thread
                personal = _personal(owner, thread)
                if personal is not None:
                    threads[key] = personal
            elif involves(thread, owner.person):
                threads[key] = thread
    return Reading(threads, whole, counts)


def _title(owner: Owner, place: people.Place) -> str:
    if place.channel is not None and place.channel.kind in ("dm", "mpim"):
        others = [owner.people[m].name for m in place.channel.members if m in owner.people and m != owner.person.key]
        return ", ".join(others) or "yourself"
    return f"#{place.name}" if place.channel else place.name


def _personal(owner: Owner, thread: Thread) -> Thread | None:
    """A mail thread without what machines wrote in it; None when what matters in it is not for judging."""
    received = [m for m in thread.messages if m.mail and m.mail.mailbox == "inbox"]
    kinds = {m.id: owner.nature(m).kind for m in received}
    if any(kinds[m.id] in ("sensitive", "confidential", "phishing") for m in received):
        return None
    left = tuple(m for m in thread.messages if kinds.get(m.id, "person") == "person")
    once: dict[str, Message] = {}
    for message in left:
        if message.mail is not None:
            once.setdefault(message.mail.message_id, message)
    return thread.model_copy(update={"messages": tuple(once.values())}) if once else None


def _settled(owner: Owner, reading: Reading, now: datetime, thread: Thread, mail: Message) -> bool:
    """Whether what a mail asks was answered in another place, as far as rules can tell."""
    context = tasks.Context(None, lambda ref: thread, owner.person, owner.people, now)
    key = source_key(mail.source)
    asked = [f for f in tasks.by_rules(thread, context) if f.kind != "waiting" and source_key(f.sources[0]) == key]
    return bool(asked) and not open_still(asked, reading, owner)


def find_tasks(desk: Desk, owner: Owner, reading: Reading, night: date, now: datetime) -> tuple[list[Life], list[str]]:
    """Judges what is new, keeps the judgements, and lets yesterday's tasks live on; and why rules had to judge."""
    thinker = desk.thinker(owner.begin, owner.scope, night)
    judged = judge(desk, owner, reading, thinker, night, now)
    findings = open_still([finding for one in judged for finding in one.findings], reading, owner)
    texts = {source_key(m.source): m.text.text for t in reading.threads.values() for m in t.messages}
    matters = joined(findings, partial(_same, texts=texts))
    fell_back = _reasons(judged)
    if thinker is not None and matters:
        reviewed, failed = review(desk, owner, reading, thinker, matters, night, now)
        matters = without_settled(matters, reviewed)
        fell_back += failed
    with owner.begin() as tx:
        choices.hold_tasks(tx, owner.scope)
        before = [
            Life(task=r.task, changed_on=r.changed_on, snoozed_until=r.snoozed_until, shown_on=r.shown_on)
            for r in kept.tasks(tx, owner.scope)
        ]
        lives = lived(before, matters, set(texts), owner.person.key, night)
        for life in lives:
            kept.put_task(tx, owner.scope, _row(life))
    return lives, fell_back


def review(
    desk: Desk, owner: Owner, reading: Reading, thinker: Thinker, matters: Sequence[Finding], night: date, now: datetime
) -> tuple[reviewing.Reviewed, list[str]]:
    """One look over the whole desk: what was settled elsewhere, and what is one matter. Kept while nothing changes."""
    home = {source_key(m.source): key for key, thread in reading.threads.items() for m in thread.messages}
    seen: dict[int, Message] = {}
    items = []
    for finding in matters:
        found = _elsewhere(owner, reading, home, finding, now)
        seen |= {message.id: message for message in found}
        items.append(reviewing.Open(finding=finding, elsewhere=tuple(message.id for message in found)))
    made = sha256("\n".join(item.model_dump_json() for item in items).encode()).digest()
    with owner.begin() as tx:
        known = kept.thoughts(tx, owner.scope, "review", reviewing.Reviewed)
        if known.get("desk", (b"",))[0] == made:
            return known["desk"][1], []
        run = runs.take(tx, f"{owner.person.key}/{night}/review", owner.scope)
    context = reviewing.Context(thinker, seen, owner.person, owner.people, now)
    begins = {"pending": items, "reviewed": reviewing.Reviewed()}
    reviewed: reviewing.Reviewed = think(desk, run, reviewing.build(), begins, context)["reviewed"]
    with owner.begin() as tx:
        runs.hold(tx, run)
        if not reviewed.fell_back:
            kept.put_thought(tx, owner.scope, "review", "desk", made, reviewed, None, "")
        runs.end(tx, run, {"items": len(items)})
    return reviewed, [reviewed.fell_back] if reviewed.fell_back else []


def _elsewhere(
    owner: Owner, reading: Reading, home: dict[str, tuple[str, str]], finding: Finding, now: datetime
) -> list[Message]:
    """Messages of other conversations, later than the item, that retrieval finds nearest to it; oldest first."""
    here = {home.get(source_key(source)) for source in finding.sources}
    mine = {m.id for key in here if key is not None for m in reading.threads[key].messages}
    with owner.begin() as tx:
        hits = messages.recall(tx, finding.what, "en", 30, now)
        found = messages.by_id(tx, [hit.id for hit in hits if hit.id not in mine])
    # Of mail only what may be judged: a private one is not shown to a model because it lies near.
    judged = {m.id for thread in reading.threads.values() for m in thread.messages}
    open_ = [m for m in found if m.mail is None or m.id in judged]
    later = [m for m in open_ if m.sent_at > finding.asked_at and m.author.kind != "bot"]
    return sorted(later[:ELSEWHERE], key=lambda m: (m.sent_at, m.id))


def without_settled(matters: Sequence[Finding], reviewed: reviewing.Reviewed) -> list[Finding]:
    """The matters still open, those of one matter joined."""
    gone = {place for place, _ in reviewed.settled}
    group_of = {place: group[0] for group in reviewed.same for place in group}
    left = [(place, finding) for place, finding in enumerate(matters) if place not in gone]
    places = {id(finding): group_of.get(place, place) for place, finding in left}
    return joined([finding for _, finding in left], lambda a, b: places[id(a)] == places[id(b)])


def _row(life: Life) -> kept.TaskRow:
    return kept.TaskRow(life.task, life.changed_on, life.snoozed_until, life.shown_on)


def _same(a: Finding, b: Finding, texts: dict[str, str]) -> bool:
    return same_matter(a, b, lambda source: texts.get(source_key(source), ""))


def judge(
    desk: Desk, owner: Owner, reading: Reading, thinker: Thinker | None, night: date, now: datetime
) -> list[tasks.Judged]:
    """A judgement for every conversation: those kept from earlier nights, and new ones where something changed."""
    step = "tasks" if thinker else "tasks by rules"
    prints = {key: fingerprint(thread) for key, thread in reading.threads.items()}
    with owner.begin() as tx:
        run = runs.take(tx, f"{owner.person.key}/{night}/tasks", owner.scope)
        known = kept.thoughts(tx, owner.scope, "tasks", tasks.Judged)
        if thinker is None:
            known = kept.thoughts(tx, owner.scope, step, tasks.Judged) | known
    old = {key: known[_key(key)][1] for key, made in prints.items() if known.get(_key(key), (b"",))[0] == made}
    # By time, so that a mail and a chat about the same matter are read together.
    fresh = sorted(
        (t for key, t in reading.threads.items() if key not in old), key=lambda t: (t.messages[-1].sent_at, t.key)
    )
    pending = tasks.batches(fresh)[::-1]  # the newest first: what the budget does not reach is the oldest
    context = tasks.Context(
        thinker, lambda ref: reading.threads[ref.scope, ref.key], owner.person, owner.people, now
    )  # fmt: skip
    state = think(desk, run, tasks.build(), {"pending": pending, "judged": []}, context) if pending else {}
    new: list[tasks.Judged] = state.get("judged", [])
    with owner.begin() as tx:
        runs.hold(tx, run)
        for one in new:
            key = (one.ref.scope, one.ref.key)
            about = owner.place_ids.get(one.ref.scope)
            # What rules judged because the model failed is judged again when it answers.
            kept_as = "tasks by rules" if one.fell_back or thinker is None else "tasks"
            kept.put_thought(tx, owner.scope, kept_as, _key(key), prints[key], one, about, one.ref.key)
        runs.end(tx, run, {"judged": len(new), "kept": len(old), "fell_back": _reasons(new)})
    by_key = old | {(one.ref.scope, one.ref.key): one for one in new}
    return [by_key[key] for key in reading.threads if key in by_key]


def _key(key: tuple[str, str]) -> str:
    return f"{key[0]} {key[1]}"


def open_still(findings: Sequence[Finding], reading: Reading, owner: Owner) -> list[Finding]:
    """Without what was settled in another place: answered in Slack, or by mail, or by somebody else."""
    place_of = {source_key(m.source): key for key, t in reading.threads.items() for m in t.messages}
    left = []
    for finding in findings:
        here = place_of.get(source_key(finding.sources[0]))
        later = [
            message
            for key, thread in reading.threads.items()
            if key != here
            for message in thread.messages
            if message.sent_at > finding.asked_at
        ]
        later.sort(key=lambda m: (m.sent_at, m.id))
        if answers_elsewhere(finding, later, owner.person) is None:
            left.append(finding)
    return left


def _reasons(results: Sequence[Any]) -> list[str]:
    return sorted({one.fell_back for one in results if one.fell_back})

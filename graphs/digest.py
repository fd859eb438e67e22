"""The morning digest from what the night found: chosen, ordered and worded by code. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from graphs.checks import SLOT
from graphs.citing import without_numbers
from graphs.digest_value import MOST_ITEMS, SECTIONS, Digest, Footer, Item, ItemLink, Section, clip, day_words
from graphs.domain import Considered, Draft, Fact, FoundBy, MailSource, Person, Prepared, Source, Task, Value
from graphs.life import Life, source_key
from graphs.outcomes import draft_item

MOST_OF: Mapping[Section, int] = {"needs_you": 5, "drafts": 5, "open": 5, "changed": 3, "errands": 3, "answers": 3}
IGNORED_DAYS = 3
"""After so many days unchanged an item is only counted under "still open"."""


class Notice(Value):
    """A mail that gets a neutral line: sensitive, confidential, suspected phishing."""

    kind: str
    sender: str
    source: Source
    at: datetime


class Errand(Value):
    """What came of a job that was handed to this night; the result stands in the thread it was asked in."""

    id: str
    words: str
    result: str
    source: Source  # the message that asked
    asked_at: datetime
    found_by: FoundBy


class Night(Value):
    """What one person's night found, as far as a digest shows it."""

    person: Person
    date: date
    since: datetime  # what is newer than this is news this morning
    lives: tuple[Life, ...]
    drafts: tuple[Draft, ...]  # planned tonight
    older: tuple[Draft, ...]  # drafts of earlier nights that nobody has touched
    questions: tuple[Considered, ...]
    notices: tuple[Notice, ...]
    changes: tuple[Fact, ...]
    errands: tuple[Errand, ...] = ()
    ahead: tuple[Prepared, ...] = ()  # answers made tonight, the likeliest questions first; all of them are shown
    footer: Footer
    model: bool
    recorded: bool = False


class Linked(Value):
    """How a source is shown and where it opens."""

    label: str
    url: str


def compose(night: Night, links: Mapping[str, Linked]) -> Digest:
    """The digest of one morning. `links` has an entry for every source key used."""
    replied = {source_key(answered(draft)) for draft in (*night.drafts, *night.older)}
    asked = {source_key(source) for one in night.questions for source in one.sources}
    open_lives = [life for life in night.lives if life.task.state == "open"]
    shown = [life for life in open_lives if _is_news(life, night.date)]
    waiting = [life for life in open_lives if life not in shown]
    by_draft = {source_key(s): life.task for life in open_lives for s in life.task.sources}
    items = [_task_item(life.task, night, links) for life in shown if not _covered(life.task, replied | asked)]
    again = _drafted(night.older, shown)
    items += [_draft_item(draft, by_draft, night, links) for draft in (*night.drafts, *again)]
    items += [_question_item(one, by_draft, night, links) for one in night.questions]
    items += [_notice_item(notice, night, links) for notice in night.notices]
    items += [_change_item(fact, night, links) for fact in _chosen_changes(night)]
    items += [_errand_item(errand, night, links) for errand in night.errands]
    items += [_answer_item(one, night, links) for one in night.ahead]
    chosen, rest = _filled(sorted(items, key=lambda item: _rank(item, night.date)))
    quiet = [life for life in waiting if _ignored(life, night.date) < IGNORED_DAYS]
    still = [_task_item(life.task, night, links) for life in quiet if not _covered(life.task, replied | asked)]
    unsent = [draft for draft in _drafted(night.older, quiet) if draft not in again]
    still += [_draft_item(draft, by_draft, night, links) for draft in unsent]
    rest += sorted(still, key=lambda item: _rank(item, night.date))
    return Digest(
        person=night.person.key,
        name=night.person.name,
        date=night.date,
        headline=headline(night.date, chosen, [life.task for life in waiting]),
        items=tuple(chosen),
        more=tuple(rest),
        footer=_footer(night, len(waiting) - len(quiet), len(night.older) - len(again) - len(unsent)),
        model=night.model,
        recorded=night.recorded,
    )


def headline(day: date, items: Sequence[Item], waiting: Sequence[Task | Item] = ()) -> str:
    """The verdict: `Tue 24 Nov: 3 need you · 2 drafts · 1 question`; each item counts once."""
    rest = [item for item in items if item.section != "needs_you"]
    counts = [
        (len(items) - len(rest), "needs you", "need you"),
        (sum(item.kind == "draft" for item in rest), "draft", "drafts"),
        (sum(item.kind == "question" for item in rest), "question", "questions"),
    ]
    said = [f"{n} {one if n == 1 else many}" for n, one, many in counts if n]
    if not said:
        said = ["nothing urgent" if items else _still_open(waiting, day) if waiting else "nothing needs you"]
    return f"{day_words(day)}: {' · '.join(said)}"


def _still_open(waiting: Sequence[Task | Item], today: date) -> str:
    overdue = sum(one.due is not None and one.due < today for one in waiting)
    return f"nothing new, {len(waiting)} still open{f', {overdue} overdue' if overdue else ''}"


# --- what is shown --------------------------------------------------------------------------------


def _is_news(life: Life, today: date) -> bool:
    """Not shown before, changed since, its day has come, or it went by: each once."""
    earlier = [day for day in life.shown_on if day < today]
    if not earlier or life.changed_on > max(earlier):
        return True
    due = life.task.due
    return due is not None and max(earlier) <= due <= today


def _ignored(life: Life, today: date) -> int:
    """Working days since it was last shown, today included."""
    last = max((day for day in life.shown_on if day < today), default=today)
    days = (last + timedelta(days=n) for n in range(1, (today - last).days + 1))
    return sum(day.weekday() < 5 for day in days)


def shown_tasks(digest: Digest, lives: Sequence[Life]) -> list[Life]:
    """Lives with this digest's date added to those that stand among its items."""
    ids = {item.id for item in digest.items}
    keys = {source_key(source) for item in digest.items for source in item.sources}
    return [
        life.model_copy(update={"shown_on": (*life.shown_on, digest.date)})
        for life in lives
        if (life.task.id in ids or source_key(life.task.sources[0]) in keys) and digest.date not in life.shown_on
    ]


def _covered(task: Task, keys: set[str]) -> bool:
    """Whether a draft or question already stands for the task."""
    return task.kind != "waiting" and any(source_key(source) in keys for source in task.sources)


def _drafted(older: Sequence[Draft], lives: Sequence[Life]) -> list[Draft]:
    """Those of `older` that answer what one of `lives` asks: a task is not told without the reply that lies ready for it."""
    wanted = {source_key(s) for life in lives if life.task.kind != "waiting" for s in life.task.sources}
    return [draft for draft in older if source_key(answered(draft)) in wanted]


def _chosen_changes(night: Night) -> list[Fact]:
    """News only: reversals first, decisions before mere facts, the newest of each. What is told in several places is told
    once, in the words of the first who said it."""
    rank = {"reversal": 0, "news": 1, "disagreement": 2, "decision": 3}
    news = [fact for fact in night.changes if fact.change and fact.said_at > night.since]
    chosen: list[Fact] = []
    for fact in sorted(news, key=lambda f: (rank[f.change], f.kind != "decision", -f.said_at.timestamp(), f.quote)):
        place = next((n for n, other in enumerate(chosen) if _alike(fact, other)), None)
        if place is None:
            chosen.append(fact)
        elif fact.said_at < chosen[place].said_at and fact.change == chosen[place].change:
            chosen[place] = fact
    return chosen


def _alike(a: Fact, b: Fact) -> bool:
    """The same news: most words and numbers of the shorter one are in the other, or the same day and a word about it."""
    ours, theirs = (_marks(fact.text) for fact in (a, b))
    both = ours & theirs
    same_day = any("-" in mark for mark in both) and any(mark.isalpha() for mark in both)
    return same_day or len(both) >= 0.6 * max(min(len(ours), len(theirs)), 1)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(
    rf"(?:\d{{4}}-(\d\d)-(\d\d)|(\d{{1,2}})\.? ({'|'.join(_MONTHS)})\w*|({'|'.join(_MONTHS)})\w* (\d{{1,2}})\b)"
)


def _marks(text: str) -> set[str]:
    """What tells one piece of news from another: the beginnings of longer words, numbers, and days as "12-14"."""
    told = text.casefold()
    days = {_day(*found) for found in _DAY.findall(told)}
    rest = re.findall(r"[^\W\d_]{4,}|\d+", _DAY.sub(" ", told))
    return days | {mark[:4] if mark.isalpha() else mark for mark in rest}


def _day(month: str, day: str, first: str, named: str, named_first: str, last: str) -> str:
    month = month or str(_MONTHS.index(named or named_first) + 1)
    return f"{int(month)}-{int(day or first or last)}"


def _filled(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """At most twelve, filled in section order, each section within its bound."""
    chosen: list[Item] = []
    rest: list[Item] = []
    for section in SECTIONS:
        of_section = [item for item in items if item.section == section]
        room = min(MOST_OF[section], MOST_ITEMS - len(chosen))
        chosen += of_section[:room]
        rest += of_section[room:]
    return chosen, rest


def _rank(item: Item, today: date) -> tuple[int, int, int, int, str]:
    """By consequence: what is due, then who is blocked, then what must be decided; older before newer."""
    kinds = {"blocked": 0, "decision": 1, "owe": 2, "waiting": 3}
    if item.section == "changed":
        return SECTIONS.index(item.section), 0, 0, 0, ""  # in the order they were chosen
    due = (item.due - today).days if item.due else 30
    kind = kinds.get(item.task_kind or "", 4) + (5 if item.kind == "notice" else 0)
    return (
        SECTIONS.index(item.section),
        due if item.section != "needs_you" else min(due, 1),
        kind,
        -item.age_days,
        item.id,
    )


# --- how it is worded -----------------------------------------------------------------------------


def _section_of(task: Task, today: date) -> Section:
    near = task.due is not None and task.due <= today + timedelta(days=1)
    if task.kind == "waiting":
        return "open"
    if task.kind == "blocked" or near:
        return "needs_you"
    return "open"


def _task_item(task: Task, night: Night, links: Mapping[str, Linked]) -> Item:
    if task.sensitive:
        return _neutral(task, night, links)
    text = task.what.rstrip(" .") if not task.why else f"{task.what.rstrip(' .')}: {task.why.rstrip(' .')}"
    return Item(
        section=_section_of(task, night.date),
        kind="task",
        id=task.id,
        text=clip(text),
        next_step=task.next_step,
        owner=task.owner,
        task_kind=task.kind,
        due=task.due,
        age_days=_age(task.asked_at, night),
        sources=task.sources,
        links=_links(task.sources, links),
        found_by=task.found_by,
    )


def _neutral(task: Task, night: Night, links: Mapping[str, Linked]) -> Item:
    """A sensitive matter is pointed at, never summarised."""
    return Item(
        section="open",
        kind="notice",
        id=task.id,
        text="A personal matter waits for you",
        next_step="Read it yourself; nothing was summarised or drafted",
        owner=task.owner,
        age_days=_age(task.asked_at, night),
        sources=task.sources,
        links=_links(task.sources, links),
        found_by=task.found_by,
    )


def _draft_item(draft: Draft, tasks: Mapping[str, Task], night: Night, links: Mapping[str, Linked]) -> Item:
    sources = (answered(draft),)
    task = next((tasks[source_key(s)] for s in sources if source_key(s) in tasks), None)
    due = task.due if task else None
    to = draft.to[0].name or draft.to[0].address if draft.to else "them"
    slots = SLOT.findall(draft.body)
    fill = f" Fill in: {'; '.join(slots)}" if slots else ""
    flag = " Its answer goes to a different domain than it came from." if draft.foreign_reply_to else ""
    told = f"Reply to {to} is drafted, {_subject(draft.subject)}: “{clip(_first_sentence(draft.body), 110)}”"
    return Item(
        section="drafts",
        kind="draft",
        id=draft_item(draft),
        text=clip(f"{PERSONAL.format(to=to) if task and task.sensitive else told}{flag}"),
        next_step=(f"Check and send.{fill}").strip(),
        owner=night.person.key,
        task_kind=None,
        due=due,
        age_days=_age(draft.asked_at, night),
        sources=task.sources if task else sources,
        links=_links(sources, links),
        found_by="model",
    )


def _question_item(one: Considered, tasks: Mapping[str, Task], night: Night, links: Mapping[str, Linked]) -> Item:
    task = next((tasks[source_key(s)] for s in one.sources if source_key(s) in tasks), None)
    due = task.due if task else None
    near = due is not None and due <= night.date + timedelta(days=1)
    return Item(
        section="needs_you" if near else "drafts",
        kind="question",
        id=question_item(one),
        text=clip(one.question),
        next_step="Only you know: decide, then answer the mail",
        owner=night.person.key,
        task_kind=task.kind if task else None,
        due=due,
        age_days=_age(task.asked_at, night) if task else 0,
        sources=task.sources if task else one.sources,
        links=_links(one.sources, links),
        found_by="model",
    )


def question_item(one: Considered) -> str:
    return f"question-{one.message_id.strip('<>')}"[:200]


def notice_item(notice: Notice) -> str:
    return f"notice-{source_key(notice.source)}"[:200]


def change_item(fact: Fact) -> str:
    return f"change-{sha256(fact.quote.encode()).hexdigest()[:8]}-{source_key(fact.source)}"[:200]


PERSONAL = "A reply to {to} is drafted; it is personal, so nothing of it is shown here."
_NEUTRAL = {
    "phishing": "A mail that says it is from {sender} looks like phishing: nothing in it was followed",
    "sensitive": "A personal mail from {sender}",
    "confidential": "A confidential mail from {sender}",
}
_THEN = {
    "phishing": "Do not answer it; report it to whoever looks after your mail",
    "sensitive": "Read it yourself; nothing was summarised or drafted",
    "confidential": "Read it yourself; nothing was summarised or drafted",
}


def _notice_item(notice: Notice, night: Night, links: Mapping[str, Linked]) -> Item:
    # A phishing mail gets no live link: opening it is what it wants.
    shown = () if notice.kind == "phishing" else _links((notice.source,), links)
    return Item(
        section="open",
        kind="notice",
        id=notice_item(notice),
        text=clip(_NEUTRAL[notice.kind].format(sender=notice.sender or "an unknown sender")),
        next_step=_THEN[notice.kind],
        owner=night.person.key,
        age_days=_age(notice.at, night),
        sources=(notice.source,),
        links=shown,
        found_by="rules",
    )


def _change_item(fact: Fact, night: Night, links: Mapping[str, Linked]) -> Item:
    lead = {"reversal": "Changed: ", "disagreement": "Not decided: "}.get(fact.change, "")
    return Item(
        section="changed",
        kind="change",
        id=change_item(fact),
        text=clip(f"{lead}{fact.text}"),
        owner=night.person.key,
        age_days=_age(fact.said_at, night),
        sources=(fact.source,),
        links=_links((fact.source,), links),
        found_by=fact.found_by,
    )


def _errand_item(errand: Errand, night: Night, links: Mapping[str, Linked]) -> Item:
    return Item(
        section="errands",
        kind="errand",
        id=f"errand-{errand.id}",
        text=clip(f"“{clip(errand.words, 80)}”: {errand.result}"),
        next_step="Read the whole of it in the thread",
        owner=night.person.key,
        age_days=_age(errand.asked_at, night),
        sources=(errand.source,),
        links=_links((errand.source,), links),
        found_by=errand.found_by,
    )


def ahead_item(one: Prepared) -> str:
    return f"answer-{sha256(f'{one.scope} {one.question}'.encode()).hexdigest()[:16]}"


def _answer_item(one: Prepared, night: Night, links: Mapping[str, Linked]) -> Item:
    first = without_numbers(one.answer).splitlines()[0]
    return Item(
        section="answers",
        kind="answer",
        id=ahead_item(one),
        text=clip(f"“{clip(one.question, 90)}” {first}"),
        owner=night.person.key,
        sources=tuple(dict.fromkeys((*one.citations, *one.rests))),  # it falls with any of them
        links=_links(one.citations, links),
        found_by="model",
    )


def answered(draft: Draft) -> Source:
    """The mail that a draft answers."""
    return MailSource(account=draft.account, message_id=draft.in_reply_to)


def _subject(subject: str) -> str:
    bare = subject.removeprefix("Re: ").strip()
    return f"“{clip(bare, 50)}”" if bare else "without a subject"


def _first_sentence(body: str) -> str:
    """The first sentence after the greeting: the answer itself."""
    paragraphs = [line.strip() for line in body.splitlines() if line.strip()]
    greeted = len(paragraphs) > 1 and len(paragraphs[0]) < 40 and paragraphs[0].endswith((",", "!", ":", "-", "–"))
    return paragraphs[1 if greeted else 0] if paragraphs else ""


def _links(sources: Sequence[Source], links: Mapping[str, Linked]) -> tuple[ItemLink, ...]:
    known = [links[source_key(source)] for source in sources if source_key(source) in links]
    return tuple(ItemLink(label=one.label, url=one.url) for one in known[:3])


def _age(at: datetime, night: Night) -> int:
    """Whole days between the local date of `at` and the morning's."""
    return max((night.date - at.astimezone(ZoneInfo(night.person.zone)).date()).days, 0)


def _footer(night: Night, still_open: int, untold: int) -> Footer:
    notes = list(night.footer.notes)
    if still_open:
        notes.append(f"still open ({still_open})")
    if untold:
        notes.append(f"{untold} older draft{'s' if untold > 1 else ''} untouched")
    return night.footer.model_copy(update={"notes": tuple(notes)})

"""Errands: somebody hands a job to the night, in a thread; the result stands in that thread and in their digest.

propose: a card says what was understood and when it will be done -> run, by night or when "Start now" is pressed: search and
read under the audience of where it was asked -> the result, once. Taken back at any moment by "Discard work".
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from hashlib import sha256
from typing import Any

from bot import asking, audience, gathering, hours, passages, posting, workspace
from bot.audience import Place
from bot.desk import Desk
from bot.slack import answers
from bot.slack.answers import Shown
from bot.slack.interactions import Pressed, Submitted
from bot.store import errands, memory, messages, outbox, people, queue, replies, runs
from bot.store.db import Tx
from bot.store.errands import Errand, Task
from bot.store.outbox import Post, Rest
from graphs import errand as working
from graphs.citing import Passage
from graphs.digest_value import ItemLink, clip, day_words
from graphs.domain import Answer, Message, Quoted, SlackSource, Source
from graphs.errors import Denied, Later, Unsure
from graphs.life import source_key

Think = Callable[..., dict[str, Any]]
"""`thinking.think`: runs a graph to its end, from where an earlier worker left it."""

LISTED = 6
"""Messages listed at once where there is no model that could work at night."""

LONGEST = 1_000  # characters of an errand

NOT_THEIRS = "Only the person who asked for it can change this errand. Nothing was changed."
UNKNOWN = "This errand is no longer known."
BEGUN = "This errand does not wait any more, so its words stay as they were."

STATES = {
    "waiting": "I do it in the night that ends on {day}, and answer here.",
    "running": "I am working on it.",
    "done": "Done: the result stands below.",
    "failed": "I could not do it: you are no longer in this conversation.",
    "discarded": "Discarded. Nothing more happens.",
}


# --- handing over ---------------------------------------------------------------------------------


def errand_id(channel: str, ts: str, by: str = "") -> str:
    """Derived from the message that asked: one errand for each. `by`: who handed over what somebody else wrote."""
    return sha256(f"{channel}/{ts}/{by}".encode()).hexdigest()[:16]


def _id(here: Place, message: Message) -> str:
    assert isinstance(message.source, SlackSource)
    me = here.asker.person.key
    return errand_id(message.source.channel, message.source.ts, "" if message.author.key == me else me)


def propose(desk: Desk, here: Place, message: Message, words: str) -> None:
    """Keeps an errand and shows its card in the thread. `words` are the asker's own: others' text starts nothing."""
    assert isinstance(message.source, SlackSource)
    channel, ts = message.source.channel, message.source.ts
    scope = _scope(desk, here)
    if desk.sleep_model is None:
        _only_listed(desk, here, message, words, scope)
        return
    night = _next_night(desk, here)
    task = Task(words=clip(words, LONGEST), asked=ts, revision=message.revision)
    made = Errand(
        _id(here, message), scope, here.asker.id, channel, message.thread, task, "waiting", night, None, desk.now()
    )
    with desk.store.as_scope(scope) as tx:
        errands.put(tx, made)
        held = errands.get(tx, made.id)
        assert held is not None
        outbox.want(tx, scope, _card(desk, held))
    _deliver(desk, scope, _card(desk, held).key)


def _only_listed(desk: Desk, here: Place, message: Message, words: str, scope: int) -> None:
    """Without a model nobody can work on it: what a search finds is listed, and nothing is promised."""
    assert isinstance(message.source, SlackSource)
    found = [one.message for one in asking.recall(here, words, LISTED + 2, desk.now())]
    sources = [m.source for m in found if m.source != message.source][:LISTED]
    links = passages.links(desk, here, sources)
    lines = [
        "Errands need a model that works at night, and none is set up: I promise nothing.",
        "What a search finds now:" if links else "A search finds nothing about it either.",
    ]
    key = f"errand/{_id(here, message)}/card"
    said = answers.card(lines, links, waits=False)
    rests = tuple(Rest(source, None) for source in (message.source, *sources))
    post = Post(key, message.source.channel, answers.said(" ".join(lines)), tuple(said), message.thread, rests=rests)
    with desk.store.as_scope(scope) as tx:
        outbox.want(tx, scope, post)
    _deliver(desk, scope, key)


def _scope(desk: Desk, here: Place) -> int:
    """Where an errand lives: with the channel, or in a DM with its person."""
    if here.scope is not None:
        return here.scope
    with desk.store.directory() as tx:
        return people.desk_of(tx, here.asker.person.key)


def _next_night(desk: Desk, here: Place) -> date:
    """The date of the next night of the asker, or today where they have no working day."""
    with desk.store.directory() as tx:
        wanted = people.preferences(tx, here.asker.id)
    zone = hours.zone_of(wanted.zone, here.asker.zone, desk.zone)
    found = hours.next_morning(wanted, zone, desk.now())
    return found.date if found is not None else desk.now().astimezone(zone).date()


def _card(desk: Desk, errand: Errand) -> Post:
    """What was understood, how it will be done, and when."""
    lines = [
        f"An errand for the night: “{clip(errand.task.words, 300)}”",
        "I search what everybody who reads this conversation may read, read the threads that bear on it, and state what "
        f"I find with its sources. At most {working.MOST_STEPS} steps, paid from your night, which has "
        f"{desk.cap_person_night:.2f} {desk.currency} at most; I change nothing.",
        STATES[errand.state].format(day=day_words(errand.night)),
    ]
    said = answers.card(lines, (), waits=errand.state == "waiting", runs=errand.state == "running")
    text = answers.said(f"An errand for the night: {clip(errand.task.words, 200)}")
    return Post(
        f"errand/{errand.id}/card", errand.channel, text, tuple(said), errand.thread_ts, rests=(_asking(errand),)
    )


def _asking(errand: Errand) -> Rest:
    return Rest(_asked(errand), errand.task.revision or None)


# --- doing it -------------------------------------------------------------------------------------


def due(desk: Desk, person: int, night: date) -> list[tuple[int, str]]:
    """(scope, id) of what a person's night has to do, oldest first."""
    with desk.store.directory() as tx:
        return errands.due(tx, person, night)


def run_due(desk: Desk, person: int, night: date, think: Think) -> None:
    """Does what was handed to a person's night. One that has to wait for something goes on in its own job."""
    for scope, errand in due(desk, person, night):
        try:
            run(desk, scope, errand, think)
        except Later:
            with desk.store.directory() as tx:
                queue.defer(tx, job(scope, errand))


def job(scope: int, errand: str) -> queue.Job:
    """The job that does one errand."""
    args: dict[str, queue.Argument] = {"scope": scope, "errand": errand}
    return queue.Job("errand", queue.SLEEP, args, lock=f"errand/{errand}", once=f"errand/{errand}")


@dataclass(frozen=True)
class _Work:
    """One errand while somebody works on it, with the rights of where it was asked."""

    desk: Desk
    errand: Errand
    here: Place
    run: runs.Run
    read: dict[str, int] = field(default_factory=dict)  # revisions of what was read, by source key

    def begin(self) -> AbstractContextManager[Tx]:
        assert self.here.begin is not None
        return self.here.begin()

    def own(self) -> AbstractContextManager[Tx]:
        return self.desk.store.as_scope(self.errand.scope)


def run(desk: Desk, scope: int, errand: str, think: Think) -> None:
    """Does one errand and states its result in its thread, once. Whoever comes later finds it done."""
    own = partial(desk.store.as_scope, scope)
    with own() as tx:
        held = errands.get(tx, errand)
        if held is None or held.state not in ("waiting", "running"):
            return
    here = _place(desk, held)
    if here is None or here.begin is None:
        _settle(desk, held, ("waiting", "running"), "failed")
        return
    with own() as tx:
        if not errands.move(tx, errand, ("waiting", "running"), "running"):
            return
        held = errands.get(tx, errand) or held  # its words could be changed until now
        taken = runs.take(tx, f"errand/{errand}", scope)
    with desk.store.directory() as tx:
        rights = audience.rights(tx, here)
    work = _Work(desk, held, here, taken)
    found = _found(work, think)
    with desk.store.directory() as tx:
        audience.check_rights(tx, here, rights)
    if found is not None:
        _finish(work, found)


def _place(desk: Desk, held: Errand) -> Place | None:
    """The rights as they are now: None for who has left."""
    with desk.store.directory() as tx:
        asker = next((one for one in people.everybody(tx) if one.id == held.person), None)
    return None if asker is None or asker.slack_id is None else audience.in_slack(desk, asker.slack_id, held.channel)


def _found(work: _Work, think: Think) -> Answer | None:
    """What the graph found; None when the errand was taken back meanwhile."""
    desk, held, here = work.desk, work.errand, work.here
    with desk.store.directory() as tx:
        mine = people.desk_of(tx, here.asker.person.key)
    thinker = desk.thinker(partial(desk.store.as_person, here.asker.id), mine, held.night)
    if thinker is None:
        return Answer(text="No model is set up that could work on it.", served="rules")
    with work.begin() as tx:
        thread = replies.thread(tx, here.room, held.thread_ts)
    with desk.store.directory() as tx:
        names = people.by_key(people.everybody(tx))
    context = working.Context(
        thinker=thinker,
        task=Quoted(text=held.task.words),
        asker=here.asker.person.name,
        thread=[m for m in thread if m.source != _asked(held)],
        people=names,
        search=partial(_search, work),
        conversation=partial(_conversation, work),
        passages=partial(_passages, work),
        wanted=partial(_is_wanted, work),
        now=desk.now(),
        zone=here.asker.zone or desk.zone or "UTC",
    )
    pending = working.Asked(id=held.id, wording=sha256(held.task.words.encode()).hexdigest()[:16])
    state = think(desk, work.run, working.build(), {"pending": pending}, context)
    answer = state.get("answer")
    return answer if isinstance(answer, Answer) else None


def _asked(held: Errand) -> SlackSource:
    return SlackSource(channel=held.channel, ts=held.task.asked)


def _search(work: _Work, words: str, most: int) -> Sequence[Source]:
    found = asking.recall(work.here, words, most + asking.QUESTIONS, work.desk.now())
    return _sources(work, [one.message for one in found])[:most]


def _conversation(work: _Work, source: Source, most: int) -> Sequence[Source]:
    """What stands around a message: the newest of its thread, and what was said after it."""
    with work.begin() as tx:
        message = messages.by_sources(tx, [source]).get(source_key(source))
        near = [] if message is None else messages.nearby(tx, message.id, most, work.desk.now())
    return _sources(work, near)


def _sources(work: _Work, found: Sequence[Message]) -> list[Source]:
    """What can carry a statement: not the errand itself, and nothing else that we were asked or said."""
    with work.desk.store.directory() as tx:
        held = workspace.us(tx)
    us = "" if held is None else held.bot_user
    told = [one for one in found if not asking.is_between_us(one, us)]
    return [one.source for one in told if one.source != _asked(work.errand)]


def _passages(work: _Work, sources: Sequence[Source]) -> Sequence[Passage]:
    with work.begin() as tx:
        found = messages.by_sources(tx, sources)
        noted = memory.noted_in(tx, [message.id for message in found.values()], work.desk.now())
    with work.desk.store.directory() as tx:
        places = {p.key: p for p in people.places(tx).values()}
        directory = people.everybody(tx)
    company = cache(lambda: work.desk.company(directory))
    telling = passages.Telling(places, people.by_key(directory), company, work.errand.task.words, by_night=True)
    work.read.update({key: message.revision for key, message in found.items() if key not in work.read})
    standing = [found[key] for source in sources if (key := source_key(source)) in found]
    told = ((message, telling.source(message)) for message in standing)
    return [gathering.with_notes(one, noted.get(message.id, ())) for message, one in told if one is not None]


def _is_wanted(work: _Work) -> bool:
    with work.own() as tx:
        held = errands.get(tx, work.errand.id)
    return held is not None and held.state == "running"


def _finish(work: _Work, found: Answer) -> None:
    """The result and its message are one commit: both, or neither and the errand is still to be done. Of one that waited, a
    database that was put back does not know that it was done."""
    held, scope = work.errand, work.errand.scope
    shown = Shown(f"{_headed(held)}\n{found.text}", _links(work, found), note=_note(found), rated=True)
    _passages(work, found.citations)  # those that a worker before this one has read
    rests = (_asking(held), *(Rest(one, work.read.get(source_key(one))) for one in found.citations))
    said = tuple(answers.blocks(shown))
    post = Post(f"errand/{held.id}", held.channel, answers.fallback(shown), said, held.thread_ts, rests=rests)
    with work.own() as tx:
        runs.hold(tx, work.run)
        if errands.move(tx, held.id, ("running",), "done"):
            if outbox.want(tx, scope, post):
                errands.move(tx, held.id, ("done",), "done", result=found)
            posting.doubt(tx, post.key, held.at, work.desk.now())
            _show(work.desk, tx, held.id)
        runs.end(tx, work.run, {"citations": len(found.citations)})
    _deliver(work.desk, scope, post.key)


def _links(work: _Work, found: Answer) -> tuple[ItemLink, ...]:
    """The sources, each with the number that the statements give it."""
    return tuple(
        link.model_copy(update={"label": f"[{n}] {link.label}"})
        for n, source in enumerate(found.citations, 1)
        for link in passages.links(work.desk, work.here, [source])
    )


def _headed(held: Errand) -> str:
    return f"“{clip(held.task.words, 120)}”"


def _note(found: Answer) -> str:
    return "not stated by a model: look there" if found.served == "rules" else ""


# --- taking it back, and the buttons ----------------------------------------------------------------


def start(desk: Desk, scope: int, errand: str) -> None:
    """Does not wait for the night."""
    with desk.store.as_scope(scope) as tx:
        held = errands.get(tx, errand)
        if held is not None and held.state == "waiting":
            queue.defer(tx, job(scope, errand))
            errands.move(tx, errand, ("waiting",), "running")
            _show(desk, tx, errand)


def discard(desk: Desk, scope: int, errand: str) -> None:
    """At once, also while somebody works on it: what they find is not said."""
    with desk.store.as_scope(scope) as tx:
        held = errands.get(tx, errand)
    if held is not None:
        _settle(desk, held, ("waiting", "running"), "discarded")


def withdraw(desk: Desk, scopes: Sequence[int], channel: str, ts: str) -> None:
    """The message that asked was deleted: nothing more happens."""
    for scope in scopes:
        discard(desk, scope, errand_id(channel, ts))


def _settle(desk: Desk, held: Errand, before: Sequence[str], to: str) -> None:
    with desk.store.as_scope(held.scope) as tx:
        if errands.move(tx, held.id, before, to):
            _show(desk, tx, held.id)


def _show(desk: Desk, tx: Tx, errand: str) -> None:
    """The card as it should stand now."""
    held = errands.get(tx, errand)
    assert held is not None
    outbox.want(tx, held.scope, _card(desk, held))


def pressed(desk: Desk, person: people.Known, at: outbox.Posted, press: Pressed) -> str:
    """A press on a card by somebody who reads it. Returns what to tell them alone; '' when the card says it."""
    with desk.store.as_scope(at.scope) as tx:
        held = errands.get(tx, at.post.key.split("/")[1])
    if held is None:
        return UNKNOWN
    if held.person != person.id:
        return NOT_THEIRS
    if press.action == answers.START:
        start(desk, held.scope, held.id)
    elif press.action == answers.DISCARD:
        discard(desk, held.scope, held.id)
    elif press.action == answers.EDIT and held.state != "waiting":
        return BEGUN
    elif press.action == answers.EDIT:
        _ask_for_words(desk, held, press)
    return ""


def _ask_for_words(desk: Desk, held: Errand, press: Pressed) -> None:
    desk.check_running()
    view = answers.words_modal(f"{press.channel}/{press.ts}", held.task.words, LONGEST)
    # Too late for a modal, or perhaps it opened: either way they press again if they see nothing.
    with suppress(Denied, Unsure):
        desk.require_slack().call("views.open", trigger_id=press.trigger, view=view)


def reworded(desk: Desk, person: people.Known, form: Submitted) -> str:
    """Other words from the card's modal. Who may is asked again from where the card stands, for the modal may have been open
    for days. Returns what to tell them alone; '' when the card says it."""
    channel, _, ts = form.about.partition("/")
    words = clip(form.entered.get(answers.WORDS, ""), LONGEST)
    here = audience.in_slack(desk, person.slack_id or "", channel)
    if here is None or here.begin is None or not words:
        return UNKNOWN
    with here.begin() as tx:
        at = outbox.at(tx, channel, ts)
    if at is None or not at.post.key.startswith("errand/"):
        return UNKNOWN
    with desk.store.as_scope(at.scope) as tx:
        held = errands.get(tx, at.post.key.split("/")[1])
        if held is None:
            return UNKNOWN
        if held.person != person.id:
            return NOT_THEIRS
        if not errands.reword(tx, held.id, held.task.model_copy(update={"words": words, "edited": True})):
            return BEGUN
        _show(desk, tx, held.id)
    return ""


def _deliver(desk: Desk, scope: int, key: str) -> None:
    with suppress(Later):
        posting.deliver(desk, scope, key)

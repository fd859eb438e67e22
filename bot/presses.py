"""What people press, choose, submit and type in Slack: who may, and what changes.

A press is committed before Slack is told that it came; this runs as its job, and may run twice. What it changes is the
store; cards and the Home tab are then made anew from it. Whose desk it is follows from who pressed and from where our
message stands, never from a value in the payload.
"""

from collections.abc import Callable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from bot import cards, choosing, deciding, errands, hints, observe, redraft, slash, tuning
from bot.deciding import Subject
from bot.desk import Desk, begin_owner
from bot.pressing import NO_LONGER, NOT_YOURS, At, Here, here, open_modal, reply, tell, whisper
from bot.slack import answers, blocks, blocks_thread, grants, interactions
from bot.slack.interactions import Command, Interaction, Pressed, Shortcut, Submitted
from bot.slack.limits import Block
from bot.store import desk as kept
from bot.store import inbox, people, prepared, queue
from bot.store.db import Tx
from bot.store.outbox import Rest
from bot.store.prepared import Use
from graphs.digest import ahead_item
from graphs.digest_value import Item, clip, day_words
from graphs.domain import FoundBy, TaskKind
from graphs.errors import Denied, Later, NeedsPerson


def handle(desk: Desk, event: int) -> None:
    """Does what one press asks for, once. Raises `Later` where it may be tried again."""
    with desk.store.directory() as tx:
        payload = inbox.payload(tx, desk.keys.seals, event)
        found = None if payload is None else interactions.read(payload)
        known = None if found is None else people.find(tx, found.user)
    if payload is None:
        return
    if found is None or known is None or not known.person.active or known.person.role not in ("member", "guest"):
        _end(desk, event, "nobody of ours")
        return
    problem = _do(At(desk, event, begin_owner(desk, known.id), desk.now()), found)
    _end(desk, event, problem, known.id)


def _end(desk: Desk, event: int, problem: str, person: int | None = None) -> None:
    """The press is handled; the Home tab and the look for answers follow in jobs of their own."""
    with desk.store.directory() as tx:
        inbox.handled(tx, event, problem)
        if person is not None:
            queue.defer(tx, cards.tab(person))
            cards.look_again(tx, person)
    observe.count("events_handled", kind="press", outcome="ignored" if problem else "done")


def _do(at: At, found: Interaction) -> str:
    """Why nothing was done, in a few words without content; '' when it was."""
    match found:
        case Pressed() if found.action.startswith("home."):
            return tuning.pressed(at, found)
        case Pressed() if found.action.startswith("digest."):
            return _on_digest(at, found)
        case Pressed() if found.action == answers.SHARE:
            return hints.pressed(at, found)
        case Pressed() if found.action.startswith(("answer.", "errand.")):
            choosing.pressed(at.desk, at.event)
            return ""
        case Submitted() if found.callback == answers.WORDS:
            return _reworded(at, found)
        case Submitted() if found.callback == blocks_thread.PICK:
            return _picked(at, found)
        case Shortcut():
            return _shortcut(at, found)
        case Command():
            return slash.handle(at, found)
        case _:
            return "unknown press"


def _reworded(at: At, form: Submitted) -> str:
    with at.desk.store.directory() as tx:
        person = people.find(tx, form.user)
    assert person is not None
    told = errands.reworded(at.desk, person, form)
    if told:
        tell(at, told, [cards.sentence(told)])
    return "not changed" if told else ""


HOW_TO_HAND_OVER = "Write to me here, or mention me where it belongs: “overnight: compare the three offers”."


def _shortcut(at: At, chosen: Shortcut) -> str:
    """From a message's menu. What is answered only the one who chose it sees."""
    with at.desk.store.directory() as tx:
        person = people.find(tx, chosen.user)
    assert person is not None
    match chosen.callback:
        case grants.ADD_TO_MY_LIST:
            said = choosing.add_to_list(at.desk, person, chosen.channel, chosen.ts)
        case grants.HAND_TO_THE_NIGHT:
            said = choosing.tonight(at.desk, person, chosen.channel, chosen.ts)
        case grants.NEW_ERRAND:
            said = HOW_TO_HAND_OVER
        case _:
            return "unknown shortcut"
    if said in (choosing.UNREADABLE, HOW_TO_HAND_OVER):
        tell(at, said, [cards.sentence(said)])  # where it was chosen we may not be
    elif said:
        whisper(at, chosen.channel, said)
    return ""


# --- on a digest, or on a task of the Home tab ----------------------------------------------------


def _on_digest(at: At, press: Pressed) -> str:
    place = None if press.view else here(at, press.channel, press.ts)
    if place is None and press.view != "home":
        whisper(at, press.channel, NOT_YOURS)
        return "not theirs"
    if press.action == blocks.MAILBOX:
        return tuning.pressed(at, press)
    if press.action == blocks.OPEN:
        return ""
    about, rests = _subject(at, press.item, place.day if place else None)
    if about is None:
        if place is not None:
            whisper(at, press.channel, NO_LONGER)
        _show(at, place)
        return "no longer there"
    done = _act(at, press, place, about, rests)
    if done and press.action in (blocks.DISCARD, blocks.REDO, blocks.MORE):
        tuning.file_drafts(at)
    _show(at, place)
    return "" if done else "unknown press"


Rests = tuple[Rest, ...]


def _subject(at: At, item: str, day: date | None) -> tuple[Subject | None, Rests]:
    """What a press is about, and the messages that its words come from, in the revisions they are of."""
    with at.owner.begin() as tx:
        while (about := deciding.subject(tx, at.owner, item, day)) is not None:
            drafted = cards.sources_of(about.draft.draft) if about.draft is not None else []
            rests = cards.rests(tx, [*about.sources, *drafted])
            if deciding.subject(tx, at.owner, item, day) == about:
                return about, rests
    return None, ()


def _act(at: At, press: Pressed, place: Here | None, about: Subject, rests: Rests) -> bool:
    """Does what a button or a menu says; False when it says nothing known."""
    match press.action, press.first:
        case blocks.DONE, _:
            _change(at, lambda tx: deciding.done(tx, at.owner, about, at.now))
        case blocks.SNOOZE, "pick":
            day = deciding.next_working(at.today, at.owner.hours.working_days)
            open_modal(at, press.trigger, blocks_thread.pick_a_day(about.item, about.text, day))
        case blocks.SNOOZE, ("tomorrow" | "monday") as verb:
            until = until_of(verb, at.today, at.owner.hours.working_days)
            _change(at, lambda tx: deciding.snooze(tx, at.owner, about, until, at.now))
        case blocks.MORE, "not_mine":
            _change(at, lambda tx: deciding.not_mine(tx, at.owner, about, at.now))
        case blocks.MORE, "less":
            _change(at, lambda tx: deciding.leave_out(tx, at.owner, about, at.now))
            if place is not None:
                reply(at, place, f"said/{about.item}", LEFT_OUT, blocks_thread.said(LEFT_OUT))
        case blocks.MORE, "why" if place is not None:
            reply(at, place, f"why/{about.item}", "Why this?", _why(at, about), rests)
        case blocks.SHOW, _ if place is not None:
            _show_answer(at, place, about)
        case (blocks.PREVIEW | blocks.DISCARD | blocks.REDO) as action, verb if about.draft is not None:
            return _on_draft(at, place, about, action, verb)
        case _:
            return False
    return True


LEFT_OUT = "Nothing from this thread will come again. On the Home tab, under “Left out”, you can take that back."


def until_of(verb: str, today: date, working: tuple[int, ...]) -> date:
    """The morning on which a snoozed item comes back: digests come on working days only."""
    if verb == "monday":
        monday = deciding.next_monday(today)
        return monday if 0 in working else deciding.next_working(monday, working)
    return deciding.next_working(today, working)


def _change(at: At, change: Callable[[Tx], object]) -> None:
    with at.owner.begin() as tx:
        change(tx)


def _show(at: At, place: Here | None) -> None:
    """The card that was pressed on, and those of the last mornings."""
    with at.owner.begin() as tx:
        days = cards.recent(tx, at.owner, at.today)
    cards.refresh(at.desk, at.owner, [*([place.day] if place else []), *days], at.owner.hours)


def _picked(at: At, form: Submitted) -> str:
    """The day from the modal. What it is about was written into it by us, and is looked up on the presser's own desk."""
    try:
        day = date.fromisoformat(form.entered.get(blocks_thread.DAY, ""))
    except ValueError:
        return "no day"
    with at.owner.begin() as tx:
        about = deciding.subject(tx, at.owner, form.about, None)
    if about is None:
        return "no longer there"
    if day <= at.today:
        said = f"{day_words(day, at.today)} is not to come any more, so nothing was put off. Pick a later day."
        tell(at, "Pick a later day", [said])
        return "a day gone by"
    _change(at, lambda tx: deciding.snooze(tx, at.owner, about, day, at.now))
    _show(at, None)
    return ""


# --- on a draft -----------------------------------------------------------------------------------


def _on_draft(at: At, place: Here | None, about: Subject, action: str, verb: str) -> bool:
    if place is None:
        return False
    if action == blocks.DISCARD:
        _change(at, lambda tx: deciding.discard(tx, at.owner, about))
    elif action == blocks.REDO:
        if verb not in blocks.REDOS or about.draft is None:
            return False
        label = blocks.REDOS[verb].lower()
        _preview(at, place, about.item, f"Writing it again: {label}. This takes a moment.")
        _preview(at, place, about.item, _rewritten(at, place, about.item, about.draft, verb))
    else:
        _preview(at, place, about.item, "")
    return True


def _rewritten(at: At, place: Here, item: str, draft: kept.DraftRow, verb: str) -> str:
    """What came of a wish. Also when it may be tried again its owner sees meanwhile why, and that the draft stands."""
    try:
        return redraft.rewrite(at.desk, at.owner, draft, verb, at.now)
    except Later as err:
        _preview(at, place, item, f"{redraft.failed(str(err))} It is tried again.")
        raise
    except (NeedsPerson, Denied) as err:
        return redraft.failed(str(err))


def _preview(at: At, place: Here, item: str, first: str) -> None:
    """The whole draft in the thread, as it is now, below a line of ours if there is one."""
    about, rests = _subject(at, item, place.day)
    row = about.draft if about is not None else None
    if row is None:
        return
    with at.owner.begin() as tx:
        [told] = cards.told(tx, at.owner, [row])
    [shown] = cards.shown_drafts(at.desk, at.owner, [told])
    lead = blocks_thread.said(cards.sentence(first)) if first else []
    reply(at, place, f"preview/{item}", shown.title, [*lead, *blocks_thread.preview(shown)], rests)


# --- an answer made ahead ---------------------------------------------------------------------------

STALE = "What this answer rests on has changed since, so it is not shown. Ask me, and I look it up as it is now."


def _show_answer(at: At, place: Here, about: Subject) -> None:
    """Word for word, for the very question that was clicked; not when anything it rests on has changed."""
    with at.owner.begin() as tx:
        found = prepared.sound_of(tx, people.readable(tx), at.now)
        one = next((one for one in found if ahead_item(one) == about.item), None)
        rests = () if one is None else cards.rests(tx, one.citations)
        if one is not None:
            prepared.put_use(tx, at.owner.scope, one.id, at.now.date(), Use(offered=1, cited=1))
    if one is None:
        reply(at, place, f"answer/{about.item}", STALE, blocks_thread.said(STALE))
        return
    made = one.at.astimezone(ZoneInfo(at.owner.person.zone))
    when = f"Prepared {day_words(made.date())}, {made:%H:%M}"
    shown = blocks_thread.answer(one.question, one.answer, when, cards.cited(at.desk, at.owner, one.citations))
    reply(at, place, f"answer/{about.item}", clip(one.question, 150), shown, rests)


# --- why ------------------------------------------------------------------------------------------

_WHY: Mapping[TaskKind, str] = {
    "owe": "You were asked or you promised it, and I see no answer of yours.",
    "waiting": "You asked for it, and I see no answer.",
    "blocked": "Somebody cannot go on without you.",
    "decision": "It waits for your decision.",
}
_WHY_KIND = {
    "notice": "Mail of this kind gets one neutral line; nobody summarises or answers it for you.",
    "change": "It was said in a channel you are in, and it changes what held before.",
    "question": "A reply is owed, and it needs something that only you know.",
    "draft": "A reply is owed, and what you may say is known.",
    "errand": "You handed it to the night.",
    "answer": "It is likely to be asked, so the answer was looked up ahead.",
}


_FOUND: Mapping[FoundBy, str] = {
    "model": "A model found it.",
    "rules": "Rules found it, without a model.",
    "owner": "You put it on your list.",
}


def _why(at: At, about: Subject) -> list[Block]:
    item = about.shown
    lines = [_reason(item)] if item else []
    if about.draft is not None and about.draft.draft.receipt.why:
        lines.append(about.draft.draft.receipt.why)
    if item is not None:
        lines.append(_FOUND[item.found_by])
    return blocks_thread.reasons(about.text, lines, cards.cited(at.desk, at.owner, about.sources))


def _reason(item: Item) -> str:
    if item.kind in _WHY_KIND:
        return _WHY_KIND[item.kind]
    return _WHY[item.task_kind] if item.task_kind else "It is still open."

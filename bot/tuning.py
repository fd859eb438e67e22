"""Presses on the Home tab that change how a person's desk works: hours, drafts, mailboxes, pause, a night at once."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from bot import cards, deciding, draftroom, forgetting, hometab, hours, learning, morning, nightfall, posting
from bot.pressing import At, Here, open_modal, reply, tell, update_modal
from bot.slack import blocks, blocks_home, blocks_learned, blocks_thread
from bot.slack.interactions import Pressed
from bot.store import accounts, mornings, outbox, people, queue
from bot.store.outbox import Post
from graphs.digest_value import day_words

PAUSED = "You are paused: resume first, then a night can run."
AGAIN = "Your night runs again. What it finds is put into this digest."
RUNNING = "{day}: your night runs now. Its digest will stand here within ten minutes."


def pressed(at: At, press: Pressed) -> str:
    """Does it; returns why not, or ''."""
    changes = _changes(press)
    if changes is not None:
        _change(at, changes)
        return ""
    match press.action:
        case blocks_home.FIRST_NIGHT:
            run_a_night(at)
        case blocks_home.RECONNECT | blocks_home.DISCONNECT:
            return _mailbox(at, press)
        case blocks_home.RESTORE:
            with at.owner.begin() as tx:
                deciding.take_back(tx, at.owner, press.first)
        case blocks_home.LEARNED | blocks_learned.UNDO | blocks_learned.REDO | blocks_learned.NEVER:
            return _learned(at, press)
        case blocks_home.USED if press.first == "off":
            forgetting.leave_out(at.desk, at.owner.id)
        case blocks_home.USED if press.first == "on":
            forgetting.use_again(at.desk, at.owner.id)
        case blocks_home.CARD:
            pass  # Slack opened it
        case _:
            return "unknown press"
    return ""


def _changes(press: Pressed) -> dict[str, Any] | None:
    """The settings that a press changes; None when it changes none, or names what is not offered."""
    match press.action, press.first:
        case blocks_home.NIGHT_AT, chosen if chosen:
            return {"night_at": chosen}
        case blocks_home.WAKES_AT, chosen if chosen:
            return {"wakes_at": chosen}
        case blocks_home.DAYS, _:
            return {
                "working_days": tuple(sorted(int(day) for day in press.chosen if day in "0123456" and len(day) == 1))
            }
        case blocks_home.ZONE, blocks_home.AS_SLACK:
            return {"zone": None}
        case blocks_home.ZONE, chosen if hours.is_zone(chosen):
            return {"zone": chosen}
        case blocks_home.LEVEL, chosen if chosen in blocks_home.LEVELS:
            return {"level": chosen}
        case blocks_home.SHADOW, chosen:
            return {"shadow": chosen == "on"}
        case blocks.MAILBOX, _:
            return {"shadow": False}
        case blocks_home.PAUSE, chosen:
            return {"paused": chosen == "on"}
        case _:
            return None


def _change(at: At, changes: dict[str, Any]) -> None:
    with at.desk.store.directory() as tx:
        chosen = people.change_preferences(tx, at.owner.id, changes)
    if changes.get("shadow") is False:
        file_drafts(at)
    with at.owner.begin() as tx:
        days = cards.recent(tx, at.owner, at.today)
    cards.refresh(at.desk, at.owner, days, chosen)


def file_drafts(at: At) -> None:
    """What was decided about drafts reaches the mailboxes at once, and not only in the next night."""
    boxes = _boxes(at)
    with at.desk.store.directory() as tx:
        for box in boxes:
            queue.defer(tx, draftroom.filing(box.scope))


def _boxes(at: At) -> list[mornings.Mailbox]:
    with at.owner.begin() as tx:
        return mornings.mailboxes(tx, at.owner.id)


def _mailbox(at: At, press: Pressed) -> str:
    """Only the presser's own: the scope in an action id is a name, no right."""
    box = next((one for one in _boxes(at) if str(one.scope) == press.item), None)
    if box is None:
        return "no mailbox of theirs"
    if press.action == blocks_home.RECONNECT:
        open_modal(at, press.trigger, blocks_thread.connect_modal(hometab.reconnect_lines(box)))
        return ""
    with at.desk.store.as_scope(box.scope) as tx:
        accounts.disconnect(tx)
    return ""


def _learned(at: At, press: Pressed) -> str:
    """Takes back what was learned, or puts it back, and shows the page on which that was pressed."""
    told = ""
    if press.action != blocks_home.LEARNED:
        told = learning.pressed(at.desk, at.owner, press.action, press.item)
    skip = min(int(press.first), 10_000) if press.first.isdecimal() else 0
    if press.view == blocks_learned.ALL:
        view = learning.page(at.desk, at.owner, skip, told)
        update_modal(at, press.view_id, view)
    elif press.action == blocks_home.LEARNED:
        open_modal(at, press.trigger, learning.page(at.desk, at.owner, skip, ""))
    elif told:
        tell(at, told, [cards.sentence(told)])
    return "not changed" if told else ""


def run_a_night(at: At) -> None:
    """A night at once, whatever the hour; its digest takes the place of the line that announces it."""
    if at.owner.hours.paused:
        tell(at, PAUSED, [PAUSED])
        return
    key, text = cards.key_of(at.owner.person.key, at.today), RUNNING.format(day=day_words(at.today))
    zone = ZoneInfo(at.owner.person.zone)
    with at.owner.begin() as tx:
        standing = outbox.get(tx, key)
    if standing is not None and standing.ts:
        reply(
            at, Here(at.today, key, standing.post.channel, standing.ts), "said/night", AGAIN, blocks_thread.said(AGAIN)
        )
    elif standing is None:
        with at.desk.store.directory() as tx:
            side = people.slack_side(tx, at.owner.id)
        channel = side.dm or morning.open_dm(at.desk, at.owner.id, side.user)
        with at.owner.begin() as tx:
            outbox.want(tx, at.owner.scope, Post(key, channel, text, tuple(blocks_thread.said(cards.sentence(text)))))
            posting.doubt(tx, key, hours.instant(at.today, at.owner.hours.wakes_at, zone), at.now)
    owed = replace(hours.morning(at.owner.hours, zone, at.today), begins=at.now, wakes=at.now)
    asked = nightfall.Beginning(at.owner.id, owed, "", asked=True)
    if not nightfall.begin(at.desk, [asked], at.now):
        places = nightfall.places_of(at.desk, at.owner.id)
        with at.desk.store.directory() as tx:
            nightfall.defer(tx, places, at.owner.id, at.today, at.now, asked.until(at.now))

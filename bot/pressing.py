"""What every press has: who pressed, when, and where our message stands; and how somebody is told something in return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot import cards, morning
from bot.desk import Desk, Owner
from bot.slack import blocks_thread
from bot.slack.limits import Block
from bot.store import outbox, people
from bot.store.outbox import Post, Rest
from graphs.errors import Denied, Later, Unsure

NOT_YOURS = "These buttons belong to the person whose morning this is. Nothing was changed."
IN_A_SECTION = 8
"""Lines that Slack takes in one block, however long they are."""
NO_LONGER = "That is no longer there, so nothing was changed."


@dataclass(frozen=True)
class At:
    """One press with all that handling it needs."""

    desk: Desk
    event: int
    owner: Owner  # who pressed
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.owner.person.zone)).date()


@dataclass(frozen=True)
class Here:
    """A message of a digest of the presser's own: the morning it belongs to, and the thread for replies."""

    day: date
    key: str
    channel: str
    thread_ts: str


def here(at: At, channel: str, ts: str) -> Here | None:
    """Where the press happened; None on a message that is not part of the presser's own digests.

    Raises `Later` while a message of theirs stands in Slack and is not yet known to.
    """
    with at.owner.begin() as tx:
        found = outbox.at(tx, channel, ts)
        waiting = found is None and any(row["scope_id"] == at.owner.scope for row in outbox.pending(tx))
    with at.desk.store.directory() as tx:
        own = people.slack_side(tx, at.owner.id).dm == channel
    if found is None and waiting and own:
        raise Later("The message that was pressed on is still being delivered.", 5)
    if found is None or found.scope != at.owner.scope:
        return None
    day = cards.date_of(found.post.key, at.owner.person.key)
    thread = found.post.thread_ts or found.ts
    return None if day is None else Here(day, cards.key_of(at.owner.person.key, day), channel, thread)


def whisper(at: At, channel: str, text: str) -> None:
    """Tells the presser alone, where they pressed."""
    with at.desk.store.directory() as tx:
        user = people.slack_side(tx, at.owner.id).user
    shown = tuple(blocks_thread.said(cards.sentence(text)))
    with at.owner.begin() as tx:
        outbox.want(tx, at.owner.scope, Post(f"press/{at.event}", channel, text, shown, reader=user))


def reply(at: At, place: Here, name: str, text: str, shown: list[Block], rests: tuple[Rest, ...] = ()) -> None:
    """A reply in the digest's thread. The same name again is an edit of the same reply."""
    post = Post(f"{place.key}/{name}", place.channel, text, tuple(shown), place.thread_ts, rests=rests)
    with at.owner.begin() as tx:
        outbox.want(tx, at.owner.scope, post)


def tell(at: At, text: str, lines: Sequence[str], rests: tuple[Rest, ...] = ()) -> None:
    """Tells the presser in our DM with them. The lines are fit for mrkdwn."""
    with at.desk.store.directory() as tx:
        side = people.slack_side(tx, at.owner.id)
    channel = side.dm or morning.open_dm(at.desk, at.owner.id, side.user)
    with at.owner.begin() as tx:
        shown = [
            block
            for n in range(0, len(lines), IN_A_SECTION)
            for block in blocks_thread.said(*lines[n : n + IN_A_SECTION])
        ]
        outbox.want(tx, at.owner.scope, Post(f"press/{at.event}", channel, text, tuple(shown), rests=rests))


def open_modal(at: At, trigger: str, view: Block) -> None:
    """Shows a modal, if the press is young enough: a trigger opens one, within three seconds."""
    at.desk.check_running()
    try:
        at.desk.require_slack().call("views.open", trigger_id=trigger, view=view)
    except (Denied, Unsure):
        # Too late, or perhaps it opened: either way the person presses again if they see nothing.
        return


def update_modal(at: At, view_id: str, view: Block) -> None:
    """Shows another page in the modal that was pressed in; nothing when it was closed meanwhile."""
    at.desk.check_running()
    try:
        at.desk.require_slack().call("views.update", view_id=view_id, view=view)
    except (Denied, Unsure):
        return

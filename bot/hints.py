"""What somebody who asked in a channel may read of it, and not everybody there: told to them alone, theirs to share.

Where nothing that all its readers may read answers a question, a job looks again with the asker's own rights once that was
said; nobody else can tell whether it found anything.
"""

from collections.abc import Sequence
from functools import partial

from bot import asking, audience, gathering, live, passages
from bot.audience import Place
from bot.desk import Desk, Owner
from bot.live import Question
from bot.pressing import NO_LONGER, At, whisper
from bot.slack import answers
from bot.slack.answers import Shown
from bot.slack.interactions import Pressed
from bot.store import messages, outbox, people
from bot.store.db import Tx
from bot.store.outbox import Post
from graphs.domain import Message, Source
from graphs.errors import Later

HINT = "hint/"
ONLY_YOU = "Not everybody here may read its source"
SHARED_BY = "Shared by {}. Not everybody here may read its source."


def look(desk: Desk, channel: str, ts: str) -> None:
    """Tells who asked in a channel what they alone may read of it, if there is something, and once."""
    question = live.question_of(desk, channel, ts)
    if question is None or question.here.scope is None or question.wanted.wish != "answer":
        return
    alone = Place(question.here.asker, None, partial(desk.store.as_person, question.here.asker.id))
    with desk.store.directory() as tx:
        scope = people.desk_of(tx, alone.asker.person.key)
    key = f"{HINT}{channel}/{ts}/{question.message.revision}"
    with desk.store.as_scope(scope) as tx:
        is_told = outbox.get(tx, key) is not None
    if is_told or not _speaks_of_it(desk, question, alone):
        return
    used = asking.Used()
    found = asking.answer(desk, alone, question.asked, desk.now(), used)
    asking.note_uses(desk, alone, used, desk.now())
    if found.served == "not_found" or not _beyond(question, alone, found.citations):
        return
    rests = (*question.rests, *used.rests(found.citations))
    shown = Shown(found.text, tuple(passages.links(desk, alone, found.citations)), ONLY_YOU, rated=False, share=True)
    spot, blocks = question.spot, tuple(answers.blocks(shown))
    post = Post(key, channel, answers.fallback(shown), blocks, spot.thread_ts, reader=spot.user, rests=rests)
    with desk.store.as_scope(scope) as tx:
        outbox.want(tx, scope, post)


def _speaks_of_it(desk: Desk, question: Question, alone: Place) -> bool:
    """Whether a message beyond the channel's audience is among the best that the asker's own search finds, and tells of what
    is asked: only then a model is asked a second time."""
    best = [one.message for one in asking.recall(alone, question.asked.wording, gathering.BEST, desk.now())]
    return any(gathering.tells(question.asked.text, one) for one in _closed(question, alone, best))


def _beyond(question: Question, alone: Place, citations: Sequence[Source]) -> bool:
    assert alone.begin is not None
    with alone.begin() as tx:
        cited = messages.by_sources(tx, citations).values()
    return bool(_closed(question, alone, [*cited]))


def _closed(question: Question, alone: Place, found: Sequence[Message]) -> list[Message]:
    """Those of the messages that not everybody may read where the question was asked."""
    assert alone.begin is not None
    with alone.begin() as tx:
        open_ = {held.key for held in people.places(tx).values() if held.id in question.rights}
    return [one for one in found if one.scope not in open_]


# --- sharing it -----------------------------------------------------------------------------------


def pressed(at: At, press: Pressed) -> str:
    """Says in the thread, in the name of who presses, what only they saw. Why nothing was said; '' when it was."""
    here = audience.in_slack(at.desk, press.user, press.channel)
    with at.owner.begin() as tx:
        held = _hint(tx, at.owner, press)
        rests = () if held is None else outbox.rests(tx, held.post.key)
    if held is None or not rests or here is None or here.begin is None:
        whisper(at, press.channel, NO_LONGER)
        return "no longer there"
    key = f"shared/{held.post.key.removeprefix(HINT)}"
    said = tuple(answers.shared(held.post.text, SHARED_BY.format(at.owner.person.name)))
    post = Post(key, held.post.channel, held.post.text, said, held.post.thread_ts, rests=rests)
    with at.owner.begin() as tx:
        outbox.want(tx, at.owner.scope, post)
    return ""


def _hint(tx: Tx, owner: Owner, press: Pressed) -> outbox.Posted | None:
    """The hint that was pressed on, if it is the presser's. Raises `Later` while one of theirs is not yet known to stand."""
    found = outbox.at(tx, press.channel, press.ts)
    if found is None and any(
        row["scope_id"] == owner.scope and row["key"].startswith(HINT) for row in outbox.pending(tx)
    ):
        raise Later("The message that was pressed on is still being delivered.", 5)
    return found if found is not None and found.scope == owner.scope and found.post.key.startswith(HINT) else None

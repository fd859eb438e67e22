"""What somebody chooses to do with a message, or with an answer of ours: shortcuts and buttons."""

from bot import audience, errands, hours, live, receive, workspace
from bot.audience import Place
from bot.desk import Desk
from bot.slack import answers, interactions
from bot.slack.interactions import Pressed
from bot.store import desk as kept
from bot.store import inbox, messages, outbox, people, replies
from bot.store.outbox import Post
from graphs.digest_value import clip
from graphs.domain import Message, SlackSource, Task
from graphs.life import task_id
from graphs.rules.followup import wanted

UNREADABLE = "I cannot read this message: invite me to the conversation first."
OTHERS_WORDS = "Find out what bears on this message, and what answers it."
"""What is to be done with somebody else's message: its words are looked at, never followed."""


def add_to_list(desk: Desk, person: people.Known, channel: str, ts: str) -> str:
    """Makes a message a task of whoever chose "Add to my list"; what to tell them alone."""
    found = _chosen(desk, person, channel, ts)
    if found is None:
        return UNREADABLE
    here, message = found
    today = desk.now().astimezone(hours.zone_of(person.zone, desk.zone)).date()
    task = Task(
        id=task_id(person.person.key, message.source),
        owner=person.person.key,
        kind="owe",
        what=clip(message.text.text, 160) or "a message without text",
        next_step=f"Look at what {message.author.name} wrote",
        counterpart="" if message.author.key == person.person.key else message.author.key,
        sources=(message.source,),
        asked_at=message.sent_at,
        last_at=message.sent_at,
        found_by="owner",
    )
    with desk.store.as_person(here.asker.id) as tx:
        scope = people.desk_of(tx, person.person.key)
        if task.id in {row.task.id for row in kept.tasks(tx, scope)}:
            return "It is on your list already."
        kept.put_task(tx, scope, kept.TaskRow(task, today))
    return "It is on your list."


def tonight(desk: Desk, person: people.Known, channel: str, ts: str) -> str:
    """Hands a message to the night for whoever chose so; what to tell them alone. Only own words say what is to be done."""
    found = _chosen(desk, person, channel, ts)
    if found is None:
        return UNREADABLE
    here, message = found
    if message.author.key != person.person.key:
        errands.propose(desk, here, message, OTHERS_WORDS)
        return ""
    with desk.store.directory() as tx:
        us = workspace.us(tx)
    text = live.words_for_us(desk, message, "" if us is None else us.bot_user)
    errands.propose(desk, here, message, wanted(text).words or text)
    return ""


def _chosen(desk: Desk, person: people.Known, channel: str, ts: str) -> tuple[Place, Message] | None:
    """A message that somebody chose, if they may read it and we are where it stands."""
    receive.ingest(desk, channel)
    here = audience.in_slack(desk, person.slack_id or "", channel)
    if here is None or here.begin is None:
        return None
    source = SlackSource(channel=channel, ts=ts)
    with here.begin() as tx:
        found = messages.by_sources(tx, [source])
    return next(((here, message) for message in found.values()), None)


def pressed(desk: Desk, event: int) -> None:
    """A press below one of our answers or on an errand's card. Twice, late or by somebody else: nothing is lost or doubled."""
    with desk.store.directory() as tx:
        payload = inbox.payload(tx, desk.keys.seals, event)
        found = None if payload is None else interactions.read(payload)
        person = None if found is None else people.find(tx, found.user)
    if not isinstance(found, Pressed) or person is None:
        return
    here = audience.in_slack(desk, found.user, found.channel)
    if here is None or here.begin is None:
        return
    with here.begin() as tx:
        at = outbox.at(tx, found.channel, found.ts)
    if at is None:
        return
    told = _do(desk, person, at, found)
    if told:
        key = f"whisper/{at.post.key}/{person.person.key}/{found.action}"
        with desk.store.as_scope(at.scope) as tx:
            outbox.want(tx, at.scope, Post(key, found.channel, told, thread_ts=at.post.thread_ts, reader=found.user))


def _do(desk: Desk, person: people.Known, at: outbox.Posted, press: Pressed) -> str:
    """What the one who pressed is told; '' when they see it."""
    kind, _, rest = at.post.key.partition("/")
    action = press.action
    if kind == "errand" and action in (answers.START, answers.EDIT, answers.DISCARD):
        return errands.pressed(desk, person, at, press)
    if kind not in ("answer", "errand"):
        return ""
    if action in (answers.UP, answers.DOWN):
        with desk.store.as_scope(at.scope) as tx:
            value = "up" if action == answers.UP else "down"
            replies.put_feedback(tx, at.scope, at.post.key, person.id, value, desk.now())
        return "Thank you, noted."
    if action == answers.TONIGHT and kind == "answer":
        asked = rest.partition("/")[2]
        return _theirs(desk, person, at.post.channel, asked)
    return ""


def _theirs(desk: Desk, person: people.Known, channel: str, asked: str) -> str:
    found = _chosen(desk, person, channel, asked)
    if found is not None and found[1].author.key != person.person.key:
        return "Only the person who asked can hand this to the night: ask it yourself, and press again."
    return tonight(desk, person, channel, asked)

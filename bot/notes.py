"""What somebody tells us to remember or to forget. It counts at once, in the place where it was said."""

from bot.audience import Place
from bot.desk import Desk
from bot.store import memory, messages
from bot.store.outbox import Rest
from graphs.checks import folded
from graphs.digest_value import clip
from graphs.domain import Fact, Memory, Message
from graphs.rules.text import words

ALIKE = 0.6
"""Share of the words of "forget …" that a note must have."""


def remember(desk: Desk, here: Place, message: Message, said: str) -> str:
    """Keeps a statement with its message as source: when that is edited or deleted, the note falls. Says so."""
    fact = Fact(
        kind="fact",
        text=f"{message.author.name}: {clip(said, 400)}",
        quote=clip(said, 400),
        message=message.id,
        source=message.source,
        said_by=message.author.key,
        said_at=message.sent_at,
        confidence=0.9,
    )
    with desk.store.as_scope(here.room) as tx:
        memory.put_fact(tx, here.room, fact, desk.now().date())
    where = "here" if here.scope is not None else "for you"
    return f"Noted: “{clip(said, 200)}”. It counts {where} from now on; delete your message to take it back."


def forget(desk: Desk, here: Place, said: str) -> tuple[str, tuple[Rest, ...]]:
    """Drops the speaker's own notes of that place that are about `said`; says what stays, and quotes these messages."""
    with desk.store.as_scope(here.room) as tx:
        held = [one for one in memory.memories(tx, [here.room], desk.now()) if one.said_by == here.asker.person.key]
        gone = [one for one in held if _about(one, said)]
        for one in gone:
            memory.forget_memory(tx, here.room, one.id, desk.now())
        sources = messages.by_sources(tx, [source for one in gone for source in one.sources])
        messages.set_noted(tx, here.room, [message.id for message in sources.values()])
    stays = "What stands in Slack can still be found; delete the message there and it is gone here too."
    if not gone:
        return f"I keep no note of yours about that. {stays}", ()
    named = "; ".join(f"“{clip(one.quote, 120)}”" for one in gone[:5])
    dropped = "my note" if len(gone) == 1 else f"{len(gone)} notes"
    rests = tuple(Rest(message.source, message.revision) for message in sources.values())
    return f"I dropped {dropped} of what you said: {named}. {stays}", rests


def _about(one: Memory, said: str) -> bool:
    wanted = set(words(folded(said)))
    return bool(wanted) and len(wanted & set(words(folded(f"{one.text} {one.quote}")))) >= ALIKE * len(wanted)

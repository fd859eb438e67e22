"""What the recipients of a reply may know of what its owner knows: their own mails with the owner, and public channels. A
colleague may also be told what somebody outside wrote to the owner with whom both of them correspond; the receipt says so.

Everything is read with the owner's rights. What the recipients may not know is only named, so that no model sees it. The
order goes by words and by when something was said, never by rows: the same mail makes the same prompt in every run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from bot.desk import Owner
from bot.store import memory, messages
from bot.store.db import Tx
from bot.store.people import Place
from graphs.conversations import name_of
from graphs.domain import Memory, Message, Quoted, Source, Thread
from graphs.draft import Known, Note, Passage
from graphs.life import source_key
from graphs.rules.address import content_words
from graphs.rules.dues import in_english
from graphs.rules.gates import has_ask
from graphs.rules.text import language, sentences

FACTS = 8
"""Passages from elsewhere that a draft may draw on."""

NOTES = 14
"""Notes about what a mail asks, and of those whom it names."""

NEWEST = 4
"""Notes of what the sender said last, whatever the mail asks."""

WITHHELD = 2
"""Sources that are named as kept back."""

FOUND = 10
"""Of each question's messages."""

NEAR = 6
"""Of each question's notes."""

MOST_FOUND = 30


UNSAID = ("open_question", "conclusion")
"""Kinds of memories that nobody may be told as a fact."""


@dataclass(frozen=True)
class _Mail:
    """The mail to answer, with what is asked to find what is known about it. `names`: of the places whose people may know."""

    owner: Owner
    thread: Thread
    sender: frozenset[str]  # addresses
    key: str  # of the sender
    name: str
    questions: tuple[str, ...]
    about: frozenset[str]
    names: Mapping[str, str]
    shared: frozenset[str]  # addresses outside that the owner and the sender, a colleague, both correspond with


def known(owner: Owner, mail: Message, thread: Thread, mails: Iterable[Message], now: datetime) -> Known:
    """What retrieval has about a mail, as far as its recipients may know it, and what was kept back from the model. `mails`:
    of the owner's mailboxes, to tell who corresponds with whom."""
    asked = _asked(owner, mail, thread, mails)
    with owner.begin() as tx:
        found = _found(tx, asked, now)
        after = messages.followers(tx, [m.id for m in found if m.slack is not None], now)
        noted = memory.noted_in(tx, [message.id for message in found], now)
        notes = _notes(tx, asked, now)
    usable: list[Passage] = []
    withheld: list[Source] = []
    told = {message.text.text for message in thread.messages}
    for message in found:
        if message.text.text in told or not _about(asked, message):
            continue  # the thread itself, a copy of it, or a neighbour of something found
        if message.scope in asked.names or _may_be_told(asked, message):
            told.add(message.text.text)
            usable.append(_passage(asked, message, after.get(message.id), noted.get(message.id, ())))
        else:
            withheld.append(message.source)
    newest_last = sorted(usable[:FACTS], key=lambda one: (one.said_at, source_key(one.source)))
    return Known(passages=tuple(newest_last), notes=notes, withheld=tuple(withheld[:WITHHELD]))


def _asked(owner: Owner, mail: Message, thread: Thread, mails: Iterable[Message]) -> _Mail:
    """Questions: each thing that the mail asks, and the mail as a whole."""
    assert mail.mail is not None
    said = mail.text.text
    asks = [f"{thread.title} {one}" for one in sentences(said) if has_ask(one)][:4]
    return _Mail(
        owner=owner,
        thread=thread,
        sender=frozenset({mail.mail.sender.address, *(a.address for a in mail.mail.reply_to)}),
        key=mail.author.key,
        name=name_of(mail, owner.people),
        questions=tuple(f"{one} {in_english(one)}".rstrip() for one in (*asks, f"{thread.title} {said}"[:1500])),
        about=frozenset(content_words(f"{thread.title} {said}")),
        names={place.key: f"#{place.name}" for place in owner.places if _is_open(place)},
        shared=_shared(owner, mail, mails),
    )


def _is_open(place: Place) -> bool:
    """Everybody in the organisation reads there, and nobody of another one."""
    return place.channel is not None and place.channel.kind == "public" and not place.channel.shared


def _shared(owner: Owner, mail: Message, mails: Iterable[Message]) -> frozenset[str]:
    """Who outside stands in one mail together with the sender, when all who would get the reply are colleagues."""
    assert mail.mail is not None
    if _outside(owner, _parties(mail)):
        return frozenset()
    sender = mail.mail.sender.address
    together = [_parties(one) for one in mails if one.mail is not None]
    return frozenset(_outside(owner, {address for parties in together if sender in parties for address in parties}))


def _outside(owner: Owner, addresses: set[str]) -> set[str]:
    return {one for one in addresses if one.rpartition("@")[2] not in owner.inside and one not in owner.own}


def _turns(ranked: Iterable[Sequence[int]]) -> list[int]:
    """The best of each, then the second best of each; each one once."""
    return list(dict.fromkeys(row for place in zip_longest(*ranked) for row in place if row is not None))


# --- messages -------------------------------------------------------------------------------------


def _found(tx: Tx, asked: _Mail, now: datetime) -> list[Message]:
    """What the owner may read about each thing the mail asks, and about it as a whole; best first, taking turns."""
    ranked = [[hit.id for hit in messages.recall(tx, q, language(q), FOUND, now)] for q in asked.questions]
    return messages.by_id(tx, _turns(ranked)[:MOST_FOUND])


def _about(asked: _Mail, message: Message) -> bool:
    about = content_words(message.text.text)
    return len(about) >= 3 and bool(about & asked.about)


def _may_be_told(asked: _Mail, message: Message) -> bool:
    return message.mail is not None and (_between_us(asked, message) or _from_both(asked, message))


def _between_us(asked: _Mail, mail: Message) -> bool:
    """The sender wrote it or got it."""
    return asked.sender <= _parties(mail)


def _from_both(asked: _Mail, mail: Message) -> bool:
    """An ordinary mail of the owner with people outside, all of whom the sender corresponds with too."""
    outside = _outside(asked.owner, _parties(mail))
    return bool(outside) and outside <= asked.shared and asked.owner.nature(mail).kind == "person"


def _parties(mail: Message) -> set[str]:
    assert mail.mail is not None
    return {mail.mail.sender.address, *(a.address for a in (*mail.mail.to, *mail.mail.cc))}


def _passage(asked: _Mail, message: Message, after: Message | None, noted: Sequence[memory.Noted]) -> Passage:
    people = asked.owner.people
    author = name_of(message, people)
    own = message.mail is not None and not _between_us(asked, message)
    text = message.text
    if after is not None and "?" in text.text:  # a question together with what was said to it
        text = Quoted(text=f"{text.text}\n{name_of(after, people)}: {after.text.text}")
    return Passage(
        source=message.source,
        label=asked.names.get(message.scope, f"{'your ' if own else ''}mail from {author}"),
        text=text,
        said_by=author,
        said_at=message.sent_at,
        internal=message.scope in asked.names,
        own=own,
        over=tuple(one.quote for one in noted if one.until is not None),
        disputed=any(one.against and one.until is None for one in noted),
    )


# --- notes ----------------------------------------------------------------------------------------


def _notes(tx: Tx, asked: _Mail, now: datetime) -> tuple[Note, ...]:
    """Notes about each thing the mail asks, and what its sender said last, each with what speaks against it; oldest
    first."""
    wanted = (*asked.questions, f"{asked.name} {asked.thread.title}")
    ranked = [[one.id for one in memory.found_memories(tx, q, language(q), NEAR, now)] for q in wanted]
    scopes = [place.id for place in asked.owner.places]
    said = memory.said_last(tx, scopes, [asked.key, *sorted(asked.sender)], NEWEST, now)
    near = _usable(tx, asked, memory.by_id(tx, _turns(ranked)))[:NOTES]
    chosen = dict([*near, *_usable(tx, asked, said)])
    against = sorted({other for one in chosen for other in one.contradicts})
    chosen |= dict(_usable(tx, asked, memory.by_id(tx, against)))
    return tuple(chosen[one] for one in sorted(chosen, key=_when))


def _when(one: Memory) -> tuple[datetime, str, str, str]:
    return one.valid_from, one.scope, one.text, one.quote


def _usable(tx: Tx, asked: _Mail, found: Sequence[Memory]) -> list[tuple[Memory, Note]]:
    """What somebody said and is settled, what the recipients may be told, and is not of this very thread."""
    here = {source_key(message.source) for message in asked.thread.messages}
    settled = [one for one in found if one.kind not in UNSAID and not _keys(one) <= here]
    mails = messages.by_sources(tx, [s for one in settled if one.scope not in asked.names for s in one.sources])
    told = {key: mail for key, mail in mails.items() if _may_be_told(asked, mail)}
    ours = {key for key, mail in told.items() if _between_us(asked, mail)}
    return [
        (one, _note(asked, one, own=one.scope not in asked.names and not _keys(one) <= ours))
        for one in settled
        if one.scope in asked.names or _keys(one) <= told.keys()
    ]


def _keys(one: Memory) -> set[str]:
    return {source_key(source) for source in one.sources}


def _note(asked: _Mail, one: Memory, own: bool) -> Note:
    return Note(
        text=Quoted(text=one.text),
        source=one.sources[0],
        label=asked.names.get(one.scope, "your own mails" if own else "mails with the sender"),
        since=one.valid_from,
        internal=one.scope in asked.names,
        own=own,
        disputed=bool(one.contradicts),
    )

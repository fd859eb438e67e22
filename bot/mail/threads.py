"""Which mails belong together: by their references, and by subject only where references are missing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from graphs.domain import MailFacts, Message
from graphs.subjects import REPLY, base_subject

WINDOW = timedelta(days=14)  # how far apart replies without references may lie


def thread_keys(messages: Sequence[Message], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Thread key of each mail by its Message-ID; all mails must be of one scope.

    The key is the Message-ID that the thread's earliest mail names as its root: its first reference, else what it
    answers, else its own id. So neither a later reply nor the root itself arriving late changes the key. It
    changes only when a mail joins two threads; then the older one's stays. `known` (Message-ID to key, as stored,
    references included) goes before: a thread that had a key keeps it, of several the one of its earliest mail.
    """
    mails = sorted(_mails(messages), key=lambda mail: (mail[0].sent_at, mail[1].message_id))
    parents: dict[str, str] = {}
    for _, facts in mails:
        for left, right in pairwise(_ids(facts)):
            _join(parents, left, right)
    for left, right in _by_subject(mails):
        _join(parents, left, right)
    for message_id, key in (known or {}).items():
        _join(parents, message_id, key)
    keys: dict[str, str] = {}
    for _, facts in mails:
        root = _find(parents, facts.message_id)
        if known and facts.message_id in known:
            keys.setdefault(root, known[facts.message_id])
    for _, facts in mails:
        named = next((known[name] for name in _ids(facts) if name in known), "") if known else ""
        keys.setdefault(_find(parents, facts.message_id), named or _ids(facts)[-1])
    return {facts.message_id: keys[_find(parents, facts.message_id)] for _, facts in mails}


def threaded(messages: Sequence[Message], known: Mapping[str, str] | None = None) -> list[Message]:
    """The same mails in the same order, each with its thread."""
    keys = thread_keys(messages, known)
    return [m.model_copy(update={"thread": keys[m.mail.message_id]}) if m.mail else m for m in messages]


def _mails(messages: Sequence[Message]) -> list[tuple[Message, MailFacts]]:
    return [(message, message.mail) for message in messages if message.mail]


def _ids(facts: MailFacts) -> list[str]:
    """Its own id, what it answers, and the references from newest to oldest: the last is its root."""
    named = [facts.message_id, facts.in_reply_to, *reversed(facts.references)]
    if facts.references and facts.in_reply_to not in facts.references:
        named = [facts.message_id, *reversed(facts.references), facts.references[0]]
        named[1:1] = [facts.in_reply_to]
    return [name for name in named if name]


def _by_subject(mails: Sequence[tuple[Message, MailFacts]]) -> list[tuple[str, str]]:
    """Pairs of a reply without references and the newest mail before it of that subject among the same people."""
    found: list[tuple[str, str]] = []
    last: dict[tuple[str, frozenset[str]], tuple[Message, MailFacts]] = {}
    for message, facts in mails:
        place = (base_subject(facts.subject).casefold(), _people(facts))
        before = last.get(place)
        is_bare_reply = not facts.references and not facts.in_reply_to and REPLY.match(facts.subject)
        if place[0] and before and is_bare_reply and message.sent_at - before[0].sent_at <= WINDOW:
            found.append((facts.message_id, before[1].message_id))
        last[place] = (message, facts)
    return found


def _people(facts: MailFacts) -> frozenset[str]:
    return frozenset(a.address for a in (facts.sender, *facts.to, *facts.cc) if a.address)


def _find(parents: dict[str, str], name: str) -> str:
    root = name
    while (above := parents.get(root, root)) != root:
        root = above
    while (above := parents.get(name, root)) != root:  # shorten the way for the next time
        parents[name], name = root, above
    return root


def _join(parents: dict[str, str], left: str, right: str) -> None:
    parents.setdefault(left, left)
    parents.setdefault(right, right)
    parents[_find(parents, left)] = _find(parents, right)

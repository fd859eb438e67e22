"""One matter in two places: asked by mail and settled in Slack, or asked in both."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from graphs.domain import Finding, Message, Person, PersonKey, Source
from graphs.rules.address import content_words
from graphs.rules.speech import Speech, has_arrived, read
from graphs.rules.text import plain, sentences, word_set

_WITHIN = timedelta(days=7)
_LATER = timedelta(days=10)
_ENOUGH, _ENOUGH_FOR_OTHERS = 3, 4
_SHARE = 0.34  # of the words of a finding: "data sheet" alone is no answer about the radio range table in it
_LEADS = word_set("asks needs need your decision waiting wait promised answer asked promise you")
"""Words that `phrase` puts before a quotation."""


def answers_elsewhere(finding: Finding, later: Sequence[Message], owner: Person) -> Message | None:
    """The first message of another place that settles `finding`: by one of the two people, in the form of an answer or
    report, about the same rare words. Conservative: a card that stays is better than one that vanishes."""
    about = _own_words(finding) - content_words(owner.name)
    if not about:
        return None
    known = {m.author.address for m in later if m.author.key == finding.counterpart and m.author.address}
    for message in later:
        if message.author.key not in (owner.key, finding.counterpart) or not message.author.key:
            continue
        recent = finding.asked_at < message.sent_at <= finding.asked_at + _LATER
        if recent and _settles(finding, message, about, owner, known):
            return message
    return None


def _settles(finding: Finding, message: Message, about: set[str], owner: Person, known: set[str]) -> bool:
    doer = message.author.key == finding.counterpart if finding.kind == "waiting" else message.author.key == owner.key
    reaches = _reaches(message, finding.counterpart, owner, known)
    if not reaches:
        return False
    subject = content_words(message.mail.subject) if message.mail else set()
    enough = max(2, _SHARE * _weight(about))
    question = finding.what.rstrip('"').endswith("?") and doer
    for sentence in sentences(message.text.text)[:20]:
        shared = about & (content_words(sentence) | subject)
        if _weight(shared) >= enough and _closes(read(sentence), doer, question):
            return True
    attached = bool(message.mail and message.mail.attachments) or bool(message.slack and message.slack.files)
    return doer and attached and _weight(about & _all_words(message)) >= max(_ENOUGH, enough)


def _closes(speech: Speech, doer: bool, question: bool) -> bool:
    """A doer reports it done, or answers a question; the one who waits says it has come or is not wanted any more."""
    if (speech.ask and not speech.weak) or speech.promise or speech.delays:
        return False
    if doer:
        return speech.done or (question and not speech.acknowledges and not speech.thanks)
    return speech.withdraws or ((speech.thanks or has_arrived(speech.body)) and not speech.acknowledges)


def _reaches(message: Message, counterpart: PersonKey, owner: Person, known: set[str]) -> bool:
    """Whether the other of the two gets to read `message`. A channel counts: it was chosen because both are there."""
    if message.mail is None:
        return True
    readers = {one.address for one in (*message.mail.to, *message.mail.cc)}
    if message.author.key == owner.key:
        return counterpart in readers or bool(known & readers) or (not known and "@" not in counterpart)
    return bool(readers & set(owner.addresses))


def same_matter(a: Finding, b: Finding, text_of: Callable[[Source], str]) -> bool:
    """True when two findings of one owner from different places are one obligation: the same direction, asked within
    days of each other, and the same rare words, more of them when the counterparts differ."""
    if (a.kind == "waiting") != (b.kind == "waiting") or a.sources[0] == b.sources[0]:
        return False
    if abs(a.asked_at - b.asked_at) > _WITHIN:
        return False
    mine, theirs = _own_words(a), _own_words(b)
    my_text = mine | content_words(text_of(a.sources[0]))
    their_text = theirs | content_words(text_of(b.sources[0]))
    # What is asked must be the same, not only what is talked about around it.
    shared = (mine & their_text) | (theirs & my_text)
    if not mine & their_text or not theirs & my_text:
        return False
    if a.counterpart == b.counterpart:
        return _weight(shared) >= _ENOUGH and _weight(mine & their_text) >= 2 and _weight(theirs & my_text) >= 2
    both = _weight(mine & their_text) >= _SHARE * _weight(mine) and _weight(theirs & my_text) >= _SHARE * _weight(
        theirs
    )
    return both and _weight(shared) >= _ENOUGH_FOR_OTHERS


def _own_words(finding: Finding) -> set[str]:
    """What the obligation is about, without the lead that our own phrase put before a quotation."""
    lead, quoted, said = finding.what.partition(': "')
    return content_words(said if quoted else lead) - _LEADS


def _all_words(message: Message) -> set[str]:
    names = [a.name for a in message.mail.attachments] if message.mail else []
    names += [f.name for f in message.slack.files] if message.slack else []
    subject = message.mail.subject if message.mail else ""
    return content_words(plain(f"{subject} {message.text.text} {' '.join(names).replace('_', ' ').replace('-', ' ')}"))


def _weight(shared: set[str]) -> int:
    """Codes, numbers and file names say twice as much as words."""
    return sum(2 if (len(word) > 2 and any(c.isdigit() for c in word)) or "." in word else 1 for word in shared)

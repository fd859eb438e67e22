"""When nothing is drafted, as far as code can tell: the conditions of "The drafted reply" in their order.

None means that a reply may be owed; whether one is, is judged afterwards.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from graphs.domain import MailFacts, Message, NotDrafted, Person, Thread
from graphs.rules.natures import nature
from graphs.rules.speech import Speech, read
from graphs.rules.text import sentences, words

Verdict = tuple[NotDrafted, str]
"""A reason of not_drafted.json and why it holds, in a few words."""


def gate(  # noqa: PLR0913  # every fact that a gate may rest on, and nothing else
    mail: Message,
    thread: Thread,
    owner: Person,
    own: frozenset[str],
    inside: frozenset[str],
    now: datetime,
    horizon_days: int = 14,
    colleagues: frozenset[str] = frozenset(),
    known: frozenset[str] = frozenset(),
    others: Sequence[Message] = (),
    along: bool = False,
) -> Verdict | None:
    """Why inbox `mail` gets no draft. `own`: all addresses of `owner`; `inside`: the organisation's domains.

    `thread` holds every mailbox's messages, without drafts that Nightdesk itself put there. `colleagues` and `known`
    are as in `nature`. `others`: the account's recent mails; a copy sent to an alias is a thread of its own. `along`: what
    is asked of nobody by name counts for those in Cc too.
    """
    if mail.sent_at < now - timedelta(days=horizon_days):
        return "too_old", f"older than {horizon_days} days"
    kind = nature(mail, inside, owner.model_copy(update={"addresses": tuple(sorted(own))}), colleagues, known)
    if kind.kind != "person":
        return kind.kind, kind.why
    names = called(owner)
    return (
        _not_addressed(mail, own, names, along)
        or answered(mail, thread, owner, own, inside)
        or _repeated(mail, thread, others)
        or _asks_nothing(mail, thread, own)
    )


def has_ask(text: str) -> bool:
    """True when some sentence of `text` asks for something or says that its author is stuck."""
    return any(_asks(read(sentence)) for sentence in sentences(text))


def _asks(speech: Speech) -> bool:
    return bool(speech.ask) or speech.blocked or bool(_NEEDS.search(speech.body))


# Said to a hearer, a need is an ask; the rules of `speech` want more than that, for they make tasks without a model.
_NEEDS = re.compile(
    r"\b(?:i|we)(?:'ll|'d| shall| will| would| still| also| just| only| really| urgently)* need (?!to\b|not\b|no\b|nothing\b)|\bis needed from you\b|"
    r"\b(?:brauche|bräuchte|benötige)n? (?:ich|wir)\b|\b(?:ich|wir) (?:\w+ )?(?:brauche|bräuchte|benötige)n?\b|"
    r"\b(?:j'aurais|j'ai|nous avons|nous aurions) besoin\b|\bil (?:me|nous) (?:faut|faudrait)\b|\bnecesit(?:o|amos|aría|aríamos)\b|\bme hace falta\b"
)  # fmt: skip


def _facts(mail: Message) -> MailFacts:
    if mail.mail is None:
        raise ValueError("only mail goes through this gate")
    return mail.mail


# --- whom it addresses -----------------------------------------------------------------------------


def called(person: Person) -> frozenset[str]:
    """What `person` is called, case-folded: full name, first name, short names, the local parts of their addresses."""
    whole = person.name.casefold().strip()
    first = whole.split()[:1]
    last = whole.split()[-1:]  # "Hallo Frau Brandt": a greeting's titles are already taken off
    locals_ = [address.partition("@")[0] for address in person.addresses]
    return frozenset(name for name in (whole, *first, *last, *map(str.casefold, person.short_names), *locals_) if name)


def _not_addressed(mail: Message, own: frozenset[str], names: frozenset[str], along: bool) -> Verdict | None:
    facts = _facts(mail)
    in_to = bool(own & {one.address for one in facts.to})
    in_cc = bool(own & {one.address for one in facts.cc})
    if not in_to and not in_cc:
        return "not_addressed", "neither in To nor in Cc"
    others = _others(facts, own)
    aims = [
        _aim(speech, addressees, names, others) for speech, addressees in _addressed(mail.text.text) if _asks(speech)
    ]
    if not in_to and "owner" not in aims and not (along and "anyone" in aims):
        return "not_addressed", "only in Cc, and not asked by name"
    if aims and all(aim == "other" for aim in aims):
        return "not_addressed", "asks somebody else by name"
    return None


def _others(facts: MailFacts, own: frozenset[str]) -> frozenset[str]:
    """First names and full names of the other recipients."""
    shown = [one.name or one.address.partition("@")[0] for one in (*facts.to, *facts.cc) if one.address not in own]
    return frozenset(name for whole in shown for name in (whole.casefold(), *words(whole)[:1], *words(whole)[-1:]))


def _addressed(text: str) -> Iterator[tuple[Speech, tuple[str, ...]]]:
    """Sentences with the names they call; a greeting alone on its line holds for what follows."""
    greeted: tuple[str, ...] = ()
    for sentence in sentences(text):
        speech = read(sentence)
        if speech.opening.names or speech.opening.everybody:
            names = ("*",) if speech.opening.everybody else speech.opening.names
            if speech.opening.greeted or not speech.body:
                greeted = names
            yield speech, names
        else:
            yield speech, greeted


def _aim(speech: Speech, addressees: tuple[str, ...], names: frozenset[str], others: frozenset[str]) -> str:
    """Whom an ask is meant for: "owner", "other" or "anyone"."""
    found = speech.text.casefold()
    if any(f"@{name}" in found or found.rstrip(" ?!.").endswith(f", {name}") for name in names):
        return "owner"
    if names & set(addressees):
        return "owner"
    if any(name in others for name in addressees):
        return "other"
    return "anyone"


# --- what happened since ---------------------------------------------------------------------------


def _since(mail: Message, thread: Thread) -> list[Message]:
    """Later messages of the thread that people sent: no drafts, no automatic answers."""
    later = [one for one in thread.messages if one.sent_at > mail.sent_at and one.mail and one.mail.mailbox != "drafts"]
    return [one for one in later if one.mail and not one.mail.auto_submitted.startswith("auto")]


def _is_own(message: Message, own: frozenset[str]) -> bool:
    return message.mail is not None and (message.mail.mailbox == "sent" or message.mail.sender.address in own)


def answered(
    mail: Message, thread: Thread, owner: Person, own: frozenset[str], inside: frozenset[str]
) -> Verdict | None:
    """Who answered `mail` in its thread since, the owner or somebody else; arguments as of `gate`."""
    later = _since(mail, thread)
    if any(_is_own(one, own) for one in later):
        return "answered_by_owner", "answered in the thread"
    asker = _facts(mail).sender.address
    for one in later:
        if _facts(one).sender.address != asker and _handles(one, mail, inside, called(owner)):
            return "answered_by_other", f"answered by {_facts(one).sender.name or _facts(one).sender.address}"
    return None


def _handles(answer: Message, mail: Message, inside: frozenset[str], names: frozenset[str]) -> bool:
    """True when another recipient or a colleague told the asker something, and did not pass it on to the owner."""
    facts, asked = _facts(answer), _facts(mail)
    sender = facts.sender.address
    involved = sender.rpartition("@")[2] in inside or sender in {one.address for one in (*asked.to, *asked.cc)}
    told = asked.sender.address in {one.address for one in (*facts.to, *facts.cc)}
    said = list(_addressed(answer.text.text))
    passed_on = any(_asks(speech) and _aim(speech, to, names, frozenset()) == "owner" for speech, to in said)
    return involved and told and not passed_on and any(_says_something(speech) for speech, _ in said)


def _says_something(speech: Speech) -> bool:
    if speech.ask or speech.delays or speech.thanks or speech.acknowledges:
        return False
    return len(words(speech.body)) >= 3


def _repeated(mail: Message, thread: Thread, others: Sequence[Message]) -> Verdict | None:
    """Superseded by its sender's next mail, a copy of an earlier one, or already being answered by hand."""
    same = [one for one in thread.messages if one.mail and one.mail.sender.address == _facts(mail).sender.address]
    elsewhere = [one for one in others if one.mail and one.mail.sender.address == _facts(mail).sender.address]
    if any(_is_copy(one, mail) for one in (*same, *elsewhere) if (one.sent_at, one.id) < (mail.sent_at, mail.id)):
        return "duplicate", "came before"
    if any(one.sent_at > mail.sent_at and not _is_copy(one, mail) for one in same if _is_inbox(one)):
        return "superseded", "its sender wrote again"
    drafts = [one for one in thread.messages if one.mail and one.mail.mailbox == "drafts"]
    if any(one.sent_at >= mail.sent_at or _facts(one).in_reply_to == _facts(mail).message_id for one in drafts):
        return "own_draft", "a draft of one's own lies there"
    return None


def _is_inbox(message: Message) -> bool:
    return (
        message.mail is not None
        and message.mail.mailbox == "inbox"
        and not message.mail.auto_submitted.startswith("auto")
    )


def _is_copy(one: Message, other: Message) -> bool:
    if one is other or not _is_inbox(one):
        return False
    same_text = words(one.text.text) == words(other.text.text) and bool(one.text.text.strip())
    return _facts(one).message_id == _facts(other).message_id or same_text


# --- whether it asks -------------------------------------------------------------------------------


def _asks_nothing(mail: Message, thread: Thread, own: frozenset[str]) -> Verdict | None:
    """Looks at all its sender wrote since the owner last did: the newest mail stands for the ones it superseded."""
    text = mail.text.text
    if any(read(sentence).withdraws for sentence in sentences(text)) and not has_ask(text):
        return "information", "takes its question back"
    if any(has_ask(one.text.text) or _subject_asks(one) for one in _unanswered(mail, thread, own)):
        return None
    return "information", "asks nothing"


def _unanswered(mail: Message, thread: Thread, own: frozenset[str]) -> Sequence[Message]:
    found = [mail]
    before = [
        one for one in thread.messages if one.sent_at < mail.sent_at and one.mail and one.mail.mailbox != "drafts"
    ]
    for one in reversed(before):
        if _is_own(one, own):
            break
        if _facts(one).sender.address == _facts(mail).sender.address:
            found.append(one)
    return found


def _subject_asks(mail: Message) -> bool:
    """A subject that is the question itself; one that is answered all the time ("Re:") proves nothing."""
    facts = _facts(mail)
    return not facts.in_reply_to and facts.subject.rstrip().endswith("?") and bool(read(facts.subject).ask)

"""A matter: one thing that somebody wants of somebody, from the sentence that made it to whatever settled it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from graphs.domain import Message, Person, PersonKey, Thread
from graphs.rules.address import Names, Said, Turn, content_words, is_loose, speaks_to_hearer
from graphs.rules.dues import due, stated_due
from graphs.rules.speech import Speech, is_courtesy, is_nudge, keeps_posted, second_person, sounds_like_standup
from graphs.rules.text import words

NOBODY_KNOWN = "?"
"""A doer who is named in the thread but not known to us."""

_BURST = timedelta(minutes=8)  # messages of one author in a row are one thought
_REMINDED = timedelta(days=10)
_ROBOTS = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "notification", "mailer-daemon", "bounce")

_MASS_TEXT = re.compile(
    r"\b(?:unsubscribe|opt[- ]?out|click (?:here|below|on the (?:link|button))|to be (?:removed|excluded)|(?:remove|removed) from (?:this|our|future|any)|"
    r"to remove (?:yourself|your)|view (?:this|it) (?:e-?mail )?in (?:your|a) browser|newsletter abbestellen|abmelden|se désabonner|darse de baja)\b",
    re.IGNORECASE,
)


@dataclass
class Matter:
    """Grows while a thread is read. `doers` empty means whoever can."""

    turn: Turn
    speech: Speech
    asker: PersonKey  # who waits for it; of a promise, whom it was made to ("" when nobody in particular)
    doers: frozenset[PersonKey]
    named: bool = False
    promised: bool = False  # nobody asked: the doer promised by themselves
    blocked: bool = False
    due: date | None = None
    context: str = ""  # what a bare "thoughts?" is about
    evidence: list[Turn] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    done_by: set[PersonKey] = field(default_factory=set)
    accepted: Turn | None = None  # where a doer said they would
    accepted_due: date | None = None
    replied: Turn | None = None  # where a doer said something that may have settled it
    asked_back: Turn | None = None  # where a doer asked something first
    settled: bool = False

    @property
    def at(self) -> int:
        return self.turn.at

    @property
    def last_at(self) -> datetime:
        return max(turn.message.sent_at for turn in (self.turn, *self.evidence))

    def note(self, turn: Turn) -> None:
        """Keep a message as evidence, once."""
        if turn.at != self.turn.at and all(turn.at != seen.at for seen in self.evidence):
            self.evidence.append(turn)


@dataclass(frozen=True)
class Reading:
    """What every step of reading a thread needs to know about it."""

    thread: Thread
    owner: Person
    people: Mapping[str, Person]
    names: Names
    loose: bool  # messages one after the other, without a thread

    @property
    def channel(self) -> bool:
        """True where many read along: a channel or a group DM, not a DM and not a mail."""
        place = self.thread.channel
        return self.thread.medium == "slack" and (place is None or place.kind != "dm")

    def is_bot(self, key: PersonKey) -> bool:
        """What somebody tells a bot to do is an errand, not something they wait for."""
        person = self.people.get(key)
        return person is not None and person.role == "bot"

    def due(self, sentence: str, message: Message) -> date | None:
        return due(sentence, message.sent_at, self.owner.zone, self._zone(message))

    def stated_due(self, sentence: str, message: Message) -> date | None:
        return stated_due(sentence, message.sent_at, self.owner.zone, self._zone(message))

    def _zone(self, message: Message) -> str:
        author = self.people.get(message.author.key)
        return author.zone if author and author.zone != "UTC" else self.owner.zone


def reading(thread: Thread, owner: Person, people: Mapping[str, Person]) -> Reading:
    return Reading(thread, owner, people, Names(thread, owner, people), is_loose(thread))


def is_mass(message: Message) -> bool:
    """Mail that nobody wrote to anybody: lists, newsletters, robots, invitations."""
    mail = message.mail
    if mail is None:
        return False
    local = mail.sender.address.partition("@")[0]
    automatic = mail.auto_submitted not in ("", "no") or mail.precedence in ("bulk", "list", "junk", "auto_reply")
    robot = mail.return_path == "<>" or any(word in local for word in _ROBOTS)
    list_mail = bool(
        mail.list_id or mail.list_unsubscribe or mail.feedback_id or mail.spam_flag or mail.calendar_method
    )
    cold = mail.mailbox == "inbox" and not mail.in_reply_to
    return list_mail or automatic or robot or (cold and bool(_MASS_TEXT.search(message.text.text)))


def opened(turn: Turn, before: list[Turn], matters: list[Matter], here: Reading) -> Iterator[Matter]:
    """New matters that `turn` makes; what only repeats or reminds is noted on the matter it belongs to."""
    if is_mass(turn.message):
        return
    standup = sounds_like_standup(turn.message.text.text)
    fresh: list[Matter] = []
    for place, said in enumerate(turn.said):
        found: Matter | None = None
        if said.speech.ask or said.speech.blocked:
            found = _asked(turn, said, before, matters, fresh, here)
        if said.speech.promise and not standup and found is None:
            found = _promised(turn, said, before, matters, fresh, here)
        if found is not None:
            found.blocked = found.blocked or any(one.speech.blocked for one in turn.said)
            found.context = found.context or _context(turn, place, before)
            found.due = found.due or _due_around(turn, place, here)
            found.words |= content_words(f"{found.speech.text} {found.context}")
            fresh.append(found)
            yield found


def _asked(
    turn: Turn, said: Said, before: list[Turn], matters: list[Matter], fresh: list[Matter], here: Reading
) -> Matter | None:
    doers, named = _doers(turn, said, here)
    speech = said.speech
    if speech.blocked and not speech.ask and not (doers and (named or not here.channel or second_person(speech.body))):
        return None
    if speech.generic and speech.ask == "question" and here.channel and not doers and not fresh:
        return None
    if (speech.weak and here.channel and not (named and doers)) or (doers and all(map(here.is_bot, doers))):
        return None
    known = _belongs(turn, speech, doers, before, matters, fresh)
    if known is not None:
        _extend(known, turn, speech, here)
        return None
    return Matter(turn, speech, turn.who, doers, named, blocked=speech.blocked, due=_own_due(turn, speech, here))


def _own_due(turn: Turn, speech: Speech, here: Reading) -> date | None:
    """A day in a question is mostly what it asks about; in a request it is the deadline."""
    if (speech.ask == "action" and not speech.weak) or (speech.blocked and not speech.ask):
        return here.due(speech.text, turn.message)
    return here.stated_due(speech.text, turn.message)


def _doers(turn: Turn, said: Said, here: Reading) -> tuple[frozenset[PersonKey], bool]:
    """Who is asked, and whether beyond doubt; nobody in particular when the wording or the place leaves it open."""
    target = said.target
    keys = target.keys - {turn.who}
    if target.named:
        return keys or frozenset({NOBODY_KNOWN}), True
    if not here.channel:
        return (frozenset() if target.everybody else keys), False
    for_hearer = said.speech.aim == "you" and speaks_to_hearer(said.speech.body)
    if here.loose and said.speech.ask != "" and not second_person(said.speech.body):
        for_hearer = False
    return (keys if for_hearer else frozenset()), False


def _belongs(
    turn: Turn,
    speech: Speech,
    doers: frozenset[PersonKey],
    before: list[Turn],
    matters: list[Matter],
    fresh: list[Matter],
) -> Matter | None:
    """The matter that this sentence only repeats, reminds of, or says in other words."""
    mine = [m for m in (*matters, *fresh) if m.asker == turn.who and not m.promised and _same_doers(m.doers, doers)]
    theirs = [m for m in matters if m.promised and m.asker == turn.who and m.doers & doers]
    for old in reversed(mine):
        if _is_burst(old, turn, before) and (speech.generic or _one_thought(old, speech)):
            return old
    if speech.generic or is_nudge(speech.body):
        recent = [m for m in (*mine, *theirs) if turn.message.sent_at - m.last_at <= _REMINDED]
        open_first = sorted(recent, key=lambda m: (not m.settled, m.at))
        named = [m for m in open_first if m.words & content_words(speech.body)]
        if named or (speech.generic and open_first):
            return (named or open_first)[-1]
        return None
    about = content_words(speech.body)
    return next((m for m in reversed(mine) if len(m.words & about) >= max(2, len(about) // 2)), None)


def _same_doers(one: frozenset[PersonKey], other: frozenset[PersonKey]) -> bool:
    return bool(one & other) or not one or not other


def _is_burst(old: Matter, turn: Turn, before: list[Turn]) -> bool:
    """True when nobody else spoke between the matter's sentence and this turn, and it was a moment ago."""
    if old.at == turn.at:
        return True
    between = [one for one in before if old.at < one.at < turn.at]
    near = (
        turn.message.sent_at - max((one.message.sent_at for one in between), default=old.turn.message.sent_at) <= _BURST
    )
    return near and all(one.who == turn.who for one in between)


def _one_thought(old: Matter, speech: Speech) -> bool:
    """Two asks in one breath are one matter, unless both order something of their own."""
    about = content_words(speech.body)
    if speech.ask == "question" or old.speech.ask == "question" or len(about) < 2:
        return True
    return len(about & old.words) >= 1 or "decision" in (speech.ask, old.speech.ask) or not speech.ask


def _extend(old: Matter, turn: Turn, speech: Speech, here: Reading) -> None:
    """A repetition says it is still open; the clearer wording of one breath speaks for both."""
    if old.at != turn.at and not _is_tail(speech):
        old.settled, old.asked_back = False, None
        old.done_by.clear()
    old.note(turn)
    old.blocked = old.blocked or speech.blocked
    old.due = old.due or _own_due(turn, speech, here)
    vague = old.speech.ask == "question" or (old.speech.weak and not speech.weak)
    clearer = old.speech.generic or (vague and speech.ask in ("action", "decision"))
    if clearer and turn.at == old.at and not speech.generic:
        old.context = old.context if old.speech.generic else old.speech.text
        old.speech = speech
    old.words |= content_words(speech.body)


def _is_tail(speech: Speech) -> bool:
    """ "Let me know", "thoughts?": closes a message and reopens nothing by itself."""
    return speech.generic and not is_nudge(speech.body)


def _promised(
    turn: Turn, said: Said, before: list[Turn], matters: list[Matter], fresh: list[Matter], here: Reading
) -> Matter | None:
    speech = said.speech
    when = here.due(speech.text, turn.message)
    accepting = [m for m in matters if m.accepted is turn]
    if accepting:
        for matter in accepting:
            matter.accepted_due = when or matter.accepted_due
        return None
    about = content_words(speech.body)
    own = [m for m in (*matters, *fresh) if m.promised and m.doers == {turn.who}]
    again = next((m for m in reversed(own) if not m.settled and (m.words & about or m.at == turn.at)), None)
    if again is not None:
        again.note(turn)
        again.due = when or again.due
        return None
    keys = said.target.keys - {turn.who}
    to = next(iter(keys)) if len(keys) == 1 else ""
    thanked = any(one.speech.thanks for one in turn.said)
    if (
        is_courtesy(speech.body, thanked)
        or keeps_posted(speech.body)
        or (len(about) == 0)
        or len(words(speech.body)) < 4
    ):
        return None
    told = said.target.named or when or second_person(speech.body) or not here.loose
    if here.channel and not (to and told):
        return None
    return Matter(turn, speech, to, frozenset({turn.who}), said.target.named, promised=True, due=when)


def _context(turn: Turn, place: int, before: list[Turn]) -> str:
    """The sentence before, in this message or the author's last one a moment ago: what "it" may be."""
    earlier = [said.speech for said in turn.said[:place] if len(said.speech.body) > 12 and not said.speech.thanks]
    if earlier:
        return earlier[-1].text
    if before and before[-1].who == turn.who and turn.message.sent_at - before[-1].message.sent_at <= _BURST:
        spoken = [said.speech for said in before[-1].said if len(said.speech.body) > 12]
        return spoken[-1].text if spoken else ""
    return ""


def _due_around(turn: Turn, place: int, here: Reading) -> date | None:
    """A deadline stated beside the ask: "Could you review it? I need it by noon."."""
    around = [*turn.said[place + 1 : place + 3], *turn.said[max(place - 1, 0) : place]]
    own = (said for said in around if not said.speech.promise and not said.speech.done)
    return next((day for said in own if (day := here.stated_due(said.speech.text, turn.message))), None)

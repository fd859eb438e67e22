"""Whom each sentence of a thread speaks to: by mention, by name, by the mail's header, or as the last speaker."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from graphs.domain import Message, Person, PersonKey, Thread
from graphs.rules.speech import Speech, read, second_person
from graphs.rules.text import plain, sentences, word_set, words

MOST_SENTENCES = 60
"""Of one message; what comes after is a document, not a request."""

_MOST_ASKED = 3  # a mail to more people than this asks nobody in particular
_RECENT = timedelta(minutes=40)  # outside of threads "you" means the last speaker only this long

_TITLE_WORDS = word_set("the von van de der den del di da la le")
_WAITS_FOR = (
    r"(?:waiting (?:on|for)|wait for|blocked (?:on|by)|stuck (?:on|until)|over to|up to|depends on|need(?:s|ed)?|"
    r"missing|still need|"
    r"warten?(?: \w+){0,2} auf|blockiert durch|hängt an|liegt (?:bei|an)|brauch(?:e|en)(?: noch)?|until|till|"
    r"unless|before|bis|bevor|"
    r"ohne|without|approval (?:from|by)|sign-?off (?:from|by)|ok (?:from|by)|input from|answer from|"
    r"from|von|j'attends|"
    r"can|could|would|will|kann|könnte|würde|mag|has|hat|should|soll)"
)


@dataclass(frozen=True)
class Target:
    """Whom a sentence asks. `named`: by name, mention or as the only addressee, not by guess."""

    keys: frozenset[PersonKey] = frozenset()
    everybody: bool = False
    named: bool = False


@dataclass(frozen=True)
class Said:
    """One sentence of a message with the people it speaks to."""

    speech: Speech
    target: Target


@dataclass(frozen=True)
class Turn:
    """One message as the rules read it."""

    at: int  # place in the thread
    message: Message
    said: tuple[Said, ...]

    @property
    def who(self) -> PersonKey:
        return self.message.author.key


class Names:
    """What the people around a thread are called, as far as a name means one of them."""

    def __init__(self, thread: Thread, owner: Person, people: Mapping[str, Person]) -> None:
        self.by_address = {address: person.key for person in people.values() for address in person.addresses}
        self.by_address |= dict.fromkeys(owner.addresses, owner.key)
        near = {owner.key, *(thread.channel.members if thread.channel else ())}
        called: dict[str, set[PersonKey]] = {}
        for message in thread.messages:
            near |= {message.author.key, *message.mentions}
            _call(called, message.author.key, message.author.name)
            if message.mail:
                for one in (*message.mail.to, *message.mail.cc):
                    near.add(self.of_address(one.address))
                    _call(called, self.of_address(one.address), one.name)
        for person in (owner, *(people[key] for key in near if key in people and key != owner.key)):
            _call(called, person.key, person.name, *person.short_names)
        near.discard("")
        self._called = called
        self.near = near
        self.pattern = _names_pattern(frozenset(called))

    def of_address(self, address: str) -> PersonKey:
        return self.by_address.get(address, address)

    def meant(self, name: str, likely: Sequence[set[PersonKey]]) -> PersonKey:
        """The one person `name` (case-folded) can mean, `likely` ones first; "" when nobody or several."""
        keys = self._called.get(name) or self._called.get(name.partition(" ")[0]) or set()
        for group in likely:
            if len(keys) > 1:
                keys = keys & group or keys
        return next(iter(keys)) if len(keys) == 1 else ""


def _call(called: dict[str, set[PersonKey]], key: PersonKey, *names: str) -> None:
    """Full name, first name and last name, and each short name, as somebody may call the person."""
    for name in names:
        written = name.casefold().strip().lstrip("@")
        parts = [part for part in re.split(r"[\s,]+", written) if part and "@" not in part]
        for one in (written, *(parts if len(parts) <= 4 else parts[:1])):
            if len(one) > 1 and "@" not in one and one not in _TITLE_WORDS:
                called.setdefault(one, set()).add(key)


@lru_cache(maxsize=512)
def _names_pattern(names: frozenset[str]) -> str:
    """A regular expression for any of these names, longest first; matches nothing when there are none."""
    return "(?:" + "|".join(sorted(map(re.escape, names), key=lambda n: (-len(n), n))) + ")" if names else "(?!)"


@lru_cache(maxsize=512)
def _calls(pattern: str) -> tuple[re.Pattern[str], ...]:
    """Name at the end of a sentence, or mentioned before a comma; name somebody waits for or asks after; name with a genitive s and a noun."""
    return (
        re.compile(rf"(?:,\s*@?|\s@|\bthanks,? @?)({pattern})\s*[?.!)]*(?: (?:please|pls|thanks|bitte))?[?.! ]*$"),
        re.compile(rf"\s@({pattern})[,:] "),
        re.compile(rf"\b{_WAITS_FOR} @?({pattern})(?![\w@])(?!'s \w+ (?:team|report|deck))"),
        re.compile(
            rf"@?({pattern})(?:'s|s|') (?:approval|sign-?off|ok|okay|feedback|input|answer|reply|review|decision|go|"
            r"confirmation|freigabe|antwort|rückmeldung|feedback|zustimmung|unterschrift)"
        ),
    )


def turns(thread: Thread, owner: Person, names: Names) -> list[Turn]:
    """The messages of `thread` by people (not bots), with whom each sentence speaks to."""
    found: list[Turn] = []
    for at, message in enumerate(thread.messages):
        if message.author.kind != "bot" and message.author.key:
            found.append(Turn(at, message, tuple(_said(message, thread, found, owner, names))))
    return found


def is_loose(thread: Thread) -> bool:
    """True for messages that only stand one after the other in a channel or DM, without a thread."""
    return thread.medium == "slack" and not any(m.slack and m.slack.parent_ts for m in thread.messages)


def _said(message: Message, thread: Thread, before: list[Turn], owner: Person, names: Names) -> Iterator[Said]:
    usual = _usual(message, thread, before, owner, names)
    current = usual
    likely = (set(message.mentions), {turn.who for turn in before} | {owner.key})
    for sentence in sentences(message.text.text)[:MOST_SENTENCES]:
        speech = read(sentence)
        called = _called(speech, likely, names)
        if called is not None:
            current = called
        yield Said(speech, _inline(speech, likely, names, message) or current)


def _usual(message: Message, thread: Thread, before: list[Turn], owner: Person, names: Names) -> Target:
    """Whom a message speaks to when it names nobody."""
    author = message.author.key
    if message.mail:
        to = frozenset(names.of_address(one.address) for one in message.mail.to) - {author}
        return Target(to, everybody=len(to) > _MOST_ASKED, named=len(to) == 1)
    channel = thread.channel
    if channel is not None and channel.kind == "dm":
        others = frozenset(channel.members or names.near) - {author}
        return Target(others, named=len(others) == 1)
    last = _last_speaker(message, thread, before)
    return Target(frozenset({last}) if last else frozenset(), everybody=True)


def _last_speaker(message: Message, thread: Thread, before: list[Turn]) -> PersonKey:
    """Who spoke just before `message`; in a thread whoever did, outside of threads only a moment ago."""
    for turn in reversed(before[-6:]):
        if turn.who != message.author.key:
            recent = message.sent_at - turn.message.sent_at <= _RECENT
            return turn.who if recent or not is_loose(thread) else ""
    return ""


def _called(speech: Speech, likely: Sequence[set[PersonKey]], names: Names) -> Target | None:
    """The people a sentence calls at its start, who stay addressed until others are called."""
    if speech.opening.everybody:
        return Target(everybody=True)
    keys = frozenset(key for name in speech.opening.names if (key := names.meant(name, likely)))
    if keys:
        return Target(keys, named=True)
    # Somebody we do not know is greeted: not the owner, at any rate.
    unknown = speech.opening.greeted and speech.opening.names and not speech.text.startswith("@")
    return Target(named=True) if unknown else None


def _inline(speech: Speech, likely: Sequence[set[PersonKey]], names: Names, message: Message) -> Target | None:
    """People named inside of an asking sentence: "…, Ada?", "waiting on Ada", "need Ada's approval", "can Ada …"."""
    if not (speech.ask or speech.blocked or speech.promise):
        return None
    body = plain(speech.body)
    for pattern in _calls(names.pattern):
        match = pattern.search(body)
        key = names.meant(match[1], likely) if match else ""
        if key and key != message.author.key:
            return Target(frozenset({key}), named=True)
    return None


def speaks_to_hearer(body: str) -> bool:
    """True when a sentence says "you" or orders something, so that it is meant for whoever is listening."""
    return second_person(body) or not body.endswith("?")


def content_words(text: str) -> set[str]:
    """Words worth comparing: longer ones, numbers and codes, singular, without the small change of office talk."""
    return {
        _singular(word)
        for word in words(text)
        if (len(word) > 3 or (len(word) > 1 and any(c.isdigit() for c in word)))
        and word not in _COMMON
        and not word.startswith("http")
    }


def _singular(word: str) -> str:
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


_COMMON = word_set(
    """about above after again also always another anyone anything around asap back because been before being below best
    better both bring call came cannot check come could couldn't days dear didn't does doesn't doing done don't down each
    early else email even ever every everyone fine first from full further getting give gives going gone good great have
    haven't having hear hello help here hope however i'll i'm into isn't it's just keep kind kindly know last late later
    least less let's like little look looking looks made mail make makes many maybe meeting mind more morning most much
    must need needed needs never next nice night only onto other over part people perhaps please point possible quick
    quite rather ready really regards reply right said same send sending sent shall share should since some someone
    something soon sorry still such sure take taken talk team tell than thank thanks that that's their them then there
    these they thing things think this those though thoughts time today together tomorrow tonight took under until update
    upon used using very wait waiting want wanted wants week weeks well went were what what's when where whether which
    while will with within without won't work working works would wouldn't yes yesterday your you're you've
    monday tuesday wednesday thursday friday saturday sunday afternoon evening noon minute minutes hour hours
    aber alle allem allen aller alles also andere auch auf bald beim bereits besten bitte bitten brauche dabei damit danke
    dann darf dass dein deine deinen deiner dem denn deren diese diesem diesen dieser dieses doch dort einem einen einer
    eines einfach einmal etwas euch euer eure falls fertig frage freitag freundliche ganz geht gerade gerne gestern gleich
    grüße grüßen gruß habe haben hallo hast hätte heute hier ihnen ihre ihrem ihren ihrer immer jede jeden jemand jetzt kann
    kannst kein keine kommt könnte könnten könntest können kurz lassen leider liebe liebe machen mach mail mein meine
    meinen meiner melde mich mittwoch möchte montag morgen muss nach nächste nächsten nicht nichts noch oder ohne
    passt schicke schicken schon sehr sein seine seit sich sind soll sollen sonst tagen über unser unsere unter viele
    vielen vielleicht vom vorher wann warum weil weiter wenn werde werden wieder wird wirklich wissen woche wohl wurde
    würde zeit zum zur zurück schick donnerstag dienstag samstag sonntag unten einen dazu davon
    pour avec dans vous nous votre notre bonjour merci cordialement faire être avoir bien tout tous cette plus para como
    pero está esta este hola gracias saludos hacer favor puede puedes todo todos cuando"""
)

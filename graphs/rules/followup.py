"""Whether a message in Slack is meant for us, and what it wants: an answer, something kept or forgotten, an errand, a list. Pure.

In a thread we answered in no mention is needed. Two people who talk to each other there are left alone: when in doubt, silence.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from graphs.domain import Message, PersonKey
from graphs.rules.own import Own, asks_for
from graphs.rules.speech import read
from graphs.rules.text import sentences

Wish = Literal["answer", "own", "remember", "forget", "errand", "nothing"]


@dataclass(frozen=True)
class Wanted:
    """What a message to us wants, and the words it is about, as its author wrote them."""

    wish: Wish
    words: str
    own: Own | None = None  # what of their own desk it asks for


_ERRAND = re.compile(
    r"^\W*(?:over ?night|tonight|über nacht|heute nacht|cette nuit|esta noche)\s*[:,–—-]\s*(?=\S)", re.IGNORECASE
)
_REMEMBER = re.compile(
    r"^\W*(?:please |bitte )?(?:remember|note|keep in mind|merk(?:e)? dir|notier(?:e)?|retiens|recuerda)\b(?: that| dass| que)?[\s:,]+(?=\S)",
    re.IGNORECASE,
)
_FORGET = re.compile(
    r"^\W*(?:please |bitte )?(?:forget|vergiss|oublie|olvida)\b(?: that| dass| que)?[\s:,]+(?=\S)", re.IGNORECASE
)
_CORRECTS = re.compile(
    r"^\W*(?:no|nope|wrong|not quite|that(?:'|’)?s (?:wrong|not right)|that is (?:wrong|not right)|correction|actually|nein|falsch|"
    r"das stimmt nicht|stimmt nicht|non|faux)\s*[,:;.–—-]+\s*(?=\S)",
    re.IGNORECASE,
)
_NEVER_MIND = re.compile(r"^\W*(?:it|this|about it|about that|me)?\W*$", re.IGNORECASE)
NEWS = 3
"""Words that a correction needs to be worth keeping."""


def wanted(text: str, corrects: bool = False, alone: bool = False) -> Wanted:
    """What a message to us wants. `corrects`: it follows one of our answers, so that "no, …" sets it right. `alone`: nobody
    else is there."""
    text = text.strip()
    if found := _ERRAND.match(text):
        return Wanted("errand", text[found.end() :])
    if (found := _REMEMBER.match(text)) and not text.endswith("?"):
        return Wanted("remember", text[found.end() :])
    if (found := _FORGET.match(text)) and not text.endswith("?"):
        words = text[found.end() :]
        return Wanted("nothing", text) if _NEVER_MIND.match(words) else Wanted("forget", words)
    if corrects and (found := _CORRECTS.match(text)) and not _asks(text):
        words = text[found.end() :]
        return Wanted("remember", words) if len(words.split()) >= NEWS else Wanted("nothing", text)
    if not re.search(r"\w", text):
        return Wanted("nothing", text)
    if (own := asks_for(text, alone)) is not None:
        return Wanted("own", text, own)
    said = [read(one) for one in sentences(text)]
    polite = bool(said) and all(one.thanks or one.acknowledges or one.delays for one in said) and not _asks(text)
    return Wanted("nothing" if polite else "answer", text)


def goes_on(message: Message, before: Sequence[Message], us: PersonKey, names: Collection[str]) -> bool:
    """Whether `message`, which mentions nobody of us, asks us something in a thread we answered in.

    `before`: the thread up to it, oldest first. `names`: what other people are called, case-folded.
    """
    if message.mentions or (message.slack is not None and message.slack.broadcast) or not before:
        return False
    last = before[-1].author.key
    if last not in (us, message.author.key) or us not in {one.author.key for one in before}:
        return False
    said = message.text.text
    opened = [read(one).opening for one in sentences(said)[:1]]
    if any(one.everybody or set(one.names) & set(names) for one in opened):
        return False
    if any(re.search(rf"@{re.escape(name)}\b", said.casefold()) for name in names):
        return False
    if wanted(said, corrects=last == us).wish in ("remember", "forget", "errand"):
        return last == us
    return _asks(said)


def is_question(text: str) -> bool:
    """Whether words that were said to us only ask or order something, so that nothing follows from them for others."""
    return bool(_ERRAND.match(text)) or _asks(text)


def among_people(messages: Sequence[Message]) -> list[Message]:
    """Without what people only asked us: we answered that, and nobody waits for it. What their authors alone went on to ask
    in the thread of such a question is left out with it; who mentions somebody else asks them too."""
    begun = {one.thread for one in messages if _only_asks_us(one) and one.slack is not None and not one.slack.parent_ts}
    voices = {(one.thread, one.author.key) for one in messages if one.thread in begun}
    ours = {thread for thread in begun if sum(where == thread for where, _ in voices) == 1}
    return [one for one in messages if not (_only_asks_us(one) or (one.thread in ours and _goes_on_asking(one)))]


def _only_asks_us(message: Message) -> bool:
    return message.slack is not None and message.slack.asks_us and len(message.mentions) <= 1


def _goes_on_asking(message: Message) -> bool:
    return not message.mentions and is_question(message.text.text)


def _asks(text: str) -> bool:
    return text.rstrip(" )!*_").endswith("?") or any(read(one).ask != "" for one in sentences(text))

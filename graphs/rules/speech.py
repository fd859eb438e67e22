"""What one sentence does: asks, promises, reports done, acknowledges, puts off, withdraws, jokes.

The forms themselves stand in `forms.py`. Precision before recall: a missed ask is found by a model or the next reminder, a false one costs trust every morning.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from graphs.rules import forms
from graphs.rules.detector import request_score
from graphs.rules.text import Opening, language, opening, plain, without_emoji, word_set, words

AskKind = Literal["", "action", "question", "decision"]
Aim = Literal["you", "anyone", "we"]
"""Whom the wording asks: the hearer, whoever knows, or everybody together."""


@dataclass(frozen=True)
class Speech:
    """One sentence, read. `body` is plain text without greeting; `ask` is empty when nothing is asked."""

    text: str
    body: str
    opening: Opening
    ask: AskKind = ""
    aim: Aim = "you"
    weak: bool = False  # a bare order or "I need the …": an ask only when somebody is addressed
    generic: bool = False  # "any update?", "let me know": about what was said elsewhere
    blocked: bool = False
    promise: bool = False
    done: bool = False
    acknowledges: bool = False
    thanks: bool = False
    delays: bool = False
    refuses: bool = False
    withdraws: bool = False


_SURE = 0.8
"""Where the detector adds requests to those of the rules (recall .48 to .50 on intent_parakweet's test part) and costs one
point of precision."""

_NOTHING: tuple[AskKind, Aim, bool] = ("", "you", False)


@lru_cache(maxsize=16384)
def read(sentence: str) -> Speech:
    """What `sentence` does, by its form alone; who is meant is `judge`'s business."""
    called = opening(sentence)
    body = forms.SAY.sub("", plain(forms.URL.sub("", called.rest)))
    whole = plain(forms.URL.sub("", sentence))
    if not body:
        return Speech(sentence, "", called, thanks=bool(forms.THANKS.search(whole)), acknowledges=True)
    joke = bool(forms.JOKE.search(whole))
    withdraws = bool(forms.WITHDRAW.search(body)) and not body.endswith("?")
    tagged = bool(forms.TAG.search(body)) and promises(body)  # "I'll send it on Monday, ok?"
    nothing = joke or withdraws or tagged or forms.FAREWELL.search(body) or forms.HINT.search(body)
    ask, aim, weak = _NOTHING if nothing else _asked(body, sentence)
    generic = bool(ask) and bool(forms.GENERIC.match(body) or (forms.UPDATE.match(body) and len(_content(body)) < 2))
    promise = (
        not joke
        and not forms.MAYBE.search(body)
        and (promises(body) if ask == "" else bool(forms.AND_I_WILL.search(body)))
    )
    done = not body.endswith("?") and not ask and bool(forms.DONE.search(body)) and not forms.NOT_DONE.search(body)
    bare = without_emoji(body).strip(" .!,")
    return Speech(
        text=sentence,
        body=body,
        opening=called,
        ask=ask,
        aim=aim,
        weak=weak,
        generic=generic,
        blocked=not joke and bool(forms.STUCK.search(body.replace(",", ""))) and not forms.UNSTUCK.search(body),
        promise=promise,
        done=done and not promise,
        acknowledges=not bare or bool(forms.ACK.match(bare)),
        thanks=bool(forms.THANKS.search(whole)) and not forms.THANKS_AHEAD.search(whole) and not ask,
        delays=not ask and not done and bool(forms.DELAY.search(body)),
        refuses=not ask and bool(forms.REFUSE.search(body)),
        withdraws=withdraws,
    )


def _content(body: str) -> list[str]:
    return [word for word in words(body) if len(word) > 3 and word not in forms.FILLERS]


def _asked(body: str, sentence: str) -> tuple[AskKind, Aim, bool]:
    """The kind of ask, whom its wording addresses, and whether it is a weak one; `_NOTHING` when nothing is asked."""
    if forms.RHETORICAL.search(body) or forms.SOCIAL.search(body) or sentence[:1] in "\"“„'":
        return _NOTHING
    mark = body.rstrip(" )\"'!:.").endswith("?") or "? " in body
    strong = _wants(body)
    weak = not strong and not mark and bool(_ordered(body) or forms.NEEDS.search(body))
    question = mark or bool(forms.ASKS_WITHOUT_MARK.match(body) or forms.WH_INVERTED.match(body))
    guessed = not (strong or weak or question) and _sounds_asked(body, sentence)
    if not (strong or weak or question or guessed) or _only_looks_asked(body, mark, strong or weak):
        return _NOTHING
    aim: Aim = "anyone" if forms.IN_ANYONE.search(body) else "we" if forms.IN_WE.search(body) else "you"
    if forms.DECIDE.search(body) and not forms.DECIDED.search(body):
        return "decision", aim, weak or guessed
    return ("action" if strong or weak or guessed else "question"), aim, weak or guessed


def _only_looks_asked(body: str, mark: bool, wants: bool) -> bool:
    """Chatter, orders to software, permissions, offers, prohibitions, astonishment and bare tags."""
    if forms.PLAY.search(body) and len(body) < 80 and not forms.WORKLIKE.search(body):
        return True
    if forms.TO_MACHINES.search(body):
        return True
    if not mark and any(
        found.search(body) for found in (forms.FORBIDS_AT_START, forms.PERMITS, forms.FREE, forms.CLOSING)
    ):
        return True
    count = len(words(body))
    return ("??" in body and count < 5) or (not wants and count < 4 and bool(forms.TAG.search(body)))


def _wants(body: str) -> bool:
    """True for a request for action, however politely wrapped."""
    polite = forms.POLITE.search(body) or forms.IF_YOU_COULD.search(body)
    if polite and polite["verb"] not in forms.NOT_POLITE:
        return True
    if polite and re.search(
        r"\b(?:have a look|take a look|look (?:at|into|over)|make (?:sure|it|the|a|that)|come (?:back|up with)|"
        r"tell (?:me|us|them|him|her)|do (?:that|this|it|the|a|me)|have (?:a look|it|this|them|the)|say (?:when|"
        r"which|what)|be (?:ready|sure))\b",
        body,
    ):
        return True
    if forms.CONDITION.match(body) and not body.endswith("?"):
        return False
    if forms.WHEN_YOU_CAN.search(body) and not forms.I_WILL.search(body):
        return True
    if forms.DUTY.search(body) and not forms.INDIRECT_NOT.search(body):
        return True
    if forms.INDIRECT.search(body) and not forms.INDIRECT_NOT.search(body):
        return True
    if forms.UPDATE.match(body):
        return True
    if forms.PLEASE.search(body) and not forms.NOT_ASK_PLEASE.search(body):
        return True
    return _foreign_ask(body)


def _ordered(body: str) -> bool:
    """A bare imperative: an office verb first, an object after it, and nothing that makes it a noun or a saying."""
    stripped = re.sub(
        r"^(?:and |then |so |also |next,? |ok,? |okay,? |just |first,? |again,? |reminder: |todo: |action: |"
        r"important: |urgent: |@[\w.]+[,:]? )+",
        "",
        body,
    )
    first = re.match(r"[a-z-]+", stripped)
    if not first or first.group() not in forms.VERBS or forms.NOT_ORDERED.match(stripped):
        return False
    return bool(forms.DEFINITE_OBJECT.match(stripped)) and not re.search(
        r"^\w+ (?:the|a|an) \w+ (?:is|was|are|were) ", stripped
    )


def _foreign_ask(body: str) -> bool:
    code = language(body)
    if code == "en" and not re.search(r"[äöüßñçéèáíóú¿¡]|bitte|svp|stp|por favor|kannst|könn|brauch", body):
        return False
    if forms.GERMAN_ASK.search(body) and not re.search(r"\b(?:glauben|vorstellen|sehen\?|hören\?)", body):
        return True
    if forms.GERMAN_PLEASE.search(body) and not forms.NOT_PLEASE.match(body) and len(words(body)) > 2:
        return True
    return bool(forms.ROMANCE_ASK.search(body))


def promises(body: str) -> bool:
    """True when the speaker of `body` (plain text) binds themselves to do something."""
    body = forms.TAG.sub("", body)
    if body.endswith("?") or forms.NOT_PROMISE.search(body):
        return False
    match = forms.PROMISE.search(body)
    if match:
        offered = forms.CAN_OFFER.search(body)
        if offered and offered.start() <= match.end() and "i can" in match.group():
            return bool(forms.OFFER_IS_PROMISE.search(body))
        return (match["verb"] or "") not in forms.ADDS_PROMISE_VERB
    return bool(forms.GERMAN_SHORT.search(body)) or (language(body) != "en" and bool(forms.SURE_PROMISE.search(body)))


def keeps_posted(body: str) -> bool:
    """A promise that is a courtesy: "I'll keep you posted"."""
    return bool(forms.KEEP_POSTED.search(body))


def sounds_like_standup(text: str) -> bool:
    """A report of the day ("Yesterday: … Today: …"), which tells plans but promises them to nobody."""
    return bool(forms.STANDUP.search(plain(text)))


def asks_the_room(speech: Speech) -> bool:
    """A real question or request to whoever can: not an announcement, an offer, or half a thought with a mark."""
    body = speech.body
    if speech.generic or forms.OFFER.search(body) or len(words(body)) < 4:
        return False
    if forms.CALLS_ANYBODY.search(body):
        return True
    return body.rstrip(" )").endswith("?") and bool(forms.ASKS_WITHOUT_MARK.match(body) or forms.STARTS_WH.match(body))


def is_courtesy(body: str, thanked: bool) -> bool:
    """ "Thanks, I'll definitely check these out": politeness, not a promise."""
    return bool(forms.ALWAYS_COURTESY.search(body)) or (thanked and bool(forms.COURTESY.search(body)))


def says_nothing(text: str) -> bool:
    """True of thanks, greetings, good wishes and laughter alone. A nod is more: it may accept what somebody offered."""
    said = re.findall(r"[^\W_]+", without_emoji(text).casefold())
    return (
        bool(said)
        and any(word in _POLITE for word in said)
        and all(word in _POLITE or word in _BETWEEN for word in said)
    )


_POLITE = word_set("""
    thanks thank thx ty cheers welcome hello hi hey morning congrats congratulations birthday haha hahaha lol bye goodnight
    danke dank merci hallo moin servus glückwunsch geburtstag tschüss gracias
    """)
_BETWEEN = word_set("""
    a again all and dir euch everybody everyone for good happy herzlichen ihnen lieben lot many much nice noted schön so
    team the to vielen very weekend wochenende you alles gute zum guten morgen allen
    """)


def is_joke(sentence: str) -> bool:
    """True when the author laughs or winks."""
    return bool(forms.JOKE.search(plain(sentence)))


def is_nudge(body: str) -> bool:
    """A reminder of something asked before: "any update on …", "gentle ping"."""
    return bool(forms.UPDATE.match(body))


def second_person(body: str) -> bool:
    """True when a sentence says "you", in whatever language and politeness."""
    return bool(forms.SECOND_PERSON.search(body))


def is_office_verb(text: str) -> bool:
    """True when `text` starts with a bare verb that an order can start with."""
    first = re.match(r"[a-z-]+", text.casefold())
    return bool(first) and first is not None and (first.group() in forms.VERBS or first.group() in forms.MORE_VERBS)


def has_arrived(body: str) -> bool:
    """Thanks for a thing received, not for a promise."""
    return bool(forms.ARRIVED.search(body))


def starts_with_yes_or_no(body: str) -> bool:
    return bool(forms.YES_OR_NO.match(body))


def takes_over(body: str) -> bool:
    """A promise to do what somebody else was asked: "I can take this one", "ich übernehme das"."""
    return bool(forms.TAKES.search(body))


def _sounds_asked(body: str, sentence: str) -> bool:
    """The trained detector's word where no form is seen: English, to a "you", and not about what the speaker does."""
    return (
        second_person(body)
        and not forms.SPEAKS_OF_SELF.match(body)
        and not forms.THANKS.search(body)
        and language(sentence) == "en"
        and request_score(sentence) > _SURE
        and not promises(body)
        and not forms.DONE.search(body)
    )

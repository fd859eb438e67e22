"""How a matter reads to its owner at eight in the morning: what, why, and the next step."""

import re
from datetime import datetime

from graphs.domain import PersonKey
from graphs.rules.address import content_words
from graphs.rules.dues import deadline
from graphs.rules.matter import NOBODY_KNOWN, Matter, Reading
from graphs.rules.speech import is_office_verb
from graphs.rules.text import language, opening, plain

LONGEST = 140
_LONGEST_WHY = 120

_LEAD = re.compile(
    r"^(?:(?:and|so|also|but|then|please|pls|plz|just|hey|hi|ok(?:ay)?|btw|by the way|quick (?:one|question|ask)|"
    r"one more thing|"
    r"reminder|gentle reminder|friendly reminder|kindly|again|still|sorry|thanks|for now|if (?:you can|possible|"
    r"you have time)|"
    r"when you (?:get|have) (?:a )?(?:chance|minute|moment|time))[,:]?\s+(?:[-–—] )?)+",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(?:(?:can|could|would|will) (?:you|u|someone|anyone|one of you)(?: guys| both| all)?|(?:i|we) (?:just |"
    r"really |still |also )?(?:need|want) you to|"
    r"(?:i|we)(?:'d| would) (?:like|love) you to|(?:i was |was |i'm )?(?:wondering|hoping) (?:if )?you (?:could|"
    r"can|would)|"
    r"(?:is there )?any chance you (?:could|can)|(?:it )?(?:would be|'d be) (?:great|good|nice|helpful|lovely|"
    r"awesome) if you (?:could|can)|"
    r"if you (?:could|can)|(?:please )?(?:don't forget|do not forget|remember|be sure|make sure) to|you (?:need|"
    r"have|ought) to|you (?:must|should)|"
    r"(?:could|can|may) i ask you to|need you to|i'd appreciate it if you (?:could|would)|let me remind you to)\s+",
    re.IGNORECASE,
)
_SOFTENER = re.compile(
    r"^(?:(?:please|kindly|just|maybe|possibly|perhaps|also|quickly|then|still|pls|help(?= \w+ing))[, ]+)+",
    re.IGNORECASE,
)
_PROMISING = re.compile(
    r"^(?:(?:ok(?:ay)?|sure|yes|yep|yeah|no problem|np|great|thanks|thank you|sorry|got it|right|perfect|cool|"
    r"absolutely|of course|will do)[,.!]?\s+(?:[-–—] )?)*"
    r"(?:i'?ll|i will|i'm going to|i am going to|i'm gonna|i can|we'?ll|we will|will|let me|lemme)\s+"
    r"(?:(?:also|just|then|probably|quickly|definitely|try to|try and|go ahead and|make sure to|now|have to)\s+)*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,]*(?:please|pls|plz|thanks(?: a lot| so much| in advance)?|thank you|thx|asap|if possible|"
    r"when you can|ok|okay|that(?:'d| would) be (?:great|awesome|helpful)|"
    r"(?:when(?:ever)? )?(?:you )?(?:get|have) a (?:chance|minute|moment)|:[a-z_+-]+:|"
    r"[☀-➿\U0001F300-\U0001FAFF]️?))+[\s?!.]*$|[\s?!.,;:–—-]+$",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"\b(?:because|since(?= (?:the|we|i|they|it|our|he|she|my)\b)|so that|so (?:i|we|they|he|she) (?:can|could|"
    r"don't)|otherwise|in order to|as (?:the|we|they|our) |weil|da (?:wir|ich|der|die|das)\b|damit|sonst|"
    r"denn (?:wir|ich|der|die|das)\b|"
    r"parce que|car (?:le|la|nous|je)\b|porque|para que)\b.+",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:urgent\w*|asap|deadline|blocked|blocking|is waiting|are waiting|waiting for (?:it|this)|needs? (?:it|"
    r"this|them)|need it|the (?:client|customer|board|auditors?|printer|supplier|team|investors?|landlord|"
    r"bank) (?:\w+ )?(?:needs?|wants?|meets?|is|are|closes?|arrives?|leaves?)|"
    r"goes? (?:live|out|to print)|launch|before the|dringend|eilt|frist|wartet|warten|braucht|der kunde|"
    r"geht (?:live|raus))\b",
    re.IGNORECASE,
)
_SENDS = re.compile(
    r"\b(?:send|share|forward|upload|email|mail|resend|attach|submit|provide|circulate|deliver|schick\w*|send\w*|"
    r"zuschicken|weiterleiten|envoy\w*|enví\w*|manda\w*)\b"
)
_LOOKS = re.compile(
    r"\b(?:review|look|check|read|proofread|feedback|comments?|double-check|verify|prüf\w*|anschauen|ansehen|"
    r"lesen|durchlesen|gegenlesen|drüberschauen|draufschauen|relire|revisa\w*)\b"
)
_CALLS = re.compile(r"\b(?:call|ring|phone|anruf\w*|ruf\w*|appel\w*|llama\w*)\b")
_MEETS = re.compile(
    r"\b(?:schedule|find a (?:time|slot|date)|set up a (?:call|meeting|time)|(?:can|could|shall) we (?:meet|talk|speak)|"
    r"(?:einen )?termin (?:finden|vereinbaren|machen)|wann können wir)\b"
)


def what(matter: Matter, here: Reading) -> str:
    """The obligation in at most 140 characters: rewritten when that is safe, else quoted with its author."""
    owner = here.owner.key
    if matter.promised and owner in matter.doers:
        return _own_promise(matter, here)
    if matter.promised:
        return _quote(f"{name_of(_doer(matter), here)} promised", matter)
    if matter.asker == owner:
        return _quote(_waiting_for(matter, here), matter)
    asker = name_of(matter.asker, here)
    if matter.blocked:
        return _quote(f"{asker} is waiting on you", matter)
    rewritten = _rewritten(matter, asker) if matter.speech.ask != "question" else ""
    if rewritten:
        return rewritten
    return _quote(f"{asker} needs your decision" if matter.speech.ask == "decision" else f"{asker} asks", matter)


def why(matter: Matter) -> str:
    """The reason the author gave, in their words; "" when they gave none."""
    given = _WHY.search(matter.speech.text)
    if given:
        return _cut(_TAIL.sub("", given.group()), _LONGEST_WHY)
    said = [one.speech for one in matter.turn.said]
    place = next((i for i, speech in enumerate(said) if speech.text == matter.speech.text), None)
    if place is None:
        return ""
    around = [*said[place + 1 : place + 2], *said[max(place - 1, 0) : place]]
    reasons = (s.text for s in around if _REASON.search(s.text) and not s.ask and not s.promise and len(s.text) <= 200)
    return _cut(_TAIL.sub("", next(reasons, "")), _LONGEST_WHY)


def next_step(matter: Matter, here: Reading, now: datetime) -> str:
    """One concrete thing to do."""
    owner = here.owner.key
    if owner not in matter.doers and (matter.asker == owner or matter.promised):
        doer = name_of(_doer(matter), here) if matter.doers and _doer(matter) != NOBODY_KNOWN else ""
        return f"Ask {doer} again" if doer else "Ask again, or ask somebody by name"
    whom = name_of(matter.asker, here) if matter.asker else "the others"
    body = _WHY.sub("", matter.speech.body)
    if matter.asked_back is None and matter.speech.ask == "question" and not matter.blocked:
        return f"Reply to {whom}"
    if matter.speech.ask == "decision":
        return f"Decide, and tell {whom}"
    if _SENDS.search(body):
        return f"Send it to {whom}"
    if _LOOKS.search(body):
        return f"Look at it, and reply to {whom}"
    if _CALLS.search(body):
        return f"Call, then tell {whom}"
    if _MEETS.search(body):
        return f"Propose a time to {whom}"
    return f"Do it, then tell {whom}"


def name_of(key: PersonKey, here: Reading) -> str:
    """What the owner would call somebody: the first name, or what the messages show."""
    person = here.people.get(key)
    shown = person.name if person else ""
    for message in here.thread.messages if not shown else ():
        if message.author.key == key:
            shown = message.author.name
            break
        if message.mail:
            shown = next(
                (
                    a.name
                    for a in (*message.mail.to, *message.mail.cc)
                    if here.names.of_address(a.address) == key and a.name
                ),
                "",
            )
            if shown:
                break
    return first_name(shown) or (key.partition("@")[0] if "@" in key else "somebody")


def first_name(name: str) -> str:
    """ "Brandt, Julia" and "Dr. Julia Brandt" are Julia."""
    last, comma, first = name.partition(",")
    parts = [part for part in (first if comma and first.strip() else last).split() if not part.endswith(".")]
    return parts[0] if parts else name.strip()


def _doer(matter: Matter) -> PersonKey:
    return min(matter.doers) if matter.doers else ""


def _waiting_for(matter: Matter, here: Reading) -> str:
    names = [name_of(key, here) for key in sorted(matter.doers) if key != NOBODY_KNOWN]
    if names:
        return f"Waiting for {' and '.join(names[:2])}"
    return f"No answer yet in {here.thread.title}" if here.channel else "No answer yet"


def _quote(lead: str, matter: Matter) -> str:
    """The author's own words behind who they are, with the sentence before when the words alone say too little."""
    said = _cleaned(matter.speech.text)
    room = LONGEST - len(lead) - 4
    after = _following(matter) if len(content_words(said)) < 2 else ""
    if after:
        said = f"{said} {after}"
    elif matter.context and (len(content_words(said)) < 2 or _LEANS.search(said)):
        before = _cut(_cleaned(matter.context), max(room - len(said) - 1, room * 11 // 20))
        said = f"{before} {said}"
    return f'{lead}: "{_cut(said, room)}"'


def _cleaned(sentence: str) -> str:
    called = opening(sentence)
    text = " ".join((called.rest or sentence).split()).replace('"', "'")
    return _ASIDE.sub("", text) or text


_LEANS = re.compile(
    r"^(?:it|it's|this|that|that's|they|these|those|he|she|es|das|er|dies)\b|"
    r"\b(?:need|send|get|have|do|review|check|look at|look into|see|sign|approve|finish|forward|share|read|take|fix|want) "
    r"(?:it|them|this|that|those)\b(?! \w+ (?:file|deck|report|one))",
    re.IGNORECASE,
)


def _following(matter: Matter) -> str:
    """The items of a list that an ask like "Please send me" or "I need:" introduces."""
    if matter.speech.text[-1:] in ".?!":
        return ""
    said = [one.speech.text for one in matter.turn.said]
    place = said.index(matter.speech.text) if matter.speech.text in said else len(said)
    return " ".join(said[place + 1 : place + 3])


_ASIDE = re.compile(
    r"^(?:btw|by the way|also|so|hey|hi|oh|and|ok|okay),? (?=\w)|\s*:[a-z_+-]+:(?:skin-tone-\d:)?", re.IGNORECASE
)


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


def _rewritten(matter: Matter, asker: str) -> str:
    """ "Could you send me the numbers by Friday?" as "Send Priya the numbers"; "" when that is not safe."""
    text = _cleaned(matter.speech.text)
    if language(text) != "en" or "?" in text[:-1] or matter.speech.generic:
        return ""
    text = _SOFTENER.sub("", _ASKING.sub("", _SOFTENER.sub("", _LEAD.sub("", text))))
    text = _without_deadline(text, matter)
    text = _TAIL.sub("", text)
    if not is_office_verb(text) or re.search(r"\b(?:i|i'm|i'll|i've|i'd|mine|myself)\b", text, re.IGNORECASE):
        return ""
    text = re.sub(r"\bmy\b", f"{asker}'s", re.sub(r"\bme\b", asker, text))
    text = text[:1].upper() + text[1:]
    if len(content_words(text) - content_words(asker)) < 2:
        return ""
    by = "" if asker.casefold() in plain(text) else f", for {asker}"
    return text + by if len(text + by) <= LONGEST else ""


def _own_promise(matter: Matter, here: Reading) -> str:
    """ "I'll send you the plan tonight" as "Send Wade the plan"; quoted when that is not safe."""
    whom = name_of(matter.asker, here) if matter.asker else ""
    text = _cleaned(matter.speech.text)
    bare = _PROMISING.sub("", text)
    if language(text) == "en" and bare != text and "?" not in text:
        bare = _TAIL.sub("", _without_deadline(bare, matter))
        if whom:
            bare = re.sub(r"\byour\b", f"{whom}'s", re.sub(r"\b(?:you|u)\b", whom, bare))
        bare = re.sub(r"\b[Ii]'m\b", "you're", re.sub(r"\b(?:I|me)\b", "you", re.sub(r"\bmy\b", "your", bare)))
        bare = bare[:1].upper() + bare[1:]
        by = f", promised to {whom}" if whom and whom.casefold() not in plain(bare) else ""
        if (
            len(content_words(bare) - content_words(whom)) >= 2
            and len(bare + by) <= LONGEST
            and re.match(r"[A-Z][a-z]", bare)
        ):
            return bare + by
    return _quote(f"You promised {whom}" if whom else "You promised", matter)


def _without_deadline(text: str, matter: Matter) -> str:
    """ "Tomorrow" read a day later is wrong, and the due date stands beside: take the words out."""
    found = deadline(text, matter.turn.message.sent_at, "UTC")
    if found is None:
        return text
    stated = plain(text)[found.start : found.end].strip()
    pattern = r"[\s,]*(?:\b(?:on|for) )?(?<!\w)" + r"\s+".join(map(re.escape, stated.split())) + r"(?!\w)"
    return " ".join(re.sub(pattern, " ", text.replace("’", "'"), flags=re.IGNORECASE).split()).replace(" ,", ",")

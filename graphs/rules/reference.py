"""What is worth remembering of messages, found by rules: decisions, commitments, states, dates, in their own words."""

import re
from collections.abc import Iterator, Sequence

from graphs.domain import Fact, Message
from graphs.rules.address import content_words
from graphs.rules.dues import last_day_told
from graphs.rules.matter import is_mass
from graphs.rules.phrase import first_name
from graphs.rules.speech import Speech, asks_the_room, is_joke, keeps_posted, read, sounds_like_standup
from graphs.rules.text import plain, sentences

_MOST_SENTENCES = 40
_MOST_OF_MESSAGE = 4
_SHORTEST, _LONGEST = 14, 400
_TEXT = 220

_DECIDED = re.compile(
    r"(?:^(?:[*_ ]*(?:decision|decided|agreed|final(?: decision)?|outcome|conclusion|beschluss|entscheidung|"
    r"beschlossen|ergebnis|décision|decisión)[*_ ]*(?::|,| [-–—]) ?(?!\?))|"
    r"\b(?:(?:we|team|management|the board|i|they|he|she)(?:'ve| have| has)? (?:just |finally |now |all |already |"
    r"jointly )*(?:decided|agreed|settled on|signed off on|chosen|chose|picked|approved)\b(?! to disagree)|"
    r"it(?:'s| is| was| has been) (?:decided|agreed|settled|official|final)\b|(?:decision|consensus) (?:is|"
    r"was) to\b|let'?s (?:go with|go for|stick with|use|take|settle on)\b|(?:we|i)(?:'re| are|'m|"
    r" am) going (?:with|for|ahead with)\b|(?:we|i)(?:'ll| will) (?:go with|stick with|go for|go ahead with)\b|"
    r"i take (?:it|that|this) on (?:me|myself)|"
    r"wir (?:nehmen|machen es|gehen mit|bleiben bei|entscheiden uns)\b|wir haben (?:\w+ ){0,6}(?:beschlossen|"
    r"entschieden|vereinbart|festgelegt|uns (?:\w+ ){0,4}geeinigt)|(?:ist|wurde|"
    r"haben wir) (?:\w+ ){0,4}(?:beschlossen|entschieden|vereinbart|festgelegt)|es bleibt bei|einigen wir uns auf|"
    r"(?:nous avons|on a) (?:décidé|choisi|convenu)|on part sur|hemos (?:decidido|acordado)|se (?:decidió|acordó))\b)"
)
_REVERSED = re.compile(
    r"\b(?:scratch that|change of plans?|plans? (?:have |has )?changed|(?:is|are|was|has been|have been|been|"
    r"gets?|got|will be) (?:moved|postponed|pushed(?: back)?|delayed|rescheduled|cancell?ed|called off|"
    r"brought forward|dropped|reversed|withdrawn|off the table)\b|(?:moved?|moves|moving|pushed?|postponed|"
    r"rescheduled|shifted|slips?|slipped) (?:\w+ ){0,6}(?:to|from|until|by) (?:\w+ ){0,2}(?:\d|mon|tues|wednes|"
    r"thurs|fri|next|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|q[1-4])|"
    r"(?:we|i) (?:changed (?:our|my) minds?|reversed|take (?:that|it) back)|(?<!\bi )(?<!he )(?<!you )no longer\b|"
    r"not any ?(?:more|longer)|(?:is|are) off(?=[,;.]|$)|there is no (?:\w+ ){1,5}any ?more|(?:not|"
    r"no) (?:\w+ ){1,6}but (?:\w+ ){1,6}after all|instead of (?:the )?(?:\d|mon|tues|wednes|thurs|fri|"
    r"\w+ (?:supplier|date|vendor|plan|version))|"
    r"(?:wurde|wird|ist|sind|werden) (?:\w+ ){0,6}(?:verschoben|abgesagt|vorgezogen|gestrichen|vertagt)|"
    r"verschoben auf|verschieben (?:\w+ ){0,5}auf|doch nicht (?:mehr )?(?:am|die|der|das|mit)|plan(?:änderung|"
    r" geändert)|statt (?:am )?(?:montag|dienstag|mittwoch|donnerstag|freitag|\d)|nicht mehr (?:am|im|ab|möglich|"
    r"gültig)|gibt es (?:\w+ ){0,5}(?:nicht|kein\w* \w+) mehr|"
    r"(?:est|sont|a été) (?:reportée?s?|annulée?s?|déplacée?s?)|se (?:aplaza|cancela|pospone)|ya no)\b"
)
_STANCE = re.compile(
    r"\b(?:i (?:strongly |really |totally |still )?(?:disagree|object)|i(?:'m| am) (?:still |strongly |"
    r"clearly )?(?:for|against|not convinced|opposed)\b(?! (?:the|a) (?:moment|minute|while))|i(?:'d|"
    r" would) (?:still |much |strongly )?(?:rather|prefer|vote|argue|keep|drop)\b|i vote (?:for|against)|"
    r"i don't (?:think (?:we should|that's)|agree|like the idea)|that's (?:a mistake|the wrong)|bad idea|"
    r"over my dead body|"
    r"ich bin (?:\w+ )?(?:für|gegen|dagegen|dafür)|ich (?:wäre|bin) (?:\w+ )?(?:eher |klar )?(?:für|gegen)|"
    r"sehe ich anders|halte ich für falsch|finde ich (?:nicht gut|falsch)|je suis (?:pour|contre)|"
    r"estoy (?:a favor|en contra))\b"
)
_STATE = re.compile(
    r"\b(?:(?:is|are|was|went|goes|has been|is now|are now|still|back) (?:live|down|up|back|online|offline|ready|"
    r"delayed|late|broken|fixed|out|sold out|in stock|on track|on hold|blocked|released|shipped|closed|open|"
    r"complete|completed|available|signed|confirmed|paid)|arrived|has arrived|have arrived|(?:ist|"
    r"sind) (?:wieder |jetzt |nun )*(?:da|online|offline|fertig|live|verspätet|kaputt|behoben|ausverkauft|"
    r"eingetroffen|bezahlt|unterschrieben)|passed|failed|leak(?:s|ed)?|broke|went (?:out|live|down))\b"
)
_TOLD = re.compile(
    r"^(?:fyi|for your information|heads[- ]?up|note|please note|nb|reminder|psa|announcement|update|news|info|"
    r"hinweis|zur info|achtung|pour info|ojo)\b[:,.! –-]*",
    re.IGNORECASE,
)
_PREFERS = re.compile(
    r"\b(?:i (?:always |strongly |usually |much )?(?:prefer|like (?:it )?(?:better|best))|i'd (?:always )?prefer|"
    r"(?:please )?(?:always|never) (?:send|use|call|write|cc|put|book|ask|schedule)|i (?:don't|never) (?:do|take|"
    r"read|answer|use) (?:\w+ ){0,3}(?:calls|meetings|mails?|after|before|on)|ich bevorzuge|"
    r"mir ist (?:\w+ )?lieber|bitte (?:immer|nie)|je préfère|prefiero)\b"
)
_HANDED = re.compile(r"(?:uploaded|shared) a file: ")
"""What Slack itself wrote into a message that brought a file."""
_HAPPENS = re.compile(
    r"\b(?:meeting|call|launch|release|deadline|workshop|review|fair|trade show|visit|conference|webinar|offsite|"
    r"demo|audit|interview|kick-?off|maintenance|holiday|vacation|delivery|pickup|go-?live|opening|closing|"
    r"besprechung|termin|messe|besuch|lieferung|schulung|wartung|urlaub|abnahme|réunion|salon|reunión|feria|entrega)\b"
)


def facts(messages: Sequence[Message]) -> tuple[Fact, ...]:
    """What `messages` state that will still matter next week, oldest first; each with a verbatim quote. Jokes, mass
    mail and bots state nothing. A thread in which people take sides without a decision is an open disagreement."""
    found: list[Fact] = []
    for message in messages:
        if message.author.kind != "bot" and message.author.key and not is_mass(message):
            found += list(_of_message(message))
    return tuple(sorted([*found, *_disagreements(messages, found)], key=lambda f: (f.said_at, f.message, f.quote)))


def _of_message(message: Message) -> Iterator[Fact]:
    text = message.text.text
    standup = sounds_like_standup(text)
    kept = 0
    for sentence in sentences(text)[:_MOST_SENTENCES]:
        if kept >= _MOST_OF_MESSAGE or not _SHORTEST <= len(sentence) <= _LONGEST:
            continue
        if is_joke(sentence) or _HANDED.match(sentence):
            continue
        kind, change, confidence = _kind(sentence, read(sentence), message, standup)
        if kind:
            kept += 1
            yield _fact(message, sentence, kind, change, confidence)


def _kind(sentence: str, speech: Speech, message: Message, standup: bool) -> tuple[str, str, float]:
    """Kind, kind of change and confidence of what a sentence states; ("", "", 0) when it states nothing lasting."""
    body = plain(sentence)
    nothing = ("", "", 0.0)
    about = content_words(body)
    if body.endswith("?") or (speech.ask and not speech.weak):
        return ("open_question", "", 0.4) if asks_the_room(speech) and len(about) >= 4 else nothing
    if len(about) < 2 or speech.thanks:
        return nothing
    if _conditional(body):
        return nothing
    brief = len(sentence) <= _TEXT  # a longer one tells a story
    if brief and _REVERSED.search(body):
        return "decision", "reversal", 0.6
    if brief and _DECIDED.search(body):
        return "decision", "decision", 0.7
    if speech.promise and not standup and not keeps_posted(body):
        return "commitment", "", 0.6
    if _PREFERS.search(body):
        return "preference", "", 0.5
    dated = last_day_told(sentence, message.sent_at, "UTC") is not None
    if dated and _HAPPENS.search(body):
        return "event", "", 0.5
    if speech.done or (_STATE.search(body) and not speech.delays):
        return "status", "", 0.5
    return ("fact", "", 0.5) if _TOLD.match(body) and len(about) >= 3 else nothing


def _conditional(body: str) -> bool:
    """ "If we go with blue" decides nothing, and neither does "should have been moved"."""
    return bool(re.match(r"(?:if|unless|when|once|falls|wenn|si|cuando|maybe|perhaps|vielleicht)\b", body)) or bool(
        re.search(
            r"\b(?:should|could|would|might|may|can) (?:be|have been|get) |\b(?:not|n't|nicht|never|nothing|"
            r"nichts) (?:yet |noch )?(?:decided|agreed|been decided|entschieden|beschlossen)|\bmaybe\b|"
            r"\bvielleicht\b",
            body,
        )
    )


def _fact(message: Message, quote: str, kind: str, change: str, confidence: float) -> Fact:
    said = _TOLD.sub("", quote) or quote
    return Fact.model_validate(
        {
            "kind": kind,
            "text": _short(f"{first_name(message.author.name)}: {said}"),
            "quote": quote,
            "message": message.id,
            "source": message.source,
            "said_by": message.author.key,
            "said_at": message.sent_at,
            "change": change,
            "confidence": confidence,
        }
    )


def _short(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _disagreements(messages: Sequence[Message], found: Sequence[Fact]) -> Iterator[Fact]:
    """Threads in which two people took sides and nobody decided afterwards; told by the last side taken."""
    sides: dict[str, list[tuple[Message, str]]] = {}
    for message in messages:
        if message.author.kind == "bot" or is_mass(message):
            continue
        for sentence in sentences(message.text.text)[:_MOST_SENTENCES]:
            if _STANCE.search(plain(sentence)) and not is_joke(sentence) and len(sentence) <= _LONGEST:
                sides.setdefault(message.thread, []).append((message, sentence))
    decided = {f.source.model_dump_json() for f in found if f.change}
    for thread, taken in sides.items():
        people = {message.author.key for message, _ in taken}
        last, sentence = taken[-1]
        later = [m for m in messages if m.thread == thread and m.sent_at >= last.sent_at]
        if len(people) > 1 and not any(m.source.model_dump_json() in decided for m in later):
            others = " and ".join(sorted({first_name(m.author.name) for m, _ in taken}))
            fact = _fact(last, sentence, "open_question", "disagreement", 0.5)
            about = (
                _disputed([m for m in messages if m.thread == thread and m.sent_at <= taken[0][0].sent_at]) or sentence
            )
            yield fact.model_copy(update={"text": _short(f"{others} disagree, undecided: {about}")})


def _disputed(before: Sequence[Message]) -> str:
    """The question that the sides were taken on; "" when nobody put one."""
    asked = [one for m in before for one in sentences(m.text.text)[:_MOST_SENTENCES] if one.rstrip().endswith("?")]
    return next((one for one in reversed(asked) if len(content_words(one)) >= 2), "")

"""What words from outside are worth as a source: a claim is marked as one, fraud is kept out, and orders are no knowledge."""

import re
from dataclasses import dataclass
from typing import Literal

from graphs.domain import Message, Person
from graphs.rules.natures import is_suspicious, nature
from graphs.rules.text import plain, spans
from graphs.rules.wording import meets, words_of

Standing = Literal["", "outside", "suspicious"]
LEFT_OUT = "[…]"


@dataclass(frozen=True)
class Company:
    """`inside`: its mail domains; `names`: of its people, case-folded, which a stranger may borrow."""

    inside: frozenset[str]
    names: frozenset[str] = frozenset()


def standing(message: Message, company: Company) -> Standing:
    """Whether somebody outside says it, and whether it looks like fraud."""
    if message.mail is None:
        return "outside" if message.author.kind in ("outside", "guest") else ""
    if message.mail.mailbox == "sent":
        return ""
    if is_suspicious(message, company.inside, company.names):
        return "suspicious"
    return "" if message.mail.sender.address.rpartition("@")[2] in company.inside else "outside"


def is_for_a_night(message: Message, company: Company, owner: Person) -> bool:
    """What is personal, confidential or suspicious no model is shown by night. `owner`: whose mailbox it is in."""
    if message.mail is None or message.mail.mailbox == "sent":
        return True
    return nature(message, company.inside, owner, company.names).kind not in ("phishing", "sensitive", "confidential")


_A_MAIL = re.compile(
    r"\b(?:e-?mails?|mails?|phish\w*|scams?|spam|fraud\w*|fake|suspicious|trust|genuine|betrug\w*|verdächtig\w*|echt|courriels?|"
    r"hameçonnage|arnaque|suspecte?|correos?|estafa|sospechos[oa])\b"
)


def is_asked_about(question: str, mail: Message) -> bool:
    """Whether a question is about this very mail: it speaks of a mail or of fraud, and names its sender or its subject."""
    facts = mail.mail
    if facts is None or not _A_MAIL.search(plain(question)):
        return False
    asked, subject = words_of(_A_MAIL.sub(" ", plain(question))), words_of(facts.subject)
    sender = words_of(f"{facts.sender.name} {facts.sender.address.replace('@', ' ').replace('.', ' ')}")
    met = sum(meets(word, asked) == 1.0 for word in subject)
    return any(word in sender for word in asked) or (met > 0 and 2 * met >= len(subject))


# --- orders ---------------------------------------------------------------------------------------

_TO_A_PROGRAM = re.compile(
    r"\b(?:note|message|instructions?|attention|hinweis|nachricht|anweisung)\s+(?:to|for|an|für)\s+(?:the\s+|any\s+|all\s+|every\s+|den\s+|die\s+|alle\s+|jeden\s+)*"
    r"(?:ai|assistant|assistants|assistent\w*|bot|bots|llm|(?:language\s+)?models?|ki|nightdesk)\b|"
    r"\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+|your\s+|the\s+|my\s+)*(?:previous|prior|above|earlier|preceding)\s+(?:instructions?|prompts?|rules)\b|"
    r"\bignoriere?\s+(?:alle\s+)?(?:bisherigen|vorherigen|obigen)\s+(?:anweisungen|instruktionen)\b|"
    r"\bignor(?:e|ez)\s+(?:toutes\s+)?les\s+instructions\s+(?:précédentes|ci-dessus)\b|\bignora\s+(?:todas\s+)?las\s+instrucciones\s+(?:anteriores|previas)\b|"
    r"\bsystem\s+prompt\b|\bas\s+an\s+ai\b|\b(?:dear|hey|hi|hello)\s+(?:ai|assistant|bot|nightdesk)\b|"
    r"^\W*(?:ai|assistant|nightdesk)\s*[:,]|\byou\s+are\s+now\s+(?:in|an?|the)\b.{0,40}\b(?:mode|assistant|agent)\b",
    re.I | re.M,
)
_STANDING_ORDER = re.compile(
    r"\b(?:remember\s+(?:that|this|to)|from\s+now\s+on,?\s+(?:always|never|please|you|do|send|pay|use|forward|reply|answer|treat|all|every)|"
    r"in\s+future,?\s+(?:always|never|please)|you\s+(?:must|should|are\s+to)\s+(?:now|always|never)|"
    r"(?:forward|redirect|bcc|send|copy)\s+(?:me\s+|us\s+)?(?:all|every|any|each)\b|tell\s+(?:everybody|everyone|all)\b|"
    r"merk(?:e|en\s+sie|t)?\s+(?:dir|sich|euch),?\s+dass|ab\s+(?:sofort|jetzt)\s+(?:immer|nie|bitte|alle)|"
    r"(?:leite[nt]?|sende[nt]?|schick\w*)\s+(?:sie\s+|mir\s+|uns\s+)?(?:alle|sämtliche|jede)\b|"
    r"ret(?:iens|enez)\s+que|à\s+partir\s+de\s+maintenant|transf[éè]re[zr]?\s+tou(?:te)?s|recuerd[ae]\s+que|a\s+partir\s+de\s+ahora|reenv[ií]\w*\s+tod[oa]s)",
    re.I,
)


# Every match of the two has one of these: looking for them first takes a tenth of the time, and most messages have none.
_PROGRAMS = ("assist", "nightdesk", " bot", " llm", "model", " ai", "ai:", "ai,", " ki", "ignor", "disregard", "forget",
             "system prompt", "you are now")  # fmt: skip
_ORDERS = ("remember", "from now on", "in future", "you must", "you should", "you are to", "forward", "redirect", "bcc", "send",
           "copy", "tell ", "merk", "ab sofort", "ab jetzt", "leite", "schick", "retiens", "retenez", "à partir de", "transf",
           "recuerd", "a partir de", "reenv")  # fmt: skip


def without_orders(text: str, outside: bool) -> str:
    """`text` up to where it speaks to a program; from outside also without what tells others how to act from now on."""
    said = text.replace("’", "'")
    held = f" {plain(text)} "
    if any(sign in held for sign in _PROGRAMS) and (found := _TO_A_PROGRAM.search(said)):
        # What follows is said to the program too.
        text = text[: _begins(text, found.start())] + LEFT_OUT
    if outside and any(sign in held for sign in _ORDERS) and _STANDING_ORDER.search(said):
        kept, at = "", 0
        for start, end in spans(text):
            if _STANDING_ORDER.search(said[start:end]):
                kept, at = kept + text[at:start] + LEFT_OUT, end
        text = kept + text[at:]
    return text if re.search(r"\w", text) else ""


def _begins(text: str, at: int) -> int:
    """Where the sentence begins that has the character `at`; of what is no sentence the line."""
    return max((start for start, end in spans(text) if start <= at < end), default=text.rfind("\n", 0, at) + 1)

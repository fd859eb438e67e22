"""What a question is about, word by word: stems without small words, and how near two wordings are to each other."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from graphs.rules.text import word_set

IN_THE_ANSWER = 0.5
OTHER_KIND = 0.3
"""So much farther is who asks for a person from who asks for a day."""
ASKED = 0.65
"""Weight of what is asked against what a wording is about: people ask shortly."""

_SMALL = word_set(
    """the a an and or of to in on at for with by is are was were be been do does did has have had will would can could what
    when where who whom which why how we our us i me my you your they their it its this that there any about from as not no
    yes so many much long often if get gets say said tell told
    der die das den dem des und oder ein eine einen einem einer ist sind war waren wann wer wen wem was wie wo warum welche
    welcher welches welchen wir uns unser ihr sie es ich du im in am um zu zum zur für mit von vom ab auf aus bei nach nicht
    hat haben wird werden kann können viel viele lange man sagt sagte gesagt
    le la les un une des du de et ou est sont était quand qui que quoi quel quelle quels quelles où comment pourquoi combien
    nous notre nos vous votre vos il elle ils elles je tu on au aux à en dans pour avec par sur ne pas a ont se ce cette dit
    el los las una unos unas y o es son era cuándo cuando quién quien qué cuál cual cuáles dónde donde cómo cuánto cuánta
    cuántos cuántas nosotros nuestro nuestra al del con por para se su sus hay ha han lo dijo dice"""
)
MONTHS = {
    name: short
    for short, names in {
        "jan": "jan january januar janvier enero", "feb": "feb february februar février febrero",
        "mar": "mar mär march märz mars marzo", "apr": "apr april avril abril", "may": "may mai mayo",
        "jun": "jun june juni juin junio", "jul": "jul july juli juillet julio", "aug": "aug august août agosto",
        "sep": "sep sept september septembre septiembre", "oct": "oct okt october oktober octobre octubre",
        "nov": "nov november novembre noviembre", "dec": "dec dez december dezember décembre diciembre",
    }.items()
    for name in names.split()
}  # fmt: skip


_ENDING = re.compile(r"(?:ing|ed|es|s|en|er|e)$")
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    if word in MONTHS:
        return MONTHS[word]
    return _ENDING.sub("", word) if len(word) > 4 else word


def words_of(text: str) -> frozenset[str]:
    found = set(_WORD.findall(text.casefold())) - _SMALL
    return frozenset(stem(word) for word in found if len(word) > 1 or word.isdigit())


def meets(word: str, others: Collection[str]) -> float:
    """1 for the same stem, .7 for one that begins alike: ship and shipping, decide and decision."""
    if word in others:
        return 1.0
    head = word[:4]
    alike = len(head) == 4 and any(other.startswith(head) and _begins_alike(word, other) for other in others)
    return 0.7 if alike else 0.0


def _begins_alike(one: str, other: str) -> bool:
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= 4 and max(len(one), len(other)) - shared <= 4 and not (one.isdigit() or other.isdigit())


_KINDS = {
    "time": r"when|until when|by when|how soon|what (?:time|day|date)|which (?:day|date|week|month)|what is the date|date|wann|bis wann|"
    r"welche[nmrs]? (?:tag|datum|woche|frist)|termin|quand|quel jour|quelle (?:date|heure)|cuándo|qué (?:día|fecha|hora)",
    "person": r"who|whom|whose|wer|wen|wem|wessen|qui|quién",
    "place": r"where|which room|what room|wo|wohin|où|dónde",
    "reason": r"why|what (?:was|is) the reason|warum|wieso|weshalb|pourquoi|por qué",
    "money": r"what (?:does|do|did)\b.*\b(?:cost|pay)|price|how much (?:is|are|does|do)|was kostet|preis|combien coûte|cuánto cuesta",
    "number": r"how (?:many|large|long|often|big|far|old)|wie ?(?:viele?|lange|oft|groß)|combien de|cuánt[oa]s",
}
_KIND = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _KINDS.items()}


def _kinds(question: str) -> set[str]:
    said = question.casefold()
    return {kind for kind, words in _KIND.items() if words.search(said)}


def nearness(asked: str, wordings: Sequence[str], answer: str = "") -> float:
    """From 0 to 1: whether `asked` asks what one of `wordings` asks, which `answer` answers.

    What is asked has to be met, by a wording or by half in the answer, and what a wording is about has to be asked.
    """
    wanted, told = words_of(asked), words_of(answer)
    if not wanted:
        return 0.0
    best = 0.0
    for one in wordings:
        known = words_of(one)
        met = sum(max(meets(word, known), IN_THE_ANSWER * meets(word, told)) for word in wanted) / len(wanted)
        about = sum(meets(word, wanted) for word in known) / max(len(known), 1)
        kinds, others = _kinds(asked), _kinds(one)
        apart = OTHER_KIND if kinds and others and not kinds & others else 0.0
        best = max(best, ASKED * met + (1 - ASKED) * about - apart)
    return best

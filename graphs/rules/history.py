"""Questions after what changed: whether one is, what it is about and in which time, and what answers it beside what it finds."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations

from graphs.domain import Memory, Person
from graphs.rules import relation as relations
from graphs.rules.change import differ
from graphs.rules.days import days, undated
from graphs.rules.text import plain, sentences
from graphs.rules.wording import meets, words_of

LONGEST = 300
"""Characters of a sentence that are looked at: who asks what changed says so in fewer, and patterns cost more than a longer one is worth."""
SAYS_IT = 2.0
"""From this strength on the later statement of a pair says that something changes, or most of their words are the same."""
EACH = 2
"""Earlier statements of which one may be what a later one changes, as far as words show it."""
AS_NEAR = 0.6
"""Of what the pair that has most of the question's words has of them; what has less is about something else."""

_TURNED = r"chang(?:e|ed)|differ(?:ent)?|mov(?:e|ed)|switch(?:ed)?|postponed?|replaced?|rescheduled?|slip(?:ped)?"
_WANDELT = r"(?:ge|ver)ändert|geändert|gewechselt|verschoben|verlegt|vorgezogen|ersetzt|abgelöst"
_BOUGE = r"chang(?:é|ée|és|ées|er?)|déplacée?s?|reportée?s?|avancée?s?|remplacée?s?"
_MOVIDO = r"cambi(?:ado|ada|ó|aron|a)|movid[oa]|aplazad[oa]|sustituid[oa]|reemplazad[oa]"
_ASKS = re.compile(
    # English
    rf"\bwhat(?:'s| has| have| had| is| was| all)* (?:been )?(?:changed|different)\b|"
    rf"\b(?:did|has|have|had|was|were|been)\b.{{0,80}}\b(?:{_TURNED})\b|\bsince when\b|\bused to\b|\bas of\b|"
    r"\b(?:no|any) longer\b|\bany ?more\b|^(?:is|are|does|do|has|have)\b.*\bstill\b|"
    r"\b(?:who|what|which|where|when|how)\b.*\b(?:was|were|had|did|made|came|used)\b.*"
    r"\b(?:previous(?:ly)?|original(?:ly)?|former(?:ly)?|at first|earlier|until then|before(?= ?(?:[?.!,]|$|that\b|then\b|\d)))|"
    r"\b(?:got|get|gets|has|have|had)\b.*\b(?:another|new|different)\b.*\bsince\b|"
    # German
    rf"\b(?:hat|haben|hatte|wurden?|worden|ist|sind|war|waren)\b.*\b(?:{_WANDELT})\b|\bändert(?:e|en)\b|\bwechselt(?:e|en)\b|"
    r"\bseit wann\b|\bnicht mehr\b|\bimmer noch\b|\bnoch immer\b|^(?:ist|sind|gilt|gelten|hat|haben|macht|bleibt)\b.*\bnoch\b|"
    r"\b(?:wer|was|wann|wo|wie|welche[rsmn]?)\b.*\b(?:war|waren|hatten?|galt|machte|kam)\b.*"
    r"\b(?:vorher|früher|zuvor|davor|bisher|ursprünglich|anfangs|bis dahin)\b|\bstand (?:vom|am)\b|\bmit stand\b|"
    r"\b(?:andere|neue)[nrsm]?\b.*\bseit\b|\bseit\b.*\b(?:andere|neue)[nrsm]?\b|"
    # French
    rf"\b(?:a|ont|avait|avaient|est|sont|été)\b.*\b(?:{_BOUGE})\b|\bdepuis quand\b|\bn(?:e |').*\bplus\b(?! (?:de|que|tard))|"
    r"^(?:est-ce|est|sont|a|ont)\b.*\b(?:toujours|encore)\b|\bà la date du\b|"
    r"\b(?:qui|que|quoi|quel\w*|où|quand|combien)\b.*\b(?:était|étaient|avait|faisait|fabriquait|a fait)\b.*"
    r"\b(?:avant|auparavant|à l'origine|au départ|précédemment)\b|\b(?:autre|nouveau|nouvel|nouvelle)s?\b.*\bdepuis\b|"
    # Spanish
    rf"\b(?:ha|han|había|habían|fue|fueron|qué|cuándo)\b.*\b(?:{_MOVIDO})\b|\bdesde cuándo\b|\bya no\b|\bsigue siendo\b|"
    r"^¿?(?:es|está|son|tiene)\b.*\b(?:todavía|aún)\b|^¿?(?:todavía|aún) (?:es|está|son|tiene)\b|\ba fecha de\b|\bsolía\b|"
    r"\b(?:quién|qué|cuál|cuándo|dónde|cuánto)\b.*\b(?:era|eran|tenía|hacía|fabricaba|estaba)\b.*"
    r"\b(?:antes|anteriormente|al principio|originalmente|inicialmente)\b|\b(?:otr[oa]|nuev[oa])s?\b.*\bdesde\b"
)
_BETWEEN = re.compile(r"\b(?:between|zwischen|entre)\b")
_SINCE = re.compile(r"\b(?:since|after|seit|nach|depuis|après|desde|después)\b")
_AS_OF = re.compile(r"\b(?:as of|on|stand|am|zum|à la date|au|le|a fecha|en|el)\b")
_OF_CHANGE = words_of(
    """changed change changes changing different differ moved move switched switch postponed replaced rescheduled slipped since
    between until before after previous previously original originally former formerly earlier first still longer anymore used
    another new other got now then happened everything anything something here
    geändert verändert ändern änderte änderten gewechselt wechselte verschoben verlegt ersetzt seit zwischen bis vorher früher
    zuvor davor bisher ursprünglich anfangs noch immer mehr stand neue neuen neuer neues andere anderen anderer anderes sich alles
    etwas hier dann jetzt gilt
    changé changée changés changer déplacé reporté remplacé depuis entre jusqu avant après auparavant origine départ toujours
    encore plus autre nouveau nouvelle nouvel date qu est ce
    cambiado cambió cambia cambiaron cambiar movido aplazado sustituido desde hasta antes después anteriormente principio todavía
    aún sigue siendo ya fecha otro otra nuevo nueva"""
)


@dataclass(frozen=True)
class Period:
    """From one moment to another, this one not among it; None: open."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Turn:
    """A statement and a later one that took its place; not `sure`: that words show and no night decided."""

    earlier: Memory
    later: Memory
    sure: bool


def asks_what_changed(asked: str) -> bool:
    """Whether it is asked what changed, when, what held before or at a time, or whether something still holds."""
    if any(_ASKS.search(plain(one)[:LONGEST]) for one in sentences(asked)):
        return True
    return bool(_BETWEEN.search(plain(asked))) and len(days(asked, date(2000, 1, 1))) > 1


def period(asked: str, now: datetime) -> Period:
    """When what is asked for changed, by the clock that `now` shows: between two days, since one, or, where it is asked what
    held on a day, after it."""
    said, named = plain(asked), sorted(days(asked, now.date()))
    begins = [datetime.combine(day, time(), now.tzinfo) for day in named]
    if len(named) > 1 and _BETWEEN.search(said):
        return Period(begins[0], begins[-1] + timedelta(days=1))
    if len(named) == 1 and _SINCE.search(said):
        return Period(begins[0])
    if len(named) == 1 and _AS_OF.search(said):
        return Period(begins[0] + timedelta(days=1))
    return Period()


def about(asked: str) -> str:
    """What a question after a change is about: its words without days and without those that ask for a change."""
    said = undated(asked)
    kept = (word for word in re.findall(r"[\w-]+", said) if words_of(word) - _OF_CHANGE)
    return " ".join(kept)


def turns(
    sure: Sequence[tuple[Memory, Memory]], found: Sequence[Memory], asked: str, people: Mapping[str, Person]
) -> list[Turn]:
    """What took the place of what, as far as it is about what is asked, nearest first: what a night knows, and what words say
    of those `found` that hold side by side. The first of each two is the earlier one."""
    wanted = words_of(about(asked))
    known = [Turn(earlier, later, sure=True) for earlier, later in sure]
    placed = {row for turn in known for row in (turn.earlier.id, turn.later.id)}
    likely = [one for one in _likely(found, wanted, people) if not {one.later.id, one.earlier.id} & placed]
    met = [(len(_asked(wanted, one.earlier) | _asked(wanted, one.later)), one) for one in known]
    met += [(len(_asked(wanted, one.earlier) & _asked(wanted, one.later)), one) for one in likely]
    best = max((share for share, _ in met), default=0)
    kept = [(share, one) for share, one in met if share >= AS_NEAR * best and (share or not wanted)]
    return [one for _, one in sorted(kept, key=lambda told: (-told[0], not told[1].sure, *_order(told[1])))]


def _asked(wanted: Collection[str], one: Memory) -> frozenset[str]:
    """The words of a question that a statement has."""
    said = words_of(f"{one.text} {one.quote}")
    return frozenset(word for word in wanted if meets(word, said))


def _order(turn: Turn) -> tuple[float, str, str]:
    """The newest first."""
    return -turn.later.valid_from.timestamp(), turn.later.text, turn.earlier.text


def _likely(found: Sequence[Memory], wanted: Collection[str], people: Mapping[str, Person]) -> list[Turn]:
    """Of what holds side by side, where the later one says that something is otherwise and has another value for it, and not
    each has a word of the question that the other has not: then they are about two things."""
    held = [one for one in found if one.kind != "conclusion" and one.valid_to is None]
    said = [relations.statement(one, people) for one in held]
    names = relations.name_words([person.name for person in people.values()])
    apart = ((a, b) for a, b in combinations(range(len(held)), 2) if not set(held[a].sources) & set(held[b].sources))
    asked = [_asked(wanted, one) for one in held]
    kept: dict[int, list[tuple[int, Turn]]] = {}
    for pair in relations.pairs(said, apart, names):
        later, earlier = said[pair.later], said[pair.earlier]
        fits = later.changes and earlier.outside >= later.outside and not differ(asked[pair.later], asked[pair.earlier])
        if pair.strength >= SAYS_IT and fits:
            shared = len(asked[pair.later] & asked[pair.earlier])
            kept.setdefault(pair.later, []).append((shared, Turn(held[pair.earlier], held[pair.later], sure=False)))
    return [turn for found_ in kept.values() for turn in _nearest(found_)]


def _nearest(found: Sequence[tuple[int, Turn]]) -> list[Turn]:
    """Of one later statement and several earlier ones, the strongest first: those that share most of the question."""
    most = max(shared for shared, _ in found)
    return [turn for shared, turn in found if shared == most][:EACH]

"""Whether a question asks for what lies on the asker's own desk: what is unfinished, owed, waited for, or drafted. Pure.

Whole sentences alone, in four languages: "what is unfinished in the Sprig project?" and "what do I owe Ben?" ask for something
else, and are answered like any other question.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from graphs.rules.text import word_set

Own = Literal["unfinished", "owed", "waited", "drafts"]
"""All of it; what others wait for; what the asker waits for; replies that lie ready."""

_LEAD = re.compile(
    r"(?:(?:and|und|et|y|ok|so|hi|hello|hey|hallo|moin|bonjour|salut|hola|nightdesk|good morning|guten morgen|buenos dias) )*"
    r"(?:(?:can|could|would) you (?:tell|show|give) me |(?:tell|show|give) me |list |"
    r"(?:kannst du mir (?:sagen|zeigen)|zeige? mir|sage? mir|nenne? mir) |"
    r"(?:peux tu me (?:dire|montrer)|montre moi|dis moi) |(?:muestrame|ensename|dime) )?"
)
_PASSING = re.compile(
    r"\b(?:at the moment|right now|for (?:now|today)|this (?:morning|week)|im moment|en ce moment|aujourd hui|en este momento)\b"
)
_POLITE = re.compile(r"\b(?:s il (?:te|vous) plait|por favor)\b")
_STILL = word_set(
    "still yet now today currently noch jetzt heute gerade derzeit encore maintenant todavia aun hoy ahora"
)
_FILLERS = _STILL | word_set("please any new all just bitte denn eigentlich alles mal neue neuen des stp svp")

_REPLY = r"(?:an? )?(?:answers?|reply|replies|response|word|something|anything)"
_OPEN = r"(?:offen|unerledigt|unfertig|zu tun|zu erledigen|liegen ?geblieben|an)"
_MINE = r"(?:fur|fuer|bei|von) mi(?:ch|r)"
_ANTWORT = r"(?:(?:eine )?antwort|etwas|was)"
_RESPUESTA = r"(?:(?:una |alguna )?respuesta|algo)"


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(forms))


_PLAIN: Mapping[Own, re.Pattern[str]] = {
    "unfinished": _any(
        r"what (?:is|s|are) (?:unfinished|undone|open|left|pending|outstanding|due) "
        r"(?:for me|on my (?:list|side|plate|desk)|with me)(?: to (?:do|finish))?",
        r"what (?:is|s) (?:there )?on my (?:(?:to do|todo|task) )?(?:list|plate|desk)",
        r"what (?:did i leave|have i left|i left) (?:unfinished|undone|open)",
        r"what (?:haven t i|have i not) (?:done|finished)",
        r"what do i have left(?: to do)?",
        r"what needs (?:me|my attention)",
        r"(?:is )?anything (?:unfinished|open|left|pending|due) for me",
        r"(?:what are )?my (?:(?:open|unfinished|pending) )?(?:tasks|to dos|todos|list|(?:to do|todo|task) list)",
        r"(?:what|which) (?:(?:open|unfinished) )?(?:tasks|to dos|todos|things) do i have(?: (?:open|left))?",
        r"which of my tasks are (?:open|unfinished|left|due)",
        rf"was (?:ist|liegt|steht|bleibt) (?:{_MINE} {_OPEN}|{_OPEN} {_MINE}|{_MINE})",
        r"was (?:steht|ist) auf meiner (?:(?:to do |todo )?liste|aufgabenliste)",
        r"was habe? ich (?:offen|unerledigt|zu erledigen|liegen ?gelassen|auf (?:meiner|der) liste)",
        r"(?:welche|was sind) (?:meine )?(?:offenen )?aufgaben(?: habe? ich(?: offen)?)?",
        r"meine (?:offenen )?(?:aufgaben|todos|liste)",
        r"qu est ce qu il me reste(?: a (?:faire|finir|terminer))?",
        r"qu est ce qui (?:me reste|reste pour moi)(?: a (?:faire|finir|terminer))?",
        r"que me reste t il(?: a (?:faire|finir|terminer))?",
        r"qu est ce qui (?:est|reste) (?:en suspens|en attente|inacheve|ouvert|a faire) (?:pour moi|de mon cote)",
        r"qu(?: est ce qu il)? y a(?: t il)? sur ma liste(?: de taches)?",
        r"qu est ce que je n ai pas (?:fini|termine|fait)",
        r"(?:quelles sont )?mes taches(?: (?:ouvertes|en cours|en suspens))?",
        r"ma liste(?: de taches)?",
        r"que (?:tengo|me queda|me falta) (?:pendiente|abierto|por (?:hacer|terminar)|sin terminar)",
        r"que (?:queda|esta|hay|sigue) (?:pendiente|abierto|por hacer|sin terminar) (?:para mi|de mi parte|por mi parte)",
        r"que (?:hay|tengo|esta) en mi lista(?: de tareas)?",
        r"que tareas (?:tengo|me quedan)(?: (?:pendientes|abiertas|por hacer))?",
        r"(?:cuales son )?mis (?:pendientes|tareas(?: (?:pendientes|abiertas))?)",
        r"mi lista(?: de tareas)?",
    ),
    "owed": _any(
        r"what (?:do )?i owe(?: (?:to )?(?:anyone|anybody|people|others|everybody|everyone))?",
        rf"whom? (?:do )?i owe(?: {_REPLY}(?: to)?)?",
        rf"wh(?:o|at) (?:is|s|are) waiting (?:for|on) (?:me|my (?:answer|reply|response)|{_REPLY} from me)",
        rf"who waits (?:for|on) (?:me|my (?:answer|reply|response)|{_REPLY} from me)",
        rf"who needs (?:me|{_REPLY} from me)",
        r"who (?:is|s) (?:blocked|held up) (?:by|on|because of) me",
        r"whom? am i (?:blocking|holding up|keeping waiting)",
        r"what (?:did i promise|have i promised|i (?:have )?promised)(?: to do| (?:to )?(?:anyone|anybody|people|others))?",
        r"what did i (?:commit to|say i would do)",
        r"(?:what|whom?) do i (?:have|need) to (?:answer|reply to|respond to|get back to)",
        r"whom? (?:haven t i|have i not) (?:answered|replied to)",
        r"was (?:schulde ich|ich schulde)(?: (?:anderen|jemandem|wem))?",
        rf"wem schulde ich(?: {_ANTWORT})?",
        rf"wer wartet auf (?:mich|meine antwort|{_ANTWORT} von mir)",
        rf"wer braucht (?:mich|{_ANTWORT} von mir)",
        r"was wartet auf mich",
        r"was habe? ich (?:versprochen|zugesagt)",
        r"wem muss ich antworten|was muss ich beantworten|wen (?:blockiere ich|halte ich auf)",
        r"qui attend (?:ma reponse|(?:une reponse|quelque chose) de (?:moi|ma part)|apres moi)|qui m attend",
        r"a qui (?:dois je|je dois|est ce que je dois)(?: (?:une reponse|repondre|quelque chose))?",
        r"(?:que dois je|qu est ce que je dois)(?: aux autres)?",
        r"qu ai je promis|qu est ce que j ai promis|j ai promis quoi",
        r"qui est bloque (?:par|a cause de) moi|qui est ce que je bloque",
        r"que debo(?: a (?:los demas|otros|alguien))?",
        rf"a quien(?:es)? (?:les? )?debo(?: (?:{_RESPUESTA}|responder|contestar))?",
        r"quien(?:es)? (?:esperan?|esta esperando|estan esperando) "
        r"(?:mi respuesta|(?:una )?respuesta (?:mia|de mi|de mi parte)|algo (?:mio|de mi|de mi parte))",
        r"quien(?:es)? me esperan?|que (?:he prometido|prometi)",
        r"a quien(?:es)? (?:tengo que (?:responder|contestar)|estoy bloqueando|bloqueo)",
    ),
    "waited": _any(
        r"(?:what|whom?) (?:am i|i am|i m) waiting (?:for|on)",
        r"(?:what|whom?) do i wait for|whose (?:answer|reply|response) am i waiting for",
        rf"who owes me(?: {_REPLY})?|what (?:am i owed|(?:is|s) owed to me|do (?:others|people) owe me)",
        r"who (?:hasn t|has not|didn t|did not) (?:answer(?:ed)?|repl(?:y|ied) to|respond(?:ed)? to|g[eo]t back to) me",
        r"worauf warte ich|auf (?:wen|was) warte ich|worauf ich warte",
        rf"wer schuldet mir(?: {_ANTWORT})?|wer hat mir nicht geantwortet",
        r"qu est ce que j attends|j attends quoi|qu attends je|qui est ce que j attends",
        r"qui me doit(?: (?:une reponse|quelque chose))?|qui ne m a pas repondu",
        r"de qui (?:(?:est ce que )?j attends|attends je) (?:une )?reponse",
        r"que (?:espero|estoy esperando)|a quien(?:es)? (?:espero|estoy esperando)",
        rf"quien(?:es)? me deben?(?: {_RESPUESTA})?|quien(?:es)? no me han? (?:respondido|contestado)",
        r"de quien(?:es)? (?:espero|estoy esperando) (?:una )?respuesta",
    ),
    "drafts": _any(
        r"(?:(?:what|where) are )?my drafts|(?:what|which) drafts do i have|do i have drafts",
        r"what (?:have you|did you) draft(?:ed)? for me|which (?:replies|answers|mails) (?:have you|did you) draft(?:ed)? for me",
        r"(?:(?:was|wo) sind )?meine entwurfe|welche entwurfe habe? ich",
        r"(?:(?:quels|ou) sont )?mes brouillons|quels brouillons ai je",
        r"(?:(?:cuales son|donde estan) )?mis borradores|que borradores tengo",
    ),
}
"""What says by itself whose desk it is about, without what `_FILLERS` and `_LEAD` hold."""

_ALONE: Mapping[Own, re.Pattern[str]] = {
    "drafts": _any(
        r"(?:what|which) drafts (?:are there|are (?:ready|waiting)|do you have|have you (?:made|written|prepared)|"
        r"did you (?:make|write|prepare))(?: (?:for me|ready))?",
        r"(?:are there|do you have|have you got) drafts(?: (?:for me|ready|waiting))*",
        r"(?:what|which (?:replies|answers|mails)) (?:have you drafted|did you draft|(?:is|are) drafted)",
        r"welche entwurfe (?:gibt es|sind (?:da|fertig|bereit)|liegen (?:bereit|vor|da)|hast du(?: (?:geschrieben|gemacht))?)"
        r"(?: fur mich)?(?: (?:geschrieben|gemacht))?",
        r"(?:gibt es|hast du) entwurfe(?: fur mich)?",
        r"quels brouillons (?:(?:il )?y a(?: t il)?|as tu(?: (?:prepares|ecrits))?|sont prets)(?: pour moi)?",
        r"(?:est ce qu il y a|(?:il )?(?:y )?a t il|il y a) brouillons(?: pour moi)?",
        r"que borradores (?:hay|tienes|estan listos|has (?:preparado|escrito))(?: (?:para mi|listos))?",
        r"hay (?:algun )?borrador(?:es)?(?: para mi)?",
    )
}
"""What means the asker's own only where nobody else is there."""

_WITH_STILL: Mapping[Own, re.Pattern[str]] = {
    "unfinished": _any(
        r"what (?:do i (?:have|need) to|must i) (?:do|finish)",
        r"was (?:muss ich (?:tun|machen|erledigen)|habe? ich (?:zu tun|vor mir))",
        r"(?:que dois je|qu est ce que je dois) faire|(?:qu ai je|qu est ce que j ai) a faire",
        r"que (?:tengo que|debo) hacer",
    )
}
"""What means the desk only with "still" or "today": without, it is about what was talked of."""


def asks_for(text: str, alone: bool) -> Own | None:
    """What of the asker's own desk `text` asks for, and nothing else; None for any other question. `alone`: in their DM with us."""
    words = _POLITE.sub(" ", _PASSING.sub(" today ", _flat(text))).split()
    said = " ".join(word for word in words if word not in _FILLERS)
    bare = _LEAD.sub("", f"{said} ", count=1).strip()
    forms = [_PLAIN, *([_ALONE] if alone else []), *([_WITH_STILL] if _STILL.intersection(words) else [])]
    return next((own for form in forms for own, known in form.items() if known.fullmatch(bare)), None)


def _flat(text: str) -> str:
    """Words in small letters without accents, one space apart: "Qu’est-ce" becomes "qu est ce"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", bare))

"""What one sentence does: asks, promises, reports done, acknowledges, puts off, withdraws, jokes.

Patterns over `plain` text, English and German first, the commonest French and Spanish forms beside them. Precision
before recall: a missed ask is found by a model or the next reminder, a false one costs trust every morning.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

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


# --- asks -----------------------------------------------------------------------------------------

_SOFT = r"(?:please |kindly |just |maybe |possibly |perhaps |also |quickly |then |still |ever |at least |help me (?:to )?|be able to )*"
_YOU = r"(?:you(?: (?:guys|all|two|both))?|u|ya|y'all|one of you|either of you|somebody|someone|anyone|anybody)"
_POLITE = re.compile(
    rf"(?:^|[,;:.–—(-] ?|\b(?:and|so|but|if|then|also|wondering|hoping|or|when|whether|appreciate it if|great if|good if|nice if|"
    rf"helpful if|lovely if|grateful if|appreciate if|perhaps|maybe|hey|hi|hello|hallo|just) )"
    rf"(?:can|could|would|will|wld|cld|might) {_YOU} (?:{_SOFT})(?P<verb>[a-z]+)"
)
_NOT_POLITE = word_set(
    """believe imagine see hear tell be like feel guess say come join attend make do remember think prefer rather have
    want know understand hear look"""
)  # "can you see it?", "would you like": questions at most
_DUTY = re.compile(
    r"(?:^|[,;:.–—] ?|\b(?:and|so|but|also|then|please|think|hi|hey) )"
    r"(?:you (?:also |still |really |just )?(?:(?:need|have|ought|are supposed|are expected|were supposed|'re supposed) to|(?:must|should|shouldn't forget to|might want to|may want to)|owe (?:me|us)))\b"
)
_IF_YOU_COULD = re.compile(rf"\bif (?:you|u|someone|anyone) (?:could|can|would) {_SOFT}(?P<verb>[a-z]+)")
_INDIRECT = re.compile(
    r"\b(?:(?:would|do) you mind (?!if)|mind (?:taking|having|looking|checking|sending|sharing|giving|doing|reviewing|\w+ing)|"
    r"any chance (?:you|u|of|for|we|i)|is there (?:any|a) chance|(?:could|can|may|might) i (?:please )?(?:ask|trouble|bother|get|have) (?:you|your|a|the|some)|"
    r"(?:i|we)(?:'d| would) (?:really |very much |greatly )?(?:appreciate|be (?:very |really |so |most )?(?:grateful|thankful))|"
    r"(?:i|we)(?:'d| would) (?:like|love|need) (?:for )?you to|(?:i|we) (?:just |really |still |also |would |'ll |will )*(?:need|require|want) (?:you|u)(?: guys| all| both)? (?:to|on)|"
    r"(?:i|we) (?:just |really |still |also |will |urgently )*(?:need|require) (?:your|ur)|need(?:s|ed)? your|needs? (?:a )?(?:sign-?off|approval|review|signature|answer|decision|reply|response|input|feedback)(?: from you)?\b|"
    r"(?:still )?(?:need|missing|require|am missing|are missing|expecting) (?:\w+ ){1,6}from (?:you|your side)|"
    r"(?:was |am |'m |were )?(?:wondering|hoping) (?:if|whether|that)? ?(?:you|u|someone|anyone)|(?:would|will|'d) be (?:\w+ )?(?:great|good|nice|helpful|lovely|awesome|useful|ideal|perfect|wonderful) if (?:you|someone|anyone|we could)|"
    r"(?:would|'d) (?:really )?help (?:a lot |me |us )*if you|let me know|let us know|lmk|keep (?:me|us) (?:posted|updated|in the loop)|"
    r"get back to (?:me|us)|(?:please|pls) advise|kindly \w+|(?:don't|do not) forget to|remember to (?!.*\b(?:when|that time)\b)|"
    r"make sure (?:to|you|that you|we have|the|it|they|everything)|be sure to|"
    r"(?:i|we) (?:am |are |'m |'re )?(?:still )?(?:waiting|wait) (?:on|for) (?:you|your|u|ur)\b|waiting (?:on|for) (?:you|your|u|ur)\b|(?:over|up) to you\b|your turn|ball is in your court|"
    r"looking forward to (?:your|hearing)|(?:i|we) (?:look|looking) forward to (?:your (?:reply|answer|response|feedback|thoughts|comments|confirmation)|hearing)|"
    r"(?:hope|like|want|need|love) to (?:hear|get|have|see|know) (?:\w+ ){0,2}your|request(?:ing)? (?:that you|you to|your)|awaiting your|"
    r"(?:ask|asking|asked|remind|reminding|reminder for) you (?:all )?(?:to|for))\b"
)
_WHEN_YOU_CAN = re.compile(
    r"\b(?:when(?:ever)?|once|as soon as|if) you (?:get|have|find|'ve got) (?:a |some |the )?(?:few )?(?:free )?(?:minutes?|chance|moment|mins?|sec|second|time|bandwidth)\b|"
    r"\b(?:i|we)(?:'d| would) (?:really |also )?like to (?:know|see|get|have|hear|understand|receive)\b|\bgive (?:me|us|him|her|them) a (?:call|ring|shout|hand)\b|"
    r"\b(?:wenn|sobald) (?:du|sie|ihr) (?:kurz |mal |etwas )*zeit (?:hast|haben|habt)\b"
)
_I_WILL = re.compile(r"\bi(?:'ll| will|'m going to)\b")
_CONDITION = re.compile(
    r"^(?:(?:in|for) case|if (?:you|u|anyone|anybody|someone|there|this|it) (?:want|like|need|experience|should|wish|no longer|have (?:any|questions|trouble|problems|further)|'re|are|did|didn't|do|don't|would (?:no longer )?(?:like|prefer)|find (?:any|yourself)|see (?:any|something)|run into|feel|notice|received|get (?:an error|stuck|any)|is|was|has|happens?|cannot|can't)\b|"
    r"falls (?:du|sie|ihr|es|jemand)|bei (?:fragen|rückfragen|problemen)|wenn (?:du|sie|ihr) (?:fragen|lust|möchtest|willst|magst))"
)
_UPDATE = re.compile(
    r"^(?:so |and |hey |hi |sorry to (?:bug|bother|chase) you(?: again)?,? (?:but )?|just |quick |gentle |friendly |hate to |to (?:follow|circle) (?:up|back)[,:]? )*(?:"
    r"any (?:updates?|news|progress|luck|movement|word|thoughts|feedback|ideas?|comments|objections|opinions?|eta)\b|"
    r"(?:updates?|status|eta|news|thoughts|feedback|comments|opinions?|objections|ideas)(?: (?:on|about|for|from) .*)?\?|"
    r"(?:gentle|friendly|quick|small|little)? ?(?:reminder|nudge|ping|bump|bumping|pinging|nudging|following up|follow-up|circling back|checking in|chasing)\b|"
    r"what(?:'s| is) the (?:status|latest|eta|state|word|plan)\b|where are we (?:on|with)|how(?:'s| is) (?:it|this|that|the .*) (?:going|coming along|looking|progressing)|"
    r"did you (?:get|have) (?:a |any |the )?(?:chance|time|moment|opportunity)|have you (?:had|got|gotten) (?:a |any |the )?(?:chance|time|moment|opportunity)|had a chance|got a chance|"
    r"gibt(?:'s| es) (?:schon |da |hier |dazu )*(?:was neues|etwas neues|neuigkeiten|news|ein update|updates?|einen stand|fortschritte|rückmeldung)|"
    r"(?:schon |irgendwelche |irgendwas )?(?:was neues|neuigkeiten|updates?|neues)(?: (?:zu|zum|zur|von|vom) .*)?\?|wie (?:ist|sieht) (?:es|der stand|der aktuelle stand)|wie weit (?:bist|seid|sind)|(?:kurze |kleine |freundliche )?(?:erinnerung|nachfrage)\b|"
    r"(?:bist du|seid ihr|sind sie|konntest du|konntet ihr|konnten sie|kamst du|hattest du|hast du) (?:schon |inzwischen |da |dazu |mal )*(?:dazu gekommen|zeit|gelegenheit|reinschauen|draufschauen)|"
    r"des nouvelles|du nouveau|alguna novedad|novedades|hay novedades)"
)
_GENERIC = re.compile(
    r"^(?:please |pls |just |so |and |but |then |also |or |bitte )*(?:(?:can|could|would|will) (?:you|someone|anyone) (?:please )?)?(?:let (?:me|us) know(?: (?:if|what|your|how|when|whether|asap|by|here|soon|in case|either|thoughts|and|once|before|today|tomorrow|until)\b.*)?|lmk.*|"
    r"(?:please )?advise|get back to (?:me|us).*|keep (?:me|us) (?:posted|updated|in the loop).*|(?:what|any) (?:do you )?(?:think|thoughts|ideas|feedback|comments|opinions?|updates?|news|luck|eta|progress|objections)|"
    r"what (?:do|does|are|is) (?:you|everyone|everybody|y'all|your|u)(?: guys| all)? (?:think|say|thoughts?|opinion|take)(?: about (?:it|this|that))?|how does that sound|sounds? (?:good|ok)|thoughts|make sense|does (?:that|this|it) (?:work|make sense)(?: for (?:you|everyone|all|y'all))?|would (?:that|this) (?:work|be ok(?:ay)?)(?: for (?:you|everyone))?|"
    r"(?:is|are) (?:that|this|you) (?:ok(?:ay)?|fine|alright)(?: (?:with|for) (?:you|that|this|it))?|ok(?:ay)?(?: with you)?|can you (?:do|manage|handle) (?:that|this|it)|possible|looking forward.*|i look forward.*|we look forward.*|"
    r"was (?:meinst|denkst|sagst|hältst) du(?: dazu| davon)?|was meint ihr(?: dazu)?|(?:wie )?passt (?:das|dir das|das so|euch das)(?: für (?:dich|euch|sie))?|ok für (?:dich|euch)|(?:gib|gebt|geben sie) (?:mir|uns) (?:bitte |kurz )*bescheid.*|sag(?:t)? (?:mir|uns)? ?(?:bitte |kurz )*bescheid.*|"
    r"melde dich.*|lass (?:mich|uns) (?:kurz )?wissen.*|(?:ich |wir )?freue?n? (?:mich|uns) (?:auf|über) .*|geht das|gibt es (?:da |schon )?(?:was neues|neuigkeiten|updates?)|"
    r"qu'en (?:penses-tu|pensez-vous)|dis-moi|dites-moi|tiens-moi au courant|qué (?:opinas|te parece)|avísame|dime)[ ,]*(?:please|pls|thanks|thank you|bitte|danke|asap|merci|gracias)?[ ]*[?.!]*$"
)
_GERMAN_ASK = re.compile(
    r"(?:\b(?:kannst|könntest|koenntest|kannste|würdest|wuerdest|magst|möchtest|willst) (?:du|ihr)\b|\b(?:könnten|könnt|könntet|würden|würdet|koennten|wuerden|können|wollt|mögt) (?:sie|ihr)\b|"
    r"\b(?:schickst|sendest|gibst|prüfst|machst|leitest|meldest|schaust|guckst|übernimmst|kümmerst|denkst|bringst|nennst|bestätigst|reichst|lädst|stellst|trägst|klärst|sagst|rufst|erstellst|bestellst|buchst) du\b.*(?:\?|\bbitte\b)|"
    r"\b(?:schickt|sendet|gebt|prüft|macht|leitet|meldet|schaut|übernehmt|kümmert|bestätigt) ihr\b.*(?:\?|\bbitte\b)|"
    r"\bhättest du (?:kurz |mal |vielleicht |evtl\.? )*(?:zeit|lust|einen moment|eine minute|kapazität)|\bhast du (?:kurz |mal |gerade |vielleicht )*(?:zeit|einen moment|eine minute)|"
    r"(?:^|[,;:.–-] ?)(?:schick|sende?|gib|sag|schau|guck|prüf|mach|meld|leite|lade?|stell|ruf|klär|denk|nimm|bring|füg|trag|lies|setz|frag|check|vergiss|erinnere?|bestätige?|buche?|bestelle?|kümmere?|übernimm|reich)e? (?:(?:mir|uns|dich|es|das|den|die|bitte|doch|mal|kurz|dir|ihm|ihr|ihnen|nicht|noch|dran|daran|ein|einen|eine|beim|bei|auf)\b)|"
    r"(?:^|[,;:.–-] ?)(?:schickt|sendet|gebt|sagt|schaut|prüft|macht|meldet|leitet|stellt|denkt|bringt|lest|kümmert|bestätigt|tragt) (?:mir|uns|euch|es|das|den|die|bitte|doch|mal|kurz|dran|daran|ein)\b|"
    r"\b(?:schicken|senden|geben|prüfen|melden|leiten|lassen|nennen|bestätigen|beachten|teilen|denken|kümmern|rufen|überprüfen|unterschreiben|freigeben|überweisen|ergänzen|stellen|reichen|laden|schauen|sehen|bringen) sie (?:mir|uns|sich|es|das|den|die|bitte|mal|kurz|dies|diese)\b|"
    r"\b(?:ich|wir) (?:brauch(?:e|en)?|bräuchten?|benötigen?)\b.*\b(?:von (?:dir|euch|ihnen)|dein(?:e[nmrs]?)?|deine|euer|eure[nmrs]?|ihre?[nmrs]?|dich)\b|\b(?:brauche|bräuchte|benötige|brauchen|bräuchten|benötigen) (?:ich|wir) (?:noch |dringend |bitte |dafür |dazu |heute |bis \w+ )*(?:von (?:dir|euch|ihnen)|dein\w*|eure?\w*|ihre?\w*)\b|"
    r"\b(?:wäre|fände ich|fänd ich|ist) (?:\w+ )?(?:super|toll|nett|gut|klasse|schön|lieb|hilfreich|cool|prima),? wenn (?:du|ihr|sie|jemand)|\bwäre?(?:st|n|t)? (?:du|sie|ihr|ich|wir) (?:\w+ )?(?:so (?:nett|lieb|gut|freundlich)|dankbar)|\bwürde(?:n)? (?:ich mich|wir uns|mich|uns) freuen,? wenn (?:du|sie|ihr)|"
    r"\blass(?:t|en sie)? (?:mich|uns) (?:\w+ )?wissen|\b(?:ich|wir) (?:warten?|wart) (?:noch |immer |schon |seit \w+ |dringend |weiter )*(?:auf (?:dich|dein\w*|euch|eure?\w*|ihre?\w*|eine (?:antwort|rückmeldung)))|\bwarte(?:n wir)? (?:noch )?auf (?:dich|dein\w*|ihre?\w*|eure?\w*)|"
    r"\b(?:darf|dürfte|kann|könnte) (?:ich|wir) (?:\w+ )?(?:dich|sie|euch) (?:\w+ )?(?:bitten|fragen)|\bich bitte (?:dich|sie|euch)|\bbitte(?:n)? (?:wir )?um\b|\b(?:du|ihr) (?:musst|müsstest|solltest|müsst|solltet) (?:\w+ )?(?:bitte|noch|bis|mal|unbedingt)\b|\bfehlt (?:mir |uns |noch )*dein)"
)
_GERMAN_PLEASE = re.compile(r"(?:^|[^a-zäöüß])bitte\b(?! (?:schön|sehr|gern))")
_NOT_PLEASE = re.compile(
    r"^(?:bitte[ !.]*$|bitteschön|bitte (?:schön|sehr|gern)|gern|kein problem|wie bitte|ja,? bitte[ !.]*$|danke)"
)
_ROMANCE_ASK = re.compile(
    r"(?:\b(?:peux-tu|pourrais-tu|pouvez-vous|pourriez-vous|tu (?:peux|pourrais)|vous (?:pouvez|pourriez)|est-ce que (?:tu (?:peux|pourrais)|vous (?:pouvez|pourriez)))\b|"
    r"\b(?:s'il (?:te|vous) pla[iî]t|svp|stp|veuillez)\b|\bmerci de (?:me |nous |bien vouloir |ne pas |la |le |les |vous )*\w+(?:er|ir|re)\b|\bj'ai besoin (?:de (?:ton|ta|tes|votre|vos|toi|vous)|que (?:tu|vous))|\bnous avons besoin de (?:ton|ta|votre|vos)|"
    r"\b(?:dis|dites|envoie|envoyez|tiens|tenez|fais|faites|donne|donnez)-(?:moi|nous|le|la|les)\b|\bn'oublie(?:z)? pas\b|\bj'attends (?:ton|ta|tes|votre|vos)\b|"
    r"(?:\b|¿)(?:puedes|podrías|podrias|podéis|pueden|podrían|podría usted|puede usted|me puedes|nos puedes|me podrías)\b|\bpor favor\b|\b(?:avísame|dime|envíame|mándame|pásame|confírmame|recuérdame|avísanos|envíanos|mándanos)\b|"
    r"\bnecesit(?:o|amos) (?:que|tu|tus|su|vuestr\w+)\b|\b(?:estoy|seguimos|sigo) esperando (?:tu|tus|su)\b|"
    r"\b(?:puoi|potresti|può|potrebbe|kun je|kunt u|kan je|zou je|pode(?:s|ria)?(?= (?:me|enviar|mandar|ver)))\b)"
)
_VERBS = word_set(
    """send share forward review check look update fix add remove delete change edit write draft prepare create make build
    set schedule book call ring email mail ping ask tell give get bring take finish complete submit upload post publish
    push merge deploy release ship test verify confirm approve sign return reply respond answer read print order buy pay
    invoice transfer process provide supply clarify explain describe summarise summarize compare investigate debug run
    rerun restart revert roll cancel move reschedule arrange organise organize plan coordinate contact follow find
    collect gather fill include attach copy cc assign close reopen open resolve handle cover join invite remind
    replace rename install configure enable disable grant revoke reset migrate document translate proofread swap
    double-check doublecheck cross-check circulate distribute compile list pick choose decide escalate file log
    record note drop put pull keep hold stop start use try let show point help hand mark tag flag chase nudge complete
    extend renew negotiate finalise finalize sort sync rebase squash bump block unblock refund ship deliver collect
    redo resend re-send reword shorten trim adjust align increase decrease lower raise quote estimate measure
    consider bear notify inform submit nominate rsvp respond vote"""
)
_NOT_ORDERED = re.compile(
    r"^(?:cc |fyi |(?:read|put|set|cut|let|hit) (?:it|them|that)[,.! ]*(?:$|lovely|thanks|all)|check (?:out|this out|it out)|look(?:s|ing)?(?: like| good| great| at (?:this|that|him|her|you|me)\b)|look(?:ing)? forward|let(?:'s| us|s|\b)|note that|keep (?:up|it up|going|calm)|"
    r"give me (?:a|an|until|another|till|some|\d)|\w+ #?\d+ (?:has|is|was|will|had|went|got|are)\b|take care|take (?:it easy|your time)|try (?:again|it and)|have a|use (?:of|at)|test(?:ing)?\b[:!.]|let me (?!know)|"
    r"read (?:receipt|this\b)|make(?:s)? sense|get (?:well|better|it|that|in\b)|got|give(?:n)? (?:that|the|me a (?:break|second|sec|minute))|"
    r"stop (?:it|lol)|find (?:attached|below|enclosed)|see |hold (?:on|up|tight|the phone)|help(?:s|ful)?\b|call me (?:crazy|old|weird)|"
    r"(?:order|record|test|list|quote|plan|release|deploy|change|file|log|update|draft|review|report|note|mail|call|order|use|process|"
    r"block|cover|invoice|print|point|set|run|push|build|copy|book|email|answer|reply|start|close|open|plan|estimate|vote|document|"
    r"record|bump|tag|mark|drop|hand|fix|ping|put|move|try|ship|merge|sign|sync)s?(?::|$| (?:is|are|was|were|has|have|had|will|went|done|from|on|of|in|numbers?|status|went|failed|passed|looks?|for|id|by|time|day|date)\b)|"
    r"help yourself|drop by|follow us|join us|post (?:mortem|it)|put (?:it|another) way|sort of|mind you|let alone|take (?:that|this) with|"
    r"close (?:call|enough|one)|pick (?:me|your poison)|open (?:source|question|to)|complete(?:ly)?\b(?! the)|clear(?:ly)?|double\b)"
)
_DEFINITE_OBJECT = re.compile(
    r"^[a-z-]+(?: (?:out|up|in|over|back|through|off|down|at|into|on|with|for|to|about))? (?:me|us|him|her|them|the|a|an|this|that|these|those|it|my|our|your|his|their|all|any|"
    r"both|some|@|#|pr\b|mr\b|\d|with|at|to|for|in|whether|if|what|when|how|who)"
)
_PLEASE = re.compile(r"(?:^|[^a-z])(?:please|pls|plz|plse)\b")
_NOT_ASK_PLEASE = re.compile(
    r"(?:^|[ ,.])(?:yes|no|ja|sure|ok|okay|oh),? please|^please[ !.]*$|please (?:find|see|note|be (?:advised|aware|informed)|accept|feel free|don't hesitate|do not hesitate|ignore|disregard|enjoy|excuse|forgive|bear with|stand by|god|no)\b|"
    r"(?:pretty )?please (?:no|don't (?:laugh|judge))"
)
_FREE = re.compile(
    r"\b(?:feel free|no (?:need|rush|hurry|worries|pressure) (?:to|for)?|don't (?:worry|bother)|you don't (?:have|need) to|no action (?:is )?(?:needed|required)|nothing (?:for you )?to do|"
    r"if you (?:want|like|fancy|feel like|wish|are interested|'re interested|have any questions|need anything|have questions)|kein stress|keine eile|musst (?:du )?nicht|brauchst (?:du )?nicht|wer (?:will|mag|lust hat)|"
    r"gerne? melden|bei (?:fragen|rückfragen)|si (?:tu veux|vous voulez|quieres)|n'hésite(?:z)? pas|no dudes en)\b"
)

# --- questions ------------------------------------------------------------------------------------

_WH = r"(?:what|when|where|who|whom|whose|which|why|how|what's|who's|where's|when's|how's|was|wann|wo|wer|wem|wen|wie|warum|wieso|weshalb|welche[rsmn]?|wohin|wieviel|woher|wozu|quand|où|qui|que|quoi|comment|pourquoi|combien|quel(?:le)?s?|cuándo|cuando|dónde|quién|qué|cómo|por qué|cuál(?:es)?|cuánt\w+)"
_INVERTED = r"(?:do|does|did|is|are|was|were|have|has|had|can|could|will|would|should|shall|may|am|isn't|aren't|don't|doesn't|didn't|haven't|hasn't|won't|wouldn't|shouldn't|couldn't|can't)"
_ASKS_WITHOUT_MARK = re.compile(
    r"^(?:so |and |but |also |hey |ok |just |quick (?:q|question)[:,-]? )*(?:(?:do|did|have|are|were|can|could|will|would|should|shall|is|does|has) (?:you|we|i|it|this|that|the|there|anyone|anybody|someone|they|he|she)\b"
    r"|(?:anyone|anybody|does anyone|has anyone) (?:know|knows|got|have|has|seen|else|here|around|able|tried|heard)\b|(?:weiß|weiss) (?:jemand|einer|wer)\b|hat (?:jemand|einer|wer)\b|kann (?:jemand|einer|wer|mal)\b)"
)
_WH_INVERTED = re.compile(
    rf"^(?:so |and |but |also |hey |ok |just )*{_WH} (?!(?:you|we|i|he|she|they|it) )(?:[\w'-]+ ){{0,3}}?{_INVERTED} "
    r"(?:you|we|i|it|they|he|she|the|this|that|these|those|our|your|my|their|his|her|a|an|there|someone|anyone)\b"
)
_SOCIAL = re.compile(
    r"^(?:so |and |hey |hi |hello |oh |ok |well |also |btw )*(?:how (?:are|r) (?:you|u|things|ya)\b|how(?:'s| is| was) (?:it going|it|everything|everyone|life|your (?:weekend|day|week|morning|vacation|holiday|trip|evening)|the (?:weekend|vacation|holiday))|how goes it|"
    r"how have you been|how (?:did|was) (?:your|the) (?:weekend|trip|holiday|vacation|evening|party)|what'?s up|sup|what'?s new|what's going on|(?:did|have) you (?:have|had) a (?:good|nice|great)|good (?:weekend|trip|morning|day)|you (?:ok|okay|alright|there|good|around)|all good|"
    r"are you (?:ok|okay|alright|feeling (?:ok|better|well))[ ?!]*$|wie geht(?:'s| es)|wie läuft'?s|alles (?:gut|klar|ok|fit)|na,? (?:wie|alles)|wie war (?:dein|das|euer|der)|schönes wochenende|gut (?:geschlafen|angekommen)|"
    r"ça va|comment (?:ça va|vas-tu|allez-vous|tu vas)|qué tal|cómo (?:estás|está|estáis|va todo)|todo bien)"
)
_PLAY = re.compile(
    r"\b(?:lunch|coffee|beers?|drinks?|pizza|cake|donuts?|kaffee|bierchen|bier|mittagessen|mittag|kuchen|table ?tennis|foosball|kicker|ping.?pong|karaoke|gym|movie|netflix|football|soccer|(?:last|the|that) (?:game|match)|game of|"
    r"déjeuner|café|pause|almuerzo|cerveza|happy hour|snacks?|playlist|fantasy league|costume|secret santa|birthday)\b"
)
_RHETORICAL = re.compile(
    r"^(?:really|seriously|what|huh|wait,? what|why|why not|how so|who knows?|who cares|who else|who knew|right|no|yes|yeah|ok|okay|eh|hm+|you know|know what i mean|get it|see|sorry|pardon|wtf|lol|say what|is it|isn't it|aren't we|are you (?:kidding|serious|joking|sure)|"
    r"are we there yet|who doesn'?t|what could (?:possibly )?go wrong|what can i say|what else is new|guess what|(?:can|could|would) you (?:believe|imagine)|how (?:cool|great|awesome|nice|crazy|weird|sad|funny|bad|hard|good|lucky|dare|on earth)\b(?!.*\b(?:would|is it for you|can)\b)|isn'?t (?:that|it|this) (?:\w+ )?(?:great|cool|nice|crazy|amazing|funny|awesome|weird|lovely)|"
    r"why (?:do|does|did|is|are|am|would|must|can't) (?:i|we|it|this|that|anyone|people|they|everything|nobody|mondays?)(?: \w+)? (?:always|even|ever|still|bother|never|keep|hate|so)|what (?:is|are) (?:wrong with|life|even)|where (?:has|did|does) the time go|remember when|what (?:did|have) i miss(?:ed)?|what was i thinking|when will (?:they|people|we|i) (?:ever|learn)|who (?:would have|would've|could have) thought|what do i know|"
    r"wirklich|echt(?: jetzt)?|ernsthaft|oder|ne|nicht wahr|was soll'?s|wer weiß|wer kennt das nicht|wie bitte|ach ja|verstehst du|weißt du|ja|warum auch nicht|wozu auch|ist das nicht|vraiment|ah bon|n'est-ce pas|verdad|en serio|no)[ ?!.…]*$|"
    r"^(?:can|could|would|will) you (?:believe|imagine)|^why (?:on earth|oh why|in the world)|^who (?:wouldn't|doesn't|in their right)|^how (?:cool|great|awesome|crazy|funny|weird|lucky) (?:is|are|was) |^isn't (?:it|that|this) |^(?:do|did) (?:i|we) (?:even|really|ever) |^what could (?:possibly )?go wrong|^when (?:did|has) .* (?:become|get) so|"
    r"^remember (?:when|that)|^(?:do )?you know what|^guess (?:what|who)|^what (?:a|an) |^what would (?:i|we) do without|^wer hätte das|^wer braucht schon|^was kann da schon|^are (?:we|you) (?:kidding|serious)|^ist das (?:nicht|denn)"
)
_OFFER = re.compile(
    r"\b(?:let (?:me|us) know (?:if|when|who|what) (?:anyone|anybody|someone|somebody|any of|you(?:'d| would)? (?:like|want|need|have|are interested|'re interested))|(?:if|when) (?:anyone|anybody|someone|somebody)|anyone who|join us|come join|stop by|sign up|reach out|get in touch|"
    r"have a crack|enjoy|keep us posted|stay tuned|check (?:it|this|these|them) out|rsvp|register|falls jemand|wenn jemand|wer (?:lust|interesse) hat|meldet euch)\b"
)
_TO_MACHINES = re.compile(  # an order to whatever software reads this is nothing its owner owes
    r"\b(?:(?:note|message|instructions?|attention) (?:to|for) (?:the |any |all )?(?:ai|assistants?|bots?|llm|agents?|model)\b|(?:ignore|disregard|forget) (?:all |any |your |the )*(?:previous|prior|above|earlier) (?:instructions|prompts?|rules)|system prompt|as an ai\b)"
)
_PERMITS = re.compile(
    r"^(?:ja|jo|ok|okay|klar|passt|gerne?|yes|yep|sure|oui|sí)\b.*\b(?:kannst|könnt|können|you can|tu peux|puedes)\b"
)
_CLOSING = re.compile(
    r"\b(?:let (?:me|us) know|lmk) (?:if|should) .*\b(?:anything|any (?:other|further|more|questions?)|something else|more questions|questions)\b|"
    r"\b(?:let (?:me|us) know|lmk|shout|ping me|holler|reach out|get in touch|contact (?:me|us)|give (?:me|us) a (?:call|shout)|don't hesitate|get back to (?:me|us)|reply|write (?:me|us)|call (?:me|us)) (?:\w+ ){0,3}?(?:if|when|whenever|should|with any|for any) "
    r"(?:anyone|anybody|someone|somebody|any of|there(?:'s| is| are)|i can|we can|(?:you(?:'d| would| do| should)? )?(?:like|want|need|have (?:any|questions|more|further|other|a question|issues|problems|feedback|trouble)|are (?:interested|unsure|missing|having)|'re (?:interested|unsure|missing|having)|run into|see any|find any|questions|anything|any|get stuck))|"
    r"\bif you (?:have|got) (?:any )?(?:\w+ )?(?:questions|issues|concerns|problems|trouble|feedback)|\b(?:bei|falls|wenn) (?:\w+ ){0,3}(?:fragen|rückfragen|unklarheiten)\b|\b(?:melde dich|melden sie sich|sag bescheid|gib bescheid) (?:\w+ ){0,2}(?:wenn|falls|bei)\b"
)
_TAG = re.compile(
    r",? (?:right|no|ok|okay|eh|huh|isn't it|aren't they|don't you think|yeah|yes|ja|oder|ne|gell|non|verdad|n'est-ce pas) ?\?+$"
)
_JOKE = re.compile(
    r"(?:\blo+l+\b|\blmao\b|\brofl\b|\bha(?:ha)+h?\b|\bhehe\b|\bhihi\b|\bjust kidding\b|\b(?:jk|j/k)\b|\bkidding\b|\bonly joking\b|\bscherz\b|\bspaß\b(?: beiseite)?|/s$|;-?\)|😂|🤣|😜|😝|🙃|😆|"
    r":joy:|:rofl:|:stuck_out_tongue|:wink:|:upside_down|:laughing:|:sweat_smile:|:rolling_on_the_floor|:clown|:troll|:smirk:|😏|😉|🤪|\bxd\b|\bmdr\b|\bptdr\b|\bjaja\b)"
)
_IN_ANYONE = re.compile(
    r"\b(?:anyone|anybody|someone|somebody|any of you|who (?:can|could|wants|would|is (?:able|free|up|going)|has|knows|else)|everyone|everybody|folks|guys|y'all|you all|all of you|jemand(?:em|en)?|irgendwer|irgendjemand|einer von euch|wer (?:kann|könnte|hat|weiß|möchte|will|macht|übernimmt|kennt)|ihr alle|alle|"
    r"quelqu'un|qui (?:peut|pourrait|sait)|alguien|quién puede|any volunteers?|volunteers?|feel free|any takers)\b"
)
_IN_WE = re.compile(
    r"^(?:so |and |but |also |then |maybe |ok )*(?:can|could|should|shall|do|are|will|would|did|have|how about|what if|why don't|sollen|sollten|wollen|können|könnten|müssen) (?:we|wir)\b|\blet'?s\b|\blass(?:t)? uns\b"
)

# --- decisions ------------------------------------------------------------------------------------

_DECIDE = re.compile(
    r"\b(?:sign(?:ing)?[- ]?off|signoff|approv(?:e|al|ed by you)|green[- ]?light|go[ /-]?(?:or |/ ?)?no[- ]?go|go[- ]ahead|your (?:call|decision|approval|ok|okay|blessing|vote|consent|choice)|(?:ok|okay|fine|good|alright|cool|happy) (?:with you|for you|by you|if (?:i|we)|to (?:merge|ship|send|publish|proceed|go|release|deploy|pay|order|sign|book|use))|"
    r"(?:are|r) (?:you|we) (?:ok|okay|fine|good|happy|comfortable|cool) (?:with|to|if)|is it (?:ok|okay|fine|alright) (?:if|to|for)|do you (?:want|prefer|agree)|would you (?:prefer|rather|like (?:me|us) to)|"
    r"(?:you|please|to) (?:decide|choose|pick|approve)\b|decide (?:on|whether|if|between)|which (?:one|option|version|variant|of (?:the|these|them)|do you|would you|should|design|date|vendor|offer|plan)\b|option [a-d1-4] or|(?:[a-d1-4]|this one) or (?:[a-d1-4]|that one)\?|"
    r"(?:shall|should) (?:i|we)\b|can (?:i|we) (?:go ahead|proceed|merge|ship|publish|release|deploy|order|book|send it out)|may (?:i|we)\b|do (?:i|we) have your|yes or no|yay or nay|"
    r"freigabe|freigeben|gibst du .*frei|geben sie .*frei|genehmig\w+|zustimm\w+|einverstanden|entscheid\w*|ok für (?:dich|euch|sie)|soll(?:en|ten|te)? (?:ich|wir)\b|darf ich\b|dürfen wir\b|welche (?:variante|option|version|lösung)|was ist dir lieber|lieber .* oder|variante [a-d1-4] oder|grünes licht|"
    r"ton accord|votre accord|valider|validation|on (?:part|prend) sur|tu préfères|vous préférez|d'accord (?:avec|pour)|feu vert|apruebas|aprobar|aprobación|visto bueno|prefieres|decidir|te parece bien)\b"
)
_DECIDED = re.compile(
    r"\b(?:(?:i|we|they|she|he|has been|have been|was|is|were|got|been|already) (?:approved|decided|signed off|agreed)|approved by|wurde (?:freigegeben|genehmigt|entschieden)|ist (?:freigegeben|genehmigt|entschieden))\b"
)

# --- blocked --------------------------------------------------------------------------------------

_STUCK = re.compile(
    r"\b(?:blocked (?:on|by|until|waiting|here|with)|(?:i'?m|we'?re|i am|we are|am|is|are) (?:\w+ )?(?:blocked|stuck)\b|blocking (?:me|us|the|our|release)|blocker|(?:can'?t|cannot|can not|unable to|couldn't|won't be able to|not able to|(?:isn't|aren't|not) going) (?:\w+ ){1,10}?(?:until|till|without|unless|before) (?:you|your|we (?:have|get|hear)|i (?:have|get|hear)|the|that|it|this|u\b|@?[a-z]+ (?:has|have|sign|approve|confirm|send)|@)|"
    r"(?:can'?t|cannot|unable to|not able to) (?:\w+ )?(?:start|continue|proceed|go on|go ahead|move on|move forward|finish|begin|ship|merge|deploy|publish|release|pack)(?:ing)?\b|(?:kann|können) (?:\w+ ){0,4}nicht (?:\w+ ){0,3}(?:anfangen|weitermachen|starten|beginnen|fertig werden|losschicken|abschließen)|"
    r"stuck (?:on|until|without|waiting|with|at)|hold(?:ing|s) (?:me|us|everything|everyone|the \w+) up|on hold (?:until|till|for|because)|(?:waiting|wait) (?:on|for) (?:you|your|u|ur)\b|"
    r"need (?:\w+ ){1,8}(?:before (?:i|we) can|so (?:that )?(?:i|we) can (?:continue|proceed|start|finish|go on|move))|before (?:i|we) can (?:continue|proceed|start|finish|go on|go ahead|move|ship|merge|release|pack|publish|send|order|print|deploy)|depends on (?:you|your)|only thing missing is your|"
    r"komm(?:e|en)? (?:\w+ ){0,3}nicht (?:weiter|voran|vorwärts)|(?:bin|sind) (?:\w+ )?blockiert|blockier(?:t|st)|(?:hänge?n?|steck(?:e|en)?|stehe?n?) (?:\w+ ){0,3}(?:fest|still|in der luft)|(?:kann|können) (?:\w+ ){0,6}(?:nicht|erst|nichts|kein\w*) (?:\w+ ){0,8}(?:bis|wenn|bevor|ohne|solange|ehe|sobald)\b|(?:kann|können) (?:\w+ ){0,3}erst (?:\w+ ){0,5}(?:wenn|sobald|nachdem)|ohne (?:dein|deine|ihre|eure|dich)\w* (?:\w+ ){0,4}(?:kann|können|geht)|"
    r"(?:erst|nicht),? (?:\w+ ){0,4}(?:wenn|bevor|bis) du|warte(?:n)? (?:\w+ ){0,3}auf (?:dich|dein\w*|ihre?\w*|eure?\w*)|liegt (?:jetzt |nur |noch )*(?:an|bei) (?:dir|ihnen|euch)|suis bloquée?|sommes bloqués|estoy bloquead[oa]|estamos bloqueados|no puedo (?:\w+ ){1,5}(?:sin|hasta)|ne (?:peux|pouvons) pas (?:\w+ ){1,6}(?:sans|avant|tant que))"
)
_UNSTUCK = re.compile(
    r"\b(?:(?:no longer|not|never|un|isn't|aren't) ?blocked|unblocked|nicht mehr blockiert|if (?:you're|you are|anyone is|anybody is) (?:stuck|blocked)|was (?:stuck|blocked)|got stuck|not a blocker|no blockers?|kein(?:e)? blocker)\b"
)

# --- promises, acknowledgements, reports ----------------------------------------------------------

_STATE = r"(?:be (?:out|away|there|late|in|on|at|off|back|around|here|happy|glad|able|honest|offline|traveling|travelling|a bit|joining|sure)|be\b|say|admit|never|assume|pass|need|want|see (?:you|ya|u)|bet|have (?:the|a|no|some|to (?:leave|go|pass|run))|miss|probably (?:not|be|need)|not|love|hate|always|leave (?:it|this|that|you|early|at|here)|think|believe|take (?:a (?:look at the menu|nap|break)|off|the (?:day|week|blame|train|bus))|stop|remember|wait|go with|just leave|stay|forever|still|buy (?:you|the) (?:a )?(?:beer|drink|coffee|round)|skip|live|die|cry|eat|sleep|vote|agree|keep (?:that|this|it) in mind|start crying|grab (?:a|some) (?:coffee|lunch|bite)|let you (?:go|get)|pretend|regret|owe)"
_PROMISE = re.compile(
    rf"(?:(?:^|[,;:.–—(-] ?|\b(?:and|so|but|then|yes|yep|yeah|ok|okay|sure|thanks|sorry|right|great|ah|oh|hi|done|that|also|which|week|day|today|tomorrow|monday|tuesday|wednesday|thursday|friday|noon|lunch|now|call|meeting|it|there|cool|perfect|think|guess) )"
    rf"(?:i'll|i will|i'm going to|i am going to|i'm gonna|imma|i'll go ahead and|i can|we'll|we will|i plan to|i intend to|i shall) (?!{_STATE}\b)(?:also |just |then |probably |quickly |definitely |try (?:to|and) |make sure (?:to|that)? ?|go ahead and |do my best to |now |have to (?=check|ask|look|see|talk|confirm)|get around to |personally |happily |gladly |be (?:sending|getting|sharing|working|looking|fixing|reviewing|following|posting|updating|preparing|finishing) )*(?P<verb>[a-z-]+)|"
    r"^(?:ok(?:ay)?,? |sure,? |yes,? |yep,? |thanks,? |great,? |will do,? )*(?:will (?:do|send|check|look|fix|get|have|share|review|update|ping|let|take|follow|try|call|forward|add|post|write|reply|come back|circle|confirm|handle|prepare|sort|ask|see what|upload|deliver|book|finish)\b)|"
    r"(?:^(?:ok(?:ay)?,? |yes,? |yep,? |sure,? |already |right )*on it\b|\b(?:i'm|i am|we're|am|already) on it\b)|\b(?:(?:leave|leaving) (?:it|that|this) (?:with|to) me|consider it done|count on me|i'?ve got (?:this|it)|i got (?:this|it)\b(?! from)|got it covered|i promise\b|(?:you'?ll|you will|you shall) (?:have|get|receive|hear (?:back )?from me|find) |"
    r"(?:i'm |i am |we're |am |currently |already )?(?:looking into|working on|taking care of|taking a look|checking (?:now|with|on|this|that|it)|getting on|finishing (?:it|this|up)|digging into|chasing) (?:it|this|that|the|on|now|with)?|i'?m taking (?:this|it|that)|assigned (?:it )?to (?:me|myself)|mine\b.*i'll|"
    r"i (?:owe|still owe) (?:you|u|@|\w+) (?!an apology|one\b|a beer|a drink|a coffee)|(?:let me|lemme) (?:just |quickly |first |have a )?(?:check|look|see(?! if you)|find|ask|get|dig|investigate|think (?:about|on|it)|confirm|verify|talk|speak|ping|take|run|try|pull|look into|come back|circle|follow|double-check|sleep on|send|share|do|go through|figure|review|put|write)|"
    r"(?:i'll|will) (?:get|come|circle|report) back|(?:i|we) (?:commit|committed|promised|have promised|had promised) to|my action item|action (?:item )?on me|ai on me)\b)"
)
_SURE_PROMISE = re.compile(
    r"(?:\b(?:(?:mach|mache|erledige|übernehme|schicke?|sende|kläre?|prüfe?|schaue?|gucke?|kümmere?|liefere?|melde|bringe?|gebe?|frage?|leite|stelle?|schreibe?|rufe?|sage?|besorge?|organisiere?|buche?|bestelle?|erstelle?|bereite|reiche?|lade|trage?|ergänze?|korrigiere?|aktualisiere?|checke?|teste?|hole?|lasse?|nehme?|rede|spreche?|plane?|setze?|überweise?|bestätige?|fixe?|reviewe?) ich\b(?!.*\?)|"
    r"ich (?:werde (?!sehen|alt|krank|wahnsinnig|nicht|nie|auch|da|dabei|gerade|heute nicht)|schicke?|sende|kümmere?|melde|schaue?|schau|gucke?|prüfe?|gebe (?:dir|euch|ihnen|das|es|bescheid|ihm)|geb (?:dir|euch)|liefere?|übernehme?|erledige?|mache?(?! mir| gerade urlaub| urlaub| pause| mittag| schluss| feierabend)|mach(?! mir| pause| schluss| feierabend| mittag)|kläre?|klär|bringe?|frage? (?:mal|kurz|nach|bei|ihn|sie|den|die|das)|leite|stelle?|schreibe? (?:dir|euch|ihm|ihr|ihnen|das|es|den|die|eine|einen|sie|morgen|heute)|rufe?|besorge?|organisiere?|buche?|bestelle?|erstelle?|bereite|reiche?|lade|trage?|ergänze?|aktualisiere?|checke?|hole|überweise?|bestätige?|sage? (?:dir|euch|bescheid|ihm)|nehme? (?:das|es|mich|mir das)|setze? mich|fixe?|teste?|reviewe?)\b(?!.*\?)(?!.* nicht\b)|"
    r"wird (?:gemacht|erledigt)|(?:ich )?bin (?:schon )?(?:dran|dabei\b(?! am| sein))|(?:du|sie|ihr) (?:bekommst|kriegst|bekommt|kriegt|bekommen|hörst|hören)\b(?!.*\?)|(?:bekommst|kriegst|bekommen) (?:du|sie)\b(?!.*\?)|ich versprech\w+|versprochen|kommt (?:heute|morgen|gleich|noch|bis|nachher|sofort|am \w+tag)\b|"
    r"je (?:vais (?:te |vous |le |la |les |m'en |y )*(?!bien|mal|voir si|être|au|à|en\b)\w+er|vais (?:te |vous |le |la |les )*(?:faire|revenir|voir|finir|fournir|transmettre|écrire|prendre|mettre)|m'en (?:occupe|charge)|(?:te|vous) (?:l'|le |la |les |tiens |tiendrai |enverrai|envoie|ferai|reviens|recontacte|transmets)\w*|regarde (?:ça|cela|et)|reviens vers|l'envoie|ferai|fais (?:ça|le nécessaire)|vérifie)|"
    r"(?:te|le|os|se) (?:lo |la |los |las )?(?:envío|mando|enviaré|mandaré|paso|pasaré|digo|confirmo|confirmaré|aviso|avisaré)|voy a (?!estar|ir|ser|tener|salir)\w+|me encargo|lo (?:hago|reviso|miro|revisaré|haré|envío)|(?:ahora|luego|mañana) (?:lo|te lo|la) \w+|me ocupo)\b)"
)
_NOT_PROMISE = re.compile(
    r"^(?:if|falls|wenn|should you|unless|in case|si |maybe|perhaps|what if|wer|who)\b|\bi'?ll (?:be (?!sending|getting|sharing|working on|looking into|fixing|reviewing|following|posting|updating|preparing|finishing))|\bwould\b.*\bif\b|\bif (?:only|i (?:find|get|have) (?:the )?time|you|they|nobody|no one|needed|necessary)\b|\bas soon as you\b|\bonce you\b|\bnot sure\b|\bin (?:einem|meinem) nächsten leben|"
    r"\bwhen you\b|\bwhen pigs fly\b|\bwhen hell\b|\bfirst thing in my next life\b|\bone day\b|\bsomeday\b|\birgendwann (?:mal)?\b|\bi can (?:see|understand|imagine|confirm|only|hear|tell|feel|relate|live|not|also see|reproduce|help(?: you)? if|try if)\b|\bi can(?:'t|not)\b|\blet me know\b|\bich (?:mach(?:e)? (?:mir|gerade|jetzt (?:feierabend|pause|mittag|schluss))|werde (?:wohl |wahrscheinlich )?(?:nicht|nie|verrückt))"
)
_CAN_OFFER = re.compile(r"\bi can (?:[a-z]+ly )?(?P<verb>[a-z]+)")
_OFFER_IS_PROMISE = re.compile(
    r"\bi can (?:definitely |just |also |quickly )?(?:send|take|do|handle|have|get|share|look|review|fix|finish|deliver|cover|bring|call|write|check|draft|prepare|ask|pick)\b.*\b(?:today|tomorrow|tonight|this (?:week|afternoon|evening|morning)|by|before|monday|tuesday|wednesday|thursday|friday|asap|now|after|next|later|that|this|it)\b"
)
_KEEP_POSTED = re.compile(
    r"\b(?:keep (?:you|u|everyone|y'all) (?:posted|updated|in the loop)|halte? (?:dich|euch|sie) auf dem laufenden|auf dem laufenden)\b"
)
_DONE = re.compile(
    r"(?:(?:^|[,;:.!–—(-] ?|\b(?:all|and|is|are|now|just|already|it's|that's|been|has|have|i|we|i've|we've|yes|yep|ok|got|was|also|both|everything|been|finally|ist|sind|hab|habe|haben|schon|jetzt|alles|wurde|wurden|bereits|gerade|soeben|eben|est|c'est|ya|está) )"
    r"(?:done|sent|fixed|merged|deployed|shipped|pushed|uploaded|updated|reviewed|approved|signed|finished|completed|sorted|handled|taken care of|submitted|posted|released|paid|ordered|booked|cancelled|canceled|resolved|closed|delivered|confirmed|replied|answered|emailed|mailed|forwarded|shared|added|scheduled|published|transferred|returned|refunded|"
    r"erledigt|fertig|verschickt|geschickt|gemacht|abgeschickt|hochgeladen|gesendet|raus|rausgeschickt|durch|gemerged|deployt|freigegeben|unterschrieben|bestellt|gebucht|bezahlt|überwiesen|abgegeben|aktualisiert|geprüft|bestätigt|weitergeleitet|beantwortet|online|eingetragen|abgeschlossen|behoben|gefixt|"
    r"fait|faite|envoyée?s?|terminée?|réglée?|validée?|corrigée?|hecho|hecha|listo|lista|enviado|enviada|terminado|terminada|aprobado|arreglado|resuelto)\b)|"
    r"\b(?:here(?:'s| is| are| you go| you are| it is| they are)|attached\b|(?:see|find|is|are|please find) (?:\w+ )?attached|in the attachment|enclosed|just did|did (?:it|that|so)\b|it'?s (?:live|up|in|out|there|merged|done|fixed|all set|ready|in your inbox)|all set|(?:should|you should) (?:be|have it) (?:in your inbox|now)|lgtm|looks good(?: to me)?|ship it|go ahead|you have my (?:ok|approval|blessing)|signed off|"
    r"anbei|im anhang|hier (?:ist|sind|der|die|das|kommt|der link|nochmal)|liegt (?:bei|im|auf)|hab(?:e|en)? (?:\w+ ){0,8}(?:ge(?!fragt|sehen|hört|dacht)\w+(?:t|en)|ver(?!sucht|standen|gessen)\w+(?:t|en)|erledigt|bestätigt|überwiesen|bestellt|unterschrieben|übergeben|eingetragen|hochgeladen|weitergeleitet|beantwortet|ergänzt|aktualisiert|freigegeben)|"
    r"ci-joint|en pièce jointe|voici|voilà|je (?:l'|te l'|vous l'|les )ai \w+é|adjunto|aquí (?:está|tienes|va)|te lo (?:he enviado|envié|mandé)|ya está)\b|"
    r"(?:\b(?:i|we)(?:'ve| have)?|^)(?: (?:just|already|also|now|finally|since))* (?:have )?(?:sent|shared|uploaded|fixed|pushed|merged|updated|finished|replied|called|forwarded|booked|paid|submitted|signed|reviewed|approved|ordered|posted|emailed|mailed|ordered|answered|confirmed|deployed|released|delivered|put (?:it|them|the)|spoke|talked|told|asked|moved|added|created|wrote|gave|left (?:a comment|comments|you))\b|"
    r"✅|☑|✔|:white_check_mark:|:heavy_check_mark:|:ballot_box_with_check:|:done:|:check:|:shipit:|:merged:"
)
_NOT_DONE = re.compile(
    r"\b(?:not|n't|never|isn'?t|nearly|almost|half|once|when|until|till|after|before|if|unless|will be|to be|should be|must be|gets?|being|need(?:s|ed)? to be|want(?:s|ed)? (?:it|this|that)|as soon as|can be|could be|would be|be) (?:[\w']+ ){0,3}(?:done|sent|fixed|merged|deployed|shipped|pushed|uploaded|updated|reviewed|approved|signed|finished|completed|sorted|handled|ready|submitted|paid|posted|confirmed|released|closed|booked)\b|"
    r"\b(?:noch nicht|nicht|fast|kaum|wenn|sobald|bis|bevor|erst|wird|werden|falls|ohne) (?:\w+ ){0,5}(?:erledigt|fertig|verschickt|geschickt|gemacht|raus|durch|freigegeben|unterschrieben|bestellt|geprüft|bestätigt|hochgeladen)\b|\bno (?:está|lo he)|\bpas (?:encore )?(?:fait|envoyé|terminé)"
)
_DELAY = re.compile(
    r"(?:\b(?:not yet|haven'?t (?:\w+ ){0,4}(?:yet|started|gotten|got|had|done|looked|seen|finished|been able|received|decided)|still (?:working|on it|waiting|pending|need to|looking|not|in progress|open|thinking|figuring)|in (?:meetings|a meeting|transit|calls)|busy|swamped|slammed|later today|give me (?:a|an|until|another|till|\d)|"
    r"need (?:a bit |some |a little )?more time|running late|in progress|wip|soon\b|almost (?:done|there|finished|ready)|tomorrow(?: morning)?[.! ]*$|next week[.! ]*$|today[.! ]*$|later[.! ]*$|after (?:lunch|the (?:call|meeting|standup))[.! ]*$|sorry,? (?:for the delay|i forgot|totally|completely|slipped)|forgot\b|slipped my mind|haven't forgotten|on my (?:list|plate|radar|todo)|(?:a|one|just a) (?:sec|second|minute|moment|bit)\b|hold on|brb|"
    r"out (?:of (?:the )?office|until|today|sick)|can'?t (?:right now|today|this week|get to (?:it|this))|(?:will|gonna) be (?:a bit )?(?:late|delayed)|noch nicht|bin (?:noch|gerade) (?:dran|dabei|im|in|unterwegs)|komme (?:ich )?(?:heute|gerade|erst|leider)|später|nachher|gleich\b|dauert noch|brauche? (?:noch|etwas|mehr) (?:zeit|etwas|ein)|keine zeit|gerade (?:keine|im|in|unterwegs)|muss ich (?:noch|erst|mal)|erst (?:morgen|nächste|am)|moment\b|vergessen|pas encore|plus tard|en cours|todavía no|aún no|más tarde|en ello|luego)\b)"
)
_ACK = re.compile(
    r"^(?:(?:ok(?:ay)?|k|kk|sure(?: thing)?|yes|yep|yeah|yup|ya|alright|all right|right|got it|gotcha|noted|understood|makes sense|sounds (?:good|great|fine|like a plan)|good|great|perfect|cool|nice|awesome|excellent|fine|np|no (?:problem|worries|prob)|of course|absolutely|definitely|certainly|will do|roger|copy(?: that)?|ack|acknowledged|fair enough|true|agreed|true that|i see|interesting|wow|oh|ah|hm+|happy to|gladly|my pleasure|"
    r"thanks?|thank you|thx|ty|cheers|ta|much appreciated|appreciated|many thanks|so much|a lot|very much|all|again|everyone|both|man|mate|buddy|team|guys|for (?:the )?(?:update|heads[- ]up|info|reminder|ping|quick reply|letting me know)|"
    r"ja|jo|jap|jup|klar|klaro|gerne?|okidoki|alles klar|passt|super|prima|top|geht klar|verstanden|danke(?: dir| euch| ihnen| schön| sehr)?|vielen dank|merci|d'accord|oui|bien sûr|parfait|noté|entendu|ça marche|vale|sí|si|claro|perfecto|gracias|de acuerdo|entendido|genial|and|und|then|for|the|info|update|to|me|lieben dank|dank)[ ,.!…-]*)+$"
)
_THANKS = re.compile(
    r"^(?:ok(?:ay)?|great|perfect|awesome|oh|ah|cool|nice|super|wow|amazing|excellent|got it|lovely|brilliant|wonderful|yes|yep|hi|hey|ja|ach|oh)?[ ,.!–-]*(?:many |big |huge |so |1000 |tausend )?(?:thanks|thank you|thx|thanx|ty|tysm|cheers|ta|danke|vielen dank|lieben dank|herzlichen dank|besten dank|merci|gracias|muchas gracias|perfect|great|awesome|excellent|got it|received|brilliant|amazing|lifesaver|you rock|legend|perfekt|super|prima|top|angekommen|erhalten|works now|that works|that did it|parfait|perfecto|genial|wunderbar|klasse)\b|"
    r":(?:pray|tada|raised_hands|clap|heart|bow|100):|🙏|🎉|🙌"
)
_THANKS_AHEAD = re.compile(
    r"\b(?:in advance|ahead of time|im voraus|vorab|schon ?mal|d'avance|de antemano)\b|\bthanks for (?:looking|checking|taking|doing|your help|any|considering)\b"
)
_REFUSE = re.compile(
    r"\b(?:(?:i |we )?(?:can'?t|cannot|won'?t|am not able to|'m not able to|unable to|don't think (?:i|we) can|am afraid (?:i|we)|'m afraid (?:i|we))\b(?!.*\b(?:until|till|before|right now|today|this week|wait)\b)|have to (?:decline|pass)|not (?:possible|my (?:area|department|team|job|call))|no,? (?:sorry|i|we|not|thanks|that)|^no\b|nope|i'?d rather not|ask (?:@|\w+ instead)|you(?:'d| should| would)? (?:better )?ask|"
    r"(?:kann|können|könnte|schaffe?n?) (?:ich |wir |das |es |leider |dir |da )*(?:leider )?nicht\b(?!.*\b(?:vor|bis|heute|gerade|erst)\b)|^nein\b|leider (?:nein|nicht|keine)|geht (?:leider )?nicht|da musst du|frag (?:mal |besser |lieber )?@?\w+|impossible|je ne (?:peux|pourrai) pas|no puedo|no es posible)\b"
)
_WITHDRAW = re.compile(
    r"(?:\b(?:never ?mind|nvm|nevermind|ignore (?:that|this|me|my|the (?:above|last|previous))|disregard|scratch that|forget (?:it|that|about (?:it|that)|what i said)|no longer (?:needed|necessary|relevant|required|an issue|a problem|urgent)|(?:not|n't) (?:needed|necessary|required|need (?:it|this|that|to|the|anything)) any ?(?:more|longer)|don't need (?:it|this|that|you to|the|your)\b|(?:already|since been|all|just|got it|is|has been|been) (?:sorted|resolved|figured out|handled|taken care of|solved|fixed|answered)|figured it out|found it|i found (?:it|the)|got it (?:working|sorted|figured|from|now)|sorted(?: it)?(?: out)?(?:,? (?:thanks|thank you|thx))?[.! ]*$|"
    r"solved(?: it)?[.! ]*$|works now|working now|works again|moot|superseded|false alarm|my (?:bad|mistake),? (?:i|it|found|ignore|all)|all good now|(?:we|i)'?(?:re| am|m) good now|strike that|"
    r"hat sich (?:schon |bereits |damit |inzwischen )*(?:erledigt|geklärt)|(?:ist|wäre|hab(?:e|en)? (?:ich|wir|es)?) ?(?:schon |bereits |inzwischen |damit )*(?:erledigt|geklärt|gelöst|hinfällig|obsolet)|vergiss (?:es|das)|nicht mehr (?:nötig|notwendig|gebraucht|relevant)|brauch(?:e|en)? (?:ich |wir |es |das |ihr )*nicht mehr|schon (?:gefunden|gelöst|geklärt)|hab'?s (?:gefunden|gelöst)|doch nicht nötig|kannst du ignorieren|"
    r"laisse tomber|c'est (?:bon|réglé)|plus besoin|oublie(?:z)?(?: ça)?|olvídalo|ya no (?:hace falta|es necesario)|déjalo)\b)"
)
_ADDS_PROMISE_VERB = word_set("know see find be hear need want think like say guess wait have")


_NOTHING: tuple[AskKind, Aim, bool] = ("", "you", False)


@lru_cache(maxsize=16384)
def read(sentence: str) -> Speech:
    """What `sentence` does, by its form alone; who is meant is `judge`'s business."""
    called = opening(sentence)
    body = plain(_URL.sub("", called.rest))
    whole = plain(_URL.sub("", sentence))
    if not body:
        return Speech(sentence, "", called, thanks=bool(_THANKS.search(whole)), acknowledges=True)
    joke = bool(_JOKE.search(whole))
    withdraws = bool(_WITHDRAW.search(body)) and not body.endswith("?")
    tagged = bool(_TAG.search(body)) and promises(body)  # "I'll send it on Monday, ok?"
    ask, aim, weak = _NOTHING if joke or withdraws or tagged else _asked(body, sentence)
    generic = bool(ask) and bool(_GENERIC.match(body) or (_UPDATE.match(body) and len(_content(body)) < 2))
    promise = not joke and (promises(body) if ask == "" else bool(_AND_I_WILL.search(body)))
    done = not body.endswith("?") and not ask and bool(_DONE.search(body)) and not _NOT_DONE.search(body)
    bare = without_emoji(body).strip(" .!,")
    return Speech(
        text=sentence,
        body=body,
        opening=called,
        ask=ask,
        aim=aim,
        weak=weak,
        generic=generic,
        blocked=not joke and bool(_STUCK.search(body.replace(",", ""))) and not _UNSTUCK.search(body),
        promise=promise,
        done=done and not promise,
        acknowledges=not bare or bool(_ACK.match(bare)),
        thanks=bool(_THANKS.search(whole)) and not _THANKS_AHEAD.search(whole) and not ask,
        delays=not ask and not done and bool(_DELAY.search(body)),
        refuses=not ask and bool(_REFUSE.search(body)),
        withdraws=withdraws,
    )


_AND_I_WILL = re.compile(  # "you do the paperwork please and I'll call them on Monday", not "send it and I'll review it"
    r"\b(?:and|,|;) (?:i'll|i will) (?!be\b|see\b|need\b)\w+ .*\b(?:today|tonight|tomorrow|(?:on |by )?(?:mon|tues|wednes|thurs|fri)day|by \d|this (?:week|afternoon|evening))\b|"
    r"\bund ich (?:\w+e)\b.*\b(?:heute|morgen|(?:am |bis )?(?:mon|diens|donners|frei)tag|(?:am |bis )?mittwoch)\b"
)
_URL = re.compile(r"(?:https?://|www\.)\S+")


def _content(body: str) -> list[str]:
    return [word for word in words(body) if len(word) > 3 and word not in _FILLERS]


_FILLERS = word_set(
    """please could would will your with from this that have been there they them when what where which about just know
    update updates news status progress luck chance time thoughts feedback comments ideas look take quick gentle friendly
    reminder following followup circling back checking chasing nudge bump ping sorry bother again latest word here still
    schon neues neuigkeiten stand bitte kurze erinnerung nachfrage dazu dazugekommen gekommen going coming along"""
)


def _asked(body: str, sentence: str) -> tuple[AskKind, Aim, bool]:
    """The kind of ask, whom its wording addresses, and whether it is a weak one; `_NOTHING` when nothing is asked."""
    if _RHETORICAL.search(body) or _SOCIAL.search(body) or sentence[:1] in "\"“„'":
        return _NOTHING
    mark = body.rstrip(" )\"'!:.").endswith("?") or "? " in body
    aim: Aim = "anyone" if _IN_ANYONE.search(body) else "we" if _IN_WE.search(body) else "you"
    strong = _wants(body)
    weak = not strong and not mark and bool(_ordered(body) or _NEEDS.search(body))
    wants = strong or weak
    question = mark or bool(_ASKS_WITHOUT_MARK.match(body) or _WH_INVERTED.match(body))
    if not wants and not question:
        return _NOTHING
    if _PLAY.search(body) and len(body) < 80 and not _WORKLIKE.search(body):
        return _NOTHING
    if _TO_MACHINES.search(body):
        return _NOTHING
    if _PERMITS.match(body) and not mark:
        return _NOTHING
    if not mark and (_FREE.search(body) or _CLOSING.search(body)):
        return _NOTHING
    if "??" in body and len(words(body)) < 5:
        return _NOTHING  # astonished
    if not wants and _TAG.search(body) and len(words(body)) < 4:
        return _NOTHING
    if _DECIDE.search(body) and not _DECIDED.search(body):
        return "decision", aim, weak
    return ("action" if wants else "question"), aim, weak


_WORKLIKE = re.compile(
    r"\b(?:report|invoice|contract|deck|order|budget|book|reserve|catering|headcount|rsvp|by (?:mon|tues|wednes|thurs|fri)day|bis|deadline|supplier|client)\b"
)


def _wants(body: str) -> bool:
    """True for a request for action, however politely wrapped."""
    polite = _POLITE.search(body) or _IF_YOU_COULD.search(body)
    if polite and polite["verb"] not in _NOT_POLITE:
        return True
    if polite and re.search(
        r"\b(?:have a look|take a look|look (?:at|into|over)|make (?:sure|it|the|a|that)|come (?:back|up with)|tell (?:me|us|them|him|her)|do (?:that|this|it|the|a|me)|have (?:a look|it|this|them|the)|say (?:when|which|what)|be (?:ready|sure))\b",
        body,
    ):
        return True
    if _CONDITION.match(body) and not body.endswith("?"):
        return False
    if _WHEN_YOU_CAN.search(body) and not _I_WILL.search(body):
        return True
    if _DUTY.search(body) and not _INDIRECT_NOT.search(body):
        return True
    if _INDIRECT.search(body) and not _INDIRECT_NOT.search(body):
        return True
    if _UPDATE.match(body):
        return True
    if _PLEASE.search(body) and not _NOT_ASK_PLEASE.search(body):
        return True
    return _foreign_ask(body)


_NEEDS = re.compile(
    r"(?:^|[,;:.–—] ?|\b(?:and|but|so|still|also|\w+ing|\w+) )(?:i|we)(?:'ll| shall| will| still| also| really| just| urgently)* (?:need|require|am missing|are missing) "
    r"(?!to\b|coffee|a (?:break|coffee|drink|beer|holiday|vacation|nap|hug|minute|moment|bit|few|little|new|better|bigger)|help\b|more time|some time|you\b|your\b|it all|sleep|food|rest\b)(?:the|a|an|this|that|these|those|all|two|three|some|his|her|their|\w+s)\b|\b(?:i|we) (?:still |really |just )*need (?:it|them|this|that) (?:\w+ )?(?:by|before|today|tomorrow|asap|until|this|tonight|eod|on)\b|"
    r"\b(?:ich|wir) (?:brauch(?:e|en)|bräuchten?|benötigen?) (?:noch |dringend |dafür |dazu |bitte |jetzt |heute |also )*(?!kaffee|urlaub|eine pause|nicht|kein)(?:die|das|den|eine?n?|alle|ein paar|noch)\b|\b(?:brauche?|bräuchte|benötige|brauchen|benötigen) (?:ich|wir) (?:noch |dringend |bitte |heute |jetzt )*(?:die|das|den|eine?n?|alle)\b|"
    r"\b(?:j'ai|nous avons|on a) besoin (?:de la|du|des|de l'|d'une?|de)\b|\bil (?:me|nous) faut\b|\bnecesit(?:o|amos) (?:el|la|los|las|un|una)\b"
)


_INDIRECT_NOT = re.compile(
    r"^(?:i'?ll|i will|we'?ll|we will|he|she|they|thanks|thank you|i (?:can|could|should|would) |just to let you|wanted to let)\b.*\b(?:let (?:me|us) know|make sure|get back)|\b(?:he|she|they|who|client|customer|\w+ed|told me to|asked me to|i|we|i'll|will|to|and) (?:make|made|makes) sure|"
    r"\bwould be (?:great|nice|good) if we could (?:all )?(?:just )?(?:sleep|win)|\byou (?:should|must|might) (?:have|be|see|try|know|feel|be proud|watch|hear)\b|\byou have to (?:admit|see|love|laugh|hand it|wonder|try|be)|\byou need to (?:see this|be|calm|relax|chill)|\b(?:he|she|they|nobody|no one|everyone) (?:\w+ )?needs? your\b|"
    r"\b(?:lets?|letting|let) (?:me|us) know (?:that|about)?\b.*\b(?:yesterday|last|earlier|already)\b|\bthanks for letting\b|^(?:glad|happy|sorry|great|good) "
)


def _ordered(body: str) -> bool:
    """A bare imperative: an office verb first, an object after it, and nothing that makes it a noun or a saying."""
    stripped = re.sub(
        r"^(?:and |then |so |also |next,? |ok,? |okay,? |just |first,? |again,? |reminder: |todo: |action: |important: |urgent: |@[\w.]+[,:]? )+",
        "",
        body,
    )
    first = re.match(r"[a-z-]+", stripped)
    if not first or first.group() not in _VERBS or _NOT_ORDERED.match(stripped):
        return False
    return bool(_DEFINITE_OBJECT.match(stripped)) and not re.search(
        r"^\w+ (?:the|a|an) \w+ (?:is|was|are|were) ", stripped
    )


def _foreign_ask(body: str) -> bool:
    code = language(body)
    if code == "en" and not re.search(r"[äöüßñçéèáíóú¿¡]|bitte|svp|stp|por favor|kannst|könn|brauch", body):
        return False
    if _GERMAN_ASK.search(body) and not re.search(r"\b(?:glauben|vorstellen|sehen\?|hören\?)", body):
        return True
    if _GERMAN_PLEASE.search(body) and not _NOT_PLEASE.match(body) and len(words(body)) > 2:
        return True
    return bool(_ROMANCE_ASK.search(body))


def promises(body: str) -> bool:
    """True when the speaker of `body` (plain text) binds themselves to do something."""
    body = _TAG.sub("", body)
    if body.endswith("?") or _NOT_PROMISE.search(body):
        return False
    match = _PROMISE.search(body)
    if match:
        offered = _CAN_OFFER.search(body)
        if offered and offered.start() <= match.end() and "i can" in match.group():
            return bool(_OFFER_IS_PROMISE.search(body))
        return (match["verb"] or "") not in _ADDS_PROMISE_VERB
    return language(body) != "en" and bool(_SURE_PROMISE.search(body)) or bool(_GERMAN_SHORT.search(body))


_GERMAN_SHORT = re.compile(
    r"^(?:ja,? |klar,? |ok,? |gerne?,? )*(?:mach(?:e)? ich|bin dran|wird gemacht|wird erledigt|kümmere mich|me encargo|je m'en occupe|lo hago|ich kümmer(?:e)? mich|übernehme ich|ich übernehme|schau(?:e)? ich|ich schau(?:e)?|schick(?:e)? ich)\b"
)


def keeps_posted(body: str) -> bool:
    """A promise that is a courtesy: "I'll keep you posted"."""
    return bool(_KEEP_POSTED.search(body))


def sounds_like_standup(text: str) -> bool:
    """A report of the day ("Yesterday: … Today: …"), which tells plans but promises them to nobody."""
    return bool(_STANDUP.search(plain(text)))


_STANDUP = re.compile(
    r"^(?:[*_ ]*(?:stand-?up|daily|eod|check-?in|my day|plan for today|yesterday|today|gestern|heute|hier|ayer|done|wip|blockers)[*_ ]*(?::|[-–—] )|"
    r".{0,200}\b(?:yesterday|gestern)\b.{0,300}\b(?:today|heute)[*_]*:)"
)


def asks_the_room(speech: Speech) -> bool:
    """A real question or request to whoever can: not an announcement, an offer, or half a thought with a mark."""
    body = speech.body
    if speech.generic or _OFFER.search(body) or len(words(body)) < 4:
        return False
    if _CALLS_ANYBODY.search(body):
        return True
    return body.rstrip(" )").endswith("?") and bool(_ASKS_WITHOUT_MARK.match(body) or _STARTS_WH.match(body))


_CALLS_ANYBODY = re.compile(
    r"\b(?:(?:can|could|would|does|do|did|has|have|is|will|any) (?:some|any)(?:one|body)\b|^(?:some|any)(?:one|body) (?:else )?(?:know|have|has|got|seen|here|around|able|available|free|tried|else|up)|who (?:can|could|knows|has|is (?:able|free|available|on call|responsible|the owner)|owns|wants)|"
    r"any volunteers|(?:kann|könnte|weiß|weiss|hat|kennt) (?:jemand|einer|wer)|wer (?:kann|könnte|weiß|hat|kennt|macht|übernimmt)|jemand (?:da|eine|einen|ahnung)|quelqu'un (?:sait|peut|a)|est-ce que quelqu'un|alguien (?:sabe|puede|tiene))"
)
_STARTS_WH = re.compile(rf"^(?:so |and |but |also |hey |ok |just |quick question[:,]? )*(?:{_WH}|{_INVERTED}) ")


def is_courtesy(body: str, thanked: bool) -> bool:
    """ "Thanks, I'll definitely check these out": politeness, not a promise."""
    return thanked and bool(_COURTESY.search(body)) or bool(_ALWAYS_COURTESY.search(body))


_COURTESY = re.compile(
    r"\b(?:check (?:\w+ )?out|take a (?:look|peek)|have a (?:look|peek|read)|give (?:it|this|that) a (?:try|go|read|spin)|try (?:it|this|that)|look into it|schau(?:e)? (?:ich )?mir .* an|schau(?:e)? mal rein)\b"
)
_ALWAYS_COURTESY = re.compile(
    r"\b(?:definitely check|will (?:definitely )?check (?:\w+ )?out|i'?ll definitely (?:check|try|read|look)|tag (?:you|our|the)|mention)\b"
)


def is_joke(sentence: str) -> bool:
    """True when the author laughs or winks."""
    return bool(_JOKE.search(plain(sentence)))


def is_nudge(body: str) -> bool:
    """A reminder of something asked before: "any update on …", "gentle ping"."""
    return bool(_UPDATE.match(body))


def second_person(body: str) -> bool:
    """True when a sentence says "you", in whatever language and politeness."""
    return bool(_SECOND_PERSON.search(body))


_SECOND_PERSON = re.compile(
    r"\b(?:you|your|yours|you're|you've|you'll|you'd|u|ur|du|dir|dich|dein\w*|euch|eure?\w*|ihnen|tu|te|toi|vous|votre|vos|ton|tes|"
    r"puedes|podrías|tú|usted|tienes|kannst|könntest|hast|bist|magst|würdest|willst|könnten sie|können sie|haben sie|(?:schick|gib|sag|schau|melde?|mach)e? (?:mir|uns|dich|bitte|mal))\b"
)


def is_office_verb(text: str) -> bool:
    """True when `text` starts with a bare verb that an order can start with."""
    first = re.match(r"[a-z-]+", text.casefold())
    return bool(first) and first is not None and (first.group() in _VERBS or first.group() in _MORE_VERBS)


_MORE_VERBS = word_set(
    "have do take look come go give be double-check run speak talk think work sit join meet attend pass step loop"
)


def has_arrived(body: str) -> bool:
    """Thanks for a thing received, not for a promise."""
    return bool(_ARRIVED.search(body))


_ARRIVED = re.compile(
    r"\b(?:got it|received|arrived|works (?:now|great|perfectly|for me)|that (?:works|did it|helps|helped|fixed it|solved it)|angekommen|erhalten|habe? ich bekommen|geht jetzt|funktioniert|hat geklappt|"
    r"just what i needed|exactly what|looks (?:good|great|perfect)|sieht (?:gut|super) aus|bien reçu|recibido|all good)\b"
)


def starts_with_yes_or_no(body: str) -> bool:
    return bool(_YES_OR_NO.match(body))


_YES_OR_NO = re.compile(r"(?:yes|yep|yeah|yup|no|nope|ja|jo|jap|nein|nee|oui|non|sí|si)\b(?! (?:idea|clue|problem))")


def takes_over(body: str) -> bool:
    """A promise to do what somebody else was asked: "I can take this one", "ich übernehme das"."""
    return bool(_TAKES.search(body))


_TAKES = re.compile(
    r"\b(?:i'?ll (?:take|do|handle|grab|cover|own|pick (?:this|it|that) up|get (?:it|this|that)|send (?:it|that|them|you)|fix (?:it|this|that))|i can (?:take|do|handle|grab|cover) (?:this|it|that)|i'?ve got (?:this|it)|on it|i'm on it|mach(?:e)? ich|übernehme ich|ich übernehme|ich mach(?:e)? das|je m'en (?:occupe|charge)|me encargo)\b"
)


def social(body: str) -> bool:
    """Chatter about food, games and weekends, which is over when the day is."""
    return bool(_PLAY.search(body)) and not _WORKLIKE.search(body)


def sounds_asked(sentence: str) -> bool:
    """The trained detector's word on an English sentence that no rule recognised."""
    return language(sentence) == "en" and request_score(sentence) > 0.8

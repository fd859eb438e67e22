"""The forms of speech as tables: patterns over `plain` text, used by `speech.py`.

English and German first, the commonest French and Spanish forms beside them. One table for each thing a sentence can
do, and beside it the table of what only looks like it.
"""

import re

from graphs.rules.text import word_set

SOFT = (
    r"(?:please |kindly |just |maybe |possibly |perhaps |also |quickly |then |still |ever |at least |"
    r"help me (?:to )?|be able to )*"
)
YOU = r"(?:you(?: (?:guys|all|two|both))?|u|ya|y'all|one of you|either of you|somebody|someone|anyone|anybody)"

# --- asks -------------------------------------------------------------------------------------------

POLITE = re.compile(
    rf"(?:^|[,;:.–—(-] ?|\b(?:and|so|but|if|then|also|wondering|hoping|or|when|whether|appreciate it if|great if|"
    rf"good if|nice if|"
    rf"helpful if|lovely if|grateful if|appreciate if|perhaps|maybe|hey|hi|hello|hallo|just) )"
    rf"(?:can|could|would|will|wld|cld|might) {YOU} (?:{SOFT})(?P<verb>[a-z]+)"
)
NOT_POLITE = word_set(
    """believe imagine see hear tell be like feel guess say come join attend make do remember think prefer rather have
    want know understand hear look"""
)  # "can you see it?", "would you like": questions at most
DUTY = re.compile(
    r"(?:^|[,;:.–—] ?|\b(?:and|so|but|also|then|please|think|hi|hey) )"
    r"(?:you (?:also |still |really |just )?(?:(?:need|have|ought|are supposed|are expected|were supposed|"
    r"'re supposed) to|(?:must|should|shouldn't forget to|might want to|may want to)|owe (?:me|us)))\b"
)
IF_YOU_COULD = re.compile(rf"\bif (?:you|u|someone|anyone) (?:could|can|would) {SOFT}(?P<verb>[a-z]+)")
INDIRECT = re.compile(
    r"\b(?:(?:just |i |we )*(?:wanted to|want to|would like to|'d like to|wanna) (?:check|ask|know|confirm|follow up|find out) (?:in |with you )*(?:if|whether|on|about|what|when|how|why|where|which|you)|(?:just |i'm |we're )*(?:checking|asking|wondering) (?:if|whether|what|when|how|where|why|which|who)|wait(?:ing)? (?:on|for) (?:\w+ ){1,8}from (?:you|your)|fehlt (?:mir |uns |noch )*(?:\w+ ){0,5}von (?:dir|ihnen|euch))\b|"
    r"\b(?:(?:would|do) you mind (?!if)|mind (?:taking|having|looking|checking|sending|sharing|giving|doing|"
    r"reviewing|\w+ing)|"
    r"any chance (?:you|u|of|for|we|i)|is there (?:any|a) chance|(?:could|can|may|might) i (?:please )?(?:ask|"
    r"trouble|bother|get|have) (?:you|your|a|the|some)|"
    r"(?:i|we)(?:'d| would) (?:really |very much |greatly )?(?:appreciate|be (?:very |really |so |"
    r"most )?(?:grateful|thankful))|"
    r"(?:i|we)(?:'d| would) (?:like|love|need) (?:for )?you to|(?:i|we) (?:just |really |still |also |would |'ll |"
    r"will )*(?:need|require|want) (?:you|u)(?: guys| all| both)? (?:to|on)|"
    r"(?:i|we) (?:just |really |still |also |will |urgently )*(?:need|require) (?:your|ur)|need(?:s|ed)? your|"
    r"needs? (?:a )?(?:sign-?off|approval|review|signature|answer|decision|reply|response|input|"
    r"feedback)(?: from you)?\b|"
    r"(?:still )?(?:need|missing|require|am missing|are missing|expecting) (?:\w+ ){1,6}from (?:you|your side)|"
    r"(?:was |am |'m |were )?(?:wondering|hoping) (?:if|whether|that)? ?(?:you|u|someone|anyone)|(?:would|will|"
    r"'d) be (?:\w+ )?(?:great|good|nice|helpful|lovely|awesome|useful|ideal|perfect|wonderful) if (?:you|someone|"
    r"anyone|we could)|"
    r"(?:would|'d) (?:really )?help (?:a lot |me |us )*if you|let me know|let us know|lmk|keep (?:me|"
    r"us) (?:posted|updated|in the loop)|"
    r"get back to (?:me|us)|(?:please|pls) advise|kindly \w+|(?:don't|do not) forget to|"
    r"remember to (?!.*\b(?:when|that time)\b)|"
    r"make sure (?:to|you|that you|we have|the|it|they|everything)|be sure to|"
    r"(?:i|we) (?:am |are |'m |'re )?(?:still )?(?:waiting|wait) (?:on|for) (?:you|your|u|ur)\b|waiting (?:on|"
    r"for) (?:you|your|u|ur)\b|(?:over|up) to you\b|your turn|ball is in your court|"
    r"looking forward to (?:your|hearing)|(?:i|we) (?:look|looking) forward to (?:your (?:reply|answer|response|"
    r"feedback|thoughts|comments|confirmation)|hearing)|"
    r"(?:hope|like|want|need|love) to (?:hear|get|have|see|know) (?:\w+ ){0,2}your|request(?:ing)? (?:that you|"
    r"you to|your)|awaiting your|"
    r"(?:ask|asking|asked|remind|reminding|reminder for) you (?:all )?(?:to|for))\b"
)
WHEN_YOU_CAN = re.compile(
    r"\b(?:when(?:ever)?|once|as soon as|if) you (?:get|have|find|'ve got) (?:a |some |"
    r"the )?(?:few )?(?:free )?(?:minutes?|chance|moment|mins?|sec|second|time|bandwidth)\b|"
    r"\b(?:i|we)(?:'d| would) (?:really |also )?like to (?:know|see|get|have|hear|understand|receive)\b|"
    r"\bgive (?:me|us|him|her|them) a (?:call|ring|shout|hand)\b|"
    r"\b(?:wenn|sobald) (?:du|sie|ihr) (?:kurz |mal |etwas )*zeit (?:hast|haben|habt)\b"
)
I_WILL = re.compile(r"\bi(?:'ll| will|'m going to)\b")
CONDITION = re.compile(
    r"^(?:(?:in|for) case|if (?:you|u|anyone|anybody|someone|there|this|it) (?:want|like|need|experience|should|"
    r"wish|no longer|have (?:any|questions|trouble|problems|further)|'re|are|did|didn't|do|don't|"
    r"would (?:no longer )?(?:like|prefer)|find (?:any|yourself)|see (?:any|something)|run into|feel|notice|"
    r"received|get (?:an error|stuck|any)|is|was|has|happens?|cannot|can't)\b|"
    r"falls (?:du|sie|ihr|es|jemand)|bei (?:fragen|rückfragen|problemen)|wenn (?:du|sie|ihr) (?:fragen|lust|"
    r"möchtest|willst|magst))"
)
UPDATE = re.compile(
    r"^(?:so |and |hey |hi |sorry to (?:bug|bother|chase) you(?: again)?,? (?:but )?|just |quick |gentle |"
    r"friendly |hate to |to (?:follow|circle) (?:up|back)[,:]? )*(?:"
    r"any (?:updates?|news|progress|luck|movement|word|thoughts|feedback|ideas?|comments|objections|opinions?|eta)\b|"
    r"(?:updates?|status|eta|news|thoughts|feedback|comments|opinions?|objections|ideas)(?: (?:on|about|for|"
    r"from) .*)?\?|"
    r"(?:gentle|friendly|quick|small|little)? ?(?:reminder|nudge|ping|bump|bumping|pinging|nudging|following up|"
    r"follow-up|circling back|checking in|chasing)\b|"
    r"what(?:'s| is) the (?:status|latest|eta|state|word|plan)\b|where are we (?:on|with)|how(?:'s| is) (?:it|"
    r"this|that|the .*) (?:going|coming along|looking|progressing)|"
    r"did you (?:get|have) (?:a |any |the )?(?:chance|time|moment|opportunity)|have you (?:had|got|gotten) (?:a |"
    r"any |the )?(?:chance|time|moment|opportunity)|had a chance|got a chance|"
    r"gibt(?:'s| es) (?:schon |da |hier |dazu )*(?:was neues|etwas neues|neuigkeiten|news|ein update|updates?|"
    r"einen stand|fortschritte|rückmeldung)|"
    r"(?:schon |irgendwelche |irgendwas )?(?:was neues|neuigkeiten|updates?|neues)(?: (?:zu|zum|zur|von|"
    r"vom) .*)?\?|wie (?:ist|sieht) (?:es|der stand|der aktuelle stand)|wie weit (?:bist|seid|sind)|(?:kurze |"
    r"kleine |freundliche )?(?:erinnerung|nachfrage)\b|"
    r"(?:bist du|seid ihr|sind sie|konntest du|konntet ihr|konnten sie|kamst du|hattest du|hast du) (?:schon |"
    r"inzwischen |da |dazu |mal )*(?:dazu gekommen|zeit|gelegenheit|reinschauen|draufschauen)|"
    r"des nouvelles|du nouveau|alguna novedad|novedades|hay novedades)"
)
GENERIC = re.compile(
    r"^(?:please |pls |just |so |and |but |then |also |or |bitte )*(?:(?:can|could|would|will) (?:you|someone|"
    r"anyone) (?:please )?)?(?:let (?:me|us) know(?: (?:if|what|your|how|when|whether|asap|by|here|soon|in case|"
    r"either|thoughts|and|once|before|today|tomorrow|until)\b.*)?|lmk.*|"
    r"(?:please )?advise|get back to (?:me|us).*|keep (?:me|us) (?:posted|updated|in the loop).*|(?:what|"
    r"any) (?:do you )?(?:think|thoughts|ideas|feedback|comments|opinions?|updates?|news|luck|eta|progress|"
    r"objections)|"
    r"what (?:do|does|are|is) (?:you|everyone|everybody|y'all|your|u)(?: guys| all)? (?:think|say|thoughts?|"
    r"opinion|take)(?: about (?:it|this|that))?|how does that sound|sounds? (?:good|ok)|thoughts|make sense|"
    r"does (?:that|this|it) (?:work|make sense)(?: for (?:you|everyone|all|y'all))?|would (?:that|this) (?:work|"
    r"be ok(?:ay)?)(?: for (?:you|everyone))?|"
    r"(?:is|are) (?:that|this|you) (?:ok(?:ay)?|fine|alright)(?: (?:with|for) (?:you|that|this|it))?|"
    r"ok(?:ay)?(?: with you)?|can you (?:do|manage|handle) (?:that|this|it)|possible|looking forward.*|"
    r"i look forward.*|we look forward.*|"
    r"was (?:meinst|denkst|sagst|hältst) du(?: dazu| davon)?|was meint ihr(?: dazu)?|(?:wie )?passt (?:das|"
    r"dir das|das so|euch das)(?: für (?:dich|euch|sie))?|ok für (?:dich|euch)|(?:gib|gebt|geben sie) (?:mir|"
    r"uns) (?:bitte |kurz )*bescheid.*|sag(?:t)? (?:mir|uns)? ?(?:bitte |kurz )*bescheid.*|"
    r"melde dich.*|lass (?:mich|uns) (?:kurz )?wissen.*|(?:ich |wir )?freue?n? (?:mich|uns) (?:auf|über) .*|"
    r"geht das|gibt es (?:da |schon )?(?:was neues|neuigkeiten|updates?)|"
    r"qu'en (?:penses-tu|pensez-vous)|dis-moi|dites-moi|tiens-moi au courant|qué (?:opinas|te parece)|avísame|"
    r"dime)[ ,]*(?:please|pls|thanks|thank you|bitte|danke|asap|merci|gracias)?[ ]*[?.!]*$"
)
GERMAN_ASK = re.compile(
    r"(?:\b(?:kannst|könntest|koenntest|kannste|würdest|wuerdest|magst|möchtest|willst) (?:du|ihr)\b|\b(?:könnten|"
    r"könnt|könntet|würden|würdet|koennten|wuerden|können|wollt|mögt) (?:sie|ihr)\b|"
    r"\b(?:schickst|sendest|gibst|prüfst|machst|leitest|meldest|schaust|guckst|übernimmst|kümmerst|denkst|bringst|"
    r"nennst|bestätigst|reichst|lädst|stellst|trägst|klärst|sagst|rufst|erstellst|bestellst|buchst) du\b.*(?:\?|"
    r"\bbitte\b)|"
    r"\b(?:schickt|sendet|gebt|prüft|macht|leitet|meldet|schaut|übernehmt|kümmert|bestätigt) ihr\b.*(?:\?|\bbitte\b)|"
    r"\bhättest du (?:kurz |mal |vielleicht |evtl\.? )*(?:zeit|lust|einen moment|eine minute|kapazität)|"
    r"\bhast du (?:kurz |mal |gerade |vielleicht )*(?:zeit|einen moment|eine minute)|"
    r"(?:^|[,;:.–-] ?)(?:schick|sende?|gib|sag|schau|guck|prüf|mach|meld|leite|lade?|stell|ruf|klär|denk|nimm|"
    r"bring|füg|trag|lies|setz|frag|check|vergiss|erinnere?|bestätige?|buche?|bestelle?|kümmere?|übernimm|"
    r"reich)e? (?:(?:mir|uns|dich|es|das|den|die|bitte|doch|mal|kurz|dir|ihm|ihr|ihnen|nicht|noch|dran|daran|ein|"
    r"einen|eine|beim|bei|auf)\b)|"
    r"(?:^|[,;:.–-] ?)(?:schickt|sendet|gebt|sagt|schaut|prüft|macht|meldet|leitet|stellt|denkt|bringt|lest|"
    r"kümmert|bestätigt|tragt) (?:mir|uns|euch|es|das|den|die|bitte|doch|mal|kurz|dran|daran|ein)\b|"
    r"\b(?:schicken|senden|geben|prüfen|melden|leiten|lassen|nennen|bestätigen|beachten|teilen|denken|kümmern|"
    r"rufen|überprüfen|unterschreiben|freigeben|überweisen|ergänzen|stellen|reichen|laden|schauen|sehen|"
    r"bringen) sie (?:mir|uns|sich|es|das|den|die|bitte|mal|kurz|dies|diese)\b|"
    r"\b(?:ich|wir) (?:brauch(?:e|en)?|bräuchten?|benötigen?)\b.*\b(?:von (?:dir|euch|ihnen)|dein(?:e[nmrs]?)?|"
    r"deine|euer|eure[nmrs]?|ihre?[nmrs]?|dich)\b|\b(?:brauche|bräuchte|benötige|brauchen|bräuchten|"
    r"benötigen) (?:ich|wir) (?:noch |dringend |bitte |dafür |dazu |heute |bis \w+ )*(?:von (?:dir|euch|ihnen)|"
    r"dein\w*|eure?\w*|ihre?\w*)\b|"
    r"\b(?:wäre|fände ich|fänd ich|ist) (?:\w+ )?(?:super|toll|nett|gut|klasse|schön|lieb|hilfreich|cool|"
    r"prima),? wenn (?:du|ihr|sie|jemand)|\bwäre?(?:st|n|t)? (?:du|sie|ihr|ich|wir) (?:\w+ )?(?:so (?:nett|lieb|"
    r"gut|freundlich)|dankbar)|\bwürde(?:n)? (?:ich mich|wir uns|mich|uns) freuen,? wenn (?:du|sie|ihr)|"
    r"\blass(?:t|en sie)? (?:mich|uns) (?:\w+ )?wissen|\b(?:ich|wir) (?:warten?|wart) (?:noch |immer |schon |"
    r"seit \w+ |dringend |weiter )*(?:auf (?:dich|dein\w*|euch|eure?\w*|ihre?\w*|eine (?:antwort|rückmeldung)))|"
    r"\bwarte(?:n wir)? (?:noch )?auf (?:dich|dein\w*|ihre?\w*|eure?\w*)|"
    r"\b(?:darf|dürfte|kann|könnte) (?:ich|wir) (?:\w+ )?(?:dich|sie|euch) (?:\w+ )?(?:bitten|fragen)|"
    r"\bich bitte (?:dich|sie|euch)|\bbitte(?:n)? (?:wir )?um\b|\b(?:du|ihr) (?:musst|müsstest|solltest|müsst|"
    r"solltet) (?:\w+ )?(?:bitte|noch|bis|mal|unbedingt)\b|\bfehlt (?:mir |uns |noch )*dein)"
)
GERMAN_PLEASE = re.compile(r"(?:^|[^a-zäöüß])bitte\b(?! (?:schön|sehr|gern))")
NOT_PLEASE = re.compile(
    r"^(?:bitte[ !.]*$|bitteschön|bitte (?:schön|sehr|gern)|gern|kein problem|wie bitte|ja,? bitte[ !.]*$|danke)"
)
ROMANCE_ASK = re.compile(
    r"(?:\b(?:peux-tu|pourrais-tu|pouvez-vous|pourriez-vous|tu (?:peux|pourrais)|vous (?:pouvez|pourriez)|"
    r"est-ce que (?:tu (?:peux|pourrais)|vous (?:pouvez|pourriez)))\b|"
    r"\b(?:s'il (?:te|vous) pla[iî]t|svp|stp|veuillez)\b|\bmerci de (?:me |nous |bien vouloir |ne pas |la |le |"
    r"les |vous )*\w+(?:er|ir|re)\b|\bj'ai besoin (?:de (?:ton|ta|tes|votre|vos|toi|vous)|que (?:tu|vous))|"
    r"\bnous avons besoin de (?:ton|ta|votre|vos)|"
    r"\b(?:dis|dites|envoie|envoyez|tiens|tenez|fais|faites|donne|donnez)-(?:moi|nous|le|la|les)\b|"
    r"\bn'oublie(?:z)? pas\b|\bj'attends (?:ton|ta|tes|votre|vos)\b|"
    r"(?:\b|¿)(?:puedes|podrías|podrias|podéis|pueden|podrían|podría usted|puede usted|me puedes|nos puedes|"
    r"me podrías)\b|\bpor favor\b|\b(?:avísame|dime|envíame|mándame|pásame|confírmame|recuérdame|avísanos|"
    r"envíanos|mándanos)\b|"
    r"\bnecesit(?:o|amos) (?:que|tu|tus|su|vuestr\w+)\b|\b(?:estoy|seguimos|sigo) esperando (?:tu|tus|su)\b|"
    r"\b(?:puoi|potresti|può|potrebbe|kun je|kunt u|kan je|zou je|pode(?:s|ria)?(?= (?:me|enviar|mandar|ver)))\b)"
)
VERBS = word_set(
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
NOT_ORDERED = re.compile(
    r"^(?:cc |fyi |(?:read|put|set|cut|let|hit) (?:it|them|that)[,.! ]*(?:$|lovely|thanks|all)|check (?:out|"
    r"this out|it out)|look(?:s|ing)?(?: like| good| great| at (?:this|that|him|her|you|me)\b)|"
    r"look(?:ing)? forward|let(?:'s| us|s|\b)|note that|keep (?:up|it up|going|calm)|"
    r"give me (?:a|an|until|another|till|some|\d)|\w+ #?\d+ (?:has|is|was|will|had|went|got|are)\b|take care|"
    r"take (?:it easy|your time)|try (?:again|it and)|have a|use (?:of|at)|test(?:ing)?\b[:!.]|let me (?!know)|"
    r"read (?:receipt|this\b)|make(?:s)? sense|get (?:well|better|it|that|in\b)|got|give(?:n)? (?:that|the|"
    r"me a (?:break|second|sec|minute))|"
    r"stop (?:it|lol)|find (?:attached|below|enclosed)|see |hold (?:on|up|tight|the phone)|help(?:s|ful)?\b|"
    r"call me (?:crazy|old|weird)|"
    r"(?:order|record|test|list|quote|plan|release|deploy|change|file|log|update|draft|review|report|note|mail|"
    r"call|order|use|process|"
    r"block|cover|invoice|print|point|set|run|push|build|copy|book|email|answer|reply|start|close|open|plan|"
    r"estimate|vote|document|"
    r"record|bump|tag|mark|drop|hand|fix|ping|put|move|try|ship|merge|sign|sync)s?(?::|$| (?:is|are|was|were|has|"
    r"have|had|will|went|done|from|on|of|in|numbers?|status|went|failed|passed|looks?|for|id|by|time|day|date)\b)|"
    r"help yourself|drop by|follow us|join us|post (?:mortem|it)|put (?:it|another) way|sort of|mind you|"
    r"let alone|take (?:that|this) with|"
    r"close (?:call|enough|one)|pick (?:me|your poison)|open (?:source|question|to)|complete(?:ly)?\b(?! the)|"
    r"clear(?:ly)?|double\b)"
)
DEFINITE_OBJECT = re.compile(
    r"^[a-z-]+(?: (?:out|up|in|over|back|through|off|down|at|into|on|with|for|to|about))? (?:me|us|him|her|them|"
    r"the|a|an|this|that|these|those|it|my|our|your|his|their|all|any|"
    r"both|some|@|#|pr\b|mr\b|\d|with|at|to|for|in|whether|if|what|when|how|who)"
)
PLEASE = re.compile(r"(?:^|[^a-z])(?:please|pls|plz|plse)\b")
NOT_ASK_PLEASE = re.compile(
    r"(?:^|[ ,.])(?:yes|no|ja|sure|ok|okay|oh),? please|^please[ !.]*$|please (?:find|see|note|be (?:advised|"
    r"aware|informed)|accept|feel free|don't hesitate|do not hesitate|ignore|disregard|enjoy|excuse|forgive|"
    r"bear with|stand by|god|no)\b|"
    r"(?:pretty )?please (?:no|don't (?:laugh|judge))"
)
FREE = re.compile(
    r"\b(?:do not|don't) hesitate\b|"
    r"\b(?:feel free|no (?:need|rush|hurry|worries|pressure) (?:to|for)?|don't (?:worry|bother)|you don't (?:have|"
    r"need) to|no action (?:is )?(?:needed|required)|nothing (?:for you )?to do|"
    r"if you (?:want|like|fancy|feel like|wish|are interested|'re interested|have any questions|need anything|"
    r"have questions)|kein stress|keine eile|musst (?:du )?nicht|brauchst (?:du )?nicht|wer (?:will|mag|lust hat)|"
    r"gerne? melden|bei (?:fragen|rückfragen)|si (?:tu veux|vous voulez|quieres)|n'hésite(?:z)? pas|no dudes en)\b"
)

# --- questions --------------------------------------------------------------------------------------

WH = (
    r"(?:what|when|where|who|whom|whose|which|why|how|what's|who's|where's|when's|how's|was|wann|wo|wer|wem|wen|"
    r"wie|warum|wieso|weshalb|welche[rsmn]?|wohin|wieviel|woher|wozu|quand|où|qui|que|quoi|comment|pourquoi|"
    r"combien|quel(?:le)?s?|cuándo|cuando|dónde|quién|qué|cómo|por qué|cuál(?:es)?|cuánt\w+)"
)
INVERTED = (
    r"(?:do|does|did|is|are|was|were|have|has|had|can|could|will|would|should|shall|may|am|isn't|aren't|don't|"
    r"doesn't|didn't|haven't|hasn't|won't|wouldn't|shouldn't|couldn't|can't)"
)
ASKS_WITHOUT_MARK = re.compile(
    r"^(?:so |and |but |also |hey |ok |just |quick (?:q|question)[:,-]? )*(?:(?:do|did|have|are|were|can|could|"
    r"will|would|should|shall|is|does|has) (?:you|we|i|it|this|that|the|there|anyone|anybody|someone|they|he|"
    r"she)\b"
    r"|(?:anyone|anybody|does anyone|has anyone) (?:know|knows|got|have|has|seen|else|here|around|able|tried|"
    r"heard)\b|(?:weiß|weiss) (?:jemand|einer|wer)\b|hat (?:jemand|einer|wer)\b|kann (?:jemand|einer|wer|mal)\b)"
)
WH_INVERTED = re.compile(
    rf"^(?:so |and |but |also |hey |ok |just )*{WH} (?!(?:you|we|i|he|she|they|it) )(?:[\w'-]+ ){{0,3}}?{INVERTED} "
    r"(?:you|we|i|it|they|he|she|the|this|that|these|those|our|your|my|their|his|her|a|an|there|someone|anyone)\b"
)
SOCIAL = re.compile(
    r"^(?:so |and |hey |hi )*how (?:do|does) (?:you|it|that) feel[ ?!]*$|"
    r"^(?:so |and |hey |hi |hello |oh |ok |well |also |btw )*(?:how (?:are|r) (?:you|u|things|ya)\b|how(?:'s| is|"
    r" was) (?:it going|it|everything|everyone|life|your (?:weekend|day|week|morning|vacation|holiday|trip|"
    r"evening)|the (?:weekend|vacation|holiday))|how goes it|"
    r"how have you been|how (?:did|was) (?:your|the) (?:weekend|trip|holiday|vacation|evening|party)|what'?s up|"
    r"sup|what'?s new|what's going on|(?:did|have) you (?:have|had) a (?:good|nice|great)|good (?:weekend|trip|"
    r"morning|day)|you (?:ok|okay|alright|there|good|around)|all good|"
    r"are you (?:ok|okay|alright|feeling (?:ok|better|well))[ ?!]*$|wie geht(?:'s| es)|wie läuft'?s|alles (?:gut|"
    r"klar|ok|fit)|na,? (?:wie|alles)|wie war (?:dein|das|euer|der)|schönes wochenende|gut (?:geschlafen|"
    r"angekommen)|"
    r"ça va|comment (?:ça va|vas-tu|allez-vous|tu vas)|qué tal|cómo (?:estás|está|estáis|va todo)|todo bien)"
)
PLAY = re.compile(
    r"\b(?:lunch|coffee|beers?|drinks?|pizza|cake|donuts?|kaffee|bierchen|bier|mittagessen|mittag|kuchen|"
    r"table ?tennis|foosball|kicker|ping.?pong|karaoke|gym|movie|netflix|football|soccer|(?:last|the|"
    r"that) (?:game|match)|game of|"
    r"déjeuner|café|pause|almuerzo|cerveza|happy hour|snacks?|playlist|fantasy league|costume|secret santa|birthday)\b"
)
FORBIDS_AT_START = re.compile(
    r"^(?:(?:please|pls|bitte) )?(?:do not|don't|never|nicht)\b(?! (?:forget|hesitate|you|we|they|i)\b)"
)
RHETORICAL = re.compile(
    r"^(?:really|seriously|what|huh|wait,? what|why|why not|how so|who knows?|who cares|who else|who knew|right|"
    r"no|yes|yeah|ok|okay|eh|hm+|you know|know what i mean|get it|see|sorry|pardon|wtf|lol|say what|is it|"
    r"isn't it|aren't we|are you (?:kidding|serious|joking|sure)|"
    r"are we there yet|who doesn'?t|what could (?:possibly )?go wrong|what can i say|what else is new|guess what|"
    r"(?:can|could|would) you (?:believe|imagine)|how (?:cool|great|awesome|nice|crazy|weird|sad|funny|bad|hard|"
    r"good|lucky|dare|on earth)\b(?!.*\b(?:would|is it for you|can)\b)|isn'?t (?:that|it|this) (?:\w+ )?(?:great|"
    r"cool|nice|crazy|amazing|funny|awesome|weird|lovely)|"
    r"why (?:do|does|did|is|are|am|would|must|can't) (?:i|we|it|this|that|anyone|people|they|everything|nobody|"
    r"mondays?)(?: \w+)? (?:always|even|ever|still|bother|never|keep|hate|so)|what (?:is|are) (?:wrong with|life|"
    r"even)|where (?:has|did|does) the time go|remember when|what (?:did|have) i miss(?:ed)?|what was i thinking|"
    r"when will (?:they|people|we|i) (?:ever|learn)|who (?:would have|would've|could have) thought|what do i know|"
    r"wirklich|echt(?: jetzt)?|ernsthaft|oder|ne|nicht wahr|was soll'?s|wer weiß|wer kennt das nicht|wie bitte|"
    r"ach ja|verstehst du|weißt du|ja|warum auch nicht|wozu auch|ist das nicht|vraiment|ah bon|n'est-ce pas|"
    r"verdad|en serio|no)[ ?!.…]*$|"
    r"^(?:can|could|would|will) you (?:believe|imagine)|^why (?:on earth|oh why|in the world)|^who (?:wouldn't|"
    r"doesn't|in their right)|^how (?:cool|great|awesome|crazy|funny|weird|lucky) (?:is|are|was) |^isn't (?:it|"
    r"that|this) |^(?:do|did) (?:i|we) (?:even|really|ever) |^what could (?:possibly )?go wrong|^when (?:did|"
    r"has) .* (?:become|get) so|"
    r"^remember (?:when|that)|^(?:do )?you know what|^guess (?:what|who)|^what (?:a|an) |^what would (?:i|"
    r"we) do without|^wer hätte das|^wer braucht schon|^was kann da schon|^are (?:we|you) (?:kidding|serious)|"
    r"^ist das (?:nicht|denn)"
)
OFFER = re.compile(
    r"\b(?:let (?:me|us) know (?:if|when|who|what) (?:anyone|anybody|someone|somebody|any of|you(?:'d|"
    r" would)? (?:like|want|need|have|are interested|'re interested))|(?:if|when) (?:anyone|anybody|someone|"
    r"somebody)|anyone who|join us|come join|stop by|sign up|reach out|get in touch|"
    r"have a crack|enjoy|keep us posted|stay tuned|check (?:it|this|these|them) out|rsvp|register|falls jemand|"
    r"wenn jemand|wer (?:lust|interesse) hat|meldet euch)\b"
)
TO_MACHINES = re.compile(  # an order to whatever software reads this is nothing its owner owes
    r"\b(?:(?:note|message|instructions?|attention) (?:to|for) (?:the |any |all )?(?:ai|assistants?|bots?|llm|"
    r"agents?|model)\b|(?:ignore|disregard|forget) (?:all |any |your |the )*(?:previous|prior|above|"
    r"earlier) (?:instructions|prompts?|rules)|system prompt|as an ai\b)"
)
PERMITS = re.compile(
    r"^(?:ja|jo|ok|okay|klar|passt|gerne?|yes|yep|sure|oui|sí)\b.*\b(?:kannst|könnt|können|you can|tu peux|puedes)\b"
)
CLOSING = re.compile(
    r"\b(?:let (?:me|us) know|lmk) (?:if|should) .*\b(?:anything|any (?:other|further|more|questions?)|"
    r"something else|more questions|questions)\b|"
    r"\b(?:let (?:me|us) know|lmk|shout|ping me|holler|reach out|get in touch|contact (?:me|us)|give (?:me|"
    r"us) a (?:call|shout)|don't hesitate|get back to (?:me|us)|reply|write (?:me|us)|call (?:me|"
    r"us)) (?:\w+ ){0,3}?(?:if|when|whenever|should|with any|for any) "
    r"(?:anyone|anybody|someone|somebody|any of|there(?:'s| is| are)|i can|we can|(?:you(?:'d| would| do|"
    r" should)? )?(?:like|want|need|have (?:any|questions|more|further|other|a question|issues|problems|feedback|"
    r"trouble)|are (?:interested|unsure|missing|having)|'re (?:interested|unsure|missing|having)|run into|see any|"
    r"find any|questions|anything|any|get stuck))|"
    r"\bif you (?:have|got) (?:any )?(?:\w+ )?(?:questions|issues|concerns|problems|trouble|feedback)|\b(?:bei|"
    r"falls|wenn) (?:\w+ ){0,3}(?:fragen|rückfragen|unklarheiten)\b|\b(?:melde dich|melden sie sich|sag bescheid|"
    r"gib bescheid) (?:\w+ ){0,2}(?:wenn|falls|bei)\b"
)
TAG = re.compile(
    r",? (?:right|no|ok|okay|eh|huh|isn't it|aren't they|don't you think|yeah|yes|ja|oder|ne|gell|non|verdad|"
    r"n'est-ce pas) ?\?+$"
)
JOKE = re.compile(
    r"(?:\blo+l+\b|\blmao\b|\brofl\b|\bha(?:ha)+h?\b|\bhehe\b|\bhihi\b|\bjust kidding\b|\b(?:jk|j/k)\b|"
    r"\bkidding\b|\bonly joking\b|\bscherz\b|\bspaß\b(?: beiseite)?|/s$|;-?\)|😂|🤣|😜|😝|🙃|😆|"
    r":joy:|:rofl:|:stuck_out_tongue|:wink:|:upside_down|:laughing:|:sweat_smile:|:rolling_on_the_floor|:clown|"
    r":troll|:smirk:|😏|😉|🤪|\bxd\b|\bmdr\b|\bptdr\b|\bjaja\b)"
)
IN_ANYONE = re.compile(
    r"\b(?:anyone|anybody|someone|somebody|any of you|who (?:can|could|wants|would|is (?:able|free|up|going)|has|"
    r"knows|else)|everyone|everybody|folks|guys|y'all|you all|all of you|jemand(?:em|en)?|irgendwer|irgendjemand|"
    r"einer von euch|wer (?:kann|könnte|hat|weiß|möchte|will|macht|übernimmt|kennt)|ihr alle|alle|"
    r"quelqu'un|qui (?:peut|pourrait|sait)|alguien|quién puede|any volunteers?|volunteers?|feel free|any takers)\b"
)
IN_WE = re.compile(
    r"^(?:so |and |but |also |then |maybe |ok )*(?:can|could|should|shall|do|are|will|would|did|have|how about|"
    r"what if|why don't|sollen|sollten|wollen|können|könnten|müssen) (?:we|wir)\b|\blet'?s\b|\blass(?:t)? uns\b"
)

# --- decisions --------------------------------------------------------------------------------------

DECIDE = re.compile(
    r"\b(?:(?:need|want|waiting for|await) (?:a|the|your) (?:final |quick )?(?:decision|verdict|go)|(?:brauch\w*|warte\w*) (?:\w+ ){0,3}(?:entscheidung|freigabe))\b|"
    r"\b(?:sign(?:ing)?[- ]?off|signoff|approv(?:e|al|ed by you)|green[- ]?light|go[ /-]?(?:or |/ ?)?no[- ]?go|"
    r"go[- ]ahead|your (?:call|decision|approval|ok|okay|blessing|vote|consent|choice)|(?:ok|okay|fine|good|"
    r"alright|cool|happy) (?:with you|for you|by you|if (?:i|we)|to (?:merge|ship|send|publish|proceed|go|release|"
    r"deploy|pay|order|sign|book|use))|"
    r"(?:are|r) (?:you|we) (?:ok|okay|fine|good|happy|comfortable|cool) (?:with|to|if)|is it (?:ok|okay|fine|"
    r"alright) (?:if|to|for)|do you (?:want|prefer|agree)|would you (?:prefer|rather|like (?:me|us) to)|"
    r"(?:you|please|to) (?:decide|choose|pick|approve)\b|decide (?:on|whether|if|between)|which (?:one|option|"
    r"version|variant|of (?:the|these|them)|do you|would you|should|design|date|vendor|offer|plan)\b|"
    r"option [a-d1-4] or|(?:[a-d1-4]|this one) or (?:[a-d1-4]|that one)\?|"
    r"(?:shall|should) (?:i|we)\b|can (?:i|we) (?:go ahead|proceed|merge|ship|publish|release|deploy|order|book|"
    r"send it out)|may (?:i|we)\b|do (?:i|we) have your|yes or no|yay or nay|"
    r"freigabe|freigeben|gibst du .*frei|geben sie .*frei|genehmig\w+|zustimm\w+|einverstanden|entscheid\w*|"
    r"ok für (?:dich|euch|sie)|soll(?:en|ten|te)? (?:ich|wir)\b|darf ich\b|dürfen wir\b|welche (?:variante|option|"
    r"version|lösung)|was ist dir lieber|lieber .* oder|variante [a-d1-4] oder|grünes licht|"
    r"ton accord|votre accord|valider|validation|on (?:part|prend) sur|tu préfères|vous préférez|d'accord (?:avec|"
    r"pour)|feu vert|apruebas|aprobar|aprobación|visto bueno|prefieres|decidir|te parece bien)\b"
)
DECIDED = re.compile(
    r"\b(?:(?:i|we|they|she|he|has been|have been|was|is|were|got|been|already) (?:approved|decided|signed off|"
    r"agreed)|approved by|wurde (?:freigegeben|genehmigt|entschieden)|ist (?:freigegeben|genehmigt|entschieden))\b"
)

# --- blocked ----------------------------------------------------------------------------------------

STUCK = re.compile(
    r"\b(?:blocked (?:on|by|until|waiting|here|with)|(?:i'?m|we'?re|i am|we are|am|is|are) (?:\w+ )?(?:blocked|"
    r"stuck)\b|blocking (?:me|us|the|our|release)|blocker|(?:can'?t|cannot|can not|unable to|couldn't|"
    r"won't be able to|not able to|(?:isn't|aren't|not) going) (?:\w+ ){1,10}?(?:until|till|without|unless|"
    r"before) (?:you|your|we (?:have|get|hear)|i (?:have|get|hear)|the|that|it|this|u\b|@?[a-z]+ (?:has|have|sign|"
    r"approve|confirm|send)|@)|"
    r"(?:can'?t|cannot|unable to|not able to) (?:\w+ )?(?:start|continue|proceed|go on|go ahead|move on|"
    r"move forward|finish|begin|ship|merge|deploy|publish|release|pack)(?:ing)?\b|(?:kann|"
    r"können) (?:\w+ ){0,4}nicht (?:\w+ ){0,3}(?:anfangen|weitermachen|starten|beginnen|fertig werden|losschicken|"
    r"abschließen)|"
    r"stuck (?:on|until|without|waiting|with|at)|hold(?:ing|s) (?:me|us|everything|everyone|the \w+) up|"
    r"on hold (?:until|till|for|because)|(?:waiting|wait) (?:on|for) (?:you|your|u|ur)\b|"
    r"need (?:\w+ ){1,8}(?:before (?:i|we) can|so (?:that )?(?:i|we) can (?:continue|proceed|start|finish|go on|"
    r"move))|before (?:i|we) can (?:continue|proceed|start|finish|go on|go ahead|move|ship|merge|release|pack|"
    r"publish|send|order|print|deploy)|depends on (?:you|your)|only thing missing is your|"
    r"komm(?:e|en)? (?:\w+ ){0,3}nicht (?:weiter|voran|vorwärts)|(?:bin|sind) (?:\w+ )?blockiert|blockier(?:t|st)|"
    r"(?:hänge?n?|steck(?:e|en)?|stehe?n?) (?:\w+ ){0,3}(?:fest|still|in der luft)|(?:kann|"
    r"können) (?:\w+ ){0,6}(?:nicht|erst|nichts|kein\w*) (?:\w+ ){0,8}(?:bis|wenn|bevor|ohne|solange|ehe|"
    r"sobald)\b|(?:kann|können) (?:\w+ ){0,3}erst (?:\w+ ){0,5}(?:wenn|sobald|nachdem)|ohne (?:dein|deine|ihre|"
    r"eure|dich)\w* (?:\w+ ){0,4}(?:kann|können|geht)|"
    r"(?:erst|nicht),? (?:\w+ ){0,4}(?:wenn|bevor|bis) du|warte(?:n)? (?:\w+ ){0,3}auf (?:dich|dein\w*|ihre?\w*|"
    r"eure?\w*)|liegt (?:jetzt |nur |noch )*(?:an|bei) (?:dir|ihnen|euch)|suis bloquée?|sommes bloqués|"
    r"estoy bloquead[oa]|estamos bloqueados|no puedo (?:\w+ ){1,5}(?:sin|hasta)|ne (?:peux|"
    r"pouvons) pas (?:\w+ ){1,6}(?:sans|avant|tant que))"
)
UNSTUCK = re.compile(
    r"\b(?:(?:no longer|not|never|un|isn't|aren't) ?blocked|unblocked|nicht mehr blockiert|if (?:you're|you are|"
    r"anyone is|anybody is) (?:stuck|blocked)|was (?:stuck|blocked)|got stuck|not a blocker|no blockers?|"
    r"kein(?:e)? blocker)\b"
)
STATE = (
    r"(?:be (?:out|away|there|late|in|on|at|off|back|around|here|happy|glad|able|honest|offline|traveling|"
    r"travelling|a bit|joining|sure)|be\b|say|admit|never|assume|pass|need|want|see (?:you|ya|u)|bet|have (?:the|"
    r"a|no|some|to (?:leave|go|pass|run))|miss|probably (?:not|be|need)|not|love|hate|always|leave (?:it|this|"
    r"that|you|early|at|here)|think|believe|take (?:a (?:look at the menu|nap|break)|off|the (?:day|week|blame|"
    r"train|bus))|stop|remember|wait|go with|just leave|stay|forever|still|buy (?:you|the) (?:a )?(?:beer|drink|"
    r"coffee|round)|skip|live|die|cry|eat|sleep|vote|agree|keep (?:that|this|it) in mind|start crying|grab (?:a|"
    r"some) (?:coffee|lunch|bite)|let you (?:go|get)|pretend|regret|owe)"
)

# --- promises, reports, acknowledgements, refusals, withdrawals -------------------------------------

PROMISE = re.compile(
    rf"(?:(?:^|[,;:.–—(-] ?|\b(?:and|so|but|then|yes|yep|yeah|ok|okay|sure|thanks|sorry|right|great|ah|oh|hi|done|"
    rf"that|also|which|week|day|today|tomorrow|monday|tuesday|wednesday|thursday|friday|noon|lunch|now|call|"
    rf"meeting|it|there|cool|perfect|think|guess) )"
    rf"(?:i'll|i will|i'm going to|i am going to|i'm gonna|imma|i'll go ahead and|i can|we'll|we will|i plan to|"
    rf"i intend to|i shall) (?!{STATE}\b)(?:also |just |then |probably |quickly |definitely |try (?:to|and) |"
    rf"make sure (?:to|that)? ?|go ahead and |do my best to |now |have to (?=check|ask|look|see|talk|confirm)|"
    rf"get around to |personally |happily |gladly |be (?:sending|getting|sharing|working|looking|fixing|reviewing|"
    rf"following|posting|updating|preparing|finishing) )*(?P<verb>[a-z-]+)|"
    r"^(?:ok(?:ay)?,? |sure,? |yes,? |yep,? |thanks,? |great,? |will do,? )*(?:will (?:do|send|check|look|fix|get|"
    r"have|share|review|update|ping|let|take|follow|try|call|forward|add|post|write|reply|come back|circle|"
    r"confirm|handle|prepare|sort|ask|see what|upload|deliver|book|finish)\b)|"
    r"(?:^(?:ok(?:ay)?,? |yes,? |yep,? |sure,? |already |right )*on it\b|\b(?:i'm|i am|we're|am|already) on it\b)|"
    r"\b(?:(?:leave|leaving) (?:it|that|this) (?:with|to) me|consider it done|count on me|i'?ve got (?:this|it)|"
    r"i got (?:this|it)\b(?! from)|got it covered|i promise\b|(?:you'?ll|you will|you shall) (?:have|get|receive|"
    r"hear (?:back )?from me) |"
    r"(?:i'm |i am |we're |am |currently |already )?(?:looking into|working on|taking care of|taking a look|"
    r"checking (?:now|with|on|this|that|it)|getting on|finishing (?:it|this|up)|digging into|chasing) (?:it|this|"
    r"that|the|on|now|with)?|i'?m taking (?:this|it|that)|assigned (?:it )?to (?:me|myself)|mine\b.*i'll|"
    r"i (?:owe|still owe) (?:you|u|@|\w+) (?!an apology|one\b|a beer|a drink|a coffee)|(?:let me|lemme) (?:just |"
    r"quickly |first |have a )?(?:check|look|see(?! if you)|find|ask|get|dig|investigate|think (?:about|on|it)|"
    r"confirm|verify|talk|speak|ping|take|run|try|pull|look into|come back|circle|follow|double-check|sleep on|"
    r"send|share|do|go through|figure|review|put|write)|"
    r"(?:i'll|will) (?:get|come|circle|report) back|(?:i|we) (?:commit|committed|promised|have promised|"
    r"had promised) to|my action item|action (?:item )?on me|ai on me)\b)"
)
SURE_PROMISE = re.compile(
    r"(?:\b(?:(?:mach|mache|erledige|übernehme|schicke?|sende|kläre?|prüfe?|schaue?|gucke?|kümmere?|liefere?|"
    r"melde|bringe?|gebe?|frage?|leite|stelle?|schreibe?|rufe?|sage?|besorge?|organisiere?|buche?|bestelle?|"
    r"erstelle?|bereite|reiche?|lade|trage?|ergänze?|korrigiere?|aktualisiere?|checke?|teste?|hole?|lasse?|nehme?|"
    r"rede|spreche?|plane?|setze?|überweise?|bestätige?|fixe?|reviewe?) ich\b(?!.*\?)|"
    r"ich (?:werde (?!sehen|alt|krank|wahnsinnig|nicht|nie|auch|da|dabei|gerade|heute nicht)|schicke?|sende|"
    r"kümmere?|melde|schaue?|schau|gucke?|prüfe?|gebe (?:dir|euch|ihnen|das|es|bescheid|ihm)|geb (?:dir|euch)|"
    r"liefere?|übernehme?|erledige?|mache?(?! mir| gerade urlaub| urlaub| pause| mittag| schluss| feierabend)|"
    r"mach(?! mir| pause| schluss| feierabend| mittag)|kläre?|klär|bringe?|frage? (?:mal|kurz|nach|bei|ihn|sie|"
    r"den|die|das)|leite|stelle?|schreibe? (?:dir|euch|ihm|ihr|ihnen|das|es|den|die|eine|einen|sie|morgen|heute)|"
    r"rufe?|besorge?|organisiere?|buche?|bestelle?|erstelle?|bereite|reiche?|lade|trage?|ergänze?|aktualisiere?|"
    r"checke?|hole|überweise?|bestätige?|sage? (?:dir|euch|bescheid|ihm)|nehme? (?:das|es|mich|mir das)|"
    r"setze? mich|fixe?|teste?|reviewe?)\b(?!.*\?)(?!.* nicht\b)|"
    r"wird (?:gemacht|erledigt)|(?:ich )?bin (?:schon )?(?:dran|dabei\b(?! am| sein))|(?:du|sie|ihr) (?:bekommst|"
    r"kriegst|bekommt|kriegt|bekommen|hörst|hören)\b(?!.*\?)|(?:bekommst|kriegst|bekommen) (?:du|sie)\b(?!.*\?)|"
    r"ich versprech\w+|versprochen|kommt (?:heute|morgen|gleich|noch|bis|nachher|sofort|am \w+tag)\b|"
    r"je (?:vais (?:te |vous |le |la |les |m'en |y )*(?!bien|mal|voir si|être|au|à|en\b)\w+er|vais (?:te |vous |"
    r"le |la |les )*(?:faire|revenir|voir|finir|fournir|transmettre|écrire|prendre|mettre)|m'en (?:occupe|charge)|"
    r"(?:te|vous) (?:l'|le |la |les |tiens |tiendrai |enverrai|envoie|ferai|reviens|recontacte|transmets)\w*|"
    r"regarde (?:ça|cela|et)|reviens vers|l'envoie|ferai|fais (?:ça|le nécessaire)|vérifie)|"
    r"(?:te|le|os|se) (?:lo |la |los |las )?(?:envío|mando|enviaré|mandaré|paso|pasaré|digo|confirmo|confirmaré|"
    r"aviso|avisaré)|voy a (?!estar|ir|ser|tener|salir)\w+|me encargo|lo (?:hago|reviso|miro|revisaré|haré|envío)|"
    r"(?:ahora|luego|mañana) (?:lo|te lo|la) \w+|me ocupo)\b)"
)
NOT_PROMISE = re.compile(
    r"^(?:if|falls|wenn|should you|unless|in case|si |maybe|perhaps|what if|wer|who)\b|\bi'?ll (?:be (?!sending|"
    r"getting|sharing|working on|looking into|fixing|reviewing|following|posting|updating|preparing|finishing))|"
    r"\bwould\b.*\bif\b|\bif (?:only|i (?:find|get|have) (?:the )?time|you|they|nobody|no one|needed|necessary)\b|"
    r"\bas soon as you\b|\bonce you\b|\bnot sure\b|\bin (?:einem|meinem) nächsten leben|"
    r"\bwhen you\b|\bwhen pigs fly\b|\bwhen hell\b|\bfirst thing in my next life\b|\bone day\b|\bsomeday\b|"
    r"\birgendwann (?:mal)?\b|\bi can (?:see|understand|imagine|confirm|only|hear|tell|feel|relate|live|not|"
    r"also see|reproduce|help(?: you)? if|try if)\b|\bi can(?:'t|not)\b|\blet me know\b|"
    r"\bich (?:mach(?:e)? (?:mir|gerade|jetzt (?:feierabend|pause|mittag|schluss))|werde (?:wohl |"
    r"wahrscheinlich )?(?:nicht|nie|verrückt))"
)
CAN_OFFER = re.compile(r"\bi can (?:[a-z]+ly )?(?P<verb>[a-z]+)")
OFFER_IS_PROMISE = re.compile(
    r"\bi can (?:definitely |just |also |quickly )?(?:send|take|do|handle|have|get|share|look|review|fix|finish|"
    r"deliver|cover|bring|call|write|check|draft|prepare|ask|pick)\b.*\b(?:today|tomorrow|tonight|this (?:week|"
    r"afternoon|evening|morning)|by|before|monday|tuesday|wednesday|thursday|friday|asap|now|after|next|later|"
    r"that|this|it)\b"
)
KEEP_POSTED = re.compile(
    r"\b(?:keep (?:you|u|everyone|y'all) (?:posted|updated|in the loop)|halte? (?:dich|euch|"
    r"sie) auf dem laufenden|auf dem laufenden)\b"
)
DONE = re.compile(
    r"(?:(?:^|[,;:.!–—(-] ?|\b(?:all|and|is|are|now|just|already|it's|that's|been|has|have|i|we|i've|we've|yes|"
    r"yep|ok|got|was|also|both|everything|been|finally|ist|sind|hab|habe|haben|schon|jetzt|alles|wurde|wurden|"
    r"bereits|gerade|soeben|eben|est|c'est|ya|está) )"
    r"(?:done|sent|fixed|merged|deployed|shipped|pushed|uploaded|updated|reviewed|approved|signed|finished|"
    r"completed|sorted|handled|taken care of|submitted|posted|released|paid|ordered|booked|cancelled|canceled|"
    r"resolved|closed|delivered|confirmed|replied|answered|emailed|mailed|forwarded|shared|added|scheduled|"
    r"published|transferred|returned|refunded|"
    r"erledigt|fertig|verschickt|geschickt|gemacht|abgeschickt|hochgeladen|gesendet|raus|rausgeschickt|durch|"
    r"gemerged|deployt|freigegeben|unterschrieben|bestellt|gebucht|bezahlt|überwiesen|abgegeben|aktualisiert|"
    r"geprüft|bestätigt|weitergeleitet|beantwortet|online|eingetragen|abgeschlossen|behoben|gefixt|"
    r"fait|faite|envoyée?s?|terminée?|réglée?|validée?|corrigée?|hecho|hecha|listo|lista|enviado|enviada|"
    r"terminado|terminada|aprobado|arreglado|resuelto)\b)|"
    r"\b(?:here(?:'s| is| are| you go| you are| it is| they are)|attached\b|(?:see|find|is|are|"
    r"please find) (?:\w+ )?attached|in the attachment|enclosed|just did|did (?:it|that|so)\b|it'?s (?:live|up|in|"
    r"out|there|merged|done|fixed|all set|ready|in your inbox)|all set|(?:should|you should) (?:be|"
    r"have it) (?:in your inbox|now)|lgtm|looks good(?: to me)?|ship it|go ahead|you have my (?:ok|approval|"
    r"blessing)|signed off|"
    r"anbei|im anhang|hier (?:ist|sind|der|die|das|kommt|der link|nochmal)|liegt (?:bei|im|auf)|hab(?:e|"
    r"en)? (?:\w+ ){0,8}(?:ge(?!fragt|sehen|hört|dacht)\w+(?:t|en)|ver(?!sucht|standen|gessen)\w+(?:t|en)|"
    r"erledigt|bestätigt|überwiesen|bestellt|unterschrieben|übergeben|eingetragen|hochgeladen|weitergeleitet|"
    r"beantwortet|ergänzt|aktualisiert|freigegeben)|"
    r"ci-joint|en pièce jointe|voici|voilà|je (?:l'|te l'|vous l'|les )ai \w+é|adjunto|aquí (?:está|tienes|va)|"
    r"te lo (?:he enviado|envié|mandé)|ya está)\b|"
    r"(?:^(?:just |already |also |now |finally )?|\b(?:i|we)(?:'ve| have)?(?: (?:just|already|also|now|finally|since))* (?:have )?)(?:sent|shared|"
    r"uploaded|fixed|pushed|merged|updated|finished|replied|called|forwarded|booked|paid|submitted|signed|"
    r"reviewed|approved|ordered|posted|emailed|mailed|ordered|answered|confirmed|deployed|released|delivered|"
    r"put (?:it|them|the)|spoke|talked|told|asked|moved|added|created|wrote|gave|left (?:a comment|comments|"
    r"you))\b|"
    r"✅|☑|✔|:white_check_mark:|:heavy_check_mark:|:ballot_box_with_check:|:done:|:check:|:shipit:|:merged:"
)
NOT_DONE = re.compile(
    r"\b(?:not|n't|never|isn'?t|nearly|almost|half|once|when|until|till|after|before|if|unless|will be|to be|"
    r"should be|must be|gets?|being|need(?:s|ed)? to be|want(?:s|ed)? (?:it|this|that)|as soon as|can be|could be|"
    r"would be|be) (?:[\w']+ ){0,3}(?:done|sent|fixed|merged|deployed|shipped|pushed|uploaded|updated|reviewed|"
    r"approved|signed|finished|completed|sorted|handled|ready|submitted|paid|posted|confirmed|released|closed|"
    r"booked)\b|"
    r"\b(?:noch nicht|nicht|fast|kaum|wenn|sobald|bis|bevor|erst|wird|werden|falls|ohne) (?:\w+ ){0,5}(?:erledigt|"
    r"fertig|verschickt|geschickt|gemacht|raus|durch|freigegeben|unterschrieben|bestellt|geprüft|bestätigt|"
    r"hochgeladen)\b|\bno (?:está|lo he)|\bpas (?:encore )?(?:fait|envoyé|terminé)"
)
DELAY = re.compile(
    r"(?:\b(?:not yet|haven'?t (?:\w+ ){0,4}(?:yet|started|gotten|got|had|done|looked|seen|finished|been able|"
    r"received|decided)|still (?:working|on it|waiting|pending|need to|looking|not|in progress|open|thinking|"
    r"figuring)|in (?:meetings|a meeting|transit|calls)|busy|swamped|slammed|later today|give me (?:a|an|until|"
    r"another|till|\d)|"
    r"need (?:a bit |some |a little )?more time|running late|in progress|wip|soon\b|almost (?:done|there|finished|"
    r"ready)|tomorrow(?: morning)?[.! ]*$|next week[.! ]*$|today[.! ]*$|later[.! ]*$|after (?:lunch|the (?:call|"
    r"meeting|standup))[.! ]*$|sorry,? (?:for the delay|i forgot|totally|completely|slipped)|forgot\b|"
    r"slipped my mind|haven't forgotten|on my (?:list|plate|radar|todo)|(?:a|one|just a) (?:sec|second|minute|"
    r"moment|bit)\b|hold on|brb|"
    r"out (?:of (?:the )?office|until|today|sick)|can'?t (?:right now|today|this week|get to (?:it|this))|(?:will|"
    r"gonna) be (?:a bit )?(?:late|delayed)|noch nicht|bin (?:noch|gerade) (?:dran|dabei|im|in|unterwegs)|"
    r"komme (?:ich )?(?:heute|gerade|erst|leider)|später|nachher|gleich\b|dauert noch|brauche? (?:noch|etwas|"
    r"mehr) (?:zeit|etwas|ein)|keine zeit|gerade (?:keine|im|in|unterwegs)|muss ich (?:noch|erst|mal)|"
    r"erst (?:morgen|nächste|am)|moment\b|vergessen|pas encore|plus tard|en cours|todavía no|aún no|más tarde|"
    r"en ello|luego)\b)"
)
ACK = re.compile(
    r"^(?:(?:ok(?:ay)?|k|kk|sure(?: thing)?|yes|yep|yeah|yup|ya|alright|all right|right|got it|gotcha|noted|"
    r"understood|makes sense|sounds (?:good|great|fine|like a plan)|good|great|perfect|cool|nice|awesome|"
    r"excellent|fine|np|no (?:problem|worries|prob)|of course|absolutely|definitely|certainly|will do|roger|"
    r"copy(?: that)?|ack|acknowledged|fair enough|true|agreed|true that|i see|interesting|wow|oh|ah|hm+|happy to|"
    r"gladly|my pleasure|"
    r"thanks?|thank you|thx|ty|cheers|ta|much appreciated|appreciated|many thanks|so much|a lot|very much|all|"
    r"again|everyone|both|man|mate|buddy|team|guys|for (?:the )?(?:update|heads[- ]up|info|reminder|ping|"
    r"quick reply|letting me know)|"
    r"ja|jo|jap|jup|klar|klaro|gerne?|okidoki|alles klar|passt|super|prima|top|geht klar|verstanden|danke(?: dir|"
    r" euch| ihnen| schön| sehr)?|vielen dank|merci|d'accord|oui|bien sûr|parfait|noté|entendu|ça marche|vale|sí|"
    r"si|claro|perfecto|gracias|de acuerdo|entendido|genial|and|und|then|for|the|info|update|to|me|lieben dank|"
    r"dank)[ ,.!…-]*)+$"
)
THANKS = re.compile(
    r"[,.!–-] ?(?:many )?(?:thanks|thank you|thx|danke(?: dir| euch| schön)?|merci|gracias)(?: a lot| so much| \w+)?[ !.]*$|"
    r"^(?:ok(?:ay)?|great|perfect|awesome|oh|ah|cool|nice|super|wow|amazing|excellent|got it|lovely|brilliant|"
    r"wonderful|yes|yep|hi|hey|ja|ach|oh)?[ ,.!–-]*(?:many |big |huge |so |1000 |tausend )?(?:thanks|thank you|"
    r"thx|thanx|ty|tysm|cheers|ta|danke|vielen dank|lieben dank|herzlichen dank|besten dank|merci|gracias|"
    r"muchas gracias|perfect|great|awesome|excellent|got it|received|brilliant|amazing|lifesaver|you rock|legend|"
    r"perfekt|super|prima|top|angekommen|erhalten|works now|that works|that did it|parfait|perfecto|genial|"
    r"wunderbar|klasse)\b|"
    r":(?:pray|tada|raised_hands|clap|heart|bow|100):|🙏|🎉|🙌"
)
THANKS_AHEAD = re.compile(
    r"\b(?:in advance|ahead of time|im voraus|vorab|schon ?mal|d'avance|de antemano)\b|\bthanks for (?:looking|"
    r"checking|taking|doing|your help|any|considering)\b"
)
REFUSE = re.compile(
    r"\b(?:(?:i |we )?(?:can'?t|cannot|won'?t|am not able to|'m not able to|unable to|don't think (?:i|we) can|"
    r"am afraid (?:i|we)|'m afraid (?:i|we))\b(?!.*\b(?:until|till|before|right now|today|this week|wait)\b)|"
    r"have to (?:decline|pass)|not (?:possible|my (?:area|department|team|job|call))|no,? (?:sorry|i|we|not|"
    r"thanks|that)|^no\b|nope|i'?d rather not|ask (?:@|\w+ instead)|you(?:'d| should| would)? (?:better )?ask|"
    r"(?:kann|können|könnte|schaffe?n?) (?:ich |wir |das |es |leider |dir |da )*(?:leider )?nicht\b(?!.*\b(?:vor|"
    r"bis|heute|gerade|erst)\b)|^nein\b|leider (?:nein|nicht|keine)|geht (?:leider )?nicht|da musst du|"
    r"frag (?:mal |besser |lieber )?@?\w+|impossible|je ne (?:peux|pourrai) pas|no puedo|no es posible)\b"
)
HINT = re.compile(
    r"^(?:please )?(?:try|use|see|check)(?: out)? (?:this|that|it|these|the (?:new|other|attached|following))"
    r"(?: (?:one|link|url|version|page|doc|again|instead|now))*\s*(?:https?:|\(link|[.:!]|$)"
)
"""Help that has the form of an imperative: "try this link"."""

MAYBE = re.compile(
    r"\bi(?:'ll| will) [^.!?]{0,40}\bif (?:i|we)\b|\b(?:ich|wir) [^.!?]{0,40}\b(?:falls|wenn) (?:ich|wir)\b.{0,40}\b(?:schaffe|hinbekomme|dazu komme)"
)
"""A promise that hangs on its own success binds nobody: "I'll post if I get something up"."""

FAREWELL = re.compile(
    r"^(?:see|talk to|speak to) (?:you|ya|u)\b|^(?:bis|wir sehen uns|man sieht sich|à|hasta|nos vemos)\b[^?]{0,30}$"
)
"""Goodbyes that have the form of an imperative or a date."""

WITHDRAW = re.compile(
    r"\b(?:hab(?:e)? (?:es|ihn|sie|das|die|den|alles) (?:schon |jetzt |doch |inzwischen |gerade )*(?:gefunden|gelöst|bekommen|geklärt)|je l'ai trouvé|ya lo (?:encontré|tengo))\b|"
    r"(?:\b(?:never ?mind|nvm|nevermind|ignore (?:that|this|me|my|the (?:above|last|previous))|disregard|"
    r"scratch that|forget (?:it|that|about (?:it|that)|what i said)|no longer (?:needed|necessary|relevant|"
    r"required|an issue|a problem|urgent)|(?:not|n't) (?:needed|necessary|required|need (?:it|this|that|to|the|"
    r"anything)) any ?(?:more|longer)|don't need (?:it|this|that|you to|the|your)\b|(?:already|since been|all|"
    r"just|got it|is|has been|been) (?:sorted|resolved|figured out|handled|taken care of|solved|fixed|answered)|"
    r"figured it out|found it|i found (?:it|the)|got it (?:working|sorted|figured|from|now)|"
    r"sorted(?: it)?(?: out)?(?:,? (?:thanks|thank you|thx))?[.! ]*$|"
    r"solved(?: it)?[.! ]*$|works now|working now|works again|moot|superseded|false alarm|my (?:bad|"
    r"mistake),? (?:i|it|found|ignore|all)|all good now|(?:we|i)'?(?:re| am|m) good now|strike that|"
    r"hat sich (?:schon |bereits |damit |inzwischen )*(?:erledigt|geklärt)|(?:ist|wäre|hab(?:e|en)? (?:ich|wir|"
    r"es)?) ?(?:schon |bereits |inzwischen |damit )*(?:erledigt|geklärt|gelöst|hinfällig|obsolet)|vergiss (?:es|"
    r"das)|nicht mehr (?:nötig|notwendig|gebraucht|relevant)|brauch(?:e|en)? (?:ich |wir |es |das |"
    r"ihr )*nicht mehr|schon (?:gefunden|gelöst|geklärt)|hab'?s (?:gefunden|gelöst)|doch nicht nötig|"
    r"kannst du ignorieren|"
    r"laisse tomber|c'est (?:bon|réglé)|plus besoin|oublie(?:z)?(?: ça)?|olvídalo|ya no (?:hace falta|"
    r"es necesario)|déjalo)\b)"
)
ADDS_PROMISE_VERB = word_set("know see find be hear need want think like say guess wait have")
AND_I_WILL = re.compile(  # "you do the paperwork please and I'll call them on Monday", not "send it and I'll review it"
    r"\b(?:and|,|;) (?:i'll|i will) (?!be\b|see\b|need\b)\w+ .*\b(?:today|tonight|tomorrow|(?:on |by )?(?:mon|"
    r"tues|wednes|thurs|fri)day|by \d|this (?:week|afternoon|evening))\b|"
    r"\bund ich (?:\w+e)\b.*\b(?:heute|morgen|(?:am |bis )?(?:mon|diens|donners|frei)tag|(?:am |bis )?mittwoch)\b"
)
SAY = re.compile(
    r"^(?:sag(?:t)? mal|sagen sie(?: mal)?|tell me|say|dis(?:-moi)?|oye),? (?=(?:wann|wo|wer|wie|was|warum|hast|habt|haben|kannst|ist|when|where|who|how|what|is|do|did|quand|où|cuándo)\b)"
)
URL = re.compile(r"(?:https?://|www\.)\S+")
SPEAKS_OF_SELF = re.compile(
    r"(?:and |but |so |also |then )?(?:(?:i|we|he|she|they|it|this|that|there|here|my \w+|our \w+|the \w+)"
    r"(?:'ll|'m|'re|'ve|'s| shall| will| can| could| was| were| am| are| is| have| has| had| did| do| just)\b|glad|happy|sorry|if |when )"
)
FILLERS = word_set(
    """please could would will your with from this that have been there they them when what where which about just know
    update updates news status progress luck chance time thoughts feedback comments ideas look take quick gentle friendly
    reminder following followup circling back checking chasing nudge bump ping sorry bother again latest word here still
    schon neues neuigkeiten stand bitte kurze erinnerung nachfrage dazu dazugekommen gekommen going coming along"""
)
WORKLIKE = re.compile(
    r"\b(?:report|invoice|contract|deck|order|budget|book|reserve|catering|headcount|rsvp|by (?:mon|tues|wednes|"
    r"thurs|fri)day|bis|deadline|supplier|client)\b"
)
NEEDS = re.compile(
    r"\b(?:i |we |)(?:still |really |just )*need (?:a hand|(?:some )?help) (?:with|on|getting|setting|to)\b|"
    r"(?:^|[,;:.–—] ?|\b(?:and|but|so|still|also|\w+ing|\w+) )(?:i|we)(?:'ll| shall| will| still| also| really|"
    r" just| urgently)* (?:need|require|am missing|are missing) "
    r"(?!to\b|coffee|a (?:break|coffee|drink|beer|holiday|vacation|nap|hug|minute|moment|bit|few|little|new|"
    r"better|bigger)|help\b|more time|some time|you\b|your\b|it all|sleep|food|rest\b)(?:the|a|an|this|that|these|"
    r"those|all|two|three|some|his|her|their|\w+s)\b|\b(?:i|we) (?:still |really |just )*need (?:it|them|this|"
    r"that) (?:\w+ )?(?:by|before|today|tomorrow|asap|until|this|tonight|eod|on)\b|"
    r"\b(?:ich|wir) (?:brauch(?:e|en)|bräuchten?|benötigen?) (?:noch |dringend |dafür |dazu |bitte |jetzt |heute |"
    r"also )*(?!kaffee|urlaub|eine pause|nicht|kein)(?:die|das|den|eine?n?|alle|ein paar|noch)\b|\b(?:brauche?|"
    r"bräuchte|benötige|brauchen|benötigen) (?:ich|wir) (?:noch |dringend |bitte |heute |jetzt )*(?:die|das|den|"
    r"eine?n?|alle)\b|"
    r"\b(?:j'ai|nous avons|on a) besoin (?:de la|du|des|de l'|d'une?|de)\b|\bil (?:me|nous) faut\b|\bnecesit(?:o|"
    r"amos) (?:el|la|los|las|un|una)\b"
)
INDIRECT_NOT = re.compile(
    r"^(?:i'?ll|i will|we'?ll|we will|he|she|they|thanks|thank you|i (?:can|could|should|would) |just to let you|"
    r"wanted to let)\b.*\b(?:let (?:me|us) know|make sure|get back)|\b(?:he|she|they|who|client|customer|\w+ed|"
    r"told me to|asked me to|i|we|i'll|will|to|and) (?:make|made|makes) sure|"
    r"\bwould be (?:great|nice|good) if we could (?:all )?(?:just )?(?:sleep|win)|\byou (?:should|must|"
    r"might) (?:have|be|see|try|know|feel|be proud|watch|hear)\b|\byou have to (?:admit|see|love|laugh|hand it|"
    r"wonder|try|be)|\byou need to (?:see this|be|calm|relax|chill)|\b(?:he|she|they|nobody|no one|"
    r"everyone) (?:\w+ )?needs? your\b|"
    r"\b(?:lets?|letting|let) (?:me|us) know (?:that|about)?\b.*\b(?:yesterday|last|earlier|already)\b|"
    r"\bthanks for letting\b|^(?:glad|happy|sorry|great|good) "
)
GERMAN_SHORT = re.compile(
    r"^(?:ja,? |klar,? |ok,? |gerne?,? )*(?:mach(?:e)? ich|bin dran|wird gemacht|wird erledigt|kümmere mich|"
    r"me encargo|je m'en occupe|lo hago|ich kümmer(?:e)? mich|übernehme ich|ich übernehme|schau(?:e)? ich|"
    r"ich schau(?:e)?|schick(?:e)? ich)\b"
)
STANDUP = re.compile(
    r"^(?:[*_ ]*(?:stand-?up|daily|eod|check-?in|my day|plan for today|yesterday|today|gestern|heute|hier|ayer|"
    r"done|wip|blockers)[*_ ]*(?::|[-–—] )|"
    r".{0,200}\b(?:yesterday|gestern)\b.{0,300}\b(?:today|heute)[*_]*:)"
)
CALLS_ANYBODY = re.compile(
    r"\b(?:(?:can|could|would|does|do|did|has|have|is|will|any) (?:some|any)(?:one|body)\b|^(?:some|any)(?:one|"
    r"body) (?:else )?(?:know|have|has|got|seen|here|around|able|available|free|tried|else|up)|who (?:can|could|"
    r"knows|has|is (?:able|free|available|on call|responsible|the owner)|owns|wants)|"
    r"any volunteers|(?:kann|könnte|weiß|weiss|hat|kennt) (?:jemand|einer|wer)|wer (?:kann|könnte|weiß|hat|kennt|"
    r"macht|übernimmt)|jemand (?:da|eine|einen|ahnung)|quelqu'un (?:sait|peut|a)|est-ce que quelqu'un|"
    r"alguien (?:sabe|puede|tiene))"
)
STARTS_WH = re.compile(rf"^(?:so |and |but |also |hey |ok |just |quick question[:,]? )*(?:{WH}|{INVERTED}) ")
COURTESY = re.compile(
    r"\b(?:check (?:\w+ )?out|take a (?:look|peek)|have a (?:look|peek|read)|give (?:it|this|that) a (?:try|go|"
    r"read|spin)|try (?:it|this|that)|look into it|schau(?:e)? (?:ich )?mir .* an|schau(?:e)? mal rein)\b"
)
ALWAYS_COURTESY = re.compile(
    r"\b(?:definitely check|will (?:definitely )?check (?:\w+ )?out|i'?ll definitely (?:check|try|read|look)|"
    r"tag (?:you|our|the)|mention)\b"
)
SECOND_PERSON = re.compile(
    r"\b(?:you|your|yours|you're|you've|you'll|you'd|u|ur|du|dir|dich|dein\w*|euch|eure?\w*|ihnen|tu|te|toi|vous|"
    r"votre|vos|ton|tes|"
    r"puedes|podrías|tú|usted|tienes|kannst|könntest|hast|bist|magst|würdest|willst|könnten sie|können sie|"
    r"haben sie|(?:schick|gib|sag|schau|melde?|mach)e? (?:mir|uns|dich|bitte|mal))\b"
)
MORE_VERBS = word_set(
    "have do take look come go give double-check run speak talk think work sit join meet attend pass step loop"
)
ARRIVED = re.compile(
    r"^(?:i |we )?(?:just |have |'ve )?(?:got|received) (?:it|the|your|them|both|all)\b|"
    r"\b(?:got it|received|arrived|works (?:now|great|perfectly|for me)|that (?:works|did it|helps|helped|"
    r"fixed it|solved it)|angekommen|erhalten|habe? ich bekommen|geht jetzt|funktioniert|hat geklappt|"
    r"just what i needed|exactly what|looks (?:good|great|perfect)|sieht (?:gut|super) aus|bien reçu|recibido|"
    r"all good)\b"
)
YES_OR_NO = re.compile(r"(?:yes|yep|yeah|yup|no|nope|ja|jo|jap|nein|nee|oui|non|sí|si)\b(?! (?:idea|clue|problem))")
TAKES = re.compile(
    r"\b(?:i'?ll (?:take|do|handle|grab|cover|own|pick (?:this|it|that) up|get (?:it|this|that)|send (?:it|that|"
    r"them|you)|fix (?:it|this|that))|i can (?:take|do|handle|grab|cover) (?:this|it|that)|i'?ve got (?:this|it)|"
    r"on it|i'm on it|mach(?:e)? ich|übernehme ich|ich übernehme|ich mach(?:e)? das|je m'en (?:occupe|charge)|"
    r"me encargo)\b"
)

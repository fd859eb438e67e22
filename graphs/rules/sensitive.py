"""What is nobody's business but two people's: health, death, HR, pay, law, family; and what is marked confidential.

Phrases, not words: at work code is dead, processes get killed and requests are fired.
"""

import re

LONGEST = 20_000  # characters looked at; what matters stands at the beginning

_KIN = (
    r"(?:mother|father|mum|mom|dad|husband|wife|partner|son|daughter|child|kid|baby|brother|sister|parents?|friend|"
    r"grand(?:mother|father|ma|pa)|uncle|aunt|cousin|fianc[eé]e?|girlfriend|boyfriend|nephew|niece|in-law)"
)
_KIN_DE = (
    r"(?:mutter|vater|mama|papa|mann|frau|partner(?:in)?|sohn|tochter|kind|bruder|schwester|eltern|oma|opa|"
    r"gro(?:ß|ss)(?:mutter|vater)|onkel|tante|kolleg(?:e|in)|schwieger\w+|freund(?:in)?)"
)
_KIN_FR = (
    r"(?:mère|père|maman|papa|mari|femme|conjointe?|fils|fille|enfant|frère|sœur|soeur|grand-(?:mère|père)|oncle|tante)"
)
_KIN_ES = r"(?:madre|padre|mamá|papá|marido|esposo|esposa|mujer|hij[oa]|herman[oa]|abuel[oa]|tí[oa]|pareja)"
_ILL = r"(?:cancer|leuk(?:a)?emia|a tumou?r|diabetes|depression|dementia|alzheimer'?s|ms(?! \w)|parkinson'?s|adhd|epilepsy|hiv)"

_PHRASES: dict[str, tuple[str, ...]] = {
    "death": (
        r"passed away", rf"\b{_KIN}\b.{{0,30}}\b(?:died|is dying|has died)\b", r"\b(?:he|she) (?:has |just |suddenly )*died\b",
        r"\bdeath of (?:my|his|her|our|your|a colleague|a friend)\b", r"\bdeath in (?:the|my|our|her|his) family\b", r"\bfunerals?\b",
        r"\bbereave", r"\bcondolences?\b", r"\bsorry for your loss\b", r"\bmemorial service\b", r"\bmourning\b", r"\bobituary\b",
        r"\bverstorben", rf"\b{_KIN_DE}\b.{{0,40}}\bgestorben\b", r"\b(?:er|sie) ist .{0,30}\bgestorben\b", r"\btodesfall\b",
        r"\bbeerdigung", r"\btrauer(?:fall|feier|anzeige|karte)\b", r"\bin (?:tiefer )?trauer\b", r"\bbeileid\b", r"\bvon uns gegangen\b",
        r"\bbeisetzung\b", r"\bd[ée]c[èe]s\b", r"\bd[ée]c[ée]d[ée]e?s?\b", r"\bobs[èe]ques\b", r"\bfun[ée]railles\b",
        r"\bcondol[ée]ances\b", r"\ben deuil\b", r"\benterrement\b", r"\bnous a quittés\b", r"\bfalleci(?:ó|do|da|miento)\b",
        rf"\b{_KIN_ES} (?:ha muerto|murió)\b", r"\bp[ée]same\b", r"\bcondolencias\b", r"\bentierro\b", r"\bvelatorio\b",
    ),
    "health": (
        r"\bdiagnosed with\b", rf"\b(?:has|have|had|with|for|against|from|got) {_ILL}\b", r"\b(?:breast|lung|skin|prostate|bowel) cancer\b",
        r"\bchemo(?:therapy)?\b", r"\bbiopsy\b", r"\bmiscarriage\b", r"\bburn(?:ed|t)[- ]?out\b(?! bulb)", r"\bpanic attacks?\b", r"\bsuicid",
        r"\b(?:sick|medical|stress) leave\b", r"\bmedical (?:condition|certificate|emergency|results?|appointment|treatment|reasons|procedure)\b",
        r"\b(?:have|having|had|need|needs|after|for|undergo\w*|my|his|her) (?:\w+ )?surgery\b", r"\bhospitali[sz]ed\b",
        r"\b(?:in|to|into|from) (?:the )?hospital\b(?! (?:network|system|project|customer|client|account|segment|group)s?)",
        r"\b(?:i'm|i am|she's|she is|is|am|was|being) pregnant\b", r"\b(?:my|her|your) pregnancy\b", r"\bheart attack\b",
        r"\b(?:had|suffered|after) a stroke\b", r"\bmy (?:doctor|therapist|psychiatrist|therapy|illness|treatment|diagnosis)\b",
        r"\b(?:my|your|his|her) mental health\b", r"\bmental health (?:reasons|leave|issues|problems)\b",
        r"\b(?:seriously|terminally|gravely|very|chronically) ill\b", r"\b(?:i'm|i am|is|was|been|off|call(?:ing|ed)? in|feeling) (?:sick|ill)\b(?! of)",
        r"\bmy depression\b", r"\b(?:suffer\w*|struggl\w+) (?:from|with) (?:\w+ )?(?:depression|anxiety|addiction)\b", r"\bin rehab\b",
        r"\bkrebs(?:erkrank\w+|diagnose|behandlung|therapie|patient\w*)?\b", r"\bkrank ?(?:geschrieben|gemeldet)\b", r"\bkrankschreibung\b",
        r"\bkrankmeldung\b", r"\b(?:bin|ist|war|liege|liegt) (?:\w+ )?(?:krank|erkrankt)\b", r"\bschwer (?:krank|erkrankt)\b",
        r"\bins? (?:das |dem )?krankenhaus\b", r"\bfehlgeburt\b", r"\b(?:bin|ist) (?:\w+ )?schwanger\b", r"\bschwangerschaft\b", r"\bdepression(?:en)?\b.{0,60}\b(?:arzt|ärzt|therap|leide|klinik)",
        r"\bburn-?out\b", r"\b(?:werde|wurde|wird) .{0,30}operiert\b", r"\bop-termin\b", r"\bchemotherapie\b", r"\bherzinfarkt\b",
        r"\bschlaganfall\b", r"\barbeitsunfähig", r"\bärztliche[nrs]?\b", r"\bpsychotherap", r"\bin (?:die|der) reha\b", r"\bmein(?:e|er|em)? (?:arzt|ärztin|diagnose|erkrankung|therapie)\b",
        r"\b(?:un|du|le) cancer\b", r"\btumeur\b", r"\bchimio", r"\barrêt (?:de travail|maladie)\b", r"\bhospitalis(?:é|ée|ation)\b",
        r"\bà l'hôpital\b", r"\b(?:suis|est|tombée) enceinte\b", r"\bma grossesse\b", r"\bfausse couche\b", r"\b(?:en|une|ma) dépression\b",
        r"\bgravement malade\b", r"\b(?:suis|est) malade\b", r"\bopérée?s? (?:du|de la|d'un)\b", r"\bmon médecin\b", r"\bcrise cardiaque\b",
        r"\bcáncer\b", r"\bun tumor\b", r"\bquimioterapia\b", r"\bbaja (?:médica|por enfermedad|laboral)\b", r"\bhospitalizad[oa]\b", r"\ben el hospital\b",
        r"\bembarazad[ao]\b", r"\bmi embarazo\b", r"\baborto\b", r"\b(?:mi|con|una) depresión\b", r"\b(?:gravemente|estoy|está) enferm[oa]\b", r"\binfarto\b",
        r"\bme (?:operan|operaron)\b", r"\bmi médic[oa]\b",
    ),
    "HR": (
        r"\b(?:my|your|his|her|their|'s) performance review\b", r"\bperformance improvement plan\b", r"\bon a pip\b", r"\bdisciplinary\b",
        r"\bharass(?:ment|ed|ing)\b", r"\bdiscriminated against\b", r"\b(?:workplace|racial|gender|age) discrimination\b", r"\bbull(?:ied|ying)\b",
        r"\b(?:formal|a|my|file|raise|raised) grievance\b", r"\bterminat\w+ (?:of )?(?:your|his|her|their|my|the)? ?employment\b", r"\btermination (?:letter|agreement|meeting)\b",
        r"\bseverance\b", r"\blaid off\b", r"\blay-?offs?\b", r"\bmade redundant\b", r"\bredundancy (?:package|consultation|notice|pay)\b",
        r"\b(?:i|he|she|you|we|they) (?:was|were|got|are|is|will be|am) (?:being |getting )?(?:fired|let go|dismissed)\b", r"\b(?:have|had) to (?:let (?:him|her|them|you|\w+) go|fire (?:him|her|them|someone))\b",
        r"\b(?:my|your|his|her|their) resignation\b", r"\bresign(?:ing|ed|ation)? (?:from|as|letter)\b", r"\bletter of resignation\b",
        r"\bhand(?:ed|ing)? in (?:my|his|her|their) notice\b", r"\b(?:written|formal|final) warning\b", r"\b(?:hr|formal) complaint\b", r"\bcomplaint (?:about|against) (?:him|her|a colleague|my manager|my boss)\b",
        r"\bmisconduct\b", r"\bhr investigation\b",
        r"\b(?:betriebsbedingte|fristlose|ordentliche|verhaltensbedingte|personenbedingte|meine|seine|deine) kündigung\b", r"\bkündigung (?:des|meines|ihres|deines|seines) (?:arbeits|dienst)",
        r"\bkündigungsschutz", r"\bhabe (?:heute |gestern )?gekündigt\b", r"\bkündigungsgespräch\b", r"\babmahnung", r"\baufhebungsvertrag\b", r"\babfindung\b", r"\bpersonal(?:gespräch|akte)\b", r"\bmobbing\b",
        r"\bgemobbt\b", r"\bbelästig(?:ung|t)\b", r"\bdiskriminier(?:ung|t)\b", r"\b(?:arbeits|zwischen)zeugnis\b", r"\bentlass(?:en|ung(?:en)?)\b", r"\bbetriebliches eingliederungs",
        r"\blicenciements?\b", r"\blicenciée?s?\b", r"\bharc[èe]lement\b", r"\brupture conventionnelle\b", r"\b(?:ma|sa|votre|ta) démission\b", r"\bdémissionn", r"\b(?:procédure|entretien|sanction) disciplinaire\b",
        r"\bprud'hommes\b", r"\bdespid(?:o|os|ieron|ieran)\b", r"\bdespedid[oa]s?\b", r"\bacoso\b", r"\b(?:mi|su|tu) (?:dimisión|renuncia)\b", r"\bfiniquito\b", r"\bexpediente disciplinario\b",
        r"\bdiscriminación\b",
    ),
    "pay": (
        r"\b(?:my|your|his|her|their|'s) (?:salary|pay ?rise|pay ?check|wages?|compensation|pay)\b(?! (?:for|attention|the))", r"\b(?:my|your|his|her) (?:bonus|raise)\b",
        r"\bsalary (?:increase|review|negotiation|expectations?|bands?|adjustment|details|slips?|range|raise|offer|data|list)\b", r"\bsalaries\b", r"\bpay (?:rise|slips?|cut|review|gap|raise)\b",
        r"\bpayslips?\b", r"\bcompensation (?:package|review)\b", r"\bunderpaid\b",
        r"\bgehalt\b", r"\bgehälter\b", r"\bgehalts(?:erhöhung|abrechnung|verhandlung|vorstellung\w*|gespräch|anpassung|liste|band|bänder)\b", r"\blohn(?:abrechnung|erhöhung|pfändung|kürzung)?\b", r"\bbonuszahlung\b",
        r"\b(?:mon|votre|son|ton|ma|leurs?|augmentation de) (?:salaires?|rémunération|paie)\b", r"\baugmentation salariale\b", r"\bfiche de paie\b", r"\bbulletin de (?:paie|salaire)\b",
        r"\b(?:mi|tu|su|el) (?:sueldo|salario)\b", r"\b(?:mi|la|tu|su) nómina\b", r"\b(?:aumento|subida|revisión) (?:de sueldo|salarial)\b",
    ),
    "legal": (
        r"\blawsuits?\b", r"\b(?:being|been|get|got|be) sued\b", r"\bsu(?:e|ing) (?:us|you|them|me|him|her)\b", r"\bsubpoena", r"\blitigation\b", r"\blegal (?:action|proceedings|dispute)\b",
        r"\b(?:my|our|his|her|their|your) (?:lawyers?|attorneys?|solicitors?)\b", r"\bcourt (?:order|hearing|date|case)\b", r"\bcriminal (?:charges?|complaint|investigation)\b",
        r"\bsettlement (?:agreement|offer|talks)\b", r"\bcease[- ]and[- ]desist\b", r"\bprivileged (?:and|&) confidential\b", r"\battorney[- ]client\b", r"\b(?:was|been|got|were) arrested\b",
        r"\bpolice report\b", r"\breported? (?:\w+ )?to the police\b", r"\bwhistle-?blow", r"\bwitness statement\b",
        r"\bhold\w* .{0,40}\bliable\b", r"\bour client\b.{0,80}\b(?:liable|liability|damages|claims?)\b", r"\bpreserve all (?:\w+ )?(?:records|documents|evidence)\b", r"\battorneys?[- ]at[- ]law\b", r"\bclaim for damages\b",
        r"\bhaftbar\b", r"\bschaden(?:s)?ersatz", r"\bdommages et intérêts\b", r"\bdaños y perjuicios\b",
        r"\bklage (?:eingereicht|gegen|erhoben|einreichen)\b", r"\bverklag(?:t|en)\b", r"\bgerichts(?:verfahren|termin|verhandlung|beschluss)\b", r"\bvor gericht\b",
        r"\b(?:mein|unser|ihr|sein|dein)e?[nrm]? (?:rechts)?anw(?:alt|ält)", r"\brechtsstreit", r"\beinstweilige verfügung\b", r"\bstrafanzeige\b", r"\bmahnbescheid\b", r"\bvorladung\b",
        r"\bstaatsanw", r"\bunterlassungs(?:erklärung|klage)\b", r"\brechtliche schritte\b",
        r"\b(?:mon|notre|votre|son|leur) avocate?\b", r"\bprocès\b(?!-)", r"\b(?:au|le) tribunal\b", r"\bmise en demeure\b", r"\b(?:porter|porté|déposer|déposé) (?:une )?plainte\b", r"\blitige\b", r"\bpoursuites judiciaires\b",
        r"\b(?:mi|nuestr[oa]|su|tu) abogad[oa]\b", r"\bdemanda (?:judicial|contra)\b", r"\bal? juicio\b", r"\bjuzgado\b", r"\bdenuncia (?:contra|policial|penal)\b", r"\bacciones legales\b", r"\blitigio\b", r"\bburofax\b",
    ),
    "family": (
        r"\b(?:my|his|her|our|their|your|a|the|getting|got|get|am|is) divorced?\b(?! (?:the|our|these))", r"\b(?:sole|joint|child) custody\b", r"\bcustody (?:battle|hearing|case|arrangements?)\b",
        r"\bseparat(?:ed|ing) from (?:my|his|her)\b", r"\bdomestic (?:violence|abuse)\b", r"\bfamily emergency\b", r"\bprivate matter\b", r"\b(?:very |deeply |purely )?personal (?:matter|crisis|situation)\b", r"\bbroke up with\b",
        rf"\bmy {_KIN}\b.{{0,40}}\b(?:hospital|accident|surgery|very ill|is ill|is sick|in care)\b",
        r"\b(?:meine|seine|ihre|unsere|die|der|deine) scheidung\b", r"\bscheidungs\w+", r"\bsorgerecht\b", r"\bfamiliäre[nr]? notfall\b", r"\b(?:private|persönliche) (?:angelegenheit|krise|situation)\b", r"\bhäusliche gewalt\b",
        rf"\bmein(?:e|em|er)? {_KIN_DE}\b.{{0,40}}\b(?:krankenhaus|unfall|pflegefall|schwer krank|erkrankt)\b", r"\b(?:mon|notre|son|le) divorce\b", r"\bdivorcer\b", r"\bgarde (?:des enfants|alternée)\b",
        r"\burgence familiale\b", rf"\b(?:mon|ma) {_KIN_FR}\b.{{0,40}}\b(?:hôpital|accident|malade)\b", r"\bviolences? conjugales?\b", r"\b(?:mi|el|su|nuestro) divorcio\b", r"\bdivorci(?:ar|ado|ada)\b",
        r"\bcustodia de\b", r"\b(?:emergencia|urgencia) familiar\b", r"\bviolencia (?:doméstica|de género)\b", rf"\bmi {_KIN_ES}\b.{{0,40}}\b(?:hospital|accidente|enferm[oa])\b",
    ),
}  # fmt: skip
_SENSITIVE = {reason: re.compile("|".join(phrases), re.IGNORECASE) for reason, phrases in _PHRASES.items()}

_FOOTER = re.compile(
    r"intended (?:only|solely|exclusively)|in error|(?:e-?mail|message|communication|transmission)[^.]{0,80}(?:may contain|contains?)[^.]{0,60}"
    r"(?:confidential|privileged)|unauthori[sz]ed|(?:enthält|enthalten)[^.]{0,40}vertrauliche|irrtümlich|unbefugte|nicht der richtige adressat|"
    r"(?:ce|cet) (?:message|courriel|e-?mail)[^.]{0,120}(?:destinataire|confidentiel)|par erreur|"
    r"este (?:mensaje|correo|e-?mail)[^.]{0,120}(?:destinatari|confidencial)|por error|disclaimer",
    re.IGNORECASE,
)
_IS_FOOTER = re.compile(
    r"e-?mail|message|transmission|communication|courriel|mensaje|correo|nachricht|disclaimer", re.IGNORECASE
)

_MARK = r"(?:confidential|vertraulich|confidentiel(?:le)?|confidencial)"
_MARKED = re.compile(
    rf"^[\W_]{{0,30}}(?:(?:re|aw|fwd?|wg)\s{{0,5}}:\s{{0,5}}){{0,9}}[\W_]{{0,30}}(?:strictly |streng |strengstens |strictement |estrictamente |highly |company |private (?:and|&) |privat und )*{_MARK}\b"
    rf"(?=\s*(?:$|[\]\[():!.,;|*–—-]))|[\[(](?:strictly |streng )?{_MARK}[\])]",
    re.IGNORECASE | re.MULTILINE,
)
_KEPT_QUIET = re.compile(
    rf"\b(?:strictly|streng(?:stens)?|strictement|estrictamente|highly|absolut|absolutely) {_MARK}\b|"
    rf"\b(?:keep|treat|handle|hold|consider)\b.{{0,40}}\bconfidential|\bthis (?:is|stays|remains|must stay) (?:\w+ )?confidential\b|"
    r"\b(?:do not|don't|please don't|not to be|never) (?:forward|share|distribute|circulate)\b.{0,20}\b(?:this|it|e-?mail|mail|message|further|outside|anyone|anybody|with)\b|"
    r"\bdo not forward\b|\bnot for (?:distribution|forwarding|onward)|\bfor your eyes only\b|\bin (?:strict|the strictest|full) confidence\b|\bkeep (?:this|it) (?:between us|to yourself)\b|"
    r"\bvertraulich (?:zu )?behand\w+|\bbehandle?n? .{0,30}\bvertraulich\b|\bnicht (?:weiterleiten|weitergeben|weiterverbreiten|weitersagen)\b|\bbleibt (?:bitte )?unter uns\b|\bdas ist vertraulich\b|"
    r"\bne (?:pas|surtout pas) (?:transférer|diffuser|faire suivre|partager)\b|\bne (?:le |la |les )?(?:transférez|diffusez|partagez) pas\b|\bà titre confidentiel\b|\breste(?:r)? entre nous\b|"
    r"\bno (?:lo |la )?(?:reenviar|reenvíes?|reenvíen|difundir|compartas?|compartir)\b|\bde forma confidencial\b|\bquede entre nosotros\b",
    re.IGNORECASE,
)  # fmt: skip


def is_sensitive(text: str) -> str:
    """Why `text` (of a mail or a Slack message) is told by a neutral line only: "health", "death" …, or ""."""
    looked_at = " ".join(without_footers(text).replace("’", "'").split())
    return next((reason for reason, phrases in _SENSITIVE.items() if phrases.search(looked_at)), "")


def is_confidential(text: str) -> bool:
    """True when the author asks to keep `text` to oneself; a law firm's footer asks nothing."""
    own = without_footers(text).replace("’", "'")
    return bool(_MARKED.search(own) or _KEPT_QUIET.search(" ".join(own.split())))


def without_footers(text: str) -> str:
    """`text`, at most its first 20,000 characters, without paragraphs that a lawyer put below every mail."""
    paragraphs = re.split(r"\n\s*\n|\n\s*[-_=*]{3,}\s*\n", text[:LONGEST])
    return "\n\n".join(one for one in paragraphs if not _is_footer(one))


def _is_footer(paragraph: str) -> bool:
    flat = " ".join(paragraph.split())
    return len(flat) > 80 and bool(_FOOTER.search(flat)) and bool(_IS_FOOTER.search(flat))

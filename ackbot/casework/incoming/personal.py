"""
Recognises what only a person writes: a question, a request, a wish, words about robots, a sign-off (E14, E15).

A notice of absence, a receipt or a bounce says some of it too: "please contact Sam", "any questions?", "I will be back". So
requests that send the reader elsewhere do not count, nor what a first person says about being away.
"""

import re

_READ = 4_000  # characters of a letter
_SENTENCE_ENDS = re.compile(r"(?<=[.!?？؟।])\s++|\n++")
_QUESTION = re.compile(r"[?？؟]\W{0,8}\Z")
_FEW = 3  # words; "Questions?" and "Need help?" are headings of machines
_SHORT = 8  # words; "Large print please." asks
# Machines ask whether there are questions, or whether it is urgent.
_ASKED_BY_MACHINES = re.compile(
    r"\b(?:have|got|any|further|more)\b.{0,30}\b(?:questions?|quer(?:y|ies)|concerns?)\b|\bneed\s(?:help|assistance|support)\b"
    r"|\b(?:is|was)\s(?:it|this|your\s\w+)\s(?:urgent|helpful)\b|\bcan[’']?t\s(?:wait|see|read)\b|\bdid\syou\sknow\b|\bnot\sexpecting\b|\btrouble\s\w+ing\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:please|pls|plz|kindly|(?:can|could|would|will)\s(?:you|somebody|someone|anybody|anyone))\s+(?:(?:please|kindly|just|also|urgently)\s+)?([a-z]+)\b(?:\W{1,3}(\w+))?",
    re.IGNORECASE,
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ELSEWHERE = _set(
    "contact refer note be do don direct forward resend see visit click allow expect quote follow log login read "
    "find check review use consider ensure keep add accept bear rest view open verify confirm submit address email "
    "mail write accept await wait reply respond disregard ignore remember understand continue return go make update"
)
_CALLING = _set("ring call phone telephone text reach speak get")
_TO_ME = _set("me us him her back today tomorrow again asap urgently before after on somebody someone in")
_I = re.compile(
    r"(?:(?<![\w'’.])I|\b[Ww]e)(?:['’](\w+))?\s+(?:(?:really|just|also|still|only|always|now|even|then|never|have\snever)\s+)?([a-z]+)(?:['’]t)?(?:\s+(?:not\s+)?([a-z]+))?"
)
_OF_NOTICES = _set(
    "will shall would return reply respond read check work aim try apologise apologize appreciate endeavour look "
    "may might currently no hope thank answer are were process value regret confirm acknowledge receive received "
    "strive offer handle deal am was use process"
)
_BEING = _set(
    "writing waiting asking worried cold trying getting having scared afraid living disabled elderly fed tired "
    "concerned unhappy disappointed complaining reporting chasing deaf blind pregnant desperate homeless freezing "
    "ill wondering told sorry"
)
_HAVING = _set(
    "limited no left received intermittent moved now retired started very restricted a an access gone changed"
)
_ABLE = _set("be only read respond reply help offer not")
_KNOWING = _set("understand know want think have get see need believe feel live own agree like")
# Things of one's own, which notices of absence do not speak of.
_OWN_THINGS = re.compile(
    r"\bmy\s(?:\w+\s)?(?:son|daughter|child(?:ren)?|kids?|mum|mother|dad|father|wife|husband|partner|neighbou?r|flat|house|home|bins?|street|road|landlord"
    r"|tenancy|council\stax|rent|bill|parents?|boy|girl|grand\w+|ceiling|boiler|kitchen|bath\w*|door|window|roof|garden|application|complaint|repair|case)\b",
    re.IGNORECASE,
)
# What people say about robots, and machines never say about themselves.
_ABOUT_ROBOTS = re.compile(
    r"\b(?:all\s(?:i|we)(?:\s(?:ever|keep))?\sget|every\s?time\s(?:i|we)|another\sauto|not\san?\s(?:automatic|automated|robot|machine|bot)|real\s(?:person|human)|human\sbeing"
    r"|a\srobot|robots\b|instead\sof\san?\sanswer|your\s(?:auto(?:matic|mated|-?reply|-?response)|out[\s-]of[\s-]office)\b)",
    re.IGNORECASE,
)
_ABSENT_SELF = re.compile(
    r"\b(?:I\s?['’]?(?:m|\sam|\swill\sbe|ll\sbe)\s(?:\w+\s)?(?:out\sof|away|on\s(?:annual\s|sick\s|maternity\s|parental\s)?(?:leave|holiday|vacation)|absent|ooo|not\sin)"
    r"|out\sof\s(?:the\s|my\s)?office|my\s(?:return|absence)|ich\sbin|je\s(?:suis|serai)|estoy|estar[eé]|sono|sar[oò]|estou|estarei|rwy|jestem|sunt|ik\sben|jag\sär|jeg\ser|olen)\b",
    re.IGNORECASE,
)
# Words with which a person asks in other languages, and those that send the reader elsewhere.
_ASKING = re.compile(
    r"\b(?:bitte|por\sfavor|s['’]il\svous\spla[iî]t|svp|per\sfavore|per\scortesia|prosz[eę]|os\sgwelwch\syn\sdda|v[aă]\srog|fadlan|pouvez-vous|pueden?|podr[ií]an?"
    r"|potete|potrebbe|k[oö]nnen\ssie|allwch\schi|pute[tț]i|preciso|necesito|ho\sbisogno|j['’]ai\sbesoin|potrzebuj[eę]|am\snevoie|waxaan|ich\s(?:brauche|möchte)|rwy['’]n\sdymuno"
    r"|quiero|quero|voglio|chc[eę])\b|من\sفضلك|أريد|أحتاج|দয়া\sকরে|আমার",
    re.IGNORECASE,
)
_SENT_ELSEWHERE = re.compile(
    r"\b(?:wenden|kontaktieren|contact\w*|adress\w*|rivolg\w*|kontakt\w*|cysyllt\w*|dring\w*|urgen\w*|nicht|no\sresponda|ne\spas|non\srispondere|n[aã]o\sresponda|nie\sodpowiada\w*)\b",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"(?:\A|\n)\W{0,4}(?:(?:kind|best|warm|many|with\skind|with\sbest)?\s?(?:regards|wishes)|yours\s(?:sincerely|faithfully|truly)|(?:many\s)?thanks|thank\syou|cheers|sincerely"
    r"|mit\sfreundlichen|(?:viele|beste|freundliche)\sgr[uü](?:ß|ss)e|cordialement|bien\s[aà]\svous|saludos|un\ssaludo|atentamente|cordiali\ssaluti|distinti\ssaluti|saluti|atenciosamente"
    r"|cumprimentos|obrigad[oa]|pozdrawiam|z\spowa[zż]aniem|cofion|yn\sgywir|diolch|cu\s(?:stim[aă]|respect)|mahadsanid|gracias|merci|grazie|dzi[eę]kuj[eę]|mul[tț]umesc)\b",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"\b(?:he|she|they|[A-Z][a-z]+)\s(?:is\s(?:ill|unwell|sick|poorly|off)|has\sa|was\s(?:sick|ill)|will\sbe\s(?:back|off|in\slater|absent)|won['’]t\sbe)\b"
)


def asks(words: str) -> bool:
    """Whether the words ask a question, or request something of the reader."""
    return any(_asks(one) for one in _SENTENCE_ENDS.split(words[:_READ]))


def tells(words: str) -> bool:
    """Whether a first person tells something other than being away, or the words are about robots."""
    text = words[:_READ]
    return bool(_ABOUT_ROBOTS.search(text) or _OWN_THINGS.search(text)) or any(map(_of_life, _I.finditer(text)))


def signs_off(words: str) -> bool:
    """Whether a letter is signed, or tells of another person's absence. A notice of one's own absence does not count."""
    text = words[:_READ]
    return not _ABSENT_SELF.search(text) and bool(_SIGN_OFF.search(text) or _OF_ANOTHER.search(text))


def _asks(sentence: str) -> bool:
    words = sentence.split()
    if _QUESTION.search(sentence):
        return len(words) >= _FEW and not _ASKED_BY_MACHINES.search(sentence)
    if (asked := _ASKING.search(sentence)) and not _SENT_ELSEWHERE.search(sentence, asked.end()):
        return True
    if len(words) <= _SHORT and len(words) > 1 and words[-1].lower().strip(".!,") in ("please", "pls", "plz"):
        return True
    return any(_requests(found) for found in _ASKED.finditer(sentence))


def _requests(found: re.Match[str]) -> bool:
    verb, then = found[1].lower(), (found[2] or "").lower()
    if verb in _CALLING:
        return not then or then in _TO_ME
    return verb not in _ELSEWHERE


def _of_life(found: re.Match[str]) -> bool:
    """Whether what `I` or `we` do here is not what a notice says."""
    short, verb, then = (found[1] or "").lower(), found[2].lower(), (found[3] or "").lower()
    if short in ("m", "re") or verb in ("am", "are"):
        return (verb if short else then) in _BEING
    if short == "ve" or verb in ("have", "had"):
        return (verb if short else then) not in _HAVING and bool(verb if short else then)
    if short or verb in _OF_NOTICES:
        return False
    if verb in ("can", "could"):
        return bool(then) and then not in _ABLE
    if verb in ("do", "don", "did", "didn"):
        return then in _KNOWING
    return verb not in _OF_NOTICES

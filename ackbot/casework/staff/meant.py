"""
Whether words without a command are meant for the resident: only a letter to that resident goes straight out (behaviour.md §4.2).

It greets them, or speaks to them, and nothing in it speaks of them to somebody else or asks for an act of the office. All else
is held, because a remark that a resident reads cannot be taken back, and a question to its author costs a click.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ackbot.casework.drafts import names
from ackbot.mail import folding

# Officers greet in the resident's language too.
_ABROAD = (
    "hola|buen(?:os|as)[ \\t]+(?:d[ií]as|tardes|noches)|estimad[oa]|querid[oa]|bonjour|bonsoir|ch[eè]re?|hallo|liebe[rs]?|"
    "sehr[ \\t]+geehrte[rs]?|guten[ \\t]+(?:tag|morgen|abend)|ciao|buon(?:giorno|asera|[ \\t]+giorno)|gentile|car[oa]|ol[áa]|"
    "bo(?:m|a)[ \\t]+(?:dia|tarde|noite)|prezad[oa]|dzie[nń][ \\t]+dobry|cze[sś][cć]|szanown[aiy]|witam|bun[ăa](?:[ \\t]+ziua)?|"
    "stima(?:te|t[ăa])|drag[ăa]|salaan|sal[ao]+m|haye|مرحبا|مرحبًا|السلام عليكم|عزيزي|عزيزتي|প্রিয়|নমস্কার|সালাম|سلام"
)
GREETING = re.compile(
    r"[\s*_]*(?:(?:dear|hi|hiya|hello|helo|hey|annwyl|bore da|prynhawn da|good[ \t]+(?:morning|afternoon|evening|day)|attn|"
    rf"{_ABROAD}|(?:morning|afternoon|evening)(?=[ \t]+(?-i:[A-Z])|[ \t]*,))(?!\w)[ \t]*)+(?:again\b[ \t]*)?",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\bthank(?:s|[ \t]?you)\b", re.IGNORECASE)
_SPOKEN_TO = re.compile(r"\b(?:you|your|yours|yourself|you['’](?:ll|re|ve|d)|eich|chi|chwi)\b", re.IGNORECASE)
# "You" that colleagues say to each other, and no resident is told.
_ASIDE = re.compile(
    r"\b(?:as you know|between you and me|your one|leave (?:it|this|that|him|her|them) (?:with|to) you|over to you|"
    r"up to you|your (?:call|decision|shout|patch|view|"
    r"thoughts)|(?:is|are) (?:this|that|these|it|they) (?:one of )?yours|this (?:is|one is|one's) (?:one of )?yours|one of yours|"
    r"what do you (?:think|reckon)|do you (?:think|reckon|agree|know if|know whether|know who|want me to|have capacity|"
    r"deal with)|"
    r"you know (?:what|how) (?:he|she|they)|you know (?:him|her|them)|have you (?:seen|read|got (?:time|capacity|a minute))|"
    r"did you (?:see|speak|ring|call|talk|manage|get (?:hold|round|a chance))|are you (?:dealing|able to (?:take|pick|"
    r"look)|ok to)|"
    r"(?:with|for|by) yourselves|will (?:do|look into it|pick up)$)\b",
    re.IGNORECASE | re.MULTILINE,
)
_THIS = r"(?:this|that|it|these|those|him|her|them|the (?:case|ticket|enquiry|complaint|query|job))"
_ON = r"(?: (?:up|on|over|off|out|down|to|at|into|with|back|after|care of|ownership of|from)){0,2}"
_STARTS = r"(?:^|[.!?;:,–—-] |\n)\W{0,3}"
# What only an office does with a mail or a case, told or proposed: "Please close this one", "Pass it on to Streets", "we can
# file this".
_OFFICE_ACT = re.compile(
    rf"{_STARTS}(?:(?:please|pls|can you|could you|would you|will you|you can|you could|you may|feel free to|so|and|then|"
    rf"ok|okay|hi|hello|"
    rf"just|we can|we could|we should|let['’]?s)[ ,]{{1,2}}){{0,4}}(?:close|re-?open|pass|allocate|re-?allocate|assign|"
    rf"re-?assign|triage|transfer|"
    rf"escalate|refer|log|file|archive|merge|chase|re-?direct|forward|flag|action|hand|park|bin|nfa){_ON} "
    rf"(?:(?:this|that|it|these|those|him|her|them|the (?:case|ticket|enquiry|complaint|query|matter|job|email|mail|letter))\b"
    rf"|case\b|RBN|[A-Z]{{2,6}}-)(?!{_ON} (?:to )?(?:your|us|me)\b)",
    re.IGNORECASE,
)
# The same with words that a resident may be told too; asked of "you" without a name they are for a colleague.
_ASKED_ACT = re.compile(
    rf"(?:\b(?:can|could|would|will) you (?:please |just |possibly |maybe )?(?:mind |\w{{1,20}} (?:this|that)\b)|"
    rf"(?:\b(?:can|could|would|will) you (?:please |just |possibly |maybe )?|{_STARTS}(?:please |pls ))(?:take|pick|"
    rf"handle|deal|move|own|answer|respond|"
    rf"reply|ring|call|phone|visit|look|check|sort|ignore|delete|put|mark|raise|book|cover|have){_ON} (?:a (?:look|word|"
    rf"go){_ON} )?{_THIS}\b)",
    re.IGNORECASE,
)
# What colleagues ask each other: who, whose, is this one of ours, should it go elsewhere.
_OFFICE_TALK = (
    re.compile(
        r"\b(?:can|could|would|will|does|did|has|have|is|should|might) (?:some|any)(?:body|one)\b|\b(?:any|some)(?:body|"
        r"one) (?:know|free|able|"
        r"available|want)\b|\banyone\?|\bwho(?:['’]s|se| (?:is|has|owns|takes?|deals?|can|will|wants|should|handles?|"
        r"did|looks?|would))\b"
        r"(?=[^.!\n]{0,100}\?)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:is|isn['’]t|was|wasn['’]t|are) (?:this|that|it|these) (?:one\b|a dup|ours|yours|mine|theirs|"
        r"still (?:open|live)|closed|for\b|"
        r"with\b|not (?:ours|one)|the same (?:as|case|person|tenant)|another|on (?:the system|our|my|your))",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:do|did|have|are|were|don['’]t|haven['’]t|aren['’]t) we\b(?=[^.!\n]{0,200}\?)", re.IGNORECASE),
    re.compile(
        r"\b(?:this|it|that|one|case) (?:one )?(?:should|needs? to|must|ought to|can|could|has to) (?:probably |just |"
        r"now )?(?:be (?:closed|"
        r"re-?opened|passed|moved|allocated|re-?allocated|assigned|re-?assigned|triaged|transferred|escalated|referred|"
        r"logged|filed|merged|"
        r"chased|forwarded|flagged|actioned|handed)|go (?:to|over)|sit with)\b|\b(?:can|could|should|may) (?:this|it|"
        r"these|that)(?: one| case)?"
        r" (?:please )?(?:be|go to)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:duplicates?|dupe|nfa|no (?:further )?action(?: (?:needed|required|necessary))?|vexatious|"
        r"not (?:one of )?(?:ours|mine|for us)|"
        r"one for (?:you|us|me|the)|on (?:his|her|their) file|(?:his|her|their) (?:case )?file|(?:check|see|"
        r"read) the (?:case )?file|caseload|"
        r"capacity|(?:for|to) your (?:team|patch|service|area|attention|action|awareness|list|queue)|(?:see|find) below)\b",
        re.IGNORECASE,
    ),
)
# What somebody says who should not have got our mail, or who has the matter already.
_OFFICE_WAYS = re.compile(
    r"\b(?:(?:one of mine|(?:this|that|it|these|those|case|one|both) (?:is|are) mine)\b|"
    r"you (?:can|may|could|should) (?:leave|ignore|drop|forget|bin|skip|close|file) (?:it|this|that|these|those|him|her|them)\b|"
    r"before (?:any(?:one|body)|we|you|some(?:one|body)) (?:repl(?:y|ies)|responds?|answers?|writes?|goes|go|do|does)\b|"
    r"(?:you(?:['’]ll)? (?:need|have|ought|want) to|you (?:should|must)) (?:speak|talk|check|go|escalate) (?:to|with|past|by) "
    r"(?:legal|finance|hr|it|management|the (?:manager|boss|lawyers?|solicitors?|director|councillor|press office))\b|"
    r"why (?:has|have|did|does|is|am|are) (?:this|it|that|these|i|you|we)\b[^.?!\n]{0,40}\b(?:me|us|getting|copied|sent)\b|"
    r"(?:take|remove|drop|leave) me (?:off|from|out)\b|(?:sent|come|came|gone|went) to me (?:by mistake|in error|instead)|"
    r"wrong (?:person|inbox|team)|i (?:left|have left|no longer work|don['’]?t work|do not work|am no longer|have moved)\b)",
    re.IGNORECASE,
)
_CONSENTS = re.compile(
    r"\W{0,3}(?:ok|okay|noted|cheers|ta|yep|thanks for (?:this|that|sending|flagging|passing|the heads up))\b",
    re.IGNORECASE,
)
_ROLE = (
    r"(?:tenant|resident|customer|complainant|caller|applicant|claimant|enquirer|householder|client|writer|sender|service user|"
    r"constituent)"
)
_THIS_PERSON = re.compile(
    rf"\b(?:(?:this|same|known|problem|difficult) (?:(?!the\b)\w{{1,30}} )?|that )(?:{_ROLE}|lady|gentleman|chap|man|"
    rf"woman|guy|bloke)\b",
    re.IGNORECASE,
)
_THE_PERSON = re.compile(
    rf"\b(?:the|our|another) {_ROLE}\b|\b{_ROLE}['’]s\b|(?:^|[.!?,:–—-] |\n){_ROLE} (?:is|was|has|had|says|said|wants|"
    rf"rang|called|will|needs|not|in|did)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
# A person other than the resident, of whom "he" and "she" may speak.
_SOMEBODY = re.compile(
    r"\b(?:(?:the|a|an|our|my|your|their|another|one|duty|council['’]?s?) (?:\w{1,30} ){0,2}?"
    r"(?:\w{2,20}(?:er|or|ist|ian|man|woman|person|ant|ent|ee|lord|lady)|mechanic|colleague|chief|friend|partner|spouse|"
    r"wife|husband|"
    r"son|mum|mother|dad|father|aunt|uncle|niece|nephew|boy|girl|child|baby|gp|nurse|vet|relative)|someone|somebody|nobody|"
    r"(?:mr|mrs|ms|miss|dr|cllr|councillor) [a-z]{2,30})\b",
    re.IGNORECASE,
)
_THINGS = (
    "water number letter order matter corner summer winter december floor door gutter boiler heater radiator power "
    "paper answer offer "
    "other cover monitor mirror computer payment rent department appointment document statement apartment element "
    "weather further tower "
    "shower error basement agreement assessment september october november never later sooner better elevator sensor "
    "interior exterior "
    "committee fee vent event rubber timber cooker freezer banister folder poster moment treatment comment present "
    "different tenement"
)
_NOBODY = frozenset(_THINGS.split())
_VOCATIVE_END = re.compile(r"[ \t]*(?:$|[,.!?;:–—]|-\s|\n)")
_VOCATIVE_FRONT = re.compile(
    r"(?:^|\b(?:dear|hi|hello|hey|thanks|thank you|sorry|morning|afternoon|evening|please|and|again|"
    rf"{'|'.join(sorted(names.TITLES))})\.?)[ \t,]*$",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"[^\w\n]{0,4}(?P<word>[A-Z][A-Z/&]{1,30})\b(?!['’.]\w)")
_REACTION = re.compile(
    r"\[?\w{0,20}\]?[^\n]{0,80}\breacted\s+to\s+(?:your|a|this|the)\b|\W*(?:thumbs\s?up|like[ds]?|heart|smiley?|"
    r"ok\s?hand)\W*(?:\Z|\n)",
    re.IGNORECASE,
)
_INITIAL = re.compile(r"\b([A-Z])\.")
_NAMED = re.compile(r"(?<![\w@.'’-])[A-Z][^\W\d_]{1,40}")
_NEXT_NAME = re.compile(r" [A-Z]\w{0,40} ?(?:[,.!]|$)", re.MULTILINE)
_FIRST_PERSON = re.compile(r"\b(?:i|we|i['’]ve|we['’]ve|have|has|had|been|was)\b", re.IGNORECASE)
_POSSESSED = re.compile(r"[ ,]{0,4}\w{1,40}['’]s\b")
_AFTER_NAME = re.compile(r"(,|[ \t][-–—][ \t])")
# How people begin a line of a log behind a name and a dash: "Edward - rang".
_LOGGED = re.compile(
    r"\s{0,4}(?:he|she|they|rang|called|phoned|emailed|visited|spoke|says|said|wants|needs|chased|wrote|came|asked|refused|complained"
    r"|happy|cross|upset|still|again|not|no|is|was|has|had)\b",
    re.IGNORECASE,
)
_BEFORE = 80  # characters of a line before a name
_SHOWN = 60  # characters of a phrase in a reason
_BEGINNING = 400  # characters in which a letter's greeting stands


@dataclass(frozen=True, slots=True)
class Heard:
    """
    Who is who for the words.

    Args:
        resident: the words of the resident's name, folded; empty if it is unknown.
        colleagues: the words of colleagues' names, without the writer's and the resident's.
        teams: names of teams and services.
        letter: what the resident wrote, in which other people may be named.
    """

    resident: frozenset[str]
    colleagues: tuple[str, ...]
    teams: tuple[str, ...]
    letter: str = ""


def why_not(words: str, heard: Heard) -> list[str]:
    """
    Why words without a command are no letter to the resident, in plain English; empty for a letter to them.

    Args:
        words: what a resident would read, without what clients and servers put around it.
    """
    if not re.search(r"[^\W\d_]{2}", words) or _REACTION.match(words.strip()):
        return ["it is a reaction, and no words"]
    doubts = speaks_inside(words, heard)
    greeted = addresses(words, heard)
    speech = _ASIDE.sub(" ", _THANKS.sub(" ", words))
    if not greeted and _CONSENTS.match(words):
        doubts.append("it begins as an answer to a colleague does")
    elif not greeted and not _SPOKEN_TO.search(speech):
        doubts.append("it neither greets the resident nor speaks to them as “you”, so it may be a remark for us")
    return doubts


def speaks_inside(words: str, heard: Heard, *, meant: bool = False) -> list[str]:
    """
    What in the words speaks of the resident to somebody else, or asks a colleague or the office for something.

    Args:
        meant: a command says that the resident is to read them.
    """
    found, text = [], _flat(words)
    named = meant or _greets_them(words, heard)
    if said := _of_them(text, heard, named=named):
        found.append(f"it speaks of the resident as of somebody else (“{said}”)")
    if said := _asks_us(text, heard, named=named):
        found.append(f"it seems to ask a colleague or the office for something (“{said}”)")
    return found


def _flat(words: str) -> str:
    """The words with one blank for several and one line end for several, so that patterns need not look for more (E1)."""
    return re.sub(r" ?\n\s*+", "\n", re.sub(r"[^\S\n]++", " ", words)).strip()


def addresses(words: str, heard: Heard) -> bool:
    """Whether the words begin as a letter does: with a greeting, or with the resident's name."""
    return GREETING.match(words) is not None or _greets_them(words, heard)


def in_capitals(words: str, heard: Heard) -> str:
    """The word in capitals with which the words begin, as commands do; "" for none, for a greeting or a name."""
    match = _CAPITALS.match(words)
    if match is None or words[:_BEGINNING].isupper() or GREETING.match(words):
        return ""
    return "" if folding.plain(match["word"]) in heard.resident else match["word"]


def _greets_them(words: str, heard: Heard) -> bool:
    """Whether the words begin with the resident's name, as a letter does: by a greeting, or by the name and a comma."""
    first = _INITIAL.sub(r"\1", next((line for line in words.split("\n") if line.strip()), "")[:_BEGINNING])
    if (greeting := GREETING.match(first)) and not heard.resident:
        return first[greeting.end() : greeting.end() + 1].isupper()
    if greeting and _POSSESSED.match(first, greeting.end()):
        return False  # "hi, Edward's case is one of mine"
    if greeting:
        head = re.split(r"[,.!?;:–—]|\s-\s", first[greeting.end() :].lstrip(" ,"), maxsplit=1)[0]
        return bool(heard.resident & set(_plain(head)[:4]))
    head, mark, rest = _AFTER_NAME.split(first, maxsplit=1) if _AFTER_NAME.search(first) else (first, "", "")
    logged = "," not in mark and bool(_LOGGED.match(rest))
    return bool(mark) and not logged and len(head.split()) <= 4 and bool(heard.resident & set(_plain(head)))


def _of_them(words: str, heard: Heard, *, named: bool) -> str:
    """The words that speak of the resident as a third person; "" for none."""
    if match := _THIS_PERSON.search(words):
        return match[0]
    if not named and (match := _THE_PERSON.search(words)):
        return match[0]
    for match in _NAMED.finditer(words):
        if folding.plain(match[0]) in heard.resident and not _is_spoken_to(words, match.start(), match.end(), heard):
            return match[0]
    # Whoever is named before the first "he" or "she" may be meant by all of them.
    match = _PRONOUN.search(words)
    return match[0] if match and not _somebody_before(words[: match.start()], heard, named=named) else ""


def _is_spoken_to(words: str, start: int, end: int, heard: Heard) -> bool:
    """Whether a name of the resident is how they are addressed: behind a greeting or thanks, or set off by a mark at its end."""
    line = _INITIAL.sub("", words[max(0, words.rfind("\n", 0, start) + 1, start - _BEFORE) : start])
    bare = " ".join(word for word in line.split() if folding.plain(word.strip(".,")) not in heard.resident)
    if _VOCATIVE_FRONT.search(bare) or GREETING.fullmatch(f"{bare} "):
        rest = words[end : end + _BEFORE]
        dashed = _AFTER_NAME.match(rest)
        if not bare and dashed and "," not in dashed[0] and _LOGGED.match(rest, dashed.end()):
            return False
        return bool(bare) or bool(_VOCATIVE_END.match(rest)) or bool(_NEXT_NAME.match(rest))
    return line.rstrip().endswith(",") and bool(_VOCATIVE_END.match(words, end))


def _somebody_before(above: str, heard: Heard, *, named: bool) -> bool:
    """Whether "he" or "she" may speak of somebody else: a person named above, or in the letter that is answered by name."""
    if any(_plain(match[0])[-1] not in _NOBODY for match in _SOMEBODY.finditer(above)):
        return True
    if any(folding.plain(match[0]) in _folded(heard.colleagues) for match in _NAMED.finditer(above)):
        return named or bool(_SPOKEN_TO.search(above))
    letter = _SOMEBODY.search(heard.letter) or re.search(r"\b(?:he|she|him|her)\b", heard.letter, re.IGNORECASE)
    return named and bool(letter)


def _asks_us(words: str, heard: Heard, *, named: bool) -> str:
    """The words that ask a colleague, a team or the office to act; "" for none."""
    for pattern in (_OFFICE_ACT,) if named else (_OFFICE_ACT, _ASKED_ACT, _OFFICE_WAYS, *_OFFICE_TALK):
        if match := pattern.search(words):
            return " ".join(match[0].split()).strip(" .,:;–—-")
    return next(_told_to(words, heard), "")


def _told_to(words: str, heard: Heard) -> Iterator[str]:
    """Where a colleague or team is told to act: "Sam to chase", "can Streets look", "@Sam", "ask Alex", "this to Streets"."""
    people = "|".join(sorted(map(re.escape, heard.colleagues), key=len, reverse=True))
    teams = "|".join(sorted(map(re.escape, heard.teams), key=len, reverse=True))
    known = "|".join(one for one in (f"(?-i:{people})" if people else "", teams) if one)
    if not known:
        return
    name = rf"(?:the )?(?:{known})(?: (?:{known})){{0,2}}(?: team)?"
    for pattern in (
        rf"@ ?{name}\b",
        rf"(?<!\w ){name} (?:please|pls)\b|{_STARTS}{name} to (?!you\b)\w",
        rf"\b{name} (?:should|needs to|must|ought to)\b(?![^.?!\n]{{0,80}}\byour?\b)",
        rf"\b(?:can|could|would|should) {name}\b(?![^.?!\n]{{0,80}}\byour?\b)",
        rf"(?:{_STARTS}|\b(?:you should|please|can you|could you|we can|let['’]?s) )(?:ask|tell|check with|speak to|ring|"
        rf"copy in|cc) {name}\b",
        rf"{_STARTS}(?:\w{{1,20}} ){{0,3}}(?:this|it|one|that|these|those|they) (?:one )?(?:is |on |over |across |should go |"
        rf"needs to go |goes |go |\w{{1,12}} go )?(?:to|for|with) {name}\b",
        rf"(?:^|\n){name} ?[,:–—-] ?(?:can|could|please|pls|would|will|do|are|have|over|is|for)\b",
    ):
        for match in re.finditer(pattern, words, re.IGNORECASE):
            if not _FIRST_PERSON.search(match[0]):
                yield " ".join(match[0].split()).strip(" .,:;–—-")[:_SHOWN]


def _folded(names: Sequence[str]) -> frozenset[str]:
    return frozenset(map(folding.plain, names))


def _plain(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folding.plain(text))

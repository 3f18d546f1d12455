"""What to call people: the name that a resident shows or signs, never an address, a piece of one, or a login (voice.md, 5)."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from ackbot.casework.council import Council, Staff
from ackbot.casework.model import Case
from ackbot.mail import folding, lures, spelt
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message

_LONGEST = 60  # characters of a name
_LONGEST_KEPT = 300  # characters of a name and its address that are kept in memory
_LONGEST_SHOWN = 300  # characters of a display name in which a colleague's is looked for
_SIGN_OFF = re.compile(
    r"^\W*(?:(?:kind|best|warm|many)\s+)?(?:regards|wishes|yours(?:\s+(?:sincerely|faithfully|truly))?|sincerely|respectfully|"
    r"saludos|un\s+saludo|atentamente|cordialement|mit\s+freundlichen\s+grüßen|pozdrawiam|cofion)(?:\s+(?:and|in)\s+\w+)?\W*$",
    re.IGNORECASE,
)
# Thanks may end a letter or stand in its middle, so the line below them counts as a name only if the address holds it too.
_THANKS = re.compile(
    r"^\W*(?:many\s+)?(?:thanks|thank\s+you|cheers|merci|diolch)(?:\s+(?:and|in)\s+\w+)?\W*$", re.IGNORECASE
)
_BRACKETED = re.compile(r"(?<!\s)\s*+[(\[][^()\[\]]*+[)\]]")
_VIA = re.compile(r"(?<!\s)\s++via\s.*$", re.IGNORECASE)
# A name without marks and joiners, which stand inside the words of many scripts.
_INSIDE = "'’‘`´ʼʻ׳.‐‑–·・-"
_WORD = rf"['’]?[^\W\d_]+(?:[{_INSIDE}][^\W\d_]+){{0,4}}[.’']?"
_NAME = re.compile(rf"{_WORD}(?: (?:&|{_WORD})){{0,8}}")
_MOST_WORDS = 5  # particles not counted
_SHORT_WORD = 3  # letters; a word in capitals among others may be letters after a name
_PARTICLE = (
    "de del della di da das do dos du des le la las los les lo el al ul y e i et und and en van der den het ter ten tot von vom zu"
    " zum zur af av bin bint binti ibn ben bar abu abd ap ab ferch verch mac mc o st san sri op in t s d l na nic ní ó ka wa"
)
_PARTICLES = frozenset(_PARTICLE.split())
# Scripts that put no blanks between words: a longer run of letters is a sentence.
_RUN = {"CJK": 5, "HIRAGANA": 8, "KATAKANA": 9, "HANGUL": 5, "THAI": 16, "LAO": 16, "KHMER": 16, "MYANMAR": 16}
_CASED = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN"}
# Words of teams, roles and moods that stand where a name would, and of whoever pretends to be an office.
_NO_NAME = re.compile(
    r"\b(?:mail|email|info|admin|office|team|support|customer|customers|resident|user|sent|from|iphone|ipad"
    r"|furious|angry|unknown"
    r"|noreply|helpdesk|help|service|services|department|council|borough|government|govt|hmrc|police|bank|security"
    r"|secure|tax|taxes"
    r"|housing|account|accounts|payment|payments|refund|refunds|rebate|invoice|prize|prizes|winner|won|lottery|bonus"
    r"|claim|collect"
    r"|urgent|urgently|important|alert|warning|notice|overdue|penalty|suspended|blocked|verify|verification|confirm"
    r"|password|login"
    r"|www|http|https|dot|com|occupiers?|occupants?|householders?|homeowners?|leaseholders?|tenants?|headteacher"
    r"|reception|enquiries"
    r"|secretary|treasurer|manager)\b",
    re.I,
)
# Roles and titles: whoever has them signs with a name. Some are surnames too, and these count only where a name begins.
_OFFICE = re.compile(
    r"\b(?:bailiffs?|balliffs?|executive|ceo|cfo|coo|ombudsman|magistrates?|solicitors?|landlord|landlady"
    r"|registrar|enforcement|detective|administrators?|postmaster|managers?|directors?|officers?|inspectors?|surveyors?"
    r"|collectors?|agents?|workers?|teachers?|squad|standards|health|planning|legal|fraud|crown|tribunal"
    r"|majesty|hotline|helpline"
    r"|huissier|directeur|komornik|burmistrz|alcalde|alguacil|gerichtsvollzieher|beili|beiliaid|gweithredwr)\b",
    re.I,
)
_RANK = re.compile(
    r"(?:the )?(?:chief|head|deputy|mayor|leader|sheriff|constable|sergeant|president|prime"
    r"|chair(?:man|woman|person)?|commissioner|secretary|minister|pc|dc|ds|dci|mp|nurse|doctor|clerk|town|his|her"
    r"|king|queen|maer|maire|bürgermeister)"
    r"(?: |\Z)(?!and )|(?:lord|lady|sir|judge|cllr|councillor)\.? [^ ]+\Z",
    re.I,
)
# What marks a mail, a sender or a case: as a name in our mail it would read as ours, or as the mail server's.
_MARKING = re.compile(
    r"\b(?:internal(?: use)?(?: only)?|(?:staff|members?|officers?|managers?) only|official[ -]sensitive|confidential"
    r"|restricted|secret|sensitive"
    r"|protect(?:ed)?|embargo(?:ed)?|unclassified|external|senders?|recipients?|trusted|verified|spam|phish(?:ing)?"
    r"|quarantined?|junk|malware|virus"
    r"|approved|authori[sz]ed|signed off|cleared|duplicate|answered|resolved|closed|completed|cancelled|vexatious"
    r"|ignored?|forged|fake|undisclosed"
    r"|newsletter|action|required|do not|reply|read|unread|forward(?:ed)?|resources|payroll|controller|data|ackbot"
    r"|colleagues|councillors|all staff"
    r"|microsoft|google|apple support|paypal|barclays|hsbc|lloyds bank|nhs|ofsted|advice|citizens|courier|parcel"
    r"|royal mail|post office"
    r"|confidentiel|confidencial|vertraulich|riservato|poufne|swyddogol|cyfrinachol|mewnol"
    r"|conf[ií]den[zt]ial\w*|intern[eo]?|extern[eo]?)\b",
    re.I,
)
# These are names of people, too, behind another one.
_MARKING_ALONE = re.compile(
    r"(?:(?:top|very|private|and|not|case|mail|please|the|a|may|be|this|is|mark(?:ed)? as) )*(?:official|secret|draft"
    r"|test|closed|shelter|amazon|private"
    r"|public|open|case|members?|residents?|everyone|anyone|staff)(?: (?:only|mail|case|prime|uk))*",
    re.I,
)
_SURNAMES = frozenset(
    ["read", "reply", "closed", "external", "action", "secret", "ignore"]
)  # as the last word of several
_TITLE = (
    "mr mrs ms miss mx dr prof professor rev revd reverend fr sr cllr councillor cyng lord lady baroness sir dame master capt"
    " captain major col colonel sgt pc judge herr frau sig señor señora monsieur madame"
)
TITLES = frozenset(_TITLE.split())
_KNIGHTS = frozenset(["sir", "dame"])  # with the given name, never with the family's
_TOGETHER = frozenset(["and", "&", "+", "a", "ac", "und", "et", "y", "e", "i", "family", "teulu"])  # several people
_ROLE = (
    "officer adviser advisor assistant team manager desk service services unit centre department office enquiries support lead"
    " coordinator surveyor caseworker director head clerk warden inspector technician duty administrator planner engineer housing"
)
_ROLES = frozenset(_ROLE.split())
_AFTER_NAME = "mbe obe cbe kbe mp jp qc kc phd bsc msc ba ma rn md dl frcs cpfa"
_AFTER_NAMES = frozenset(_AFTER_NAME.split())
_VOWELS = frozenset("aeiouyáéíóúàèìòùâêîôûŵŷäëïöüå")
_SCOTS = re.compile(r"\bMc([a-z])")
# Words of sentences that no name has, in the languages of domain.md's residents; of Chinese, Japanese, Korean: pieces.
_SENTENCE = (
    "your yours is was were has have had been please now today tomorrow immediately asap here this these those there of for with"
    " without about into our us it its not cannot don't dont if or but who what when where why because must should could would"
    " click tap press dial phone visit reply respond contact log sign update pay send transfer get give want every everyone the a"
    " llame llama haga clic aquí aqui ahora gratis urgente cuenta usted reembolso para por su sus"
    " appelez cliquez ici maintenant votre vos vous compte remboursement gratuit pour"
    " rufen klicken jetzt hier ihr ihre ihren konto bitte dringend nicht ist sie für rückerstattung sofort"
    " chiama clicca qui subito conto rimborso ligue clique agora conta sua seu"
    " zadzwoń kliknij tutaj teraz konto zwrot pilne proszę twoje sunați sunati apăsați aici acum contul"
    " ffoniwch cliciwch yma nawr eich arayın tıklayın hemen hesap"
    " позвоните нажмите здесь сейчас ваш ваша ваше счет счёт срочно звоните"
    " اتصل اضغط هنا الآن على حسابك عاجل للحصول رقم کال کریں یہاں ابھی آپ"
    " कॉल करें यहाँ अभी अपना आपका কল করুন এখানে এখন আপনার"
)


def _bare(name: str) -> str:
    """Forms of one letter are one; marks and joiners, which stand between letters of many scripts, are gone."""
    found = unicodedata.normalize("NFKC", unicodedata.normalize("NFC", name))
    return "".join(char for char in found if unicodedata.category(char) not in ("Mn", "Mc", "Me", "Cf"))


_SENTENCE_WORDS = frozenset(map(_bare, _SENTENCE.split()))
_PIECES = re.compile(
    r"点击|點擊|請|请|立即|电话|電話|退款|账户|帳戶|领取|領取|您|クリック|ください|今すぐ|전화|클릭|지금|하세요|คลิก|โทร"
)
# Each is a name somewhere, and a word of a sentence elsewhere: one beside another of the first kind is no name.
_LURE = "win call ring read cash money free gift can any all are made need urge"
_LURING = frozenset(_LURE.split())
_LITTLE = "be the we me you my to so no on at he she may will an how us her him"
_SHORT = frozenset(_LITTLE.split())
# Words that no name of several words begins with: whoever is spoken to, and what they are told to do. English and Welsh.
_FRONT = (
    "you youse they them this that call ring phone text dial email click tap tell stop kill hate sack fire boycott vote watch"
    " beware bring ignore open follow join ffoniwch ffonia galwch galw cliciwch talwch tala ewch peidiwch anfonwch"
)
_IN_FRONT = frozenset(_FRONT.split())
_INSULT = re.compile(
    r"\b(?:\w{0,12}fuck\w*|shit(?:e|s|ty|head|bag|face)|piss|bullshit|cunts?|twats?|wank(?:er|ers|ing)?|bastards?"
    r"|bitch(?:es)?|slut|whore|arse(?:hole)?s?"
    r"|ass ?holes?|dickheads?|bollocks|idiots?|morons?|imbecile|cretin|stupid|dumb(?:ass)?|scum(?:bag)?|liars?|thief"
    r"|thieves|crooks"
    r"|useless|clown|loser|ffwc\w*|twpsyn|cachu|cachwr|diawl|coc oen)\b|\b(?:shit|get|bugger|sod|eff) (?:off"
    r"|you|lost|stuffed)\b"
)

# Words that show that the line under the sign-off is a sentence. Some are names too (You, My), so display names may have them.
_NO_SIGNATURE = re.compile(
    r"\b(?:i|we|you|your|my|our|it|this|that|please|not|no|now|again|is|are|soon|council)\b", re.IGNORECASE
)


def greeting(sender: Address | None, message: Message) -> str:
    """The name to greet a resident by: the display name, or else the signature; "" if neither is surely a name."""
    if sender is None:
        return ""
    shown = from_display(sender)
    return shown or _signed(message.new_text, sender)


def from_display(sender: Address) -> str:
    """A display name as a person would say it: `Quan, Edward (Mr)` is Edward Quan; "" when it is no name (E10)."""
    usual = len(sender.name) + len(sender.addr) <= _LONGEST_KEPT
    return (_from_display if usual else _from_display.__wrapped__)(sender)


@lru_cache(maxsize=64)  # the mails of one letter ask five times
def _from_display(sender: Address) -> str:
    if lures.leads_away(sender.name) or lures.has_number(sender.name):
        return ""  # in brackets too
    name = _BRACKETED.sub("", sender.name).strip(" \"'")
    name = _VIA.sub("", name)
    family, comma, given = name.partition(",")
    if comma and given.strip() and "," not in given and _TOGETHER.isdisjoint(given.casefold().split()):
        name = f"{given.strip()} {family.strip()}"
    name = name.replace(" + ", " & ")
    return calm(name) if _is_name(name, sender) else ""


def _signed(text: str, sender: Address) -> str:
    """The name in the line under the sign-off of a letter; "" if it is not surely a name."""
    lines = [line.strip() for line in text.split("\n") if line.strip()][-8:]
    for line, after in pairwise(lines):
        thanked = _THANKS.match(line)
        if (thanked or _SIGN_OFF.match(line)) and not (_THANKS.match(after) or _SIGN_OFF.match(after)):
            name = re.sub(r"^(?:Mr|Mrs|Ms|Miss|Dr)\.?\s+", "", after.strip(" ,.*_-"))
            sentence = len(name.split()) > 3 or _NO_SIGNATURE.search(name)
            sure = not sentence and _is_name(name, sender) and (not thanked or _known(name, sender))
            return calm(name) if sure else ""
    return ""


def _known(name: str, sender: Address) -> bool:
    """Whether the address, too, holds a word of the name."""
    local = sender.key.partition("@")[0]
    return any(len(word) > 1 and word.lower() in local for word in re.split(r"\W+", name))


def _is_name(name: str, sender: Address) -> bool:
    if not name or len(name) > _LONGEST or lures.has_digit(name) or lures.leads_away(name):
        return False
    bare = _bare(name)
    if _OFFICE.search(bare) or _RANK.match(bare) or _is_marking(bare):
        return False
    if not _NAME.fullmatch(bare) or _NO_NAME.search(bare) or _is_sentence(bare) or _is_abuse(bare):
        return False
    local = sender.key.partition("@")[0]
    if " " not in name and name.lower() in re.split(r"[^\w]|\d", local):
        return False  # one word that is a piece of the address may be a login
    return bare.lower().replace(" ", "") != sender.key


def _is_marking(bare: str) -> bool:
    """Whether it reads as a marking of the mail, such as "Official-Sensitive", or as a mail program's word about its sender."""
    last = bare.rsplit(maxsplit=1)[-1] if " " in bare else ""
    found = [one[0].casefold() for one in _MARKING.finditer(bare)]
    return bool(_MARKING_ALONE.fullmatch(bare)) or any(one != last.casefold() or one not in _SURNAMES for one in found)


def _is_abuse(bare: str) -> bool:
    """Whether it is a number in words, an order, or an insult: we would say it to whoever the letter names as its writer."""
    said = folding.plain(bare).split()
    orders = len(said) > 1 and said[0] in _IN_FRONT
    return orders or spelt.is_number(said) or bool(_INSULT.search(bare.casefold()))


def _is_sentence(bare: str) -> bool:
    words = bare.replace(" & ", " ").split()
    said = [word.casefold().strip(".") for word in words]
    counted = [word for word in said if word not in _PARTICLES and word not in TITLES]
    luring, short = len(_LURING & set(said)), len(_SHORT & set(said))
    return (
        not counted
        or len(counted) > _MOST_WORDS
        or bool(_SENTENCE_WORDS & set(said))
        or bool(_PIECES.search(bare))
        or luring > 1
        or bool(luring and short)
        or short > 2
        or not all(map(_is_word, words))
    )


def _is_word(word: str) -> bool:
    """A capital first where its script has them, except in a particle; letters of one script; not longer than names are."""
    letters = list(filter(str.isalpha, word))
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in letters} - {"MODIFIER", "ARABIC-LETTER"}
    if len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1 or ("LATIN" in scripts and len(scripts) > 1):
        return False  # a letter that only looks like the others
    if any(len(letters) > longest for script, longest in _RUN.items() if script in scripts):
        return False
    particle = re.split(rf"[{_INSIDE}]", word.casefold().strip("'’."))[0] in _PARTICLES
    return particle or not (scripts & _CASED and letters[0].islower())


def first(name: str) -> str:
    """
    What somebody is called for short: the first name, "Dr Khan" and "Sir Tom" for those with a title; else the whole name, as for
    couples, roles ("Housing Officer") and initials (E44).
    """
    words = name.split()
    said = [word.casefold().strip(".,") for word in words]
    if len(words) < 2 or not _ROLES.isdisjoint(said) or not _TOGETHER.isdisjoint(said[1:]):
        return name
    titles = next((number for number, word in enumerate(said) if word not in TITLES), len(words))
    rest = words[titles:]
    if titles:
        called = rest[0] if rest and said[titles - 1] in _KNIGHTS else rest[-1] if rest else ""
        return " ".join([*words[:titles], called]) if called else name
    return name if _is_initials(words[0]) else words[0]


def calm(name: str) -> str:
    """The name as its bearer would sign it: "ANNE MARIE BYRNE" is Anne Marie Byrne. We do not shout back (voice.md, 6)."""
    words = name.split()
    loud = all(word.isupper() for word in words if sum(map(str.isalpha, word)) > 1)
    return " ".join(_calmed(word, number, loud=loud) for number, word in enumerate(words))


def _calmed(word: str, number: int, *, loud: bool) -> str:
    letters = [char for char in word if char.isalpha()]
    if loud and word.casefold().strip(".") in TITLES:
        return word.title()
    if not word.isupper() or len(letters) < 2 or _is_initials(word) or word.casefold() in _AFTER_NAMES:
        return word
    if not loud:
        return word.title() if len(letters) > _SHORT_WORD else word
    if number and word.casefold() in _PARTICLES:
        return word.casefold()
    return _SCOTS.sub(lambda match: f"Mc{match[1].upper()}", word.title().replace("’S", "’s"))


def _is_initials(word: str) -> bool:
    """Whether a word is "E", "E.J." or "EJ", and no short name such as "LI" or "JO"."""
    letters = [char for char in word.casefold() if char.isalpha()]
    if len(letters) < 2 or "." in word.strip("."):
        return True
    return len(letters) == 2 and word.isupper() and (letters[1] == "j" or len(_VOWELS & set(letters)) != 1)


def namesake(sender: Address, council: Council) -> Staff | None:
    """The colleague whose whole name somebody else bears, in any order and among other words; None where nobody's is."""
    shown = set(_words(sender.name))
    if not shown or council.staff_at(sender.key) is not None:
        return None
    people = ((one, _whole(one.name)) for one in council.staff.values())
    return next((one for one, name in people if len(name) > 1 and name <= shown), None)


def not_ours(sender: Address, council: Council) -> str:
    """What staff are told of a stranger who is called as a colleague is; "" for anybody else (P7)."""
    colleague = namesake(sender, council)
    return f"the sender calls themselves {colleague.name}, and is not our {colleague.name}" if colleague else ""


@lru_cache(maxsize=4_096)
def _whole(name: str) -> frozenset[str]:
    """The words of a colleague's name, which every letter is compared with."""
    return frozenset(_words(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folding.plain(name[:_LONGEST_SHOWN]))


def service_of(staff: str, case: Case, council: Council) -> str:
    """
    The service in which somebody has a case: that of its inbox, if they work there; else that of their own team, for whoever
    stands in from another service (E55).
    """
    inbox = council.inbox_of(case.inbox)
    theirs = [name for name, team in council.teams.items() if staff in (*team.members, team.deputy, team.manager)]
    if inbox.personal or {case.team, inbox.team} & set(theirs) or not theirs:
        return inbox.service
    found = (one.service for one in council.inboxes.values() if one.team in theirs and not one.personal)
    return next(found, inbox.service)

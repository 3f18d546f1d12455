"""
Lures: what a stranger's words may hold so that whoever reads them in the council's mail calls, clicks, writes or pays.

A subject is quoted, and a name greeted by, only where none of it stands in them (E10). The reader of our mail need not be
the writer of the letter: anybody can write with somebody else's address in From. Whatever looks like a lure and is none
costs a quoted subject; a lure that is missed is one in the council's name. So every rule here takes too much, not too little.
"""

import re
import unicodedata
from functools import lru_cache

from ackbot.mail import claims, matters, spelt

PHONE = 7  # digits; fewer are a house, a year, a sum
_READ = 1_000  # characters; no more of a subject or name is ever shown

# Runs of digits that everybody reads as something else. What stands around them still counts as one run.
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
_NO_PHONE = re.compile(
    rf"(?<!\d)(?:{_DAY}[./-]{_MONTH}[./-](?:{_YEAR}|\d\d)|{_YEAR}-{_MONTH}-{_DAY}|{_YEAR}\s?[/–-]\s?(?:{_YEAR}|\d\d)"
    r"|(?:[01]?\d|2[0-3]):[0-5]\d|\d\d/\d{4,5}(?=/[a-z]{2}))(?!\d)",
    re.IGNORECASE,
)
_NOT_PHONES = 2  # so many of them in one subject; more are a number in disguise
_LIKE_DIGITS = {"o": "0", "l": "1", "i": "1"}  # what stands for a digit among digits
_SPELT = (
    (2, 6),
    (3, 4),
)  # words for digits in one run, with the digits of that run, from which on it is dictated to be dialled
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s-]{1,3}(?=\d)")
_TOKEN = re.compile(r"[\w\u0900-\u0dff]+|.", re.DOTALL)  # vowel signs of Indian scripts are parts of words

# What follows the dot of a site however it is spelt; only those that are no words of a sentence.
_ENDING = r"(?:com|net|org|biz|gov|edu|uk|eu|ru|cn|xyz|io|tk|ly|gl)"
_ENDING_ALONE = r"(?:com|net|org|biz|cn|xyz|io|tk|ly|gl|me|info|app)"
_DOT = (
    r"(?:dot|d[o0]t|point|period|full stop|stop|punkt|punto|punct|ponto|kropka|pwynt|nokta|dhibic|точка|крапка|نقطة|نقطه|ڈاٹ|ডট|डॉट"
    r"|点|點|ドット)"
)
_SLASH = r"(?:slash|forward slash|stroke|barra|slaes|schrägstrich|ukośnik|слэш|شرطة)"
_OPEN, _SHUT = r"[\s\[({<'\"*_|~-]{0,6}", r"[\s\])}>'\"*_|~-]{0,6}"
_SITE = re.compile(
    r"[^\W_][.。][^\W\d_]{2}"  # evil.com; a mail program makes a link of it whatever the ending
    rf"|[^\W_]{_OPEN}(?:[.。·]|\b{_DOT}(?!\w)){_SHUT}{_ENDING}\b"  # evil[.]com, evil dot com
    rf"|[^\W_][\s.]{{1,3}}(?:co[\s.]{{1,3}}uk\b|{_ENDING_ALONE}\s{{0,3}}(?:/|{_SLASH}\b))"  # bit ly/abc
    rf"|[^\W_][,;]{_ENDING}\b"
    r"|\bxn--|\bwww\b|@|[\[({]\s{0,3}at\s{0,3}[\])}]"
    r"|[:/]\s{0,3}/\s{0,3}/?[^\W_]{0,1}|\bh[tx]{2}ps?\b|\bhttps?"
    r"|\d\s{0,3}[.。·]\s{0,3}\d{1,3}\s{0,3}[.。·]\s{0,3}\d{1,3}\s{0,3}[.。·]\s{0,3}\d"  # an IP address
    r"|(?:[0-9a-f]{0,4}:){3}[0-9a-f:]{1,40}|::[0-9a-f]|\b0x[0-9a-f]{4}"
)
_SCHEME = re.compile(
    r"(?:\b(?:tel|telephone|phone|fon|fax|mobile|sms|smsto|mailto|sips?|callto|skype|whatsapp|viber|telegram|facetime|javascript"
    r"|ftp|telef[oóa]n[oe]?|t[eé]l[eé]phone|ffôn|тел|телефон|τηλ|τηλέφωνο|טל|טלפון|هاتف|تلفن|فون|ٹیلیفون|फ़ोन|फोन|ফোন|โทร)"
    r"|电话|電話|전화)\s{0,3}[:∶꞉˸׃=]"
)
_CALLS = re.compile(
    r"\b(?:call|ring|phone|dial|text|tel|sms|whatsapp)(?:\s+(?:us|me|now|on|to|at|\w{1,12}\s+to))?\W{0,6}\d{3}"
)
# A scheme that a mail program follows stands with its colon against what follows: `Data: my request` is none.
_GLUED = re.compile(
    r"\b(?:data|javascript|vbscript|file|blob|about|intent|market|magnet|geo|feed|webcal|news|urn|bitcoin|ethereum|litecoin|monero"
    r"|lightning|upi|paypal|ssh|git|wss?|ldap|xmpp|irc|matrix|smb|nfs|tg|sgnl|view-source|ms-\w{1,20}|[a-z]{1,12}-?apps?):(?=\S)"
)
# An account of a crypto currency, a key, a token: letters and digits in one long word.
_ACCOUNT = re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])(?=(?:[a-z]*\d){3})[a-z\d]{16,}\b")
# Words of the Unicode names of signs that look like a dot, and of those that have such a word and do not.
_DOT_NAMES = frozenset(
    ["DOT", "DOTS", "STOP", "POINT", "PERIOD", "BULLET", "INTERPUNCT", "DANDA", "LEADER", "SEPARATOR"]
)
_NO_DOT = frozenset(["EXCLAMATION", "INTERROGATION", "QUESTION", "LINE", "PARAGRAPH", "ARROW"])
# Words to whoever reads: in the council's mail they would speak to somebody else, with the council's voice.
_SPEAKS = re.compile(
    r"\b(?:you|your|yours|yourself|vous|votre|vos|usted|ustedes|ihnen|ihr|ihre|ihren|chi|eich|twój|twoje|państwa|voi|vostro|dvs"
    r"|вы|вам|ваш|ваша|ваше)\b|您"
)
_SENTENCES = re.compile(r"(?:[^\W\d_]{4}\.\s|[!?。…]\s{0,3})[^\w\s]{0,3}[^\W\d_]")


def seen_as(text: str) -> str:
    """How a reader sees it: forms of one character are one, letter case and what is invisible go; at most 1,000 characters."""
    folded = unicodedata.normalize("NFKC", text[:_READ]).casefold()
    return "".join(char for char in folded if unicodedata.category(char) not in ("Cf", "Mn", "Me"))


def leads_away(text: str) -> bool:
    """Whether it holds a link, site, IP or mail address, in any spelling, or the word before a number to call."""
    return _leads_away(text[:_READ])


# A letter's mails say its subject and its writer's name a dozen times.
@lru_cache(maxsize=64)
def _leads_away(text: str) -> bool:
    seen = _dotted(seen_as(text))
    together = re.sub(r"(?<=\b\w)\s(?=\w\b)", "", seen)  # e v i l . c o m
    rules = (_SITE, _SCHEME, _GLUED, _ACCOUNT)
    return any(bool(rule.search(one)) for one in (seen, together) for rule in rules)


def has_number(text: str) -> bool:
    """Whether it holds a number to call: as many digits as a phone number has, in any script, or fewer that are dictated."""
    return _has_number(text[:_READ])


@lru_cache(maxsize=64)
def _has_number(text: str) -> bool:
    # Ⅷ is one digit, and becomes four letters in `seen_as`.
    apart = "".join(f" {char} " if unicodedata.category(char) == "Nl" else char for char in text)
    seen = seen_as(apart)
    return bool(_CALLS.search(_in_digits(seen))) or _is_dialled(_NO_PHONE.sub("", seen, count=_NOT_PHONES))


def has_digit(text: str) -> bool:
    """Whether it holds a digit of any script, in a circle or a box too."""
    return any(unicodedata.category(char)[0] == "N" for char in text[:_READ])


def speaks(text: str) -> bool:
    """Whether it is more than one sentence, or speaks to whoever reads it."""
    seen = seen_as(text)
    return bool(_SPEAKS.search(seen) or _SENTENCES.search(seen))


def quotable(subject: str, *, proven: bool = False) -> bool:
    """
    Whether a subject, without prefixes, may stand in the council's mail: it is a subject and nothing else.

    Args:
        proven: it goes to whoever is proven to have written it. They may read "Council tax arrears" again; anybody else
            would take it for the council's own words.
    """
    if leads_away(subject) or has_number(subject) or speaks(subject):
        return False
    seen = seen_as(subject)
    return proven or (matters.named(seen) and not claims.claims(seen))


def _dotted(seen: str) -> str:
    """Every sign that looks like a dot as one: `.` between Latin letters, where a reader takes it for a site, else `·`."""
    if seen.isascii():
        return seen
    chars = list(seen)
    for at, char in enumerate(seen):
        if char.isascii() or char == "。" or not _is_dot(char):
            continue
        around = seen[max(at - 1, 0) : at] + seen[at + 1 : at + 2]
        site = len(around) == 2 and around.isascii() and around.isalnum() and around != "ll"  # Catalan col·legi
        chars[at] = "." if site else "·"
    return "".join(chars)


def _is_dot(char: str) -> bool:
    """Whether a sign is called a dot, point or stop in Unicode; a digit zero of Arabic, which looks like one, is a digit."""
    if unicodedata.category(char)[0] not in "PSM":
        return False
    words = set(unicodedata.name(char, "").split())
    return bool(_DOT_NAMES & words) and not _NO_DOT & words


def _in_digits(seen: str) -> str:
    """Digits of any script, words for digits, and the letters that stand for them among digits, as 0 to 9."""
    return _BETWEEN_DIGITS.sub("", "".join(map(_token_in_digits, _TOKEN.findall(seen))))


def _token_in_digits(token: str) -> str:
    if worth := spelt.worth(token):
        return "0" * worth
    found = "".join(str(_digit(char)) if _digit(char) >= 0 else char for char in token)
    if any(map(str.isdigit, found)) and all(char.isdigit() or char in _LIKE_DIGITS for char in found):
        return "".join(_LIKE_DIGITS.get(char, char) for char in found)
    return found


def _digit(char: str) -> int:
    """Its value; -1 for none. Chinese 一 is one as well."""
    value = unicodedata.numeric(char, -1.0)
    return int(value) if value in range(10) else -1


def _is_dialled(seen: str) -> bool:
    """Whether digits, or words for them, with nothing but signs and blanks between, are as many as a number to call has."""
    run = words = 0
    spoken = False  # the last word was one of a number, so that "and" goes on with it; houses 12, 14 and 16 are three
    for token in _TOKEN.findall(seen):
        if worth := spelt.worth(token):
            run, words, spoken = run + worth, words + spelt.is_digit(token), True
        elif all(_digit(char) >= 0 or char in _LIKE_DIGITS for char in token):
            run += len(token)
        elif token[0].isalnum() and not (spoken and spelt.joins(token)):
            words, spoken = 0, False
            for char in token:
                run = run + 1 if _digit(char) >= 0 else 0
                if run >= PHONE:
                    return True
        if run >= PHONE or any(words >= least and run >= digits for least, digits in _SPELT):
            return True
    return False

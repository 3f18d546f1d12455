"""
Lures: what a stranger's words may hold so that whoever reads them in the council's mail calls, clicks, writes or pays.

A subject is quoted, and a name greeted by, only where none of it stands in them (E10). The reader of our mail need not be
the writer of the letter: anybody can write with somebody else's address in From. Whatever looks like a lure and is none
costs a quoted subject; a lure that is missed is one in the council's name. So every rule here takes too much, not too little.
"""

import re
import unicodedata

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
_LIKE_DIGITS = frozenset("oli")  # O and I among digits are 0 and 1
_DIGIT_WORDS = "zero oh nought one two three four five six seven eight nine double treble triple"
_SPELT = frozenset(_DIGIT_WORDS.split())
_TOKEN = re.compile(r"\w+|\W")

# What follows the dot of a site however it is spelt; only those that are no words of a sentence.
_ENDING = r"(?:com|net|org|biz|gov|edu|uk|eu|ru|cn|xyz|io|tk|ly|gl)"
_OPEN, _SHUT = r"[\s\[({<'\"*_|~-]{0,6}", r"[\s\])}>'\"*_|~-]{0,6}"
_SITE = re.compile(
    r"[^\W_][.。][^\W\d_]{2}"  # evil.com; a mail program makes a link of it whatever the ending
    rf"|[^\W_]{_OPEN}(?:[.。·•⋅∙‧]|\b(?:dot|d[o0]t|punkt|punto|точка)\b){_SHUT}{_ENDING}\b"  # evil[.]com, evil dot com
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
    seen = seen_as(text)
    together = re.sub(r"(?<=\b\w)\s(?=\w\b)", "", seen)  # e v i l . c o m
    return any(bool(_SITE.search(one) or _SCHEME.search(one)) for one in (seen, together))


def has_number(text: str) -> bool:
    """Whether it holds a number to call: digits of any script as many as a phone number has, whatever stands between them."""
    seen = seen_as(text)
    return bool(_CALLS.search(_in_digits(seen))) or _longest_run(_NO_PHONE.sub("", seen, count=_NOT_PHONES)) >= PHONE


def has_digit(text: str) -> bool:
    """Whether it holds a digit of any script, in a circle or a box too."""
    return any(unicodedata.category(char)[0] == "N" for char in text[:_READ])


def speaks(text: str) -> bool:
    """Whether it is more than one sentence, or speaks to whoever reads it."""
    seen = seen_as(text)
    return bool(_SPEAKS.search(seen) or _SENTENCES.search(seen))


def quotable(subject: str) -> bool:
    """Whether a stranger's subject, without prefixes, may stand in the council's mail: it is a subject and nothing else."""
    return not (leads_away(subject) or has_number(subject) or speaks(subject))


def _in_digits(seen: str) -> str:
    return "".join(str(_digit(char)) if _digit(char) >= 0 else char for char in seen)


def _digit(char: str) -> int:
    """Its value; -1 for none. Chinese 一 is one as well."""
    value = unicodedata.numeric(char, -1.0)
    return int(value) if value in range(10) else -1


def _longest_run(seen: str) -> int:
    """Digits, or words for them, with nothing but signs and blanks between."""
    longest = run = 0
    for token in _TOKEN.findall(seen):
        if token in _SPELT:
            run += 1
        elif all(_digit(char) >= 0 or char in _LIKE_DIGITS for char in token):
            run += len(token)
        elif token[0].isalnum():
            for char in token:
                run = run + 1 if _digit(char) >= 0 else 0
                longest = max(longest, run)
        longest = max(longest, run)
    return longest

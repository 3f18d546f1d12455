"""Recognises wishes that ackbot can grant itself: news, quiet, a format, a language (behaviour.md §3.8, §3.10, §3.11)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ackbot.mail import folding

_SHORT = 25  # words; a longer mail says more than a wish for quiet or news
_ALONE = 8  # words; a mail up to this length that names a format says little else
_NAMED = 3  # words; a mail up to this length that names a language says nothing else
_QUIET = re.compile(
    r"quiet|unsubscribe|"
    r"(?:please )?(?:no more |stop (?:sending )?(?:me )?(?:these |all |the |your )?|do not send (?:me )?(?:any more |these )?|"
    r"don t send (?:me )?(?:any more |these )?)"
    r"(?:automatic |automated )?(?:e ?mails?|messages?|updates?|mails?|notifications?)"
    r"(?: (?:to me|please|thank you|thanks|from you|from ackbot))*|"
    r"(?:please )?(?:stop|do not|don t) (?:e ?mail(?:ing)?|writ(?:e|ing to)|messag(?:e|ing)|contact(?:ing)?) me"
    r"(?: (?:again|any ?more|please|automatically))*"
)
_NEWS = re.compile(
    r"\b(?:any (?:news|updates?|progress|word)|"
    r"(?:what|whats) (?:is |s )?(?:happening|going on|the (?:news|latest|update|status|position|progress))|"
    r"(?:when|how soon) (?:will|can|do|am|shall) (?:i|we) (?:going to )?(?:hear|get (?:an? )?(?:answer|reply|update|response))|"
    r"still (?:waiting|no (?:news|reply|answer|response|word))|(?:heard|had) (?:nothing|no (?:news|reply|answer|response))|"
    r"(?:have|has)(?: not|n t) heard|(?:can|could|would) you (?:please )?(?:give me an update|update me)|"
    r"(?:is|has) (?:anyone|anybody|someone|somebody) (?:looking|looked|dealing|dealt)|"
    r"(?:i am|i m|just) (?:chasing|following up)|where (?:are we|do things stand|does (?:this|it) stand))\b"
)
# Formats by the name in the footer of our mails, with what people call them.
_FORMATS: Mapping[str, re.Pattern[str]] = {
    "large print": re.compile(r"\b(?:large|larger|big|bigger) (?:print|font|type|text|letters)\b"),
    "Easy Read": re.compile(r"\beasy ?read\b"),
    "BSL": re.compile(r"\b(?:bsl|british sign language|sign language)\b"),
    "Braille": re.compile(r"\bbraille\b"),
    "audio": re.compile(r"\b(?:audio(?: (?:tape|cd|file|version|format))?|spoken version)\b"),
}
# One of these stands in whatever the format's pattern finds. Hardly a letter has one, and they are found in a tenth of the time.
_TRIGGERS: Mapping[str, tuple[str, ...]] = {
    "large print": ("large", "big"),
    "Easy Read": ("easy",),
    "BSL": ("bsl", "sign language"),
    "Braille": ("braille",),
    "audio": ("audio", "spoken"),
}
_WANTED = r"(?:need|want|would like|prefer|please|send|have|get|write|reply|answer|in)"


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What a resident wishes from us.

    Args:
        quiet: the resident wants no more automatic mail, and says nothing else.
        news: the resident asks how far the case is, and says little else.
        formats: names from our mails' footer, separated by ", ", such as "large print"; "" for none.
        language: an ISO 639-1 code; "" for none.
    """

    quiet: bool = False
    news: bool = False
    formats: str = ""
    language: str = ""


def read(words: str, languages: Mapping[str, Sequence[str]]) -> Wishes:
    """
    The wishes in a resident's newly written words. Only plain wishes count; a person reads all the rest.

    Args:
        languages: the names that residents use for each language, by ISO 639-1 code.
    """
    said = _plain(words)
    count = len(said.split())
    # Further down, "unsubscribe" is more likely a footer's than the resident's.
    quiet = count <= _SHORT and any(
        bool(_QUIET.fullmatch(_plain(line))) for line in words.split("\n")[:3] if line.strip()
    )
    return Wishes(
        quiet=quiet,
        news=not quiet and 0 < count <= _SHORT and bool(_NEWS.search(said)),
        formats=", ".join(
            name
            for name, pattern in _FORMATS.items()
            if any(word in said for word in _TRIGGERS[name]) and _asks(said, count, pattern)
        ),
        language=_language(said, count, languages),
    )


def _asks(said: str, count: int, pattern: re.Pattern[str]) -> bool:
    """Whether the mail asks for a format: it names the format and says little else, or a word such as "need" comes before."""
    found = pattern.search(said)
    if found is None:
        return False
    before = said[: found.start()].split()[-4:]
    return count <= _ALONE or any(re.fullmatch(_WANTED, word) for word in before)


def _language(said: str, count: int, languages: Mapping[str, Sequence[str]]) -> str:
    """The language that a short mail asks for, by its name alone or with a word such as "need"; "" if none or several."""
    if not (0 < count <= _NAMED or (count <= _ALONE and re.search(rf"\b{_WANTED}\b", said))):
        return ""
    found = [
        code
        for code, names in languages.items()
        if any(re.search(rf"(?<!\w){re.escape(_plain(name))}(?!\w)", said) for name in names)
    ]
    return found[0] if len(found) == 1 else ""


def _plain(text: str) -> str:
    """The words alone, in lower case, without accents and punctuation."""
    return " ".join(re.findall(r"\w+", folding.plain(text)))

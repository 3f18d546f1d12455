"""Letters that cannot wait: words of danger, in the words of the letter itself (domain.md §8)."""

import re
from collections.abc import Iterable

from ackbot.casework.council import Phrase, Urgent
from ackbot.casework.routing import folded

CATEGORIES = (
    "life",
    "self-harm",
    "abuse",
    "at-risk",
    "fire",
    "gas",
    "structure",
    "homeless-tonight",
    "no-heating",
    "damp-and-child",
)
# Their letters are answered without subject and date whatever else is configured (behaviour.md §3.9).
SENSITIVE = frozenset({"self-harm", "abuse", "at-risk"})

_NO_WORD = re.compile(r"[^\w]+")


def phrases(lines: Iterable[str]) -> tuple[Phrase, ...]:
    """
    The lines of a word list, read for `categories`.

    Whole words; letter case, accents and punctuation ignored, negation too (better too many). `a + b` means both
    somewhere in the letter, `*` any ending of a word, `#` starts a comment.
    """
    found = []
    for line in lines:
        parts = [part.strip() for part in line.partition("#")[0].split("+")]
        if all(parts):
            found.append(tuple(_needle(part) for part in parts))
    return tuple(found)


def _needle(part: str) -> str:
    """What is looked for in a text of words with one blank around each."""
    words = _words(part.removesuffix("*"))
    return f" {words}" if part.endswith("*") else f" {words} "


def _words(text: str) -> str:
    """Words only, one blank between; `can't` and `can’t` and `cant` are one."""
    return _NO_WORD.sub(" ", folded(text).replace("'", "").replace("’", "")).strip()


def categories(text: str, urgent: Urgent, said: Iterable[str] = ()) -> tuple[str, ...]:
    """
    The categories whose words stand in a text, in the order of CATEGORIES.

    Args:
        said: what our own mails say of emergencies; where it stands in the text, it was quoted from them.
    """
    haystack = f" {_words(text)} "
    for ours in said:
        if words := _words(ours):
            haystack = haystack.replace(f" {words} ", " ")
    return tuple(name for name in CATEGORIES if _stands(urgent.words.get(name, ()), haystack))


def _stands(words: Iterable[Phrase], haystack: str) -> bool:
    """Whether all needles of one of the phrases do. In plain loops: it looks for hundreds in every letter."""
    for phrase in words:
        for needle in phrase:
            if needle not in haystack:
                break
        else:
            return True
    return False

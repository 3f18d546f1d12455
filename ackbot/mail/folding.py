"""Folds words for comparison: without letter case, accents and extra blanks."""

import unicodedata
from itertools import filterfalse

_PILED = 2_000  # characters; NFKD takes time that grows with the square of the accents on one letter (E1)
# What is no accent by itself and becomes nothing but accents by NFKD: vowel signs of Tibetan, half-width marks of Japanese.
_BECOME_ACCENTS = dict.fromkeys((0x0F73, 0x0F75, 0x0F81, 0xFF9E, 0xFF9F))


def plain(text: str) -> str:
    """The words in lower case, without accents, with one blank between them. For comparing only."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = text.casefold()
    if len(text) > _PILED:
        text = "".join(filterfalse(unicodedata.combining, text.translate(_BECOME_ACCENTS)))
    found = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text)))
    return " ".join(found.split())


def letters(text: str) -> str:
    """`plain`, also without the vowel signs of Indian scripts that stand above or below their letter. For comparing only."""
    folded = plain(text)
    return folded if folded.isascii() else "".join(char for char in folded if unicodedata.category(char) != "Mn")

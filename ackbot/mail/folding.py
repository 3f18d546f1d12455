"""Folds words for comparison: without letter case, accents and extra blanks."""

import unicodedata
from itertools import filterfalse

_PILED = 2_000  # characters; NFKD takes time that grows with the square of the accents on one letter (E1)


def plain(text: str) -> str:
    """The words in lower case, without accents, with one blank between them. For comparing only."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = text.casefold()
    if len(text) > _PILED:
        text = "".join(filterfalse(unicodedata.combining, text))
    found = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text)))
    return " ".join(found.split())

"""Words made comparable: letter case, accents and blanks apart."""

import unicodedata
from itertools import filterfalse

_PILED = 2_000  # characters; NFKD sorts accents piled on one letter in time that grows with their square (E1)


def plain(text: str) -> str:
    """For comparing words: lower case, without accents, one blank between words."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = text.casefold()
    if len(text) > _PILED:
        text = "".join(filterfalse(unicodedata.combining, text))
    found = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text)))
    return " ".join(found.split())

"""Words made comparable: letter case, accents and blanks apart."""

import unicodedata
from itertools import filterfalse


def plain(text: str) -> str:
    """For comparing words: lower case, without accents, one blank between words."""
    if text.isascii():
        return " ".join(text.lower().split())
    found = "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text.casefold())))
    return " ".join(found.split())

"""A text as sentences of plain words, for looking up words that must not be missed (domain.md §8, E20)."""

import re
import sys

from ackbot.mail import folding

SENTENCE = 50  # words; a longer sentence is looked at in pieces
_OVERLAP = 16  # words that the next piece of a long sentence has in common with it

# What stands in or between words and is not seen: soft hyphens, blanks of no width, joiners, marks of direction (E20).
_UNSEEN = dict.fromkeys(
    (0xAD, 0x34F, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
)
# Apostrophes are left out, so that "can't", "can’t" and "cant" are one word; letters that no accent makes are written plainly.
_LEFT_OUT = dict.fromkeys(map(ord, "'’‘`´ʼ"))
_PLAIN_LETTERS = {ord(one): other for one, other in zip("łøđıŁØĐ", "lodilod", strict=True)}
_MARKS = {ord(mark): "." for mark in "!?…؟।۔。！？"} | {ord(mark): "," for mark in ";:()[]–—―،؛|•"}
_TRANSLATED = _UNSEEN | _LEFT_OUT | _PLAIN_LETTERS | _MARKS
_ASCII_MARKS = str.maketrans(
    {"!": ".", "?": ".", ";": ",", ":": ",", "(": ",", ")": ",", "[": ",", "]": ",", "|": ",", "'": None, "`": None}
)
# Articles and pronouns that French and Italian shorten before a vowel are words: "s'effondre", "dell'acqua"; "I'm" is one word.
_SHORTENED = re.compile(
    r"['’](?=[aeiouyhàâèéêëîïôùûœAEIOUYHÀÂÈÉÊËÎÏÔÙÛŒ])(?:(?<=\b[cdjlmnstCDJLMNST].)|(?<=\b(?:[qQ]u|[uU]n).)|(?<=\b[aA]ll.)"
    r"|(?<=\b(?:[dDnN]ell|[sS]ull|[dD]all).))"
)
_PARAGRAPH = re.compile(r"\n[ \t]*+\n")
# Vowel signs of Indian scripts belong to their words; to Python they are no letters.
_TOKEN = re.compile(r"(?:[^\W_]|[\u0900-\u0dff])+|,|\.(?![\w.])")
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0dff])+")
_NO_END = frozenset({"mr", "mrs", "ms", "dr", "st", "nr", "approx", "eg", "ie"})


def letters(line: str) -> str:
    """A line without letter case, accents and apostrophes; its punctuation stays."""
    if line.isascii() and "'" not in line:
        return line.lower()
    line = _SHORTENED.sub("_", line).translate(_UNSEEN | _LEFT_OUT)
    return folding.plain(line.translate(_PLAIN_LETTERS)).translate(_PLAIN_LETTERS)


def words_of(folded: str) -> list[str]:
    """The words of what `letters` gave."""
    return [sys.intern(word) for word in _WORD.findall(folded)]


def sentences(text: str) -> list[list[str]]:
    """
    The sentences of a text as lists of words and commas; a long one in several pieces that overlap.

    A blank line ends a sentence, a line end does not. Commas stand for all punctuation inside a sentence.
    """
    text = _folded(_PARAGRAPH.sub(" . ", text) if "\n" in text else text)
    found: list[list[str]] = []
    begun: list[str] = []
    for sentence in " ".join(_TOKEN.findall(text)).split(" ."):
        begun += sentence.split()
        if begun and begun[-1] not in _NO_END:
            found += _pieces(begun)
            begun = []
    return [*found, *_pieces(begun)]


def _pieces(sentence: list[str]) -> list[list[str]]:
    if len(sentence) <= SENTENCE:
        return [sentence] if sentence else []
    step = SENTENCE - _OVERLAP
    return [sentence[start : start + SENTENCE] for start in range(0, len(sentence) - _OVERLAP, step)]


def _folded(text: str) -> str:
    text = _SHORTENED.sub(" ", text.replace(" - ", " , "))
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_MARKS).split())
    # Usual punctuation of mail programs, without which most texts are ASCII.
    text = text.replace("’", "").replace("‘", "").replace("“", " ").replace("”", " ").replace("\xa0", " ")
    text = text.replace("–", ",").replace("…", ".")
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_MARKS).split())
    return folding.plain(text.translate(_TRANSLATED)).translate(_TRANSLATED)

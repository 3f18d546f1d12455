"""Detects the language of a letter: by its script, by common English words, or with Compact Language Detector 3 (an extra)."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

SHORTEST = 20  # letters; the language of a shorter text is not judged
_SHORTEST_SCRIPT = 10  # letters of a script that nearly one language alone uses: fewer are enough
_SURE = 0.85  # the detector's confidence; below it the council's first language is used
_SAMPLE = 600  # characters that are judged
_READ = 4 * _SAMPLE  # characters that are read to find so many outside links and addresses
_LINK = re.compile(r"https?://\S{1,2000}+|[^\s@]{1,300}+@\S{1,300}+")

# Words that are common in English letters and rare in letters in other languages.
_COMMONEST = (
    "the and that this with been from which there would could should please because about our your you they were what when"
    " but not for have it to of is my"
)
_ENGLISH = frozenset(_COMMONEST.split())
_WELSH_WORDS = (
    "mae yn yr rwy rwyf fy eich ein ac wedi nid nad ddim gyda gan oes hoffwn annwyl cofion diolch sydd bod fod gen hwn"
    " hon i'r o'r a'r sy'n mae'r yma hyn ers"
)
_WELSH = frozenset(_WELSH_WORDS.split())
_ENOUGH = 4  # different words of these that a text in English must have
_SHARE = 6  # and at least one word in six must be one of them

_NOT_LATIN = "\u0370"  # the first letter beyond the Latin script

# Scripts that, among residents' letters, nearly one language alone uses.
_SCRIPTS = {
    "ARABIC": "ar",
    "HEBREW": "he",
    "GREEK": "el",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "THAI": "th",
    "BENGALI": "bn",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "TAMIL": "ta",
    "TELUGU": "te",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "ETHIOPIC": "am",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "KHMER": "km",
    "MYANMAR": "my",
    "DEVANAGARI": "hi",
    "CYRILLIC": "ru",
    "CJK": "zh",
}


# Languages of scripts that other languages of residents use too: Ukrainian, Persian and Urdu, Japanese, Nepali.
_SHARED_SCRIPTS = ("ru", "ar", "zh", "hi")
# Letters that only one of the languages of a script has, and how many of them tell it. The detector takes Pashto for Persian, and
# does not know Sorani and Tigrinya; Cantonese is written with the traditional forms of characters, of which these are common.
_OWN_LETTERS = {
    "ar": {"ps": "ټډړږښڼېۍځڅ", "ckb": "ێۆڕڵ", "ur": "ٹڈڑںےہھ"},
    "am": {"ti": "ኣቐቑቒቓቕቖ"},
    "zh": {"yue": "們這個來說對國會時問題後還沒過為請謝電話處關於樓層廳門開無麼學點應經係嘅唔咗喺冇"},
}
_ENOUGH_LETTERS = 2


def language_of(text: str, default: str) -> str:
    """
    The ISO 639 code of a letter's language; `default` if there are too few words or the language is unclear.

    The script decides if it is enough; English is recognised by its commonest words. Other languages need the extra to be
    installed. Of its answers only languages that a council's residents write are believed: a hurried English line must not
    be answered in Maltese.
    """
    sample = _LINK.sub(" ", text[:_READ])[:_SAMPLE]
    letters = list(filter(str.isalpha, sample))
    by_script = "" if not letters or max(letters) < _NOT_LATIN else _by_script(letters)
    if len(letters) < (_SHORTEST_SCRIPT if by_script else SHORTEST):
        return default
    for code, own in _OWN_LETTERS.get(by_script, {}).items():
        if sum(letter in own for letter in letters) >= _ENOUGH_LETTERS:
            return code
    if by_script not in ("", *_SHARED_SCRIPTS):
        return by_script
    if not by_script and _is_plainly(_ENGLISH, sample):
        return "en"
    if not by_script and _is_plainly(_WELSH, sample):
        return "cy"  # also without the extra: a letter in Welsh is answered in Welsh (domain.md §12)
    detector = _detector()
    if detector is None:
        return by_script or default
    best = detector.FindLanguage(sample.encode("utf-8", "replace").decode())
    code = str(_CODES.get(best.language, best.language))
    if best.probability >= _SURE and code in SPOKEN:
        return code
    return by_script or default


def _is_plainly(common: frozenset[str], sample: str) -> bool:
    words = sample.lower().split()
    found = [word for word in words if word in common]
    return len(found) * _SHARE >= len(words) and len(set(found)) >= _ENOUGH


def _by_script(letters: list[str]) -> str:
    counts: dict[str, int] = {}
    for char in letters:
        if char < _NOT_LATIN:
            counts[""] = counts.get("", 0) + 1
        else:
            script = unicodedata.name(char, "").partition(" ")[0]
            code = _SCRIPTS.get(script, "")
            counts[code] = counts.get(code, 0) + 1
    if counts.get("ja", 0) * 10 > len(letters):  # Japanese mixes kana with Chinese characters; Chinese has no kana
        return "ja"
    code, count = max(counts.items(), key=lambda item: item[1])
    return code if count * 2 > len(letters) else ""


# The detector's codes that are not ISO 639-1, and languages for which `SPOKEN` has only a close neighbour.
_CODES = {"iw": "he", "fil": "tl", "bs": "hr", "sr": "hr", "no": "da"}
# Languages of residents of the United Kingdom that the detector knows.
_SPOKEN_CODES = (
    "ar bg bn cs cy da de el en es fa fi fr gu he hi hr hu hy it ja ka ko ku lt lv ml ne nl pa pl ps pt ro ru si sk so sq sv sw"
    " ta te th ti ckb tl tr uk ur vi yo yue zh"
)
SPOKEN = frozenset(_SPOKEN_CODES.split())


def spoken(tag: str) -> str:
    """The ISO 639-1 code of a language tag (RFC 5646) such as `cy-GB`; "" if residents write no such language."""
    code = tag.strip().partition("-")[0].lower()
    return code if code in SPOKEN else ""


@lru_cache(maxsize=1)
def _detector() -> Any:
    """The detector; None if the extra is not installed."""
    try:
        import gcld3
    except ImportError:
        return None
    return gcld3.NNetLanguageIdentifier(0, _SAMPLE)

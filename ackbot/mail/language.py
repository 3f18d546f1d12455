"""Which language a letter is in: by its script alone, or with the extra `languages` by lingua."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

SHORTEST = 20  # letters; less is not judged
_SURE = 0.9  # lingua's confidence below which the council's first language stands
_SAMPLE = 600  # characters looked at; most letters are sure after far fewer
_FIRST = 120

# Words that English letters are full of, and letters in other languages are not.
_COMMONEST = (
    "the and that this with been from which there would could should please because about our your you they were what when"
    " but not for have it to of is my"
)
_ENGLISH = frozenset(_COMMONEST.split())
_ENOUGH = 4  # of them, different ones
_SHARE = 6  # one word in so many is one of them

_NO_WORDS = re.compile(r"https?://\S+|(?<!\S)\S+@\S+")  # links and addresses, begun at a word's start only (E1)
_NOT_LATIN = "\u0370"  # the first letter that is not

# Scripts that one language of a council's letters uses nearly alone.
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


def language_of(text: str, default: str) -> str:
    """
    An ISO 639-1 code for the words of a letter; `default` when they are too few or nothing is sure.

    By script where the script says it, English by its commonest words. Other Latin letters are told apart only where lingua
    is installed, which takes its time and much memory from the first such letter on.
    """
    sample = _NO_WORDS.sub(" ", text)[:_SAMPLE]
    letters = list(filter(str.isalpha, sample))
    if len(letters) < SHORTEST:
        return default
    by_script = "" if max(letters) < _NOT_LATIN else _by_script(letters)
    if by_script not in ("", "ru", "ar", "zh", "hi"):
        return by_script
    if not by_script and _is_plainly_english(sample):
        return "en"
    detector = _detector()
    if detector is None:
        return by_script or default
    for some in dict.fromkeys((sample[:_FIRST], sample)):
        best = detector.compute_language_confidence_values(some)[0]
        if best.value >= _SURE:
            return str(best.language.iso_code_639_1.name.lower())
    return by_script or default


def _is_plainly_english(sample: str) -> bool:
    words = sample.lower().split()
    found = [word for word in words if word in _ENGLISH]
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
    if counts.get("ja", 0) * 10 > len(letters):  # kana among Chinese characters is Japanese
        return "ja"
    code, count = max(counts.items(), key=lambda item: item[1])
    return code if count * 2 > len(letters) else ""


@lru_cache(maxsize=1)
def _detector() -> Any:
    """Lingua in its small form, over languages of the UK's residents; None where the extra is not installed."""
    try:
        from lingua import Language, LanguageDetectorBuilder
    except ImportError:
        return None
    names = [
        "ENGLISH",
        "WELSH",
        "SPANISH",
        "FRENCH",
        "GERMAN",
        "ITALIAN",
        "PORTUGUESE",
        "POLISH",
        "ROMANIAN",
        "DUTCH",
        "TURKISH",
        "SOMALI",
        "ALBANIAN",
        "LITHUANIAN",
        "HUNGARIAN",
        "BULGARIAN",
        "CZECH",
        "SLOVAK",
        "CROATIAN",
        "SWEDISH",
        "DANISH",
        "VIETNAMESE",
        "TAGALOG",
        "SWAHILI",
        "YORUBA",
        "RUSSIAN",
        "UKRAINIAN",
        "ARABIC",
        "PERSIAN",
        "URDU",
        "CHINESE",
        "HINDI",
        "LATVIAN",
        "FINNISH",
    ]
    chosen = [getattr(Language, name) for name in names]
    return LanguageDetectorBuilder.from_languages(*chosen).with_low_accuracy_mode().build()

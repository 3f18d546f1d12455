"""Recognises wishes that ackbot can grant itself: news, quiet, a format, no phone calls, a language (behaviour.md §3.13)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ackbot.casework.asked_for import INTERPRETER, NOT_PHONE
from ackbot.casework.incoming import wish_words
from ackbot.casework.intents import Wish
from ackbot.casework.model import Case, Person
from ackbot.mail import folding

QUIET_ASKED = "they ask for no automatic mail in this letter"
_WHY = "the resident asks for it"
_SHORT = 25  # words; a longer mail says more than a wish for news
_FEW = 12  # words; in a longer mail, one word such as "stop" is a wish only as the first sentence
_ALONE = 8  # words; a sentence up to this length that names a format says little else
_NAMED = 3  # words; a mail up to this length that names a language says nothing else
_SENTENCE = 400  # characters of a sentence in which a wish is looked for; the patterns are not linear beyond it (E1)
_READ = 8_000  # characters of a letter
_MOST = 200  # sentences
_ENDS = re.compile(r"[.!?;:\n।؟]+")
_LETTERS = re.compile(r"[\w\u0980-\u09ff]+")
_BUT = re.compile(r" (?:but|and|so|then) (?=please|do not|don t|dont|no more|stop)")


def _all(expressions: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{folding.plain('|'.join(expressions))})(?!\S)")


_QUIET = _all(wish_words.QUIET)
_QUIET_ALONE = _all([wish_words.QUIET_ALONE])
_NEWS = _all(wish_words.NEWS)
_NO_PHONE = _all(wish_words.NO_PHONE)
_FORMATS: Mapping[str, re.Pattern[str]] = {name: _all([one]) for name, one in wish_words.FORMATS.items()}
_WANTED = _all([wish_words.WANTED])
_YES = _all([wish_words.YES])


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What a resident wishes from us.

    Args:
        quiet: the resident wants no more automatic mail.
        only_quiet: and says little else.
        news: the resident asks how far the case is, and says little else.
        formats: names from our mails' footer, and "no phone calls", separated by ", "; "" for none.
        language: an ISO 639-1 code; "" for none.
    """

    quiet: bool = False
    news: bool = False
    formats: str = ""
    language: str = ""
    only_quiet: bool = field(default=False, compare=False)


def read(words: str, languages: Mapping[str, Sequence[str]]) -> Wishes:
    """
    The wishes in a resident's newly written words, whatever else they say. Only plain wishes count; a person reads all the rest.

    Args:
        languages: the names that residents use for each language, by ISO 639-1 code.
    """
    said = _plain(words)
    count = len(said.split())
    sentences = [one for piece in _ENDS.split(words[:_READ])[:_MOST] if (one := _plain(piece)[:_SENTENCE])]
    parts = [one for sentence in sentences for one in _BUT.split(sentence)]
    # Further down, "unsubscribe" is more likely a footer's than the resident's.
    alone = any(_QUIET_ALONE.fullmatch(one) for one in (sentences[:3] if count <= _FEW else sentences[:1]))
    quiet = alone or any(_QUIET.fullmatch(one) for one in parts)
    formats = [name for name, pattern in _FORMATS.items() if any(_asks(one, pattern) for one in sentences)]
    if any(_NO_PHONE.search(one) for one in sentences):
        formats.append(NOT_PHONE)
    return Wishes(
        quiet=quiet,
        news=not quiet and 0 < count <= _SHORT and bool(_NEWS.search(said[:_SENTENCE])),
        formats=", ".join(formats),
        language=_language(said, count, sentences, languages),
        only_quiet=quiet and count <= _ALONE,
    )


def together(*several: str) -> str:
    """Formats that were asked for at different times, each once, in order."""
    return ", ".join(dict.fromkeys(one for some in several for one in some.split(", ") if one))


def remembered(case: Case, now: Person, before: Person, within: tuple[str, ...] | None) -> list[Wish]:
    """What a letter asks for beyond what was known, to be kept by its author's address."""
    addr, code = case.resident.key, case.code
    kept: list[Wish] = []
    if now.quiet and not before.quiet:
        kept.append(Wish(addr, "quiet", "yes", why="the resident wants no automatic mail", code=code, within=within))
    if now.formats and now.formats != before.formats:
        kept.append(Wish(addr, "formats", now.formats, why=_WHY, code=code, within=within))
    if now.language and now.language != before.language:
        kept.append(Wish(addr, "language", now.language, why=_WHY, code=code, within=within))
    return kept


def notes(wished: Wishes, languages: Mapping[str, Sequence[str]]) -> list[str]:
    """What the owner reads of them."""
    found = []
    if wished.quiet:
        found.append("they want no more automatic mail, so only what you write goes to them")
    if wished.formats:
        found.append(f"they ask for {wished.formats}")
    if wished.language:
        found.append(f"they ask for {languages[wished.language][0]}")
    if wished.news:
        found.append("they ask how far it is, and a word from you would help")
    return found


def named(wished: Wishes, languages: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """
    What was asked for, which the resident reads once (behaviour.md §3.13), in the form that templates name: a format, or
    `language:` or `interpreter:` with the code of the language.
    """
    asked = [f"language:{wished.language}"] if wished.language and INTERPRETER not in wished.formats else []
    for one in filter(None, wished.formats.split(", ")):
        name = one.removeprefix(INTERPRETER).strip(" ()")
        code = next((code for code, names in languages.items() if name in names), name)
        asked.append(f"interpreter:{code}" if one.startswith(INTERPRETER) else one)
    return tuple(asked)


def with_interpreter(wished: Wishes, language: str, languages: Mapping[str, Sequence[str]]) -> Wishes:
    """The wishes, with an interpreter for a language: what we offer was taken, and is not offered again (E52)."""
    name = languages[language][0] if language in languages else language
    return replace(wished, formats=together(wished.formats, f"{INTERPRETER} ({name})"))


def says_yes(words: str) -> bool:
    """Whether the words are nothing but a yes to what was offered, in whatever language (E52)."""
    said = _plain(words)
    return 0 < len(said.split()) <= _ALONE and bool(_YES.fullmatch(said[:_SENTENCE]))


def _asks(sentence: str, pattern: re.Pattern[str]) -> bool:
    """Whether a sentence asks for a format: it names the format and says little else, or words such as "need" stand near it."""
    found = pattern.search(sentence)
    if found is None:
        return False
    before = " ".join(sentence[: found.start()].split()[-6:])
    count = len(sentence.split())
    return count <= _ALONE or bool(_WANTED.search(before)) or bool(_WANTED.match(sentence[found.end() :].strip()))


def _language(said: str, count: int, sentences: Sequence[str], languages: Mapping[str, Sequence[str]]) -> str:
    """The language that is asked for: by its name alone in a short mail, or in a sentence; "" if none or several."""
    short = 0 < count <= _NAMED or (count <= _ALONE and bool(_WANTED.search(said[:_SENTENCE])))
    found = [
        code
        for code, names in languages.items()
        if any((name := _name(one)) and name in said and _named(name, said, sentences, short=short) for one in names)
    ]
    return found[0] if len(found) == 1 else ""


def _named(name: str, said: str, sentences: Sequence[str], *, short: bool) -> bool:
    if short and f" {name} " in f" {said} ":
        return True
    return any(
        f" {name}" in f" {one}" and _IN_LANGUAGE.search(f" {one} ".replace(f" {name} ", " name0 ").strip())
        for one in sentences
    )


_IN_LANGUAGE = re.compile(folding.plain("|".join(wish_words.IN_LANGUAGE)).replace("name", "(?<!\\S)name0(?!\\S)"))


@lru_cache(maxsize=1_024)
def _name(language: str) -> str:
    """The name of a language as `_plain` gives it; the same hundreds are looked for in every letter."""
    return _plain(language)


def _plain(text: str) -> str:
    """The words alone, in lower case, without accents and punctuation."""
    return " ".join(_LETTERS.findall(folding.plain(text)))

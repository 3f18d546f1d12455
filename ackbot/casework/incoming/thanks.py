"""Recognises a resident's short answers that ask for nothing: thanks, or a score from 1 to 5 (behaviour.md §3.5)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ackbot.mail import folding

_SORT = r"(?:very |so |really )?(?:quick |prompt |kind |fast |swift |speedy |lovely |helpful )*"
_THING = (
    r"(?:help|reply|email|e mail|mail|answer|response|message|update|information|info|advice|assistance|support|work|"
    r"time|visit)"
)
_DOING = (
    r"(?:letting me know|getting back to me|coming back to me|replying|answering|"
    r"(?:sorting|fixing) (?:it|this|that)(?: out)?)(?: so)?(?: quickly| promptly)?"
)
_THANKS = re.compile(
    r"(?:(?:many|very many|big|huge|so many) )?(?:thanks?(?: you| u)?|thankyou|thx|ta|cheers|(?:much |very much )?appreciated|"
    r"diolch(?: yn fawr)?|(?:muchas )?gracias|merci(?: beaucoup)?|danke(?: schon| sehr)?|dziekuje(?: bardzo)?)"
    r"(?: (?:so|very) much| a lot| a million| again| indeed)?"
    r"(?: (?:to (?:you|all|everyone) )?for (?:all )?"
    rf"(?:that|this|it|everything|(?:your|the|this|all your) {_SORT}{_THING}|{_DOING}))?(?!\S)"
)
# Pleasantries that may stand beside thanks and say nothing more.
_PLEASANT = re.compile(
    r"(?:ok|okay|great|perfect|lovely|brilliant|wonderful|super|excellent|fantastic|(?:very )?good|fine|noted|understood|"
    r"that s (?:great|good|perfect|lovely|fine|brilliant|excellent|wonderful)|and|to all|to everyone|"
    r"(?:dear|hi|hello)(?: (?:all|there|team|sir|madam|mr|mrs|ms))?|"
    r"(?:(?:kind|best|warm|kindest|many) )?(?:regards|wishes)|best|yours(?: (?:sincerely|faithfully|truly))?|"
    r"have a (?:nice|good|lovely|great) (?:day|weekend|week|evening)|(?:merry|happy) christmas|mr|mrs|ms|x+)(?!\S)"
)
_SCORE = re.compile(
    r"\s*(?P<score>[1-5])(?:\s*(?:out of 5|/\s*5|stars?)\b)?(?P<mark>[ \t]*[-–—:,./!)]+)?(?P<rest>.*)$", re.DOTALL
)
_WORD = re.compile(r"\S+")
_LONGEST_NAME = 200  # characters of a name that are read
_VERY = r"(?:very |really |extremely |quite |pretty |absolutely )?"
_TAIL = r"(?: (?:thanks?|thank you|service|work|job))?"
_WORD_SCORES = {
    5: re.compile(
        rf"(?:{_VERY}(?:excellent|brilliant|perfect|great|fantastic|wonderful|superb)|very (?:well|good)){_TAIL}"
    ),
    4: re.compile(rf"(?:quite |pretty |fairly )?(?:well|good|happy|satisfied){_TAIL}"),
    3: re.compile(rf"(?:ok|okay|fine|fair|average|alright|all right|so so){_TAIL}"),
    2: re.compile(rf"(?:poor(?:ly)?|not (?:very |so |that )?(?:good|well|great|happy)|disappoint(?:ed|ing)){_TAIL}"),
    1: re.compile(
        rf"(?:{_VERY}(?:bad(?:ly)?|terribl[ey]|awful(?:ly)?|useless|rubbish|appalling|dreadful)|very poor(?:ly)?){_TAIL}"
    ),
}


@dataclass(frozen=True, slots=True)
class Short:
    """A short answer that asks for nothing: thanks, or a score from 1 to 5 with nothing but thanks after it."""

    kind: Literal["thanks", "score"]
    score: int = 0


def short_answer(words: str, people: Sequence[str] = ()) -> Short | None:
    """
    The short answer, if a resident's words are nothing but thanks or a score; None for everything else.

    "2 – the leak is back" and "Thanks. The leak is back" are letters. In doubt it is a letter: it is better to reopen a case
    too many than to overlook a letter.

    Args:
        people: names and addresses that may stand in the words as a greeting or signature.
    """
    score = score_of(words)
    match = _SCORE.match(words)
    rest = match["rest"] if score and match else words
    said = _said(rest, people)
    if score:
        return Short("score", score) if said is not None else None
    return Short("thanks") if said else None


def score_of(words: str) -> int:
    """The score, from 1 to 5, that a resident's words begin with. 0 for other digits: a house number, a time, a list."""
    match = _SCORE.match(words)
    if match is None:
        return 0
    mark, rest = (match["mark"] or "").strip(), match["rest"]
    alone = (
        not rest.strip()
        or rest.startswith("\n")
        or words.strip()[1:].lstrip().lower().startswith(("out of 5", "/5", "/ 5"))
    )
    separated = bool(mark) and mark[-1] in "-–—:,!" and rest[:1].isspace() and not rest.strip()[:1].isdigit()
    thanked = rest[:1].isspace() and bool(_THANKS.match(_plain(rest)))
    return int(match["score"]) if alone or separated or thanked else 0


def word_score(words: str) -> int:
    """The score, from 1 to 5, of a word or two that answer "how did we do?", such as "very good"; 0 for anything else."""
    said = _plain(words)
    return next((score for score, pattern in _WORD_SCORES.items() if pattern.fullmatch(said)), 0)


def is_signature(words: str, people: Sequence[str]) -> bool:
    """Whether the words are only thanks, greetings and names, as in a signature. True if there are no words."""
    return _said(words, people) is not None


def _said(text: str, people: Sequence[str]) -> bool | None:
    """Whether the text says thanks; None if it says anything except thanks, pleasantries and names."""
    if "?" in text:
        return None
    known = [word for one in people for word in re.findall(r"\w+", folding.plain(one[:_LONGEST_NAME]))]
    said, at, thanked = _plain(text), 0, False
    while at < len(said):
        if match := _THANKS.match(said, at):
            thanked = True
        elif not (match := _PLEASANT.match(said, at)):
            match = _WORD.match(said, at)
            if match is None or not _names(match[0], known):
                return None
        at = match.end() + 1
    return thanked


def _plain(text: str) -> str:
    """The words alone, in lower case, without accents and punctuation."""
    return " ".join(re.findall(r"\w+", folding.plain(text)))


def _names(word: str, known: Sequence[str]) -> bool:
    """Whether a word is one of the names, the beginning of one, such as an initial, or a piece of the address."""
    return word.isalpha() and any(one.startswith(word) or (len(word) > 2 and word in one) for one in known)

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
# A yes to "did that settle it?", in the languages in which residents answer. It may stand with thanks, names and pleasantries.
_DONE = r"(?:settled|sorted|fixed|resolved|solved|done|dealt with|mended|repaired|finished|completed?|closed|good|fine|ok|okay|well|perfect|great|working|happy)"
_SETTLED = re.compile(
    r"(?:(?:yes|yep|yeah|si|oui|tak|sim|da|ie|ydy|haa|نعم|হযা|হযাঁ|হ্যাঁ)"
    r"|(?:yes )?(?:(?:it|that|this|everything|all|(?:the|my) \w+) (?:is|s|has been|was|are|have been|has|got) )?(?:(?:now|all|fully|completely|finally|been|very) )*"
    rf"{_DONE}(?: (?:now|out|for me|it|that|everything|again|properly))*"
    r"|(?:no|nothing) (?:further|more|other|else)(?: (?:action|help|questions?|is|to do|to add))*(?: (?:needed|required|necessary))?(?: (?:from you|on this))?"
    r"|you (?:can|may) close (?:it|this|the case|my case)|(?:that|it|this) (?:did|has|have)(?: (?:it|settled|sorted|done|solved)(?: it)?)?|that settles it|problem solved|no need"
    r"|i (?:am|m) (?:very |quite )?(?:happy|satisfied|pleased|content)(?: with (?:it|that|this|the \w+))?"
    r"|(?:ya )?(?:(?:esta|todo|quedo) )*(?:resuelto|solucionado|arreglado|bien)|(?:(?:c est|tout est|oui c est) )?(?:regle|resolu|repare|bon)"
    r"|(?:(?:sprawa|juz|wszystko|jest) )*(?:za[lł]atwion[aeo]|rozwiazan[aeo]|naprawion[aeo]|w porzadku)|(?:(?:esta|ja|tudo|foi) )*(?:resolvid[oa]|tratad[oa]|arranjad[oa]|bem)"
    r"|(?:(?:e|tutto|gia) )*(?:risolt[oa]|sistemat[oa]|a posto)|(?:(?:s a|este|e|totul) )*(?:rezolvat[a]?|reparat[a]?|in regula)|(?:mae )?(?:wedi )?(?:ei )?(?:ddatrys|drwsio|setlo|datrys|setlwyd)"
    r"|(?:waa )?(?:la )?(?:xaliyay|xaliyey|hagaajiyay|hagaagsan)(?: (?:yahay|tahay))?|تم(?: (?:حل|اصلاح)\w*)?(?: المشكلة)?|حلت المشكلة|সমাধান হযেছে|ঠিক হযে গেছে|ঠিক আছে|মিটে গেছে)(?!\S)"
)
_NUMBERS = {
    1: "one uno un une jeden um unu kow واحد এক ١ ১",
    2: "two dos deux dwa dois due doi dau laba اثنان দই দুই ٢ ২",
    3: "three tres trois trzy tre trei tri saddex ثلاثة তিন ٣ ৩",
    4: "four cuatro quatre cztery quatro quattro patru pedwar afar اربعة চার ٤ ৪",
    5: "five cinco cinq piec cinque cinci pump shan خمسة পাচ পাঁচ ٥ ৫",
}
_OF_NUMBERS = {word: number for number, words in _NUMBERS.items() for word in words.split()}
# Signs that people send in place of thanks; others, such as a thumb down, are read by a person.
_SIGNS = re.compile("(?:[👍👌🙏❤♥🙂😊😀😃😁😄🎉✅💯🥰😍👏☺🤗💚💙💛🧡✔🌟🤝][\ufe0f\u200d🏻-🏿]*+)+")
_STARS = re.compile(r"\s*+(?:([⭐★🌟]\ufe0f?)(?:[⭐★🌟☆]\ufe0f?){0,4}|(\*{1,5}))\s*+(?=\Z|\n)")
_SCORE = re.compile(
    r"\s*(?P<score>[1-5])(?:\s*(?:(?:out of 5|/\s*5|stars?)\b|[*⭐★]\ufe0f?))?(?P<mark>[ \t]*[-–—:,./!)]+)?(?P<rest>.*)$",
    re.DOTALL,
)
_WORD = re.compile(r"\S+")
_PICTURES = 0x1F000  # the first character of the planes with pictures
_LONGEST_SAID = 1_000  # characters; longer thanks say something else too
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


def short_answer(words: str, people: Sequence[str] = (), *, asked: bool = False) -> Short | None:
    """
    The short answer, if a resident's words are nothing but thanks or a score; None for everything else.

    "2 – the leak is back" and "Thanks. The leak is back" are letters. In doubt it is a letter: it is better to reopen a case
    too many than to overlook a letter.

    Args:
        people: names and addresses that may stand in the words as a greeting or signature.
        asked: they answer our question whether that settled it, and how we did. Then a yes to it is thanks (E28).
    """
    words = _counted(words)
    score = score_of(words)
    match = _SCORE.match(words)
    rest = match["rest"] if score and match else words
    if not score and asked and (named := _OF_NUMBERS.get(_plain(words).partition(" ")[0])):
        score, rest = named, words.lstrip(" \t\n*").partition(" ")[2]
    said = _said(rest, people, asked=asked)
    if score:
        return Short("score", score) if said is not None or (asked and word_score(rest)) else None
    return Short("thanks") if said else None


def _counted(words: str) -> str:
    """The words, in which a first line of stars is their number."""
    found = _STARS.match(words)
    if found is None:
        return words
    number = len(found[2]) if found[2] else len(re.findall("[⭐★🌟]", found[0]))
    return f"{number}{words[found.end() :]}"


def score_of(words: str) -> int:
    """The score, from 1 to 5, that a resident's words begin with. 0 for other digits: a house number, a time, a list."""
    words = _counted(words)
    match = _SCORE.match(words)
    if match is None:
        return 0
    mark, rest = (match["mark"] or "").strip(), match["rest"]
    alone = (
        not rest.strip()
        or rest.startswith("\n")
        or words.strip()[1:].lstrip().lower().startswith(("out of 5", "/5", "/ 5", "*", "⭐", "★"))
    )
    separated = bool(mark) and mark[-1] in "-–—:,!" and rest[:1].isspace() and not rest.strip()[:1].isdigit()
    thanked = rest[:1].isspace() and bool(_THANKS.match(_plain(rest)) or word_score(rest))
    return int(match["score"]) if alone or separated or thanked else 0


def word_score(words: str) -> int:
    """The score, from 1 to 5, of a word or two that answer "how did we do?", such as "very good"; 0 for anything else."""
    said = _plain(words)
    return next((score for score, pattern in _WORD_SCORES.items() if pattern.fullmatch(said)), 0)


def is_signature(words: str, people: Sequence[str]) -> bool:
    """Whether the words are only thanks, greetings and names, as in a signature. True if there are no words."""
    return _said(words, people) is not None


def _said(text: str, people: Sequence[str], *, asked: bool = False) -> bool | None:
    """Whether the text says thanks, or yes if that was asked; None if it says anything except these, pleasantries and names."""
    if "?" in text:
        return None
    signs = _SIGNS.search(text)
    text = _SIGNS.sub(" ", text)
    if any(ord(char) >= _PICTURES for char in text):
        return None  # other signs say something else
    known = [word for one in people for word in re.findall(r"\w+", folding.plain(one[:_LONGEST_NAME]))]
    said, at, thanked = _plain(text), 0, bool(signs)
    if len(said) > _LONGEST_SAID:
        return None
    while at < len(said):
        if (match := _THANKS.match(said, at)) or (asked and (match := _SETTLED.match(said, at))):
            thanked = True
        elif not (match := _PLEASANT.match(said, at)):
            match = _WORD.match(said, at)
            if match is None or not _names(match[0], known):
                return None
        at = match.end() + 1
    return thanked


def _plain(text: str) -> str:
    """The words alone, in lower case, without accents and punctuation."""
    return " ".join(re.findall(r"[\w\u0980-\u09ff]+", folding.plain(text)))


def _names(word: str, known: Sequence[str]) -> bool:
    """Whether a word is one of the names, the beginning of one, such as an initial, or a piece of the address."""
    return word.isalpha() and any(one.startswith(word) or (len(word) > 2 and word in one) for one in known)

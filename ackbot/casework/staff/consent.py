"""Reads what a member of staff answers to a question of ours in their own words: yes, no, or something else (behaviour.md §4.2)."""

import re
from collections.abc import Sequence
from typing import Literal

from ackbot.casework.model import HeldWords
from ackbot.casework.staff.request import Request, unsigned
from ackbot.mail import folding

SENT = "SENT"  # the command of a row that asks whether a copy is somebody's answer; the others ask SEND or KEEP
NAME = 8  # characters of the name by which SEND and KEEP mean held words
_LONGEST = 200  # characters; a longer answer is neither yes nor no
# Words that say nothing to the question, behind a command or beside yes and no.
_FILLER = frozenset(
    ["thanks", "thank", "thankyou", "thx", "you", "please", "pls", "cheers", "ta", "hi", "hello", "ackbot", "now"]
)
_THESE = frozenset(
    ["it", "them", "this", "that", "these", "those", "both", "all", "yes", "ok", "okay", "words", "mine", "the"]
)


def _answers(*longest_first: str) -> re.Pattern[str]:
    """
    One answer, or several in a row: "yes i did".

    Each is taken as long as it goes, and never anew: words that are two answers in two ways would double the time each (E1).
    """
    one = "|".join(longest_first)
    return re.compile(rf"(?>(?:{one})(?: |$))+")


_IT = r"(?:it|this|that|the)(?: (?:e ?mail|mail|message|letter|answer|reply))?"
_YES = r"(?:yes|yep|yeah|yup|correct|indeed|true|definitely)"
_NO = r"(?:no|nope|never)"
_WROTE = r"(?:write|wrote|written|send|sent)"
_SENT_YES = _answers(
    rf"(?:i|he|she|they) (?:did|have)(?: {_WROTE})?(?: {_IT})?(?: myself)?",
    rf"(?:i|he|she|they) (?:wrote|sent)(?: {_IT})?(?: myself)?",
    rf"{_IT}(?: (?:was|is)| s) (?:me|mine|my own|right|correct|true)",
    rf"sent(?: {_IT})?|mine|me|{_YES}",
)
_SENT_NO = _answers(
    r"not (?:me|mine|by me|from me)|(?:it|this|that) s not (?:me|mine|from me|by me)",
    rf"(?:(?:i|he|she|they) )?(?:did not|didn t|never|have not|haven t)(?: {_WROTE})?(?: {_IT})?",
    rf"{_IT} (?:is not|isn t|was not|wasn t) (?:me|mine|by me|from me|him|her|them)",
    rf"(?:{_IT} (?:is|was|s) )?(?:forged|fake|a fake|a forgery)|{_NO}",
)
# To a question that asks for exactly this, and for nothing else. Said anywhere else they may mean anything.
_AGREES = _answers(
    r"(?:that s |that is |all )?(?:ok(?:ay|ey)?|k|fine|good|great|perfect|right)(?: (?:by|with) me)?",
    r"sure|agreed?|approved?|confirmed?",
    r"do(?: (?:it|so|that|this))?|go(?: for it)?|ja|jo|jawohl|oui|si|ie|iawn|tak|da|evet|haan|ji|absolutely|of course|certainly",
    r"i (?:agree|approve|confirm|do)|happy with (?:that|this|it)|looks? (?:ok(?:ay)?|good|fine)",
)
_DECLINES = _answers(r"na|nage|nein|non|nie|nu|hayir|better not|rather not|not (?:now|yet)|stop(?: it)?|leave it")
_THUMBS = str.maketrans(dict.fromkeys(map(ord, "👍✅✔☑👌🆗"), " yes ") | dict.fromkeys(map(ord, "👎❌✖🚫"), " no "))
_REACTED = re.compile(r"\breacted\b", re.IGNORECASE)
_HELD_YES = _answers(
    r"(?:do )?send(?: (?:it|them|this|that))?(?: (?:out|on|off|anyway|as it is|to (?:him|her|them)))?",
    rf"(?:it|they) (?:may|can|should) go(?: out)?|go ahead|{_YES}",
)
_HELD_NO = _answers(
    r"keep(?: (?:it|them|this|that))?(?: (?:in|inside|internal))?",
    rf"(?:do not|don t) send(?: (?:it|them|this|that))?|cancel(?: it)?|{_NO}",
)


def asked_about(request: Request) -> list[HeldWords]:
    """
    The words of this person in this case whose question the mail answers.

    It answers the question itself, or names its words; or a link or a digest led to it, and then only "yes" and "no" about
    somebody's copy count, because the mail may be about anything.
    """
    message, ours = request.seen.message, request.facts.ours.values()
    waiting = [one for one in request.facts.held if one.code == request.case.code]
    ids = {token.message_id for token in message.answers}
    asked = [one.text for one in ours if one.kind == "ask-back"]
    found = [one for one in waiting if one.asked_by in ids or any(name_of(one.asked_by) in text for text in asked)]
    if found or (message.answers and not any(one.kind == "digest" for one in ours)):
        return found
    copies = [one for one in waiting if one.command == SENT]
    return copies if request.inside and meaning(request, SENT) else []


def name_of(asked_by: str) -> str:
    """The name by which SEND and KEEP mean held words: eight characters of the Message-ID that asked about them."""
    return asked_by.partition("@")[0].rpartition(".")[2][:NAME].lower()


def meaning(request: Request, command: str, *, exactly: bool = False) -> Literal["yes", "no", ""]:
    """Whether the words say yes or no to the question of a row with this command; "" if they say something else."""
    return said_in(unsigned(request, request.reading.text), command, exactly=exactly)


def said_in(text: str, command: str, *, exactly: bool = False) -> Literal["yes", "no", ""]:
    """
    What a text says to that question; see `meaning`.

    Args:
        exactly: the mail answers this one question and no other, so that "OK", "Ja" and a thumb are answers to it.
    """
    if len(text) > _LONGEST or _REACTED.search(text) or "?" in text:
        return ""
    said = " ".join(word for word in _plain(text.translate(_THUMBS)) if word not in _FILLER)
    if command == SENT:
        return "no" if _SENT_NO.fullmatch(said) else "yes" if _SENT_YES.fullmatch(said) else ""
    if _HELD_NO.fullmatch(said) or (exactly and _DECLINES.fullmatch(said)):
        return "no"
    return "yes" if _HELD_YES.fullmatch(said) or (exactly and _agrees(said)) else ""


def _agrees(said: str) -> bool:
    """Whether every word of an answer agrees: "yes that is fine"."""
    rest = _HELD_YES.sub("", said) if _HELD_YES.match(said) else said
    return bool(_AGREES.fullmatch(rest.strip()))


def only_answers(request: Request) -> bool:
    """Whether the words are nothing but a yes or a no, to whatever: never a letter, and never a remark worth keeping."""
    return bool(said_in(unsigned(request, request.reading.text), "", exactly=True))


def is_filler(text: str, more: Sequence[str] = ()) -> bool:
    """Whether the words behind SEND or KEEP mean nothing of their own: "it please", "them, thanks"."""
    return set(_plain(text)) <= _FILLER | _THESE | set(more)


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", folding.plain(text))

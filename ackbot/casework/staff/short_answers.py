"""Plain words that mean TAKE, or that decline a case, in answer to a mail that asks for one of them (behaviour.md §4.3)."""

import re
from collections.abc import Sequence

from ackbot.casework.incoming import thanks
from ackbot.mail import folding, replies

_POLITE = r"(?:(?:ok|okay|yes|yep|right|sure|fine|thanks|thank you|cheers|hi|hello|sorry)\b[\s,.!:–—-]*)*"
_TAKING = (
    r"(?:(?:i|we)(?: (?:will|am|have))?(?: (?:now|just))? |i?ll |i?m |i?ve )?"
    r"(?:(?:take|taken|taking)(?: (?:it|this|that|this one|that one|the case|the alarm|care of it))?|on it|on this)(?: now)?"
)
_TAKES = re.compile(rf"{_POLITE}{_TAKING}(?:[\s,.!:–—-]+{_POLITE})?[\s.!]*")
_NOT = r"(?:not|no longer|never|isn ?t|is not|aren ?t)"
_DECLINES = re.compile(
    rf"{_POLITE}(?:no(?:\s*$|\s*[,.;:!–—-]|\s+(?:thanks|thank you|sorry|not|this|it|i|we)\b)|"
    rf"(?:(?:this|it|that)(?: one)?(?:s| is)? )?{_NOT} (?:really )?(?:mine|ours|my|our|for (?:me|us))\b|"
    r"(?:(?:i|we) )?(?:(?:am |are )?afraid )?(?:(?:i|we) )?(?:can ?not|cant|can t|won ?t|will not|do not|don ?t|am not able to|"
    r"are not able to) (?:take|do|have|want)\b|(?:(?:i|we) )?declined?\b)"
)


def takes(words: str, people: Sequence[str]) -> bool:
    """
    Whether the words say no more than that their author takes it: "On it", "Ok, take it", "Taken, thanks". Thanks, greetings
    and a signature may stand below. "I take it that you know?" says something else.

    Args:
        people: names and titles that a signature may hold.
    """
    first, _, rest = replies.unsigned(words).partition("\n")
    plain = re.sub(r"['’]", "", folding.plain(first)).strip(" *_>\t")
    return bool(_TAKES.fullmatch(plain)) and thanks.is_signature(rest, people)


def declines(words: str) -> bool:
    """Whether the words begin by declining a case: "No, not mine", "Not ours", "Sorry, I can't take it". Not "no problem"."""
    plain = re.sub(r"['’]", "", folding.plain(words.strip().partition("\n")[0])).strip(" *_>\t")
    return bool(_DECLINES.match(plain))

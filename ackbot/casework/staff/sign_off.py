"""Whether a member of staff wrote any words: a sign-off and a signature are none (behaviour.md §4.2, §4.3)."""

import re
from collections.abc import Sequence

from ackbot.casework.incoming import thanks
from ackbot.mail import debris, folding, replies
from ackbot.mail.signatures import LONGEST_SIGNATURE

_CLOSING = re.compile(
    r"[\s*_]*(?:(?:many |with )?(?:thanks|thank you),?\s+(?:and\s+)?)?(?:(?:with|my)\s+)*"
    r"(?:(?:kind(?:est)?|best|warm(?:est)?|many)\s+)*"
    r"(?:regards|wishes|best|yours(?:\s+(?:sincerely|faithfully|truly))?|sincerely)[\s,.!*_]*",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\||@|\bwww\.|https?://|\b(?:tel|phone|mobile|mob|direct|fax|email)\b|\d[\d \t()-]{6,}\d", re.IGNORECASE
)
_SMALL = 3  # letters; shorter words, such as "of", may stand in lower case in a title or an address
_LONGEST_LINE = 120  # characters


def without(words: str, names: Sequence[str], resident: Sequence[str]) -> str:
    """
    The words without signature and device line; "" if nothing but greetings, thanks, a sign-off and a signature is left.

    They are only judged by this, and never sent like this. Thanks to the resident by name are words.

    Args:
        names: names of the writer, the job title, the team, the service and the council.
        resident: names of the resident, who may be greeted.
    """
    greeted = above(words, names)
    if thanks.is_signature(greeted, names):
        return ""
    everybody = (*names, *resident)
    thanked = thanks.short_answer(greeted, everybody)
    return "" if thanks.is_signature(greeted, everybody) and thanked is None else replies.unsigned(words)


def above(words: str, names: Sequence[str]) -> str:
    """The words above the sign-off, without markings such as "OFFICIAL" and without blank lines."""
    lines = [line for line in replies.unsigned(words).split("\n") if line.strip() and not debris.is_label(line)]
    return "\n".join(lines[: _signed_from(lines, names)])


def _signed_from(lines: Sequence[str], names: Sequence[str]) -> int:
    """
    The number of the line with which the signature begins, which runs to the end; the number of lines if there is none.

    Below "Best regards" any few lines are a signature. Below the writer's name alone they are one if each looks like a title,
    an address or a number.
    """
    for index, line in enumerate(lines):
        below = lines[index + 1 :]
        if len(below) > LONGEST_SIGNATURE:
            continue
        if _CLOSING.fullmatch(line):
            return index
        if _is_name(line, names) and all(map(_is_detail, below)):
            return index
    return len(lines)


def _is_name(line: str, names: Sequence[str]) -> bool:
    """Whether a line is nothing but names of the writer, the first perhaps by its initial."""
    known = {word for one in names for word in _words(one)}
    said = _words(line)
    return not known.isdisjoint(said) and all(
        one in known or (len(one) == 1 and any(word.startswith(one) for word in known)) for one in said
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", folding.plain(text))


def _is_detail(line: str) -> bool:
    """Whether a line looks like a job title, a name, an address or a number, and not like a sentence."""
    if len(line) > _LONGEST_LINE:
        return False
    long = [word for word in re.findall(r"[^\W\d_]+", line) if len(word) > _SMALL]
    titled = all(word[0].isupper() for word in long) and not re.search(r"[.!?]\s*$", line)
    return titled or bool(_CLOSING.fullmatch(line)) or bool(_CONTACT.search(line))

"""Letters that cannot wait: words of danger, in the words of the letter itself (domain.md §8)."""

import re
from collections.abc import Iterable

from ackbot.casework.council import Urgent
from ackbot.casework.routing import folded

CATEGORIES = ("life", "self-harm", "abuse", "at-risk", "fire", "gas", "structure", "homeless-tonight", "no-heating", "damp-and-child")
# Their letters are answered without subject and date whatever else is configured (behaviour.md §3.9).
SENSITIVE = frozenset({"self-harm", "abuse", "at-risk"})


def pattern(lines: Iterable[str]) -> re.Pattern[str]:
    """
    One pattern for the lines of a word list; whole words, accents and case ignored, negation too (better too many).

    `a + b` on a line means both words within the letter; `#` starts a comment.
    """
    alternatives = []
    for line in lines:
        line = line.partition("#")[0].strip()
        if not line:
            continue
        words = [rf"(?<!\w){_word(part)}(?!\w)" for part in line.split("+")]
        alternatives.append(words[0] if len(words) == 1 else r"\A" + "".join(rf"(?=.*?{word})" for word in words))
    return re.compile("|".join(f"(?:{one})" for one in alternatives) or r"(?!)", re.DOTALL)


def _word(text: str) -> str:
    """`*` stands for any ending of a word."""
    return re.escape(folded(text)).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace("'", "['’]?")


def categories(text: str, urgent: Urgent) -> tuple[str, ...]:
    """The categories whose words stand in a letter's newly written text, in the order of CATEGORIES."""
    haystack = folded(text)
    return tuple(name for name in CATEGORIES if name in urgent.words and urgent.words[name].search(haystack))

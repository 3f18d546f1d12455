"""
Finds the words that a colleague wrote in reply to a mail of ours, so that they may be sent to a resident (behaviour.md §4.2).

We know the text of our mail. Only what is surely quoted is cut, and doubtful words are reported as doubtful.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from ackbot.mail import quoting
from ackbot.mail.signatures import LONGEST_SIGNATURE

_LINK = re.compile(r"<?\b(?:mailto|https?):\S+", re.IGNORECASE)
_FENCE = r"--\s*+(?:%s)"  # the last two of any number of dashes
_RULE = re.compile(r"[ \t>]*[-_=*]{2,}[ \t]*")
_DEVICE = re.compile(r"(?:sent from (?:my|outlook|mail|yahoo|samsung)|get outlook for)\b.{0,40}", re.IGNORECASE)
_PICTURE = re.compile(r"\[(?:cid:|image|logo)[^\]\n]*\]", re.IGNORECASE)
_MARKS = re.compile(r"^[>\s|]+")
_HEADER_LINE = re.compile(r"[ \t>*]*[^\W\d]+\**[ \t]?[:：]\**[ \t]*\S")
_LOOKED_UP = 2_000  # different lines of an answer that are searched for in our mail
_TRIED = 50  # places that are tried as the start of the quotation; beyond them the reply counts as doubtful
_LONG = 4  # words; a line this long may match anywhere in our mail, a shorter one only right after the line before it


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A reply, cut at its fence.

    Args:
        words: the text above the fence and the quotation, unchanged.
        below: below the fence there are words that are not from our mail.
        doubtful: a part of `words` looks like another mail.
    """

    words: str
    below: bool
    doubtful: bool


def read(text: str, fences: Sequence[str], original: str) -> Answer:
    """
    The new words of a reply.

    Args:
        fences: how fence lines begin, in every language in which we write to staff.
        original: the text of our mail that it answers; "" if unknown, and then only lines marked `>` are surely quoted.
    """
    above, below = _at_fence(text, fences)
    start = _quotation(above, original)
    words = above[:start].strip()
    if not below and start == len(above):
        words = _under_quotation(above, original)
    lines = words.split("\n")
    doubtful = bool(quoting.heads(words)) or any(line.startswith(">") for line in lines)
    return Answer(words, foreign(below, original), doubtful)


def unsigned(words: str) -> str:
    """The words without signature and device line, to see whether anything was said. These words are never sent."""
    lines = words.rstrip().split("\n")
    for index, line in enumerate(lines):
        if line.rstrip() == "--" and len(lines) - index - 1 <= LONGEST_SIGNATURE:
            lines = lines[:index]
            break
    while lines and (not lines[-1].strip() or _DEVICE.fullmatch(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip()


def _at_fence(text: str, fences: Sequence[str]) -> tuple[str, str]:
    """The text above the first fence line, and the text from that line on. Without a fence, all text is above."""
    pattern = re.compile(_FENCE % "|".join(re.escape(" ".join(fence.casefold().split())) for fence in fences))
    position = 0
    for line in text.split("\n") if fences else ():
        if pattern.search(" ".join(line.casefold().split())):
            return text[:position], text[position:]
        position += len(line) + 1
    return text, ""


def _quotation(text: str, original: str) -> int:
    """
    The place where the quotation starts that runs to the end; the text's length if there is none.

    It starts at a client's head, at a line marked `>`, or at the first line of our mail.
    """
    first = next(filter(None, map(_said, original.split("\n"))), "")
    lines, clients, known = text.split("\n"), _client_lines(text), _Known(original)
    heads = {start for start, _ in _head_lines(text)}
    said = [_said(_MARKS.sub("", line)) for line in lines]
    needles = _needles(lines, said, clients)
    starts = [
        number
        for number, line in enumerate(lines)
        if number in heads or line.startswith(">") or (first and said[number] == first)
    ]
    for start in starts[:_TRIED]:
        if not _strange(lines, needles, start, known):
            return _without_rule("\n".join(lines[:start]))
    return len(text)


def _without_rule(text: str) -> int:
    """The length of the text without rules and blank lines at its end, which belong to the quotation below."""
    lines = text.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _RULE.fullmatch(lines[-1])):
        lines.pop()
    return len("\n".join(lines))


def _under_quotation(text: str, original: str) -> str:
    """
    The words below the quotation, if all text above them is surely quoted; else the whole text.

    Without a fence, people may also answer below the quotation.
    """
    lines = text.split("\n")
    marked = [index for index, line in enumerate(lines) if line.startswith(">")]
    if marked and not foreign("\n".join(lines[: marked[-1] + 1]), original):
        return "\n".join(lines[marked[-1] + 1 :]).strip()
    return text.strip()


def foreign(text: str, original: str) -> bool:
    """
    Whether a text holds words from elsewhere.

    Not foreign are lines marked `>`, lines of our mail in their order, lines that mail clients write, and signatures.
    """
    lines = text.split("\n")
    said = [_said(_MARKS.sub("", line)) for line in lines]
    return _strange(lines, _needles(lines, said, _client_lines(text)), 0, _Known(original))


class _Known:
    """The words of our mail, searchable by the words of a line."""

    def __init__(self, original: str) -> None:
        self.words = f" {_said(original)} "
        self._found: dict[str, int] = {}

    def find(self, words: str) -> int:
        """
        The place of these words in our mail; -1 if they are not there.

        Also -1 after `_LOOKED_UP` different lines, because each costs a search through our mail (E1).
        """
        if words not in self._found:
            self._found[words] = self.words.find(words) if len(self._found) < _LOOKED_UP else -1
        return self._found[words]


def _needles(lines: Sequence[str], said: Sequence[str], clients: set[int]) -> list[str]:
    """
    The words of each line with a blank around, as they are looked for in our mail; "" for a line that need not be of our mail.

    They are made once for all places where a quotation may begin (E1).

    Args:
        said: the words of each line.
        clients: the numbers of the lines that clients wrote.
    """
    return [
        ""
        if not words or index in clients or _DEVICE.fullmatch(line.strip()) or _PICTURE.fullmatch(line.strip())
        else f" {words} "
        for index, (line, words) in enumerate(zip(lines, said, strict=True))
    ]


def _strange(lines: Sequence[str], needles: Sequence[str], start: int, known: _Known) -> bool:
    """Like `foreign`, for the lines from `start` on."""
    at = 0
    signed = len(lines) - 1 - LONGEST_SIGNATURE
    for index in range(start, len(lines)):
        line, needle = lines[index], needles[index]
        # A signature is not foreign, unless quoted lines follow it: then the words between them are somebody's.
        if index >= signed and line.rstrip() == "--":
            return any(one.startswith(">") for one in lines[index:])
        if not needle:
            continue
        # Short lines, such as "Thank you", stand in many mails, so they count as ours only in their place.
        found = at if known.words.startswith(needle, at) else -1
        if found < 0 and needle.count(" ") > _LONG:
            found = known.find(needle)
        if found >= 0:
            at = found + len(needle) - 1
        elif not line.startswith((">", "|")):
            return True
    return False


def _client_lines(text: str) -> set[int]:
    """The numbers of the lines that clients put over quotations: heads, and header lines up to the next blank line."""
    found: set[int] = set()
    lines = text.split("\n")
    reached = 0  # the last header line seen, so that each line is read once, however many heads there are (E1)
    for first, last in _head_lines(text):
        found.update(range(first, last + 1))
        if _HEADER_LINE.match(lines[last]):
            reached = max(reached, last)
            while reached + 1 < len(lines) and lines[reached + 1].strip():
                reached += 1
                found.add(reached)
    return found


def _head_lines(text: str) -> list[tuple[int, int]]:
    """The numbers of the first and last line of each of `quoting.heads`."""
    ends = list(accumulate(len(line) + 1 for line in text.split("\n")))
    return [(bisect(ends, start), bisect(ends, end)) for start, end in quoting.heads(text)]


def _said(text: str) -> str:
    """The words alone, case folded, without punctuation and links."""
    return " ".join(re.findall(r"\w+", _LINK.sub(" ", text.casefold())))

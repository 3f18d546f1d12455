"""
What somebody wrote in answer to a mail of ours, whose words we know, and where it may go out: nothing is cut but what is
surely quoted, and what is doubtful is said to be (behaviour.md §4.2).
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from ackbot.mail import quoting

_LINK = re.compile(r"<?\b(?:mailto|https?):\S+", re.IGNORECASE)
_FENCE = r"--\s*+(?:%s)"  # two dashes of however many
_RULE = re.compile(r"[ \t>]*[-_=*]{2,}[ \t]*")
_DEVICE = re.compile(r"(?:sent from (?:my|outlook|mail|yahoo|samsung)|get outlook for)\b.{0,40}", re.IGNORECASE)
_PICTURE = re.compile(r"\[(?:cid:|image|logo)[^\]\n]*\]", re.IGNORECASE)
_MARKS = re.compile(r"^[>\s|]+")
_HEADER_LINE = re.compile(r"[ \t>*]*[^\W\d]+\**[ \t]?[:：]\**[ \t]*\S")
_LOOKED_UP = 2_000  # different lines of an answer that are looked for in our mail
_LONGEST_SIGNATURE = 15  # lines below "--"
_TRIED = 50  # places where a quotation may begin; a text with more of them is asked about
_LONG = 4  # words of a line that is known wherever it stands in our mail; a shorter one only in its place


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A reply cut at its fence.

    Args:
        words: what stands above the fence and the quotation, unchanged.
        below: words stand below it that are not of our mail.
        doubtful: something in `words` looks like another mail.
    """

    words: str
    below: bool
    doubtful: bool


def read(text: str, fences: Sequence[str], original: str) -> Answer:
    """
    The new words of a reply.

    Args:
        fences: the words that fence lines begin with, in every language we write to staff in.
        original: the text of our mail that it answers; "" if not known: then only lines marked `>` are surely quoted.
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
    """Words without signature and device line: what tells an answer from none. Never what is sent."""
    lines = words.rstrip().split("\n")
    for index, line in enumerate(lines):
        if line.rstrip() == "--" and len(lines) - index - 1 <= _LONGEST_SIGNATURE:
            lines = lines[:index]
            break
    while lines and (not lines[-1].strip() or _DEVICE.fullmatch(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip()


def _at_fence(text: str, fences: Sequence[str]) -> tuple[str, str]:
    """What stands above the first fence line, and from it on; without a fence, all is above."""
    pattern = re.compile(_FENCE % "|".join(re.escape(" ".join(fence.casefold().split())) for fence in fences))
    position = 0
    for line in text.split("\n") if fences else ():
        if pattern.search(" ".join(line.casefold().split())):
            return text[:position], text[position:]
        position += len(line) + 1
    return text, ""


def _quotation(text: str, original: str) -> int:
    """Where the quotation begins that runs to the end: at a client's line over it, marked lines, or our first line."""
    first = next(filter(None, map(_said, original.split("\n"))), "")
    lines, clients, known = text.split("\n"), _client_lines(text), _Known(original)
    heads = {start for start, _ in _head_lines(text)}
    said = [_said(_MARKS.sub("", line)) for line in lines]
    starts = [
        number
        for number, line in enumerate(lines)
        if number in heads or line.startswith(">") or (first and said[number] == first)
    ]
    for start in starts[:_TRIED]:
        if not _strange(lines, said, start, clients, known):
            return _without_rule("\n".join(lines[:start]))
    return len(text)


def _without_rule(text: str) -> int:
    """A rule or blank line just above belongs to the quotation."""
    lines = text.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _RULE.fullmatch(lines[-1])):
        lines.pop()
    return len("\n".join(lines))


def _under_quotation(text: str, original: str) -> str:
    """Without a fence, an answer below the quotation is one too: all above it must surely be quoted."""
    lines = text.split("\n")
    marked = [index for index, line in enumerate(lines) if line.startswith(">")]
    if marked and not foreign("\n".join(lines[: marked[-1] + 1]), original):
        return "\n".join(lines[marked[-1] + 1 :]).strip()
    return text.strip()


def foreign(text: str, original: str) -> bool:
    """Whether anything in a text is neither marked as quoted, nor of our mail in its order, nor a client's or a signature."""
    lines = text.split("\n")
    said = [_said(_MARKS.sub("", line)) for line in lines]
    return _strange(lines, said, 0, _client_lines(text), _Known(original))


class _Known:
    """The words of our mail, and where in it those of a line stand."""

    def __init__(self, original: str) -> None:
        self.words = f" {_said(original)} "
        self._found: dict[str, int] = {}

    def find(self, words: str) -> int:
        """-1 for none, and for more lines than anybody quotes: each costs a look through our mail (E1)."""
        if words not in self._found:
            self._found[words] = self.words.find(words) if len(self._found) < _LOOKED_UP else -1
        return self._found[words]


def _strange(lines: Sequence[str], said_in: Sequence[str], start: int, clients: set[int], known: _Known) -> bool:
    """
    As `foreign`, of the lines from `start` on.

    Args:
        said_in: the words of each line.
        clients: the numbers of those that clients wrote.
    """
    at = 0
    for index in range(start, len(lines)):
        line = lines[index]
        if line.rstrip() == "--" and len(lines) - index - 1 <= _LONGEST_SIGNATURE:
            return any(one.startswith(">") for one in lines[index:])
        said = said_in[index]
        if not said or index in clients or _DEVICE.fullmatch(line.strip()) or _PICTURE.fullmatch(line.strip()):
            continue
        needle = f" {said} "
        found = at if known.words.startswith(needle, at) else -1
        if found < 0 and said.count(" ") >= _LONG - 1:
            found = known.find(needle)
        if found >= 0:
            at = found + len(needle) - 1
        elif not line.startswith((">", "|")):
            return True
    return False


def _client_lines(text: str) -> set[int]:
    """Numbers of the lines that clients put over quotations: attributions, and header lines up to the next blank line."""
    found: set[int] = set()
    lines = text.split("\n")
    reached = 0  # lines up to there are looked at once, however many heads stand in them
    for first, last in _head_lines(text):
        found.update(range(first, last + 1))
        if _HEADER_LINE.match(lines[last]):
            reached = max(reached, last)
            while reached + 1 < len(lines) and lines[reached + 1].strip():
                reached += 1
                found.add(reached)
    return found


def _head_lines(text: str) -> list[tuple[int, int]]:
    """As `quoting.heads`, the numbers of the first and last line of each."""
    ends = list(accumulate(len(line) + 1 for line in text.split("\n")))
    return [(bisect(ends, start), bisect(ends, end)) for start, end in quoting.heads(text)]


def _said(text: str) -> str:
    """The words alone: no case, marks, links."""
    return " ".join(re.findall(r"\w+", _LINK.sub(" ", text.casefold())))

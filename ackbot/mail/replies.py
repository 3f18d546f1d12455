"""
Finds the words that a colleague wrote in reply to a mail of ours, so that they may be sent to a resident (behaviour.md §4.2).

We know the words of our mail as they were sent. A line below is ours if all its words stand in our mail in that order,
however a client wrapped, joined, marked or linked it; besides, clients and servers add lines that are nobody's words. All
other lines are a person's, and only what is surely quoted is cut.
"""

import re
from bisect import bisect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Literal

from ackbot.mail import debris, quoting
from ackbot.mail.signatures import LONGEST_SIGNATURE

_LINK = re.compile(r"<(?:mailto|https?):[^<>\s]*+>|\b(?:mailto|https?):[^\s<>]++", re.IGNORECASE)
_FENCE = r"(?:--|[—–])\s*+(?:%s)"  # the last two of any number of dashes
_MARKS = re.compile(r"^[>\s|]+")
_HEADER_LINE = re.compile(r"[ \t>*_]*+[^\W\d_]{1,20}(?:[ \t][^\W\d_]{1,20}){0,2}[*_]*[ \t]?[:：]")
_TELLING = re.compile(r"[^\s<>@]@[^\s<>@]|\d{1,2}[:.]\d{2}\b")  # what a client's line over a quotation holds
_SIGN = re.compile(
    "[ \\t]{0,4}[👍👎👌✅✔❌✖🆗🙏🙂😊❤][👍👎👌✅✔❌✖🆗🙏🙂😊❤\ufe0f\U0001f3fb-\U0001f3ff \\t]{0,8}"
)  # a sign alone says something
_HEADER_LINES = 2  # at least so many stand in a block that a client put over a quotation
_HEAD_LINES = 3
_QUOTED = frozenset({"head", "first", "ours", "quoted"})  # whose lines are a quotation's
_WINDOW = 4  # words; so many in a row are found anywhere in our mail, fewer only right behind those found before
_CITED = 25  # words of a mail of ours; more of them are no citation
_PLACES = 8  # places of one window in our mail that are remembered


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A reply, cut at its fence.

    Args:
        words: the text above the fence and the quotation, without what clients and servers put into it.
        below: below the fence there are words that are not from our mail.
        doubtful: a part of `words` looks like another mail.
        pictures: the pictures that the words show, each by its Content-ID or its file name, with the place in `words`.
        under: paragraphs below all that is quoted which are not from our mail; a server may have put them there.
    """

    words: str
    below: bool
    doubtful: bool
    pictures: tuple[tuple[str, int], ...] = ()
    under: tuple[str, ...] = ()


def read(text: str, fences: Sequence[str], original: str, learned: Collection[str] = ()) -> Answer:
    """
    The new words of a reply.

    Args:
        fences: how fence lines begin, in every language in which we write to staff.
        original: the text of our mail that it answers; "" if unknown, and then only lines marked `>` are surely quoted.
        learned: paragraphs that the council's own servers put into its mails, each as `debris.folded` gives it.
    """
    lines = debris.untopped(text, learned).split("\n")
    whose = _whose(lines, original, learned)
    fence = _at_fence(lines, fences)
    end = len(lines) if fence is None else fence
    start = _quotation(lines, whose, end)
    words = "\n".join(lines[:start]).strip()
    if fence is None and not set(whose[start:end]) & _QUOTED:
        words = _under_quotation(lines, whose) or words
    words, pictures = debris.tidied(debris.unfooted(words, learned))
    doubtful = (
        bool(quoting.heads(words))
        or "first" in whose[:start]  # they stand within our mail, under its first line
        or any(line.startswith(">") for line in words.split("\n"))
    )
    return Answer(words, _foreign(lines, whose, end), doubtful, pictures, tuple(_under(lines, whose, end)))


def ours_in(text: str, original: str) -> tuple[bool, ...]:
    """
    Of each line: whether it is of our mail, whose text is `original`. None is if the text has less of our mail than anybody cites.

    For words that must not be lost: whatever is not ours to the word is kept.
    """
    said = [_said(_MARKS.sub("", line)) for line in text.split("\n")]
    found = [ours for ours, _ in _ours(said, _Original(_said(original)))]
    if sum(len(one) for one, ours in zip(said, found, strict=True) if ours) < _CITED:
        return (False,) * len(said)
    for number, one in enumerate(said[1:], 1):  # a link or a mark alone belongs to what stands above it
        found[number] = found[number] or (not one and found[number - 1])
    return tuple(found)


def unsigned(words: str) -> str:
    """The words without signature and device line, to see whether anything was said. These words are never sent."""
    lines = words.rstrip().split("\n")
    for index, line in enumerate(lines):
        if line.rstrip() == "--" and len(lines) - index - 1 <= LONGEST_SIGNATURE:
            lines = lines[:index]
            break
    while lines and (not lines[-1].strip() or debris.is_device(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip()


def quoted(
    text: str, fences: Sequence[str], original: str, writers: Collection[str]
) -> Literal["", "ours", "doubtful", "another"]:
    """
    Whose mail a reply quotes; "" if it quotes none.

    The client that quotes a mail names its writer in the head above it, and a stranger has no hand in that. A quotation that
    has our words under somebody else's head is doubtful: anybody can put our mail into theirs.

    Args:
        fences, original: as `read` has them.
        writers: what the head over a mail of ours names, case folded: our addresses and names.
    """
    lines = text.split("\n")
    whose = _whose(lines, original, ())
    known = _at_fence(lines, fences) is not None or not {"ours", "first"}.isdisjoint(whose)
    start = next((index for index, one in enumerate(whose) if one == "head"), None)
    if start is None:
        return "ours" if known else "another" if "quoted" in whose else ""
    head = list(takewhile(lambda index: whose[index] == "head", range(start, min(start + _HEAD_LINES, len(lines)))))
    from_ = next((index for index in head if "@" in lines[index]), head[-1])
    named = " ".join(lines[start : from_ + 1]).casefold()
    # Outlook leaves the writer's address out for people it knows; what stands behind "To:" is the reader's.
    of_writer = [line for line in lines[start : from_ + 1] if not any(one.match(line) for one in quoting.BLOCK_LINES)]
    addresses = [one.rstrip(".") for one in quoting.ADDRESS.findall(" ".join(of_writer).casefold())]
    # A stranger may be called as we are, or by an address of ours.
    if all(one in writers for one in addresses) if addresses else any(one in named for one in writers):
        return "ours"
    shown = any(one in ("person", "quoted") for one in whose[from_ + 1 :])  # a head alone quotes nothing
    return "doubtful" if known else "another" if shown else ""


def _at_fence(lines: Sequence[str], fences: Sequence[str]) -> int | None:
    """The number of the first fence line; None without a fence."""
    pattern = re.compile(_FENCE % "|".join(re.escape(" ".join(fence.casefold().split())) for fence in fences))
    found = (index for index, line in enumerate(lines) if pattern.search(" ".join(line.casefold().split())))
    return next(found, None) if fences else None


def _quotation(lines: Sequence[str], whose: Sequence[str], end: int) -> int:
    """
    The number of the line at which the quotation begins that runs to `end`; `end` if there is none.

    It begins at a client's head, at a line marked `>`, or at the beginning of our mail. Rules, device lines and footers just
    above belong to it.
    """
    top = end
    while top and whose[top - 1] != "person":
        top -= 1
    begins = [index for index in range(top, end) if whose[index] in ("head", "first") or lines[index].startswith(">")]
    ours = [index for index in range(top, end) if whose[index] == "ours"]
    if end < len(lines) and not begins:
        begins = [end]  # the fence itself is ours
    start = next(iter(begins or ours), end)
    while start > top and whose[start - 1] == "client":
        start -= 1
    return start


def _under_quotation(lines: Sequence[str], whose: Sequence[str]) -> str:
    """
    The words below the quotation, if all text above them is surely quoted; else "".

    Without a fence, people may also answer below the quotation.
    """
    marked = [index for index, line in enumerate(lines) if line.startswith(">")]
    if marked and "person" not in whose[: marked[-1] + 1]:
        return "\n".join(lines[marked[-1] + 1 :]).strip()
    return ""


def _under(lines: Sequence[str], whose: Sequence[str], end: int) -> list[str]:
    """The paragraphs below the last quoted line that are a person's or an unknown server's; none if nothing is quoted."""
    quoted = [index for index in range(end, len(lines)) if whose[index] in ("ours", "first", "quoted")]
    groups = _groups(whose[quoted[-1] :]) if quoted else ()
    return ["\n".join(lines[quoted[-1] + first : quoted[-1] + last]) for first, last in groups]


def _foreign(lines: Sequence[str], whose: Sequence[str], start: int) -> bool:
    """Whether a line from `start` on is a person's. A signature is not, unless quoted lines follow it."""
    signed = len(lines) - 1 - LONGEST_SIGNATURE
    for index in range(start, len(lines)):
        if index >= signed and lines[index].rstrip() == "--":
            return any(one.startswith(">") for one in lines[index:])
        if whose[index] == "person":
            return True
    return False


def _whose(lines: Sequence[str], original: str, learned: Collection[str]) -> list[str]:
    """
    Whose each line is: "ours", "first" if our mail begins with it, "head" for a client's lines over a quotation, "client" for
    what else clients and servers write and for blank lines, "picture" for the sign of a picture,
    "quoted" for another line marked `>`, "person" for the rest.
    """
    said = [_said(_MARKS.sub("", line)) for line in lines]
    found = ["person" if words or _SIGN.fullmatch(line) else "client" for words, line in zip(said, lines, strict=True)]
    for number, (ours, begins) in enumerate(_ours(said, _Original(_said(original)))):
        if ours:
            found[number] = "first" if begins else "ours"
    for index in _client_lines("\n".join(lines)):
        if found[index] == "person":
            found[index] = "head"
    for index, line in enumerate(lines):
        if found[index] == "person" and debris.is_device(line):
            found[index] = "client"
        elif found[index] == "person" and debris.is_picture(line):
            found[index] = "picture"
    for first, last in _groups(found):
        block = [_MARKS.sub("", line) for line in lines[first:last]]
        if debris.is_nobodys("\n".join(block), learned):
            found[first:last] = ["client"] * (last - first)
    _mark_heads(lines, found)
    return [
        "quoted" if one == "person" and lines[index].startswith((">", "|")) else one for index, one in enumerate(found)
    ]


def _groups(whose: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where runs of a person's lines begin and end. A blank line ends a run."""
    first = None
    for index, one in enumerate((*whose, "")):
        if one == "person" and first is None:
            first = index
        elif one != "person" and first is not None:
            yield first, index
            first = None


def _mark_heads(lines: Sequence[str], whose: list[str]) -> None:
    """
    Mark what clients put over our mail in languages that we do not know: header lines, or a line with an address or a time
    that ends in a colon, if nothing but blank lines and banners stands between them and our mail.
    """
    for first, last in reversed(list(_groups(whose))):
        below = next((one for one in whose[last:] if one != "client"), "")
        block = lines[first:last]
        # "On Monday, Edward wrote:" says nothing without what Edward wrote, and that was a quotation, or is gone.
        if "person" not in whose[last:] and len(block) <= _HEAD_LINES and quoting.says_wrote(" ".join(block)):
            whose[first:last] = ["head"] * (last - first)
            continue
        if below not in ("first", "head") or not any(map(_TELLING.search, block)):
            continue
        headers = [index for index in range(first, last) if _HEADER_LINE.match(lines[index])]
        if len(headers) >= _HEADER_LINES and all(_HEADER_LINE.match(line) for line in lines[headers[0] : last]):
            whose[headers[0] : last] = ["head"] * (last - headers[0])
        elif block[-1].rstrip(" \t*").endswith((":", "：")) and len(block) <= _HEAD_LINES:
            whose[first:last] = ["head"] * (last - first)


class _Original:
    """The words of our mail, and where each few of them in a row stand."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self._places: dict[tuple[str, ...], list[int]] = {}
        for index in range(len(words) - _WINDOW + 1):
            places = self._places.setdefault(tuple(words[index : index + _WINDOW]), [])
            if len(places) < _PLACES:
                places.append(index)

    def find(self, window: Sequence[str], at: int) -> int:
        """The place of these words, the first from `at` on if there is one; -1 if they are not there."""
        places = self._places.get(tuple(window), [])
        return next((place for place in places if place >= at), places[0] if places else -1)


def _ours(lines: Sequence[Sequence[str]], original: _Original) -> list[tuple[bool, bool]]:
    """
    Of each line: whether all its words are of our mail, and whether our mail begins there.

    Few words, such as "Thank you", stand in many mails. They count only right behind words that were found before, wherever
    a client broke the lines.
    """
    said = [word for line in lines for word in line]
    known, at, words = [False] * len(said), 0, original.words
    begins: set[int] = set()
    index = 0
    while index < len(said):
        if not 0 < at < len(words) or said[index] != words[at]:
            place = original.find(said[index : index + _WINDOW], at)
            if place < 0:
                index += 1
                continue
            at = place
        if not at:
            begins.add(index)
        known[index] = True
        at, index = at + 1, index + 1
    ends = list(accumulate(map(len, lines)))
    return [
        (bool(line) and all(known[end - len(line) : end]), any(one in begins for one in range(end - len(line), end)))
        for line, end in zip(lines, ends, strict=True)
    ]


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


def _said(text: str) -> list[str]:
    """The words alone, case folded, without punctuation and links."""
    return re.findall(r"[^\W_]+", _LINK.sub(" ", text.casefold()))

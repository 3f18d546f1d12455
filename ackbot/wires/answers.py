"""
The untagged answers of an IMAP server, each read by itself: one that cannot be understood costs no other (E30, E32).

The libraries give up a whole reply for one odd answer in it, and with it an inbox.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ackbot.wires.structure import MISSHAPEN

_FIRST_YEAR = 1990  # an internal date before it, such as 1 January 1970, is a server's way to say that it knows none
MOST_FOUND = 5_000_000  # UIDs in one answer to SEARCH; "1:4294967295" in an ESEARCH would fill the memory

Items = dict[bytes, Any]


def fetched(lines: Sequence[Any], parse: Callable[[list[Any]], Mapping[int, Items]]) -> dict[int, Items]:
    """
    What FETCH answers say, by UID: the items of each mail by name, in capitals.

    Left out are answers that have another shape than RFC 3501 §7.4.2 gives them, and those without UID, which nobody asked for.

    Args:
        lines: as imaplib collects them: a literal is a pair with the line before it, and what follows it comes next.
        parse: reads the lines of one answer; empty if they cannot be understood.
    """
    found: dict[int, Items] = {}
    for answer in _answers(lines):
        for items in parse(answer).values():
            if isinstance(uid := items.get(b"UID"), int):
                found.setdefault(uid, {}).update(items)
    return found


def _answers(lines: Sequence[Any]) -> Iterator[list[Any]]:
    answer: list[Any] = []
    for line in lines:
        answer.append(line)
        if not isinstance(line, tuple):  # the line after the last literal, or one without literals, ends an answer
            yield answer
            answer = []
    if answer:
        yield answer


def found_by_search(plain: Sequence[Any], extended: Sequence[Any]) -> list[int] | None:
    """
    The UIDs in all answers to one SEARCH, ascending: in one line or in several, told twice, or as ESEARCH (RFC 4731).

    Returns:
        None if there is no answer, or if any cannot be understood: then nothing says that nothing was left out.
    """
    if not plain and not extended:
        return None
    found: set[int] = set()
    for lines, read in ((plain, _plain), (extended, _extended)):
        for line in lines:
            some = read(bytes(line or b"")) if isinstance(line, bytes | None) else None
            if some is None or len(found) + len(some) > MOST_FOUND:
                return None
            found.update(some)
    return sorted(found)


def _plain(line: bytes) -> Sequence[int] | None:
    """Numbers, and perhaps a MODSEQ behind them (RFC 7162 §3.1.5)."""
    words = line.partition(b"(")[0].split()
    return [int(word) for word in words] if all(_is_number(word) for word in words) else None


def _extended(line: bytes) -> Sequence[int] | None:
    """`(TAG "A2") UID ALL 4:18,21 COUNT 16`: pairs of a name and a value. Only ALL tells which."""
    words = line.rpartition(b")")[2].split() if line.startswith(b"(") else line.split()
    if not words or words[0].upper() != b"UID" or len(words) % 2 == 0:
        return None
    told = {words[at].upper(): words[at + 1] for at in range(1, len(words), 2)}
    if b"ALL" in told:
        return _in_set(told[b"ALL"])
    none_found = not told or told.get(b"COUNT") == b"0"
    return [] if none_found else None


def _in_set(text: bytes) -> Sequence[int] | None:
    """The numbers in a set such as `4:18,21` (RFC 3501 §9); None for one without end."""
    found: list[int] = []
    for piece in text.split(b","):
        first, _, last = piece.partition(b":")
        if not _is_number(first) or (last and not _is_number(last)):
            return None
        low, high = sorted((int(first), int(last or first)))
        if len(found) + high - low >= MOST_FOUND:
            return None
        found.extend(range(low, high + 1))
    return found


def number(values: Sequence[Any]) -> int:
    """The last of the numbers that a server gave for something; 0 if that is none."""
    last = values[-1] if values else None
    word = last if isinstance(last, bytes) else str(last or "").encode("ascii", "replace")
    return int(word) if _is_number(word) else 0


def _is_number(word: bytes) -> bool:
    return bool(re.fullmatch(rb"[0-9]{1,19}", word))


def aware(moment: Any) -> datetime | None:
    """An internal date in UTC; None if it is none that a mail can have."""
    try:
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return at if at.year >= _FIRST_YEAR else None
    except MISSHAPEN:  # a zone of 99 hours, or a year that no calendar has
        return None

"""Reads the command and the words in a reply of a member of staff (behaviour.md §4.2, §4.3)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ackbot.casework.council import Council
from ackbot.mail import replies

Command = Literal[
    "",
    "UPDATE",
    "DONE",
    "MORE",
    "ASK",
    "NOTE",
    "PHONED",
    "SENT",
    "CLOSE",
    "PASS",
    "TAKE",
    "SPLIT",
    "IGNORE",
    "QUIET",
    "CC",
    "AWAY",
    "BACK",
    "SEND",
    "KEEP",
    "HELP",
    "unclear",
]

_SYNONYMS: dict[str, Command] = {
    "update": "UPDATE",
    "done": "DONE",
    "more": "MORE",
    "later": "MORE",
    "note": "NOTE",
    "close": "CLOSE",
    "away": "AWAY",
    "back": "BACK",
    "send": "SEND",
    "keep": "KEEP",
    "take": "TAKE",
    "taken": "TAKE",
    "help": "HELP",
    "ask": "ASK",
    "wait": "ASK",
    "phoned": "PHONED",
    "sent": "SENT",
    "pass": "PASS",
    "split": "SPLIT",
    "ignore": "IGNORE",
    "quiet": "QUIET",
    "cc": "CC",
}
# The word alone on its line, or followed by punctuation, or by an argument that the command can read.
_LINE = re.compile(r"^[\s\u200b\ufeff*_]*(?P<word>[A-Za-z]+)[*_]*\s*(?P<mark>[:：.\-–—])?[\s*_]*(?P<rest>.*)$")
_DATED = re.compile(
    r"(?:by|on|from|until|till)?\s*(?:\d|today|tomorrow|next\b|in (?:\d|an?\b|one|two|three|four|five|six|ten)|the day after|"
    r"good friday|easter|christmas eve|new year|mon|tue|wed|thu|fri|sat|sun)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a staff reply asks for.

    Args:
        command: "" for plain words; "unclear" if the reply is empty, or looks as if it meant a command but is not one.
        argument: the text behind the command on its own line.
        words: all other newly written words.
        below: words stand below the fence, where they do not count; the writer is asked about them (behaviour.md §4.2).
        doubtful: a part of the words looks like another mail.
        whole: all newly written words, with the command.
        pictures: the pictures that the words show, each by its Content-ID or file name, with the place in `whole`.
        under: paragraphs below all that is quoted, which a server may have put there.
    """

    command: Command
    argument: str
    words: str
    below: bool
    doubtful: bool
    whole: str
    pictures: tuple[tuple[str, int], ...] = ()
    under: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The argument and the words as one text, for commands whose argument is the beginning of the words."""
        below = self.whole.partition("\n")[2].rstrip()  # with the blank line above it, if there is one
        return f"{self.argument}\n{below if below.strip() == self.words else self.words}".strip()


def read(text: str, fences: Sequence[str], original: str, learned: Collection[str] = ()) -> Reading:
    """
    Read a reply as its sender meant it.

    Args:
        fences: how fence lines begin, in every language in which we write to staff.
        original: the text of our mail that it answers, so that words which a client copied do not count as new; "" if
            unknown.
        learned: paragraphs that the council's own servers put into its mails, folded.
    """
    found = replies.read(text, fences, original, learned)
    read_so = commanded(found.words, below=found.below, doubtful=found.doubtful)
    return replace(read_so, pictures=found.pictures, under=found.under)


def parts(reading: Reading, council: Council, named: Collection[str]) -> list[tuple[str, Reading]]:
    """
    The parts of an answer to a digest: case codes, each with what is asked for that case (behaviour.md §4.3).

    Each part begins at a line that begins with references ("RBN-A, RBN-B take"), or with a command before them
    ("TAKE RBN-A"). A line with several asks the same for each. Text before the first such line is left out.

    Args:
        named: codes of the cases that the answered mail named. Only these may stand behind a command, where the reference of
            another case is a part of the words ("CLOSE RBN-B is the same").
    """
    found: list[tuple[tuple[str, ...], list[str]]] = []
    for line in reading.whole.split("\n"):
        if begun := _reference_line(line, council, named):
            codes, rest = begun
            found.append((codes, [rest]))
        elif found:
            found[-1][1].append(line)
    return [
        (code, commanded("\n".join(lines).strip(), below=reading.below, doubtful=reading.doubtful))
        for codes, lines in found
        for code in codes
    ]


def begins_with_reference(reading: Reading, council: Council, named: Collection[str]) -> bool:
    """Whether a reply begins with a case reference, like an answer to a digest; `named` as in `parts`."""
    return _reference_line(reading.whole.partition("\n")[0], council, named) is not None


def _reference_line(line: str, council: Council, named: Collection[str]) -> tuple[tuple[str, ...], str] | None:
    """The codes of the cases that a line begins with, and the rest of the line with its command; None for another line."""
    one = rf"{re.escape(council.reference)}[-\s]?\w{{3}}[-\s]?\w{{3}}(?!\w)"
    several = rf"{one}(?:[^\w>]*(?:(?:and|also)\b[^\w>]*)?{one})*"
    if match := re.match(rf"[^\w>]*(?P<all>{several})\W*", line, re.IGNORECASE):
        codes = tuple(dict.fromkeys(council.codes_in(match["all"])))
        return (codes, line[match.end() :]) if codes else None
    behind = re.match(
        rf"[\s*_]*+(?P<word>[A-Za-z]++)[\s*_]*+[:.\-–—]?[\s*_]*+(?<=[\s*_])(?P<all>{several})(?P<rest>.*)$",
        line,
        re.IGNORECASE,
    )
    if behind is None or behind["word"].lower() not in _SYNONYMS:
        return None
    codes = tuple(dict.fromkeys(council.codes_in(behind["all"])))
    return (codes, f"{behind['word']}{behind['rest']}") if codes and set(codes) <= set(named) else None


def commanded(words: str, *, below: bool, doubtful: bool) -> Reading:
    """Read newly written words of staff; `below` and `doubtful` as in Reading."""
    first, _, rest = words.partition("\n")
    match = _LINE.match(first)
    command = _SYNONYMS.get(match["word"].lower()) if match else None
    if match is None or command is None:
        later: Command = "unclear" if command_line(words) or not words else ""
        return Reading(later, "", words, below, doubtful, words)
    if _is_meant(match, command):
        return Reading(command, match["rest"].strip(), rest.strip(), below, doubtful, words)
    return Reading("unclear", "", words, below, doubtful, words)


def command_line(words: str) -> str:
    """The first line that looks like a command, anywhere in the words: alone, with a colon, or in capitals; "" for none."""
    for line in words.split("\n"):
        match = _LINE.match(line)
        command = _SYNONYMS.get(match["word"].lower()) if match else None
        if match and command and _is_meant(match, command):
            bare = not match["rest"].strip() or match["mark"] in (":", "：") or match["word"].isupper()
            if bare:
                return line.strip()
    return ""


def _is_meant(match: re.Match[str], command: Command) -> bool:
    """
    Whether the word is meant as a command and does not just begin a sentence.

    It is meant if it stands alone, with punctuation, in capitals before words that are not, or with an argument that fits.
    """
    argument = match["rest"].strip()
    in_capitals = match["word"].isupper() and not argument.isupper()
    return not argument or bool(match["mark"]) or in_capitals or _parses(command, argument)


def _parses(command: Command, argument: str) -> bool:
    """
    Whether an argument fits its command so well that neither punctuation nor capitals are needed.

    AWAY needs a date. MORE needs a date, PASS and SPLIT a short name, with a colon or nothing behind it. IGNORE, QUIET and CC
    need OFF, or IGNORE and QUIET ALL.
    """
    if command == "AWAY":
        return bool(_DATED.match(argument))
    if command in ("IGNORE", "QUIET", "CC"):
        return argument.strip(" .").lower() in (("off",) if command == "CC" else ("off", "all"))
    head, colon, _ = argument.partition(":")
    if command in ("PASS", "SPLIT"):
        return len(head) < 40 and len(head.split()) <= (4 if colon else 2)
    return command == "MORE" and bool(_DATED.match(head)) and len(head) < 30 and (bool(colon) or head == argument)

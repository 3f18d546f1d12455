"""What a member of staff asks for in a reply (behaviour.md §4.2, §4.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ackbot.casework.council import Council
from ackbot.casework.model import Case
from ackbot.casework.routing import folded
from ackbot.casework.screening import Seen
from ackbot.mail import answers, subjects

Command = Literal["", "UPDATE", "DONE", "MORE", "NOTE", "CLOSE", "AWAY", "BACK", "SEND", "KEEP", "HELP", "unclear"]

SHORTEST = 15  # characters; shorter plain words are asked about
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
    "help": "HELP",
}
# The word alone on its line, or followed by a mark; MORE and AWAY also by what they need, if that can be read.
_LINE = re.compile(r"^\s*\**(?P<word>[A-Za-z]+)\**\s*(?P<mark>[:.\-–—])?\s*(?P<rest>.*)$")
_DATED = re.compile(
    r"(?:by|on|from|until|till)?\s*(?:\d|today|tomorrow|next\b|in \d|mon|tue|wed|thu|fri|sat|sun)", re.IGNORECASE
)
_GREETING = re.compile(
    r"^\s*(?:dear|hi|hello|hey|good\s+(?:morning|afternoon|evening))\s+(?P<name>[^,.!\n]{2,60}?)\s*[,.!\n]",
    re.IGNORECASE,
)
_TITLES = frozenset(
    ["mr", "mrs", "ms", "miss", "mx", "dr", "sir", "madam", "all", "there", "both", "team", "councillor", "cllr"]
)
_INSIDE = re.compile(
    r"\b(?:internal(?:ly)?|don'?t send|do not send|not for (?:the )?resident|between us|f\.?y\.?i\.?)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a staff reply asks for.

    Args:
        command: "" for plain words; "unclear" when it begins with a command's word and is none, or is nothing at all.
        argument: what stands on the command's own line behind it.
        words: everything else that was newly written.
        below: words that stand under the fence, where nobody looks (behaviour.md §4.2: ask back).
        doubtful: something in the words looks like another mail.
    """

    command: Command
    argument: str
    words: str
    below: bool
    doubtful: bool

    @property
    def text(self) -> str:
        """Argument and words as one text, for commands whose argument is the beginning of the words."""
        return f"{self.argument}\n{self.words}".strip()


def read(text: str, fences: Sequence[str], original: str) -> Reading:
    """
    A reply as its sender meant it.

    Args:
        fences: the words that fence lines begin with, in every language we write to staff in.
        original: the text of our mail that it answers, so that what a client copied is not taken for new words; "" if
            not known.
    """
    found = answers.read(text, fences, original)
    return commanded(found.words, below=found.below, doubtful=found.doubtful)


def parts(reading: Reading, council: Council) -> list[tuple[str, Reading]]:
    """An answer to a digest: lines that begin with a reference, each with what is asked for that case (behaviour.md §4.3)."""
    found: list[tuple[str, list[str]]] = []
    for line in reading.text.split("\n"):
        if match := _reference_line(line, council):
            found.append((council.codes_in(match[0])[0], [line[match.end() :]]))
        elif found:
            found[-1][1].append(line)
    return [
        (code, commanded("\n".join(lines).strip(), below=reading.below, doubtful=reading.doubtful))
        for code, lines in found
    ]


def begins_with_reference(reading: Reading, council: Council) -> bool:
    """Whether a reply begins as an answer line of a digest does."""
    return _reference_line(reading.text.partition("\n")[0], council) is not None


def _reference_line(line: str, council: Council) -> re.Match[str] | None:
    pattern = rf"[^\w>]*{re.escape(council.reference)}[-\s]?\w{{3}}[-\s]?\w{{3}}(?!\w)\W*"
    match = re.match(pattern, line, re.IGNORECASE)
    return match if match and council.codes_in(match[0]) else None


def commanded(words: str, *, below: bool, doubtful: bool) -> Reading:
    """What newly written words of staff ask for; `below` and `doubtful` as in Reading."""
    first, _, rest = words.partition("\n")
    match = _LINE.match(first)
    command = _SYNONYMS.get(match["word"].lower()) if match else None
    if match is None or command is None:
        return Reading("" if words else "unclear", "", words, below, doubtful)
    argument = match["rest"].strip()
    meant = match["word"].isupper() and not argument.isupper()  # in capitals among words that are not
    if not argument or match["mark"] or meant or _parses(command, argument):
        return Reading(command, argument, rest.strip(), below, doubtful)
    return Reading("unclear", "", words, below, doubtful)


def _parses(command: Command, argument: str) -> bool:
    """Without a mark or capitals: dates alone behind AWAY; behind MORE a date with a colon or nothing behind it."""
    if command == "AWAY":
        return bool(_DATED.match(argument))
    head, colon, _ = argument.partition(":")
    return command == "MORE" and bool(_DATED.match(head)) and len(head) < 30 and (bool(colon) or head == argument)


def holds(reading: Reading, words: str, seen: Seen, case: Case, council: Council) -> list[str]:
    """
    Why words are not sent before their sender was asked, in plain English; empty when they may go. Fails closed.

    Args:
        words: what would go to the resident.
    """
    message, found = seen.message, []
    if reading.below:
        found.append("there are words below the line, and only those above it are sent")
    if name := _greets_somebody_else(words, case):
        found.append(f"it greets {name}")
    others = [
        one.addr
        for one in (*message.to, *message.cc)
        if council.inbox_at(one.key) is None and council.is_colleague(one.key)
    ]
    if others:
        found.append(f"a colleague is in To or Cc ({', '.join(others)})")
    if subjects.is_forward(message.subject):
        found.append("it is a forward")
    if _INSIDE.search(words):
        found.append("its words say that it is for inside")
    if len(answers.unsigned(words)) < SHORTEST:
        found.append("it is very short")
    if any(one.content_type == "message/rfc822" for one in message.attachments):
        found.append("another mail is attached")
    if reading.doubtful:
        found.append("something in it looks like another mail")
    return found


def _greets_somebody_else(words: str, case: Case) -> str:
    """The name in the greeting, if it is none of the resident's; "" otherwise, or when the resident's is not known."""
    match = _GREETING.match(words + "\n")
    known = set(
        re.findall(r"\w+", folded(f"{case.resident.name} {case.resident.addr.partition('@')[0]}".replace(".", " ")))
    )
    if match is None or not case.resident.name:
        return ""
    greeted = [word for word in re.findall(r"\w+", folded(match["name"])) if word not in _TITLES]
    return match["name"].strip() if greeted and not known & set(greeted) else ""

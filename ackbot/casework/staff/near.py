"""The command that an unknown word may have meant: a slip of the keyboard, or another office's word (behaviour.md §4.3)."""

import re

from ackbot.mail import folding

_WORDS = "update done more later ask wait note phoned sent close pass take taken split ignore away back quiet cc send keep help"
COMMANDS = frozenset(_WORDS.split())
# What other systems and offices call it.
_OTHERS = {
    "PASS": "transfer forward assign reassign allocate reallocate refer redirect handover escalate move route for fao",
    "DONE": "resolved resolve completed complete finished fixed answered answer reply respond solved",
    "CLOSE": "closed closing duplicate dupe nfa spam cancel cancelled archive reject rejected invalid withdrawn resolving",
    "UPDATE": "progress news status holding interim",
    "MORE": "delay delayed extend extension postpone postponed defer deferred reschedule snooze remind",
    "ASK": "question query request info clarify",
    "NOTE": "memo comment internal private fyi info remark file log notes record",
    "PHONED": "called rang phone call spoke telephoned tel voicemail",
    "SENT": "emailed wrote written posted mailed",
    "TAKE": "accept accepted mine claim claimed own ack acknowledge acknowledged",
    "SPLIT": "divide separate fork",
    "IGNORE": "block junk",
    "AWAY": "holiday leave sick absent off ooo",
    "BACK": "returned return",
    "QUIET": "mute stop silence unsubscribe",
    "SEND": "approve approved release publish",
    "KEEP": "hold held discard",
}
_MEANT = {word: command for command, words in _OTHERS.items() for word in words.split()}
_FIRST = re.compile(
    r"[\s*_>\[]{0,20}(?P<word>[A-Za-z]{2,30})(?P<end>[\]*_]{0,4}[ \t]{0,4}(?P<mark>[:：.!–—-]|$)?)", re.MULTILINE
)
_LONG = 5  # letters; a shorter word in running text is near too many others


def nearest(word: str) -> str:
    """The command nearest to a word; "" if none is near: one slip away, or another word for it."""
    plain = folding.plain(word)
    slips = [one for one in sorted(COMMANDS) if _is_slip(plain, one)]
    return slips[0].upper() if slips else _MEANT.get(plain, "")


def slip(words: str) -> tuple[str, str]:
    """
    The word with which the words begin and the command that it seems to miss by a slip; "", "" if none.

    In running text, short words are near too many others: "Make sure", so they count only alone, with a mark or in capitals.
    """
    match = _FIRST.match(words)
    if match is None:
        return "", ""
    word = match["word"]
    plain = folding.plain(word)
    if plain in COMMANDS:
        return "", ""
    alone = match["mark"] is not None or word.isupper()
    near = [one for one in sorted(COMMANDS) if (alone or len(one) >= _LONG) and _is_slip(plain, one)]
    return (word, near[0].upper()) if near else ("", "")


def _is_slip(word: str, command: str) -> bool:
    """Whether one letter was left out, added, or mistyped, or two neighbours changed places. Of short words, no other letter."""
    if word == command or abs(len(word) - len(command)) > 1 or min(len(word), len(command)) < len("ask"):
        return False
    at = next(
        (index for index, (a, b) in enumerate(zip(word, command, strict=False)) if a != b), min(len(word), len(command))
    )
    rest, other = word[at:], command[at:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    typed = rest[1:] == other[1:] and len(command) >= len("done")
    return swapped or typed or rest[1:] == other or rest == other[1:]

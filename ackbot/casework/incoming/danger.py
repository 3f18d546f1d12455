"""Letters that cannot wait: words of danger, in the words of the letter itself (domain.md §8)."""

import re
from collections.abc import Iterable

from ackbot.casework import keys
from ackbot.casework.council import Council, Inbox, Phrase, Urgent
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Alarm, Intent
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.mail import folding, subjects
from ackbot.mail.addresses import key_of

CATEGORIES = (
    "life",
    "self-harm",
    "abuse",
    "at-risk",
    "fire",
    "gas",
    "structure",
    "homeless-tonight",
    "no-heating",
    "damp-and-child",
)
# Their letters are answered without subject and date whatever else is configured (behaviour.md §3.9).
SENSITIVE = frozenset({"self-harm", "abuse", "at-risk"})

_NO_WORD = re.compile(r"[^\w]+")


def phrases(lines: Iterable[str]) -> tuple[Phrase, ...]:
    """
    The lines of a word list, read for `categories`.

    Whole words; letter case, accents and punctuation ignored, negation too (better too many). `a + b` means both
    somewhere in the letter, `*` any ending of a word, `#` starts a comment.
    """
    found = []
    for line in lines:
        parts = [part.strip() for part in line.partition("#")[0].split("+")]
        if all(parts):
            found.append(tuple(_needle(part) for part in parts))
    return tuple(found)


def _needle(part: str) -> str:
    """What is looked for in a text of words with one blank around each."""
    words = _words(part.removesuffix("*"))
    return f" {words}" if part.endswith("*") else f" {words} "


def _words(text: str) -> str:
    """Words only, one blank between; `can't` and `can’t` and `cant` are one."""
    return _NO_WORD.sub(" ", folding.plain(text).replace("'", "").replace("’", "")).strip()


def categories(text: str, urgent: Urgent, said: Iterable[str] = ()) -> tuple[str, ...]:
    """
    The categories whose words stand in a text, in the order of CATEGORIES.

    Args:
        said: what our own mails say of emergencies; where it stands in the text, it was quoted from them.
    """
    haystack = f" {_words(text)} "
    for ours in said:
        if words := _words(ours):
            haystack = haystack.replace(f" {words} ", " ")
    return tuple(name for name in CATEGORIES if _stands(urgent.words.get(name, ()), haystack))


def _stands(words: Iterable[Phrase], haystack: str) -> bool:
    """Whether all needles of one of the phrases do. In plain loops: it looks for hundreds in every letter."""
    for phrase in words:
        for needle in phrase:
            if needle not in haystack:
                break
        else:
            return True
    return False


def found_in(seen: Seen, case: Case | None, desk: Desk) -> tuple[str, ...]:
    """
    Categories of urgent words in all that a letter says, quotations of ours apart.

    Args:
        case: the one it belongs to, whose subject is no news; None for a new one.
    """
    council, message = desk.council, seen.message
    words = message.words(lambda address: council.is_colleague(key_of(address)))
    if case is None or subjects.key(message.subject) != subjects.key(case.subject):
        words = f"{message.subject}\n{words}"
    return categories(words, council.urgent, (council.urgent_help, seen.home.sentence))


def alarms(seen: Seen, case: Case, inbox: Inbox, found_urgent: tuple[str, ...], desk: Desk) -> list[Intent]:
    """The alarm to whoever is here of those named in [urgent]; to the head of service or the admin where nobody is named."""
    council = desk.council
    alarming = [name for name in found_urgent if name in council.urgent.alarm]
    if not alarming:
        return []
    present = [one for one in council.urgent.to if is_present(council, one, desk.now)] or list(council.urgent.to)
    if not present:
        values = {"reference": council.reference_of(case.code), "inbox": inbox.address, "categories": alarming}
        recipient = council.head_of_service or council.admin
        return [
            to_admin.about(
                desk,
                "urgent",
                keys.nobody_to_alarm(case.code, seen.message.fingerprint),
                values,
                why="the letter sounds urgent and nobody is named in [urgent]",
                code=case.code,
                recipient=recipient,
            )
        ]
    why = f"the letter has words of {', '.join(alarming)}"
    chain = Alarm(case.code, tuple(alarming), council.urgent.repeat_every.seconds, why=why)
    return [
        *([chain] if inbox.mode != "shadow" else []),
        to_staff.urgent(desk, seen.message, case, council.staff[present[0]], alarming, why=why),
    ]


def flags(found_urgent: tuple[str, ...], council: Council) -> tuple[str, ...]:
    """Categories that mark the owner's mail."""
    return tuple(
        name for name in found_urgent if name in (*council.urgent.alarm, *council.urgent.flag) or name in SENSITIVE
    )

"""Letters that cannot wait: finds urgent words in a letter and raises the alarm (domain.md §8)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ackbot.casework import keys, wordsearch
from ackbot.casework.council import Council, Inbox, Urgent
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import alarm_mails, to_admin
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Alarm, Intent
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.casework.wordsearch import Sign
from ackbot.mail import subjects
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
# Letters of these categories are always answered without their subject and without a date (behaviour.md §3.9).
SENSITIVE = frozenset({"self-harm", "abuse", "at-risk"})
# In letters of these the answer begins with what to do, and promises the next word by the next working day.
AT_ONCE = frozenset({"life", "fire", "gas", "structure"})


def signs(text: str, urgent: Urgent, said: Iterable[str] = ()) -> tuple[Sign, ...]:
    """
    What in a text shows danger: lines of the word lists, with the words in which they were found, in the order of CATEGORIES.

    Args:
        said: sentences about emergencies in our own mails. Where the text quotes one, it says nothing.
    """
    found = wordsearch.signs(text, urgent.words, said, CATEGORIES)
    return tuple(sorted(found, key=lambda one: CATEGORIES.index(one.category)))


def categories(text: str, urgent: Urgent, said: Iterable[str] = ()) -> tuple[str, ...]:
    """The categories of `signs`, each once."""
    return of_signs(signs(text, urgent, said))


def of_signs(found: Iterable[Sign]) -> tuple[str, ...]:
    """The categories of signs, each once."""
    return tuple(dict.fromkeys(one.category for one in found))


def is_sensitive(found: Iterable[str]) -> bool:
    """Whether one of these categories makes a case sensitive (behaviour.md §3.9)."""
    return not SENSITIVE.isdisjoint(found)


def is_at_once(found: Iterable[str]) -> bool:
    """Whether one of these categories is a danger in which each hour counts, and nobody must be kept from reading of it."""
    return not AT_ONCE.isdisjoint(found) and not is_sensitive(found)


def marked(case: Case, found: Iterable[str]) -> Case:
    """The case after a further letter with words of these categories. A sensitive case stays sensitive."""
    return replace(case, sensitive=case.sensitive or is_sensitive(found))


def found_in(seen: Seen, case: Case | None, desk: Desk) -> tuple[Sign, ...]:
    """
    What in a letter shows danger, in its text and in what it brings along, except in what it quotes from our mails (E20).

    Args:
        case: the case that the letter belongs to; None for a new case. The subject is searched only if it differs from the
            subject of the case, which was searched before.
    """
    council, message = desk.council, seen.message
    words = message.words(lambda address: council.is_colleague(key_of(address)))
    if case is None or subjects.key(message.subject) != subjects.key(case.subject):
        words = f"{message.subject}\n\n{words}"
    if message.beside:
        words = f"{words}\n\n{message.beside}"
    return signs(words, council.urgent, _own_words(council, seen.home))


def _own_words(council: Council, inbox: Inbox) -> tuple[str, ...]:
    """What our own mails say of danger, which residents quote."""
    said = [lines["urgent_help"] for lines in council.in_language.values()]
    return (*said, *(lines["sentence"] for lines in inbox.in_language.values() if "sentence" in lines))


def on_duty(council: Council, now: datetime) -> list[str]:
    """Ids of those in [urgent] who are present, in its order; of all of them if none is."""
    return [one for one in council.urgent.to if is_present(council, one, now)] or list(council.urgent.to)


def alarms(
    seen: Seen, case: Case, inbox: Inbox, found_urgent: tuple[str, ...], desk: Desk, *, opening: bool = False
) -> list[Intent]:
    """
    The alarm for an urgent letter; nothing if no category of `found_urgent` raises one.

    It goes to the first person of [urgent] who is present, or to the first of all if none is. If [urgent] names nobody, the
    head of service or the admin is told. In shadow mode the alarm is not repeated.

    Args:
        opening: the letter opens the case.
    """
    council = desk.council
    alarming = [name for name in found_urgent if name in council.urgent.alarm]
    if not alarming:
        return []
    present = on_duty(council, desk.now)
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
    proof = seen.authority.proof_for(case, council, opening=opening)
    chain = Alarm(case.code, tuple(alarming), council.urgent.repeat_every.seconds, proof, why=why)
    return [
        *([chain] if inbox.mode != "shadow" else []),
        alarm_mails.urgent(
            desk,
            seen.message,
            case,
            council.staff[present[0]],
            alarming,
            opening=opening,
            forged=seen.authority.condemned_by(inbox),
            why=why,
        ),
    ]


def flags(found_urgent: tuple[str, ...], council: Council) -> tuple[str, ...]:
    """The categories that mark the owner's mail as urgent."""
    return tuple(
        name for name in found_urgent if name in (*council.urgent.alarm, *council.urgent.flag) or name in SENSITIVE
    )

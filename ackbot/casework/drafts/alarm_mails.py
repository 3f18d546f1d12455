"""Drafts of alarms to duty officers: the first mail, its repeats, and one list of many (behaviour.md §3.9, domain.md §8)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import Staff
from ackbot.casework.drafts import bare, kinds, names, to_admin, to_staff
from ackbot.casework.intents import Send
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.markup import Lines
from ackbot.mail.message import Message

_WORDS_SHOWN = 160  # characters of a letter in a list of alarms


def urgent(
    desk: Desk,
    letter: Message,
    case: Case,
    staff: Staff,
    categories: Sequence[str],
    *,
    opening: bool = True,
    forged: bool = False,
    why: str,
) -> Send:
    """
    The alarm to a duty officer. It is sent before all other mail and without limits (behaviour.md §3.9, domain.md §8).

    Args:
        opening: the letter opens the case, and so is the resident's; else its author is named if that is another.
        forged: a server says that the letter's sender is forged.
    """
    key = keys.urgent(case.code, letter.fingerprint, staff.id)
    writer = "" if opening else _not_the_resident(letter.author, case)
    values = {**_alarming(desk, case, categories, writer), "forged": forged}
    return to_staff.about_case(desk, kinds.URGENT, case, staff, key, values, why=why, letter=letter)


@dataclass(frozen=True, slots=True)
class Later:
    """A letter that came after the one that alarmed; `writer` as in AlarmWords."""

    writer: str
    forged: bool
    text: str


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """
    The words that alarmed. Whatever came since stands below them, so that no "false alarm" of a stranger takes their place.

    Args:
        writer: name and address of their writer, if that is not the resident; "" for the resident.
    """

    text: str
    writer: str = ""
    since: tuple[Later, ...] = ()


def urgent_again(
    desk: Desk,
    case: Case,
    staff: Staff,
    categories: Sequence[str],
    words: AlarmWords,
    *,
    number: int,
    started_at: datetime,
    others: Sequence[tuple[Case, AlarmWords]] = (),
    letters: int = 1,
    forged: Collection[str] = (),
    refusals: int = 0,
    why: str,
) -> Send:
    """
    The alarm once more, while nobody has taken it.

    Args:
        words: those that alarmed in this case.
        number: counts the mails of this alarm.
        others: further cases of the same resident that alarm; each is taken for itself.
        letters: how many have alarmed in all of these cases.
        forged: codes of those of these cases whose alarm rests on letters that may be forged.
        refusals: how many mails of this alarm were refused for what stands in them; then it shows no words of strangers.
    """
    key = keys.urgent_again(case.code, started_at, number)
    case, words = bare.case(case, refusals), _bare(words, refusals)
    others = [(bare.case(other, refusals), _bare(said, refusals)) for other, said in others]
    values = {
        **_alarming(desk, case, categories, words.writer),
        "letter": Lines(words.text),
        "since": [replace(one, text=_short(one.text)) for one in words.since],
        "letters": letters,
        "forged": case.code in forged,
        "bare": bool(refusals),
        "others": [
            _to_take(desk, other, staff, forged=other.code in forged)
            | {"writer": said.writer, "words": _short(said.text)}
            for other, said in others
        ],
    }
    send = to_staff.about_case(desk, kinds.URGENT, case, staff, key, values, why=why)
    return replace(send, names=(case.code, *(other.code for other, _ in others)))


@dataclass(frozen=True, slots=True)
class Untaken:
    """One alarm of a list, and the words that alarmed; `forged` if it rests on letters that may be forged."""

    case: Case
    categories: tuple[str, ...]
    started_at: datetime
    words: AlarmWords
    forged: bool = False


def urgent_list(
    desk: Desk, staff: Staff, untaken: Sequence[Untaken], *, proof: int, letters: int, refusals: int = 0, why: str
) -> Send:
    """
    The alarms that run and are equally proven, in one mail (E9); each is taken by its link, or by a line with its reference.

    Args:
        refusals: as in `urgent_again`; from the second on it shows no addresses either.
    """
    untaken = [replace(one, case=bare.case(one.case, refusals), words=_bare(one.words, refusals)) for one in untaken]
    calendar = desk.council.calendar
    values = {
        "count": len(untaken),
        "letters": letters,
        "repeat_every": round(desk.council.urgent.repeat_every.seconds / 60),
        "bare": bool(refusals),
        "cases": [
            bare.line(
                {
                    **_to_take(desk, one.case, staff, forged=one.forged),
                    "categories": list(one.categories),
                    "since": one.started_at.astimezone(calendar.timezone),
                    "writer": one.words.writer,
                    "words": _short(one.words.text),
                },
                refusals,
            )
            for one in untaken
        ],
    }
    inbox = desk.council.inbox_of(untaken[0].case.inbox)
    named = [one.case.code for one in untaken]
    key = keys.urgent_list(desk.now, proof)
    return to_staff.about_no_single_case(desk, kinds.URGENT_LIST, staff, inbox, key, values, why=why, named=named)


@dataclass(frozen=True, slots=True)
class Silent:
    """A case of danger in which nobody has written since then; `taken` says who took its alarm and when, None for nobody."""

    case: Case
    since: datetime
    taken: tuple[str, datetime] | None


def unheard(desk: Desk, staff: Staff, silent: Sequence[Silent], *, why: str) -> Send:
    """The urgent mail to somebody above: nobody has written to these residents, who may be in danger (E74)."""
    inbox = desk.council.inbox_of(silent[0].case.inbox)
    values = {"count": len(silent), "cases": [_silent(desk, one) for one in silent]}
    named = [one.case.code for one in silent]
    key = keys.unheard(staff.id, desk.now)
    return to_staff.about_no_single_case(desk, kinds.UNHEARD, staff, inbox, key, values, why=why, named=named)


def unheard_to_admin(desk: Desk, silent: Sequence[Silent], recipient: str, *, why: str) -> Send:
    """The same to the head of service, or with recipient "" to the admin, who are only addresses."""
    values = {"count": len(silent), "cases": [_silent(desk, one) for one in silent]}
    named = [one.case.code for one in silent]
    key = keys.unheard(recipient or "admin", desk.now)
    return to_admin.about(desk, "unheard", key, values, why=why, recipient=recipient, named=named)


def _silent(desk: Desk, one: Silent) -> dict[str, Any]:
    case, council = one.case, desk.council
    owner = council.staff.get(case.in_charge)
    zone = council.calendar.timezone
    taker = council.staff.get(one.taken[0]) if one.taken else None
    return {
        "reference": council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "address": case.resident.addr,
        "service": council.inbox_of(case.inbox).service,
        "owner": owner.name if owner else "",
        "since": one.since.astimezone(zone),
        "taker": taker.name if taker else "",
        "taken_at": one.taken[1].astimezone(zone) if one.taken else None,
    }


def _to_take(desk: Desk, case: Case, staff: Staff, *, forged: bool) -> dict[str, Any]:
    return {
        "forged": forged,
        "reference": desk.council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "address": case.resident.addr,
        "service": desk.council.inbox_of(case.inbox).service,
        "take": to_staff.inside_link(desk, case, staff, "TAKE", alarm=True),
    }


def _not_the_resident(author: Address | None, case: Case) -> str:
    """The name and address of an author who is not the resident; "" for the resident. Nobody is named by a name alone."""
    if author is not None and author.key in case.parties:
        return ""
    name = names.from_display(author) if author else ""
    return (f"{name} <{author.addr}>" if name else author.addr) if author and author.addr else "somebody unknown"


def alarm_words(
    text: str, author: Address | None, case: Case, since: Sequence[tuple[Address, bool, str]]
) -> AlarmWords:
    """
    The words that alarmed in a case, with the names that staff read.

    Args:
        author: None for the resident.
        since: later letters: the author, whether it may be forged, and the text.
    """
    later = [Later(_not_the_resident(one, case), forged, said) for one, forged, said in since]
    return AlarmWords(text, _not_the_resident(author, case) if author else "", tuple(later))


def _bare(words: AlarmWords, refusals: int) -> AlarmWords:
    """The words of an alarm; after a refusal only the address of a writer who is not the resident."""
    writer = words.writer.rpartition("<")[2].rstrip(">")
    return AlarmWords("", writer) if refusals else words


def _short(text: str) -> str:
    return subjects.shortened(" ".join(text.split()), _WORDS_SHOWN)


def _alarming(desk: Desk, case: Case, categories: Sequence[str], writer: str) -> dict[str, Any]:
    owner = desk.council.staff.get(case.owner)
    return {
        "writer": writer,
        "bare": False,
        "since": [],
        "categories": list(categories),
        "owner": owner.name if owner else "",
        "owner_phone": owner.phone if owner else "",
        "letters": 1,
        "others": [],
        "repeat_every": round(desk.council.urgent.repeat_every.seconds / 60),
    }

"""AWAY and BACK: what a member of staff says about being here, confirmed to them (behaviour.md §4.3)."""

import re
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from ackbot.casework import dates
from ackbot.casework.council import Absence, Council, Staff
from ackbot.casework.cover import absence_of, ladder, returns_on
from ackbot.casework.drafts import to_staff
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import EndAbsence, Intent, RecordAbsence
from ackbot.casework.office import Desk
from ackbot.casework.staff.handover import person_named
from ackbot.casework.staff.reading import Reading

_MIDNIGHT = time(0)
_TODAY = re.compile(r"(?:from |since |again|today|now|at work|in the office|early)", re.IGNORECASE)
_COVER = re.compile(
    r"\b(?:cover(?:ed by)?\s*+(?::\s*+)?(?:is\s++)?|deputy\s*+(?::\s*+|is\s++))"
    r"(?P<name>[^\n,;]{2,60}|(?<=[^\S\n])[^\n,;])",
    re.IGNORECASE,
)


def request(seen: Seen, person: Staff, reading: Reading, desk: Desk) -> list[Intent]:
    """
    What AWAY or BACK does, with the mail that confirms it or asks back. Others' absences and later ones stay.

    A manager may say it of those whose manager they are, by name: then both hear of it.
    """
    named, reading = _of_whom(reading, desk.council)
    about = named or person
    if about.id != person.id and person.id not in _above(about, desk.council):
        found: list[Intent] = []
        values: dict[str, Any] = {"problem": f"Only {about.name} and those above them can say that."}
        why = "they are not that person's manager"
    else:
        found, values, why = _back(about, reading, desk) if reading.command == "BACK" else _away(about, reading, desk)
    empty = {"back": False, "problem": "", "first_on": None, "back_on": None, "cover": "", "away_again_on": None}
    both = [person] if about.id == person.id or not found else [person, about]
    sends = []
    for one in both:
        key = f"presence:{seen.message.fingerprint}" + ("" if one.id == person.id else f":{one.id}")
        others = {
            "other": about.name if one.id == person.id != about.id else "",
            "said_by": person.name if one.id != person.id else "",
        }
        sends.append(
            to_staff.to_staff(
                desk, one, seen.home, "ask-back", "ask-back-away", key, {**empty, **others, **values}, why=why
            )
        )
    return [*found, *sends]


def _of_whom(reading: Reading, council: Council) -> tuple[Staff | None, Reading]:
    """Whose absence it is, where a name stands before the dates; and the rest of what is request."""
    first, *more = reading.argument.split(maxsplit=1) or [""]
    rest = more[0] if more else ""
    second, *further = rest.split(maxsplit=1) or [""]
    for name, remains in ((f"{first} {second}", further[0] if further else ""), (first, rest)):
        found = person_named(name.strip(" :,.-–—"), council)
        if found is not None:
            return found, replace(reading, argument=remains.lstrip(" :,.-–—"))
    return None, reading


def _above(person: Staff, council: Council) -> set[str]:
    """Whoever is somebody's manager, or the manager of one of their teams, all the way up; and deputies of those teams."""
    theirs = [name for name, team in council.teams.items() if person.id in team.members]
    above = {one for name in theirs or [""] for one in ladder(council, person.id, name)[1:]}
    return above | {council.teams[name].deputy for name in theirs} - {person.id}


def _back(person: Staff, reading: Reading, desk: Desk) -> tuple[list[Intent], dict[str, Any], str]:
    """What runs now ends; what begins later stays, and they are told so. A name that nobody has is request about."""
    if reading.argument.strip(" .!") and not reading.argument[0].isdigit() and not _TODAY.match(reading.argument):
        problem = f"BACK stands alone, or with the name of one person whom you manage: “{reading.argument}” is none."
        return [], {"problem": problem}, "BACK is not clear"
    council = desk.council
    standing = absence_of(council, person.id, desk.now)
    until = standing.ends_at if standing and standing.source == "configuration" else None
    later = min(
        (one.starts_at for one in council.absences if one.staff == person.id and one.starts_at > desk.now), default=None
    )
    values = {"back": True, "away_again_on": council.calendar.local_day(later) if later else None}
    return [EndAbsence(person.id, f"{person.name} is back", until)], values, "BACK is confirmed"


def _away(person: Staff, reading: Reading, desk: Desk) -> tuple[list[Intent], dict[str, Any], str]:
    found = dates.find_range(reading.text, desk.today)
    stands_in, unknown = _named_cover(reading.text[found[2] :], person, desk) if found else ("", "")
    if found is None or unknown:
        problem = f"There is no {unknown} whom I know." if found else "The dates behind AWAY could not be read."
        return [], {"problem": problem}, "AWAY is not clear"
    first, last, _ = found
    calendar = desk.council.calendar
    midnight = calendar.at(first, _MIDNIGHT)
    starts_at = max(midnight, desk.now) if first == desk.today else midnight
    absence = Absence(person.id, starts_at, calendar.at(last + timedelta(days=1), _MIDNIGHT), stands_in, "AWAY")
    whole = _with_others(absence, desk)
    cover = desk.council.staff.get(whole.cover or person.cover)
    values = {
        "first_on": first,
        "back_on": returns_on(desk.council, whole),
        "cover": cover.name if cover else "",
    }
    return [RecordAbsence(absence, f"{person.name} is away from {first} to {last}")], values, "AWAY is confirmed"


def _with_others(absence: Absence, desk: Desk) -> Absence:
    """The absence as it will stand beside those known already: the mail that confirms it says when it is really over."""
    others = tuple(one for one in desk.council.absences if not _said_anew(one, absence))
    council = replace(desk.council, absences=(*others, absence))
    return absence_of(council, absence.staff, absence.starts_at) or absence


def _said_anew(one: Absence, absence: Absence) -> bool:
    """As the store has it: the same beginning said again is the same absence."""
    return (one.staff, one.source, one.starts_at) == (absence.staff, "AWAY", absence.starts_at)


def _named_cover(text: str, person: Staff, desk: Desk) -> tuple[str, str]:
    """Staff id of the cover that AWAY names, or the name that nobody has; both "" when none is named."""
    match = _COVER.search(text)
    if match is None:
        return "", ""
    wanted = match["name"].strip(" .").casefold()
    people = [one for one in desk.council.staff.values() if one.id != person.id]
    exact = [one for one in people if wanted in (one.id.casefold(), one.name.casefold())]
    first = [one for one in people if one.name.casefold().split()[0] == wanted]
    found = exact or first
    return (found[0].id, "") if len(found) == 1 else ("", match["name"].strip())

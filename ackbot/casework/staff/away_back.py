"""AWAY and BACK: members of staff say when they are away or back, and get a confirmation (behaviour.md §4.3)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from types import MappingProxyType
from typing import Any

from ackbot.casework import dates, keys
from ackbot.casework.council import Absence, Council, Staff
from ackbot.casework.cover import absence_of, days_away, ladder, returns_on, stand_in, standing_until
from ackbot.casework.drafts import to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.intents import EndAbsence, Intent, RecordAbsence
from ackbot.casework.office import Desk
from ackbot.casework.staff.people import People, called
from ackbot.casework.staff.reading import Reading
from ackbot.casework.staff.request import StaffReply

_MIDNIGHT = time(0)
_LONGEST = 366  # days of an absence on which the cover is looked for
_TODAY = re.compile(r"(?:from |since |again|today|now|at work|in the office|early)", re.IGNORECASE)
_COVER = re.compile(
    r"\b(?:cover(?:ed by)?\s*+(?::\s*+)?(?:is\s++)?|deputy\s*+(?::\s*+|is\s++))"
    r"(?P<name>[^\n,;]{2,60}|(?<=[^\S\n])[^\n,;])",
    re.IGNORECASE,
)
# Values of the template of which most are empty in each mail.
NOTHING: Mapping[str, Any] = MappingProxyType(
    {
        "back": False,
        "was_away": False,
        "problem": "",
        "first_on": None,
        "back_on": None,
        "cover": "",
        "gone": False,
        "missing": False,
        "instead": "",
        "away_again_on": None,
        "other": "",
        "said_by": "",
        "whose": "Your",
    }
)


def acted_on(reply: StaffReply) -> list[Intent]:
    """
    What AWAY or BACK does, and the mail that confirms it or asks back. Absences of other people, and later ones, stay.

    A manager may write it about somebody they manage, with that person's name. Then both get the confirmation.
    """
    person, desk = reply.person, reply.desk
    named, reading = _of_whom(reply.reading, desk.council)
    about = named.person if named else person
    found: list[Intent] = []
    values: dict[str, Any]
    if named and about is None:
        # Several people have this name. It must not be taken for an absence of the manager who wrote it.
        values, why = {"problem": named.problem}, "more than one has that name"
    elif about and about.id != person.id and person.id not in _above(about, desk.council):
        values = {"problem": f"Only {about.name} and those above them can say that."}
        why = "they are not that person's manager"
    else:
        act = _back if reading.command == "BACK" else _away
        found, values, why = act(about or person, reading, desk)
    other = about if about and about.id != person.id else None
    sends = []
    for one in (person, other) if other and found else (person,):
        key = keys.presence(reply.seen.message.fingerprint, "" if one is person else one.id)
        who = {
            "other": other.name if other and one is person else "",
            "said_by": person.name if one is not person else "",
            "whose": f"{other.name}’s" if other and one is person else "Your",
        }
        topic, inbox = ASK_BACK["away"], reply.seen.home
        sends.append(to_staff.about_no_single_case(desk, topic, one, inbox, key, {**NOTHING, **who, **values}, why=why))
    return [*found, *sends]


def about(reply: StaffReply) -> tuple[Staff, ...]:
    """Everybody whom AWAY or BACK may be about: the writer, and all who have the name in it."""
    named, _ = _of_whom(reply.reading, reply.desk.council)
    return (reply.person, *(named.several if named else ()))


def _of_whom(reading: Reading, council: Council) -> tuple[People | None, Reading]:
    """The people whom a name before the dates means, and the reading without that name; None if there is no name."""
    first, *more = reading.argument.split(maxsplit=1) or [""]
    rest = more[0] if more else ""
    second, *further = rest.split(maxsplit=1) or [""]
    for name, remains in ((f"{first} {second}", further[0] if further else ""), (first, rest)):
        found = called(name, council)
        if found.several:
            return found, replace(reading, argument=remains.lstrip(" :,.-–—"))
    return None, reading


def _above(person: Staff, council: Council) -> set[str]:
    """The ids of a person's managers and their teams' managers, all the way up, and of the deputies of their teams."""
    theirs = [name for name, team in council.teams.items() if person.id in team.members]
    above = {one for name in theirs or [""] for one in ladder(council, person.id, name)[1:]}
    return above | {council.teams[name].deputy for name in theirs} - {person.id}


def _back(person: Staff, reading: Reading, desk: Desk) -> tuple[list[Intent], dict[str, Any], str]:
    """
    BACK: the present absence ends. A later absence stays, and the confirmation names its start. Whoever is not away reads so.

    Words behind BACK that are neither a date nor the name of a person are asked about.
    """
    if reading.argument.strip(" .!") and not reading.argument[0].isdigit() and not _TODAY.match(reading.argument):
        problem = (
            f"Write BACK alone, or with the name of somebody whom you manage. “{reading.argument}” is not such a name."
        )
        return [], {"problem": problem}, "BACK is not clear"
    council = desk.council
    standing = absence_of(council, person.id, desk.now)
    until = standing_until(council, person.id, desk.now)
    later = min(
        (one.starts_at for one in council.absences if one.staff == person.id and one.starts_at > desk.now), default=None
    )
    values = {
        "back": True,
        "was_away": standing is not None,
        "away_again_on": council.calendar.local_day(later) if later else None,
    }
    if standing is None:
        return [], values, "they were not away"
    return [EndAbsence(person.id, until, why=f"{person.name} is back")], values, "BACK is confirmed"


def _away(person: Staff, reading: Reading, desk: Desk) -> tuple[list[Intent], dict[str, Any], str]:
    found = dates.find_range(reading.text, desk.today)
    if found is None:
        return [], {"problem": "The dates behind AWAY could not be read."}, "AWAY is not clear"
    first, last, end = found
    named = _COVER.search(reading.text[end:])
    stands_in = called(named["name"], desk.council, besides=person.id) if named else None
    if stands_in and stands_in.problem:
        return [], {"problem": stands_in.problem}, "AWAY is not clear"
    calendar = desk.council.calendar
    midnight = calendar.at(first, _MIDNIGHT)
    starts_at = max(midnight, desk.now) if first == desk.today else midnight
    ends_at = calendar.at(last + timedelta(days=1), _MIDNIGHT)
    cover_id = stands_in.person.id if stands_in and stands_in.person else ""
    absence = Absence(person.id, starts_at, ends_at, cover_id, "AWAY")
    whole = _with_others(absence, desk)
    values = {
        "first_on": first,
        "back_on": returns_on(desk.council, whole),
        **_covered(person, whole, desk),
    }
    return [RecordAbsence(absence, why=f"{person.name} is away from {first} to {last}")], values, "AWAY is confirmed"


def _covered(person: Staff, absence: Absence, desk: Desk) -> dict[str, Any]:
    """
    Who stands in on the working days of an absence, as far as is known now.

    The values: `cover`, the name of the cover; `gone`, that person has left or is away on all of these days; `missing`, on
    some of them; `instead`, the name of whoever stands in on the first of the days without them, "" for nobody.
    """
    council = desk.council
    cover = council.staff.get(absence.cover or person.cover)
    values = {"cover": cover.name if cover else "", "gone": False, "missing": False, "instead": ""}
    if cover is None:
        return values
    expected = replace(council, absences=(*council.absences, absence))
    start, end = (council.calendar.local_day(at) for at in (absence.starts_at, absence.ends_at - timedelta(seconds=1)))
    span = min((end - start).days, _LONGEST)
    days = [day for n in range(span + 1) if council.calendar.is_working_day(day := start + timedelta(days=n))]
    without = [day for day in days if days_away(expected, cover.id, day, day)]
    if not without:
        return values
    team = next((name for name, one in council.teams.items() if person.id in one.members), "")
    found = stand_in(
        expected, person.id, team, council.calendar.at(without[0], council.calendar.hours(without[0])[0][0])
    )
    return {
        **values,
        "gone": len(without) == len(days),
        "missing": len(without) < len(days),
        "instead": council.staff[found[0]].name if found else "",
    }


def _with_others(absence: Absence, desk: Desk) -> Absence:
    """The absence joined with those known already, so that the confirmation says when the person is really back."""
    others = tuple(one for one in desk.council.absences if not _said_anew(one, absence))
    council = replace(desk.council, absences=(*others, absence))
    return absence_of(council, absence.staff, absence.starts_at) or absence


def _said_anew(one: Absence, absence: Absence) -> bool:
    """Whether `absence` replaces `one`. Like the store, this takes the same person, source and start for the same absence."""
    return (one.staff, one.source, one.starts_at) == (absence.staff, "AWAY", absence.starts_at)

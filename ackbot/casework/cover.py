"""Who is away, who stands in, and who after them (domain.md §10)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ackbot.casework.council import Absence, Council, Staff


def absence_of(council: Council, staff: str, at: datetime) -> Absence | None:
    """The absence that somebody is in at that instant; None while they are here. A day outside one's week is no absence."""
    return next((one for one in council.absences if one.staff == staff and one.starts_at <= at < one.ends_at), None)


def has_left(person: Staff, on: date) -> bool:
    """Whether somebody works here no more on that day."""
    return person.left is not None and person.left <= on


def is_present(council: Council, staff: str, at: datetime) -> bool:
    """Whether somebody works here and is not away at that instant."""
    person = council.staff.get(staff)
    return (
        person is not None
        and not has_left(person, council.calendar.local_day(at))
        and absence_of(council, staff, at) is None
    )


def days_away(council: Council, staff: str, start: date, end: date) -> int:
    """Working days of the council from `start` to `end` (both included) on which somebody is away or gone."""
    person = council.staff[staff]
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return sum(
        council.calendar.is_working_day(day)
        and (
            has_left(person, day) or any(one.staff == staff and _covers(council, one, day) for one in council.absences)
        )
        for day in days
    )


def _covers(council: Council, absence: Absence, day: date) -> bool:
    """Whether an absence leaves nothing of that day's hours: half a day away is a day at work."""
    ranges = council.calendar.hours(day)
    return (
        bool(ranges)
        and absence.starts_at <= council.calendar.at(day, ranges[0][0])
        and council.calendar.end_of(day) <= absence.ends_at
    )


def stand_in(council: Council, staff: str, team: str, at: datetime) -> tuple[str, str] | None:
    """
    Who stands in for somebody at that instant, and why: the named cover, theirs in turn, the deputy, the team, the manager.

    Absent people are passed over, circles end. None when nobody is left: then somebody must be told (D57, D59).
    """
    for candidate, why in _candidates(council, staff, team, at):
        if candidate != staff and is_present(council, candidate, at):
            return candidate, why
    return None


def _candidates(council: Council, staff: str, team: str, at: datetime) -> Iterator[tuple[str, str]]:
    seen = {staff}
    person = staff
    while person in council.staff:
        absence = absence_of(council, person, at)
        person = (absence.cover if absence else "") or council.staff[person].cover
        if not person or person in seen:
            break
        seen.add(person)
        yield person, f"stands in for {council.staff[staff].name}"
    if team in council.teams:
        group = council.teams[team]
        if group.deputy:
            yield group.deputy, f"is deputy of {team}"
        for member in group.members:
            yield (
                member,
                f"is of {team}, as {council.staff[staff].name} is" if staff in council.staff else f"is of {team}",
            )
        if group.manager:
            yield group.manager, f"is manager of {team}"
    if staff in council.staff and council.staff[staff].manager:
        yield council.staff[staff].manager, f"is manager of {council.staff[staff].name}"

"""Who is away, who stands in, and who is next (domain.md §10)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice

from ackbot.casework.council import CALENDAR, Absence, Council, Staff
from ackbot.casework.worktime import Calendar

_SOON = 60  # days in which somebody's next days at work are looked for


def absence_of(council: Council, staff: str, at: datetime) -> Absence | None:
    """
    The absence of a person at an instant; None if they are present. A day outside their working week is not an absence.

    Absences that touch or overlap count as one. Of those that name a cover, the one that ends last decides (D57).
    """
    mine = sorted((one for one in council.absences if one.staff == staff), key=lambda one: (one.ends_at, one.starts_at))
    running = [one for one in mine if one.starts_at <= at < one.ends_at]
    if not running:
        return None
    start, end = min(one.starts_at for one in running), max(one.ends_at for one in running)
    while joined := [one for one in mine if one.starts_at <= end < one.ends_at]:
        end = max(one.ends_at for one in joined)
    while joined := [one for one in mine if one.starts_at < start <= one.ends_at]:
        start = min(one.starts_at for one in joined)
    cover = next((one.cover for one in reversed(running) if one.cover), "")
    return Absence(staff, start, end, cover, running[-1].source)


def standing_until(council: Council, staff: str, at: datetime) -> datetime | None:
    """
    When the absence ends that a person has at an instant, if the configuration or their calendar says so; else None.

    BACK cannot end such an absence, and overrides it instead.
    """
    running = [one for one in council.absences if one.staff == staff and one.starts_at <= at < one.ends_at]
    absence = absence_of(council, staff, at)
    standing = any(one.source in ("configuration", CALENDAR) for one in running)
    return absence.ends_at if absence is not None and standing else None


def has_left(person: Staff, on: date) -> bool:
    """Whether somebody no longer works here on that day."""
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
    absences = [one for one in council.absences if one.staff == staff]
    if not absences and not has_left(person, end):  # nearly everybody, at every letter: no day need be looked at
        return 0
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return sum(
        council.calendar.is_working_day(day)
        and (has_left(person, day) or any(_covers(council, one, day) for one in absences))
        for day in days
    )


def _covers(council: Council, absence: Absence, day: date) -> bool:
    """Whether an absence covers all of that day's working hours. Half a day away counts as a day at work."""
    ranges = council.calendar.hours(day)
    return (
        bool(ranges)
        and absence.starts_at <= council.calendar.at(day, ranges[0][0])
        and council.calendar.end_of(day) <= absence.ends_at
    )


def works_on(council: Council, staff: str, day: date) -> bool:
    """Whether somebody is at work on that day: by their own week, and neither away for all of it nor gone."""
    person = council.staff.get(staff)
    return (
        person is not None
        and own_calendar(council, staff).is_working_day(day)
        and not has_left(person, day)
        and not any(_covers(council, one, day) for one in council.absences if one.staff == staff)
    )


def works_by(council: Council, staff: str, start: date, end: date) -> bool:
    """Whether somebody is at work on any day from `start` to `end`, both included."""
    return any(works_on(council, staff, start + timedelta(days=n)) for n in range((end - start).days + 1))


def second_day_at_work(council: Council, staff: str, today: date) -> date:
    """The second day after `today` on which somebody is at work; the council's second working day if they have none soon (E82)."""
    soon = (today + timedelta(days=n) for n in range(1, _SOON))
    days = list(islice((day for day in soon if works_on(council, staff, day)), 2))
    return days[1] if len(days) > 1 else council.calendar.add_days(today, 2)


def is_there_for(council: Council, staff: str, at: datetime, promised_on: date | None) -> bool:
    """
    Whether somebody can keep a promise: they are at work on its day, and on no day until then away or gone (E76).

    Args:
        promised_on: None, or a day that has come, for no promise; then it is enough to be present.
    """
    today = council.calendar.local_day(at)
    if staff not in council.staff or promised_on is None or promised_on <= today:
        return is_present(council, staff, at)
    return days_away(council, staff, today, promised_on) == 0 and works_on(council, staff, promised_on)


def stand_in(
    council: Council, staff: str, team: str, at: datetime, promised_on: date | None = None
) -> tuple[str, str] | None:
    """
    Who stands in for a person at an instant, and why; None if nobody is left, and then the caller must tell somebody (D59).

    They are looked for among the named cover, that person's cover and so on, the team's deputy, its members, its manager, the
    person's own manager (D57). Circles of covers end. The first who is there for the promise is chosen, else the first who is
    at work on its day, else the first who is present (behaviour.md §3.7, E76).

    Args:
        promised_on: the day of the next word to the resident; None for none.
    """
    here = [
        (one, why)
        for one, why in _candidates(council, staff, team, at)
        if one != staff and is_present(council, one, at)
    ]
    found = [one for one in here if is_there_for(council, one[0], at, promised_on)]
    if not found and promised_on is not None:
        found = [one for one in here if works_on(council, one[0], promised_on)]
    return next(iter(found or here), None)


def at_work_for(council: Council, staff: str, team: str, at: datetime) -> str:
    """The id of the first who could stand in for a person and is at work at that instant; "" for nobody."""
    return next(
        (one for one, _ in _candidates(council, staff, team, at) if one != staff and is_at_work(council, one, at)), ""
    )


def _named(council: Council, staff: str, at: datetime) -> Iterator[str]:
    """The named cover of a person, that person's cover and so on. Circles end."""
    seen = {staff}
    person = staff
    while person in council.staff:
        absence = absence_of(council, person, at)
        person = (absence.cover if absence else "") or council.staff[person].cover
        if not person or person in seen:
            break
        seen.add(person)
        yield person


def _candidates(council: Council, staff: str, team: str, at: datetime) -> Iterator[tuple[str, str]]:
    for person in _named(council, staff, at):
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


def is_at_work(council: Council, staff: str, at: datetime) -> bool:
    """Whether it is a working day of theirs and they are not away at that instant, so that they read what is sent today."""
    return is_present(council, staff, at) and works_on(council, staff, council.calendar.local_day(at))


def own_calendar(council: Council, staff: str) -> Calendar:
    """The council's calendar with one person's week. A day outside that week is not an absence, but brings no digest."""
    person = council.staff.get(staff)
    if person is None or person.week is None:
        return council.calendar
    return replace(council.calendar, week=person.week, _known={})


def with_absences(council: Council, reported: Sequence[Absence]) -> Council:
    """
    The council with the absences that people reported, in addition to those of its configuration.

    An absence with the source "BACK" means the opposite: the person is back, and the absences of the configuration and of their
    calendar that end by its end are over at its start.
    """
    if not reported:
        return council
    back = [one for one in reported if one.source == "BACK"]
    standing = tuple(
        replace(one, ends_at=min([one.ends_at, *(end.starts_at for end in back if _ends(end, one))]))
        for one in (*council.absences, *(one for one in reported if one.source == CALENDAR))
    )
    told = (one for one in reported if one.source not in ("BACK", CALENDAR))
    return replace(council, absences=(*standing, *told))


def _ends(back: Absence, absence: Absence) -> bool:
    return back.staff == absence.staff and absence.starts_at <= back.starts_at < absence.ends_at <= back.ends_at


def returns_on(council: Council, absence: Absence) -> date:
    """The first working day after an absence. If it ends within a working day, that day."""
    day = council.calendar.local_day(absence.ends_at)
    return council.calendar.first_working_day(day)


def working_days_of(council: Council, absence: Absence, start: date) -> int:
    """The number of the council's working days in an absence, from `start` on. Half a day does not count."""
    first = max(start, council.calendar.local_day(absence.starts_at))
    last = council.calendar.local_day(absence.ends_at)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum(_covers(council, absence, day) for day in days)


def ladder(council: Council, staff: str, team: str) -> list[str]:
    """The ids of those who are told of lateness: the person in charge, their manager, that manager's manager and so on."""
    found = [staff] if staff in council.staff else []
    person = staff
    while True:
        above = (
            council.manager_of(council.staff[person], team)
            if person in council.staff
            else (council.teams[team].manager if team in council.teams else "")
        )
        if not above or above in found or above not in council.staff:
            return found
        found.append(above)
        person = above


def above(council: Council, staff: str, team: str, at: datetime) -> list[str]:
    """
    Who is told above whoever is in charge, nearest first: those of the ladder who are here, and in the place of one who is
    away the cover named for them (D58). Digests, reminders and the mail to the resident name people from this list alone (E78).
    """
    found: list[str] = []
    for rung in ladder(council, staff, team):
        reached = next((one for one in (rung, *_named(council, rung, at)) if is_present(council, one, at)), "")
        if rung != staff and reached and reached != staff and reached not in found:
            found.append(reached)
    return found

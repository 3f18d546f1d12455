"""To staff, before and after a date passes: the morning digest, "overdue today", the ladder (behaviour.md §4.1, §4.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from ackbot.casework import standards
from ackbot.casework.council import Council, Staff
from ackbot.casework.cover import absence_of, is_present, ladder, own_calendar, returns_on, stand_in
from ackbot.casework.drafts import to_staff
from ackbot.casework.intents import Send
from ackbot.casework.model import PROMISES, Case
from ackbot.casework.office import Desk
from ackbot.casework.worktime import Calendar
from ackbot.mail import subjects
from ackbot.mail.markup import Lines

HEAD = "head of service"  # not a staff id: an address that stands above every ladder; without one, the admin's
GIVEN_UP = 3  # mails without news, after which a person is alarmed each working day
_OWED = 2  # mails without news, after which the manager owes the next word


Role = Literal["own", "offered", "escalated", "nobody"]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One case in somebody's mail.

    Args:
        role: it is theirs to answer; it was passed to them; it came up the ladder to them; or nobody who is here has it.
        due_on: the first date that runs; None when none does any more.
    """

    case: Case
    role: Role
    due_on: date | None


def due_on(case: Case) -> date | None:
    """The first date of a case that runs, whether the resident was told it or not."""
    return min((clock.promised_on for clock in case.clocks if clock.kind in PROMISES), default=None)


def sheets(cases: Sequence[Case], desk: Desk) -> dict[str, list[Line]]:
    """
    Who reads of which case this morning, by staff id or HEAD.

    Args:
        cases: open ones that are due within the next days, are late, or have no owner; each once.
    """
    found: dict[str, list[Line]] = {}
    for case in cases:
        if desk.council.inbox_of(case.inbox).mode == "shadow":
            continue  # nobody hears of an inbox that is only looked at
        for person, role in _readers(case, desk):
            found.setdefault(person, []).append(Line(case, role, due_on(case)))
    for lines in found.values():
        lines.sort(key=lambda line: (line.case.late_since or line.due_on or date.max, line.case.code))
    return found


def _readers(case: Case, desk: Desk) -> list[tuple[str, Role]]:
    council = desk.council
    rungs = ladder(council, case.in_charge, case.team)
    above = [_reached(council, one, case.team, desk) for one in rungs if one != case.in_charge]
    top = [HEAD] if council.head_of_service else []
    if not is_here(case, desk):
        return [((above or [HEAD])[0], "nobody")]
    readers: list[tuple[str, Role]] = []
    if case.late_since or case.offer or _shown_to_owner(case, desk):
        readers.append((case.in_charge, "own"))
    if case.offer and case.offer.to != case.in_charge:
        readers.append((case.offer.to, "offered"))
    due = due_on(case)
    steps = 0
    if case.late_since:
        standard = council.standards.get(case.standard, council.default_standard)
        steps = standards.steps(case.late_since, standard.escalate_every, council.calendar, desk.today)
    if case.no_news >= _OWED or (case.sensitive and due is not None and due <= desk.today):
        steps = max(steps, 1)
    if case.no_news >= GIVEN_UP:
        steps = len(above) + len(top)
    named = {one for one, _ in readers}
    readers += [(one, "escalated") for one in dict.fromkeys([*above, *top][:steps]) if one not in named]
    return readers


def is_here(case: Case, desk: Desk) -> bool:
    """Whether somebody has the case who is here, or away for so short that it waits for them (behaviour.md §4.5, P4)."""
    council = desk.council
    if is_present(council, case.in_charge, desk.now):
        return True
    return bool(case.in_charge in council.staff and not case.late_since and _back_in_time(case, desk))


def _back_in_time(case: Case, desk: Desk) -> bool:
    absence = absence_of(desk.council, case.in_charge, desk.now)
    due = due_on(case)
    return absence is not None and (due is None or due >= returns_on(desk.council, absence))


def _reached(council: Council, staff: str, team: str, desk: Desk) -> str:
    """A manager who is away is read by whoever stands in for them (D58)."""
    if is_present(council, staff, desk.now):
        return staff
    found = stand_in(council, staff, team, desk.now)
    return found[0] if found else staff


def _shown_to_owner(case: Case, desk: Desk) -> bool:
    """From `warn` before the date on, and on the last own working day before it."""
    due = due_on(case)
    return due is not None and due <= horizon(case.in_charge, case.standard, desk)


def horizon(staff: str, standard: str, desk: Desk) -> date:
    """The last date that a person's digest of today names: the longest warning, or their next own working day."""
    council = desk.council
    promised = council.standards.get(standard, council.default_standard)
    calendar = council.calendar
    warned = [
        _warned(calendar, one.amount if one.unit == "working days" else one.seconds / 86_400, desk.today)
        for one in promised.warn
    ]
    next_own = own_calendar(council, staff).next_working_day(desk.today)
    return max([*warned, next_own])


def _warned(calendar: Calendar, days: float, today: date) -> date:
    return calendar.add_days(today, max(0, round(days)))


def digest(desk: Desk, person: Staff, lines: Sequence[Line], letter: str, *, why: str) -> Send:
    """
    What is due, once a morning. A single case of one's own makes it a mail about that case, answered by plain reply.

    Args:
        letter: the resident's last words in that single case.
    """
    key = f"digest:{person.id}:{desk.today.isoformat()}"
    return _reminder(desk, person, lines, letter, key, "digest-list", why)


def overdue(desk: Desk, person: Staff, lines: Sequence[Line], letter: str, *, why: str) -> Send:
    """At 13:00 of the promised date, to whoever has the case and to the manager."""
    key = f"overdue:{person.id}:{desk.today.isoformat()}"
    return _reminder(desk, person, lines, letter, key, "overdue", why)


def late(desk: Desk, person: Staff, line: Line, letter: str, *, why: str) -> Send:
    """About one case whose date came after 13:00, before its resident is told that there is no news."""
    key = f"late:{person.id}:{line.case.code}:{desk.today.isoformat()}"
    return _reminder(desk, person, [line], letter, key, "digest-list", why)


def _reminder(desk: Desk, person: Staff, lines: Sequence[Line], letter: str, key: str, template: str, why: str) -> Send:
    if len(lines) == 1 and lines[0].role == "own":
        case = lines[0].case
        inbox = desk.council.inbox_of(case.inbox)
        values = {**_line(desk, person, lines[0]), "letter": Lines(letter), "overdue": template == "overdue"}
        out = bool(case.resident.addr)
        draft = to_staff.about_case(
            desk, case, inbox, person, "digest", key, values, words_go_out=out, template="digest-one", purpose="single"
        )
        return Send(
            key, replace(draft, html=True), inbox.name, inbox.staff_lane, staff=person.id, code=case.code, why=why
        )
    inbox = desk.council.inbox_of(_first_open(lines, desk).case.inbox)
    values = listed(desk, person, lines)
    return to_staff.to_staff(desk, person, inbox, "digest", template, key, values, why=why)


def _first_open(lines: Sequence[Line], desk: Desk) -> Line:
    """A line whose inbox lets staff mail out: its mode rules the whole mail."""
    return next((line for line in lines if desk.council.inbox_of(line.case.inbox).mode != "shadow"), lines[0])


def listed(desk: Desk, person: Staff | None, lines: Sequence[Line]) -> dict[str, Any]:
    """The values of a mail that lists cases by what is to be done about them; without a person, nobody may answer by link."""
    shown = [_line(desk, person, line) for line in lines]
    return {
        "count": len(lines),
        "own": [one for one in shown if one["role"] == "own"],
        "offered": [one for one in shown if one["role"] == "offered"],
        "escalated": [one for one in shown if one["role"] == "escalated"],
        "nobody": [one for one in shown if one["role"] == "nobody"],
    }


def _line(desk: Desk, person: Staff | None, line: Line) -> dict[str, Any]:
    case, council = line.case, desk.council
    owner = council.staff.get(case.in_charge)
    inbox = desk.council.inbox_of(case.inbox)
    told = any(clock.told and clock.promised_on == line.due_on for clock in case.clocks)
    taker, passer = (council.staff.get(one) for one in ((case.offer.to, case.offer.by) if case.offer else ("", "")))
    asked_at = case.human_words_at if case.state == "waiting" else None
    return {
        "asked_on": council.calendar.local_day(asked_at) if asked_at else None,
        "offered_to": taker.name if taker and taker.id != case.in_charge else "",
        "offered_by": passer.name if passer else "",
        "offered_on": council.calendar.local_day(case.offer.at) if case.offer else None,
        "role": line.role,
        "reference": council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "matter": subjects.plain(case.subject),
        "service": inbox.service,
        "owner": owner.name if owner else "",
        "due_on": line.due_on,
        "due_today": line.due_on == desk.today,
        "told": told,
        "late_since": case.late_since,
        "no_news": case.no_news,
        "owes": line.role == "escalated" and case.no_news == _OWED,
        "given_up": case.no_news >= GIVEN_UP,
        "silent": silent_because(case, council) or ("" if told else "no date was promised"),
        "missed": line.due_on is not None and line.due_on < desk.today,
        "call": case.sensitive,
        "links": to_staff.links(desk, case, inbox, person) if person else {},
    }


def silent_because(case: Case, council: Council) -> str:
    """Why the resident is told nothing automatically when a date passes, for staff to read; "" when they are."""
    inbox = council.inbox_of(case.inbox)
    reasons: Mapping[str, object] = {
        "the council sends no automatic mail but acknowledgements": council.limits.resident_automatic_per_day < 1,
        "the letter is sensitive": case.sensitive,
        "the resident wants no automatic mail": case.quiet,
        "the resident cannot be reached by email": case.unreachable or not case.resident.addr,
        "the inbox sends residents no automatic mail yet": inbox.mode != "live",
    }
    return next((reason for reason, true in reasons.items() if true), "")

"""Turns standards into clocks, which are promises that run (design.md, "The life of a promise"; domain.md §7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from ackbot.casework.bank_holidays import NATIONS
from ackbot.casework.council import Council, Inbox, Standard
from ackbot.casework.model import Case, Clock, ClockKind
from ackbot.casework.worktime import ALWAYS, Calendar, Duration


def calendar_of(standard: Standard, inbox: Inbox, council: Council) -> Calendar:
    """
    The calendar by which a standard counts (domain.md §7).

    "council" is the inbox's calendar. "foi" has the bank holidays of all four nations and no council closures, as the law
    counts. "always" has every day and hour.
    """
    if standard.calendar == "council":
        return inbox.calendar
    if standard.calendar == "foi":
        return replace(council.calendar, nations=NATIONS, closed=frozenset(), extra=frozenset(), _known={})
    return Calendar(council.calendar.timezone, ALWAYS)


def opening_clocks(
    standard: Standard, inbox: Inbox, council: Council, arrived_at: datetime, now: datetime, *, owned: bool
) -> tuple[Clock, ...]:
    """
    The clocks of a new case, in the order in which they fall due. `name-owner` runs only if there is no owner.

    They are counted from arrival, or from the acknowledgement (now) if the standard says so. If a date has come already
    because the letter waited, its clock is counted from now: we promise nobody a word for yesterday.
    """
    start = now if standard.start == "acknowledgement" else arrived_at
    today = council.calendar.local_day(now)
    wanted: list[tuple[ClockKind, Duration | None]] = [
        ("name-owner", None if owned else standard.name_owner_within),
        ("update", standard.update_every),
        ("answer", standard.answer_within),
    ]
    clocks = []
    for kind, duration in wanted:
        if duration is None:
            continue
        clock = clock_of(kind, duration, start, standard, inbox, council)
        late = clock.promised_on <= today and start < now
        clocks.append(clock_of(kind, duration, now, standard, inbox, council) if late else clock)
    return tuple(sorted(clocks, key=lambda clock: clock.due_at))


def clock_of(
    kind: ClockKind, duration: Duration, start: datetime, standard: Standard, inbox: Inbox, council: Council
) -> Clock:
    """One clock of a standard, counted from `start`. Its date has not been told to anybody."""
    promised_on, due_at = calendar_of(standard, inbox, council).due(start, duration, standard.cut_off)
    return Clock(kind, promised_on, due_at, started_at=start, duration=duration.text)


def next_update(standard: Standard, inbox: Inbox, council: Council, now: datetime) -> Clock | None:
    """The clock for the next date that the resident is told, counted from now; None if the standard promises no more words."""
    duration = standard.update_every or standard.answer_within
    return replace(clock_of("update", duration, now, standard, inbox, council), told=True) if duration else None


def no_later(update: Clock, clocks: Sequence[Clock], today: date) -> Clock:
    """
    The next update, moved to the day of the answer if that is promised earlier.

    The resident is told one date only, which is the first one that stands.
    """
    before = [one for one in clocks if one.kind == "answer" and today < one.promised_on < update.promised_on]
    first = min(before, key=lambda one: one.promised_on, default=None)
    return replace(update, promised_on=first.promised_on, due_at=first.due_at, started_at=None) if first else update


def on_day(kind: ClockKind, day: date, inbox: Inbox) -> Clock:
    """A clock for a date that a person named and the resident is told. It ends with the hours of that or the next working day."""
    day = inbox.calendar.first_working_day(day)
    return Clock(kind, day, inbox.calendar.end_of(day), told=True)


def resumed(case: Case, council: Council, now: datetime) -> list[Clock]:
    """
    The paused clocks of a case, running again, and later by as many working days as they were paused (D65).

    They no longer depend on the standard: if it changes, the pause must not be lost.
    """
    inbox = council.inbox_of(case.inbox)
    calendar = calendar_of(council.standard_of(case.standard), inbox, council)
    today = calendar.local_day(now)
    found = []
    for clock in case.paused:
        days = calendar.days_between(calendar.local_day(clock.paused_at or now), today)
        day = calendar.first_working_day(max(calendar.add_days(clock.promised_on, int(days)), today))
        found.append(replace(on_day(clock.kind, day, inbox), told=False))
    return found


def told(clocks: tuple[Clock, ...], *, owned: bool, answer_on: date | None = None) -> tuple[Clock, ...]:
    """
    The clocks, with those marked as told that an acknowledgement or notice names.

    It names the date of the next word and, if there is no owner, the date by which the resident hears who has the case.

    Args:
        answer_on: the date of the answer, which the acknowledgement of a complaint names as well.
    """
    named = {next_word(clocks), answer_on}
    return tuple(
        replace(clock, told=clock.promised_on in named if clock.kind != "name-owner" else not owned) for clock in clocks
    )


def steps(late_since: date, every: Duration, calendar: Calendar, today: date) -> int:
    """How many steps up the ladder a case has gone that has been late since `late_since` (behaviour.md §4.6)."""
    if every.unit == "working days":
        return int(calendar.days_between(late_since, today) // max(every.amount, 1))
    return int((today - late_since).total_seconds() // max(every.seconds, 1))


def answer(clocks: tuple[Clock, ...]) -> date | None:
    """The date of the answer; None if that clock does not run."""
    return next((clock.promised_on for clock in clocks if clock.kind == "answer"), None)


def next_word(clocks: tuple[Clock, ...]) -> date | None:
    """The date of the next word to the resident: the earlier one of the update and the answer; None if neither runs."""
    return min((clock.promised_on for clock in clocks if clock.kind in ("update", "answer")), default=None)

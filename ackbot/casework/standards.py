"""Promises: what a standard starts when a letter comes in (design.md, "The life of a promise"; domain.md §7)."""

from dataclasses import replace
from datetime import date, datetime

from ackbot.casework.council import Council, Inbox, Standard
from ackbot.casework.model import Clock, ClockKind
from ackbot.casework.worktime import ALWAYS, NATIONS, Calendar, Duration


def calendar_of(standard: Standard, inbox: Inbox, council: Council) -> Calendar:
    """
    The calendar a standard counts by: the inbox's (its nation's bank holidays); for FOI all four nations' bank holidays,
    council closures not counting; or every day and hour (domain.md §7).
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
    The clocks of a new case, in the order they fall due. `name-owner` runs only while there is no owner.

    Counted from arrival, or for a standard that says so from the acknowledgement, which is now.
    """
    calendar = calendar_of(standard, inbox, council)
    start = now if standard.start == "acknowledgement" else arrived_at
    wanted: list[tuple[ClockKind, Duration | None]] = [
        ("name-owner", None if owned else standard.name_owner_within),
        ("update", standard.update_every),
        ("answer", standard.answer_within),
    ]
    clocks = [Clock(kind, *calendar.due(start, duration, standard.cut_off)) for kind, duration in wanted if duration]
    return tuple(sorted(clocks, key=lambda clock: clock.due_at))


def next_word(clocks: tuple[Clock, ...]) -> date | None:
    """The date a resident is told for the next word: the earliest of the update and the answer; None without either."""
    return min((clock.promised_on for clock in clocks if clock.kind in ("update", "answer")), default=None)

"""Who hears that nobody has written to somebody in danger, and when (behaviour.md §3.9, E74)."""

from datetime import datetime

from ackbot.casework.clocks.reminders import ADMIN, HEAD, is_about
from ackbot.casework.council import Inbox
from ackbot.casework.cover import above, works_on
from ackbot.casework.model import Case
from ackbot.casework.office import Desk

WITHIN = 4  # working hours of the inbox


def is_due(since: datetime, inbox: Inbox, now: datetime) -> bool:
    """Whether somebody must hear today: WITHIN working hours have passed; on the days after, as soon as the inbox is open."""
    calendar = inbox.calendar
    first = calendar.add_hours(since, WITHIN)
    if calendar.local_day(now) == calendar.local_day(first):
        return now >= first
    return now > first and calendar.is_open(now)


def reader(case: Case, told: int, desk: Desk) -> str:
    """
    Whose turn it is to hear: the manager's first, then that of one more of those above each working day.

    Args:
        told: on how many days somebody was told before.

    Returns:
        The staff id of somebody who is at work today, if anybody above is; else HEAD or ADMIN, who are only addresses.
    """
    desk = desk.within(case)
    council = desk.council
    rungs = above(council, case.in_charge, case.team, desk.now)
    here = [one for one in rungs if works_on(council, one, desk.today)]
    top = ADMIN if not council.head_of_service or is_about(case, council.head_of_service, desk) else HEAD
    return [*here, top][min(told, len(here))]

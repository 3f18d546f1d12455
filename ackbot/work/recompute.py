"""After a change of calendar or standards, compute dates anew, except those that a resident was told (P9, D67)."""

import hashlib
from datetime import datetime

from ackbot.casework import standards
from ackbot.casework.council import Council
from ackbot.casework.intents import SetClock
from ackbot.casework.model import Clock
from ackbot.casework.worktime import Calendar, Duration
from ackbot.store import Database, cases, handlers, settings

_IN_FORCE = "calendars and standards"
_AT_ONCE = 200  # cases in one transaction


def recount(db: Database, council: Council, now: datetime) -> int:
    """
    Compute dates anew if calendar or standards differ from those of the last time. Each 200 cases are a transaction.

    A crash in the middle is harmless: the fingerprint is written last, so the next start does all of it again.

    Returns:
        How many clocks changed.
    """
    fingerprint = _fingerprint(council)
    if settings.read(db, _IN_FORCE) == fingerprint:
        return 0
    changed = 0
    codes = cases.with_untold_clocks(db)
    for start in range(0, len(codes), _AT_ONCE):
        with db.transaction():
            for case in cases.by_code(db, codes[start : start + _AT_ONCE]).values():
                found = [
                    SetClock(case.code, new, why="the calendar or the standard changed")
                    for clock in case.clocks
                    if (new := anew(clock, case.standard, case.inbox, council)) != clock
                ]
                changed += len(found)
                handlers.apply(db, found, {}, council, now)
    with db.transaction():
        settings.write(db, _IN_FORCE, fingerprint)
    return changed


def anew(clock: Clock, standard: str, inbox: str, council: Council) -> Clock:
    """The clock by the rules in force now. A clock stays as it is if a resident was told, or if a person named its date."""
    if clock.told or clock.started_at is None:
        return clock
    rule = council.standard_of(standard)
    durations: dict[str, Duration | None] = {
        "name-owner": rule.name_owner_within,
        "update": rule.update_every,
        "answer": rule.answer_within,
        "settle": rule.settle_after,
    }
    duration = durations.get(clock.kind) or Duration.parse(clock.duration)
    return standards.clock_of(clock.kind, duration, clock.started_at, rule, council.inbox_of(inbox), council)


def _fingerprint(council: Council) -> str:
    """A hash of everything that dates are computed from."""
    known = [
        *(repr(one) for one in council.standards.values()),
        _shown(council.calendar),
        *(f"{one.name}: {_shown(one.calendar)}" for one in council.inboxes.values()),
    ]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()


def _shown(calendar: Calendar) -> str:
    return repr(
        (
            str(calendar.timezone),
            sorted(calendar.week.hours.items()),
            calendar.nations,
            sorted(calendar.closed),
            sorted(calendar.extra),
        )
    )

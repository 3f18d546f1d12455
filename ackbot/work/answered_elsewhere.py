"""Closes old cases that were answered elsewhere, so that shadow mode ends without a flood (behaviour.md §5.8)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from ackbot.casework.intents import ClearClock, Close, DropAcknowledgement, Intent
from ackbot.casework.model import Case
from ackbot.casework.office import Office
from ackbot.report import figures
from ackbot.report.periods import Period
from ackbot.store import Database, cases
from ackbot.store.database import text_of
from ackbot.work.apply import apply

_AT_ONCE = 200  # cases in one transaction, so that the daemon gets its turn between


@dataclass(frozen=True, slots=True)
class Closed:
    """
    What was closed, or would be.

    Args:
        by_owner: how many cases of each owner, by staff id.
        told: codes of those whose residents were told a date, which nobody will keep.
        alarms: codes of cases that stay open because an urgent alarm runs.
    """

    by_owner: Counter[str]
    told: list[str]
    alarms: list[str]


def close(db: Database, office: Office, before: date, inbox: str, now: datetime, *, dry_run: bool) -> Closed:
    """
    Close every case whose last letter came before a day; nobody gets a mail.

    A promise that the resident was told is withheld, and an acknowledgement that waits is not sent.

    Args:
        before: the council's date.
        inbox: only of this inbox; "" for all.
        dry_run: only say what would be closed.
    """
    since, _ = figures.bounds(Period(before, before), office.council)
    found = Closed(Counter(), [], [])
    codes = cases.open_and_quiet_since(db, text_of(since), inbox)
    for start in range(0, len(codes), _AT_ONCE):
        with db.transaction():
            alarmed = cases.alarmed(db, codes[start : start + _AT_ONCE])
            # Read again inside: a letter may have come meanwhile.
            some = [
                case
                for case in cases.by_code(db, codes[start : start + _AT_ONCE]).values()
                if case.state != "closed" and (case.last_letter_at or case.opened_at) < since
            ]
            for case in some:
                if case.code in alarmed:
                    found.alarms.append(case.code)
                    continue
                found.by_owner[case.owner] += 1
                if any(clock.told for clock in case.clocks):
                    found.told.append(case.code)
                if not dry_run:
                    apply(db, list(_closing(case, before)), office.desk(now))
    return found


def _closing(case: Case, before: date) -> Iterator[Intent]:
    why = f"answered elsewhere, as the admin says of all cases before {before}"
    yield DropAcknowledgement(case.code, why=why)
    for clock in case.clocks:
        yield ClearClock(case.code, clock.kind, "withheld", why=why)
    yield Close(case.code, why=why)

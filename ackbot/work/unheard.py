"""Tell somebody above, as urgent, that nobody has written to a resident who may be in danger (behaviour.md §3.9, E74)."""

from datetime import datetime, timedelta

from ackbot.casework.clocks import unheard as rules
from ackbot.casework.clocks.reminders import ADMIN, HEAD
from ackbot.casework.drafts import alarm_mails
from ackbot.casework.drafts.alarm_mails import Silent
from ackbot.casework.intents import Note
from ackbot.casework.office import Desk, Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, alarms, cases, daily, unheard
from ackbot.store.unheard import Unheard
from ackbot.work.apply import apply, office_at

_APART = timedelta(
    minutes=30
)  # between two such mails to one person, so that a flood of letters is no flood of mails (E9)


class UnheardRound:
    """One mail to each person whose turn it is, about all cases that are due for them."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office
        self._last: dict[str, datetime] = {}

    def run(self, now: datetime) -> int:
        """Write what is due. Returns how many mails were put into the outbox to go out."""
        council = self._office.council
        found = [
            one
            for one in unheard.waiting(self._db, council.calendar.local_day(now), now)
            if council.inbox_of(one.inbox).mode != "shadow"
            and rules.is_due(one.since, council.inbox_of(one.inbox), now)
        ]
        if not found:
            return 0
        desk = office_at(self._office, self._db, now).desk(now)
        known = cases.by_code(self._db, [one.code for one in found])
        by_reader: dict[str, list[Unheard]] = {}
        for one in found:
            if one.code in known:
                by_reader.setdefault(rules.reader(known[one.code], one.told, desk), []).append(one)
        return sum(self._tell(reader, some, desk) for reader, some in by_reader.items())

    def _tell(self, reader: str, some: list[Unheard], desk: Desk) -> int:
        if reader in self._last and timedelta(0) <= desk.now - self._last[reader] < _APART:
            return 0
        with self._db.transaction():
            known = cases.by_code(self._db, [one.code for one in some])
            taken = alarms.taken(self._db, list(known))
            silent = [
                Silent(known[one.code], one.since, taken.get(one.code))
                for one in some
                if one.code in known
                and known[one.code].state == "open"
                and daily.begin(self._db, unheard.round_of(one.code), desk.today, desk.now)
            ]
            if not silent:
                return 0
            why = f"nobody has written to the resident within {rules.WITHIN} working hours"
            if reader in (HEAD, ADMIN):
                recipient = desk.council.head_of_service if reader == HEAD else ""
                send = alarm_mails.unheard_to_admin(desk, silent, recipient, why=why)
            else:
                send = alarm_mails.unheard(desk, desk.council.staff[reader], silent, why=why)
            told = [Note(one.case.code, "unheard", {"staff": reader}, why=why) for one in silent]
            queued = apply(self._db, [send, *told], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        self._last[reader] = desk.now
        return queued

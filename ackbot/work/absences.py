"""Who is away, and what follows for their cases: looked at whenever somebody comes or goes, and every midnight (P4)."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import structlog

from ackbot.casework import away, notices
from ackbot.casework.away import Move
from ackbot.casework.cover import is_present
from ackbot.casework.intents import Intent
from ackbot.casework.model import Case
from ackbot.casework.office import Desk, Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, cases, facts, inboxes, intents, rounds
from ackbot.work.attendance import office_at
from ackbot.work.intake import written

log = structlog.get_logger()


class Absences:
    """Moves cases to cover and back. What it does follows from rows and the calendar alone, so a restart forgets nothing."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office
        self._here: tuple[object, ...] = ()  # who was here at the last look

    def run(self, now: datetime) -> int:
        """Look again if somebody came or went, or the day is another; how many mails were put into the outbox to go out."""
        office = office_at(self._office, self._db, now)
        desk = office.desk(now)
        here = (desk.today, *(is_present(desk.council, one, now) for one in desk.council.staff))
        queued = 0
        if here != self._here:
            queued += self._look(desk)
            self._here = here
        return queued + self._ownerless(desk)

    def _look(self, desk: Desk) -> int:
        """Every case whose owner is not here, or is back, or has left: moved in one transaction for each owner."""
        queued = 0
        gone = [one for one in cases.owners(self._db) if one and self._concerned(one, desk)]
        for owner in gone:
            with self._db.transaction():
                queued += self._move(cases.of_owner(self._db, owner), desk)
                crash_point("rounds.before-commit")
            crash_point("rounds.committed")
        return queued

    def _concerned(self, owner: str, desk: Desk) -> bool:
        return not is_present(desk.council, owner, desk.now) or cases.has_cover(self._db, owner)

    def _ownerless(self, desk: Desk) -> int:
        """Cases that nobody could be named for get an owner as soon as one is here."""
        found = cases.of_owner(self._db, "")
        if not found:
            return 0
        with self._db.transaction():
            return self._move(found, desk)

    def _move(self, found: Sequence[Case], desk: Desk) -> int:
        """Decide, write, and tell: the new one in charge, the one who is back, residents whom it concerns, or the alarm."""
        db = self._db
        moves: list[Move] = []
        for case in found:
            loads = facts.loads(db, desk.council.teams[case.team].members) if case.team in desk.council.teams else {}
            if one := away.move(case, loads, desk):
                moves.append(one)
                self._apply(away.applied(one, desk), desk)
        queued = self._apply(self._to_staff(moves, desk), desk)
        for some in _by_resident(moves, desk):
            if self._tell_now(some, desk):
                queued += self._apply(away.to_resident(some, self._when(some[0].case, desk), desk), desk)
        return queued

    def _to_staff(self, moves: Sequence[Move], desk: Desk) -> list[Intent]:
        council = desk.council
        found: list[Intent] = []
        for person in dict.fromkeys(one.to for one in moves if one.how in ("cover", "owner")):
            theirs = [one for one in moves if one.to == person and one.how in ("cover", "owner")]
            former = council.staff.get(theirs[0].case.owner)
            if former is None and len(theirs) == 1:
                case = away.in_new_hands(theirs[0])
                letter = cases.last_words(self._db, case.code)
                found.append(away.given(desk, case, letter, owner_why=theirs[0].why, why="it has an owner now"))
            else:
                why = f"{len(theirs)} cases are theirs now"
                found.append(away.table(desk, council.staff[person], former, theirs, why=why))
        for person in dict.fromkeys(one.to for one in moves if one.how == "back"):
            theirs = [one for one in moves if one.to == person and one.how == "back"]
            found.append(away.welcome_back(desk, council.staff[person], theirs, why="they are back"))
        alone = [
            one for one in moves if one.how == "nobody" and one.case.owner
        ]  # of one without an owner they heard at once
        if alone and rounds.begin(self._db, "uncovered", desk.today, desk.now):
            values = {
                "count": len(alone),
                "references": [council.reference_of(one.case.code) for one in alone],
                "reasons": sorted({one.why for one in alone}),
            }
            recipient = council.head_of_service or council.admin
            found.append(
                notices.to_admin(
                    desk,
                    "uncovered",
                    f"uncovered:{desk.today}",
                    values,
                    why="nobody is left who could have them",
                    recipient=recipient,
                )
            )
        return found

    def _tell_now(self, some: Sequence[Move], desk: Desk) -> bool:
        case = some[0].case
        mode = desk.council.inbox_of(case.inbox).mode
        return away.may_be_told(case, mode) and not inboxes.is_paused(self._db, case.inbox)

    def _when(self, case: Case, desk: Desk) -> datetime:
        """In working hours; on the next working day if the resident had an automatic mail today (behaviour.md §3.3, §3.7)."""
        calendar = desk.council.inbox_of(case.inbox).calendar
        at = calendar.next_open(desk.now)
        midnight = calendar.at(calendar.local_day(at), time(0))
        while cases.automatic_since(self._db, case.resident.key, midnight) >= _A_DAY:
            midnight = calendar.at(calendar.local_day(midnight + timedelta(hours=36)), time(0))
            at = calendar.next_open(midnight)
            midnight = calendar.at(calendar.local_day(at), time(0))
        return at

    def _apply(self, found: Sequence[Intent], desk: Desk) -> int:
        office = Office(desk.council, desk.templates, desk.signer)
        return intents.apply(self._db, found, written(found, office), desk.council, desk.now)


_A_DAY = 1  # automatic mails besides acknowledgements


def _by_resident(moves: Sequence[Move], desk: Desk) -> list[list[Move]]:
    """Moves that residents are told of, those of one resident together."""
    told: dict[str, list[Move]] = {}
    for one in moves:
        if one.tell and away.may_be_told(one.case, desk.council.inbox_of(one.case.inbox).mode):
            told.setdefault(one.case.resident.key, []).append(one)
    return list(told.values())

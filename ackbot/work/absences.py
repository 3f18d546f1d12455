"""Cases go to cover while their owner is away, and come back: decided when somebody comes or goes, and at midnight (P4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ackbot.casework import keys
from ackbot.casework.clocks import absence_moves
from ackbot.casework.clocks.absence_moves import Move
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_admin
from ackbot.casework.intents import Intent
from ackbot.casework.model import Case
from ackbot.casework.office import Desk, Office
from ackbot.casework.staff import auto_reply
from ackbot.crashpoints import crash_point
from ackbot.store import Database, cases, daily, facts, inboxes, told_absences
from ackbot.store.contact import history
from ackbot.work.apply import apply, office_at


class Absences:
    """Moves cases to cover and back. It decides from rows and the calendar alone, so a restart forgets nothing."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office
        self._here: tuple[object, ...] = ()  # at the last look: the date, and whether each member of staff was here

    def run(self, now: datetime) -> int:
        """
        Look again if somebody came or went, or a new day began.

        Returns:
            How many mails were put into the outbox to go out.
        """
        office = office_at(self._office, self._db, now)
        desk = office.desk(now)
        here = (desk.today, *(is_present(desk.council, one, now) for one in desk.council.staff))
        queued = 0
        if here != self._here:
            queued += self._look(desk)
            self._here = here
        return queued + self._ownerless(desk) + self._ask(desk)

    def _ask(self, desk: Desk) -> int:
        """Ask those who are back from an absence whose end nobody had named. Each is asked once."""
        queued = 0
        for row, absence in told_absences.to_ask(self._db, desk.now):
            person = desk.council.staff.get(absence.staff)
            with self._db.transaction():
                told_absences.asked(self._db, row)
                if person is not None and is_present(desk.council, person.id, desk.now):
                    queued += apply(self._db, [auto_reply.asked_when_back(person, absence, desk)], desk)
        return queued

    def _look(self, desk: Desk) -> int:
        """
        Move the cases of every owner who is away, is back or has left, in one transaction, so that whoever takes over from several
        gets one sheet (E90).
        """
        gone = [one for one in cases.owners(self._db) if one and self._concerned(one, desk)]
        if not gone:
            return 0
        with self._db.transaction():
            queued, alone = self._move([case for owner in gone for case in cases.of_owner(self._db, owner)], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        return queued + self._alarm(alone, desk)

    def _concerned(self, owner: str, desk: Desk) -> bool:
        return not is_present(desk.council, owner, desk.now) or cases.has_cover(self._db, owner)

    def _ownerless(self, desk: Desk) -> int:
        """Give cases without an owner to somebody as soon as somebody is here. They are looked at in every round."""
        found = cases.of_owner(self._db, "")
        if not found:
            return 0
        with self._db.transaction():
            return self._move(found, desk)[0]

    def _move(self, found: Sequence[Case], desk: Desk) -> tuple[int, list[Move]]:
        """
        Move cases, and write to the new owners, to those who are back, and to the residents whom it concerns.

        Returns:
            How many mails go out now; and the moves of cases whose owner is away and for whom nobody else is here.
        """
        db = self._db
        moves: list[Move] = []
        for case in found:
            loads = facts.loads(db, desk.council.teams[case.team].members) if case.team in desk.council.teams else {}
            if one := absence_moves.move(case, loads, desk):
                moves.append(one)
                apply(self._db, absence_moves.applied(one), desk)  # at once: the next case sees the new loads
        notices = []
        for some in _by_resident(moves, desk):
            known = history(db, some[0].case.resident.key, desk.now, desk.council.calendar, desk.council.limits)
            notices.append((absence_moves.announced(some, known, desk), known))
        named = {one.case.code for announced, _ in notices for one in announced}
        # The mail to staff says what the resident hears, so it must know which moves are announced.
        moves = [one if one.case.code in named else replace(one, tell=False) for one in moves]
        queued = apply(db, self._to_staff(moves, desk), desk)
        for announced, known in notices:
            if announced and not inboxes.is_paused(db, announced[0].case.inbox):
                queued += apply(db, absence_moves.notice(announced, known, desk), desk)
        return queued, [one for one in moves if one.how == "nobody" and one.case.owner]

    def _to_staff(self, moves: Sequence[Move], desk: Desk) -> list[Intent]:
        council = desk.council
        found: list[Intent] = []
        for person in dict.fromkeys(one.to for one in moves if one.how in ("cover", "owner")):
            theirs = [one for one in moves if one.to == person and one.how in ("cover", "owner")]
            if theirs[0].case.owner not in council.staff and len(theirs) == 1:
                case = absence_moves.in_new_hands(theirs[0])
                letter = cases.last_words(self._db, case.code)
                found.append(
                    absence_moves.given(desk, case, letter, owner_why=theirs[0].why, why="it has an owner now")
                )
            else:
                why = f"{len(theirs)} cases are theirs now"
                found.append(absence_moves.table(desk, council.staff[person], theirs, why=why))
        for person in dict.fromkeys(one.to for one in moves if one.how == "back"):
            theirs = [one for one in moves if one.to == person and one.how == "back"]
            words = {one.case.code: cases.last_words(self._db, one.case.code) for one in theirs}
            found.append(absence_moves.welcome_back(desk, council.staff[person], theirs, words, why="they are back"))
        return found

    def _alarm(self, alone: Sequence[Move], desk: Desk) -> int:
        """
        Name the cases for which nobody is left in one mail a day to the head of service, or else to the admin.

        Cases without an owner are not among them: they were reported at once (D59).
        """
        council = desk.council
        if not alone:
            return 0
        with self._db.transaction():
            if not daily.begin(self._db, "uncovered", desk.today, desk.now):
                return 0
            values = {
                "count": len(alone),
                "references": [council.reference_of(one.case.code) for one in alone],
                "reasons": sorted({one.why for one in alone}),
            }
            send = to_admin.about(
                desk,
                "uncovered",
                keys.uncovered(desk.today),
                values,
                why="nobody is left who could have them",
                recipient=council.head_of_service or council.admin,
                named=[one.case.code for one in alone],
            )
            return apply(self._db, [send], desk)


def _by_resident(moves: Sequence[Move], desk: Desk) -> list[list[Move]]:
    """The moves of which residents are told, grouped by resident."""
    found: dict[str, list[Move]] = {}
    for one in moves:
        if absence_moves.is_told(one, desk):
            found.setdefault(one.case.resident.key, []).append(one)
    return list(found.values())

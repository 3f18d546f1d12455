"""Repeat alarms until somebody takes them: every `repeat_every`, two to each person in turn (domain.md §8)."""

from datetime import datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_staff
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, alarms, cases
from ackbot.wires import systemd
from ackbot.work.apply import apply, office_at

_SENT_WITHIN = timedelta(seconds=60)
_LOUD_EVERY = timedelta(seconds=60)
_EACH = 2  # mails to one person before the next person's turn

log = structlog.get_logger()


class Urgency:
    """Writes the next mail of each alarm that is due, each in a transaction of its own."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office
        self._loud_at: datetime | None = None

    def run(self, now: datetime) -> int:
        """
        Repeat the alarms that are due. While no alarm of a case can be sent, the log and the unit's status say so.

        Returns:
            How many mails were put into the outbox to go out.
        """
        with self._db.transaction():
            alarms.hasten(self._db, now)
        self._be_loud(now)
        return sum(self._repeat(chain, now) for chain in alarms.due(self._db, now))

    def _be_loud(self, now: datetime) -> None:
        """
        Log unsent alarms at the highest level every minute, and show them as the unit's status.

        Mail is what does not work, so only somebody who looks at the machine can notice.
        """
        codes = alarms.unsent(self._db, now - _SENT_WITHIN)
        if codes and (self._loud_at is None or now - self._loud_at >= _LOUD_EVERY):
            references = [self._office.council.reference_of(code) for code in codes]
            log.critical(log_events.URGENT_NOT_SENT, cases=references)
            systemd.notify(f"STATUS=URGENT MAIL CANNOT BE SENT: {', '.join(references)}")
            self._loud_at = now
        elif self._loud_at and not codes:
            systemd.notify("STATUS=urgent mail has gone out again")
            self._loud_at = None

    def _repeat(self, chain: alarms.Chain, now: datetime) -> int:
        desk = office_at(self._office, self._db, now).desk(now)
        council = desk.council
        next_at = now + timedelta(seconds=council.urgent.repeat_every.seconds)
        # If all are away, an alarm to somebody who is away is better than none.
        order = [one for one in council.urgent.to if is_present(council, one, now)] or list(council.urgent.to)
        with self._db.transaction():
            case = cases.by_code(self._db, [chain.code]).get(chain.code)
            if case is None or not order or not alarms.repeated(self._db, chain, next_at):
                return 0  # the last means that somebody has taken the alarm since it was read
            staff = council.staff[order[chain.sent // _EACH % len(order)]]
            send = to_staff.urgent_again(
                desk,
                case,
                staff,
                chain.categories,
                cases.last_words(self._db, case.code),
                number=chain.sent + 1,
                started_at=chain.started_at,
                why="nobody has taken the alarm yet",
            )
            queued = apply(self._db, [send], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        log.critical(log_events.URGENT_UNTAKEN, case=council.reference_of(chain.code), mails=chain.sent + 1)
        return queued

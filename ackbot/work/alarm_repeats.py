"""Repeat alarms until somebody takes them: every `repeat_every`, two to each person in turn (domain.md §8)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework.council import Staff
from ackbot.casework.drafts import to_staff
from ackbot.casework.incoming import chains, danger
from ackbot.casework.office import Desk, Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, alarms, cases
from ackbot.wires import systemd
from ackbot.work.apply import apply, office_at

_SENT_WITHIN = timedelta(seconds=60)
_LOUD_EVERY = timedelta(seconds=60)
_LIST_EVERY = timedelta(minutes=2)  # between two lists, while new alarms come
_EACH = 2  # mails to one person before the next is alarmed

log = structlog.get_logger()


class AlarmRepeats:
    """One mail of each chain that is due, in a transaction of its own; one list of all where too many run."""

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
        running = alarms.untaken(self._db)
        by_person: dict[str, list[alarms.Running]] = {}
        for one in running:
            by_person.setdefault(one.person, []).append(one)
        if len(by_person) > chains.MOST:
            return self._list(running, now) if _list_is_due(running, now, self._repeat_every) else 0
        return sum(self._repeat(some, now) for some in by_person.values() if any(one.next_at <= now for one in some))

    @property
    def _repeat_every(self) -> timedelta:
        return timedelta(seconds=self._office.council.urgent.repeat_every.seconds)

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

    def _repeat(self, chain: Sequence[alarms.Running], now: datetime) -> int:
        """One resident's alarms once more, in one mail about the first of them that counts the others."""
        desk = office_at(self._office, self._db, now).desk(now)
        with self._db.transaction():
            known = cases.by_code(self._db, [one.code for one in chain])
            staff = self._next_of(chain, desk)
            still = [one for one in chain if one.code in known and staff and self._again(one, now)]
            if not still or staff is None:
                return 0
            first = still[0]
            send = to_staff.urgent_again(
                desk,
                known[first.code],
                staff,
                sorted({name for one in still for name in one.categories}),
                cases.last_words(self._db, first.code),
                number=first.sent + 1,
                started_at=first.started_at,
                others=[known[one.code] for one in still[1:]],
                letters=alarms.letters_of(self._db, still),
                why="nobody has taken the alarm yet",
            )
            queued = apply(self._db, [send], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        log.critical(log_events.URGENT_UNTAKEN, case=desk.council.reference_of(first.code), mails=first.sent + 1)
        return queued

    def _list(self, running: Sequence[alarms.Running], now: datetime) -> int:
        """Every alarm that runs, in one mail: so many that one mail for each would hide the one that matters (E9)."""
        desk = office_at(self._office, self._db, now).desk(now)
        with self._db.transaction():
            known = cases.by_code(self._db, [one.code for one in running])
            staff = self._next_of(running, desk)
            still = [one for one in running if one.code in known and staff and self._again(one, now)]
            if not still or staff is None:
                return 0
            listed = [
                to_staff.Untaken(known[one.code], one.categories, one.started_at, cases.last_words(self._db, one.code))
                for one in still
            ]
            send = to_staff.urgent_list(
                desk, staff, listed, letters=alarms.letters_of(self._db, still), why="many alarms run"
            )
            queued = apply(self._db, [send], desk)
            crash_point("rounds.before-commit")
        crash_point("rounds.committed")
        for one in still:
            log.critical(log_events.URGENT_UNTAKEN, case=desk.council.reference_of(one.code), mails=one.sent + 1)
        return queued

    def _again(self, one: alarms.Running, now: datetime) -> bool:
        return alarms.repeated(self._db, one, now + self._repeat_every)

    def _next_of(self, some: Sequence[alarms.Running], desk: Desk) -> Staff | None:
        """Whose turn it is, of those who are here; of all where nobody is."""
        council = desk.council
        order = danger.on_duty(council, desk.now)
        return council.staff[order[max(one.sent for one in some) // _EACH % len(order)]] if order else None


def _list_is_due(running: Sequence[alarms.Running], now: datetime, repeat_every: timedelta) -> bool:
    """Whether an alarm that stood in a mail is due again; or a new one is, and the last mail is two minutes old."""
    due = [one for one in running if one.next_at <= now]
    last_at = max((one.next_at - repeat_every for one in running if one.sent), default=datetime.min.replace(tzinfo=UTC))
    return any(one.sent for one in due) or (bool(due) and now - last_at >= _LIST_EVERY)

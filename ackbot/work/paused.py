"""While something is paused, the admin hears of it every day, and of the promises that pass meanwhile (E61)."""

from datetime import datetime, timedelta

from ackbot.casework import keys
from ackbot.casework.clocks import due
from ackbot.casework.drafts import to_admin
from ackbot.casework.model import PROMISES
from ackbot.casework.office import Office
from ackbot.store import Database, cases, daily, inboxes
from ackbot.store.database import instant_of
from ackbot.work.apply import apply

_NAMED = 50  # the most references in the mail
_A_DAY = timedelta(days=1)


class Paused:
    """A round of its own, so that it works while the promises of a paused inbox are left alone."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office

    def run(self, now: datetime) -> int:
        """
        At 15:00, tell the admin of pauses over which a promised date has come, and of those that are a day old.

        Nobody else is mailed: a pause sends nothing else but urgent alarms. The residents hear after `resume`.

        Returns:
            How many mails were put into the outbox to go out.
        """
        pauses = inboxes.pauses(self._db)
        desk = self._office.desk(now)
        if not pauses or now < desk.council.calendar.at(desk.today, due.AT):
            return 0
        scopes = {row["scope"] for row in pauses}
        with self._db.transaction():
            passed = [
                case
                for case in cases.due(self._db, desk.today, PROMISES)
                if scopes & {"", case.inbox}
                and any(clock.told and clock.promised_on <= desk.today for clock in case.clocks)
            ]
            forgotten = any(now - instant_of(row["paused_at"]) >= _A_DAY for row in pauses)
            if not (passed or forgotten) or not daily.begin(self._db, "paused", desk.today, now):
                return 0
            named = [case.code for case in passed[:_NAMED]]
            values = {
                "everything": "" in scopes,
                "inboxes": sorted(scopes - {""}),
                "since": min(instant_of(row["paused_at"]) for row in pauses).astimezone(desk.council.calendar.timezone),
                "count": len(passed),
                "references": [desk.council.reference_of(code) for code in named],
            }
            why = "a pause goes on"
            return apply(
                self._db, [to_admin.about(desk, "paused", keys.paused(desk.today), values, why=why, named=named)], desk
            )

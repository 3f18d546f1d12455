"""Who is here now: the absences of the configuration and those that people told us, as one."""

from dataclasses import replace
from datetime import datetime

from ackbot.casework.cover import with_absences
from ackbot.casework.office import Office
from ackbot.store import Database, absences


def office_at(office: Office, db: Database, now: datetime) -> Office:
    """The office as it stands at that instant; every rule that asks who is here is handed this one."""
    told = absences.current(db, now)
    return replace(office, council=with_absences(office.council, told)) if told else office

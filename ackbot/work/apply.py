"""A decision takes effect: the office as it stands, the mails composed, the intents made rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ackbot.casework.cover import with_absences
from ackbot.casework.intents import Intent, Send
from ackbot.casework.office import Desk, Office
from ackbot.mail.compose import Composed, compose
from ackbot.mail.templates import Templates
from ackbot.store import Database, handlers, told_absences


def office_at(office: Office, db: Database, now: datetime) -> Office:
    """The office as it stands at that instant: with the absences of the configuration and those that people told us."""
    told = told_absences.current(db, now)
    return replace(office, council=with_absences(office.council, told)) if told else office


def composed(found: Sequence[Intent], templates: Templates) -> dict[str, Composed]:
    """The final bytes of every mail among intents, by dedupe key."""
    return {intent.dedupe_key: compose(intent.draft, templates) for intent in found if isinstance(intent, Send)}


def apply(db: Database, found: Sequence[Intent], desk: Desk) -> int:
    """
    Compose the mails of intents that no incoming mail brought, and make rows of all of them, in the caller's transaction.

    Returns:
        How many mails were put into the outbox to go out now.
    """
    return handlers.apply(db, found, composed(found, desk.templates), desk.council, desk.now)

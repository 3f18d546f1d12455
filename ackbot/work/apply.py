"""Decisions take effect: their mails are composed and their intents become rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ackbot.casework.cover import with_absences
from ackbot.casework.intents import Intent, Send
from ackbot.casework.office import Desk, Office
from ackbot.mail.compose import Composed, compose
from ackbot.mail.templates import Templates
from ackbot.store import Database, handlers, told_absences
from ackbot.store.database import Row


def office_at(office: Office, db: Database, now: datetime) -> Office:
    """The office at that instant: besides the configured absences it has those that staff told us by mail."""
    return office_with(office, told_absences.current(db, now))


def office_with(office: Office, absences: Sequence[Row]) -> Office:
    """The office with the absences in these rows, besides the configured ones."""
    told = told_absences.known(absences)
    return replace(office, council=with_absences(office.council, told)) if told else office


def composed(found: Sequence[Intent], templates: Templates) -> dict[str, Composed]:
    """The final bytes of every mail among the intents, by dedupe key."""
    return {intent.dedupe_key: _composed(intent, templates) for intent in found if isinstance(intent, Send)}


def _composed(send: Send, templates: Templates) -> Composed:
    mail = compose(send.draft, templates)
    return replace(mail, upon=compose(send.upon.draft, templates).content) if send.upon else mail


def apply(db: Database, found: Sequence[Intent], desk: Desk) -> int:
    """
    Compose mails and write rows for intents that no incoming mail caused, in the caller's transaction.

    Returns:
        How many mails were put into the outbox to go out now.
    """
    return handlers.apply(db, found, composed(found, desk.templates), desk.council, desk.now)

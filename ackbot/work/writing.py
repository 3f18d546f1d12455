"""Intents that no mail brought are written: composed, then applied, in the caller's transaction or one of their own."""

from collections.abc import Sequence

from ackbot.casework.intents import Intent, Send
from ackbot.casework.office import Desk
from ackbot.mail.compose import Composed, compose
from ackbot.mail.templates import Templates
from ackbot.store import Database, intents


def written(found: Sequence[Intent], templates: Templates) -> dict[str, Composed]:
    """The final bytes of every mail among intents, by dedupe key."""
    return {intent.dedupe_key: compose(intent.draft, templates) for intent in found if isinstance(intent, Send)}


def write(db: Database, found: Sequence[Intent], desk: Desk) -> int:
    """Make them rows. How many mails were put into the outbox to go out now."""
    return intents.apply(db, found, written(found, desk.templates), desk.council, desk.now)

"""A mail from ackbot to each shared inbox every `canary_every`: if it does not come back, the way out or in is broken."""

from datetime import datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework import keys
from ackbot.casework.council import Council
from ackbot.casework.drafts import to_admin
from ackbot.casework.office import Office
from ackbot.store import Database, canaries, inboxes
from ackbot.store.canaries import Canary
from ackbot.work.apply import apply

PATIENCE = timedelta(minutes=15)  # that a mail may take from us to us; or until the next one, if that is sooner

log = structlog.get_logger()


class Canaries:
    """The round that sends them and looks for them."""

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office

    def run(self, now: datetime) -> int:
        """Send what is due, and tell the admin of what has not come back. Returns how many mails were put into the outbox."""
        council = self._office.council
        if council.canary_every is None:
            return 0
        every = timedelta(seconds=council.canary_every.seconds)
        return sum(self._look(name, every, now) for name in watched(council))

    def _look(self, inbox: str, every: timedelta, now: datetime) -> int:
        if inboxes.is_paused(self._db, inbox):  # nothing goes out, as the admin wishes
            return 0
        last, queued = canaries.last(self._db, inbox), 0
        if last is not None and not last.lost and now - last.at >= min(PATIENCE, every):
            queued += self._missed(inbox, last, now)
        if last is None or now - last.at >= every:
            queued += self._sent(inbox, now)
        elif last.lost and canaries.is_back(self._db, inbox, last.at):
            canaries.keep(self._db, inbox, Canary(last.at, lost=False))
        return queued

    def _missed(self, inbox: str, last: Canary, now: datetime) -> int:
        if canaries.is_back(self._db, inbox, last.at):
            return 0
        log.error(log_events.CANARY_LOST, inbox=inbox)
        desk = self._office.desk(now)
        values = {
            "inbox": desk.council.inboxes[inbox].address,
            "sent_at": last.at.astimezone(desk.council.calendar.timezone),
        }
        key = keys.trouble("canary-lost", inbox, desk.today)
        send = to_admin.about(desk, "canary-lost", key, values, why="a mail to ourselves did not come back")
        with self._db.transaction():
            canaries.keep(self._db, inbox, Canary(last.at, lost=True))
            return apply(self._db, [send], desk)

    def _sent(self, inbox: str, now: datetime) -> int:
        desk = self._office.desk(now)
        address = desk.council.inboxes[inbox].address
        send = to_admin.about(
            desk,
            "canary",
            keys.canary(inbox, now),
            {"inbox": address},
            why="to see whether mail goes out and comes back",
            recipient=address,
        )
        log.info(log_events.CANARY_SENT, inbox=inbox)
        with self._db.transaction():
            canaries.keep(self._db, inbox, Canary(now, lost=False))
            return apply(self._db, [send], desk)


def watched(council: Council) -> list[str]:
    """The inboxes that get them: shared ones. In an officer's own mailbox they would be in the way."""
    return [one.name for one in council.inboxes.values() if not one.personal]

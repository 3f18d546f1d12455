"""The machine's clock was set back: what waits for an instant that only the wrong clock knew is due now."""

from datetime import datetime, timedelta

from ackbot.store.database import Database, text_of
from ackbot.store.modes import IN_HAND

_LONGEST = timedelta(hours=25)  # beyond every back-off: of mails four hours, of fetching twelve, of quarantine a day


def set_back(db: Database, now: datetime, repeat_s: float) -> int:
    """
    Make due what would otherwise wait until the clock is again where it was. What a working hour or the next day is
    waited for stays as it is; so do promises, which residents were told.

    Args:
        repeat_s: seconds between two alarms of an urgent letter.

    Returns:
        How many mails, letters and alarms that were.
    """
    statements = (
        "UPDATE outbox SET not_before = :now WHERE state = 'queued' AND ((created_at > :now AND not_before <= created_at) "
        "OR (attempts > 0 AND not_before > :far)) RETURNING id",
        f"UPDATE outbox SET not_before = :now WHERE {IN_HAND} AND state = 'unknown' AND not_before > :far RETURNING id",
        "UPDATE letters SET retry_at = :now WHERE state = 'quarantined' AND retry_at > :far RETURNING id",
        "UPDATE arrivals SET retry_at = :now WHERE letter_id IS NULL AND retry_at > :far RETURNING id",
    )
    instants = {"now": text_of(now), "far": text_of(now + _LONGEST)}
    with db.transaction():
        alarms = db.run(
            "UPDATE alarms SET next_at = :now WHERE taken_by = '' AND next_at > :next RETURNING code",
            now=text_of(now),
            next=text_of(now + timedelta(seconds=repeat_s)),
        )
        return len(alarms) + sum(len(db.run(statement, **instants)) for statement in statements)

"""After the machine's clock was set back: work that waits for an instant of the wrong clock becomes due now."""

from datetime import datetime, timedelta

from ackbot.store.database import Database, text_of
from ackbot.store.modes import IN_HAND

_LONGEST = timedelta(
    hours=25
)  # longer than every back-off: four hours for mails, twelve for fetching, a day in quarantine


def set_back(db: Database, now: datetime, repeat_s: float) -> int:
    """
    Make due now what would otherwise wait until the clock is again where it was.

    Mail that waits for a working hour or the next day stays as it is. So do promises, because residents were told them.

    Args:
        repeat_s: seconds between two alarms of an urgent letter.

    Returns:
        How many mails, letters and alarms became due.
    """
    # Queued: mail of the wrong clock that was to go at once, and mail that waits longer than any back-off. Then mails with an
    # unknown end, letters in quarantine, and arrivals that could not be fetched, which wait longer than any back-off.
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

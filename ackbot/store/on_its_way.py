"""Whether what a person wrote to a resident may still come back (behaviour.md §3.4)."""

from datetime import datetime, timedelta

from ackbot.store.database import Database, text_of

BOUNCES_WITHIN = timedelta(days=1)  # most reports of what did not arrive come sooner


def words(db: Database, code: str, now: datetime) -> bool:
    """Whether the latest words of a person in a case have no 250 yet, or had it within the last day."""
    rows = db.run(
        "SELECT state, accepted_at FROM outbox WHERE code = :code AND kind = 'human' AND staff = '' AND held_for <> 'shadow' "
        "ORDER BY id DESC LIMIT 1",  # what a mode holds never goes out
        code=code,
    )
    if not rows:
        return False
    waits = rows[0]["state"] in ("queued", "held", "claimed", "sending", "unknown")
    taken_at = rows[0]["accepted_at"]
    return waits or (
        rows[0]["state"] == "accepted" and taken_at is not None and taken_at > text_of(now - BOUNCES_WITHIN)
    )

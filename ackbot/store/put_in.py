"""Letters that somebody put into a watched folder long after they had arrived, such as an import (behaviour.md §5.4)."""

from datetime import datetime

from ackbot.store.database import Database, must_touch, text_of

AWAITS = "it was put in with many others, and waits for `ackbot release`"
RELEASED = "it was put in with many others, and the admin has released them"


def count(db: Database, inbox: str, since: datetime, most: int) -> int:
    """How many letters that we did not know were put into an inbox since then; at most `most` are counted."""
    rows = db.run(
        """
        SELECT COUNT(*) AS n FROM (
            SELECT 1 FROM arrivals WHERE inbox = :inbox AND put_in AND recorded_at > :since AND (letter_id IS NULL OR NOT EXISTS
                (SELECT 1 FROM arrivals AS earlier WHERE earlier.letter_id = arrivals.letter_id AND earlier.id < arrivals.id))
            LIMIT :most
        ) AS some
        """,
        inbox=inbox,
        since=text_of(since),
        most=most,
    )
    return int(rows[0]["n"])


def wait(db: Database, arrival_id: int) -> None:
    """Such a letter waits for the admin. It is not decided, and stays on the server."""
    rows = db.run(
        "UPDATE arrivals SET error = :error, retry_at = NULL, put_in = TRUE WHERE id = :id RETURNING id",
        error=AWAITS,
        id=arrival_id,
    )
    must_touch(rows, "arrivals", id=arrival_id)


def waiting(db: Database) -> int:
    """How many such letters wait for the admin."""
    rows = db.run("SELECT COUNT(*) AS n FROM arrivals WHERE letter_id IS NULL AND error = :error", error=AWAITS)
    return int(rows[0]["n"])


def release(db: Database, inbox: str, now: datetime) -> int:
    """`ackbot release`: such letters of an inbox, or of all (""), are taken in from now on. How many they are."""
    rows = db.run(
        "UPDATE arrivals SET error = :released, retry_at = :now WHERE letter_id IS NULL AND error = :error "
        "AND (:inbox = '' OR inbox = :inbox) RETURNING id",
        released=RELEASED,
        error=AWAITS,
        now=text_of(now),
        inbox=inbox,
    )
    return len(rows)

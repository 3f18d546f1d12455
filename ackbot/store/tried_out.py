"""What an inbox that is being tried out would have sent: for the admin's daily mail (behaviour.md §5.1)."""

from collections.abc import Sequence

from ackbot.mail import message
from ackbot.store.database import Database, Row

_SHADOW = "state = 'held' AND held_for = 'shadow' AND inbox = :inbox AND created_at > :since"


def kinds(db: Database, inbox: str, since: str) -> Sequence[Row]:
    """Of each kind of mail that the mode has held since an instant: to how many residents (`residents`), and to staff (`staff`)."""
    return db.run(
        f"""
        SELECT kind, COUNT(*) FILTER (WHERE staff = '') AS residents, COUNT(*) FILTER (WHERE staff <> '') AS staff
        FROM outbox WHERE {_SHADOW} GROUP BY kind ORDER BY MIN(priority), kind
        """,
        inbox=inbox,
        since=since,
    )


def doubts(db: Database, inbox: str, since: str, most: int) -> Sequence[Row]:
    """
    Letters since an instant whose decision somebody should look at, the oldest first: what could not be read, what rests on marks
    of the way it came, what a person may have written and got no case, and what is urgent. Each has `code` (or None) and `why`.
    """
    alarming = f"SELECT letter_id FROM outbox WHERE {_SHADOW} AND kind = 'urgent'"
    return db.run(
        f"""
        SELECT DISTINCT letters.id, letters.code, letters.why, letters.id IN ({alarming}) AS urgent FROM arrivals
        JOIN letters ON letters.id = arrivals.letter_id
        WHERE arrivals.inbox = :inbox AND arrivals.recorded_at > :since
          AND (letters.state = 'quarantined' OR letters.by_way <> '' OR letters.id IN ({alarming})
            OR (letters.kind IN ('letter', 'contact-form', 'reply') AND letters.code IS NULL))
        ORDER BY letters.id LIMIT :most
        """,
        inbox=inbox,
        since=since,
        most=most,
    )


def specimens(db: Database, inbox: str, since: str, most: int) -> list[tuple[str, str, str]]:
    """Some of these mails: kind, recipient, and all their words; each of another kind, those to residents first."""
    rows = db.run(
        f"""
        SELECT kind, recipient, content FROM outbox JOIN (
            SELECT MIN(id) AS first FROM outbox WHERE {_SHADOW} GROUP BY kind, staff <> ''
        ) AS firsts ON firsts.first = outbox.id ORDER BY staff <> '', priority, id LIMIT :most
        """,
        inbox=inbox,
        since=since,
        most=most,
    )
    return [(row["kind"], row["recipient"], message.text_of(bytes(row["content"]))) for row in rows]

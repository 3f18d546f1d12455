"""How far the work on all mail has come: the demo waits for it and checks it."""

from collections.abc import Mapping
from datetime import datetime

from ackbot.store.database import Database, Row, text_of


def decided(db: Database) -> int:
    """How many mails were decided, over all inboxes."""
    return int(db.run("SELECT COUNT(*) AS n FROM arrivals WHERE letter_id IS NOT NULL")[0]["n"])


def last_letter(db: Database) -> Row:
    """
    The latest letter: `why` it was answered or not, its `kind`, and the `owner` of its case.

    `owner` is None for a letter without a case, and "" for a case without an owner.
    """
    return db.run(
        "SELECT letters.why, letters.kind, cases.owner FROM letters LEFT JOIN cases ON cases.code = letters.code "
        "ORDER BY letters.id DESC LIMIT 1"
    )[0]


def anything_to_send(db: Database, now: datetime) -> bool:
    """Whether a mail is being sent, or is due to be sent by now."""
    rows = db.run(
        "SELECT 1 FROM outbox WHERE state IN ('claimed', 'sending') OR (state = 'queued' AND not_before <= :now) LIMIT 1",
        now=text_of(now),
    )
    return bool(rows)


def left_undone(db: Database) -> Mapping[str, int]:
    """How much work of each kind is left, by a plain English name; all are 0 when everything was decided, owned and sent."""
    statements = {
        "mails were not decided": "SELECT COUNT(*) AS n FROM arrivals WHERE letter_id IS NULL",
        "mails could not be read": "SELECT COUNT(*) AS n FROM letters WHERE state = 'quarantined'",
        "cases have no owner": "SELECT COUNT(*) AS n FROM cases WHERE owner = ''",
        "mails did not go out": "SELECT COUNT(*) AS n FROM outbox WHERE state <> 'accepted'",
    }
    return {what: int(db.run(statement)[0]["n"]) for what, statement in statements.items()}

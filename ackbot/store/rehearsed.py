"""What the throw-away store of a rehearsal holds at its end, counted."""

from collections.abc import Sequence

from ackbot.store.database import Database, Row


def gone_out(db: Database) -> None:
    """Nothing is sent in a rehearsal: what waits counts as taken by a relay at once."""
    db.run("UPDATE outbox SET state = 'accepted', accepted_at = created_at WHERE state = 'queued'")


def answers(db: Database) -> Sequence[Row]:
    """How many mails of people and machines were acknowledged, and why the others were not; the most frequent first."""
    return db.run(
        """
        SELECT acknowledged, outcome, kind, CASE WHEN acknowledged THEN '' ELSE why END AS why, COUNT(*) AS n FROM letters
        WHERE kind <> 'staff' AND state = 'decided' GROUP BY 1, 2, 3, 4 ORDER BY n DESC, why
        """
    )


def unreadable(db: Database) -> int:
    """How many mails broke us and would wait in quarantine."""
    return int(db.run("SELECT COUNT(*) AS n FROM letters WHERE state = 'quarantined'")[0]["n"])


def owners(db: Database) -> Sequence[Row]:
    """How many cases each person got, and how many of them a person answered, as far as the Sent folder tells."""
    return db.run(
        "SELECT owner, COUNT(*) AS n, COUNT(human_words_at) AS answered FROM cases GROUP BY owner ORDER BY n DESC, owner"
    )


def alarms(db: Database) -> Sequence[Row]:
    """When each alarm began."""
    return db.run("SELECT started_at FROM alarms ORDER BY started_at")


def promises(db: Database) -> Sequence[Row]:
    """Every date that a resident would have been told, with how many there are and how many of them a person kept."""
    return db.run(
        "SELECT promised_on, COUNT(*) AS n, COUNT(*) FILTER (WHERE state = 'kept') AS kept FROM clocks WHERE told "
        "GROUP BY promised_on ORDER BY promised_on"
    )


def staff_mails(db: Database) -> Sequence[Row]:
    """When each mail to a member of staff would have gone out."""
    return db.run("SELECT staff, created_at FROM outbox WHERE staff <> '' ORDER BY id")


def unasked(db: Database) -> Sequence[Row]:
    """How many mails of each kind residents would have got as the days passed; the most frequent first."""
    return db.run(
        """
        SELECT kind, COUNT(*) AS n FROM outbox WHERE staff = '' AND kind IN ('no-news', 'settled', 'cover')
        GROUP BY kind ORDER BY n DESC, kind
        """
    )

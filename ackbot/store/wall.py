"""What the live view shows: the newest letters and their acknowledgements, alarms, dates of today. No words of residents."""

from collections.abc import Sequence

from ackbot.store.database import Database, Row

_NEWEST = 200  # rows of which the view's filters choose


def letters(db: Database, since: str) -> Sequence[Row]:
    """
    The newest arrivals of mails that are not from staff, the newest first, at most 200.

    Args:
        since: an instant in the store's text form, UTC.

    Returns:
        Rows with `recorded_at`, `inbox`, `kind` ("" until it is read), `acknowledged`, `code`, `in_charge` (a staff id), and
        `accepted_at`, when the relay took its acknowledgement; null for none so far.
    """
    return db.run(
        """
        SELECT arrivals.recorded_at, arrivals.inbox, COALESCE(letters.kind, '') AS kind,
               COALESCE(letters.acknowledged, FALSE) AS acknowledged, COALESCE(letters.code, '') AS code,
               CASE WHEN cases.cover <> '' THEN cases.cover ELSE COALESCE(cases.owner, '') END AS in_charge,
               (SELECT MIN(accepted_at) FROM outbox WHERE outbox.letter_id = letters.id AND outbox.staff = ''
                AND outbox.code = letters.code AND outbox.kind = 'acknowledgement') AS accepted_at
        FROM arrivals LEFT JOIN letters ON letters.id = arrivals.letter_id LEFT JOIN cases ON cases.code = letters.code
        WHERE arrivals.recorded_at >= :since AND COALESCE(letters.kind, '') <> 'staff'
        ORDER BY arrivals.recorded_at DESC, arrivals.id DESC LIMIT :newest
        """,
        since=since,
        newest=_NEWEST,
    )


def counts(db: Database, since: str) -> Row:
    """How many `letters` arrived since an instant, and how many of them are `acknowledged`; none from staff counts."""
    return db.run(
        """
        SELECT COUNT(*) AS letters, COUNT(*) FILTER (WHERE letters.acknowledged) AS acknowledged
        FROM arrivals JOIN letters ON letters.id = arrivals.letter_id
        WHERE arrivals.recorded_at >= :since AND letters.kind <> 'staff'
        """,
        since=since,
    )[0]


def alarms(db: Database) -> Sequence[Row]:
    """The alarms that nobody has taken, the oldest first: `code`, `inbox`, `categories` as JSON, `started_at`, `sent`."""
    return db.run(
        "SELECT alarms.code, cases.inbox, alarms.categories, alarms.started_at, alarms.sent FROM alarms "
        "JOIN cases ON cases.code = alarms.code WHERE alarms.taken_by = '' ORDER BY alarms.started_at, alarms.code"
    )


def due(db: Database, today: str) -> Sequence[Row]:
    """
    Open cases with a date of today or before, or that are late already: the longest overdue first.

    Args:
        today: the council's date, as text.

    Returns:
        Rows with `code`, `inbox`, `in_charge` (a staff id) and `since`: the date that was promised, or since when it is late.
    """
    return db.run(
        """
        SELECT cases.code, cases.inbox, CASE WHEN cases.cover <> '' THEN cases.cover ELSE cases.owner END AS in_charge,
               MIN(COALESCE(cases.late_since, clocks.promised_on)) AS since
        FROM cases LEFT JOIN clocks ON clocks.code = cases.code AND clocks.state = 'running' AND clocks.promised_on <= :today
             AND clocks.kind IN ('name-owner', 'update', 'answer')
        WHERE cases.state <> 'closed' AND (cases.late_since IS NOT NULL OR clocks.code IS NOT NULL)
        GROUP BY cases.code, cases.inbox, cases.cover, cases.owner ORDER BY since, cases.code
        """,
        today=today,
    )

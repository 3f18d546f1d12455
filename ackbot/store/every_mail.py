"""Every mail that an inbox got, with or without a case, and why it was or was not answered."""

from collections.abc import Sequence

from ackbot.store.answered import ANSWER
from ackbot.store.database import Database, Row

OUTCOMES = ("case", "attach", "event", "record", "quarantined", "not-fetched")
_OUTCOME = (
    "CASE WHEN letters.id IS NULL THEN 'not-fetched' WHEN letters.state = 'quarantined' THEN 'quarantined' "
    "ELSE letters.outcome END"
)


def between(db: Database, since: str, until: str, *, inbox: str, outcome: str) -> Sequence[Row]:
    """
    The mails that were recorded in a span of time, in that order; a letter in two inboxes is there twice.

    Args:
        since, until: instants in the store's text form, UTC; `until` is exclusive.
        inbox: only of this inbox; "" for all.
        outcome: only of this one of OUTCOMES; "" for all.
    """
    return db.run(
        f"""
        SELECT arrivals.recorded_at, arrivals.arrived_at, arrivals.inbox, arrivals.folder, arrivals.uid, {_OUTCOME} AS outcome,
               letters.code, letters.kind, letters.from_key, letters.subject, {ANSWER}, letters.rule,
               COALESCE(letters.why, arrivals.error) AS why, letters.message_id
        FROM arrivals LEFT JOIN letters ON letters.id = arrivals.letter_id
        WHERE arrivals.recorded_at >= :since AND arrivals.recorded_at < :until
          AND (:inbox = '' OR arrivals.inbox = :inbox) AND (:outcome = '' OR {_OUTCOME} = :outcome)
        ORDER BY arrivals.recorded_at, arrivals.id
        """,
        since=since,
        until=until,
        inbox=inbox,
        outcome=outcome,
    )


def decided_since(db: Database, since: str) -> Sequence[Row]:
    """
    The letters of people since an instant, oldest first: `code`, `inbox` of the first arrival, `arrived_at`, `subject`, `text`, and
    the `headers` that rules look at, as JSON. The text of old letters may be gone.
    """
    return db.run(
        """
        SELECT letters.code, letters.subject, letters.text, letters.headers, letters.arrived_at,
               (SELECT arrivals.inbox FROM arrivals WHERE arrivals.letter_id = letters.id ORDER BY arrivals.id LIMIT 1) AS inbox
        FROM letters WHERE letters.state = 'decided' AND letters.arrived_at >= :since
          AND letters.kind IN ('letter', 'contact-form') AND letters.outcome IN ('case', 'record') ORDER BY letters.id
        """,
        since=since,
    )

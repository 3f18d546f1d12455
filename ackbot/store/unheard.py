"""Residents who may be in danger and have had no word of any person since (behaviour.md §3.9, E74)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ackbot.store.database import Database, Row, instant_of, text_of

_TOLD_FOR = timedelta(days=90)  # since an alarm began; after these its case has long been late, and in every digest


@dataclass(frozen=True, slots=True)
class Unheard:
    """
    A case in which nobody has written to the resident since they spoke of danger.

    Args:
        since: when the alarm began, or else when the case was opened; UTC.
        told: on how many days before today somebody above its owner was told.
    """

    code: str
    inbox: str
    since: datetime
    told: int


def round_of(code: str) -> str:
    """The name of the case's round, which the store keeps as done for a day."""
    return f"silence {code}"


def waiting(db: Database, today: date, now: datetime) -> list[Unheard]:
    """The cases of which nobody was told today, the longest waiting first."""
    rows: Sequence[Row] = db.run(
        """
        SELECT code, inbox, since,
            (SELECT COUNT(*) FROM rounds WHERE name = 'silence ' || code) AS told
        FROM (
            SELECT cases.code AS code, inbox, opened_at AS since FROM cases
            WHERE sensitive AND human_words_at IS NULL AND state = 'open'
                AND NOT EXISTS (SELECT 1 FROM alarms WHERE alarms.code = cases.code)
            UNION ALL
            SELECT cases.code, inbox, started_at FROM alarms JOIN cases ON cases.code = alarms.code
            WHERE started_at > :since AND state = 'open' AND (human_words_at IS NULL OR human_words_at < started_at)
        ) AS waiting
        WHERE NOT EXISTS (SELECT 1 FROM rounds WHERE name = 'silence ' || code AND day = :today)
        ORDER BY since, code
        """,
        today=today.isoformat(),
        since=text_of(now - _TOLD_FOR),
    )
    return [Unheard(row["code"], row["inbox"], instant_of(row["since"]), row["told"]) for row in rows]

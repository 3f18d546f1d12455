"""
What the report counts: rows of cases, and of what became of them. No words, subjects or addresses are among them, so that
figures stay what they were after a letter's text is gone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ackbot.store.database import Database, Row, text_of

Rows = Mapping[str, Sequence[Row]]
_PERSONAL = "('letter', 'contact-form', 'reply', 'unreadable', 'automatic-reply')"
_KEPT = (
    "code",
    "inbox",
    "team",
    "owner",
    "standard",
    "language",
    "state",
    "opened_at",
    "closed_at",
    "handovers",
    "way",
)
_OPENED = "cases.opened_at >= :since AND cases.opened_at < :until"
# What happened in a case, as far as it is counted.
_EVENTS = "('Assign', 'HumanWords', 'Close', 'Settle', 'Reopen', 'feedback', 'asked', 'words-lost')"


def read(db: Database, since: datetime, until: datetime) -> Rows:
    """
    The rows of all cases whose first letter came in a span of time, by subject.

    Args:
        since, until: aware instants; `until` is exclusive.

    Returns:
        `cases`; `letters` of residents; `acknowledgements` and `no_news` that a relay took; `events`; `clocks` whose date a
        resident was told, or that measure the answer; `alarms`; and the `wishes` of that time, of whatever case.
    """
    span = {"since": text_of(since), "until": text_of(until)}
    cases = db.run(f"SELECT cases.* FROM cases WHERE {_OPENED} ORDER BY cases.id", **span)
    statements = {
        "letters": f"""
            SELECT letters.code, letters.kind, letters.arrived_at FROM letters JOIN cases ON cases.code = letters.code
            WHERE {_OPENED} AND letters.kind IN {_PERSONAL} AND letters.outcome IN ('case', 'attach') ORDER BY letters.id
            """,
        "acknowledgements": f"""
            SELECT outbox.code, MIN(outbox.accepted_at) AS accepted_at FROM outbox JOIN cases ON cases.code = outbox.code
            WHERE {_OPENED} AND outbox.kind = 'acknowledgement' AND outbox.state = 'accepted' GROUP BY outbox.code
            """,
        "no_news": f"""
            SELECT cases.code, outbox.accepted_at FROM cases JOIN outbox ON outbox.code = cases.code
            WHERE {_OPENED} AND outbox.kind = 'no-news' AND outbox.state = 'accepted'
            UNION
            SELECT cases.code, outbox.accepted_at FROM cases JOIN outbox_cases ON outbox_cases.code = cases.code
            JOIN outbox ON outbox.id = outbox_cases.outbox_id
            WHERE {_OPENED} AND outbox.kind = 'no-news' AND outbox.state = 'accepted'
            ORDER BY 2
            """,
        "events": f"""
            SELECT events.code, events.at, events.kind, events.data FROM events JOIN cases ON cases.code = events.code
            WHERE {_OPENED} AND events.kind IN {_EVENTS} ORDER BY events.id
            """,
        "clocks": f"""
            SELECT clocks.code, clocks.kind, clocks.state, clocks.promised_on, clocks.told, clocks.started_at,
                   clocks.paused_at, clocks.ended_at
            FROM clocks JOIN cases ON cases.code = clocks.code
            WHERE {_OPENED} AND (clocks.told OR clocks.kind = 'answer') ORDER BY clocks.id
            """,
        "alarms": f"""
            SELECT alarms.code, alarms.started_at, alarms.taken_at FROM alarms JOIN cases ON cases.code = alarms.code
            WHERE {_OPENED} ORDER BY alarms.code
            """,
        "wishes": "SELECT at, data FROM events WHERE kind = 'Wish' AND at >= :since AND at < :until ORDER BY id",
    }
    found: dict[str, Sequence[Row]] = {name: db.run(sql, **span) for name, sql in statements.items()}
    return {"cases": [{key: value for key, value in dict(row).items() if key in _KEPT} for row in cases], **found}


def load(db: Database) -> Sequence[Row]:
    """Every open case that somebody has to answer: inbox, team, owner, cover, and since when it is late."""
    return db.run(
        "SELECT code, inbox, team, owner, cover, late_since FROM cases WHERE state IN ('open', 'waiting') ORDER BY id"
    )

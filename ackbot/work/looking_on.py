"""What the live view shows, read from the store: the same for every look, and nothing of a resident."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time

from ackbot.casework.council import Council
from ackbot.report.wall import Alarming, Came, Due, Seen
from ackbot.store import Database, status, wall
from ackbot.store.database import Row, instant_of, text_of

_ENDED = ("accepted", "failed", "unverified", "cancelled")  # states in which nothing goes out any more


def look(db: Database, council: Council, polls: Mapping[str, float], now: datetime) -> Seen:
    """
    Read what the view shows.

    Args:
        polls: for each inbox, the longest time between two polls in seconds.
        now: aware, UTC.
    """
    zone = council.calendar.timezone
    today = council.calendar.local_day(now)
    midnight = text_of(council.calendar.at(today, time()))
    counts, state = wall.counts(db, midnight), status.status(db, polls, now)
    return Seen(
        council=council.name,
        now=now.astimezone(zone),
        letters=[_came(row, council) for row in wall.letters(db, midnight)],
        came=counts["letters"],
        acknowledged=counts["acknowledged"],
        alarms=[
            Alarming(
                council.reference_of(row["code"]),
                row["inbox"],
                tuple(json.loads(row["categories"])),
                (now - instant_of(row["started_at"])).total_seconds() * 1000,
                row["sent"],
            )
            for row in wall.alarms(db)
        ],
        due=[
            Due(council.reference_of(row["code"]), row["inbox"], *_who(row, council), date.fromisoformat(row["since"]))
            for row in wall.due(db, today.isoformat())
        ],
        watched=sum(one["state"] == "watching" for one in state["inboxes"]),
        inboxes=len(state["inboxes"]),
        waiting=sum(n for name, n in state["outbox"].items() if not name.startswith(_ENDED)),
        wrong=state["wrong"],
    )


def _came(row: Row, council: Council) -> Came:
    recorded_at = instant_of(row["recorded_at"])
    accepted_at = instant_of(row["accepted_at"]) if row["accepted_at"] else None
    return Came(
        recorded_at.astimezone(council.calendar.timezone),
        row["inbox"],
        row["kind"],
        council.reference_of(row["code"]) if row["code"] else "",
        *_who(row, council),
        bool(row["acknowledged"]),
        (accepted_at - recorded_at).total_seconds() * 1000 if accepted_at else None,
    )


def _who(row: Row, council: Council) -> tuple[str, str]:
    """The staff id of whoever has a case, and what they are called."""
    person = council.staff.get(row["in_charge"])
    return row["in_charge"], person.name if person else row["in_charge"] or "nobody"

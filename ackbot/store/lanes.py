"""Lanes, each a relay and a login: whether one is in trouble, since when and why, for dispatchers and for `status`."""

from collections.abc import Sequence
from datetime import datetime

from ackbot.store.database import Database, Row, text_of


def pause(db: Database, lane: str, until: datetime, reason: str, now: datetime) -> bool:
    """Try nothing on a lane before `until`, because the relay itself is in trouble. Returns whether the trouble is new."""
    before = db.run("SELECT reason FROM lanes WHERE lane = :lane", lane=lane)
    db.run(
        """
        INSERT INTO lanes (lane, paused_until, reason, since) VALUES (:lane, :until, :reason, :now)
        ON CONFLICT (lane) DO UPDATE SET paused_until = :until, reason = :reason,
            since = CASE WHEN lanes.reason = '' THEN :now ELSE lanes.since END
        """,
        lane=lane,
        until=text_of(until),
        reason=reason,
        now=text_of(now),
    )
    return not before or before[0]["reason"] == ""


def is_well(db: Database, lane: str, now: datetime) -> None:
    """The relay of a lane works again. Touches no row if another connection of the lane has recorded it."""
    db.run(
        "UPDATE lanes SET reason = '', paused_until = :now, since = :now WHERE lane = :lane AND reason <> ''",
        lane=lane,
        now=text_of(now),
    )


def in_trouble(db: Database, lane: str) -> bool:
    """Whether the relay of a lane was in trouble when it was last tried."""
    return bool(db.run("SELECT 1 FROM lanes WHERE lane = :lane AND reason <> ''", lane=lane))


def known(db: Database) -> Sequence[Row]:
    """Lanes that have or had trouble, by name; `reason` is "" when the trouble is over."""
    return db.run("SELECT * FROM lanes ORDER BY lane")

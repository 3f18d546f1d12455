"""The last good copy of each colleague's calendar of leave, and how the last attempt to fetch it went."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from ackbot.store import told_absences
from ackbot.store.database import Database, instant_of, text_of


@dataclass(frozen=True, slots=True)
class Copy:
    """
    What we have of a calendar.

    Args:
        content: the last good copy; "" while there is none.
        tried_at: when it was last fetched, with or without success, UTC.
        failing: why that failed; "" if it did not.
    """

    place: str
    content: str
    etag: str
    tried_at: datetime
    failing: str


def copies(db: Database) -> Mapping[str, Copy]:
    """All copies, by staff id."""
    return {
        row["staff"]: Copy(row["place"], row["content"], row["etag"], instant_of(row["tried_at"]), row["failing"])
        for row in db.run("SELECT * FROM calendars ORDER BY staff")
    }


def keep(db: Database, staff: str, copy: Copy) -> None:
    """Keep what was fetched, or that it failed, in the caller's transaction."""
    good_at = "" if copy.failing else text_of(copy.tried_at)
    db.run(
        """
        INSERT INTO calendars (staff, place, content, etag, good_at, tried_at, failing)
        VALUES (:staff, :place, :content, :etag, :good_at, :tried_at, :failing)
        ON CONFLICT (staff) DO UPDATE SET place = :place, content = :content, etag = :etag, tried_at = :tried_at,
            failing = :failing, good_at = CASE WHEN :failing = '' THEN :good_at ELSE calendars.good_at END
        """,
        staff=staff,
        place=copy.place,
        content=copy.content,
        etag=copy.etag,
        good_at=good_at,
        tried_at=text_of(copy.tried_at),
        failing=copy.failing,
    )


def only(db: Database, staff: Collection[str], now: datetime) -> bool:
    """Forget the calendars of everybody else, and what they said. Returns whether there were any."""
    gone = ({*copies(db)} | told_absences.with_calendars(db)) - set(staff)
    for one in gone:
        db.run("DELETE FROM calendars WHERE staff = :staff", staff=one)
        told_absences.of_calendar(db, one, (), now)
    return bool(gone)

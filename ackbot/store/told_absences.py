"""Absences that people told us by mail, and those of their calendars. Absences in the configuration are not stored."""

from collections.abc import Sequence
from datetime import datetime

from ackbot.casework.council import AUTOMATIC_REPLY, CALENDAR, Absence
from ackbot.casework.intents import EndAbsence, RecordAbsence
from ackbot.store.database import Database, Row, instant_of, must_touch, text_of
from ackbot.store.unit import Data, Unit


def record(unit: Unit, intent: RecordAbsence) -> Data:
    """Record an absence, in addition to those that the person told us before; a new automatic reply replaces an earlier one."""
    absence = intent.absence
    if absence.source == AUTOMATIC_REPLY:
        unit.db.run(
            "DELETE FROM absences WHERE staff = :staff AND source = :source AND ends_at > :now",
            staff=absence.staff,
            source=absence.source,
            now=text_of(unit.now),
        )
    _add(unit.db, absence, unit.now, asks=intent.asks)
    return {
        "staff": absence.staff,
        "starts_at": text_of(absence.starts_at),
        "ends_at": text_of(absence.ends_at),
        "source": absence.source,
    }


def end(unit: Unit, intent: EndAbsence) -> Data:
    """
    A member of staff is back: the absences that run now end. Absences that have not begun stay.

    An absence in the configuration or a calendar cannot be changed from here. A row with source BACK overrides it until
    `intent.until`. Earlier BACK rows stay as they are, because they still override theirs.
    """
    # Touches no row if only the configuration or a calendar has them away.
    unit.db.run(
        "UPDATE absences SET ends_at = :at, asks = FALSE WHERE staff = :staff AND starts_at <= :at AND ends_at > :at "
        "AND (source = :learnt OR (NOT :learnt_alone AND source NOT IN ('BACK', :calendar)))",
        staff=intent.staff,
        at=text_of(unit.now),
        learnt=AUTOMATIC_REPLY,
        learnt_alone=intent.learnt,
        calendar=CALENDAR,
    )
    if intent.until:
        _add(unit.db, Absence(intent.staff, unit.now, intent.until, source="BACK"), unit.now)
    return {"staff": intent.staff}


def _add(db: Database, absence: Absence, now: datetime, *, asks: bool = False) -> None:
    """Add an absence. One with the same beginning and source is replaced: the person has corrected it."""
    db.run(
        "DELETE FROM absences WHERE staff = :staff AND starts_at = :starts_at AND source = :source",
        staff=absence.staff,
        starts_at=text_of(absence.starts_at),
        source=absence.source,
    )
    db.run(
        """
        INSERT INTO absences (staff, starts_at, ends_at, cover, source, recorded_at, asks)
        VALUES (:staff, :starts_at, :ends_at, :cover, :source, :now, :asks)
        """,
        staff=absence.staff,
        starts_at=text_of(absence.starts_at),
        ends_at=text_of(absence.ends_at),
        cover=absence.cover,
        source=absence.source,
        now=text_of(now),
        asks=asks,
    )


def of_calendar(db: Database, staff: str, absences: Sequence[Absence], now: datetime) -> bool:
    """
    Set what a person's calendar says now, in place of what it said before, in the caller's transaction.

    Returns:
        Whether anything changed.
    """
    where = {"staff": staff, "source": CALENDAR}
    rows = db.run("SELECT * FROM absences WHERE staff = :staff AND source = :source ORDER BY id", **where)
    if known(rows) == tuple(absences):
        return False
    db.run("DELETE FROM absences WHERE staff = :staff AND source = :source", **where)
    for one in absences:
        _add(db, one, now)
    return True


def with_calendars(db: Database) -> set[str]:
    """The ids of the staff whose calendars have absences here."""
    rows = db.run("SELECT DISTINCT staff FROM absences WHERE source = :source", source=CALENDAR)
    return {row["staff"] for row in rows}


def to_ask(db: Database, now: datetime) -> list[tuple[int, Absence]]:
    """Row and absence of each that is over, and whose end nobody had named: the person is to be asked."""
    rows = db.run("SELECT * FROM absences WHERE asks AND ends_at <= :now ORDER BY id", now=text_of(now))
    return list(zip((row["id"] for row in rows), known(rows), strict=True))


def asked(db: Database, row: int) -> None:
    """Record that the person of this absence was asked."""
    must_touch(db.run("UPDATE absences SET asks = FALSE WHERE id = :id RETURNING id", id=row), "absences", id=row)


def of_staff(db: Database, staff: str) -> tuple[Absence, ...]:
    """All absences of one person that have rows, past ones too, the earliest first."""
    return known(db.run("SELECT * FROM absences WHERE staff = :staff ORDER BY starts_at, id", staff=staff))


def current(db: Database, now: datetime) -> Sequence[Row]:
    """Rows of absences that have not ended: those that run, and those to come; for `known`."""
    return db.run("SELECT * FROM absences WHERE ends_at > :now ORDER BY id", now=text_of(now))


def known(rows: Sequence[Row]) -> tuple[Absence, ...]:
    """The absences in these rows."""
    return tuple(
        Absence(row["staff"], instant_of(row["starts_at"]), instant_of(row["ends_at"]), row["cover"], row["source"])
        for row in rows
    )

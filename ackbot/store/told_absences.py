"""Absences that people told us by mail. Absences in the configuration are not stored."""

from collections.abc import Sequence
from datetime import datetime

from ackbot.casework.council import Absence
from ackbot.casework.intents import EndAbsence, RecordAbsence
from ackbot.store.database import Database, Row, instant_of, text_of
from ackbot.store.unit import Data, Unit


def record(unit: Unit, intent: RecordAbsence) -> Data:
    """Record an absence, in addition to those that the person told us before."""
    absence = intent.absence
    _add(unit.db, absence, unit.now)
    return {"staff": absence.staff, "starts_at": text_of(absence.starts_at), "ends_at": text_of(absence.ends_at)}


def end(unit: Unit, intent: EndAbsence) -> Data:
    """
    A member of staff is back: the absences that run now end. Absences that have not begun stay.

    An absence in the configuration cannot be changed from here. A row with source BACK overrides it until `intent.until`.
    Earlier BACK rows stay as they are, because they still override theirs.
    """
    # Touches no row if only the configuration has them away.
    unit.db.run(
        "UPDATE absences SET ends_at = :at WHERE staff = :staff AND starts_at <= :at AND ends_at > :at "
        "AND source <> 'BACK'",
        staff=intent.staff,
        at=text_of(unit.now),
    )
    if intent.until:
        _add(unit.db, Absence(intent.staff, unit.now, intent.until, source="BACK"), unit.now)
    return {"staff": intent.staff}


def _add(db: Database, absence: Absence, now: datetime) -> None:
    """Add an absence. One with the same beginning and source is replaced: the person has corrected it."""
    db.run(
        "DELETE FROM absences WHERE staff = :staff AND starts_at = :starts_at AND source = :source",
        staff=absence.staff,
        starts_at=text_of(absence.starts_at),
        source=absence.source,
    )
    db.run(
        """
        INSERT INTO absences (staff, starts_at, ends_at, cover, source, recorded_at)
        VALUES (:staff, :starts_at, :ends_at, :cover, :source, :now)
        """,
        staff=absence.staff,
        starts_at=text_of(absence.starts_at),
        ends_at=text_of(absence.ends_at),
        cover=absence.cover,
        source=absence.source,
        now=text_of(now),
    )


def current(db: Database, now: datetime) -> Sequence[Row]:
    """Rows of absences that have not ended: those that run, and those to come; for `known`."""
    return db.run("SELECT * FROM absences WHERE ends_at > :now ORDER BY id", now=text_of(now))


def known(rows: Sequence[Row]) -> tuple[Absence, ...]:
    """The absences in these rows."""
    return tuple(
        Absence(row["staff"], instant_of(row["starts_at"]), instant_of(row["ends_at"]), row["cover"], row["source"])
        for row in rows
    )

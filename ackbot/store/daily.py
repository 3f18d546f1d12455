"""The rounds that are done once a day, and the days for which they were done. Days are the council's dates."""

from datetime import date, datetime

from ackbot.store.database import Database, text_of


def begin(db: Database, name: str, day: date, now: datetime) -> bool:
    """Mark a round of that day as done, in the caller's transaction. False if it was done before (D70)."""
    rows = db.run(
        "INSERT INTO rounds (name, day, done_at) VALUES (:name, :day, :now) ON CONFLICT (name, day) DO NOTHING RETURNING name",
        name=name,
        day=day.isoformat(),
        now=text_of(now),
    )
    return bool(rows)


def was_done(db: Database, name: str, day: date) -> bool:
    """Whether a round was done for that day."""
    return bool(db.run("SELECT 1 FROM rounds WHERE name = :name AND day = :day", name=name, day=day.isoformat()))


def last_at(db: Database, name: str, before: date) -> str:
    """The instant, as the store writes it, at which the round was last done before that day; "" if it never was."""
    rows = db.run(
        "SELECT MAX(done_at) AS at FROM rounds WHERE name = :name AND day < :before",
        name=name,
        before=before.isoformat(),
    )
    return str(rows[0]["at"] or "") if rows else ""


def last(db: Database, name: str, before: date) -> date | None:
    """The last day before `before` for which the round was done; None if there is none."""
    rows = db.run(
        "SELECT MAX(day) AS day FROM rounds WHERE name = :name AND day < :before", name=name, before=before.isoformat()
    )
    return date.fromisoformat(rows[0]["day"]) if rows and rows[0]["day"] else None

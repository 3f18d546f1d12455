"""What each process of the daemon works by: its configuration, since when, and when it was last heard of (E59, E70)."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from ackbot.store.database import Database, Row, text_of

_FORGOTTEN = timedelta(hours=1)  # then the row of another process that fell silent is deleted


def began(db: Database, worker: str, version: str, configuration: str, now: datetime) -> None:
    """
    Record that a process works by a configuration from now on. What it was refused before no longer counts.

    Args:
        configuration: JSON; see work/running.
    """
    with db.transaction():
        # On a store that is not shared there is only this process; on another, those that ended are not of interest for long.
        db.run(
            "DELETE FROM running WHERE worker <> :worker AND (:alone OR stopped_at IS NOT NULL OR heard_at < :before)",
            worker=worker,
            alone=not db.shared,
            before=text_of(now - _FORGOTTEN),
        )
        db.run(
            """
            INSERT INTO running (worker, version, configuration, since, heard_at, stopped_at, refused_at, refused)
            VALUES (:worker, :version, :configuration, :now, :now, NULL, NULL, '[]')
            ON CONFLICT (worker) DO UPDATE SET version = excluded.version, configuration = excluded.configuration,
                since = excluded.since, heard_at = excluded.heard_at, stopped_at = NULL, refused_at = NULL, refused = '[]'
            """,
            worker=worker,
            version=version,
            configuration=configuration,
            now=text_of(now),
        )


def heard(db: Database, worker: str, now: datetime) -> None:
    """Record that a process lives. Does not wait for the disk; touches no row after another process took the store over."""
    db.note("UPDATE running SET heard_at = :now WHERE worker = :worker", worker=worker, now=text_of(now))


def refused(db: Database, worker: str, reasons: Sequence[str], now: datetime) -> None:
    """Record that a reload was refused, and why: the configuration before is still at work."""
    db.run(
        "UPDATE running SET refused_at = :now, refused = :reasons WHERE worker = :worker",
        worker=worker,
        reasons=json.dumps(list(reasons)),
        now=text_of(now),
    )


def stopped(db: Database, worker: str, now: datetime) -> None:
    """Record that a process has ended in order."""
    db.run("UPDATE running SET stopped_at = :now WHERE worker = :worker", worker=worker, now=text_of(now))


def processes(db: Database) -> Sequence[Row]:
    """Every process, the one last heard of first. None if the daemon never ran."""
    return db.run("SELECT * FROM running ORDER BY heard_at DESC, worker")

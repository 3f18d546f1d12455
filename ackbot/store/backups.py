"""Backups, and the mail that a restored store must not send again by itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ackbot.casework.model import Arrival
from ackbot.store import events, settings
from ackbot.store.database import Database, StoreLocked, StoreProblem, instant_of, text_of

_RESTORED = "restored"
# Kinds of mail that stay inside the council. Alarms are among them, because they are never held.
_INSIDE = ("admin", "urgent")
# Mail to residents, and to anybody else who is neither staff nor admin.
_OUTSIDE = "staff = '' AND kind NOT IN ('admin', 'urgent')"


@dataclass(frozen=True, slots=True)
class Restored:
    """
    The store is a backup that was put back.

    Args:
        of: the last instant that the backup knows, aware, UTC.
        at: when it was put back, aware, UTC.
        released: the admin has looked, and released the mail that waited.
    """

    of: datetime
    at: datetime
    released: bool


def restored(db: Database) -> Restored | None:
    """The last time that the store was put back from a backup; None if it never was."""
    kept = settings.read(db, _RESTORED)
    if not kept:
        return None
    told = json.loads(kept)
    return Restored(instant_of(told["of"]), instant_of(told["at"]), told["released"])


def awaits_release(db: Database) -> Restored | None:
    """The backup that was put back and is not yet released; None if there is none."""
    found = restored(db)
    return None if found is None or found.released else found


def may_repeat(db: Database, kind: str, arrival: Arrival | None, *, to_staff: bool) -> bool:
    """
    Whether a mail may already have gone out before a backup was put back. Such a mail waits for `release`.

    Args:
        arrival: where the letter arrived that caused this mail; None if a clock caused it.
    """
    if to_staff or kind in _INSIDE:
        return False
    return arrival.hold == "backup" if arrival else awaits_release(db) is not None


def put_back(db: Database, of: datetime, now: datetime) -> int:
    """
    Record that this store is a backup of the instant `of`, put back at `now`.

    Mail to residents that the backup still had to send waits for `release`. So do the answers to letters that the next run
    finds in the mailboxes.

    Returns:
        How many mails wait.
    """
    with db.transaction():
        settings.write(db, _RESTORED, json.dumps({"of": text_of(of), "at": text_of(now), "released": False}))
        db.run("UPDATE folders SET held_uid = NULL")
        # A release that the backup remembers is not the release of this restore.
        db.run("DELETE FROM rounds WHERE name = 'released'")
        rows = db.run(
            "UPDATE outbox SET state = 'held', held_for = 'restore', claimed_by = NULL, lease_until_s = NULL "
            f"WHERE {_OUTSIDE} AND (state IN ('queued', 'claimed', 'sending', 'unknown') "
            "OR (state = 'held' AND held_for IN ('pause', 'brake'))) RETURNING id"
        )
        events.add(db, now, "restore", f"a backup of {text_of(of)} was put back; {len(rows)} mails wait")
    return len(rows)


def released(db: Database, inbox: str) -> None:
    """
    `ackbot release`: letters of an inbox, or of all (""), are answered at once from now on.

    The restore itself is over only when all inboxes are released together.
    """
    db.run(
        "UPDATE folders SET held_uid = 0 WHERE held_uid IS NOT NULL AND (:inbox = '' OR inbox = :inbox)", inbox=inbox
    )
    found = awaits_release(db)
    if found is not None and not inbox:
        told = {"of": text_of(found.of), "at": text_of(found.at), "released": True}
        settings.write(db, _RESTORED, json.dumps(told))


def waiting(db: Database) -> int:
    """How many mails are held because of a restore."""
    return int(db.run("SELECT COUNT(*) AS n FROM outbox WHERE state = 'held' AND held_for = 'restore'")[0]["n"])


def last_known(db: Database) -> datetime | None:
    """The instant of the latest event, UTC; None for a store in which nothing ever happened."""
    rows = db.run("SELECT MAX(at) AS at FROM events")
    return instant_of(rows[0]["at"]) if rows[0]["at"] else None


def counts(db: Database) -> dict[str, int]:
    """How many cases, letters and mails of ours are in the store."""
    return {
        table: int(db.run(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]) for table in ("cases", "letters", "outbox")
    }


def snapshot(db: Database, target: Path) -> None:
    """SQLite: copy the whole store, as it is at one instant, into an empty file. A running daemon can go on writing."""
    db.run("VACUUM INTO :target", target=str(target))


def enclose(db: Database, papers: Mapping[str, bytes]) -> None:
    """
    SQLite: turn a copy of the store into a backup, with `papers` inside it, as a single file.

    Args:
        papers: contents of the files that belong to the backup, by name.
    """
    with db.transaction():
        db.run("CREATE TABLE backup (name TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL)")
        for name, content in papers.items():
            db.run("INSERT INTO backup (name, content) VALUES (:name, :content)", name=name, content=content)
    single_file(db)


def enclosed(db: Database) -> dict[str, bytes]:
    """The files that are in a backup, by name; empty for a store that is not a backup."""
    if not db.run("SELECT 1 FROM sqlite_master WHERE name = 'backup'"):
        return {}
    return {row["name"]: bytes(row["content"]) for row in db.run("SELECT name, content FROM backup")}


def take_out(db: Database) -> None:
    """Turn a copy of a backup into a store again: remove the files in it."""
    db.run("DROP TABLE backup")


def examine(db: Database) -> None:
    """
    SQLite: check every page, index and reference.

    Raises:
        StoreProblem: the store is damaged.
    """
    said = [row["integrity_check"] for row in db.run("PRAGMA integrity_check(3)")]
    if said != ["ok"]:
        raise StoreProblem(f"it is damaged: {said[0]}")
    if db.run("PRAGMA foreign_key_check"):
        raise StoreProblem("it is damaged: rows are missing to which others refer")


def single_file(db: Database) -> None:
    """
    SQLite: fold the WAL into the file, so that the file alone is the whole store until it is next opened for writing.

    Raises:
        StoreLocked: another program is reading the store.
    """
    mode = db.run("PRAGMA journal_mode = DELETE")
    if mode[0]["journal_mode"] != "delete":
        raise StoreLocked("another program reads it")

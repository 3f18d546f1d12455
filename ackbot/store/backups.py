"""Backups, and what a store that was put back must not send again by itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ackbot.casework.model import Arrival
from ackbot.store import events, settings
from ackbot.store.database import Database, StoreLocked, StoreProblem, instant_of, text_of

_RESTORED = "restored"
# Mail that residents get, or anybody who is neither staff nor admin. Alarms are never kept back.
_INSIDE = ("admin", "urgent")
_OUTSIDE = "staff = '' AND kind NOT IN ('admin', 'urgent')"


@dataclass(frozen=True, slots=True)
class Restored:
    """
    The store is a backup that was put back.

    Args:
        of: what it knows ends at that instant.
        at: when it was put back.
        released: the admin has looked, and let go what waited.
    """

    of: datetime
    at: datetime
    released: bool


def restored(db: Database) -> Restored | None:
    """Whether the store was ever put back from a backup, and last when."""
    kept = settings.read(db, _RESTORED)
    if not kept:
        return None
    told = json.loads(kept)
    return Restored(instant_of(told["of"]), instant_of(told["at"]), told["released"])


def awaits_release(db: Database) -> Restored | None:
    """The backup that was put back and that nobody has released yet."""
    found = restored(db)
    return None if found is None or found.released else found


def may_repeat(db: Database, kind: str, arrival: Arrival | None, *, to_staff: bool) -> bool:
    """
    Whether a mail may have gone out before a backup was put back, so that it waits for `release`.

    Args:
        arrival: the letter it comes of; None for one that a clock brought.
    """
    if to_staff or kind in _INSIDE:
        return False
    return arrival.hold == "backup" if arrival else awaits_release(db) is not None


def put_back(db: Database, of: datetime, now: datetime) -> int:
    """
    This store is a backup of `of`, put back `now`: what it still had to send to residents waits for `release`, and so do
    the answers to letters that the next run finds. How many mails wait.
    """
    with db.transaction():
        settings.write(db, _RESTORED, json.dumps({"of": text_of(of), "at": text_of(now), "released": False}))
        db.run("UPDATE folders SET held_uid = NULL")
        db.run("DELETE FROM rounds WHERE name = 'released'")
        rows = db.run(
            "UPDATE outbox SET state = 'held', held_for = 'restore', claimed_by = NULL, lease_until_s = NULL "
            f"WHERE {_OUTSIDE} AND (state IN ('queued', 'claimed', 'sending', 'unknown') "
            "OR (state = 'held' AND held_for IN ('pause', 'brake'))) RETURNING id"
        )
        events.add(db, now, "restore", f"a backup of {text_of(of)} was put back; {len(rows)} mails wait")
    return len(rows)


def released(db: Database, inbox: str) -> None:
    """`ackbot release`: letters from now on are answered at once, of one inbox or ('') all."""
    db.run(
        "UPDATE folders SET held_uid = 0 WHERE held_uid IS NOT NULL AND (:inbox = '' OR inbox = :inbox)", inbox=inbox
    )
    found = awaits_release(db)
    if found is not None and not inbox:
        told = {"of": text_of(found.of), "at": text_of(found.at), "released": True}
        settings.write(db, _RESTORED, json.dumps(told))


def waiting(db: Database) -> int:
    """How many mails a restore holds."""
    return int(db.run("SELECT COUNT(*) AS n FROM outbox WHERE state = 'held' AND held_for = 'restore'")[0]["n"])


def last_known(db: Database) -> datetime | None:
    """The last instant that the store knows of; None for one in which nothing ever happened."""
    rows = db.run("SELECT MAX(at) AS at FROM events")
    return instant_of(rows[0]["at"]) if rows[0]["at"] else None


def counts(db: Database) -> dict[str, int]:
    """How much is in it."""
    return {
        table: int(db.run(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]) for table in ("cases", "letters", "outbox")
    }


def snapshot(db: Database, target: Path) -> None:
    """SQLite: the whole store as of one instant, into an empty file; whoever writes meanwhile goes on writing."""
    db.run("VACUUM INTO :target", target=str(target))


def enclose(db: Database, papers: Mapping[str, bytes]) -> None:
    """SQLite: make a copy of the store a backup: what belongs to it goes along, and it becomes one file again."""
    with db.transaction():
        db.run("CREATE TABLE backup (name TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL)")
        for name, content in papers.items():
            db.run("INSERT INTO backup (name, content) VALUES (:name, :content)", name=name, content=content)
    single_file(db)


def enclosed(db: Database) -> dict[str, bytes]:
    """What went along with a backup, by name; nothing for a store that is no backup."""
    if not db.run("SELECT 1 FROM sqlite_master WHERE name = 'backup'"):
        return {}
    return {row["name"]: bytes(row["content"]) for row in db.run("SELECT name, content FROM backup")}


def take_out(db: Database) -> None:
    """The copy of a backup becomes a store again."""
    db.run("DROP TABLE backup")


def examine(db: Database) -> None:
    """
    SQLite: every page, index and reference.

    Raises:
        StoreProblem: something does not fit.
    """
    said = [row["integrity_check"] for row in db.run("PRAGMA integrity_check(3)")]
    if said != ["ok"]:
        raise StoreProblem(f"it is damaged: {said[0]}")
    if db.run("PRAGMA foreign_key_check"):
        raise StoreProblem("it is damaged: rows are missing to which others refer")


def single_file(db: Database) -> None:
    """
    SQLite: nothing of it stands beside the file any more, until it is next opened to write.

    Raises:
        StoreLocked: another program is reading it.
    """
    mode = db.run("PRAGMA journal_mode = DELETE")
    if mode[0]["journal_mode"] != "delete":
        raise StoreLocked("another program reads it")

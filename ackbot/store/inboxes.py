"""How far each folder has been read, the state of each inbox's watch, and what is paused."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ackbot.store import in_hand
from ackbot.store.database import Database, Row, instant_of, must_touch, text_of


@dataclass(frozen=True, slots=True)
class Folder:
    """
    What the store knows of a folder (RFC 3501 §2.3.1.1).

    Args:
        last_uid: the watermark; every mail up to this UID has a committed arrival.
        backlog_uid: mails up to this UID were there at first sight, or when UIDVALIDITY last changed.
        restored: UIDVALIDITY has changed since first sight.
        watch_started_at: first sight of the inbox, aware, UTC; a new UIDVALIDITY does not change it.
        looked_at: every mail that lay there at this instant has a recorded arrival; aware, UTC. None if no sweep has ended yet.
        held_uid: mails up to this UID may have been answered before a backup was put back. None after a restore, until
            the folder is next opened.
    """

    uidvalidity: int
    last_uid: int
    backlog_uid: int
    restored: bool
    watch_started_at: datetime
    held_uid: int | None = 0
    looked_at: datetime | None = None


def folder(db: Database, inbox: str, name: str) -> Folder | None:
    """What the store knows of a folder; None before first sight."""
    rows = db.run("SELECT * FROM folders WHERE inbox = :inbox AND folder = :folder", inbox=inbox, folder=name)
    if not rows:
        return None
    row = rows[0]
    return Folder(
        row["uidvalidity"],
        row["last_uid"],
        row["backlog_uid"],
        bool(row["restored"]),
        instant_of(row["watch_started_at"]),
        row["held_uid"],
        instant_of(row["looked_at"]) if row["looked_at"] else None,
    )


def first_sight(
    db: Database,
    inbox: str,
    name: str,
    uidvalidity: int,
    last_uid: int,
    backlog_uid: int,
    now: datetime,
    *,
    restored: bool = False,
) -> None:
    """
    Record a folder at first sight. Mails up to `last_uid` are not read.

    Args:
        restored: the store was put back from a backup that does not know this folder; `now` is then the backup's instant.
    """
    db.run(
        "INSERT INTO folders (inbox, folder, uidvalidity, last_uid, watch_started_at, looked_at, backlog_uid, restored) "
        "VALUES (:inbox, :folder, :uidvalidity, :last_uid, :now, :now, :backlog_uid, :restored)",
        inbox=inbox,
        folder=name,
        uidvalidity=uidvalidity,
        last_uid=last_uid,
        now=text_of(now),
        backlog_uid=backlog_uid,
        restored=restored,
    )


def uidvalidity_changed(db: Database, inbox: str, name: str, uidvalidity: int, backlog_uid: int) -> None:
    """Record a new UIDVALIDITY: all UIDs start anew. All mail is read again, and known letters are recognised by fingerprint."""
    db.run(  # nobody can ask for them by their old numbers
        "UPDATE arrivals SET retry_at = NULL, error = :error WHERE inbox = :inbox AND folder = :folder AND letter_id IS NULL",
        error="the server numbered the folder anew",
        inbox=inbox,
        folder=name,
    )
    rows = db.run(
        "UPDATE folders SET uidvalidity = :uidvalidity, last_uid = 0, backlog_uid = :backlog_uid, restored = "
        ":yes, unknown = 0, held_uid = CASE WHEN held_uid IS NULL THEN NULL ELSE 0 END "
        "WHERE inbox = :inbox AND folder = :folder RETURNING folder",
        uidvalidity=uidvalidity,
        backlog_uid=backlog_uid,
        yes=True,
        inbox=inbox,
        folder=name,
    )
    must_touch(rows, "folders", inbox=inbox, folder=name)


def numbers_went_back(db: Database, inbox: str, name: str, uidvalidity: int, backlog_uid: int) -> None:
    """
    Record that a folder gives UIDs anew under the UIDVALIDITY that it had, as after a Maildir was put back (E31).

    What was at the old places keeps its record under a UIDVALIDITY below 0, which no server gives, so that other mails can be
    recorded at the same UIDs; files that are still to be sent are not taken from there.
    """
    with db.transaction():
        rows = db.run(
            "SELECT MIN(uidvalidity) AS lowest FROM arrivals WHERE inbox = :inbox AND folder = :folder",
            inbox=inbox,
            folder=name,
        )
        former = min(rows[0]["lowest"] or 0, 0) - 1
        places = {"inbox": inbox, "folder": name, "uidvalidity": uidvalidity, "former": former}
        db.run(
            "UPDATE arrivals SET uidvalidity = :former WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity",
            **places,
        )
        db.run(
            "UPDATE arrivals SET moved_uidvalidity = NULL, moved_uid = NULL WHERE inbox = :inbox AND moved_to = :folder "
            "AND moved_uidvalidity = :uidvalidity",
            inbox=inbox,
            folder=name,
            uidvalidity=uidvalidity,
        )
        for row in db.run(
            "SELECT id, attachments FROM outbox WHERE attachments <> '' AND state IN ('queued', 'held', 'claimed')"
        ):
            asked = json.loads(row["attachments"])
            if (asked["inbox"], asked["folder"], asked["uidvalidity"]) == (inbox, name, uidvalidity):
                changed = json.dumps({**asked, "uidvalidity": former})
                db.run("UPDATE outbox SET attachments = :changed WHERE id = :id", changed=changed, id=row["id"])
        in_hand.done(db, inbox, name)
        uidvalidity_changed(db, inbox, name, uidvalidity, backlog_uid)


def looked(db: Database, inbox: str, name: str, uidvalidity: int, at: datetime) -> None:
    """Record that every mail that lay in the folder at this instant has an arrival. Touches no row if UIDVALIDITY has changed."""
    db.run(
        "UPDATE folders SET looked_at = :at WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity "
        "AND looked_at < :at",
        at=text_of(at),
        inbox=inbox,
        folder=name,
        uidvalidity=uidvalidity,
    )


def move_watermark(db: Database, inbox: str, name: str, uidvalidity: int, uid: int) -> None:
    """
    Move the watermark forward: every mail up to `uid` has a committed arrival.

    The watermark never moves back. No row is touched if another mail has moved it further, if UIDVALIDITY has changed
    meanwhile, or for mail that was delivered to us by LMTP, which has no folder row.
    """
    db.run(
        "UPDATE folders SET last_uid = :uid WHERE inbox = :inbox AND folder = :folder AND uidvalidity = "
        ":uidvalidity AND last_uid < :uid",
        uid=uid,
        inbox=inbox,
        folder=name,
        uidvalidity=uidvalidity,
    )


def hold_up_to(db: Database, inbox: str, name: str, uid: int) -> None:
    """Record, when a folder is first opened after a restore, that letters up to `uid` may have been answered before it."""
    rows = db.run(
        "UPDATE folders SET held_uid = :uid WHERE inbox = :inbox AND folder = :folder RETURNING folder",
        uid=uid,
        inbox=inbox,
        folder=name,
    )
    must_touch(rows, "folders", inbox=inbox, folder=name)


def count_unknown(db: Database, inbox: str, name: str) -> int:
    """Count one more letter that was unknown after a change of UIDVALIDITY; returns the new count."""
    rows = db.run(
        "UPDATE folders SET unknown = unknown + 1 WHERE inbox = :inbox AND folder = :folder RETURNING unknown",
        inbox=inbox,
        folder=name,
    )
    return int(rows[0]["unknown"]) if rows else 0


def report(db: Database, inbox: str, state: str, reason: str, now: datetime, *, seen: bool) -> None:
    """
    Record the state of an inbox's watch: watching, retrying or stopped.

    Args:
        reason: a sentence for the admin, without secrets; "" when all is well.
        seen: the server has just answered.
    """
    db.run(
        """
        INSERT INTO inbox_states (inbox, state, reason, changed_at, seen_at) VALUES (:inbox, :state, :reason, :now, :seen_at)
        ON CONFLICT (inbox) DO UPDATE SET
            changed_at = CASE WHEN inbox_states.state = :state AND inbox_states.reason = :reason
                              THEN inbox_states.changed_at ELSE :now END,
            state = :state, reason = :reason,
            seen_at = CASE WHEN :seen THEN :now ELSE inbox_states.seen_at END
        """,
        inbox=inbox,
        state=state,
        reason=reason,
        now=text_of(now),
        seen_at=text_of(now) if seen else "",
        seen=seen,
    )


def junk_counted(db: Database, inbox: str, count: int) -> None:
    """
    Record how many mails are in the Junk folder. They are never answered, but real residents land there (domain.md §2.6).

    Touches no row if the inbox has no recorded state yet; the folder is counted again within the hour.
    """
    db.run("UPDATE inbox_states SET junk = :count WHERE inbox = :inbox", count=count, inbox=inbox)


def states(db: Database) -> Sequence[Row]:
    """The recorded state of each inbox, by name."""
    return db.run("SELECT * FROM inbox_states ORDER BY inbox")


def is_paused(db: Database, inbox: str) -> bool:
    """Whether the admin has paused this inbox or the whole council."""
    return bool(db.run("SELECT 1 FROM pauses WHERE scope IN ('', :inbox)", inbox=inbox))


def pauses(db: Database) -> Sequence[Row]:
    """What is paused, the whole council ('') first."""
    return db.run("SELECT * FROM pauses ORDER BY scope")

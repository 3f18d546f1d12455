"""Where each inbox has been read to, and how its watch goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ackbot.store.database import Database, Row, instant_of, must_touch, text_of


@dataclass(frozen=True, slots=True)
class Folder:
    """
    A folder as we know it.

    Args:
        last_uid: every mail up to here has a committed arrival.
        backlog_uid: mails up to here lay there at first sight, or when UIDVALIDITY last changed.
        restored: UIDVALIDITY is another than at first sight.
        watch_started_at: first sight of the inbox, kept over changes.
        held_uid: mails up to here may have been answered before a backup was put back; None until the next look.
    """

    uidvalidity: int
    last_uid: int
    backlog_uid: int
    restored: bool
    watch_started_at: datetime
    held_uid: int | None = 0


def folder(db: Database, inbox: str, name: str) -> Folder | None:
    """What is known of a folder; None before its first sight."""
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
    A folder is seen for the first time; mails up to `last_uid` are not looked at.

    Args:
        restored: by a store that was put back, and knows nothing of it since `now`.
    """
    db.run(
        "INSERT INTO folders (inbox, folder, uidvalidity, last_uid, watch_started_at, backlog_uid, restored) "
        "VALUES (:inbox, :folder, :uidvalidity, :last_uid, :now, :backlog_uid, :restored)",
        inbox=inbox,
        folder=name,
        uidvalidity=uidvalidity,
        last_uid=last_uid,
        now=text_of(now),
        backlog_uid=backlog_uid,
        restored=restored,
    )


def uidvalidity_changed(db: Database, inbox: str, name: str, uidvalidity: int, backlog_uid: int) -> None:
    """All uids start anew: everything is looked at again, and known letters are recognised by their fingerprints."""
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


def move_watermark(db: Database, inbox: str, name: str, uidvalidity: int, uid: int) -> None:
    """
    Every mail up to `uid` has a committed arrival. Never moves back: it touches no row where another mail has moved it
    further, where UIDVALIDITY has changed meanwhile, and for mail that was delivered to us, of which no folder is kept.
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
    """The first look after a backup was put back: letters up to `uid` may have been answered before."""
    rows = db.run(
        "UPDATE folders SET held_uid = :uid WHERE inbox = :inbox AND folder = :folder RETURNING folder",
        uid=uid,
        inbox=inbox,
        folder=name,
    )
    must_touch(rows, "folders", inbox=inbox, folder=name)


def count_unknown(db: Database, inbox: str, name: str) -> int:
    """One more letter that was unknown after a change of UIDVALIDITY; how many that makes."""
    rows = db.run(
        "UPDATE folders SET unknown = unknown + 1 WHERE inbox = :inbox AND folder = :folder RETURNING unknown",
        inbox=inbox,
        folder=name,
    )
    return int(rows[0]["unknown"]) if rows else 0


def report(db: Database, inbox: str, state: str, reason: str, now: datetime, *, seen: bool) -> None:
    """How the watch of an inbox goes: watching, retrying or stopped. `seen` when the server has just answered."""
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
    How many mails lie in the Junk folder: never answered, but real residents land there (domain.md §2.6). Touches no row
    where the inbox's state could not be recorded yet; it is counted again within the hour.
    """
    db.run("UPDATE inbox_states SET junk = :count WHERE inbox = :inbox", count=count, inbox=inbox)


def states(db: Database) -> Sequence[Row]:
    """How each inbox goes, by name."""
    return db.run("SELECT * FROM inbox_states ORDER BY inbox")


def is_paused(db: Database, inbox: str) -> bool:
    """Whether the admin paused this inbox or the whole council."""
    return bool(db.run("SELECT 1 FROM pauses WHERE scope IN ('', :inbox)", inbox=inbox))


def pauses(db: Database) -> Sequence[Row]:
    """What is paused, the whole council ('') first."""
    return db.run("SELECT * FROM pauses ORDER BY scope")

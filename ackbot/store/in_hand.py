"""
What is in hand: which mails are being taken in, written down before, so that the next process knows what an ended one had.

It must outlive the process and need not outlive the machine: nothing here waits for the disk (`Database.note`).
"""

from dataclasses import dataclass
from datetime import datetime

from ackbot.store.database import Database, text_of


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails of a folder from one uid to another, both among them, taken in from the lowest to the highest."""

    first_uid: int
    last_uid: int


def begin(db: Database, inbox: str, folder: str, uidvalidity: int, batch: Batch, now: datetime) -> None:
    """A batch is about to be fetched and taken in, in place of the folder's last one."""
    db.note(
        """
        INSERT INTO in_hand (inbox, folder, mail, uidvalidity, first_uid, last_uid, times, begun_at)
        VALUES (:inbox, :folder, '', :uidvalidity, :first_uid, :last_uid, 1, :now)
        ON CONFLICT (inbox, folder, mail) DO UPDATE SET uidvalidity = excluded.uidvalidity, first_uid = excluded.first_uid,
            last_uid = excluded.last_uid, begun_at = excluded.begun_at
        """,
        inbox=inbox,
        folder=folder,
        uidvalidity=uidvalidity,
        first_uid=batch.first_uid,
        last_uid=batch.last_uid,
        now=text_of(now),
    )


def left(db: Database, inbox: str, folder: str, uidvalidity: int) -> Batch | None:
    """What is left of the folder's last batch: nothing, where all of it was taken in."""
    rows = db.run(
        """
        SELECT batch.first_uid, batch.last_uid, folders.last_uid AS watermark, arrivals.letter_id
        FROM in_hand AS batch
        JOIN folders ON folders.inbox = batch.inbox AND folders.folder = batch.folder
            AND folders.uidvalidity = batch.uidvalidity
        LEFT JOIN arrivals ON arrivals.inbox = batch.inbox AND arrivals.folder = batch.folder
            AND arrivals.uidvalidity = batch.uidvalidity AND arrivals.uid = batch.first_uid
        WHERE batch.inbox = :inbox AND batch.folder = :folder AND batch.mail = '' AND batch.uidvalidity = :uidvalidity
        """,
        inbox=inbox,
        folder=folder,
        uidvalidity=uidvalidity,
    )
    if not rows:
        return None
    first, last, watermark = (int(rows[0][name]) for name in ("first_uid", "last_uid", "watermark"))
    if first == last:
        return Batch(first, last) if rows[0]["letter_id"] is None else None
    return Batch(max(first, watermark + 1), last) if watermark < last else None


def again(db: Database, inbox: str, folder: str, mail: str, now: datetime) -> int:
    """
    One mail is about to be decided by itself: how often that was so before, in processes that ended over it.

    Args:
        mail: its uid or, of one that was delivered, a digest of its bytes.
    """
    rows = db.note(
        """
        INSERT INTO in_hand (inbox, folder, mail, uidvalidity, first_uid, last_uid, times, begun_at)
        VALUES (:inbox, :folder, :mail, 0, 0, 0, 1, :now)
        ON CONFLICT (inbox, folder, mail) DO UPDATE SET times = in_hand.times + 1, begun_at = excluded.begun_at
        RETURNING times
        """,
        inbox=inbox,
        folder=folder,
        mail=mail,
        now=text_of(now),
    )
    return int(rows[0]["times"]) - 1


def is_known(db: Database, inbox: str, folder: str, mail: str) -> bool:
    """Whether a mail is being decided by itself, or was when a process ended."""
    return bool(
        db.run(
            "SELECT 1 FROM in_hand WHERE inbox = :inbox AND folder = :folder AND mail = :mail",
            inbox=inbox,
            folder=folder,
            mail=mail,
        )
    )


def done(db: Database, inbox: str, folder: str, mail: str = "") -> None:
    """A mail, or the folder's last batch, is no longer in hand, and this process lives. Touches no row where none was."""
    db.note(
        "DELETE FROM in_hand WHERE inbox = :inbox AND folder = :folder AND mail = :mail",
        inbox=inbox,
        folder=folder,
        mail=mail,
    )


def forget(db: Database, before: datetime) -> None:
    """Single mails that nobody brought again."""
    db.note("DELETE FROM in_hand WHERE mail <> '' AND begun_at < :before", before=text_of(before))

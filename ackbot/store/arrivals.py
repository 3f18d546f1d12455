"""Arrivals and letters: the mails that came in, each recorded once, and those that could not be fetched or read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ackbot.casework.intents import Decision
from ackbot.casework.model import Arrival
from ackbot.mail import subjects
from ackbot.mail.message import Message
from ackbot.store import events, put_in
from ackbot.store.database import Database, Row, instant_of, listed, must_touch, text_of

# The header fields that rules look at. They are kept so that a decision can be explained after the mail is gone.
_KEPT_HEADERS = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "return-path",
    "auto-submitted",
    "precedence",
    "list-id",
    "x-auto-response-suppress",
    "authentication-results",
    "x-spam-flag",
    "content-type",
)


def add_arrival(db: Database, arrival: Arrival, now: datetime) -> int | None:
    """Record that a mail was seen at this place. Returns the id of the arrival row; None if it was recorded before."""
    rows = db.run(
        """
        INSERT INTO arrivals (inbox, folder, uidvalidity, uid, arrived_at, recorded_at, size, put_in)
        VALUES (:inbox, :folder, :uidvalidity, :uid, :arrived_at, :now, :size, :put_in)
        ON CONFLICT (inbox, folder, uidvalidity, uid) DO NOTHING RETURNING id
        """,
        inbox=arrival.inbox,
        folder=arrival.folder,
        uidvalidity=arrival.uidvalidity,
        uid=arrival.uid,
        arrived_at=text_of(arrival.arrived_at),
        now=text_of(now),
        size=arrival.size,
        put_in=arrival.put_in,
    )
    return int(rows[0]["id"]) if rows else None


def not_fetched(db: Database, arrival_id: int, error: str) -> int:
    """Record that the server did not give the mail. Returns the number of failed attempts so far."""
    rows = db.run(
        "UPDATE arrivals SET error = :error, attempts = attempts + 1 WHERE id = :id RETURNING attempts",
        error=error,
        id=arrival_id,
    )
    return int(must_touch(rows, "arrivals", id=arrival_id)["attempts"])


def fetch_again_at(db: Database, arrival_id: int, retry_at: datetime) -> None:
    """Set the instant at which the server is asked for the mail again."""
    _ask_again(db, arrival_id, text_of(retry_at))


def gone(db: Database, arrival_id: int, inbox: str, now: datetime) -> None:
    """Give up a mail that the server once listed, never gave, and no longer lists."""
    _ask_again(db, arrival_id, None)
    events.add(db, now, "gone", "the mail was deleted or moved away before the server gave it", inbox=inbox)


def _ask_again(db: Database, arrival_id: int, at: str | None) -> None:
    rows = db.run("UPDATE arrivals SET retry_at = :at WHERE id = :id RETURNING id", at=at, id=arrival_id)
    must_touch(rows, "arrivals", id=arrival_id)


def to_fetch_again(db: Database, inbox: str, folder: str, uidvalidity: int, now: datetime) -> Sequence[Row]:
    """Arrivals of a folder whose mail could not be fetched and is due to be asked for again, by UID."""
    return db.run(
        "SELECT * FROM arrivals WHERE letter_id IS NULL AND inbox = :inbox AND folder = :folder AND "
        "uidvalidity = :uidvalidity AND retry_at <= :now ORDER BY uid",
        inbox=inbox,
        folder=folder,
        uidvalidity=uidvalidity,
        now=text_of(now),
    )


def moved(db: Database, arrival: Arrival, folder: str, place: tuple[int, int] | None) -> None:
    """
    Record that we moved a mail on the server.

    Args:
        folder: where it is now.
        place: its UIDVALIDITY and UID there; None if the server did not tell (no UIDPLUS, RFC 4315).
    """
    rows = db.run(
        "UPDATE arrivals SET moved_to = :moved_to, moved_uidvalidity = :uidvalidity_there, moved_uid = :uid_there "
        "WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity AND uid = :uid RETURNING id",
        moved_to=folder,
        uidvalidity_there=place[0] if place else None,
        uid_there=place[1] if place else None,
        inbox=arrival.inbox,
        folder=arrival.folder,
        uidvalidity=arrival.uidvalidity,
        uid=arrival.uid,
    )
    must_touch(rows, "arrivals", inbox=arrival.inbox, folder=arrival.folder, uid=arrival.uid)


def is_known_at(db: Database, inbox: str, folder: str, uidvalidity: int, uid: int) -> bool:
    """Whether a mail arrived at this place, or we moved it there."""
    return bool(
        db.run(
            "SELECT 1 FROM arrivals WHERE inbox = :inbox AND ((folder = :folder AND uidvalidity = :uidvalidity AND "
            "uid = :uid) OR (moved_to = :folder AND moved_uidvalidity = :uidvalidity AND moved_uid = :uid))",
            inbox=inbox,
            folder=folder,
            uidvalidity=uidvalidity,
            uid=uid,
        )
    )


def not_moved(db: Database, inbox: str, folder: str, uidvalidity: int, limit: int = 500) -> Sequence[Row]:
    """Decided mails of a folder that we have not moved, by UID."""
    return db.run(
        "SELECT * FROM arrivals WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity AND "
        "letter_id IS NOT NULL AND moved_to IS NULL ORDER BY uid LIMIT :limit",
        inbox=inbox,
        folder=folder,
        uidvalidity=uidvalidity,
        limit=limit,
    )


def place_of(db: Database, inbox: str, folder: str, uidvalidity: int, uid: int) -> tuple[str, int, int]:
    """Where a mail is now: folder, UIDVALIDITY, UID. The given place, unless we moved the mail or the folder was numbered anew."""
    place = {"inbox": inbox, "folder": folder, "uidvalidity": uidvalidity, "uid": uid}
    rows = db.run(
        "SELECT moved_to AS folder, moved_uidvalidity AS uidvalidity, moved_uid AS uid FROM arrivals WHERE inbox = :inbox AND "
        "folder = :folder AND uidvalidity = :uidvalidity AND uid = :uid AND moved_uid IS NOT NULL",
        **place,
    ) or db.run(
        "SELECT now.folder, now.uidvalidity, now.uid FROM arrivals AS was "
        "JOIN arrivals AS now ON now.letter_id = was.letter_id AND now.inbox = was.inbox AND now.folder = was.folder "
        "JOIN folders ON folders.inbox = now.inbox AND folders.folder = now.folder AND folders.uidvalidity = now.uidvalidity "
        "WHERE was.inbox = :inbox AND was.folder = :folder AND was.uidvalidity = :uidvalidity AND was.uid = :uid "
        "AND folders.uidvalidity <> was.uidvalidity ORDER BY now.id DESC LIMIT 1",
        **place,
    )
    return (rows[0]["folder"], rows[0]["uidvalidity"], rows[0]["uid"]) if rows else (folder, uidvalidity, uid)


def at_place(db: Database, inbox: str, folder: str, uidvalidity: int, uid: int) -> Row | None:
    """The record of the mail that arrived at this place; None if there is none."""
    rows = db.run(
        "SELECT * FROM arrivals WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity AND uid = :uid",
        inbox=inbox,
        folder=folder,
        uidvalidity=uidvalidity,
        uid=uid,
    )
    return rows[0] if rows else None


def is_other_instant(was: Row, arrived_at: datetime) -> bool:
    """Whether a mail's internal date, which no server may change, is another than that of this record."""
    return abs(instant_of(was["arrived_at"]) - arrived_at) > timedelta(seconds=1)


def is_released(was: Row | None) -> bool:
    """Whether the admin let this mail go, which had waited among many that were put in."""
    return was is not None and was["error"] == put_in.RELEASED


def unfetched(db: Database, arrival: Arrival) -> int | None:
    """The id of this place's arrival row if it has no letter yet; None otherwise."""
    rows = db.run(
        "SELECT id FROM arrivals WHERE letter_id IS NULL AND inbox = :inbox AND folder = :folder AND "
        "uidvalidity = :uidvalidity AND uid = :uid",
        inbox=arrival.inbox,
        folder=arrival.folder,
        uidvalidity=arrival.uidvalidity,
        uid=arrival.uid,
    )
    return int(rows[0]["id"]) if rows else None


def attach_arrival(db: Database, arrival_id: int, letter_id: int) -> Sequence[Row]:
    """Record which letter this arrival brought. It is not fetched again. The rows are for `must_touch`."""
    return db.run(
        "UPDATE arrivals SET letter_id = :letter_id, retry_at = NULL WHERE id = :id RETURNING id",
        letter_id=letter_id,
        id=arrival_id,
    )


def add(
    db: Database,
    message: Message,
    arrival: Arrival,
    decision: Decision,
    now: datetime,
    language: str,
    brought_by: int | None = None,
) -> int:
    """
    Store a letter with its decision. A letter that is already known keeps its row.

    The known row is overwritten only if the letter has a case now, and had none (another inbox only recorded it) or was
    decided by marks that this copy does not bear (E7).

    Args:
        brought_by: the row of the mail of staff in which it was; None for one that came by itself.

    Returns:
        The id of the letter's row.
    """
    # A private mail, such as a colleague's own mail in a Sent folder, leaves nothing but the fact that it was seen.
    private = decision.private
    kept = {name: list(values) for name in _KEPT_HEADERS if not private and (values := message.headers.values(name))}
    rows = db.run(
        """
        INSERT INTO letters (fingerprint, state, message_id, from_key, subject, subject_key, text, text_hash, headers, language,
                             arrived_at, decided_at, kind, outcome, rule, why, acknowledged, code, by_way, proven,
                             brought_by)
        VALUES (:fingerprint, 'decided', :message_id, :from_key, :subject, :subject_key, :text, :text_hash, :headers, :language,
                :arrived_at, :now, :kind, :outcome, :rule, :why, :acknowledged, :code, :by_way, :proven,
                :brought_by)
        ON CONFLICT (fingerprint) DO UPDATE SET from_key = excluded.from_key, by_way = excluded.by_way, proven = excluded.proven,
            brought_by = excluded.brought_by,
            language = CASE WHEN excluded.language = '' THEN letters.language ELSE excluded.language END,
            arrived_at = excluded.arrived_at, decided_at = excluded.decided_at, kind = excluded.kind, outcome = excluded.outcome,
            rule = excluded.rule, why = excluded.why, acknowledged = excluded.acknowledged, code = excluded.code
            WHERE (letters.code IS NULL OR :anew) AND letters.state = 'decided' AND excluded.code IS NOT NULL
        RETURNING id
        """,
        fingerprint=message.fingerprint,
        message_id=message.message_id,
        from_key=decision.to.key if decision.to else "",
        subject="" if private else message.subject,
        subject_key="" if private else subjects.key(message.subject),
        text="" if private else message.text,
        text_hash="" if private else message.text_hash,
        headers=json.dumps(kept, ensure_ascii=False),
        language=language,
        arrived_at=text_of(arrival.arrived_at),
        now=text_of(now),
        kind=decision.kind,
        outcome=decision.outcome,
        rule=decision.rule,
        why=decision.why,
        acknowledged=decision.acknowledge,
        code=decision.code or None,
        by_way=decision.by_way,
        proven=decision.proven,
        anew=decision.anew,
        brought_by=brought_by,
    )
    if not rows:
        rows = db.run("SELECT id FROM letters WHERE fingerprint = :fingerprint", fingerprint=message.fingerprint)
    return int(rows[0]["id"])


def quarantine(
    db: Database, fingerprint: str, raw: bytes, arrival: Arrival, error: str, code: str, retry_at: datetime | None
) -> int:
    """
    Keep a mail that broke us as raw bytes (P1).

    Args:
        code: of the case that its headers opened; "" if they opened none.
        error: the exception's class and place, without words of the mail.

    Returns:
        The id of the letter's row.
    """
    rows = db.run(
        """
        INSERT INTO letters (fingerprint, state, message_id, from_key, subject, subject_key, text, text_hash, headers, language,
                             arrived_at, kind, outcome, rule, why, acknowledged, code, raw, error, attempts, retry_at)
        VALUES (:fingerprint, 'quarantined', '', '', '', '', '', '', '{}', '', :arrived_at, 'unreadable', :outcome, 'design.md §3',
                'it could not be read and is kept as it came', :no, :code, :raw, :error, 1, :retry_at)
        RETURNING id
        """,
        fingerprint=fingerprint,
        arrived_at=text_of(arrival.arrived_at),
        outcome="case" if code else "record",
        no=False,
        code=code or None,
        raw=raw,
        error=error,
        retry_at=text_of(retry_at) if retry_at else None,
    )
    return int(rows[0]["id"])


def in_quarantine(db: Database, fingerprint: str) -> int | None:
    """The id of the row of these very bytes, if they broke us before; None otherwise."""
    rows = db.run("SELECT id FROM letters WHERE fingerprint = :fingerprint", fingerprint=fingerprint)
    return int(rows[0]["id"]) if rows else None


def trying_again(db: Database, letter_id: int, retry_at: datetime | None) -> None:
    """Another attempt at a quarantined mail begins; when the next is due if it fails, or None: at `ackbot quarantine retry`."""
    rows = db.run(
        "UPDATE letters SET attempts = attempts + 1, retry_at = :retry_at WHERE id = :id RETURNING id",
        retry_at=text_of(retry_at) if retry_at else None,
        id=letter_id,
    )
    must_touch(rows, "letters", id=letter_id)


def not_tried(db: Database, letter_id: int, retry_at: datetime) -> None:
    """The attempt failed for reasons that are not the mail's. Touches no row where it left the quarantine."""
    db.run(
        "UPDATE letters SET attempts = attempts - 1, retry_at = :retry_at WHERE id = :id AND state = 'quarantined'",
        retry_at=text_of(retry_at),
        id=letter_id,
    )


def failed_again(db: Database, letter_id: int, error: str) -> None:
    """The attempt failed."""
    rows = db.run("UPDATE letters SET error = :error WHERE id = :id RETURNING id", error=error, id=letter_id)
    must_touch(rows, "letters", id=letter_id)


def recovered(db: Database, letter_id: int, message: Message, decision: Decision, now: datetime) -> bool:
    """
    Store the decision about a quarantined mail that could now be read, on the same row, without the raw bytes.

    The row keeps its fingerprint of the raw bytes if another copy of the letter already has the letter's own.

    Returns:
        False if the mail was decided before.
    """
    rows = db.run(
        """
        UPDATE letters SET state = 'decided', decided_at = :now, message_id = :message_id, from_key = :from_key, subject = :subject,
            subject_key = :subject_key, text = :text, text_hash = :text_hash, kind = :kind, outcome = :outcome,
            rule = :rule, why = :why,
            acknowledged = :acknowledged, code = :code, by_way = :by_way, proven = :proven, raw = NULL, retry_at = NULL,
            fingerprint = CASE WHEN EXISTS (SELECT 1 FROM letters AS other WHERE other.fingerprint = :fingerprint)
                               THEN fingerprint ELSE :fingerprint END
        WHERE id = :id AND state = 'quarantined' RETURNING id
        """,
        id=letter_id,
        now=text_of(now),
        message_id=message.message_id,
        from_key=decision.to.key if decision.to else "",
        subject=message.subject,
        subject_key=subjects.key(message.subject),
        text=message.text,
        text_hash=message.text_hash,
        kind=decision.kind,
        outcome=decision.outcome,
        rule=decision.rule,
        why=decision.why,
        acknowledged=decision.acknowledge,
        code=decision.code or None,
        by_way=decision.by_way,
        proven=decision.proven,
        fingerprint=message.fingerprint,
    )
    return bool(rows)


def keep_raw(db: Database, letter_id: int, raw: bytes) -> None:
    """Keep the raw bytes of a mail that is in no mailbox, because its attachments are sent on later."""
    rows = db.run("UPDATE letters SET raw = :raw WHERE id = :id RETURNING id", raw=raw, id=letter_id)
    must_touch(rows, "letters", id=letter_id)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many octets of mails are kept as they came: in all, and of those that arrived lately."""

    in_all: int
    lately: int


def kept(db: Database, since: datetime) -> Kept:
    """What is kept of mails as they came, in quarantine or for their files; `lately` counts from `since`."""
    (row,) = db.run(
        """
        SELECT COALESCE(SUM(LENGTH(raw)), 0) AS in_all,
               COALESCE(SUM(CASE WHEN arrived_at >= :since THEN LENGTH(raw) ELSE 0 END), 0) AS lately
        FROM letters WHERE raw IS NOT NULL
        """,
        since=text_of(since),
    )
    return Kept(int(row["in_all"]), int(row["lately"]))


def raw_among(db: Database, letter_ids: Sequence[int]) -> bytes | None:
    """The raw bytes of the latest of these letters that has any; None if none has."""
    ids, parameters = listed("l", letter_ids)
    rows = db.run(
        f"SELECT raw FROM letters WHERE id IN ({ids}) AND raw IS NOT NULL ORDER BY id DESC LIMIT 1", **parameters
    )
    return bytes(rows[0]["raw"]) if rows else None


def raw_at(db: Database, inbox: str, folder: str, uidvalidity: int, uid: int) -> bytes | None:
    """The raw bytes of the mail that arrived at this place; None if they were not kept."""
    rows = db.run(
        "SELECT letters.raw FROM arrivals JOIN letters ON letters.id = arrivals.letter_id WHERE arrivals.inbox = :inbox "
        "AND arrivals.folder = :folder AND arrivals.uidvalidity = :uidvalidity AND arrivals.uid = :uid",
        inbox=inbox,
        folder=folder,
        uidvalidity=uidvalidity,
        uid=uid,
    )
    return bytes(rows[0]["raw"]) if rows and rows[0]["raw"] is not None else None


def to_retry(db: Database, now: datetime, limit: int = 20) -> Sequence[Row]:
    """Quarantined mails whose next attempt is due, the longest overdue first, each with its first arrival."""
    return db.run(
        """
        SELECT letters.id, letters.raw, letters.code, letters.attempts, letters.error, arrivals.inbox, arrivals.folder,
               arrivals.uidvalidity, arrivals.uid, arrivals.arrived_at, arrivals.size
        FROM letters JOIN arrivals ON arrivals.id = (SELECT MIN(id) FROM arrivals WHERE letter_id = letters.id)
        WHERE letters.state = 'quarantined' AND letters.retry_at <= :now ORDER BY letters.retry_at, letters.id LIMIT :limit
        """,
        now=text_of(now),
        limit=limit,
    )


def quarantined(db: Database) -> Sequence[Row]:
    """All mails in quarantine, oldest first, with the size of their raw bytes in octets but not the bytes."""
    return db.run(
        """
        SELECT letters.id, letters.arrived_at, letters.error, letters.attempts, letters.retry_at, LENGTH(letters.raw) AS size,
               arrivals.inbox, arrivals.folder, arrivals.uid
        FROM letters JOIN arrivals ON arrivals.id = (SELECT MIN(id) FROM arrivals WHERE letter_id = letters.id)
        WHERE letters.state = 'quarantined' ORDER BY letters.id
        """
    )


def raw_of(db: Database, letter_id: int) -> bytes | None:
    """The raw bytes of a quarantined mail; None if this letter is not in quarantine."""
    rows = db.run("SELECT raw FROM letters WHERE id = :id AND state = 'quarantined'", id=letter_id)
    return bytes(rows[0]["raw"]) if rows else None


def retry_now(db: Database, now: datetime, letter_id: int | None = None) -> int:
    """Make one quarantined mail, or all of them, due at once. Returns how many."""
    rows = db.run(
        "UPDATE letters SET retry_at = :now WHERE state = 'quarantined' AND (CAST(:id AS BIGINT) IS NULL OR id = :id) RETURNING id",
        now=text_of(now),
        id=letter_id,
    )
    return len(rows)

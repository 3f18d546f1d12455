"""What people wrote to residents straight from their mail programs, remembered until the letters it answers are taken in."""

import json
from datetime import timedelta

from ackbot.casework.intents import DropAcknowledgement, KeepAnsweredElsewhere
from ackbot.casework.model import AnsweredElsewhere
from ackbot.store.database import Database, instant_of, listed, text_of
from ackbot.store.unit import NO_DATA, Data, Unit

_KEPT = timedelta(days=30)  # longer than any outage
_MOST = 20


def keep(unit: Unit, intent: KeepAnsweredElsewhere) -> Data:
    """An answer, under each of its recipients; what is too old goes."""
    db, now = unit.db, unit.now
    db.run("DELETE FROM answers WHERE recorded_at < :before", before=text_of(now - _KEPT))
    answer = intent.answer
    for recipient in intent.recipients:
        db.run(
            """
            INSERT INTO answers (recipient, code, staff, subject_key, message_ids, written_at, recorded_at)
            VALUES (:recipient, :code, :staff, :subject_key, :message_ids, :at, :now)
            """,
            recipient=recipient,
            code=answer.code,
            staff=answer.staff,
            subject_key=answer.subject_key,
            message_ids=json.dumps(answer.answers[-_MOST:]),
            at=text_of(answer.at),
            now=text_of(now),
        )
    return NO_DATA


def to(db: Database, recipient: str) -> tuple[AnsweredElsewhere, ...]:
    """What was written to this case-folded address, the latest first."""
    rows = db.run(
        "SELECT * FROM answers WHERE recipient = :recipient ORDER BY id DESC LIMIT :most",
        recipient=recipient,
        most=_MOST,
    )
    return tuple(
        AnsweredElsewhere(
            row["code"],
            row["staff"],
            row["subject_key"],
            tuple(json.loads(row["message_ids"])),
            instant_of(row["written_at"]),
        )
        for row in rows
    )


def open_cases_of(db: Database, addresses: tuple[str, ...]) -> list[str]:
    """Codes of open cases that these case-folded addresses are party to, oldest first."""
    placeholders, parameters = listed("a", addresses)
    rows = db.run(
        f"SELECT DISTINCT cases.code AS code, cases.id AS id FROM parties JOIN cases ON cases.code = parties.code "
        f"WHERE parties.address IN ({placeholders}) AND cases.state <> 'closed' ORDER BY cases.id DESC LIMIT 50",
        **parameters,
    )
    return [row["code"] for row in reversed(rows)]


def drop_acknowledgement(unit: Unit, intent: DropAcknowledgement) -> Data:
    """
    An acknowledgement or receipt that still waits, held or queued; what a mode held back was never to go. Touches no row
    where it has gone out.
    """
    unit.db.run(
        "UPDATE outbox SET state = 'cancelled', held_for = '' WHERE code = :code AND kind IN ('acknowledgement', 'receipt') "
        "AND (state = 'queued' OR (state = 'held' AND held_for <> 'shadow'))",
        code=intent.code,
    )
    return NO_DATA

"""
Answers that staff sent to residents straight from their own mail programs.

They are kept for 30 days, because an answer may be seen before the letter that it answers.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

from ackbot.casework.intents import DropAcknowledgement, KeepAnsweredElsewhere
from ackbot.casework.model import AnsweredElsewhere
from ackbot.store import renamed
from ackbot.store.database import Database, Row, instant_of, listed, text_of
from ackbot.store.unit import NO_DATA, Data, Unit

_KEPT = timedelta(days=30)  # longer than any outage
_MOST = 20  # answers read for one resident; Message-IDs kept of one answer


def keep(unit: Unit, intent: KeepAnsweredElsewhere) -> Data:
    """Keep an answer under each of its recipients, and delete the answers that are too old."""
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


def rows_to(db: Database, recipient: str | None) -> Sequence[Row]:
    """Rows of the answers written to this case-folded address, the latest first; see `answers`. None has none."""
    return db.run(
        "SELECT * FROM answers WHERE recipient = :recipient ORDER BY id DESC LIMIT :most",
        recipient=recipient,
        most=_MOST,
    )


def answers(rows: Sequence[Row]) -> tuple[AnsweredElsewhere, ...]:
    """What those rows say."""
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
    """Codes of the open cases to which any of these case-folded addresses is a party, oldest first; the latest 50 at most."""
    placeholders, parameters = listed("a", addresses)
    rows = db.run(
        f"SELECT DISTINCT cases.code AS code, cases.id AS id FROM parties JOIN cases ON cases.code = parties.code "
        f"WHERE parties.address IN ({placeholders}) AND cases.state <> 'closed' ORDER BY cases.id DESC LIMIT 50",
        **parameters,
    )
    return [row["code"] for row in reversed(rows)]


def drop_acknowledgement(unit: Unit, intent: DropAcknowledgement) -> Data:
    """
    Cancel an acknowledgement or receipt that still waits, queued or held, because a person has answered.

    Touches no row if the mail has gone out. A mail that a mode held back keeps its state: it was never to go.
    """
    rows = unit.db.run(
        "UPDATE outbox SET state = 'cancelled', held_for = '', draft = '' "
        "WHERE code = :code AND kind IN ('acknowledgement', 'receipt') "
        "AND (state = 'queued' OR (state = 'held' AND held_for <> 'shadow')) RETURNING id",
        code=intent.code,
    )
    for row in rows:
        renamed.forget(unit.db, row["id"])
    return NO_DATA

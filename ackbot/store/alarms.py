"""Alarms about urgent letters that nobody has taken yet: one chain of mails per case (behaviour.md §3.9, domain.md §8)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ackbot.casework.intents import Alarm, TakeAlarm
from ackbot.store.database import Database, instant_of, listed, text_of
from ackbot.store.unit import NO_DATA, Data, Unit


@dataclass(frozen=True, slots=True)
class Chain:
    """
    An alarm that is running.

    Args:
        sent: how many mails of it were written so far.
    """

    code: str
    categories: tuple[str, ...]
    started_at: datetime
    sent: int


def start(unit: Unit, intent: Alarm) -> Data:
    """
    Start the alarm of a case. A further urgent letter starts it anew.

    The categories of an alarm that is still running are kept; those of a taken one are not.
    """
    # A further letter adds to an alarm that nobody has taken; whoever takes it must see all categories.
    before = unit.db.run("SELECT categories FROM alarms WHERE code = :code AND taken_by = ''", code=intent.code)
    known = json.loads(before[0]["categories"]) if before else []
    unit.db.run(
        """
        INSERT INTO alarms (code, categories, started_at, sent, next_at, taken_by, taken_at)
        VALUES (:code, :categories, :now, 1, :next_at, '', NULL)
        ON CONFLICT (code) DO UPDATE SET categories = :categories, started_at = :now, sent = 1, next_at = :next_at,
            taken_by = '', taken_at = NULL
        """,
        code=intent.code,
        categories=json.dumps(sorted({*known, *intent.categories})),
        now=text_of(unit.now),
        next_at=text_of(unit.now + timedelta(seconds=intent.repeat_s)),
    )
    return NO_DATA


def end(unit: Unit, intent: TakeAlarm) -> Data:
    """
    A member of staff, who is proven, says that they have taken the case: the alarm ends.

    Nothing else ends one, neither words to the resident nor the end of the case (E5). Touches no row if none is running.
    """
    unit.db.run(
        "UPDATE alarms SET taken_by = :staff, taken_at = :now WHERE code = :code AND taken_by = ''",
        staff=intent.staff,
        now=text_of(unit.now),
        code=intent.code,
    )
    return NO_DATA


def due(db: Database, now: datetime) -> list[Chain]:
    """Alarms whose next mail is due, the longest overdue first."""
    rows = db.run(
        "SELECT * FROM alarms WHERE taken_by = '' AND next_at <= :now ORDER BY next_at, code", now=text_of(now)
    )
    return [
        Chain(row["code"], tuple(json.loads(row["categories"])), instant_of(row["started_at"]), row["sent"])
        for row in rows
    ]


def repeated(db: Database, chain: Chain, next_at: datetime) -> bool:
    """Count one more mail of an alarm. False if somebody has taken the case, or another worker has written this mail."""
    rows = db.run(
        "UPDATE alarms SET sent = sent + 1, next_at = :next_at WHERE code = :code AND taken_by = '' AND sent = :sent "
        "RETURNING code",
        next_at=text_of(next_at),
        code=chain.code,
        sent=chain.sent,
    )
    return bool(rows)


def running(db: Database, codes: Sequence[str]) -> frozenset[str]:
    """Codes of those of these cases that have an alarm which nobody has taken."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(f"SELECT code FROM alarms WHERE taken_by = '' AND code IN ({placeholders})", **parameters)
    return frozenset(row["code"] for row in rows)


def late(db: Database, now: datetime) -> int:
    """How many alarms that nobody has taken were sent more than once, or should have been by now."""
    rows = db.run(
        "SELECT COUNT(*) AS n FROM alarms WHERE taken_by = '' AND (sent > 1 OR next_at < :now)", now=text_of(now)
    )
    return int(rows[0]["n"])


def hasten(db: Database, now: datetime) -> None:
    """
    Make the next mail of an alarm due now if the relay refused its last mail for good.

    `sent` is rounded up to an even number: each person is written to twice, so the next mail goes to the next person.
    """
    db.run(
        """
        UPDATE alarms SET next_at = :now, sent = sent + sent % 2 WHERE taken_by = '' AND next_at > :now AND
            (SELECT outbox.state FROM outbox WHERE outbox.code = alarms.code AND outbox.kind = 'urgent'
             ORDER BY outbox.id DESC LIMIT 1) = 'failed'
        """,
        now=text_of(now),
    )


def unsent(db: Database, before: datetime) -> list[str]:
    """Codes of cases with a running alarm of which no mail has gone out, although the first was written before `before`."""
    rows = db.run(
        """
        SELECT alarms.code AS code FROM alarms JOIN outbox ON outbox.code = alarms.code AND outbox.kind = 'urgent'
        WHERE alarms.taken_by = '' AND outbox.created_at >= alarms.started_at AND outbox.held_for <> 'shadow'
        GROUP BY alarms.code
        HAVING COUNT(*) FILTER (WHERE outbox.state = 'accepted') = 0 AND MIN(outbox.created_at) < :before
        ORDER BY alarms.code
        """,
        before=text_of(before),
    )
    return [row["code"] for row in rows]

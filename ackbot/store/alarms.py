"""Urgent letters that nobody has taken yet: an alarm for each case, a chain for each resident (behaviour.md §3.9, E9)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ackbot.casework.incoming import chains
from ackbot.casework.intents import Alarm, TakeAlarm
from ackbot.casework.model import RunningAlarm
from ackbot.mail.addresses import Address
from ackbot.store.database import Database, Row, instant_of, listed, text_of
from ackbot.store.unit import NO_DATA, Data, Unit


@dataclass(frozen=True, slots=True)
class Running:
    """
    An alarm that nobody has taken.

    Args:
        person: whose chain it is part of (E9).
        sent: how many mails it has stood in so far.
        next_at: when it is to stand in the next.
    """

    code: str
    person: str
    categories: tuple[str, ...]
    started_at: datetime
    sent: int
    next_at: datetime


def start(unit: Unit, intent: Alarm) -> Data:
    """
    An alarm begins, or begins anew after somebody took it. One that runs goes on, with what a further letter says; one that
    has no mail of its own yet has been sent 0 times.
    """
    before = unit.db.run("SELECT categories FROM alarms WHERE code = :code AND taken_by = ''", code=intent.code)
    known = json.loads(before[0]["categories"]) if before else []
    if before:
        unit.db.run(
            """
            UPDATE alarms SET categories = :categories, sent = sent + :mails,
                next_at = CASE WHEN :moved THEN :next_at ELSE next_at END
            WHERE code = :code AND taken_by = ''
            """,
            code=intent.code,
            categories=json.dumps(sorted({*known, *intent.categories})),
            mails=1 if intent.how == "mailed" else 0,
            moved=intent.how != "counted",
            next_at=text_of(unit.now + timedelta(seconds=intent.repeat_s if intent.how == "mailed" else 0)),
        )
        return {"how": intent.how}
    repeat = timedelta(seconds=0 if intent.how == "listed" else intent.repeat_s)
    unit.db.run(
        """
        INSERT INTO alarms (code, categories, started_at, sent, next_at, taken_by, taken_at)
        VALUES (:code, :categories, :now, :sent, :next_at, '', NULL)
        ON CONFLICT (code) DO UPDATE SET categories = :categories, started_at = :now, sent = :sent, next_at = :next_at,
            taken_by = '', taken_at = NULL
        """,
        code=intent.code,
        categories=json.dumps(sorted(intent.categories)),
        now=text_of(unit.now),
        sent=1 if intent.how == "mailed" else 0,
        next_at=text_of(unit.now + repeat),
    )
    return {"how": intent.how}


def rows_since(db: Database, since: datetime) -> Sequence[Row]:
    """
    Rows of the alarms that run, and of those that began since then and were taken already; for `known`.

    COALESCE keeps SQLite from the index of kinds, by which it would walk all later alarms for each alarm, at every letter.
    """
    return db.run(
        """
        SELECT alarms.code AS code, categories, started_at, taken_by, resident_address,
            (SELECT COUNT(*) FROM events WHERE events.code = alarms.code AND events.code <> '' AND COALESCE(kind, '') = 'Alarm'
             AND at >= started_at) AS letters
        FROM alarms JOIN cases ON cases.code = alarms.code
        WHERE alarms.code IN (SELECT code FROM alarms WHERE taken_by = ''
                              UNION SELECT code FROM events WHERE kind = 'Alarm' AND at >= :since)
        """,
        since=text_of(since),
    )


def known(rows: Sequence[Row]) -> tuple[RunningAlarm, ...]:
    """The alarms in these rows, as the rules know them."""
    return tuple(
        RunningAlarm(
            row["code"],
            _person(row),
            tuple(json.loads(row["categories"])),
            instant_of(row["started_at"]),
            not row["taken_by"],
            row["letters"],
        )
        for row in rows
    )


def _person(row: Row) -> str:
    return chains.person_of(Address("", row["resident_address"]).key, row["code"])


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


def untaken(db: Database) -> list[Running]:
    """Every alarm that runs, the first that began first."""
    rows = db.run(
        "SELECT alarms.code AS code, categories, started_at, sent, next_at, resident_address FROM alarms "
        "JOIN cases ON cases.code = alarms.code WHERE taken_by = '' ORDER BY started_at, alarms.code"
    )
    return [
        Running(
            row["code"],
            _person(row),
            tuple(json.loads(row["categories"])),
            instant_of(row["started_at"]),
            row["sent"],
            instant_of(row["next_at"]),
        )
        for row in rows
    ]


def letters_of(db: Database, some: Sequence[Running]) -> int:
    """How many letters have alarmed in these cases since their alarms began."""
    placeholders, parameters = listed("c", [one.code for one in some])
    rows = db.run(
        f"SELECT COUNT(*) AS n FROM events WHERE kind = 'Alarm' AND at >= :since AND code IN ({placeholders}) AND code <> ''",
        since=text_of(min(one.started_at for one in some)),
        **parameters,
    )
    return int(rows[0]["n"])


def repeated(db: Database, running: Running, next_at: datetime) -> bool:
    """One more mail has that alarm in it; False when somebody took it in the meantime."""
    rows = db.run(
        "UPDATE alarms SET sent = sent + 1, next_at = :next_at WHERE code = :code AND taken_by = '' AND sent = :sent "
        "RETURNING code",
        next_at=text_of(next_at),
        code=running.code,
        sent=running.sent,
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


_MAILS = """
    outbox.kind = 'urgent' AND outbox.id IN (
        SELECT own.id FROM outbox AS own WHERE own.code = alarms.code AND own.code <> ''
        UNION SELECT outbox_id FROM outbox_cases WHERE outbox_cases.code = alarms.code)
"""


def hasten(db: Database, now: datetime) -> None:
    """
    Make the next mail of an alarm due now if the relay refused its last mail for good.

    `sent` is rounded up to an even number: each person is written to twice, so the next mail goes to the next person.
    """
    db.run(
        f"""
        UPDATE alarms SET next_at = :now, sent = sent + sent % 2 WHERE taken_by = '' AND next_at > :now AND
            (SELECT outbox.state FROM outbox WHERE {_MAILS} ORDER BY outbox.id DESC LIMIT 1) = 'failed'
        """,
        now=text_of(now),
    )


def unsent(db: Database, before: datetime) -> list[str]:
    """Codes of cases with a running alarm of which no mail has gone out, although the first was written before `before`."""
    rows = db.run(
        f"""
        SELECT alarms.code AS code FROM alarms JOIN outbox ON {_MAILS}
        WHERE alarms.taken_by = '' AND outbox.created_at >= alarms.started_at AND outbox.held_for <> 'shadow'
        GROUP BY alarms.code
        HAVING COUNT(*) FILTER (WHERE outbox.state = 'accepted') = 0 AND MIN(outbox.created_at) < :before
        ORDER BY alarms.code
        """,
        before=text_of(before),
    )
    return [row["code"] for row in rows]

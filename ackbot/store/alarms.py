"""Urgent letters that nobody has taken yet: an alarm for each case, a chain for each resident (behaviour.md §3.9, E9)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ackbot.casework.incoming import chains
from ackbot.casework.intents import Alarm, TakeAlarm
from ackbot.casework.model import Proof, RunningAlarm
from ackbot.mail.addresses import Address
from ackbot.store.database import Database, Row, instant_of, listed, text_of
from ackbot.store.unit import NO_DATA, Data, Unit

_MOST_FAST, _FAST_WITHIN = 8, timedelta(hours=1)  # mails of one alarm; more of them wait for their usual time


@dataclass(frozen=True, slots=True)
class Running:
    """
    An alarm that nobody has taken.

    Args:
        person: whose chain it is part of (E9).
        proof: of its best proven letter.
        letter_id: row of the newest letter with that proof, whose words its mails show; 0 if that is not known.
        sent: how many mails it has stood in so far.
        next_at: when it is to stand in the next.
    """

    code: str
    person: str
    categories: tuple[str, ...]
    proof: Proof
    letter_id: int
    started_at: datetime
    sent: int
    next_at: datetime


def start(unit: Unit, intent: Alarm) -> Data:
    """
    An alarm begins, or begins anew after somebody took it. One that runs goes on, with what a further letter says; one that
    has no mail of its own yet has been sent 0 times.

    A letter that is less proven than those before changes neither the words that are shown nor when they are shown again.
    """
    before = unit.db.run(
        "SELECT categories, letters FROM alarms WHERE code = :code AND taken_by = ''", code=intent.code
    )
    known = _categories(before[0]) if before else {}
    categories = json.dumps(known | {name: max(known.get(name, 0), intent.proof) for name in sorted(intent.categories)})
    if before:
        proof = max(known.values(), default=0)
        weaker = intent.proof < proof
        unit.db.run(
            """
            UPDATE alarms SET categories = :categories, sent = sent + :mails, letters = :letters,
                letter_id = CASE WHEN :weaker THEN letter_id ELSE :letter_id END,
                next_at = CASE WHEN :moved THEN :next_at ELSE next_at END
            WHERE code = :code AND taken_by = ''
            """,
            code=intent.code,
            categories=categories,
            mails=1 if intent.how == "mailed" and not weaker else 0,
            letters=1 if intent.proof > proof else before[0]["letters"] + (not weaker),
            letter_id=unit.letter_id,
            weaker=weaker,
            moved=intent.how != "counted" and not weaker,
            next_at=text_of(unit.now + timedelta(seconds=intent.repeat_s if intent.how == "mailed" else 0)),
        )
        return {"how": intent.how}
    repeat = timedelta(seconds=0 if intent.how == "listed" else intent.repeat_s)
    unit.db.run(
        """
        INSERT INTO alarms (code, categories, letter_id, letters, started_at, sent, next_at, taken_by, taken_at)
        VALUES (:code, :categories, :letter_id, 1, :now, :sent, :next_at, '', NULL)
        ON CONFLICT (code) DO UPDATE SET categories = :categories, letter_id = :letter_id, letters = 1, started_at = :now,
            sent = :sent, next_at = :next_at, taken_by = '', taken_at = NULL
        """,
        code=intent.code,
        categories=categories,
        letter_id=unit.letter_id,
        now=text_of(unit.now),
        sent=1 if intent.how == "mailed" else 0,
        next_at=text_of(unit.now + repeat),
    )
    return {"how": intent.how}


def rows_since(db: Database, since: datetime) -> Sequence[Row]:
    """Rows of the alarms that run, and of those that began since then and were taken already; for `known`."""
    return db.run(
        """
        SELECT alarms.code AS code, categories, letters, started_at, taken_by, resident_address
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
            _categories(row),
            instant_of(row["started_at"]),
            not row["taken_by"],
            row["letters"],
        )
        for row in rows
    )


def _categories(row: Row) -> dict[str, Proof]:
    """The categories of an alarm with their proof; an alarm of before 5 names them alone, and nothing is known of its proof."""
    found = json.loads(row["categories"])
    return found if isinstance(found, dict) else dict.fromkeys(found, 1)


def _person(row: Row) -> str:
    return chains.person_of(Address("", row["resident_address"]).key, row["code"])


def end(unit: Unit, intent: TakeAlarm) -> Data:
    """
    A member of staff, who is proven, says that they have taken the case: the alarm ends.

    Nothing else ends one, neither words to the resident nor the end of the case (E5). Touches no row if none is running. If
    nothing proves who said it, the next mail goes to the next person: `sent` is rounded up to an even number, as in `hasten`.
    """
    if not intent.proven:
        unit.db.run("UPDATE alarms SET sent = sent + sent % 2 WHERE code = :code AND taken_by = ''", code=intent.code)
        return {"proven": False}
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
        "SELECT alarms.code AS code, categories, letter_id, started_at, sent, next_at, resident_address FROM alarms "
        "JOIN cases ON cases.code = alarms.code WHERE taken_by = '' ORDER BY started_at, alarms.code"
    )
    return [
        Running(
            row["code"],
            _person(row),
            tuple(_categories(row)),
            max(_categories(row).values(), default=0),
            row["letter_id"] or 0,
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


def taken(db: Database, codes: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """Who took the last alarm of each of these cases, and when (UTC). A case whose alarm runs, or that had none, is left out."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(
        f"SELECT code, taken_by, taken_at FROM alarms WHERE taken_by <> '' AND code IN ({placeholders})", **parameters
    )
    return {row["code"]: (row["taken_by"], instant_of(row["taken_at"])) for row in rows}


def forged(db: Database, codes: Sequence[str]) -> frozenset[str]:
    """Codes of those of these cases in which every letter that has alarmed since the alarm began may be forged."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(
        f"""
        SELECT events.code AS code FROM events
        JOIN alarms ON alarms.code = events.code
        JOIN letters ON letters.id = events.letter_id
        WHERE events.code IN ({placeholders}) AND events.code <> '' AND events.kind = 'Alarm'
            AND events.at >= alarms.started_at
        GROUP BY events.code HAVING SUM(CASE WHEN letters.by_way = 'forged' THEN 0 ELSE 1 END) = 0
        """,
        **parameters,
    )
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
    Make the next mail of an alarm due now if the relay refused its last mail, for good or after DATA; not too fast.

    `sent` is rounded up to an even number: each person is written to twice, so the next mail goes to the next person.
    """
    db.run(
        f"""
        UPDATE alarms SET next_at = :now, sent = sent + sent % 2 WHERE taken_by = '' AND next_at > :now AND
            (SELECT outbox.state = 'failed' OR (outbox.refusals > 0 AND outbox.state <> 'accepted')
                FROM outbox WHERE {_MAILS} ORDER BY outbox.id DESC LIMIT 1)
            AND (SELECT COUNT(*) FROM outbox WHERE {_MAILS} AND outbox.created_at > :lately) < :most
        """,
        now=text_of(now),
        lately=text_of(now - _FAST_WITHIN),
        most=_MOST_FAST,
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

"""The facts of one mail, read in the transaction that decides it (design.md, "The life of a letter")."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from ackbot.casework.council import Limits
from ackbot.casework.model import TO_RESIDENTS, Facts, Known, Load, PastLetter, Questions
from ackbot.store import cases
from ackbot.store.database import Database, instant_of, listed, text_of

_JOIN_DAYS = 3  # letters that may be joined to an open case
_COUNTED_DAYS = 30  # letters counted for "this is your third email to us in 30 days"
_MOST_PAST = 20

_AUTOMATIC = ", ".join(f"'{kind}'" for kind in sorted(TO_RESIDENTS))


def gather(db: Database, asked: Questions, now: datetime, limits: Limits) -> Facts:
    """Answers to what the rules ask. Reads only."""
    sender = asked.addresses[0] if asked.addresses else ""
    past = _past(db, sender, now) if sender else []
    by_message_id = _by_message_id(db, asked.message_ids) if asked.message_ids else {}
    known = _known(db, asked.fingerprint)
    codes = dict.fromkeys(
        [
            *asked.codes,
            *by_message_id.values(),
            *(one.code for one in past if one.code),
            *([known.code] if known and known.code else []),
        ]
    )
    automatic, follow_up_at = _automatic(db, sender, asked.since) if sender else ((), None)
    return Facts(
        known=known,
        cases=MappingProxyType(cases.by_code(db, tuple(codes))) if codes else MappingProxyType({}),
        past=tuple(past),
        by_message_id=MappingProxyType(by_message_id),
        automatic_at=automatic,
        follow_up_at=follow_up_at,
        automatic_council=_council_automatic(db, limits, now),
        loads=MappingProxyType(loads(db, asked.staff)),
        taken_codes=_taken(db, asked.candidate_codes),
        last_owner=_last_owner(db, sender) if sender else None,
        letters_from=_count_letters(db, sender, now) if sender else 0,
    )


def _known(db: Database, fingerprint: str) -> Known | None:
    rows = db.run(
        "SELECT letters.code, letters.state, arrivals.inbox FROM letters LEFT JOIN arrivals ON "
        "arrivals.letter_id = letters.id WHERE letters.fingerprint = :fingerprint",
        fingerprint=fingerprint,
    )
    if not rows:
        return None
    return Known(
        rows[0]["code"] or "", frozenset(row["inbox"] for row in rows if row["inbox"]), rows[0]["state"] == "decided"
    )


def is_known(db: Database, fingerprint: str) -> bool:
    """Whether this letter was seen before, in any inbox."""
    return bool(db.run("SELECT 1 FROM letters WHERE fingerprint = :fingerprint", fingerprint=fingerprint))


def _past(db: Database, sender: str, now: datetime) -> list[PastLetter]:
    rows = db.run(
        """
        SELECT code, from_key, subject_key, text_hash, arrived_at, message_id FROM letters
        WHERE from_key = :sender AND arrived_at > :since AND code IS NOT NULL AND state = 'decided'
        ORDER BY arrived_at DESC LIMIT :limit
        """,
        sender=sender,
        since=text_of(now - timedelta(days=_JOIN_DAYS + 1)),
        limit=_MOST_PAST,
    )
    return [
        PastLetter(
            row["code"],
            row["from_key"],
            row["subject_key"],
            row["text_hash"],
            instant_of(row["arrived_at"]),
            row["message_id"],
        )
        for row in rows
    ]


def _count_letters(db: Database, sender: str, now: datetime) -> int:
    rows = db.run(
        "SELECT COUNT(*) AS n FROM letters WHERE from_key = :sender AND arrived_at > :since AND code IS NOT "
        "NULL AND state = 'decided'",
        sender=sender,
        since=text_of(now - timedelta(days=_COUNTED_DAYS)),
    )
    return int(rows[0]["n"])


def _by_message_id(db: Database, message_ids: Sequence[str]) -> dict[str, str]:
    placeholders, parameters = listed("m", message_ids[-50:])
    rows = db.run(
        f"SELECT message_id, code FROM letters WHERE message_id IN ({placeholders}) AND message_id <> '' AND "
        "code IS NOT NULL ORDER BY id",
        **parameters,
    )
    return {row["message_id"]: row["code"] for row in rows}


def _automatic(db: Database, sender: str, since: datetime) -> tuple[tuple[datetime, ...], datetime | None]:
    rows = db.run(
        "SELECT kind, created_at FROM outbox WHERE recipient_key = :sender AND created_at > :since AND kind "
        f"IN ({_AUTOMATIC}) "
        "AND (state NOT IN ('held', 'cancelled') OR held_for IN ('brake', 'restore', 'pause')) ORDER BY "
        "created_at DESC LIMIT 100",
        sender=sender,
        since=text_of(since),
    )
    instants = tuple(instant_of(row["created_at"]) for row in rows)
    follow_ups = [instant for instant, row in zip(instants, rows, strict=True) if row["kind"] != "acknowledgement"]
    return instants, follow_ups[0] if follow_ups else None


def _council_automatic(db: Database, limits: Limits, now: datetime) -> int:
    """At most one more than the brake allows is counted: more is not worth knowing."""
    if limits.brake is None:
        return 0
    count, seconds = limits.brake
    rows = db.run(
        "SELECT COUNT(*) AS n FROM (SELECT 1 FROM outbox WHERE created_at > :since AND kind IN "
        f"({_AUTOMATIC}) AND state <> 'held' LIMIT :limit) AS lately",
        since=text_of(now - timedelta(seconds=seconds)),
        limit=count + 1,
    )
    return int(rows[0]["n"])


def _last_owner(db: Database, sender: str) -> tuple[str, str, datetime] | None:
    rows = db.run(
        """
        SELECT cases.owner, cases.team, cases.last_letter_at FROM parties JOIN cases ON cases.code = parties.code
        WHERE parties.address = :sender AND cases.owner <> '' ORDER BY cases.last_letter_at DESC LIMIT 1
        """,
        sender=sender,
    )
    return (rows[0]["owner"], rows[0]["team"], instant_of(rows[0]["last_letter_at"])) if rows else None


def loads(db: Database, staff: Sequence[str]) -> dict[str, Load]:
    """How much each of these has."""
    if not staff:
        return {}
    placeholders, parameters = listed("s", staff)
    rows = db.run(
        f"SELECT staff, open_cases, assigned_at FROM staff_load WHERE staff IN ({placeholders})", **parameters
    )
    return {
        row["staff"]: Load(row["open_cases"], instant_of(row["assigned_at"]) if row["assigned_at"] else None)
        for row in rows
    }


def _taken(db: Database, codes: Sequence[str]) -> frozenset[str]:
    placeholders, parameters = listed("c", codes)
    return frozenset(
        row["code"] for row in db.run(f"SELECT code FROM cases WHERE code IN ({placeholders})", **parameters)
    )

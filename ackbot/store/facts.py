"""The facts of one mail, read in the transaction that decides it (design.md, "The life of a letter")."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from ackbot.casework.council import Limits
from ackbot.casework.model import (
    TO_RESIDENTS,
    Case,
    Facts,
    HeldWords,
    Known,
    Load,
    OurMail,
    PastLetter,
    Person,
    Questions,
)
from ackbot.mail.message import Attachment, Message
from ackbot.store import alarms, cases, elsewhere
from ackbot.store.database import Database, instant_of, listed, text_of

_JOIN_DAYS = 3  # letters that may be joined to an open case
_COUNTED_DAYS = 30  # letters counted for "this is your third email to us in 30 days"
_MOST_PAST = 20

_AUTOMATIC = ", ".join(f"'{kind}'" for kind in sorted(TO_RESIDENTS))


def gather(db: Database, questions: Questions, now: datetime, today: date, limits: Limits) -> Facts:
    """
    Answers to what the rules ask; `today` is the council's date. Reads only.

    Nobody else decides over the same letter, the same resident's mails or the same people's load until the transaction ends.
    """
    addresses = (*questions.addresses, *questions.recipients)
    db.lock([f"letter {questions.fingerprint}", *(f"address {one}" for one in addresses)])
    db.lock(f"load {one}" for one in questions.staff)
    sender = questions.addresses[0] if questions.addresses else ""
    past = _past(db, sender, now) if sender else []
    by_message_id = _by_message_id(db, questions.message_ids) if questions.message_ids else {}
    known = _known(db, questions.fingerprint)
    codes = dict.fromkeys(
        [
            *questions.codes,
            *by_message_id.values(),
            *(elsewhere.open_cases_of(db, questions.recipients) if questions.recipients else ()),
            *(one.code for one in past if one.code),
            *([known.code] if known and known.code else []),
        ]
    )
    automatic, follow_up_at = _automatic(db, sender, questions.since) if sender else ((), ())
    known_cases = cases.by_code(db, tuple(codes)) if codes else {}
    return replace(
        Facts(
            known=known,
            cases=MappingProxyType(known_cases),
            past=tuple(past),
            by_message_id=MappingProxyType(by_message_id),
            automatic_at=automatic,
            follow_up_at=follow_up_at,
            automatic_council=council_automatic(db, limits, now),
            loads=MappingProxyType(loads(db, questions.staff)),
            taken_codes=_taken(db, questions.candidate_codes),
            last_owner=_last_owner(db, sender) if sender else None,
            answered=elsewhere.to(db, sender) if sender else (),
            letters_from=_count_letters(db, sender, now) if sender else 0,
            ours=MappingProxyType(_ours(db, questions.ours)) if questions.ours else MappingProxyType({}),
            promise_today=promise_today(db, sender, today) if sender else False,
            person=_person(db, sender) if sender else Person(),
        ),
        **(_for_staff(db, questions.author, known_cases, questions.since) if questions.author else {}),
    )


def _for_staff(db: Database, author: str, known_cases: Mapping[str, Case], since: datetime) -> dict[str, Any]:
    """What only a mail of a member of staff is judged by."""
    found = _automatic_to(db, {case.resident.key for case in known_cases.values()}, since)
    return {
        "held": _held(db, author),
        "human_sent": _human_sent(db, author),
        "copied": MappingProxyType(_copied(db, tuple(known_cases))),
        "last_words": MappingProxyType({code: cases.last_words(db, code) for code in known_cases}),
        "heard_at": MappingProxyType({code: found.get(case.resident.key, ()) for code, case in known_cases.items()}),
        "alarmed": alarms.running(db, tuple(known_cases)),
    }


def _automatic_to(db: Database, addresses: Collection[str], since: datetime) -> dict[str, tuple[datetime, ...]]:
    """When automatic mails other than acknowledgements go to each of these, those that wait for working hours too."""
    return {address: _automatic(db, address, since)[1] for address in addresses if address}


def _known(db: Database, fingerprint: str) -> Known | None:
    rows = db.run(
        "SELECT letters.code, letters.state, letters.kind, letters.outcome, arrivals.inbox FROM letters LEFT JOIN arrivals ON "
        "arrivals.letter_id = letters.id WHERE letters.fingerprint = :fingerprint",
        fingerprint=fingerprint,
    )
    if not rows:
        return None
    first = rows[0]
    return Known(
        first["code"] or "",
        frozenset(row["inbox"] for row in rows if row["inbox"]),
        first["state"] == "decided",
        first["kind"],
        first["outcome"],
    )


def is_known(db: Database, fingerprint: str) -> bool:
    """Whether this letter was seen before, in any inbox."""
    return bool(db.run("SELECT 1 FROM letters WHERE fingerprint = :fingerprint", fingerprint=fingerprint))


def _past(db: Database, sender: str, now: datetime) -> list[PastLetter]:
    rows = db.run(
        """
        SELECT code, subject_key, text_hash, arrived_at, message_id FROM letters
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


def _automatic(db: Database, sender: str, since: datetime) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    rows = db.run(
        "SELECT kind, created_at, not_before FROM outbox WHERE recipient_key = :sender AND not_before > :since AND kind "
        f"IN ({_AUTOMATIC}) "
        "AND (state NOT IN ('held', 'cancelled') OR held_for IN ('brake', 'restore', 'pause')) ORDER BY "
        "created_at DESC LIMIT 100",
        sender=sender,
        since=text_of(since),
    )
    instants = tuple(instant_of(row["created_at"]) for row in rows)
    follow_ups = [instant_of(row["not_before"]) for row in rows if row["kind"] != "acknowledgement"]
    return instants, tuple(follow_ups)


def council_automatic(db: Database, limits: Limits, now: datetime) -> int:
    """Automatic mails to residents in the brake's period, counted up to one more than it allows."""
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


def _ours(db: Database, message_ids: Sequence[str]) -> dict[str, OurMail]:
    """Mails of ours to staff, read back from their final bytes."""
    placeholders, parameters = listed("m", message_ids[:20])
    rows = db.run(
        f"SELECT message_id, staff, kind, content FROM outbox WHERE message_id IN ({placeholders}) AND staff <> ''",
        **parameters,
    )
    return {
        row["message_id"]: OurMail(row["staff"], row["kind"], Message.parse(bytes(row["content"])).text) for row in rows
    }


def _person(db: Database, sender: str) -> Person:
    """What this address asked for earlier."""
    rows = db.run("SELECT quiet, ignored, formats, language FROM people WHERE address = :sender", sender=sender)
    return (
        Person(bool(rows[0]["quiet"]), bool(rows[0]["ignored"]), rows[0]["formats"], rows[0]["language"])
        if rows
        else Person()
    )


def _copied(db: Database, codes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Whom residents copied when they wrote, in each of these cases: the Cc fields of their letters."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(
        f"SELECT code, headers FROM letters WHERE code IN ({placeholders}) AND outcome IN ('case', 'attach') ORDER BY id",
        **parameters,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["code"], []).extend(json.loads(row["headers"]).get("cc", []))
    return {code: tuple(some) for code, some in found.items()}


def _held(db: Database, staff: str) -> tuple[HeldWords, ...]:
    rows = db.run(
        "SELECT * FROM words WHERE staff = :staff AND kind = 'held' AND state = 'open' ORDER BY id DESC LIMIT 20",
        staff=staff,
    )
    return tuple(
        HeldWords(
            row["id"],
            row["code"],
            row["staff"],
            row["command"],
            row["argument"],
            row["words"],
            row["asked_by"],
            row["letter_id"] or 0,
            tuple(Attachment(name, kind, section, inline=False) for name, kind, section in json.loads(row["files"])),
        )
        for row in rows
    )


def _human_sent(db: Database, staff: str) -> int:
    """The first few are echoed (behaviour.md §4.2)."""
    rows = db.run("SELECT human_sent FROM staff_load WHERE staff = :staff", staff=staff)
    return int(rows[0]["human_sent"]) if rows else 0


def is_braked(db: Database, limits: Limits, now: datetime) -> bool:
    """Whether automatic mails to residents wait now (behaviour.md §2)."""
    return limits.is_braked(council_automatic(db, limits, now))


def promise_today(db: Database, sender: str, today: date) -> bool:
    """Whether a date that this resident was told is today or has passed."""
    rows = db.run(
        """
        SELECT 1 FROM parties JOIN clocks ON clocks.code = parties.code
        WHERE parties.address = :sender AND clocks.state = 'running' AND clocks.told AND clocks.promised_on <= :today
          AND clocks.kind <> 'settle' LIMIT 1
        """,
        sender=sender,
        today=today.isoformat(),
    )
    return bool(rows)

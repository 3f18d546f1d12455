"""The facts of one mail, read in the transaction that decides it (design.md, "The life of a letter")."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from ackbot.casework.council import Council
from ackbot.casework.history import History
from ackbot.casework.incoming import chains
from ackbot.casework.incoming.matching import JOINED_WITHIN
from ackbot.casework.model import (
    Case,
    Facts,
    HeldWords,
    Known,
    Load,
    OurMail,
    PastLetter,
    Person,
    Questions,
    Returned,
)
from ackbot.mail import addresses, message
from ackbot.mail.addresses import Address, key_of, mailbox_of
from ackbot.mail.plain import Attachment
from ackbot.store import alarms, cases, contact, elsewhere, footers, listings
from ackbot.store.database import Database, Row, instant_of, listed, text_of

_MOST_PAST = 20


def gather(db: Database, questions: Questions, now: datetime, council: Council) -> Facts:
    """
    Read the facts that the rules ask for. Writes nothing.

    Until the caller's transaction ends, no other worker decides about the same letter, the same addresses or the load of
    the same staff.
    """
    addresses = (*questions.addresses, *questions.recipients)
    db.lock(
        [f"letter {questions.fingerprint}", *dict.fromkeys(f"address {mailbox_of(one)}" for one in addresses)],
        [f"load {one}" for one in questions.staff],
    )
    sender = questions.addresses[0] if questions.addresses else ""
    calendar, limits = council.calendar, council.limits
    asked = _ask(db, questions, sender, now)
    # Staff name cases of other residents, who are known only when those cases are.
    of_sender = None if questions.author else contact.ask(db, [sender], now, calendar, limits)
    past, known = _past(asked.past), _known(asked.known)
    by_message_id = {row["message_id"]: row["code"] for row in asked.by_message_id}
    ours = _ours(db, questions.ours) if questions.ours else {}
    listed_cases = _listed(db, questions.listing) if questions.listing else ()
    codes = dict.fromkeys(
        [
            *questions.codes,
            *listed_cases,
            # Whoever answers a list of one case need not write its reference.
            *(code for one in ours.values() if len(one.names) == 1 for code in one.names),
            *by_message_id.values(),
            *(elsewhere.open_cases_of(db, questions.recipients) if questions.recipients else ()),
            *(one.code for one in past if one.code),
            *([known.code] if known and known.code else []),
        ]
    )
    known_cases = cases.by_code(db, tuple(codes)) if codes else {}
    strange = {
        code: case
        for code, case in known_cases.items()
        if sender and sender not in case.parties and code in by_message_id.values()
    }
    residents = [case.resident.key for case in known_cases.values()] if questions.author else []
    histories = contact.histories(db, of_sender or contact.ask(db, [sender, *residents], now, calendar, limits), limits)
    return replace(
        Facts(
            known=known,
            cases=MappingProxyType(known_cases),
            past=tuple(past),
            by_message_id=MappingProxyType(by_message_id),
            contact=histories[sender],
            loads=MappingProxyType(_loads(asked.loads)),
            taken_codes=frozenset(row["code"] for row in asked.taken),
            last_owner=_last_owner(asked.last_owner),
            answered=elsewhere.answers(asked.answers),
            ours=MappingProxyType(ours),
            sent=_sent(db, questions.sent) if questions.sent else (),
            person=_person(asked.person),
            returned=MappingProxyType(_returned(db, questions.returned))
            if questions.returned
            else MappingProxyType({}),
            human_words=MappingProxyType(human_words(db, questions.returned))
            if questions.returned
            else MappingProxyType({}),
            unreachable=tuple(
                (row["code"], row["inbox"]) for row in asked.unreachable if key_of(row["resident_address"]) == sender
            ),
            alarms=alarms.known(asked.alarms),
            listed=listed_cases,
            named=MappingProxyType(_named(db, strange, council)) if strange else MappingProxyType({}),
        ),
        **(_for_staff(db, questions.author, known_cases, histories, council) if questions.author else {}),
    )


def _for_staff(
    db: Database, author: str, known_cases: Mapping[str, Case], histories: Mapping[str, History], council: Council
) -> dict[str, Any]:
    """The facts that only a mail from a member of staff needs."""
    return {
        "held": _held(db, author),
        "human_sent": _human_sent(db, author),
        "copied": MappingProxyType(_copied(db, known_cases, council)),
        "reply_to": MappingProxyType(_reply_to(db, known_cases, council)),
        "last_words": MappingProxyType({code: cases.last_words(db, code) for code in known_cases}),
        "contacts": MappingProxyType({code: histories[case.resident.key] for code, case in known_cases.items()}),
        "learned": footers.learned(db, council.staff[author].addresses if author in council.staff else ()),
        "alarmed": alarms.running(db, tuple(known_cases)),
        "alarms_taken": MappingProxyType(alarms.taken(db, tuple(known_cases))),
        "once_offered": cases.once_offered(db, tuple(known_cases), author),
    }


class _Asked(NamedTuple):
    """Rows of the statements that need no other's answer."""

    past: Sequence[Row]
    by_message_id: Sequence[Row]
    known: Sequence[Row]
    taken: Sequence[Row]
    last_owner: Sequence[Row]
    person: Sequence[Row]
    unreachable: Sequence[Row]
    loads: Sequence[Row]
    answers: Sequence[Row]
    alarms: Sequence[Row]


def _ask(db: Database, questions: Questions, sender: str, now: datetime) -> _Asked:
    """All of them before the first answer is read: PostgreSQL, far away, is waited for once and not ten times."""
    by = sender or None  # nothing is equal to NULL: a letter without a sender has no past
    message_ids, of_ids = listed("m", questions.message_ids[-50:])
    candidates, of_candidates = listed("c", questions.candidate_codes)
    nothing: Sequence[Row] = ()
    return _Asked(
        # Neither earlier copies of the letter itself, nor letters that somebody else may have forged (E4, E7).
        past=db.run(
            """
            SELECT code, subject_key, text_hash, arrived_at, message_id, proven FROM letters
            WHERE from_key = :sender AND arrived_at > :since AND code IS NOT NULL AND state = 'decided'
                AND by_way <> 'forged' AND fingerprint <> :fingerprint
            ORDER BY arrived_at DESC LIMIT :limit
            """,
            sender=by,
            fingerprint=questions.fingerprint,
            since=text_of(min(now, questions.since or now) - JOINED_WITHIN - timedelta(days=1)),
            limit=_MOST_PAST,
        ),
        by_message_id=db.run(
            f"SELECT message_id, code FROM letters WHERE message_id IN ({message_ids}) AND message_id <> '' AND "
            "code IS NOT NULL ORDER BY id",
            **of_ids,
        )
        if of_ids
        else nothing,
        known=db.run(
            "SELECT letters.code, letters.state, letters.kind, letters.outcome, letters.by_way, letters.arrived_at, "
            "letters.erased_at, arrivals.inbox FROM letters "
            "LEFT JOIN arrivals ON arrivals.letter_id IN (letters.id, letters.brought_by) "
            "WHERE letters.fingerprint = :fingerprint",
            fingerprint=questions.fingerprint,
        ),
        taken=db.run(f"SELECT code FROM cases WHERE code IN ({candidates})", **of_candidates)
        if of_candidates
        else nothing,
        last_owner=db.run(
            """
            SELECT cases.owner, cases.team, cases.last_letter_at FROM parties JOIN cases ON cases.code = parties.code
            WHERE parties.address = :sender AND cases.owner <> '' ORDER BY cases.last_letter_at DESC LIMIT 1
            """,
            sender=by,
        ),
        person=db.run("SELECT quiet, ignored, formats, language FROM people WHERE address = :sender", sender=by),
        unreachable=db.run(
            "SELECT cases.code, cases.inbox, cases.resident_address FROM parties JOIN cases ON cases.code = parties.code "
            "WHERE parties.address = :sender AND cases.unreachable ORDER BY cases.code",
            sender=by,
        ),
        loads=_load_rows(db, questions.staff),
        answers=elsewhere.rows_to(db, by),
        alarms=alarms.rows_since(db, now - chains.WINDOW),
    )


def _known(rows: Sequence[Row]) -> Known | None:
    if not rows:
        return None
    first = rows[0]
    return Known(
        first["code"] or "",
        frozenset(row["inbox"] for row in rows if row["inbox"]),
        first["state"] == "decided",
        first["kind"],
        first["outcome"],
        first["by_way"],
        instant_of(first["arrived_at"]),
        erased=first["erased_at"] is not None,
    )


def is_known(db: Database, fingerprint: str) -> bool:
    """Whether this letter was seen before, in any inbox."""
    return bool(db.run("SELECT 1 FROM letters WHERE fingerprint = :fingerprint", fingerprint=fingerprint))


def _past(rows: Sequence[Row]) -> list[PastLetter]:
    return [
        PastLetter(
            row["code"],
            row["subject_key"],
            row["text_hash"],
            instant_of(row["arrived_at"]),
            row["message_id"],
            bool(row["proven"]),
        )
        for row in rows
    ]


def _last_owner(rows: Sequence[Row]) -> tuple[str, str, datetime] | None:
    return (rows[0]["owner"], rows[0]["team"], instant_of(rows[0]["last_letter_at"])) if rows else None


def loads(db: Database, staff: Sequence[str]) -> dict[str, Load]:
    """How many open cases each of these members of staff has; those who never had one are left out."""
    return _loads(_load_rows(db, staff))


def _load_rows(db: Database, staff: Sequence[str]) -> Sequence[Row]:
    if not staff:
        return ()
    placeholders, parameters = listed("s", staff)
    return db.run(
        f"SELECT staff, open_cases, assigned_at FROM staff_load WHERE staff IN ({placeholders})", **parameters
    )


def _loads(rows: Sequence[Row]) -> dict[str, Load]:
    return {
        row["staff"]: Load(row["open_cases"], instant_of(row["assigned_at"]) if row["assigned_at"] else None)
        for row in rows
    }


def _ours(db: Database, message_ids: Sequence[str]) -> dict[str, OurMail]:
    """Mails of ours to staff, by Message-ID. Their words come from the final bytes, their cases from what was recorded (P7)."""
    placeholders, parameters = listed("m", message_ids[:20])
    rows = db.run(
        "SELECT id, message_id, staff, kind, code, content, letter_id, created_at FROM outbox "
        f"WHERE message_id IN ({placeholders}) AND staff <> ''",
        **parameters,
    )
    named = listings.of(db, [row["id"] for row in rows])
    return {
        row["message_id"]: OurMail(
            row["staff"],
            row["kind"],
            message.text_of(bytes(row["content"])),
            instant_of(row["created_at"]),
            named.get(row["id"], (row["code"],) if row["code"] else ()),
            cases.stranger_of(db, row["code"], row["letter_id"]) if row["kind"] == "resident-wrote" else None,
        )
        for row in rows
    }


def _sent(db: Database, message_ids: Sequence[str]) -> tuple[str, ...]:
    """The texts of these mails of ours to residents, as they went out."""
    placeholders, parameters = listed("m", message_ids[:_QUOTED])
    rows = db.run(f"SELECT content FROM outbox WHERE message_id IN ({placeholders}) AND staff = ''", **parameters)
    return tuple(message.text_of(bytes(row["content"])) for row in rows)


def _listed(db: Database, message_ids: Sequence[str]) -> tuple[str, ...]:
    """Codes of the cases that these mails of ours to residents list."""
    placeholders, parameters = listed("m", message_ids[:20])
    rows = db.run(f"SELECT id FROM outbox WHERE message_id IN ({placeholders}) AND staff = ''", **parameters)
    return (
        tuple(code for codes in listings.of(db, [row["id"] for row in rows]).values() for code in codes) if rows else ()
    )


def human_words(db: Database, message_ids: Sequence[str]) -> dict[str, str]:
    """The words of staff that went to residents with these Message-IDs, as they went out."""
    placeholders, parameters = listed("m", message_ids[:20])
    rows = db.run(
        f"SELECT message_id, content FROM outbox WHERE message_id IN ({placeholders}) AND kind = 'human'", **parameters
    )
    return {row["message_id"]: message.text_of(bytes(row["content"])) for row in rows}


_QUOTED = 5  # mails of ours that one letter may quote
_TOLD_ON = (
    "(SELECT MIN(promised_on) FROM clocks WHERE clocks.code = outbox.code AND told AND state = 'kept' "
    "AND clocks.kind IN ('update', 'answer') AND ended_at = outbox.created_at)"
)


def _returned(db: Database, message_ids: Sequence[str]) -> dict[str, Returned]:
    """Our mails with these Message-IDs, and whether their recipients have written since; ids that no row has are left out."""
    placeholders, parameters = listed("m", message_ids[:20])
    rows = db.run(
        "SELECT message_id, recipient_key, inbox, envelope_from, created_at, EXISTS (SELECT 1 FROM letters "
        "WHERE letters.from_key = outbox.recipient_key AND letters.arrived_at > COALESCE(outbox.accepted_at, outbox.created_at) "
        f"AND letters.by_way NOT IN ('forged', 'unchecked')) AS refuted, {_TOLD_ON} AS told_on "
        f"FROM outbox WHERE message_id IN ({placeholders})",
        **parameters,
    )
    return {
        row["message_id"]: Returned(
            row["recipient_key"],
            row["inbox"],
            row["envelope_from"],
            bool(row["refuted"]),
            instant_of(row["created_at"]),
            date.fromisoformat(row["told_on"]) if row["told_on"] else None,
        )
        for row in rows
    }


def told_on(db: Database, message_id: str) -> date | None:
    """The date that the resident had been told before these words of a person, see `Returned`."""
    rows = db.run(f"SELECT {_TOLD_ON} AS told_on FROM outbox WHERE message_id = :id", id=message_id)
    return date.fromisoformat(rows[0]["told_on"]) if rows and rows[0]["told_on"] else None


def _person(rows: Sequence[Row]) -> Person:
    """What this address asked for earlier."""
    return (
        Person(bool(rows[0]["quiet"]), bool(rows[0]["ignored"]), rows[0]["formats"], rows[0]["language"])
        if rows
        else Person()
    )


def _named(db: Database, known_cases: Mapping[str, Case], council: Council) -> dict[str, frozenset[str]]:
    """The addresses to which parties wrote besides us, in each of these cases, in the form in which they are compared."""
    fields = _copied(db, known_cases, council, ("to", "cc"))
    return {
        code: frozenset(addresses.key_of(addr) for raw in some for _, addr in addresses.parse(raw))
        for code, some in fields.items()
    }


def _copied(
    db: Database, known_cases: Mapping[str, Case], council: Council, names: Sequence[str] = ("cc",)
) -> dict[str, tuple[str, ...]]:
    """
    Whom parties copied when they wrote, in each of these cases: the Cc fields of their letters, or fields of other names. A
    letter of anybody else, and one that the inbox's own server condemns or has never seen, names nobody (E2, E8).
    """
    placeholders, parameters = listed("c", tuple(known_cases))
    rows = db.run(
        f"SELECT code, headers FROM letters WHERE code IN ({placeholders}) AND outcome IN ('case', 'attach') "
        "AND by_way NOT IN ('forged', 'unchecked') ORDER BY id",
        **parameters,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        headers, case = json.loads(row["headers"]), known_cases[row["code"]]
        inbox = council.inbox_of(case.inbox)
        may = case.parties | {form.sender for form in inbox.forms}
        authors = {addresses.key_of(addr) for raw in headers.get("from", []) for _, addr in addresses.parse(raw)}
        # From alone says who wrote it: an answer that a stranger sends to the resident by Reply-To is no word of theirs.
        if len(authors) == 1 and authors <= may:
            found.setdefault(row["code"], []).extend(raw for name in names for raw in headers.get(name, []))
    return {code: tuple(some) for code, some in found.items()}


def _reply_to(db: Database, known_cases: Mapping[str, Case], council: Council) -> dict[str, str]:
    """
    Where the resident's own latest letter in each of these cases asks for answers, if to one address that is neither that
    of the letter nor a colleague's (E46). A letter that may be forged asks for nothing.
    """
    placeholders, parameters = listed("c", tuple(known_cases))
    rows = db.run(
        f"SELECT code, headers FROM letters WHERE code IN ({placeholders}) AND outcome IN ('case', 'attach') "
        "AND by_way NOT IN ('forged', 'unchecked') ORDER BY id",
        **parameters,
    )
    found: dict[str, str] = {}
    for row in rows:
        headers, case = json.loads(row["headers"]), known_cases[row["code"]]
        authors, wanted = _boxes(headers, "from"), _boxes(headers, "reply-to")
        if set(authors) != {case.resident.key}:
            continue
        one = Address("", next(iter(wanted.values()), ""))
        asks = len(wanted) == 1 and one.usable and one.key not in authors and not council.is_colleague(one.key)
        found[row["code"]] = one.addr if asks else ""
    return {code: addr for code, addr in found.items() if addr}


def _boxes(headers: Mapping[str, Sequence[str]], name: str) -> dict[str, str]:
    """The addresses in a field, by their case-folded form."""
    return {addresses.key_of(addr): addr for raw in headers.get(name, []) for _, addr in addresses.parse(raw)}


def _held(db: Database, staff: str) -> tuple[HeldWords, ...]:
    """The words of this member of staff that wait for their answer, the latest first."""
    rows = db.run(
        "SELECT * FROM words WHERE staff = :staff AND kind = 'held' AND state = 'open' ORDER BY id DESC LIMIT 20",
        staff=staff,
    )
    return tuple(_held_words(row) for row in rows)


def waiting(db: Database) -> dict[str, list[HeldWords]]:
    """All questions to staff that wait for an answer, the oldest first, by staff id: held words, and who wrote a copy."""
    found: dict[str, list[HeldWords]] = {}
    for row in db.run("SELECT * FROM words WHERE kind = 'held' AND state = 'open' ORDER BY staff, id"):
        found.setdefault(row["staff"], []).append(_held_words(row))
    return found


def _held_words(row: Row) -> HeldWords:
    return HeldWords(
        row["id"],
        row["code"],
        row["staff"],
        row["command"],
        row["argument"],
        row["words"],
        row["asked_by"],
        instant_of(row["at"]),
        row["letter_id"] or 0,
        tuple(Attachment(name, kind, section, inline=False) for name, kind, section in json.loads(row["files"])),
    )


def _human_sent(db: Database, staff: str) -> int:
    """How often this person has written to residents through us; the first few mails are echoed (behaviour.md §4.2)."""
    rows = db.run("SELECT human_sent FROM staff_load WHERE staff = :staff", staff=staff)
    return int(rows[0]["human_sent"]) if rows else 0

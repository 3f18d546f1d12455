"""
Deletes words, and later names and addresses, and leaves the figures: rows, their times, kinds and outcomes stay (D73).

The row of a letter is its own tombstone: its fingerprint is a hash, by which the same letter is known if it comes again (D14).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from ackbot.store import events
from ackbot.store.database import Database, Row, listed, text_of

_One = TypeVar("_One")
AT_ONCE = 100  # cases, letters or mails in one transaction, so that the daemon gets its turn between
WAITING = "('held', 'queued')"
# A mail that is on its way, or of which nobody knows yet: its words are needed.
UNDER_WAY = "('claimed', 'sending', 'unknown')"
_NEEDED = f"(state IN {UNDER_WAY} OR state = 'queued' OR (state = 'held' AND held_for <> 'shadow'))"
_TO_STAFF = "(staff <> '' OR kind IN ('admin', 'urgent'))"
_HELD_CASE = (
    "EXISTS (SELECT 1 FROM outbox_cases JOIN cases ON cases.code = outbox_cases.code "
    "WHERE outbox_cases.outbox_id = outbox.id AND cases.hold <> '')"
)


def hold(db: Database, code: str, why: str, now: datetime) -> bool:
    """Keep everything of a case until it is released; `why` "" releases it. False if there is no such case, or it is erased."""
    with db.transaction():
        rows = db.run(
            "UPDATE cases SET hold = :why WHERE code = :code AND erased_at IS NULL RETURNING inbox", why=why, code=code
        )
        if rows:
            said = "nothing of it is deleted until it is released" if why else "it may be deleted again in its time"
            events.add(db, now, "hold" if why else "hold-released", said, code=code, inbox=rows[0]["inbox"])
    return bool(rows)


def held(db: Database) -> Sequence[Row]:
    """The cases of which nothing is deleted: `code`, `hold` (why) and `closed_at`, the oldest first."""
    return db.run("SELECT code, hold, closed_at FROM cases WHERE hold <> '' ORDER BY id")


def closed_with_words(db: Database, before: datetime) -> list[str]:
    """Codes of the cases that were closed before an instant and of which words are left; none on hold."""
    rows = db.run(
        "SELECT code FROM cases WHERE state = 'closed' AND erased_at IS NULL AND hold = '' AND closed_at < :before "
        "AND EXISTS (SELECT 1 FROM letters WHERE letters.code = cases.code AND letters.emptied_at IS NULL) ORDER BY closed_at",
        before=text_of(before),
    )
    return [row["code"] for row in rows]


def closed_with_names(db: Database, before: datetime) -> list[str]:
    """Codes of the cases that were closed before an instant and still name somebody; none on hold."""
    rows = db.run(
        "SELECT code FROM cases WHERE state = 'closed' AND erased_at IS NULL AND hold = '' AND closed_at < :before "
        "ORDER BY closed_at",
        before=text_of(before),
    )
    return [row["code"] for row in rows]


def loose_letters(db: Database, before: datetime, *, named: bool) -> list[int]:
    """
    Ids of the letters without a case that came before an instant, and of which words are left, or if `named` names.

    A mail in quarantine keeps its words as long as its names: nobody may have read it yet.
    """
    left = "erased_at IS NULL" if named else "emptied_at IS NULL AND state <> 'quarantined'"
    rows = db.run(
        f"SELECT id FROM letters WHERE code IS NULL AND {left} AND arrived_at < :before ORDER BY arrived_at",
        before=text_of(before),
    )
    return [int(row["id"]) for row in rows]


def loose_mails(db: Database, before: datetime) -> list[int]:
    """Ids of our mails about no single case, such as digests, that were written before an instant, are over, and have words."""
    rows = db.run(
        f"SELECT id FROM outbox WHERE code = '' AND emptied_at IS NULL AND created_at < :before AND NOT {_NEEDED} "
        f"AND NOT {_HELD_CASE} ORDER BY created_at",
        before=text_of(before),
    )
    return [int(row["id"]) for row in rows]


def letters_of(db: Database, codes: Sequence[str]) -> list[int]:
    """Ids of the letters of cases, and of the mails of staff in which they came."""
    names, parameters = listed("c", codes)
    rows = db.run(f"SELECT id, brought_by FROM letters WHERE code IN ({names})", **parameters)
    return sorted({int(one) for row in rows for one in (row["id"], row["brought_by"]) if one is not None})


def mails_of(db: Database, codes: Sequence[str], letters: Sequence[int]) -> list[int]:
    """Ids of our mails about cases, of those that list them, and of those that letters caused."""
    names, parameters = listed("c", codes)
    found = {
        int(row["id"])
        for row in db.run(
            f"SELECT id FROM outbox WHERE code IN ({names}) AND code <> '' "
            f"UNION SELECT outbox_id FROM outbox_cases WHERE code IN ({names})",
            **parameters,
        )
    }
    for some in pieces(letters):
        ids, values = listed("l", some)
        found |= {int(row["id"]) for row in db.run(f"SELECT id FROM outbox WHERE letter_id IN ({ids})", **values)}
    return sorted(found)


def over(db: Database, mails: Sequence[int]) -> list[int]:
    """Those of these mails that need their words no longer: they are over, and list no case that is on hold."""
    found: list[int] = []
    for some in pieces(mails):
        ids, parameters = listed("m", some)
        rows = db.run(
            f"SELECT id FROM outbox WHERE id IN ({ids}) AND NOT {_NEEDED} AND NOT {_HELD_CASE} "
            "AND NOT EXISTS (SELECT 1 FROM cases WHERE cases.code = outbox.code AND cases.hold <> '')",
            **parameters,
        )
        found += [int(row["id"]) for row in rows]
    return found


def empty(db: Database, letters: Sequence[int], mails: Sequence[int], codes: Sequence[str], now: datetime) -> None:
    """Delete the words: of letters with their raw copies, of our mails, and of what staff noted in cases."""
    for some in pieces(letters):
        ids, parameters = listed("l", some)
        # A mail in quarantine cannot be tried again without its bytes: what its headers made of it is what remains.
        db.run(
            "UPDATE letters SET text = '', text_hash = '', raw = NULL, retry_at = NULL, emptied_at = :now, "
            f"decided_at = COALESCE(decided_at, :now), state = 'decided' WHERE id IN ({ids})",
            now=text_of(now),
            **parameters,
        )
    nothing = b""
    for some in pieces(mails):
        ids, parameters = listed("m", some)
        db.run(
            f"UPDATE outbox SET content = :nothing, attachments = '', draft = '', content_upon = NULL, "
            f"emptied_at = :now WHERE id IN ({ids})",
            nothing=nothing,
            now=text_of(now),
            **parameters,
        )
    for named in pieces(codes):
        names, values = listed("c", named)
        db.run(
            "UPDATE words SET words = '', argument = '', files = '[]', "
            f"state = CASE WHEN state = 'open' THEN 'kept' ELSE state END WHERE code IN ({names})",
            **values,
        )


def erase(db: Database, letters: Sequence[int], mails: Sequence[int], codes: Sequence[str], now: datetime) -> None:
    """Delete the words, and whatever names anybody from outside: names, addresses, subjects, header fields."""
    empty(db, letters, mails, codes, now)
    for some in pieces(letters):
        ids, parameters = listed("l", some)
        db.run(
            "UPDATE letters SET from_key = '', subject = '', subject_key = '', message_id = '', headers = '{}', error = '', "
            f"erased_at = :now WHERE id IN ({ids})",
            now=text_of(now),
            **parameters,
        )
        db.run(f"UPDATE words SET words = '', argument = '', files = '[]' WHERE letter_id IN ({ids})", **parameters)
    for some in pieces(mails):
        _erase_mails(db, some)
    for named in pieces(codes):
        names, values = listed("c", named)
        db.run(
            "UPDATE cases SET resident_address = '', resident_name = '', subject = '', copies = '', answer_to = '', about = '', "
            f"erased_at = :now WHERE code IN ({names})",
            now=text_of(now),
            **values,
        )
        db.run(f"DELETE FROM answers WHERE code IN ({names})", **values)
        parties = db.run(f"DELETE FROM parties WHERE code IN ({names}) RETURNING address", **values)
        forget_people(db, sorted({row["address"] for row in parties}))


def _erase_mails(db: Database, mails: Sequence[int]) -> None:
    ids, parameters = listed("m", mails)
    db.run(
        f"UPDATE outbox SET state = 'cancelled', held_for = '' WHERE id IN ({ids}) AND state IN {WAITING} "
        "AND held_for <> 'shadow'",
        **parameters,
    )
    db.run(
        f"UPDATE outbox SET reply = '', recipient = CASE WHEN {_TO_STAFF} THEN recipient ELSE '' END, "
        f"recipient_key = CASE WHEN {_TO_STAFF} THEN recipient_key ELSE '' END, "
        f"mailbox = CASE WHEN {_TO_STAFF} THEN mailbox ELSE '' END WHERE id IN ({ids})",
        **parameters,
    )
    # Keys of copies have an address in them. A hash is as unique, and no such mail is ever written again.
    for row in db.run(f"SELECT id, dedupe_key FROM outbox WHERE id IN ({ids})", **parameters):
        key = f"erased:{sha256(str(row['dedupe_key']).encode()).hexdigest()}"
        db.run("UPDATE outbox SET dedupe_key = :key WHERE id = :id", key=key, id=row["id"])


def forget_people(db: Database, addresses: Sequence[str]) -> None:
    """Delete what addresses asked for, unless they are still parties to a case."""
    for some in pieces(addresses):
        names, parameters = listed("a", some)
        db.run(
            f"DELETE FROM people WHERE address IN ({names}) "
            "AND NOT EXISTS (SELECT 1 FROM parties WHERE parties.address = people.address)",
            **parameters,
        )


def old_answers(db: Database, before: datetime) -> None:
    """Delete what is known of answers that staff sent from elsewhere before an instant, and what one mail alone showed below it."""
    db.run("DELETE FROM answers WHERE recorded_at < :before", before=text_of(before))
    db.run("DELETE FROM footers WHERE seen < 2 AND first_at < :before", before=text_of(before))


def pieces(all_of_them: Sequence[_One]) -> Iterator[Sequence[_One]]:
    """As many at a time as a statement names."""
    for start in range(0, len(all_of_them), AT_ONCE):
        yield all_of_them[start : start + AT_ONCE]

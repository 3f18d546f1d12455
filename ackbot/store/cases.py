"""Cases as the rules know them, and the cases that a round must look at."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from ackbot.casework.model import Case, Clock, Offer, Proof
from ackbot.mail import addresses
from ackbot.mail.addresses import Address
from ackbot.store.database import Database, Row, instant_of, listed, text_of


def by_code(db: Database, codes: Sequence[str]) -> dict[str, Case]:
    """
    Cases by code, with their parties, running and paused clocks, and thread. A code without a case is left out, and so is a case
    that was erased: whoever writes about it again has a new one.

    Inside a transaction the rows are locked until it ends (PostgreSQL).
    """
    placeholders, parameters = listed("c", codes)
    found = db.run(
        f"SELECT * FROM cases WHERE code IN ({placeholders}) AND erased_at IS NULL ORDER BY code {db.lock_rows}",
        **parameters,
    )
    if not found:
        return {}
    placeholders, parameters = listed("c", [row["code"] for row in found])
    parties = db.run(f"SELECT code, address FROM parties WHERE code IN ({placeholders})", **parameters)
    clocks = db.run(
        "SELECT code, kind, promised_on, due_at, told, counted_from, duration, paused_at FROM clocks "
        f"WHERE state IN ('running', 'paused') AND code IN ({placeholders}) ORDER BY due_at",
        **parameters,
    )
    threads = db.run(
        f"SELECT code, message_id, by_way, proven, from_key FROM letters WHERE code IN ({placeholders}) ORDER BY id",
        **parameters,
    )
    formats = _formats(db, [row["resident_address"] for row in found])
    return {row["code"]: _case(row, parties, clocks, threads, formats) for row in found}


def _formats(db: Database, addresses: Sequence[str]) -> dict[str, str]:
    """The formats that residents asked for, such as large print, by case-folded address."""
    placeholders, parameters = listed("a", [Address("", one).key for one in addresses])
    rows = db.run(
        f"SELECT address, formats FROM people WHERE formats <> '' AND address IN ({placeholders})", **parameters
    )
    return {row["address"]: row["formats"] for row in rows}


def _case(
    row: Row, parties: Sequence[Row], clocks: Sequence[Row], threads: Sequence[Row], formats: Mapping[str, str]
) -> Case:
    code = row["code"]
    letters = [one for one in threads if one["code"] == code]
    mine = [_clock(one) for one in clocks if one["code"] == code]
    resident = Address(row["resident_name"], row["resident_address"])
    return Case(
        code=code,
        state=row["state"],
        inbox=row["inbox"],
        resident=resident,
        subject=row["subject"],
        team=row["team"],
        owner=row["owner"],
        standard=row["standard"],
        language=row["language"],
        opened_at=instant_of(row["opened_at"]),
        closed_at=instant_of(row["closed_at"]) if row["closed_at"] else None,
        human_words_at=instant_of(row["human_words_at"]) if row["human_words_at"] else None,
        last_letter_at=instant_of(row["last_letter_at"]),
        receipt_on=_day(row["receipt_on"]),
        sensitive=bool(row["sensitive"]),
        quiet=bool(row["quiet"]),
        unreachable=bool(row["unreachable"]),
        parties=frozenset(one["address"] for one in parties if one["code"] == code),
        clocks=tuple(clock for clock in mine if clock.paused_at is None),
        thread=tuple(one["message_id"] for one in letters if one["message_id"]),
        doubted=bool(letters) and all(one["by_way"] == "forged" for one in letters),
        proof=next((_proof(one) for one in reversed(letters) if one["from_key"] == resident.key), 1),
        cover=row["cover"],
        late_since=_day(row["late_since"]),
        no_news=row["no_news"],
        owes=row["owes"],
        noted_at=instant_of(row["noted_at"]) if row["noted_at"] and row["noted_by"] else None,
        noted_by=row["noted_by"],
        named=row["named"],
        named_for=row["named_for"],
        human_words_by=row["human_words_by"],
        answered_by=row["answered_by"],
        paused=tuple(clock for clock in mine if clock.paused_at is not None),
        offer=Offer(row["offered_to"], row["offered_by"], instant_of(row["offered_at"])) if row["offered_at"] else None,
        handovers=row["handovers"],
        copies=tuple(json.loads(row["copies"])) if row["copies"] else (),
        answer_to=row["answer_to"],
        formats=formats.get(resident.key, ""),
        about=frozenset(json.loads(row["about"])) if row["about"] else frozenset(),
        way=row["way"],
    )


def _proof(letter: Row) -> Proof:
    """How well a letter in its resident's name is proven to be theirs."""
    return 0 if letter["by_way"] == "forged" else 2 if letter["proven"] else 1


def _clock(row: Row) -> Clock:
    return Clock(
        row["kind"],
        date.fromisoformat(row["promised_on"]),
        instant_of(row["due_at"]),
        bool(row["told"]),
        instant_of(row["counted_from"]) if row["counted_from"] else None,
        row["duration"],
        instant_of(row["paused_at"]) if row["paused_at"] else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def due(db: Database, until: date, kinds: Collection[str], over: datetime | None = None) -> list[Case]:
    """
    Cases with a running clock of these kinds that was promised for `until` or earlier, the oldest promise first.

    Args:
        until: the council's date.
        over: take only clocks that are due by this instant.
    """
    placeholders, parameters = listed("k", sorted(kinds))
    rows = db.run(
        f"SELECT code, MIN(promised_on) AS first FROM clocks WHERE state = 'running' AND promised_on <= :until "
        f"AND kind IN ({placeholders}) AND due_at <= :over GROUP BY code ORDER BY first, code",
        until=until.isoformat(),
        over=text_of(over or datetime.max.replace(tzinfo=UTC)),
        **parameters,
    )
    return _in_order(db, [row["code"] for row in rows])


def late(db: Database) -> list[Case]:
    """Open cases in which a promise passed without a person's word, the longest overdue first."""
    rows = db.run("SELECT code FROM cases WHERE late_since IS NOT NULL AND state <> 'closed' ORDER BY late_since, code")
    return _in_order(db, [row["code"] for row in rows])


def unheard(db: Database, now: datetime) -> list[Case]:
    """Open sensitive cases to whose resident no person has written, the longest open first."""
    rows = db.run(
        "SELECT code FROM cases WHERE sensitive AND human_words_at IS NULL AND state = 'open' AND opened_at <= :now "
        "ORDER BY opened_at, code",
        now=text_of(now),
    )
    return _in_order(db, [row["code"] for row in rows])


def once_offered(db: Database, codes: Sequence[str], staff: str) -> frozenset[str]:
    """Codes of those of these cases that were passed to this person at some time, whatever became of it."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(
        f"SELECT code, data FROM events WHERE code IN ({placeholders}) AND code <> '' AND kind = 'Offer'", **parameters
    )
    return frozenset(row["code"] for row in rows if json.loads(row["data"])["to"] == staff)


def offered(db: Database, before: datetime) -> list[Case]:
    """Open cases that were offered to somebody before this instant and are not taken, the longest waiting first."""
    rows = db.run(
        "SELECT code FROM cases WHERE offered_to <> '' AND state <> 'closed' AND offered_at < :before "
        "ORDER BY offered_at, code",
        before=text_of(before),
    )
    return _in_order(db, [row["code"] for row in rows])


def of_owner(db: Database, staff: str) -> list[Case]:
    """The open cases that this member of staff owns, covered or not, oldest first."""
    rows = db.run(
        "SELECT code FROM cases WHERE owner = :staff AND state <> 'closed' ORDER BY opened_at, code", staff=staff
    )
    return _in_order(db, [row["code"] for row in rows])


def owners(db: Database) -> list[str]:
    """Staff ids of everybody who owns an open case; "" is among them while a case has no owner."""
    return _each(db, "owner")


def inboxes(db: Database) -> list[str]:
    """Names of the inboxes with an open case."""
    return _each(db, "inbox")


def _each(db: Database, column: str) -> list[str]:
    """
    The different values of a column among open cases, ascending.

    The recursion takes one step in the index per value. DISTINCT would read the index of every open case.
    """
    rows = db.run(
        f"""
        WITH RECURSIVE each_one (value) AS (
            SELECT MIN({column}) FROM cases WHERE state <> 'closed'
            UNION ALL
            SELECT (SELECT MIN({column}) FROM cases WHERE state <> 'closed' AND {column} > value)
            FROM each_one WHERE value IS NOT NULL
        )
        SELECT value FROM each_one WHERE value IS NOT NULL ORDER BY value
        """
    )
    return [row["value"] for row in rows]


def owner_of(db: Database, code: str) -> str:
    """Staff id of a case's owner; "" if it has none, or if there is no such case."""
    rows = db.run("SELECT owner FROM cases WHERE code = :code", code=code)
    return str(rows[0]["owner"]) if rows else ""


def has_cover(db: Database, staff: str) -> bool:
    """Whether somebody covers for this owner in an open case."""
    # `cover <> ''` allows the partial index cases_covered, and `cover > ''` is a range of its second column.
    return bool(
        db.run(
            "SELECT 1 FROM cases WHERE cover <> '' AND cover > '' AND state <> 'closed' AND owner = :staff LIMIT 1",
            staff=staff,
        )
    )


def last_words(db: Database, code: str) -> str:
    """
    The text of the resident's own last letter in a case; "" if there is none.

    A letter of anybody else is none of theirs, and one that may be forged counts only if it opened the case and there is no
    other.
    """
    said = sorted(letters_of(db, code), key=lambda one: (one.by == "resident", one.id))
    own = [one for one in said if one.by == "resident" or one.opened]
    return text_of_letter(db, own[-1].id) if own else ""


@dataclass(frozen=True, slots=True)
class CaseLetter:
    """
    A letter in a case, and who wrote it.

    Args:
        author: whoever stands in From; an empty address if several people or nobody does.
        by: "forged" if the author was condemned; "resident" for a party's own, and for the letter that opened the case.
        opened: it opened the case.
    """

    id: int
    author: Address
    by: Literal["resident", "forged", "stranger"]
    opened: bool


def letters_of(db: Database, code: str) -> list[CaseLetter]:
    """The letters in a case, in the order of arrival; no mails of staff. Reply-To is not asked, because it proves nothing."""
    rows = db.run(
        "SELECT id, headers, by_way, outcome FROM letters WHERE code = :code AND state = 'decided' "
        "AND outcome IN ('case', 'attach') ORDER BY id",
        code=code,
    )
    parties = {row["address"] for row in db.run("SELECT address FROM parties WHERE code = :code", code=code)}
    return [_letter(row, parties) for row in rows]


def stranger_of(db: Database, code: str, letter_id: int | None) -> Address | None:
    """Who wrote a letter in a case without being a party of it, unless it may be forged; None for anybody else's (E25)."""
    found = (one for one in letters_of(db, code) if one.id == letter_id)
    return next((one.author for one in found if one.by == "stranger" and one.author.usable), None)


def _letter(row: Row, parties: Collection[str]) -> CaseLetter:
    named = [Address(*one) for raw in json.loads(row["headers"]).get("from", []) for one in addresses.parse(raw)]
    author = named[0] if len({one.key for one in named}) == 1 else Address("", "")
    opened = row["outcome"] == "case"
    if row["by_way"] == "forged":
        return CaseLetter(row["id"], author, "forged", opened)
    return CaseLetter(row["id"], author, "resident" if opened or author.key in parties else "stranger", opened)


def text_of_letter(db: Database, letter_id: int) -> str:
    """The visible text of a letter; "" if there is no such letter."""
    rows = db.run("SELECT text FROM letters WHERE id = :id", id=letter_id)
    return str(rows[0]["text"]) if rows else ""


def texts(db: Database, code: str) -> list[str]:
    """The visible texts of all letters in a case, the oldest first."""
    return [str(row["text"]) for row in db.run("SELECT text FROM letters WHERE code = :code ORDER BY id", code=code)]


def asked_feedback(db: Database, address: str, since: datetime) -> bool:
    """Whether a mail since that instant asked this case-folded address for feedback."""
    rows = db.run(
        "SELECT 1 FROM outbox WHERE recipient_key = :address AND created_at >= :since AND asks_feedback LIMIT 1",
        address=address,
        since=text_of(since),
    )
    return bool(rows)


def _in_order(db: Database, codes: Sequence[str]) -> list[Case]:
    """Cases in the order of their codes, read in pieces so that no statement's list grows long."""
    found: list[Case] = []
    for start in range(0, len(codes), 200):
        some = by_code(db, codes[start : start + 200])
        found += [some[code] for code in codes[start : start + 200] if code in some]
    return found


def with_untold_clocks(db: Database) -> list[str]:
    """Codes of cases with a running clock whose date nobody was told: a changed calendar may move it (P9)."""
    rows = db.run(
        "SELECT DISTINCT code FROM clocks WHERE state = 'running' AND NOT told AND counted_from IS NOT NULL ORDER BY code"
    )
    return [row["code"] for row in rows]


def open_of_owner(db: Database, staff: str) -> int:
    """How many open cases, that is all that are not closed, a member of staff owns."""
    return int(
        db.run("SELECT COUNT(*) AS n FROM cases WHERE state <> 'closed' AND owner = :staff", staff=staff)[0]["n"]
    )


def open_of_inbox(db: Database, inbox: str) -> int:
    """How many open cases, that is all that are not closed, an inbox has."""
    return int(
        db.run("SELECT COUNT(*) AS n FROM cases WHERE state <> 'closed' AND inbox = :inbox", inbox=inbox)[0]["n"]
    )


def open_and_quiet_since(db: Database, before: str, inbox: str) -> list[str]:
    """Codes of the cases that are not closed and whose last letter came before an instant; of one inbox, or of all with ""."""
    rows = db.run(
        "SELECT code FROM cases WHERE state <> 'closed' AND last_letter_at < :before AND (:inbox = '' OR inbox = :inbox) "
        "ORDER BY id",
        before=before,
        inbox=inbox,
    )
    return [row["code"] for row in rows]


def alarmed(db: Database, codes: Sequence[str]) -> frozenset[str]:
    """Those of the codes whose urgent alarm nobody has taken."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(f"SELECT code FROM alarms WHERE taken_by = '' AND code IN ({placeholders})", **parameters)
    return frozenset(row["code"] for row in rows)


def open_codes(db: Database) -> list[str]:
    """Codes of all cases that are not closed, oldest first."""
    return [row["code"] for row in db.run("SELECT code FROM cases WHERE state <> 'closed' ORDER BY id")]

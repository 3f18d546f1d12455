"""
Everything that the store holds of one person, found by their address: what an export shows is what an erasure deletes (D73).

Reading it goes through whole tables: it is asked for a few times a year, and may take minutes.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ackbot.mail import addresses, folding, message
from ackbot.mail.addresses import key_of
from ackbot.store import forgetting
from ackbot.store.database import Database, Row, listed
from ackbot.store.forgetting import pieces

GONE = "(erased)"
_BY_MACHINES = "('bounce', 'receipt', 'automatic-reply', 'own')"
# Texts of other people's records in which an address may stand: table, key, column.
_MENTIONS = (
    ("letters", "id", "text"),
    ("letters", "id", "subject"),
    ("letters", "id", "subject_key"),
    ("letters", "id", "headers"),
    ("letters", "id", "error"),
    ("cases", "id", "subject"),
    ("words", "id", "words"),
    ("words", "id", "argument"),
    ("words", "id", "files"),
    ("outbox", "id", "reply"),
    ("outbox", "id", "attachments"),
    ("arrivals", "id", "error"),
    ("lanes", "lane", "reason"),
    ("inbox_states", "inbox", "reason"),
    ("events", "id", "why"),
    ("events", "id", "data"),
    ("clocks", "id", "why"),
)

_WITHOUT_CASE = ("arrivals", "lanes", "inbox_states")


@dataclass(frozen=True, slots=True)
class Found:
    """
    What belongs to a person.

    Args:
        address: case folded.
        names: as they signed or were addressed, each of at least two words.
        codes: of the cases in which they are the resident. `kept`: of those among them that are on hold.
        letters, mails, answers: ids of rows. `letters` are theirs, or about their cases.
        others: codes of other people's cases to which they are a party.
    """

    address: str
    names: tuple[str, ...]
    codes: tuple[str, ...]
    kept: tuple[str, ...]
    letters: tuple[int, ...]
    mails: tuple[int, ...]
    answers: tuple[int, ...]
    others: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the store has nothing of this person."""
        return not (self.codes or self.kept or self.letters or self.mails or self.answers or self.others)


def find(db: Database, address: str, reference_of: Callable[[str], str]) -> Found:
    """
    Find everything of a person. Writes nothing.

    Args:
        address: case folded.
        reference_of: gives the reference of a code, under which mails list a case.
    """
    involved = _involved(db, address)
    cases = _rows(db, "SELECT * FROM cases WHERE code IN ({names})", sorted(involved))
    own = [row for row in cases if key_of(row["resident_address"]) == address]
    codes = [row["code"] for row in own if not row["hold"]]
    kept = [row["code"] for row in own if row["hold"]]
    others = sorted(involved - set(codes) - set(kept))
    letters = set(forgetting.letters_of(db, codes)) if codes else set()
    letters |= {
        int(one)
        for row in db.run(
            "SELECT id, brought_by, code FROM letters WHERE from_key = :address AND erased_at IS NULL", address=address
        )
        if (row["code"] or "") not in kept
        for one in (row["id"], row["brought_by"])
        if one is not None
    }
    letters |= (
        set(_in_quarantine(db, address, kept)) | set(_of_machines(db, address)) | set(_only_to(db, address, kept))
    )
    names = _names(db, own, sorted(letters), address)
    mails = set(forgetting.mails_of(db, codes, sorted(letters)))
    mails |= {
        int(row["id"])
        for row in db.run("SELECT id, code FROM outbox WHERE recipient_key = :address", address=address)
        if row["code"] not in kept
    }
    needles = (address, *(one.casefold() for one in names), *(reference_of(code).casefold() for code in codes))
    mails |= set(_mentioning(db, needles, address, others))
    mails -= set(forgetting.mails_of(db, kept, ())) if kept else set()
    answers = [
        int(row["id"])
        for row in db.run("SELECT id, recipient, code FROM answers")
        if row["recipient"] == address or row["code"] in codes
    ]
    return Found(
        address,
        names,
        tuple(sorted(codes)),
        tuple(sorted(kept)),
        tuple(sorted(letters)),
        tuple(sorted(mails)),
        tuple(answers),
        tuple(others),
    )


def _involved(db: Database, address: str) -> set[str]:
    rows = db.run(
        "SELECT code FROM parties WHERE address = :address UNION SELECT code FROM letters WHERE from_key = :address "
        "AND code IS NOT NULL UNION SELECT code FROM cases WHERE LOWER(resident_address) = :address "
        "OR LOWER(copies) LIKE :like OR LOWER(answer_to) = :address",
        address=address,
        like=f"%{_liked(address)}%",
    )
    return {row["code"] for row in rows}


def _liked(address: str) -> str:
    """An address as LIKE finds it; `_` stands for any character, so what is found is looked at again."""
    return address.replace("%", "_")


def _rows(db: Database, sql: str, values: Sequence[Any]) -> list[Row]:
    """The rows of a statement with `IN ({names})`, asked for as many values at a time as it may name."""
    found: list[Row] = []
    for some in pieces(values):
        names, parameters = listed("v", some)
        found += db.run(sql.format(names=names), **parameters)
    return found


def _in_quarantine(db: Database, address: str, kept: Sequence[str]) -> Iterator[int]:
    """Mails that are kept as they came, without a sender that anybody could read, and have the address in them."""
    for row in db.run("SELECT id, code FROM letters WHERE raw IS NOT NULL AND from_key = '' ORDER BY id"):
        raw = bytes(db.run("SELECT raw FROM letters WHERE id = :id", id=row["id"])[0]["raw"])
        if (row["code"] or "") not in kept and address.encode() in raw.lower():
            yield int(row["id"])


def _of_machines(db: Database, address: str) -> Iterator[int]:
    """Reports and automatic mails about the person that belong to no case: our own mail is quoted in them."""
    rows = db.run(
        f"SELECT id, text, headers FROM letters WHERE code IS NULL AND kind IN {_BY_MACHINES} "
        "AND (LOWER(text) LIKE :like OR LOWER(headers) LIKE :like)",
        like=f"%{_liked(address)}%",
    )
    yield from (int(row["id"]) for row in rows if address in f"{row['text']}{row['headers']}".casefold())


def _only_to(db: Database, address: str, kept: Sequence[str]) -> Iterator[int]:
    """Mails of staff whose words went to this person and to nobody else."""
    rows = db.run(
        "SELECT letter_id FROM outbox AS mine WHERE recipient_key = :address AND kind = 'human' AND letter_id IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.letter_id = mine.letter_id AND other.kind = 'human' "
        "AND other.recipient_key <> :address)",
        address=address,
    )
    found = _rows(db, "SELECT id, code FROM letters WHERE id IN ({names})", [row["letter_id"] for row in rows])
    yield from (int(row["id"]) for row in found if (row["code"] or "") not in kept)


def _names(db: Database, own: Sequence[Row], letters: Sequence[int], address: str) -> tuple[str, ...]:
    found = [row["resident_name"] for row in own]
    for row in _rows(db, "SELECT headers FROM letters WHERE id IN ({names})", letters):
        fields = json.loads(row["headers"])
        found += [
            name
            for field in ("from", "reply-to", "to", "cc")
            for raw in fields.get(field, [])
            for name, addr in addresses.parse(raw)
            if key_of(addr) == address
        ]
    return tuple(dict.fromkeys(" ".join(one.split()) for one in found if len(one.split()) > 1))


def _mentioning(db: Database, needles: Sequence[str], address: str, others: Sequence[str]) -> Iterator[int]:
    """Our mails that name the person, or a case of theirs: of no case, such as the admin's day, or of others' cases."""
    rows = db.run("SELECT id FROM outbox WHERE code = '' AND emptied_at IS NULL")
    around = {
        *others,
        *(
            row["code"]
            for row in db.run(
                "SELECT code FROM letters WHERE code IS NOT NULL AND (LOWER(text) LIKE :like OR LOWER(headers) LIKE :like)",
                like=f"%{_liked(address)}%",
            )
        ),
    }
    beside = _rows(db, "SELECT id FROM outbox WHERE code IN ({names})", sorted(around))
    for id_ in sorted({int(row["id"]) for row in (*rows, *beside)}):
        row = db.run("SELECT * FROM outbox WHERE id = :id", id=id_)[0]
        content = bytes(row["content"])
        told = " ".join(str(value) for name, value in dict(row).items() if name not in ("content", "reply"))
        said = f"{told} {message.text_of(content)} {content.decode('utf-8', 'replace')}".casefold()
        if any(one in said for one in needles):
            yield id_


def under_way(db: Database, found: Found) -> list[str]:
    """Codes of open cases, and "" if a mail that is found is on its way or waits and lists other cases too: it goes first."""
    busy = [
        row["code"]
        for row in _rows(db, "SELECT code FROM cases WHERE code IN ({names}) AND state <> 'closed'", found.codes)
    ]
    shared = (
        f"SELECT id FROM outbox WHERE id IN ({{names}}) AND (state IN {forgetting.UNDER_WAY} OR "
        f"(state IN {forgetting.WAITING} AND held_for <> 'shadow' AND code = ''))"
    )
    return busy + ([""] if _rows(db, shared, found.mails) else [])


def erase(db: Database, found: Found, now: datetime) -> None:
    """Delete all that was found, and every mention of the address in what others wrote, inside the caller's transaction."""
    texts = [row["text"] for row in _rows(db, "SELECT text FROM letters WHERE id IN ({names})", found.letters)]
    _footers(db, found, texts)
    forgetting.erase(db, found.letters, found.mails, found.codes, now)
    _rows(db, "DELETE FROM answers WHERE id IN ({names}) RETURNING id", found.answers)
    # What belongs to a case on hold stays with it.
    elsewhere, kept = _not_in(found.kept)
    db.run(f"DELETE FROM parties WHERE address = :address{elsewhere}", address=found.address, **kept)
    forgetting.forget_people(db, [found.address])
    for row in _rows(db, "SELECT id, copies, answer_to FROM cases WHERE code IN ({names})", found.others):
        copies = [one for one in json.loads(row["copies"] or "[]") if key_of(one) != found.address]
        db.run(
            "UPDATE cases SET copies = :copies, answer_to = :answer_to WHERE id = :id",
            copies=json.dumps(copies) if copies else "",
            answer_to="" if key_of(row["answer_to"]) == found.address else row["answer_to"],
            id=row["id"],
        )
    for table, key, column in _MENTIONS:
        _redact(db, found, table, key, column)


def _not_in(codes: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """A condition, to be put behind another, that leaves these cases out; and its parameters."""
    names, parameters = listed("k", codes)
    return (f" AND COALESCE(code, '') NOT IN ({names})", parameters) if codes else ("", {})


def _redact(db: Database, found: Found, table: str, key: str, column: str) -> None:
    """Take the address out of one column, and the name too where it stands beside the address or in a case of theirs."""
    pattern = re.compile("|".join(map(re.escape, (found.address, *found.names))), re.IGNORECASE)
    elsewhere, kept = _not_in(found.kept) if table not in _WITHOUT_CASE else ("", {})
    rows = list(
        db.run(
            f"SELECT {key} AS key, {column} AS said FROM {table} WHERE LOWER({column}) LIKE :like{elsewhere}",
            like=f"%{_liked(found.address)}%",
            **kept,
        )
    )
    if table in ("letters", "words", "cases"):
        rows += _rows(db, f"SELECT {key} AS key, {column} AS said FROM {table} WHERE code IN ({{names}})", found.others)
    for row in rows:
        said = pattern.sub(GONE, row["said"])
        if said != row["said"]:
            db.run(f"UPDATE {table} SET {column} = :said WHERE {key} = :key", said=said, key=row["key"])


def _footers(db: Database, found: Found, texts: Sequence[str]) -> None:
    """Paragraphs that stood below mails of staff, and are the person's own words, were nobody's footer."""
    said = " ".join(re.findall(r"\w+", folding.plain("\n".join(texts))))
    for row in db.run("SELECT domain, digest, folded, shown FROM footers"):
        named = any(one.casefold() in row["shown"].casefold() for one in (found.address, *found.names))
        if named or row["folded"] in said:
            db.run(
                "DELETE FROM footers WHERE domain = :domain AND digest = :digest",
                domain=row["domain"],
                digest=row["digest"],
            )


def rows_of(db: Database, found: Found) -> dict[str, list[dict[str, Any]]]:
    """All rows that were found, for an export, by table; letters with their places, and of events no data."""
    codes = (*found.codes, *found.kept)
    letters = sorted({*found.letters, *(forgetting.letters_of(db, found.kept) if found.kept else ())})
    mails = sorted({*found.mails, *(forgetting.mails_of(db, found.kept, letters) if found.kept else ())})
    asked: dict[str, tuple[str, Sequence[Any]]] = {
        "cases": ("SELECT * FROM cases WHERE code IN ({names}) ORDER BY opened_at", codes),
        "clocks": ("SELECT * FROM clocks WHERE code IN ({names}) ORDER BY id", codes),
        "events": ("SELECT at, code, kind, why FROM events WHERE code IN ({names}) ORDER BY id", codes),
        "words": ("SELECT code, staff, kind, words, at FROM words WHERE code IN ({names}) ORDER BY id", codes),
        "letters": ("SELECT * FROM letters WHERE id IN ({names}) ORDER BY id", letters),
        "arrivals": ("SELECT * FROM arrivals WHERE letter_id IN ({names}) ORDER BY id", letters),
        "mails": ("SELECT * FROM outbox WHERE id IN ({names}) ORDER BY id", mails),
        "answers": ("SELECT * FROM answers WHERE id IN ({names}) ORDER BY id", found.answers),
        "people": ("SELECT * FROM people WHERE address IN ({names})", (found.address,)),
    }
    return {name: [dict(row) for row in _rows(db, sql, values)] for name, (sql, values) in asked.items()}

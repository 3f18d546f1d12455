"""Exports and erases what is kept of one person: both do it with what `persons.find` finds (domain.md §13, D73)."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ackbot.casework.council import Council
from ackbot.casework.intents import ClearClock, Close, DropAcknowledgement, Intent
from ackbot.casework.office import Office
from ackbot.report.render import render
from ackbot.store import Database, cases, persons
from ackbot.store.database import instant_of
from ackbot.store.opening import path_of
from ackbot.store.persons import Found
from ackbot.work.apply import apply

_LOOKS = 3
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """
    Where else the person's words lie, which ackbot cannot delete.

    Args:
        staff: addresses of staff, and of the admin, that got mails about them.
        places: of their letters in the council's mailboxes: inbox, folder and UID, one line each.
        query: finds all of it, in the form of Microsoft's KQL; `imap`: the same as an IMAP SEARCH.
    """

    staff: tuple[str, ...]
    places: tuple[str, ...]
    query: str
    imap: str


def find(db: Database, council: Council, address: str) -> Found:
    """Everything of a person, by their case-folded address."""
    return persons.find(db, address, council.reference_of)


def elsewhere(found: Found, rows: Rows, council: Council) -> Elsewhere:
    """Where else their words lie."""
    staff = {row["recipient"] for row in rows["mails"] if row["staff"] or row["kind"] in ("admin", "urgent")}
    places = [f"{row['inbox']} {row['folder']} uid {row['uid']}" for row in rows["arrivals"]]
    terms = [found.address, *(council.reference_of(code) for code in (*found.codes, *found.kept))]
    imap = f'TEXT "{terms[-1]}"'
    for one in reversed(terms[:-1]):
        imap = f'OR TEXT "{one}" {imap}'
    return Elsewhere(tuple(sorted(staff)), tuple(dict.fromkeys(places)), " OR ".join(f'"{one}"' for one in terms), imap)


def export(db: Database, council: Council, found: Found, target: Path, now: datetime) -> Elsewhere:
    """
    Write all that is kept of a person into a zip: a page to read, our mails as they went out, letters kept as they came.

    Raises:
        OSError: the file exists already, or cannot be written.
    """
    rows = persons.rows_of(db, found)
    other = elsewhere(found, rows, council)
    zone = council.calendar.timezone

    def when(text: str | None) -> str:
        return f"{instant_of(text).astimezone(zone):%d %b %Y %H:%M}" if text else ""

    page = render(
        "person.html",
        council=council.name,
        address=found.address,
        made=f"{now.astimezone(zone):%d %b %Y %H:%M}",
        reference_of=council.reference_of,
        when=when,
        rows=rows,
        staff={one.id: one.name for one in council.staff.values()},
    )
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as file:
        file.writestr("index.html", page)
        for mail in rows["mails"]:
            if not mail["staff"] and mail["content"]:
                file.writestr(f"mails/{mail['id']}.eml", bytes(mail["content"]))
        for letter in rows["letters"]:
            if letter["raw"] is not None:
                file.writestr(f"letters/{letter['id']}.eml", bytes(letter["raw"]))
        told = render("mailboxes.txt", other=other, staff=[row for row in rows["mails"] if row["staff"]], when=when)
        file.writestr("for-the-council/mailboxes.txt", told)
    target.chmod(0o600)
    return other


def close_all(db: Database, office: Office, found: Found, now: datetime) -> None:
    """Close the person's open cases, of which nobody gets a mail, inside the caller's transaction."""
    why = "all that is kept of the resident is erased, as the admin says"
    for case in cases.by_code(db, found.codes).values():
        if case.state != "closed":
            clocks = [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in case.clocks]
            intents: list[Intent] = [DropAcknowledgement(case.code, why=why), *clocks, Close(case.code, why=why)]
            apply(db, intents, office.desk(now))


def erase(db: Database, office: Office, address: str, now: datetime, *, close: bool) -> tuple[Found, list[str]]:
    """
    Erase all that is kept of a person, except their cases on hold.

    Args:
        address: case folded.
        close: open cases are closed first; otherwise they keep everything as it is.

    Returns:
        What was found; and what keeps it from being erased now, then nothing was written: codes of open cases, "" for mail that
        is on its way.
    """
    # Looking goes through whole tables, so it is done before, and the daemon need not wait for it. What came in between, such as a
    # letter, is found by the second look.
    first = found = find(db, office.council, address)
    for _ in range(_LOOKS):
        with db.transaction():
            if close:
                close_all(db, office, found, now)
            if busy := persons.under_way(db, found):
                return found, busy
            persons.erase(db, found, now)
        found = find(db, office.council, address)
        if not (found.codes or found.letters or found.mails):
            break
    return first, []


def backups_beside(store_url: str) -> list[Path]:
    """Stores of earlier times that lie beside this one: `restore` moved them aside, and they hold what they held."""
    if not store_url.startswith("sqlite:"):
        return []
    store = path_of(store_url)
    return sorted(one for one in store.parent.glob(f"{store.name}.before-*") if not one.name.endswith(("-wal", "-shm")))

"""Mails to staff that the relay refused because of what stands in them, and what the admin is told of refused mail."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ackbot.casework import bounces
from ackbot.store import listings
from ackbot.store.database import Database, listed, text_of

_REFUSED = "(state = 'failed' OR (refusals > 0 AND state <> 'accepted'))"


def of(db: Database, kind: str, codes: Sequence[str], since: datetime) -> int:
    """
    How many mails of this kind that name any of these cases the relay refused because of their content.

    Args:
        since: those written before do not count.
    """
    placeholders, parameters = listed("c", codes)
    rows = db.run(
        f"""
        SELECT reply FROM outbox WHERE kind = :kind AND created_at >= :since AND {_REFUSED} AND id IN (
            SELECT own.id FROM outbox AS own WHERE own.code IN ({placeholders}) AND own.code <> ''
            UNION SELECT outbox_id FROM outbox_cases WHERE code IN ({placeholders}))
        """,
        kind=kind,
        since=text_of(since),
        **parameters,
    )
    # Of an address that does not work, other words would mend nothing.
    return sum(not bounces.is_for_good(row["reply"]) for row in rows)


@dataclass(frozen=True, slots=True)
class Refused:
    """Mails of one kind that the relay refused for good: to one member of staff (a staff id), or to residents ("")."""

    kind: str
    staff: str
    count: int
    codes: tuple[str, ...]


def since(db: Database, at: datetime) -> list[Refused]:
    """What the relay refused for good since then, except mail to admins, by kind and person."""
    rows = db.run("SELECT code, data FROM events WHERE kind = 'failed' AND at >= :at ORDER BY id", at=text_of(at))
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for row in rows:
        data = json.loads(row["data"])
        if data["mail"] == "admin":
            continue
        mails = db.run("SELECT id FROM outbox WHERE message_id = :id", id=data["message_id"]) if not row["code"] else []
        named = listings.of(db, [mail["id"] for mail in mails]) if mails else {}
        codes = tuple(code for some in named.values() for code in some)
        found.setdefault((data["mail"], data["staff"]), []).append((row["code"],) if row["code"] else codes)
    return [
        Refused(kind, staff, len(some), tuple(dict.fromkeys(code for codes in some for code in codes)))
        for (kind, staff), some in found.items()
    ]

"""Mails that waited and are decided again before they go (behaviour.md §3.15). All of it in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from ackbot.store import events, listings, renamed
from ackbot.store.database import Database, instant_of, listed
from ackbot.store.outbox import Outgoing


def draft_of(db: Database, mail: Outgoing) -> str:
    """The draft that was kept with a mail, as text; "" for none."""
    rows = db.run("SELECT draft FROM outbox WHERE id = :id", id=mail.id)
    return str(rows[0]["draft"]) if rows else ""


def codes_of(db: Database, mail: Outgoing) -> tuple[str, ...]:
    """The cases that a mail is about, its own first."""
    named = listings.of(db, [mail.id]).get(mail.id, ())
    return tuple(dict.fromkeys([*([mail.code] if mail.code else []), *named]))


def acknowledged_at(db: Database, codes: Sequence[str]) -> dict[str, datetime | None]:
    """When the relay took the acknowledgement of each case, None if it waits; cases without one are left out."""
    placeholders, parameters = listed("c", codes)
    rows = db.run(
        f"SELECT code, accepted_at FROM outbox WHERE code IN ({placeholders}) AND kind = 'acknowledgement' "
        "AND state NOT IN ('cancelled', 'failed') AND held_for <> 'shadow' ORDER BY id DESC",
        **parameters,
    )
    return {row["code"]: instant_of(row["accepted_at"]) if row["accepted_at"] else None for row in rows}


def rewrite(db: Database, mail: Outgoing, content: bytes, draft: str, now: datetime) -> bool:
    """Put other words into a claimed mail, of which nothing has been sent. False if the claim is no longer ours."""
    rows = db.run(
        "UPDATE outbox SET content = :content, draft = :draft WHERE id = :id AND state = 'claimed' AND claimed_by = :worker "
        "RETURNING id",
        content=content,
        draft=draft,
        id=mail.id,
        worker=mail.claimed_by,
    )
    if rows:
        why = f"the {mail.kind} had waited, and is written anew as it is true now"
        events.add(db, now, "anew", why, code=mail.code, letter_id=mail.letter_id, inbox=mail.inbox)
    return bool(rows)


def drop(db: Database, mail: Outgoing, why: str, now: datetime) -> bool:
    """Cancel a claimed mail, because it is true no longer. False if the claim is no longer ours."""
    rows = db.run(
        "UPDATE outbox SET state = 'cancelled', reply = :why, draft = '', claimed_by = NULL, lease_until_s = NULL "
        "WHERE id = :id AND state = 'claimed' AND claimed_by = :worker RETURNING id",
        why=why,
        id=mail.id,
        worker=mail.claimed_by,
    )
    if rows:
        renamed.forget(db, mail.id)
        why = f"the {mail.kind} had waited, and does not go: {why}"
        events.add(db, now, "dropped", why, code=mail.code, letter_id=mail.letter_id, inbox=mail.inbox)
    return bool(rows)

"""Whom a resident was last told has their case: changed with the mail that says so, and put back if it never goes (E81)."""

from collections.abc import Collection, Iterable

from ackbot.casework.intents import Named
from ackbot.store.database import Database, text_of
from ackbot.store.unit import Unit


def name(db: Database, outbox_id: int, named: Iterable[Named]) -> None:
    """A mail names these people to its resident. Nothing changes where they were named before."""
    for one in named:
        new = {"code": one.code, "staff": one.staff, "instead_of": one.instead_of}
        db.run(
            "INSERT INTO renamed (outbox_id, code, named, named_for) SELECT :id, code, named, named_for FROM cases "
            "WHERE code = :code AND named <> :staff ON CONFLICT DO NOTHING",
            id=outbox_id,
            code=one.code,
            staff=one.staff,
        )
        db.run("UPDATE cases SET named = :staff, named_for = :instead_of WHERE code = :code AND named <> :staff", **new)


def forget(db: Database, outbox_id: int, codes: Collection[str] = ()) -> None:
    """A mail does not go, or no longer names these of its cases (() for all): what was told before it is what was told."""
    for row in db.run("SELECT code, named, named_for FROM renamed WHERE outbox_id = :id", id=outbox_id):
        if not codes or row["code"] in codes:
            db.run(
                "UPDATE cases SET named = :named, named_for = :named_for WHERE code = :code",
                code=row["code"],
                named=row["named"],
                named_for=row["named_for"],
            )
            db.run("DELETE FROM renamed WHERE outbox_id = :id AND code = :code", id=outbox_id, code=row["code"])


def cancel_cover_notice(unit: Unit, code: str) -> None:
    """
    Cancel a cover notice that still waits for working hours, so that the day is free for another mail.

    A notice that also names other cases is decided again when it may go, because it carries their dates.
    """
    rows = unit.db.run(
        """
        UPDATE outbox SET state = 'cancelled', draft = ''
        WHERE code = :code AND kind = 'cover' AND state = 'queued' AND not_before > :now
          AND EXISTS (SELECT 1 FROM outbox_cases WHERE outbox_id = outbox.id)
          AND NOT EXISTS (SELECT 1 FROM outbox_cases WHERE outbox_id = outbox.id AND code <> :code)
        RETURNING id
        """,
        code=code,
        now=text_of(unit.now),
    )
    for row in rows:
        forget(unit.db, row["id"])

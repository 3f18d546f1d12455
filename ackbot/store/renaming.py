"""Gives an inbox or a member of staff another name in every row, so that their cases stay theirs when the file's name changes."""

import json
from typing import Literal

from ackbot.store import leases
from ackbot.store.database import Database, StoreProblem

What = Literal["inbox", "staff"]
# Every column that holds the name. Events are not among them: what happened is told as it was.
PLACES: dict[What, tuple[tuple[str, str], ...]] = {
    "inbox": (
        ("folders", "inbox"),
        ("inbox_states", "inbox"),
        ("arrivals", "inbox"),
        ("cases", "inbox"),
        ("outbox", "inbox"),
        ("pauses", "scope"),
        ("in_hand", "inbox"),
    ),
    "staff": (
        ("cases", "owner"),
        ("cases", "cover"),
        ("cases", "human_words_by"),
        ("cases", "owes"),
        ("cases", "named"),
        ("cases", "named_for"),
        ("renamed", "named"),
        ("renamed", "named_for"),
        ("cases", "noted_by"),
        ("cases", "offered_to"),
        ("cases", "offered_by"),
        ("answers", "staff"),
        ("absences", "staff"),
        ("absences", "cover"),
        ("calendars", "staff"),
        ("words", "staff"),
        ("alarms", "taken_by"),
        ("staff_load", "staff"),
        ("outbox", "staff"),
    ),
}
_KEYS: dict[What, tuple[str, str]] = {"inbox": ("folders", "inbox"), "staff": ("staff_load", "staff")}
_ROUNDS = ("digest", "overdue")  # are done once a day for each person


def rename(db: Database, what: What, old: str, new: str) -> int:
    """
    Change the name everywhere, in one transaction.

    Returns:
        How many rows were changed; 0 if the store does not know the old name.

    Raises:
        StoreProblem: a worker is alive, or the new name has rows of its own.
    """
    if alive := leases.workers(db):
        raise StoreProblem(f"{len(alive)} workers are on the store at {db.place}; stop every `ackbot run` first")
    with db.transaction():
        table, column = _KEYS[what]
        if db.run(f"SELECT 1 FROM {table} WHERE {column} = :new LIMIT 1", new=new):
            raise StoreProblem(f'the store has rows of the {what} "{new}" already; two names cannot become one')
        changed = 0
        for table, column in PLACES[what]:
            sql = f"UPDATE {table} SET {column} = :new WHERE {column} = :old RETURNING {column}"
            changed += len(db.run(sql, new=new, old=old))
        if what == "inbox":
            _attachments(db, old, new)
        else:
            for name in _ROUNDS:
                db.run("DELETE FROM rounds WHERE name = :new", new=f"{name}:{new}")
                db.run("UPDATE rounds SET name = :new WHERE name = :old", new=f"{name}:{new}", old=f"{name}:{old}")
        return changed


def _attachments(db: Database, old: str, new: str) -> None:
    """Mails that have not gone out take their files from the mailbox, which they name."""
    rows = db.run(
        "SELECT id, attachments FROM outbox WHERE attachments <> '' "
        "AND state IN ('held', 'queued', 'claimed', 'sending', 'unknown')"
    )
    for row in rows:
        files = json.loads(row["attachments"])
        if files["inbox"] == old:
            text = json.dumps({**files, "inbox": new})
            db.run("UPDATE outbox SET attachments = :text WHERE id = :id", text=text, id=row["id"])

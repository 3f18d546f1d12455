"""The cases that a mail of ours lists: recorded when the mail is written, and never read out of its words (P7)."""

from collections.abc import Iterable, Sequence

from ackbot.store.database import Database, listed


def keep(db: Database, outbox_id: int, codes: Iterable[str]) -> None:
    """Record that the mail in this outbox row lists these cases."""
    for code in dict.fromkeys(codes):
        db.run("INSERT INTO outbox_cases (outbox_id, code) VALUES (:id, :code)", id=outbox_id, code=code)


def of(db: Database, outbox_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Codes of the cases that each of these mails lists, by outbox row; a mail that lists none is left out."""
    placeholders, parameters = listed("m", outbox_ids)
    rows = db.run(
        f"SELECT outbox_id, code FROM outbox_cases WHERE outbox_id IN ({placeholders}) ORDER BY outbox_id, code",
        **parameters,
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row["outbox_id"]] = (*found.get(row["outbox_id"], ()), row["code"])
    return found

"""Which cases a mail of ours lists, as it was recorded when the mail was written (P7): never read out of its words."""

from collections.abc import Iterable, Sequence

from ackbot.store.database import Database, listed


def keep(db: Database, outbox_id: int, codes: Iterable[str]) -> None:
    """The mail in that row lists these cases."""
    for code in dict.fromkeys(codes):
        db.run("INSERT INTO outbox_cases (outbox_id, code) VALUES (:id, :code)", id=outbox_id, code=code)


def of(db: Database, outbox_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Codes of the cases that each of these mails lists, by its row; a mail that lists none is not in it."""
    placeholders, parameters = listed("m", outbox_ids)
    rows = db.run(
        f"SELECT outbox_id, code FROM outbox_cases WHERE outbox_id IN ({placeholders}) ORDER BY outbox_id, code",
        **parameters,
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row["outbox_id"]] = (*found.get(row["outbox_id"], ()), row["code"])
    return found

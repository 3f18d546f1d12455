"""What a mailbox shows and what the store has recorded, compared: every mail that a server shows has an arrival (P1)."""

from collections.abc import Sequence
from datetime import datetime

from ackbot.casework.model import Arrival
from ackbot.store import arrivals
from ackbot.store.database import Database


def without_record(db: Database, inbox: str, folder: str, uidvalidity: int, uids: Sequence[int]) -> list[int]:
    """Those of these uids that have no record although the watermark has passed them; not those of before the first sight."""
    place = {"inbox": inbox, "folder": folder, "uidvalidity": uidvalidity}
    rows = db.run(
        "SELECT last_uid, backlog_uid FROM folders WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity",
        **place,
    )
    if not rows:
        return []
    first, last = int(rows[0]["backlog_uid"]), int(rows[0]["last_uid"])
    known = {
        int(row["uid"])
        for row in db.run(
            "SELECT uid FROM arrivals WHERE inbox = :inbox AND folder = :folder AND uidvalidity = :uidvalidity "
            "AND uid > :first",
            first=first,
            **place,
        )
    }
    return [uid for uid in uids if first < uid <= last and uid not in known]


def take_in(db: Database, arrival: Arrival, now: datetime) -> None:
    """Record a mail that was missing, so that it is asked for at once, like one that the server did not give."""
    with db.transaction():
        arrival_id = arrivals.add_arrival(db, arrival, now)
        if arrival_id is not None:
            arrivals.fetch_again_at(db, arrival_id, now)

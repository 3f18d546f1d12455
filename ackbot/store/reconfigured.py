"""What a changed configuration means for mail that lies in the outbox."""

from collections.abc import Collection
from datetime import datetime

from ackbot.casework.council import Council
from ackbot.store import events
from ackbot.store.database import Database, Row, listed
from ackbot.store.modes import IN_HAND, lets_out

# Each as the partial indices of the outbox have it, so that finished mail is not looked at.
_STATES = {"held": "state = 'held'", "queued": "state = 'queued'"} | {
    state: f"state = '{state}' AND {IN_HAND}" for state in ("claimed", "sending", "unknown")
}


def hold_by_mode(db: Database, council: Council, now: datetime) -> int:
    """
    A mode was lowered: what its inbox no longer sends is held for ever, whatever it waited for. How many mails that held.

    One that is being sent may end; one whose end is unknown is held when its repeat would be due (work/unknown_ends).
    """
    held = 0
    for state in ("queued", "claimed", "held"):
        rows = db.run(
            "SELECT DISTINCT inbox, kind, staff <> '' AS to_staff FROM outbox "
            f"WHERE {_STATES[state]} AND held_for <> 'shadow' AND inbox <> ''"
        )
        for row in rows:
            if not lets_out(council, row["inbox"], row["kind"], to_staff=bool(row["to_staff"])):
                held += _hold(db, state, row, now)
    return held


def _hold(db: Database, state: str, like: Row, now: datetime) -> int:
    rows = db.run(
        "UPDATE outbox SET state = 'held', held_for = 'shadow', claimed_by = NULL, lease_until_s = NULL "
        f"WHERE {_STATES[state]} AND held_for <> 'shadow' AND inbox = :inbox AND kind = :kind AND (staff <> '') = :to_staff "
        "RETURNING code",
        inbox=like["inbox"],
        kind=like["kind"],
        to_staff=bool(like["to_staff"]),
    )
    for row in rows:
        why = f"the {like['kind']} is not sent: the inbox's mode was lowered"
        events.add(db, now, "held", why, code=row["code"], inbox=like["inbox"], data={"held_for": "shadow"})
    return len(rows)


def change_lanes(db: Database, council: Council, lanes: Collection[str]) -> int:
    """
    Unfinished mail in a lane that nobody serves any more takes the lane its inbox has now; troubles of such lanes are
    forgotten. How many mails that moved.

    Args:
        lanes: names of all lanes that are served.
    """
    served, parameters = listed("l", list(lanes))
    db.run(f"DELETE FROM lanes WHERE lane NOT IN ({served})", **parameters)
    moved = 0
    for state in _STATES.values():
        stranded = f"{state} AND lane NOT IN ({served})"
        for row in db.run(f"SELECT DISTINCT inbox, staff <> '' AS to_staff FROM outbox WHERE {stranded}", **parameters):
            inbox = council.inbox_of(row["inbox"])
            rows = db.run(
                f"UPDATE outbox SET lane = :lane WHERE {stranded} AND inbox = :inbox AND (staff <> '') = :to_staff RETURNING id",
                lane=inbox.lane if row["inbox"] and not row["to_staff"] else inbox.staff_lane,
                inbox=row["inbox"],
                to_staff=bool(row["to_staff"]),
                **parameters,
            )
            moved += len(rows)
    return moved

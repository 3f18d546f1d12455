"""What a changed configuration means for mail that is already in the outbox."""

from collections.abc import Collection
from datetime import datetime

from ackbot.casework.council import Council
from ackbot.mail.addresses import key_of
from ackbot.store import events, settings
from ackbot.store.database import Database, Row, listed
from ackbot.store.modes import ADMIN, IN_HAND, lets_out

# Each condition in the words of a partial index of the outbox, so that finished mail is not read.
_STATES = {"held": "state = 'held'", "queued": "state = 'queued'"} | {
    state: f"state = '{state}' AND {IN_HAND}" for state in ("claimed", "sending", "unknown")
}


def know_admin(db: Database, council: Council) -> None:
    """Keep the admin's address with the store, for `pause`, which works without the configuration (E60, E61)."""
    settings.write(db, ADMIN, key_of(council.admin))


def hold_by_mode(db: Database, council: Council, now: datetime) -> int:
    """
    Hold for ever what an inbox no longer sends after its mode was lowered, whatever the mail waited for until now.

    A mail whose DATA has begun is left to end. One whose end is unknown is held when its repeat would be due
    (work/unknown_ends).

    Returns:
        How many mails are held now because of this.
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
    """Hold for ever all mails in a state that are of the inbox, kind and recipient (staff or not) of `like`."""
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
    Move unfinished mail out of lanes that are no longer served, into the lane that its inbox has now.

    The troubles of lanes that are no longer served are deleted, or `status` would show them for ever.

    Args:
        lanes: names of all lanes that are served.

    Returns:
        How many mails were moved.
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

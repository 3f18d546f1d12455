"""How many mails a relay allows a login: counted per second of the store's own clock, and shared by all workers."""

from ackbot.store.database import Database, must_touch

_MINUTE, _DAY = 60, 86_400
_SPARE = 20  # one in so many mails of a day
_DAY_FULL_S = 60.0  # after this time a lane that has used up its day is asked again


def within(per_day: int, *, spare: bool) -> int:
    """
    How many mails a day has for one that is an alarm or a person's words (`spare`), and for one that is neither.

    Otherwise whoever floods us uses the day up, with acknowledgements and mails about new cases, and no alarm goes out.
    """
    return per_day if spare else per_day - per_day // _SPARE


def take(
    db: Database, lane: str, per_minute: int, per_day: int, wanted: int, *, spare: bool = False
) -> tuple[int, float]:
    """
    Take up to `wanted` mails out of what a lane may send now.

    Args:
        per_minute: mails in any 60 seconds; 0 for no limit.
        per_day: mails in any 24 hours; 0 for no limit.
        spare: the mails are such as the rest of the day is kept for, see `within`.

    Returns:
        How many mails may go now, and, if none may, the seconds after which to ask again.
    """
    if not per_minute and not per_day:
        return wanted, 0.0
    with db.transaction():
        db.lock([f"lane {lane}"])
        now = int(db.run(f"SELECT {db.clock} AS now")[0]["now"])
        db.run("DELETE FROM relay_use WHERE lane = :lane AND second <= :over", lane=lane, over=now - _DAY)
        rows = db.run(
            "SELECT second, mails FROM relay_use WHERE lane = :lane AND second >= :since ORDER BY second",
            lane=lane,
            since=now - _MINUTE,
        )
        free, wait = wanted, 0.0
        if per_minute:
            free = min(free, max(0, per_minute - sum(row["mails"] for row in rows)))
            # The oldest mail of this minute must leave the window before another may go.
            wait = float(rows[0]["second"] + _MINUTE + 1 - now) if not free else 0.0
        if per_day:
            used = db.run("SELECT SUM(mails) AS n FROM relay_use WHERE lane = :lane", lane=lane)[0]["n"] or 0
            free = min(free, max(0, within(per_day, spare=spare) - int(used)))
            wait = wait or (0.0 if free else _DAY_FULL_S)
        if free:
            db.run(
                """
                INSERT INTO relay_use (lane, second, mails) VALUES (:lane, :now, :free)
                ON CONFLICT (lane, second) DO UPDATE SET mails = relay_use.mails + :free
                """,
                lane=lane,
                now=now,
                free=free,
            )
        return free, wait


def give_back(db: Database, lane: str, count: int) -> None:
    """Give back `count` mails that were taken and not sent, out of the latest seconds first."""
    with db.transaction():
        db.lock([f"lane {lane}"])
        for row in db.run("SELECT second, mails FROM relay_use WHERE lane = :lane ORDER BY second DESC", lane=lane):
            if not count:
                return
            back = min(count, row["mails"])
            rows = db.run(
                "UPDATE relay_use SET mails = mails - :back WHERE lane = :lane AND second = :second RETURNING second",
                back=back,
                lane=lane,
                second=row["second"],
            )
            must_touch(rows, "relay_use", lane=lane, second=row["second"])
            count -= back

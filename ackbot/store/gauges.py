"""What health and metrics count: rows by inbox, kind and state, never an address or a word (P11)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ackbot.store import inboxes, lanes, leases
from ackbot.store.database import Database, Row, instant_of, text_of

_BEAT = "beat"  # the setting that shows that the store takes what is written
_LATE = timedelta(minutes=5)  # an accepted mail may be recorded this long after it was accepted
_WAITING = "('held', 'queued', 'claimed', 'sending', 'unknown', 'unverified')"


def beat(db: Database, now: datetime) -> None:
    """Write down that the rounds are alive. It does not wait for the disk."""
    db.note(
        "INSERT INTO settings (name, value) VALUES (:name, :now) ON CONFLICT (name) DO UPDATE SET value = :now",
        name=_BEAT,
        now=text_of(now),
    )


def last_beat(db: Database) -> datetime | None:
    """When the store last took what the rounds wrote; None if it never did."""
    rows = db.run("SELECT value FROM settings WHERE name = :name", name=_BEAT)
    return instant_of(rows[0]["value"]) if rows else None


def last_answers(db: Database) -> dict[str, tuple[str, datetime | None]]:
    """State of each inbox that was ever watched, and when its server last answered."""
    return {
        row["inbox"]: (row["state"], instant_of(row["seen_at"]) if row["seen_at"] else None)
        for row in inboxes.states(db)
    }


def troubled_lanes(db: Database) -> list[str]:
    """Names of the relays that are in trouble."""
    return [row["lane"] for row in lanes.known(db) if row["reason"]]


def waiting(db: Database) -> dict[str, int]:
    """How many mails of ours are in each state that may still change."""
    rows = db.run(f"SELECT state, COUNT(*) AS n FROM outbox WHERE state IN {_WAITING} GROUP BY state")
    return {row["state"]: int(row["n"]) for row in rows}


def oldest_due(db: Database, now: datetime) -> datetime | None:
    """Since when the oldest mail could have gone out that has not; None if none waits."""
    rows = db.run(
        "SELECT MIN(CASE WHEN not_before > created_at THEN not_before ELSE created_at END) AS at FROM outbox "
        "WHERE state = 'queued' AND not_before <= :now",
        now=text_of(now),
    )
    return instant_of(rows[0]["at"]) if rows[0]["at"] else None


def alarms(db: Database) -> int:
    """How many urgent alarms nobody has taken."""
    return int(db.run("SELECT COUNT(*) AS n FROM alarms WHERE taken_by = ''")[0]["n"])


def overdue(db: Database, today: date) -> int:
    """How many dates that a resident was told have passed while their clock runs; `today` is the council's date."""
    rows = db.run(
        "SELECT COUNT(*) AS n FROM clocks WHERE state = 'running' AND told AND promised_on < :today",
        today=today.isoformat(),
    )
    return int(rows[0]["n"])


def quarantined(db: Database) -> int:
    """How many mails could not be read."""
    return int(db.run("SELECT COUNT(*) AS n FROM letters WHERE state = 'quarantined'")[0]["n"])


def workers(db: Database) -> int:
    """How many workers are alive on this store, this one among them."""
    return max(1, len(leases.workers(db)))


class Mark(NamedTuple):
    """How far the store has been counted: the last arrival's id, and the instant up to which accepted mails are known."""

    arrival: int
    accepted_at: datetime


def mark(db: Database, now: datetime) -> Mark:
    """Where counting begins when it begins now."""
    return Mark(int(db.run("SELECT COALESCE(MAX(id), 0) AS id FROM arrivals")[0]["id"]), now)


def letters_since(db: Database, since: Mark) -> tuple[int, Sequence[Row]]:
    """The last arrival's id, and how many letters came since the mark: `n` by `inbox`, `kind`, `outcome`."""
    last = int(db.run("SELECT COALESCE(MAX(id), 0) AS id FROM arrivals")[0]["id"])
    rows = db.run(
        "SELECT arrivals.inbox, letters.kind, letters.outcome, COUNT(*) AS n FROM arrivals "
        "JOIN letters ON letters.id = arrivals.letter_id WHERE arrivals.id > :first AND arrivals.id <= :last "
        "GROUP BY arrivals.inbox, letters.kind, letters.outcome",
        first=since.arrival,
        last=last,
    )
    return last, rows


def acknowledged_since(db: Database, at: datetime, known_lanes: Sequence[str]) -> Sequence[Row]:
    """Acknowledgements that a relay took since shortly before an instant: `id`, `accepted_at`, `arrived_at`, `inbox`."""
    found: list[Row] = []
    for lane in known_lanes:
        found += db.run(
            "SELECT outbox.id, outbox.accepted_at, outbox.inbox, letters.arrived_at FROM outbox "
            "JOIN letters ON letters.id = outbox.letter_id "
            "WHERE outbox.lane = :lane AND outbox.accepted_at > :at AND outbox.kind = 'acknowledgement'",
            lane=lane,
            at=text_of(at - _LATE),
        )
    return found

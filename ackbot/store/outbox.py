"""The outbox: mails that are committed and on their way. A state is changed only by the worker that has the claim."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from ackbot.store import backups, daily, events, put_in
from ackbot.store.database import Database, Row, instant_of, listed, must_touch, text_of
from ackbot.store.leases import running
from ackbot.store.modes import IN_HAND, PAUSED, SPARED, TO_GO_OUT

UNKNOWN_WAIT = timedelta(minutes=15)  # before a mail whose end is unknown is sent once more
Probe = Literal["", "last", "first", "spare"]
_ORDERS = {"": "priority, id", "last": "attempts, priority DESC, id DESC", "first": "attempts, priority, id"}
# Whether the relay has taken the mail for which a row waits a moment (E49).
_UPON = "(upon <> '' AND EXISTS (SELECT 1 FROM outbox AS first WHERE first.dedupe_key = outbox.upon AND first.state = 'accepted'))"
_COLUMNS = (
    "id, dedupe_key, kind, code, inbox, lane, staff, recipient, envelope_from, message_id, content, attachments, "
    "attempts, refusals, resent, letter_id, created_at, claimed_by"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """
    One mail to send.

    Args:
        content: the bytes of the whole mail; with `attachments`, the bytes before them.
        attachments: which parts of which mail in an inbox follow the content; None for none.
        refusals: how often the relay refused this mail after DATA and took the next one.
        resent: this is the one repeat after an unknown end.
        claimed_by: the worker that had the claim when the row was read. Later changes touch the row only if it still has.
    """

    id: int
    dedupe_key: str
    kind: str
    code: str
    inbox: str
    lane: str
    staff: str
    recipient: str
    envelope_from: str
    message_id: str
    content: bytes
    attachments: Mapping[str, Any] | None
    attempts: int
    refusals: int
    resent: bool
    letter_id: int | None
    created_at: datetime
    claimed_by: str | None


def _outgoing(row: Row) -> Outgoing:
    return Outgoing(
        row["id"],
        row["dedupe_key"],
        row["kind"],
        row["code"],
        row["inbox"],
        row["lane"],
        row["staff"],
        row["recipient"],
        row["envelope_from"],
        row["message_id"],
        bytes(row["content"]),
        json.loads(row["attachments"]) if row["attachments"] else None,
        row["attempts"],
        row["refusals"],
        bool(row["resent"]),
        row["letter_id"],
        instant_of(row["created_at"]),
        row["claimed_by"],
    )


def told(db: Database, outgoing: Outgoing) -> None:
    """Record that the admin was told of this unverified mail."""
    db.run("UPDATE outbox SET told = :yes WHERE id = :id", yes=True, id=outgoing.id)


def claim(
    db: Database, lane: str, worker: str, now: datetime, lease_s: float, limit: int, *, probe: Probe = ""
) -> list[Outgoing]:
    """
    Claim the next mails of a lane for this worker, the highest priority first. One that waited for another mail says from now
    on what is true now.

    Args:
        lease_s: seconds after which other workers may take them, even if this worker is alive.
        probe: the relay is in trouble. The mails with the fewest attempts go first, from this end of the queue in turn, so that
            none hides the admin's, which is the last, or an alarm. "spare": only what the rest of the relay's day is kept for.
    """
    order, only = _ORDERS.get(probe, _ORDERS[""]), SPARED if probe == "spare" else ""
    rows = db.run(
        f"""
        WITH next AS MATERIALIZED (
            SELECT id FROM outbox WHERE lane = :lane AND state = 'queued' AND (not_before <= :now OR {_UPON})
                AND NOT {PAUSED} {only}
            ORDER BY {order} LIMIT :limit {db.skip_locked}
        )
        UPDATE outbox SET state = 'claimed', claimed_by = :worker, lease_until_s = {db.clock} + :lease_s,
            content = CASE WHEN {_UPON} THEN content_upon ELSE content END, upon = '', content_upon = NULL
        WHERE id IN (SELECT id FROM next)
        RETURNING priority, {_COLUMNS}
        """,
        worker=worker,
        lease_s=lease_s,
        lane=lane,
        now=text_of(now),
        limit=limit,
    )
    return [_outgoing(row) for row in sorted(rows, key=lambda row: (row["priority"], row["id"]))]


def unclaim(db: Database, ids: Sequence[int], worker: str) -> None:
    """
    Put claimed mails that were not tried back into the queue. Mails that are no longer ours are left alone: a pause or a
    lowered mode held them, or another worker took them after our lease had ended.
    """
    for one in ids:
        db.run(
            f"UPDATE outbox SET {TO_GO_OUT} WHERE id = :id AND state = 'claimed' AND claimed_by = :worker",
            id=one,
            worker=worker,
        )


def begin_sending(db: Database, outgoing: Outgoing, worker: str) -> Sequence[Row]:
    """
    Mark a mail as being sent; committed just before DATA.

    Returns:
        Its row, to be looked at when the transaction has ended; none if the claim is no longer ours: do not send it then.
    """
    return db.run(
        "UPDATE outbox SET state = 'sending' WHERE id = :id AND state = 'claimed' AND claimed_by = :worker "
        "RETURNING id",
        id=outgoing.id,
        worker=worker,
    )


def accepted(db: Database, outgoing: Outgoing, reply: str, now: datetime) -> Sequence[Row]:
    """
    The relay said 250. Terminal.

    Returns:
        Its row, to be looked at when the transaction has ended; none if another worker has recorded an unknown end and already
        sends the mail again.
    """
    # A reply of 250 also settles a row that another worker has set to unknown meanwhile: the mail has gone out.
    rows = db.run(
        "UPDATE outbox SET state = 'accepted', reply = :reply, accepted_at = :now, claimed_by = NULL, "
        "lease_until_s = NULL, draft = '' "
        "WHERE id = :id AND (state = 'unknown' OR (state = 'sending' AND claimed_by = :worker)) RETURNING id",
        id=outgoing.id,
        worker=outgoing.claimed_by,
        reply=reply,
        now=text_of(now),
    )
    # An event of no other: whatever was accepted before was so at another instant. Nobody waits for the row to see that.
    db.run(
        f"INSERT INTO events ({events.COLUMNS}) SELECT :now, code, letter_id, inbox, 'accepted', :why, :data FROM outbox "
        "WHERE id = :id AND state = 'accepted' AND accepted_at = :now",
        id=outgoing.id,
        why=f"the relay took the {outgoing.kind}",
        data=events.data_of(_told_of(outgoing, reply)),
        now=text_of(now),
    )
    return rows


def again_later(db: Database, outgoing: Outgoing, reply: str, not_before: datetime) -> bool:
    """
    Queue a mail again until `not_before`: the relay said 4xx, or could not be reached before DATA. False if it is no longer
    ours: a pause or a lowered mode held it before DATA, or another worker took it after our lease had ended.
    """
    rows = db.run(
        f"UPDATE outbox SET {TO_GO_OUT}, attempts = attempts + 1, reply = :reply, not_before = :not_before "
        "WHERE id = :id AND state IN ('claimed', 'sending') AND claimed_by = :worker RETURNING id",
        id=outgoing.id,
        worker=outgoing.claimed_by,
        reply=reply,
        not_before=text_of(not_before),
    )
    return bool(rows)


def anything_due(db: Database, lane: str, now: datetime) -> bool:
    """Whether a lane has mail that may go now, claimed by any worker or by none."""
    due = "lane = :lane AND not_before <= :now"
    rows = db.run(
        f"SELECT 1 FROM outbox WHERE state = 'queued' AND {due} AND NOT {PAUSED} "
        f"UNION ALL SELECT 1 FROM outbox WHERE {IN_HAND} AND state = 'claimed' AND {due} LIMIT 1",
        lane=lane,
        now=text_of(now),
    )
    return bool(rows)


def refused_alone(db: Database, ids: Iterable[int]) -> None:
    """Count a refusal for these mails: the relay refused them after DATA, and then took another mail."""
    for one in ids:
        rows = db.run("UPDATE outbox SET refusals = refusals + 1 WHERE id = :id RETURNING id", id=one)
        must_touch(rows, "outbox", mail=one)


def failed(db: Database, outgoing: Outgoing, reply: str, now: datetime) -> bool:
    """The relay refused the mail for good. Terminal. False if the mail is no longer ours; see `again_later`."""
    rows = db.run(
        "UPDATE outbox SET state = 'failed', reply = :reply, claimed_by = NULL, lease_until_s = NULL WHERE id "
        "= :id AND state IN ('claimed', 'sending') AND claimed_by = :worker RETURNING id",
        id=outgoing.id,
        worker=outgoing.claimed_by,
        reply=reply,
    )
    if rows:
        _tell(db, outgoing, "failed", f"the relay refused the {outgoing.kind}", reply, now)
    return bool(rows)


def unknown(db: Database, outgoing: Outgoing, reply: str, now: datetime) -> str:
    """
    The final dot may have arrived. The mail is sent once more after UNKNOWN_WAIT, and then never again (P2).

    Returns:
        Its new state: `unknown`, or `unverified` if this was its one repeat. "" if the mail is no longer ours.
    """
    state = "unverified" if outgoing.resent else "unknown"
    rows = db.run(
        "UPDATE outbox SET state = :state, reply = :reply, not_before = :not_before, claimed_by = NULL, "
        "lease_until_s = NULL WHERE id = :id AND state = 'sending' AND claimed_by = :worker RETURNING id",
        state=state,
        id=outgoing.id,
        worker=outgoing.claimed_by,
        reply=reply,
        not_before=text_of(now + UNKNOWN_WAIT),
    )
    if not rows:
        return ""
    _tell(db, outgoing, state, f"nobody knows whether the relay took the {outgoing.kind}", reply, now)
    return state


def due_unknown(db: Database, lane: str, now: datetime) -> list[Outgoing]:
    """Mails of a lane whose end is unknown and whose wait is over, oldest first."""
    rows = db.run(
        f"SELECT {_COLUMNS} FROM outbox WHERE {IN_HAND} AND state = 'unknown' AND lane = :lane AND not_before <= :now "
        "ORDER BY id",
        lane=lane,
        now=text_of(now),
    )
    return [_outgoing(row) for row in rows]


def look_again(db: Database, outgoing: Outgoing, not_before: datetime) -> None:
    """Wait until `not_before`: we could not find out yet whether the mail was taken. No row if another worker has."""
    db.run(
        "UPDATE outbox SET not_before = :not_before WHERE id = :id AND state = 'unknown'",
        id=outgoing.id,
        not_before=text_of(not_before),
    )


def resend(db: Database, outgoing: Outgoing, now: datetime) -> None:
    """Queue the one repeat of a mail, with the same Message-ID, unless another worker has found out what became of it."""
    rows = db.run(
        f"UPDATE outbox SET {TO_GO_OUT}, resent = :yes, not_before = :now WHERE id = :id AND state = 'unknown' RETURNING id",
        yes=True,
        id=outgoing.id,
        now=text_of(now),
    )
    if rows:
        _tell(db, outgoing, "resend", f"the {outgoing.kind} is sent once more, with the same Message-ID", "", now)


def hold_unknown(db: Database, outgoing: Outgoing, now: datetime) -> None:
    """Hold a mail with an unknown end, unrepeated, because its inbox's mode was lowered. Terminal. See `look_again`."""
    rows = db.run(
        "UPDATE outbox SET state = 'held', held_for = 'shadow' WHERE id = :id AND state = 'unknown' RETURNING id",
        id=outgoing.id,
    )
    if rows:
        _tell(db, outgoing, "held", f"the {outgoing.kind} is not sent once more: the inbox's mode was lowered", "", now)


def recover(db: Database, now: datetime, *, alone: bool) -> list[Outgoing]:
    """
    Take over what dead workers left: claimed mails are queued again, and mails that were being sent have an unknown end.

    Args:
        alone: no other worker can be alive (SQLite's flock), so we need not wait until leases end.

    Returns:
        All `unverified` mails of which the admin was not told, also those of a worker that died before it could tell.
    """
    left = f"(:alone OR lease_until_s < {db.clock}{_OF_THE_DEAD.format(running=running(db)) if db.shared else ''})"
    db.run(f"UPDATE outbox SET {TO_GO_OUT} WHERE {IN_HAND} AND state = 'claimed' AND {left}", alone=alone)
    rows = db.run(
        f"SELECT {_COLUMNS} FROM outbox WHERE {IN_HAND} AND state = 'sending' AND {left} ORDER BY id", alone=alone
    )
    for row in rows:
        unknown(db, _outgoing(row), "the worker ended while sending", now)
    # A mail to the admin that cannot be verified makes no further mail to the admin.
    untold = db.run(
        f"SELECT {_COLUMNS} FROM outbox WHERE state = 'unverified' AND kind <> 'admin' AND NOT told ORDER BY id"
    )
    return [_outgoing(row) for row in untold]


# A worker whose own lease has ended is dead or frozen. When a frozen one wakes, its claims are no longer its own.
_OF_THE_DEAD = " OR claimed_by NOT IN (SELECT worker FROM leases WHERE {running})"


def accepted_since(db: Database, lane: str, since: datetime) -> list[datetime]:
    """The instants after `since` at which mails of a lane were accepted, oldest first: for the relay's limits."""
    rows = db.run(
        "SELECT accepted_at FROM outbox WHERE lane = :lane AND accepted_at > :since ORDER BY accepted_at",
        lane=lane,
        since=text_of(since),
    )
    return [instant_of(row["accepted_at"]) for row in rows]


def waits_until(db: Database, lane: str) -> datetime | None:
    """When the next mail of a lane may go, or its next unknown end be looked into; None if nothing waits."""
    rows = db.run(
        f"""
        SELECT MIN(at) AS at FROM (
            SELECT MIN(not_before) AS at FROM outbox WHERE lane = :lane AND state = 'queued' AND NOT {PAUSED}
            UNION ALL
            SELECT MIN(not_before) FROM outbox WHERE {IN_HAND} AND state = 'unknown' AND lane = :lane
        ) AS waiting
        """,
        lane=lane,
    )
    return instant_of(rows[0]["at"]) if rows and rows[0]["at"] else None


def counts(db: Database) -> Sequence[Row]:
    """How many mails are in each state, and when the oldest of them was written."""
    return db.run(
        "SELECT state, held_for, COUNT(*) AS n, MIN(created_at) AS oldest FROM outbox GROUP BY state, "
        "held_for ORDER BY state, held_for"
    )


def pause(db: Database, inbox: str, now: datetime) -> int:
    """
    `ackbot pause`: only urgent alarms go out, for one inbox or all (""). Returns how many mails it held.

    Claimed mails are taken back. A mail whose DATA has begun is left to end.
    """
    with db.transaction():
        db.run(
            "INSERT INTO pauses (scope, paused_at) VALUES (:inbox, :now) ON CONFLICT (scope) DO NOTHING",
            inbox=inbox,
            now=text_of(now),
        )
        rows = db.run(
            "UPDATE outbox SET state = 'held', held_for = 'pause', claimed_by = NULL, lease_until_s = NULL "
            f"WHERE state IN ('queued', 'claimed') AND {PAUSED} AND (:inbox = '' OR inbox = :inbox) RETURNING id",
            inbox=inbox,
        )
        events.add(db, now, "pause", "paused by the admin", inbox=inbox)
    return len(rows)


def resume(db: Database, inbox: str, now: datetime) -> int:
    """`ackbot resume`: end the pause of one inbox, or every pause (""). Returns how many mails go out again."""
    with db.transaction():
        db.run("DELETE FROM pauses WHERE :inbox = '' OR scope = :inbox", inbox=inbox)
        rows = db.run(
            "UPDATE outbox SET state = 'queued', held_for = '', not_before = :now WHERE state = 'held' "
            f"AND held_for = 'pause' AND (:inbox = '' OR inbox = :inbox) AND NOT {PAUSED} RETURNING id",
            inbox=inbox,
            now=text_of(now),
        )
        events.add(db, now, "resume", "resumed by the admin", inbox=inbox)
    return len(rows)


def release(
    db: Database,
    inbox: str,
    today: date,
    now: datetime,
    *,
    sent: bool = False,
    look: Collection[str] = (),
) -> tuple[int, int]:
    """
    `ackbot release`: send what the brake or a restore held, of one inbox or all (""). A paused inbox keeps its mail.

    The dates in the released acknowledgements are promises from now on. Residents may hear today of dates that were missed
    (behaviour.md §5.2).

    Args:
        today: the council's date.
        sent: the admin knows that what a restore held had gone out; it is not sent again.
        look: inboxes with a Sent folder. Mail that is found there went out before a restore, and is not sent again either.

    Returns:
        How many mails go out, and how many wait for `resume`.
    """
    with db.transaction():
        if sent:
            _went_out(db, inbox, today, now)
        # An unknown mail is looked for in the Sent folder before it is sent again: a restored one needs the same.
        known, parameters = listed("i", list(look))
        rows = db.run(
            f"UPDATE outbox SET state = 'unknown', held_for = '', not_before = :now WHERE state = 'held' "
            f"AND held_for = 'restore' AND (:inbox = '' OR inbox = :inbox) AND inbox IN ({known}) RETURNING kind, code, state",
            inbox=inbox,
            now=text_of(now),
            **parameters,
        )
        rows = [
            *rows,
            *db.run(
                f"UPDATE outbox SET {TO_GO_OUT}, not_before = :now WHERE state = 'held' "
                "AND held_for IN ('brake', 'restore') AND (:inbox = '' OR inbox = :inbox) RETURNING kind, code, state",
                inbox=inbox,
                now=text_of(now),
            ),
        ]
        for row in rows:
            if row["kind"] in ("acknowledgement", "receipt"):
                _promised(db, row["code"], today, named=row["kind"] == "acknowledgement")
        backups.released(db, inbox)
        letters = put_in.release(db, inbox, now)
        daily.begin(db, "released", today, now)
        why = f"{len(rows)} mails released by the admin" + (
            f", and {letters} letters that were put in" if letters else ""
        )
        events.add(db, now, "release", why, inbox=inbox)
    waiting = sum(row["state"] == "held" for row in rows)
    return len(rows) - waiting, waiting


def _went_out(db: Database, inbox: str, today: date, now: datetime) -> None:
    """Cancel what a restore held, as sent before. Its dates were told to residents all the same."""
    rows = db.run(
        "UPDATE outbox SET state = 'cancelled', held_for = '', reply = :why WHERE state = 'held' AND held_for = 'restore' "
        "AND (:inbox = '' OR inbox = :inbox) RETURNING kind, code",
        inbox=inbox,
        why="sent before the backup was put back, said the admin",
    )
    for row in rows:
        if row["kind"] in ("acknowledgement", "receipt"):
            _promised(db, row["code"], today, named=row["kind"] == "acknowledgement")
    events.add(db, now, "release", f"{len(rows)} mails had gone out before the restore, said the admin", inbox=inbox)


def _promised(db: Database, code: str, today: date, *, named: bool) -> None:
    """
    Mark the dates in a released mail as told to the resident, by the rule of `standards.told` for mail that was never held.

    These are the date of the next word, and (`named`) the date by which an owner will be named. A date in the past promises
    nothing to anybody, and mail about sensitive matters names no date.
    """
    db.run(
        """
        UPDATE clocks SET told = TRUE
        WHERE code = :code AND state = 'running' AND promised_on >= :today
          AND EXISTS (SELECT 1 FROM cases WHERE cases.code = :code AND NOT sensitive
                      AND (clocks.kind <> 'name-owner' OR (:named AND owner = '')))
          AND (kind = 'name-owner' OR (kind IN ('update', 'answer') AND promised_on = (
               SELECT MIN(others.promised_on) FROM clocks AS others
               WHERE others.code = :code AND others.state = 'running' AND others.kind IN ('update', 'answer'))))
        """,
        code=code,
        today=today.isoformat(),
        named=named,
    )


def _tell(db: Database, outgoing: Outgoing, kind: str, why: str, reply: str, now: datetime) -> None:
    data = _told_of(outgoing, reply)
    events.add(db, now, kind, why, code=outgoing.code, letter_id=outgoing.letter_id, inbox=outgoing.inbox, data=data)


def _told_of(outgoing: Outgoing, reply: str) -> dict[str, str]:
    return {"mail": outgoing.kind, "message_id": outgoing.message_id, "reply": reply, "staff": outgoing.staff}

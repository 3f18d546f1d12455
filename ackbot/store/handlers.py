"""Applies intents: the only place that writes a decision as rows (design.md §4)."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from ackbot import log_events
from ackbot.casework.council import Council
from ackbot.casework.intents import (
    Alarm,
    Assign,
    Attach,
    ClearClock,
    Close,
    Copies,
    DropAcknowledgement,
    DropWords,
    EndAbsence,
    EndOffer,
    HumanWords,
    Intent,
    KeepAnsweredElsewhere,
    KeepWords,
    Late,
    Note,
    Offer,
    OpenCase,
    PauseClock,
    Record,
    RecordAbsence,
    Reopen,
    Send,
    SetClock,
    SetCover,
    Settle,
    TakeAlarm,
    Unreachable,
    Wish,
)
from ackbot.casework.model import PRIORITIES, Arrival
from ackbot.mail.addresses import ascii_domain, mailbox_of
from ackbot.mail.compose import Composed
from ackbot.store import alarms, backups, changes, elsewhere, events, inboxes, listings, modes, told_absences
from ackbot.store.database import Database, RowMissing, instant_of, must_touch, text_of
from ackbot.store.unit import Data, Unit

log = structlog.get_logger()


def apply(
    db: Database,
    intents: Sequence[Intent],
    mails: Mapping[str, Composed],
    council: Council,
    now: datetime,
    *,
    letter_id: int | None = None,
    arrival: Arrival | None = None,
) -> int:
    """
    Apply the intents of a decision in their order, inside the caller's transaction.

    An intent whose row is missing is left out; an event and a line in the log say so.

    Args:
        mails: the final bytes of every Send, by dedupe key.
        now: when it was decided, aware.
        letter_id: row of the mail that was decided; None if a clock brought the decision.
        arrival: where that mail arrived; None if a clock brought the decision.

    Returns:
        How many mails were queued to go out now.
    """
    unit = Unit(db, council, now, letter_id, arrival)
    inbox = arrival.inbox if arrival else ""
    queued = 0
    for intent in intents:
        try:
            if isinstance(intent, Send):
                queued += _send(db, intent, mails[intent.dedupe_key], council, now, letter_id, arrival)
                continue
            kind, why, data = intent.event, intent.why, HANDLERS[type(intent)](unit, intent)
        except RowMissing as missing:
            # This is a defect of ours, never of the mail. The resident must not lose the rest of the decision because of it, and
            # other residents must not lose theirs.
            log.exception(
                log_events.ROW_MISSING,
                intent=type(intent).__name__,
                case=intent.code,
                table=missing.ids.get("table"),
            )
            kind, why, data = "row-missing", str(missing), {"intent": type(intent).__name__}
        events.add(db, now, kind, why, code=intent.code, letter_id=letter_id, inbox=inbox, data=data)
    return queued


def _note(_: Unit, intent: Note) -> Data:
    """Only its event is kept."""
    return dict(intent.data)


def _record(_: Unit, intent: Record) -> Data:
    """Only its event is kept; the letter's own row says what became of the mail (store/arrivals)."""
    return {
        "kind": intent.kind,
        "outcome": intent.outcome,
        "rule": intent.rule,
        "acknowledge": intent.acknowledge,
    }


# The function that writes each kind of intent, and returns what its event keeps. Send is not here: it writes its own event.
HANDLERS: Mapping[type[Intent], Callable[[Unit, Any], Data]] = {
    OpenCase: changes.open_case,
    Attach: changes.attach,
    Assign: changes.assign,
    SetCover: changes.set_cover,
    HumanWords: changes.human_words,
    KeepAnsweredElsewhere: elsewhere.keep,
    DropAcknowledgement: elsewhere.drop_acknowledgement,
    Offer: changes.offer,
    EndOffer: changes.end_offer,
    Copies: changes.copies,
    Wish: changes.wish,
    Close: changes.close,
    Settle: changes.close,
    Alarm: alarms.start,
    TakeAlarm: alarms.end,
    Unreachable: changes.unreachable,
    Late: changes.late,
    KeepWords: changes.keep_words,
    DropWords: changes.drop_words,
    RecordAbsence: told_absences.record,
    EndAbsence: told_absences.end,
    Reopen: changes.reopen,
    SetClock: changes.set_clock,
    ClearClock: changes.clear_clock,
    PauseClock: changes.pause_clock,
    Note: _note,
    Record: _record,
}


def _send(
    db: Database,
    send: Send,
    mail: Composed,
    council: Council,
    now: datetime,
    letter_id: int | None,
    arrival: Arrival | None,
) -> bool:
    """
    Put a mail into the outbox. Returns whether it goes out now.

    A mail whose dedupe key is already there is left as it is: this makes all sending idempotent (design.md §5).
    """
    held_for = _held_for(db, send, council, arrival) or (
        "pause" if send.draft.kind != "urgent" and inboxes.is_paused(db, send.inbox) else ""
    )
    draft = send.draft
    rows = db.run(
        """
        INSERT INTO outbox (dedupe_key, state, held_for, kind, priority, code, inbox, lane, staff, recipient, recipient_key,
                            mailbox, envelope_from, message_id, content, attachments, letter_id, created_at, not_before,
                            asks_feedback)
        VALUES (:dedupe_key, :state, :held_for, :kind, :priority, :code, :inbox, :lane, :staff, :recipient, :recipient_key,
                :mailbox, :envelope_from, :message_id, :content, :attachments, :letter_id, :now, :not_before,
                :asks_feedback)
        ON CONFLICT (dedupe_key) DO NOTHING RETURNING id
        """,
        dedupe_key=send.dedupe_key,
        state="held" if held_for else "queued",
        held_for=held_for,
        kind=draft.kind,
        priority=PRIORITIES[draft.kind],
        code=send.code,
        inbox=send.inbox,
        lane=send.lane,
        staff=send.staff,
        recipient=ascii_domain(draft.recipient.addr),
        recipient_key=draft.recipient.key,
        mailbox=mailbox_of(draft.recipient.key),
        envelope_from=draft.envelope_from,
        message_id=draft.message_id,
        content=mail.content,
        attachments=_attachments(send, mail, _place(db, send, arrival), council.inbox_of(send.inbox).attach_up_to),
        letter_id=letter_id,
        now=text_of(now),
        not_before=text_of(max(send.not_before or now, now)),
        asks_feedback=send.asks_feedback,
    )
    if not rows:
        events.add(
            db,
            now,
            "Send",
            f"{draft.kind}: was put into the outbox before",
            code=send.code,
            letter_id=letter_id,
            inbox=send.inbox,
        )
        return False
    listings.keep(db, rows[0]["id"], send.names)
    if draft.kind == "receipt":
        touched = db.run(
            "UPDATE cases SET receipt_on = :day WHERE code = :code RETURNING code",
            day=draft.date_at.date().isoformat(),
            code=send.code,
        )
        must_touch(touched, "cases", case=send.code)
    data = {"kind": draft.kind, "message_id": draft.message_id, "staff": send.staff, "held_for": held_for}
    events.add(db, now, "Send", send.why, code=send.code, letter_id=letter_id, inbox=send.inbox, data=data)
    return not held_for


def _held_for(db: Database, send: Send, council: Council, arrival: Arrival | None) -> str:
    """
    Why a mail is held, pauses aside; "" if it is not.

    The mode is asked first, because what it holds is held for ever, while a brake or a restore is released one day.
    """
    kind, to_staff = send.draft.kind, bool(send.staff)
    if not modes.lets_out(council, send.inbox, kind, to_staff=to_staff):
        return "shadow"
    return "restore" if backups.may_repeat(db, kind, arrival, to_staff=to_staff) else send.hold


def _place(db: Database, send: Send, arrival: Arrival | None) -> Arrival | None:
    """Where the attachments of a mail are: in the letter that is being decided, or in an earlier one (`files_of`)."""
    if not send.files_of:
        return arrival
    rows = db.run("SELECT * FROM arrivals WHERE letter_id = :letter_id ORDER BY id LIMIT 1", letter_id=send.files_of)
    if not rows:
        return None
    row = rows[0]
    return Arrival(row["inbox"], instant_of(row["arrived_at"]), row["folder"], row["uidvalidity"], row["uid"])


def _attachments(send: Send, mail: Composed, arrival: Arrival | None, limit: int) -> str:
    """JSON for the outbox: where the attachments are in the mailbox, and how many octets of them go out at most."""
    if not mail.boundary or arrival is None:
        return ""
    return json.dumps(
        {
            "boundary": mail.boundary,
            "inbox": arrival.inbox,
            "folder": arrival.folder,
            "uidvalidity": arrival.uidvalidity,
            "uid": arrival.uid,
            "limit": limit,
            "parts": [{"section": one.section, "name": one.name} for one in send.draft.attachments],
        }
    )

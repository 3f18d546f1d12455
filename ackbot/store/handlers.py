"""Applies intents: the only place where a decision becomes rows (design.md §4)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ackbot.casework.council import Absence, Council
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
from ackbot.mail.addresses import ascii_domain
from ackbot.mail.compose import Composed
from ackbot.store import alarms, backups, changes, elsewhere, events, inboxes, listings, modes, told_absences
from ackbot.store.database import Database, instant_of, text_of


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
    Make a decision's intents rows, in their order, inside the caller's transaction.

    Args:
        mails: the final bytes of every Send, by dedupe key.

    Returns:
        How many mails were queued to go out now.
    """
    queued = 0
    for intent in intents:
        match intent:
            case Send():
                queued += _send(db, intent, mails[intent.dedupe_key], council, now, letter_id, arrival)
                continue
            case OpenCase():
                changes.open_case(db, intent)
                code = intent.case.code
            case Attach():
                changes.attach(db, intent, arrival, now)
                code = intent.code
            case Assign():
                if intent.taken:
                    changes.cancel_cover_notice(db, intent.code, now)  # it names somebody who has the case no more
                changes.assign(db, intent.code, intent.staff, intent.team, now, taken=intent.taken)
                code = intent.code
            case Reopen():
                changes.reopen(db, intent.code, now)
                code = intent.code
            case SetCover():
                changes.cancel_cover_notice(db, intent.code, now)
                db.run("UPDATE cases SET cover = :staff WHERE code = :code", staff=intent.staff, code=intent.code)
                code = intent.code
            case HumanWords():
                changes.human_words(db, intent, now)
                code = intent.code
            case KeepAnsweredElsewhere():
                elsewhere.keep(db, intent, now)
                code = intent.answer.code
            case DropAcknowledgement():
                elsewhere.drop_acknowledgement(db, intent)
                code = intent.code
            case Offer():
                changes.offer(db, intent, now)
                code = intent.code
            case Copies():
                changes.copies(db, intent)
                code = intent.code
            case Wish():
                changes.wish(db, intent)
                code = intent.code
            case PauseClock():
                changes.pause_clock(db, intent, now)
                code = intent.code
            case Close() | Settle():
                changes.close(db, intent.code, now)
                code = intent.code
            case Late():
                changes.late(db, intent, council.calendar.local_day(now))
                code = intent.code
            case Alarm():
                next_at = now + timedelta(seconds=intent.repeat_s)
                alarms.start(db, intent.code, intent.categories, now, next_at)
                code = intent.code
            case TakeAlarm():
                alarms.take(db, intent.code, intent.staff, now)
                code = intent.code
            case Unreachable():
                db.run("UPDATE cases SET unreachable = :gone WHERE code = :code", gone=intent.gone, code=intent.code)
                code = intent.code
            case KeepWords():
                changes.keep_words(db, intent, now, letter_id)
                code = intent.code
            case DropWords():
                db.run("UPDATE words SET state = :outcome WHERE id = :id", outcome=intent.outcome, id=intent.id)
                code = intent.code
            case RecordAbsence():
                told_absences.add(db, intent.absence, now)
                code = ""
            case EndAbsence():
                told_absences.end(db, intent.staff, now)
                if intent.until:
                    told_absences.add(db, Absence(intent.staff, now, intent.until, source="BACK"), now)
                code = ""
            case SetClock():
                changes.set_clock(db, intent, now)
                code = intent.code
            case ClearClock():
                changes.end_clock(db, intent.code, intent.kind, intent.outcome, intent.why, now)
                code = intent.code
            case Note():
                code = intent.code
            case Record():
                code = ""
        events.add(
            db,
            now,
            _name(intent),
            intent.why,
            code=code,
            letter_id=letter_id,
            inbox=arrival.inbox if arrival else "",
            data=_data(intent),
        )
    return queued


def _name(intent: Intent) -> str:
    return intent.kind if isinstance(intent, Note) else type(intent).__name__


def _data(intent: Intent) -> dict[str, Any]:
    match intent:
        case Assign():
            return {"staff": intent.staff, "team": intent.team}
        case SetCover() | KeepWords() | EndAbsence():
            return {"staff": intent.staff}
        case HumanWords():
            at = {"at": text_of(intent.at)} if intent.at else {}
            return {"staff": intent.staff, "state": intent.state, "by": intent.by, **at}
        case Offer():
            return {"to": intent.to, "by": intent.by}
        case Wish():
            return {"what": intent.what, "value": intent.value}
        case PauseClock():
            return {"kind": intent.kind}
        case RecordAbsence():
            absence = intent.absence
            return {
                "staff": absence.staff,
                "starts_at": text_of(absence.starts_at),
                "ends_at": text_of(absence.ends_at),
            }
        case SetClock():
            return {
                "kind": intent.clock.kind,
                "promised_on": intent.clock.promised_on.isoformat(),
                "due_at": text_of(intent.clock.due_at),
            }
        case ClearClock():
            return {"kind": intent.kind, "outcome": intent.outcome}
        case Note():
            return dict(intent.data)
        case Record():
            return {
                "kind": intent.kind,
                "outcome": intent.outcome,
                "rule": intent.rule,
                "acknowledge": intent.acknowledge,
            }
        case _:
            return {}


def _send(
    db: Database,
    send: Send,
    mail: Composed,
    council: Council,
    now: datetime,
    letter_id: int | None,
    arrival: Arrival | None,
) -> bool:
    """Whether the mail goes out now. One that was put there before is left as it is: that is the idempotence of all sending."""
    held_for = _held_for(db, send, council, arrival) or (
        "pause" if send.draft.kind != "urgent" and inboxes.is_paused(db, send.inbox) else ""
    )
    draft = send.draft
    rows = db.run(
        """
        INSERT INTO outbox (dedupe_key, state, held_for, kind, priority, code, inbox, lane, staff, recipient, recipient_key,
                            envelope_from, message_id, content, attachments, letter_id, created_at, not_before, asks_feedback)
        VALUES (:dedupe_key, :state, :held_for, :kind, :priority, :code, :inbox, :lane, :staff, :recipient, :recipient_key,
                :envelope_from, :message_id, :content, :attachments, :letter_id, :now, :not_before, :asks_feedback)
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
        db.run(
            "UPDATE cases SET receipt_on = :day WHERE code = :code",
            day=draft.date_at.date().isoformat(),
            code=send.code,
        )
    data = {"kind": draft.kind, "message_id": draft.message_id, "staff": send.staff, "held_for": held_for}
    events.add(db, now, "Send", send.why, code=send.code, letter_id=letter_id, inbox=send.inbox, data=data)
    return not held_for


def _held_for(db: Database, send: Send, council: Council, arrival: Arrival | None) -> str:
    """Why it waits, a pause apart; '' when it goes. What the mode does not let out is never asked for its other reasons."""
    kind, to_staff = send.draft.kind, bool(send.staff)
    if not modes.lets_out(council, send.inbox, kind, to_staff=to_staff):
        return "shadow"
    return "restore" if backups.may_repeat(db, kind, arrival, to_staff=to_staff) else send.hold


def _place(db: Database, send: Send, arrival: Arrival | None) -> Arrival | None:
    """Where the files of a mail are: with the letter that is being decided, or with an earlier one."""
    if not send.files_of:
        return arrival
    rows = db.run("SELECT * FROM arrivals WHERE letter_id = :letter_id ORDER BY id LIMIT 1", letter_id=send.files_of)
    if not rows:
        return None
    row = rows[0]
    return Arrival(row["inbox"], instant_of(row["arrived_at"]), row["folder"], row["uidvalidity"], row["uid"])


def _attachments(send: Send, mail: Composed, arrival: Arrival | None, limit: int) -> str:
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

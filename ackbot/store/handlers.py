"""Applies intents: the only place that writes a decision as rows (design.md §4)."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from ackbot import log_events
from ackbot.casework.council import Council
from ackbot.casework.drafts.anew import REWRITTEN
from ackbot.casework.drafts.kinds import RESIDENTS_RECEIPTS
from ackbot.casework.intents import (
    Alarm,
    AnswerTo,
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
    Learn,
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
from ackbot.mail import kept_drafts
from ackbot.mail.addresses import ascii_domain, mailbox_of
from ackbot.mail.compose import Composed
from ackbot.store import alarms, backups, changes, elsewhere, events, footers, listings, modes, renamed, told_absences
from ackbot.store.database import Database, Row, RowMissing, instant_of, must_touch, text_of
from ackbot.store.events import Event
from ackbot.store.unit import NO_DATA, Data, Unit

log = structlog.get_logger()

_End = Callable[[], tuple[Event, bool]]  # gives the event of an intent, and whether a mail goes out now


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
    first = _first(intents)
    begun = [
        _begun(Unit(db, council, now, letter_id, arrival, is_first), intent, mails)
        for intent, is_first in zip(intents, first, strict=True)
    ]
    # All statements are sent, so that PostgreSQL is waited for once.
    ended = [end() for end in begun]
    events.add_all(db, now, [event for event, _ in ended], letter_id)
    return sum(goes for _, goes in ended)


def _first(intents: Sequence[Intent]) -> list[bool]:
    """Of each intent: is it the first one of its kind about a case that this decision opens?"""
    opened: set[str] = set()
    seen: set[tuple[str, str]] = set()
    found = []
    for intent in intents:
        if isinstance(intent, OpenCase):
            opened.add(intent.code)
        # Words of a person may change the owner as well, and each kind of clock is a kind of its own.
        kind = "Assign" if isinstance(intent, HumanWords) else type(intent).__name__
        one = (intent.code, f"{kind} {intent.clock.kind}" if isinstance(intent, SetClock) else kind)
        found.append(intent.code in opened and one not in seen)
        seen.add(one)
    return found


def _begun(unit: Unit, intent: Intent, mails: Mapping[str, Composed]) -> _End:
    """Send the statements of one intent. What is returned looks whether they did what they should."""
    try:
        if isinstance(intent, Send):
            end = _send(unit, intent, mails[intent.dedupe_key])
        else:
            data = HANDLERS[type(intent)](unit, intent)
            inbox = unit.arrival.inbox if unit.arrival else ""
            end = partial(_touched, unit, Event(intent.event, intent.why, intent.code, inbox, data))
    except RowMissing as missing:
        missed = _missed(unit, intent, missing)
        return lambda: missed
    return partial(_looked, unit, intent, end)


def _looked(unit: Unit, intent: Intent, end: _End) -> tuple[Event, bool]:
    try:
        return end()
    except RowMissing as missing:
        return _missed(unit, intent, missing)


def _touched(unit: Unit, event: Event) -> tuple[Event, bool]:
    unit.look()
    return event, False


def _missed(unit: Unit, intent: Intent, missing: RowMissing) -> tuple[Event, bool]:
    """
    The event of an intent that could not be written whole.

    This is a defect of ours, never of the mail. The resident must not lose the rest of the decision because of it, and
    other residents must not lose theirs.
    """
    name = type(intent).__name__
    table = missing.ids.get("table")
    log.exception(log_events.ROW_MISSING, intent=name, case=intent.code, table=table)
    inbox = unit.arrival.inbox if unit.arrival else ""
    return Event("row-missing", str(missing), intent.code, inbox, {"intent": name}), False


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
    AnswerTo: changes.answer_to,
    Wish: changes.wish,
    Close: changes.close,
    Settle: changes.close,
    Alarm: alarms.start,
    Learn: footers.learn,
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


def _send(unit: Unit, send: Send, mail: Composed) -> _End:
    """
    Put a mail into the outbox.

    A mail whose dedupe key is already there is left as it is: this makes all sending idempotent (design.md §5).
    """
    draft, council, now = send.draft, unit.council, unit.now
    rows = unit.db.run(
        """
        INSERT INTO outbox (dedupe_key, state, held_for, kind, priority, code, inbox, lane, staff, recipient, recipient_key,
                            mailbox, envelope_from, message_id, content, attachments, letter_id, created_at, not_before,
                            asks_feedback, draft, upon, content_upon)
        VALUES (:dedupe_key,
                CASE WHEN :held_for <> '' OR (:pauses AND EXISTS (SELECT 1 FROM pauses WHERE scope IN ('', :inbox)))
                    THEN 'held' ELSE 'queued' END,
                CASE WHEN :held_for = '' AND :pauses AND EXISTS (SELECT 1 FROM pauses WHERE scope IN ('', :inbox))
                    THEN 'pause' ELSE :held_for END,
                :kind, :priority, :code, :inbox, :lane, :staff, :recipient, :recipient_key,
                :mailbox, :envelope_from, :message_id, :content, :attachments, :letter_id, :now, :not_before,
                :asks_feedback, :draft, :upon, :content_upon)
        ON CONFLICT (dedupe_key) DO NOTHING RETURNING id, held_for
        """,
        dedupe_key=send.dedupe_key,
        held_for=_held_for(unit.db, send, council, unit.arrival),
        pauses=modes.pauses_hold(council, draft.kind, draft.recipient.key),
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
        attachments=_attachments(
            send, mail, _place(unit.db, send, unit.arrival), council.inbox_of(send.inbox).attach_up_to
        ),
        letter_id=unit.letter_id,
        now=text_of(now),
        not_before=text_of(max(send.not_before or now, now)),
        asks_feedback=send.asks_feedback,
        draft=kept_drafts.text_of(draft) if draft.template in REWRITTEN else "",
        upon=send.upon.key if send.upon else "",
        content_upon=mail.upon,
    )
    return partial(_sent, unit, send, rows)


def _sent(unit: Unit, send: Send, rows: Sequence[Row]) -> tuple[Event, bool]:
    """The event of a mail, and whether it goes out now: it is new, and not held."""
    draft = send.draft
    if not rows:
        return Event("Send", f"{draft.kind}: was put into the outbox before", send.code, send.inbox, NO_DATA), False
    listings.keep(unit.db, rows[0]["id"], send.names)
    if rows[0]["held_for"] != "shadow":
        renamed.name(unit.db, rows[0]["id"], send.named)
    if draft.template in RESIDENTS_RECEIPTS:  # one to somebody else uses up no receipt of the resident
        touched = unit.db.run(
            "UPDATE cases SET receipt_on = CASE WHEN resident_address = :to THEN :day ELSE receipt_on END "
            "WHERE code = :code RETURNING code",
            day=draft.date_at.date().isoformat(),
            to=draft.recipient.addr,
            code=send.code,
        )
        must_touch(touched, "cases", case=send.code)
    held_for = rows[0]["held_for"]
    data = {"kind": draft.kind, "message_id": draft.message_id, "staff": send.staff, "held_for": held_for}
    return Event("Send", send.why, send.code, send.inbox, data), not held_for


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

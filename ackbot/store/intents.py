"""Applies intents: the only place where a decision becomes rows (design.md §4)."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ackbot.casework.council import Absence, Council
from ackbot.casework.intents import (
    Alarm,
    Assign,
    Attach,
    ClearClock,
    Close,
    DropWords,
    EndAbsence,
    HumanWords,
    Intent,
    KeepWords,
    Late,
    Note,
    OpenCase,
    Record,
    RecordAbsence,
    Reopen,
    Send,
    SetClock,
    SetCover,
    Settle,
    TakeAlarm,
    Unreachable,
)
from ackbot.casework.model import PRIORITIES, Arrival
from ackbot.mail.addresses import ascii_domain
from ackbot.mail.compose import Composed
from ackbot.store import absences, alarms, events, holding, inboxes
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
                _open_case(db, intent)
                code = intent.case.code
            case Attach():
                _attach(db, intent, arrival, now)
                code = intent.code
            case Assign():
                assign(db, intent.code, intent.staff, intent.team, now)
                code = intent.code
            case Reopen():
                _reopen(db, intent.code, now)
                code = intent.code
            case SetCover():
                _cancel_cover_notice(db, intent.code, now)
                db.run("UPDATE cases SET cover = :staff WHERE code = :code", staff=intent.staff, code=intent.code)
                code = intent.code
            case HumanWords():
                _human_words(db, intent, now)
                code = intent.code
            case Close() | Settle():
                _close(db, intent.code, now)
                code = intent.code
            case Late():
                _late(db, intent, council.calendar.local_day(now))
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
                _keep_words(db, intent, now, letter_id)
                code = intent.code
            case DropWords():
                db.run("UPDATE words SET state = :outcome WHERE id = :id", outcome=intent.outcome, id=intent.id)
                code = intent.code
            case RecordAbsence():
                absences.add(db, intent.absence, now)
                code = ""
            case EndAbsence():
                absences.end(db, intent.staff, now)
                if intent.until:
                    absences.add(db, Absence(intent.staff, now, intent.until, source="BACK"), now)
                code = ""
            case SetClock():
                _set_clock(db, intent, now)
                code = intent.code
            case ClearClock():
                end_clock(db, intent.code, intent.kind, intent.outcome, intent.why, now)
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
            return {"staff": intent.staff, "state": intent.state}
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


def _open_case(db: Database, intent: OpenCase) -> None:
    case = intent.case
    db.run(
        """
        INSERT INTO cases (code, state, inbox, resident_address, resident_name, subject, team, owner, standard, language,
                           sensitive, opened_at, last_letter_at)
        VALUES (:code, :state, :inbox, :address, :name, :subject, :team, '', :standard, :language,
                :sensitive, :opened_at, :last_letter_at)
        """,
        code=case.code,
        state=case.state,
        inbox=case.inbox,
        address=case.resident.addr,
        name=case.resident.name,
        subject=case.subject,
        team=case.team,
        standard=case.standard,
        language=case.language,
        sensitive=case.sensitive,
        opened_at=text_of(case.opened_at),
        last_letter_at=text_of(case.last_letter_at or case.opened_at),
    )
    for address in sorted(case.parties):
        db.run(
            "INSERT INTO parties (code, address) VALUES (:code, :address) ON CONFLICT DO NOTHING",
            code=case.code,
            address=address,
        )


def _attach(db: Database, intent: Attach, arrival: Arrival | None, now: datetime) -> None:
    at = text_of(arrival.arrived_at if arrival else now)
    db.run("UPDATE cases SET last_letter_at = :at WHERE code = :code AND last_letter_at < :at", at=at, code=intent.code)
    if intent.sensitive:
        db.run("UPDATE cases SET sensitive = :yes WHERE code = :code", yes=True, code=intent.code)
    if intent.party:
        db.run(
            "INSERT INTO parties (code, address) VALUES (:code, :address) ON CONFLICT DO NOTHING",
            code=intent.code,
            address=intent.party,
        )


def assign(db: Database, code: str, staff: str, team: str, now: datetime) -> None:
    """A case gets another owner; the loads of both follow."""
    before = db.run("SELECT owner, state FROM cases WHERE code = :code", code=code)[0]
    open_now = before["state"] != "closed"
    if before["owner"] and open_now:
        _change_load(db, before["owner"], -1, None)
    db.run("UPDATE cases SET owner = :staff, team = :team WHERE code = :code", staff=staff, team=team, code=code)
    if open_now:
        _change_load(db, staff, 1, now)


def _change_load(db: Database, staff: str, by: int, assigned_at: datetime | None) -> None:
    at = text_of(assigned_at) if assigned_at else None
    db.run(
        """
        INSERT INTO staff_load (staff, open_cases, assigned_at) VALUES (:staff, CASE WHEN :by > 0 THEN :by ELSE 0 END, :at)
        ON CONFLICT (staff) DO UPDATE SET
            open_cases = CASE WHEN staff_load.open_cases + :by < 0 THEN 0 ELSE staff_load.open_cases + :by END,
            assigned_at = COALESCE(:at, staff_load.assigned_at)
        """,
        staff=staff,
        by=by,
        at=at,
    )


def _human_words(db: Database, intent: HumanWords, now: datetime) -> None:
    """A person wrote: lateness and chasers are over; a cover who writes owns the case from now on (behaviour.md §4.5)."""
    _cancel_cover_notice(db, intent.code, now)
    alarms.take(db, intent.code, intent.staff, now)
    case = db.run("SELECT owner, cover, team FROM cases WHERE code = :code", code=intent.code)[0]
    if case["cover"] and case["cover"] == intent.staff:
        assign(db, intent.code, intent.staff, case["team"], now)
        db.run("UPDATE cases SET cover = '' WHERE code = :code", code=intent.code)
    db.run(
        "UPDATE cases SET human_words_at = :now, human_words_by = :staff, late_since = NULL, no_news = 0 "
        "WHERE code = :code",
        now=text_of(now),
        staff=intent.staff,
        code=intent.code,
    )
    db.run(
        """
        INSERT INTO staff_load (staff, open_cases, human_sent) VALUES (:staff, 0, 1)
        ON CONFLICT (staff) DO UPDATE SET human_sent = staff_load.human_sent + 1
        """,
        staff=intent.staff,
    )
    if intent.state == "closed":
        _close(db, intent.code, now)
    else:
        db.run("UPDATE cases SET state = :state WHERE code = :code", state=intent.state, code=intent.code)


def _cancel_cover_notice(db: Database, code: str, now: datetime) -> None:
    """A notice that waits for working hours, and is no longer true by then, is not sent."""
    db.run(
        "UPDATE outbox SET state = 'cancelled' WHERE code = :code AND kind = 'cover' AND state = 'queued' AND "
        "not_before > :now",
        code=code,
        now=text_of(now),
    )


def _close(db: Database, code: str, now: datetime) -> None:
    """The case ends; whatever still ran ends with it, and nobody has it on their hands any more."""
    _cancel_cover_notice(db, code, now)
    alarms.take(db, code, "closed", now)
    before = db.run("SELECT owner, state FROM cases WHERE code = :code", code=code)[0]
    db.run(
        "UPDATE cases SET state = 'closed', closed_at = :now, cover = '' WHERE code = :code",
        now=text_of(now),
        code=code,
    )
    db.run(
        "UPDATE clocks SET state = 'kept', ended_at = :now, why = 'the case is closed' "
        "WHERE code = :code AND state IN ('running', 'paused')",
        now=text_of(now),
        code=code,
    )
    if before["state"] != "closed" and before["owner"]:
        _change_load(db, before["owner"], -1, None)


def _late(db: Database, intent: Late, today: date) -> None:
    db.run(
        "UPDATE cases SET late_since = COALESCE(late_since, :today), no_news = :no_news WHERE code = :code",
        today=today.isoformat(),
        no_news=intent.no_news,
        code=intent.code,
    )


def _keep_words(db: Database, intent: KeepWords, now: datetime, letter_id: int | None) -> None:
    db.run(
        """
        INSERT INTO words (code, staff, kind, state, command, argument, words, asked_by, letter_id, files, at)
        VALUES (:code, :staff, :kind, :state, :command, :argument, :words, :asked_by, :letter_id, :files, :now)
        """,
        code=intent.code,
        staff=intent.staff,
        kind=intent.kind,
        state="open" if intent.kind == "held" else "kept",
        command=intent.command,
        argument=intent.argument,
        words=intent.words,
        asked_by=intent.asked_by.lower(),
        letter_id=letter_id,
        files=json.dumps([[one.name, one.content_type, one.section] for one in intent.files]),
        now=text_of(now),
    )
    if intent.kind == "note":
        db.run(
            "UPDATE cases SET noted_at = :now WHERE code = :code AND state <> 'closed' AND :staff IN (owner, cover)",
            now=text_of(now),
            code=intent.code,
            staff=intent.staff,
        )


def _reopen(db: Database, code: str, now: datetime) -> None:
    before = db.run("SELECT owner, state FROM cases WHERE code = :code", code=code)[0]
    if before["state"] == "closed":
        db.run("UPDATE cases SET late_since = NULL, no_news = 0, noted_at = NULL WHERE code = :code", code=code)
    db.run("UPDATE cases SET state = 'open', closed_at = NULL WHERE code = :code", code=code)
    if before["state"] == "closed" and before["owner"]:
        _change_load(db, before["owner"], 1, now)


def _set_clock(db: Database, intent: SetClock, now: datetime) -> None:
    end_clock(db, intent.code, intent.clock.kind, "replaced", intent.why, now)
    db.run(
        """
        INSERT INTO clocks (code, kind, state, promised_on, due_at, told, counted_from, duration, started_at, why)
        VALUES (:code, :kind, 'running', :promised_on, :due_at, :told, :counted_from, :duration, :now, :why)
        """,
        code=intent.code,
        kind=intent.clock.kind,
        promised_on=intent.clock.promised_on.isoformat(),
        due_at=text_of(intent.clock.due_at),
        told=intent.clock.told,
        counted_from=text_of(intent.clock.started_at) if intent.clock.started_at else None,
        duration=intent.clock.duration,
        now=text_of(now),
        why=intent.why,
    )


def end_clock(db: Database, code: str, kind: str, outcome: str, why: str, now: datetime) -> None:
    """A running clock ends kept, replaced or withheld; without one, nothing happens."""
    db.run(
        "UPDATE clocks SET state = :outcome, ended_at = :now, why = :why WHERE code = :code AND kind = :kind "
        "AND state IN ('running', 'paused')",
        outcome=outcome,
        now=text_of(now),
        why=why,
        code=code,
        kind=kind,
    )


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
    inbox = council.inboxes.get(send.inbox)
    held_for = _held_for(send, council) or (
        "pause" if send.draft.kind != "urgent" and inboxes.is_paused(db, send.inbox) else ""
    )
    draft = send.draft
    rows = db.run(
        """
        INSERT INTO outbox (dedupe_key, state, held_for, kind, priority, code, inbox, lane, staff, recipient, recipient_key,
                            envelope_from, message_id, content, attachments, letter_id, created_at, not_before)
        VALUES (:dedupe_key, :state, :held_for, :kind, :priority, :code, :inbox, :lane, :staff, :recipient, :recipient_key,
                :envelope_from, :message_id, :content, :attachments, :letter_id, :now, :not_before)
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
        attachments=_attachments(send, mail, _place(db, send, arrival), inbox.attach_up_to if inbox else 0),
        letter_id=letter_id,
        now=text_of(now),
        not_before=text_of(max(send.not_before or now, now)),
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
    if draft.kind == "receipt":
        db.run(
            "UPDATE cases SET receipt_on = :day WHERE code = :code",
            day=draft.date_at.date().isoformat(),
            code=send.code,
        )
    data = {"kind": draft.kind, "message_id": draft.message_id, "staff": send.staff, "held_for": held_for}
    events.add(db, now, "Send", send.why, code=send.code, letter_id=letter_id, inbox=send.inbox, data=data)
    return not held_for


def _held_for(send: Send, council: Council) -> str:
    """Why it waits, a pause apart; '' when it goes. What the mode does not let out is never asked for its other reasons."""
    return send.hold if holding.lets_out(council, send.inbox, send.draft.kind, to_staff=bool(send.staff)) else "shadow"


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

"""
What intents do to cases, to their clocks, and to the words that are kept with them.

Only store/handlers calls these functions, in its transaction. Each returns what the intent's event keeps.
"""

import json
from datetime import datetime

from ackbot.casework.intents import (
    AnswerTo,
    Assign,
    Attach,
    ClearClock,
    Close,
    Copies,
    DropWords,
    EndOffer,
    HumanWords,
    KeepWords,
    Late,
    Offer,
    OpenCase,
    PauseClock,
    Reopen,
    SetClock,
    SetCover,
    Settle,
    Unreachable,
    Wish,
)
from ackbot.mail.addresses import key_of
from ackbot.store.database import Database, listed, must_touch, text_of
from ackbot.store.renamed import cancel_cover_notice
from ackbot.store.unit import NO_DATA, Data, Unit


def open_case(unit: Unit, intent: OpenCase) -> Data:
    """Open a case with its parties. Other intents set its owner and clocks."""
    case, db = intent.case, unit.db
    db.run(
        """
        INSERT INTO cases (code, state, inbox, resident_address, resident_name, subject, team, owner, standard, language,
                           sensitive, quiet, opened_at, last_letter_at, about, way, named)
        VALUES (:code, :state, :inbox, :address, :name, :subject, :team, '', :standard, :language,
                :sensitive, :quiet, :opened_at, :last_letter_at, :about, :way, :named)
        """,
        code=case.code,
        way=case.way,
        named=case.named,
        state=case.state,
        inbox=case.inbox,
        address=case.resident.addr,
        name=case.resident.name,
        subject=case.subject,
        team=case.team,
        standard=case.standard,
        language=case.language,
        sensitive=case.sensitive,
        quiet=case.quiet,
        opened_at=text_of(case.opened_at),
        last_letter_at=text_of(case.last_letter_at or case.opened_at),
        about=json.dumps(sorted(case.about)) if case.about else "",
    )
    for address in sorted(case.parties):
        db.run(
            "INSERT INTO parties (code, address) VALUES (:code, :address) ON CONFLICT DO NOTHING",
            code=case.code,
            address=address,
        )
    return NO_DATA


def attach(unit: Unit, intent: Attach) -> Data:
    """Add a further letter to a case: its time, and whether it makes the case sensitive."""
    at = unit.arrival.arrived_at if unit.arrival else unit.now
    rows = unit.db.run(
        "UPDATE cases SET last_letter_at = CASE WHEN :latest AND last_letter_at < :at THEN :at ELSE last_letter_at END, "
        "sensitive = (sensitive OR :sensitive) WHERE code = :code RETURNING code",
        at=text_of(at),
        latest=intent.latest,
        sensitive=intent.sensitive,
        code=intent.code,
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return NO_DATA


def assign(unit: Unit, intent: Assign) -> Data:
    """Give a case another owner. The loads of both change, and an open offer ends."""
    if intent.taken:
        cancel_cover_notice(unit, intent.code)  # the notice names somebody who no longer has the case
    _give(unit, intent.code, intent.staff, intent.team, taken=intent.taken)
    return {"staff": intent.staff, "team": intent.team}


def _give(unit: Unit, code: str, staff: str, team: str, *, taken: bool = False) -> None:
    """Change the owner; the change counts as a hand-over if it was `taken`. Nobody's load has closed cases in it."""
    if not unit.first:  # a case that has just been opened has no owner
        _change_load(unit.db, code, -1)
    rows = unit.db.run(
        "UPDATE cases SET owner = :staff, team = :team, offered_to = '', offered_by = '', offered_at = NULL, "
        "handovers = handovers + :taken WHERE code = :code RETURNING code",
        staff=staff,
        team=team,
        taken=int(taken),
        code=code,
    )
    unit.must_touch(rows, "cases", case=code)
    _change_load(unit.db, code, 1, unit.now)


def _change_load(
    db: Database, code: str, by: int, assigned_at: datetime | None = None, *, closed: bool = False
) -> None:
    """
    Change the load of a case's owner, never below 0. A case without one changes nobody's.

    Args:
        assigned_at: the instant of the last assignment, which else stays as it is.
        closed: only if the case is closed; otherwise only if it is not.
    """
    db.run(
        f"""
        INSERT INTO staff_load (staff, open_cases, assigned_at)
        SELECT owner, CASE WHEN :by > 0 THEN :by ELSE 0 END, :at FROM cases
        WHERE code = :code AND owner <> '' AND state {"=" if closed else "<>"} 'closed'
        ON CONFLICT (staff) DO UPDATE SET
            open_cases = CASE WHEN staff_load.open_cases + :by < 0 THEN 0 ELSE staff_load.open_cases + :by END,
            assigned_at = COALESCE(:at, staff_load.assigned_at)
        """,
        code=code,
        by=by,
        at=text_of(assigned_at) if assigned_at else None,
    )


def set_cover(unit: Unit, intent: SetCover) -> Data:
    """Set who covers for the owner; "" if nobody does any longer."""
    cancel_cover_notice(unit, intent.code)
    rows = unit.db.run(
        "UPDATE cases SET cover = :staff WHERE code = :code RETURNING code", staff=intent.staff, code=intent.code
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return {"staff": intent.staff}


def human_words(unit: Unit, intent: HumanWords) -> Data:
    """
    A person wrote to the resident, or spoke to them: lateness and reminders end. An alarm goes on: only TAKE ends it (E5).

    A cover who writes owns the case from now on (behaviour.md §4.5).
    """
    db, now = unit.db, unit.now
    found = db.run("SELECT owner, cover, team FROM cases WHERE code = :code", code=intent.code)
    case = must_touch(found, "cases", case=intent.code)
    cancel_cover_notice(unit, intent.code)
    if case["cover"] and case["cover"] == intent.staff:
        _give(unit, intent.code, intent.staff, case["team"])
        db.run("UPDATE cases SET cover = '' WHERE code = :code", code=intent.code)
    # Words may be seen late, in a Sent folder: they never move the time of the last human words back.
    db.run(
        "UPDATE cases SET human_words_at = CASE WHEN human_words_at > :now THEN human_words_at ELSE :now END, "
        "human_words_by = :staff, answered_by = :by, late_since = NULL, no_news = 0, owes = '' WHERE code = :code",
        now=text_of(min(intent.at or now, now)),
        staff=intent.staff,
        by=intent.by,
        code=intent.code,
    )
    if intent.by == "mail":
        db.run(
            """
            INSERT INTO staff_load (staff, open_cases, human_sent) VALUES (:staff, 0, 1)
            ON CONFLICT (staff) DO UPDATE SET human_sent = staff_load.human_sent + 1
            """,
            staff=intent.staff,
        )
    if intent.state == "closed":
        _close(unit, intent.code)
    else:
        db.run("UPDATE cases SET state = :state WHERE code = :code", state=intent.state, code=intent.code)
    at = {"at": text_of(intent.at)} if intent.at else {}
    return {"staff": intent.staff, "state": intent.state, "by": intent.by, **at}


def close(unit: Unit, intent: Close | Settle) -> Data:
    """Close a case. Its clocks, cover, offer and alarm end with it, and it no longer counts in its owner's load."""
    _close(unit, intent.code)
    return NO_DATA


def _close(unit: Unit, code: str) -> None:
    """See `close`. A case that was closed before is closed again without a change of its owner's load."""
    db, now = unit.db, unit.now
    cancel_cover_notice(unit, code)
    _change_load(db, code, -1)
    rows = db.run(
        "UPDATE cases SET state = 'closed', closed_at = :now, cover = '', offered_to = '', offered_by = '', "
        "offered_at = NULL WHERE code = :code RETURNING code",
        now=text_of(now),
        code=code,
    )
    unit.must_touch(rows, "cases", case=code)
    db.run(
        "UPDATE clocks SET state = 'kept', ended_at = :now, why = 'the case is closed' "
        "WHERE code = :code AND state IN ('running', 'paused')",
        now=text_of(now),
        code=code,
    )


def late(unit: Unit, intent: Late) -> Data:
    """Mark a case as late since today, by the council's date. A case that is already late keeps its date."""
    rows = unit.db.run(
        "UPDATE cases SET late_since = COALESCE(late_since, :today), no_news = :no_news, owes = COALESCE(:owes, owes) "
        "WHERE code = :code RETURNING code",
        today=unit.council.calendar.local_day(unit.now).isoformat(),
        no_news=intent.no_news,
        owes=intent.owes,
        code=intent.code,
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return NO_DATA


def unreachable(unit: Unit, intent: Unreachable) -> Data:
    """Record that mail to the resident bounces, or that it no longer does."""
    rows = unit.db.run(
        "UPDATE cases SET unreachable = :gone WHERE code = :code RETURNING code", gone=intent.gone, code=intent.code
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return NO_DATA


def keep_words(unit: Unit, intent: KeepWords) -> Data:
    """
    Keep a note, or words that wait for the author's answer.

    A note from the owner or the cover is a sign of work on the case, and sets its `noted_at` and `noted_by`.
    """
    unit.db.run(
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
        letter_id=unit.letter_id,
        files=json.dumps([[one.name, one.content_type, one.section] for one in intent.files]),
        now=text_of(unit.now),
    )
    if intent.kind == "note" and not intent.command:
        # Touches no row if somebody else wrote the note or the case is closed: that is not a sign of work on the case.
        unit.db.run(
            "UPDATE cases SET noted_at = :now, noted_by = :staff "
            "WHERE code = :code AND state <> 'closed' AND :staff IN (owner, cover)",
            now=text_of(unit.now),
            code=intent.code,
            staff=intent.staff,
        )
    return {"staff": intent.staff}


def drop_words(unit: Unit, intent: DropWords) -> Data:
    """End the wait of held words: they were sent, or they stay inside the council."""
    if intent.asked_by:
        # Touches no row if nobody was asked, or if the question was answered.
        unit.db.run(
            "UPDATE words SET state = :outcome WHERE code = :code AND asked_by = :asked_by AND state = 'open'",
            outcome=intent.outcome,
            code=intent.code,
            asked_by=intent.asked_by.lower(),
        )
        return NO_DATA
    rows = unit.db.run(
        "UPDATE words SET state = :outcome WHERE id = :id RETURNING id", outcome=intent.outcome, id=intent.id
    )
    unit.must_touch(rows, "words", id=intent.id, case=intent.code)
    return NO_DATA


def offer(unit: Unit, intent: Offer) -> Data:
    """Offer a case to somebody. An earlier offer is replaced."""
    rows = unit.db.run(
        "UPDATE cases SET offered_to = :to, offered_by = :by, offered_at = :now WHERE code = :code RETURNING code",
        to=intent.to,
        by=intent.by,
        now=text_of(unit.now),
        code=intent.code,
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return {"to": intent.to, "by": intent.by}


def end_offer(unit: Unit, intent: EndOffer) -> Data:
    """A case is no longer offered to anybody."""
    rows = unit.db.run(
        "UPDATE cases SET offered_to = '', offered_by = '', offered_at = NULL WHERE code = :code RETURNING code",
        code=intent.code,
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return NO_DATA


def copies(unit: Unit, intent: Copies) -> Data:
    """Set who gets copies of human words from now on."""
    rows = unit.db.run(
        "UPDATE cases SET copies = :copies WHERE code = :code RETURNING code",
        copies=json.dumps(intent.addresses) if intent.addresses else "",
        code=intent.code,
    )
    unit.must_touch(rows, "cases", case=intent.code)
    return NO_DATA


def answer_to(unit: Unit, intent: AnswerTo) -> Data:
    """Remember where human words go, and that whoever answers from there is a party."""
    rows = unit.db.run(
        "UPDATE cases SET answer_to = :address WHERE code = :code RETURNING code",
        address=intent.address,
        code=intent.code,
    )
    unit.must_touch(rows, "cases", case=intent.code)
    unit.db.run(
        "INSERT INTO parties (code, address) VALUES (:code, :address) ON CONFLICT DO NOTHING",
        code=intent.code,
        address=key_of(intent.address),
    )
    return NO_DATA


def wish(unit: Unit, intent: Wish) -> Data:
    """
    Remember what a resident asked for, under their address.

    The language and the wish for quiet also change all cases of that resident at once, closed ones too, because a closed
    case may be opened again. A wish that counts in some inboxes alone changes their cases, and is not kept for later ones.
    """
    db, yes = unit.db, bool(intent.value)
    data = {"what": intent.what, "value": intent.value}
    if intent.alone:
        db.run("UPDATE cases SET quiet = :yes WHERE code = :code", yes=yes, code=intent.code)
        return {**data, "alone": True}
    if intent.within is not None:
        if intent.what in ("quiet", "language"):
            inboxes, named = listed("i", intent.within)
            db.run(
                f"UPDATE cases SET {intent.what} = :value WHERE inbox IN ({inboxes}) "
                "AND code IN (SELECT code FROM parties WHERE address = :address)",
                value=yes if intent.what == "quiet" else intent.value,
                address=intent.address,
                **named,
            )
        return data
    db.run(
        f"""
        INSERT INTO people (address, {intent.what}) VALUES (:address, :value)
        ON CONFLICT (address) DO UPDATE SET {intent.what} = :value
        """,
        address=intent.address,
        value=yes if intent.what in ("quiet", "ignored") else intent.value,
    )
    # Cases have no column for formats: they are read with each case (store/cases).
    if intent.what == "formats":
        return data
    column = "language" if intent.what == "language" else "quiet"
    value: str | bool = intent.value
    if column == "quiet":
        other = db.run("SELECT quiet, ignored FROM people WHERE address = :address", address=intent.address)[0]
        # The resident's own wish for quiet stays when an owner takes theirs back.
        value = bool(other["quiet"] or other["ignored"])
    db.run(
        f"UPDATE cases SET {column} = :value WHERE code IN (SELECT code FROM parties WHERE address = :address)",
        value=value,
        address=intent.address,
    )
    return data


def reopen(unit: Unit, intent: Reopen) -> Data:
    """
    Set a case to open. One that was closed begins anew: without lateness, and counted in its owner's load again.
    """
    db, code = unit.db, intent.code
    _change_load(db, code, 1, unit.now, closed=True)
    db.run(
        "UPDATE cases SET late_since = NULL, no_news = 0, owes = '', noted_at = NULL, noted_by = '' "
        "WHERE code = :code AND state = 'closed'",
        code=code,
    )
    rows = db.run("UPDATE cases SET state = 'open', closed_at = NULL WHERE code = :code RETURNING code", code=code)
    unit.must_touch(rows, "cases", case=code)
    return NO_DATA


def set_clock(unit: Unit, intent: SetClock) -> Data:
    """
    Start a clock. A running or paused clock of the same kind is replaced.

    A date that the resident is newly told ends the note before it: a note is told once, and only if it is newer (E79).
    """
    clock = intent.clock
    if clock.told and not unit.first:
        unit.db.run(
            "UPDATE cases SET noted_at = NULL, noted_by = '' WHERE code = :code AND noted_at IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM clocks WHERE code = :code AND state = 'running' AND told AND promised_on = :promised_on)",
            code=intent.code,
            promised_on=clock.promised_on.isoformat(),
        )
    if not unit.first:
        _end_clock(unit, intent.code, clock.kind, "replaced", intent.why)
    unit.db.run(
        """
        INSERT INTO clocks (code, kind, state, promised_on, due_at, told, counted_from, duration, started_at, why)
        VALUES (:code, :kind, 'running', :promised_on, :due_at, :told, :counted_from, :duration, :now, :why)
        """,
        code=intent.code,
        kind=clock.kind,
        promised_on=clock.promised_on.isoformat(),
        due_at=text_of(clock.due_at),
        told=clock.told,
        counted_from=text_of(clock.started_at) if clock.started_at else None,
        duration=clock.duration,
        now=text_of(unit.now),
        why=intent.why,
    )
    return {"kind": clock.kind, "promised_on": clock.promised_on.isoformat(), "due_at": text_of(clock.due_at)}


def clear_clock(unit: Unit, intent: ClearClock) -> Data:
    """End a clock as kept, replaced or withheld."""
    _end_clock(unit, intent.code, intent.kind, intent.outcome, intent.why)
    return {"kind": intent.kind, "outcome": intent.outcome}


def _end_clock(unit: Unit, code: str, kind: str, outcome: str, why: str) -> None:
    """
    End the running or paused clock of a kind.

    Touches no row if there is none: a case may have had none of the kind, and a decision may end a clock twice.
    """
    unit.db.run(
        "UPDATE clocks SET state = :outcome, ended_at = :now, why = :why WHERE code = :code AND kind = :kind "
        "AND state IN ('running', 'paused')",
        outcome=outcome,
        now=text_of(unit.now),
        why=why,
        code=code,
        kind=kind,
    )


def pause_clock(unit: Unit, intent: PauseClock) -> Data:
    """Pause a running clock. A new clock of the same kind ends it (`set_clock`)."""
    rows = unit.db.run(
        "UPDATE clocks SET state = 'paused', paused_at = :now, why = :why WHERE code = :code AND kind = :kind "
        "AND state = 'running' RETURNING id",
        now=text_of(unit.now),
        why=intent.why,
        code=intent.code,
        kind=intent.kind,
    )
    unit.must_touch(rows, "clocks", case=intent.code, kind=intent.kind)
    return {"kind": intent.kind}

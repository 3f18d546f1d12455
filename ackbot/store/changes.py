"""What intents do to cases, their clocks and the words kept with them; called by store/handlers alone, in its transaction."""

import json
from datetime import date, datetime

from ackbot.casework.intents import (
    Attach,
    Copies,
    HumanWords,
    KeepWords,
    Late,
    Offer,
    OpenCase,
    PauseClock,
    SetClock,
    Wish,
)
from ackbot.casework.model import Arrival
from ackbot.store import alarms
from ackbot.store.database import Database, text_of


def open_case(db: Database, intent: OpenCase) -> None:
    """A case with its parties; its owner and clocks come by intents of their own."""
    case = intent.case
    db.run(
        """
        INSERT INTO cases (code, state, inbox, resident_address, resident_name, subject, team, owner, standard, language,
                           sensitive, quiet, opened_at, last_letter_at)
        VALUES (:code, :state, :inbox, :address, :name, :subject, :team, '', :standard, :language,
                :sensitive, :quiet, :opened_at, :last_letter_at)
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
        quiet=case.quiet,
        opened_at=text_of(case.opened_at),
        last_letter_at=text_of(case.last_letter_at or case.opened_at),
    )
    for address in sorted(case.parties):
        db.run(
            "INSERT INTO parties (code, address) VALUES (:code, :address) ON CONFLICT DO NOTHING",
            code=case.code,
            address=address,
        )


def attach(db: Database, intent: Attach, arrival: Arrival | None, now: datetime) -> None:
    """A further letter: when it came, whose it is, whether it makes the case sensitive."""
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


def assign(db: Database, code: str, staff: str, team: str, now: datetime, *, taken: bool = False) -> None:
    """A case gets another owner; the loads of both follow, and an offer is over. `taken` counts as a hand-over."""
    before = db.run("SELECT owner, state FROM cases WHERE code = :code", code=code)[0]
    open_now = before["state"] != "closed"
    if before["owner"] and open_now:
        _change_load(db, before["owner"], -1, None)
    db.run(
        "UPDATE cases SET owner = :staff, team = :team, offered_to = '', offered_by = '', offered_at = NULL, "
        "handovers = handovers + :taken WHERE code = :code",
        staff=staff,
        team=team,
        taken=int(taken),
        code=code,
    )
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


def human_words(db: Database, intent: HumanWords, now: datetime) -> None:
    """A person wrote: lateness and chasers are over; a cover who writes owns the case from now on (behaviour.md §4.5)."""
    cancel_cover_notice(db, intent.code, now)
    alarms.take(db, intent.code, intent.staff or "outside", now)
    case = db.run("SELECT owner, cover, team FROM cases WHERE code = :code", code=intent.code)[0]
    if case["cover"] and case["cover"] == intent.staff:
        assign(db, intent.code, intent.staff, case["team"], now)
        db.run("UPDATE cases SET cover = '' WHERE code = :code", code=intent.code)
    db.run(
        "UPDATE cases SET human_words_at = CASE WHEN human_words_at > :now THEN human_words_at ELSE :now END, "
        "human_words_by = :staff, answered_by = :by, late_since = NULL, no_news = 0 WHERE code = :code",
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
        close(db, intent.code, now)
    else:
        db.run("UPDATE cases SET state = :state WHERE code = :code", state=intent.state, code=intent.code)


def cancel_cover_notice(db: Database, code: str, now: datetime) -> None:
    """
    A notice that waits for working hours, and is no longer true by then, is not sent. One that names other cases too is
    sent, because it carries their dates.
    """
    db.run(
        """
        UPDATE outbox SET state = 'cancelled'
        WHERE code = :code AND kind = 'cover' AND state = 'queued' AND not_before > :now
          AND EXISTS (SELECT 1 FROM outbox_cases WHERE outbox_id = outbox.id)
          AND NOT EXISTS (SELECT 1 FROM outbox_cases WHERE outbox_id = outbox.id AND code <> :code)
        """,
        code=code,
        now=text_of(now),
    )


def close(db: Database, code: str, now: datetime) -> None:
    """The case ends; whatever still ran ends with it, and nobody has it on their hands any more."""
    cancel_cover_notice(db, code, now)
    alarms.take(db, code, "closed", now)
    before = db.run("SELECT owner, state FROM cases WHERE code = :code", code=code)[0]
    db.run(
        "UPDATE cases SET state = 'closed', closed_at = :now, cover = '', offered_to = '', offered_by = '', "
        "offered_at = NULL WHERE code = :code",
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


def late(db: Database, intent: Late, today: date) -> None:
    """Late since that day, if it was not before."""
    db.run(
        "UPDATE cases SET late_since = COALESCE(late_since, :today), no_news = :no_news WHERE code = :code",
        today=today.isoformat(),
        no_news=intent.no_news,
        code=intent.code,
    )


def keep_words(db: Database, intent: KeepWords, now: datetime, letter_id: int | None) -> None:
    """A note, or words that wait; a note of whoever has the case is remembered with it."""
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
    if intent.kind == "note" and not intent.command:
        db.run(
            "UPDATE cases SET noted_at = :now WHERE code = :code AND state <> 'closed' AND :staff IN (owner, cover)",
            now=text_of(now),
            code=intent.code,
            staff=intent.staff,
        )


def offer(db: Database, intent: Offer, now: datetime) -> None:
    """Somebody is asked to take the case; an earlier offer is over."""
    db.run(
        "UPDATE cases SET offered_to = :to, offered_by = :by, offered_at = :now WHERE code = :code",
        to=intent.to,
        by=intent.by,
        now=text_of(now),
        code=intent.code,
    )


def copies(db: Database, intent: Copies) -> None:
    """Whoever gets copies of human words from now on."""
    db.run(
        "UPDATE cases SET copies = :copies WHERE code = :code",
        copies=json.dumps(intent.addresses) if intent.addresses else "",
        code=intent.code,
    )


def wish(db: Database, intent: Wish) -> None:
    """Remembered for the address; quiet is honoured at once in all cases of that resident, closed ones too: they may open again."""
    yes = bool(intent.value)
    db.run(
        f"""
        INSERT INTO people (address, {intent.what}) VALUES (:address, :value)
        ON CONFLICT (address) DO UPDATE SET {intent.what} = :value
        """,
        address=intent.address,
        value=yes if intent.what in ("quiet", "ignored") else intent.value,
    )
    if intent.what == "formats":
        return
    column = "language" if intent.what == "language" else "quiet"
    value: str | bool = intent.value
    if column == "quiet":
        other = db.run("SELECT quiet, ignored FROM people WHERE address = :address", address=intent.address)[0]
        value = bool(
            other["quiet"] or other["ignored"]
        )  # what the resident asked for stays when an owner takes theirs back
    db.run(
        f"UPDATE cases SET {column} = :value WHERE code IN (SELECT code FROM parties WHERE address = :address)",
        value=value,
        address=intent.address,
    )


def pause_clock(db: Database, intent: PauseClock, now: datetime) -> None:
    """A running clock stands still; set anew, it is over."""
    db.run(
        "UPDATE clocks SET state = 'paused', paused_at = :now, why = :why WHERE code = :code AND kind = :kind "
        "AND state = 'running'",
        now=text_of(now),
        why=intent.why,
        code=intent.code,
        kind=intent.kind,
    )


def reopen(db: Database, code: str, now: datetime) -> None:
    """Open again; a closed one begins anew."""
    before = db.run("SELECT owner, state FROM cases WHERE code = :code", code=code)[0]
    if before["state"] == "closed":
        db.run("UPDATE cases SET late_since = NULL, no_news = 0, noted_at = NULL WHERE code = :code", code=code)
    db.run("UPDATE cases SET state = 'open', closed_at = NULL WHERE code = :code", code=code)
    if before["state"] == "closed" and before["owner"]:
        _change_load(db, before["owner"], 1, now)


def set_clock(db: Database, intent: SetClock, now: datetime) -> None:
    """A clock runs; one of its kind that ran or was paused is replaced."""
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

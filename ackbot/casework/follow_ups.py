"""A further letter of a case that exists: attached, its owner told, a short receipt (behaviour.md §3.2, §3.3, §3.5)."""

from dataclasses import replace

from ackbot.casework import alarms, letters, notices, standards, thanks, urgent
from ackbot.casework.council import Inbox
from ackbot.casework.cover import is_present, stand_in
from ackbot.casework.intents import (
    Attach,
    ClearClock,
    Decision,
    Intent,
    Note,
    Record,
    Reopen,
    Send,
    SetClock,
    SetCover,
    Unreachable,
)
from ackbot.casework.matching import Match
from ackbot.casework.model import Case, Clock, ClockKind, Facts
from ackbot.casework.office import Desk
from ackbot.casework.reminders import GIVEN_UP
from ackbot.casework.screening import Seen, Verdict

_RECEIPT_QUIET = 2  # working days after human words in which a further letter gets no receipt


def on_attached(
    seen: Seen, verdict: Verdict, found: Match, case: Case, facts: Facts, desk: Desk, found_urgent: tuple[str, ...]
) -> Decision:
    """A letter that belongs to a case we know. Thanks or a bare score change nothing about it; anything else reopens it."""
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    known = verdict.to is not None and verdict.to.key in case.parties
    kind = "reply" if verdict.kind == "letter" and not found.joined else verdict.kind
    case = replace(case, sensitive=case.sensitive or bool(urgent.SENSITIVE & set(found_urgent)))
    intents: list[Intent] = [Attach(case.code, "", found.how, sensitive=case.sensitive)]
    if case.unreachable and verdict.to is not None and verdict.to.key == case.resident.key:
        case = replace(case, unreachable=False)
        intents.append(Unreachable(case.code, False, "the resident wrote from that address"))
    intents += alarms.alarms(seen, case, inbox, found_urgent, desk)
    files = any(not one.inline for one in seen.message.attachments)
    short = (
        thanks.short_answer(seen.message.new_text, _people(case, desk))
        if known and not (found_urgent or files)
        else None
    )
    if short and short.kind == "score" and case.state == "waiting":
        short = None  # a number may answer the question
    if score := thanks.score_of(seen.message.new_text) if known and case.human_words_at else 0:
        intents.append(Note(case.code, "feedback", "the resident said how we did", {"score": str(score)}))
    case, in_charge = _in_charge(case, desk)
    intents += in_charge
    clocks = case.clocks
    send: Send | None = None
    if short:
        why = "it is thanks, which asks for nothing" if short.kind == "thanks" else "it is a score from 1 to 5"
    else:
        intents += _reopened(case)
        reopened = case.state in ("closed", "answered", "waiting")
        still = not reopened and any(clock.told for clock in case.clocks)
        fresh = case.clocks if still else _anew(case, inbox, seen, desk)
        answering = replace(case, clocks=fresh)
        send, why = _receipt(seen, verdict, answering, inbox, facts, desk, known=known, still=still)
        told = send is not None and not send.hold and inbox.mode in ("acknowledge", "live")
        if not still and (reopened or told):
            clocks = standards.told(fresh, owned=True) if told else fresh
            intents += [SetClock(case.code, clock, "the resident wrote again") for clock in clocks]
    if send:
        intents.append(send)
        intents += alarms.hold_told(send, desk)
    if short is None or short.kind == "thanks":
        intents.append(_told(seen, verdict, replace(case, clocks=clocks), inbox, desk, found_urgent, known=known))
    intents.append(Record(kind, "attach", verdict.rule, send is not None, why))
    return Decision(
        kind,
        "attach",
        verdict.rule,
        why,
        send is not None,
        verdict.to,
        tuple(intents),
        urgent=found_urgent,
        code=case.code,
        owner=case.in_charge,
        owner_why="has the case",
        standard=case.standard,
        clocks=clocks,
    )


def _people(case: Case, desk: Desk) -> list[str]:
    """Whom a short answer may greet or be signed by."""
    staff = (desk.council.staff.get(one) for one in (case.owner, case.cover))
    return [case.resident.name, case.resident.key.partition("@")[0], *(one.public_name for one in staff if one)]


def _in_charge(case: Case, desk: Desk) -> tuple[Case, list[Intent]]:
    """The case with somebody who is here to read the letter: its owner, its cover, or whoever stands in from now on."""
    council = desk.council
    if is_present(council, case.in_charge, desk.now):
        return case, []
    found = stand_in(council, case.owner, case.team, desk.now)
    if found is None:
        return case, []
    why = f"{council.staff[found[0]].name} {found[1]}"
    return replace(case, cover=found[0]), [SetCover(case.code, found[0], why)]


def _told(
    seen: Seen, verdict: Verdict, case: Case, inbox: Inbox, desk: Desk, found_urgent: tuple[str, ...], *, known: bool
) -> Intent:
    """Whoever is in charge gets the letter; where nobody is, somebody is told so (P4)."""
    if not is_present(desk.council, case.in_charge, desk.now):
        return alarms.no_owner(case, "its owner is away and nobody stands in", desk)
    sender = verdict.to.addr if verdict.to else "an unknown address"
    notes = [] if known else [f"it came from {sender}, which is new in this case"]
    if not verdict.acknowledge:
        notes.append(verdict.why)
    note = "; ".join(notes)
    why = f"{desk.council.staff[case.in_charge].name} has the case"
    flags = alarms.flags(found_urgent, desk.council)
    return notices.resident_wrote(desk, seen, case, inbox, seen.arrival, note=note, why=why, urgent=flags)


def _reopened(case: Case) -> list[Intent]:
    if case.state not in ("closed", "answered", "waiting"):
        return []
    why = "the resident wrote again"
    timers: tuple[ClockKind, ...] = ("settle", "waiting") if case.state != "closed" else ()
    return [*(ClearClock(case.code, kind, "replaced", why) for kind in timers), Reopen(case.code, why)]


def _anew(case: Case, inbox: Inbox, seen: Seen, desk: Desk) -> tuple[Clock, ...]:
    """
    The clocks of a case that is open again, counted from the letter that opened it. A question that was answered takes the
    case up where it stood: the time that the resident took does not count (D65).
    """
    standard = desk.council.standards.get(case.standard, desk.council.default_standard)
    if case.state == "waiting":
        update = standards.next_update(standard, inbox, desk.council, desk.now)
        running = [clock for clock in case.clocks if clock.kind == "answer"]
        going_on = [*running, *standards.resumed(case, inbox, desk.council, desk.now)]
        return tuple(
            sorted([*([replace(update, told=False)] if update else []), *going_on], key=lambda one: one.due_at)
        )
    return standards.opening_clocks(
        standard, inbox, desk.council, seen.arrival.arrived_at, desk.now, owned=bool(case.in_charge)
    )


def on_recovered(seen: Seen, verdict: Verdict, case: Case, desk: Desk) -> Decision:
    """A quarantined mail can be read at last: its owner gets the letter; the resident was answered from its headers."""
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    why = "it could be read at last"
    found_urgent = alarms.urgent_words(seen, case, desk)
    case = replace(case, sensitive=case.sensitive or bool(urgent.SENSITIVE & set(found_urgent)))
    intents: list[Intent] = [
        Attach(case.code, "", why, sensitive=case.sensitive),
        Note(case.code, "recovered", why),
        *alarms.alarms(seen, case, inbox, found_urgent, desk),
    ]
    if case.owner in desk.council.staff:
        flags = alarms.flags(found_urgent, desk.council)
        intents.append(notices.resident_wrote(desk, seen, case, inbox, seen.arrival, note="", why=why, urgent=flags))
    record = Record(verdict.kind, "attach", verdict.rule, acknowledge=False, why=why)
    return Decision(
        verdict.kind,
        "attach",
        verdict.rule,
        why,
        False,
        verdict.to,
        (*intents, record),
        urgent=found_urgent,
        code=case.code,
        owner=case.owner,
    )


def _receipt(
    seen: Seen, verdict: Verdict, case: Case, inbox: Inbox, facts: Facts, desk: Desk, *, known: bool, still: bool
) -> tuple[Send | None, str]:
    """A short receipt for a further letter, unless a person wrote lately or one went today (behaviour.md §3.2); and why."""
    calendar = desk.council.calendar
    if not verdict.acknowledge:
        return None, verdict.why
    if not known:
        return None, "it was sent from an address that is new in this case"
    if case.sensitive or case.quiet or case.unreachable:
        return None, "no automatic mail goes out in this case"
    if case.no_news >= GIVEN_UP:
        return None, "the resident was told three times that there is no news, and nothing more is promised by itself"
    if case.receipt_on == desk.today:
        return None, "this case had a receipt today"
    if (
        case.human_words_at
        and calendar.days_between(calendar.local_day(case.human_words_at), desk.today) <= _RECEIPT_QUIET
    ):
        return None, "a person wrote to the resident in the last two working days"
    if facts.promise_today:
        return None, "the resident hears today on another promise, and one automatic mail a day is enough"
    if any(calendar.local_day(at) == desk.today for at in facts.follow_up_at):
        return None, "the resident had an automatic mail besides the acknowledgement today"
    why = "a further letter gets a short receipt"
    return letters.receipt(
        desk, seen, case, inbox, why=why, hold=alarms.hold(seen, facts, desk.council), still=still
    ), why

"""The rules composed: a mail and the facts go in, one decision with its intents comes out (design.md §4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from ackbot.casework import letters, matching, notices, routing, standards, urgent
from ackbot.casework.council import Council, Inbox
from ackbot.casework.cover import is_present, stand_in
from ackbot.casework.intents import Assign, Attach, Decision, Intent, Note, OpenCase, Record, Reopen, Send, SetClock
from ackbot.casework.matching import Match
from ackbot.casework.model import Case, Facts, Outcome, Questions
from ackbot.casework.office import Desk
from ackbot.casework.screening import Seen, Verdict
from ackbot.mail.addresses import Address

_RECEIPT_QUIET = 2  # working days after human words in which a further letter gets no receipt


def questions(seen: Seen, verdict: Verdict, desk: Desk) -> Questions:
    """What the store must be asked before `on_message` can decide."""
    return matching.questions(seen, verdict.to, desk.signer, desk.now)


def on_message(seen: Seen, verdict: Verdict, asked: Questions, facts: Facts, desk: Desk) -> Decision:
    """What becomes of a mail. Pure: the same mail, facts, configuration and time give the same decision (P12)."""
    if facts.known is not None and facts.known.decided:
        return _again(seen, verdict, facts, desk)
    if verdict.kind in ("own", "receipt", "list", "bulk", "spam"):
        return _closed(verdict, "record", verdict.why)
    if verdict.kind == "bounce":
        return _bounce(seen, verdict, facts)
    if verdict.kind == "staff":
        return _staff(seen, verdict, facts)
    if verdict.kind == "automatic-reply" and (event := _automatic_event(seen, verdict, facts, desk)):
        return event
    if seen.arrival.history:
        return _closed(verdict, "record", "it is older than the time from which this inbox is watched")
    if seen.inbox.personal and is_present(desk.council, seen.inbox.owner, desk.now):
        return _closed(verdict, "record", "it is a personal inbox, and its officer is here")
    return _letter(seen, verdict, asked, facts, desk)


def _closed(
    verdict: Verdict, outcome: Outcome, why: str, intents: Sequence[Intent] = (), code: str = "", owner: str = ""
) -> Decision:
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(
        verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code, owner=owner
    )


def _again(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """The same letter once more: re-delivered, restored, or sent to a second inbox. One case, one acknowledgement (D12, D14)."""
    assert facts.known is not None  # noqa: S101 - the caller asked
    case = facts.cases.get(facts.known.code)
    why = "the same letter was decided before"
    intents: list[Intent] = []
    if case is not None and seen.inbox.name not in facts.known.inboxes:
        why = f"the same letter came to another inbox before, as {desk.council.reference_of(case.code)}"
        if seen.inbox.name != case.inbox and not seen.inbox.personal:
            intents += _tell_other(seen, case, seen.inbox, facts, desk)
    return _closed(replace(verdict, rule="design.md §5"), "record", why, intents, code=facts.known.code)


def _bounce(seen: Seen, verdict: Verdict, facts: Facts) -> Decision:
    for token in seen.message.returned:
        if token.code in facts.cases:
            failed = ", ".join(sorted({one.status or one.action for one in seen.message.failed_recipients}))
            note = Note(
                token.code,
                "bounce",
                "a mail of ours in this case was reported undelivered",
                {"status": failed, "role": token.role},
            )
            return _closed(verdict, "event", "it returns a mail of ours", (note,), code=token.code)
    return _closed(verdict, "record", "it returns no mail of ours that we know")


def _staff(seen: Seen, verdict: Verdict, facts: Facts) -> Decision:
    code = next(
        (token.code for token in (*seen.message.addressed, *seen.message.answers) if token.code in facts.cases), ""
    )
    staff = seen.staff.id if seen.staff else ""
    note = (Note(code, "staff-mail", "a member of staff answered our mail", {"staff": staff}),) if code else ()
    return _closed(verdict, "event", verdict.why, note, code=code, owner=staff)


def _automatic_event(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision | None:
    """An automatic reply to us belongs to a case we know; a stranger's automatic mail may be a letter (behaviour.md §1)."""
    for token in (*seen.message.addressed, *seen.message.answers):
        if token.code in facts.cases:
            note = Note(token.code, "automatic-reply", "an automatic reply came to our mail", {"role": token.role})
            return _closed(verdict, "event", "it answers a mail of ours automatically", (note,), code=token.code)
    if seen.staff is not None:
        return _closed(verdict, "event", "it is an automatic reply of a member of staff")
    found = matching.match(seen, verdict.to, facts, desk.council, seen.arrival)
    if found.case is not None and verdict.to is not None and verdict.to.key in found.case.parties:
        note = Note(found.case.code, "automatic-reply", "an automatic reply of a resident", {})
        return _closed(
            verdict, "event", "it is an automatic reply of a resident with a case", (note,), code=found.case.code
        )
    return None


def _letter(seen: Seen, verdict: Verdict, asked: Questions, facts: Facts, desk: Desk) -> Decision:
    """A letter, a form, unreadable mail or a stranger's automatic mail: always a case, new or known (P3)."""
    words = f"{seen.message.subject}\n{seen.message.new_text}"
    found_urgent = urgent.categories(words, desk.council.urgent)
    verdict = _limited(seen, verdict, facts, desk)
    found = matching.match(seen, verdict.to, facts, desk.council, seen.arrival)
    if found.case is not None:
        return _attached(seen, verdict, found, found.case, facts, desk, found_urgent)
    return _opened(seen, verdict, asked, found, facts, desk, found_urgent)


def _limited(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Verdict:
    """Holds that depend on what came before: a backlog, the caps (behaviour.md §2, D37)."""
    if not verdict.acknowledge:
        return verdict
    if seen.arrival.backlog and not seen.home.acknowledge_backlog:
        why = "it lay in the inbox before ackbot first watched it"
        return replace(verdict, acknowledge=False, rule="behaviour.md §5.4", why=why)
    for count, seconds in desk.council.limits.per_sender:
        recent = sum(at > desk.now - timedelta(seconds=seconds) for at in facts.automatic_at)
        if recent >= count:
            why = f"this address had {recent} automatic mails within {_span(seconds)} already"
            return replace(verdict, acknowledge=False, rule="behaviour.md §2", why=why)
    return verdict


def _span(seconds: float) -> str:
    return "a day" if seconds == 86_400 else "an hour" if seconds == 3_600 else f"{round(seconds / 60)} minutes"


def _hold(seen: Seen, facts: Facts, council: Council) -> str:
    """Why an automatic mail to a resident waits for release; "" when it does not."""
    if seen.arrival.hold:
        return seen.arrival.hold
    brake = council.limits.brake
    return "brake" if brake and facts.automatic_council >= brake[0] else ""


def _opened(
    seen: Seen,
    verdict: Verdict,
    asked: Questions,
    found: Match,
    facts: Facts,
    desk: Desk,
    found_urgent: tuple[str, ...],
) -> Decision:
    council, message, inbox = desk.council, seen.message, seen.home
    code = matching.new_code(asked, facts)
    routed = routing.route(message, inbox, council)
    sketch = standards.opening_clocks(routed.standard, inbox, council, seen.arrival.arrived_at, desk.now, owned=True)
    until = standards.next_word(sketch) or council.calendar.local_day(desk.now)
    chosen = routing.choose_owner(routed, facts, council, desk.now, until)
    clocks = standards.opening_clocks(
        routed.standard, inbox, council, seen.arrival.arrived_at, desk.now, owned=bool(chosen.staff)
    )
    resident = verdict.to or Address("", "")
    case = Case(
        code=code,
        state="open",
        inbox=inbox.name,
        resident=resident,
        subject=message.subject,
        team=routed.team,
        owner=chosen.staff,
        standard=routed.standard.name,
        language=message.language(council.languages[0]),
        opened_at=seen.arrival.arrived_at,
        last_letter_at=seen.arrival.arrived_at,
        sensitive=bool(urgent.SENSITIVE & set(found_urgent)),
        parties=frozenset({resident.key} if resident.addr else ()),
        clocks=clocks,
        thread=(message.message_id,) if message.message_id else (),
    )
    reference = council.reference_of(code)
    intents: list[Intent] = [OpenCase(case, f"{reference} is opened: {found.how}")]
    if found.linked:
        intents.append(
            Note(code, "linked", f"it goes on with {council.reference_of(found.linked)}", {"code": found.linked})
        )
    intents += [SetClock(code, clock, f'standard "{routed.standard.name}": {clock.kind}') for clock in clocks]
    acknowledgement = None
    if verdict.acknowledge:
        acknowledgement = letters.acknowledgement(
            desk,
            seen,
            case,
            inbox,
            facts,
            seen.arrival,
            why="the letter is acknowledged at once",
            hold=_hold(seen, facts, council),
            absent=_absent_officer(seen, desk),
        )
    intents += _alarms(seen, case, inbox, found_urgent, desk)
    if acknowledgement:
        intents.append(acknowledgement)
        intents += _hold_told(acknowledgement, desk)
    if chosen.staff:
        intents.append(Assign(code, chosen.staff, routed.team, chosen.why))
        told = "acknowledged" if acknowledgement and not acknowledgement.hold else "held" if acknowledgement else "not"
        note = found.note or (f"it goes on with {council.reference_of(found.linked)}" if found.linked else "")
        intents.append(
            notices.new_case(
                desk,
                seen,
                case,
                inbox,
                seen.arrival,
                owner_why=chosen.why,
                told=told,
                note=note,
                urgent=_flags(found_urgent, council),
                why="the owner gets the letter",
            )
        )
    else:
        intents.append(_no_owner(case, chosen.why, desk))
    for other in seen.also_to:
        intents += _tell_other(seen, case, other, facts, desk)
    why = verdict.why
    intents.append(Record(verdict.kind, "case", verdict.rule, verdict.acknowledge, why))
    return Decision(
        verdict.kind,
        "case",
        verdict.rule,
        why,
        verdict.acknowledge,
        verdict.to,
        tuple(intents),
        urgent=found_urgent,
        code=code,
        new=True,
        owner=chosen.staff,
        owner_why=f"{chosen.why}; {routed.why}",
        standard=routed.standard.name,
        clocks=clocks,
    )


def _absent_officer(seen: Seen, desk: Desk) -> str:
    """Of a personal inbox: the officer who is away, and whose cover answers."""
    person = desk.council.staff.get(seen.inbox.owner)
    return person.public_name if person else ""


def _alarms(seen: Seen, case: Case, inbox: Inbox, found_urgent: tuple[str, ...], desk: Desk) -> list[Intent]:
    council = desk.council
    alarming = [name for name in found_urgent if name in council.urgent.alarm]
    if not alarming:
        return []
    present = [one for one in council.urgent.to if is_present(council, one, desk.now)] or list(council.urgent.to)
    if not present:
        values = {"reference": council.reference_of(case.code), "inbox": inbox.address, "categories": alarming}
        recipient = council.head_of_service or council.admin
        return [
            notices.to_admin(
                desk,
                "urgent",
                f"urgent:{case.code}",
                values,
                why="the letter sounds urgent and nobody is named in [urgent]",
                code=case.code,
                recipient=recipient,
            )
        ]
    return [
        notices.urgent(
            desk,
            seen,
            case,
            inbox,
            council.staff[present[0]],
            alarming,
            why=f"the letter has words of {', '.join(alarming)}",
        )
    ]


def _flags(found_urgent: tuple[str, ...], council: Council) -> tuple[str, ...]:
    return tuple(
        name
        for name in found_urgent
        if name in (*council.urgent.alarm, *council.urgent.flag) or name in urgent.SENSITIVE
    )


def _hold_told(send: Send, desk: Desk) -> list[Intent]:
    """The admin hears once an hour of the brake, once a day of a mailbox that looks restored."""
    if send.hold == "restore":
        inbox = desk.council.inboxes[send.inbox]
        values = {"inbox": inbox.address}
        return [
            notices.to_admin(
                desk,
                "restore",
                f"restore:{inbox.name}:{desk.today}",
                values,
                why="more unknown letters at once than a mailbox gets",
            )
        ]
    if send.hold != "brake":
        return []
    hour = desk.now.astimezone(desk.council.calendar.timezone)
    values = {"limit": str(desk.council.limits.brake[0]) if desk.council.limits.brake else ""}
    return [
        notices.to_admin(
            desk,
            "brake",
            f"brake:{hour:%Y-%m-%dT%H}",
            values,
            why="more automatic mails to residents than the brake allows",
        )
    ]


def _no_owner(case: Case, why: str, desk: Desk) -> Intent:
    """Nobody could be named: said aloud, never assigned to everybody (P4, D59)."""
    council = desk.council
    team = council.teams.get(case.team)
    manager = council.staff.get(team.manager) if team else None
    recipient = council.head_of_service or (manager.email if manager else "") or council.admin
    values = {
        "reference": council.reference_of(case.code),
        "inbox": council.inboxes[case.inbox].address,
        "team": case.team,
        "reason": why,
    }
    return notices.to_admin(
        desk,
        "no-owner",
        f"no-owner:{case.code}",
        values,
        why=f"the case has no owner: {why}",
        code=case.code,
        recipient=recipient,
    )


def _tell_other(seen: Seen, case: Case, other: Inbox, facts: Facts, desk: Desk) -> list[Intent]:
    """Another service that was written to hears whose case it is (behaviour.md §3.3)."""
    council = desk.council
    routed = routing.route(seen.message, other, council)
    chosen = routing.choose_owner(
        routed, replace(facts, last_owner=None), council, desk.now, council.calendar.local_day(desk.now)
    )
    if not chosen.staff or chosen.staff == case.owner:
        return []
    return [
        notices.also_yours(
            desk, seen, case, other, council.staff[chosen.staff], why=f"the letter was sent to {other.service} too"
        )
    ]


def _attached(
    seen: Seen, verdict: Verdict, found: Match, case: Case, facts: Facts, desk: Desk, found_urgent: tuple[str, ...]
) -> Decision:
    council, inbox = desk.council, desk.council.inboxes.get(case.inbox, seen.home)
    sender = verdict.to
    known = sender is not None and sender.key in case.parties
    kind = "reply" if verdict.kind == "letter" and not found.joined else verdict.kind
    intents: list[Intent] = [Attach(case.code, "", found.how)]
    if case.state in ("closed", "answered", "waiting"):
        intents.append(Reopen(case.code, "the resident wrote again"))
    case = replace(case, sensitive=case.sensitive or bool(urgent.SENSITIVE & set(found_urgent)))
    intents += _alarms(seen, case, inbox, found_urgent, desk)
    send, why = _receipt(seen, verdict, case, inbox, facts, desk, known=known)
    if send:
        intents.append(send)
        intents += _hold_told(send, desk)
    owner = case.owner if is_present(council, case.owner, desk.now) else ""
    owner_why = "owns the case"
    if not owner and (found_cover := stand_in(council, case.owner, case.team, desk.now)):
        owner, owner_why = found_cover
    if owner:
        note = (
            ""
            if known
            else f"it came from {sender.addr if sender else 'an unknown address'}, which is new in this case"
        )
        told = replace(case, owner=owner)
        intents.append(
            notices.resident_wrote(
                desk, seen, told, inbox, seen.arrival, note=note, why=f"{council.staff[owner].name} {owner_why}"
            )
        )
    else:
        intents.append(_no_owner(case, "its owner is away and nobody stands in", desk))
    intents.append(Record(kind, "attach", verdict.rule, send is not None, why))
    return Decision(
        kind,
        "attach",
        verdict.rule,
        why,
        send is not None,
        sender,
        tuple(intents),
        urgent=found_urgent,
        code=case.code,
        owner=case.owner,
        owner_why=owner_why,
        standard=case.standard,
        clocks=case.clocks,
    )


def on_recovered(seen: Seen, verdict: Verdict, case: Case, desk: Desk) -> Decision:
    """A quarantined mail can be read at last: its owner gets the letter; the resident was answered from its headers."""
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    why = "it could be read at last"
    intents: list[Intent] = [Note(case.code, "recovered", why)]
    if case.owner in desk.council.staff:
        intents.append(notices.resident_wrote(desk, seen, case, inbox, seen.arrival, note="", why=why))
    record = Record(verdict.kind, "attach", verdict.rule, acknowledge=False, why=why)
    return Decision(
        verdict.kind,
        "attach",
        verdict.rule,
        why,
        False,
        verdict.to,
        (*intents, record),
        code=case.code,
        owner=case.owner,
    )


def _receipt(
    seen: Seen, verdict: Verdict, case: Case, inbox: Inbox, facts: Facts, desk: Desk, *, known: bool
) -> tuple[Send | None, str]:
    """A short receipt for a further letter, unless a person wrote lately or one went today (behaviour.md §3.2); and why."""
    calendar = desk.council.calendar
    if not verdict.acknowledge:
        return None, verdict.why
    if not known:
        return None, "it was sent from an address that is new in this case"
    if case.sensitive or case.quiet or case.unreachable:
        return None, "no automatic mail goes out in this case"
    if case.receipt_on == desk.today:
        return None, "this case had a receipt today"
    if (
        case.human_words_at
        and calendar.days_between(calendar.local_day(case.human_words_at), desk.today) <= _RECEIPT_QUIET
    ):
        return None, "a person wrote to the resident in the last two working days"
    if facts.follow_up_at and calendar.local_day(facts.follow_up_at) == desk.today:
        return None, "the resident had an automatic mail besides the acknowledgement today"
    why = "a further letter gets a short receipt"
    return letters.receipt(desk, seen, case, inbox, why=why, hold=_hold(seen, facts, desk.council)), why

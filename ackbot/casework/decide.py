"""The rules composed: a mail and the facts go in, one decision with its intents comes out (design.md §4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from ackbot.casework import bounces, contact, elsewhere, follow_ups, standards
from ackbot.casework.council import Inbox
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_admin, to_resident, to_staff
from ackbot.casework.incoming import danger, matching, routing, staff_proof, wishes
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Assign, Decision, Intent, Note, OpenCase, Record, SetClock, Wish
from ackbot.casework.model import AnsweredElsewhere, Case, Facts, Outcome, Person, Questions
from ackbot.casework.office import Desk
from ackbot.casework.staff import commands
from ackbot.mail.addresses import Address

_AT_ONCE = timedelta(seconds=60)  # a responder's answer is that quick
_ROBOT = 2  # quick answers after which an address gets no more automatic mails that day


def questions_for(seen: Seen, verdict: Verdict, desk: Desk) -> Questions:
    """What the store must be asked before `on_message` can decide."""
    return replace(matching.questions_for(seen, verdict, desk.signer, desk.now), recipients=elsewhere.recipients(seen))


def on_message(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """What becomes of a mail. Pure: the same mail, facts, configuration and time give the same decision (P12)."""
    if seen.sent:
        return elsewhere.on_sent(seen, verdict, facts, desk)
    known = facts.known
    if known is not None and known.decided and not (known.of_a_person and seen.inbox.name not in known.inboxes):
        return _again(seen, verdict, facts, desk)
    if verdict.kind in ("own", "receipt", "list", "bulk", "spam"):
        return _closed(verdict, "record", verdict.why)
    if verdict.kind == "bounce":
        return bounces.on_bounce(seen, verdict, facts, desk)
    if verdict.kind in ("staff", "letter") and staff_proof.answers_trial(seen):
        return _closed(replace(verdict, kind="staff"), "event", "it answers a mail of `ackbot check --staff`")
    if answer := elsewhere.on_copied(seen, verdict, facts, desk):
        return answer
    if verdict.kind == "staff":
        if _vouched_for(seen, facts, desk) and (decision := commands.on_staff(seen, verdict, facts, desk)):
            return decision
        why = "it carries a token that we gave to another member of staff"
        verdict = replace(verdict, kind="letter", acknowledge=False, rule="behaviour.md §4.4", why=why)
    if verdict.kind == "automatic-reply" and (event := _automatic_event(seen, verdict, facts, desk)):
        return event
    if seen.arrival.history:
        return _closed(verdict, "record", "it is older than the time from which this inbox is watched")
    if _officer_is_here(seen, verdict, facts, desk):
        return _closed(verdict, "record", "it is a personal inbox, and its officer is here")
    return _letter(seen, verdict, facts, desk)


def _vouched_for(seen: Seen, facts: Facts, desk: Desk) -> bool:
    """Whether the mail passes by the rules of the inbox of its case too: the weakest inbox is nobody's way in (P7)."""
    tokens = (*seen.message.addressed, *seen.message.answers)
    homes = {facts.cases[token.code].inbox for token in tokens if token.code in facts.cases}
    return all(replace(seen, inbox=desk.council.inbox_of(name)).verified_staff for name in homes)


def _officer_is_here(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> bool:
    """A personal inbox whose officer is here is theirs to answer; but for a case that a cover took on while they were away."""
    if not seen.inbox.personal or not is_present(desk.council, seen.inbox.owner, desk.now):
        return False
    found = matching.match(seen, verdict.to, facts, desk.council, seen.arrival)
    return found.case is None or found.joined


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
    if case is not None and seen.inbox.name not in facts.known.inboxes and facts.known.kind != "staff":
        why = f"the same letter came to another inbox before, as {desk.council.reference_of(case.code)}"
        if seen.inbox.name != case.inbox and not seen.inbox.personal:
            intents += _tell_other(seen, case, seen.inbox, facts, desk)
    return _closed(replace(verdict, rule="design.md §5"), "record", why, intents, code=facts.known.code)


def _automatic_event(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision | None:
    """An automatic reply to us belongs to a case we know; a stranger's automatic mail may be a letter (behaviour.md §1)."""
    for token in (*seen.message.addressed, *seen.message.answers):
        if token.code in facts.cases:
            note = Note(token.code, "automatic-reply", {"role": token.role}, why="an automatic reply came to our mail")
            return _closed(verdict, "event", "it answers a mail of ours automatically", (note,), code=token.code)
    if seen.staff is not None:
        return _closed(verdict, "event", "it is an automatic reply of a member of staff")
    found = matching.match(seen, verdict.to, facts, desk.council, seen.arrival)
    if found.case is not None and verdict.to is not None and verdict.to.key in found.case.parties:
        note = Note(found.case.code, "automatic-reply", {}, why="an automatic reply of a resident")
        return _closed(
            verdict, "event", "it is an automatic reply of a resident with a case", (note,), code=found.case.code
        )
    return None


def _letter(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """A letter, a form, unreadable mail or a stranger's automatic mail: always a case, new or known (P3)."""
    verdict = _limited(seen, verdict, facts, desk)
    found = matching.match(seen, verdict.to, facts, desk.council, seen.arrival)
    found_urgent = danger.found_in(seen, found.case, desk)
    answer = elsewhere.before(seen, verdict, found, facts)
    if found.case is not None and answer is not None:
        return elsewhere.on_answered_before(seen, verdict, found, found.case, answer, desk, found_urgent)
    if found.case is not None:
        return follow_ups.on_attached(seen, verdict, found, found.case, facts, desk, found_urgent)
    return _opened(seen, verdict, found, facts, desk, found_urgent, answer)


def _limited(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Verdict:
    """Holds that depend on what came before: a backlog, the caps (behaviour.md §2, D37)."""
    if not verdict.acknowledge:
        return verdict
    if facts.person.quiet or facts.person.ignored:
        why = (
            "they asked for no automatic mail"
            if facts.person.quiet
            else "an owner wrote that this sender needs no answers"
        )
        rule = "behaviour.md §3.10" if facts.person.quiet else "behaviour.md §4.3"
        return replace(verdict, acknowledge=False, rule=rule, why=why)
    if seen.arrival.backlog and not seen.home.acknowledge_backlog:
        why = "it lay in the inbox before ackbot first watched it"
        return replace(verdict, acknowledge=False, rule="behaviour.md §5.4", why=why)
    if _quick_answers(seen, facts) >= _ROBOT:
        why = f"letters came from this address within a minute of our mails {_ROBOT} times: it may be a machine"
        return replace(verdict, acknowledge=False, rule="RFC 3834 §2", why=why)
    for count, seconds in desk.council.limits.per_sender:
        recent = sum(at > desk.now - timedelta(seconds=seconds) for at in facts.automatic_at)
        if recent >= count:
            why = f"this address had {recent} automatic mails within {_span(seconds)} already"
            return replace(verdict, acknowledge=False, rule="behaviour.md §2", why=why)
    return verdict


def _quick_answers(seen: Seen, facts: Facts) -> int:
    """How many automatic mails of the last day had a letter of their recipient within a minute, this one counted (D35)."""
    letters_at = [seen.arrival.arrived_at, *(one.arrived_at for one in facts.past)]
    # A letter counts for the last mail before it: two letters after one mail are a person in a hurry.
    answered = {max((at for at in facts.automatic_at if at < arrived_at), default=None) for arrived_at in letters_at}
    return sum(any(at < arrived_at <= at + _AT_ONCE for arrived_at in letters_at) for at in answered if at is not None)


def _span(seconds: float) -> str:
    return "a day" if seconds == 86_400 else "an hour" if seconds == 3_600 else f"{round(seconds / 60)} minutes"


def _opened(
    seen: Seen,
    verdict: Verdict,
    found: Match,
    facts: Facts,
    desk: Desk,
    found_urgent: tuple[str, ...],
    answer: AnsweredElsewhere | None,
) -> Decision:
    council, message, inbox = desk.council, seen.message, seen.home
    if answer is not None:
        verdict = replace(verdict, acknowledge=False, rule=elsewhere.RULE, why=elsewhere.BEFORE)
    code = matching.free_code(desk.signer, message.fingerprint, facts)
    routed = routing.route(message, inbox, council)
    sketch = standards.opening_clocks(routed.standard, inbox, council, seen.arrival.arrived_at, desk.now, owned=True)
    until = standards.next_word(sketch) or council.calendar.local_day(desk.now)
    chosen = elsewhere.owner(answer, desk) or routing.choose_owner(routed, facts, council, desk.now, until)
    clocks = standards.opening_clocks(
        routed.standard, inbox, council, seen.arrival.arrived_at, desk.now, owned=bool(chosen.staff)
    )
    resident = verdict.to or Address("", "")
    person = _person(seen, facts, desk)
    case = Case(
        code=code,
        state="open",
        inbox=inbox.name,
        resident=resident,
        subject=message.subject,
        team=routed.team,
        owner=chosen.staff,
        standard=routed.standard.name,
        language=person.language or message.language(council.languages[0]),
        opened_at=seen.arrival.arrived_at,
        last_letter_at=seen.arrival.arrived_at,
        sensitive=bool(danger.SENSITIVE & set(found_urgent)),
        quiet=person.quiet or person.ignored,
        formats=person.formats,
        parties=frozenset({resident.key} if resident.addr else ()),
        clocks=clocks,
        thread=(message.message_id,) if message.message_id else (),
    )
    acknowledgement = None
    if verdict.acknowledge:
        acknowledgement = to_resident.acknowledgement(
            desk,
            seen.message,
            case,
            inbox,
            facts,
            seen.arrival,
            why="the letter is acknowledged at once",
            hold=contact.hold(seen.arrival, facts, council),
            absent=_absent_officer(seen, desk),
            also_to=seen.also_to,
        )
    goes_out = acknowledgement is not None and inbox.mode in ("acknowledge", "live")
    if acknowledgement and goes_out and not acknowledgement.hold and not case.sensitive:
        clocks = standards.told(clocks, owned=bool(chosen.staff))
    reference = council.reference_of(code)
    intents: list[Intent] = [OpenCase(case, why=f"{reference} is opened: {found.how}")]
    if resident.key and person.formats and person.formats != facts.person.formats:
        intents.append(Wish(resident.key, "formats", person.formats, code=code, why="the resident asks for it"))
    if found.linked:
        intents.append(
            Note(code, "linked", {"code": found.linked}, why=f"it goes on with {council.reference_of(found.linked)}")
        )
    intents += [SetClock(code, clock, why=f'standard "{routed.standard.name}": {clock.kind}') for clock in clocks]
    intents += danger.alarms(seen, case, inbox, found_urgent, desk)
    if acknowledgement:
        intents.append(acknowledgement)
        intents += to_admin.hold_told(acknowledgement, desk)
    if chosen.staff:
        intents.append(Assign(code, chosen.staff, routed.team, why=chosen.why))
    else:
        intents.append(to_admin.no_owner(case, chosen.why, desk))
    if answer is not None:
        answer = replace(answer, staff=answer.staff or chosen.staff)
        intents += elsewhere.words_given(replace(case, last_letter_at=None), inbox, answer, desk)
        clocks = ()
    elif chosen.staff:
        told = (
            "held" if goes_out and acknowledgement and acknowledgement.hold else "acknowledged" if goes_out else "not"
        )
        note = found.note or (f"it goes on with {council.reference_of(found.linked)}" if found.linked else "")
        intents.append(
            to_staff.new_case(
                desk,
                seen.message,
                case,
                inbox,
                seen.arrival,
                owner_why=chosen.why,
                told=told,
                note=note,
                urgent=danger.flags(found_urgent, council),
                why="the owner gets the letter",
                untold_why="" if acknowledgement else verdict.why,
            )
        )
    for other in seen.also_to:
        intents += _tell_other(seen, case, other, facts, desk)
    why = verdict.why
    intents.append(Record(verdict.kind, "case", verdict.rule, verdict.acknowledge, why=why))
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


def _person(seen: Seen, facts: Facts, desk: Desk) -> Person:
    """What is known of the sender, and the format that this very letter asks for."""
    asked_for = wishes.read(seen.message.new_text, desk.templates.language_names())
    return replace(facts.person, formats=asked_for.formats or facts.person.formats)


def _absent_officer(seen: Seen, desk: Desk) -> str:
    """Of a personal inbox: the officer who is away, and whose cover answers."""
    person = desk.council.staff.get(seen.inbox.owner)
    return person.public_name if person else ""


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
        to_staff.also_yours(
            desk,
            seen.message,
            case,
            other,
            council.staff[chosen.staff],
            why=f"the letter was sent to {other.service} too",
        )
    ]

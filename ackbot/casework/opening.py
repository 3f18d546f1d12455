"""A letter begins a case: who owns it, which dates are promised, and who is told what (behaviour.md §3.1, §3.3, §4.5)."""

from dataclasses import dataclass, replace
from typing import Literal

from ackbot.casework import contact, elsewhere, standards
from ackbot.casework.council import Inbox
from ackbot.casework.drafts import to_admin, to_resident, to_staff
from ackbot.casework.incoming import danger, matching, routing, wishes
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.routing import Chosen, Routed
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Assign, Decision, Intent, Note, OpenCase, Record, Send, SetClock, Wish
from ackbot.casework.model import AnsweredElsewhere, Case, Clock, Facts, Person
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address

Acknowledged = Literal["sent", "held", ""]  # as to_staff.new_case has it


@dataclass(frozen=True)
class NewLetter:
    """
    A letter that belongs to no case yet, and all that its case is made of.

    Args:
        found: how it is known that no open case is meant, and which earlier one it goes on with.
        urgent: categories of urgent words in it.
        answer: what a person wrote to its sender before it was taken in; None for nothing.
    """

    seen: Seen
    verdict: Verdict
    found: Match
    urgent: tuple[str, ...]
    answer: AnsweredElsewhere | None
    facts: Facts
    desk: Desk


def on_new_letter(letter: NewLetter) -> Decision:
    """The case that a letter begins, with everything that is done and sent because of it. Always a case (P3)."""
    seen, desk = letter.seen, letter.desk
    # Whoever has their answer already is not told that somebody will write.
    if letter.answer is not None:
        withheld = replace(letter.verdict, acknowledge=False, rule=elsewhere.RULE, why=elsewhere.BEFORE)
        letter = replace(letter, verdict=withheld)
    routed = routing.route(seen.message, seen.home, desk.council)
    chosen, clocks = _owner_and_clocks(letter, routed)
    case = _case(letter, routed, chosen, clocks)
    acknowledgement = _acknowledgement(letter, case)
    acknowledged = _acknowledged(acknowledgement, case, desk)
    # The dates stand in the acknowledgement. One that waits has told nobody, and a sensitive one names none.
    if acknowledged == "sent" and not case.sensitive:
        clocks = standards.told(clocks, owned=bool(chosen.staff))
    verdict = letter.verdict
    intents = (
        OpenCase(case, why=f"{desk.council.reference_of(case.code)} is opened: {letter.found.how}"),
        *_remembered(letter, case),
        *(SetClock(case.code, clock, why=f'standard "{case.standard}": {clock.kind}') for clock in clocks),
        *danger.alarms(seen, case, seen.home, letter.urgent, desk),
        *_resident_told(acknowledgement, desk),
        _owner_named(case, chosen, desk),
        *_owner_told(letter, case, chosen, acknowledged),
        *_others_told(letter, case),
        Record(verdict.kind, "case", verdict.rule, verdict.acknowledge, why=verdict.why),
    )
    return Decision(
        verdict.kind,
        "case",
        verdict.rule,
        verdict.why,
        verdict.acknowledge,
        verdict.to,
        intents,
        urgent=letter.urgent,
        code=case.code,
        new=True,
        owner=chosen.staff,
        owner_why=f"{chosen.why}; {routed.why}",
        standard=case.standard,
        clocks=() if letter.answer is not None else clocks,
    )


def _owner_and_clocks(letter: NewLetter, routed: Routed) -> tuple[Chosen, tuple[Clock, ...]]:
    """
    Who owns the case, and which clocks run.

    The dates come first: an owner is chosen for the promise, and is somebody who is there to keep it. Only where nobody is
    found does the clock run too by which the resident hears who has it.
    """
    council, now, arrived_at = letter.desk.council, letter.desk.now, letter.seen.arrival.arrived_at
    clocks = standards.opening_clocks(routed.standard, letter.seen.home, council, arrived_at, now, owned=True)
    until = standards.next_word(clocks) or letter.desk.today
    # Whoever answered it already has dealt with it, whichever team the routes name.
    chosen = elsewhere.owner(letter.answer, letter.desk) or routing.choose_owner(
        routed, letter.facts, council, now, until
    )
    if not chosen.staff:
        clocks = standards.opening_clocks(routed.standard, letter.seen.home, council, arrived_at, now, owned=False)
    return chosen, clocks


def _case(letter: NewLetter, routed: Routed, chosen: Chosen, clocks: tuple[Clock, ...]) -> Case:
    seen, desk = letter.seen, letter.desk
    message, arrived_at = seen.message, seen.arrival.arrived_at
    resident = letter.verdict.to or Address("", "")
    person = _person(letter)
    return Case(
        code=matching.free_code(desk.signer, message.fingerprint, letter.facts),
        state="open",
        inbox=seen.home.name,
        resident=resident,
        subject=message.subject,
        team=routed.team,
        owner=chosen.staff,
        standard=routed.standard.name,
        language=person.language or message.language(desk.council.languages[0]),
        opened_at=arrived_at,
        last_letter_at=arrived_at,
        sensitive=bool(danger.SENSITIVE & set(letter.urgent)),
        quiet=person.quiet or person.ignored,
        formats=person.formats,
        parties=frozenset({resident.key} if resident.addr else ()),
        clocks=clocks,
        thread=(message.message_id,) if message.message_id else (),
    )


def _person(letter: NewLetter) -> Person:
    """What is known of the sender, and the format that this very letter asks for."""
    wished = wishes.read(letter.seen.message.new_text, letter.desk.templates.language_names())
    known = letter.facts.person
    return replace(known, formats=wished.formats or known.formats)


def _acknowledgement(letter: NewLetter, case: Case) -> Send | None:
    """What the resident is told at once; None where the verdict withholds it."""
    if not letter.verdict.acknowledge:
        return None
    seen, council = letter.seen, letter.desk.council
    # A personal inbox is answered only while its officer is away, and then by their cover: both are named.
    officer = council.staff.get(seen.inbox.owner)
    return to_resident.acknowledgement(
        letter.desk,
        seen.message,
        case,
        letter.facts,
        why="the letter is acknowledged at once",
        hold=contact.held_for(None, letter.facts.contact, seen.arrival.hold),
        absent=officer.public_name if officer else "",
        also_to=seen.also_to,
    )


def _acknowledged(acknowledgement: Send | None, case: Case, desk: Desk) -> Acknowledged:
    """Whether the resident hears now that the letter is here. In the first two modes an inbox tells residents nothing."""
    if acknowledgement is None or desk.council.inbox_of(case.inbox).mode in ("shadow", "staff"):
        return ""
    return "held" if acknowledgement.hold else "sent"


def _remembered(letter: NewLetter, case: Case) -> list[Intent]:
    """What outlives the letter: a format that its sender asks for, and the case that it goes on with."""
    intents: list[Intent] = []
    if case.resident.key and case.formats and case.formats != letter.facts.person.formats:
        intents.append(Wish(case.resident.key, "formats", case.formats, why="the resident asks for it", code=case.code))
    if letter.found.linked:
        why = _goes_on_with(letter)
        intents.append(Note(case.code, "linked", why=why, data={"code": letter.found.linked}))
    return intents


def _goes_on_with(letter: NewLetter) -> str:
    return f"it goes on with {letter.desk.council.reference_of(letter.found.linked)}"


def _resident_told(acknowledgement: Send | None, desk: Desk) -> list[Intent]:
    """The acknowledgement, in every mode: what the mode does not send is kept, for the admin to see."""
    return [acknowledgement, *to_admin.hold_told(acknowledgement, desk)] if acknowledgement else []


def _owner_named(case: Case, chosen: Chosen, desk: Desk) -> Intent:
    """One person has it; where nobody can, somebody above is told now (P4)."""
    return (
        Assign(case.code, case.owner, case.team, why=chosen.why)
        if case.owner
        else to_admin.no_owner(case, chosen.why, desk)
    )


def _owner_told(letter: NewLetter, case: Case, chosen: Chosen, acknowledged: Acknowledged) -> list[Intent]:
    """The letter for its owner. Not for one that a person answered before: nobody is told what they know, its promises are kept."""
    found, verdict, desk = letter.found, letter.verdict, letter.desk
    if letter.answer is not None:
        answer = replace(letter.answer, staff=letter.answer.staff or chosen.staff)
        # Its own arrival is later than the answer, and is no new letter to answer.
        return elsewhere.words_given(replace(case, last_letter_at=None), answer, desk)
    if not chosen.staff:
        return []
    send = to_staff.new_case(
        desk,
        letter.seen.message,
        case,
        owner_why=chosen.why,
        acknowledgement=acknowledged,
        withheld_because="" if verdict.acknowledge else verdict.why,
        note=found.note or (_goes_on_with(letter) if found.linked else ""),
        urgent=danger.flags(letter.urgent, desk.council),
        why="the owner gets the letter",
    )
    return [send]


def _others_told(letter: NewLetter, case: Case) -> list[Intent]:
    """Other services in To or Cc: one case for them all, and each hears whose it is."""
    sends = (tell_other_service(letter.seen, case, other, letter.facts, letter.desk) for other in letter.seen.also_to)
    return [send for send in sends if send is not None]


def tell_other_service(seen: Seen, case: Case, other: Inbox, facts: Facts, desk: Desk) -> Send | None:
    """
    Another service that was written to hears whose case it is (behaviour.md §3.3); None where the same person, or nobody,
    would have had the letter there.
    """
    council = desk.council
    routed = routing.route(seen.message, other, council)
    # The resident's last owner has the case. Who knew them says nothing of the other service.
    facts = replace(facts, last_owner=None)
    chosen = routing.choose_owner(routed, facts, council, desk.now, desk.today)
    if not chosen.staff or chosen.staff == case.owner:
        return None
    why = f"the letter was sent to {other.service} too"
    return to_staff.also_yours(desk, seen.message, case, other, council.staff[chosen.staff], why=why)

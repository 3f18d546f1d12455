"""Opens a case for a letter: who owns it, which dates are promised, who is told what (behaviour.md §3.1, §3.3, §4.5)."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal

from ackbot.casework import apart, authority, contact, elsewhere, standards
from ackbot.casework.council import Inbox
from ackbot.casework.cover import has_left
from ackbot.casework.drafts import names, to_admin, to_resident, to_staff
from ackbot.casework.incoming import danger, matching, own_words, routing, wishes
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.routing import Chosen, Routed
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.incoming.wishes import Wishes
from ackbot.casework.intents import Assign, Attach, Decision, Intent, Note, OpenCase, Record, Send, SetClock
from ackbot.casework.model import AnsweredElsewhere, Case, Clock, Facts, Person
from ackbot.casework.office import Desk
from ackbot.casework.staff import words_elsewhere
from ackbot.mail.addresses import Address

CLEARED = "the same letter came once more without the marks that it was doubted for, and counts from now on"
Acknowledged = Literal["sent", "held", ""]  # see to_staff.new_case


@dataclass(frozen=True)
class NewLetter:
    """
    A letter that belongs to no case yet, with everything that is needed to open one.

    Args:
        found: why no open case is meant, and which earlier case it continues.
        urgent: categories of urgent words in the letter.
        answer: a person's answer to the letter that was written before we read it; None for none.
        about: staff ids of those about whom it complains; `desk` is without them.
    """

    seen: Seen
    verdict: Verdict
    found: Match
    urgent: tuple[str, ...]
    answer: AnsweredElsewhere | None
    facts: Facts
    desk: Desk
    about: frozenset[str] = frozenset()

    @cached_property
    def wished(self) -> Wishes:
        """
        What the letter asks of us in its writer's own words; nothing if it may be forged (E4).

        Quiet counts in a person's own letter alone: anybody fills a form in under any name, or writes an officer's address.
        """
        seen = self.seen
        if seen.authority.condemned_by():
            return Wishes()
        if not own_words.to_us(seen, self.facts):
            return Wishes()
        found = wishes.read(own_words.of(seen), self.desk.templates.language_names())
        own = seen.authority.is_own() and seen.staff is None and not seen.authority.answers_staff
        return found if own else replace(found, quiet=False)


def on_new_letter(letter: NewLetter) -> Decision:
    """The decision that opens a case for a letter, with everything that is done and sent because of it (P3)."""
    seen, desk = letter.seen, letter.desk
    if letter.wished.quiet and letter.verdict.acknowledge and not letter.urgent:
        # Automatic mail never answers a wish to have none (behaviour.md §3.13); somebody in danger is answered all the same.
        withheld = replace(letter.verdict, acknowledge=False, rule="behaviour.md §3.10", why=wishes.QUIET_ASKED)
        letter = replace(letter, verdict=withheld)
    # A resident who has an answer already need not hear that somebody will write.
    if letter.answer is not None:
        withheld = replace(letter.verdict, acknowledge=False, rule=elsewhere.RULE, why=elsewhere.BEFORE)
        letter = replace(letter, verdict=withheld)
    routed = routing.route(seen.message, seen.home, desk.council)
    chosen, clocks = _owner_and_clocks(letter, routed)
    case = _case(letter, routed, chosen, clocks)
    acknowledgement = _acknowledgement(letter, replace(case, named=case.owner))
    acknowledged = _acknowledged(acknowledgement, case, desk)
    # Only the acknowledgement tells the dates. A held one has not been read yet, and a sensitive one names no date.
    if acknowledged == "sent" and not case.sensitive:
        clocks = standards.told(clocks, owned=bool(chosen.staff), answer_on=_answer_on(acknowledgement))
    verdict = letter.verdict
    intents = (
        OpenCase(
            replace(case, named=case.owner if acknowledgement else ""),
            why=f"{desk.council.reference_of(case.code)} is opened: {letter.found.how}",
        ),
        *_remembered(letter, case),
        *(SetClock(case.code, clock, why=f'standard "{case.standard}": {clock.kind}') for clock in clocks),
        *danger.alarms(seen, case, seen.home, letter.urgent, desk, opening=True),
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
        owner_why="; ".join(filter(None, (chosen.why, routed.why, _passed_over(chosen)))),
        standard=case.standard,
        clocks=() if letter.answer is not None else clocks,
    )


def unanswered(verdict: Verdict, case: Case) -> bool:
    """Whether the letter may be acknowledged, and nobody has written to the resident in this open case yet."""
    return verdict.acknowledge and case.state == "open" and case.human_words_at is None


def on_cleared(letter: NewLetter, case: Case) -> Decision:
    """
    The decision for a second copy of the letter that opened a case, without the marks for which the first was doubted (E7).

    The letter is acknowledged now, and its wishes count. There is no second alarm.
    """
    seen, desk, council = letter.seen, letter.desk, letter.desk.council
    clocks = case.clocks
    if not clocks or any(clock.promised_on <= desk.today for clock in clocks):
        # Nobody was told the dates that have passed, and nobody is promised a word for yesterday.
        inbox, standard = council.inbox_of(case.inbox), council.standard_of(case.standard)
        clocks = standards.opening_clocks(
            standard, inbox, council, seen.arrival.arrived_at, desk.now, owned=bool(case.in_charge)
        )
    person = _person(letter)
    quiet = case.quiet or person.quiet or person.ignored
    case = replace(case, clocks=clocks, formats=person.formats, quiet=quiet)
    acknowledgement = _acknowledgement(letter, case)
    acknowledged = _acknowledged(acknowledgement, case, desk)
    if acknowledged == "sent" and not case.sensitive:
        clocks = standards.told(clocks, owned=bool(case.owner), answer_on=_answer_on(acknowledgement))
    case, verdict = replace(case, clocks=clocks), letter.verdict
    intents: list[Intent] = [
        Attach(case.code, why=letter.found.how, sensitive=case.sensitive),
        *_remembered(letter, case),
        *(SetClock(case.code, clock, why=CLEARED) for clock in clocks),
        *_resident_told(acknowledgement, desk),
    ]
    if case.in_charge in council.staff:
        flags = danger.flags(letter.urgent, council)
        at = seen.arrival.arrived_at
        why = "its owner hears that the letter is no longer doubted"
        intents.append(
            to_staff.resident_wrote(desk, seen.message, case, at, note=CLEARED, why=why, urgent=flags, again=True)
        )
    intents.append(Record(verdict.kind, "case", verdict.rule, acknowledge=True, why=verdict.why))
    return Decision(
        verdict.kind,
        "case",
        verdict.rule,
        verdict.why,
        True,
        verdict.to,
        tuple(intents),
        urgent=letter.urgent,
        code=case.code,
        owner=case.in_charge,
        owner_why="has the case",
        standard=case.standard,
        clocks=clocks,
    )


def _owner_and_clocks(letter: NewLetter, routed: Routed) -> tuple[Chosen, tuple[Clock, ...]]:
    """
    The owner of the case, and the clocks that run.

    The dates are computed first, because the owner should be present until the promised date. The clock for naming an owner
    runs only if nobody is found.
    """
    council, now = letter.desk.council, letter.desk.now
    clocks = _dated(letter, routed, owned=True)
    until = standards.next_word(clocks) or letter.desk.today
    # Whoever has answered the letter owns the case, whichever team the routes name.
    chosen = (
        routing.owner_of_complaint(letter.about, routed.team, council, now)
        if letter.about
        else elsewhere.owner(letter.answer, letter.desk)
        or routing.choose_owner(routed, letter.facts, council, now, until)
    )
    if not chosen.staff:
        clocks = _dated(letter, routed, owned=False)
    return chosen, clocks


def _dated(letter: NewLetter, routed: Routed, *, owned: bool) -> tuple[Clock, ...]:
    """The clocks of the standard; in danger the next word is promised by the end of the next working day at the latest (E49)."""
    desk, inbox, arrived_at = letter.desk, letter.seen.home, letter.seen.arrival.arrived_at
    clocks = standards.opening_clocks(routed.standard, inbox, desk.council, arrived_at, desk.now, owned=owned)
    if not danger.is_at_once(letter.urgent):
        return clocks
    soon = standards.on_day("update", inbox.calendar.next_working_day(desk.today), inbox)
    due = standards.next_word(clocks)
    if due is not None and due <= soon.promised_on:
        return clocks
    return (replace(soon, told=False), *(clock for clock in clocks if clock.kind != "update"))


def _case(letter: NewLetter, routed: Routed, chosen: Chosen, clocks: tuple[Clock, ...]) -> Case:
    seen, desk = letter.seen, letter.desk
    message, arrived_at = seen.message, seen.arrival.arrived_at
    passed = seen.passed
    resident = letter.verdict.to or (passed and passed.caller) or Address("", "")
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
        language=person.language or desk.guessed(message),
        opened_at=arrived_at,
        last_letter_at=arrived_at,
        sensitive=danger.is_sensitive(letter.urgent),
        quiet=person.quiet or person.ignored,
        formats=person.formats,
        parties=frozenset({resident.key} if resident.addr else ()),
        clocks=clocks,
        thread=(message.message_id,) if message.message_id else (),
        about=letter.about,
        way=passed.way if passed else "mail",
    )


def _person(letter: NewLetter) -> Person:
    """What we know of the sender, including what this letter asks for."""
    wished, known = letter.wished, letter.facts.person
    return replace(
        known,
        quiet=known.quiet or (wished.quiet and not letter.urgent),
        formats=wishes.together(known.formats, wished.formats),
        language=wished.language or known.language,
    )


def _noted(letter: NewLetter) -> tuple[str, ...]:
    """What the letter asks for, for its acknowledgement."""
    wished = replace(letter.wished, quiet=False)
    return wishes.named(wished, letter.desk.templates.language_names())


def _acknowledgement(letter: NewLetter, case: Case) -> Send | None:
    """The acknowledgement; None if the verdict withholds it."""
    if not letter.verdict.acknowledge:
        return None
    seen, council = letter.seen, letter.desk.council
    history = letter.facts.contact
    if letter.urgent and seen.authority.proven_by(seen.inbox):
        history = replace(history, braked=False)  # the safety block must not wait for the admin
    # A personal inbox is answered only while its officer is away, and then by the cover. The mail names both.
    officer = council.staff.get(seen.inbox.owner)
    officer = None if officer is not None and has_left(officer, letter.desk.today) else officer
    return to_resident.acknowledgement(
        letter.desk,
        seen.message,
        case,
        letter.facts,
        why="the letter is acknowledged at once",
        hold=contact.held_for(None, history, seen.arrival.hold),
        absent=officer.public_name if officer else "",
        also_to=seen.also_to,
        noted=_noted(letter),
        danger="first" if danger.is_at_once(letter.urgent) else "second" if danger.is_sensitive(letter.urgent) else "",
        passed_by=seen.passed.by.public_name if seen.passed else "",
    )


def _acknowledged(acknowledgement: Send | None, case: Case, desk: Desk) -> Acknowledged:
    """What happens to the acknowledgement. In the modes shadow and staff, an inbox sends residents nothing."""
    if acknowledgement is None or desk.council.inbox_of(case.inbox).mode in ("shadow", "staff"):
        return ""
    return "held" if acknowledgement.hold else "sent"


def _answer_on(acknowledgement: Send | None) -> date | None:
    """The date of the answer, if the acknowledgement names it."""
    found: date | None = acknowledgement.draft.values.get("answer_on") if acknowledgement else None
    return found


def _remembered(letter: NewLetter, case: Case) -> list[Intent]:
    """
    What is remembered beyond the letter: what its sender asks for (E27), and the earlier case that it continues.

    The wish of a contact form counts for its own case only, because anybody can fill it in under any name (E4).
    """
    intents: list[Intent] = []
    if case.resident.key and letter.seen.authority.is_own():
        within = letter.seen.authority.wishes_within(letter.desk.council)
        person = _person(letter)
        kept = replace(person, formats=case.formats)
        intents += wishes.remembered(case, kept, letter.facts.person, within)
    if letter.found.linked:
        why = _goes_on_with(letter)
        intents.append(Note(case.code, "linked", why=why, data={"code": letter.found.linked}))
    return intents


def _goes_on_with(letter: NewLetter) -> str:
    return f"it goes on with {letter.desk.council.reference_of(letter.found.linked)}"


def _resident_told(acknowledgement: Send | None, desk: Desk) -> list[Intent]:
    """The acknowledgement, in every mode: if the mode does not send it, the outbox keeps it for the admin to see."""
    return (
        [acknowledgement, *to_admin.hold_told(acknowledgement.hold, acknowledgement.inbox, desk)]
        if acknowledgement
        else []
    )


def _passed_over(chosen: Chosen) -> str:
    return f"passed over: {chosen.passed_over}" if chosen.passed_over else ""


def _owner_named(case: Case, chosen: Chosen, desk: Desk) -> Intent:
    """Assign the owner; if there is none, tell somebody above now (P4)."""
    return (
        Assign(case.code, case.owner, case.team, why=chosen.why)
        if case.owner
        else to_admin.no_owner(case, chosen.why, desk)
    )


def _owner_told(letter: NewLetter, case: Case, chosen: Chosen, acknowledged: Acknowledged) -> list[Intent]:
    """
    The mail that brings the letter to its owner.

    A letter that a person has answered is not sent to anybody, because they know it. Instead its promises end as kept.
    """
    found, verdict, desk = letter.found, letter.verdict, letter.desk
    if letter.answer is not None:
        answer = replace(letter.answer, staff=letter.answer.staff or chosen.staff)
        # The letter reached us after the answer to it. Without this, it would count as a new letter after the answer.
        return words_elsewhere.given(replace(case, last_letter_at=None), answer, desk)
    if not chosen.staff:
        return []
    earlier = found.note or (_goes_on_with(letter) if found.linked else "")
    by_form = authority.BY_FORM if letter.seen.authority.form else ""
    complaint = apart.about(case.about, desk.council)
    if not complaint and desk.council.standard_of(case.standard).complaint:
        complaint = "it makes a complaint, and its standard is that of complaints"
    elsewhere_to = _asks_elsewhere(letter, case)
    send = to_staff.new_case(
        desk,
        letter.seen.message,
        case,
        owner_why=chosen.why,
        acknowledgement=acknowledged,
        withheld_because="" if verdict.acknowledge else verdict.why,
        note="; ".join(
            one
            for one in (
                complaint,
                by_form,
                names.not_ours(case.resident, desk.council),
                elsewhere_to,
                earlier,
                *_wished_notes(letter),
            )
            if one
        ),
        urgent=danger.flags(letter.urgent, desk.council),
        at_once=danger.is_at_once(letter.urgent),
        why="the owner gets the letter",
        passed=letter.seen.passed.told if letter.seen.passed else None,
    )
    return [send]


def _wished_notes(letter: NewLetter) -> list[str]:
    return wishes.notes(letter.wished, letter.desk.templates.language_names())


def _asks_elsewhere(letter: NewLetter, case: Case) -> str:
    """What the owner reads of a Reply-To with another address; they are asked about it when they answer (E46)."""
    wanted = [one for one in letter.seen.message.reply_to if one.usable and one.key != case.resident.key]
    if letter.seen.authority.form or len(wanted) != 1 or letter.desk.council.is_colleague(wanted[0].key):
        return ""
    return f"they ask for answers at {wanted[0].addr}, and you are asked where yours go"


def _others_told(letter: NewLetter, case: Case) -> list[Intent]:
    """The mails to other services in To or Cc: there is one case for all of them, and each is told who owns it."""
    sends = (tell_other_service(letter.seen, case, other, letter.facts, letter.desk) for other in letter.seen.also_to)
    return [send for send in sends if send is not None]


def tell_other_service(seen: Seen, case: Case, other: Inbox, facts: Facts, desk: Desk) -> Send | None:
    """
    The mail that tells another service, which got the same letter, who owns the case (behaviour.md §3.3).

    None if the owner, or nobody, would have got the letter there.
    """
    council = desk.council
    routed = routing.route(seen.message, other, council)
    # The resident's last owner must not be chosen here: whom the resident knows says nothing about the other service.
    facts = replace(facts, last_owner=None)
    chosen = routing.choose_owner(routed, facts, council, desk.now, desk.today)
    if not chosen.staff or chosen.staff == case.owner:
        return None
    why = f"the letter was sent to {other.service} too"
    return to_staff.also_yours(desk, seen.message, case, other, council.staff[chosen.staff], why=why)

"""Combines the rules: a mail and the facts go in, one decision with its intents comes out (design.md §4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from ackbot.casework import authority, bounces, elsewhere, follow_ups, opening, several
from ackbot.casework.council import Inbox
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_staff
from ackbot.casework.incoming import chains, complaints, danger, machines, matching, rehearsals, staff_proof
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.screening import ONLY_CC, Seen, Verdict, screen
from ackbot.casework.intents import Decision, Intent, Note, Record, Unreachable
from ackbot.casework.model import PERSONAL, Case, Facts, Known, Outcome, Questions
from ackbot.casework.office import Desk
from ackbot.casework.opening import NewLetter
from ackbot.casework.staff import auto_reply, commands

_AT_ONCE = timedelta(seconds=60)  # an automatic responder answers within this time
_PEOPLES = PERSONAL | {"automatic-reply"}  # kinds that may be a person's letter
_ROBOT = 2  # quick answers within a day; after these an address gets no further automatic mail


def questions_for(seen: Seen, verdict: Verdict, desk: Desk) -> Questions:
    """What the store must answer before `on_message` can decide."""
    return replace(matching.questions_for(seen, verdict, desk), recipients=elsewhere.recipients(seen))


def on_message(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    Decide what happens to a mail. The same mail, facts, configuration and time give the same decision (P12).

    The first match wins: copies of mails decided before, then mails that are not letters to us, then mails of staff, then
    mails that an inbox does not take. All that is left is a letter, and opens or joins a case (P3).
    """
    known = facts.known
    forged = known is not None and known.by_way == "forged" and not seen.sent
    if known is not None and forged and not seen.authority.clears(*_inboxes_of(known, desk)):
        # One mail to two inboxes, of which one checks nothing: what the other's server says holds for both copies.
        seen = replace(seen, condemned=True)
        verdict = screen(seen)
    proven = seen.authority.proves(verdict.to, seen.inbox)
    if proven:
        # What was sent on letters that anybody can have written in this name counts only against such letters (E12).
        facts = replace(facts, contact=facts.contact.proven)
    if verdict.kind in _PEOPLES:
        facts = rehearsals.left_out(seen, facts, desk.council)
        known = facts.known
    decision = chains.duty_told(chains.merged(_decided(seen, verdict, facts, desk), facts, desk.now), desk.now)
    decision = auto_reply.ended_by_acts(seen, _reached(seen, decision, facts, desk), desk)
    # A colleague's answer is the council's own mail, whatever its way: another copy of it is the same answer.
    answer = decision.kind == "staff" and decision.outcome == "event"
    by_way = decision.by_way or ("" if answer else verdict.by_way)
    case = facts.cases.get(decision.code)
    if not by_way and decision.outcome == "attach" and case is not None:
        by_way = "" if seen.authority.checked_for(desk.council.inbox_of(case.inbox)) else "unchecked"
    anew = (
        known is not None
        and not known.erased
        and (_anew(seen, verdict, known) or elsewhere.proven_anew(seen, verdict, facts, desk))
    )
    return replace(decision, by_way=by_way, proven=proven, anew=anew)


def _reached(seen: Seen, decision: Decision, facts: Facts, desk: Desk) -> Decision:
    """The decision, in which a letter shows that the address works in all cases where a report said that it does not (E6)."""
    done = {one.code for one in decision.intents if isinstance(one, Unreachable)}
    author = seen.authority.author
    if (
        decision.outcome not in ("case", "attach")
        or author is None
        or decision.to is None
        or author.key != decision.to.key
    ):
        return decision
    codes = [
        code
        for code, inbox in facts.unreachable
        if code not in done and seen.authority.is_own(desk.council.inbox_of(inbox))
    ]
    lifted = [Unreachable(code, False, why="the resident wrote from that address") for code in codes]
    return replace(decision, intents=(*decision.intents[:-1], *lifted, *decision.intents[-1:]))


def _inboxes_of(known: Known, desk: Desk) -> list[Inbox]:
    """The inboxes that earlier copies came to, as far as the configuration still has them."""
    return [desk.council.inboxes[one] for one in sorted(known.inboxes) if one in desk.council.inboxes]


def _decided(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    if facts.known is not None and facts.known.erased:
        why = "the same letter was decided before, and what it said was erased since"
        return _closed(replace(verdict, rule="domain.md §13"), "record", why)
    # The author of a mail in the Sent folder has access to that mailbox, and did not write to us.
    if seen.sent:
        return elsewhere.on_sent(seen, verdict, facts, desk)
    # This comes before the kind, because screening may judge a second copy differently and open a second case (D12, D14).
    if _decided_before(seen, verdict, facts) and not elsewhere.proven_anew(seen, verdict, facts, desk):
        return _again(seen, verdict, facts, desk)
    if machines.is_reaction(seen.message) and (found := matching.match(seen, verdict.to, facts).case):
        why = "a reaction is neither a letter nor an answer"
        return _closed(verdict, "event", why, (Note(found.code, "reaction", why=why),), code=found.code)
    if verdict.kind in ("own", "receipt", "list", "bulk", "spam"):
        return _closed(verdict, "record", verdict.why)
    if verdict.kind == "bounce":
        return bounces.on_bounce(seen, verdict, facts, desk)
    # This comes before staff mail, because an answer to a trial mail asks for nothing.
    if verdict.kind in ("staff", "letter") and staff_proof.answers_trial(seen, desk.signer):
        return _closed(replace(verdict, kind="staff"), "event", "it answers a mail of `ackbot check --staff`")
    # This comes before staff mail, because words that already went to the resident are not a command to us.
    if copied := elsewhere.on_copied(seen, verdict, facts, desk):
        return copied
    if verdict.kind == "staff":
        if done := commands.on_staff(seen, verdict, facts, desk):
            return done
        # Its earlier copy is a letter already.
        if facts.known is not None and facts.known.decided and not facts.known.by_way:
            return _again(seen, verdict, facts, desk)
        verdict = _of_a_stranger(verdict)
    if verdict.kind == "automatic-reply" and _by_words_alone(seen, verdict, facts):
        verdict = replace(
            verdict, kind="letter", why=f"{verdict.why}, and no header says so, so only an answer is withheld"
        )
    # A resident's "I am away" says nothing new about the case. A stranger's automatic mail may be a real letter.
    if verdict.kind == "automatic-reply" and (event := _automatic_event(seen, verdict, facts, desk)):
        return event
    if seen.arrival.history:
        return _closed(verdict, "record", "it is older than the time from which this inbox is watched")
    if _officer_is_here(seen, verdict, facts, desk):
        return _closed(verdict, "record", "it is a personal inbox, and its officer is here")
    return _letter(seen, verdict, facts, desk)


def _closed(verdict: Verdict, outcome: Outcome, why: str, intents: Sequence[Intent] = (), code: str = "") -> Decision:
    """The decision for a mail that gets no answer and opens no case."""
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code)


def _decided_before(seen: Seen, verdict: Verdict, facts: Facts) -> bool:
    """
    Whether the same letter was decided before.

    A letter that another inbox only recorded does not count, for example one to an officer who is present: in this inbox it
    may open a case. A copy is also decided by itself if the earlier one bore marks that this one does not bear (E7).
    """
    known = facts.known
    if known is None or not known.decided or _anew(seen, verdict, known):
        return False
    return not (known.of_a_person and seen.inbox.name not in known.inboxes)


def _anew(seen: Seen, verdict: Verdict, known: Known) -> bool:
    """
    Whether a copy of a known letter is decided by itself (E7, behaviour.md §1).

    It is if marks of the way that the earlier copy came decided about that copy, and this one bears none, or lesser ones; if
    nobody could check the earlier copy, and this one was checked; if this copy proves that staff wrote it, and the earlier
    one came to an inbox where nothing did; or if the earlier one opened a case in shadow, of which nobody heard.
    """
    if known.rehearsed or (verdict.kind == "staff" and known.decided and known.kind != "staff"):
        return True
    # A copy that was asked about is only decided anew by one that is proven, see `elsewhere.proven_anew`.
    if known.kind == "staff":
        return False
    if not known.decided or not known.by_way or verdict.kind not in _PEOPLES:
        return False
    if known.by_way == "unchecked":
        return bool(seen.inbox.authserv_id) and seen.passed is None and not verdict.by_way
    lesser = known.by_way == "forged" and verdict.by_way == "marks"
    return not verdict.by_way or lesser or known.kind not in _PEOPLES


def _again(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """The decision for a letter that came again: re-delivered, restored, or sent to a second inbox too (D12, D14)."""
    assert facts.known is not None  # noqa: S101 - the caller has checked it
    case = facts.cases.get(facts.known.code)
    desk = desk.within(case)
    why = "the same letter was decided before"
    intents: list[Intent] = []
    if case is not None and seen.inbox.name not in facts.known.inboxes and facts.known.kind != "staff":
        why = f"the same letter came to another inbox before, as {desk.council.reference_of(case.code)}"
        # A personal inbox is not another service, and its officer sees the mail there.
        if seen.inbox.name != case.inbox and not seen.inbox.personal:
            told = opening.tell_other_service(seen, case, seen.inbox, facts, desk)
            intents += [told] if told else []
    if (
        case is not None
        and _condemned_late(seen, facts.known, desk)
        and is_present(desk.council, case.in_charge, desk.now)
    ):
        why = "its owner hears that another copy of the letter was condemned"
        at, note = seen.arrival.arrived_at, f"another copy of this letter came: {authority.FORGED}"
        intents.append(to_staff.resident_wrote(desk, seen.message, case, at, note=note, why=why, again=True))
    return _closed(replace(verdict, rule="design.md §5"), "record", why, intents, code=facts.known.code)


def _condemned_late(seen: Seen, known: Known, desk: Desk) -> bool:
    """Whether a server condemns a letter whose earlier copies came only to inboxes that check nothing (E7)."""
    checked = any(one.authserv_id for one in _inboxes_of(known, desk))
    return seen.authority.condemned_by() and known.kind in _PEOPLES and not checked


def _of_a_stranger(verdict: Verdict) -> Verdict:
    """The verdict for staff mail with somebody else's token: it is a letter, because forwards carry tokens along (P7)."""
    why = "it carries a token that we gave to another member of staff"
    return replace(verdict, kind="letter", acknowledge=False, rule="behaviour.md §4.4", why=why)


def _by_words_alone(seen: Seen, verdict: Verdict, facts: Facts) -> bool:
    """
    Whether nothing but its words makes a mail automatic, and it comes from somebody who has a case, or answers a mail of ours.

    Such words withhold at most the automatic answer: the letter is attached, and its owner reads it (E14).
    """
    if verdict.by_way or seen.staff is not None:
        return False
    ours = any(token.code in facts.cases for token in (*seen.message.addressed, *seen.message.answers))
    return (
        ours
        or bool(facts.past)
        or any(verdict.to is not None and verdict.to.key in case.parties for case in facts.cases.values())
    )


def _automatic_event(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision | None:
    """
    The decision for an automatic reply from staff, or in a case that we know.

    None for a stranger's automatic mail, which may be a letter (behaviour.md §1).
    """
    for token in (*seen.message.addressed, *seen.message.answers):
        if case := facts.cases.get(token.code):
            note = Note(token.code, "automatic-reply", {"role": token.role}, why="an automatic reply came to our mail")
            event = _closed(verdict, "event", "it answers a mail of ours automatically", (note,), code=token.code)
            if token.role != "staff":
                return _alarming(event, seen, case, desk)
            away = auto_reply.learnt(seen, desk)
            return replace(event, intents=(*event.intents[:-1], *away, *event.intents[-1:]))
    if seen.staff is not None:
        away = auto_reply.learnt(seen, desk)
        return _closed(verdict, "event", "it is an automatic reply of a member of staff", away)
    found = matching.match(seen, verdict.to, facts).case
    if found is not None and verdict.to is not None and verdict.to.key in found.parties:
        note = Note(found.code, "automatic-reply", why="an automatic reply of a resident", data={})
        why = "it is an automatic reply of a resident with a case"
        return _alarming(_closed(verdict, "event", why, (note,), code=found.code), seen, found, desk)
    return None


def _alarming(event: Decision, seen: Seen, case: Case, desk: Desk) -> Decision:
    """The event, with an alarm if the mail speaks of danger: a person may have written what bears a robot's mark (E20)."""
    desk = desk.within(case)
    signs = danger.found_in(seen, case, desk)
    urgent = danger.of_signs(signs)
    raised = danger.alarms(seen, case, desk.council.inbox_of(case.inbox), urgent, desk)
    return replace(event, intents=(*event.intents[:-1], *raised, *event.intents[-1:]), urgent=urgent, signs=signs)


def _officer_is_here(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> bool:
    """
    Whether the mail is left to the officer of a personal inbox, because that officer is present.

    Not if it belongs to a case of ours, which a cover opened during an absence.
    """
    if not seen.inbox.personal or not is_present(desk.council, seen.inbox.owner, desk.now):
        return False
    found = matching.match(seen, verdict.to, facts)
    return found.case is None or found.joined


def _letter(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """The decision for a letter, a form, an unreadable mail or a stranger's automatic mail. It always has a case (P3)."""
    found = matching.match(seen, verdict.to, facts)
    if (
        verdict.why == ONLY_CC.why
        and found.case is not None
        and verdict.to
        and verdict.to.key not in found.case.parties
    ):
        # Whoever answers all has the resident in To and us in Cc; they hear once who has their mail (behaviour.md §3.3a).
        verdict = replace(verdict, acknowledge=True)
    verdict = _limited(seen, verdict, facts, desk)
    known = facts.known
    earlier = facts.cases.get(known.code) if known is not None and known.decided else None
    about: frozenset[str] = frozenset()
    if known is not None and earlier is not None:
        found = Match(earlier, "an earlier copy of the same letter belongs to it")
    else:
        about = complaints.about_whom(seen, found.case, facts, desk)
        if about or complaints.is_made_in(seen, found.case, desk):
            found = complaints.moved(found, about, verdict, facts, desk)
    desk = desk.within(found.case).apart_from(about)
    signs = danger.found_in(seen, found.case, desk)
    decision = _of_letter(seen, verdict, found, facts, desk, danger.of_signs(signs), about)
    return replace(several.told(decision, seen, verdict, facts, desk), signs=signs)


def _of_letter(
    seen: Seen,
    verdict: Verdict,
    found: Match,
    facts: Facts,
    desk: Desk,
    urgent: tuple[str, ...],
    about: frozenset[str],
) -> Decision:
    """
    The decision for a letter, for which it is known what case it belongs to, what danger it speaks of, and about whom it
    complains.
    """
    known = facts.known
    earlier = facts.cases.get(known.code) if known is not None and known.decided else None
    # Anybody can copy a Message-ID, so a person has answered the letter only if the mail is not condemned (E4).
    answer = None if seen.authority.condemned_by() else elsewhere.before(seen, verdict, found, facts)
    if found.case is None:
        answer = None if about else answer  # whoever is complained about has answered nothing of it
        return opening.on_new_letter(NewLetter(seen, verdict, found, urgent, answer, facts, desk, about))
    if answer is not None:
        return elsewhere.on_answered_before(seen, verdict, found, found.case, answer, desk, urgent)
    if known is None or earlier is None or known.outcome == "event":
        return follow_ups.on_attached(seen, verdict, found, found.case, facts, desk, urgent)
    if known.outcome == "case" and opening.unanswered(verdict, found.case):
        return opening.on_cleared(NewLetter(seen, verdict, found, urgent, None, facts, desk), found.case)
    return follow_ups.on_attached(seen, verdict, found, found.case, facts, desk, urgent, doubted_at=known.arrived_at)


def _limited(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Verdict:
    """The verdict, with the acknowledgement withheld for reasons in the past: a wish, a backlog, caps (behaviour.md §2, D37)."""
    if not verdict.acknowledge:
        return verdict
    if facts.person.quiet or _quiet_here(seen, verdict, facts, desk):
        return _withheld(verdict, "behaviour.md §3.10", "they asked for no automatic mail")
    if facts.person.ignored:
        return _withheld(verdict, "behaviour.md §4.3", "an owner wrote that this sender needs no answers")
    if seen.arrival.backlog and not seen.home.acknowledge_backlog:
        return _withheld(verdict, "behaviour.md §5.4", "it lay in the inbox before ackbot first watched it")
    if seen.arrival.put_in:
        return _withheld(verdict, "behaviour.md §5.4", "somebody put it into the inbox long after it had arrived")
    if _quick_answers(seen, facts) >= _ROBOT:
        why = f"letters came from this address within a minute of our mails {_ROBOT} times: it may be a machine"
        return _withheld(verdict, "RFC 3834 §2", why)
    for count, seconds in desk.council.limits.per_sender:
        recent = sum(at > desk.now - timedelta(seconds=seconds) for at in facts.contact.written_at)
        if recent >= count:
            why = f"this address had {recent} automatic mails within {_span(seconds)} already"
            return _withheld(verdict, "behaviour.md §2", why)
    return verdict


def _quiet_here(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> bool:
    """Whether they asked for quiet in another case, where nobody could check that, and nobody checks this letter either."""
    others = [case for case in facts.cases.values() if verdict.to is not None and verdict.to.key in case.parties]
    unchecked = [case for case in others if not desk.council.inbox_of(case.inbox).authserv_id]
    return not seen.home.authserv_id and any(case.quiet for case in unchecked)


def _withheld(verdict: Verdict, rule: str, why: str) -> Verdict:
    return replace(verdict, acknowledge=False, rule=rule, why=why)


def _quick_answers(seen: Seen, facts: Facts) -> int:
    """How many automatic mails of the last day were answered within a minute; this letter counts as an answer (D35)."""
    proven = seen.authority.proves(seen.message.author, seen.inbox)
    past = [one.arrived_at for one in facts.past if one.proven or not proven]
    letters_at = [seen.arrival.arrived_at, *past]
    # Each letter answers the last mail before it, so two letters after one mail count once: that may be a hasty person.
    answered = {
        max((at for at in facts.contact.written_at if at < arrived_at), default=None) for arrived_at in letters_at
    }
    return sum(any(at < arrived_at <= at + _AT_ONCE for arrived_at in letters_at) for at in answered if at is not None)


def _span(seconds: float) -> str:
    return "a day" if seconds == 86_400 else "an hour" if seconds == 3_600 else f"{round(seconds / 60)} minutes"

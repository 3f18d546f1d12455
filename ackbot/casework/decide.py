"""The rules composed: a mail and the facts go in, one decision with its intents comes out (design.md §4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from ackbot.casework import bounces, elsewhere, follow_ups, opening
from ackbot.casework.cover import is_present
from ackbot.casework.incoming import danger, matching, staff_proof
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Decision, Intent, Note, Record
from ackbot.casework.model import Facts, Outcome, Questions
from ackbot.casework.office import Desk
from ackbot.casework.opening import NewLetter
from ackbot.casework.staff import commands

_AT_ONCE = timedelta(seconds=60)  # a responder's answer is that quick
_ROBOT = 2  # quick answers after which an address gets no more automatic mails that day


def questions_for(seen: Seen, verdict: Verdict, desk: Desk) -> Questions:
    """What the store must be asked before `on_message` can decide."""
    return replace(matching.questions_for(seen, verdict, desk), recipients=elsewhere.recipients(seen))


def on_message(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    What becomes of a mail, first match wins: the same mail, facts, configuration and time give the same decision (P12).

    What is known of the copy comes first, then what is no letter to us, then staff, then what an inbox does not take; what
    is left is a letter, and makes or joins a case (P3).
    """
    # Whoever wrote what lies in a Sent folder may use that mailbox; no word in it is one to us.
    if seen.sent:
        return elsewhere.on_sent(seen, verdict, facts, desk)
    # Before the kind: the other copy may be screened otherwise, and would open a second case (D12, D14).
    if _decided_before(seen, facts):
        return _again(seen, verdict, facts, desk)
    if verdict.kind in ("own", "receipt", "list", "bulk", "spam"):
        return _closed(verdict, "record", verdict.why)
    if verdict.kind == "bounce":
        return bounces.on_bounce(seen, verdict, facts, desk)
    # Before staff mail: it proves who they are, and asks for nothing.
    if verdict.kind in ("staff", "letter") and staff_proof.answers_trial(seen, desk.signer):
        return _closed(replace(verdict, kind="staff"), "event", "it answers a mail of `ackbot check --staff`")
    # Before staff mail: words that went to the resident already are no command to us.
    if copied := elsewhere.on_copied(seen, verdict, facts, desk):
        return copied
    if verdict.kind == "staff":
        if done := commands.on_staff(seen, verdict, facts, desk):
            return done
        verdict = _of_a_stranger(verdict)
    # A resident's "I am away" is no answer to us. Of a stranger's automatic mail nobody knows that, so it is a letter.
    if verdict.kind == "automatic-reply" and (event := _automatic_event(seen, verdict, facts)):
        return event
    if seen.arrival.history:
        return _closed(verdict, "record", "it is older than the time from which this inbox is watched")
    if _officer_is_here(seen, verdict, facts, desk):
        return _closed(verdict, "record", "it is a personal inbox, and its officer is here")
    return _letter(seen, verdict, facts, desk)


def _closed(verdict: Verdict, outcome: Outcome, why: str, intents: Sequence[Intent] = (), code: str = "") -> Decision:
    """The decision of a mail that nobody is answered for."""
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code)


def _decided_before(seen: Seen, facts: Facts) -> bool:
    """
    Whether the same letter was decided before. Not one that was only recorded in another inbox, say of an officer who is
    here: in this one it may be a letter.
    """
    known = facts.known
    return known is not None and known.decided and not (known.of_a_person and seen.inbox.name not in known.inboxes)


def _again(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """The same letter once more: re-delivered, restored, or sent to a second inbox. One case, one acknowledgement (D12, D14)."""
    assert facts.known is not None  # noqa: S101 - the caller asked
    case = facts.cases.get(facts.known.code)
    why = "the same letter was decided before"
    intents: list[Intent] = []
    if case is not None and seen.inbox.name not in facts.known.inboxes and facts.known.kind != "staff":
        why = f"the same letter came to another inbox before, as {desk.council.reference_of(case.code)}"
        # A personal inbox is no other service: its officer has the mail in it.
        if seen.inbox.name != case.inbox and not seen.inbox.personal:
            told = opening.tell_other_service(seen, case, seen.inbox, facts, desk)
            intents += [told] if told else []
    return _closed(replace(verdict, rule="design.md §5"), "record", why, intents, code=facts.known.code)


def _of_a_stranger(verdict: Verdict) -> Verdict:
    """Tokens travel in forwards: whoever answers with one that was given to somebody else has written a letter (P7)."""
    why = "it carries a token that we gave to another member of staff"
    return replace(verdict, kind="letter", acknowledge=False, rule="behaviour.md §4.4", why=why)


def _automatic_event(seen: Seen, verdict: Verdict, facts: Facts) -> Decision | None:
    """An automatic reply to us belongs to a case we know; a stranger's automatic mail may be a letter (behaviour.md §1)."""
    for token in (*seen.message.addressed, *seen.message.answers):
        if token.code in facts.cases:
            note = Note(token.code, "automatic-reply", {"role": token.role}, why="an automatic reply came to our mail")
            return _closed(verdict, "event", "it answers a mail of ours automatically", (note,), code=token.code)
    if seen.staff is not None:
        return _closed(verdict, "event", "it is an automatic reply of a member of staff")
    case = matching.match(seen, verdict.to, facts).case
    if case is not None and verdict.to is not None and verdict.to.key in case.parties:
        note = Note(case.code, "automatic-reply", why="an automatic reply of a resident", data={})
        return _closed(verdict, "event", "it is an automatic reply of a resident with a case", (note,), code=case.code)
    return None


def _officer_is_here(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> bool:
    """A personal inbox whose officer is here is theirs to answer; except a case that a cover took on while they were away."""
    if not seen.inbox.personal or not is_present(desk.council, seen.inbox.owner, desk.now):
        return False
    found = matching.match(seen, verdict.to, facts)
    return found.case is None or found.joined


def _letter(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """A letter, a form, unreadable mail or a stranger's automatic mail: always a case, new or known (P3)."""
    verdict = _limited(seen, verdict, facts, desk)
    found = matching.match(seen, verdict.to, facts)
    urgent = danger.found_in(seen, found.case, desk)
    answer = elsewhere.before(seen, verdict, found, facts)
    if found.case is None:
        return opening.on_new_letter(NewLetter(seen, verdict, found, urgent, answer, facts, desk))
    if answer is not None:
        return elsewhere.on_answered_before(seen, verdict, found, found.case, answer, desk, urgent)
    return follow_ups.on_attached(seen, verdict, found, found.case, facts, desk, urgent)


def _limited(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Verdict:
    """The acknowledgement is withheld for what came before: a wish, a backlog, the caps (behaviour.md §2, D37)."""
    if not verdict.acknowledge:
        return verdict
    if facts.person.quiet:
        return _withheld(verdict, "behaviour.md §3.10", "they asked for no automatic mail")
    if facts.person.ignored:
        return _withheld(verdict, "behaviour.md §4.3", "an owner wrote that this sender needs no answers")
    if seen.arrival.backlog and not seen.home.acknowledge_backlog:
        return _withheld(verdict, "behaviour.md §5.4", "it lay in the inbox before ackbot first watched it")
    if _quick_answers(seen, facts) >= _ROBOT:
        why = f"letters came from this address within a minute of our mails {_ROBOT} times: it may be a machine"
        return _withheld(verdict, "RFC 3834 §2", why)
    for count, seconds in desk.council.limits.per_sender:
        recent = sum(at > desk.now - timedelta(seconds=seconds) for at in facts.contact.written_at)
        if recent >= count:
            why = f"this address had {recent} automatic mails within {_span(seconds)} already"
            return _withheld(verdict, "behaviour.md §2", why)
    return verdict


def _withheld(verdict: Verdict, rule: str, why: str) -> Verdict:
    return replace(verdict, acknowledge=False, rule=rule, why=why)


def _quick_answers(seen: Seen, facts: Facts) -> int:
    """How many automatic mails of the last day had a letter of their recipient within a minute, this one counted (D35)."""
    letters_at = [seen.arrival.arrived_at, *(one.arrived_at for one in facts.past)]
    # A letter counts for the last mail before it: two letters after one mail are a person in a hurry.
    answered = {
        max((at for at in facts.contact.written_at if at < arrived_at), default=None) for arrived_at in letters_at
    }
    return sum(any(at < arrived_at <= at + _AT_ONCE for arrived_at in letters_at) for at in answered if at is not None)


def _span(seconds: float) -> str:
    return "a day" if seconds == 86_400 else "an hour" if seconds == 3_600 else f"{round(seconds / 60)} minutes"

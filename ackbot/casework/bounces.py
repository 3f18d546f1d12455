"""Handles bounces of our mail: a resident cannot be reached, or a colleague may be gone (domain.md §2.2, D39, D40)."""

from ackbot.casework import keys
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Decision, Intent, Note, Record, Unreachable
from ackbot.casework.model import PURPOSES, Case, Facts, Outcome
from ackbot.casework.office import Desk
from ackbot.mail.tokens import Token


def on_bounce(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    The decision for a bounce, in the case of the mail that it returns.

    The case is found by an id that the bounce quotes, by the tagged address it came to, or by the ids that it answers. Only a
    permanent failure of the address itself changes anything; a delay, a full mailbox (5.2.2) or a policy does not.
    """
    tokens = (*seen.message.returned, *seen.message.addressed, *seen.message.answers)
    failed = [one for one in seen.message.failed_recipients if one.permanent]
    status = ", ".join(sorted({one.status or one.action for one in seen.message.failed_recipients}))
    intents: list[Intent] = []
    code = next((token.code for token in tokens if token.code in facts.cases), "")
    if code:
        role = next(token.role for token in tokens if token.code == code)
        why = "a mail of ours in this case was reported undelivered"
        intents.append(Note(code, "bounce", {"status": status, "role": role}, why=why))
        # A copy went to somebody whom the resident copied; its failure says nothing about the resident's address.
        copy = any(token.purpose == PURPOSES["copy"] for token in tokens)
        if failed and role == "resident" and not copy:
            intents += _resident_gone(facts.cases[code], status, desk)
    if failed:
        intents += _staff_gone(tokens, facts, status, desk)
    outcome: Outcome = "event" if tokens else "record"
    why = "it returns a mail of ours" if tokens else "it returns no mail of ours that we know"
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code)


def _resident_gone(case: Case, status: str, desk: Desk) -> list[Intent]:
    """Stop automatic mail to the resident's address, and tell whoever is in charge once."""
    if case.unreachable:
        return []
    why = "our mail to the resident came back for good"
    found: list[Intent] = [Unreachable(case.code, True, why=why)]
    staff = desk.council.staff.get(case.in_charge)
    if staff and case.state != "closed":
        key = keys.unreachable(case.code)
        values = {"status": status}
        found.append(to_staff.about_case(desk, ASK_BACK["unreachable"], case, staff, key, values, why=why))
    return found


def _staff_gone(tokens: tuple[Token, ...], facts: Facts, status: str, desk: Desk) -> list[Intent]:
    """Tell the manager or the admin, once a day, that mail to a member of staff came back (D40, D58)."""
    people = dict.fromkeys(
        facts.ours[token.message_id].staff
        for token in tokens
        if token.role == "staff" and token.message_id in facts.ours
    )
    found: list[Intent] = []
    for person in people:
        council = desk.council
        staff = council.staff.get(person)
        if staff is None:
            continue
        manager = council.staff.get(council.manager_of(staff))
        values = {"person": staff.name, "address": staff.email, "status": status}
        found.append(
            to_admin.about(
                desk,
                "staff-bounce",
                keys.staff_bounce(person, desk.today),
                values,
                why="our mail to a member of staff came back for good",
                recipient=manager.email if manager and manager.id != person else "",
            )
        )
    return found

"""Handles bounces of our mail: a resident cannot be reached, or a colleague may be gone (domain.md §2.2, D39, D40)."""

from functools import partial

from ackbot.casework import keys
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Decision, Intent, Note, Record, Unreachable
from ackbot.casework.model import PURPOSES, Case, Facts, Outcome
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address, key_of
from ackbot.mail.tokens import Token

_LONGEST = 100  # characters of an address that a report names and a mail of ours repeats


def on_bounce(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    The decision for a bounce, in the case of the mail that it returns.

    The case is found by an id that the bounce quotes, by the tagged address it came to, or by the ids that it answers. The bounce
    counts only if it returns a mail of ours by its signed id, and the very address failed for good that this mail went to (E6):
    anybody can write a report, and somebody may have forwarded the mail. A delay, a full mailbox (5.2.2) or a policy is not for
    good.
    """
    tokens = (*seen.message.returned, *seen.message.addressed, *seen.message.answers)
    failed = frozenset(key_of(one.address) for one in seen.message.failed_recipients if one.permanent)
    status = ", ".join(sorted({one.status or one.action for one in seen.message.failed_recipients}))
    intents: list[Intent] = []
    code = next((token.code for token in tokens if token.code in facts.cases), "")
    if code:
        role = next(token.role for token in tokens if token.code == code)
        why = "a mail of ours in this case was reported undelivered"
        intents.append(Note(code, "bounce", {"status": status, "role": role}, why=why))
        if failed and role == "resident":
            gone = _gone(seen, facts.cases[code], failed, facts, desk)
            intents += (_resident_gone if gone else partial(_another, failed))(facts.cases[code], status, desk)
    if failed and not seen.authority.condemned_by():
        intents += _staff_gone(seen.message.returned, failed, facts, status, desk)
    outcome: Outcome = "event" if tokens else "record"
    why = "it returns a mail of ours" if tokens else "it returns no mail of ours that we know"
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code)


def _gone(seen: Seen, case: Case, failed: frozenset[str], facts: Facts, desk: Desk) -> bool:
    """Whether a mail to the resident came back from the resident's own address, and nobody condemns who says so."""
    if seen.authority.condemned_by(desk.council.inbox_of(case.inbox)):
        return False
    # After a backup was put back, no row may tell where the mail went; its purpose tells that it was no copy.
    went_to = {
        facts.written_to.get(token.message_id, case.resident.key)
        for token in seen.message.returned
        if token.role == "resident" and token.code == case.code and token.purpose != PURPOSES["copy"]
    }
    return bool(case.resident.key) and case.resident.key in went_to & failed


def _resident_gone(case: Case, status: str, desk: Desk) -> list[Intent]:
    """Stop automatic mail to the resident's address, and tell whoever is in charge once."""
    if case.unreachable:
        return []
    why = "our mail to the resident came back for good"
    return [Unreachable(case.code, True, why=why), *_told(case, keys.unreachable(case.code), status, "", desk, why)]


def _another(failed: frozenset[str], case: Case, status: str, desk: Desk) -> list[Intent]:
    """A report that changes nothing: whoever has the case hears of the first one."""
    other = next((one for one in sorted(failed) if one != case.resident.key), case.resident.key)
    shown = other if len(other) <= _LONGEST and Address("", other).usable else "another address"
    why = "a mail was reported undelivered, and nothing proves that it was ours to the resident"
    return _told(case, keys.undelivered(case.code), status, shown, desk, why)


def _told(case: Case, key: keys.Key, status: str, other: str, desk: Desk, why: str) -> list[Intent]:
    staff = desk.council.staff.get(case.in_charge)
    if staff is None or case.state == "closed":
        return []
    values = {"status": status, "other": other, "same": other == case.resident.key}
    return [to_staff.about_case(desk, ASK_BACK["unreachable"], case, staff, key, values, why=why)]


def _staff_gone(
    returned: tuple[Token, ...], failed: frozenset[str], facts: Facts, status: str, desk: Desk
) -> list[Intent]:
    """Tell the manager or the admin, once a day, that mail to a member of staff came back (D40, D58)."""
    people = dict.fromkeys(
        facts.ours[token.message_id].staff
        for token in returned
        if token.role == "staff"
        and token.message_id in facts.ours
        and facts.written_to.get(token.message_id, "") in failed
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

"""Handles bounces of our mail: a resident cannot be reached, or a colleague may be gone (domain.md §2.2, D39, D40)."""

from dataclasses import replace
from typing import Any

from ackbot.casework import keys, standards
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import ClearClock, Decision, Intent, Note, Record, Reopen, SetClock, Unreachable
from ackbot.casework.model import PURPOSES, Case, Facts, Outcome
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address, key_of
from ackbot.mail.markup import Lines
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
            intents += _undelivered(seen, facts.cases[code], failed, status, facts, desk)
    if failed and not seen.authority.condemned_by():
        intents += _staff_gone(seen.message.returned, failed, facts, status, desk)
    outcome: Outcome = "event" if tokens else "record"
    why = "it returns a mail of ours" if tokens else "it returns no mail of ours that we know"
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code)


def _undelivered(seen: Seen, case: Case, failed: frozenset[str], status: str, facts: Facts, desk: Desk) -> list[Intent]:
    """What a report about a mail to a resident does: see `_resident_gone`, `_copy_undelivered` and `_another`."""
    if _gone(seen, case, failed, facts, desk):
        return _resident_gone(seen, case, status, facts, desk)
    condemned = seen.authority.condemned_by(desk.council.inbox_of(case.inbox))
    copies = {
        facts.written_to.get(token.message_id, "")
        for token in seen.message.returned
        if token.code == case.code and token.purpose == PURPOSES["copy"]
    }
    if not condemned and (to := sorted(copies & failed)):
        return [one for address in to for one in _copy_undelivered(case, address, status, desk)]
    return _another(failed, case, status, desk)


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


def _resident_gone(seen: Seen, case: Case, status: str, facts: Facts, desk: Desk) -> list[Intent]:
    """
    Stop automatic mail to the resident's address, and tell whoever is in charge once.

    If a person's words came back, written is not arrived (E38): their author gets them back, and the case is open again with
    new dates, which nobody was told.
    """
    if case.unreachable:
        return []
    why = "our mail to the resident came back for good"
    gone = Unreachable(case.code, True, why=why)
    words = next(
        (
            facts.human_words.get(token.message_id, "")
            for token in seen.message.returned
            if token.code == case.code and token.purpose == PURPOSES["human"]
        ),
        "",
    )
    key = keys.unreachable(case.code)
    if not words:
        return [gone, *_told(case, case.in_charge, key, desk, why, status=status)]
    revived = [] if case.state == "open" else _revived(case, desk)
    author = case.human_words_by if is_present(desk.council, case.human_words_by, desk.now) else case.in_charge
    now_open = replace(case, state="open")
    told = _told(now_open, author, key, desk, why, status=status, words=Lines(words), revived=bool(revived))
    if not told:
        told = [
            to_admin.no_owner(now_open, "an answer to the resident came back, and nobody is here to read that", desk)
        ]
    return [gone, *revived, *told]


def _revived(case: Case, desk: Desk) -> list[Intent]:
    """The case is open again, and its clocks begin anew: nobody has answered the resident."""
    why = "the answer came back, so nobody has answered the resident"
    inbox, standard = desk.council.inbox_of(case.inbox), desk.council.standard_of(case.standard)
    clocks = standards.opening_clocks(standard, inbox, desk.council, desk.now, desk.now, owned=bool(case.in_charge))
    begun = {clock.kind for clock in clocks}
    ended = [clock for clock in case.clocks if clock.kind not in begun]
    return [
        *(ClearClock(case.code, clock.kind, "replaced", why=why) for clock in ended),
        Reopen(case.code, why=why),
        *(SetClock(case.code, replace(clock, told=False), why=why) for clock in clocks),
    ]


def _copy_undelivered(case: Case, address: str, status: str, desk: Desk) -> list[Intent]:
    """A copy of a person's words came back from the very address it went to: the resident's own mail is not touched by that."""
    why = "a copy of a person's words was reported undelivered"
    key = keys.undelivered(case.code, address)
    return _told(replace(case, state="open"), case.in_charge, key, desk, why, status=status, other=address, copy=True)


def _another(failed: frozenset[str], case: Case, status: str, desk: Desk) -> list[Intent]:
    """A report that changes nothing: whoever has the case hears of the first one."""
    other = next((one for one in sorted(failed) if one != case.resident.key), case.resident.key)
    shown = other if len(other) <= _LONGEST and Address("", other).usable else "another address"
    why = "a mail was reported undelivered, and nothing proves that it was ours to the resident"
    return _told(case, case.in_charge, keys.undelivered(case.code), desk, why, status=status, other=shown)


def _told(case: Case, reader: str, key: keys.Key, desk: Desk, why: str, **values: Any) -> list[Intent]:
    """
    The mail to a member of staff about a report; nothing in a closed case, or if nobody is in charge.

    Args:
        values: `status`, and what the template needs beside the defaults.
    """
    staff = desk.council.staff.get(reader)
    if staff is None or case.state == "closed":
        return []
    other = values.get("other", "")
    defaults = {"other": "", "same": other == case.resident.key, "copy": False, "words": "", "revived": False}
    return [to_staff.about_case(desk, ASK_BACK["unreachable"], case, staff, key, {**defaults, **values}, why=why)]


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

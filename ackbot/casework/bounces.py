"""Handles bounces of our mail: a resident cannot be reached, or a colleague may be gone (domain.md §2.2, D39, D40)."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from ackbot.casework import keys, standards
from ackbot.casework.council import Inbox
from ackbot.casework.cover import is_present
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import ClearClock, Decision, Intent, Note, Record, Reopen, SetClock, Unreachable
from ackbot.casework.model import PURPOSES, Case, Facts, Outcome, Returned
from ackbot.casework.office import Desk
from ackbot.mail import reports
from ackbot.mail.addresses import Address, key_of
from ackbot.mail.markup import Lines
from ackbot.mail.tokens import Token

_LONGEST = 100  # characters of an address that a report names and a mail of ours repeats


def on_bounce(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    The decision for a bounce, in the case of the mail that it returns.

    The case is found by an id that the bounce quotes, by the tagged address it came to, or by the ids that it answers. The bounce
    counts only if it returns a mail of ours by its signed id, came where reports about that mail go, and the very address failed
    that this mail went to (E6): anybody can write a report, and somebody may have forwarded the mail. Nor does it count if the
    recipient has written since. A full mailbox (5.2.2) or a policy is not for good, and stops no later mail; but a person's words
    have not arrived all the same (E38). A delay is no failure.
    """
    tokens = (*seen.message.returned, *seen.message.addressed, *seen.message.answers)
    failed = frozenset(key_of(one.address) for one in seen.message.failed_recipients if one.permanent)
    lost = failed | frozenset(key_of(one.address) for one in seen.message.failed_recipients if one.action == "failed")
    status = ", ".join(sorted({one.status or one.action for one in seen.message.failed_recipients}))
    intents: list[Intent] = []
    code = next((token.code for token in tokens if token.code in facts.cases), "")
    if code:
        role = next(token.role for token in tokens if token.code == code)
        why = "a mail of ours in this case was reported undelivered"
        intents.append(Note(code, "bounce", {"status": status, "role": role}, why=why))
        if lost and role == "resident":
            intents += _undelivered(seen, facts.cases[code], failed, lost, status, facts, desk)
    if failed and _may_report(seen):
        intents += _staff_gone(seen, failed, facts, status, desk)
    outcome: Outcome = "event" if tokens else "record"
    why = "it returns a mail of ours" if tokens else "it returns no mail of ours that we know"
    record = Record(verdict.kind, outcome, verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, outcome, verdict.rule, why, False, verdict.to, (*intents, record), code=code)


def _undelivered(
    seen: Seen, case: Case, failed: frozenset[str], lost: frozenset[str], status: str, facts: Facts, desk: Desk
) -> list[Intent]:
    """
    What a report about a mail to a resident does: see `_resident_gone`, `_copy_undelivered` and `_another`.

    Args:
        failed: the addresses that failed for good.
        lost: these, and those that failed for this one mail.
    """
    if gone := _gone(seen, case, failed, facts, desk):
        return _resident_gone(case, gone, status, facts, desk)
    if gone := tuple(one for one in _gone(seen, case, lost, facts, desk) if one.purpose == PURPOSES["human"]):
        return _resident_gone(case, gone, status, facts, desk, for_good=False)
    copies = {
        one.to
        for token in seen.message.returned
        if token.code == case.code
        and token.purpose == PURPOSES["copy"]
        and (one := facts.returned.get(token.message_id)) is not None
        and _came_back(seen, one, lost, desk)
    }
    if copies and _may_report(seen, desk.council.inbox_of(case.inbox)):
        return [one for address in sorted(copies) for one in _copy_undelivered(case, address, status, desk)]
    return _another(failed, case, status, desk) if failed else []


def _may_report(seen: Seen, *inboxes: Inbox) -> bool:
    """Whether a report may count: at most one author wrote it, and nobody condemns it."""
    return len({one.key for one in seen.message.from_}) <= 1 and not seen.authority.condemned_by(*inboxes)


def _came_back(seen: Seen, one: Returned, failed: frozenset[str], desk: Desk) -> bool:
    """
    Whether the report came where reports about that mail go, and nothing refutes it.

    Whoever was in copy knows the id of a mail, but a letter of its recipient since then shows that the address works (E6).
    """
    own = one.inbox == seen.inbox.name or desk.council.inbox_at(key_of(one.envelope_from)) == seen.inbox
    return own and one.to in failed and not one.refuted


def _gone(seen: Seen, case: Case, failed: frozenset[str], facts: Facts, desk: Desk) -> tuple[Token, ...]:
    """The mails to the resident that came back from the resident's own address, if the report may count."""
    if not case.resident.key or not _may_report(seen, desk.council.inbox_of(case.inbox)):
        return ()
    # After a backup was put back, no row may tell where the mail went; its purpose tells that it was no copy.
    unknown = Returned(case.resident.key, case.inbox)
    return tuple(
        token
        for token in seen.message.returned
        if token.role == "resident" and token.code == case.code and token.purpose != PURPOSES["copy"]
        if (one := facts.returned.get(token.message_id, unknown)).to in _theirs(case)
        and _came_back(seen, one, failed, desk)
    )


def _theirs(case: Case) -> set[str]:
    """The addresses to which a resident's mails go: their own, and where their answers go (E46)."""
    return {one for one in (case.resident.key, key_of(case.answer_to)) if one}


def _resident_gone(
    case: Case, gone: tuple[Token, ...], status: str, facts: Facts, desk: Desk, *, for_good: bool = True
) -> list[Intent]:
    """
    Stop automatic mail to the resident's address, and tell whoever is in charge once, but of every person's words.

    If a person's words came back, written is not arrived (E38): their author gets them back, and the case is open again with
    new dates, which nobody was told; unless somebody has written or spoken to the resident since those words.
    """
    sent = [token.message_id for token in gone if token.purpose == PURPOSES["human"]]
    if case.unreachable and not sent:
        return []
    words = facts.human_words.get(sent[0], "") if sent else ""
    if not words:
        why, key = "our mail to the resident came back for good", keys.unreachable(case.code, gone[0].message_id)
        stopped = [] if case.unreachable else [Unreachable(case.code, True, why=why)]
        return [*stopped, *_told(case, case.in_charge, key, desk, why, status=status)]
    returned = facts.returned.get(sent[0])
    at = returned.at if returned else None
    # Where answers go by choice is not the address of the case, to which automatic mail goes on (E46).
    for_good = for_good and (returned is None or returned.to == case.resident.key)
    told_on = returned.told_on if returned else None
    return on_words_lost(case, sent[0], words, at, status, desk, for_good=for_good, told_on=told_on)


def on_words_lost(
    case: Case,
    message_id: str,
    words: str,
    at: datetime | None,
    status: str,
    desk: Desk,
    *,
    for_good: bool,
    told_on: date | None = None,
) -> list[Intent]:
    """
    A person's words to the resident did not arrive: a report says so, or our own relay refused them (E38).

    Args:
        message_id: of the mail with the words.
        at: when they were written; None if no row tells.
        status: what the server said, in short.
        for_good: the address itself does not work, so that nothing more goes there by itself.
        told_on: the date that the resident had been told before, which stands again (P5).
    """
    why = "our mail to the resident came back for good" if for_good else "a person's words to the resident came back"
    stopped = [] if case.unreachable or not for_good else [Unreachable(case.code, True, why=why)]
    key = keys.unreachable(case.code, message_id)
    later = at is not None and case.human_words_at is not None and case.human_words_at > at
    revived = [] if case.state == "open" or later else _revived(case, desk, told_on, may_tell=not for_good)
    author = case.human_words_by if is_present(desk.council, case.human_words_by, desk.now) else case.in_charge
    now_open = replace(case, state="open")
    values = {"status": status, "words": Lines(words), "revived": bool(revived), "for_good": for_good}
    told = _told(now_open, author, key, desk, why, **values)
    if not told:
        told = [
            to_admin.no_owner(now_open, "an answer to the resident came back, and nobody is here to read that", desk)
        ]
    lost = Note(case.code, "words-lost", {"at": at.isoformat()} if at else {}, why=why)
    return [*stopped, lost, *revived, *told]


def _revived(case: Case, desk: Desk, told_on: date | None, *, may_tell: bool) -> list[Intent]:
    """
    The case is open again, and its clocks begin anew, but a date that the resident was told stands: nobody has answered them.
    """
    why = "the answer came back, so nobody has answered the resident"
    inbox, standard = desk.council.inbox_of(case.inbox), desk.council.standard_of(case.standard)
    clocks = standards.opening_clocks(standard, inbox, desk.council, desk.now, desk.now, owned=bool(case.in_charge))
    clocks = tuple(replace(clock, told=False) for clock in clocks)
    # A question pauses what it does not end.
    told = [*([told_on] if told_on else []), *(clock.promised_on for clock in case.paused if clock.told)]
    if told and may_tell:
        clocks = (standards.on_day("update", min(told), inbox), *(clock for clock in clocks if clock.kind != "update"))
    begun = {clock.kind for clock in clocks}
    ended = [clock for clock in case.clocks if clock.kind not in begun]
    return [
        *(ClearClock(case.code, clock.kind, "replaced", why=why) for clock in ended),
        Reopen(case.code, why=why),
        *(SetClock(case.code, clock, why=why) for clock in clocks),
    ]


def on_refused(
    case: Case,
    recipient: str,
    message_id: str,
    words: str,
    at: datetime,
    reply: str,
    desk: Desk,
    *,
    told_on: date | None = None,
) -> list[Intent]:
    """
    Our own relay will never take a mail to the resident, or a copy of a person's words (behaviour.md §3.4, E89).

    Args:
        recipient: whom it was for.
        words: a person's; "" for an automatic mail, of which whoever is in charge hears once, if the address is no good.
        reply: the relay's, or only its code.
        told_on: as in `on_words_lost`.
    """
    if key_of(recipient) not in _theirs(case):
        return _copy_undelivered(case, recipient, reply, desk)
    for_good = is_for_good(reply) and key_of(recipient) == case.resident.key
    if not words:
        key, why = keys.unreachable(case.code, message_id), "the relay refused the resident's address"
        stopped = [Unreachable(case.code, True, why=why)] if for_good and not case.unreachable else []
        return [*stopped, *_told(case, case.in_charge, key, desk, why, status=reply)] if stopped else []
    return on_words_lost(case, message_id, words, at, reply, desk, for_good=for_good, told_on=told_on)


def is_for_good(reply: str) -> bool:
    """Whether a relay's refusal says that the address itself does not work."""
    words = reply.split(maxsplit=2)
    status = words[1] if len(words) > 1 and words[1].count(".") == 2 else ""  # RFC 2034 §4
    return reports.is_permanent("failed", status, reply)


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
    same = other == case.resident.key
    defaults = {"other": "", "same": same, "copy": False, "words": "", "revived": False, "for_good": True}
    return [to_staff.about_case(desk, ASK_BACK["unreachable"], case, staff, key, {**defaults, **values}, why=why)]


def _staff_gone(seen: Seen, failed: frozenset[str], facts: Facts, status: str, desk: Desk) -> list[Intent]:
    """Tell the manager or the admin, once a day, that mail to a member of staff came back (D40, D58)."""
    people = dict.fromkeys(
        facts.ours[token.message_id].staff
        for token in seen.message.returned
        if token.role == "staff"
        and token.message_id in facts.ours
        and (one := facts.returned.get(token.message_id)) is not None
        and _came_back(seen, one, failed, desk)
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

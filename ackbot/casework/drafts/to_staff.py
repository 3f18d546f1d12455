"""Drafts of mails to staff (behaviour.md §4.1, §4.2, §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from ackbot.casework import apart, keys
from ackbot.casework.asked_for import NOT_PHONE
from ackbot.casework.council import Inbox, Staff
from ackbot.casework.cover import has_left
from ackbot.casework.drafts import bare, kinds, names
from ackbot.casework.drafts.kinds import StaffMail
from ackbot.casework.drafts.to_resident import envelope_from
from ackbot.casework.intents import Send
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile
from ackbot.mail.markup import Lines, Words
from ackbot.mail.message import Message

_LETTER_SHOWN = 20_000  # characters of a letter in the owner's mail; the rest is in the inbox


def links(desk: Desk, case: Case, staff: Staff, *, alarm: bool = False) -> dict[str, Words]:
    """
    `mailto:` links that begin an answer about one case. A click changes nothing until the mail is sent (D72).

    Args:
        alarm: they stand in an alarm, and answer it.
    """
    inside: Literal["i", "u"] = "u" if alarm else "i"
    inbox = desk.council.inbox_of(case.inbox)
    matter = subjects.plain(case.subject)
    reference = desk.council.reference_of(case.code)

    # Without plus addresses the tag goes into the subject, which a reply keeps.
    def begun(kind: Literal["s", "i", "u"]) -> str:
        tag = desk.signer.tag(case.code, kind, staff.id)
        to = inbox.plus(tag) if inbox.plus_addressing else inbox.address
        subject = f"{matter} [{reference}]" if inbox.plus_addressing else f"{matter} [{reference}] ({tag})"
        return f"mailto:{to}?subject={quote(subject, safe='')}&body="

    beginnings = {"s": begun("s"), "i": begun(inside)}

    def link(kind: Literal["s", "i"], body: str) -> Words:
        return Words(f"{beginnings[kind]}{quote(body, safe='')}")

    return {
        "answer": link("s", ""),
        "done": link("i", "DONE\n\n"),
        "progress": link("i", "UPDATE\n\n"),
        "later": link("i", "MORE "),
        "note": link("i", "NOTE\n\n"),
        "close": link("i", "CLOSE: "),
        "take": link("i", "TAKE"),
        "split": link("i", "SPLIT: "),
        "ask": link("i", "ASK "),
        "phoned": link("i", "PHONED: "),
        "sent": link("i", "SENT"),
        "pass": link("i", "PASS "),
        "decline": link("i", "NO: "),
    }


def inside_link(desk: Desk, case: Case, staff: Staff, body: str, *, alarm: bool = False) -> Words:
    """A `mailto:` link for one command; words in that mail stay inside. With `alarm` it answers the alarm of the case."""
    inbox = desk.council.inbox_of(case.inbox)
    tag = desk.signer.tag(case.code, "u" if alarm else "i", staff.id)
    subject = desk.council.reference_of(case.code)
    to = inbox.plus(tag) if inbox.plus_addressing else inbox.address
    subject = subject if inbox.plus_addressing else f"{subject} ({tag})"
    return Words(f"mailto:{to}?subject={quote(subject, safe='')}&body={quote(body, safe='')}")


def resident_name(case: Case) -> str:
    """What staff read for the resident: the display name, else the address. A caller's name is a colleague's word."""
    name = case.resident.name if case.spoken else names.from_display(case.resident)
    return name or case.resident.addr or "somebody without an address"


def about_case(
    desk: Desk,
    mail: StaffMail,
    case: Case,
    staff: Staff,
    key: keys.Key,
    values: Mapping[str, Any],
    *,
    why: str,
    letter: Message | None = None,
    head: str = "",
) -> Send:
    """
    A mail to a member of staff about one case. All mails to one person about a case form one thread.

    Args:
        values: values of the template, in addition to the facts of the case; they win over these.
        letter: the letter to show, with its files attached; None for none.
        head: what the subject of a digest says before the matter.
    """
    council = desk.council
    staff = _reader(desk, case, staff)
    inbox = council.inbox_of(case.inbox)
    words_go_out = mail.words_go_out and bool(case.resident.addr)
    resident = resident_name(case)
    reference = council.reference_of(case.code)
    alarm = (mail.purpose or mail.kind) == "urgent"
    tag = desk.signer.tag(case.code, "s" if words_go_out else "u" if alarm else "i", staff.id)
    reply_name = f"RESIDENT {resident}" if words_go_out else "ackbot (stays inside)"
    root = desk.message_id(keys.new_case(case.code, staff.id), case.code, "new-case", "staff", inbox.address)
    message_id = desk.message_id(key, case.code, mail.purpose or mail.kind, "staff", inbox.address)
    language = council.staff_language
    matter = subjects.plain(case.subject) or desk.templates.phrase(language, "subject.none")
    next_on = next_word(case.clocks)
    draft = Draft(
        kind=mail.kind,
        template=mail.template,
        values={
            "today": desk.today,
            "council": council.name,
            "service": inbox.service,
            "inbox": inbox.address,
            "fence": desk.templates.phrase(language, "fence", resident=resident),
            "links": links(desk, case, staff, alarm=alarm),
            "reference": reference,
            "resident": resident,
            "resident_first": names.first(resident) if names.from_display(case.resident) else resident,
            "resident_address": case.resident.addr,
            "namesake": names.not_ours(case.resident, council),
            "staff": staff.name,
            "staff_first": names.first(staff.name),
            "matter": matter,
            "next_on": next_on,
            "promised": any(clock.told and clock.promised_on == next_on for clock in case.clocks),
            "call": case.sensitive,
            "way": case.way,
            "formats": case.formats,
            "no_phone": NOT_PHONE in case.formats,
            "quiet": case.quiet,
            "words_go_out": words_go_out,
            "mode": inbox.mode,
            **(_shown(letter, inbox) if letter else {}),
            **values,
        },
        sender=Address(f"{resident} via {inbox.service}", inbox.address),
        recipient=Address(staff.name, staff.email),
        reply_to=Address(reply_name, inbox.plus(tag) if inbox.plus_addressing else inbox.address),
        subject=desk.templates.phrase(language, f"subject.{mail.kind}", head=head, matter=matter, reference=reference),
        envelope_from=envelope_from(inbox, tag),
        message_id=message_id,
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=Profile.STAFF,
        in_reply_to="" if root == message_id else root,
        references=() if root == message_id else (root,),
        languages=(language,),
        html=mail.html,
        extra={"X-Ackbot-Case": reference},
        attachments=tuple(one for one in letter.files if one.section) if letter else (),
    )
    return Send(key, draft, code=case.code, inbox=inbox.name, lane=inbox.staff_lane, why=why, staff=staff.id)


def _reader(desk: Desk, case: Case, staff: Staff) -> Staff:
    """
    Who gets a mail about a case: whoever is meant, but never somebody about whom it complains. Then whoever has it gets the mail.

    The rules choose no such reader. This is the last door before a mail is written (behaviour.md §3.12).
    """
    council = desk.within(case).council
    if not case.about or not has_left(council.staff.get(staff.id, staff), desk.today):
        return staff
    keeper = council.staff.get(case.in_charge)
    if keeper is None or has_left(keeper, desk.today):
        keeper = council.staff.get(apart.owner(council, case.about, case.team, desk.now)[0])
    return keeper or replace(staff, name="", email=council.admin)


def another_wrote(
    desk: Desk,
    case: Case,
    keeper: Staff,
    key: keys.Key,
    author: str,
    words: Lines,
    *,
    gone: bool = False,
    closed: bool = False,
    why: str,
) -> Send:
    """
    To whoever has the case: another member of staff wrote about it.

    Args:
        author: their name.
        words: what the resident gets or got; else what they wrote to us.
        gone: they no longer work here, so that the mail changed nothing (P7).
        closed: they closed it, and wrote nothing to the resident.
    """
    values = {"author": author, "gone": gone, "closed": closed, "their_words": words}
    return about_case(desk, kinds.ASK_BACK["another"], case, keeper, key, values, why=why)


def _shown(letter: Message, inbox: Inbox) -> dict[str, Any]:
    """Values for a mail that shows a letter and names its files."""
    return {
        "letter": Lines(letter.text[:_LETTER_SHOWN]),
        "letter_empty": not letter.text.strip(),
        "letter_unread": not letter.text.strip()
        and any(one.content_type == "text/html" for one in letter.attachments if not one.name),
        "letter_cut": len(letter.text) > _LETTER_SHOWN,
        "attachments": [one.name or one.content_type for one in letter.files],
        "pictures": [one.name or one.content_type for one in letter.decorations],
        "attach_up_to": f"{inbox.attach_up_to / 1_000_000:g} MB",
    }


def about_no_single_case(
    desk: Desk,
    mail: StaffMail,
    staff: Staff,
    inbox: Inbox,
    key: keys.Key,
    values: Mapping[str, Any],
    *,
    why: str,
    named: Sequence[str] = (),
) -> Send:
    """
    A mail to a member of staff about several cases or none: a digest, a table, a confirmation. Replies stay inside.

    Args:
        named: codes of the cases that it lists; an answer may act on these only (P7).
    """
    council = desk.council
    language = council.staff_language
    draft = Draft(
        kind=mail.kind,
        template=mail.template,
        values={
            "today": desk.today,
            "council": council.name,
            "staff": staff.name,
            "staff_first": names.first(staff.name),
            **values,
        },
        sender=Address("ackbot", inbox.address),
        recipient=Address(staff.name, staff.email),
        reply_to=Address("ackbot (stays inside)", inbox.address),
        subject=desk.templates.phrase(language, f"subject.{mail.template}", **values),
        envelope_from=envelope_from(inbox, "staff"),
        message_id=desk.message_id(key, "", mail.kind, "staff", inbox.address),
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=Profile.STAFF,
        languages=(language,),
        html=mail.html,
    )
    return Send(
        key, draft, code="", inbox=inbox.name, lane=inbox.staff_lane, why=why, staff=staff.id, names=tuple(named)
    )


def new_case(
    desk: Desk,
    letter: Message,
    case: Case,
    *,
    owner_why: str,
    acknowledgement: Literal["sent", "held", ""],
    withheld_because: str,
    note: str,
    urgent: tuple[str, ...],
    at_once: bool = False,
    why: str,
    passed: tuple[Staff, str] | None = None,
) -> Send:
    """
    The mail that brings a new letter to its owner, who can answer by replying.

    Args:
        owner_why: why this person is the owner, in plain English.
        acknowledgement: "sent" if the resident gets one now, "held" if it waits for the admin; "" for none.
        withheld_because: why there is none, in plain English; "" if the inbox's mode is the reason.
        note: what else the owner should know; "" for nothing.
        urgent: categories of urgent words in the letter.
        at_once: these are of a danger in which each hour counts.
        passed: who passed it on, and their words about it; None if it came by itself.
    """
    staff = desk.council.staff[case.owner]
    key = keys.new_case(case.code, staff.id)
    values = {
        **_passed(passed, staff),
        "owner_why": owner_why,
        "acknowledgement": acknowledgement,
        "withheld_because": withheld_because,
        "passed_letter": passed is not None and not case.spoken,
        "note": note,
        "urgent": list(urgent),
        "call": case.sensitive or at_once,
        **_arrived(desk, case.opened_at),
    }
    return about_case(desk, kinds.NEW_CASE, case, staff, key, values, why=why, letter=letter)


def without_words(desk: Desk, case: Case, staff: Staff, refused: str, *, why: str) -> Send:
    """
    What a member of staff reads of a letter after the relay refused the mail that showed it: that it is there, and where.

    Args:
        refused: the dedupe key of the refused mail.
    """
    key = keys.without_words(refused)
    return about_case(desk, kinds.NEW_CASE_REFUSED, bare.case(case, 1), staff, key, {}, why=why)


def resident_wrote(
    desk: Desk,
    letter: Message,
    case: Case,
    arrived_at: datetime,
    *,
    note: str,
    why: str,
    urgent: tuple[str, ...] = (),
    at_once: bool = False,
    again: bool = False,
    writer: str = "",
    passed: tuple[Staff, str] | None = None,
) -> Send:
    """
    The mail that brings a resident's further letter to whoever is in charge.

    Args:
        arrived_at: an aware instant.
        at_once: its urgent words are of a danger in which each hour counts.
        again: they have read an earlier copy of the letter, which was doubted.
        writer: the name of the colleague whose address it bears without proof; "" for a letter of a resident.
        passed: as in `new_case`.
    """
    staff = desk.council.staff[case.in_charge]
    key = keys.resident_wrote(case.code, letter.fingerprint, staff.id, again=again)
    call = case.sensitive or at_once
    values = {
        "note": note,
        "urgent": list(urgent),
        "call": call,
        "writer": writer,
        **_arrived(desk, arrived_at),
    } | _passed(passed, staff)
    return about_case(desk, kinds.RESIDENT_WROTE, case, staff, key, values, why=why, letter=letter)


def other_wrote(
    desk: Desk,
    letter: Message,
    case: Case,
    other: Address,
    arrived_at: datetime,
    *,
    note: str,
    why: str,
    urgent: tuple[str, ...],
    again: bool = False,
) -> Send:
    """
    The mail that brings a letter of somebody else than the resident to whoever is in charge; a reply goes to its writer (E25).

    The id of this mail says so, and its reply address does not: an answer that lost the id stays inside.

    Args:
        other: who wrote it.
        note: how they come to write into the case.
        again: as in `resident_wrote`.
    """
    staff = desk.council.staff[case.in_charge]
    key = keys.resident_wrote(case.code, letter.fingerprint, staff.id, again=again)
    party = names.from_display(case.resident)
    values = {
        "note": note,
        "urgent": list(urgent),
        "party": resident_name(case),
        "party_address": case.resident.addr,
        "namesakes": bool(party) and party.casefold() == names.from_display(other).casefold(),
        **_arrived(desk, arrived_at),
    }
    theirs = replace(case, resident=other, formats="", quiet=False)
    send = about_case(desk, kinds.OTHER_WROTE, theirs, staff, key, values, why=why, letter=letter)
    inbox = desk.council.inbox_of(case.inbox)
    tag = desk.signer.tag(case.code, "i", staff.id)
    to = Address(resident_name(theirs), inbox.plus(tag) if inbox.plus_addressing else inbox.address)
    return replace(send, draft=replace(send.draft, reply_to=to, envelope_from=envelope_from(inbox, tag)))


def _passed(passed: tuple[Staff, str] | None, reader: Staff) -> dict[str, Any]:
    """Values for a mail about what a colleague passed on: their name, "You" for themselves, and their words, which stay inside."""
    by, words = passed or (None, "")
    return {
        "passed_by": "" if by is None else "You" if by.id == reader.id else by.name,
        "passed_letter": by is not None,
        "passed_words": Lines(words),
    }


def _arrived(desk: Desk, at: datetime) -> dict[str, Any]:
    calendar = desk.council.calendar
    return {"arrived_on": calendar.local_day(at), "arrived_at": at.astimezone(calendar.timezone)}


def also_yours(desk: Desk, letter: Message, case: Case, other: Inbox, staff: Staff, *, why: str) -> Send:
    """To another service that got the same letter: whose case it is, and what to do if a part of it is theirs."""
    owner = desk.council.staff.get(case.owner)
    key = keys.also_yours(case.code, other.name)
    values = {
        "owner": owner.name if owner else "",
        "owner_service": desk.council.inbox_of(case.inbox).service,
        "own_service": other.service,
    }
    return about_case(desk, kinds.ALSO_YOURS, case, staff, key, values, why=why, letter=letter)


def offered(
    desk: Desk, case: Case, to: Staff, by: Staff, reason: str, *, last_words: str, resident_told: bool, why: str
) -> Send:
    """
    The mail that offers a case to somebody, who takes it with one word or leaves it where it is.

    Args:
        by: whoever passes the case on.
        reason: that person's words about it.
        last_words: the resident's last words in the case.
        resident_told: the resident will be told when it is taken.
    """
    key = keys.offered(case.code, to.id, desk.now)
    values = {
        "by": by.name,
        "reason": Lines(reason),
        "letter": Lines(last_words),
        "handovers": case.handovers,
        "resident_told": resident_told,
    }
    return about_case(desk, kinds.OFFERED, case, to, key, values, why=why)


def split_off(desk: Desk, case: Case, by: Staff, part: str, *, last_words: str, resident_told: bool, why: str) -> Send:
    """
    The mail that brings a part of another case to its new owner, who can answer by replying.

    Args:
        by: whoever split it off.
        part: that person's words about it.
        last_words: the resident's last words in the other case.
        resident_told: the resident will be told.
    """
    staff = desk.council.staff[case.owner]
    key = keys.new_case(case.code, staff.id)
    values = {"by": by.name, "part": Lines(part), "letter": Lines(last_words), "resident_told": resident_told}
    return about_case(desk, kinds.NEW_CASE_SPLIT, case, staff, key, values, why=why)

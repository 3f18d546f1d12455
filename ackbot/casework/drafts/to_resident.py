"""Drafts of mails to residents. The facts are chosen here; the words come from the templates (behaviour.md §3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from ackbot.casework import keys
from ackbot.casework.asked_for import NOT_PHONE
from ackbot.casework.council import Council, Inbox
from ackbot.casework.drafts import as_now, fitting, kinds, names, speaking, written_before
from ackbot.casework.drafts.kinds import ResidentMail
from ackbot.casework.intents import Named, Send
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.mail import authresults, lures, subjects
from ackbot.mail.addresses import Address, key_of
from ackbot.mail.compose import Draft
from ackbot.mail.markup import Words
from ackbot.mail.message import Message
from ackbot.mail.plain import Attachment

_UNNAMED = {"mail": "unnamed", "forwarded": "unnamed", "call": "call", "visit": "visit"}  # phrases for the subject
_QUOTED = 80  # characters of a subject that our words repeat


def envelope_from(inbox: Inbox, tag: str) -> str:
    """The envelope sender, to which bounces go: the inbox, its address with a tag, or "" for the null sender (domain.md R22)."""
    if inbox.bounce == "null":
        return ""
    return inbox.plus(tag) if inbox.bounce == "plus" and inbox.plus_addressing else inbox.address


def about_case(
    desk: Desk,
    mail: ResidentMail,
    case: Case,
    key: keys.Key,
    values: Mapping[str, Any],
    *,
    why: str,
    letter: Message | None = None,
) -> Send:
    """
    A mail to the resident of a case.

    Args:
        values: values of the template, in addition to the facts of the case; they win over these.
        letter: the letter that it answers, whose thread it continues; None to continue the thread of the case.
    """
    council = desk.council
    inbox = council.inbox_of(case.inbox)
    reference = council.reference_of(case.code)
    languages = desk.languages_for(case.language) if mail.translated else (council.staff_language,)
    theirs = "" if case.sensitive or case.spoken else subjects.without_tags(letter.subject if letter else case.subject)
    proven = _proven(letter, case, inbox)
    if not proven and (not lures.quotable(subjects.plain(theirs)) or _is_ours(case, council)):
        theirs = ""
    written_on = council.calendar.local_day(case.opened_at)
    subject = (
        subjects.answer_to(theirs)
        if theirs
        else " / ".join(_unnamed(desk, case.way, written_on, language) for language in languages)
    )
    with_reference = council.reference_in_subject == "always" or (
        council.reference_in_subject == "auto" and not inbox.plus_addressing
    )
    if with_reference and reference not in subject:
        subject = f"{subject} [{reference}]"
    tag = desk.signer.tag(case.code, "r")
    thread = (*letter.references, letter.message_id) if letter and letter.message_id else case.thread
    offer = speaking.offer(desk, case, languages)
    first, *others = languages
    draft = Draft(
        kind=mail.kind,
        template=mail.template,
        values={
            "today": desk.today,
            "council": council.name,
            "service": inbox.service,
            "owner_service": names.service_of(case.in_charge, case, council),
            "reference": reference,
            "name": names.from_display(case.resident) or "",
            "matter": matter(theirs, proven=proven),
            "written_on": written_on,
            "sensitive": case.sensitive,
            "way": case.way,
            "phone": "" if NOT_PHONE in case.formats else inbox.phone,
            **speaking.standing(desk, inbox, first),
            "privacy": Words(council.privacy),
            "offer": offer,
            "offer_language": case.language,
            "letter_language": case.language,
            **values,
        },
        sender=Address(inbox.service, inbox.address),
        recipient=Address(names.from_display(case.resident), case.resident.addr),
        reply_to=Address(inbox.service, inbox.plus(tag)) if inbox.plus_addressing else None,
        subject=subject,
        envelope_from=envelope_from(inbox, tag),
        message_id=desk.message_id(key, case.code, mail.kind, "resident", inbox.address),
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=mail.profile,
        in_reply_to=thread[-1] if thread else "",
        references=thread,
        languages=(*languages, case.language) if offer else languages,
        further={language: speaking.standing(desk, inbox, language) for language in others},
        html=True,
        large="large print" in case.formats,
        extra={"X-Ackbot-Case": reference},
    )
    return Send(key, draft, code=case.code, inbox=inbox.name, lane=inbox.lane, why=why)


def _unnamed(desk: Desk, way: str, written_on: date, language: str) -> str:
    """The subject of a mail that cannot repeat theirs."""
    day = desk.templates.day(language, written_on, desk.today)
    return desk.templates.phrase(language, f"subject.{_UNNAMED[way]}", day=day)


def _proven(letter: Message | None, case: Case, inbox: Inbox) -> bool:
    """Whether the inbox's own server vouches that the resident wrote it. Of a mail that answers no letter, nobody knows."""
    if letter is None or [one.key for one in letter.from_] != [case.resident.key]:
        return False
    return authresults.verdict(letter.headers, inbox.authserv_id, letter.from_[0].domain) == "pass"


def _is_ours(case: Case, council: Council) -> bool:
    """Whether it is in the name of our admin, head of service or staff, who would take the subject for our own words (E10)."""
    resident = case.resident.key
    return (
        resident in {key_of(council.admin), key_of(council.head_of_service)} or council.staff_at(resident) is not None
    )


def matter(subject: str, *, proven: bool = False) -> str:
    """
    A subject in the form in which our words may quote it: without prefixes, short and calm; "" if it holds a lure (E10).

    We would otherwise send a stranger's link or number to whoever the stranger names as sender.

    Args:
        proven: as in `lures.quotable`.
    """
    plain = subjects.plain(subject)
    if not lures.quotable(plain, proven=proven) or not any(char.isalnum() for char in plain):
        return ""
    plain = subjects.shortened(plain, _QUOTED)
    if plain.isupper() and len(plain) > 8:
        plain = plain.capitalize()  # we do not shout back: no capitals and no "!!!" (voice.md, point 6)
    return re.sub(r"([!?.])[!?.]*$", lambda end: "?" if "?" in end[0] else "", plain).strip(' "“”')


def acknowledgement(
    desk: Desk,
    letter: Message,
    case: Case,
    facts: Facts,
    *,
    why: str,
    hold: str,
    absent: str = "",
    also_to: Sequence[Inbox] = (),
    noted: Sequence[str] = (),
    danger: Literal["first", "second", ""] = "",
    passed_by: str = "",
) -> Send:
    """
    The acknowledgement: it says who has the letter, and gives the date of the next word.

    Args:
        danger: where the words about emergencies stand if the letter alarms: before everything, or behind who has it, because
            somebody else may read that mailbox; "" for a letter without danger, and then they stand in the footer (E49).
        hold: why it waits for the admin's release; "" if it does not wait.
        absent: the public name of the officer who is away, if it is that officer's own inbox; "" otherwise.
        also_to: our other inboxes to which the letter was sent.
        noted: what the letter asks for, as `wishes.named` gives it; confirmed once.
        passed_by: the public name of the colleague who passed it on to us; "" if it came by itself.
    """
    council = desk.council
    owner = council.staff.get(case.owner)
    colleague = council.is_colleague(case.resident.key)
    complaint = council.standard_of(case.standard).complaint
    key = keys.acknowledgement(letter.fingerprint, rehearsed=facts.known is not None and facts.known.rehearsed)
    values = {
        "name": names.greeting(case.resident, letter),
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "absent": absent,
        "noted": noted,
        "passed_by": passed_by,
        "holds_mail": bool(letter.enclosed) or any(map(_is_unread_mail, letter.attachments)),
        **as_now.acknowledged(desk, case),
        "danger": danger,
        "duty_told": False,
        "written_before": written_before.of_it(letter, facts),
        "complaint": complaint,
        **({"answer_on": None} if colleague else {}),
        "also": [other.service for other in also_to],
    }
    mail = kinds.ACKNOWLEDGEMENT_TO_COLLEAGUE if colleague else kinds.ACKNOWLEDGEMENT
    send = about_case(desk, mail, case, key, values, why=why, letter=letter)
    return replace(_naming([case], send), draft=fitting.shortened(send.draft, desk), hold=hold)


def _is_unread_mail(one: Attachment) -> bool:
    """Whether a file is a mail in Outlook's own format, which we do not read."""
    return one.name.lower().endswith((".msg", ".oft")) or one.content_type == "application/vnd.ms-outlook"


def receipt(
    desk: Desk,
    letter: Message,
    case: Case,
    inbox: Inbox,
    *,
    why: str,
    hold: str,
    still: bool = True,
    noted: Sequence[str] = (),
) -> Send:
    """
    The short answer to a further letter: it was added to the case, and the date stands.

    Args:
        still: the resident was told that date before.
        noted: as in `acknowledgement`.
    """
    owner = desk.council.staff.get(case.in_charge)
    key = keys.receipt(case.code, desk.today, spared=case.receipt_on == desk.today)
    values = {
        "name": names.greeting(case.resident, letter),
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "next_on": None if case.sensitive else next_word(case.clocks),
        "still": still,
        "noted": noted,
        **_who(case, desk),
    }
    send = about_case(desk, kinds.RECEIPT, case, key, values, why=why, letter=letter)
    return replace(_naming([case], send), inbox=inbox.name, lane=inbox.lane, hold=hold)


def where_it_stands(
    desk: Desk,
    letter: Message,
    case: Case,
    inbox: Inbox,
    *,
    why: str,
    hold: str,
    still: bool = True,
    noted: Sequence[str] = (),
) -> Send:
    """
    The answer to "any news?": who has the case, who wrote last, and the date that stands. It promises nothing new.

    Args:
        still: the resident was told that date before; only then the mail names it.
    """
    owner = desk.council.staff.get(case.in_charge)
    writer = desk.council.staff.get(case.human_words_by)
    calendar = desk.council.calendar
    values = {
        "name": names.greeting(case.resident, letter),
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "writer": writer.public_name if writer else "",
        "wrote_on": calendar.local_day(case.human_words_at) if case.human_words_at else None,
        "phoned": case.answered_by == "phone",
        "waiting": case.state == "waiting",
        "noted": noted,
        "next_on": next_word(case.clocks) if still and not case.sensitive else None,
        **_who(case, desk),
    }
    key = keys.receipt(case.code, desk.today, spared=case.receipt_on == desk.today)
    send = about_case(desk, kinds.WHERE_IT_STANDS, case, key, values, why=why, letter=letter)
    return replace(_naming([case], send), inbox=inbox.name, lane=inbox.lane, hold=hold)


@dataclass(frozen=True, slots=True)
class NoNews:
    """
    One matter in a mail that says that there is no news.

    Args:
        promised_on: the date that passes.
        next_on: the new date; None the third time, when no date is promised any longer.
        reminded: whoever is in charge was reminded today, and is present to read it.
        manager: the public name of the manager who was told today, or of whoever stands in for one; "" for none.
        unnamed: the resident was promised to be told who has the case, and nobody has it.
        waits: a person's words to the resident are held until their author answers our question.
        acting: the manager is away, and `manager` stands in.
    """

    case: Case
    promised_on: date
    next_on: date | None
    reminded: bool
    manager: str
    unnamed: bool
    waits: bool = False
    acting: bool = False


def no_news(desk: Desk, all_of: Sequence[NoNews], *, why: str) -> Send:
    """The mail on a promised date without news: nothing yet, who was asked, and the next date (behaviour.md §3.6)."""
    first = all_of[0].case
    matters = [{**_matter(desk, one.case), **_no_news_values(one, desk)} for one in all_of]
    key = keys.no_news(first.code, all_of[0].promised_on)
    cases = [one.case for one in all_of]
    send = about_case(desk, kinds.NO_NEWS, first, key, {"matters": matters}, why=why)
    return _naming(cases, _listing(cases, send))


def _no_news_values(one: NoNews, desk: Desk) -> dict[str, Any]:
    author = desk.council.staff.get(one.case.noted_by)
    noted = one.case.noted_at if author else None
    since = one.case.human_words_at or one.case.opened_at
    return {
        "promised_on": one.promised_on,
        "next_on": one.next_on,
        "reminded": one.reminded,
        "manager": one.manager,
        "manager_first": names.first(one.manager) if one.manager else "",
        "acting": one.acting,
        "times": one.case.no_news + 1,
        "noted_by": author.public_name if author else "",
        "noted_on": desk.council.calendar.local_day(noted) if noted and noted > since else None,
        "unnamed": one.unnamed,
        "waits": one.waits,
    }


def settled(desk: Desk, cases: Sequence[Case], *, feedback: bool, why: str, statement: str = "") -> Send:
    """
    The mail that closes cases: "if that settled it, do nothing; if not, reply" (behaviour.md §3.5).

    Args:
        feedback: it also asks how we did.
        statement: of the council's standards, which the resident says how true it is; "" for how we did altogether.
    """
    matters = [{**_matter(desk, case), **_writer(desk, case)} for case in cases]
    key = keys.settled(cases[0].code, desk.today, feedback=feedback)
    values = {"matters": matters, "feedback": feedback, "statement": statement}
    send = about_case(desk, kinds.SETTLED, cases[0], key, values, why=why)
    return replace(_listing(cases, send), asks_feedback=feedback)


def still_waiting(desk: Desk, questions: Sequence[tuple[Case, date]], *, why: str) -> Send:
    """
    The mail that asks an owner's questions again.

    Args:
        questions: cases of one resident, each with the date on which its owner goes on without an answer.
    """
    first = questions[0][0]
    matters = [{**_matter(desk, case), **_writer(desk, case), "next_on": day} for case, day in questions]
    key = keys.still_waiting(first.code, desk.today)
    send = about_case(desk, kinds.STILL_WAITING, first, key, {"matters": matters}, why=why)
    return _listing([case for case, _ in questions], send)


def _writer(desk: Desk, case: Case) -> dict[str, Any]:
    """Values for the template: who last wrote to the resident, when, and whether it was by phone."""
    person = desk.council.staff.get(case.human_words_by)
    return {
        "owner": person.public_name if person else "",
        "wrote_on": desk.council.calendar.local_day(case.human_words_at or case.opened_at),
        "phoned": case.answered_by == "phone",
    }


def cover(
    desk: Desk, cases: Sequence[Case], absent: str, absence: keys.Part, *, left: bool, back_on: date | None, why: str
) -> Send:
    """
    The mail "You don't need to write again": somebody else has the matter now (behaviour.md §3.7).

    Args:
        cases: cases of one resident, each with its new cover or owner.
        absent: the public name of whoever is away or gone; "" if nobody had the case before.
        absence: the part of the key that tells this absence from others.
        left: that person no longer works here, or somebody took the case from them.
        back_on: when that person returns; None if unknown. Only told if the council allows it.
    """
    values = {
        "absent": absent,
        "absent_first": names.first(absent) if absent else "",
        "left": left,
        "back_on": back_on if desk.council.tell_return_date else None,
        "matters": [_matter(desk, case) for case in cases],
    }
    key = keys.cover(cases[0].code, absence, len(cases))
    return _naming(cases, _listing(cases, about_case(desk, kinds.COVER, cases[0], key, values, why=why)))


def split_off(desk: Desk, other: Case, first: Case, *, named: str, why: str) -> Send:
    """
    The mail that says that a part of the letter is a case of its own: which part, who has it, and the date of the next word.

    Args:
        named: the part in a colleague's words; "" if they are not for the resident.
    """
    owner = desk.council.staff.get(first.in_charge)
    part = {**_matter(desk, other), "named": "" if other.sensitive else named}
    values = {"part": part, "rest_with": owner.public_name if owner else ""}
    send = about_case(desk, kinds.PART_SPLIT_OFF, other, keys.split_off(other.code), values, why=why)
    return _naming([other], _listing([other], send))


def _listing(cases: Sequence[Case], send: Send) -> Send:
    """The mail with the codes of its cases, because an answer to it may be about any of them."""
    return replace(send, names=tuple(case.code for case in cases))


def _naming(cases: Sequence[Case], send: Send) -> Send:
    """The mail with whom it names to the resident as having a case, where that is news (E81)."""
    news = [case for case in cases if case.in_charge and case.in_charge != case.named]
    return replace(send, named=tuple(Named(one.code, one.in_charge, one.owner if one.cover else "") for one in news))


def _who(case: Case, desk: Desk) -> dict[str, Any]:
    """What a receipt says of who has the case, where that is news."""
    now = as_now.matter(desk, case)
    return {"since": now["since"], "absent": now["absent"]}


def _matter(desk: Desk, case: Case) -> dict[str, Any]:
    """Values for one case in a mail that lists a resident's cases."""
    return {
        **as_now.matter(desk, case),
        "matter": "" if case.sensitive or case.spoken or _is_ours(case, desk.council) else matter(case.subject),
        "way": case.way,
        "reference": desk.council.reference_of(case.code),
        "written_on": desk.council.calendar.local_day(case.opened_at),
    }

"""What a resident is sent, as drafts: facts go in, the words come from the templates (behaviour.md §3)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ackbot.casework import names
from ackbot.casework.council import Inbox
from ackbot.casework.intents import Send
from ackbot.casework.model import Arrival, Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.screening import Seen
from ackbot.casework.standards import next_word
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile
from ackbot.mail.markup import Words
from ackbot.mail.message import Message

LATE = timedelta(hours=2)  # an acknowledgement later than that says sorry, once and plainly
# A link, an address, or a site that a reader's mail program would make a link of: `evil.com/claim`, `evil.com today`.
_LINK = re.compile(r"://|\bwww\.|@|[^\W_]\.[^\W\d_]{2,}(?![^\W_])", re.IGNORECASE)
_OWN_WORDS = 60  # of an acknowledgement, its footer not counted (behaviour.md §3.1)
_SHORTER: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("letters", lambda _: 1),
    ("opens_on", lambda _: None),
    ("matter", lambda matter: subjects.shortened(matter, 30)),
    ("late", lambda _: False),
    ("complaint", lambda _: False),
    ("matter", lambda _: ""),
)
_QUOTED = 80  # characters of a subject repeated in the words


def envelope_from(inbox: Inbox, tag: str) -> str:
    """Where bounces of our mail go (domain.md R22): the inbox, a tagged address of it, or nowhere."""
    if inbox.bounce == "null":
        return ""
    return inbox.plus(tag) if inbox.bounce == "plus" and inbox.plus_addressing else inbox.address


def to_resident(
    desk: Desk,
    case: Case,
    inbox: Inbox,
    kind: str,
    key: str,
    values: Mapping[str, Any],
    profile: Profile,
    answers: Message | None,
    template: str = "",
) -> Draft:
    """A draft to the resident of a case, threaded below the letter it answers or the case's last mail."""
    council = desk.council
    reference = council.reference_of(case.code)
    language = desk.language_for(case.language)
    theirs = "" if case.sensitive else subjects.without_tags(answers.subject if answers else case.subject)
    written_on = council.calendar.local_day(case.opened_at)
    subject = (
        subjects.answer_to(theirs)
        if theirs
        else desk.templates.phrase(
            language, "subject.unnamed", day=desk.templates.day(language, written_on, desk.today)
        )
    )
    with_reference = council.reference_in_subject == "always" or (
        council.reference_in_subject == "auto" and not inbox.plus_addressing
    )
    if with_reference and reference not in subject:
        subject = f"{subject} [{reference}]"
    tag = desk.signer.tag(case.code, "r")
    thread = (*answers.references, answers.message_id) if answers and answers.message_id else case.thread
    offers = desk.templates.offers()
    offer = offers.get(case.language, "") if case.language != language else ""
    return Draft(
        kind=kind,
        template=template or kind,
        values={
            "today": desk.today,
            "council": council.name,
            "service": inbox.service,
            "reference": reference,
            "name": names.from_display(case.resident) or "",
            "matter": matter(theirs),
            "written_on": written_on,
            "sensitive": case.sensitive,
            "phone": inbox.phone,
            "urgent_help": Words(council.urgent_help),
            "take_further": Words(inbox.take_further or council.take_further),
            "formats": Words(council.formats),
            "privacy": Words(council.privacy),
            "offer": offer,
            "offer_language": case.language,
            **values,
        },
        sender=Address(inbox.service, inbox.address),
        recipient=case.resident,
        reply_to=Address(inbox.service, inbox.plus(tag)) if inbox.plus_addressing else None,
        subject=subject,
        envelope_from=envelope_from(inbox, tag),
        message_id=desk.message_id(key, case.code, kind, "resident", inbox.address),
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=profile,
        in_reply_to=thread[-1] if thread else "",
        references=thread,
        languages=(language, case.language) if offer else (language,),
        html=True,
        large="large print" in case.formats,
        extra={"X-Ackbot-Case": reference},
    )


def matter(subject: str) -> str:
    """A subject as it may be quoted in our words: without prefixes, short, calm, and never carrying somebody's link."""
    plain = subjects.plain(subject)
    if _LINK.search(plain) or not any(char.isalnum() for char in plain):
        return ""
    plain = subjects.shortened(plain, _QUOTED)
    if plain.isupper() and len(plain) > 8:
        plain = plain.capitalize()  # capitals and "!!!" are not thrown back (voice.md, point 6)
    return re.sub(r"([!?.])[!?.]*$", lambda end: "?" if "?" in end[0] else "", plain).strip(' "“”')


def acknowledgement(
    desk: Desk,
    seen: Seen,
    case: Case,
    inbox: Inbox,
    facts: Facts,
    arrival: Arrival,
    *,
    why: str,
    hold: str,
    absent: str = "",
) -> Send:
    """The first answer: who has the letter, and the date of the next word."""
    council, message = desk.council, seen.message
    owner = council.staff.get(case.owner)
    calendar = inbox.calendar
    opens_on = calendar.first_working_day(desk.today) if not calendar.is_open(desk.now) else None
    if opens_on == desk.today and all(
        desk.now >= calendar.at(desk.today, end) for _, end in calendar.hours(desk.today)
    ):
        opens_on = calendar.next_working_day(desk.today)
    colleague = council.is_colleague(case.resident.key)
    named_on = next((clock.promised_on for clock in case.clocks if clock.kind == "name-owner"), None)
    key = f"ack:{message.fingerprint}"
    draft = to_resident(
        desk,
        case,
        inbox,
        "acknowledgement",
        key,
        {
            "name": names.greeting(case.resident, message),
            "owner": owner.public_name if owner else "",
            "first_name": names.first(owner.public_name) if owner else "",
            "absent": absent,
            "next_on": None if case.sensitive else next_word(case.clocks),
            "named_on": named_on,
            "opens_on": None if case.sensitive else opens_on,
            "late": desk.now - arrival.arrived_at > LATE,
            "letters": facts.letters_from + 1,
            "complaint": "complaint" in case.standard.lower(),
            "also": [other.service for other in seen.also_to],
            "sentence": Words(inbox.sentence),
        },
        Profile.REPLY,
        message,
        template="acknowledgement-colleague" if colleague else "acknowledgement",
    )
    return Send(key, _fitting(draft, desk), case.code, inbox.name, inbox.lane, why, hold=hold)


def _fitting(draft: Draft, desk: Desk) -> Draft:
    """An acknowledgement within its length: what the reader misses least goes first, or is said shorter (voice.md, point 9)."""
    values = draft.values
    for name, shorter in _SHORTER:
        if desk.templates.words_above_rule(draft.languages[0], draft.template, values) <= _OWN_WORDS:
            break
        values = {**values, name: shorter(values[name])}
    return replace(draft, values=values)


def receipt(desk: Desk, seen: Seen, case: Case, inbox: Inbox, *, why: str, hold: str, still: bool = True) -> Send:
    """
    The short answer to a further letter: it was added, and the date stands.

    Args:
        still: they were told that date before.
    """
    owner = desk.council.staff.get(case.in_charge)
    key = f"receipt:{case.code}:{desk.today.isoformat()}"
    draft = to_resident(
        desk,
        case,
        inbox,
        "receipt",
        key,
        {
            "name": names.greeting(case.resident, seen.message),
            "owner": owner.public_name if owner else "",
            "first_name": names.first(owner.public_name) if owner else "",
            "next_on": None if case.sensitive else next_word(case.clocks),
            "still": still,
        },
        Profile.REPLY,
        seen.message,
    )
    return Send(key, draft, case.code, inbox.name, inbox.lane, why, hold=hold)


def where_it_stands(
    desk: Desk, seen: Seen, case: Case, inbox: Inbox, *, why: str, hold: str, still: bool = True
) -> Send:
    """
    The answer to "any news?": who has it, what was said last, and the date that stands; nothing new is promised.

    Args:
        still: they were told that date before.
    """
    owner = desk.council.staff.get(case.in_charge)
    writer = desk.council.staff.get(case.human_words_by)
    calendar = desk.council.calendar
    values = {
        "name": names.greeting(case.resident, seen.message),
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "writer": writer.public_name if writer else "",
        "wrote_on": calendar.local_day(case.human_words_at) if case.human_words_at else None,
        "phoned": case.answered_by == "phone",
        "waiting": case.state == "waiting",
        "next_on": next_word(case.clocks) if still and not case.sensitive else None,
    }
    key = f"receipt:{case.code}:{desk.today.isoformat()}"
    draft = to_resident(
        desk, case, inbox, "receipt", key, values, Profile.REPLY, seen.message, template="where-it-stands"
    )
    return Send(key, draft, case.code, inbox.name, inbox.lane, why, hold=hold)

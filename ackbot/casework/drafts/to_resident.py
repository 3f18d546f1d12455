"""What a resident is sent, as drafts: facts go in, the words come from the templates (behaviour.md §3)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ackbot.casework.council import Inbox, Staff
from ackbot.casework.drafts import names
from ackbot.casework.intents import Send
from ackbot.casework.model import Arrival, Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile
from ackbot.mail.markup import Lines, Words
from ackbot.mail.message import Attachment, Message

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


def draft_to(
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
    letter: Message,
    case: Case,
    inbox: Inbox,
    facts: Facts,
    arrival: Arrival,
    *,
    why: str,
    hold: str,
    absent: str = "",
    also_to: Sequence[Inbox] = (),
) -> Send:
    """The first answer: who has the letter, and the date of the next word."""
    council = desk.council
    owner = council.staff.get(case.owner)
    calendar = inbox.calendar
    opens_on = calendar.first_working_day(desk.today) if not calendar.is_open(desk.now) else None
    if opens_on == desk.today and all(
        desk.now >= calendar.at(desk.today, end) for _, end in calendar.hours(desk.today)
    ):
        opens_on = calendar.next_working_day(desk.today)
    colleague = council.is_colleague(case.resident.key)
    named_on = next((clock.promised_on for clock in case.clocks if clock.kind == "name-owner"), None)
    key = f"ack:{letter.fingerprint}"
    draft = draft_to(
        desk,
        case,
        inbox,
        "acknowledgement",
        key,
        {
            "name": names.greeting(case.resident, letter),
            "owner": owner.public_name if owner else "",
            "first_name": names.first(owner.public_name) if owner else "",
            "absent": absent,
            "next_on": None if case.sensitive else next_word(case.clocks),
            "named_on": named_on,
            "opens_on": None if case.sensitive else opens_on,
            "late": desk.now - arrival.arrived_at > LATE,
            "letters": facts.letters_from + 1,
            "complaint": "complaint" in case.standard.lower(),
            "also": [other.service for other in also_to],
            "sentence": Words(inbox.sentence),
        },
        Profile.REPLY,
        letter,
        template="acknowledgement-colleague" if colleague else "acknowledgement",
    )
    return Send(key, _fitting(draft, desk), inbox.name, inbox.lane, hold=hold, code=case.code, why=why)


def _fitting(draft: Draft, desk: Desk) -> Draft:
    """An acknowledgement within its length: what the reader misses least goes first, or is said shorter (voice.md, point 9)."""
    values = draft.values
    for name, shorter in _SHORTER:
        if desk.templates.words_above_rule(draft.languages[0], draft.template, values) <= _OWN_WORDS:
            break
        values = {**values, name: shorter(values[name])}
    return replace(draft, values=values)


def receipt(desk: Desk, letter: Message, case: Case, inbox: Inbox, *, why: str, hold: str, still: bool = True) -> Send:
    """
    The short answer to a further letter: it was added, and the date stands.

    Args:
        still: they were told that date before.
    """
    owner = desk.council.staff.get(case.in_charge)
    key = f"receipt:{case.code}:{desk.today.isoformat()}"
    draft = draft_to(
        desk,
        case,
        inbox,
        "receipt",
        key,
        {
            "name": names.greeting(case.resident, letter),
            "owner": owner.public_name if owner else "",
            "first_name": names.first(owner.public_name) if owner else "",
            "next_on": None if case.sensitive else next_word(case.clocks),
            "still": still,
        },
        Profile.REPLY,
        letter,
    )
    return Send(key, draft, inbox.name, inbox.lane, hold=hold, code=case.code, why=why)


def where_it_stands(
    desk: Desk, letter: Message, case: Case, inbox: Inbox, *, why: str, hold: str, still: bool = True
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
        "name": names.greeting(case.resident, letter),
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "writer": writer.public_name if writer else "",
        "wrote_on": calendar.local_day(case.human_words_at) if case.human_words_at else None,
        "phoned": case.answered_by == "phone",
        "waiting": case.state == "waiting",
        "next_on": next_word(case.clocks) if still and not case.sensitive else None,
    }
    key = f"receipt:{case.code}:{desk.today.isoformat()}"
    draft = draft_to(desk, case, inbox, "receipt", key, values, Profile.REPLY, letter, template="where-it-stands")
    return Send(key, draft, inbox.name, inbox.lane, hold=hold, code=case.code, why=why)


def human(
    desk: Desk,
    case: Case,
    person: Staff,
    key: str,
    words: str,
    *,
    next_on: date | None,
    files: tuple[Attachment, ...],
    files_of: int,
    why: str,
) -> Send:
    """
    A person's own words, unchanged (P6); no header says that a machine wrote them, for none did.

    Args:
        next_on: the date that UPDATE or MORE promises with them; None for a plain answer, which promises nothing.
        files: of the mail the words came in.
    """
    inbox = desk.council.inbox_of(case.inbox)
    values = {
        "words": Lines(words),
        "person": person.public_name,
        "job_title": person.job_title,
        "next_on": next_on,
        "copies": list(case.copies),
        "copy_for": "",
    }
    draft = draft_to(desk, case, inbox, "human", key, values, Profile.HUMAN, None)
    sender = Address(f"{person.public_name}, {inbox.service}", inbox.address)
    reply_to = replace(draft.reply_to, name=sender.name) if draft.reply_to else None
    draft = replace(draft, sender=sender, reply_to=reply_to, attachments=files)
    return Send(key, draft, inbox.name, inbox.lane, files_of=files_of, code=case.code, why=why)


def copies(desk: Desk, case: Case, sent: Send, why: str) -> list[Send]:
    """The same words for those whom the resident copied and their owner named; each says to whom they were written."""
    found = []
    for addr in case.copies:
        key = f"{sent.dedupe_key}:copy:{addr}"
        message_id = desk.message_id(key, case.code, "copy", "resident", desk.council.inbox_of(case.inbox).address)
        draft = replace(
            sent.draft,
            recipient=Address("", addr),
            message_id=message_id,
            values={**sent.draft.values, "copy_for": case.resident.addr},
        )
        found.append(replace(sent, dedupe_key=key, draft=draft, why=why))
    return found


SEVERAL = "several-"  # in the key of a cover notice that is about more than one case


@dataclass(frozen=True, slots=True)
class NoNews:
    """
    One matter of a mail without news.

    Args:
        promised_on: the date that passes.
        next_on: the new one; None the third time.
        asked: whoever is in charge was reminded today, and is here to read it.
        told: public name of the manager who was told today; "" for none.
    """

    case: Case
    promised_on: date
    next_on: date | None
    asked: bool
    told: str
    named: bool


def no_news(desk: Desk, all_of: Sequence[NoNews], *, why: str) -> Send:
    """The truth on the promised date: nothing yet, who was asked, and the next date (behaviour.md §3.6)."""
    first = all_of[0].case
    matters = [{**_matter(desk, one.case), **_no_news_values(one, desk)} for one in all_of]
    key = f"promise:{first.code}:{all_of[0].promised_on.isoformat()}"
    return _timed(desk, first, "no-news", key, {"matters": matters}, why)


def _no_news_values(one: NoNews, desk: Desk) -> dict[str, Any]:
    noted = one.case.noted_at
    since = one.case.human_words_at or one.case.opened_at
    return {
        "promised_on": one.promised_on,
        "next_on": one.next_on,
        "asked": one.asked,
        "told": one.told,
        "told_first": names.first(one.told) if one.told else "",
        "times": one.case.no_news + 1,
        "noted_on": desk.council.calendar.local_day(noted) if noted and noted > since else None,
        "unnamed": one.named,
    }


def settled(desk: Desk, cases: Sequence[Case], *, feedback: bool, why: str) -> Send:
    """One mail that closes: if that settled it, do nothing; if not, reply. The feedback question stands in it at most
    once in the council's period (behaviour.md §3.5)."""
    matters = [{**_matter(desk, case), **_writer(desk, case)} for case in cases]
    key = f"{'settled' if feedback else 'closed'}:{cases[0].code}:{desk.today.isoformat()}"
    return _timed(desk, cases[0], "settled", key, {"matters": matters, "feedback": feedback}, why)


def still_waiting(desk: Desk, asked: Sequence[tuple[Case, date]], *, why: str) -> Send:
    """Their answer is waited for; and the date on which we go on without it."""
    matters = [{**_matter(desk, case), **_writer(desk, case), "next_on": day} for case, day in asked]
    key = f"waiting:{asked[0][0].code}:{desk.today.isoformat()}"
    return _timed(desk, asked[0][0], "no-news", key, {"matters": matters}, why, template="still-waiting")


def _writer(desk: Desk, case: Case) -> dict[str, Any]:
    """Who last wrote to the resident, and when."""
    person = desk.council.staff.get(case.human_words_by)
    return {
        "owner": person.public_name if person else "",
        "wrote_on": desk.council.calendar.local_day(case.human_words_at or case.opened_at),
        "phoned": case.answered_by == "phone",
    }


def cover(
    desk: Desk, cases: Sequence[Case], absent: str, absence: str, *, left: bool, back_on: date | None, why: str
) -> Send:
    """
    "You don't need to write again": somebody else has the matter now (behaviour.md §3.7).

    Args:
        cases: of one resident, each with its new cover or owner in charge.
        absent: public name of the one who is away or gone; "" when the case had nobody before.
        absence: what tells this absence from others, for the key.
    """
    values = {
        "absent": absent,
        "absent_first": names.first(absent) if absent else "",
        "left": left,
        "back_on": back_on if desk.council.tell_return_date else None,
        "matters": [_matter(desk, case) for case in cases],
    }
    several = f":{SEVERAL}{len(cases)}" if len(cases) > 1 else ""
    return _timed(desk, cases[0], "cover", f"cover:{cases[0].code}:{absence}{several}", values, why)


def split_off(desk: Desk, other: Case, first: Case, *, why: str) -> Send:
    """A part of their letter is a case of its own now: who has it, and until when they hear."""
    owner = desk.council.staff.get(first.in_charge)
    values = {"part": _matter(desk, other), "rest_with": owner.public_name if owner else ""}
    return _timed(desk, other, "cover", f"split:{other.code}", values, why, template="split-off")


def _matter(desk: Desk, case: Case) -> dict[str, Any]:
    """What a mail that lists a resident's cases says of one."""
    owner = desk.council.staff.get(case.in_charge)
    return {
        "matter": "" if case.sensitive else matter(case.subject),
        "reference": desk.council.reference_of(case.code),
        "service": desk.council.inbox_of(case.inbox).service,
        "written_on": desk.council.calendar.local_day(case.opened_at),
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "next_on": next_word(case.clocks),
        "asked_on": desk.council.calendar.local_day(case.human_words_at)
        if case.state == "waiting" and case.human_words_at
        else None,
    }


def _timed(
    desk: Desk, case: Case, kind: str, key: str, values: Mapping[str, Any], why: str, template: str = ""
) -> Send:
    inbox: Inbox = desk.council.inbox_of(case.inbox)
    draft: Draft = draft_to(desk, case, inbox, kind, key, values, Profile.TIMER, None, template)
    return Send(key, draft, inbox.name, inbox.lane, code=case.code, why=why)

"""What staff and admins are sent, as drafts (behaviour.md §4.1, §4.2, §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from ackbot.casework.council import Inbox, Staff
from ackbot.casework.drafts import names
from ackbot.casework.drafts.to_resident import envelope_from
from ackbot.casework.intents import Send
from ackbot.casework.model import Arrival, Case
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile
from ackbot.mail.markup import Lines, Words
from ackbot.mail.message import Message

_LETTER_SHOWN = 20_000  # characters of a letter in the owner's mail; the rest is in the inbox


def links(desk: Desk, case: Case, inbox: Inbox, staff: Staff) -> dict[str, Words]:
    """`mailto:` links that begin an answer about one case; following one changes nothing before it is sent (D72)."""
    matter = subjects.plain(case.subject)
    reference = desk.council.reference_of(case.code)

    def begun(kind: Literal["s", "i"]) -> str:
        tag = desk.signer.tag(case.code, kind, staff.id)
        to = inbox.plus(tag) if inbox.plus_addressing else inbox.address
        subject = f"{matter} [{reference}]" if inbox.plus_addressing else f"{matter} [{reference}] ({tag})"
        return f"mailto:{to}?subject={quote(subject, safe='')}&body="

    beginnings = {"s": begun("s"), "i": begun("i")}

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
        "pass": link("i", "PASS "),
    }


def inside_link(desk: Desk, case: Case, inbox: Inbox, staff: Staff, body: str) -> Words:
    """A `mailto:` link for one command that stays inside."""
    tag = desk.signer.tag(case.code, "i", staff.id)
    subject = desk.council.reference_of(case.code)
    to = inbox.plus(tag) if inbox.plus_addressing else inbox.address
    subject = subject if inbox.plus_addressing else f"{subject} ({tag})"
    return Words(f"mailto:{to}?subject={quote(subject, safe='')}&body={quote(body, safe='')}")


def resident_name(case: Case) -> str:
    """What staff read for the resident: the name shown, else the address."""
    return names.from_display(case.resident) or case.resident.addr or "somebody without an address"


def about_case(
    desk: Desk,
    case: Case,
    inbox: Inbox,
    staff: Staff,
    kind: str,
    key: str,
    values: Mapping[str, Any],
    *,
    letter: Message | None = None,
    words_go_out: bool = True,
    template: str = "",
    purpose: str = "",
) -> Draft:
    """
    A draft to a member of staff about one case; all of them make one conversation.

    Args:
        words_go_out: plain words in reply go to the resident, and Reply-To says so; else they stay inside.
        template: where it is not named like the kind.
        purpose: what the Message-ID says of the mail, where that is not its kind.
    """
    council = desk.council
    resident = resident_name(case)
    reference = council.reference_of(case.code)
    tag = desk.signer.tag(case.code, "s" if words_go_out else "i", staff.id)
    reply_name = f"RESIDENT {resident}" if words_go_out else "ackbot (stays inside)"
    root = desk.message_id(f"new-case:{case.code}:{staff.id}", case.code, "new-case", "staff", inbox.address)
    message_id = desk.message_id(key, case.code, purpose or kind, "staff", inbox.address)
    language = council.languages[0]
    matter = subjects.plain(case.subject) or desk.templates.phrase(language, "subject.none")
    return Draft(
        kind=kind,
        template=template or kind,
        values={
            "today": desk.today,
            "council": council.name,
            "service": inbox.service,
            "inbox": inbox.address,
            "fence": desk.templates.phrase(language, "fence", resident=resident),
            "links": links(desk, case, inbox, staff),
            "reference": reference,
            "resident": resident,
            "resident_first": names.first(resident) if names.from_display(case.resident) else resident,
            "resident_address": case.resident.addr,
            "staff": staff.name,
            "staff_first": names.first(staff.name),
            "matter": matter,
            "next_on": next_word(case.clocks),
            "promised": any(clock.told and clock.promised_on == next_word(case.clocks) for clock in case.clocks),
            "call": case.sensitive,
            "formats": case.formats,
            "quiet": case.quiet,
            "words_go_out": words_go_out,
            "mode": inbox.mode,
            **(_letter(letter, inbox) if letter else {}),
            **values,
        },
        sender=Address(f"{resident} via {inbox.service}", inbox.address),
        recipient=Address(staff.name, staff.email),
        reply_to=Address(reply_name, inbox.plus(tag) if inbox.plus_addressing else inbox.address),
        subject=desk.templates.phrase(language, f"subject.{kind}", matter=matter, reference=reference),
        envelope_from=envelope_from(inbox, tag),
        message_id=message_id,
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=Profile.STAFF,
        in_reply_to="" if root == message_id else root,
        references=() if root == message_id else (root,),
        languages=(language,),
        extra={"X-Ackbot-Case": reference},
        attachments=tuple(one for one in letter.attachments if one.section and not one.inline) if letter else (),
    )


def _letter(letter: Message, inbox: Inbox) -> dict[str, Any]:
    return {
        "letter": Lines(letter.text[:_LETTER_SHOWN]),
        "letter_cut": len(letter.text) > _LETTER_SHOWN,
        "attachments": [one.name or one.content_type for one in letter.attachments if not one.inline],
        "attach_up_to": f"{inbox.attach_up_to / 1_000_000:g} MB",
    }


def new_case(
    desk: Desk,
    letter: Message,
    case: Case,
    inbox: Inbox,
    arrival: Arrival,
    *,
    owner_why: str,
    told: str,
    note: str,
    urgent: tuple[str, ...],
    why: str,
    untold_why: str = "",
) -> Send:
    """The letter for its owner, answerable by replying. `told` says what the resident was told, `untold_why` why nothing."""
    staff = desk.council.staff[case.owner]
    key = f"new-case:{case.code}:{staff.id}"
    values = {
        "owner_why": owner_why,
        "told": told,
        "untold_why": untold_why,
        "note": note,
        "urgent": list(urgent),
        "arrived_on": desk.council.calendar.local_day(arrival.arrived_at),
        "arrived_at": arrival.arrived_at.astimezone(desk.council.calendar.timezone),
    }
    draft = about_case(
        desk, case, inbox, staff, "new-case", key, values, letter=letter, words_go_out=bool(case.resident.addr)
    )
    return Send(key, draft, inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def resident_wrote(
    desk: Desk,
    letter: Message,
    case: Case,
    inbox: Inbox,
    arrival: Arrival,
    *,
    note: str,
    why: str,
    urgent: tuple[str, ...] = (),
) -> Send:
    """A further letter of the resident for the owner."""
    staff = desk.council.staff[case.in_charge]
    key = f"wrote:{case.code}:{letter.fingerprint}:{staff.id}"
    values = {
        "note": note,
        "urgent": list(urgent),
        "arrived_on": desk.council.calendar.local_day(arrival.arrived_at),
        "arrived_at": arrival.arrived_at.astimezone(desk.council.calendar.timezone),
    }
    draft = about_case(desk, case, inbox, staff, "resident-wrote", key, values, letter=letter)
    return Send(key, draft, inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def also_yours(desk: Desk, letter: Message, case: Case, other: Inbox, staff: Staff, *, why: str) -> Send:
    """To another service that the letter was also sent to: whose case it is, and what to do if part of it is theirs."""
    home = desk.council.inboxes[case.inbox]
    owner = desk.council.staff.get(case.owner)
    key = f"also:{case.code}:{other.name}"
    values = {"owner": owner.name if owner else "", "owner_service": home.service, "own_service": other.service}
    draft = about_case(desk, case, home, staff, "hand-over", key, values, letter=letter, words_go_out=False)
    return Send(key, draft, home.name, home.staff_lane, staff=staff.id, code=case.code, why=why)


def offered(
    desk: Desk, case: Case, inbox: Inbox, staff: Staff, by: Staff, reason: str, letter: str, *, tells: bool, why: str
) -> Send:
    """A case is passed to somebody: they take it with one word, and the resident is told if it `tells`, or leave it where it is."""
    key = f"offered:{case.code}:{staff.id}:{desk.now:%Y-%m-%dT%H%M%S}"
    values = {
        "by": by.name,
        "reason": Lines(reason),
        "letter": Lines(letter),
        "handovers": case.handovers,
        "tells": tells,
    }
    draft = about_case(desk, case, inbox, staff, "hand-over", key, values, words_go_out=False, template="offered")
    return Send(key, replace(draft, html=True), inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def split_off(
    desk: Desk, case: Case, inbox: Inbox, staff: Staff, by: Staff, part: str, letter: str, *, told: bool, why: str
) -> Send:
    """A part of another case, for its owner: answered by replying."""
    key = f"new-case:{case.code}:{staff.id}"
    values = {"by": by.name, "part": Lines(part), "letter": Lines(letter), "told": told}
    draft = about_case(
        desk,
        case,
        inbox,
        staff,
        "new-case",
        key,
        values,
        words_go_out=bool(case.resident.addr),
        template="new-case-split",
    )
    return Send(key, draft, inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def urgent(
    desk: Desk, letter: Message, case: Case, inbox: Inbox, staff: Staff, categories: Sequence[str], *, why: str
) -> Send:
    """The alarm to a duty officer, ahead of everything and outside every limit (behaviour.md §3.9, domain.md §8)."""
    owner = desk.council.staff.get(case.owner)
    key = f"urgent:{case.code}:{letter.fingerprint}:{staff.id}:1"
    values = {
        "categories": list(categories),
        "owner": owner.name if owner else "",
        "repeat_every": round(desk.council.urgent.repeat_every.seconds / 60),
    }
    draft = about_case(desk, case, inbox, staff, "urgent", key, values, letter=letter, words_go_out=False)
    return Send(key, draft, inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def urgent_again(
    desk: Desk,
    case: Case,
    staff: Staff,
    categories: Sequence[str],
    letter: str,
    *,
    number: int,
    started_at: datetime,
    why: str,
) -> Send:
    """The alarm once more, while nobody has taken it; `number` counts the mails of this alarm."""
    inbox = desk.council.inbox_of(case.inbox)
    owner = desk.council.staff.get(case.owner)
    key = f"urgent:{case.code}:{started_at:%Y-%m-%dT%H%M%S}:{number}"
    values = {
        "categories": list(categories),
        "owner": owner.name if owner else "",
        "repeat_every": round(desk.council.urgent.repeat_every.seconds / 60),
        "letter": Lines(letter),
    }
    draft = about_case(desk, case, inbox, staff, "urgent", key, values, words_go_out=False)
    return Send(key, draft, inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def ask_back(
    desk: Desk,
    case: Case,
    inbox: Inbox,
    staff: Staff,
    key: str,
    topic: str,
    values: Mapping[str, Any],
    *,
    why: str,
    html: bool = True,
) -> Send:
    """
    A question, or a word of what became of theirs, to a member of staff who wrote to us about a case.

    Args:
        topic: its template is `ask-back-<topic>`.
    """
    draft = about_case(
        desk, case, inbox, staff, "ask-back", key, values, words_go_out=False, template=f"ask-back-{topic}"
    )
    return Send(key, replace(draft, html=html), inbox.name, inbox.staff_lane, staff=staff.id, code=case.code, why=why)


def to_staff(
    desk: Desk, staff: Staff, inbox: Inbox, kind: str, template: str, key: str, values: Mapping[str, Any], *, why: str
) -> Send:
    """A mail to a member of staff that is about no single case: a digest, a table, a confirmation. Replies stay inside."""
    council = desk.council
    language = council.languages[0]
    draft = Draft(
        kind=kind,
        template=template,
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
        subject=desk.templates.phrase(language, f"subject.{template}", **values),
        envelope_from=envelope_from(inbox, "staff"),
        message_id=desk.message_id(key, "", kind, "staff", inbox.address),
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=Profile.STAFF,
        languages=(language,),
        html=True,
    )
    return Send(key, draft, inbox.name, inbox.staff_lane, staff=staff.id, code="", why=why)

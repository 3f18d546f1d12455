"""What a resident hears after the acknowledgement, as drafts: a person's own words, no news yet, cover, settled?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ackbot.casework import names
from ackbot.casework.council import Inbox, Staff
from ackbot.casework.intents import Send
from ackbot.casework.letters import matter, to_resident
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile
from ackbot.mail.markup import Lines
from ackbot.mail.message import Attachment


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
    draft = to_resident(desk, case, inbox, "human", key, values, Profile.HUMAN, None)
    sender = Address(f"{person.public_name}, {inbox.service}", inbox.address)
    reply_to = replace(draft.reply_to, name=sender.name) if draft.reply_to else None
    draft = replace(draft, sender=sender, reply_to=reply_to, attachments=files)
    return Send(key, draft, case.code, inbox.name, inbox.lane, why, files_of=files_of)


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
    draft: Draft = to_resident(desk, case, inbox, kind, key, values, Profile.TIMER, None, template)
    return Send(key, draft, case.code, inbox.name, inbox.lane, why)

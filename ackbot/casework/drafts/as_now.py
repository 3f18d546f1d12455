"""What a mail to a resident says that is true at one time only: who has the case, dates, office hours (behaviour.md §3.15)."""

from datetime import timedelta
from typing import Any

from ackbot.casework.asked_for import NOT_PHONE
from ackbot.casework.drafts import names
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.casework.standards import answer, next_word

LATE = timedelta(hours=2)  # after the letter; a later acknowledgement apologises once and plainly


def acknowledged(desk: Desk, case: Case) -> dict[str, Any]:
    """Of an acknowledgement: dates, office hours, that it is late."""
    inbox = desk.council.inbox_of(case.inbox)
    calendar = inbox.calendar
    opens_on = calendar.first_working_day(desk.today) if not calendar.is_open(desk.now) else None
    # After the last hours of a working day, the inbox opens again on the next one.
    if opens_on == desk.today and all(
        desk.now >= calendar.at(desk.today, end) for _, end in calendar.hours(desk.today)
    ):
        opens_on = calendar.next_working_day(desk.today)
    complaint = desk.council.standard_of(case.standard).complaint
    # A closed office's number helps nobody (E49).
    offers_phone = opens_on is None and NOT_PHONE not in case.formats
    return {
        "next_on": None if case.sensitive else next_word(case.clocks),
        "named_on": next((clock.promised_on for clock in case.clocks if clock.kind == "name-owner"), None),
        "opens_on": opens_on,
        "phone": inbox.phone if offers_phone else "",
        "answer_on": answer(case.clocks) if complaint and not case.sensitive else None,
        "late": desk.now - case.opened_at > LATE,
    }


def since(case: Case) -> str:
    """
    What the resident has not read yet of who has the case, so that no mail names a third person without saying so (E81).

    Returns:
        "back" if whoever was away has it again, "away" if somebody stands in, "now" if somebody else has it; "" for no news.
    """
    if not case.in_charge or case.named == case.in_charge:
        return ""
    if case.cover:
        return "away"
    if not case.named:
        return ""
    return "back" if case.named_for == case.in_charge else "now"


def matter(desk: Desk, case: Case) -> dict[str, Any]:
    """Of one case in a mail that lists a resident's cases: who has it, the date, a question that is open."""
    owner = desk.council.staff.get(case.in_charge)
    asked = case.human_words_at if case.state == "waiting" else None
    return {
        "service": names.service_of(case.in_charge, case, desk.council),
        "since": since(case),
        "absent": absent.public_name if case.cover and (absent := desk.council.staff.get(case.owner)) else "",
        "owner": owner.public_name if owner else "",
        "first_name": names.first(owner.public_name) if owner else "",
        "next_on": next_word(case.clocks),
        "asked_on": desk.council.calendar.local_day(asked) if asked else None,
    }

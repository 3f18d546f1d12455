"""
Decides whether a resident may get an automatic mail now or later, or why never (behaviour.md §2, §3.3, §3.6).

Everything that writes to residents unasked asks here: receipts, cover, TAKE, SPLIT, no-news, settled, still-waiting. Each
purpose has a rule of its own over the same facts. The caps of acknowledgements are in `decide._limited`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from ackbot.casework.council import Council
from ackbot.casework.history import History
from ackbot.casework.model import GIVEN_UP, Case
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.casework.worktime import Calendar

RECEIPT_QUIET = 2  # working days after a person wrote in which a further letter gets no receipt
_FURTHEST = 30  # working days that are searched for one on which a resident has no other automatic mail


@dataclass(frozen=True, slots=True)
class Permission:
    """
    The decision whether a mail may be sent.

    Args:
        when: "now"; "later", which is decided again at `at`, or in the next round if that is None; "never".
        why: the reason for "later" or "never", in plain English for staff; "" for "now".
        at: the earliest instant at which it may be sent, UTC.
        hold: the reason why it is written but waits for the admin's release; "" if it does not wait.
        codes: the codes of the cases that it may be about.
    """

    when: Literal["now", "later", "never"]
    why: str = ""
    at: datetime | None = None
    hold: str = ""
    codes: frozenset[str] = frozenset()


def silent_because(case: Case, council: Council) -> str:
    """Why this resident gets no automatic mail on a timer, in plain English for staff; "" if they get it."""
    if reason := _never(case, council):
        return reason
    inbox = council.inbox_of(case.inbox)
    return "" if inbox.mode == "live" else "the inbox sends residents no automatic mail yet"


def _never(case: Case, council: Council) -> str:
    reasons: Mapping[str, object] = {
        "the council sends no automatic mail but acknowledgements": council.limits.resident_automatic_per_day < 1,
        "the letter is sensitive": case.sensitive,
        "the resident wants no automatic mail": case.quiet,
        "the resident cannot be reached by email": case.unreachable or not case.resident.addr,
    }
    return next((reason for reason, true in reasons.items() if true), "")


def held_for(case: Case | None, history: History, arrival_hold: str = "") -> str:
    """
    Why a mail that is written now waits for the admin's release; "" if it does not wait.

    The acknowledgement must be the first mail that a resident gets, so mails after a held acknowledgement are held too.

    Args:
        case: None for a letter that opens a case.
        arrival_hold: see Arrival.hold.
    """
    if arrival_hold:
        return arrival_hold
    earlier = history.held.get(case.code, "") if case else ""
    return earlier or ("brake" if history.braked else "")


def receipt(case: Case, history: History, desk: Desk, *, arrival_hold: str = "", news: bool = False) -> Permission:
    """
    Whether a further letter gets a short receipt, which is sent at once or not at all (behaviour.md §3.2, §3.8).

    Args:
        news: the receipt answers "any news?". It is then sent even if a person wrote in the last two working days.
    """
    council, calendar = desk.council, desk.council.calendar
    if reason := _never(case, council):
        return Permission("never", f"no automatic mail goes out in this case: {reason}")
    if case.no_news >= GIVEN_UP:
        why = "the resident was told three times that there is no news, and nothing more is promised automatically"
        return Permission("never", why)
    if case.receipt_on == desk.today and case.code not in history.spared:
        return Permission("never", "this case had a receipt today")
    if not news and case.human_words_at is not None:
        wrote_on = calendar.local_day(case.human_words_at)
        if calendar.days_between(wrote_on, desk.today) <= RECEIPT_QUIET:
            return Permission("never", "a person wrote to the resident in the last two working days")
    if any(day <= desk.today for _, day in history.promised):
        # At 15:00 the promise may bring a mail of its own, and that one matters more (P5).
        return Permission(
            "never", "the resident hears today on another promise, and one automatic mail a day is enough"
        )
    if not _has_room(desk.today, history, calendar, council):
        return Permission("never", "the resident had an automatic mail besides the acknowledgement today")
    return Permission("now", hold=held_for(case, history, arrival_hold), codes=frozenset({case.code}))


def notice(cases: Sequence[Case], history: History, desk: Desk, *, origin: Case | None = None) -> Permission:
    """
    When a resident is told that somebody else has their cases (behaviour.md §3.3, §3.7).

    It is in working hours, on the first day without another automatic mail, whether that is written already or may come from
    a promise. If the promised date of a case comes by then or has passed, the notice leaves that case out: on its date it gets
    human words or a mail of its own, and nobody's absence moves it (P5, E77).

    Args:
        cases: cases of one resident and one inbox, with their dates as told.
        origin: the case from which a part was split off; None for none.
    """
    council = desk.council
    told = [case for case in cases if not silent_because(case, council)]
    if not told:
        return Permission("never", silent_because(cases[0], council) if cases else "there is nothing to tell")
    calendar = council.inbox_of(told[0].inbox).calendar
    at = _free_from(calendar.next_open(desk.now), history, calendar, council)
    in_time = [case for case in told if not _passes_by(case, at, desk)]
    if in_time:
        hold = next((found for case in (origin, *in_time) if case and (found := held_for(case, history))), "")
        return Permission("later", "", at, hold, frozenset(case.code for case in in_time))
    return Permission("never", "a date that the resident was told has passed, or comes by the day of the notice")


def no_news(case: Case, history: History, desk: Desk, hour: time) -> Permission:
    """
    Whether the mail without news may be sent now, on the promised date (behaviour.md §3.6).

    If the resident has had the day's automatic mail, it is sent on the first free day, so that the date does not pass in
    silence because of a receipt (P5).

    Args:
        hour: the local time at which such mails are sent.
    """
    council, calendar = desk.council, desk.council.calendar
    if reason := silent_because(case, council):
        return Permission("never", reason)
    if hold := held_for(case, history):
        return Permission("later", "automatic mails to residents are on hold", hold=hold)
    if not _has_room(desk.today, history, calendar, council):
        day = calendar.next_working_day(desk.today)
        for _ in range(_FURTHEST):
            if _has_room(day, history, calendar, council):
                break
            day = calendar.next_working_day(day)
        why = "the resident had as many automatic mails today as one day may bring"
        return Permission("later", why, calendar.at(day, hour))
    return Permission("now", codes=frozenset({case.code}))


def question(case: Case, history: History, desk: Desk) -> Permission:
    """
    Whether a resident may be asked now if the matter is settled, or an owner's question again (behaviour.md §3.5, §4.3 ASK).

    The mail waits for a day without another automatic mail, written or promised. On "never" the caller says so in the case's
    history, and the case goes on in silence.
    """
    council, calendar = desk.council, desk.council.calendar
    if reason := silent_because(case, council):
        return Permission("never", reason)
    if held_for(case, history):
        return Permission("later", "automatic mails to residents are on hold")
    if any(day <= desk.today for _, day in history.promised):
        return Permission("later", "the resident hears today on a promise")
    if not _has_room(desk.today, history, calendar, council):
        return Permission("later", "the resident had as many automatic mails today as one day may bring")
    return Permission("now", codes=frozenset({case.code}))


def _has_room(day: date, history: History, calendar: Calendar, council: Council) -> bool:
    """Whether one more automatic mail may be sent on that day."""
    there = sum(calendar.local_day(at) == day for at in history.goes_at)
    return there < council.limits.resident_automatic_per_day


def _free_from(at: datetime, history: History, calendar: Calendar, council: Council) -> datetime:
    """The first start of work, from `at` on, on a day with room for a mail and without a promise to the resident."""
    for _ in range(_FURTHEST):
        day = calendar.local_day(at)
        if _has_room(day, history, calendar, council) and all(on != day for _, on in history.promised):
            break
        at = calendar.next_open(calendar.at(day + timedelta(days=1), time(0)))
    return at


def _passes_by(case: Case, at: datetime, desk: Desk) -> bool:
    """Whether the next date that the resident was told has passed, or comes by the local day of `at`."""
    due = next_word(tuple(clock for clock in case.clocks if clock.told))
    return due is not None and due <= desk.council.calendar.local_day(at)

"""
May this resident have an automatic mail now, else when, held for what, or why never? (behaviour.md §2, §3.3, §3.6)

Everything that writes to a resident unasked asks here: receipts, cover, TAKE, SPLIT, no-news, settled, still-waiting. One
rule for each purpose, over the same facts. Caps of acknowledgements are another matter, and stand in `opening`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from ackbot.casework.council import Council
from ackbot.casework.model import GIVEN_UP, Case, History
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.casework.worktime import Calendar

RECEIPT_QUIET = 2  # working days after human words in which a further letter gets no receipt
_FURTHEST = 30  # working days looked through for one on which a resident has no other automatic mail


@dataclass(frozen=True, slots=True)
class Permission:
    """
    The answer.

    Args:
        when: "later" is decided again at `at`, or at the next look where that is None; "never" ends it.
        why: of "later" and "never", in plain English for staff; "" for "now".
        at: the earliest instant at which it may go.
        hold: it is written and waits for the admin's release, for this reason; "" for none.
        codes: of the cases that it may speak of.
    """

    when: Literal["now", "later", "never"]
    why: str = ""
    at: datetime | None = None
    hold: str = ""
    codes: frozenset[str] = frozenset()


def silent_because(case: Case, council: Council) -> str:
    """Why this resident is told nothing automatically when time passes, for staff to read; "" when they are told."""
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
    Why a mail that is written now waits for the admin's release; "" when it does not.

    Whoever was not acknowledged yet hears of nothing else first: what follows a held acknowledgement is held with it.

    Args:
        case: None for a letter that opens one.
        arrival_hold: see Arrival.hold.
    """
    if arrival_hold:
        return arrival_hold
    earlier = history.held.get(case.code, "") if case else ""
    return earlier or ("brake" if history.braked else "")


def receipt(case: Case, history: History, desk: Desk, *, arrival_hold: str = "", news: bool = False) -> Permission:
    """
    Whether a further letter gets its short receipt, which goes at once or not at all (behaviour.md §3.2, §3.8).

    Args:
        news: it answers "any news?", which a person's words of yesterday do not make superfluous.
    """
    council, calendar = desk.council, desk.council.calendar
    if reason := _never(case, council):
        return Permission("never", f"no automatic mail goes out in this case: {reason}")
    if case.no_news >= GIVEN_UP:
        why = "the resident was told three times that there is no news, and nothing more is promised automatically"
        return Permission("never", why)
    if case.receipt_on == desk.today:
        return Permission("never", "this case had a receipt today")
    if not news and case.human_words_at is not None:
        wrote_on = calendar.local_day(case.human_words_at)
        if calendar.days_between(wrote_on, desk.today) <= RECEIPT_QUIET:
            return Permission("never", "a person wrote to the resident in the last two working days")
    if any(day <= desk.today for _, day in history.promised):
        # At 15:00 a promise may bring its own mail, and of the two that one must not be missing (P5).
        return Permission(
            "never", "the resident hears today on another promise, and one automatic mail a day is enough"
        )
    if not _has_room(desk.today, history, calendar, council):
        return Permission("never", "the resident had an automatic mail besides the acknowledgement today")
    return Permission("now", hold=held_for(case, history, arrival_hold), codes=frozenset({case.code}))


def notice(
    cases: Sequence[Case], history: History, desk: Desk, *, origin: Case | None = None, moves_dates: bool
) -> Permission:
    """
    When a resident hears that their cases are with somebody else: in working hours, on the first day on which they have no
    other automatic mail, neither one that is written nor one that a promise may bring (behaviour.md §3.3, §3.7).

    A date that passes before that stands, and its own day says how it is: of such a case the notice says nothing (P5).

    Args:
        cases: of one resident and one inbox, with their dates as told.
        origin: the case that a part was split off from.
        moves_dates: the notice itself says anew what is promised in these cases, so their own dates do not count.
    """
    council = desk.council
    told = [case for case in cases if not silent_because(case, council)]
    if not told:
        return Permission("never", silent_because(cases[0], council) if cases else "there is nothing to tell")
    calendar = council.inbox_of(told[0].inbox).calendar
    while told:
        own = {case.code for case in told} if moves_dates else set()
        at = _free_from(calendar.next_open(desk.now), own, history, calendar, council)
        in_time = [case for case in told if not _passes_before(case, at, desk)]
        if len(in_time) == len(told):
            hold = next((found for case in (origin, *told) if case and (found := held_for(case, history))), "")
            return Permission("later", "", at, hold, frozenset(case.code for case in told))
        told = in_time
    return Permission("never", "a date that the resident was told comes before the notice could go")


def no_news(case: Case, history: History, desk: Desk, hour: time) -> Permission:
    """
    Whether the truth on a promised date may go now (behaviour.md §3.6).

    A resident who had their automatic mail of the day hears on the first day that is free: the date does not pass in
    silence because of a receipt (P5).

    Args:
        hour: of the day at which such mails go, in the council's time.
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
    Whether a resident may be asked now: is it settled, or once more what an owner asked (behaviour.md §3.5, §4.3 ASK).

    It waits for a day without any other automatic mail, written or promised. "never" is for the caller to say: the case then
    goes on in silence.
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
    """Whether one automatic mail more may go on that day."""
    there = sum(calendar.local_day(at) == day for at in history.goes_at)
    return there < council.limits.resident_automatic_per_day


def _free_from(at: datetime, own: set[str], history: History, calendar: Calendar, council: Council) -> datetime:
    """The first opening, from that one on, on a day with room and without a promise in another case than one's own."""
    for _ in range(_FURTHEST):
        day = calendar.local_day(at)
        promised = any(on == day and code not in own for code, on in history.promised)
        if _has_room(day, history, calendar, council) and not promised:
            break
        at = calendar.next_open(calendar.at(day + timedelta(days=1), time(0)))
    return at


def _passes_before(case: Case, at: datetime, desk: Desk) -> bool:
    """Whether the next date that the resident was told is over before that instant's day."""
    due = next_word(tuple(clock for clock in case.clocks if clock.told))
    return due is not None and desk.today <= due < desk.council.calendar.local_day(at)

"""Moves of cases because of absences: from whom to whom, and who is told (behaviour.md §3.7, §4.5; domain.md §10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from ackbot.casework import contact, keys
from ackbot.casework.clocks.reminders import due_on
from ackbot.casework.council import Absence, Staff
from ackbot.casework.cover import (
    absence_of,
    has_left,
    is_present,
    own_calendar,
    returns_on,
    stand_in,
    working_days_of,
    works_by,
    works_on,
)
from ackbot.casework.drafts import kinds, to_admin, to_resident, to_staff
from ackbot.casework.drafts.shown import beyond, shown
from ackbot.casework.history import History
from ackbot.casework.incoming import routing
from ackbot.casework.incoming.routing import Routed
from ackbot.casework.intents import Assign, ClearClock, Intent, Send, SetClock, SetCover
from ackbot.casework.model import PROMISES, Case, Clock, Facts, Load
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_update, next_word, told
from ackbot.mail import subjects
from ackbot.mail.markup import Lines

_MOVED_FROM = 2  # working days; a shorter absence moves only cases that fall due in it
_SHOWN = 300  # characters of a letter in the list of cases
_TOLD_FROM = 3  # working days; of a shorter absence only residents with a promise in it are told


@dataclass(frozen=True, slots=True)
class Move:
    """
    The move of one case.

    Args:
        to: the id of whoever has it now; "" if nobody is left, and then the caller must tell somebody (D59).
        how: that person stands in ("cover"), owns it from now on ("owner"), or is the owner who is back ("back").
        why: in plain English, for the case's history.
        tell: the resident should be told; see `is_told`.
    """

    case: Case
    to: str
    how: Literal["cover", "owner", "back", "nobody"]
    why: str
    tell: bool = False


def move(case: Case, loads: Mapping[str, Load], desk: Desk) -> Move | None:
    """The move that an open case needs because of who is present now; None if it is in the right hands."""
    desk = desk.within(case)
    council, now = desk.council, desk.now
    person = council.staff.get(case.owner)
    if person is None or has_left(person, desk.today):
        return _reassigned(case, person, loads, desk)
    absence, due = absence_of(council, case.owner, now), due_on(case)
    if absence is None:
        # Whoever is back gets a case if they are at work before its date; else a cover who is here keeps the promise (E76).
        if not case.cover or (is_present(council, case.cover, now) and not _is_in_time(case.owner, due, desk)):
            return None
        return Move(case, case.owner, "back", f"{person.name} is back, and nobody wrote in the meantime")
    # A cover who is here, or there for the promise, keeps the case. Another change would only bring the resident one more name.
    if case.cover and (is_present(council, case.cover, now) or _keeps(case.cover, due, desk)):
        return None
    promised = _falls_due(case, absence, desk)
    days = working_days_of(council, absence, council.calendar.local_day(absence.starts_at))
    # Nothing is due during so short an absence, so the case waits for its owner.
    if days < _MOVED_FROM and not promised and not case.cover:
        return None
    found = stand_in(council, case.owner, case.team, now, due)
    if found is None:
        return Move(case, "", "nobody", f"{person.name} is away and nobody is here to stand in")
    return Move(
        case,
        found[0],
        "cover",
        f"{council.staff[found[0]].name} {found[1]}",
        tell=days >= _TOLD_FROM or any(clock.told and clock.kind in PROMISES for clock in promised),
    )


def _keeps(staff: str, due: date | None, desk: Desk) -> bool:
    """Whether somebody who is away now is at work on the day of a promise that is still ahead."""
    return due is not None and due > desk.today and works_on(desk.council, staff, due)


def _is_in_time(staff: str, due: date | None, desk: Desk) -> bool:
    """Whether somebody is at work before a date is due; on a date that has passed, whether they are at work today."""
    return due is None or works_by(desk.council, staff, desk.today, max(due, desk.today))


def _falls_due(case: Case, absence: Absence, desk: Desk) -> list[Clock]:
    """The clocks that end before the person is back at work."""
    back_on = returns_on(desk.council, absence)
    return [clock for clock in case.clocks if clock.promised_on < back_on]


def _reassigned(case: Case, person: Staff | None, loads: Mapping[str, Load], desk: Desk) -> Move | None:
    """The move of a case that has no owner, or whose owner has left: it gets an owner like a new case (D61)."""
    council = desk.council
    gone = f"{person.name} no longer works here" if person else "it had no owner"
    if person and person.cover and is_present(council, person.cover, desk.now):
        return Move(case, person.cover, "owner", gone, tell=True)
    standard = council.standard_of(case.standard)
    routed = Routed(case.team, "", standard, "", "")
    chosen = (
        routing.owner_of_complaint(case.about, case.team, council, desk.now)
        if case.about
        else routing.choose_owner(routed, Facts(loads=loads), council, desk.now, due_on(case) or desk.today)
    )
    if not chosen.staff:
        return Move(case, "", "nobody", f"{gone}, and {chosen.why}")
    return Move(case, chosen.staff, "owner", f"{gone}: {chosen.why}", tell=True)


def applied(found: Move) -> list[Intent]:
    """The intents of one move, without its mails."""
    case = found.case
    if found.how == "cover":
        return [SetCover(case.code, found.to, why=found.why)]
    if found.how == "back":
        return [SetCover(case.code, "", why=found.why)]
    if found.how == "owner":
        cover = [SetCover(case.code, "", why=found.why)] if case.cover else []
        named = [clock for clock in case.clocks if clock.kind == "name-owner"]
        ended = [ClearClock(case.code, "name-owner", "kept", why=found.why) for _ in named]
        return [*cover, *ended, Assign(case.code, found.to, case.team, why=found.why)]
    return []


def in_new_hands(found: Move) -> Case:
    """The case after the move."""
    if found.how == "cover":
        return replace(found.case, cover=found.to)
    if found.how == "owner":
        clocks = tuple(clock for clock in found.case.clocks if clock.kind != "name-owner")
        return replace(found.case, owner=found.to, cover="", clocks=clocks)
    return replace(found.case, cover="") if found.how == "back" else found.case


def is_told(found: Move, desk: Desk) -> bool:
    """Whether the resident is told of a move: it concerns them, the case is open or waiting, and automatic mail is allowed."""
    return (
        found.tell and found.case.state in ("open", "waiting") and not contact.silent_because(found.case, desk.council)
    )


def absence_of_owner(owner: Staff | None, desk: Desk) -> Absence | None:
    """The owner's present absence, because of which cases move; None for a case without an owner or with one who has left."""
    if owner is None or has_left(owner, desk.today):
        return None
    return absence_of(desk.council, owner.id, desk.now)


def _absence_in_key(owner: Staff | None, absence: Absence | None, stood_in: str = "") -> keys.Part:
    """The part of dedupe keys that tells this absence from others."""
    return keys.absence(owner.id if owner else "", absence.starts_at if absence else None, stood_in)


def announced(moves: Sequence[Move], history: History, desk: Desk) -> list[Move]:
    """
    The moves that the notice to one resident names.

    A case is left out if its promised date comes by the day of the notice: that date brings words or a mail of its own (E77).
    """
    concerned = [one for one in moves if is_told(one, desk)]
    may = contact.notice([one.case for one in concerned], history, desk)
    return [one for one in concerned if one.case.code in may.codes]


def notice(moves: Sequence[Move], history: History, desk: Desk, *, number: int = 0) -> list[Intent]:
    """
    The mail to a resident whose cases went from one person to another, and the clocks that it promises.

    Args:
        moves: moves of one resident's cases from one former owner, all of which concern the resident.
        number: the number of the hand-over, if somebody took the case; 0 for an absence.
    """
    may = contact.notice([one.case for one in moves], history, desk)
    moves = [one for one in moves if one.case.code in may.codes]
    if may.at is None or not moves:
        return []
    not_before, hold = may.at, may.hold
    council = desk.council
    former = moves[0].case
    owner = council.staff.get(former.in_charge if number and former.in_charge != moves[0].to else former.owner)
    absence = absence_of_owner(owner, desk)
    on = council.calendar.local_day(not_before)
    cases = [_promised(in_new_hands(one), on, not_before, desk) for one in moves]
    stood_in = moves[0].to if moves[0].case.cover else ""  # a second cover in the same absence needs a key of its own
    send = to_resident.cover(
        desk,
        cases,
        owner.public_name if owner else "",
        keys.taken_over_as(number) if number else _absence_in_key(owner, absence, stood_in),
        left=owner is not None and (absence is None or number > 0),
        back_on=returns_on(council, absence) if absence and not number else None,
        why=moves[0].why,
    )
    why = "the cover notice names the date"
    send = replace(send, not_before=not_before, hold=hold)
    intents: list[Intent] = [send, *to_admin.hold_told(send.hold, send.inbox, desk)]
    # A held notice has told nobody a date, so no clock changes.
    if hold:
        return intents
    for case, one in zip(cases, moves, strict=True):
        kinds = {clock.kind for clock in case.clocks}
        gone = [clock.kind for clock in one.case.clocks if clock.kind not in kinds and clock.kind != "name-owner"]
        intents += [ClearClock(case.code, kind, "replaced", why=why) for kind in gone]
        intents += [SetClock(case.code, clock, why=why) for clock in case.clocks if clock not in one.case.clocks]
    return intents


def _promised(case: Case, on: date, at: datetime, desk: Desk) -> Case:
    """
    The case with the date of the next word marked as told, because the notice names it.

    A date that nobody was told, and that has come by the day `on` when the notice is read, is replaced by one counted from `at`.
    """
    due = next_word(case.clocks)
    if due is not None and due <= on:
        council = desk.council
        standard = council.standard_of(case.standard)
        update = next_update(standard, council.inbox_of(case.inbox), council, at)
        later = tuple(clock for clock in case.clocks if clock.promised_on > on and clock.kind != "update")
        case = replace(case, clocks=(*later, update) if update else later)
    rest = tuple(clock for clock in case.clocks if clock.kind not in PROMISES)
    others = tuple(clock for clock in case.clocks if clock.kind in PROMISES)
    kept = tuple(
        replace(new, told=new.told or old.told) for new, old in zip(told(others, owned=True), others, strict=True)
    )
    return replace(case, clocks=(*kept, *rest))


def table(desk: Desk, person: Staff, moves: Sequence[Move], *, why: str) -> Send:
    """The mail with one table of all cases that a person takes over, from whomever (behaviour.md §4.5, E90)."""
    council = desk.council
    first = shown(moves, lambda one: one.case)
    formers = [council.staff.get(owner) for owner in dict.fromkeys(one.case.owner for one in first)]
    groups = [_from(former, first, desk, person) for former in formers]
    for_now = any(group["back_on"] for group in groups)
    values = {"count": len(moves), "groups": groups, "for_now": for_now, **beyond(len(moves), owner=person.id)}
    absence = absence_of_owner(formers[0], desk)
    key = keys.taken_over(person.id, _absence_in_key(formers[0], absence), moves[0].case.code, desk.now)
    inbox = council.inbox_of(moves[0].case.inbox)
    sheet = to_staff.about_no_single_case(
        desk, kinds.TAKEN_OVER, person, inbox, key, values, why=why, named=_named(moves)
    )
    if not for_now:
        subject = desk.templates.phrase(council.languages[0], "subject.taken-over-for-good", **values)
        sheet = replace(sheet, draft=replace(sheet.draft, subject=subject))
    return _in_own_hours(sheet, person, desk)


def _from(former: Staff | None, moves: Sequence[Move], desk: Desk, person: Staff) -> dict[str, Any]:
    """Values for the cases that come from one person, or that had nobody."""
    absence = absence_of_owner(former, desk)
    theirs = [one for one in moves if desk.council.staff.get(one.case.owner) == former]
    return {
        "former": former.name if former else "",
        "left": former is not None and absence is None,
        "back_on": returns_on(desk.council, absence) if absence else None,
        "cases": [_row(one, desk, person) for one in theirs],
    }


def welcome_back(desk: Desk, person: Staff, moves: Sequence[Move], last_words: Mapping[str, str], *, why: str) -> Send:
    """
    The mail "welcome back", to an owner who gets cases back. Residents who wrote and have no answer come first (E80).

    Args:
        last_words: the residents' own last words, by case code.
    """
    first = shown(moves, lambda one: one.case)
    rows = [_row(one, desk, person) | _unanswered(one.case, last_words, desk) for one in first]
    rows.sort(key=lambda row: row["wrote_on"] is None)
    inbox = desk.council.inbox_of(moves[0].case.inbox)
    key = keys.while_away(person.id, moves[0].case.code, desk.now)
    values = {"count": len(moves), "cases": rows, **beyond(len(moves), owner=person.id)}
    sheet = to_staff.about_no_single_case(
        desk, kinds.WHILE_AWAY, person, inbox, key, values, why=why, named=_named(moves)
    )
    return _in_own_hours(sheet, person, desk)


def _in_own_hours(sheet: Send, person: Staff, desk: Desk) -> Send:
    """The sheet, sent when its reader is at work: cases move at midnight and at weekends too (E47)."""
    return replace(sheet, not_before=own_calendar(desk.council, person.id).next_open(desk.now))


def _unanswered(case: Case, last_words: Mapping[str, str], desk: Desk) -> dict[str, Any]:
    """When the resident last wrote after their first letter, if nobody has answered that, and the beginning of their words."""
    at = case.last_letter_at
    waits = at is not None and at > case.opened_at and (case.human_words_at is None or case.human_words_at < at)
    return {
        "wrote_on": desk.council.calendar.local_day(at) if at and waits else None,
        "words": subjects.shortened(" ".join(last_words.get(case.code, "").split()), _SHOWN) if waits else "",
    }


def given(desk: Desk, case: Case, last_words: str, *, owner_why: str, why: str, number: int = 0) -> Send:
    """
    The mail that brings a case to an owner who was found late, or who took it.

    Args:
        last_words: the resident's last words in the case.
        owner_why: why this person is the owner, in plain English.
        number: the number of the hand-over, if they took the case; 0 if it had no owner before.
    """
    person = desk.council.staff[case.owner]
    key = keys.new_case(case.code, person.id, number)
    values = {"owner_why": owner_why, "letter": Lines(last_words)}
    return to_staff.about_case(desk, kinds.NEW_CASE_LATER, case, person, key, values, why=why)


def _named(moves: Sequence[Move]) -> list[str]:
    return [one.case.code for one in shown(moves, lambda one: one.case)]


def _row(one: Move, desk: Desk, person: Staff) -> dict[str, Any]:
    case = one.case
    due = due_on(case)
    return {
        "reference": desk.council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "matter": subjects.plain(case.subject),
        "due_on": due,
        "told": any(clock.told and clock.promised_on == due for clock in case.clocks),
        "answered": case.state == "answered",
        "resident_told": is_told(one, desk),
        "links": to_staff.links(desk, case, person),
    }

"""Absence and cover: whose cases move to whom, and who hears of it (behaviour.md §3.7, §4.5; domain.md §10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from ackbot.casework import contact, keys
from ackbot.casework.clocks.reminders import due_on
from ackbot.casework.council import Absence, Staff
from ackbot.casework.cover import absence_of, has_left, is_present, returns_on, stand_in, working_days_of
from ackbot.casework.drafts import kinds, to_admin, to_resident, to_staff
from ackbot.casework.incoming import routing
from ackbot.casework.incoming.routing import Routed
from ackbot.casework.intents import Assign, ClearClock, Intent, Send, SetClock, SetCover
from ackbot.casework.model import PROMISES, Case, Clock, Facts, History, Load
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_update, next_word, told
from ackbot.mail import subjects
from ackbot.mail.markup import Lines

_MOVED_FROM = 2  # working days; a shorter absence moves only what falls due in it
_TOLD_FROM = 3  # working days; a shorter one is told only to residents with a promise in it


@dataclass(frozen=True, slots=True)
class Move:
    """
    What becomes of one case.

    Args:
        to: staff id of whoever has it now; "" when nobody is left, and then somebody must be told (D59).
        how: they stand in, they own it from now on, or its owner has it back.
        tell: the resident is told.
    """

    case: Case
    to: str
    how: Literal["cover", "owner", "back", "nobody"]
    why: str
    tell: bool = False


def move(case: Case, loads: Mapping[str, Load], desk: Desk) -> Move | None:
    """What has to happen to an open case because of who is here now; None when it is where it should be."""
    council, now = desk.council, desk.now
    person = council.staff.get(case.owner)
    if person is None or has_left(person, desk.today):
        return _reassigned(case, person, loads, desk)
    absence = absence_of(council, case.owner, now)
    if absence is None:
        why = f"{person.name} is back, and nobody wrote in the meantime"
        return Move(case, case.owner, "back", why) if case.cover else None
    if case.cover and is_present(council, case.cover, now):
        return None
    promised = _falls_due(case, absence, desk)
    days = working_days_of(council, absence, council.calendar.local_day(absence.starts_at))
    if days < _MOVED_FROM and not promised and not case.cover:
        return None
    found = stand_in(council, case.owner, case.team, now)
    if found is None:
        return Move(case, "", "nobody", f"{person.name} is away and nobody is here to stand in")
    return Move(
        case,
        found[0],
        "cover",
        f"{council.staff[found[0]].name} {found[1]}",
        tell=days >= _TOLD_FROM or any(clock.told and clock.kind in PROMISES for clock in promised),
    )


def _falls_due(case: Case, absence: Absence, desk: Desk) -> list[Clock]:
    """Clocks that end before the person is back at work."""
    back_on = returns_on(desk.council, absence)
    return [clock for clock in case.clocks if clock.promised_on < back_on]


def _reassigned(case: Case, person: Staff | None, loads: Mapping[str, Load], desk: Desk) -> Move | None:
    """A case without an owner, or whose owner has left, gets one as a new case would (D61)."""
    council = desk.council
    gone = f"{person.name} works here no more" if person else "it had no owner"
    if person and person.cover and is_present(council, person.cover, desk.now):
        return Move(case, person.cover, "owner", gone, tell=True)
    standard = council.standard_of(case.standard)
    routed = Routed(case.team, "", standard, "", "")
    chosen = routing.choose_owner(routed, Facts(loads=loads), council, desk.now, desk.today)
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
    """The case as it is after the move."""
    if found.how == "cover":
        return replace(found.case, cover=found.to)
    if found.how == "owner":
        clocks = tuple(clock for clock in found.case.clocks if clock.kind != "name-owner")
        return replace(found.case, owner=found.to, cover="", clocks=clocks)
    return replace(found.case, cover="") if found.how == "back" else found.case


def is_told(found: Move, desk: Desk) -> bool:
    """Whether the resident hears of a move: one that concerns them, and nothing keeps automatic mail from them."""
    return (
        found.tell and found.case.state in ("open", "waiting") and not contact.silent_because(found.case, desk.council)
    )


def absence_of_owner(owner: Staff | None, desk: Desk) -> Absence | None:
    """The absence because of which cases move; None for a leaver, on leave or not, and for cases without an owner."""
    if owner is None or has_left(owner, desk.today):
        return None
    return absence_of(desk.council, owner.id, desk.now)


def _absence_in_key(owner: Staff | None, absence: Absence | None, stood_in: str = "") -> keys.Part:
    """What tells one absence from another, for the keys of what is sent about it."""
    return keys.absence(owner.id if owner else "", absence.starts_at if absence else None, stood_in)


def announced(moves: Sequence[Move], history: History, desk: Desk) -> list[Move]:
    """Those of one resident's moves that they are told of; a date that comes before the notice could go stands by itself."""
    concerned = [one for one in moves if is_told(one, desk)]
    may = contact.notice([one.case for one in concerned], history, desk, moves_dates=True)
    return [one for one in concerned if one.case.code in may.codes]


def notice(moves: Sequence[Move], history: History, desk: Desk, *, number: int = 0) -> list[Intent]:
    """
    One mail to a resident whose cases went from one person to another, and what it promises.

    Args:
        moves: of one resident and one former owner, all of which concern the resident.
        number: of the hand-over, where somebody took the case; 0 for an absence.
    """
    may = contact.notice([one.case for one in moves], history, desk, moves_dates=True)
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
    stood_in = moves[0].to if moves[0].case.cover else ""  # the first cover is away too: told once more
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
    intents: list[Intent] = [send, *to_admin.hold_told(send, desk)]
    if hold:
        return intents
    for case, one in zip(cases, moves, strict=True):
        kinds = {clock.kind for clock in case.clocks}
        gone = [clock.kind for clock in one.case.clocks if clock.kind not in kinds and clock.kind != "name-owner"]
        intents += [ClearClock(case.code, kind, "replaced", why=why) for kind in gone]
        intents += [SetClock(case.code, clock, why=why) for clock in case.clocks if clock not in one.case.clocks]
    return intents


def _promised(case: Case, on: date, at: datetime, desk: Desk) -> Case:
    """With the date of the next word as told: the notice names it. A date that is here when it is read gives way to a later one."""
    due = next_word(case.clocks)
    if due is not None and due <= on:
        council = desk.council
        standard = council.standards.get(case.standard, council.default_standard)
        update = next_update(standard, council.inbox_of(case.inbox), council, at)
        later = tuple(clock for clock in case.clocks if clock.promised_on > on and clock.kind != "update")
        case = replace(case, clocks=(*later, update) if update else later)
    rest = tuple(clock for clock in case.clocks if clock.kind not in PROMISES)
    others = tuple(clock for clock in case.clocks if clock.kind in PROMISES)
    kept = tuple(
        replace(new, told=new.told or old.told) for new, old in zip(told(others, owned=True), others, strict=True)
    )
    return replace(case, clocks=(*kept, *rest))


def table(desk: Desk, person: Staff, former: Staff | None, moves: Sequence[Move], *, why: str) -> Send:
    """One table for whoever takes cases over (behaviour.md §4.5)."""
    council = desk.council
    absence = absence_of_owner(former, desk)
    values = {
        "count": len(moves),
        "former": former.name if former else "",
        "left": former is not None and absence is None,
        "back_on": returns_on(council, absence) if absence else None,
        "cases": [_row(one, desk, person) for one in moves],
    }
    inbox = council.inbox_of(moves[0].case.inbox)
    key = keys.taken_over(person.id, _absence_in_key(former, absence), moves[0].case.code, desk.now)
    return to_staff.about_no_single_case(
        desk, kinds.TAKEN_OVER, person, inbox, key, values, why=why, named=_named(moves)
    )


def welcome_back(desk: Desk, person: Staff, moves: Sequence[Move], *, why: str) -> Send:
    """One "while you were away" for whoever has their cases back."""
    values = {"count": len(moves), "cases": [_row(one, desk, person) for one in moves]}
    inbox = desk.council.inbox_of(moves[0].case.inbox)
    key = keys.while_away(person.id, moves[0].case.code, desk.now)
    return to_staff.about_no_single_case(
        desk, kinds.WHILE_AWAY, person, inbox, key, values, why=why, named=_named(moves)
    )


def given(desk: Desk, case: Case, last_words: str, *, owner_why: str, why: str, number: int = 0) -> Send:
    """
    To the owner found at last for a case that had none, or that they took as its `number`th hand-over: the letter.

    Args:
        last_words: of the resident in the case.
    """
    person = desk.council.staff[case.owner]
    key = keys.new_case(case.code, person.id, number)
    values = {"owner_why": owner_why, "letter": Lines(last_words)}
    return to_staff.about_case(desk, kinds.NEW_CASE_LATER, case, person, key, values, why=why)


def _named(moves: Sequence[Move]) -> list[str]:
    return [one.case.code for one in moves]


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

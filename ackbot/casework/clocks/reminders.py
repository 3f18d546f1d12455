"""Reminders to staff before and after a date: the morning digest, "overdue today", the ladder (behaviour.md §4.1, §4.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from ackbot.casework import keys, standards
from ackbot.casework.contact import silent_because
from ackbot.casework.council import Staff
from ackbot.casework.cover import above, absence_of, has_left, is_at_work, is_present, own_calendar, returns_on
from ackbot.casework.drafts import bare, kinds, to_staff
from ackbot.casework.drafts.kinds import StaffMail
from ackbot.casework.drafts.shown import MOST_CASES, MOST_HEARD, beyond, shown
from ackbot.casework.intents import Send
from ackbot.casework.model import GIVEN_UP, OWED, PROMISES, Case, HeldWords
from ackbot.casework.office import Desk
from ackbot.casework.worktime import Calendar
from ackbot.mail import subjects
from ackbot.mail.addresses import key_of
from ackbot.mail.markup import Lines

HEAD = "head of service"  # not a staff id: the address above every ladder; if none is set, the admin's
ADMIN = "the admin"  # nor this one: whoever reads what complains about the head of service
_SHOWN = 120  # characters of words that wait


Role = Literal["own", "offered", "escalated", "nobody"]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One case in a digest or reminder.

    Args:
        role: why the reader sees it: the case is theirs ("own"), was passed to them ("offered"), came up the ladder
            ("escalated"), or belongs to nobody who is present ("nobody").
        due_on: the first running date; None if none runs any longer.
    """

    case: Case
    role: Role
    due_on: date | None


def due_on(case: Case) -> date | None:
    """The first running date of a case, whether or not the resident was told it; None if none runs."""
    return min((clock.promised_on for clock in case.clocks if clock.kind in PROMISES), default=None)


def sheets(cases: Sequence[Case], desk: Desk) -> dict[str, list[Line]]:
    """
    The lines of this morning's digests, by the reader's staff id, HEAD or ADMIN.

    Args:
        cases: open cases that are due within the next days, are late, or have no owner; each once.
    """
    found: dict[str, list[Line]] = {}
    for case in cases:
        if desk.council.inbox_of(case.inbox).mode == "shadow":
            continue  # a shadow inbox sends nobody anything
        for person, role in _readers(case, desk):
            found.setdefault(person, []).append(Line(case, role, due_on(case)))
    for lines in found.values():
        lines.sort(key=lambda line: (line.case.late_since or line.due_on or date.max, line.case.code))
    return found


def _readers(case: Case, desk: Desk) -> list[tuple[str, Role]]:
    desk = desk.within(case)
    council = desk.council
    rungs = above(council, case.in_charge, case.team, desk.now)
    head = ADMIN if is_about(case, council.head_of_service, desk) else HEAD
    top = [head] if council.head_of_service else []
    # A case that nobody present has goes to the next person above only, who must give it to somebody (P4).
    if not is_here(case, desk):
        return [((rungs or [head])[0], "nobody")]
    readers: list[tuple[str, Role]] = []
    if case.late_since or case.offer or _shown_to_owner(case, desk):
        readers.append((case.in_charge, "own"))
    if case.offer and case.offer.to != case.in_charge:
        readers.append((case.offer.to, "offered"))
    due = due_on(case)
    steps = 0
    if case.late_since:
        standard = council.standard_of(case.standard)
        steps = standards.steps(case.late_since, standard.escalate_every, council.calendar, desk.today)
    # Sensitive letters bring no automatic mails, so on the date itself their manager hears. Whoever is above hears as urgent if
    # nobody has written at all (`unheard`).
    if case.no_news >= OWED or (case.sensitive and due is not None and due <= desk.today):
        steps = max(steps, 1)
    if case.no_news >= GIVEN_UP:
        steps = len(rungs) + len(top)
    # Whoever the resident was told of reads it, whoever is next above by now (E78).
    owes = [case.owes] if is_present(council, case.owes, desk.now) else []
    named = {one for one, _ in readers}
    readers += [(one, "escalated") for one in dict.fromkeys([*owes, *[*rungs, *top][:steps]]) if one not in named]
    return readers


def is_about(case: Case, address: str, desk: Desk) -> bool:
    """Whether a case complains about whoever has that address."""
    person = desk.council.staff_at(key_of(address))
    return person is not None and has_left(person, desk.today) and bool(case.about)


def is_here(case: Case, desk: Desk) -> bool:
    """Whether whoever is in charge is present, or will be back before the case, not late yet, is due (behaviour.md §4.5, P4)."""
    council = desk.council
    if is_present(council, case.in_charge, desk.now):
        return True
    return bool(case.in_charge in council.staff and not case.late_since and _back_in_time(case, desk))


def _back_in_time(case: Case, desk: Desk) -> bool:
    absence = absence_of(desk.council, case.in_charge, desk.now)
    due = due_on(case)
    return absence is not None and (due is None or due >= returns_on(desk.council, absence))


def _has_day_off(case: Case, desk: Desk) -> bool:
    """Whether whoever is in charge is not away, and does not work today (E85)."""
    council = desk.council
    return is_present(council, case.in_charge, desk.now) and not is_at_work(council, case.in_charge, desk.now)


def _shown_to_owner(case: Case, desk: Desk) -> bool:
    """Whether the owner is reminded of the case today: from `warn` before its date, or from their last working day before it."""
    due = due_on(case)
    return _is_unheard(case) or (due is not None and due <= horizon(case.in_charge, case.standard, desk))


def _is_unheard(case: Case) -> bool:
    """Whether somebody who may be in danger has had no word of any person."""
    return case.sensitive and case.state == "open" and case.human_words_at is None


def horizon(staff: str, standard: str, desk: Desk) -> date:
    """The last date in a person's digest of today: the furthest warning, or their own next working day if that is later."""
    council = desk.council
    promised = council.standard_of(standard)
    calendar = council.calendar
    warned = [
        _warned(calendar, one.amount if one.unit == "working days" else one.seconds / 86_400, desk.today)
        for one in promised.warn
    ]
    next_own = own_calendar(council, staff).next_working_day(desk.today)
    return max([*warned, next_own])


def _warned(calendar: Calendar, days: float, today: date) -> date:
    return calendar.add_days(today, max(0, round(days)))


def digest(
    desk: Desk,
    person: Staff,
    lines: Sequence[Line],
    last_words: str,
    *,
    why: str,
    waiting: Sequence[tuple[Case, HeldWords]] = (),
    heard: Sequence[tuple[Case, str, str]] = (),
    refusals: int = 0,
) -> Send:
    """
    The morning digest of what is due. If it holds one case of the reader's own, it is a mail about that case, and a plain
    reply goes to the resident.

    Args:
        last_words: the resident's last words in that single case.
        waiting: questions of ours that the reader has not answered. They lead the digest (behaviour.md §4.2).
        heard: what came and asks for nothing, such as thanks: its case, its kind (see `store.heard`) and its words (§3.14).
        refusals: how many digests with these cases were refused for what stands in them; then it shows no words of strangers.
    """
    key = keys.digest(person.id, desk.today)
    return _reminder(
        desk,
        kinds.DIGEST_LIST,
        person,
        lines,
        last_words,
        key,
        why,
        waiting=waiting,
        heard=heard,
        refusals=refusals,
    )


def overdue(
    desk: Desk,
    person: Staff,
    lines: Sequence[Line],
    last_words: str,
    *,
    why: str,
    waiting: Sequence[tuple[Case, HeldWords]] = (),
    refusals: int = 0,
) -> Send:
    """The reminder at 13:00 of the promised date, to whoever is in charge and to the manager. What waits is named in it (E39)."""
    key = keys.overdue(person.id, desk.today)
    return _reminder(desk, kinds.OVERDUE, person, lines, last_words, key, why, waiting=waiting, refusals=refusals)


def late(desk: Desk, person: Staff, line: Line, last_words: str, *, why: str, refusals: int = 0) -> Send:
    """The reminder of one case that fell due after 13:00, sent before its resident is told that there is no news."""
    key = keys.late(person.id, line.case.code, desk.today)
    return _reminder(desk, kinds.OVERDUE, person, [line], last_words, key, why, due_now=True, refusals=refusals)


def _reminder(
    desk: Desk,
    mail: StaffMail,
    person: Staff,
    lines: Sequence[Line],
    last_words: str,
    key: keys.Key,
    why: str,
    *,
    due_now: bool = False,
    waiting: Sequence[tuple[Case, HeldWords]] = (),
    heard: Sequence[tuple[Case, str, str]] = (),
    refusals: int = 0,
) -> Send:
    """
    A digest or reminder of these lines.

    Args:
        due_now: the reminder is not of 13:00, and its words must not speak of 15:00 as of later.
        refusals: as in `digest`.
    """
    count = len({one.code for one in (*(line.case for line in lines), *_cases(waiting), *(one[0] for one in heard))})
    more = beyond(len(lines), owner=person.id)
    waiting, heard = waiting[:MOST_CASES], shown(heard, lambda one: one[0], MOST_HEARD)
    lines = [replace(one, case=bare.case(one.case, refusals)) for one in shown(lines, lambda line: line.case)]
    waits = [_waits(desk, person, bare.case(case, refusals), one, refusals) for case, one in waiting]
    heard_of = [
        bare.line(_heard(desk, bare.case(case, refusals), kind, bare.text(words, refusals)), refusals)
        for case, kind, words in heard
    ]
    if len(lines) == 1 and lines[0].role == "own":
        values = {
            **_line(desk, person, lines[0]),
            "waiting": waits,
            "heard": heard_of,
            "letter": Lines(bare.text(last_words, refusals)),
            "bare": bool(refusals),
            "overdue": mail is kinds.OVERDUE and not due_now,
        }
        head = _head(desk, values, due_now=due_now)
        return to_staff.about_case(desk, kinds.DIGEST_ONE, lines[0].case, person, key, values, why=why, head=head)
    first = _first_open(lines, desk).case if lines else (waiting or heard)[0][0]
    inbox = desk.council.inbox_of(first.inbox)
    named = dict.fromkeys(
        one.code for one in (*(line.case for line in lines), *_cases(waiting), *(one[0] for one in heard))
    )
    values = {
        **listed(desk, person, lines, refusals),
        **more,
        "due_now": due_now,
        "waiting": waits,
        "heard": heard_of,
        "bare": bool(refusals),
        "count": count,
    }
    return to_staff.about_no_single_case(desk, mail, person, inbox, key, values, why=why, named=tuple(named))


def _cases(waiting: Sequence[tuple[Case, HeldWords]]) -> list[Case]:
    return [case for case, _ in waiting]


def _head(desk: Desk, one: Mapping[str, Any], *, due_now: bool) -> str:
    """What a reminder of one case is, for its subject in a list of mails, where the case's own subject comes after it (E57)."""
    language, day = desk.council.staff_language, one["due_on"]
    if due_now:
        name = "due-now"
    elif one["overdue"] and one["due_today"]:
        name = "overdue-today"
    elif one["missed"] or one["late_since"]:
        name = "overdue"
    elif one["due_today"]:
        name = "due-today"
    else:
        name = "due" if day else "yours"
    said = desk.templates.day(language, day, desk.today) if day else ""
    return desk.templates.phrase(language, f"digest.{name}", day=said)


def _waits(desk: Desk, person: Staff, case: Case, question: HeldWords, refusals: int) -> dict[str, Any]:
    """Values for one question that waits for its answer."""
    values = {
        "reference": desk.council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "who_wrote": question.command == "SENT",
        "words": subjects.shortened(" ".join(bare.text(question.words, refusals).split()), _SHOWN),
        "links": {
            word.lower(): to_staff.inside_link(desk, case, person, word) for word in ("SEND", "KEEP", "SENT", "NO")
        },
    }
    return bare.line(values, refusals)


def _heard(desk: Desk, case: Case, kind: str, words: str) -> dict[str, Any]:
    """Values for one mail that asks for nothing."""
    return {
        "reference": desk.council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "matter": subjects.plain(case.subject),
        "by_itself": kind == "automatic-reply",
        "words": subjects.shortened(" ".join(words.split()), _SHOWN),
    }


def _first_open(lines: Sequence[Line], desk: Desk) -> Line:
    """A line whose inbox is not in shadow mode, if there is one: the mode of its inbox decides whether the mail goes out."""
    return next((line for line in lines if desk.council.inbox_of(line.case.inbox).mode != "shadow"), lines[0])


def listed(desk: Desk, person: Staff | None, lines: Sequence[Line], refusals: int = 0) -> dict[str, Any]:
    """Values for a mail that lists cases by role. Without a person (for HEAD) it has no links, because nobody could use them."""
    rows = [bare.line(_line(desk, person, line), refusals) for line in shown(lines, lambda line: line.case)]
    silent = sum(bool(one["silent"]) for one in rows)
    return {
        **beyond(len(lines), owner=person.id if person else ""),
        "silent": "all" if silent == len(rows) else "some" if silent else "",
        "count": len(lines),
        "own": [one for one in rows if one["role"] == "own"],
        "offered": [one for one in rows if one["role"] == "offered"],
        "escalated": [one for one in rows if one["role"] == "escalated"],
        "nobody": [one for one in rows if one["role"] == "nobody"],
    }


def _line(desk: Desk, person: Staff | None, line: Line) -> dict[str, Any]:
    case, council = line.case, desk.council
    owner = council.staff.get(case.in_charge)
    inbox = desk.council.inbox_of(case.inbox)
    told = any(clock.told and clock.promised_on == line.due_on for clock in case.clocks)
    taker, passer = (council.staff.get(one) for one in ((case.offer.to, case.offer.by) if case.offer else ("", "")))
    asked_at = case.human_words_at if case.state == "waiting" else None
    return {
        "asked_on": council.calendar.local_day(asked_at) if asked_at else None,
        "offered_to": taker.name if taker and taker.id != case.in_charge else "",
        "offered_by": passer.name if passer else "",
        "offered_on": council.calendar.local_day(case.offer.at) if case.offer else None,
        "role": line.role,
        "reference": council.reference_of(case.code),
        "resident": to_staff.resident_name(case),
        "matter": subjects.plain(case.subject),
        "service": inbox.service,
        "owner": owner.name if owner else "",
        "due_on": line.due_on,
        "due_today": line.due_on == desk.today,
        "told": told,
        "late_since": case.late_since,
        "no_news": case.no_news,
        "owes": person is not None and case.owes == person.id and line.role != "own",
        "owed_by": owed.name
        if (owed := council.staff.get(case.owes)) and (person is None or owed.id != person.id)
        else "",
        "day_off": _has_day_off(case, desk),
        "doubted": case.doubted,
        "given_up": case.no_news >= GIVEN_UP,
        "silent": silent_because(case, council)
        or ("" if told or case.no_news >= GIVEN_UP else "no date was promised"),  # given up says more (E55)
        "missed": line.due_on is not None and line.due_on < desk.today,
        "call": case.sensitive,
        "ring": not case.resident.addr,
        "links": to_staff.links(desk, case, person) if person else {},
    }

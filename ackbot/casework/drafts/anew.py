"""
Decides a mail again that waited: it goes as it is true now, or not at all (behaviour.md §3.15, E75).

Whatever made it wait: office hours, a dead relay, a pause, the brake, a restore, one mail a day. What a mail says of people,
dates and hours stands in the values of its draft. These are the facts on which it rests, and are looked up anew here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from ackbot.casework import contact, standards
from ackbot.casework.drafts import as_now, fitting, kinds, names
from ackbot.casework.intents import ClearClock, Intent, Named, SetClock
from ackbot.casework.model import GIVEN_UP, PROMISES, Case
from ackbot.casework.office import Desk
from ackbot.casework.standards import next_word
from ackbot.mail.compose import Draft

WAITED = timedelta(minutes=10)  # from writing; what goes sooner is true as it was written

_ANSWERED = "a person has written meanwhile"
_CLOSED = "the case is closed"
_QUIET = "the resident wants no automatic mail"
_TOLD_LATE = "the resident had no acknowledgement before that date passed, and is told the next one in it"
_THEIRS = "whoever was away has the case again"


@dataclass(frozen=True)
class Waited:
    """
    A mail that waited, as it was written.

    Args:
        codes: the cases that it is about, its own first.
        staff: the staff id of its reader; "" for a resident.
        written_at: when it was written, UTC.
        heard_on: by code, the local day on which the resident got the acknowledgement, None if it still waits; without those of
            cases that have none.
    """

    draft: Draft
    codes: tuple[str, ...]
    staff: str
    written_at: datetime
    heard_on: Mapping[str, date | None]


@dataclass(frozen=True)
class Anew:
    """
    What becomes of a mail.

    Args:
        draft: the draft as it is true now; None to drop the mail.
        why: the reason for dropping it, in plain English for its history; "" for none.
        intents: dates that it tells now and did not tell before.
        named: whom it names now as having its cases; None for those whom it named before.
    """

    draft: Draft | None
    why: str = ""
    intents: tuple[Intent, ...] = ()
    named: tuple[Named, ...] | None = None


def decided(mail: Waited, cases: Mapping[str, Case], desk: Desk) -> Anew:
    """Decide a mail again. One of a kind that rests on nothing that changes stays as it is."""
    write = _WRITERS.get(mail.draft.template)
    known = [cases[code] for code in mail.codes if code in cases]
    if write is None or not known:
        return Anew(mail.draft)
    found = write(mail, known, desk)
    if found.draft is None or mail.draft.template not in _NAMING:
        return found
    matters = {one["reference"] for one in found.draft.values.get("matters", ())}
    kept = [one for one in known if desk.council.reference_of(one.code) in matters] or known[:1]
    return replace(found, named=tuple(Named(one.code, one.in_charge, one.owner if one.cover else "") for one in kept))


def _over(mail: Waited, case: Case) -> str:
    """Why a mail about a case is needed no longer; "" if it is needed."""
    if case.human_words_at is not None and case.human_words_at > mail.written_at:
        return _ANSWERED
    if case.quiet and not mail.draft.values.get("danger"):
        return _QUIET
    return _CLOSED if case.state == "closed" else ""


def _with(mail: Waited, values: Mapping[str, Any], desk: Desk) -> Draft:
    return replace(mail.draft, values={**mail.draft.values, "today": desk.today, **values})


def _has(case: Case, desk: Desk) -> dict[str, Any]:
    """Whoever has the case now."""
    person = desk.council.staff.get(case.in_charge)
    return {
        "owner": person.public_name if person else "",
        "first_name": names.first(person.public_name) if person else "",
        "owner_service": names.service_of(case.in_charge, case, desk.council),
    }


def _acknowledgement(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    case = cases[0]
    if why := _over(mail, case):
        return Anew(None, why)
    case, intents = _dated(mail, case, desk)
    values = {**_has(case, desk), **as_now.acknowledged(desk, case)}
    if values["owner"] == mail.draft.values["absent"]:
        values["absent"] = ""
    return Anew(fitting.shortened(_with(mail, values, desk), desk), intents=tuple(intents))


def _dated(mail: Waited, case: Case, desk: Desk) -> tuple[Case, list[Intent]]:
    """The case with a date of the next word that is still ahead, and that the acknowledgement tells."""
    due = next_word(case.clocks)
    if case.sensitive or case.no_news >= GIVEN_UP:
        return case, []
    council, inbox = desk.council, desk.council.inbox_of(case.inbox)
    why = "the acknowledgement had waited, and names the date"
    before, ended = case.clocks, list[Intent]()
    if due is None or due < desk.today:
        update = standards.next_update(council.standard_of(case.standard), inbox, council, desk.now)
        if update is None:
            return case, []
        if mail.draft.values.get("danger") or update.promised_on <= desk.today:
            update = standards.on_day("update", inbox.calendar.next_working_day(desk.today), inbox)
        passed = [one for one in case.clocks if one.kind in PROMISES and one.promised_on <= desk.today]
        ended = [ClearClock(case.code, one.kind, "replaced", why=why) for one in passed if one.kind != "update"]
        rest = [one for one in case.clocks if one not in passed and one.kind != "update"]
        case = replace(case, clocks=(standards.no_later(update, rest, desk.today), *rest))
    named = standards.told(tuple(one for one in case.clocks if one.kind in PROMISES), owned=bool(case.owner))
    newly = [one for one in named if one.told and one not in before]
    return replace(case, clocks=named), [*ended, *(SetClock(case.code, one, why=why) for one in newly)]


def _receipt(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    if why := _over(mail, cases[0]):
        return Anew(None, why)
    due = next_word(cases[0].clocks)
    told = mail.draft.values.get("next_on") is not None and due is not None and due >= desk.today
    return Anew(_with(mail, {**_has(cases[0], desk), "next_on": due if told else None}, desk))


def _cover(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    def now(case: Case, one: Mapping[str, Any]) -> dict[str, Any] | str:
        if why := _over(mail, case) or contact.silent_because(case, desk.council):
            return why
        person = desk.council.staff.get(case.in_charge)
        if person is None or person.public_name == mail.draft.values["absent"]:
            return _THEIRS
        if case.state not in ("open", "waiting"):
            return _ANSWERED
        due = next_word(case.clocks)
        return {**one, **as_now.matter(desk, case), "next_on": due if due and due > desk.today else None}

    return _matters(mail, cases, desk, now)


def _no_news(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    def now(case: Case, one: Mapping[str, Any]) -> dict[str, Any] | str:
        if why := _over(mail, case) or contact.silent_because(case, desk.council):
            return why
        heard_on = mail.heard_on.get(case.code, date.min)
        if heard_on is None or heard_on > one["promised_on"]:
            return _TOLD_LATE
        due = next_word(case.clocks)
        if one["next_on"] is not None and (due is None or due < desk.today):
            return "a later mail says the same"
        return {**one, "next_on": due if one["next_on"] else None}

    return _matters(mail, cases, desk, now)


def _settled(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    def now(case: Case, one: Mapping[str, Any]) -> dict[str, Any] | str:
        if case.state != "closed":
            return "the resident has written again"
        return _QUIET if case.quiet else dict(one)

    return _matters(mail, cases, desk, now)


def _still_waiting(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    def now(case: Case, one: Mapping[str, Any]) -> dict[str, Any] | str:
        why = _over(mail, case) or ("" if case.state == "waiting" else "the question is answered")
        return why or ("its date has passed" if one["next_on"] < desk.today else dict(one))

    return _matters(mail, cases, desk, now)


def _matters(
    mail: Waited,
    cases: list[Case],
    desk: Desk,
    now: Callable[[Case, Mapping[str, Any]], dict[str, Any] | str],
) -> Anew:
    """The mail with those of its matters that are still true; dropped if none is."""
    by_reference = {desk.council.reference_of(case.code): case for case in cases}
    found = [
        now(by_reference[one["reference"]], one)
        for one in mail.draft.values["matters"]
        if one["reference"] in by_reference
    ]
    kept = [one for one in found if not isinstance(one, str)]
    if not kept:
        return Anew(None, "; ".join(dict.fromkeys(str(one) for one in found)))
    return Anew(_with(mail, {"matters": kept}, desk))


def _split_off(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    part = next(
        (one for one in cases if desk.council.reference_of(one.code) == mail.draft.values["part"]["reference"]), None
    )
    if part is None:
        return Anew(mail.draft)
    if why := _over(mail, part):
        return Anew(None, why)
    due = next_word(part.clocks)
    part_now = {**as_now.matter(desk, part), "next_on": due if due and due > desk.today else None}
    return Anew(_with(mail, {"part": {**mail.draft.values["part"], **part_now}}, desk))


def _taken_over(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    """A table of cases that somebody took over, in groups by who had them: only those that they still have."""
    groups = [{**one, "cases": _still_theirs(one["cases"], mail, cases, desk)} for one in mail.draft.values["groups"]]
    left = [one for one in groups if one["cases"]]
    values = {"groups": left, "for_now": any(one["back_on"] for one in left)}
    subject = "taken-over" if values["for_now"] else "taken-over-for-good"
    return _sheet(mail, sum(len(one["cases"]) for one in left), values, subject, desk)


def _while_away(mail: Waited, cases: list[Case], desk: Desk) -> Anew:
    """A table of cases that somebody has again: only those that they still have."""
    rows = _still_theirs(mail.draft.values["cases"], mail, cases, desk)
    return _sheet(mail, len(rows), {"cases": rows}, "while-away", desk)


def _sheet(mail: Waited, count: int, values: Mapping[str, Any], subject: str, desk: Desk) -> Anew:
    if not count:
        return Anew(None, "the cases are theirs no longer")
    # Those that the mail had no room for are not among its cases, and stand in digests.
    draft = _with(mail, {**values, "count": count + mail.draft.values["more"]}, desk)
    said = desk.templates.phrase(draft.languages[0], f"subject.{subject}", **draft.values)
    return Anew(replace(draft, subject=said))


def _still_theirs(
    rows: Sequence[Mapping[str, Any]], mail: Waited, cases: list[Case], desk: Desk
) -> list[dict[str, Any]]:
    theirs = {
        desk.council.reference_of(one.code): one
        for one in cases
        if one.in_charge == mail.staff and one.state != "closed"
    }
    return [{**one, **_row(theirs[one["reference"]])} for one in rows if one["reference"] in theirs]


def _row(case: Case) -> dict[str, Any]:
    due = min((one.promised_on for one in case.clocks if one.kind in PROMISES), default=None)
    told = any(one.told and one.promised_on == due for one in case.clocks)
    return {"due_on": due, "told": told, "answered": case.state == "answered"}


_WRITERS: Mapping[str, Callable[[Waited, list[Case], Desk], Anew]] = MappingProxyType(
    {
        kinds.ACKNOWLEDGEMENT.template: _acknowledgement,
        kinds.ACKNOWLEDGEMENT_TO_COLLEAGUE.template: _acknowledgement,
        kinds.RECEIPT.template: _receipt,
        kinds.WHERE_IT_STANDS.template: _receipt,
        kinds.COVER.template: _cover,
        kinds.PART_SPLIT_OFF.template: _split_off,
        kinds.NO_NEWS.template: _no_news,
        kinds.STILL_WAITING.template: _still_waiting,
        kinds.SETTLED.template: _settled,
        kinds.TAKEN_OVER.template: _taken_over,
        kinds.WHILE_AWAY.template: _while_away,
    }
)
_NAMING = {
    one.template
    for one in (
        kinds.ACKNOWLEDGEMENT,
        kinds.ACKNOWLEDGEMENT_TO_COLLEAGUE,
        kinds.RECEIPT,
        kinds.WHERE_IT_STANDS,
        kinds.COVER,
    )
}
REWRITTEN = frozenset(_WRITERS)  # the templates of mails whose draft is kept until they went

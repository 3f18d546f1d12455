"""
A colleague's own automatic reply to our mail becomes an absence, and what they do themselves ends it (domain.md §10).

It says only whether they are here. It is never shown to a resident, and changes no case (D56).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import AUTOMATIC_REPLY, Absence, Staff
from ackbot.casework.cover import absence_of, has_left, own_calendar, returns_on
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming import staff_proof
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Decision, EndAbsence, Intent, RecordAbsence, Send
from ackbot.casework.office import Desk
from ackbot.casework.staff import absence_notice
from ackbot.casework.staff.absence_notice import Notice

_UNCLEAR = 5  # working days that somebody is taken to be away if no day can be read
_UNPROVEN = timedelta(days=14)  # the most that a notice is believed for which no server vouches; the next one says more
_MIDNIGHT = time(0)


def learnt(seen: Seen, desk: Desk) -> list[Intent]:
    """
    What an automatic reply of a member of staff does: nothing, a recorded absence, or a question to their manager.

    Like AWAY it acts in all their cases, so every inbox that they answer must vouch for it (behaviour.md §4.4). What proves less,
    and is not condemned, is asked about: otherwise a stranger could put an officer away.
    """
    person, authority = seen.staff, seen.authority
    if person is None or not authority.answers_staff or person.ignore_auto_reply or has_left(person, desk.today):
        return []
    if authority.made_for and person.id not in authority.made_for:
        return []
    inboxes = desk.council.inboxes_of(person)
    # Whoever sends an old mail again cannot change its Date.
    if not seen.message.readable or staff_proof.stale(seen) or authority.condemned_by(*inboxes):
        return []
    sent_on = desk.council.calendar.local_day(seen.arrival.arrived_at)
    names = (person.name, person.public_name)
    notice = absence_notice.read(seen.message.subject, seen.message.new_text, sent_on, names)
    if notice.kind in ("week", "nothing"):
        return []
    if not authority.speaks_as_staff(inboxes):
        return [_asked_whether_away(person, notice, desk)]
    gone = [_asked_whether_gone(person, desk)] if notice.kind == "left" else []
    return [*_recorded(seen, person, notice, desk), *gone]


def _recorded(seen: Seen, person: Staff, notice: Notice, desk: Desk) -> list[Intent]:
    """The absence, and what its person reads of it."""
    council = desk.council
    earlier = _running(person, desk, desk.now)
    others = replace(council, absences=tuple(one for one in council.absences if one not in earlier))
    known = absence_of(others, person.id, desk.now)
    back_on = notice.back_on
    if back_on is None:
        if known is not None:  # another source says how long
            return []
        back_on = council.calendar.add_days(desk.today, _UNCLEAR)
    proven = seen.authority.proven_by(seen.inbox)
    if not proven:
        back_on = min(back_on, desk.today + _UNPROVEN)
    midnight = council.calendar.at(notice.first_on, _MIDNIGHT) if notice.first_on else desk.now
    starts_at = min([one.starts_at for one in earlier], default=max(midnight, desk.now))
    absence = Absence(person.id, starts_at, council.calendar.at(back_on, _MIDNIGHT), source=AUTOMATIC_REPLY)
    if absence.ends_at <= max(desk.now, starts_at):
        return []
    asks = notice.back_on is None and notice.kind != "left"
    why = f"an automatic reply of {person.name} says so" + (", and names no day that can be read" if asks else "")
    found: list[Intent] = [RecordAbsence(absence, asks=asks, why=why)]
    if not proven:
        found.append(_told(person, absence, desk))
    if known is not None and returns_on(council, known) != returns_on(council, absence):
        found.append(_told_of_two(person, absence, known, desk))
    return found


def _running(person: Staff, desk: Desk, at: datetime) -> list[Absence]:
    """Absences that we know by automatic replies, and that run at an instant."""
    return [
        one
        for one in desk.council.absences
        if one.staff == person.id and one.source == AUTOMATIC_REPLY and one.starts_at <= at < one.ends_at
    ]


def ended_by_acts(seen: Seen, decision: Decision, desk: Desk) -> Decision:
    """
    The decision about a mail that a colleague wrote, by which an absence ends that we know by their automatic reply alone.

    A reply, a command, an answer seen in a Sent folder: whoever acts is here. AWAY, the configuration and calendars stand.
    """
    person = seen.staff
    if person is None or decision.kind != "staff" or decision.outcome != "event" or decision.by_way:
        return decision
    written_at = seen.message.sent_at or seen.arrival.arrived_at
    inboxes = desk.council.inboxes_of(person)
    proven = seen.sent or seen.authority.speaks_as_staff(inboxes) or all(map(seen.authority.proven_by, inboxes))
    # A mail may have been written before the absence began, and have come after the notice.
    if not proven or not any(written_at >= one.starts_at for one in _running(person, desk, desk.now)):
        return decision
    ended = EndAbsence(person.id, learnt=True, why=f"{person.name} wrote, so they are here")
    return replace(decision, intents=(ended, *decision.intents))


def asked_when_back(person: Staff, absence: Absence, desk: Desk) -> Send:
    """The one mail to whoever was taken to be away because their automatic reply named no day; when that time is over."""
    return _about(
        person, "unclear", absence, desk, not_before=own_calendar(desk.council, person.id).next_open(desk.now)
    )


def _told(person: Staff, absence: Absence, desk: Desk) -> Send:
    """What was learnt, at once and at their own address, because no server vouches for the automatic reply (P7)."""
    return _about(person, "unchecked", absence, desk)


def _told_of_two(person: Staff, absence: Absence, known: Absence, desk: Desk) -> Send:
    """That two sources disagree: the longer one counts. Told once, on the day when the shorter one has them back."""
    shorter = min(absence, known, key=lambda one: one.ends_at)
    longer = max(absence, known, key=lambda one: one.ends_at)
    at = own_calendar(desk.council, person.id).next_open(max(desk.now, shorter.ends_at))
    return _about(person, "two", longer, desk, shorter=shorter, not_before=at)


def _about(
    person: Staff,
    what: str,
    absence: Absence,
    desk: Desk,
    *,
    shorter: Absence | None = None,
    not_before: datetime | None = None,
) -> Send:
    council = desk.council
    back_on = returns_on(council, absence)
    values = {
        "what": what,
        "back_on": back_on,
        "source": absence.source,
        "shorter_on": returns_on(council, shorter) if shorter else None,
        "shorter": shorter.source if shorter else "",
        "admin": council.admin,
    }
    # Whoever said BACK hears of it if such a notice comes again.
    told = f"{what}-{absence.starts_at:%Y-%m-%dT%H%M}" if what == "unchecked" else what
    key = keys.learnt_absence(person.id, told, back_on)
    inbox = council.inboxes_of(person)[0]
    why = "an absence was learnt from an automatic reply"
    send = to_staff.about_no_single_case(desk, ASK_BACK["absence"], person, inbox, key, values, why=why)
    return replace(send, not_before=not_before)


def _asked_whether_gone(person: Staff, desk: Desk) -> Send:
    values = {"person": person.name, "address": person.email, "id": person.id}
    return _to_manager(person, "staff-left", values, "an automatic reply says that somebody no longer works here", desk)


def _asked_whether_away(person: Staff, notice: Notice, desk: Desk) -> Send:
    values = {"person": person.name, "id": person.id, "left": notice.kind == "left", "back_on": notice.back_on}
    return _to_manager(person, "staff-away", values, "nothing proves whose automatic reply it is", desk)


def _to_manager(person: Staff, topic: str, values: Mapping[str, Any], why: str, desk: Desk) -> Send:
    """A question to a person's manager, else to the admin, once a day."""
    council = desk.council
    manager = council.staff.get(council.manager_of(person, _team(person, desk)))
    recipient = manager.email if manager and manager.id != person.id else ""
    key = keys.trouble(topic, person.id, desk.today)
    return to_admin.about(desk, topic, key, values, why=why, recipient=recipient)


def _team(person: Staff, desk: Desk) -> str:
    return next((name for name, team in desk.council.teams.items() if person.id in team.members), "")

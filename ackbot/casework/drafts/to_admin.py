"""Drafts of mails to the admin, or to whoever must act if nobody else can (behaviour.md §5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import Council
from ackbot.casework.cover import has_left
from ackbot.casework.drafts.to_resident import envelope_from
from ackbot.casework.intents import Intent, Send
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address, key_of
from ackbot.mail.compose import Draft, Profile


def about(
    desk: Desk,
    topic: str,
    key: keys.Key,
    values: Mapping[str, Any],
    *,
    why: str,
    code: str = "",
    recipient: str = "",
    named: Sequence[str] = (),
) -> Send:
    """
    A mail to the admin, or to whoever must act. The first inbox sends it, whatever the mode of that inbox.

    Args:
        topic: names the template `admin-<topic>`.
        recipient: an address; "" for the admin's.
        named: codes of the cases that it lists.
    """
    council: Council = desk.council
    inbox = council.first_inbox
    language = council.staff_language
    subject = desk.templates.phrase(language, f"subject.admin-{topic}", **values)
    draft = Draft(
        kind="admin",
        template=f"admin-{topic}",
        values={"today": desk.today, "council": council.name, **values},
        sender=Address("ackbot", inbox.address),
        recipient=Address("", recipient or council.admin),
        subject=subject,
        envelope_from=envelope_from(inbox, "admin"),
        message_id=desk.message_id(key, code, "admin", "staff", inbox.address),
        date_at=desk.now.astimezone(council.calendar.timezone),
        profile=Profile.STAFF,
        languages=(language,),
    )
    return Send(key, draft, code=code, inbox="", lane=inbox.staff_lane, why=why, names=tuple(named))


def hold_told(hold: str, inbox: str, desk: Desk) -> list[Intent]:
    """
    Tell the admin why automatic mail to residents is held, unless they were told when the hold began.

    Of the brake they hear once an hour, of a mailbox that looks restored once a day, and of a backup that was put back at the
    start of the daemon.

    Args:
        hold: the reason, as in `Send.hold`; "" if nothing is held.
        inbox: the name of the case's inbox.
    """
    council = desk.council
    if hold == "restore":
        values = {"inbox": council.inbox_of(inbox).address}
        key = keys.restore(council.inbox_of(inbox).name, desk.today)
        return [about(desk, "restore", key, values, why="more unknown letters at once than a mailbox gets")]
    if hold == "brake":
        values = {"limit": str(council.limits.brake[0]) if council.limits.brake else ""}
        key = keys.brake(desk.now.astimezone(council.calendar.timezone))
        return [about(desk, "brake", key, values, why="more automatic mails to residents than the brake allows")]
    return []


def no_owner(case: Case, why: str, desk: Desk) -> Intent:
    """
    Tell somebody that a case has no owner; it is never assigned to everybody (P4, D59).

    The mail goes to the head of service, or else the team's manager, or else the admin.
    """
    council = desk.within(case).council
    team = council.teams.get(case.team)
    manager = council.staff.get(team.manager) if team else None
    head = council.staff_at(key_of(council.head_of_service))
    apart = head is not None and has_left(head, desk.today)  # it complains about the head of service
    recipient = ("" if apart else council.head_of_service) or (manager.email if manager else "") or council.admin
    values = {
        "reference": council.reference_of(case.code),
        "inbox": council.inbox_of(case.inbox).address,
        "team": case.team,
        "reason": why,
    }
    return about(
        desk,
        "no-owner",
        keys.no_owner(case.code),
        values,
        why=f"the case has no owner: {why}",
        code=case.code,
        recipient=recipient,
    )

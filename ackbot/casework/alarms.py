"""Who else must hear: duty officers, admins, managers, other services that were written to."""

from dataclasses import replace

from ackbot.casework import notices, routing, urgent
from ackbot.casework.council import Council, Inbox
from ackbot.casework.cover import is_present
from ackbot.casework.intents import Alarm, Intent, Send
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.screening import Seen
from ackbot.mail import subjects
from ackbot.mail.addresses import folded


def hold(seen: Seen, facts: Facts, council: Council) -> str:
    """Why an automatic mail to a resident waits for release; "" when it does not."""
    if seen.arrival.hold:
        return seen.arrival.hold
    return "brake" if council.limits.is_braked(facts.automatic_council) else ""


def urgent_words(seen: Seen, case: Case | None, desk: Desk) -> tuple[str, ...]:
    """
    Categories of urgent words in all that a letter says, quotations of ours apart.

    Args:
        case: the one it belongs to, whose subject is no news; None for a new one.
    """
    council, message = desk.council, seen.message
    words = message.words(lambda address: council.is_colleague(folded(address)))
    if case is None or subjects.key(message.subject) != subjects.key(case.subject):
        words = f"{message.subject}\n{words}"
    return urgent.categories(words, council.urgent, (council.urgent_help, seen.home.sentence))


def alarms(seen: Seen, case: Case, inbox: Inbox, found_urgent: tuple[str, ...], desk: Desk) -> list[Intent]:
    """The alarm to whoever is here of those named in [urgent]; to the head of service or the admin where nobody is named."""
    council = desk.council
    alarming = [name for name in found_urgent if name in council.urgent.alarm]
    if not alarming:
        return []
    present = [one for one in council.urgent.to if is_present(council, one, desk.now)] or list(council.urgent.to)
    if not present:
        values = {"reference": council.reference_of(case.code), "inbox": inbox.address, "categories": alarming}
        recipient = council.head_of_service or council.admin
        return [
            notices.to_admin(
                desk,
                "urgent",
                f"urgent:{case.code}:{seen.message.fingerprint}",
                values,
                why="the letter sounds urgent and nobody is named in [urgent]",
                code=case.code,
                recipient=recipient,
            )
        ]
    why = f"the letter has words of {', '.join(alarming)}"
    chain = Alarm(case.code, tuple(alarming), council.urgent.repeat_every.seconds, why)
    return [
        *([chain] if inbox.mode != "shadow" else []),
        notices.urgent(
            desk,
            seen,
            case,
            inbox,
            council.staff[present[0]],
            alarming,
            why=f"the letter has words of {', '.join(alarming)}",
        ),
    ]


def flags(found_urgent: tuple[str, ...], council: Council) -> tuple[str, ...]:
    """Categories that mark the owner's mail."""
    return tuple(
        name
        for name in found_urgent
        if name in (*council.urgent.alarm, *council.urgent.flag) or name in urgent.SENSITIVE
    )


def hold_told(send: Send, desk: Desk) -> list[Intent]:
    """The admin hears once an hour of the brake, once a day of a mailbox that looks restored."""
    if send.hold == "restore":
        inbox = desk.council.inboxes[send.inbox]
        values = {"inbox": inbox.address}
        return [
            notices.to_admin(
                desk,
                "restore",
                f"restore:{inbox.name}:{desk.today}",
                values,
                why="more unknown letters at once than a mailbox gets",
            )
        ]
    return [brake_told(desk)] if send.hold == "brake" else []


def brake_told(desk: Desk) -> Send:
    """To the admin, once an hour: more automatic mails to residents than the brake allows."""
    hour = desk.now.astimezone(desk.council.calendar.timezone)
    values = {"limit": str(desk.council.limits.brake[0]) if desk.council.limits.brake else ""}
    return notices.to_admin(
        desk,
        "brake",
        f"brake:{hour:%Y-%m-%dT%H}",
        values,
        why="more automatic mails to residents than the brake allows",
    )


def no_owner(case: Case, why: str, desk: Desk) -> Intent:
    """Nobody could be named: said aloud, never assigned to everybody (P4, D59)."""
    council = desk.council
    team = council.teams.get(case.team)
    manager = council.staff.get(team.manager) if team else None
    recipient = council.head_of_service or (manager.email if manager else "") or council.admin
    values = {
        "reference": council.reference_of(case.code),
        "inbox": council.inbox_of(case.inbox).address,
        "team": case.team,
        "reason": why,
    }
    return notices.to_admin(
        desk,
        "no-owner",
        f"no-owner:{case.code}",
        values,
        why=f"the case has no owner: {why}",
        code=case.code,
        recipient=recipient,
    )


def tell_other(seen: Seen, case: Case, other: Inbox, facts: Facts, desk: Desk) -> list[Intent]:
    """Another service that was written to hears whose case it is (behaviour.md §3.3)."""
    council = desk.council
    routed = routing.route(seen.message, other, council)
    chosen = routing.choose_owner(
        routed, replace(facts, last_owner=None), council, desk.now, council.calendar.local_day(desk.now)
    )
    if not chosen.staff or chosen.staff == case.owner:
        return []
    return [
        notices.also_yours(
            desk, seen, case, other, council.staff[chosen.staff], why=f"the letter was sent to {other.service} too"
        )
    ]

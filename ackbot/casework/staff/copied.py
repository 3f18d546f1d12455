"""Whom a party of a case copied, and who may therefore get copies of an officer's words (behaviour.md §4.3 CC, E8)."""

from ackbot.casework.cover import has_left
from ackbot.casework.staff.request import Request
from ackbot.mail import addresses
from ackbot.mail.addresses import Address

_MOST = 10


def whom(request: Request) -> tuple[str, ...]:
    """
    Addresses in Cc of the parties' letters, except our own inboxes, the resident's own, and those of colleagues who have left or
    about whom the case complains (behaviour.md §3.12).
    """
    council, case = request.desk.council, request.case
    copied = [Address("", addr) for raw in request.facts.copied.get(case.code, ()) for _, addr in addresses.parse(raw)]
    others = (one for one in copied if one.usable and council.inbox_at(one.key) is None and not _gone(one, request))
    return tuple(dict.fromkeys(one.key for one in others if one.key != case.resident.key))[:_MOST]


def _gone(address: Address, request: Request) -> bool:
    person = request.desk.council.staff_at(address.key)
    return person is not None and has_left(person, request.desk.today)

"""
A resident's letter asks for answers at another address than it came from: its owner is asked once where their words go (E46).

Anybody can write any address into a letter, so nothing goes there unasked, and nothing but human words goes there at all.
"""

from ackbot.casework.drafts import to_staff
from ackbot.casework.intents import AnswerTo
from ackbot.casework.staff.request import Request
from ackbot.mail import addresses
from ackbot.mail.addresses import key_of


def asked_for(request: Request) -> str:
    """The address at which the resident asks for answers, if nobody has said yet where words go; "" for none."""
    case = request.case
    return "" if case.answer_to or request.other else request.facts.reply_to.get(case.code, "")


def reason(request: Request) -> str:
    """Why words are held that would go to one of two addresses; "" where there is one."""
    other = asked_for(request)
    name = to_staff.resident_name(request.case)
    return f"{name} wrote from {request.case.resident.addr} and asks for answers at {other}" if other else ""


def chosen(request: Request, said: str) -> AnswerTo | None:
    """
    The choice in an answer to that question; None if it was not asked.

    Args:
        said: what stands behind SEND: the other address, or anything else for the one that the letter came from.
    """
    other = asked_for(request)
    if not other:
        return None
    named = key_of(other) in {key_of(addr) for _, addr in addresses.parse(said.replace("mailto:", " "))}
    to = other if named or key_of(other) in said.casefold() else request.case.resident.addr
    return AnswerTo(request.case.code, to, why=f"{request.person.name} says where answers go")

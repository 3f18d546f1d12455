"""Specimens of the mails about letters that staff pass on, and about calls and visits (behaviour.md §4.7, §4.8)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import Staff
from ackbot.casework.drafts import to_resident, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.intents import Send
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message

_WHY = "a specimen"
_WORDS = "This came to me. He rang as well."


def sends(desk: Desk, case: Case, staff: Staff, letter: Message) -> Iterator[tuple[str, Send]]:
    """Each with its title; `case` is one that came by mail."""
    forwarded, call = replace(case, way="forwarded"), replace(case, way="call", subject="damp in the bedroom")
    unknown = replace(call, resident=Address("Mrs Quan", ""), parties=frozenset())
    for title, one, by in (
        ("acknowledgement, of a forwarded letter", forwarded, "Sam Jones"),
        ("acknowledgement, of a call", call, "Sam Jones"),
        ("acknowledgement, of a visit", replace(call, way="visit"), "Sam Jones"),
    ):
        yield title, to_resident.acknowledgement(desk, letter, one, Facts(), why=_WHY, hold="", passed_by=by)
    yield "new case, forwarded", _new_case(desk, forwarded, staff, letter, _WORDS, "sent")
    yield "new case, a call", _new_case(desk, call, staff, letter, "", "sent")
    yield (
        "new case, a visit of somebody without an address",
        _new_case(desk, replace(unknown, way="visit"), staff, letter, "", ""),
    )
    said: dict[str, Any] = {
        "writer": "Edward Quan",
        "matter": "Damp",
        "reference": "RBN-7H4-29P",
        "owner": "Priya Shah",
        "service": "Housing",
        "next_on": case.clocks[0].promised_on if case.clocks else None,
        "told": True,
        "why_not": "",
    }
    untold = {**said, "told": False, "why_not": "they gave no email address"}
    kinds = [{**said, "what": what} for what in ("opened", "joined", "known")]
    kinds.append({**untold, "what": "nothing", "why_not": "it was passed on, and it is bulk mail"})
    for title, spoken, passed in (
        ("what you passed on", False, kinds),
        ("what you wrote down", True, [{**untold, "what": "opened"}]),
    ):
        values = {"spoken": spoken, "passed": passed, "more": not spoken, "several": len(passed)}
        key, inbox = keys.specimen(title), desk.council.inbox_of(case.inbox)
        yield title, to_staff.about_no_single_case(desk, ASK_BACK["passed"], staff, inbox, key, values, why=_WHY)


def _new_case(desk: Desk, case: Case, staff: Staff, letter: Message, words: str, acknowledgement: Any) -> Send:
    return to_staff.new_case(
        desk,
        letter,
        case,
        owner_why="has the fewest open cases",
        acknowledgement=acknowledgement,
        withheld_because="" if acknowledgement else "they gave no email address",
        note="",
        urgent=(),
        why=_WHY,
        passed=(staff, words),
    )

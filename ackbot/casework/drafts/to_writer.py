"""The mail to somebody else who writes in a resident's case (behaviour.md §3.3a)."""

from dataclasses import replace

from ackbot.casework import keys
from ackbot.casework.drafts import kinds, names
from ackbot.casework.drafts.to_resident import about_case
from ackbot.casework.intents import Send
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message


def reached(desk: Desk, letter: Message, case: Case, to: Address, *, why: str, hold: str) -> Send:
    """
    The one receipt for somebody else who writes in a resident's case: who has their mail, and nothing of the case (§3.3a).

    Its Message-ID and reply address belong to the case, so that an answer finds it.
    """
    council = desk.council
    inbox = council.inbox_of(case.inbox)
    owner = council.staff.get(case.in_charge)
    theirs = replace(case, resident=to, language=desk.guessed(letter), formats="", subject=letter.subject, clocks=())
    values = {"name": names.greeting(to, letter), "owner": owner.public_name if owner else ""}
    send = about_case(desk, kinds.REACHED, theirs, keys.reached(case.code, to.key), values, why=why, letter=letter)
    subject = send.draft.subject.replace(f" [{council.reference_of(case.code)}]", "")
    draft = replace(send.draft, subject=subject, extra={})
    return replace(send, draft=draft, inbox=inbox.name, lane=inbox.lane, hold=hold)

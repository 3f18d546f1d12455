"""Somebody else than the resident writes into a case: who counts as one, and their one receipt (E24, E25, behaviour.md §3.3a)."""

from ackbot.casework import contact
from ackbot.casework.drafts import to_writer
from ackbot.casework.incoming import thanks, wishes
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import Send
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address


def of(seen: Seen, verdict: Verdict, case: Case, desk: Desk) -> Address | None:
    """Who wrote the letter, if that is a person beside the parties who can be answered (E25); None for all others."""
    author = seen.authority.author
    own = seen.authority.is_own(desk.council.inbox_of(case.inbox)) and verdict.to is not None
    if author is None or not own or author.key in case.parties or not author.usable:
        return None
    return None if desk.council.is_colleague(author.key) or not case.resident.addr else author


def receipt(
    seen: Seen, verdict: Verdict, case: Case, other: Address, facts: Facts, desk: Desk
) -> tuple[Send | None, str]:
    """The one neutral receipt that tells them who has their mail, and nothing of the case; or None, and why."""
    if not verdict.acknowledge:
        return None, verdict.why
    new, words = "it was sent from an address that is new in this case", seen.message.new_text
    if thanks.short_answer(words, [other.name]) or wishes.read(words, desk.templates.language_names()).quiet:
        return None, f"{new}, and asks for nothing"
    if case.sensitive:
        return None, "nobody else hears anything of a sensitive case"
    if contact.silent_because(case, desk.council) or case.in_charge not in desk.council.staff:
        return None, new
    if any(one.code == case.code for one in facts.past):
        return None, "they were told before who has their mail"
    why = "somebody else hears who has their mail, once, and nothing of the case"
    hold = contact.held_for(None, facts.contact, seen.arrival.hold)
    return to_writer.reached(desk, seen.message, case, other, why=why, hold=hold), why

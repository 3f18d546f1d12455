"""Words for somebody else than the resident, who wrote into the case: what answers them, and how it goes out (E25)."""

from dataclasses import replace

from ackbot.casework import keys
from ackbot.casework.drafts import persons_words, to_staff
from ackbot.casework.intents import Intent
from ackbot.casework.model import Case
from ackbot.casework.staff.request import Request, StaffReply, answered, ask_back, note
from ackbot.mail.addresses import Address
from ackbot.mail.markup import Lines
from ackbot.mail.plain import Attachment

TO = "TO"  # the command of held words for somebody else; their argument is the address, and the name behind it
_FOR_THE_RESIDENT = frozenset(["UPDATE", "DONE", "MORE", "ASK", "CC"])


def writer(reply: StaffReply, case: Case) -> Address | None:
    """Who wrote the letter that the answered mail showed, if that was neither a party of the case nor a form or a colleague."""
    council = reply.desk.council
    forms = {form.sender for form in council.inbox_of(case.inbox).forms}
    ours = reply.facts.ours
    for token in reply.tokens:
        one = ours.get(token.message_id)
        if one is None or token.code != case.code or one.writer is None:
            continue
        if one.writer.key not in forms and not council.is_colleague(one.writer.key):
            return one.writer
    return None


def meant(request: Request, other: Address | None) -> Request | list[Intent]:
    """
    The request as it stands in the answer to a letter of somebody else: plain words are for them, and commands about the case for
    the case. What the resident would read is asked back, because the mail was not about them.

    Args:
        other: None for an answer to any other mail, which stays as it is.
    """
    if other is None:
        return request
    command = request.reading.command
    if command in _FOR_THE_RESIDENT:
        name, them = to_staff.resident_name(request.case), other.name or other.addr
        problem = f"That mail was from {them}, and {command} is for {name}. Write it in answer to a mail about {name}."
        return ask_back(request, problem)
    if command in ("", "unclear"):
        return to_them(request, other)
    return replace(request, inside=True)


def to_them(request: Request, other: Address) -> Request:
    """The request with that person in the resident's place."""
    theirs = replace(request.case, resident=other, copies=(), formats="")
    return replace(request, case=theirs, inside=False, other=True)


def argument(other: Address) -> str:
    """How held words remember for whom they are."""
    return f"{other.addr} {other.name}".strip()


def of_argument(text: str) -> Address:
    """For whom held words are."""
    addr, _, name = text.partition(" ")
    return Address(name, addr)


def send(request: Request, words: str, files: tuple[Attachment, ...], files_of: int, key: keys.Key) -> list[Intent]:
    """Send words to somebody else. They answer nothing of the resident's: no clock moves, and the case stays as it is."""
    case, desk, person = request.case, request.desk, request.person
    name = to_staff.resident_name(case)
    why = f"{person.name} wrote to {'somebody else' if name == case.resident.addr else 'another person'} in the case"
    sent = persons_words.human(desk, case, person, key, words, next_on=None, why=why)
    sent = persons_words.with_files(sent, files, files_of)
    # A report about it is none about the resident's address, as with copies.
    message_id = desk.message_id(key, case.code, "copy", "resident", sent.draft.sender.addr)
    sent = replace(sent, draft=replace(sent.draft, message_id=message_id))
    values = {"their_words": Lines(words), "next_on": None, "files": [one.name for one in files], "other": True}
    echo = answered(
        request, "echo", keys.echo(key), {**values, "instead": False, "news": False}, why="they read what went out"
    )
    return [sent, *note(request, words, TO), echo]

"""
What a member of staff asks for about one case, in a mail or in one line of it.

It also holds the answers that every command shares: keep a note, tell the writer what was done, or ask back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import Inbox, Staff
from ackbot.casework.drafts import to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming import thanks
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Intent, KeepWords, Send
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.staff.reading import Reading
from ackbot.mail import replies
from ackbot.mail.markup import Lines
from ackbot.mail.tokens import Token


@dataclass(frozen=True)
class StaffReply:
    """
    A verified mail of a member of staff that answers one of ours.

    Args:
        person: the writer.
        tokens: tokens of our mails that it answers, made for this very person; at least one.
        reading: what the whole mail asks for.
    """

    seen: Seen
    person: Staff
    tokens: tuple[Token, ...]
    reading: Reading
    facts: Facts
    desk: Desk


@dataclass(frozen=True)
class Request:
    """
    What a staff reply asks for in one case.

    Args:
        inside: words without a command stay inside; otherwise they go to the resident.
        reading: the reading of the whole reply, or of the line about this case.
        again: the number of earlier lines in the reply about the same case.
        of_many: the request is a line in a reply to a mail about several cases.
    """

    reply: StaffReply
    case: Case
    inside: bool
    reading: Reading
    again: int = 0
    of_many: bool = False

    @property
    def seen(self) -> Seen:
        """The mail that holds the request."""
        return self.reply.seen

    @property
    def person(self) -> Staff:
        """The member of staff who asks."""
        return self.reply.person

    @property
    def facts(self) -> Facts:
        """What the store knew when the mail arrived."""
        return self.reply.facts

    @property
    def desk(self) -> Desk:
        """The configuration, templates, signer and time with which answers are written."""
        return self.reply.desk

    @property
    def inbox(self) -> Inbox:
        """The inbox of the case; the mail may have come to another one."""
        return self.desk.council.inbox_of(self.case.inbox)

    @property
    def has_the_case(self) -> bool:
        """Whether the writer is the owner or the cover."""
        return self.person.id in (self.case.owner, self.case.cover)

    @property
    def key(self) -> keys.Part:
        """The part of dedupe keys that tells this mail, or this line of it, from others."""
        return keys.asked(self.case.code, self.seen.message.fingerprint, self.again)


def said(request: Request) -> str:
    """The command's argument and words without signature and device line. They are only judged, never sent to a resident."""
    person, words = request.person, replies.unsigned(request.reading.words)
    names = (person.name, person.job_title, request.inbox.service, request.desk.council.name)
    return f"{request.reading.argument}\n{'' if thanks.is_signature(words, names) else words}".strip()


def note(request: Request, words: str, command: str = "") -> list[Intent]:
    """
    Keep the writer's words with the case.

    Args:
        command: the command they came with; "" for a plain note. Only a plain note counts as work on the matter, of which
            the resident may be told.
    """
    return [
        KeepWords(
            request.case.code, request.person.id, "note", words, command, why=f"{request.person.name} wrote a note"
        )
    ]


def answered(request: Request, topic: str, key: keys.Key, values: Mapping[str, Any], *, why: str) -> Send:
    """
    A mail to the writer that says what was done, or what is unclear.

    Args:
        topic: a key of ASK_BACK.
    """
    return to_staff.about_case(request.desk, ASK_BACK[topic], request.case, request.person, key, values, why=why)


def ask_back(request: Request, problem: str, words: str = "") -> list[Intent]:
    """Do nothing, and tell the writer why, and what they can write instead."""
    values = {"problem": problem, "their_words": Lines(words or request.reading.text)}
    return [answered(request, "what", keys.ask(request.key), values, why="it is not clear what to do")]

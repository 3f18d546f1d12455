"""
What a member of staff asks for in one mail, or in one line of it, about one case.

And the answers that need no rule: a note is kept; they are told what became of their mail, or asked back.
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
        person: who wrote it.
        tokens: of our mails that it answers, given to that very person; at least one.
        reading: what it asks for.
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
        inside: words without a command stay inside; else they go to the resident.
        reading: of the whole reply, or of the line about this case.
        again: how many lines about the same case stand before this one.
        of_many: it is a line of a reply to a mail about several cases.
    """

    reply: StaffReply
    case: Case
    inside: bool
    reading: Reading
    again: int = 0
    of_many: bool = False

    @property
    def seen(self) -> Seen:
        """The mail that it stands in."""
        return self.reply.seen

    @property
    def person(self) -> Staff:
        """Who asks."""
        return self.reply.person

    @property
    def facts(self) -> Facts:
        """What the store knew when the mail came."""
        return self.reply.facts

    @property
    def desk(self) -> Desk:
        """What is written with."""
        return self.reply.desk

    @property
    def inbox(self) -> Inbox:
        """The inbox of the case, which need not be the one that the mail came to."""
        return self.desk.council.inbox_of(self.case.inbox)

    @property
    def has_the_case(self) -> bool:
        """Whether they are the owner or the cover."""
        return self.person.id in (self.case.owner, self.case.cover)

    @property
    def key(self) -> keys.Part:
        """What tells this mail, or this line of it, from others, for the keys of what is sent because of it."""
        return keys.asked(self.case.code, self.seen.message.fingerprint, self.again)


def said(request: Request) -> str:
    """What a command goes by: without the signature and device line that stand below it. Never what is sent."""
    person, words = request.person, replies.unsigned(request.reading.words)
    names = (person.name, person.job_title, request.inbox.service, request.desk.council.name)
    return f"{request.reading.argument}\n{'' if thanks.is_signature(words, names) else words}".strip()


def note(request: Request, words: str, command: str = "") -> list[Intent]:
    """Their words are kept with the case; those of a command are no work on the matter of which residents may be told."""
    return [
        KeepWords(
            request.case.code, request.person.id, "note", words, command, why=f"{request.person.name} wrote a note"
        )
    ]


def answered(request: Request, topic: str, key: keys.Key, values: Mapping[str, Any], *, why: str) -> Send:
    """A mail to whoever asked: what became of it, or what is not clear; `topic` is a key of ASK_BACK."""
    return to_staff.about_case(request.desk, ASK_BACK[topic], request.case, request.person, key, values, why=why)


def ask_back(request: Request, problem: str, words: str = "") -> list[Intent]:
    """Nothing is done: they are told why, and what they can write."""
    values = {"problem": problem, "their_words": Lines(words or request.reading.text)}
    return [answered(request, "what", keys.ask(request.key), values, why="it is not clear what to do")]

"""One mail of a member of staff at work, and the two answers that need no rule: a note kept, a question back."""

from dataclasses import dataclass

from ackbot.casework.council import Inbox, Staff
from ackbot.casework.drafts import to_staff
from ackbot.casework.incoming import thanks
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Intent, KeepWords
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.staff.reading import Reading
from ackbot.mail import replies
from ackbot.mail.markup import Lines


@dataclass(frozen=True)
class Request:
    """One staff mail at work: who wrote, about which case, and what it says."""

    seen: Seen
    person: Staff
    case: Case
    inbox: Inbox
    inside: bool
    reading: Reading
    facts: Facts
    desk: Desk
    again: int = 0  # lines about the same case before this one, in an answer to a digest
    of_many: bool = False  # it is a line of a mail about several cases

    @property
    def key(self) -> str:
        """What tells this mail, or this line of it, from others, for the keys of what is sent because of it."""
        return f"{self.case.code}:{self.seen.message.fingerprint}" + (f":{self.again}" if self.again else "")


def said(request: Request) -> str:
    """What a command goes by: without the signature and device line that stand below it. Never what is sent."""
    person, words = request.person, replies.unsigned(request.reading.words)
    names = (person.name, person.job_title, request.inbox.service, request.desk.council.name)
    return f"{request.reading.argument}\n{'' if thanks.is_signature(words, names) else words}".strip()


def ask(request: Request, problem: str, words: str = "") -> list[Intent]:
    """Nothing is done: they are told why, and what they can write."""
    values = {"problem": problem, "their_words": Lines(words or request.reading.text)}
    key = f"ask:{request.key}"
    send = to_staff.ask_back(
        request.desk, request.case, request.inbox, request.person, key, "what", values, why="it is not clear what to do"
    )
    return [send]


def note(request: Request, words: str, command: str = "") -> list[Intent]:
    """Their words are kept with the case; those of a command are no work on the matter of which residents may be told."""
    return [
        KeepWords(
            request.case.code, request.person.id, "note", words, command, why=f"{request.person.name} wrote a note"
        )
    ]


def speaks(request: Request) -> bool:
    """Whether a command in a mail that stays inside may send words: only for whoever has the case."""
    return request.person.id in (request.case.owner, request.case.cover)

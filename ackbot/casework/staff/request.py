"""
What a member of staff asks for about one case, in a mail or in one line of it.

It also holds the answers that every command shares: keep a note, tell the writer what was done, or ask back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ackbot.casework import keys
from ackbot.casework.council import Inbox, Staff
from ackbot.casework.drafts import to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Intent, KeepWords, Send
from ackbot.casework.model import PURPOSES, Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.staff import meant, sign_off
from ackbot.casework.staff.reading import Reading
from ackbot.mail import folding
from ackbot.mail.markup import Lines
from ackbot.mail.tokens import Token

_LETTER = 20_000  # characters of our mail in which the resident may have named other people


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
        other: the words are for somebody else who wrote into the case, and who then stands in it for the resident (E25).
    """

    reply: StaffReply
    case: Case
    inside: bool
    reading: Reading
    again: int = 0
    of_many: bool = False
    other: bool = False

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
        """The configuration, templates, signer and time with which answers are written; without whom the case is about."""
        return self.reply.desk.within(self.case)

    @property
    def inbox(self) -> Inbox:
        """The inbox of the case; the mail may have come to another one."""
        return self.desk.council.inbox_of(self.case.inbox)

    @property
    def proven(self) -> bool:
        """Whether a server vouches for the writer. Over an inbox that believes none, a token and From suffice for most."""
        return self.seen.authority.proven_by(self.seen.authority.arrived)

    @property
    def has_the_case(self) -> bool:
        """Whether the writer is the owner or the cover."""
        return self.person.id in (self.case.owner, self.case.cover)

    @property
    def alarm_runs(self) -> bool:
        """Whether the case has an alarm that nobody has taken."""
        return self.case.code in self.facts.alarmed

    @property
    def key(self) -> keys.Part:
        """The part of dedupe keys that tells this mail, or this line of it, from others."""
        return keys.asked(self.case.code, self.seen.message.fingerprint, self.again)


def said(request: Request) -> str:
    """The command's argument and words; "" for a sign-off alone. They are only judged, never sent to a resident."""
    return f"{request.reading.argument}\n{words_in(request, request.reading.words)}".strip()


def words_in(request: Request, words: str) -> str:
    """The words without signature and device line; "" if nothing is left but greetings, thanks and a sign-off."""
    return sign_off.without(words, _names(request), (request.case.resident.name,))


def unsigned(request: Request, words: str) -> str:
    """The words above the sign-off, to see what they mean. They are never sent."""
    return sign_off.above(words, _names(request))


def _names(request: Request) -> tuple[str, ...]:
    """Names that stand in the writer's signature."""
    person, council, case = request.person, request.desk.council, request.case
    teams = [name for name, team in council.teams.items() if name == case.team or person.id in team.members]
    return (person.name, person.public_name, person.job_title, request.inbox.service, council.name, *teams)


def heard(request: Request) -> meant.Heard:
    """The people and teams of whom the words may speak."""
    council, case = request.desk.council, request.case
    resident = frozenset(_plain(f"{case.resident.name} {case.resident.key.partition('@')[0]}"))
    writer = frozenset(_plain(f"{request.person.name} {request.person.public_name}"))
    names = [re.findall(r"[^\W\d_]{3,}", one.name) for one in council.staff.values() if one.left is None]
    colleagues = {word for one in names for word in one if not set(_plain(word)) & (resident | writer)}
    teams = {*council.teams, *(one.service for one in council.inboxes.values() if one.service)}
    letter = "\n".join(one.text for one in request.facts.ours.values() if one.staff == request.person.id)
    return meant.Heard(resident, tuple(sorted(colleagues)), tuple(sorted(teams)), letter[:_LETTER])


def _plain(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folding.plain(text))


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


def answers_alarm(reply: StaffReply) -> bool:
    """Whether a mail answers an alarm, or a list of alarms: by Reply, or by a link in it."""
    return any(token.purpose == PURPOSES["urgent"] for token in reply.tokens)


def ask_back(request: Request, problem: str, words: str = "") -> list[Intent]:
    """Do nothing, and tell the writer why, and what they can write instead; that their alarm still runs, if it does (E5)."""
    if request.alarm_runs and answers_alarm(request.reply):
        return ask_whether_taken(request, f"Your mail changed nothing. {problem}" if problem else "", words)
    values = {
        "problem": problem,
        "alarm_runs": request.alarm_runs,
        "their_words": Lines(words or request.reading.text),
        "line": "",
    }
    return [answered(request, "what", keys.ask(request.key), values, why="it is not clear what to do")]


def ask_for_line(request: Request, problem: str, line: str) -> list[Intent]:
    """Do nothing, and tell the writer why, with the one line to write instead, and not with all the commands there are (E88)."""
    if request.alarm_runs and answers_alarm(request.reply):
        return ask_back(request, problem)
    values = {
        "problem": problem,
        "alarm_runs": request.alarm_runs,
        "their_words": Lines(request.reading.text),
        "line": line,
    }
    return [answered(request, "what", keys.ask(request.key), values, why="one line has to be written otherwise")]


def ask_whether_taken(request: Request, done: str, words: str = "") -> list[Intent]:
    """
    Tell the writer that the alarm still runs, and how it ends. TAKE in answer to that mail ends it, like any TAKE of an alarm.

    Args:
        done: what their mail did or why it did nothing, whole sentences; "" for nothing to say.
    """
    values = {"done": done, "their_words": Lines(words or request.reading.whole)}
    return [answered(request, "alarm", keys.ask(request.key), values, why="nobody has taken the alarm yet")]

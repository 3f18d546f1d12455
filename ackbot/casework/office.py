"""What every rule writes with: the council, its words, its signature; and at a desk, the time."""

from dataclasses import dataclass
from datetime import date, datetime

from ackbot.casework.council import Council
from ackbot.casework.keys import Key
from ackbot.casework.model import PURPOSES
from ackbot.mail.templates import Templates
from ackbot.mail.tokens import Role, Signer

_ID_DOMAIN = 29  # characters, so that a Message-ID stays within 66


@dataclass(frozen=True)
class Office:
    """What every movement works with. Immutable: a reload makes another one."""

    council: Council
    templates: Templates
    signer: Signer

    def desk(self, now: datetime) -> "Desk":
        """For drafts written now."""
        return Desk(self.council, self.templates, self.signer, now)


@dataclass(frozen=True)
class Desk:
    """What every draft is written with: the council, its words, its signature and the time."""

    council: Council
    templates: Templates
    signer: Signer
    now: datetime

    @property
    def today(self) -> date:
        """The council's civil date."""
        return self.council.calendar.local_day(self.now)

    def message_id(self, dedupe_key: Key, code: str, kind: str, role: Role, sender: str) -> str:
        """The signed id of a mail, on the domain it is sent from, or the council's shortest where that is too long."""
        domain = sender.rpartition("@")[2]
        if len(domain) > _ID_DOMAIN:
            domain = min((*self.council.domains, domain), key=len)
        return self.signer.message_id(dedupe_key, code, PURPOSES[kind], role, domain)

    def language_for(self, language: str) -> str:
        """The language we write in to somebody who writes in `language`: theirs where it is signed off, else our first."""
        return language if language in self.council.languages else self.council.languages[0]

"""What every rule needs to write mail: the configuration, the templates, the signer and the time."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from ackbot.casework import apart
from ackbot.casework.council import Council
from ackbot.casework.keys import Key
from ackbot.casework.model import PURPOSES, Case
from ackbot.mail.message import Message
from ackbot.mail.templates import Templates
from ackbot.mail.tokens import Role, Signer

_ID_DOMAIN = 29  # characters of a domain, so that a Message-ID has at most 66 (design.md §5)


@dataclass(frozen=True)
class Office:
    """The configuration, templates and signer that the daemon works with. Immutable: a reload makes a new one."""

    council: Council
    templates: Templates
    signer: Signer

    def desk(self, now: datetime) -> "Desk":
        """The same with the time, for drafts written at `now`, an aware instant."""
        return Desk(self.council, self.templates, self.signer, now)


@dataclass(frozen=True)
class Desk:
    """The configuration, templates, signer and time with which a draft is written; `now` is an aware instant."""

    council: Council
    templates: Templates
    signer: Signer
    now: datetime

    @property
    def today(self) -> date:
        """The local date."""
        return self.council.calendar.local_day(self.now)

    def within(self, *cases: Case | None) -> "Desk":
        """The same for these cases: whom they complain about, and those below them, count as gone (behaviour.md §3.12)."""
        return self.apart_from({one for case in cases if case is not None for one in case.about})

    def apart_from(self, people: Collection[str]) -> "Desk":
        """The same without these staff ids, and without those whom they manage."""
        return replace(self, council=apart.without(self.council, people)) if people else self

    def message_id(self, dedupe_key: Key, code: str, kind: str, role: Role, sender: str) -> str:
        """
        The signed Message-ID of a mail, on the domain of its sender; if that is too long, on the council's shortest domain.

        Args:
            kind: a key of `model.PURPOSES`.
            sender: the address in From.
        """
        domain = sender.rpartition("@")[2]
        if len(domain) > _ID_DOMAIN:
            domain = min((*self.council.domains, domain), key=len)
        return self.signer.message_id(dedupe_key, code, PURPOSES[kind], role, domain)

    @property
    def fences(self) -> list[str]:
        """How fence lines begin, in every language in which we may have written to staff."""
        known = map(self.templates.fence, dict.fromkeys((self.council.staff_language, *self.council.languages)))
        return [fence for fence in known if fence]

    def languages_for(self, language: str) -> tuple[str, ...]:
        """
        The languages in which we answer: one whole version of the mail for each, in this order (domain.md §12).

        A bilingual council writes both of its languages to whoever has not shown which they want. Below any language that is
        not the council's own, its own stands too: whoever helps the resident may read nothing else.

        Args:
            language: of the resident's wish or letter; "" if it is not known.
        """
        council = self.council
        own = council.languages[:2] if council.bilingual else council.languages[:1]
        if language in own:
            return (language,)
        return (language, *own) if language in council.languages else own

    def guessed(self, letter: Message) -> str:
        """
        The language in which whoever wrote the letter would be answered, as far as the letter shows it.

        In a bilingual council a letter in its second language shows no wish, because everybody can write it: "" then.
        """
        council = self.council
        found = letter.language("" if council.bilingual else council.languages[0])
        return "" if council.bilingual and found == council.languages[1] else found

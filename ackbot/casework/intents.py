"""Intents: what the rules answer with. Each says why, in plain English; `store/handlers` applies them, `explain` prints them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from ackbot.casework.council import Absence
from ackbot.casework.keys import Key
from ackbot.casework.model import AnsweredElsewhere, Case, Clock, ClockKind, LetterKind, Outcome
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft
from ackbot.mail.plain import Attachment


@dataclass(frozen=True, slots=True)
class Intent:
    """
    One step of a decision. `store/handlers` has a handler for every class of them.

    Args:
        code: of the case that it is about; "" where it is about none.
        why: one sentence for the case's history, without a resident's words.
    """

    code: str
    why: str = field(kw_only=True)

    @property
    def event(self) -> str:
        """What the history calls it."""
        return type(self).__name__


@dataclass(frozen=True, slots=True)
class OpenCase(Intent):
    """A new case."""

    code: str = field(init=False)
    case: Case

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.case.code)


@dataclass(frozen=True, slots=True)
class Attach(Intent):
    """The letter belongs to a case that exists; its sender becomes a party of it if `party`, and it may make it sensitive."""

    party: str
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Assign(Intent):
    """A case gets an owner; `taken` where it was passed on and they took it."""

    staff: str
    team: str
    taken: bool = False


@dataclass(frozen=True, slots=True)
class SetCover(Intent):
    """Somebody stands in for an owner who is away; "" ends it."""

    staff: str


@dataclass(frozen=True, slots=True)
class HumanWords(Intent):
    """
    A person wrote to the resident, or says that they did: lateness is over, chasers are gone.

    Args:
        state: of the case from now on.
        staff: who wrote; a cover who writes becomes the owner.
        by: a mail of ours, or what they say of themselves: by phone, or by a mail from elsewhere.
        at: when it was written, where that is not now.
    """

    staff: str
    state: Literal["open", "waiting", "answered", "closed"]
    by: Literal["mail", "phone", "elsewhere"] = "mail"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeepAnsweredElsewhere(Intent):
    """What a person wrote from their own mail program is remembered: the letter it answers may be taken in later."""

    code: str = field(init=False)
    answer: AnsweredElsewhere
    recipients: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.answer.code)


@dataclass(frozen=True, slots=True)
class DropAcknowledgement(Intent):
    """What waits to tell the resident that their letter is here is true no more, and is not sent."""


@dataclass(frozen=True, slots=True)
class Offer(Intent):
    """A case is offered to somebody; until they take it, it stays where it is."""

    to: str
    by: str


@dataclass(frozen=True, slots=True)
class Copies(Intent):
    """Who gets a copy of human words in a case from now on."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish(Intent):
    """
    What a resident asked for, or an owner said of them, is remembered by address.

    Args:
        what: "quiet" and "ignored" are "yes" or "", for their open cases too; "formats" and "language" are words.
    """

    address: str
    what: Literal["quiet", "ignored", "formats", "language"]
    value: str
    code: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Close(Intent):
    """The case ends without a mail."""


@dataclass(frozen=True, slots=True)
class Settle(Intent):
    """The case ends with the question whether it is settled."""


@dataclass(frozen=True, slots=True)
class Alarm(Intent):
    """Duty officers are alarmed, and again after `repeat_s` seconds, until somebody takes it."""

    categories: tuple[str, ...]
    repeat_s: float


@dataclass(frozen=True, slots=True)
class TakeAlarm(Intent):
    """Somebody is on it: the alarm of a case ends."""

    staff: str


@dataclass(frozen=True, slots=True)
class Unreachable(Intent):
    """The resident's address is no good, or is again: automatic mail stops, or may go."""

    gone: bool


@dataclass(frozen=True, slots=True)
class Late(Intent):
    """A promise passed without a person's word: the case is late since then; `no_news` counts the mails that said so."""

    no_news: int


@dataclass(frozen=True, slots=True)
class KeepWords(Intent):
    """
    Words of a member of staff are kept with the case: a note, or words held until they say whether to send them.

    Args:
        asked_by: Message-ID of the mail that asks about held words; "" for a note.
        files: what came with held words, to go along with them.
    """

    staff: str
    kind: Literal["note", "held"]
    words: str
    command: str = ""
    argument: str = ""
    asked_by: str = ""
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class DropWords(Intent):
    """Held words were sent, or are to stay inside."""

    id: int
    outcome: Literal["sent", "kept"]


@dataclass(frozen=True, slots=True)
class RecordAbsence(Intent):
    """A member of staff said that they are away."""

    code: str = field(default="", init=False)
    absence: Absence


@dataclass(frozen=True, slots=True)
class EndAbsence(Intent):
    """
    A member of staff is back: every absence of theirs ends now.

    Args:
        until: when an absence of the configuration would have ended; None where there is none.
    """

    code: str = field(default="", init=False)
    staff: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reopen(Intent):
    """A closed or answered case is open again."""


@dataclass(frozen=True, slots=True)
class SetClock(Intent):
    """A clock starts, or is set anew."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class ClearClock(Intent):
    """A clock stops: kept, replaced or withheld."""

    kind: ClockKind
    outcome: Literal["kept", "replaced", "withheld"]


@dataclass(frozen=True, slots=True)
class PauseClock(Intent):
    """A clock stands still while the resident is asked (D65)."""

    kind: ClockKind


@dataclass(frozen=True, slots=True)
class Send(Intent):
    """
    A mail goes into the outbox.

    Args:
        dedupe_key: one mail ever per key (design.md §5).
        staff: recipient's staff id, "" for anybody else.
        inbox: the inbox it goes out from, and whose mode rules it; "" for mail of the council as a whole.
        hold: why it waits for the admin's release: "brake", "restore", "backup"; "" when it goes at once.
        not_before: the earliest instant; None for now.
        files_of: row of the letter whose files go along; 0 is the letter that is being decided.
        names: codes of the cases that the mail lists; () where it lists none and is about `code` alone, or about no case.
        asks_feedback: it asks the resident how we did.
    """

    code: str = field(kw_only=True)
    dedupe_key: Key
    draft: Draft
    inbox: str
    lane: str
    staff: str = ""
    hold: str = ""
    not_before: datetime | None = None
    files_of: int = 0
    names: tuple[str, ...] = ()
    asks_feedback: bool = False


@dataclass(frozen=True, slots=True)
class Note(Intent):
    """Something to remember with a case; data holds no resident's words."""

    kind: str
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def event(self) -> str:
        """What the history calls it: what happened, in a word."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Record(Intent):
    """What the mail was taken for and what became of it: every mail ends with exactly one (P1)."""

    code: str = field(default="", init=False)
    kind: LetterKind
    outcome: Outcome
    rule: str
    acknowledge: bool


@dataclass(frozen=True)
class Decision:
    """
    What becomes of one mail, whole: `explain` prints it, the store applies its intents.

    Args:
        acknowledge: whether an automatic answer goes to the sender.
        urgent: categories whose words stand in it.
        code: of the case it opens or joins, "" for none.
        private: nothing of the mail is kept but that it was seen.
    """

    kind: LetterKind
    outcome: Outcome
    rule: str
    why: str
    acknowledge: bool
    to: Address | None
    intents: tuple[Intent, ...]
    urgent: tuple[str, ...] = ()
    code: str = ""
    new: bool = False
    owner: str = ""
    owner_why: str = ""
    standard: str = ""
    clocks: tuple[Clock, ...] = ()
    private: bool = False

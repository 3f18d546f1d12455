"""Intents: what the rules answer with. Each says why, in plain English; `store.intents` applies them, `explain` prints them."""

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
class OpenCase:
    """A new case."""

    case: Case
    why: str


@dataclass(frozen=True, slots=True)
class Attach:
    """The letter belongs to a case that exists; its sender becomes a party of it if `party`, and it may make it sensitive."""

    code: str
    party: str
    why: str
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Assign:
    """A case gets an owner; `taken` where it was passed on and they took it."""

    code: str
    staff: str
    team: str
    why: str
    taken: bool = False


@dataclass(frozen=True, slots=True)
class SetCover:
    """Somebody stands in for an owner who is away; "" ends it."""

    code: str
    staff: str
    why: str


@dataclass(frozen=True, slots=True)
class HumanWords:
    """
    A person wrote to the resident, or says that they did: lateness is over, chasers are gone.

    Args:
        state: of the case from now on.
        staff: who wrote; a cover who writes becomes the owner.
        by: a mail of ours, or what they say of themselves: by phone, or by a mail from elsewhere.
        at: when it was written, where that is not now.
    """

    code: str
    staff: str
    state: Literal["open", "waiting", "answered", "closed"]
    why: str
    by: Literal["mail", "phone", "elsewhere"] = "mail"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeepAnsweredElsewhere:
    """What a person wrote from their own mail program is remembered: the letter it answers may be taken in later."""

    answer: AnsweredElsewhere
    recipients: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class DropAcknowledgement:
    """What waits to tell the resident that their letter is here is true no more, and is not sent."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A case is offered to somebody; until they take it, it stays where it is."""

    code: str
    to: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Copies:
    """Who gets a copy of human words in a case from now on."""

    code: str
    addresses: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a resident asked for, or an owner said of them, is remembered by address.

    Args:
        what: "quiet" and "ignored" are "yes" or "", for their open cases too; "formats" and "language" are words.
    """

    address: str
    what: Literal["quiet", "ignored", "formats", "language"]
    value: str
    why: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """The case ends without a mail."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Settle:
    """The case ends with the question whether it is settled."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Duty officers are alarmed, and again after `repeat_s` seconds, until somebody takes it."""

    code: str
    categories: tuple[str, ...]
    repeat_s: float
    why: str


@dataclass(frozen=True, slots=True)
class TakeAlarm:
    """Somebody is on it: the alarm of a case ends."""

    code: str
    staff: str
    why: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The resident's address is no good, or is again: automatic mail stops, or may go."""

    code: str
    gone: bool
    why: str


@dataclass(frozen=True, slots=True)
class Late:
    """A promise passed without a person's word: the case is late since then; `no_news` counts the mails that said so."""

    code: str
    no_news: int
    why: str


@dataclass(frozen=True, slots=True)
class KeepWords:
    """
    Words of a member of staff are kept with the case: a note, or words held until they say whether to send them.

    Args:
        asked_by: Message-ID of the mail that asks about held words; "" for a note.
        files: what came with held words, to go along with them.
    """

    code: str
    staff: str
    kind: Literal["note", "held"]
    words: str
    why: str
    command: str = ""
    argument: str = ""
    asked_by: str = ""
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class DropWords:
    """Held words were sent, or are to stay inside."""

    id: int
    code: str
    outcome: Literal["sent", "kept"]
    why: str


@dataclass(frozen=True, slots=True)
class RecordAbsence:
    """A member of staff said that they are away."""

    absence: Absence
    why: str


@dataclass(frozen=True, slots=True)
class EndAbsence:
    """
    A member of staff is back: every absence of theirs ends now.

    Args:
        until: when an absence of the configuration would have ended; None where there is none.
    """

    staff: str
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    """A closed or answered case is open again."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class SetClock:
    """A clock starts, or is set anew."""

    code: str
    clock: Clock
    why: str


@dataclass(frozen=True, slots=True)
class ClearClock:
    """A clock stops: kept, replaced or withheld."""

    code: str
    kind: ClockKind
    outcome: Literal["kept", "replaced", "withheld"]
    why: str


@dataclass(frozen=True, slots=True)
class PauseClock:
    """A clock stands still while the resident is asked (D65)."""

    code: str
    kind: ClockKind
    why: str


@dataclass(frozen=True, slots=True)
class Send:
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

    dedupe_key: Key
    draft: Draft
    code: str
    inbox: str
    lane: str
    why: str
    staff: str = ""
    hold: str = ""
    not_before: datetime | None = None
    files_of: int = 0
    names: tuple[str, ...] = ()
    asks_feedback: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something to remember with a case; data holds no resident's words."""

    code: str
    kind: str
    why: str
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Record:
    """What the mail was taken for and what became of it: every mail ends with exactly one (P1)."""

    kind: LetterKind
    outcome: Outcome
    rule: str
    acknowledge: bool
    why: str


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
    intents: "tuple[Intent, ...]"
    urgent: tuple[str, ...] = ()
    code: str = ""
    new: bool = False
    owner: str = ""
    owner_why: str = ""
    standard: str = ""
    clocks: tuple[Clock, ...] = ()
    private: bool = False


Intent = (
    OpenCase
    | Attach
    | Assign
    | SetCover
    | HumanWords
    | KeepAnsweredElsewhere
    | DropAcknowledgement
    | Offer
    | Copies
    | Wish
    | Close
    | Settle
    | Late
    | Unreachable
    | Alarm
    | TakeAlarm
    | KeepWords
    | DropWords
    | RecordAbsence
    | EndAbsence
    | Reopen
    | SetClock
    | ClearClock
    | PauseClock
    | Send
    | Note
    | Record
)

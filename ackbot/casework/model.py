"""Cases and facts: what the rules are handed. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from ackbot.mail.addresses import Address
from ackbot.mail.plain import Attachment

CaseState = Literal["open", "waiting", "answered", "closed"]
ClockKind = Literal["name-owner", "update", "answer", "settle", "waiting"]
PROMISES = frozenset({"name-owner", "update", "answer"})  # clocks of which a resident may have been told
LetterKind = Literal[
    "letter",
    "contact-form",
    "reply",
    "staff",
    "bounce",
    "receipt",
    "automatic-reply",
    "list",
    "bulk",
    "spam",
    "own",
    "unreadable",
]
_LETTERS = frozenset({"letter", "contact-form", "unreadable", "automatic-reply"})  # what becomes a case somewhere
Outcome = Literal["case", "attach", "event", "record"]

# One letter for each kind of mail, carried in our Message-IDs, so that a reply says what it answers.
PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "acknowledgement": "a",
        "receipt": "r",
        "cover": "c",
        "no-news": "n",
        "settled": "s",
        "human": "h",
        "copy": "k",  # of human words, to somebody whom the resident copied
        "new-case": "o",
        "resident-wrote": "w",
        "digest": "d",
        "single": "e",  # a digest or reminder about one case: plain words in reply go to the resident
        "ask-back": "b",
        "urgent": "u",
        "hand-over": "p",
        "admin": "m",
        "trial": "t",  # a mail of `check --staff`
    }
)

# What goes first when mails wait (design.md, "The life of a letter", step 4).
PRIORITIES: Mapping[str, int] = MappingProxyType(
    {
        "urgent": 0,
        "acknowledgement": 1,
        "receipt": 1,
        "cover": 2,
        "human": 3,
        "no-news": 4,
        "settled": 4,
        "new-case": 5,
        "resident-wrote": 5,
        "ask-back": 5,
        "hand-over": 5,
        "admin": 5,
        "digest": 6,
    }
)
# Automatic mails to residents: they count against the caps, the brake holds them.
TO_RESIDENTS = frozenset({"acknowledgement", "receipt", "cover", "no-news", "settled"})


GIVEN_UP = 3  # mails without news, after which no date is promised any more and a person is alarmed each working day

DELIVERED = (
    "(delivered)"  # in place of a folder: a mail server handed the mail to us, and it lies in no mailbox of ours
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    Where and when a mail came in.

    Args:
        folder: where it lies; DELIVERED for mail that was handed to us, and then its uid is made of its fingerprint.
        arrived_at: IMAP INTERNALDATE; else the topmost Received; never the Date field (domain.md §2).
        backlog: it lay there before the inbox was first watched.
        history: it is older than the first watch and appeared by a change of UIDVALIDITY: recorded, never acknowledged.
        hold: acknowledgements wait for the admin: "restore" after too many unknown letters at once, "backup" when it may
            have been answered before a backup was put back; "" otherwise.
        size: octets.
    """

    inbox: str
    arrived_at: datetime
    folder: str = "INBOX"
    uidvalidity: int = 0
    uid: int = 0
    backlog: bool = False
    history: bool = False
    junk: bool = False
    hold: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """
    A promise that runs: `promised_on` is what the resident was told, `due_at` when its time is over.

    Args:
        told: whether the resident was told that date; one that nobody was told may be computed anew (P9).
        started_at: counted from then; None for a date that a person named.
        duration: as configured, such as "5 working days"; "" for a date that a person named.
        paused_at: since when it stands still; None while it runs.
    """

    kind: ClockKind
    promised_on: date
    due_at: datetime
    told: bool = False
    started_at: datetime | None = None
    duration: str = ""
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A case passed on and not taken yet: to whom, by whom (staff ids), and when."""

    to: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """
    What a resident asked for once, or an owner said of them.

    Args:
        quiet: wants no automatic mail.
        ignored: needs no automatic mail.
        formats: such as "large print"; "" for none.
        language: two letters; "" for what their letters are in.
    """

    quiet: bool = False
    ignored: bool = False
    formats: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """
    One matter of one resident.

    Args:
        code: six characters; `Council.reference_of` makes the reference of it.
        owner: staff id, "" while nobody could be named.
        parties: case-folded addresses that may speak in this case.
        thread: Message-IDs so far, oldest first, for References.
        sensitive: no automatic follow-ups, no subject repeated (behaviour.md §3.9).
        cover: staff id of whoever stands in while the owner is away; "" while the owner is in charge.
        late_since: the first promise that passed without a person's word; None while none has.
        no_news: how many mails without news went out since a person last wrote.
        noted_at: when whoever is in charge last wrote a note.
        human_words_by: staff id of the person who last wrote to the resident, or says that they did.
        answered_by: how that was: by a mail of ours, by phone, or by a mail from elsewhere.
        paused: clocks that stand still while the resident is asked; not among `clocks`.
        handovers: how often it was passed on and taken.
        copies: addresses that get a copy of human words.
        formats: what the resident asked to be written in, such as "large print"; "" for nothing.
    """

    code: str
    state: CaseState
    inbox: str
    resident: Address
    subject: str
    team: str
    owner: str
    standard: str
    language: str
    opened_at: datetime
    closed_at: datetime | None = None
    human_words_at: datetime | None = None
    last_letter_at: datetime | None = None
    receipt_on: date | None = None
    sensitive: bool = False
    quiet: bool = False
    unreachable: bool = False
    parties: frozenset[str] = frozenset()
    clocks: tuple[Clock, ...] = ()
    thread: tuple[str, ...] = ()
    cover: str = ""
    late_since: date | None = None
    no_news: int = 0
    noted_at: datetime | None = None
    human_words_by: str = ""
    answered_by: str = "mail"
    paused: tuple[Clock, ...] = ()
    offer: Offer | None = None
    handovers: int = 0
    copies: tuple[str, ...] = ()
    formats: str = ""

    @property
    def in_charge(self) -> str:
        """Staff id of whoever must act now: the cover, else the owner; "" when there is nobody."""
        return self.cover or self.owner


@dataclass(frozen=True, slots=True)
class PastLetter:
    """
    A letter kept earlier: enough to see that a new one is the same matter (behaviour.md §3.3).

    Args:
        text_hash: of its text, blanks folded.
    """

    code: str
    subject_key: str
    text_hash: str
    arrived_at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class Load:
    """How much a member of staff has: open cases, and when one was last given to them."""

    open_cases: int = 0
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OurMail:
    """
    A mail of ours that a member of staff answers: whom it went to, of which kind, and its words.

    Args:
        names: codes of the cases that it was written about. Its words tell nothing about that: residents' subjects stand
            in them, and a subject may hold any reference (P7).
    """

    staff: str
    kind: str
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnsweredElsewhere:
    """
    An answer that a person gave from their own mail program, as it was seen in a Sent folder.

    Args:
        code: of the case it answered; "" where no case was known for it then.
        staff: who wrote it; "" where nothing tells.
        answers: Message-IDs it answers, angle brackets kept.
        at: when it was written.
    """

    code: str
    staff: str
    subject_key: str
    answers: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldWords:
    """
    Words of a member of staff that wait for their word to go out (behaviour.md §4.2).

    Args:
        asked_by: Message-ID of the mail that asked, case folded.
        letter_id: of the mail that brought them; its files go along.
    """

    id: int
    code: str
    staff: str
    command: str
    argument: str
    words: str
    asked_by: str
    letter_id: int = 0
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A letter seen before: the same fingerprint; what it was taken for, and what became of it."""

    code: str
    inboxes: frozenset[str]
    decided: bool
    kind: str = ""
    outcome: str = ""

    @property
    def of_a_person(self) -> bool:
        """Whether it was a letter that made no case where it came: history, or in the inbox of an officer who is here."""
        return self.outcome == "record" and not self.code and self.kind in _LETTERS


@dataclass(frozen=True, slots=True)
class History:
    """
    What is known of the automatic mail of one resident. Instants are UTC, dates are the council's.

    Args:
        written_at: when automatic mails to them were written in the last day, acknowledgements included, newest first.
        goes_at: when those besides acknowledgements go, or went, from today's midnight on; those that wait included.
        promised: dates that they were told and that still run, each with the code of its case; past ones too.
        held: why the acknowledgement of a case waits for the admin's release, by code: "brake" or "restore".
        braked: the council has sent as many automatic mails as the brake lets go.
    """

    written_at: tuple[datetime, ...] = ()
    goes_at: tuple[datetime, ...] = ()
    promised: tuple[tuple[str, date], ...] = ()
    held: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    braked: bool = False


@dataclass(frozen=True)
class Questions:
    """
    What the rules need to know of the past to judge one mail; the store answers with Facts.

    Args:
        ours: Message-IDs of mails of ours to staff that it answers, case folded.
        author: staff id of its sender, "" for anybody else.
        recipients: whom a mail of the council's own people went to, case folded; empty for anybody else's mail.
    """

    fingerprint: str
    addresses: tuple[str, ...]
    codes: tuple[str, ...]
    message_ids: tuple[str, ...]
    candidate_codes: tuple[str, ...]
    staff: tuple[str, ...]
    since: datetime
    ours: tuple[str, ...] = ()
    author: str = ""
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """
    What the store knew when a mail was judged.

    Args:
        cases: by code: those named by tokens, references and ids, those of the sender's recent letters, open ones of `recipients`.
        past: the sender's letters of the last days, newest first.
        by_message_id: codes of cases by the Message-ID of a letter in them.
        contact: the automatic mail of the sender.
        last_owner: of the sender's last case: staff id, team and when it was last active.
        answered: what people wrote to this sender from their own mail programs, the latest first.
        ours: mails of ours to staff, by Message-ID, of those that this one answers.
        held: words of this member of staff that wait, the latest first.
        human_sent: how often this member of staff has written to residents through us.
        person: what this resident asked for earlier.
        copied: Cc fields of the resident's letters, by code of the case; this and the next three for staff only.
        last_words: of the resident, by code.
        contacts: the automatic mail of each case's resident, by code.
        alarmed: codes of cases with an urgent alarm that nobody has taken.
    """

    known: Known | None = None
    cases: Mapping[str, Case] = field(default_factory=lambda: MappingProxyType({}))
    past: tuple[PastLetter, ...] = ()
    by_message_id: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    contact: History = History()
    loads: Mapping[str, Load] = field(default_factory=lambda: MappingProxyType({}))
    taken_codes: frozenset[str] = frozenset()
    last_owner: tuple[str, str, datetime] | None = None
    answered: tuple[AnsweredElsewhere, ...] = ()
    letters_from: int = 0
    ours: Mapping[str, OurMail] = field(default_factory=lambda: MappingProxyType({}))
    held: tuple[HeldWords, ...] = ()
    human_sent: int = 0
    person: Person = Person()
    copied: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    last_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    contacts: Mapping[str, History] = field(default_factory=lambda: MappingProxyType({}))
    alarmed: frozenset[str] = frozenset()

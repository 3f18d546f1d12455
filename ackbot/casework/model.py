"""Cases and facts: the frozen values that the rules get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from ackbot.casework.history import History
from ackbot.mail.addresses import Address
from ackbot.mail.plain import Attachment

CaseState = Literal["open", "waiting", "answered", "closed"]
ClockKind = Literal["name-owner", "update", "answer", "settle", "waiting"]
PROMISES = frozenset({"name-owner", "update", "answer"})  # clocks whose date a resident may have been told
_ByMachines = Literal["bounce", "receipt", "automatic-reply", "list", "bulk", "spam", "own"]
LetterKind = Literal["letter", "contact-form", "reply", "staff", "unreadable", _ByMachines]
PERSONAL: frozenset[LetterKind] = frozenset({"letter", "contact-form", "reply", "unreadable", "staff"})  # a person's
# How well it is proven that a party wrote a letter: 2 vouched for by a server that we believe; 1 by nobody; 0 condemned, or a
# stranger's in somebody else's case. A letter never drowns in an alarm of letters that are less proven (E9).
Proof = Literal[0, 1, 2]
ByWay = Literal["", "marks", "forged", "unchecked"]  # see `Verdict.by_way`
Way = Literal["mail", "forwarded", "call", "visit"]  # how a case reached us; staff pass on the last three
_LETTERS = frozenset({"letter", "contact-form", "unreadable", "automatic-reply"})  # kinds that may open a case
Outcome = Literal["case", "attach", "event", "record"]

# One letter for each kind of mail. Our Message-IDs carry it, so that a reply tells what kind of mail it answers.
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
        "echo": "y",  # shows what went out: an answer may correct it
        "urgent": "u",
        "hand-over": "p",
        "admin": "m",
        "trial": "t",  # a mail of `check --staff`
    }
)

# The order in which waiting mails are sent, lowest first (design.md, "The life of a letter", step 4).
_IN_ORDER = (
    ("urgent",),
    ("acknowledgement", "receipt"),
    ("cover",),
    ("human",),
    ("no-news", "settled"),
    ("new-case", "resident-wrote", "ask-back", "hand-over", "admin"),
    ("digest",),
)
PRIORITIES = MappingProxyType({kind: number for number, kinds in enumerate(_IN_ORDER) for kind in kinds})
# Automatic mails to residents: they count for the caps, and the brake holds them.
TO_RESIDENTS = frozenset({"acknowledgement", "receipt", "cover", "no-news", "settled"})

OWED = 2  # mails without news; from these on a manager must write next, whom they name
GIVEN_UP = 3  # mails without news; after these no date is promised any longer, and people are told each working day

DELIVERED = "(delivered)"  # in place of a folder: a mail server handed the mail to us (LMTP), and it lies in no mailbox


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    Where and when a mail came in.

    Args:
        inbox: the name of the inbox.
        folder: the IMAP folder; DELIVERED for a mail that was handed to us, and then its uid is made from its octets.
        arrived_at: IMAP INTERNALDATE, else the topmost Received field; an aware instant. Never the Date field (domain.md §2).
        backlog: it lay in the folder before the inbox was first watched.
        history: it is older than the first watch, and appeared when UIDVALIDITY changed: recorded, never acknowledged.
        hold: why acknowledgements wait for the admin: "restore" after too many unknown letters at once, "backup" if the letter
            may have been answered before a backup was restored; "" if they do not wait. "put in": the letter itself may.
        size: octets.
        put_in: somebody put it into the folder long after it had arrived, when we had looked for letters (behaviour.md §5.4).
    """

    inbox: str
    arrived_at: datetime
    folder: str = "INBOX"
    uidvalidity: int = 0
    uid: int = 0
    backlog: bool = False
    history: bool = False
    hold: str = ""
    size: int = 0
    put_in: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """
    A promise that runs.

    Args:
        promised_on: the local date that the resident is told, if any.
        due_at: the instant at which its time is over, UTC.
        told: the resident was told the date. A date that nobody was told may be computed anew (P9).
        started_at: the instant from which it is counted; `duration`: as configured. None and "" for a date that a person named.
        paused_at: the instant since which it is paused; None while it runs.
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
    """An offer of a case that is not taken yet: to whom and by whom (staff ids), and when (UTC)."""

    to: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """
    What a resident asked for once, or what an owner said about them.

    Args:
        quiet: the resident wants no automatic mail; `ignored`: an owner said that this sender needs none.
        formats: such as "large print"; "" for none.
        language: an ISO 639-1 code; "" for the language of their letters.
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
        code: six characters, from which `Council.reference_of` makes the reference. owner: a staff id; "" for nobody yet.
        sensitive: no automatic follow-ups, and its subject is not repeated (behaviour.md §3.9).
        quiet: the resident wanted or needs no automatic mail. unreachable: mail to them came back for good.
        parties: the case-folded addresses that may speak in it. thread: the Message-IDs so far, oldest first, for References.
        cover: the id of whoever stands in while the owner is away; "" while the owner is in charge.
        late_since: the local date of the first promise that passed without a person's word; None for none.
        no_news: how many mails without news went since a person last wrote. owes: the staff id of whom the last one named to the
            resident as the one who must write next; "" for nobody.
        noted_at, noted_by: the last note of whoever was in charge, since the resident was last told a date; None and "" for none.
        named: the staff id of whom the resident was last told has it; "" for nobody. named_for: in whose place, if as a cover.
        human_words_by: who last wrote to the resident, or says so. answered_by: how: "mail" (ours), "phone", or "elsewhere".
        paused: clocks that stand still while the resident is asked; not in `clocks`. handovers: how often it was taken.
        copies: addresses that get a copy of human words. answer_to: where these go, once their author was asked (E46).
        formats: what the resident needs, such as "large print"; "" for nothing.
        doubted: the trusted server condemned every letter in it. about: staff ids of those about whom it complains; see `apart`.
        proof: that of the newest letter in its resident's name.
        way: how it reached us; see `spoken`.
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
    owes: str = ""
    noted_at: datetime | None = None
    noted_by: str = ""
    named: str = ""
    named_for: str = ""
    human_words_by: str = ""
    answered_by: str = "mail"
    paused: tuple[Clock, ...] = ()
    offer: Offer | None = None
    handovers: int = 0
    copies: tuple[str, ...] = ()
    answer_to: str = ""
    formats: str = ""
    doubted: bool = False
    proof: Proof = 1
    about: frozenset[str] = frozenset()
    way: Way = "mail"

    @property
    def in_charge(self) -> str:
        """The id of whoever must act now: the cover, else the owner; "" if there is nobody."""
        return self.cover or self.owner

    @property
    def spoken(self) -> bool:
        """Whether it is a call or a visit. Its subject is a colleague's words, which no mail to the resident repeats."""
        return self.way in ("call", "visit")


@dataclass(frozen=True, slots=True)
class PastLetter:
    """
    An earlier letter, with what is needed to see that a new one is about the same matter (behaviour.md §3.3).

    Args:
        subject_key: see `subjects.key`.
        text_hash: see `Read.text_hash`.
        proven: the server that its inbox believes vouched for its author.
    """

    code: str
    subject_key: str
    text_hash: str
    arrived_at: datetime
    message_id: str
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """The work load of a member of staff: their open cases, and when they last got one (None for never)."""

    open_cases: int = 0
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OurMail:
    """
    A mail of ours that a member of staff answers.

    Args:
        staff: the id of the recipient.
        writer: who wrote the letter that it shows, if that was no party of its case (E25); else None.
        names: codes of the cases that it was written about. Its text proves nothing about that, because it quotes residents'
            subjects, and a subject may hold any reference (P7).
        written_at: UTC.
    """

    staff: str
    kind: str
    text: str
    written_at: datetime
    names: tuple[str, ...] = ()
    writer: Address | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """
    A mail of ours that a report says was not delivered.

    Args:
        to: the address that it went to, case folded.
        inbox: the name of its inbox; "" for mail of the council as a whole.
        envelope_from: where reports about it go.
        refuted: its recipient has written to us since, so the address works. `at`: when it was written, UTC; None for unknown.
        told_on: the date that the resident had been told, and whose promise ended with these words as kept; None for none.
    """

    to: str
    inbox: str = ""
    envelope_from: str = ""
    refuted: bool = False
    at: datetime | None = None
    told_on: date | None = None


@dataclass(frozen=True, slots=True)
class AnsweredElsewhere:
    """
    An answer that a person sent from their own mail program, seen in a Sent folder or as a copy.

    Args:
        code: the code of the case that it answered; "" if none was known then.
        staff: the id of the writer; "" if unknown.
        subject_key: see `subjects.key`.
        answers: the Message-IDs that it answers, with angle brackets.
        at: when it was written, UTC.
    """

    code: str
    staff: str
    subject_key: str
    answers: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldWords:
    """
    Words of a member of staff that are held until their author says SEND or KEEP (behaviour.md §4.2).

    Args:
        command, argument: see `staff.words_out.WordsOut`.
        asked_by: the Message-ID of the mail that asked the author, case folded.
        at: when the author was asked, UTC.
        letter_id: the row of the letter that brought the words and files.
    """

    id: int
    code: str
    staff: str
    command: str
    argument: str
    words: str
    asked_by: str
    at: datetime
    letter_id: int = 0
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """
    What we know of a letter with the same fingerprint that we saw before.

    Args:
        code: the code of its case; "" for none. `inboxes`: the names of the inboxes it came to.
        decided: False if it was seen, but not decided yet.
        kind, outcome: what it was taken for, and what happened to it; "" while undecided.
        by_way: whether that rests on marks of the way that copy came; "forged" if they condemned its author.
        arrived_at: when the copy came that was decided.
        rehearsed: that copy opened a case in shadow, of which nobody heard; this one is not for an inbox in shadow.
        erased: all that it said was deleted, and nothing of it may come back (D73).
    """

    code: str
    inboxes: frozenset[str]
    decided: bool
    kind: str = ""
    outcome: str = ""
    by_way: ByWay = ""
    arrived_at: datetime | None = None
    rehearsed: bool = False
    erased: bool = False

    @property
    def of_a_person(self) -> bool:
        """Whether it was a letter that opened no case: it was history, or the inbox's officer was present."""
        return self.outcome == "record" and not self.code and self.kind in _LETTERS


@dataclass(frozen=True)
class Questions:
    """
    What the rules ask about the past to judge one mail. The store answers with Facts.

    Args:
        fingerprint: of the mail; see `Read.fingerprint`.
        addresses: the sender's address, case folded; empty for none.
        codes: codes of the cases that the mail names.
        message_ids: the Message-IDs that it answers.
        candidate_codes: codes that a new case might get.
        staff: ids of the staff who might own it.
        ours: Message-IDs of our mails to staff that it answers, case folded.
        returned: Message-IDs of our mails that it returns as undelivered, case folded.
        author: the staff id of its sender; "" for anybody else.
        listing: Message-IDs of our mails to residents that it answers, and that may list several cases; case folded.
        recipients: the recipients of a mail by the council's own people, case folded; empty for all other mail.
        sent: Message-IDs of our mails to residents that it answers, and whose words may stand in it; case folded.
        since: when the mail was written, if it was passed on; None for when it is decided.
    """

    fingerprint: str
    addresses: tuple[str, ...]
    codes: tuple[str, ...]
    message_ids: tuple[str, ...]
    candidate_codes: tuple[str, ...]
    staff: tuple[str, ...]
    ours: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    author: str = ""
    recipients: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunningAlarm:
    """
    An urgent alarm of some case.

    Args:
        person: whose chain it is part of.
        categories: each with the best proof of a letter that has words of it.
        runs: nobody has taken it yet.
        letters: of the case that have alarmed since it began, as well proven as the best of them.
    """

    code: str
    person: str
    categories: Mapping[str, Proof]
    started_at: datetime
    runs: bool
    letters: int

    @property
    def proof(self) -> Proof:
        """That of its best proven letter."""
        return max(self.categories.values(), default=0)


@dataclass(frozen=True)
class Facts:
    """
    What the store knew when a mail was judged.

    Args:
        known: the same letter, seen before; None for a new one.
        cases: by code: cases named by tokens, references and ids, cases of the sender's recent letters, and open cases of
            the `recipients`.
        past: the sender's letters of the last days, newest first.
        by_message_id: codes of cases, by the Message-ID of a letter in them.
        contact: the automatic mail to the sender. `loads`: the work load of the staff who might own the case, by id.
        taken_codes: those of `candidate_codes` that other cases have.
        last_owner: the owner of the sender's last case: staff id, team, and when the case was last active.
        answered: answers to this sender from people's own mail programs, latest first.
        ours: our mails to staff that this mail answers, by Message-ID.
        sent: the texts of our mails to residents that it answers.
        human_words: the words of staff to residents that this mail returns as undelivered, by Message-ID.
        returned: our mails that this mail returns as undelivered, by Message-ID.
        unreachable: codes and inboxes of the sender's cases in which mail to the sender came back for good.
        held: held words of this member of staff, latest first. human_sent: how often they have written to residents through us.
        person: what this resident asked for earlier.
        listed: codes of the cases that the answered mail to the resident lists.
        named: addresses in To and Cc of parties' letters, by case code; for cases of which a stranger answers a mail.
        copied: Cc fields of the resident's letters, by case code. This and the next seven are filled for staff mail only.
        reply_to: where the resident's latest letter asks for answers, if not to its own address, by case code (E46).
        last_words: the resident's last words, by case code; `contacts`: the automatic mail to each case's resident.
        learned: paragraphs that servers of the writer's domains put below mails, folded (E37).
        alarmed: codes of cases with an alarm that nobody has taken; `alarms_taken`: who took the last one, and when (UTC).
        once_offered: codes of cases that were passed to this member of staff at some time.
        alarms: of all cases: those that run, and those that began in the last minutes.
    """

    known: Known | None = None
    cases: Mapping[str, Case] = field(default_factory=lambda: MappingProxyType({}))
    past: tuple[PastLetter, ...] = ()
    by_message_id: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    contact: History = field(default_factory=History)
    loads: Mapping[str, Load] = field(default_factory=lambda: MappingProxyType({}))
    taken_codes: frozenset[str] = frozenset()
    last_owner: tuple[str, str, datetime] | None = None
    answered: tuple[AnsweredElsewhere, ...] = ()
    human_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    returned: Mapping[str, Returned] = field(default_factory=lambda: MappingProxyType({}))
    unreachable: tuple[tuple[str, str], ...] = ()
    ours: Mapping[str, OurMail] = field(default_factory=lambda: MappingProxyType({}))
    sent: tuple[str, ...] = ()
    held: tuple[HeldWords, ...] = ()
    human_sent: int = 0
    person: Person = Person()
    listed: tuple[str, ...] = ()
    named: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    copied: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    reply_to: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    last_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    contacts: Mapping[str, History] = field(default_factory=lambda: MappingProxyType({}))
    learned: frozenset[str] = frozenset()
    alarmed: frozenset[str] = frozenset()
    alarms_taken: Mapping[str, tuple[str, datetime]] = field(default_factory=lambda: MappingProxyType({}))
    once_offered: frozenset[str] = frozenset()
    alarms: tuple[RunningAlarm, ...] = ()

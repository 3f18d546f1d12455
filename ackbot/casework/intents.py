"""Intents: the steps that the rules decide on. Each says why; `store/handlers` applies them, and `explain` prints them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from ackbot.casework.council import Absence
from ackbot.casework.keys import Key
from ackbot.casework.model import AnsweredElsewhere, ByWay, Case, Clock, ClockKind, LetterKind, Outcome, Proof
from ackbot.casework.wordsearch import Sign
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft
from ackbot.mail.plain import Attachment


@dataclass(frozen=True, slots=True)
class Intent:
    """
    One step of a decision. `store/handlers` has a handler for each class.

    Args:
        code: the code of the case that it is about; "" for none.
        why: one sentence in plain English for the case's history, without a resident's words.
    """

    code: str
    why: str = field(kw_only=True)

    @property
    def event(self) -> str:
        """The name of the event in the case's history."""
        return type(self).__name__


@dataclass(frozen=True, slots=True)
class OpenCase(Intent):
    """Open a new case."""

    code: str = field(init=False)
    case: Case

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.case.code)


@dataclass(frozen=True, slots=True)
class Attach(Intent):
    """
    Attach the letter to an existing case.

    Args:
        sensitive: the case becomes sensitive.
        latest: words that were written to the resident before the letter came do not answer it.
    """

    sensitive: bool = False
    latest: bool = True


@dataclass(frozen=True, slots=True)
class Assign(Intent):
    """Give a case to an owner; `taken` if it was passed on and that person took it."""

    staff: str
    team: str
    taken: bool = False


@dataclass(frozen=True, slots=True)
class SetCover(Intent):
    """Set the cover who stands in for the owner; the staff id "" ends it."""

    staff: str


@dataclass(frozen=True, slots=True)
class HumanWords(Intent):
    """
    Record that a person wrote to the resident, or says so. The case is no longer late, and reminders end.

    Args:
        staff: the id of the writer; a cover who writes becomes the owner.
        state: the new state of the case.
        by: by a mail of ours, or as the writer says, by phone or by a mail from elsewhere.
        at: when it was written, UTC; None for now.
    """

    staff: str
    state: Literal["open", "waiting", "answered", "closed"]
    by: Literal["mail", "phone", "elsewhere"] = "mail"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeepAnsweredElsewhere(Intent):
    """Remember an answer from a person's own mail program, because the letter that it answers may come in later."""

    code: str = field(init=False)
    answer: AnsweredElsewhere
    recipients: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.answer.code)


@dataclass(frozen=True, slots=True)
class DropAcknowledgement(Intent):
    """Cancel an acknowledgement that is still waiting, because it is no longer true."""


@dataclass(frozen=True, slots=True)
class Offer(Intent):
    """Offer a case to somebody. Until they take it, it stays where it is."""

    to: str
    by: str


@dataclass(frozen=True, slots=True)
class EndOffer(Intent):
    """The offer of a case ends, because whoever was asked does not take it."""


@dataclass(frozen=True, slots=True)
class Copies(Intent):
    """Set the addresses that get a copy of human words in a case from now on."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerTo(Intent):
    """Human words in a case go to this address from now on. Whoever has it may speak in the case (E46)."""

    address: str


@dataclass(frozen=True, slots=True)
class Wish(Intent):
    """
    Remember by address what a resident asked for, or what an owner said about them.

    Args:
        what: "quiet" and "ignored" apply to open cases too.
        value: "yes" or "" for "quiet" and "ignored"; words for "formats", an ISO 639-1 code for "language".
        within: the names of the inboxes in whose cases alone it counts, because nobody could check who wrote it; None for
            the cases of all inboxes, present and future.
        alone: it counts in the case of `code` alone, because nothing proves whose letters are in it.
    """

    address: str
    what: Literal["quiet", "ignored", "formats", "language"]
    value: str
    code: str = field(default="", kw_only=True)
    within: tuple[str, ...] | None = field(default=None, kw_only=True)
    alone: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Close(Intent):
    """Close the case without a mail."""


@dataclass(frozen=True, slots=True)
class Settle(Intent):
    """Close the case with the mail that asks whether it is settled."""


@dataclass(frozen=True, slots=True)
class Alarm(Intent):
    """
    Duty officers are alarmed, and again after `repeat_s` seconds, until somebody takes it.

    Args:
        proof: of the letter that alarms.
        how: by a mail of its own at once; counted in the next mail of the same resident's chain; or in a list of all, in the
            next round (E9).
    """

    categories: tuple[str, ...]
    repeat_s: float
    proof: Proof = 1
    how: Literal["mailed", "counted", "listed"] = "mailed"


@dataclass(frozen=True, slots=True)
class Learn(Intent):
    """
    Remember paragraphs that stood below the quotation in a colleague's mail; seen in three of them, they are nobody's words.

    Args:
        domain: of the colleague's address, case folded.
    """

    domain: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakeAlarm(Intent):
    """
    End the alarm of a case, because somebody sees to it.

    Args:
        proven: else it goes on, and the next mail goes to the next person, until they confirm it.
    """

    staff: str
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Unreachable(Intent):
    """Record that the resident's address no longer works (`gone`), so that automatic mail stops; or that it works again."""

    gone: bool


@dataclass(frozen=True, slots=True)
class Late(Intent):
    """
    Record that a promise passed without a person's word, so that the case is late.

    Args:
        no_news: how many mails said so.
        owes: the staff id of whom that mail names as the one who must write next; "" for nobody; None for no mail.
    """

    no_news: int
    owes: str | None = None


@dataclass(frozen=True, slots=True)
class KeepWords(Intent):
    """
    Keep words of a member of staff with the case: a note, or words that are held until their author decides.

    Args:
        staff: the id of the author.
        command, argument: the command of held words, with its date; the command that a note came with.
        asked_by: the Message-ID of the mail that asks about held words; "" for a note.
        files: the files that came with held words and are sent with them.
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
    """
    End the holding of words, which were sent or stay inside.

    Args:
        id: their row; 0 for those that a question of ours is about, if they still wait.
        asked_by: the Message-ID of that question; "" if `id` names the words.
    """

    id: int
    outcome: Literal["sent", "kept"]
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class RecordAbsence(Intent):
    """
    Record an absence that a member of staff reported.

    Args:
        asks: it ends on a day that nobody named, so the person is asked when that has come.
    """

    code: str = field(default="", init=False)
    absence: Absence
    asks: bool = False


@dataclass(frozen=True, slots=True)
class EndAbsence(Intent):
    """
    End the present absence of a member of staff, who is back.

    Args:
        staff: the id of that person.
        until: when an absence of the configuration or a calendar would have ended, UTC; None if there is none.
        learnt: only what we know by automatic replies ends.
    """

    code: str = field(default="", init=False)
    staff: str
    until: datetime | None = None
    learnt: bool = False


@dataclass(frozen=True, slots=True)
class Reopen(Intent):
    """Open an answered, waiting or closed case again."""


@dataclass(frozen=True, slots=True)
class SetClock(Intent):
    """Start a clock, or set it anew."""

    clock: Clock


@dataclass(frozen=True, slots=True)
class ClearClock(Intent):
    """End a clock: its promise was kept, replaced or withheld."""

    kind: ClockKind
    outcome: Literal["kept", "replaced", "withheld"]


@dataclass(frozen=True, slots=True)
class PauseClock(Intent):
    """Pause a clock while the resident is asked (D65)."""

    kind: ClockKind


@dataclass(frozen=True, slots=True)
class Upon:
    """What a mail says once the relay has taken the mail with that dedupe key; it may go then, before `not_before`."""

    key: Key
    draft: Draft


@dataclass(frozen=True, slots=True)
class Send(Intent):
    """
    Put a mail into the outbox.

    Args:
        dedupe_key: only one mail is ever sent per key (design.md §5).
        inbox: the inbox that sends it, and whose mode applies; "" for mail of the council as a whole.
        lane: the name of the queue that sends it; see Inbox.
        staff: the recipient's staff id; "" for anybody else.
        hold: why it waits for the admin's release: "brake", "restore", "backup"; "" if it does not wait.
        not_before: the earliest instant at which to send it, UTC; None for now.
        files_of: the row of the letter whose files it carries; 0 for the letter that is being decided.
        names: codes of the cases that it lists; () if it is about `code` alone, or about no case.
        asks_feedback: it asks the resident how we did.
        named: whom it names to the resident as having a case, where that is somebody else than before.
        upon: other words, that are true only once another mail has gone; None for the same words always.
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
    named: tuple["Named", ...] = ()
    upon: Upon | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """
    Whom a mail names to the resident of a case.

    Args:
        staff: their id.
        instead_of: the id of the owner in whose place; "" for nobody's.
    """

    code: str
    staff: str
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Note(Intent):
    """Record an event in the case's history; `data` holds no words of a resident."""

    kind: str
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def event(self) -> str:
        """The name of the event in the case's history: the kind of the note."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Record(Intent):
    """Record what the mail was taken for and what happened to it. Every mail ends with exactly one Record (P1)."""

    code: str = field(default="", init=False)
    kind: LetterKind
    outcome: Outcome
    rule: str
    acknowledge: bool


@dataclass(frozen=True)
class Decision:
    """
    The whole decision about one mail: `explain` prints it, and the store applies its intents.

    Args:
        rule: the source of the rule that decided.
        acknowledge: the sender gets an automatic answer.
        to: the address to answer; None for none.
        urgent: categories whose words the mail holds.
        signs: the lines of the word lists that found them, with the words of the mail.
        code: the code of the case that it opens or joins; "" for none.
        new: it opens the case.
        private: nothing of the mail is kept except that it was seen.
        by_way: it rests on marks of the way that this copy came, see `Verdict.by_way`.
        proven: the server that the inbox believes vouched for the author.
        anew: an earlier copy was decided by such marks, and this decision takes the place of that one (E7).
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
    by_way: ByWay = ""
    anew: bool = False
    proven: bool = False
    signs: tuple[Sign, ...] = ()

"""
The configuration as the rules see it: who works at the council, and what it promises.

Values of the file have no defaults here and are passed by keyword, so that defaults stand in `config/shape.py` alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal

from ackbot.casework.wordlists import Lists
from ackbot.casework.worktime import Calendar, Duration, Week

AUTOMATIC_REPLY = "automatic reply"  # sources of absences, see `Absence`
CALENDAR = "calendar"

Mode = Literal["shadow", "staff", "acknowledge", "live"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    A contact form of the council. Its mail comes from `sender`.

    Args:
        resident: the header field that names the resident.
        resident_line: the label of the line in its text that does so instead, such as "Email:"; "" for none.
        name_line: the label of the line with the resident's name; "" for none.
    """

    sender: str
    resident: str
    resident_line: str
    name_line: str


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """
    A council address that we watch.

    Args:
        service: its name for residents, such as Housing.
        addresses: case folded; the address first, then its aliases.
        team, owner: one of them is set. A team answers a shared inbox. An owner has a personal inbox, which is answered only
            while that officer is away.
        lane: the name of the queue, for one relay and login, that sends its mail to residents.
        staff_lane: the same for its mail to staff.
        authserv_id: the server whose Authentication-Results are believed; "" to believe none.
        attach_up_to: octets of files that mail to staff may carry.
        bounce: the envelope sender of its mail: the mailbox, a plus address, or the null sender.
        sent_folder: the IMAP folder in which we look for answers sent straight from a mail program; "" for none.
        in_language: by language, its `sentence` and `take_further` where it has them.
    """

    name: str
    service: str
    address: str
    addresses: tuple[str, ...]
    mode: Mode
    team: str
    owner: str
    calendar: Calendar
    lane: str
    staff_lane: str
    plus_addressing: bool
    acknowledge_cc: bool
    forms: tuple[Form, ...]
    own_lists: tuple[str, ...]
    authserv_id: str
    attach_up_to: int
    phone: str
    in_language: Mapping[str, Mapping[str, str]] = field(hash=False)
    acknowledge_backlog: bool
    bounce: Literal["mailbox", "plus", "null"]
    sent_folder: str

    @property
    def personal(self) -> bool:
        """Whether it is the own inbox of one officer."""
        return bool(self.owner)

    @property
    def rehearses(self) -> bool:
        """Whether it is in shadow: nothing is sent, so nobody hears of its cases (behaviour.md §5.1)."""
        return self.mode == "shadow"

    def plus(self, tag: str) -> str:
        """The inbox's address with `+tag` behind its local part."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{tag}@{domain}"


@dataclass(frozen=True, kw_only=True)
class Staff:
    """
    Somebody who may own cases.

    Args:
        addresses: case folded; replies from all of them count. `email` is the one we write to.
        public_name: the name that residents see; equals `name` unless the council hides it.
        phone: read by whoever is alarmed about a case of theirs; residents are given the inbox's. "" for none.
        cover, manager: staff ids; "" for none.
        week: their own working hours; None for the council's.
        max_cases: open cases beyond which they get no new ones, if others can take them; 0 for no limit.
        ignore_auto_reply: their automatic replies say nothing of an absence, because they have one all the time.
        left: the first local day on which they no longer work here; None while they do.
    """

    id: str
    name: str
    email: str
    addresses: tuple[str, ...]
    public_name: str
    job_title: str
    phone: str
    cover: str
    manager: str
    week: Week | None
    skills: frozenset[str]
    max_cases: int
    ignore_auto_reply: bool
    left: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """
    The staff who share an inbox's work.

    Args:
        members: staff ids.
        manager, deputy: staff ids; "" for none.
        keep_owner: for so long after a case was last active, a resident's next case goes to the same owner.
    """

    name: str
    members: tuple[str, ...]
    manager: str
    deputy: str
    assign: Literal["least-loaded", "round-robin"]
    keep_owner: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """
    The promises for one kind of letter. A duration that is None starts no clock.

    Args:
        complaint: letters that make a complaint take the first of these, whatever their route says (E87).
    """

    name: str
    name_owner_within: Duration | None
    update_every: Duration | None
    answer_within: Duration | None
    warn: tuple[Duration, ...]
    escalate_every: Duration
    settle_after: Duration
    reopen_within: Duration
    start: Literal["arrival", "acknowledgement"]
    calendar: Literal["council", "foi", "always"]
    cut_off: time | None
    pausable: bool
    feedback: bool
    complaint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    Where a letter goes if all conditions hold. An empty condition always holds; a tuple needs one of its words.

    Args:
        number: its place in the file, counted from 1.
    """

    inbox: str
    from_: tuple[str, ...]
    to: tuple[str, ...]
    subject: tuple[str, ...]
    body: tuple[str, ...]
    postcode: tuple[str, ...]
    team: str
    owner: str
    standard: str
    skill: str
    number: int


@dataclass(frozen=True, slots=True)
class Absence:
    """
    A member of staff is away from `starts_at` until `ends_at` (exclusive), both aware instants.

    Args:
        cover: the id of whoever stands in; "" if none is named.
        source: where it is from: "configuration", "AWAY", AUTOMATIC_REPLY or CALENDAR; "BACK" means the
            opposite, see `cover.with_absences`.
    """

    staff: str
    starts_at: datetime
    ends_at: datetime
    cover: str = ""
    source: str = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRule:
    """A rule for senders who are not residents: case-folded addresses, or `@domain` for everybody in a domain."""

    addresses: tuple[str, ...]
    acknowledge: bool

    def matches(self, address: str) -> bool:
        """Whether the rule applies to a case-folded address. A domain includes its subdomains."""
        domain = address.rpartition("@")[2]
        return any(
            address == one or (one.startswith("@") and (domain == one[1:] or domain.endswith("." + one[1:])))
            for one in self.addresses
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Limits of automatic mail. Each pair is (count, seconds): at most `count` mails within `seconds`.

    Args:
        per_sender: automatic mails to one address, beyond which it gets no acknowledgement.
        brake: automatic mails to all residents together; None for no limit.
        resident_automatic_per_day: automatic mails to one resident per day, acknowledgements not counted.
    """

    per_sender: tuple[tuple[int, float], ...]
    brake: tuple[int, float] | None
    resident_automatic_per_day: int


@dataclass(frozen=True, kw_only=True)
class Urgent:
    """
    Letters that cannot wait.

    Args:
        to: staff ids, in the order in which they are alarmed.
        alarm: categories that alarm them.
        flag: categories that mark the mail to the owner as urgent.
        words: the lists of all languages; see `wordlists.py`.
    """

    to: tuple[str, ...]
    repeat_every: Duration
    alarm: tuple[str, ...]
    flag: tuple[str, ...]
    words: Lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """
    Reports by mail.

    Args:
        to: staff ids and addresses; () for no reports by mail.
        months: how many whole calendar months each one is about.
    """

    to: tuple[str, ...]
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """
    A secret or certificate that ends.

    Args:
        name: of its [oauth.NAME].
        ends_on: its last day.
    """

    name: str
    what: Literal["secret", "certificate"]
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Council:
    """
    Everything that the rules know of one council. Mappings are by name or id, in the order of the file.

    Args:
        bilingual: whoever has not shown which of the first two languages they want gets both.
        staff_language: of all mail to staff and admins.
        in_language: by language, the lines that stand in every mail to a resident: `urgent_help`, `take_further`, `formats`.
        keep_letters, keep_cases: how long after a case is closed its words are kept, and then names and addresses.
        canary_every: how often ackbot writes to its own shared inboxes; None for never.
        complaining: the lists of words by which a letter makes a complaint; empty without a standard for complaints.
    """

    name: str
    domains: tuple[str, ...]
    calendar: Calendar
    reference: str
    admin: str
    standards: Mapping[str, Standard]
    inboxes: Mapping[str, Inbox]
    staff: Mapping[str, Staff]
    teams: Mapping[str, Team]
    routes: tuple[Route, ...]
    absences: tuple[Absence, ...]
    senders: tuple[SenderRule, ...]
    limits: Limits
    urgent: Urgent
    complaining: Lists
    reference_in_subject: Literal["auto", "always", "never"]
    head_of_service: str
    languages: tuple[str, ...]
    bilingual: bool
    staff_language: str
    in_language: Mapping[str, Mapping[str, str]]
    privacy: str
    plain_reply: Literal["send", "confirm"]
    archive_bcc: str
    tell_return_date: bool
    digest_at: time
    feedback_ask: bool
    feedback_every: Duration
    keep_letters: Duration
    keep_cases: Duration
    canary_every: Duration | None
    statements: tuple[str, ...]
    report: Reporting
    credentials: tuple[Credential, ...]

    def reference_of(self, code: str) -> str:
        """The reference of a case, such as `RBN-7H4-29P` for the code `7H429P`."""
        return f"{self.reference}-{code[:3]}-{code[3:]}"

    def codes_in(self, text: str) -> tuple[str, ...]:
        """The codes of all references in a text, each once, in any letter case, with or without brackets (domain.md §2)."""
        pattern = rf"(?<![A-Z0-9]){re.escape(self.reference)}[-\s]?([A-Z2-9]{{3}})[-\s]?([A-Z2-9]{{3}})(?![A-Z0-9])"
        return tuple(
            dict.fromkeys((match[1] + match[2]).upper() for match in re.finditer(pattern, text, re.IGNORECASE))
        )

    @property
    def vouches(self) -> bool:
        """Whether any inbox believes a server that vouches for writers."""
        return any(one.authserv_id for one in self.inboxes.values())

    def inbox_of(self, name: str) -> Inbox:
        """
        The inbox that a case, a mail or a row of the store names. Always look an inbox up by this.

        The configuration may no longer have it: a letter can reopen a case that was closed before its inbox was removed. Then
        the first inbox of the file replaces it, in mode `acknowledge` if its own mode is `live`. So staff are told, the resident
        gets receipts and the words of staff, but no mail on a timer.
        """
        found = self.inboxes.get(name)
        if found is None:
            first = self.first_inbox
            found = replace(first, mode="acknowledge") if first.mode == "live" else first
        return found

    def inboxes_of(self, staff: Staff) -> tuple[Inbox, ...]:
        """The inboxes that a person answers, alone or in a team; all inboxes if that person gets cases by routes alone."""
        teams = {name for name, team in self.teams.items() if staff.id in team.members}
        found = [one for one in self.inboxes.values() if one.owner == staff.id or one.team in teams]
        return tuple(found or self.inboxes.values())

    @property
    def first_inbox(self) -> Inbox:
        """The first inbox of the file. It sends mail that concerns the whole council."""
        return next(iter(self.inboxes.values()))

    def inbox_at(self, address: str) -> Inbox | None:
        """The inbox with this case-folded address or alias, whatever its plus tag; None for none."""
        local, _, domain = address.rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return next((one for one in self.inboxes.values() if address in one.addresses or plain in one.addresses), None)

    def staff_at(self, address: str) -> Staff | None:
        """The member of staff with this case-folded address; None for none."""
        return next((one for one in self.staff.values() if address in one.addresses), None)

    def is_colleague(self, address: str) -> bool:
        """Whether a case-folded address is in one of the council's domains or their subdomains."""
        domain = address.rpartition("@")[2]
        return any(domain == one or domain.endswith("." + one) for one in self.domains)

    @property
    def default_standard(self) -> Standard:
        """The first standard of the file."""
        return next(iter(self.standards.values()))

    @property
    def complaints(self) -> Standard | None:
        """The first standard for complaints; None for none."""
        return next((one for one in self.standards.values() if one.complaint), None)

    def standard_of(self, name: str) -> Standard:
        """The standard that a case or a route names; the first one if the configuration no longer has it."""
        return self.standards.get(name) or self.default_standard

    def manager_of(self, staff: Staff, team: str = "") -> str:
        """The id of a person's manager, or else of the team's manager; "" if there is neither."""
        return staff.manager or (self.teams[team].manager if team in self.teams else "")

"""
Who works at the council and what it promises: the configuration as the rules see it.

What comes from the file has no default here, and is named when it is passed: defaults stand in `config/shape.py` alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Literal

from ackbot.casework.worktime import Calendar, Duration, Week

Phrase = tuple[str, ...]  # all of these stand in a letter; see `urgent.phrases`
Mode = Literal["shadow", "staff", "acknowledge", "live"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A contact form of the council's own: mail from `sender` speaks for the resident whom `resident` names."""

    sender: str
    resident: str


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """
    A council address we watch.

    Args:
        service: its name for residents, such as Housing.
        addresses: case folded; the address first, then its aliases.
        team, owner: one of them: a shared inbox, or a personal one answered only while its officer is away.
        authserv_id: the server whose Authentication-Results are believed; "" believes none.
        bounce: envelope sender of what it sends: the mailbox, a plus address, or the null sender.
        lane: names the queue of the relay and login that carries its mail.
        sent_folder: where answers given straight from a mail program are seen; "" where none is watched.
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
    sentence: str
    take_further: str
    acknowledge_backlog: bool
    bounce: Literal["mailbox", "plus", "null"]
    sent_folder: str

    @property
    def personal(self) -> bool:
        """Whether it is one officer's own inbox."""
        return bool(self.owner)

    def plus(self, tag: str) -> str:
        """Its address with a tag after a plus."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{tag}@{domain}"


@dataclass(frozen=True, kw_only=True)
class Staff:
    """
    Somebody who may own cases.

    Args:
        addresses: case folded, all good for replies; `email` is the one written to.
        public_name: what residents see; equals `name` unless the council hides it.
        left: the day from which they no longer work here.
    """

    id: str
    name: str
    email: str
    addresses: tuple[str, ...]
    public_name: str
    job_title: str
    cover: str
    manager: str
    week: Week | None
    skills: frozenset[str]
    max_cases: int
    left: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Those who share an inbox's work. `keep_owner`: a resident stays with the same owner that long after a case."""

    name: str
    members: tuple[str, ...]
    manager: str
    deputy: str
    assign: Literal["least-loaded", "round-robin"]
    keep_owner: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What is promised for one kind of letter. A duration that is None starts no clock."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a letter goes when all conditions that are set hold; each tuple needs one of its words."""

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
    """A member of staff is away from `starts_at` until `ends_at` (exclusive); `cover` stands in if named."""

    staff: str
    starts_at: datetime
    ends_at: datetime
    cover: str = ""
    source: str = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRule:
    """Senders who are not residents: whole addresses, or `@domain` for all of a domain. Case folded."""

    addresses: tuple[str, ...]
    acknowledge: bool

    def matches(self, address: str) -> bool:
        """Whether a case-folded address falls under this rule; a domain covers its subdomains."""
        domain = address.rpartition("@")[2]
        return any(
            address == one or (one.startswith("@") and (domain == one[1:] or domain.endswith("." + one[1:])))
            for one in self.addresses
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """At most `count` automatic mails per `seconds`: for one address, and for the whole council (the brake)."""

    per_sender: tuple[tuple[int, float], ...]
    brake: tuple[int, float] | None
    resident_automatic_per_day: int


@dataclass(frozen=True, kw_only=True)
class Urgent:
    """
    Letters that cannot wait.

    Args:
        to: staff ids alarmed in order.
        alarm: categories that alarm them.
        flag: categories that mark the owner's and manager's mail.
        words: for each category what its letters say, see `urgent.phrases`.
    """

    to: tuple[str, ...]
    repeat_every: Duration
    alarm: tuple[str, ...]
    flag: tuple[str, ...]
    words: Mapping[str, tuple[Phrase, ...]]


@dataclass(frozen=True, kw_only=True)
class Council:
    """Everything the rules know of one council. Mappings are by name or id, in the order of the file."""

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
    reference_in_subject: Literal["auto", "always", "never"]
    head_of_service: str
    languages: tuple[str, ...]
    urgent_help: str
    take_further: str
    formats: str
    privacy: str
    plain_reply: Literal["send", "confirm"]
    archive_bcc: str
    tell_return_date: bool
    digest_at: time
    feedback_ask: bool
    feedback_every: Duration

    def reference_of(self, code: str) -> str:
        """`RBN-7H4-29P` for the code `7H429P`."""
        return f"{self.reference}-{code[:3]}-{code[3:]}"

    def codes_in(self, text: str) -> tuple[str, ...]:
        """Codes of all references that stand in a text, bracketed or not, in any letter case (domain.md §2)."""
        pattern = rf"(?<![A-Z0-9]){re.escape(self.reference)}[-\s]?([A-Z2-9]{{3}})[-\s]?([A-Z2-9]{{3}})(?![A-Z0-9])"
        return tuple(
            dict.fromkeys((match[1] + match[2]).upper() for match in re.finditer(pattern, text, re.IGNORECASE))
        )

    def inbox_of(self, name: str) -> Inbox:
        """
        The inbox that a case, a mail or a row of the store names: the one way to look it up.

        The configuration may no longer have it, for a letter reopens a case that was closed before its inbox was removed.
        Then the first inbox of the file stands in, in mode `acknowledge` where its own is `live`: staff hear of the case, the
        resident gets receipts and the words of staff, and no timer writes to the resident.
        """
        found = self.inboxes.get(name)
        if found is None:
            first = self.first_inbox
            found = replace(first, mode="acknowledge") if first.mode == "live" else first
        return found

    def inboxes_of(self, staff: Staff) -> tuple[Inbox, ...]:
        """The inboxes that a person answers, alone or in a team; all of them where routes alone bring that person mail."""
        teams = {name for name, team in self.teams.items() if staff.id in team.members}
        found = [one for one in self.inboxes.values() if one.owner == staff.id or one.team in teams]
        return tuple(found or self.inboxes.values())

    @property
    def first_inbox(self) -> Inbox:
        """The first one of the file: mail of the council as a whole goes out from it."""
        return next(iter(self.inboxes.values()))

    def inbox_at(self, address: str) -> Inbox | None:
        """The inbox with that case-folded address or alias, its plus tag ignored."""
        local, _, domain = address.rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return next((one for one in self.inboxes.values() if address in one.addresses or plain in one.addresses), None)

    def staff_at(self, address: str) -> Staff | None:
        """The member of staff with that case-folded address."""
        return next((one for one in self.staff.values() if address in one.addresses), None)

    def is_colleague(self, address: str) -> bool:
        """Whether a case-folded address is of the council's own domains, subdomains included."""
        domain = address.rpartition("@")[2]
        return any(domain == one or domain.endswith("." + one) for one in self.domains)

    @property
    def default_standard(self) -> Standard:
        """The first one of the file."""
        return next(iter(self.standards.values()))

    def standard_of(self, name: str) -> Standard:
        """The standard that a case or a route names; the first one where the configuration no longer has it."""
        return self.standards.get(name) or self.default_standard

    def manager_of(self, staff: Staff, team: str = "") -> str:
        """The staff id of somebody's manager, by the team's where the person has none; "" when there is none."""
        return staff.manager or (self.teams[team].manager if team in self.teams else "")

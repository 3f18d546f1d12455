"""
The file's shape: one class per table, one field per key, with its default (design.md §7).

Defaults are here and nowhere else. A value that is derived from other keys (`service` from the council's name) is in build.py.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ackbot.casework.worktime import Duration, Week
from ackbot.config.readings import (
    DIGEST_AT,
    Addr,
    Addrs,
    After,
    Canary,
    Clock,
    Count,
    Day,
    Domain,
    FormField,
    Hours,
    Listen,
    Many,
    Moment,
    Months,
    Morning,
    Nation,
    Networks,
    Octets,
    Port,
    Prefix,
    Rate,
    Rates,
    Security,
    Senders,
    Span,
    Start,
    Text,
    Zone,
)
from ackbot.config.texts import InLanguages


class Table(BaseModel):
    """A table of the file. An unknown key is a mistake, and no value is converted into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class Council(Table):
    """[council]."""

    name: Text
    domains: list[Domain] = []
    timezone: Zone = "Europe/London"
    reference: Prefix = "RBN"
    reference_in_subject: Literal["auto", "always", "never"] = "auto"
    admin: Addr
    head_of_service: Addr | Literal[""] = ""
    languages: Annotated[list[str], Field(min_length=1)] = ["en"]
    bilingual: bool = False
    urgent_help: InLanguages = {}
    take_further: InLanguages = {}
    formats: InLanguages = {}
    privacy: str = ""
    secret_file: Text
    plain_reply: Literal["send", "confirm"] = "send"
    staff_relay: str = ""
    archive_bcc: Addr | Literal[""] = ""
    tell_return_date: bool = False


class Calendar(Table):
    """[calendar]."""

    bank_holidays: Nation | Literal[""] = "GB-ENG"
    working_hours: Hours = Field(default_factory=lambda: Week.parse("Mon-Fri 09:00-17:00"))
    closed_on: list[Day] = []
    extra_days: list[Day] = []
    digest_at: Morning = DIGEST_AT  # "" means the default too, because there is always a digest


class Store(Table):
    """[store]."""

    url: Text = "sqlite:////var/lib/ackbot/ackbot.db"
    keep_letters: Span = Duration.parse("90 days")
    keep_cases: Span = Duration.parse("24 months")


class Daemon(Table):
    """[daemon]."""

    listen: Listen = ""
    canary_every: Canary = None
    lmtp: Listen = ""
    lmtp_peers: Networks = ["127.0.0.0/8", "::1"]
    lmtp_size: Octets = 35_000_000
    lmtp_per_minute: Count = 600
    lmtp_certificate: str = ""
    lmtp_keep_per_day: Octets = 2_000_000_000
    lmtp_keep: Octets = 20_000_000_000


class Limits(Table):
    """[limits]."""

    per_sender: Rates = ((3, 3_600.0), (10, 86_400.0))
    resident_automatic_per_day: Count = 1
    brake: Rate = (300, 3_600.0)


class Urgent(Table):
    """[urgent]."""

    to: list[str] = []
    repeat_every: Span = Duration.parse("10 minutes")
    alarm: list[str] = ["life", "self-harm", "abuse", "at-risk", "fire", "gas", "structure"]
    flag: list[str] = ["homeless-tonight", "no-heating", "damp-and-child"]
    words_dir: str = ""


class Feedback(Table):
    """[feedback]."""

    ask: bool = True
    every: Span = Duration.parse("90 days")


class Smtp(Table):
    """[smtp], the default relay."""

    host: str = ""  # required unless it sends by Graph (checks.py)
    port: Port = 587
    security: Security = "starttls"
    username: str = ""
    password_file: str = ""
    password_env: str = ""
    oauth: str = ""
    login_as: Literal["username", "inbox"] = "username"
    per_minute: Count = 28
    per_day: Count = 10_000
    connections: Annotated[int, Field(ge=1, le=10)] = 1
    bounce: Literal["mailbox", "plus", "null"] = "mailbox"
    via: Literal["smtp", "graph"] = "smtp"
    ca_file: str = ""


class Relay(Smtp):
    """[[relay]], a further relay."""

    name: Text


class OAuth(Table):
    """[oauth.NAME]."""

    grant: Literal["client-credentials", "google", "device"] = "client-credentials"
    token_url: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    certificate_file: str = ""
    scope: str = ""
    secret_expires: Day | None = None
    device_url: str = ""
    token_file: str = ""
    ca_file: str = ""


class Form(Table):
    """One of an inbox's `forms`."""

    from_: Annotated[Addr, Field(alias="from")]
    resident: FormField = "reply-to"
    resident_line: str = ""
    name_line: str = ""


class Inbox(Table):
    """[[inbox]]."""

    name: Text
    address: Addr
    aliases: Addrs = []
    service: str = ""
    mode: Literal["shadow", "staff", "acknowledge", "live"] = "shadow"
    host: Text
    port: Port = 993
    security: Security = "tls"
    username: Text
    password_file: str = ""
    password_env: str = ""
    oauth: str = ""
    folder: Text = "INBOX"
    sent_folder: str = ""
    junk_folder: str = ""
    team: str = ""
    owner: str = ""
    relay: str = ""
    start: Start = "now"
    backlog: Literal["cases", "acknowledge"] = "cases"
    watch: Literal["idle", "poll"] = "idle"
    poll_every: Span = Duration.parse("60 s")
    after: After = "leave"
    plus_addressing: bool = False
    acknowledge_cc: bool = False
    forms: list[Form] = []
    own_lists: list[str] = []
    authserv_id: str = ""
    attach_up_to: Octets = 5_000_000
    bank_holidays: Nation | Literal[""] = ""
    phone: str = ""
    sentence: InLanguages = {}
    take_further: InLanguages = {}


class Sender(Table):
    """[[sender]]."""

    from_: Annotated[Senders, Field(alias="from")]
    acknowledge: bool = False


class Staff(Table):
    """[[staff]]."""

    id: str = ""
    name: Text
    email: Annotated[Addrs, Field(min_length=1)]
    public_name: str = ""
    job_title: str = ""
    phone: str = ""
    cover: str = ""
    manager: str = ""
    working_hours: Hours | None = None
    calendar: str = ""
    ignore_auto_reply: bool = False
    skills: list[str] = []
    max_cases: Count = 0
    left: Day | None = None


class Team(Table):
    """[[team]]."""

    name: Text
    members: list[str] = []
    manager: str = ""
    deputy: str = ""
    assign: Literal["least-loaded", "round-robin"] = "least-loaded"
    keep_owner: Span = Duration.parse("90 days")


class Absence(Table):
    """[[absence]]."""

    staff: Text
    from_: Annotated[Moment, Field(alias="from")]
    until: Moment
    cover: str = ""


class Standard(Table):
    """[[standard]]."""

    name: Text
    name_owner_within: Span | None = None
    update_every: Span | None = None
    answer_within: Span | None = None
    warn: list[Span] = [Duration.parse("1 working day")]
    escalate_every: Span = Duration.parse("3 working days")
    settle_after: Span = Duration.parse("5 working days")
    reopen_within: Span = Duration.parse("30 days")
    start: Literal["arrival", "acknowledgement"] = "arrival"
    calendar: Literal["council", "foi", "always"] = "council"
    cut_off: Clock = None
    pausable: bool = True
    feedback: bool = True
    complaint: bool = False

    @property
    def for_complaints(self) -> bool:
        """Whether it is for complaints; if the file does not say, its name does."""
        return self.complaint if "complaint" in self.model_fields_set else "complaint" in self.name.lower()


# The standard of a council that configures none (domain.md §7, first line).
ENQUIRY = Standard(
    name="enquiry",
    name_owner_within=Duration.parse("1 working day"),
    update_every=Duration.parse("5 working days"),
    answer_within=Duration.parse("10 working days"),
)


class Statement(Table):
    """[[statement]]."""

    text: Text


class Report(Table):
    """[report]."""

    to: Many = []
    every: Months = 1


class Route(Table):
    """[[route]]."""

    inbox: str = ""
    from_: Annotated[Senders, Field(alias="from")] = []
    to: Addrs = []
    subject: Many = []
    body: Many = []
    postcode: Many = []
    team: str = ""
    owner: str = ""
    standard: str = ""
    skill: str = ""


class File(Table):
    """The whole file, except `include`, which is read before."""

    council: Council
    calendar: Calendar = Field(default_factory=Calendar)
    store: Store = Field(default_factory=Store)
    daemon: Daemon = Field(default_factory=Daemon)
    limits: Limits = Field(default_factory=Limits)
    urgent: Urgent = Field(default_factory=Urgent)
    feedback: Feedback = Field(default_factory=Feedback)
    smtp: Smtp
    relay: list[Relay] = []
    oauth: dict[str, OAuth] = {}
    inbox: Annotated[list[Inbox], Field(min_length=1)]
    sender: list[Sender] = []
    staff: list[Staff] = []
    team: list[Team] = []
    absence: list[Absence] = []
    standard: Annotated[list[Standard], AfterValidator(lambda named: named or [ENQUIRY])] = [ENQUIRY]
    route: list[Route] = []
    statement: list[Statement] = []
    report: Report = Field(default_factory=Report)


def keys(table: type[BaseModel]) -> list[str]:
    """The names of the keys that a table of the file may have."""
    return [field.alias or name for name, field in table.model_fields.items()]

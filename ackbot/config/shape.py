"""
The file's shape: one class per table, one field per key, with its default (design.md §7).

Defaults are here and nowhere else. A value that is derived from other keys (`service` from the council's name) is in build.py.
"""

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ackbot.casework.worktime import Duration, Week
from ackbot.config import amounts

# A calendar with few working days cannot count longer durations, because worktime.Calendar looks ten years ahead.
_TEN_YEARS_S = 3_653 * 86_400
_DIGEST_AT = time(8, 30)
_YEAR_OF_WORK_S = {"working days": 260 * 86_400, "working hours": 260 * 8 * 3_600}


def _duration(value: object) -> object:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic lists a ValueError, and lets a TypeError through
            f'{value} is not a duration; write it in quotes with its unit, for example "{value} s"'
        )
    duration = Duration.parse(value)
    if duration.seconds > _YEAR_OF_WORK_S.get(duration.unit, _TEN_YEARS_S):
        long = "a working year" if duration.unit in _YEAR_OF_WORK_S else "ten years"
        raise ValueError(f'"{value}" is more than {long}; write a shorter time')
    return duration


def _week(value: object) -> object:
    if not isinstance(value, str):
        return value
    example = 'write for example "Mon-Fri 09:00-12:30, 13:00-17:00"'
    if not value.strip():
        raise ValueError(f"is empty; {example}, or remove it")
    try:
        return Week.parse(value)
    except ValueError as error:
        raise ValueError(str(error) if ";" in str(error) else f"{error}; {example}") from None


def _some(value: object) -> object:
    """A list; a single word becomes a list of one."""
    return [value] if isinstance(value, str) else value


def _address(value: str) -> str:
    from ackbot.mail.addresses import Address

    if not Address("", value).usable:
        raise ValueError(f'"{value}" is not an email address; write for example name@northgate.example')
    return value


def _domain(value: str) -> str:
    if "@" in value or "." not in value or " " in value:
        raise ValueError(f'"{value}" is not a domain; write for example northgate.example, without @')
    return value.lower()


def _clock(value: str) -> time | None:
    if not value:
        return None
    try:
        return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - a wall-clock time
    except ValueError:
        raise ValueError(f'"{value}" is not a time of day; write for example "15:00"') from None


def _morning(value: str) -> time:
    return _clock(value) or _DIGEST_AT


def _zone(value: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{value}" is not a known time zone; write for example "Europe/London"') from None
    return value


def _this_century(value: date) -> date:
    if not 1970 <= value.year < 2200:
        raise ValueError(f"{value} is too long ago or too far ahead; check the year")
    return value


def _start(value: object) -> object:
    if isinstance(value, date):
        return _this_century(value)
    if value not in ("now", "all"):
        raise ValueError(
            f'"{value}" is neither "now" nor "all"; write one of these, or a date without quotes: 2026-11-01'
        )
    return value


def _sender(value: str) -> str:
    from ackbot.mail.addresses import Address

    if not Address("", f"somebody{value}" if value.startswith("@") else value).usable:
        raise ValueError(
            f'"{value}" is not an email address; write name@contractor.example, or @contractor.example for all of them'
        )
    return value


def _form_field(value: str) -> str:
    known = ("reply-to", "from", "sender", "cc")
    if value.lower() not in known and not re.fullmatch(r"x-[a-z0-9-]+", value, re.IGNORECASE):
        raise ValueError(
            f'"{value}" is not a header field that can name the resident; write "reply-to", or a field that begins with "x-"'
        )
    return value


def _after(value: str) -> str:
    if value != "leave" and (not value.startswith("move:") or not value.removeprefix("move:").strip()):
        raise ValueError(f'"{value}" is not a known action; write "leave" or "move:FOLDER"')
    return value


def _prefix(value: str) -> str:
    if not (1 <= len(value) <= 6 and value.isascii() and value.isalpha() and value.isupper()):
        raise ValueError(f'"{value}" cannot begin a reference; write one to six capital letters')
    return value


def _place(value: str) -> str:
    from ackbot.wires.places import Place

    if value and Place.parse(value) is None:
        raise ValueError(
            f'"{value}" is not an address to listen on; write "127.0.0.1:2424", or the path of a unix socket'
        )
    return value


def _network(value: str) -> str:
    from ackbot.wires.places import network

    try:
        network(value)
    except ValueError:
        raise ValueError(
            f'"{value}" is not an IP address or network; write for example "10.0.0.5" or "10.0.0.0/24"'
        ) from None
    return value


def _read(function: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: function(value) if isinstance(value, str) else value)


Span = Annotated[Duration, BeforeValidator(_duration)]
Hours = Annotated[Week, BeforeValidator(_week)]
Addr = Annotated[str, _read(_address)]
Domain = Annotated[str, _read(_domain)]
Many = Annotated[list[str], BeforeValidator(_some)]
Addrs = Annotated[list[Addr], BeforeValidator(_some)]
Senders = Annotated[list[Annotated[str, _read(_sender)]], BeforeValidator(_some)]
Rate = Annotated[tuple[int, float] | None, _read(amounts.rate)]
Rates = Annotated[tuple[tuple[int, float], ...], _read(amounts.rates)]
Months = Annotated[int, _read(amounts.months)]
Octets = Annotated[int, _read(amounts.octets)]
Clock = Annotated[time | None, _read(_clock)]
Morning = Annotated[time, _read(_morning)]
Nation = Literal["GB-ENG", "GB-WLS", "GB-SCT", "GB-NIR"]
Security = Literal["tls", "starttls", "none"]
Port = Annotated[int, Field(ge=1, le=65_535)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Day = Annotated[date, AfterValidator(_this_century)]
Moment = Annotated[datetime | date, AfterValidator(_this_century)]
Text = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """A table of the file. An unknown key is a mistake, and no value is converted into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class Council(Table):
    """[council]."""

    name: Text
    domains: list[Domain] = []
    timezone: Annotated[str, _read(_zone)] = "Europe/London"
    reference: Annotated[str, _read(_prefix)] = "RBN"
    reference_in_subject: Literal["auto", "always", "never"] = "auto"
    admin: Addr
    head_of_service: Addr | Literal[""] = ""
    languages: Annotated[list[str], Field(min_length=1)] = ["en"]
    urgent_help: str = ""
    take_further: str = ""
    formats: str = ""
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
    digest_at: Morning = _DIGEST_AT  # "" means the default too, because there is always a digest


class Store(Table):
    """[store]."""

    url: Text = "sqlite:////var/lib/ackbot/ackbot.db"
    keep_letters: Span = Duration.parse("90 days")
    keep_cases: Span = Duration.parse("24 months")


class Daemon(Table):
    """[daemon]."""

    listen: str = ""
    canary_every: str = ""
    lmtp: Annotated[str, _read(_place)] = ""
    lmtp_peers: Annotated[list[Annotated[str, _read(_network)]], BeforeValidator(_some)] = ["127.0.0.0/8", "::1"]
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

    host: Text
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


class Form(Table):
    """One of an inbox's `forms`."""

    from_: Annotated[Addr, Field(alias="from")]
    resident: Annotated[str, _read(_form_field)] = "reply-to"
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
    start: Annotated[Literal["now", "all"] | date, BeforeValidator(_start)] = "now"
    backlog: Literal["cases", "acknowledge"] = "cases"
    watch: Literal["idle", "poll"] = "idle"
    poll_every: Span = Duration.parse("60 s")
    after: Annotated[str, _read(_after)] = "leave"
    plus_addressing: bool = False
    acknowledge_cc: bool = False
    forms: list[Form] = []
    own_lists: list[str] = []
    authserv_id: str = ""
    attach_up_to: Octets = 5_000_000
    bank_holidays: Nation | Literal[""] = ""
    phone: str = ""
    sentence: str = ""
    take_further: str = ""


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

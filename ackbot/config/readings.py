"""
How each kind of value in the file is read: durations, hours, addresses, amounts.

What cannot be read is a ValueError with a sentence for the admin.
"""

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ackbot.casework.worktime import Duration, Week
from ackbot.config import amounts

# A calendar with few working days cannot count longer durations, because worktime.Calendar looks ten years ahead.
_SHORTEST_CANARY_S = 300
_TEN_YEARS_S = 3_653 * 86_400
DIGEST_AT = time(8, 30)
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
    return _clock(value) or DIGEST_AT


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


def _canary(value: object) -> object:
    if value == "":
        return None
    duration = _duration(value)
    if isinstance(duration, Duration) and duration.seconds < _SHORTEST_CANARY_S:
        raise ValueError(
            f'"{value}" is too often, each mail lies in the inbox until somebody deletes it; write "1 hour"'
        )
    return duration


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
Zone = Annotated[str, _read(_zone)]
Prefix = Annotated[str, _read(_prefix)]
Listen = Annotated[str, _read(_place)]
Canary = Annotated[Duration | None, BeforeValidator(_canary)]
Networks = Annotated[list[Annotated[str, _read(_network)]], BeforeValidator(_some)]
FormField = Annotated[str, _read(_form_field)]
Start = Annotated[Literal["now", "all"] | date, BeforeValidator(_start)]
After = Annotated[str, _read(_after)]

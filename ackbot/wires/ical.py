"""Calendars of leave: fetched from a file or over https, and read (RFC 5545). The only importer of its libraries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from ackbot.errors import AckbotError
from ackbot.wires import web

_MOST = 4_000_000  # octets of a calendar
_EVENTS = 1_000  # periods of one calendar that are taken
# Repetitions that no leave has, and on which the library goes on for ever.
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_NOT_BY = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})
_HERE = frozenset({"FREE", "TENTATIVE", "WORKINGELSEWHERE"})  # [MS-OXCICAL] 2.1.3.1.1.20.31


class CalendarProblem(AckbotError):
    """A calendar could not be fetched or read. The sentence never has the address, which may hold a secret."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """
    A copy of a calendar.

    Args:
        etag: see RFC 9110 §8.8.3; "" for none.
        content: None if the server says that the copy with the etag is still the newest.
    """

    content: bytes | None
    etag: str = ""


def fetch(place: str, etag: str = "") -> Fetched:
    """
    Fetch a calendar.

    Args:
        place: an https address, or the path of a file.
        etag: of the copy that we have.

    Raises:
        CalendarProblem: it cannot be fetched, or what came is no calendar.
    """
    if not place.startswith("https://"):
        try:
            with Path(place).open("rb") as file:
                return Fetched(_checked(file.read(_MOST + 1)))
        except OSError as error:
            raise CalendarProblem(f"the file cannot be read: {error.strerror or type(error).__name__}") from error
    headers = {"Accept": "text/calendar"} | ({"If-None-Match": etag} if etag else {})
    try:
        answer = web.ask("GET", place, headers=headers)
    except web.WebProblem as problem:
        raise CalendarProblem(str(problem)) from problem
    if answer.status == 304 and etag:
        return Fetched(None, etag)
    if answer.status != 200:
        raise CalendarProblem(f"the server answers {answer.status}")
    return Fetched(_checked(answer.body), answer.headers.get("etag", ""))


def _checked(content: bytes) -> bytes:
    """The content, if it looks like a calendar: a page for logging in comes with 200, too."""
    if len(content) > _MOST:
        raise CalendarProblem(f"it is larger than {_MOST // 1_000_000} MB")
    whole = content.removeprefix(b"\xef\xbb\xbf").strip().upper()
    if not whole.startswith(b"BEGIN:VCALENDAR") or not whole.endswith(b"END:VCALENDAR"):
        raise CalendarProblem("what came is no calendar, or not a whole one")
    return content


def periods(content: bytes, zone: tzinfo, first: date, last: date) -> list[tuple[datetime, datetime]]:
    """
    The times away between two days, as instants in UTC, the end exclusive; sorted.

    An event with a Microsoft busy status counts if it is out of office, or if it is busy for whole days. Without one every event
    counts that is neither free, nor tentative, nor cancelled. A broken event is left out, and the others count.

    Args:
        zone: of whole days, of times without a zone, and of zones that nobody knows.

    Raises:
        CalendarProblem: it is no calendar.
    """
    import icalendar
    import recurring_ical_events

    try:
        calendars = icalendar.Calendar.from_ical(content, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise CalendarProblem(f"it cannot be read ({type(error).__name__})") from error
    found: set[tuple[datetime, datetime]] = set()
    for calendar in calendars:
        # With the rest of a series go its exceptions, which mean nothing without it.
        endless = {str(one.get("UID", "")) for one in calendar.walk("VEVENT") if _goes_on(one)}
        broken = {id(one) for one in calendar.walk("VEVENT") if _times(one) is None}
        calendar.subcomponents = [
            one
            for one in calendar.subcomponents
            if one.name != "VEVENT" or (str(one.get("UID", "")) not in endless and id(one) not in broken)
        ]
        try:
            events = recurring_ical_events.of(calendar, skip_bad_series=True).between(first, last + timedelta(days=1))
        except Exception as error:  # what it raises on a broken series is not written down anywhere
            raise CalendarProblem(f"its events cannot be read ({type(error).__name__})") from error
        for event in events:
            if (period := _period(event, zone)) is not None:
                found.add(period)
            if len(found) >= _EVENTS:
                break
    return sorted(found)


def _goes_on(event: Any) -> bool:
    """Whether an event repeats in a way that no leave does."""
    return any(
        _TOO_OFTEN & {str(one).upper() for one in rule.get("FREQ", ())}
        or _NOT_BY & {name.upper() for name in rule}
        or any(int(one) < 1 for one in rule.get("INTERVAL", ()))
        for rule in _rules(event)
    )


def _rules(event: Any) -> Iterator[Any]:
    for name in ("RRULE", "EXRULE"):
        rules = event.get(name, [])
        yield from rules if isinstance(rules, list) else [rules]


def _period(event: Any, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """When an event has its person away; None if they are here, or if it is broken."""
    times = _times(event)
    if times is None:
        return None
    start, end = times
    whole_days = not isinstance(start, datetime)
    status = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).strip().upper()
    if status in _HERE or (status == "BUSY" and not whole_days):
        return None
    if str(event.get("STATUS", "")).upper() in ("CANCELLED", "TENTATIVE"):
        return None
    # Outlook calls whole days transparent by themselves; where it says out of office, that counts.
    if status != "OOF" and str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return None
    starts_at, ends_at = _instant(start, zone), _instant(end, zone)
    return (starts_at, ends_at) if starts_at < ends_at else None


def _times(event: Any) -> tuple[date, date] | None:
    """Beginning and end of an event; None if it is broken."""
    try:
        start, end = event.start, event.end
        return (start, end) if start <= end else None
    except (ValueError, KeyError, TypeError, AttributeError):  # icalendar's own errors are ValueErrors
        return None


def _instant(moment: date, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.min)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

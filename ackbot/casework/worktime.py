"""Working days and hours: computes durations such as "5 working days" by a calendar (behaviour.md, WD; domain.md §7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from ackbot.casework.bank_holidays import bank_holidays

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FURTHEST = 3_700  # days that are searched for a working day, so that a calendar without any does not loop for ever

Unit = Literal["seconds", "working hours", "working days", "calendar months"]
_UNITS: dict[str, tuple[Unit, float]] = {
    "ms": ("seconds", 0.001),
    "s": ("seconds", 1),
    "second": ("seconds", 1),
    "minute": ("seconds", 60),
    "hour": ("seconds", 3_600),
    "day": ("seconds", 86_400),
    "week": ("seconds", 604_800),
    "working hour": ("working hours", 1),
    "working day": ("working days", 1),
    "calendar month": ("calendar months", 1),
    "month": ("calendar months", 1),
}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in one unit. The unit "seconds" is elapsed time; the others are counted by a calendar."""

    amount: float
    unit: Unit

    @property
    def text(self) -> str:
        """The duration as a configuration has it. `parse` reads it back."""
        unit = {"seconds": "s"}.get(self.unit, self.unit)
        return f"{self.amount:.12g} {unit}"

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """
        Read `"5 working days"`, `"200 ms"`, `"1 calendar month"` and so on (design.md §7).

        Raises:
            ValueError: the text is not a duration. Its message says what is allowed.
        """
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z ]+?)\s*", text, re.IGNORECASE)
        unit = match[2].lower() if match else ""
        unit = unit if unit in _UNITS else unit.removesuffix("s")
        if not match or unit not in _UNITS:
            raise ValueError(
                f'"{text}" is not a duration; write for example "30 s", "10 minutes", "4 working hours" or "5 working days"'
            )
        kind, factor = _UNITS[unit]
        return cls(float(match[1]) * factor, kind)

    @property
    def seconds(self) -> float:
        """The duration in elapsed seconds, with a working hour or day as an ordinary one, and a month as 30 days."""
        return (
            self.amount
            * {"seconds": 1, "working hours": 3_600, "working days": 86_400, "calendar months": 30 * 86_400}[self.unit]
        )


Hours = tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Week:
    """The working hours of each weekday in local time, by number (0 = Monday). Weekdays that are absent are free."""

    hours: Mapping[int, Hours]

    @classmethod
    def parse(cls, text: str) -> "Week":
        """
        Read `"Mon-Fri 09:00-17:00"`, `"Mon-Fri 09:00-12:30, 13:00-17:00"`, `"Mon, Wed 09:00-17:00; Sat 10:00-12:00"`.

        Raises:
            ValueError: the text cannot be read. Its message says what is wrong.
        """
        hours: dict[int, Hours] = {}
        for chunk in filter(None, (piece.strip() for piece in text.split(";"))):
            match = re.fullmatch(r"([A-Za-z][A-Za-z,\s-]*?)\s+(\d[\d:,\s-]*)", chunk)
            if not match:
                raise ValueError(
                    f'"{text}" is not a set of working hours; write for example "Mon-Fri 09:00-12:30, 13:00-17:00"'
                )
            ranges = tuple(sorted(_range(piece, text) for piece in match[2].split(",")))
            if any(later[0] < earlier[1] for earlier, later in pairwise(ranges)):
                raise ValueError(f'the ranges of "{chunk}" overlap')
            for day in _days(match[1], text):
                hours[day] = ranges
        if not hours:
            raise ValueError(f'"{text}" has no working day')
        return cls(MappingProxyType(hours))

    @property
    def minutes(self) -> int:
        """The minutes worked in a week; at least 1."""
        spans = [(_minute(start), _minute(end)) for hours in self.hours.values() for start, end in hours]
        return max(1, sum(end - start for start, end in spans))

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.hours.items())))


def _minute(clock: time) -> int:
    return 24 * 60 if clock == time.max else clock.hour * 60 + clock.minute


def _days(text: str, whole: str) -> list[int]:
    names = [name.lower() for name in WEEKDAYS]
    days: list[int] = []
    for piece in re.split(r"[,\s]+", text.strip()):
        first, dash, last = piece.lower().partition("-")
        if first[:3] not in names or (dash and last[:3] not in names):
            raise ValueError(f'"{piece}" in "{whole}" is not a weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun')
        start = names.index(first[:3])
        end = names.index(last[:3]) if dash else start
        days += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return days


def _range(text: str, whole: str) -> tuple[time, time]:
    match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*", text)
    if not match:
        raise ValueError(f'"{text.strip()}" in "{whole}" is not a range of hours; write for example 09:00-17:00')
    start, end = _clock(match[1], match[2], whole), _clock(match[3], match[4], whole)
    if start >= end:
        raise ValueError(f'"{text.strip()}" in "{whole}" ends before it starts')
    return start, end


def _clock(hour: str, minute: str, whole: str) -> time:
    if (hour, minute) == ("24", "00"):
        return time.max
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f'"{hour}:{minute}" in "{whole}" is not a time of day')
    return time(int(hour), int(minute))


ALWAYS = Week(MappingProxyType(dict.fromkeys(range(7), ((time.min, time.max),))))


@dataclass(frozen=True)
class Calendar:
    """
    Which days and hours are worked, in one time zone.

    Args:
        nations: nations whose bank holidays are free; the FOI calendar names all four (domain.md §7).
        closed: further free days.
        extra: working days although they are bank holidays, closed or outside the week. If the week has no hours for such a
            day, those of its first working weekday apply.
    """

    timezone: ZoneInfo
    week: Week
    nations: tuple[str, ...] = ()
    closed: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()
    _known: dict[date, bool] = field(default_factory=dict, compare=False, repr=False)

    def is_working_day(self, day: date) -> bool:
        """Whether it is a working day."""
        known = self._known.get(day)
        if known is None:
            known = day in self.extra or (
                day.weekday() in self.week.hours
                and day not in self.closed
                and not any(day in bank_holidays(nation, day.year) for nation in self.nations)
            )
            self._known[day] = known
        return known

    def hours(self, day: date) -> Hours:
        """The working hours of a day in local time; empty on a free day."""
        if not self.is_working_day(day):
            return ()
        return self.week.hours.get(day.weekday()) or self.week.hours[min(self.week.hours)]

    def local_day(self, moment: datetime) -> date:
        """The local date of an instant."""
        return moment.astimezone(self.timezone).date()

    def at(self, day: date, clock: time) -> datetime:
        """The instant of a local time, in UTC. A time that the clock skips in spring becomes the instant an hour later."""
        return datetime.combine(day, clock, self.timezone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """The instant when work ends on a day, in UTC; on a free day, the midnight after it."""
        ranges = self.hours(day)
        if not ranges or ranges[-1][1] == time.max:
            return self.at(day + timedelta(days=1), time.min)
        return self.at(day, ranges[-1][1])

    def is_open(self, moment: datetime) -> bool:
        """Whether an instant lies in working hours."""
        local = moment.astimezone(self.timezone)
        return any(start <= local.time() < end for start, end in self.hours(local.date()))

    def next_open(self, moment: datetime) -> datetime:
        """
        The instant itself if it lies in working hours, else the next start of work, in UTC.

        Raises:
            ValueError: the calendar has no working hours.
        """
        day = self.local_day(moment)
        for _ in range(_FURTHEST):
            for start, end in self.hours(day):
                closes = self.at(day + timedelta(days=1), time.min) if end == time.max else self.at(day, end)
                if moment < closes:
                    return max(moment, self.at(day, start))
            day += timedelta(days=1)
        raise ValueError("the calendar has no working hours")

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_days(day, 1)

    def first_working_day(self, day: date) -> date:
        """`day` itself if it is a working day, else the next working day."""
        return day if self.is_working_day(day) else self.add_days(day, 1)

    def add_days(self, day: date, count: int) -> date:
        """
        The `count`-th working day after `day`. `day` itself is day zero, even if it is free. Negative counts go back.

        Raises:
            ValueError: the calendar has no such day within about ten years.
        """
        step = timedelta(days=1 if count >= 0 else -1)
        left = abs(count)
        for _ in range(_FURTHEST):
            if left == 0:
                return day
            day += step
            left -= self.is_working_day(day)
        raise ValueError("the calendar has no working days")

    def days_between(self, start: date, end: date) -> int:
        """The number of working days after `start`, up to and including `end`; 0 if `end` is not later."""
        return sum(self.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def add_hours(self, moment: datetime, hours: float) -> datetime:
        """
        The instant at which `hours` of working time have passed since `moment`, in UTC.

        Raises:
            ValueError: the calendar has too few working hours within about ten years.
        """
        left = timedelta(hours=hours)
        day = self.local_day(moment)
        for _ in range(_FURTHEST):
            for start, end in self.hours(day):
                opens = max(self.at(day, start), moment)
                closes = self.at(day + timedelta(days=1), time.min) if end == time.max else self.at(day, end)
                if closes <= opens:
                    continue
                if left <= closes - opens:
                    return opens + left
                left -= closes - opens
            day += timedelta(days=1)
        raise ValueError("the calendar has no working hours")

    def day_zero(self, moment: datetime, cut_off: time | None = None) -> date:
        """The local day of receipt. From the cut-off of a working day on, it is the next working day."""
        local = moment.astimezone(self.timezone)
        if cut_off is not None and self.is_working_day(local.date()) and local.time() >= cut_off:
            return self.next_working_day(local.date())
        return local.date()

    def due(self, start: datetime, duration: Duration, cut_off: time | None = None) -> tuple[date, datetime]:
        """
        The end of a duration from `start`: the local date to tell people, and the instant in UTC.

        "N working days" ends with the working hours of the N-th working day after the day of receipt (design.md, "The
        life of a promise"). A calendar month ends on the same day of the later month, or on that month's last day; if that
        is free, on the next working day. Seconds run through nights and weekends.

        Raises:
            ValueError: the calendar has too few working days or hours within about ten years.
        """
        zero = self.day_zero(start, cut_off)
        if duration.unit == "working days":
            day = self.add_days(zero, round(duration.amount))
            return day, self.end_of(day)
        if duration.unit == "calendar months":
            day = self.first_working_day(_months_later(zero, round(duration.amount)))
            return day, self.end_of(day)
        moment = (
            self.add_hours(start, duration.amount)
            if duration.unit == "working hours"
            else start + timedelta(seconds=duration.amount)
        )
        return self.local_day(moment), moment.astimezone(UTC)


def before(moment: datetime, duration: Duration) -> datetime:
    """The instant that lies a duration before another, by elapsed time; months are those of the calendar in UTC."""
    if duration.unit != "calendar months":
        return moment - timedelta(seconds=duration.seconds)
    earlier = _months_later(moment.date(), -round(duration.amount))
    return moment - timedelta(days=(moment.date() - earlier).days)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_after - timedelta(days=1))

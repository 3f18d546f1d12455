"""Literal dates: what "N working days" from a day of receipt is, in four nations, checked against the published lists."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ackbot.casework.bank_holidays import NATIONS
from ackbot.casework.worktime import Calendar, Duration, Week

LONDON = ZoneInfo("Europe/London")
WEEK = Week.parse("Mon-Fri 09:00-17:00")

DATES = [
    ("GB-ENG", "2026-04-01", 5, "2026-04-10"),
    ("GB-ENG", "2026-04-02", 1, "2026-04-07"),
    ("GB-ENG", "2026-05-01", 1, "2026-05-05"),
    ("GB-ENG", "2026-12-24", 1, "2026-12-29"),
    ("GB-ENG", "2026-12-23", 5, "2027-01-04"),
    ("GB-ENG", "2026-12-31", 1, "2027-01-04"),
    ("GB-ENG", "2027-03-25", 1, "2027-03-30"),
    ("GB-ENG", "2027-03-24", 5, "2027-04-02"),
    ("GB-WLS", "2026-04-01", 5, "2026-04-10"),
    ("GB-WLS", "2026-04-02", 1, "2026-04-07"),
    ("GB-WLS", "2026-05-01", 1, "2026-05-05"),
    ("GB-WLS", "2026-12-24", 1, "2026-12-29"),
    ("GB-WLS", "2026-12-23", 5, "2027-01-04"),
    ("GB-WLS", "2026-12-31", 1, "2027-01-04"),
    ("GB-WLS", "2027-03-25", 1, "2027-03-30"),
    ("GB-WLS", "2027-03-24", 5, "2027-04-02"),
    ("GB-SCT", "2026-04-01", 5, "2026-04-09"),
    ("GB-SCT", "2026-04-02", 1, "2026-04-06"),
    ("GB-SCT", "2026-05-01", 1, "2026-05-05"),
    ("GB-SCT", "2026-12-24", 1, "2026-12-29"),
    ("GB-SCT", "2026-12-23", 5, "2027-01-05"),
    ("GB-SCT", "2026-12-31", 1, "2027-01-05"),
    ("GB-SCT", "2027-03-25", 1, "2027-03-29"),
    ("GB-SCT", "2027-03-24", 5, "2027-04-01"),
    ("GB-NIR", "2026-04-01", 5, "2026-04-10"),
    ("GB-NIR", "2026-04-02", 1, "2026-04-07"),
    ("GB-NIR", "2026-05-01", 1, "2026-05-05"),
    ("GB-NIR", "2026-12-24", 1, "2026-12-29"),
    ("GB-NIR", "2026-12-23", 5, "2027-01-04"),
    ("GB-NIR", "2026-12-31", 1, "2027-01-04"),
    ("GB-NIR", "2027-03-25", 1, "2027-03-30"),
    ("GB-NIR", "2027-03-24", 5, "2027-04-02"),
    ("GB-NIR", "2026-03-16", 1, "2026-03-18"),
    ("GB-ENG", "2026-03-16", 1, "2026-03-17"),
    ("GB-NIR", "2026-07-10", 1, "2026-07-14"),
    ("GB-ENG", "2026-07-10", 1, "2026-07-13"),
    ("GB-NIR", "2027-03-16", 10, "2027-04-02"),
    ("GB-ENG", "2027-03-16", 10, "2027-04-01"),
    ("GB-NIR", "2027-07-09", 1, "2027-07-13"),
    ("GB-ENG", "2027-07-09", 1, "2027-07-12"),
    ("GB-SCT", "2026-11-27", 1, "2026-12-01"),
    ("GB-ENG", "2026-11-27", 1, "2026-11-30"),
    ("GB-SCT", "2026-07-31", 1, "2026-08-04"),
    ("GB-ENG", "2026-07-31", 1, "2026-08-03"),
    ("GB-SCT", "2027-07-30", 1, "2027-08-03"),
    ("GB-ENG", "2027-07-30", 1, "2027-08-02"),
    ("GB-SCT", "2026-11-20", 10, "2026-12-07"),
    ("GB-ENG", "2026-11-20", 10, "2026-12-04"),
    ("GB-ENG", "2028-02-28", 1, "2028-02-29"),
    ("GB-ENG", "2028-02-28", 2, "2028-03-01"),
    ("GB-ENG", "2028-02-25", 5, "2028-03-03"),
    ("GB-ENG", "2027-02-26", 1, "2027-03-01"),
    ("GB-ENG", "2028-02-29", 5, "2028-03-07"),
    ("GB-ENG", "2028-04-13", 1, "2028-04-18"),
    ("GB-ENG", "2028-12-22", 1, "2028-12-27"),
    ("GB-ENG", "2028-12-22", 3, "2028-12-29"),
    ("GB-ENG", "2026-03-27", 1, "2026-03-30"),
    ("GB-ENG", "2026-10-23", 1, "2026-10-26"),
    ("GB-ENG", "2026-11-22", 1, "2026-11-23"),
    ("GB-ENG", "2026-11-28", 5, "2026-12-04"),
    ("GB-ENG", "2026-11-29", 5, "2026-12-04"),
]


@pytest.mark.parametrize(("nation", "received", "days", "promised"), DATES)
def test_working_days(nation: str, received: str, days: int, promised: str) -> None:
    """D67, D68: Easter, Christmas, substitute days, 29 February, Saints' days, nation by nation; day of receipt is day zero."""
    calendar = Calendar(LONDON, WEEK, (nation,))
    arrived = datetime.fromisoformat(f"{received} 10:12").replace(tzinfo=LONDON)

    assert calendar.due(arrived, Duration(days, "working days"))[0] == date.fromisoformat(promised)


@pytest.mark.parametrize(
    ("week", "arrived", "duration", "due"),
    [
        ("Mon-Fri 09:00-12:30, 13:00-17:00", "2026-11-30 12:00", "1 working hour", "2026-11-30T13:30"),  # over lunch
        ("Mon-Fri 09:00-12:30, 13:00-17:00", "2026-11-30 12:45", "30 minutes", "2026-11-30T13:15"),
        ("Mon-Sun 00:00-24:00", "2026-10-24 22:00", "8 working hours", "2026-10-25T05:00"),  # the night has 25 hours
        ("Mon-Sun 00:00-24:00", "2026-03-28 22:00", "8 working hours", "2026-03-29T06:00"),  # the night has 23 hours
        ("Mon-Sun 00:00-24:00", "2026-12-05 22:00", "1 working day", "2026-12-07T00:00"),
        ("Tue, Thu 10:00-12:00", "2026-11-30 10:00", "1 working day", "2026-12-01T12:00"),
        ("Tue, Thu 10:00-12:00", "2026-12-01 11:00", "2 working hours", "2026-12-03T11:00"),
        ("Sat 10:00-12:00", "2026-11-30 10:00", "2 working days", "2026-12-12T12:00"),
        ("Mon-Fri 09:00-17:00; Sat 10:00-12:00", "2026-12-04 16:30", "1 working hour", "2026-12-05T10:30"),
        ("Mon-Fri 09:00-17:00", "2026-10-23 16:00", "2 working hours", "2026-10-26T10:00"),  # the clocks went back
        (
            "Mon-Fri 09:00-17:00",
            "2026-03-27 16:00",
            "2 working hours",
            "2026-03-30T09:00",
        ),  # and forward: 10:00 is 09:00 UTC
    ],
)
def test_weeks(week: str, arrived: str, duration: str, due: str) -> None:
    """D64: any set of weekdays, several ranges, lunch, days of 24 hours, both clock changes; the instant, UTC."""
    calendar = Calendar(LONDON, Week.parse(week))
    start = datetime.fromisoformat(arrived).replace(tzinfo=LONDON)

    assert calendar.due(start, Duration.parse(duration))[1] == datetime.fromisoformat(due).replace(tzinfo=UTC)


DAYS = some.dates(date(2026, 1, 1), date(2028, 12, 31))
CALENDARS = some.builds(
    lambda days, nation, closed, extra: Calendar(
        LONDON, Week.parse(f"{', '.join(sorted(days))} 09:00-17:00"), (nation,), frozenset(closed), frozenset(extra)
    ),
    some.sets(some.sampled_from(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")), min_size=1),
    some.sampled_from(NATIONS),
    some.sets(DAYS, max_size=20),
    some.sets(DAYS, max_size=5),
)


@settings(max_examples=200, deadline=None)
@given(CALENDARS, DAYS, some.integers(0, 30), some.sets(DAYS, max_size=40))
def test_more_closed_days_never_make_a_date_earlier(
    calendar: Calendar, day: date, count: int, closed: set[date]
) -> None:
    """D63: property."""
    fewer = replace(calendar, closed=calendar.closed | closed, _known={})

    assert fewer.add_days(day, count) >= calendar.add_days(day, count)


@settings(max_examples=200, deadline=None)
@given(CALENDARS, DAYS, some.integers(0, 30))
def test_forward_and_back_agree(calendar: Calendar, day: date, count: int) -> None:
    """D63: counting forward, back, and between say the same."""
    start = calendar.first_working_day(day)
    end = calendar.add_days(start, count)

    assert calendar.add_days(end, -count) == start
    assert calendar.days_between(start, end) == count
    assert calendar.is_working_day(end)


@settings(max_examples=200, deadline=None)
@given(CALENDARS, some.integers(0, 2 * 365 * 24 * 60))
def test_the_next_hour_of_work(calendar: Calendar, minutes: int) -> None:
    """It is in working hours, not before the instant, and the instant itself where that is in working hours."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opens = calendar.next_open(moment)

    assert calendar.is_open(opens)
    assert opens >= moment
    assert (opens == moment) == calendar.is_open(moment)

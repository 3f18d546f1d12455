"""Working time: literal dates, one line each (domain.md §7)."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ackbot.casework.worktime import Calendar, Duration, Week, bank_holidays

LONDON = ZoneInfo("Europe/London")
ENGLAND = Calendar(
    LONDON, Week.parse("Mon-Fri 09:00-17:00"), ("GB-ENG",), frozenset({date(2026, 12, 28), date(2026, 12, 29)})
)


def moment(text: str) -> datetime:
    """A local wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("arrived", "duration", "promised", "due"),
    [
        ("2026-11-30 10:12", "5 working days", "2026-12-07", "2026-12-07T17:00"),  # D68: Monday is day zero
        ("2026-11-28 10:12", "1 working day", "2026-11-30", "2026-11-30T17:00"),  # Saturday: Monday is day one
        ("2026-11-29 23:59", "1 working day", "2026-11-30", "2026-11-30T17:00"),  # D68: Sunday: Monday is day one
        ("2026-12-24 21:00", "5 working days", "2027-01-06", "2027-01-06T17:00"),  # Christmas, closure, New Year
        (
            "2026-03-27 16:00",
            "1 working day",
            "2026-03-30",
            "2026-03-30T16:00",
        ),  # over the spring change: 17:00 is 16:00 UTC
        ("2026-10-23 16:00", "1 working day", "2026-10-26", "2026-10-26T17:00"),  # over the autumn change
        ("2026-04-02 10:00", "1 working day", "2026-04-07", "2026-04-07T16:00"),  # Easter
        ("2026-11-30 10:12", "24 hours", "2026-12-01", "2026-12-01T10:12"),
        ("2026-11-30 16:00", "4 working hours", "2026-12-01", "2026-12-01T12:00"),
        ("2027-01-31 10:00", "1 calendar month", "2027-03-01", "2027-03-01T17:00"),  # 28 February is a Sunday
        ("2028-01-31 10:00", "1 calendar month", "2028-02-29", "2028-02-29T17:00"),  # 29 February
    ],
)
def test_due(arrived: str, duration: str, promised: str, due: str) -> None:
    """D68 and design.md, "The life of a promise": the date told, and the instant, UTC."""
    day, instant = ENGLAND.due(moment(arrived), Duration.parse(duration))

    assert day == date.fromisoformat(promised)
    assert instant == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_cut_off() -> None:
    """domain.md §7: later than the cut-off of a working day counts as the next one."""
    day = Duration.parse("1 working day")

    assert ENGLAND.due(moment("2026-11-30 14:59"), day, time(15))[0] == date(2026, 12, 1)
    assert ENGLAND.due(moment("2026-11-30 15:00"), day, time(15))[0] == date(2026, 12, 2)
    assert ENGLAND.due(moment("2026-11-28 15:00"), day, time(15))[0] == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("nation", "day", "free"),
    [
        ("GB-ENG", date(2026, 12, 28), True),
        ("GB-SCT", date(2026, 1, 2), True),
        ("GB-ENG", date(2026, 1, 2), False),
        ("GB-SCT", date(2026, 4, 6), False),
        ("GB-ENG", date(2026, 4, 6), True),
        ("GB-SCT", date(2026, 8, 3), True),
        ("GB-NIR", date(2026, 7, 13), True),
        ("GB-NIR", date(2026, 3, 17), True),
        ("GB-WLS", date(2026, 8, 31), True),
        ("GB-SCT", date(2026, 11, 30), True),
    ],
)
def test_bank_holidays(nation: str, day: date, free: bool) -> None:
    """The four nations differ."""
    assert (day in bank_holidays(nation, day.year)) is free


@pytest.mark.parametrize(
    "text",
    [
        "Mon-Fri",
        "Xyz 09:00-17:00",
        "Mon 17:00-09:00",
        "Mon 09:00-12:00, 11:00-13:00",
        "Mon 25:00-26:00",
        "",
        "Mon 9-17",
        "Mon-Fri 09:00",
    ],
)
def test_working_hours_that_make_no_sense(text: str) -> None:
    """P10: each with its own sentence."""
    with pytest.raises(ValueError, match='"'):
        Week.parse(text)


@pytest.mark.parametrize("text", ["", "5", "five days", "5 fortnights", "-1 day", "5 working", "1e3 s"])
def test_durations_that_make_no_sense(text: str) -> None:
    """P10: the sentence says what is allowed."""
    with pytest.raises(ValueError, match="is not a duration"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("200 ms", 0.2),
        ("30 s", 30),
        ("10 minutes", 600),
        ("24 hours", 86_400),
        ("90 days", 90 * 86_400),
        ("1 day", 86_400),
        ("24 months", 24 * 30 * 86_400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """design.md §7: every unit of the contract."""
    assert Duration.parse(text).seconds == seconds

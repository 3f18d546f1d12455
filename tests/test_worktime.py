"""Working time: literal dates, one line each (domain.md §7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from holidays import country_holidays

from ackbot.casework.bank_holidays import NATIONS, bank_holidays
from ackbot.casework.worktime import Calendar, Duration, Week

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
    """P10: each mistake in the hours has its own sentence."""
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


def test_hours_that_end_at_closing_time_end_that_day() -> None:
    """P9: a whole day's hours from its opening are over when it closes, not when the next day opens."""
    assert ENGLAND.add_hours(moment("2026-11-30 09:00"), 8) == moment("2026-11-30 17:00")
    assert ENGLAND.add_hours(moment("2026-11-30 16:00"), 1) == moment("2026-11-30 17:00")
    assert ENGLAND.add_hours(moment("2026-12-04 09:00"), 16) == moment("2026-12-07 17:00")


def test_extra_days_are_worked() -> None:
    """P9, `extra_days`: a Saturday, a bank holiday and a closed day that are worked all the same, with the week's first hours."""
    saturday, boxing_day, closed = date(2026, 12, 5), date(2026, 12, 26), date(2026, 12, 28)
    worked = replace(ENGLAND, extra=frozenset({saturday, boxing_day, closed}), _known={})

    assert [worked.is_working_day(one) for one in (saturday, boxing_day, closed)] == [True] * 3
    assert not any(ENGLAND.is_working_day(one) for one in (saturday, boxing_day, closed))
    assert worked.add_days(date(2026, 12, 4), 1) == saturday
    assert worked.end_of(saturday) == moment("2026-12-05 17:00")


def test_a_day_with_a_lunch_break() -> None:
    """D64: a day ends with its last hours; at closing time it is closed, and opens again after the break."""
    broken = replace(ENGLAND, week=Week.parse("Mon-Fri 09:00-12:30, 13:00-17:00"), _known={})
    monday = date(2026, 11, 30)

    assert broken.end_of(monday) == moment("2026-11-30 17:00")
    assert not broken.is_open(moment("2026-11-30 12:30"))
    assert broken.is_open(moment("2026-11-30 13:00"))
    assert not broken.is_open(moment("2026-11-30 17:00"))
    assert broken.next_open(moment("2026-11-30 12:30")) == moment("2026-11-30 13:00")
    assert broken.next_open(moment("2026-11-30 17:00")) == moment("2026-12-01 09:00")


@pytest.mark.parametrize("nation", NATIONS)
def test_bank_holidays_are_those_of_the_library_until_2100(nation: str) -> None:
    """The library knows every country and costs each process 9 MB, so it is asked here and not there."""
    for year in range(2007, 2101):
        theirs = country_holidays("GB", subdiv=nation.removeprefix("GB-"), years=year, observed=True, language="en_GB")
        assert bank_holidays(nation, year) == frozenset(theirs), year


def test_every_nation_named_has_its_bank_holidays() -> None:
    """D67: the FOI calendar skips those of all four nations, St Andrew's Day and the Twelfth of July among them."""
    all_four = replace(ENGLAND, nations=("GB-ENG", "GB-WLS", "GB-SCT", "GB-NIR"), _known={})
    st_andrew, the_twelfth = date(2026, 11, 30), date(2027, 7, 12)

    assert [ENGLAND.is_working_day(one) for one in (st_andrew, the_twelfth)] == [True, True]
    assert [all_four.is_working_day(one) for one in (st_andrew, the_twelfth)] == [False, False]

"""
The bank holidays of the four nations of the United Kingdom, by law, with the days that were moved or added since 2007.

A library of all countries' holidays would cost each process 9 MB and 50 ms. The tests compare these rules with it up to 2100.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

NATIONS = ("GB-ENG", "GB-WLS", "GB-SCT", "GB-NIR")

# Royal proclamations moved the spring or May holiday of some years, and added days in others.
_MOVED = {
    date(2012, 5, 28): date(2012, 6, 4),
    date(2020, 5, 4): date(2020, 5, 8),
    date(2022, 5, 30): date(2022, 6, 2),
}
_ADDED = {
    date(2011, 4, 29): NATIONS,  # a royal wedding
    date(2012, 6, 5): NATIONS,  # Diamond Jubilee
    date(2022, 6, 3): NATIONS,  # Platinum Jubilee
    date(2022, 9, 19): NATIONS,  # the Queen's funeral
    date(2023, 5, 8): NATIONS,  # the King's coronation
    date(2026, 6, 15): ("GB-SCT",),  # the World Cup
}
_MONDAY = 0
_SATURDAY = 5


@lru_cache(maxsize=64)
def bank_holidays(nation: str, year: int) -> frozenset[date]:
    """
    A nation's bank holidays of one year, including the weekdays that replace holidays at a weekend.

    Args:
        nation: one of NATIONS; "" for no holidays.
        year: 2007 or later.
    """
    if not nation:
        return frozenset()
    days = set(_fixed(nation, year))
    for day in sorted(days):  # the order matters: Christmas Day takes its substitute before Boxing Day
        if day.weekday() >= _SATURDAY:
            days.add(_substitute(day, days))
    days.update(_MOVED.get(day, day) for day in _movable(nation, year))
    days.update(day for day, nations in _ADDED.items() if day.year == year and nation in nations)
    return frozenset(days)


def _fixed(nation: str, year: int) -> Iterator[date]:
    """The holidays with a fixed date. At a weekend they are replaced by a weekday."""
    yield date(year, 1, 1)
    yield date(year, 12, 25)
    yield date(year, 12, 26)
    if nation == "GB-SCT":
        yield date(year, 1, 2)
        yield date(year, 11, 30)  # St Andrew's Day Bank Holiday (Scotland) Act 2007
    if nation == "GB-NIR":
        yield date(year, 3, 17)
        yield date(year, 7, 12)


def _movable(nation: str, year: int) -> Iterator[date]:
    """The holidays that always fall on the same weekday."""
    sunday = easter(year)
    yield sunday - timedelta(days=2)
    if nation != "GB-SCT":
        yield sunday + timedelta(days=1)
    yield _first_monday(year, 5)
    yield _first_monday(year, 6) - timedelta(days=7)  # the last of May
    yield _first_monday(year, 8) if nation == "GB-SCT" else _first_monday(year, 9) - timedelta(days=7)


def _first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(_MONDAY - first.weekday()) % 7)


def _substitute(day: date, taken: set[date]) -> date:
    """The first weekday from `day` on that is not a bank holiday already."""
    while day in taken or day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day

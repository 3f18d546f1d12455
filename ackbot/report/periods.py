"""The spans of time that a report is about: quarters of the financial year, the year to date, and whatever an admin names."""

from dataclasses import dataclass
from datetime import date, timedelta

_APRIL = 4  # the first month of the financial year of councils


@dataclass(frozen=True, slots=True)
class Period:
    """A span of the council's local days, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def financial_year(day: date) -> Period:
    """The financial year of a day: April to March."""
    year = day.year if day.month >= _APRIL else day.year - 1
    return Period(date(year, _APRIL, 1), date(year + 1, _APRIL, 1) - timedelta(days=1))


def quarter(day: date) -> Period:
    """The quarter of a day; April to June is the first one (domain.md §11)."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return Period(first, _months_later(first, 3) - timedelta(days=1))


def number(one: Period) -> int:
    """Which quarter of its financial year it is, from 1."""
    return (one.first.month - _APRIL) % 12 // 3 + 1


def before(one: Period) -> Period:
    """The quarter before a quarter."""
    return quarter(one.first - timedelta(days=1))


def year_to(day: date) -> Period:
    """The financial year up to that day."""
    return Period(financial_year(day).first, day)


def quarters(day: date) -> tuple[Period, ...]:
    """The quarters of the financial year up to that day, the last one perhaps unfinished; first the one before them."""
    start = financial_year(day).first
    found = [before(quarter(start))]
    while start <= day:
        whole = quarter(start)
        found.append(Period(whole.first, min(whole.last, day)))
        start = whole.last + timedelta(days=1)
    return tuple(found)


def months(day: date, count: int) -> Period:
    """The whole months, so many, before the month of that day."""
    first = day.replace(day=1)
    return Period(_months_later(first, -count), first - timedelta(days=1))


def _months_later(first: date, count: int) -> date:
    month = first.year * 12 + first.month - 1 + count
    return date(month // 12, month % 12 + 1, 1)

"""The words of a report, from templates/report/words.toml: labels, dates, times and shares as people read them."""

import tomllib
from datetime import date
from functools import cache
from typing import Any

from ackbot import resources
from ackbot.report import periods
from ackbot.report.figures import ALL, COUNT, Figure, Line, Report
from ackbot.report.periods import Period

_MONTHS = 12


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((resources.templates() / "report" / "words.toml").read_text(encoding="utf-8"))


def word(*names: str, **values: object) -> str:
    """A phrase by the names of its tables and its key, with its values filled in."""
    found: Any = _words()
    for name in names:
        found = found[name]
    return str(found).format_map(values)


def day(on: date) -> str:
    """A date as `30 November 2026`."""
    return f"{on.day} {on:%B %Y}"


def days(period: Period) -> str:
    """A span of days as `1 October 2026 to 31 December 2026`."""
    return word("span", first=day(period.first), last=day(period.last))


def quarter(one: Period) -> str:
    """A quarter with its number, and with its months if it is whole."""
    whole = one == periods.quarter(one.first)
    months = word("span", first=f"{one.first:%B}", last=f"{one.last:%B %Y}")
    return word("quarter", number=periods.number(one), span=months if whole else days(one))


def time(seconds: float | None) -> str:
    """A time in its two biggest units, as `2 days 3 hours`; in one if it is short; "" for none."""
    if seconds is None:
        return ""
    for size, below, name, smaller in ((86_400, 3_600, "day", "hour"), (3_600, 60, "hour", "minute")):
        if seconds >= size:
            whole, rest = divmod(round(seconds / below), size // below)
            return " ".join(_unit(n, unit) for n, unit in ((whole, name), (rest, smaller)) if n)
    return _unit(round(seconds / 60), "minute") if seconds >= 60 else _unit(max(1, round(seconds)), "second")


def _unit(n: int, name: str) -> str:
    return word("units", f"one_{name}") if n == 1 else word("units", name, n=n)


def name_of(line: Line, report: Report) -> str:
    """What a row is called."""
    if line.period is not None:
        return quarter(line.period) if line.dimension == "quarter" else word(line.dimension or "span", **_span(line))
    if line.dimension in ("person", "load-person") and line.name != ALL:
        return report.people.get(line.name, line.name) or word("nobody")
    known = _words()["names"].get(line.dimension, {})
    if line.name in known:
        return str(known[line.name])
    if line.dimension == "statement" and not line.name:
        return word("no_statement")
    return line.name or word("no_team")


def _span(line: Line) -> dict[str, str]:
    assert line.period is not None  # noqa: S101 - for the type checker; the caller asked
    return {"span": days(line.period), "first": day(line.period.first), "last": day(line.period.last)}


def shown(measure: str, figure: Figure | None) -> str:
    """A number as a cell of a table shows it: a count, or a share with its counts beside it."""
    if figure is None:
        return word("hidden")
    if measure in ("letters", COUNT, "open", "good", "fair", "poor"):
        return str(figure.count)
    if figure.percent is None:
        return word("none")
    return word("share", percent=figure.percent, count=figure.count, of=figure.of)

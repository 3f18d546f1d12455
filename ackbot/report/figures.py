"""
The figures of a report: counted from matters, by service, team, way in, quarter and year to date. Pure functions.

A report that may be published hides small groups (`hiding`); one with names, for managers, hides nothing.
"""

import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from ackbot.casework.council import Council
from ackbot.casework.cover import is_present
from ackbot.report import hiding, periods
from ackbot.report.matters import Matter, matters
from ackbot.report.periods import Period

Row = Mapping[str, Any]
ALL = "all"  # the name of the row with everything


@dataclass(frozen=True, slots=True)
class Measure:
    """
    Something that is true of a matter, or not.

    Args:
        name: of its label and its definition in templates/report/words.toml.
        holds: whether it is true; None if the matter does not count for it.
        took: how long it took, in seconds; None if it is not a matter of time.
    """

    name: str
    holds: Callable[[Matter], bool | None]
    took: Callable[[Matter], float | None] | None = None


def _since(one: Matter, at: datetime | None) -> float | None:
    return max(0.0, (at - one.opened_at).total_seconds()) if at else None


LETTERS = Measure("letters", lambda _: True)
# In the order in which a page shows them; the first ones stay longest when numbers have to be hidden.
MEASURES: tuple[Measure, ...] = (
    LETTERS,
    Measure("acknowledged", lambda one: one.acknowledged_at is not None, lambda one: _since(one, one.acknowledged_at)),
    Measure("named", lambda one: one.named_in_time, lambda one: _since(one, one.named_at)),
    Measure("words", lambda one: one.words_at is not None, lambda one: _since(one, one.words_at)),
    Measure("answered", lambda one: one.answered_in_time),
    Measure("never", lambda one: one.never),
    Measure("again", lambda one: one.again > 0),
    Measure("handed", lambda one: one.handovers > 0),
    Measure("reopened", lambda one: one.reopened > 0 if one.answered else None),
    Measure(
        "urgent",
        lambda one: one.minutes_to_take is not None if one.urgent else None,
        lambda one: None if one.minutes_to_take is None else one.minutes_to_take * 60,
    ),
)
# Counts of other things than matters, by the name of their table: the rows of each, in order.
ENDINGS = ("kept", "replaced", "withheld", "silent", "running")
NO_NEWS = ("first", "second", "third")
SCORES = ("good", "fair", "poor")
COUNT = "count"
_RANKS = ("", "year", "quarter", "service", "way", "team", "language", "person")


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One number of a report.

    Args:
        count, of: how many, and of how many.
        median_s, p90_s: of the time that it took, in seconds; None if there is none, or if fewer than five are on one side.
    """

    count: int
    of: int
    median_s: float | None = None
    p90_s: float | None = None

    @property
    def percent(self) -> int | None:
        """The share in whole percent, never rounded to all or nothing; None of nothing."""
        if not self.of:
            return None
        exact = 100 * self.count / self.of
        return min(99, max(1, round(exact))) if 0 < self.count < self.of else round(exact)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One row of a table.

    Args:
        dimension: such as "service"; "" for everything in the period.
        name: of the service, team or way; of a quarter its first day.
        figures: by measure; None for one that is hidden. A measure that is not counted here is missing.
    """

    dimension: str
    name: str
    figures: Mapping[str, Figure | None]
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """
    Everything that a report says, before it is written as a page, a table or JSON.

    Args:
        as_of: the instant as of which things stood so.
        service: the only service it is about; "" for all.
        names: it shows people and small groups, and is not to be published.
    """

    council: str
    period: Period
    as_of: datetime
    service: str
    names: bool
    lines: tuple[Line, ...]
    people: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, dimension: str) -> tuple[Line, ...]:
        """The rows of a table."""
        return tuple(one for one in self.lines if one.dimension == dimension)

    def figure(self, dimension: str, name: str, measure: str) -> Figure | None:
        """One number; None if it is hidden or not there."""
        return next((one.figures.get(measure) for one in self.of(dimension) if one.name == name), None)


def span(period: Period) -> Period:
    """The days of which rows are needed for a report of that period."""
    first = periods.quarters(period.last)[0].first
    return Period(min(first, period.first), period.last)


def default_period(today: date) -> Period:
    """The present quarter up to today."""
    return Period(periods.quarter(today).first, today)


def report(
    rows: Mapping[str, Sequence[Row]],
    load: Sequence[Row],
    council: Council,
    period: Period,
    now: datetime,
    *,
    service: str = "",
    names: bool = False,
    teams: Sequence[str] = (),
) -> Report:
    """
    Count.

    Args:
        rows: what `store.measures.read` found for the days of `span`.
        load: what `store.measures.load` found.
        council: with the absences that are known as of `now`.
        now: aware; what comes after it is unknown.
        service: count this service only; "" for all.
        names: for managers: with people's names, and nothing hidden.
        teams: count these teams only; () for all.
    """
    found = [
        one for one in matters(rows, council, now) if service in ("", one.service) and (not teams or one.team in teams)
    ]
    inside = [one for one in found if one.opened_on in period]
    waiting = [
        row
        for row in load
        if service in ("", council.inbox_of(row["inbox"]).service) and (not teams or row["team"] in teams)
    ]
    lines = [
        *_of_matters(found, period, names=names),
        *_parted("promise", ENDINGS, [end for one in inside for end in one.promises], names=names),
        *_parted("no-news", NO_NEWS, [NO_NEWS[min(n, 3) - 1] for one in inside for n in one.no_news], names=names),
        *_scores(inside, names=names),
        *_load(waiting, council, now, names=names),
        *_wished(rows["wishes"], period, council, names=names),
    ]
    people = {one.id: one.name for one in council.staff.values()} if names else {}
    return Report(council.name, period, now, service, names, tuple(lines), MappingProxyType(people))


def _of_matters(found: Sequence[Matter], period: Period, *, names: bool) -> list[Line]:
    """The rows of everything that is counted of matters."""
    inside = [one for one in found if one.opened_on in period]
    year = periods.year_to(period.last)
    groups: list[tuple[str, str, Period | None, list[Matter]]] = [("", ALL, period, inside)]
    groups.append(("year", ALL, year, [one for one in found if one.opened_on in year]))
    for quarter in periods.quarters(period.last):
        groups.append(
            ("quarter", quarter.first.isoformat(), quarter, [one for one in found if one.opened_on in quarter])
        )
    by: tuple[tuple[str, Callable[[Matter], str]], ...] = (
        ("service", lambda one: one.service),
        ("team", lambda one: one.team),
        ("way", lambda one: one.way),
        ("language", lambda one: one.language),
        *((("person", lambda one: one.owner),) if names else ()),
    )
    for dimension, key in by:
        parts: dict[str, list[Matter]] = {}
        for one in inside:
            parts.setdefault(key(one), []).append(one)
        groups += [(dimension, name, None, parts[name]) for name in sorted(parts)]
    groups = [one for one in groups if one[3] or one[0] != "quarter"]  # of the time before there was anything to count
    bits = {id(one): number for number, one in enumerate(found)}
    measured = [
        (dimension, name, when, measure, [(one, holds) for one in group if (holds := measure.holds(one)) is not None])
        for dimension, name, when, group in groups
        for measure in (MEASURES if dimension != "language" else (LETTERS,))
    ]
    cells = [
        hiding.Cell(
            row=f"{dimension}:{name}",
            measure=measure.name,
            dimension=dimension,
            sets=(_set(bits[id(one)] for one, _ in some), _set(bits[id(one)] for one, holds in some if holds)),
            rank=(MEASURES.index(measure), _RANKS.index(dimension)),
        )
        for dimension, name, _, measure, some in measured
    ]
    secret = frozenset() if names else hiding.hidden(cells)
    lines: dict[tuple[str, str], Line] = {}
    for dimension, name, when, measure, some in measured:
        figure = None if (f"{dimension}:{name}", measure.name) in secret else _figure(measure, some, names=names)
        line = lines.get((dimension, name))
        figures = {**(line.figures if line else {}), measure.name: figure}
        lines[dimension, name] = Line(dimension, name, figures, when)
    return list(lines.values())


def _set(numbers: Iterable[int]) -> int:
    octets = bytearray()
    for number in numbers:
        if number // 8 >= len(octets):
            octets.extend(bytes(number // 8 + 1 - len(octets)))
        octets[number // 8] |= 1 << number % 8
    return int.from_bytes(octets, "little")


def _figure(measure: Measure, some: Sequence[tuple[Matter, bool]], *, names: bool) -> Figure:
    count = sum(holds for _, holds in some)
    if measure.took is None:
        return Figure(count, len(some))
    times = sorted(took for one, _ in some if (took := measure.took(one)) is not None)
    return Figure(count, len(some), *quantiles(times, names=names))


def quantiles(times: Sequence[float], *, names: bool) -> tuple[float | None, float | None]:
    """
    The median and the 90th percentile (nearest rank) of sorted times.

    In what is published each of them is None unless five are on either side: "a tenth took longer" tells of a group too.
    """
    if not times:
        return None, None
    least = 0 if names else hiding.SMALLEST
    rank = math.ceil(0.9 * len(times))
    median = statistics.median(times) if len(times) // 2 >= least else None
    return median, times[rank - 1] if len(times) - rank >= least else None


def _parted(dimension: str, parts: Sequence[str], each: Sequence[str], *, names: bool) -> list[Line]:
    """A table of what each of several things was: a row for all, and one for each part. No parts are left out."""
    rows: list[tuple[str, list[int]]] = [(ALL, list(range(len(each))))]
    rows += [(part, [number for number, one in enumerate(each) if one == part]) for part in parts]
    cells = [
        hiding.Cell(name, COUNT, "" if name == ALL else dimension, (_set(some),), (int(name != ALL), number))
        for number, (name, some) in enumerate(rows)
    ]
    secret = frozenset() if names else hiding.hidden(cells)
    return [
        Line(dimension, name, {COUNT: None if (name, COUNT) in secret else Figure(len(some), len(each))})
        for name, some in rows
    ]


def _scores(inside: Sequence[Matter], *, names: bool) -> list[Line]:
    """What residents thought, by the statement that they were asked about: how many agree, are in between, disagree."""
    by_statement: dict[str, list[str]] = {}
    for one in inside:
        for statement, score in one.scores:
            by_statement.setdefault(statement, []).append("good" if score >= 4 else "fair" if score == 3 else "poor")
    lines = []
    for statement in sorted(by_statement):
        parts = _parted("", SCORES, by_statement[statement], names=names)[1:]
        lines.append(
            Line("statement", statement, {part.name: part.figures[COUNT] for part in parts}),
        )
    return lines


def _load(waiting: Sequence[Row], council: Council, now: datetime, *, names: bool) -> list[Line]:
    """How many matters wait for us now, how many are late, and how many have nobody who is here."""

    def uncovered(row: Row) -> bool:
        return not is_present(council, row["cover"] or row["owner"], now)

    by = {"load": "team", **({"load-person": "owner"} if names else {})}
    lines: list[Line] = []
    for dimension, key in by.items():
        rows: dict[str, list[int]] = {ALL: list(range(len(waiting)))}
        for number, row in enumerate(waiting):
            rows.setdefault(row[key], []).append(number)
        late = {number for number, row in enumerate(waiting) if row["late_since"]}
        bare = {number for number, row in enumerate(waiting) if uncovered(row)}
        columns = {"open": set(range(len(waiting))), "late": late, "uncovered": bare}
        cells = [
            hiding.Cell(
                name,
                column,
                "" if name == ALL else dimension,
                (_set(some), _set(number for number in some if number in members)),
                (rank, int(name != ALL)),
            )
            for name, some in rows.items()
            for rank, (column, members) in enumerate(columns.items())
        ]
        secret = frozenset() if names else hiding.hidden(cells)
        for name in (ALL, *sorted(set(rows) - {ALL})):
            some = rows[name]
            figures = {
                column: None
                if (name, column) in secret
                else Figure(sum(number in members for number in some), len(some))
                for column, members in columns.items()
            }
            lines.append(Line(dimension, name, figures))
    return lines


def _wished(wishes: Sequence[Row], period: Period, council: Council, *, names: bool) -> list[Line]:
    """How often residents asked for a format or a language in that time."""
    asked: Counter[str] = Counter()
    for row in wishes:
        data = json.loads(row["data"])
        on = council.calendar.local_day(datetime.fromisoformat(row["at"]))
        if data.get("what") in ("formats", "language") and data.get("value") and on in period:
            asked.update(part.strip() for part in data["value"].split(","))
    small = hiding.SMALLEST
    return [
        Line("wish", name, {COUNT: Figure(count, count) if names or count >= small else None})
        for name, count in sorted(asked.items())
    ]


def bounds(period: Period, council: Council) -> tuple[datetime, datetime]:
    """The first instant of a period, and the first one after it, in UTC."""
    zone = council.calendar.timezone
    first = datetime.combine(period.first, time.min, zone)
    after = datetime.combine(period.last + timedelta(days=1), time.min, zone)
    return first.astimezone(UTC), after.astimezone(UTC)

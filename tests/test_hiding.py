"""No published number, nor a difference of two, tells of a group of one to four (domain.md §11)."""

import csv
import io
import itertools
import random
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ackbot.casework.council import Council
from ackbot.config import load
from ackbot.report import figures, hiding, tables
from ackbot.report.figures import MEASURES
from ackbot.report.hiding import Cell
from ackbot.report.matters import matters
from ackbot.report.periods import Period
from tests.support import measured
from tests.support.council import write_config

PERIOD = Period(date(2026, 10, 1), date(2026, 12, 31))
DIMENSIONS = ("", "service", "team", "way")


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Council:
    """The test council."""
    return load(write_config(tmp_path_factory.mktemp("council")), rehearsal=True).council


def small(members: frozenset[int]) -> bool:
    return 0 < len(members) < 5


def revealed(told: list[frozenset[int]]) -> list[frozenset[int]]:
    """Small groups that one of these sets is, or by which one is bigger than another inside it."""
    found = [one for one in told if small(one)]
    by_size: dict[int, list[frozenset[int]]] = {}
    for one in set(told):
        by_size.setdefault(len(one), []).append(one)
    for size, some in by_size.items():
        for more in range(1, 5):
            found += [big - one for one in some for big in by_size.get(size + more, []) if size and one < big]
    return found[:2]  # whoever reads of a failure needs no more


def left_over(rows: dict[tuple[str, str, str], tuple[frozenset[int], ...]]) -> Iterator[frozenset[int]]:
    """What a group has beside the shown rows of another dimension that lie in it, measure by measure."""
    for (dimension, _, measure), whole in rows.items():
        for other in {name for name, _, _ in rows} - {dimension}:
            parts = [
                sets
                for (name, _, column), sets in rows.items()
                if (name, column) == (other, measure) and sets[0] <= whole[0]
            ]
            for number in range(2):
                yield whole[number].difference(*(sets[number] for sets in parts))


@st.composite
def councils(draw: st.DrawFn) -> list[Cell]:
    """The cells of a council with some services, teams and ways, of some size, where some things are rare."""
    dice = random.Random(draw(st.integers(0, 10**9)))
    size = draw(st.integers(0, 160))
    groups = {name: draw(st.integers(1, 4)) for name in DIMENSIONS[1:]}
    rare = [draw(st.sampled_from((0.02, 0.1, 0.5, 0.97))) for _ in range(4)]
    of = {name: [min(int(dice.expovariate(1)), count - 1) for _ in range(size)] for name, count in groups.items()}
    if draw(st.booleans()):
        of["team"] = of["service"]
    counted = [[dice.random() < 0.9 for _ in range(size)] for _ in rare]
    holds = [[dice.random() < share for _ in range(size)] for share in rare]
    cells = []
    for rank, dimension in enumerate(DIMENSIONS):
        for group in range(groups.get(dimension, 1)):
            inside = [n for n in range(size) if not dimension or of[dimension][n] == group]
            cells.append(cell(dimension, group, "letters", inside, inside, (0, rank)))
            for number in range(4):
                some = [n for n in inside if counted[number][n]]
                true = [n for n in some if holds[number][n]]
                cells.append(cell(dimension, group, f"m{number}", some, true, (number + 1, rank)))
    return cells


def cell(dimension: str, group: int, measure: str, of: list[int], true: list[int], rank: tuple[int, int]) -> Cell:
    sets = tuple(sum(1 << n for n in some) for some in (of, true))
    return Cell(f"{dimension}:{group}", measure, dimension, sets, rank)


def members(bits: int) -> frozenset[int]:
    return frozenset(n for n in range(bits.bit_length()) if bits >> n & 1)


@settings(max_examples=150, deadline=None)
@given(councils())
def test_no_cell_and_no_difference_reveals_a_small_group(cells: list[Cell]) -> None:
    """Whatever the council: each published set, each difference of two, and each group without its shown parts is none or five."""
    secret = hiding.hidden(cells)
    shown = {
        (one.dimension, one.row, one.measure): tuple(map(members, one.sets))
        for one in cells
        if (one.row, one.measure) not in secret
    }
    told = [one for sets in shown.values() for one in sets]
    left = [one for one in left_over(shown) if one]

    assert revealed(told) == []
    assert not any(map(small, left))
    assert revealed([*told, *left]) == []


@pytest.mark.parametrize("count", [8, 40, 300])
@pytest.mark.parametrize("seed", range(6))
def test_a_whole_report(council: Council, seed: int, count: int) -> None:
    """The same of the numbers in the CSV, against what the matters are: the letters, measures, quarters and all dimensions."""
    rows = measured.rows(count, seed)
    report = figures.report(rows, measured.load(rows), council, PERIOD, measured.NOW)
    found = matters(rows, council, measured.NOW)
    keys = {
        "service": lambda one: one.service, "team": lambda one: one.team, "way": lambda one: one.way, "language": lambda one: one.language,
    }  # fmt: skip
    shown: dict[tuple[str, str, str], tuple[frozenset[int], ...]] = {}
    for line in csv.DictReader(io.StringIO(tables.as_csv(report))):
        measure = next((one for one in MEASURES if one.name == line["measure"]), None)
        if measure is None or line["count"] == "hidden":
            continue
        period = (
            next(one.period for one in report.of(line["dimension"].replace("all", "")) if one.name == line["name"])
            or PERIOD
        )
        key = keys.get(line["dimension"])
        inside = {
            n: one for n, one in enumerate(found) if one.opened_on in period and (not key or key(one) == line["name"])
        }
        of = frozenset(n for n, one in inside.items() if measure.holds(one) is not None)
        true = frozenset(n for n in of if measure.holds(inside[n]))
        assert (int(line["count"]), int(line["of"])) == (len(true), len(of))
        shown[line["dimension"], line["name"], line["measure"]] = (of, true)
    left = [one for one in left_over(shown) if one]

    assert revealed([*itertools.chain(*shown.values()), *left]) == []
    assert count < 300 or len(shown) > 30  # and it is of use


def test_nothing_is_hidden_without_a_reason() -> None:
    """Groups of five and more whose parts are as big stay."""
    cells = [cell(name, group, "letters", some, some, (0, int(bool(name)))) for name, group, some in (
        ("", 0, list(range(20))), ("team", 0, list(range(12))), ("team", 1, list(range(12, 20))),
    )]  # fmt: skip

    assert hiding.hidden(cells) == frozenset()


def test_a_small_group_takes_another_with_it() -> None:
    """Three of one team, and the smallest of the others, so that nothing can be subtracted."""
    cells = [cell(name, group, "letters", some, some, (0, int(bool(name)))) for name, group, some in (
        ("", 0, list(range(40))), ("team", 0, list(range(3))), ("team", 1, list(range(3, 10))), ("team", 2, list(range(10, 40))),
    )]  # fmt: skip

    assert hiding.hidden(cells) == {("team:0", "letters"), ("team:1", "letters")}


def test_counts_that_are_parts_of_one(council: Council) -> None:
    """Promised dates, mails without news, answers and what waits: no part of one to four, and none that is the rest."""
    for seed in range(8):
        rows = measured.rows(120, seed)
        report = figures.report(rows, measured.load(rows), council, PERIOD, measured.NOW)
        for dimension in ("promise", "no-news"):
            lines = {one.name: one.figures["count"] for one in report.of(dimension)}
            told = {name: one.count for name, one in lines.items() if one and name != "all"}
            whole = lines["all"]
            assert not [n for n in told.values() if 0 < n < 5]
            assert whole is None or whole.count == sum(told.values()) or whole.count - sum(told.values()) >= 5
        for line in report.of("statement"):
            assert not [one.count for one in line.figures.values() if one and 0 < one.count < 5]

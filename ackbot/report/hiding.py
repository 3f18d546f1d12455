"""
Which numbers a published page must not show: those that would tell of a group of fewer than five, alone or by subtraction.

A number counts the members of a set, which is an integer with a bit for each member. Sets of several pages are not compared:
whoever publishes two reports whose spans differ by a day publishes that day.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

SMALLEST = 5  # members of a group that may be told of; 0 may be told too, because nobody is in it


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One cell of a table, shown or hidden as a whole.

    Args:
        row, measure: what it is called; together they are unique.
        dimension: rows of one dimension have no member in common.
        sets: what it counts: the group, and those of it to whom the measure applies.
        rank: of two cells that may not both be shown, the one with the higher rank is hidden.
    """

    row: str
    measure: str
    dimension: str
    sets: tuple[int, ...]
    rank: tuple[int, int]

    @property
    def size(self) -> int:
        """How many members the group has."""
        return self.sets[0].bit_count()


@dataclass(frozen=True, slots=True)
class _Known:
    """A set whose size a reader knows, and the cells that would have to be hidden to keep it from them."""

    members: int
    size: int
    told_by: tuple[Cell, ...]


def hidden(cells: Sequence[Cell]) -> frozenset[tuple[str, str]]:
    """
    The (row, measure) of every cell that must be hidden.

    No set that is shown, nor what is left of a group without the shown rows of another dimension, has one to four members; nor
    do two of these sets differ by so few of which one holds the other.
    """
    shown = {
        (one.row, one.measure): one for one in cells if not any(_small(members.bit_count()) for members in one.sets)
    }
    while True:
        known = _known(tuple(shown.values()))
        to_hide = _alone(known) or _apart(known)
        found = {(one.row, one.measure) for one in to_hide}
        if not found:
            return frozenset((one.row, one.measure) for one in cells if (one.row, one.measure) not in shown)
        for name in found:
            del shown[name]


def _small(size: int) -> bool:
    return 0 < size < SMALLEST


def _known(shown: Sequence[Cell]) -> list[_Known]:
    """Every set whose size can be read or reckoned from these cells."""
    found = [_Known(members, members.bit_count(), (one,)) for one in shown for members in one.sets]
    for column in _by(shown, "measure").values():
        rows = _by(column, "dimension")
        for whole in column:
            for dimension, others in rows.items():
                if dimension != whole.dimension:
                    found += _left(whole, [one for one in others if not one.sets[0] & ~whole.sets[0]])
    return found


def _left(whole: Cell, parts: Sequence[Cell]) -> list[_Known]:
    """What is left of a group without its parts that are shown."""
    if not parts:
        return []
    # Hiding the smallest part that has members makes what is left bigger; hiding the whole is the last resort.
    told_by = (min((one for one in parts if one.size), key=lambda one: (one.size, one.rank), default=whole),)
    found = []
    for number, members in enumerate(whole.sets):
        left = members
        for one in parts:
            left &= ~one.sets[number]
        if left != members:
            found.append(_Known(left, left.bit_count(), told_by))
    return found


def _by(cells: Sequence[Cell], name: str) -> Mapping[str, list[Cell]]:
    ordered = sorted(cells, key=lambda one: str(getattr(one, name)))
    return {str(key): list(some) for key, some in groupby(ordered, key=lambda one: getattr(one, name))}


def _alone(known: Sequence[_Known]) -> list[Cell]:
    """Cells to hide because what is left beside them is a small group."""
    found = [one.told_by[0] for one in known if _small(one.size)]
    return _one_each(found)


def _apart(known: Sequence[_Known]) -> list[Cell]:
    """Cells to hide because two sets differ by a small group."""
    by_members: dict[int, _Known] = {}
    for one in known:  # of several ways to know a set, the one that stays longest decides which of two sets is given up
        kept = by_members.get(one.members)
        if kept is None or _rank(one) < _rank(kept):
            by_members[one.members] = one
    ordered = sorted(by_members.values(), key=lambda one: one.size)
    sizes = [one.size for one in ordered]
    found: list[Cell] = []
    for small in ordered:
        for big in ordered[bisect_left(sizes, small.size + 1) : bisect_left(sizes, small.size + SMALLEST)]:
            if small.size and not small.members & ~big.members:
                found.append(max((small, big), key=_rank).told_by[0])
    return _one_each(found)


def _rank(one: _Known) -> tuple[int, int]:
    return max(cell.rank for cell in one.told_by)


def _one_each(cells: Sequence[Cell]) -> list[Cell]:
    """Of each measure the cell with the highest rank, and of equals the smallest group."""
    best: dict[str, Cell] = {}
    for one in cells:
        kept = best.get(one.measure)
        if kept is None or (one.rank, -one.size) > (kept.rank, -kept.size):
            best[one.measure] = one
    return list(best.values())

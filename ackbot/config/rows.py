"""
People, teams and absences out of CSV files, as personnel systems and spreadsheets write them: a column is a key of the table.

The file's name says the table: staff.csv, teams.csv, absences.csv, and anything behind it, such as staff-2026.csv.
"""

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, get_args, get_origin

from ackbot.config import shape
from ackbot.config.lines import Lines, Location

_TABLES: Mapping[str, type[shape.Table]] = {"staff": shape.Staff, "team": shape.Team, "absence": shape.Absence}
_NAMES = re.compile(r"(staff|teams?|absences?)(?![a-z])", re.IGNORECASE)
_DELIMITERS = ";,\t"
_BETWEEN = re.compile(r"[;,|\n]+")  # of several values in a cell
_TRUTHS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


@dataclass
class Rows:
    """
    The rows of one file.

    Args:
        mistakes: the place in the rows, (table, row) or (table, row, key), and what is wrong there, with how to mend it.
        faults: the same of what belongs to no row, by line.
        unread: columns that no key has, by line; probably what the personnel system keeps besides.
    """

    table: str = ""
    tables: list[dict[str, Any]] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)
    mistakes: list[tuple[Location, str]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)


def read(name: str, content: bytes) -> Rows:
    """
    The rows of a CSV file: UTF-8 or UTF-16 with a byte order mark, UTF-8, or else Windows-1252; commas, semicolons or tabs.

    Args:
        name: of the file, without its folder.
    """
    rows = Rows()
    named = _NAMES.match(name)
    if named is None:
        rows.faults.append((1, "its name does not say what it holds; call it staff.csv, teams.csv or absences.csv"))
        return rows
    rows.table = named[1].lower().removesuffix("s") if named[1].lower() != "staff" else "staff"
    text = _decoded(content)
    records = _records(text, rows)
    head = next(records, None)
    if head is None:
        if not rows.faults:
            rows.faults.append((1, "is empty; its first line names the columns, for example name,email"))
        return rows
    columns = _columns(head[1], rows)
    for line, cells in records:
        if any(cell.strip() for cell in cells):
            _add(rows, line, cells, columns)
    return rows


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _records(text: str, rows: Rows) -> Iterator[tuple[int, list[str]]]:
    """Every record with the number of its first line; quoted cells may have several lines."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", head)
    delimiter = max(_DELIMITERS, key=plain.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells and not (line == 1 and cells[0].lower().startswith("sep=")):  # Excel's own hint
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        rows.faults.append(
            (line, "the quotes of this row do not fit; close each one, and write a quote within a cell twice")
        )


def _columns(head: list[str], rows: Rows) -> list[str]:
    """The key of each column; "" for one that is not read."""
    known = shape.keys(_TABLES[rows.table])
    columns: list[str] = []
    for number, cell in enumerate(head):
        name = re.sub(r"[\s-]+", "_", cell.strip().lower())
        if name in known and name in columns:
            rows.faults.append((1, f'column {_letter(number)} is "{name}" once more; keep one of them'))
            name = ""
        elif name and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
            if near:
                rows.faults.append(
                    (1, f'column {_letter(number)} "{cell.strip()}" is not a key; did you mean "{near[0]}"?')
                )
            else:
                what = f'column {_letter(number)} "{cell.strip()}" is not read; remove it, or choose from: {", ".join(known)}'
                rows.unread.append((1, what))
            name = ""
        columns.append(name)
    return columns


def _add(rows: Rows, line: int, cells: list[str], columns: list[str]) -> None:
    index = len(rows.tables)
    rows.lines.of[(rows.table, index)] = line
    table: dict[str, Any] = {}
    if any(cell.strip() for cell in cells[len(columns) :]):
        what = (
            f"the row has more cells than the first line has names; put a cell with {_DELIMITERS[:2]} in it into quotes"
        )
        rows.mistakes.append(((rows.table, index), what))
    fields = {one.alias or name: one for name, one in _TABLES[rows.table].model_fields.items()}
    for number, (key, cell) in enumerate(zip(columns, cells, strict=False)):
        if not key or not cell.strip():
            continue
        at: Location = (rows.table, index, key)
        rows.lines.of[at] = line
        rows.lines.columns[at] = _letter(number)
        try:
            table[key] = _value(cell.strip(), fields[key].annotation)
        except ValueError as error:
            rows.mistakes.append((at, str(error)))
            table[key] = cell.strip()
    rows.tables.append(table)


def _value(cell: str, kind: Any) -> Any:
    """A cell as the file would have it. Raises ValueError, with how to mend it."""
    kinds = _parts(kind)
    if get_origin(kind) is list:
        return [one.strip() for one in _BETWEEN.split(cell) if one.strip()]
    if kind is int:
        if not re.fullmatch(r"-?[0-9]{1,9}", cell):
            raise ValueError(f'"{cell}" is not a whole number; write for example 10')
        return int(cell)
    if kind is bool:
        if cell.lower() not in _TRUTHS:
            raise ValueError(f'"{cell}" is neither yes nor no; write one of these')
        return _TRUTHS[cell.lower()]
    if date in kinds or datetime in kinds:
        return _day(cell, with_time=datetime in kinds)
    return cell


def _parts(kind: Any) -> set[Any]:
    """A type and all that it is made of: of `Annotated[date, …] | None` the date too."""
    return {kind if isinstance(kind, type) else None}.union(*(_parts(one) for one in get_args(kind)))


def _day(cell: str, *, with_time: bool) -> date | datetime:
    """A date as ISO 8601 or British spreadsheets write it; midnight counts as no time of day."""
    day, _, clock = re.sub(r"T(?=\d)", " ", cell).partition(" ")
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        for time_form in ("%H:%M", "%H:%M:%S"):
            try:
                moment = datetime.strptime(f"{day} {clock or '00:00'}", f"{form} {time_form}")  # noqa: DTZ007 - the council's zone
            except ValueError:
                continue
            return moment if with_time and moment.time() != datetime.min.time() else moment.date()
    raise ValueError(f'"{cell}" is not a date; write it as 2026-12-28 or 28/12/2026')


def _letter(number: int) -> str:
    """The letter by which a spreadsheet shows a column, counted from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters

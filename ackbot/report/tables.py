"""The report as CSV, JSON and plain text."""

import csv
import io
import json
from typing import Any

from ackbot.report import page, words
from ackbot.report.figures import MEASURES, Figure, Report
from ackbot.report.words import word

_CSV = ("dimension", "name", "measure", "count", "of", "percent", "median_seconds", "p90_seconds")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would reckon


def as_csv(report: Report) -> str:
    """
    One line for each number. A hidden one has "hidden" for its count, and nothing behind it.

    The first line of a report with names says that it is not to be published.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if report.names:
        writer.writerow([word("not_for_publication")])
    writer.writerow(_CSV)
    for line in report.lines:
        for measure, figure in line.figures.items():
            name = f"'{line.name}" if line.name.startswith(_FORMULA) else line.name
            writer.writerow([line.dimension or "all", name, measure, *_cells(figure)])
    return out.getvalue()


def _cells(figure: Figure | None) -> list[object]:
    if figure is None:
        return ["hidden", "", "", "", ""]
    times = ["" if time is None else round(time) for time in (figure.median_s, figure.p90_s)]
    return [figure.count, figure.of, "" if figure.percent is None else figure.percent, *times]


def as_json(report: Report) -> str:
    """One object; a hidden number is null."""
    figures = [
        {
            "dimension": line.dimension or "all",
            "name": line.name,
            "measures": {measure: _object(figure) for measure, figure in line.figures.items()},
        }
        for line in report.lines
    ]
    found = {
        "council": report.council,
        "from": report.period.first.isoformat(),
        "to": report.period.last.isoformat(),
        "as_of": report.as_of.isoformat(),
        "service": report.service,
        "publish": not report.names,
        "definitions": {one.name: word("definitions", one.name) for one in MEASURES},
        "changes": page.changes(report),
        "figures": figures,
    }
    return json.dumps(found, ensure_ascii=False, indent=1)


def _object(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {
        "count": figure.count,
        "of": figure.of,
        "percent": figure.percent,
        "median_seconds": None if figure.median_s is None else round(figure.median_s),
        "p90_seconds": None if figure.p90_s is None else round(figure.p90_s),
    }


def as_text(report: Report) -> str:
    """The same for a terminal: sentences first, then each table with its columns as lines."""
    title = word("title_names" if report.names else "title")
    pieces = [f"{report.council}: {title}", words.days(report.period)]
    if report.names:
        pieces.insert(0, word("not_for_publication"))
    pieces += ["", *in_lines(page.in_short(report)), ""]
    pieces += [page.changes_title(report), *in_lines(page.changes(report))]
    for section in page.sections(report):
        pieces += ["", section.title]
        for name, *cells in section.rows:
            pieces.append(f"  {name}")
            pieces += [
                f"    {column}: {cell}" for column, cell in zip(section.columns, cells, strict=True) if cell != ""
            ]
    if not report.names:
        pieces += ["", word("page", "hidden_text")]
    return "\n".join(pieces)


def in_lines(sentences: list[str]) -> list[str]:
    """Sentences as a list of plain text."""
    return [f"- {one}" for one in sentences]

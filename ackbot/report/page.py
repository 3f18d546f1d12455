"""The report as one page: no script, charts with text alternatives, and the table behind each."""

from collections.abc import Sequence
from dataclasses import dataclass

from ackbot.report import periods, words
from ackbot.report.figures import COUNT, MEASURES, Figure, Line, Report
from ackbot.report.render import render
from ackbot.report.words import word

_MAIN = ("letters", "acknowledged", "named", "words", "answered")
_COMPARED = ("acknowledged", "named", "words", "answered")
_LONGEST_LABEL = 36  # characters above a bar

NOT_FOR_PUBLICATION = "names-not-for-publication"  # stands in the name of every file with names


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its label, its length in percent, and its text; no length if the number is hidden."""

    label: str
    percent: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its title and the sentence that says the same."""

    title: str
    text: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: a chart, if there is one, and its table."""

    id: str
    title: str
    definitions: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chart: Chart | None = None
    first: str = ""  # what the first column is; "" for its usual name


def page(report: Report) -> str:
    """The whole page as HTML."""
    return render(
        "report.html",
        word=word,
        title=word("title_names" if report.names else "title"),
        names=report.names,
        council=report.council,
        intro=word(
            "page",
            "intro",
            council=report.council,
            first=words.day(report.period.first),
            last=words.day(report.period.last),
            as_of=words.day(report.as_of.date()),
            service=word("page", "service", service=report.service) if report.service else "",
        ),
        short=in_short(report),
        changes_title=changes_title(report),
        changes=changes(report),
        sections=sections(report),
        definitions=[(word("columns", one.name), word("definitions", one.name)) for one in MEASURES],
    )


def in_short(report: Report) -> list[str]:
    """The main numbers as sentences; those that are hidden are left out."""
    found = []
    for name in ("letters", "acknowledged", "named", "words", "answered", "never"):
        figure = report.figure("", "all", name)
        if figure is None or not figure.of:
            continue
        found_none = name == "never" and not figure.count
        sentence = word("short", "never_none" if found_none else name, count=figure.count, of=figure.of)
        if figure.median_s is not None and name in ("acknowledged", "words"):
            sentence += " " + word("short", f"{name}_time", median=words.time(figure.median_s))
        found.append(sentence)
    silent = report.figure("promise", "silent", COUNT)
    if silent is not None and silent.of:
        found.append(word("short", "silent" if silent.count else "silent_none", count=silent.count))
    return found


def changes_title(report: Report) -> str:
    """The title over what changed, which names the quarter before."""
    last = periods.before(periods.quarter(report.period.first))
    return word("page", "changes_title", quarter=words.quarter(last))


def changes(report: Report) -> list[str]:
    """What changed from the quarter before to this period, as sentences, where both numbers are shown."""
    before = periods.before(periods.quarter(report.period.first)).first.isoformat()
    found = []
    now, then = report.figure("", "all", "letters"), report.figure("quarter", before, "letters")
    if now is not None and then is not None and then.count:
        found.append(word("changes", "letters", now=now.count, before=then.count))
    for name in _COMPARED:
        now, then = report.figure("", "all", name), report.figure("quarter", before, name)
        if now is None or then is None or now.percent is None or then.percent is None:
            continue
        key = "same" if now.percent == then.percent else "more" if now.percent > then.percent else "less"
        found.append(word("changes", key, what=word("columns", name), now=now.percent, before=then.percent))
        if name == "words" and now.median_s is not None and then.median_s is not None:
            found.append(word("changes", "faster", now=words.time(now.median_s), before=words.time(then.median_s)))
    return found or [word("changes", "nothing")]


def sections(report: Report) -> list[Section]:
    """The parts of the page, in order; parts with nothing to show are left out."""
    found = [_rest(report), *(_by(report, one) for one in ("quarter", "service", "team", "way", "person"))]
    found += [_counts(report, one) for one in ("promise", "no-news")]
    found.append(_table(report, "statement", ("good", "fair", "poor")))
    found += [_table(report, one, ("open", "late", "uncovered")) for one in ("load", "load-person")]
    found += [_table(report, "language", ("letters",)), _counts(report, "wish")]
    return [one for one in found if one.rows]


def _by(report: Report, dimension: str) -> Section:
    """A table with the main numbers, and a chart of what was answered in time where there are several rows."""
    lines = report.of(dimension)
    if dimension == "quarter":
        lines = (*lines, *report.of("year"))
    columns = [word("columns", name) for name in _MAIN]
    columns.insert(_MAIN.index("words") + 1, word("columns", "median"))
    rows = []
    for line in lines:
        cells = [words.shown(name, line.figures[name]) for name in _MAIN]
        cells.insert(_MAIN.index("words") + 1, _time(line.figures["words"]))
        rows.append((words.name_of(line, report), *cells))
    title = word("dimensions", dimension)
    known = [line for line in lines if (figure := line.figures["answered"]) and figure.percent is not None]
    chart = _chart(report, lines, title) if len(lines) > 1 and known else None
    notes = (word("definitions", "year"),) if dimension == "quarter" else ()
    return Section(dimension, title, notes, tuple(columns), tuple(rows), chart)


def _time(figure: Figure | None) -> str:
    if figure is None or (figure.median_s is None and figure.count):
        return word("hidden")
    return words.time(figure.median_s) or word("none")


def _chart(report: Report, lines: Sequence[Line], title: str) -> Chart:
    bars = []
    for line in lines:
        figure, label = line.figures["answered"], words.name_of(line, report)
        short = label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"
        bars.append(Bar(short, figure.percent if figure else None, words.shown("answered", figure)))
    items = "; ".join(word("page", "chart_item", name=bar.label, value=bar.text) for bar in bars)
    name = title[:1].lower() + title[1:]
    return Chart(word("page", "chart", dimension=name), word("page", "chart_text", items=items), tuple(bars))


def _rest(report: Report) -> Section:
    """What else became of the matters: one row for each measure."""
    (line,) = report.of("")
    columns = (word("columns", "count"), word("columns", "median"), word("columns", "p90"))
    rows = []
    for measure in MEASURES:
        figure = line.figures[measure.name]
        times = (_time(figure), _p90(figure)) if measure.took is not None else ("", "")
        rows.append((word("columns", measure.name), words.shown(measure.name, figure), *times))
    return Section("rest", word("columns", "rest"), (), columns, tuple(rows))


def _p90(figure: Figure | None) -> str:
    if figure is None or (figure.p90_s is None and figure.count):
        return word("hidden")
    return words.time(figure.p90_s) or word("none")


def _counts(report: Report, dimension: str) -> Section:
    return _table(report, dimension, (COUNT,))


def _table(report: Report, dimension: str, names: tuple[str, ...]) -> Section:
    lines = report.of(dimension)
    if dimension in ("no-news", "promise") and lines and _empty(lines[0]):
        lines = ()
    rows = [(words.name_of(one, report), *(words.shown(name, one.figures[name]) for name in names)) for one in lines]
    columns = tuple(word("columns", name) for name in names)
    note = (word("definitions", dimension.removesuffix("-person")),)
    return Section(dimension, word("dimensions", dimension), note, columns, tuple(rows))


def _empty(line: Line) -> bool:
    figure = line.figures[COUNT]
    return figure is not None and not figure.of

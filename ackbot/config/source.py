"""Reads and merges the file and its includes, and keeps the line of every key and the mistakes that were found."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ackbot import not_toml
from ackbot.config import rows
from ackbot.config.lines import Lines, Location, scan
from ackbot.errors import AckbotError


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in the file; with `warning`, a setting that is probably a mistake. `line` counts from 1."""

    file: str
    line: int
    key: str
    what: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {'warning: ' if self.warning else ''}{self.what}"


class ConfigProblem(AckbotError):
    """ackbot cannot start with this configuration; every mistake is in `findings`."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(one) for one in findings))
        self.findings = tuple(findings)


@dataclass
class Source:
    """
    The file and its includes as read: the merged tables, and where each of them came from.

    Args:
        contents: what each file had when it was read, the file itself first.
        whole: every file was read. If not, a name that seems unknown may be in a file that was not read.
        guessed: stand-ins replace keys that did not fit. There are no warnings until the keys are right.
        uncertain: kinds of table, such as "staff", with an entry that has no usable name. An unknown name may mean that one.
    """

    path: Path
    data: dict[str, Any]
    contents: dict[Path, bytes] = field(default_factory=dict)
    origins: dict[Location, tuple[str, Lines, Location]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    whole: bool = True
    guessed: bool = False
    uncertain: set[str] = field(default_factory=set)
    _mistaken: list[Location] = field(default_factory=list)
    _said: set[tuple[Location, bool]] = field(default_factory=set)

    def finding(self, location: Location, what: str, *, warning: bool = False) -> None:
        """Add a mistake or warning at a location in the merged tables, unless a mistake is known there or above it."""
        if any(location[: len(one)] == one for one in self._mistaken) or (location, warning) in self._said:
            return
        if warning and self.guessed:
            return
        self._said.add((location, warning))
        if not warning:
            self._mistaken.append(location)
        file, line = self.place(location)
        what = f"{self._column(location)}{what}"
        key = ".".join(str(part) for part in location if not isinstance(part, int))
        self.findings.append(Finding(file, line, key, what, warning))

    def place(self, location: Location) -> tuple[str, int]:
        """The file and line of a location in the merged tables."""
        file, lines, own = self._origin(location)
        return file, lines.find(own)

    def _column(self, location: Location) -> str:
        """ "column C: " of a value in a CSV file; "" elsewhere."""
        _, lines, own = self._origin(location)
        column = lines.columns.get(own[:3])
        return f"column {column}: " if column else ""

    def _origin(self, location: Location) -> tuple[str, Lines, Location]:
        for length in (2, 1):
            if origin := self.origins.get(location[:length]):
                file, lines, own = origin
                return file, lines, own + location[length:]
        file, lines, _ = self.origins[()]
        return file, lines, location

    def resolved(self, path: str) -> Path:
        """A path that the file names. A relative path starts from the folder of the file."""
        return (
            self.path.parent / path.replace("\0", "\N{REPLACEMENT CHARACTER}")
        ).resolve()  # no file name has a NUL, so this one is reported as missing


def read(path: Path, contents: Mapping[Path, bytes] | None = None) -> Source:
    """
    Read a file and its includes, and merge them. Lists of tables are joined in the order of the files.

    Args:
        contents: what the files had at another time, as in `Source.contents`; None reads the files.

    Raises:
        OSError: the file itself cannot be read. An include that cannot be read is a finding.
    """
    source = Source(path, {})
    source.origins[()] = (str(path), Lines(), ())
    source.contents[path] = contents[path] if contents else path.read_bytes()
    parsed = _parsed(path, source.contents[path], source)
    if parsed is None:
        return source
    _merge(source, *parsed, str(path))
    source.origins[()] = (str(path), parsed[1], ())
    named = source.data.pop("include", [])
    for file in list(contents)[1:] if contents else _included(source, named):
        try:
            content = contents[file] if contents else file.read_bytes()
        except OSError as error:
            source.whole = False
            source.finding(
                ("include",), f"{file} cannot be read ({error.strerror}); check that it is there and who may read it"
            )
            continue
        source.contents[file] = content
        if file.suffix.lower() == ".csv":
            _merge_rows(source, rows.read(file.name, content), file)
            continue
        inner = _parsed(file, content, source)
        if inner is None:
            continue
        if inner[0].pop("include", None) is not None:
            line = inner[1].find(("include",))
            source.findings.append(
                Finding(
                    str(file),
                    line,
                    "include",
                    f"an included file cannot include others; name these files in {path}, and remove this",
                )
            )
        _merge(source, *inner, str(file))
    return source


def _included(source: Source, patterns: object) -> list[Path]:
    """The files that `include` names, without duplicates."""
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        source.whole = False
        source.finding(("include",), 'must be a list of paths; write for example ["teams/*.toml"]')
        return []
    found: dict[Path, None] = {}
    for number, pattern in enumerate(patterns):
        at: Location = ("include", number)
        whole = Path(pattern).is_absolute()
        try:
            places = sorted(
                (Path("/") if whole else source.path.parent).glob(pattern.lstrip("/") if whole else pattern)
            )
        except (ValueError, NotImplementedError, OSError) as error:
            source.whole = False
            source.finding(at, f'"{pattern}" is not a path ({error}); write for example "teams/*.toml"')
            continue
        if not places:
            source.whole = False
            source.finding(
                at, f'no file matches "{pattern}"; correct the path, which starts from the folder of this file'
            )
        for place in places:
            if place.is_dir():
                source.whole = False
                source.finding(at, f'"{pattern}" is the folder {place}; write "{pattern.rstrip("/")}/*.toml"')
            elif place.resolve() == source.path.resolve():
                source.finding(
                    at, f'"{pattern}" includes this file itself; put the other files in a folder of their own'
                )
            else:
                found[place] = None
    return list(found)


def _parsed(path: Path, content: bytes, source: Source) -> tuple[dict[str, Any], Lines] | None:
    """A file's tables and their lines; None, with a finding, if it is not TOML. A byte order mark is ignored."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"the byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8"
        source.whole = False
        source.findings.append(Finding(str(path), line, "toml", what))
        return None
    try:
        return tomllib.loads(text), scan(text)
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError, or a number or nesting beyond what Python takes
        source.whole = False
        line, what = not_toml.told(text, error)
        source.findings.append(Finding(str(path), line, "toml", what))
        return None


def _merge_rows(source: Source, found: rows.Rows, file: Path) -> None:
    """Add the rows of a CSV file, and what is wrong with it."""
    for line, what in found.faults:
        source.whole = source.whole and bool(found.table)
        source.findings.append(Finding(str(file), line, found.table or "csv", what))
    source.findings += [Finding(str(file), line, found.table, what, warning=True) for line, what in found.unread]
    if not found.tables or not isinstance(source.data.get(found.table, []), list):
        return
    first = len(source.data.get(found.table, []))
    _merge(source, {found.table: found.tables}, found.lines, str(file))
    for (table, index, *key), what in found.mistakes:
        source.finding((table, first + int(index), *key), what)


def _tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _merge(source: Source, data: dict[str, Any], lines: Lines, file: str) -> None:
    """Add a file's tables: lists of tables and [oauth.NAME] are joined, any other table may be in one file only."""
    for name, value in data.items():
        if _tables(value) and _tables(source.data.get(name, [{}])):
            merged = source.data.setdefault(name, [])
            for index, table in enumerate(value):
                source.origins[(name, len(merged))] = (file, lines, (name, index))
                merged.append(table)
            source.origins.setdefault((name,), (file, lines, (name,)))
        elif (
            name in source.data and isinstance(value, dict) and isinstance(source.data[name], dict) and name == "oauth"
        ):
            source.data[name].update(value)
            source.origins.update({(name, own): (file, lines, (name, own)) for own in value})
        elif name in source.data:
            source.origins[("",)] = (file, lines, ())
            source.findings.append(
                Finding(file, lines.find((name,)), name, "another file has this already; keep one of them")
            )
        else:
            source.data[name] = value
            source.origins[(name,)] = (file, lines, (name,))

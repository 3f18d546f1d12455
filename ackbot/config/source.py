"""The file and those it includes, read and merged, with the line of every key, and the mistakes found in them."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ackbot.config.lines import Lines, Location, scan


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, or with `warning` one doubt, in the file."""

    file: str
    line: int
    key: str
    what: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {'warning: ' if self.warning else ''}{self.what}"


class ConfigProblem(Exception):
    """The configuration does not start; every mistake is in `findings`."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(one) for one in findings))
        self.findings = tuple(findings)


@dataclass
class Source:
    """The file and its includes as read: the merged tables, and where each of them came from."""

    path: Path
    data: dict[str, Any]
    origins: dict[Location, tuple[str, Lines, Location]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def finding(self, location: Location, what: str, *, warning: bool = False) -> None:
        """Remember a mistake or doubt at a place of the merged tables."""
        file, lines, own = self._origin(location)
        key = ".".join(str(part) for part in location if not isinstance(part, int))
        found = Finding(file, lines.find(own), key, what, warning)
        if not any(
            one.file == found.file and one.line == found.line and one.key == key and one.warning == warning
            for one in self.findings
        ):
            self.findings.append(found)

    def _origin(self, location: Location) -> tuple[str, Lines, Location]:
        for length in (2, 1):
            if origin := self.origins.get(location[:length]):
                file, lines, own = origin
                return file, lines, own + location[length:]
        file, lines, _ = self.origins[()]
        return file, lines, location

    def resolved(self, path: str) -> Path:
        """A path of the file; relative ones start at its folder."""
        return (self.path.parent / path).resolve()


def read(path: Path) -> Source:
    """The file and what it includes, merged; lists of tables are put together in the order of the files."""
    source = Source(path, {})
    text = path.read_text(encoding="utf-8")
    data = _parsed(path, text, source)
    lines = scan(text)
    source.origins[()] = (str(path), lines, ())
    if data is None:
        return source
    _merge(source, data, str(path), lines)
    for pattern in _included(source):
        files = (
            sorted(path.parent.glob(pattern))
            if not Path(pattern).is_absolute()
            else sorted(Path("/").glob(pattern.lstrip("/")))
        )
        if not files:
            source.finding(
                ("include",), f'nothing matches "{pattern}"; mend the path, which starts at this file\'s folder'
            )
        for file in files:
            included = file.read_text(encoding="utf-8")
            inner = _parsed(file, included, source)
            if inner is not None:
                _merge(source, inner, str(file), scan(included))
    return source


def _included(source: Source) -> list[str]:
    patterns = source.data.pop("include", [])
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        source.finding(("include",), 'must be a list of paths; write for example ["teams/*.toml"]')
        return []
    return patterns


def _parsed(path: Path, text: str, source: Source) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        line = words.partition("(at line ")[2].partition(",")[0]
        number = int(line) if line.isdigit() else max(1, text.count("\n"))
        source.findings.append(
            Finding(str(path), number, "toml", f"{words.partition(' (at')[0]}; this is not TOML (toml.io)")
        )
        return None


def _merge(source: Source, data: dict[str, Any], file: str, lines: Lines) -> None:
    for name, value in data.items():
        if isinstance(value, list) and all(isinstance(one, dict) for one in value) and value:
            merged = source.data.setdefault(name, [])
            for index, table in enumerate(value):
                source.origins[(name, len(merged))] = (file, lines, (name, index))
                merged.append(table)
            source.origins.setdefault((name,), (file, lines, (name,)))
        elif (
            name in source.data and isinstance(value, dict) and isinstance(source.data[name], dict) and name == "oauth"
        ):
            source.data[name].update(value)
        elif name in source.data:
            source.origins[("",)] = (file, lines, ())
            source.findings.append(
                Finding(file, lines.find((name,)), name, "stands in another file already; keep one of them")
            )
        else:
            source.data[name] = value
            source.origins[(name,)] = (file, lines, (name,))

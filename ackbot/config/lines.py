"""The line of every key and table in a TOML file, which tomllib does not tell."""

import re
from dataclasses import dataclass, field

Location = tuple[str | int, ...]  # ("inbox", 0, "address"): the address of the first [[inbox]]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*(?:\.\s*[A-Za-z0-9_-]+\s*)*=\s*(.*)$")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'")


@dataclass
class Lines:
    """The line of every table and key, and in a CSV file its column. Lines are counted from 1, the tables of an array from 0."""

    of: dict[Location, int] = field(default_factory=dict)
    columns: dict[Location, str] = field(default_factory=dict)

    def find(self, location: Location) -> int:
        """The line of a key; for a missing key, the line of its table; for a missing table, 1."""
        for length in range(len(location), 0, -1):
            if line := self.of.get(location[:length]):
                return line
        return 1


def scan(text: str) -> Lines:
    """Find the lines in one pass over a text that tomllib has accepted."""
    lines = Lines()
    table: Location = ()
    counts: dict[str, int] = {}
    depth, fence = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        # Inside a multi-line string nothing is a key, whatever it looks like.
        if fence:
            if fence in line:
                fence = ""
            continue
        if depth == 0 and (header := _HEADER.match(line)):
            name = header[2].strip()
            if header[1] == "[[":
                table = (name, counts.setdefault(name, 0))
                lines.of.setdefault((name,), number)
                counts[name] += 1
            else:
                table = tuple(part.strip().strip("\"'") for part in name.split("."))
            lines.of.setdefault(table, number)
            continue
        rest = line
        if depth == 0 and (key := _KEY.match(line)):
            lines.of.setdefault((*table, key[1].strip("\"'")), number)
            rest = key[2]
        for mark in ('"""', "'''"):
            if rest.count(mark) % 2:
                fence = mark
        plain = _STRINGS.sub("", rest).partition("#")[0]
        depth = max(0, depth + plain.count("[") + plain.count("{") - plain.count("]") - plain.count("}"))
    return lines

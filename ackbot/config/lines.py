"""On which line of a TOML file a key or table stands: what tomllib does not say."""

import re
from dataclasses import dataclass, field

Location = tuple[str | int, ...]  # ("inbox", 0, "address"): the address of the first [[inbox]]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*(?:\.\s*[A-Za-z0-9_-]+\s*)*=\s*(.*)$")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'")


@dataclass
class Lines:
    """Line numbers, from 1, of every table and key; tables of an array are counted from 0."""

    of: dict[Location, int] = field(default_factory=dict)

    def find(self, location: Location) -> int:
        """The line of a key; for one that is not there, of the table it belongs to; else 1."""
        for length in range(len(location), 0, -1):
            if line := self.of.get(location[:length]):
                return line
        return 1


def scan(text: str) -> Lines:
    """One pass over a file that tomllib has accepted."""
    lines = Lines()
    table: Location = ()
    counts: dict[str, int] = {}
    depth, fence = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
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

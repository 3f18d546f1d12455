"""What is wrong with a file that is not TOML, in the admin's words: the reader's own words say nothing to them (E67)."""

import re

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*(\]\]?|$)")
_STATEMENT = re.compile(r"\s*(?:[\w.\"-]+\s*=|\[)")
_UNCLOSED = "the list or the braces that begin here have no end; add ] or }, and a comma between the entries"
# By what the reader's words begin with: the admin's.
_SAID = (
    ("Invalid initial character for a key part", "a name is missing here; write name = value, or [table]"),
    ("Expected '=' after a key", "there is no = between name and value; write name = value"),
    (
        "Expected ']' at the end of a table",
        "the table has no closing bracket; write [name], and nothing behind it but a # remark",
    ),
    ("Expected ']]' at the end of an array", "the table needs two closing brackets; write [[name]]"),
    ("Unclosed", _UNCLOSED),
    ("Duplicate inline table key", "the same name stands twice in the braces; keep one"),
    ("Invalid date or datetime", "there is no such date; write for example 2026-12-28, without quotes"),
    ("Invalid statement", "a line begins with a name, a [table] or a #; write name = value"),
    ('Expected "', "the text has no closing quote; add it"),
    ("Expected '", "the text has no closing quote; add it"),
    ("Unterminated string", "the text has no closing quote; add it"),
    (
        "Unescaped",
        "a \\ in double quotes means something else; write it twice, or put the text into single quotes",
    ),
    (
        "Escaped character",
        "a \\ in double quotes means something else; write it twice, or put the text into single quotes",
    ),
    (
        "Invalid hex value",
        "a \\ in double quotes means something else; write it twice, or put the text into single quotes",
    ),
)


def told(text: str, error: Exception) -> tuple[int, str]:
    """
    The line of the mistake, counted from 1, and what it is and how to mend it.

    Args:
        error: what the reader of TOML raised.
    """
    words = str(error)
    at = _AT.search(words)
    lines = text.splitlines() or [""]
    number = min(int(at[1]), len(lines)) if at else _open_quote(lines)
    line = lines[number - 1]
    if isinstance(error, RecursionError):
        return number, "lists lie in lists without end; close the brackets"
    if words.startswith("Exceeds the limit"):
        return number, "a number is too long to be meant; write a shorter one"
    opened = words.startswith("Unclosed") or (words.startswith("Invalid value") and _STATEMENT.match(line))
    if opened and (begun := _begun(lines, number if at else len(lines) + 1)):
        return begun, _UNCLOSED
    if words.startswith(("Invalid value", "Expected newline")):
        return number, _value(line)
    if words.startswith(("Cannot declare", "Cannot redefine", "Cannot overwrite", "Cannot mutate")):
        return number, _twice(line)
    if words.startswith("Illegal character"):
        quotes = _QUOTED.sub("", line)
        if '"' in quotes or "'" in quotes:
            return number, "the text has no closing quote; add it at the end of the line"
        return number, "there is a character that cannot be seen; delete it, or type the line anew"
    said = (what for begins, what in _SAID if words.startswith(begins))
    return number, next(said, "this line is not TOML (toml.io); write name = value, or [table]")


def _value(line: str) -> str:
    """A value that is none, or with something behind it: mostly text without quotes."""
    if header := _HEADER.match(line):
        return f"the brackets of the table do not fit; write [{header[2]}], or [[{header[2]}]] if there are several"
    value = line.partition("=")[2].strip()
    plain = value.partition("#")[0].strip()
    if not plain:
        return 'the value is missing; write for example name = "text"'
    if plain.lower() in ("yes", "no", "on", "off", "true", "false"):
        return f"{plain} is not a value; write true or false, in small letters"
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", plain):
        return f"{plain} is not a date; write four, two and two digits, for example 2026-12-28"
    if value[0] in "\"'[{":
        return "something stands behind the value; begin a new line, or put a # before a remark"
    return f'{plain[:40]} is not a value; put text and times into straight quotes: "…"'


def _twice(line: str) -> str:
    """A table that stands in the file twice."""
    header = _HEADER.match(line)
    if header is None:
        return f"{line.partition('=')[0].strip() or 'this'} was given already in its table; keep one of them"
    name = header[2]
    if header[1] == "[[":
        return f"[{name}] stands above with single brackets; write the same brackets each time, [[{name}]] if there are several"
    return f"[{name}] stands above already; put these keys there, and remove this line, or write [[{name}]] if there are several"


def _begun(lines: list[str], number: int) -> int:
    """The line of a list that begins above the line `number` and is not closed before it; 0 if there is none."""
    depth, begun = 0, 0
    for count, line in enumerate(lines[: number - 1], 1):
        plain = _QUOTED.sub("", line).partition("#")[0]
        if depth == 0:
            if plain.lstrip().startswith("["):  # the head of a table
                continue
            begun = count
        depth = max(0, depth + plain.count("[") + plain.count("{") - plain.count("]") - plain.count("}"))
    return begun if depth else 0


def _open_quote(lines: list[str]) -> int:
    """The line where text begins that has no end: that of the last triple quote, or else the last line."""
    with_mark = [count for count, line in enumerate(lines, 1) if line.count('"""') % 2 or line.count("'''") % 2]
    return with_mark[-1] if with_mark else len(lines)

"""What commands print: all of it goes through here, for much of it was written by strangers (E11)."""

import json
import re
from typing import Any

import click

# Everything that makes a terminal do something rather than show something: control characters (C0 but line end and tab,
# DEL, C1), controls of writing direction, separators of lines, invisible tags; and halves of characters, which no terminal
# can be sent.
_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """The text with whatever would act on a terminal written out, such as `\\x1b` for ESC and `\\u202e` for a bidi override."""
    return _ACTS.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def say(text: str, *, err: bool = False, bold: bool = False) -> None:
    """Print a line or a page."""
    safe = shown(text)
    click.echo(click.style(safe, bold=True) if bold else safe, err=err)


def say_json(value: Any) -> None:
    """Print a value as JSON on one line: what acts on a terminal is escaped as JSON does it, so that it reads back the same."""
    say_json_line(json.dumps(value, ensure_ascii=False))


def say_json_line(line: str) -> None:
    """The same of a line that is JSON already."""
    click.echo(_ACTS.sub(_as_json, line))


def _as_json(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"

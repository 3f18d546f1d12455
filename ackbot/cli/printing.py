"""Everything that commands print goes through here, because strangers wrote much of it (E11)."""

import json
import re
from typing import Any

import click

# Characters that make a terminal do something instead of showing something: control characters (C0 except line end and tab,
# DEL, C1), controls of writing direction, line separators, and signs and tags that are invisible. Not the joiners,
# without which Persian and emoji break. Also surrogates, which cannot be encoded.
_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\u180e\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """The text with every character that acts on a terminal written out: `\\x1b` for ESC, `\\u202e` for a bidi override."""
    return _ACTS.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def say(text: str, *, err: bool = False, bold: bool = False) -> None:
    """Print a line or a page, safe for a terminal."""
    safe = shown(text)
    click.echo(click.style(safe, bold=True) if bold else safe, err=err)


def say_json(value: Any) -> None:
    """Print a value as JSON on one line. What acts on a terminal is escaped as in JSON, so that it reads back the same."""
    say_json_line(json.dumps(value, ensure_ascii=False))


def say_json_line(line: str) -> None:
    """Print a line that is JSON already, escaped as in `say_json`."""
    click.echo(_ACTS.sub(_as_json, line))


def _as_json(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"

"""Whatever a letter says, a terminal shows it and does nothing else (E11)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.cli.printing import shown
from tests.support.council import World
from tests.support.letters import letter

ACTS = {
    "\x1b]0;owned\x07": "\\x1b]0;owned\\x07",
    "\x1b[2J\x1b[31m": "\\x1b[2J\\x1b[31m",
    "\x9b2J": "\\x9b2J",
    "a\rb": "a\\x0db",
    "a\bb\x7f": "a\\x08b\\x7f",
    "fdp.\u202egnp": "fdp.\\u202egnp",
    "\u2066a\u2069 \u200fb\u061c": "\\u2066a\\u2069 \\u200fb\\u061c",
    "a\u2028b\ufeff": "a\\u2028b\\ufeff",
    "a\ufff9b\ufffbc\u2060d\u180e": "a\\ufff9b\\ufffbc\\u2060d\\u180e",
    "\ud83d half": "\\ud83d half",
    "\U000e0041": "\\U000e0041",
}


@pytest.mark.parametrize("text", ACTS)
def test_what_acts_is_written_out(text: str) -> None:
    """E11: C0, C1, writing direction, line separators, halves of characters, invisible tags."""
    assert shown(text) == ACTS[text]


def test_what_people_write_is_shown() -> None:
    """Lines, tabs, every script, and the joiners that some scripts need."""
    text = "Dŵr\tمرحبا\nनमस्ते\u200d 🔥 é"

    assert shown(text) == text


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_explain_and_show(
    tmp_path: Path, cli: Callable[..., Result], make_world: Callable[..., World], options: tuple[str, ...]
) -> None:
    """E11: a letter with terminal sequences in name, subject and words, as `explain`, `show` and `cases` print it."""
    hostile = letter(
        sender='"Edward \x1b]0;owned\x07" <edward@resident.example>',
        subject="Damp \x9b2J \u202e",
        text="There is damp.\n\x1b[2Jgone\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\n",
    )
    (tmp_path / "hostile.eml").write_bytes(hostile)
    world = make_world()
    row = world.receive(hostile)
    config = ("-c", str(world.config.path))
    reference = world.office.council.reference_of(row["code"])
    said = [
        cli(*config, "explain", *options, str(tmp_path / "hostile.eml")).output,
        cli(*config, "show", *options, reference).output,
        cli(*config, "cases", *options).output,
    ]

    assert all(said)
    for output in said:
        assert not [char for char in output if (ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0]
        assert "\u202e" not in output
        if options:
            assert [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_every_command_prints_through_one_door() -> None:
    """E11: every command prints through the same function."""
    for path in (Path(__file__).parent.parent / "ackbot" / "cli").glob("*.py"):
        if path.name != "printing.py":
            text = path.read_text()
            assert "click.echo" not in text, path
            assert "print(" not in text.replace("pprint(", ""), path

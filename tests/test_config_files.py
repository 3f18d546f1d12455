"""The files of a configuration: wrong bytes, includes that lead nowhere, words that cannot be read. Findings, never a traceback (P10)."""

from pathlib import Path

import pytest

from ackbot.config import load
from tests.support.council import TOML, line_of, mistakes, write_config


def including(folder: Path, pattern: str) -> Path:
    """The test council, with an `include` on its second line."""
    return write_config(folder, ("\n[council]", f'\ninclude = ["{pattern}"]\n[council]'))


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """P10: a Latin-1 octet is named with its line."""
    path = write_config(tmp_path)
    path.write_bytes(TOML.replace("Sam Jones", "Sam Joné").encode("latin-1"))
    line = line_of("Sam Jones")

    assert mistakes(path) == [f"{path}:{line}: toml: the byte 0xE9 is not UTF-8; save the file as UTF-8"]


def test_a_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark from a Windows editor is ignored."""
    path = write_config(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert load(path).council.name == "Royal Borough of Northgate"


def test_a_number_beyond_python(tmp_path: Path) -> None:
    """P10: whatever the TOML reader raises is a finding."""
    path = write_config(tmp_path, ("port = 2525", f"port = {'9' * 5000}"))

    assert ": toml: " in mistakes(path)[0]


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("", "is not a path"),
        ("***", "is not a path"),
        ("/", "is not a path"),
        ("\\u0000", "no file matches"),
        ("nowhere/*.toml", "no file matches"),
        ("teams", 'write "teams/*.toml"'),
        ("*.toml", "includes this file itself"),
    ],
)
def test_includes_that_lead_nowhere(tmp_path: Path, pattern: str, what: str) -> None:
    """P10: each is a finding at the line of `include`."""
    (tmp_path / "teams").mkdir()
    path = including(tmp_path, pattern)
    found = mistakes(path)

    assert len(found) == 1
    assert found[0].startswith(f"{path}:2: include: ")
    assert what in found[0]


def test_an_included_file_that_cannot_be_read(tmp_path: Path) -> None:
    """P10: a broken link, a file in Latin-1, a file that includes others: each named where it is."""
    (tmp_path / "teams").mkdir()
    path = including(tmp_path, "teams/*.toml")
    (tmp_path / "teams" / "a.toml").symlink_to("nowhere")
    (tmp_path / "teams" / "b.toml").write_bytes(b"# \xe9\n")
    (tmp_path / "teams" / "c.toml").write_text('\ninclude = ["d.toml"]\n')

    assert mistakes(path) == [
        f"{path}:2: include: {tmp_path}/teams/a.toml cannot be read (No such file or directory); "
        "check that it is there and who may read it",
        f"{tmp_path}/teams/b.toml:1: toml: the byte 0xE9 is not UTF-8; save the file as UTF-8",
        f"{tmp_path}/teams/c.toml:2: include: an included file cannot include others; name these files in {path}, and remove this",
    ]

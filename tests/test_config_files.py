"""The files of a configuration: wrong bytes, includes that lead nowhere, words that cannot be read. Findings, never a traceback (P10)."""

from pathlib import Path

import pytest

from ackbot.config import ConfigProblem, check, load
from tests.support.council import TOML, write_config


def said(path: Path) -> list[str]:
    """What `check` says; and that the file does not start."""
    with pytest.raises(ConfigProblem):
        load(path)
    return [str(one) for one in check(path) if not one.warning]


def including(folder: Path, pattern: str) -> Path:
    """The test council, with an `include` on its second line."""
    return write_config(folder, ("\n[council]", f'\ninclude = ["{pattern}"]\n[council]'))


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """P10: a Latin-1 octet is named with its line."""
    path = write_config(tmp_path)
    path.write_bytes(TOML.replace("Sam Jones", "Sam Joné").encode("latin-1"))
    line = TOML[: TOML.index("Sam Jones")].count("\n") + 1

    assert said(path) == [f"{path}:{line}: toml: the octet 0xE9 is not UTF-8; save the file in that encoding"]


def test_a_byte_order_mark(tmp_path: Path) -> None:
    """What Windows editors put in front is passed over."""
    path = write_config(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert load(path).council.name == "Royal Borough of Northgate"


def test_a_number_beyond_python(tmp_path: Path) -> None:
    """P10: whatever the TOML reader raises is a finding."""
    path = write_config(tmp_path, ("port = 2525", f"port = {'9' * 5000}"))

    assert ": toml: " in said(path)[0]


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("", "is no path"),
        ("***", "is no path"),
        ("/", "is no path"),
        ("\\u0000", "nothing matches"),
        ("nowhere/*.toml", "nothing matches"),
        ("teams", 'write "teams/*.toml"'),
        ("*.toml", "takes this file itself"),
    ],
)
def test_includes_that_lead_nowhere(tmp_path: Path, pattern: str, what: str) -> None:
    """P10: each is a finding at the line of `include`."""
    (tmp_path / "teams").mkdir()
    path = including(tmp_path, pattern)
    mistakes = said(path)

    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"{path}:2: include: ")
    assert what in mistakes[0]


def test_an_included_file_that_cannot_be_read(tmp_path: Path) -> None:
    """P10: a broken link, a file in Latin-1, a file that includes others: each named where it is."""
    (tmp_path / "teams").mkdir()
    path = including(tmp_path, "teams/*.toml")
    (tmp_path / "teams" / "a.toml").symlink_to("nowhere")
    (tmp_path / "teams" / "b.toml").write_bytes(b"# \xe9\n")
    (tmp_path / "teams" / "c.toml").write_text('\ninclude = ["d.toml"]\n')

    assert said(path) == [
        f"{path}:2: include: {tmp_path}/teams/a.toml cannot be read (No such file or directory); "
        "mend its place or permissions",
        f"{tmp_path}/teams/b.toml:1: toml: the octet 0xE9 is not UTF-8; save the file in that encoding",
        f"{tmp_path}/teams/c.toml:2: include: includes do not nest; name these files in {path}, and take it out",
    ]

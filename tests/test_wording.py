"""The words a council brings with it: its own templates, phrases and lists of urgent words, proofread before a resident reads them (D45)."""

from pathlib import Path

import pytest

from ackbot import resources
from ackbot.config import load
from ackbot.work.samples import proofread
from tests.support.council import mistakes, write_config


def test_own_templates_come_first(tmp_path: Path, own_templates: Path) -> None:
    """An admin may override any mail, in a folder beside the configuration; a broken one is found before a resident sees it (D45)."""
    (own_templates / "receipt.txt").write_text("# We have it, {{ nmae }}.\n")
    config = load(write_config(tmp_path))
    problem = str(proofread(config)[0])

    assert "nmae" in problem
    assert str(own_templates / "receipt.txt") in problem
    (own_templates / "receipt.txt").write_text("# We have it, {{ name }}.\n")
    assert proofread(load(tmp_path / "ackbot.toml")) == ()


@pytest.mark.parametrize(
    ("name", "text", "line", "what"),
    [
        ("receipt.txt", b"# Hello\n\n{{ nmae }}\n", 3, "'nmae' is undefined"),
        ("receipt.txt", b"# Hello\n{% if %}\n", 2, "Expected an expression"),
        ("receipt.txt", b"# Hello\n{{ 1 + name }}\n", 2, "TypeError"),
        ("receipt.txt", b"# Hell\xe9\n", 1, "cannot be read"),
    ],
)
def test_a_broken_template_says_where(
    tmp_path: Path, own_templates: Path, name: str, text: bytes, line: int, what: str
) -> None:
    """P10: the template's own file and line, not the configuration's."""
    (own_templates / name).write_bytes(text)
    found = [str(one) for one in proofread(load(write_config(tmp_path)))]

    assert [one for one in found if one.startswith(f"{own_templates / name}:{line}: template: ") and what in one], found


def test_all_broken_templates_at_once(tmp_path: Path, own_templates: Path) -> None:
    """P10: one does not hide the other."""
    (own_templates / "receipt.txt").write_text("{{ a }}")
    (own_templates / "urgent.txt").write_text("{{ b }}")

    assert {Path(one.file).name for one in proofread(load(write_config(tmp_path)))} == {"receipt.txt", "urgent.txt"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (b"a = 1\nb = \n", 2, "the value is missing"),
        (b"\xe9", 1, "cannot be read"),
        (b"", 1, "missing, or another kind of value"),
    ],
)
def test_broken_phrases(tmp_path: Path, own_templates: Path, text: bytes, line: int, what: str) -> None:
    """P10: a words.toml that cannot be read, or has not every phrase, is a finding in that file."""
    (own_templates / "words.toml").write_bytes(text)
    found = mistakes(write_config(tmp_path))

    assert found[0].startswith(f"{own_templates / 'words.toml'}:{line}: ")
    assert what in found[0]


def test_a_phrase_with_a_value_it_has_not(tmp_path: Path, own_templates: Path) -> None:
    """P10: what only filling in can show is found by filling in."""
    text = (resources.templates() / "en" / "words.toml").read_text()
    (own_templates / "words.toml").write_text(text.replace('date = "', 'date = "{nothing} ', 1))
    found = proofread(load(write_config(tmp_path)))

    assert "KeyError: 'nothing'" in str(found[0])


def test_urgent_words_that_cannot_be_read(tmp_path: Path) -> None:
    """P10: a list in another encoding is a finding in that list."""
    (tmp_path / "words" / "en").mkdir(parents=True)
    (tmp_path / "words" / "en" / "gas.txt").write_bytes(b"odeur de gaz \xe9\n")
    path = write_config(tmp_path, ('to = ["duty"]', 'to = ["duty"]\nwords_dir = "words"'))

    assert mistakes(path)[0].startswith(f"{tmp_path}/words/en/gas.txt:1: urgent.words_dir: cannot be read")

"""The documents are tested too: README's commands, the table of commands, the unit, the wheel."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from ackbot.cli import _COMMANDS
from ackbot.log_events import EVENTS
from tests.conftest import missing
from tests.support.servers import run

ROOT = Path(__file__).parent.parent


def test_readme_has_the_two_commands() -> None:
    """What a newcomer types, to the letter."""
    readme = (ROOT / "README.md").read_text()

    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[demo]' && .venv/bin/ackbot demo" in readme
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest" in readme


def test_readme_types_nothing_that_is_not_there() -> None:
    """A newcomer has no `ackbot` on the PATH: every command to type says where it lies."""
    typed = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("    ")]

    assert [line for line in typed if re.match(r" +(ackbot|pip|pytest)\b", line)] == []


def test_every_command_is_in_readme() -> None:
    """A command that is not documented is not there for anybody."""
    readme = (ROOT / "README.md").read_text()
    for name in _COMMANDS:
        assert re.search(rf"`(?:ackbot )?{name}\b", readme), name


def test_links_lead_somewhere() -> None:
    """Every file a document links to exists."""
    links = [
        (path, target)
        for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text())
    ]

    assert len(links) > 10
    assert [(path, target) for path, target in links if not (path.parent / target).exists()] == []


def test_the_unit_is_hardened() -> None:
    """systemd-analyze's exposure of at most 1.5; no capability, an own user, a read-only system."""
    unit = (ROOT / "systemd" / "ackbot.service").read_text()
    for line in (
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=\n",
        "LoadCredential=",
        "WatchdogSec=",
        "Type=notify",
    ):
        assert line in unit
    if shutil.which("systemd-analyze") is None:
        missing("needs systemd-analyze: apt-get install -y --no-install-recommends systemd")
    done = run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=15", str(ROOT / "systemd" / "ackbot.service")]
    )

    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_the_wheel_brings_its_templates(tmp_path: Path) -> None:
    """Installed from a wheel, without the checkout beside it, `preview`, `explain` and `init` find what they need."""
    built = run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--disable-pip-version-check",
            "-w",
            str(tmp_path),
            str(ROOT),
        ]
    )
    if built.returncode:
        missing(f"needs to build a wheel: {built.stderr[-300:]}")
    wheel = next(tmp_path.glob("*.whl"))
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from ackbot.cli import main; import ackbot; print(ackbot.__file__); main(sys.argv[1:])"
    installed = [sys.executable, "-c", code, str(tmp_path / "site")]
    done = run([*installed, "preview", "receipt"], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert "Your new email is with" in done.stdout
    done = run([*installed, "init", "here"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["LICENSE", "CHANGELOG.md", "constraints.txt", "config.example.toml"])
def test_what_belongs_to_it(name: str) -> None:
    """The given top level."""
    assert (ROOT / name).stat().st_size > 100


def test_constraints_name_every_dependency() -> None:
    """A reproducible install pins everything that pyproject asks for."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    for one in wanted:
        name = re.split(r"[<>=\[;]", one)[0].strip().lower().replace("_", "-")
        assert name == "ackbot" or name in pinned, name


def test_every_test_that_the_documents_name_is_there() -> None:
    """docs/ claims what tests show: each of them exists."""
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = [
        (path.name, name)
        for path in (ROOT / "docs").glob("*.md")
        for name in re.findall(r"`(test_\w+)`", path.read_text())
    ]

    assert len(named) > 30
    assert [(file, name) for file, name in named if f"def {name}(" not in tests] == []


def test_the_fault_table() -> None:
    """Thirty faults at least, each with a test; and every event it says the log has is one that the code logs."""
    table = (ROOT / "docs" / "faults.md").read_text().partition("## The laboratories")[0]
    rows = [
        line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ") and "what goes wrong" not in line
    ]
    code = "".join(path.read_text() for path in (ROOT / "ackbot").rglob("*.py"))
    events = [event for row in rows for event in re.findall(r"log `([^`]+)`", row[2])]

    assert len(rows) >= 30
    assert [row for row in rows if len(row) != 4 or not re.search(r"`test_\w+`", row[3])] == []
    assert [event for event in events if f'"{event}"' not in code] == []


def test_every_event_is_in_the_table() -> None:
    """docs/operations.md has each event of the log with its meaning and its keys, and no other."""
    _, _, table = (
        (ROOT / "docs" / "operations.md").read_text().partition("| event | it means | keys |\n|---|---|---|\n")
    )
    rows = table.partition("\n\n")[0].splitlines()

    assert rows == [
        f"| `{event}` | {event.means} | {', '.join(f'`{key}`' for key in event.keys)} |" for event in EVENTS
    ]

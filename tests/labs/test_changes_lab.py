"""
The lab of changes: one line of a central rule is changed for the worse, and the tests named for it must see that.

`pytest -m lab tests/labs/test_changes_lab.py`; with ACKBOT_LAB_WRITE=1 its result goes to docs/changes-lab.md.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.labs.changes import CHANGES, Change

ROOT = Path(__file__).parent.parent.parent
_MOST_S = 240.0  # of one run; a change that makes a test hang is seen, too


def workplaces(folder: Path, count: int) -> SimpleQueue[Path]:
    """Copies of the checkout, one for each run at a time."""
    free: SimpleQueue[Path] = SimpleQueue()
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", ".git", ".venv", "ackbot-demo")
    for number in range(count):
        place = folder / str(number)
        shutil.copytree(ROOT, place, ignore=ignored)
        free.put(place)
    return free


def seen_by(change: Change, free: SimpleQueue[Path]) -> str:
    """The test that saw a change; "" for one that survived."""
    place = free.get()
    file = place / "ackbot" / change.file
    before = file.read_text()
    try:
        file.write_text(before.replace(change.old, change.new))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "--no-header",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            *change.tests,
        ]
        environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
        try:
            done = subprocess.run(
                command, cwd=place, env=environment, capture_output=True, text=True, timeout=_MOST_S, check=False
            )
        except subprocess.TimeoutExpired:
            return "ran out of time"
        if done.returncode == 0:
            return ""
        assert done.returncode == 1, f"{change.about}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}"
        return next((line for line in done.stdout.splitlines() if line.startswith("FAILED")), "FAILED")
    finally:
        file.write_text(before)
        free.put(place)


def test_every_row_is_true() -> None:
    """A row whose text is no longer there, or there twice, changes nothing or too much."""
    counts = {row.about: (ROOT / "ackbot" / row.file).read_text().count(row.old) for row in CHANGES}

    assert {about: count for about, count in counts.items() if count != 1} == {}
    assert len({row.about for row in CHANGES}) == len(CHANGES) >= 45


@pytest.mark.lab
def test_every_change_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that would notice: not one of these changes passes unseen; the unchanged tests are green in every run of CI."""
    at_once = os.cpu_count() or 1
    free = workplaces(tmp_path, at_once)
    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(lambda row: seen_by(row, free), CHANGES))
    rows = [
        f"| {row.about} | `{row.file}` | {'**not seen**' if not by else 'seen by `' + by.removeprefix('FAILED ').partition(' - ')[0] + '`'} |"
        for row, by in zip(CHANGES, found, strict=True)
    ]
    table = "\n".join(["| changed for the worse | in | |", "|---|---|---|", *rows])
    with capsys.disabled():
        print(f"\n{table}\n{len(rows)} changes, {found.count('')} not seen")
    if os.environ.get("ACKBOT_LAB_WRITE"):
        (ROOT / "docs" / "changes-lab.md").write_text(
            "# The lab of changes\n\nEach row changes one line of a central rule for the worse "
            "(`tests/labs/changes.py`); the tests named for it must see that. Written by\n"
            "`ACKBOT_LAB_WRITE=1 pytest -m lab tests/labs/test_changes_lab.py`.\n\n"
            f"{table}\n\n{len(rows)} changes, {found.count('')} not seen.\n"
        )

    assert [row.about for row, by in zip(CHANGES, found, strict=True) if not by] == []

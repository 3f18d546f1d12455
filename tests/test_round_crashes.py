"""kill -9 in the middle of rounds: after a restart everything was written once (D48, D70)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ackbot.crashpoints import VARIABLE
from tests.support.letters import letter
from tests.support.rounds_process import ABSENCE
from tests.support.story import Story

INSTANTS = ("2026-12-07 08:30", "2026-12-07 13:00", "2026-12-07 15:00", "2026-12-09 09:00", "2026-12-10 09:00")


def begun(folder: Path) -> Path:
    """Five residents, two owners, one answered case; a promise of four of them falls on 7 December."""
    folder.mkdir()
    story = Story(folder, *ABSENCE)
    for number in range(5):
        story.receive(
            letter(
                sender=f"Person {number} <p{number}@resident.example>",
                subject=f"Matter {number}",
                text=f"Words {number}.\n",
                message_id=f"<m{number}@r.example>",
            )
        )
    story.at("2026-12-01 11:00")
    story.reply(story.mail("new-case"), "Dear resident,\n\nThis was done this morning, as you asked.\n\nPriya")
    story.close()
    return folder


def rounds(folder: Path, point: str = "") -> int:
    """The rounds of all instants in another process; its exit code."""
    command = [sys.executable, "-m", "tests.support.rounds_process", str(folder), *INSTANTS]
    environment = {**os.environ, VARIABLE: point, "ACKBOT_TEST_PASSWORD": "secret"}
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parent.parent, capture_output=True, check=False)
    assert done.returncode in (0, -9), done.stderr.decode()[-2000:]
    return done.returncode


def state(folder: Path) -> tuple[list[str], list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Everything that rounds write: mails, cases, clocks."""
    story = Story(folder, *ABSENCE)
    mails = sorted(row["dedupe_key"] for row in story.outbox())
    found = [
        (row["code"], row["state"], row["owner"], row["cover"], row["no_news"], row["late_since"])
        for row in story.cases()
    ]
    clocks = sorted(
        (row["code"], row["kind"], row["state"], row["promised_on"])
        for row in story.db.run("SELECT code, kind, state, promised_on FROM clocks")
    )
    story.close()
    return mails, found, clocks


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """What comes of it when nothing is killed."""
    folder = begun(tmp_path_factory.mktemp("undisturbed") / "store")
    assert rounds(folder) == 0
    return state(folder)


@pytest.mark.parametrize("count", [1, 2, 4, 7, 10])
@pytest.mark.parametrize("point", ["rounds.before-commit", "rounds.committed"])
def test_killed_in_a_round(tmp_path: Path, undisturbed: tuple[object, ...], point: str, count: int) -> None:
    """D48, D70: intent first, once a day and person; a kill at any of them changes nothing of what is written in the end."""
    folder = begun(tmp_path / "store")

    assert rounds(folder, f"{point}:{count}") == -9
    assert rounds(folder) == 0
    assert state(folder) == undisturbed

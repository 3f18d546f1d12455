"""Deleting people or inboxes while their cases are open is a mistake that says so (behaviour.md §4.5)."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ackbot.cli import main
from ackbot.config import ConfigProblem, load
from ackbot.daemon import Daemon
from tests.support.council import World, write_config
from tests.support.letters import letter

WITHOUT_PRIYA = (
    ('members = ["priya", "sam"]', 'members = ["sam"]'),
    (
        'id = "priya"\nname = "Priya Shah"\nemail = ["priya@northgate.example", "p.shah@northgate.example"]',
        'id = "zoe"\nname = "Zoe Hart"\nemail = "zoe@northgate.example"',
    ),
)
WITHOUT_HOUSING = (('name = "housing"\naddress', 'name = "homes"\naddress'),)
CASES = [
    (WITHOUT_PRIYA, "staff.priya: is missing and still owns 1 open case; put it back, and set `left = DATE` instead"),
    (WITHOUT_HOUSING, "inbox.housing: is missing and still has 1 open case; put it back until they are closed"),
]


@pytest.fixture
def council(tmp_path: Path) -> Path:
    """A folder whose store has one open case, of Priya's in the inbox housing."""
    world = World(tmp_path)
    world.receive(letter())
    world.close()
    return tmp_path


@pytest.mark.parametrize(("changes", "what"), CASES, ids=["staff", "inbox"])
def test_check_and_run_say_so(council: Path, changes: tuple[tuple[str, str], ...], what: str) -> None:
    """P4: a case must not lose its owner to an edit; `check` exits 1 and `run` does not start."""
    path = write_config(council, *changes)
    for command in ("check", "run"):
        done = CliRunner().invoke(main, ["-c", str(path), command], catch_exceptions=False)

        assert done.exit_code == 1
        assert f"{path}:1: {what}" in done.output
    with pytest.raises(ConfigProblem):
        Daemon(load(path))
    Daemon(load(write_config(council)))._db.close()  # and the store was left as it was, unlocked


@pytest.mark.parametrize(("changes", "what"), CASES, ids=["staff", "inbox"])
def test_a_reload_refuses(council: Path, changes: tuple[tuple[str, str], ...], what: str) -> None:
    """P10: nor does a reload take it."""
    daemon = Daemon(load(write_config(council)))
    daemon.start()
    runtime = daemon.runtime
    write_config(council, *changes)
    daemon.reload()

    assert daemon.runtime is runtime
    daemon.stop()


def test_closed_cases_hold_nobody(council: Path) -> None:
    """Once their cases are closed, people and inboxes may go."""
    world = World(council)
    world.db.run("UPDATE cases SET state = 'closed'")
    world.close()

    assert CliRunner().invoke(main, ["-c", str(write_config(council, *WITHOUT_PRIYA)), "check"]).exit_code == 0


def test_a_store_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    """`check` is about the configuration: a damaged store is said, and is no mistake of it."""
    path = write_config(tmp_path)
    (tmp_path / "ackbot.db").write_bytes(b"nonsense " * 1000)
    done = CliRunner().invoke(main, ["-c", str(path), "check"], catch_exceptions=False)

    assert done.exit_code == 0
    assert f"{path}:1: store.url: warning: the store at {tmp_path}/ackbot.db" in done.output

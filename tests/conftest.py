"""Fixtures, and the rule about missing parts: skipped with the command that installs them, or failed where none may be."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from tests.support import council
from tests.support.council import World
from tests.support.postgres import INSTALL_POSTGRES, PostgresServer, programs
from tests.support.story import Story

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
ALL = "ACKBOT_TEST_ALL"  # set: nothing may be missing


def missing(what: str) -> None:
    """Skip the test, saying how to get what it needs; with $ACKBOT_TEST_ALL, fail."""
    if os.environ.get(ALL):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The password of test mailboxes; logs go nowhere unless a test asks for them."""
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "secret")
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run; every test makes databases of its own."""
    if programs() is None:
        missing(INSTALL_POSTGRES)
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whatever stands on the store is tested on both kinds: `pytestmark = pytest.mark.usefixtures("store")`."""
    if request.param == "postgres":
        monkeypatch.setattr(council, "new_store", request.getfixturevalue("postgres").new)
    return str(request.param)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The test council, with nothing changed."""
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """The test council with pieces of its configuration changed."""
    made: list[World] = []

    def make(*changes: tuple[str, str], **options: object) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        made.append(World(folder, *changes, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def make_story(tmp_path: Path) -> Iterator[Callable[..., Story]]:
    """A council with a clock, pieces of its configuration changed."""
    made: list[Story] = []

    def make(*changes: tuple[str, str], **options: str) -> Story:
        folder = tmp_path / f"story{len(made)}"
        folder.mkdir()
        made.append(Story(folder, *changes, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared mail corpus, which a stranger's clone has not."""
    folder = SHARED / "mail-corpus"
    if not folder.is_dir():
        pytest.skip(
            "needs the mail corpus beside this checkout, in ../shared/mail-corpus, which a stranger's clone has not"
        )
    return folder

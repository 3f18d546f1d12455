"""Fixtures, and the rule about missing programs: a test that needs one is skipped and names the command that installs it."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from ackbot.cli import main
from ackbot.demo.servers import MailServer, Sink
from ackbot.store import Database, open_database
from ackbot.wires.imap import Account
from ackbot.wires.secrets import Password
from ackbot.wires.smtp import Relay
from ackbot.work.dispatch import Dispatcher, Lane
from ackbot.work.relay_limits import Limiter
from ackbot.work.threads import Stop
from tests.support import council, snapshots
from tests.support.badsmtp import BadSmtp
from tests.support.council import World
from tests.support.letters import letter
from tests.support.postgres import INSTALL_POSTGRES, PostgresServer, programs
from tests.support.servers import INSTALL_DOVECOT, INSTALL_POSTFIX, PASSWORD, Dovecot, Postfix
from tests.support.story import Story
from tests.support.watching import USER, Run

REWRITE = "--rewrite-snapshots"
REWRITTEN = pytest.StashKey[list[str]]()
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
ALL = "ACKBOT_TEST_ALL"  # set: nothing may be missing


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of these tests."""
    parser.addoption(REWRITE, action="store_true", help="keep what snapshots in tests/data would be now, and show it")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the snapshots that were rewritten, so that somebody reads them."""
    for text in config.stash.get(REWRITTEN, []):
        terminalreporter.section("rewritten")
        terminalreporter.write_line(text)


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> snapshots.Kept:
    """Compare a text with the snapshot of that name; with `--rewrite-snapshots`, make it the snapshot."""

    def compare(name: str, text: str) -> None:
        found = snapshots.difference(name, text)
        if found and request.config.getoption(REWRITE):
            snapshots.rewrite(name, text)
            request.config.stash.setdefault(REWRITTEN, []).append(found)
            return
        assert not found, f"{found}\n\nIf that is right: pytest {REWRITE}"

    return compare


def missing(what: str) -> None:
    """Skip the test and say how to get what it needs; if $ACKBOT_TEST_ALL is set, fail instead."""
    if os.environ.get(ALL):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the password of test mailboxes, and drop logs unless a test asks for them."""
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
    """Runs a test on SQLite and on PostgreSQL: `pytestmark = pytest.mark.usefixtures("store")`."""
    if request.param == "postgres":
        monkeypatch.setattr(council, "new_store", request.getfixturevalue("postgres").new)
    return str(request.param)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The test council, unchanged."""
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes the test council with pieces of its configuration changed."""
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
    """Makes a council with a clock and with pieces of its configuration changed."""
    made: list[Story] = []

    def make(*changes: tuple[str, str], **options: str) -> Story:
        folder = tmp_path / f"story{len(made)}"
        folder.mkdir()
        made.append(Story(folder, *changes, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The program, in a folder without a configuration unless `-c` names one."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words, catch_exceptions=False)

    return run


@pytest.fixture
def own_templates(tmp_path: Path) -> Path:
    """The folder of the council's own English templates, beside its configuration in tmp_path."""
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """A council with one letter and one case, which Priya owns."""
    made = make_story()
    made.receive(letter())
    return made


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """A store with the newest schema at the `url` fixture of the test file."""
    made = open_database(url)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[MailServer]:
    """An IMAP server in memory, with the mailbox of the first inbox."""
    with MailServer({USER: PASSWORD}) as running:
        yield running


@pytest.fixture
def imap() -> Iterator[MailServer]:
    """An IMAP server in memory, with the mailboxes of all inboxes of the test council."""
    with MailServer(dict.fromkeys(council.USERS, PASSWORD)) as running:
        yield running


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A relay that takes every mail."""
    with Sink() as running:
        yield running


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[Dovecot]:
    """A mail server as councils have it."""
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    with Dovecot(tmp_path) as running:
        yield running


@pytest.fixture
def postfix(tmp_path: Path, dovecot: Dovecot) -> Iterator[Postfix]:
    """A relay that delivers every address into Dovecot."""
    if not Postfix.is_there():
        missing(INSTALL_POSTFIX)
    with Postfix(tmp_path, dovecot) as running:
        yield running


@pytest.fixture
def watching(world: World) -> Iterator[Callable[..., Run]]:
    """Starts watchers of the test world's first inbox, and ends them after the test."""
    made: list[Run] = []

    def start(port: int, **changes: Any) -> Run:
        made.append(Run(world, port, **changes))
        return made[-1]

    yield start
    for one in made:
        if one.thread.is_alive():
            one.end()


@pytest.fixture
def dispatcher(world: World) -> Iterator[Callable[..., Dispatcher]]:
    """A dispatcher of the test world to a test relay; rounds are called by hand."""
    made: list[tuple[Dispatcher, Stop]] = []

    def make(
        server: BadSmtp | int,
        limiter: Limiter | None = None,
        mailboxes: MailServer | None = None,
        sent_folder: str = "",
        worker: str = "w1",
    ) -> Dispatcher:
        port = server if isinstance(server, int) else server.port
        accounts = {}
        if mailboxes:
            accounts["housing"] = (
                Account("127.0.0.1", mailboxes.port, "none", USER, Password(env="ACKBOT_TEST_PASSWORD")),
                sent_folder,
            )
        lane = Lane(
            "default", Relay("default", "127.0.0.1", port, "none"), "", "test", limiter or Limiter(0, 0), accounts
        )
        stop = Stop()
        one = Dispatcher(lane, world.db, world.office, worker, stop, threading.Event(), lambda: world.now)
        made.append((one, stop))
        return one

    yield make
    for one, stop in made:
        one._connection.close()
        one._attachments.close()
        stop.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The shared mail corpus; a public clone does not have it."""
    folder = SHARED / "mail-corpus"
    if not folder.is_dir():
        pytest.skip(
            "needs the mail corpus beside this checkout, in ../shared/mail-corpus, which a stranger's clone has not"
        )
    return folder

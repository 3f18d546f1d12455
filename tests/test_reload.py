"""A daemon survives every configuration that it is told to reload (P10). It has no servers, and needs none."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import structlog

from ackbot import daemon as composition
from ackbot.config import load
from ackbot.daemon import Daemon
from ackbot.mail.plain import Read
from ackbot.store import StoreBusy
from ackbot.wires.readers import ReadingFailed
from ackbot.work import dispatch, rounds
from ackbot.work.reading import Unread
from tests.support.council import TOML, write_config


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """At work on the test council, tmp_path/ackbot.toml."""
    made = Daemon(load(write_config(tmp_path)))
    made.start()
    yield made
    made.stop()


WRONG = {
    "gone": None,
    "a Latin-1 octet": b"# \xe9\n" + TOML.encode(),
    "an empty include": b'include = [""]\n' + TOML.encode(),
    "a root": b'include = ["/"]\n' + TOML.encode(),
    "three stars": b'include = ["***"]\n' + TOML.encode(),
    "a language without words": TOML.encode().replace(b"[calendar]", b'languages = ["xx"]\n[calendar]'),
    "a duration nobody lives to see": TOML.encode().replace(b"5 working days", b"99999999999 working days"),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_wrong_reload_changes_nothing(daemon: Daemon, tmp_path: Path, content: bytes | None) -> None:
    """P10: the runtime that works goes on working."""
    (tmp_path / "ackbot.toml").unlink()
    if content is not None:
        (tmp_path / "ackbot.toml").write_bytes(content)
    runtime = daemon.runtime
    daemon.reload()

    assert daemon.runtime is runtime
    assert runtime.makes_progress()


def test_broken_words_change_nothing(daemon: Daemon, own_templates: Path) -> None:
    """P10: broken templates and phrases of the council change nothing either."""
    runtime = daemon.runtime
    for name, text in (("words.toml", b"a ="), ("receipt.txt", b"{{ 1 + name }}"), ("receipt.txt", b"\xe9")):
        (own_templates / name).write_bytes(text)
        daemon.reload()
        (own_templates / name).unlink()

        assert daemon.runtime is runtime


def test_what_reading_never_foresaw_changes_nothing(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """P10: a defect of ours in reading the file is logged, and no more."""
    monkeypatch.setattr(composition, "load", lambda _: 1 / 0)
    runtime = daemon.runtime
    daemon.reload()

    assert daemon.runtime is runtime


def test_a_store_that_is_busy_keeps_the_old_configuration(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P10: when the new runtime cannot begin, a runtime of the old configuration does."""
    refusals = [StoreBusy("locked")]
    begin = composition.recount

    def busy_once(*words: object) -> int:
        if refusals:
            raise refusals.pop()
        return begin(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(composition, "recount", busy_once)
    runtime = daemon.runtime
    write_config(tmp_path, ('name = "Sam Jones"', 'name = "Samuel Jones"'))
    daemon.reload()

    assert daemon.runtime is not runtime
    assert daemon.runtime.makes_progress()
    assert daemon._config.council.staff["sam"].name == "Sam Jones"
    daemon.reload()
    assert daemon._config.council.staff["sam"].name == "Samuel Jones"


def test_threads_that_do_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P2: no second runtime begins beside a thread of the first one: the daemon is to end, and systemd starts another."""
    monkeypatch.setattr(composition, "STOP_S", 0.0)
    daemon = Daemon(load(write_config(tmp_path)))
    daemon.start()
    runtime = daemon.runtime
    write_config(tmp_path, ('name = "Sam Jones"', 'name = "Samuel Jones"'))
    with runtime._rounds._lock, structlog.testing.capture_logs() as logs:  # a step of a round hangs
        daemon.reload()
    for thread in (*runtime._threads, *(one.thread for one in runtime._inbox_leases._watches.values())):
        thread.join(60)
    daemon._db.close()

    assert daemon.runtime is runtime
    assert daemon.stuck
    assert "threads did not end" in [one["event"] for one in logs if one["log_level"] == "error"]


def test_what_hangs_is_no_progress(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: a dispatcher or a round that hangs ends the signs of life, so that systemd starts the daemon anew."""
    runtime = daemon.runtime
    assert runtime.makes_progress()
    for module in (dispatch, rounds):
        with monkeypatch.context() as patched:
            patched.setattr(module, "PATIENCE_S", 0.0)

            assert not runtime.makes_progress(), module.__name__
    assert runtime.makes_progress()


@pytest.mark.parametrize("problem", [Unread("it ended two processes"), ReadingFailed("ValueError at text.py:12")])
def test_a_machine_on_which_no_mail_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    """P10: the daemon says why it does not start, and exits with 1; no traceback."""
    made = Daemon(load(write_config(tmp_path)))
    answer: Future[Read] = Future()
    answer.set_exception(problem)
    monkeypatch.setattr(made._reading, "begin", lambda _: answer)
    with structlog.testing.capture_logs() as logs:
        assert made.run() == 1
    made._reading.close()
    made._db.close()

    assert [(one["event"], one["reason"]) for one in logs if one["log_level"] == "error"] == [
        ("not started", str(problem))
    ]

"""kill -9 between any two steps: after a restart each letter is one case and one acknowledgement (D2, P1, P2)."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ackbot.crashpoints import POINTS, VARIABLE
from ackbot.demo.servers import MailServer, Sink
from tests.support.letters import letter, parsed
from tests.support.servers import Ackbot, until_true
from tests.test_end_to_end import USERS, configured

LETTERS = 6


@pytest.fixture
def imap() -> Iterator[MailServer]:
    with MailServer(USERS) as server:
        yield server


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


def by(number: int) -> bytes:
    """One of several different letters."""
    return letter(
        sender=f"Person <p{number}@resident.example>",
        subject=f"Matter {number}",
        text=f"Words {number}.\n",
        message_id=f"<m{number}@r.example>",
    )


def look(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """The store, looked at from outside."""
    connection = sqlite3.connect(folder / "ackbot.db", timeout=20)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.commit()
        connection.close()


def time_passes(folder: Path) -> None:
    """The 15 minutes before a doubtful mail is looked at are over."""
    look(folder, "UPDATE outbox SET not_before = '2026-01-01T00:00:00.000000Z' WHERE state = 'unknown'")


ONCE_PER_BATCH = ("intake.batch-done", "dispatch.claimed")


@pytest.mark.parametrize(
    ("point", "count"),
    [
        (point, count)
        for point in POINTS
        if point.startswith(("intake.", "dispatch."))
        for count in ((1,) if point in ONCE_PER_BATCH else (1, 3))
    ],
)
def test_killed_at_a_named_point(tmp_path: Path, imap: MailServer, sink: Sink, point: str, count: int) -> None:
    """D2: nothing lost and nothing doubled, at every named point; in P2's window at most one repeat, with the same Message-ID."""
    config = configured(tmp_path, imap.port, sink.port, ("# housing", 'start = "all"\nbacklog = "acknowledge"'))
    for number in range(LETTERS):
        imap.append("housing@northgate.example", by(number))
    killed = Ackbot(config, {VARIABLE: f"{point}:{count}"}).start()
    assert killed.wait(30) == -9, killed.log.read_text()[-2000:]
    killed.log.unlink()
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        time_passes(tmp_path)
        until_true(lambda: look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE state = 'accepted'") == [(2 * LETTERS,)])
    acknowledged = Counter(mail.recipients[0] for mail in sink.mails if "resident.example" in mail.recipients[0])
    ids = Counter(parsed(mail.content)["Message-ID"] for mail in sink.mails)

    assert look(tmp_path, "SELECT COUNT(*), COUNT(DISTINCT code) FROM cases") == [(LETTERS, LETTERS)]
    assert look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE kind = 'acknowledgement'") == [(LETTERS,)]
    assert set(acknowledged) == {f"p{number}@resident.example" for number in range(LETTERS)}
    repeats = sum(acknowledged.values()) - LETTERS
    assert repeats <= (1 if point in ("dispatch.accepted", "dispatch.sending") else 0)
    assert sum(ids.values()) - len(ids) <= (1 if point in ("dispatch.accepted", "dispatch.sending") else 0)
    assert len(ids) == 2 * LETTERS

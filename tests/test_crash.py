"""kill -9 between any two steps: after a restart each letter is one case and one acknowledgement (D2, P1, P2)."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ackbot.crashpoints import POINTS, VARIABLE
from ackbot.demo.servers import MailServer, Sink
from tests.support.council import configured
from tests.support.letters import by, parsed
from tests.support.outside import look
from tests.support.servers import Ackbot, until_true

LETTERS = 6


def time_passes(folder: Path) -> None:
    """The 15 minutes before a doubtful mail is looked at are over."""
    with contextlib.suppress(sqlite3.OperationalError):  # there may be no store yet
        look(folder, "UPDATE outbox SET not_before = '2026-01-01T00:00:00.000000Z' WHERE state = 'unknown'")


ONCE = (
    "daemon.recovered",
    "watch.fetched",
    "intake.batch-done",
    "watch.swept",
    "dispatch.claimed",
)  # in a run or a sweep
ELSEWHERE = ("rounds.", "backup.", "restore.", "watch.moved", "dispatch.later", "dispatch.resent")
# Outside of P2's window for sure; in any other moment a mail may just have been in it: its final dot sent, and no record of it.
NO_REPEAT = ("daemon.recovered", "dispatch.claimed", "dispatch.sending", "smtp.content", "dispatch.recorded")


@pytest.mark.parametrize(
    ("point", "count"),
    [
        (point, count)
        for point in POINTS
        if not point.startswith(ELSEWHERE)
        for count in ((1,) if point in ONCE else (1, 3))
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
        assert until_true(
            lambda: look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE state = 'accepted'") == [(2 * LETTERS,)]
        )
    acknowledged = Counter(mail.recipients[0] for mail in sink.mails if "resident.example" in mail.recipients[0])
    ids = Counter(parsed(mail.content)["Message-ID"] for mail in sink.mails)

    assert look(tmp_path, "SELECT COUNT(*), COUNT(DISTINCT code) FROM cases") == [(LETTERS, LETTERS)]
    assert look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE kind = 'acknowledgement'") == [(LETTERS,)]
    assert set(acknowledged) == {f"p{number}@resident.example" for number in range(LETTERS)}
    repeats = sum(acknowledged.values()) - LETTERS
    assert repeats <= (0 if point in NO_REPEAT else 1)
    assert sum(ids.values()) - len(ids) <= (0 if point in NO_REPEAT else 1)
    assert len(ids) == 2 * LETTERS


def killed_and_started_again(config: Path, *points: str, until: Callable[[], bool] = lambda: True) -> None:
    """A life for each point, and one in which all is sent and what is waited for has come. Time passes all the while."""
    folder = config.parent
    for point in points:
        ackbot = Ackbot(config, {VARIABLE: point}).start()
        assert until_true(lambda one=ackbot: time_passes(folder) or one.has_ended(), 60)
        assert ackbot.wait() == -9, ackbot.log.read_text()[-2000:]
    (folder / "ackbot.log").unlink()
    with Ackbot(config) as last:
        last.wait_for_log('"watching"', 3)
        done = "SELECT COUNT(*) FROM outbox WHERE state = 'accepted'"
        assert until_true(lambda: time_passes(folder) or look(folder, done) == [(2 * LETTERS,)]), last.log.read_text()
        assert until_true(until), (
            last.log.read_text()
        )  # a mail is moved behind its commit, when what it caused may be sent already


def test_killed_between_a_move_and_its_record(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """D2, P8: the server moved the mail and we died: nothing is lost, nothing done twice, all are moved in the end."""
    with imap.client("housing@northgate.example") as person:
        person.create_folder("Done")
    change = ("# housing", 'start = "all"\nbacklog = "acknowledge"\nafter = "move:Done"')
    config = configured(tmp_path, imap.port, sink.port, change)
    for number in range(LETTERS):
        imap.append("housing@northgate.example", by(number))

    def all_moved() -> bool:
        with imap.client("housing@northgate.example") as person:
            left = [person.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in ("INBOX", "Done")]
        return left == [0, LETTERS]

    killed_and_started_again(config, "watch.moved:2", "watch.moved:2", until=all_moved)

    assert len({parsed(mail.content)["Message-ID"] for mail in sink.mails}) == 2 * LETTERS
    assert len(sink.mails) <= 2 * LETTERS + 2  # two kills


def test_killed_after_a_4xx(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P2: the reply was read and recorded: the mail goes out once, when its wait is over."""
    config = configured(tmp_path, imap.port, sink.port, ("# housing", 'start = "all"\nbacklog = "acknowledge"'))
    for number in range(LETTERS):
        imap.append("housing@northgate.example", by(number))
    replies = ["451 4.3.0 later"] * 3
    sink.answer = lambda _: replies.pop() if replies else None
    ackbot = Ackbot(config, {VARIABLE: "dispatch.later:2"}).start()
    assert ackbot.wait(30) == -9
    look(tmp_path, "UPDATE outbox SET not_before = '2026-01-01T00:00:00.000000Z' WHERE state = 'queued'")
    replies.clear()
    killed_and_started_again(config)

    assert len({parsed(mail.content)["Message-ID"] for mail in sink.mails}) == len(sink.mails) == 2 * LETTERS


def test_killed_when_the_repeat_was_queued(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """D47, P2: killed in the window, and again when the repeat was queued: one repeat and no more, with the same Message-ID."""
    config = configured(tmp_path, imap.port, sink.port, ("# housing", 'start = "all"\nbacklog = "acknowledge"'))
    for number in range(LETTERS):
        imap.append("housing@northgate.example", by(number))
    killed_and_started_again(config, "smtp.dot:2", "dispatch.resent")
    ids = Counter(parsed(mail.content)["Message-ID"] for mail in sink.mails)

    assert sorted(ids.values()) == [1] * (2 * LETTERS - 1) + [2]

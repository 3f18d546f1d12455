"""The daemon as a process among faults that only a process has: a disk that is full, a signal under load, one bad server."""

import resource
import signal
import sqlite3
from collections import Counter
from pathlib import Path

import psutil

from ackbot.demo.servers import MailServer, Sink
from tests.support.council import configured
from tests.support.letters import by, parsed
from tests.support.outside import to
from tests.support.servers import Ackbot, until_true

HOUSING = "housing@northgate.example"


def acknowledged(sink: Sink) -> Counter[str]:
    """How often each resident was written to."""
    return Counter(mail.recipients[0] for mail in sink.mails if mail.recipients[0].endswith("@resident.example"))


def test_a_disk_that_takes_no_more(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """
    P1, P2: no file can grow, neither the store's nor the log: the daemon lives on, and when there is room again every letter
    is a case with one acknowledgement.
    """
    with Ackbot(configured(tmp_path, imap.port, sink.port)) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        assert ackbot.process is not None
        most = resource.prlimit(ackbot.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        process = psutil.Process(ackbot.process.pid)
        for number in range(5):
            imap.append(HOUSING, by(number))
        assert until_true(
            lambda: [one.raddr.port for one in process.net_connections() if one.raddr].count(imap.port) < 3
        )
        assert ackbot.log.read_text().count('"letter"') == 0
        assert not ackbot.has_ended()
        resource.prlimit(ackbot.process.pid, resource.RLIMIT_FSIZE, most)
        assert sink.wait_for(lambda mails: len(mails) == 10, 60), ackbot.log.read_text()[-3000:]
    store = sqlite3.connect(tmp_path / "ackbot.db")
    states = store.execute("SELECT state, outcome FROM letters").fetchall()
    store.close()

    assert states == [("decided", "case")] * 5
    assert acknowledged(sink) == {f"p{number}@resident.example": 1 for number in range(5)}


def test_sigterm_under_load(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """design.md §8, P1, P2: stopped in the middle of a backlog, by SIGTERM and not by a crash: nothing is doubted, nothing lost."""
    for number in range(60):
        imap.deliver(HOUSING, by(number))
    config = configured(tmp_path, imap.port, sink.port, ("# housing", 'start = "all"\nbacklog = "acknowledge"'))
    stops = 0
    while len(sink.mails) < 110 and stops < 10:
        before = len(sink.mails)
        with Ackbot(config) as ackbot:
            assert sink.wait_for(lambda mails, most=before + 20: len(mails) >= min(most, 120))
            ackbot.signal(signal.SIGTERM)
            assert ackbot.wait() == 0
        stops += 1
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3 * stops + 1)
        assert sink.wait_for(lambda mails: len(mails) >= 120)
    store = sqlite3.connect(tmp_path / "ackbot.db")
    doubted = store.execute("SELECT COUNT(*) FROM events WHERE kind IN ('unknown', 'resend')").fetchone()
    store.close()

    assert stops > 1
    assert doubted == (0,)
    assert acknowledged(sink) == {f"p{number}@resident.example": 1 for number in range(60)}
    assert len(sink.mails) == 120


def test_one_server_for_all_inboxes(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """behaviour.md §5: a server that cannot be trusted is told to the admin once, and not for each of its inboxes; D16."""
    config = configured(tmp_path, imap.port, sink.port, ('security = "none"\nusername', 'security = "tls"\nusername'))
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"stopped"', 3)
        assert sink.wait_for(lambda mails: len(mails) == 1)
    told = to(sink, "admins@northgate.example")

    assert len(sink.mails) == len(told) == 1
    assert "TLS failed" in parsed(told[0]).get_body(("plain",)).get_content()  # type: ignore[union-attr]

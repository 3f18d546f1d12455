"""A mail that was in hand when the whole process ended: known at the next start, tried apart, and never its end again (E1, P1)."""

import os
import signal
import smtplib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ackbot.casework.model import Arrival
from ackbot.config import load
from ackbot.crashpoints import VARIABLE
from ackbot.demo.servers import MailServer, Sink
from ackbot.store import in_hand, open_database
from ackbot.wires.imap import Envelope
from ackbot.work.aside import Aside
from ackbot.work.in_hand import InHand
from ackbot.work.intake import ENDED
from ackbot.work.threads import Stop
from tests.support import council
from tests.support.council import World, configured
from tests.support.letters import by, letter
from tests.support.outside import ackbot
from tests.support.servers import PATIENCE_S, Ackbot, free_port, until_true
from tests.support.watching import USER
from tests.test_lmtp import HOUSING, RESIDENT

WORD = "DEADLY-TO-THE-RULES"
DEADLY = letter(subject="Roof", message_id="<deadly@r.example>", text=f"It leaks. {WORD}\n")
PATH = (str(Path(__file__).parent / "support" / "deadly"), os.environ.get("PYTHONPATH", ""))
HARM = {"PYTHONPATH": os.pathsep.join(filter(None, PATH)), "ACKBOT_TEST_DEADLY": WORD}
STATES = "SELECT state, COUNT(*) AS n FROM letters GROUP BY state ORDER BY state"
ADMIN = "SELECT 1 FROM outbox WHERE kind = 'admin'"


class Council:
    """A configuration between two servers, and its store, looked at while the daemon runs or is dead."""

    def __init__(self, folder: Path, imap: MailServer, sink: Sink, *changes: tuple[str, str]) -> None:
        lines = [("# housing", 'start = "all"\nbacklog = "acknowledge"'), *changes]
        if url := council.new_store():
            lines.append(("sqlite:///ackbot.db", url))
        self.config = configured(folder, imap.port, sink.port, *lines)

    def look(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        db = open_database(load(self.config, rehearsal=True).store_url, read_only=True)
        try:
            return [tuple(dict(row).values()) for row in db.run(sql)]
        finally:
            db.close()

    def ends_by(self, number: signal.Signals, environment: dict[str, str]) -> None:
        """A life that ends so."""
        ended = Ackbot(self.config, environment).start()
        assert ended.wait(PATIENCE_S) == -number, ended.log.read_text()[-3000:]
        ended.log.unlink()


@pytest.mark.usefixtures("store")
def test_a_mail_that_ends_the_process_ends_it_once(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """
    E1: the next start knows it, tries it apart, and keeps it unread, with an acknowledgement from its headers; the admin is told
    once, the letters before and behind it and in other inboxes are taken. Tried again when the admin says so, it ends nothing.
    """
    place = Council(tmp_path, imap, sink)
    for raw in (by(1), by(2), DEADLY, by(3), by(4)):
        imap.append(USER, raw)
    place.ends_by(signal.SIGSEGV, HARM)
    imap.append("streets@northgate.example", by(5))
    with Ackbot(place.config, HARM) as again:
        again.wait_for_log('"quarantined"', 1)
        again.wait_for_log('"watching"', 3)
        assert until_true(lambda: place.look(STATES) == [("decided", 5), ("quarantined", 1)])
        assert place.look("SELECT error, retry_at FROM letters WHERE state = 'quarantined'") == [(ENDED, None)]
        assert "1 to be tried again" in ackbot(place.config, "quarantine", "retry").stdout
        again.wait_for_log('"quarantined again"', 1)
        assert not again.has_ended()
        acknowledged = "SELECT COUNT(*) AS n FROM outbox WHERE kind = 'acknowledgement'"
        assert place.look(acknowledged) == [(6,)]
    again.log.unlink()
    with Ackbot(place.config, HARM) as third:
        third.wait_for_log('"watching"', 3)

    assert place.look(STATES) == [("decided", 5), ("quarantined", 1)]
    assert len(place.look(ADMIN)) == 1
    assert place.look("SELECT COUNT(*) AS n FROM in_hand WHERE mail <> ''") == [(0,)]


@pytest.mark.usefixtures("store")
def test_a_mail_that_was_there_by_chance(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """E1, D2: of kill -9 or a power cut no mail is guilty: what was in hand passes its trial and is decided as ever."""
    place = Council(tmp_path, imap, sink)
    for number in range(4):
        imap.append(USER, by(number))
    place.ends_by(signal.SIGKILL, {VARIABLE: "intake.before-commit:2"})
    with Ackbot(place.config) as again:
        again.wait_for_log('"tried"', 1)
        assert until_true(lambda: place.look(STATES) == [("decided", 4)])
        assert '"survived": true' in again.log.read_text()

    assert place.look(ADMIN) == []


def test_a_delivered_mail_that_ends_the_process(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """E1, E13: its server has no 250 and brings it again: put off during the trial, and known, in quarantine, after it."""
    port = free_port()
    place = Council(tmp_path, imap, sink, ("[limits]", f'[daemon]\nlmtp = "127.0.0.1:{port}"\n\n[limits]'))

    def deliver(raw: bytes) -> int:
        with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_S) as client:
            try:
                return 250 if client.sendmail(RESIDENT, [HOUSING], raw) == {} else 0
            except smtplib.SMTPDataError as refused:
                return refused.smtp_code

    ended = Ackbot(place.config, HARM).start()
    ended.wait_for_log('"watching"', 3)
    with pytest.raises((smtplib.SMTPException, OSError)):
        deliver(DEADLY)
    assert ended.wait(PATIENCE_S) == -signal.SIGSEGV
    ended.log.unlink()
    with Ackbot(place.config, HARM) as again:
        again.wait_for_log('"watching"', 3)
        assert deliver(DEADLY) in (250, 451)  # a server waits a few seconds for the trial, and is put off then
        assert deliver(by(1)) == 250
        again.wait_for_log('"quarantined"', 1)
        assert until_true(lambda: deliver(DEADLY) == 250)

    assert place.look(STATES) == [("decided", 1), ("quarantined", 1)]
    assert place.look("SELECT COUNT(*) AS n FROM in_hand") == [(0,)]


@pytest.mark.usefixtures("store")
def test_a_mail_that_no_trial_convicts(world: World) -> None:
    """E1: after two ends over it by itself, a mail is kept unread although nothing can be found against it."""
    arrival = Arrival("housing", world.now, uidvalidity=1, uid=7)
    beside = Aside(world.db, world.intake, Stop(), lambda: world.now, lambda: None)
    for number, before in enumerate((0, 1, 2)):
        for _ in range(before):
            in_hand.again(world.db, "housing", arrival.folder, f"key {number}", world.now)
        beside.accuse(f"key {number}", by(number), replace(arrival, uid=number)).join(60)
    rows = world.db.run("SELECT state FROM letters ORDER BY id")

    assert [row["state"] for row in rows] == ["decided", "decided", "quarantined"]
    assert world.db.run("SELECT * FROM in_hand") == []


def test_the_first_batch_is_small(world: World) -> None:
    """The first of a long backlog are answered while the next fifty are fetched; large mails fill a batch by their octets."""
    hand = InHand(world.db, "housing", lambda: council.MONDAY)
    small = [Envelope(uid, 1_000, council.MONDAY) for uid in range(1, 121)]
    large = [Envelope(uid, 1_000_000, council.MONDAY) for uid in range(1, 121)]

    assert [len(batch) for batch in hand.batches("INBOX", small)] == [8, 50, 50, 12]
    assert {len(batch) for batch in hand.batches("INBOX", large)} <= set(range(1, 40))
    assert [one for batch in hand.batches("INBOX", small) for one in batch] == small

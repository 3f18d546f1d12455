"""The crash laboratory: letters all the while, kill -9 at random moments, then everything is counted (D2, P1, P2)."""

import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ackbot.demo.servers import Sink
from tests.conftest import missing
from tests.support.letters import parsed
from tests.support.servers import INSTALL_DOVECOT, Ackbot, Dovecot, until_true
from tests.test_crash import by, look, time_passes
from tests.test_end_to_end import configured

pytestmark = pytest.mark.lab
KILLS = int(os.environ.get("ACKBOT_LAB_KILLS", "20"))
SEED = int(os.environ.get("ACKBOT_LAB_SEED", "1"))


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[Dovecot]:
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    with Dovecot(tmp_path) as server:
        yield server


def test_random_kills(tmp_path: Path, dovecot: Dovecot, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The daemon between Dovecot and a sink that notes every mail is killed at random moments while letters keep coming.

    Then: every letter one case, one acknowledgement; repeats only in P2's window, with the same Message-ID. How many and
    what share of all mails that was is printed. ACKBOT_LAB_KILLS and ACKBOT_LAB_SEED repeat or widen a run.
    """
    chance = random.Random(SEED)
    stop, written = threading.Event(), []
    with Sink() as sink:
        config = configured(
            tmp_path,
            dovecot.port,
            sink.port,
            ("# housing", 'start = "all"\nbacklog = "acknowledge"'),
            ("# brake", 'brake = ""'),
        )

        def write() -> None:
            with dovecot.client("housing") as client:
                while not stop.wait(0.02):
                    client.append("INBOX", by(len(written)))
                    written.append(len(written))

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(KILLS):
            ackbot = Ackbot(config).start()
            threading.Event().wait(0.7 + chance.random())  # the moment of the kill is what is random here
            assert ackbot.process is not None
            ackbot.process.kill()
            assert ackbot.wait() == -9, ackbot.log.read_text()[-2000:]
            time_passes(tmp_path) if (tmp_path / "ackbot.db").exists() else None
        stop.set()
        writer.join()
        ackbot.log.unlink()  # what the killed ones had logged says nothing of the last
        with Ackbot(config) as last:
            last.wait_for_log('"watching"', 3)
            time_passes(tmp_path)
            done = f"SELECT COUNT(*) FROM outbox WHERE state IN ('accepted', 'unverified') HAVING COUNT(*) = {2 * len(written)}"
            assert until_true(lambda: look(tmp_path, done), 120), look(
                tmp_path, "SELECT state, COUNT(*) FROM outbox GROUP BY state"
            )
        mails = list(sink.mails)
    acknowledged = Counter(mail.recipients[0] for mail in mails if mail.recipients[0].endswith("@resident.example"))
    ids = Counter(str(parsed(mail.content)["Message-ID"]) for mail in mails)
    repeats = {identity: count for identity, count in ids.items() if count > 1}
    with capsys.disabled():
        print(
            f"\n{KILLS} kills, {len(written)} letters, {len(mails)} mails, {len(repeats)} repeated ({100 * len(repeats) / len(mails):.2f} %)"
        )

    assert sqlite3.connect(tmp_path / "ackbot.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert look(tmp_path, "SELECT COUNT(*), COUNT(DISTINCT code) FROM cases") == [(len(written), len(written))]
    assert set(acknowledged) == {f"p{number}@resident.example" for number in written}
    assert max(ids.values()) <= 2
    assert len(repeats) <= KILLS
    assert len(ids) == 2 * len(written)

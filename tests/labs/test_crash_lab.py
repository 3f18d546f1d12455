"""The crash laboratory: letters all the while, kill -9 and dying servers, then everything is counted (D2, D14, D47, P1, P2)."""

import contextlib
import os
import random
import shutil
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import psycopg
import pytest
from imapclient.exceptions import IMAPClientError

from ackbot.crashpoints import POINTS, VARIABLE
from tests.support import council
from tests.support.council import configured
from tests.support.ledger import Entry, Ledger
from tests.support.letters import letter
from tests.support.servers import Ackbot, Dovecot, until_true
from tests.test_crash import ELSEWHERE, ONCE

pytestmark = pytest.mark.lab
KILLS = int(os.environ.get("ACKBOT_LAB_KILLS", "20"))
SEED = int(os.environ.get("ACKBOT_LAB_SEED", "1"))
WHERE = [point for point in POINTS if not point.startswith(ELSEWHERE)]
# What is left to do: mails to send, and mails that were in hand when the process ended, which are tried apart a minute later.
IN_THE_END = (
    "SELECT (SELECT COUNT(*) FROM outbox WHERE state NOT IN ('accepted', 'unverified')) "
    "+ (SELECT COUNT(*) FROM arrivals WHERE letter_id IS NULL)"
)


class Store:
    """A council's store, looked at from outside while the daemon runs, or is dead."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url or "sqlite:///ackbot.db"
        self._file = "" if url else str(folder / "ackbot.db")

    def _connect(self) -> Any:
        if self._file:
            return sqlite3.connect(self._file, isolation_level=None, timeout=20)
        return psycopg.connect(self.url, autocommit=True)

    def look(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        with contextlib.closing(self._connect()) as connection:
            found = connection.execute(sql)
            return list(found.fetchall()) if found.description else []

    def time_passes(self, *, nobody_lives: bool = True) -> None:
        """The waits of mails are over; of the dead, so are their leases."""
        past = "'2026-01-01T00:00:00.000000Z'"
        with contextlib.suppress(sqlite3.OperationalError, psycopg.errors.UndefinedTable):  # there may be no store yet
            self.look(
                f"UPDATE outbox SET not_before = {past} WHERE state = 'unknown' OR (state = 'queued' AND attempts > 0)"
            )
            if nobody_lives:
                self._end_leases()
                self.look("DELETE FROM leases")

    def _end_leases(self) -> None:
        """A server may still be at the last statement of a program that is dead already, and ends one of two that wait for each other."""
        for _ in range(5):
            try:
                self.look("UPDATE outbox SET lease_until_s = 0 WHERE state IN ('claimed', 'sending')")
            except psycopg.errors.DeadlockDetected:
                continue
            return
        raise AssertionError("deadlocks without an end")

    def is_whole(self) -> bool:
        """Whether the file, if it is one, is undamaged."""
        return not self._file or self.look("PRAGMA integrity_check") == [("ok",)]

    def lock(self, seconds: float) -> None:
        """Another program keeps everybody from writing."""
        with contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE" if self._file else "BEGIN")
            if not self._file:
                connection.execute("LOCK TABLE outbox IN EXCLUSIVE MODE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")


@pytest.fixture
def kept(store: str, tmp_path: Path) -> Store:
    """A new store of either kind."""
    return Store(tmp_path, council.new_store())


class Writers:
    """Residents who write all the while: every tenth letter has a photo, every twentieth is delivered twice."""

    def __init__(self, dovecot: Dovecot, pause_s: float) -> None:
        self.written = 0
        self._dovecot = dovecot
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError, IMAPClientError):  # the server comes and goes
                self._write_until_it_breaks()

    def _write_until_it_breaks(self) -> None:
        client = self._dovecot.client("housing")
        try:
            while not self._stop.wait(self._pause_s):
                for _ in range(2 if self.written % 20 == 0 else 1):
                    client.append("INBOX", by(self.written))
                self.written += 1
        finally:
            client.shutdown()

    def __enter__(self) -> "Writers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def by(number: int) -> bytes:
    """One of many different letters; every tenth is large, so that it is fetched by its structure and its photo streamed."""
    raw = letter(
        sender=f"Person <p{number}@resident.example>",
        subject=f"Matter {number}",
        text=f"Words {number}.\n" if number % 10 else "",
        message_id=f"<m{number}@r.example>",
        content_type="text/plain; charset=utf-8" if number % 10 else "multipart/mixed; boundary=b",
    )
    photo = b"--b\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    words = b"--b\r\n\r\nWords %d.\r\n" % number
    return raw if number % 10 else raw + words + photo + b"QUJDRUZHSElKS0xNTk9QUVJT\r\n" * 12_000 + b"--b--\r\n"


def between(folder: Path, imap: int, smtp: int, kept: Store) -> Path:
    """The council between two servers, all letters taken, nothing held."""
    changes = (
        ("# housing", 'start = "all"\nbacklog = "acknowledge"'),
        ("# brake", 'brake = ""'),
        ("sqlite:///ackbot.db", kept.url),
    )
    return configured(folder, imap, smtp, *changes)


def finish(folder: Path, config: Path, kept: Store) -> None:
    """A last life, in which nothing is killed and all is done."""
    log = folder / "ackbot.log"
    log.unlink(missing_ok=True)  # what earlier ones had logged says nothing of the last
    with Ackbot(config) as last:
        last.wait_for_log('"watching"', 3, 60)

        def done() -> bool:
            kept.time_passes(nobody_lives=False)
            threading.Event().wait(0.3)
            return kept.look(IN_THE_END) == [(0,)]

        assert until_true(done, 900), kept.look("SELECT state, kind, COUNT(*) FROM outbox GROUP BY state, kind")


def count(kept: Store, written: int, book: list[Entry], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every letter one case and one acknowledgement; repeats only in P2's window, the same to the octet."""
    copies: dict[str, list[Entry]] = defaultdict(list)
    last_of: dict[int, Entry] = {}
    for entry in book:
        last_of[entry.connection] = entry
        if entry.complete:
            copies[entry.message_id].append(entry)
    ours = kept.look("SELECT message_id, state, kind, letter_id FROM outbox")
    unverified = {str(row[0]) for row in ours if row[1] == "unverified"}
    never_came = {str(row[0]) for row in ours} - set(copies)
    repeats = {identity: found for identity, found in copies.items() if len(found) > 1}
    share = 100 * len(repeats) / len(copies)
    with capsys.disabled():
        print(
            f"\n{what}: {written} letters, {len(ours)} mails, {sum(entry.octets for entry in book) / 1e6:.1f} MB noted, "
            f"{sum(not entry.complete for entry in book)} mails broken off; {len(repeats)} repeated ({share:.2f} %); "
            f"{len(unverified)} unverified, of which {len(never_came)} never came"
        )

    assert kept.is_whole()
    assert kept.look("SELECT COUNT(*), COUNT(DISTINCT code) FROM cases") == [(written, written)]
    acknowledgements = "SELECT COUNT(*), COUNT(DISTINCT recipient) FROM outbox WHERE kind = 'acknowledgement'"
    assert kept.look(acknowledgements) == [(written, written)]
    assert kept.look("SELECT COUNT(*) FROM letters WHERE state <> 'decided'") == [(0,)]
    assert never_came <= unverified  # broken off twice: nobody can know, and the admin was told
    assert kept.look("SELECT COUNT(*) FROM outbox WHERE dedupe_key LIKE 'unverified:%'") == [
        (sum(1 for row in ours if row[1] == "unverified" and row[2] != "admin"),)
    ]
    for found in repeats.values():
        first, second = found  # and no third
        assert (first.recipient, first.digest) == (second.recipient, second.digest)
        assert (
            last_of[first.connection] == first
        )  # the connection ended with it: its reply was not read, or not recorded
    assert set(copies) <= {str(row[0]) for row in ours}


def test_kills(tmp_path: Path, dovecot: Dovecot, kept: Store, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The daemon between Dovecot and a server that keeps book is killed at random moments and at every named point in turn,
    while letters keep coming. ACKBOT_LAB_KILLS and ACKBOT_LAB_SEED widen or repeat a run.
    """
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    log = tmp_path / "ackbot.log"
    with Ledger() as ledger:
        config = between(tmp_path, dovecot.port, ledger.port, kept)
        with Writers(dovecot, 0.4) as residents:
            for number in range(KILLS):
                point = WHERE[number // 2 % len(WHERE)] if number % 2 else ""
                times = 1 if point in ONCE else chance.randint(1, 12)
                log.unlink(missing_ok=True)
                ackbot = Ackbot(config, {VARIABLE: f"{point}:{times}" if point else ""}).start()
                assert ackbot.process is not None
                reached = bool(point) and until_true(ackbot.has_ended, 30)
                if not point:
                    ackbot.wait_for_log('"started"', 1, 60)
                    threading.Event().wait(1.5 * chance.random())  # the moment of the kill is what is random here
                killed[point if reached else "a random moment"] += 1
                ackbot.process.kill()
                assert ackbot.wait() == -9, log.read_text()[-2000:]
                kept.time_passes()
                if number % 50 == 49:
                    with capsys.disabled():
                        print(f"\n{number + 1} killed, {residents.written} letters", end="", flush=True)
        finish(tmp_path, config, kept)
        book = list(ledger.entries)
    with capsys.disabled():
        print(f"\nkilled: {', '.join(f'{name} {times}' for name, times in killed.most_common())}")
    count(kept, residents.written, book, f"{KILLS} kills on {store}", capsys)
    repeated = [
        name for name, times in Counter(entry.message_id for entry in book if entry.complete).items() if times > 1
    ]

    assert set(killed) >= set(WHERE[: KILLS // 2])
    assert len(repeated) <= KILLS


FAULTS = ("the IMAP server restarts", "UIDVALIDITY changes", "the relay dies in the middle of mails",
          "the relay dies after final dots", "another program locks the store")  # fmt: skip
TURNS = int(os.environ.get("ACKBOT_LAB_TURNS", "2"))


def test_dying_servers(
    tmp_path: Path, dovecot: Dovecot, kept: Store, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Nobody kills the daemon; what it stands on dies under it, one thing after the other, while letters keep coming:
    D7, D8, D15, D46, D47. ACKBOT_LAB_TURNS repeats the round.
    """
    doom: list[str] = []
    with Ledger(lambda: doom.pop() if doom else "") as ledger:
        config = between(tmp_path, dovecot.port, ledger.port, kept)
        with Ackbot(config) as ackbot:
            ackbot.wait_for_log('"watching"', 3, 60)
            with Writers(dovecot, 0.4) as residents:
                for fault in FAULTS * TURNS:
                    before = residents.written
                    if fault == "the IMAP server restarts":
                        dovecot.stop()
                        dovecot.start()
                    elif fault == "UIDVALIDITY changes":
                        dovecot.stop()
                        for path in (dovecot.folder / "home" / "housing" / "Maildir").glob("dovecot*"):
                            shutil.rmtree(path) if path.is_dir() else path.unlink()
                        dovecot.start()
                    elif fault == "the relay dies in the middle of mails":
                        doom.extend(["middle"] * 5)
                    elif fault == "the relay dies after final dots":
                        doom.extend(["silent"] * 3)
                    else:
                        kept.lock(7)  # the busy timeout is five seconds
                    written = before + 20
                    assert until_true(lambda most=written: residents.written >= most and not doom, 120), fault
            assert not ackbot.has_ended()
        finish(tmp_path, config, kept)
        book = list(ledger.entries)
    count(kept, residents.written, book, f"{TURNS} times {len(FAULTS)} faults on {store}", capsys)

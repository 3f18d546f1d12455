"""The surroundings of a measurement: Dovecot, a relay that takes everything, a full mailbox, and the daemon as a process."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import psutil

from bench.letters import TO, Letter
from tests.support.servers import Ackbot, Dovecot, free_port, until_true, wait_port

USER = TO.partition("@")[0]
_COUNCIL = """
[council]
name = "Royal Borough of Northgate"
domains = ["northgate.example"]
admin = "admins@northgate.example"
secret_file = "secret"
[store]
url = "{store}"
[limits]
brake = ""
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
per_minute = 0
per_day = 0
[[team]]
name = "housing"
members = ["priya", "sam"]
manager = "alex"
[[staff]]
name = "Priya Shah"
email = "priya@northgate.example"
[[staff]]
name = "Sam Jones"
email = "sam@northgate.example"
[[staff]]
name = "Alex Reid"
email = "alex@northgate.example"
"""
_INBOX = """
[[inbox]]
name = "{name}"
address = "{name}@northgate.example"
service = "{name}"
team = "housing"
mode = "live"
plus_addressing = true
host = "127.0.0.1"
port = {imap}
security = "none"
username = "{name}"
password_env = "ACKBOT_TEST_PASSWORD"
watch = "{watch}"
poll_every = "{poll}"
start = "all"
backlog = "acknowledge"
"""


class Place:
    """Dovecot and the relay of bench/sink, in a folder of their own. Use it as a context manager."""

    def __init__(self, folder: Path, delay_ms: int = 0) -> None:
        self.folder = folder
        self.dovecot = Dovecot(folder)
        self.sink_port = free_port()
        self._delay_ms = delay_ms
        self._sent = folder / "sink.tsv"
        self._runs = 0

    def __enter__(self) -> "Place":
        self.dovecot.start()
        self._sink = subprocess.Popen(
            [sys.executable, "-m", "bench.sink", str(self.sink_port), str(self._sent), str(self._delay_ms)]
        )
        wait_port(self.sink_port)
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.terminate()
        self._sink.wait()
        self.dovecot.close()

    def empty(self) -> None:
        """Empty every mailbox, and forget what the sink took."""
        shutil.rmtree(self.dovecot.folder / "home", ignore_errors=True)
        (self.dovecot.folder / "home").mkdir()
        shutil.chown(self.dovecot.folder / "home", *(["mail"] * 2 if os.geteuid() == 0 else [os.getuid()]))
        os.truncate(self._sent, 0)  # the sink appends, so it goes on at the start of the file

    def fill(self, found: Iterable[Letter], user: str = USER) -> list[Letter]:
        """
        Put letters into a mailbox, indexed by Dovecot as if they had been delivered.

        Returns:
            The letters that must be answered, without their bytes.
        """
        with self.dovecot.client(user) as client:
            client.folder_status("INBOX", ["MESSAGES"])
        new, owner = self.dovecot.folder / "home" / user / "Maildir" / "new", (self.dovecot.folder / "home").stat()
        answered = []
        for number, one in enumerate(found):
            path = new / f"{1_700_000_000 + number}.{number}.bench"
            path.write_bytes(one.raw)
            os.chown(path, owner.st_uid, owner.st_gid)
            if one.answered:
                answered.append(Letter(b"", one.sender, True))
        with self.dovecot.client(user) as client:
            client.folder_status("INBOX", ["MESSAGES"])
        return answered

    def sent(self) -> list[tuple[float, int, str]]:
        """The mails that the sink took: monotonic time, octets, recipient."""
        rows = (line.rstrip("\n").split("\t") for line in self._sent.read_text().splitlines())
        return [(float(at), int(size), recipient) for at, size, recipient in rows]

    def wait_sent(self, count: int, timeout_s: float = 600, of: Collection[str] = ()) -> list[tuple[float, int, str]]:
        """
        Wait until the sink has taken that many mails, and return them as `sent` does.

        Args:
            of: recipients who must be among them. A letter may bring more mails than two, such as an alarm.

        Raises:
            RuntimeError: it did not take them in time.
        """
        quiet = os.open(self._sent, os.O_RDONLY)
        try:
            lines, rest = 0, 0
            until = time.monotonic() + timeout_s
            while lines < count and time.monotonic() < until:
                found = os.pread(quiet, 1 << 20, rest)
                lines, rest = lines + found.count(b"\n"), rest + len(found)
                time.sleep(0.02)
        finally:
            os.close(quiet)
        if lines < count:
            raise RuntimeError(f"{lines} of {count} mails within {timeout_s} s")
        while missing := set(of) - {recipient for _, _, recipient in self.sent()}:
            if time.monotonic() > until:
                raise RuntimeError(f"no mail to {len(missing)} recipients within {timeout_s} s")
            time.sleep(0.02)
        return self.sent()

    def wait_sent_to(self, recipient: str, timeout_s: float) -> float:
        """
        Wait for the first mail to a recipient, whatever else goes out meanwhile; its monotonic time.

        Raises:
            RuntimeError: none was taken in time.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for at, _, whose in self.sent():
                if whose == recipient:
                    return at
            time.sleep(0.005)
        raise RuntimeError(f"no mail to {recipient} within {timeout_s} s")

    def council(
        self,
        inboxes: Iterable[str] = (USER,),
        *,
        imap: int = 0,
        watch: str = "poll",
        poll: str = "200 ms",
        store_url: str = "",
    ) -> Path:
        """Write a configuration, and return its path. Without `store_url` it has an SQLite store of its own."""
        self._runs += 1
        folder = self.folder / f"council{self._runs}"
        folder.mkdir()
        (folder / "secret").write_text("a secret of the bench, sixty-four characters long, is quite enough\n")
        os.chmod(folder / "secret", 0o600)
        text = _COUNCIL.format(store=store_url or f"sqlite:///{folder}/ackbot.db", smtp=self.sink_port)
        text += "".join(
            _INBOX.format(name=name, imap=imap or self.dovecot.port, watch=watch, poll=poll) for name in inboxes
        )
        (folder / "ackbot.toml").write_text(text)
        return folder / "ackbot.toml"


@contextlib.contextmanager
def daemon(config: Path) -> Iterator[Ackbot]:
    """Run `ackbot run`, which must end well."""
    with Ackbot(config) as running:
        yield running


def logged_at(running: Ackbot, event: str) -> float:
    """The Unix time at which the daemon first logged an event; waits up to 60 seconds for it."""
    until_true(lambda: f'"{event}"' in running.log.read_text(), 60)
    for line in running.log.read_text().splitlines():
        found = json.loads(line)
        if found["event"] == event:
            return datetime.fromisoformat(found["timestamp"]).timestamp()
    raise RuntimeError(f"no {event} in {running.log.read_text()[-2000:]}")


def monotonic_of(unix: float) -> float:
    """The same moment by the monotonic clock, which all processes of a machine share."""
    return unix - time.time() + time.monotonic()


def cpu_of(running: Ackbot) -> float:
    """CPU seconds that a daemon, its nursery and its readers have used, those that ended included."""
    return sum(sum(one.cpu_times()[:4]) for one in _family(running))  # user and system, and both of ended children


def memory_of(running: Ackbot) -> tuple[float, float]:
    """MB that a daemon, its nursery and its readers have in memory now, shared pages counted once, and the most that the daemon itself had."""
    assert running.process is not None
    daemon = psutil.Process(running.process.pid)
    now = sum(one.memory_full_info().pss for one in _family(running))
    words = Path(f"/proc/{daemon.pid}/status").read_text().split()
    return now / 1_048_576, int(words[words.index("VmHWM:") + 1]) / 1_024


def _family(running: Ackbot) -> list[psutil.Process]:
    assert running.process is not None
    daemon = psutil.Process(running.process.pid)
    return [daemon, *daemon.children(recursive=True)]

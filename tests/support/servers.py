"""Dovecot and Postfix from Debian's packages, with private configurations on high loopback ports; and the daemon as a process."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from imapclient import IMAPClient

PASSWORD = "secret"
PATIENCE_S = 60.0  # for what must happen, on a machine that has much else to do
INSTALL_DOVECOT = "needs Dovecot: apt-get install -y --no-install-recommends dovecot-imapd dovecot-lmtpd"
INSTALL_POSTFIX = "needs Postfix, and root to run it: apt-get install -y --no-install-recommends postfix"
INSTALL_MUTT = "needs a mail client: apt-get install -y --no-install-recommends mutt"

_DOVECOT = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 200
recipient_delimiter = +
{users}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={d}/home/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
}}
protocol lmtp {{
  postmaster_address = postmaster@northgate.example
  {sieve}
}}
service imap-login {{
  service_count = 0
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
"""
_POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {d}/queue
data_directory = {d}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.northgate.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
recipient_delimiter = +
maillog_file = {d}/postfix.log
maillog_file_prefixes = {d}
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
"""
_POSTFIX_MASTER = """
127.0.0.1:{smtp_port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


_PORTS = range(20_000, 32_768)  # below those that the kernel gives to whoever connects, or asks for any port
_reserved: list[socket.socket] = []  # one for each port that this process was given; they end with it


def free_port() -> int:
    """
    A port that nobody listens on. No other test gets it before this process ends, so a server may bind it later.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0ackbot-test-port-{port}")  # seen by every process of this machine, gone with ours
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _reserved.append(claim)
        return port
    raise RuntimeError("every port is taken")


def _made_folder(prefix: str) -> Path:
    """
    A folder that users other than root may walk through. It lies outside of pytest's, which every run of pytest closes to them
    again, also while the servers of another run still work there.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


def _forget_folder(folder: Path, log: str, keep: Path) -> None:
    """Delete the folder, but keep the log with the test's other files."""
    if (folder / log).exists() and keep.exists():
        shutil.copy(folder / log, keep)
    shutil.rmtree(folder, ignore_errors=True)


def wait_port(port: int, log: Path | None = None) -> None:
    """Wait until somebody listens on a port."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nobody listens on {port}: {log.read_text()[-2000:] if log and log.exists() else ''}")


class Dovecot:
    """IMAP and LMTP. Every name before the @ is a mailbox with the password PASSWORD. Use it as a context manager."""

    def __init__(self, folder: Path, sieve: str = "", settings: str = "") -> None:
        """`folder` gets its log. `sieve` has further settings for delivery, such as Pigeonhole's; `settings` for the rest."""
        self.port, self.lmtp_port = free_port(), free_port()
        self._keep = folder
        self._sieve = sieve
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_there() -> bool:
        return shutil.which("dovecot") is not None

    @cached_property
    def folder(self) -> Path:
        """The folder of all its files. Its name is short, because the paths of sockets may have only 107 characters."""
        return _made_folder("dovecot-")

    def start(self) -> None:
        root = os.geteuid() == 0
        owner = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
        for name in ("state", "home", "run"):
            (self.folder / name).mkdir(exist_ok=True)
        os.chown(self.folder / "home", owner.pw_uid, owner.pw_gid)
        users = (
            ""
            if root
            else f"default_login_user = {owner.pw_name}\ndefault_internal_user = {owner.pw_name}\ndefault_internal_group = {owner.pw_name}"
        )
        config = self.folder / "dovecot.conf"
        config.write_text(
            _DOVECOT.format(
                d=self.folder,
                password=PASSWORD,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                users=users,
                imap_port=self.port,
                lmtp_port=self.lmtp_port,
                sieve=self._sieve,
            )
            + self.settings
        )
        self._process = subprocess.Popen(["dovecot", "-F", "-c", str(config)])
        wait_port(self.port, self.folder / "dovecot.log")
        wait_port(self.lmtp_port, self.folder / "dovecot.log")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def close(self) -> None:
        """Stop it and delete its mailboxes."""
        self.stop()
        _forget_folder(self.folder, "dovecot.log", self._keep)

    def client(self, user: str) -> IMAPClient:
        """A logged-in client. Use it as a context manager."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=PATIENCE_S)
        try:
            client.login(user, PASSWORD)
        except BaseException:
            client.shutdown()
            raise
        return client

    def append(self, user: str, mail: bytes, at: Any = None) -> None:
        """Deliver a mail."""
        with self.client(user) as client:
            client.append("INBOX", mail, (), at)

    def mails(self, user: str) -> list[bytes]:
        """All mails of a mailbox, oldest first."""
        with self.client(user) as client:
            client.select_folder("INBOX", readonly=True)
            uids = client.search("ALL")
            return [client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] for uid in uids]

    def __enter__(self) -> "Dovecot":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Postfix:
    """An MTA that delivers mail for every domain to Dovecot. Use it as a context manager."""

    def __init__(self, folder: Path, dovecot: Dovecot, port: int = 0, settings: str = "") -> None:
        """`folder` gets its log. `settings` are further lines of main.cf."""
        self._keep = folder
        self.port = port or free_port()
        self._lmtp_port = dovecot.lmtp_port
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_there() -> bool:
        return Path("/usr/lib/postfix/sbin/master").exists() and os.geteuid() == 0

    @cached_property
    def folder(self) -> Path:
        """The folder of all its files."""
        return _made_folder("postfix-")

    def __enter__(self) -> "Postfix":
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "etc" / "main.cf").write_text(
            _POSTFIX_MAIN.format(d=self.folder, lmtp_port=self._lmtp_port) + self._settings
        )
        (self.folder / "etc" / "master.cf").write_text(_POSTFIX_MASTER.format(smtp_port=self.port))
        etc = str(self.folder / "etc")
        subprocess.run(["postfix", "-c", etc, "check"], check=True, capture_output=True)
        self._process = subprocess.Popen(
            ["/usr/lib/postfix/sbin/master", "-c", etc, "-d"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_port(self.port, self.folder / "postfix.log")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
        _forget_folder(self.folder, "postfix.log", self._keep)


class Ackbot:
    """`ackbot run` as a process. Use it as a context manager; leaving it sends SIGTERM."""

    def __init__(self, config: Path, environment: dict[str, str] | None = None) -> None:
        self.config = config
        self.log = config.parent / "ackbot.log"
        self._environment = {**os.environ, "ACKBOT_TEST_PASSWORD": PASSWORD, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, program: Sequence[str] = (sys.executable, "-m", "ackbot.cli")) -> "Ackbot":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*program, "-c", str(self.config), "run"], stderr=log, env=self._environment
            )
        return self

    def wait_for_log(self, words: str, count: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the log has a text that many times."""
        until_true(lambda: self.log.read_text().count(words) >= count or self.has_ended(), timeout_s)
        assert self.log.read_text().count(words) >= count, self.log.read_text()[-3000:]

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for the end, and return the exit code."""
        assert self.process is not None
        return self.process.wait(timeout_s)

    def __enter__(self) -> "Ackbot":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.has_ended():
            self.signal(signal.SIGTERM)
            code = self.wait()
            assert code == 0, (code, self.log.read_text()[-3000:])


def until_true(test: Callable[[], Any], timeout_s: float = PATIENCE_S) -> bool:
    """Ask every few milliseconds until something is true. Returns whether it became true in time."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.01)
    return bool(test())


def run(words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program, with its output as text."""
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)

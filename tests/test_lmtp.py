"""Mail that a server delivers to us: 250 only for what is kept, the same intake, the same promises."""

import contextlib
import os
import shutil
import signal
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from ackbot.casework.model import DELIVERED, Arrival
from ackbot.config import ConfigProblem, load
from ackbot.crashpoints import VARIABLE
from ackbot.demo.servers import MailServer, Sink
from ackbot.store import StoreBusy, arrivals, outbox
from ackbot.wires.lmtp import PER_PEER, Listener
from ackbot.wires.places import Place, PlaceTaken, network
from ackbot.work import intake
from ackbot.work.attachments import Attachments
from ackbot.work.intake import Intake
from ackbot.work.lmtp_delivery import Mailroom
from ackbot.work.quota import Quota, QuotaFull
from ackbot.work.threads import Stop
from tests.conftest import missing
from tests.support.council import World, configured, write_config
from tests.support.letters import by, letter, parsed
from tests.support.outside import ackbot, look, residents
from tests.support.servers import INSTALL_POSTFIX, PATIENCE_S, Ackbot, Postfix, free_port, until_true

RESIDENT = "edward@resident.example"
HOUSING = "housing@northgate.example"
LOOPBACK = (network("127.0.0.0/8"), network("::1"))


class Post:
    """A world that mail is delivered to over a socket. Use as a context manager."""

    def __init__(self, world: World, place: Place, per_minute: int = 0, **options: Any) -> None:
        self.world, self.place, self.stop = world, place, Stop()
        self.troubles: list[tuple[str, str, str, str]] = []
        room = Mailroom(
            world.db,
            world.intake,
            world.config.council,
            self.stop,
            lambda: world.now,
            lambda: None,
            lambda *told: self.troubles.append(told),
            per_minute,
        )
        given = {"peers": LOOPBACK, "size": 1_000_000, "certificate": None} | options
        self.listener = Listener(place, room, **given)
        self.thread = threading.Thread(target=self.listener.run, args=(self.stop.fd,))

    def __enter__(self) -> "Post":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()
        self.stop.close()

    def client(self, kind: type[smtplib.SMTP] = smtplib.LMTP) -> smtplib.SMTP:
        """A mail server that has something for us."""
        if self.place.path:
            return kind(self.place.path)
        return kind("127.0.0.1", self.place.port, timeout=PATIENCE_S)

    def deliver(self, raw: bytes, *recipients: str, sender: str = RESIDENT) -> dict[str, tuple[int, bytes]]:
        """Deliver a mail; who was refused, as smtplib tells it."""
        with self.client() as client:
            return client.sendmail(sender, recipients or (HOUSING,), raw)


@pytest.fixture
def open_post(world: World) -> Iterator[Callable[..., Post]]:
    with contextlib.ExitStack() as opened:

        def make(place: Place | None = None, **options: Any) -> Post:
            return opened.enter_context(Post(world, place or Place("127.0.0.1", free_port()), **options))

        yield make


@pytest.fixture
def post(open_post: Callable[..., Post]) -> Post:
    return open_post()


def with_file(name: str = "damp.png", octets: int = 3_000) -> bytes:
    """A letter with a picture."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Edward Quan <{RESIDENT}>", HOUSING, "Damp"
    mail["Date"], mail["Message-ID"] = "Mon, 30 Nov 2026 10:12:00 +0000", "<files@r.example>"
    mail.set_content("See the picture.\n")
    mail.add_attachment(bytes(range(256)) * (octets // 256), maintype="image", subtype="png", filename=name)
    return mail.as_bytes().replace(b"\n", b"\r\n")


def test_a_letter_is_delivered(post: Post) -> None:
    """P1: after the 250 it is a case with an acknowledgement; what is on top is what a mailbox would have had."""
    assert post.deliver(letter(), "Housing+tag@NorthGate.example") == {}
    (case,) = post.world.cases()
    (row,) = post.world.db.run("SELECT headers FROM letters")

    assert case["resident_address"] == RESIDENT
    assert [mail["kind"] for mail in post.world.outbox()] == ["acknowledgement", "new-case"]
    assert f'"return-path": ["<{RESIDENT}>"]' in row["headers"]


def test_the_null_sender_is_not_answered(post: Post) -> None:
    """D33, P3: the envelope sender decides as it does in a mailbox; the case is there all the same."""
    post.deliver(letter(Return_Path="<edward@resident.example>"), sender="")

    assert len(post.world.cases()) == 1
    assert post.world.outbox("acknowledgement") == []


def test_delivered_once_more(post: Post) -> None:
    """D14, P2: a 250 that was lost is asked for again: one case, one acknowledgement, whatever Received lines it has now."""
    for hop in ("a", "b"):
        assert (
            post.deliver(f"Received: from {hop}.example; Mon, 30 Nov 2026 10:12:00 +0000\r\n".encode() + letter()) == {}
        )

    assert len(post.world.cases()) == 1
    assert len(post.world.outbox("acknowledgement")) == 1
    assert post.world.db.run("SELECT COUNT(*) AS n FROM arrivals")[0]["n"] == 1


MARKS = {
    "of a report": b"X-Failed-Recipients: a@b.example\r\n",
    "of a list": b"List-Id: <a.b.example>\r\n",
    "of a spam filter": b"X-Spam-Flag: YES\r\n",
    "of a forgery": b"Authentication-Results: mx.northgate.example; dmarc=fail header.from=resident.example\r\n",
    "behind a Received field": b"received: from b.example\r\n (x)\r\nX-Spam-Flag: YES\r\n",
    "of a null sender": b"",
}


@pytest.mark.parametrize("mark", MARKS)
def test_a_marked_copy_ahead_of_the_letter(post: Post, mark: str) -> None:
    """E7, P1: a copy that a stranger sends ahead with a mark does not stand for the letter, which is another arrival."""
    danger = letter(subject="Smell", text="I smell gas in the hall, please help.\n")
    sender = RESIDENT if MARKS[mark] else ""  # a null sender is a mark, too
    assert post.deliver(MARKS[mark] + danger, sender=sender) == {}
    assert post.world.outbox("acknowledgement") == []
    post.world.after(minutes=1)
    assert post.deliver(danger) == {}

    assert [case["resident_address"] for case in post.world.cases()] == [RESIDENT]
    assert len(post.world.outbox("acknowledgement")) == 1
    assert len(post.world.outbox("urgent")) == 1


@pytest.mark.parametrize("first", ["delivered", "fetched"])
def test_the_same_letter_over_imap(post: Post, first: str) -> None:
    """design.md §5: one letter, seen twice, in whichever order."""
    ways = [lambda: post.deliver(letter()), lambda: post.world.receive(b"X-Hop: imap\r\n" + letter())]
    for way in ways if first == "delivered" else ways[::-1]:
        way()

    assert len(post.world.cases()) == 1
    assert len(post.world.outbox("acknowledgement")) == 1
    assert post.world.db.run("SELECT COUNT(*) AS n FROM arrivals")[0]["n"] == 2


def test_one_reply_for_each_recipient(post: Post) -> None:
    """RFC 2033 §4.2: each inbox commits by itself, an unknown recipient is refused; D12: one acknowledgement."""
    known = [HOUSING, "repairs@northgate.example", "streets@northgate.example"]
    with post.client() as client:
        client.ehlo_or_helo_if_needed()
        client.mail(RESIDENT)
        assert [client.rcpt(one)[0] for one in (*known, "nobody@northgate.example", "housing@else.example")] == [
            250
        ] * 3 + [550] * 2
        client.putcmd("data")
        assert client.getreply()[0] == 354
        client.send(letter(to=f"{HOUSING}, streets@northgate.example") + b"\r\n.\r\n")
        assert [client.getreply() for _ in known] == [(250, b"2.0.0 kept")] * 3
        assert client.noop()[0] == 250

    assert [row["inbox"] for row in post.world.db.run("SELECT inbox FROM arrivals ORDER BY id")] == [
        "housing",
        "streets",
    ]
    assert len(post.world.outbox("acknowledgement")) == 1


def test_what_cannot_be_kept_is_put_off(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: a locked store or a full disk is a 451, and nothing of the mail is kept; the next attempt is as the first."""
    for problem in (StoreBusy("database is locked"), OSError(28, "No space left on device"), RuntimeError("a defect")):
        with monkeypatch.context() as patched:

            def fail(*_: object, problem: Exception = problem) -> None:
                raise problem

            patched.setattr(Intake, "take", fail)
            with pytest.raises(smtplib.SMTPDataError) as refused:
                post.deliver(letter())
            assert refused.value.smtp_code == 451
            assert refused.value.smtp_error.startswith(b"4.3.0")
        assert post.world.cases() == []

    assert post.deliver(letter()) == {}
    assert len(post.world.cases()) == 1


def test_a_store_locked_by_another_program(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with a real lock."""
    post.world.db.run("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(post.world.config.path.parent / "ackbot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(smtplib.SMTPDataError, match=r"4\.3\.0"):
        post.deliver(letter())
    other.close()

    assert post.deliver(letter()) == {}


def test_a_mail_that_breaks_us(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """D5: it is kept raw and taken, so that the server does not bring it for ever; when we can read it, its files are there."""
    broken = with_file()
    with monkeypatch.context() as patched:
        patched.setattr(intake, "consider", lambda *_: 1 / 0)
        assert post.deliver(broken) == {}
        assert post.deliver(broken) == {}
    assert [row["state"] for row in post.world.db.run("SELECT state FROM letters")] == ["quarantined"]
    post.world.after(minutes=2)
    post.world.intake.retry_quarantined(post.world.now)
    (row,) = post.world.db.run("SELECT state, raw FROM letters")

    assert row["state"] == "decided"
    assert b"damp.png" in bytes(row["raw"])
    assert len(post.world.outbox("acknowledgement")) == 1


def test_too_large(post: Post) -> None:
    """The limit is announced; what says its size is refused at once, what does not after its end, for each recipient."""
    large = letter(text="many words\n" * 150_000)
    with post.client() as client:
        client.ehlo_or_helo_if_needed()
        assert client.esmtp_features["size"] == "1000000"
        with pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.3\.4") as refused:
            client.sendmail(RESIDENT, [HOUSING], large)
        assert refused.value.smtp_code == 552
    with post.client() as client:
        client.ehlo_or_helo_if_needed()
        client.mail(RESIDENT)
        client.rcpt(HOUSING)
        client.rcpt("streets@northgate.example")
        client.putcmd("data")
        assert client.getreply()[0] == 354
        client.send(large + b"\r\n.\r\n")
        assert [client.getreply()[0] for _ in range(2)] == [552, 552]
        assert client.noop()[0] == 250

    assert post.world.cases() == []


def test_long_lines_are_taken(post: Post) -> None:
    """RFC 5321 allows 998 characters a line; letters that have more are letters."""
    assert post.deliver(letter(text="damp " * 20_000)) == {}
    assert len(post.world.cases()) == 1


def test_rates_and_connections(open_post: Callable[..., Post]) -> None:
    """D4: too much at once is put off, not refused and not queued up in memory."""
    post = open_post(per_minute=2)
    for number in (1, 2):
        assert post.deliver(by(number)) == {}
    with pytest.raises(smtplib.SMTPSenderRefused, match=r"4\.7\.1") as refused:
        post.deliver(by(3))
    assert refused.value.smtp_code == 451
    with contextlib.ExitStack() as opened:
        for _ in range(PER_PEER):
            opened.enter_context(post.client())
        with pytest.raises(smtplib.SMTPConnectError, match="too many connections from you") as full:
            post.client()
        assert full.value.smtp_code == 421
        other = smtplib.LMTP("127.0.0.1", post.place.port, timeout=15, source_address=("127.0.0.2", 0))
        assert opened.enter_context(other).noop()[0] == 250
    assert until_true(lambda: not post.listener.connections)

    with post.client() as client:
        assert client.noop()[0] == 250


def test_silent_connections_give_way(open_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch) -> None:
    """E13: a peer whose connections all hang is served again: the longest silent one without a mail in hand is closed for it."""
    monkeypatch.setattr("ackbot.wires.lmtp.IDLE_GIVES_WAY_S", 0.0)
    post = open_post()
    with contextlib.ExitStack() as opened:
        busy = opened.enter_context(post.client())
        busy.ehlo()
        busy.mail(RESIDENT)
        hanging = [opened.enter_context(post.client()) for _ in range(PER_PEER - 1)]
        assert post.deliver(letter()) == {}

        assert hanging[0].docmd("NOOP") == (421, b"4.4.2 silent for too long, try again")
        assert busy.rcpt(HOUSING)[0] == 250
    assert len(post.world.cases()) == 1


def test_only_listed_peers(open_post: Callable[..., Post]) -> None:
    """A machine that is not listed cannot deliver."""
    post = open_post(peers=(network("192.0.2.0/24"),))
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        post.client()

    assert refused.value.smtp_code == 554


def test_smtp_too(post: Post) -> None:
    """A server that speaks SMTP gets one reply for all recipients."""
    with post.client(smtplib.SMTP) as client:
        assert client.sendmail(RESIDENT, [HOUSING, "streets@northgate.example"], letter()) == {}
        assert client.noop()[0] == 250

    assert len(post.world.cases()) == 1


def test_smtp_has_one_reply_for_all(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: one inbox of two could not keep the mail: over SMTP it is a 451, so that the server brings it again."""
    take = Intake.take
    recipients = (HOUSING, "streets@northgate.example")

    def fail(self: Intake, raw: bytes, arrival: Arrival, *more: Any) -> Any:
        if arrival.inbox == "streets":
            raise StoreBusy("database is locked")
        return take(self, raw, arrival, *more)

    with post.client(smtplib.SMTP) as client:
        with monkeypatch.context() as patched:
            patched.setattr(Intake, "take", fail)
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail(RESIDENT, recipients, letter(to=", ".join(recipients)))
        assert refused.value.smtp_code == 451
        client.sendmail(RESIDENT, recipients, letter(to=", ".join(recipients)))

    rows = post.world.db.run("SELECT inbox FROM arrivals")
    assert {row["inbox"] for row in rows} == {"housing", "streets"}
    assert len(post.world.outbox("acknowledgement")) == 1


def test_starttls(open_post: Callable[..., Post], tmp_path: Path) -> None:
    """D16: with a certificate STARTTLS is offered; from other machines nothing is taken without it."""
    if shutil.which("openssl") is None:
        missing("needs openssl: apt-get install -y --no-install-recommends openssl")
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run([*words, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    key.write_bytes(key.read_bytes() + chain.read_bytes())
    post = open_post(certificate=key)
    trusting = ssl.create_default_context(cafile=str(chain))
    trusting.check_hostname = False
    with post.client() as client:
        client.starttls(context=trusting)
        assert client.sendmail(RESIDENT, [HOUSING], letter()) == {}
    post.listener.plaintext = False  # as at an address that other machines reach
    with post.client() as client:
        client.ehlo_or_helo_if_needed()
        assert client.docmd("MAIL", f"FROM:<{RESIDENT}>")[0] == 530

    assert len(post.world.cases()) == 1


def test_a_unix_socket(open_post: Callable[..., Post], tmp_path: Path) -> None:
    """Taken over from a process that died, not from one that lives; gone after the end."""
    path = str(tmp_path / "lmtp")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(path)
    post = open_post(Place(path=path))
    assert post.deliver(letter()) == {}
    with pytest.raises(PlaceTaken, match="somebody listens there already"):
        Place(path=path).bind()
    post.stop.set()
    post.thread.join(60)

    assert not os.path.exists(path)


def test_files_go_along(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """D19, design.md §6: nothing lies in a mailbox, so the mail is kept, and the owner gets its files from there."""
    raw = with_file()
    post.deliver(raw)
    post.deliver(by(1))
    assert [row["kept"] for row in post.world.db.run("SELECT raw IS NOT NULL AS kept FROM letters ORDER BY id")] == [
        1,
        0,
    ]
    world = post.world
    claimed = outbox.claim(world.db, "default", "w", world.now, 300, 20)
    owner = next(one for one in claimed if one.kind == "new-case" and one.attachments)
    tail = Attachments(world.db, {}, world.office).of(owner)
    assert tail is not None
    whole = parsed(owner.content + b"".join(tail.pieces()))
    (picture,) = whole.iter_attachments()

    assert picture.get_filename() == "damp.png"
    assert picture.get_content() == next(parsed(raw).iter_attachments()).get_content()
    world.db.run("UPDATE letters SET raw = NULL")
    gone = Attachments(world.db, {}, world.office).of(owner)
    assert gone is not None
    assert gone.left_out == ("damp.png",)
    assert b"They are kept; your ackbot admin has them." in b" ".join(gone.pieces()).replace(b"\r\n", b" ")


def test_files_have_a_quota(world: World, open_post: Callable[..., Post]) -> None:
    """E13: beyond the quota of a day mail with files is put off with its reason, letters are taken; the next day there is room."""
    world.intake = Intake(world.db, world.office, quota=Quota(world.db, 5_000, 12_000))
    post = open_post()
    more = with_file("more.png").replace(b"files@", b"more@")
    assert post.deliver(with_file(octets=2_000)) == {}
    with pytest.raises(smtplib.SMTPDataError, match=r"4\.3\.1 no room") as refused:
        post.deliver(more)
    assert refused.value.smtp_code == 452
    assert post.deliver(by(1)) == {}
    assert post.deliver(with_file(octets=2_000)) == {}  # it is known, and kept once
    assert [told[:2] for told in post.troubles] == [("housing", "kept-files")]
    assert world.db.run("SELECT COUNT(*) AS n FROM letters")[0]["n"] == 2
    world.after(hours=25)
    world.intake._quota = Quota(world.db, 5_000, 12_000)  # a minute later it counts anew

    assert post.deliver(more) == {}


@pytest.mark.usefixtures("store")
def test_a_quota_in_all(world: World) -> None:
    """E13: what is in quarantine counts, and may fill no more than the rest; what came long ago counts in all."""
    world.intake = Intake(world.db, world.office, quota=Quota(world.db, 0, 9_000))
    raw, now = with_file(octets=2_000), world.now
    world.intake.take(raw, Arrival("housing", now, DELIVERED), now)
    world.after(hours=99)
    world.intake.keep_unread(by(1) + b"x" * 4_000, Arrival("housing", now, DELIVERED), now, headers=False)
    kept = arrivals.kept(world.db, world.now - timedelta(days=1))
    with pytest.raises(QuotaFull, match="lmtp_keep is 0 MB"):
        world.intake.keep_unread(by(2) + b"x" * 4_000, Arrival("housing", now, DELIVERED), now, headers=False)

    assert kept.in_all == sum(len(bytes(row["raw"])) for row in world.db.run("SELECT raw FROM letters"))
    assert kept.lately == 0


def test_the_letter_as_it_came(post: Post) -> None:
    """design.md §8: files that were too large for the owner's mail are there for the admin."""
    raw = with_file("large.png", 700_000)
    post.deliver(raw)
    post.deliver(by(1))
    config = post.world.config.path
    reference = post.world.config.council.reference_of(post.world.cases()[0]["code"])
    words = [sys.executable, "-m", "ackbot.cli", "-c", str(config), "show", reference, "--raw"]
    shown = subprocess.run(words, capture_output=True, check=True, timeout=60).stdout

    assert shown.endswith(raw)
    assert "is kept as it came" in ackbot(config, "show", "p1@resident.example", "--raw").stderr


def delivering(folder: Path, imap: MailServer, sink: Sink, port: int, *changes: tuple[str, str]) -> Path:
    """The council, with mail delivered at a port besides."""
    return configured(
        folder, imap.port, sink.port, ("[limits]", f'[daemon]\nlmtp = "127.0.0.1:{port}"\n\n[limits]'), *changes
    )


@pytest.mark.parametrize("point", ["intake.before-commit", "intake.committed"])
def test_killed_before_the_250(tmp_path: Path, imap: MailServer, sink: Sink, point: str) -> None:
    """P1, P2, D2: killed around the commit, the server has no 250 and brings it again: one case, one acknowledgement."""
    port = free_port()
    config = delivering(tmp_path, imap, sink, port)
    with Ackbot(config, {VARIABLE: point}) as killed:
        killed.wait_for_log('"watching"', 3)
        with (
            pytest.raises((smtplib.SMTPException, OSError)),
            smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_S) as client,
        ):
            client.sendmail(RESIDENT, [HOUSING], by(1))
        assert killed.wait() == -signal.SIGKILL
    assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(0 if point == "intake.before-commit" else 1,)]
    with Ackbot(config) as again:
        again.wait_for_log('"watching"', 6)

        def is_taken() -> bool:
            """A mail that was in hand when the process was killed may be put off once more, while it is tried."""
            with (
                contextlib.suppress(smtplib.SMTPDataError),
                smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_S) as client,
            ):
                return client.sendmail(RESIDENT, [HOUSING], by(1)) == {}
            return False

        assert until_true(is_taken)
        assert sink.wait_for(lambda mails: len(mails) == 2)

    assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(1,)]
    assert [len(ids) for ids in residents(sink).values()] == [1]


def test_postfix_delivers(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """The real thing: a mail server's own LMTP client, the file of a letter on its owner's desk, the daemon stopped cleanly."""
    if not Postfix.is_there():
        missing(INSTALL_POSTFIX)
    port = free_port()
    folder = tmp_path / "council"
    folder.mkdir()

    class There:
        lmtp_port = port

    with Ackbot(delivering(folder, imap, sink, port)) as daemon, Postfix(tmp_path, There()) as postfix:  # type: ignore[arg-type]
        daemon.wait_for_log('"watching"', 3)
        with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE_S) as client:
            client.sendmail(RESIDENT, [HOUSING, "streets@northgate.example"], with_file())
        assert sink.wait_for(lambda mails: len(mails) >= 2)
        assert until_true(lambda: "status=sent (250 2.0.0" in (postfix.folder / "postfix.log").read_text())
    owner = next(parsed(mail.content) for mail in sink.mails if mail.recipients[0].endswith("northgate.example"))

    assert [one.get_filename() for one in owner.iter_attachments()] == ["damp.png"]
    assert [len(ids) for ids in residents(sink).values()] == [1]
    assert RESIDENT not in daemon.log.read_text()


def test_a_port_that_is_taken(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """A sentence, and exit 1; a reload that leads there changes nothing, and mail goes on being taken at the old place."""
    port, other = free_port(), free_port()
    config = delivering(tmp_path, imap, sink, port)
    with socket.create_server(("127.0.0.1", other)):
        text = config.read_text()
        config.write_text(text.replace(f":{port}", f":{other}"))
        refused = ackbot(config, "run")
        assert refused.returncode == 1
        assert f"nothing can listen at 127.0.0.1:{other}: Address already in use" in refused.stderr
        config.write_text(text)
        with Ackbot(config) as daemon:
            daemon.wait_for_log('"watching"', 3)
            config.write_text(text.replace(f":{port}", f":{other}"))
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_log('"not reloaded"')
            daemon.wait_for_log('"watching"', 6)
            with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_S) as client:
                assert client.sendmail(RESIDENT, [HOUSING], by(1)) == {}
    with Ackbot(config) as daemon:  # and a reload that leads elsewhere does
        daemon.wait_for_log('"watching"', 9)
        config.write_text(text)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_log('"reloaded"')
        daemon.wait_for_log('"watching"', 12)
        with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_S) as client:
            assert client.sendmail(RESIDENT, [HOUSING], by(2)) == {}

    assert look(tmp_path, "SELECT COUNT(*) FROM cases") == [(2,)]


def test_a_mail_in_hand_is_finished(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: told to stop while a mail is being decided, it is decided and answered; others are told to come again."""
    begun, go_on, take = threading.Event(), threading.Event(), Intake.take

    def slowly(*words: Any) -> int:
        begun.set()
        assert go_on.wait(60)
        return take(*words)

    monkeypatch.setattr(Intake, "take", slowly)
    idle, busy = post.client(), post.client()
    idle.ehlo_or_helo_if_needed()
    said: list[Any] = []
    sender = threading.Thread(target=lambda: said.append(busy.sendmail(RESIDENT, [HOUSING], letter())))
    sender.start()
    assert begun.wait(60)
    post.stop.set()
    assert until_true(lambda: post.listener.stopping)
    assert idle.mail(RESIDENT)[0] == 421
    go_on.set()
    sender.join(60)
    idle.close()
    busy.close()

    assert said == [{}]
    assert len(post.world.cases()) == 1


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ('lmtp = "2424"', "is not an address to listen on"),
        ('lmtp = "127.0.0.1:99999"', "is not an address to listen on"),
        ('lmtp = "0.0.0.0:2424"', "daemon.lmtp_certificate: is required"),
        ('lmtp = "127.0.0.1:2424"\nlmtp_certificate = "secret"', "does not hold a certificate with its key"),
        ('lmtp = "127.0.0.1:2424"\nlmtp_peers = ["mx.example"]', "is not an IP address or network"),
        ('lmtp = "127.0.0.1:2424"\nlmtp_size = "big"', "is not a size"),
        ('lmtp = "127.0.0.1:2424"\nlmtp_keep = "1 MB"', "is less than lmtp_size"),
    ],
)
def test_what_cannot_work_is_found(tmp_path: Path, keys: str, what: str) -> None:
    """P10: a listener that cannot work is found before anything starts."""
    with pytest.raises(ConfigProblem, match=what):
        load(write_config(tmp_path, ("[limits]", f"[daemon]\n{keys}\n\n[limits]")))

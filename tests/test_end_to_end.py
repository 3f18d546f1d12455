"""The daemon as a process, on the embedded server, and on Dovecot and Postfix: letters in, answers out, stop, reload, restart."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from ackbot.demo.servers import MailServer, Sink
from tests.conftest import missing
from tests.support.badimap import BadImap
from tests.support.badsmtp import BadSmtp
from tests.support.council import configured
from tests.support.letters import by, letter, parsed, plain
from tests.support.outside import to
from tests.support.servers import (
    INSTALL_MUTT,
    PASSWORD,
    PATIENCE_S,
    Ackbot,
    Dovecot,
    Postfix,
    free_port,
    run,
    until_true,
)


def test_a_letter_is_answered(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """The heart, on the embedded servers: real IMAP in, real SMTP out, a process of its own; stopped cleanly (SIGTERM, exit 0)."""
    with Ackbot(configured(tmp_path, imap.port, sink.port)) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        imap.append("housing@northgate.example", letter())
        assert sink.wait_for(lambda mails: len(mails) == 2)

    acknowledgement = parsed(to(sink, "edward@resident.example")[0])
    assert acknowledgement["In-Reply-To"] == "<first@resident.example>"
    assert "There is damp in the bedroom." in plain(to(sink, "priya@northgate.example")[0])


def test_logs_name_no_resident(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P11: one line an event, case, inbox and uid; no subject, body, name or address, whatever goes wrong."""
    sink.refuse_recipient = lambda address: (
        "550 5.1.1 edward@resident.example unknown" if address.startswith("edward") else None
    )
    with Ackbot(configured(tmp_path, imap.port, sink.port)) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        imap.append("housing@northgate.example", letter(subject="Secret matter", text="Nobody may read this.\n"))
        imap.append("housing@northgate.example", b"\xff\xfe broken \x00 mail of Edward")
        assert sink.wait_for(lambda mails: len(mails) >= 4)
        ackbot.wait_for_log('"letter"', 2)
    log = ackbot.log.read_text()

    for words in ("edward", "quan", "secret matter", "nobody may", "resident.example", "damp"):
        assert words not in log.lower(), words
    events = [json.loads(line) for line in log.splitlines()]
    assert {"letter", "sent", "refused", "stopped"} <= {event["event"] for event in events}
    decided = next(event for event in events if event["event"] == "letter")
    assert (decided["inbox"], decided["uid"], decided["kind"]) == ("housing", 101, "letter")


def test_a_restart_between_letters(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P1, P2: what came while the daemon was down is answered, nothing twice."""
    config = configured(tmp_path, imap.port, sink.port)
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        imap.append("housing@northgate.example", letter())
        assert sink.wait_for(lambda mails: len(mails) == 2)
    imap.append(
        "housing@northgate.example",
        letter(sender="Ann <ann@resident.example>", subject="Bin", message_id="<2@r.example>"),
    )
    with Ackbot(config):
        assert sink.wait_for(lambda mails: len(mails) == 4)

    assert len(to(sink, "edward@resident.example")) == 1
    assert len(to(sink, "ann@resident.example")) == 1


def test_one_dead_inbox_disturbs_no_other(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """A wrong password: that inbox stops and says so in `status`, the admin gets one mail, the others go on."""
    config = configured(
        tmp_path,
        imap.port,
        sink.port,
        (
            'username = "streets@northgate.example"\npassword_env = "ACKBOT_TEST_PASSWORD"',
            'username = "streets@northgate.example"\npassword_env = "WRONG"',
        ),
    )
    with Ackbot(config, {"WRONG": "wrong"}) as ackbot:
        ackbot.wait_for_log('"watching"', 2)
        imap.append("housing@northgate.example", letter())
        assert sink.wait_for(lambda mails: len(mails) == 3)
        status = run([*_ackbot(config), "status"])

    assert status.returncode == 1
    assert re.search(
        r"inbox streets \(live since [^)]+\): stopped: 127.0.0.1 refuses streets@northgate.example", status.stdout
    )
    assert re.search(r"inbox housing \(live since [^)]+\): watching", status.stdout)
    admin = to(sink, "admins@northgate.example")
    assert len(admin) == 1
    assert "ackbot cannot watch streets@northgate.example" in str(parsed(admin[0])["Subject"])


def _ackbot(config: Path) -> list[str]:
    import sys

    return [sys.executable, "-m", "ackbot.cli", "-c", str(config)]


def test_a_wrong_configuration_does_not_start(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P10: `run` lists the mistakes and exits 1; nothing was opened."""
    config = configured(tmp_path, imap.port, sink.port, ('mode = "live"', 'mode = "on"'))
    done = run([*_ackbot(config), "run"])

    assert done.returncode == 1
    assert f"{config}:" in done.stderr
    assert not (tmp_path / "ackbot.db").exists()


def test_a_wrong_reload_changes_nothing(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P10: SIGHUP with a mistake leaves everything as it was; a right one takes effect; store.url needs a restart."""
    config = configured(
        tmp_path, imap.port, sink.port, ('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "staff"')
    )
    right = config.read_text()
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        config.write_text(right.replace('mode = "staff"', 'mode = "loud"'))
        ackbot.signal(signal.SIGHUP)
        ackbot.wait_for_log('"not reloaded"')
        config.write_text(right.replace("sqlite:///ackbot.db", "sqlite:///other.db"))
        ackbot.signal(signal.SIGHUP)
        ackbot.wait_for_log("store.url: needs a restart")
        imap.append("housing@northgate.example", letter())
        assert sink.wait_for(lambda mails: len(mails) == 1)
        config.write_text(right.replace('mode = "staff"', 'mode = "live"'))
        ackbot.signal(signal.SIGHUP)
        ackbot.wait_for_log('"reloaded"')
        imap.append(
            "housing@northgate.example",
            letter(sender="Ann <ann@resident.example>", subject="Bin", message_id="<2@r.example>"),
        )
        assert sink.wait_for(lambda mails: len(mails) == 3)

    assert to(sink, "edward@resident.example") == []  # raising the mode releases nothing
    assert len(to(sink, "ann@resident.example")) == 1


def test_a_reload_that_takes_a_relay_away(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """What waited for a relay that is gone goes by the one that is left; what a lowered mode does not send stays here."""
    config = configured(
        tmp_path,
        imap.port,
        sink.port,
        ('service = "Streets and Waste"', 'service = "Streets and Waste"\nrelay = "gone"'),
        ("# smtp", f'[[relay]]\nname = "gone"\nhost = "127.0.0.1"\nport = {free_port()}\nsecurity = "none"'),
    )
    lost = config.read_text()
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        imap.append("streets@northgate.example", letter(to="streets@northgate.example"))
        ackbot.wait_for_log('"relay trouble"')
        config.write_text(
            lost.replace('relay = "gone"', "").replace('[[relay]]\nname = "gone"', '[[relay]]\nname = "x"')
        )
        ackbot.signal(signal.SIGHUP)
        ackbot.wait_for_log('"reloaded"')
        assert sink.wait_for(lambda mails: any("edward@resident.example" in mail.recipients for mail in mails))
        status = run([*_ackbot(config), "status"])

    assert status.returncode == 0, status.stdout


def test_the_end_when_everything_hangs(tmp_path: Path, imap: MailServer) -> None:
    """design.md §8: SIGTERM stops within 10 s losing nothing, though one relay hangs after the final dot, another before its greeting, and a mailbox says nothing."""
    with (
        BadSmtp(lambda what, _: "HANG" if what == "DOT" else None) as after,
        BadSmtp(lambda what, _: "HANG" if what == "CONNECT" else None) as before,
        BadImap(greeting=b"") as silent,
    ):
        config = configured(
            tmp_path,
            imap.port,
            after.port,
            ('service = "Streets and Waste"', 'service = "Streets and Waste"\nrelay = "slow"'),
            ("# smtp", f'[[relay]]\nname = "slow"\nhost = "127.0.0.1"\nport = {before.port}\nsecurity = "none"'),
            (
                f'port = {imap.port}\nsecurity = "none"\nusername = "dana@',
                f'port = {silent.port}\nsecurity = "none"\nusername = "dana@',
            ),
        )
        with Ackbot(config) as ackbot:
            ackbot.wait_for_log('"watching"', 2)
            imap.append("housing@northgate.example", letter())
            ann = letter("Ann <ann@r.example>", "streets@northgate.example", subject="Bin", message_id="<2@r.example>")
            imap.append("streets@northgate.example", ann)
            assert until_true(lambda: after.content and before.connections and silent.connections), (
                ackbot.log.read_text()
            )
            asked_at = time.monotonic()
            ackbot.signal(signal.SIGTERM)
            code = ackbot.wait(60)
            took = time.monotonic() - asked_at

    assert (code, took < 10) == (0, True), took
    with contextlib.closing(sqlite3.connect(tmp_path / "ackbot.db")) as store:
        kept = store.execute("SELECT state FROM outbox WHERE kind = 'acknowledgement' ORDER BY state").fetchall()
    assert kept == [("claimed",), ("sending",)]


def test_systemd_is_told(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """sd_notify: READY once, WATCHDOG while the threads work, STOPPING at the end."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(20)
        with Ackbot(configured(tmp_path, imap.port, sink.port), {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"}):
            told = [listener.recv(100).decode() for _ in range(4)]
        while told[-1] != "STOPPING=1":
            told.append(listener.recv(100).decode())

    assert told[0] == "READY=1"
    assert set(told[1:-1]) == {"WATCHDOG=1"}


def test_a_second_daemon_on_one_store(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """D11: the second daemon does not start, and says that another has the store."""
    config = configured(tmp_path, imap.port, sink.port)
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"started"')
        done = run([*_ackbot(config), "run"], env={**os.environ, "ACKBOT_TEST_PASSWORD": PASSWORD})

    assert done.returncode == 1
    assert "another `ackbot run` has the store" in done.stderr


def test_check_online(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """Each inbox and relay for real, and one mail the whole way round; it is recognised as ours and never answered."""
    delivered: list[bytes] = []

    def deliver(mail: object) -> None:
        delivered.append(mail.content)  # type: ignore[attr-defined]
        imap.append(mail.recipients[0].lower(), mail.content)  # type: ignore[attr-defined]

    sink.on_mail = deliver
    config = configured(tmp_path, imap.port, sink.port)
    done = run([*_ackbot(config), "check", "--online"], env={**os.environ, "ACKBOT_TEST_PASSWORD": PASSWORD})

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("a mail went all the way") == 3
    assert "relay default (127.0.0.1): logs in" in done.stdout
    assert len(delivered) == 3
    wrong = run([*_ackbot(config), "check", "--online"], env={**os.environ, "ACKBOT_TEST_PASSWORD": "wrong"})
    assert wrong.returncode == 1
    assert "refuses housing@northgate.example" in wrong.stdout


def test_check_online_doubts(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """behaviour.md §5.5: a standing automatic reply, and no copy in the Sent folder, are warnings with file and line."""

    def deliver(mail: object) -> None:
        (to,), content = mail.recipients, mail.content  # type: ignore[attr-defined]
        imap.append(to.lower(), content)
        if to == "streets@northgate.example":
            head = parsed(content)
            assert "Auto-Submitted" not in head  # else a responder would keep quiet
            reply = f"From: {to}\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: {head['Message-ID']}\r\n\r\nWe have it.\r\n"
            imap.append(mail.envelope_from, reply.encode())  # type: ignore[attr-defined]

    sink.on_mail = deliver
    with imap.client("housing@northgate.example") as person:
        person.create_folder("Sent")
    config = configured(tmp_path, imap.port, sink.port, ("# housing", 'sent_folder = "Sent"'))
    done = run([*_ackbot(config), "check", "--online"], env={**os.environ, "ACKBOT_TEST_PASSWORD": PASSWORD})
    warnings = [line.removeprefix(f"{config}:") for line in done.stdout.splitlines() if ": warning: " in line]

    assert done.returncode == 0, done.stdout + done.stderr
    copies = [one for one in warnings if ": inbox.sent_folder: warning: no copy" in one]
    assert "Set-Mailbox housing@northgate.example -MessageCopyForSentAsEnabled $true" in copies[0]
    assert "Set-Mailbox housing@northgate.example -MessageCopyForSendOnBehalfEnabled $true" in copies[0]
    replies = [one for one in warnings if "standing automatic reply" in one]
    assert len(replies) == 1
    line = int(replies[0].partition(":")[0])
    assert config.read_text().splitlines()[line:][:2] == ['name = "streets"', 'address = "streets@northgate.example"']


def test_check_online_knows_the_sent_folder(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """behaviour.md §5.5: none named is a warning; one that is not there is not fine, and the mails go round all the same."""
    sink.on_mail = lambda mail: imap.append(mail.recipients[0].lower(), mail.content)
    with imap.client("housing@northgate.example") as person:
        person.create_folder("Sent")
    config = configured(tmp_path, imap.port, sink.port, ("# housing", 'sent_folder = "Gesendet"'))
    done = run([*_ackbot(config), "check", "--online"], env={**os.environ, "ACKBOT_TEST_PASSWORD": PASSWORD})
    lines = done.stdout.splitlines()

    assert done.returncode == 1
    assert (
        len([line for line in lines if "inbox.sent_folder: warning: is not set, so answers given straight" in line])
        == 2
    )
    missing_one = next(line for line in lines if line.startswith("inbox housing: sent_folder: "))
    assert missing_one.endswith('the server calls it "Sent"')
    assert done.stdout.count("a mail went all the way") == 3


# -- Dovecot and Postfix --------------------------------------------------------------------------------------------------


def mutt(folder: Path, postfix: Postfix, subject: str, text: str, *files: Path) -> None:
    """A letter from Edward Quan, written and sent by a real mail client."""
    if shutil.which("mutt") is None:
        missing(INSTALL_MUTT)
    config = folder / "muttrc"
    config.write_text(
        f'set smtp_url = "smtp://127.0.0.1:{postfix.port}/"\nset from = "edward@resident.example"\nset realname = "Edward Quan"\nset use_from = yes\n'
        f'set ssl_starttls = no\nset ssl_force_tls = no\nset copy = no\nset record = ""\nset envelope_from_address = "edward@resident.example"\nset use_envelope_from = yes\nset charset = "utf-8"\nset hostname = "resident.example"\n'
    )
    attached = [word for file in files for word in ("-a", str(file))] + (["--"] if files else [])
    done = run(
        ["mutt", "-F", str(config), "-s", subject, *attached, "housing@northgate.example"],
        input=text,
        env={**os.environ, "HOME": str(folder), "LANG": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("watch", ["idle", "poll"])
def test_on_dovecot_and_postfix(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, watch: str) -> None:
    """
    A letter sent with a real client; its acknowledgement is delivered into the resident's mailbox: threaded, and clean by
    RFC 3834. The photo reaches the owner. The resident's reply joins the case. The council's mailbox is as it was (P8).
    """
    changes = [('watch = "poll"\npoll_every = "50 ms"', 'watch = "idle"')] if watch == "idle" else []
    config = configured(tmp_path, dovecot.port, postfix.port, *changes)
    photo = tmp_path / "wall.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 300)
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        mutt(
            tmp_path,
            postfix,
            "Damp in Zoë's bedroom",
            "There is damp in Zoë's bedroom.\n\nRegards\nEdward Quan\n",
            photo,
        )
        assert until_true(lambda: dovecot.mails("edward") and dovecot.mails("priya")), ackbot.log.read_text()
        ours = parsed(dovecot.mails("edward")[0])
        reply = letter(
            to=str(ours["Reply-To"]),
            subject=f"Re: {ours['Subject']}",
            text="And the window.\n",
            message_id="<r@resident.example>",
            In_Reply_To=str(ours["Message-ID"]),
        )
        _smtp(postfix, "edward@resident.example", str(ours["Reply-To"].addresses[0].addr_spec), reply)
        assert until_true(lambda: len(dovecot.mails("priya")) == 2), ackbot.log.read_text()
        assert until_true(lambda: len(dovecot.mails("edward")) == 2), ackbot.log.read_text()
    letters = [parsed(mail) for mail in dovecot.mails("housing")]
    owners = parsed(dovecot.mails("priya")[0])

    assert str(ours["Subject"]) == "Re: Damp in Zoë's bedroom"
    assert ours["In-Reply-To"] == letters[0]["Message-ID"]
    assert ours["References"].split()[-1] == letters[0]["Message-ID"]
    assert ours["Auto-Submitted"] == "auto-replied"
    assert ours["Return-Path"] == "<housing@northgate.example>"
    assert [one.addr_spec for one in ours["To"].addresses] == ["edward@resident.example"]
    assert ours["Cc"] is None
    assert "Hello Edward Quan," in plain(dovecot.mails("edward")[0])
    assert [part.get_filename() for part in owners.iter_attachments()] == ["wall.jpg"]
    assert next(owners.iter_attachments()).get_content() == photo.read_bytes()
    assert parsed(dovecot.mails("edward")[1])["X-Ackbot-Kind"] == "receipt"
    with dovecot.client("housing") as client:
        client.select_folder("INBOX", readonly=True)
        flags = [set(data[b"FLAGS"]) - {rb"\Recent"} for data in client.fetch(client.search("ALL"), ["FLAGS"]).values()]
    assert flags == [set(), set()]


def _smtp(postfix: Postfix, sender: str, recipient: str, mail: bytes) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE_S) as client:
        client.sendmail(sender, [recipient], mail)


def test_large_mails_by_structure_on_dovecot(tmp_path: Path, dovecot: Dovecot) -> None:
    """D19: what Dovecot says of a large mail's structure gives the same Message as the whole of it."""
    from ackbot.mail.message import Message
    from ackbot.wires.imap import Account, Mailbox
    from ackbot.wires.secrets import Password
    from tests.test_imap import large

    raw = large(3)
    dovecot.append("housing", raw)
    os.environ["ACKBOT_TEST_PASSWORD"] = PASSWORD
    box = Mailbox(Account("127.0.0.1", dovecot.port, "none", "housing", Password(env="ACKBOT_TEST_PASSWORD")))
    box.select("INBOX")
    skeleton = box.skeleton(1)
    box.close()

    assert skeleton is not None
    assert Message.parse(skeleton) == Message.parse(raw)


def test_a_structure_longer_than_a_megabyte_on_dovecot(dovecot: Dovecot) -> None:
    """E1, D4: a boundary of 1 MB is one line of the server's answer; four such mails kept an inbox unread for minutes."""
    from ackbot.wires.imap import Account, Mailbox
    from ackbot.wires.secrets import Password

    raw = letter(
        content_type=f'multipart/mixed; boundary="{"a" * 1_000_000}"', text="I can smell gas, please help me\n"
    )
    dovecot.append("streets", raw)
    os.environ["ACKBOT_TEST_PASSWORD"] = PASSWORD
    box = Mailbox(Account("127.0.0.1", dovecot.port, "none", "streets", Password(env="ACKBOT_TEST_PASSWORD")))
    box.select("INBOX")
    try:
        assert box.skeleton(1) is not None
        assert [one.uid for one in box.envelopes([1])] == [1]  # the connection is as good as before
    finally:
        box.close()


def test_a_maildir_put_back_on_dovecot(tmp_path: Path, dovecot: Dovecot, sink: Sink) -> None:
    """E31, P1, P2: yesterday's Maildir takes the place of today's: the known letters are known, and the next one is read."""
    config, folder = configured(tmp_path, dovecot.port, sink.port), dovecot.folder / "home" / "housing"
    with Ackbot(config) as running:
        running.wait_for_log('"watching"', 3)
        for number in (1, 2):
            dovecot.append("housing", by(number))
        running.wait_for_log('"letter"', 2)
        shutil.copytree(folder, tmp_path / "yesterday")
        for number in (3, 4, 5):
            dovecot.append("housing", by(number))
        running.wait_for_log('"letter"', 5)
        assert sink.wait_for(lambda mails: len(mails) == 10)
    dovecot.stop()
    owner = folder.stat()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "yesterday", folder)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    dovecot.start()
    with dovecot.client("housing") as client:
        assert client.select_folder("INBOX")[b"UIDNEXT"] == 3
    with Ackbot(config) as running:
        running.wait_for_log('"numbers went back"')
        dovecot.append("housing", by(6))
        assert sink.wait_for(lambda mails: len(mails) == 12)

    assert [len(to(sink, f"p{number}@resident.example")) for number in range(1, 7)] == [1] * 6


def test_fifty_megabytes_on_dovecot(tmp_path: Path, dovecot: Dovecot, sink: Sink) -> None:
    """D19: a mail of 50 MB is acknowledged, its limit and outcome told to the owner, using little memory."""
    import psutil

    config = configured(tmp_path, dovecot.port, sink.port)
    body = b"--b\r\n\r\nSee the film.\r\n--b\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = letter(content_type="multipart/mixed; boundary=b", text="").replace(
        b"\r\n\r\n", b"\r\n\r\n" + body + b"QUJDRUZHSElKS0xNTk9QUVJTVFVWV1hZ\r\n" * 1_500_000 + b"--b--\r\n", 1
    )
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        dovecot.append("housing", letter(message_id="<warm@r.example>", sender="Warm <warm@r.example>"))
        assert sink.wait_for(lambda mails: len(mails) == 2)
        assert ackbot.process is not None
        before = psutil.Process(ackbot.process.pid).memory_info().rss
        dovecot.append("housing", raw)
        assert sink.wait_for(lambda mails: len(mails) == 4)
        grown = psutil.Process(ackbot.process.pid).memory_info().rss - before
    owner = next(parsed(mail.content) for mail in sink.mails if "Files (" in _words(mail.content))

    assert len(to(sink, "edward@resident.example")) == 1
    assert "film.mp4" in _words(owner.as_bytes())
    assert grown < 20_000_000, f"{grown / 1e6:.0f} MB"


def _words(content: bytes) -> str:
    message = parsed(content)
    return "\n".join(part.get_content() for part in message.walk() if part.get_content_type() == "text/plain")

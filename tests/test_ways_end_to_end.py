"""A forwarded letter and a phone call through the daemon, over Dovecot and Postfix (behaviour.md §4.7, §4.8)."""

import os
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import pytest

from ackbot.mail.message import Message
from ackbot.wires.imap import Account, Mailbox
from ackbot.wires.secrets import Password
from tests.support.council import configured
from tests.support.letters import parsed, plain
from tests.support.servers import PASSWORD, Ackbot, Dovecot, Postfix, until_true
from tests.support.story import PASSED
from tests.test_imap import large

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 2_000  # half a megabyte: the forward is fetched by its structure


def mail(sender: str, to: str, subject: str, text: str, at: datetime) -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"], made["Message-ID"] = format_datetime(at), f"<{abs(hash((subject, text)))}@{sender.rpartition('@')[2]}"
    made.set_content(text)
    return made


def test_a_forwarded_letter_and_a_call(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    """
    Edward wrote to Sam yesterday, with a photo; Sam forwards the letter as an attachment. Edward is answered under his own
    letter, its photo reaches the owner, and Sam hears of it. Then Edward rings Sam, who writes that down.
    """
    now = datetime.now(UTC)
    letter = mail(
        "Edward Quan <edward@resident.example>",
        "sam@northgate.example",
        "Damp",
        "It is damp.\n",
        now - timedelta(days=1),
    )
    letter.add_attachment(PHOTO, "image", "jpeg", filename="wall.jpg")
    forward = mail("Sam Jones <sam@northgate.example>", "housing@northgate.example", "FW: Damp", "He is upset.\n", now)
    forward.add_attachment(letter)
    forward["Authentication-Results"] = PASSED
    call = mail(
        "Sam Jones <sam@northgate.example>",
        "housing@northgate.example",
        "call",
        "NEW Edward Quan edward@resident.example: the boiler is out as well.\n",
        now,
    )
    call["Authentication-Results"] = PASSED
    with Ackbot(configured(tmp_path, dovecot.port, postfix.port)) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        dovecot.append("housing", forward.as_bytes())
        assert until_true(lambda: dovecot.mails("edward") and dovecot.mails("priya") and dovecot.mails("sam")), (
            ackbot.log.read_text()
        )
        dovecot.append("housing", call.as_bytes())
        assert until_true(lambda: len(dovecot.mails("edward")) == 2 and len(dovecot.mails("sam")) == 2), (
            ackbot.log.read_text()
        )
    answer, called = (parsed(one) for one in dovecot.mails("edward"))
    owners = parsed(dovecot.mails("priya")[0])

    assert answer["In-Reply-To"] == letter["Message-ID"]
    assert "Sam Jones passed your email on to us." in plain(dovecot.mails("edward")[0])
    assert next(owners.iter_attachments()).get_content() == PHOTO
    assert "He is upset." in plain(dovecot.mails("priya")[0])
    assert "has been told" in plain(dovecot.mails("sam")[0])
    assert str(called["Subject"]).startswith("Your call of ")
    assert "Thank you for calling." in plain(dovecot.mails("edward")[1])
    assert not any("upset" in plain(one) or "boiler" in plain(one) for one in dovecot.mails("edward"))


@pytest.mark.parametrize("kind", ["multipart", "text", "file"])
def test_a_large_mail_in_a_mail_on_dovecot(dovecot: Dovecot, kind: str) -> None:
    """behaviour.md §4.7, D19: of an attached mail with large files, too, only its header, structure and texts are fetched."""
    raw = _with_a_large_mail(kind, large().decode())
    dovecot.append("housing", raw)
    os.environ["ACKBOT_TEST_PASSWORD"] = PASSWORD
    box = Mailbox(Account("127.0.0.1", dovecot.port, "none", "housing", Password(env="ACKBOT_TEST_PASSWORD")))
    box.select("INBOX")
    skeleton, sizes = box.skeleton(1), box.part_sizes(1)
    enclosed, *_ = Message.parse(raw).enclosed
    files = [one.section for one in enclosed.mail.attachments]
    fetched = b"".join(box.part(1, files[0])) if files else b""
    box.close()

    assert skeleton is not None
    assert len(skeleton) < len(raw) / (1 if kind == "text" else 20)
    assert Message.parse(skeleton) == Message.parse(raw)
    assert set(files) <= set(sizes)
    assert kind == "text" or fetched.count(b"QUJDRA==") >= 40_000


def _with_a_large_mail(kind: str, mail: str) -> bytes:
    content = "QUJDRA==\r\n" * 80_000
    pdf = "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    inner = f"From: x@y.example\r\n{pdf}{content}"
    if kind == "multipart":
        mail = mail.removesuffix("--b--\r\n").replace("=b\r\n", "=d\r\n").replace("--b\r\n", "--d\r\n")
        inner = f"{mail}--d\r\n{pdf}{content}--d--\r\n"
    elif kind == "text":
        inner = f"From: x@y.example\r\nSubject: long\r\n\r\n{'words ' * 120_000}\r\n"
    head = "From: sam@northgate.example\r\nSubject: FW: Large\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    return f"{head}--a\r\n\r\nbelow\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--a--\r\n".encode()

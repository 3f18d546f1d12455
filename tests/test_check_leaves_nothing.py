"""`check --online` tidies up after itself, and says of each cross what to do next (E69)."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ackbot.demo.servers import MailServer, Sink
from ackbot.mail.message import text_of
from ackbot.store import status
from tests.support.council import World, configured
from tests.support.letters import letter, parsed
from tests.support.servers import PASSWORD, Dovecot, free_port, run
from tests.support.story import Story

USERS = ("housing", "streets", "dana")


def check_online(config: Path, password: str = PASSWORD) -> Any:
    command = [sys.executable, "-m", "ackbot.cli", "-c", str(config), "check", "--online"]
    return run(command, env={**os.environ, "ACKBOT_TEST_PASSWORD": password})


def subjects(client: Any, folder: str = "INBOX") -> list[str]:
    client.select_folder(folder, readonly=True)
    mails = client.fetch(client.search(), ["BODY.PEEK[HEADER]"])
    return sorted(str(parsed(one[b"BODY[HEADER]"])["Subject"]) for one in mails.values())


@pytest.mark.parametrize("which", ["embedded", "dovecot"])
def test_nothing_is_left(tmp_path: Path, which: str, request: pytest.FixtureRequest, sink: Sink) -> None:
    """
    E69: the mails, their copies in Sent and the automatic replies to them are gone. What residents wrote, and what somebody else
    has marked as deleted, is there as it was.
    """
    server: MailServer | Dovecot = request.getfixturevalue("imap" if which == "embedded" else "dovecot")
    name = "{}@northgate.example" if which == "embedded" else "{}"

    def deliver(mail: Any) -> None:
        (to,) = mail.recipients
        user, content = to.lower().partition("@")[0], mail.content
        server.append(name.format(user), content)
        head = parsed(content)
        reply = f"From: {to}\r\nSubject: Away\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: {head['Message-ID']}\r\n\r\nI am away.\r\n"
        sender = mail.envelope_from.partition("@")[0]
        server.append(name.format(sender), reply.encode())
        with server.client(name.format(sender)) as person:
            person.append("Sent", content)

    sink.on_mail = deliver
    for user in USERS:
        server.append(name.format(user), letter(message_id=f"<{user}@r.example>"))
        server.append(name.format(user), letter(subject="Going", message_id=f"<going{user}@r.example>"))
        with server.client(name.format(user)) as person:
            person.create_folder("Sent")
            person.select_folder("INBOX")
            person.delete_messages([max(person.search())], silent=True)
    config = configured(tmp_path, server.port, sink.port)
    config.write_text(config.read_text().replace('watch = "poll"', 'sent_folder = "Sent"\nwatch = "poll"'))
    done = check_online(config)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("a mail went all the way") == 3
    assert "is left in" not in done.stdout
    for user in USERS:
        with server.client(name.format(user)) as person:
            assert subjects(person) == ["Damp in the bedroom", "Going"]
            assert subjects(person, "Sent") == []


CROSSES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "the password": (lambda config: check_online(config, "wrong"), "then correct username or the password at "),
    "a port where nobody listens": (
        lambda config: _with(config, "port = 1143", f"port = {free_port()}"),
        "or let this machine through the firewall; try: nc -vz 127.0.0.1 ",
    ),
    "a folder that is not there": (
        lambda config: _with(config, 'team = "housing"\nmode', 'folder = "Posteingang"\nteam = "housing"\nmode'),
        "correct the folder's name at ",
    ),
    "no STARTTLS": (
        lambda config: _with(
            config, 'security = "none"\nusername = "housing', 'security = "starttls"\nusername = "housing'
        ),
        "try: openssl s_client -connect 127.0.0.1:",
    ),
    "the relay's port": (
        lambda config: _with(config, "port = SMTP", f"port = {free_port()}"),
        "correct host, port and security of [smtp]",
    ),
}


def _with(config: Path, old: str, new: str) -> Any:
    text = config.read_text()
    for piece, number in (("port = 1143", "IMAP"), ("port = SMTP", "SMTP")):
        if old == piece:
            ports = [line for line in text.splitlines() if line.startswith("port = ")]
            old = ports[0] if number == "SMTP" else ports[1]
    assert old in text
    config.write_text(text.replace(old, new, 1))
    return check_online(config)


@pytest.mark.parametrize(("fault", "step"), CROSSES.values(), ids=CROSSES)
def test_each_cross_has_a_next_step(tmp_path: Path, imap: MailServer, sink: Sink, fault: Any, step: str) -> None:
    """E69: each line that is not fine says what to do next, and where in the file."""
    sink.on_mail = lambda mail: imap.append(mail.recipients[0].lower(), mail.content)
    done = fault(configured(tmp_path, imap.port, sink.port))

    assert done.returncode == 1
    assert step in done.stdout, done.stdout


def test_a_mail_that_the_relay_does_not_take(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """E69: the login works and the address may not send: send-as rights."""
    sink.refuse_recipient = lambda _: "550 5.7.60 not allowed to send as this sender"
    done = check_online(configured(tmp_path, imap.port, sink.port))

    assert done.returncode == 1
    assert done.stdout.count("(send-as rights)") == 3


def test_digests_in_a_personal_inbox_are_no_letters(make_story: Callable[..., Story]) -> None:
    """E69: what we sent to the officer whose mailbox it is; a mail to a resident that comes back counts as before."""
    story = make_story(('email = "dana.price@northgate.example"', 'email = "dana@northgate.example"'))
    story.receive(letter())
    back, own = story.mail("acknowledgement"), story.mail("new-case")
    for row in (back, own):
        story.receive(bytes(row["content"]), "dana")
    day = status.day(story.db, "dana", "2026-11-30T00:00:00.000000Z")

    assert day["letters"] == 1
    assert [one.partition(":")[0] for one in day["not_answered"]] == ["1"]
    assert "our own mail come back" in day["not_answered"][0]


def test_an_inbox_without_a_service(tmp_path: Path) -> None:
    """E69: the council's name stands once below its mails."""
    world = World(tmp_path, ('service = "Housing"\n', ""))
    world.receive(letter())
    text = text_of(bytes(world.outbox("acknowledgement")[0]["content"]))
    world.close()

    assert "Royal Borough of Northgate, Royal Borough of Northgate" not in text
    assert "\nRoyal Borough of Northgate\n" in text

"""check --staff: one real mail, one reply, and what the proof says of it; the daemon running or not (behaviour.md §4.4)."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ackbot.casework.incoming import staff_proof
from ackbot.casework.incoming.screening import Seen
from ackbot.casework.model import Arrival
from ackbot.demo.servers import MailServer, Sink
from ackbot.mail.message import Message
from ackbot.store import open_database
from tests.support.council import World, configured
from tests.support.letters import letter, parsed
from tests.support.servers import PASSWORD, Ackbot, run
from tests.support.story import PASSED, answer

PRIYA = "Priya Shah <priya@northgate.example>"


def checked(config: Path, *options: str) -> CompletedProcess[str]:
    """`ackbot check` as an admin runs it."""
    command = [sys.executable, "-m", "ackbot.cli", "-c", str(config), "check", *options]
    return run(command, env={**os.environ, "ACKBOT_TEST_PASSWORD": PASSWORD})


def answering(imap: MailServer, reply: Callable[[bytes], bytes]) -> Callable[[object], None]:
    """Somebody who answers every mail."""

    def deliver(mail: object) -> None:
        imap.append("housing@northgate.example", reply(mail.content))  # type: ignore[attr-defined]

    return deliver


def by_hand(sender: str = PRIYA, **headers: str) -> Callable[[bytes], bytes]:
    """A reply with one word, and fields of its own."""
    return lambda content: answer(content, "Yes.", sender, when=datetime.now(UTC), **headers)


def test_a_path_that_is_proven(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P7: token, address and server agree: exit 0, each point on its line; the mail shows no word of ours to a resident."""
    sink.on_mail = answering(imap, by_hand())
    done = checked(configured(tmp_path, imap.port, sink.port), "--staff", "priya", "--wait", "20")

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("staff priya")] == [
        "passed: token: it answers our mail by its Message-ID",
        "passed: From: priya@northgate.example is an address of Priya Shah",
        "passed: server: mx.northgate.example vouches for the sender",
        "passed: words: a person's",
    ]
    assert [mail.recipients for mail in sink.mails] == [("priya@northgate.example",)]
    assert parsed(sink.mails[0].content)["Reply-To"].startswith('"ackbot (stays inside)" <housing+')


@pytest.mark.parametrize(
    ("sender", "headers", "said"),
    [
        (
            "priya.s@northgate.example",
            {},
            "FAILED: From: priya.s@northgate.example is not an address of Priya Shah; [[staff]] email = "
            '["priya@northgate.example", "p.shah@northgate.example", "priya.s@northgate.example"]',
        ),
        (
            PRIYA,
            {"Authentication-Results": "mail.other.example; dmarc=pass header.from=northgate.example"},
            "FAILED: server: mx.northgate.example does not say pass; the mail has results of mail.other.example, the topmost "
            'first; [[inbox]] authserv_id = "mail.other.example", if that is your own mail server',
        ),
        (
            PRIYA,
            {"Authentication-Results": "mx.northgate.example; dmarc=fail"},
            "FAILED: server: mx.northgate.example says that the sender is forged (dmarc=fail)",
        ),
        (
            PRIYA,
            {"Authentication-Results": "", "X-MS-Exchange-Organization-AuthAs": "Internal"},
            'the mail has no Authentication-Results; [[inbox]] authserv_id = "unknown", if that is your own mail server',
        ),
        (PRIYA, {"In-Reply-To": "", "References": "", "To": "housing@northgate.example"}, "no reply arrived in"),
    ],
    ids=["address", "server", "forged", "exchange", "no token"],
)
def test_what_fails_and_what_to_change(
    tmp_path: Path, imap: MailServer, sink: Sink, sender: str, headers: dict[str, str], said: str
) -> None:
    """D55: exit 1, and the key to change with its value."""
    sink.on_mail = answering(imap, by_hand(sender, **headers))
    done = checked(configured(tmp_path, imap.port, sink.port), "--staff", "priya", "--wait", "1")

    assert done.returncode == 1
    assert said in done.stdout


def test_an_automatic_reply_is_not_theirs(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """D56: somebody is away: said, and waited for the person; a later run finds what they wrote, and sends nothing again."""
    sink.on_mail = answering(imap, by_hand(**{"Auto-Submitted": "auto-replied"}))
    config = configured(tmp_path, imap.port, sink.port)
    first = checked(config, "--staff", "priya", "--wait", "1")
    imap.append("housing@northgate.example", by_hand()(sink.mails[0].content))
    second = checked(config, "--staff", "priya", "--wait", "1")

    assert (first.returncode, second.returncode) == (1, 0), first.stdout + second.stdout
    assert "an automatic reply came" in first.stdout
    assert "run this again today" in first.stdout
    assert len(sink.mails) == 1


def test_nobody_of_that_id(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """Exit 2, with the nearest id."""
    done = checked(configured(tmp_path, imap.port, sink.port), "--staff", "prya")

    assert (done.returncode, sink.mails) == (2, [])
    assert 'did you mean "priya"?' in done.stderr


def test_while_the_daemon_runs(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """The reply is no letter, opens no case, and is not asked about: whether the proof holds or not."""
    sink.on_mail = answering(imap, by_hand("priya.s@northgate.example"))
    config = configured(tmp_path, imap.port, sink.port)
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        done = checked(config, "--staff", "priya", "--wait", "20")
        ackbot.wait_for_log('"letter"')

    assert done.returncode == 1
    db = open_database(f"sqlite:///{tmp_path / 'ackbot.db'}", read_only=True)
    assert [(row["kind"], row["outcome"]) for row in db.run("SELECT * FROM letters")] == [("staff", "event")]
    assert [len(sink.mails), len(db.run("SELECT 1 FROM cases"))] == [1, 0]
    db.close()


def test_a_letter_of_somebody_who_was_forwarded_one(world: World) -> None:
    """P1: only colleagues answer such a mail; from anybody else it is a letter."""
    signer = world.office.signer
    trial = signer.message_id("x", "", staff_proof.TRIAL, "staff", "northgate.example")
    row = world.receive(letter(In_Reply_To=trial))

    assert (row["kind"], row["outcome"]) == ("letter", "case")


def test_a_lost_message_id(world: World) -> None:
    """domain.md §5: Exchange replaces Message-IDs; then the reply address is the token."""
    office = world.office
    tag = office.signer.tag(staff_proof.trial_code(office.signer, "priya"), "i", "priya")
    housing = office.council.inboxes["housing"]
    raw = letter(PRIYA, to=housing.plus(tag), Authentication_Results=PASSED)
    seen = Seen(Message.parse(raw, office.signer), housing, office.council, Arrival("housing", world.now))
    points = staff_proof.points(seen, office.council.staff["priya"], office.signer)

    assert [point.passed for point in points] == [True] * 4
    assert "the reply address has it too" in points[0].what
    assert next(point.passed for point in staff_proof.points(seen, office.council.staff["sam"], office.signer)) is False

"""Machines that keep to no standard, and give themselves away by their words, names and older marks."""

import pytest

from ackbot.mail.message import Message
from tests.support.council import World
from tests.support.letters import letter


@pytest.mark.parametrize(
    "text",
    [
        "Your order has been sent.\n\nThis is an automated message, please do not reply.",
        "This email was automatically generated.",
        "*** This is a system-generated email ***",
        "Please do not reply to this email. This mailbox is not monitored.",
        "Vielen Dank. Dies ist eine automatisch generierte E-Mail.",
        "Ceci est un message automatique, merci de ne pas y répondre.",
        "Este es un mensaje automático.",
        "Dit is een automatisch gegenereerd bericht.",
    ],
)
def test_what_says_of_itself_that_a_machine_wrote_it(world: World, text: str) -> None:
    """behaviour.md §1: an unmarked robot opens a case and is not answered."""
    row = world.receive(letter(subject="Your order", text=text))

    assert (row["kind"], bool(row["acknowledged"])) == ("automatic-reply", False)
    assert len(world.cases()) == 1


@pytest.mark.parametrize(
    ("sender", "subject", "text", "failed"),
    [
        (
            "MAILER-DAEMON@mx.example",
            "Undelivered Mail Returned to Sender",
            "<a@b.example>: host mx said: 550 5.1.1 User unknown\n\n<c@d.example>: host mx said: 552 5.2.2 Mailbox full\n",
            [("a@b.example", True), ("c@d.example", False)],
        ),
        (
            '"Courier mail server" <@>',
            "NOTICE: mail delivery status.",
            "Your message cannot be delivered:\n\n<a@b.example>:\n<<< 550 5.1.1 <a@b.example>... User Unknown\n",
            [("a@b.example", True)],
        ),
        (
            "Administrator <sysadmin@b.example>",
            "Undeliverable: Your case",
            "Your message did not reach:\n\n  a@b.example on 1/12/2026\n  The account does not exist. #5.1.1",
            [("a@b.example", True)],
        ),
        (
            "postmaster@b.example",
            "Unzustellbar: Ihr Fall",
            "Fehler bei der Nachrichtenzustellung an folgende Empfänger:\n\na@b.example",
            [("a@b.example", False)],
        ),
        (
            "MAILER-DAEMON@b.example",
            "Message status - undeliverable",
            "It was undeliverable to:\n\ta@b.example (user not found)\n",
            [("a@b.example", True)],
        ),
    ],
)
def test_bounces_in_plain_words(
    world: World, sender: str, subject: str, text: str, failed: list[tuple[str, bool]]
) -> None:
    """D39: servers that follow no standard name the address, each with its own fate."""
    raw = letter(sender, subject=subject, text=text, Return_Path="<>")

    assert world.receive(raw)["kind"] == "bounce"
    assert [(one.address, one.permanent) for one in Message.parse(raw).failed_recipients] == failed


@pytest.mark.parametrize(
    "sender",
    [
        "nao-responda@x.example",
        "nicht-antworten@x.example",
        "non-rispondere@x.example",
        "Do Not Reply <info@x.example>",
        "1+ann@users.noreply.x.example",
        "Cron Daemon <root@x.example>",
    ],
)
def test_nobody_in_other_words(world: World, sender: str) -> None:
    """P3: RFC 3834 §2: no answer to an address that says nobody reads it."""
    assert not world.receive(letter(sender))["acknowledged"]


@pytest.mark.parametrize(
    "fields",
    [{"Precedence": "auto-reply"}, {"X_Auto_Response": "yes"}, {"X_BeenThere": "l@x.example"}, {"X_Mailing_List": "x"}],
)
def test_marks_of_older_machines(world: World, fields: dict[str, str]) -> None:
    """P3: lists and responders from before the standards."""
    assert not world.receive(letter(**fields))["acknowledged"]

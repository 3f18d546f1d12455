"""A display name that reads as a marking of the mail, the sender or the case is no name (E10, P7)."""

from collections.abc import Callable

import pytest

from ackbot.casework.drafts import names
from ackbot.mail.addresses import Address
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story

MARKINGS = [
    "Internal Only",
    "Do Not Reply",
    "OFFICIAL SENSITIVE",
    "Official-Sensitive",
    "OFFICIAL",
    "Top Secret",
    "Private And Confidential",
    "Finance Department (Payroll)",
    "Payroll",
    "Staff Only",
    "External Sender",
    "Verified Sender",
    "Trusted",
    "Spam",
    "Quarantined",
    "Approved By Priya",
    "Case Closed",
    "Closed",
    "Duplicate",
    "Already Answered",
    "Vexatious Complainant",
    "May Be Forged",
    "Undisclosed Recipients",
    "Human Resources",
    "Data Controller",
    "All Staff",
    "ackbot (stays inside)",
    "Microsoft Teams",
    "Royal Mail",
    "Vertraulich",
    "Confidentiel",
    "Cyfrinachol",
]
PEOPLE = [
    "Grace Field",
    "Frank Secrett",
    "Ed Test",
    "Will Power",
    "Peter Read",
    "Victoria Shelter",
    "Ada Draft",
    "Rose Safe",
]


@pytest.mark.parametrize("name", MARKINGS)
def test_a_marking_is_no_name(make_story: Callable[..., Story], name: str) -> None:
    """E10, P7: neither the stranger nor an officer reads it in a mail of ours; the address stands for the name."""
    story = make_story()
    story.receive(letter(sender=f'"{name}" <x1@resident.example>', text="There is damp in the bedroom.\n"))

    for mail in story.outbox():
        message = parsed(bytes(mail["content"]))
        said = f"{message['From']} {message['To']} {message['Reply-To']} {plain(bytes(mail['content']))}"
        assert name.partition(" (")[0].casefold() not in said.casefold().replace("ackbot (stays inside)", "")


@pytest.mark.parametrize("name", PEOPLE)
def test_people_with_such_surnames(name: str) -> None:
    """E10: a word that is a marking by itself may be a family's name."""
    assert names.from_display(Address(name, "x1@resident.example")) == name

"""A sign-off is no words: a command that needs words asks for them (behaviour.md §4.3)."""

import pytest

from ackbot.casework.staff import sign_off
from tests.support.story import Story, words

NAMES = ("Priya Shah", "Housing Officer", "housing", "Housing", "Royal Borough of Northgate")
SIGN_OFFS = [
    "Kind regards\nPriya",
    "Kind regards,\n\nPriya Shah\nHousing Officer | Royal Borough of Northgate\nTel: 020 7946 0001",
    "Many thanks,\nPriya",
    "Best wishes\n\nPriya Shah (she/her)\nSenior Tenancy Officer\nMy working days are Monday to Wednesday.",
    "Priya Shah\nTown Hall, 12 High Street\nNorthgate NG1 2AB\nwww.northgate.example",
    "Dear Edward,\n\nKind regards\nPriya",
    "OFFICIAL\n\nRegards,\nP. Shah\n\nSent from my iPhone",
    "Thanks",
]
LETTERS = [
    "Dear Edward,\n\nThank you for telling us.\n\nPriya",
    "The gutter was cleared.\n\nKind regards\nPriya",
    "Priya\n\nThe surveyor comes on Thursday",
    "Priya Shah comes on Thursday.",
    "Regards the gutter: it was cleared.",
]


@pytest.mark.parametrize("text", SIGN_OFFS)
def test_a_sign_off_is_no_words(text: str) -> None:
    """behaviour.md §4.2: known signatures and markings are no words."""
    assert sign_off.without(text, NAMES, ("Edward Quan",)) == ""


@pytest.mark.parametrize("text", LETTERS)
def test_words_are_words(text: str) -> None:
    """P6: whatever a person wrote is not taken for a signature."""
    assert sign_off.without(text, NAMES, ("Edward Quan",)) == text


@pytest.mark.parametrize("command", ["DONE", "UPDATE", "ASK"])
@pytest.mark.parametrize("text", SIGN_OFFS[:3])
def test_a_command_with_a_sign_off_alone_asks(story: Story, command: str, text: str) -> None:
    """behaviour.md §4.3: without words, ask; the resident never reads a sign-off alone, and no clock ends."""
    before = story.clocks()
    story.reply(story.mail("new-case"), f"{command}\n\n{text}")

    assert story.outbox("human") == []
    assert f"{command} needs the words that the resident should read" in words(story, "ask-back")[-1]
    assert (story.case()["state"], story.clocks()) == ("open", before)


def test_a_line_of_a_digest_with_a_sign_off_alone_asks(story: Story) -> None:
    """behaviour.md §4.3: "RBN-… done" in a digest is no answer without words."""
    story.at("2026-12-07 09:00")
    reference = story.office.council.reference_of(story.case()["code"])
    story.reply(story.mail("digest"), f"{reference} done\n\n{SIGN_OFFS[1]}")

    assert story.outbox("human") == []
    assert "DONE needs the words" in words(story, "ask-back")[-1]
    assert story.case()["state"] == "open"


def test_more_with_a_sign_off_alone_tells_the_date_alone(story: Story) -> None:
    """behaviour.md §4.3 MORE may come without words; then the resident reads the date, and no sign-off."""
    story.reply(story.mail("new-case"), f"MORE Fri 18 Dec\n\n{SIGN_OFFS[1]}")

    assert words(story, "human")[0].startswith("You will hear from Priya Shah or a colleague by Friday 18 December.")


def test_a_plain_sign_off_is_held(story: Story) -> None:
    """behaviour.md §4.2: whoever only signs is asked, because no resident can use it."""
    story.reply(story.mail("new-case"), SIGN_OFFS[1])

    assert story.outbox("human") == []
    assert "nothing in it but thanks or a sign-off" in words(story, "ask-back")[-1]

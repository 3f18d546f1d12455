"""What a colleague or a new owner reads is what happened (behaviour.md §4.2, §4.3)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words


@pytest.mark.parametrize("text", ["SEND", "SEND\n\nSent from my iPhone", "Yes"])
def test_the_owner_reads_the_words_that_went_out(story: Story, text: str) -> None:
    """behaviour.md §4.2: held words of somebody else go out later; the owner reads them, and not "SEND"."""
    story.reply(story.mail("new-case"), "Dear Mrs Jones,\n\nyour new kitchen comes on Monday.")
    story.after(minutes=1)
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", "alex@northgate.example"), "TAKE")
    story.after(minutes=1)
    if story.case()["owner"] != "alex":
        reference = story.office.council.reference_of(story.case()["code"])
        story.reply(story.mail("digest", "alex@northgate.example"), f"{reference} TAKE")
        story.after(minutes=1)
    assert story.case()["owner"] == "alex"
    question = next(
        mail for mail in story.outbox("ask-back", "priya@northgate.example") if b"SEND" in bytes(mail["content"])
    )
    story.reply(question, text)

    told = words(story, "ask-back", "alex@northgate.example")[-1]
    assert "Priya Shah wrote: Dear Mrs Jones, your new kitchen comes on Monday." in told


@pytest.fixture
def namesake(make_story: Callable[..., Story]) -> Story:
    made = make_story()
    made.receive(letter(sender="Sam Jones <sam.jones@resident.example>"))
    made.after(minutes=5)
    return made


NOTE = "the sender calls themselves Sam Jones, and is not our Sam Jones"


@pytest.mark.parametrize(("text", "kind"), [("PASS kofi: please", "hand-over"), ("SPLIT streets: the bin", "new-case")])
def test_whoever_gets_a_case_reads_of_the_namesake(namesake: Story, text: str, kind: str) -> None:
    """P7: in a hand-over and in a part as in the first mail."""
    namesake.reply(namesake.mail("new-case"), text)

    assert NOTE in words(namesake, kind)[-1]


def test_whoever_takes_a_case_reads_of_the_namesake(namesake: Story) -> None:
    """P7: and in the mail after TAKE."""
    namesake.reply(namesake.mail("new-case"), "PASS kofi: please")
    namesake.after(minutes=1)
    namesake.reply(namesake.mail("hand-over"), "TAKE")

    assert NOTE in words(namesake, "new-case", "kofi@northgate.example")[-1]


def test_the_question_explains_the_namesake(namesake: Story) -> None:
    """behaviour.md §4.2: the author reads why "Dear Sam Jones" was held."""
    namesake.reply(namesake.mail("new-case"), "Dear Sam Jones,\n\nA surveyor comes on Thursday.\n\nPriya")

    assert (
        "it greets Sam Jones, and a colleague of yours has the same name as the resident"
        in words(namesake, "ask-back")[-1]
    )

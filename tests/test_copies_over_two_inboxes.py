"""One mail of an officer with two inboxes in copy: which copy comes first decides nothing (E7, behaviour.md §4.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.letters import letter
from tests.support.story import PASSED, Story, words

COPIES = ("housing@northgate.example", "streets@northgate.example")


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    made = make_story()
    made.receive(letter())
    made.after(minutes=30)
    return made


def copy(story: Story, inbox: str, **fields: Any) -> dict[str, Any]:
    """Priya's answer to Edward, as one inbox gets it; housing's server vouches for it."""
    proof = {"Authentication_Results": PASSED} if inbox == "housing" else {}
    values: dict[str, Any] = {
        "sender": "Priya Shah <priya@northgate.example>",
        "to": "Edward Quan <edward@resident.example>",
        "subject": "Re: Damp in the bedroom",
        "text": "Dear Edward,\n\nwe come on Friday.\n\nPriya",
        "message_id": "<priyas@northgate.example>",
        "date": "Mon, 30 Nov 2026 10:40:00 +0000",
        "In_Reply_To": "<first@resident.example>",
        "Cc": ", ".join(COPIES),
    }
    return story.receive(letter(**{**values, **proof, **fields}), inbox=inbox)


def waiting(story: Story) -> int:
    """How many questions wait for an answer."""
    return len(story.db.run("SELECT id FROM words WHERE kind = 'held' AND state = 'open'"))


@pytest.mark.parametrize("order", [("housing", "streets"), ("streets", "housing")], ids=["proven first", "proven last"])
def test_the_order_decides_nothing(story: Story, order: tuple[str, str]) -> None:
    """E7: the proven copy ends the promise, whichever comes first; nobody gets a case for it, and no question is left."""
    for inbox in order:
        copy(story, inbox)
        story.after(minutes=1)

    assert (len(story.cases()), story.case()["state"], story.case()["human_words_by"]) == (1, "answered", "priya")
    assert waiting(story) == 0
    assert story.outbox(to="kofi@northgate.example") == []


@pytest.mark.parametrize("thread", ["<first@resident.example>", "our acknowledgement"])
def test_a_copy_to_streets_alone_is_asked_about(story: Story, thread: str) -> None:
    """E5: housing's server never saw it, so its owner is asked, and no case opens; a second copy asks nothing more."""
    answers = story.mail("acknowledgement")["message_id"] if thread.startswith("our") else thread
    for _ in range(2):
        copy(story, "streets", In_Reply_To=answers)
        story.after(minutes=1)

    assert "did you write this to Edward Quan?" in words(story, "ask-back")[-1]
    assert (len(story.cases()), story.case()["state"], waiting(story)) == (1, "open", 1)
    assert len(story.outbox("ask-back")) == 1
    assert story.outbox("resident-wrote") == []


@pytest.mark.parametrize("results", ["mx.northgate.example; dmarc=none", "mx.northgate.example; dmarc=fail", ""])
def test_a_colleagues_address_without_proof_is_not_the_resident(story: Story, results: str) -> None:
    """E4, P7: housing's server saw it and does not vouch for it. Its owner reads whose address it bears; nothing changes."""
    before = story.clocks()
    copy(
        story,
        "housing",
        Authentication_Results=results or None,
        In_Reply_To=story.mail("acknowledgement")["message_id"],
    )

    assert "A mail with the address of Priya Shah came in RBN-" in words(story, "resident-wrote")[-1]
    assert "Edward Quan wrote again" not in words(story, "resident-wrote")[-1]
    assert story.clocks() == before


def test_such_a_mail_opens_no_answered_case_again(story: Story) -> None:
    """P7: it is not the resident who wrote again, so the case stays answered."""
    story.reply(story.mail("new-case"), "Dear Edward,\n\na surveyor comes on Thursday.\n\nPriya")
    story.after(minutes=5)
    copy(story, "housing", Authentication_Results="mx.northgate.example; dmarc=none")

    assert story.case()["state"] == "answered"

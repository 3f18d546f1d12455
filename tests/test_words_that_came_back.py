"""Written is not arrived: a person's words, or a copy of them, come back (behaviour.md §3.4, E38)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words
from tests.test_authority import report

ANSWER = "Dear Edward,\n\nThe gutter was cleared on Monday.\n\nPriya"


def came_back(story: Story, recipient: str) -> None:
    """A report says that the latest words to this address failed for good."""
    sent = story.outbox("human", recipient)[-1]["message_id"]
    story.receive(report("housing@northgate.example", recipient, returned=sent))


@pytest.mark.parametrize(
    ("command", "before"), [("DONE\n\n", "closed"), ("", "answered"), ("ASK ", "waiting")], ids=["DONE", "plain", "ASK"]
)
def test_an_answer_that_came_back_opens_the_case_again(story: Story, command: str, before: str) -> None:
    """E38, P5: whoever wrote it reads it again with what to do, and dates run, because nobody answered the resident."""
    story.reply(story.mail("new-case"), command + ANSWER)
    assert story.case()["state"] == before
    story.after(minutes=5)
    came_back(story, "edward@resident.example")

    told = words(story, "ask-back", "priya@northgate.example")[-1]
    assert (story.case()["state"], story.case()["unreachable"]) == ("open", 1)
    assert {kind for kind, _, _ in story.clocks("running")} == {"update", "answer"}
    assert "has not read the answer below, so RBN-" in told
    assert "Please phone, or write to another address." in told
    assert "The gutter was cleared on Monday." in told
    story.at("2026-12-07 09:00")
    assert story.outbox("digest", "priya@northgate.example")  # it is chased like any open case
    story.reply(story.mail("ask-back"), "PHONED: told him that it is done")
    assert story.case()["state"] == "answered"


def test_news_that_came_back_leaves_the_dates(story: Story) -> None:
    """E38: an open case is open already; its author reads the words again."""
    story.reply(story.mail("new-case"), "UPDATE\n\nDear Edward, the surveyor found a leak.")
    story.after(minutes=5)
    clocks = story.clocks("running")
    came_back(story, "edward@resident.example")

    assert story.clocks("running") == clocks
    assert "has not read the answer below. Please phone" in words(story, "ask-back", "priya@northgate.example")[-1]


@pytest.mark.parametrize("command", ["CC\n\n", "DONE\n\n"])
def test_a_copy_that_came_back(make_story: Callable[..., Story], command: str) -> None:
    """E6, P3: the owner reads that the copy did not arrive; the resident's own mail is not doubted, in a closed case neither."""
    story = make_story()
    story.receive(letter(Cc="Nora <nora@family.example>"))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "CC" if command == "DONE\n\n" else f"CC\n\n{ANSWER}")
    story.after(minutes=1)
    story.reply(story.mail("ask-back"), "SEND")
    if command == "DONE\n\n":
        story.after(minutes=1)
        story.reply(story.mail("new-case"), f"DONE\n\n{ANSWER}")
    before = story.case()["state"]
    came_back(story, "nora@family.example")

    told = words(story, "ask-back", "priya@northgate.example")[-1]
    assert "the copy to nora@family.example of what was written to Edward Quan could not be delivered" in told
    assert "may have forwarded" not in told
    assert (story.case()["state"], story.case()["unreachable"]) == (before, 0)

"""A reply in which a mail program only says who wrote what is quoted holds no words of its author, and none go out."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import PASSED, Story, words

HEADS = [
    "On Monday, Edward wrote:",
    "On Monday, Edward\nwrote:",
    "Edward Quan via Housing wrote:",
    "Le lundi, Edward\na écrit :",
    "Am Montag schrieb Edward:",
]


@pytest.mark.parametrize("below", ["marked", "unmarked", "nothing"])
@pytest.mark.parametrize("command", ["", "DONE\n\n", "UPDATE\n\n", "ASK\n\n"])
@pytest.mark.parametrize("head", HEADS)
def test_a_head_alone_is_no_answer(make_story: Callable[..., Story], head: str, command: str, below: str) -> None:
    """behaviour.md §4.2: words going out fail closed: nothing goes to Edward, no clock ends, and Priya is asked."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    ours = story.mail("new-case")
    text, mail = plain(bytes(ours["content"])), parsed(bytes(ours["content"]))
    quoted = {"marked": "\n".join(f"> {line}" for line in text.split("\n")), "unmarked": text, "nothing": ""}[below]
    raw = letter(
        sender=ours["recipient"],
        to=str(mail["Reply-To"]).rpartition("<")[2].strip(">"),
        subject=f"Re: {mail['Subject']}",
        text=f"{command}{head}\n\n{quoted}\n",
        message_id="<reply@northgate.example>",
        In_Reply_To=mail["Message-ID"],
        Authentication_Results=PASSED,
    )
    story.receive(raw)

    assert story.outbox("human") == []
    assert story.case()["state"] == "open"
    [asked] = words(story, "ask-back")
    assert "There were no words of yours in it." in asked or "needs the words" in asked


def test_words_above_such_a_head_go_out(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.2: what a person wrote above it is the answer."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    text = "Dear Edward,\n\nYour wall will be mended on Thursday.\n\nPriya\n\nOn Monday, Edward\nwrote:"
    story.reply(story.mail("new-case"), text)

    [sent] = words(story, "human")
    assert "Your wall will be mended on Thursday." in sent
    assert "wrote:" not in sent

"""Words that only announce are news, and no answer (behaviour.md §3.4, E86)."""

import pytest

from ackbot.casework.staff import announced
from tests.support.story import Story, words

NEWS = [
    "Thanks, I'll look.",
    "Thanks, I'll look into it and come back to you.",
    "Thank you for your email. I will look into this and get back to you.",
    "Hello Edward,\n\nThanks for letting us know. I'm looking into it.",
    "Dear Mr Quan,\n\nI am sorry to hear about the damp. I will speak to the surveyor and let you know what he says.",
    "Hi Edward, got it, I’ll check with the contractor and be in touch by Friday.",
    "Leave it with me.",
    "Good morning Edward\nWe will investigate and write to you again.",
    "Dear Edward,\n\nThank you. A colleague will get back to you.",
    "Hello Edward, bear with me, I need to ask the housing team.",
]
ANSWERS = [
    "Dear Edward,\n\nThe gutter was cleared on Monday.",
    "Dear Edward, thanks. The surveyor comes on Friday at ten.",
    "Hello Edward, I'll look into it, but the rent is due all the same.",
    "Dear Edward, you can claim on our website. I will look out for your form.",
    "Dear Edward, I have looked into it and your bin will be emptied on Tuesday.",
    "Thank you for your kind words.",
    "Dear Edward, please send a photo and I will look at it.",
    "Dear Edward, your repair is booked for 9 December.",
    "Dear Edward, we cannot help with that.",
    "",
]


@pytest.mark.parametrize("text", NEWS)
def test_announcements(text: str) -> None:
    """E86: thanks, sympathy, and that somebody will look, ask and write again."""
    assert announced.only(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_answers(text: str) -> None:
    """E86: anything beside that is an answer."""
    assert not announced.only(text)


@pytest.mark.parametrize("text", [f"Dear Edward,\n\n{NEWS[1]}\n\nPriya", f"{NEWS[8]}\n\nKind regards\nPriya Shah"])
def test_an_announcement_keeps_the_promise(story: Story, text: str) -> None:
    """E86: the words go out, the case stays open, the promised dates stand, and the author reads how to make it the answer."""
    clocks = story.clocks("running")
    story.after(minutes=5)
    story.reply(story.mail("new-case"), text)
    told = words(story, "ask-back", "priya@northgate.example")[-1]

    assert len(story.outbox("human")) == 1
    assert (story.case()["state"], story.clocks("running")) == ("open", clocks)
    assert "we took it for news" in told
    assert "If it was the answer, write: SENT" in told
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "SENT")
    assert story.case()["state"] == "answered"


def test_an_answer_ends_them(story: Story) -> None:
    """E86: as before."""
    story.reply(story.mail("new-case"), "Dear Edward,\n\nThe gutter was cleared on Monday.\n\nPriya")

    assert story.case()["state"] == "answered"


def test_a_correction_in_answer_to_the_echo(story: Story) -> None:
    """E40: words that greet the resident never end as a note in silence: asked, and SEND sends them."""
    story.reply(story.mail("new-case"), "Dear Edward,\n\nThe mason comes on Thursday.\n\nPriya")
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "Dear Edward, sorry, I meant Friday.\n\nPriya")
    told = words(story, "ask-back", "priya@northgate.example")[-1]
    assert "it answers a mail that stays inside" in told
    assert "I meant Friday" in told
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "yes, send it")

    assert len(story.outbox("human")) == 2


def test_a_greeted_colleague_reads_a_note(story: Story) -> None:
    """behaviour.md §4.2: words to a colleague, in answer to a mail that stays inside, are a note as before."""
    story.reply(story.mail("new-case"), "Dear Edward,\n\nThe mason comes on Thursday.\n\nPriya")
    story.after(minutes=5)
    before = len(story.outbox("ask-back"))
    story.reply(story.mail("ask-back"), "Hi Sam, he rang, please note that.")

    assert len(story.outbox("human")) == 1
    assert len(story.outbox("ask-back")) == before


def test_held_words_are_not_denied(story: Story) -> None:
    """E39: every digest and the mail of 13:00 name what waits, and the resident does not read that there is no news."""
    story.reply(story.mail("new-case"), "Dear Sam,\n\nThe gutter was cleared on Monday, please tell him.\n\nPriya")
    story.at("2026-12-07 16:00")
    read = words(story, "no-news", "edward@resident.example")[-1]

    assert "A reply to you is being checked" in read
    assert "no news" not in read
    assert all("have not gone yet" in sheet for sheet in words(story, "digest", "priya@northgate.example"))


def test_where_nothing_waits_there_is_no_news(story: Story) -> None:
    """E39: as before."""
    story.at("2026-12-07 16:00")

    assert "We have no news for you yet" in words(story, "no-news", "edward@resident.example")[-1]

"""A letter that asks for answers at another address: its owner is asked once, and nothing but human words goes there (E46)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, plain
from tests.support.story import Story, words

EDWARD, OTHER = "edward@resident.example", "quan.family@else.example"
WORDS = "Dear Edward,\n\nwe come on Tuesday and look at your wall.\n\nPriya"


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    made = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))
    made.receive(letter(Reply_To=f"Edward <{OTHER}>"))
    made.after(minutes=5)
    return made


def sent(story: Story) -> list[str]:
    return [row["recipient"] for row in story.outbox("human")]


def test_the_owner_reads_it_and_is_asked(story: Story) -> None:
    """E46: the new case names the address, and the first words wait for the answer; the acknowledgement went to the sender."""
    assert [row["recipient"] for row in story.outbox("acknowledgement")] == [EDWARD]
    assert f"they ask for answers at {OTHER}" in words(story, "new-case")[0]
    story.reply(story.mail("new-case"), WORDS)

    assert sent(story) == []
    assert f"Edward Quan wrote from {EDWARD} and asks for answers at {OTHER}" in words(story, "ask-back")[-1]
    assert "Anybody can write any address into an email." in words(story, "ask-back")[-1]


@pytest.mark.parametrize(
    ("answer", "to"),
    [
        ("SEND", EDWARD),
        ("Yes", EDWARD),
        ("SEND {other}", OTHER),
        ("SEND {word} {other}", OTHER),
        ("SEND to {other} please", OTHER),
    ],
)
def test_asked_once(story: Story, answer: str, to: str) -> None:
    """E46: whatever they choose is remembered, for these words and the next."""
    story.reply(story.mail("new-case"), WORDS)
    word = (
        plain(bytes(story.mail("ask-back")["content"])).rpartition("too: SEND ")[2].split()[0]
        if "too: SEND" in plain(bytes(story.mail("ask-back")["content"]))
        else ""
    )
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), answer.format(other=OTHER, word=word))
    assert sent(story) == [to]
    assert words(story, "human")[0].startswith("Dear Edward, we come on Tuesday")
    assert story.case()["state"] == "answered"
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "UPDATE the part is here, and we bring it to you on Tuesday.")

    assert sent(story) == [to, to]


def test_by_the_link(story: Story) -> None:
    """E46: the link for the other address does the same."""
    story.reply(story.mail("new-case"), WORDS)
    story.after(minutes=5)
    story.follow(story.mail("ask-back"), f"SEND to {OTHER}", "", "")

    assert sent(story) == [OTHER]


def test_who_answers_from_there_is_the_resident(story: Story) -> None:
    """E46: after the choice an answer from there is the resident's, and automatic mail goes on to the address of the letter."""
    story.reply(story.mail("new-case"), WORDS)
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), f"SEND {OTHER}")
    story.after(minutes=5)
    story.receive(
        letter(sender=f"Edward <{OTHER}>", subject="Re: Damp in the bedroom", text="Tuesday is no good, please come on Friday.",
               message_id="<o@else.example>", In_Reply_To=story.mail("human")["message_id"])
    )  # fmt: skip

    assert story.case()["state"] == "open"
    assert "Edward Quan wrote again" in words(story, "resident-wrote")[-1]
    story.at("2026-12-07 15:30")
    assert {row["recipient"] for row in story.outbox("no-news")} <= {EDWARD}


@pytest.mark.parametrize(
    "fields",
    [
        {"Reply_To": EDWARD},
        {"Reply_To": "housing@northgate.example"},
        {"Reply_To": f"{OTHER}, {EDWARD}"},
        {"Reply_To": OTHER, "Authentication_Results": "mx.northgate.example; dmarc=fail header.from=resident.example"},
    ],
    ids=["their own", "ours", "two", "forged"],
)
def test_nothing_to_ask(make_story: Callable[..., Story], fields: dict[str, str]) -> None:
    """E46, P7: no question about their own address or ours, about several, or about what may be forged."""
    story = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))
    story.receive(letter(**fields))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), WORDS)

    assert sent(story) == [EDWARD]


def test_words_that_came_back_from_there(story: Story) -> None:
    """E38, E46: an answer that came back from the other address revives the case, and the address of the letter still counts."""
    story.reply(story.mail("new-case"), WORDS)
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), f"SEND {OTHER}")
    story.db.run("UPDATE outbox SET state = 'accepted', accepted_at = created_at")
    story.after(minutes=5)
    report = (
        "From: MAILER-DAEMON@relay.example\r\nTo: housing@northgate.example\r\nReturn-Path: <>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\nMessage-ID: <b@relay.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNo.\r\n--b\r\n'
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        f"Final-Recipient: rfc822; {OTHER}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {story.mail('human')['message_id']}\r\n\r\n--b--\r\n"
    )
    story.receive(report.encode())

    assert (story.case()["state"], bool(story.case()["unreachable"])) == ("open", False)
    assert "we come on Tuesday" in words(story, "ask-back")[-1]
